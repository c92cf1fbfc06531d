package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// get and the others are whole requests on a connection; only the last closes it.
const (
	get     = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
	sized   = "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
	chunked = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n3\r\nyou\r\n0\r\nTrailer: 1\r\n\r\n"
	last    = "GET /z HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
)

func TestRequestsWithTwoLengthsAreRefused(t *testing.T) {
	t.Parallel()
	smuggled := "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, c := range map[string]struct {
		stream string
		served string // paths; requests before a refused one may be refused with it
		status int    // of the last answer
	}{
		"one of each kind":       {get + sized + chunked + get + last, "/a /b /c /a /z", 200},
		"length after encoding":  {"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + smuggled, "", 400},
		"encoding after length":  {sized + "POST /x HTTP/1.1\r\nHost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, "/b", 400},
		"behind a chunked one":   {chunked + "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, "/c", 400},
		"a folded header":        {"GET /x HTTP/1.1\r\nHost: x\r\nX-A: b\r\n Content-Length: 5\r\n\r\n" + smuggled, "", 400},
		"lines ended by LF only": {"GET /a HTTP/1.1\nHost: x\n\n" + last, "/a /z", 200},
		"a body that looks like a request": {
			"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 67\r\n\r\nPOST /x HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + last, "/b /z", 200,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{1, 7, len(c.stream)} { // bytes arrive as they like
				served, status := send(t, c.stream, size)
				got := strings.Join(served, " ")
				if !strings.HasPrefix(c.served, got) || (c.status == 200 && got != c.served) || status != c.status {
					t.Errorf("in pieces of %d: served %q and then %d, want %q and %d", size, got, status, c.served, c.status)
				}
			}
		})
	}
}

// send writes a stream to a server in pieces, and gives the paths that reached the handler
// and the status of the last answer.
func send(t *testing.T, stream string, size int) (served []string, status int) {
	t.Helper()
	conn, paths := framedServer(t)
	go func() {
		for rest := stream; rest != ""; {
			n := min(size, len(rest))
			if _, err := io.WriteString(conn, rest[:n]); err != nil {
				return // refused and closed
			}
			rest = rest[n:]
		}
	}()
	in := bufio.NewReader(conn)
	for {
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			return paths(), status
		}
		status = answer.StatusCode
		_, _ = io.Copy(io.Discard, answer.Body)
		if answer.Close {
			return paths(), status
		}
	}
}

// framedServer serves one connection, and gives its other end and the paths served on it.
func framedServer(t *testing.T) (conn net.Conn, paths func() []string) {
	t.Helper()
	var mu sync.Mutex
	var served []string
	a := &App{drain: make(chan struct{})}
	handler := a.front(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		served = append(served, r.URL.Path)
		fmt.Fprintf(w, "%d", len(body))
	}))
	s := httptest.NewUnstartedServer(handler)
	s.Listener = framedListener{s.Listener}
	s.Config.ConnContext = withFraming
	s.Start()
	t.Cleanup(s.Close)
	var d net.Dialer
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn, func() []string { mu.Lock(); defer mu.Unlock(); return append([]string(nil), served...) }
}

// FuzzFraming holds framing against net/http: on any stream that net/http serves, framing
// either refuses or sees the same requests.
func FuzzFraming(f *testing.F) {
	for _, seed := range []string{get, sized + chunked, chunked + last, "POST / HTTP/1.1\nContent-Length: 2\n\nab" + get} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stream string) {
		var ours framing
		clear := ours.follow([]byte(stream))
		in := bufio.NewReader(strings.NewReader(stream))
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
			if in.Buffered() > 0 || !clear || r.ProtoMajor != 1 || r.ProtoMinor != 1 {
				continue
			}
			if _, err := in.Peek(1); err == io.EOF && (ours.in != nil || ours.skip != 0) {
				t.Fatalf("net/http is at the end of a request, framing is not: %q", stream)
			}
		}
	})
}
