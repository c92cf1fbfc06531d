package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Authenticator finds out who a key belongs to. A key that is unknown, revoked or expired, or
// whose owner may not sign in, is an Unauthenticated fault.
type Authenticator interface {
	Authenticate(ctx context.Context, key string) (authz.Actor, error)
}

// Gate gives a NotFound fault when the actor may not know of the object with the id.
type Gate func(ctx context.Context, who authz.Actor, id string) error

// Options are what a router works with.
type Options struct {
	Version       string
	DB            *db.DB
	Clock         clock.Clock
	Log           *slog.Logger
	Authenticator Authenticator
	Metrics       prometheus.Registerer // nil for none
	// Examples holds <operation id>.request.json and .response.json; nil for none.
	Examples fs.FS
	// Aliases gives other spellings of body fields by operation id: alias -> name.
	Aliases map[string]map[string]string
	// RatePerMinute is how many requests one key may make; 0 = no limit.
	RatePerMinute int
	// MaxInFlight is how many requests are worked on at the same time, 0 = 256; as many more
	// wait, the rest is answered 503.
	MaxInFlight int
}

// Operation declares one operation. Verify refuses one that lacks anything.
type Operation struct {
	ID, Method, Path string
	Tag              string
	Summary          string
	Description      string
	Status           int   // of success; 0 = 200
	AlsoStatuses     []int // of success too, in cases the description tells; the body has the same schema
	Authz            authz.Rule
	MaxBody          int64 // bytes; 0 = 1 MiB
	Timeout          time.Duration
	Statuses         []int // problem statuses beyond the ones every operation may answer
	Example          Example
	// Secret says that the answer holds a secret, which must not be stored.
	Secret bool
}

// Example is JSON text of a request and its answer. What it leaves out is taken from
// Options.Examples under the operation's id, or under From.
type Example struct {
	Request, Response string
	From              string // another operation's id
}

// ResponseOf takes the example of the answer from another operation.
func ResponseOf(operationID string) Example { return Example{From: operationID} }

const (
	defaultMaxBody = 1 << 20
	defaultTimeout = 15 * time.Second
)

// Router is the API: it serves the registered operations.
type Router struct {
	o       Options
	mux     *chi.Mux
	api     huma.API
	gates   map[string]Gate
	limits  *limiter
	load    *gateway
	metrics *metrics
	problem []error // found while registering

	operations []Operation
}

// NewRouter makes a router without operations, but for its own description.
func NewRouter(o Options) *Router {
	useProblems()
	r := &Router{
		o: o, mux: chi.NewMux(), gates: map[string]Gate{},
		limits: newLimiter(o.Clock, o.RatePerMinute), load: newGateway(o.MaxInFlight), metrics: newMetrics(o.Metrics),
	}
	config := huma.DefaultConfig("WorkDrive", o.Version)
	config.AllowAdditionalPropertiesByDefault = true
	config.FieldsOptionalByDefault = true
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // no $schema links in answers
	config.Info.Description = "The open, self-hosted workplace platform. Every call carries X-API-KEY."
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityScheme: {Type: "apiKey", In: "header", Name: keyHeader, Description: "An API key of yours"},
	}
	r.api = humachi.New(r.mux, config)
	r.mux.NotFound(r.notFound)
	r.mux.MethodNotAllowed(r.notAllowed)
	r.mux.Get("/api/openapi.json", r.describe)
	return r
}

const (
	securityScheme = "key"
	keyHeader      = "X-API-KEY"
)

// schemaName names a type by its package too, so that two modules may both have a View.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	pkg := t.PkgPath()
	pkg = pkg[strings.LastIndexByte(pkg, '/')+1:]
	if t.Name() == "" || pkg == "" || pkg == "api" {
		return name
	}
	if first := strings.ToUpper(pkg[:1]) + pkg[1:]; !strings.HasPrefix(name, first) {
		return first + strings.ToUpper(name[:1]) + name[1:]
	}
	return name
}

// Gate says how to find out whether an actor may know of an object of a type.
func (r *Router) Gate(objectType string, g Gate) { r.gates[objectType] = g }

// Register mounts an operation. I is a struct with path, query and header fields and a Body;
// O one with header fields and a Body.
func Register[I, O any](r *Router, op Operation, handle func(ctx context.Context, who authz.Actor, in *I) (*O, error)) {
	r.operations = append(r.operations, op)
	h := r.humaOperation(op)
	huma.Register(r.api, h, func(ctx context.Context, in *I) (*O, error) {
		state := stateOf(ctx)
		out, err := handle(ctx, state.who, in)
		if err != nil {
			return nil, state.report(ctx, err)
		}
		return out, nil
	})
	r.finish(op)
}

func (r *Router) humaOperation(op Operation) huma.Operation {
	if op.Status == 0 {
		op.Status = http.StatusOK
	}
	h := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.Path, Summary: op.Summary, Description: op.Description,
		Tags: []string{op.Tag}, DefaultStatus: op.Status, MaxBodyBytes: -1, BodyReadTimeout: -1,
		Extensions: map[string]any{"x-authz": op.Authz}, Errors: statuses(op),
		Middlewares: huma.Middlewares{r.guard(op)},
	}
	if !op.Authz.Public {
		h.Security = []map[string][]string{{securityScheme: {}}}
	}
	return h
}

// statuses are the problems an operation may answer.
func statuses(op Operation) []int {
	list := []int{http.StatusBadRequest, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable}
	if !op.Authz.Public {
		list = append(list, http.StatusUnauthorized, http.StatusForbidden)
	}
	if op.Authz.Object != nil {
		list = append(list, http.StatusNotFound)
	}
	if op.Method != http.MethodGet && op.Method != http.MethodDelete {
		list = append(list, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if op.Method == http.MethodPost {
		list = append(list, http.StatusConflict) // Idempotency-Key
	}
	list = append(list, op.Statuses...)
	slices.Sort(list)
	return slices.Compact(list)
}

// finish adds examples and the header parameters of every operation to the description.
func (r *Router) finish(op Operation) {
	h := r.described(op)
	if h == nil {
		r.problem = append(r.problem, fmt.Errorf("operation %s is not described", op.ID))
		return
	}
	if op.Method == http.MethodPost && !op.Secret {
		limit := 255
		h.Parameters = append(h.Parameters, &huma.Param{
			Name: idempotencyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &limit},
			Description: "Makes a retry safe: the same key gets the same answer for a day",
		})
	}
	request, response := r.example(op, "request"), r.example(op, "response")
	if h.RequestBody != nil {
		setExample(h.RequestBody.Content, request)
	}
	if answer := h.Responses[strconv.Itoa(h.DefaultStatus)]; answer != nil {
		if answer.Description == "" {
			answer.Description = http.StatusText(h.DefaultStatus)
		}
		setExample(answer.Content, response)
		for _, status := range op.AlsoStatuses {
			h.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Headers: answer.Headers, Content: answer.Content}
		}
	}
}

func (r *Router) described(op Operation) *huma.Operation {
	item := r.api.OpenAPI().Paths[op.Path]
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[op.Method]
}

func setExample(content map[string]*huma.MediaType, example any) {
	if m := content["application/json"]; m != nil && example != nil {
		m.Example = example
	}
}

// example finds the example text of one side of an operation.
func (r *Router) example(op Operation, side string) any {
	text := op.Example.Response
	if side == "request" {
		text = op.Example.Request
	}
	for _, id := range []string{op.ID, op.Example.From} {
		if text != "" || r.o.Examples == nil || id == "" {
			break
		}
		if body, err := fs.ReadFile(r.o.Examples, id+"."+side+".json"); err == nil {
			text = string(body)
		}
	}
	if text == "" {
		return nil
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		r.problem = append(r.problem, fmt.Errorf("operation %s: example of the %s: %w", op.ID, side, err))
	}
	return v
}

// Verify reports every operation that lacks something a client or a reviewer needs. The
// server does not start with one.
func (r *Router) Verify() error {
	errs := slices.Clone(r.problem)
	seen := map[string]bool{}
	for _, op := range r.operations {
		for _, missing := range r.missing(op) {
			errs = append(errs, fmt.Errorf("operation %s %s (%s) lacks %s", op.Method, op.Path, op.ID, missing))
		}
		if seen[op.ID] {
			errs = append(errs, fmt.Errorf("operation id %s is used twice", op.ID))
		}
		seen[op.ID] = true
	}
	return errors.Join(errs...)
}

func (r *Router) missing(op Operation) []string {
	var missing []string
	need := func(ok bool, what string) {
		if !ok {
			missing = append(missing, what)
		}
	}
	need(op.ID != "" && unicode.IsLower(rune(op.ID[0])), "an id in lowerCamelCase")
	need(op.Summary != "", "a summary")
	need(op.Tag != "", "a tag")
	need(op.Authz.Public || op.Authz.Scope != "", "x-authz: public or a scope")
	need(op.Authz.Object == nil || r.gates[op.Authz.Object.Type] != nil, "a gate for its object")
	h := r.described(op)
	if h == nil {
		return append(missing, "a description")
	}
	if h.RequestBody != nil && h.RequestBody.Content["application/json"] != nil {
		need(h.RequestBody.Content["application/json"].Example != nil, "an example of the request")
	}
	if answer := h.Responses[strconv.Itoa(h.DefaultStatus)]; answer != nil && answer.Content["application/json"] != nil {
		need(answer.Content["application/json"].Example != nil, "an example of the answer")
	}
	for _, name := range pathParameters.FindAllStringSubmatch(op.Path, -1) {
		described := slices.ContainsFunc(h.Parameters, func(p *huma.Param) bool { return p.In == "path" && p.Name == name[1] })
		need(described, "a field for the path parameter "+name[1])
	}
	for _, p := range h.Parameters {
		need(p.Description != "", "a description of parameter "+p.Name)
		need(p.In != "path" || p.Name == "reaction" || op.Authz.Object != nil, "the object that "+p.Name+" names")
	}
	return missing
}

var pathParameters = regexp.MustCompile(`\{(\w+)\}`)

// Operations gives the declared operations, in the order they were registered.
func (r *Router) Operations() []Operation { return slices.Clone(r.operations) }

// OpenAPI gives the description, indented and in a stable order.
func (r *Router) OpenAPI() ([]byte, error) {
	body, err := json.MarshalIndent(r.api.OpenAPI(), "", "  ")
	return append(body, '\n'), err
}

func (r *Router) describe(w http.ResponseWriter, req *http.Request) {
	body, err := r.OpenAPI()
	if err != nil {
		problemOf(err, stateOf(req.Context()).id).write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // the client may have gone
}
