package social_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	fixtures "github.com/workdrive/workdrive/api"
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/search"
	"github.com/workdrive/workdrive/internal/module/post"
	"github.com/workdrive/workdrive/internal/module/preview"
	"github.com/workdrive/workdrive/internal/module/social"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// scene is an organization with posts, and comments, reactions and bookmarks over HTTP. Its
// second kind of content, events, has the posts' table: all that a kind is to this module.
type scene struct {
	db                                  *db.DB
	bus                                 *bus.Bus
	clock                               *clock.Manual
	social                              *social.Service
	handler                             http.Handler
	actors                              actors
	org                                 *cast.Org
	author, reader, moderator, stranger authz.Actor // the stranger administers another organization
	open, hidden, draft                 string      // "/api/posts/<id>", the author's
}

type actors map[string]authz.Actor

// Authenticate implements api.Authenticator.
func (a actors) Authenticate(_ context.Context, key string) (authz.Actor, error) {
	if who, ok := a[key]; ok {
		return who, nil
	}
	return authz.Actor{}, fault.New(fault.KindUnauthenticated, "key.wrong", "")
}

func each(t *testing.T, test func(t *testing.T, s *scene)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log, c := slog.New(slog.DiscardHandler), clock.NewManual(time.UnixMilli(cast.At))
		b := bus.New(d, c, log)
		jobs, err := job.New(d, log)
		if err != nil {
			t.Fatal(err)
		}
		audiences := audience.New(d, b)
		contents := content.New(d, b, audiences)
		s := &scene{db: d, bus: b, clock: c, actors: actors{}, org: cast.NewOrg(t, d)}
		posts := post.New(content.Deps{DB: d, Bus: b, Jobs: jobs, Clock: c, Audiences: audiences, Content: contents, Index: search.New(d, audiences, jobs, c),
			Previews: preview.New(preview.Deps{DB: d, Jobs: jobs, Clock: c, Log: log})})
		s.social = social.New(d, b, c, contents)
		r := api.NewRouter(api.Options{DB: d, Clock: c, Log: log, Authenticator: s.actors, Examples: fixtures.Fixtures})
		posts.Register(r)
		contents.Add(content.Kind{Name: "event", Plural: "events", Noun: "an event", Table: "posts", ModuleCode: 3})
		r.Gate("event", func(ctx context.Context, who authz.Actor, id string) error {
			_, err := contents.Visible(ctx, d.Reader(ctx), who, "event", id)
			return err
		})
		s.social.Register(r)
		if err := r.Verify(); err != nil {
			t.Fatal(err)
		}
		s.handler = r
		s.author, s.reader, s.moderator = s.org.Person(t, "ann"), s.org.Person(t, "bob"), s.org.Administrator(t, "mia")
		s.stranger = cast.NewOrg(t, d).Administrator(t, "eve")
		for _, who := range []authz.Actor{s.author, s.reader, s.moderator, s.stranger} {
			s.actors[who.UserID] = who
		}
		s.open = "/api/posts/" + s.call(t, s.author, "POST", "/api/posts", `{"postText":"open"}`, 201).str("id")
		s.hidden = "/api/posts/" + s.call(t, s.author, "POST", "/api/posts", `{"postText":"hidden","permissions":{"onlyMe":true}}`, 201).str("id")
		s.draft = "/api/posts/" + s.call(t, s.author, "POST", "/api/posts", `{"postText":"draft","status":"DRAFT"}`, 201).str("id")
		test(t, s)
	})
}

// people adds members who can call.
func (s *scene) people(t *testing.T, n int) []authz.Actor {
	t.Helper()
	list := make([]authz.Actor, n)
	for i := range list {
		list[i] = s.org.Person(t, fmt.Sprintf("p%d", i))
		s.actors[list[i].UserID] = list[i]
	}
	return list
}

type answer map[string]any

func (a answer) str(name string) string { s, _ := a[name].(string); return s }

func (a answer) total() int { return int(a["meta"].(map[string]any)["totalResults"].(float64)) }

// send sends a request; body is JSON text or empty, headers are names and values in turn.
func (s *scene) send(ctx context.Context, who authz.Actor, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	req.Header.Set("X-API-KEY", who.UserID)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, req)
	return rec
}

// call sends a request, wants a status and gives the answer's body. It may be called on any
// goroutine.
func (s *scene) call(t *testing.T, who authz.Actor, method, target, body string, want int, headers ...string) answer {
	t.Helper()
	rec := s.send(t.Context(), who, method, target, body, headers...)
	if rec.Code != want {
		t.Errorf("%s %s %.100s: status %d, want %d: %s", method, target, body, rec.Code, want, rec.Body)
	}
	a := answer{}
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
			t.Errorf("%s %s: %v", method, target, err)
		}
	}
	return a
}

// count runs a statement that gives a number.
func (s *scene) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	var n int
	if err := s.db.Reader(t.Context()).QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// statements gives how many statements a listing needs, once the viewer's audiences are known.
func (s *scene) statements(t *testing.T, who authz.Actor, target string) int {
	t.Helper()
	s.call(t, who, "GET", target, "", 200)
	ctx, n := db.CountQueries(t.Context())
	if rec := s.send(ctx, who, "GET", target, ""); rec.Code != 200 {
		t.Fatalf("%s: status %d", target, rec.Code)
	}
	return n.N()
}

// pages reads a whole listing twice, by number and by cursor, checks that both give the same
// entries in pages that are full except the last, and gives a field of each entry.
func (s *scene) pages(t *testing.T, who authz.Actor, target, list, field string, total int) []string {
	t.Helper()
	const size = 3
	read := func(target string) ([]string, map[string]any) {
		a := s.call(t, who, "GET", target, "", 200)
		var got []string
		for _, e := range a[list].([]any) {
			got = append(got, fmt.Sprint(e.(map[string]any)[field]))
		}
		return got, a["meta"].(map[string]any)
	}
	var byPage, byCursor []string
	last := (total + size - 1) / size
	for page := 1; page <= last; page++ {
		got, meta := read(fmt.Sprintf("%s?per_page=%d&cur_page=%d", target, size, page))
		next := page + 1
		if page == last {
			next = 0
		}
		want := fmt.Sprintf("map[curPage:%d nextPage:%d perPage:%d totalPages:%d totalResults:%d]", page, next, size, last, total)
		cursor := meta["nextCursor"]
		if delete(meta, "nextCursor"); fmt.Sprint(meta) != want || len(got) != min(size, total-size*(page-1)) || (cursor == nil) != (page == last) {
			t.Errorf("%s page %d: %v with %d entries and cursor %v, want %s", target, page, meta, len(got), cursor, want)
		}
		byPage = append(byPage, got...)
	}
	for cursor, n := any(""), 0; cursor != nil && n <= last; n++ {
		got, meta := read(fmt.Sprintf("%s?per_page=%d&cursor=%v", target, size, cursor))
		if meta["totalResults"].(float64) != float64(total) {
			t.Errorf("%s by cursor: %v results, want %d", target, meta["totalResults"], total)
		}
		byCursor, cursor = append(byCursor, got...), meta["nextCursor"]
	}
	if len(byPage) != total || fmt.Sprint(byPage) != fmt.Sprint(byCursor) {
		t.Errorf("%s: %d entries, want %d\nby page   %v\nby cursor %v", target, len(byPage), total, byPage, byCursor)
	}
	if far, meta := read(target + "?per_page=1000000&cur_page=99999999999"); len(far) != 0 || meta["totalResults"].(float64) != float64(total) {
		t.Errorf("%s: far page has %d entries, %v", target, len(far), meta)
	}
	for _, bad := range []string{"cursor=forged", "per_page=0", "per_page=-1", "per_page=x", "cur_page=0"} {
		s.call(t, who, "GET", target+"?"+bad, "", 400)
	}
	return byPage
}

func TestWhatOneMaySeeOneMayUseAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		missing := "/api/posts/019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f"
		absent := s.call(t, s.reader, "GET", missing+"/comments", "", 404)
		for _, c := range []struct {
			method, path, body string
			ok                 int
		}{
			{"GET", "/comments", "", 200}, {"POST", "/comments", `{"text":"x"}`, 201}, {"GET", "/reactions", "", 200},
			{"PUT", "/reactions/like", "", 200}, {"DELETE", "/reactions/like", "", 204}, {"PUT", "/bookmark", "", 200}, {"DELETE", "/bookmark", "", 204},
			// Wrong, but that is not for those to know who may not see the item.
			{"POST", "/comments", `{"text":7}`, 400}, {"PUT", "/reactions/hate", "", 400}, {"GET", "/reactions?reaction=hate", "", 400},
			{"GET", "/comments?cursor=forged", "", 400},
		} {
			for name, d := range map[string]struct {
				who  authz.Actor
				item string
			}{
				"hidden, to a colleague":    {s.reader, s.hidden},
				"hidden, to a moderator":    {s.moderator, s.hidden},
				"a draft, to a colleague":   {s.reader, s.draft},
				"a draft, to a moderator":   {s.moderator, s.draft},
				"open, to a stranger":       {s.stranger, s.open},
				"hidden, to a stranger":     {s.stranger, s.hidden},
				"no id at all":              {s.reader, "/api/posts/x"},
				"a post under another kind": {s.stranger, strings.Replace(s.open, "posts", "events", 1)},
			} {
				got := s.call(t, d.who, c.method, d.item+c.path, c.body, 404)
				if !strings.Contains(d.item, "events") && (got.str("code") != absent.str("code") || got.str("detail") != absent.str("detail")) {
					t.Errorf("%s %s of %s: %v differs from the answer for a missing post", c.method, c.path, name, got)
				}
			}
			s.call(t, s.reader, c.method, s.open+c.path, c.body, c.ok)
			s.call(t, s.author, c.method, s.hidden+c.path, c.body, c.ok)
			s.call(t, s.author, c.method, s.draft+c.path, c.body, c.ok)
		}
		for _, item := range []string{s.hidden, s.draft} {
			secret := "/api/comments/" + s.call(t, s.author, "POST", item+"/comments", `{"text":"note to self"}`, 201).str("id")
			for _, who := range []authz.Actor{s.reader, s.moderator, s.stranger} {
				for _, c := range [][2]string{{"GET", ""}, {"PATCH", `{"text":"x"}`}, {"PATCH", `{"text":7}`}, {"DELETE", ""}} {
					if got := s.call(t, who, c[0], secret, c[1], 404).str("code"); got != "comment.notFound" {
						t.Errorf("%s %s: code %s", c[0], secret, got)
					}
				}
			}
			s.call(t, s.author, "GET", secret, "", 200)
		}
		for _, id := range []string{"x", "%00", "%ff", "019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f"} {
			s.call(t, s.reader, "GET", "/api/comments/"+id, "", 404)
			s.call(t, s.reader, "DELETE", "/api/comments/"+id, "", 404)
		}
	})
}

func TestEveryKindOfContentHasTheOperations(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		event := strings.Replace(s.open, "posts", "events", 1)
		s.call(t, s.reader, "POST", event+"/comments", `{"text":"on the event"}`, 201)
		s.call(t, s.reader, "POST", s.open+"/comments", `{"text":"on the post"}`, 201)
		if got := s.pages(t, s.reader, event+"/comments", "comments", "text", 1); got[0] != "on the event" {
			t.Errorf("comments of the event: %v", got)
		}
		s.call(t, s.reader, "PUT", event+"/bookmark", "", 200)
		s.call(t, s.reader, "PUT", s.open+"/bookmark", "", 200)
		s.call(t, s.reader, "DELETE", s.open+"/bookmark", "", 204)
		if got := s.pages(t, s.reader, "/api/bookmarks", "bookmarks", "kind", 1); got[0] != "event" {
			t.Errorf("bookmarks on %v", got)
		}
		var description struct {
			Paths map[string]map[string]struct{ OperationID string }
		}
		if err := json.Unmarshal(s.send(t.Context(), s.reader, "GET", "/api/openapi.json", "").Body.Bytes(), &description); err != nil {
			t.Fatal(err)
		}
		for plural, noun := range map[string]string{"posts": "Post", "events": "Event"} {
			for _, o := range [][3]string{
				{"get", "/comments", "list%sComments"}, {"post", "/comments", "create%sComment"}, {"get", "/reactions", "list%sReactions"},
				{"put", "/reactions/{reaction}", "reactTo%s"}, {"delete", "/reactions/{reaction}", "unreactTo%s"},
				{"put", "/bookmark", "bookmark%s"}, {"delete", "/bookmark", "unbookmark%s"},
			} {
				want := fmt.Sprintf(o[2], noun)
				if got := description.Paths["/api/"+plural+"/{id}"+o[1]][o[0]].OperationID; got != want {
					t.Errorf("%s /api/%s/{id}%s is %q, want %q", o[0], plural, o[1], got, want)
				}
			}
		}
	})
}
