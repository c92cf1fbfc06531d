package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/kernel/search"
)

// messageColumns of a message y and its sender u, for the viewer ?2.
const messageColumns = `y.id, y.conversation_id, y.seq, y.sender_id, y.text, y.extra, y.reply_of, y.replies_count, y.reactions,
	CASE WHEN y.reactions <> '{}' THEN (SELECT string_agg(r.reaction, ',') FROM message_reactions r WHERE r.org_id = y.org_id AND r.message_id = y.id AND r.user_id = ?2) END,
	y.edited_at, y.deleted_at, y.pinned_at, y.version, y.created_at, y.updated_at, y.updated_by, ` + person.Columns

const messagesFrom = ` FROM messages y JOIN users u ON u.org_id = y.org_id AND u.id = y.sender_id` + person.Join

func (m *Message) scan(row db.Row) error {
	var extra, reactions string
	err := row.Scan(slices.Concat([]any{
		&m.ID, &m.ConversationID, &m.Seq, &m.SenderID, &m.Body.Text, &extra, &m.ReplyOf, &m.RepliesCount, &reactions, &m.MyReactions,
		&m.EditedAt, &m.DeletedAt, &m.PinnedAt, &m.Version, &m.CreatedAt, &m.UpdatedAt, &m.UpdatedBy,
	}, m.sender.Targets())...)
	if err != nil {
		return err
	}
	m.sender.Finish()
	return errors.Join(json.Unmarshal([]byte(extra), &m.Body), m.Reactions.Parse(reactions))
}

func scanMessages(rows db.Rows, err error) ([]Message, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Message
	for rows.Next() {
		var m Message
		if err := m.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

// messageByID gives a message the viewer reads and that has not been deleted.
func (store) messageByID(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Message, error) {
	var m Message
	err := m.scan(q.QueryRow(ctx, `SELECT `+messageColumns+messagesFrom+`WHERE y.org_id = ?1 AND y.id = ?3 AND y.deleted_at IS NULL AND `+visible("y.conversation_id", readable),
		who.OrgID, who.UserID, id))
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(messageNoun)
	}
	return m, err
}

// span is a part of the history of a conversation: up to limit messages before or after a number.
type span struct {
	seq   int64
	newer bool
	limit int
}

// history gives messages of a conversation in the order of their numbers.
func (store) history(ctx context.Context, q db.Queryer, who authz.Actor, id string, s span) ([]Message, error) {
	bound, order := `<`, ` DESC`
	if s.newer {
		bound, order = `>`, ``
	}
	list, err := scanMessages(q.Query(ctx, `SELECT `+messageColumns+messagesFrom+`WHERE y.org_id = ?1 AND y.conversation_id = ?3 AND y.seq `+bound+` ?4
		ORDER BY y.seq`+order+` LIMIT ?5`, who.OrgID, who.UserID, id, s.seq, s.limit))
	if !s.newer {
		slices.Reverse(list)
	}
	return list, err
}

// replies gives answers to a message in the order of their numbers.
func (store) replies(ctx context.Context, q db.Queryer, who authz.Actor, id string, after int64, limit, offset int) ([]Message, error) {
	return scanMessages(q.Query(ctx, `SELECT `+messageColumns+messagesFrom+`WHERE y.org_id = ?1 AND y.reply_of = ?3 AND y.deleted_at IS NULL AND y.seq > ?4
		ORDER BY y.seq LIMIT ?5 OFFSET ?6`, who.OrgID, who.UserID, id, after, limit, offset))
}

func (store) countPins(ctx context.Context, q db.Queryer, orgID, id string) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM messages WHERE org_id = ? AND conversation_id = ? AND pinned_at IS NOT NULL`, orgID, id).Scan(&n)
	return n, err
}

// pins gives pinned messages, latest pinned first.
func (store) pins(ctx context.Context, q db.Queryer, who authz.Actor, id string, after position, limit, offset int) ([]Message, error) {
	return scanMessages(q.Query(ctx, `SELECT `+messageColumns+messagesFrom+`WHERE y.org_id = ?1 AND y.conversation_id = ?3 AND y.pinned_at IS NOT NULL
		AND (y.pinned_at, y.id) < (?4, ?5) ORDER BY y.pinned_at DESC, y.id DESC LIMIT ?6 OFFSET ?7`, who.OrgID, who.UserID, id, after.At, after.ID, limit, offset))
}

// find gives messages whose words match, latest first, with the number of all: in one conversation
// the viewer reads, or in all they are a member of.
func (store) find(ctx context.Context, q db.Queryer, who authz.Actor, in Search) (list []Message, total int, err error) {
	matching, arg := search.Matching(q.Engine(), messageNoun, "y.id", "?4", in.Terms)
	from := messagesFrom + `WHERE y.org_id = ?1 AND y.deleted_at IS NULL AND ` + matching
	if in.ConversationID != "" {
		from += ` AND y.conversation_id = ?3 AND ` + visible("?3", readable)
	} else {
		from += ` AND ?3 = '' AND EXISTS (SELECT 1 FROM conversation_members m WHERE m.org_id = y.org_id AND m.conversation_id = y.conversation_id AND m.user_id = ?2)`
	}
	args := []any{who.OrgID, who.UserID, in.ConversationID, arg}
	if err := q.QueryRow(ctx, `SELECT COUNT(*)`+from, args...).Scan(&total); err != nil {
		return nil, 0, err
	}
	list, err = scanMessages(q.Query(ctx, `SELECT `+messageColumns+from+` AND (y.created_at, y.id) < (?5, ?6) ORDER BY y.created_at DESC, y.id DESC LIMIT ?7 OFFSET ?8`,
		append(args, in.after.At, in.after.ID, in.Limit()+1, in.Offset())...))
	return list, total, err
}

// next gives a message the next number of its conversation, whose row is locked with it.
func (store) next(ctx context.Context, tx db.Tx, orgID, id string, now int64) (seq int64, err error) {
	err = tx.QueryRow(ctx, `UPDATE conversations SET last_seq = last_seq + 1, active_at = ? WHERE org_id = ? AND id = ? RETURNING last_seq`, now, orgID, id).Scan(&seq)
	return seq, err
}

func (s store) insertMessage(ctx context.Context, tx db.Tx, orgID string, m Message) error {
	_, err := tx.Exec(ctx, `INSERT INTO messages (org_id, id, conversation_id, seq, sender_id, text, extra, reply_of, created_at, updated_at, updated_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, orgID, m.ID, m.ConversationID, m.Seq, m.SenderID, m.Body.Text, m.extra(), m.ReplyOf, m.CreatedAt, m.UpdatedAt, m.UpdatedBy)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE conversation_members SET skipped = skipped + 1 WHERE org_id = ? AND conversation_id = ? AND user_id = ?`,
		orgID, m.ConversationID, m.SenderID)
	return err
}

// answered changes the number of answers a message shows.
func (store) answered(ctx context.Context, tx db.Tx, orgID string, id *string, delta int) error {
	if id == nil {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE messages SET replies_count = replies_count + ? WHERE org_id = ? AND id = ?`, delta, orgID, *id)
	return err
}

// seqOf gives the number of a message of a conversation, deleted or not.
func (store) seqOf(ctx context.Context, q db.Queryer, orgID, conversation, id string) (seq int64, err error) {
	err = q.QueryRow(ctx, `SELECT seq FROM messages WHERE org_id = ? AND conversation_id = ? AND id = ?`, orgID, conversation, id).Scan(&seq)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(messageNoun)
	}
	return seq, err
}

// keepText notes what a message said before it is changed.
func (store) keepText(ctx context.Context, tx db.Tx, who authz.Actor, m Message, now int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO message_texts (org_id, message_id, version, text, until, by_id) VALUES (?, ?, ?, ?, ?, ?)`,
		who.OrgID, m.ID, m.Version, m.Body.Text, now, who.UserID)
	return err
}

func (store) updateMessage(ctx context.Context, tx db.Tx, orgID string, m Message) error {
	_, err := tx.Exec(ctx, `UPDATE messages SET text = ?, extra = ?, edited_at = ?, version = version + 1, updated_at = ?, updated_by = ? WHERE org_id = ? AND id = ?`,
		m.Body.Text, m.extra(), m.EditedAt, m.UpdatedAt, m.UpdatedBy, orgID, m.ID)
	return err
}

// bury empties a message; it is unread to nobody any more.
func (store) bury(ctx context.Context, tx db.Tx, who authz.Actor, m Message, now int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM message_reactions WHERE org_id = ? AND message_id = ?`, who.OrgID, m.ID)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE messages SET text = '', extra = '{}', reactions = '{}', pinned_at = NULL, deleted_at = ?, version = version + 1, updated_at = ?, updated_by = ?
		WHERE org_id = ? AND id = ?`, now, now, who.UserID, who.OrgID, m.ID)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE conversation_members SET skipped = skipped + 1 WHERE org_id = ? AND conversation_id = ? AND read_seq < ? AND user_id <> ?`,
		who.OrgID, m.ConversationID, m.Seq, m.SenderID)
	return err
}

func (store) pin(ctx context.Context, tx db.Tx, orgID, id string, at *int64) error {
	_, err := tx.Exec(ctx, `UPDATE messages SET pinned_at = ? WHERE org_id = ? AND id = ?`, at, orgID, id)
	return err
}

// react adds or takes back a reaction and gives the message's new counts.
func (store) react(ctx context.Context, tx db.Tx, who authz.Actor, m Message, reaction string, add bool, now int64) (changed bool, counts content.Reactions, err error) {
	statement, args := `DELETE FROM message_reactions WHERE org_id = ? AND message_id = ? AND user_id = ? AND reaction = ?`, []any{who.OrgID, m.ID, who.UserID, reaction}
	if add {
		statement = `INSERT INTO message_reactions (org_id, message_id, user_id, reaction, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
		args = append(args, now)
	}
	n, err := tx.Exec(ctx, statement, args...)
	if err != nil || n == 0 {
		return false, m.Reactions, err
	}
	counts.Counts = map[string]int{}
	rows, err := tx.Query(ctx, `SELECT reaction, COUNT(*) FROM message_reactions WHERE org_id = ? AND message_id = ? GROUP BY reaction`, who.OrgID, m.ID)
	if err != nil {
		return false, counts, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			return false, counts, err
		}
		counts.Counts[name] = n
	}
	if err := rows.Err(); err != nil {
		return false, counts, err
	}
	stored, err := json.Marshal(counts)
	if err != nil {
		return false, counts, err
	}
	_, err = tx.Exec(ctx, `UPDATE messages SET reactions = ? WHERE org_id = ? AND id = ?`, string(stored), who.OrgID, m.ID)
	return true, counts, err
}

// Text is what a message said once.
type Text struct {
	Version int64
	Text    string
	Until   int64  // ms; when it was replaced
	ByID    string // who replaced it
}

func (store) texts(ctx context.Context, q db.Queryer, orgID, id string) ([]Text, error) {
	rows, err := q.Query(ctx, `SELECT version, text, until, by_id FROM message_texts WHERE org_id = ? AND message_id = ? ORDER BY version`, orgID, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Text
	for rows.Next() {
		var t Text
		if err := rows.Scan(&t.Version, &t.Text, &t.Until, &t.ByID); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// messageIDs gives the messages of a conversation that can be found.
func (store) messageIDs(ctx context.Context, q db.Queryer, orgID, id string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT id FROM messages WHERE org_id = ? AND conversation_id = ? AND deleted_at IS NULL`, orgID, id))
}
