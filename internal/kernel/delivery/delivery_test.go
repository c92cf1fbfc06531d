package delivery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestRetry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		after time.Duration
		again bool
	}{
		"nothing":             {nil, 0, false},
		"permanent":           {Never(nil, "a.b", "No."), 0, false},
		"wrapped permanent":   {fmt.Errorf("job: %w", Never(context.DeadlineExceeded, "a.b", "No.")), 0, false},
		"temporary":           {Later(nil, "a.b", "Wait."), 0, true},
		"temporary, in a bit": {fmt.Errorf("job: %w", Later(nil, "a.b", "Wait.").After(time.Minute)), time.Minute, true},
		"unknown":             {context.Canceled, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if after, again := Retry(c.err); after != c.after || again != c.again {
				t.Errorf("after %v, again %v", after, again)
			}
		})
	}
	if err := Later(context.Canceled, "a.b", "Wait."); !errors.Is(err, context.Canceled) || err.Error() != "a.b: Wait." {
		t.Errorf("%v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "30": 30 * time.Second, " 120 ": 2 * time.Minute, "-1": 0, "1.5": 0, "soon": 0,
		"99999999": LongestWait, "99999999999999999999": 0,
		"Sun, 01 Mar 2026 12:00:10 GMT": 10 * time.Second, "Sun, 01 Mar 2026 11:00:00 GMT": 0, "Mon, 01 Mar 2027 12:00:00 GMT": LongestWait,
	} {
		if got := RetryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestReasonsAreFitToBeShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":                         "plain",
		"two\r\nlines\tand\x1b[31m red": "two lines and [31m red",
		"bad \xff bytes\u202e":          "bad \uFFFD bytes",
		strings.Repeat("ü", 301):        strings.Repeat("ü", 299) + "…",
		strings.Repeat("ü", 300):        strings.Repeat("ü", 300),
	} {
		if got := Never(nil, "a.b", text).Reason; got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
	secret := &url.Error{Op: "Post", URL: "https://push.example/secret", Err: context.DeadlineExceeded}
	if got := Cause(fmt.Errorf("x: %w", secret)); strings.Contains(got.Error(), "secret") || !errors.Is(got, context.DeadlineExceeded) {
		t.Errorf("the cause is %v", got)
	}
	if got := Cause(context.Canceled); !errors.Is(got, context.Canceled) {
		t.Errorf("the cause is %v", got)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for key, ok := range map[string]bool{
		"a": true, "notification:1/user-2~": true, strings.Repeat("x", 128): true,
		"": false, strings.Repeat("x", 129): false, "a b": false, "a\nb": false, "ü": false, "\x7f": false,
	} {
		if err := CheckKey(key); (err == nil) != ok {
			t.Errorf("%q: %v", key, err)
		} else if _, again := Retry(err); again {
			t.Errorf("%q would be tried again", key)
		}
	}
}
