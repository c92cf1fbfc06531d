package app

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/migrations"
)

// calls gives the titles of the next meeting of a conversation and its latest, as somebody sees them.
func (h *house) calls(t *testing.T, key, chat string) (next, last string) {
	t.Helper()
	answer := h.call(t, key, http.MethodGet, "/api/group-chats/"+chat, "", http.StatusOK)
	title := func(name string) string {
		c, _ := answer[name].(map[string]any)
		e, _ := c["event"].(map[string]any)
		return text(e, "title")
	}
	return title("scheduledCall"), title("lastCall")
}

// listed gives the titles of what somebody finds in their calendar.
func (h *house) listed(t *testing.T, key string) []string {
	t.Helper()
	return valuesOf(h.call(t, key, http.MethodGet, "/api/events?fromDate=2020-01-01&onlyMeeting=true&per_page=100", "", http.StatusOK), "events", "title")
}

func (h *house) wantListed(t *testing.T, what, key string, want ...string) {
	t.Helper()
	got := h.listed(t, key)
	if slices.Sort(got); !slices.Equal(got, append([]string{}, want...)) {
		t.Errorf("%s: finds %q, want %q", what, got, want)
	}
}

func TestMeetingsOfConversationsAreInTheCalendar(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		cid, cidKey := h.person(t, "cid")
		dan, danKey := h.person(t, "dan")
		_, evaKey := h.person(t, "eva")
		chat := h.create(t, annKey, "/api/group-chats", body(`{"title":"Climbing","isPrivate":false,"members":[{"id":%q},{"id":%q}]}`, bob, dan))
		start := h.clock.Now().Add(time.Hour)
		at := func(more string) string {
			return body(`{"startDateTime":%q,"duration":30,%s}`, start.Format(time.RFC3339), more)
		}
		made := h.call(t, bobKey, http.MethodPost, "/api/group-chats?conversationId="+chat, at(body(`"title":"Plan","userIds":[%q]`, cid)), http.StatusCreated)
		if text(made, "endDateTime") != stamped(start.Add(30*time.Minute)) || text(made["livestream"].(map[string]any), "event") != text(made, "id") ||
			len(made["rsvpUsers"].([]any)) != 1 || text(made, "conversationId") != chat || made["isMeeting"] != true {
			t.Errorf("meeting: %v", made)
		}
		one := "/api/events/" + text(made, "id")
		said := h.call(t, annKey, http.MethodGet, "/api/"+chat+"/messages", "", http.StatusOK)["messages"].([]any)[0].(map[string]any)
		if said["type"] != 1.0 || text(said["event"].(map[string]any), "id") != text(made, "id") || text(said, "message") != "Plan" {
			t.Errorf("announced by %v", said)
		}
		for who, key := range map[string]string{"who made it": bobKey, "who is invited": cidKey, "who is in the chat": annKey} {
			h.wantListed(t, who, key, "Plan")
			h.call(t, key, http.MethodGet, one, "", http.StatusOK)
		}
		h.wantListed(t, "who is not", evaKey)
		h.call(t, evaKey, http.MethodGet, one, "", http.StatusNotFound)
		said = h.call(t, evaKey, http.MethodGet, "/api/"+chat+"/messages", "", http.StatusOK)["messages"].([]any)[0].(map[string]any)
		if said["type"] != 1.0 || said["event"] != nil {
			t.Errorf("who reads the chat reads %v", said)
		}
		if next, _ := h.calls(t, evaKey, chat); next != "" {
			t.Errorf("who reads the chat finds the call %q", next)
		}
		if next, last := h.calls(t, annKey, chat); next != "Plan" || last != "" {
			t.Errorf("calls %q %q", next, last)
		}
		h.expect(t, "who is invited", cidKey, "event event 1")
		h.expect(t, "who is in the chat and not invited", annKey)

		// Everybody is invited unless people are named; who comes later sees it, too.
		h.call(t, annKey, http.MethodPost, "/api/group-chats/"+chat+"/meetings", at(`"title":"All"`), http.StatusCreated)
		h.expect(t, "everybody there", danKey, "event event 1")
		h.wantListed(t, "who is in the chat", danKey, "All", "Plan")
		h.call(t, evaKey, http.MethodPut, "/api/group-chats/"+chat+"/membership", "", http.StatusOK)
		h.wantListed(t, "who comes later", evaKey, "All", "Plan")

		// Answers and changes are those of events.
		h.call(t, cidKey, http.MethodPut, one+"/rsvp", `{"rsvp":"GOING"}`, http.StatusOK)
		h.call(t, annKey, http.MethodPatch, one, `{"title":"x"}`, http.StatusForbidden)
		h.call(t, bobKey, http.MethodPatch, one, body(`{"title":"Plan B","userIds":[%q,%q]}`, cid, ann), http.StatusOK)
		h.wantListed(t, "who is in the chat", danKey, "All", "Plan B")
		call := h.call(t, danKey, http.MethodGet, "/api/group-chats/"+chat, "", http.StatusOK)["scheduledCall"].(map[string]any)["event"].(map[string]any)
		if text(call, "title") == "Plan B" && call["going"] != 1.0 {
			t.Errorf("going: %v", call)
		}

		h.clock.Advance(2 * time.Hour)
		if next, last := h.calls(t, annKey, chat); next != "" || last == "" {
			t.Errorf("calls %q %q", next, last)
		}
		outside, outsideKey := h.person(t, "fay")
		h.call(t, outsideKey, http.MethodPost, "/api/group-chats/"+chat+"/meetings", at(`"title":"x"`), http.StatusForbidden)
		h.call(t, outsideKey, http.MethodPost, "/api/group-chats", at(body(`"title":"Alone","userIds":[%q]`, ann)), http.StatusCreated)
		h.wantListed(t, "of no conversation", outsideKey, "Alone")
		bad := h.call(t, annKey, http.MethodPost, "/api/group-chats/"+chat+"/meetings", `{}`, http.StatusBadRequest)
		if got := valuesOf(bad, "errors", "pointer"); !slices.Contains(got, "/title") || !slices.Contains(got, "/startDateTime") {
			t.Errorf("%v", got)
		}
		bad = h.call(t, annKey, http.MethodPost, "/api/group-chats/"+chat+"/meetings",
			`{"title":"a","startDateTime":"2031-01-01T10:00:00Z","endDateTime":"2031-01-01T09:00:00Z","userIds":["x"]}`, http.StatusBadRequest)
		if got := valuesOf(bad, "errors", "pointer"); !slices.Contains(got, "/endDateTime") || !slices.Contains(got, "/userIds/0") {
			t.Errorf("%v", got)
		}
		h.call(t, annKey, http.MethodPost, "/api/group-chats/"+ids.New()+"/meetings", at(`"title":"x"`), http.StatusNotFound)
		_ = outside
	})
}

func TestWhoLeavesAConversationLeavesItsMeetings(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		cid, cidKey := h.person(t, "cid")
		dan, danKey := h.person(t, "dan")
		eva, evaKey := h.person(t, "eva")
		chat := h.create(t, annKey, "/api/group-chats", body(`{"title":"Secret","isPrivate":true,"members":[{"id":%q},{"id":%q},{"id":%q,"isAdmin":true}]}`, bob, cid, dan))
		hold := func(key, title, when, more string) string {
			return h.create(t, key, "/api/group-chats/"+chat+"/meetings", body(`{"title":%q,"startDateTime":%q,"duration":30%s}`, title, when, more))
		}
		later, before := h.clock.Now().Add(time.Hour).Format(time.RFC3339), h.clock.Now().Add(-time.Hour).Format(time.RFC3339)
		hold(annKey, "Over", before, "")
		one := hold(annKey, "To come", later, body(`,"userIds":[%q,%q,%q]`, bob, cid, eva))
		hold(danKey, "Of dan", later, "")
		h.call(t, bobKey, http.MethodPut, "/api/events/"+one+"/rsvp", `{"rsvp":"GOING"}`, http.StatusOK)
		h.wantListed(t, "bob", bobKey, "Of dan", "Over", "To come")

		h.call(t, bobKey, http.MethodDelete, "/api/group-chats/"+chat+"/membership", "", http.StatusNoContent)
		h.wantListed(t, "who has left", bobKey)
		h.call(t, bobKey, http.MethodGet, "/api/events/"+one, "", http.StatusNotFound)
		h.call(t, annKey, http.MethodPatch, "/api/group-chats/"+chat, body(`{"removedMembers":[%q]}`, cid), http.StatusOK)
		h.wantListed(t, "who was removed", cidKey)
		h.wantListed(t, "who was never there", evaKey, "To come")
		left := h.call(t, annKey, http.MethodGet, "/api/events/"+one, "", http.StatusOK)
		if left["going"] != 0.0 || len(left["rsvpUsers"].([]any)) != 1 {
			t.Errorf("%v come, %v", left["going"], left["rsvpUsers"])
		}
		h.forget(t)
		h.call(t, annKey, http.MethodPatch, "/api/events/"+one, `{"location":"Hall"}`, http.StatusOK)
		h.hears(t, "who has left", bobKey)
		h.hears(t, "who was never there", evaKey, "Changed: To come\nPlace: Hall")

		// Whoever has left keeps what they organize; others may still leave it.
		h.call(t, annKey, http.MethodDelete, "/api/group-chats/"+chat+"/membership", "", http.StatusNoContent)
		h.wantListed(t, "the organizer", annKey, "Over", "To come")
		h.call(t, danKey, http.MethodPatch, "/api/group-chats/"+chat, body(`{"newMembers":[%q]}`, eva), http.StatusOK)
		h.wantListed(t, "who has joined", evaKey, "Of dan", "Over", "To come")
		h.call(t, evaKey, http.MethodDelete, "/api/group-chats/"+chat+"/membership", "", http.StatusNoContent)
		h.wantListed(t, "who has left again", evaKey)
		h.wantListed(t, "the organizer", annKey, "Over", "To come")

		h.call(t, danKey, http.MethodDelete, "/api/group-chats?id="+chat, "", http.StatusNoContent)
		h.wantListed(t, "a conversation that is deleted", danKey, "Of dan")
		if e := h.call(t, annKey, http.MethodGet, "/api/events/"+one, "", http.StatusOK); e["conversationId"] != nil {
			t.Errorf("held in %v", e["conversationId"])
		}
	})
}

func TestDirectConversationsHoldMeetings(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		_, cidKey := h.person(t, "cid")
		talk := h.create(t, annKey, "/api/conversations", body(`{"userIds":[%q]}`, bob))
		h.create(t, bobKey, "/api/group-chats/"+talk+"/meetings", body(`{"title":"Two","startDateTime":%q,"duration":30}`, h.clock.Now().Add(time.Hour).Format(time.RFC3339)))
		h.wantListed(t, "ann", annKey, "Two")
		h.wantListed(t, "bob", bobKey, "Two")
		h.wantListed(t, "cid", cidKey)
		h.expect(t, "who is invited", annKey, "event event 1")
	})
}

// TestMeetingsOfBeforeBecomeEvents puts meetings where the release before kept them, and does what
// migration 00015 does with them.
func TestMeetingsOfBeforeBecomeEvents(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		cid, cidKey := h.person(t, "cid")
		_, evaKey := h.person(t, "eva")
		chat := h.create(t, annKey, "/api/group-chats", body(`{"title":"Climbing","isPrivate":true,"members":[{"id":%q}]}`, bob))
		talk := h.create(t, annKey, "/api/conversations", body(`{"userIds":[%q]}`, bob))
		orgID := h.root.Organization.ID
		start := h.clock.Now().Add(time.Hour).UnixMilli()
		old := func(title string, conversation any, people ...string) string {
			id := ids.New()
			h.exec(t, `INSERT INTO meetings (org_id, id, call_id, conversation_id, title, starts_at, ends_at, duration, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, 30, ?, ?)`,
				orgID, id, ids.New(), conversation, title, start+7, start+30*60_000, start-5000, ann)
			for i, p := range people {
				h.exec(t, `INSERT INTO meeting_people (org_id, meeting_id, user_id, place) VALUES (?, ?, ?, ?)`, orgID, id, p, i)
			}
			return id
		}
		one := old(`The "Zebra", again`, chat, cid)
		old("Talk", talk)
		alone := old("Alone", nil, bob, cid)
		h.migrate(t, "00015_calendar.sql", "-- The meetings that")

		h.wantListed(t, "ann", annKey, "Alone", "Talk", `The "Zebra", again`)
		h.wantListed(t, "bob", bobKey, "Alone", "Talk", `The "Zebra", again`)
		h.wantListed(t, "cid", cidKey, "Alone", `The "Zebra", again`)
		h.wantListed(t, "eva", evaKey)
		if next, _ := h.calls(t, bobKey, chat); next != `The "Zebra", again` {
			t.Errorf("next: %q", next)
		}
		e := h.call(t, cidKey, http.MethodGet, "/api/events/"+one, "", http.StatusOK)
		if text(e, "startDateTime") != stamped(h.clock.Now().Add(time.Hour)) || e["isMeeting"] != true || len(e["rsvpUsers"].([]any)) != 1 || text(e, "conversationId") != chat {
			t.Errorf("event %v", e)
		}
		if got := h.call(t, annKey, http.MethodGet, "/api/events", "", http.StatusOK)["meta"].(map[string]any)["totalResults"]; got != 3.0 {
			t.Errorf("%v results", got)
		}
		if err := h.index.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := valuesOf(h.call(t, cidKey, http.MethodGet, "/api/search?q=zebra", "", http.StatusOK), "results", "id"); !slices.Contains(got, one) {
			t.Errorf("found %q", got)
		}
		h.call(t, cidKey, http.MethodPut, "/api/events/"+one+"/rsvp", `{"rsvp":"GOING"}`, http.StatusOK)
		h.call(t, annKey, http.MethodPatch, "/api/events/"+alone, body(`{"startDateTime":%q,"userIds":[%q]}`, h.clock.Now().Add(2*time.Hour).Format(time.RFC3339), bob), http.StatusOK)
		h.wantListed(t, "who is invited no more", cidKey, `The "Zebra", again`)
		h.call(t, bobKey, http.MethodDelete, "/api/group-chats/"+chat+"/membership", "", http.StatusNoContent)
		h.wantListed(t, "who has left", bobKey, "Alone", "Talk")
		h.call(t, annKey, http.MethodDelete, "/api/events/"+one, "", http.StatusNoContent)
		h.wantListed(t, "what is deleted", cidKey)
	})
}

func (h *house) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	err := h.o.DB.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, statement, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// migrate does what a migration does from a comment on.
func (h *house) migrate(t *testing.T, name, from string) {
	t.Helper()
	word := func(s string) func() string { return func() string { return s } }
	parsed, err := template.New(name).Funcs(template.FuncMap{
		"id": word("TEXT"), "serial": word(""), "txid": word("0"), "sqlite": func() bool { return h.o.DB.Engine() == db.SQLite },
	}).ParseFS(migrations.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := parsed.Execute(&out, nil); err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(out.String(), from)
	rest, _, ends := strings.Cut("-- "+rest, "-- +goose Down")
	if !found || !ends {
		t.Fatalf("%s has no %q", name, from)
	}
	for _, statement := range strings.Split(rest, ";\n") {
		var lines []string
		for _, line := range strings.Split(statement, "\n") {
			if !strings.HasPrefix(line, "--") {
				lines = append(lines, line)
			}
		}
		if text := strings.TrimSpace(strings.Join(lines, "\n")); text != "" {
			h.exec(t, text)
		}
	}
}
