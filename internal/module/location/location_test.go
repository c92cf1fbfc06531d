package location_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/testkit/cast"
)

func (r *rig) create(name string) string {
	r.Helper()
	return r.call(r.admin, "POST", "/api/locations", fmt.Sprintf(`{"name":%q}`, name)).want(201).str("id")
}

func TestLifeOfALocation(t *testing.T) {
	each(t, func(r *rig) {
		a := r.call(r.admin, "POST", "/api/locations", `{"name":" Berlin "}`).want(201)
		id := a.str("id")
		at := "/api/locations/" + id
		if a.str("name") != "Berlin" || a.str("addedBy") != r.admin.UserID || a.str("createdBy") != r.admin.UserID || a.str("orgId") != r.ID ||
			a.header.Get("Location") != at || a.header.Get("ETag") != `"1"` {
			r.Fatalf("created: %s %v", a.raw, a.header)
		}
		r.call(r.member, "GET", at, "").want(200)
		a = r.call(r.admin, "PATCH", at, `{"name":"BERLIN"}`, "If-Match", `"1"`).want(200)
		if a.str("name") != "BERLIN" || a.header.Get("ETag") != `"2"` {
			r.Fatalf("renamed: %s", a.raw)
		}
		r.call(r.admin, "PATCH", at, `{"name":"Bonn"}`, "If-Match", `"1"`).want(412)
		r.call(r.admin, "POST", "/api/locations", `{"name":"berlin"}`).want(409, "location.nameTaken", "/name")
		r.call(r.admin, "POST", at+"/members", fmt.Sprintf(`{"addMembers":[%q]}`, r.member.UserID)).want(200)
		r.call(r.admin, "PATCH", at+"/admin", fmt.Sprintf(`{"add":[%q]}`, r.admin.UserID)).want(200)
		r.Exec(r.T, `INSERT INTO user_locations (org_id, user_id, location_id) VALUES (?, ?, ?)`, r.ID, r.admin.UserID, id)
		r.call(r.admin, "DELETE", at, "", "If-Match", `"2"`).want(412)
		r.call(r.admin, "DELETE", at, "").want(204)
		r.call(r.admin, "DELETE", at, "").want(404)
		r.call(r.member, "GET", at, "").want(404)
		for _, query := range []string{
			`SELECT COUNT(*) FROM users WHERE location_id IS NOT NULL`,
			`SELECT COUNT(*) FROM user_locations`, `SELECT COUNT(*) FROM location_admins`,
		} {
			if n := r.count(query); n != 0 {
				r.Errorf("%s: %d are left", query, n)
			}
		}
		for _, verb := range []string{"created", "updated", "membersChanged", "deleted"} {
			if !r.saw("location." + verb + " " + id) {
				r.Errorf("no event location.%s", verb)
			}
		}
	})
}

func TestPeopleOfALocation(t *testing.T) {
	each(t, func(r *rig) {
		berlin, rome := r.create("Berlin"), r.create("Rome")
		ann, bob, former := r.person("ann"), r.person("bob"), r.person("fay")
		r.Exec(r.T, `UPDATE users SET status = 'ARCHIVE', location_id = ? WHERE id = ?`, berlin, former)
		members := "/api/locations/" + berlin + "/members"
		a := r.call(r.admin, "POST", members, fmt.Sprintf(`{"addMembers":[%q,{"id":%q,"isAdmin":false},%q]}`, ann, bob, ann)).want(200)
		if len(a.list("members")) != 2 || a.num("memberCount") != 2 || a.header.Get("ETag") != `"2"` {
			r.Fatalf("added: %s", a.raw)
		}
		a = r.call(r.admin, "POST", "/api/locations/"+rome+"/members", fmt.Sprintf(`{"addMembers":%q}`, ann)).want(200)
		if len(a.list("members")) != 1 || !r.saw("location.membersChanged "+berlin) || !r.saw("location.membersChanged "+rome) {
			r.Fatalf("moved: %s", a.raw)
		}
		// Removals come first: both lists name the same person, who stays.
		a = r.call(r.admin, "POST", members, fmt.Sprintf(`{"addMembers":[%q],"removeMembers":[%q,%q]}`, bob, bob, ann)).want(200)
		if len(a.list("members")) != 1 {
			r.Fatalf("removed and added: %s", a.raw)
		}
		if n := r.call(r.member, "GET", "/api/locations/"+rome+"/members", "").want(200).num("memberCount"); n != 1 {
			r.Errorf("removing somebody elsewhere touched their location: %d", n)
		}
		r.call(r.admin, "POST", members, fmt.Sprintf(`{"removeMembers":[%q]}`, bob)).want(200)
		stranger := cast.NewOrg(r.T, r.db).Person(r.T, "eve").UserID
		body := fmt.Sprintf(`{"addMembers":[%q,%q,{"id":%q},%q,""],"removeMembers":[%q]}`, bob, stranger, ids.New(), former, stranger)
		r.call(r.admin, "POST", members, body).want(400, "/addMembers/1", "/addMembers/2/id", "/addMembers/3", "/addMembers/4", "/removeMembers/0", "user.unknown")
		if n := r.call(r.member, "GET", members, "").want(200).num("memberCount"); n != 0 {
			r.Errorf("a refused change wrote %d people", n)
		}
		r.call(r.admin, "POST", members, `{"addMembers":[7]}`).want(400)
		r.call(r.admin, "POST", members, `{}`).want(200)
	})
}

func TestAdminsOfALocation(t *testing.T) {
	each(t, func(r *rig) {
		id := r.create("Berlin")
		at := "/api/locations/" + id + "/admin"
		ann, bob := r.person("ann"), r.person("bob")
		a := r.call(r.admin, "PATCH", at, fmt.Sprintf(`{"add":[{"id":%q,"isAdmin":false},%q]}`, ann, bob)).want(200)
		if len(a.list("admins")) != 2 {
			r.Fatalf("added: %s", a.raw)
		}
		a = r.call(r.admin, "PATCH", at, fmt.Sprintf(`{"remove":%q}`, ann)).want(200)
		if len(a.list("admins")) != 1 {
			r.Fatalf("removed: %s", a.raw)
		}
		r.call(r.admin, "PATCH", at, fmt.Sprintf(`{"add":[%q],"remove":[%q]}`, ids.New(), ids.New())).want(400, "/add/0", "/remove/0")
		r.call(r.member, "PATCH", at, fmt.Sprintf(`{"add":[%q]}`, r.member.UserID)).want(403, "role.missing")
		if n := r.count(`SELECT COUNT(*) FROM location_admins`); n != 1 {
			r.Errorf("%d administrators", n)
		}
	})
}

func TestOnlyManagersWriteLocations(t *testing.T) {
	each(t, func(r *rig) {
		id := r.create("Berlin")
		stranger := r.as(cast.NewOrg(r.T, r.db).Administrator(r.T, "eve"))
		at := "/api/locations/" + id
		for _, c := range []struct{ method, path, body string }{
			{"PATCH", at, `{"name":"X"}`}, {"DELETE", at, ""},
			{"POST", at + "/members", `{"addMembers":[]}`}, {"PATCH", at + "/admin", `{"add":[]}`},
		} {
			r.call(r.member, c.method, c.path, c.body).want(403, "role.missing")
			r.call(stranger, c.method, c.path, c.body).want(404)
		}
		r.call(r.member, "POST", "/api/locations", `{"name":"X"}`).want(403)
		for _, path := range []string{at, at + "/members"} {
			r.call(stranger, "GET", path, "").want(404)
		}
		r.call(stranger, "PATCH", at, `{"name":[}`).want(404)
		if n := r.call(stranger, "GET", "/api/locations", "").want(200).meta("totalResults"); n != 0 {
			r.Errorf("a stranger sees %d locations", n)
		}
		r.call(r.admin, "POST", "/api/locations", `{"name":" "}`).want(400, "location.nameRequired", "/name")
		r.call(r.admin, "POST", "/api/locations", `{}`).want(400, "/name")
		r.call(r.admin, "PATCH", at, `{"name":"a\u0001b"}`).want(400, "location.nameInvalid")
		r.call(r.admin, "PATCH", at, `{}`).want(200)
		r.call(r.member, "GET", at+"/members?per_page=0", "").want(400)
	})
}

func TestListOfLocations(t *testing.T) {
	each(t, func(r *rig) {
		for i := range 12 {
			id := r.Location(r.T, fmt.Sprintf("Place %02d", i))
			r.Exec(r.T, `UPDATE users SET location_id = ? WHERE id = ?`, id, r.person(fmt.Sprintf("p%d", i)))
		}
		for _, per := range []int{1, 12} {
			ctx, n := db.CountQueries(context.Background())
			if _, _, err := r.service.List(ctx, r.member, api.Page{CurPage: 1, PerPage: per}); err != nil || n.N() != 2 {
				r.Errorf("a page of %d took %d statements: %v", per, n.N(), err)
			}
		}
		a := r.call(r.member, "GET", "/api/locations?cur_page=3&per_page=5", "").want(200)
		if len(a.list("locations")) != 2 || a.meta("totalResults") != 12 || a.meta("totalPages") != 3 || a.meta("nextPage") != 0 {
			r.Errorf("third page: %s", a.raw)
		}
		for _, l := range a.list("locations") {
			if m, _ := l.(map[string]any); m["memberCount"] != 1.0 {
				r.Errorf("counts: %v", m)
			}
		}
		seen, cursor := 0, ""
		for range 4 {
			a = r.call(r.member, "GET", "/api/locations?per_page=5&cursor="+cursor, "").want(200)
			seen += len(a.list("locations"))
			m, _ := a.body["meta"].(map[string]any)
			if cursor, _ = m["nextCursor"].(string); cursor == "" {
				break
			}
		}
		if seen != 12 {
			r.Errorf("cursors led to %d locations", seen)
		}
	})
}

func TestPagesOfPeople(t *testing.T) {
	each(t, func(r *rig) {
		id := r.Location(r.T, "Berlin")
		for i := range 12 {
			r.Exec(r.T, `UPDATE users SET location_id = ? WHERE id = ?`, id, r.person(fmt.Sprintf("p%d", i)))
		}
		at := "/api/locations/" + id + "/members"
		if n := len(r.call(r.member, "GET", at, "").want(200).list("members")); n != 12 {
			r.Errorf("%d people without paging", n)
		}
		if n := len(r.call(r.member, "GET", at+"?cur_page=2&per_page=8", "").want(200).list("members")); n != 4 {
			r.Errorf("%d people on the second page", n)
		}
		for _, per := range []int{1, 12} {
			ctx, n := db.CountQueries(context.Background())
			if _, err := r.service.Roster(ctx, r.member, id, api.Page{CurPage: 1, PerPage: per}); err != nil || n.N() != 2 {
				r.Errorf("%d people took %d statements: %v", per, n.N(), err)
			}
		}
	})
}
