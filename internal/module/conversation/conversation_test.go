package conversation_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/testkit/cast"
)

// TestTheFourKinds asks of each kind of group chat what somebody outside sees, reads and gets when
// they want to join.
func TestTheFourKinds(t *testing.T) {
	each(t, func(r *rig) {
		for _, k := range []struct {
			kind             string
			get, read, join  int
			state            string
			listed, mayWrite int
		}{
			{open, 200, 200, 200, "MEMBER", 1, 403},
			{approved, 200, 200, 200, "REQUESTED", 1, 403},
			{listed, 200, 403, 200, "REQUESTED", 1, 403},
			{secret, 404, 404, 404, "", 0, 404},
		} {
			id := r.group(k.kind, r.bob)
			at := groups + "/" + id
			m := r.send(r.bob, id, "over the edge")
			r.call(r.cid, "GET", at, "").want(k.get)
			r.call(r.cid, "GET", "/api/conversations/"+id, "").want(k.get)
			r.call(r.cid, "GET", "/api/"+id+"/messages", "").want(k.read)
			r.call(r.cid, "GET", at+"/members", "").want(k.read)
			r.call(r.cid, "GET", "/api/messages/"+m, "").want(map[int]int{200: 200, 403: 404, 404: 404}[k.read])
			r.call(r.cid, "POST", "/api/"+id+"/messages", `{"message":"hello"}`).want(k.mayWrite)
			found := 0
			for _, c := range r.call(r.cid, "GET", groups+"?per_page=100", "").want(200).objects("conversations") {
				if c.str("id") == id {
					found++
				}
			}
			if found != k.listed {
				r.Errorf("%s: listed %d times", k.kind, found)
			}
			if a := r.call(r.cid, "PUT", at+"/membership", "").want(k.join); a.str("state") != k.state {
				r.Errorf("%s: joining answers %s", k.kind, a.raw)
			}
			if member := k.state == "MEMBER"; r.call(r.cid, "POST", "/api/"+id+"/messages", `{"message":"hello"}`).status == 201 != member {
				r.Errorf("%s: writing does not go with being in", k.kind)
			}
			if total := r.call(r.cid, "GET", groups+"?my_group_chats=true&per_page=100", "").want(200).object("meta").num("totalResults"); k.state == "MEMBER" && total != 1 {
				r.Errorf("%s: %d groups of one's own", k.kind, total)
			}
		}
	})
}

func TestRequestsAreDecidedByAdmins(t *testing.T) {
	each(t, func(r *rig) {
		id, dan := r.group(listed, r.bob), r.person("dan")
		at := groups + "/" + id
		for range 2 {
			r.call(r.cid, "PUT", at+"/membership", "").want(200)
			r.call(dan, "PUT", at+"/membership", "").want(200)
		}
		if !r.call(r.cid, "GET", at, "").want(200).flag("requested") {
			r.Error("who has asked does not see it")
		}
		r.call(r.bob, "GET", at+"/requests", "").want(403, "conversation.notAdmin")
		r.call(r.cid, "GET", at+"/requests", "").want(403, "conversation.notAdmin")
		if n := len(r.call(r.ann, "GET", at+"/requests", "").want(200).objects("members")); n != 2 {
			r.Fatalf("%d requests", n)
		}
		r.call(r.bob, "POST", at+"/requests", `{"approve":["`+r.cid.UserID+`"]}`).want(403, "conversation.notAdmin")
		r.call(r.ann, "POST", at+"/requests", `{"approve":["`+r.bob.UserID+`","`+ids.New()+`"]}`).want(400, "/approve/0", "/approve/1", "conversation.notRequested")
		r.call(r.ann, "POST", at+"/requests", `{"approve":["`+r.cid.UserID+`"],"refuse":["`+r.cid.UserID+`"]}`).want(400, "/refuse/0")
		r.call(r.ann, "POST", at+"/requests", `{"approve":["`+r.cid.UserID+`"],"refuse":"`+dan.UserID+`"}`).want(200)
		r.call(r.cid, "GET", "/api/"+id+"/messages", "").want(200)
		r.call(dan, "GET", "/api/"+id+"/messages", "").want(403)
		if n := len(r.call(r.ann, "GET", at+"/requests", "").want(200).objects("members")); n != 0 {
			r.Errorf("%d requests are left", n)
		}
		r.call(dan, "PUT", at+"/membership", "").want(200)
		r.call(dan, "DELETE", at+"/membership", "").want(204) // withdrawn
		r.call(r.ann, "POST", at+"/requests", `{"approve":["`+dan.UserID+`"]}`).want(400, "conversation.notRequested")
	})
}

func TestLifeOfAGroupChat(t *testing.T) {
	each(t, func(r *rig) {
		r.Exec(r.T, `INSERT INTO categories (org_id, id, module_code, name, name_key, color, created_at, updated_at, created_by, updated_by)
			VALUES (?, ?, 11, 'Sports', 'sports', '#336699', 0, 0, ?, ?)`, r.ID, ids.New(), r.ID, r.ID)
		cover := r.file(r.ann, ids.New())
		a := r.call(r.ann, "POST", groups, `{"title":" Climbing ","groupType":"CHAT_GROUP","isPrivate":"true","category":"sports","fileId":"`+cover+`",
			"members":[{"id":"`+r.bob.UserID+`","isAdmin":false},{"id":"`+r.cid.UserID+`","isAdmin":true}]}`).want(201)
		id := a.str("id")
		at := groups + "/" + id
		if a.str("title") != "Climbing" || a.str("category") != "Sports" || a.object("image").str("id") != cover || a.num("memberCount") != 3 || a.flag("isChannel") ||
			len(a.body["admins"].([]any)) != 2 || len(a.objects("participants")) != 3 || a.header.Get("Location") != at {
			r.Fatalf("made: %s", a.raw)
		}
		r.call(r.bob, "GET", "/api/media/"+cover, "").want(200)
		r.call(r.person("dan"), "GET", "/api/media/"+cover, "").want(404)
		r.call(r.bob, "PATCH", at, `{"title":"Mine"}`).want(403, "conversation.notAdmin")
		r.call(r.cid, "PATCH", at, `{"title":"Boulders","category":null,"fileId":null}`, "If-Match", `"1"`).want(200)
		a = r.call(r.cid, "PATCH", at, `{"title":"Late"}`, "If-Match", `"1"`).want(412)
		a = r.call(r.ann, "PATCH", at, `{"newAdmins":["`+r.bob.UserID+`"],"removedAdmins":["`+r.bob.UserID+`","`+r.cid.UserID+`"]}`).want(200)
		if admins := a.body["admins"].([]any); len(admins) != 2 || slices.Contains(admins, any(r.cid.UserID)) || a.body["category"] != nil || a.body["image"] != nil {
			r.Errorf("changed: %s", a.raw)
		}
		r.call(r.ann, "PATCH", at, `{"removedAdmins":["`+r.ann.UserID+`","`+r.bob.UserID+`"]}`).want(409, "conversation.lastAdmin")
		r.call(r.bob, "DELETE", at+"/membership", "").want(204)
		r.call(r.ann, "DELETE", at+"/membership", "").want(409, "conversation.lastAdmin")
		r.call(r.bob, "GET", at, "").want(404)
		r.call(r.ann, "PATCH", at, `{"removedMembers":["`+r.cid.UserID+`"],"newMembers":["`+r.bob.UserID+`"]}`).want(200)
		r.call(r.cid, "GET", at, "").want(404)
		r.call(r.bob, "DELETE", groups+"?id="+id, "").want(403, "conversation.notAdmin")
		r.call(r.cid, "DELETE", groups+"?id="+id, "").want(404)
		r.call(r.ann, "DELETE", groups, "").want(400, "?id")
		other := r.group(open, r.bob)
		r.send(r.ann, other, "text")
		r.call(r.ann, "DELETE", groups+"?id[]="+id+","+ids.New(), "").want(404)
		r.call(r.ann, "GET", at, "").want(200)
		r.call(r.ann, "DELETE", groups+"?id="+id+"&id="+other, "").want(204)
		r.call(r.ann, "GET", at, "").want(404)
		for _, table := range []string{"conversations", "conversation_members", "messages"} {
			if n := r.count(`SELECT COUNT(*) FROM `+table+` WHERE org_id = ?`, r.ID); n != 0 {
				r.Errorf("%d rows are left in %s", n, table)
			}
		}
		for _, verb := range []string{"created", "updated", "membersChanged", "deleted"} {
			if !r.saw("conversation." + verb + " " + id) {
				r.Errorf("no event conversation.%s", verb)
			}
		}
		moderated := r.group(open)
		r.call(r.admin, "DELETE", groups+"/"+moderated, "").want(204)
	})
}

func TestBadGroupChats(t *testing.T) {
	each(t, func(r *rig) {
		stranger := cast.NewOrg(r.T, r.db).Person(r.T, "eve").UserID
		for body, wants := range map[string][]string{
			`{}`:                              {"/title", "conversation.titleRequired"},
			`{"title":"a\u0007"}`:             {"/title", "conversation.titleInvalid"},
			`{"title":"a","groupType":"X"}`:   {"/groupType"},
			`{"title":"a","category":"None"}`: {"/category", "category.unknown"},
			`{"title":"a","fileId":"` + ids.New() + `"}`: {"/fileId", "media.unknown"},
			`{"title":"a","fileId":"x"}`:                 {"/fileId", "media.unknown"},
			`{"title":"a","members":[{"id":"` + r.bob.UserID + `"},{"id":"` + stranger + `"},{"id":"x"}]}`: {"/members/1/id", "/members/2/id", "user.unknown"},
		} {
			r.call(r.ann, "POST", groups, body).want(400, wants...)
		}
		id := r.group(open)
		r.call(r.ann, "PATCH", groups+"/"+id, `{"newMembers":["`+stranger+`"],"newAdmins":["x"],"title":null}`).want(400, "/newMembers/0", "/newAdmins/0", "/title")
		r.call(r.ann, "GET", groups+"?cursor=x", "").want(400, "?cursor")
		r.call(r.ann, "GET", groups+"?group_type=DIRECT", "").want(400, "?group_type")
		if n := r.count(`SELECT COUNT(*) FROM conversation_members WHERE org_id = ?`, r.ID); n != 1 {
			r.Errorf("%d members", n)
		}
	})
}

func TestDirectConversations(t *testing.T) {
	each(t, func(r *rig) {
		body := func(people ...authz.Actor) string {
			s := ""
			for _, p := range people {
				s += fmt.Sprintf(",%q", p.UserID)
			}
			return `{"userIds":[` + s[1:] + `]}`
		}
		var made sync.Map
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				who, other := r.ann, r.bob
				if i%2 == 1 {
					who, other = other, who
				}
				a := r.call(who, "POST", "/api/conversations", body(other))
				if a.status != 200 && a.status != 201 {
					r.Errorf("status %d: %s", a.status, a.raw)
				}
				made.Store(a.str("id"), true)
			})
		}
		wg.Wait()
		id := ""
		made.Range(func(k, _ any) bool {
			if id != "" {
				r.Errorf("the same people have %s and %s", id, k)
			}
			id = k.(string)
			return true
		})
		r.call(r.ann, "POST", "/api/conversations", body(r.bob, r.ann)).want(200)
		if three := r.call(r.ann, "POST", "/api/conversations", body(r.bob, r.cid)).want(201).str("id"); three == id {
			r.Error("three people have the conversation of two")
		}
		r.send(r.bob, id, "just us")
		r.call(r.cid, "GET", "/api/conversations/"+id, "").want(404)
		r.call(r.cid, "GET", "/api/"+id+"/messages", "").want(404)
		r.call(r.cid, "PUT", groups+"/"+id+"/membership", "").want(404)
		r.call(r.admin, "GET", "/api/"+id+"/messages", "").want(404)
		r.call(r.ann, "DELETE", groups+"/"+id+"/membership", "").want(409, "conversation.direct")
		r.call(r.ann, "PATCH", groups+"/"+id, `{"title":"x"}`).want(409, "conversation.direct")
		r.call(r.ann, "DELETE", groups+"?id="+id, "").want(409, "conversation.direct")
		r.call(r.ann, "POST", "/api/conversations", body(r.ann)).want(400, "/userIds")
		r.call(r.ann, "POST", "/api/conversations", `{"userIds":["`+ids.New()+`"]}`).want(400, "/userIds/0", "user.unknown")
		list := r.call(r.ann, "GET", "/api/conversations", "").want(200).objects("conversations")
		if len(list) != 2 || list[0].str("id") != id && list[1].str("id") != id || len(list[0].objects("participants")) < 2 {
			r.Errorf("list: %v", list)
		}
		if n := len(r.call(r.ann, "GET", groups, "").want(200).objects("conversations")); n != 0 {
			r.Errorf("%d direct conversations among the group chats", n)
		}
	})
}

func TestSettingsAreOnesOwn(t *testing.T) {
	each(t, func(r *rig) {
		id := r.group(open, r.bob)
		at := "/api/conversations/" + id + "/settings"
		until := r.clock.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
		a := r.call(r.bob, "PATCH", at, `{"muted":true,"snoozedUntil":"`+until+`"}`).want(200)
		if !a.flag("muted") || a.str("snoozedUntil") != until {
			r.Errorf("settings: %s", a.raw)
		}
		if a := r.call(r.ann, "GET", groups+"/"+id, "").want(200); a.flag("muted") || a.body["snoozedUntil"] != nil {
			r.Errorf("another's settings: %s", a.raw)
		}
		r.clock.Advance(2 * time.Hour)
		if a := r.call(r.bob, "GET", groups+"/"+id, "").want(200); a.body["snoozedUntil"] != nil || !a.flag("muted") {
			r.Errorf("after the snooze: %s", a.raw)
		}
		r.call(r.bob, "PATCH", at, `{"snoozedUntil":"`+until+`"}`).want(400, "/snoozedUntil")
		r.call(r.cid, "PATCH", at, `{"muted":true}`).want(403, "conversation.notMember")
	})
}

// TestAGroupChatIsAnAudience asks what a group chat admits to, and that only those who know of one
// can name it.
func TestAGroupChatIsAnAudience(t *testing.T) {
	each(t, func(r *rig) {
		id := r.group(secret, r.bob)
		p := audience.Permissions{Groups: []string{id}}
		intern := func(author authz.Actor) (n int64, err error) {
			err = r.db.Write(r.Context(), func(ctx context.Context, tx db.Tx) (err error) {
				n, err = r.audiences.Intern(ctx, tx, r.ID, author.UserID, p)
				return err
			})
			return n, err
		}
		n, err := intern(r.ann)
		if err != nil {
			r.Fatal(err)
		}
		if _, err := intern(r.cid); err == nil {
			r.Error("somebody names a group chat they must not know of")
		}
		sees := func(who authz.Actor, want bool) {
			r.Helper()
			set, err := r.audiences.Visible(r.Context(), who)
			members, err2 := r.audiences.Members(r.Context(), r.db.Reader(r.Context()), r.ID, n, "", 100)
			if err != nil || err2 != nil || set.Has(n) != want || slices.Contains(members, who.UserID) != want {
				r.Errorf("sees it: %t, is a member: %v; want %t (%v, %v)", set.Has(n), members, want, err, err2)
			}
		}
		sees(r.bob, true)
		sees(r.cid, false)
		r.call(r.ann, "PATCH", groups+"/"+id, `{"newMembers":["`+r.cid.UserID+`"]}`).want(200)
		sees(r.cid, true)
		r.call(r.cid, "DELETE", groups+"/"+id+"/membership", "").want(204)
		sees(r.cid, false)
		r.call(r.ann, "DELETE", groups+"?id="+id, "").want(204)
		sees(r.bob, false)
	})
}

func TestAnArchivedAdminIsFollowedByTheEldest(t *testing.T) {
	each(t, func(r *rig) {
		id := r.group(open)
		for _, who := range []authz.Actor{r.cid, r.bob} {
			r.clock.Advance(time.Second)
			r.call(who, "PUT", groups+"/"+id+"/membership", "").want(200)
		}
		r.Exec(r.T, `UPDATE users SET status = 'ARCHIVE' WHERE id = ?`, r.ann.UserID)
		err := r.db.Write(r.Context(), func(ctx context.Context, tx db.Tx) error {
			return r.service.PeopleChanged(ctx, tx, r.ID, []string{r.ann.UserID})
		})
		if err != nil {
			r.Fatal(err)
		}
		if a := r.call(r.bob, "GET", groups+"/"+id, "").want(200); !slices.Contains(a.body["admins"].([]any), any(r.cid.UserID)) || a.num("memberCount") != 2 {
			r.Errorf("admins: %s", a.raw)
		}
	})
}
