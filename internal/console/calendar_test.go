package console_test

import (
	"strings"
	"testing"
	"time"
)

func TestTheCalendarIsOnTheReadersClock(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	b := r.browser().signIn("ada@lumen.example")
	// Berlin is an hour ahead: what begins at half past eleven in the evening of UTC is the next day there.
	r.must("POST", "/api/events/meeting", `{"title":"Night watch","startDateTime":"2026-11-23T23:30:00Z","endDateTime":"2026-11-24T01:00:00Z","permissions":{"public":true}}`)
	b.get("/calendar").want(200, "November 2026", "Plotter training", "Stand-up", "Times are those of Europe/Berlin.")
	b.get("/calendar?view=list&date=2026-11-24").want(200, "Tuesday, 24 November 2026 00:30 Night watch 09:15 Stand-up 10:00 Plotter training")
	b.get("/calendar?view=week&date=2026-12-01").want(200, "30 November to 6 December 2026", "!Plotter training", "Stand-up")
	b.get("/calendar?view=month&date=nonsense").want(200, "November 2026")
	b.get("/calendar?view=list&date=2027-02-03").want(200, "February 2027", "Nothing happens in this time.")
	b.get("/events/"+ids["event"]).want(200, "Tuesday, 24 November 2026, 10:00 to 11:30", "Second floor", "Bela Abara", "guest@partner.example", "Has not answered")
	b.get("/events/"+ids["event"]+"/calendar.ics").want(200, "BEGIN:VCALENDAR", "Plotter training")
	if h := b.answer; !strings.HasPrefix(h.Get("Content-Type"), "text/calendar") || !strings.Contains(h.Get("Content-Disposition"), "event.ics") {
		t.Errorf("the file is none for calendar programs: %v", h)
	}
	bela := r.browser().signIn("bela@lumen.example") // has said no zone: UTC
	bela.get("/calendar?view=list&date=2026-11-23").want(200, "Monday, 23 November 2026 08:15 Stand-up 23:30 Night watch")
	bela.get("/events/"+ids["series"]).want(200, "Every day until 2026-12-11", "09:15 to 09:30 Europe/Berlin", "!Your event")
	bela.get("/events/" + ids["event"] + "/edit").want(403)
	bela.post("/events/"+ids["event"], "title", "Mine").want(403)
	cosmo := r.browser().signIn("cosmo@lumen.example") // Bela moderates, and may delete
	cosmo.post("/events/" + ids["event"] + "/delete").want(403)
}

func TestAnsweringAnEvent(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	b := r.browser().signIn("bela@lumen.example")
	event := "/events/" + ids["event"]
	b.post(event+"/rsvp", "rsvp", "GOING").want(200, "Your answer is kept.", "Who comes 1", "Bela Abara Comes")
	b.post(event+"/rsvp", "rsvp", "").want(200, "Who comes 0", "!Take the answer back")
	b.post(event+"/rsvp", "rsvp", "SOMETIMES").want(400)
	b.get("/calendar?view=list&date=2026-11-23").want(200)
	monday := b.find(`href="(/events/[^"]+)"[^>]*>\s*<time datetime="2026-11-23T08:15`)
	tuesday := b.find(`href="(/events/[^"]+)"[^>]*>\s*<time datetime="2026-11-24T08:15`)
	b.post(monday+"/rsvp", "rsvp", "NOT_GOING", "repeat", "this").want(200, "Does not come")
	b.get(tuesday).want(200, "!Does not come")
	b.post(monday+"/rsvp", "rsvp", "GOING", "repeat", "all").want(200)
	b.get(tuesday).want(200, "Who comes 1")
	b.post(tuesday+"/join").want(409, "a quarter of an hour before")
	r.clock.Advance(time.Date(2026, 11, 24, 8, 10, 0, 0, time.UTC).Sub(r.clock.Now()))
	b.get(tuesday).want(200, "Join the call", "I am here")
	b.post(tuesday+"/join").want(200, "Open the call")
	if !strings.Contains(b.body, `href="https://calls.example/stand-up" rel="noopener noreferrer" target="_blank">Open`) {
		t.Error("no way into the call")
	}
	b.post(tuesday+"/checkin").want(200, "You have checked in.", "Was there")
	b.post(event+"/comments", "text", "Which map?").want(200, "Which map?", "1 comment")
	b.post(event+"/reactions", "reaction", "like").want(200)
	if !strings.Contains(b.body, `aria-label="Like: 1"`) {
		t.Error("the reaction does not show")
	}
}

func TestMakingAndChangingEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	b := r.browser().signIn("ada@lumen.example")
	b.get("/events/new?date=2026-12-01").want(200, "New event")
	if got := b.find(`name="startDateTime" value="([^"]*)"`); got != "2026-12-01T09:00" {
		t.Errorf("begins %s", got)
	}
	b.post("/events", "title", "", "startDateTime", "soon", "endDateTime", "2026-12-01T10:00", "tzid", "Mars/Olympus", "scope", "everyone", "invited", ids["person"]).
		want(400, "Give a day and a time.", "This is not the name of a time zone", "Bela Abara")
	b.post("/events", "title", "Harbour walk", "startDateTime", "2026-12-01T09:00", "endDateTime", "2026-12-01T10:00", "tzid", "Europe/Berlin",
		"frequency", "weekly", "until", "2026-12-31", "kind", "event", "tags", "walk, harbour", "scope", "chosen", "users", ids["person"], "invited", ids["person"]).
		want(200, "The event is in the calendar.", "Tuesday, 1 December 2026, 09:00 to 10:00", "Every week until 2026-12-31", "Bela Abara")
	first := b.path
	if status, e := r.api(r.key, "GET", "/api"+first, ""); status != 200 || e["startDateTime"] != "2026-12-01T08:00:00.000Z" || e["tzid"] != "Europe/Berlin" {
		t.Errorf("%d %v", status, e)
	}
	cosmo := r.browser().signIn("cosmo@lumen.example")
	cosmo.get(first).want(404)
	bela := r.browser().signIn("bela@lumen.example")
	bela.get("/calendar?view=list&date=2026-12-01").want(200, "Harbour walk")
	b.get("/calendar?view=list&date=2026-12-01").want(200)
	second := b.find(`href="(/events/[^"]+)"[^>]*>\s*<time datetime="2026-12-08T08:00`)
	third := b.find(`href="(/events/[^"]+)"[^>]*>\s*<time datetime="2026-12-15T08:00`)
	b.get(second+"/edit?repeat=this").want(200, "Change this one", "!Invite people")
	b.post(second, "repeat", "this", "title", "Island walk", "startDateTime", "2026-12-08T11:00", "endDateTime", "2026-12-08T12:00", "tzid", "Europe/Berlin").
		want(200, "The changes are saved.", "Island walk", "11:00 to 12:00")
	b.get(third+"/edit?repeat=following").want(200, "Change this and the following")
	if !strings.Contains(b.body, `name="invited" value="`+ids["person"]+`" checked`) || !strings.Contains(b.body, `name="users" value="`+ids["person"]+`" checked`) {
		t.Error("who was chosen is not shown")
	}
	b.post(third, "repeat", "following", "title", "Tower walk", "startDateTime", "2026-12-15T09:30", "endDateTime", "2026-12-15T10:30", "tzid", "Europe/Berlin",
		"frequency", "weekly", "until", "2026-12-31", "kind", "event", "scope", "everyone").want(200, "Tower walk")
	b.get("/calendar?view=list&date=2026-12-01").want(200, "09:00 Harbour walk", "11:00 Island walk", "09:30 Tower walk")
	cosmo.get("/calendar?view=list&date=2026-12-01").want(200, "!Harbour walk", "Tower walk") // 08:30 on a clock of UTC
	b.post(third+"/delete", "repeat", "this").want(200, "The event is deleted.")
	b.get("/calendar?view=list&date=2026-12-15").want(200, "Tuesday, 22 December 2026 09:30", "!Tuesday, 15 December 2026 09:30")
	b.post(first+"/delete", "repeat", "all").want(200)
	b.get("/calendar?view=list&date=2026-12-01").want(200, "!Harbour walk", "!Island walk", "Tower walk")
	b.post("/events", "title", "Review", "startDateTime", "2026-12-02T09:00", "endDateTime", "2026-12-02T10:00", "tzid", "UTC", "kind", "meeting", "scope", "everyone", "invited", ids["person"]).
		want(200, "Review")
	review := b.path
	cosmo.get(review).want(404)
	bela.get(review).want(200, "Review")
}
