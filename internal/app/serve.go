package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Limits of the server.
const (
	readHeaderTimeout = 5 * time.Second  // a client that sends its header a byte at a time
	readTimeout       = 15 * time.Second // the same with the body
	writeTimeout      = 30 * time.Second // a client that does not take its answer
	profileTimeout    = 2 * time.Minute  // the same for profiles, which are recorded while they are sent
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
	lameDuck          = 500 * time.Millisecond // between telling load balancers and closing the door
	stopTimeout       = 20 * time.Second
)

// Serve runs until ctx ends, then stops gracefully: not ready, connections told to close,
// requests in flight answered, jobs drained. listening is called once requests are accepted.
func (a *App) Serve(ctx context.Context, listening func(address string)) error {
	doors, err := a.listen(ctx)
	if err != nil {
		return err
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	if err := a.index.Start(work); err != nil {
		return errors.Join(err, closeDoors(doors))
	}
	if err := a.jobs.Start(work); err != nil {
		return errors.Join(err, closeDoors(doors))
	}
	if a.o.Server.NATSURL != "" && a.o.DB.Engine() == db.PostgreSQL { // SQLite has no other nodes
		disconnect, err := a.bus.Connect(a.o.Server.NATSURL)
		if err != nil {
			return errors.Join(fmt.Errorf("--nats-url: %w", err), closeDoors(doors))
		}
		defer disconnect()
	}
	t := newTasks(work, a.o.Log, a.metrics)
	t.run("events", func() error { return a.bus.Run(work) })
	t.run("keys", func() error { return a.Tokens.Run(work) })
	for name, run := range a.Notifications.Tasks() {
		t.run("notifications "+name, func() error { return run(work) })
	}
	t.run("streams", func() error { return a.Streams.Run(work) })
	t.run("webhooks", func() error { return a.Webhooks.Run(work) })
	for _, d := range doors {
		t.run("http "+d.address(), d.serve)
	}
	a.o.Log.Info("serving", "version", a.o.Version, "engine", a.o.DB.Engine().String(), "public", doors[0].address(), "operations", doors[len(doors)-1].address())
	listening(doors[0].address())
	select {
	case <-ctx.Done():
	case err = <-t.failed:
		a.o.Log.Error("stopping after a failure", "error", err)
	}
	return errors.Join(err, a.stop(doors, stopWork, t))
}

// door is an address and what answers there.
type door struct {
	listener net.Listener
	server   *http.Server
}

func (d door) address() string { return d.listener.Addr().String() }

func (d door) serve() error {
	if err := d.server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// listen opens the public address and, when there is one, the address for metrics.
func (a *App) listen(ctx context.Context) ([]door, error) {
	public := a.server(a.front(a.handler))
	public.ConnContext = withFraming
	public.DisableGeneralOptionsHandler = true // front sees every request
	operations := a.server(a.operations())
	operations.WriteTimeout = profileTimeout
	var doors []door
	var listen net.ListenConfig
	for _, d := range []struct {
		address string
		server  *http.Server
	}{{a.o.Server.Listen, public}, {a.o.Server.MetricsListen, operations}} {
		if d.address == "" {
			continue
		}
		l, err := listen.Listen(ctx, "tcp", d.address)
		if err != nil {
			return nil, errors.Join(err, closeDoors(doors))
		}
		doors = append(doors, door{framedListener{l}, d.server})
	}
	return doors, nil
}

func closeDoors(doors []door) error {
	var errs []error
	for _, d := range doors {
		errs = append(errs, d.listener.Close())
	}
	return errors.Join(errs...)
}

func (a *App) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: serverLog(a.o.Log),
	}
}

// front refuses requests that two servers may read differently, and closes connections while
// the server stops.
func (a *App) front(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ambiguous(r) {
			w.Header().Set("Connection", "close")
			refuseAmbiguous(w)
			return
		}
		if a.stopping() {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}

func (a *App) stopping() bool {
	select {
	case <-a.drain:
		return true
	default:
		return false
	}
}

func (a *App) stop(doors []door, stopWork func(), t *tasks) error {
	started := time.Now() //nolint:forbidigo // a duration, not a time
	close(a.drain)
	time.Sleep(lameDuck)
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var errs []error
	for _, d := range doors {
		errs = append(errs, d.server.Shutdown(ctx))
	}
	errs = append(errs, a.jobs.Stop(ctx))
	stopWork()
	t.wait.Wait()
	a.o.Log.Info("stopped", "ms", time.Since(started).Milliseconds())
	return errors.Join(errs...)
}
