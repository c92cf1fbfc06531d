package compat

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// maxBody bounds the bodies that are looked into; a larger one fits no condition and goes to
// the operation, which refuses it.
const maxBody = 1 << 20

// Handler turns accepted spellings into canonical requests.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if upper := strings.ToUpper(r.Method); upper != r.Method {
			r.Method = upper
		}
		q := &request{Request: r}
		if route, params := find(q); route != nil {
			if err := q.rewrite(route, params); err != nil {
				api.WriteProblem(w, err)
				return
			}
			w.Header().Set("Deprecation", "true")
			w.Header().Set("Link", "<"+r.URL.EscapedPath()+`>; rel="canonical"`)
			w.Header().Set("Cache-Control", "no-store")
		}
		if err := q.parameters(); err != nil {
			api.WriteProblem(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// request is a request whose body is read at most once, and only when a row asks for it.
type request struct {
	*http.Request
	read    bool
	members map[string]json.RawMessage // of the body, when it is a JSON object
	broken  bool                       // there is a body and it is not a JSON object
}

// body gives the members of the body, and leaves it to be read again.
func (q *request) body() map[string]json.RawMessage {
	if q.read || q.Body == nil || q.Body == http.NoBody {
		return q.members
	}
	q.read = true
	start, err := io.ReadAll(io.LimitReader(q.Body, maxBody+1))
	if len(start) == 0 && err == nil {
		return nil
	}
	q.broken = err != nil || len(start) > maxBody || json.Unmarshal(start, &q.members) != nil
	q.Body = rest{io.MultiReader(bytes.NewReader(start), q.Body), q.Body}
	return q.members
}

// rest reads on behind what was read already.
type rest struct {
	io.Reader
	io.Closer
}

// condition decides whether a row is meant.
type condition func(q *request) bool

func all(conditions ...condition) condition {
	return func(q *request) bool {
		return !slices.ContainsFunc(conditions, func(c condition) bool { return !c(q) })
	}
}

// hasQuery: one of the parameters is given, in the query or as a member of a GET's body.
func hasQuery(names ...string) condition {
	return func(q *request) bool {
		query, body := q.URL.Query(), q.body()
		return slices.ContainsFunc(names, func(n string) bool { return query.Has(n) || body[n] != nil })
	}
}

func lacksQuery(names ...string) condition {
	has := hasQuery(names...)
	return func(q *request) bool { return !has(q) }
}

// hasBody: one of the members is in the body; without names, there is a JSON object.
func hasBody(names ...string) condition {
	return func(q *request) bool {
		body := q.body()
		return (len(names) == 0 && body != nil) || slices.ContainsFunc(names, func(n string) bool { return body[n] != nil })
	}
}

func lacksBody(names ...string) condition {
	has := hasBody(names...)
	return func(q *request) bool { return !q.broken && !has(q) }
}

// find gives the row a request means, with the values of its path parameters.
func find(q *request) (*route, map[string]string) {
	if strings.Contains(q.URL.RawPath, "%2F") || strings.Contains(q.URL.RawPath, "%2f") {
		return nil, nil // an escaped slash is part of a name, not a separator
	}
	for i := range routes {
		r := &routes[i]
		if r.method != q.Method {
			continue
		}
		if params, ok := match(r.path, q.URL.Path); ok && (r.when == nil || r.when(q)) {
			return r, params
		}
	}
	return nil, nil
}

// match compares a path with a pattern, segment by segment. A parameter does not stand for a
// word that is a segment of the API itself: /api/posts/messages is no conversation.
func match(pattern, path string) (map[string]string, bool) {
	var params map[string]string
	for pattern != "" || path != "" {
		var want, got string
		want, pattern, _ = strings.Cut(pattern, "/")
		got, path, _ = strings.Cut(path, "/")
		if name, isParam := parameter(want); isParam {
			if got == "" || nouns[got] {
				return nil, false
			}
			if params == nil {
				params = map[string]string{}
			}
			params[name] = got
		} else if want != got {
			return nil, false
		}
	}
	return params, true
}

func parameter(segment string) (name string, ok bool) {
	if len(segment) > 2 && segment[0] == '{' && segment[len(segment)-1] == '}' {
		return segment[1 : len(segment)-1], true
	}
	return "", false
}

// nouns are the fixed second segments of canonical paths.
var nouns = func() map[string]bool {
	set := map[string]bool{"id": true}
	for _, r := range routes {
		for _, path := range []string{r.path, r.to} {
			if segments := strings.Split(path, "/"); len(segments) > 2 {
				if _, isParam := parameter(segments[2]); !isParam {
					set[segments[2]] = true
				}
			}
		}
	}
	return set
}()

// rewrite makes the request canonical.
func (q *request) rewrite(r *route, params map[string]string) error {
	query := q.URL.Query()
	segments := strings.Split(r.to, "/")
	for i, s := range segments {
		name, isParam := parameter(s)
		if !isParam {
			continue
		}
		value, inPath := params[name]
		if !inPath {
			value = q.value(query, name)
		}
		if value == "" || strings.ContainsAny(value, "/?#%") || value == "." || value == ".." {
			return fault.Invalid(fault.Field{Pointer: "?" + name, Code: "field.required", Detail: "This route needs the parameter " + name + "."})
		}
		segments[i] = value
		delete(params, name)
		query.Del(name)
	}
	for name, value := range params { // a path parameter that the canonical route has in the query
		query.Set(name, value)
	}
	q.URL.Path, q.URL.RawPath, q.URL.RawQuery = strings.Join(segments, "/"), "", query.Encode()
	if r.toMethod != "" {
		q.Method = r.toMethod
	}
	return nil
}

// value looks for a parameter in the query, then in the body.
func (q *request) value(query url.Values, name string) string {
	if v := query.Get(name); v != "" {
		return v
	}
	var text string
	_ = json.Unmarshal(q.body()[name], &text) // anything but a string is no id
	return text
}

// parameters makes query parameters of a GET's JSON body and of other spellings.
func (q *request) parameters() error {
	hasBody := (q.Method == http.MethodGet || q.Method == http.MethodHead) && q.ContentLength != 0
	if q.URL.RawQuery == "" && !hasBody {
		return nil
	}
	query := q.URL.Query()
	changed := false
	for alias, name := range parameters {
		if values, ok := query[alias]; ok {
			if !query.Has(name) {
				query[name] = values
			}
			delete(query, alias)
			changed = true
		}
	}
	if hasBody {
		members := q.body()
		if q.broken {
			return fault.Invalid(fault.Field{Code: "body.malformed", Detail: "The body is not a JSON object."})
		}
		for member, raw := range members {
			name := member
			if canonical, ok := parameters[member]; ok {
				name = canonical
			}
			if values := scalars(raw); values != nil && !query.Has(name) {
				query[name] = values
				changed = true
			}
		}
		q.Body, q.ContentLength = http.NoBody, 0
	}
	if changed {
		q.URL.RawQuery = query.Encode()
	}
	return nil
}

// scalars gives a JSON scalar, or a list of them, as parameter values; nil for anything else.
func scalars(raw json.RawMessage) []string {
	var list []any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if raw[0] == '[' {
		if d.Decode(&list) != nil {
			return nil
		}
	} else {
		var one any
		if d.Decode(&one) != nil {
			return nil
		}
		list = []any{one}
	}
	var values []string
	for _, v := range list {
		switch x := v.(type) {
		case string:
			values = append(values, x)
		case json.Number:
			values = append(values, x.String())
		case bool:
			values = append(values, map[bool]string{true: "true", false: "false"}[x])
		}
	}
	return values
}
