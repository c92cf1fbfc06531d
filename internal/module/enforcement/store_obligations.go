package enforcement

import (
	"context"
	"math"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/restriction"
)

const owedColumns = `o.org_id, o.kind, o.item_id, o.user_id, o.template_id, o.due_at, o.next_at, o.restrict_at, o.waived_at`

func (o *obligation) targets() []any {
	return []any{&o.OrgID, &o.Kind, &o.ID, &o.UserID, &o.TemplateID, &o.DueAt, &o.NextAt, &o.RestrictAt, &o.WaivedAt}
}

// collect reads obligations to their end. It takes what Query gives.
func collect(rows db.Rows, err error) ([]obligation, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []obligation
	for rows.Next() {
		var o obligation
		if err := rows.Scan(o.targets()...); err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, rows.Err()
}

// of gives what people owe on an item, by person, and keeps it as it is; nil is everybody.
func (store) of(ctx context.Context, tx db.Tx, item Item, people []string) (map[string]obligation, error) {
	who, args := ``, []any{item.OrgID, item.Kind, item.ID}
	if people != nil {
		who, args = ` AND o.user_id {in}`, append(args, db.List(people))
	}
	list, err := collect(tx.Query(ctx, `SELECT `+owedColumns+` FROM enforcement_obligations o WHERE o.org_id = ? AND o.kind = ? AND o.item_id = ?`+who+
		` ORDER BY o.user_id {forUpdate}`, args...))
	by := make(map[string]obligation, len(list))
	for _, o := range list {
		by[o.UserID] = o
	}
	return by, err
}

func (store) remove(ctx context.Context, tx db.Tx, item Item, people []string) error {
	if len(people) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `DELETE FROM enforcement_obligations WHERE org_id = ? AND kind = ? AND item_id = ? AND user_id {in}`, item.OrgID, item.Kind, item.ID, db.List(people))
	return err
}

const insertOwed = `INSERT INTO enforcement_obligations (org_id, kind, item_id, user_id, template_id, due_at, next_at, restrict_at)`

func (o obligation) values() []any {
	return []any{o.OrgID, o.Kind, o.ID, o.UserID, o.TemplateID, o.DueAt, o.NextAt, o.RestrictAt}
}

// write makes or replaces obligations. A waiver stays while the deadline does.
func (store) write(ctx context.Context, tx db.Tx, list []obligation) error {
	rows := make([][]any, len(list))
	for i, o := range list {
		rows[i] = o.values()
	}
	const same = `CASE WHEN enforcement_obligations.due_at = excluded.due_at THEN enforcement_obligations.`
	return db.InsertMany(ctx, tx, insertOwed, rows, `ON CONFLICT (org_id, kind, item_id, user_id) DO UPDATE SET
  template_id = excluded.template_id, due_at = excluded.due_at, next_at = excluded.next_at, restrict_at = excluded.restrict_at,
  waived_at = `+same+`waived_at END, waived_by = `+same+`waived_by END, waived_reason = `+same+`waived_reason END`)
}

// dueBy gives a batch of obligations about which something is due by a time (ms), the longest due
// first, and keeps them as they are: of all organizations, or under one template.
func (store) dueBy(ctx context.Context, tx db.Tx, orgID, templateID string, now int64) ([]pending, error) {
	under, args := ``, []any{now, batch}
	if templateID != "" {
		under, args = ` AND o.org_id = ?3 AND o.template_id = ?4`, append(args, orgID, templateID)
	}
	rows, err := tx.Query(ctx, `SELECT `+owedColumns+`, (SELECT u.status NOT IN ('ARCHIVE', 'BLOCKED') FROM users u WHERE u.org_id = o.org_id AND u.id = o.user_id)
FROM enforcement_obligations o WHERE o.next_at <= ?1`+under+` ORDER BY o.next_at, o.org_id, o.kind, o.item_id, o.user_id LIMIT ?2 {forUpdate}`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []pending
	for rows.Next() {
		var o pending
		if err := rows.Scan(append(o.targets(), &o.here)...); err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, rows.Err()
}

// advance notes what happens next about obligations, with few statements.
func (store) advance(ctx context.Context, tx db.Tx, list []pending) error {
	rows := make([][]any, len(list))
	for i, o := range list {
		rows[i] = o.values()
	}
	return db.InsertMany(ctx, tx, insertOwed, rows, `ON CONFLICT (org_id, kind, item_id, user_id) DO UPDATE SET next_at = excluded.next_at`)
}

// replan moves what is owed under a template to its reminders.
func (store) replan(ctx context.Context, tx db.Tx, orgID, templateID string, now int64) error {
	_, err := tx.Exec(ctx, `UPDATE enforcement_obligations SET
  restrict_at = (SELECT enforcement_obligations.due_at + MIN(r.offset_ms) FROM enforcement_reminders r WHERE r.org_id = ?1 AND r.template_id = ?2 AND r.medium = 'restrict'),
  next_at = (SELECT enforcement_obligations.due_at + MIN(r.offset_ms) FROM enforcement_reminders r
    WHERE r.org_id = ?1 AND r.template_id = ?2 AND enforcement_obligations.due_at + r.offset_ms > ?3)
WHERE org_id = ?1 AND template_id = ?2`, orgID, templateID, now)
	return err
}

// restricting gives the obligations under a template that restrict people now (ms).
func (store) restricting(ctx context.Context, tx db.Tx, orgID, templateID string, now int64) ([]obligation, error) {
	return collect(tx.Query(ctx, `SELECT `+owedColumns+` FROM enforcement_obligations o
WHERE o.org_id = ? AND o.template_id = ? AND o.restrict_at <= ? AND o.waived_at IS NULL`, orgID, templateID, now))
}

// outstanding gives what restricts somebody now (ms), the longest first, as much as is named.
func (store) outstanding(ctx context.Context, q db.Queryer, orgID, userID string, now int64) ([]obligation, error) {
	return collect(q.Query(ctx, `SELECT `+owedColumns+` FROM enforcement_obligations o
WHERE o.org_id = ? AND o.user_id = ? AND o.restrict_at IS NOT NULL AND o.restrict_at <= ? AND o.waived_at IS NULL
ORDER BY o.restrict_at, o.due_at, o.kind, o.item_id LIMIT ?`, orgID, userID, now, maxOutstanding))
}

// isLastAdministrator reports whether somebody is an administrator whom no active other could
// stand in for: all others have been restricted since before a time (ms).
func (store) isLastAdministrator(ctx context.Context, q db.Queryer, orgID, userID string, since int64) (yes bool, err error) {
	const member = `SELECT 1 FROM security_groups g JOIN security_group_members m ON m.org_id = g.org_id AND m.group_id = g.id
  JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id WHERE g.org_id = ?1 AND g.builtin = 'administrators' AND u.status = 'ACTIVE' AND u.id `
	err = q.QueryRow(ctx, `SELECT EXISTS (`+member+`= ?2) AND NOT EXISTS (`+member+`<> ?2 AND (COALESCE(`+restriction.Begins+`, ?3), u.id) > (?4, ?2))`,
		orgID, userID, int64(math.MaxInt64), since).Scan(&yes)
	return yes, err
}

// waive lifts what restricts somebody now and gives what that was.
func (store) waive(ctx context.Context, tx db.Tx, orgID, userID, reason string, at stamp) ([]waivedItem, error) {
	rows, err := tx.Query(ctx, `UPDATE enforcement_obligations SET waived_at = ?1, waived_by = ?2, waived_reason = ?3
WHERE org_id = ?4 AND user_id = ?5 AND restrict_at IS NOT NULL AND restrict_at <= ?1 AND waived_at IS NULL RETURNING kind, item_id`,
		at.ms, at.by, reason, orgID, userID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []waivedItem
	for rows.Next() {
		var i waivedItem
		if err := rows.Scan(&i.Kind, &i.ID); err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	return list, rows.Err()
}

// waived gives the restrictions of somebody that were lifted, the latest first.
func (store) waived(ctx context.Context, q db.Queryer, orgID, userID string) ([]Waiver, error) {
	rows, err := q.Query(ctx, `SELECT `+owedColumns+`, o.waived_by, o.waived_reason FROM enforcement_obligations o
WHERE o.org_id = ? AND o.user_id = ? AND o.waived_at IS NOT NULL ORDER BY o.waived_at DESC, o.kind, o.item_id LIMIT ?`, orgID, userID, maxOutstanding)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Waiver
	for rows.Next() {
		var w Waiver
		if err := rows.Scan(append(w.targets(), &w.By, &w.Reason)...); err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, rows.Err()
}
