package event_test

import (
	"strings"
	"testing"
	"time"
)

// shows fails unless a page that a guest opens has some texts.
func (r *rig) shows(link string, texts ...string) string {
	r.Helper()
	page := r.visit("GET", link, "")
	body := page.Body.String()
	if page.Code != 200 {
		r.Fatalf("%d %s", page.Code, body)
	}
	for _, text := range texts {
		if !strings.Contains(body, text) {
			r.Errorf("page lacks %q: %s", text, body)
		}
	}
	return body
}

// settled waits until no mail to a guest is on its way.
func (r *rig) settled() {
	r.Helper()
	for began := time.Now(); r.count(`SELECT COUNT(*) FROM event_mails`) > 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > time.Minute {
			r.Fatal("a mail is on its way for a minute")
		}
	}
}

func TestGuestsAnswerSingleOccurrences(t *testing.T) {
	each(t, func(r *rig) {
		r.work()
		r.make(r.ann, strings.Replace(series("Board", "2027-01-10T09:00:00Z", "30", "weekly", "2027-01-24"), "{", `{"externalUserEmails":["g@x.example"],`, 1))
		link := r.mails.next(t).Action.URL
		list := r.call(r.ann, "GET", "/api/events?fromDate=2027-01-01", "").want(200).objects("events")
		at := func(i int) string { return link + "?occurrence=" + list[i].str("id") }
		answers := func(want ...string) {
			r.Helper()
			for i, w := range want {
				g := r.call(r.ann, "GET", "/api/events/"+list[i].str("id")+"/attendees", "").want(200).objects("guests")[0]
				if got, _ := g.body["rsvp"].(string); got != w || (g.body["answeredAt"] == nil) != (w == "") {
					t.Errorf("occurrence %d: %q, want %q", i, g.raw, w)
				}
			}
		}
		r.shows(link, "Do you come to the whole series?", "Single dates", "?occurrence="+list[0].str("id"), "Sunday, 17 January 2027, 09:00")
		r.shows(at(1), "Do you come on this date?", "Sunday, 17 January 2027, 09:00 – 09:30 (UTC)", "The whole series")
		answers("", "", "")
		post := func(address, answer string, status int) {
			r.Helper()
			if got := r.visit("POST", address, "answer="+answer); got.Code != status {
				t.Errorf("%s: %d, want %d: %s", address, got.Code, status, got.Body)
			}
		}
		post(at(1), "NOT_GOING", 303)
		answers("", "NOT_GOING", "")
		if !r.saw("event.answered " + list[1].str("repeatId")) {
			t.Error("nobody heard of the answer")
		}
		r.shows(at(1), "You have answered. You can change it for this date")
		r.shows(link, "Do you come to the whole series?", "</a>: no")
		post(link, "GOING", 303) // replaces that to one
		answers("GOING", "GOING", "GOING")
		post(at(2), "MAYBE", 303)
		post(at(2), "NEVER", 400)
		answers("GOING", "GOING", "MAYBE")

		other := r.make(r.ann, `{"title":"x","startDateTime":"2027-01-10T09:00:00Z","duration":30}`).str("id")
		for _, bad := range []string{link + "?occurrence=" + other, link + "?occurrence=nothing", strings.Replace(at(1), "?", "x?", 1)} {
			post(bad, "GOING", 404)
			if got := r.visit("GET", bad, ""); got.Code != 404 {
				t.Errorf("%s: %d", bad, got.Code)
			}
		}
		r.clock.Advance(time.Date(2027, 1, 11, 0, 0, 0, 0, time.UTC).Sub(r.clock.Now()))
		r.shows(at(0), "This event is over")
		post(at(0), "NOT_GOING", 409)
		if body := r.shows(link); strings.Contains(body, list[0].str("id")) {
			t.Errorf("what is over is offered: %s", body)
		}
		r.call(r.ann, "DELETE", "/api/events/"+list[2].str("id"), "").want(204)
		post(at(2), "GOING", 404)
		r.call(r.ann, "PATCH", "/api/events/"+list[1].str("id")+"?repeat=all", `{"externalUserEmails":[]}`).want(200)
		if n := r.count(`SELECT COUNT(*) FROM event_guest_answers`); n != 0 {
			t.Errorf("%d answers of nobody", n)
		}
	})
}

func TestMailsAboutOneOccurrenceNameIt(t *testing.T) {
	each(t, func(r *rig) {
		r.zones[r.ann.UserID] = mustZone(t, "Europe/Berlin")
		r.work()
		r.make(r.ann, strings.Replace(series("Board", "2027-01-10T09:00:00Z", "30", "weekly", "2027-01-31"), "{", `{"externalUserEmails":["g@x.example"],`, 1))
		first := r.mails.next(t)
		r.settled()
		list := r.call(r.ann, "GET", "/api/events?fromDate=2027-01-01", "").want(200).objects("events")
		link := first.Action.URL + "?occurrence=" + list[1].str("id")
		r.visit("POST", link, "answer=MAYBE")

		r.call(r.ann, "PATCH", "/api/events/"+list[1].str("id"), `{"startDateTime":"2027-01-17T11:00:00Z","title":"Board, later"}`).want(200)
		letter := r.mails.next(t)
		method, events := parsed(t, string(letter.Invitation.Calendar))
		if method != "REQUEST" || len(events) != 1 || prop(events[0], "UID") != list[1].str("repeatId") || prop(events[0], "RECURRENCE-ID") != "20270117T100000" ||
			events[0].Props.Get("RECURRENCE-ID").Params.Get("TZID") != "Europe/Berlin" || prop(events[0], "DTSTART") != "20270117T110000Z" || prop(events[0], "SEQUENCE") != "1" ||
			prop(events[0], "RRULE") != "" || events[0].Props.Get("ATTENDEE").Params.Get("PARTSTAT") != "TENTATIVE" {
			t.Errorf("an occurrence that moves: %s", letter.Invitation.Calendar)
		}
		if letter.Subject != "Updated invitation: Board, later" || letter.Action.URL != link || letter.Paragraphs[0] != "Sunday, 17 January 2027, 12:00 – 12:30 (Europe/Berlin)" {
			t.Errorf("letter %+v", letter)
		}
		r.shows(letter.Action.URL, "Board, later", "12:00 – 12:30")

		r.settled()
		r.call(r.ann, "DELETE", "/api/events/"+list[2].str("id"), "").want(204)
		letter = r.mails.next(t)
		method, events = parsed(t, string(letter.Invitation.Calendar))
		if method != "CANCEL" || len(events) != 1 || prop(events[0], "RECURRENCE-ID") != "20270124T100000" || prop(events[0], "STATUS") != "CANCELLED" || prop(events[0], "SEQUENCE") != "2" ||
			letter.Subject != "Cancelled: Board" || letter.Action != nil {
			t.Errorf("an occurrence that is cancelled: %+v %s", letter, letter.Invitation.Calendar)
		}

		// Whoever has not got the mails before gets the whole, which has the single ones in it.
		r.settled()
		r.Exec(t, `UPDATE event_guests SET mail = 'FAILED'`)
		r.call(r.ann, "PATCH", "/api/events/"+list[3].str("id"), `{"location":"Hall"}`).want(200)
		letter = r.mails.next(t)
		_, events = parsed(t, string(letter.Invitation.Calendar))
		if len(events) != 3 || prop(events[0], "RRULE") == "" || !strings.HasPrefix(prop(events[0], "EXDATE"), "20270124T100000") || prop(events[1], "RECURRENCE-ID") == "" || letter.Action.URL != first.Action.URL {
			t.Errorf("the whole: %s", letter.Invitation.Calendar)
		}
		r.settled()
		r.call(r.ann, "DELETE", "/api/events/"+list[0].str("id")+"?repeat=all", "").want(204)
		method, events = parsed(t, string(r.mails.next(t).Invitation.Calendar))
		if method != "CANCEL" || len(events) != 1 || prop(events[0], "RECURRENCE-ID") != "" {
			t.Errorf("the series is cancelled: %s %v", method, events)
		}
	})
}
