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

// seat is a person's place in a department.
type seat struct {
	id   string
	head bool
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

// lock waits for people who are being created in departments at this moment, which does not
// take the directory lock, and makes those wait who are to be created there.
func (store) lock(ctx context.Context, tx db.Tx, orgID string, list []string) error {
	rows, err := tx.Query(ctx, `SELECT id FROM departments WHERE org_id = ? AND id {in} ORDER BY id {forUpdate}`, orgID, db.List(list))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() { // the rows are locked as they are read
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

// heads gives the heads of departments by department, in the order of their names.
func (s store) heads(ctx context.Context, q db.Queryer, orgID string, list []string) (map[string][]person.Card, error) {
	cards, err := s.cards(ctx, q, `SELECT `+person.Columns+` FROM users u`+person.Join+
		`WHERE u.org_id = ? AND u.department_id {in} AND u.is_department_head AND u.status <> 'ARCHIVE' ORDER BY u.sort_key, u.id`, orgID, db.List(list))
	by := make(map[string][]person.Card, len(list))
	for _, c := range cards {
		by[*c.Department] = append(by[*c.Department], c)
	}
	return by, err
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

func (s store) headIDs(ctx context.Context, q db.Queryer, orgID, id string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT id FROM users WHERE org_id = ? AND department_id = ? AND is_department_head AND status <> 'ARCHIVE'
ORDER BY sort_key, id`, orgID, id))
}

// departmentsOf gives the departments that people are in, apart from one.
func (s store) departmentsOf(ctx context.Context, q db.Queryer, orgID string, people []string, apart string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT DISTINCT department_id FROM users WHERE org_id = ? AND department_id <> ? AND id {in}`,
		orgID, apart, db.List(people)))
}

// seats gives everybody in a department, by id.
func (store) seats(ctx context.Context, q db.Queryer, orgID, id string) ([]seat, error) {
	rows, err := q.Query(ctx, `SELECT id, is_department_head FROM users WHERE org_id = ? AND department_id = ? AND status <> 'ARCHIVE' ORDER BY id`, orgID, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []seat
	for rows.Next() {
		var s seat
		if err := rows.Scan(&s.id, &s.head); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// headless reports whether a department has people and no head.
func (store) headless(ctx context.Context, q db.Queryer, orgID, id string) (bool, error) {
	var members, heads int
	err := q.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN is_department_head THEN 1 ELSE 0 END), 0) FROM users
WHERE org_id = ? AND department_id = ? AND status <> 'ARCHIVE'`, orgID, id).Scan(&members, &heads)
	return members > 0 && heads == 0, err
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

// remove deletes a department; its people stay without one.
func (store) remove(ctx context.Context, tx db.Tx, orgID, id string, at stamp) error {
	if _, err := tx.Exec(ctx, `UPDATE users SET department_id = NULL, is_department_head = FALSE, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND department_id = ?`, at.ms, at.by, orgID, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM departments WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}
