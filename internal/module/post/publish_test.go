package post_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/job"
)

// schedule makes a post that is due in an hour and gives its id and that time.
func (s scene) schedule(t *testing.T, body string) (id string, at time.Time) {
	t.Helper()
	at = s.clock.Now().Add(time.Hour)
	return s.publish(t, fmt.Sprintf(`{"postText":"later","status":"SCHEDULED","publishAt":%q%s}`, at.Format(time.RFC3339Nano), body)), at
}

// after is a job that is due after the others.
type after struct{}

// Kind implements job.Args.
func (after) Kind() string { return "test.after" }

// work does every job there is. The queue follows the wall clock, for which all of them are due.
func (s scene) work(t *testing.T, done <-chan struct{}) {
	t.Helper()
	err := s.db.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
		return s.jobs.Enqueue(ctx, tx, after{}, s.clock.Now().Add(24*time.Hour))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done: // the others were begun before
	case <-time.After(20 * time.Second):
		t.Fatal("the jobs did not run")
	}
	if err := s.jobs.Stop(t.Context()); err != nil { // and are finished now
		t.Fatal(err)
	}
}

func TestAScheduledPostIsPublishedOnceWhateverItsJobsDo(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		told := make(chan string, 100)
		s.bus.Subscribe([]string{"post.published"}, func(e busEvent) { told <- e.Subject })
		done := make(chan struct{}, 2)
		job.Handle(s.jobs, func(context.Context, after) error { done <- struct{}{}; return nil })

		once, at := s.schedule(t, `,"permissions":{"public":true}`)
		later := at.Add(time.Hour)
		s.call(t, s.author, http.MethodPatch, posts+"/"+once, fmt.Sprintf(`{"publishAt":%q}`, later.Format(time.RFC3339Nano))).want(t, http.StatusOK)
		for range 3 { // each with a job of its own
			s.call(t, s.author, http.MethodPatch, posts+"/"+once, `{"postText":"other words"}`).want(t, http.StatusOK)
		}
		gone, _ := s.schedule(t, "")
		s.call(t, s.author, http.MethodDelete, posts+"/"+gone, "").want(t, http.StatusNoContent)
		kept, _ := s.schedule(t, "")
		s.call(t, s.author, http.MethodPatch, posts+"/"+kept, `{"status":"DRAFT"}`).want(t, http.StatusOK)
		sooner, _ := s.schedule(t, "")
		s.call(t, s.author, http.MethodPatch, posts+"/"+sooner, `{"status":"PUBLISHED"}`).want(t, http.StatusOK)
		if got := <-told; got != sooner {
			t.Errorf("published %s, want %s", got, sooner)
		}
		for range 2 { // the second time after a restart
			s.work(t, done)
		}
		if close(told); len(told) != 1 || <-told != once {
			t.Errorf("told %d times more", len(told))
		}
		list := s.call(t, s.colleague, http.MethodGet, posts, "").want(t, http.StatusOK)
		if n := list.body["meta"].(map[string]any)["totalResults"]; n != 2.0 || !slices.Equal(texts(list), []string{"other words", "later"}) {
			t.Errorf("%v posts: %v", n, texts(list))
		}
		got := s.call(t, s.colleague, http.MethodGet, posts+"/"+once, "").want(t, http.StatusOK)
		if posted, _ := time.Parse(time.RFC3339, got.str("postedAt")); !posted.Equal(later.Truncate(time.Millisecond)) || got.body["publishAt"] != nil {
			t.Errorf("posted at %s, to be published at %v", got.str("postedAt"), got.body["publishAt"])
		}
		s.call(t, s.colleague, http.MethodGet, posts+"/"+kept, "").want(t, http.StatusNotFound)
	})
}
