package category_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	fixtures "github.com/workdrive/workdrive/api"
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/category"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// rig is the module on a database, reachable as a service and over HTTP, with an
// administrator and a member.
type rig struct {
	*testing.T
	*cast.Org
	db            *db.DB
	service       *category.Service
	handler       http.Handler
	actors        actors
	admin, member authz.Actor
	mu            sync.Mutex
	events        []string
}

// actors authenticates whoever a test names: the key is the id of the person.
type actors map[string]authz.Actor

// Authenticate implements api.Authenticator.
func (a actors) Authenticate(_ context.Context, key string) (authz.Actor, error) {
	if who, ok := a[key]; ok {
		return who, nil
	}
	return authz.Actor{}, fault.New(fault.KindUnauthenticated, "key.unknown", "Your API key is wrong")
}

// each runs a test on a rig of each engine.
func each(t *testing.T, test func(r *rig)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log, now := slog.New(slog.DiscardHandler), clock.NewManual(time.UnixMilli(cast.At+1000))
		r := &rig{T: t, db: d, Org: cast.NewOrg(t, d), actors: actors{}}
		b := bus.New(d, now, log)
		b.Subscribe(nil, func(e bus.Delivered) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, e.Name+" "+e.Subject)
		})
		r.service = category.New(d, b, now)
		router := api.NewRouter(api.Options{Version: "test", DB: d, Clock: now, Log: log, Authenticator: r.actors, Examples: fixtures.Fixtures})
		r.service.Register(router)
		if err := router.Verify(); err != nil {
			t.Fatal(err)
		}
		r.handler = router
		r.admin, r.member = r.as(r.Administrator(t, "ada")), r.as(r.Person(t, "max"))
		test(r)
	}, category.Constraints...)
}

// as makes a person reachable over HTTP.
func (r *rig) as(who authz.Actor) authz.Actor {
	r.actors[who.UserID] = who
	return who
}

// answer is an HTTP answer with its decoded body.
type answer struct {
	*testing.T
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// call sends a request as somebody; body is JSON text or empty.
func (r *rig) call(who authz.Actor, method, target, body string, headers ...string) answer {
	r.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.Header.Set("X-API-KEY", who.UserID)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	r.handler.ServeHTTP(rec, req)
	a := answer{T: r.T, status: rec.Code, header: rec.Header(), raw: rec.Body.String()}
	if raw := rec.Body.Bytes(); len(raw) > 0 && raw[0] == '{' {
		if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&a.body); err != nil {
			r.Fatalf("%s %s: answer is not JSON: %s", method, target, raw)
		}
	}
	return a
}

// want fails the test unless the status and, for a problem, the code and the pointers are
// the expected ones.
func (a answer) want(status int, code ...string) answer {
	a.Helper()
	if a.status != status {
		a.Fatalf("status %d, want %d: %s", a.status, status, a.raw)
	}
	for _, c := range code {
		if !strings.Contains(a.raw, `"`+c+`"`) {
			a.Fatalf("answer lacks %s: %s", c, a.raw)
		}
	}
	return a
}

func (a answer) str(name string) string {
	s, _ := a.body[name].(string)
	return s
}

func (a answer) num(name string) int {
	n, _ := a.body[name].(float64)
	return int(n)
}

func (a answer) list(name string) []any {
	l, _ := a.body[name].([]any)
	return l
}

func (a answer) meta(name string) int {
	m, _ := a.body["meta"].(map[string]any)
	n, _ := m[name].(float64)
	return int(n)
}

// saw reports whether an event was published.
func (r *rig) saw(event string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e == event {
			return true
		}
	}
	return false
}
