package user

import (
	"context"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// lockDirectory makes changes that must keep an invariant over several people
// (administrators, heads, reporting lines) follow one another: the row of the group
// Administrators is locked until the transaction ends. On SQLite writers follow one
// another anyway. Changes of that group's members take the same row lock.
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

// touch locks a person's row, counts its version up and gives the new version.
func (store) touch(ctx context.Context, tx db.Tx, orgID, id string, at stamp) (version int64, err error) {
	err = tx.QueryRow(ctx, `UPDATE users SET version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id = ? RETURNING version`, at.ms, at.by, orgID, id).Scan(&version)
	if errors.Is(err, db.ErrNoRows) {
		return 0, fault.NotFound("user")
	}
	return version, err
}

const insertUsers = `INSERT INTO users (org_id, id, email, email_key, user_name, external_user_id, status, first_name, last_name,
 bio, phone, designation, department_id, is_department_head, location_id, reports_to, color, is_expert, default_visibility,
 skills, time_zone, language, password_hash, search_key, sort_key, created_at, updated_at, created_by, updated_by)`

func (store) insert(ctx context.Context, tx db.Tx, orgID string, people []*candidate, at stamp) error {
	rows := make([][]any, len(people))
	for i, c := range people {
		by := at.by
		if by == "" {
			by = c.id
		}
		rows[i] = []any{
			orgID, c.id, c.email, fold(c.email), c.userName, c.externalID, c.status, c.firstName, c.lastName,
			c.bio, c.phone, c.designation, c.department, c.head, c.location, c.reportsTo, colorOf(c.id), c.expert, c.visibility,
			c.skills, c.zone, c.language, c.passwordHash, searchKey(c.firstName, c.lastName, c.email, c.userName), sortKey(c.firstName, c.lastName),
			at.ms, at.ms, by, by,
		}
	}
	return db.InsertMany(ctx, tx, insertUsers, rows, "")
}

// update writes every column an update can change; touch has written the version.
func (store) update(ctx context.Context, tx db.Tx, orgID string, r record) error {
	_, err := tx.Exec(ctx, `UPDATE users SET email = ?, email_key = ?, external_user_id = ?, status = ?, first_name = ?, last_name = ?,
 bio = ?, phone = ?, designation = ?, department_id = ?, is_department_head = ?, location_id = ?, reports_to = ?,
 is_expert = ?, availability = ?, availability_text = ?, default_visibility = ?, skills = ?, time_zone = ?, language = ?, picture_id = ?, cover_id = ?, search_key = ?, sort_key = ?
WHERE org_id = ? AND id = ?`,
		r.email, fold(r.email), r.externalID, r.status, r.firstName, r.lastName,
		r.bio, r.phone, r.designation, r.department, r.head, r.location, r.reportsTo,
		r.expert, r.availability, r.availabilityText, r.visibility, r.skills, r.zone, r.language, r.picture, r.cover,
		searchKey(r.firstName, r.lastName, r.email, r.userName), sortKey(r.firstName, r.lastName),
		orgID, r.id)
	return err
}

// pair links a person to something else.
type pair struct{ userID, ref string }

func (store) link(ctx context.Context, tx db.Tx, insert, orgID string, pairs []pair) error {
	if len(pairs) == 0 {
		return nil
	}
	rows := make([][]any, len(pairs))
	for i, p := range pairs {
		rows[i] = []any{orgID, p.userID, p.ref}
	}
	return db.InsertMany(ctx, tx, insert, rows, "ON CONFLICT DO NOTHING")
}

const (
	insertTeams     = `INSERT INTO user_teams (org_id, user_id, supervisor_id)`
	insertLocations = `INSERT INTO user_locations (org_id, user_id, location_id)`
	insertGroups    = `INSERT INTO security_group_members (org_id, user_id, group_id)`
)

func (store) leaveTeams(ctx context.Context, tx db.Tx, orgID, id string, supervisors []string) error {
	_, err := tx.Exec(ctx, `DELETE FROM user_teams WHERE org_id = ? AND user_id = ? AND supervisor_id {in}`, orgID, id, db.List(supervisors))
	return err
}

func (store) leaveLocations(ctx context.Context, tx db.Tx, orgID, id string, locations []string) error {
	_, err := tx.Exec(ctx, `DELETE FROM user_locations WHERE org_id = ? AND user_id = ? AND location_id {in}`, orgID, id, db.List(locations))
	return err
}

// above reports whether id is supervisor itself or one of the supervisors above it.
// UNION keeps every person once, which bounds the walk.
func (store) above(ctx context.Context, q db.Queryer, orgID, supervisor, id string) (yes bool, err error) {
	var n int
	err = q.QueryRow(ctx, `WITH RECURSIVE up (id) AS (
    SELECT s.id FROM users s WHERE s.org_id = ? AND s.id = ?
    UNION SELECT s.reports_to FROM up JOIN users s ON s.org_id = ? AND s.id = up.id WHERE s.reports_to IS NOT NULL)
SELECT COUNT(*) FROM up WHERE id = ?`, orgID, supervisor, orgID, id).Scan(&n)
	return n > 0, err
}

func (store) archive(ctx context.Context, tx db.Tx, orgID string, ids []string, at stamp) error {
	_, err := tx.Exec(ctx, `UPDATE users SET status = 'ARCHIVE', version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND status <> 'ARCHIVE' AND id {in}`, at.ms, at.by, orgID, db.List(ids))
	return err
}

// livingSupervisor is the nearest supervisor of a row of users who is not a former member.
// The walk leaves living people alone, so it does not read rows the statement changes.
const livingSupervisor = `(WITH RECURSIVE up (id, reports_to, status) AS (
    SELECT s.id, s.reports_to, s.status FROM users s WHERE s.org_id = users.org_id AND s.id = users.reports_to
    UNION SELECT s.id, s.reports_to, s.status FROM up JOIN users s ON s.org_id = users.org_id AND s.id = up.reports_to
     WHERE up.status = 'ARCHIVE')
  SELECT up.id FROM up WHERE up.status <> 'ARCHIVE')`

// liftReports moves the living direct reports of former members to the nearest living
// supervisor above them. It waits for those who are being created below them at this moment,
// which does not take the directory lock.
func (store) liftReports(ctx context.Context, tx db.Tx, orgID string, leavers []string, at stamp) error {
	err := each(ctx, tx, func(db.Rows) error { return nil },
		`SELECT id FROM users WHERE org_id = ? AND id {in} ORDER BY id {forUpdate}`, orgID, db.List(leavers))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE users SET reports_to = `+livingSupervisor+`, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND status <> 'ARCHIVE' AND reports_to {in}`, at.ms, at.by, orgID, db.List(leavers))
	return err
}

// liftOne does the same for a person who comes back and whose supervisor has left.
func (store) liftOne(ctx context.Context, tx db.Tx, orgID, id string) error {
	_, err := tx.Exec(ctx, `UPDATE users SET reports_to = `+livingSupervisor+` WHERE org_id = ? AND id = ? AND reports_to IS NOT NULL`, orgID, id)
	return err
}

// liftNew does the same for new people whose supervisor left while they were being created.
func (store) liftNew(ctx context.Context, tx db.Tx, orgID string, created []string) error {
	_, err := tx.Exec(ctx, `UPDATE users SET reports_to = `+livingSupervisor+` WHERE org_id = ? AND id {in}
 AND reports_to IN (SELECT s.id FROM users s WHERE s.org_id = ? AND s.status = 'ARCHIVE')`, orgID, db.List(created), orgID)
	return err
}

// ensureHeads gives every department of the list that has members but no head its
// longest-standing member as head.
func (store) ensureHeads(ctx context.Context, tx db.Tx, orgID string, departments []string, at stamp) error {
	if len(departments) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE users SET is_department_head = TRUE, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id IN (
  SELECT (SELECT m.id FROM users m WHERE m.org_id = d.org_id AND m.department_id = d.id AND m.status <> 'ARCHIVE'
           ORDER BY m.created_at, m.id LIMIT 1)
    FROM departments d WHERE d.org_id = ? AND d.id {in} AND NOT EXISTS (
         SELECT 1 FROM users h WHERE h.org_id = d.org_id AND h.department_id = d.id AND h.is_department_head AND h.status <> 'ARCHIVE'))`,
		at.ms, at.by, orgID, orgID, db.List(departments))
	return err
}

// otherHeads counts the heads of a department apart from one person.
func (store) otherHeads(ctx context.Context, q db.Queryer, orgID, department, id string) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM users WHERE org_id = ? AND department_id = ? AND is_department_head
 AND status <> 'ARCHIVE' AND id <> ?`, orgID, department, id).Scan(&n)
	return n, err
}

func (store) follow(ctx context.Context, tx db.Tx, orgID, follower, followed string, ms int64) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO follows (org_id, follower_id, followed_id, created_at) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING`, orgID, follower, followed, ms)
	return n > 0, err
}

func (store) unfollow(ctx context.Context, tx db.Tx, orgID, follower, followed string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM follows WHERE org_id = ? AND follower_id = ? AND followed_id = ?`, orgID, follower, followed)
	return n > 0, err
}

func (store) follows(ctx context.Context, q db.Queryer, orgID, follower, followed string) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM follows WHERE org_id = ? AND follower_id = ? AND followed_id = ?`,
		orgID, follower, followed).Scan(&n)
	return n > 0, err
}

// lockDepartments waits for people who are being created in departments at this moment, which
// does not take the directory lock, and makes those wait who are to be created there.
func (store) lockDepartments(ctx context.Context, tx db.Tx, orgID string, departments []string) error {
	return each(ctx, tx, func(db.Rows) error { return nil },
		`SELECT id FROM departments WHERE org_id = ? AND id {in} ORDER BY id {forUpdate}`, orgID, db.List(departments))
}
