package ical

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// The limits of a calendar that is read.
const (
	MaxBytes       = 2 << 20 // octets of the file
	MaxEvents      = 5_000   // VEVENTs in the file
	MaxOccurrences = 20_000  // in the window, of all events together
	maxPerEvent    = recurrence.Limit
)

// Window is what Read looks for.
type Window struct {
	// From and To are its ends; an occurrence that ends at From or starts at To belongs to it.
	From, To time.Time
	// Zone is the reader's, in which times without a zone and whole days are.
	Zone *time.Location
}

// Occurrence is an event of a calendar that was read, or one occurrence of a series.
type Occurrence struct {
	UID string
	// Original is the identity of an occurrence of a series, in the zone of its series; none for
	// an event that does not repeat. UID and Original together are unique in a calendar.
	Original recurrence.Wall
	// Title, Description and Location are plain text without control characters but line ends in
	// the description.
	Title, Description, Location string
	// URL is an http or https address, or empty.
	URL string
	// Status is Confirmed or Tentative.
	Status Status
	// Start and End are moments; End is exclusive and not before Start.
	Start, End time.Time
	// AllDay tells that Start and End are midnights that mean days.
	AllDay bool
}

// Feed is a calendar as read.
type Feed struct {
	Name string // what the calendar calls itself, may be empty
	// Occurrences are in the order of their starts.
	Occurrences []Occurrence
	// Truncated tells that there was more in the window than MaxOccurrences, and that some series
	// are missing.
	Truncated bool
}

// Read reads a calendar. Faults: "calendar.tooLarge", "calendar.tooManyEvents" (KindTooLarge) and
// "calendar.malformed" (KindInvalid); errors of r are given as they are.
func Read(r io.Reader, in Window) (Feed, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Feed{}, err
	}
	if len(text) > MaxBytes {
		return Feed{}, fault.New(fault.KindTooLarge, "calendar.tooLarge", "The calendar is larger than 2 MiB. Subscribe to one with fewer events.")
	}
	events := 0
	errTooMany := fault.New(fault.KindTooLarge, "calendar.tooManyEvents", "The calendar has more than 5,000 events. Subscribe to one with fewer.")
	parsed, err := ics.ParseCalendarWithOptions(strings.NewReader(strings.TrimPrefix(string(text), "\uFEFF")),
		ics.PropertyParser(func(line ics.ContentLine) (*ics.BaseProperty, error) {
			p := property(string(line))
			if p != nil && p.IANAToken == "BEGIN" && p.Value == "VEVENT" {
				if events++; events > MaxEvents {
					return nil, errTooMany
				}
			}
			return p, nil
		}))
	switch {
	case errors.Is(err, errTooMany):
		return Feed{}, errTooMany
	case err != nil:
		return Feed{}, fault.Wrap(err, fault.KindInvalid, "calendar.malformed", "The file is no complete calendar: it must go from BEGIN:VCALENDAR to END:VCALENDAR as iCalendar (.ics) says.")
	case !ended(text):
		return Feed{}, fault.New(fault.KindInvalid, "calendar.malformed", "The calendar ends in the middle: END:VCALENDAR is missing.")
	}
	rd := newReader(parsed, in)
	rd.all(parsed.Events())
	return rd.feed, nil
}

// ended reports whether a file has its last line.
func ended(text []byte) bool {
	tail := strings.TrimRight(strings.ToUpper(string(text[max(0, len(text)-64):])), "\r\n\t \x00\x1a")
	return strings.HasSuffix(tail, "END:VCALENDAR")
}

// wanted are the properties Read looks at; others are not even parsed.
var wanted = map[string]bool{
	"BEGIN": true, "END": true, "UID": true, "SUMMARY": true, "DESCRIPTION": true, "LOCATION": true, "URL": true, "STATUS": true, "SEQUENCE": true,
	"DTSTART": true, "DTEND": true, "DURATION": true, "RRULE": true, "EXRULE": true, "RDATE": true, "EXDATE": true, "RECURRENCE-ID": true,
	"TZID": true, "TZOFFSETTO": true, "X-LIC-LOCATION": true, "X-WR-TIMEZONE": true, "X-WR-CALNAME": true, "NAME": true,
}

// maxHead is how long a property's name and parameters may be, in octets: the parser's work grows
// with the square of it.
const maxHead = 1024

// property parses a content line, nil for those that do not matter or make no sense. The parser
// gets name and parameters alone; the value is everything after the first colon that is not quoted.
func property(line string) *ics.BaseProperty {
	name := line[:min(max(strings.IndexAny(line, ":;"), 0), 64)]
	if !wanted[strings.ToUpper(name)] {
		return nil
	}
	quote, colon := false, -1
	for i := 0; i < min(len(line), maxHead) && colon < 0; i++ {
		switch line[i] {
		case '"':
			quote = !quote
		case ':':
			if !quote {
				colon = i
			}
		}
	}
	if colon < 0 {
		return nil
	}
	p, err := ics.ParseProperty(ics.ContentLine(line[:colon+1]))
	if err != nil || p == nil {
		return nil
	}
	parameters := make(map[string][]string, len(p.ICalParameters))
	for k, v := range p.ICalParameters {
		parameters[strings.ToUpper(k)] = v
	}
	p.IANAToken, p.ICalParameters, p.Value = strings.ToUpper(name), parameters, line[colon+1:]
	switch p.IANAToken {
	case "BEGIN", "END":
		p.Value = strings.ToUpper(strings.TrimSpace(p.Value))
	case "SUMMARY", "DESCRIPTION", "LOCATION", "UID", "X-WR-CALNAME", "NAME":
		p.Value = ics.FromText(p.Value)
	default:
		p.Value = strings.TrimSpace(p.Value)
	}
	return p
}

// event is a VEVENT whose times were understood.
type event struct {
	component  *ics.VEvent
	uid        string
	sequence   int
	start      stamp
	length     recurrence.Wall // on the wall
	original   stamp           // RECURRENCE-ID
	overriding bool
	cancelled  bool
}

// key tells occurrences of all series apart.
type key struct {
	uid  string
	wall recurrence.Wall
}

// reader turns events into occurrences.
type reader struct {
	zones  zones
	window Window
	feed   Feed
	budget int // see repeat
}

func newReader(c *ics.Calendar, in Window) *reader {
	if in.Zone == nil {
		in.Zone = time.UTC
	}
	rd := &reader{window: in, budget: maxWork}
	rd.zones = zonesIn(c, in.Zone)
	for _, p := range c.CalendarProperties {
		if p.IANAToken == "X-WR-CALNAME" || p.IANAToken == "NAME" && rd.feed.Name == "" {
			rd.feed.Name = strings.TrimSpace(clean(p.Value, ' '))
		}
	}
	return rd
}

// all reads every event and gives the occurrences in order.
func (rd *reader) all(components []*ics.VEvent) {
	masters, overrides := map[string]event{}, map[key]event{}
	for i, c := range components {
		e, ok := rd.event(c)
		if !ok {
			continue
		}
		if e.uid == "" {
			e.uid = "event-" + strconv.Itoa(i) // invalid, but seen
		}
		// Of two that mean the same, the later version counts.
		if e.overriding {
			k := key{e.uid, e.original.wall}
			if known, is := overrides[k]; !is || known.sequence <= e.sequence {
				overrides[k] = e
			}
		} else if known, is := masters[e.uid]; !is || known.sequence <= e.sequence {
			masters[e.uid] = e
		}
	}
	changed := map[string][]event{}
	for _, o := range overrides {
		changed[o.uid] = append(changed[o.uid], o)
	}
	for _, uid := range slices.Sorted(maps.Keys(masters)) {
		if len(rd.feed.Occurrences) > MaxOccurrences {
			break
		}
		rd.series(masters[uid], changed[uid])
		delete(changed, uid)
	}
	for _, uid := range slices.Sorted(maps.Keys(changed)) {
		for _, o := range changed[uid] { // an invitation to single occurrences
			rd.add(o, o.start, o.original.wall)
		}
	}
	slices.SortFunc(rd.feed.Occurrences, func(a, b Occurrence) int {
		return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.UID, b.UID), cmp.Compare(a.Original, b.Original))
	})
	if len(rd.feed.Occurrences) > MaxOccurrences {
		rd.feed.Occurrences, rd.feed.Truncated = rd.feed.Occurrences[:MaxOccurrences], true
	}
}

// series adds an event, all its occurrences, and those that differ.
func (rd *reader) series(m event, overrides []event) {
	starts, repeats := rd.repeat(m)
	moved := map[recurrence.Wall]bool{}
	for _, o := range overrides {
		id := o.original.on(m.start)
		if o.original.allDay && !m.start.allDay { // a day is enough to know the occurrence by
			id = id.Date().At(m.start.wall.Clock())
		}
		moved[id] = true
		rd.add(o, o.start, id)
	}
	for _, w := range starts {
		if moved[w] {
			continue
		}
		id := w
		if !repeats {
			id = 0
		}
		rd.add(m, stamp{wall: w, zone: m.start.zone, allDay: m.start.allDay}, id)
	}
}

// add adds one occurrence if it is in the window and takes place.
func (rd *reader) add(e event, start stamp, original recurrence.Wall) {
	rule := recurrence.Rule{Start: start.wall, End: start.wall + e.length, Zone: start.zone}
	if e.cancelled || len(rd.feed.Occurrences) > MaxOccurrences || rule.Validate() != nil {
		return
	}
	for o := range rule.Between(rd.window.From, rd.window.To) {
		text := func(name ics.ComponentProperty, lineEnd rune) string {
			if p := e.component.GetProperty(name); p != nil {
				return strings.TrimSpace(clean(p.Value, lineEnd))
			}
			return ""
		}
		occurrence := Occurrence{
			UID: clean(e.uid, ' '), Original: original, Start: o.Start, End: o.End, AllDay: start.allDay,
			Title: text("SUMMARY", ' '), Description: text("DESCRIPTION", '\n'), Location: text("LOCATION", ' '), URL: text("URL", ' '), Status: Confirmed,
		}
		if !strings.HasPrefix(occurrence.URL, "https://") && !strings.HasPrefix(occurrence.URL, "http://") {
			occurrence.URL = ""
		}
		if strings.EqualFold(text("STATUS", ' '), string(Tentative)) {
			occurrence.Status = Tentative
		}
		rd.feed.Occurrences = append(rd.feed.Occurrences, occurrence)
	}
}

// event reads the times of a VEVENT; ok is false when it has no start that makes sense.
func (rd *reader) event(c *ics.VEvent) (event, bool) {
	get := func(name ics.ComponentProperty) string {
		if p := c.GetProperty(name); p != nil {
			return p.Value
		}
		return ""
	}
	e := event{component: c, uid: get("UID"), cancelled: strings.EqualFold(get("STATUS"), string(Cancelled))}
	e.sequence, _ = strconv.Atoi(get("SEQUENCE")) // 0 when missing or wrong
	var ok bool
	if e.start, ok = rd.stamp(c.GetProperty("DTSTART")); !ok {
		return event{}, false
	}
	if p := c.GetProperty("RECURRENCE-ID"); p != nil {
		if e.original, e.overriding = rd.stamp(p); !e.overriding {
			return event{}, false
		}
	}
	if end, ok := rd.stamp(c.GetProperty("DTEND")); ok {
		e.length = end.on(e.start) - e.start.wall
	} else if length, ok := duration(get("DURATION")); ok {
		e.length = length
	} else if e.start.allDay {
		e.length = oneDay
	}
	if e.length <= 0 {
		e.length = 0
		if e.start.allDay {
			e.length = oneDay
		}
	}
	return e, true
}
