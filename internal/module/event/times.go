package event

import (
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// horizon is how long a series goes on that nobody has given an end.
const horizonYears = 2

// zone gives the time zone of an event. What is stored was checked when it was written; a name
// that the database of zones has dropped since is read as UTC.
func (b *Body) zone() *time.Location {
	z, err := recurrence.Zone(b.Zone)
	if err != nil {
		return time.UTC
	}
	return z
}

// rule is the event as kernel/recurrence knows it, without exceptions. What happens once is on the
// clock of UTC, which shows every moment: the second of two equal hours would be lost on another.
func (b *Body) rule() recurrence.Rule {
	zone := b.zone()
	if b.Frequency == recurrence.Once {
		zone = time.UTC
	}
	r := recurrence.Rule{
		Frequency: b.Frequency, Zone: zone, MonthDay: b.MonthDay,
		Start: recurrence.WallOf(clock.FromMillis(b.Start).In(zone)), End: recurrence.WallOf(clock.FromMillis(b.End).In(zone)),
	}
	if b.Frequency != recurrence.Once {
		r.Until, _ = recurrence.ParseDate(b.Until) // was checked when it was written
		if len(b.Wall) == 2 {
			r.Start, r.End = b.Wall[0], b.Wall[1]
		}
	}
	return r
}

// follow takes a rule over.
func (b *Body) follow(r recurrence.Rule) {
	b.Start, b.End, b.Wall = r.Start.In(r.Zone).UnixMilli(), r.End.In(r.Zone).UnixMilli(), nil
	b.Frequency, b.MonthDay, b.Until = r.Frequency, r.MonthDay, ""
	if r.Frequency == recurrence.Once {
		return
	}
	b.Until = r.Until.String()
	if is := b.rule(); is.Start != r.Start || is.End != r.End {
		b.Wall = []recurrence.Wall{r.Start, r.End}
	}
}

// repeats reports that an event is a series.
func (b *Body) repeats() bool { return b.Frequency != recurrence.Once }

// anchor is the occurrence that the times of a draft are about: where it is now, and in a series
// its place there.
type anchor struct {
	id         recurrence.Wall
	start, end int64 // ms
}

// anchored gives where the series of an event itself has one of its occurrences.
func (b *Body) anchored(id recurrence.Wall) anchor {
	if o, ok := b.rule().Occurrence(id); ok {
		return anchor{id, o.Start.UnixMilli(), o.End.UnixMilli()}
	}
	return anchor{b.rule().Start, b.Start, b.End}
}

// moves reports that a draft says when something is.
func (d Draft) moves() bool { return d.StartDateTime.Set || d.EndDateTime.Set || d.Duration.Value > 0 }

// moved gives the times a draft gives to what is at an anchor, to the second.
func (d Draft) moved(a anchor, bad *fault.Fields) (start, end int64) {
	start, end = a.start, a.end
	if d.StartDateTime.Set {
		if d.StartDateTime.Null {
			bad.Add("/startDateTime", "field.required", "An event needs a start.")
			return start, end
		}
		start = whole(d.StartDateTime.Value)
		end = start + a.end - a.start
	}
	switch {
	case d.EndDateTime.Set && !d.EndDateTime.Null:
		end = whole(d.EndDateTime.Value)
	case d.Duration.Value > 0:
		end = start + d.Duration.Value*minuteMS
	}
	switch {
	case end <= start:
		bad.Add("/endDateTime", "event.endsBeforeStart", "The end must be after the start: send endDateTime, or duration in minutes.")
	case end-start > maxMinutes*minuteMS:
		bad.Addf("/endDateTime", "event.tooLong", "An event lasts at most %d days.", maxMinutes/24/60)
	}
	return start, end
}

// whole drops fractions of a second, which no calendar has.
func whole(t api.Time) int64 { return t.Millis() - t.Millis()%1000 }

// times applies what a draft says of when an event is and how it repeats. at is the occurrence
// whose times are meant; a new event has none.
func (d Draft) times(b *Body, at anchor, bad *fault.Fields) {
	if d.TZID.Value != "" && d.TZID.Value != b.Zone {
		if _, err := recurrence.Zone(d.TZID.Value); err != nil {
			bad.Add("/tzid", "event.zone", "This is not the name of a time zone, such as Europe/Berlin.")
			return
		}
		d.rezone(b, &at)
	}
	was, n := b.rule(), 0
	if d.moves() {
		start, end := d.moved(at, bad)
		if !bad.Empty() {
			return
		}
		if b.repeats() {
			n, _ = was.Count()
			b.follow(shifted(was, at.id, recurrence.WallOf(clock.FromMillis(start).In(was.Zone)), recurrence.WallOf(clock.FromMillis(end).In(was.Zone))))
		} else {
			b.Start, b.End = start, end
		}
	}
	if d.Repeat.Set {
		d.Repeat.Value.apply(b, bad)
	} else if n > 0 && b.rule().Start.Date() != was.Start.Date() { // as many as before
		b.Until = lastDay(b.rule(), n).String()
	}
	if bad.Empty() {
		b.checkRule(bad)
	}
}

// rezone puts an event under another clock, which shows the same times.
func (d Draft) rezone(b *Body, at *anchor) {
	from, r := b.zone(), b.rule()
	b.Zone = d.TZID.Value
	to := b.zone()
	move := func(ms int64) int64 { return recurrence.WallOf(clock.FromMillis(ms).In(from)).In(to).UnixMilli() }
	if b.Start != 0 {
		at.start, at.end = move(at.start), move(at.end)
	}
	switch {
	case b.Start == 0:
	case b.repeats():
		r.Zone = to
		b.follow(r)
	default:
		b.Start, b.End = move(b.Start), move(b.End)
		at.id = b.rule().Start
	}
}

// shifted moves a series so that the occurrence with an identity is at other times.
func shifted(r recurrence.Rule, id, start, end recurrence.Wall) recurrence.Rule {
	days := start.Date() - id.Date()
	first := r.Start.Date() + days
	if r.Frequency == recurrence.Monthly {
		first = r.Start.Date()
		if days != 0 {
			first, r.MonthDay = monthly(r.Start.Date(), id.Date(), start.Date())
		}
	}
	r.Start = first.At(start.Clock())
	r.End = r.Start + end - start
	return r
}

// monthly gives where a monthly series begins whose occurrence on one day moves to another, and
// the day of the month it aims at if its first month is too short for that.
func monthly(first, from, to recurrence.Date) (start recurrence.Date, monthDay int) {
	fy, fm, _ := first.Civil()
	y1, m1, _ := from.Civil()
	y2, m2, day := to.Civil()
	month := fm + time.Month((y2-y1)*12) + m2 - m1
	last := recurrence.DateOf(fy, month+1, 0)
	if start = recurrence.DateOf(fy, month, day); start > last {
		return last, day
	}
	return start, 0
}

// lastDay gives the day on which the nth occurrence of a series is, whatever its end.
func lastDay(r recurrence.Rule, n int) recurrence.Date {
	r.Until = 0
	last := r.Start.Date()
	for o := range r.All() {
		if last = o.ID.Date(); n == 1 {
			break
		}
		n--
	}
	return last
}

// frequencies are the words and numbers of the reference.
var frequencies = map[string]recurrence.Frequency{
	"86400": recurrence.Daily, "daily": recurrence.Daily, "604800": recurrence.Weekly, "weekly": recurrence.Weekly,
	"1209600": recurrence.BiWeekly, "biweekly": recurrence.BiWeekly, "monthly": recurrence.Monthly,
}

// apply makes a series of an event, or ends its repetition.
func (r Repeat) apply(b *Body, bad *fault.Fields) {
	if r.Config == nil {
		b.Frequency, b.Until, b.MonthDay, b.Wall = recurrence.Once, "", 0, nil
		return
	}
	f, ok := frequencies[strings.ToLower(strings.TrimSpace(string(r.Config.Frequency)))]
	if !ok {
		bad.Add("/repeat/config/frequency", "field.enum", "A frequency is 86400 (daily), 604800 (weekly), 1209600 (biWeekly) or monthly.")
		return
	}
	if f != b.Frequency {
		b.Frequency, b.MonthDay = f, 0
	}
	start := recurrence.WallOf(clock.FromMillis(b.Start).In(b.zone())).Date()
	year, month, day := start.Civil()
	until := recurrence.DateOf(year+horizonYears, month, day)
	if ends := r.Config.Ends; ends != nil && ends.Config != nil && ends.Config.Date != "" {
		if until, ok = b.day(ends.Config.Date); !ok {
			bad.Add("/repeat/config/ends/config/date", "field.format", "This must be a day, such as 2026-12-31.")
			return
		}
	}
	b.Until = until.String()
}

// day reads the last day of a series; of a moment it is the day in the zone of the series.
func (b *Body) day(text string) (recurrence.Date, bool) {
	if d, err := recurrence.ParseDate(text); err == nil {
		return d, true
	}
	var t api.Time
	if t.UnmarshalText([]byte(text)) != nil {
		return 0, false
	}
	return recurrence.WallOf(time.Time(t).In(b.zone())).Date(), true
}

// checkRule reports what kernel/recurrence has against the times of an event.
func (b *Body) checkRule(bad *fault.Fields) {
	r := b.rule()
	if b.repeats() && r.Until < r.Start.Date() {
		bad.Add("/repeat/config/ends/config/date", "event.until", "The last day must not be before the first.")
		return
	}
	err := r.Validate()
	if err == nil {
		return
	}
	pointers := map[string]string{"/start": "/startDateTime", "/end": "/endDateTime", "/until": "/repeat/config/ends/config/date", "/zone": "/tzid"}
	if e, ok := fault.As(err); ok {
		for _, f := range e.Fields {
			pointer := pointers[f.Pointer]
			if pointer == "" {
				pointer = "/repeat"
			}
			bad.Add(pointer, f.Code, f.Detail)
		}
	}
}

// shown is a rule of repetition as clients read it.
func (b *Body) shown() *RepeatRule {
	words := map[recurrence.Frequency]api.Text{recurrence.Daily: "86400", recurrence.Weekly: "604800", recurrence.BiWeekly: "1209600", recurrence.Monthly: "monthly"}
	return &RepeatRule{"frequency", words[b.Frequency], &RepeatEnds{&RepeatEnd{"on", b.Until}}}
}
