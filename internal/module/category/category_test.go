package category_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/module/category"
	"github.com/workdrive/workdrive/internal/testkit/cast"
)

func TestLifeOfACategory(t *testing.T) {
	each(t, func(r *rig) {
		a := r.call(r.admin, "POST", "/api/categories", `{"moduleCode":"1","category":" News of the week ","color":"#aabbcc"}`).want(201)
		id := a.str("id")
		if a.str("category") != "News of the week" || a.str("color") != "#AABBCC" || a.num("moduleCode") != 1 || a.str("orgId") != r.ID ||
			a.header.Get("Location") != "/api/categories/"+id || a.header.Get("ETag") != `"1"` {
			r.Fatalf("created: %s %v", a.raw, a.header)
		}
		at := "/api/categories/" + id
		r.call(r.member, "GET", at, "").want(200)
		a = r.call(r.admin, "PATCH", at, `{"category":"Weekly"}`, "If-Match", `"1"`).want(200)
		if a.str("category") != "Weekly" || a.str("color") != "#AABBCC" || a.header.Get("ETag") != `"2"` {
			r.Fatalf("changed: %s", a.raw)
		}
		r.call(r.admin, "PATCH", at, `{"category":"Late"}`, "If-Match", `"1"`).want(412)
		r.call(r.admin, "DELETE", at, "", "If-Match", `"1"`).want(412)
		r.call(r.admin, "DELETE", at, "").want(204)
		r.call(r.member, "GET", at, "").want(404)
		r.call(r.admin, "DELETE", at, "").want(404)
		for _, verb := range []string{"created", "updated", "deleted"} {
			if !r.saw("category." + verb + " " + id) {
				r.Errorf("no event category.%s", verb)
			}
		}
	})
}

func TestOnlyManagersWriteCategories(t *testing.T) {
	each(t, func(r *rig) {
		id := r.call(r.admin, "POST", "/api/categories", `{"moduleCode":4,"category":"Travel"}`).want(201).str("id")
		stranger := r.as(cast.NewOrg(r.T, r.db).Administrator(r.T, "eve"))
		reader := r.admin
		reader.UserID, reader.Scopes = ids.New(), []string{"categories:read"}
		r.as(reader)
		for _, c := range []struct{ method, path, body string }{
			{"POST", "/api/categories", `{"moduleCode":4,"category":"X"}`},
			{"PATCH", "/api/categories/" + id, `{"category":"X"}`},
			{"DELETE", "/api/categories/" + id, ""},
		} {
			r.call(r.member, c.method, c.path, c.body).want(403, "role.missing")
			r.call(reader, c.method, c.path, c.body).want(403, "key.scope")
			if c.method != "POST" {
				r.call(stranger, c.method, c.path, c.body).want(404)
			}
		}
		r.call(stranger, "PATCH", "/api/categories/"+id, `{"category":7`).want(404)
		r.call(stranger, "GET", "/api/categories/"+id, "").want(404)
		if n := r.call(stranger, "GET", "/api/categories?moduleCode=4", "").want(200).meta("totalResults"); n != 0 {
			r.Errorf("a stranger sees %d categories", n)
		}
		if n := r.call(r.member, "GET", "/api/categories?moduleCode=4", "").want(200).meta("totalResults"); n != 1 {
			r.Errorf("a member sees %d categories", n)
		}
		r.call(authz.Actor{UserID: "nobody"}, "GET", "/api/module-codes", "").want(401)
	})
}

func TestBadCategories(t *testing.T) {
	each(t, func(r *rig) {
		r.call(r.admin, "POST", "/api/categories", `{"moduleCode":1,"category":"Sports"}`).want(201)
		r.call(r.admin, "POST", "/api/categories", `{"moduleCode":1,"category":"SPORTS "}`).want(409, "category.nameTaken", "/category")
		other := r.call(r.admin, "POST", "/api/categories", `{"moduleCode":2,"category":"Sports"}`).want(201).str("id")
		r.call(r.admin, "POST", "/api/categories", `{"moduleCode":99,"category":" ","color":"red"}`).
			want(400, "/moduleCode", "/category", "/color", "category.moduleUnknown", "category.nameRequired", "category.colorInvalid")
		r.call(r.admin, "POST", "/api/categories", `{}`).want(400, "/moduleCode", "/category")
		r.call(r.admin, "PATCH", "/api/categories/"+other, `{"category":null}`).want(400, "category.nameRequired")
		r.call(r.admin, "PATCH", "/api/categories/"+other, `{"category":"a\u0007"}`).want(400, "category.nameInvalid")
		r.call(r.admin, "PATCH", "/api/categories/"+other, `{}`).want(200)
		r.call(r.member, "GET", "/api/categories", "").want(400, "?moduleCode")
		r.call(r.member, "GET", "/api/categories?moduleCode=1&cursor=x", "").want(400, "?cursor")
	})
}

func TestListOfCategories(t *testing.T) {
	each(t, func(r *rig) {
		for i := range 12 {
			if _, err := r.service.Create(context.Background(), r.admin, category.Draft{ModuleCode: 1, Category: fmt.Sprintf("Topic %02d", i)}); err != nil {
				r.Fatal(err)
			}
		}
		for _, per := range []int{1, 12} {
			ctx, n := db.CountQueries(context.Background())
			if _, _, err := r.service.List(ctx, r.member, 1, api.Page{CurPage: 1, PerPage: per}); err != nil || n.N() != 2 {
				r.Errorf("a page of %d took %d statements: %v", per, n.N(), err)
			}
		}
		a := r.call(r.member, "GET", "/api/categories?moduleCode=1&cur_page=2&per_page=5", "").want(200)
		if len(a.list("categories")) != 5 || a.meta("totalResults") != 12 || a.meta("totalPages") != 3 || a.meta("nextPage") != 3 {
			r.Errorf("second page: %s", a.raw)
		}
		seen, cursor := 0, ""
		for range 4 {
			a = r.call(r.member, "GET", "/api/categories?moduleCode=1&per_page=5&cursor="+cursor, "").want(200)
			seen += len(a.list("categories"))
			m, _ := a.body["meta"].(map[string]any)
			if cursor, _ = m["nextCursor"].(string); cursor == "" {
				break
			}
		}
		if seen != 12 {
			r.Errorf("cursors led to %d categories", seen)
		}
	})
}

func TestModuleCodes(t *testing.T) {
	each(t, func(r *rig) {
		var codes []category.ModuleCode
		if err := json.Unmarshal([]byte(r.call(r.member, "GET", "/api/module-codes", "").want(200).raw), &codes); err != nil {
			r.Fatal(err)
		}
		if len(codes) != 14 || codes[0] != (category.ModuleCode{Name: "POST", ModuleCode: 1}) {
			r.Errorf("codes: %v", codes)
		}
		for i, c := range codes {
			if int(c.ModuleCode) != i+1 {
				r.Errorf("code %d of %s", c.ModuleCode, c.Name)
			}
		}
	})
}
