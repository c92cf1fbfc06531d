package recurrence

import (
	"archive/zip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"
)

// allZones gives every zone of the database that comes with Go.
var allZones = sync.OnceValues(func() ([]string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	var names []string
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, "/") && f.Name != "Factory" {
			names = append(names, f.Name)
		}
	}
	return names, nil
})

func zoneNames(t *testing.T) []string {
	t.Helper()
	names, err := allZones()
	if err != nil || len(names) < 400 {
		t.Fatalf("%d zones, %v", len(names), err)
	}
	return names
}

// oracle resolves a wall by looking at the zone's wall every ten minutes around it.
func oracle(w Wall, zone *time.Location) time.Time {
	const step = 10 * time.Minute
	target := w.utc()
	for t := target.Add(-30 * time.Hour).In(zone); ; t = t.Add(step) {
		for _, sample := range []time.Time{t, t.Add(step)} {
			_, offset := sample.Zone()
			candidate := target.Add(-time.Duration(offset) * time.Second).In(zone)
			if !candidate.Before(t) && candidate.Before(t.Add(step)) && WallOf(candidate) == w {
				return candidate
			}
		}
		if WallOf(t.Add(step)) > w { // jumped over it: what counts is the offset before
			_, offset := t.Zone()
			return target.Add(-time.Duration(offset) * time.Second).In(zone)
		}
	}
}

// TestWallsOfAllZones looks at the walls around every change of every zone.
func TestWallsOfAllZones(t *testing.T) {
	changes := 0
	for _, name := range zoneNames(t) {
		z := zone(t, name)
		for c := range Changes(z, time.Date(1840, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC)) {
			was, is, end := c.Before, c.After, c.At
			if changes++; changes%7 != 0 && max(is-was, was-is) <= 7200 {
				continue // enough of the usual ones; all of the others
			}
			low, high := end.Unix()+int64(min(was, is)), end.Unix()+int64(max(was, is))
			for _, shown := range []int64{low - 1, low, (low + high) / 2, high - 1, high, high + 1} {
				w := Wall(shown + unixEpoch*day)
				if got, want := w.In(z), oracle(w, z); !got.Equal(want) {
					t.Fatalf("%s in %s is %v, want %v", w, name, got, want)
				}
			}
		}
	}
	berlin := zone(t, "Europe/Berlin")
	for year := 2030; year < 2050; year++ { // the rules for every year have the last days of leap years, too
		if w := DateOf(year, 12, 31).At(23 * time.Hour); !w.In(berlin).Equal(oracle(w, berlin)) {
			t.Errorf("%s is %v", w, w.In(berlin))
		}
	}
	if changes < 10_000 {
		t.Errorf("only %d changes in all zones", changes)
	}
}

// anyRule draws a valid rule: mostly with an end, with exceptions, and near where the zone's
// clocks have changed as well as far from it.
func anyRule(t *rapid.T, zone *time.Location) Rule {
	start := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) Wall {
			return Wall(rapid.Int64Range(int64(DateOf(1890, 1, 1).At(0)), int64(DateOf(2100, 1, 1).At(0))).Draw(t, "start"))
		}),
		rapid.Custom(func(t *rapid.T) Wall {
			from := time.Unix(rapid.Int64Range(-2.4e9, 2.4e9).Draw(t, "near"), 0).In(zone)
			if _, change := from.ZoneBounds(); !change.IsZero() {
				from = change
			}
			return WallOf(from) + Wall(rapid.Int64Range(-40*day, 7200).Draw(t, "offset"))
		}),
	).Draw(t, "start")
	r := Rule{
		Frequency: Frequency(rapid.IntRange(int(Once), int(Monthly)).Draw(t, "frequency")),
		Start:     start, Zone: zone,
		End: start + rapid.OneOf(rapid.Just(Wall(0)), rapid.Custom(func(t *rapid.T) Wall { return Wall(rapid.IntRange(0, 6*3600).Draw(t, "hours")) }),
			rapid.Custom(func(t *rapid.T) Wall { return Wall(rapid.IntRange(0, 40*day).Draw(t, "days")) })).Draw(t, "length"),
	}
	step := max(r.Frequency.days(), 1)
	if r.Frequency == Monthly {
		step = 31
		if d := r.Start.Date(); dayOfMonth(d) >= 28 && clampedTo(d, 31) == d && rapid.Bool().Draw(t, "clamped") {
			r.MonthDay = rapid.IntRange(dayOfMonth(d), 31).Draw(t, "monthDay")
		}
	}
	r.Until = r.Start.Date() + step*Date(rapid.IntRange(0, 120).Draw(t, "steps")) + Date(rapid.IntRange(0, int(step)).Draw(t, "more"))
	for range rapid.IntRange(0, 4).Draw(t, "exceptions") {
		if d, ok := r.dateOf(rapid.IntRange(0, 60).Draw(t, "exception")); ok {
			r.Exceptions = append(r.Exceptions, d.At(r.Start.Clock()))
		}
	}
	return r
}

// expected expands a rule with another implementation of RFC 5545.
func expected(t *rapid.T, r Rule) []Wall {
	option := rrule.ROption{Dtstart: r.Start.utc(), Until: r.Until.At(0).utc().Add((day - 1) * time.Second), Interval: 1}
	switch r.Frequency {
	case Once:
		option.Freq, option.Count, option.Until = rrule.DAILY, 1, time.Time{}
	case Daily:
		option.Freq = rrule.DAILY
	case Weekly:
		option.Freq = rrule.WEEKLY
	case BiWeekly:
		option.Freq, option.Interval = rrule.WEEKLY, 2
	case Monthly:
		option.Freq = rrule.MONTHLY
		for d := min(28, r.DayOfMonth()); d <= r.DayOfMonth(); d++ {
			option.Bymonthday = append(option.Bymonthday, d)
		}
		option.Bysetpos = []int{-1}
	}
	rule, err := rrule.NewRRule(option)
	if err != nil {
		t.Fatal(err)
	}
	var walls []Wall
	for _, shown := range rule.All() {
		if w := WallOf(shown); !slices.Contains(r.Exceptions, w) {
			walls = append(walls, w)
		}
	}
	return walls
}

func ids(seq func(func(Occurrence) bool)) []Wall {
	var list []Wall
	for o := range seq {
		list = append(list, o.ID)
	}
	return list
}

// TestSeriesMeanWhatRFC5545Means compares 100 rules in each of 100 drawn zones.
func TestSeriesMeanWhatRFC5545Means(t *testing.T) {
	names := zoneNames(t)
	rapid.Check(t, func(t *rapid.T) {
		for range 100 {
			z, err := Zone(rapid.SampledFrom(names).Draw(t, "zone"))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, anyRule(t, z))
		}
	})
}

func compare(t *rapid.T, r Rule) {
	if err := r.Validate(); err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	want := expected(t, r)
	all := slices.Collect(r.All())
	if diff := cmp.Diff(want, ids(r.All())); diff != "" {
		t.Fatalf("%+v: %s", r, diff)
	}
	if n, ok := r.Count(); n != len(want) || !ok {
		t.Fatalf("%+v: Count = %d, %v, want %d", r, n, ok, len(want))
	}
	for i, o := range all {
		if o.End.Before(o.Start) || r.End > r.Start && !o.End.After(o.Start) || i > 0 && o.Start.Before(all[i-1].Start) {
			t.Fatalf("%+v: %v is out of order", r, o)
		}
	}
	if len(all) == 0 {
		return
	}
	one := rapid.SampledFrom(all).Draw(t, "one")
	if moment := oracle(one.ID, r.Zone); !one.Start.Equal(moment) {
		t.Fatalf("%+v: %s starts at %v, want %v", r, one.ID, one.Start, moment)
	}
	if !r.Contains(one.ID) || r.Contains(one.ID+1) || r.Contains(one.ID+day) && r.Frequency != Daily {
		t.Fatalf("%+v: Contains is wrong about %s", r, one.ID)
	}
	windows(t, r, all)
	splits(t, r, all, one)
}

// windows checks that a window is what the whole series has there.
func windows(t *rapid.T, r Rule, all []Occurrence) {
	first, last := all[0].Start.Unix(), all[len(all)-1].End.Unix()
	from := time.Unix(rapid.Int64Range(first-5*day, last+5*day).Draw(t, "from"), 0)
	if rapid.Bool().Draw(t, "exact") {
		from = rapid.SampledFrom(all).Draw(t, "at").End
	}
	to := from.Add(time.Duration(rapid.Int64Range(0, 60*day).Draw(t, "window")) * time.Second)
	var want []Wall
	var next *Occurrence
	for _, o := range all {
		if !o.Start.After(to) && !o.End.Before(from) {
			want = append(want, o.ID)
		}
		if next == nil && o.Start.After(from) {
			next = &o
		}
	}
	if diff := cmp.Diff(want, ids(r.Between(from, to))); diff != "" {
		t.Fatalf("%+v between %v and %v: %s", r, from, to, diff)
	}
	if got, ok := r.Next(from); ok != (next != nil) || ok && got != *next {
		t.Fatalf("%+v: after %v comes %v, want %v", r, from, got, next)
	}
}

// splits checks that both parts together are the series, and are good rules.
func splits(t *rapid.T, r Rule, all []Occurrence, at Occurrence) {
	head, tail, ok := r.Split(at.ID)
	if ok != (at.ID != r.Start) {
		t.Fatalf("%+v: Split(%s) = %v", r, at.ID, ok)
	}
	if !ok {
		return
	}
	for _, part := range []Rule{head, tail} {
		if err := part.Validate(); err != nil {
			t.Fatalf("%+v at %s: %+v: %v", r, at.ID, part, err)
		}
	}
	both := append(slices.Collect(head.All()), slices.Collect(tail.All())...)
	if !slices.Equal(both, all) {
		t.Fatalf("%+v at %s:\n%v\n%v", r, at.ID, both, all)
	}
}
