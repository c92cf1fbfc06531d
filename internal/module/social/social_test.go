package social_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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
	"github.com/workdrive/workdrive/internal/module/post"
	"github.com/workdrive/workdrive/internal/module/social"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// scene is an organization with posts, and comments, reactions and bookmarks over HTTP.
type scene struct {
	db                        *db.DB
	posts                     *post.Service
	social                    *social.Service
	handler                   http.Handler
	actors                    actors
	org                       *cast.Org
	author, reader, moderator authz.Actor
	open, hidden              string // "/api/posts/<id>"
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
		s := &scene{db: d, actors: actors{}, org: cast.NewOrg(t, d)}
		s.posts = post.New(post.Deps{DB: d, Bus: b, Jobs: jobs, Clock: c, Audiences: audiences, Content: contents})
		s.social = social.New(d, b, c, contents)
		r := api.NewRouter(api.Options{DB: d, Clock: c, Log: log, Authenticator: s.actors, Examples: fixtures.Fixtures})
		s.posts.Register(r)
		s.social.Register(r)
		if err := r.Verify(); err != nil {
			t.Fatal(err)
		}
		s.handler = r
		s.author, s.reader, s.moderator = s.org.Person(t, "ann"), s.org.Person(t, "bob"), s.org.Administrator(t, "mia")
		for _, who := range []authz.Actor{s.author, s.reader, s.moderator} {
			s.actors[who.UserID] = who
		}
		s.open = "/api/posts/" + s.call(t, s.author, "POST", "/api/posts", `{"postText":"open"}`, 201).str("id")
		s.hidden = "/api/posts/" + s.call(t, s.author, "POST", "/api/posts", `{"postText":"hidden","permissions":{"onlyMe":true}}`, 201).str("id")
		test(t, s)
	})
}

type answer map[string]any

func (a answer) str(name string) string { s, _ := a[name].(string); return s }

func (a answer) total() int { return int(a["meta"].(map[string]any)["totalResults"].(float64)) }

func (s *scene) call(t *testing.T, who authz.Actor, method, target, body string, want int) answer {
	t.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.Header.Set("X-API-KEY", who.UserID)
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, req)
	if rec.Code != want {
		t.Fatalf("%s %s: status %d, want %d: %s", method, target, rec.Code, want, rec.Body)
	}
	a := answer{}
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func TestWhatOneMaySeeOneMayCommentAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.call(t, s.reader, "POST", s.open+"/comments", `{"text":"fine"}`, 201)
		for _, c := range [][3]string{
			{"GET", "/comments", ""}, {"POST", "/comments", `{"text":"x"}`}, {"POST", "/comments", `{"text":7}`}, {"GET", "/reactions", ""},
			{"PUT", "/reactions/like", ""}, {"DELETE", "/reactions/like", ""}, {"PUT", "/bookmark", ""}, {"DELETE", "/bookmark", ""},
		} {
			s.call(t, s.reader, c[0], s.hidden+c[1], c[2], 404)
			s.call(t, s.moderator, c[0], s.hidden+c[1], c[2], 404)
		}
		secret := s.call(t, s.author, "POST", s.hidden+"/comments", `{"text":"note to self"}`, 201).str("id")
		s.call(t, s.author, "GET", "/api/comments/"+secret, "", 200)
		s.call(t, s.reader, "GET", "/api/comments/"+secret, "", 404)
		s.call(t, s.moderator, "DELETE", "/api/comments/"+secret, "", 404)
	})
}

func TestCommentsAreCountedAndDeletedWithTheirReplies(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		first := s.call(t, s.reader, "POST", s.open+"/comments", `{"text":"first","mention":"`+s.author.UserID+`"}`, 201).str("id")
		reply := s.call(t, s.author, "POST", s.open+"/comments", `{"text":"reply","parentId":"`+first+`"}`, 201).str("id")
		s.call(t, s.author, "POST", s.open+"/comments", `{"text":"deeper","parentId":"`+reply+`"}`, 400)
		s.call(t, s.author, "POST", s.hidden+"/comments", `{"text":"elsewhere","parentId":"`+first+`"}`, 400)
		s.call(t, s.reader, "POST", s.open+"/comments", `{"text":"second"}`, 201)
		for _, bad := range []string{`{}`, `{"text":""}`, `{"text":"  "}`, `{"text":"` + strings.Repeat("x", 5001) + `"}`, `{"text":"x","mention":"nobody"}`} {
			s.call(t, s.reader, "POST", s.open+"/comments", bad, 400)
		}
		if n := s.call(t, s.reader, "GET", s.open, "", 200)["commentsCount"].(float64); n != 3 {
			t.Fatalf("post shows %v comments", n)
		}
		ctx, count := db.CountQueries(t.Context())
		if _, err := s.social.Get(ctx, s.reader, first); err != nil || count.N() > 4 {
			t.Fatalf("%d statements, %v", count.N(), err)
		}
		s.call(t, s.author, "PATCH", "/api/comments/"+first, `{"text":"not mine"}`, 403)
		if got := s.call(t, s.reader, "PATCH", "/api/comments/"+first, `{"text":"better"}`, 200).str("text"); got != "better" {
			t.Fatal(got)
		}
		s.call(t, s.reader, "DELETE", "/api/comments/"+reply, "", 403)
		s.call(t, s.moderator, "DELETE", "/api/comments/"+first, "", 204)
		list := s.call(t, s.reader, "GET", s.open+"/comments", "", 200)
		if n := s.call(t, s.reader, "GET", s.open, "", 200)["commentsCount"].(float64); n != 1 || list.total() != 1 {
			t.Fatalf("post shows %v, list %d", n, list.total())
		}
	})
}

func TestReactionsCountExactlyUnderConcurrency(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		var people []authz.Actor
		for i := range 24 {
			who := s.org.Person(t, fmt.Sprintf("r%d", i))
			s.actors[who.UserID] = who
			people = append(people, who)
		}
		var wg sync.WaitGroup
		for i, who := range people {
			wg.Go(func() {
				s.call(t, who, "PUT", s.open+"/reactions/like", "", 200)
				s.call(t, who, "PUT", s.open+"/reactions/like", "", 200) // again: nothing changes
				s.call(t, who, "PUT", s.open+"/reactions/love", "", 200)
				if i%2 == 0 {
					s.call(t, who, "DELETE", s.open+"/reactions/love", "", 204)
				}
			})
		}
		wg.Wait()
		s.call(t, s.reader, "PUT", s.open+"/reactions/hate", "", 400)
		p := s.call(t, people[1], "GET", s.open, "", 200)
		if got := fmt.Sprint(p["reactions"]); got != "[map[count:24 type:like] map[count:12 type:love]]" {
			t.Errorf("reactions %s", got)
		}
		if got := fmt.Sprint(p["myReactions"]); got != "[like love]" {
			t.Errorf("own reactions %s", got)
		}
		if n := len(p["reactionUsers"].([]any)); n != 10 {
			t.Errorf("%d reactors shown", n)
		}
		if n := s.call(t, s.reader, "GET", s.open+"/reactions?reaction=love", "", 200).total(); n != 12 {
			t.Errorf("%d loved it", n)
		}
	})
}

func TestBookmarksListOnlyWhatOneMayStillSee(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		one := s.call(t, s.reader, "PUT", s.open+"/bookmark", "", 200).str("id")
		if again := s.call(t, s.reader, "PUT", s.open+"/bookmark", "", 200).str("id"); again != one {
			t.Errorf("bookmark %s, then %s", one, again)
		}
		if got := s.call(t, s.reader, "GET", s.open, "", 200).str("bookmarkId"); got != one {
			t.Errorf("the post shows bookmark %q", got)
		}
		if got := s.call(t, s.author, "GET", s.open, "", 200).str("bookmarkId"); got != "" {
			t.Errorf("another's bookmark %q is shown", got)
		}
		if n := s.call(t, s.reader, "GET", "/api/bookmarks", "", 200).total(); n != 1 {
			t.Errorf("%d bookmarks", n)
		}
		s.call(t, s.author, "PATCH", s.open, `{"permissions":{"onlyMe":true}}`, 200)
		if n := s.call(t, s.reader, "GET", "/api/bookmarks", "", 200).total(); n != 0 {
			t.Errorf("%d bookmarks on what is hidden now", n)
		}
		s.call(t, s.author, "PATCH", s.open, `{"permissions":{"public":true}}`, 200)
		s.call(t, s.reader, "DELETE", s.open+"/bookmark", "", 204)
		if n := s.call(t, s.reader, "GET", "/api/bookmarks", "", 200).total(); n != 0 {
			t.Errorf("%d bookmarks after taking it off", n)
		}
	})
}
