package enforcement

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const noun = "template"

// manager is the capability of those who make templates and waive restrictions.
const manager = authz.TemplatesManage

var (
	oneID  = &authz.Object{Param: "id", Type: noun}
	person = &authz.Object{Param: "id", Type: "user"}

	read   = authz.Rule{Scope: "templates:read"}
	one    = authz.Rule{Scope: "templates:read", Object: oneID}
	create = authz.Rule{Scope: "templates:write", Capability: manager}
	change = authz.Rule{Scope: "templates:write", Capability: manager, Object: oneID}
	look   = authz.Rule{Scope: "users:read", Object: person, Restricted: true}
	waive  = authz.Rule{Scope: "users:write", Capability: manager, Object: person}
)

// gate hides what is no template of the actor's organization.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.store.byID(ctx, s.DB.Reader(ctx), who.OrgID, id)
	return err
}

// mayLook refuses whoever asks about the restriction of somebody else.
func mayLook(who authz.Actor, userID string) error {
	if who.UserID != userID && !who.Can(manager) {
		return fault.Forbidden("restriction.notYours", "Only they themselves, and those who hold templates:manage, see whether somebody is restricted.")
	}
	return nil
}
