package token

import (
	"context"
	"encoding/json"
	"errors"
	"math"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/restriction"
)

// store is the SQL of keys and nothing else.
type store struct{}

const columns = `id, user_id, name, prefix, scopes, created_at, created_by, expires_at, last_used_at`

func (t *Token) scan(from db.Row) error {
	var scopes string
	err := from.Scan(&t.ID, &t.UserID, &t.Name, &t.Prefix, &scopes, &t.CreatedAt, &t.CreatedBy, &t.ExpiresAt, &t.LastUsedAt)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(scopes), &t.Scopes)
}

func (store) insert(ctx context.Context, tx db.Tx, orgID, hash string, t Token) error {
	scopes, err := json.Marshal(append([]string{}, t.Scopes...))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO tokens (org_id, id, user_id, name, prefix, hash, scopes, created_at, created_by, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		orgID, t.ID, t.UserID, t.Name, t.Prefix, hash, string(scopes), t.CreatedAt, t.CreatedBy, t.ExpiresAt)
	return err
}

// position is where in a list a page ends.
type position struct {
	At int64
	ID string
}

// newest is before the first key.
var newest = position{At: math.MaxInt64}

// slice is the part of a list that a page shows.
type slice struct {
	after         position
	limit, offset int
}

// list reads a part of a person's keys that are not revoked, newest first, and their number.
func (store) list(ctx context.Context, q db.Queryer, orgID, userID string, p slice) ([]Token, int, error) {
	var total int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM tokens WHERE org_id = ? AND user_id = ? AND revoked_at IS NULL`, orgID, userID).Scan(&total)
	if err != nil {
		return nil, 0, err
	}
	rows, err := q.Query(ctx, `SELECT `+columns+` FROM tokens WHERE org_id = ? AND user_id = ? AND revoked_at IS NULL AND (created_at, id) < (?, ?)
		ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?`, orgID, userID, p.after.At, p.after.ID, p.limit, p.offset)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var list []Token
	for rows.Next() {
		var t Token
		if err := t.scan(rows); err != nil {
			return nil, 0, err
		}
		list = append(list, t)
	}
	return list, total, rows.Err()
}

// byID reads a key that is not revoked.
func (store) byID(ctx context.Context, q db.Queryer, orgID, id string) (Token, error) {
	var t Token
	err := t.scan(q.QueryRow(ctx, `SELECT `+columns+` FROM tokens WHERE org_id = ? AND id = ? AND revoked_at IS NULL`, orgID, id))
	if errors.Is(err, db.ErrNoRows) {
		return Token{}, fault.NotFound("token")
	}
	return t, err
}

func (store) revoke(ctx context.Context, tx db.Tx, orgID, id string, at int64) error {
	_, err := tx.Exec(ctx, `UPDATE tokens SET revoked_at = ? WHERE org_id = ? AND id = ? AND revoked_at IS NULL`, at, orgID, id)
	return err
}

// revokeNamed revokes a person's keys of a name.
func (store) revokeNamed(ctx context.Context, tx db.Tx, orgID, userID, name string, at int64) error {
	_, err := tx.Exec(ctx, `UPDATE tokens SET revoked_at = ? WHERE org_id = ? AND user_id = ? AND name = ? AND revoked_at IS NULL`,
		at, orgID, userID, name)
	return err
}

// canHoldKey reports whether a person of the organization exists and is not a former member.
func (store) canHoldKey(ctx context.Context, q db.Queryer, orgID, userID string) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM users WHERE org_id = ? AND id = ? AND status <> 'ARCHIVE'`, orgID, userID).Scan(&n)
	return n == 1, err
}

// lockHolder makes replacements of a person's key follow one another. On SQLite writers do
// anyway.
func (store) lockHolder(ctx context.Context, tx db.Tx, orgID, userID string) error {
	var id string
	return tx.QueryRow(ctx, `SELECT id FROM users WHERE org_id = ? AND id = ? {forUpdate}`, orgID, userID).Scan(&id)
}

// capabilities is the union of what a person's groups give, doubles included.
func (store) capabilities(ctx context.Context, q db.Queryer, orgID, userID string) ([]authz.Capability, error) {
	rows, err := q.Query(ctx, `SELECT g.capabilities FROM security_group_members m
		JOIN security_groups g ON g.org_id = m.org_id AND g.id = m.group_id WHERE m.org_id = ? AND m.user_id = ?`, orgID, userID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []authz.Capability
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		var list []authz.Capability
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, rows.Err()
}

// holder is what a key stands for.
type holder struct {
	tokenID, orgID, userID string
	scopes                 []string
	capabilities           []string
	userStatus, orgStatus  string
	root                   bool
	expiresAt, revokedAt   *int64
	restrictedFrom         *int64 // ms
}

// byHash finds what a key stands for, whatever its organization: the hash is the proof.
func (store) byHash(ctx context.Context, q db.Queryer, hash string) (holder, error) {
	rows, err := q.Query(ctx, `SELECT t.id, t.org_id, t.user_id, t.scopes, t.expires_at, t.revoked_at, u.status, o.status,
			o.parent_org_id IS NULL, g.capabilities, `+restriction.Begins+`
		FROM tokens t
		JOIN users u ON u.org_id = t.org_id AND u.id = t.user_id
		JOIN organizations o ON o.id = t.org_id
		LEFT JOIN security_group_members m ON m.org_id = t.org_id AND m.user_id = t.user_id
		LEFT JOIN security_groups g ON g.org_id = m.org_id AND g.id = m.group_id
		WHERE t.hash = ?`, hash)
	if err != nil {
		return holder{}, err
	}
	defer rows.Close()
	var h holder
	for rows.Next() {
		var scopes string
		var group *string
		err := rows.Scan(&h.tokenID, &h.orgID, &h.userID, &scopes, &h.expiresAt, &h.revokedAt, &h.userStatus, &h.orgStatus, &h.root, &group, &h.restrictedFrom)
		if err != nil {
			return holder{}, err
		}
		h.scopes = nil
		if err := json.Unmarshal([]byte(scopes), &h.scopes); err != nil {
			return holder{}, err
		}
		if group != nil {
			var more []string
			if err := json.Unmarshal([]byte(*group), &more); err != nil {
				return holder{}, err
			}
			h.capabilities = append(h.capabilities, more...)
		}
	}
	if err := rows.Err(); err != nil {
		return holder{}, err
	}
	if h.tokenID == "" {
		return holder{}, db.ErrNoRows
	}
	return h, nil
}

// used is one key and when it was last used.
type used struct {
	orgID, id string
	at        int64
}

// touch records when keys were last used.
func (store) touch(ctx context.Context, tx db.Tx, list []used) error {
	for _, u := range list { // in the background, once per key and half minute
		_, err := tx.Exec(ctx, `UPDATE tokens SET last_used_at = ? WHERE org_id = ? AND id = ?`, u.at, u.orgID, u.id)
		if err != nil {
			return err
		}
	}
	return nil
}

// working gives those of some keys that work at a time, and whose owners are not restricted then.
func (store) working(ctx context.Context, q db.Queryer, orgID string, ids []string, now int64) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT t.id FROM tokens t
		JOIN users u ON u.org_id = t.org_id AND u.id = t.user_id AND u.status = 'ACTIVE'
		JOIN organizations o ON o.id = t.org_id AND o.status = 'ACTIVE'
		WHERE t.org_id = ? AND t.id {in} AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?)
			AND NOT COALESCE(`+restriction.Begins+` <= ?, FALSE)`, orgID, db.List(ids), now, now))
}
