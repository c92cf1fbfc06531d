package conversation_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// said is a message of the model.
type said struct {
	id      string
	by      int
	deleted bool
}

// model is a conversation as simply as it can be thought of.
type model struct {
	messages []said
	in       map[int]bool
	read     map[int]int // how many of the messages a member has read
	private  bool
}

func (m *model) unread(who int) (n int) {
	for _, s := range m.messages[m.read[who]:] {
		if s.by != who && !s.deleted {
			n++
		}
	}
	return n
}

// TestMembershipsAndMessagesAgreeWithAPlainModel joins, leaves, sends, deletes and reads at random
// and holds what everybody sees, and has not read, against a model.
func TestMembershipsAndMessagesAgreeWithAPlainModel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		people := []authz.Actor{r.ann, r.bob, r.cid, r.person("dan")}
		rapid.Check(t, func(rt *rapid.T) {
			m := model{in: map[int]bool{0: true}, read: map[int]int{}, private: rapid.Bool().Draw(rt, "private")}
			id := r.group(map[bool]string{true: secret, false: open}[m.private])
			for range rapid.IntRange(1, 14).Draw(rt, "steps") {
				m.step(r, rt, id, people)
			}
			for i := range people {
				m.compare(r, id, i, people[i])
			}
		})
	})
}

// step does something by somebody, in both worlds.
func (m *model) step(r *rig, rt *rapid.T, id string, people []authz.Actor) {
	i := rapid.IntRange(0, len(people)-1).Draw(rt, "who")
	who, at := people[i], groups+"/"+id
	switch rapid.SampledFrom([]string{"send", "send", "send", "delete", "read", "readOne", "join", "leave"}).Draw(rt, "what") {
	case "send":
		a := r.call(who, "POST", "/api/"+id+"/messages", `{"message":"words"}`)
		if (a.status == 201) != m.in[i] {
			r.Fatalf("sending answers %d to somebody in it: %t", a.status, m.in[i])
		}
		if m.in[i] {
			m.messages = append(m.messages, said{a.str("id"), i, false})
		}
	case "delete":
		if own := slices.IndexFunc(m.messages, func(s said) bool { return s.by == i && !s.deleted }); own >= 0 {
			a := r.call(who, "DELETE", "/api/messages/"+m.messages[own].id, "")
			if readable := m.in[i] || !m.private; (a.status == 204) != readable {
				r.Fatalf("deleting answers %d", a.status)
			}
			m.messages[own].deleted = a.status == 204
		}
	case "read":
		if r.call(who, "PUT", "/api/conversations/"+id+"/read", "").status == 200 != m.in[i] {
			r.Fatal("reading does not go with being in")
		}
		m.read[i] = len(m.messages)
	case "readOne":
		if n := len(m.messages); m.in[i] && n > 0 {
			to := rapid.IntRange(1, n).Draw(rt, "to")
			r.call(who, "PUT", "/api/conversations/"+id+"/read", fmt.Sprintf(`{"messageId":%q}`, m.messages[to-1].id)).want(200)
			m.read[i] = to
		}
	case "join":
		if m.private {
			r.call(people[0], "PATCH", at, fmt.Sprintf(`{"newMembers":[%q]}`, who.UserID)).want(200)
		} else {
			r.call(who, "PUT", at+"/membership", "").want(200)
		}
		if !m.in[i] {
			m.in[i], m.read[i] = true, len(m.messages)
		}
	case "leave":
		if i > 0 { // the first is the admin
			r.call(who, "DELETE", at+"/membership", "").want(map[bool]int{true: 404, false: 204}[m.private && !m.in[i]])
			m.in[i] = false
		}
	}
}

// compare asks what somebody sees.
func (m *model) compare(r *rig, id string, i int, who authz.Actor) {
	readable := m.in[i] || !m.private
	a := r.call(who, "GET", "/api/"+id+"/messages?per_page=100", "")
	if (a.status == 200) != readable {
		r.Fatalf("the history answers %d, readable: %t", a.status, readable)
	}
	for _, s := range m.messages {
		if got := r.call(who, "GET", "/api/messages/"+s.id, "").status == 200; got != (readable && !s.deleted) {
			r.Fatalf("a message is seen: %t, readable: %t, deleted: %t", got, readable, s.deleted)
		}
	}
	if !readable {
		return
	}
	for n, got := range a.objects("messages") {
		if got.str("id") != m.messages[n].id || got.flag("isDeleted") != m.messages[n].deleted || got.num("seq") != n+1 {
			r.Fatalf("message %d: %s", n+1, got.raw)
		}
	}
	want := 0
	if m.in[i] {
		want = m.unread(i)
	}
	if got := r.call(who, "GET", "/api/conversations/"+id, "").want(200).num("newResponseCount"); got != want || len(a.objects("messages")) != len(m.messages) {
		r.Fatalf("%d unread, want %d; %d messages, want %d", got, want, len(a.objects("messages")), len(m.messages))
	}
	for _, c := range r.call(who, "GET", "/api/conversations?per_page=1000", "").want(200).objects("conversations") {
		if c.str("id") == id && c.num("newResponseCount") != want {
			r.Fatalf("listed with %d unread, want %d", c.num("newResponseCount"), want)
		}
	}
}
