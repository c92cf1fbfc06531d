package event

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ical"
	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// What a feed has: a while back and a year ahead, and at most so many events.
const (
	feedBack  = 90 * 24 * time.Hour
	feedAhead = 366 * 24 * time.Hour
	maxInFeed = 2_000
)

// entry is an event as a calendar is written from it.
type entry struct {
	id        string
	body      Body
	changedAt int64        // ms
	special   []Occurrence // those that were taken out, or say something for themselves
	only      *Occurrence  // the one it is about; nil for all
	organizer person.Card
	url       string // where to read on, or to answer
	attendees []ical.Attendee
}

// calendar gives an event as iCalendar has it.
func (e entry) calendar() ical.Event {
	out := e.body.calendar(e.id, e.changedAt)
	out.Rule, out.URL, out.Attendees = e.body.rule(), e.url, e.attendees
	if e.organizer.Email != "" {
		out.Organizer = ical.Person{Name: fullName(e.organizer), Email: e.organizer.Email}
	}
	if e.only != nil {
		out.Overrides, out.Alone = []ical.Event{e.single(*e.only, out.Organizer)}, true
		return out
	}
	for _, o := range e.special {
		if o.Cancelled {
			out.Rule.Exceptions = append(out.Rule.Exceptions, o.Original)
			continue
		}
		out.Overrides = append(out.Overrides, e.single(o, out.Organizer))
	}
	return out
}

// single gives an occurrence of a series that says something for itself.
func (e entry) single(o Occurrence, organizer ical.Person) ical.Event {
	b := e.body.with(o.Changes)
	out := b.calendar(e.id, e.changedAt)
	out.Rule = recurrence.Rule{
		Frequency: recurrence.Once, Zone: time.UTC,
		Start: recurrence.WallOf(clock.FromMillis(o.Starts)), End: recurrence.WallOf(clock.FromMillis(o.Ends)),
	}
	out.Original, out.URL, out.Organizer, out.Attendees = o.Original, e.url, organizer, e.attendees
	return out
}

func (b *Body) calendar(id string, changedAt int64) ical.Event {
	place := b.Location
	if place == "" {
		place = b.ConferenceLink
	}
	text := b.Description
	if b.ConferenceLink != "" {
		text = strings.TrimSpace(text + "\n\n" + b.ConferenceLink)
	}
	return ical.Event{UID: id, Sequence: b.Sequence, Stamp: clock.FromMillis(changedAt), Title: b.Title, Description: text, Location: place, Status: ical.Confirmed}
}

func fullName(p person.Card) string { return strings.TrimSpace(p.FirstName + " " + p.LastName) }

// special gives, by event, the occurrences that were taken out of their series or say something for
// themselves.
func (store) special(ctx context.Context, q db.Queryer, orgID string, events []string) (map[string][]Occurrence, error) {
	rows, err := q.Query(ctx, `SELECT `+occurrenceColumns+` FROM {each ?2} {thenJoin} event_occurrences o ON o.org_id = ?1 AND o.event_id = n.value
		WHERE o.cancelled OR o.moved OR o.changes <> '' ORDER BY o.event_id, o.original`, orgID, db.List(events))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string][]Occurrence{}
	for rows.Next() {
		var o Occurrence
		if err := o.scan(rows); err != nil {
			return nil, err
		}
		found[o.EventID] = append(found[o.EventID], o)
	}
	return found, rows.Err()
}

// file gives a calendar as a file whose version follows from what is in it.
func file(name string, c ical.Calendar) (*api.File, error) {
	var text bytes.Buffer
	if err := ical.Write(&text, c); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text.Bytes())
	return &api.File{
		Name: name, Type: ical.ContentType(ical.Publish), Inline: true, ETag: `"` + hex.EncodeToString(sum[:16]) + `"`, Content: inMemory{bytes.NewReader(text.Bytes())},
	}, nil
}

// inMemory is a text in memory as a file.
type inMemory struct{ io.ReadSeeker }

// Close implements io.Closer.
func (inMemory) Close() error { return nil }

// Export gives an event, a series with all its occurrences, as a calendar file.
func (s *Service) Export(ctx context.Context, who authz.Actor, id string) (*api.File, error) {
	seen, err := s.Get(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if seen.External != nil {
		return nil, fault.Forbidden("event.external", "This event is in a calendar that you subscribe to: get it there.")
	}
	special, err := s.store.special(ctx, s.DB.Reader(ctx), who.OrgID, []string{seen.EventID})
	if err != nil {
		return nil, err
	}
	e := entryOf(seen.Item, special[seen.EventID])
	return file("event.ics", ical.Calendar{Events: []ical.Event{e.calendar()}})
}

func entryOf(item *content.Shown[Body], special []Occurrence) entry {
	e := entry{id: item.ID, body: item.Body, changedAt: item.UpdatedAt, special: special, organizer: item.Author}
	if links := item.Body.Links; len(links) > 0 {
		e.url = links[0].URL
	}
	return e
}

// feed gives what somebody sees of a while back and a year ahead.
func (s *Service) feed(ctx context.Context, who authz.Actor) (*api.File, error) {
	q, now := s.DB.Reader(ctx), s.Clock.Now()
	visible, err := s.Content.VisibleTo(ctx, who)
	if err != nil {
		return nil, err
	}
	events, err := s.store.eventsBetween(ctx, q, visible.Args, now.Add(-feedBack).UnixMilli(), now.Add(feedAhead).UnixMilli())
	if err != nil {
		return nil, err
	}
	p, err := s.items.Pick(ctx, q, who, events)
	if err != nil {
		return nil, err
	}
	special, err := s.store.special(ctx, q, who.OrgID, events)
	if err != nil {
		return nil, err
	}
	c := ical.Calendar{Name: "WorkDrive", Events: make([]ical.Event, len(p.Items))}
	for i := range p.Items {
		e := entryOf(&p.Items[i], special[p.Items[i].ID])
		c.Events[i] = e.calendar()
	}
	return file("calendar.ics", c)
}

// eventsBetween gives the events that have occurrences in a window, those that begin first.
func (store) eventsBetween(ctx context.Context, q db.Queryer, viewer []any, from, to int64) ([]string, error) {
	l := &lister{&Query{From: &from, To: &to}, append([]any{}, viewer...)}
	keys := l.ranges(`t.event_id, t.starts_at`, `event_occurrences t`, `t.org_id = ?1 AND t.audience_id {inInts ?3}`)
	return db.Strings(q.Query(ctx, `SELECT w.event_id FROM (`+keys+`) w WHERE ?2 <> '' GROUP BY w.event_id ORDER BY MIN(w.starts_at), w.event_id LIMIT `+l.param(maxInFeed), l.args...))
}
