package ical

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

const (
	// described is how many years of a zone are written for a series that goes on.
	described = 20
	// earliest and latest are the years between which a zone is described; what holds in the
	// latest holds afterwards.
	earliest, latest = 1950, 2100
)

// span is a zone, and the years for which a calendar needs it.
type span struct {
	zone     *time.Location
	from, to int
}

// zonesOf gives the zones of all series, by name.
func zonesOf(events []Event) []span {
	found := map[string]span{}
	add := func(e Event, zone *time.Location, w recurrence.Wall, until recurrence.Wall) {
		if formOf(e) != onWall || isUTC(zone) {
			return
		}
		from, to := yearOf(w), yearOf(until)
		s, ok := found[zone.String()]
		if !ok {
			s = span{zone, from, to}
		}
		found[zone.String()] = span{zone, min(s.from, from), max(s.to, to)}
	}
	for _, e := range events {
		until := e.Rule.End
		if e.Rule.Frequency != recurrence.Once {
			until += (e.Rule.Until - e.Rule.Start.Date()).At(0)
			if e.Rule.Until == 0 {
				until = max(e.Rule.End, recurrence.WallOf(e.Stamp.UTC())) + recurrence.Date(described*366).At(0)
			}
		}
		add(e, e.Rule.Zone, e.Rule.Start, until)
		for _, o := range e.Overrides {
			add(o, e.Rule.Zone, o.Original, o.Original)
			add(o, o.Rule.Zone, o.Rule.Start, o.Rule.End)
		}
	}
	list := []span{}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[name])
	}
	return list
}

func yearOf(w recurrence.Wall) int { return min(max(w.In(time.UTC).Year(), earliest), latest) }

// observance is a kind of change of a zone: from one offset to another.
type observance struct {
	before, after int
	daylight      bool
	abbreviation  string
}

// zone adds a VTIMEZONE (RFC 5545, section 3.6.5). Changes that come back on the same weekday of
// the same month each year, last of its month or n-th, are one rule, as programs like it best;
// others are listed.
func (l *lines) zone(s span) {
	start := time.Date(s.from-1, 1, 1, 0, 0, 0, 0, time.UTC)
	end := time.Date(s.to+1, 1, 1, 0, 0, 0, 0, time.UTC)
	l.raw("BEGIN:VTIMEZONE")
	l.raw("TZID:" + s.zone.String())
	first := start.In(s.zone)
	name, offset := first.Zone()
	l.observance(observance{offset, offset, first.IsDST(), name}, []recurrence.Wall{recurrence.WallOf(first)}, false)

	onsets := map[observance][]recurrence.Wall{}
	var order []observance
	for c := range recurrence.Changes(s.zone, start, end) {
		name, _ := c.At.Zone()
		o := observance{c.Before, c.After, c.At.IsDST(), name}
		if onsets[o] == nil {
			order = append(order, o)
		}
		// An onset is written on the wall as it was until then.
		onsets[o] = append(onsets[o], recurrence.WallOf(c.At.In(time.FixedZone("", c.Before))))
	}
	for _, o := range order {
		for len(onsets[o]) > 0 {
			n := yearly(onsets[o])
			goesOn := n > 1 && n == len(onsets[o]) && onsets[o][n-1].In(time.UTC).Year() == s.to
			l.observance(o, onsets[o][:n], goesOn)
			onsets[o] = onsets[o][n:]
		}
	}
	l.raw("END:VTIMEZONE")
}

// observance adds one kind of change, at the onsets, which are one rule if there are several.
func (l *lines) observance(o observance, onsets []recurrence.Wall, goesOn bool) {
	kind := "STANDARD"
	if o.daylight {
		kind = "DAYLIGHT"
	}
	l.raw("BEGIN:" + kind)
	l.raw("DTSTART:" + onsets[0].In(time.UTC).Format(localForm))
	l.raw("TZOFFSETFROM:" + offsetText(o.before))
	l.raw("TZOFFSETTO:" + offsetText(o.after))
	l.raw("TZNAME:" + o.abbreviation)
	if len(onsets) > 1 {
		rule := "RRULE:" + rules(onsets[0])[commonRule(onsets)]
		if !goesOn {
			last := onsets[len(onsets)-1].In(time.UTC).Add(-time.Duration(o.before) * time.Second)
			rule += ";UNTIL=" + last.Format(utcForm)
		}
		l.raw(rule)
	}
	l.raw("END:" + kind)
}

// rules gives the two yearly rules that an onset may follow: the last weekday of its month, and the
// n-th.
func rules(onset recurrence.Wall) [2]string {
	t := onset.In(time.UTC)
	weekday := [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}[t.Weekday()]
	list := [2]string{1: fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", t.Month(), (t.Day()-1)/7+1, weekday)}
	if t.AddDate(0, 0, 7).Month() != t.Month() {
		list[0] = fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=-1%s", t.Month(), weekday)
	}
	return list
}

// commonRule gives the index of the rule that all onsets follow, -1 when there is none.
func commonRule(onsets []recurrence.Wall) int {
	for i, rule := range rules(onsets[0]) {
		if rule != "" && !slices.ContainsFunc(onsets, func(w recurrence.Wall) bool {
			return rules(w)[i] != rule || w.Clock() != onsets[0].Clock()
		}) {
			return i
		}
	}
	return -1
}

// yearly gives how many of the first onsets are one rule, year after year.
func yearly(onsets []recurrence.Wall) int {
	n := 1
	for n < len(onsets) && onsets[n].In(time.UTC).Year() == onsets[n-1].In(time.UTC).Year()+1 && commonRule(onsets[:n+1]) >= 0 {
		n++
	}
	return n
}

// offsetText gives "+0100", and "+001730" when there are seconds.
func offsetText(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		text += fmt.Sprintf("%02d", seconds%60)
	}
	return text
}
