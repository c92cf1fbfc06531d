package department

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Service is what can be done with departments.
type Service struct {
	db    *db.DB
	bus   *bus.Bus
	clock clock.Clock
	store store
}

// New makes the service.
func New(d *db.DB, b *bus.Bus, c clock.Clock) *Service { return &Service{db: d, bus: b, clock: c} }

// stamp is who writes and when.
type stamp struct {
	by string
	ms int64
}

func (s *Service) stamp(who authz.Actor) stamp {
	return stamp{by: who.UserID, ms: clock.Millis(s.clock.Now())}
}

// event is the data of every event of this module.
type event struct {
	ID string `json:"id"`
	By string `json:"by"`
}

func (s *Service) publish(ctx context.Context, tx db.Tx, who authz.Actor, name string, subjects ...string) error {
	events := make([]bus.Event, len(subjects))
	for i, id := range subjects {
		events[i] = bus.Event{OrgID: who.OrgID, Name: name, Subject: id, Data: event{ID: id, By: who.UserID}}
	}
	return s.bus.PublishMany(ctx, tx, events)
}

// List gives a page of the departments by name, with their heads.
func (s *Service) List(ctx context.Context, who authz.Actor, p api.Page) ([]Detail, api.Meta, error) {
	var after position
	if p.Cursor != "" {
		if err := p.DecodeCursor(&after); err != nil {
			return nil, api.Meta{}, err
		}
		p.CurPage = 1
	}
	q := s.db.Reader(ctx)
	total, err := s.store.count(ctx, q, who.OrgID)
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, err := s.store.list(ctx, q, who.OrgID, slice{after, p.Limit() + 1, p.Offset()})
	if err != nil {
		return nil, api.Meta{}, err
	}
	meta := p.Meta(total)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = ids.EncodeCursor(position{key(list[n-1].Name), list[n-1].ID})
	}
	return list, meta, s.addHeads(ctx, q, who.OrgID, list)
}

// addHeads fills in the heads of a whole page with one statement.
func (s *Service) addHeads(ctx context.Context, q db.Queryer, orgID string, list []Detail) error {
	page := make([]string, len(list))
	for i, d := range list {
		page[i] = d.ID
	}
	heads, err := s.store.heads(ctx, q, orgID, page)
	for i, d := range list {
		list[i].Heads = heads[d.ID]
	}
	return err
}

// Get gives one department with its heads.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Detail, error) {
	q := s.db.Reader(ctx)
	d, err := s.store.byID(ctx, q, who.OrgID, id)
	if err != nil {
		return Detail{}, err
	}
	list := []Detail{{Department: d}}
	err = s.addHeads(ctx, q, who.OrgID, list)
	return list[0], err
}

// everybody is the page a listing of people has unless another one is asked for.
var everybody = api.Page{CurPage: 1, PerPage: 1000}

// Roster gives one department with a page of its people by name.
func (s *Service) Roster(ctx context.Context, who authz.Actor, id string, p api.Page) (Roster, error) {
	return s.roster(ctx, s.db.Reader(ctx), who, id, p)
}

func (s *Service) roster(ctx context.Context, q db.Queryer, who authz.Actor, id string, p api.Page) (Roster, error) {
	d, err := s.store.byID(ctx, q, who.OrgID, id)
	if err != nil {
		return Roster{}, err
	}
	heads, err := s.store.headIDs(ctx, q, who.OrgID, id)
	if err != nil {
		return Roster{}, err
	}
	var members []person.Card
	members, err = s.store.members(ctx, q, who.OrgID, id, slice{limit: p.Limit(), offset: p.Offset()})
	return Roster{d, heads, members}, err
}

// Create adds a department with its first people, who leave the departments they were in.
func (s *Service) Create(ctx context.Context, who authz.Actor, in Draft) (Department, error) {
	at := s.stamp(who)
	d := Department{ID: ids.New(), Version: 1, CreatedAt: at.ms, UpdatedAt: at.ms, CreatedBy: at.by, UpdatedBy: at.by}
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.lockDirectory(ctx, tx, who.OrgID); err != nil {
			return err
		}
		var bad fault.Fields
		d.Name = cleanName(&bad, in.Name)
		if err := s.unknown(ctx, tx, who, &bad, named{"/members", in.Members}); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.store.insert(ctx, tx, who.OrgID, d); err != nil {
			return err
		}
		left, err := s.seat(ctx, tx, who, d.ID, nil, in.Members)
		if err != nil {
			return err
		}
		if err := s.publish(ctx, tx, who, "department.created", d.ID); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "department.membersChanged", left...)
	})
	d.MemberCount = len(people(in.Members))
	return d, err
}

// locked runs f on a department that nobody else changes meanwhile.
func (s *Service) locked(ctx context.Context, who authz.Actor, id, ifMatch string, f func(ctx context.Context, tx db.Tx, d Department) error) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.lockDirectory(ctx, tx, who.OrgID); err != nil {
			return err
		}
		if err := s.store.lock(ctx, tx, who.OrgID, []string{id}); err != nil {
			return err
		}
		d, err := s.store.byID(ctx, tx, who.OrgID, id)
		if err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, d.Version); err != nil {
			return err
		}
		return f(ctx, tx, d)
	})
}

// Update renames a department. ifMatch is the If-Match header, "" for none.
func (s *Service) Update(ctx context.Context, who authz.Actor, id, ifMatch string, in Change) (Department, error) {
	var out Department
	err := s.locked(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, d Department) error {
		if out = d; !in.Name.Set {
			return nil
		}
		var bad fault.Fields
		out.Name = cleanName(&bad, in.Name.Value)
		if err := bad.Err(); err != nil || out.Name == d.Name {
			return err
		}
		if err := s.store.touch(ctx, tx, who.OrgID, &out, s.stamp(who)); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "department.updated", id)
	})
	return out, err
}

// Delete removes a department; its people stay without one and head nothing.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return s.locked(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, _ Department) error {
		if err := s.store.remove(ctx, tx, who.OrgID, id, s.stamp(who)); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "department.deleted", id)
	})
}
