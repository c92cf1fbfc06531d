package app

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestWhoSeesAnItemIsExplainedForEveryKind asks about items as their modules make them: with
// owners, as drafts, expired, and by the id of a question.
func TestWhoSeesAnItemIsExplainedForEveryKind(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		cam, camKey := h.person(t, "cam")
		explain := func(key, kind, id, person string, status int) map[string]any {
			return h.call(t, key, http.MethodGet, "/api/audience/explain?kind="+kind+"&id="+id+"&userId="+person, "", status)
		}
		check := func(what, kind, id, person string, visible bool, clauses ...string) {
			t.Helper()
			for _, key := range []string{annKey, h.admin} { // the author's and a moderator's
				got := explain(key, kind, id, person, http.StatusOK)
				if reasons := valuesOf(got, "reasons", "clause"); got["visible"] != visible || !slices.Equal(reasons, append([]string{}, clauses...)) {
					t.Errorf("%s: visible %t for %v; want %t for %v: %v", what, got["visible"], reasons, visible, clauses, got)
				}
			}
		}
		const named = `"permissions":{"users":["%s"]}`
		for _, k := range []struct{ kind, target, body string }{
			{"post", "/api/posts", `{"postText":"x",` + named + `}`},
			{"news", "/api/news", `{"newsTitle":"x","postText":"x",` + named + `}`},
			{"document", "/api/documents?publish=true", `{"name":"x","link":"https://handbook.example",` + named + `}`},
			{"faq", "/api/faqs?publish=true", `{"qas":[{"question":"Q","answer":"A"}],` + named + `}`},
		} {
			id := text(h.call(t, annKey, http.MethodPost, k.target, fmt.Sprintf(k.body, bob), http.StatusCreated), "id")
			check(k.kind+" of somebody named", k.kind, id, bob, true, "user")
			check(k.kind+" of somebody else", k.kind, id, cam, false)
			explain(bobKey, k.kind, id, cam, http.StatusForbidden)
			explain(camKey, k.kind, id, cam, http.StatusNotFound)
		}

		document := func(query, more string) string {
			return h.create(t, annKey, "/api/documents"+query, `{"name":"x","link":"https://handbook.example",`+more+`}`)
		}
		owned := document("?publish=true", `"ownerIds":["`+bob+`"],"permissions":{"onlyMe":true}`)
		check("a document, its owner", "document", owned, bob, true, "owner")
		check("a document for nobody else", "document", owned, cam, false)
		explain(bobKey, "document", owned, cam, http.StatusOK)
		draft := document("", `"ownerIds":["`+bob+`"],"permissions":{"public":true}`)
		check("a draft, its owner", "document", draft, bob, true, "owner")
		check("a draft, its readers to be", "document", draft, cam, false)
		expired := document("?publish=true", `"ownerIds":["`+bob+`"],"permissions":{"public":true},"expiry":"2001-01-01"`)
		check("what has expired, its owner", "document", expired, bob, true, "owner")
		check("what has expired, its readers once", "document", expired, cam, false)
		if got := explain(annKey, "document", expired, cam, http.StatusOK); got["expired"] != true || got["rule"] != "3: everybody of the organization" {
			t.Errorf("expired: %v", got)
		}
		faq := h.call(t, annKey, http.MethodPost, "/api/faqs?publish=true", `{"qas":[{"question":"Q","answer":"A"}]}`, http.StatusCreated)
		question := valuesOf(faq, "qas", "id")[0]
		check("an FAQ by its question", "faq", question, cam, true, "org")
		if got := explain(annKey, "faq", question, ann, http.StatusOK); got["id"] != faq["id"] || !strings.Contains(fmt.Sprint(got["detail"]), "sees it") {
			t.Errorf("by its question: %v, want %v", got["id"], faq["id"])
		}
	})
}
