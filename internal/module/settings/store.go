package settings

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// store is every SQL statement of the module.
type store struct{}

type row struct {
	name, value, by string
	at              int64
}

// read gives a setting and its version; nil and 0 when there is none.
func (store) read(ctx context.Context, q db.Queryer, orgID, name string) (value []byte, version int64, err error) {
	var text string
	err = q.QueryRow(ctx, `SELECT value, version FROM settings WHERE org_id = ? AND name = ?`, orgID, name).Scan(&text, &version)
	if errors.Is(err, db.ErrNoRows) {
		return nil, 0, nil
	}
	return []byte(text), version, err
}

// write replaces a setting and gives its new version, 1 for a first one.
func (store) write(ctx context.Context, tx db.Tx, orgID string, r row) (version int64, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO settings (org_id, name, value, updated_at, updated_by) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (org_id, name) DO UPDATE SET value = excluded.value, version = settings.version + 1,
 updated_at = excluded.updated_at, updated_by = excluded.updated_by RETURNING version`,
		orgID, r.name, r.value, r.at, r.by).Scan(&version)
	return version, err
}

// existingSQL finds the ids of a noun that exist; former members do not count. The
// second column is what a group gives its members.
var existingSQL = map[string]string{
	"user":          `SELECT id, '[]' FROM users WHERE org_id = ? AND status <> 'ARCHIVE' AND id {in}`,
	"department":    `SELECT id, '[]' FROM departments WHERE org_id = ? AND id {in}`,
	"location":      `SELECT id, '[]' FROM locations WHERE org_id = ? AND id {in}`,
	"securityGroup": `SELECT id, capabilities FROM security_groups WHERE org_id = ? AND id {in}`,
}

func (store) existing(ctx context.Context, q db.Queryer, orgID, noun string, list []string) (map[string][]authz.Capability, error) {
	var possible []string
	for _, id := range list {
		if ids.Valid(id) {
			possible = append(possible, id)
		}
	}
	rows, err := q.Query(ctx, existingSQL[noun], orgID, db.List(possible))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string][]authz.Capability{}
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		var capabilities []authz.Capability
		if err := json.Unmarshal([]byte(text), &capabilities); err != nil {
			return nil, err
		}
		found[id] = capabilities
	}
	return found, rows.Err()
}
