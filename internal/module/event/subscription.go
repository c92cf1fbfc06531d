package event

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ical"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

const subscriptionNoun = "calendarSubscription"

// Limits and times of subscriptions.
const (
	maxSubscriptions = 50             // of one person
	maxCalendarName  = 100            // characters
	fetchEvery       = time.Hour      // when all is well
	fetchAtMost      = 24 * time.Hour // between attempts when it is not
	externalBack     = 90 * 24 * time.Hour
	externalAhead    = 366 * 24 * time.Hour
	readAgain        = 7 * 24 * time.Hour // what is unchanged is read again after that: its year ahead has moved
	lookEvery        = time.Minute
	fetchedAtOnce    = 100
)

// Subscription is a calendar of somebody else that a person subscribes to.
type Subscription struct {
	ID, UserID, URL, Name string
	ETag, LastModified    string
	DueAt                 int64 // ms
	Failures              int64
	Problem               string
	FetchedAt             *int64
	CoveredUntil          int64
	Version               int64
	CreatedAt             int64
}

// SubscriptionDraft is what a client sends to subscribe to a calendar.
type SubscriptionDraft struct {
	URL  string `json:"url" maxLength:"2048" doc:"Address of an iCalendar file (http, https or webcal)"`
	Name string `json:"name,omitempty" maxLength:"100" doc:"Name to show; its host unless said"`
}

// check gives the subscription that a draft means.
func (d SubscriptionDraft) check(client *egress.Client) (Subscription, error) {
	var bad fault.Fields
	sub := Subscription{ID: ids.New(), URL: strings.TrimSpace(d.URL), Name: strings.TrimSpace(d.Name), Version: 1}
	if rest, ok := strings.CutPrefix(sub.URL, "webcal://"); ok {
		sub.URL = "https://" + rest
	}
	u, err := url.Parse(sub.URL)
	switch {
	case err != nil || len(sub.URL) > 2048:
		bad.Add("/url", "field.format", "This must be the address of a calendar.")
	case client == nil:
		bad.Add("/url", "calendar.off", "This server asks for no pages elsewhere.")
	default:
		if e, ok := fault.As(client.Check(sub.URL)); ok {
			bad.Add("/url", e.Code, e.Detail)
		}
		if sub.Name == "" {
			sub.Name = u.Hostname()
		}
	}
	message.TooLong("/name", "name", sub.Name, maxCalendarName, &bad)
	return sub, bad.Err()
}

// Subscribe subscribes the actor to a calendar, which is fetched in the background. Subscribing
// again gives the subscription there is.
func (s *Service) Subscribe(ctx context.Context, who authz.Actor, d SubscriptionDraft) (Subscription, error) {
	sub, err := d.check(s.Outside)
	if err != nil {
		return sub, err
	}
	now := clock.Millis(s.Clock.Now())
	sub.UserID, sub.CreatedAt, sub.DueAt = who.UserID, now, now
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		list, err := s.store.subscriptions(ctx, tx, who)
		if err != nil {
			return err
		}
		for _, known := range list {
			if known.URL == sub.URL {
				sub = known
				return nil
			}
		}
		if len(list) >= maxSubscriptions {
			return fault.Conflict("calendar.tooMany", "You can subscribe to at most 50 calendars: end another subscription first.")
		}
		if err := s.store.subscribe(ctx, tx, who.OrgID, sub); err != nil {
			return err
		}
		return s.Jobs.Enqueue(ctx, tx, fetchCalendar{who.OrgID, sub.ID, sub.DueAt}, time.Time{})
	})
	return sub, err
}

// Rename gives a subscription of the actor's another name.
func (s *Service) Rename(ctx context.Context, who authz.Actor, id, name string) (Subscription, error) {
	var bad fault.Fields
	if name = strings.TrimSpace(name); name == "" {
		bad.Add("/name", "field.required", "A calendar needs a name.")
	}
	message.TooLong("/name", "name", name, maxCalendarName, &bad)
	var sub Subscription
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if sub, err = s.store.subscription(ctx, tx, who, id); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		sub.Name = name
		return s.store.rename(ctx, tx, who.OrgID, id, name)
	})
	return sub, err
}

// Unsubscribe ends a subscription of the actor's, with everything that came of it.
func (s *Service) Unsubscribe(ctx context.Context, who authz.Actor, id string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.subscription(ctx, tx, who, id); err != nil {
			return err
		}
		return s.store.unsubscribe(ctx, tx, who.OrgID, id)
	})
}

// lookForCalendars is the periodic job that has calendars fetched whose time has come.
type lookForCalendars struct{}

// Kind names the job.
func (lookForCalendars) Kind() string { return "event.lookForCalendars" }

func (s *Service) look(ctx context.Context, _ lookForCalendars) error { return s.FetchDue(ctx) }

// FetchDue has the calendars fetched whose time has come. Each is put off a little, so that it is
// not fetched twice.
func (s *Service) FetchDue(ctx context.Context) error {
	now := s.Clock.Now()
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		list, err := s.store.dueSubscriptions(ctx, tx, clock.Millis(now), fetchedAtOnce)
		for _, j := range list {
			j.DueAt = now.Add(10 * time.Minute).UnixMilli()
			if err == nil {
				err = s.store.putOff(ctx, tx, j)
			}
			if err == nil {
				err = s.Jobs.Enqueue(ctx, tx, j, time.Time{})
			}
		}
		return err
	})
}

// fetchCalendar is the job that fetches a calendar.
type fetchCalendar struct {
	OrgID string `json:"orgId"`
	ID    string `json:"id"`
	DueAt int64  `json:"dueAt"` // of the subscription as the job was made: another job has another
}

// Kind names the job.
func (fetchCalendar) Kind() string { return "event.fetchCalendar" }

// fetch asks for a calendar, if it changed, and keeps what it has. When that does not work, what
// there was stays, and it is tried later and later.
func (s *Service) fetch(ctx context.Context, j fetchCalendar) error {
	sub, err := s.store.subscriptionOf(ctx, s.DB.Reader(ctx), j.OrgID, j.ID)
	if fault.Is(err, fault.KindNotFound) || err == nil && (sub.DueAt != j.DueAt || s.Outside == nil) {
		return nil
	}
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	found, unchanged, err := s.download(ctx, &sub, now)
	if ctx.Err() != nil && err != nil {
		return ctx.Err()
	}
	at := now.UnixMilli()
	if err != nil {
		sub.Failures++
		sub.Problem = reason(err)
		sub.DueAt = now.Add(min(fetchAtMost, fetchEvery<<min(sub.Failures-1, 10))).UnixMilli()
	} else {
		sub.Failures, sub.Problem, sub.FetchedAt, sub.DueAt = 0, "", &at, now.Add(fetchEvery).UnixMilli()
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err == nil && !unchanged {
			if err := s.store.replaceExternals(ctx, tx, j.OrgID, &sub, mergeable{found.Occurrences, at}); err != nil {
				return err
			}
		}
		return s.store.fetched(ctx, tx, j.OrgID, sub)
	})
}

var (
	errStatus = errors.New("the other server does not give the calendar")
	errSent   = errors.New("the other server cannot be reached")
)

// reason is why a calendar could not be read, as its subscriber may know it.
func reason(err error) string {
	if e, ok := fault.As(err); ok {
		return e.Detail
	}
	for _, known := range []error{errStatus, egress.ErrTooLarge} {
		if errors.Is(err, known) {
			return strings.TrimPrefix(known.Error(), "egress: ")
		}
	}
	return errSent.Error()
}

// download asks for a calendar.
func (s *Service) download(ctx context.Context, sub *Subscription, now time.Time) (found ical.Feed, unchanged bool, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, sub.URL, nil)
	if err != nil {
		return found, false, err
	}
	r.Header.Set("Accept", "text/calendar, */*;q=0.1")
	if now.Add(externalAhead-readAgain).UnixMilli() < sub.CoveredUntil {
		if sub.ETag != "" {
			r.Header.Set("If-None-Match", sub.ETag)
		}
		if sub.LastModified != "" {
			r.Header.Set("If-Modified-Since", sub.LastModified)
		}
	}
	answer, err := s.Outside.Do(r)
	if err != nil {
		return found, false, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read only
	switch answer.StatusCode {
	case http.StatusNotModified:
		return found, true, nil
	case http.StatusOK:
	default:
		return found, false, errStatus
	}
	window := ical.Window{From: now.Add(-externalBack), To: now.Add(externalAhead), Zone: time.UTC}
	if found, err = ical.Read(answer.Body, window); err != nil {
		return found, false, err
	}
	sub.ETag, sub.LastModified = clip(answer.Header.Get("ETag")), clip(answer.Header.Get("Last-Modified"))
	sub.CoveredUntil = window.To.UnixMilli()
	return found, false, nil
}

// clip drops validators that are too long to be kept.
func clip(header string) string {
	if len(header) > 500 {
		return ""
	}
	return header
}
