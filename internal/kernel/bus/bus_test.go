package bus_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

func node(d *db.DB) (*bus.Bus, chan bus.Delivered) {
	b := bus.New(d, clock.NewManual(time.UnixMilli(cast.At)), slog.New(slog.DiscardHandler))
	got := make(chan bus.Delivered, 100)
	b.Subscribe([]string{"post.*"}, func(e bus.Delivered) { got <- e })
	return b, got
}

func publish(t *testing.T, d *db.DB, b *bus.Bus, name, subject string, before func()) {
	t.Helper()
	err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
		if err := b.Publish(ctx, tx, bus.Event{OrgID: "o", Name: name, Subject: subject, Data: map[string]int{"n": 1}}); err != nil {
			return err
		}
		if before != nil {
			before()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheWriterHearsOfItsEventsBeforeWriteReturns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, got := node(d)
		b.Subscribe([]string{"post.*"}, func(bus.Delivered) { panic("a careless subscriber") })
		publish(t, d, b, "post.created", "1", func() {
			if len(got) != 0 {
				t.Error("delivered before the commit")
			}
		})
		publish(t, d, b, "user.created", "2", nil)
		if len(got) != 1 {
			t.Fatalf("%d events", len(got))
		}
		if e := <-got; e.Subject != "1" || string(e.Data) != `{"n":1}` {
			t.Errorf("%+v", e)
		}
	})
}

// TestOtherNodesMissNothing has one node commit a transaction that began, and took its number,
// before others that were delivered already.
func TestOtherNodesMissNothing(t *testing.T) {
	t.Parallel()
	address := dbtest.Postgres(t)
	here, there := dbtest.Open(t, address), dbtest.Open(t, address)
	writer, own := node(here)
	reader, got := node(there)
	go func() { _ = reader.Run(t.Context()) }()
	time.Sleep(2 * bus.PollInterval) // the reader has found where to begin

	await := func(subject string) {
		t.Helper()
		select {
		case e := <-got:
			if e.Subject != subject || e.Seq == 0 {
				t.Errorf("got %+v, want %s", e, subject)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s did not arrive", subject)
		}
	}
	publish(t, here, writer, "post.created", "first", nil)
	await("first")
	publish(t, here, writer, "post.created", "slow", func() {
		publish(t, there, reader, "post.created", "of the reader itself", nil)
		if e := <-got; e.Subject != "of the reader itself" || e.Seq != 0 {
			t.Errorf("its own: %+v", e)
		}
		// Others do not wait for the transaction that is open.
		publish(t, here, writer, "post.created", "meanwhile", nil)
		await("meanwhile")
		time.Sleep(3 * bus.PollInterval)
	})
	await("slow")
	select {
	case e := <-got:
		t.Errorf("delivered again: %+v", e)
	case <-time.After(2 * bus.PollInterval):
	}
	if len(own) != 3 {
		t.Errorf("the writer heard of %d of its events", len(own))
	}
}

func TestOldEventsAreTrimmed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.NewManual(time.UnixMilli(cast.At))
		b := bus.New(d, c, slog.New(slog.DiscardHandler))
		publish(t, d, b, "post.created", "old", nil)
		c.Advance(bus.Kept + time.Hour)
		follow(t, b, 1, 0)
		publish(t, d, b, "post.created", "new", nil)
		if err := b.Trim(t.Context()); err != nil {
			t.Fatal(err)
		}
		var left string
		if err := d.Reader(t.Context()).QueryRow(t.Context(), `SELECT subject FROM outbox`).Scan(&left); err != nil || left != "new" {
			t.Errorf("left %q, %v", left, err)
		}
	})
}
