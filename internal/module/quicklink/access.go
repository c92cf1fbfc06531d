package quicklink

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const noun = "sso"

// manager is the capability of those who make tiles for everybody.
const manager = authz.SSOManage

var (
	oneID = &authz.Object{Param: "id", Type: noun}
	refs  = map[string]string{"fileId": "media", "departmentId": "department", "locationId": "location"}

	read   = authz.Rule{Scope: "sso:read"}
	one    = authz.Rule{Scope: "sso:read", Object: oneID}
	create = authz.Rule{Scope: "sso:write", BodyRefs: refs}
	change = authz.Rule{Scope: "sso:write", Object: oneID, BodyRefs: refs}
	remove = authz.Rule{Scope: "sso:write", Object: oneID}
	order  = authz.Rule{Scope: "sso:write", BodyRefs: map[string]string{"ids": noun}}
)

// The conditions of this file are on a tile t of organization ?1 and the person ?2.
const (
	heads = `EXISTS (SELECT 1 FROM users h WHERE h.org_id = ?1 AND h.id = ?2 AND h.is_department_head AND h.department_id = t.department_id)`
	keeps = `EXISTS (SELECT 1 FROM location_admins h WHERE h.org_id = ?1 AND h.user_id = ?2 AND h.location_id = t.location_id)`
	// personal tiles are of no other level.
	personal = `(NOT t.managed AND t.department_id IS NULL AND t.location_id IS NULL)`
	// seen are the tiles that concern somebody.
	seen = `(t.managed AND t.department_id IS NULL AND t.location_id IS NULL OR ` + personal + ` AND t.user_id = ?2
  OR t.department_id = (SELECT v.department_id FROM users v WHERE v.org_id = ?1 AND v.id = ?2)
  OR t.location_id = (SELECT v.location_id FROM users v WHERE v.org_id = ?1 AND v.id = ?2)
  OR t.location_id IN (SELECT v.location_id FROM user_locations v WHERE v.org_id = ?1 AND v.user_id = ?2) OR ` + keeps + `)`
	// changed are the tiles that somebody who does not manage all may change.
	changed = `(` + personal + ` AND t.user_id = ?2 OR NOT ` + personal + ` AND NOT t.managed
  AND (t.department_id IS NULL OR ` + heads + `) AND (t.location_id IS NULL OR ` + keeps + `))`
)

// visible is the condition of what an actor sees.
func visible(who authz.Actor) string {
	if who.Can(manager) {
		return `(` + seen + ` OR NOT ` + personal + `)`
	}
	return seen
}

// changeable is the condition of what an actor may change.
func changeable(who authz.Actor) string {
	if who.Can(manager) {
		return `(` + changed + ` OR NOT ` + personal + `)`
	}
	return changed
}

// ofTile says who may read the picture of a tile.
func ofTile(id string) string {
	return `EXISTS (SELECT 1 FROM sso_tiles t WHERE t.org_id = ?1 AND t.id = ` + id + ` AND ` + seen + `)`
}

// gate hides tiles of which the actor may not know.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.store.find(ctx, s.DB.Reader(ctx), who, id)
	return err
}

// toChange gives a tile, locked, that the actor may change, in the version that If-Match names.
func (s *Service) toChange(ctx context.Context, tx db.Tx, who authz.Actor, id, ifMatch string) (Seen, error) {
	if err := s.store.lock(ctx, tx, who.OrgID, id); err != nil {
		return Seen{}, err
	}
	t, err := s.store.find(ctx, tx, who, id)
	switch {
	case err != nil:
		return t, err
	case !t.Mine:
		return t, fault.Forbidden("sso.notYours", "This tile is changed by those who hold sso:manage, or who lead the department or location it is for.")
	}
	return t, api.CheckMatch(ifMatch, t.Version)
}

// mayMake refuses a tile of a level that is not the actor's.
func (s *Service) mayMake(ctx context.Context, q db.Queryer, who authz.Actor, t Tile) error {
	if t.isPersonal() || who.Can(manager) {
		return nil
	}
	if !t.Managed {
		leads, err := s.store.leads(ctx, q, who, t)
		if err != nil || leads {
			return err
		}
	}
	return fault.Forbidden("sso.levelForbidden", "The requested content is hidden for administrators only. "+
		"Tiles for others are made by those who hold sso:manage, or who lead the department or location: without manage, department and location it is your own.")
}
