package recurrence

import (
	"iter"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the program works on hosts without a database of time zones

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// zones keeps what was loaded, by name. Only names that exist are kept, so it is small.
var zones sync.Map

// Zone gives a time zone by its IANA name, like "Europe/Berlin" or "UTC". It refuses the empty
// name, "Local" (what it means depends on the host) and the directories of hosts' databases that
// count leap seconds; the fault's kind is Invalid.
func Zone(name string) (*time.Location, error) {
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location), nil
	}
	unknown := fault.New(fault.KindInvalid, "zone.unknown",
		"The time zone is not known: give an IANA name like Europe/Berlin, America/New_York or UTC.")
	switch head, _, _ := strings.Cut(name, "/"); head {
	case "", "Local", "localtime", "posix", "posixrules", "right", "Factory":
		return nil, unknown
	}
	if len(name) > 64 {
		return nil, unknown
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, unknown
	}
	zones.Store(name, zone)
	return zone, nil
}

// Change is a moment at which a zone changes its offset from UTC.
type Change struct {
	// At is the first moment of the new offset, in the zone.
	At time.Time
	// Before and After are the offsets in seconds east of UTC.
	Before, After int
}

// Changes gives the changes of a zone from a moment on (that moment included), in order, up to and
// without another.
func Changes(zone *time.Location, from, to time.Time) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		t := from.Add(-time.Second).In(zone)
		_, before := t.Zone()
		for {
			t = periodEnd(t)
			if t.IsZero() || !t.Before(to) {
				return
			}
			_, after := t.Zone()
			if after != before && !yield(Change{t, before, after}) {
				return
			}
			before = after
		}
	}
}

// periodEnd gives the end of a stretch of time after t without a change of the zone, and no time
// when there is no change any more. Where a zone is described by a rule for every year,
// time.ZoneBounds ends the stretch after 365 days of the year, which on the last day of a leap year
// is in the past: an hour is enough then.
func periodEnd(t time.Time) time.Time {
	_, end := t.ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		return t.Add(time.Hour)
	}
	return end
}
