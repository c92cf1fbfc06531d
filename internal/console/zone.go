package console

import (
	"context"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// zone is the time zone of whoever is signed in, by their profile.
func (v *visit) zone() *time.Location { return zoneNamed(v.me.TimeZone) }

// zoneNamed is a time zone by its name; one that is not known is UTC.
func zoneNamed(name string) *time.Location {
	zone, err := recurrence.Zone(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// today is the day that it is for whoever is signed in, at its midnight.
func (v *visit) today() time.Time { return dayOf(v.c.d.Clock.Now().In(v.zone())) }

// dayOf is the midnight that a day begins with. Where a clock skips midnight it is the next moment.
func dayOf(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
}

// parsed reads a time of the API; the zero time when it is none.
func parsed(at string) time.Time {
	moment, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return time.Time{}
	}
	return moment
}

func monthName(ctx context.Context, m time.Month) string {
	return t(ctx, map[time.Month]string{
		time.January: "January", time.February: "February", time.March: "March", time.April: "April", time.May: "May", time.June: "June", time.July: "July",
		time.August: "August", time.September: "September", time.October: "October", time.November: "November", time.December: "December",
	}[m])
}

func weekdayName(ctx context.Context, d time.Weekday) string {
	return t(ctx, map[time.Weekday]string{
		time.Sunday: "Sunday", time.Monday: "Monday", time.Tuesday: "Tuesday", time.Wednesday: "Wednesday", time.Thursday: "Thursday", time.Friday: "Friday", time.Saturday: "Saturday",
	}[d])
}

// shortWeekday is a weekday at the head of a column.
func shortWeekday(ctx context.Context, d time.Weekday) string {
	return t(ctx, map[time.Weekday]string{
		time.Sunday: "Sun", time.Monday: "Mon", time.Tuesday: "Tue", time.Wednesday: "Wed", time.Thursday: "Thu", time.Friday: "Fri", time.Saturday: "Sat",
	}[d])
}

// longDay is a day in words.
func longDay(ctx context.Context, d time.Time) string {
	return tf(ctx, "%s, %d %s %d", weekdayName(ctx, d.Weekday()), d.Day(), monthName(ctx, d.Month()), d.Year())
}

// span is from when to when, in the zone of the first.
func span(ctx context.Context, from, to time.Time) string {
	to = to.In(from.Location())
	const clock = "15:04"
	if dayOf(from).Equal(dayOf(to)) {
		return tf(ctx, "%s, %s to %s", longDay(ctx, from), from.Format(clock), to.Format(clock))
	}
	return tf(ctx, "%s, %s to %s, %s", longDay(ctx, from), from.Format(clock), longDay(ctx, to), to.Format(clock))
}
