package console_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	r.person("Bela", "Abara")
	b := r.browser()
	b.get("/manage/people?search=x").want(200, "Forgot your password?").at("/login?next=%2Fmanage%2Fpeople%3Fsearch%3Dx")
	for _, wrong := range [][2]string{{"bela@lumen.example", "wrong"}, {"nobody@lumen.example", password}} {
		b.post("/login", "email", wrong[0], "password", wrong[1]).want(401, "The e-mail address or the password is wrong.", "!Sign out")
	}
	b.post("/login", "email", "bela@lumen.example", "password", password, "next", "/people?search=ada").want(200, "Ada Lindqvist").at("/people?search=ada")
	b.get("/login").at("/") // is signed in
	b.post("/logout").want(200, "You are signed out.").at("/login")
	b.get("/").at("/login")
}

func TestNobodyIsLedElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	for _, next := range []string{"https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:evil.example", "/\t/evil.example", ""} {
		b := r.browser()
		b.post("/login", "email", "ada@lumen.example", "password", password, "next", next).want(200).at("/")
	}
}

func TestCookiesAreTheBrowsersAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings []setting
		prefix   string
		secure   bool
	}{"http": {nil, "workdrive", false}, "https": {[]setting{https}, "__Host-workdrive", true}} {
		r := newRig(t, false, c.settings...)
		b := r.browser()
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		b.post("/login", "email", "ada@lumen.example", "password", password).want(303)
		cookies := (&http.Response{Header: b.answer}).Cookies()
		if len(cookies) != 2 {
			t.Errorf("%s: %d cookies", name, len(cookies))
		}
		for _, k := range cookies {
			if !strings.HasPrefix(k.Name, c.prefix) || !k.HttpOnly || k.Secure != c.secure || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || k.Domain != "" {
				t.Errorf("%s: %+v", name, k)
			}
		}
		if sts := b.answer.Get("Strict-Transport-Security"); (sts != "") != c.secure {
			t.Errorf("%s: Strict-Transport-Security is %q", name, sts)
		}
	}
}

func TestASessionIsNoKeyAndAKeyNoSession(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	b := r.browser().signIn("ada@lumen.example")
	b.get("/api/users/me").want(401)
	at, _ := url.Parse(r.url)
	secret := ""
	for _, k := range b.client.Jar.Cookies(at) {
		if k.Name == "workdrive" {
			secret = k.Value
		}
	}
	if status, _ := r.api(secret, "GET", "/api/users/me", ""); secret == "" || status != 401 {
		t.Errorf("the cookie as a key answers %d", status)
	}
	stranger := r.browser()
	stranger.header.Set("X-API-KEY", r.key)
	stranger.get("/").at("/login")
	other := r.browser()
	other.client.Jar.SetCookies(at, []*http.Cookie{{Name: "workdrive", Value: r.key}})
	other.get("/").at("/login")
}

func TestOtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	b := r.browser().signIn("ada@lumen.example")
	for name, h := range map[string]http.Header{
		"another origin":             {"Origin": {"https://evil.example"}},
		"another origin, no browser": {"Origin": {"null"}},
		"cross-site":                 {"Sec-Fetch-Site": {"cross-site"}, "Origin": {r.url}},
		"same-site":                  {"Sec-Fetch-Site": {"same-site"}, "Origin": {r.url}},
	} {
		b.header = h
		b.post("/posts", "postText", "by another site", "scope", "everyone")
		if b.status != 403 {
			t.Errorf("%s: %d", name, b.status)
		}
	}
	req, _ := http.NewRequestWithContext(t.Context(), "POST", r.url+"/posts", strings.NewReader("postText=x&scope=everyone"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if answer, err := b.client.Do(req); err != nil || answer.StatusCode != 403 { // does not say where from
		t.Errorf("%v %v", answer, err)
	}
	b.header = http.Header{"Content-Type": {"text/plain"}, "Origin": {r.url}}
	b.post("/posts", "postText", "as text").want(415)
	b.header = http.Header{}
	b.send("PUT", "/posts", nil).want(405)
	b.get("/").want(200, "Nothing here yet.")
	b.header = http.Header{"Sec-Fetch-Site": {"same-origin"}}
	b.post("/posts", "postText", "from here", "scope", "everyone").want(200, "from here", "Your post is out.")
}

var (
	handlers = regexp.MustCompile(`(?i)<[^>]*\s(on[a-z]+|style)=`)
	inline   = regexp.MustCompile(`<script(?:[^>]*\ssrc=)?`)
	nonces   = regexp.MustCompile(`'nonce-([^']+)'`)
	outside  = regexp.MustCompile(`(?i)(?:src|href|action)="(https?:)?//`)
)

func TestPagesLoadNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	b := r.browser()
	seen := map[string]bool{}
	look := func(name string) {
		t.Helper()
		policy := b.answer.Get("Content-Security-Policy")
		nonce := nonces.FindStringSubmatch(policy)
		if nonce == nil || seen[nonce[1]] || !strings.Contains(b.body, `nonce="`+nonce[1]+`"`) || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", name, policy)
		} else {
			seen[nonce[1]] = true
		}
		for _, tag := range inline.FindAllString(b.body, -1) {
			if !strings.Contains(tag, "src=") {
				t.Errorf("%s: an inline script", name)
			}
		}
		if found := handlers.FindString(b.body); found != "" {
			t.Errorf("%s: %s", name, found)
		}
		for _, found := range outside.FindAllString(b.body, -1) {
			if name != "document" && name != "series" { // whose links lead elsewhere
				t.Errorf("%s: %s", name, found)
			}
		}
		if b.answer.Get("Cache-Control") != "no-store" || b.answer.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", name, b.answer)
		}
	}
	b.get("/login")
	look("login")
	b.signIn("ada@lumen.example")
	for name, path := range tour(ids) {
		b.get(path).want(200)
		look(name)
	}
}

func TestTheFirstPageIsSmall(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	r.furnish()
	b := r.browser()
	for _, email := range []string{"", "ada@lumen.example"} { // before and after signing in
		if email != "" {
			b.header.Del("Accept-Encoding")
			b.signIn(email)
		}
		b.header.Set("Accept-Encoding", "gzip") // as it is, not unpacked by the client
		b.get("/").want(200)
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write([]byte(b.body))
		_ = z.Close()
		total := packed.Len()
		for _, asset := range regexp.MustCompile(`/assets/[^"]+`).FindAllString(b.body, -1) {
			b.get(asset).want(200)
			if b.answer.Get("Content-Encoding") != "gzip" || !strings.Contains(b.answer.Get("Cache-Control"), "immutable") {
				t.Errorf("%s: %v", asset, b.answer)
			}
			total += len(b.body)
		}
		if total > 100_000 || total < 10_000 {
			t.Errorf("the first page of %q takes %d bytes", email, total)
		}
	}
}

func TestWhatPeopleWriteIsText(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	const evil = `<img src=x onerror=alert(1)><script>alert(2)</script>"'>`
	b := r.browser().signIn("ada@lumen.example")
	b.post("/profile", "firstName", evil, "lastName", "L", "availability", "1", "defaultVisibility", "public").want(200)
	b.post("/posts", "postText", evil, "scope", "everyone").want(200)
	r.must("POST", "/api/documents?publish=true", `{"name":"`+strings.ReplaceAll(evil, `"`, `\"`)+`","docUrl":"https://handbook.example/<script>"}`)
	for _, path := range []string{"/", "/people", "/documents", "/search?q=" + url.QueryEscape(evil), "/manage/people?search=" + url.QueryEscape(evil), "/profile"} {
		b.get(path).want(200)
		if strings.Contains(b.body, "<img src=x") || strings.Contains(b.body, "<script>") {
			t.Errorf("%s shows it as it is", path)
		}
	}
	s := r.screen(1280, 800)
	s.open("/login")
	s.fill("email", "ada@lumen.example")
	s.fill("password", password)
	s.press("Sign in", "onerror=alert(1)")
	s.shot("feed") // a dialog or a violation fails the test
}

func TestManageIsForThoseWhoMay(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	member := r.browser().signIn("cosmo@lumen.example")
	admin := r.browser().signIn("ada@lumen.example")
	member.get("/").want(200, "!Manage")
	admin.get("/").want(200, "Manage")
	member.get("/manage").want(403, "administrators only")
	p := ids["person"]
	for _, path := range []string{
		"/manage/people/" + p + "/access", "/manage/departments", "/manage/departments/" + ids["department"], "/manage/locations", "/manage/groups",
		"/manage/groups/" + ids["group"], "/manage/categories", "/manage/organization",
	} {
		member.get(path).want(403, "administrators only")
		admin.get(path).want(200)
	}
	for _, c := range []struct {
		path   string
		fields []string
	}{
		{"/manage/people/" + p + "/access", nil},
		{"/manage/people/" + p + "/status", []string{"status", "BLOCKED"}},
		{"/manage/people/" + p + "/invite", nil},
		{"/manage/people/" + p + "/factor", nil},
		{"/manage/people/" + p + "/archive", nil},
		{"/manage/people/" + p, []string{"firstName", "X", "lastName", "Y", "email", "x@lumen.example"}},
		{"/manage/people/new", []string{"firstName", "X", "lastName", "Y", "email", "x@lumen.example"}},
		{"/manage/people/import", []string{"csv", "firstName,lastName,email\nA,B,a@b.example", "do", "create"}},
		{"/manage/departments", []string{"name", "X"}},
		{"/manage/departments/" + ids["department"] + "/delete", nil},
		{"/manage/locations", []string{"name", "X"}},
		{"/manage/groups", []string{"name", "X"}},
		{"/manage/groups/" + ids["group"], []string{"name", "Editors", "capabilities", "users:manage"}},
		{"/manage/groups/" + ids["group"] + "/members", []string{"members", p}},
		{"/manage/categories", []string{"category", "X", "moduleCode", "6"}},
		{"/manage/organization", []string{"name", "Mine"}},
	} {
		if member.post(c.path, c.fields...); member.status != 403 {
			t.Errorf("%s answers a member %d: %s", c.path, member.status, words(member.body))
		}
	}
	if status, me := r.api(r.key, "GET", "/api/users/"+p, ""); status != 200 || me["firstName"] != "Bela" || me["status"] != "ACTIVE" {
		t.Errorf("%d %v", status, me)
	}
}

func TestItemsOutOfSightAreNotFound(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	r.person("Bela", "Abara")
	secret := r.must("POST", "/api/posts", `{"postText":"for me alone","permissions":{"onlyMe":true}}`)
	r.browser().signIn("ada@lumen.example").get("/posts/"+secret).want(200, "for me alone")
	b := r.browser().signIn("bela@lumen.example")
	absent := b.get("/posts/01a21f86-0000-7000-8000-000000000000").want(404, "Not found")
	text := words(absent.body)
	if b.get("/posts/"+secret).want(404, "!for me alone"); words(b.body) != text {
		t.Errorf("%q and %q", words(b.body), text)
	}
	b.post("/posts/"+secret+"/comments", "text", "hello").want(404)
	b.post("/posts/"+secret+"/reactions", "reaction", "like").want(404)
}

func TestGuessersWait(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	b := r.browser()
	for range 10 {
		b.post("/login", "email", "ada@lumen.example", "password", "x").want(401)
	}
	b.header.Set("X-Forwarded-For", "203.0.113.9") // nobody has said that it is to be believed
	b.post("/login", "email", "ada@lumen.example", "password", password).want(429, "too many attempts")
	if b.answer.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	r.clock.Advance(time.Minute)
	b.signIn("ada@lumen.example")
}
