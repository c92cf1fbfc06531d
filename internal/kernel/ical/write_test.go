package ical

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	other "github.com/emersion/go-ical"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

var changed = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// meeting is a series on Mondays in Berlin with one occurrence taken out and one moved.
func meeting(t testing.TB) Event {
	t.Helper()
	berlin, err := recurrence.Zone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return Event{
		UID: "meeting@workdrive", Sequence: 3, Stamp: changed, Title: "Plan, talk; do", Description: "First\nsecond \\ third", Location: "Room 7", URL: "https://workdrive.example/events/7?a=1,2;3",
		Rule: recurrence.Rule{
			Frequency: recurrence.Weekly, Start: wall(t, "2026-03-16T09:00:00"), End: wall(t, "2026-03-16T10:30:00"), Zone: berlin, Until: recurrence.DateOf(2026, 4, 13),
			Exceptions: []recurrence.Wall{wall(t, "2026-04-06T09:00:00"), wall(t, "2026-03-23T09:00:00")},
		},
		Organizer: Person{`Ada "the boss" Example`, "ada@workdrive.example"},
		Attendees: []Attendee{{Person: Person{"Bob: Example, jr.; Ümläut", "bob@workdrive.example"}, RSVP: true}, {Person: Person{"", "guest@elsewhere.example"}, Answer: Accepted, Optional: true}},
		Overrides: []Event{{
			Sequence: 4, Stamp: changed, Title: "Later", Original: wall(t, "2026-03-23T09:00:00"),
			Rule: recurrence.Rule{Start: wall(t, "2026-03-23T14:00:00"), End: wall(t, "2026-03-23T15:00:00"), Zone: berlin},
		}},
	}
}

func written(t testing.TB, c Calendar) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestFiles compares with reviewed files: what is in them is a promise to other programs.
func TestFiles(t *testing.T) {
	once := meeting(t)
	once.Overrides, once.Rule.Frequency, once.Rule.Until, once.Rule.Exceptions = nil, recurrence.Once, 0, nil
	days := once
	days.UID, days.AllDay, days.Rule.Start, days.Rule.End = "days@workdrive", true, wall(t, "2026-03-16T00:00:00"), wall(t, "2026-03-18T00:00:00")
	occurrence := once
	occurrence.Original = wall(t, "2026-03-30T09:00:00")
	for name, c := range map[string]Calendar{
		"written-feed.ics":              {Name: "Ada's events", Events: []Event{meeting(t), days}},
		"written-invitation.ics":        {Method: Request, Events: []Event{once}},
		"written-series-cancelled.ics":  {Method: Cancel, Events: []Event{meeting(t)}},
		"written-one-cancelled.ics":     {Method: Cancel, Events: []Event{occurrence}},
		"written-series-invitation.ics": {Method: Request, Events: []Event{meeting(t)}},
	} {
		t.Run(name, func(t *testing.T) {
			got := written(t, c)
			path := filepath.Join("testdata", name)
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnotherParserReadsIt reads what is written with the parser of another author.
func TestAnotherParserReadsIt(t *testing.T) {
	calendar, err := other.NewDecoder(strings.NewReader(written(t, Calendar{Method: Request, Events: []Event{meeting(t)}}))).Decode()
	if err != nil {
		t.Fatal(err)
	}
	text := func(props other.Props, name string) string {
		s, err := props.Text(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return s
	}
	if got := text(calendar.Props, other.PropMethod); got != "REQUEST" {
		t.Errorf("method %q", got)
	}
	events := calendar.Events()
	if len(events) != 2 {
		t.Fatalf("%d events", len(events))
	}
	master := events[0].Props
	want := meeting(t)
	for name, value := range map[string]string{"UID": want.UID, "SUMMARY": want.Title, "DESCRIPTION": want.Description, "LOCATION": want.Location, "STATUS": "CONFIRMED"} {
		if got := text(master, name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if u, err := master.URI("URL"); err != nil || u.String() != want.URL {
		t.Errorf("URL %v, %v", u, err)
	}
	if n, err := master.Get("SEQUENCE").Int(); err != nil || n != 3 {
		t.Errorf("sequence %d, %v", n, err)
	}
	organizer, guests := master.Get("ORGANIZER"), master.Values("ATTENDEE")
	if organizer.Value != "mailto:ada@workdrive.example" || organizer.Params.Get("CN") != "Ada 'the boss' Example" {
		t.Errorf("%+v", organizer)
	}
	if len(guests) != 2 || guests[0].Params.Get("CN") != want.Attendees[0].Name || guests[0].Params.Get("RSVP") != "TRUE" || guests[0].Params.Get("PARTSTAT") != "NEEDS-ACTION" ||
		guests[1].Params.Get("PARTSTAT") != "ACCEPTED" || guests[1].Params.Get("ROLE") != "OPT-PARTICIPANT" || guests[1].Value != "mailto:guest@elsewhere.example" {
		t.Errorf("%+v", guests)
	}
	set, err := events[0].RecurrenceSet(time.UTC)
	if err != nil || set == nil {
		t.Fatalf("%v, %v", set, err)
	}
	var got []string
	for _, start := range set.All() {
		got = append(got, start.Format("01-02 15:04 -0700"))
	}
	// The moved occurrence is one of the set, and taken out of it by RECURRENCE-ID.
	if diff := cmp.Diff([]string{"03-16 09:00 +0100", "03-23 09:00 +0100", "03-30 09:00 +0200", "04-13 09:00 +0200"}, got); diff != "" {
		t.Error(diff)
	}
	if id, err := events[1].Props.DateTime("RECURRENCE-ID", time.UTC); err != nil || id.UTC().Format("01-02 15:04") != "03-23 08:00" {
		t.Errorf("%v, %v", id, err)
	}
	if start, err := events[1].DateTimeStart(time.UTC); err != nil || start.UTC().Format("01-02 15:04") != "03-23 13:00" {
		t.Errorf("%v, %v", start, err)
	}
}

// TestZonesAreDescribed expands the VTIMEZONEs that are written with another implementation, and
// compares offsets through the years of the series.
func TestZonesAreDescribed(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "Asia/Jerusalem", "Pacific/Apia", "America/Sao_Paulo", "Europe/Dublin", "America/Caracas"} {
		t.Run(name, func(t *testing.T) {
			zone, err := recurrence.Zone(name)
			if err != nil {
				t.Fatal(err)
			}
			e := meeting(t)
			e.Overrides = nil
			e.Rule = recurrence.Rule{Frequency: recurrence.Daily, Start: wall(t, "2001-05-01T09:00:00"), End: wall(t, "2001-05-01T10:00:00"), Zone: zone}
			calendar, err := other.NewDecoder(strings.NewReader(written(t, Calendar{Events: []Event{e}}))).Decode()
			if err != nil {
				t.Fatal(err)
			}
			type onset struct {
				at     time.Time
				offset string
			}
			var onsets []onset
			for _, described := range calendar.Children {
				if described.Name != "VTIMEZONE" {
					continue
				}
				for _, part := range described.Children {
					before, _ := offset(part.Props.Get("TZOFFSETFROM").Value)
					starts := []time.Time{}
					set, err := part.RecurrenceSet(time.UTC)
					if err != nil {
						t.Fatal(err)
					}
					if set == nil {
						start, err := part.Props.DateTime("DTSTART", time.UTC)
						if err != nil {
							t.Fatal(err)
						}
						starts = append(starts, start)
					} else {
						// UNTIL is in UTC, the set is on the wall.
						rule := set.GetRRule()
						if until := rule.OrigOptions.Until; !until.IsZero() {
							rule.Until(until.Add(time.Duration(before) * time.Second))
						}
						starts = rule.Between(time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC), true)
					}
					for _, start := range starts {
						onsets = append(onsets, onset{start.Add(-time.Duration(before) * time.Second), part.Props.Get("TZOFFSETTO").Value})
					}
				}
			}
			slices.SortFunc(onsets, func(a, b onset) int { return a.at.Compare(b.at) })
			for at := time.Date(2001, 5, 1, 0, 30, 0, 0, time.UTC); at.Year() < 2047; at = at.Add(5 * time.Hour) {
				i, found := slices.BinarySearchFunc(onsets, at, func(o onset, t time.Time) int { return o.at.Compare(t) })
				if !found {
					i--
				}
				_, seconds := at.In(zone).Zone()
				if i < 0 || onsets[i].offset != offsetText(seconds) {
					t.Fatalf("at %v the offset is described as %v, want %s", at, onsets[max(i, 0)], offsetText(seconds))
				}
			}
		})
	}
}

// TestWhatIsWrittenIsRead writes drawn series and reads them back.
func TestWhatIsWrittenIsRead(t *testing.T) {
	names := []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata", "Pacific/Apia"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := recurrence.Zone(rapid.SampledFrom(names).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		start := recurrence.DateOf(2026, 1, 1).At(0) + recurrence.Wall(rapid.IntRange(0, 400*86400).Draw(t, "start"))
		r := recurrence.Rule{
			Frequency: recurrence.Frequency(rapid.IntRange(0, 4).Draw(t, "frequency")), Start: start, End: start + recurrence.Wall(rapid.IntRange(0, 3*86400).Draw(t, "length")), Zone: zone,
			Until: start.Date() + recurrence.Date(rapid.IntRange(0, 400).Draw(t, "days")),
		}
		if rapid.Bool().Draw(t, "split") {
			if o, ok := r.Next(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)); ok {
				if _, tail, ok := r.Split(o.ID); ok {
					r = tail
				}
			}
		}
		if o, ok := r.Next(time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)); ok && r.Frequency != recurrence.Once {
			r.Exceptions = []recurrence.Wall{o.ID}
		}
		title := rapid.String().Draw(t, "title")
		var b bytes.Buffer
		if err := Write(&b, Calendar{Events: []Event{{UID: "a", Stamp: changed, Title: title, Rule: r}}}); err != nil {
			t.Fatal(err)
		}
		in := Window{time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC), time.UTC}
		feed, err := Read(&b, in)
		if err != nil {
			t.Fatal(err)
		}
		var want, got [][2]int64
		for o := range r.Between(in.From, in.To) {
			want = append(want, [2]int64{o.Start.Unix(), o.End.Unix()})
		}
		for _, o := range feed.Occurrences {
			got = append(got, [2]int64{o.Start.Unix(), o.End.Unix()})
			if o.Title != strings.TrimSpace(clean(title, ' ')) {
				t.Fatalf("title %q became %q", title, o.Title)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%+v: %s", r, diff)
		}
	})
}

func TestRefusedEvents(t *testing.T) {
	for name, change := range map[string]func(*Calendar, *Event){
		"no UID":                        func(_ *Calendar, e *Event) { e.UID = "" },
		"no stamp":                      func(_ *Calendar, e *Event) { e.Stamp = time.Time{} },
		"no zone":                       func(_ *Calendar, e *Event) { e.Rule.Zone = nil },
		"an address that ends its line": func(_ *Calendar, e *Event) { e.Attendees[0].Email = "a@b.example\r\nX:y" },
		"an address with a blank":       func(_ *Calendar, e *Event) { e.Attendees[0].Email = `"a b"@b.example` },
		"a name and an address":         func(_ *Calendar, e *Event) { e.Organizer.Email = "Ada <ada@workdrive.example>" },
		"a name without an address":     func(_ *Calendar, e *Event) { e.Organizer.Email = "" },
		"a script":                      func(_ *Calendar, e *Event) { e.URL = "javascript:alert(1)" },
		"a link that ends its line":     func(_ *Calendar, e *Event) { e.URL = "https://a.example/\r\nX:y" },
		"nobody invited":                func(c *Calendar, e *Event) { c.Method, e.Attendees = Request, nil },
		"an occurrence that repeats":    func(_ *Calendar, e *Event) { e.Overrides[0].Rule.Frequency = recurrence.Daily },
		"nothing but occurrences":       func(_ *Calendar, e *Event) { e.Alone, e.Overrides = true, nil },
		"an occurrence of none":         func(_ *Calendar, e *Event) { e.Overrides[0].Original = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			e := meeting(t)
			c := Calendar{Method: Publish}
			change(&c, &e)
			c.Events = []Event{e}
			var b bytes.Buffer
			if err := Write(&b, c); !fault.Is(err, fault.KindInvalid) || b.Len() != 0 {
				t.Errorf("%v, and wrote %q", err, b.String())
			}
		})
	}
}

// FuzzWrite puts anything into the texts: no line may be longer than allowed or cut a character,
// and no property may appear that was not meant.
func FuzzWrite(f *testing.F) {
	f.Add("a\r\nATTACH:http://x", "Ada\"\r\nX-A:b", "x;y,z\\n")
	f.Add(strings.Repeat("ü", 200), strings.Repeat("\U0001F382", 40), "\xff\xfe\u2028\u0085\x1b")
	f.Fuzz(func(t *testing.T, title, name, place string) {
		e := meeting(t)
		plain := written(t, Calendar{Name: "n", Events: []Event{e}})
		e.Title, e.Description, e.Organizer.Name, e.Attendees[0].Name, e.Location = "t"+title, "t"+title, "n"+name, "n"+name, "p"+place
		text := written(t, Calendar{Name: "n" + name, Events: []Event{e}})
		for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
			if len(line) > maxLine || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n\x00\x1b") {
				t.Fatalf("line %q", line)
			}
		}
		if got, want := properties(text), properties(plain); !slices.Equal(got, want) {
			t.Fatalf("properties %v, want %v", got, want)
		}
		calendar, err := other.NewDecoder(strings.NewReader(text)).Decode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := calendar.Events()[0].Props.Text("DESCRIPTION"); err != nil || got != clean("t"+title, '\n') {
			t.Fatalf("%q became %q, %v", title, got, err)
		}
	})
}

// properties gives the names of all lines after unfolding.
func properties(text string) []string {
	var names []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n ", ""), "\r\n") {
		names = append(names, line[:max(strings.IndexAny(line, ":;"), 0)])
	}
	return names
}
