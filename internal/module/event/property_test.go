package event_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
	"github.com/workdrive/workdrive/internal/module/category"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// modelSeries is a series as its organizer thinks of it: a rule, what does not take place, and
// what single occurrences say for themselves.
type modelSeries struct {
	rule    recurrence.Rule
	title   string
	removed map[recurrence.Wall]bool
	titles  map[recurrence.Wall]string
	times   map[recurrence.Wall][2]time.Time
}

// shown is an entry of a list.
type shown struct {
	start, end time.Time
	title      string
}

func (m *modelSeries) expand() map[recurrence.Wall]shown {
	r := m.rule
	r.Exceptions = slices.Collect(maps.Keys(m.removed))
	list := map[recurrence.Wall]shown{}
	for o := range r.All() {
		s := shown{o.Start, o.End, m.title}
		if t, ok := m.titles[o.ID]; ok {
			s.title = t
		}
		if t, ok := m.times[o.ID]; ok {
			s.start, s.end = t[0], t[1]
		}
		list[o.ID] = s
	}
	return list
}

func places(r recurrence.Rule) (list []recurrence.Wall) {
	for o := range r.All() {
		list = append(list, o.ID)
	}
	return list
}

// carried gives what was said of occurrences to those at the same place of another rule.
func carried[V any](said map[recurrence.Wall]V, from, to []recurrence.Wall) map[recurrence.Wall]V {
	out := map[recurrence.Wall]V{}
	for i, id := range from {
		if v, ok := said[id]; ok && i < len(to) {
			out[to[i]] = v
		}
	}
	return out
}

// shift moves a series so that the occurrence that was at a place starts at another moment.
func (m *modelSeries) shift(id recurrence.Wall, start time.Time) {
	before := places(m.rule)
	o, _ := m.rule.Occurrence(id)
	wall, end := recurrence.WallOf(start), recurrence.WallOf(start.Add(o.End.Sub(o.Start)))
	r := m.rule
	r.Start = (r.Start.Date() + wall.Date() - id.Date()).At(wall.Clock())
	r.End = r.Start + end - wall
	if r.Start == m.rule.Start && r.End == m.rule.End {
		return
	}
	if r.Until != 0 {
		r.Until += wall.Date() - id.Date()
	}
	after := places(r)
	m.rule = r
	m.removed, m.titles, m.times = carried(m.removed, before, after), carried(m.titles, before, after), map[recurrence.Wall][2]time.Time{}
}

// split cuts a series before an occurrence.
func (m *modelSeries) split(id recurrence.Wall) *modelSeries {
	head, tail, _ := m.rule.Split(id)
	second := &modelSeries{tail, m.title, maps.Clone(m.removed), maps.Clone(m.titles), maps.Clone(m.times)}
	before := func(at recurrence.Wall) bool { return at < id }
	after := func(at recurrence.Wall) bool { return at >= id }
	for _, said := range []map[recurrence.Wall]bool{second.removed} {
		maps.DeleteFunc(said, func(at recurrence.Wall, _ bool) bool { return before(at) })
	}
	maps.DeleteFunc(second.titles, func(at recurrence.Wall, _ string) bool { return before(at) })
	maps.DeleteFunc(second.times, func(at recurrence.Wall, _ [2]time.Time) bool { return before(at) })
	maps.DeleteFunc(m.removed, func(at recurrence.Wall, _ bool) bool { return after(at) })
	maps.DeleteFunc(m.titles, func(at recurrence.Wall, _ string) bool { return after(at) })
	maps.DeleteFunc(m.times, func(at recurrence.Wall, _ [2]time.Time) bool { return after(at) })
	m.rule = head
	return second
}

// history is a calendar with what its organizer thinks is in it.
type history struct {
	*rig
	rt     *rapid.T
	series []*modelSeries
	n      int
}

var zoneNames = []string{"Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata", "Australia/Lord_Howe"}

// TestListsAreTheExpansionOfAllSeries makes, changes and deletes series at random, in mixed zones,
// and compares what lists show of windows with the expansion of a model of them.
func TestListsAreTheExpansionOfAllSeries(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		rapid.Check(t, func(rt *rapid.T) {
			if rapid.IntRange(1, 4).Draw(rt, "one of four is played") > 1 {
				return
			}
			for _, table := range []string{"event_people", "event_occurrences", "content_counts", "events"} {
				r.Exec(r.T, `DELETE FROM `+table)
			}
			h := &history{rig: r, rt: rt}
			rt.Repeat(map[string]func(*rapid.T){
				"create":          func(*rapid.T) { h.create() },
				"change this":     func(*rapid.T) { h.change("this") },
				"change onwards":  func(*rapid.T) { h.change("following") },
				"change all":      func(*rapid.T) { h.change("all") },
				"delete this":     func(*rapid.T) { h.remove("this") },
				"delete onwards":  func(*rapid.T) { h.remove("following") },
				"delete all":      func(*rapid.T) { h.remove("all") },
				"change the rule": func(*rapid.T) { h.extend() },
				"":                func(*rapid.T) { h.check() },
			})
		})
	}, category.Constraints...)
}

func (h *history) draw(n int, what string) int { return rapid.IntRange(0, n-1).Draw(h.rt, what) }

func (h *history) create() {
	if len(h.series) >= 4 {
		return
	}
	zone, err := recurrence.Zone(zoneNames[h.draw(len(zoneNames), "zone")])
	if err != nil {
		h.rt.Fatal(err)
	}
	f := recurrence.Frequency(h.draw(5, "frequency"))
	start := recurrence.DateOf(2027, 3, 1+h.draw(31, "day")).At(time.Duration(h.draw(96, "quarter")) * 15 * time.Minute).In(zone)
	end := start.Add(time.Duration(1+h.draw(40, "hours")) * time.Hour)
	m := &modelSeries{rule: recurrence.Rule{Frequency: f, Start: recurrence.WallOf(start), End: recurrence.WallOf(end), Zone: zone}, title: h.word()}
	m.removed, m.titles, m.times = map[recurrence.Wall]bool{}, map[recurrence.Wall]string{}, map[recurrence.Wall][2]time.Time{}
	repeat := "null"
	if f == recurrence.Once { // stays at its moment, whatever the clock shows
		m.rule.Zone, m.rule.Start, m.rule.End = time.UTC, recurrence.WallOf(start.UTC()), recurrence.WallOf(end.UTC())
	} else {
		m.rule.Until = m.rule.Start.Date() + recurrence.Date(h.draw(40, "days"))
		repeat = fmt.Sprintf(`{"config":{"type":"frequency","frequency":%q,"ends":{"config":{"type":"on","date":%q}}}}`, f.String(), m.rule.Until)
	}
	h.make(h.ann, fmt.Sprintf(`{"title":%q,"startDateTime":%q,"endDateTime":%q,"tzid":%q,"repeat":%s}`,
		m.title, start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339), zone, repeat))
	h.series = append(h.series, m)
}

func (h *history) word() string {
	h.n++
	return fmt.Sprintf("title %d", h.n)
}

// some gives an occurrence that takes place, with its id in the API; none where another series
// has one that looks the same, as after a split whose second part moved onto the first.
func (h *history) some() (m *modelSeries, at recurrence.Wall, id string) {
	if len(h.series) == 0 {
		return nil, 0, ""
	}
	m = h.series[h.draw(len(h.series), "series")]
	live := m.expand()
	ids := slices.Sorted(maps.Keys(live))
	at = ids[h.draw(len(ids), "occurrence")]
	s := live[at]
	window := fmt.Sprintf("/api/events?per_page=1000&fromDate=%s&toDate=%s", s.start.UTC().Format("2006-01-02T15:04:05Z"), s.end.UTC().Format("2006-01-02T15:04:05Z"))
	for _, e := range h.call(h.ann, "GET", window, "").want(200).objects("events") {
		if e.str("title") != s.title || e.str("startDateTime") != stamp(s.start) || e.body["recurrenceId"] != nil && e.str("recurrenceId") != at.String() {
			continue
		}
		if id != "" {
			return nil, 0, ""
		}
		id = e.str("id")
	}
	if id == "" {
		h.rt.Fatalf("%v of %q is not in %s", at, s.title, window)
	}
	return m, at, id
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (h *history) change(scope string) {
	m, at, id := h.some()
	if m == nil {
		return
	}
	title, body := "", ""
	if h.draw(2, "retitle") == 1 {
		title = h.word()
		body = fmt.Sprintf(`,"title":%q`, title)
	}
	current := m.expand()[at]
	base := current.start
	if o, ok := m.rule.Occurrence(at); ok && scope != "this" {
		base = o.Start
	}
	by := time.Duration(h.draw(9, "shift")-4) * 45 * time.Minute
	if m.rule.Frequency != recurrence.Monthly || scope == "this" {
		by += time.Duration(h.draw(3, "shift of days")-1) * 24 * time.Hour
	}
	start := base.Add(by)
	if m.rule.Frequency == recurrence.Monthly && scope != "this" && recurrence.WallOf(start).Date() != at.Date() {
		start = base // another day of the month is for tests of its own
	}
	if start.Equal(base) && title == "" {
		return
	}
	if !start.Equal(base) {
		body += fmt.Sprintf(`,"startDateTime":%q`, stamp(start))
	}
	h.call(h.ann, "PATCH", "/api/events/"+id+"?repeat="+scope, `{"tags":[]`+body+`}`).want(200)
	one := m.rule.Frequency == recurrence.Once
	switch {
	case scope == "this" && !one:
		if title != "" && title != m.title {
			m.titles[at] = title
		}
		if !start.Equal(base) {
			m.times[at] = [2]time.Time{start, start.Add(current.end.Sub(current.start))}
		}
		return
	case scope == "following" && !one && slices.Min(slices.Collect(maps.Keys(m.expand()))) < at:
		m = m.split(at)
		h.series = append(h.series, m)
	}
	if title != "" {
		m.title = title
	}
	if !start.Equal(base) {
		m.shift(at, start)
	}
}

func (h *history) remove(scope string) {
	m, at, id := h.some()
	if m == nil {
		return
	}
	h.call(h.ann, "DELETE", "/api/events/"+id+"?repeat="+scope, "").want(204)
	live := slices.Sorted(maps.Keys(m.expand()))
	switch {
	case scope == "all" || len(live) == 1 || scope == "following" && live[0] == at:
		h.series = slices.DeleteFunc(h.series, func(other *modelSeries) bool { return other == m })
	case scope == "following":
		m.split(at)
	default:
		m.removed[at] = true
	}
}

// extend gives a series another end.
func (h *history) extend() {
	m, _, id := h.some()
	if m == nil || m.rule.Frequency == recurrence.Once {
		return
	}
	longer := *m
	longer.rule.Until = m.rule.Start.Date() + recurrence.Date(h.draw(50, "days"))
	body := fmt.Sprintf(`{"repeat":{"config":{"type":"frequency","frequency":%q,"ends":{"config":{"type":"on","date":%q}}}}}`, m.rule.Frequency, longer.rule.Until)
	a := h.call(h.ann, "PATCH", "/api/events/"+id+"?repeat=all", body)
	if len(longer.expand()) == 0 {
		a.want(400, "event.empty")
		return
	}
	a.want(200)
	kept := places(longer.rule)
	m.rule = longer.rule
	gone := func(at recurrence.Wall) bool { return !slices.Contains(kept, at) }
	maps.DeleteFunc(m.removed, func(at recurrence.Wall, _ bool) bool { return gone(at) })
	maps.DeleteFunc(m.titles, func(at recurrence.Wall, _ string) bool { return gone(at) })
	maps.DeleteFunc(m.times, func(at recurrence.Wall, _ [2]time.Time) bool { return gone(at) })
}

// check compares what a window shows with the model.
func (h *history) check() {
	from := clock.FromMillis(time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, h.draw(70, "from")).UnixMilli())
	to := from.Add(time.Duration(h.draw(60*24, "hours of the window")) * time.Hour)
	var want []string
	for _, m := range h.series {
		for _, s := range m.expand() {
			if !s.end.Before(from) && !s.start.After(to) {
				want = append(want, stamp(s.start)+" "+stamp(s.end)+" "+s.title)
			}
		}
	}
	a := h.call(h.bob, "GET", fmt.Sprintf("/api/events?per_page=1000&fromDate=%s&toDate=%s", from.Format(time.RFC3339), to.Format(time.RFC3339)), "").want(200)
	var got []string
	for _, e := range a.objects("events") {
		got = append(got, e.str("startDateTime")+" "+e.str("endDateTime")+" "+e.str("title"))
	}
	if !slices.IsSortedFunc(got, func(a, b string) int { return cmp.Compare(a[:24], b[:24]) }) {
		h.rt.Fatalf("not in order: %q", got)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || a.object("meta").num("totalResults") != len(want) {
		h.rt.Fatalf("from %v to %v:\n got %q\nwant %q\ntotal %v", from, to, got, want, a.object("meta").num("totalResults"))
	}
}
