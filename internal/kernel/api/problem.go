package api

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// Problem is an error as clients read it (RFC 9457).
type Problem struct {
	Type      string        `json:"type" doc:"Always about:blank: the code tells the kinds apart"`
	Title     string        `json:"title" doc:"The status in words"`
	Status    int           `json:"status" doc:"HTTP status"`
	Detail    string        `json:"detail" doc:"What went wrong, in a sentence"`
	Code      string        `json:"code" doc:"Stable reason, noun.reason"`
	Errors    []fault.Field `json:"errors,omitempty" doc:"Every wrong field"`
	RequestID string        `json:"requestId" doc:"Quote it when asking for help"`
	// Outstanding is an extension member of the problem user.restricted.
	Outstanding []Outstanding `json:"outstanding,omitempty" doc:"Of user.restricted: what has to be finished first"`

	retryAfter int // seconds
}

// Outstanding is something that a restricted person has to finish before anything else.
type Outstanding struct {
	Kind  string `json:"kind" doc:"task or course"`
	ID    string `json:"id" doc:"Id of the task or course"`
	Title string `json:"title" doc:"Its title"`
	DueAt Time   `json:"dueAt" doc:"When it was due"`
}

// OutstandingOf is the printed form of what has to be finished; never nil.
func OutstandingOf(list []fault.Outstanding) []Outstanding {
	shown := make([]Outstanding, len(list))
	for i, o := range list {
		shown[i] = Outstanding{o.Kind, o.ID, o.Title, At(o.DueAt)}
	}
	return shown
}

// Error implements error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	if p.retryAfter == 0 {
		return nil
	}
	return http.Header{"Retry-After": {strconv.Itoa(p.retryAfter)}}
}

// kinds maps each kind of fault to its status, and to the reference's sentence for it
// where it has one.
var kinds = map[fault.Kind]struct {
	status   int
	sentence string
}{
	fault.KindInternal:           {http.StatusInternalServerError, "We had a problem with our server. Try again later."},
	fault.KindInvalid:            {http.StatusBadRequest, "Your request is invalid."},
	fault.KindUnauthenticated:    {http.StatusUnauthorized, "Your API key is wrong."},
	fault.KindForbidden:          {http.StatusForbidden, forbiddenSentence},
	fault.KindNotFound:           {http.StatusNotFound, "The specified content could not be found."},
	fault.KindNotAllowed:         {http.StatusMethodNotAllowed, "This method is not allowed here."},
	fault.KindConflict:           {http.StatusConflict, "The state of the resource does not allow this."},
	fault.KindPreconditionFailed: {http.StatusPreconditionFailed, "The resource has changed."},
	fault.KindTooLarge:           {http.StatusRequestEntityTooLarge, "The request is too large."},
	fault.KindUnsupported:        {http.StatusUnsupportedMediaType, "Send application/json."},
	fault.KindTooMany:            {http.StatusTooManyRequests, "Too many requests. Try again later."},
	fault.KindUnavailable:        {http.StatusServiceUnavailable, "We're temporarily offline for maintenance. Please try again later."},
	fault.KindGone:               {http.StatusGone, "This is not kept any more."},
	fault.KindStorageFull:        {http.StatusInsufficientStorage, "There is no space left to store this."},
}

// problemOf makes the problem of an error. Whatever is not a fault is internal.
func problemOf(err error, requestID string) *Problem {
	f, ok := fault.As(err)
	if !ok {
		f = &fault.Error{Kind: fault.KindInternal}
	}
	k := kinds[f.Kind]
	p := &Problem{
		Type: "about:blank", Title: http.StatusText(k.status), Status: k.status, Detail: f.Detail, Code: f.Code,
		Errors: f.Fields, RequestID: requestID, Outstanding: OutstandingOf(f.Outstanding), retryAfter: int(math.Ceil(f.RetryAfter.Seconds())),
	}
	if f.Kind == fault.KindInternal {
		p.Detail, p.Code, p.Errors = k.sentence, "server.error", nil
	}
	if p.Detail == "" {
		p.Detail = k.sentence
	}
	return p
}

// write sends a problem outside of huma, for requests that never reach an operation.
func (p *Problem) write(w http.ResponseWriter) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client may have gone
}

// useProblems makes huma report what it finds as problems. Its hooks are package variables,
// so that this is done once for the process.
var useProblems = sync.OnceFunc(func() {
	huma.NewError = func(status int, detail string, _ ...error) huma.StatusError {
		return &Problem{Status: status, Detail: detail}
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, detail string, errs ...error) huma.StatusError {
		state := stateOf(ctx.Context())
		if state == nil {
			return problemOf(fault.New(fault.KindInternal, "", detail), "")
		}
		return state.rejected(ctx.Context(), state.withFound(state.inputFault(status, detail, errs)))
	}
	huma.ValidateStrictCasing = true
})

// inputFault turns huma's findings about an input into a fault.
func (s *state) inputFault(status int, detail string, errs []error) error {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.KindTooLarge, "request.tooLarge", detail)
	case http.StatusUnsupportedMediaType:
		return fault.New(fault.KindUnsupported, "request.mediaType", "")
	case http.StatusInternalServerError:
		return errors.Join(append(errs, errors.New(detail))...)
	}
	if len(errs) == 0 {
		return fault.New(fault.KindInvalid, "request.invalid", capitalized(detail))
	}
	var bad fault.Fields
	for _, err := range errs {
		var d *huma.ErrorDetail
		if !errors.As(err, &d) {
			bad.Add("", "field.invalid", err.Error())
			continue
		}
		for _, one := range s.explained(d) {
			if errors.As(one, &d) {
				addField(&bad, d)
			}
		}
	}
	return bad.Err()
}

// withFound adds the wrong fields that were found in the body before to the ones huma found.
func (s *state) withFound(err error) error {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.KindInvalid || len(s.bad) == 0 {
		return err
	}
	fields := slices.Clone(s.bad)
	for _, other := range f.Fields {
		if !slices.ContainsFunc(s.bad, func(found fault.Field) bool { return found.Pointer == other.Pointer }) {
			fields = append(fields, other)
		}
	}
	return fault.Invalid(fields...)
}

// codes maps the beginning of huma's messages to our stable codes.
var codes = []struct{ prefix, code string }{
	{"expected required property", "field.required"}, {"required ", "field.required"},
	{"expected length <=", "field.tooLong"}, {"expected length >=", "field.tooShort"},
	{"expected array length <=", "field.tooMany"}, {"expected array length >=", "field.tooFew"},
	{"expected object with at most", "field.tooMany"}, {"expected object with at least", "field.tooFew"},
	{"expected array items to be unique", "field.duplicate"},
	{"expected value to be", "field.enum"},
	{"expected number >", "field.tooSmall"}, {"expected number <", "field.tooLarge"},
	{"expected string to ", "field.format"}, {"invalid value", "field.format"}, {"invalid date", "field.format"},
	{"expected", "field.type"}, {"invalid", "field.type"}, {"json:", "field.type"},
}

func addField(bad *fault.Fields, d *huma.ErrorDetail) {
	code := "field.invalid"
	for _, c := range codes {
		if strings.HasPrefix(d.Message, c.prefix) {
			code = c.code
			break
		}
	}
	pointer, message := pointerOf(d.Location), d.Message
	if name, ok := strings.CutPrefix(message, "expected required property "); ok {
		pointer += "/" + escapeToken.Replace(strings.TrimSuffix(name, " to be present"))
	}
	if strings.HasPrefix(message, "json:") {
		pointer, message = structField(message), "a value of the wrong type or out of range"
	}
	bad.Add(pointer, code, capitalized(message)+".")
}

// structField finds the place in encoding/json's message about a value of the wrong type:
// "json: cannot unmarshal string into Go struct field Draft.location.lat of type float64".
func structField(message string) string {
	_, field, _ := strings.Cut(message, "Go struct field ")
	field, _, _ = strings.Cut(field, " of type ")
	_, field, _ = strings.Cut(field, ".")
	if field == "" {
		return ""
	}
	return "/" + strings.ReplaceAll(field, ".", "/")
}

var (
	escapeToken = strings.NewReplacer("~", "~0", "/", "~1")
	toPointer   = strings.NewReplacer("~", "~0", "/", "~1", "[", "/", "]", "", ".", "/")
)

// pointerOf turns huma's "body.data[3].email" into "/data/3/email", "query.per_page" into
// "?per_page" and "path.id" into "id".
func pointerOf(location string) string {
	where, rest, _ := strings.Cut(location, ".")
	switch {
	case where == "query":
		return "?" + rest
	case where == "path", where == "header":
		return rest
	case strings.HasPrefix(location, "body["):
		rest = strings.TrimPrefix(location, "body")
	}
	if rest == "" {
		return ""
	}
	return "/" + strings.TrimPrefix(toPointer.Replace(rest), "/")
}

func capitalized(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// forbiddenSentence is the reference's: it stands in every 403 for lack of a capability.
const forbiddenSentence = "The requested content is hidden for administrators only."

// WriteProblem answers a request that does not reach the router.
func WriteProblem(w http.ResponseWriter, err error) { problemOf(err, ids.New()).write(w) }
