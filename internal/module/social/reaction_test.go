package social_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

var reactions = []string{"like", "love", "celebrate", "support", "insightful", "funny"}

func TestReactingAgainChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.call(t, s.author, "PUT", s.open+"/reactions/love", "", 200)
		for range 2 {
			got := s.call(t, s.reader, "PUT", s.open+"/reactions/love", "", 200)
			if fmt.Sprint(got["reactions"], got["total"]) != "[map[count:2 type:love]] 2" {
				t.Errorf("summary %v", got)
			}
		}
		got := s.call(t, s.reader, "PUT", s.open+"/reactions/like", "", 200) // a second one of the same person
		if fmt.Sprint(got["reactions"], got["total"]) != "[map[count:2 type:love] map[count:1 type:like]] 3" {
			t.Errorf("summary %v", got)
		}
		for range 2 {
			s.call(t, s.reader, "DELETE", s.open+"/reactions/love", "", 204)
			s.call(t, s.moderator, "DELETE", s.open+"/reactions/love", "", 204) // another's stays
		}
		p := s.call(t, s.reader, "GET", s.open, "", 200)
		if got := fmt.Sprint(p["reactions"], p["myReactions"]); got != "[map[count:1 type:like] map[count:1 type:love]] [like]" {
			t.Errorf("the post shows %s", got)
		}
		for _, bad := range []string{"hate", "LIKE", "like%20"} {
			s.call(t, s.reader, "PUT", s.open+"/reactions/"+bad, "", 400)
			s.call(t, s.reader, "DELETE", s.open+"/reactions/"+bad, "", 400)
		}
		for _, ok := range reactions {
			s.call(t, s.moderator, "PUT", s.open+"/reactions/"+ok, "", 200)
		}
	})
}

func TestReactionsCountExactlyUnderConcurrency(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		people := s.people(t, 32)
		var wg sync.WaitGroup
		for i, who := range people {
			wg.Go(func() {
				for j := range 4 { // four of the six, some taken back, some given twice
					r := s.open + "/reactions/" + reactions[(i+j)%len(reactions)]
					s.call(t, who, "PUT", r, "", 200)
					switch (i + j) % 3 {
					case 0:
						s.call(t, who, "DELETE", r, "", 204)
					case 1:
						s.call(t, who, "PUT", r, "", 200)
					}
				}
			})
		}
		wg.Wait()
		p := s.call(t, s.reader, "GET", s.open, "", 200)
		shown, total := map[string]int{}, 0
		for _, r := range p["reactions"].([]any) {
			r := r.(map[string]any)
			shown[r["type"].(string)] = int(r["count"].(float64))
		}
		for _, r := range reactions {
			stored := s.count(t, `SELECT COUNT(*) FROM reactions WHERE org_id = ? AND reaction = ?`, s.org.ID, r)
			listed := s.call(t, s.reader, "GET", s.open+"/reactions?reaction="+r, "", 200).total()
			if shown[r] != stored || listed != stored {
				t.Errorf("%s: the post shows %d, the list %d, stored are %d", r, shown[r], listed, stored)
			}
			total += stored
		}
		if n := s.count(t, `SELECT reactions_count FROM posts WHERE org_id = ? AND id = ?`, s.org.ID, idOf(s.open)); n != total || total == 0 {
			t.Errorf("the post counts %d reactions, stored are %d", n, total)
		}
		if n := len(p["reactionUsers"].([]any)); n != 10 {
			t.Errorf("%d people shown", n)
		}
	})
}

func TestReactionsAreListedLatestFirstInTheSameStatements(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		one := 0
		var want []string
		for i, who := range s.people(t, 4) {
			s.clock.Advance(time.Second)
			s.call(t, who, "PUT", s.open+"/reactions/like", "", 200)
			s.call(t, who, "PUT", s.open+"/reactions/love", "", 200) // of the same time and person
			if want = append([]string{"like", "love"}, want...); i == 0 {
				one = s.statements(t, s.reader, s.open+"/reactions?per_page=100")
			}
		}
		if got := s.pages(t, s.reader, s.open+"/reactions", "reactions", "type", 8); !slices.Equal(got, want) {
			t.Errorf("order %v", got)
		}
		if many := s.statements(t, s.reader, s.open+"/reactions?per_page=100"); many != one || many > 3 {
			t.Errorf("%d statements for 8 reactions, %d for one", many, one)
		}
		loved := s.call(t, s.reader, "GET", s.open+"/reactions?reaction=love&per_page=3", "", 200)
		if loved.total() != 4 || len(loved["reactions"].([]any)) != 3 {
			t.Errorf("loved: %v", loved["meta"])
		}
		s.call(t, s.reader, "GET", s.open+"/reactions?reaction=hate", "", 400)
	})
}
