package api_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// eachEngine runs a test on a rig with a database, in which creating a thing leaves a row.
func eachEngine(t *testing.T, test func(r *rig, effects func() int)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(context.Background(), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO organizations (id, name, subdomain, status, auth_method, created_at) VALUES (?, 'Org', 'org', 'ACTIVE', 'internal', 0)`, member.OrgID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t, withDB(d))
		test(r, func() int {
			var n int
			if err := d.Reader(context.Background()).QueryRow(context.Background(), `SELECT count(*) FROM settings WHERE org_id = ?`, member.OrgID).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		})
	})
}

const replayed = "Idempotent-Replay"

func TestARetryTakesEffectOnce(t *testing.T) {
	eachEngine(t, func(r *rig, effects func() int) {
		first := r.do("POST", "/api/things", `{"name":"x"}`, "Idempotency-Key: k").want(r, 201, "")
		again := r.do("POST", "/api/things", `{"name":"x"}`, "Idempotency-Key: k").want(r, 201, "")
		if first.Body.String() != again.Body.String() || again.Header().Get("ETag") != `"7"` || again.Header().Get("Content-Type") != "application/json" {
			r.Errorf("%s became %v %s", first.Body, again.Header(), again.Body)
		}
		if first.Header().Get(replayed) != "" || again.Header().Get(replayed) != "true" {
			r.Errorf("%s: %q, then %q", replayed, first.Header().Get(replayed), again.Header().Get(replayed))
		}
		if first.Header().Get("X-Request-Id") == again.Header().Get("X-Request-Id") || len(again.Header().Values("Cache-Control")) != 1 {
			r.Errorf("headers of the retry: %v", again.Header())
		}
		r.do("POST", "/api/things", `{"name":"y"}`, "Idempotency-Key: k").want(r, 409, "idempotency.mismatch")
		r.do("POST", "/api/things?x=1", `{"name":"x"}`, "Idempotency-Key: k").want(r, 409, "idempotency.mismatch")
		r.do("POST", "/api/things/bulk", `{"name":"x"}`, "Idempotency-Key: k").want(r, 409, "idempotency.mismatch")
		if r.runs != 1 || effects() != 1 {
			r.Errorf("the handler ran %d times and left %d rows", r.runs, effects())
		}
		other := r.do("POST", "/api/things", `{"name":"x"}`, "Idempotency-Key: k", "X-API-KEY: admin-key").want(r, 201, "")
		if other.Body.String() == first.Body.String() {
			r.Error("somebody else got the answer")
		}
		r.do("POST", "/api/things", `{"name":"x"}`, "Idempotency-Key: k2").want(r, 201, "")
		r.do("POST", "/api/things", `{"name":"x"}`).want(r, 201, "")
		if effects() != 4 {
			r.Errorf("%d rows", effects())
		}
	})
}

func TestOnlySuccessesAreKept(t *testing.T) {
	eachEngine(t, func(r *rig, effects func() int) {
		r.do("POST", "/api/things", `{"name":"conflict"}`, "Idempotency-Key: k").want(r, 409, "thing.taken")
		if effects() != 0 {
			r.Error("a failed request left its effect")
		}
		a := r.do("POST", "/api/things", `{"name":1}`, "Idempotency-Key: k").want(r, 400, "request.invalid")
		if len(a.problem.Errors) != 1 {
			r.Errorf("%s", a.Body)
		}
		r.do("POST", "/api/things", `{`, "Idempotency-Key: k").want(r, 400, "request.invalid")
		r.do("POST", "/api/things", `{"name":"x"}`, "Idempotency-Key: k").want(r, 201, "")
		if effects() != 1 {
			r.Errorf("%d rows", effects())
		}
	})
}

func TestKeysThatAreRefused(t *testing.T) {
	eachEngine(t, func(r *rig, effects func() int) {
		r.do("POST", "/api/things/secret", `{"name":"x"}`, "Idempotency-Key: k").want(r, 400, "idempotency.secret")
		r.do("POST", "/api/things/secret", `{"name":"x"}`).want(r, 201, "")
		for _, key := range []string{strings.Repeat("k", 256), "\xff", "a\x00b", "é"} {
			a := r.do("POST", "/api/things", `{"name":"x"}`, "Idempotency-Key: "+key).want(r, 400, "request.invalid")
			if a.fields()[0] != "Idempotency-Key field.format" {
				r.Errorf("%s", a.Body)
			}
		}
		r.do("POST", "/api/things", `{"name":"x"}`, "Idempotency-Key: "+strings.Repeat("k", 255)).want(r, 201, "")
		r.do("PATCH", "/api/things/"+visible, `{"name":"x"}`, "Idempotency-Key: k").want(r, 200, "")
		if a := r.do("PATCH", "/api/things/"+visible, `{"name":"y"}`, "Idempotency-Key: k").want(r, 200, ""); a.Header().Get(replayed) != "" {
			r.Error("a PATCH was repeated")
		}
		if effects() != 2 {
			r.Errorf("%d rows", effects())
		}
	})
}

func TestManyRetriesAtOnceTakeEffectOnce(t *testing.T) {
	eachEngine(t, func(r *rig, effects func() int) {
		var wait sync.WaitGroup
		bodies := make([]string, 16)
		for i := range bodies {
			wait.Go(func() {
				a := r.do("POST", "/api/things", `{"name":"x"}`, "Idempotency-Key: k").want(r, 201, "")
				bodies[i] = a.Body.String()
			})
		}
		wait.Wait()
		for _, b := range bodies {
			if b != bodies[0] {
				r.Errorf("different answers: %s and %s", bodies[0], b)
			}
		}
		if effects() != 1 || r.runs != 1 {
			r.Errorf("%d rows, %d runs", effects(), r.runs)
		}
	})
}

func TestAnswersAreForgottenAfterADay(t *testing.T) {
	eachEngine(t, func(r *rig, effects func() int) {
		send := func() answer {
			return r.do("POST", "/api/things", `{"name":"x"}`, "Idempotency-Key: k").want(r, 201, "")
		}
		send()
		r.clock.Advance(api.AnswersKept)
		if err := r.router.ForgetAnswers(context.Background()); err != nil {
			r.Fatal(err)
		}
		if send().Header().Get(replayed) != "true" {
			r.Error("forgotten too early")
		}
		r.clock.Advance(time.Second)
		if err := r.router.ForgetAnswers(context.Background()); err != nil {
			r.Fatal(err)
		}
		if send().Header().Get(replayed) != "" || effects() != 2 {
			r.Errorf("not forgotten: %d rows", effects())
		}
	})
}
