package conversation_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

func TestLifeOfAMessage(t *testing.T) {
	each(t, func(r *rig) {
		id := r.group(secret, r.bob)
		file, second := r.file(r.bob, ids.New()), r.file(r.bob, ids.New())
		a := r.call(r.bob, "GET", "/api/"+id+"/messages", `{"message":"see https://example.com","mention":["`+r.ann.UserID+`"],"fileIds":["`+file+`","`+second+`"]}`).want(201)
		m := "/api/messages/" + a.str("id")
		if a.num("seq") != 1 || a.object("mention").str("id") != r.ann.UserID || len(a.object("files").objects("files")) != 2 || a.object("sender").str("id") != r.bob.UserID ||
			a.str("conversationId") != id || a.header.Get("Deprecation") != "true" {
			r.Fatalf("sent: %s", a.raw)
		}
		r.call(r.ann, "GET", "/api/media/"+file, "").want(200)
		r.call(r.cid, "GET", "/api/media/"+file, "").want(404)
		reply := r.call(r.ann, "POST", "/api/"+id+"/messages", `{"message":"answer","replyOfMsgId":"`+a.str("id")+`"}`).want(201)
		if reply.str("replyOfMsgId") != a.str("id") || r.call(r.bob, "GET", m, "").want(200).num("repliesCount") != 1 {
			r.Errorf("reply: %s", reply.raw)
		}
		if list := r.call(r.bob, "GET", m+"/replies", "").want(200).objects("messages"); len(list) != 1 || list[0].str("message") != "answer" {
			r.Errorf("replies: %v", list)
		}
		r.call(r.ann, "PATCH", m, `{"message":"not mine"}`).want(403, "message.notSender")
		if a = r.call(r.bob, "PATCH", m, `{"message":"better","fileId":["`+file+`"]}`, "If-Match", `"1"`).want(200); a.str("message") != "better" || !a.flag("isEdited") {
			r.Errorf("changed: %s", a.raw)
		}
		r.call(r.bob, "PATCH", m, `{"message":"late"}`, "If-Match", `"1"`).want(412)
		r.call(r.ann, "GET", "/api/media/"+second, "").want(404)
		for _, who := range []authz.Actor{r.ann, r.bob, r.ann} {
			a = r.call(who, "PUT", m+"/reactions/like", "").want(200)
		}
		if a.num("total") != 2 || len(r.call(r.ann, "GET", m, "").want(200).body["myReactions"].([]any)) != 1 {
			r.Errorf("reactions: %s", a.raw)
		}
		r.call(r.bob, "DELETE", m+"/reactions/like", "").want(204)
		r.call(r.bob, "PUT", m+"/pin", "").want(403, "conversation.notAdmin")
		r.call(r.ann, "PUT", m+"/pin", "").want(200)
		if pins := r.call(r.bob, "GET", "/api/conversations/"+id+"/pins", "").want(200).objects("messages"); len(pins) != 1 {
			r.Errorf("pinned: %v", pins)
		}
		r.call(r.bob, "DELETE", m, "").want(204)
		for _, target := range []string{m, m + "/replies"} {
			r.call(r.ann, "GET", target, "").want(404)
		}
		r.call(r.ann, "GET", "/api/media/"+file, "").want(404)
		r.call(r.ann, "POST", "/api/"+id+"/messages", `{"message":"to nothing","replyOfMsgId":"`+strings.TrimPrefix(m, "/api/messages/")+`"}`).want(400, "/replyOfMsgId")
		grave := r.call(r.ann, "GET", "/api/"+id+"/messages", "").want(200).objects("messages")[0]
		if !grave.flag("isDeleted") || grave.str("message") != "" || len(grave.object("files").objects("files")) != 0 || grave.body["pinnedAt"] != nil || len(grave.objects("reactions")) != 0 {
			r.Errorf("deleted: %s", grave.raw)
		}
		for _, verb := range []string{"sent", "edited", "reacted", "pinned", "deleted"} {
			if !r.saw("message." + verb + " " + strings.TrimPrefix(m, "/api/messages/")) {
				r.Errorf("no event message.%s", verb)
			}
		}
		if !slices.ContainsFunc(r.payload, func(p string) bool {
			return strings.Contains(p, `"conversationId":"`+id+`","seq":2,"by":"`+r.ann.UserID+`"`)
		}) {
			r.Errorf("events: %v", r.payload)
		}
	})
}

func TestModeratorsReadWhatWasSaidBefore(t *testing.T) {
	each(t, func(r *rig) {
		id, hidden := r.group(open, r.bob), r.group(secret, r.bob)
		m := "/api/messages/" + r.send(r.bob, id, "first")
		r.call(r.bob, "PATCH", m, `{"message":"second"}`).want(200)
		if edits := r.call(r.admin, "GET", m+"/edits", "").want(200).objects("edits"); len(edits) != 1 || edits[0].str("message") != "first" || edits[0].str("by") != r.bob.UserID {
			r.Errorf("edits: %v", edits)
		}
		r.call(r.ann, "GET", m+"/edits", "").want(403, "message.notSender")
		r.call(r.bob, "GET", m+"/edits", "").want(200)
		r.call(r.admin, "GET", "/api/messages/"+r.send(r.bob, hidden, "x")+"/edits", "").want(404)
		r.call(r.cid, "DELETE", m, "").want(403, "message.notSender")
		r.call(r.admin, "DELETE", m, "").want(204)
		r.call(r.ann, "DELETE", "/api/messages/"+r.send(r.bob, id, "rude"), "").want(204) // by the group's admin
	})
}

func TestBadMessagesAreNamedAndWriteNothing(t *testing.T) {
	each(t, func(r *rig) {
		id, other := r.group(open, r.bob), r.group(open, r.bob)
		elsewhere := r.send(r.bob, other, "elsewhere")
		theirs := r.file(r.ann, ids.New())
		for body, wants := range map[string][]string{
			`{}`:               {"/message", "message.empty"},
			`{"message":"  "}`: {"/message", "message.empty"},
			`{"message":"` + strings.Repeat("x", 64<<10+1) + `"}`: {"/message", "field.tooLong"},
			`{"message":"a","mention":["` + ids.New() + `"]}`:     {"/mention/0", "user.unknown"},
			`{"message":"a","mention":["x"]}`:                     {"/mention", "field.format"},
			`{"message":"a","replyOfMsgId":"` + elsewhere + `"}`:  {"/replyOfMsgId", "message.elsewhere"},
			`{"message":"a","replyOfMsgId":"x"}`:                  {"/replyOfMsgId", "message.elsewhere"},
			`{"message":"a","fileId":"` + theirs + `"}`:           {"/fileId/0", "media.unknown"},
			`{"message":"a","fileId":["x"]}`:                      {"/fileId/0", "media.unknown"},
			`{"message":"a","links":["ftp://x"],"gif":"x"}`:       {"/links", "/gif"},
		} {
			r.call(r.bob, "POST", "/api/"+id+"/messages", body).want(400, wants...)
		}
		r.call(r.bob, "POST", "/api/"+id+"/messages", `{"message":"`+strings.Repeat("x", 64<<10)+`"}`).want(201)
		if n := r.count(`SELECT last_seq FROM conversations WHERE org_id = ? AND id = ?`, r.ID, id); n != 1 {
			r.Errorf("the next number is %d", n+1)
		}
		for _, query := range []string{"cursor=x", "around=x", "around=" + elsewhere, "cursor=a&around=b"} {
			r.call(r.bob, "GET", "/api/"+id+"/messages?"+query, "").want(400)
		}
		cursor := r.call(r.bob, "GET", "/api/"+other+"/messages", "").want(200).object("meta").str("newerCursor")
		r.call(r.bob, "GET", "/api/"+id+"/messages?cursor="+cursor, "").want(400, "?cursor")
		r.call(r.bob, "POST", "/api/"+ids.New()+"/messages", `{"message":7`).want(404)
		r.call(r.bob, "POST", "/api/notanid/messages", `{"message":"a"}`).want(404)
	})
}

func TestOnlyAdminsWriteInARoom(t *testing.T) {
	each(t, func(r *rig) {
		a := r.call(r.ann, "POST", groups, `{"groupType":"ROOM","title":"News","members":[{"id":"`+r.bob.UserID+`"}]}`).want(201)
		if !a.flag("isChannel") || a.str("type") != "ROOM" {
			r.Errorf("room: %s", a.raw)
		}
		r.call(r.bob, "POST", "/api/"+a.str("id")+"/messages", `{"message":"a"}`).want(403, "conversation.channel")
		m := r.send(r.ann, a.str("id"), "a")
		r.call(r.bob, "PUT", "/api/messages/"+m+"/reactions/like", "").want(200)
	})
}

func TestHistoryGoesBothWaysAndAround(t *testing.T) {
	each(t, func(r *rig) {
		id := r.group(open, r.bob)
		var sent []string
		for i := range 11 {
			sent = append(sent, r.send(r.bob, id, fmt.Sprint("m", i)))
		}
		page := func(query string) (list []string, older, newer string) {
			r.Helper()
			a := r.call(r.ann, "GET", "/api/"+id+"/messages?per_page=4"+query, "").want(200)
			for _, m := range a.objects("messages") {
				list = append(list, m.str("id"))
			}
			if n := a.object("meta").num("totalResults"); n != 11 {
				r.Errorf("%d messages in total", n)
			}
			return list, a.object("meta").str("olderCursor"), a.object("meta").str("newerCursor")
		}
		all, older, newest := page("")
		for older != "" {
			var more []string
			more, older, _ = page("&cursor=" + older)
			all = append(more, all...)
		}
		if !slices.Equal(all, sent) {
			r.Errorf("backwards: %v, want %v", all, sent)
		}
		middle, back, on := page("&around=" + sent[5])
		if !slices.Equal(middle, sent[3:7]) {
			r.Errorf("around: %v, want %v", middle, sent[3:7])
		}
		if before, _, _ := page("&cursor=" + back); !slices.Equal(before, sent[0:3]) {
			r.Errorf("before: %v", before)
		}
		if after, _, _ := page("&cursor=" + on); !slices.Equal(after, sent[7:11]) {
			r.Errorf("after: %v", after)
		}
		if first, _, _ := page("&around=" + sent[0]); !slices.Equal(first, sent[0:4]) {
			r.Errorf("around the first: %v", first)
		}
		if none, _, _ := page("&cursor=" + newest); len(none) != 0 {
			r.Errorf("newer than the newest: %v", none)
		}
	})
}

// TestCursorsLeadThroughEveryList walks the lists that have cursors in pages of two.
func TestCursorsLeadThroughEveryList(t *testing.T) {
	each(t, func(r *rig) {
		id := r.group(open, r.bob)
		first := r.send(r.ann, id, "first words")
		for range 5 {
			r.clock.Advance(time.Second)
			m := r.call(r.bob, "POST", "/api/"+id+"/messages", `{"message":"words","replyOfMsgId":"`+first+`"}`).want(201).str("id")
			r.call(r.ann, "PUT", "/api/messages/"+m+"/pin", "").want(200)
			r.group(secret)
		}
		for path, want := range map[string]struct {
			list string
			n    int
		}{
			"/api/messages/" + first + "/replies?": {"messages", 5}, "/api/conversations/" + id + "/pins?": {"messages", 5}, "/api/messages?q=words&": {"messages", 6},
			groups + "?": {"conversations", 6}, "/api/conversations?": {"conversations", 6},
		} {
			seen := map[string]bool{}
			for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
				a := r.call(r.ann, "GET", path+"per_page=2&cursor="+cursor, "").want(200)
				for _, o := range a.objects(want.list) {
					if seen[o.str("id")] {
						r.Errorf("%s shows %s twice", path, o.str("id"))
					}
					seen[o.str("id")] = true
				}
				if cursor = a.object("meta").str("nextCursor"); a.object("meta").num("totalResults") != want.n || pages > 5 {
					r.Fatalf("%s: %s", path, a.raw)
				}
			}
			if len(seen) != want.n {
				r.Errorf("%s leads to %d, want %d", path, len(seen), want.n)
			}
		}
	})
}

func TestMessagesAreFoundByWhoReadsThem(t *testing.T) {
	each(t, func(r *rig) {
		shared, private := r.group(open, r.bob), r.group(secret, r.bob)
		m := r.send(r.bob, private, "carabiner under the roof")
		r.send(r.bob, shared, "carabiner in the hall")
		find := func(who authz.Actor, q, in string) int {
			r.Helper()
			a := r.call(who, "GET", "/api/messages?q="+url.QueryEscape(q)+in, "").want(200)
			if n := a.object("meta").num("totalResults"); n != len(a.objects("messages")) {
				r.Errorf("%d of %d", len(a.objects("messages")), n)
			}
			return len(a.objects("messages"))
		}
		for _, c := range []struct {
			who  authz.Actor
			q    string
			in   string
			want int
		}{
			{r.bob, "carabiner", "", 2}, {r.bob, "roof", "", 1}, {r.bob, "carab", "&conversationId=" + shared, 1}, {r.bob, "nothing", "", 0}, {r.bob, "!", "", 0},
			{r.cid, "carabiner", "", 0}, {r.cid, "carabiner", "&conversationId=" + shared, 1},
		} {
			if n := find(c.who, c.q, c.in); n != c.want {
				r.Errorf("%q%s finds %d, want %d", c.q, c.in, n, c.want)
			}
		}
		r.call(r.cid, "GET", "/api/messages?q=a&conversationId="+private, "").want(400, "?conversationId")
		r.call(r.bob, "GET", "/api/messages", "").want(400, "?q")
		r.call(r.bob, "PATCH", "/api/messages/"+m, `{"message":"rope"}`).want(200)
		if find(r.bob, "roof", "") != 0 || find(r.bob, "rope", "") != 1 {
			r.Error("a changed message is found by its old words")
		}
		r.call(r.bob, "DELETE", "/api/messages/"+m, "").want(204)
		if find(r.bob, "rope", "") != 0 {
			r.Error("a deleted message is found")
		}
		r.call(r.ann, "PATCH", groups+"/"+shared, `{"removedMembers":["`+r.bob.UserID+`"]}`).want(200)
		if find(r.bob, "carabiner", "") != 0 {
			r.Error("who has left finds messages among their own")
		}
	})
}

// TestSendersAtTheSameTimeLeaveNoGap has several people send, join and delete at once.
func TestSendersAtTheSameTimeLeaveNoGap(t *testing.T) {
	each(t, func(r *rig) {
		id := r.group(open, r.bob, r.cid)
		var wg sync.WaitGroup
		for _, who := range []authz.Actor{r.ann, r.bob, r.cid} {
			wg.Go(func() {
				for i := range 8 {
					m := r.call(who, "POST", "/api/"+id+"/messages", fmt.Sprintf(`{"message":"m%d"}`, i))
					if m.status != 201 {
						r.Errorf("status %d: %s", m.status, m.raw)
					}
					if i == 3 {
						r.call(who, "DELETE", "/api/messages/"+m.str("id"), "")
						r.call(who, "PUT", "/api/conversations/"+id+"/read", "")
					}
				}
			})
		}
		wg.Wait()
		list := r.call(r.ann, "GET", "/api/"+id+"/messages?per_page=100", "").want(200).objects("messages")
		for i, m := range list {
			if m.num("seq") != i+1 {
				r.Fatalf("message %d has number %d", i+1, m.num("seq"))
			}
		}
		for _, who := range []authz.Actor{r.ann, r.bob, r.cid} {
			a := r.call(who, "GET", "/api/conversations/"+id, "").want(200)
			unread := 0
			for _, m := range list {
				if m.num("seq") > a.num("readSeq") && m.str("createdBy") != who.UserID && !m.flag("isDeleted") {
					unread++
				}
			}
			if len(list) != 24 || a.num("newResponseCount") != unread {
				r.Errorf("%d messages, %d unread, want %d", len(list), a.num("newResponseCount"), unread)
			}
		}
	})
}

func TestSendingAgainWithTheSameKeySendsOnce(t *testing.T) {
	each(t, func(r *rig) {
		id := r.group(open)
		first := r.call(r.ann, "POST", "/api/"+id+"/messages", `{"message":"once"}`, "Idempotency-Key", "k1").want(201).str("id")
		r.clock.Advance(time.Second)
		if again := r.call(r.ann, "POST", "/api/"+id+"/messages", `{"message":"once"}`, "Idempotency-Key", "k1").want(201); again.str("id") != first {
			r.Errorf("sent again: %s", again.raw)
		}
		if n := r.count(`SELECT COUNT(*) FROM messages WHERE org_id = ?`, r.ID); n != 1 {
			r.Errorf("%d messages", n)
		}
	})
}

// TestAGroupChatThatIsDeletedLetsGoOfItsFiles deletes one whose cover and messages have files.
func TestAGroupChatThatIsDeletedLetsGoOfItsFiles(t *testing.T) {
	each(t, func(r *rig) {
		cover, onTwo := r.file(r.ann, ids.New()), r.file(r.bob, ids.New())
		id := r.call(r.ann, "POST", groups, `{"title":"Climbing","fileId":"`+cover+`","members":[{"id":"`+r.bob.UserID+`"}]}`).want(201).str("id")
		other := r.group(secret, r.bob)
		for _, in := range []string{id, id, other} {
			r.call(r.bob, "POST", "/api/"+in+"/messages", `{"message":"plan","fileIds":["`+onTwo+`"]}`).want(201)
		}
		r.call(r.ann, "DELETE", "/api/media/"+cover, "").want(409, "media.used")
		r.call(r.ann, "DELETE", groups+"?id="+id, "").want(204)
		r.call(r.ann, "DELETE", "/api/media/"+cover, "").want(204)
		r.call(r.bob, "DELETE", "/api/media/"+onTwo, "").want(409, "media.used") // the other one has it still
		r.call(r.ann, "DELETE", groups+"?id="+other, "").want(204)
		r.call(r.bob, "DELETE", "/api/media/"+onTwo, "").want(204)
	})
}
