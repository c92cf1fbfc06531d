package user

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Settings reads an organization's on- and off-boarding settings.
type Settings interface {
	// Value gives the JSON of a setting, nil when the organization has none. The form
	// of "onboarding" and "offboarding" is documented with the settings operations.
	Value(ctx context.Context, q db.Queryer, orgID, name string) ([]byte, error)
}

// Heir hands what a module keeps for one person over to another, in the transaction
// that archives the first.
type Heir func(ctx context.Context, tx db.Tx, orgID, from, to string) error

// Watcher keeps what follows from the names and states of people, in the transaction that
// changes them.
type Watcher func(ctx context.Context, tx db.Tx, orgID string, people []string) error

// Service is the people of every organization.
type Service struct {
	db        *db.DB
	bus       *bus.Bus
	clock     clock.Clock
	settings  Settings
	store     store
	heirs     []Heir
	watchers  []Watcher
	passwords []Watcher
	files     Files         // nil where nothing is uploaded
	hashing   chan struct{} // bounds how many passwords are hashed at once
}

// New makes the service.
func New(d *db.DB, b *bus.Bus, c clock.Clock, settings Settings) *Service {
	return &Service{db: d, bus: b, clock: c, settings: settings, hashing: make(chan struct{}, maxHashing)}
}

// OnHandOver registers what a module hands over when a person leaves with an heir. It
// is called while the program is put together, before requests are served.
func (s *Service) OnHandOver(h Heir) { s.heirs = append(s.heirs, h) }

// OnChange registers what is to hear of people who are made, changed or archived, like
// OnHandOver.
func (s *Service) OnChange(w Watcher) { s.watchers = append(s.watchers, w) }

// OnPassword registers what is to hear of people who get a new password, like OnHandOver.
func (s *Service) OnPassword(w Watcher) { s.passwords = append(s.passwords, w) }

func (s *Service) changed(ctx context.Context, tx db.Tx, orgID string, people ...string) error {
	for _, w := range s.watchers {
		if err := w(ctx, tx, orgID, people); err != nil {
			return err
		}
	}
	return nil
}

// stamp is who writes and when. by is "" for a person who creates themselves.
type stamp struct {
	by string
	ms int64
}

func (s *Service) stamp(who authz.Actor) stamp {
	return stamp{by: who.UserID, ms: clock.Millis(s.clock.Now())}
}

// Get reads one person, former members included.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (User, error) {
	return s.read(ctx, s.db.Reader(ctx), who, id)
}

func (s *Service) read(ctx context.Context, q db.Queryer, who authz.Actor, id string) (User, error) {
	r, err := s.store.byID(ctx, q, who.OrgID, id)
	if err != nil {
		return User{}, err
	}
	users, err := s.complete(ctx, q, who, []record{r})
	if err != nil {
		return User{}, err
	}
	return users[0], nil
}

// List reads a page of people, ordered by last name, first name and id, and how many
// the filter selects in all.
func (s *Service) List(ctx context.Context, who authz.Actor, f Filter, p api.Page) ([]User, api.Meta, error) {
	var users []User
	var meta api.Meta
	part, err := sliceOf(p)
	if err != nil {
		return nil, meta, err
	}
	err = s.db.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		total, err := s.store.count(ctx, q, who.OrgID, f)
		if err != nil {
			return err
		}
		records, err := s.store.list(ctx, q, who.OrgID, f, part)
		if err != nil {
			return err
		}
		meta = p.Meta(total)
		if len(records) == part.limit && meta.GoesOn(p) {
			last := records[len(records)-1]
			meta.NextCursor = ids.EncodeCursor(position{last.sortKey, last.id})
		}
		users, err = s.complete(ctx, q, who, records)
		return err
	})
	return users, meta, err
}

// Supervisors reads a page of the supervisors of a person, or with userID "" of
// everybody who has a living direct report.
func (s *Service) Supervisors(ctx context.Context, who authz.Actor, userID string, p api.Page) ([]person.Card, api.Meta, error) {
	if userID == "" {
		return s.cards(ctx, withReportsSQL, []any{who.OrgID}, p)
	}
	if _, err := s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, userID); err != nil {
		return nil, api.Meta{}, err
	}
	o, id := who.OrgID, userID
	return s.cards(ctx, ofUserSQL, []any{o, id, o, id, o, id, o, id}, p)
}

// cards reads one page of what a list statement of the store selects.
func (s *Service) cards(ctx context.Context, from string, args []any, p api.Page) ([]person.Card, api.Meta, error) {
	var cards []person.Card
	var meta api.Meta
	part, err := sliceOf(p)
	if err != nil {
		return nil, meta, err
	}
	err = s.db.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		found, last, total, err := s.store.cards(ctx, q, from, args, part)
		cards, meta = found, p.Meta(total)
		if len(found) == part.limit && meta.GoesOn(p) {
			meta.NextCursor = ids.EncodeCursor(last)
		}
		return err
	})
	return cards, meta, err
}

// complete adds to records what other tables hold, in two statements.
func (s *Service) complete(ctx context.Context, q db.Queryer, who authz.Actor, records []record) ([]User, error) {
	users := make([]User, len(records))
	index := make(map[string]*User, len(records))
	var userIDs, supervisorIDs []string
	for i, r := range records {
		users[i] = r.view(who.OrgID)
		index[r.id] = &users[i]
		userIDs = append(userIDs, r.id)
		if r.reportsTo != nil {
			supervisorIDs = append(supervisorIDs, *r.reportsTo)
		}
	}
	if len(users) == 0 {
		return users, nil
	}
	relations, err := s.store.relations(ctx, q, who.OrgID, who.UserID, userIDs)
	if err != nil {
		return nil, err
	}
	attach(index, relations)
	cards, err := person.ByIDs(ctx, q, who.OrgID, supervisorIDs)
	if err != nil {
		return nil, err
	}
	for i := range users {
		if id := users[i].ReportsTo; id != nil {
			if card, ok := cards[*id]; ok {
				users[i].ReportsToObj = &card
			}
		}
	}
	return users, nil
}

// personEvent is the data of the events about one person.
type personEvent struct {
	ID string `json:"id"`
	By string `json:"by,omitempty"`
	// Heir is who took over, for user.archived with hand-over.
	Heir string `json:"heir,omitempty"`
}

// publishEach writes the same event about several people.
func (s *Service) publishEach(ctx context.Context, tx db.Tx, orgID, name string, subjects []string, by string) error {
	events := make([]bus.Event, len(subjects))
	for i, id := range subjects {
		events[i] = bus.Event{OrgID: orgID, Name: name, Subject: id, Data: personEvent{ID: id, By: by}}
	}
	return s.bus.PublishMany(ctx, tx, events)
}
