package notification

import (
	"context"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// How long things are kept.
const (
	// Kept is how long entries stay in inboxes, and notifications with them.
	Kept = 90 * 24 * time.Hour
	// ReportsKept is how long it can be read what became of a delivery.
	ReportsKept = 30 * 24 * time.Hour

	maxForgotten = 5000 // rows one transaction deletes, so that others can write between
)

// Tidy deletes what has served its time, of all organizations.
func (s *Service) Tidy(ctx context.Context) error {
	now := s.Clock.Now()
	old, reported := clock.Millis(now.Add(-Kept)), clock.Millis(now.Add(-ReportsKept))
	for _, step := range []struct {
		statement string
		args      []any
	}{
		{forgetDeliveries, []any{reported, maxForgotten}},
		{forgetEntries, []any{old, maxForgotten}},
		{forgetTold, []any{old, maxForgotten}},
		{forgetNotifications, []any{old, maxForgotten}},
		{forgetDevices, []any{maxForgotten}},
	} {
		for n := int64(maxForgotten); n == maxForgotten; {
			err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
				n, err = tx.Exec(ctx, step.statement, step.args...)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	forgetDeliveries = `DELETE FROM notification_deliveries WHERE (org_id, id) IN (
SELECT d.org_id, d.id FROM notification_deliveries d WHERE d.due_at IS NULL AND d.updated_at < ? LIMIT ?)`
	forgetEntries = `DELETE FROM notification_inbox WHERE (org_id, user_id, id) IN (
SELECT i.org_id, i.user_id, i.id FROM notification_inbox i WHERE i.at < ? LIMIT ?)`
	forgetTold = `DELETE FROM notification_told WHERE (org_id, key, user_id) IN (
SELECT t.org_id, t.key, t.user_id FROM notification_told t WHERE t.created_at < ? LIMIT ?)`
	forgetNotifications = `DELETE FROM notifications WHERE (org_id, id) IN (
SELECT n.org_id, n.id FROM notifications n WHERE n.created_at < ?
AND NOT EXISTS (SELECT 1 FROM notification_deliveries d WHERE d.org_id = n.org_id AND d.notification_id = n.id)
AND NOT EXISTS (SELECT 1 FROM notification_batches b WHERE b.org_id = n.org_id AND b.notification_id = n.id) LIMIT ?)`
	// Of people who have left; their browsers must hear nothing when they come back elsewhere.
	forgetDevices = `DELETE FROM notification_devices WHERE (org_id, id) IN (
SELECT d.org_id, d.id FROM notification_devices d JOIN users u ON u.org_id = d.org_id AND u.id = d.user_id
WHERE u.status = 'ARCHIVE' LIMIT ?)`
)
