package db

import (
	"context"
	"database/sql/driver"
	"errors"

	"modernc.org/sqlite"
)

// maxCachedStatements bounds the statements one connection keeps prepared. The program's
// SQL is constant text, so that the bound is hardly ever met.
const maxCachedStatements = 512

// connector opens SQLite connections that keep their statements prepared. database/sql
// has no statement cache of its own, and a *sql.Stmt cannot be prepared on the single
// writer connection while a transaction holds it.
type connector struct {
	dsn    string
	driver *sqlite.Driver
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	raw, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return &cachingConn{Conn: raw, statements: map[string]driver.Stmt{}}, nil
}

// cachingConn is one connection with its prepared statements. database/sql uses a
// connection from one goroutine at a time.
type cachingConn struct {
	driver.Conn
	statements map[string]driver.Stmt
	busy       map[driver.Stmt]bool // statements whose rows are still open
}

func (c *cachingConn) statement(ctx context.Context, query string) (driver.Stmt, error) {
	if s, ok := c.statements[query]; ok {
		return s, nil
	}
	if len(c.statements) >= maxCachedStatements {
		if err := c.forget(); err != nil {
			return nil, err
		}
	}
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err == nil {
		c.statements[query] = s
	}
	return s, err
}

// forget closes the statements that are not in use.
func (c *cachingConn) forget() error {
	var errs []error
	for query, s := range c.statements {
		if !c.busy[s] {
			delete(c.statements, query)
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}

// ExecContext implements driver.ExecerContext.
func (c *cachingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 { // may be a script, which must not be cached as one statement
		return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	}
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.(driver.StmtExecContext).ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext. A statement whose rows are still open
// cannot start again: a second use of it at the same time is prepared anew.
func (c *cachingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if c.busy[s] {
		return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	if c.busy == nil {
		c.busy = map[driver.Stmt]bool{}
	}
	c.busy[s] = true
	return &cachedRows{Rows: rows, release: func() { delete(c.busy, s) }}, nil
}

type cachedRows struct {
	driver.Rows
	release func()
}

func (r *cachedRows) Close() error {
	r.release()
	return r.Rows.Close()
}

// BeginTx implements driver.ConnBeginTx.
func (c *cachingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *cachingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

// ResetSession implements driver.SessionResetter.
func (c *cachingConn) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

// IsValid implements driver.Validator.
func (c *cachingConn) IsValid() bool { return c.Conn.(driver.Validator).IsValid() }

// Close closes the statements, then the connection.
func (c *cachingConn) Close() error {
	clear(c.busy)
	return errors.Join(c.forget(), c.Conn.Close())
}
