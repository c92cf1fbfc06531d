package compat

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Handler turns accepted spellings into canonical requests for next.
func Handler(next http.Handler) http.Handler { return newTable(next) }

// table is the rows by method and first segment, so that most requests meet none.
type table struct {
	next  http.Handler
	rows  map[string]map[string][]*row // "" holds the rows that begin with a parameter
	nouns map[string]bool              // words that are a segment of the API, not an id
}

func newTable(next http.Handler) *table {
	t := &table{next: next, rows: map[string]map[string][]*row{}, nouns: map[string]bool{"id": true}}
	for i := range rows {
		r := &rows[i]
		first := firstSegment(r.path)
		if _, isParam := parameter(first); isParam {
			first = ""
		}
		if t.rows[r.method] == nil {
			t.rows[r.method] = map[string][]*row{}
		}
		t.rows[r.method][first] = append(t.rows[r.method][first], r)
		for _, path := range []string{r.path, r.to} {
			if word := firstSegment(path); word != "" && word[0] != '{' {
				t.nouns[word] = true
			}
		}
	}
	return t
}

const prefix = "/api/"

func firstSegment(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, prefix), "/")
	return first
}

// ServeHTTP implements http.Handler.
func (t *table) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Request: r}
	if upper := strings.ToUpper(r.Method); upper != r.Method {
		r.Method = upper
	}
	renamed := q.renameSegment()
	row, params := t.find(q)
	err := q.rewrite(row, params)
	if renamed || row != nil {
		w.Header().Set("Deprecation", "true")
		w.Header().Set("Link", "<"+r.URL.EscapedPath()+`>; rel="canonical"`)
		w.Header().Set("Cache-Control", "no-store")
	}
	if err == nil {
		err = q.parameters()
	}
	if err != nil {
		r = api.Reject(r, err)
	}
	t.next.ServeHTTP(w, r)
}

// renameSegment replaces another spelling of the first segment.
func (q *request) renameSegment() bool {
	word := firstSegment(q.URL.Path)
	name, ok := segments[word]
	if !ok || canonicals[q.Method+" "+q.URL.Path] || !strings.HasPrefix(q.URL.Path, prefix+word) || (q.URL.RawPath != "" && !strings.HasPrefix(q.URL.RawPath, prefix+word)) {
		return false
	}
	q.URL.Path = prefix + name + q.URL.Path[len(prefix+word):]
	if q.URL.RawPath != "" {
		q.URL.RawPath = prefix + name + q.URL.RawPath[len(prefix+word):]
	}
	return true
}

// find gives the row a request means, with the values of its path parameters.
func (t *table) find(q *request) (*row, map[string]string) {
	path, raw := q.URL.Path, q.URL.RawPath
	if strings.Contains(raw, "%2F") || strings.Contains(raw, "%2f") {
		return nil, nil // an escaped slash does not separate
	}
	method, isHead := q.Method, q.Method == http.MethodHead
	if isHead {
		method = http.MethodGet
	}
	byFirst := t.rows[method]
	for _, list := range [...][]*row{byFirst[firstSegment(path)], byFirst[""]} {
		for _, r := range list {
			if isHead && r.toMethod != "" {
				continue // whatever a GET does here, HEAD only looks
			}
			if params, ok := t.match(r.path, path); ok && (r.when == nil || r.when(q)) {
				return r, params
			}
		}
	}
	return nil, nil
}

// match compares a path with a pattern, segment by segment. A parameter does not stand for a
// word that is a segment of the API itself: /api/posts/messages is no conversation.
func (t *table) match(pattern, path string) (map[string]string, bool) {
	if strings.Count(pattern, "/") != strings.Count(path, "/") {
		return nil, false
	}
	var params map[string]string
	for pattern != "" || path != "" {
		var want, got string
		want, pattern, _ = strings.Cut(pattern, "/")
		got, path, _ = strings.Cut(path, "/")
		if name, isParam := parameter(want); isParam {
			if got == "" || t.nouns[got] {
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

// rewrite makes the request canonical. Without an id that the canonical path needs, the path
// gets a stand-in for it, and the error is for the operation to answer.
func (q *request) rewrite(r *row, params map[string]string) error {
	if r == nil {
		return nil
	}
	var missing error
	query := q.URL.Query()
	before := len(query)
	to := strings.Split(r.to, "/")
	for i, segment := range to {
		name, isParam := parameter(segment)
		if !isParam {
			continue
		}
		if value, ok := params[name]; ok {
			to[i] = value
			delete(params, name)
			continue
		}
		to[i] = q.value(query, name)
		if query.Del(name); !isID(to[i]) {
			to[i] = api.NoID
			missing = fault.Invalid(fault.Field{Pointer: "?" + name, Code: "field.required", Detail: "This route needs the parameter " + name + "."})
		}
	}
	for name, value := range params { // a path parameter that the canonical route has in the query
		query.Set(name, value)
	}
	q.URL.Path, q.URL.RawPath = strings.Join(to, "/"), ""
	if len(params) > 0 || len(query) != before {
		q.URL.RawQuery = query.Encode()
	}
	if r.toMethod != "" {
		if q.Method == http.MethodGet {
			q.Header.Set("Content-Type", "application/json") // a GET's body is JSON whatever it says
			if q.Body == nil || q.ContentLength == 0 {       // and without one nothing is said: the answer names what is missing
				q.Body, q.ContentLength = io.NopCloser(strings.NewReader("{}")), 2
			}
		}
		q.Method = r.toMethod
	}
	return missing
}

// isID reports that a value can be a segment of a path.
func isID(value string) bool {
	return value != "" && value != "." && value != ".." && !strings.ContainsAny(value, "/\\?#%")
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
	hasBody := (q.Method == http.MethodGet || q.Method == http.MethodHead) && q.Body != nil && q.Body != http.NoBody
	if !hasBody && !hasAlias(q.URL.RawQuery) {
		return nil
	}
	query, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		return nil //nolint:nilerr // the operation says so
	}
	for alias, name := range parameters {
		if values, ok := query[alias]; ok {
			if !query.Has(name) {
				query[name] = values
			}
			delete(query, alias)
		}
	}
	if hasBody {
		members, err := q.strictMembers()
		if err != nil {
			return err
		}
		fromBody(query, members)
		q.Body, q.ContentLength = http.NoBody, 0
		q.Header.Del("Content-Type")
	}
	q.URL.RawQuery = query.Encode()
	return nil
}

// hasAlias looks for another spelling of a parameter without taking the query apart.
func hasAlias(rawQuery string) bool {
	for rawQuery != "" {
		var pair string
		pair, rawQuery, _ = strings.Cut(rawQuery, "&")
		name, _, _ := strings.Cut(pair, "=")
		if _, ok := parameters[name]; ok || strings.Contains(name, "%") {
			return true
		}
	}
	return false
}

// fromBody adds the members of a body to a query, which goes before them.
func fromBody(query url.Values, members map[string]json.RawMessage) {
	for member, raw := range members {
		name := member
		if canonical, ok := parameters[member]; ok {
			if name = canonical; members[canonical] != nil {
				continue
			}
		}
		if values := scalars(raw); values != nil && !query.Has(name) {
			query[name] = values
		}
	}
}

// scalars gives a JSON scalar, or a list of them, as parameter values; nil for anything else.
func scalars(raw json.RawMessage) []string {
	list := []json.RawMessage{raw}
	if raw[0] == '[' && json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var values []string
	for _, v := range list {
		switch v[0] {
		case '"':
			var text string
			_ = json.Unmarshal(v, &text) // found valid before
			values = append(values, text)
		case '{', '[', 'n':
		default:
			values = append(values, string(bytes.TrimSpace(v)))
		}
	}
	return values
}
