package notification

import (
	"context"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

const deliveryColumns = `org_id, id, notification_id, channel, user_id, address, device_id, state, code, reason, attempts, due_at, claim, created_at, updated_at`

func (d *delivered) targets() []any {
	return []any{
		&d.OrgID, &d.ID, &d.NotificationID, &d.Channel, &d.UserID, &d.Address, &d.DeviceID, &d.State, &d.Code, &d.Reason, &d.Attempts, &d.DueAt,
		&d.Claim, &d.CreatedAt, &d.UpdatedAt,
	}
}

func deliveriesOf(rows db.Rows, err error) (list []delivered, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d delivered
		if err := rows.Scan(d.targets()...); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// addDeliveries adds deliveries; those that are there already are left alone.
func (store) addDeliveries(ctx context.Context, tx db.Tx, list []delivered) error {
	rows := make([][]any, len(list))
	for i, d := range list {
		rows[i] = []any{d.OrgID, d.ID, d.NotificationID, d.Channel, d.UserID, d.Address, d.DeviceID, d.State, d.Code, d.Reason, d.DueAt, d.CreatedAt, d.UpdatedAt}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO notification_deliveries
(org_id, id, notification_id, channel, user_id, address, device_id, state, code, reason, due_at, created_at, updated_at)`, rows, `ON CONFLICT DO NOTHING`)
}

// claim takes deliveries of a channel that are due for one worker, until a time. What another
// worker took and did not finish by its time is taken, too.
func (store) claim(ctx context.Context, tx db.Tx, c Channel, worker string, now, until int64, limit int) ([]delivered, error) {
	return deliveriesOf(tx.Query(ctx, `UPDATE notification_deliveries SET state = 'sending', attempts = attempts + 1, due_at = ?, claim = ?, updated_at = ?
WHERE (org_id, id) IN (SELECT d.org_id, d.id FROM notification_deliveries d WHERE d.channel = ? AND d.due_at <= ? ORDER BY d.due_at, d.id LIMIT ? {skipLocked})
RETURNING `+deliveryColumns, until, worker, now, c, now, limit))
}

// finish notes what became of a delivery, unless somebody else has taken it over.
func (store) finish(ctx context.Context, tx db.Tx, d delivered) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE notification_deliveries SET state = ?, code = ?, reason = ?, attempts = ?, due_at = ?, claim = '', updated_at = ?
WHERE org_id = ? AND id = ? AND claim = ?`, d.State, d.Code, d.Reason, d.Attempts, d.DueAt, d.UpdatedAt, d.OrgID, d.ID, d.Claim)
	return n > 0, err
}

// page gives the deliveries of a notification.
func (store) page(ctx context.Context, q db.Queryer, orgID, id string, p slice) ([]delivered, error) {
	if p.after != "" {
		return deliveriesOf(q.Query(ctx, `SELECT `+deliveryColumns+` FROM notification_deliveries WHERE org_id = ? AND notification_id = ? AND id > ? ORDER BY id LIMIT ?`,
			orgID, id, p.after, p.limit))
	}
	return deliveriesOf(q.Query(ctx, `SELECT `+deliveryColumns+` FROM notification_deliveries WHERE org_id = ? AND notification_id = ? ORDER BY id LIMIT ? OFFSET ?`,
		orgID, id, p.limit, p.offset))
}

// states counts the deliveries of a notification by state.
func (store) states(ctx context.Context, q db.Queryer, orgID, id string) (map[string]int, error) {
	rows, err := q.Query(ctx, `SELECT state, COUNT(*) FROM notification_deliveries WHERE org_id = ? AND notification_id = ? GROUP BY state`, orgID, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := map[string]int{}
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return nil, err
		}
		by[state] = n
	}
	return by, rows.Err()
}

// receiver is somebody as channels need them.
type receiver struct {
	id, email, first, last string
	phone, zone, language  *string
	active                 bool
	Preferences
}

func (r receiver) name() string { return strings.TrimSpace(r.first + " " + r.last) }

// receivers gives people by id.
func (store) receivers(ctx context.Context, q db.Queryer, orgID string, people []string) (map[string]receiver, error) {
	rows, err := q.Query(ctx, `SELECT u.id, u.email, u.first_name, u.last_name, u.phone, u.time_zone, u.language, u.status = 'ACTIVE', p.value FROM users u
LEFT JOIN notification_preferences p ON p.org_id = u.org_id AND p.user_id = u.id WHERE u.org_id = ? AND u.id {in}`, orgID, db.List(people))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := map[string]receiver{}
	for rows.Next() {
		var r receiver
		var stored *string
		if err := rows.Scan(&r.id, &r.email, &r.first, &r.last, &r.phone, &r.zone, &r.language, &r.active, &stored); err != nil {
			return nil, err
		}
		if r.Preferences, err = parsePreferences(stored); err != nil {
			return nil, err
		}
		by[r.id] = r
	}
	return by, rows.Err()
}
