package app

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// readers lists who has acknowledged an item, or who has not, and checks their number.
func (h *house) readers(t *testing.T, key, target string, want ...string) {
	t.Helper()
	answer := h.call(t, key, http.MethodGet, target, "", http.StatusOK)
	var got []string
	for _, p := range answer["people"].([]any) {
		got = append(got, text(p.(map[string]any)["user"].(map[string]any), "firstName"))
	}
	if total := answer["meta"].(map[string]any)["totalResults"].(float64); !slices.Equal(got, want) || int(total) != len(want) {
		t.Errorf("%s lists %q of %v, want %q", target, got, total, want)
	}
}

func TestAcknowledgements(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		cam, camKey := h.person(t, "cam")
		_, danKey := h.person(t, "dan")
		audience := fmt.Sprintf(`"permissions":{"users":[%q,%q]}`, bob, cam)
		news := "/api/news/" + h.create(t, annKey, "/api/news", `{"newsTitle":"Rules","acknowledgementRequired":true,`+audience+`}`)

		if got := h.call(t, bobKey, http.MethodGet, news, "", http.StatusOK); got["acknowledgementRequired"] != true || got["acknowledgedAt"] != nil {
			t.Errorf("before: %v", got)
		}
		h.readers(t, annKey, news+"/acknowledgements?state=missing", "bob", "cam")
		h.readers(t, annKey, news+"/acknowledgements")
		done := h.call(t, bobKey, http.MethodPut, news+"/acknowledgement", "", http.StatusOK)
		h.clock.Advance(time.Hour)
		if again := h.call(t, bobKey, http.MethodPut, news+"/acknowledgement", "", http.StatusOK); again["acknowledgedAt"] != done["acknowledgedAt"] || done["edition"] != 1.0 {
			t.Errorf("once %v, again %v", done, again)
		}
		for _, target := range []string{news, "/api/news"} {
			got := h.call(t, bobKey, http.MethodGet, target, "", http.StatusOK)
			if list, isList := got["news"].([]any); isList {
				got = list[0].(map[string]any)
			}
			if got["acknowledgedAt"] != done["acknowledgedAt"] {
				t.Errorf("%s says %v", target, got["acknowledgedAt"])
			}
		}
		h.readers(t, annKey, news+"/acknowledgements?state=missing", "cam")
		h.readers(t, annKey, news+"/acknowledgements?state=done", "bob")

		// Who may not see it can do nothing with it; who sees it does not see the others.
		h.call(t, danKey, http.MethodPut, news+"/acknowledgement", "", http.StatusNotFound)
		h.call(t, danKey, http.MethodGet, news+"/acknowledgements", "", http.StatusNotFound)
		h.call(t, h.admin, http.MethodGet, news+"/acknowledgements", "", http.StatusNotFound)
		h.call(t, camKey, http.MethodGet, news+"/acknowledgements", "", http.StatusForbidden)
		h.call(t, annKey, http.MethodGet, news+"/acknowledgements?state=perhaps", "", http.StatusBadRequest)

		// Who is missing follows the audience.
		h.call(t, h.admin, http.MethodPatch, "/api/users/"+cam, `{"status":"BLOCKED"}`, http.StatusOK)
		h.readers(t, annKey, news+"/acknowledgements?state=missing")
		h.call(t, annKey, http.MethodPatch, news, `{"permissions":{"public":true}}`, http.StatusOK)
		h.readers(t, annKey, news+"/acknowledgements?state=missing", "Root", "dan")
		h.readers(t, h.admin, news+"/acknowledgements?state=missing", "Root", "dan") // a moderator who sees it
		first := h.call(t, annKey, http.MethodGet, news+"/acknowledgements?state=missing&per_page=1", "", http.StatusOK)
		next := first["meta"].(map[string]any)["nextCursor"].(string)
		second := h.call(t, annKey, http.MethodGet, news+"/acknowledgements?state=missing&per_page=1&cursor="+next, "", http.StatusOK)
		if got := second["people"].([]any); len(got) != 1 || second["meta"].(map[string]any)["nextCursor"] != nil {
			t.Errorf("second page %v", second)
		}

		draft := "/api/news/" + h.create(t, annKey, "/api/news", `{"newsTitle":"Later","status":"DRAFT"}`)
		h.call(t, annKey, http.MethodPut, draft+"/acknowledgement", "", http.StatusConflict)
		h.call(t, annKey, http.MethodDelete, news, "", http.StatusNoContent)
	})
}

func TestANewVersionIsAcknowledgedAnew(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		one := "/api/documents/" + h.create(t, annKey, "/api/documents?publish=true", `{"docUrl":"https://rules.example/1","permissions":{"users":["`+bob+`"]}}`)
		h.call(t, bobKey, http.MethodPut, one+"/acknowledgement", "", http.StatusOK)
		h.call(t, annKey, http.MethodPatch, one, `{"kb":{"name":"Rules"}}`, http.StatusOK) // the same version
		h.readers(t, annKey, one+"/acknowledgements?state=missing")
		h.call(t, annKey, http.MethodPatch, one, `{"docUrl":"https://rules.example/2"}`, http.StatusOK)
		h.readers(t, annKey, one+"/acknowledgements?state=missing", "bob")
		if got := h.call(t, bobKey, http.MethodGet, one, "", http.StatusOK); got["acknowledgedAt"] != nil {
			t.Errorf("acknowledged %v", got["acknowledgedAt"])
		}
		if again := h.call(t, bobKey, http.MethodPut, one+"/acknowledgement", "", http.StatusOK); again["edition"] != 2.0 {
			t.Errorf("edition %v", again["edition"])
		}
		h.readers(t, annKey, one+"/acknowledgements", "bob")
	})
}
