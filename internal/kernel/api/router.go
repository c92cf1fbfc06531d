package api

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
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
	// Restrict gives a user.restricted fault when what a restricted actor has left overdue keeps
	// them from an operation with that rule, on the object with that id. It is asked for
	// restricted actors only. nil: the rule alone decides.
	Restrict func(ctx context.Context, who authz.Actor, rule authz.Rule, id string) error
	// Dress completes an answer before it is sent, with what the actor's organization shows in all
	// of them: the pictures of people (kernel/person). nil for nothing.
	Dress   func(ctx context.Context, who authz.Actor, answer any) error
	Metrics prometheus.Registerer // nil for none
	Auditor Auditor               // nil for none
	// Examples holds <operation id>.request.json and .response.json; nil for none.
	Examples fs.FS
	// Aliases gives other spellings of body fields by operation id: alias -> name.
	Aliases map[string]map[string]string
	// RatePerMinute is how many requests one key may make; 0 = no limit.
	RatePerMinute int
	// FailuresPerMinute is how many wrong keys may come from one address before the answer is
	// 429; 0 = 100, negative = no limit.
	FailuresPerMinute int
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
	MaxBody          int64         // bytes; 0 = 1 MiB
	Timeout          time.Duration // 0 = 15 s, negative = none: the operation has its own
	Statuses         []int         // problem statuses beyond the ones every operation may answer
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
	o          Options
	mux        *chi.Mux
	api        huma.API
	gates      map[string]Gate
	limits     *limiter
	load       *gateway
	metrics    *metrics
	operations []*mounted
	fixed      map[string]bool       // first segments of paths behind /api/ that are words
	pointers   map[reflect.Type]bool // structs whose pointers are described as nullable
	problem    []error               // found while registering
	described  func() ([]byte, error)
}

// mounted is an operation with what registering it has found out.
type mounted struct {
	Operation

	query   []queryParameter
	hasBody bool         // of the request
	schema  *huma.Schema // of the body, nil for none
	first   string       // the parameter that stands where other paths have a module's name

	seconds   prometheus.Observer
	succeeded prometheus.Counter
}

func (op *mounted) maxKeys() int {
	return max(1, int(op.MaxBody/defaultMaxBody)) * maxKeysPerMiB
}

// idempotent reports that the operation reads Idempotency-Key, if only to refuse it.
func (op *mounted) idempotent() bool { return op.Method == http.MethodPost && !op.Authz.Public }

// NewRouter makes a router without operations, but for its own description.
func NewRouter(o Options) *Router {
	useProblems()
	r := &Router{
		o: o, mux: chi.NewMux(), gates: map[string]Gate{}, fixed: map[string]bool{}, pointers: map[reflect.Type]bool{},
		limits: newLimiter(o.Clock, o.RatePerMinute, o.FailuresPerMinute), load: newGateway(o.MaxInFlight), metrics: newMetrics(o.Metrics),
	}
	config := huma.DefaultConfig("WorkDrive", o.Version)
	config.AllowAdditionalPropertiesByDefault = true
	config.FieldsOptionalByDefault = true
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil                                                                                  // no $schema links in answers
	config.Formats = map[string]huma.Format{jsonType: huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat} // json: for +json
	config.Info.Description = introduction
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityScheme: {Type: "apiKey", In: "header", Name: keyHeader, Description: "An API key of yours"},
	}
	r.api = humachi.New(r.mux, config)
	r.described = sync.OnceValues(r.OpenAPI)
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
	m := r.mount(op)
	_, m.hasBody = reflect.TypeFor[I]().FieldByName("Body")
	huma.Register(r.api, r.describing(m), func(ctx context.Context, in *I) (*O, error) {
		s := stateOf(ctx)
		if len(s.bad) > 0 {
			return nil, s.rejected(ctx, fault.Invalid(s.bad...))
		}
		out, err := handle(ctx, s.who, in)
		if err != nil {
			return nil, s.report(ctx, err)
		}
		if r.o.Dress != nil && out != nil {
			if err := r.o.Dress(ctx, s.who, out); err != nil {
				return nil, s.report(ctx, err)
			}
		}
		return out, nil
	})
	r.nullable(reflect.TypeFor[I](), reflect.TypeFor[O]())
	r.finish(m)
}

func (r *Router) mount(op Operation) *mounted {
	if op.Status == 0 {
		op.Status = http.StatusOK
	}
	if op.MaxBody == 0 {
		op.MaxBody = defaultMaxBody
	}
	if op.Timeout == 0 {
		op.Timeout = defaultTimeout
	}
	m := &mounted{Operation: op}
	first, _, _ := strings.Cut(strings.TrimPrefix(op.Path, "/api/"), "/")
	if strings.HasPrefix(first, "{") {
		m.first = strings.Trim(first, "{}")
	} else {
		r.fixed[first] = true
	}
	r.measure(m)
	r.operations = append(r.operations, m)
	return m
}

func (r *Router) measure(op *mounted) {
	op.seconds = r.metrics.seconds.WithLabelValues(op.ID)
	op.succeeded = r.metrics.requests.WithLabelValues(op.ID, statusText(op.Status))
}

// Operations gives the declared operations, in the order they were registered.
func (r *Router) Operations() []Operation {
	list := make([]Operation, len(r.operations))
	for i, op := range r.operations {
		list[i] = op.Operation
	}
	return slices.Clip(list)
}
