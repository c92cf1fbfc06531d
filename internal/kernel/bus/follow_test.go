package bus_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// cursor is one that migrations make.
const cursor = "notifications"

var errCrash = errors.New("the worker crashed")

// follow reads to the end of the outbox, and waits until it has read as many as wanted: on
// PostgreSQL a transaction that is open in any database of the server, such as another test's,
// holds events back. It gives the subjects; the first crashes attempts fail after their work and
// before the commit.
func follow(t *testing.T, b *bus.Bus, wanted, crashes int) (subjects []string) {
	t.Helper()
	for tries := 0; ; {
		n, err := b.Follow(t.Context(), cursor, func(_ context.Context, events []bus.Delivered) (func(context.Context, db.Tx) error, error) {
			return func(context.Context, db.Tx) error {
				if crashes--; crashes >= 0 {
					return errCrash
				}
				for _, e := range events {
					subjects = append(subjects, e.Subject)
				}
				return nil
			}, nil
		})
		if errors.Is(err, errCrash) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			continue
		}
		if tries++; len(subjects) >= wanted || tries > patience {
			return subjects
		}
		time.Sleep(pause)
	}
}

// How often to look again for events that are held back, and how long to wait in between.
const (
	patience = 1000
	pause    = 10 * time.Millisecond
)

func TestWhoFollowsReadsEachEventOnceInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, _ := node(d)
		publish(t, d, b, "post.created", "1", nil)
		publish(t, d, b, "user.created", "2", nil)
		if got := follow(t, b, 2, 3); !slices.Equal(got, []string{"1", "2"}) {
			t.Errorf("read %v", got)
		}
		publish(t, d, b, "post.created", "3", nil)
		again, _ := node(d) // another process
		if got := follow(t, again, 1, 0); !slices.Equal(got, []string{"3"}) {
			t.Errorf("read %v", got)
		}
		if _, err := b.Follow(t.Context(), "nobody", nil); !errors.Is(err, bus.ErrNoCursor) {
			t.Errorf("error %v", err)
		}
	})
}

// TestWhoFollowsWaitsForTransactionsThatAreOpen has a transaction commit after one that began later.
func TestWhoFollowsWaitsForTransactionsThatAreOpen(t *testing.T) {
	t.Parallel()
	address := dbtest.Postgres(t)
	d, other := dbtest.Open(t, address), dbtest.Open(t, address)
	b, _ := node(d)
	b2, _ := node(other)
	publish(t, d, b, "post.created", "first", func() {
		publish(t, other, b2, "post.created", "overtakes", nil)
		if got := follow(t, b2, 0, 0); len(got) != 0 {
			t.Errorf("read %v before the older transaction had ended", got)
		}
	})
	if got := follow(t, b2, 2, 0); !slices.Equal(got, []string{"first", "overtakes"}) {
		t.Errorf("read %v", got)
	}
}

func TestTwoWhoFollowByOneNameShareTheEvents(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := bus.New(d, clock.NewManual(time.UnixMilli(cast.At)), slog.New(slog.DiscardHandler)) // without a subscriber that would wait
		const n = 1200
		err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
			return b.PublishMany(ctx, tx, slices.Repeat([]bus.Event{{OrgID: "o", Name: "post.created", Subject: "s"}}, n))
		})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		read := make([]int, 4)
		var all atomic.Int64
		for i := range read {
			wg.Go(func() {
				for tries := 0; tries < patience; {
					mine := 0
					got, err := b.Follow(t.Context(), cursor, func(_ context.Context, events []bus.Delivered) (func(context.Context, db.Tx) error, error) {
						return func(context.Context, db.Tx) error { mine = len(events); return nil }, nil
					})
					if err != nil {
						t.Error(err)
						return
					}
					read[i] += mine
					if all.Add(int64(mine)) == n {
						return
					}
					if got == 0 { // held back, or the others are at it
						tries++
						time.Sleep(pause)
					}
				}
			})
		}
		wg.Wait()
		if sum := read[0] + read[1] + read[2] + read[3]; sum != n {
			t.Errorf("%d events were read by %v, want %d", sum, read, n)
		}
	})
}

func TestWhatWasNotFollowedIsKeptForAWeek(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.NewManual(time.UnixMilli(cast.At))
		b := bus.New(d, c, slog.New(slog.DiscardHandler))
		left := func() (n int) {
			if err := b.Trim(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := d.Reader(t.Context()).QueryRow(t.Context(), `SELECT COUNT(*) FROM outbox`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		publish(t, d, b, "post.created", "1", nil)
		publish(t, d, b, "post.created", "2", nil)
		c.Advance(bus.Kept + time.Hour)
		if n := left(); n != 2 {
			t.Errorf("%d events are left that nobody has read", n)
		}
		c.Advance(bus.Abandoned)
		if n := left(); n != 1 { // the newest, which tells where the log is
			t.Errorf("%d events are left for a week", n)
		}
	})
}
