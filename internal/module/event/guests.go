package event

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/delivery"
	"github.com/workdrive/workdrive/internal/kernel/ical"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// What became of the latest mail to a guest.
const (
	mailNone    = "NONE" // this server sends no mail
	mailWaiting = "WAITING"
	mailSent    = "SENT"
	mailFailed  = "FAILED"
)

// Guest is somebody from outside who is invited.
type Guest struct {
	ID, EventID, Email string
	Answer             *string
	AnsweredAt         *int64
	Mail               string
}

// letter is a mail to a guest, as it waits to be sent.
type letter struct {
	To       string      `json:"to"`
	Subject  string      `json:"subject"`
	Lines    []string    `json:"lines"`
	Link     string      `json:"link,omitempty"` // where to answer
	Method   ical.Method `json:"method"`
	Calendar string      `json:"calendar"`
	At       int64       `json:"at"` // ms
}

// guestPath is below which guests answer.
const guestPath = "/calendar/invitations/"

// oneOccurrence is the parameter that names the occurrence of a series that an answer is about.
const oneOccurrence = "occurrence"

// link is the address at which a guest answers. It is good as long as they are invited.
func (s *Service) link(b *Body, orgID, guestID string) string {
	return s.URL + guestPath + orgID + "." + guestID + "." + signature(b, guestID)
}

func signature(b *Body, guestID string) string {
	mac := hmac.New(sha256.New, []byte(b.Secret))
	mac.Write([]byte(guestID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// matters reports that guests want to know of a change.
func matters(was, is *Body) bool {
	return was.Title != is.Title || was.Description != is.Description || was.Location != is.Location || was.ConferenceLink != is.ConferenceLink ||
		was.Until != is.Until || !samePattern(was.rule(), is.rule())
}

// tellGuests writes to those who were invited to an event, whose invitation changed, or who are not
// invited any more. Nobody hears of what is over.
func (s *Service) tellGuests(ctx context.Context, tx db.Tx, orgID string, before, after content.Record[Body]) error {
	known, err := s.store.guests(ctx, tx, orgID, after.ID)
	if err != nil {
		return err
	}
	if after.Status == content.Deleted { // their rows are gone with it
		for _, email := range before.Body.Guests {
			known = append(known, Guest{ID: ids.New(), Email: email})
		}
		after.Body.Guests = nil
	}
	if len(known) == 0 && len(after.Body.Guests) == 0 {
		return nil
	}
	was, is := before.ID != "" && before.Status == content.Published, after.Status == content.Published
	var stay, gone []Guest
	for _, g := range known {
		if slices.ContainsFunc(after.Body.Guests, func(email string) bool { return strings.EqualFold(email, g.Email) }) {
			stay = append(stay, g)
		} else {
			gone = append(gone, g)
		}
	}
	added, err := s.addGuests(ctx, tx, orgID, after, known)
	if err != nil {
		return err
	}
	if err := s.store.removeGuests(ctx, tx, orgID, gone); err != nil {
		return err
	}
	if s.Mailer == nil || after.Body.over(clock.Millis(s.Clock.Now())) {
		return nil
	}
	if was {
		canceled := before
		canceled.Body.Sequence = max(before.Body.Sequence+1, after.Body.Sequence)
		if err := s.write(ctx, tx, orgID, mailing{event: canceled, method: ical.Cancel, to: gone}); err != nil {
			return err
		}
	}
	switch {
	case !is:
		return nil
	case !was:
		added = append(stay, added...)
	case after.Body.touched != nil:
		return s.tellOfOne(ctx, tx, orgID, after, stay)
	case before.Body.Sequence != after.Body.Sequence:
		added = append(stay, added...)
	}
	return s.write(ctx, tx, orgID, mailing{event: after, method: ical.Request, to: added})
}

// tellOfOne writes to guests about one occurrence of a series: of it alone to those who have got the
// mail before, and to others of the whole, which says of it, too.
func (s *Service) tellOfOne(ctx context.Context, tx db.Tx, orgID string, r content.Record[Body], guests []Guest) error {
	o := *r.Body.touched
	if o.Ends < clock.Millis(s.Clock.Now()) {
		return nil
	}
	about := mailing{event: r, method: ical.Request, only: &o}
	if o.Cancelled {
		about.method = ical.Cancel
	}
	var others []Guest
	for _, g := range guests {
		if g.Mail == mailSent {
			about.to = append(about.to, g)
		} else {
			others = append(others, g)
		}
	}
	var err error
	if about.to, err = s.store.answeredOne(ctx, tx, orgID, o.ID, about.to); err != nil {
		return err
	}
	if err := s.write(ctx, tx, orgID, about); err != nil {
		return err
	}
	return s.write(ctx, tx, orgID, mailing{event: r, method: ical.Request, to: others})
}

// over reports that nothing more comes of an event.
func (b *Body) over(now int64) bool { return b.last() < now }

// last is when the last of an event ends (ms).
func (b *Body) last() int64 {
	last := b.End
	for o := range b.rule().All() {
		last = max(last, o.End.UnixMilli())
	}
	return last
}

func (s *Service) addGuests(ctx context.Context, tx db.Tx, orgID string, r content.Record[Body], known []Guest) ([]Guest, error) {
	var added []Guest
	for i, email := range r.Body.Guests {
		if slices.ContainsFunc(known, func(g Guest) bool { return strings.EqualFold(g.Email, email) }) {
			continue
		}
		g := Guest{ID: ids.New(), EventID: r.ID, Email: email, Mail: mailNone}
		if err := s.store.addGuest(ctx, tx, orgID, g, i); err != nil {
			return nil, err
		}
		added = append(added, g)
	}
	return added, nil
}

// mailing is one mail to some guests of an event.
type mailing struct {
	event  content.Record[Body]
	method ical.Method
	only   *Occurrence // the one it is about; nil for the whole event
	to     []Guest
}

// body is what the mail is about: of one occurrence, what happens once.
func (m mailing) body() Body {
	if m.only == nil {
		return m.event.Body
	}
	b := m.event.Body.with(m.only.Changes)
	b.Frequency, b.Start, b.End = recurrence.Once, m.only.Starts, m.only.Ends
	return b
}

// write leaves mails to be sent once the transaction is done. A mail that still waits for a guest
// is replaced: what it says is not true any more.
func (s *Service) write(ctx context.Context, tx db.Tx, orgID string, m mailing) error {
	if len(m.to) == 0 {
		return nil
	}
	cards, err := person.ByIDs(ctx, tx, orgID, []string{m.event.AuthorID})
	if err != nil {
		return err
	}
	special, err := s.store.special(ctx, tx, orgID, []string{m.event.ID})
	if err != nil {
		return err
	}
	now, about := clock.Millis(s.Clock.Now()), m.body()
	for _, g := range m.to {
		e := entry{
			id: m.event.ID, body: m.event.Body, changedAt: now, special: special[m.event.ID], only: m.only, organizer: cards[m.event.AuthorID],
			attendees: []ical.Attendee{{Person: ical.Person{Email: g.Email}, RSVP: m.method == ical.Request, Answer: participation(g.Answer)}},
		}
		l := letter{To: g.Email, Method: m.method, At: now, Lines: about.lines()}
		if m.method == ical.Request {
			if l.Link = s.link(&m.event.Body, orgID, g.ID); m.only != nil {
				l.Link += "?" + oneOccurrence + "=" + m.only.ID
			}
			e.url = l.Link
		}
		var text bytes.Buffer
		if err := ical.Write(&text, ical.Calendar{Method: m.method, Events: []ical.Event{e.calendar()}}); err != nil {
			return err
		}
		l.Calendar, l.Subject = text.String(), m.subject()
		if err := s.store.replaceMail(ctx, tx, orgID, g, l); err != nil {
			return err
		}
	}
	return s.enqueue(ctx, tx, orgID, m.to)
}

func participation(answer *string) ical.Participation {
	if answer == nil {
		return ical.NeedsAction
	}
	return map[string]ical.Participation{Going: ical.Accepted, NotGoing: ical.Declined, Maybe: ical.Maybe}[*answer]
}

func (m mailing) subject() string {
	word := "Invitation: "
	switch {
	case m.method == ical.Cancel:
		word = "Cancelled: "
	case m.event.Body.Sequence > 0:
		word = "Updated invitation: "
	}
	return word + m.body().Title
}

// lines say in words when and where an event is.
func (b *Body) lines() []string {
	zone := b.zone()
	const form = "Monday, 2 January 2006, 15:04"
	start, end := clock.FromMillis(b.Start).In(zone), clock.FromMillis(b.End).In(zone)
	till := end.Format("15:04")
	if start.Format(time.DateOnly) != end.Format(time.DateOnly) {
		till = end.Format(form)
	}
	when := start.Format(form) + " – " + till + " (" + b.Zone + ")"
	if b.repeats() {
		when += ", " + map[recurrence.Frequency]string{
			recurrence.Daily: "every day", recurrence.Weekly: "every week", recurrence.BiWeekly: "every second week", recurrence.Monthly: "every month",
		}[b.Frequency] + " until " + b.Until
	}
	lines := []string{when}
	for _, line := range []string{b.Location, b.ConferenceLink, b.Description} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// invitation is the job that sends a mail to a guest.
type invitation struct {
	OrgID   string `json:"orgId"`
	GuestID string `json:"guestId"`
	Attempt int    `json:"attempt,omitempty"` // that failed before
}

// Kind names the job.
func (invitation) Kind() string { return "event.invitation" }

// pauses are between attempts to send a mail; after the last one it has failed.
var pauses = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}

func (s *Service) enqueue(ctx context.Context, tx db.Tx, orgID string, to []Guest) error {
	for _, g := range to {
		if err := s.Jobs.Enqueue(ctx, tx, invitation{OrgID: orgID, GuestID: g.ID}, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// send sends the mail that waits for a guest. The key of the mail is that of its row: a second
// attempt is the same mail.
func (s *Service) send(ctx context.Context, j invitation) error {
	id, l, err := s.store.mail(ctx, s.DB.Reader(ctx), j.OrgID, j.GuestID)
	if errors.Is(err, db.ErrNoRows) {
		return nil // it was sent
	}
	if err != nil {
		return err
	}
	state, wait := mailFailed, time.Duration(0)
	if s.Mailer != nil {
		err = s.Mailer.Send(ctx, l.message(id))
		if ctx.Err() != nil && err != nil {
			return ctx.Err() // the server stops; the job is taken up again
		}
		after, again := delivery.Retry(err)
		switch {
		case err == nil:
			state = mailSent
		case again && j.Attempt < len(pauses):
			state, wait = mailWaiting, max(after, pauses[j.Attempt])
		}
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if state == mailWaiting {
			j.Attempt++
			return s.Jobs.Enqueue(ctx, tx, j, s.Clock.Now().Add(wait))
		}
		return s.store.sent(ctx, tx, j.OrgID, id, state)
	})
}

func (l letter) message(id string) mail.Message {
	m := mail.Message{
		Key: id, At: clock.FromMillis(l.At), To: mail.Address{Email: l.To}, Subject: l.Subject, Paragraphs: l.Lines,
		Invitation: &mail.Invitation{Method: string(l.Method), Calendar: []byte(l.Calendar)},
		Footer:     "You get this mail because somebody who uses WorkDrive invited you.",
	}
	if l.Link != "" {
		m.Action = &mail.Action{Label: "Answer", URL: l.Link}
	}
	return m
}

// work says what does the jobs of events.
func (s *Service) work() {
	job.Handle(s.Jobs, s.send)
	job.Handle(s.Jobs, s.fetch)
	job.Handle(s.Jobs, s.look)
	s.Jobs.Every(lookEvery, lookForCalendars{})
}
