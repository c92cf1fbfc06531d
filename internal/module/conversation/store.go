package conversation

import (
	"context"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// store is every SQL statement of the module.
type store struct{}

// columns of a conversation c, its category g, and the viewer's membership m in it.
const columns = `c.id, c.kind, c.title, c.description, c.color, c.is_private, c.by_request, c.category_id, g.name, c.image_id, c.last_seq, c.active_at,
	c.version, c.created_at, c.updated_at, c.created_by, c.updated_by,
	(SELECT COUNT(*) FROM conversation_members x JOIN users u ON u.org_id = x.org_id AND u.id = x.user_id AND u.status <> 'ARCHIVE'
		WHERE x.org_id = c.org_id AND x.conversation_id = c.id),
	EXISTS (SELECT 1 FROM conversation_requests r WHERE r.org_id = c.org_id AND r.conversation_id = c.id AND r.user_id = ?2),
	m.is_admin, m.read_seq, m.skipped, m.muted, m.snoozed_until, m.joined_at`

// joins give a statement on conversations c their category and the membership of the viewer ?2.
const joins = ` LEFT JOIN categories g ON g.org_id = c.org_id AND g.id = c.category_id
	LEFT JOIN conversation_members m ON m.org_id = c.org_id AND m.conversation_id = c.id AND m.user_id = ?2 `

// scanned is a row of columns.
type scanned struct {
	Conversation
	isAdmin, muted          *bool
	readSeq, skipped, until *int64
	joinedAt                *int64
}

func (r *scanned) targets() []any {
	return []any{
		&r.ID, &r.Kind, &r.Title, &r.Description, &r.Color, &r.IsPrivate, &r.ByRequest, &r.CategoryID, &r.Category, &r.ImageID, &r.LastSeq, &r.ActiveAt,
		&r.Version, &r.CreatedAt, &r.UpdatedAt, &r.CreatedBy, &r.UpdatedBy, &r.MemberCount, &r.Requested,
		&r.isAdmin, &r.readSeq, &r.skipped, &r.muted, &r.until, &r.joinedAt,
	}
}

func (r *scanned) finish() Conversation {
	c := r.Conversation
	if r.readSeq != nil {
		c.Mine = &Membership{IsAdmin: *r.isAdmin, ReadSeq: *r.readSeq, Skipped: *r.skipped, Muted: *r.muted, SnoozedUntil: r.until, JoinedAt: *r.joinedAt}
	}
	return c
}

// lock makes changes of a conversation and messages in it follow one another.
func (store) lock(ctx context.Context, tx db.Tx, orgID, id string) error {
	var found string
	err := tx.QueryRow(ctx, `SELECT id FROM conversations WHERE org_id = ? AND id = ? {forUpdate}`, orgID, id).Scan(&found)
	if errors.Is(err, db.ErrNoRows) {
		return fault.NotFound(noun)
	}
	return err
}

// byID gives a conversation of which the viewer may know.
func (store) byID(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Conversation, error) {
	var r scanned
	err := q.QueryRow(ctx, `SELECT `+columns+` FROM conversations c`+joins+`WHERE c.org_id = ?1 AND c.id = ?3 AND `+known, who.OrgID, who.UserID, id).Scan(r.targets()...)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return r.finish(), err
}

// filter is which group chats a listing has.
type filter struct {
	kind  string // "" for all
	mine  bool
	until int64
	after position
}

// position is where a listing goes on, latest first.
type position struct {
	At int64  `json:"t"`
	ID string `json:"i"`
}

// top stands before everything.
var top = position{At: 1<<63 - 1}

const groupsWhere = `WHERE c.org_id = ?1 AND c.kind <> 'DIRECT' AND (?3 = '' OR c.kind = ?3) AND c.created_at <= ?4 AND (m.user_id IS NOT NULL OR ?5 = 0) AND ` + known

func (f filter) args(who authz.Actor) []any {
	mine := 0
	if f.mine {
		mine = 1
	}
	return []any{who.OrgID, who.UserID, f.kind, f.until, mine}
}

func (store) countGroups(ctx context.Context, q db.Queryer, who authz.Actor, f filter) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM conversations c LEFT JOIN conversation_members m ON m.org_id = c.org_id AND m.conversation_id = c.id AND m.user_id = ?2 `+
		groupsWhere, f.args(who)...).Scan(&n)
	return n, err
}

func (s store) groups(ctx context.Context, q db.Queryer, who authz.Actor, f filter, limit, offset int) ([]Row, error) {
	return s.rows(q.Query(ctx, `SELECT `+columns+` FROM conversations c`+joins+groupsWhere+` AND (c.created_at, c.id) < (?6, ?7)
		ORDER BY c.created_at DESC, c.id DESC LIMIT ?8 OFFSET ?9`, append(f.args(who), f.after.At, f.after.ID, limit, offset)...))
}

func (store) rows(rows db.Rows, err error) ([]Row, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Row
	for rows.Next() {
		var r scanned
		if err := rows.Scan(r.targets()...); err != nil {
			return nil, err
		}
		list = append(list, Row{Conversation: r.finish()})
	}
	return list, rows.Err()
}

func (store) countMine(ctx context.Context, q db.Queryer, who authz.Actor) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM conversation_members WHERE org_id = ? AND user_id = ?`, who.OrgID, who.UserID).Scan(&n)
	return n, err
}

// mine gives the viewer's conversations with their newest messages, latest first.
func (store) mine(ctx context.Context, q db.Queryer, who authz.Actor, after position, limit, offset int) ([]Row, error) {
	rows, err := q.Query(ctx, `SELECT `+columns+`, l.id, l.sender_id, l.text, l.created_at, l.deleted_at FROM conversation_members own
		JOIN conversations c ON c.org_id = own.org_id AND c.id = own.conversation_id`+joins+`
		LEFT JOIN messages l ON l.org_id = c.org_id AND l.conversation_id = c.id AND l.seq = c.last_seq
		WHERE own.org_id = ?1 AND own.user_id = ?2 AND (c.active_at, c.id) < (?3, ?4) ORDER BY c.active_at DESC, c.id DESC LIMIT ?5 OFFSET ?6`,
		who.OrgID, who.UserID, after.At, after.ID, limit, offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Row
	for rows.Next() {
		var r scanned
		var id, sender, text *string
		var at, deleted *int64
		if err := rows.Scan(append(r.targets(), &id, &sender, &text, &at, &deleted)...); err != nil {
			return nil, err
		}
		row := Row{Conversation: r.finish()}
		if id != nil {
			row.Latest = &Latest{ID: *id, SenderID: *sender, Text: *text, CreatedAt: *at, Deleted: deleted != nil}
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

func (store) insert(ctx context.Context, tx db.Tx, orgID string, c Conversation, people *string) (made bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO conversations (org_id, id, kind, title, description, color, is_private, by_request, category_id, image_id, people_key,
		active_at, created_at, updated_at, created_by, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (org_id, people_key) DO NOTHING`,
		orgID, c.ID, c.Kind, c.Title, c.Description, c.Color, c.IsPrivate, c.ByRequest, c.CategoryID, c.ImageID, people,
		c.ActiveAt, c.CreatedAt, c.UpdatedAt, c.CreatedBy, c.UpdatedBy)
	return n > 0, err
}

// direct gives the id of the direct conversation of people, by their key.
func (store) direct(ctx context.Context, q db.Queryer, orgID, people string) (id string, err error) {
	err = q.QueryRow(ctx, `SELECT id FROM conversations WHERE org_id = ? AND people_key = ?`, orgID, people).Scan(&id)
	return id, err
}

// update writes a group chat and counts its version up.
func (store) update(ctx context.Context, tx db.Tx, orgID string, c Conversation) error {
	_, err := tx.Exec(ctx, `UPDATE conversations SET title = ?, description = ?, is_private = ?, by_request = ?, category_id = ?, image_id = ?,
		version = version + 1, updated_at = ?, updated_by = ? WHERE org_id = ? AND id = ?`,
		c.Title, c.Description, c.IsPrivate, c.ByRequest, c.CategoryID, c.ImageID, c.UpdatedAt, c.UpdatedBy, orgID, c.ID)
	return err
}

// remove deletes a conversation with everything in it.
func (store) remove(ctx context.Context, tx db.Tx, orgID, id string) error {
	const its = ` WHERE org_id = ?1 AND `
	const messages = `(SELECT id FROM messages WHERE org_id = ?1 AND conversation_id = ?2)`
	for _, statement := range []string{
		`DELETE FROM message_texts` + its + `message_id IN ` + messages,
		`DELETE FROM message_reactions` + its + `message_id IN ` + messages,
		`DELETE FROM messages` + its + `conversation_id = ?2`,
		`DELETE FROM conversation_requests` + its + `conversation_id = ?2`,
		`DELETE FROM conversation_members` + its + `conversation_id = ?2`,
		`DELETE FROM conversations` + its + `id = ?2`,
	} {
		if _, err := tx.Exec(ctx, statement, orgID, id); err != nil {
			return err
		}
	}
	return nil
}
