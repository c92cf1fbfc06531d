package visibility_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

func TestExplainNamesEveryReason(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		boss := s.org.Person(t, "cid")
		s.org.Exec(t, `UPDATE users SET reports_to = ? WHERE org_id = ? AND id {in}`, boss.UserID, s.org.ID, db.List([]string{s.author.UserID, s.reader.UserID}))
		for _, p := range [][2]string{{s.author.UserID, s.reader.UserID}, {s.reader.UserID, s.author.UserID}} {
			s.org.Exec(t, `INSERT INTO follows (org_id, follower_id, followed_id, created_at) VALUES (?, ?, ?, 0)`, s.org.ID, p[0], p[1])
		}
		ids := strings.NewReplacer("@bob", s.reader.UserID, "@mia", s.moderator.UserID, "@sales", s.sales, "@rome", s.rome)
		only, draft := "only its author and owners see it.", `,"status":"DRAFT"`
		for name, c := range map[string]struct {
			permissions, also string // of the post
			person            authz.Actor
			reasons           []string
			detail, rule      string
			audience          []string
		}{
			"the author":             {`{"onlyMe":true}`, "", s.author, []string{"Ann Example is the author."}, "Ann Example sees it.", "1: the author alone", nil},
			"the author, of a draft": {`{"public":true}`, draft, s.author, []string{"Ann Example is the author."}, "Ann Example sees it.", "3: everybody of the organization", []string{"org "}},
			"everybody":              {`{"public":true}`, "", s.reader, []string{"Bob Example is a member of the organization."}, "Bob Example sees it.", "3: everybody of the organization", []string{"org "}},
			"nobody else":            {`{"onlyMe":true,"users":["@bob"]}`, "", s.reader, nil, "It is not for others: " + only, "1: the author alone", nil},
			"everybody, of a draft":  {`{"public":true}`, draft, s.reader, nil, "It is not published: " + only, "3: everybody of the organization", []string{"org "}},
			"somebody named":         {`{"users":["@bob"]}`, "", s.reader, []string{"Bob Example is named."}, "Bob Example sees it.", "2: those whom it names", []string{"user Bob Example"}},
			"somebody tagged":        {`{"taggedUsers":["@bob"]}`, "", s.reader, []string{"Bob Example is tagged in the permissions."}, "Bob Example sees it.", "2: those whom it names", []string{"user Bob Example"}},
			"tagged in words only":   {`{"users":["@mia"]}`, `,"taggedUserIds":["@bob"],"mention":["@bob"]`, s.reader, nil, "Nothing that the audience names admits Bob Example.", "2: those whom it names", []string{"user Mia Example"}},
			"every reason there is": {
				`{"users":["@bob"],"groups":["@sales"],"locations":["@rome"],"team":true,"friends":true}`, "", s.reader,
				[]string{"Bob Example and Ann Example follow each other.", "Bob Example is a member of group Sales.", "Bob Example is in the team of Ann Example.", "Bob Example is named."},
				"Bob Example sees it.", "2: those whom it names",
				[]string{"friends Ann Example", "group Sales", "location Rome", "team Ann Example", "user Bob Example"},
			},
			"by the location":       {`{"groups":["@sales"],"locations":["@rome"]}`, "", s.moderator, []string{"Mia Example's location is Rome."}, "Mia Example sees it.", "2: those whom it names", []string{"group Sales", "location Rome"}},
			"none of the reasons":   {`{"groups":["@sales"],"team":true}`, "", s.moderator, nil, "Nothing that the audience names admits Mia Example.", "2: those whom it names", []string{"group Sales", "team Ann Example"}},
			"the supervisor's team": {`{"team":true}`, "", boss, []string{"Cid Example is in the team of Ann Example."}, "Cid Example sees it.", "2: those whom it names", []string{"team Ann Example"}},
		} {
			id := s.publish(t, ids.Replace(`{"postText":"words","permissions":`+c.permissions+c.also+`}`))
			for _, by := range []authz.Actor{s.author, s.moderator} {
				got := s.explain(t, by, "post", id, c.person, http.StatusOK)
				s.call(t.Context(), t, s.as(c.person), "GET /api/posts/"+id, "", map[bool]int{true: 200, false: 404}[got["visible"] == true])
				var named []string
				for _, n := range got["audience"].([]any) {
					named = append(named, n.(map[string]any)["clause"].(string)+" "+n.(map[string]any)["name"].(string))
				}
				if reasons := got.each("reasons", "detail"); !slices.Equal(reasons, c.reasons) && len(reasons)+len(c.reasons) > 0 || got.str("detail") != c.detail ||
					got.str("rule") != c.rule || !slices.Equal(named, c.audience) || (len(c.reasons) > 0) != (got["visible"] == true) {
					t.Errorf("%s: %v; want %v, %q, %q, %v", name, got, c.reasons, c.detail, c.rule, c.audience)
				}
				if got.str("id") != id || got.str("kind") != "post" || strings.Contains(fmt.Sprint(got), "words") || got["user"].(map[string]any)["id"] != c.person.UserID {
					t.Errorf("%s: %v", name, got)
				}
			}
		}
	})
}

func TestSomebodyWhoCannotSignInSeesNothingWhateverAdmitsThem(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		id := s.publish(t, `{"postText":"x","permissions":{"groups":["`+s.sales+`"]}}`)
		s.org.Exec(t, `UPDATE users SET status = 'ARCHIVE' WHERE org_id = ? AND id = ?`, s.org.ID, s.reader.UserID)
		got := s.explain(t, s.author, "post", id, s.reader, http.StatusOK)
		if got["visible"] != false || len(got.each("reasons", "id")) != 1 || got.str("detail") != "Bob Example is not an active member, and sees nothing." {
			t.Errorf("%v", got)
		}
	})
}

// Documents have owners, and expire.
func TestOwnersAskToo(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		id := s.publish(t, `{"postText":"x","permissions":{"users":["`+s.moderator.UserID+`"]}}`)
		fay := s.as(s.org.Person(t, "fay"))
		s.explain(t, fay, "document", id, s.reader, http.StatusNotFound)
		s.org.Exec(t, `INSERT INTO content_people (org_id, kind, item_id, role, user_id, place) VALUES (?, 'document', ?, 'owner', ?, 0)`, s.org.ID, id, fay.UserID)
		if got := s.explain(t, fay, "document", id, fay, http.StatusOK); got["visible"] != true || !slices.Equal(got.each("reasons", "clause"), []string{"owner"}) {
			t.Errorf("an owner: %v", got)
		}
		s.explain(t, fay, "post", id, fay, http.StatusNotFound) // owners are of documents
		if got := s.explain(t, fay, "document", id, s.moderator, http.StatusOK); got["visible"] != true || got["expired"] != false {
			t.Errorf("somebody named: %v", got)
		}
		s.publish(t, `{"postText":"x","permissions":{"onlyMe":true}}`) // whose audience is left of what has expired
		s.org.Exec(t, `UPDATE posts SET granted_id = audience_id, audience_id = (SELECT a.id FROM audiences a WHERE a.org_id = ?1 AND a.permissions LIKE '%"onlyMe":true%')
			WHERE org_id = ?1 AND id = ?2`, s.org.ID, id)
		got := s.explain(t, fay, "document", id, s.moderator, http.StatusOK)
		if got["visible"] != false || got["expired"] != true || len(got.each("reasons", "id")) != 0 || got.str("detail") != "It has expired: only its author and owners see it." ||
			!slices.Equal(got.each("audience", "name"), []string{"Mia Example"}) {
			t.Errorf("expired: %v", got)
		}
		if got := s.explain(t, fay, "document", id, s.author, http.StatusOK); got["visible"] != true || !slices.Equal(got.each("reasons", "clause"), []string{"author"}) {
			t.Errorf("the author of what has expired: %v", got)
		}
	})
}

func TestOnlyTheAuthorAndModeratorsAskWhoSeesAnItem(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		open := s.publish(t, `{"postText":"x"}`)
		hidden := s.publish(t, `{"postText":"x","permissions":{"onlyMe":true}}`)
		draft := s.publish(t, `{"postText":"x","status":"DRAFT"}`)
		unknown := "019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f"
		for _, id := range []string{open, hidden, draft} {
			s.explain(t, s.author, "post", id, s.reader, http.StatusOK)
			s.explain(t, s.moderator, "post", id, s.reader, http.StatusOK)
		}
		if got := s.explain(t, s.reader, "post", open, s.reader, http.StatusForbidden).str("code"); got != "audience.notAuthor" {
			t.Errorf("code %s", got)
		}
		absent := s.explain(t, s.reader, "post", unknown, s.reader, http.StatusNotFound)
		for name, got := range map[string]answer{
			"hidden":                        s.explain(t, s.reader, "post", hidden, s.reader, http.StatusNotFound),
			"hidden, about a stranger":      s.explain(t, s.reader, "post", hidden, s.stranger, http.StatusNotFound),
			"a draft":                       s.explain(t, s.reader, "post", draft, s.reader, http.StatusNotFound),
			"another organization's":        s.explain(t, s.stranger, "post", open, s.stranger, http.StatusNotFound),
			"another organization's hidden": s.explain(t, s.stranger, "post", hidden, s.reader, http.StatusNotFound),
			"absent, for a moderator":       s.explain(t, s.moderator, "post", unknown, s.reader, http.StatusNotFound),
			"no id":                         s.explain(t, s.moderator, "post", "x", s.reader, http.StatusNotFound),
		} {
			if got.str("code") != absent.str("code") || got.str("detail") != absent.str("detail") {
				t.Errorf("%s: %v differs from the answer for an absent post", name, got)
			}
		}
		for query, pointer := range map[string]string{
			"kind=post&id=" + open + "&userId=" + unknown:           "?userId",
			"kind=post&id=" + open + "&userId=" + s.stranger.UserID: "?userId",
			"kind=post&id=" + open + "&userId=bob":                  "?userId",
			"kind=post&id=" + open:                                  "?userId",
			"kind=post&userId=" + s.reader.UserID:                   "?id",
			"id=" + open + "&userId=" + s.reader.UserID:             "?kind",
			"kind=poem&id=" + open + "&userId=" + s.reader.UserID:   "?kind",
			"kind=posts&id=" + open + "&userId=" + s.reader.UserID:  "?kind",
			"kind=post&kind=post&id=" + open + "&userId=x":          "?kind",
		} {
			got := s.call(t.Context(), t, s.author, "GET /api/audience/explain?"+query, "", http.StatusBadRequest)
			if !strings.Contains(fmt.Sprint(got["errors"]), "pointer:"+pointer) {
				t.Errorf("%s: no error points at %s: %v", query, pointer, got)
			}
		}
	})
}

// A moderator's asking about another's item is told; nobody's asking about their own is.
func TestModeratorsDoNotAskInSecret(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		var told []bus.Delivered
		s.bus.Subscribe([]string{"visibility.*"}, func(e bus.Delivered) { told = append(told, e) })
		hidden := s.publish(t, `{"postText":"x","permissions":{"onlyMe":true}}`)
		s.explain(t, s.author, "post", hidden, s.reader, http.StatusOK)
		s.explain(t, s.reader, "post", hidden, s.reader, http.StatusNotFound)
		own := s.call(t.Context(), t, s.moderator, "POST /api/posts", `{"postText":"x"}`, http.StatusCreated).str("id")
		s.explain(t, s.moderator, "post", own, s.reader, http.StatusOK)
		if len(told) != 0 {
			t.Errorf("told of authors: %v", told)
		}
		s.explain(t, s.moderator, "post", hidden, s.reader, http.StatusOK)
		s.explain(t, s.moderator, "post", hidden, s.stranger, http.StatusBadRequest)
		var data map[string]string
		if len(told) != 1 || told[0].Name != "visibility.explained" || told[0].Subject != hidden || json.Unmarshal(told[0].Data, &data) != nil ||
			data["actorId"] != s.moderator.UserID || data["userId"] != s.reader.UserID || data["kind"] != "post" {
			t.Errorf("told %+v", told)
		}
	})
}

func TestExplainTakesAsManyStatementsForALargeAudience(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		count := func(users []string) int {
			id := s.publish(t, `{"postText":"x","permissions":{"groups":["`+s.sales+`"],"users":["`+strings.Join(users, `","`)+`"]}}`)
			s.explain(t, s.author, "post", id, s.moderator, http.StatusOK)
			ctx, n := db.CountQueries(t.Context())
			got := s.call(ctx, t, s.author, "GET /api/audience/explain?kind=post&id="+id+"&userId="+s.moderator.UserID, "", http.StatusOK)
			if len(got.each("audience", "name")) != len(users)+1 {
				t.Errorf("the audience is %v", got["audience"])
			}
			return n.N()
		}
		one := count([]string{s.reader.UserID})
		var users []string
		for i := range 30 {
			users = append(users, s.org.Person(t, fmt.Sprintf("p%d", i)).UserID)
		}
		if many := count(users); many != one || many > 7 {
			t.Errorf("%d statements for 30 people, %d for one", many, one)
		}
	})
}
