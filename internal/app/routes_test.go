package app

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// TestConversationsLiveBesideEveryModule mounts the reference's route that begins with an id
// beside the real ones: it takes nothing from them, and no module's name is a conversation.
func TestConversationsLiveBesideEveryModule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t), constraints()...))
	type input struct {
		ID string `path:"conversationId" doc:"Id of the conversation"`
	}
	type output struct {
		Conversation string `header:"Conversation" doc:"Which one it was"`
	}
	w.app.router.Gate("conversation", func(context.Context, authz.Actor, string) error { return nil })
	real := w.app.router.Operations()
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		api.Register(w.app.router, api.Operation{
			ID: strings.ToLower(method) + "Messages", Method: method, Path: "/api/{conversationId}/messages", Tag: "Messages", Summary: "Messages",
			Authz: authz.Rule{Scope: "messages:write", Object: &authz.Object{Param: "conversationId", Type: "conversation"}},
		}, func(_ context.Context, _ authz.Actor, in *input) (*output, error) { return &output{in.ID}, nil })
	}
	key, id := w.tenants[0].adminKey, ids.New()
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if status, text := w.do(w.front, request{method: method, target: "/api/" + id + "/messages", key: key}); status >= 300 || !strings.Contains(text, id) {
			t.Errorf("%s messages: %d %s", method, status, text)
		}
	}
	for _, op := range real {
		noun, _, _ := strings.Cut(strings.TrimPrefix(op.Path, "/api/"), "/")
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if _, text := w.do(w.front, request{method: method, target: "/api/" + noun + "/messages", key: key}); strings.Contains(text, "Conversation:") {
				t.Errorf("%s /api/%s/messages reaches a conversation: %s", method, noun, text)
			}
		}
		c := cell{op: op, actor: newBadInputs(w).admin, relation: visible}
		if _, text := w.do(w.front, w.request(c, "messages")); strings.Contains(text, "Conversation:") {
			t.Errorf("%s is taken for a conversation: %s", op.ID, text)
		}
	}
}

// TestNoTrickReachesAnAdministratorsOperation sends every administrator's operation as an
// ordinary member in ways that some servers take for another method or path.
func TestNoTrickReachesAnAdministratorsOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t), constraints()...))
	b, tried := newBadInputs(w), 0
	rights := map[string]request{}
	for _, op := range w.app.router.Operations() {
		if op.Authz.Capability != "" {
			rights[op.ID] = b.right(op)
		}
	}
	before := w.fingerprint()
	for _, op := range w.app.router.Operations() {
		right, ok := rights[op.ID]
		if !ok {
			continue
		}
		right.key, right.op = w.tenants[0].keeperKey, ""
		try := func(method, target string, header map[string]string) {
			q := right
			q.method, q.target, q.header = method, target, header
			tried++
			if status, text := w.do(w.front, q); status != 403 && status != 404 && status != 405 {
				t.Errorf("%s: %s %s %v: %d %.200s", op.ID, method, target, header, status, text)
			}
		}
		path, query, _ := strings.Cut(right.target, "?")
		for _, target := range []string{
			right.target, "/" + right.target, path + "/?" + query, strings.Replace(right.target, "/api/", "/api//", 1), strings.Replace(right.target, "/api/", "/api/%2e/", 1),
			strings.Replace(right.target, "/api/", "/api/x/../", 1), strings.Replace(right.target, "/api/", "/API/", 1), strings.Replace(right.target, "/api/", "/api%2f", 1),
			path + ";x=1?" + query, path + "%00?" + query, path + ".json?" + query,
		} {
			try(op.Method, target, nil)
		}
		for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
			try(op.Method, right.target, map[string]string{name: http.MethodGet})
		}
		for _, name := range []string{"X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Forwarded-For", "X-Real-IP"} {
			try(op.Method, right.target, map[string]string{name: "/api/users/me"})
		}
		try(strings.ToLower(op.Method), right.target, nil)
	}
	if w.checkUnchanged(before); tried < 500 {
		t.Errorf("only %d tricks were tried", tried)
	}
}
