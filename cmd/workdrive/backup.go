package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/backup"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/job"
)

// everything names the data and the files of an installation.
type everything struct {
	config.Store `embed:""`
	S3           config.S3 `embed:"" prefix:"s3-"`
}

// read opens an installation to read, also while a server works on it.
func (e everything) read(ctx context.Context, std *stdio, f func(from backup.Installation) error) error {
	if err := errors.Join(e.Check(), e.S3.Check()); err != nil {
		return usageError{err}
	}
	if e.Empty() {
		return fmt.Errorf("there is no installation in %s", e.DataDir)
	}
	log := logger(e.Store, std.err)
	d, err := app.OpenToRead(ctx, e.Store, log)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // it only reads
	jobs, err := job.New(d, log)
	if err != nil {
		return err
	}
	files, closeFiles, err := app.OpenFilesToRead(e.Store, config.Server{S3: e.S3}, log)
	if err != nil {
		return err
	}
	defer closeFiles() //nolint:errcheck // it only reads
	return f(backup.Installation{DB: d, Jobs: jobs, Files: files, Release: programVersion(), Now: clock.System{}.Now()})
}

// write opens an installation to change it, which no server may be working on.
func (e everything) write(ctx context.Context, std *stdio, f func(to backup.Installation) error) error {
	a, closeAll, err := open(ctx, e.Store, config.Server{Listen: "127.0.0.1:0", MaxInFlight: 1, S3: e.S3}, std, true)
	if err != nil {
		return err
	}
	return errors.Join(f(a.Installation()), closeAll())
}

type backupCommand struct {
	everything `embed:""`
	File       string `arg:"" type:"path" help:"Archive to write."`
}

// Help is what "backup --help" says beyond the flags.
func (backupCommand) Help() string {
	return `The server may go on working. The archive has one moment of the database, and the files; it is read again to its end before it gets its
name. Everything that "workdrive restore" needs is in it, passwords' and keys' hashes too: keep it like the data itself.`
}

// Run implements the command.
func (c backupCommand) Run(ctx context.Context, std *stdio) error {
	return c.read(ctx, std, func(from backup.Installation) error { return save(ctx, std, c.File, from, "") })
}

// save writes an archive beside its place, reads it again, and gives it its name.
func save(ctx context.Context, std *stdio, name string, from backup.Installation, organization string) (err error) {
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already", name)
	}
	part := name + ".partial"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}()
	_, err = backup.Write(ctx, f, from, organization)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	a, closeArchive, err := backup.Open(part)
	if err != nil {
		return fmt.Errorf("the archive is not what was written: %w", err)
	}
	if err := errors.Join(closeArchive(), os.Rename(part, name)); err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(name)); err == nil { // so that the name is there after a power cut, too
		_ = errors.Join(dir.Sync(), dir.Close())
	}
	return describe(std, name, a)
}

// describe says what is in an archive.
func describe(std *stdio, name string, a *backup.Archive) error {
	rows := 0
	for _, t := range a.Tables {
		rows += t.Rows
	}
	gone := ""
	if a.Gone > 0 {
		gone = fmt.Sprintf(" (%d more were deleted meanwhile)", a.Gone)
	}
	_, err := fmt.Fprintf(std.out, "%s is whole: schema %d, %d rows of %d tables, %d waiting jobs, %d files%s.\n", name, a.Schema, rows, len(a.Tables), a.Jobs, a.Files, gone)
	return err
}

type restoreCommand struct {
	everything `embed:""`
	File       string `arg:"" type:"existingfile" help:"Archive that \"workdrive backup\" wrote."`
	Check      bool   `help:"Only read the archive to its end and say whether it is whole."`
}

// Help is what "restore --help" says beyond the flags.
func (restoreCommand) Help() string {
	return `Restores into an empty data directory, or an empty PostgreSQL database, whichever the archive came from. An archive that is damaged is refused before
anything is written.`
}

// Run implements the command.
func (c restoreCommand) Run(ctx context.Context, std *stdio) error {
	a, closeArchive, err := backup.Open(c.File)
	if err != nil {
		return err
	}
	defer closeArchive() //nolint:errcheck // it was only read
	if c.Check {
		return describe(std, c.File, a)
	}
	err = c.write(ctx, std, func(to backup.Installation) error { return a.Restore(ctx, to) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "Restored what %s had at %s. The search index is built when the server starts.\n", c.File, a.CreatedAt)
	return err
}

type exportCommands struct {
	Organization exportCommand `cmd:"" help:"Write one organization into an archive."`
}

type exportCommand struct {
	everything   `embed:""`
	Organization string `name:"organization" placeholder:"SUBDOMAIN" help:"Subdomain of the organization. Default: the root organization."`
	File         string `arg:"" type:"path" help:"Archive to write."`
}

// Run implements the command.
func (c exportCommand) Run(ctx context.Context, std *stdio) error {
	return c.read(ctx, std, func(from backup.Installation) error {
		q := from.DB.Reader(ctx)
		text, args := `SELECT id FROM organizations WHERE parent_org_id IS NULL ORDER BY created_at LIMIT 1`, []any(nil)
		if c.Organization != "" {
			text, args = `SELECT id FROM organizations WHERE subdomain = ?`, []any{c.Organization}
		}
		var id string
		if err := q.QueryRow(ctx, text, args...).Scan(&id); errors.Is(err, db.ErrNoRows) {
			return fmt.Errorf("there is no organization %s here", c.Organization)
		} else if err != nil {
			return err
		}
		return save(ctx, std, c.File, from, id)
	})
}

type importCommands struct {
	Organization importCommand `cmd:"" help:"Bring the organization of an archive into this installation, beside those that are there."`
}

type importCommand struct {
	everything `embed:""`
	File       string `arg:"" type:"existingfile" help:"Archive that \"workdrive export organization\" wrote."`
}

// Help is what "import organization --help" says beyond the flags.
func (importCommand) Help() string {
	return `Keys and passwords of the organization work here as they did there. Restart servers that share the database: they build the search index of what came at
their start.`
}

// Run implements the command.
func (c importCommand) Run(ctx context.Context, std *stdio) error {
	a, closeArchive, err := backup.Open(c.File)
	if err != nil {
		return err
	}
	defer closeArchive() //nolint:errcheck // it was only read
	err = c.write(ctx, std, func(to backup.Installation) error { return a.Import(ctx, to) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "The organization %s is here.\n", a.Organization)
	return err
}

type moveCommand struct {
	config.Store `embed:""`
	To           string `required:"" placeholder:"postgres://…" help:"Empty PostgreSQL database to move to."`
}

// Help is what "move --help" says beyond the flags.
func (moveCommand) Help() string {
	return `Copies the database in the data directory to PostgreSQL and compares every table. The server must be stopped. The data directory stays as it is, and
files stay in it: serve with the same --data-dir and with --database-url.`
}

// Run implements the command.
func (c moveCommand) Run(ctx context.Context, std *stdio) (err error) {
	to := config.Store{DataDir: c.DataDir, DatabaseURL: c.To, LogLevel: c.LogLevel}
	if !c.Embedded() || to.Embedded() {
		return usageError{errors.New("move goes from the data directory to PostgreSQL: --database-url names the former's place and must be empty, --to a database")}
	}
	if c.Empty() {
		return fmt.Errorf("there is no installation in %s", c.DataDir)
	}
	archive := filepath.Join(c.DataDir, "move.partial")
	defer func() {
		if removed := os.Remove(archive); !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}()
	return with(ctx, c.Store, std, func(from *app.App) error { // holds the data directory until all is compared
		source := from.Installation()
		source.Files = nil
		f, err := os.OpenFile(archive, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600) //nolint:gosec // in the operator's directory
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // it is removed
		if _, err := backup.Write(ctx, f, source, ""); err != nil {
			return err
		}
		a, err := backup.Read(f)
		if err != nil {
			return err
		}
		return with(ctx, to, std, func(there *app.App) error {
			target := there.Installation()
			target.Files = nil
			if err := a.Restore(ctx, target); err != nil {
				return err
			}
			return compare(ctx, std, source.DB, target.DB)
		})
	})
}

// compare holds the tables of two databases against each other and prints their sums.
func compare(ctx context.Context, std *stdio, from, to *db.DB) error {
	want, err := backup.Sums(ctx, from)
	if err != nil {
		return err
	}
	got, err := backup.Sums(ctx, to)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(std.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "TABLE\tROWS\tSHA-256") //nolint:errcheck // Flush tells
	for i, t := range want {
		if i >= len(got) || got[i].Name != t.Name || got[i].SHA256 != t.SHA256 || !slices.Equal(got[i].Columns, t.Columns) {
			return fmt.Errorf("table %s is not the same in both databases; the one in the data directory is whole", t.Name)
		}
		if t.Rows > 0 {
			fmt.Fprintf(w, "%s\t%d\t%.16s\n", t.Name, t.Rows, t.SHA256) //nolint:errcheck // Flush tells
		}
	}
	fmt.Fprintln(w, "Everything is there. Serve with --database-url from now on.") //nolint:errcheck // Flush tells
	return w.Flush()
}
