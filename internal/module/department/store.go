package department

import (
	"context"
	"errors"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Constraints tell which conflict a unique index stands for.
var Constraints = []db.Constraint{{
	Name: "departments_name_key", Columns: "departments.org_id, departments.name_key",
	Code: "department.nameTaken", Pointer: "/name", Detail: "There is a department of this name already.",
}}

// store is every SQL statement of the module.
type store struct{}

// position is where a cursor goes on: after this name and id.
type position struct {
	Key string `json:"k"`
	ID  string `json:"i"`
}

// slice is the part of a list that is wanted.
type slice struct {
	after         position
	limit, offset int
}

// key is the form of a name that is unique and that people look departments up by.
func key(name string) string { return strings.ToLower(name) }

const columns = `d.id, d.name, d.version, d.created_at, d.updated_at, d.created_by, d.updated_by, (SELECT COUNT(*) FROM users u
  WHERE u.org_id = d.org_id AND u.department_id = d.id AND u.status <> 'ARCHIVE')`

func (d *Department) targets() []any {
	return []any{&d.ID, &d.Name, &d.Version, &d.CreatedAt, &d.UpdatedAt, &d.CreatedBy, &d.UpdatedBy, &d.MemberCount}
}

// lockDirectory makes changes of who belongs where follow one another: the row of the group
// Administrators is locked until the transaction ends. On SQLite writers follow one another
// anyway.
func (store) lockDirectory(ctx context.Context, tx db.Tx, orgID string) error {
	_, err := tx.Exec(ctx, `UPDATE security_groups SET version = version WHERE org_id = ? AND builtin = 'administrators'`, orgID)
	return err
}

// lock waits for people who are being created in departments right now, and makes those who
// are to be created there wait.
func (store) lock(ctx context.Context, tx db.Tx, orgID string, list []string) error {
	rows, err := tx.Query(ctx, `SELECT id FROM departments WHERE org_id = ? AND id {in} ORDER BY id {forUpdate}`, orgID, db.List(list))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		continue
	}
	return rows.Err()
}

func (store) byID(ctx context.Context, q db.Queryer, orgID, id string) (Department, error) {
	var d Department
	err := q.QueryRow(ctx, `SELECT `+columns+` FROM departments d WHERE d.org_id = ? AND d.id = ?`, orgID, id).Scan(d.targets()...)
	if errors.Is(err, db.ErrNoRows) {
		return d, fault.NotFound("department")
	}
	return d, err
}

func (store) count(ctx context.Context, q db.Queryer, orgID string) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM departments WHERE org_id = ?`, orgID).Scan(&n)
	return n, err
}

func (store) list(ctx context.Context, q db.Queryer, orgID string, p slice) ([]Detail, error) {
	rows, err := q.Query(ctx, `SELECT `+columns+` FROM (SELECT * FROM departments WHERE org_id = ? AND (name_key, id) > (?, ?)
  ORDER BY name_key, id LIMIT ? OFFSET ?) d ORDER BY d.name_key, d.id`, orgID, p.after.Key, p.after.ID, p.limit, p.offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Detail
	for rows.Next() {
		var d Detail
		if err := rows.Scan(d.targets()...); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// heads gives the heads of departments by department, by name.
func (s store) heads(ctx context.Context, q db.Queryer, orgID string, list []string) (map[string][]person.Card, error) {
	heads := make(map[string][]person.Card, len(list))
	for _, id := range list {
		heads[id] = []person.Card{}
	}
	if len(list) == 0 {
		return heads, nil
	}
	cards, err := s.cards(ctx, q, `SELECT `+person.Columns+` FROM users u`+person.Join+
		`WHERE u.org_id = ? AND u.department_id {in} AND u.is_department_head AND u.status <> 'ARCHIVE' ORDER BY u.sort_key, u.id`, orgID, db.List(list))
	for _, c := range cards {
		heads[*c.Department] = append(heads[*c.Department], c)
	}
	return heads, err
}

func (s store) members(ctx context.Context, q db.Queryer, orgID, id string, p slice) ([]person.Card, error) {
	return s.cards(ctx, q, `SELECT `+person.Columns+` FROM users u`+person.Join+
		`WHERE u.org_id = ? AND u.department_id = ? AND u.status <> 'ARCHIVE' ORDER BY u.sort_key, u.id LIMIT ? OFFSET ?`,
		orgID, id, p.limit, p.offset)
}

func (store) cards(ctx context.Context, q db.Queryer, query string, args ...any) ([]person.Card, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	cards := []person.Card{}
	for rows.Next() {
		var c person.Card
		if err := rows.Scan(c.Targets()...); err != nil {
			return nil, err
		}
		c.Finish()
		cards = append(cards, c)
	}
	return cards, rows.Err()
}

func (store) headIDs(ctx context.Context, q db.Queryer, orgID, id string) ([]string, error) {
	rows, err := q.Query(ctx, `SELECT id FROM users WHERE org_id = ? AND department_id = ? AND is_department_head AND status <> 'ARCHIVE'
ORDER BY sort_key, id`, orgID, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []string{}
	for rows.Next() {
		var head string
		if err := rows.Scan(&head); err != nil {
			return nil, err
		}
		list = append(list, head)
	}
	return list, rows.Err()
}

// standings tells where people stand; who is not of the organization is absent.
func (store) standings(ctx context.Context, q db.Queryer, orgID string, people []string) (map[string]standing, error) {
	known := make(map[string]standing, len(people))
	if len(people) == 0 {
		return known, nil
	}
	rows, err := q.Query(ctx, `SELECT id, COALESCE(department_id, ''), is_department_head, status = 'ARCHIVE' FROM users
WHERE org_id = ? AND id {in}`, orgID, db.List(people))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var s standing
		if err := rows.Scan(&id, &s.department, &s.head, &s.former); err != nil {
			return nil, err
		}
		known[id] = s
	}
	return known, rows.Err()
}

// tally counts the people and the heads of a department.
func (store) tally(ctx context.Context, q db.Queryer, orgID, id string) (members, heads int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN is_department_head THEN 1 ELSE 0 END), 0) FROM users
WHERE org_id = ? AND department_id = ? AND status <> 'ARCHIVE'`, orgID, id).Scan(&members, &heads)
	return members, heads, err
}

func (store) insert(ctx context.Context, tx db.Tx, orgID string, d Department) error {
	_, err := tx.Exec(ctx, `INSERT INTO departments (org_id, id, name, name_key, created_at, updated_at, created_by, updated_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, orgID, d.ID, d.Name, key(d.Name), d.CreatedAt, d.UpdatedAt, d.CreatedBy, d.UpdatedBy)
	return err
}

// touch writes the name and counts the version up.
func (store) touch(ctx context.Context, tx db.Tx, orgID string, d *Department, at stamp) error {
	d.UpdatedAt, d.UpdatedBy = at.ms, at.by
	return tx.QueryRow(ctx, `UPDATE departments SET name = ?, name_key = ?, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id = ? RETURNING version`, d.Name, key(d.Name), at.ms, at.by, orgID, d.ID).Scan(&d.Version)
}

// place puts people into a department, nil for none.
func (store) place(ctx context.Context, tx db.Tx, orgID string, id *string, head bool, people []string, at stamp) error {
	if len(people) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE users SET department_id = ?, is_department_head = ?, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id {in}`, id, head, at.ms, at.by, orgID, db.List(people))
	return err
}

// ensureHeads gives every department of the list that has people and no head its
// longest-standing member as head.
func (store) ensureHeads(ctx context.Context, tx db.Tx, orgID string, list []string, at stamp) error {
	if len(list) == 0 {
		return nil
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

// remove deletes a department; its people stay without one.
func (store) remove(ctx context.Context, tx db.Tx, orgID, id string, at stamp) error {
	if _, err := tx.Exec(ctx, `UPDATE users SET department_id = NULL, is_department_head = FALSE, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND department_id = ?`, at.ms, at.by, orgID, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM departments WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}
