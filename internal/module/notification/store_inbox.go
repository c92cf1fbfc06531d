package notification

import (
	"context"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

const inboxFrom = ` FROM notification_inbox i {thenJoin} notifications n ON n.org_id = i.org_id AND n.id = i.notification_id WHERE i.org_id = ?1 AND i.user_id = ?2 AND `

// totals counts the entries of the inbox of person ?2, whose visibility is a condition with args.
func (store) totals(ctx context.Context, q db.Queryer, condition string, args []any) (sum totals, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*), COUNT(CASE WHEN i.read_at IS NULL THEN 1 END)`+inboxFrom+condition, args...).Scan(&sum.all, &sum.unread)
	return sum, err
}

// entries reads a part of it, newest first.
func (store) entries(ctx context.Context, q db.Queryer, condition string, args []any, unread bool, p slice) (list []Entry, err error) {
	if unread {
		condition += ` AND i.read_at IS NULL`
	}
	args = append(append([]any{}, args...), p.limit, p.offset)
	if p.behind != nil {
		condition += ` AND (i.at, i.id) < (?6, ?7)`
		args = append(args, p.behind.At, p.behind.ID)
	}
	rows, err := q.Query(ctx, `SELECT `+columns+`, i.id, i.number, i.at, i.read_at, (SELECT u.language FROM users u WHERE u.org_id = ?1 AND u.id = ?2)`+
		inboxFrom+condition+` ORDER BY i.at DESC, i.id DESC LIMIT ?4 OFFSET ?5`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e Entry
		var channels string
		if err := rows.Scan(append(e.targets(&channels), &e.EntryID, &e.Number, &e.At, &e.ReadAt, &e.language)...); err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// sees reports whether a condition holds for a subject.
func (store) sees(ctx context.Context, q db.Queryer, condition string, args []any, about Subject) (bool, error) {
	var n int
	args = append(append([]any{}, args...), about.Kind, about.ID)
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT CAST(?4 AS TEXT) AS kind, CAST(?5 AS TEXT) AS id) x WHERE `+condition, args...).Scan(&n)
	return n > 0, err
}

// hasRead reports whether somebody has read the entry of a notification.
func (store) hasRead(ctx context.Context, q db.Queryer, n Notification, userID string) (bool, error) {
	var count int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM notification_inbox WHERE org_id = ? AND user_id = ? AND notification_id = ? AND read_at IS NOT NULL`, n.OrgID, userID, n.ID).Scan(&count)
	return count > 0, err
}

// known gives those of some ids that are entries of somebody's inbox.
func (store) known(ctx context.Context, q db.Queryer, who authz.Actor, list []string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT id FROM notification_inbox WHERE org_id = ? AND user_id = ? AND id {in}`, who.OrgID, who.UserID, db.List(list)))
}

func (store) readIDs(ctx context.Context, tx db.Tx, who authz.Actor, list []string, now int64) (int, error) {
	n, err := tx.Exec(ctx, `UPDATE notification_inbox SET read_at = ? WHERE org_id = ? AND user_id = ? AND read_at IS NULL AND id {in}`, now, who.OrgID, who.UserID, db.List(list))
	return int(n), err
}

func (store) readUntil(ctx context.Context, tx db.Tx, who authz.Actor, until, now int64) (int, error) {
	n, err := tx.Exec(ctx, `UPDATE notification_inbox SET read_at = ? WHERE org_id = ? AND user_id = ? AND read_at IS NULL AND at <= ?`, now, who.OrgID, who.UserID, until)
	return int(n), err
}

// preferences gives how somebody wants to be told, as stored.
func (store) preferences(ctx context.Context, q db.Queryer, who authz.Actor) (stored, zone *string, err error) {
	err = q.QueryRow(ctx, `SELECT p.value, u.time_zone FROM users u LEFT JOIN notification_preferences p ON p.org_id = u.org_id AND p.user_id = u.id
WHERE u.org_id = ? AND u.id = ?`, who.OrgID, who.UserID).Scan(&stored, &zone)
	return stored, zone, err
}

func (store) setPreferences(ctx context.Context, tx db.Tx, who authz.Actor, value string, digestAt *int64, now int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO notification_preferences (org_id, user_id, value, digest_at, updated_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (org_id, user_id) DO UPDATE SET value = excluded.value, digest_at = excluded.digest_at, updated_at = excluded.updated_at`,
		who.OrgID, who.UserID, value, digestAt, now)
	return err
}

// dueDigest is a daily summary whose time has come.
type dueDigest struct {
	orgID, userID string
	at            int64
	zone          *string
	Preferences
}

func digestsOf(rows db.Rows, err error) (list []dueDigest, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d dueDigest
		var stored *string
		if err := rows.Scan(&d.orgID, &d.userID, &d.at, &d.zone, &stored); err != nil {
			return nil, err
		}
		if d.Preferences, err = parsePreferences(stored); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

const digestsFrom = `SELECT p.org_id, p.user_id, p.digest_at, u.time_zone, p.value FROM notification_preferences p
JOIN users u ON u.org_id = p.org_id AND u.id = p.user_id WHERE p.digest_at IS NOT NULL AND `

// dueDigests gives summaries whose time has come.
func (store) dueDigests(ctx context.Context, q db.Queryer, now int64, limit int) ([]dueDigest, error) {
	return digestsOf(q.Query(ctx, digestsFrom+`p.digest_at <= ? ORDER BY p.digest_at, p.user_id LIMIT ?`, now, limit))
}

// digestsFor gives the next summaries of people.
func (store) digestsFor(ctx context.Context, q db.Queryer, orgID string, people []string) ([]dueDigest, error) {
	return digestsOf(q.Query(ctx, digestsFrom+`p.org_id = ? AND p.user_id {in}`, orgID, db.List(people)))
}

// nextDigest sets when somebody's next summary is due, unless it was changed meanwhile.
func (store) nextDigest(ctx context.Context, tx db.Tx, d dueDigest, at *int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE notification_preferences SET digest_at = ? WHERE org_id = ? AND user_id = ? AND digest_at = ?`, at, d.orgID, d.userID, d.at)
	return n > 0, err
}

// key gives a secret of this server, made once by whoever is first.
func (store) key(ctx context.Context, d *db.DB, name string, now int64, mint func() (string, error)) (value string, err error) {
	read := func(q db.Queryer) error {
		return q.QueryRow(ctx, `SELECT value FROM notification_keys WHERE name = ?`, name).Scan(&value)
	}
	if err = read(d.Reader(ctx)); err == nil || !errors.Is(err, db.ErrNoRows) {
		return value, err
	}
	made, err := mint()
	if err != nil {
		return "", err
	}
	err = d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO notification_keys (name, value, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, name, made, now); err != nil {
			return err
		}
		return read(tx)
	})
	return value, err
}
