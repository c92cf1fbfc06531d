package recurrence

import (
	"iter"
	"time"
)

// slack is more than any wall can differ from UTC's, gaps included, in days.
const slack = 2

// All gives the occurrences from the first one on, in order, at most Limit.
func (r Rule) All() iter.Seq[Occurrence] {
	return func(yield func(Occurrence) bool) {
		left := Limit
		for o := range r.each(0) {
			if left--; !yield(o) || left == 0 {
				return
			}
		}
	}
}

// Between gives, in order, the occurrences that overlap a window, at most Limit. Both ends of the
// window belong to it: an occurrence that ends at from or starts at to is given.
func (r Rule) Between(from, to time.Time) iter.Seq[Occurrence] {
	// An occurrence that still goes on at from began at most its own length before.
	near := WallOf(from.UTC()).Date() - slack - Date(r.length()/day)
	return func(yield func(Occurrence) bool) {
		left := Limit
		for o := range r.each(r.stepAt(near)) {
			if o.Start.After(to) {
				return
			}
			if o.End.Before(from) {
				continue
			}
			if left--; !yield(o) || left == 0 {
				return
			}
		}
	}
}

// Next gives the first occurrence that starts after a moment.
func (r Rule) Next(after time.Time) (Occurrence, bool) {
	for o := range r.each(r.stepAt(WallOf(after.UTC()).Date() - slack)) {
		if o.Start.After(after) {
			return o, true
		}
	}
	return Occurrence{}, false
}

// each gives the occurrences from a step on without a limit but the calendar's end. Their starts
// never go back: walls are a day or more apart, and no zone ever skipped more than a day.
func (r Rule) each(step int) iter.Seq[Occurrence] {
	return func(yield func(Occurrence) bool) {
		excepted := r.excepted()
		for ; ; step++ {
			date, ok := r.dateOf(step)
			if !ok {
				return
			}
			id := date.At(r.Start.Clock())
			if !excepted[id] && !yield(r.occurrence(id)) {
				return
			}
		}
	}
}

// occurrence gives the moments of an occurrence.
func (r Rule) occurrence(id Wall) Occurrence {
	o := Occurrence{ID: id, Start: id.In(r.Zone), End: (id + r.length()).In(r.Zone)}
	if r.length() == 0 {
		o.End = o.Start
	} else if !o.End.After(o.Start) {
		o.End = o.Start.Add(time.Duration(r.length()) * time.Second)
	}
	return o
}

// dateOf gives the day of the occurrence at a step of the series, counted from 0; ok is false when
// the series is over.
func (r Rule) dateOf(step int) (Date, bool) {
	var date Date
	switch r.Frequency {
	case Once:
		return r.Start.Date(), step == 0
	case Monthly:
		year, month, _ := r.Start.Date().Civil()
		date = clampedTo(DateOf(year, month+time.Month(step), 1), r.DayOfMonth())
	default:
		date = r.Start.Date() + Date(step)*r.Frequency.days()
	}
	last := lastDate - Date(r.length()/day) - 1
	if r.Until != 0 {
		last = min(last, r.Until)
	}
	return date, date <= last || step == 0
}

// stepAt gives the first step whose day is not before a day, 0 for days before the series.
func (r Rule) stepAt(date Date) int {
	start := r.Start.Date()
	date = min(date, lastDate+1)
	switch {
	case date <= start:
		return 0
	case r.Frequency == Once:
		return 1
	case r.Frequency == Monthly:
		year, month, _ := start.Civil()
		toYear, toMonth, _ := date.Civil()
		step := (toYear-year)*12 + int(toMonth-month)
		if clampedTo(date, r.DayOfMonth()) < date {
			step++
		}
		return step
	}
	every := r.Frequency.days()
	return int((date - start + every - 1) / every)
}

// steps gives how many steps a series with an end has, exceptions included.
func (r Rule) steps() int {
	if r.Frequency == Once {
		return 1
	}
	return r.stepAt(r.Until + 1)
}

// place gives the step of an identity, if it is one of the series.
func (r Rule) place(id Wall) (int, bool) {
	step := r.stepAt(id.Date())
	date, ok := r.dateOf(step)
	return step, ok && date.At(r.Start.Clock()) == id
}
