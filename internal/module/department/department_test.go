package department_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/module/department"
	"github.com/workdrive/workdrive/internal/testkit/cast"
)

// create makes a department of people, who are ids.
func (r *rig) create(name string, people ...string) string {
	r.Helper()
	members := make([]string, len(people))
	for i, id := range people {
		members[i] = fmt.Sprintf(`{"id":%q}`, id)
	}
	body := fmt.Sprintf(`{"name":%q,"members":[%s]}`, name, strings.Join(members, ","))
	return r.call(r.admin, "POST", "/api/departments", body).want(201).str("id")
}

// wantSeats checks who is in a department; heads are marked with a star.
func (r *rig) wantSeats(department string, people ...string) {
	r.Helper()
	a := r.call(r.member, "GET", "/api/departments/"+department+"/members", "").want(200)
	heads := a.list("departmentHeads")
	var got []string
	for _, m := range a.list("members") {
		card, _ := m.(map[string]any)
		id, _ := card["id"].(string)
		if slices.Contains(heads, any(id)) {
			id += "*"
		}
		got = append(got, id)
	}
	slices.Sort(got)
	slices.Sort(people)
	if !slices.Equal(got, people) || a.num("memberCount") != len(people) {
		r.Fatalf("seats: %v, want %v", got, people)
	}
}

func TestLifeOfADepartment(t *testing.T) {
	each(t, func(r *rig) {
		ann, bob := r.person("ann"), r.person("bob")
		a := r.call(r.admin, "POST", "/api/departments", fmt.Sprintf(`{"name":" Sales ","members":[{"id":%q,"existingDept":%q,"isDepartmentHead":false},%q]}`,
			ann, ids.New(), bob)).want(201)
		id := a.str("id")
		at := "/api/departments/" + id
		if a.str("name") != "Sales" || a.str("type") != "department" || a.str("createdBy") != r.admin.UserID || a.str("orgId") != r.ID ||
			a.header.Get("Location") != at || a.header.Get("ETag") != `"1"` {
			r.Fatalf("created: %s %v", a.raw, a.header)
		}
		r.wantSeats(id, ann+"*", bob)
		a = r.call(r.member, "GET", at, "").want(200)
		if len(a.list("admins")) != 1 || a.num("memberCount") != 2 {
			r.Fatalf("read: %s", a.raw)
		}
		a = r.call(r.admin, "PATCH", at, `{"name":"SALES"}`, "If-Match", `"1"`).want(200)
		if a.str("name") != "SALES" || a.header.Get("ETag") != `"2"` {
			r.Fatalf("renamed: %s", a.raw)
		}
		r.call(r.admin, "PATCH", at, `{"name":"Bonn"}`, "If-Match", `"1"`).want(412)
		r.call(r.admin, "POST", "/api/departments", `{"name":"sales","members":[]}`).want(409, "department.nameTaken", "/name")
		r.Exec(r.T, `UPDATE users SET status = 'ARCHIVE' WHERE id = ?`, bob)
		r.call(r.admin, "DELETE", at, "", "If-Match", `"1"`).want(412)
		r.call(r.admin, "DELETE", at, "").want(204)
		r.call(r.admin, "DELETE", at, "").want(404)
		r.call(r.member, "GET", at, "").want(404)
		if n := r.count(`SELECT COUNT(*) FROM users WHERE department_id IS NOT NULL OR is_department_head`); n != 0 {
			r.Errorf("%d people are left in it", n)
		}
		for _, verb := range []string{"created", "updated", "deleted"} {
			if !r.saw("department." + verb + " " + id) {
				r.Errorf("no event department.%s", verb)
			}
		}
	})
}

func TestHeadsOfADepartment(t *testing.T) {
	each(t, func(r *rig) {
		ann, bob, cat := r.person("ann"), r.person("bob"), r.person("cat")
		id := r.create("Sales", ann, bob)
		other := r.create("Support", cat)
		at := "/api/departments/" + id + "/admin"
		r.call(r.admin, "PATCH", at, fmt.Sprintf(`{"remove":%q}`, ann)).want(409, "department.needsHead")
		r.wantSeats(id, ann+"*", bob)
		a := r.call(r.admin, "PATCH", at, fmt.Sprintf(`{"remove":%q,"add":[{"id":%q,"isAdmin":false,"isDepartmentHead":false}]}`, ann, bob)).want(200)
		if a.str("type") != "department" || a.header.Get("ETag") != `"2"` {
			r.Fatalf("heads: %s", a.raw)
		}
		r.wantSeats(id, ann, bob+"*")
		// Removals come first: a person in both lists ends up as head.
		r.call(r.admin, "PATCH", at, fmt.Sprintf(`{"remove":[%q,%q],"add":[%q]}`, ann, bob, bob)).want(200)
		r.wantSeats(id, ann, bob+"*")
		r.call(r.admin, "PATCH", at, fmt.Sprintf(`{"add":[%q]}`, cat)).want(200) // from another department
		r.wantSeats(id, ann, bob+"*", cat+"*")
		r.wantSeats(other)
		if !r.saw("department.membersChanged "+id) || !r.saw("department.membersChanged "+other) {
			r.Errorf("events: %v", r.events)
		}
		r.call(r.admin, "PATCH", at, fmt.Sprintf(`{"add":[{"id":%q}],"remove":[%q,%q]}`, ids.New(), ann, ids.New())).want(400, "/add/0/id", "/remove/1", "user.unknown")
		r.wantSeats(id, ann, bob+"*", cat+"*")
		r.call(r.admin, "PATCH", at, `{}`, "If-Match", `"1"`).want(412)
	})
}

func TestPeopleOfADepartment(t *testing.T) {
	each(t, func(r *rig) {
		ann, bob, cat, dan := r.person("ann"), r.person("bob"), r.person("cat"), r.person("dan")
		id := r.create("Sales")
		at := "/api/departments/" + id + "/members"
		r.wantSeats(id)
		a := r.call(r.admin, "POST", at, fmt.Sprintf(`{"addMembers":[%q,{"id":%q,"isAdmin":false,"isDepartmentHead":true}]}`, ann, bob)).want(200)
		if len(a.list("members")) != 2 || len(a.list("departmentHeads")) != 1 || a.header.Get("ETag") != `"2"` {
			r.Fatalf("added: %s", a.raw)
		}
		r.wantSeats(id, ann+"*", bob) // nobody was marked, since isAdmin wins
		r.call(r.admin, "POST", at, fmt.Sprintf(`{"addMembers":[{"id":%q,"isAdmin":"true"},{"id":%q,"isDepartmentHead":true}]}`, cat, dan)).want(200)
		r.wantSeats(id, ann+"*", bob, cat+"*", dan+"*")
		if a = r.call(r.admin, "POST", at, fmt.Sprintf(`{"addMembers":[{"id":%q,"isAdmin":false}]}`, ann)).want(200); a.header.Get("ETag") != `"3"` {
			r.Errorf("nothing changed, yet the version is %s", a.header.Get("ETag"))
		}
		r.call(r.admin, "POST", at, fmt.Sprintf(`{"removeMembers":[%q,%q,%q]}`, ann, cat, dan)).want(409, "department.needsHead")
		r.wantSeats(id, ann+"*", bob, cat+"*", dan+"*")
		r.call(r.admin, "POST", at, fmt.Sprintf(`{"removeMembers":[%q,%q,%q],"addMembers":[{"id":%q,"isAdmin":true}]}`, ann, cat, dan, bob)).want(200)
		r.wantSeats(id, bob+"*")
		r.call(r.admin, "POST", at, fmt.Sprintf(`{"removeMembers":[%q],"addMembers":[%q]}`, bob, ann)).want(200) // everybody is exchanged
		r.wantSeats(id, ann+"*")
		r.call(r.admin, "POST", at, fmt.Sprintf(`{"removeMembers":[%q]}`, ann)).want(200)
		r.wantSeats(id)
	})
}

func TestMovingBetweenDepartments(t *testing.T) {
	each(t, func(r *rig) {
		ann, bob, cat := r.person("ann"), r.person("bob"), r.person("cat")
		r.Exec(r.T, `UPDATE users SET created_at = created_at - 1 WHERE id = ?`, cat) // the longest-standing
		sales, support := r.create("Sales", ann, bob, cat), r.create("Support")
		r.call(r.admin, "POST", "/api/departments/"+support+"/members", fmt.Sprintf(`{"addMembers":[%q]}`, ann)).want(200)
		r.wantSeats(support, ann+"*")
		r.wantSeats(sales, bob, cat+"*")
		legal := r.create("Legal", bob, cat) // creating moves too, and empties Sales
		r.wantSeats(legal, bob+"*", cat)
		r.wantSeats(sales)
		if !r.saw("department.membersChanged " + sales) {
			r.Errorf("events: %v", r.events)
		}
	})
}

func TestBadDepartments(t *testing.T) {
	each(t, func(r *rig) {
		stranger, former := cast.NewOrg(r.T, r.db).Person(r.T, "eve").UserID, r.person("fay")
		r.Exec(r.T, `UPDATE users SET status = 'ARCHIVE' WHERE id = ?`, former)
		body := fmt.Sprintf(`{"name":" ","members":[%q,{"id":%q},{"id":%q},{"id":"x"}]}`, r.member.UserID, stranger, former)
		r.call(r.admin, "POST", "/api/departments", body).
			want(400, "/name", "department.nameRequired", "/members/1/id", "/members/2/id", "/members/3/id", "user.unknown")
		r.call(r.admin, "POST", "/api/departments", `{"name":"Sales"}`).want(400, "/members")
		r.call(r.admin, "POST", "/api/departments", `{"members":[]}`).want(400, "/name")
		r.call(r.admin, "POST", "/api/departments", `{"name":"Sales","members":[{"isAdmin":true}]}`).want(400)
		r.call(r.admin, "POST", "/api/departments", `{"name":"Sales","members":[7]}`).want(400)
		if n := r.call(r.member, "GET", "/api/departments", "").want(200).meta("totalResults"); n != 0 {
			r.Errorf("refused requests wrote %d departments", n)
		}
		id := r.create("Sales")
		at := "/api/departments/" + id
		body = fmt.Sprintf(`{"addMembers":[%q,%q,%q],"removeMembers":[%q]}`, r.member.UserID, stranger, former, ids.New())
		r.call(r.admin, "POST", at+"/members", body).want(400, "/addMembers/1", "/addMembers/2", "/removeMembers/0")
		r.wantSeats(id)
		r.call(r.admin, "PATCH", at, `{"name":"a\u0001"}`).want(400, "department.nameInvalid")
		r.call(r.admin, "PATCH", at, `{"name":null}`).want(400, "department.nameRequired")
		r.call(r.admin, "PATCH", at, `{}`).want(200)
	})
}

func TestOnlyManagersWriteDepartments(t *testing.T) {
	each(t, func(r *rig) {
		id := r.create("Sales", r.member.UserID) // heading a department gives no capability
		stranger := r.as(cast.NewOrg(r.T, r.db).Administrator(r.T, "eve"))
		at := "/api/departments/" + id
		for _, c := range []struct{ method, path, body string }{
			{"PATCH", at, `{"name":"X"}`},
			{"DELETE", at, ""},
			{"POST", at + "/members", `{"addMembers":[]}`},
			{"PATCH", at + "/admin", `{"add":[]}`},
		} {
			r.call(r.member, c.method, c.path, c.body).want(403, "role.missing")
			r.call(stranger, c.method, c.path, c.body).want(404)
		}
		r.call(r.member, "POST", "/api/departments", `{"name":"X","members":[]}`).want(403)
		for _, path := range []string{at, at + "/members"} {
			r.call(stranger, "GET", path, "").want(404)
		}
		r.call(stranger, "PATCH", at, `{"name":[}`).want(404)
		if n := r.call(stranger, "GET", "/api/departments", "").want(200).meta("totalResults"); n != 0 {
			r.Errorf("a stranger sees %d departments", n)
		}
	})
}

func TestListOfDepartments(t *testing.T) {
	each(t, func(r *rig) {
		for i := range 12 {
			id := r.Department(r.T, fmt.Sprintf("Unit %02d", i))
			r.Exec(r.T, `UPDATE users SET department_id = ?, is_department_head = TRUE WHERE id = ?`, id, r.person(fmt.Sprintf("p%d", i)))
		}
		for _, per := range []int{1, 12} {
			ctx, n := db.CountQueries(context.Background())
			if _, _, err := r.service.List(ctx, r.member, api.Page{CurPage: 1, PerPage: per}); err != nil || n.N() != 3 {
				r.Errorf("a page of %d took %d statements: %v", per, n.N(), err)
			}
		}
		a := r.call(r.member, "GET", "/api/departments?cur_page=3&per_page=5", "").want(200)
		if len(a.list("departments")) != 2 || a.meta("totalResults") != 12 || a.meta("totalPages") != 3 || a.meta("nextPage") != 0 {
			r.Errorf("third page: %s", a.raw)
		}
		for _, d := range a.list("departments") {
			m, _ := d.(map[string]any)
			if admins, _ := m["admins"].([]any); m["memberCount"] != 1.0 || len(admins) != 1 {
				r.Errorf("a row: %v", m)
			}
		}
		seen, cursor := 0, ""
		for range 4 {
			a = r.call(r.member, "GET", "/api/departments?per_page=5&cursor="+cursor, "").want(200)
			seen += len(a.list("departments"))
			m, _ := a.body["meta"].(map[string]any)
			if cursor, _ = m["nextCursor"].(string); cursor == "" {
				break
			}
		}
		if seen != 12 {
			r.Errorf("cursors led to %d departments", seen)
		}
	})
}

func TestPagesOfADepartment(t *testing.T) {
	each(t, func(r *rig) {
		id := r.Department(r.T, "Sales")
		for i := range 12 {
			r.Exec(r.T, `UPDATE users SET department_id = ? WHERE id = ?`, id, r.person(fmt.Sprintf("p%d", i)))
		}
		at := "/api/departments/" + id + "/members"
		if n := len(r.call(r.member, "GET", at, "").want(200).list("members")); n != 12 {
			r.Errorf("%d people without paging", n)
		}
		if n := len(r.call(r.member, "GET", at+"?cur_page=2&per_page=8", "").want(200).list("members")); n != 4 {
			r.Errorf("%d people on the second page", n)
		}
		for _, per := range []int{1, 12} {
			ctx, n := db.CountQueries(context.Background())
			if _, err := r.service.Roster(ctx, r.member, id, api.Page{CurPage: 1, PerPage: per}); err != nil || n.N() != 3 {
				r.Errorf("%d people took %d statements: %v", per, n.N(), err)
			}
		}
	})
}

func TestTwoHeadsLeaveAtOnce(t *testing.T) {
	each(t, func(r *rig) {
		ann, bob, cat := r.person("ann"), r.person("bob"), r.person("cat")
		id := r.create("Sales", ann, bob, cat)
		r.call(r.admin, "PATCH", "/api/departments/"+id+"/admin", fmt.Sprintf(`{"add":[%q]}`, bob)).want(200)
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, head := range []string{ann, bob} {
			wg.Go(func() {
				_, errs[i] = r.service.ChangeMembers(context.Background(), r.admin, id, "", department.Members{Remove: []department.Member{{ID: head}}})
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
		if refused != 1 {
			r.Errorf("%d of two were refused: %v", refused, errs)
		}
		if n := r.count(`SELECT COUNT(*) FROM users WHERE department_id = ? AND is_department_head`, id); n != 1 {
			r.Errorf("%d heads are left", n)
		}
	})
}
