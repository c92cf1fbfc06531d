package app

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// feedNodes gives the app on a database as many times as there can be nodes on it.
func feedNodes(t *testing.T, address string, n int) []site {
	t.Helper()
	var list []site
	for range n {
		s := newSite(t, dbtest.Open(t, address, constraints()...))
		s.follow(t)
		list = append(list, s)
	}
	return list
}

// follow lets a node hear of the others, and waits until it does.
func (s site) follow(t *testing.T) {
	t.Helper()
	if s.app.o.DB.Engine() == db.SQLite {
		return
	}
	ctx, stop := context.WithCancel(t.Context())
	heard, done := make(chan struct{}, 1000), make(chan struct{})
	s.app.bus.Subscribe([]string{"test.hello"}, func(bus.Delivered) { heard <- struct{}{} })
	go func() {
		defer close(done)
		_ = s.app.bus.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done })
	other := bus.New(s.app.o.DB, s.clock, s.app.o.Log)
	for {
		err := s.app.o.DB.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
			return other.Publish(ctx, tx, bus.Event{OrgID: "none", Name: "test.hello"})
		})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-heard:
			return
		case <-time.After(bus.PollInterval):
		}
	}
}

// on is a history seen through another node.
func (h *history) on(s site) *history {
	other := *h
	other.site = s
	return &other
}

// TestListsAndCountsStayExactUnderConcurrency lets many people write, readdress and delete at
// once, on PostgreSQL through two nodes, while others read page by page. What nobody touches
// is on exactly one page of every reading, and in the end all counts are what is there.
func TestListsAndCountsStayExactUnderConcurrency(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		churn(t, feedNodes(t, dbtest.SQLite(t), 1))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		churn(t, feedNodes(t, dbtest.Postgres(t), 2))
	})
}

func churn(t *testing.T, list []site) {
	const writers, rounds, readers = 32, 6, 4
	h := newHistory(t, list[0], 5)
	h.oneTeam(t)
	audiences := []permissions{{Public: true}, {OnlyMe: true}, {Team: true}, {Users: h.ids[:2]}, {Groups: h.groups[:1]}, {Locations: h.locations[:1], Users: h.ids[1:2]}}
	var stable []string
	for i := range 20 {
		list[0].clock.Advance(time.Millisecond)
		h.publish(i%len(h.ids), "PUBLISHED", permissions{Public: true})
		stable = append(stable, h.posts[i].id)
	}
	var writing, reading sync.WaitGroup
	var readings atomic.Int32
	ended := make(chan struct{})
	for r := range readers {
		reading.Go(func() {
			for {
				list[r%len(list)].readAll(t, h.keys[r], r%2 == 0, stable)
				readings.Add(1)
				select {
				case <-ended:
					return
				default:
				}
			}
		})
	}
	for w := range writers {
		writing.Go(func() {
			s, key := list[w%len(list)], h.keys[w%len(h.keys)]
			for i := range rounds {
				s.clock.Advance(time.Millisecond)
				s.churnOnce(t, key, audiences, w+i)
			}
		})
	}
	writing.Wait()
	close(ended)
	reading.Wait()
	t.Logf("%d readings beside %d histories of posts", readings.Load(), writers*rounds)
	h.checkCounters(t, list)
}

// oneTeam lets everybody report to the first person, so that teams have members.
func (h *history) oneTeam(t *testing.T) {
	t.Helper()
	for _, id := range h.ids[1:] {
		h.want(h.admin, "PATCH", "/api/users/"+id, map[string]any{"reportsTo": h.ids[0]}, http.StatusOK)
	}
}

// churnOnce writes a post, readdresses it twice and, in two of three cases, deletes it.
func (s site) churnOnce(t *testing.T, key string, audiences []permissions, seed int) {
	pick := func(i int) permissions { return audiences[(seed+i)%len(audiences)] }
	code, made := s.call(t.Context(), key, "POST", "/api/posts", map[string]any{"postText": "x", "permissions": pick(0)})
	if code != http.StatusCreated {
		t.Errorf("publish: %d %v", code, made)
		return
	}
	at := "/api/posts/" + made["id"].(string)
	var both sync.WaitGroup
	for i := range 2 {
		both.Go(func() {
			if code, got := s.call(t.Context(), key, "PATCH", at, map[string]any{"permissions": pick(i + 1)}); code != http.StatusOK {
				t.Errorf("readdress: %d %v", code, got)
			}
		})
	}
	both.Wait()
	if seed%3 > 0 {
		for range 2 { // the second finds nothing
			both.Go(func() {
				if code, got := s.call(t.Context(), key, "DELETE", at, nil); code != http.StatusNoContent && code != http.StatusNotFound {
					t.Errorf("delete: %d %v", code, got)
				}
			})
		}
		both.Wait()
	}
}

// readAll reads the whole list once. By cursor, nothing may come twice and nothing stable be
// missing, whatever is written meanwhile.
func (s site) readAll(t *testing.T, key string, byCursor bool, stable []string) {
	seen, cursor := map[string]int{}, ""
	for page := 1; ; page++ {
		target := fmt.Sprintf("/api/posts?per_page=7&cur_page=%d", page)
		if byCursor {
			target = "/api/posts?per_page=7&cursor=" + cursor
		}
		code, body := s.call(t.Context(), key, "GET", target, nil)
		for tries := 0; code == http.StatusServiceUnavailable && tries < 100; tries++ { // on a slow machine, as clients do
			time.Sleep(100 * time.Millisecond)
			code, body = s.call(t.Context(), key, "GET", target, nil)
		}
		if code != http.StatusOK {
			t.Errorf("%s: %d %v", target, code, body)
			return
		}
		ids := idsOf(body["posts"])
		for _, id := range ids {
			seen[id]++
		}
		cursor, _ = body["meta"].(map[string]any)["nextCursor"].(string)
		if byCursor && cursor == "" || !byCursor && len(ids) < 7 || page > 200 {
			break
		}
	}
	if !byCursor {
		return
	}
	for id, n := range seen {
		if n > 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	for _, id := range stable {
		if seen[id] == 0 {
			t.Errorf("%s is missing", id)
		}
	}
}

// checkCounters compares the counters with the rows, and what every node lists and counts with
// what each person may read.
func (h *history) checkCounters(t *testing.T, list []site) {
	t.Helper()
	q := list[0].app.o.DB.Reader(t.Context())
	var wrong, all int
	err := q.QueryRow(t.Context(), `SELECT COUNT(*) FROM (SELECT SUM(n) AS n FROM (
			SELECT audience_id, n FROM content_counts WHERE org_id = ?1 AND kind = 'post'
			UNION ALL SELECT audience_id, -1 FROM posts WHERE org_id = ?1 AND status = 'PUBLISHED') AS parts
		GROUP BY audience_id) AS difference WHERE n <> 0`, h.org).Scan(&wrong)
	if err != nil {
		t.Fatal(err)
	}
	if wrong != 0 {
		t.Errorf("the counters of %d audiences are wrong", wrong)
	}
	if err := q.QueryRow(t.Context(), `SELECT COUNT(*) FROM posts WHERE org_id = ?`, h.org).Scan(&all); err != nil || all < 40 {
		t.Fatalf("%d posts are left: %v", all, err)
	}
	ids := h.everyPost(t, q)
	for v := range h.ids {
		want := 0
		for _, id := range ids {
			code, _ := h.call(t.Context(), h.keys[v], "GET", "/api/posts/"+id, nil)
			want += map[int]int{http.StatusOK: 1}[code]
		}
		for n, s := range list {
			soon(t, fmt.Sprintf("person %d on node %d lists %d posts", v, n, want), func() bool {
				got, total := h.on(s).read(v, "/api/posts?per_page=1000", "posts")
				return len(got) == want && total == want
			})
		}
	}
}

func (h *history) everyPost(t *testing.T, q db.Queryer) []string {
	t.Helper()
	rows, err := q.Query(t.Context(), `SELECT id FROM posts WHERE org_id = ?`, h.org)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}
