package quicklink

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// launch is a sign-in that has begun.
type launch struct {
	state                 string // hashed
	orgID, tileID, userID string
	version               int64
	browser               string // hashed
	verifier              string // sealed
	expiresAt             int64
}

func (store) begin(ctx context.Context, tx db.Tx, l launch) error {
	_, err := tx.Exec(ctx, `INSERT INTO sso_launches (state, org_id, tile_id, user_id, version, browser, verifier, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		l.state, l.orgID, l.tileID, l.userID, l.version, l.browser, l.verifier, l.expiresAt)
	return err
}

// take gives a sign-in that has begun, once, whatever its organization: the state is the proof.
func (store) take(ctx context.Context, tx db.Tx, state string) (l launch, err error) {
	err = tx.QueryRow(ctx, `DELETE FROM sso_launches WHERE state = ? RETURNING state, org_id, tile_id, user_id, version, browser, verifier, expires_at`, state).
		Scan(&l.state, &l.orgID, &l.tileID, &l.userID, &l.version, &l.browser, &l.verifier, &l.expiresAt)
	return l, err
}

// isActive reports whether somebody may still sign in.
func (store) isActive(ctx context.Context, q db.Queryer, who authz.Actor) (yes bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM users u JOIN organizations o ON o.id = u.org_id
WHERE u.org_id = ? AND u.id = ? AND u.status = 'ACTIVE' AND o.status = 'ACTIVE')`, who.OrgID, who.UserID).Scan(&yes)
	return yes, err
}

// isVersion reports whether a tile is as it was, and keeps it so.
func (store) isVersion(ctx context.Context, tx db.Tx, orgID string, t Tile) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE sso_tiles SET version = version WHERE org_id = ? AND id = ? AND version = ?`, orgID, t.ID, t.Version)
	return n == 1, err
}

// kept is what somebody got for signing in, as it is stored.
type kept struct {
	access, refresh string // sealed
	expiresAt       *int64
	updatedAt       int64
}

func (store) kept(ctx context.Context, q db.Queryer, who authz.Actor, tileID string) (k kept, err error) {
	err = q.QueryRow(ctx, `SELECT access_token, refresh_token, expires_at, updated_at FROM sso_tokens WHERE org_id = ? AND tile_id = ? AND user_id = ?`,
		who.OrgID, tileID, who.UserID).Scan(&k.access, &k.refresh, &k.expiresAt, &k.updatedAt)
	return k, err
}

// keep stores tokens. A service that gives no new refresh token means the old one to go on.
func (store) keep(ctx context.Context, tx db.Tx, who authz.Actor, tileID string, k kept) error {
	_, err := tx.Exec(ctx, `INSERT INTO sso_tokens (org_id, tile_id, user_id, access_token, refresh_token, expires_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (org_id, tile_id, user_id) DO UPDATE SET access_token = excluded.access_token, expires_at = excluded.expires_at, updated_at = excluded.updated_at,
  refresh_token = CASE WHEN excluded.refresh_token = '' THEN sso_tokens.refresh_token ELSE excluded.refresh_token END`,
		who.OrgID, tileID, who.UserID, k.access, k.refresh, k.expiresAt, k.updatedAt)
	return err
}

// forget deletes somebody's tokens and reports whether there were any.
func (store) forget(ctx context.Context, tx db.Tx, who authz.Actor, tileID string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM sso_tokens WHERE org_id = ? AND tile_id = ? AND user_id = ?`, who.OrgID, tileID, who.UserID)
	return n == 1, err
}

// forgetAll deletes everybody's tokens for a tile, and the sign-ins that have begun.
func (store) forgetAll(ctx context.Context, tx db.Tx, orgID, tileID string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM sso_tokens WHERE org_id = ? AND tile_id = ?`, orgID, tileID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM sso_launches WHERE org_id = ? AND tile_id = ?`, orgID, tileID)
	return err
}

// tidy deletes what is over, of all organizations: each row says its org_id.
func (store) tidy(ctx context.Context, tx db.Tx, now int64) error {
	if _, err := tx.Exec(ctx, `DELETE FROM sso_launches WHERE expires_at <= ? AND org_id <> ''`, now); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM sso_tokens WHERE EXISTS (SELECT 1 FROM users u WHERE u.org_id = sso_tokens.org_id AND u.id = sso_tokens.user_id AND u.status = 'ARCHIVE')`)
	return err
}
