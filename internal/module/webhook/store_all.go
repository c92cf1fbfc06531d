package webhook

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// tidy deletes what is finished since a time, and addresses of group chats that are gone, of all
// organizations.
func (store) tidy(ctx context.Context, tx db.Tx, before int64) error {
	if _, err := tx.Exec(ctx, `DELETE FROM webhook_deliveries WHERE finished_at < ?`, before); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM conversation_hooks WHERE NOT EXISTS (SELECT 1 FROM conversations c
		WHERE c.org_id = conversation_hooks.org_id AND c.id = conversation_hooks.conversation_id)`)
	return err
}

// sealedSecret is the secret of a webhook as it is stored.
type sealedSecret struct{ orgID, id, sealed string }

// older gives secrets, of all organizations, that another key than the first has sealed.
func (store) older(ctx context.Context, q db.Queryer, prefix string, after sealedSecret, limit int) ([]sealedSecret, error) {
	rows, err := q.Query(ctx, `SELECT org_id, id, secret FROM webhooks WHERE SUBSTR(secret, 1, ?) <> ? AND (org_id, id) > (?, ?) ORDER BY org_id, id LIMIT ?`,
		len(prefix), prefix, after.orgID, after.id, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []sealedSecret
	for rows.Next() {
		var w sealedSecret
		if err := rows.Scan(&w.orgID, &w.id, &w.sealed); err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, rows.Err()
}

// reseal replaces a secret, unless its owner has meanwhile.
func (store) reseal(ctx context.Context, tx db.Tx, w sealedSecret, sealed string) error {
	_, err := tx.Exec(ctx, `UPDATE webhooks SET secret = ? WHERE org_id = ? AND id = ? AND secret = ?`, sealed, w.orgID, w.id, w.sealed)
	return err
}
