package audience

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

// TestWhatWasReadBeforeAnEventIsNotKept plays a reader that reads somebody's audiences before a
// membership changes, and comes to keep them after it was told.
func TestWhatWasReadBeforeAnEventIsNotKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := bus.New(d, clock.NewManual(time.UnixMilli(cast.At)), slog.New(slog.DiscardHandler))
		a := New(d, b)
		o := cast.NewOrg(t, d)
		who := o.Person(t, "ann")
		for _, name := range []string{"user.updated", "securityGroup.deleted", "audience.interned", bus.Gap} {
			before := a.generation(o.ID).Load()
			err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
				return b.Publish(ctx, tx, bus.Event{OrgID: o.ID, Name: name})
			})
			if err != nil {
				t.Fatal(err)
			}
			const gone = 7
			a.sets.Set(viewer{o.ID, who.UserID}, cachedSet{before, Set{gone}})
			if set, err := a.Visible(t.Context(), who); err != nil || set.Has(gone) {
				t.Errorf("after %s: %v, %v", name, set, err)
			}
		}
	})
}
