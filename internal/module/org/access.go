package org

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// gate hides organizations that are neither the actor's own nor, for administrators of the
// root organization, a child.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.visible(ctx, s.db.Reader(ctx), who, id)
	return err
}

func (s *Service) visible(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Organization, error) {
	if id != who.OrgID && (!who.Root || !who.Can(authz.OrganizationManage)) {
		return Organization{}, fault.NotFound("organization")
	}
	o, err := s.store.byID(ctx, q, id)
	if err != nil {
		return Organization{}, err
	}
	if o.ID != who.OrgID && (o.ParentID == nil || *o.ParentID != who.OrgID) {
		return Organization{}, fault.NotFound("organization")
	}
	return o, nil
}

// mayCreate refuses everybody but administrators of the root organization. The capability
// itself is declared by the operation.
func mayCreate(who authz.Actor) error {
	if who.Root {
		return nil
	}
	return fault.Forbidden("organization.notRoot", "The requested content is hidden for administrators only. "+
		"Only administrators of the root organization create organizations.")
}

// maySuspend refuses a change of status of the actor's own organization.
func maySuspend(who authz.Actor, o Organization, c Change) error {
	if c.Status.Set && !c.Status.Null && c.Status.Value != o.Status && o.ID == who.OrgID {
		return fault.Forbidden("organization.ownStatus", "The status of your own organization cannot be changed.")
	}
	return nil
}
