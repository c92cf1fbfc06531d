package securitygroup

import (
	"cmp"
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

// Service is what can be done with security groups.
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

func (s *Service) publish(ctx context.Context, tx db.Tx, who authz.Actor, name, id string) error {
	return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: name, Subject: id, Data: event{ID: id, By: who.UserID}})
}

// List gives a page of the groups by name.
func (s *Service) List(ctx context.Context, who authz.Actor, p api.Page) ([]Group, api.Meta, error) {
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

// Get gives one group.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Group, error) {
	return s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, id)
}

// Roster gives one group with a page of its people by name.
func (s *Service) Roster(ctx context.Context, who authz.Actor, id string, p api.Page) (Roster, error) {
	q := s.db.Reader(ctx)
	g, err := s.store.byID(ctx, q, who.OrgID, id)
	if err != nil {
		return Roster{}, err
	}
	people, err := s.store.members(ctx, q, who.OrgID, id, slice{limit: p.Limit(), offset: p.Offset()})
	return Roster{g, people}, err
}

// Create adds a group without people.
func (s *Service) Create(ctx context.Context, who authz.Actor, d Draft) (Group, error) {
	var bad fault.Fields
	g := Group{ID: ids.New(), Version: 1, Name: cleanName(&bad, d.Name), Capabilities: capabilities(&bad, d.Capabilities)}
	if err := bad.Err(); err != nil {
		return Group{}, err
	}
	if err := mayGive(who, g.Capabilities); err != nil {
		return Group{}, err
	}
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.insert(ctx, tx, who.OrgID, g, s.stamp(who)); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "securityGroup.created", g.ID)
	})
	return g, err
}

// locked runs f on a group while nobody else changes groups, who is in them or the state of
// accounts.
func (s *Service) locked(ctx context.Context, who authz.Actor, id, ifMatch string, f func(ctx context.Context, tx db.Tx, g Group) error) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.lockDirectory(ctx, tx, who.OrgID); err != nil {
			return err
		}
		g, err := s.store.byID(ctx, tx, who.OrgID, id)
		if err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, g.Version); err != nil {
			return err
		}
		return f(ctx, tx, g)
	})
}

// Update renames a group or changes what it allows. ifMatch is the If-Match header, "" for
// none.
func (s *Service) Update(ctx context.Context, who authz.Actor, id, ifMatch string, in Change) (Group, error) {
	var out Group
	err := s.locked(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, g Group) error {
		out = g
		var bad fault.Fields
		if in.Name.Set {
			out.Name = cleanName(&bad, in.Name.Value)
		}
		if in.Capabilities.Set {
			out.Capabilities = capabilities(&bad, in.Capabilities.Value)
		}
		if err := bad.Err(); err != nil || (out.Name == g.Name && slices.Equal(out.Capabilities, g.Capabilities)) {
			return err
		}
		if g.Builtin != nil {
			return builtinFault("A built-in group keeps its name and its capabilities.")
		}
		if err := cmp.Or(mayGive(who, without(out.Capabilities, g.Capabilities)), mayTake(who, without(g.Capabilities, out.Capabilities))); err != nil {
			return err
		}
		if err := s.store.update(ctx, tx, who.OrgID, &out, s.stamp(who)); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "securityGroup.updated", id)
	})
	return out, err
}

// Delete removes a group and who is in it.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return s.locked(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, g Group) error {
		if g.Builtin != nil {
			return builtinFault("A built-in group cannot be deleted.")
		}
		if err := mayTake(who, g.Capabilities); err != nil {
			return err
		}
		if err := s.store.remove(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "securityGroup.deleted", id)
	})
}

// AddMembers puts people into a group. Each of the people knows the pointer it came from.
func (s *Service) AddMembers(ctx context.Context, who authz.Actor, id, ifMatch string, people []Named) (Group, error) {
	return s.change(ctx, who, id, ifMatch, people, func(ctx context.Context, tx db.Tx, g Group, list []string) (int64, error) {
		if err := mayGive(who, g.Capabilities); err != nil {
			return 0, err
		}
		return s.store.join(ctx, tx, who.OrgID, id, list)
	})
}

// RemoveMembers takes people out of a group.
func (s *Service) RemoveMembers(ctx context.Context, who authz.Actor, id, ifMatch string, people []Named) (Group, error) {
	return s.change(ctx, who, id, ifMatch, people, func(ctx context.Context, tx db.Tx, g Group, list []string) (int64, error) {
		if err := mayTake(who, g.Capabilities); err != nil {
			return 0, err
		}
		if !g.is(Administrators) {
			return s.store.leave(ctx, tx, who.OrgID, id, list)
		}
		before, err := s.store.activeAdministrators(ctx, tx, who.OrgID)
		if err != nil {
			return 0, err
		}
		n, err := s.store.leave(ctx, tx, who.OrgID, id, list)
		if err != nil {
			return 0, err
		}
		after, err := s.store.activeAdministrators(ctx, tx, who.OrgID)
		if err == nil && before > 0 && after == 0 {
			err = fault.Conflict("user.lastAdministrator", "The last administrator of the organization must stay active.")
		}
		return n, err
	})
}

// Named is a person's id and the pointer of the field that names them.
type Named struct{ ID, Pointer string }

func (s *Service) change(ctx context.Context, who authz.Actor, id, ifMatch string, people []Named,
	do func(ctx context.Context, tx db.Tx, g Group, list []string) (int64, error),
) (Group, error) {
	var out Group
	err := s.locked(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, g Group) error {
		list, err := s.resolve(ctx, tx, who, people)
		if err != nil {
			return err
		}
		if g.is(Everybody) {
			return builtinFault("Everybody is in the group Members.")
		}
		n, err := do(ctx, tx, g, list)
		if err != nil {
			return err
		}
		if n > 0 {
			if err := s.store.update(ctx, tx, who.OrgID, &g, s.stamp(who)); err != nil {
				return err
			}
			if err := s.publish(ctx, tx, who, "securityGroup.membersChanged", id); err != nil {
				return err
			}
		}
		out, err = s.store.byID(ctx, tx, who.OrgID, id)
		return err
	})
	return out, err
}

// resolve gives the distinct ids of people, or reports all who are not people of the
// organization.
func (s *Service) resolve(ctx context.Context, q db.Queryer, who authz.Actor, people []Named) ([]string, error) {
	if len(people) == 0 {
		return nil, fault.Invalid(fault.Field{Pointer: "/ids", Code: "securityGroup.idsRequired", Detail: "Name at least one person."})
	}
	list, seen := make([]string, 0, len(people)), make(map[string]bool, len(people))
	for _, p := range people {
		if !seen[p.ID] {
			seen[p.ID] = true
			list = append(list, p.ID)
		}
	}
	missing, err := person.Missing(ctx, q, who.OrgID, list)
	if err != nil {
		return nil, err
	}
	unknown := make(map[string]bool, len(missing))
	for _, id := range missing {
		unknown[id] = true
	}
	var bad fault.Fields
	for _, p := range people {
		if unknown[p.ID] {
			bad.Add(p.Pointer, "user.unknown", "There is no such person.")
		}
	}
	return list, bad.Err()
}
