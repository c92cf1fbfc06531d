package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// introduction is what holds for every operation.
const introduction = `The open, self-hosted workplace platform.

**Keys.** Every call carries ` + "`X-API-KEY`" + `. 401: missing, wrong, revoked or expired. 403: known but not allowed. 404: absent, or not visible to you.

**Input.** JSON in UTF-8, at most 1 MiB unless said otherwise, 64 levels, no duplicate keys. A single value may stand for a list, a number or boolean may be
written as a string. Unknown fields are ignored; field names match exactly.

**Errors.** Problem details (RFC 9457) with a stable ` + "`code`" + `, every wrong field at once, and a ` + "`requestId`" + `.

**Lists.** ` + "`cur_page` and `per_page`" + ` (at most 1000), or ` + "`cursor`" + ` from the meta of the page before.

**Retries.** A POST with ` + "`Idempotency-Key`" + ` takes effect once; the same key gets the same answer for a day.

**Versions.** Single objects have an ` + "`ETag`; `If-Match`" + ` makes a change fail with 412 when somebody else was faster.

**Limits.** ` + "`RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`" + ` tell what a key has left. 429 and 503 say in ` + "`Retry-After`" + ` when to come back.`

func statusText(status int) string { return strconv.Itoa(status) }

// describing is what huma needs to know of an operation.
func (r *Router) describing(op *mounted) huma.Operation {
	h := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.Path, Summary: op.Summary, Description: op.Description,
		Tags: []string{op.Tag}, DefaultStatus: op.Status, MaxBodyBytes: -1, BodyReadTimeout: -1,
		Extensions: map[string]any{"x-authz": op.Authz}, Errors: op.statuses(),
		Middlewares: huma.Middlewares{r.guard(op)},
	}
	if !op.Authz.Public {
		h.Security = []map[string][]string{{securityScheme: {}}}
	}
	if op.Authz.Signed {
		h.Security = append(h.Security, map[string][]string{})
	}
	return h
}

// statuses are the problems an operation may answer.
func (op *mounted) statuses() []int {
	list := []int{http.StatusBadRequest, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable}
	if !op.Authz.Public {
		list = append(list, http.StatusUnauthorized, http.StatusForbidden)
	}
	if op.Authz.Object != nil {
		list = append(list, http.StatusNotFound)
	}
	if op.hasBody {
		list = append(list, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if op.Method != http.MethodGet {
		list = append(list, http.StatusInsufficientStorage)
	}
	if op.idempotent() && !op.Secret {
		list = append(list, http.StatusConflict) // Idempotency-Key
	}
	list = append(list, op.Statuses...)
	slices.Sort(list)
	return slices.Compact(list)
}

// finish learns from the description what the request will need, and adds to it the examples
// and what every operation has.
func (r *Router) finish(op *mounted) {
	h := r.description(op)
	if h == nil {
		r.problem = append(r.problem, fmt.Errorf("operation %s is not described", op.ID))
		return
	}
	op.query = queryParameters(h.Parameters)
	for _, p := range h.Parameters {
		if p.In != "path" { // an id that is too long is one that does not exist
			r.bound(p.Schema)
		}
	}
	request, response := r.example(op, "request"), r.example(op, "response")
	if h.RequestBody != nil {
		if content := h.RequestBody.Content[jsonType]; content != nil {
			op.schema = content.Schema
			r.bound(op.schema)
		}
		setExample(h.RequestBody.Content, request)
	} else {
		exampleParameters(h.Parameters, request)
	}
	if op.idempotent() && !op.Secret {
		limit := maxKeyLength
		h.Parameters = append(h.Parameters, &huma.Param{
			Name: idempotencyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &limit},
			Description: "Makes a retry safe: the same key gets the same answer for a day",
		})
	}
	delete(h.Responses, statusText(http.StatusUnprocessableEntity)) // huma's; ours is 400
	answer := h.Responses[statusText(op.Status)]
	if answer == nil {
		return
	}
	if answer.Description == "" {
		answer.Description = http.StatusText(op.Status)
	}
	setExample(answer.Content, response)
	for _, status := range op.AlsoStatuses {
		h.Responses[statusText(status)] = &huma.Response{Description: http.StatusText(status), Headers: answer.Headers, Content: answer.Content}
	}
}

func (r *Router) description(op *mounted) *huma.Operation {
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
	if m := content[jsonType]; m != nil && example != nil {
		m.Example = example
	}
}

// exampleParameters takes the examples of query parameters from the request of a GET, which
// the reference prints as a JSON object.
func exampleParameters(params []*huma.Param, request any) {
	values, _ := request.(map[string]any)
	for _, p := range params {
		if v, ok := values[p.Name]; ok && p.Example == nil {
			p.Example = v
		}
	}
}

// example finds the example text of one side of an operation.
func (r *Router) example(op *mounted, side string) any {
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
	for _, op := range r.operations {
		for _, missing := range r.missing(op) {
			errs = append(errs, fmt.Errorf("operation %s %s (%s) lacks %s", op.Method, op.Path, op.ID, missing))
		}
	}
	return errors.Join(errs...)
}

func (r *Router) missing(op *mounted) []string {
	var missing []string
	need := func(ok bool, what string) {
		if !ok {
			missing = append(missing, what)
		}
	}
	need(op.ID != "" && op.ID[0] >= 'a' && op.ID[0] <= 'z', "an id in lowerCamelCase")
	need(op.Summary != "", "a summary")
	need(op.Tag != "", "a tag")
	need(op.Authz.Public || op.Authz.Scope != "", "x-authz: public or a scope")
	need(op.Authz.Object == nil || r.gates[op.Authz.Object.Type] != nil, "a gate for its object")
	h := r.description(op)
	if h == nil {
		return append(missing, "a description")
	}
	if h.RequestBody != nil && h.RequestBody.Content[jsonType] != nil {
		need(h.RequestBody.Content[jsonType].Example != nil, "an example of the request")
		missing = append(missing, r.undescribed("request", op.schema)...)
	}
	answer := h.Responses[statusText(op.Status)]
	need(answer != nil, "its answer")
	if answer != nil && answer.Content[jsonType] != nil {
		need(answer.Content[jsonType].Example != nil, "an example of the answer")
		missing = append(missing, r.undescribed("answer", answer.Content[jsonType].Schema)...)
	}
	for _, status := range op.statuses() {
		need(h.Responses[statusText(status)] != nil, "the problem "+statusText(status))
	}
	return append(missing, missingParameters(op, h)...)
}

// missingParameters: each has a description, and each one of the path names the operation's
// object or is one of a few words.
func missingParameters(op *mounted, h *huma.Operation) []string {
	var missing []string
	inPath := map[string]bool{}
	for _, p := range h.Parameters {
		if p.Description == "" {
			missing = append(missing, "a description of parameter "+p.Name)
		}
		if p.In != "path" {
			continue
		}
		inPath[p.Name] = true
		if op.Authz.Object == nil && len(p.Schema.Enum) == 0 {
			missing = append(missing, "the object that "+p.Name+" names")
		}
	}
	for rest := op.Path; ; {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			return missing
		}
		name, tail, _ := strings.Cut(after, "}")
		if rest = tail; !inPath[name] {
			missing = append(missing, "a field for the path parameter "+name)
		}
	}
}

// undescribed lists the properties of a schema, and of those it is made of, that do not say
// what they are.
func (r *Router) undescribed(where string, schema *huma.Schema) []string {
	var missing []string
	seen := map[*huma.Schema]bool{}
	var walk func(path string, s *huma.Schema)
	walk = func(path string, s *huma.Schema) {
		if s = r.resolve(s); s == nil || seen[s] {
			return
		}
		seen[s] = true
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			p := s.Properties[name]
			if p.Description == "" {
				missing = append(missing, "a description of "+where+" field "+path+name)
			}
			walk(path+name+".", p)
		}
		walk(path+"[].", s.Items)
		for _, list := range [][]*huma.Schema{s.OneOf, s.AnyOf, s.AllOf} {
			for _, one := range list {
				walk(path, one)
			}
		}
		rest, _ := s.AdditionalProperties.(*huma.Schema)
		walk(path+"*.", rest)
	}
	walk("", schema)
	return missing
}

// OpenAPI gives the description, indented and in a stable order.
func (r *Router) OpenAPI() ([]byte, error) {
	body, err := json.Marshal(r.api.OpenAPI())
	if err != nil {
		return nil, err
	}
	var v any
	numbers := json.NewDecoder(bytes.NewReader(body))
	numbers.UseNumber()
	if err := numbers.Decode(&v); err != nil {
		return nil, err
	}
	finishDescription(v)
	if body, err = json.MarshalIndent(v, "", "  "); err != nil {
		return nil, err
	}
	return append(body, '\n'), nil
}

// finishDescription writes what huma must not know, or cannot write.
func finishDescription(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			finishDescription(item)
		}
	case map[string]any:
		for _, member := range v {
			finishDescription(member)
		}
		// Times are read more leniently than the format says, so that huma must not check it.
		if format, ok := v[formatExtension]; ok {
			v["format"] = format
			delete(v, formatExtension)
		}
		// A reference has no type that null could be added to.
		if _, nullable := v["type"].([]any); nullable && v["$ref"] != nil {
			v["anyOf"] = []any{map[string]any{"$ref": v["$ref"]}, map[string]any{"type": "null"}}
			delete(v, "$ref")
			delete(v, "type")
		}
	}
}

// nullable notes for every pointer among the fields of types that it may be null, which huma
// does for pointers to simple types only.
func (r *Router) nullable(types ...reflect.Type) {
	for _, t := range types {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || r.pointers[t] {
			continue
		}
		r.pointers[t] = true
		schema := r.api.OpenAPI().Components.Schemas.Map()[schemaName(t, "")]
		for _, f := range reflect.VisibleFields(t) {
			if !f.IsExported() {
				continue
			}
			r.nullable(f.Type)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if schema == nil || f.Type.Kind() != reflect.Pointer {
				continue
			}
			if p := schema.Properties[name]; p != nil && (p.Ref != "" || p.Type != "") {
				p.Nullable = true
			}
		}
	}
}

func (r *Router) describe(w http.ResponseWriter, req *http.Request) {
	body, err := r.described()
	if err != nil {
		s := stateOf(req.Context())
		s.report(req.Context(), err).write(w)
		return
	}
	w.Header().Set("Content-Type", jsonType)
	_, _ = w.Write(body) // the client may have gone
}
