package user

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// wanted collects what an input refers to, so that one statement per noun finds out
// whether it exists.
type wanted struct {
	departments, locations, groups, people set
	emails, externalIDs, userNames         set // taken by somebody?
	supervisorEmails                       set
}

// set is a set of texts.
type set map[string]bool

func (s *set) add(values ...string) {
	if *s == nil {
		*s = set{}
	}
	for _, v := range values {
		(*s)[v] = true
	}
}

func (s set) list() []string {
	list := make([]string, 0, len(s))
	for v := range s {
		list = append(list, v)
	}
	return list
}

// known says what of the wanted there is in the organization.
type known struct {
	departments   map[string]string // id or lower-case name -> id
	locations     set
	groups        map[string]group
	membersGroup  string
	people        set               // living, by id
	peopleByEmail map[string]string // living, lower-case e-mail -> id
	emails        set               // taken, lower case
	externalIDs   set
	userNames     set
}

// group is a security group as far as joining it is concerned.
type group struct {
	id, builtin  string
	capabilities []authz.Capability
}

// look finds what of w exists: at most six statements however much is wanted.
func (s store) look(ctx context.Context, q db.Queryer, orgID string, w wanted) (known, error) {
	k := known{
		departments: map[string]string{}, locations: set{}, groups: map[string]group{},
		people: set{}, peopleByEmail: map[string]string{}, emails: set{}, externalIDs: set{}, userNames: set{},
	}
	for _, step := range []func(context.Context, db.Queryer, string, wanted, *known) error{
		s.lookDepartments, s.lookLocations, s.lookGroups, s.lookPeople, s.lookTaken,
	} {
		if err := step(ctx, q, orgID, w, &k); err != nil {
			return k, err
		}
	}
	return k, nil
}

func (store) lookDepartments(ctx context.Context, q db.Queryer, orgID string, w wanted, k *known) error {
	if len(w.departments) == 0 {
		return nil
	}
	names := set{}
	for v := range w.departments {
		names.add(fold(v))
	}
	byID := set{}
	err := each(ctx, q, func(rows db.Rows) error {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		byID.add(id)
		k.departments[name] = id
		return nil
	}, `SELECT id, name_key FROM departments WHERE org_id = ? AND (id {in} OR name_key {in})`,
		orgID, db.List(w.departments.list()), db.List(names.list()))
	for id := range byID { // an id wins over a department that is named like one
		k.departments[id] = id
	}
	return err
}

func (store) lookLocations(ctx context.Context, q db.Queryer, orgID string, w wanted, k *known) error {
	if len(w.locations) == 0 {
		return nil
	}
	return each(ctx, q, func(rows db.Rows) error {
		var id string
		err := rows.Scan(&id)
		k.locations.add(id)
		return err
	}, `SELECT id FROM locations WHERE org_id = ? AND id {in}`, orgID, db.List(w.locations.list()))
}

// lookGroups always finds the group Members as well.
func (store) lookGroups(ctx context.Context, q db.Queryer, orgID string, w wanted, k *known) error {
	return each(ctx, q, func(rows db.Rows) error {
		var g group
		var capabilities string
		if err := rows.Scan(&g.id, &g.builtin, &capabilities); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(capabilities), &g.capabilities); err != nil {
			return fmt.Errorf("capabilities of group %s: %w", g.id, err)
		}
		k.groups[g.id] = g
		if g.builtin == "members" {
			k.membersGroup = g.id
		}
		return nil
	}, `SELECT id, COALESCE(builtin, ''), capabilities FROM security_groups WHERE org_id = ? AND (builtin = 'members' OR id {in})`,
		orgID, db.List(w.groups.list()))
}

func (store) lookPeople(ctx context.Context, q db.Queryer, orgID string, w wanted, k *known) error {
	if len(w.people) == 0 && len(w.supervisorEmails) == 0 {
		return nil
	}
	return each(ctx, q, func(rows db.Rows) error {
		var id, email string
		err := rows.Scan(&id, &email)
		k.people.add(id)
		k.peopleByEmail[email] = id
		return err
	}, `SELECT id, email_key FROM users WHERE org_id = ? AND status <> 'ARCHIVE' AND (id {in} OR email_key {in})`,
		orgID, db.List(w.people.list()), db.List(w.supervisorEmails.list()))
}

// lookTaken finds the e-mails, external ids and user names that somebody has.
func (store) lookTaken(ctx context.Context, q db.Queryer, orgID string, w wanted, k *known) error {
	if len(w.emails) == 0 && len(w.externalIDs) == 0 && len(w.userNames) == 0 {
		return nil
	}
	return each(ctx, q, func(rows db.Rows) error {
		var kind int
		var value string
		err := rows.Scan(&kind, &value)
		switch kind {
		case 1:
			k.emails.add(value)
		case 2:
			k.externalIDs.add(value)
		default:
			k.userNames.add(value)
		}
		return err
	}, `SELECT 1, email_key FROM users WHERE org_id = ? AND email_key {in}
UNION ALL SELECT 2, external_user_id FROM users WHERE org_id = ? AND external_user_id {in}
UNION ALL SELECT 3, user_name FROM users WHERE org_id = ? AND user_name {in}`,
		orgID, db.List(w.emails.list()), orgID, db.List(w.externalIDs.list()), orgID, db.List(w.userNames.list()))
}

// capabilities is the union of what a person's groups give.
func (store) capabilities(ctx context.Context, q db.Queryer, orgID string, ids []string) ([]authz.Capability, error) {
	var all []authz.Capability
	err := each(ctx, q, func(rows db.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		var list []authz.Capability
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return fmt.Errorf("capabilities of a group: %w", err)
		}
		all = append(all, list...)
		return nil
	}, `SELECT DISTINCT g.capabilities FROM security_group_members m
JOIN security_groups g ON g.org_id = m.org_id AND g.id = m.group_id WHERE m.org_id = ? AND m.user_id {in}`, orgID, db.List(ids))
	return all, err
}

// each runs a query and hands every row to f.
func each(ctx context.Context, q db.Queryer, f func(db.Rows) error, query string, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
