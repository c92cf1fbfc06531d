package ical

import (
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

const (
	// maxRule is the length of a rule in octets.
	maxRule = 512
	// maxTimes is how many times of the day a rule may name.
	maxTimes = 24
	// lastYear is where looking ends, as dates have four digits.
	lastYear = 9999
)

// rule is an RRULE (RFC 5545, section 3.3.10) of an event. The library that reads it can expand it,
// too, but looks on until the year 9999 for what never comes, whatever UNTIL says; strangers may
// write such rules, so the days are looked at here, counted.
//
// Everything is on the wall of the event: there no time is skipped or twice.
type rule struct {
	rrule.ROption
	start recurrence.Wall
	times []recurrence.Wall // of each day, in seconds after midnight, in order
}

// parse reads a rule. ok is false for rules that repeat more often than daily, that count weeks of
// the year or years of the moon, or name many times of the day.
func parse(text string, start recurrence.Wall) (r rule, ok bool) {
	text = strings.TrimSuffix(strings.ToUpper(text), ";")
	if len(text) > maxRule || strings.ContainsAny(text, "\r\n") || strings.Contains(text, "DTSTART") {
		return rule{}, false
	}
	option, err := rrule.StrToROptionInLocation(text, time.UTC)
	if err != nil || option.Freq > rrule.DAILY || len(option.Byeaster)+len(option.Byweekno) > 0 || option.Interval > 1000 || option.Count < 0 {
		return rule{}, false
	}
	option.Interval = max(option.Interval, 1)
	r = rule{*option, start, nil}
	r.complete()
	if len(r.times) > maxTimes {
		return rule{}, false
	}
	_, err = rrule.NewRRule(*option) // says whether numbers are within their bounds
	return r, err == nil
}

// complete writes out what a rule takes from the event's start.
func (r *rule) complete() {
	_, month, day := r.start.Date().Civil()
	if len(r.Byyearday)+len(r.Bymonthday)+len(r.Byweekday) == 0 {
		switch {
		case r.Freq == rrule.YEARLY && len(r.Bymonth) == 0:
			r.Bymonth, r.Bymonthday = []int{int(month)}, []int{day}
		case r.Freq == rrule.YEARLY || r.Freq == rrule.MONTHLY:
			r.Bymonthday = []int{day}
		case r.Freq == rrule.WEEKLY:
			r.Byweekday = []rrule.Weekday{[...]rrule.Weekday{rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA}[r.start.Date().Weekday()]}
		}
	}
	clock := r.start.Clock()
	or := func(given []int, own time.Duration) []int {
		if len(given) == 0 {
			return []int{int(own)}
		}
		return given
	}
	hours, minutes, seconds := or(r.Byhour, clock/time.Hour), or(r.Byminute, clock/time.Minute%60), or(r.Bysecond, clock/time.Second%60)
	if len(hours)*len(minutes)*len(seconds) > 4*maxTimes { // more than there can be without doubles
		r.times = make([]recurrence.Wall, maxTimes+1)
		return
	}
	for _, h := range hours {
		for _, m := range minutes {
			for _, s := range seconds {
				r.times = append(r.times, recurrence.Wall(h*3600+m*60+s))
			}
		}
	}
	slices.Sort(r.times)
	r.times = slices.Compact(r.times)
}

// between gives the starts from a wall to another, at most maxPerEvent. Every day that is looked at
// is taken from the budget; when that is used up, there are none.
func (r rule) between(from, until recurrence.Wall, budget *int) []recurrence.Wall {
	var list []recurrence.Wall
	count := 0
	for step := r.near(from); ; step++ {
		first, next, ok := r.period(step)
		if !ok || first.At(0) > until {
			return list
		}
		if *budget -= int(next - first); *budget < 0 {
			return nil
		}
		for _, w := range r.in(first, next) {
			if w < r.start {
				continue
			}
			count++
			if w > until || r.Count > 0 && count > r.Count || len(list) == maxPerEvent {
				return list
			}
			if w >= from {
				list = append(list, w)
			}
		}
	}
}

// near gives a period shortly before a wall; the first one where occurrences have to be counted.
func (r rule) near(from recurrence.Wall) int {
	if r.Count > 0 || from <= r.start {
		return 0
	}
	longest := map[rrule.Frequency]int{rrule.DAILY: 1, rrule.WEEKLY: 7, rrule.MONTHLY: 31, rrule.YEARLY: 366}[r.Freq] * r.Interval
	step := int(from.Date()-r.start.Date())/longest - 1
	for step > 0 { // periods are shorter than the longest, so this may be well before
		first, _, _ := r.period(step + 1)
		if first >= from.Date() {
			break
		}
		step++
	}
	return max(step, 0)
}

// period gives the days of a period of the rule, from first to before next; ok is false after the
// last year.
func (r rule) period(step int) (first, next recurrence.Date, ok bool) {
	step *= r.Interval
	start := r.start.Date()
	year, month, _ := start.Civil()
	switch r.Freq {
	case rrule.DAILY:
		first = start + recurrence.Date(step)
		next = first + 1
	case rrule.WEEKLY:
		sinceMonday := (int(start.Weekday()) + 6) % 7
		first = start - recurrence.Date((sinceMonday-r.Wkst.Day()+7)%7) + recurrence.Date(7*step)
		next = first + 7
	case rrule.MONTHLY:
		first, next = recurrence.DateOf(year, month+time.Month(step), 1), recurrence.DateOf(year, month+time.Month(step)+1, 1)
	default:
		first, next = recurrence.DateOf(year+step, 1, 1), recurrence.DateOf(year+step+1, 1, 1)
	}
	return first, next, next <= recurrence.DateOf(lastYear+1, 1, 1)
}

// in gives the starts in a period, in order.
func (r rule) in(first, next recurrence.Date) []recurrence.Wall {
	var all []recurrence.Wall
	for d := first; d < next; d++ {
		if r.matches(d) {
			for _, t := range r.times {
				all = append(all, d.At(0)+t)
			}
		}
	}
	if len(r.Bysetpos) == 0 || len(all) == 0 {
		return all
	}
	var chosen []recurrence.Wall
	for _, n := range r.Bysetpos {
		if n < 0 {
			n += len(all) + 1
		}
		if n >= 1 && n <= len(all) {
			chosen = append(chosen, all[n-1])
		}
	}
	slices.Sort(chosen)
	return slices.Compact(chosen)
}

// matches reports whether a day is one of the rule's.
func (r rule) matches(d recurrence.Date) bool {
	year, month, day := d.Civil()
	if len(r.Bymonth) > 0 && !slices.Contains(r.Bymonth, int(month)) {
		return false
	}
	firstOfMonth, firstOfNext := d-recurrence.Date(day-1), recurrence.DateOf(year, month+1, 1)
	if len(r.Bymonthday) > 0 && !within(r.Bymonthday, d, firstOfMonth, firstOfNext, 1) {
		return false
	}
	firstOfYear, firstOfNextYear := recurrence.DateOf(year, 1, 1), recurrence.DateOf(year+1, 1, 1)
	if len(r.Byyearday) > 0 && !within(r.Byyearday, d, firstOfYear, firstOfNextYear, 1) {
		return false
	}
	if len(r.Byweekday) == 0 {
		return true
	}
	return slices.ContainsFunc(r.Byweekday, func(w rrule.Weekday) bool {
		switch n := w.N(); {
		case (w.Day()+1)%7 != int(d.Weekday()):
			return false
		case n == 0 || r.Freq > rrule.MONTHLY:
			return true
		case r.Freq == rrule.YEARLY && len(r.Bymonth) == 0:
			return within([]int{n}, d, firstOfYear, firstOfNextYear, 7)
		default:
			return within([]int{n}, d, firstOfMonth, firstOfNext, 7)
		}
	})
}

// within reports whether a day is one of the n-th from the first, or for negative n from the end,
// counted in units of days.
func within(numbers []int, d, first, next recurrence.Date, unit recurrence.Date) bool {
	return slices.Contains(numbers, int((d-first)/unit+1)) || slices.Contains(numbers, -int((next-1-d)/unit+1))
}
