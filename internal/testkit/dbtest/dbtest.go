// Package dbtest gives tests databases: a fresh, migrated one per test, on each engine.
//
// PostgreSQL is a real server. The first test of a process that asks for one starts it from
// Debian's programs (StartPostgres), unless WORKDRIVE_TEST_POSTGRES names a server; each test
// gets its own database, cloned from a migrated template. Without a server the PostgreSQL
// half of a test is skipped, or fails when CI=true.
package dbtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// Each runs a test on a fresh, migrated database of each engine.
func Each(t *testing.T, test func(t *testing.T, d *db.DB), constraints ...db.Constraint) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, Open(t, SQLite(t), constraints...))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, Open(t, Postgres(t), constraints...))
	})
}

// Open opens a database and closes it when the test ends.
func Open(tb testing.TB, address string, constraints ...db.Constraint) *db.DB {
	tb.Helper()
	d, err := db.Open(context.Background(), db.Options{URL: address, Constraints: constraints, Logger: slog.New(slog.DiscardHandler), MaxConns: 8})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return d
}

// template is a migrated database to copy, made once per process.
type template struct {
	once sync.Once
	at   string // path or URL
	err  error
}

var sqliteTemplate, postgresTemplate template

// templateName is this process's own: several test processes may share a named server.
var templateName = fmt.Sprintf("workdrive_template_%d", os.Getpid())

// SQLite gives the URL of a fresh, migrated SQLite database.
func SQLite(tb testing.TB) string {
	tb.Helper()
	sqliteTemplate.once.Do(func() { sqliteTemplate.at, sqliteTemplate.err = migrateFile() })
	if sqliteTemplate.err != nil {
		tb.Fatal(sqliteTemplate.err)
	}
	path := filepath.Join(tb.TempDir(), "workdrive.db")
	if err := copyFile(path, sqliteTemplate.at); err != nil {
		tb.Fatal(err)
	}
	return "sqlite:" + path
}

func migrateFile() (string, error) {
	// Not a test's own directory: the template outlives the test that makes it.
	dir, err := os.MkdirTemp("", "workdrive-sqlite-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "template.db")
	return path, migrate("sqlite:" + path)
}

func migrate(address string) error {
	d, err := db.Open(context.Background(), db.Options{URL: address})
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(context.Background()), d.Close())
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// Postgres gives the URL of a fresh, migrated PostgreSQL database, or skips the test when
// there is no server.
func Postgres(tb testing.TB) string {
	tb.Helper()
	return newDatabase(tb, `"`+templateName+`"`)
}

// EmptyPostgres is Postgres without the migrations.
func EmptyPostgres(tb testing.TB) string {
	tb.Helper()
	return newDatabase(tb, "template0")
}

func newDatabase(tb testing.TB, from string) string {
	tb.Helper()
	postgresTemplate.once.Do(func() { postgresTemplate.at, postgresTemplate.err = startServer() })
	if errors.Is(postgresTemplate.err, ErrNoPostgres) && os.Getenv("CI") != "true" {
		tb.Skip(postgresTemplate.err)
	}
	if postgresTemplate.err != nil {
		tb.Fatal(postgresTemplate.err)
	}
	name := "test_" + ids.New()
	admin(tb, fmt.Sprintf(`CREATE DATABASE %q TEMPLATE %s`, name, from))
	tb.Cleanup(func() { admin(tb, fmt.Sprintf(`DROP DATABASE %q WITH (FORCE)`, name)) })
	return withDatabase(postgresTemplate.at, name)
}

// cloning serializes CREATE DATABASE: PostgreSQL refuses to copy a template that another
// session is copying.
var cloning sync.Mutex

func admin(tb testing.TB, statement string) {
	tb.Helper()
	cloning.Lock()
	defer cloning.Unlock()
	if err := execute(postgresTemplate.at, statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

func execute(address, statement string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

func withDatabase(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	u.Path = "/" + name
	return u.String()
}

// startServer finds or starts a server and makes the template in it. The server ends with
// the process.
func startServer() (string, error) {
	address := os.Getenv("WORKDRIVE_TEST_POSTGRES")
	if address == "" {
		var err error
		address, _, err = StartPostgres("synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB", "max_connections=400")
		if err != nil {
			return "", err
		}
	}
	if err := execute(address, `DROP DATABASE IF EXISTS "`+templateName+`"`); err != nil {
		return "", err
	}
	if err := execute(address, `CREATE DATABASE "`+templateName+`" TEMPLATE template0`); err != nil {
		return "", err
	}
	return address, migrate(withDatabase(address, templateName))
}

// CreateDatabase makes an empty database on a server and gives its URL.
func CreateDatabase(server, name string) (string, error) {
	return withDatabase(server, name), execute(server, fmt.Sprintf(`CREATE DATABASE %q TEMPLATE template0`, name))
}
