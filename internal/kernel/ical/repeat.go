package ical

import (
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

const (
	// maxWork is how many days all rules of a file together may look at.
	maxWork = 10_000_000
	// slack is more than zones differ, in seconds.
	slack = 2 * 24 * 60 * 60
)

// repeat gives the starts of an event that may matter in the window: the first one, those of its
// rules (RRULE), those that are listed (RDATE), but none that are taken out (EXDATE). All are on
// the wall of the event's zone. repeats tells an occurrence of a series from an event for itself.
func (rd *reader) repeat(e event) (starts []recurrence.Wall, repeats bool) {
	set := map[recurrence.Wall]bool{e.start.wall: true}
	rules := e.component.GetProperties("RRULE")
	if !e.component.HasProperty("EXRULE") {
		for _, p := range rules[:min(len(rules), 4)] {
			for _, w := range rd.expand(p.Value, e) {
				set[w] = true
			}
		}
	}
	listed := rd.stamps(e.component.GetProperties("RDATE"))
	listed = listed[:min(len(listed), maxPerEvent)]
	for _, s := range listed {
		set[onTime(s, e)] = true
	}
	for _, s := range rd.stamps(e.component.GetProperties("EXDATE")) {
		delete(set, onTime(s, e))
	}
	for w := range set {
		starts = append(starts, w)
	}
	slices.Sort(starts)
	return starts, len(rules)+len(listed) > 0
}

// onTime gives the start of an event that a time of it means; programs write EXDATE as a day, too.
func onTime(s stamp, e event) recurrence.Wall {
	switch {
	case s.allDay && !e.start.allDay:
		return s.wall.Date().At(e.start.wall.Clock())
	case e.start.allDay && !s.allDay:
		return s.wall.Date().At(0)
	}
	return s.on(e.start)
}

// expand gives the starts a rule has in the window; none when the rule is not understood or too
// much work.
func (rd *reader) expand(text string, e event) []recurrence.Wall {
	rule, ok := parse(text, e.start.wall)
	if !ok {
		return nil
	}
	zone := e.start.zone
	from := recurrence.WallOf(rd.window.From.In(zone)) - e.length - slack
	until := recurrence.WallOf(rd.window.To.In(zone)) + slack
	if !rule.Until.IsZero() {
		// What has no zone was read as if it were in UTC; what is in UTC is put on the event's wall.
		last := recurrence.WallOf(rule.Until)
		switch value := untilOf(text); {
		case len(value) == len(dayForm):
			last = last.Date().At(24*time.Hour) - 1
		case strings.HasSuffix(value, "Z"):
			last = recurrence.WallOf(rule.Until.In(zone))
		}
		until = min(until, last)
	}
	return rule.between(from, until, &rd.budget)
}

// untilOf gives UNTIL as it was written.
func untilOf(text string) string {
	for part := range strings.SplitSeq(strings.ToUpper(text), ";") {
		if value, ok := strings.CutPrefix(part, "UNTIL="); ok {
			return value
		}
	}
	return ""
}
