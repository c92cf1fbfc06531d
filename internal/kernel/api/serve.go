package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

const requestIDHeader = "X-Request-Id"

// state is what the steps of one request tell each other. It is the request's context at the
// same time, and carries chi's route with it, so that the request is copied once only.
type state struct {
	context.Context

	id     string
	router *Router
	route  *chi.Context
	op     *mounted // nil until the route is known
	who    authz.Actor
	body   []byte
	denied string // the code of a 403
	input  error  // found before the router, see Reject
	began  time.Time
	leave  func()        // gives the place among the requests worked on free; nil before there is one
	opened time.Duration // how long it took until a stream of events began; 0 of other answers
	bad    []fault.Field // found in the body, not reported yet
}

type stateKey struct{}

// Value implements context.Context.
func (s *state) Value(key any) any {
	switch key {
	case stateKey{}:
		return s
	case chi.RouteCtxKey:
		return s.route
	}
	return s.Context.Value(key)
}

func stateOf(ctx context.Context) *state {
	s, _ := ctx.Value(stateKey{}).(*state)
	return s
}

type inputKey struct{}

// Reject marks a request whose input is wrong, found before the router. Its operation answers
// with err as soon as it is clear that the caller may call it and knows of its object.
func Reject(r *http.Request, err error) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), inputKey{}, err))
}

// NoID stands in the path of a request marked by Reject for an id that was not sent.
const NoID = "-"

var routes = sync.Pool{New: func() any { return chi.NewRouteContext() }}

// ServeHTTP implements http.Handler.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s := &state{Context: req.Context(), id: requestID(req.Header.Get(requestIDHeader)), router: r}
	s.input, _ = s.Context.Value(inputKey{}).(error)
	s.route, _ = routes.Get().(*chi.Context)
	out := &recorder{ResponseWriter: w, bodyless: req.Method == http.MethodHead}
	started := time.Now() //nolint:forbidigo // a duration, not a time
	r.metrics.inFlight.Inc()
	header := w.Header()
	header.Set(requestIDHeader, s.id)
	header.Set("X-Content-Type-Options", "nosniff")
	defer func() {
		v := recover()
		if v != nil && v != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
			r.panicked(req, s, out, v)
		}
		out.end()
		took := s.opened
		if took == 0 {
			r.metrics.inFlight.Dec()
			took = time.Since(started)
		}
		r.finished(req, s, out, took)
		if s.route.Reset(); v == http.ErrAbortHandler { //nolint:errorlint // as above
			panic(v)
		}
		routes.Put(s.route)
	}()
	release, err := r.load.enter(s.Context)
	if err != nil {
		problemOf(err, s.id).write(out)
		return
	}
	s.leave = sync.OnceFunc(release)
	defer s.leave()
	s.began = started
	inner := req.WithContext(s)
	if req.Method == http.MethodHead {
		inner.Method = http.MethodGet
	}
	if !isTidy(req.URL) {
		r.notFound(out, inner)
		return
	}
	r.mux.ServeHTTP(out, inner)
}

// isTidy reports that a path has one meaning only: no empty segments, no dots, no escaped
// slashes, nothing that is not text. There is nothing at any other path.
func isTidy(u *url.URL) bool {
	path := u.Path
	for i := range len(path) {
		switch c := path[i]; {
		case c < ' ' || c == 0x7F || c == '\\':
			return false
		case c == '/' && i > 0 && path[i-1] == '/':
			return false
		case c == '.' && i > 0 && path[i-1] == '/':
			return false // a segment that begins with a dot; no route or id does
		}
	}
	if len(path) > 1 && path[len(path)-1] == '/' {
		return false
	}
	return utf8.ValidString(path) && !strings.Contains(u.RawPath, "%2F") && !strings.Contains(u.RawPath, "%2f")
}

// requestID takes the caller's id when it is harmless, else makes one.
func requestID(sent string) string {
	if len(sent) < 8 || len(sent) > 64 {
		return ids.New()
	}
	for _, c := range []byte(sent) {
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return ids.New()
		}
	}
	return sent
}

func (r *Router) panicked(req *http.Request, s *state, out *recorder, v any) {
	r.metrics.panics.Inc()
	r.o.Log.ErrorContext(req.Context(), "a handler panicked", "requestId", s.id, "panic", v, "stack", string(debug.Stack()))
	if out.discard() {
		problemOf(errors.New("panic"), s.id).write(out)
	}
}

// finished writes the request's log line: who did what and how it went, never what was said.
func (r *Router) finished(req *http.Request, s *state, out *recorder, took time.Duration) {
	name, route := "unknown", ""
	if s.op != nil {
		name, route = s.op.ID, s.op.Path
		s.op.measured(r.metrics, out.status, took)
	} else {
		r.metrics.unrouted(out.status, took)
	}
	r.o.Log.LogAttrs(s.Context, slog.LevelInfo, "request",
		slog.String("requestId", s.id), slog.String("method", req.Method), slog.String("route", route), slog.String("operation", name),
		slog.Int("status", out.status), slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int("bytes", out.bytes),
		slog.String("org", s.who.OrgID), slog.String("user", s.who.UserID))
}

func (r *Router) notFound(w http.ResponseWriter, req *http.Request) {
	problemOf(errNoRoute, stateOf(req.Context()).id).write(w)
}

var errNoRoute = fault.New(fault.KindNotFound, "route.notFound", "There is nothing at this address.")

func (r *Router) notAllowed(w http.ResponseWriter, req *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if r.mux.Match(chi.NewRouteContext(), method, req.URL.EscapedPath()) {
			w.Header().Add("Allow", method)
			if method == http.MethodGet {
				w.Header().Add("Allow", http.MethodHead)
			}
		}
	}
	if req.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	problemOf(fault.New(fault.KindNotAllowed, "method.notAllowed", ""), stateOf(req.Context()).id).write(w)
}

// report turns a handler's error into a problem and logs what must not be shown.
func (s *state) report(ctx context.Context, err error) *Problem {
	level := slog.LevelError
	switch {
	case errors.Is(err, context.Canceled) && s.Err() != nil:
		level = slog.LevelInfo // nobody is waiting for the answer any more
		err = &fault.Error{Kind: fault.KindUnavailable, Code: "client.gone"}
	case errors.Is(err, context.DeadlineExceeded):
		err = &fault.Error{Kind: fault.KindUnavailable, Code: "server.slow", Detail: "This took too long. Try again later.", RetryAfter: time.Second}
	}
	p := problemOf(err, s.id)
	if p.Status == http.StatusForbidden {
		s.denied = p.Code
	}
	if p.Status >= http.StatusInternalServerError {
		operation := ""
		if s.op != nil {
			operation = s.op.ID
		}
		s.router.o.Log.LogAttrs(ctx, level, "a request failed", slog.String("requestId", s.id), slog.String("operation", operation),
			slog.Int("status", p.Status), slog.String("error", err.Error()))
	}
	return p
}

// rejected reports an input that cannot be used. Whoever may not know of the object of the
// path learns that it does not exist, and nothing about their input.
func (s *state) rejected(ctx context.Context, err error) *Problem {
	if s.op != nil && s.op.Authz.Object != nil {
		object := s.op.Authz.Object
		gate, id := s.router.gates[object.Type], s.pathID(object.Param)
		if gate != nil && (id != NoID || s.input == nil) {
			if hidden := gate(ctx, s.who, id); hidden != nil {
				err = hidden
			}
		}
	}
	return s.report(ctx, err)
}

func (s *state) pathID(param string) string {
	id := s.route.URLParam(param)
	if plain, err := url.PathUnescape(id); err == nil {
		return plain
	}
	return id
}
