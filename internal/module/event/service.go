package event

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/due"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/locale"
	"github.com/workdrive/workdrive/internal/kernel/mail"
)

// Mailer sends invitations.
type Mailer interface {
	// Send hands a mail over. Its errors are of kernel/delivery.
	Send(ctx context.Context, m mail.Message) error
}

// Deps are what events work with, beside what all kinds of content do.
type Deps struct {
	content.Deps
	Zones         due.Zones      // nil: everybody is in UTC
	Mailer        Mailer         // nil: guests get no mail
	Notifier      Notifier       // nil: nobody is told of changes
	Locales       locale.Locales // nil: everybody reads English, in UTC
	Conversations Conversations  // nil: there are none
	Outside       *egress.Client // for calendars of others; nil: they cannot be subscribed to
	Calls         Calls          // where calls are held; zero: at conference links
	URL           string         // of this server, for links
}

// Service is what can be done with events.
type Service struct {
	Deps

	items *content.Items[Body, *Body]
	store store
}

// New makes the service and registers events as a kind of content.
func New(d Deps) *Service {
	if d.Categories != nil {
		d.Categories = categories{d.Categories}
	}
	s := &Service{Deps: d}
	s.items = content.NewItems[Body](d.Deps, Kind, content.Hooks[Body]{
		Remove:  func(ctx context.Context, tx db.Tx, orgID, id string) error { return s.store.forget(ctx, tx, orgID, id) },
		Changed: s.changed,
	})
	s.work()
	return s
}

// categories looks events' categories up among those of events, then of livestreams.
type categories struct{ content.Categories }

// Find implements content.Categories.
func (c categories) Find(ctx context.Context, q db.Queryer, orgID string, moduleCode int, name string) (string, error) {
	for _, code := range []int{moduleCode, typeEvent + typeLivestream - moduleCode} {
		if id, err := c.Categories.Find(ctx, q, orgID, code, name); err != nil || id != "" {
			return id, err
		}
	}
	return "", nil
}

// Resolve implements content.Categories.
func (c categories) Resolve(ctx context.Context, tx db.Tx, who authz.Actor, n content.CategoryName) (string, error) {
	if id, err := c.Find(ctx, tx, who.OrgID, n.ModuleCode, n.Name); err != nil || id != "" {
		return id, err
	}
	return c.Categories.Resolve(ctx, tx, who, n)
}

// category gives the category that a draft names: of a livestream it is one of livestreams, if
// there is one of that name.
func (s *Service) category(ctx context.Context, orgID string, in Draft, eventType int) (api.Patch[string], error) {
	if in.Type.Set {
		eventType = in.typeNumber(new(fault.Fields))
	}
	all, ok := s.Categories.(categories)
	if in.Category.Value == "" || eventType != typeLivestream || !ok {
		return in.Category, nil
	}
	id, err := all.Categories.Find(ctx, s.DB.Reader(ctx), orgID, typeLivestream, in.Category.Value)
	if err != nil || id == "" {
		return in.Category, err
	}
	return api.Patch[string]{Set: true, Value: id}, nil
}

// Create makes an event of the actor's, with all its occurrences.
func (s *Service) Create(ctx context.Context, who authz.Actor, in Draft) (Seen, error) {
	zones := map[string]string{}
	if s.Zones != nil {
		known, err := s.Zones.Of(ctx, s.DB.Reader(ctx), who.OrgID, []string{who.UserID})
		if err != nil {
			return Seen{}, err
		}
		if z := known[who.UserID]; z != nil {
			zones[who.UserID] = z.String()
		}
	}
	fresh := Body{CallID: ids.New(), Secret: rand.Text(), Zone: "UTC"}
	if z := zones[who.UserID]; z != "" {
		fresh.Zone = z
	}
	change, err := s.change(ctx, who.OrgID, in, typeEvent)
	if err != nil {
		return Seen{}, err
	}
	change.Permissions, err = s.audience(ctx, who, in.Permissions, attending{in.IsMeeting.Value, in.UserIDs.Value, in.ConversationID.Value})
	if err != nil {
		return Seen{}, err
	}
	change.Apply = func(b *Body, bad *fault.Fields) []content.Named {
		*b = fresh
		in.details(b, bad)
		named := in.whole(b, bad)
		if !in.StartDateTime.Set || in.StartDateTime.Null {
			bad.Add("/startDateTime", "field.required", "An event needs a start.")
			return named
		}
		if (!in.EndDateTime.Set || in.EndDateTime.Null) && in.Duration.Value <= 0 {
			bad.Add("/endDateTime", "field.required", "An event needs an end, or a duration in minutes.")
			return named
		}
		in.times(b, anchor{}, bad)
		return named
	}
	change.Also = func(ctx context.Context, tx db.Tx, r content.Record[Body]) error {
		if err := s.heldIn(ctx, tx, who, r.Body.ConversationID, ""); err != nil {
			return err
		}
		_, err := s.invite(ctx, tx, who.OrgID, r.ID, content.Unique(in.UserIDs.Value))
		return err
	}
	p, err := s.items.Create(ctx, who, change)
	if err != nil {
		return Seen{}, err
	}
	return s.Get(ctx, who, p.Items[0].ID)
}

// change is what all changes of events have in common.
func (s *Service) change(ctx context.Context, orgID string, in Draft, eventType int) (content.Change[Body], error) {
	named, err := s.category(ctx, orgID, in, eventType)
	return content.Change[Body]{Publication: in.Publication, Category: named}, err
}

// item reads an event in a transaction that has locked it.
func (s *Service) item(ctx context.Context, tx db.Tx, who authz.Actor, id string) (*content.Shown[Body], error) {
	if _, err := s.Content.Lock(ctx, tx, who, noun, id); err != nil {
		return nil, err
	}
	p, err := s.items.Pick(ctx, tx, who, []string{id})
	if err == nil && len(p.Items) == 0 {
		err = fault.NotFound(noun)
	}
	if err != nil {
		return nil, err
	}
	return &p.Items[0], nil
}

// Update changes an event: an occurrence of a series, it and those after it, or all of them, as
// the parameter repeat says.
func (s *Service) Update(ctx context.Context, who authz.Actor, at Version, in Draft) (Seen, error) {
	if err := s.arrive(ctx, who, in); err != nil {
		return Seen{}, err
	}
	var out Seen
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		t, item, scope, err := s.toChange(ctx, tx, who, at)
		if err != nil {
			return err
		}
		switch scope {
		case this:
			err = s.updateOne(ctx, tx, who, change{at, t, item}, in)
		case following:
			err = s.updateFollowing(ctx, tx, who, change{at, t, item}, in)
		default:
			err = s.updateAll(ctx, who, change{at, t, item}, in)
		}
		if err != nil {
			return err
		}
		if out, err = s.Get(ctx, who, at.ID); fault.Is(err, fault.KindNotFound) { // a shorter series has no such occurrence
			out, err = s.Get(ctx, who, t.event)
		}
		return err
	})
	return out, err
}

// Version names what is to be changed, which occurrences of it, and in which version.
type Version struct{ ID, Repeat, IfMatch string }

// change is a change of an event that was found.
type change struct {
	Version
	target
	item *content.Shown[Body]
}

// toChange finds what a change is about, and locks it. Who sees an event and may not change it
// hears so before anything else is wrong.
func (s *Service) toChange(ctx context.Context, tx db.Tx, who authz.Actor, at Version) (target, *content.Shown[Body], string, error) {
	if err := s.notExternal(ctx, tx, who, at.ID); err != nil {
		return target{}, nil, "", err
	}
	t, err := s.locate(ctx, tx, who.OrgID, at.ID)
	if err != nil {
		return t, nil, "", err
	}
	item, err := s.item(ctx, tx, who, t.event)
	if err != nil {
		return t, nil, "", err
	}
	// It may have gone to another series while the first one was waited for.
	if again, err := s.locate(ctx, tx, who.OrgID, at.ID); err != nil || again.event != t.event {
		return t, nil, "", fault.Conflict("event.changed", "The series was changed at this moment: read it again.")
	}
	scope, err := t.scope(at.Repeat, &item.Body)
	return t, item, scope, err
}

// arrive looks for the files that a change names, before its transaction.
func (s *Service) arrive(ctx context.Context, who authz.Actor, in Draft) error {
	files := slices.DeleteFunc(append([]string{in.PosterID.Value}, in.VideoIDs.Value...), func(id string) bool { return !ids.Valid(id) })
	if len(files) == 0 {
		return nil
	}
	return s.Files.Arrive(ctx, who, files)
}

// Inherit gives a leaver's drafts and scheduled events to their heir, and what they organize that is
// not over: somebody has to be able to move or cancel it. Meetings of conversations of which the heir
// knows nothing stay as they are.
func (s *Service) Inherit(ctx context.Context, tx db.Tx, orgID, from, to string) error {
	if err := s.items.Inherit(ctx, tx, orgID, from, to); err != nil {
		return err
	}
	list, err := s.store.organizedBy(ctx, tx, orgID, from, clock.Millis(s.Clock.Now()))
	if err != nil {
		return err
	}
	for _, id := range list {
		if _, err := s.items.PassOn(ctx, orgID, id, to); err != nil {
			return err
		}
	}
	return nil
}
