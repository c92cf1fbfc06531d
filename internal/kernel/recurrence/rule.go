package recurrence

import (
	"fmt"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Limit is how many occurrences a series with an end may have, exceptions included, and how many
// of a series without an end are given at a time.
const Limit = 1000

// Frequency is how often a series repeats. Its numbers may be stored.
type Frequency uint8

// The frequencies.
const (
	Once     Frequency = iota // does not repeat
	Daily                     // every day
	Weekly                    // every week, on the weekday of the start
	BiWeekly                  // every second week, on the weekday of the start
	Monthly                   // every month, on the day of the start or the month's last
)

// String gives the word of the frequency.
func (f Frequency) String() string {
	switch f {
	case Once:
		return "once"
	case Daily:
		return "daily"
	case Weekly:
		return "weekly"
	case BiWeekly:
		return "biWeekly"
	case Monthly:
		return "monthly"
	}
	return fmt.Sprintf("Frequency(%d)", uint8(f))
}

// days gives the days from one occurrence to the next; 0 when it is not a number of days.
func (f Frequency) days() Date {
	switch f {
	case Daily:
		return 1
	case Weekly:
		return 7
	case BiWeekly:
		return 14
	}
	return 0
}

// Rule is a series: when its first occurrence is, and how it repeats. A Rule is a value, methods
// do not change it; they expect one that Validate has nothing against.
type Rule struct {
	Frequency Frequency
	// Start and End are those of the first occurrence, on the wall of Zone. End may equal Start.
	Start, End Wall
	// Zone is where the wall hangs.
	Zone *time.Location
	// Until is the last day, in Zone, on which an occurrence may start; none for a series that
	// goes on.
	Until Date
	// MonthDay is the day of the month (29–31) of a Monthly series whose first occurrence is on
	// the last day of a shorter month, as happens to the second part of a split; 0 otherwise.
	MonthDay int
	// Exceptions are the identities of occurrences that do not take place, in any order.
	Exceptions []Wall
}

// Occurrence is one of a series.
type Occurrence struct {
	// ID is the original start on the wall of the series' zone.
	ID Wall
	// Start and End are the moments, in the zone of the series. End is exclusive and not before
	// Start.
	Start, End time.Time
}

// Validate says everything that is wrong with a rule at once. Pointers are "/frequency", "/start",
// "/end", "/zone", "/until", "/monthDay" and "/exceptions".
func (r Rule) Validate() error {
	var wrong fault.Fields
	if r.Frequency > Monthly {
		wrong.Add("/frequency", "recurrence.frequencyUnknown", "The frequency must be daily, weekly, biWeekly or monthly.")
	}
	if r.Zone == nil || r.Zone == time.Local {
		wrong.Add("/zone", "recurrence.zoneMissing", "A time zone is required.")
	}
	switch {
	case r.Start <= 0 || r.Start.Date() > lastDate:
		wrong.Add("/start", "recurrence.startInvalid", "A start between the years 1 and 9999 is required.")
	case r.End < r.Start:
		wrong.Add("/end", "recurrence.endBeforeStart", "The end must not be before the start.")
	case r.End.Date() > lastDate:
		wrong.Add("/end", "recurrence.endInvalid", "The end must not be after the year 9999.")
	case r.Until != 0 && r.Until < r.Start.Date():
		wrong.Add("/until", "recurrence.untilBeforeStart", "The last day of the repetition must not be before the start.")
	case r.Until > lastDate:
		wrong.Add("/until", "recurrence.untilInvalid", "The last day of the repetition must not be after the year 9999.")
	case r.Frequency <= Monthly && r.Until != 0 && r.steps() > Limit:
		wrong.Addf("/until", "recurrence.untilTooFar",
			"The event would take place %d times; at most %d are possible. Choose an earlier last day or repeat less often.", r.steps(), Limit)
	}
	if r.MonthDay != 0 && (r.Frequency != Monthly || r.MonthDay > 31 || clampedTo(r.Start.Date(), r.MonthDay) != r.Start.Date()) {
		wrong.Add("/monthDay", "recurrence.monthDayInvalid", "The day of the month must be that of the start, or the start the last day of a shorter month.")
	}
	if len(r.Exceptions) > Limit {
		wrong.Addf("/exceptions", "recurrence.tooManyExceptions", "At most %d occurrences can be taken out of a series; end it and begin another.", Limit)
	}
	return wrong.Err()
}

// Count gives how many occurrences take place; ok is false when the series goes on.
func (r Rule) Count() (n int, ok bool) {
	if r.endless() {
		return 0, false
	}
	n = r.steps()
	for id := range r.excepted() {
		if _, is := r.place(id); is {
			n--
		}
	}
	return n, true
}

// Contains reports whether an occurrence with this identity takes place.
func (r Rule) Contains(id Wall) bool {
	_, ok := r.Occurrence(id)
	return ok
}

// Occurrence gives the occurrence with an identity, if it takes place.
func (r Rule) Occurrence(id Wall) (Occurrence, bool) {
	if _, is := r.place(id); !is || r.excepted()[id] {
		return Occurrence{}, false
	}
	return r.occurrence(id), true
}

// Split cuts a series before an occurrence, for changes of "this and the following": the
// occurrences of head and tail are, with their identities, those of r. ok is false when there is
// nothing to cut: at is the first occurrence or none of the series. An exception is a place to cut,
// too, as it may be an occurrence that was changed by itself.
func (r Rule) Split(at Wall) (head, tail Rule, ok bool) {
	if n, is := r.place(at); !is || n == 0 {
		return Rule{}, Rule{}, false
	}
	head, tail = r, r
	head.Until = at.Date() - 1 // there is at most one occurrence a day
	tail.Start, tail.End = at, at+r.length()
	if tail.MonthDay = r.DayOfMonth(); tail.MonthDay == dayOfMonth(at.Date()) {
		tail.MonthDay = 0
	}
	head.Exceptions, tail.Exceptions = nil, nil
	for _, id := range r.Exceptions {
		if id < at {
			head.Exceptions = append(head.Exceptions, id)
		} else {
			tail.Exceptions = append(tail.Exceptions, id)
		}
	}
	return head, tail, true
}

// length is the duration of each occurrence on the wall, in seconds.
func (r Rule) length() Wall { return r.End - r.Start }

// endless reports whether the series goes on.
func (r Rule) endless() bool { return r.Frequency != Once && r.Until == 0 }

// DayOfMonth gives the day of the month a Monthly series aims at, 0 for others.
func (r Rule) DayOfMonth() int {
	if r.Frequency != Monthly {
		return 0
	}
	if r.MonthDay != 0 {
		return r.MonthDay
	}
	return dayOfMonth(r.Start.Date())
}

// excepted gives the exceptions as a set.
func (r Rule) excepted() map[Wall]bool {
	set := make(map[Wall]bool, len(r.Exceptions))
	for _, id := range r.Exceptions {
		set[id] = true
	}
	return set
}

// dayOfMonth gives 1–31.
func dayOfMonth(d Date) int {
	_, _, n := d.Civil()
	return n
}

// clampedTo gives the n-th day of the month of d, or its last.
func clampedTo(d Date, n int) Date {
	year, month, _ := d.Civil()
	return min(DateOf(year, month, n), DateOf(year, month+1, 1)-1)
}
