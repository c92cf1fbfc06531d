package console_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// find gives what a pattern's first group matches on the page.
func (b *browser) find(pattern string) string {
	b.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(b.body)
	if m == nil {
		b.Fatalf("%s: nothing like %s: %s", b.path, pattern, words(b.body))
	}
	return quotes.Replace(m[1])
}

func TestAnInvitationByHand(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	admin := r.browser().signIn("ada@lumen.example")
	admin.post("/manage/people/new", "firstName", "Nuno", "lastName", "Silva", "email", "not an address").want(400, "This is not an e-mail address.")
	admin.post("/manage/people/new", "firstName", "Nuno", "lastName", "Silva", "email", "nuno@lumen.example", "supervisor", "nobody@lumen.example").
		want(400, "Nobody here has this e-mail address.")
	admin.post("/manage/people/new", "firstName", "Nuno", "lastName", "Silva", "email", "nuno@lumen.example", "supervisor", "ada@lumen.example").
		want(200, "The person is added.", "This server sends no mail")
	admin.post(admin.path).want(200, "It works once")
	link := strings.TrimPrefix(admin.find(`<code id="secret">([^<]*)`), r.url)
	admin.get("/manage/people").want(200, "Nuno Silva", "Invited")
	b := r.browser()
	b.get(link).want(200, "Welcome, Nuno Silva", "Lumen Cartography")
	b.get(link).want(200)
	b.post(link, "password", "short", "again", "short").want(400, "at least 8")
	b.post(link, "password", "long enough 1", "again", "long enough 2").want(400, "not the same")
	b.post(link, "password", "long enough 1", "again", "long enough 1").want(200, "Who sees it").at("/")
	r.browser().get(link).want(404, "This link was used already")
	admin.get("/manage/people").want(200, "nuno@lumen.example Active")
	b.post("/settings/password", "current", "wrong", "password", "longer than before", "again", "longer than before").want(400, "This is not your password.")
	b.post("/settings/password", "current", "long enough 1", "password", "longer than before", "again", "longer than before").want(200, "Your password is changed.")
}

func TestTheSecondStep(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	b := r.browser().signIn("ada@lumen.example")
	b.post("/settings/factor", "current", "wrong").want(400, "This is not your password.")
	b.post("/settings/factor", "current", password).want(200, "Scan this")
	secret := b.find(`<code>([A-Z2-7]{16,})</code>`)
	code := func() string {
		c, err := totp.GenerateCode(secret, r.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	b.post("/settings/factor/on", "code", "123456", "secret", secret, "url", "otpauth://totp/x?secret="+secret).want(400, "The code is wrong")
	b.post("/settings/factor/on", "code", code()).want(200, "Keep these recovery codes")
	recovery := b.find(`([a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4})`)
	r.clock.Advance(time.Minute)
	other := r.browser()
	other.post("/login", "email", "ada@lumen.example", "password", password, "next", "/people").want(200, "Give the code").at("/login/code")
	other.get("/").at("/login") // the password alone opens nothing
	other.post("/login", "email", "ada@lumen.example", "password", password, "next", "/people").at("/login/code")
	other.post("/login/code", "code", "000000").want(401, "The code is wrong")
	other.post("/login/code", "code", code()).want(200, "Ada Lindqvist").at("/people")
	third := r.browser()
	third.post("/login", "email", "ada@lumen.example", "password", password).at("/login/code")
	third.post("/login/code", "code", recovery).want(200).at("/")
	third.get("/settings").want(200, "9 recovery codes left", "Where you are signed in")
}

func TestPostsCommentsAndReactions(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	person := r.person("Bela", "Abara")
	b := r.browser().signIn("bela@lumen.example")
	b.post("/posts", "postText", "  ", "scope", "everyone").want(400)
	b.post("/posts", "postText", "Cake in the kitchen", "scope", "chosen", "users", r.admin).want(200, "Cake in the kitchen", "Your post is out.")
	post := b.find(`href="/posts/([^"#]+)"`)
	ada := r.browser().signIn("ada@lumen.example")
	ada.post("/posts/"+post+"/comments", "text", "On my way").want(200, "On my way", "1 comment")
	ada.post("/posts/"+post+"/reactions", "reaction", "love").want(200)
	if !strings.Contains(ada.body, `aria-pressed="true" aria-label="Love: 1"`) {
		t.Error("the reaction does not show")
	}
	ada.header.Set("HX-Request", "true")
	ada.post("/posts/"+post+"/reactions", "reaction", "love", "remove", "true").want(200, "!Cake")
	if strings.Contains(ada.body, `aria-pressed="true"`) {
		t.Error("the reaction is still there")
	}
	ada.post("/audience", "scope", "everyone").want(200, "2 people will see this")
	ada.post("/audience", "scope", "me").want(200, "1 person will see this")
	ada.get("/people/find?as=users&find=bel").want(200, "Bela Abara", "!Ada")
	ada.header.Del("HX-Request")
	r.person("Cosmo", "Bergström")
	r.browser().signIn("cosmo@lumen.example").post("/posts/" + post + "/delete").want(404) // does not see it
	b.post("/posts/"+post+"/delete").want(200, "The post is deleted.", "!Cake")
	b.post("/people/"+r.admin+"/follow").want(200, "Unfollow")
	ada.post("/people/"+person+"/chat").want(200, "Bela Abara", "Nobody has written yet.")
	ada.post(ada.path+"/messages", "message", "Is there any left?").want(200, "Is there any left?")
	b.get("/chats").want(200, "Ada Lindqvist")
}

func TestNewsDocumentsTasksAndChats(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	b := r.browser().signIn("ada@lumen.example")
	b.post("/news", "newsTitle", "", "postText", "x", "scope", "everyone").want(400)
	b.post("/news", "newsTitle", "We won", "postText", "The tender is ours.", "scope", "everyone", "asks", "yes").want(200, "We won", "The news is out.")
	b.get("/news/"+ids["news"]).want(200, "I have read it")
	b.post("/news/"+ids["news"]+"/acknowledgement").want(200, "You have confirmed")
	b.post("/documents", "name", "Map of the house", "docUrl", "https://handbook.example/map", "scope", "everyone").want(200, "Map of the house")
	b.get("/documents?search=travel").want(200, "Travel policy", "!Map of the house")
	b.post("/documents/"+ids["document"]+"/acknowledgement").want(200, "You have confirmed")
	b.post("/faqs", "name", "Parking", "question", "Where can I park?", "answer", "Behind the house.", "scope", "everyone").want(200, "Where can I park?")
	b.get("/search?q=park&types=faq").want(200, "Parking")
	b.get("/search?q=nothingatall").want(200, "Nothing fits.")
	b.get("/tasks").want(200, "Read the safety rules", "To do")
	b.post("/tasks/"+ids["task"]+"/start").want(200, "Begun")
	b.post("/tasks/"+ids["task"]+"/complete").want(200, "Well done")
	b.post("/tasks/" + ids["task"] + "/explode").want(404)
	b.get("/courses/"+ids["course"]).want(200, "Meet your team", "0 %")
	b.post("/chats", "title", "Running", "kind", "open").want(200, "Running", "Nobody has written yet.")
	chat := strings.TrimPrefix(b.path, "/chats/")
	b.post("/chats/"+chat+"/messages", "message", "Six o'clock").want(200, "Six o'clock")
	bela := r.browser().signIn("bela@lumen.example")
	bela.get("/chats").want(200, "Groups you can join", "Running", "Lunch")
	bela.post("/chats/"+chat+"/membership").want(200, "Six o'clock")
	b.post("/chats/"+chat+"/messages", "message", "At the gate").want(200)
	bela.get("/chats").want(200)
	if !strings.Contains(bela.body, `aria-label="1 new message"`) {
		t.Error("a new message does not show")
	}
	bela.header.Set("HX-Request", "true")
	bela.get("/chats/"+chat+"?seen=x").want(200, "At the gate")
	newest := bela.find(`name="messageId" value="([^"]+)"`)
	bela.post("/chats/"+chat+"/read", "messageId", newest).want(204)
	bela.get("/chats/" + chat + "?seen=x").want(200)
	bela.get("/chats/" + chat + "?seen=" + bela.find(`\?seen=([^"]+)"`)).want(204) // nothing new
	bela.header.Del("HX-Request")
	bela.post("/chats/"+chat+"/membership", "remove", "true").want(200, "You have left the group.")
}

func TestManagingPeople(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	b := r.browser().signIn("ada@lumen.example")
	p := "/manage/people/" + ids["person"]
	b.post(p, "firstName", "Béla", "lastName", "Abara", "email", "bela@lumen.example", "designation", "Cartographer", "location", ids["location"], "department", ids["department"], "isDepartmentHead", "yes").
		want(200, "The changes are saved.", "Béla Abara")
	b.get("/manage/people?search=béla").want(200, "1 person", "Béla Abara", "!Cosmo")
	b.get("/manage/people?location="+ids["location"]).want(200, "1 person")
	bela := r.browser().signIn("bela@lumen.example")
	b.post(p+"/status", "status", "BLOCKED").want(200, "The account is blocked.")
	bela.get("/").at("/login")
	bela.post("/login", "email", "bela@lumen.example", "password", password).want(403, "Your account is blocked.")
	b.post(p+"/status", "status", "ACTIVE").want(200, "The account is active.")
	b.get(p+"/archive").want(200, "Takes over", "Direct reports", "Heads the department")
	b.post(p+"/archive", "handOver", "yes").want(200, "The person is archived.", "!Béla")
	b.get("/manage/people?status=ARCHIVE").want(200, "Béla Abara")
	b.post(p+"/status", "status", "ACTIVE").want(200, "Béla Abara")
	b.post("/manage/people/" + r.admin + "/archive").want(409) // the last administrator
}

func TestImportingPeople(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	r.furnish()
	b := r.browser().signIn("ada@lumen.example")
	const path = "/manage/people/import"
	for _, bad := range []struct{ csv, says string }{
		{"", "The list is empty"},
		{"firstName,lastName,email,shoes\na,b,c@d.example,42", `no column "shoes"`},
		{"firstName,lastName,email\n\"a,b", "cannot be read"},
	} {
		b.post(path, "csv", bad.csv, "do", "check").want(400, bad.says)
	}
	list := "firstName;lastName;email;department;reportsToEmail\nKavya;Weiss;kavya@lumen.example;Cartography;ada@lumen.example\nLior;;lior@lumen;Nowhere;\n"
	b.post(path, "csv", list, "do", "create").want(400, "Nobody was added.", "3 ", "lastName", "email", "department")
	b.get("/manage/people?search=kavya").want(200, "Nobody fits.")
	list = strings.Replace(list, "Lior;;lior@lumen;Nowhere;", "Lior;Okafor;lior@lumen.example;Cartography;kavya@lumen.example", 1)
	b.post(path, "csv", list, "do", "check").want(200, "2 people can be added.")
	b.get("/manage/people?search=kavya").want(200, "Nobody fits.") // nothing was done
	b.post(path, "csv", list, "do", "create").want(200, "The people are added.", "Kavya Weiss", "Not invited yet")
}

func TestManagingPlacesGroupsAndTheOrganization(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	b := r.browser().signIn("ada@lumen.example")
	b.post("/manage/locations", "name", "Bergen").want(409)
	b.post("/manage/locations", "name", "Lisbon").want(200, "Lisbon", "0 members")
	lisbon := b.path
	b.post(lisbon+"/members", "members", ids["person"]).want(200, "Bela Abara", "1 member")
	b.post(lisbon+"/members", "lead", ids["person"]).want(200, "Administrator")
	b.post(lisbon+"/members", "remove", ids["person"]).want(200, "0 members")
	b.post(lisbon, "name", "Lisboa").want(200, "Lisboa")
	b.post(lisbon+"/delete").want(200, "It is deleted.", "!Lisboa")
	b.post("/manage/departments", "name", "Sales", "members", r.admin).want(200, "Sales", "Head", "Ada Lindqvist")
	b.post("/manage/groups", "name", "Hosts").want(200, "Hosts")
	hosts := b.path
	b.post(hosts, "name", "Hosts", "capabilities", "notifications:send").want(200, "The changes are saved.")
	b.get(hosts)
	if !regexp.MustCompile(`value="notifications:send" checked`).MatchString(b.body) {
		t.Error("the capability is not kept")
	}
	b.post(hosts+"/members", "members", ids["person"]).want(200, "1 member")
	b.post(hosts+"/members", "remove", ids["person"]).want(200, "0 members")
	b.post("/manage/categories", "category", "Sport", "moduleCode", "6").want(200, "Sport", "Company")
	b.post("/manage/categories/"+ids["category"]+"/delete", "moduleCode", "6").want(200)
	b.post("/manage/organization", "name", "").want(400)
	b.post("/manage/organization", "name", "Lumen Maps", "websites", "https://lumen.example").want(200, "The changes are saved.")
	if status, o := r.api(r.key, "GET", "/api/organization", ""); status != 200 || o["name"] != "Lumen Maps" {
		t.Errorf("%d %v", status, o)
	}
}

func TestSettingUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, true)
	b := r.browser()
	b.get("/").want(200, "Not set up yet").at("/login")
	b.get("/setup").want(404)
	b.get("/setup?code=guess").want(404)
	path := strings.TrimPrefix(r.app.SetupURL(""), r.url)
	b.get(path).want(200, "Set up WorkDrive")
	code := strings.TrimPrefix(path, "/setup?code=")
	send := func(code, password, again string) *browser {
		return b.post("/setup", "name", "Stilla", "firstName", "John", "lastName", "Smith", "email", "john@stilla.example", "password", password, "again", again, "code", code)
	}
	send("guess", password, password).want(404)
	send(code, password, "another one").want(400, "not the same")
	send(code, "short", "short").want(400, "at least 8")
	send(code, password, password).want(200, "Who sees it", "John Smith").at("/")
	send(code, password, password).want(404) // once
	b.post("/logout").at("/login")
	b.post("/login", "email", "john@stilla.example", "password", password).want(200, "Manage").at("/")
}

func TestALanguageIsChosen(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	b := r.browser()
	b.header.Set("Accept-Language", "fr, ar-EG;q=0.8, en;q=0.5")
	b.get("/login").want(200, "تسجيل الدخول")
	if !strings.Contains(b.body, `lang="ar" dir="rtl"`) {
		t.Error("the page does not say how it is read")
	}
	b.post("/language", "language", "en", "next", "/login").want(200, "Forgot your password?")
	b.post("/login", "email", "ada@lumen.example", "password", "wrong").want(401, "is wrong")
	b.post("/language", "language", "ar", "next", "//evil.example").at("/login")
	b.post("/login", "email", "ada@lumen.example", "password", "wrong").want(401, "غير صحيحة")
}
