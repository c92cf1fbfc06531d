package social_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
)

// comment comments and gives the comment's address.
func (s *scene) comment(t *testing.T, who authz.Actor, item, body string) string {
	t.Helper()
	return "/api/comments/" + s.call(t, who, "POST", item+"/comments", body, 201).str("id")
}

func idOf(address string) string { return address[strings.LastIndexByte(address, '/')+1:] }

// commentsShown fails unless the item's counter and its list both say n.
func (s *scene) commentsShown(t *testing.T, item string, n int) {
	t.Helper()
	shown := s.call(t, s.author, "GET", item, "", 200)["commentsCount"].(float64)
	listed := s.call(t, s.author, "GET", item+"/comments?per_page=1000", "", 200)
	if int(shown) != n || listed.total() != n || len(listed["comments"].([]any)) != n {
		t.Errorf("the item shows %v comments, the list %d with %d in total, want %d", shown, len(listed["comments"].([]any)), listed.total(), n)
	}
}

func TestCommentsAreChangedByTheirAuthorAndDeletedByThreeKindsOfPeople(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		other := s.people(t, 1)[0]
		c := s.comment(t, s.reader, s.open, `{"text":"first","mention":["`+other.UserID+`","`+other.UserID+`"]}`)
		for _, who := range []authz.Actor{s.author, s.moderator, other} {
			if got := s.call(t, who, "PATCH", c, `{"text":"not mine"}`, 403).str("code"); got != "comment.notAuthor" {
				t.Errorf("code %s", got)
			}
		}
		got := s.call(t, s.reader, "PATCH", c, `{"text":"better"}`, 200)
		if mentions := got["mentions"].([]any); got.str("text") != "better" || len(mentions) != 1 || mentions[0].(map[string]any)["id"] != other.UserID {
			t.Errorf("changed comment: %v", got)
		}
		twice := s.call(t, s.reader, "PATCH", c, `{"mention":["`+s.author.UserID+`","`+s.author.UserID+`"]}`, 200)
		if len(twice["mentions"].([]any)) != 1 {
			t.Errorf("mentioned twice: %v", twice["mentions"])
		}
		if got := s.call(t, s.reader, "PATCH", c, `{"mention":null}`, 200); got.str("text") != "better" || len(got["mentions"].([]any)) != 0 {
			t.Errorf("comment without mentions: %v", got)
		}
		s.call(t, other, "DELETE", c, "", 403)
		for name, who := range map[string]authz.Actor{"its author": s.reader, "the item's author": s.author, "a moderator": s.moderator} {
			d := s.comment(t, s.reader, s.open, `{"text":"to be deleted"}`)
			s.call(t, who, "DELETE", d, "", 204)
			if s.call(t, s.reader, "GET", d, "", 404); t.Failed() {
				t.Fatalf("deleted by %s", name)
			}
		}
		s.commentsShown(t, s.open, 1)
	})
}

func TestRepliesAreOneLevelDeepAndDeletedWithTheirComment(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		first := s.comment(t, s.reader, s.open, `{"text":"first"}`)
		reply := s.comment(t, s.author, s.open, `{"text":"reply","parentId":"`+idOf(first)+`"}`)
		s.comment(t, s.reader, s.open, `{"text":"another reply","parentId":"`+idOf(first)+`"}`)
		s.comment(t, s.reader, s.open, `{"text":"second","parentId":null}`)
		s.commentsShown(t, s.open, 4)
		s.call(t, s.reader, "DELETE", reply, "", 403)
		s.call(t, s.moderator, "DELETE", reply, "", 204)
		s.commentsShown(t, s.open, 3)
		s.call(t, s.reader, "DELETE", first, "", 204)
		s.commentsShown(t, s.open, 1)
		s.call(t, s.author, "DELETE", s.open, "", 204)
		if n := s.count(t, `SELECT COUNT(*) FROM comments WHERE org_id = ?`, s.org.ID); n != 0 {
			t.Errorf("%d comments outlive their post", n)
		}
	})
}

func TestBadCommentsAreNamedAndWriteNothing(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		first := s.comment(t, s.reader, s.open, `{"text":"first"}`)
		reply := idOf(s.comment(t, s.reader, s.open, `{"text":"reply","parentId":"`+idOf(first)+`"}`))
		elsewhere := idOf(s.comment(t, s.author, s.hidden, `{"text":"elsewhere"}`))
		unknown, foreign := "019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f", s.stranger.UserID
		former := s.org.Person(t, "gil").UserID
		s.org.Exec(t, `UPDATE users SET status = 'ARCHIVE' WHERE org_id = ? AND id = ?`, s.org.ID, former)
		many := `["` + strings.Repeat(s.author.UserID+`","`, 50) + unknown + `"]`
		for name, c := range map[string]struct {
			body     string
			pointers []string
			change   int // what the same body answers to a PATCH
		}{
			"nothing":                    {`{}`, []string{"/text"}, 200},
			"text null":                  {`{"text":null}`, []string{"/text"}, 400},
			"text empty":                 {`{"text":""}`, []string{"/text"}, 400},
			"text of blanks":             {`{"text":" \n\t "}`, []string{"/text"}, 400},
			"text of another type":       {`{"text":7}`, []string{"/text"}, 400},
			"text too long":              {`{"text":"` + strings.Repeat("é", 5001) + `"}`, []string{"/text"}, 400},
			"text with a null character": {`{"text":"a\u0000b"}`, []string{"/text"}, 400},
			"mention that is no id":      {`{"text":"x","mention":"bob"}`, []string{"/mention"}, 400},
			"mention of nobody":          {`{"text":"x","mention":["` + s.author.UserID + `","` + unknown + `"]}`, []string{"/mention"}, 400},
			"mention of a stranger":      {`{"text":"x","mention":["` + foreign + `"]}`, []string{"/mention"}, 400},
			"mention of a former member": {`{"text":"x","mention":["` + former + `"]}`, []string{"/mention"}, 400},
			"mention of too many":        {`{"text":"x","mention":` + many + `}`, []string{"/mention"}, 0},
			"answer to nothing":          {`{"text":"x","parentId":"` + unknown + `"}`, []string{"/parentId"}, 200},
			"answer to no id":            {`{"text":"x","parentId":"x"}`, []string{"/parentId"}, 200},
			"answer to another item":     {`{"text":"x","parentId":"` + elsewhere + `"}`, []string{"/parentId"}, 200},
			"answer to an answer":        {`{"text":"x","parentId":"` + reply + `"}`, []string{"/parentId"}, 200},
			"everything at once":         {`{"text":" ","mention":"` + unknown + `","parentId":"` + reply + `"}`, []string{"/text", "/mention", "/parentId"}, 400},
			"a key twice":                {`{"text":"x","text":"y"}`, []string{"/text"}, 400},
			"malformed":                  {`{"text":`, []string{""}, 400},
			"invalid UTF-8":              {"{\"text\":\"\xff\"}", []string{""}, 400},
			"no object":                  {`["x"]`, []string{""}, 400},
		} {
			for method, target := range map[string]string{"POST": s.open + "/comments", "PATCH": first} {
				want := 400
				if method == "PATCH" {
					want = c.change
				}
				if want == 0 {
					continue
				}
				got := s.call(t, s.reader, method, target, c.body, want)
				for _, p := range c.pointers {
					if method == "PATCH" && p == "/parentId" {
						continue // a comment stays where it is
					}
					if want == 400 && !strings.Contains(fmt.Sprint(got["errors"]), "pointer:"+p) {
						t.Errorf("%s %s: no error points at %q: %v", method, name, p, got)
					}
				}
			}
		}
		s.commentsShown(t, s.open, 2)
		s.comment(t, s.reader, s.open, `{"text":"`+strings.Repeat("é", 5000)+`"}`)
	})
}

// Somebody who was mentioned and has left must not keep the author from mending the text.
func TestAFormerMemberStaysMentioned(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		gil := s.org.Person(t, "gil").UserID
		c := s.comment(t, s.reader, s.open, `{"text":"thanks","mention":"`+gil+`"}`)
		s.org.Exec(t, `UPDATE users SET status = 'ARCHIVE' WHERE org_id = ? AND id = ?`, s.org.ID, gil)
		got := s.call(t, s.reader, "PATCH", c, `{"text":"thank you"}`, 200)
		if m := got["mentions"].([]any); len(m) != 1 || m[0].(map[string]any)["status"] != "ARCHIVE" {
			t.Errorf("mentions %v", m)
		}
	})
}

func TestCommentsAreListedOldestFirstInTheSameStatements(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		var want []string
		one := 0
		for i := range 9 {
			if i%2 == 0 {
				s.clock.Advance(time.Second) // the others share their time and go by id
			}
			text := fmt.Sprint("c", i)
			s.comment(t, s.reader, s.open, `{"text":"`+text+`","mention":"`+s.author.UserID+`"}`)
			if want = append(want, text); i == 0 {
				one = s.statements(t, s.author, s.open+"/comments?per_page=100")
			}
		}
		s.comment(t, s.author, s.hidden, `{"text":"elsewhere"}`)
		if got := s.pages(t, s.reader, s.open+"/comments", "comments", "text", 9); !slices.Equal(got, want) {
			t.Errorf("order %v", got)
		}
		if many := s.statements(t, s.author, s.open+"/comments?per_page=100"); many != one || many > 4 {
			t.Errorf("%d statements for 9 comments, %d for one", many, one)
		}
	})
}

// Everybody starts from the same version: exactly one may win, also when they are concurrent.
func TestIfMatchLetsOneOfManyChangesThrough(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		c := s.comment(t, s.reader, s.open, `{"text":"x"}`)
		tag := s.send(t.Context(), s.reader, "GET", c, "").Header().Get("ETag")
		codes := make([]int, 16)
		var wg sync.WaitGroup
		for i := range codes {
			wg.Go(func() {
				codes[i] = s.send(t.Context(), s.reader, "PATCH", c, fmt.Sprintf(`{"text":"v%d"}`, i), "If-Match", tag).Code
			})
		}
		wg.Wait()
		slices.Sort(codes)
		if codes[0] != 200 || codes[1] != 412 || codes[15] != 412 {
			t.Errorf("answers %v, want one 200 and 412 for the others", codes)
		}
		s.call(t, s.reader, "DELETE", c, "", 412, "If-Match", tag)
		s.call(t, s.reader, "DELETE", c, "", 204, "If-Match", s.send(t.Context(), s.reader, "GET", c, "").Header().Get("ETag"))
	})
}

func TestCommentsAndTheirCountAgreeUnderConcurrency(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		for range 10 {
			first := s.comment(t, s.reader, s.open, `{"text":"x"}`)
			reply := `{"text":"reply","parentId":"` + idOf(first) + `"}`
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() { // the comment may be gone by now, and then it is 400
					if code := s.send(t.Context(), s.author, "POST", s.open+"/comments", reply).Code; code != 201 && code != 400 {
						t.Errorf("reply: status %d", code)
					}
				})
				wg.Go(func() { s.call(t, s.reader, "POST", s.open+"/comments", `{"text":"y"}`, 201) })
			}
			for range 2 {
				wg.Go(func() {
					if code := s.send(t.Context(), s.author, "DELETE", first, "").Code; code != 204 && code != 404 {
						t.Errorf("delete: status %d", code)
					}
				})
			}
			wg.Wait()
		}
		orphans := s.count(t, `SELECT COUNT(*) FROM comments c WHERE c.org_id = ? AND c.parent_id IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM comments p WHERE p.org_id = c.org_id AND p.id = c.parent_id)`, s.org.ID)
		if orphans != 0 {
			t.Errorf("%d replies outlive what they answer", orphans)
		}
		s.commentsShown(t, s.open, s.count(t, `SELECT COUNT(*) FROM comments WHERE org_id = ?`, s.org.ID))
	})
}

func TestChangesAreToldOnceAndWithoutTheirText(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		var mu sync.Mutex
		var told []string
		s.bus.Subscribe([]string{"comment.*", "reaction.*"}, func(e bus.Delivered) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, e.Name)
			if data := string(e.Data); strings.Contains(data, "words") || !strings.Contains(data, `"kind":"post"`) || !strings.Contains(data, idOf(s.open)) {
				t.Errorf("%s says %s", e.Name, data)
			}
		})
		c := s.comment(t, s.reader, s.open, `{"text":"words"}`)
		s.call(t, s.reader, "PATCH", c, `{"text":"more words"}`, 200)
		s.call(t, s.author, "PATCH", c, `{"text":"others' words"}`, 403)
		s.call(t, s.reader, "POST", s.open+"/comments", `{"text":" "}`, 400)
		s.call(t, s.moderator, "DELETE", c, "", 204)
		s.call(t, s.moderator, "DELETE", c, "", 404)
		for range 2 {
			s.call(t, s.reader, "PUT", s.open+"/reactions/like", "", 200)
		}
		for range 2 {
			s.call(t, s.reader, "DELETE", s.open+"/reactions/like", "", 204)
		}
		want := []string{"comment.created", "comment.updated", "comment.deleted", "reaction.added", "reaction.removed"}
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(told, want) {
			t.Errorf("told %v", told)
		}
	})
}
