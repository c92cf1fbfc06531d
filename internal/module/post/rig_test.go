package post_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	fixtures "github.com/workdrive/workdrive/api"
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
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/search"
	"github.com/workdrive/workdrive/internal/module/media"
	"github.com/workdrive/workdrive/internal/module/post"
	"github.com/workdrive/workdrive/internal/module/preview"
	"github.com/workdrive/workdrive/internal/testkit/cast"
)

// rig is the posts module on a database, reachable as a service and over HTTP.
type rig struct {
	db        *db.DB
	bus       *bus.Bus
	clock     *clock.Manual
	audiences *audience.Audiences
	content   *content.Content
	jobs      *job.Jobs
	posts     *post.Service
	handler   http.Handler
	site      *httptest.Server // outside
	actors    actors
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

// draft is a post with a text for somebody.
func draft(text string, p audience.Permissions) post.Draft {
	return post.Draft{Draft: message.Draft{PostText: set(text)}, Publication: content.Publication{Permissions: set(p)}}
}

func set[T any](v T) api.Patch[T] { return api.Patch[T]{Set: true, Value: v} }

// as makes a person reachable over HTTP.
func (r *rig) as(who authz.Actor) authz.Actor {
	r.actors[who.UserID] = who
	return who
}

// answer is an HTTP answer with its decoded body.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

// call sends a request as somebody; body is JSON text or empty.
func (r *rig) call(t *testing.T, who authz.Actor, method, target, body string, headers ...string) answer {
	t.Helper()
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
	a := answer{status: rec.Code, header: rec.Header()}
	if rec.Body.Len() > 0 {
		if err := json.NewDecoder(bytes.NewReader(rec.Body.Bytes())).Decode(&a.body); err != nil {
			t.Fatalf("%s %s: answer is not a JSON object: %s", method, target, rec.Body)
		}
	}
	return a
}

// want fails the test unless the status is the expected one.
func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %v", a.status, status, a.body)
	}
	return a
}

func (a answer) str(name string) string {
	s, _ := a.body[name].(string)
	return s
}

// newRig starts the module on a database.
func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	r := &rig{db: d, clock: clock.NewManual(time.UnixMilli(cast.At)), actors: actors{}}
	r.bus = bus.New(d, r.clock, log)
	var err error
	if r.jobs, err = job.New(d, log); err != nil {
		t.Fatal(err)
	}
	r.audiences = audience.New(d, r.bus)
	r.content = content.New(d, r.bus, r.audiences)
	files, err := media.New(t.Context(), media.Deps{DB: d, Jobs: r.jobs, Clock: r.clock, Log: log, Content: r.content, Blobs: blob.None{}})
	if err != nil {
		t.Fatal(err)
	}
	r.posts = post.New(content.Deps{DB: d, Bus: r.bus, Jobs: r.jobs, Clock: r.clock, Audiences: r.audiences, Content: r.content, Files: files, Index: search.New(d, r.audiences, r.jobs, r.clock),
		Previews: preview.New(preview.Deps{DB: d, Jobs: r.jobs, Clock: r.clock, Log: log, Client: r.outside(t)})})
	router := api.NewRouter(api.Options{Version: "test", DB: d, Clock: r.clock, Log: log, Authenticator: r.actors, Examples: fixtures.Fixtures})
	r.posts.Register(router)
	if err := router.Verify(); err != nil {
		t.Fatal(err)
	}
	r.handler = router
	return r
}

// outside starts a web site and gives a client that may reach it.
func (r *rig) outside(t *testing.T) *egress.Client {
	t.Helper()
	var late atomic.Int32
	r.site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch {
		case q.URL.Path == "/gone":
			http.NotFound(w, q)
			return
		case q.URL.Path == "/late" && late.Add(1) == 1: // the first time
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<title>Page %s</title><meta name="description" content="All about %[1]s">`, q.URL.Path)
	}))
	t.Cleanup(r.site.Close)
	at := netip.MustParseAddrPort(r.site.Listener.Addr().String())
	return egress.New(egress.Options{Version: "test", Allow: []netip.Prefix{netip.PrefixFrom(at.Addr(), 32)}, Ports: []uint16{at.Port()}})
}

type busEvent = bus.Delivered
