package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// writer is a client that publishes posts, each with an Idempotency-Key, and remembers what it
// knows of each.
type writer struct {
	mu       sync.Mutex
	acked    map[string]bool // texts that were answered 201
	unknown  map[string]bool // texts whose answer never came
	progress chan struct{}
}

// publish sends a post and notes what came of it. It reports that the server answered.
func (w *writer) publish(ctx context.Context, url, key, text string) bool {
	body := fmt.Sprintf(`{"postText":%q}`, text)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/posts", strings.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("X-API-KEY", key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", text)
	answer, err := http.DefaultClient.Do(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.unknown[text] = true
		return false
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		w.unknown[text] = true
		return true
	}
	delete(w.unknown, text)
	w.acked[text] = true
	select {
	case w.progress <- struct{}{}:
	default:
	}
	return true
}

// TestNothingAcknowledgedIsLostWhenTheProcessIsKilled kills the server while clients write,
// again and again. What was answered is there afterwards, once; what was not answered is there
// once after the client has sent it again with the same key.
func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			args := []string{"--rate-limit", "0", "--log-level", "error"}
			var store []string
			if engine == "PostgreSQL" {
				store = []string{"--database-url", dbtest.EmptyPostgres(t)}
			}
			key := initialize(t, dir, store...)
			w := &writer{acked: map[string]bool{}, unknown: map[string]bool{}, progress: make(chan struct{}, 1)}
			const rounds, clients, perRound = 4, 8, 25
			for round := range rounds {
				s := serve(t, dir, append(args, store...)...)
				w.retry(t, s.url, key)
				w.load(t, s, key, fmt.Sprint("round ", round), clients, perRound)
			}
			s := serve(t, dir, append(args, store...)...)
			w.retry(t, s.url, key)
			w.check(t, s, key)
			if engine == "SQLite" {
				s.stop()
				for _, name := range []string{"workdrive.db-wal", "workdrive.db-shm"} {
					if _, err := os.Stat(filepath.Join(dir, "data", name)); err == nil {
						t.Errorf("%s was left behind by a graceful stop", name)
					}
				}
			}
		})
	}
}

// load lets clients write until some of their posts were acknowledged, then kills the server
// under them.
func (w *writer) load(t *testing.T, s *server, key, name string, clients, enough int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := 0; w.publish(ctx, s.url, key, fmt.Sprintf("%s, client %d, post %d", name, c, i)); i++ {
			}
		})
	}
	before := w.count()
	for w.count() < before+enough {
		select {
		case <-w.progress:
		case <-ctx.Done():
			t.Fatal("the server acknowledges too little")
		}
	}
	_ = s.process.Process.Kill()
	s.end()
	wg.Wait()
}

func (w *writer) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acked)
}

// retry sends again what got no answer.
func (w *writer) retry(t *testing.T, url, key string) {
	t.Helper()
	w.mu.Lock()
	var again []string
	for text := range w.unknown {
		again = append(again, text)
	}
	w.mu.Unlock()
	for _, text := range again {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		w.publish(ctx, url, key, text)
		cancel()
		if !w.acked[text] {
			t.Errorf("%q is refused when it is sent again", text)
		}
	}
}

func (w *writer) check(t *testing.T, s *server, key string) {
	t.Helper()
	found := map[string]int{}
	total := 0
	for page := 1; ; page++ {
		status, body := s.ask("GET", fmt.Sprintf("/api/posts?per_page=1000&cur_page=%d", page), key)
		var list struct {
			Posts []struct{ PostText string }
			Meta  struct{ TotalResults, NextPage int }
		}
		if err := json.Unmarshal([]byte(body), &list); err != nil || status != 200 {
			t.Fatalf("%d %v", status, err)
		}
		for _, p := range list.Posts {
			found[p.PostText]++
		}
		if total = list.Meta.TotalResults; list.Meta.NextPage == 0 {
			break
		}
	}
	for text := range w.acked {
		if found[text] != 1 {
			t.Errorf("%q was acknowledged and is there %d times", text, found[text])
		}
	}
	if len(found) != len(w.acked) || total != len(w.acked) {
		t.Errorf("%d posts, %d in the total, %d acknowledged", len(found), total, len(w.acked))
	}
	t.Logf("%d acknowledged posts, none lost, none doubled", len(w.acked))
}
