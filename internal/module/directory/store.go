package directory

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// archived is a state of an account; it is module/user's.
const archived = "ARCHIVE"

// store is the SQL of the directory and nothing else.
type store struct{}

// linked is a person made of an entry.
type linked struct{ userID, fingerprint, status, email string }

// links reads everybody who is linked, by entry.
func (store) links(ctx context.Context, q db.Queryer, orgID string) (map[string]linked, error) {
	rows, err := q.Query(ctx, `SELECT e.entry_id, e.user_id, e.fingerprint, u.status, u.email FROM directory_entries e
		JOIN users u ON u.org_id = e.org_id AND u.id = e.user_id WHERE e.org_id = ?`, orgID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]linked{}
	for rows.Next() {
		var entry string
		var l linked
		if err := rows.Scan(&entry, &l.userID, &l.fingerprint, &l.status, &l.email); err != nil {
			return nil, err
		}
		all[entry] = l
	}
	return all, rows.Err()
}

// byEmail gives the person with an address, or db.ErrNoRows.
func (store) byEmail(ctx context.Context, q db.Queryer, orgID, emailKey string) (id string, former bool, err error) {
	var status string
	err = q.QueryRow(ctx, `SELECT id, status FROM users WHERE org_id = ? AND email_key = ?`, orgID, emailKey).Scan(&id, &status)
	return id, status == archived, err
}

func (store) byEntry(ctx context.Context, q db.Queryer, orgID, entry string) (id string, err error) {
	err = q.QueryRow(ctx, `SELECT user_id FROM directory_entries WHERE org_id = ? AND entry_id = ?`, orgID, entry).Scan(&id)
	return id, err
}

func (store) isLinked(ctx context.Context, q db.Queryer, orgID, userID string) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM directory_entries WHERE org_id = ? AND user_id = ?`, orgID, userID).Scan(&n)
	return n > 0, err
}

// link is a row of directory_entries.
type link struct {
	entry, userID, fingerprint string
	at                         int64
}

// link remembers which person an entry is. An entry that was deleted and made again has another
// id, and takes the place of the first.
func (store) link(ctx context.Context, tx db.Tx, orgID string, l link) error {
	if _, err := tx.Exec(ctx, `DELETE FROM directory_entries WHERE org_id = ? AND user_id = ? AND entry_id <> ?`, orgID, l.userID, l.entry); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO directory_entries (org_id, entry_id, user_id, fingerprint, seen_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (org_id, entry_id) DO UPDATE SET user_id = excluded.user_id, fingerprint = excluded.fingerprint, seen_at = excluded.seen_at`,
		orgID, l.entry, l.userID, l.fingerprint, l.at)
	return err
}

func (store) unlink(ctx context.Context, tx db.Tx, orgID, userID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM directory_entries WHERE org_id = ? AND user_id = ?`, orgID, userID)
	return err
}
