package department

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

var (
	read   = authz.Rule{Scope: "departments:read"}
	manage = authz.Rule{Capability: authz.DepartmentsManage, Scope: "departments:write"}
	oneID  = &authz.Object{Param: "id", Type: "department"}
)

// on is a rule for one department; refs are the body fields that name people.
func on(rule authz.Rule, refs ...string) authz.Rule {
	rule.Object = oneID
	for _, field := range refs {
		if rule.BodyRefs == nil {
			rule.BodyRefs = map[string]string{}
		}
		rule.BodyRefs[field] = "user"
	}
	return rule
}

// gate hides what is no department of the actor's organization.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, id)
	return err
}
