package user

import (
	"context"
	"reflect"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Update changes a person. ifMatch is the If-Match header, "" for none.
func (s *Service) Update(ctx context.Context, who authz.Actor, id, ifMatch string, in Change) (User, error) {
	r, err := s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, id)
	if err != nil {
		return User{}, err
	}
	if err := canEdit(who, id); err != nil {
		return User{}, err
	}
	if err := canChange(who, in); err != nil {
		return User{}, err
	}
	if reflect.ValueOf(in).IsZero() {
		if err := api.CheckMatch(ifMatch, r.version); err != nil {
			return User{}, err
		}
		return s.Get(ctx, who, id)
	}
	if in.unusable, err = s.unusable(ctx, who, in); err != nil {
		return User{}, err
	}
	var changed User
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.change(ctx, tx, who, id, ifMatch, in); err != nil {
			return err
		}
		changed, err = s.read(ctx, tx, who, id)
		return err
	})
	return changed, err
}

// structural says whether the change touches what must stay true over several people.
func (in Change) structural() bool {
	return in.Status.Set || in.ReportsTo.Set || in.Department.Set || in.IsDepartmentHead.Set
}

func (s *Service) change(ctx context.Context, tx db.Tx, who authz.Actor, id, ifMatch string, in Change) error {
	if in.structural() {
		if err := s.store.lockDirectory(ctx, tx, who.OrgID); err != nil {
			return err
		}
	}
	if in.Status.Set || in.Email.Set {
		if err := s.governs(ctx, tx, who, id); err != nil {
			return err
		}
	}
	at := s.stamp(who)
	version, err := s.store.touch(ctx, tx, who.OrgID, id, at)
	if err != nil {
		return err
	}
	if err := api.CheckMatch(ifMatch, version-1); err != nil {
		return err
	}
	before, err := s.store.byID(ctx, tx, who.OrgID, id)
	if err != nil {
		return err
	}
	e := edit{before: before, after: before}
	if err := s.resolveEdit(ctx, tx, who, &e, in); err != nil {
		return err
	}
	return s.keepingAdministrator(ctx, tx, who.OrgID, before.status == Active && e.after.status != Active, func() error {
		return s.save(ctx, tx, who, e, at)
	})
}

// resolveEdit turns the change into the new row, and finds everything that is wrong
// with it at once.
func (s *Service) resolveEdit(ctx context.Context, q db.Queryer, who authz.Actor, e *edit, in Change) error {
	e.applyProfile(in)
	e.applyAccount(in)
	c := e.references(in)
	var w wanted
	c.want(&w)
	if in.Email.Set && fold(c.email) == fold(e.before.email) {
		w.emails = nil
	}
	w.userNames = nil
	k, err := s.store.look(ctx, q, who.OrgID, w)
	if err != nil {
		return err
	}
	c.resolve(k, nil)
	e.Under("", &c.Fields)
	if err := mayJoin(who, k, "/securityGroup", c.group); err != nil {
		return err
	}
	e.place(in, c)
	if k.emails[fold(c.email)] {
		e.taken.Add("/email", "user.emailTaken", emailTaken)
	}
	if c.externalID != nil && k.externalIDs[*c.externalID] && deref(e.before.externalID) != *c.externalID {
		e.taken.Add("/externalUserId", "user.externalUserIdTaken", externalTaken)
	}
	if err := e.Err(); err != nil {
		return err
	}
	if !e.taken.Empty() {
		return (&candidate{taken: e.taken}).conflict()
	}
	return s.checkStructure(ctx, q, who.OrgID, e)
}

// checkStructure refuses cycles of reporting lines and departments without a head.
func (s *Service) checkStructure(ctx context.Context, q db.Queryer, orgID string, e *edit) error {
	r := e.after
	if r.reportsTo != nil && deref(e.before.reportsTo) != *r.reportsTo {
		cycle, err := s.store.above(ctx, q, orgID, *r.reportsTo, r.id)
		if err != nil {
			return err
		}
		if cycle {
			return conflictAt("/reportsTo", "user.reportsToCycle", reportsToCycle)
		}
	}
	demoted := e.before.head && !r.head && r.status != Archive && r.department != nil && deref(e.before.department) == *r.department
	if demoted {
		others, err := s.store.otherHeads(ctx, q, orgID, *r.department, r.id)
		if err != nil {
			return err
		}
		if others == 0 {
			return conflictAt("/isDepartmentHead", "department.lastHead", "A department always has a head: name another one first.")
		}
	}
	return nil
}

// save writes the new row, its links and what follows from them, and tells.
func (s *Service) save(ctx context.Context, tx db.Tx, who authz.Actor, e edit, at stamp) error {
	r, orgID := e.after, who.OrgID
	if err := s.use(ctx, tx, who, e); err != nil {
		return err
	}
	if err := s.store.update(ctx, tx, orgID, r); err != nil {
		return err
	}
	if err := s.changed(ctx, tx, orgID, r.id); err != nil {
		return err
	}
	if err := s.saveLinks(ctx, tx, orgID, e); err != nil {
		return err
	}
	if e.before.status == Archive && r.status != Archive {
		if err := s.store.liftOne(ctx, tx, orgID, r.id); err != nil {
			return err
		}
	}
	name := "user.updated"
	if r.status == Archive && e.before.status != Archive {
		name = "user.archived"
		if err := s.store.liftReports(ctx, tx, orgID, []string{r.id}, at); err != nil {
			return err
		}
	}
	var departments set
	departments.addPtr(e.before.department)
	departments.addPtr(r.department)
	if e.before.head || name == "user.archived" || deref(e.before.department) != deref(r.department) || e.before.status == Archive {
		if err := s.store.lockDepartments(ctx, tx, orgID, departments.list()); err != nil {
			return err
		}
		if err := s.store.ensureHeads(ctx, tx, orgID, departments.list(), at); err != nil {
			return err
		}
	}
	return s.publishEach(ctx, tx, orgID, name, []string{r.id}, who.UserID)
}

// saveLinks removes before it adds: an id in both lists stays.
func (s *Service) saveLinks(ctx context.Context, tx db.Tx, orgID string, e edit) error {
	id := e.after.id
	if len(e.leaveTeams) > 0 {
		if err := s.store.leaveTeams(ctx, tx, orgID, id, e.leaveTeams); err != nil {
			return err
		}
	}
	if len(e.leaveLocations) > 0 {
		if err := s.store.leaveLocations(ctx, tx, orgID, id, e.leaveLocations); err != nil {
			return err
		}
	}
	if err := s.store.link(ctx, tx, insertTeams, orgID, pairs(id, e.addTeams)); err != nil {
		return err
	}
	if err := s.store.link(ctx, tx, insertLocations, orgID, pairs(id, e.addLocations)); err != nil {
		return err
	}
	if e.group == nil {
		return nil
	}
	return s.store.link(ctx, tx, insertGroups, orgID, []pair{{id, *e.group}})
}

// keepingAdministrator runs f and takes it back when it was what left the organization
// without an ACTIVE administrator. The caller holds the directory lock.
func (s *Service) keepingAdministrator(ctx context.Context, tx db.Tx, orgID string, mayLose bool, f func() error) error {
	if !mayLose {
		return f()
	}
	before, err := s.store.activeAdministrators(ctx, tx, orgID)
	if err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	after, err := s.store.activeAdministrators(ctx, tx, orgID)
	if err != nil {
		return err
	}
	if before > 0 && after == 0 {
		return fault.Conflict("user.lastAdministrator", "The last administrator of the organization must stay active.")
	}
	return nil
}

func conflictAt(pointer, code, detail string) error {
	e := fault.Conflict(code, detail)
	e.Fields = []fault.Field{{Pointer: pointer, Code: code, Detail: detail}}
	return e
}
