package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// recorder notes the status and size of an answer. It holds the status back until the first
// byte of the body, so that a panic before it still becomes a problem, and so that answers
// written in one piece say their length.
type recorder struct {
	http.ResponseWriter

	status, bytes int
	sent          bool
	bodyless      bool // answers HEAD: the headers of GET
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if status < http.StatusOK { // informational, more follows
		r.ResponseWriter.WriteHeader(status)
		return
	}
	if r.status == 0 {
		r.status = status
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	if !r.sent {
		if t := r.Header().Get("Content-Type"); strings.HasPrefix(t, "application/json") || strings.HasPrefix(t, "application/problem+json") {
			r.Header().Set("Content-Length", strconv.Itoa(len(b)))
		}
		r.send()
	}
	r.bytes += len(b)
	if r.bodyless {
		return len(b), nil
	}
	return r.ResponseWriter.Write(b)
}

func (r *recorder) send() {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.sent = true
	r.ResponseWriter.WriteHeader(r.status)
}

// end sends the status of an answer without a body.
func (r *recorder) end() {
	if !r.sent {
		r.send()
	}
}

// discard takes back an answer of which nothing was sent, and reports whether it could.
func (r *recorder) discard() bool {
	if r.sent {
		return false
	}
	r.status = 0
	return true
}

// FlushError lets http.ResponseController send what was written.
func (r *recorder) FlushError() error {
	r.end()
	return http.NewResponseController(r.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

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

// unrouted counts a request that no operation took.
func (m *metrics) unrouted(status int, took time.Duration) {
	m.requests.WithLabelValues("unknown", strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues("unknown").Observe(took.Seconds())
}

// measured counts a request to the operation.
func (op *mounted) measured(m *metrics, status int, took time.Duration) {
	op.seconds.Observe(took.Seconds())
	if status == op.Status {
		op.succeeded.Inc()
		return
	}
	m.requests.WithLabelValues(op.ID, strconv.Itoa(status)).Inc()
}
