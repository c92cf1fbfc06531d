package recurrence

import (
	"fmt"
	"time"
)

// Date is a day of the Gregorian calendar, counted from 1 January of the year 1. Days are
// compared, added and subtracted like numbers. The zero Date means "none".
type Date int32

// Wall is what a calendar and a clock on the wall show, to the second and without a zone, counted
// in seconds from the midnight that began the year 1. Walls are compared like numbers. The zero
// Wall means "none".
type Wall int64

const (
	day       = 24 * 60 * 60 // seconds
	unixEpoch = 719162       // 1970-01-01 as a Date
	dateForm  = "2006-01-02"
	wallForm  = "2006-01-02T15:04:05"

	// lastDate is 9999-12-31, beyond which no form of writing dates goes.
	lastDate Date = 3652058
)

// DateOf gives the day of a year, month (1–12) and day; days over the end of a month run over into
// the next one, as in time.Date.
func DateOf(year int, month time.Month, dayOfMonth int) Date {
	return Date(time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC).Unix()/day + unixEpoch)
}

// ParseDate reads "2026-01-31".
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(dateForm, text)
	if err != nil || t.Year() < 1 || t.Format(dateForm) != text {
		return 0, fmt.Errorf("%q is no date: write it like 2026-01-31", text)
	}
	return WallOf(t).Date(), nil
}

// At gives a time of the day, as the duration since its midnight on the wall.
func (d Date) At(sinceMidnight time.Duration) Wall {
	return Wall(d)*day + Wall(sinceMidnight/time.Second)
}

// Civil gives year, month and day.
func (d Date) Civil() (year int, month time.Month, dayOfMonth int) { return d.At(0).utc().Date() }

// Weekday gives the day of the week.
func (d Date) Weekday() time.Weekday { return d.At(0).utc().Weekday() }

// String gives "2026-01-31", and "" for none.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return d.At(0).utc().Format(dateForm)
}

// WallOf gives what the wall shows at a moment in the location the time carries.
func WallOf(t time.Time) Wall {
	_, offset := t.Zone()
	return Wall(t.Unix() + int64(offset) + unixEpoch*day)
}

// ParseWall reads "2026-01-31T09:00:00", the form in which an occurrence's identity is written.
func ParseWall(text string) (Wall, error) {
	t, err := time.Parse(wallForm, text)
	if err != nil || t.Year() < 1 || t.Format(wallForm) != text { // Parse is lenient
		return 0, fmt.Errorf("%q is no wall-clock time: write it like 2026-01-31T09:00:00", text)
	}
	return WallOf(t), nil
}

// Date gives the day.
func (w Wall) Date() Date {
	d := w / day
	if w%day < 0 {
		d--
	}
	return Date(d)
}

// Clock gives the time of the day, as the duration since midnight on the wall.
func (w Wall) Clock() time.Duration { return time.Duration(w-w.Date().At(0)) * time.Second }

// String gives "2026-01-31T09:00:00", and "" for none.
func (w Wall) String() string {
	if w == 0 {
		return ""
	}
	return w.utc().Format(wallForm)
}

// In gives the moment at which the wall of a zone shows w. A time that is skipped is read with the
// offset before the gap, a time that happens twice is the first (RFC 5545, section 3.3.5).
func (w Wall) In(zone *time.Location) time.Time {
	shown := w.utc()
	// No offset from UTC reaches a day, so the moment sought is later than this one; from here on
	// the periods of the zone are tried one after the other.
	period := shown.Add(-day * time.Second).In(zone)
	_, offset := period.Zone()
	for {
		moment := shown.Add(-time.Duration(offset) * time.Second)
		end := periodEnd(period)
		if end.IsZero() || moment.Before(end) {
			return moment.In(zone)
		}
		_, next := end.Zone()
		if shown.Add(-time.Duration(next) * time.Second).Before(end) {
			return moment.In(zone) // in the gap between the two
		}
		period, offset = end, next
	}
}

// utc gives the time of which UTC's wall shows w.
func (w Wall) utc() time.Time { return time.Unix(int64(w)-unixEpoch*day, 0).UTC() }
