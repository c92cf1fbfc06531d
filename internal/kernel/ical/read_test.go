package ical

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

func window(t testing.TB, from, to, zone string) Window {
	t.Helper()
	z, err := recurrence.Zone(zone)
	if err != nil {
		t.Fatal(err)
	}
	return Window{wall(t, from).In(z), wall(t, to).In(z), z}
}

func wall(t testing.TB, text string) recurrence.Wall {
	t.Helper()
	w, err := recurrence.ParseWall(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// shown writes occurrences in a line each.
func shown(f Feed) []string {
	var list []string
	for _, o := range f.Occurrences {
		line := o.Start.UTC().Format("01-02 15:04") + "–" + o.End.UTC().Format("01-02 15:04") + " " + o.Title
		if o.AllDay {
			line += " (day)"
		}
		if o.Original != 0 {
			line += " [" + o.Original.String() + "]"
		}
		list = append(list, line)
	}
	return list
}

func TestFilesOfOthers(t *testing.T) {
	for _, c := range []struct {
		file, name string
		window     Window
		want       []string
	}{
		{"google.ics", "Team, north", window(t, "2026-03-20T00:00:00", "2026-05-01T00:00:00", "America/New_York"), []string{
			"03-23 08:00–03-23 08:30 Standup [2026-03-23T09:00:00]",
			"03-30 12:00–03-30 12:30 Standup (later) [2026-03-30T09:00:00]",
			"04-03 04:00–04-05 04:00 Trip (day)",
			"04-13 07:00–04-13 07:30 Standup [2026-04-13T09:00:00]",
		}},
		{"outlook.ics", "Kalender", window(t, "2026-01-01T00:00:00", "2027-01-01T00:00:00", "Europe/Berlin"), []string{
			"02-27 20:00–02-27 21:00 Last Friday [2026-02-27T15:00:00]",
			"03-02 04:00–03-02 04:30 Own zone",
			"03-06 15:00–03-06 15:30 Daily [2026-03-06T10:00:00]",
			"03-08 14:00–03-08 14:30 Daily [2026-03-08T10:00:00]",
			"03-09 14:00–03-09 14:30 Daily [2026-03-09T10:00:00]",
			"03-27 19:00–03-27 20:00 Last Friday [2026-03-27T15:00:00]",
			"04-24 19:00–04-24 20:00 Last Friday [2026-04-24T15:00:00]",
		}},
		{"apple.ics", "Zuhause", window(t, "2028-01-01T00:00:00", "2029-01-01T00:00:00", "Europe/Berlin"), []string{
			"02-28 23:00–02-29 23:00 Geburtstag 🎂 (day) [2028-02-29T00:00:00]",
			"03-01 07:00–03-01 08:30 Floating",
			"03-01 21:00–03-01 22:00 Listed [2028-03-02T08:00:00]",
			"03-03 08:00–03-03 08:00 Too often [2028-03-03T08:00:00]",
			"03-04 21:00–03-04 22:00 Listed [2028-03-05T08:00:00]",
		}},
	} {
		t.Run(c.file, func(t *testing.T) {
			f, err := os.Open(filepath.Join("testdata", c.file))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			feed, err := Read(f, c.window)
			if err != nil {
				t.Fatal(err)
			}
			if feed.Name != c.name || feed.Truncated {
				t.Errorf("name %q, truncated %v", feed.Name, feed.Truncated)
			}
			if diff := cmp.Diff(c.want, shown(feed)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatAnEventSays(t *testing.T) {
	text, err := os.ReadFile("testdata/google.ics")
	if err != nil {
		t.Fatal(err)
	}
	feed, err := Read(strings.NewReader("\uFEFF"+string(text)), window(t, "2026-03-23T00:00:00", "2026-03-31T00:00:00", "UTC"))
	if err != nil || len(feed.Occurrences) != 2 {
		t.Fatalf("%v, %v", feed, err)
	}
	first, second := feed.Occurrences[0], feed.Occurrences[1]
	if want := "What did we do?\nWhat's next: <b>plan</b>, talk; and a long line that goes on in the next one"; first.Description != want {
		t.Errorf("description %q", first.Description)
	}
	if first.Location != "Room 7" || first.Status != Confirmed || second.Status != Tentative || first.UID != "standup@google.com" {
		t.Errorf("%+v", first)
	}
	text, err = os.ReadFile("testdata/apple.ics")
	if err != nil {
		t.Fatal(err)
	}
	feed, err = Read(strings.NewReader(string(text)), window(t, "2028-03-01T00:00:01", "2028-03-02T23:00:00", "UTC"))
	if err != nil || len(feed.Occurrences) != 2 || feed.Occurrences[0].URL != "https://example.org/x" || feed.Occurrences[1].URL != "" {
		t.Errorf("%+v, %v", feed, err)
	}
}

// file makes a calendar of events, given as their lines.
func file(events ...string) string {
	return "BEGIN:VCALENDAR\r\n" + strings.Join(events, "") + "END:VCALENDAR\r\n"
}

func vevent(lines ...string) string {
	return "BEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n"
}

func TestDetailsOfSeries(t *testing.T) {
	in := window(t, "2026-03-01T00:00:00", "2026-04-01T00:00:00", "Europe/Berlin")
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"a day takes an occurrence out", file(vevent("UID:a", "DTSTART:20260301T080000Z", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20260302")), []string{"03-01 08:00–03-01 08:00  [2026-03-01T08:00:00]", "03-03 08:00–03-03 08:00  [2026-03-03T08:00:00]"}},
		{"UNTIL is a day and includes it", file(vevent("UID:a", "DTSTART:20260301T080000Z", "RRULE:FREQ=DAILY;UNTIL=20260302")), []string{"03-01 08:00–03-01 08:00  [2026-03-01T08:00:00]", "03-02 08:00–03-02 08:00  [2026-03-02T08:00:00]"}},
		{"UNTIL on the wall", file(vevent("UID:a", "DTSTART:20260329T080000", "RRULE:FREQ=DAILY;UNTIL=20260330T080000")), []string{"03-29 06:00–03-29 06:00  [2026-03-29T08:00:00]", "03-30 06:00–03-30 06:00  [2026-03-30T08:00:00]"}},
		{"the first occurrence is always one", file(vevent("UID:a", "DTSTART:20260301T080000Z", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=1")), []string{"03-01 08:00–03-01 08:00  [2026-03-01T08:00:00]", "03-02 08:00–03-02 08:00  [2026-03-02T08:00:00]"}},
		{"the later version counts", file(vevent("UID:a", "SEQUENCE:2", "SUMMARY:new", "DTSTART:20260301T080000Z"), vevent("UID:a", "SEQUENCE:1", "SUMMARY:old", "DTSTART:20260302T080000Z")), []string{"03-01 08:00–03-01 08:00 new"}},
		{"an occurrence without its series", file(vevent("UID:a", "RECURRENCE-ID:20260301T080000Z", "DTSTART:20260302T080000Z")), []string{"03-02 08:00–03-02 08:00  [2026-03-01T08:00:00]"}},
		{"moved into the window", file(vevent("UID:a", "DTSTART:20250101T080000Z", "RRULE:FREQ=YEARLY"), vevent("UID:a", "RECURRENCE-ID:20260101T080000Z", "DTSTART:20260302T080000Z")), []string{"03-02 08:00–03-02 08:00  [2026-01-01T08:00:00]"}},
		{"moved out of the window", file(vevent("UID:a", "DTSTART:20250302T080000Z", "RRULE:FREQ=YEARLY"), vevent("UID:a", "RECURRENCE-ID:20260302T080000Z", "DTSTART:20260702T080000Z")), nil},
		{"unknown zone with a description", file("BEGIN:VTIMEZONE\r\nTZID:Here\r\nX-LIC-LOCATION:Asia/Kathmandu\r\nEND:VTIMEZONE\r\n", vevent("UID:a", "DTSTART;TZID=Here:20260302T080000")), []string{"03-02 02:15–03-02 02:15 "}},
		{"unknown zone", file(vevent("UID:a", "DTSTART;TZID=Nowhere:20260302T080000")), []string{"03-02 07:00–03-02 07:00 "}},
		{"lower case, bare line ends, no UID", "begin:vcalendar\nbegin:vevent\nsummary:x\ndtstart;tzid=europe/berlin:20260302T080000Z\nend:vevent\nend:vcalendar", []string{"03-02 08:00–03-02 08:00 x"}},
		{"an end before the start, and days without an end", file(vevent("UID:a", "DTSTART:20260302T080000Z", "DTEND:20260301T080000Z"), vevent("UID:b", "DTSTART;VALUE=DATE:20260303")), []string{"03-02 08:00–03-02 08:00 ", "03-02 23:00–03-03 23:00  (day)"}},
		{"a start that makes no sense, and one of the year 0", file(vevent("UID:a", "DTSTART:20269999T080000Z"), vevent("UID:b"), vevent("UID:c", "DTSTART:00000101T080000Z")), nil},
		{"rules that make no sense", file(vevent("UID:a", "DTSTART:20260302T080000Z", "RRULE:FREQ=FORTNIGHTLY"), vevent("UID:b", "DTSTART:20260303T080000Z", "RRULE:FREQ=DAILY;RSCALE=CHINESE"), vevent("UID:c", "DTSTART:20260304T080000Z", "RRULE:FREQ=DAILY;INTERVAL=99999999999")), []string{
			"03-02 08:00–03-02 08:00  [2026-03-02T08:00:00]", "03-03 08:00–03-03 08:00  [2026-03-03T08:00:00]", "03-04 08:00–03-04 08:00  [2026-03-04T08:00:00]",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			feed, err := Read(strings.NewReader(c.file), in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, shown(feed)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoCalendars(t *testing.T) {
	in := window(t, "2026-03-01T00:00:00", "2026-04-01T00:00:00", "UTC")
	for _, c := range []struct{ name, file, code string }{
		{"nothing", "", "calendar.malformed"},
		{"a page", "<!doctype html><title>Sign in</title>", "calendar.malformed"},
		{"cut off", strings.TrimSuffix(file(vevent("DTSTART:20260302T080000Z")), "END:VCALENDAR\r\n"), "calendar.malformed"},
		{"cut off in an event", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260302T080000Z\r\n", "calendar.malformed"},
		{"nested without end", "BEGIN:VCALENDAR\r\n" + strings.Repeat("BEGIN:VEVENT\r\n", 2000), "calendar.malformed"},
		{"too large", file(vevent("DTSTART:20260302T080000Z", "DESCRIPTION:"+strings.Repeat("x", MaxBytes))), "calendar.tooLarge"},
		{"too many", file(strings.Repeat(vevent("DTSTART:20260302T080000Z"), MaxEvents+1)), "calendar.tooManyEvents"},
	} {
		t.Run(c.name, func(t *testing.T) {
			feed, err := Read(strings.NewReader(c.file), in)
			if f, ok := fault.As(err); !ok || f.Code != c.code {
				t.Errorf("%v, %v; want %s", feed, err, c.code)
			}
		})
	}
	broken := errors.New("the line is dead")
	if _, err := Read(iotest.ErrReader(broken), in); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// TestHostileFilesAreBounded reads what would take hours or all memory if it were believed; the
// test's own time limit is the assertion, beside the number of occurrences.
func TestHostileFilesAreBounded(t *testing.T) {
	in := window(t, "2026-01-01T00:00:00", "2036-01-01T00:00:00", "Europe/Berlin")
	series := func(rule string, lines ...string) string {
		var b strings.Builder
		for i := range MaxEvents {
			b.WriteString(vevent(append([]string{fmt.Sprintf("UID:%d", i), "DTSTART:00010102T000000Z", "RRULE:" + rule}, lines...)...))
		}
		return file(b.String())
	}
	short := strings.Repeat("1,", 40) + "1"
	for name, text := range map[string]string{
		"never":             series("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
		"never, counted":    series("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5"),
		"never, by years":   series("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=9"),
		"every second":      series("FREQ=SECONDLY"),
		"every second, too": series("FREQ=DAILY;BYHOUR=" + short + ";BYMINUTE=" + short + ";BYSECOND=" + short),
		"positions":         series("FREQ=DAILY;BYSETPOS=" + short),
		"always":            series("FREQ=DAILY"),
		"all hours":         series("FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23"),
		"dates":             file(vevent("DTSTART:20260101T000000Z", "RDATE:"+strings.Repeat("20260101T000000Z,", 100_000))),
		"parameters":        file(vevent("DTSTART" + strings.Repeat(";A=B", 400_000) + ":20260101T000000Z")),
		"zones":             file(vevent("DTSTART:20260101T000000Z", "EXDATE;TZID="+strings.Repeat("a/", 60)+":20260101T000000")),
		"lines":             file(vevent("DTSTART:20260101T000000Z", strings.Repeat("X:\r\n", 300_000))),
	} {
		t.Run(name, func(t *testing.T) {
			feed, err := Read(strings.NewReader(text), in)
			if err != nil || len(feed.Occurrences) > MaxOccurrences {
				t.Errorf("%d occurrences, %v", len(feed.Occurrences), err)
			}
			if (name == "always" || name == "all hours" || name == "positions") != feed.Truncated {
				t.Errorf("truncated: %v", feed.Truncated)
			}
		})
	}
}

// TestRulesNearTheWindow compares what is computed near the window with the whole series.
func TestRulesNearTheWindow(t *testing.T) {
	days := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	rapid.Check(t, func(t *rapid.T) {
		for range 4 {
			compare(t, days)
		}
	})
}

// compare draws a rule and a window.
func compare(t *rapid.T, days []string) {
	start := recurrence.Date(rapid.IntRange(int(recurrence.DateOf(1990, 1, 1)), int(recurrence.DateOf(2030, 1, 1))).Draw(t, "start")).At(9 * time.Hour)
	// The other implementation wants days to be numbered all or none.
	n := rapid.SampledFrom([]string{"", "", "1", "2", "-1", "-3"}).Draw(t, "n")
	rule := fmt.Sprintf("FREQ=%s;INTERVAL=%d", rapid.SampledFrom([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}).Draw(t, "frequency"), rapid.IntRange(1, 7).Draw(t, "interval"))
	for _, part := range []string{
		";BYDAY=" + n + rapid.SampledFrom(days).Draw(t, "day") + "," + n + rapid.SampledFrom(days).Draw(t, "other"), fmt.Sprintf(";BYMONTH=%d", rapid.IntRange(1, 12).Draw(t, "month")),
		fmt.Sprintf(";BYMONTHDAY=%d", rapid.SampledFrom([]int{1, 15, 29, 31, -1, -30}).Draw(t, "monthDay")), ";WKST=" + rapid.SampledFrom(days).Draw(t, "weekStart"),
		// Of the first week the other implementation does not count the days before the start.
		fmt.Sprintf(";BYSETPOS=%d", rapid.SampledFrom([]int{1, 2, -1}).Draw(t, "position")), fmt.Sprintf(";BYYEARDAY=%d", rapid.SampledFrom([]int{1, 60, -1, -60, 366}).Draw(t, "yearDay")), fmt.Sprintf(";COUNT=%d", rapid.IntRange(1, 300).Draw(t, "count")), ";BYHOUR=8,17",
	} {
		weeklyPosition := strings.Contains(rule, "WEEKLY") && strings.Contains(part, "BYSETPOS")
		if rapid.IntRange(0, 3).Draw(t, part[:5]) == 0 && !weeklyPosition {
			rule += part
		}
	}
	from := time.Unix(start.In(time.UTC).Unix()+rapid.Int64Range(0, 40*365*86400).Draw(t, "from"), 0).UTC()
	in := Window{from, from.AddDate(1, 0, 0), time.UTC}
	text := file(vevent("UID:a", "DTSTART:"+start.In(time.UTC).Format(utcForm), "RRULE:"+rule))
	feed, err := Read(strings.NewReader(text), in)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := rrule.StrToRRule("DTSTART:" + start.In(time.UTC).Format(utcForm) + "\nRRULE:" + rule)
	if err != nil {
		t.Fatal(err)
	}
	want := whole.Between(in.From, in.To, true)
	if first := start.In(time.UTC); !first.Before(in.From) && !slices.Contains(want, first) {
		want = append([]time.Time{first}, want...)
	}
	var got []time.Time
	for _, o := range feed.Occurrences {
		got = append(got, o.Start.UTC())
	}
	if !slices.EqualFunc(got, want, time.Time.Equal) {
		t.Fatalf("%s from %v in %v:\ngot  %v\nwant %v", rule, start, in.From, got, want)
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.ics")
	if err != nil || len(files) < 3 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(file(vevent("UID:a", "DTSTART:20260301T080000Z", "RRULE:FREQ=YEARLY;BYWEEKNO=1,53;BYYEARDAY=-1;BYSETPOS=-1;COUNT=9", "EXDATE;VALUE=DATE:20260302", "DURATION:P1W")))
	in := window(f, "2026-01-01T00:00:00", "2028-12-31T00:00:00", "Europe/Berlin")
	f.Fuzz(func(t *testing.T, text string) {
		feed, err := Read(strings.NewReader(text), in)
		if err != nil {
			if _, ok := fault.As(err); !ok {
				t.Fatalf("%v is no fault", err)
			}
			return
		}
		seen := map[string]bool{}
		for i, o := range feed.Occurrences {
			if o.End.Before(o.Start) || o.Start.After(in.To) || o.End.Before(in.From) || i > 0 && o.Start.Before(feed.Occurrences[i-1].Start) {
				t.Fatalf("%+v", o)
			}
			if strings.ContainsAny(o.Title+o.Location+o.UID+o.URL, "\r\n\x00\x1b") || strings.ContainsAny(o.Description, "\r\x00\x1b") {
				t.Fatalf("control characters in %+v", o)
			}
			id := o.UID + "\x00" + o.Original.String()
			if seen[id] {
				t.Fatalf("two of %q", id)
			}
			seen[id] = true
		}
	})
}
