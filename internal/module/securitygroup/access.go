package securitygroup

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// hidden is the reference's sentence for what a caller's role does not allow.
const hidden = "The requested content is hidden for administrators only. "

var (
	read    = authz.Rule{Scope: "groups:read"}
	manage  = authz.Rule{Capability: authz.GroupsManage, Scope: "groups:write"}
	groupID = &authz.Object{Param: "groupId", Type: "securityGroup"}
)

// on is a rule for one group.
func on(rule authz.Rule) authz.Rule {
	rule.Object = groupID
	return rule
}

// members is a rule for who is in a group.
func members(rule authz.Rule) authz.Rule {
	rule.Object, rule.BodyRefs = groupID, map[string]string{"ids": "user"}
	return rule
}

// gate hides what is no group of the actor's organization.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, id)
	return err
}

// mayGive refuses to give away capabilities that the caller lacks.
func mayGive(who authz.Actor, list []authz.Capability) error {
	i := slices.IndexFunc(list, func(c authz.Capability) bool { return !who.Can(c) })
	if i < 0 {
		return nil
	}
	return fault.Forbidden("securityGroup.escalation", hidden+"You cannot give "+string(list[i])+", which you do not have.")
}

// mayTake refuses to take away capabilities that the caller lacks: whoever manages groups
// would otherwise unseat the people above them.
func mayTake(who authz.Actor, list []authz.Capability) error {
	i := slices.IndexFunc(list, func(c authz.Capability) bool { return !who.Can(c) })
	if i < 0 {
		return nil
	}
	return fault.Forbidden("securityGroup.aboveCaller", hidden+"You cannot take away "+string(list[i])+", which you do not have.")
}

// without is a list less the capabilities of another one.
func without(list, less []authz.Capability) []authz.Capability {
	return slices.DeleteFunc(slices.Clone(list), func(c authz.Capability) bool { return slices.Contains(less, c) })
}

// builtinFault refuses a change of a built-in group.
func builtinFault(detail string) error { return fault.Conflict("securityGroup.builtin", detail) }
