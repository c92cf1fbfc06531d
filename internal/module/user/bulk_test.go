package user_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/user"
)

func TestAThousandPeopleInOneCall(t *testing.T) {
	each(t, func(s *stage) {
		s.Department(s.T, "Development")
		group := s.Group(s.T, "Editors")
		file := func(prefix string, n int) []user.Draft {
			list := make([]user.Draft, n)
			for i := range list {
				d := draft(fmt.Sprint(prefix, i))
				d.Department, d.SecurityGroup, d.ExternalUserID = ptr("development"), &group, ptr(fmt.Sprint(prefix, i))
				d.AddAdditionalTeams, d.Skill = []string{s.admin.UserID}, []string{"Go"}
				if i > 0 { // a tree, each row before its supervisor's
					d.ReportsToEmail = ptr(fmt.Sprintf("%s%d@example.com", prefix, (i-1)/3))
				}
				list[i] = d
			}
			slices.Reverse(list)
			return list
		}
		count := func(n int, prefix string) int {
			ctx, queries := db.CountQueries(context.Background())
			start := time.Now()
			out, err := s.BulkCreate(ctx, s.admin, file(prefix, n), user.BulkOptions{})
			if err != nil {
				s.Fatal(err)
			}
			s.Logf("%d rows: %v, %d statements", n, time.Since(start), queries.N())
			if len(out.Users) != n || out.Users[0].FirstName != fmt.Sprint(prefix, n-1) || out.Users[0].ReportsToObj == nil {
				s.Errorf("answered %d people, first %s", len(out.Users), out.Users[0].FirstName)
			}
			return queries.N()
		}
		few, many := count(10, "few"), count(1000, "many")
		if many > few+6 { // inserts go in chunks of 500 rows, and each person joins two groups
			s.Errorf("10 rows take %d statements, 1,000 take %d", few, many)
		}
		if n := s.count(`SELECT COUNT(*) FROM users WHERE org_id = ?`, s.ID); n != 1012 {
			s.Errorf("%d people", n)
		}
		if n := s.count(`SELECT COUNT(*) FROM security_group_members WHERE org_id = ? AND group_id = ?`, s.ID, s.Members); n != 1012 {
			s.Errorf("%d members of Members", n)
		}
		if n := len(slices.DeleteFunc(slices.Clone(s.events), func(e string) bool { return !strings.HasPrefix(e, "user.created ") })); n != 1010 {
			s.Errorf("%d events", n)
		}
		if n := s.count(`SELECT COUNT(*) FROM users WHERE org_id = ? AND is_department_head`, s.ID); n != 1 {
			s.Errorf("%d heads", n)
		}
	})
}

// badFile has a good row, every kind of bad one, and a good one below a bad one.
func (s *stage) badFile() string {
	s.mustCreate(user.Draft{Email: "taken@example.com", FirstName: "T", LastName: "T", ExternalUserID: ptr("taken")})
	return fmt.Sprintf(`{"data": [
		{"email": "good@example.com", "firstName": "G", "lastName": "G", "reportsTo": %q},
		{"email": "nobody", "firstName": "", "lastName": %q, "status": "LOST", "password": "12345678"},
		{"email": "TAKEN@example.com", "firstName": "T", "lastName": "T", "externalUserId": "taken"},
		{"email": "Good@example.com", "firstName": "D", "lastName": "D"},
		{"email": "refs@example.com", "firstName": "R", "lastName": "R", "department": "Nowhere", "location": "x", "securityGroup": "x",
			"reportsTo": "x", "addAdditionalTeams": ["x"], "addAdditionalLocations": ["x"]},
		{"email": "a@example.com", "firstName": "A", "lastName": "A", "reportsToEmail": "b@example.com"},
		{"email": "b@example.com", "firstName": "B", "lastName": "B", "reportsToEmail": "A@example.com"},
		{"email": "below@example.com", "firstName": "L", "lastName": "L", "reportsToEmail": "refs@example.com"},
		{"email": "lost@example.com", "firstName": "L", "lastName": "L", "reportsToEmail": "nobody@example.com"},
		{"email": "fine@example.com", "firstName": "F", "lastName": "F", "reportsToEmail": "good@example.com"}
	]}`, s.admin.UserID, strings.Repeat("x", 101))
}

var badPointers = []string{
	"/data/1/email", "/data/1/firstName", "/data/1/lastName", "/data/1/status", "/data/1/password",
	"/data/2/email", "/data/2/externalUserId", "/data/3/email",
	"/data/4/department", "/data/4/location", "/data/4/securityGroup", "/data/4/reportsTo", "/data/4/addAdditionalTeams/0", "/data/4/addAdditionalLocations/0",
	"/data/5/reportsToEmail", "/data/6/reportsToEmail", "/data/7/reportsToEmail", "/data/8/reportsToEmail",
}

func pointers(list []fault.Field) (out []string) {
	for _, f := range list {
		out = append(out, f.Pointer)
	}
	slices.Sort(out)
	return out
}

func TestOneBadRowCreatesNothingAndEveryBadFieldIsListed(t *testing.T) {
	each(t, func(s *stage) {
		r := s.router()
		file := s.badFile()
		before := s.count(`SELECT COUNT(*) FROM users WHERE org_id = ?`, s.ID)
		want := slices.Sorted(slices.Values(badPointers))
		for _, query := range []string{"", "?dryRun=true"} {
			var p problem
			s.want(r, 400, "admin", "POST /api/users/bulk-create"+query, file).into(s, &p)
			if got := pointers(p.Errors); !slices.Equal(got, want) {
				s.Errorf("named\n%v, want\n%v", got, want)
			}
		}
		if n := s.count(`SELECT COUNT(*) FROM users WHERE org_id = ?`, s.ID); n != before {
			s.Errorf("%d people were created", n-before)
		}
	})
}

func TestPartialCreatesTheGoodRows(t *testing.T) {
	each(t, func(s *stage) {
		r := s.router()
		file := s.badFile()
		type outcome struct{ Results []user.RowResult }
		var dry, wet outcome
		s.want(r, 200, "admin", "POST /api/users/bulk-create?partial=true&dryRun=true", file).into(s, &dry)
		s.want(r, 207, "admin", "POST /api/users/bulk-create?partial=true", file).into(s, &wet)
		var all []string
		for i, row := range wet.Results {
			all = append(all, pointers(row.Errors)...)
			good := i == 0 || i == 9
			if row.Index != i || (row.ID != nil) != good || (row.Status == 201) != good || (len(row.Errors) == 0) != good {
				s.Errorf("row %d: %+v", i, row)
			}
			if dry.Results[i].ID != nil || (dry.Results[i].Status == 200) != good {
				s.Errorf("row %d of the dry run: %+v", i, dry.Results[i])
			}
		}
		if slices.Sort(all); !slices.Equal(all, slices.Sorted(slices.Values(badPointers))) {
			s.Errorf("named %v", all)
		}
		if fine := s.mustGet(*wet.Results[9].ID); *fine.ReportsTo != *wet.Results[0].ID {
			s.Errorf("the row does not report to the other row: %+v", fine)
		}
	})
}

func TestBulkCreateOverHTTP(t *testing.T) {
	each(t, func(s *stage) {
		r := s.router()
		one := `{"email": "one@example.com", "firstName": "O", "lastName": "N"}`
		var people []user.User
		s.want(r, 201, "admin", "POST /api/users/bulk-create", `{"data": `+one+`}`).into(s, &people)
		if len(people) != 1 || people[0].Email != "one@example.com" {
			s.Errorf("created %+v", people)
		}
		rows, err := json.Marshal(slices.Repeat([]int{1}, 1001))
		if err != nil {
			s.Fatal(err)
		}
		for _, body := range []string{``, `{}`, `{"data": []}`, `{"data": [5]}`, `{"data": [{"email": 5}]}`, `{"data": ` + strings.ReplaceAll(string(rows), "1", one) + `}`} {
			s.want(r, 400, "admin", "POST /api/users/bulk-create", body)
		}
	})
}

func TestBulkDeleteTakesItsIDsInEverySpelling(t *testing.T) {
	each(t, func(s *stage) {
		r := s.router()
		for i, c := range []struct{ line, body string }{
			{"DELETE /api/users/bulk-delete", `{"ids": [%q]}`},
			{"DELETE /api/users/bulk-delete", `{"id": %q}`},
			{"DELETE /api/users/bulk-delete?ids=%s", ``},
			{"DELETE /api/users/bulk-delete?ids=%s&ids=other", ``},
			{"DELETE /api/users/bulk-delete?ids=%s,other", ``},
		} {
			u := s.active(fmt.Sprint("bulk", i))
			line, body := c.line, c.body
			if body == "" {
				line = fmt.Sprintf(line, u.ID)
			} else {
				body = fmt.Sprintf(body, u.ID)
			}
			var out struct{ Deleted, NotFound []string }
			s.want(r, 200, "admin", line, body).into(s, &out)
			if !slices.Equal(out.Deleted, []string{u.ID}) || (len(out.NotFound) == 1) != strings.Contains(line, "other") || s.mustGet(u.ID).Status != user.Archive {
				s.Errorf("%s %s: %+v", line, body, out)
			}
		}
		s.want(r, 400, "admin", "DELETE /api/users/bulk-delete", ``)
		s.want(r, 400, "admin", "DELETE /api/users/bulk-delete", `{"ids": []}`)
		s.want(r, 400, "admin", "DELETE /api/users/bulk-delete", `{"ids": ["`+strings.Repeat(`x","`, 1000)+`x"]}`)
	})
}

func TestABulkFileHandsOutNoMoreThanTheCallerHolds(t *testing.T) {
	each(t, func(s *stage) {
		hr := s.Person(s.T, "hanna")
		hr.Capabilities = []authz.Capability{authz.UsersManage}
		d := draft("puppet")
		d.SecurityGroup = ptr(s.Administrators)
		_, err := s.BulkCreate(context.Background(), hr, []user.Draft{draft("good"), d}, user.BulkOptions{Partial: true})
		s.wantFault(err, fault.KindForbidden, "user.groupAboveCaller")
		if n := s.count(`SELECT COUNT(*) FROM users WHERE org_id = ?`, s.ID); n != 3 {
			s.Errorf("%d people", n)
		}
	})
}
