package console_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/module/org"
	"github.com/workdrive/workdrive/internal/module/user"
)

// hashed is made once: it takes a while.
const password = "correct horse battery"

var hashed = sync.OnceValues(func() (string, error) { return user.HashPassword(password) })

// rig is the whole program with an organization, served on an address of this machine.
type rig struct {
	*testing.T
	app   *app.App
	url   string
	clock *clock.Manual
	admin string // id
	key   string // the administrator's
}

type setting func(o *app.Options)

func https(o *app.Options) { o.Server.PublicURL = "https://work.example" }

// newRig starts the program. An organization is there unless bare.
func newRig(t *testing.T, bare bool, settings ...setting) *rig {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	d, closeAll, err := app.Open(t.Context(), config.Store{DataDir: t.TempDir()}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := closeAll(); err != nil {
			t.Error(err)
		}
	})
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, url: "http://" + l.Addr().String(), clock: clock.NewManual(time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC))}
	o := app.Options{
		Version: "test", Server: config.Server{Listen: l.Addr().String(), MaxInFlight: 64}, DB: d, Clock: r.clock, Log: log,
	}
	for _, s := range settings {
		s(&o)
	}
	files, closeFiles, err := app.OpenFiles(config.Store{DataDir: t.TempDir()}, o.Server, r.clock, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := closeFiles(); err != nil {
			t.Error(err)
		}
	})
	o.Files = files
	if r.app, err = app.New(o); err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: r.app.Handler(), ReadHeaderTimeout: time.Minute}}
	server.Start()
	t.Cleanup(server.Close)
	if !bare {
		hash, err := hashed()
		if err != nil {
			t.Fatal(err)
		}
		made, err := r.app.Orgs.Setup(t.Context(), org.Setup{
			Name: "Lumen Cartography", Email: "ada@lumen.example", FirstName: "Ada", LastName: "Lindqvist", PasswordHash: hash,
		})
		if err != nil {
			t.Fatal(err)
		}
		r.admin, r.key = made.UserID, made.AccessToken
	}
	return r
}

// api calls the API with a key and reads the answer.
func (r *rig) api(key, method, path, body string) (int, map[string]any) {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	req.Header.Set("X-API-KEY", key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer answer.Body.Close()
	var out map[string]any
	_ = json.NewDecoder(answer.Body).Decode(&out)
	return answer.StatusCode, out
}

// must is api for a call that has to work; it gives the id of what it made.
func (r *rig) must(method, path, body string) string {
	r.Helper()
	status, out := r.api(r.key, method, path, body)
	if status >= 300 {
		r.Fatalf("%s %s: %d %v", method, path, status, out)
	}
	id, _ := out["id"].(string)
	return id
}

// person makes somebody who can sign in with password, and gives their id.
func (r *rig) person(first, last string) string {
	r.Helper()
	id := r.must("POST", "/api/users/add", fmt.Sprintf(`{"firstName":%q,"lastName":%q,"email":"%s@lumen.example","status":"ACTIVE"}`, first, last, strings.ToLower(first)))
	hash, err := hashed()
	if err != nil {
		r.Fatal(err)
	}
	who, err := r.app.Operator(r.Context(), "")
	if err == nil {
		err = r.app.Users.SetPasswordHash(r.Context(), who, id, hash)
	}
	if err != nil {
		r.Fatal(err)
	}
	return id
}

// browser is somebody's, without script.
type browser struct {
	*testing.T
	r      *rig
	client *http.Client
	header http.Header
	status int
	path   string // where it was led
	body   string
	answer http.Header
}

func (r *rig) browser() *browser {
	r.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.Fatal(err)
	}
	return &browser{T: r.T, r: r, client: &http.Client{Jar: jar}, header: http.Header{"User-Agent": {"Test"}}}
}

func (b *browser) send(method, path string, form url.Values) *browser {
	b.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(b.Context(), method, b.r.url+path, body)
	if err != nil {
		b.Fatal(err)
	}
	req.Header = b.header.Clone()
	if method == http.MethodPost {
		if req.Header.Get("Origin") == "" {
			req.Header.Set("Origin", b.r.url)
		}
		if req.Header.Get("Content-Type") == "" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	return b.read(req)
}

// read sends a request and keeps what is answered.
func (b *browser) read(req *http.Request) *browser {
	b.Helper()
	answer, err := b.client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	b.status, b.path, b.body, b.answer = answer.StatusCode, answer.Request.URL.RequestURI(), string(text), answer.Header
	return b
}

func (b *browser) get(path string) *browser { b.Helper(); return b.send(http.MethodGet, path, nil) }

// post sends a form; fields are names and values in turn.
func (b *browser) post(path string, fields ...string) *browser {
	b.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.send(http.MethodPost, path, form)
}

// want fails the test unless the page has a status and shows texts; "!text" must not be there.
func (b *browser) want(status int, texts ...string) *browser {
	b.Helper()
	if b.status != status {
		b.Fatalf("%s: status %d, want %d: %s", b.path, b.status, status, words(b.body))
	}
	for _, text := range texts {
		absent := strings.HasPrefix(text, "!")
		if strings.Contains(words(b.body), strings.TrimPrefix(text, "!")) == absent {
			b.Fatalf("%s: %q: %s", b.path, text, words(b.body))
		}
	}
	return b
}

// at fails the test unless the browser was led to a page.
func (b *browser) at(path string) *browser {
	b.Helper()
	if b.path != path {
		b.Fatalf("led to %s, want %s: %s", b.path, path, words(b.body))
	}
	return b
}

func (b *browser) signIn(email string) *browser {
	b.Helper()
	return b.post("/login", "email", email, "password", password).want(200).at("/")
}

var (
	tags   = regexp.MustCompile(`(?s)<(script|style).*?</(script|style)>|<[^>]*>`)
	blanks = regexp.MustCompile(`\s+`)
	quotes = strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">")
)

// words is what a page says.
func words(body string) string {
	return strings.TrimSpace(quotes.Replace(blanks.ReplaceAllString(tags.ReplaceAllString(body, " "), " ")))
}
