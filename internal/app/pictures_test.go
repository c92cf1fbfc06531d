package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// pictureOf gives the id and the address of the picture that a card shows, "" for none.
func pictureOf(card any, field string) (id, address string) {
	f, ok := card.(map[string]any)[field].(map[string]any)
	if !ok {
		return "", ""
	}
	return text(f, "id"), text(f, "url")
}

// fetches gives the status with which an address that answers show is answered, without a key.
func (h *house) fetches(t *testing.T, address string) int {
	t.Helper()
	rec := httptest.NewRecorder()
	h.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, address[strings.Index(address, "/api/"):], nil))
	return rec.Code
}

func TestPeopleHavePictures(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		me := "/api/users/" + ann
		face := upload(t, h.Handler(), annKey, "image/png", "face.png", picture)
		cover := upload(t, h.Handler(), annKey, "image/png", "cover.png", picture)
		h.call(t, bobKey, http.MethodGet, "/api/media/"+face, "", http.StatusNotFound)
		set := h.call(t, annKey, http.MethodPatch, me, `{"fileId":"`+face+`","coverFileId":"`+cover+`"}`, http.StatusOK)
		if got, _ := pictureOf(set, "picture"); got != face {
			t.Errorf("the answer shows %q", got)
		}

		// Wherever there is a card of Ann, for whoever sees her.
		post := h.create(t, annKey, "/api/posts", `{"postText":"hello"}`)
		h.call(t, bobKey, http.MethodPatch, "/api/users/"+bob, `{"bio":"x"}`, http.StatusOK)
		h.call(t, h.admin, http.MethodPatch, "/api/users/"+bob, `{"reportsTo":"`+ann+`"}`, http.StatusOK)
		seen := map[string]any{
			"herself":       h.call(t, bobKey, http.MethodGet, me, "", http.StatusOK),
			"an author":     h.call(t, bobKey, http.MethodGet, "/api/posts/"+post, "", http.StatusOK)["user"],
			"in a feed":     h.call(t, bobKey, http.MethodGet, "/api/posts", "", http.StatusOK)["posts"].([]any)[0].(map[string]any)["user"],
			"a supervisor":  h.call(t, bobKey, http.MethodGet, "/api/users/me", "", http.StatusOK)["reportsToObj"],
			"what is found": h.call(t, bobKey, http.MethodGet, "/api/users?search=ann", "", http.StatusOK)["users"].([]any)[0],
		}
		for what, card := range seen {
			id, address := pictureOf(card, "picture")
			if id != face || h.fetches(t, address) != http.StatusOK {
				t.Errorf("%s: picture %q at %q", what, id, address)
			}
			if id, _ := pictureOf(card, "cover"); id != cover {
				t.Errorf("%s: cover %q", what, id)
			}
		}
		h.call(t, bobKey, http.MethodGet, "/api/media/"+face, "", http.StatusOK)
		h.call(t, annKey, http.MethodDelete, "/api/media/"+face, "", http.StatusConflict)

		// Only pictures of one's own; those of others are as if there were none.
		notes := upload(t, h.Handler(), annKey, "text/plain", "notes.txt", "words")
		pending := text(h.call(t, annKey, http.MethodGet, "/api/media?mime=image/png&name=x.png&moduleCode=1", "", http.StatusOK), "fileId")
		hers := text(h.call(t, h.admin, http.MethodGet, "/api/media?mime=image/png&name=x.png&moduleCode=1", "", http.StatusOK), "fileId")
		for _, field := range []string{"fileId", "coverFileId"} {
			for _, id := range []string{notes, pending, "nothing", strings.Repeat("x", 37)} {
				h.refused(t, annKey, http.MethodPatch, me, fmt.Sprintf(`{%q:%q}`, field, id), "/"+field)
			}
			answers := map[string]bool{}
			for _, id := range []string{face, hers, "01a21f86-0000-7000-8000-000000000000"} {
				out := h.call(t, bobKey, http.MethodPatch, "/api/users/"+bob, fmt.Sprintf(`{%q:%q}`, field, id), http.StatusBadRequest)
				delete(out, "requestId")
				answers[fmt.Sprint(out)] = true
			}
			if len(answers) != 1 {
				t.Errorf("a file of somebody else is told from none: %v", answers)
			}
		}

		// An administrator gives somebody a picture, and sends back the one that is there.
		badge := upload(t, h.Handler(), h.admin, "image/png", "badge.png", picture)
		h.call(t, h.admin, http.MethodPatch, me, `{"fileId":"`+face+`","designation":"Pilot"}`, http.StatusOK)
		h.call(t, h.admin, http.MethodPatch, me, `{"fileId":"`+badge+`"}`, http.StatusOK)
		h.call(t, annKey, http.MethodPatch, me, `{"fileId":"`+badge+`","phone":"1"}`, http.StatusOK)
		h.call(t, annKey, http.MethodDelete, "/api/media/"+face, "", http.StatusNoContent)
		h.call(t, annKey, http.MethodPatch, me, `{"fileId":null,"coverFileId":""}`, http.StatusOK)
		gone := h.call(t, bobKey, http.MethodGet, me, "", http.StatusOK)
		if gone["picture"] != nil || gone["cover"] != nil {
			t.Errorf("pictures stay: %v", gone)
		}
		h.call(t, bobKey, http.MethodGet, "/api/media/"+badge, "", http.StatusNotFound)
	})
}

func TestTheOrganizationHasALogo(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "ann")
		org := "/api/organization/" + h.root.Organization.ID
		logo := upload(t, h.Handler(), h.admin, "image/png", "logo.png", picture)
		h.call(t, annKey, http.MethodPatch, org, `{"fileId":"`+logo+`"}`, http.StatusForbidden)
		h.call(t, h.admin, http.MethodPatch, org, `{"fileId":"`+logo+`"}`, http.StatusOK)
		shown := h.call(t, annKey, http.MethodGet, "/api/organization", "", http.StatusOK)
		if id, address := pictureOf(shown, "file"); id != logo || h.fetches(t, address) != http.StatusOK {
			t.Errorf("the logo is %q at %q", id, address)
		}
		child := h.call(t, h.admin, http.MethodPost, "/api/organization", `{"name":"Child","admin":{"email":"child@stilla.example"}}`, http.StatusCreated)
		h.call(t, text(child, "accessToken"), http.MethodGet, "/api/media/"+logo, "", http.StatusNotFound)
		other := upload(t, h.Handler(), h.admin, "image/png", "other.png", picture)
		h.refused(t, h.admin, http.MethodPatch, "/api/organization/"+text(child, "id"), `{"fileId":"`+other+`"}`, "/fileId")
		h.refused(t, text(child, "accessToken"), http.MethodPatch, "/api/organization/"+text(child, "id"), `{"fileId":"`+logo+`"}`, "/fileId")
		h.call(t, h.admin, http.MethodPatch, org, `{"fileId":null}`, http.StatusOK)
		if got := h.call(t, annKey, http.MethodGet, "/api/organization", "", http.StatusOK)["file"]; got != nil {
			t.Errorf("the logo stays: %v", got)
		}
	})
}
