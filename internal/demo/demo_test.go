package demo_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/demo"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// now is where the history of the tests ends: a Tuesday afternoon.
var now = time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)

func newApp(t *testing.T, d *db.DB) *app.App {
	t.Helper()
	a, err := app.New(app.Options{Version: app.Release, Server: config.Server{MaxInFlight: 64}, DB: d, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// client asks the API as the administrator.
type client struct {
	t   *testing.T
	app *app.App
	key string
}

func (c client) get(path string) map[string]any {
	c.t.Helper()
	var body map[string]any
	if text := c.raw(path); json.Unmarshal([]byte(text), &body) != nil {
		c.t.Fatalf("%s answers %s", path, text)
	}
	return body
}

// raw gives an answer as it is.
func (c client) raw(path string) string {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), http.MethodGet, path, nil)
	r.Header.Set("X-API-KEY", c.key)
	w := httptest.NewRecorder()
	if c.app.Handler().ServeHTTP(w, r); w.Code != http.StatusOK {
		c.t.Fatalf("%s answers %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

func (c client) total(path string) int {
	c.t.Helper()
	return int(c.get(path)["meta"].(map[string]any)["totalResults"].(float64))
}

func TestTheDemoOrganizationIsBelievable(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newApp(t, d)
		access, err := demo.Create(t.Context(), a, now)
		if err != nil {
			t.Fatal(err)
		}
		c := client{t, a, access.Key}
		for path, least := range map[string]int{
			"/api/users": 60, "/api/departments": 7, "/api/locations": 5, "/api/security_groups": 5, "/api/posts": 130, "/api/categories?moduleCode=6": 2,
			"/api/news": 10, "/api/documents": 7, "/api/faqs": 10, "/api/group-chats": 4, "/api/tasks?filter=ALL_TASKS": 7,
			"/api/events?fromDate=2026-10-01": 25, "/api/enforcement-templates": 1,
		} {
			if got := c.total(path); got < least {
				t.Errorf("%s has %d, want at least %d", path, got, least)
			}
		}
		for _, department := range c.get("/api/departments")["departments"].([]any) {
			d := department.(map[string]any)
			if heads, _ := d["admins"].([]any); len(heads) != 1 {
				t.Errorf("%s has %d heads", d["name"], len(heads))
			}
		}
		if got := strings.Count(c.raw("/api/sso"), `"QUICK_LINK"`); got < 3 {
			t.Errorf("%d quick links", got)
		}
		c.checkPeople()
		c.checkPosts()
	})
}

func (c client) checkPeople() {
	c.t.Helper()
	top := 0
	for _, u := range c.get("/api/users?per_page=100")["users"].([]any) {
		u := u.(map[string]any)
		if u["reportsTo"] == nil {
			top++
		}
		if email := u["email"].(string); !strings.HasSuffix(email, ".example") || strings.ContainsFunc(email, func(r rune) bool { return r > 127 }) {
			c.t.Errorf("e-mail address %s", email)
		}
	}
	if top != 1 {
		c.t.Errorf("%d people report to nobody, want the administrator alone", top)
	}
}

func (c client) checkPosts() {
	c.t.Helper()
	months, comments := map[string]int{}, 0
	for _, p := range c.get("/api/posts?per_page=200")["posts"].([]any) {
		p := p.(map[string]any)
		text, at := p["postText"].(string), p["postedAt"].(string)
		if strings.ContainsAny(text, "{}") {
			c.t.Errorf("unfinished text %q", text)
		}
		if at > now.Format(time.RFC3339) {
			c.t.Errorf("a post of the future, %s", at)
		}
		months[at[:7]]++
		comments += int(p["commentsCount"].(float64))
	}
	if len(months) < 2 || comments < 50 {
		c.t.Errorf("posts by month %v, %d comments", months, comments)
	}
}

func TestTheDemoIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	told := func() string {
		a := newApp(t, dbtest.Open(t, dbtest.SQLite(t)))
		access, err := demo.Create(t.Context(), a, now)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		c := client{t, a, access.Key}
		for _, p := range c.get("/api/posts?per_page=200")["posts"].([]any) {
			p := p.(map[string]any)
			fmt.Fprintln(&all, p["postedAt"], p["postText"], p["commentsCount"], p["reactionsCount"])
		}
		return all.String()
	}
	if first, second := told(), told(); first != second || first == "" {
		t.Errorf("not the same:\n%s\n%s", first, second)
	}
}

func TestTheDemoDoesNotTouchAnOrganization(t *testing.T) {
	t.Parallel()
	a := newApp(t, dbtest.Open(t, dbtest.SQLite(t)))
	first, err := demo.Create(t.Context(), a, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Create(t.Context(), a, now); err == nil || !strings.Contains(err.Error(), "org.alreadySetUp") {
		t.Errorf("the second gave %v", err)
	}
	if got := (client{t, a, first.Key}).total("/api/users"); got != 60 {
		t.Errorf("%d people after the second", got)
	}
	if again := demo.Parse(first.Text()); again != first {
		t.Errorf("read back as %+v", again)
	}
}
