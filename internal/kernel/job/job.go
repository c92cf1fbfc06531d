// Package job does work in the background: enqueued in the transaction that causes it,
// done at least once, retried with back-off, on whichever node takes it.
//
// The queue is River (docs/adr/0004); its types stay in this package. On SQLite it shares
// the single writer connection, so that a job is inserted in the caller's own savepoint and
// the two never wait for each other's lock.
//
// Tables: those of River (river_*).
package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Args are the JSON-encodable arguments of a job. Kind is its stable name, "post.publish".
type Args interface{ Kind() string }

// Long are the arguments of jobs that may take longer than a minute. A node does one of them
// at a time, and no other job waits for them.
type Long interface {
	Args
	// Timeout is how long one attempt may take.
	Timeout() time.Duration
}

const (
	long         = "long" // the queue
	maxWorkers   = 4
	maxAttempts  = 10
	jobTimeout   = time.Minute
	pollInterval = time.Second
)

// Jobs is the queue. Handlers and schedules are added before Start.
type Jobs struct {
	engine   engine
	workers  *river.Workers
	periodic []*river.PeriodicJob
	log      *slog.Logger
}

// engine is River over one of the databases.
type engine interface {
	start(ctx context.Context, cfg *river.Config) error
	stop(ctx context.Context) error
	insert(ctx context.Context, tx db.Tx, args river.JobArgs, o *river.InsertOpts) error
}

// New makes a queue in a database.
func New(d *db.DB, log *slog.Logger) (*Jobs, error) {
	j := &Jobs{workers: river.NewWorkers(), log: log}
	var err error
	if writer, ok := d.SQLite(); ok {
		j.engine, err = newQueue(riversqlite.New(writer), db.SQLiteTx)
	} else if pool, ok := d.Postgres(); ok {
		j.engine, err = newQueue(riverpgxv5.New(pool), db.PostgresTx)
	}
	return j, err
}

// Handle says what does the jobs of a kind. f may run more than once for one job; an error
// is retried later.
func Handle[T Args](j *Jobs, f func(ctx context.Context, args T) error) {
	river.AddWorker(j.workers, &worker[T]{f: f})
}

// worker does the jobs of a kind.
type worker[T Args] struct {
	river.WorkerDefaults[T]

	f func(ctx context.Context, args T) error
}

// Work implements river.Worker.
func (w *worker[T]) Work(ctx context.Context, job *river.Job[T]) error { return w.f(ctx, job.Args) }

// Timeout implements river.Worker; 0 is that of all jobs.
func (w *worker[T]) Timeout(job *river.Job[T]) time.Duration {
	if l, ok := any(job.Args).(Long); ok {
		return l.Timeout()
	}
	return 0
}

// Enqueue adds a job in a transaction, to be done at a time; the zero time is now.
func (j *Jobs) Enqueue(ctx context.Context, tx db.Tx, args Args, at time.Time) error {
	o := &river.InsertOpts{ScheduledAt: at, MaxAttempts: maxAttempts}
	if _, ok := args.(Long); ok {
		o.Queue = long
	}
	return j.engine.insert(ctx, tx, args, o)
}

// Every adds a job again and again, once for all nodes together.
func (j *Jobs) Every(interval time.Duration, args Args) {
	j.periodic = append(j.periodic, river.NewPeriodicJob(river.PeriodicInterval(interval), func() (river.JobArgs, *river.InsertOpts) {
		return args, &river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: interval}}
	}, nil))
}

// Start begins to work until ctx ends or Stop is called.
func (j *Jobs) Start(ctx context.Context) error {
	return j.engine.start(ctx, &river.Config{
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: maxWorkers}, long: {MaxWorkers: 1}},
		Workers:           j.workers,
		PeriodicJobs:      j.periodic,
		FetchPollInterval: pollInterval,
		JobTimeout:        jobTimeout,
		Logger:            slog.New(atLeast{j.log.Handler(), slog.LevelWarn}),
		ErrorHandler:      reporter{j.log},
	})
}

// Stop lets running jobs finish until ctx ends, then interrupts them.
func (j *Jobs) Stop(ctx context.Context) error { return j.engine.stop(ctx) }

// queue is River with a driver's transaction type.
type queue[T any] struct {
	driver   riverdriver.Driver[T]
	inserter *river.Client[T] // inserts; works no jobs
	worker   *river.Client[T]
	unwrap   func(db.Tx) T
}

func newQueue[T any](driver riverdriver.Driver[T], unwrap func(db.Tx) T) (engine, error) {
	inserter, err := river.NewClient(driver, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	return &queue[T]{driver: driver, inserter: inserter, unwrap: unwrap}, nil
}

func (q *queue[T]) insert(ctx context.Context, tx db.Tx, args river.JobArgs, o *river.InsertOpts) error {
	_, err := q.inserter.InsertTx(ctx, q.unwrap(tx), args, o)
	return err
}

func (q *queue[T]) start(ctx context.Context, cfg *river.Config) error {
	worker, err := river.NewClient(q.driver, cfg)
	if err != nil {
		return fmt.Errorf("job: %w", err)
	}
	q.worker = worker
	return worker.Start(ctx)
}

func (q *queue[T]) stop(ctx context.Context) error {
	if q.worker == nil {
		return nil
	}
	err := q.worker.Stop(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return q.worker.StopAndCancel(context.WithoutCancel(ctx))
	}
	return err
}

// reporter logs jobs that failed; River retries them.
type reporter struct{ log *slog.Logger }

// HandleError implements river.ErrorHandler.
func (r reporter) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	r.log.ErrorContext(ctx, "a job failed", "job", job.Kind, "id", job.ID, "attempt", job.Attempt, "of", job.MaxAttempts, "error", err)
	return nil
}

// HandlePanic implements river.ErrorHandler.
func (r reporter) HandlePanic(ctx context.Context, job *rivertype.JobRow, panicked any, trace string) *river.ErrorHandlerResult {
	r.log.ErrorContext(ctx, "a job panicked", "job", job.Kind, "id", job.ID, "panic", panicked, "stack", trace)
	return nil
}

// atLeast drops log records below a level: River tells more than an operator wants.
type atLeast struct {
	slog.Handler
	level slog.Level
}

// Enabled implements slog.Handler.
func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

var (
	_ engine = (*queue[*sql.Tx])(nil)
	_ engine = (*queue[pgx.Tx])(nil)
)
