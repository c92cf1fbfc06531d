package scim

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// People writes people, by the rules of module/user; app fills it. All of it joins the
// transaction of the context.
type People interface {
	// Create makes a person and gives their id.
	Create(ctx context.Context, who authz.Actor, c Change) (string, error)
	// Update changes a person. ifMatch is as in If-Match, "" for none.
	Update(ctx context.Context, who authz.Actor, id, ifMatch string, c Change) error
	// Archive makes a person a former member.
	Archive(ctx context.Context, who authz.Actor, id, ifMatch string) error
}

// Groups writes security groups, by the rules of module/securitygroup; app fills it like People.
type Groups interface {
	Create(ctx context.Context, who authz.Actor, name string) (string, error)
	Rename(ctx context.Context, who authz.Actor, id, ifMatch, name string) error
	Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error
	Add(ctx context.Context, who authz.Actor, id string, people []string) error
	Remove(ctx context.Context, who authz.Actor, id string, people []string) error
}

// Door admits requests, and keeps in the audit log what came of them; kernel/api's router does.
type Door interface {
	Enter(w http.ResponseWriter, req *http.Request, e api.Entrance) (*api.Visit, error)
}

// Deps are what the service works with.
type Deps struct {
	DB     *db.DB
	Clock  clock.Clock
	Log    *slog.Logger
	People People
	Groups Groups
	URL    string // where clients reach the server
}

// Service is provisioning.
type Service struct {
	Deps
	store store
}

// New makes the service.
func New(d Deps) *Service {
	d.URL = strings.TrimRight(d.URL, "/")
	return &Service{Deps: d}
}

// createUser makes a person, or takes a former member with the same address back.
func (s *Service) createUser(ctx context.Context, who authz.Actor, in *said) (u User, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, n, err := s.plan(ctx, tx, who, in, nil)
		if err != nil {
			return err
		}
		id, err := s.store.formerByEmail(ctx, tx, who.OrgID, fold(c.Email.Value))
		switch {
		case errors.Is(err, db.ErrNoRows):
			id, err = s.People.Create(ctx, who, c)
		case err == nil:
			err = s.People.Update(ctx, who, id, "", c)
		}
		if err != nil {
			return err
		}
		if err := s.name(ctx, tx, who.OrgID, id, n); err != nil {
			return err
		}
		u, err = s.store.user(ctx, tx, who.OrgID, id)
		return err
	})
	return u, err
}

// changeUser changes a person.
func (s *Service) changeUser(ctx context.Context, who authz.Actor, id, ifMatch string, in *said) (u User, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		now, err := s.store.user(ctx, tx, who.OrgID, id)
		if err != nil {
			return err
		}
		c, n, err := s.plan(ctx, tx, who, in, &now)
		if err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, now.Version); err != nil {
			return err
		}
		if c == (Change{}) && n.changed { // the version is the person's
			c.FirstName = api.Patch[string]{Set: true, Value: now.FirstName}
		}
		if c != (Change{}) {
			if err := s.People.Update(ctx, who, id, ifMatch, c); err != nil {
				return err
			}
		}
		if n.changed {
			if err := s.name(ctx, tx, who.OrgID, id, n); err != nil {
				return err
			}
		}
		u, err = s.store.user(ctx, tx, who.OrgID, id)
		return err
	})
	return u, err
}

// deleteUser archives a person, and forgets what the client called them.
func (s *Service) deleteUser(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.user(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		if err := s.People.Archive(ctx, who, id, ifMatch); err != nil {
			return err
		}
		return s.store.forget(ctx, tx, who.OrgID, id)
	})
}

// naming is what a client calls a person.
type naming struct {
	userName string
	external *string
	changed  bool
}

func (s *Service) name(ctx context.Context, tx db.Tx, orgID, id string, n naming) error {
	if err := s.store.forgetFormer(ctx, tx, orgID, n); err != nil {
		return err
	}
	taken, err := s.store.nameTaken(ctx, tx, orgID, id, fold(n.userName))
	if err != nil {
		return err
	}
	if taken {
		return fault.Conflict("scim.userNameTaken", "Another person has this userName.")
	}
	return s.store.put(ctx, tx, orgID, id, n)
}

// plan turns what a request says into a change of a person; now is nil for a new one.
func (s *Service) plan(ctx context.Context, q db.Queryer, who authz.Actor, in *said, now *User) (c Change, n naming, err error) {
	if n, err = in.naming(now); err != nil {
		return c, n, err
	}
	c.Email = in.email(now)
	c.Title, c.Phone, c.EmployeeNumber = in.texts["title"], in.texts["phone"], in.texts["employeenumber"]
	c.FirstName, c.LastName = in.names(now, c.Email.Value)
	c.Status = in.status(now)
	if c.Language = in.texts["preferredlanguage"]; c.Language.Value != "" {
		tag, _, _ := strings.Cut(strings.ReplaceAll(c.Language.Value, ";", ","), ",") // as in Accept-Language
		if c.Language.Value = strings.TrimSpace(tag); !isLanguage(c.Language.Value) {
			c.Language = api.Patch[string]{}
		}
	}
	if c.TimeZone = in.texts["timezone"]; c.TimeZone.Value != "" {
		if zone, err := time.LoadLocation(c.TimeZone.Value); err != nil || zone == time.Local {
			c.TimeZone = api.Patch[string]{}
		}
	}
	for _, ref := range []struct {
		name string
		to   *api.Patch[string]
		find func(ctx context.Context, q db.Queryer, orgID, value string) (string, error)
	}{{"department", &c.DepartmentID, s.store.department}, {"manager", &c.Manager, s.store.manager}} {
		p := in.texts[ref.name]
		if p.Set && !p.Null {
			p.Value, err = ref.find(ctx, q, who.OrgID, p.Value)
			if errors.Is(err, db.ErrNoRows) {
				continue
			}
			if err != nil {
				return c, n, err
			}
		}
		*ref.to = p
	}
	if now == nil && c.Email.Value == "" {
		return c, n, bad("invalidValue", "A person has an e-mail address: send emails, or an address as userName.")
	}
	return c, n, nil
}

func isLanguage(s string) bool {
	_, err := language.Parse(s)
	return err == nil
}

// naming is what the client calls the person from now on.
func (s *said) naming(now *User) (n naming, err error) {
	if now != nil {
		n.userName, n.external = now.UserName, now.ExternalID
	}
	if s.has("username") {
		n.changed = n.changed || n.userName != s.get("username")
		n.userName = s.get("username")
	}
	if p := s.texts["externalid"]; p.Set {
		var to *string
		if !p.Null {
			to = &p.Value
			if err := checkName("externalId", *to); err != nil {
				return n, err
			}
		}
		n.changed = n.changed || (to == nil) != (n.external == nil) || (to != nil && *to != *n.external)
		n.external = to
	}
	return n, checkName("userName", n.userName)
}

// email is the address of the person from now on, unset when it stays. A userName stands for it as
// long as nothing else does.
func (s *said) email(now *User) api.Patch[string] {
	if s.has("email") {
		return s.texts["email"]
	}
	name := s.get("username")
	if isAddress(name) && (now == nil || fold(now.UserName) == fold(now.Email)) {
		return s.texts["username"]
	}
	return api.Patch[string]{}
}

// names are the names of the person from now on. Somebody new always has two.
func (s *said) names(now *User, email string) (first, last api.Patch[string]) {
	if now != nil {
		if s.has("name.givenname") {
			first = s.texts["name.givenname"]
		}
		if s.has("name.familyname") {
			last = s.texts["name.familyname"]
		}
		return first, last
	}
	whole := s.get("name.formatted")
	if whole == "" {
		whole = s.get("displayname")
	}
	first.Set, last.Set = true, true
	first.Value, last.Value = person.Name(s.get("name.givenname"), s.get("name.familyname"), whole, email)
	return first, last
}

// status is the state of the account from now on, unset when it stays.
func (s *said) status(now *User) api.Patch[string] {
	to := func(status string) api.Patch[string] { return api.Patch[string]{Set: true, Value: status} }
	switch {
	case s.active.Set && !s.active.Value && (now == nil || now.Status != blocked):
		return to(blocked)
	case now == nil, s.active.Set && s.active.Value && now.Status == blocked:
		return to(active)
	}
	return api.Patch[string]{}
}

// createGroup makes a group with the people in it.
func (s *Service) createGroup(ctx context.Context, who authz.Actor, in *said) (g Group, err error) {
	if err := checkName("displayName", in.get("displayname")); err != nil {
		return g, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		id, err := s.Groups.Create(ctx, who, in.get("displayname"))
		if err != nil {
			return err
		}
		if err := s.fill(ctx, tx, who, id, in); err != nil {
			return err
		}
		g, err = s.store.group(ctx, tx, who.OrgID, id)
		return err
	})
	return g, err
}

// changeGroup changes a group and who is in it.
func (s *Service) changeGroup(ctx context.Context, who authz.Actor, id, ifMatch string, in *said) (g Group, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		now, err := s.store.group(ctx, tx, who.OrgID, id)
		if err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, now.Version); err != nil {
			return err
		}
		if name := in.get("displayname"); name != "" && name != now.Name {
			if err := s.Groups.Rename(ctx, who, id, ifMatch, name); err != nil {
				return err
			}
		}
		if err := s.fill(ctx, tx, who, id, in); err != nil {
			return err
		}
		g, err = s.store.group(ctx, tx, who.OrgID, id)
		return err
	})
	return g, err
}

// fill sets what a client calls a group, and changes its members in the order of the request.
func (s *Service) fill(ctx context.Context, tx db.Tx, who authz.Actor, id string, in *said) error {
	if p := in.texts["externalid"]; p.Set {
		if !p.Null {
			if err := checkName("externalId", p.Value); err != nil {
				return err
			}
		}
		if err := s.store.nameGroup(ctx, tx, who.OrgID, id, p.Value); err != nil {
			return err
		}
	}
	for _, m := range in.members {
		remove := m.remove
		if m.replace {
			there, err := s.store.memberIDs(ctx, tx, who.OrgID, id)
			if err != nil {
				return err
			}
			remove, m.add = without(there, m.add), without(m.add, there)
		}
		// First those who come: the last administrator may be replaced by another.
		if len(m.add) > 0 {
			if err := s.Groups.Add(ctx, who, id, m.add); err != nil {
				return err
			}
		}
		if len(remove) > 0 {
			if err := s.Groups.Remove(ctx, who, id, remove); err != nil {
				return err
			}
		}
	}
	return nil
}

// without is a list less what another one has.
func without(list, less []string) []string {
	gone := make(map[string]bool, len(less))
	for _, x := range less {
		gone[x] = true
	}
	var rest []string
	for _, x := range list {
		if !gone[x] {
			rest = append(rest, x)
		}
	}
	return rest
}
