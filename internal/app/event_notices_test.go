package app

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// said does what is due and gives the titles and texts of somebody's inbox, newest first.
func (h *house) said(t *testing.T, key string) (list []string) {
	t.Helper()
	h.told(t, key)
	for _, o := range h.call(t, key, http.MethodGet, "/api/notifications?per_page=100", "", http.StatusOK)["notifications"].([]any) {
		e := o.(map[string]any)
		list = append(list, strings.TrimSuffix(text(e, "title")+"\n"+text(e, "text"), "\n"))
	}
	return list
}

func (h *house) hears(t *testing.T, what, key string, want ...string) {
	t.Helper()
	if got := h.said(t, key); !slices.Equal(got, want) {
		t.Errorf("%s: told %q, want %q", what, got, want)
	}
}

func TestEventsTellThoseInvitedOnce(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		cid, cidKey := h.person(t, "cid")
		start := h.clock.Now().AddDate(0, 0, 7).Format(time.RFC3339)
		event := func(more string) string {
			return h.create(t, annKey, "/api/events", body(`{"title":"Plans","startDateTime":%q,"duration":30,%s}`, start, more))
		}
		one := event(body(`"isMeeting":true,"userIds":[%q,%q]`, bob, ann))
		h.expect(t, "a meeting", bobKey, "event event 1")
		h.expect(t, "one's own", annKey)
		h.expect(t, "who is not invited", cidKey)
		h.call(t, annKey, http.MethodPatch, "/api/events/"+one, body(`{"userIds":[%q,%q]}`, bob, cid), http.StatusOK)
		h.expect(t, "who stays", bobKey, "event event 1")
		h.expect(t, "who is added", cidKey, "event event 1")
		h.call(t, annKey, http.MethodPatch, "/api/events/"+one, `{"description":"more"}`, http.StatusOK)
		h.expect(t, "what does not matter", bobKey, "event event 1")
		h.forget(t)

		draft := event(body(`"status":"DRAFT","userIds":[%q]`, bob))
		h.call(t, annKey, http.MethodPatch, "/api/events/"+draft, body(`{"userIds":[%q,%q]}`, bob, cid), http.StatusOK)
		h.expect(t, "a draft", bobKey)
		h.call(t, annKey, http.MethodPatch, "/api/events/"+draft, body(`{"status":"PUBLISHED","userIds":[%q]}`, bob), http.StatusOK)
		h.expect(t, "a draft that is published", bobKey, "event event 1")
		h.expect(t, "who was taken off the draft", cidKey)
		h.forget(t)

		event(body(`"userIds":[%q],"permissions":{"users":[%q]}`, bob, cid))
		h.expect(t, "invited to what they may not see", bobKey)
		past := h.create(t, annKey, "/api/events", body(`{"title":"Over","startDateTime":%q,"duration":5,"userIds":[%q]}`, h.clock.Now().AddDate(0, 0, -7).Format(time.RFC3339), bob))
		h.call(t, annKey, http.MethodDelete, "/api/events/"+past, "", http.StatusNoContent)
		h.expect(t, "what is over", bobKey)

		h.call(t, bobKey, http.MethodPut, "/api/notifications/preferences", `{"kinds":{"event":{"inApp":false}}}`, http.StatusOK)
		off := event(body(`"userIds":[%q]`, bob))
		h.call(t, annKey, http.MethodPatch, "/api/events/"+off, `{"location":"Hall"}`, http.StatusOK)
		h.call(t, annKey, http.MethodDelete, "/api/events/"+off, "", http.StatusNoContent)
		h.expect(t, "who wants no invitations", bobKey)
	})
}

func TestChangesOfEventsTellThoseConcernedWhereTheyAre(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		cid, cidKey := h.person(t, "cid")
		dan, danKey := h.person(t, "dan")
		_, evaKey := h.person(t, "eva")
		h.call(t, bobKey, http.MethodPatch, "/api/users/"+bob, `{"language":"de","timeZone":"Europe/Berlin"}`, http.StatusOK)
		h.call(t, cidKey, http.MethodPatch, "/api/users/"+cid, `{"timeZone":"Asia/Kathmandu"}`, http.StatusOK)
		one := h.create(t, annKey, "/api/events", body(`{"title":"Plans","startDateTime":"2027-01-04T09:00:00Z","duration":30,"userIds":[%q,%q,%q]}`, bob, cid, dan))
		h.call(t, danKey, http.MethodPut, "/api/events/"+one+"/rsvp", `{"rsvp":"NOT_GOING"}`, http.StatusOK)
		h.call(t, evaKey, http.MethodPut, "/api/events/"+one+"/rsvp", `{"rsvp":"GOING"}`, http.StatusOK)
		h.forget(t)

		h.call(t, annKey, http.MethodPatch, "/api/events/"+one, `{"startDateTime":"2027-01-04T10:00:00Z","location":"Hall"}`, http.StatusOK)
		h.hears(t, "in German", bobKey, "Geändert: Plans\nJetzt: Montag, 4. Januar 2027, 11:00 Uhr – 11:30 (Europe/Berlin)\nBisher: Montag, 4. Januar 2027, 10:00 Uhr – 10:30 (Europe/Berlin)\nOrt: Hall")
		h.hears(t, "in Kathmandu", cidKey, "Changed: Plans\nNow: Monday, 4 January 2027, 15:45 – 16:15 (Asia/Kathmandu)\nBefore: Monday, 4 January 2027, 14:45 – 15:15 (Asia/Kathmandu)\nPlace: Hall")
		h.hears(t, "who has declined", danKey)
		h.hears(t, "who comes", evaKey, "Changed: Plans\nNow: Monday, 4 January 2027, 10:00 – 10:30 (UTC)\nBefore: Monday, 4 January 2027, 09:00 – 09:30 (UTC)\nPlace: Hall")
		h.hears(t, "whose act it is", annKey)
		h.forget(t)
		h.call(t, annKey, http.MethodPatch, "/api/events/"+one, body(`{"location":"","userIds":[%q,%q]}`, bob, cid), http.StatusOK)
		h.hears(t, "a place that is gone", bobKey, "Geändert: Plans\nEs ist kein Ort mehr angegeben.")
		h.forget(t)
		h.call(t, annKey, http.MethodDelete, "/api/events/"+one, "", http.StatusNoContent)
		h.hears(t, "cancelled", bobKey, "Abgesagt: Plans\nMontag, 4. Januar 2027, 11:00 Uhr – 11:30 (Europe/Berlin)")
		h.hears(t, "cancelled", evaKey, "Cancelled: Plans\nMonday, 4 January 2027, 10:00 – 10:30 (UTC)")
		h.hears(t, "cancelled by oneself", annKey)
	})
}

func TestChangesOfSeriesTellThoseConcerned(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		cid, cidKey := h.person(t, "cid")
		_, evaKey := h.person(t, "eva")
		h.create(t, annKey, "/api/events", body(`{"title":"Weekly","startDateTime":"2027-01-04T09:00:00Z","duration":30,"userIds":[%q],
			"repeat":{"config":{"type":"frequency","frequency":"weekly","ends":{"config":{"type":"on","date":"2027-02-01"}}}}}`, bob))
		var each []string
		for _, e := range h.call(t, annKey, http.MethodGet, "/api/events?fromDate=2027-01-01", "", http.StatusOK)["events"].([]any) {
			each = append(each, "/api/events/"+text(e.(map[string]any), "id"))
		}
		if len(each) != 5 {
			t.Fatalf("%d occurrences", len(each))
		}
		h.expect(t, "a series", bobKey, "event event 1")
		h.call(t, evaKey, http.MethodPut, each[1]+"/rsvp", `{"rsvp":"MAYBE"}`, http.StatusOK)
		h.call(t, bobKey, http.MethodPut, each[4]+"/rsvp", `{"rsvp":"NOT_GOING"}`, http.StatusOK)
		h.forget(t)

		h.call(t, annKey, http.MethodPatch, each[1], `{"startDateTime":"2027-01-11T10:00:00Z"}`, http.StatusOK)
		moved := "Changed: Weekly\nNow: Monday, 11 January 2027, 10:00 – 10:30 (UTC)\nBefore: Monday, 11 January 2027, 09:00 – 09:30 (UTC)"
		h.hears(t, "one that moves", bobKey, moved)
		h.hears(t, "one that moves", evaKey, moved)
		h.forget(t)
		h.call(t, annKey, http.MethodPatch, each[4], `{"startDateTime":"2027-02-01T10:00:00Z"}`, http.StatusOK)
		h.call(t, annKey, http.MethodDelete, each[4], "", http.StatusNoContent)
		h.hears(t, "one that they have declined", bobKey)
		h.hears(t, "one that they do not come to", evaKey)

		h.call(t, annKey, http.MethodPatch, each[2]+"?repeat=following", body(`{"startDateTime":"2027-01-19T09:00:00Z","userIds":[%q,%q]}`, bob, cid), http.StatusOK)
		h.hears(t, "those that move", bobKey, "Changed: Weekly\nNow: Tuesday, 19 January 2027, 09:00 – 09:30 (UTC), every week until 2 February 2027\n"+
			"Before: Monday, 18 January 2027, 09:00 – 09:30 (UTC), every week until 1 February 2027")
		h.hears(t, "what comes before is the same", evaKey)
		h.expect(t, "who hears of it for the first time", cidKey, "event event 1")
		h.forget(t)

		h.call(t, annKey, http.MethodDelete, each[3]+"?repeat=following", "", http.StatusNoContent)
		h.hears(t, "those that are cancelled", cidKey, "Cancelled: Weekly\nFrom Tuesday, 26 January 2027, 09:00 – 09:30 (UTC) on.")
		h.call(t, annKey, http.MethodDelete, each[0], "", http.StatusNoContent)
		h.hears(t, "one that is cancelled", bobKey, "Cancelled: Weekly\nMonday, 4 January 2027, 09:00 – 09:30 (UTC)", "Cancelled: Weekly\nFrom Tuesday, 26 January 2027, 09:00 – 09:30 (UTC) on.")
	})
}

func TestAScheduledEventInvitesWhenItIsPublished(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		if err := h.jobs.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = h.jobs.Stop(t.Context()) })
		h.create(t, annKey, "/api/events", body(`{"title":"Later","status":"SCHEDULED","publishAt":%q,"startDateTime":%q,"duration":30,"userIds":[%q]}`,
			h.clock.Now().Add(time.Second).Format(time.RFC3339Nano), h.clock.Now().AddDate(1, 0, 0).Format(time.RFC3339), bob))
		h.expect(t, "before", bobKey)
		soon(t, "an invitation", func() bool { return slices.Equal(h.told(t, bobKey), []string{"event event 1"}) })
	})
}
