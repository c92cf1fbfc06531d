package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// The people who call the test API, by key.
var (
	member     = authz.Actor{OrgID: "org", UserID: "member", TokenID: "t1"}
	admin      = authz.Actor{OrgID: "org", UserID: "admin", TokenID: "t2", Capabilities: authz.Capabilities}
	reader     = authz.Actor{OrgID: "org", UserID: "reader", TokenID: "t3", Scopes: []string{"*:read"}}
	restricted = authz.Actor{OrgID: "org", UserID: "restricted", TokenID: "t4", Restricted: true}
)

type keys map[string]authz.Actor

// Authenticate implements api.Authenticator.
func (k keys) Authenticate(_ context.Context, key string) (authz.Actor, error) {
	switch who, ok := k[key]; {
	case ok:
		return who, nil
	case key == "suspended":
		return authz.Actor{}, fault.Forbidden("organization.suspended", "Your organization is suspended.")
	case key == "broken":
		return authz.Actor{}, errors.New("secret: the key table is gone")
	}
	return authz.Actor{}, fault.New(fault.KindUnauthenticated, "key.wrong", "Your API key is wrong.")
}

// visible is the one thing everybody may see; there is nothing else.
const visible = "0192f0c1-2d3e-7abc-8def-0123456789ab"

// rig is a router with a small API of things.
type rig struct {
	*testing.T

	router  *api.Router
	handler http.Handler
	clock   *clock.Manual
	metrics *prometheus.Registry

	mu   sync.Mutex
	log  bytes.Buffer
	got  any             // the input of the last handler that ran
	ctx  context.Context // of it
	who  authz.Actor
	runs int

	block  chan struct{} // when set, waitThing waits for it
	inside chan struct{} // told by waitThing that it waits
}

// Write collects the log.
func (r *rig) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(b)
}

func (r *rig) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

func (r *rig) note(ctx context.Context, who authz.Actor, in any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got, r.ctx, r.who = in, ctx, who
	r.runs++
}

func newRig(t *testing.T, options ...func(*api.Options)) *rig {
	t.Helper()
	return newRigWith(t, nil, options...)
}

// newRigWith makes a rig whose waitThing waits for block, or not long when it is nil.
func newRigWith(t *testing.T, block chan struct{}, options ...func(*api.Options)) *rig {
	t.Helper()
	r := &rig{T: t, block: block, clock: clock.NewManual(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), metrics: prometheus.NewRegistry(), inside: make(chan struct{}, 1000)}
	o := api.Options{
		Version: "test", Clock: r.clock, Metrics: r.metrics, Log: slog.New(slog.NewJSONHandler(r, nil)),
		Authenticator: keys{"member-key": member, "admin-key": admin, "reader-key": reader, "restricted-key": restricted},
		Aliases:       map[string]map[string]string{"createThing": {"nombre": "name", "odd Name": "name"}},
	}
	for _, f := range options {
		f(&o)
	}
	r.router = api.NewRouter(o)
	r.register(o.DB)
	if err := r.router.Verify(); err != nil {
		t.Fatal(err)
	}
	r.handler = r.router
	return r
}

func withDB(d *db.DB) func(*api.Options) { return func(o *api.Options) { o.DB = d } }

// part is a member of a thing.
type part struct {
	Email string `json:"email" required:"true" format:"email" maxLength:"50" doc:"Address"`
	Size  int32  `json:"size,omitempty" doc:"Size"`
}

// thing has a field of every kind.
type thing struct {
	Name    string              `json:"name" required:"true" minLength:"1" maxLength:"20" doc:"Name"`
	Count   int                 `json:"count,omitempty" minimum:"0" doc:"Count"`
	Price   float64             `json:"price,omitempty" maximum:"1000" doc:"Price"`
	On      bool                `json:"on,omitempty" doc:"Switch"`
	Tags    []string            `json:"tags,omitempty" maxItems:"3" doc:"Tags"`
	Labels  api.Strings         `json:"labels,omitempty" maxItems:"3" doc:"Labels"`
	Kind    string              `json:"kind,omitempty" enum:"big,small" doc:"Kind"`
	At      *api.Time           `json:"at,omitempty" nullable:"true" doc:"When"`
	Note    api.Patch[string]   `json:"note,omitzero" maxLength:"5" doc:"Note"`
	Until   api.Patch[api.Time] `json:"until,omitzero" doc:"End"`
	Parts   []part              `json:"parts,omitempty" maxItems:"3" doc:"Parts"`
	Extra   map[string]part     `json:"extra,omitempty" doc:"Parts by name"`
	Opaque  json.RawMessage     `json:"opaque,omitempty" doc:"Anything"`
	Mixed   api.Text            `json:"mixed,omitempty" doc:"Text or number"`
	IsAdmin bool                `json:"isAdmin,omitempty" doc:"Must not be set by a look-alike"`
}

type thingInput struct{ Body thing }

type idInput struct {
	ID string `path:"id" doc:"Id of the thing"`
}

type changeInput struct {
	ID string `path:"id" doc:"Id of the thing"`
	api.IfMatch
	Body thing
}

type listInput struct {
	api.Page
	Only  []string         `query:"only" doc:"Ids"`
	Each  []string         `query:"each,explode" doc:"Ids"`
	Kind  string           `query:"kind" enum:"big,small" doc:"Kind"`
	Flag  bool             `query:"flag" doc:"Flag"`
	Since api.OptionalTime `query:"since" doc:"Time"`
	Name  string           `query:"name" maxLength:"10" doc:"Name"`
}

type thingOutput struct {
	ETag string `header:"ETag" doc:"Version"`
	Body struct {
		ID   string `json:"id" doc:"Id"`
		Name string `json:"name" doc:"Name"`
	}
}

type listOutput struct {
	Body struct {
		Things []string `json:"things" doc:"Things"`
		Meta   api.Meta `json:"meta" doc:"Page"`
	}
}

type messageInput struct {
	ID string `path:"conversationId" doc:"Id of the conversation"`
}

const (
	thingExample = `{"id":"0192f0c1-2d3e-7abc-8def-0123456789ab","name":"Chair"}`
	inputExample = `{"name":"Chair"}`
	listExample  = `{"things":[],"meta":{"perPage":10,"totalPages":0,"totalResults":0,"curPage":1,"nextPage":0}}`
)

func (r *rig) register(d *db.DB) {
	r.router.Gate("thing", func(_ context.Context, _ authz.Actor, id string) error {
		if id != visible {
			return fault.NotFound("thing")
		}
		return nil
	})
	read, write := authz.Rule{Scope: "things:read"}, authz.Rule{Scope: "things:write"}
	one := &authz.Object{Param: "id", Type: "thing"}
	readOne, writeOne := read, write
	readOne.Object, writeOne.Object = one, one
	both := api.Example{Request: inputExample, Response: thingExample}
	op := func(id, method, path string, status int, rule authz.Rule) api.Operation {
		return api.Operation{ID: id, Method: method, Path: path, Tag: "Thing", Summary: id, Status: status, Authz: rule, Example: both}
	}
	create := func(ctx context.Context, who authz.Actor, in *thingInput) (*thingOutput, error) {
		r.note(ctx, who, in.Body)
		if d != nil {
			if err := insertSetting(ctx, d, in.Body.Name); err != nil {
				return nil, err
			}
		}
		if in.Body.Name == "conflict" {
			return nil, fault.Conflict("thing.taken", "There is one already.")
		}
		return made(ids.New(), in.Body.Name), nil
	}
	list := op("listThings", "GET", "/api/things", 200, read)
	list.Example.Response = listExample
	api.Register(r.router, list, r.list)
	api.Register(r.router, op("createThing", "POST", "/api/things", 201, write), create)
	bulk := op("bulkThings", "POST", "/api/things/bulk", 201, write)
	bulk.MaxBody = 2 << 20
	api.Register(r.router, bulk, create)
	secret := op("secretThing", "POST", "/api/things/secret", 201, write)
	secret.Secret = true
	api.Register(r.router, secret, create)
	api.Register(r.router, op("getThing", "GET", "/api/things/{id}", 200, readOne), func(ctx context.Context, who authz.Actor, in *idInput) (*thingOutput, error) {
		r.note(ctx, who, *in)
		return made(in.ID, "Chair"), nil
	})
	api.Register(r.router, op("updateThing", "PATCH", "/api/things/{id}", 200, writeOne), func(ctx context.Context, who authz.Actor, in *changeInput) (*thingOutput, error) {
		r.note(ctx, who, in.Body)
		return made(in.ID, in.Body.Name), api.CheckMatch(in.IfMatch.IfMatch, 7)
	})
	api.Register(r.router, op("deleteThing", "DELETE", "/api/things/{id}", 204, writeOne), func(ctx context.Context, who authz.Actor, in *idInput) (*struct{}, error) {
		r.note(ctx, who, *in)
		return nil, nil
	})
	r.registerOdd(op)
}

// registerOdd registers the operations that fail, wait, and are public.
func (r *rig) registerOdd(op func(id, method, path string, status int, rule authz.Rule) api.Operation) {
	type none struct{}
	read := authz.Rule{Scope: "things:read"}
	fails := map[string]func(ctx context.Context) error{
		"panicThing": func(context.Context) error { panic("a secret cause") },
		"failThing":  func(context.Context) error { return errors.New("a secret cause") },
		"fullThing": func(context.Context) error {
			return fault.Wrap(errors.New("a secret cause"), fault.KindStorageFull, "storage.full", "")
		},
		"awayThing": func(context.Context) error {
			return &fault.Error{Kind: fault.KindUnavailable, Code: "database.unavailable", RetryAfter: 1500 * time.Millisecond}
		},
		"waitThing": func(ctx context.Context) error {
			r.inside <- struct{}{}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-r.block:
				return nil
			}
		},
	}
	for id, f := range fails {
		o := op(id, "GET", "/api/odd/"+id, 200, read)
		o.Timeout = 50 * time.Millisecond
		if r.block != nil {
			o.Timeout = time.Minute
		}
		api.Register(r.router, o, func(ctx context.Context, _ authz.Actor, _ *none) (*thingOutput, error) {
			return made("x", "y"), f(ctx)
		})
	}
	api.Register(r.router, op("manageThings", "GET", "/api/manage", 200, authz.Rule{Scope: "things:read", Capability: authz.SettingsManage}),
		func(context.Context, authz.Actor, *none) (*thingOutput, error) { return made("x", "y"), nil })
	api.Register(r.router, op("finishThings", "GET", "/api/finish", 200, authz.Rule{Scope: "things:read", Restricted: true}),
		func(context.Context, authz.Actor, *none) (*thingOutput, error) { return made("x", "y"), nil })
	api.Register(r.router, op("openThings", "GET", "/api/open", 200, authz.Rule{Public: true}),
		func(context.Context, authz.Actor, *none) (*thingOutput, error) { return made("x", "y"), nil })
	conversation := authz.Rule{Scope: "messages:read", Object: &authz.Object{Param: "conversationId", Type: "conversation"}}
	r.router.Gate("conversation", func(context.Context, authz.Actor, string) error { return nil })
	for _, method := range []string{"GET", "POST"} {
		api.Register(r.router, op(strings.ToLower(method)+"Messages", method, "/api/{conversationId}/messages", 200, conversation),
			func(_ context.Context, _ authz.Actor, in *messageInput) (*thingOutput, error) {
				return made(in.ID, "message"), nil
			})
	}
}

func made(id, name string) *thingOutput {
	out := &thingOutput{ETag: api.ETag(7)}
	out.Body.ID, out.Body.Name = id, name
	return out
}

func (r *rig) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	r.note(ctx, who, *in)
	out := &listOutput{}
	out.Body.Things = []string{}
	out.Body.Meta = in.Page.Meta(25)
	return out, nil
}

// insertSetting is the effect of creating a thing.
func insertSetting(ctx context.Context, d *db.DB, name string) error {
	return d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO settings (org_id, name, value, updated_at, updated_by) VALUES (?, ?, '{}', 0, 'x')`, member.OrgID, ids.New()+name)
		return err
	})
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	problem api.Problem // when it is one
}

// do sends a request. Headers are "Name: value"; a key is sent unless one is given.
func (r *rig) do(method, target, body string, headers ...string) answer {
	r.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	return r.send(httptest.NewRequest(method, target, reader), headers...)
}

func (r *rig) send(req *http.Request, headers ...string) answer {
	r.Helper()
	req.Header.Set("X-API-KEY", "member-key")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	a := answer{ResponseRecorder: httptest.NewRecorder()}
	r.handler.ServeHTTP(a, req)
	if a.Header().Get("Content-Type") == "application/problem+json" && a.Body.Len() > 0 {
		if err := json.Unmarshal(a.Body.Bytes(), &a.problem); err != nil {
			r.Errorf("a problem that is not JSON: %v: %s", err, a.Body)
		}
	}
	return a
}

// want fails unless the answer has a status, and for a problem the code.
func (a answer) want(t testing.TB, status int, code string) answer {
	t.Helper()
	if a.Code != status || a.problem.Code != code {
		t.Errorf("status %d, code %q; want %d, %q: %s", a.Code, a.problem.Code, status, code, a.Body)
	}
	return a
}

// fields are the wrong fields of a problem, "pointer code".
func (a answer) fields() []string {
	var list []string
	for _, f := range a.problem.Errors {
		list = append(list, f.Pointer+" "+f.Code)
	}
	return list
}
