package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/module/token"
	"github.com/workdrive/workdrive/internal/testkit/cast"
)

// site is the whole app on a database with a clock that stands still.
type site struct {
	app       *App
	clock     *clock.Manual
	audiences *audience.Audiences // remembers nothing of the app's
}

func newSite(t *testing.T, d *db.DB) site {
	t.Helper()
	s := site{clock: clock.NewManual(time.UnixMilli(cast.At))}
	var err error
	s.app, err = New(Options{Version: Release, Server: config.Server{MaxInFlight: 64}, DB: d, Files: filesIn(t, t.TempDir(), s.clock), Clock: s.clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.audiences = audience.New(d, s.app.bus)
	return s
}

// key gives a person's key.
func (s site) key(t *testing.T, who authz.Actor) string {
	t.Helper()
	k, err := s.app.Tokens.CreateFor(t.Context(), who, token.Draft{Name: "key", UserID: who.UserID})
	if err != nil {
		t.Fatal(err)
	}
	return k.Secret
}

// call sends a request and gives the status and the body of the answer. It may be called on
// any goroutine.
func (s site) call(ctx context.Context, key, method, target string, body any) (int, map[string]any) {
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			panic(err)
		}
	}
	r := httptest.NewRequestWithContext(ctx, method, target, &sent)
	r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1000", rand.IntN(256), rand.IntN(256)) // wrong keys are counted by address
	r.Header.Set("X-Api-Key", key)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	s.app.Handler().ServeHTTP(rec, r)
	var got map[string]any
	if rec.Body.Len() > 0 && rec.Body.Bytes()[0] == '{' {
		if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
			return 0, map[string]any{"error": err.Error(), "body": rec.Body.String()}
		}
	}
	return rec.Code, got
}

// history is the oracle of visibility: who is related to whom, and what was published for
// whom. People are numbers; the administrator is not one of them.
type history struct {
	site
	ctx context.Context //nolint:containedctx // of the test
	t   interface {
		Helper()
		Fatalf(format string, args ...any)
	}
	rt   *rapid.T
	test *testing.T

	org       string
	director  string // the administrator
	admin     string // their key
	ids, keys []string
	groups    []string
	locations []string
	kind      kindOf // of everything that is published
	absent    string // what the answer for an item that is not there says
	n         int

	state      []string // ACTIVE, BLOCKED, ARCHIVE
	supervisor []int    // -1 for none
	location   []int    // -1 for none
	inGroup    map[pair]bool
	inTeam     map[pair]bool // person, supervisor
	follows    map[pair]bool
	posts      []published
}

type pair struct{ a, b int }

// permissions is the audience of a post as clients send it.
type permissions struct {
	Public      bool     `json:"public"`
	Friends     bool     `json:"friends"`
	OnlyMe      bool     `json:"onlyMe"`
	Team        bool     `json:"team"`
	Users       []string `json:"users"`
	Groups      []string `json:"groups"`
	Locations   []string `json:"locations"`
	TaggedUsers []string `json:"taggedUsers"`
}

// kindOf is how items of a kind are made and read over HTTP.
type kindOf struct {
	name, path, list string
	make             func(file string) map[string]any // what an item needs beside permissions; file is a picture of the author's
}

var everyKind = []kindOf{
	{"post", "/api/posts", "posts", func(file string) map[string]any {
		return map[string]any{"postText": "words", "fileIds": []string{file}}
	}},
	{"news", "/api/news", "news", func(file string) map[string]any { return map[string]any{"newsTitle": "words", "coverImage": file} }},
	{"photo", "/api/photos", "photos", func(file string) map[string]any { return map[string]any{"description": "words", "fileId": file} }},
	{"video", "/api/videos", "videos", func(file string) map[string]any {
		return map[string]any{"title": "words", "meta": map[string]any{"videoURL": "https://films.example/1"}, "thumbnailFileId": file}
	}},
	{"document", "/api/documents", "docs", func(file string) map[string]any { return map[string]any{"name": "words", "docId": file} }},
	{"event", "/api/events", "events", func(file string) map[string]any {
		return map[string]any{"title": "words", "startDateTime": "2031-01-01T10:00:00Z", "duration": 30, "posterId": file}
	}},
	{"faq", "/api/faqs", "data", func(string) map[string]any {
		return map[string]any{"name": "words", "qas": []any{map[string]any{"question": "words", "answer": "more"}}}
	}},
}

// ordered reports that a kind is listed in the orders of posts: the list of FAQs is of questions,
// and that of events is a calendar.
func (k kindOf) ordered() bool { return k.name != "faq" && k.name != "event" }

type published struct {
	id        string
	file      string // that it shows, "" for none
	author    int
	perms     permissions
	status    string
	at        string // postedAt
	comments  int
	reactions map[pair]bool // person, reaction
	bookmarks map[int]bool
}

// newHistory makes an organization. Its first person administers it, beside an administrator who
// only directs: that lets nobody see more.
func newHistory(t *testing.T, s site, people int) *history {
	t.Helper()
	h := &history{site: s, ctx: t.Context(), t: t, test: t, inGroup: map[pair]bool{}, inTeam: map[pair]bool{}, follows: map[pair]bool{}}
	o := cast.NewOrg(t, s.app.o.DB)
	director := o.Administrator(t, "director")
	h.org, h.director, h.admin = o.ID, director.UserID, s.key(t, director)
	for i := range people {
		who := o.Person(t, fmt.Sprintf("p%d", i))
		if i == 0 {
			o.Exec(t, `INSERT INTO security_group_members (org_id, group_id, user_id) VALUES (?, ?, ?)`, o.ID, o.Administrators, who.UserID)
		}
		h.ids, h.keys = append(h.ids, who.UserID), append(h.keys, s.key(t, who))
		h.state, h.supervisor, h.location = append(h.state, "ACTIVE"), append(h.supervisor, -1), append(h.location, -1)
	}
	for range 2 {
		h.groups, h.locations = append(h.groups, h.named("/api/security_groups")), append(h.locations, h.named("/api/locations"))
	}
	h.play(everyKind[0])
	return h
}

// play says of which kind everything is that is published.
func (h *history) play(k kindOf) {
	h.kind = k
	absent := h.want(h.keys[0], "GET", k.path+"/"+ids.New(), nil, http.StatusNotFound)
	h.absent = fmt.Sprint(absent["code"], absent["detail"])
}

// named makes a group or a location.
func (h *history) named(path string) string {
	h.n++
	return h.want(h.admin, "POST", path, map[string]any{"name": fmt.Sprint("n", h.n)}, http.StatusCreated)["id"].(string)
}

// want sends a request that must be answered with a status.
func (h *history) want(key, method, target string, body any, status int) map[string]any {
	h.t.Helper()
	code, got := h.call(h.ctx, key, method, target, body)
	if code != status {
		h.t.Fatalf("%s %s %v: status %d, want %d: %v", method, target, body, code, status, got)
	}
	return got
}

func (h *history) active() []int {
	var list []int
	for i, s := range h.state {
		if s == "ACTIVE" {
			list = append(list, i)
		}
	}
	return list
}

// sees is the rule: may viewer v, who is active, see the post?
func (h *history) sees(v int, p published) bool {
	a, x := p.author, p.perms
	switch named := len(x.Users)+len(x.Groups)+len(x.Locations)+len(x.TaggedUsers) > 0; {
	case v == a:
		return true
	case p.status != content.Published, x.OnlyMe:
		return false
	case !named && !x.Friends && !x.Team:
		return x.Public
	}
	if slices.Contains(x.Users, h.ids[v]) || slices.Contains(x.TaggedUsers, h.ids[v]) {
		return true
	}
	for g, id := range h.groups {
		if slices.Contains(x.Groups, id) && h.inGroup[pair{v, g}] {
			return true
		}
	}
	if l := h.location[v]; l >= 0 && slices.Contains(x.Locations, h.locations[l]) {
		return true
	}
	return (x.Friends && h.follows[pair{v, a}] && h.follows[pair{a, v}]) || (x.Team && h.onTeam(v, a))
}

func (h *history) onTeam(v, a int) bool {
	boss := h.supervisor[a]
	if h.supervisor[v] == a || (boss >= 0 && (boss == v || h.supervisor[v] == boss)) {
		return true
	}
	for s := range h.ids {
		if h.inTeam[pair{a, s}] && (s == v || h.supervisor[v] == s || h.inTeam[pair{v, s}]) {
			return true
		}
	}
	return false
}
