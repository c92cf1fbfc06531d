package event

import (
	"context"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// part is what one person has to do with an event, or with one occurrence of it.
type part struct {
	org, event, occurrence, user string
	at                           int64 // ms
}

// invited gives the ids of those whom an event invites, in their order.
func (store) invited(ctx context.Context, q db.Queryer, orgID, eventID string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT user_id FROM event_people WHERE org_id = ? AND event_id = ? AND occurrence_id = '' AND invited_at IS NOT NULL
		ORDER BY place, user_id`, orgID, eventID))
}

// setInvited invites people; whoever was invited before keeps when, and their answer.
func (store) setInvited(ctx context.Context, tx db.Tx, orgID, eventID string, people []string, now int64) error {
	if len(people) == 0 {
		return nil
	}
	rows := make([][]any, len(people))
	for i, id := range people {
		rows[i] = []any{orgID, eventID, "", id, i, now, now}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO event_people (org_id, event_id, occurrence_id, user_id, place, invited_at, touched_at)`, rows,
		`ON CONFLICT (org_id, event_id, occurrence_id, user_id) DO UPDATE SET place = excluded.place, invited_at = COALESCE(event_people.invited_at, excluded.invited_at)`)
}

// effective is the answer that counts of a person $user for an occurrence o.
const effective = `COALESCE(
	(SELECT p.answer FROM event_people p WHERE p.org_id = ?1 AND p.event_id = ?2 AND p.occurrence_id = event_occurrences.id AND p.user_id = ?3),
	(SELECT p.answer FROM event_people p WHERE p.org_id = ?1 AND p.event_id = ?2 AND p.occurrence_id = '' AND p.user_id = ?3))`

// recount changes how many come to the occurrences to which a person comes.
func recount(ctx context.Context, tx db.Tx, p part, by string) error {
	_, err := tx.Exec(ctx, `UPDATE event_occurrences SET going = going `+by+` 1 WHERE org_id = ?1 AND event_id = ?2 AND `+effective+` = 'GOING'`, p.org, p.event, p.user)
	return err
}

// uninvite forgets people.
func (store) uninvite(ctx context.Context, tx db.Tx, orgID, eventID string, people []string) error {
	for _, id := range people { // at most as many as can be invited, and seldom more than a few
		if err := recount(ctx, tx, part{org: orgID, event: eventID, user: id}, `-`); err != nil {
			return err
		}
	}
	if len(people) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `DELETE FROM event_people WHERE org_id = ? AND event_id = ? AND user_id {in}`, orgID, eventID, db.List(people))
	return err
}

// respond keeps an answer. One about the whole event replaces those about its occurrences.
func (s store) respond(ctx context.Context, tx db.Tx, p part, answer *string) error {
	if err := recount(ctx, tx, p, `-`); err != nil {
		return err
	}
	if p.occurrence == "" {
		_, err := tx.Exec(ctx, `UPDATE event_people SET answer = NULL WHERE org_id = ? AND event_id = ? AND user_id = ? AND occurrence_id <> ''`, p.org, p.event, p.user)
		if err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO event_people (org_id, event_id, occurrence_id, user_id, place, answer, touched_at) VALUES (?, ?, ?, ?, 0, ?, ?)
		ON CONFLICT (org_id, event_id, occurrence_id, user_id) DO UPDATE SET answer = excluded.answer, touched_at = excluded.touched_at`,
		p.org, p.event, p.occurrence, p.user, answer, p.at)
	if err != nil {
		return err
	}
	return recount(ctx, tx, p, `+`)
}

// note keeps when somebody first did something at an occurrence: a column of event_people.
func (store) note(ctx context.Context, tx db.Tx, p part, what string) error {
	_, err := tx.Exec(ctx, `INSERT INTO event_people (org_id, event_id, occurrence_id, user_id, place, `+what+`, touched_at) VALUES (?, ?, ?, ?, 0, ?, ?)
		ON CONFLICT (org_id, event_id, occurrence_id, user_id) DO UPDATE SET `+what+` = COALESCE(event_people.`+what+`, excluded.`+what+`),
			touched_at = CASE WHEN event_people.`+what+` IS NULL THEN excluded.touched_at ELSE event_people.touched_at END`,
		p.org, p.event, p.occurrence, p.user, p.at, p.at)
	return err
}

// goingToAll counts who comes to all occurrences of an event.
func (store) goingToAll(ctx context.Context, q db.Queryer, orgID, eventID string) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM event_people WHERE org_id = ? AND event_id = ? AND occurrence_id = '' AND answer = 'GOING'`, orgID, eventID).Scan(&n)
	return n, err
}

// next gives the occurrence of an event that is on or next, or else its last one.
func (store) next(ctx context.Context, q db.Queryer, orgID, eventID string, now int64) (o Occurrence, err error) {
	err = o.scan(q.QueryRow(ctx, `SELECT `+occurrenceColumns+` FROM event_occurrences o WHERE o.org_id = ? AND o.event_id = ? AND NOT o.cancelled
		ORDER BY CASE WHEN o.ends_at >= ? THEN o.starts_at ELSE 9000000000000000 - o.starts_at END, o.id LIMIT 1`, orgID, eventID, now))
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return o, err
}

// attendeesOf is a part of the list of who has to do with an occurrence.
type attendeesOf struct {
	Occurrence
	after         attendeePlace
	limit, offset int
}

// partsOf selects everybody who has to do with an occurrence ?3 of the event ?2, once each.
const partsOf = `SELECT p.user_id, MAX(p.touched_at) AS touched_at, MAX(p.invited_at) AS invited_at, MAX(p.checked_in_at) AS checked_in_at,
	COALESCE(MAX(CASE WHEN p.occurrence_id <> '' THEN p.answer END), MAX(CASE WHEN p.occurrence_id = '' THEN p.answer END)) AS answer
	FROM event_people p WHERE p.org_id = ?1 AND p.event_id = ?2 AND p.occurrence_id IN ('', ?3) GROUP BY p.user_id`

func (store) countAttendees(ctx context.Context, q db.Queryer, orgID string, o Occurrence) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(DISTINCT user_id) FROM event_people WHERE org_id = ? AND event_id = ? AND occurrence_id IN ('', ?)`, orgID, o.EventID, o.ID).Scan(&n)
	return n, err
}

func (store) attendees(ctx context.Context, q db.Queryer, orgID string, of attendeesOf) ([]Attendee, error) {
	rows, err := q.Query(ctx, `SELECT p.touched_at, p.invited_at, p.checked_in_at, p.answer, `+person.Columns+` FROM (`+partsOf+`) p
		JOIN users u ON u.org_id = ?1 AND u.id = p.user_id`+person.Join+`WHERE (p.touched_at, p.user_id) < (?4, ?5)
		ORDER BY p.touched_at DESC, p.user_id DESC LIMIT ?6 OFFSET ?7`, orgID, of.EventID, of.ID, of.after.At, of.after.ID, of.limit, of.offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Attendee
	for rows.Next() {
		var a Attendee
		if err := rows.Scan(append([]any{&a.touched, &a.Invited, &a.CheckedIn, &a.Rsvp}, a.Card.Targets()...)...); err != nil {
			return nil, err
		}
		a.Card.Finish()
		list = append(list, a)
	}
	return list, rows.Err()
}

// rsvps reads who answered or was invited to occurrences, for each the latest so many, by
// occurrence.
func (store) rsvps(ctx context.Context, q db.Queryer, orgID string, occurrences []string, each int) (map[string][]Attendee, error) {
	found := map[string][]Attendee{}
	if len(occurrences) == 0 || each == 0 {
		return found, nil
	}
	rows, err := q.Query(ctx, `SELECT o.id, p.occurrence_id <> '', p.touched_at, p.invited_at, p.checked_in_at, p.joined_at, p.answer, `+person.Columns+`
		FROM {each ?2} {thenJoin} event_occurrences o ON o.org_id = ?1 AND o.id = n.value
		{thenJoin} event_people p ON p.org_id = ?1 AND p.event_id = o.event_id AND p.occurrence_id IN ('', o.id) AND p.user_id IN (
			SELECT l.user_id FROM event_people l WHERE l.org_id = ?1 AND l.event_id = o.event_id AND l.occurrence_id IN ('', o.id)
			ORDER BY l.touched_at DESC, l.user_id DESC LIMIT ?3)
		{thenJoin} users u ON u.org_id = ?1 AND u.id = p.user_id`+person.Join+`ORDER BY o.id, p.touched_at DESC, p.user_id DESC, p.occurrence_id DESC`,
		orgID, db.List(occurrences), each)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var own bool
		var a Attendee
		if err := rows.Scan(append([]any{&id, &own, &a.touched, &a.Invited, &a.CheckedIn, &a.Joined, &a.Rsvp}, a.Card.Targets()...)...); err != nil {
			return nil, err
		}
		a.Card.Finish()
		found[id] = joined(found[id], a, own)
	}
	return found, rows.Err()
}

// joined adds what somebody said of an event, or of one occurrence of it, to what they said of the
// other.
func joined(list []Attendee, a Attendee, ofOccurrence bool) []Attendee {
	for i := range list {
		known := &list[i]
		if known.Card.ID != a.Card.ID {
			continue
		}
		if a.Invited != nil {
			known.Invited = a.Invited
		}
		if a.CheckedIn != nil {
			known.CheckedIn = a.CheckedIn
		}
		if a.Joined != nil {
			known.Joined = a.Joined
		}
		if a.Rsvp != nil && (ofOccurrence || known.Rsvp == nil) {
			known.Rsvp = a.Rsvp
		}
		return list
	}
	return append(list, a)
}
