package visibility_test

import (
	"context"
	"encoding/json"
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
	"github.com/workdrive/workdrive/internal/module/visibility"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// scene is an organization with posts and the operations of this module over HTTP. Its second
// kind of content, documents, has the posts' table, and owners.
type scene struct {
	db                                  *db.DB
	bus                                 *bus.Bus
	handler                             http.Handler
	actors                              actors
	org, foreign                        *cast.Org
	author, reader, moderator, stranger authz.Actor // the stranger administers another organization
	sales, rome                         string      // a group with the reader and a location with the moderator
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
		posts := post.New(content.Deps{DB: d, Bus: b, Jobs: jobs, Clock: c, Audiences: audiences, Content: contents, Index: search.New(d, audiences, jobs, c),
			Previews: preview.New(preview.Deps{DB: d, Jobs: jobs, Clock: c, Log: log})})
		contents.Add(content.Kind{Name: "document", Plural: "documents", Noun: "a document", Table: "posts", ModuleCode: 9, Owned: true})
		s := &scene{db: d, bus: b, actors: actors{}, org: cast.NewOrg(t, d), foreign: cast.NewOrg(t, d)}
		r := api.NewRouter(api.Options{DB: d, Clock: c, Log: log, Authenticator: s.actors, Examples: fixtures.Fixtures})
		posts.Register(r)
		visibility.New(d, b, audiences, contents).Register(r)
		if err := r.Verify(); err != nil {
			t.Fatal(err)
		}
		s.handler = r
		s.author, s.reader = s.as(s.org.Person(t, "ann")), s.as(s.org.Person(t, "bob"))
		s.moderator, s.stranger = s.as(s.org.Administrator(t, "mia")), s.as(s.foreign.Administrator(t, "eve"))
		s.sales, s.rome = s.org.Group(t, "Sales"), s.org.Location(t, "Rome")
		s.join(t, s.sales, s.reader)
		s.org.Exec(t, `UPDATE users SET location_id = ? WHERE org_id = ? AND id = ?`, s.rome, s.org.ID, s.moderator.UserID)
		test(t, s)
	})
}

// as makes somebody reachable over HTTP.
func (s *scene) as(who authz.Actor) authz.Actor {
	s.actors[who.UserID] = who
	return who
}

func (s *scene) join(t *testing.T, group string, who authz.Actor) {
	t.Helper()
	s.org.Exec(t, `INSERT INTO security_group_members (org_id, group_id, user_id) VALUES (?, ?, ?)`, s.org.ID, group, who.UserID)
}

type answer map[string]any

func (a answer) str(name string) string { text, _ := a[name].(string); return text }

// each gives a field of every entry of a list.
func (a answer) each(list, field string) []string {
	values := []string{}
	for _, e := range a[list].([]any) {
		text, _ := e.(map[string]any)[field].(string)
		values = append(values, text)
	}
	return values
}

// call sends a request, wants a status and gives the answer's body.
func (s *scene) call(ctx context.Context, t *testing.T, who authz.Actor, request, body string, want int) answer {
	t.Helper()
	method, target, _ := strings.Cut(request, " ")
	r := httptest.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	r.Header.Set("X-API-KEY", who.UserID)
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, r)
	if rec.Code != want {
		t.Errorf("%s %.200s: status %d, want %d: %s", request, body, rec.Code, want, rec.Body)
	}
	a := answer{}
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	return a
}

func (s *scene) preview(t *testing.T, who authz.Actor, body string, want int) answer {
	t.Helper()
	return s.call(t.Context(), t, who, "POST /api/audience/preview", body, want)
}

// publish makes a post of the author's and gives its id.
func (s *scene) publish(t *testing.T, body string) string {
	t.Helper()
	return s.call(t.Context(), t, s.author, "POST /api/posts", body, http.StatusCreated).str("id")
}

func (s *scene) explain(t *testing.T, who authz.Actor, kind, id string, person authz.Actor, want int) answer {
	t.Helper()
	return s.call(t.Context(), t, who, "GET /api/audience/explain?kind="+kind+"&id="+id+"&userId="+person.UserID, "", want)
}

// number runs a statement that gives a number.
func (s *scene) number(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := s.db.Reader(t.Context()).QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
