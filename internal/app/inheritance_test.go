package app

import (
	"net/http"
	"testing"
	"time"
)

// TestWhatIsToComeHasAnOrganizer hands over what somebody organizes who leaves.
func TestWhatIsToComeHasAnOrganizer(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		cid, cidKey := h.person(t, "cid")
		dan, danKey := h.person(t, "dan")
		h.call(t, h.admin, http.MethodPatch, "/api/users/"+ann, body(`{"reportsTo":%q}`, bob), http.StatusOK)
		in := func(d time.Duration) string { return h.clock.Now().Add(d).Format(time.RFC3339) }
		event := func(title, start, more string) string {
			return "/api/events/" + h.create(t, annKey, "/api/events", body(`{"title":%q,"startDateTime":%q,"duration":30,%s}`, title, start, more))
		}
		meeting := event("Meeting", in(time.Hour), body(`"isMeeting":true,"userIds":[%q]`, cid))
		all := event("All", in(time.Hour), `"permissions":{"public":true}`)
		over := event("Over", in(-time.Hour), `"permissions":{"public":true}`)
		draft := event("Draft", in(time.Hour), `"status":"DRAFT"`)
		secret := h.create(t, annKey, "/api/group-chats", body(`{"title":"Secret","isPrivate":true,"members":[{"id":%q}]}`, dan))
		held := "/api/events/" + h.create(t, annKey, "/api/group-chats/"+secret+"/meetings", body(`{"title":"Held","startDateTime":%q,"duration":30}`, in(time.Hour)))
		h.call(t, bobKey, http.MethodPatch, all, `{"title":"x"}`, http.StatusForbidden)
		h.forget(t)
		h.clock.Advance(-time.Hour) // forget moves it

		h.call(t, h.admin, http.MethodDelete, "/api/users/"+ann+"?bulk=true", "", http.StatusNoContent)
		for _, one := range []string{meeting, all, draft} {
			e := h.call(t, bobKey, http.MethodPatch, one, `{"location":"Hall"}`, http.StatusOK)
			if text(e, "createdBy") != bob {
				t.Errorf("%v is organized by %v", e["title"], e["createdBy"])
			}
		}
		h.hears(t, "who is invited", cidKey, "Changed: Meeting\nPlace: Hall")
		h.call(t, cidKey, http.MethodPatch, meeting, `{"title":"x"}`, http.StatusForbidden)
		h.call(t, danKey, http.MethodGet, meeting, "", http.StatusNotFound)
		if e := h.call(t, bobKey, http.MethodGet, over, "", http.StatusOK); text(e, "createdBy") != ann {
			t.Errorf("what is over is organized by %v", e["createdBy"])
		}
		h.call(t, bobKey, http.MethodGet, held, "", http.StatusNotFound)
		if e := h.call(t, danKey, http.MethodGet, held, "", http.StatusOK); text(e, "createdBy") != ann {
			t.Errorf("what the heir knows nothing of is organized by %v", e["createdBy"])
		}
		h.call(t, bobKey, http.MethodDelete, all, "", http.StatusNoContent)
	})
}

// TestTimeZonesAndLanguagesAreSetRefusedAndUsed has somebody say where they are and what they read.
func TestTimeZonesAndLanguagesAreSetRefusedAndUsed(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, authorKey := h.person(t, "author")
		ann, annKey := h.person(t, "ann")
		me := "/api/users/" + ann
		if got := h.call(t, annKey, http.MethodGet, me, "", http.StatusOK); got["timeZone"] != nil || got["language"] != nil {
			t.Errorf("before: %v %v", got["timeZone"], got["language"])
		}
		for bad, pointer := range map[string]string{
			`{"timeZone":"Europe/Nowhere"}`: "/timeZone", `{"timeZone":"+02:00"}`: "/timeZone", `{"timeZone":"Local"}`: "/timeZone", `{"timeZone":"../etc/passwd"}`: "/timeZone",
			`{"language":"klingonese"}`: "/language", `{"language":"d"}`: "/language",
		} {
			answer := h.call(t, annKey, http.MethodPatch, me, bad, http.StatusBadRequest)
			if got := valuesOf(answer, "errors", "pointer"); len(got) != 1 || got[0] != pointer {
				t.Errorf("%s: %v", bad, answer)
			}
		}
		if got := h.call(t, annKey, http.MethodPatch, me, `{"timeZone":"Pacific/Auckland","language":"de-CH"}`, http.StatusOK); text(got, "timeZone") != "Pacific/Auckland" || text(got, "language") != "de-CH" {
			t.Errorf("set: %v %v", got["timeZone"], got["language"])
		}
		if got := h.call(t, annKey, http.MethodGet, "/api/notifications/preferences", "", http.StatusOK); text(got, "timeZone") != "Pacific/Auckland" {
			t.Errorf("quiet hours are in %v", got["timeZone"])
		}

		// Used: by deadlines, by reminders, by new events, by what is told.
		plan := h.template(t, "email 1 week")
		h.create(t, authorKey, "/api/tasks", body(`{"title":"Sicherheit","content":"x","dueDays":2,"userIds":[%q],"notificationTemplateId":%q}`, ann, plan))
		if err := h.Enforcement.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation("Pacific/Auckland")
		if err != nil {
			t.Fatal(err)
		}
		year, month, day := h.clock.Now().In(zone).Date()
		due := time.Date(year, month, day+2, 23, 59, 0, 0, zone)
		months := [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}
		when := due.Format("2. ") + months[due.Month()-1] + due.Format(" 2006, 15:04 Uhr (Pacific/Auckland)")
		h.hears(t, "a reminder and the task", annKey, "author Example hat Ihnen eine Aufgabe zugewiesen", "Erinnerung: Sicherheit\n„Sicherheit“ ist fällig bis "+when+".")
		made := h.call(t, annKey, http.MethodPost, "/api/events", body(`{"title":"x","startDateTime":%q,"duration":5}`, h.clock.Now().Add(time.Hour).Format(time.RFC3339)), http.StatusCreated)
		if text(made, "tzid") != "Pacific/Auckland" {
			t.Errorf("her events are in %v", made["tzid"])
		}
		if got := h.call(t, annKey, http.MethodPatch, me, `{"timeZone":null,"language":null}`, http.StatusOK); got["timeZone"] != nil || got["language"] != nil {
			t.Errorf("taken back: %v %v", got["timeZone"], got["language"])
		}
	})
}
