package recurrence

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := Zone(name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return z
}

func wall(t testing.TB, text string) Wall {
	t.Helper()
	w, err := ParseWall(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func date(t testing.TB, text string) Date {
	t.Helper()
	d, err := ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// shown writes the moments of the first occurrences as RFC 3339, "start/end".
func shown(r Rule, first int) []string {
	var list []string
	for o := range r.All() {
		if len(list) == first {
			break
		}
		list = append(list, o.Start.Format(time.RFC3339)+"/"+o.End.Format(time.RFC3339))
	}
	return list
}

func TestSeriesByHand(t *testing.T) {
	for _, c := range []struct {
		name, zone, start, end, until string
		frequency                     Frequency
		want                          []string
	}{
		{"Berlin goes to summer time and keeps its hours", "Europe/Berlin", "2026-03-28T09:00:00", "2026-03-28T17:00:00", "2026-03-30", Daily, []string{
			"2026-03-28T09:00:00+01:00/2026-03-28T17:00:00+01:00", "2026-03-29T09:00:00+02:00/2026-03-29T17:00:00+02:00", "2026-03-30T09:00:00+02:00/2026-03-30T17:00:00+02:00",
		}},
		{"Berlin skips the start, which moves by the gap", "Europe/Berlin", "2026-03-28T02:30:00", "2026-03-28T04:00:00", "2026-03-30", Daily, []string{
			"2026-03-28T02:30:00+01:00/2026-03-28T04:00:00+01:00", "2026-03-29T03:30:00+02:00/2026-03-29T04:00:00+02:00", "2026-03-30T02:30:00+02:00/2026-03-30T04:00:00+02:00",
		}},
		{"Berlin skips so much that the end would be before the start", "Europe/Berlin", "2026-03-22T02:30:00", "2026-03-22T03:15:00", "2026-03-29", Weekly, []string{
			"2026-03-22T02:30:00+01:00/2026-03-22T03:15:00+01:00", "2026-03-29T03:30:00+02:00/2026-03-29T04:15:00+02:00",
		}},
		{"New York has 01:30 twice and means the first", "America/New_York", "2026-10-18T01:30:00", "2026-10-18T03:00:00", "2026-11-15", BiWeekly, []string{
			"2026-10-18T01:30:00-04:00/2026-10-18T03:00:00-04:00", "2026-11-01T01:30:00-04:00/2026-11-01T03:00:00-05:00", "2026-11-15T01:30:00-05:00/2026-11-15T03:00:00-05:00",
		}},
		{"Lord Howe moves by half an hour", "Australia/Lord_Howe", "2026-10-03T02:10:00", "2026-10-03T03:10:00", "2026-10-05", Daily, []string{
			"2026-10-03T02:10:00+10:30/2026-10-03T03:10:00+10:30", "2026-10-04T02:40:00+11:00/2026-10-04T03:10:00+11:00", "2026-10-05T02:10:00+11:00/2026-10-05T03:10:00+11:00",
		}},
		{"Apia had no 30 December 2011", "Pacific/Apia", "2011-12-29T09:00:00", "2011-12-29T10:00:00", "2011-12-31", Daily, []string{
			"2011-12-29T09:00:00-10:00/2011-12-29T10:00:00-10:00", "2011-12-31T09:00:00+14:00/2011-12-31T10:00:00+14:00", "2011-12-31T09:00:00+14:00/2011-12-31T10:00:00+14:00",
		}},
		{"the 31st is the last day of shorter months", "UTC", "2027-01-31T12:00:00", "2027-02-01T01:00:00", "2027-06-30", Monthly, []string{
			"2027-01-31T12:00:00Z/2027-02-01T01:00:00Z", "2027-02-28T12:00:00Z/2027-03-01T01:00:00Z", "2027-03-31T12:00:00Z/2027-04-01T01:00:00Z",
			"2027-04-30T12:00:00Z/2027-05-01T01:00:00Z", "2027-05-31T12:00:00Z/2027-06-01T01:00:00Z", "2027-06-30T12:00:00Z/2027-07-01T01:00:00Z",
		}},
		{"a leap year has its 29 February", "UTC", "2027-12-30T08:00:00", "2027-12-30T08:00:00", "2028-03-30", Monthly, []string{
			"2027-12-30T08:00:00Z/2027-12-30T08:00:00Z", "2028-01-30T08:00:00Z/2028-01-30T08:00:00Z", "2028-02-29T08:00:00Z/2028-02-29T08:00:00Z", "2028-03-30T08:00:00Z/2028-03-30T08:00:00Z",
		}},
		{"weekly over a leap day", "UTC", "2028-02-22T08:00:00", "2028-02-22T09:00:00", "2028-03-07", Weekly, []string{
			"2028-02-22T08:00:00Z/2028-02-22T09:00:00Z", "2028-02-29T08:00:00Z/2028-02-29T09:00:00Z", "2028-03-07T08:00:00Z/2028-03-07T09:00:00Z",
		}},
		{"once", "UTC", "2028-02-22T08:00:00", "2028-02-24T09:00:00", "2028-02-22", Once, []string{"2028-02-22T08:00:00Z/2028-02-24T09:00:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Rule{Frequency: c.frequency, Start: wall(t, c.start), End: wall(t, c.end), Zone: zone(t, c.zone), Until: date(t, c.until)}
			if err := r.Validate(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, shown(r, Limit)); diff != "" {
				t.Error(diff)
			}
			if n, ok := r.Count(); n != len(c.want) || !ok {
				t.Errorf("Count = %d, %v; want %d", n, ok, len(c.want))
			}
		})
	}
}

func TestSplitKeepsTheDayOfTheMonth(t *testing.T) {
	r := Rule{Frequency: Monthly, Start: wall(t, "2027-01-31T12:00:00"), End: wall(t, "2027-01-31T13:00:00"), Zone: time.UTC, Exceptions: []Wall{wall(t, "2027-04-30T12:00:00"), wall(t, "2027-01-31T12:00:00")}}
	head, tail, ok := r.Split(wall(t, "2027-02-28T12:00:00"))
	if !ok {
		t.Fatal("28 February is in the series")
	}
	if got := shown(head, 3); got != nil {
		t.Errorf("head has %v; its only occurrence is an exception", got)
	}
	want := []string{"2027-02-28T12:00:00Z/2027-02-28T13:00:00Z", "2027-03-31T12:00:00Z/2027-03-31T13:00:00Z", "2027-05-31T12:00:00Z/2027-05-31T13:00:00Z"}
	if diff := cmp.Diff(want, shown(tail, 3)); diff != "" {
		t.Error(diff)
	}
	if err := tail.Validate(); err != nil {
		t.Error(err)
	}
	for _, at := range []string{"2027-01-31T12:00:00", "2027-02-28T12:00:01", "2027-03-28T12:00:00", "2026-12-31T12:00:00"} {
		if _, _, ok := r.Split(wall(t, at)); ok {
			t.Errorf("split at %s, which is the first or no occurrence", at)
		}
	}
}

func TestValidateNamesEverything(t *testing.T) {
	good := Rule{Frequency: Daily, Start: wall(t, "2026-01-01T09:00:00"), End: wall(t, "2026-01-01T10:00:00"), Zone: time.UTC}
	for _, c := range []struct {
		name   string
		change func(*Rule)
		want   string // codes without "recurrence."
	}{
		{"good", func(*Rule) {}, ""},
		{"1000 days", func(r *Rule) { r.Until = r.Start.Date() + 999 }, ""},
		{"1001 days", func(r *Rule) { r.Until = r.Start.Date() + 1000 }, "untilTooFar"},
		{"1000 months", func(r *Rule) { r.Frequency, r.Until = Monthly, date(t, "2109-04-30") }, ""},
		{"1001 months", func(r *Rule) { r.Frequency, r.Until = Monthly, date(t, "2109-05-01") }, "untilTooFar"},
		{"until the day of the start", func(r *Rule) { r.Until = r.Start.Date() }, ""},
		{"until before the start", func(r *Rule) { r.Until = r.Start.Date() - 1 }, "untilBeforeStart"},
		{"until beyond the calendar", func(r *Rule) { r.Until = lastDate + 1 }, "untilInvalid"},
		{"end before the start", func(r *Rule) { r.End = r.Start - 1 }, "endBeforeStart"},
		{"no length", func(r *Rule) { r.End = r.Start }, ""},
		{"nothing", func(r *Rule) { *r = Rule{Frequency: 9} }, "frequencyUnknown zoneMissing startInvalid"},
		{"the host's zone", func(r *Rule) { r.Zone = time.Local }, "zoneMissing"},
		{"end beyond the calendar", func(r *Rule) { r.End = (lastDate + 1).At(0) }, "endInvalid"},
		{"day of another month", func(r *Rule) { r.Frequency, r.MonthDay = Monthly, 31 }, "monthDayInvalid"},
		{"day of the month, daily", func(r *Rule) { r.MonthDay = 1 }, "monthDayInvalid"},
		{"many exceptions", func(r *Rule) { r.Exceptions = make([]Wall, Limit+1) }, "tooManyExceptions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := good
			c.change(&r)
			var codes []string
			if f, ok := fault.As(r.Validate()); ok {
				for _, field := range f.Fields {
					codes = append(codes, strings.TrimPrefix(field.Code, "recurrence."))
				}
			}
			if got := strings.Join(codes, " "); got != c.want {
				t.Errorf("codes %q, want %q", got, c.want)
			}
		})
	}
}

func TestEndlessSeriesAreBounded(t *testing.T) {
	r := Rule{Frequency: Daily, Start: wall(t, "1900-01-01T09:00:00"), End: wall(t, "1900-01-01T10:00:00"), Zone: zone(t, "Europe/Berlin")}
	count := func(from, to string) int {
		return len(slices.Collect(r.Between(wall(t, from).In(time.UTC), wall(t, to).In(time.UTC))))
	}
	if got := count("2026-01-01T00:00:00", "2026-01-31T23:00:00"); got != 31 {
		t.Errorf("January has %d", got)
	}
	if got := count("1990-01-01T00:00:00", "2030-01-01T00:00:00"); got != Limit {
		t.Errorf("40 years give %d", got)
	}
	if got := len(slices.Collect(r.All())); got != Limit {
		t.Errorf("All gives %d", got)
	}
	if _, ok := r.Count(); ok {
		t.Error("an endless series was counted")
	}
	if o, ok := r.Next(wall(t, "9999-12-25T00:00:00").In(time.UTC)); !ok || o.Start.Year() != 9999 {
		t.Errorf("the last days of the calendar: %v %v", o, ok)
	}
	if o, ok := r.Next(wall(t, "9999-12-31T00:00:00").In(time.UTC).AddDate(5, 0, 0)); ok {
		t.Errorf("after the calendar: %v", o)
	}
}

func TestWindowsIncludeTheirEnds(t *testing.T) {
	r := Rule{Start: wall(t, "2026-01-01T09:00:00"), End: wall(t, "2026-01-01T10:00:00"), Zone: time.UTC}
	for _, c := range []struct {
		from, to string
		want     int
	}{
		{"2026-01-01T10:00:00", "2026-01-01T12:00:00", 1},
		{"2026-01-01T10:00:01", "2026-01-01T12:00:00", 0},
		{"2026-01-01T08:00:00", "2026-01-01T09:00:00", 1},
		{"2026-01-01T08:00:00", "2026-01-01T08:59:59", 0},
		{"2026-01-01T09:30:00", "2026-01-01T09:30:00", 1},
		{"2026-01-01T12:00:00", "2026-01-01T08:00:00", 0},
	} {
		if got := len(slices.Collect(r.Between(wall(t, c.from).In(time.UTC), wall(t, c.to).In(time.UTC)))); got != c.want {
			t.Errorf("%s – %s has %d, want %d", c.from, c.to, got, c.want)
		}
	}
}

func TestZones(t *testing.T) {
	for _, name := range []string{"", "Local", "localtime", "right/Europe/Berlin", "posix/UTC", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "Europe/", strings.Repeat("a", 1000), "Europe/Berlin\x00"} {
		if z, err := Zone(name); err == nil || !fault.Is(err, fault.KindInvalid) {
			t.Errorf("%q gives %v, %v", name, z, err)
		}
	}
	if a, b := zone(t, "Europe/Berlin"), zone(t, "Europe/Berlin"); a != b || a.String() != "Europe/Berlin" {
		t.Error("the zone was loaded twice")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2026-01-31", "2026-01-31T09:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "2026-02-30", "", "2026-01-31T09:00:00.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseDate(text); err == nil && d != 0 && d.String() != text {
			t.Errorf("%q reads as %s", text, d)
		}
		if w, err := ParseWall(text); err == nil && w != 0 && w.String() != text {
			t.Errorf("%q reads as %s", text, w)
		}
	})
}
