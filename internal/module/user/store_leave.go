package user

import (
	"context"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// active tells which of some ids are ACTIVE people.
func (store) active(ctx context.Context, q db.Queryer, orgID string, list []string) (set, error) {
	found := set{}
	return found, each(ctx, q, func(rows db.Rows) error {
		var id string
		err := rows.Scan(&id)
		found.add(id)
		return err
	}, `SELECT id FROM users WHERE org_id = ? AND status = 'ACTIVE' AND id {in}`, orgID, db.List(list))
}

// lastResort is the longest-standing other head of the department, else the oldest
// administrator, else "".
func (store) lastResort(ctx context.Context, q db.Queryer, orgID, leaver, department string) (id string, err error) {
	err = q.QueryRow(ctx, `SELECT x.id FROM (
    SELECT 1 AS rank, u.created_at, u.id FROM users u
     WHERE u.org_id = ? AND u.department_id = ? AND u.is_department_head AND u.status = 'ACTIVE' AND u.id <> ?
    UNION ALL SELECT 2, u.created_at, u.id FROM users u
      JOIN security_group_members m ON m.org_id = u.org_id AND m.user_id = u.id
      JOIN security_groups g ON g.org_id = m.org_id AND g.id = m.group_id AND g.builtin = 'administrators'
     WHERE u.org_id = ? AND u.status = 'ACTIVE' AND u.id <> ?) x
ORDER BY x.rank, x.created_at, x.id LIMIT 1`, orgID, department, leaver, orgID, leaver).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// chain is a person and everybody above them.
func (store) chain(ctx context.Context, q db.Queryer, orgID, id string) (list []string, err error) {
	err = each(ctx, q, func(rows db.Rows) error {
		var up string
		err := rows.Scan(&up)
		list = append(list, up)
		return err
	}, `WITH RECURSIVE up (id) AS (
    SELECT s.id FROM users s WHERE s.org_id = ? AND s.id = ?
    UNION SELECT s.reports_to FROM up JOIN users s ON s.org_id = ? AND s.id = up.id WHERE s.reports_to IS NOT NULL)
SELECT id FROM up`, orgID, id, orgID)
	return list, err
}

// giveReports makes the leaver's direct reports the heir's, apart from the heir and
// those above the heir, which would make a cycle: archiving lifts them.
func (store) giveReports(ctx context.Context, tx db.Tx, orgID, leaver, heir string, above []string, at stamp) error {
	_, err := tx.Exec(ctx, `UPDATE users SET reports_to = ?, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND reports_to = ? AND status <> 'ARCHIVE' AND NOT (id {in})`, heir, at.ms, at.by, orgID, leaver, db.List(above))
	return err
}

// giveHeadship makes the heir head when they are in the department; one person has one
// department, so an heir elsewhere leaves the choice to ensureHeads.
func (store) giveHeadship(ctx context.Context, tx db.Tx, orgID, leaver, heir, department string, at stamp) error {
	if _, err := tx.Exec(ctx, `UPDATE users SET is_department_head = TRUE, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id = ? AND department_id = ? AND NOT is_department_head`, at.ms, at.by, orgID, heir, department); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE users SET is_department_head = FALSE WHERE org_id = ? AND id = ?`, orgID, leaver)
	return err
}

// giveLinks makes the heir administrator of the leaver's locations and moves those who
// joined the leaver's team to the heir's.
func (store) giveLinks(ctx context.Context, tx db.Tx, orgID, leaver, heir string) error {
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO location_admins (org_id, location_id, user_id) SELECT org_id, location_id, CAST(? AS TEXT) FROM location_admins
WHERE org_id = ? AND user_id = ? ON CONFLICT DO NOTHING`, []any{heir, orgID, leaver}},
		{`DELETE FROM location_admins WHERE org_id = ? AND user_id = ?`, []any{orgID, leaver}},
		{`INSERT INTO user_teams (org_id, user_id, supervisor_id) SELECT org_id, user_id, CAST(? AS TEXT) FROM user_teams
WHERE org_id = ? AND supervisor_id = ? AND user_id <> ? ON CONFLICT DO NOTHING`, []any{heir, orgID, leaver, heir}},
		{`DELETE FROM user_teams WHERE org_id = ? AND supervisor_id = ?`, []any{orgID, leaver}},
	} {
		if _, err := tx.Exec(ctx, step.sql, step.args...); err != nil {
			return err
		}
	}
	return nil
}
