package ical

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

const (
	productID = "-//WorkDrive//WorkDrive//EN"
	dayForm   = "20060102"
	localForm = "20060102T150405"
	utcForm   = "20060102T150405Z"
)

// Write writes a calendar. What other programs would refuse is an Invalid fault, and nothing is
// written then.
func Write(w io.Writer, c Calendar) error {
	c.Method = cmp.Or(c.Method, Publish)
	if err := c.check(); err != nil {
		return err
	}
	var l lines
	l.raw("BEGIN:VCALENDAR")
	l.raw("VERSION:2.0")
	l.raw("PRODID:" + productID)
	l.raw("CALSCALE:GREGORIAN")
	l.raw("METHOD:" + string(c.Method))
	l.text("X-WR-CALNAME", c.Name)
	if c.Method == Publish {
		// How often to look again (RFC 7986, section 5.7, and what Outlook reads).
		l.raw("REFRESH-INTERVAL;VALUE=DURATION:PT1H")
		l.raw("X-PUBLISHED-TTL:PT1H")
	}
	for _, z := range zonesOf(c.Events) {
		l.zone(z)
	}
	for _, e := range c.Events {
		if c.Method == Cancel && !e.Alone {
			e.Status, e.Overrides = Cancelled, nil
		}
		if !e.Alone {
			l.event(e, e.Rule.Zone)
		}
		for _, o := range e.Overrides {
			if o.UID = e.UID; c.Method == Cancel {
				o.Status = Cancelled
			}
			if o.Organizer == (Person{}) {
				o.Organizer = e.Organizer
			}
			l.event(o, e.Rule.Zone)
		}
	}
	l.raw("END:VCALENDAR")
	_, err := w.Write(l.buf.Bytes())
	return err
}

// event adds an event; series is the zone in which its Original is.
func (l *lines) event(e Event, series *time.Location) {
	l.raw("BEGIN:VEVENT")
	l.text("UID", e.UID)
	l.raw("DTSTAMP:" + e.Stamp.UTC().Format(utcForm))
	l.raw("LAST-MODIFIED:" + e.Stamp.UTC().Format(utcForm))
	l.raw("SEQUENCE:" + strconv.Itoa(e.Sequence))
	l.text("SUMMARY", e.Title)
	l.text("DESCRIPTION", e.Description)
	l.text("LOCATION", e.Location)
	if e.URL != "" {
		l.raw("URL:" + e.URL) // a URL that could be parsed has no control characters
	}
	l.raw("STATUS:" + string(cmp.Or(e.Status, Confirmed)))
	l.times(e, series)
	if e.Organizer.Email != "" {
		l.raw("ORGANIZER" + name(e.Organizer) + ":mailto:" + e.Organizer.Email)
	}
	for _, a := range e.Attendees {
		role := "REQ-PARTICIPANT"
		if a.Optional {
			role = "OPT-PARTICIPANT"
		}
		l.raw("ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=" + role + ";PARTSTAT=" + string(cmp.Or(a.Answer, NeedsAction)) +
			";RSVP=" + strings.ToUpper(strconv.FormatBool(a.RSVP)) + name(a.Person) + ":mailto:" + a.Email)
	}
	l.raw("END:VEVENT")
}

func name(p Person) string {
	if strings.TrimSpace(clean(p.Name, ' ')) == "" {
		return ""
	}
	return ";CN=" + quoted(p.Name)
}

// times adds when an event is, and how it repeats.
func (l *lines) times(e Event, series *time.Location) {
	r := e.Rule
	end := r.End
	if e.AllDay {
		// The day after the last one, which is that of the end unless the end is its midnight.
		end = max((r.End-1).Date()+1, r.Start.Date()+1).At(0)
	}
	form := formOf(e)
	l.raw("DTSTART" + form.write(r.Start, r.Zone))
	l.raw("DTEND" + form.write(end, r.Zone))
	if e.Original != 0 {
		l.raw("RECURRENCE-ID" + form.write(e.Original, series))
		return
	}
	if r.Frequency == recurrence.Once {
		return
	}
	l.raw("RRULE:" + repetition(r, e.AllDay))
	for _, id := range slices.Sorted(slices.Values(r.Exceptions)) {
		if !slices.ContainsFunc(e.Overrides, func(o Event) bool { return o.Original == id }) {
			l.raw("EXDATE" + form.write(id, r.Zone))
		}
	}
}

// form is how the times of an event are written.
type form int

const (
	inUTC form = iota
	onWall
	asDays
)

func formOf(e Event) form {
	switch {
	case e.AllDay:
		return asDays
	case e.Rule.Frequency == recurrence.Once && e.Original == 0:
		return inUTC
	}
	return onWall
}

// write gives parameters and value of a time.
func (f form) write(w recurrence.Wall, zone *time.Location) string {
	wall := w.In(time.UTC)
	switch {
	case f == asDays:
		return ";VALUE=DATE:" + wall.Format(dayForm)
	case f == inUTC || isUTC(zone):
		return ":" + w.In(zone).UTC().Format(utcForm)
	}
	return ";TZID=" + zone.String() + ":" + wall.Format(localForm)
}

func isUTC(zone *time.Location) bool { return zone.String() == "UTC" }

// repetition gives the rule of a series in the words of RFC 5545, section 3.3.10.
func repetition(r recurrence.Rule, allDay bool) string {
	rule := map[recurrence.Frequency]string{
		recurrence.Daily: "FREQ=DAILY", recurrence.Weekly: "FREQ=WEEKLY", recurrence.BiWeekly: "FREQ=WEEKLY;INTERVAL=2", recurrence.Monthly: "FREQ=MONTHLY",
	}[r.Frequency]
	if r.Frequency == recurrence.Monthly {
		// Short months have their last day instead: the last of those there are.
		switch r.DayOfMonth() {
		case 31:
			rule += ";BYMONTHDAY=-1"
		case 30:
			rule += ";BYMONTHDAY=28,29,30;BYSETPOS=-1"
		case 29:
			rule += ";BYMONTHDAY=28,29;BYSETPOS=-1"
		}
	}
	switch {
	case r.Until == 0:
		return rule
	case allDay:
		return rule + ";UNTIL=" + r.Until.At(0).In(time.UTC).Format(dayForm)
	}
	return rule + ";UNTIL=" + r.Until.At(r.Start.Clock()).In(r.Zone).UTC().Format(utcForm)
}
