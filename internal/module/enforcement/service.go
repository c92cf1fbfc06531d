package enforcement

import (
	"context"
	"slices"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/due"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/locale"
)

// Source is a module that people owe something to.
type Source interface {
	// Owed gives the template of an item, "" for none, and who of some people has not completed
	// it and by when; nil is everybody. Nobody finishes until the transaction ends.
	Owed(ctx context.Context, tx db.Tx, orgID, id string, people []string) (templateID string, list []due.Owed, err error)
	// Titles gives the titles of items by their ids.
	Titles(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]string, error)
	// ForgetTemplate lets go of a template that is deleted.
	ForgetTemplate(ctx context.Context, tx db.Tx, orgID, templateID string) error
}

// Way is what somebody may have to open to finish what is outstanding.
type Way struct{ Tasks, Courses, Documents, Videos []string }

// Ways know what it takes to finish something.
type Ways interface {
	// Finishing gives what it takes to finish tasks and courses, themselves included.
	Finishing(ctx context.Context, q db.Queryer, orgID string, tasks, courses []string) (Way, error)
	// Shows reports whether a document or video on the way uses a file.
	Shows(ctx context.Context, q db.Queryer, orgID, fileID string, w Way) (bool, error)
}

// Notifier tells people.
type Notifier interface {
	// Remind tells a person through the channels of a reminder, in their inbox whatever becomes of
	// the others. It does so once for a key, and not at all when the transaction fails.
	Remind(ctx context.Context, tx db.Tx, n Notice) error
}

// Deps are what enforcement works with.
type Deps struct {
	DB       *db.DB
	Bus      *bus.Bus
	Jobs     *job.Jobs // nil: nothing is sent by itself
	Clock    clock.Clock
	Notifier Notifier       // nil: nobody is told
	Locales  locale.Locales // nil: everybody reads English, in UTC
	URL      string         // of this server, for links
}

// Service is what can be done with templates and restrictions.
type Service struct {
	Deps

	store   store
	sources map[string]Source // by kind of item
	ways    Ways
}

// The kinds of items that people owe.
const (
	Task   = "task"
	Course = "course"
)

// interval is how often what is due is looked for.
const interval = time.Minute

// remind is the periodic job that sends what is due.
type remind struct{}

// Kind names the job.
func (remind) Kind() string { return "enforcement.remind" }

// New makes the service. Serve must follow before it is used.
func New(d Deps) *Service {
	s := &Service{Deps: d}
	if d.Jobs != nil {
		job.Handle(d.Jobs, func(ctx context.Context, _ remind) error { return s.Run(ctx) })
		d.Jobs.Every(interval, remind{})
	}
	return s
}

// Serve says where what people owe comes from, by kind of item, and what it takes to finish it.
func (s *Service) Serve(sources map[string]Source, ways Ways) { s.sources, s.ways = sources, ways }

// stamp is who writes and when.
type stamp struct {
	by string
	ms int64
}

func (s *Service) now() int64 { return clock.Millis(s.Clock.Now()) }

func (s *Service) stamp(who authz.Actor) stamp { return stamp{who.UserID, s.now()} }

// templateEvent is the data of the events of templates.
type templateEvent struct {
	By string `json:"by"`
}

func (s *Service) publish(ctx context.Context, tx db.Tx, orgID, name, subject string, data any) error {
	return s.Bus.Publish(ctx, tx, bus.Event{OrgID: orgID, Name: name, Subject: subject, Data: data})
}

// Has reports whether an organization has a template.
func (s *Service) Has(ctx context.Context, q db.Queryer, orgID, id string) (bool, error) {
	return s.store.has(ctx, q, orgID, id)
}

// List gives a page of the templates in the order they were made, or the other way round.
func (s *Service) List(ctx context.Context, who authz.Actor, ascending bool, p api.Page) ([]Template, api.Meta, error) {
	part := slice{ascending: ascending, limit: p.Limit() + 1, offset: p.Offset()}
	if p.Cursor != "" {
		part.after, part.offset, p.CurPage = &position{}, 0, 1
		if err := p.DecodeCursor(part.after); err != nil {
			return nil, api.Meta{}, err
		}
	}
	q := s.DB.Reader(ctx)
	total, err := s.store.count(ctx, q, who.OrgID)
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, err := s.store.list(ctx, q, who.OrgID, part)
	if err != nil {
		return nil, api.Meta{}, err
	}
	meta := p.Meta(total)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = ids.EncodeCursor(position{list[n-1].CreatedAt, list[n-1].ID})
	}
	return list, meta, s.store.addReminders(ctx, q, who.OrgID, list)
}

// Get gives one template.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Template, error) {
	return s.store.whole(ctx, s.DB.Reader(ctx), who.OrgID, id)
}

// Create makes a template.
func (s *Service) Create(ctx context.Context, who authz.Actor, d Draft) (Template, error) {
	at := s.stamp(who)
	t := Template{ID: ids.New(), Version: 1, CreatedAt: at.ms}
	if err := d.apply(&t); err != nil {
		return Template{}, err
	}
	return t, s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.insert(ctx, tx, who.OrgID, t, at); err != nil {
			return err
		}
		return s.publish(ctx, tx, who.OrgID, "enforcementTemplate.created", t.ID, templateEvent{who.UserID})
	})
}

// Update changes a template. ifMatch is the If-Match header, "" for none.
func (s *Service) Update(ctx context.Context, who authz.Actor, id, ifMatch string, d Draft) (Template, error) {
	var t Template
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		var err error
		if t, err = s.toChange(ctx, tx, who, id, ifMatch); err != nil {
			return err
		}
		before := t
		if err := d.apply(&t); err != nil {
			return err
		}
		replan := !slices.EqualFunc(before.Reminders, t.Reminders, func(a, b Reminder) bool {
			return a.Medium == b.Medium && a.Unit == b.Unit && a.Amount == b.Amount
		})
		if replan { // what is due by now is due by what the template was
			if err := s.drain(ctx, tx, who.OrgID, id); err != nil {
				return err
			}
		}
		t.Version++
		if err := s.store.update(ctx, tx, who.OrgID, t, s.stamp(who)); err != nil {
			return err
		}
		if replan {
			if err := s.replan(ctx, tx, who.OrgID, id); err != nil {
				return err
			}
		}
		return s.publish(ctx, tx, who.OrgID, "enforcementTemplate.updated", id, templateEvent{who.UserID})
	})
	return t, err
}

// toChange gives a template, locked, in the version that If-Match names.
func (s *Service) toChange(ctx context.Context, tx db.Tx, who authz.Actor, id, ifMatch string) (Template, error) {
	if err := s.store.lock(ctx, tx, who.OrgID, id); err != nil {
		return Template{}, err
	}
	t, err := s.store.whole(ctx, tx, who.OrgID, id)
	if err == nil {
		err = api.CheckMatch(ifMatch, t.Version)
	}
	return t, err
}

// Delete removes a template, and with it what followed from it.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.toChange(ctx, tx, who, id, ifMatch); err != nil {
			return err
		}
		for _, source := range s.sources {
			if err := source.ForgetTemplate(ctx, tx, who.OrgID, id); err != nil {
				return err
			}
		}
		ended, err := s.store.restricting(ctx, tx, who.OrgID, id, s.now())
		if err != nil {
			return err
		}
		if err := s.store.removeTemplate(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, "restriction.ended", ended); err != nil {
			return err
		}
		return s.publish(ctx, tx, who.OrgID, "enforcementTemplate.deleted", id, templateEvent{who.UserID})
	})
}
