package event

import (
	"context"
	"encoding/json"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

func (store) guests(ctx context.Context, q db.Queryer, orgID, eventID string) ([]Guest, error) {
	rows, err := q.Query(ctx, `SELECT id, event_id, email, answer, answered_at, mail FROM event_guests WHERE org_id = ? AND event_id = ? ORDER BY place, id`, orgID, eventID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Guest
	for rows.Next() {
		var g Guest
		if err := rows.Scan(&g.ID, &g.EventID, &g.Email, &g.Answer, &g.AnsweredAt, &g.Mail); err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, rows.Err()
}

func (store) guest(ctx context.Context, q db.Queryer, orgID, id string) (g Guest, err error) {
	err = q.QueryRow(ctx, `SELECT id, event_id, email, answer, answered_at, mail FROM event_guests WHERE org_id = ? AND id = ?`, orgID, id).
		Scan(&g.ID, &g.EventID, &g.Email, &g.Answer, &g.AnsweredAt, &g.Mail)
	return g, err
}

func (store) addGuest(ctx context.Context, tx db.Tx, orgID string, g Guest, place int) error {
	_, err := tx.Exec(ctx, `INSERT INTO event_guests (org_id, id, event_id, place, email, mail) VALUES (?, ?, ?, ?, ?, ?)`, orgID, g.ID, g.EventID, place, g.Email, g.Mail)
	return err
}

func (store) removeGuests(ctx context.Context, tx db.Tx, orgID string, gone []Guest) error {
	list := make([]string, len(gone))
	for i, g := range gone {
		list[i] = g.ID
	}
	if _, err := tx.Exec(ctx, `DELETE FROM event_mails WHERE org_id = ? AND guest_id {in}`, orgID, db.List(list)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM event_guests WHERE org_id = ? AND id {in}`, orgID, db.List(list))
	return err
}

func (store) setGuestAnswer(ctx context.Context, tx db.Tx, orgID, id, answer string, now int64) error {
	_, err := tx.Exec(ctx, `UPDATE event_guests SET answer = ?, answered_at = ? WHERE org_id = ? AND id = ?`, answer, now, orgID, id)
	return err
}

// mail gives the mail that waits for a guest.
func (store) mail(ctx context.Context, q db.Queryer, orgID, guestID string) (id string, l letter, err error) {
	var text string
	err = q.QueryRow(ctx, `SELECT id, letter FROM event_mails WHERE org_id = ? AND guest_id = ? ORDER BY created_at DESC LIMIT 1`, orgID, guestID).Scan(&id, &text)
	if err != nil {
		return id, l, err
	}
	return id, l, json.Unmarshal([]byte(text), &l)
}

func (store) replaceMail(ctx context.Context, tx db.Tx, orgID string, g Guest, l letter) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM event_mails WHERE org_id = ? AND guest_id = ?`, orgID, g.ID); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO event_mails (org_id, id, guest_id, letter, created_at) VALUES (?, ?, ?, ?, ?)`, orgID, ids.New(), g.ID, string(text), l.At)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE event_guests SET mail = ? WHERE org_id = ? AND id = ?`, mailWaiting, orgID, g.ID)
	return err
}

// sent keeps what became of a mail, and forgets it.
func (store) sent(ctx context.Context, tx db.Tx, orgID, id, state string) error {
	_, err := tx.Exec(ctx, `UPDATE event_guests SET mail = ?3 WHERE org_id = ?1 AND id IN (SELECT m.guest_id FROM event_mails m WHERE m.org_id = ?1 AND m.id = ?2)`, orgID, id, state)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM event_mails WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}
