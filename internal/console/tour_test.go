package console_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// furnish fills the organization with something of everything, and gives the ids of what pages show.
func (r *rig) furnish() map[string]string {
	r.Helper()
	ids := map[string]string{"person": r.person("Bela", "Abara")}
	r.person("Cosmo", "Bergström")
	ids["location"] = r.must("POST", "/api/locations", `{"name":"Bergen"}`)
	ids["department"] = r.must("POST", "/api/departments", `{"name":"Cartography","members":[{"id":"`+ids["person"]+`","isAdmin":true}]}`)
	ids["group"] = r.must("POST", "/api/security_groups", `{"name":"Editors","capabilities":["content:moderate"]}`)
	r.must("POST", "/api/security_groups/"+ids["group"]+"/members", `{"ids":["`+ids["person"]+`"]}`)
	ids["post"] = r.must("POST", "/api/posts", `{"postText":"The new plotter is here.\nCome and see it on the second floor.","tags":["plotter"]}`)
	r.must("POST", "/api/posts/"+ids["post"]+"/comments", `{"text":"It is huge."}`)
	r.must("PUT", "/api/posts/"+ids["post"]+"/reactions/like", "")
	ids["category"] = r.must("POST", "/api/categories", `{"category":"Company","moduleCode":6}`)
	ids["news"] = r.must("POST", "/api/news", `{"newsTitle":"We move in March","postText":"Boxes are in the hall.","category":"Company","acknowledgementRequired":true}`)
	ids["document"] = r.must("POST", "/api/documents?publish=true", `{"name":"Travel policy","docUrl":"https://handbook.example/travel","category":"Policies","acknowledgementRequired":true}`)
	ids["faq"] = r.must("POST", "/api/faqs?publish=true", `{"kb":{"name":"Holidays","category":"People"},"qas":[{"question":"How many days off do I have?","answer":"Thirty a year."}]}`)
	ids["task"] = r.must("POST", "/api/tasks", `{"title":"Read the safety rules","content":"Wear a helmet.","task_type":"Article","time":15,"dueDays":7,"userIds":["`+r.admin+`"]}`)
	ids["course"] = r.must("POST", "/api/courses", `{"title":"First week","description":"What you need to know.","status":"published"}`)
	r.must("POST", "/api/tasks", `{"title":"Meet your team","content":"Say hello.","task_type":"Article","courseId":"`+ids["course"]+`"}`)
	r.must("PATCH", "/api/courses/"+ids["course"]+"/assign", `{"userIds":["`+r.admin+`"]}`)
	ids["chat"] = r.must("POST", "/api/group-chats", `{"title":"Lunch","members":[{"id":"`+ids["person"]+`"}]}`)
	r.must("POST", "/api/"+ids["chat"]+"/messages", `{"message":"Soup or salad?"}`)
	ids["template"] = r.must("POST", "/api/enforcement-templates", `{"title":"Safety","reminders":[{"reminderType":"email","reminderTimeUnit":"days","reminderTime":3},{"reminderType":"restrict","reminderTimeUnit":"days","reminderTime":1}]}`)
	ids["tile"] = r.must("POST", "/api/sso?manage=true", `{"name":"Wiki","type":"QUICK_LINK","link":"https://wiki.example/"}`)
	ids["webhook"] = r.must("POST", "/api/webhooks", `{"name":"HR","url":"https://hr.example/hook"}`)
	r.must("PATCH", "/api/users/"+r.admin, `{"timeZone":"Europe/Berlin"}`)
	ids["event"] = r.must("POST", "/api/events/meeting", `{"title":"Plotter training","description":"Bring a map.","location":"Second floor","startDateTime":"2026-11-24T09:00:00Z",
		"endDateTime":"2026-11-24T10:30:00Z","userIds":["`+ids["person"]+`"],"externalUserEmails":["guest@partner.example"],"permissions":{"public":true}}`)
	ids["series"] = r.must("POST", "/api/events/meeting", `{"title":"Stand-up","conferenceLink":"https://calls.example/stand-up","startDateTime":"2026-11-16T08:15:00Z",
		"endDateTime":"2026-11-16T08:30:00Z","tzid":"Europe/Berlin","repeat":{"config":{"type":"frequency","frequency":"daily","ends":{"config":{"type":"on","date":"2026-12-11"}}}},"permissions":{"public":true}}`)
	return ids
}

// tour is every page that can be asked for, by name.
func tour(ids map[string]string) map[string]string {
	return map[string]string{
		"feed": "/", "post": "/posts/" + ids["post"], "news": "/news", "news-item": "/news/" + ids["news"], "news-new": "/news/new",
		"documents": "/documents", "document": "/documents/" + ids["document"], "document-new": "/documents/new",
		"faqs": "/faqs", "faq": "/faqs/" + ids["faq"], "faq-new": "/faqs/new", "search": "/search?q=plotter",
		"tasks": "/tasks", "task": "/tasks/" + ids["task"], "courses": "/courses", "course": "/courses/" + ids["course"],
		"chats": "/chats", "chat": "/chats/" + ids["chat"], "people": "/people", "person": "/people/" + ids["person"],
		"calendar": "/calendar", "calendar-week": "/calendar?view=week", "calendar-list": "/calendar?view=list", "event-new": "/events/new",
		"event": "/events/" + ids["event"], "event-edit": "/events/" + ids["event"] + "/edit", "series": "/events/" + ids["series"],
		"series-edit": "/events/" + ids["series"] + "/edit?repeat=this",
		"profile":     "/profile", "settings": "/settings", "password": "/settings/password", "inbox": "/notifications", "telling": "/settings/notifications", "calendar-settings": "/settings/calendar", "factor": "/settings/factor",
		"manage-people": "/manage/people", "manage-new": "/manage/people/new", "manage-edit": "/manage/people/" + ids["person"],
		"manage-invite": "/manage/people/" + ids["person"] + "/invite", "manage-archive": "/manage/people/" + ids["person"] + "/archive",
		"manage-access": "/manage/people/" + ids["person"] + "/access", "manage-import": "/manage/people/import",
		"departments": "/manage/departments", "department": "/manage/departments/" + ids["department"],
		"locations": "/manage/locations", "location": "/manage/locations/" + ids["location"],
		"groups": "/manage/groups", "group": "/manage/groups/" + ids["group"],
		"templates": "/manage/templates", "template": "/manage/templates/" + ids["template"], "template-new": "/manage/templates/new",
		"tiles": "/manage/tiles", "tile": "/manage/tiles/" + ids["tile"], "tile-new": "/manage/tiles/new", "apps": "/apps",
		"boarding": "/manage/boarding", "boarding-department": "/manage/boarding?level=departments&id=" + ids["department"],
		"webhooks": "/manage/webhooks", "webhook": "/manage/webhooks/" + ids["webhook"], "audit": "/manage/audit", "chart": "/people/chart",
		"categories": "/manage/categories", "organization": "/manage/organization",
	}
}

// TestEveryPageIsAccessible looks at every page with axe-core, wide and narrow, light and dark,
// and from the right.
func TestEveryPageIsAccessible(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	for name, look := range map[string]struct {
		width, height  int64
		language, dark string
	}{
		"wide": {1280, 800, "en", ""}, "narrow": {390, 844, "en", "dark"}, "from-the-right": {1280, 800, "ar", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, false)
			ids := r.furnish()
			s := r.screen(look.width, look.height)
			if look.dark != "" {
				s.darken()
			}
			s.open("/login")
			s.examine(axe, "login")
			s.signIn("ada@lumen.example")
			if look.language != "en" {
				s.open("/settings")
				run(s, chromedp.Click(`button[value="`+look.language+`"]`))
				run(s, chromedp.WaitVisible(`html[lang="`+look.language+`"]`))
			}
			for page, path := range tour(ids) {
				s.open(path)
				s.examine(axe, page)
			}
		})
	}
}

// examine fails the test for whatever axe-core finds.
func (s *screen) examine(axe []byte, name string) {
	s.Helper()
	s.shot(name)
	run(s, chromedp.Evaluate[chromedp.Void](string(axe)))
	found := run(s, chromedp.Evaluate[string](`axe.run(document, {resultTypes: ["violations"]}).then((r) =>
		JSON.stringify(r.violations.map((v) => ({rule: v.id, impact: v.impact, help: v.help, at: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + " " + (n.any[0]?.message ?? ""))}))))`, chromedp.EvalAwaitPromise))
	var violations []struct {
		Rule, Impact, Help string
		At                 []string
	}
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		s.Fatal(err)
	}
	for _, v := range violations {
		s.Errorf("%s: %s (%s): %s\n  %s", name, v.Rule, v.Impact, v.Help, strings.Join(v.At, "\n  "))
	}
}
