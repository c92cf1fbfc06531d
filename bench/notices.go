package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/sms"
	"github.com/workdrive/workdrive/internal/module/notification"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// phones is a gateway that takes every short message at once.
type phones struct{ taken atomic.Int64 }

// Send implements notification.Texter.
func (p *phones) Send(context.Context, sms.Message) error {
	p.taken.Add(1)
	return nil
}

// measureNotices sends one notification to many inboxes and a shorter one to phones, on each
// engine, and prints how many are told in a second and the most memory this process had:
//
//	go run ./bench notices -people 100000
func measureNotices(args []string) error {
	flags := flag.NewFlagSet("notices", flag.ExitOnError)
	people := flags.Int("people", 100_000, "how many are told")
	engines := flags.String("engines", "sqlite,postgres", "engines to measure")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for engine := range strings.SplitSeq(*engines, ",") {
		if err := noticesOn(context.Background(), engine, *people); err != nil {
			return fmt.Errorf("%s: %w", engine, err)
		}
	}
	return nil
}

func noticesOn(ctx context.Context, engine string, people int) (err error) {
	dir, err := os.MkdirTemp("", "workdrive-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	url := "sqlite:" + filepath.Join(dir, "workdrive.db")
	if engine == "postgres" {
		server, stop, err := dbtest.StartPostgres("shared_buffers=256MB", "max_wal_size=4GB")
		if err != nil {
			return err
		}
		defer stop()
		if url, err = dbtest.CreateDatabase(server, "bench_notices"); err != nil {
			return err
		}
	}
	d, err := db.Open(ctx, db.Options{URL: url})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	who, receivers, err := crowd(ctx, d, people)
	if err != nil {
		return err
	}
	c, log := clock.System{}, slog.New(slog.DiscardHandler)
	b := bus.New(d, c, log)
	audiences := audience.New(d, b)
	taken := &phones{}
	s := notification.New(notification.Deps{DB: d, Bus: b, Clock: c, Log: log, Audiences: audiences, Content: content.New(d, b, audiences), SMS: taken})
	for _, m := range []struct {
		medium notification.Channel
		n      int
	}{{notification.InApp, people}, {notification.SMS, people / 10}} {
		begun := c.Now()
		if _, err := s.Send(ctx, who, notification.Draft{Title: "Measured", Medium: m.medium, ReceiverUserIDs: receivers[:m.n]}); err != nil {
			return err
		}
		accepted := c.Now().Sub(begun)
		if err := s.Work(ctx); err != nil {
			return err
		}
		fmt.Printf("%s, %s to %d: accepted in %v, %.0f a second, at most %s of memory\n", engine, m.medium, m.n, accepted, float64(m.n)/c.Now().Sub(begun).Seconds(), peak())
	}
	if n := taken.taken.Load(); n != int64(people/10) {
		return fmt.Errorf("%d short messages were sent", n)
	}
	return nil
}

// crowd makes an organization of so many people.
func crowd(ctx context.Context, d *db.DB, people int) (authz.Actor, []string, error) {
	org, list := ids.New(), make([]string, people)
	rows := make([][]any, people)
	for i := range list {
		list[i] = ids.New()
		mail := fmt.Sprintf("p%d@bench.example", i)
		rows[i] = []any{org, list[i], mail, mail, mail, "ACTIVE", "P", "Q", "+4915112345678", "#336699", mail, mail, 1, 1, list[i], list[i]}
	}
	err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO organizations (id, name, subdomain, status, auth_method, created_at) VALUES (?, 'Bench', 'bench', 'ACTIVE', 'internal', 1)`, org); err != nil {
			return err
		}
		return db.InsertMany(ctx, tx, `INSERT INTO users (org_id, id, email, email_key, user_name, status, first_name, last_name, phone, color,
			search_key, sort_key, created_at, updated_at, created_by, updated_by)`, rows, "")
	})
	return authz.Actor{OrgID: org, UserID: list[0], Capabilities: authz.Capabilities}, list, err
}

// peak is the most resident memory that this process has had.
func peak() string {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "an unknown amount"
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.Join(strings.Fields(rest), " ")
		}
	}
	return "an unknown amount"
}
