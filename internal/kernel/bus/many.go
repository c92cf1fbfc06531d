package bus

import (
	"context"
	"encoding/json"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// PublishMany is Publish for several events, with as few statements as the engine's
// limits allow: for operations on many objects at once.
func (b *Bus) PublishMany(ctx context.Context, tx db.Tx, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	now := b.clock.Now()
	rows, told := make([][]any, len(events)), make([]Delivered, len(events))
	for i, e := range events {
		data, err := json.Marshal(e.Data)
		if err != nil {
			return err
		}
		rows[i] = []any{e.OrgID, b.node, e.Name, e.Subject, string(data), now.UnixMilli()}
		told[i] = Delivered{OrgID: e.OrgID, Name: e.Name, Subject: e.Subject, Data: data, At: now}
	}
	if err := db.InsertMany(ctx, tx, `INSERT INTO outbox (org_id, node, name, subject, data, created_at)`, rows, ""); err != nil {
		return err
	}
	tx.OnCommit(func() {
		b.say(wakeSubject, nil)
		for _, e := range told {
			b.deliver(e)
		}
	})
	return nil
}
