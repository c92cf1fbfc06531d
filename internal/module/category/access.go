package category

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

var (
	read   = authz.Rule{Scope: "categories:read"}
	manage = authz.Rule{Capability: authz.CategoriesManage, Scope: "categories:write"}
	oneID  = &authz.Object{Param: "id", Type: "category"}
)

// on is a rule for one category.
func on(rule authz.Rule) authz.Rule {
	rule.Object = oneID
	return rule
}

// gate hides what is no category of the actor's organization.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, id)
	return err
}
