package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// subscription is one of a browser; %N makes it another's.
const subscription = `{"name":"%N","endpoint":"https://push.example.net/send/%N","keys":{` +
	`"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}`

// told does what is due and gives somebody's inbox, newest first, as "kind subject count".
func (h *house) told(t *testing.T, key string) (list []string) {
	t.Helper()
	if err := h.Notifications.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, o := range h.call(t, key, http.MethodGet, "/api/notifications?per_page=100", "", http.StatusOK)["notifications"].([]any) {
		e := o.(map[string]any)
		subject := "-"
		if s, ok := e["subject"].(map[string]any); ok {
			subject = s["kind"].(string)
		}
		list = append(list, fmt.Sprintf("%s %s %v", e["kind"], subject, e["count"]))
	}
	return list
}

// expect fails unless somebody's inbox has just this.
func (h *house) expect(t *testing.T, what, key string, want ...string) {
	t.Helper()
	// On PostgreSQL a transaction that is open in any database of the server, such as another
	// test's, holds events back for a moment.
	got := h.told(t, key)
	for tries := 0; !slices.Equal(got, want) && tries < 100; tries++ {
		time.Sleep(20 * time.Millisecond)
		got = h.told(t, key)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: told %q, want %q", what, got, want)
	}
}

// forget takes everything out of all inboxes.
func (h *house) forget(t *testing.T) {
	t.Helper()
	if err := h.Notifications.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := h.o.DB.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM notification_inbox`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(time.Hour)
}

func TestPostsAndCommentsTellThoseWhomTheyConcern(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		_, cidKey := h.person(t, "cid")
		post := h.create(t, annKey, "/api/posts", `{"postText":"x","mention":["`+bob+`","`+ann+`"]}`)
		h.expect(t, "a mention", bobKey, "mention post 1")
		h.expect(t, "of oneself", annKey)
		h.call(t, annKey, http.MethodPatch, "/api/posts/"+post, `{"postText":"y","mention":["`+bob+`"]}`, http.StatusOK)
		h.expect(t, "a mention that stays", bobKey, "mention post 1")
		h.forget(t)

		first := h.create(t, bobKey, "/api/posts/"+post+"/comments", `{"text":"a"}`)
		h.create(t, cidKey, "/api/posts/"+post+"/comments", `{"text":"b"}`)
		h.expect(t, "two comments", annKey, "comment post 2")
		h.expect(t, "one's own comment", bobKey)
		h.create(t, cidKey, "/api/posts/"+post+"/comments", `{"text":"c","parentId":"`+first+`"}`)
		h.expect(t, "a reply", bobKey, "reply post 1")
		h.create(t, cidKey, "/api/posts/"+post+"/comments", `{"text":"d","parentId":"`+first+`","mention":["`+bob+`"]}`)
		h.expect(t, "a reply that mentions", bobKey, "mention post 1", "reply post 1")
		h.forget(t)

		hidden := h.create(t, annKey, "/api/posts", `{"postText":"x","mention":["`+bob+`"],"permissions":{"onlyMe":true}}`)
		h.expect(t, "a mention in what they may not see", bobKey)
		h.call(t, annKey, http.MethodPatch, "/api/posts/"+hidden, `{"permissions":{"public":true}}`, http.StatusOK)
		h.expect(t, "a mention in what they may see now", bobKey, "mention post 1")
		h.call(t, annKey, http.MethodPatch, "/api/posts/"+hidden, `{"permissions":{"onlyMe":true}}`, http.StatusOK)
		h.expect(t, "what they may not see any more", bobKey)
		if n := h.call(t, bobKey, http.MethodGet, "/api/notifications/unread", "", http.StatusOK)["unreadCount"]; n != 0.0 {
			t.Errorf("%v unread that nobody shows", n)
		}
		draft := h.create(t, annKey, "/api/posts", `{"postText":"x","status":"DRAFT","mention":["`+bob+`"]}`)
		h.expect(t, "a draft", bobKey)
		h.call(t, annKey, http.MethodPatch, "/api/posts/"+draft, `{"status":"PUBLISHED"}`, http.StatusOK)
		h.expect(t, "a draft that is published", bobKey, "mention post 1")
		h.call(t, annKey, http.MethodDelete, "/api/posts/"+draft, "", http.StatusNoContent)
		h.expect(t, "what is gone", bobKey)
	})
}

func TestTasksChatsAndAcknowledgementsTellThoseWhomTheyConcern(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		_, cidKey := h.person(t, "cid")
		task := h.create(t, annKey, "/api/tasks", `{"title":"x","content":"y","userIds":["`+bob+`","`+ann+`"]}`)
		h.expect(t, "a task", bobKey, "task task 1")
		h.expect(t, "one's own task", annKey)
		h.call(t, annKey, http.MethodPatch, "/api/tasks/assign/"+task, `{"removeIds":["`+bob+`"]}`, http.StatusOK)
		h.expect(t, "a task that was taken away", bobKey)
		course := h.create(t, annKey, "/api/courses", `{"title":"x","status":"publish"}`)
		h.create(t, annKey, "/api/tasks", `{"title":"x","content":"y","courseId":"`+course+`"}`)
		h.call(t, annKey, http.MethodPatch, "/api/courses/"+course+"/assign", `{"userIds":["`+bob+`"]}`, http.StatusOK)
		h.expect(t, "a course with a task", bobKey, "course course 1")
		h.forget(t)

		chat := h.create(t, annKey, "/api/group-chats", `{"title":"Climbing","isPrivate":false,"byRequest":true}`)
		h.call(t, bobKey, http.MethodPut, "/api/group-chats/"+chat+"/membership", "", http.StatusOK)
		h.expect(t, "a request", annKey, "joinRequest conversation 1")
		h.call(t, annKey, http.MethodPost, "/api/group-chats/"+chat+"/requests", `{"approve":["`+bob+`"]}`, http.StatusOK)
		h.expect(t, "an approval", bobKey, "joinApproved conversation 1")
		h.forget(t)
		said := h.create(t, annKey, "/api/"+chat+"/messages", `{"message":"hello","mention":["`+bob+`"]}`)
		h.expect(t, "a mention in a message", bobKey, "mention message 1")
		h.create(t, bobKey, "/api/"+chat+"/messages", `{"message":"yes","replyOfMsgId":"`+said+`"}`)
		h.expect(t, "an answer", annKey, "reply message 1")
		h.call(t, bobKey, http.MethodPatch, "/api/conversations/"+chat+"/settings", `{"muted":true}`, http.StatusOK)
		h.create(t, annKey, "/api/"+chat+"/messages", `{"message":"hello?","mention":["`+bob+`"]}`)
		h.expect(t, "a mention in a muted chat", bobKey, "mention message 1")
		h.forget(t)

		h.create(t, annKey, "/api/news", `{"newsTitle":"Rules","acknowledgementRequired":true,"permissions":{"users":["`+bob+`"]}}`)
		h.expect(t, "an acknowledgement", bobKey, "acknowledgement news 1")
		h.expect(t, "the author", annKey)
		h.expect(t, "who does not see it", cidKey)
	})
}

// inboxes is what inboxes must have, as a model of the rules says.
type inboxes struct {
	posts map[string]*modelPost // by id
	told  map[string]bool       // key and person
	mute  map[string]bool       // person and kind
	box   map[int][]*modelEntry // by person
}

type modelPost struct {
	author  int
	public  bool
	readers []int
	parents map[string]int // comments by id: whose
}

type modelEntry struct {
	kind, post string
	count      int
	read       bool
}

func (p *modelPost) seen(by int) bool {
	return p.author == by || p.public || slices.Contains(p.readers, by)
}

func (m *inboxes) tell(kind, key, post string, actor int, people ...int) {
	for _, who := range people {
		at := fmt.Sprint(key, " ", who)
		if who == actor || !m.posts[post].seen(who) || m.told[at] {
			continue
		}
		if m.told[at] = true; m.mute[fmt.Sprint(who, kind)] {
			continue
		}
		i := slices.IndexFunc(m.box[who], func(e *modelEntry) bool { return !e.read && e.kind == kind && e.post == post })
		if i < 0 {
			m.box[who] = append(m.box[who], &modelEntry{kind: kind, post: post, count: 1})
		} else {
			m.box[who][i].count++
		}
	}
}

// TestInboxesHaveWhatTheModelSays plays random acts, changes of visibility and of preferences.
func TestInboxesHaveWhatTheModelSays(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		game := 0
		rapid.Check(t, func(rt *rapid.T) {
			if rapid.IntRange(1, 5).Draw(rt, "one of five is played") > 1 {
				return
			}
			game++
			ids, keys := make([]string, 3), make([]string, 3)
			for i := range ids {
				ids[i], keys[i] = h.person(t, fmt.Sprintf("g%dp%d", game, i))
			}
			m := &inboxes{posts: map[string]*modelPost{}, told: map[string]bool{}, mute: map[string]bool{}, box: map[int][]*modelEntry{}}
			g := &inboxGame{house: h, t: t, rt: rt, ids: ids, keys: keys, m: m}
			for range rapid.IntRange(4, 14).Draw(rt, "acts") {
				g.act()
				g.check()
			}
		})
	})
}

type inboxGame struct {
	*house
	t         *testing.T
	rt        *rapid.T
	ids, keys []string
	m         *inboxes
}

func (g *inboxGame) anybody(what string) int { return rapid.IntRange(0, 2).Draw(g.rt, what) }

func (g *inboxGame) mentions() (people []int, text string) {
	people = rapid.SliceOfNDistinct(rapid.IntRange(0, 2), 0, 3, rapid.ID[int]).Draw(g.rt, "mentions")
	list := make([]string, len(people))
	for i, p := range people {
		list[i] = `"` + g.ids[p] + `"`
	}
	return people, "[" + strings.Join(list, ",") + "]"
}

// audience draws who may see a post.
func (g *inboxGame) audience(p *modelPost) string {
	p.public, p.readers = false, nil
	switch rapid.IntRange(0, 2).Draw(g.rt, "audience") {
	case 0:
		p.public = true
		return `{"public":true}`
	case 1:
		return `{"onlyMe":true}`
	}
	reader := g.anybody("reader")
	p.readers = []int{reader}
	return `{"users":["` + g.ids[reader] + `"]}`
}

func (g *inboxGame) act() {
	posts := []string{}
	for id := range g.m.posts {
		posts = append(posts, id)
	}
	slices.Sort(posts)
	act := rapid.SampledFrom([]string{"post", "comment", "comment", "comment", "readdress", "edit", "mute", "read"}).Draw(g.rt, "act")
	if len(posts) == 0 {
		act = "post"
	}
	switch act {
	case "post":
		p := &modelPost{author: g.anybody("author"), parents: map[string]int{}}
		people, list := g.mentions()
		id := g.create(g.t, g.keys[p.author], "/api/posts", `{"postText":"x","mention":`+list+`,"permissions":`+g.audience(p)+`}`)
		g.m.posts[id] = p
		g.m.tell("mention", id, id, p.author, people...)
	case "edit":
		id := rapid.SampledFrom(posts).Draw(g.rt, "post")
		p := g.m.posts[id]
		people, list := g.mentions()
		g.call(g.t, g.keys[p.author], http.MethodPatch, "/api/posts/"+id, `{"mention":`+list+`}`, http.StatusOK)
		g.m.tell("mention", id, id, p.author, people...)
	case "readdress":
		id := rapid.SampledFrom(posts).Draw(g.rt, "post")
		p := g.m.posts[id]
		g.call(g.t, g.keys[p.author], http.MethodPatch, "/api/posts/"+id, `{"permissions":`+g.audience(p)+`,"mention":[]}`, http.StatusOK)
	case "comment":
		g.comment(rapid.SampledFrom(posts).Draw(g.rt, "post"))
	case "mute":
		who, kind := g.anybody("who"), rapid.SampledFrom([]string{"mention", "comment", "reply"}).Draw(g.rt, "kind")
		off := rapid.Bool().Draw(g.rt, "off")
		for _, k := range []string{"mention", "comment", "reply"} {
			g.m.mute[fmt.Sprint(who, k)] = k == kind && off
		}
		g.call(g.t, g.keys[who], http.MethodPut, "/api/notifications/preferences", fmt.Sprintf(`{"kinds":{%q:{"inApp":%t}}}`, kind, !off), http.StatusOK)
	case "read":
		who := g.anybody("who")
		g.call(g.t, g.keys[who], http.MethodPut, "/api/notifications/read", `{"until":"2099-01-01T00:00:00Z"}`, http.StatusOK)
		for _, e := range g.m.box[who] {
			e.read = true
		}
	}
}

func (g *inboxGame) comment(post string) {
	p, who := g.m.posts[post], g.anybody("who")
	people, list := g.mentions()
	body, parent := `{"text":"x","mention":`+list+`}`, ""
	if parents := sortedKeys(p.parents); len(parents) > 0 && rapid.Bool().Draw(g.rt, "a reply") {
		parent = rapid.SampledFrom(parents).Draw(g.rt, "parent")
		body = `{"text":"x","mention":` + list + `,"parentId":"` + parent + `"}`
	}
	if !p.seen(who) {
		g.call(g.t, g.keys[who], http.MethodPost, "/api/posts/"+post+"/comments", body, http.StatusNotFound)
		return
	}
	id := g.create(g.t, g.keys[who], "/api/posts/"+post+"/comments", body)
	g.m.tell("mention", id, post, who, people...)
	if parent == "" {
		p.parents[id] = who
	} else {
		g.m.tell("reply", id, post, who, p.parents[parent])
	}
	g.m.tell("comment", id, post, who, p.author)
}

func sortedKeys[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

func (g *inboxGame) check() {
	if err := g.Notifications.Work(g.t.Context()); err != nil {
		g.rt.Fatal(err)
	}
	for who, key := range g.keys {
		var want, got []string
		unread := 0
		for _, e := range g.m.box[who] {
			if g.m.posts[e.post].seen(who) {
				want = append(want, fmt.Sprintf("%s %s %d %t", e.kind, e.post, e.count, e.read))
				if !e.read {
					unread++
				}
			}
		}
		answer := g.call(g.t, key, http.MethodGet, "/api/notifications?per_page=1000", "", http.StatusOK)
		for _, o := range answer["notifications"].([]any) {
			e := o.(map[string]any)
			got = append(got, fmt.Sprintf("%s %s %v %t", e["kind"], e["subject"].(map[string]any)["id"], e["count"], e["isRead"]))
		}
		slices.Sort(want)
		if slices.Sort(got); !slices.Equal(got, want) || answer["unreadCount"] != float64(unread) || answer["meta"].(map[string]any)["totalResults"] != float64(len(want)) {
			g.rt.Fatalf("person %d finds %q, unread %v; want %q, %d", who, got, answer["unreadCount"], want, unread)
		}
	}
}
