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

// on is a rule for one department.
func on(rule authz.Rule) authz.Rule {
	rule.Object = oneID
	return rule
}

// naming is a rule for an operation whose body names people in the fields.
func naming(rule authz.Rule, fields ...string) authz.Rule {
	rule.BodyRefs = make(map[string]string, len(fields))
	for _, field := range fields {
		rule.BodyRefs[field] = "user"
	}
	return rule
}

// gate hides what is no department of the actor's organization.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, id)
	return err
}
