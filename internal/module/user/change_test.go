package user_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/user"
)

// change reads a change from JSON.
func change(text string) user.Change {
	var in user.Change
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		panic(err)
	}
	return in
}

func TestMembersChangeTheirOwnProfileAndNothingElse(t *testing.T) {
	each(t, func(s *stage) {
		ctx := context.Background()
		u, err := s.Update(ctx, s.member, s.member.UserID, "", change(`{"firstName": "Maxim", "lastName": "Maxi", "phone": "1", "bio": "b",
			"availability": "AWAY", "availabilityStatusText": "lunch", "skills": "Go", "defaultVisibility": "restricted", "fileId": null, "coverFileId": null}`))
		if err != nil {
			s.Fatal(err)
		}
		if u.FirstName != "Maxim" || u.Availability != 2 || *u.AvailabilityStatusText != "lunch" || !slices.Equal(u.Skill, []string{"Go"}) {
			s.Errorf("changed wrongly: %+v", u)
		}
		if u, err = s.Update(ctx, s.member, s.member.UserID, "", change(`{"phone": null, "availability": 1}`)); err != nil || u.Phone != nil || u.Availability != 1 || *u.Bio != "b" {
			s.Errorf("null does not clear, or absent does: %+v %v", u, err)
		}
		_, err = s.Update(ctx, s.member, s.member.UserID, "", change(`{"firstName": "X", "status": "ACTIVE", "department": null, "reportsTo": null, "location": null,
			"isDepartmentHead": false, "isExpert": true, "designation": "CEO", "email": "x@example.com", "securityGroup": "x", "externalUserId": "1",
			"addAdditionalTeams": ["x"], "removeAdditionalTeams": [], "addAdditionalLocations": ["x"], "removeAdditionalLocations": []}`))
		s.wantFault(err, fault.KindForbidden, "user.fieldForbidden", "/status", "/department", "/reportsTo", "/location", "/isDepartmentHead", "/isExpert",
			"/designation", "/email", "/securityGroup", "/externalUserId", "/addAdditionalTeams", "/removeAdditionalTeams", "/addAdditionalLocations", "/removeAdditionalLocations")
		_, err = s.Update(ctx, s.member, s.admin.UserID, "", change(`{"firstName": "X"}`))
		s.wantFault(err, fault.KindForbidden, "user.notYours")
		if got := s.mustGet(s.member.UserID); got.FirstName != "Maxim" {
			s.Errorf("a refused change was kept: %+v", got)
		}
	})
}

func TestAdministratorsChangeEverything(t *testing.T) {
	each(t, func(s *stage) {
		department, berlin, rome := s.Department(s.T, "Development/Subdivider"), s.Location(s.T, "Berlin"), s.Location(s.T, "Rome")
		group := s.Group(s.T, "Editors")
		u := s.mustUpdate(s.member.UserID, change(fmt.Sprintf(`{"email": "new@example.com", "designation": "Web Developer", "isExpert": true,
			"department": "development/subdivider", "isDepartmentHead": true, "location": %q, "reportsTo": %q, "securityGroup": %q,
			"addAdditionalTeams": %q, "addAdditionalLocations": [%q, %q], "externalUserId": "HR-1", "status": "INVITED"}`,
			berlin, s.admin.UserID, group, s.admin.UserID, berlin, rome)))
		if u.Email != "new@example.com" || *u.Department != department || !u.IsDepartmentHead || u.Location.Name != "Berlin" || *u.ReportsTo != s.admin.UserID ||
			*u.SecurityGroup != group || len(u.UserAdditionalTeams) != 1 || len(u.AddAdditionalLocations) != 2 || u.Status != user.Invited || !u.IsExpert {
			s.Errorf("changed wrongly: %+v", u)
		}
		u = s.mustUpdate(u.ID, change(fmt.Sprintf(`{"department": null, "location": null, "reportsTo": null, "removeAdditionalTeams": [%q], "removeAdditionalLocations": %q}`, s.admin.UserID, rome)))
		if u.Department != nil || u.IsDepartmentHead || u.Location != nil || u.ReportsTo != nil || len(u.UserAdditionalTeams) != 0 || !slices.Equal(u.AddAdditionalLocations, []string{berlin}) {
			s.Errorf("cleared wrongly: %+v", u)
		}
		found, _, err := s.List(context.Background(), s.admin, user.Filter{Search: "new@example max"}, api.Page{})
		if err != nil || len(found) != 1 {
			s.Errorf("the new e-mail is not found: %v %v", found, err)
		}
		_, err = s.Update(context.Background(), s.admin, u.ID, "", change(`{"email": "no", "firstName": "", "status": null, "availability": 7, "fileId": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
			"coverFileId": "x", "reportsTo": "x", "department": "Nowhere", "location": "x", "securityGroup": "x", "addAdditionalTeams": ["x"], "defaultVisibility": "y"}`))
		s.wantFault(err, fault.KindInvalid, "request.invalid", "/email", "/firstName", "/status", "/availability", "/fileId", "/coverFileId", "/reportsTo",
			"/department", "/location", "/securityGroup", "/addAdditionalTeams/0", "/defaultVisibility")
		_, err = s.Update(context.Background(), s.admin, s.admin.UserID, "", change(`{"email": "NEW@example.com"}`))
		s.wantFault(err, fault.KindConflict, "user.emailTaken", "/email")
	})
}

func TestAStaleIfMatchChangesNothing(t *testing.T) {
	each(t, func(s *stage) {
		u := s.mustCreate(draft("stale"))
		ctx, old := context.Background(), api.ETag(u.Version())
		if _, err := s.Update(ctx, s.admin, u.ID, old, change(`{"bio": "1"}`)); err != nil {
			s.Fatal(err)
		}
		_, err := s.Update(ctx, s.admin, u.ID, old, change(`{"bio": "2"}`))
		s.wantFault(err, fault.KindPreconditionFailed, "version.changed")
		s.wantFault(s.Delete(ctx, s.admin, u.ID, old, false), fault.KindPreconditionFailed, "version.changed")
		if got := s.mustGet(u.ID); *got.Bio != "1" || got.Version() != 2 || got.Status == user.Archive {
			s.Errorf("changed all the same: %+v", got)
		}
		if same := s.mustUpdate(u.ID, user.Change{}); same.Version() != 2 {
			s.Errorf("an empty change counts the version up to %d", same.Version())
		}
	})
}

func TestReportingLinesHaveNoCycles(t *testing.T) {
	each(t, func(s *stage) {
		a := s.mustCreate(draft("a"))
		under := func(name string, boss user.User) user.User {
			d := draft(name)
			d.ReportsTo = &boss.ID
			return s.mustCreate(d)
		}
		b := under("b", a)
		c := under("c", b)
		for _, boss := range []user.User{a, b, c} {
			_, err := s.Update(context.Background(), s.admin, a.ID, "", change(`{"reportsTo": "`+boss.ID+`"}`))
			s.wantFault(err, fault.KindConflict, "user.reportsToCycle", "/reportsTo")
		}
		if got := s.mustUpdate(c.ID, change(`{"reportsTo": "`+a.ID+`"}`)); *got.ReportsTo != a.ID {
			s.Errorf("c does not report to a")
		}
		s.mustUpdate(b.ID, change(`{"reportsTo": "`+c.ID+`"}`))
	})
}

func TestTwoChangesAtOnceMakeNoCycle(t *testing.T) {
	each(t, func(s *stage) {
		for round := range 5 {
			a, b := s.mustCreate(draft(fmt.Sprint("a", round))), s.mustCreate(draft(fmt.Sprint("b", round)))
			errs := both(
				func() error {
					_, err := s.Update(context.Background(), s.admin, a.ID, "", change(`{"reportsTo": "`+b.ID+`"}`))
					return err
				},
				func() error {
					_, err := s.Update(context.Background(), s.admin, b.ID, "", change(`{"reportsTo": "`+a.ID+`"}`))
					return err
				})
			s.wantOneConflict(errs, "user.reportsToCycle")
		}
	})
}

// both runs two functions at the same time.
func both(f, g func() error) [2]error {
	var errs [2]error
	var all sync.WaitGroup
	start := make(chan struct{})
	for i, f := range []func() error{f, g} {
		all.Go(func() {
			<-start
			errs[i] = f()
		})
	}
	close(start)
	all.Wait()
	return errs
}

func (s *stage) wantOneConflict(errs [2]error, code string) {
	s.Helper()
	if errs[0] != nil && errs[1] == nil {
		errs[0], errs[1] = errs[1], errs[0]
	}
	if errs[0] != nil || errs[1] == nil {
		s.Fatalf("want one success and one conflict, got %v and %v", errs[0], errs[1])
	}
	s.wantFault(errs[1], fault.KindConflict, code)
}

func TestTheLastAdministratorStays(t *testing.T) {
	each(t, func(s *stage) {
		ctx := context.Background()
		for _, status := range []string{user.Blocked, user.Archive, user.Invited, user.PreInvited} {
			_, err := s.Update(ctx, s.admin, s.admin.UserID, "", change(`{"status": "`+status+`"}`))
			s.wantFault(err, fault.KindConflict, "user.lastAdministrator")
		}
		s.wantFault(s.Delete(ctx, s.admin, s.admin.UserID, "", true), fault.KindConflict, "user.lastAdministrator")
		_, _, err := s.BulkDelete(ctx, s.admin, []string{s.member.UserID, s.admin.UserID})
		s.wantFault(err, fault.KindConflict, "user.lastAdministrator")
		if s.mustGet(s.admin.UserID).Status != user.Active || s.mustGet(s.member.UserID).Status != user.Active {
			s.Error("a refused call changed somebody")
		}
		second := s.Administrator(s.T, "berta")
		if err := s.Delete(ctx, s.admin, second.UserID, "", false); err != nil {
			s.Errorf("one of two administrators cannot be deleted: %v", err)
		}
	})
}

func TestTwoAdministratorsCannotRemoveEachOtherAtOnce(t *testing.T) {
	each(t, func(s *stage) {
		ctx := context.Background()
		for range 5 {
			second := s.Administrator(s.T, "berta")
			errs := both(
				func() error { return s.Delete(ctx, s.admin, second.UserID, "", false) },
				func() error {
					_, err := s.Update(ctx, second, s.admin.UserID, "", change(`{"status": "BLOCKED"}`))
					return err
				})
			s.wantOneConflict(errs, "user.lastAdministrator")
			s.mustUpdate(s.admin.UserID, change(`{"status": "ACTIVE"}`))
			s.Exec(s.T, `UPDATE users SET status = 'ARCHIVE' WHERE org_id = ? AND id = ?`, s.ID, second.UserID)
		}
	})
}

func TestADepartmentKeepsAHead(t *testing.T) {
	each(t, func(s *stage) {
		department, other := s.Department(s.T, "Development"), s.Department(s.T, "Sales")
		in := func(name string) user.User {
			d := draft(name)
			d.Department = &department
			return s.mustCreate(d)
		}
		first := in("first")
		second, third := in("second"), in("third")
		if !first.IsDepartmentHead || second.IsDepartmentHead {
			s.Error("the first person of a department without head becomes its head, the second does not")
		}
		_, err := s.Update(context.Background(), s.admin, first.ID, "", change(`{"isDepartmentHead": false}`))
		s.wantFault(err, fault.KindConflict, "department.lastHead", "/isDepartmentHead")
		if moved := s.mustUpdate(first.ID, change(`{"department": "Sales", "isDepartmentHead": false}`)); *moved.Department != other || !moved.IsDepartmentHead {
			s.Errorf("the only person of a department is its head: %+v", moved)
		}
		if !s.mustGet(second.ID).IsDepartmentHead {
			s.Error("nobody followed the head who moved away")
		}
		s.mustUpdate(third.ID, change(`{"isDepartmentHead": true}`))
		if got := s.mustUpdate(second.ID, change(`{"isDepartmentHead": false}`)); got.IsDepartmentHead {
			s.Error("one of two heads cannot be demoted")
		}
		if err := s.Delete(context.Background(), s.admin, third.ID, "", false); err != nil {
			s.Fatal(err)
		}
		if !s.mustGet(second.ID).IsDepartmentHead {
			s.Error("nobody followed the head who left")
		}
	})
}

func TestAnotherOrganizationsPersonIsNotFound(t *testing.T) {
	each(t, func(s *stage) {
		ctx, outsider := context.Background(), authz.Actor{OrgID: "00000000-0000-0000-0000-000000000000", UserID: s.admin.UserID, Capabilities: authz.Capabilities}
		_, err := s.Get(ctx, outsider, s.member.UserID)
		s.wantFault(err, fault.KindNotFound, "user.notFound")
		_, err = s.Update(ctx, outsider, s.member.UserID, "", change(`{"bio": "x"}`))
		s.wantFault(err, fault.KindNotFound, "user.notFound")
		s.wantFault(s.Delete(ctx, outsider, s.member.UserID, "", true), fault.KindNotFound, "user.notFound")
		_, err = s.Follow(ctx, outsider, s.member.UserID)
		s.wantFault(err, fault.KindNotFound, "user.notFound")
		s.wantFault(s.Unfollow(ctx, outsider, s.member.UserID), fault.KindNotFound, "user.notFound")
		deleted, notFound, err := s.BulkDelete(ctx, outsider, []string{s.member.UserID, "x"})
		if err != nil || len(deleted) != 0 || len(notFound) != 2 {
			s.Errorf("bulk-delete: %v %v %v", deleted, notFound, err)
		}
	})
}
