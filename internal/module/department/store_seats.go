package department

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// leave takes people out of a department.
func (store) leave(ctx context.Context, tx db.Tx, orgID, id string, list []string, at stamp) error {
	if len(list) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE users SET department_id = NULL, is_department_head = FALSE, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND department_id = ? AND id {in}`, at.ms, at.by, orgID, id, db.List(list))
	return err
}

// join moves people who are elsewhere into a department, where they head nothing.
func (store) join(ctx context.Context, tx db.Tx, orgID, id string, list []string, at stamp) error {
	if len(list) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE users SET department_id = ?, is_department_head = FALSE, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id {in} AND COALESCE(department_id, '') <> ?`, id, at.ms, at.by, orgID, db.List(list), id)
	return err
}

// promote makes heads of people in a department.
func (store) promote(ctx context.Context, tx db.Tx, orgID, id string, list []string, at stamp) error {
	if len(list) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE users SET is_department_head = TRUE, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND department_id = ? AND NOT is_department_head AND id {in}`, at.ms, at.by, orgID, id, db.List(list))
	return err
}

// demote ends the headship of people, who stay in the department.
func (store) demote(ctx context.Context, tx db.Tx, orgID, id string, list []string, at stamp) error {
	if len(list) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE users SET is_department_head = FALSE, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND department_id = ? AND is_department_head AND id {in}`, at.ms, at.by, orgID, id, db.List(list))
	return err
}

// ensureHeads gives every department of the list that has people and no head its
// longest-standing member as head.
func (s store) ensureHeads(ctx context.Context, tx db.Tx, orgID string, list []string, at stamp) error {
	if len(list) == 0 {
		return nil
	}
	if err := s.lock(ctx, tx, orgID, list); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE users SET is_department_head = TRUE, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id IN (
  SELECT (SELECT m.id FROM users m WHERE m.org_id = d.org_id AND m.department_id = d.id AND m.status <> 'ARCHIVE'
           ORDER BY m.created_at, m.id LIMIT 1)
    FROM departments d WHERE d.org_id = ? AND d.id {in} AND NOT EXISTS (
         SELECT 1 FROM users h WHERE h.org_id = d.org_id AND h.department_id = d.id AND h.is_department_head AND h.status <> 'ARCHIVE'))`,
		at.ms, at.by, orgID, orgID, db.List(list))
	return err
}
