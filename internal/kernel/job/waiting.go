package job

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Waiting is a job that has not been done, as backups keep it.
type Waiting struct {
	Name  string          `json:"kind"`
	Args  json.RawMessage `json:"args"`
	Queue string          `json:"queue"`
	At    time.Time       `json:"at"` // not before
}

// Kind implements Args.
func (w Waiting) Kind() string { return w.Name }

// MarshalJSON gives the arguments, which is what the queue keeps.
func (w raw) MarshalJSON() ([]byte, error) { return w.Args, nil }

// raw is a job whose arguments are JSON already.
type raw struct{ Waiting }

// Waiting gives the jobs that are to be done, those that are being done among them.
func (j *Jobs) Waiting(ctx context.Context, q db.Queryer, f func(Waiting) error) error {
	text := `SELECT kind, args::text, queue, (EXTRACT(EPOCH FROM scheduled_at) * 1000)::bigint FROM river_job
		WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled') ORDER BY id`
	if q.Engine() == db.SQLite {
		text = `SELECT kind, json(args), queue, CAST(unixepoch(scheduled_at, 'subsec') * 1000 AS INTEGER) FROM river_job
		WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled') ORDER BY id`
	}
	rows, err := q.Query(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var w Waiting
		var args string
		var at int64
		if err := rows.Scan(&w.Name, &args, &w.Queue, &at); err != nil {
			return err
		}
		if w.Args, err = canonical(args); err != nil {
			return err
		}
		w.At = time.UnixMilli(at).UTC()
		if err := f(w); err != nil {
			return err
		}
	}
	return rows.Err()
}

// canonical gives JSON with its keys in order: PostgreSQL keeps them in one of its own.
func canonical(text string) (json.RawMessage, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// Return puts a job back.
func (j *Jobs) Return(ctx context.Context, tx db.Tx, w Waiting) error {
	return j.engine.insert(ctx, tx, raw{w}, &river.InsertOpts{ScheduledAt: w.At, MaxAttempts: maxAttempts, Queue: w.Queue})
}

// State is how the queue does.
type State struct {
	Waiting int       // jobs that are to be done
	GivenUp int       // that failed at every attempt, as long as they are remembered (a week)
	Due     time.Time // when the first of those that wait can be done, or could have been; zero without one
}

// State counts jobs.
func (j *Jobs) State(ctx context.Context, q db.Queryer) (s State, err error) {
	at := `(EXTRACT(EPOCH FROM MIN(scheduled_at)) * 1000)::bigint`
	if q.Engine() == db.SQLite {
		at = `CAST(unixepoch(MIN(scheduled_at), 'subsec') * 1000 AS INTEGER)`
	}
	var due *int64
	err = q.QueryRow(ctx, `SELECT COUNT(*) FILTER (WHERE state <> 'discarded'), COUNT(*) FILTER (WHERE state = 'discarded'),
		(SELECT `+at+` FROM river_job WHERE state IN ('available', 'pending', 'retryable', 'scheduled'))
		FROM river_job WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled', 'discarded')`).Scan(&s.Waiting, &s.GivenUp, &due)
	if err == nil && due != nil {
		s.Due = time.UnixMilli(*due).UTC()
	}
	return s, err
}
