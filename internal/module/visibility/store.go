package visibility

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// store is the SQL of this package and nothing else.
type store struct{}

// defaultVisibility reads how widely a person's items go when they do not say.
func (store) defaultVisibility(ctx context.Context, q db.Queryer, orgID, userID string) (string, error) {
	var v string
	err := q.QueryRow(ctx, `SELECT default_visibility FROM users WHERE org_id = ? AND id = ?`, orgID, userID).Scan(&v)
	return v, err
}

// inactive gives those of some people who cannot sign in at present, by name.
func (store) inactive(ctx context.Context, q db.Queryer, orgID string, people []string) ([]string, error) {
	return column(ctx, q, `SELECT id FROM users WHERE org_id = ? AND status <> 'ACTIVE' AND id {in} ORDER BY sort_key, id`, orgID, people)
}

// deserted gives the names of those of some groups that have no active members, and of those
// of some locations.
func (store) deserted(ctx context.Context, q db.Queryer, orgID string, groups, locations []string) (emptyGroups, emptyLocations []string, err error) {
	emptyGroups, err = column(ctx, q, `SELECT g.name FROM security_groups g WHERE g.org_id = ? AND g.id {in} AND NOT EXISTS (
		SELECT 1 FROM security_group_members m JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id AND u.status = 'ACTIVE'
		WHERE m.org_id = g.org_id AND m.group_id = g.id) ORDER BY g.name_key`, orgID, groups)
	if err != nil {
		return nil, nil, err
	}
	emptyLocations, err = column(ctx, q, `SELECT l.name FROM locations l WHERE l.org_id = ? AND l.id {in} AND NOT EXISTS (
		SELECT 1 FROM users u WHERE u.org_id = l.org_id AND u.location_id = l.id AND u.status = 'ACTIVE') ORDER BY l.name_key`, orgID, locations)
	return emptyGroups, emptyLocations, err
}

// column runs a statement on some ids that gives one text a row.
func column(ctx context.Context, q db.Queryer, query, orgID string, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return db.Strings(q.Query(ctx, query, orgID, db.List(ids)))
}
