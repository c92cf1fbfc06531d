package db

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Constraint says what breaking a unique index means to a client. Modules declare theirs;
// app hands them to Open.
type Constraint struct {
	Name    string // of the index, as PostgreSQL reports it: "users_email_key"
	Columns string // as SQLite reports it: "users.org_id, users.email_key"
	Code    string // stable, "user.emailTaken"
	Pointer string // JSON pointer of the field, "/email"
	Detail  string // a sentence
}

type constraints []Constraint

func (list constraints) conflict(is func(Constraint) bool, cause error) error {
	for _, c := range list {
		if is(c) {
			e := fault.Wrap(cause, fault.KindConflict, c.Code, c.Detail)
			e.Fields = []fault.Field{{Pointer: c.Pointer, Code: c.Code, Detail: c.Detail}}
			return e
		}
	}
	return fault.Wrap(cause, fault.KindConflict, "duplicate", "Something with the same unique value exists already.")
}

func referenced(cause error) error {
	return fault.Wrap(cause, fault.KindConflict, "reference.broken",
		"Something this refers to does not exist any more, or is still referred to.")
}

func unavailable(cause error) error {
	e := fault.Wrap(cause, fault.KindUnavailable, "database.unavailable", "The database cannot be reached at the moment. Try again.")
	e.RetryAfter = time.Second
	return e
}

// fault turns what SQLite reports into a fault where it means something to a caller.
func (q sqliteQueries) fault(err error) error {
	var e *sqlite.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	switch code := e.Code(); code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return q.constraints.conflict(func(c Constraint) bool {
			return strings.Contains(e.Error(), "constraint failed: "+c.Columns+" (") || strings.HasSuffix(e.Error(), c.Columns)
		}, err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return referenced(err)
	default:
		switch code & 0xff {
		case sqlite3.SQLITE_FULL:
			return fault.Wrap(err, fault.KindStorageFull, "storage.full", "There is no space left to store this.")
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT:
			return unavailable(err)
		}
	}
	return err
}

// fault turns what PostgreSQL reports into a fault where it means something to a caller.
func (q pgQueries) fault(err error) error {
	var e *pgconn.PgError
	var connecting *pgconn.ConnectError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNoRows
	case errors.As(err, &connecting):
		return unavailable(err) // for whatever reason the server gives
	case errors.As(err, &e):
		return q.sqlState(e, err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unavailable(err)
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) {
		return unavailable(err)
	}
	return err
}

func (q pgQueries) sqlState(e *pgconn.PgError, err error) error {
	switch {
	case e.Code == "23505":
		return q.constraints.conflict(func(c Constraint) bool { return c.Name == e.ConstraintName }, err)
	case e.Code == "23503":
		return referenced(err)
	case e.Code == "53100":
		return fault.Wrap(err, fault.KindStorageFull, "storage.full", "There is no space left to store this.")
	case strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "57"),
		e.Code == "55P03", e.Code == "25P03", e.Code == "40001", e.Code == "40P01":
		return unavailable(err)
	}
	return err
}
