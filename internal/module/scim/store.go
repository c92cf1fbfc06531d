package scim

import (
	"context"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// store is the SQL of provisioning and nothing else. Former members are nobody here.
type store struct{}

const userColumns = `u.id, COALESCE(x.user_name, u.email), u.email, x.external_id, u.first_name, u.last_name, u.status, u.phone, u.designation,
	u.language, u.time_zone, u.external_user_id, d.name, u.reports_to, u.version, u.created_at, u.updated_at`

const userFrom = ` FROM users u LEFT JOIN scim_users x ON x.org_id = u.org_id AND x.user_id = u.id
	LEFT JOIN departments d ON d.org_id = u.org_id AND d.id = u.department_id WHERE u.org_id = ? AND u.status <> 'ARCHIVE'`

func (u *User) targets() []any {
	return []any{
		&u.ID, &u.UserName, &u.Email, &u.ExternalID, &u.FirstName, &u.LastName, &u.Status, &u.Phone, &u.Title,
		&u.Language, &u.TimeZone, &u.Employee, &u.Department, &u.Manager, &u.Version, &u.CreatedAt, &u.UpdatedAt,
	}
}

func (store) user(ctx context.Context, q db.Queryer, orgID, id string) (u User, err error) {
	err = q.QueryRow(ctx, `SELECT `+userColumns+userFrom+` AND u.id = ?`, orgID, id).Scan(u.targets()...)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound("user")
	}
	return u, err
}

// page is the part of a list that is wanted.
type page struct{ count, offset int }

// users reads a page of people that a condition selects, and how many there are. The condition is
// put together of constants (filter.go).
func (store) users(ctx context.Context, q db.Queryer, orgID string, c condition, p page) (list []User, total int, err error) {
	args := append([]any{orgID}, c.args...)
	if err := q.QueryRow(ctx, `SELECT COUNT(*)`+userFrom+` AND (`+c.text+`)`, args...).Scan(&total); err != nil || p.count == 0 {
		return nil, total, err
	}
	rows, err := q.Query(ctx, `SELECT `+userColumns+userFrom+` AND (`+c.text+`) ORDER BY u.created_at, u.id LIMIT ? OFFSET ?`, append(args, p.count, p.offset)...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var u User
		if err := rows.Scan(u.targets()...); err != nil {
			return nil, 0, err
		}
		list = append(list, u)
	}
	return list, total, rows.Err()
}

// formerByEmail gives the former member with an address, or db.ErrNoRows.
func (store) formerByEmail(ctx context.Context, q db.Queryer, orgID, emailKey string) (id string, err error) {
	err = q.QueryRow(ctx, `SELECT id FROM users WHERE org_id = ? AND email_key = ? AND status = 'ARCHIVE'`, orgID, emailKey).Scan(&id)
	return id, err
}

// department gives the department of a name, or db.ErrNoRows.
func (store) department(ctx context.Context, q db.Queryer, orgID, name string) (id string, err error) {
	err = q.QueryRow(ctx, `SELECT id FROM departments WHERE org_id = ? AND name_key = ?`, orgID, fold(name)).Scan(&id)
	return id, err
}

// manager gives back the id of somebody who can be reported to, or db.ErrNoRows.
func (store) manager(ctx context.Context, q db.Queryer, orgID, id string) (found string, err error) {
	err = q.QueryRow(ctx, `SELECT id FROM users WHERE org_id = ? AND id = ? AND status <> 'ARCHIVE'`, orgID, id).Scan(&found)
	return found, err
}

// nameTaken reports whether somebody else is called so, by a client or by their address.
func (store) nameTaken(ctx context.Context, q db.Queryer, orgID, id, key string) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM users u LEFT JOIN scim_users x ON x.org_id = u.org_id AND x.user_id = u.id
		WHERE u.org_id = ? AND u.email_key = ? AND u.id <> ? AND u.status <> 'ARCHIVE' AND x.user_id IS NULL`, orgID, key, id).Scan(&n)
	return n > 0, err
}

// put writes what a client calls a person.
func (store) put(ctx context.Context, tx db.Tx, orgID, id string, n naming) error {
	_, err := tx.Exec(ctx, `INSERT INTO scim_users (org_id, user_id, external_id, user_name, user_name_key) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (org_id, user_id) DO UPDATE SET external_id = excluded.external_id, user_name = excluded.user_name, user_name_key = excluded.user_name_key`,
		orgID, id, n.external, n.userName, fold(n.userName))
	return err
}

func (store) forget(ctx context.Context, tx db.Tx, orgID, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM scim_users WHERE org_id = ? AND user_id = ?`, orgID, id)
	return err
}

// forgetFormer frees names that former members had who were not archived by a client.
func (store) forgetFormer(ctx context.Context, tx db.Tx, orgID string, n naming) error {
	_, err := tx.Exec(ctx, `DELETE FROM scim_users WHERE org_id = ? AND (user_name_key = ? OR external_id = ?)
		AND user_id IN (SELECT u.id FROM users u WHERE u.org_id = ? AND u.status = 'ARCHIVE')`, orgID, fold(n.userName), n.external, orgID)
	return err
}

const groupColumns = `g.id, g.name, (SELECT e.external_id FROM scim_groups e WHERE e.org_id = g.org_id AND e.group_id = g.id), g.version, g.created_at, g.updated_at`

const groupFrom = ` FROM security_groups g WHERE g.org_id = ?`

func (g *Group) targets() []any {
	return []any{&g.ID, &g.Name, &g.ExternalID, &g.Version, &g.CreatedAt, &g.UpdatedAt}
}

func (store) group(ctx context.Context, q db.Queryer, orgID, id string) (g Group, err error) {
	err = q.QueryRow(ctx, `SELECT `+groupColumns+groupFrom+` AND g.id = ?`, orgID, id).Scan(g.targets()...)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound("group")
	}
	return g, err
}

func (store) groups(ctx context.Context, q db.Queryer, orgID string, c condition, p page) (list []Group, total int, err error) {
	args := append([]any{orgID}, c.args...)
	if err := q.QueryRow(ctx, `SELECT COUNT(*)`+groupFrom+` AND (`+c.text+`)`, args...).Scan(&total); err != nil || p.count == 0 {
		return nil, total, err
	}
	rows, err := q.Query(ctx, `SELECT `+groupColumns+groupFrom+` AND (`+c.text+`) ORDER BY g.created_at, g.id LIMIT ? OFFSET ?`, append(args, p.count, p.offset)...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var g Group
		if err := rows.Scan(g.targets()...); err != nil {
			return nil, 0, err
		}
		list = append(list, g)
	}
	return list, total, rows.Err()
}

// members reads everybody in a group.
func (store) members(ctx context.Context, q db.Queryer, orgID, id string) ([]Member, error) {
	rows, err := q.Query(ctx, `SELECT u.id, u.first_name || ' ' || u.last_name FROM security_group_members m
		JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id WHERE m.org_id = ? AND m.group_id = ? AND u.status <> 'ARCHIVE' ORDER BY u.sort_key, u.id`, orgID, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []Member{}
	for rows.Next() {
		var m Member
		if err := rows.Scan(&m.ID, &m.Name); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

func (s store) memberIDs(ctx context.Context, q db.Queryer, orgID, id string) ([]string, error) {
	list, err := s.members(ctx, q, orgID, id)
	ids := make([]string, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	return ids, err
}

// nameGroup writes what a client calls a group; "" forgets it.
func (store) nameGroup(ctx context.Context, tx db.Tx, orgID, id, external string) error {
	if external == "" {
		_, err := tx.Exec(ctx, `DELETE FROM scim_groups WHERE org_id = ? AND group_id = ?`, orgID, id)
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO scim_groups (org_id, group_id, external_id) VALUES (?, ?, ?)
		ON CONFLICT (org_id, group_id) DO UPDATE SET external_id = excluded.external_id`, orgID, id, external)
	return err
}
