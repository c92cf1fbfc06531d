package conversation_test

import (
	"bytes"
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
	"github.com/workdrive/workdrive/internal/compat"
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/search"
	"github.com/workdrive/workdrive/internal/module/category"
	"github.com/workdrive/workdrive/internal/module/conversation"
	"github.com/workdrive/workdrive/internal/module/media"
	"github.com/workdrive/workdrive/internal/module/preview"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// rig is the module on a database, reachable as a service and over HTTP, with a moderator and
// three members.
type rig struct {
	*testing.T
	*cast.Org
	db              *db.DB
	clock           *clock.Manual
	audiences       *audience.Audiences
	service         *conversation.Service
	handler         http.Handler
	actors          actors
	admin           authz.Actor
	ann, bob, cid   authz.Actor
	mu              sync.Mutex
	events, payload []string
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
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(newRig(t, d)) }, category.Constraints...)
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	r := &rig{T: t, db: d, Org: cast.NewOrg(t, d), actors: actors{}, clock: clock.NewManual(time.UnixMilli(cast.At + 1000))}
	b := bus.New(d, r.clock, log)
	b.Subscribe(nil, func(e bus.Delivered) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events, r.payload = append(r.events, e.Name+" "+e.Subject), append(r.payload, e.Name+" "+string(e.Data))
	})
	jobs, err := job.New(d, log)
	if err != nil {
		t.Fatal(err)
	}
	r.audiences = audience.New(d, b)
	contents := content.New(d, b, r.audiences)
	files, err := media.New(t.Context(), media.Deps{DB: d, Jobs: jobs, Clock: r.clock, Log: log, Content: contents, Blobs: blob.None{}})
	if err != nil {
		t.Fatal(err)
	}
	r.service = conversation.New(conversation.Deps{
		DB: d, Bus: b, Clock: r.clock, Content: contents, Index: search.New(d, r.audiences, jobs, r.clock), Files: files,
		Previews: preview.New(preview.Deps{DB: d, Jobs: jobs, Clock: r.clock, Log: log}), Categories: category.New(d, b, r.clock),
	})
	router := api.NewRouter(api.Options{Version: "test", DB: d, Clock: r.clock, Log: log, Authenticator: r.actors, Examples: fixtures.Fixtures, Aliases: compat.Fields})
	r.service.Register(router)
	files.Register(router)
	if err := router.Verify(); err != nil {
		t.Fatal(err)
	}
	r.handler = compat.Handler(router)
	r.admin, r.ann, r.bob, r.cid = r.as(r.Administrator(t, "ada")), r.person("ann"), r.person("bob"), r.person("cid")
	return r
}

// as makes a person reachable over HTTP.
func (r *rig) as(who authz.Actor) authz.Actor {
	r.actors[who.UserID] = who
	return who
}

func (r *rig) person(name string) authz.Actor { return r.as(r.Person(r.T, name)) }

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

// want fails the test unless the status and, for a problem, the codes and pointers are the
// expected ones.
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

func (a answer) flag(name string) bool {
	b, _ := a.body[name].(bool)
	return b
}

// objects are the entries of a list.
func (a answer) objects(name string) []answer {
	l, _ := a.body[name].([]any)
	var list []answer
	for _, o := range l {
		m, _ := o.(map[string]any)
		list = append(list, answer{T: a.T, body: m, raw: fmt.Sprint(o)})
	}
	return list
}

func (a answer) object(name string) answer {
	m, _ := a.body[name].(map[string]any)
	return answer{T: a.T, body: m, raw: fmt.Sprint(m)}
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

// count reads one number.
func (r *rig) count(query string, args ...any) (n int) {
	r.Helper()
	if err := r.db.Reader(context.Background()).QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		r.Fatal(err)
	}
	return n
}

// The four kinds of group chats.
const (
	open     = `"isPrivate":false,"byRequest":false`
	approved = `"isPrivate":false,"byRequest":true`
	listed   = `"isPrivate":true,"byRequest":true`
	secret   = `"isPrivate":true,"byRequest":false`
)

const groups = "/api/group-chats"

// group makes a group chat of ann's with members and gives its id.
func (r *rig) group(kind string, members ...authz.Actor) string {
	r.Helper()
	var list []string
	for _, m := range members {
		list = append(list, fmt.Sprintf(`{"id":%q}`, m.UserID))
	}
	return r.call(r.ann, "POST", groups, `{"title":"Climbing","groupType":"CHAT_GROUP",`+kind+`,"members":[`+strings.Join(list, ",")+`]}`).want(201).str("id")
}

// send sends a text and gives the message's id.
func (r *rig) send(who authz.Actor, id, text string) string {
	r.Helper()
	return r.call(who, "POST", "/api/"+id+"/messages", fmt.Sprintf(`{"message":%q}`, text)).want(201).str("id")
}

// file puts an upload of somebody's into the database, as if its bytes had arrived.
func (r *rig) file(who authz.Actor, id string) string {
	r.Exec(r.T, `INSERT INTO media (org_id, id, owner_id, module_code, name, declared, state, mime, size, created_at, unused_since)
		VALUES (?, ?, ?, 11, 'plan.png', 'image/png', 'READY', 'image/png', 7, ?, ?)`, r.ID, id, who.UserID, cast.At, cast.At)
	return id
}
