package user

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// hidden is the reference's sentence for what a caller's role does not allow.
const hidden = "The requested content is hidden for administrators only. "

// canEdit says whether the caller may change a person at all.
func canEdit(who authz.Actor, id string) error {
	if who.UserID == id || who.Can(authz.UsersManage) {
		return nil
	}
	return fault.Forbidden("user.notYours", hidden+"Only administrators change the profiles of others.")
}

// canChange says whether the caller may change the fields the change holds, and names
// those they may not.
func canChange(who authz.Actor, in Change) error {
	if who.Can(authz.UsersManage) {
		return nil
	}
	var f fault.Fields
	for _, field := range in.adminFields() {
		f.Add("/"+field, "user.fieldForbidden", "Only administrators change this.")
	}
	if f.Empty() {
		return nil
	}
	e := fault.Forbidden("user.fieldForbidden", hidden+"The change holds fields that only administrators change.")
	e.Fields = f.List()
	return e
}

// adminFields names the fields of a change that need users:manage.
func (in Change) adminFields() []string {
	sent := []struct {
		name string
		set  bool
	}{
		{"email", in.Email.Set},
		{"status", in.Status.Set},
		{"isExpert", in.IsExpert.Set},
		{"reportsTo", in.ReportsTo.Set},
		{"designation", in.Designation.Set},
		{"isDepartmentHead", in.IsDepartmentHead.Set},
		{"department", in.Department.Set},
		{"location", in.Location.Set},
		{"securityGroup", in.SecurityGroup.Set},
		{"externalUserId", in.ExternalUserID.Set},
		{"addAdditionalTeams", in.AddAdditionalTeams != nil},
		{"removeAdditionalTeams", in.RemoveAdditionalTeams != nil},
		{"addAdditionalLocations", in.AddAdditionalLocations != nil},
		{"removeAdditionalLocations", in.RemoveAdditionalLocs != nil},
	}
	var names []string
	for _, f := range sent {
		if f.set {
			names = append(names, f.name)
		}
	}
	return names
}

// governs refuses to act on the account of people who hold capabilities the caller
// lacks: managing people is no way to become an administrator.
func (s *Service) governs(ctx context.Context, q db.Queryer, who authz.Actor, targets ...string) error {
	if !slices.ContainsFunc(authz.Capabilities, func(c authz.Capability) bool { return !who.Can(c) }) {
		return nil
	}
	others := slices.DeleteFunc(slices.Clone(targets), func(id string) bool { return id == who.UserID })
	held, err := s.store.capabilities(ctx, q, who.OrgID, others)
	if err != nil {
		return err
	}
	for _, c := range held {
		if !who.Can(c) {
			return fault.Forbidden("user.aboveCaller", hidden+"The person holds capabilities that you do not have.")
		}
	}
	return nil
}
