package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
)

type bare struct{}

type undescribed struct {
	ID   string `path:"id"`
	Page int    `query:"page"`
	Body struct {
		Name  string            `json:"name"`
		Parts []struct{ A int } `json:"parts" doc:"Parts"`
	}
}

type output struct {
	Body struct {
		Name string `json:"name" doc:"Name"`
	}
}

func TestVerifyNamesEverythingThatIsMissing(t *testing.T) {
	scope := authz.Rule{Scope: "x:read"}
	ofObject := authz.Rule{Scope: "x:read", Object: &authz.Object{Param: "id", Type: "ghost"}}
	full := api.Operation{ID: "x", Method: "GET", Path: "/api/x", Tag: "X", Summary: "X", Authz: scope, Example: api.Example{Response: `{"name":"x"}`}}
	for name, c := range map[string]struct {
		change  func(*api.Operation)
		missing []string // nil: nothing
	}{
		"complete":          {func(*api.Operation) {}, nil},
		"public":            {func(o *api.Operation) { o.Authz = authz.Rule{Public: true} }, nil},
		"id":                {func(o *api.Operation) { o.ID = "" }, []string{"an id in lowerCamelCase"}},
		"id in another way": {func(o *api.Operation) { o.ID = "ListX" }, []string{"an id in lowerCamelCase"}},
		"summary":           {func(o *api.Operation) { o.Summary = "" }, []string{"a summary"}},
		"tag":               {func(o *api.Operation) { o.Tag = "" }, []string{"a tag"}},
		"rule":              {func(o *api.Operation) { o.Authz = authz.Rule{} }, []string{"x-authz"}},
		"example":           {func(o *api.Operation) { o.Example.Response = "" }, []string{"an example of the answer"}},
		"broken example":    {func(o *api.Operation) { o.Example.Response = "{" }, []string{"example of the response", "an example of the answer"}},
		"gate":              {func(o *api.Operation) { o.Authz = ofObject }, []string{"a gate for its object"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := bareRouter(nil)
			op := full
			c.change(&op)
			api.Register(r, op, func(context.Context, authz.Actor, *bare) (*output, error) { return nil, nil })
			wantMissing(t, r, c.missing)
		})
	}
	t.Run("descriptions", func(t *testing.T) {
		r := bareRouter(nil)
		op := full
		op.Method, op.Path = "POST", "/api/x/{id}/{kind}"
		api.Register(r, op, func(context.Context, authz.Actor, *undescribed) (*output, error) { return nil, nil })
		wantMissing(t, r, []string{
			"a description of parameter id", "a description of parameter page", "a description of request field name", "a description of request field parts.[].A",
			"an example of the request", "the object that id names", "a field for the path parameter kind",
		})
	})
}

func bareRouter(examples fstest.MapFS) *api.Router {
	return api.NewRouter(api.Options{Version: "1", Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Authenticator: keys{}, Examples: examples})
}

func wantMissing(t *testing.T, r *api.Router, missing []string) {
	t.Helper()
	err := r.Verify()
	if len(missing) == 0 {
		if err != nil {
			t.Error(err)
		}
		return
	}
	if err == nil {
		t.Fatalf("nothing is missed, want %v", missing)
	}
	for _, m := range missing {
		if !strings.Contains(err.Error(), m) {
			t.Errorf("not missed: %s\n%v", m, err)
		}
	}
}

func TestExamplesComeFromTheReference(t *testing.T) {
	r := bareRouter(fstest.MapFS{
		"listX.request.json": {Data: []byte(`{"kind":"big"}`)}, "listX.response.json": {Data: []byte(`{"name":"printed"}`)},
	})
	type input struct {
		Kind string `query:"kind" doc:"Kind"`
	}
	rule := authz.Rule{Public: true}
	handle := func(context.Context, authz.Actor, *input) (*output, error) { return nil, nil }
	api.Register(r, api.Operation{ID: "listX", Method: "GET", Path: "/api/x", Tag: "X", Summary: "X", Authz: rule}, handle)
	api.Register(r, api.Operation{ID: "getX", Method: "GET", Path: "/api/x/me", Tag: "X", Summary: "X", Authz: rule, Example: api.ResponseOf("listX")}, handle)
	api.Register(r, api.Operation{ID: "ownX", Method: "GET", Path: "/api/x/own", Tag: "X", Summary: "X", Authz: rule, Example: api.Example{Response: `{"name":"own"}`}}, handle)
	if err := r.Verify(); err != nil {
		t.Fatal(err)
	}
	body, err := r.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(body, []byte(`"printed"`)); n != 2 || !bytes.Contains(body, []byte(`"own"`)) || !bytes.Contains(body, []byte(`"example": "big"`)) {
		t.Errorf("%s", body)
	}
}

func TestTheDescriptionIsServedAndValid(t *testing.T) {
	r := newRig(t)
	a := r.do("GET", "/api/openapi.json", "", "X-API-KEY: ").want(t, 200, "")
	body, err := r.router.OpenAPI()
	if err != nil || a.Body.String() != string(body) || a.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("served and derived differ: %v", err)
	}
	if again, _ := r.router.OpenAPI(); !bytes.Equal(body, again) {
		t.Error("the description is not the same every time")
	}
	doc, err := openapi3.NewLoader().LoadFromData(body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || len(doc.Paths.Map()) < 8 {
		t.Errorf("%s with %d paths", doc.OpenAPI, len(doc.Paths.Map()))
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Error(err)
	}
	update := doc.Paths.Find("/api/things/{id}").Patch
	if update.Responses.Value("422") != nil || update.Responses.Value("400") == nil || update.Responses.Value("404") == nil || update.Responses.Value("413") == nil {
		t.Error("the problems of an update are not the ones it answers")
	}
	rule, _ := json.Marshal(update.Extensions["x-authz"])
	if string(rule) != `{"object":{"param":"id","type":"thing"},"restricted":false,"scope":"things:write"}` {
		t.Errorf("x-authz: %s", rule)
	}
	for _, piece := range []string{`"maxLength": 20`, `"maxItems": 3`, `"format": "date-time"`, `"name": "Idempotency-Key"`, `"application/problem+json"`, `"X-API-KEY"`} {
		if !bytes.Contains(body, []byte(piece)) {
			t.Errorf("%s is missing", piece)
		}
	}
	if bytes.Contains(body, []byte("x-format")) {
		t.Error("the private format shows")
	}
}
