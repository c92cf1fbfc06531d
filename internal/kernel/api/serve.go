package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

const requestIDHeader = "X-Request-Id"

// state is what the steps of one request tell each other.
type state struct {
	id     string
	router *Router
	op     *Operation // nil until the route is known
	who    authz.Actor
	body   []byte
}

type stateKey struct{}

func stateOf(ctx context.Context) *state {
	s, _ := ctx.Value(stateKey{}).(*state)
	return s
}

// ServeHTTP implements http.Handler.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s := &state{id: requestID(req.Header.Get(requestIDHeader)), router: r}
	out := &recorder{ResponseWriter: w}
	started := time.Now() //nolint:forbidigo // a duration, not a time
	r.metrics.begin()
	header := w.Header()
	header.Set(requestIDHeader, s.id)
	header.Set("X-Content-Type-Options", "nosniff")
	defer func() {
		if v := recover(); v != nil {
			r.panicked(out, req, s, v)
		}
		r.finished(req, s, out, time.Since(started))
	}()
	release, err := r.load.enter(req.Context())
	if err != nil {
		problemOf(err, s.id).write(out)
		return
	}
	defer release()
	r.mux.ServeHTTP(out, req.WithContext(context.WithValue(req.Context(), stateKey{}, s)))
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

func (r *Router) panicked(out *recorder, req *http.Request, s *state, v any) {
	if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(v)
	}
	r.metrics.panics.Inc()
	r.o.Log.ErrorContext(req.Context(), "a handler panicked", "requestId", s.id, "panic", v, "stack", string(debug.Stack()))
	if out.status == 0 {
		problemOf(errors.New("panic"), s.id).write(out)
	}
}

// finished writes the request's log line: who did what and how it went, never what was said.
func (r *Router) finished(req *http.Request, s *state, out *recorder, took time.Duration) {
	name := "unknown"
	if s.op != nil {
		name = s.op.ID
	}
	if out.status == 0 {
		out.status = http.StatusOK
	}
	r.metrics.end(name, out.status, took)
	r.o.Log.LogAttrs(req.Context(), slog.LevelInfo, "request",
		slog.String("requestId", s.id), slog.String("method", req.Method), slog.String("operation", name),
		slog.Int("status", out.status), slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int("bytes", out.bytes),
		slog.String("org", s.who.OrgID), slog.String("user", s.who.UserID))
}

// recorder notes the status and size of an answer.
type recorder struct {
	http.ResponseWriter
	status, bytes int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *Router) notFound(w http.ResponseWriter, req *http.Request) {
	problemOf(fault.New(fault.KindNotFound, "route.notFound", "There is nothing at this address."), stateOf(req.Context()).id).write(w)
}

func (r *Router) notAllowed(w http.ResponseWriter, req *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if r.mux.Match(chi.NewRouteContext(), method, req.URL.EscapedPath()) {
			w.Header().Add("Allow", method)
		}
	}
	if req.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if req.Method == http.MethodHead && r.mux.Match(chi.NewRouteContext(), http.MethodGet, req.URL.EscapedPath()) {
		get := req.Clone(req.Context())
		get.Method = http.MethodGet
		r.mux.ServeHTTP(withoutBody{w}, get)
		return
	}
	problemOf(fault.New(fault.KindNotAllowed, "method.notAllowed", ""), stateOf(req.Context()).id).write(w)
}

// withoutBody answers HEAD: the headers of GET.
type withoutBody struct{ http.ResponseWriter }

func (w withoutBody) Write(b []byte) (int, error) { return len(b), nil }

// report turns a handler's error into a problem and logs what must not be shown.
func (s *state) report(ctx context.Context, err error) *Problem {
	if errors.Is(err, context.DeadlineExceeded) {
		err = &fault.Error{Kind: fault.KindUnavailable, Code: "server.slow", Detail: "This took too long. Try again later.", RetryAfter: time.Second}
	}
	p := problemOf(err, s.id)
	if p.Status >= http.StatusInternalServerError {
		s.router.o.Log.ErrorContext(ctx, "a request failed", "requestId", s.id, "operation", s.op.ID, "status", p.Status, "error", err.Error())
	}
	return p
}

// rejected reports an input that cannot be used. Whoever may not know of the object of the
// path learns that it does not exist, and nothing about their input.
func (s *state) rejected(ctx huma.Context, err error) *Problem {
	if s.op != nil && s.op.Authz.Object != nil {
		object := s.op.Authz.Object
		if gate := s.router.gates[object.Type]; gate != nil {
			if hidden := gate(ctx.Context(), s.who, ctx.Param(object.Param)); hidden != nil {
				err = hidden
			}
		}
	}
	return s.report(ctx.Context(), err)
}

// metrics are what Prometheus reads of the API.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	panics   prometheus.Counter
}

func newMetrics(to prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "workdrive_http_requests_total", Help: "Requests by operation and status.",
		}, []string{"operation", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "workdrive_http_request_seconds", Help: "Duration of requests by operation.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15},
		}, []string{"operation"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "workdrive_http_in_flight", Help: "Requests being worked on."}),
		panics:   prometheus.NewCounter(prometheus.CounterOpts{Name: "workdrive_http_panics_total", Help: "Handlers that panicked."}),
	}
	if to != nil {
		to.MustRegister(m.requests, m.seconds, m.inFlight, m.panics)
	}
	return m
}

func (m *metrics) begin() { m.inFlight.Inc() }

func (m *metrics) end(operation string, status int, took time.Duration) {
	m.inFlight.Dec()
	m.requests.WithLabelValues(operation, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(operation).Observe(took.Seconds())
}
