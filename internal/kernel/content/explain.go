package content

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Sight is why somebody sees an item or does not.
type Sight struct {
	Item // as it was read for them

	Visible     bool
	Expired     bool                 // only its author and owners see it, whatever its permissions say
	Permissions audience.Permissions // what its author said
	Clauses     []audience.Clause    // what those mean, and whether they admit the person
}

// Explain says why somebody sees an item or does not, whoever may see it: who may ask is for the
// caller to decide.
func (c *Content) Explain(ctx context.Context, q db.Queryer, person authz.Actor, kind, id string) (s Sight, err error) {
	if s.Item, err = c.find(ctx, q, person, kind, id, ""); err != nil {
		return s, err
	}
	if s.Visible, err = c.MaySee(ctx, person, s.Item); err != nil {
		return s, err
	}
	var granted int64
	err = q.QueryRow(ctx, `SELECT COALESCE(i.granted_id, i.audience_id), i.granted_id IS NOT NULL FROM `+c.kind(kind).Table+` i WHERE i.org_id = ? AND i.id = ?`,
		person.OrgID, s.ID).Scan(&granted, &s.Expired)
	if err != nil {
		return s, err
	}
	if s.Permissions, err = c.audiences.Permissions(ctx, q, person.OrgID, granted); err != nil {
		return s, err
	}
	s.Clauses, err = c.audiences.Explain(ctx, q, person.OrgID, person.UserID, granted)
	return s, err
}
