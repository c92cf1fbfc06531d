package location

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Service is what can be done with locations.
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

// List gives a page of the locations by name.
func (s *Service) List(ctx context.Context, who authz.Actor, p api.Page) ([]Location, api.Meta, error) {
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
	return list, meta, nil
}

// Get gives one location with its administrators.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Detail, error) {
	return s.detail(ctx, s.db.Reader(ctx), who, id)
}

func (s *Service) detail(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Detail, error) {
	l, err := s.store.byID(ctx, q, who.OrgID, id)
	if err != nil {
		return Detail{}, err
	}
	admins, err := s.store.admins(ctx, q, who.OrgID, id)
	return Detail{l, admins}, err
}

// Roster gives one location with a page of its people by name.
func (s *Service) Roster(ctx context.Context, who authz.Actor, id string, p api.Page) (Roster, error) {
	return s.roster(ctx, s.db.Reader(ctx), who, id, p)
}

func (s *Service) roster(ctx context.Context, q db.Queryer, who authz.Actor, id string, p api.Page) (Roster, error) {
	l, err := s.store.byID(ctx, q, who.OrgID, id)
	if err != nil {
		return Roster{}, err
	}
	members, err := s.store.members(ctx, q, who.OrgID, id, slice{limit: p.Limit(), offset: p.Offset()})
	return Roster{l, members}, err
}

// Create adds a location without people.
func (s *Service) Create(ctx context.Context, who authz.Actor, d Draft) (Location, error) {
	var bad fault.Fields
	at := s.stamp(who)
	l := Location{
		ID: ids.New(), Name: cleanName(&bad, d.Name), Version: 1,
		CreatedAt: at.ms, UpdatedAt: at.ms, CreatedBy: at.by, UpdatedBy: at.by,
	}
	if err := bad.Err(); err != nil {
		return Location{}, err
	}
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.insert(ctx, tx, who.OrgID, l); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "location.created", l.ID)
	})
	return l, err
}

// locked runs f on a location that nobody else changes meanwhile.
func (s *Service) locked(ctx context.Context, who authz.Actor, id, ifMatch string, f func(ctx context.Context, tx db.Tx, l Location) error) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.lockDirectory(ctx, tx, who.OrgID); err != nil {
			return err
		}
		l, err := s.store.byID(ctx, tx, who.OrgID, id)
		if err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, l.Version); err != nil {
			return err
		}
		return f(ctx, tx, l)
	})
}

// Update renames a location. ifMatch is the If-Match header, "" for none.
func (s *Service) Update(ctx context.Context, who authz.Actor, id, ifMatch string, in Change) (Location, error) {
	var out Location
	err := s.locked(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, l Location) error {
		if out = l; !in.Name.Set {
			return nil
		}
		var bad fault.Fields
		out.Name = cleanName(&bad, in.Name.Value)
		if err := bad.Err(); err != nil || out.Name == l.Name {
			return err
		}
		if err := s.store.touch(ctx, tx, who.OrgID, &out, s.stamp(who)); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "location.updated", id)
	})
	return out, err
}

// Delete removes a location; its people stay without one.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return s.locked(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, _ Location) error {
		if err := s.store.remove(ctx, tx, who.OrgID, id, s.stamp(who)); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "location.deleted", id)
	})
}

// unknown refuses refs that are not people of the organization.
func (s *Service) unknown(ctx context.Context, tx db.Tx, who authz.Actor, fields map[string][]Ref) error {
	var all []Ref
	for _, refs := range fields {
		all = append(all, refs...)
	}
	list, err := person.Missing(ctx, tx, who.OrgID, people(all))
	if err != nil {
		return err
	}
	missing := make(map[string]bool, len(list))
	for _, id := range list {
		missing[id] = true
	}
	var bad fault.Fields
	for _, pointer := range []string{"/addMembers", "/removeMembers", "/add", "/remove"} {
		report(&bad, pointer, fields[pointer], missing)
	}
	return bad.Err()
}

// ChangeMembers moves people away from and to a location.
func (s *Service) ChangeMembers(ctx context.Context, who authz.Actor, id, ifMatch string, in Members) (Roster, error) {
	var out Roster
	err := s.locked(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, l Location) error {
		if err := s.unknown(ctx, tx, who, map[string][]Ref{"/addMembers": in.Add, "/removeMembers": in.Remove}); err != nil {
			return err
		}
		at, left := s.stamp(who), []string(nil)
		removed, err := s.store.leave(ctx, tx, who.OrgID, id, people(in.Remove), at)
		if err != nil {
			return err
		}
		if len(in.Add) > 0 {
			if left, err = s.store.locationsOf(ctx, tx, who.OrgID, people(in.Add)); err != nil {
				return err
			}
		}
		added, err := s.store.join(ctx, tx, who.OrgID, id, people(in.Add), at)
		if err != nil {
			return err
		}
		if removed+added > 0 {
			if err := s.store.touch(ctx, tx, who.OrgID, &l, at); err != nil {
				return err
			}
			left = slices.DeleteFunc(left, func(other string) bool { return other == id })
			if err := s.publish(ctx, tx, who, "location.membersChanged", append(left, id)...); err != nil {
				return err
			}
		}
		out, err = s.roster(ctx, tx, who, id, everybody)
		return err
	})
	return out, err
}

// ChangeAdmins says who administers a location.
func (s *Service) ChangeAdmins(ctx context.Context, who authz.Actor, id, ifMatch string, in Admins) (Detail, error) {
	var out Detail
	err := s.locked(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, l Location) error {
		if err := s.unknown(ctx, tx, who, map[string][]Ref{"/add": in.Add, "/remove": in.Remove}); err != nil {
			return err
		}
		changed, err := s.store.changeAdmins(ctx, tx, who.OrgID, id, people(in.Remove), people(in.Add))
		if err != nil {
			return err
		}
		if changed {
			if err := s.store.touch(ctx, tx, who.OrgID, &l, s.stamp(who)); err != nil {
				return err
			}
			if err := s.publish(ctx, tx, who, "location.updated", id); err != nil {
				return err
			}
		}
		out, err = s.detail(ctx, tx, who, id)
		return err
	})
	return out, err
}

// everybody is the page a listing of people has unless another one is asked for.
var everybody = api.Page{CurPage: 1, PerPage: 1000}
