package egress

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loopback are options with which a test's own server is reached.
func loopback(port uint16) Options {
	return Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{port}, Version: "1.2.3"}
}

// get asks a client of a server's root and reads the whole answer.
func get(t *testing.T, c *Client, port uint16) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", port), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

func TestABodyEndsAtTheLimit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		size int
		err  error
	}{
		"empty": {0, nil}, "short": {10, nil}, "exactly": {100, nil}, "one more": {101, ErrTooLarge}, "many more": {100_000, ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port, _ := serve(t, "127.0.0.1:0", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", c.size)) })
			o := loopback(port)
			o.MaxBytes = 100
			text, err := get(t, New(o), port)
			if !errors.Is(err, c.err) || len(text) != min(c.size, 100) || errors.Is(err, ErrRefused) {
				t.Errorf("%d bytes and %v", len(text), err)
			}
		})
	}
}

func TestAGigabyteIsNotTakenIn(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	huge := func(to io.Writer) {
		for chunk := make([]byte, 64<<10); sent.Load() < 1<<30; {
			n, err := to.Write(chunk)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	}
	port, _ := serve(t, "127.0.0.1:0", func(w http.ResponseWriter, _ *http.Request) { huge(w) })
	o := loopback(port)
	o.Timeout = time.Minute // the size is meant to end it, on a slow machine too
	text, err := get(t, New(o), port)
	if !errors.Is(err, ErrTooLarge) || len(text) != DefaultMaxBytes {
		t.Errorf("read %d bytes and %v", len(text), err)
	}
	if n := sent.Load(); n > 64<<20 { // what fits into buffers on the way
		t.Errorf("%d bytes were sent", n)
	}
}

func TestABodyIsCountedAfterDecompression(t *testing.T) {
	t.Parallel()
	port, _ := serve(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("the client does not ask for compression")
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(make([]byte, 4<<20))
		_ = z.Close()
	})
	text, err := get(t, New(loopback(port)), port)
	if !errors.Is(err, ErrTooLarge) || len(text) != DefaultMaxBytes {
		t.Errorf("read %d bytes and %v", len(text), err)
	}
}

func TestSlowAnswersEndInTime(t *testing.T) {
	t.Parallel()
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	drip := func(w http.ResponseWriter, r *http.Request) {
		for tick := time.NewTicker(10 * time.Millisecond); ; {
			select {
			case <-r.Context().Done():
				tick.Stop()
				return
			case <-tick.C:
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
			}
		}
	}
	for name, handler := range map[string]http.HandlerFunc{"headers that never come": hang, "a body byte by byte": drip} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port, _ := serve(t, "127.0.0.1:0", handler)
			o := loopback(port)
			o.Timeout = 200 * time.Millisecond
			_, err := get(t, New(o), port)
			var slow net.Error
			if !errors.As(err, &slow) || !slow.Timeout() || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrRefused) {
				t.Errorf("got %v, want a timeout", err)
			}
		})
	}
	if c := New(Options{}); c.HTTP().Timeout != 5*time.Second {
		t.Errorf("without a setting an exchange may take %s", c.HTTP().Timeout)
	}
}

// TestAReadThatHearsOfTheEndFirst reads from a connection that the end of the time has closed.
func TestAReadThatHearsOfTheEndFirst(t *testing.T) {
	t.Parallel()
	for over, want := range map[error]error{context.DeadlineExceeded: context.DeadlineExceeded, context.Canceled: context.Canceled, nil: net.ErrClosed} {
		b := &body{ReadCloser: io.NopCloser(iotest.ErrReader(net.ErrClosed)), left: 10, over: func() error { return over }}
		if _, err := b.Read(make([]byte, 5)); !errors.Is(err, want) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("when %v: %v", over, err)
		}
	}
	done := &body{ReadCloser: io.NopCloser(strings.NewReader("")), left: 10, over: func() error { return context.DeadlineExceeded }}
	if _, err := done.Read(make([]byte, 5)); err != io.EOF { //nolint:errorlint // readers compare it so
		t.Errorf("the end of an answer that was in time: %v", err)
	}
}

func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	port, _ := serve(t, "127.0.0.1:0", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Large", strings.Repeat("x", 1<<20)) })
	if _, err := get(t, New(loopback(port)), port); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("got %v, want a failure", err)
	}
}

func TestNothingIsGivenAway(t *testing.T) {
	t.Parallel()
	var seen []http.Header
	port, _ := serve(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header)
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b", Path: "/"})
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/next", http.StatusFound)
		}
	})
	c := New(loopback(port))
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.HTTP().Jar = jar // even a library that brings one
	if _, err := get(t, c, port); err != nil || len(seen) != 2 {
		t.Fatalf("%d requests, %v", len(seen), err)
	}
	for _, h := range seen {
		if h.Get("User-Agent") != "WorkDrive/1.2.3" || h.Get("Referer") != "" || h.Get("Cookie") != "" {
			t.Errorf("sent %v", h)
		}
	}
	if inner := c.HTTP().Transport.(*transport).next; inner.Proxy != nil || !inner.DisableKeepAlives {
		t.Error("a proxy or a kept connection would not be checked")
	}
}

func TestRedirectsCanBeLeftAlone(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	port, _ := serve(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/next", http.StatusTemporaryRedirect)
		}
	})
	follows := New(loopback(port))
	for name, c := range map[string]struct {
		client *Client
		status int
		asked  int64
	}{"followed": {follows, http.StatusOK, 2}, "left alone": {follows.WithoutRedirects(), http.StatusTemporaryRedirect, 1}} {
		asked.Store(0)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/", port), nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.status || asked.Load() != c.asked {
			t.Errorf("%s: %d after %d requests", name, answer.StatusCode, asked.Load())
		}
	}
	if err := ask(t, New(Options{}).WithoutRedirects(), fmt.Sprintf("http://127.0.0.1:%d/", port)); !errors.Is(err, ErrRefused) {
		t.Errorf("the guard is gone: %v", err)
	}
}

func TestCertificatesAreVerified(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake that the client breaks off
	s.StartTLS()
	t.Cleanup(s.Close)
	port := netip.MustParseAddrPort(s.Listener.Addr().String()).Port()
	err := ask(t, New(loopback(port)), s.URL)
	if err == nil || !strings.Contains(err.Error(), "certificate") || errors.Is(err, ErrRefused) || served.Load() != 0 {
		t.Errorf("got %v after %d requests, want the certificate not accepted", err, served.Load())
	}
}

func TestWhatFailsIsNotRefused(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := netip.MustParseAddrPort(l.Addr().String()).Port()
	_ = l.Close()
	if _, err := get(t, New(loopback(port)), port); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("a closed port: %v", err)
	}
	c := New(Options{Resolver: names(t, fromZone)})
	if err := ask(t, c, "http://absent.test/"); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("an absent name: %v", err)
	}
}
