package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/seal"
	"github.com/workdrive/workdrive/internal/module/webhook"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// receiver takes webhooks and verifies them as the specification says.
type receiver struct {
	*httptest.Server
	arrived chan string // type and id of what was verified

	mu     sync.Mutex
	secret string
	answer int // instead of 200
	wrong  int // requests that could not be verified
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{arrived: make(chan string, 1000)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		hook, err := standardwebhooks.NewWebhook(r.secret)
		if err == nil {
			err = hook.VerifyIgnoringTimestamp(body, q.Header)
		}
		switch {
		case err != nil:
			r.wrong++
			w.WriteHeader(http.StatusBadRequest)
		case r.answer != 0:
			w.WriteHeader(r.answer)
			r.arrived <- "refused"
		default:
			r.arrived <- string(body)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = status
}

func (r *receiver) next(t *testing.T) string {
	t.Helper()
	select {
	case body := <-r.arrived:
		return body
	case <-time.After(20 * time.Second):
		t.Fatal("nothing arrived for 20 s")
		return ""
	}
}

// eachHooked runs a test on an app that sends webhooks to a receiver on this machine.
func eachHooked(t *testing.T, test func(t *testing.T, s site, d *db.DB, r *receiver)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newReceiver(t)
		at := netip.MustParseAddrPort(r.Listener.Addr().String())
		s := site{clock: clock.NewManual(time.Now().Truncate(time.Second))} // what is to be done later is not done at once
		var err error
		s.app, err = New(Options{Version: Release, DB: d, Clock: s.clock, Log: slog.New(slog.DiscardHandler), Server: config.Server{
			MaxInFlight: 64, EgressAllow: []netip.Prefix{netip.PrefixFrom(at.Addr(), 32)}, EgressPorts: []uint16{at.Port()},
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		var running sync.WaitGroup
		if err := s.app.jobs.Start(ctx); err != nil {
			t.Fatal(err)
		}
		running.Go(func() { _ = s.app.bus.Run(ctx) })
		running.Go(func() { _ = s.app.Webhooks.Run(ctx) })
		t.Cleanup(func() {
			_ = s.app.jobs.Stop(ctx)
			stop()
			running.Wait()
		})
		test(t, s, d, r)
	}, constraints()...)
}

func (s site) must(t *testing.T, key, method, target string, body any) map[string]any {
	t.Helper()
	return (&live{site: s}).must(t, key, method, target, body)
}

// TestAWebhookIsToldWhatItsOwnerSees has an administrator's webhook, who is in no private group
// chat, and polls as a stranger beside it.
func TestAWebhookIsToldWhatItsOwnerSees(t *testing.T) {
	eachHooked(t, func(t *testing.T, s site, d *db.DB, r *receiver) {
		o := cast.NewOrg(t, d)
		admin, ann := s.key(t, o.Administrator(t, "ada")), o.Person(t, "ann")
		annKey, eveKey := s.key(t, ann), s.key(t, o.Person(t, "eve"))
		cursor := s.must(t, eveKey, "GET", "/api/changes", nil)["cursor"].(string)
		if status, got := s.call(t.Context(), annKey, "POST", "/api/webhooks", map[string]any{"name": "x", "url": r.URL}); status != http.StatusForbidden {
			t.Errorf("a member makes a webhook: %d %v", status, got)
		}
		made := s.must(t, admin, "POST", "/api/webhooks", map[string]any{"name": "tickets", "url": r.URL + "/in", "types": []string{"post.*", "message.*", "user.*"}})
		r.mu.Lock()
		r.secret = made["secret"].(string)
		r.mu.Unlock()
		if one := s.must(t, admin, "GET", "/api/webhooks", nil)["webhooks"].([]any)[0].(map[string]any); one["secret"] != nil {
			t.Error("the secret is shown again")
		}
		group := s.must(t, annKey, "POST", "/api/group-chats", map[string]any{"title": "Secret", "isPrivate": true})["id"].(string)
		s.must(t, annKey, "POST", "/api/"+group+"/messages", map[string]any{"message": "private"})
		s.must(t, annKey, "POST", "/api/posts", map[string]any{"postText": "mine", "permissions": map[string]any{"onlyMe": true}})
		post := s.must(t, annKey, "POST", "/api/posts", map[string]any{"postText": "canary", "permissions": map[string]any{"public": true}})["id"].(string)
		if body := r.next(t); !strings.Contains(body, `"post.created"`) || !strings.Contains(body, post) || strings.Contains(body, "canary") {
			t.Errorf("first arrived %s, want the public post, and its id only", body)
		}
		s.must(t, annKey, "DELETE", "/api/posts/"+post, nil)
		if body := r.next(t); !strings.Contains(body, `"post.deleted"`) || !strings.Contains(body, post) {
			t.Errorf("then arrived %s", body)
		}

		// A stranger who asks hears of the public post's end alone: it is gone.
		got := s.must(t, eveKey, "GET", "/api/changes?types=post.*,message.*,conversation.*&cursor="+cursor, nil)
		if list := got["changes"].([]any); len(list) != 1 || list[0].(map[string]any)["type"] != "post.deleted" {
			t.Errorf("eve reads %v", list)
		}
		if again := s.must(t, eveKey, "GET", "/api/changes?cursor="+got["cursor"].(string), nil)["changes"].([]any); len(again) != 0 {
			t.Errorf("eve reads again %v", again)
		}
		if r.wrong > 0 {
			t.Errorf("%d requests could not be verified", r.wrong)
		}
		s.clock.Advance(bus.Abandoned + time.Hour)
		s.must(t, annKey, "POST", "/api/posts", map[string]any{"postText": "later"})
		if err := s.app.bus.Trim(t.Context()); err != nil {
			t.Fatal(err)
		}
		if status, _ := s.call(t.Context(), eveKey, "GET", "/api/changes?cursor="+cursor, nil); status != http.StatusGone {
			t.Errorf("a cursor that is too old: %d", status)
		}
	})
}

// TestAWebhookThatDoesNotWorkIsStopped has a receiver fail and, in the end, be gone.
func TestAWebhookThatDoesNotWorkIsStopped(t *testing.T) {
	eachHooked(t, func(t *testing.T, s site, d *db.DB, r *receiver) {
		o := cast.NewOrg(t, d)
		key := s.key(t, o.Administrator(t, "ada"))
		for _, url := range []string{"http://127.0.0.2/", "http://169.254.169.254/", "http://10.0.0.1:80/", "ftp://a.example/", "https://user:pass@a.example/"} {
			if status, got := s.call(t.Context(), key, "POST", "/api/webhooks", map[string]any{"name": "x", "url": url}); status != http.StatusBadRequest {
				t.Errorf("%s: %d %v", url, status, got)
			}
		}
		made := s.must(t, key, "POST", "/api/webhooks", map[string]any{"name": "x", "url": r.URL, "types": []string{"post.*"}})
		id := made["id"].(string)
		r.mu.Lock()
		r.secret = made["secret"].(string)
		r.mu.Unlock()
		r.answers(http.StatusServiceUnavailable)
		s.must(t, key, "POST", "/api/posts", map[string]any{"postText": "x"})
		r.next(t)
		first := func() map[string]any {
			return s.must(t, key, "GET", "/api/webhooks/"+id+"/deliveries", nil)["deliveries"].([]any)[0].(map[string]any)
		}
		soon(t, "the failure is written down", func() bool { return first()["attempts"] != 0.0 })
		if f := first(); f["state"] != "PENDING" || f["status"] != 503.0 || f["nextAt"] == nil {
			t.Errorf("after a failure: %v", f)
		}
		hook := func() map[string]any {
			return s.must(t, key, "GET", "/api/webhooks", nil)["webhooks"].([]any)[0].(map[string]any)
		}
		if hook()["failingSince"] == nil {
			t.Error("the webhook does not say that it fails")
		}
		r.answers(http.StatusGone)
		s.must(t, key, "POST", "/api/posts", map[string]any{"postText": "y"})
		r.next(t)
		soon(t, "the webhook is stopped", func() bool { return hook()["active"] == false })
		if reason, _ := hook()["reason"].(string); !strings.Contains(reason, "410") {
			t.Errorf("the reason is %q", reason)
		}
		r.answers(0)
		s.must(t, key, "PATCH", "/api/webhooks/"+id, map[string]any{"active": true})
		gone := first()["id"].(string)
		s.must(t, key, "POST", "/api/webhooks/"+id+"/redeliver", map[string]any{"deliveryId": gone})
		body := r.next(t)
		for body == "refused" { // an attempt that had begun
			body = r.next(t)
		}
		if !strings.Contains(body, "post.created") {
			t.Errorf("again arrived %s", body)
		}
		soon(t, "it has arrived", func() bool { return first()["state"] == "DELIVERED" })
	})
}

// TestProgramsWriteInGroupChats makes an address, writes there and loses the right to.
func TestProgramsWriteInGroupChats(t *testing.T) {
	eachHooked(t, func(t *testing.T, s site, d *db.DB, _ *receiver) {
		o := cast.NewOrg(t, d)
		ann, bob := o.Person(t, "ann"), o.Person(t, "bob")
		annKey, bobKey := s.key(t, ann), s.key(t, bob)
		group := s.must(t, annKey, "POST", "/api/group-chats", map[string]any{"title": "Builds", "members": []any{map[string]any{"id": bob.UserID}}})["id"].(string)
		if status, _ := s.call(t.Context(), bobKey, "POST", "/api/group-chats/"+group+"/hooks", map[string]any{"name": "x"}); status != http.StatusForbidden {
			t.Errorf("a member makes an address: %d", status)
		}
		made := s.must(t, annKey, "POST", "/api/group-chats/"+group+"/hooks", map[string]any{"name": "Build server"})
		url := made["url"].(string)
		at := url[strings.Index(url, "/api/"):]
		id := s.must(t, "", "POST", at, map[string]any{"text": "Build 7 has failed"})["id"].(string)
		if m := s.must(t, bobKey, "GET", "/api/messages/"+id, nil); m["message"] != "Build 7 has failed" || m["hook"] != "Build server" || m["createdBy"] != ann.UserID {
			t.Errorf("the message is %v", m)
		}
		if status, _ := s.call(t.Context(), "", "POST", at+"x", map[string]any{"text": "forged"}); status != http.StatusNotFound {
			t.Errorf("another signature: %d", status)
		}
		s.must(t, annKey, "DELETE", "/api/hooks/"+made["id"].(string), nil)
		if status, _ := s.call(t.Context(), "", "POST", at, map[string]any{"text": "revoked"}); status != http.StatusNotFound {
			t.Errorf("revoked: %d", status)
		}
	})
}

// TestSecretsOfWebhooksAreSealed changes the key that seals them.
func TestSecretsOfWebhooksAreSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		old, key := bytes.Repeat([]byte("o"), seal.KeySize), bytes.Repeat([]byte("k"), seal.KeySize)
		with := func(raw ...[]byte) *App {
			keys, err := seal.Parse(raw...)
			if err != nil {
				t.Fatal(err)
			}
			a, err := New(Options{Version: Release, DB: d, Clock: clock.NewManual(time.Now()), Log: slog.New(slog.DiscardHandler), Keys: keys})
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		o := cast.NewOrg(t, d)
		made, err := with(old).Webhooks.Create(t.Context(), o.Administrator(t, "ann"), webhook.Draft{Name: "x", URL: "https://receiver.example/"})
		if err != nil {
			t.Fatal(err)
		}
		stored := func() (text string) {
			if err := d.Reader(t.Context()).QueryRow(t.Context(), `SELECT secret FROM webhooks WHERE org_id = ? AND id = ?`, o.ID, made.ID).Scan(&text); err != nil {
				t.Fatal(err)
			}
			return text
		}
		first := stored()
		if strings.Contains(first, made.Secret[len("whsec_"):]) {
			t.Error("the database holds the secret as it is")
		}
		if err := with(key, old).Webhooks.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		keys, err := seal.Parse(key)
		if err != nil {
			t.Fatal(err)
		}
		if secret, _, err := keys.Open(stored(), "webhook secret "+made.ID); err != nil || secret != made.Secret {
			t.Errorf("the new key opens %q, %v", secret, err)
		}
	}, constraints()...)
}

// TestTheAuditLogHoldsWhatAdministratorsDidAndWhatWasDenied looks for both, and forges it.
func TestTheAuditLogHoldsWhatAdministratorsDidAndWhatWasDenied(t *testing.T) {
	eachHooked(t, func(t *testing.T, s site, d *db.DB, _ *receiver) {
		o := cast.NewOrg(t, d)
		admin, key := s.key(t, o.Administrator(t, "ada")), s.key(t, o.Person(t, "eve"))
		made := s.must(t, admin, "POST", "/api/locations", map[string]any{"name": "Canary Wharf"})["id"].(string)
		if status, _ := s.call(t.Context(), key, "DELETE", "/api/locations/"+made, nil); status != http.StatusForbidden {
			t.Fatalf("a member deletes a location: %d", status)
		}
		if status, _ := s.call(t.Context(), admin, "POST", "/api/locations", map[string]any{"name": ""}); status != http.StatusBadRequest {
			t.Fatalf("no name: %d", status)
		}
		if status, _ := s.call(t.Context(), key, "GET", "/api/audit", nil); status != http.StatusForbidden {
			t.Errorf("a member reads the log: %d", status)
		}
		list := s.must(t, admin, "GET", "/api/audit", nil)["entries"].([]any)
		var got []string
		for _, e := range list {
			e := e.(map[string]any)
			got = append(got, strings.TrimSpace(e["operation"].(string)+" "+e["outcome"].(string)+" "+e["code"].(string)))
		}
		want := "listAudit DONE, listAudit DENIED role.missing, deleteLocation DENIED role.missing, createLocation DONE"
		if strings.Join(got, ", ") != want {
			t.Errorf("the log has %v, want %s", got, want)
		}
		if end, err := s.app.Audits.Verify(t.Context(), o.ID); err != nil || end.Seq != 4 {
			t.Errorf("the chain ends at %v, %v", end, err)
		}
		for what, forge := range map[string]string{
			"changed": `UPDATE audit_entries SET operation = 'listUsers' WHERE org_id = ? AND seq = 3`,
			"removed": `DELETE FROM audit_entries WHERE org_id = ? AND seq = 4`,
		} {
			o.Exec(t, forge, o.ID)
			if _, err := s.app.Audits.Verify(t.Context(), o.ID); err == nil {
				t.Errorf("an entry was %s, and the chain holds", what)
			}
		}
	})
}
