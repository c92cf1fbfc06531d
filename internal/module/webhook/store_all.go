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
