package social_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestBookmarksListOnlyWhatOneMayStillSee(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		one := s.call(t, s.reader, "PUT", s.open+"/bookmark", "", 200)
		if one.str("kind") != "post" || one.str("itemId") != idOf(s.open) || one.str("createdAt") == "" {
			t.Errorf("bookmark %v", one)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if again := s.call(t, s.reader, "PUT", s.open+"/bookmark", "", 200).str("id"); again != one.str("id") {
					t.Errorf("bookmark %s, then %s", one.str("id"), again)
				}
			})
		}
		wg.Wait()
		if got := s.call(t, s.reader, "GET", s.open, "", 200).str("bookmarkId"); got != one.str("id") {
			t.Errorf("the post shows bookmark %q", got)
		}
		if got := s.call(t, s.author, "GET", s.open, "", 200).str("bookmarkId"); got != "" {
			t.Errorf("another's bookmark %q is shown", got)
		}
		listed := func() int { return s.call(t, s.reader, "GET", "/api/bookmarks", "", 200).total() }
		if n := listed(); n != 1 {
			t.Errorf("%d bookmarks", n)
		}
		s.call(t, s.author, "PATCH", s.open, `{"permissions":{"onlyMe":true}}`, 200)
		if n := listed(); n != 0 {
			t.Errorf("%d bookmarks on what is hidden now", n)
		}
		s.call(t, s.author, "PATCH", s.open, `{"permissions":{"public":true}}`, 200)
		if n := listed(); n != 1 {
			t.Errorf("%d bookmarks on what is visible again", n)
		}
		for range 2 {
			s.call(t, s.reader, "DELETE", s.open+"/bookmark", "", 204)
		}
		if n := listed(); n != 0 {
			t.Errorf("%d bookmarks after taking it off", n)
		}
	})
}

func TestBookmarksAreListedLatestFirstInTheSameStatements(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		const target = "/api/bookmarks?per_page=100"
		s.call(t, s.author, "PUT", s.hidden+"/bookmark", "", 200) // the author's own, not the reader's
		one := 0
		var want []string
		for i := range 7 {
			s.clock.Advance(time.Second)
			id := s.call(t, s.author, "POST", "/api/posts", fmt.Sprintf(`{"postText":"p%d"}`, i), 201).str("id")
			s.call(t, s.reader, "PUT", "/api/posts/"+id+"/bookmark", "", 200)
			if want = append([]string{id}, want...); i == 0 {
				one = s.statements(t, s.reader, target)
			}
		}
		if got := s.pages(t, s.reader, "/api/bookmarks", "bookmarks", "itemId", 7); !slices.Equal(got, want) {
			t.Errorf("order %v\nwant  %v", got, want)
		}
		if many := s.statements(t, s.reader, target); many != one || many > 2 {
			t.Errorf("%d statements for 7 bookmarks, %d for one", many, one)
		}
		s.call(t, s.author, "DELETE", "/api/posts/"+want[0], "", 204)
		if n := s.call(t, s.reader, "GET", target, "", 200).total(); n != 6 {
			t.Errorf("%d bookmarks after a post was deleted", n)
		}
	})
}
