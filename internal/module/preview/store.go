package preview

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/linkpreview"
)

// The states of a link.
const (
	pending = "PENDING" // not fetched yet
	ready   = "READY"   // has a card
	none    = "NONE"    // has none
)

// store is the SQL of previews and nothing else.
type store struct{}

// fresh gives those of some keys that were asked for after a time.
func (store) fresh(ctx context.Context, q db.Queryer, orgID string, keys []string, after int64) (map[string]bool, error) {
	rows, err := q.Query(ctx, `SELECT key FROM link_previews WHERE org_id = ? AND key {in} AND wanted_at > ?`, orgID, db.List(keys), after)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]bool{}
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		found[key] = true
	}
	return found, rows.Err()
}

// want notes that keys are asked for. What is known of them stays.
func (store) want(ctx context.Context, tx db.Tx, orgID string, keys []string, at int64) error {
	rows := make([][]any, len(keys))
	for i, key := range keys {
		rows[i] = []any{orgID, key, pending, at}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO link_previews (org_id, key, state, wanted_at)`, rows,
		`ON CONFLICT (org_id, key) DO UPDATE SET wanted_at = excluded.wanted_at`)
}

// keep stores what became of a link. One that has a card keeps it when there is none any more.
func (store) keep(ctx context.Context, tx db.Tx, orgID, key, state string, card linkpreview.Preview) error {
	_, err := tx.Exec(ctx, `UPDATE link_previews SET state = ?, link = ?, title = ?, description = ?, image = ?
		WHERE org_id = ? AND key = ? AND (? <> 'NONE' OR state <> 'READY')`,
		state, card.Link, card.Title, card.Description, card.Image, orgID, key, state)
	return err
}

func (store) cards(ctx context.Context, q db.Queryer, orgID string, keys []string) (map[string]linkpreview.Preview, error) {
	rows, err := q.Query(ctx, `SELECT key, link, title, description, image FROM link_previews
		WHERE org_id = ? AND key {in} AND state = 'READY'`, orgID, db.List(keys))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	cards := map[string]linkpreview.Preview{}
	for rows.Next() {
		var key string
		var c linkpreview.Preview
		if err := rows.Scan(&key, &c.Link, &c.Title, &c.Description, &c.Image); err != nil {
			return nil, err
		}
		cards[key] = c
	}
	return cards, rows.Err()
}
