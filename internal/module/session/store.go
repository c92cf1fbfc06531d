package session

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/restriction"
)

// store is the SQL of sessions and nothing else.
type store struct{}

// account is what signing in needs to know of a person.
type account struct {
	orgID, id, email, name string
	status, orgStatus      string
	orgName                string
	root                   bool
	passwordHash           *string
	hasFactor              bool
	restrictedFrom         *int64 // ms, by what is overdue; nil for never
	capabilities           []authz.Capability
	by                     External // who vouches for the session that is opened
}

const accountColumns = `u.org_id, u.id, u.email, u.first_name || ' ' || u.last_name, u.status, o.status, o.name, o.parent_org_id IS NULL, u.password_hash,
	EXISTS (SELECT 1 FROM second_factors f WHERE f.org_id = u.org_id AND f.user_id = u.id AND f.turned_on IS NOT NULL), ` + restriction.Begins + `, g.capabilities`

const accountFrom = ` FROM users u JOIN organizations o ON o.id = u.org_id
	LEFT JOIN security_group_members m ON m.org_id = u.org_id AND m.user_id = u.id
	LEFT JOIN security_groups g ON g.org_id = m.org_id AND g.id = m.group_id `

// scan reads a row for each group of the person into one account.
func scanAccount(rows db.Rows, a *account, more ...any) error {
	var group *string
	into := append([]any{&a.orgID, &a.id, &a.email, &a.name, &a.status, &a.orgStatus, &a.orgName, &a.root, &a.passwordHash, &a.hasFactor, &a.restrictedFrom, &group}, more...)
	if err := rows.Scan(into...); err != nil || group == nil {
		return err
	}
	var list []authz.Capability
	if err := json.Unmarshal([]byte(*group), &list); err != nil {
		return err
	}
	for _, c := range list {
		if !slices.Contains(a.capabilities, c) {
			a.capabilities = append(a.capabilities, c)
		}
	}
	return nil
}

func one(rows db.Rows, err error) (a account, _ error) {
	if err != nil {
		return a, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scanAccount(rows, &a); err != nil {
			return a, err
		}
	}
	if err := rows.Err(); err != nil {
		return a, err
	}
	if a.id == "" {
		return a, db.ErrNoRows
	}
	return a, nil
}

// byEmail finds a person of an organization, "" for the root organization.
func (store) byEmail(ctx context.Context, q db.Queryer, subdomain, emailKey string) (account, error) {
	return one(q.Query(ctx, `SELECT `+accountColumns+accountFrom+` WHERE u.org_id =
		(SELECT id FROM organizations WHERE (subdomain = ? AND ? <> '') OR (parent_org_id IS NULL AND ? = ''))
		AND u.email_key = ?`, subdomain, subdomain, subdomain, emailKey))
}

// organization gives the id of an organization; "" is the root organization.
func (store) organization(ctx context.Context, q db.Queryer, subdomain string) (id string, err error) {
	err = q.QueryRow(ctx, `SELECT id FROM organizations WHERE (subdomain = ? AND ? <> '') OR (parent_org_id IS NULL AND ? = '')`, subdomain, subdomain, subdomain).Scan(&id)
	return id, err
}

func (store) byID(ctx context.Context, q db.Queryer, orgID, id string) (account, error) {
	a, err := one(q.Query(ctx, `SELECT `+accountColumns+accountFrom+` WHERE u.org_id = ? AND u.id = ?`, orgID, id))
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound("user")
	}
	return a, err
}

// row is a session as stored.
type row struct {
	id         string
	seenAt     int64
	expiresAt  int64
	verifiedAt *int64
	attempts   int
}

// working gives those of some sessions of an organization that let their person in.
func (store) working(ctx context.Context, q db.Queryer, orgID string, ids []string, now int64) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT s.id FROM sessions s
		JOIN users u ON u.org_id = s.org_id AND u.id = s.user_id AND u.status = 'ACTIVE'
		JOIN organizations o ON o.id = s.org_id AND o.status = 'ACTIVE'
		WHERE s.org_id = ? AND s.id {in} AND s.verified_at IS NOT NULL AND s.expires_at > ? AND s.seen_at > ?
			AND NOT COALESCE(`+restriction.Begins+` <= ?, FALSE)`, orgID, db.List(ids), now, now-idleLifetime.Milliseconds(), now))
}

// byHash finds a session and its person, whatever the organization: the hash is the proof.
func (store) byHash(ctx context.Context, q db.Queryer, hash string) (r row, a account, err error) {
	rows, err := q.Query(ctx, `SELECT `+accountColumns+`, s.id, s.seen_at, s.expires_at, s.verified_at, s.attempts`+accountFrom+
		` JOIN sessions s ON s.org_id = u.org_id AND s.user_id = u.id WHERE s.hash = ?`, hash)
	if err != nil {
		return r, a, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scanAccount(rows, &a, &r.id, &r.seenAt, &r.expiresAt, &r.verifiedAt, &r.attempts); err != nil {
			return r, a, err
		}
	}
	if err := rows.Err(); err != nil {
		return r, a, err
	}
	if r.id == "" {
		return r, a, errNoSession
	}
	return r, a, nil
}

func (store) insert(ctx context.Context, tx db.Tx, a account, hash string, s Session, verified bool) error {
	var at *int64
	if ms := s.CreatedAt.UnixMilli(); verified {
		at = &ms
	}
	_, err := tx.Exec(ctx, `INSERT INTO sessions (org_id, id, user_id, hash, agent, network, created_at, seen_at, expires_at, verified_at,
		issuer, subject, provider_session) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULLIF(?, ''), NULLIF(?, ''), NULLIF(?, ''))`,
		a.orgID, s.ID, a.id, hash, s.Agent, s.Network, s.CreatedAt.UnixMilli(), s.SeenAt.UnixMilli(), s.ExpiresAt.UnixMilli(), at, a.by.Issuer, a.by.Subject, a.by.SID)
	return err
}

// keepNewest ends all but the newest sessions of a person.
func (store) keepNewest(ctx context.Context, tx db.Tx, a account, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE org_id = ? AND user_id = ? AND id NOT IN
		(SELECT id FROM sessions WHERE org_id = ? AND user_id = ? ORDER BY created_at DESC, id DESC LIMIT ?)`, a.orgID, a.id, a.orgID, a.id, n)
	return err
}

func (store) touch(ctx context.Context, tx db.Tx, orgID, id string, at int64) error {
	_, err := tx.Exec(ctx, `UPDATE sessions SET seen_at = ? WHERE org_id = ? AND id = ? AND seen_at < ?`, at, orgID, id, at)
	return err
}

// end ends a session of a person and reports whether there was one.
func (store) end(ctx context.Context, tx db.Tx, orgID, userID, id string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM sessions WHERE org_id = ? AND user_id = ? AND id = ?`, orgID, userID, id)
	return n > 0, err
}

// endAll ends the sessions of people, but one.
func (store) endAll(ctx context.Context, tx db.Tx, orgID string, people []string, but string) error {
	_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE org_id = ? AND user_id {in} AND id <> ?`, orgID, db.List(people), but)
	return err
}

// list reads a person's living sessions, newest first. There are at most maxSessions.
func (store) list(ctx context.Context, q db.Queryer, who authz.Actor, now time.Time) ([]Session, error) {
	rows, err := q.Query(ctx, `SELECT id, agent, network, created_at, seen_at, expires_at FROM sessions
		WHERE org_id = ? AND user_id = ? AND verified_at IS NOT NULL AND expires_at > ? AND seen_at > ? ORDER BY created_at DESC, id DESC`,
		who.OrgID, who.UserID, now.UnixMilli(), now.Add(-idleLifetime).UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Session
	for rows.Next() {
		var s Session
		var created, seen, expires int64
		if err := rows.Scan(&s.ID, &s.Agent, &s.Network, &created, &seen, &expires); err != nil {
			return nil, err
		}
		s.CreatedAt, s.SeenAt, s.ExpiresAt = time.UnixMilli(created).UTC(), time.UnixMilli(seen).UTC(), time.UnixMilli(expires).UTC()
		list = append(list, s)
	}
	return list, rows.Err()
}

// known reports whether a person has signed in with a browser.
func (store) known(ctx context.Context, q db.Queryer, a account, hash string, since int64) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM known_browsers WHERE org_id = ? AND user_id = ? AND hash = ? AND seen_at > ?`, a.orgID, a.id, hash, since).Scan(&n)
	return n > 0, err
}

// know remembers a browser, and forgets the oldest of many.
func (store) know(ctx context.Context, tx db.Tx, a account, hash string, at int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO known_browsers (org_id, user_id, hash, seen_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (org_id, user_id, hash) DO UPDATE SET seen_at = excluded.seen_at`, a.orgID, a.id, hash, at)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM known_browsers WHERE org_id = ? AND user_id = ? AND hash NOT IN
		(SELECT hash FROM known_browsers WHERE org_id = ? AND user_id = ? ORDER BY seen_at DESC, hash LIMIT ?)`, a.orgID, a.id, a.orgID, a.id, maxBrowsers)
	return err
}
