package conversation

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// participant is somebody in a conversation.
type participant struct {
	person.Card
	conversation string
	isAdmin      bool
}

// participants gives people of conversations, at most so many of each, those who have been there
// longest first. Former members are shown of direct conversations only.
func (store) participants(ctx context.Context, q db.Queryer, orgID string, conversations []string, most int) ([]participant, error) {
	if len(conversations) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, `SELECT p.conversation_id, p.is_admin, `+person.Columns+` FROM (
		SELECT x.org_id, x.conversation_id, x.user_id, x.is_admin, x.joined_at, ROW_NUMBER() OVER (PARTITION BY x.conversation_id ORDER BY x.joined_at, x.user_id) AS place
			FROM conversation_members x JOIN conversations c ON c.org_id = x.org_id AND c.id = x.conversation_id
			JOIN users u ON u.org_id = x.org_id AND u.id = x.user_id AND (u.status <> 'ARCHIVE' OR c.kind = 'DIRECT')
			WHERE x.org_id = ?1 AND x.conversation_id {in ?2}) p
		JOIN users u ON u.org_id = p.org_id AND u.id = p.user_id`+person.Join+`WHERE p.place <= ?3 ORDER BY p.conversation_id, p.place`, orgID, db.List(conversations), most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []participant
	for rows.Next() {
		var p participant
		if err := rows.Scan(append([]any{&p.conversation, &p.isAdmin}, p.Targets()...)...); err != nil {
			return nil, err
		}
		p.Finish()
		list = append(list, p)
	}
	return list, rows.Err()
}

// members gives a page of the people in a conversation by name.
func (store) members(ctx context.Context, q db.Queryer, orgID, id string, limit, offset int) ([]participant, error) {
	return scanParticipants(q.Query(ctx, `SELECT x.is_admin, `+person.Columns+` FROM conversation_members x
		JOIN users u ON u.org_id = x.org_id AND u.id = x.user_id AND u.status <> 'ARCHIVE'`+person.Join+`
		WHERE x.org_id = ? AND x.conversation_id = ? ORDER BY u.sort_key, u.id LIMIT ? OFFSET ?`, orgID, id, limit, offset))
}

// requests gives a page of who has asked to join, longest ago first. Nobody of them is an admin.
func (store) requests(ctx context.Context, q db.Queryer, orgID, id string, limit, offset int) ([]participant, error) {
	return scanParticipants(q.Query(ctx, `SELECT FALSE, `+person.Columns+` FROM conversation_requests x
		JOIN users u ON u.org_id = x.org_id AND u.id = x.user_id AND u.status <> 'ARCHIVE'`+person.Join+`
		WHERE x.org_id = ? AND x.conversation_id = ? ORDER BY x.created_at, x.user_id LIMIT ? OFFSET ?`, orgID, id, limit, offset))
}

func scanParticipants(rows db.Rows, err error) ([]participant, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []participant
	for rows.Next() {
		var p participant
		if err := rows.Scan(append([]any{&p.isAdmin}, p.Targets()...)...); err != nil {
			return nil, err
		}
		p.Finish()
		list = append(list, p)
	}
	return list, rows.Err()
}

func (store) countRequests(ctx context.Context, q db.Queryer, orgID, id string) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM conversation_requests x JOIN users u ON u.org_id = x.org_id AND u.id = x.user_id AND u.status <> 'ARCHIVE'
		WHERE x.org_id = ? AND x.conversation_id = ?`, orgID, id).Scan(&n)
	return n, err
}

// requested gives those of some people who have asked to join.
func (store) requested(ctx context.Context, q db.Queryer, orgID, id string, people []string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT user_id FROM conversation_requests WHERE org_id = ? AND conversation_id = ? AND user_id {in}`, orgID, id, db.List(people)))
}

// headless reports that a conversation has no admin who can act.
func (store) headless(ctx context.Context, q db.Queryer, orgID, id string) (headless bool, err error) {
	err = q.QueryRow(ctx, `SELECT NOT EXISTS (SELECT 1 FROM conversation_members x JOIN users u ON u.org_id = x.org_id AND u.id = x.user_id AND u.status <> 'ARCHIVE'
		WHERE x.org_id = ? AND x.conversation_id = ? AND x.is_admin)`, orgID, id).Scan(&headless)
	return headless, err
}

// join adds people, who have nothing to read, and ends their requests.
func (store) join(ctx context.Context, tx db.Tx, orgID string, c Conversation, people []string, admins map[string]bool, now int64) error {
	if len(people) == 0 {
		return nil
	}
	rows := make([][]any, len(people))
	for i, user := range people {
		rows[i] = []any{orgID, c.ID, user, admins[user], now, c.LastSeq}
	}
	err := db.InsertMany(ctx, tx, `INSERT INTO conversation_members (org_id, conversation_id, user_id, is_admin, joined_at, read_seq)`, rows,
		`ON CONFLICT (org_id, conversation_id, user_id) DO NOTHING`)
	if err != nil {
		return err
	}
	return (store{}).forgetRequests(ctx, tx, orgID, c.ID, people)
}

func (store) setAdmins(ctx context.Context, tx db.Tx, orgID, id string, people []string, admin bool) error {
	_, err := tx.Exec(ctx, `UPDATE conversation_members SET is_admin = ? WHERE org_id = ? AND conversation_id = ? AND user_id {in}`, admin, orgID, id, db.List(people))
	return err
}

// part removes people and gives those who were members.
func (store) part(ctx context.Context, tx db.Tx, orgID, id string, people []string) ([]string, error) {
	if len(people) == 0 {
		return nil, nil
	}
	return db.Strings(tx.Query(ctx, `DELETE FROM conversation_members WHERE org_id = ? AND conversation_id = ? AND user_id {in} RETURNING user_id`, orgID, id, db.List(people)))
}

// seated gives who is in conversations and can sign in, by conversation; or their admins only.
func (store) seated(ctx context.Context, q db.Queryer, orgID string, conversations []string, admins bool) (map[string][]string, error) {
	rows, err := q.Query(ctx, `SELECT m.conversation_id, m.user_id FROM conversation_members m
		JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id AND u.status = 'ACTIVE'
		WHERE m.org_id = ? AND m.conversation_id {in} AND (m.is_admin OR NOT ?) ORDER BY m.conversation_id, m.user_id`, orgID, db.List(conversations), admins)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := map[string][]string{}
	for rows.Next() {
		var id, user string
		if err := rows.Scan(&id, &user); err != nil {
			return nil, err
		}
		by[id] = append(by[id], user)
	}
	return by, rows.Err()
}

func (store) request(ctx context.Context, tx db.Tx, who authz.Actor, id string, now int64) (made bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO conversation_requests (org_id, conversation_id, user_id, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		who.OrgID, id, who.UserID, now)
	return n > 0, err
}

func (store) forgetRequests(ctx context.Context, tx db.Tx, orgID, id string, people []string) error {
	_, err := tx.Exec(ctx, `DELETE FROM conversation_requests WHERE org_id = ? AND conversation_id = ? AND user_id {in}`, orgID, id, db.List(people))
	return err
}

func (store) settle(ctx context.Context, tx db.Tx, who authz.Actor, id string, m Membership) error {
	_, err := tx.Exec(ctx, `UPDATE conversation_members SET muted = ?, snoozed_until = ? WHERE org_id = ? AND conversation_id = ? AND user_id = ?`,
		m.Muted, m.SnoozedUntil, who.OrgID, id, who.UserID)
	return err
}

// markRead notes that a member has read up to a message, and counts what after it is not unread.
func (store) markRead(ctx context.Context, tx db.Tx, who authz.Actor, id string, seq int64) error {
	_, err := tx.Exec(ctx, `UPDATE conversation_members SET read_seq = ?4,
		skipped = (SELECT COUNT(*) FROM messages WHERE org_id = ?1 AND conversation_id = ?2 AND sender_id = ?3 AND seq > ?4)
			+ (SELECT COUNT(*) FROM messages WHERE org_id = ?1 AND conversation_id = ?2 AND sender_id <> ?3 AND seq > ?4 AND deleted_at IS NOT NULL)
		WHERE org_id = ?1 AND conversation_id = ?2 AND user_id = ?3`, who.OrgID, id, who.UserID, seq)
	return err
}

// orphaned gives the group chats of people whose admins are all former members.
func (store) orphaned(ctx context.Context, q db.Queryer, orgID string, people []string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT DISTINCT x.conversation_id FROM conversation_members x
		JOIN conversations c ON c.org_id = x.org_id AND c.id = x.conversation_id AND c.kind <> 'DIRECT'
		JOIN users u ON u.org_id = x.org_id AND u.id = x.user_id AND u.status = 'ARCHIVE'
		WHERE x.org_id = ? AND x.user_id {in} AND x.is_admin AND NOT EXISTS (SELECT 1 FROM conversation_members o
			JOIN users a ON a.org_id = o.org_id AND a.id = o.user_id AND a.status <> 'ARCHIVE'
			WHERE o.org_id = x.org_id AND o.conversation_id = x.conversation_id AND o.is_admin) ORDER BY 1`, orgID, db.List(people)))
}

// eldest makes the member who has been in a conversation longest its admin.
func (store) eldest(ctx context.Context, tx db.Tx, orgID, id string) error {
	_, err := tx.Exec(ctx, `UPDATE conversation_members SET is_admin = TRUE WHERE org_id = ?1 AND conversation_id = ?2 AND user_id = (
		SELECT x.user_id FROM conversation_members x JOIN users u ON u.org_id = x.org_id AND u.id = x.user_id AND u.status <> 'ARCHIVE'
		WHERE x.org_id = ?1 AND x.conversation_id = ?2 ORDER BY x.joined_at, x.user_id LIMIT 1)`, orgID, id)
	return err
}
