package console

import (
	"context"
	"net/url"
	"time"

	"github.com/a-h/templ"
)

// The ways a calendar is looked at.
const (
	viewMonth = "month"
	viewWeek  = "week"
	viewList  = "list"
)

// maxListed is how many occurrences a page of the calendar reads.
const maxListed = 1000

// calendar is a month, or a week, with what happens in it.
type calendar struct {
	view       string
	date       time.Time // the day it was opened at
	days       []calendarDay
	category   string
	categories []option
	cut        bool // there is more than is shown
}

// calendarDay is a day, and what happens on it in its order.
type calendarDay struct {
	date    time.Time
	outside bool // of the month that is shown
	today   bool
	events  []event
}

// calendarOf reads what the address asks for; what it asks wrong is as if it were not there.
func (v *visit) calendarOf() calendar {
	k := calendar{view: viewMonth, date: v.today(), category: v.query("category")}
	if view := v.query("view"); view == viewWeek || view == viewList {
		k.view = view
	}
	if date, err := time.ParseInLocation(time.DateOnly, v.query("date"), v.zone()); err == nil && date.Year() > 1 && date.Year() < 9998 {
		k.date = date
	}
	first := v.lang.FirstDay
	from, days := k.date, 7
	if k.view != viewWeek {
		from = k.date.AddDate(0, 0, 1-k.date.Day())
		days = from.AddDate(0, 1, -1).Day()
	}
	if k.view != viewList { // whole weeks
		before := (int(from.Weekday()) - first + 7) % 7
		from = from.AddDate(0, 0, -before)
		days = (before + days + 6) / 7 * 7
		if k.view == viewWeek {
			days = 7
		}
	}
	for i := range days {
		d := dayOf(from.AddDate(0, 0, i))
		k.days = append(k.days, calendarDay{date: d, outside: k.view == viewMonth && d.Month() != k.date.Month(), today: d.Equal(v.today())})
	}
	return k
}

func (k calendar) from() time.Time { return k.days[0].date }
func (k calendar) to() time.Time   { return k.days[len(k.days)-1].date.AddDate(0, 0, 1) }

// put puts events on each of their days.
func (k *calendar) put(list []event) {
	for i := range k.days {
		d := &k.days[i]
		next := d.date.AddDate(0, 0, 1)
		for _, e := range list {
			starts, ends := parsed(e.StartDateTime), parsed(e.EndDateTime)
			if starts.Before(next) && (ends.After(d.date) || starts.Equal(ends) && !starts.Before(d.date)) {
				d.events = append(d.events, e)
			}
		}
	}
}

func (c *Console) calendar(v *visit) error {
	k := v.calendarOf()
	q := url.Values{
		"fromDate": {stamp(k.from())}, "toDate": {stamp(k.to().Add(-time.Millisecond))}, "externalEvents": {"true"}, "include_recent_rsvps": {"false"}, "per_page": {itoa(maxListed)},
	}
	if k.category != "" {
		q.Set("category", k.category)
	}
	var out struct {
		Events []event `json:"events"`
		Meta   meta    `json:"meta"`
	}
	if err := v.get("/api/events", q, &out); err != nil {
		return err
	}
	k.put(out.Events)
	k.cut = out.Meta.TotalResults > len(out.Events)
	var err error
	if k.categories, err = v.eventCategories(); err != nil {
		return err
	}
	return v.page(calendarPage(k))
}

// eventCategories are the categories of events, to choose from.
func (v *visit) eventCategories() ([]option, error) {
	var out struct {
		Categories []category `json:"categories"`
	}
	err := v.get("/api/categories", url.Values{"moduleCode": {"3"}, "per_page": {"200"}}, &out)
	list := []option{{"", v.lang.text("All categories")}}
	for _, one := range out.Categories {
		list = append(list, option{one.Name, one.Name})
	}
	return list, err
}

// heading says which month or week it is.
func (k calendar) heading(ctx context.Context) string {
	if k.view != viewWeek {
		return tf(ctx, "%s %d", monthName(ctx, k.date.Month()), k.date.Year())
	}
	from, to := k.from(), k.days[6].date
	if from.Month() == to.Month() {
		return tf(ctx, "%d to %d %s %d", from.Day(), to.Day(), monthName(ctx, to.Month()), to.Year())
	}
	return tf(ctx, "%d %s to %d %s %d", from.Day(), monthName(ctx, from.Month()), to.Day(), monthName(ctx, to.Month()), to.Year())
}

// step is the day that the page before or after this one is opened at.
func (k calendar) step(n int) time.Time {
	if k.view == viewWeek {
		return k.date.AddDate(0, 0, 7*n)
	}
	return k.date.AddDate(0, 0, 1-k.date.Day()).AddDate(0, n, 0)
}

// at is the address of the calendar in a view at a day, with the category that is chosen.
func (k calendar) at(view string, date time.Time) templ.SafeURL {
	q := url.Values{"view": {view}, "date": {date.Format(time.DateOnly)}}
	if k.category != "" {
		q.Set("category", k.category)
	}
	return templ.SafeURL("/calendar?" + q.Encode())
}

// isEmpty reports that nothing happens.
func (k calendar) isEmpty() bool {
	for _, d := range k.days {
		if len(d.events) > 0 {
			return false
		}
	}
	return true
}

// maxInCell is how many events a day of a month shows.
const maxInCell = 4

// shown are the events of a day that its cell has room for.
func (d calendarDay) shown(view string) []event {
	if view == viewMonth && len(d.events) > maxInCell {
		return d.events[:maxInCell-1]
	}
	return d.events
}

// clock is when an event begins, on a day that it begins on.
func (d calendarDay) clock(e event) string {
	starts := parsed(e.StartDateTime).In(d.date.Location())
	if starts.Before(d.date) {
		return "…"
	}
	return starts.Format("15:04")
}
