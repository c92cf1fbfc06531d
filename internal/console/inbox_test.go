package console_test

import (
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/app"
)

// tell does what is due, so that notifications are where they belong.
func (r *rig) tell() {
	r.Helper()
	if err := r.app.Notifications.Work(r.Context()); err != nil {
		r.Fatal(err)
	}
}

// push lets the program push to browsers.
func push(o *app.Options) { o.Server.Push.Contact = "mailto:admin@lumen.example" }

// mentioned makes a post that mentions somebody, and tells them.
func (r *rig) mentioned(person string) (post string) {
	r.Helper()
	post = r.must("POST", "/api/posts", `{"postText":"Look at this","mention":["`+person+`"]}`)
	r.tell()
	return post
}

func TestTheInbox(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	bela := r.person("Bela", "Abara")
	post := r.mentioned(bela)
	b := r.browser().signIn("bela@lumen.example")
	if !strings.Contains(b.body, `aria-label="1 unread notification"`) {
		t.Error("the bell does not ring")
	}
	b.get("/notifications").want(200, "mentioned you in a post", "Mentions of you", "1 unread")
	if got := b.find(`<a class="name" href="([^"]*)" data-read`); got != "/posts/"+post {
		t.Errorf("leads to %s", got)
	}
	id := b.find(`name="id" value="([^"]+)"`)
	other := r.browser().signIn("ada@lumen.example")
	other.get("/notifications").want(200, "Nothing to read.", "!mentioned")
	other.post("/notifications/read", "id", id, "next", "/notifications").want(400) // not theirs
	b.get("/notifications?unread=true").want(200, "mentioned you in a post")
	b.post("/notifications/read", "id", id, "next", "/notifications").want(200, "mentioned you", "!Mark as read").at("/notifications")
	b.get("/notifications?unread=true").want(200, "Nothing to read.")
	r.clock.Advance(1e12)
	r.mentioned(bela)
	r.mentioned(bela)
	b.get("/notifications").want(200, "2 unread")
	b.header.Set("HX-Request", "true")
	b.get("/notifications/unread?seen=0").want(200)
	if !strings.Contains(b.body, `aria-label="2 unread notifications"`) {
		t.Error(b.body)
	}
	b.get("/notifications/unread?seen=2").want(204)
	b.header.Del("HX-Request")
	b.get("/notifications")
	b.post("/notifications/read", "until", b.find(`name="until" value="([^"]+)"`), "next", "https://evil.example").at("/")
	b.get("/notifications").want(200, "0 unread", "!Mark as read")
	b.post("/notifications/read").want(400)
}

func TestHowPeopleAreTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, false, push)
	b := r.browser().signIn("ada@lumen.example")
	const path = "/settings/notifications"
	b.get(path).want(200, "Mentions of you", "Quiet hours", "!This server sends no push messages.")
	checked := func(name string) bool { return strings.Contains(b.body, `name="`+name+`" value="yes" checked`) }
	if !checked("mention.push") || checked("mention.email") || !checked("task.email") {
		t.Error("the defaults do not show")
	}
	b.post(path, "mention.email", "yes", "from", "22:00", "to", "", "at", "08:00").want(400)
	b.post(path, "mention.email", "yes", "from", "22:00", "to", "07:00", "at", "08:00").want(200, "The changes are saved.")
	if checked("mention.push") || !checked("mention.email") || checked("task.email") || b.find(`name="from" value="([^"]*)"`) != "22:00" || b.find(`name="at" value="([^"]*)"`) != "08:00" {
		t.Error("the choices are not kept")
	}
	b.post(path, "mention.email", "yes").want(200)
	if b.find(`name="from" value="([^"]*)"`) != "" || b.find(`name="at" value="([^"]*)"`) != "" {
		t.Error("quiet hours and the daily mail stay")
	}
	b.post(path+"/devices", "endpoint", "https://push.example.net/send/a", "p256dh", "no key", "auth", "x").want(400)
	b.post(path+"/devices", "endpoint", "https://push.example.net/send/a", "p256dh", "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "auth", "BTBZMqHH6r4Tts7J_aSIgg").
		want(200, "This browser gets push messages.", "push.example.net")
	device := b.find(`action="(/settings/notifications/devices/[^"]+)"`)
	r.person("Bela", "Abara")
	r.browser().signIn("bela@lumen.example").post(device).want(404)
	b.post(device).want(200, "!push.example.net")
	b.get("/worker.js").want(200)
	if h := b.answer; !strings.HasPrefix(h.Get("Content-Type"), "text/javascript") || h.Get("Cache-Control") != "no-cache" {
		t.Errorf("the worker: %v", h)
	}
	newRig(t, false).browser().signIn("ada@lumen.example").get(path).want(200, "This server sends no push messages.")
}

func TestCalendarsMeetOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	r.furnish()
	b := r.browser().signIn("ada@lumen.example")
	const path = "/settings/calendar"
	b.get(path).want(200, "Make an address", "!Revoke it")
	b.post(path+"/feed").want(200, "shown this once", "Revoke it")
	feed := strings.TrimPrefix(b.find(`<code id="feed">([^<]*)`), r.url)
	r.browser().get(feed).want(200, "BEGIN:VCALENDAR", "Plotter training")
	b.get(path).want(200, "!shown this once")
	if strings.Contains(b.body, feed) {
		t.Error("the secret shows again")
	}
	b.post(path+"/feed/revoke").want(200, "The address does not work any more.")
	r.browser().get(feed).want(404)
	b.post(path+"/subscriptions", "url", "not an address").want(400)
	b.post(path+"/subscriptions", "url", "https://calendar.example/holidays.ics", "name", "Holidays").want(200, "Holidays", "Not fetched yet")
	one := b.find(`action="(/settings/calendar/subscriptions/[^"]+)/end"`)
	b.post(one, "name", "Days off").want(200, "Days off", "!Holidays")
	r.browser().signIn("bela@lumen.example").post(one + "/end").want(404)
	b.post(one+"/end").want(200, "You subscribe to no calendar.")
}

func TestLanguageAndZoneFollowThePerson(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	b := r.browser().signIn("ada@lumen.example")
	b.post("/settings/zone", "timeZone", "Mars/Olympus").want(400, "This is not the name of a time zone")
	b.post("/settings/zone", "timeZone", "Asia/Tokyo").want(200, "The changes are saved.", "18:30 JST") // the session, begun at half past nine of UTC
	b.post("/language", "language", "ar", "next", "/settings").want(200, "الإعدادات")
	other := r.browser() // which has chosen nothing
	other.get("/login").want(200, "Forgot your password?")
	other.signIn("ada@lumen.example").want(200, "تسجيل الخروج")
	if status, me := r.api(r.key, "GET", "/api/users/me", ""); status != 200 || me["language"] != "ar" || me["timeZone"] != "Asia/Tokyo" {
		t.Errorf("%d %v", status, me)
	}
}
