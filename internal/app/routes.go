package app

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/workdrive/workdrive/internal/compat"
	"github.com/workdrive/workdrive/internal/module/identity"
	"github.com/workdrive/workdrive/internal/module/scim"
)

// healthTimeout is how long the database may take to answer /readyz.
const healthTimeout = 2 * time.Second

// routes serves the public listener: the API, the console, and what watches over the process.
//
//	/healthz  200 as long as the process answers: restart it otherwise
//	/readyz   200 when the database, and S3 where files are there, answers and the server is not stopping: send it requests
//	/metrics  to this machine only, and only without a listener of its own (see metricsOpen)
func (a *App) routes() http.Handler {
	api := compat.Handler(a.router)
	metrics := a.metricsHandler()
	logout, provisioning := a.Identities.LogoutHandler(), a.Provisioning.Handler(a.router)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Not a http.ServeMux, which redirects paths it finds untidy before the API sees them.
		get := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch path := r.URL.Path; {
		case path == "/healthz" && get:
			answerStatus(w, http.StatusOK, "ok")
		case path == "/readyz" && get:
			a.ready(w, r)
		case path == "/metrics" && get && a.metricsOpen(r):
			metrics.ServeHTTP(w, r)
		case path == identity.LogoutPath && a.o.Server.OIDC.On():
			logout.ServeHTTP(w, r)
		case strings.HasPrefix(path, scim.Path+"/"):
			provisioning.ServeHTTP(w, r)
		case a.console.Handles(path):
			a.console.ServeHTTP(w, r)
		default:
			api.ServeHTTP(w, r)
		}
	})
}

func answerStatus(w http.ResponseWriter, status int, word string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": word}) // the client may have gone
}

func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	if a.stopping() {
		answerStatus(w, http.StatusServiceUnavailable, "stopping")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
	defer cancel()
	if err := a.o.DB.Healthy(ctx); err != nil {
		a.o.Log.WarnContext(ctx, "not ready", "error", err)
		answerStatus(w, http.StatusServiceUnavailable, "database unavailable")
		return
	}
	if s, ok := a.o.Files.(interface {
		Check(ctx context.Context) error
	}); ok {
		if err := s.Check(ctx); err != nil {
			a.o.Log.WarnContext(ctx, "not ready", "error", err)
			answerStatus(w, http.StatusServiceUnavailable, "file store unavailable")
			return
		}
	}
	answerStatus(w, http.StatusOK, "ready")
}

// operations serves the listener of --metrics-listen: metrics and profiles.
func (a *App) operations() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metricsHandler())
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

func (a *App) metricsHandler() http.Handler {
	return promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{})
}

// forwarding are headers by which a proxy tells that it passes on somebody else's request.
var forwarding = []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"}

// metricsOpen reports whether the public listener may show metrics to a request: it comes
// from this machine itself and there is no listener for metrics. Everybody else gets the
// answer of an unknown address. Behind a proxy on this machine that adds no header, use
// --metrics-listen.
func (a *App) metricsOpen(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(host); a.o.Server.MetricsListen != "" || err != nil || ip == nil || !ip.IsLoopback() {
		return false
	}
	for _, name := range forwarding {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return true
}
