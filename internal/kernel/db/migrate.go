package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing/fstest"
	"text/template"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/workdrive/workdrive/migrations"
)

// ErrNewerSchema says that the database was migrated by a newer release. Nothing was
// changed.
var ErrNewerSchema = errors.New("the database was written by a newer release of WorkDrive; use that release, or restore a backup")

// advisoryLock is the PostgreSQL advisory lock under which one process migrates.
const advisoryLock = 0x776f726b // "work"

func (s *sqliteDB) migrate(ctx context.Context) error {
	// The data directory's lock keeps other processes away; within this one the single
	// writer connection does.
	if err := migrateSchema(ctx, goose.DialectSQLite3, s.writer, SQLite); err != nil {
		return err
	}
	return migrateJobs(ctx, riversqlite.New(s.writer))
}

func (p *pgDB) migrate(ctx context.Context) error {
	cfg := p.pool.Config().ConnConfig.Copy()
	delete(cfg.RuntimeParams, "statement_timeout") // building an index may take long
	delete(cfg.RuntimeParams, "lock_timeout")
	conns := stdlib.OpenDB(*cfg)
	defer conns.Close() //nolint:errcheck // nothing was left undone
	lock, err := conns.Conn(ctx)
	if err != nil {
		return p.fault(err)
	}
	defer lock.Close() //nolint:errcheck // closing the pool above ends the session and its lock
	if _, err := lock.ExecContext(ctx, "SELECT pg_advisory_lock($1)", advisoryLock); err != nil {
		return p.fault(err)
	}
	if err := migrateSchema(ctx, goose.DialectPostgres, conns, PostgreSQL); err != nil {
		return err
	}
	return migrateJobs(ctx, riverpgxv5.New(p.pool))
}

func migrateSchema(ctx context.Context, dialect goose.Dialect, conns *sql.DB, engine Engine) error {
	files, err := render(migrations.Files, engine)
	if err != nil {
		return err
	}
	// Goose's own progress lines are no log lines of ours.
	provider, err := goose.NewProvider(dialect, conns, files, goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current > newest {
		return ErrNewerSchema
	}
	_, err = provider.Up(ctx)
	return err
}

// render fills the engine's words into the migrations.
func render(from fs.FS, engine Engine) (fs.FS, error) {
	word := func(sqlite, postgres string) func() string {
		if engine == SQLite {
			return func() string { return sqlite }
		}
		return func() string { return postgres }
	}
	words := template.FuncMap{
		"id":     word("TEXT", `TEXT COLLATE "C"`),
		"serial": word("INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
		"txid":   word("0", "(pg_current_xact_id()::text::bigint)"),
		"sqlite": func() bool { return engine == SQLite },                                              // {{if sqlite}}…{{else}}…{{end}} where one text cannot do
		"kinds":  func() []string { return []string{"news", "photos", "videos", "documents", "faqs"} }, // of 00003: their tables are alike
	}
	names, err := fs.Glob(from, "*.sql")
	if err != nil {
		return nil, err
	}
	files := fstest.MapFS{}
	for _, name := range names {
		t, err := template.New(name).Funcs(words).ParseFS(from, name)
		if err != nil {
			return nil, err
		}
		var text strings.Builder
		if err := t.Execute(&text, nil); err != nil {
			return nil, err
		}
		files[name] = &fstest.MapFile{Data: []byte(text.String())}
	}
	return files, nil
}

// migrateJobs brings the job queue's own tables up to date.
func migrateJobs[T any](ctx context.Context, driver riverdriver.Driver[T]) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}
