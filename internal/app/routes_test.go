package app

import (
	"net/http"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// TestConversationsLiveBesideEveryModule asks for the reference's route that begins with an id
// beside the other ones: it takes nothing from them, and no module's name is a conversation.
func TestConversationsLiveBesideEveryModule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t), constraints()...))
	admin := newBadInputs(w).admin
	key, id := admin.key, w.object(admin, "conversation", own)
	for _, q := range []request{{method: http.MethodGet}, {method: http.MethodPost, body: `{"message":"hello"}`}} {
		q.key, q.target = key, "/api/"+id+"/messages"
		if status, text := w.do(w.front, q); status >= 300 || !strings.Contains(text, id) && q.body != "" {
			t.Errorf("%s messages: %d %s", q.method, status, text)
		}
	}
	const reached = "conversation.notFound"
	if _, text := w.do(w.front, request{method: http.MethodGet, target: "/api/" + ids.New() + "/messages", key: key}); !strings.Contains(text, reached) {
		t.Errorf("an unknown conversation: %s", text)
	}
	for _, op := range w.app.router.Operations() {
		noun, _, _ := strings.Cut(strings.TrimPrefix(op.Path, "/api/"), "/")
		if strings.HasPrefix(noun, "{") {
			continue
		}
		for _, q := range []request{{method: http.MethodGet}, {method: http.MethodPost, body: `{"message":"hello"}`}} {
			q.key, q.target = key, "/api/"+noun+"/messages"
			_, text := w.do(w.front, q)
			if strings.Contains(text, reached) && noun != "conversations" && noun != "group-chats" {
				t.Errorf("%s /api/%s/messages reaches a conversation: %s", q.method, noun, text)
			}
		}
		if kind := (cell{op: op}).kind(); kind != "conversation" && op.ID != "deleteGroupChats" {
			if _, text := w.do(w.front, w.request(cell{op: op, actor: admin, relation: visible}, "messages")); strings.Contains(text, reached) {
				t.Errorf("%s is taken for a conversation: %s", op.ID, text)
			}
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
