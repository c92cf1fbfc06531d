package notification

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const deviceColumns = `d.org_id, d.id, d.user_id, d.name, d.endpoint, d.p256dh, d.auth, d.created_at`

func devicesOf(rows db.Rows, err error) (list []device, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d device
		if err := rows.Scan(&d.orgID, &d.id, &d.userID, &d.name, &d.endpoint, &d.p256dh, &d.auth, &d.createdAt); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// devices gives devices by id.
func (store) devices(ctx context.Context, q db.Queryer, orgID string, list []string) (map[string]device, error) {
	found, err := devicesOf(q.Query(ctx, `SELECT `+deviceColumns+` FROM notification_devices d WHERE d.org_id = ? AND d.id {in}`, orgID, db.List(list)))
	by := make(map[string]device, len(found))
	for _, d := range found {
		by[d.id] = d
	}
	return by, err
}

// devicesOf gives the ids of people's devices by person.
func (store) devicesOf(ctx context.Context, q db.Queryer, orgID string, people []string) (map[string][]string, error) {
	rows, err := q.Query(ctx, `SELECT user_id, id FROM notification_devices WHERE org_id = ? AND user_id {in} ORDER BY id`, orgID, db.List(people))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := map[string][]string{}
	for rows.Next() {
		var user, id string
		if err := rows.Scan(&user, &id); err != nil {
			return nil, err
		}
		by[user] = append(by[user], id)
	}
	return by, rows.Err()
}

// mine gives somebody's devices, oldest first.
func (store) mine(ctx context.Context, q db.Queryer, who authz.Actor) ([]device, error) {
	return devicesOf(q.Query(ctx, `SELECT `+deviceColumns+` FROM notification_devices d WHERE d.org_id = ? AND d.user_id = ? ORDER BY d.id`, who.OrgID, who.UserID))
}

// putDevice registers a browser, and gives its id and since when it is registered. A browser is one
// person's at a time, whatever their organizations: the row of another is taken over.
func (store) putDevice(ctx context.Context, tx db.Tx, d device, hash string) (id string, createdAt int64, err error) {
	_, err = tx.Exec(ctx, `DELETE FROM notification_devices WHERE hash = ? AND (org_id <> ? OR user_id <> ?)`, hash, d.orgID, d.userID)
	if err != nil {
		return "", 0, err
	}
	err = tx.QueryRow(ctx, `INSERT INTO notification_devices (org_id, id, user_id, name, hash, endpoint, p256dh, auth, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (hash) DO UPDATE SET name = excluded.name, p256dh = excluded.p256dh, auth = excluded.auth RETURNING id, created_at`,
		d.orgID, d.id, d.userID, d.name, hash, d.endpoint, d.p256dh, d.auth, d.createdAt).Scan(&id, &createdAt)
	return id, createdAt, err
}

// trimDevices forgets somebody's oldest devices, down to so many.
func (store) trimDevices(ctx context.Context, tx db.Tx, who authz.Actor, keep int) error {
	_, err := tx.Exec(ctx, `DELETE FROM notification_devices WHERE org_id = ?1 AND user_id = ?2 AND id NOT IN (
SELECT d.id FROM notification_devices d WHERE d.org_id = ?1 AND d.user_id = ?2 ORDER BY d.created_at DESC, d.id DESC LIMIT ?3)`, who.OrgID, who.UserID, keep)
	return err
}

func (store) dropDevice(ctx context.Context, tx db.Tx, orgID, userID, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM notification_devices WHERE org_id = ? AND user_id = ? AND id = ?`, orgID, userID, id)
	return err
}

// removeDevice forgets a device of somebody's.
func (store) removeDevice(ctx context.Context, tx db.Tx, who authz.Actor, id string) error {
	n, err := tx.Exec(ctx, `DELETE FROM notification_devices WHERE org_id = ? AND user_id = ? AND id = ?`, who.OrgID, who.UserID, id)
	if err == nil && n == 0 {
		err = fault.NotFound(deviceNoun)
	}
	return err
}
