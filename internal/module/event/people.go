package event

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// The answers to an invitation.
const (
	Going    = "GOING"
	NotGoing = "NOT_GOING"
	Maybe    = "MAYBE"
)

// checkinBefore is how long before its start an occurrence can be checked in to.
const checkinBefore = time.Hour

// eventData says who did what, never what an event says: events cross nodes.
type eventData struct {
	By           string `json:"by"`
	OccurrenceID string `json:"occurrenceId,omitempty"` // "" for the whole series
}

// invite makes people those whom an event invites. Who is invited no longer loses their answers,
// too: of a meeting they know nothing any more. It gives who was not invited before.
func (s *Service) invite(ctx context.Context, tx db.Tx, orgID, eventID string, people []string) (added []string, err error) {
	before, err := s.store.invited(ctx, tx, orgID, eventID)
	if err != nil {
		return nil, err
	}
	for _, id := range people {
		if !slices.Contains(before, id) {
			added = append(added, id)
		}
	}
	var gone []string
	for _, id := range before {
		if !slices.Contains(people, id) {
			gone = append(gone, id)
		}
	}
	if err := s.store.uninvite(ctx, tx, orgID, eventID, gone); err != nil {
		return nil, err
	}
	return added, s.store.setInvited(ctx, tx, orgID, eventID, people, clock.Millis(s.Clock.Now()))
}

// Answer is what somebody says to an invitation.
type Answer struct {
	Rsvp *string `json:"rsvp" enum:"GOING,NOT_GOING,MAYBE" doc:"Whether you come; null takes the answer back"`
}

// Respond keeps whether the actor comes: to one occurrence, or to all of a series.
func (s *Service) Respond(ctx context.Context, who authz.Actor, at Version, in Answer) (Seen, error) {
	var out Seen
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		t, _, scope, err := s.toChange(ctx, tx, who, at)
		if err != nil {
			return err
		}
		answer := part{org: who.OrgID, event: t.event, user: who.UserID, at: clock.Millis(s.Clock.Now())}
		if scope == this {
			answer.occurrence = t.occurrence.ID
		}
		if err := s.store.respond(ctx, tx, answer, in.Rsvp); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, who, "event.answered", answer); err != nil {
			return err
		}
		out, err = s.Get(ctx, who, at.ID)
		return err
	})
	return out, err
}

func (s *Service) tell(ctx context.Context, tx db.Tx, who authz.Actor, name string, p part) error {
	return s.Bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: name, Subject: p.event, Data: eventData{who.UserID, p.occurrence}})
}

// CheckIn keeps that the actor is there. Doing so again changes nothing.
func (s *Service) CheckIn(ctx context.Context, who authz.Actor, id string) (Seen, error) {
	var out Seen
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		o, err := s.oneOccurrence(ctx, tx, who, id)
		if err != nil {
			return err
		}
		now := s.Clock.Now()
		if opens := clock.FromMillis(o.Starts).Add(-checkinBefore); now.Before(opens) || now.UnixMilli() > o.Ends {
			return fault.Conflict("event.notNow", "People check in from an hour before an event begins until it ends.")
		}
		p := part{org: who.OrgID, event: o.EventID, occurrence: o.ID, user: who.UserID, at: clock.Millis(now)}
		if err := s.store.note(ctx, tx, p, `checked_in_at`); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, who, "event.checkedIn", p); err != nil {
			return err
		}
		out, err = s.Get(ctx, who, o.ID)
		return err
	})
	return out, err
}

// oneOccurrence gives the occurrence that an id names, locked: of a series as a whole the one that
// is on or next.
func (s *Service) oneOccurrence(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Occurrence, error) {
	if err := s.notExternal(ctx, tx, who, id); err != nil {
		return Occurrence{}, err
	}
	t, err := s.locate(ctx, tx, who.OrgID, id)
	if err != nil {
		return Occurrence{}, err
	}
	if _, err := s.Content.Lock(ctx, tx, who, noun, t.event); err != nil {
		return Occurrence{}, err
	}
	switch {
	case t.gone:
		return Occurrence{}, fault.NotFound(noun)
	case t.occurrence != nil:
		return *t.occurrence, nil
	}
	return s.store.next(ctx, tx, who.OrgID, t.event, clock.Millis(s.Clock.Now()))
}

// Attendee is somebody who was invited to an occurrence, answered or came.
type Attendee struct {
	person.Card
	Invited, CheckedIn, Joined *int64 // ms
	Rsvp                       *string

	touched int64
}

// attendeePlace is where a list of attendees goes on.
type attendeePlace struct {
	At int64  `json:"t"`
	ID string `json:"i"`
}

// Attendees gives a page of those who were invited to an occurrence, answered or came: who did
// something last first.
func (s *Service) Attendees(ctx context.Context, who authz.Actor, id string, p api.Page) (Attendance, error) {
	q := s.DB.Reader(ctx)
	after, offset := attendeePlace{At: math.MaxInt64}, p.Offset()
	if p.Cursor != "" {
		offset = 0
		if err := p.DecodeCursor(&after); err != nil {
			return Attendance{}, err
		}
	}
	o, organizer, err := s.attended(ctx, q, who, id)
	if err != nil {
		return Attendance{}, err
	}
	var a Attendance
	if a.Total, err = s.store.countAttendees(ctx, q, who.OrgID, o); err != nil {
		return a, err
	}
	if a.List, err = s.store.attendees(ctx, q, who.OrgID, attendeesOf{o, after, p.Limit() + 1, offset}); err != nil {
		return a, err
	}
	if n := p.Limit(); len(a.List) > n {
		a.List = a.List[:n]
		a.next = &attendeePlace{a.List[n-1].touched, a.List[n-1].Card.ID}
	}
	if organizer {
		a.Guests, err = s.store.guestsAt(ctx, q, who.OrgID, o)
	}
	return a, err
}

// Attendance is a page of who has to do with an occurrence.
type Attendance struct {
	List   []Attendee
	Total  int
	Guests []Guest // all from outside, for the organizer alone

	next *attendeePlace
}

// attended gives the occurrence that an id names, and whether the actor is its organizer. What is
// in another calendar has no attendees here.
func (s *Service) attended(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Occurrence, bool, error) {
	t, err := s.locate(ctx, q, who.OrgID, id)
	if err != nil {
		return Occurrence{}, false, err
	}
	item, err := s.Content.Visible(ctx, q, who, noun, t.event)
	switch {
	case fault.Is(err, fault.KindNotFound):
		_, err := s.store.external(ctx, q, who, id)
		return Occurrence{}, false, err
	case err != nil:
		return Occurrence{}, false, err
	case t.gone:
		return Occurrence{}, false, fault.NotFound(noun)
	case t.occurrence != nil:
		return *t.occurrence, item.AuthorID == who.UserID, nil
	}
	o, err := s.store.next(ctx, q, who.OrgID, t.event, clock.Millis(s.Clock.Now()))
	return o, item.AuthorID == who.UserID, err
}
