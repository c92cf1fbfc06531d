package app

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// A request with both Content-Length and Transfer-Encoding ends in one place for this server
// and may end in another for a proxy before it: what one takes for a body is the next request
// for the other (RFC 9112, section 6.3). net/http deletes the length before a handler can see
// it, so the connection itself follows the requests and remembers such a one.

// maxLine bounds a header line that is looked at; net/http refuses longer headers.
const maxLine = maxHeaderBytes + 8<<10

// framedListener accepts connections that follow their requests.
type framedListener struct{ net.Listener }

// Accept implements net.Listener.
func (l framedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok && err == nil {
		return &framedConn{TCPConn: tcp}, nil
	}
	return c, err
}

// framedConn is a connection that knows where requests begin and end.
type framedConn struct {
	*net.TCPConn
	frames framing
	bad    atomic.Bool
}

// Read implements net.Conn.
func (c *framedConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if !c.bad.Load() && !c.frames.follow(p[:n]) {
		c.bad.Store(true)
	}
	return n, err
}

type framingKey struct{}

func withFraming(ctx context.Context, c net.Conn) context.Context {
	if f, ok := c.(*framedConn); ok {
		return context.WithValue(ctx, framingKey{}, f)
	}
	return ctx
}

// ambiguous reports whether the connection of a request has carried a request with two
// lengths, or bytes that are no requests. The first such request is the last one answered.
func ambiguous(r *http.Request) bool {
	c, ok := r.Context().Value(framingKey{}).(*framedConn)
	return ok && c.bad.Load()
}

func refuseAmbiguous(w http.ResponseWriter) {
	api.WriteProblem(w, fault.New(fault.KindInvalid, "request.framing",
		"It cannot be told for certain where this request ends. Send either Content-Length or Transfer-Encoding, and no header over several lines."))
}

// framing is where in the stream of requests a connection is.
type framing struct {
	in      func(f *framing, line []byte) bool // what the next line means; nil is the request line
	line    []byte                             // the beginning of a line that is not complete yet
	skip    int64                              // bytes of a body or chunk before the next line
	length  int64                              // Content-Length, when sized
	sized   bool
	chunked bool
}

// follow takes the next bytes and reports whether the requests are still clear.
func (f *framing) follow(p []byte) bool {
	for len(p) > 0 {
		if f.skip > 0 {
			n := min(f.skip, int64(len(p)))
			f.skip -= n
			p = p[n:]
			continue
		}
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			f.line = append(f.line, p...)
			return len(f.line) <= maxLine
		}
		line := p[:end]
		if len(f.line) > 0 {
			line = append(f.line, line...)
			f.line = f.line[:0]
		}
		p = p[end+1:]
		if len(line) > maxLine || !f.next(bytes.TrimSuffix(line, []byte("\r"))) {
			return false
		}
	}
	return true
}

func (f *framing) next(line []byte) bool {
	if f.in == nil {
		if len(line) > 0 { // net/http skips empty lines before a request
			f.in, f.sized, f.chunked, f.length = (*framing).header, false, false, 0
		}
		return true
	}
	return f.in(f, line)
}

func (f *framing) header(line []byte) bool {
	if len(line) == 0 {
		switch {
		case f.chunked && f.sized:
			return false
		case f.chunked:
			f.in = (*framing).chunk
		default:
			f.in, f.skip = nil, f.length
		}
		return true
	}
	name, value, ok := bytes.Cut(line, []byte(":"))
	switch {
	case !ok || line[0] == ' ' || line[0] == '\t': // no header, or one folded over lines
		return false
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		f.chunked = true
	case bytes.EqualFold(name, []byte("Content-Length")):
		n, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
		if err != nil || n < 0 || (f.sized && n != f.length) {
			return false
		}
		f.sized, f.length = true, n
	}
	return true
}

func (f *framing) chunk(line []byte) bool {
	size, _, _ := strings.Cut(string(line), ";")
	n, err := strconv.ParseInt(strings.TrimSpace(size), 16, 64)
	if err != nil || n < 0 {
		return false
	}
	f.in, f.skip = (*framing).chunkEnd, n
	if n == 0 {
		f.in = (*framing).trailer
	}
	return true
}

func (f *framing) chunkEnd(line []byte) bool {
	f.in = (*framing).chunk
	return len(line) == 0
}

func (f *framing) trailer(line []byte) bool {
	if len(line) == 0 {
		f.in = nil
	}
	return true
}

// serverLog makes lines of net/http, such as failed handshakes, warnings of ours.
func serverLog(to *slog.Logger) *log.Logger { return slog.NewLogLogger(to.Handler(), slog.LevelWarn) }
