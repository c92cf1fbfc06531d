// Package app puts WorkDrive together: it is the only package that knows every module.
//
// Open takes the data (directory lock, database, migrations), New wires the modules into one
// API, and Serve runs them until its context ends: it answers requests, works jobs, follows
// events, and stops gracefully.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	fixtures "github.com/workdrive/workdrive/api"
	"github.com/workdrive/workdrive/internal/compat"
	"github.com/workdrive/workdrive/internal/console"
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/kernel/seal"
	"github.com/workdrive/workdrive/internal/kernel/search"
	"github.com/workdrive/workdrive/internal/kernel/video"
)

// Release is the version being worked on, which the checked-in description of the API has.
const Release = "0.1.0"

// Open takes the data a store's settings name and brings its schema up to date. With SQLite
// the data directory belongs to this process until close is called.
func Open(ctx context.Context, s config.Store, log *slog.Logger) (d *db.DB, closeAll func() error, err error) {
	unlock := func() error { return nil }
	if s.Embedded() {
		if unlock, err = db.LockDir(s.DataDir); err != nil {
			return nil, nil, err
		}
	}
	d, err = db.Open(ctx, db.Options{URL: s.URL(), Constraints: constraints(), Logger: log})
	if err != nil {
		return nil, nil, errors.Join(err, unlock())
	}
	closeAll = func() error { return errors.Join(d.Close(), unlock()) }
	if err := d.Migrate(ctx); err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	return d, closeAll, nil
}

// OpenToRead takes the data as it is, also while a server works on it. Nothing can be written.
func OpenToRead(ctx context.Context, s config.Store, log *slog.Logger) (*db.DB, error) {
	return db.Open(ctx, db.Options{URL: s.URL(), Logger: log, ReadOnly: true})
}

// Mailer sends mail to people; kernel/mail does.
type Mailer interface {
	Send(ctx context.Context, m mail.Message) error
}

// Options are what an App is made of.
type Options struct {
	Version string
	Server  config.Server
	DB      *db.DB
	Files   blob.Store  // nil for a process that serves nobody
	ReadPDF []string    // the command that takes the words out of a PDF (kernel/extract); nil for none
	Films   video.Tools // that read films
	Scratch string      // directory to work on films in; "" is the system's
	Keys    seal.Keys   // for secrets; without any, what is sealed is lost with the process
	Clock   clock.Clock // nil is the wall clock
	Log     *slog.Logger
}

// App is WorkDrive, ready to serve.
type App struct {
	Modules

	o       Options
	bus     *bus.Bus
	jobs    *job.Jobs
	index   *search.Index
	mail    Mailer // nil when no mail is sent
	router  *api.Router
	metrics *prometheus.Registry
	handler http.Handler
	console *console.Console
	drain   chan struct{} // closed when the server begins to stop
}

// New wires the modules. It fails when an operation is not fully declared.
func New(o Options) (*App, error) {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Keys.IsZero() {
		o.Keys = seal.New()
	}
	if o.Files == nil {
		o.Files = blob.None{}
	}
	a := &App{o: o, bus: bus.New(o.DB, o.Clock, o.Log), metrics: prometheus.NewRegistry(), drain: make(chan struct{})}
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var err error
	if a.jobs, err = job.New(o.DB, o.Log); err != nil {
		return nil, err
	}
	a.metrics.MustRegister(queueMetrics{a.jobs, o.DB, o.Clock})
	// Reading one row is all that may wait here, and nobody waits for New.
	if a.Modules, err = a.wire(context.Background()); err != nil {
		return nil, err
	}
	a.router = api.NewRouter(api.Options{
		Version: o.Version, DB: o.DB, Clock: o.Clock, Log: o.Log, Authenticator: a.Tokens, Restrict: a.Enforcement.Restrict, Metrics: a.metrics, Auditor: a.Audits,
		Examples: fixtures.Fixtures, Aliases: compat.Fields, RatePerMinute: o.Server.RateLimit, MaxInFlight: o.Server.MaxInFlight,
	})
	for _, m := range a.mounted() {
		m.Register(a.router)
	}
	a.mountUploads()
	a.housekeeping()
	if err := a.router.Verify(); err != nil {
		return nil, fmt.Errorf("the API is not fully declared:\n%w", err)
	}
	if err := a.mountConsole(); err != nil {
		return nil, err
	}
	a.handler = a.routes()
	return a, nil
}

// WithClock gives another App on the same data that takes its time from c: the demo makes up
// a past with it. It is not for serving.
func (a *App) WithClock(c clock.Clock) (*App, error) {
	o := a.o
	o.Clock = c
	return New(o)
}

// Handler serves everything but the lifecycle: for tests and for Serve.
func (a *App) Handler() http.Handler { return a.handler }

// Router is the API by itself.
func (a *App) Router() *api.Router { return a.router }
