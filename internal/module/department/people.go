package department

import (
	"context"
	"slices"
	"strconv"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// ChangeMembers moves people away from and to a department.
func (s *Service) ChangeMembers(ctx context.Context, who authz.Actor, id, ifMatch string, in Members) (Roster, error) {
	var out Roster
	err := s.locked(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, d Department) error {
		var bad fault.Fields
		if err := s.unknown(ctx, tx, who, &bad, named{"/addMembers", in.Add}, named{"/removeMembers", in.Remove}); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		err := s.counted(ctx, tx, who, &d, func() ([]string, error) {
			return s.seat(ctx, tx, who, id, people(in.Remove), in.Add)
		})
		if err != nil {
			return err
		}
		out, err = s.roster(ctx, tx, who, id, everybody)
		return err
	})
	return out, err
}

// ChangeHeads says who heads a department. Whoever is removed stays a member.
func (s *Service) ChangeHeads(ctx context.Context, who authz.Actor, id, ifMatch string, in Heads) (Department, error) {
	var out Department
	err := s.locked(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, d Department) error {
		var bad fault.Fields
		if err := s.unknown(ctx, tx, who, &bad, named{"/add", in.Add}, named{"/remove", in.Remove}); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		for i := range in.Add {
			in.Add[i].Head = true
		}
		out = d
		return s.counted(ctx, tx, who, &out, func() ([]string, error) {
			if err := s.store.demote(ctx, tx, who.OrgID, id, people(in.Remove), s.stamp(who)); err != nil {
				return nil, err
			}
			return s.seat(ctx, tx, who, id, nil, in.Add)
		})
	})
	return out, err
}

// counted runs a change of a department's people, and counts the department's version up and
// tells when it did change them.
func (s *Service) counted(ctx context.Context, tx db.Tx, who authz.Actor, d *Department, change func() ([]string, error)) error {
	before, err := s.store.seats(ctx, tx, who.OrgID, d.ID)
	if err != nil {
		return err
	}
	left, err := change()
	if err != nil {
		return err
	}
	after, err := s.store.seats(ctx, tx, who.OrgID, d.ID)
	if err != nil || slices.Equal(before, after) {
		return err
	}
	if err := s.store.touch(ctx, tx, who.OrgID, d, s.stamp(who)); err != nil {
		return err
	}
	return s.publish(ctx, tx, who, "department.membersChanged", append(left, d.ID)...)
}

// seat takes people out of a department and moves others in, and sees that every department
// it touches has a head. It gives the other departments people left.
func (s *Service) seat(ctx context.Context, tx db.Tx, who authz.Actor, id string, remove []string, add []Member) (left []string, err error) {
	at, added := s.stamp(who), people(add)
	if err := s.store.leave(ctx, tx, who.OrgID, id, remove, at); err != nil {
		return nil, err
	}
	stay, err := s.store.seats(ctx, tx, who.OrgID, id)
	if err != nil {
		return nil, err
	}
	if left, err = s.store.departmentsOf(ctx, tx, who.OrgID, added, id); err != nil {
		return nil, err
	}
	if err := s.store.join(ctx, tx, who.OrgID, id, added, at); err != nil {
		return nil, err
	}
	chosen := heads(add)
	if len(stay) == 0 && len(chosen) == 0 && len(added) > 0 {
		chosen = added[:1] // the first person of an empty department heads it
	}
	if err := s.store.promote(ctx, tx, who.OrgID, id, chosen, at); err != nil {
		return nil, err
	}
	headless, err := s.store.headless(ctx, tx, who.OrgID, id)
	if err != nil {
		return nil, err
	}
	if headless {
		return nil, fault.Conflict("department.needsHead", "A department with members needs a head. Make somebody else head first.")
	}
	return left, s.store.ensureHeads(ctx, tx, who.OrgID, left, at)
}

// named is a list of members with the pointer of its field.
type named struct {
	pointer string
	members []Member
}

// unknown reports everybody who is no person of the organization.
func (s *Service) unknown(ctx context.Context, q db.Queryer, who authz.Actor, bad *fault.Fields, lists ...named) error {
	var all []Member
	for _, l := range lists {
		all = append(all, l.members...)
	}
	list, err := person.Missing(ctx, q, who.OrgID, people(all))
	if err != nil {
		return err
	}
	missing := make(map[string]bool, len(list))
	for _, id := range list {
		missing[id] = true
	}
	for _, l := range lists {
		for i, m := range l.members {
			if missing[m.ID] {
				at := l.pointer + "/" + strconv.Itoa(i)
				if m.object {
					at += "/id"
				}
				bad.Add(at, "user.unknown", "There is no such person.")
			}
		}
	}
	return nil
}
