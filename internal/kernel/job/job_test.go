package job_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// limit is how long anything may take that a test waits for.
const limit = 30 * time.Second

type greet struct {
	Name string `json:"name"`
}

func (greet) Kind() string { return "test.greet" }

type stumble struct{}

func (stumble) Kind() string { return "test.stumble" }

type faint struct{}

func (faint) Kind() string { return "test.faint" }

type chime struct{}

func (chime) Kind() string { return "test.chime" }

func newJobs(t *testing.T, d *db.DB) *job.Jobs {
	t.Helper()
	j, err := job.New(d, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func start(t *testing.T, j *job.Jobs) {
	t.Helper()
	if err := j.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		if err := j.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(limit):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

func enqueue(t *testing.T, d *db.DB, j *job.Jobs, args job.Args, at time.Time, outcome error) {
	t.Helper()
	err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
		if err := j.Enqueue(ctx, tx, args, at); err != nil {
			return err
		}
		return outcome
	})
	if !errors.Is(err, outcome) {
		t.Fatal(err)
	}
}

var errUndone = errors.New("undone")

func TestAJobIsDoneIfItsTransactionIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		j := newJobs(t, d)
		done := make(chan string, 10)
		job.Handle(j, func(_ context.Context, g greet) error {
			done <- g.Name
			return nil
		})
		enqueue(t, d, j, greet{"nobody"}, time.Time{}, errUndone)
		enqueue(t, d, j, greet{"later"}, time.Now().Add(time.Hour), nil)
		enqueue(t, d, j, greet{"before the start"}, time.Time{}, nil)
		start(t, j)
		if got := receive(t, done, "job"); got != "before the start" {
			t.Errorf("did %q", got)
		}
		enqueue(t, d, j, greet{"while it runs"}, time.Time{}, nil)
		if got := receive(t, done, "job"); got != "while it runs" {
			t.Errorf("did %q", got)
		}
		var waiting int
		err := d.Reader(t.Context()).QueryRow(t.Context(), `SELECT COUNT(*) FROM river_job WHERE kind = 'test.greet' AND state = 'scheduled'`).Scan(&waiting)
		if err != nil || waiting != 1 {
			t.Errorf("%d jobs wait for their time, want 1: %v", waiting, err)
		}
	})
}

func TestAJobThatFailsOrPanicsIsDoneAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		j := newJobs(t, d)
		var stumbled, fainted atomic.Int32
		done := make(chan string, 10)
		job.Handle(j, func(context.Context, stumble) error {
			if stumbled.Add(1) == 1 {
				return errors.New("the first time")
			}
			done <- "stumble"
			return nil
		})
		job.Handle(j, func(context.Context, faint) error {
			if fainted.Add(1) == 1 {
				panic("the first time")
			}
			done <- "faint"
			return nil
		})
		enqueue(t, d, j, stumble{}, time.Time{}, nil)
		enqueue(t, d, j, faint{}, time.Time{}, nil)
		start(t, j)
		receive(t, done, "second attempt")
		receive(t, done, "second attempt")
		if stumbled.Load() != 2 || fainted.Load() != 2 {
			t.Errorf("%d and %d attempts", stumbled.Load(), fainted.Load())
		}
	})
}

// TestTwoNodesDoAJobOnce has two queues work on one database, as two nodes do.
func TestTwoNodesDoAJobOnce(t *testing.T) {
	t.Parallel()
	address := dbtest.Postgres(t)
	const n = 50
	done := make(chan string, 2*n)
	var nodes []*job.Jobs
	d := dbtest.Open(t, address)
	for _, node := range []*db.DB{d, dbtest.Open(t, address)} {
		j := newJobs(t, node)
		job.Handle(j, func(_ context.Context, g greet) error {
			done <- g.Name
			return nil
		})
		start(t, j)
		nodes = append(nodes, j)
	}
	for i := range n {
		enqueue(t, d, nodes[i%2], greet{string(rune('A' + i))}, time.Time{}, nil)
	}
	seen := map[string]int{}
	for range n {
		seen[receive(t, done, "job")]++
	}
	if len(seen) != n || len(done) != 0 {
		t.Errorf("%d different jobs, %d too many", len(seen), len(done))
	}
}

func TestAScheduleRuns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		j := newJobs(t, d)
		done := make(chan struct{}, 10)
		job.Handle(j, func(context.Context, chime) error {
			done <- struct{}{}
			return nil
		})
		j.Every(time.Second, chime{})
		start(t, j)
		receive(t, done, "first run")
		receive(t, done, "second run")
	})
}

type haul struct{ N int }

func (haul) Kind() string { return "test.haul" }

// Timeout implements job.Long.
func (haul) Timeout() time.Duration { return 2 * time.Hour }

func TestALongJobHasItsTimeAndKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		jobs := newJobs(t, d)
		begun, finish, greeted := make(chan time.Duration, 2), make(chan struct{}), make(chan string, 10)
		job.Handle(jobs, func(ctx context.Context, _ haul) error {
			until, _ := ctx.Deadline()
			begun <- time.Until(until)
			select {
			case <-finish:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		job.Handle(jobs, func(_ context.Context, g greet) error { greeted <- g.Name; return nil })
		start(t, jobs)
		for n := range 2 {
			enqueue(t, d, jobs, haul{n}, time.Time{}, nil)
		}
		if left := receive(t, begun, "long job"); left < time.Hour {
			t.Errorf("a long job has %v", left)
		}
		for range 8 { // more than there are workers
			enqueue(t, d, jobs, greet{"Ada"}, time.Time{}, nil)
		}
		for range 8 {
			receive(t, greeted, "other job while a long one runs")
		}
		select {
		case <-begun:
			t.Error("two long jobs run at once")
		default:
		}
		close(finish)
		receive(t, begun, "second long job")
	})
}
