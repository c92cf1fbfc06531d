package webpush_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/delivery"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/webpush"
	"github.com/workdrive/workdrive/internal/testkit/pushsink"
)

func TestMain(m *testing.M) {
	forget, err := pushsink.Trust()
	if err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		forget()
		os.Exit(code)
	}))
}

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newKeys(t *testing.T) webpush.Keys {
	t.Helper()
	keys, err := webpush.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// sender reaches a service in the test's process.
func sender(t *testing.T, s *pushsink.Service, timeout time.Duration) (*webpush.Sender, webpush.Keys) {
	t.Helper()
	keys := newKeys(t)
	client := egress.New(egress.Options{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: timeout,
		Ports: []uint16{netip.MustParseAddrPort(s.Listener.Addr().String()).Port()},
	})
	made, err := webpush.New(keys, "mailto:it@quarry.example", client, clock.NewManual(now))
	if err != nil {
		t.Fatal(err)
	}
	return made, keys
}

func status(code int, header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if name, value, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

func hello(b pushsink.Browser, endpoint string) webpush.Message {
	return webpush.Message{Key: "notification-1:user-2", To: b.Subscription(endpoint), Payload: []byte(`{"title":"Grüße"}`), TTL: time.Hour, Urgency: webpush.UrgencyHigh}
}

func wantError(t *testing.T, err error, code string, again bool, after time.Duration) *delivery.Error {
	t.Helper()
	var e *delivery.Error
	if !errors.As(err, &e) || e.Code != code || e.Temporary != again || e.RetryAfter != after || e.Reason == "" {
		t.Fatalf("got %v, want %s, temporary %v, after %v", err, code, again, after)
	}
	if strings.Contains(e.Error(), "s3cr3t") {
		t.Errorf("the reason shows the address: %s", e.Reason)
	}
	return e
}

func TestABrowserReadsWhatWasPushed(t *testing.T) {
	t.Parallel()
	s := pushsink.Start(t, status(201, "", ""))
	push, keys := sender(t, s, 0)
	b := pushsink.NewBrowser(t)
	for name, payload := range map[string][]byte{
		"a text": []byte(`{"title":"Grüße"}`), "nothing": {}, "zeros at the end": {1, 0, 2, 0, 0}, "all there is room for": bytes.Repeat([]byte("x"), webpush.MaxPayload),
	} {
		m := hello(b, s.URL+"/push/s3cr3t")
		m.Payload = payload
		if err := push.Send(t.Context(), m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := s.Pushes()[len(s.Pushes())-1]
		if text, err := b.Decrypt(got.Body); err != nil || !bytes.Equal(text, payload) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		if text, err := pushsink.NewBrowser(t).Decrypt(got.Body); err == nil {
			t.Errorf("%s: another browser reads %q", name, text)
		}
		if len(got.Body) != 4096 {
			t.Errorf("%s has %d bytes: its size shows", name, len(got.Body))
		}
	}
	got := s.Pushes()[0]
	if got.Path != "/push/s3cr3t" {
		t.Errorf("pushed to %s", got.Path)
	}
	for name, want := range map[string]string{"Content-Encoding": "aes128gcm", "Ttl": "3600", "Urgency": "high", "Content-Type": "application/octet-stream", "User-Agent": "WorkDrive/dev"} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q", name, got.Header.Get(name))
		}
	}
	said, public, err := pushsink.Verify(got.Header.Get("Authorization"))
	if err != nil || public != keys.Public() || said.Audience != s.URL || said.Subject != "mailto:it@quarry.example" {
		t.Errorf("%+v by %s, %v", said, public, err)
	}
	// The service compares with its own time, so this is the one that the system has.
	if left := time.Until(time.Unix(said.Expires, 0)); left <= 0 || left > 24*time.Hour {
		t.Errorf("the signature is valid for %v", left)
	}
}

func TestALaterMessageReplacesTheOneOfItsTopic(t *testing.T) {
	t.Parallel()
	s := pushsink.Start(t, status(201, "", ""))
	push, _ := sender(t, s, 0)
	b := pushsink.NewBrowser(t)
	topic := func(change func(*webpush.Message)) string {
		m := hello(b, s.URL)
		change(&m)
		if err := push.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		got := s.Pushes()[len(s.Pushes())-1].Header.Get("Topic")
		if len(got) != 32 || strings.Trim(got, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("%q is no topic", got)
		}
		return got
	}
	first := topic(func(*webpush.Message) {})
	again := topic(func(*webpush.Message) {})
	other := topic(func(m *webpush.Message) { m.Key = "notification-2:user-2" })
	chat := topic(func(m *webpush.Message) { m.Topic = "chat \r\n 5" })
	more := topic(func(m *webpush.Message) { m.Key, m.Topic = "notification-3", "chat \r\n 5" })
	if first != again || first == other || chat != more || chat == first {
		t.Errorf("the topics are %s %s %s %s %s", first, again, other, chat, more)
	}
}

func TestAnswersDecideWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		header string
		code   string
		again  bool
		after  time.Duration
		gone   bool
	}{
		{404, "", "push.gone", false, 0, true},
		{410, "", "push.gone", false, 0, true},
		{413, "", "push.tooLarge", false, 0, false},
		{400, "", "push.refused", false, 0, false},
		{401, "", "push.keysRefused", false, 0, false},
		{403, "", "push.keysRefused", false, 0, false},
		{429, "Retry-After: 90", "push.failed", true, 90 * time.Second, false},
		{429, "", "push.failed", true, 0, false},
		{408, "", "push.failed", true, 0, false},
		{500, "", "push.failed", true, 0, false},
		{503, "Retry-After: Sun, 01 Mar 2026 13:00:00 GMT", "push.failed", true, time.Hour, false},
		{307, "Location: /elsewhere", "push.refused", false, 0, false},
		{302, "Location: https://example.com/", "push.refused", false, 0, false},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.header), func(t *testing.T) {
			t.Parallel()
			s := pushsink.Start(t, status(c.status, c.header, "because\r\nI say so"))
			push, _ := sender(t, s, 0)
			err := push.Send(t.Context(), hello(pushsink.NewBrowser(t), s.URL+"/s3cr3t"))
			e := wantError(t, err, c.code, c.again, c.after)
			if errors.Is(err, webpush.ErrGone) != c.gone || !strings.Contains(e.Reason, "because I say so") || !strings.Contains(e.Reason, fmt.Sprint(c.status)) {
				t.Errorf("%v", err)
			}
			if n := len(s.Pushes()); n != 1 {
				t.Errorf("%d requests: a redirect was followed", n)
			}
		})
	}
}

func TestEndpointsAreGuarded(t *testing.T) {
	t.Parallel()
	s := pushsink.Start(t, status(201, "", ""))
	guarded, err := webpush.New(newKeys(t), "it@quarry.example", egress.New(egress.Options{}), clock.NewManual(now))
	if err != nil {
		t.Fatal(err)
	}
	b := pushsink.NewBrowser(t)
	for _, endpoint := range []string{s.URL + "/s3cr3t", "https://127.0.0.1/s3cr3t", "https://localhost/s3cr3t", "https://10.0.0.1/s3cr3t", "https://[::1]/s3cr3t", "https://169.254.169.254/s3cr3t", "https://2130706433/s3cr3t", "https://push.example:22/s3cr3t"} {
		err := guarded.Send(t.Context(), hello(b, endpoint))
		wantError(t, err, "push.endpointRefused", false, 0)
		if !errors.Is(err, egress.ErrRefused) {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	if n := len(s.Pushes()); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
	push, _ := sender(t, s, 0)
	if err := push.Send(t.Context(), hello(b, s.URL)); err != nil || len(s.Pushes()) != 1 {
		t.Errorf("the service that is allowed: %v", err)
	}
}

func TestAServiceThatIsAwayOrSlow(t *testing.T) {
	t.Parallel()
	s := pushsink.Start(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	push, _ := sender(t, s, 200*time.Millisecond)
	m := hello(pushsink.NewBrowser(t), s.URL+"/s3cr3t")
	wantError(t, push.Send(t.Context(), m), "push.timeout", true, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := push.Send(ctx, m); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
	s.Close()
	wantError(t, push.Send(t.Context(), m), "push.unreachable", true, 0)
}

func TestWhatCannotBeSentIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s := pushsink.Start(t, status(201, "", ""))
	push, _ := sender(t, s, 0)
	for name, c := range map[string]struct {
		change func(*webpush.Message)
		code   string
	}{
		"no key":           {func(m *webpush.Message) { m.Key = "" }, "delivery.keyInvalid"},
		"too large":        {func(m *webpush.Message) { m.Payload = make([]byte, webpush.MaxPayload+1) }, "push.tooLarge"},
		"an hour ago":      {func(m *webpush.Message) { m.TTL = -time.Hour }, "push.ttlInvalid"},
		"for a year":       {func(m *webpush.Message) { m.TTL = 365 * 24 * time.Hour }, "push.ttlInvalid"},
		"yesterday":        {func(m *webpush.Message) { m.Urgency = "yesterday" }, "push.urgencyInvalid"},
		"no subscription":  {func(m *webpush.Message) { m.To = webpush.Subscription{} }, "push.subscriptionInvalid"},
		"not over https":   {func(m *webpush.Message) { m.To.Endpoint = "http://127.0.0.1/s3cr3t" }, "push.subscriptionInvalid"},
		"a key cut off":    {func(m *webpush.Message) { m.To.P256dh = m.To.P256dh[1:] }, "push.subscriptionInvalid"},
		"a secret cut off": {func(m *webpush.Message) { m.To.Auth = m.To.Auth[2:] }, "push.subscriptionInvalid"},
	} {
		t.Run(name, func(t *testing.T) {
			m := hello(pushsink.NewBrowser(t), s.URL)
			c.change(&m)
			wantError(t, push.Send(t.Context(), m), c.code, false, 0)
		})
	}
	if n := len(s.Pushes()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	b := pushsink.NewBrowser(t)
	good := b.Subscription("https://push.example/s3cr3t?x=1")
	padded := good
	padded.P256dh, padded.Auth = good.P256dh+"=", good.Auth+"=="
	for _, s := range []webpush.Subscription{good, padded} {
		if err := s.Check(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	point := b.Key.PublicKey().Bytes()
	compressed := append([]byte{2 + point[64]&1}, point[1:33]...)
	off := bytes.Clone(point)
	off[64] ^= 1
	encode := base64.RawURLEncoding.EncodeToString
	for name, c := range map[string]struct {
		change func(*webpush.Subscription)
		want   []string
	}{
		"everything":           {func(s *webpush.Subscription) { *s = webpush.Subscription{} }, []string{"/endpoint", "/keys/p256dh", "/keys/auth"}},
		"http":                 {func(s *webpush.Subscription) { s.Endpoint = "http://push.example/" }, []string{"/endpoint"}},
		"no host":              {func(s *webpush.Subscription) { s.Endpoint = "https:///x" }, []string{"/endpoint"}},
		"a password":           {func(s *webpush.Subscription) { s.Endpoint = "https://a:b@push.example/" }, []string{"/endpoint"}},
		"a line break":         {func(s *webpush.Subscription) { s.Endpoint = "https://push.example/\r\nX: y" }, []string{"/endpoint"}},
		"a long address":       {func(s *webpush.Subscription) { s.Endpoint += strings.Repeat("x", webpush.MaxEndpoint) }, []string{"/endpoint"}},
		"a compressed point":   {func(s *webpush.Subscription) { s.P256dh = encode(compressed) }, []string{"/keys/p256dh"}},
		"a point off":          {func(s *webpush.Subscription) { s.P256dh = encode(off) }, []string{"/keys/p256dh"}},
		"the point at the end": {func(s *webpush.Subscription) { s.P256dh = "AA" }, []string{"/keys/p256dh"}},
		"not base64url":        {func(s *webpush.Subscription) { s.P256dh, s.Auth = "!!", "!!" }, []string{"/keys/p256dh", "/keys/auth"}},
		"a short secret":       {func(s *webpush.Subscription) { s.Auth = encode(b.Auth[:15]) }, []string{"/keys/auth"}},
		"a long secret":        {func(s *webpush.Subscription) { s.Auth = encode(make([]byte, 17)) }, []string{"/keys/auth"}},
	} {
		s := good
		c.change(&s)
		f, ok := fault.As(s.Check())
		if !ok {
			t.Errorf("%s is taken", name)
			continue
		}
		var got []string
		for _, field := range f.Fields {
			got = append(got, field.Pointer)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestKeysAreKeptAndHidden(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	again, err := webpush.ParseKeys(keys.Private())
	if err != nil || again != keys {
		t.Errorf("%v, %v", again, err)
	}
	if raw := unbase64(t, keys.Public()); len(raw) != 65 || raw[0] != 4 {
		t.Errorf("the public key is %x", raw)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "keys", keys)
	for _, shown := range []string{log.String(), fmt.Sprint(keys), fmt.Sprintf("%v %+v %#v %s", keys, keys, keys, &keys)} {
		if strings.Contains(shown, keys.Private()) || !strings.Contains(shown, keys.Public()) {
			t.Errorf("shown as %s", shown)
		}
	}
	for _, bad := range []string{"", "!", keys.Private()[1:], keys.Private() + "AAAA", strings.Repeat("A", 43), strings.Repeat("_", 42) + "8"} {
		if _, err := webpush.ParseKeys(bad); err == nil || bad != "" && strings.Contains(err.Error(), bad) && len(bad) > 2 {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, contact := range []string{"", "it", "http://quarry.example", "https://", "mailto:", "a@b c", "mailto:a@b>"} {
		if _, err := webpush.New(keys, contact, egress.New(egress.Options{}), clock.System{}); err == nil {
			t.Errorf("%q is a contact", contact)
		}
	}
	if _, err := webpush.New(webpush.Keys{}, "it@quarry.example", egress.New(egress.Options{}), clock.System{}); err == nil {
		t.Error("no keys are needed")
	}
}
