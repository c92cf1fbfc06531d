package event_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	other "github.com/emersion/go-ical"

	"github.com/workdrive/workdrive/internal/kernel/mail"
)

// next gives the mail that is sent next.
func (m mailer) next(t *testing.T) mail.Message {
	t.Helper()
	select {
	case letter := <-m:
		return letter
	case <-time.After(time.Minute):
		t.Fatal("no mail was sent")
		return mail.Message{}
	}
}

// visit opens a page without a key, or sends its form.
func (r *rig) visit(method, address, form string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, strings.TrimPrefix(address, "https://work.example"), strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	r.handler.ServeHTTP(rec, req)
	return rec
}

// parsed reads a calendar with a parser that is not ours, and gives its events.
func parsed(t *testing.T, text string) (method string, events []other.Event) {
	t.Helper()
	c, err := other.NewDecoder(strings.NewReader(text)).Decode()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if p := c.Props.Get(other.PropMethod); p != nil {
		method = p.Value
	}
	return method, c.Events()
}

func prop(e other.Event, name string) string {
	if p := e.Props.Get(name); p != nil {
		return p.Value
	}
	return ""
}

func TestGuestsAreInvitedByMailAndAnswerAtALink(t *testing.T) {
	each(t, func(r *rig) {
		r.work()
		m := r.make(r.ann, `{"title":"Board","isMeeting":true,"startDateTime":"2027-01-10T09:00:00Z","duration":30,"externalUserEmails":["g@x.example"],"location":"Hall"}`)
		one := "/api/events/" + m.str("id")
		letter := r.mails.next(t)
		if letter.To.Email != "g@x.example" || letter.Subject != "Invitation: Board" || letter.Action == nil {
			t.Fatalf("letter %+v", letter)
		}
		method, events := parsed(t, string(letter.Invitation.Calendar))
		if method != "REQUEST" || letter.Invitation.Method != method || prop(events[0], "UID") != m.str("id") || prop(events[0], "SEQUENCE") != "0" && prop(events[0], "SEQUENCE") != "" ||
			prop(events[0], "ATTENDEE") != "mailto:g@x.example" || !strings.HasPrefix(prop(events[0], "ORGANIZER"), "mailto:") {
			t.Errorf("invitation %s", letter.Invitation.Calendar)
		}

		link := letter.Action.URL
		page := r.visit("GET", link+"", "")
		if page.Code != 200 || !strings.Contains(page.Body.String(), "<h1>Board</h1>") || !strings.Contains(page.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Fatalf("page %d %s", page.Code, page.Body)
		}
		r.visit("GET", link+"?answer=GOING", "") // opening changes nothing
		guest := func() answer { return r.call(r.ann, "GET", one+"/attendees", "").want(200).objects("guests")[0] }
		if guest().body["rsvp"] != nil {
			t.Error("a GET has answered")
		}
		if got := r.visit("POST", link, "answer=SURE"); got.Code != 400 {
			t.Errorf("%d", got.Code)
		}
		if got := r.visit("POST", link, "answer=GOING"); got.Code != 303 {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		if guest().str("rsvp") != "GOING" || !r.saw("event.answered "+m.str("id")) {
			t.Errorf("guest %s", guest().raw)
		}
		for _, bad := range []string{link[:len(link)-2] + "xx", strings.Replace(link, "invitations/", "invitations/x", 1), "/calendar/invitations/a.b.c", "/calendar/invitations/a"} {
			for method, form := range map[string]string{"GET": "", "POST": "answer=GOING"} {
				if got := r.visit(method, bad, form); got.Code != 404 {
					t.Errorf("%s %s: %d", method, bad, got.Code)
				}
			}
		}

		r.call(r.ann, "PATCH", one, `{"tags":["x"]}`).want(200) // nothing to write of
		r.call(r.ann, "PATCH", one, `{"startDateTime":"2027-01-10T10:00:00Z"}`).want(200)
		letter = r.mails.next(t)
		_, events = parsed(t, string(letter.Invitation.Calendar))
		if letter.Subject != "Updated invitation: Board" || prop(events[0], "SEQUENCE") != "1" || prop(events[0], "DTSTART") != "20270110T100000Z" || letter.Action.URL != link {
			t.Errorf("update %s", letter.Invitation.Calendar)
		}

		r.call(r.ann, "PATCH", one, `{"externalUserEmails":["h@x.example"]}`).want(200)
		sent := map[string]mail.Message{}
		for range 2 {
			l := r.mails.next(t)
			sent[l.To.Email] = l
		}
		method, events = parsed(t, string(sent["g@x.example"].Invitation.Calendar))
		if method != "CANCEL" || prop(events[0], "STATUS") != "CANCELLED" || prop(events[0], "SEQUENCE") != "2" || sent["g@x.example"].Action != nil || sent["h@x.example"].Subject == "" {
			t.Errorf("cancel %s", sent["g@x.example"].Invitation.Calendar)
		}
		if got := r.visit("GET", link, ""); got.Code != 404 {
			t.Errorf("the link of somebody who is no guest any more: %d", got.Code)
		}
		link = sent["h@x.example"].Action.URL
		r.call(r.ann, "DELETE", one, "").want(204)
		if l := r.mails.next(t); l.To.Email != "h@x.example" || l.Invitation.Method != "CANCEL" {
			t.Errorf("deleted: %+v", l)
		}
		if got := r.visit("GET", link, ""); got.Code != 404 {
			t.Errorf("the link of a deleted event: %d", got.Code)
		}
	})
}

func TestCalendarFilesAndFeeds(t *testing.T) {
	each(t, func(r *rig) {
		r.zones[r.ann.UserID] = mustZone(t, "Europe/Berlin")
		now := r.clock.Now()
		start := now.AddDate(0, 0, 3).Truncate(time.Hour)
		r.make(r.ann, series("stand-up", start.Format(time.RFC3339), "15", "daily", start.AddDate(0, 0, 4).Format(time.DateOnly)))
		list := r.call(r.ann, "GET", "/api/events?fromDate=2020-01-01", "").want(200).objects("events")
		r.call(r.ann, "DELETE", "/api/events/"+list[1].str("id"), "").want(204)
		r.call(r.ann, "PATCH", "/api/events/"+list[2].str("id"), `{"title":"longer; with, all","duration":60}`).want(200)
		r.make(r.ann, `{"title":"Alone","permissions":{"onlyMe":true},"startDateTime":"`+start.Format(time.RFC3339)+`","duration":15}`)

		a := r.call(r.bob, "GET", "/api/events/"+list[0].str("id")+".ics", "").want(200)
		_, events := parsed(t, a.raw)
		if len(events) != 2 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/calendar") {
			t.Fatalf("%d events: %s", len(events), a.raw)
		}
		master, single := events[0], events[1]
		set, err := master.RecurrenceSet(time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(set.All()); got != 4 || prop(single, "SUMMARY") != `longer\; with\, all` || prop(single, "RECURRENCE-ID") == "" || prop(single, "UID") != prop(master, "UID") {
			t.Errorf("%d occurrences: %s", got, a.raw)
		}
		r.call(r.bob, "GET", "/api/events/"+list[0].str("id")+".ics", "", "If-None-Match", a.header.Get("ETag")).want(304)

		if got := r.call(r.bob, "GET", "/api/calendar/feed", "").want(200); got.body["createdAt"] != nil {
			t.Errorf("before: %s", got.raw)
		}
		made := r.call(r.bob, "POST", "/api/calendar/feed", "").want(201)
		feed := r.visit("GET", made.str("url"), "")
		if _, events := parsed(t, feed.Body.String()); feed.Code != 200 || len(events) != 2 || strings.Contains(feed.Body.String(), "Alone") {
			t.Errorf("feed %d %s", feed.Code, feed.Body)
		}
		if strings.Contains(made.str("url"), r.bob.UserID) || r.count(`SELECT COUNT(*) FROM event_feeds WHERE token_hash = ?`, secretOf(made.str("url"))) != 0 {
			t.Error("the secret itself is kept")
		}
		if got := r.call(r.bob, "GET", "/api/calendar/feed", "").want(200); got.body["url"] != nil {
			t.Errorf("the address is shown again: %s", got.raw)
		}
		again := r.call(r.bob, "POST", "/api/calendar/feed", "").want(201)
		gone := func(address string) {
			t.Helper()
			if got := r.visit("GET", address, ""); got.Code != http.StatusNotFound {
				t.Errorf("%s: %d", address, got.Code)
			}
		}
		gone(made.str("url"))
		gone("/calendar/feeds/nothing.ics")
		r.Exec(t, `UPDATE users SET status = 'BLOCKED' WHERE org_id = ? AND id = ?`, r.ID, r.bob.UserID)
		gone(again.str("url"))
		r.Exec(t, `UPDATE users SET status = 'ACTIVE' WHERE org_id = ? AND id = ?`, r.ID, r.bob.UserID)
		if got := r.visit("GET", again.str("url"), ""); got.Code != 200 {
			t.Errorf("%d", got.Code)
		}
		r.call(r.bob, "DELETE", "/api/calendar/feed", "").want(204)
		gone(again.str("url"))
	})
}

func secretOf(address string) string {
	u, _ := url.Parse(address)
	return strings.TrimSuffix(strings.TrimPrefix(u.Path, "/calendar/feeds/"), ".ics")
}
