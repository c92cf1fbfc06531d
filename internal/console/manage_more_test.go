package console_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
)

func TestManagingDeadlines(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	b := r.browser().signIn("ada@lumen.example")
	b.get("/manage/templates/new").want(200, "What happens when")
	b.post("/manage/templates", "title", "", "medium", "email", "unit", "days", "amount", "1").want(400)
	b.post("/manage/templates", "title", "Safety", "medium", "email", "unit", "week", "amount", "many").want(400)
	b.post("/manage/templates", "title", "Safety", "medium", "email", "unit", "week", "amount", "1", "medium", "", "unit", "days", "amount", "0", "medium", "restrict", "unit", "days", "amount", "3").
		want(200, "Safety", "Remind by e-mail, 1 Weeks before the deadline", "Restrict, 3 Days after the deadline")
	one := b.find(`href="(/manage/templates/[0-9a-f-]{36})"`)
	b.get(one).want(200, "Safety")
	b.post(one, "title", "Safety at work", "medium", "push", "unit", "hours", "amount", "12").want(200, "Safety at work", "Remind by push, 12 Hours before", "!Restrict")
	r.person("Bela", "Abara")
	member := r.browser().signIn("bela@lumen.example")
	member.get(one).want(403)
	member.post(one, "title", "Mine").want(403)
	member.post(one + "/delete").want(403)
	b.post(one+"/delete").want(200, "It is deleted.", "!Safety at work")
}

func TestLinksForEverybody(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	r.person("Bela", "Abara")
	b := r.browser().signIn("ada@lumen.example")
	b.post("/manage/tiles", "name", "Wiki", "type", "QUICK_LINK").want(400)
	b.post("/manage/tiles", "name", "Wiki", "type", "QUICK_LINK", "link", "https://wiki.example/").want(200, "The changes are saved.", "Wiki")
	b.post("/manage/tiles", "name", "Payroll", "type", "SSO", "authorizationURI", "https://pay.example/authorize?redirect_uri={{redirect_uri}}", "tokenURI", "https://pay.example/token", "clientId", "workdrive", "clientSecret", "hush").
		want(200, "Wiki Quick link", "Payroll Single sign-on")
	order := func() bool { return strings.Index(b.body, "Wiki") < strings.Index(b.body, "Payroll") }
	if !order() {
		t.Error("not in the order they were made in")
	}
	wiki := b.find(`href="(/manage/tiles/[^"]+)"[^>]*><bdi>Wiki`)
	b.post(wiki + "/move").want(200)
	if order() {
		t.Error("nothing was moved")
	}
	b.post(wiki+"/move", "up", "yes").want(200)
	if !order() {
		t.Error("nothing was moved back")
	}
	pay := b.find(`href="(/manage/tiles/[^"]+)"[^>]*><bdi>Payroll`)
	b.get(pay).want(200, "There is one. Leave this empty to keep it.", "!hush")
	b.post(pay, "name", "Wages", "type", "SSO", "authorizationURI", "https://pay.example/authorize?redirect_uri={{redirect_uri}}", "tokenURI", "https://pay.example/token", "clientId", "workdrive").want(200, "Wages")
	b.get(pay).want(200, "There is one.") // the secret stays

	member := r.browser().signIn("bela@lumen.example")
	member.get("/apps").want(200, "Wiki", "Wages")
	launch := member.find(`href="(/apps/[^"]+/launch)"`)
	member.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if member.get(launch); member.status != 302 || member.answer.Get("Location") != "https://wiki.example/" {
		t.Errorf("%d %v", member.status, member.answer)
	}
	member.get("/manage/tiles").want(403)
	if member.post(wiki + "/delete"); member.status < 400 {
		t.Errorf("a member deletes a link: %d", member.status)
	}
	b.post(wiki+"/delete").want(200, "It is deleted.", "!Wiki")
}

func TestJoiningAndLeaving(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	b := r.browser().signIn("ada@lumen.example")
	b.get("/manage/boarding").want(200, "What new people get", "Bergen", "Cartography")
	b.post("/manage/boarding", "designation", "Apprentice", "skill", "maps, ink", "assignee", r.admin).want(200, "The changes are saved.", "Ada Lindqvist")
	department := "/manage/boarding?level=departments&id=" + ids["department"]
	b.post(department, "designation", "Cartographer", "reportsTo", ids["person"]).want(200, "Cartography", "Bela Abara").at(department)
	b.get("/manage/boarding").want(200)
	if got := b.find(`name="designation" value="([^"]*)"`); got != "Apprentice" {
		t.Errorf("for everybody: %s", got)
	}
	status, made := r.api(r.key, "POST", "/api/users/add?bulk=true", `{"firstName":"Nuno","lastName":"Silva","email":"nuno@lumen.example","department":"`+ids["department"]+`"}`)
	if status != 201 || made["designation"] != "Cartographer" || made["reportsTo"] != ids["person"] {
		t.Errorf("%d %v", status, made)
	}
	b.post(department, "designation", "").want(200)
	if _, now := r.api(r.key, "GET", "/api/settings/onboarding", ""); len(now["departments"].(map[string]any)) != 0 {
		t.Errorf("an empty level stays: %v", now)
	}
	member := r.browser().signIn("cosmo@lumen.example")
	member.get("/manage/boarding").want(403)
	member.post("/manage/boarding", "designation", "Boss").want(403)
}

func TestWebhooksAndTheAuditLog(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	b := r.browser().signIn("ada@lumen.example")
	b.post("/manage/webhooks", "name", "HR", "url", "nowhere").want(400)
	b.post("/manage/webhooks", "name", "HR", "url", "https://hr.example/hook", "types", "post.* user.created").want(200, "shown this once", "HR")
	secret := b.find(`<code id="secret">([^<]*)`)
	b.get("/manage/webhooks").want(200, "https://hr.example/hook")
	one := b.find(`href="(/manage/webhooks/[0-9a-f-]{36})"`)
	if b.get(one).want(200, "Nothing was sent yet."); strings.Contains(b.body, secret) {
		t.Error("the secret shows again")
	}
	b.post(one+"/secret").want(200, "shown this once")
	if b.find(`<code id="secret">([^<]*)`) == secret {
		t.Error("the secret is the same")
	}
	b.post(one, "active", "false").want(200, "Stopped", "Switch it on")
	b.post(one, "name", "People", "url", "https://hr.example/other", "types", "").want(200, "People")
	b.post(one+"/redeliver", "deliveryId", "01a21f86-0000-7000-8000-000000000000").want(400, "no such delivery")

	r.person("Bela", "Abara")
	member := r.browser().signIn("bela@lumen.example")
	for _, path := range []string{"/manage/webhooks", one, "/manage/audit"} {
		member.get(path).want(403)
	}
	member.post(one + "/delete").want(403)
	b.get("/manage/audit").want(200, "createWebhook", "Ada Lindqvist", "Done")
	b.get("/manage/audit?outcome=DENIED").want(200, "Bela Abara", "deleteWebhook", "!createUser")
	b.get("/manage/audit?operation=createUser").want(200, "createUser", "!createWebhook")
	b.get("/manage/audit?operation=nothing").want(200, "Nothing fits.")
	b.post(one+"/delete").want(200, "It is deleted.", "!People HR")
}

func TestWhoReportsToWhom(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	r.must("PATCH", "/api/users/"+ids["person"], `{"reportsTo":"`+r.admin+`"}`)
	b := r.browser().signIn("bela@lumen.example")
	b.get("/people/chart").want(200, "Ada Lindqvist 1 person", "Bela Abara", "Cosmo Bergström")
	b.get("/people/"+r.admin).want(200, "Direct reports", "Bela Abara")
	b.get("/people/"+ids["person"]).want(200, "Reports to", "Ada Lindqvist", "!Direct reports")
}

// sendPicture sends the form of a picture as a browser without script does.
func (b *browser) sendPicture(kind, content string) *browser {
	b.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="face.png"`}, "Content-Type": {kind}})
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.r.url+"/profile/picture", &body)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Origin", b.r.url)
	req.Header.Set("Content-Type", form.FormDataContentType())
	return b.read(req)
}

// face is a picture of one pixel.
const face = "\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\x0dIDATx\xdacd\xf8\xcfP\x0f\x00\x03\x86\x01\x80Z4}k\x00\x00\x00\x00IEND\xaeB`\x82"

func TestAProfilePicture(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	r.person("Bela", "Abara")
	b := r.browser().signIn("bela@lumen.example")
	b.post("/profile/picture").want(400, "Choose a picture.")
	b.sendPicture("text/plain", "words").want(400, "not a picture")
	b.sendPicture("image/png", "no picture at all").want(400)
	b.sendPicture("image/png", face).want(200, "Your profile is saved.", "Remove the picture")
	ada := r.browser().signIn("ada@lumen.example")
	ada.get("/people").want(200)
	address := ada.find(`<img class="avatar[^"]*" src="([^"]+)"`)
	ada.get(strings.TrimPrefix(address, r.url)).want(200)
	if kind := ada.answer.Get("Content-Type"); kind != "image/png" {
		t.Errorf("the picture is %s", kind)
	}
	b.post("/profile/picture", "remove", "yes").want(200, "!Remove the picture")
	ada.get("/people").want(200)
	if strings.Contains(ada.body, "<img class=\"avatar") {
		t.Error("the picture stays")
	}
}

func TestTheStreamIsForThisSiteAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	r.browser().get("/live").at("/login?next=%2Flive")
	b := r.browser().signIn("ada@lumen.example")
	b.header.Set("Sec-Fetch-Site", "cross-site")
	b.get("/live").want(403, "another site")
}
