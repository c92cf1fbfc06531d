package post_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/module/post"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// scene is an organization with an author, a colleague, a moderator and a stranger of another
// organization, all reachable over HTTP.
type scene struct {
	*rig
	org                                    *cast.Org
	author, colleague, moderator, stranger authz.Actor
}

func each(t *testing.T, test func(t *testing.T, s scene)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		s := scene{rig: r, org: cast.NewOrg(t, d)}
		s.author, s.colleague = r.as(s.org.Person(t, "ann")), r.as(s.org.Person(t, "bob"))
		s.moderator = r.as(s.org.Administrator(t, "mia"))
		s.stranger = r.as(cast.NewOrg(t, d).Administrator(t, "eve"))
		test(t, s)
	})
}

const posts = "/api/posts"

func (s scene) publish(t *testing.T, body string) string {
	t.Helper()
	return s.call(t, s.author, http.MethodPost, posts, body).want(t, http.StatusCreated).str("id")
}

func TestCreateAnswersWhatReadingAnswers(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		for name, body := range map[string]string{
			"few words": `{"postText":"words"}`,
			"everything": fmt.Sprintf(`{"postText":"words","tags":"#a #b","mention":%q,"taggedUserIds":[%q],"links":["https://example.com/"],
				"gif":"https://example.com/a.gif","location":{"textAddress":"Here","coordinates":{"lat":"1","long":2}},
				"permissions":{"team":true,"users":[%[1]q],"onlyMe":false}}`, s.colleague.UserID, s.author.UserID),
			"for nobody": `{"postText":"words","permissions":{"onlyMe":true,"users":["` + s.colleague.UserID + `"]}}`,
			"draft":      `{"postText":"words","status":"DRAFT"}`,
			"scheduled":  `{"postText":"words","status":"SCHEDULED","publishAt":"` + s.clock.Now().Add(time.Hour).Format(time.RFC3339) + `"}`,
		} {
			made := s.call(t, s.author, http.MethodPost, posts, body).want(t, http.StatusCreated)
			read := s.call(t, s.author, http.MethodGet, posts+"/"+made.str("id"), "").want(t, http.StatusOK)
			if diff := cmp.Diff(read.body, made.body); diff != "" || made.header.Get("ETag") != read.header.Get("ETag") {
				t.Errorf("%s: read (-) and created (+) differ, ETag %s and %s:\n%s", name, read.header.Get("ETag"), made.header.Get("ETag"), diff)
			}
		}
	})
}

func TestOutsideTheAudienceAPostDoesNotExist(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		open := s.publish(t, `{"postText":"for all","permissions":{"public":true}}`)
		hidden := s.publish(t, `{"postText":"mine","permissions":{"onlyMe":true}}`)
		draft := s.publish(t, `{"postText":"not yet","status":"DRAFT","permissions":{"public":true}}`)

		s.call(t, s.colleague, http.MethodGet, posts+"/"+open, "").want(t, http.StatusOK)
		missing := s.call(t, s.colleague, http.MethodGet, posts+"/019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f", "").want(t, http.StatusNotFound)
		for name, c := range map[string]struct {
			who authz.Actor
			id  string
		}{
			"hidden from a colleague":     {s.colleague, hidden},
			"hidden from an admin":        {s.moderator, hidden},
			"another's draft":             {s.colleague, draft},
			"of another organization":     {s.stranger, open},
			"a hidden one, to a stranger": {s.stranger, hidden},
		} {
			for _, method := range []string{http.MethodGet, http.MethodPatch, http.MethodDelete} {
				body := ""
				if method == http.MethodPatch {
					body = `{"postText":7}` // wrong: but that is not for them to know
				}
				got := s.call(t, c.who, method, posts+"/"+c.id, body).want(t, http.StatusNotFound)
				if got.str("detail") != missing.str("detail") || got.str("code") != missing.str("code") {
					t.Errorf("%s %s: %v differs from the answer for a missing post", method, name, got.body)
				}
			}
		}
		s.call(t, s.author, http.MethodGet, posts+"/"+hidden, "").want(t, http.StatusOK)
	})
}

func TestOnlyTheAuthorEditsAndModeratorsDelete(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		id := s.publish(t, `{"postText":"words"}`)
		s.call(t, s.colleague, http.MethodPatch, posts+"/"+id, `{"postText":"others"}`).want(t, http.StatusForbidden)
		s.call(t, s.moderator, http.MethodPatch, posts+"/"+id, `{"postText":"others"}`).want(t, http.StatusForbidden)
		s.call(t, s.colleague, http.MethodDelete, posts+"/"+id, "").want(t, http.StatusForbidden)
		got := s.call(t, s.author, http.MethodPatch, posts+"/"+id, `{"postText":"better words","gif":"https://g.example/x.gif"}`).want(t, http.StatusOK)
		if got.str("postText") != "better words" || got.str("gif") != "https://g.example/x.gif" {
			t.Fatalf("changed post: %v", got.body)
		}
		s.call(t, s.author, http.MethodPatch, posts+"/"+id, `{"gif":null}`).want(t, http.StatusOK)
		s.call(t, s.moderator, http.MethodDelete, posts+"/"+id, "").want(t, http.StatusNoContent)
		s.call(t, s.author, http.MethodGet, posts+"/"+id, "").want(t, http.StatusNotFound)

		hidden := s.publish(t, `{"postText":"mine","permissions":{"onlyMe":true}}`)
		s.call(t, s.colleague, http.MethodDelete, posts+"/"+hidden+"?moderate=true", "").want(t, http.StatusNotFound)
		s.call(t, s.moderator, http.MethodDelete, posts+"/"+hidden, "").want(t, http.StatusNotFound)
		s.call(t, s.moderator, http.MethodDelete, posts+"/"+hidden+"?moderate=true", "").want(t, http.StatusNoContent)
	})
}

func TestBadInputIsNamedAndWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		foreign := s.stranger.UserID
		for name, c := range map[string]struct {
			body, pointer string
			status        int
		}{
			"nothing to say":         {`{}`, "/postText", 400},
			"text of another type":   {`{"postText":5}`, "/postText", 400},
			"text too long":          {`{"postText":"` + strings.Repeat("x", 10_001) + `"}`, "/postText", 400},
			"unknown status":         {`{"postText":"x","status":"GONE"}`, "/status", 400},
			"scheduled without time": {`{"postText":"x","status":"SCHEDULED"}`, "/publishAt", 400},
			"scheduled in the past":  {`{"postText":"x","status":"SCHEDULED","publishAt":"2001-01-01"}`, "/publishAt", 400},
			"link that is none":      {`{"postText":"x","links":["ftp://x"]}`, "/links", 400},
			"malformed mention":      {`{"postText":"x","mention":"bob"}`, "/mention", 400},
			"foreign mention":        {`{"postText":"x","mention":"` + foreign + `"}`, "/mention", 400},
			"foreign tagged person":  {`{"postText":"x","taggedUserIds":["` + foreign + `"]}`, "/taggedUserIds", 400},
			"foreign audience":       {`{"postText":"x","permissions":{"users":["` + foreign + `"]}}`, "/permissions/users", 400},
			"unknown group":          {`{"postText":"x","permissions":{"groups":["019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f"]}}`, "/permissions/groups", 400},
			"files, which are none":  {`{"postText":"x","fileIds":["019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f"]}`, "/fileIds", 400},
			"duplicate key":          {`{"postText":"x","postText":"y"}`, "/postText", 400},
			"permissions as text":    {`{"postText":"x","permissions":"public"}`, "/permissions", 400},
			"malformed":              {`{"postText":`, "", 400},
			"invalid UTF-8":          {"{\"postText\":\"\xff\"}", "", 400},
			"no object":              {`[1]`, "", 400},
		} {
			got := s.call(t, s.author, http.MethodPost, posts, c.body).want(t, c.status)
			if !strings.Contains(fmt.Sprint(got.body["errors"]), "pointer:"+c.pointer) {
				t.Errorf("%s: no error points at %q: %v", name, c.pointer, got.body)
			}
		}
		list := s.call(t, s.author, http.MethodGet, posts, "").want(t, http.StatusOK)
		if n := list.body["meta"].(map[string]any)["totalResults"].(float64); n != 0 {
			t.Errorf("%v posts were written", n)
		}
		s.call(t, s.author, http.MethodPost, posts, `{"postText":"good","tags":"#a, #b","mention":"`+s.colleague.UserID+`"}`).want(t, http.StatusCreated)
	})
}

func TestPagesAreFullAndCountedExactly(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		for i := range 25 {
			s.clock.Advance(time.Second)
			permissions := `{"public":true}`
			if i%5 == 0 {
				permissions = `{"onlyMe":true}`
			}
			s.publish(t, fmt.Sprintf(`{"postText":"post %d","permissions":%s}`, i, permissions))
		}
		var byPage, byCursor []string
		cursor := ""
		for page := 1; page <= 3; page++ {
			got := s.call(t, s.colleague, http.MethodGet, fmt.Sprintf("%s?per_page=8&cur_page=%d", posts, page), "").want(t, http.StatusOK)
			byPage = append(byPage, texts(got)...)
			meta := got.body["meta"].(map[string]any)
			if meta["totalResults"].(float64) != 20 || meta["totalPages"].(float64) != 3 || len(texts(got)) != min(8, 20-8*(page-1)) {
				t.Fatalf("page %d: %v with %d posts", page, meta, len(texts(got)))
			}
			if next := meta["nextPage"].(float64); int(next) != (page+1)%4 && page < 3 || page == 3 && next != 0 {
				t.Errorf("page %d: nextPage %v", page, next)
			}
			got = s.call(t, s.colleague, http.MethodGet, posts+"?per_page=8&cursor="+cursor, "").want(t, http.StatusOK)
			byCursor = append(byCursor, texts(got)...)
			cursor, _ = got.body["meta"].(map[string]any)["nextCursor"].(string)
		}
		if fmt.Sprint(byPage) != fmt.Sprint(byCursor) || byPage[0] != "post 24" || byPage[19] != "post 1" {
			t.Errorf("pages %v\ncursors %v", byPage, byCursor)
		}
		s.call(t, s.colleague, http.MethodGet, posts+"?cursor=tampered", "").want(t, http.StatusBadRequest)
		for _, bad := range []string{"per_page=0", "per_page=-1", "per_page=x", "cur_page=0", "sort_key=z", "time=yesterday"} {
			s.call(t, s.colleague, http.MethodGet, posts+"?"+bad, "").want(t, http.StatusBadRequest)
		}
		far := s.call(t, s.colleague, http.MethodGet, posts+"?per_page=1000000&cur_page=999999999999", "").want(t, http.StatusOK)
		if len(texts(far)) != 0 || far.body["meta"].(map[string]any)["totalResults"].(float64) != 20 {
			t.Errorf("far page: %v", far.body)
		}
		until := time.UnixMilli(cast.At).Add(10 * time.Second).UTC().Format(time.RFC3339)
		old := s.call(t, s.colleague, http.MethodGet, posts+"?time="+until, "").want(t, http.StatusOK)
		if n := old.body["meta"].(map[string]any)["totalResults"].(float64); n != 8 || len(texts(old)) != 8 {
			t.Errorf("until %s: %v results, %d posts", until, n, len(texts(old)))
		}
	})
}

// TestPagesAreFullWhenAnotherNodeChangedThem changes posts as a node does whose events have not
// arrived yet: what is remembered here of the first page is out of date.
func TestPagesAreFullWhenAnotherNodeChangedThem(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		var ids []string
		for i := range 12 {
			ids = append(ids, s.publish(t, fmt.Sprintf(`{"postText":"%02d","permissions":{"public":true}}`, i)))
			s.clock.Advance(time.Second)
		}
		hidden := s.publish(t, `{"postText":"hidden","permissions":{"onlyMe":true}}`)
		s.list(t)
		s.org.Exec(t, `DELETE FROM posts WHERE org_id = ? AND id = ?`, s.org.ID, ids[11])
		s.org.Exec(t, `UPDATE posts SET audience_id = (SELECT audience_id FROM posts WHERE org_id = ? AND id = ?) WHERE org_id = ? AND id = ?`,
			s.org.ID, hidden, s.org.ID, ids[10])
		s.org.Exec(t, `UPDATE content_counts SET n = n - 2 WHERE org_id = ?1 AND audience_id = (SELECT audience_id FROM posts WHERE org_id = ?1 AND id = ?2)
			AND shard = (SELECT MIN(shard) FROM content_counts c WHERE c.org_id = ?1 AND c.audience_id = content_counts.audience_id)`, s.org.ID, ids[0])
		page := s.call(t, s.colleague, http.MethodGet, posts+"?per_page=4", "").want(t, http.StatusOK)
		if got := texts(page); !slices.Equal(got, []string{"09", "08", "07", "06"}) {
			t.Errorf("page %v", got)
		}
		if n := page.body["meta"].(map[string]any)["totalResults"].(float64); n != 10 {
			t.Errorf("%v results", n)
		}
	})
}

// TestCountsStayExactWhileManyWrite lets many publish, readdress and delete at the same time,
// under somebody who reads.
func TestCountsStayExactWhileManyWrite(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		const writers, rounds = 16, 6
		var people []authz.Actor
		for w := range writers {
			people = append(people, s.as(s.org.Person(t, fmt.Sprint("writer", w))))
		}
		done := make(chan struct{})
		var reader, all sync.WaitGroup
		reader.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					s.list(t)
				}
			}
		})
		for _, who := range people {
			all.Go(func() {
				for range rounds {
					var ids [3]string
					for i := range ids {
						ids[i] = s.call(t, who, http.MethodPost, posts, `{"postText":"x","permissions":{"public":true}}`).want(t, http.StatusCreated).str("id")
					}
					s.call(t, who, http.MethodPatch, posts+"/"+ids[1], `{"permissions":{"onlyMe":true}}`).want(t, http.StatusOK)
					s.call(t, who, http.MethodDelete, posts+"/"+ids[2], "").want(t, http.StatusNoContent)
				}
			})
		}
		all.Wait()
		close(done)
		reader.Wait()
		page, err := s.posts.List(t.Context(), s.colleague, content.Query{Kind: post.Kind.Name, Limit: 1000})
		if err != nil || page.Total != writers*rounds || len(page.IDs()) != writers*rounds {
			t.Errorf("total %d, %d posts, want %d: %v", page.Total, len(page.IDs()), writers*rounds, err)
		}
	})
}

func texts(a answer) []string {
	var list []string
	for _, p := range a.body["posts"].([]any) {
		list = append(list, p.(map[string]any)["postText"].(string))
	}
	return list
}

func TestListIssuesTheSameStatementsForAnyNumberOfPosts(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		statements := func() int {
			s.list(t) // fills the viewer's audiences
			ctx, n := db.CountQueries(t.Context())
			if _, err := s.posts.List(ctx, s.colleague, content.Query{Kind: post.Kind.Name, Limit: 100}); err != nil {
				t.Fatal(err)
			}
			return n.N()
		}
		mention := `{"postText":"x","mention":"` + s.colleague.UserID + `"}`
		s.publish(t, mention)
		one := statements()
		for range 30 {
			s.publish(t, mention)
		}
		if many := statements(); many != one || many > 2 {
			t.Errorf("%d statements for 31 posts, %d for one", many, one)
		}
	})
}

func (s scene) list(t *testing.T) {
	t.Helper()
	s.call(t, s.colleague, http.MethodGet, posts, "").want(t, http.StatusOK)
}

func TestManyAudiencesMergeInPortions(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		const people = 140 // more audiences than one statement merges
		for i := range people {
			s.clock.Advance(time.Millisecond)
			who := s.org.Person(t, fmt.Sprintf("x%d", i))
			_, err := s.posts.Create(t.Context(), who, draft(fmt.Sprint(i), audience.Permissions{Users: api.Strings{s.colleague.UserID}}))
			if err != nil {
				t.Fatal(err)
			}
		}
		page, err := s.posts.List(t.Context(), s.colleague, content.Query{Kind: post.Kind.Name, Limit: 50, Offset: 100})
		if err != nil {
			t.Fatal(err)
		}
		if got := post.Texts(page); page.Total != people || len(got) != 40 || got[0] != "39" || got[39] != "0" {
			t.Errorf("total %d, %d posts: %v", page.Total, len(got), got)
		}
	})
}

func TestLinksGetTheirCards(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		at := s.site.URL
		id := s.publish(t, `{"postText":"Read `+at+`/a, then `+at+`/gone and http://10.0.0.1/private","links":["`+at+`/b","`+at+`/a#part","`+at+`/late"],"permissions":{"public":true}}`)
		draft := s.publish(t, `{"postText":"`+at+`/draft","status":"DRAFT"}`)
		read := func(id string) answer {
			return s.call(t, s.author, http.MethodGet, posts+"/"+id, "").want(t, http.StatusOK)
		}
		if early := read(id); early.body["linkPreviews"] != nil || len(early.body["linkPreviewList"].([]any)) != 0 {
			t.Errorf("before they are fetched: %v", early.body["linkPreviewList"])
		}
		if err := s.jobs.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.jobs.Stop(context.WithoutCancel(t.Context())) }()
		s.until(t, `SELECT COUNT(*) FROM link_previews WHERE org_id = ? AND state <> 'PENDING'`, 5)

		var titles []string
		post := read(id)
		for _, p := range post.body["linkPreviewList"].([]any) {
			card := p.(map[string]any)
			titles = append(titles, card["title"].(string)+": "+card["description"].(string))
		}
		if want := []string{"Page /b: All about /b", "Page /a: All about /a", "Page /late: All about /late"}; !slices.Equal(titles, want) {
			t.Errorf("cards %q, want %q", titles, want)
		}
		if first := post.body["linkPreviews"].(map[string]any); first["link"] != at+"/b" || first["image"] != nil {
			t.Errorf("the first card is %v", first)
		}
		listed := s.call(t, s.colleague, http.MethodGet, posts, "").want(t, http.StatusOK).body["posts"].([]any)[0].(map[string]any)
		if len(listed["linkPreviewList"].([]any)) != 3 {
			t.Errorf("the list has %v", listed["linkPreviewList"])
		}
		// A draft's links are fetched when it is published; what is known is shown at once.
		s.call(t, s.author, http.MethodPatch, posts+"/"+draft, `{"status":"PUBLISHED"}`).want(t, http.StatusOK)
		s.until(t, `SELECT COUNT(*) FROM link_previews WHERE org_id = ? AND state = 'READY'`, 4)
		again := s.call(t, s.author, http.MethodPost, posts, `{"postText":"once more `+at+`/a"}`).want(t, http.StatusCreated)
		if again.body["linkPreviews"] == nil {
			t.Error("a card that is there is not shown at once")
		}
	})
}

// until waits for the number that a query about the organization gives.
func (s scene) until(t *testing.T, query string, want int) {
	t.Helper()
	n := 0
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		if err := s.db.Reader(t.Context()).QueryRow(t.Context(), query, s.org.ID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == want {
			return
		}
	}
	t.Fatalf("%s: %d, want %d", query, n, want)
}

func TestIfMatchRefusesAnotherVersion(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		made := s.call(t, s.author, http.MethodPost, posts, `{"postText":"one"}`).want(t, http.StatusCreated)
		id, tag := made.str("id"), made.header.Get("ETag")
		s.call(t, s.author, http.MethodPatch, posts+"/"+id, `{"postText":"two"}`, "If-Match", tag).want(t, http.StatusOK)
		s.call(t, s.author, http.MethodPatch, posts+"/"+id, `{"postText":"three"}`, "If-Match", tag).want(t, http.StatusPreconditionFailed)
		s.call(t, s.author, http.MethodDelete, posts+"/"+id, "", "If-Match", tag).want(t, http.StatusPreconditionFailed)
		s.call(t, s.author, http.MethodDelete, posts+"/"+id, "").want(t, http.StatusNoContent)
	})
}

func TestIdempotencyKeyRepeatsTheAnswer(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		body := `{"postText":"once"}`
		first := s.call(t, s.author, http.MethodPost, posts, body, "Idempotency-Key", "k1").want(t, http.StatusCreated)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				again := s.call(t, s.author, http.MethodPost, posts, body, "Idempotency-Key", "k1")
				if again.status != http.StatusCreated || again.str("id") != first.str("id") || again.header.Get("Idempotent-Replay") != "true" {
					t.Errorf("replay: %d %v", again.status, again.body)
				}
			})
		}
		wg.Wait()
		s.call(t, s.author, http.MethodPost, posts, `{"postText":"other"}`, "Idempotency-Key", "k1").want(t, http.StatusConflict)
		s.call(t, s.author, http.MethodPost, posts, `{}`, "Idempotency-Key", "k2").want(t, http.StatusBadRequest)
		s.call(t, s.author, http.MethodPost, posts, body, "Idempotency-Key", "k2").want(t, http.StatusCreated) // a failure is not kept
		list := s.call(t, s.author, http.MethodGet, posts, "").want(t, http.StatusOK)
		if n := len(texts(list)); n != 2 {
			t.Errorf("%d posts, want 2", n)
		}
	})
}

func TestDraftsAndScheduledPostsAppearWhenPublished(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		draft := s.publish(t, `{"postText":"draft","status":"DRAFT"}`)
		at := s.clock.Now().Add(time.Hour)
		s.publish(t, `{"postText":"later","status":"SCHEDULED","publishAt":"`+at.Format(time.RFC3339)+`"}`)
		if got := texts(s.call(t, s.author, http.MethodGet, posts, "")); len(got) != 0 {
			t.Fatalf("listed before they were published: %v", got)
		}
		if got := texts(s.call(t, s.author, http.MethodGet, posts+"?status=DRAFT", "")); len(got) != 1 || got[0] != "draft" {
			t.Fatalf("own drafts: %v", got)
		}
		if got := texts(s.call(t, s.colleague, http.MethodGet, posts+"?status=DRAFT", "")); len(got) != 0 {
			t.Fatalf("a colleague lists drafts: %v", got)
		}
		s.call(t, s.author, http.MethodPatch, posts+"/"+draft, `{"status":"PUBLISHED"}`).want(t, http.StatusOK)
		s.call(t, s.author, http.MethodPatch, posts+"/"+draft, `{"status":"DRAFT"}`).want(t, http.StatusConflict)
		if got := texts(s.call(t, s.colleague, http.MethodGet, posts, "")); len(got) != 1 || got[0] != "draft" {
			t.Fatalf("after publishing: %v", got)
		}
	})
}

func TestScheduledPostOfSomebodyWhoMayNotActBecomesADraft(t *testing.T) {
	for _, status := range []string{"BLOCKED", "ARCHIVE"} {
		each(t, func(t *testing.T, s scene) {
			changed := make(chan string, 2)
			s.bus.Subscribe([]string{"post.published", "post.updated"}, func(e busEvent) { changed <- e.Name })
			id := s.publish(t, `{"postText":"due","status":"SCHEDULED","publishAt":"`+s.clock.Now().Add(time.Second).Format(time.RFC3339Nano)+`"}`)
			s.org.Exec(t, `UPDATE users SET status = ? WHERE org_id = ? AND id = ?`, status, s.org.ID, s.author.UserID)
			if err := s.jobs.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.jobs.Stop(t.Context()) }()
			select {
			case name := <-changed:
				if name != "post.updated" {
					t.Errorf("%s: %s", status, name)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("the job did not run")
			}
			s.call(t, s.colleague, http.MethodGet, posts+"/"+id, "").want(t, http.StatusNotFound)
			if got := s.call(t, s.author, http.MethodGet, posts+"/"+id, "").str("status"); got != "DRAFT" {
				t.Errorf("%s: the post is %s", status, got)
			}
		})
	}
}

func TestDraftsAreListedByCursor(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		for i := range 5 {
			s.publish(t, fmt.Sprintf(`{"postText":"%d","status":"DRAFT"}`, i))
			s.clock.Advance(time.Second)
		}
		var got []string
		for cursor, pages := "", 0; pages < 10; pages++ {
			page := s.call(t, s.author, http.MethodGet, posts+"?status=DRAFT&per_page=2&cursor="+cursor, "").want(t, http.StatusOK)
			got = append(got, texts(page)...)
			if cursor, _ = page.body["meta"].(map[string]any)["nextCursor"].(string); cursor == "" {
				break
			}
		}
		if !slices.Equal(got, []string{"4", "3", "2", "1", "0"}) {
			t.Errorf("drafts %v", got)
		}
	})
}

func TestScheduledPostIsPublishedByItsJob(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		published := make(chan string, 1)
		s.bus.Subscribe([]string{"post.published"}, func(e busEvent) { published <- e.Subject })
		// The queue follows the wall clock: a post that was due before now is published at once.
		id := s.publish(t, `{"postText":"due","status":"SCHEDULED","publishAt":"`+s.clock.Now().Add(time.Second).Format(time.RFC3339Nano)+`"}`)
		if err := s.jobs.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.jobs.Stop(t.Context()) }()
		select {
		case got := <-published:
			if got != id {
				t.Fatalf("published %s, want %s", got, id)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the job did not run")
		}
		if got := texts(s.call(t, s.colleague, http.MethodGet, posts, "")); len(got) != 1 {
			t.Fatalf("after publishing: %v", got)
		}
	})
}
