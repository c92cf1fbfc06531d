package event

import (
	"context"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ical"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

const subscriptionColumns = `id, user_id, url, name, etag, last_modified, due_at, failures, problem, fetched_at, covered_until, version, created_at`

func (s *Subscription) targets() []any {
	return []any{
		&s.ID, &s.UserID, &s.URL, &s.Name, &s.ETag, &s.LastModified, &s.DueAt, &s.Failures, &s.Problem, &s.FetchedAt, &s.CoveredUntil, &s.Version, &s.CreatedAt,
	}
}

// subscriptions gives those of a person, the first one first.
func (store) subscriptions(ctx context.Context, q db.Queryer, who authz.Actor) ([]Subscription, error) {
	rows, err := q.Query(ctx, `SELECT `+subscriptionColumns+` FROM calendar_subscriptions WHERE org_id = ? AND user_id = ? ORDER BY created_at, id`, who.OrgID, who.UserID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Subscription
	for rows.Next() {
		var s Subscription
		if err := rows.Scan(s.targets()...); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// subscription gives one of a person's.
func (st store) subscription(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Subscription, error) {
	s, err := st.subscriptionOf(ctx, q, who.OrgID, id)
	if err == nil && s.UserID != who.UserID {
		err = fault.NotFound(subscriptionNoun)
	}
	return s, err
}

func (store) subscriptionOf(ctx context.Context, q db.Queryer, orgID, id string) (s Subscription, err error) {
	err = q.QueryRow(ctx, `SELECT `+subscriptionColumns+` FROM calendar_subscriptions WHERE org_id = ? AND id = ?`, orgID, id).Scan(s.targets()...)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(subscriptionNoun)
	}
	return s, err
}

func (store) subscribe(ctx context.Context, tx db.Tx, orgID string, s Subscription) error {
	_, err := tx.Exec(ctx, `INSERT INTO calendar_subscriptions (org_id, id, user_id, url, name, due_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		orgID, s.ID, s.UserID, s.URL, s.Name, s.DueAt, s.CreatedAt)
	return err
}

func (store) rename(ctx context.Context, tx db.Tx, orgID, id, name string) error {
	_, err := tx.Exec(ctx, `UPDATE calendar_subscriptions SET name = ?, version = version + 1 WHERE org_id = ? AND id = ?`, name, orgID, id)
	return err
}

func (store) unsubscribe(ctx context.Context, tx db.Tx, orgID, id string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM external_events WHERE org_id = ? AND subscription_id = ?`, orgID, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM calendar_subscriptions WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}

// dueSubscriptions gives those of active people, of all organizations, whose time has come.
func (store) dueSubscriptions(ctx context.Context, tx db.Tx, now int64, limit int) ([]fetchCalendar, error) {
	rows, err := tx.Query(ctx, `SELECT c.org_id, c.id FROM calendar_subscriptions c WHERE c.due_at <= ? AND EXISTS (
		SELECT 1 FROM users u WHERE u.org_id = c.org_id AND u.id = c.user_id AND u.status = 'ACTIVE') ORDER BY c.due_at LIMIT ?`, now, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []fetchCalendar
	for rows.Next() {
		var j fetchCalendar
		if err := rows.Scan(&j.OrgID, &j.ID); err != nil {
			return nil, err
		}
		list = append(list, j)
	}
	return list, rows.Err()
}

func (store) putOff(ctx context.Context, tx db.Tx, j fetchCalendar) error {
	_, err := tx.Exec(ctx, `UPDATE calendar_subscriptions SET due_at = ? WHERE org_id = ? AND id = ?`, j.DueAt, j.OrgID, j.ID)
	return err
}

// fetched keeps how asking for a calendar went.
func (store) fetched(ctx context.Context, tx db.Tx, orgID string, s Subscription) error {
	_, err := tx.Exec(ctx, `UPDATE calendar_subscriptions SET etag = ?, last_modified = ?, due_at = ?, failures = ?, problem = ?, fetched_at = ?, covered_until = ?
		WHERE org_id = ? AND id = ?`, s.ETag, s.LastModified, s.DueAt, s.Failures, s.Problem, s.FetchedAt, s.CoveredUntil, orgID, s.ID)
	return err
}

// mergeable is what a calendar has now.
type mergeable struct {
	found []ical.Occurrence
	at    int64 // ms
}

// known is an occurrence that a calendar had before.
type known struct {
	id        string
	createdAt int64
}

// replaceExternals makes what a calendar has now all there is of it. What it had before keeps its
// id. A subscription that has ended meanwhile has nothing.
func (st store) replaceExternals(ctx context.Context, tx db.Tx, orgID string, s *Subscription, m mergeable) error {
	if _, err := st.subscriptionOf(ctx, tx, orgID, s.ID); err != nil {
		if fault.Is(err, fault.KindNotFound) {
			return nil
		}
		return err
	}
	before, err := st.knownExternals(ctx, tx, orgID, s.ID)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM external_events WHERE org_id = ? AND subscription_id = ?`, orgID, s.ID); err != nil {
		return err
	}
	rows := make([][]any, len(m.found))
	for i, o := range m.found {
		is, ok := before[identity{o.UID, int64(o.Original)}]
		if !ok {
			is = known{ids.New(), m.at}
		}
		starts, ends := o.Start.UnixMilli(), o.End.UnixMilli()
		rows[i] = []any{
			orgID, is.id, s.ID, s.UserID, o.UID, int64(o.Original), spanOf(starts, ends), starts, ends, o.AllDay, o.Title, o.Description, o.Location, o.URL, is.createdAt, m.at,
		}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO external_events (org_id, id, subscription_id, user_id, uid, original, span, starts_at, ends_at, all_day,
		title, description, location, url, created_at, updated_at)`, rows, ``)
}

// identity is what an occurrence is known by in its calendar.
type identity struct {
	uid      string
	original int64
}

func (store) knownExternals(ctx context.Context, q db.Queryer, orgID, subscriptionID string) (map[identity]known, error) {
	rows, err := q.Query(ctx, `SELECT uid, original, id, created_at FROM external_events WHERE org_id = ? AND subscription_id = ?`, orgID, subscriptionID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := map[identity]known{}
	for rows.Next() {
		var at identity
		var k known
		if err := rows.Scan(&at.uid, &at.original, &k.id, &k.createdAt); err != nil {
			return nil, err
		}
		list[at] = k
	}
	return list, rows.Err()
}
