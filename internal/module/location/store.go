package location

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
	Name: "locations_name_key", Columns: "locations.org_id, locations.name_key",
	Code: "location.nameTaken", Pointer: "/name", Detail: "There is a location of this name already.",
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

// key is the form of a name that is unique and that people look locations up by.
func key(name string) string { return strings.ToLower(name) }

const columns = `l.id, l.name, l.version, l.created_at, l.updated_at, l.created_by, l.updated_by, (SELECT COUNT(*) FROM users u
  WHERE u.org_id = l.org_id AND u.location_id = l.id AND u.status <> 'ARCHIVE')`

func (l *Location) targets() []any {
	return []any{&l.ID, &l.Name, &l.Version, &l.CreatedAt, &l.UpdatedAt, &l.CreatedBy, &l.UpdatedBy, &l.MemberCount}
}

// lockDirectory makes changes of who belongs where follow one another: the row of the group
// Administrators is locked until the transaction ends. On SQLite writers follow one another
// anyway.
func (store) lockDirectory(ctx context.Context, tx db.Tx, orgID string) error {
	_, err := tx.Exec(ctx, `UPDATE security_groups SET version = version WHERE org_id = ? AND builtin = 'administrators'`, orgID)
	return err
}

func (store) byID(ctx context.Context, q db.Queryer, orgID, id string) (Location, error) {
	var l Location
	err := q.QueryRow(ctx, `SELECT `+columns+` FROM locations l WHERE l.org_id = ? AND l.id = ?`, orgID, id).Scan(l.targets()...)
	if errors.Is(err, db.ErrNoRows) {
		return l, fault.NotFound("location")
	}
	return l, err
}

func (store) count(ctx context.Context, q db.Queryer, orgID string) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM locations WHERE org_id = ?`, orgID).Scan(&n)
	return n, err
}

func (store) list(ctx context.Context, q db.Queryer, orgID string, p slice) ([]Location, error) {
	rows, err := q.Query(ctx, `SELECT `+columns+` FROM (SELECT * FROM locations WHERE org_id = ? AND (name_key, id) > (?, ?)
  ORDER BY name_key, id LIMIT ? OFFSET ?) l ORDER BY l.name_key, l.id`, orgID, p.after.Key, p.after.ID, p.limit, p.offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Location
	for rows.Next() {
		var l Location
		if err := rows.Scan(l.targets()...); err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, rows.Err()
}

func (s store) members(ctx context.Context, q db.Queryer, orgID, id string, p slice) ([]person.Card, error) {
	return s.cards(ctx, q, `SELECT `+person.Columns+` FROM users u`+person.Join+
		`WHERE u.org_id = ? AND u.location_id = ? AND u.status <> 'ARCHIVE' ORDER BY u.sort_key, u.id LIMIT ? OFFSET ?`,
		orgID, id, p.limit, p.offset)
}

func (s store) admins(ctx context.Context, q db.Queryer, orgID, id string) ([]person.Card, error) {
	return s.cards(ctx, q, `SELECT `+person.Columns+` FROM location_admins a JOIN users u ON u.org_id = a.org_id AND u.id = a.user_id`+person.Join+
		`WHERE a.org_id = ? AND a.location_id = ? AND u.status <> 'ARCHIVE' ORDER BY u.sort_key, u.id`, orgID, id)
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

func (store) insert(ctx context.Context, tx db.Tx, orgID string, l Location) error {
	_, err := tx.Exec(ctx, `INSERT INTO locations (org_id, id, name, name_key, created_at, updated_at, created_by, updated_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, orgID, l.ID, l.Name, key(l.Name), l.CreatedAt, l.UpdatedAt, l.CreatedBy, l.UpdatedBy)
	return err
}

// touch writes the name and counts the version up.
func (store) touch(ctx context.Context, tx db.Tx, orgID string, l *Location, at stamp) error {
	l.UpdatedAt, l.UpdatedBy = at.ms, at.by
	return tx.QueryRow(ctx, `UPDATE locations SET name = ?, name_key = ?, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id = ? RETURNING version`, l.Name, key(l.Name), at.ms, at.by, orgID, l.ID).Scan(&l.Version)
}

// leave takes people away from a location.
func (store) leave(ctx context.Context, tx db.Tx, orgID, id string, list []string, at stamp) (int64, error) {
	if len(list) == 0 {
		return 0, nil
	}
	return tx.Exec(ctx, `UPDATE users SET location_id = NULL, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND location_id = ? AND id {in}`, at.ms, at.by, orgID, id, db.List(list))
}

// join moves people to a location.
func (store) join(ctx context.Context, tx db.Tx, orgID, id string, list []string, at stamp) (int64, error) {
	if len(list) == 0 {
		return 0, nil
	}
	return tx.Exec(ctx, `UPDATE users SET location_id = ?, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id {in} AND COALESCE(location_id, '') <> ?`, id, at.ms, at.by, orgID, db.List(list), id)
}

// locationsOf gives the locations that people are at.
func (store) locationsOf(ctx context.Context, q db.Queryer, orgID string, people []string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT DISTINCT location_id FROM users WHERE org_id = ? AND location_id IS NOT NULL AND id {in}`, orgID, db.List(people)))
}

// changeAdmins reports whether anything changed.
func (store) changeAdmins(ctx context.Context, tx db.Tx, orgID, id string, remove, add []string) (bool, error) {
	var removed, added int64
	var err error
	if len(remove) > 0 {
		if removed, err = tx.Exec(ctx, `DELETE FROM location_admins WHERE org_id = ? AND location_id = ? AND user_id {in}`, orgID, id, db.List(remove)); err != nil {
			return false, err
		}
	}
	if len(add) > 0 {
		added, err = tx.Exec(ctx, `INSERT INTO location_admins (org_id, location_id, user_id)
SELECT u.org_id, CAST(? AS TEXT), u.id FROM users u WHERE u.org_id = ? AND u.id {in} ON CONFLICT DO NOTHING`, id, orgID, db.List(add))
	}
	return removed+added > 0, err
}

// remove deletes a location and what refers to it.
func (store) remove(ctx context.Context, tx db.Tx, orgID, id string, at stamp) error {
	// Waits for people who are being created at it at this moment: that does not take the directory lock, and
	// on PostgreSQL their reference would refuse the deletion.
	if err := tx.QueryRow(ctx, `SELECT id FROM locations WHERE org_id = ? AND id = ? {forUpdate}`, orgID, id).Scan(&id); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE users SET location_id = NULL, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND location_id = ?`, at.ms, at.by, orgID, id); err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM user_locations WHERE org_id = ? AND location_id = ?`,
		`DELETE FROM location_admins WHERE org_id = ? AND location_id = ?`,
		`DELETE FROM locations WHERE org_id = ? AND id = ?`,
	} {
		if _, err := tx.Exec(ctx, statement, orgID, id); err != nil {
			return err
		}
	}
	return nil
}
