// Package fault is the one error type that crosses WorkDrive's layers.
//
// A fault says what kind of failure it is (which decides the HTTP status, once,
// in kernel/api), carries a stable machine-readable code in the form
// "noun.reason", a sentence for people, and for bad input every wrong field with
// its JSON pointer (RFC 6901). A cause, when there is one, is for the log only
// and is never shown to a caller.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind classifies a fault; kernel/api maps each kind to one HTTP status.
type Kind uint8

// The kinds, with the status each one answers.
const (
	KindInternal           Kind = iota // 500: a defect or an unexpected failure below us
	KindInvalid                        // 400: malformed or invalid input
	KindUnauthenticated                // 401: no key, or a wrong, revoked or expired one
	KindForbidden                      // 403: known caller, not allowed
	KindNotFound                       // 404: absent or not visible, the same answer
	KindNotAllowed                     // 405: the route exists, the method does not
	KindConflict                       // 409: the state of the object refuses it
	KindPreconditionFailed             // 412: If-Match named another version
	KindTooLarge                       // 413: body over the operation's limit
	KindUnsupported                    // 415: not a media type the operation reads
	KindTooMany                        // 429: over the rate limit
	KindUnavailable                    // 503: try again later
	KindStorageFull                    // 507: no space left for the data
	KindGone                           // 410: it was there, and is not kept any more
)

// Field is one invalid input field.
type Field struct {
	// Pointer is a JSON pointer into the body ("/data/3/email"), or the name of a
	// query parameter ("?per_page") or path parameter.
	Pointer string `json:"pointer" doc:"JSON pointer into the body, or ?name for a query parameter"`
	// Code is stable and machine-readable, e.g. "user.emailInvalid".
	Code string `json:"code" doc:"Stable machine-readable reason"`
	// Detail is a sentence for people.
	Detail string `json:"detail" doc:"What is wrong, in a sentence"`
}

// Outstanding is something that a restricted person has to finish before anything else.
type Outstanding struct {
	Kind, ID, Title string
	DueAt           int64 // ms
}

// Error is a fault. The zero value is an internal error without a code.
type Error struct {
	Kind   Kind
	Code   string
	Detail string
	Fields []Field
	// Outstanding is what the caller has to finish first, for user.restricted.
	Outstanding []Outstanding
	RetryAfter  time.Duration // for KindTooMany and KindUnavailable; 0 = not said
	cause       error
}

// Error implements error: code, sentence, fields and cause, for the log.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s %s", f.Pointer, f.Detail)
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause, for errors.Is and the log.
func (e *Error) Unwrap() error { return e.cause }

// New makes a fault of a kind with a stable code and a sentence.
func New(kind Kind, code, detail string) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail}
}

// Wrap makes a fault that keeps its cause for the log.
func Wrap(cause error, kind Kind, code, detail string) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail, cause: cause}
}

// NotFound is the one answer for "absent" and "not visible". The sentence never
// depends on which of the two it was, nor on the id.
func NotFound(noun string) *Error {
	return New(KindNotFound, noun+".notFound", "The specified "+noun+" could not be found.")
}

// Forbidden refuses a known caller. kernel/api adds the reference's sentence.
func Forbidden(code, detail string) *Error { return New(KindForbidden, code, detail) }

// Conflict refuses because of the object's state.
func Conflict(code, detail string) *Error { return New(KindConflict, code, detail) }

// Invalid reports bad input, all fields at once.
func Invalid(fields ...Field) *Error {
	e := New(KindInvalid, "request.invalid", "The request has invalid fields.")
	e.Fields = fields
	if len(fields) == 1 {
		e.Detail = fields[0].Detail
	}
	return e
}

// As finds the fault in a chain.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// Is reports whether err is a fault of the kind.
func Is(err error, kind Kind) bool {
	e, ok := As(err)
	return ok && e.Kind == kind
}

// Fields collects field errors; its zero value is ready to use.
type Fields struct{ list []Field }

// Add records one wrong field.
func (f *Fields) Add(pointer, code, detail string) {
	f.list = append(f.list, Field{Pointer: pointer, Code: code, Detail: detail})
}

// Addf is Add with a formatted detail.
func (f *Fields) Addf(pointer, code, format string, args ...any) {
	f.Add(pointer, code, fmt.Sprintf(format, args...))
}

// Under records the fields of another collector below a pointer prefix.
func (f *Fields) Under(prefix string, other *Fields) {
	for _, x := range other.list {
		x.Pointer = prefix + x.Pointer
		f.list = append(f.list, x)
	}
}

// Empty reports whether nothing was wrong.
func (f *Fields) Empty() bool { return len(f.list) == 0 }

// List gives what was recorded.
func (f *Fields) List() []Field { return f.list }

// Err gives nil when nothing was wrong, else one Invalid fault with every field.
func (f *Fields) Err() error {
	if len(f.list) == 0 {
		return nil
	}
	return Invalid(f.list...)
}
