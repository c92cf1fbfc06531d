package event_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// text writes a calendar with events that begin so many days from now.
func (r *rig) text(titles ...string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n")
	for i, title := range titles {
		at := r.clock.Now().AddDate(0, 0, i+1).UTC().Format("20060102T150405Z")
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:%s\r\nDTSTART:%s\r\nDURATION:PT1H\r\nSUMMARY:%s\r\nEND:VEVENT\r\n", i, at, at, title)
	}
	return b.String() + "END:VCALENDAR\r\n"
}

// fetched waits until a subscription was asked for again, and gives it.
func (r *rig) fetched(who authz.Actor, id string, done func(a answer) bool) answer {
	r.Helper()
	deadline := time.After(time.Minute)
	for {
		if a := r.call(who, "GET", "/api/calendar/subscriptions/"+id, "").want(200); done(a) {
			return a
		}
		select {
		case <-deadline:
			r.Fatal("the calendar was not fetched")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestCalendarsOfOthers(t *testing.T) {
	each(t, func(r *rig) {
		r.work()
		r.calendar.now(http.StatusOK, `"1"`, r.text("One", "Two"))
		made := r.call(r.ann, "POST", "/api/calendar/subscriptions", `{"url":"`+r.calendar.URL+`/c.ics","name":"Club"}`).want(201)
		id := made.str("id")
		if again := r.call(r.ann, "POST", "/api/calendar/subscriptions", `{"url":"`+r.calendar.URL+`/c.ics"}`).want(201); again.str("id") != id {
			t.Errorf("twice: %s", again.raw)
		}
		r.fetched(r.ann, id, func(a answer) bool { return a.body["fetchedAt"] != nil })
		from := "fromDate=" + r.clock.Now().Format(time.RFC3339)
		list := func(who authz.Actor) []answer {
			t.Helper()
			return r.call(who, "GET", "/api/events?externalEvents=true&"+from, "").want(200).objects("events")
		}
		before := list(r.ann)
		if len(before) != 2 || before[0].str("title") != "One" || !before[0].flag("isExternalEvent") || before[0].str("eventSource") != "Club" {
			t.Fatalf("list %v", before)
		}
		r.lists(r.ann, from) // only when asked for
		one := "/api/events/" + before[0].str("id")
		r.call(r.ann, "GET", one, "").want(200, "One")
		for _, method := range []string{"PATCH", "DELETE"} {
			r.call(r.ann, method, one, map[string]string{"PATCH": `{"title":"Mine"}`}[method]).want(403, "event.external")
			r.call(r.bob, method, one, map[string]string{"PATCH": `{"title":"Mine"}`}[method]).want(404)
		}
		r.call(r.ann, "PUT", one+"/rsvp", `{"rsvp":"GOING"}`).want(403, "event.external")
		if len(list(r.bob)) != 0 {
			t.Error("somebody else reads it")
		}
		r.call(r.bob, "GET", one, "").want(404)
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			r.call(r.bob, method, "/api/calendar/subscriptions/"+id, map[string]string{"PATCH": `{"name":"x"}`}[method]).want(404)
		}

		again := func(done func(a answer) bool) answer {
			t.Helper()
			r.clock.Advance(25 * time.Hour)
			if err := r.service.FetchDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			return r.fetched(r.ann, id, done)
		}
		last := r.clock.Now()
		again(func(a answer) bool { return a.str("fetchedAt") > last.Format("2006-01-02T15:04:05.999Z") })
		if r.calendar.hits != 1 {
			t.Errorf("%d conditional requests", r.calendar.hits)
		}
		r.calendar.now(http.StatusInternalServerError, "", "")
		if a := again(func(a answer) bool { return a.num("failures") == 1 }); a.str("problem") == "" || r.count(`SELECT COUNT(*) FROM external_events`) != 2 {
			t.Errorf("failed: %s", a.raw)
		}
		r.calendar.now(http.StatusOK, "", "no calendar")
		again(func(a answer) bool { return a.num("failures") == 2 })
		r.calendar.now(http.StatusOK, `"2"`, r.text("Uno"))
		again(func(a answer) bool { return a.num("failures") == 0 })
		if got := r.call(r.ann, "GET", one, "").want(200); got.str("title") != "Uno" { // updated in place
			t.Errorf("after: %s", got.raw)
		}
		r.call(r.ann, "PATCH", "/api/calendar/subscriptions/"+id, `{"name":"Verein"}`).want(200)
		r.call(r.ann, "GET", one, "").want(200, "Verein")
		r.call(r.ann, "DELETE", "/api/calendar/subscriptions/"+id, "").want(204)
		r.call(r.ann, "GET", one, "").want(404)
		if n := r.count(`SELECT COUNT(*) FROM external_events`); n != 0 {
			t.Errorf("%d are left", n)
		}
		for _, url := range []string{"ftp://x.example/c.ics", "https://10.0.0.1/c.ics", "https://u:p@x.example/c.ics", "nothing"} {
			r.call(r.ann, "POST", "/api/calendar/subscriptions", `{"url":"`+url+`"}`).want(400, "/url")
		}
	})
}
