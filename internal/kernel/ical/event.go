package ical

import (
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// Method is what a calendar is sent for (RFC 5546, section 1.4).
type Method string

// The methods.
const (
	Publish Method = "PUBLISH" // a feed or a file: nobody is asked anything
	Request Method = "REQUEST" // an invitation, or a change of one
	Cancel  Method = "CANCEL"  // the event, or the occurrence, does not take place
)

// ContentType gives the media type of a calendar written for a method, as mails need it.
func ContentType(method Method) string {
	return "text/calendar; charset=utf-8; method=" + string(method)
}

// Status is how sure it is that an event takes place (RFC 5545, section 3.8.1.11).
type Status string

// The statuses. Read never gives Cancelled.
const (
	Confirmed Status = "CONFIRMED"
	Tentative Status = "TENTATIVE"
	Cancelled Status = "CANCELLED"
)

// Participation is what a guest answered (RFC 5545, section 3.2.12).
type Participation string

// The answers.
const (
	NeedsAction Participation = "NEEDS-ACTION"
	Accepted    Participation = "ACCEPTED"
	Declined    Participation = "DECLINED"
	Maybe       Participation = "TENTATIVE"
)

// Person is somebody with a mail address.
type Person struct {
	Name  string // as shown, may be empty
	Email string
}

// Attendee is a guest.
type Attendee struct {
	Person
	Answer   Participation // NeedsAction when empty
	RSVP     bool          // an answer is wanted
	Optional bool          // need not come
}

// Event is an event to write: one that happens once, a series, or one occurrence of a series.
type Event struct {
	// UID is the same for ever, in all calendars and mails. Occurrences have that of their series.
	UID string
	// Sequence counts the changes that matter to guests.
	Sequence int
	// Stamp is when the event was last changed.
	Stamp time.Time
	// Title, Description and Location are plain text.
	Title, Description, Location string
	// URL is where to read on, http or https; may be empty.
	URL string
	// Rule says when it is, and how it repeats.
	Rule recurrence.Rule
	// AllDay leaves the times of the rule out: the event is from the day of its start to the day
	// of its end, which belongs to it unless the end is a midnight.
	AllDay bool
	// Status is Confirmed when empty.
	Status Status
	// Organizer invites; without an address there is none.
	Organizer Person
	// Attendees are the guests.
	Attendees []Attendee
	// Original is the identity of the occurrence, when this is one of a series; none otherwise.
	// It is on the wall of Rule's zone, unless the event is one of the Overrides of another.
	Original recurrence.Wall
	// Overrides are the occurrences of this series that differ from it. Their UID is that of the
	// series. They need not be exceptions of the rule; if they are, they are written all the same.
	Overrides []Event
	// Alone leaves the series itself out: what is written is about the Overrides alone.
	Alone bool
}

// Calendar is what Write writes.
type Calendar struct {
	Name   string // how programs show a feed, may be empty
	Method Method // Publish when empty
	Events []Event
}

// check says what would make the file one that other programs refuse.
func (c Calendar) check() error {
	for _, e := range c.Events {
		if err := e.check(); err != nil {
			return err
		}
		if c.Method != Request && c.Method != Cancel {
			continue
		}
		if e.Organizer.Email == "" || len(e.Attendees) == 0 {
			return invalid("an invitation needs an organizer and guests with mail addresses")
		}
	}
	return nil
}

func (e Event) check() error {
	if e.UID == "" || e.Stamp.IsZero() {
		return invalid("an event needs a UID and the time of its last change")
	}
	if err := e.Rule.Validate(); err != nil {
		return err
	}
	people := []Person{}
	if e.Organizer != (Person{}) {
		people = append(people, e.Organizer)
	}
	for _, a := range e.Attendees {
		people = append(people, a.Person)
	}
	for _, p := range people {
		if a, err := mail.ParseAddress(p.Email); err != nil || a.Address != p.Email || strings.ContainsFunc(p.Email, unsafeInAddress) {
			return invalid("the mail address of " + clean(p.Name, ' ') + " is not valid")
		}
	}
	if e.URL != "" {
		if u, err := url.Parse(e.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return invalid("the link of an event must begin with http:// or https://")
		}
	}
	if e.Alone && len(e.Overrides) == 0 {
		return invalid("nothing is left of a series without its occurrences")
	}
	for _, o := range e.Overrides {
		if o.Original == 0 || len(o.Overrides) > 0 || o.Rule.Frequency != recurrence.Once {
			return invalid("an occurrence that differs needs its identity and cannot repeat")
		}
		o.UID = e.UID
		if err := o.check(); err != nil {
			return err
		}
	}
	return nil
}

// unsafeInAddress tells what has a meaning around an address.
func unsafeInAddress(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`"<>;,\`, r) }

func invalid(detail string) error { return fault.New(fault.KindInvalid, "ical.invalid", detail) }
