package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// hidden is the id of a thing nobody may see, or that does not exist: it is all the same.
const hidden = "0192f0c1-0000-7abc-8def-0123456789ab"

// forbidden is the reference's sentence for a lack of role.
const forbidden = "The requested content is hidden for administrators only."

func TestWhoMayCall(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		name, method, target, key string
		status                    int
		code                      string
	}{
		{"no key", "GET", "/api/things", "", 401, "key.missing"},
		{"unknown key", "GET", "/api/things", "guess", 401, "key.wrong"},
		{"key in the query", "GET", "/api/things?api_key=member-key&X-API-KEY=member-key", "", 401, "key.missing"},
		{"suspended organization", "GET", "/api/things", "suspended", 403, "organization.suspended"},
		{"member", "GET", "/api/things", "member-key", 200, ""},
		{"public without a key", "GET", "/api/open", "", 200, ""},
		{"public with a wrong key", "GET", "/api/open", "guess", 200, ""},
		{"reading key reads", "GET", "/api/things", "reader-key", 200, ""},
		{"reading key writes", "POST", "/api/things", "reader-key", 403, "key.scope"},
		{"member manages", "GET", "/api/manage", "member-key", 403, "role.missing"},
		{"administrator manages", "GET", "/api/manage", "admin-key", 200, ""},
		{"restricted", "GET", "/api/things", "restricted-key", 403, "user.restricted"},
		{"restricted, finishing", "GET", "/api/finish", "restricted-key", 200, ""},
		{"keys cannot be checked", "GET", "/api/things", "broken", 500, "server.error"},
		// What a caller may learn depends on who they are before it depends on their input.
		{"no key, bad input", "POST", "/api/things", "", 401, "key.missing"},
		{"no scope, bad input", "POST", "/api/things", "reader-key", 403, "key.scope"},
		{"hidden thing", "GET", "/api/things/" + visible, "member-key", 200, ""},
		{"bad input for a hidden thing", "PATCH", "/api/things/" + hidden, "member-key", 404, "thing.notFound"},
		{"bad input for a visible thing", "PATCH", "/api/things/" + visible, "member-key", 400, "request.invalid"},
		{"bad query for a hidden thing", "DELETE", "/api/things/" + hidden + "?x=%ff", "member-key", 404, "thing.notFound"},
		{"bad query for a visible thing", "DELETE", "/api/things/" + visible + "?x=%ff", "member-key", 400, "request.invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := ""
			if c.method == "POST" || c.method == "PATCH" {
				body = `{"name":1,"at":"x"}`
			}
			a := r.do(c.method, c.target, body, "X-API-KEY: "+c.key).want(t, c.status, c.code)
			if c.code == "role.missing" && !strings.Contains(a.problem.Detail, forbidden) {
				t.Errorf("the reference's sentence is missing: %s", a.problem.Detail)
			}
		})
	}
	r.do("GET", "/api/things", "", "X-API-KEY: admin-key")
	if diff := cmp.Diff(admin, r.who); diff != "" {
		t.Errorf("the handler's actor (-want +got)\n%s", diff)
	}
}

func TestEveryKindOfInvalidBodyIsBehindTheGate(t *testing.T) {
	r := newRig(t)
	for _, body := range []string{`{`, `{"name":1}`, `{"name":"x","at":"never"}`, `{"name":"x","name":"x"}`, "\xff", ``, strings.Repeat("[", 100)} {
		a := r.do("PATCH", "/api/things/"+hidden, body).want(t, 404, "thing.notFound")
		b := r.do("GET", "/api/things/"+hidden, "") // this handler lets its module decide
		if b.Code != 200 || len(a.problem.Errors) > 0 {
			t.Errorf("%q: %s", body, a.Body)
		}
		r.do("PATCH", "/api/things/"+visible, body).want(t, 400, "request.invalid")
	}
}

func TestProblems(t *testing.T) {
	r := newRig(t)
	a := r.do("GET", "/api/odd/failThing", "", "X-Request-Id: my-request-1").want(t, 500, "server.error")
	want := api.Problem{
		Type: "about:blank", Title: "Internal Server Error", Status: 500, Detail: "We had a problem with our server. Try again later.",
		Code: "server.error", RequestID: "my-request-1",
	}
	if diff := cmp.Diff(want, a.problem, cmp.AllowUnexported(api.Problem{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !strings.Contains(r.logged(), `"requestId":"my-request-1"`) || !strings.Contains(r.logged(), "a secret cause") {
		t.Errorf("the cause is not in the log: %s", r.logged())
	}
	r.do("GET", "/api/odd/fullThing", "").want(t, 507, "storage.full")
	slow := r.do("GET", "/api/odd/waitThing", "").want(t, 503, "server.slow")
	away := r.do("GET", "/api/odd/awayThing", "").want(t, 503, "database.unavailable")
	if slow.Header().Get("Retry-After") != "1" || away.Header().Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q and %q", slow.Header().Get("Retry-After"), away.Header().Get("Retry-After"))
	}
	for _, a := range []answer{slow, away, r.do("GET", "/api/odd/fullThing", "")} {
		if strings.Contains(a.Body.String(), "secret") {
			t.Errorf("a cause is shown: %s", a.Body)
		}
	}
	conflict := r.do("POST", "/api/things", `{"name":"conflict"}`).want(t, 409, "thing.taken")
	if conflict.problem.Title != "Conflict" || conflict.problem.Detail != "There is one already." {
		t.Errorf("%+v", conflict.problem)
	}
}

func TestAPanicIsAnsweredLoggedAndCounted(t *testing.T) {
	r := newRig(t)
	a := r.do("GET", "/api/odd/panicThing", "").want(t, 500, "server.error")
	if strings.Contains(a.Body.String(), "secret") {
		t.Errorf("the cause is shown: %s", a.Body)
	}
	if log := r.logged(); !strings.Contains(log, "a secret cause") || !strings.Contains(log, "rig_test.go") || !strings.Contains(log, a.problem.RequestID) {
		t.Errorf("the log lacks the cause, the stack or the request: %s", log)
	}
	r.do("GET", "/api/things", "").want(t, 200, "")
	w := httptest.NewRecorder()
	promhttp.HandlerFor(r.metrics, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{
		`panics_total 1`, `in_flight 0`, `requests_total{operation="listThings",status="200"} 1`, `requests_total{operation="panicThing",status="500"} 1`,
		`request_seconds_count{operation="listThings"} 1`,
	} {
		if !strings.Contains(w.Body.String(), "workdrive_http_"+line+"\n") {
			t.Errorf("%s is missing in\n%s", line, w.Body)
		}
	}
}

func TestRoutes(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		method, target string
		status         int
		code, allow    string
	}{
		{"GET", "/api/nothing", 404, "route.notFound", ""},
		{"GET", "/", 404, "route.notFound", ""},
		{"GET", "/api/things/", 404, "route.notFound", ""},
		{"GET", "//api/things", 404, "route.notFound", ""},
		{"GET", "/api//things", 404, "route.notFound", ""},
		{"GET", "/api//messages", 404, "route.notFound", ""},
		{"GET", "/api/./things", 404, "route.notFound", ""},
		{"GET", "/api/x/../things", 404, "route.notFound", ""},
		{"GET", "/api/%2e/things", 404, "route.notFound", ""},
		{"GET", "/api/things/%2e%2e", 404, "route.notFound", ""},
		{"GET", "/api%2Fthings", 404, "route.notFound", ""},
		{"GET", "/api/things/a%2fb", 404, "route.notFound", ""},
		{"GET", "/api/things/a%5Cb", 404, "route.notFound", ""},
		{"GET", "/api/things/%00", 404, "route.notFound", ""},
		{"GET", "/api/things/%ff", 404, "route.notFound", ""},
		{"GET", "/API/things", 404, "route.notFound", ""},
		{"GET", "/api/Things", 404, "route.notFound", ""},
		{"PUT", "/api/things", 405, "method.notAllowed", "GET,HEAD,POST"},
		{"DELETE", "/api/things", 405, "method.notAllowed", "GET,HEAD,POST"},
		{"POST", "/api/things/" + visible, 405, "method.notAllowed", "GET,HEAD,PATCH,DELETE"},
		{"TRACE", "/api/things", 405, "method.notAllowed", "GET,HEAD,POST"},
		{"OPTIONS", "/api/things", 204, "", "GET,HEAD,POST"},
		{"OPTIONS", "/api/nothing", 404, "route.notFound", ""},
	} {
		req := httptest.NewRequest(c.method, "/", nil)
		u, err := url.ParseRequestURI(c.target)
		if err != nil {
			t.Fatal(err)
		}
		req.URL = u
		a := r.send(req).want(t, c.status, c.code)
		if allow := strings.Join(a.Header().Values("Allow"), ","); allow != c.allow {
			t.Errorf("%s %s: Allow %s, want %s", c.method, c.target, allow, c.allow)
		}
	}
	a := r.do("POST", "/api/things", `{"name":"x"}`, "X-HTTP-Method-Override: DELETE", "X-Method-Override: DELETE").want(t, 201, "")
	if a.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("another origin is let in")
	}
}

func TestHEADIsAGETWithoutABody(t *testing.T) {
	r := newRig(t)
	get, head := r.do("GET", "/api/things/"+visible, "").want(t, 200, ""), r.do("HEAD", "/api/things/"+visible, "")
	if head.Code != 200 || head.Body.Len() != 0 || head.Header().Get("ETag") != `"7"` || head.Header().Get("Content-Length") != fmt.Sprint(get.Body.Len()) {
		t.Errorf("%d %v %q", head.Code, head.Header(), head.Body)
	}
	if a := r.do("HEAD", "/api/nothing", ""); a.Code != 404 || a.Body.Len() != 0 {
		t.Errorf("%d %q", a.Code, a.Body)
	}
}

// TestConversationsLiveBesideModules: the reference prints /api/{conversationId}/messages
// beside /api/posts/{id}.
func TestConversationsLiveBesideModules(t *testing.T) {
	r := newRig(t)
	name := func(method, target string) string {
		var v struct{ ID, Name string }
		a := r.do(method, target, "")
		_ = json.Unmarshal(a.Body.Bytes(), &v)
		return fmt.Sprint(a.Code, " ", v.ID, " ", v.Name)
	}
	for target, want := range map[string]string{
		"GET /api/" + visible + "/messages":  "200 " + visible + " message",
		"POST /api/" + visible + "/messages": "200 " + visible + " message",
		"GET /api/things/messages":           "200 messages Chair", // a thing called messages
		"GET /api/things/" + visible:         "200 " + visible + " Chair",
		"POST /api/things/messages":          "404  ", // no conversation called things
		"POST /api/open/messages":            "404  ",
		"GET /api/open/messages":             "404  ",
	} {
		method, path, _ := strings.Cut(target, " ")
		if got := name(method, path); got != want {
			t.Errorf("%s answers %s, want %s", target, got, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	r := newRig(t)
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "ETag": `"7"`, "Content-Type": "application/json", "X-Request-Id": "abcdefgh-1",
	} {
		if got := r.do("GET", "/api/things/"+visible, "", "X-Request-Id: abcdefgh-1").Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, id := range []string{"short", strings.Repeat("x", 65), "with blank", "with\x1bescape", `"quoted"`} {
		if got := r.do("GET", "/api/things", "", "X-Request-Id: "+id).Header().Get("X-Request-Id"); got == id || len(got) != 36 {
			t.Errorf("the request id %q became %q", id, got)
		}
	}
	a := r.do("GET", "/api/things/"+visible, "")
	if strings.Contains(a.Body.String(), "$schema") || len(a.Header().Values("Link")) > 0 {
		t.Errorf("links to schemas: %v %s", a.Header(), a.Body)
	}
	if got := r.do("DELETE", "/api/things/"+visible, ""); got.Code != 204 || got.Body.Len() != 0 || got.Header().Get("Content-Type") != "" {
		t.Errorf("a deletion answers %d %v %s", got.Code, got.Header(), got.Body)
	}
}

func TestTheLogTellsWhoDidWhatAndNothingMore(t *testing.T) {
	r := newRig(t)
	r.do("PATCH", "/api/things/"+visible+"?token=query-secret", `{"name":"body-secret"}`, "Cookie: cookie-secret", "X-Request-Id: request-77").want(t, 200, "")
	var line map[string]any
	if err := json.Unmarshal([]byte(r.logged()), &line); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"msg": "request", "requestId": "request-77", "method": "PATCH", "route": "/api/things/{id}", "operation": "updateThing",
		"status": 200.0, "org": "org", "user": "member",
	} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
	if line["bytes"] == 0.0 || line["ms"] == nil {
		t.Errorf("size or duration is missing: %v", line)
	}
	for _, secret := range []string{"query-secret", "body-secret", "cookie-secret", "member-key", visible} {
		if strings.Contains(r.logged(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func TestIfMatch(t *testing.T) {
	r := newRig(t)
	for tag, status := range map[string]int{"": 200, "*": 200, `"7"`: 200, `"6", "7"`: 200, `"6"`: 412, "7": 412, `W/"7"`: 412, `"70"`: 412} {
		code := ""
		if status == 412 {
			code = "version.changed"
		}
		r.do("PATCH", "/api/things/"+visible, `{"name":"x"}`, "If-Match: "+tag).want(t, status, code)
	}
}

func TestRateLimit(t *testing.T) {
	r := newRig(t, func(o *api.Options) { o.RatePerMinute = 3 })
	for left := 2; left >= 0; left-- {
		h := r.do("GET", "/api/things", "").want(t, 200, "").Header()
		if h.Get("RateLimit-Limit") != "3" || h.Get("RateLimit-Remaining") != fmt.Sprint(left) || h.Get("RateLimit-Reset") == "" {
			t.Errorf("%v", h)
		}
	}
	a := r.do("GET", "/api/things", "").want(t, 429, "rate.limited")
	if a.Header().Get("Retry-After") != "20" || a.Header().Get("RateLimit-Remaining") != "0" {
		t.Errorf("%v", a.Header())
	}
	r.do("POST", "/api/things", `{"name":"x"}`).want(t, 429, "rate.limited")
	r.do("GET", "/api/things", "", "X-API-KEY: admin-key").want(t, 200, "")
	r.clock.Advance(20 * time.Second)
	r.do("GET", "/api/things", "").want(t, 200, "")
	r.do("GET", "/api/things", "").want(t, 429, "rate.limited")
	r.do("GET", "/api/manage", "", "X-API-KEY: reader-key").want(t, 403, "role.missing") // refusals count, too
	if got := r.do("GET", "/api/open", "").want(t, 200, "").Header().Get("RateLimit-Limit"); got != "" {
		t.Errorf("a public operation says %s", got)
	}
}

func TestGuessingKeys(t *testing.T) {
	r := newRig(t)
	from := func(address, key string) answer {
		req := httptest.NewRequest("GET", "/api/things", nil)
		req.RemoteAddr = address
		return r.send(req, "X-API-KEY: "+key, "X-Forwarded-For: 10.0.0."+key)
	}
	for i := range 100 {
		from("192.0.2.1:1234", fmt.Sprint(i)).want(t, 401, "key.wrong")
	}
	a := from("192.0.2.1:999", "guess").want(t, 429, "key.guessing")
	if a.Header().Get("Retry-After") != "60" {
		t.Errorf("%v", a.Header())
	}
	from("192.0.2.1:1234", "member-key").want(t, 200, "") // others behind the same gateway go on
	from("192.0.2.1:1234", "").want(t, 401, "key.missing")
	from("192.0.2.2:1234", "guess").want(t, 401, "key.wrong")
	r.clock.Advance(time.Minute)
	from("192.0.2.1:1234", "guess").want(t, 401, "key.wrong")
	for i := range 100 {
		from(fmt.Sprintf("[2001:db8::%x]:1", i+1), "guess").want(t, 401, "key.wrong")
	}
	from("[2001:db8::ffff:1]:1", "guess").want(t, 429, "key.guessing") // the same /64
	from("[2001:db8:0:1::1]:1", "guess").want(t, 401, "key.wrong")

	quiet := newRig(t, func(o *api.Options) { o.FailuresPerMinute = -1 })
	for range 200 {
		quiet.do("GET", "/api/things", "", "X-API-KEY: guess").want(t, 401, "key.wrong")
	}
}

func TestOverload(t *testing.T) {
	block := make(chan struct{})
	r := newRigWith(t, block, func(o *api.Options) { o.MaxInFlight = 2 })
	var wait sync.WaitGroup
	results := make(chan answer, 20)
	for range 20 {
		wait.Go(func() { results <- r.do("GET", "/api/odd/waitThing", "") })
	}
	for range 16 { // two are worked on, two wait, the others are refused at once
		a := (<-results).want(t, 503, "server.overloaded")
		if a.Header().Get("Retry-After") == "" {
			t.Errorf("%v", a.Header())
		}
	}
	close(block)
	wait.Wait()
	close(results)
	for a := range results {
		a.want(t, 200, "")
	}
	r.do("GET", "/api/things", "").want(t, 200, "")
}

func TestAClientThatLeavesIsNoError(t *testing.T) {
	r := newRigWith(t, make(chan struct{}))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.send(httptest.NewRequest("GET", "/api/odd/waitThing", nil).WithContext(ctx))
	}()
	<-r.inside
	cancel()
	<-done
	if strings.Contains(r.logged(), `"level":"ERROR"`) {
		t.Errorf("logged as an error: %s", r.logged())
	}
}

func TestRejectedInputIsAnsweredByTheOperation(t *testing.T) {
	r := newRig(t)
	wrong := fault.Invalid(fault.Field{Pointer: "?id", Code: "field.required", Detail: "This route needs the parameter id."})
	reject := func(method, target, key string) answer {
		req := api.Reject(httptest.NewRequest(method, target, strings.NewReader(`{"name":"x"}`)), wrong)
		return r.send(req, "X-API-KEY: "+key)
	}
	reject("DELETE", "/api/things/"+api.NoID, "").want(t, 401, "key.missing")
	reject("DELETE", "/api/things/"+api.NoID, "reader-key").want(t, 403, "key.scope")
	reject("DELETE", "/api/things/"+api.NoID, "member-key").want(t, 400, "request.invalid")
	reject("DELETE", "/api/things/"+hidden, "member-key").want(t, 404, "thing.notFound")
	reject("DELETE", "/api/things/"+visible, "member-key").want(t, 400, "request.invalid")
	reject("GET", "/api/nothing", "member-key").want(t, 404, "route.notFound")
	r.do("PATCH", "/api/things/"+api.NoID, `{`).want(t, 404, "thing.notFound")
	if r.runs != 0 {
		t.Errorf("a handler ran %d times", r.runs)
	}
}

func TestWriteProblem(t *testing.T) {
	w := httptest.NewRecorder()
	api.WriteProblem(w, errors.New("a secret cause"))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}
