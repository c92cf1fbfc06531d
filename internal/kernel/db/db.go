package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Engine is the kind of database behind a DB.
type Engine uint8

// The engines.
const (
	SQLite Engine = iota
	PostgreSQL
)

// String is the engine's name.
func (e Engine) String() string {
	if e == PostgreSQL {
		return "PostgreSQL"
	}
	return "SQLite"
}

// ErrNoRows says that a QueryRow found nothing. Stores turn it into a NotFound fault.
var ErrNoRows = errors.New("db: no rows")

// Row is the result of QueryRow; Scan gives ErrNoRows when there is none.
type Row interface{ Scan(dest ...any) error }

// Rows is a result set; the caller closes it and checks Err.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// Queryer runs statements. SQL is written once: ? is the next argument, ?N the Nth, and
// {name} a fragment that differs by engine. Errors come back as faults where they mean
// something to a caller (constraints, overload) and as ErrNoRows.
type Queryer interface {
	Engine() Engine
	// Exec runs a statement and gives the number of rows it touched.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) Row
}

// Tx is a write transaction.
type Tx interface {
	Queryer
	// OnCommit runs f after the transaction is durable and before Write returns.
	OnCommit(f func())
}

// Options say which database to open and how.
type Options struct {
	// URL is "sqlite:/path/to/file.db" or "postgres://…".
	URL string
	// Constraints name the unique indexes and what breaking one means.
	Constraints []Constraint
	Logger      *slog.Logger
	// MaxReaders is the number of SQLite connections that read, 0 = 4. More cost memory
	// and were slower when measured (docs/adr/0002).
	MaxReaders int
	// MaxBatch is how many SQLite transactions may share one fsync, 0 = 256. With 1 there is no
	// group commit: what it brings is measured against that.
	MaxBatch int
	// ReadOnly opens a database that another process may be writing, and refuses to write.
	ReadOnly bool
	// MaxConns is the size of the PostgreSQL pool, 0 = 4 per processor.
	MaxConns int
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	backend
	log *slog.Logger
}

// backend is what the engines do differently.
type backend interface {
	Engine() Engine
	reader() Queryer
	write(ctx context.Context, f func(ctx context.Context, tx transaction) error) error
	snapshot(ctx context.Context, f func(ctx context.Context, q Queryer) error) error
	migrate(ctx context.Context) error
	healthy(ctx context.Context) error
	close() error
}

// transaction is a backend's Tx, with savepoints.
type transaction interface {
	Tx
	savepoint(ctx context.Context, f func(ctx context.Context) error) error
}

// Open opens a database. It does not migrate it.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	var b backend
	var err error
	switch path, isFile := strings.CutPrefix(o.URL, "sqlite:"); {
	case isFile:
		b, err = openSQLite(ctx, path, o)
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		b, err = openPostgres(ctx, o)
	default:
		return nil, errors.New(`db: the database URL must begin with "sqlite:" or "postgres://"`)
	}
	if err != nil {
		return nil, err
	}
	return &DB{backend: b, log: o.Logger}, nil
}

// Close waits for running writes and closes the database.
func (d *DB) Close() error { return d.close() }

// Migrate brings the schema up to date, under a lock that makes it safe for several
// processes to do so at once. A schema newer than this program is ErrNewerSchema.
func (d *DB) Migrate(ctx context.Context) error { return d.migrate(ctx) }

// Healthy reports whether the database answers and accepts writes.
func (d *DB) Healthy(ctx context.Context) error { return d.healthy(ctx) }

// ambient is the transaction a context carries, so that what a handler calls inside a
// Write joins it and sees its own writes.
type ambient struct{}

func (d *DB) current(ctx context.Context) transaction {
	if c, ok := ctx.Value(ambient{}).(carried); ok && c.db == d {
		return c.tx
	}
	return nil
}

type carried struct {
	db *DB
	tx transaction
}

// Reader gives what reads go through: the pool, or inside a Write on the same context its
// transaction (then it is a Tx).
func (d *DB) Reader(ctx context.Context) Queryer {
	if tx := d.current(ctx); tx != nil {
		return tx
	}
	return d.reader()
}

// Write runs f in a transaction and returns when it is durable, or with f's error when it
// was rolled back. The context that f gets carries the transaction: a Write inside joins it
// as a savepoint. f must do nothing but database work, may run more than once (PostgreSQL
// repeats it after a serialization failure), and on SQLite is not interrupted when ctx ends.
func (d *DB) Write(ctx context.Context, f func(ctx context.Context, tx Tx) error) error {
	if outer := d.current(ctx); outer != nil {
		return outer.savepoint(ctx, func(ctx context.Context) error { return f(ctx, outer) })
	}
	return d.write(ctx, func(ctx context.Context, tx transaction) error {
		ctx = context.WithValue(ctx, ambient{}, carried{d, tx})
		if err := f(ctx, tx); err != nil {
			return err
		}
		if also, ok := ctx.Value(companion{}).(func(ctx context.Context, tx Tx) error); ok {
			return also(ctx, tx)
		}
		return nil
	})
}

// companion is what a context has done at the end of its transactions.
type companion struct{}

// Accompany gives a context on which every Write that begins a transaction also does f, at its end
// and in it: for what must be written down with a change by somebody who does not make it.
func Accompany(ctx context.Context, f func(ctx context.Context, tx Tx) error) context.Context {
	return context.WithValue(ctx, companion{}, f)
}

// Snapshot runs several reads on one state of the database.
func (d *DB) Snapshot(ctx context.Context, f func(ctx context.Context, q Queryer) error) error {
	if tx := d.current(ctx); tx != nil {
		return f(ctx, tx)
	}
	return d.snapshot(ctx, f)
}

type (
	list    []string
	intList []int64
)

// List makes an argument for the fragment {in}: "u.id {in}" is true for every id in the
// list. An empty list matches nothing.
func List(values []string) any { return list(values) }

// ListInts makes an argument for the fragment {inInts}.
func ListInts(values []int64) any { return intList(values) }

// native turns this package's argument types into what the engine's driver takes.
func native(e Engine, args []any) []any {
	copied := false
	for i, a := range args {
		var v any
		switch x := a.(type) {
		case list:
			v = []string(x)
		case intList:
			v = []int64(x)
		default:
			continue
		}
		if e == SQLite {
			text, err := json.Marshal(v)
			if err != nil {
				panic("db: list cannot be encoded: " + err.Error())
			}
			v = string(text)
			if v == "null" {
				v = "[]"
			}
		}
		if !copied {
			args, copied = slices.Clone(args), true // the caller's slice stays as it is
		}
		args[i] = v
	}
	return args
}

// maxVariables is how many arguments one statement may have on both engines.
const maxVariables = 30_000

// InsertMany inserts rows with as few statements as the engines' limits allow. insert is
// "INSERT INTO t (a, b)", suffix what follows the values, such as "ON CONFLICT DO NOTHING".
func InsertMany(ctx context.Context, tx Tx, insert string, rows [][]any, suffix string) error {
	if len(rows) == 0 {
		return nil
	}
	columns := len(rows[0])
	group := "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + "),"
	for len(rows) > 0 {
		n := min(len(rows), maxVariables/columns, 500)
		args := make([]any, 0, n*columns)
		for i, r := range rows[:n] {
			if len(r) != columns {
				return fmt.Errorf("db: row %d of %q has %d values, want %d", i, insert, len(r), columns)
			}
			args = append(args, r...)
		}
		_, err := tx.Exec(ctx, insert+" VALUES "+strings.TrimSuffix(strings.Repeat(group, n), ",")+" "+suffix, args...)
		if err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
