package audit

import (
	"context"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// page is how many entries are read at once to check them.
const page = 1000

// store is the SQL of the audit log and nothing else.
type store struct{}

// lock gives the end of a chain that nobody else adds to until the transaction ends.
func (store) lock(ctx context.Context, tx db.Tx, orgID string) (e End, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO audit_heads (org_id, seq, hash) VALUES (?, 0, '')
		ON CONFLICT (org_id) DO UPDATE SET seq = audit_heads.seq RETURNING seq, hash`, orgID).Scan(&e.Seq, &e.Hash)
	return e, err
}

func (store) add(ctx context.Context, tx db.Tx, orgID string, e Entry) error {
	_, err := tx.Exec(ctx, `INSERT INTO audit_entries (org_id, seq, at, user_id, token_id, operation, object_type, object_id, outcome, code, request_id, hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		orgID, e.Seq, e.At, e.UserID, e.TokenID, e.Operation, e.ObjectType, e.ObjectID, e.Outcome, e.Code, e.RequestID, e.Hash)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE audit_heads SET seq = ?, hash = ? WHERE org_id = ?`, e.Seq, e.Hash, orgID)
	return err
}

func (store) end(ctx context.Context, q db.Queryer, orgID string) (e End, err error) {
	err = q.QueryRow(ctx, `SELECT seq, hash FROM audit_heads WHERE org_id = ?`, orgID).Scan(&e.Seq, &e.Hash)
	if errors.Is(err, db.ErrNoRows) {
		err = nil
	}
	return e, err
}

const columns = `seq, at, user_id, token_id, operation, object_type, object_id, outcome, code, request_id, hash`

// after gives the entries behind one, in their order.
func (store) after(ctx context.Context, q db.Queryer, orgID string, seq int64) ([]Entry, error) {
	return scan(q.Query(ctx, `SELECT `+columns+` FROM audit_entries WHERE org_id = ? AND seq > ? ORDER BY seq LIMIT ?`, orgID, seq, page))
}

// before gives the entries before one that fit, newest first; "" fits all.
func (store) before(ctx context.Context, q db.Queryer, orgID string, f filter) ([]Entry, error) {
	return scan(q.Query(ctx, `SELECT `+columns+` FROM audit_entries WHERE org_id = ?1 AND seq < ?2
		AND (?3 = '' OR user_id = ?3) AND (?4 = '' OR operation = ?4) AND (?5 = '' OR outcome = ?5) ORDER BY seq DESC LIMIT ?6`,
		orgID, f.before, f.userID, f.operation, f.outcome, f.limit))
}

func scan(rows db.Rows, err error) ([]Entry, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Entry
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.Seq, &e.At, &e.UserID, &e.TokenID, &e.Operation, &e.ObjectType, &e.ObjectID, &e.Outcome, &e.Code, &e.RequestID, &e.Hash); err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, rows.Err()
}
