package app

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/workdrive/workdrive/internal/compat"
)

// Limits of the server; see docs/operations for what each protects.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
	lameDuck          = 500 * time.Millisecond // between telling load balancers and closing the door
	stopTimeout       = 20 * time.Second
)

func (a *App) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answerStatus(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", a.ready)
	mux.Handle("GET /metrics", a.localOnly(a.metricsHandler()))
	api := compat.Handler(a.router)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz", "/metrics":
			mux.ServeHTTP(w, r)
		default:
			// Not through the mux, which would redirect paths it finds untidy.
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
	select {
	case <-a.drain:
		answerStatus(w, http.StatusServiceUnavailable, "stopping")
		return
	default:
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.o.DB.Healthy(ctx); err != nil {
		a.o.Log.WarnContext(ctx, "not ready", "error", err)
		answerStatus(w, http.StatusServiceUnavailable, "database unavailable")
		return
	}
	answerStatus(w, http.StatusOK, "ready")
}

func (a *App) metricsHandler() http.Handler {
	return promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{})
}

// localOnly hides what is for the operator from everybody who is not on this machine.
func (a *App) localOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() || r.Header.Get("X-Forwarded-For") != "" {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// Serve runs until ctx ends, then stops gracefully: not ready, connections told to close,
// requests in flight answered, jobs drained. listening is called once requests are accepted.
func (a *App) Serve(ctx context.Context, listening func(address string)) error {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", a.o.Server.Listen)
	if err != nil {
		return err
	}
	servers := []*http.Server{a.server(a.handler)}
	listeners := []net.Listener{listener}
	if at := a.o.Server.MetricsListen; at != "" {
		l, err := listen.Listen(ctx, "tcp", at)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		servers, listeners = append(servers, a.server(a.metricsHandler())), append(listeners, l)
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	if err := a.jobs.Start(work); err != nil {
		return errors.Join(err, listener.Close())
	}
	g := &group{app: a, failed: make(chan error, 8)}
	g.run("events", func() error { return a.bus.Run(work) })
	g.run("keys", func() error { return a.Tokens.Run(work) })
	for i, s := range servers {
		g.run("server", func() error {
			if err := s.Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	listening(listener.Addr().String())
	select {
	case <-ctx.Done():
	case err = <-g.failed:
		a.o.Log.Error("stopping after a failure", "error", err)
	}
	return errors.Join(err, a.stop(servers, stopWork, g))
}

func (a *App) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: a.front(h), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
	}
}

// front closes connections while the server stops.
func (a *App) front(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-a.drain:
			w.Header().Set("Connection", "close")
		default:
		}
		h.ServeHTTP(w, r)
	})
}

func (a *App) stop(servers []*http.Server, stopWork func(), g *group) error {
	close(a.drain)
	time.Sleep(lameDuck)
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var errs []error
	for _, s := range servers {
		errs = append(errs, s.Shutdown(ctx))
	}
	errs = append(errs, a.jobs.Stop(ctx))
	stopWork()
	g.wait.Wait()
	return errors.Join(errs...)
}

// group owns the goroutines of a running server. One that fails or panics stops the rest.
type group struct {
	app    *App
	wait   sync.WaitGroup
	failed chan error
}

func (g *group) run(name string, f func() error) {
	g.wait.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				g.app.o.Log.Error("a background task panicked", "task", name, "panic", v, "stack", string(debug.Stack()))
				g.failed <- errors.New(name + " panicked")
			}
		}()
		if err := f(); err != nil {
			g.failed <- err
		}
	})
}
