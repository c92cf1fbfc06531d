package event

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// store is the SQL of occurrences; that of lists, people, guests and calendars is in files of its
// own, and that of the events themselves is kernel/content's.
type store struct{}

// Occurrence is one occurrence of an event as stored.
type Occurrence struct {
	ID, EventID      string
	Starts, Ends     int64 // ms
	Original         recurrence.Wall
	Moved, Cancelled bool
	Changes          Details
	Going            int
	CallStartedAt    *int64
}

const occurrenceColumns = `o.id, o.event_id, o.starts_at, o.ends_at, o.original, o.moved, o.cancelled, o.changes, o.going, o.call_started_at`

// scan reads occurrenceColumns and whatever follows them.
func (o *Occurrence) scan(from db.Row, more ...any) error {
	var original int64
	var changes string
	to := []any{&o.ID, &o.EventID, &o.Starts, &o.Ends, &original, &o.Moved, &o.Cancelled, &changes, &o.Going, &o.CallStartedAt}
	if err := from.Scan(append(to, more...)...); err != nil {
		return err
	}
	o.Original = recurrence.Wall(original)
	if changes == "" {
		return nil
	}
	return json.Unmarshal([]byte(changes), &o.Changes)
}

// spans are the classes of lengths.
var spans = [...]int64{(24 * time.Hour).Milliseconds(), (32 * 24 * time.Hour).Milliseconds(), (367 * 24 * time.Hour).Milliseconds()}

// spanOf gives the least class that a length fits.
func spanOf(starts, ends int64) int {
	for i, most := range spans {
		if ends-starts <= most {
			return i
		}
	}
	return len(spans) - 1
}

// occurrence gives an occurrence by its id, also one that was taken out of its series.
func (store) occurrence(ctx context.Context, q db.Queryer, orgID, id string) (o Occurrence, err error) {
	err = o.scan(q.QueryRow(ctx, `SELECT `+occurrenceColumns+` FROM event_occurrences o WHERE o.org_id = ? AND o.id = ?`, orgID, id))
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return o, err
}

// occurrences gives all occurrences of an event in their order, also those taken out of it.
func (store) occurrences(ctx context.Context, q db.Queryer, orgID, eventID string) ([]Occurrence, error) {
	rows, err := q.Query(ctx, `SELECT `+occurrenceColumns+` FROM event_occurrences o WHERE o.org_id = ? AND o.event_id = ? ORDER BY o.original`, orgID, eventID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Occurrence
	for rows.Next() {
		var o Occurrence
		if err := o.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, rows.Err()
}

// replace makes a list all the occurrences of an event.
func (s store) replace(ctx context.Context, tx db.Tx, orgID string, r content.Record[Body], list []Occurrence) error {
	if _, err := tx.Exec(ctx, `DELETE FROM event_occurrences WHERE org_id = ? AND event_id = ?`, orgID, r.ID); err != nil {
		return err
	}
	rows := make([][]any, len(list))
	for i, o := range list {
		changes, err := o.changes()
		if err != nil {
			return err
		}
		rows[i] = []any{
			orgID, o.ID, r.ID, listedFor(r, o), spanOf(o.Starts, o.Ends), o.Starts, o.Ends, int64(o.Original), o.Moved, o.Cancelled, changes,
			r.Body.Type, r.Body.Meeting, message.Optional(r.Body.ConversationID), o.Going, o.CallStartedAt,
		}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO event_occurrences (org_id, id, event_id, audience_id, span, starts_at, ends_at, original, moved, cancelled, changes,
		type, is_meeting, conversation_id, going, call_started_at)`, rows, ``)
}

// changes is the stored form of what an occurrence says for itself.
func (o Occurrence) changes() (string, error) {
	if o.Changes == (Details{}) {
		return "", nil
	}
	text, err := json.Marshal(o.Changes)
	return string(text), err
}

// nobody is the audience of what is listed for nobody.
const nobody = 0

// listedFor gives the audience that lists show an occurrence to.
func listedFor(r content.Record[Body], o Occurrence) int64 {
	if r.Status != content.Published || o.Cancelled {
		return nobody
	}
	return r.AudienceID
}

// setFacts keeps what occurrences repeat of their event.
func (store) setFacts(ctx context.Context, tx db.Tx, orgID string, r content.Record[Body]) error {
	_, err := tx.Exec(ctx, `UPDATE event_occurrences SET audience_id = CASE WHEN cancelled THEN 0 ELSE ? END, type = ?, is_meeting = ?, conversation_id = ?
		WHERE org_id = ? AND event_id = ?`, listedFor(r, Occurrence{}), r.Body.Type, r.Body.Meeting, message.Optional(r.Body.ConversationID), orgID, r.ID)
	return err
}

// set stores what one occurrence says for itself.
func (store) set(ctx context.Context, tx db.Tx, orgID string, r content.Record[Body], o Occurrence) error {
	changes, err := o.changes()
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE event_occurrences SET audience_id = ?, span = ?, starts_at = ?, ends_at = ?, moved = ?, cancelled = ?, changes = ?
		WHERE org_id = ? AND id = ?`, listedFor(r, o), spanOf(o.Starts, o.Ends), o.Starts, o.Ends, o.Moved, o.Cancelled, changes, orgID, o.ID)
	return err
}

// handOver gives the occurrences of a series from one on to another series, with what people said
// of them, and what people said of the whole to both.
func (store) handOver(ctx context.Context, tx db.Tx, orgID string, from, to string, at recurrence.Wall) error {
	for _, statement := range []string{
		`UPDATE event_people SET event_id = ?3 WHERE org_id = ?1 AND event_id = ?2 AND occurrence_id IN (
			SELECT o.id FROM event_occurrences o WHERE o.org_id = ?1 AND o.event_id = ?2 AND o.original >= ?4)`,
		`DELETE FROM event_guest_answers WHERE org_id = ?1 AND occurrence_id IN (
			SELECT o.id FROM event_occurrences o WHERE o.org_id = ?1 AND o.event_id = ?2 AND o.original >= ?4 AND ?3 <> '')`,
		`UPDATE event_occurrences SET event_id = ?3 WHERE org_id = ?1 AND event_id = ?2 AND original >= ?4`,
		`INSERT INTO event_people (org_id, event_id, occurrence_id, user_id, place, invited_at, answer, touched_at)
			SELECT org_id, ?3, '', user_id, place, invited_at, answer, touched_at FROM event_people
			WHERE org_id = ?1 AND event_id = ?2 AND occurrence_id = '' AND CAST(?4 AS BIGINT) > 0`,
	} {
		if _, err := tx.Exec(ctx, statement, orgID, from, to, int64(at)); err != nil {
			return err
		}
	}
	return nil
}

// forget removes what belongs to an event.
func (store) forget(ctx context.Context, tx db.Tx, orgID, eventID string) error {
	for _, statement := range []string{
		`DELETE FROM event_people WHERE org_id = ? AND event_id = ?`,
		`DELETE FROM event_mails WHERE org_id = ?1 AND guest_id IN (SELECT g.id FROM event_guests g WHERE g.org_id = ?1 AND g.event_id = ?2)`,
		`DELETE FROM event_guest_answers WHERE org_id = ?1 AND guest_id IN (SELECT g.id FROM event_guests g WHERE g.org_id = ?1 AND g.event_id = ?2)`,
		`DELETE FROM event_guests WHERE org_id = ? AND event_id = ?`,
		`DELETE FROM event_occurrences WHERE org_id = ? AND event_id = ?`,
	} {
		if _, err := tx.Exec(ctx, statement, orgID, eventID); err != nil {
			return err
		}
	}
	return nil
}

// forgetOccurrences removes what people said of occurrences that are gone.
func (store) forgetOccurrences(ctx context.Context, tx db.Tx, orgID, eventID string, gone []string) error {
	if len(gone) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `DELETE FROM event_guest_answers WHERE org_id = ? AND occurrence_id {in}`, orgID, db.List(gone)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM event_people WHERE org_id = ? AND event_id = ? AND occurrence_id {in}`, orgID, eventID, db.List(gone))
	return err
}

// coming gives the next occurrences of an event that are not over.
func (store) coming(ctx context.Context, q db.Queryer, orgID, eventID string, now int64, limit int) ([]Occurrence, error) {
	rows, err := q.Query(ctx, `SELECT `+occurrenceColumns+` FROM event_occurrences o WHERE o.org_id = ? AND o.event_id = ? AND NOT o.cancelled AND o.ends_at >= ?
		ORDER BY o.starts_at, o.id LIMIT ?`, orgID, eventID, now, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Occurrence
	for rows.Next() {
		var o Occurrence
		if err := o.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, rows.Err()
}

// organizedBy gives the published events of somebody that are not over by a time (ms).
func (store) organizedBy(ctx context.Context, q db.Queryer, orgID, author string, now int64) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT e.id FROM events e WHERE e.org_id = ?1 AND e.author_id = ?2 AND e.status = 'PUBLISHED' AND EXISTS (
		SELECT 1 FROM event_occurrences o WHERE o.org_id = ?1 AND o.event_id = e.id AND o.ends_at >= ?3) ORDER BY e.id`, orgID, author, now))
}

// liveBefore counts what takes place of a series before an occurrence.
func (store) liveBefore(ctx context.Context, q db.Queryer, orgID, eventID string, at recurrence.Wall) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM event_occurrences WHERE org_id = ? AND event_id = ? AND original < ? AND NOT cancelled`, orgID, eventID, int64(at)).Scan(&n)
	return n, err
}

// liveAfter counts what takes place of a series after an occurrence.
func (store) liveAfter(ctx context.Context, q db.Queryer, orgID, eventID string, at recurrence.Wall) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM event_occurrences WHERE org_id = ? AND event_id = ? AND original > ? AND NOT cancelled`, orgID, eventID, int64(at)).Scan(&n)
	return n, err
}
