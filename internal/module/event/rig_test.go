package event_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
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
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/kernel/search"
	"github.com/workdrive/workdrive/internal/module/category"
	"github.com/workdrive/workdrive/internal/module/event"
	"github.com/workdrive/workdrive/internal/module/media"
	"github.com/workdrive/workdrive/internal/module/preview"
	"github.com/workdrive/workdrive/internal/module/social"
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
	contents        *content.Content
	service         *event.Service
	handler         http.Handler
	actors          actors
	admin           authz.Actor
	ann, bob, cid   authz.Actor
	zones           zones
	mails           mailer
	jobs            *job.Jobs
	calendar        *calendar // of somebody else
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
	r := &rig{T: t, db: d, Org: cast.NewOrg(t, d), actors: actors{}, zones: zones{}, mails: make(mailer, 100), calendar: newCalendar(t), clock: clock.NewManual(time.UnixMilli(cast.At + 1000))}
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
	r.contents = contents
	files, err := media.New(t.Context(), media.Deps{DB: d, Jobs: jobs, Clock: r.clock, Log: log, Content: contents, Blobs: blob.None{}})
	if err != nil {
		t.Fatal(err)
	}
	r.service = event.New(event.Deps{
		Deps: content.Deps{
			DB: d, Bus: b, Jobs: jobs, Clock: r.clock, Audiences: r.audiences, Content: contents, Index: search.New(d, r.audiences, jobs, r.clock), Files: files,
			Previews: preview.New(preview.Deps{DB: d, Jobs: jobs, Clock: r.clock, Log: log}), Categories: category.New(d, b, r.clock),
		},
		Zones: r.zones, Mailer: r.mails, Calls: event.Calls{URL: "wss://calls.example", Key: "key", Secret: "a secret of at least 32 characters"},
		Outside: egress.New(egress.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: r.ports()}), URL: "https://work.example",
	})
	r.jobs = jobs
	router := api.NewRouter(api.Options{Version: "test", DB: d, Clock: r.clock, Log: log, Authenticator: r.actors, Examples: fixtures.Fixtures, Aliases: compat.Fields})
	r.service.Register(router)
	files.Register(router)
	social.New(d, b, r.clock, contents).Register(router)
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

// zones are those of people who are not in UTC.
type zones map[string]*time.Location

// Of implements due.Zones.
func (z zones) Of(_ context.Context, _ db.Queryer, _ string, people []string) (map[string]*time.Location, error) {
	found := map[string]*time.Location{}
	for _, id := range people {
		if where := z[id]; where != nil {
			found[id] = where
		}
	}
	return found, nil
}

// mailer keeps what it is to send.
type mailer chan mail.Message

// Send implements event.Mailer.
func (m mailer) Send(_ context.Context, letter mail.Message) error {
	m <- letter
	return nil
}

// work lets jobs run until the test ends.
func (r *rig) work() {
	r.Helper()
	if err := r.jobs.Start(context.Background()); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = r.jobs.Stop(context.Background()) })
}

// make makes an event of somebody's and gives it.
func (r *rig) make(who authz.Actor, body string) answer {
	r.Helper()
	return r.call(who, "POST", "/api/events", body).want(201)
}

// starts gives the starts of a list, in its order.
func (r *rig) starts(who authz.Actor, query string) []string {
	r.Helper()
	var list []string
	a := r.call(who, "GET", "/api/events?per_page=1000&"+query, "").want(200)
	for _, e := range a.objects("events") {
		list = append(list, strings.TrimSuffix(e.str("startDateTime"), ":00.000Z"))
	}
	if n := a.object("meta").num("totalResults"); n != len(list) {
		r.Errorf("%s: %d results of %d", query, len(list), n)
	}
	return list
}

// lists fails the test unless a list has just these starts.
func (r *rig) lists(who authz.Actor, query string, want ...string) {
	r.Helper()
	if got := r.starts(who, query); !slices.Equal(got, want) {
		r.Errorf("%s lists %q, want %q", query, got, want)
	}
}

// series is a body that repeats until a day.
func series(title, start, minutes, frequency, until string) string {
	return fmt.Sprintf(`{"title":%q,"startDateTime":%q,"duration":%s,"repeat":{"config":{"type":"frequency","frequency":%q,"ends":{"config":{"type":"on","date":%q}}}}}`,
		title, start, minutes, frequency, until)
}
