package session

import (
	"context"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// link is a link as stored.
type link struct {
	orgID, userID        string
	invites              bool
	createdAt, expiresAt int64
	createdBy            string
}

// putLink writes the link of a person, instead of an earlier one.
func (store) putLink(ctx context.Context, tx db.Tx, hash string, l link) error {
	_, err := tx.Exec(ctx, `INSERT INTO sign_in_links (org_id, user_id, hash, invites, created_at, expires_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (org_id, user_id) DO UPDATE SET hash = excluded.hash, invites = excluded.invites, created_at = excluded.created_at,
			expires_at = excluded.expires_at, created_by = excluded.created_by`,
		l.orgID, l.userID, hash, l.invites, l.createdAt, l.expiresAt, l.createdBy)
	return err
}

// linkByHash finds a link, whatever its organization: the hash is the proof.
func (store) linkByHash(ctx context.Context, q db.Queryer, hash string) (l link, err error) {
	err = q.QueryRow(ctx, `SELECT org_id, user_id, invites, created_at, expires_at, created_by FROM sign_in_links WHERE hash = ?`, hash).
		Scan(&l.orgID, &l.userID, &l.invites, &l.createdAt, &l.expiresAt, &l.createdBy)
	if errors.Is(err, db.ErrNoRows) {
		err = errLink
	}
	return l, err
}

// useLink takes a link away and reports whether it was still there: of two who use it at the
// same time one does.
func (store) useLink(ctx context.Context, tx db.Tx, orgID, hash string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM sign_in_links WHERE org_id = ? AND hash = ?`, orgID, hash)
	return n > 0, err
}

func (store) dropLinks(ctx context.Context, tx db.Tx, orgID string, people []string) error {
	_, err := tx.Exec(ctx, `DELETE FROM sign_in_links WHERE org_id = ? AND user_id {in}`, orgID, db.List(people))
	return err
}

// factor is a second factor as stored.
type factor struct {
	secret   string
	turnedOn *int64
	lastStep int64
}

// factor reads a person's second factor.
func (store) factor(ctx context.Context, q db.Queryer, orgID, userID string) (f factor, err error) {
	err = q.QueryRow(ctx, `SELECT secret, turned_on, last_step FROM second_factors WHERE org_id = ? AND user_id = ?`, orgID, userID).
		Scan(&f.secret, &f.turnedOn, &f.lastStep)
	return f, err
}

// startFactor writes a secret that is not turned on yet, and reports whether it could: one that
// is on stays.
func (store) startFactor(ctx context.Context, tx db.Tx, orgID, userID, secret string, at int64) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO second_factors (org_id, user_id, secret, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (org_id, user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at
			WHERE second_factors.turned_on IS NULL`, orgID, userID, secret, at)
	return n > 0, err
}

func (store) turnOn(ctx context.Context, tx db.Tx, orgID, userID string, at int64) error {
	_, err := tx.Exec(ctx, `UPDATE second_factors SET turned_on = ? WHERE org_id = ? AND user_id = ?`, at, orgID, userID)
	return err
}

// takeStep records that a code was used, and reports false when it or a later one was already.
func (store) takeStep(ctx context.Context, tx db.Tx, orgID, userID string, step int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE second_factors SET last_step = ? WHERE org_id = ? AND user_id = ? AND last_step < ?`, step, orgID, userID, step)
	return n > 0, err
}

func (store) dropFactor(ctx context.Context, tx db.Tx, orgID, userID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM second_factors WHERE org_id = ? AND user_id = ?`, orgID, userID)
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM recovery_codes WHERE org_id = ? AND user_id = ?`, orgID, userID)
	}
	return err
}

func (store) putCodes(ctx context.Context, tx db.Tx, orgID, userID string, hashes []string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM recovery_codes WHERE org_id = ? AND user_id = ?`, orgID, userID); err != nil {
		return err
	}
	rows := make([][]any, len(hashes))
	for i, h := range hashes {
		rows[i] = []any{orgID, userID, h}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO recovery_codes (org_id, user_id, hash)`, rows, "")
}

func (store) useCode(ctx context.Context, tx db.Tx, orgID, userID, hash string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM recovery_codes WHERE org_id = ? AND user_id = ? AND hash = ?`, orgID, userID, hash)
	return n > 0, err
}

func (store) countCodes(ctx context.Context, q db.Queryer, orgID, userID string) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM recovery_codes WHERE org_id = ? AND user_id = ?`, orgID, userID).Scan(&n)
	return n, err
}

func (store) verify(ctx context.Context, tx db.Tx, orgID, id, hash string, at, expires int64) error {
	_, err := tx.Exec(ctx, `UPDATE sessions SET verified_at = ?, hash = ?, expires_at = ? WHERE org_id = ? AND id = ?`, at, hash, expires, orgID, id)
	return err
}

// countAttempt counts a code before it is looked at, and reports false when there were enough.
func (store) countAttempt(ctx context.Context, tx db.Tx, orgID, id string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE sessions SET attempts = attempts + 1 WHERE org_id = ? AND id = ? AND attempts < ?`, orgID, id, maxCodeAttempts)
	return n > 0, err
}
