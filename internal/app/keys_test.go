package app

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/org"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// house is a whole WorkDrive on a database, with its first organization.
type house struct {
	*App
	clock *clock.Manual
	root  org.Result
	admin string // the administrator's key
}

func eachHouse(t *testing.T, test func(t *testing.T, h *house)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := &house{clock: clock.NewManual(time.UnixMilli(cast.At))}
		var err error
		h.App, err = New(Options{Server: config.Server{Listen: "127.0.0.1:0", MaxInFlight: 64}, DB: d, Files: filesIn(t, t.TempDir(), h.clock), Clock: h.clock, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		h.root, err = h.Orgs.Setup(t.Context(), org.Setup{Name: "Stilla", Email: "root@stilla.example", FirstName: "Root", LastName: "Admin"})
		if err != nil {
			t.Fatal(err)
		}
		h.admin = h.root.AccessToken
		test(t, h)
	}, constraints()...)
}

// call sends a request with a key and fails unless it has the status.
func (h *house) call(t *testing.T, key, method, target, body string, want int) map[string]any {
	t.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	if key != "" {
		req.Header.Set("X-API-KEY", key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	h.Handler().ServeHTTP(rec, req)
	if rec.Code != want {
		t.Fatalf("%s %s: status %d, want %d: %s", method, target, rec.Code, want, rec.Body)
	}
	got := map[string]any{}
	if rec.Body.Len() > 0 && rec.Body.Bytes()[0] == '{' {
		if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

func text(m map[string]any, name string) string { s, _ := m[name].(string); return s }

// person creates an active member and gives their id and key.
func (h *house) person(t *testing.T, name string) (id, key string) {
	t.Helper()
	made := h.call(t, h.admin, http.MethodPost, "/api/users/add",
		`{"email":"`+name+`@stilla.example","firstName":"`+name+`","lastName":"Example","status":"ACTIVE"}`, http.StatusCreated)
	id = text(made, "id")
	return id, text(h.call(t, h.admin, http.MethodPost, "/api/token/generate-access", `{"userId":"`+id+`"}`, http.StatusCreated), "token")
}

const me = "/api/users/me"

func TestKeysDieWithWhatTheyStandFor(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		h.call(t, "", http.MethodGet, me, "", http.StatusUnauthorized)
		h.call(t, "wd_nonsense", http.MethodGet, me, "", http.StatusUnauthorized)
		id, key := h.person(t, "bob")
		h.call(t, key, http.MethodGet, me, "", http.StatusOK)
		h.call(t, "", http.MethodGet, me+"?api_key="+key, "", http.StatusUnauthorized)

		for _, status := range []string{"BLOCKED", "ARCHIVE", "INVITED"} {
			h.call(t, h.admin, http.MethodPatch, "/api/users/"+id, `{"status":"`+status+`"}`, http.StatusOK)
			h.call(t, key, http.MethodGet, me, "", http.StatusUnauthorized)
			h.call(t, h.admin, http.MethodPatch, "/api/users/"+id, `{"status":"ACTIVE"}`, http.StatusOK)
			h.call(t, key, http.MethodGet, me, "", http.StatusOK)
		}
		// Regenerating revokes the earlier key at once.
		again := text(h.call(t, key, http.MethodPost, "/api/token/generate-access", `{"userId":"`+id+`"}`, http.StatusCreated), "token")
		h.call(t, key, http.MethodGet, me, "", http.StatusUnauthorized)
		h.call(t, again, http.MethodGet, me, "", http.StatusOK)

		// A key with an end.
		soon := h.clock.Now().Add(time.Hour).Format(time.RFC3339)
		short := h.call(t, again, http.MethodPost, "/api/tokens", `{"name":"short","expiresAt":"`+soon+`"}`, http.StatusCreated)
		h.call(t, text(short, "token"), http.MethodGet, me, "", http.StatusOK)
		h.call(t, text(short, "token"), http.MethodPost, "/api/tokens", `{"name":"for ever"}`, http.StatusForbidden)
		h.clock.Advance(2 * time.Hour)
		h.call(t, text(short, "token"), http.MethodGet, me, "", http.StatusUnauthorized)

		// A revoked one, and its list.
		list := h.call(t, again, http.MethodGet, "/api/tokens", "", http.StatusOK)
		if n := list["meta"].(map[string]any)["totalResults"].(float64); n != 2 || strings.Contains(fmt.Sprint(list), again) {
			t.Errorf("list of keys: %v", list)
		}
		h.call(t, again, http.MethodDelete, "/api/tokens/"+text(short, "id"), "", http.StatusNoContent)
		h.call(t, again, http.MethodDelete, "/api/tokens/"+text(short, "id"), "", http.StatusNotFound)
	})
}

func TestScopesAndRolesLimitAKey(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id, key := h.person(t, "ann")
		otherID, otherKey := h.person(t, "bob")
		reader := h.call(t, key, http.MethodPost, "/api/tokens", `{"name":"reader","scopes":["*:read"]}`, http.StatusCreated)
		h.call(t, text(reader, "token"), http.MethodGet, "/api/posts", "", http.StatusOK)
		h.call(t, text(reader, "token"), http.MethodPost, "/api/posts", `{"postText":"x"}`, http.StatusForbidden)
		h.call(t, text(reader, "token"), http.MethodPost, "/api/tokens", `{"name":"wider"}`, http.StatusForbidden)
		tokens := h.call(t, key, http.MethodPost, "/api/tokens", `{"name":"maker","scopes":["tokens:write","posts:read"]}`, http.StatusCreated)
		h.call(t, text(tokens, "token"), http.MethodPost, "/api/tokens", `{"name":"wider","scopes":["posts:write"]}`, http.StatusForbidden)
		h.call(t, text(tokens, "token"), http.MethodPost, "/api/tokens", `{"name":"same","scopes":["posts:read"]}`, http.StatusCreated)
		for _, bad := range []string{`{}`, `{"name":""}`, `{"name":"x","scopes":["everything"]}`, `{"name":"x","expiresAt":"2001-01-01"}`, `{"name":"x","userId":"nobody"}`} {
			want := http.StatusBadRequest
			if strings.Contains(bad, "nobody") {
				want = http.StatusForbidden // others' keys are not for members at all
			}
			h.call(t, key, http.MethodPost, "/api/tokens", bad, want)
		}

		// Members do not touch the keys of others; administrators do.
		h.call(t, key, http.MethodPost, "/api/token/generate-access", `{"userId":"`+otherID+`"}`, http.StatusForbidden)
		h.call(t, key, http.MethodGet, "/api/tokens?userId="+otherID, "", http.StatusForbidden)
		bobs := h.call(t, otherKey, http.MethodPost, "/api/tokens", `{"name":"bob's"}`, http.StatusCreated)
		h.call(t, key, http.MethodDelete, "/api/tokens/"+text(bobs, "id"), "", http.StatusNotFound)
		h.call(t, h.admin, http.MethodDelete, "/api/tokens/"+text(bobs, "id"), "", http.StatusNoContent)
		h.call(t, text(bobs, "token"), http.MethodGet, me, "", http.StatusUnauthorized)

		// A role takes effect, and ends, on the next request.
		groups := h.call(t, h.admin, http.MethodGet, "/api/security_groups", "", http.StatusOK)["groups"].([]any)
		var administrators string
		for _, g := range groups {
			if text(g.(map[string]any), "name") == "Administrators" {
				administrators = text(g.(map[string]any), "id")
			}
		}
		h.call(t, key, http.MethodPost, "/api/locations", `{"name":"Oslo"}`, http.StatusForbidden)
		h.call(t, h.admin, http.MethodPost, "/api/security_groups/"+administrators+"/members}", `{"ids":["`+id+`"]}`, http.StatusOK)
		h.call(t, key, http.MethodPost, "/api/locations", `{"name":"Oslo"}`, http.StatusCreated)
		h.call(t, h.admin, http.MethodDelete, "/api/security_groups/"+administrators+"/members", `{"ids":["`+id+`"]}`, http.StatusOK)
		h.call(t, key, http.MethodPost, "/api/locations", `{"name":"Bergen"}`, http.StatusForbidden)
	})
}

func TestSecretsAreNeitherStoredNorRepeated(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, key := h.person(t, "ann")
		req := httptest.NewRequest(http.MethodPost, "/api/tokens", strings.NewReader(`{"name":"x"}`))
		req.Header.Set("X-API-KEY", key)
		req.Header.Set("Idempotency-Key", "k")
		rec := httptest.NewRecorder()
		h.Handler().ServeHTTP(rec, req)
		if rec.Code != http.StatusBadRequest {
			t.Errorf("a key with Idempotency-Key: %d %s", rec.Code, rec.Body)
		}
		var n int
		err := h.o.DB.Reader(t.Context()).QueryRow(t.Context(), `SELECT COUNT(*) FROM tokens WHERE hash LIKE ? OR name LIKE ? OR prefix = ?`, key, key, key).Scan(&n)
		if err != nil || n != 0 {
			t.Errorf("%d rows hold the key itself, %v", n, err)
		}
	})
}

func TestChildOrganizationsLiveApart(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, member := h.person(t, "ann")
		draft := `{"name":"Stilla","admin":{"firstName":"john","lastName":"smith","email":"abc@xyz.example"},"auth":{"method":"ldap"}}`
		h.call(t, member, http.MethodPost, "/api/organization", draft, http.StatusForbidden)
		made := h.call(t, h.admin, http.MethodPost, "/api/organization", draft, http.StatusCreated)
		if text(made, "subdomain") != "stilla-2" || text(made, "authMethod") != "ldap" || text(made, "parentOrgId") != h.root.Organization.ID || made["updatedAt"] != nil {
			t.Errorf("created: %v", made)
		}
		child, childKey := text(made, "id"), text(made, "accessToken")
		h.call(t, childKey, http.MethodPost, "/api/organization", draft, http.StatusForbidden) // not the root
		h.call(t, childKey, http.MethodGet, "/api/organization/"+h.root.Organization.ID, "", http.StatusNotFound)
		h.call(t, childKey, http.MethodPatch, "/api/organization/"+h.root.Organization.ID, `{"name":7}`, http.StatusNotFound)
		h.call(t, member, http.MethodPatch, "/api/organization/"+h.root.Organization.ID, `{"name":"Mine"}`, http.StatusForbidden)

		changed := h.call(t, h.admin, http.MethodPatch, "/api/organization/"+child,
			`{"websites":"abc.example","address":{"city":"Anaheim"},"industry":null,"email":"x@y.example"}`, http.StatusOK)
		if fmt.Sprint(changed["websites"], changed["authMethod"]) != "[abc.example] [ldap]" || changed["updatedAt"] == nil {
			t.Errorf("changed: %v", changed)
		}
		h.call(t, h.admin, http.MethodPatch, "/api/organization/"+child, `{"email":"nonsense","fileId":"x"}`, http.StatusBadRequest)

		h.call(t, childKey, http.MethodGet, me, "", http.StatusOK)
		h.call(t, h.admin, http.MethodPatch, "/api/organization/"+child, `{"status":"SUSPENDED"}`, http.StatusOK)
		if got := h.call(t, childKey, http.MethodGet, me, "", http.StatusForbidden); text(got, "code") != "org.suspended" {
			t.Errorf("suspended: %v", got)
		}
		h.call(t, h.admin, http.MethodPatch, "/api/organization/"+h.root.Organization.ID, `{"status":"SUSPENDED"}`, http.StatusForbidden)
	})
}

func TestSetUpHappensOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, err := New(Options{Server: config.Server{Listen: "127.0.0.1:0", MaxInFlight: 1}, DB: d, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		results := make([]error, 4)
		for i := range results {
			wg.Go(func() {
				_, results[i] = a.Orgs.Setup(t.Context(), org.Setup{Name: "Stilla", Email: "a@b.example", FirstName: "A", LastName: "B"})
			})
		}
		wg.Wait()
		done := 0
		for _, err := range results {
			if err == nil {
				done++
			} else if !fault.Is(err, fault.KindConflict) {
				t.Error(err)
			}
		}
		if done != 1 {
			t.Errorf("%d set-ups succeeded", done)
		}
	})
}
