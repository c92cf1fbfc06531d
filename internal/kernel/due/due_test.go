package due_test

import (
	"context"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/due"
)

func ms(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestADeadlineIsTheEndOfADayWhereSomebodyIs(t *testing.T) {
	for _, c := range []struct {
		zone, given string
		days        int64
		end         string // the first moment after it
	}{
		{"UTC", "2026-11-27T20:00:00Z", 1, "2026-11-29T00:00:00Z"},
		{"Asia/Tokyo", "2026-11-27T20:00:00Z", 1, "2026-11-30T00:00:00+09:00"}, // it is the 28th there
		{"America/Los_Angeles", "2026-11-27T02:00:00Z", 1, "2026-11-28T00:00:00-08:00"},
		{"Europe/Berlin", "2026-03-28T12:00:00Z", 1, "2026-03-30T00:00:00+02:00"}, // a day of 23 hours
		{"Europe/Berlin", "2026-10-24T12:00:00Z", 1, "2026-10-26T00:00:00+01:00"}, // a day of 25 hours
		{"UTC", "2026-12-31T23:59:59Z", 60, "2027-03-02T00:00:00Z"},
	} {
		got := due.Deadline{Days: c.days}.For(ms(t, c.given), zone(t, c.zone))
		if got == nil || *got != ms(t, c.end)-1 {
			t.Errorf("%s %s + %d: %v, want %d", c.zone, c.given, c.days, got, ms(t, c.end)-1)
		}
	}
	at := int64(5)
	if got := (due.Deadline{At: &at, Days: 3}).For(0, time.UTC); got == nil || *got != at {
		t.Error("a time for everybody does not win")
	}
	if (due.Deadline{}).For(0, time.UTC) != nil {
		t.Error("a deadline out of nothing")
	}
}

// zones tells where some people are.
type zones map[string]*time.Location

// Of implements due.Zones.
func (z zones) Of(context.Context, db.Queryer, string, []string) (map[string]*time.Location, error) {
	return z, nil
}

func TestPeopleAreSortedByTheirDeadlines(t *testing.T) {
	given := due.To([]string{"a", "b", "c"}, ms(t, "2026-11-27T20:00:00Z"))
	got, err := due.Deadline{Days: 1}.Batches(t.Context(), nil, zones{"b": zone(t, "Asia/Tokyo")}, "org", given)
	if err != nil || len(got) != 2 || len(got[0].People) != 2 || got[1].People[0] != "b" || *got[0].At >= *got[1].At {
		t.Errorf("%+v %v", got, err)
	}
	got, err = due.Deadline{}.Batches(t.Context(), nil, nil, "org", given)
	if err != nil || len(got) != 1 || got[0].At != nil || len(got[0].People) != 3 {
		t.Errorf("without a deadline: %+v %v", got, err)
	}
}
