package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/module/org"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// node starts another WorkDrive on a database, which follows the events of the others.
func node(t *testing.T, address string) *house {
	t.Helper()
	a, err := New(Options{
		Server: config.Server{Listen: "127.0.0.1:0", MaxInFlight: 64}, DB: dbtest.Open(t, address, constraints()...),
		Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = a.bus.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return &house{App: a}
}

// nodes gives two WorkDrives on one PostgreSQL database, with the first organization.
func nodes(t *testing.T) (here, there *house) {
	t.Helper()
	address := dbtest.Postgres(t)
	here, there = node(t, address), node(t, address)
	var err error
	here.root, err = here.Orgs.Setup(t.Context(), org.Setup{Name: "Stilla", Email: "root@stilla.example", FirstName: "Root", LastName: "Admin"})
	if err != nil {
		t.Fatal(err)
	}
	here.admin, there.admin, there.root = here.root.AccessToken, here.root.AccessToken, here.root
	return here, there
}

// soon asks until the answer is as wanted. What one node does, others know within a second;
// a machine that is busy gets more.
func soon(t *testing.T, what string, done func() bool) {
	t.Helper()
	began := time.Now()
	for !done() {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("not within 20 s: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("%s: after %d ms", what, time.Since(began).Milliseconds())
}

// status sends a request and gives the status of the answer.
func (h *house) status(key, method, target, body string) int {
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.Header.Set("X-API-KEY", key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	h.Handler().ServeHTTP(rec, req)
	return rec.Code
}

func (h *house) total(t *testing.T, key string) int {
	t.Helper()
	meta, _ := h.call(t, key, http.MethodGet, "/api/posts", "", http.StatusOK)["meta"].(map[string]any)
	n, _ := meta["totalResults"].(float64)
	return int(n)
}

func TestWhatOneNodeChangesOthersKnow(t *testing.T) {
	t.Parallel()
	here, there := nodes(t)
	id, key := here.person(t, "bob")
	group := text(here.call(t, here.admin, http.MethodPost, "/api/security_groups", `{"name":"Climbers"}`, http.StatusCreated), "id")
	if n := there.total(t, key); n != 0 { // and remembers it
		t.Fatalf("%d posts", n)
	}
	here.call(t, here.admin, http.MethodPost, "/api/posts", `{"postText":"for climbers","permissions":{"groups":["`+group+`"]}}`, http.StatusCreated)
	members := "/api/security_groups/" + group + "/members"
	here.call(t, here.admin, http.MethodPost, members, `{"ids":["`+id+`"]}`, http.StatusOK)
	soon(t, "who joined a group sees its posts", func() bool { return there.total(t, key) == 1 })
	here.call(t, here.admin, http.MethodPost, "/api/posts", `{"postText":"for all","permissions":{"public":true}}`, http.StatusCreated)
	soon(t, "a new post is counted", func() bool { return there.total(t, key) == 2 })
	here.call(t, here.admin, http.MethodDelete, members, `{"ids":["`+id+`"]}`, http.StatusOK)
	soon(t, "who left a group sees its posts no more", func() bool { return there.total(t, key) == 1 })

	here.call(t, here.admin, http.MethodPatch, "/api/users/"+id, `{"status":"BLOCKED"}`, http.StatusOK)
	soon(t, "the key of somebody who is blocked is dead", func() bool { return there.status(key, http.MethodGet, me, "") == http.StatusUnauthorized })
}

// TestEveryNodeNotices has one node use a key all the time while another takes
// away what the key stands for.
func TestEveryNodeNotices(t *testing.T) {
	t.Parallel()
	here, there := nodes(t)
	administrators := ""
	for _, g := range here.call(t, here.admin, http.MethodGet, "/api/security_groups", "", http.StatusOK)["groups"].([]any) {
		if g := g.(map[string]any); text(g, "builtin") == "administrators" {
			administrators = text(g, "id")
		}
	}
	group := text(here.call(t, here.admin, http.MethodPost, "/api/security_groups", `{"name":"Places","capabilities":["locations:manage"]}`, http.StatusCreated), "id")
	in := func(group, id string) {
		here.call(t, here.admin, http.MethodPost, "/api/security_groups/"+group+"/members", `{"ids":["`+id+`"]}`, http.StatusOK)
	}
	places := 0
	for name, c := range map[string]struct {
		group string // the person is put into
		take  func(id, key string)
		after int // the status of a call that succeeded before
	}{
		"blocked":  {"", func(id, _ string) { here.call(t, here.admin, "PATCH", "/api/users/"+id, `{"status":"BLOCKED"}`, 200) }, 401},
		"archived": {"", func(id, _ string) { here.call(t, here.admin, "DELETE", "/api/users/"+id, "", 204) }, 401},
		"archived in bulk": {"", func(id, _ string) {
			here.call(t, here.admin, "DELETE", "/api/users/bulk-delete", `{"ids":["`+id+`"]}`, 200)
		}, 401},
		"revoked": {"", func(id, key string) {
			list := here.call(t, key, "GET", "/api/tokens", "", 200)["tokens"].([]any)
			here.call(t, here.admin, "DELETE", "/api/tokens/"+text(list[0].(map[string]any), "id"), "", 204)
		}, 401},
		"regenerated": {"", func(id, key string) {
			here.call(t, key, "POST", "/api/token/generate-access", `{"userId":"`+id+`"}`, 201)
		}, 401},
		"no administrator any more": {administrators, func(id, _ string) {
			here.call(t, here.admin, "DELETE", "/api/security_groups/"+administrators+"/members", `{"ids":["`+id+`"]}`, 200)
		}, 403},
		"capability withdrawn": {group, func(string, string) {
			here.call(t, here.admin, "PATCH", "/api/security_groups/"+group, `{"capabilities":[]}`, 200)
		}, 403},
	} {
		id, key := here.person(t, fmt.Sprint("p", len(name), name[:1]))
		if c.group != "" {
			in(c.group, id)
		}
		use := func() int {
			if c.group == "" {
				return there.status(key, http.MethodGet, me, "")
			}
			places++
			return there.status(key, http.MethodPost, "/api/locations", fmt.Sprintf(`{"name":"L%d"}`, places))
		}
		if got := use(); got >= 300 {
			t.Fatalf("%s: %d before", name, got)
		}
		c.take(id, key)
		if got := here.status(key, http.MethodPost, "/api/locations", `{"name":"Here"}`); got != c.after {
			t.Errorf("%s: the node itself answers %d", name, got)
		}
		soon(t, name, func() bool { return use() == c.after })
	}
}

// TestWithoutTheDatabaseRequestsAreRefusedAndThenServed cuts a node off as a restart of the
// database does: sessions end, and for a while there are no new ones.
func TestWithoutTheDatabaseRequestsAreRefusedAndThenServed(t *testing.T) {
	t.Parallel()
	address := dbtest.Postgres(t)
	h := node(t, address)
	made, err := h.Orgs.Setup(t.Context(), org.Setup{Name: "Stilla", Email: "root@stilla.example", FirstName: "Root", LastName: "Admin"})
	if err != nil {
		t.Fatal(err)
	}
	key := made.AccessToken
	admin := outside(t, address)
	name := strings.TrimPrefix(mustParse(t, address).Path, "/")
	post := func(words string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/api/posts", strings.NewReader(`{"postText":"`+words+`"}`))
		r.Header.Set("X-API-KEY", key)
		w := httptest.NewRecorder()
		h.Handler().ServeHTTP(w, r)
		return w
	}
	acked := 0
	for range 3 {
		if w := post("before"); w.Code != http.StatusCreated {
			t.Fatalf("with a database: %d %s", w.Code, w.Body)
		}
		acked++
		admin(`UPDATE pg_database SET datallowconn = false WHERE datname = '` + name + `'`)
		admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '` + name + `'`)
		for range 5 {
			w := post("without")
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), name) {
				t.Errorf("without a database: %d, Retry-After %q, %s", w.Code, w.Header().Get("Retry-After"), w.Body)
			}
		}
		if got := h.status("", http.MethodGet, "/readyz", ""); got != http.StatusServiceUnavailable {
			t.Errorf("/readyz answers %d without a database", got)
		}
		admin(`UPDATE pg_database SET datallowconn = true WHERE datname = '` + name + `'`)
		soon(t, "ready again", func() bool { return h.status("", http.MethodGet, "/readyz", "") == http.StatusOK })
		soon(t, "the node sees its posts again", func() bool { return h.status(key, http.MethodGet, "/api/posts", "") == http.StatusOK })
	}
	if n := h.total(t, key); n != acked {
		t.Errorf("%d posts, %d acknowledged", n, acked)
	}
}

// outside gives a function that runs statements in another database of the same server.
func outside(t *testing.T, address string) func(statement string) {
	t.Helper()
	u := mustParse(t, address)
	u.Path = "/postgres"
	conn, err := pgx.Connect(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return func(statement string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestWhoLeavesAGroupChatLosesItsPostsOnEveryNode has two nodes send into one group chat, and one
// forget who has left on the other.
func TestWhoLeavesAGroupChatLosesItsPostsOnEveryNode(t *testing.T) {
	t.Parallel()
	here, there := nodes(t)
	id, key := here.person(t, "bob")
	group := text(here.call(t, here.admin, http.MethodPost, "/api/group-chats", `{"title":"Climbers","isPrivate":true}`, http.StatusCreated), "id")
	here.call(t, here.admin, http.MethodPost, "/api/posts", `{"postText":"for climbers","permissions":{"groups":["`+group+`"]}}`, http.StatusCreated)
	if n := there.total(t, key); n != 0 { // and remembers it
		t.Fatalf("%d posts", n)
	}
	here.call(t, here.admin, http.MethodPatch, "/api/group-chats/"+group, `{"newMembers":["`+id+`"]}`, http.StatusOK)
	soon(t, "who joined a group chat sees its posts", func() bool { return there.total(t, key) == 1 })
	var sending sync.WaitGroup
	for _, n := range []struct {
		*house
		key string
	}{{here, here.admin}, {there, key}} {
		sending.Go(func() {
			for range 10 {
				if status := n.status(n.key, http.MethodPost, "/api/"+group+"/messages", `{"message":"hello"}`); status != http.StatusCreated {
					t.Errorf("sending answers %d", status)
				}
			}
		})
	}
	sending.Wait()
	list := here.call(t, key, http.MethodGet, "/api/"+group+"/messages", "", http.StatusOK)["messages"].([]any)
	for i, m := range list {
		if seq := m.(map[string]any)["seq"].(float64); int(seq) != i+1 || len(list) != 20 {
			t.Fatalf("message %d of %d has number %v", i+1, len(list), seq)
		}
	}
	here.call(t, key, http.MethodDelete, "/api/group-chats/"+group+"/membership", "", http.StatusNoContent)
	soon(t, "who left a group chat sees its posts no more", func() bool { return there.total(t, key) == 0 })
}

// TestTwoNodesTellEachOnce has two nodes spread and deliver the same notifications at the same time.
func TestTwoNodesTellEachOnce(t *testing.T) {
	t.Parallel()
	here, there := nodes(t)
	var people []string
	keys := map[string]string{}
	for i := range 30 {
		id, key := here.person(t, fmt.Sprintf("p%d", i))
		people, keys[id] = append(people, `"`+id+`"`), key
	}
	ctx, stop := context.WithCancel(context.Background())
	var working sync.WaitGroup
	for _, n := range []*house{here, there} {
		for _, task := range n.Notifications.Tasks() {
			working.Go(func() { _ = task(ctx) })
		}
	}
	t.Cleanup(func() {
		stop()
		working.Wait()
	})
	list := strings.Join(people, ",")
	const times = 5
	var sending sync.WaitGroup
	for i := range times { // by the API and by what happens, on both nodes
		n := []*house{here, there}[i%2]
		sending.Go(func() {
			if got := n.status(n.admin, http.MethodPost, "/api/notifications/send", fmt.Sprintf(`{"title":"n%d","medium":"INAPP","receiverUserIds":[%s]}`, i, list)); got != http.StatusAccepted {
				t.Errorf("sending answers %d", got)
			}
			if got := n.status(n.admin, http.MethodPost, "/api/tasks", fmt.Sprintf(`{"title":"t%d","content":"x","userIds":[%s]}`, i, list)); got != http.StatusCreated {
				t.Errorf("a task answers %d", got)
			}
		})
	}
	sending.Wait()
	told := func(key string) map[string]int {
		by := map[string]int{}
		for _, o := range there.call(t, key, http.MethodGet, "/api/notifications?per_page=100", "", http.StatusOK)["notifications"].([]any) {
			e := o.(map[string]any)
			what := text(e, "title")
			if s, ok := e["subject"].(map[string]any); ok {
				what = text(s, "id")
			}
			by[what] += int(e["count"].(float64))
		}
		return by
	}
	for _, key := range keys {
		soon(t, "everything arrives", func() bool { return len(told(key)) == 2*times })
	}
	for _, key := range keys {
		for what, n := range told(key) {
			if n != 1 {
				t.Errorf("%s was told %d times", what, n)
			}
		}
	}
}
