package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	// defaultBatch bounds how many transactions share one fsync, and so how long the first
	// waits for the last.
	defaultBatch = 256
	// maxQueued bounds how many transactions wait; beyond it Write answers Unavailable.
	maxQueued = 4096
)

// sqliteDB is a SQLite database: several readers and one writer with group commit.
//
// Write transactions queue to one goroutine. It begins a transaction, runs each waiting
// function inside its own savepoint, commits once when the queue is empty, and only then
// answers. A function that fails or panics is rolled back alone.
type sqliteDB struct {
	sqliteConn         // the readers
	writer     *sql.DB // one connection, shared with the job queue
	queue      chan *request
	maxBatch   int
	stopped    chan struct{}
	failed     atomic.Pointer[error] // set for good when a commit could not be made durable

	closing sync.RWMutex
	closed  bool
}

// request is one Write that waits to be run. done gets its outcome after the commit.
type request struct {
	ctx      context.Context
	f        func(ctx context.Context, tx transaction) error
	tx       *sqliteTx
	err      error
	lost     error // the whole transaction was rolled back under it, by a full disk for one
	panicked *panicValue
	done     chan struct{}
}

type panicValue struct {
	value any
	stack []byte
}

const pragmas = "&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=foreign_keys(on)" +
	"&_pragma=temp_store(memory)&_pragma=mmap_size(0)&_txlock=immediate"

func openSQLite(ctx context.Context, path string, o Options) (*sqliteDB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=cache_size(-16000)" + pragmas
	if o.ReadOnly {
		if _, err := os.Stat(path); err != nil { // SQLite would create it
			return nil, fmt.Errorf("open %s: %w", path, errors.Unwrap(err))
		}
		dsn += "&_pragma=query_only(on)"
	}
	// The writer comes first: it creates the file and sets the journal mode.
	writer := sql.OpenDB(connector{dsn: dsn, driver: &sqlite.Driver{}})
	writer.SetMaxOpenConns(1)
	writer.SetConnMaxIdleTime(0)
	if err := writer.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), writer.Close())
	}
	readers := sql.OpenDB(connector{dsn: dsn + "&_pragma=query_only(on)", driver: &sqlite.Driver{}})
	n := o.MaxReaders
	if n == 0 {
		n = 4
	}
	readers.SetMaxOpenConns(n)
	readers.SetMaxIdleConns(n)
	bind := &binder{engine: SQLite, known: map[string]bound{}}
	s := &sqliteDB{
		sqliteConn: sqliteConn{sqliteQueries{readers, bind, constraints(o.Constraints)}},
		writer:     writer,
		queue:      make(chan *request, maxQueued),
		maxBatch:   cmp.Or(o.MaxBatch, defaultBatch),
		stopped:    make(chan struct{}),
	}
	go s.run()
	return s, nil
}

func (s *sqliteDB) reader() Queryer { return s.sqliteConn }

func (s *sqliteDB) close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		return nil
	}
	s.closed = true
	close(s.queue)
	s.closing.Unlock()
	<-s.stopped
	return errors.Join(s.sqliteQueries.to.(*sql.DB).Close(), s.writer.Close())
}

func (s *sqliteDB) healthy(ctx context.Context) error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return s.sqliteQueries.to.(*sql.DB).PingContext(ctx)
}

var errBusy = &fault.Error{
	Kind: fault.KindUnavailable, Code: "database.busy", Detail: "Too many changes are waiting. Try again in a moment.", RetryAfter: time.Second,
}

func (s *sqliteDB) write(ctx context.Context, f func(ctx context.Context, tx transaction) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{ctx: ctx, f: f, done: make(chan struct{})}
	if err := s.enqueue(r); err != nil {
		return err
	}
	<-r.done
	if r.panicked != nil {
		panic(fmt.Sprintf("%v [in a transaction]\n%s", r.panicked.value, r.panicked.stack))
	}
	if r.err == nil {
		for _, f := range r.tx.after {
			f()
		}
	}
	return r.err
}

func (s *sqliteDB) enqueue(r *request) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return fault.New(fault.KindUnavailable, "database.closed", "The server is stopping.")
	}
	if err := s.failed.Load(); err != nil {
		return *err
	}
	select {
	case s.queue <- r:
		return nil
	default:
		return errBusy
	}
}

// run is the writer: it lives until the database is closed.
func (s *sqliteDB) run() {
	defer close(s.stopped)
	batch := make([]*request, 0, s.maxBatch)
	for first := range s.queue {
		batch = s.commit(append(batch[:0], first))
		for _, r := range batch {
			close(r.done)
		}
		clear(batch)
	}
}

// commit runs the batch, and whatever arrives meanwhile, in one transaction. It gives the
// requests it answered for.
func (s *sqliteDB) commit(batch []*request) []*request {
	// Not a request's context: one that ends must not take the others with it, and SQLite
	// rolls back the whole transaction when it interrupts a statement.
	tx, err := s.writer.BeginTx(context.Background(), nil)
	if err != nil {
		batch[0].err = s.fault(err)
		return batch
	}
	inner := sqliteQueries{tx, s.bind, s.sqliteQueries.constraints}
	for i := 0; ; i++ {
		s.runOne(batch[i], inner, tx)
		if batch[i].lost != nil {
			return s.abandon(batch, tx, batch[i].lost)
		}
		if len(batch) < s.maxBatch {
			select {
			case r, ok := <-s.queue:
				if ok {
					batch = append(batch, r)
				}
			default:
			}
		}
		if i+1 == len(batch) {
			break
		}
	}
	if err := tx.Commit(); err != nil {
		s.fail(err)
		return s.abandon(batch, tx, err)
	}
	return batch
}

// abandon answers the whole batch with an error: SQLite has rolled it back, or is told to.
func (s *sqliteDB) abandon(batch []*request, tx *sql.Tx, cause error) []*request {
	_ = tx.Rollback() // of no consequence when it was rolled back already
	// A commit that failed may leave the transaction open behind database/sql's back.
	_, _ = s.writer.ExecContext(context.Background(), "ROLLBACK")
	for _, r := range batch {
		if r.err == nil {
			r.err = s.fault(cause)
		}
	}
	return batch
}

// fail remembers that a commit did not become durable. Repeating an fsync that failed may
// report success for data that is lost, so nothing is acknowledged after that; a full disk
// is the exception, since SQLite has then written nothing.
func (s *sqliteDB) fail(err error) {
	f, ok := fault.As(s.fault(err))
	if ok && f.Kind == fault.KindStorageFull {
		return
	}
	failed := error(fault.Wrap(err, fault.KindUnavailable, "database.failed", "The database could not be written. The server must be restarted."))
	s.failed.Store(&failed)
}

func (s *sqliteDB) runOne(r *request, q sqliteQueries, tx *sql.Tx) {
	if r.err = r.ctx.Err(); r.err != nil {
		return
	}
	r.tx = &sqliteTx{sqliteConn: sqliteConn{q}, raw: tx}
	defer func() {
		r.lost = r.tx.lost
		if v := recover(); v != nil {
			r.panicked = &panicValue{v, debug.Stack()}
			r.err = errors.New("db: panic in transaction")
		}
	}()
	r.err = r.tx.savepoint(context.WithoutCancel(r.ctx), func(ctx context.Context) error { return r.f(ctx, r.tx) })
}

// sqliteTx is one Write: a savepoint of the shared transaction.
type sqliteTx struct {
	sqliteConn
	raw   *sql.Tx
	depth int
	after []func()
	lost  error
}

// OnCommit implements Tx.
func (t *sqliteTx) OnCommit(f func()) { t.after = append(t.after, f) }

func (t *sqliteTx) savepoint(ctx context.Context, f func(ctx context.Context) error) (err error) {
	name := savepoints[min(t.depth, len(savepoints)-1)]
	after := len(t.after)
	if _, err := t.raw.ExecContext(ctx, "SAVEPOINT "+name); err != nil {
		return t.fault(err)
	}
	t.depth++
	done := false
	defer func() {
		t.depth--
		if done {
			return
		}
		t.after = t.after[:after]
		_, undo := t.raw.ExecContext(ctx, "ROLLBACK TO "+name+"; RELEASE "+name)
		if undo != nil && t.lost == nil {
			t.lost = errors.Join(err, undo)
		}
	}()
	if err := f(ctx); err != nil {
		return err
	}
	if _, err := t.raw.ExecContext(ctx, "RELEASE "+name); err != nil {
		return t.fault(err)
	}
	done = true
	return nil
}

// savepoints are the names by depth; inner ones of the same name hide outer ones, so that
// the last name serves any further depth.
var savepoints = [...]string{"w0", "w1", "w2", "w3"}

// sqliteConn is sqliteQueries as a Queryer.
type sqliteConn struct{ sqliteQueries }

// Engine implements Queryer.
func (sqliteConn) Engine() Engine { return SQLite }

// sqlRunner is what *sql.DB, *sql.Conn and *sql.Tx have in common.
type sqlRunner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

type sqliteQueries struct {
	to          sqlRunner
	bind        *binder
	constraints constraints
}

// Exec implements Queryer.
func (q sqliteQueries) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	count(ctx)
	text, args, err := q.bind.bind(query, native(SQLite, args))
	if err != nil {
		return 0, err
	}
	res, err := q.to.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, q.fault(err)
	}
	return res.RowsAffected()
}

// Query implements Queryer.
func (q sqliteQueries) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	count(ctx)
	text, args, err := q.bind.bind(query, native(SQLite, args))
	if err != nil {
		return nil, err
	}
	rows, err := q.to.QueryContext(ctx, text, args...) //nolint:rowserrcheck // the caller checks Err
	if err != nil {
		return nil, q.fault(err)
	}
	return sqliteRows{rows, q}, nil
}

// QueryRow implements Queryer.
func (q sqliteQueries) QueryRow(ctx context.Context, query string, args ...any) Row {
	rows, err := q.Query(ctx, query, args...)
	return oneRow{rows, err}
}

type sqliteRows struct {
	*sql.Rows
	q sqliteQueries
}

func (r sqliteRows) Close() { _ = r.Rows.Close() } // Err has told what there is to tell

func (r sqliteRows) Err() error { return r.q.fault(r.Rows.Err()) }

// oneRow is the first row of a result.
type oneRow struct {
	rows Rows
	err  error
}

func (r oneRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}

func (s *sqliteDB) snapshot(ctx context.Context, f func(ctx context.Context, q Queryer) error) error {
	conn, err := s.sqliteQueries.to.(*sql.DB).Conn(ctx)
	if err != nil {
		return s.fault(err)
	}
	defer conn.Close() //nolint:errcheck // gives the connection back to the pool
	if _, err := conn.ExecContext(ctx, "BEGIN DEFERRED"); err != nil {
		return s.fault(err)
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") //nolint:errcheck // it only read
	return f(ctx, sqliteConn{sqliteQueries{conn, s.bind, s.sqliteQueries.constraints}})
}
