package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pgDB is a PostgreSQL database behind a pool. pgx prepares every statement once per
// connection.
type pgDB struct {
	pgConn // the pool
	pool   *pgxpool.Pool
}

const (
	statementTimeout = "5000"  // ms
	lockTimeout      = "3000"  // ms
	idleTimeout      = "10000" // ms, for a transaction that does nothing
	maxAttempts      = 5       // of a transaction that lost a race
)

func openPostgres(ctx context.Context, o Options) (*pgDB, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, errors.New("db: the PostgreSQL URL cannot be read") // the cause may contain the password
	}
	cfg.MaxConns = int32(o.MaxConns)
	if o.MaxConns == 0 {
		cfg.MaxConns = int32(4 * runtime.GOMAXPROCS(0))
	}
	cfg.MaxConnIdleTime = 5 * time.Minute
	for name, value := range map[string]string{
		"statement_timeout": statementTimeout, "lock_timeout": lockTimeout,
		"idle_in_transaction_session_timeout": idleTimeout, "application_name": "workdrive", "timezone": "UTC",
	} {
		cfg.ConnConfig.RuntimeParams[name] = value
	}
	if o.ReadOnly {
		cfg.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	}
	cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	cfg.ConnConfig.StatementCacheCapacity = maxCachedStatements
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := checkDurability(ctx, pool, o.Logger); err != nil {
		pool.Close()
		return nil, err
	}
	q := pgQueries{pool, &binder{engine: PostgreSQL, known: map[string]bound{}}, constraints(o.Constraints)}
	return &pgDB{pgConn: pgConn{q}, pool: pool}, nil
}

// checkDurability refuses a server that does not sync what it acknowledges, and warns of other
// settings under which a power failure can cost something.
func checkDurability(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) error {
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := pool.QueryRow(ctx, "SHOW "+name).Scan(&value); err != nil {
			return fmt.Errorf("db: connect to PostgreSQL: %w", err)
		}
		switch {
		case value != "off":
		case name == "fsync":
			return errors.New("db: this PostgreSQL server runs with fsync=off: a power failure would destroy the database; set fsync=on in its postgresql.conf and reload it")
		default:
			log.WarnContext(ctx, "PostgreSQL may lose acknowledged writes in a power failure", "setting", name, "value", value)
		}
	}
	return nil
}

func (p *pgDB) reader() Queryer { return p.pgConn }

func (p *pgDB) close() error {
	p.pool.Close()
	return nil
}

func (p *pgDB) healthy(ctx context.Context) error { return p.fault(p.pool.Ping(ctx)) }

func (p *pgDB) write(ctx context.Context, f func(ctx context.Context, tx transaction) error) error {
	for attempt := 1; ; attempt++ {
		tx, err := p.attempt(ctx, f)
		if err == nil {
			for _, f := range tx.after {
				f()
			}
			return nil
		}
		if attempt == maxAttempts || !lostRace(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(rand.IntN(20*attempt)+1) * time.Millisecond): //nolint:gosec // spreads retries
		}
	}
}

// lostRace reports a serialization failure or a deadlock: the transaction was rolled back
// and may succeed when it is repeated.
func lostRace(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

func (p *pgDB) attempt(ctx context.Context, f func(ctx context.Context, tx transaction) error) (*pgTx, error) {
	raw, err := p.pool.Begin(ctx)
	if err != nil {
		return nil, p.fault(err)
	}
	// After a panic or an error the rollback must reach the server even when ctx has ended.
	defer raw.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // nothing to do after a commit
	tx := &pgTx{pgConn: pgConn{pgQueries{raw, p.bind, p.constraints}}, raw: raw}
	if err := f(ctx, tx); err != nil {
		return nil, err
	}
	return tx, p.fault(raw.Commit(ctx))
}

func (p *pgDB) snapshot(ctx context.Context, f func(ctx context.Context, q Queryer) error) error {
	raw, err := p.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return p.fault(err)
	}
	defer raw.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // it only read
	return f(ctx, pgConn{pgQueries{raw, p.bind, p.constraints}})
}

// pgTx is one Write.
type pgTx struct {
	pgConn
	raw   pgx.Tx
	after []func()
}

// OnCommit implements Tx.
func (t *pgTx) OnCommit(f func()) { t.after = append(t.after, f) }

func (t *pgTx) savepoint(ctx context.Context, f func(ctx context.Context) error) error {
	after := len(t.after)
	inner, err := t.raw.Begin(ctx)
	if err != nil {
		return t.fault(err)
	}
	defer inner.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // nothing to do after a release
	err = f(ctx)
	if err == nil {
		err = t.fault(inner.Commit(ctx))
	}
	if err != nil {
		t.after = t.after[:after]
	}
	return err
}

// pgConn is pgQueries as a Queryer.
type pgConn struct{ pgQueries }

// Engine implements Queryer.
func (pgConn) Engine() Engine { return PostgreSQL }

// pgRunner is what a pool and a transaction have in common.
type pgRunner interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

type pgQueries struct {
	to          pgRunner
	bind        *binder
	constraints constraints
}

// Exec implements Queryer.
func (q pgQueries) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	count(ctx)
	text, args, err := q.bind.bind(query, native(PostgreSQL, args))
	if err != nil {
		return 0, err
	}
	tag, err := q.to.Exec(ctx, text, args...)
	return tag.RowsAffected(), q.fault(err)
}

// Query implements Queryer.
func (q pgQueries) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	count(ctx)
	text, args, err := q.bind.bind(query, native(PostgreSQL, args))
	if err != nil {
		return nil, err
	}
	rows, err := q.to.Query(ctx, text, args...)
	if err != nil {
		return nil, q.fault(err)
	}
	return pgRows{rows, q}, nil
}

// QueryRow implements Queryer.
func (q pgQueries) QueryRow(ctx context.Context, query string, args ...any) Row {
	rows, err := q.Query(ctx, query, args...)
	return oneRow{rows, err}
}

type pgRows struct {
	pgx.Rows
	q pgQueries
}

func (r pgRows) Err() error { return r.q.fault(r.Rows.Err()) }
