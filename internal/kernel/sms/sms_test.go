package sms_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/delivery"
	"github.com/workdrive/workdrive/internal/kernel/sms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3" // of 24 bytes

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// asked is a request that a gateway got.
type asked struct {
	*http.Request
	body string
}

// provider is a gateway that keeps what it is asked and answers as it is told.
type provider struct {
	*httptest.Server
	mu    sync.Mutex
	asked []asked
}

func start(t *testing.T, answer http.HandlerFunc) *provider {
	t.Helper()
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		p.mu.Lock()
		p.asked = append(p.asked, asked{r, string(body)})
		p.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) requests() []asked {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// status answers with one and a body.
func status(code int, header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if name, value, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func sender(t *testing.T, s sms.Settings) *sms.Sender {
	t.Helper()
	made, err := sms.New(s, clock.NewManual(now))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func own(p *provider) sms.Settings {
	return sms.Settings{URL: p.URL + "/send?tenant=7", Secret: secret, Sender: "Quarry", Region: "DE", Version: "1.2.3"}
}

func twilio(p *provider) sms.Settings {
	return sms.Settings{URL: p.URL, Account: "AC0123456789", Secret: "the auth token", Sender: "+12015550100"}
}

func hello() sms.Message {
	return sms.Message{Key: "notification-1:user-2", To: "01511 2345678", Text: "Grüße \"aus\" <Wörth>\x00 & + 日本"}
}

const cleaned = "Grüße \"aus\" <Wörth> & + 日本"

func wantError(t *testing.T, err error, code string, again bool, after time.Duration) *delivery.Error {
	t.Helper()
	var e *delivery.Error
	if !errors.As(err, &e) || e.Code != code || e.Temporary != again || e.RetryAfter != after || e.Reason == "" {
		t.Fatalf("got %v, want %s, temporary %v, after %v", err, code, again, after)
	}
	for _, hidden := range []string{secret, "the auth token", "tenant=7"} {
		if strings.Contains(e.Error(), hidden) {
			t.Errorf("the reason shows %s: %s", hidden, e.Reason)
		}
	}
	return e
}

func TestTheOwnForm(t *testing.T) {
	t.Parallel()
	p := start(t, status(202, "", ""))
	s := sender(t, own(p))
	for range 2 { // an attempt and another
		if err := s.Send(t.Context(), hello()); err != nil {
			t.Fatal(err)
		}
	}
	requests := p.requests()
	for _, r := range requests {
		if r.Method != http.MethodPost || r.URL.String() != "/send?tenant=7" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		var body map[string]string
		if err := json.Unmarshal([]byte(r.body), &body); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"id": hello().Key, "to": "+4915112345678", "text": cleaned, "sender": "Quarry"}, body); diff != "" {
			t.Error(diff)
		}
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		mac := hmac.New(sha256.New, key)
		_, _ = io.WriteString(mac, hello().Key+".1772366400."+r.body)
		for name, want := range map[string]string{
			"Content-Type": "application/json", "Idempotency-Key": hello().Key, "User-Agent": "WorkDrive/1.2.3",
			"Webhook-Id": hello().Key, "Webhook-Timestamp": "1772366400", "Webhook-Signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	}
	if len(requests) != 2 || requests[0].body != requests[1].body {
		t.Error("the second attempt is another message")
	}
}

func TestASenderCanBeTheGateways(t *testing.T) {
	t.Parallel()
	p := start(t, status(200, "", "{}"))
	settings := own(p)
	settings.Sender = ""
	if err := sender(t, settings).Send(t.Context(), hello()); err != nil || strings.Contains(p.requests()[0].body, "sender") {
		t.Errorf("%v: %s", err, p.requests()[0].body)
	}
}

func TestTwiliosForm(t *testing.T) {
	t.Parallel()
	const pool = "MG0123456789abcdef0123456789abcdef"
	p := start(t, status(201, "", `{"sid":"SM1","status":"queued"}`))
	for from, field := range map[string]string{"+12015550100": "From", "MGmedia": "From", pool: "MessagingServiceSid"} {
		settings := twilio(p)
		settings.Sender = from
		m := hello()
		m.To = "+49 1511 2345678"
		if err := sender(t, settings).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		r := p.requests()[len(p.requests())-1]
		user, password, _ := r.BasicAuth()
		if r.Method != http.MethodPost || r.URL.String() != "/2010-04-01/Accounts/AC0123456789/Messages.json" || user != "AC0123456789" || password != "the auth token" ||
			r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("%s %s by %s: %v", r.Method, r.URL, user, r.Header)
		}
		got, err := url.ParseQuery(r.body)
		if diff := cmp.Diff(url.Values{"To": {"+4915112345678"}, "Body": {cleaned}, field: {from}}, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	}
}

func TestAnswersDecideWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status       int
		header, body string
		code         string
		again        bool
		after        time.Duration
		says         string
	}{
		"a number that is none":  {400, "", `{"code":21211,"message":"Invalid 'To' Phone Number","more_info":"https://x","status":400}`, "sms.refused", false, 0, "21211 Invalid 'To' Phone Number"},
		"a problem":              {422, "", `{"type":"about:blank","title":"x","detail":"The text is rude."}`, "sms.refused", false, 0, "The text is rude"},
		"a word as the code":     {400, "", `{"code":"blocked","message":"No."}`, "sms.refused", false, 0, "blocked No"},
		"no reason":              {400, "", "<html>", "sms.refused", false, 0, "400"},
		"too large":              {413, "", "", "sms.refused", false, 0, "413"},
		"too many, in a while":   {429, "Retry-After: 30", `{"code":20429,"message":"Too many requests"}`, "sms.failed", true, 30 * time.Second, "20429"},
		"too many, at a time":    {429, "Retry-After: Sun, 01 Mar 2026 12:02:00 GMT", "", "sms.failed", true, 2 * time.Minute, "429"},
		"too many, who knows":    {429, "", "", "sms.failed", true, 0, "429"},
		"out of order":           {500, "", "stack trace\r\nline 2", "sms.failed", true, 0, "500"},
		"maintenance":            {503, "Retry-After: 3600", "", "sms.failed", true, time.Hour, "503"},
		"a wrong secret":         {401, "", `{"code":20003,"message":"Authenticate"}`, "sms.loginRefused", true, 0, "20003 Authenticate"},
		"not allowed":            {403, "", "", "sms.loginRefused", true, 0, "403"},
		"a wrong address":        {404, "", "", "sms.failed", true, 0, "404"},
		"at work on it":          {409, "", "", "sms.failed", true, 0, "409"},
		"lines in the reason":    {400, "", `{"message":"a\r\nlevel=INFO \u001b[2J"}`, "sms.refused", false, 0, "a level=INFO [2J"},
		"an answer without end":  {500, "", strings.Repeat("x", 1<<20), "sms.failed", true, 0, "500"},
		"a reason without end":   {400, "", `{"message":"` + strings.Repeat("x", 5000) + `"}`, "sms.refused", false, 0, "xxx…"},
		"somewhere else, please": {307, "Location: /elsewhere", "", "sms.failed", true, 0, "307"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, status(c.status, c.header, c.body))
			for _, settings := range []sms.Settings{own(p), twilio(p)} {
				m := hello()
				m.To = "+4915112345678"
				e := wantError(t, sender(t, settings).Send(t.Context(), m), c.code, c.again, c.after)
				if !strings.Contains(e.Reason, c.says) || !strings.Contains(e.Reason, "127.0.0.1") || strings.ContainsAny(e.Reason, "\r\n\x1b") || len(e.Reason) > 400 {
					t.Errorf("the reason is %q", e.Reason)
				}
			}
			if n := len(p.requests()); n != 2 {
				t.Errorf("%d requests: a redirect was followed", n)
			}
		})
	}
}

func TestAGatewayThatIsAwayOrSlow(t *testing.T) {
	t.Parallel()
	p := start(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	settings := own(p)
	settings.Timeout = 100 * time.Millisecond
	wantError(t, sender(t, settings).Send(t.Context(), hello()), "sms.timeout", true, 0)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sender(t, own(p)).Send(ctx, hello()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
	p.Close()
	wantError(t, sender(t, own(p)).Send(t.Context(), hello()), "sms.unreachable", true, 0)

	secured := httptest.NewUnstartedServer(status(200, "", ""))
	secured.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake that the client breaks off
	secured.StartTLS()
	t.Cleanup(secured.Close)
	settings.URL, settings.Timeout = secured.URL, 0
	if e := wantError(t, sender(t, settings).Send(t.Context(), hello()), "sms.unreachable", true, 0); !strings.Contains(e.Reason, "certificate") {
		t.Errorf("the reason is %q", e.Reason)
	}
}

func TestAnAnswerThatBreaksOffIsASuccess(t *testing.T) {
	t.Parallel()
	p := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(201)
	})
	if err := sender(t, own(p)).Send(t.Context(), hello()); err != nil {
		t.Errorf("the gateway took it, and yet: %v", err)
	}
}

func TestWhatCannotBeSentIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	p := start(t, status(200, "", ""))
	s := sender(t, own(p))
	for name, c := range map[string]struct {
		m    sms.Message
		code string
	}{
		"no key":     {sms.Message{To: hello().To, Text: "x"}, "delivery.keyInvalid"},
		"two lines":  {sms.Message{Key: "a\r\nX-Admin: 1", To: hello().To, Text: "x"}, "delivery.keyInvalid"},
		"no number":  {sms.Message{Key: "a", To: "nobody", Text: "x"}, "sms.numberInvalid"},
		"no text":    {sms.Message{Key: "a", To: hello().To, Text: " \x00\n"}, "sms.empty"},
		"no country": {sms.Message{Key: "a", To: "+999 1234567", Text: "x"}, "sms.numberInvalid"},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, s.Send(t.Context(), c.m), c.code, false, 0) })
	}
	if n := len(p.requests()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
	long := hello()
	long.Text = strings.Repeat("a", 5000)
	if err := s.Send(t.Context(), long); err != nil || !strings.Contains(p.requests()[0].body, `"`+strings.Repeat("a", 609)+`..."`) {
		t.Errorf("%v: %s", err, p.requests()[0].body)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for why, s := range map[string]sms.Settings{
		"must look like": {URL: "gateway.example", Secret: secret},
		"without a user": {URL: "https://a:b@gateway.example", Secret: secret},
		"whsec_":         {URL: "https://gateway.example", Secret: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"},
		"24 to 64":       {URL: "https://gateway.example", Secret: "whsec_c2hvcnQ="},
		"letters and":    {URL: "https://gateway.example", Secret: "x", Account: "../x", Sender: "x"},
		"its secret":     {URL: "https://gateway.example", Account: "AC1", Sender: "x"},
		"sender's":       {URL: "https://gateway.example", Account: "AC1", Secret: "x"},
		"no region":      {URL: "https://gateway.example", Secret: secret, Region: "Germany"},
	} {
		if _, err := sms.New(s, clock.System{}); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("got %v, want %q", err, why)
		}
	}
}
