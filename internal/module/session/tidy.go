package session

import (
	"context"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/job"
)

// tidy is the periodic job that deletes what has served its time, of all organizations.
type tidy struct{}

// Kind names the job.
func (tidy) Kind() string { return "session.tidy" }

func (s *Service) housekeeping() {
	job.Handle(s.jobs, func(ctx context.Context, _ tidy) error {
		return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.tidy(ctx, tx, s.clock.Now()) })
	})
	s.jobs.Every(time.Hour, tidy{})
}

func (store) tidy(ctx context.Context, tx db.Tx, now time.Time) error {
	for _, old := range []struct {
		statement string
		before    time.Time
	}{
		{`DELETE FROM sessions WHERE expires_at < ?`, now},
		{`DELETE FROM sessions WHERE seen_at < ?`, now.Add(-idleLifetime)},
		{`DELETE FROM sign_in_links WHERE expires_at < ?`, now},
		{`DELETE FROM known_browsers WHERE seen_at < ?`, now.Add(-BrowserLifetime)},
	} {
		if _, err := tx.Exec(ctx, old.statement, old.before.UnixMilli()); err != nil {
			return err
		}
	}
	return nil
}
