package notification

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// store is every SQL statement of the module.
type store struct{}

// burstMillis is burst in statements.
var burstMillis = strconv.FormatInt(burst.Milliseconds(), 10)

// delivered is one message to one person by one channel.
type delivered struct {
	OrgID, ID, NotificationID string
	Channel                   Channel
	UserID, Address, DeviceID string
	State, Code, Reason       string
	Attempts                  int64
	DueAt                     *int64
	Claim                     string
	CreatedAt, UpdatedAt      int64
}

func joined(list []Channel) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = string(c)
	}
	return strings.Join(words, ",")
}

func split(text string) (list []Channel) {
	for word := range strings.SplitSeq(text, ",") {
		if word != "" {
			list = append(list, Channel(word))
		}
	}
	return list
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// members gives the mail addresses, in lower case, of those who are members of an organization.
func (store) members(ctx context.Context, q db.Queryer, orgID string, people []string) (map[string]string, error) {
	known := make(map[string]string, len(people))
	rows, err := q.Query(ctx, `SELECT u.id, u.email_key FROM users u WHERE u.org_id = ? AND u.status <> 'ARCHIVE' AND u.id {in}`, orgID, db.List(people))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, address string
		if err := rows.Scan(&id, &address); err != nil {
			return nil, err
		}
		known[id] = address
	}
	return known, rows.Err()
}

func (store) insert(ctx context.Context, tx db.Tx, n Notification) error {
	_, err := tx.Exec(ctx, `INSERT INTO notifications (org_id, id, kind, title, text, link, actor_id, subject_kind, subject_id, channels, urgent, sent_by, accepted, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, n.OrgID, n.ID, n.Kind, n.Title, n.Text, n.Link, optional(n.ActorID), n.Subject.Kind, n.Subject.ID,
		joined(n.Channels), n.Urgent, optional(n.SentBy), n.Accepted, n.CreatedAt)
	return err
}

const columns = `n.org_id, n.id, n.kind, n.title, n.text, n.link, COALESCE(n.actor_id, ''), n.subject_kind, n.subject_id, n.channels, n.urgent, COALESCE(n.sent_by, ''), n.accepted, n.created_at`

// targets are the scan targets of columns; channels follows in a variable of its own.
func (n *Notification) targets(channels *string) []any {
	return []any{&n.OrgID, &n.ID, &n.Kind, &n.Title, &n.Text, &n.Link, &n.ActorID, &n.Subject.Kind, &n.Subject.ID, channels, &n.Urgent, &n.SentBy, &n.Accepted, &n.CreatedAt}
}

// sent gives a notification that was sent by the API.
func (store) sent(ctx context.Context, q db.Queryer, orgID, id string) (n Notification, err error) {
	var channels string
	err = q.QueryRow(ctx, `SELECT `+columns+` FROM notifications n WHERE n.org_id = ? AND n.id = ? AND n.sent_by IS NOT NULL`, orgID, id).Scan(n.targets(&channels)...)
	if errors.Is(err, db.ErrNoRows) {
		return n, fault.NotFound(noun)
	}
	n.Channels = split(channels)
	return n, err
}

// byIDs gives notifications of an organization.
func (store) byIDs(ctx context.Context, q db.Queryer, orgID string, list []string) (map[string]Notification, error) {
	rows, err := q.Query(ctx, `SELECT `+columns+` FROM notifications n WHERE n.org_id = ? AND n.id {in}`, orgID, db.List(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := map[string]Notification{}
	for rows.Next() {
		var n Notification
		var channels string
		if err := rows.Scan(n.targets(&channels)...); err != nil {
			return nil, err
		}
		n.Channels = split(channels)
		by[n.ID] = n
	}
	return by, rows.Err()
}

// readers gives how people want to be told, in the order of their ids.
func (store) readers(ctx context.Context, q db.Queryer, orgID string, people []string) (list []reader, err error) {
	if len(people) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, `SELECT u.id, u.status = 'ACTIVE', p.value FROM users u
LEFT JOIN notification_preferences p ON p.org_id = u.org_id AND p.user_id = u.id
WHERE u.org_id = ? AND u.id {in} ORDER BY u.id`, orgID, db.List(people))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r reader
		var stored *string
		if err := rows.Scan(&r.id, &r.active, &stored); err != nil {
			return nil, err
		}
		if r.Preferences, err = parsePreferences(stored); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// tell notes that people are told under a key, and gives those who were not before.
func (store) tell(ctx context.Context, tx db.Tx, n Notification, key string, people []string) (map[string]bool, error) {
	fresh, err := db.Strings(tx.Query(ctx, `INSERT INTO notification_told (org_id, key, user_id, created_at)
SELECT u.org_id, ?, u.id, ? FROM users u WHERE u.org_id = ? AND u.id {in} ON CONFLICT DO NOTHING RETURNING user_id`, key, n.CreatedAt, n.OrgID, db.List(people)))
	by := make(map[string]bool, len(fresh))
	for _, id := range fresh {
		by[id] = true
	}
	return by, err
}

// fill adds an entry to inboxes, or raises the number of the one that it collapses into, and gives
// whose other channels are to stay quiet.
func (store) fill(ctx context.Context, tx db.Tx, n Notification, people []string) (quiet map[string]bool, err error) {
	quiet = map[string]bool{}
	bundle := n.bundle()
	rows := make([][]any, len(people))
	for i, id := range people {
		rows[i] = []any{n.OrgID, id, ids.New(), n.ID, bundle, n.CreatedAt, n.CreatedAt}
	}
	const insert = `INSERT INTO notification_inbox (org_id, user_id, id, notification_id, bundle, at, pushed_at)`
	if bundle == n.ID {
		return quiet, db.InsertMany(ctx, tx, insert, rows, `ON CONFLICT DO NOTHING`)
	}
	err = db.InsertMany(ctx, tx, insert, rows, `ON CONFLICT (org_id, user_id, bundle) WHERE read_at IS NULL DO UPDATE SET
number = notification_inbox.number + 1, notification_id = excluded.notification_id, at = excluded.at,
quiet = excluded.at - notification_inbox.pushed_at < `+burstMillis+`,
pushed_at = CASE WHEN excluded.at - notification_inbox.pushed_at < `+burstMillis+` THEN notification_inbox.pushed_at ELSE excluded.at END`)
	if err != nil {
		return nil, err
	}
	list, err := db.Strings(tx.Query(ctx, `SELECT user_id FROM notification_inbox WHERE org_id = ? AND bundle = ? AND read_at IS NULL AND quiet AND user_id {in}`,
		n.OrgID, bundle, db.List(people)))
	for _, id := range list {
		quiet[id] = true
	}
	return quiet, err
}

func (store) addBatches(ctx context.Context, tx db.Tx, n Notification, parts []target) error {
	rows := make([][]any, len(parts))
	for i, p := range parts {
		people, err := json.Marshal(p.people)
		if err != nil {
			return err
		}
		addresses, err := json.Marshal(p.addresses)
		if err != nil {
			return err
		}
		var audienceID *int64
		if p.audience != 0 {
			audienceID = &p.audience
		}
		rows[i] = []any{n.OrgID, n.ID, i, string(people), string(addresses), audienceID, p.key, n.CreatedAt}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO notification_batches (org_id, notification_id, place, people, addresses, audience_id, key, created_at)`, rows, "")
}

// nextBatch locks the oldest batch that nobody spreads; without one the notification has no id.
func (s store) nextBatch(ctx context.Context, tx db.Tx) (n Notification, place int64, to target, err error) {
	var people, addresses string
	var audienceID *int64
	err = tx.QueryRow(ctx, `SELECT b.org_id, b.notification_id, b.place, b.people, b.addresses, b.audience_id, b.after_id, b.key FROM notification_batches b
ORDER BY b.created_at, b.org_id, b.notification_id, b.place LIMIT 1 {skipLocked}`).
		Scan(&n.OrgID, &n.ID, &place, &people, &addresses, &audienceID, &to.after, &to.key)
	if errors.Is(err, db.ErrNoRows) {
		return Notification{}, 0, to, nil
	}
	if err != nil {
		return Notification{}, 0, to, err
	}
	if audienceID != nil {
		to.audience = *audienceID
	}
	if err = errors.Join(json.Unmarshal([]byte(people), &to.people), json.Unmarshal([]byte(addresses), &to.addresses)); err != nil {
		return Notification{}, 0, to, err
	}
	by, err := s.byIDs(ctx, tx, n.OrgID, []string{n.ID})
	return by[n.ID], place, to, err
}

func (store) dropBatch(ctx context.Context, tx db.Tx, n Notification, place int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM notification_batches WHERE org_id = ? AND notification_id = ? AND place = ?`, n.OrgID, n.ID, place)
	return err
}

func (store) moveBatch(ctx context.Context, tx db.Tx, n Notification, place int64, after string) error {
	_, err := tx.Exec(ctx, `UPDATE notification_batches SET after_id = ? WHERE org_id = ? AND notification_id = ? AND place = ?`, after, n.OrgID, n.ID, place)
	return err
}
