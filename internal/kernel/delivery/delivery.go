// Package delivery is what the channels that carry messages to people (mail, sms, webpush)
// share: the error that says whether to try again.
//
// A channel's Send gives nil once the other side has taken the message over, or an *Error. An
// error is temporary when the same message may be taken later: the other side is away, busy,
// or refuses this server rather than the message. It is permanent when no later attempt with
// the same message can succeed. What is no *Error (a cancelled context, a defect) counts as
// temporary: a queue that retries has a last attempt, a message that was dropped is gone.
//
// A wrong password or a refused signature is temporary, although protocols call it permanent:
// the operator mends the setting, and what was waiting must not be lost until then.
package delivery

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// LongestWait is the most that another side's Retry-After is believed.
const LongestWait = 24 * time.Hour

const maxReason = 300 // characters of a reason

// Error says why a message was not delivered.
type Error struct {
	// Temporary says that the same message may be sent again.
	Temporary bool
	// RetryAfter is how long the other side asks to wait; 0 = it did not say.
	RetryAfter time.Duration
	// Code is stable and machine-readable, "channel.reason".
	Code string
	// Reason is a sentence for the operator. It has no secrets, no addresses of devices and
	// no control characters.
	Reason string
	cause  error
}

// Error implements error: the code and the sentence.
func (e *Error) Error() string { return e.Code + ": " + e.Reason }

// Unwrap gives the cause, for errors.Is.
func (e *Error) Unwrap() error { return e.cause }

// Later makes a temporary error. The cause may be nil.
func Later(cause error, code, reason string) *Error {
	return &Error{Temporary: true, Code: code, Reason: Quote(reason), cause: cause}
}

// Never makes a permanent error. The cause may be nil.
func Never(cause error, code, reason string) *Error {
	return &Error{Code: code, Reason: Quote(reason), cause: cause}
}

// After sets how long to wait before the next attempt.
func (e *Error) After(wait time.Duration) *Error {
	e.RetryAfter = wait
	return e
}

// Retry says whether to send again what failed with err, and after how long at least; 0 leaves
// it to the caller's back-off. For nil it says no.
func Retry(err error) (after time.Duration, again bool) {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter, e.Temporary
	}
	return 0, err != nil
}

// RetryAfter reads an answer's Retry-After (RFC 9110, 10.2.3), in seconds or as a date; 0 when
// there is none or it makes no sense, at most LongestWait.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, LongestWait)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), LongestWait)
}

// Cause gives what was wrong with an exchange over HTTP, without the address: in Web Push the
// address of a device is a secret, and a gateway's may have one.
func Cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Quote makes a text of another side fit to be shown or logged: one line, bounded.
func Quote(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if utf8.RuneCountInString(text) > maxReason {
		text = string([]rune(text)[:maxReason-1]) + "…"
	}
	return text
}

// CheckKey says whether a text may be an idempotency key: 1 to 128 printable ASCII characters
// without blanks, so that it can be a header's value as it is.
func CheckKey(key string) error {
	if key == "" || len(key) > 128 || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Never(nil, "delivery.keyInvalid", "The message has no idempotency key of 1 to 128 printable ASCII characters.")
	}
	return nil
}
