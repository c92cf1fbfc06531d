package api

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// A transfer of a file may take as long as it gets on: after a while it must have carried a
// kibibyte for every second it took. Whoever is slower loses the connection, so that a few
// clients that send or take nothing do not occupy the server.
const (
	transferGrace = 60 * time.Second
	transferRate  = 1 << 10 // bytes a second
	maxTransfer   = time.Hour
	answerTime    = 30 * time.Second // to take the answer to an upload
)

// pace is a transfer over a connection.
type pace struct {
	connection *http.ResponseController
	started    time.Time
	carried    int64
}

func newPace(w http.ResponseWriter) pace {
	return pace{connection: http.NewResponseController(w), started: time.Now()} //nolint:forbidigo // deadlines of connections are of the wall clock
}

// deadline is when the transfer must have got on.
func (p *pace) deadline() time.Time {
	return p.started.Add(min(maxTransfer, transferGrace+time.Duration(p.carried/transferRate)*time.Second))
}

// pacedWriter sends an answer of any size.
type pacedWriter struct {
	http.ResponseWriter
	pace
}

func newPacedWriter(w http.ResponseWriter) *pacedWriter { return &pacedWriter{w, newPace(w)} }

// Write implements http.ResponseWriter.
func (w *pacedWriter) Write(b []byte) (int, error) {
	_ = w.connection.SetWriteDeadline(w.deadline()) // not every writer has a connection
	n, err := w.ResponseWriter.Write(b)
	w.carried += int64(n)
	return n, err
}

// pacedBody reads a request of any size.
type pacedBody struct {
	io.ReadCloser
	pace
}

// Read implements io.Reader.
func (b *pacedBody) Read(p []byte) (int, error) {
	deadline := b.deadline()
	_ = b.connection.SetReadDeadline(deadline) // not every request has a connection
	_ = b.connection.SetWriteDeadline(deadline.Add(answerTime))
	n, err := b.ReadCloser.Read(p)
	b.carried += int64(n)
	return n, err
}

// Handle mounts something that is no operation of the API: it authenticates by itself and
// takes bodies of any size, which may take their time. The rest is as for operations: the
// bound on the load, request ids, the log (under a name), metrics, panics.
func (r *Router) Handle(name, method, path string, h http.Handler) {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/"), "/")
	r.fixed[first] = true
	op := &mounted{Operation: Operation{ID: name, Method: method, Path: path, Status: http.StatusNoContent}}
	r.measure(op)
	r.mux.Method(method, path, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		stateOf(req.Context()).op = op
		req.Body = &pacedBody{req.Body, newPace(w)}
		h.ServeHTTP(w, req)
	}))
}
