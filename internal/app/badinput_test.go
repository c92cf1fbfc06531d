package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// TestEveryOperationRefusesBadInput derives from the description of each operation what
// cannot be right, field by field, and sends it as somebody who may do everything. Each must
// be refused with a problem that names the field, and nothing may have been written.
func TestEveryOperationRefusesBadInput(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		b := newBadInputs(w)
		total := 0
		for some := range slices.Chunk(w.app.router.Operations(), 10) { // looking at the whole database takes longer than an operation
			var names []string
			lists := make([][]badInput, len(some))
			for i, op := range some {
				names, lists[i] = append(names, op.ID), b.of(op)
			}
			before := w.fingerprint()
			for i, op := range some {
				for _, in := range lists[i] {
					w.refuses(op, in)
				}
				total += len(lists[i])
			}
			if w.checkUnchanged(before); t.Failed() {
				t.Logf("after %v", names)
			}
		}
		if total < 1000 {
			t.Errorf("only %d inputs were tried", total)
		}
	}, constraints()...)
}

// TestPagesFarAwayAreEmptyAndLargeOnesCut sends what paging takes although it is out of bounds.
func TestPagesFarAwayAreEmptyAndLargeOnesCut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		b, lists := newBadInputs(w), 0
		for _, op := range w.app.router.Operations() {
			described := w.contract.operations[op.ID].Parameters
			if described.GetByInAndName("query", "cursor") == nil || described.GetByInAndName("query", "cur_page") == nil { // a history has no numbered pages
				continue
			}
			lists++
			for query, want := range map[string]api.Meta{
				"cur_page=1000000000000000000":          {CurPage: 1_000_000_000_000_000_000},
				"cur_page=9223372036854775807":          {CurPage: 9_223_372_036_854_775_807},
				"cur_page=2&per_page=1000000":           {CurPage: 2, PerPage: 1000},
				"per_page=9223372036854775807&cur_page": {CurPage: 1, PerPage: 1000},
				"cur_page=&per_page=&cursor=":           {CurPage: 1},
			} {
				q := b.right(op)
				q.target = strings.Replace(q.target, "q=canary", "q=nothing", 1)
				q.target += map[bool]string{true: "&", false: "?"}[strings.Contains(q.target, "?")] + query
				status, text := w.do(w.front, q)
				_, body, _ := strings.Cut(text, "\n")
				var got struct{ Meta api.Meta }
				if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK || got.Meta.CurPage != want.CurPage ||
					want.PerPage != 0 && got.Meta.PerPage != want.PerPage || got.Meta.NextPage != 0 {
					t.Errorf("%s %s: %d %+v, want %+v: %.300s", op.ID, query, status, got.Meta, want, body)
				}
			}
		}
		if lists < 10 {
			t.Errorf("only %d lists were tried", lists)
		}
	}, constraints()...)
}

// badInput is a request with one thing wrong.
type badInput struct {
	request
	name    string
	status  int    // 0: any of 400, 404 and 409
	pointer string // of the wrong field, "" when the problem is not about one
}

// badInputs knows how to make requests of an administrator that are right but for one thing.
type badInputs struct {
	w     *world
	admin actor
	// strangers are ids that no field can mean: unknown ones, and those of another organization.
	strangers []string
}

func newBadInputs(w *world) *badInputs {
	b := &badInputs{w: w, strangers: []string{ids.New(), "not-an-id"}}
	b.admin = w.actors[slices.IndexFunc(w.actors, func(a actor) bool { return a.name == "admin" })]
	for _, kind := range []string{"user", "department", "location", "securityGroup", "post", "news", "faq"} {
		b.strangers = append(b.strangers, w.object(b.admin, kind, foreign))
	}
	return b
}

// object gives the relation and the id of the object that an operation is tried on.
func (b *badInputs) object(op api.Operation) (relation, id string) {
	if op.Authz.Object == nil {
		return none, ""
	}
	relation = visible
	if slices.Contains([]string{"post", "news", "photo", "video", "document", "faq", "event", "calendarSubscription", "comment", "token", "organization", "conversation", "message", "webhook", "hook"}, op.Authz.Object.Type) {
		relation = own
	}
	return relation, b.w.object(b.admin, op.Authz.Object.Type, relation)
}

// right is a request that nothing is wrong with.
func (b *badInputs) right(op api.Operation) request {
	relation, id := b.object(op)
	return b.w.request(cell{op: op, actor: b.admin, relation: relation}, id)
}

func (b *badInputs) of(op api.Operation) []badInput {
	_, id := b.object(op)
	right := b.right(op)
	described := b.w.contract.operations[op.ID]
	var list []badInput
	for _, p := range described.Parameters {
		switch p.Value.In {
		case "query":
			list = append(list, badQueries(right, p.Value)...)
		case "header":
			list = append(list, badHeaders(right, p.Value)...)
		case "path":
			list = append(list, badPaths(right, op, id, p.Value)...)
		}
	}
	if described.RequestBody != nil {
		list = append(list, b.badBodies(right, described.RequestBody.Value.Content["application/json"].Schema.Value)...)
	}
	return list
}

func badQueries(right request, p *openapi3.Parameter) []badInput {
	s := p.Schema.Value
	var values []string
	switch {
	case p.Name == "cursor":
		nul := map[string]any{"Key": "\x00", "ID": "\x00", "k": "\x00", "i": "\x00", "id": "\x00", "Name": "\x00"}
		values = []string{"x", "AAAAAAAAAAAAAAAAAAAA", ids.EncodeCursor([]int{1}), ids.EncodeCursor("x"), ids.EncodeCursor(nul)}
	case isType(s, "integer"):
		values = []string{"x", "1e3", "1.5", "-0x1", "99999999999999999999"}
		if s.Min != nil {
			values = append(values, fmt.Sprint(int(*s.Min)-1), "-1", "-9223372036854775808")
		}
	case isType(s, "boolean"):
		values = []string{"maybe", "2"}
	case len(s.Enum) > 0:
		values = []string{"nothing", "A"}
	case s.Format == "date-time":
		values = []string{"yesterday", "2026-13-01", "0000-00-00", "99999-01-01"}
	}
	if s.MaxLength != nil {
		values = append(values, strings.Repeat("x", int(*s.MaxLength)+1))
	}
	if !isType(s, "array") {
		values = append(values, "\x00", "\xff")
	}
	var list []badInput
	for _, v := range values {
		q := right
		path, rawQuery, _ := strings.Cut(q.target, "?")
		query, _ := url.ParseQuery(rawQuery)
		query.Set(p.Name, v)
		q.target = path + "?" + query.Encode()
		list = append(list, badInput{q, "query " + p.Name + "=" + short(v), http.StatusBadRequest, "?" + p.Name})
	}
	return list
}

func badHeaders(right request, p *openapi3.Parameter) []badInput {
	with := func(name, value string, status int, pointer string) badInput {
		q := right
		q.header = map[string]string{p.Name: value}
		return badInput{q, name + " " + p.Name, status, pointer}
	}
	list := []badInput{with("a long", strings.Repeat("x", int(*p.Schema.Value.MaxLength)+1), http.StatusBadRequest, p.Name)}
	if p.Name == "If-Match" {
		list = append(list, with("another", `"4711"`, http.StatusPreconditionFailed, ""), with("a weak", `W/"1"`, http.StatusPreconditionFailed, ""))
	}
	return list
}

func badPaths(right request, op api.Operation, id string, p *openapi3.Parameter) []badInput {
	from, values, status, pointer := id, []string{ids.New(), "not-an-id", strings.Repeat("x", 3000), "%00", "%ff", "%2e%2e", "a%2fb"}, http.StatusNotFound, ""
	if op.Authz.Object == nil || op.Authz.Object.Param != p.Name {
		from, values, status, pointer = wordParameters[p.Name], []string{"nothing", strings.Repeat("x", 3000)}, http.StatusBadRequest, p.Name
	}
	var list []badInput
	for _, v := range values {
		q := right
		if strings.Contains(v, "%") {
			q.op = "" // reaches no operation
		}
		q.target = strings.Replace(q.target, "/"+from, "/"+v, 1)
		list = append(list, badInput{q, "path " + short(v), status, pointer})
	}
	return list
}

// badBodies makes bodies with one member wrong.
func (b *badInputs) badBodies(right request, schema *openapi3.Schema) []badInput {
	list := []badInput{}
	add := func(name, pointer, body string) {
		q := right
		q.body = body
		list = append(list, badInput{q, name, 0, pointer})
	}
	for _, body := range []string{`[]`, `"x"`, `7`, `null`, `{`, "\xff", `{"a":1e400}`, `{"a":1,"a":2}`, strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65)} {
		add("body "+short(body), "", body)
	}
	for _, name := range schema.Required {
		if right.op == "createDepartment" && name == "members" {
			continue // creates a location, as the reference says
		}
		add("without "+name, "/"+name, changed(right.body, []string{name}, nil))
	}
	b.walk(schema, nil, "", func(at []string, value any) {
		pointer := "/" + strings.Join(at, "/")
		if isLenient(right.op, pointer, value) {
			return
		}
		add(pointer+" = "+short(fmt.Sprint(value)), pointer, changed(right.body, at, value))
	})
	return list
}

// isLenient reports that a value is taken although it means nothing: taking away somebody or
// something that is not there is done already, and a bulk deletion lists whom it did not find.
func isLenient(op, pointer string, value any) bool {
	_, isText := value.(string)
	field, _, inList := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(pointer, "/kb"), "/"), "/")
	if field == "category" && value == "not-an-id" && (strings.HasSuffix(op, "Document") || strings.HasSuffix(op, "Faq")) {
		return true // makes a category of this name
	}
	return isText && value != "\x00" && inList && (strings.HasPrefix(field, "remove") || op == "bulkDeleteUsers" || op == "removeSecurityGroupMembers")
}

// walk gives what cannot be right for each place in a body. About is what is said of the list
// that s is an item of.
func (b *badInputs) walk(s *openapi3.Schema, at []string, about string, give func(at []string, value any)) {
	choices := []*openapi3.Schema{s}
	for _, c := range slices.Concat(s.AnyOf, s.OneOf) {
		choices = append(choices, c.Value)
	}
	if len(at) > 0 {
		for _, v := range b.wrong(choices, s.Description+about) {
			give(at, v)
		}
	}
	for _, c := range choices {
		for name, p := range c.Properties {
			b.walk(p.Value, append(slices.Clip(at), name), "", give)
		}
		if c.Items != nil {
			b.walk(c.Items.Value, append(slices.Clip(at), "0"), s.Description, give)
		}
		if rest := c.AdditionalProperties.Schema; rest != nil {
			b.walk(rest.Value, append(slices.Clip(at), ids.New()), "", give)
		}
	}
}

var aboutIDs = regexp.MustCompile(`(?i)\bids?\b`)

func (b *badInputs) wrong(choices []*openapi3.Schema, about string) []any {
	kind := func(name string) bool {
		return slices.ContainsFunc(choices, func(s *openapi3.Schema) bool { return isType(s, name) })
	}
	var values []any
	if kind("object") {
		values = append(values, true)
	} else {
		values = append(values, map[string]any{})
	}
	s := choices[0]
	if kind("string") && !(kind("array")) {
		values = append(values, "\x00")
		for _, c := range choices {
			if c.MaxLength != nil {
				values = append(values, strings.Repeat("x", int(*c.MaxLength)+1))
			} else if isType(c, "string") && len(c.Enum) == 0 && c.Format == "" {
				b.w.t.Errorf("a text has no limit: %s", about)
			}
		}
		if len(s.Enum) > 0 || s.Format != "" {
			values = append(values, "nothing", "PUBLISHED ")
		} else if aboutIDs.MatchString(about) && !strings.Contains(about, "in another system") {
			for _, id := range b.strangers {
				values = append(values, id)
			}
		}
	}
	if kind("integer") || kind("number") {
		values = append(values, json.RawMessage("1e400"), json.RawMessage("-1e400"))
	}
	if kind("integer") {
		values = append(values, json.RawMessage("9223372036854775808"), json.RawMessage("-0"), 1.5, -1)
	}
	if s.MaxItems != nil {
		values = append(values, slices.Repeat([]any{ids.New()}, int(*s.MaxItems)+1))
	}
	return values
}

func isType(s *openapi3.Schema, kind string) bool { return s.Type != nil && s.Type.Includes(kind) }

// changed gives a body with a value at a place, nil for none there.
func changed(body string, at []string, value any) string {
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		panic(err)
	}
	out, err := json.Marshal(put(v, at, value))
	if err != nil {
		panic(err)
	}
	return string(out)
}

func put(v any, at []string, value any) any {
	if len(at) == 0 {
		return value
	}
	if at[0] == "0" {
		list, _ := v.([]any)
		if len(list) == 0 {
			list = []any{nil}
		}
		list[0] = put(list[0], at[1:], value)
		return list
	}
	object, _ := v.(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	if len(at) == 1 && value == nil {
		delete(object, at[0])
	} else {
		object[at[0]] = put(object[at[0]], at[1:], value)
	}
	return object
}

func short(s string) string {
	if len(s) > 40 {
		return fmt.Sprintf("%.40q… (%d)", s, len(s))
	}
	return s
}

// refuses sends a bad input and checks the problem.
func (w *world) refuses(op api.Operation, in badInput) {
	w.t.Helper()
	status, text := w.do(w.front, in.request)
	_, body, _ := strings.Cut(text, "\n")
	var p api.Problem
	err := json.Unmarshal([]byte(body), &p)
	fits := status == in.status || in.status == 0 && slices.Contains([]int{400, 404, 409}, status)
	if !fits || err != nil || p.Status != status || p.Code == "" || p.Detail == "" || p.RequestID == "" {
		w.t.Errorf("%s, %s: answers %d, want %d: %.300s", op.ID, in.name, status, in.status, body)
		return
	}
	if in.pointer == "" || status != http.StatusBadRequest {
		return
	}
	list := strings.TrimSuffix(in.pointer, "/0")
	for _, f := range p.Errors {
		if f.Pointer == list || strings.HasPrefix(f.Pointer, in.pointer+"/") || f.Pointer == in.pointer {
			return
		}
	}
	w.t.Errorf("%s, %s: the problem does not name %s: %.300s", op.ID, in.name, in.pointer, body)
}
