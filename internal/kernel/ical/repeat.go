package ical

import (
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

const (
	// maxWork is how many days all rules of a file together may look at, weighed with how much
	// there is to look at on each.
	maxWork = 20_000_000
	// maxRule is the length of a rule in octets.
	maxRule = 512
	// maxTimes is how many times of the day a rule may name.
	maxTimes = 24
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
	option, ok := parse(text)
	if !ok {
		return nil
	}
	zone := e.start.zone
	from := recurrence.WallOf(rd.window.From.In(zone)) - e.length - slack
	to := recurrence.WallOf(rd.window.To.In(zone)) + slack
	until := to
	if !option.Until.IsZero() {
		// What has no zone was read as if it were in UTC; what is in UTC is put on the event's wall.
		last := recurrence.WallOf(option.Until)
		switch value := untilOf(text); {
		case len(value) == len(dayForm):
			last = last.Date().At(24*time.Hour) - 1
		case strings.HasSuffix(value, "Z"):
			last = recurrence.WallOf(option.Until.In(zone))
		}
		until = min(until, last)
	}
	// The rule is computed on the wall, as if that were in UTC: there nothing is skipped or twice.
	option.Dtstart, option.Until = e.start.wall.In(time.UTC), until.In(time.UTC)
	if option.Count == 0 {
		comeNear(&option, from)
	}
	days := int(until-recurrence.WallOf(option.Dtstart))/(24*60*60) + 366
	work := days * (1 + len(option.Bysetpos)) * times(option)
	if until < e.start.wall || work > rd.budget {
		return nil
	}
	rd.budget -= work
	rule, err := rrule.NewRRule(option)
	if err != nil {
		return nil
	}
	var list []recurrence.Wall
	next := rule.Iterator()
	for t, more := next(); more && len(list) < maxPerEvent; t, more = next() {
		if w := recurrence.WallOf(t); w >= from {
			list = append(list, w)
		}
	}
	return list
}

// parse reads a rule if it is of a kind whose work can be foreseen.
func parse(text string) (rrule.ROption, bool) {
	text = strings.ToUpper(text)
	if len(text) > maxRule || strings.ContainsAny(text, "\r\n") || strings.Contains(text, "DTSTART") {
		return rrule.ROption{}, false
	}
	option, err := rrule.StrToROptionInLocation(strings.TrimSuffix(text, ";"), time.UTC)
	if err != nil || option.Freq > rrule.DAILY || len(option.Byeaster) > 0 {
		return rrule.ROption{}, false
	}
	option.Interval = max(option.Interval, 1)
	if option.Interval > 1000 || option.Count < 0 || times(*option) > maxTimes {
		return rrule.ROption{}, false
	}
	return *option, true
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

// times gives how many times of each day a rule names.
func times(o rrule.ROption) int {
	return max(len(o.Byhour), 1) * max(len(o.Byminute), 1) * max(len(o.Bysecond), 1)
}

// comeNear moves the start of a rule that is not counted by whole intervals to shortly before a
// wall, so that the work does not depend on how long ago the series began. What the rule takes from
// its start is written out before.
func comeNear(o *rrule.ROption, near recurrence.Wall) {
	start := o.Dtstart
	if len(o.Byweekno)+len(o.Byyearday)+len(o.Bymonthday)+len(o.Byweekday) == 0 {
		switch {
		case o.Freq == rrule.YEARLY && len(o.Bymonth) == 0:
			o.Bymonth, o.Bymonthday = []int{int(start.Month())}, []int{start.Day()}
		case o.Freq == rrule.YEARLY || o.Freq == rrule.MONTHLY:
			o.Bymonthday = []int{start.Day()}
		}
	}
	goal := near.In(time.UTC)
	days := int(goal.Sub(start) / (24 * time.Hour))
	// Two intervals before the goal, as a week may begin in one year and end in the next.
	whole := func(units int) int { return (units/o.Interval - 2) * o.Interval }
	switch o.Freq {
	case rrule.DAILY:
		start = start.AddDate(0, 0, max(whole(days), 0))
	case rrule.WEEKLY:
		start = start.AddDate(0, 0, 7*max(whole(days/7), 0))
	case rrule.MONTHLY:
		if n := whole((goal.Year()-start.Year())*12 + int(goal.Month()-start.Month())); n > 0 {
			start = start.AddDate(0, n, 1-start.Day())
		}
	case rrule.YEARLY:
		if n := whole(goal.Year() - start.Year()); n > 0 {
			start = start.AddDate(n, 1-int(start.Month()), 1-start.Day())
		}
	}
	o.Dtstart = start
}
