package compat

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// maxBody bounds the bodies that are looked into; a larger one fits no condition and goes to
// the operation, which refuses it or takes it.
const maxBody = 1 << 20

// request is a request whose body is read at most once, and only when a row asks for it.
type request struct {
	*http.Request

	read    bool
	start   []byte // of the body
	failed  error  // reading it
	members map[string]json.RawMessage
}

// body gives the members of the body when it is a JSON object, and leaves it to be read again.
func (q *request) body() map[string]json.RawMessage {
	if q.read || q.Body == nil || q.Body == http.NoBody {
		return q.members
	}
	q.read = true
	q.start, q.failed = io.ReadAll(io.LimitReader(q.Body, maxBody+1))
	q.Body = rest{io.MultiReader(bytes.NewReader(q.start), failing{q.failed}, q.Body), q.Body}
	if q.failed == nil && len(q.start) <= maxBody {
		_ = json.Unmarshal(bytes.TrimPrefix(q.start, byteOrderMark), &q.members) // what is no object has no members
	}
	return q.members
}

// byteOrderMark may stand before a body, as the router sees it.
var byteOrderMark = []byte("\uFEFF")

// rest reads on behind what was read already.
type rest struct {
	io.Reader
	io.Closer
}

// failing repeats the error of reading a body.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// strictMembers are the members of the body of a GET, which becomes its query.
func (q *request) strictMembers() (map[string]json.RawMessage, error) {
	q.body()
	switch {
	case q.failed != nil:
		return nil, fault.Wrap(q.failed, fault.KindInvalid, "body.interrupted", "The body could not be read to its end.")
	case len(q.start) > maxBody:
		return nil, fault.New(fault.KindTooLarge, "request.tooLarge", "The body is larger than this operation takes.")
	case len(bytes.TrimSpace(q.start)) == 0:
		return nil, nil
	}
	if err := api.CheckJSON(q.start); err != nil {
		return nil, err
	}
	if q.members == nil {
		return nil, errNoObject
	}
	return q.members, nil
}

var errNoObject = fault.Invalid(fault.Field{Code: "field.type", Detail: "The body must be a JSON object of parameters."})

// condition decides whether a row is meant.
type condition func(q *request) bool

func all(conditions ...condition) condition {
	return func(q *request) bool {
		return !slices.ContainsFunc(conditions, func(c condition) bool { return !c(q) })
	}
}

// queryHas: one of the parameters is given, in the query or as a member of a GET's body.
func queryHas(names ...string) condition { return anyHas(names...) }

// queryLacks: none of the parameters is given.
func queryLacks(names ...string) condition {
	has := queryHas(names...)
	return func(q *request) bool { return !has(q) }
}

// anyHas: one of the names is given, in the query or in the body.
func anyHas(names ...string) condition {
	return func(q *request) bool {
		query, body := q.URL.Query(), q.body()
		return slices.ContainsFunc(names, func(n string) bool { return query.Has(n) || body[n] != nil })
	}
}

// hasBody: the body is a JSON object.
func hasBody(q *request) bool { return q.body() != nil }

// bodyHas: one of the members is in the body.
func bodyHas(names ...string) condition {
	return func(q *request) bool {
		body := q.body()
		return slices.ContainsFunc(names, func(n string) bool { return body[n] != nil })
	}
}

// bodyLacks: there is a JSON object, without any of the members.
func bodyLacks(names ...string) condition {
	has := bodyHas(names...)
	return func(q *request) bool { return hasBody(q) && !has(q) }
}
