package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/workdrive/workdrive/internal/kernel/backup"
	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/kernel/video"
	"github.com/workdrive/workdrive/internal/module/media"
)

type doctorCommand struct {
	config.Store  `embed:""`
	config.Server `embed:""`
}

// Help is what "doctor --help" says beyond the flags.
func (doctorCommand) Help() string {
	return `Give it the settings of "serve"; the server may go on working. Nothing is changed. The exit status is 1 when something is broken.`
}

// The outcomes of a check.
const (
	healthy = "ok"
	odd     = "look"   // works, and should be looked at
	broken  = "BROKEN" // something does not work or has been lost
)

// finding is the outcome of a check.
type finding struct{ state, about, text string }

// patient is an installation that is being looked at.
type patient struct {
	doctorCommand

	db    *db.DB
	jobs  *job.Jobs
	files blob.Store // nil while there is none
}

// Run implements the command.
func (c doctorCommand) Run(ctx context.Context, std *stdio) error {
	if err := errors.Join(c.Store.Check(), c.Server.Check()); err != nil {
		return usageError{err}
	}
	var sick error
	w := tabwriter.NewWriter(std.out, 0, 4, 2, ' ', 0)
	err := everything{c.Store, c.S3}.read(ctx, std, func(from backup.Installation) error {
		p := patient{c, from.DB, from.Jobs, from.Files}
		for _, check := range []func(context.Context) finding{
			p.directory, p.space, p.schema, p.integrity, p.queue, p.uploads, p.mail, p.scanner, p.films, p.address,
		} {
			f := check(ctx)
			if f.about == "" { // nothing to look at
				continue
			}
			if f.state == broken {
				sick = errors.New("something is broken; see BROKEN above")
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", f.state, f.about, f.text) //nolint:errcheck // Flush tells
		}
		return nil
	})
	return errors.Join(err, w.Flush(), sick)
}

// directory looks at who can read the data directory.
func (p patient) directory(context.Context) finding {
	f := finding{healthy, "data directory", p.DataDir}
	info, err := os.Stat(p.DataDir)
	switch {
	case errors.Is(err, os.ErrNotExist) && !p.Embedded():
		return finding{}
	case err != nil:
		return finding{broken, f.about, err.Error()}
	case info.Mode().Perm()&0o077 != 0:
		return finding{odd, f.about, fmt.Sprintf("%s can be read by others (%v): chmod 700 %[1]s", p.DataDir, info.Mode().Perm())}
	}
	return f
}

const littleSpace = 1 << 30 // bytes

// space looks at how much the data directory may still grow.
func (p patient) space(context.Context) finding {
	var s syscall.Statfs_t
	if err := syscall.Statfs(p.DataDir, &s); err != nil {
		return finding{}
	}
	free := s.Bavail * uint64(s.Bsize)
	f := finding{healthy, "disk", humanize.IBytes(free) + " free"}
	if free < littleSpace {
		f.state, f.text = odd, f.text+": when it is full, nothing can be written"
	}
	return f
}

func (p patient) schema(ctx context.Context) finding {
	f := finding{healthy, "schema", ""}
	have, newest, err := db.SchemaVersion(ctx, p.db.Reader(ctx))
	switch {
	case err != nil:
		return finding{broken, f.about, err.Error()}
	case have > newest:
		return finding{broken, f.about, fmt.Sprintf("%d; this release knows %d: %v", have, newest, db.ErrNewerSchema)}
	case have < newest:
		return finding{odd, f.about, fmt.Sprintf("%d; this release brings it to %d at its next start", have, newest)}
	}
	f.text = fmt.Sprintf("%d on %s, of this release", have, p.db.Engine())
	return f
}

// integrity lets SQLite look at its file. PostgreSQL looks after its own.
func (p patient) integrity(ctx context.Context) finding {
	if p.db.Engine() != db.SQLite {
		return finding{}
	}
	problems, err := db.Strings(p.db.Reader(ctx).Query(ctx, `PRAGMA quick_check(5)`))
	if err == nil && len(problems) == 1 && problems[0] == "ok" {
		if problems, err = db.Strings(p.db.Reader(ctx).Query(ctx, `SELECT DISTINCT "table" || ' refers to rows of ' || "parent" || ' that are not there' FROM pragma_foreign_key_check LIMIT 5`)); err == nil && len(problems) == 0 {
			return finding{healthy, "database file", "whole"}
		}
	}
	if err != nil {
		problems = []string{err.Error()}
	}
	return finding{broken, "database file", strings.Join(problems, "; ") + ": restore a backup"}
}

const late = 15 * time.Minute

// queue looks at work that waits or was given up.
func (p patient) queue(ctx context.Context) finding {
	s, err := p.jobs.State(ctx, p.db.Reader(ctx))
	if err != nil {
		return finding{broken, "jobs", err.Error()}
	}
	f := finding{healthy, "jobs", fmt.Sprintf("%d wait", s.Waiting)}
	if s.GivenUp > 0 {
		f.state, f.text = odd, f.text+fmt.Sprintf(", %d were given up lately (the log has the reasons)", s.GivenUp)
	}
	if wait := (clock.System{}).Now().Sub(s.Due); !s.Due.IsZero() && wait > late {
		f.state, f.text = odd, f.text+fmt.Sprintf(", one for %v already: does a server run?", wait.Round(time.Minute))
	}
	return f
}

// uploads looks for files whose bytes are gone.
func (p patient) uploads(ctx context.Context) finding {
	f := finding{healthy, "files", ""}
	store := p.files
	if store == nil {
		store = blob.None{}
	}
	var gone []string
	lost := 0
	n, err := media.Audit(ctx, p.db.Reader(ctx), store, func(key string) {
		if lost++; len(gone) < 3 {
			gone = append(gone, key)
		}
	})
	switch {
	case n == 0 && p.files == nil:
		return finding{healthy, f.about, "none yet"}
	case err != nil:
		return finding{broken, f.about, err.Error()}
	case lost > 0:
		return finding{broken, f.about, fmt.Sprintf("%d of %d are not there or not whole, such as %s: restore them from a backup", lost, n, strings.Join(gone, ", "))}
	}
	f.text = fmt.Sprintf("%d, all there", n)
	return f
}

func (p patient) mail(ctx context.Context) finding {
	if !p.SMTP.On() {
		return finding{odd, "mail", "no --smtp-url: nobody gets mail"}
	}
	settings, err := p.SMTP.Settings()
	if err == nil {
		var s *mail.Sender
		if s, err = mail.New(settings); err == nil {
			err = s.Check(ctx)
		}
	}
	if err != nil {
		return finding{broken, "mail", err.Error()}
	}
	return finding{healthy, "mail", settings.Host + " takes mail"}
}

func (p patient) scanner(ctx context.Context) finding {
	s, err := p.Media.Scanner()
	if err != nil || !s.Set() {
		return finding{}
	}
	if _, err := s.Scan(ctx, strings.NewReader("nothing bad")); err != nil {
		return finding{broken, "virus scanner", err.Error() + ": no file is taken while it does not answer"}
	}
	return finding{healthy, "virus scanner", "answers"}
}

func (p patient) films(context.Context) finding {
	if !video.Find("", video.Limits{}).Available() {
		return finding{odd, "films", "ffmpeg is not installed: films are kept as they are"}
	}
	return finding{healthy, "films", "ffmpeg is there"}
}

func (p patient) address(context.Context) finding {
	f := finding{healthy, "public address", p.Address(p.Listen)}
	if !strings.HasPrefix(p.PublicURL, "https://") {
		f.state, f.text = odd, f.text+": set --public-url to the https address of the proxy, or people's keys travel in the clear"
	}
	return f
}
