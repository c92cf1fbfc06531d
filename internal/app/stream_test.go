package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// live is an app that serves streams over a real listener.
type live struct {
	site
	url string
}

// eachLive runs a test on an app of each engine.
func eachLive(t *testing.T, test func(t *testing.T, l *live, d *db.DB)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(t, serveLive(t, newSite(t, d)), d) }, constraints()...)
}

// serveLive runs what a server runs for its streams, until the test ends.
func serveLive(t *testing.T, s site) *live {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.app.bus.Run(ctx) })
	running.Go(func() { _ = s.app.Streams.Run(ctx) })
	server := httptest.NewUnstartedServer(s.app.Handler())
	server.Config.ReadTimeout, server.Config.WriteTimeout = readTimeout, writeTimeout
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		stop()
		running.Wait()
	})
	return &live{s, server.URL}
}

// told is one event that a client was told.
type told struct {
	ID, Event string // of the stream
	Data      struct{ Type, ID, By, ItemID, ConversationID, UserID string }
}

// ear is a client of a stream.
type ear struct {
	t      *testing.T
	events chan told // is closed when the stream ends
	hangUp func()
	retry  string // read it once events is closed

	last string // id of the last event taken
	got  []told // taken, without ready
}

// listen opens a stream, which must begin.
func (l *live) listen(t *testing.T, key, lastID, query string) *ear {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url+"/api/stream"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", key)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("the stream answers %d %v", answer.StatusCode, answer.Header)
	}
	e := &ear{t: t, events: make(chan told, 10_000), hangUp: cancel, last: lastID}
	go func() {
		defer close(e.events)
		defer answer.Body.Close()
		e.read(bufio.NewScanner(answer.Body))
	}()
	return e
}

func (e *ear) read(lines *bufio.Scanner) {
	var now told
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			now.ID = value
		case "event":
			now.Event = value
		case "retry":
			e.retry = value
		case "data":
			if err := json.Unmarshal([]byte(value), &now.Data); err != nil || now.Data.Type != now.Event {
				e.t.Errorf("event %s with the data %s: %v", now.Event, value, err)
			}
		case "":
			if now.Event != "" {
				e.events <- now
			}
			now = told{}
		}
	}
}

// next takes an event, which must come.
func (e *ear) next() (told, bool) {
	e.t.Helper()
	select {
	case now, open := <-e.events:
		if open && now.ID != "" {
			e.last = now.ID
		}
		return now, open
	case <-time.After(20 * time.Second):
		e.t.Fatal("nothing was told for 20 s")
		return told{}, false
	}
}

// until takes events up to the one with a type and an id.
func (e *ear) until(name, id string) {
	e.t.Helper()
	for {
		now, open := e.next()
		if !open {
			e.t.Fatalf("the stream ended before %s %s; it told %v", name, id, e.got)
		}
		if now.Event == name && (id == "" || now.Data.ID == id) {
			return
		}
		if now.Event != "ready" {
			e.got = append(e.got, now)
		}
	}
}

// ends waits for the end of the stream and gives what was told before.
func (e *ear) ends() []told {
	e.t.Helper()
	var list []told
	for {
		now, open := e.next()
		if !open {
			return list
		}
		list = append(list, now)
	}
}

func (n told) String() string { return n.Event + " " + n.Data.ID }

func (l *live) must(t *testing.T, key, method, target string, body any) map[string]any {
	t.Helper()
	status, got := l.call(t.Context(), key, method, target, body)
	if status >= 300 {
		t.Fatalf("%s %s: %d %v", method, target, status, got)
	}
	return got
}

// TestAStreamTellsWhatItsPersonMaySee has a stranger and another organization listen, who must
// hear nothing at all.
func TestAStreamTellsWhatItsPersonMaySee(t *testing.T) {
	eachLive(t, func(t *testing.T, l *live, d *db.DB) {
		o, other := cast.NewOrg(t, d), cast.NewOrg(t, d)
		ann, bob, eve, far := o.Person(t, "ann"), o.Person(t, "bob"), o.Person(t, "eve"), other.Administrator(t, "far")
		annKey, bobKey, eveKey, farKey := l.key(t, ann), l.key(t, bob), l.key(t, eve), l.key(t, far)
		const types = "?types=post.*,message.*,conversation.*,reaction.*,comment.*,typing.*"
		toBob, toEve, toFar := l.listen(t, bobKey, "", types), l.listen(t, eveKey, "", types), l.listen(t, farKey, "", types)
		for _, e := range []*ear{toBob, toEve, toFar} {
			e.until("ready", "")
		}
		post := l.must(t, annKey, "POST", "/api/posts", map[string]any{"postText": "for bob", "permissions": map[string]any{"users": []string{bob.UserID}}})["id"].(string)
		toBob.until("post.created", post)
		group := l.must(t, annKey, "POST", "/api/group-chats", map[string]any{"title": "Two", "isPrivate": true, "members": []any{map[string]any{"id": bob.UserID}}})["id"].(string)
		toBob.until("conversation.membersChanged", group)
		message := l.must(t, annKey, "POST", "/api/"+group+"/messages", map[string]any{"message": "hello"})["id"].(string)
		toBob.until("message.sent", message)
		l.must(t, annKey, "POST", "/api/group-chats/"+group+"/typing", nil)
		toBob.until("typing.started", "")
		l.must(t, bobKey, "PUT", "/api/posts/"+post+"/reactions/like", nil)
		toBob.until("reaction.added", post)
		comment := l.must(t, bobKey, "POST", "/api/posts/"+post+"/comments", map[string]any{"text": "thanks"})["id"].(string)
		toBob.until("comment.created", comment)
		l.must(t, annKey, "DELETE", "/api/posts/"+post, nil)
		toBob.until("post.deleted", post)
		l.must(t, annKey, "PATCH", "/api/group-chats/"+group, map[string]any{"removedMembers": []string{bob.UserID}})
		toBob.until("conversation.left", group)
		l.must(t, annKey, "POST", "/api/"+group+"/messages", map[string]any{"message": "bob has gone"})
		if status, _ := l.call(t.Context(), eveKey, "POST", "/api/group-chats/"+group+"/typing", nil); status != http.StatusNotFound {
			t.Errorf("a stranger types: %d", status)
		}

		// What everybody sees comes behind all of it.
		last := l.must(t, annKey, "POST", "/api/posts", map[string]any{"postText": "for all", "permissions": map[string]any{"public": true}})["id"].(string)
		toBob.got = nil
		toBob.until("post.created", last)
		toEve.until("post.created", last)
		if len(toEve.got) > 0 || len(toBob.got) > 0 {
			t.Errorf("eve was told %v, bob after he had left %v", toEve.got, toBob.got)
		}
		mine := l.must(t, farKey, "POST", "/api/posts", map[string]any{"postText": "elsewhere", "permissions": map[string]any{"public": true}})["id"].(string)
		if toFar.until("post.created", mine); len(toFar.got) > 0 {
			t.Errorf("another organization was told %v", toFar.got)
		}
	})
}

// TestAStreamEndsWithTheRightToIt takes away what streams stand for.
func TestAStreamEndsWithTheRightToIt(t *testing.T) {
	eachLive(t, func(t *testing.T, l *live, d *db.DB) {
		o := cast.NewOrg(t, d)
		admin := l.key(t, o.Administrator(t, "ada"))
		witness := l.listen(t, admin, "", "?types=post.*")
		witness.until("ready", "")
		for name, take := range map[string]func(who authz.Actor, key string){
			"archived": func(who authz.Actor, _ string) { l.must(t, admin, "DELETE", "/api/users/"+who.UserID, nil) },
			"blocked": func(who authz.Actor, _ string) {
				l.must(t, admin, "PATCH", "/api/users/"+who.UserID, map[string]any{"status": "BLOCKED"})
			},
			"revoked": func(_ authz.Actor, key string) {
				list := l.must(t, key, "GET", "/api/tokens", nil)["tokens"].([]any)
				l.must(t, key, "DELETE", "/api/tokens/"+list[0].(map[string]any)["id"].(string), nil)
			},
		} {
			who := o.Person(t, "leaver")
			key := l.key(t, who)
			e := l.listen(t, key, "", "?types=post.*")
			e.until("ready", "")
			take(who, key)
			l.must(t, admin, "POST", "/api/posts", map[string]any{"postText": "after " + name, "permissions": map[string]any{"public": true}})
			if rest := e.ends(); len(rest) > 0 {
				t.Errorf("%s: still told %v", name, rest)
			}
			witness.until("post.created", "")
		}
	})
}

// TestARestrictedPersonHasNoStream ends one when a person becomes overdue, and refuses the next.
func TestARestrictedPersonHasNoStream(t *testing.T) {
	eachLive(t, func(t *testing.T, l *live, d *db.DB) {
		o := cast.NewOrg(t, d)
		admin, who := l.key(t, o.Administrator(t, "ada")), o.Person(t, "ann")
		key := l.key(t, who)
		plan := l.must(t, admin, "POST", "/api/enforcement-templates", map[string]any{
			"title": "Plan", "reminders": []any{map[string]any{"reminderType": "restrict", "reminderTime": 1, "reminderTimeUnit": "hours"}},
		})["id"]
		due := l.clock.Now().Add(24 * time.Hour)
		task := l.must(t, admin, "POST", "/api/tasks", map[string]any{
			"title": "Read it", "content": "x", "userIds": []string{who.UserID}, "dueDate": stamped(due), "notificationTemplateId": plan,
		})["id"].(string)
		e := l.listen(t, key, "", "")
		e.until("ready", "")
		l.clock.Advance(26 * time.Hour)
		e.ends()
		if status, answer := l.call(t.Context(), key, "GET", "/api/stream", nil); status != http.StatusForbidden || answer["code"] != "user.restricted" {
			t.Errorf("then a stream answers %d %v", status, answer)
		}
		l.must(t, key, "POST", "/api/tasks/"+task+"/complete", nil)
		e = l.listen(t, key, "", "")
		e.until("ready", "")
		e.hangUp()
	})
}

// TestAStreamSaysWhenItCannotGoOn resumes behind ids that no log has.
func TestAStreamSaysWhenItCannotGoOn(t *testing.T) {
	eachLive(t, func(t *testing.T, l *live, d *db.DB) {
		o := cast.NewOrg(t, d)
		who := o.Administrator(t, "ann")
		key := l.key(t, who)
		post := func() string {
			return l.must(t, key, "POST", "/api/posts", map[string]any{"postText": "x", "permissions": map[string]any{"public": true}})["id"].(string)
		}
		e := l.listen(t, key, "", "?types=post.*")
		e.until("ready", "")
		e.until("post.created", post())
		old := e.last
		e.hangUp()
		missed := post()
		e = l.listen(t, key, old, "?types=post.*")
		e.until("post.created", missed)
		e.hangUp()

		l.clock.Advance(bus.Abandoned + time.Hour)
		post()
		if err := l.app.bus.Trim(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{old, "garbage", "AAAAAAAAAAAAAAAAAAAAAA"} {
			e := l.listen(t, key, id, "?types=post.*")
			if first, _ := e.next(); first.Event != "reset" {
				t.Errorf("behind %s: %v", id, first)
			}
			next := post()
			if e.until("post.created", next); len(e.got) > 0 {
				t.Errorf("behind %s: told %v besides", id, e.got)
			}
			e.hangUp()
		}
	})
}

// TestASlowReaderIsDroppedAndOthersGoOn fills the connection of a client that takes nothing.
func TestASlowReaderIsDroppedAndOthersGoOn(t *testing.T) {
	eachLive(t, func(t *testing.T, l *live, d *db.DB) {
		l.app.Streams.Patience = 300 * time.Millisecond
		o := cast.NewOrg(t, d)
		who := o.Person(t, "ann")
		key := l.key(t, who)
		quick := l.listen(t, key, "", "?types=post.*")
		quick.until("ready", "")
		slow, err := net.Dial("tcp", strings.TrimPrefix(l.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer slow.Close()
		if err := slow.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(slow, "GET /api/stream?types=post.* HTTP/1.1\r\nHost: x\r\nX-Api-Key: %s\r\n\r\n", key)
		first := make([]byte, 1)
		if _, err := slow.Read(first); err != nil {
			t.Fatal(err)
		}
		post := l.must(t, key, "POST", "/api/posts", map[string]any{"postText": "x"})["id"].(string)
		quick.until("post.created", post)
		dropped := func() bool { return strings.Contains(l.scrape(t), `workdrive_streams_ended_total{reason="slow"} 1`) }
		n := 0
		for range 200 {
			if dropped() {
				break
			}
			events := make([]bus.Event, 1000) // more than fit into the connection and the queue
			for i := range events {
				n++
				events[i] = bus.Event{OrgID: o.ID, Name: "post.updated", Subject: post, Data: map[string]string{"actorId": fmt.Sprint(n)}}
			}
			if err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error { return l.app.bus.PublishMany(ctx, tx, events) }); err != nil {
				t.Fatal(err)
			}
			for range events {
				if e, open := quick.next(); !open || e.Event != "post.updated" {
					t.Fatalf("the quick reader got %v", e)
				}
			}
		}
		soon(t, "the slow reader is dropped", dropped)
		quick.until("post.created", l.must(t, key, "POST", "/api/posts", map[string]any{"postText": "y"})["id"].(string))
	})
}

// scrape reads the metrics.
func (l *live) scrape(t *testing.T) string {
	t.Helper()
	rec := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.RemoteAddr = "127.0.0.1:1"
	l.app.metricsHandler().ServeHTTP(rec, r)
	return rec.Body.String()
}

// TestStreamsOfOnePersonAreBounded opens as many as one may have.
func TestStreamsOfOnePersonAreBounded(t *testing.T) {
	eachLive(t, func(t *testing.T, l *live, d *db.DB) {
		key := l.key(t, cast.NewOrg(t, d).Person(t, "ann"))
		var list []*ear
		for range 20 {
			list = append(list, l.listen(t, key, "", ""))
		}
		status, got := l.call(t.Context(), key, "GET", "/api/stream?once=true", nil)
		if status != http.StatusTooManyRequests || got["code"] != "stream.tooMany" {
			t.Errorf("one more: %d %v", status, got)
		}
		list[0].hangUp()
		soon(t, "a place is free", func() bool {
			status, _ := l.call(t.Context(), key, "GET", "/api/stream?once=true", nil)
			return status == http.StatusOK
		})
	})
}

// TestPeopleAreOnlineWhileTheyListen looks at the card of somebody who comes and goes.
func TestPeopleAreOnlineWhileTheyListen(t *testing.T) {
	eachLive(t, func(t *testing.T, l *live, d *db.DB) {
		o := cast.NewOrg(t, d)
		ann, bob := o.Person(t, "ann"), o.Person(t, "bob")
		annKey, bobKey := l.key(t, ann), l.key(t, bob)
		online := func() bool { return l.must(t, annKey, "GET", "/api/users/"+bob.UserID, nil)["online"] == true }
		e := l.listen(t, annKey, "", "?types=presence.*")
		e.until("ready", "")
		if online() {
			t.Error("bob is online before he listens")
		}
		toBob := l.listen(t, bobKey, "", "")
		e.until("presence.changed", bob.UserID)
		if !online() {
			t.Error("bob listens and is not online")
		}
		toBob.hangUp()
		l.clock.Advance(2 * time.Minute)
		soon(t, "bob is away", func() bool { return !online() })
		e.until("presence.changed", bob.UserID)
	})
}

// TestAStoppingServerSendsItsStreamsAway tells clients when to come back.
func TestAStoppingServerSendsItsStreamsAway(t *testing.T) {
	eachLive(t, func(t *testing.T, l *live, d *db.DB) {
		key := l.key(t, cast.NewOrg(t, d).Person(t, "ann"))
		e := l.listen(t, key, "", "")
		e.until("ready", "")
		close(l.app.drain)
		if e.ends(); e.retry == "" {
			t.Error("the stream ended without saying when to come back")
		}
		if status, got := l.call(t.Context(), key, "GET", "/api/stream", nil); status != http.StatusServiceUnavailable {
			t.Errorf("a new stream: %d %v", status, got)
		}
	})
}

// expected is an event of a history, and who may be told of it at this moment.
type expected struct {
	name, id string
	to       func(person int) bool
}

// streamed is the model: who is in which group chat, who sees which post.
type streamed struct {
	*live
	t      *testing.T
	rt     *rapid.T
	who    []authz.Actor
	keys   []string
	groups []string
	in     []map[int]bool // members by group
	log    []expected
	posts  []seenPost
	sent   []sentMessage

	ears []*ear // nil while somebody does not listen
	last []string
	know []int      // how far in the log somebody was told
	want [][]string // what everybody must have been told
	got  [][]string
}

type seenPost struct {
	id     string
	author int
	to     func(person int) bool
	gone   bool
	liked  bool // by its author
}

type sentMessage struct {
	id    string
	group int
	by    int
}

const historyTypes = "?types=post.*,message.*,conversation.*,reaction.*"

// TestEveryStreamTellsExactlyWhatTheModelSays plays histories of memberships, messages, posts and
// deletions while people come, go and lose their connections, and compares what each was told with
// a model: everything they might see when it was told, in one order, each once.
func TestEveryStreamTellsExactlyWhatTheModelSays(t *testing.T) {
	eachLive(t, func(t *testing.T, l *live, d *db.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newStreamed(t, rt, l, d)
			for range rapid.IntRange(4, 14).Draw(rt, "length") {
				rapid.SampledFrom([]func(){s.send, s.send, s.remove, s.join, s.leave, s.publish, s.unpublish, s.react, s.come, s.go_, s.drop}).Draw(rt, "step")()
				s.settle()
			}
			for p := range s.who {
				if s.ears[p] == nil {
					s.listens(p)
				}
			}
			s.settle()
			for p := range s.who {
				if !slices.Equal(s.got[p], s.want[p]) {
					rt.Fatalf("%d was told\n%s\nwant\n%s", p, strings.Join(s.got[p], "\n"), strings.Join(s.want[p], "\n"))
				}
				s.ears[p].hangUp()
			}
		})
	})
}

func newStreamed(t *testing.T, rt *rapid.T, l *live, d *db.DB) *streamed {
	const people, groups = 4, 2
	s := &streamed{live: l, t: t, rt: rt, ears: make([]*ear, people), last: make([]string, people), know: make([]int, people), want: make([][]string, people), got: make([][]string, people)}
	o := cast.NewOrg(t, d)
	for i := range people {
		s.who = append(s.who, o.Person(t, fmt.Sprint("p", i)))
		s.keys = append(s.keys, l.key(t, s.who[i]))
	}
	// What comes before has its final place when the mark behind it has been told: only then does a
	// stream that is opened begin behind it.
	before := l.listen(t, s.keys[0], "", historyTypes)
	before.until("ready", "")
	for range groups { // person 0 administers them and stays
		s.groups = append(s.groups, l.must(t, s.keys[0], "POST", "/api/group-chats", map[string]any{"title": "G", "isPrivate": true})["id"].(string))
		s.in = append(s.in, map[int]bool{0: true})
	}
	s.admit(0, 1)
	s.admit(1, 2)
	s.log = nil // nobody listens yet
	mark := l.must(t, s.keys[0], "POST", "/api/posts", map[string]any{"postText": "mark"})["id"].(string)
	before.until("post.created", mark)
	before.hangUp()
	for p := range s.who {
		s.listens(p)
	}
	return s
}

func (s *streamed) person() int { return rapid.IntRange(0, len(s.who)-1).Draw(s.rt, "person") }
func (s *streamed) group() int  { return rapid.IntRange(0, len(s.groups)-1).Draw(s.rt, "group") }

func (s *streamed) logs(name, id string, to func(int) bool) {
	s.log = append(s.log, expected{name, id, to})
}

func (s *streamed) listens(p int) {
	s.ears[p] = s.listen(s.t, s.keys[p], s.last[p], historyTypes)
	s.ears[p].until("ready", "")
	s.take(p)
}

// take moves what an ear has heard to what the person was told, and what they should be told by
// now to what is wanted.
func (s *streamed) take(p int) {
	for _, e := range s.ears[p].got {
		s.got[p] = append(s.got[p], e.String())
	}
	s.ears[p].got, s.last[p] = nil, s.ears[p].last
	for _, e := range s.log[s.know[p]:] {
		if e.to(p) {
			s.want[p] = append(s.want[p], e.name+" "+e.id)
		}
	}
	s.know[p] = len(s.log)
}

// settle waits until everybody who listens was told of all that has happened: a post for all comes
// behind it.
func (s *streamed) settle() {
	mark := s.must(s.t, s.keys[0], "POST", "/api/posts", map[string]any{"postText": "mark", "permissions": map[string]any{"public": true}})["id"].(string)
	for p, e := range s.ears {
		if e != nil {
			e.until("post.created", mark)
			s.take(p)
		}
	}
	s.logs("post.created", mark, func(int) bool { return true })
	for p, e := range s.ears {
		if e != nil { // whoever does not listen is told of the mark when they come back
			s.know[p] = len(s.log)
		}
	}
}

func (s *streamed) members(g int) func(int) bool { return func(p int) bool { return s.in[g][p] } }

func (s *streamed) send() {
	g, p := s.group(), s.person()
	if !s.in[g][p] {
		return
	}
	id := s.must(s.t, s.keys[p], "POST", "/api/"+s.groups[g]+"/messages", map[string]any{"message": "m"})["id"].(string)
	s.sent = append(s.sent, sentMessage{id, g, p})
	s.logs("message.sent", id, s.members(g))
}

func (s *streamed) remove() {
	if len(s.sent) == 0 {
		return
	}
	i := rapid.IntRange(0, len(s.sent)-1).Draw(s.rt, "message")
	m := s.sent[i]
	if !s.in[m.group][m.by] {
		return
	}
	s.must(s.t, s.keys[m.by], "DELETE", "/api/messages/"+m.id, nil)
	s.sent = slices.Delete(s.sent, i, i+1)
	s.logs("message.deleted", m.id, s.members(m.group))
}

func (s *streamed) join() {
	g, p := s.group(), s.person()
	if !s.in[g][p] {
		s.admit(g, p)
	}
}

func (s *streamed) admit(g, p int) {
	s.must(s.t, s.keys[0], "PATCH", "/api/group-chats/"+s.groups[g], map[string]any{"newMembers": []string{s.who[p].UserID}})
	s.in[g][p] = true
	s.logs("conversation.membersChanged", s.groups[g], s.members(g))
	s.logs("conversation.updated", s.groups[g], s.members(g))
}

func (s *streamed) leave() {
	g, p := s.group(), s.person()
	if !s.in[g][p] || p == 0 {
		return
	}
	s.must(s.t, s.keys[p], "DELETE", "/api/group-chats/"+s.groups[g]+"/membership", nil)
	delete(s.in[g], p)
	s.logs("conversation.left", s.groups[g], func(q int) bool { return q == p })
	s.logs("conversation.membersChanged", s.groups[g], s.members(g))
}

func (s *streamed) publish() {
	p, g, q := s.person(), s.group(), s.person()
	post := seenPost{author: p}
	var permissions map[string]any
	switch rapid.IntRange(0, 2).Draw(s.rt, "audience") {
	case 0:
		permissions, post.to = map[string]any{"onlyMe": true}, func(x int) bool { return x == p }
	case 1:
		permissions, post.to = map[string]any{"users": []string{s.who[q].UserID}}, func(x int) bool { return x == p || x == q }
	default:
		if !s.in[g][p] {
			return
		}
		permissions, post.to = map[string]any{"groups": []string{s.groups[g]}}, func(x int) bool { return x == p || s.in[g][x] }
	}
	post.id = s.must(s.t, s.keys[p], "POST", "/api/posts", map[string]any{"postText": "p", "permissions": permissions})["id"].(string)
	s.posts = append(s.posts, post)
	at := len(s.posts) - 1
	s.logs("post.created", post.id, func(x int) bool { return s.posts[at].to(x) && !s.posts[at].gone })
}

func (s *streamed) post() (int, bool) {
	if len(s.posts) == 0 {
		return 0, false
	}
	at := rapid.IntRange(0, len(s.posts)-1).Draw(s.rt, "post")
	return at, !s.posts[at].gone
}

func (s *streamed) unpublish() {
	at, there := s.post()
	if !there {
		return
	}
	p := s.posts[at]
	s.must(s.t, s.keys[p.author], "DELETE", "/api/posts/"+p.id, nil)
	s.posts[at].gone = true
	s.logs("post.deleted", p.id, p.to)
}

func (s *streamed) react() {
	at, there := s.post()
	if !there {
		return
	}
	p := &s.posts[at]
	method, name := "PUT", "reaction.added"
	if p.liked {
		method, name = "DELETE", "reaction.removed"
	}
	s.must(s.t, s.keys[p.author], method, "/api/posts/"+p.id+"/reactions/like", nil)
	p.liked = !p.liked
	s.logs(name, p.id, func(x int) bool { return s.posts[at].to(x) && !s.posts[at].gone })
}

// come lets somebody listen again.
func (s *streamed) come() {
	if p := s.person(); s.ears[p] == nil {
		s.listens(p)
	}
}

// go_ lets somebody stop listening.
func (s *streamed) go_() {
	if p := s.person(); s.ears[p] != nil {
		s.ears[p].hangUp()
		s.ears[p] = nil
	}
}

// drop breaks a connection in the midst of messages: whatever had arrived by then, the rest comes
// when they are back.
func (s *streamed) drop() {
	g, p := s.group(), s.person()
	if s.ears[p] == nil || !s.in[g][p] {
		return
	}
	taken := rapid.IntRange(0, 3).Draw(s.rt, "taken")
	for range 4 {
		id := s.must(s.t, s.keys[0], "POST", "/api/"+s.groups[g]+"/messages", map[string]any{"message": "m"})["id"].(string)
		s.logs("message.sent", id, s.members(g))
	}
	e := s.ears[p]
	for range taken {
		now, _ := e.next()
		e.got = append(e.got, now)
	}
	for _, now := range e.got {
		s.got[p] = append(s.got[p], now.String())
	}
	s.last[p] = e.last
	e.hangUp()
	s.listens(p)
}
