package event_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/ids"
)

func TestEvents(t *testing.T) {
	each(t, func(r *rig) {
		r.zones[r.ann.UserID] = mustZone(t, "Europe/Berlin")
		made := r.make(r.ann, `{"title":" Board ","startDateTime":"2027-01-10T09:00:00Z","endDateTime":"2027-01-10T10:30:00Z","tags":"a, b","externalLink":[{"title":"Agenda","url":"https://x.example"}]}`)
		if made.str("title") != "Board" || made.num("duration") != 90 || made.str("tzid") != "Europe/Berlin" || made.num("type") != 3 || made.body["repeatId"] != nil {
			t.Errorf("made %s", made.raw)
		}
		one := "/api/events/" + made.str("id")
		r.call(r.bob, "GET", one, "").want(200, "Board")
		r.call(r.bob, "PATCH", one, `{"title":"Mine"}`).want(403, "event.notAuthor")
		r.call(r.bob, "DELETE", one, "").want(403, "event.notAuthor")
		r.call(r.ann, "PATCH", one, `{"title":"Other"}`, "If-Match", `"7"`).want(412)
		a := r.call(r.ann, "PATCH", one, `{"startDateTime":"2027-01-11T09:00:00Z"}`).want(200)
		if a.str("endDateTime") != "2027-01-11T10:30:00.000Z" { // the length stays
			t.Errorf("moved %s", a.raw)
		}
		r.lists(r.bob, "fromDate=2027-01-01&toDate=2027-02-01", "2027-01-11T09:00")
		r.lists(r.bob, "fromDate=2027-01-11T10:30:00Z&toDate=2027-02-01", "2027-01-11T09:00") // both ends belong to it
		r.lists(r.bob, "fromDate=2027-01-01&toDate=2027-01-11T09:00:00Z", "2027-01-11T09:00")
		r.lists(r.bob, "fromDate=2027-01-11T10:30:01Z")
		r.lists(r.bob, "toDate=2027-01-11T08:59:59Z")
		r.call(r.bob, "POST", one+"/comments", `{"text":"well"}`).want(201)
		if got := r.call(r.bob, "GET", one, ""); got.num("comments") != 1 {
			t.Errorf("comments: %s", got.raw)
		}
		hidden := r.make(r.ann, `{"title":"Alone","startDateTime":"2027-01-10T09:00:00Z","duration":5,"permissions":{"onlyMe":true}}`).str("id")
		for _, id := range []string{hidden, ids.New()} {
			r.call(r.bob, "GET", "/api/events/"+id, "").want(404)
			r.call(r.bob, "PATCH", "/api/events/"+id, `{"title":"x"}`).want(404)
			r.call(r.bob, "DELETE", "/api/events/"+id, "").want(404)
			r.call(r.bob, "PUT", "/api/events/"+id+"/rsvp", `{"rsvp":"GOING"}`).want(404)
			r.call(r.bob, "POST", "/api/events/"+id+"/checkin", "").want(404)
			r.call(r.bob, "GET", "/api/events/"+id+"/attendees", "").want(404)
		}
		r.lists(r.ann, "fromDate=2027-01-01&toDate=2027-02-01", "2027-01-10T09:00", "2027-01-11T09:00")
		r.call(r.ann, "DELETE", one, "").want(204)
		r.call(r.ann, "GET", one, "").want(404)
		r.lists(r.bob, "")
	})
}

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestWhatIsWrongWithAnEventIsSaidAtOnce(t *testing.T) {
	each(t, func(r *rig) {
		good := `"title":"x","startDateTime":"2027-01-10T09:00:00Z","duration":5`
		for body, pointer := range map[string]string{
			`{"startDateTime":"2027-01-10T09:00:00Z","duration":5}`:                                       "/title",
			`{"title":"x","duration":5}`:                                                                  "/startDateTime",
			`{"title":"x","startDateTime":"2027-01-10T09:00:00Z"}`:                                        "/endDateTime",
			`{"title":"x","startDateTime":"2027-01-10T09:00:00Z","endDateTime":"2027-01-10"}`:             "/endDateTime",
			`{"title":"x","startDateTime":"2027-01-10","endDateTime":"2029-01-10"}`:                       "/endDateTime",
			`{` + good + `,"tzid":"Mars/Olympus"}`:                                                        "/tzid",
			`{` + good + `,"type":"7"}`:                                                                   "/type",
			`{` + good + `,"category":"Unknown"}`:                                                         "/category",
			`{` + good + `,"conferenceLink":"javascript:x"}`:                                              "/conferenceLink",
			`{` + good + `,"externalLink":[{"url":"x"}]}`:                                                 "/externalLink",
			`{` + good + `,"externalUserEmails":["Ann <a@b.example>"]}`:                                   "/externalUserEmails",
			`{` + good + `,"externalUserEmails":["a@b.example\r\nBcc: c@d.example"]}`:                     "/externalUserEmails",
			`{` + good + `,"posterId":"x"}`:                                                               "/posterId",
			`{` + good + `,"userIds":["` + ids.New() + `"]}`:                                              "/userIds",
			`{` + good + `,"conversationId":"` + ids.New() + `"}`:                                         "/conversationId",
			`{` + good + `,"repeat":{"config":{"type":"frequency","frequency":7}}}`:                       "/repeat/config/frequency",
			series("x", "2027-01-10T09:00:00Z", "5", "86400", "soon"):                                     "/repeat/config/ends/config/date",
			series("x", "2027-01-10T09:00:00Z", "5", "86400", "2027-01-09"):                               "/repeat/config/ends/config/date",
			series("x", "2027-01-10T09:00:00Z", "5", "86400", "2031-01-09"):                               "/repeat/config/ends/config/date", // more than 1000 times
			strings.Replace(series("x", "2027-01-10T09:00:00Z", "5", "86400", ""), `"title":"x",`, "", 1): "/title",
		} {
			r.call(r.ann, "POST", "/api/events/meeting", body).want(http.StatusBadRequest, pointer)
		}
		if n := r.count(`SELECT COUNT(*) FROM events`) + r.count(`SELECT COUNT(*) FROM event_occurrences`); n != 0 {
			t.Errorf("%d rows are left of what was refused", n)
		}
	})
}

func TestSeriesStayOnTheirClock(t *testing.T) {
	each(t, func(r *rig) {
		r.zones[r.ann.UserID] = mustZone(t, "Europe/Berlin")
		r.make(r.ann, series("stand-up", "2027-03-21T08:00:00Z", "15", "weekly", "2027-04-04"))
		r.lists(r.bob, "fromDate=2027-03-01&toDate=2027-05-01", "2027-03-21T08:00", "2027-03-28T07:00", "2027-04-04T07:00")
		r.make(r.bob, series("payday", "2027-01-31T12:00:00Z", "15", "monthly", "2027-04-30T23:59:59Z"))
		r.lists(r.ann, "fromDate=2027-01-01&toDate=2027-03-02&filter=EVENT", "2027-01-31T12:00", "2027-02-28T12:00")
		endless := r.make(r.ann, `{"title":"for ever","startDateTime":"2028-01-01T10:00:00Z","duration":60,"tzid":"UTC","repeat":{"config":{"type":"frequency","frequency":1209600}}}`)
		if got := r.starts(r.ann, "fromDate=2028-01-01"); len(got) != 53 || got[1] != "2028-01-15T10:00" {
			t.Errorf("%d occurrences: %v", len(got), got)
		}
		rule := endless.object("repeatConfig").object("config").object("config")
		if rule.str("frequency") != "1209600" || rule.object("ends").object("config").str("date") != "2030-01-01" {
			t.Errorf("rule %s", rule.raw)
		}
	})
}

// The first occurrence of a series can be at a time that its clock skips that day: the others are
// at that time all the same.
func TestSeriesThatBeginInAGapOfTheClock(t *testing.T) {
	each(t, func(r *rig) {
		r.zones[r.ann.UserID] = mustZone(t, "Europe/Berlin")
		r.make(r.ann, series("night shift", "2027-03-28T02:00:00Z", "60", "daily", "2027-03-30"))
		const march = "fromDate=2027-03-01&toDate=2027-04-01"
		days := r.call(r.ann, "GET", "/api/events?"+march, "").want(200).objects("events")
		second := "/api/events/" + days[1].str("id") + "?repeat=all"
		r.call(r.ann, "PATCH", second, `{"startDateTime":"2027-03-29T00:30:00Z"}`).want(200)
		r.lists(r.bob, march, "2027-03-28T01:30", "2027-03-29T00:30", "2027-03-30T00:30")
		r.call(r.ann, "PATCH", second, `{"title":"late shift"}`).want(200)
		r.lists(r.bob, march, "2027-03-28T01:30", "2027-03-29T00:30", "2027-03-30T00:30")
		r.call(r.ann, "PATCH", second, `{"tzid":"UTC"}`).want(200)
		r.lists(r.bob, march, "2027-03-28T02:30", "2027-03-29T02:30", "2027-03-30T02:30")
	})
}

// january is three days of a daily series.
const january = "fromDate=2027-01-01&toDate=2027-02-01"

func (r *rig) daily(last string) (list []answer) {
	r.Helper()
	r.make(r.ann, series("daily", "2027-01-10T09:00:00Z", "60", "daily", last))
	return r.call(r.ann, "GET", "/api/events?"+january+"&per_page=1000", "").want(200).objects("events")
}

func TestChangesOfSeries(t *testing.T) {
	each(t, func(r *rig) {
		days := r.daily("2027-01-14")
		at := func(i int) string { return "/api/events/" + days[i].str("id") }
		r.call(r.ann, "PATCH", at(1), `{"title":"moved","startDateTime":"2027-01-11T12:00:00Z"}`).want(200, "moved")
		r.call(r.ann, "PATCH", at(1), `{"userIds":["`+r.bob.UserID+`"]}`).want(400, "/userIds", "event.ofSeries")
		r.call(r.ann, "PATCH", at(1), `{"isMeeting":false,"type":"EVENT","userIds":[],"location":"Room 1"}`).want(200, "Room 1", "moved")
		r.call(r.ann, "DELETE", at(2), "").want(204)
		r.call(r.ann, "GET", at(2), "").want(404)
		r.call(r.ann, "DELETE", at(2), "").want(404)
		r.call(r.ann, "GET", at(2)+"/comments", "").want(404)
		r.lists(r.bob, january, "2027-01-10T09:00", "2027-01-11T12:00", "2027-01-13T09:00", "2027-01-14T09:00")

		a := r.call(r.ann, "PATCH", at(3)+"?repeat=following", `{"title":"later","startDateTime":"2027-01-13T10:00:00Z"}`).want(200, "later")
		if a.str("id") != days[3].str("id") || a.str("repeatId") == days[3].str("repeatId") {
			t.Errorf("split: %s", a.raw)
		}
		r.lists(r.bob, january, "2027-01-10T09:00", "2027-01-11T12:00", "2027-01-13T10:00", "2027-01-14T10:00")

		r.call(r.ann, "PATCH", at(0)+"?repeat=all", `{"description":"words","startDateTime":"2027-01-09T09:00:00Z"}`).want(200, "words")
		r.lists(r.bob, january, "2027-01-09T09:00", "2027-01-10T09:00", "2027-01-13T10:00", "2027-01-14T10:00") // its times are the series' again, its title is not
		if got := r.call(r.bob, "GET", at(1), "").want(200); got.str("title") != "moved" || got.str("description") != "words" {
			t.Errorf("single: %s", got.raw)
		}
		r.call(r.ann, "DELETE", at(4)+"?repeat=following", "").want(204)
		r.lists(r.bob, january, "2027-01-09T09:00", "2027-01-10T09:00", "2027-01-13T10:00")

		head := "/api/events/" + days[0].str("repeatId")
		r.call(r.ann, "PATCH", head+"?repeat=this", `{"title":"x"}`).want(400, "event.noOccurrence")
		r.call(r.ann, "PATCH", head, `{"repeat":null}`).want(200)
		r.lists(r.bob, january, "2027-01-09T09:00", "2027-01-13T10:00")
		r.call(r.ann, "DELETE", at(3), "").want(204) // nothing is left of its series
		r.call(r.ann, "GET", "/api/events/"+a.str("repeatId"), "").want(404)
		r.call(r.ann, "DELETE", head, "").want(204)
		if n := r.count(`SELECT COUNT(*) FROM events`) + r.count(`SELECT COUNT(*) FROM event_occurrences`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

func TestAudiencesFollowTheirEvent(t *testing.T) {
	each(t, func(r *rig) {
		days := r.daily("2027-01-12")
		one := "/api/events/" + days[0].str("id")
		r.call(r.ann, "PATCH", one+"?repeat=all", `{"permissions":{"users":["`+r.cid.UserID+`"]}}`).want(200)
		r.lists(r.bob, january)
		r.call(r.bob, "GET", one, "").want(404)
		if got := len(r.starts(r.cid, january)); got != 3 {
			t.Errorf("%d", got)
		}
		r.call(r.ann, "PATCH", "/api/events/"+days[1].str("id")+"?repeat=following", `{"title":"second"}`).want(200)
		r.lists(r.bob, january)
		r.call(r.ann, "PATCH", one+"?repeat=all", `{"permissions":{"public":true}}`).want(200)
		r.lists(r.bob, january, "2027-01-10T09:00")

		draft := r.make(r.ann, `{"title":"draft","status":"DRAFT","startDateTime":"2027-01-20T09:00:00Z","duration":5}`).str("id")
		r.call(r.bob, "GET", "/api/events/"+draft, "").want(404)
		r.lists(r.ann, "status=DRAFT", "2027-01-20T09:00")
		r.lists(r.bob, "status=DRAFT")
		r.call(r.ann, "PATCH", "/api/events/"+draft, `{"status":"PUBLISHED"}`).want(200)
		r.lists(r.bob, january, "2027-01-10T09:00", "2027-01-20T09:00")
	})
}

func TestMeetingsAreSeenByThoseInvited(t *testing.T) {
	each(t, func(r *rig) {
		m := r.make(r.ann, `{"title":"1:1","isMeeting":true,"permissions":{"public":true},"userIds":["`+r.bob.UserID+`"],"startDateTime":"2027-01-10T09:00:00Z","duration":30,"externalUserEmails":["g@x.example"]}`)
		one := "/api/events/" + m.str("id")
		if u := m.objects("rsvpUsers"); len(u) != 1 || u[0].str("id") != r.bob.UserID || u[0].str("invited") == "" || m.object("livestream").str("type") != "MEETING" {
			t.Errorf("invited %s", m.raw)
		}
		r.call(r.bob, "GET", one, "").want(200, "g@x.example")
		for _, who := range []string{r.cid.UserID, r.admin.UserID} {
			r.call(r.actors[who], "GET", one, "").want(404)
			r.lists(r.actors[who], "onlyMeeting=true")
		}
		r.make(r.ann, `{"title":"open","startDateTime":"2027-01-11T09:00:00Z","duration":30}`)
		r.lists(r.bob, "onlyMeeting=true", "2027-01-10T09:00")
		r.call(r.bob, "PUT", one+"/rsvp", `{"rsvp":"GOING"}`).want(200)
		r.call(r.ann, "PATCH", one, `{"userIds":["`+r.cid.UserID+`"]}`).want(200)
		r.call(r.bob, "GET", one, "").want(404)
		if got := r.call(r.cid, "GET", one, "").want(200); got.num("going") != 0 || len(got.objects("rsvpUsers")) != 1 {
			t.Errorf("after: %s", got.raw)
		}
		r.call(r.ann, "PATCH", one, `{"isMeeting":false,"permissions":{"public":true}}`).want(200)
		if got := r.call(r.bob, "GET", one, "").want(200); len(got.body["externalAttendees"].([]any)) != 0 {
			t.Errorf("guests are shown to everybody: %s", got.raw)
		}
	})
}
