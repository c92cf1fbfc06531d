package webhook

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// store is the SQL of webhooks and nothing else.
type store struct{}

const columns = `w.id, w.owner_id, w.name, w.url, w.types, w.scopes, w.secret, w.active, w.reason, w.failing_since, w.from_txid, w.from_seq, w.version, w.created_at, w.updated_at`

func (w *Webhook) scan(from db.Row, more ...any) error {
	var types, scopes string
	var txid, seq int64
	err := from.Scan(append([]any{
		&w.ID, &w.OwnerID, &w.Name, &w.URL, &types, &scopes, &w.sealed, &w.Active, &w.Reason, &w.FailingSince, &txid, &seq, &w.Version, &w.CreatedAt, &w.UpdatedAt,
	}, more...)...)
	if errors.Is(err, db.ErrNoRows) {
		return fault.NotFound(noun)
	}
	if err != nil {
		return err
	}
	w.From = bus.PositionAt(txid, seq)
	return errors.Join(json.Unmarshal([]byte(types), &w.Types), json.Unmarshal([]byte(scopes), &w.Scopes))
}

func text(list []string) string {
	body, err := json.Marshal(append([]string{}, list...))
	if err != nil {
		panic("webhook: a list cannot be encoded: " + err.Error())
	}
	return string(body)
}

func (store) insert(ctx context.Context, tx db.Tx, orgID string, w Webhook) error {
	txid, seq := w.From.Numbers()
	_, err := tx.Exec(ctx, `INSERT INTO webhooks (org_id, id, owner_id, name, url, types, scopes, secret, active, from_txid, from_seq, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		orgID, w.ID, w.OwnerID, w.Name, w.URL, text(w.Types), text(w.Scopes), w.sealed, w.Active, txid, seq, w.CreatedAt, w.UpdatedAt)
	return err
}

func (store) update(ctx context.Context, tx db.Tx, orgID string, w Webhook) error {
	txid, seq := w.From.Numbers()
	_, err := tx.Exec(ctx, `UPDATE webhooks SET name = ?, url = ?, types = ?, secret = ?, active = ?, reason = ?, failing_since = ?, from_txid = ?, from_seq = ?,
		version = version + 1, updated_at = ? WHERE org_id = ? AND id = ?`,
		w.Name, w.URL, text(w.Types), w.sealed, w.Active, w.Reason, w.FailingSince, txid, seq, w.UpdatedAt, orgID, w.ID)
	return err
}

func (store) remove(ctx context.Context, tx db.Tx, orgID, id string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM webhook_deliveries WHERE org_id = ? AND webhook_id = ?`, orgID, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM webhooks WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}

func (store) byID(ctx context.Context, q db.Queryer, orgID, id, suffix string) (w Webhook, err error) {
	err = w.scan(q.QueryRow(ctx, `SELECT `+columns+` FROM webhooks w WHERE w.org_id = ? AND w.id = ?`+suffix, orgID, id))
	return w, err
}

func (store) list(ctx context.Context, q db.Queryer, orgID string) ([]Webhook, error) {
	return scanAll(q.Query(ctx, `SELECT `+columns+` FROM webhooks w WHERE w.org_id = ? ORDER BY w.created_at, w.id LIMIT ?`, orgID, maxWebhooks))
}

// listening gives the active webhooks of an organization whose owners can sign in.
func (store) listening(ctx context.Context, q db.Queryer, orgID string) ([]Webhook, error) {
	return scanAll(q.Query(ctx, `SELECT `+columns+` FROM webhooks w JOIN users u ON u.org_id = w.org_id AND u.id = w.owner_id AND u.status = 'ACTIVE'
		WHERE w.org_id = ? AND w.active ORDER BY w.id`, orgID))
}

func scanAll(rows db.Rows, err error) ([]Webhook, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Webhook
	for rows.Next() {
		var w Webhook
		if err := w.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, rows.Err()
}

// anyActive asks of all organizations; org_id is what it finds.
func (store) anyActive(ctx context.Context, q db.Queryer) (found bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT org_id FROM webhooks WHERE active)`).Scan(&found)
	return found, err
}

// place is how far the log was handed out, locked until the transaction ends.
func (store) place(ctx context.Context, tx db.Tx) (p bus.Position, found bool, err error) {
	var txid, seq int64
	err = tx.QueryRow(ctx, `SELECT txid, seq FROM webhook_place WHERE name = 'events' {forUpdate}`).Scan(&txid, &seq)
	if errors.Is(err, db.ErrNoRows) {
		return p, false, nil
	}
	return bus.PositionAt(txid, seq), err == nil, err
}

func (store) setPlace(ctx context.Context, tx db.Tx, p bus.Position) error {
	txid, seq := p.Numbers()
	_, err := tx.Exec(ctx, `INSERT INTO webhook_place (name, txid, seq) VALUES ('events', ?, ?) ON CONFLICT (name) DO UPDATE SET txid = excluded.txid, seq = excluded.seq`, txid, seq)
	return err
}

const deliveryColumns = `d.id, d.webhook_id, d.type, d.body, d.state, d.attempts, d.status, d.error, d.created_at, d.next_at, d.finished_at`

func (d *Delivery) targets() []any {
	return []any{&d.ID, &d.WebhookID, &d.Type, &d.Body, &d.State, &d.Attempts, &d.Status, &d.Error, &d.CreatedAt, &d.NextAt, &d.FinishedAt}
}

func (store) insertDeliveries(ctx context.Context, tx db.Tx, orgID string, list []Delivery) error {
	rows := make([][]any, len(list))
	for i, d := range list {
		rows[i] = []any{orgID, d.ID, d.WebhookID, d.Type, d.Body, pending, d.CreatedAt, d.CreatedAt}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO webhook_deliveries (org_id, id, webhook_id, type, body, state, created_at, next_at)`, rows, ``)
}

// delivery gives one with its webhook, and whether the webhook's owner can sign in.
func (store) delivery(ctx context.Context, q db.Queryer, orgID, id string) (d Delivery, w Webhook, allowed bool, err error) {
	err = w.scan(q.QueryRow(ctx, `SELECT `+columns+`, u.status = 'ACTIVE', `+deliveryColumns+` FROM webhook_deliveries d
		JOIN webhooks w ON w.org_id = d.org_id AND w.id = d.webhook_id
		JOIN users u ON u.org_id = w.org_id AND u.id = w.owner_id WHERE d.org_id = ? AND d.id = ?`, orgID, id), append([]any{&allowed}, d.targets()...)...)
	return d, w, allowed, err
}

func (store) deliveries(ctx context.Context, q db.Queryer, orgID, webhookID string) ([]Delivery, error) {
	rows, err := q.Query(ctx, `SELECT `+deliveryColumns+` FROM webhook_deliveries d WHERE d.org_id = ? AND d.webhook_id = ?
		ORDER BY d.created_at DESC, d.id DESC LIMIT ?`, orgID, webhookID, maxDeliveries)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Delivery
	for rows.Next() {
		var d Delivery
		if err := rows.Scan(d.targets()...); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// settle writes how an attempt went, unless another has been made since.
func (store) settle(ctx context.Context, tx db.Tx, orgID string, d Delivery, before int) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE webhook_deliveries SET state = ?, attempts = ?, status = ?, error = ?, next_at = ?, finished_at = ?
		WHERE org_id = ? AND id = ? AND attempts = ?`, d.State, d.Attempts, d.Status, d.Error, d.NextAt, d.FinishedAt, orgID, d.ID, before)
	return n > 0, err
}

// failing notes that a webhook does not work since a time, or with nil that it does.
func (store) failing(ctx context.Context, tx db.Tx, orgID, id string, since *int64) error {
	_, err := tx.Exec(ctx, `UPDATE webhooks SET failing_since = ? WHERE org_id = ? AND id = ?`, since, orgID, id)
	return err
}

func (store) stop(ctx context.Context, tx db.Tx, orgID, id, reason string) error {
	_, err := tx.Exec(ctx, `UPDATE webhooks SET active = FALSE, reason = ?, version = version + 1 WHERE org_id = ? AND id = ?`, reason, orgID, id)
	return err
}

const hookColumns = `id, conversation_id, name, created_by, created_at, last_used_at`

func (h *Hook) targets() []any {
	return []any{&h.ID, &h.ConversationID, &h.Name, &h.CreatedBy, &h.CreatedAt, &h.LastUsedAt}
}

func (store) insertHook(ctx context.Context, tx db.Tx, orgID, hash string, h Hook) error {
	_, err := tx.Exec(ctx, `INSERT INTO conversation_hooks (org_id, id, conversation_id, name, hash, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		orgID, h.ID, h.ConversationID, h.Name, hash, h.CreatedBy, h.CreatedAt)
	return err
}

func (store) hooks(ctx context.Context, q db.Queryer, orgID, conversationID string) ([]Hook, error) {
	rows, err := q.Query(ctx, `SELECT `+hookColumns+` FROM conversation_hooks WHERE org_id = ? AND conversation_id = ? ORDER BY created_at, id LIMIT ?`,
		orgID, conversationID, maxHooks)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Hook
	for rows.Next() {
		var h Hook
		if err := rows.Scan(h.targets()...); err != nil {
			return nil, err
		}
		list = append(list, h)
	}
	return list, rows.Err()
}

func (store) hook(ctx context.Context, q db.Queryer, orgID, id string) (h Hook, err error) {
	err = q.QueryRow(ctx, `SELECT `+hookColumns+` FROM conversation_hooks WHERE org_id = ? AND id = ?`, orgID, id).Scan(h.targets()...)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(hookNoun)
	}
	return h, err
}

func (store) removeHook(ctx context.Context, tx db.Tx, orgID, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM conversation_hooks WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}

// hookByHash finds an address by its secret, in whichever org_id it is; its maker must be able to
// sign in.
func (store) hookByHash(ctx context.Context, q db.Queryer, hash string) (orgID string, h Hook, err error) {
	err = q.QueryRow(ctx, `SELECT k.org_id, k.id, k.conversation_id, k.name, k.created_by, k.created_at, k.last_used_at FROM conversation_hooks k
		JOIN users u ON u.org_id = k.org_id AND u.id = k.created_by AND u.status = 'ACTIVE'
		JOIN organizations o ON o.id = k.org_id AND o.status = 'ACTIVE' WHERE k.hash = ?`, hash).Scan(append([]any{&orgID}, h.targets()...)...)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(hookNoun)
	}
	return orgID, h, err
}

func (store) usedHook(ctx context.Context, tx db.Tx, orgID, id string, now int64) error {
	_, err := tx.Exec(ctx, `UPDATE conversation_hooks SET last_used_at = ? WHERE org_id = ? AND id = ?`, now, orgID, id)
	return err
}
