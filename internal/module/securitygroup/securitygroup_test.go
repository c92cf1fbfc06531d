package securitygroup_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/module/securitygroup"
	"github.com/workdrive/workdrive/internal/testkit/cast"
)

const groups = "/api/security_groups"

// manager is a member who holds some capabilities.
func (r *rig) manager(name string, capabilities ...authz.Capability) authz.Actor {
	who := r.Person(r.T, name)
	who.Capabilities = capabilities
	return r.as(who)
}

func idsBody(list ...string) string {
	body := `{"ids":[`
	for i, id := range list {
		if i > 0 {
			body += ","
		}
		body += fmt.Sprintf("%q", id)
	}
	return body + `]}`
}

func TestLifeOfAGroup(t *testing.T) {
	each(t, func(r *rig) {
		a := r.call(r.admin, "POST", groups, `{"name":" Newsroom ","capabilities":["content:moderate","users:manage","users:manage"]}`).want(201)
		id := a.str("id")
		at := groups + "/" + id
		if a.str("name") != "Newsroom" || len(a.list("capabilities")) != 2 || a.header.Get("Location") != at || a.header.Get("ETag") != `"1"` {
			r.Fatalf("created: %s %v", a.raw, a.header)
		}
		if b, ok := a.body["builtin"]; !ok || b != nil {
			r.Errorf("builtin is %v", b)
		}
		r.call(r.member, "GET", at, "").want(200)
		a = r.call(r.admin, "PATCH", at, `{"name":"Desk","capabilities":"content:moderate"}`, "If-Match", `"1"`).want(200)
		if a.str("name") != "Desk" || len(a.list("capabilities")) != 1 || a.header.Get("ETag") != `"2"` {
			r.Fatalf("changed: %s", a.raw)
		}
		r.call(r.admin, "PATCH", at, `{"name":"Late"}`, "If-Match", `"1"`).want(412)
		if a = r.call(r.admin, "PATCH", at, `{"capabilities":null}`).want(200); len(a.list("capabilities")) != 0 {
			r.Errorf("cleared: %s", a.raw)
		}
		r.call(r.admin, "POST", groups, `{"name":"DESK"}`).want(409, "securityGroup.nameTaken", "/name")
		r.call(r.admin, "POST", at+"/members", idsBody(r.member.UserID)).want(200)
		r.call(r.admin, "DELETE", at, "", "If-Match", `"1"`).want(412)
		r.call(r.admin, "DELETE", at, "").want(204)
		r.call(r.admin, "DELETE", at, "").want(404)
		if n := r.count(`SELECT COUNT(*) FROM security_group_members WHERE group_id = ?`, id); n != 0 {
			r.Errorf("%d memberships are left", n)
		}
		for _, verb := range []string{"created", "updated", "membersChanged", "deleted"} {
			if !r.saw("securityGroup." + verb + " " + id) {
				r.Errorf("no event securityGroup.%s", verb)
			}
		}
	})
}

func TestPeopleOfAGroup(t *testing.T) {
	each(t, func(r *rig) {
		at := groups + "/" + r.Group(r.T, "Newsroom")
		ann, bob, former := r.person("ann"), r.person("bob"), r.person("fay")
		r.Exec(r.T, `UPDATE users SET status = 'ARCHIVE' WHERE id = ?`, former)
		a := r.call(r.admin, "POST", at+"/members", idsBody(ann, bob, ann)).want(200)
		if a.num("memberCount") != 2 || a.header.Get("ETag") != `"2"` {
			r.Fatalf("added: %s", a.raw)
		}
		if a = r.call(r.admin, "POST", at+"/members", idsBody(ann)).want(200); a.header.Get("ETag") != `"2"` {
			r.Errorf("nothing changed, yet the version is %s", a.header.Get("ETag"))
		}
		if a = r.call(r.member, "GET", at+"/members", "").want(200); len(a.list("members")) != 2 {
			r.Errorf("members: %s", a.raw)
		}
		if a = r.call(r.admin, "DELETE", at+"/members", idsBody(ann)).want(200); a.num("memberCount") != 1 {
			r.Errorf("removed: %s", a.raw)
		}
		r.call(r.admin, "POST", at+"/members", idsBody(ann)).want(200)
		if a = r.call(r.admin, "DELETE", at+"/members?ids="+ann+"&ids="+bob, "").want(200); a.num("memberCount") != 0 {
			r.Errorf("removed by parameters: %s", a.raw)
		}
		r.call(r.admin, "POST", at+"/members", idsBody(ann, bob)).want(200)
		if a = r.call(r.admin, "DELETE", at+"/members?ids="+ann+","+bob, "").want(200); a.num("memberCount") != 0 {
			r.Errorf("removed by one parameter: %s", a.raw)
		}
		stranger := cast.NewOrg(r.T, r.db).Person(r.T, "eve").UserID
		r.call(r.admin, "POST", at+"/members", idsBody(ann, stranger, ids.New(), former, "x")).
			want(400, "/ids/1", "/ids/2", "/ids/3", "/ids/4", "user.unknown")
		if n := r.call(r.member, "GET", at, "").want(200).num("memberCount"); n != 0 {
			r.Errorf("a refused change wrote %d people", n)
		}
		r.call(r.admin, "POST", at+"/members", idsBody(ann)).want(200)
		for _, body := range []string{"", `{}`, `{"ids":[]}`, `{"ids":null}`} {
			r.call(r.admin, "DELETE", at+"/members", body).want(400, "/ids")
		}
		r.call(r.admin, "POST", at+"/members", `{"ids":[]}`).want(400, "/ids")
		r.call(r.admin, "DELETE", at+"/members?ids="+stranger, "").want(400, "?ids")
		if n := r.call(r.member, "GET", at, "").want(200).num("memberCount"); n != 1 {
			r.Errorf("%d people are left", n)
		}
	})
}

func TestNobodyGivesWhatTheyLack(t *testing.T) {
	each(t, func(r *rig) {
		keeper := r.manager("kim", authz.GroupsManage)
		strong, plain := r.Group(r.T, "Strong", authz.UsersManage), r.Group(r.T, "Plain", authz.GroupsManage)
		r.call(keeper, "POST", groups, `{"name":"New","capabilities":["users:manage"]}`).want(403, "securityGroup.escalation")
		r.call(keeper, "PATCH", groups+"/"+plain, `{"capabilities":["groups:manage","tokens:manage"]}`).want(403, "securityGroup.escalation")
		r.call(keeper, "POST", groups+"/"+strong+"/members", idsBody(keeper.UserID)).want(403, "securityGroup.escalation")
		r.call(keeper, "POST", groups+"/"+r.Administrators+"/members", idsBody(keeper.UserID)).want(403, "securityGroup.escalation")
		if n := r.count(`SELECT COUNT(*) FROM security_group_members WHERE user_id = ?`, keeper.UserID); n != 1 {
			r.Errorf("the caller is in %d groups", n)
		}
		r.call(keeper, "PATCH", groups+"/"+strong, `{"name":"Stronger","capabilities":["groups:manage","users:manage"]}`).want(200) // it had the other
		r.call(keeper, "POST", groups+"/"+plain+"/members", idsBody(keeper.UserID)).want(200)
		r.call(keeper, "POST", groups, `{"name":"New","capabilities":["groups:manage"]}`).want(201)
		r.call(r.admin, "POST", groups+"/"+strong+"/members", idsBody(keeper.UserID)).want(200)
	})
}

func TestNobodyTakesWhatTheyLack(t *testing.T) {
	each(t, func(r *rig) {
		keeper, bob := r.manager("kim", authz.GroupsManage), r.person("bob")
		second := r.Administrator(r.T, "bea").UserID
		strong := r.Group(r.T, "Strong", authz.UsersManage, authz.GroupsManage)
		r.call(r.admin, "POST", groups+"/"+strong+"/members", idsBody(bob)).want(200)
		for _, c := range [][3]string{
			{"DELETE", groups + "/" + r.Administrators + "/members", idsBody(second)},
			{"DELETE", groups + "/" + strong + "/members", idsBody(bob)},
			{"DELETE", groups + "/" + strong + "/members?ids=" + bob, ""},
			{"PATCH", groups + "/" + strong, `{"capabilities":null}`},
			{"DELETE", groups + "/" + strong, ""},
		} {
			r.call(keeper, c[0], c[1], c[2]).want(403, "securityGroup.aboveCaller")
		}
		if n := r.count(`SELECT COUNT(*) FROM security_group_members WHERE group_id IN (?, ?)`, strong, r.Administrators); n != 3 {
			r.Errorf("%d people are left", n)
		}
		r.call(keeper, "PATCH", groups+"/"+strong, `{"name":"Renamed","capabilities":["users:manage"]}`).want(200) // it takes what it has
		r.call(r.admin, "DELETE", groups+"/"+strong, "").want(204)
	})
}

func TestBuiltinGroups(t *testing.T) {
	each(t, func(r *rig) {
		for _, id := range []string{r.Administrators, r.Members} {
			at := groups + "/" + id
			r.call(r.admin, "PATCH", at, `{"name":"Other"}`).want(409, "securityGroup.builtin")
			r.call(r.admin, "PATCH", at, `{"capabilities":["users:manage"]}`).want(409, "securityGroup.builtin")
			r.call(r.admin, "PATCH", at, `{}`).want(200)
			r.call(r.admin, "DELETE", at, "").want(409, "securityGroup.builtin")
		}
		r.call(r.admin, "POST", groups+"/"+r.Members+"/members", idsBody(r.member.UserID)).want(409, "securityGroup.builtin")
		r.call(r.admin, "DELETE", groups+"/"+r.Members+"/members", idsBody(r.member.UserID)).want(409, "securityGroup.builtin")
		if s := r.call(r.member, "GET", groups+"/"+r.Members, "").want(200).str("builtin"); s != "members" {
			r.Errorf("builtin is %q", s)
		}
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	each(t, func(r *rig) {
		at := groups + "/" + r.Administrators + "/members"
		blocked := r.Administrator(r.T, "bea").UserID
		r.Exec(r.T, `UPDATE users SET status = 'BLOCKED' WHERE id = ?`, blocked)
		r.call(r.admin, "DELETE", at, idsBody(r.admin.UserID)).want(409, "user.lastAdministrator")
		r.call(r.admin, "POST", at, idsBody(r.member.UserID)).want(200)
		r.call(r.admin, "DELETE", at, idsBody(r.member.UserID, r.admin.UserID)).want(409, "user.lastAdministrator")
		r.call(r.admin, "DELETE", at, idsBody(r.admin.UserID)).want(200)
		r.call(r.admin, "DELETE", at, idsBody(blocked)).want(200)
		if n := r.count(`SELECT COUNT(*) FROM security_group_members WHERE group_id = ?`, r.Administrators); n != 1 {
			r.Errorf("%d administrators are left", n)
		}
	})
}

func TestAdministratorsLeaveAtOnce(t *testing.T) {
	each(t, func(r *rig) {
		people := []string{r.admin.UserID}
		for i := range 3 {
			people = append(people, r.Administrator(r.T, fmt.Sprintf("a%d", i)).UserID)
		}
		var wg sync.WaitGroup
		errs := make([]error, len(people))
		for i, id := range people {
			wg.Go(func() {
				_, errs[i] = r.service.RemoveMembers(context.Background(), r.admin, r.Administrators, "", []securitygroup.Named{{ID: id, Pointer: "/ids/0"}})
			})
		}
		wg.Wait()
		refused := 0
		for _, err := range errs {
			if fault.Is(err, fault.KindConflict) {
				refused++
			} else if err != nil {
				r.Fatal(err)
			}
		}
		if n := r.count(`SELECT COUNT(*) FROM security_group_members WHERE group_id = ?`, r.Administrators); n != 1 || refused != 1 {
			r.Errorf("%d administrators are left, %d of %d were refused", n, refused, len(people))
		}
	})
}

func TestOnlyManagersWriteGroups(t *testing.T) {
	each(t, func(r *rig) {
		id := r.Group(r.T, "Newsroom")
		stranger := r.as(cast.NewOrg(r.T, r.db).Administrator(r.T, "eve"))
		at := groups + "/" + id
		for _, c := range []struct{ method, path, body string }{
			{"PATCH", at, `{"name":"X"}`},
			{"DELETE", at, ""},
			{"POST", at + "/members", idsBody(r.member.UserID)},
			{"DELETE", at + "/members", idsBody(r.member.UserID)},
		} {
			r.call(r.member, c.method, c.path, c.body).want(403, "role.missing")
			r.call(stranger, c.method, c.path, c.body).want(404)
		}
		r.call(r.member, "POST", groups, `{"name":"X"}`).want(403)
		for _, path := range []string{at, at + "/members"} {
			r.call(stranger, "GET", path, "").want(404)
		}
		r.call(stranger, "PATCH", at, `{"name":[}`).want(404)
		if n := r.call(stranger, "GET", groups, "").want(200).meta("totalResults"); n != 2 {
			r.Errorf("a stranger sees %d groups", n)
		}
		r.call(r.admin, "POST", groups, `{"name":" ","capabilities":["users:manage","fly"]}`).
			want(400, "/name", "/capabilities/1", "securityGroup.nameRequired", "securityGroup.capabilityUnknown")
		r.call(r.admin, "POST", groups, `{}`).want(400, "/name")
		r.call(r.admin, "PATCH", at, `{"name":"a\u0001"}`).want(400, "securityGroup.nameInvalid")
	})
}

func TestListOfGroups(t *testing.T) {
	each(t, func(r *rig) {
		for i := range 10 {
			id := r.Group(r.T, fmt.Sprintf("Team %02d", i))
			r.Exec(r.T, `INSERT INTO security_group_members (org_id, group_id, user_id) VALUES (?, ?, ?)`, r.ID, id, r.member.UserID)
		}
		for _, per := range []int{1, 12} {
			ctx, n := db.CountQueries(context.Background())
			if _, _, err := r.service.List(ctx, r.member, api.Page{CurPage: 1, PerPage: per}); err != nil || n.N() != 2 {
				r.Errorf("a page of %d took %d statements: %v", per, n.N(), err)
			}
			ctx, n = db.CountQueries(context.Background())
			if _, err := r.service.Roster(ctx, r.member, r.Members, api.Page{CurPage: 1, PerPage: per}); err != nil || n.N() != 2 {
				r.Errorf("%d people took %d statements: %v", per, n.N(), err)
			}
		}
		a := r.call(r.member, http.MethodGet, groups+"?cur_page=3&per_page=5", "").want(200)
		if len(a.list("groups")) != 2 || a.meta("totalResults") != 12 || a.meta("totalPages") != 3 || a.meta("nextPage") != 0 {
			r.Errorf("third page: %s", a.raw)
		}
		for _, g := range a.list("groups") {
			if m, _ := g.(map[string]any); m["memberCount"] != 1.0 {
				r.Errorf("counts: %v", m)
			}
		}
		seen, cursor := 0, ""
		for range 4 {
			a = r.call(r.member, "GET", groups+"?per_page=5&cursor="+cursor, "").want(200)
			seen += len(a.list("groups"))
			m, _ := a.body["meta"].(map[string]any)
			if cursor, _ = m["nextCursor"].(string); cursor == "" {
				break
			}
		}
		if seen != 12 {
			r.Errorf("cursors led to %d groups", seen)
		}
	})
}
