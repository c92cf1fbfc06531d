package identity

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// store is the SQL of identities and nothing else.
type store struct{}

// linked gives the person an account is linked to, or db.ErrNoRows.
func (store) linked(ctx context.Context, q db.Queryer, p Proven) (id string, err error) {
	err = q.QueryRow(ctx, `SELECT user_id FROM identities WHERE org_id = ? AND issuer = ? AND subject = ?`, p.OrgID, p.Issuer, p.Subject).Scan(&id)
	return id, err
}

// candidate is the person with an address.
type candidate struct{ id, status string }

func (store) byEmail(ctx context.Context, q db.Queryer, orgID, emailKey string) (c candidate, err error) {
	err = q.QueryRow(ctx, `SELECT id, status FROM users WHERE org_id = ? AND email_key = ?`, orgID, emailKey).Scan(&c.id, &c.status)
	return c, err
}

// link remembers whose an account is, and reports false when the account or the person is linked
// to another.
func (store) link(ctx context.Context, tx db.Tx, p Proven, at int64) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO identities (org_id, issuer, subject, user_id, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		p.OrgID, p.Issuer, p.Subject, p.UserID, at)
	return n > 0, err
}

// takeLogout remembers a logout token, and reports false for one that was taken before.
func (store) takeLogout(ctx context.Context, tx db.Tx, p Proven, tokenID string, expires int64) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO logout_tokens (org_id, issuer, token_id, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		p.OrgID, p.Issuer, tokenID, expires)
	return n > 0, err
}
