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

// guestsAt gives the guests of an event with what they answer to one of its occurrences.
func (s store) guestsAt(ctx context.Context, q db.Queryer, orgID string, o Occurrence) ([]Guest, error) {
	list, err := s.guests(ctx, q, orgID, o.EventID)
	if err != nil {
		return nil, err
	}
	return s.answeredOne(ctx, q, orgID, o.ID, list)
}

// answeredOne gives guests the answers that they gave to one occurrence in place of those to all.
func (store) answeredOne(ctx context.Context, q db.Queryer, orgID, occurrenceID string, list []Guest) ([]Guest, error) {
	if len(list) == 0 {
		return list, nil
	}
	rows, err := q.Query(ctx, `SELECT guest_id, answer, answered_at FROM event_guest_answers WHERE org_id = ? AND occurrence_id = ?`, orgID, occurrenceID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, answer string
		var at int64
		if err := rows.Scan(&id, &answer, &at); err != nil {
			return nil, err
		}
		for i := range list {
			if list[i].ID == id {
				list[i].Answer, list[i].AnsweredAt = &answer, &at
			}
		}
	}
	return list, rows.Err()
}

// guestAnswers gives what a guest answered to single occurrences, by their ids.
func (store) guestAnswers(ctx context.Context, q db.Queryer, orgID, guestID string) (map[string]string, error) {
	rows, err := q.Query(ctx, `SELECT occurrence_id, answer FROM event_guest_answers WHERE org_id = ? AND guest_id = ?`, orgID, guestID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := map[string]string{}
	for rows.Next() {
		var id, answer string
		if err := rows.Scan(&id, &answer); err != nil {
			return nil, err
		}
		by[id] = answer
	}
	return by, rows.Err()
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
	for _, statement := range []string{
		`DELETE FROM event_mails WHERE org_id = ? AND guest_id {in}`,
		`DELETE FROM event_guest_answers WHERE org_id = ? AND guest_id {in}`,
	} {
		if _, err := tx.Exec(ctx, statement, orgID, db.List(list)); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `DELETE FROM event_guests WHERE org_id = ? AND id {in}`, orgID, db.List(list))
	return err
}

// setGuestAnswer keeps what a guest answers: to the whole event, in place of what they answered to
// its occurrences, or to one of those.
func (store) setGuestAnswer(ctx context.Context, tx db.Tx, guest part, answer string) error {
	if guest.occurrence != "" {
		_, err := tx.Exec(ctx, `INSERT INTO event_guest_answers (org_id, guest_id, occurrence_id, answer, answered_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (org_id, guest_id, occurrence_id) DO UPDATE SET answer = excluded.answer, answered_at = excluded.answered_at`,
			guest.org, guest.user, guest.occurrence, answer, guest.at)
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM event_guest_answers WHERE org_id = ? AND guest_id = ?`, guest.org, guest.user); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE event_guests SET answer = ?, answered_at = ? WHERE org_id = ? AND id = ?`, answer, guest.at, guest.org, guest.user)
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
