package securitygroup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Constraints tell which conflict a unique index stands for.
var Constraints = []db.Constraint{{
	Name: "security_groups_name_key", Columns: "security_groups.org_id, security_groups.name_key",
	Code: "securityGroup.nameTaken", Pointer: "/name", Detail: "There is a security group of this name already.",
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

// key is the form of a name that is unique.
func key(name string) string { return strings.ToLower(name) }

const columns = `g.id, g.name, g.builtin, g.capabilities, g.version, (SELECT COUNT(*) FROM security_group_members m
  JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id WHERE m.org_id = g.org_id AND m.group_id = g.id AND u.status <> 'ARCHIVE')`

func (g *Group) scan(from db.Row) error {
	var text string
	if err := from.Scan(&g.ID, &g.Name, &g.Builtin, &text, &g.Version, &g.MemberCount); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), &g.Capabilities); err != nil {
		return fmt.Errorf("capabilities of group %s: %w", g.ID, err)
	}
	return nil
}

// lockDirectory makes changes of who administers the organization follow one another: the row
// of the group Administrators is locked until the transaction ends. On SQLite writers follow
// one another anyway.
func (store) lockDirectory(ctx context.Context, tx db.Tx, orgID string) error {
	_, err := tx.Exec(ctx, `UPDATE security_groups SET version = version WHERE org_id = ? AND builtin = 'administrators'`, orgID)
	return err
}

// activeAdministrators counts the people who can still administer the organization.
func (store) activeAdministrators(ctx context.Context, q db.Queryer, orgID string) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM security_groups g
JOIN security_group_members m ON m.org_id = g.org_id AND m.group_id = g.id
JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id
WHERE g.org_id = ? AND g.builtin = 'administrators' AND u.status = 'ACTIVE'`, orgID).Scan(&n)
	return n, err
}

func (store) byID(ctx context.Context, q db.Queryer, orgID, id string) (Group, error) {
	var g Group
	err := g.scan(q.QueryRow(ctx, `SELECT `+columns+` FROM security_groups g WHERE g.org_id = ? AND g.id = ?`, orgID, id))
	if errors.Is(err, db.ErrNoRows) {
		return g, fault.NotFound("securityGroup")
	}
	return g, err
}

func (store) count(ctx context.Context, q db.Queryer, orgID string) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM security_groups WHERE org_id = ?`, orgID).Scan(&n)
	return n, err
}

func (store) list(ctx context.Context, q db.Queryer, orgID string, p slice) ([]Group, error) {
	rows, err := q.Query(ctx, `SELECT `+columns+` FROM (SELECT * FROM security_groups WHERE org_id = ? AND (name_key, id) > (?, ?)
  ORDER BY name_key, id LIMIT ? OFFSET ?) g ORDER BY g.name_key, g.id`, orgID, p.after.Key, p.after.ID, p.limit, p.offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Group
	for rows.Next() {
		var g Group
		if err := g.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, rows.Err()
}

func (store) members(ctx context.Context, q db.Queryer, orgID, id string, p slice) ([]person.Card, error) {
	rows, err := q.Query(ctx, `SELECT `+person.Columns+` FROM security_group_members m
JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id`+person.Join+
		`WHERE m.org_id = ? AND m.group_id = ? AND u.status <> 'ARCHIVE' ORDER BY u.sort_key, u.id LIMIT ? OFFSET ?`,
		orgID, id, p.limit, p.offset)
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

func (store) insert(ctx context.Context, tx db.Tx, orgID string, g Group, at stamp) error {
	list, err := json.Marshal(g.Capabilities)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO security_groups (org_id, id, name, name_key, capabilities, created_at, updated_at, created_by, updated_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, orgID, g.ID, g.Name, key(g.Name), string(list), at.ms, at.ms, at.by, at.by)
	return err
}

// update writes name and capabilities and counts the version up.
func (store) update(ctx context.Context, tx db.Tx, orgID string, g *Group, at stamp) error {
	list, err := json.Marshal(g.Capabilities)
	if err != nil {
		return err
	}
	return tx.QueryRow(ctx, `UPDATE security_groups SET name = ?, name_key = ?, capabilities = ?, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id = ? RETURNING version`, g.Name, key(g.Name), string(list), at.ms, at.by, orgID, g.ID).Scan(&g.Version)
}

func (store) join(ctx context.Context, tx db.Tx, orgID, id string, people []string) (int64, error) {
	return tx.Exec(ctx, `INSERT INTO security_group_members (org_id, group_id, user_id)
SELECT u.org_id, CAST(? AS TEXT), u.id FROM users u WHERE u.org_id = ? AND u.id {in} ON CONFLICT DO NOTHING`, id, orgID, db.List(people))
}

func (store) leave(ctx context.Context, tx db.Tx, orgID, id string, people []string) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM security_group_members WHERE org_id = ? AND group_id = ? AND user_id {in}`, orgID, id, db.List(people))
}

// remove deletes a group and who is in it.
func (store) remove(ctx context.Context, tx db.Tx, orgID, id string) error {
	// Waits for people who are being created in it at this moment: that does not take the directory lock, and
	// on PostgreSQL their reference would refuse the deletion.
	if err := tx.QueryRow(ctx, `SELECT id FROM security_groups WHERE org_id = ? AND id = ? {forUpdate}`, orgID, id).Scan(&id); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM security_group_members WHERE org_id = ? AND group_id = ?`, orgID, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM security_groups WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}
