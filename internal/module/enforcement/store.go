package enforcement

import (
	"context"
	"errors"
	"strconv"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// store is the SQL of templates; that of obligations is in store_obligations.go.
type store struct{}

const columns = `id, title, system_event, type, sub_type, version, created_at`

func (t *Template) scan(row db.Row) error {
	return row.Scan(&t.ID, &t.Title, &t.SystemEvent, &t.Kind, &t.SubKind, &t.Version, &t.CreatedAt)
}

// position is where a list goes on.
type position struct {
	At int64  `json:"t"`
	ID string `json:"i"`
}

// slice is the part of a list that is wanted.
type slice struct {
	ascending     bool
	after         *position
	limit, offset int
}

func (store) has(ctx context.Context, q db.Queryer, orgID, id string) (yes bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM enforcement_templates WHERE org_id = ? AND id = ?)`, orgID, id).Scan(&yes)
	return yes, err
}

func (store) byID(ctx context.Context, q db.Queryer, orgID, id string) (t Template, err error) {
	err = t.scan(q.QueryRow(ctx, `SELECT `+columns+` FROM enforcement_templates WHERE org_id = ? AND id = ?`, orgID, id))
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return t, err
}

// whole gives a template with its reminders.
func (s store) whole(ctx context.Context, q db.Queryer, orgID, id string) (Template, error) {
	t, err := s.byID(ctx, q, orgID, id)
	if err != nil {
		return t, err
	}
	list := []Template{t}
	err = s.addReminders(ctx, q, orgID, list)
	return list[0], err
}

// lock keeps a template from being changed, and obligations from being made under it, until the
// transaction ends.
func (store) lock(ctx context.Context, tx db.Tx, orgID, id string) error {
	var found string
	err := tx.QueryRow(ctx, `SELECT id FROM enforcement_templates WHERE org_id = ? AND id = ? {forUpdate}`, orgID, id).Scan(&found)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return err
}

// planOf gives the reminders of a template and keeps them as they are; false without a template.
func (s store) planOf(ctx context.Context, tx db.Tx, orgID, id string) ([]Reminder, bool, error) {
	err := s.lock(ctx, tx, orgID, id)
	if fault.Is(err, fault.KindNotFound) {
		return nil, false, nil
	}
	by := map[string][]Reminder{}
	if err == nil {
		err = s.remindersOf(ctx, tx, orgID, []string{id}, by)
	}
	return by[id], err == nil, err
}

func (store) count(ctx context.Context, q db.Queryer, orgID string) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM enforcement_templates WHERE org_id = ?`, orgID).Scan(&n)
	return n, err
}

func (store) list(ctx context.Context, q db.Queryer, orgID string, s slice) ([]Template, error) {
	direction, than := "DESC", "<"
	if s.ascending {
		direction, than = "ASC", ">"
	}
	statement, args := `SELECT `+columns+` FROM enforcement_templates WHERE org_id = ?1`, []any{orgID}
	if s.after != nil {
		statement += ` AND (created_at, id) ` + than + ` (?2, ?3)`
		args = append(args, s.after.At, s.after.ID)
	}
	n := len(args)
	statement += ` ORDER BY created_at ` + direction + `, id ` + direction + ` LIMIT ?` + strconv.Itoa(n+1) + ` OFFSET ?` + strconv.Itoa(n+2)
	rows, err := q.Query(ctx, statement, append(args, s.limit, s.offset)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Template
	for rows.Next() {
		var t Template
		if err := t.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// addReminders reads the reminders of templates, with one statement.
func (s store) addReminders(ctx context.Context, q db.Queryer, orgID string, list []Template) error {
	ids := make([]string, len(list))
	for i, t := range list {
		ids[i] = t.ID
	}
	by := map[string][]Reminder{}
	if err := s.remindersOf(ctx, q, orgID, ids, by); err != nil {
		return err
	}
	for i := range list {
		list[i].Reminders = by[list[i].ID]
	}
	return nil
}

// remindersOf adds the reminders of templates to a map, in their order.
func (store) remindersOf(ctx context.Context, q db.Queryer, orgID string, templates []string, by map[string][]Reminder) error {
	rows, err := q.Query(ctx, `SELECT template_id, medium, unit, amount, ref_id, content_template_id FROM enforcement_reminders
WHERE org_id = ? AND template_id {in} ORDER BY template_id, place`, orgID, db.List(templates))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var r Reminder
		if err := rows.Scan(&id, &r.Medium, &r.Unit, &r.Amount, &r.RefID, &r.ContentTemplateID); err != nil {
			return err
		}
		by[id] = append(by[id], r)
	}
	return rows.Err()
}

func (s store) insert(ctx context.Context, tx db.Tx, orgID string, t Template, at stamp) error {
	_, err := tx.Exec(ctx, `INSERT INTO enforcement_templates (org_id, id, title, system_event, type, sub_type, created_at, updated_at, created_by, updated_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, orgID, t.ID, t.Title, t.SystemEvent, t.Kind, t.SubKind, at.ms, at.ms, at.by, at.by)
	if err != nil {
		return err
	}
	return s.insertReminders(ctx, tx, orgID, t)
}

func (store) insertReminders(ctx context.Context, tx db.Tx, orgID string, t Template) error {
	rows := make([][]any, len(t.Reminders))
	for i, r := range t.Reminders {
		rows[i] = []any{orgID, t.ID, i, r.Medium, r.Unit, r.Amount, r.offset(), r.RefID, r.ContentTemplateID}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO enforcement_reminders (org_id, template_id, place, medium, unit, amount, offset_ms, ref_id, content_template_id)`, rows, "")
}

func (s store) update(ctx context.Context, tx db.Tx, orgID string, t Template, at stamp) error {
	_, err := tx.Exec(ctx, `UPDATE enforcement_templates SET title = ?, system_event = ?, type = ?, sub_type = ?, version = ?, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id = ?`, t.Title, t.SystemEvent, t.Kind, t.SubKind, t.Version, at.ms, at.by, orgID, t.ID)
	if err != nil {
		return err
	}
	if err := s.removeReminders(ctx, tx, orgID, t.ID); err != nil {
		return err
	}
	return s.insertReminders(ctx, tx, orgID, t)
}

func (store) removeReminders(ctx context.Context, tx db.Tx, orgID, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM enforcement_reminders WHERE org_id = ? AND template_id = ?`, orgID, id)
	return err
}

// removeTemplate deletes a template with what is owed under it.
func (s store) removeTemplate(ctx context.Context, tx db.Tx, orgID, id string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM enforcement_obligations WHERE org_id = ? AND template_id = ?`, orgID, id); err != nil {
		return err
	}
	if err := s.removeReminders(ctx, tx, orgID, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM enforcement_templates WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}

// isPerson refuses an id that is no person of the organization.
func (store) isPerson(ctx context.Context, q db.Queryer, orgID, id string) error {
	var found string
	err := q.QueryRow(ctx, `SELECT id FROM users WHERE org_id = ? AND id = ?`, orgID, id).Scan(&found)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound("user")
	}
	return err
}
