package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

func TestAnOrganizationChangesFieldByField(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		at := "/api/organization/" + h.root.Organization.ID
		h.call(t, h.admin, http.MethodPatch, at, `{"legalName":"Stilla Ltd.","phone":"1","websites":["a.example","b.example"],
			"address":{"street1":"3739 Liberty Avenue","street2":"Floor 2","city":"Anaheim","state":"California","zip":"92805"}}`, http.StatusOK)
		got := h.call(t, h.admin, http.MethodPatch, at, `{"phone":null,"websites":"c.example","address":{"street2":null,"zip":"92806"}}`, http.StatusOK)
		want := map[string]any{"street1": "3739 Liberty Avenue", "street2": nil, "city": "Anaheim", "state": "California", "zip": "92806"}
		if fmt.Sprint(got["address"]) != fmt.Sprint(want) || got["phone"] != nil || got["legalName"] != "Stilla Ltd." || fmt.Sprint(got["websites"]) != "[c.example]" {
			t.Errorf("changed: %v", got)
		}
		if same := h.call(t, h.admin, http.MethodPatch, at, `{}`, http.StatusOK); same["updatedAt"] != got["updatedAt"] {
			t.Errorf("an empty change counts as one: %v", same)
		}
		h.clock.Advance(1)
		if none := h.call(t, h.admin, http.MethodPatch, at, `{"address":null,"websites":null}`, http.StatusOK); none["address"] != nil {
			t.Errorf("cleared: %v", none)
		}
		_, member := h.person(t, "ann")
		own := h.call(t, member, http.MethodGet, "/api/organization", "", http.StatusOK)
		if own["id"] != h.root.Organization.ID || own["legalName"] != "Stilla Ltd." || own["accessToken"] != nil {
			t.Errorf("a member reads %v", own)
		}
		for _, bad := range []string{`{"name":null}`, `{"name":"a\u0007"}`, `{"status":"CLOSED"}`, `{"address":"Anaheim"}`, `{"address":{"zip":"` + strings.Repeat("9", 21) + `"}}`} {
			h.call(t, h.admin, http.MethodPatch, at, bad, http.StatusBadRequest)
		}
	})
}

// fields gives the pointers a problem names.
func fields(problem map[string]any) (list []string) {
	errs, _ := problem["errors"].([]any)
	for _, e := range errs {
		list = append(list, text(e.(map[string]any), "pointer"))
	}
	return list
}

func TestTheFirstAdministratorOfAChild(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		name := strings.Repeat("é", 150)
		made := h.call(t, h.admin, http.MethodPost, "/api/organization", `{"name":"`+name+`","admin":{"email":"first@child.example"}}`, http.StatusCreated)
		who := h.call(t, text(made, "accessToken"), http.MethodGet, me, "", http.StatusOK)
		if who["id"] != made["createdBy"] || who["firstName"] != "Administrator" || who["lastName"] != strings.Repeat("é", 100) || who["status"] != "ACTIVE" {
			t.Errorf("the administrator is %v", who)
		}
		h.call(t, text(made, "accessToken"), http.MethodPost, "/api/locations", `{"name":"Oslo"}`, http.StatusCreated)
		// The administrator's fields are named where the request has them.
		for admin, want := range map[string]string{
			`{"email":"a,b@child.example"}`:                                                   "/admin/email",
			`{"email":"a@child.example","firstName":"a\u0007"}`:                               "/admin/firstName",
			`{"email":"a@child.example","lastName":"` + strings.Repeat("x", 101) + `"}`:       "/admin/lastName",
			`{"email":"` + strings.Repeat("l", 65) + `@child.example","firstName":"a\u0007"}`: "/admin/email /admin/firstName",
		} {
			p := h.call(t, h.admin, http.MethodPost, "/api/organization", `{"name":"Bad","admin":`+admin+`}`, http.StatusBadRequest)
			if got := strings.Join(fields(p), " "); got != want {
				t.Errorf("%s names %q, want %q", admin, got, want)
			}
		}
		if n := h.call(t, h.admin, http.MethodGet, "/api/organizations", "", http.StatusOK)["meta"].(map[string]any)["totalResults"]; n != 2.0 {
			t.Errorf("%v organizations", n)
		}
	})
}

func TestOrganizationsOfOneNameAtOnceTakeDifferentSubdomains(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		subdomains := make([]string, 5)
		var all sync.WaitGroup
		for i := range subdomains {
			all.Go(func() {
				req := httptest.NewRequest(http.MethodPost, "/api/organization", strings.NewReader(`{"name":"Acme","admin":{"email":"a@acme.example"}}`))
				req.Header.Set("X-API-KEY", h.admin)
				req.Header.Set("Content-Type", "application/json")
				rec := httptest.NewRecorder()
				h.Handler().ServeHTTP(rec, req)
				var got struct{ Subdomain string }
				if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || rec.Code != http.StatusCreated {
					t.Errorf("%d %s %v", rec.Code, rec.Body, err)
				}
				subdomains[i] = got.Subdomain
			})
		}
		all.Wait()
		seen := map[string]bool{}
		for _, s := range subdomains {
			seen[s] = true
		}
		if len(seen) != len(subdomains) || !seen["acme"] || !seen["acme-5"] {
			t.Errorf("subdomains %v", subdomains)
		}
	})
}

func TestListOfOrganizations(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		var child map[string]any
		for i := range 12 {
			h.clock.Advance(1e9)
			child = h.call(t, h.admin, http.MethodPost, "/api/organization", fmt.Sprintf(`{"name":"Child %d","admin":{"email":"a@child.example"}}`, i), http.StatusCreated)
		}
		list := func(key, query string) (names []string, total float64, statements int) {
			req := httptest.NewRequest(http.MethodGet, "/api/organizations?"+query, nil)
			req.Header.Set("X-API-KEY", key)
			ctx, n := db.CountQueries(t.Context())
			rec := httptest.NewRecorder()
			h.Handler().ServeHTTP(rec, req.WithContext(ctx))
			var got struct {
				Organizations []struct{ Name string }
				Meta          struct{ TotalResults float64 }
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || rec.Code != http.StatusOK {
				t.Fatalf("%d %s %v", rec.Code, rec.Body, err)
			}
			for _, o := range got.Organizations {
				names = append(names, o.Name)
			}
			return names, got.Meta.TotalResults, n.N()
		}
		list(h.admin, "") // the key is known from now on
		short, _, few := list(h.admin, "per_page=2&cur_page=2")
		long, total, many := list(h.admin, "per_page=100")
		if few != many || many != 5 || // two, and three that write the reading down
			total != 13 || len(long) != 13 || long[0] != "Stilla" || fmt.Sprint(short) != "[Child 1 Child 2]" {
			t.Errorf("%d and %d statements, %v organizations: %v, second page %v", few, many, total, long, short)
		}
		if own, total, _ := list(text(child, "accessToken"), ""); total != 1 || fmt.Sprint(own) != "[Child 11]" {
			t.Errorf("a child sees %v", own)
		}
	})
}
