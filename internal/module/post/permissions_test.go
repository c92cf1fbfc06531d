package post_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/job"
)

// shown gives the permissions of a post as its author reads them.
func (s scene) shown(t *testing.T, id string) string {
	t.Helper()
	p, err := json.Marshal(s.call(t, s.author, http.MethodGet, posts+"/"+id, "").want(t, http.StatusOK).body["permissions"])
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

// permissionsOf writes permissions as they are shown: with what was said and nothing else.
func permissionsOf(t *testing.T, said string) string {
	t.Helper()
	p := map[string]any{
		"public": false, "friends": false, "onlyMe": false, "team": false,
		"users": []any{}, "groups": []any{}, "locations": []any{}, "taggedUsers": []any{},
	}
	if err := json.Unmarshal([]byte(said), &p); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPermissionsAreShownAsTheyAreMeant(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		bob, mia := s.colleague.UserID, s.moderator.UserID // bob's id is the smaller
		group, place := s.org.Group(t, "nurses"), s.org.Location(t, "Rome")
		for said, meant := range map[string]string{
			`{}`:                             `{"onlyMe":true}`,
			`{"public":false,"users":[]}`:    `{"onlyMe":true}`,
			`{"public":true}`:                `{"public":true}`,
			`{"public":true,"onlyMe":true}`:  `{"onlyMe":true}`,
			`{"public":true,"friends":true}`: `{"friends":true}`,
			`{"public":true,"friends":true,"onlyMe":true,"team":true,"users":["` + bob + `"],"groups":["` + group + `"]}`: `{"onlyMe":true}`,
			`{"public":true,"users":["` + mia + `","` + bob + `","` + mia + `"]}`:                                         `{"users":["` + bob + `","` + mia + `"]}`,
			`{"users":"` + bob + `"}`: `{"users":["` + bob + `"]}`,
			`{"team":true,"groups":["` + group + `"],"locations":["` + place + `"],"taggedUsers":["` + bob + `"]}`: `{"team":true,"groups":["` +
				group + `"],"locations":["` + place + `"],"taggedUsers":["` + bob + `"]}`,
		} {
			id := s.publish(t, `{"postText":"x","permissions":`+said+`}`)
			if got, want := s.shown(t, id), permissionsOf(t, meant); got != want {
				t.Errorf("%s is shown as %s, want %s", said, got, want)
			}
		}
	})
}

// Without permissions a post goes to the organization, or to the team of an author who says so.
func TestPermissionsThatAreNotSaid(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		boss := s.as(s.org.Person(t, "boss"))
		s.tell(t, `UPDATE users SET reports_to = ? WHERE org_id = ? AND id = ?`, boss.UserID, s.org.ID, s.author.UserID)
		open := s.publish(t, `{"postText":"for all"}`)
		s.tell(t, `UPDATE users SET default_visibility = 'restricted' WHERE org_id = ? AND id = ?`, s.org.ID, s.author.UserID)
		narrow := s.publish(t, `{"postText":"for the team"}`)
		null := s.publish(t, `{"postText":"for the team","permissions":null}`)
		wide := s.publish(t, `{"postText":"for all, as said","permissions":{"public":true}}`)
		for id, seen := range map[string]bool{open: true, narrow: false, null: false, wide: true} {
			s.sees(t, s.author, id, true)
			s.sees(t, boss, id, true)
			s.sees(t, s.colleague, id, seen)
			s.sees(t, s.moderator, id, seen)
		}
	})
}

// On a change, permissions that are not sent stay, and those that are sent replace all.
func TestChangedPermissions(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		other := s.as(s.org.Person(t, "oda"))
		id := s.publish(t, `{"postText":"x","permissions":{"users":["`+s.colleague.UserID+`"]},"mention":"`+other.UserID+`","taggedUserIds":["`+other.UserID+`"]}`)
		s.sees(t, s.colleague, id, true)
		s.sees(t, other, id, false) // being mentioned or tagged lets nobody see
		s.call(t, s.author, http.MethodPatch, posts+"/"+id, `{"postText":"y"}`).want(t, http.StatusOK)
		s.sees(t, s.colleague, id, true)
		s.call(t, s.author, http.MethodPatch, posts+"/"+id, `{"permissions":{"taggedUsers":["`+other.UserID+`"]}}`).want(t, http.StatusOK)
		s.sees(t, s.colleague, id, false)
		s.sees(t, other, id, true)
		s.call(t, s.author, http.MethodPatch, posts+"/"+id, `{"permissions":{}}`).want(t, http.StatusOK)
		s.sees(t, other, id, false)
		s.call(t, s.author, http.MethodPatch, posts+"/"+id, `{"permissions":{"users":["`+s.stranger.UserID+`"]}}`).want(t, http.StatusBadRequest)
		s.sees(t, s.colleague, id, false)
	})
}

// null clears other fields, but what would it clear permissions to? Never to more people.
func TestPermissionsAreNotChangedToNull(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		for _, status := range []string{"PUBLISHED", "DRAFT"} {
			id := s.publish(t, `{"postText":"x","permissions":{"onlyMe":true},"status":"`+status+`"}`)
			got := s.call(t, s.author, http.MethodPatch, posts+"/"+id, `{"postText":"y","permissions":null}`).want(t, http.StatusBadRequest)
			if errors := fmt.Sprint(got.body["errors"]); !strings.Contains(errors, "field.null") || !strings.Contains(errors, "pointer:/permissions") || !strings.Contains(errors, "onlyMe") {
				t.Errorf("%s: %v", status, got.body)
			}
			s.sees(t, s.colleague, id, false)
			if got, want := s.shown(t, id), permissionsOf(t, `{"onlyMe":true}`); got != want {
				t.Errorf("%s: permissions %s", status, got)
			}
			s.call(t, s.author, http.MethodPatch, posts+"/"+id, `{"permissions":{"onlyMe":true}}`).want(t, http.StatusOK)
			if text := s.call(t, s.author, http.MethodGet, posts+"/"+id, "").str("postText"); text != "x" {
				t.Errorf("%s: half of the change was made: %q", status, text)
			}
		}
	})
}

func TestAFormerMembersPostsStayAndSayWhoseTheyWere(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		id := s.publish(t, `{"postText":"x"}`)
		s.tell(t, `UPDATE users SET status = 'ARCHIVE' WHERE org_id = ? AND id = ?`, s.org.ID, s.author.UserID)
		got := s.call(t, s.colleague, http.MethodGet, posts+"/"+id, "").want(t, http.StatusOK)
		if u := got.body["user"].(map[string]any); u["id"] != s.author.UserID || u["status"] != "ARCHIVE" {
			t.Errorf("author %v", u)
		}
	})
}

// Inheriting moves drafts and scheduled posts, with permissions that mean the heir now, and
// leaves alone what was published.
func TestAnHeirGetsWhatWasNotPublished(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		heir, friend := s.colleague, s.as(s.org.Person(t, "fay"))
		for _, p := range [][2]string{{heir.UserID, friend.UserID}, {friend.UserID, heir.UserID}} {
			s.tell(t, `INSERT INTO follows (org_id, follower_id, followed_id, created_at) VALUES (?, ?, ?, 0)`, s.org.ID, p[0], p[1])
		}
		public := s.publish(t, `{"postText":"published"}`)
		draft := s.publish(t, `{"postText":"draft","status":"DRAFT","permissions":{"friends":true}}`)
		later, _ := s.schedule(t, `,"permissions":{"onlyMe":true}`)
		err := s.db.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
			return s.posts.Inherit(ctx, tx, s.org.ID, s.author.UserID, heir.UserID)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{draft, later} {
			s.sees(t, s.author, id, false)
			s.sees(t, heir, id, true)
			s.sees(t, friend, id, false)
		}
		s.call(t, heir, http.MethodPatch, posts+"/"+public, `{"postText":"y"}`).want(t, http.StatusForbidden)
		s.call(t, heir, http.MethodPatch, posts+"/"+draft, `{"status":"PUBLISHED"}`).want(t, http.StatusOK)
		s.sees(t, friend, draft, true) // a friend of the heir
		done := make(chan struct{}, 1)
		job.Handle(s.jobs, func(context.Context, after) error { done <- struct{}{}; return nil })
		s.work(t, done)
		s.sees(t, heir, later, true)
		s.sees(t, friend, later, false)
		if got := s.call(t, heir, http.MethodGet, posts, ""); len(texts(got)) != 3 || got.body["meta"].(map[string]any)["totalResults"] != 3.0 {
			t.Errorf("the heir lists %v of %v, want 3", texts(got), got.body["meta"])
		}
	})
}

// sees checks reading one post and the list.
func (s scene) sees(t *testing.T, who authz.Actor, id string, yes bool) {
	t.Helper()
	status := map[bool]int{true: http.StatusOK, false: http.StatusNotFound}[yes]
	s.call(t, who, http.MethodGet, posts+"/"+id, "").want(t, status)
	listed := fmt.Sprint(s.call(t, who, http.MethodGet, posts+"?per_page=1000", "").body["posts"])
	if post := s.call(t, who, http.MethodGet, posts+"/"+id, ""); yes && post.str("status") != "PUBLISHED" {
		return
	}
	if strings.Contains(listed, id) != yes {
		t.Errorf("listed: %t, want %t", !yes, yes)
	}
}

// tell changes the directory and tells it, as its modules do.
func (s scene) tell(t *testing.T, query string, args ...any) {
	t.Helper()
	s.org.Exec(t, query, args...)
	err := s.db.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
		return s.bus.Publish(ctx, tx, bus.Event{OrgID: s.org.ID, Name: "user.updated"})
	})
	if err != nil {
		t.Fatal(err)
	}
}
