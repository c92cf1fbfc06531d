package org

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// FirstPerson is the administrator a new organization begins with.
type FirstPerson struct {
	ID, Email, FirstName, LastName string
	PasswordHash                   string // "" for a person who is invited
	Active                         bool
	GroupIDs                       []string // the built-in groups they join
}

// People creates first administrators; module/user does.
type People interface {
	CreateFirst(ctx context.Context, tx db.Tx, orgID string, p FirstPerson) error
}

// Keys issues a person's API key; module/token does.
type Keys interface {
	Issue(ctx context.Context, tx db.Tx, orgID, userID string) (secret string, err error)
}

// Service is what can be done with organizations.
type Service struct {
	db     *db.DB
	bus    *bus.Bus
	clock  clock.Clock
	people People
	keys   Keys
	files  Files // nil where nothing is uploaded
	store  store
}

// New makes the service.
func New(d *db.DB, b *bus.Bus, c clock.Clock, people People, keys Keys) *Service {
	return &Service{db: d, bus: b, clock: c, people: people, keys: keys}
}

// Setup describes the first organization. PasswordHash is argon2id.
type Setup struct {
	Name, Email, FirstName, LastName, PasswordHash string
}

// Result is a new organization with its administrator's key, which is shown once.
type Result struct {
	Organization Organization
	UserID       string
	Email        string
	AccessToken  string
}

// Setup creates the root organization. In an installation that has one already it is a
// Conflict fault, org.alreadySetUp, and changes nothing.
func (s *Service) Setup(ctx context.Context, in Setup) (Result, error) {
	d := Draft{Name: in.Name, Admin: Admin{FirstName: in.FirstName, LastName: in.LastName, Email: in.Email}}
	var bad fault.Fields
	if d.check(&bad); !bad.Empty() {
		return Result{}, bad.Err()
	}
	var out Result
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.claimRoot(ctx, tx); err != nil {
			return err
		}
		there, err := s.store.exists(ctx, tx)
		if err != nil {
			return err
		}
		if there {
			return fault.Conflict("org.alreadySetUp", "This installation has been set up already.")
		}
		out, err = s.found(ctx, tx, d, nil, in.PasswordHash)
		return err
	})
	return out, err
}

// Exists reports whether the installation has been set up.
func (s *Service) Exists(ctx context.Context) (bool, error) {
	return s.store.exists(ctx, s.db.Reader(ctx))
}

// Several reports whether there are more organizations than the first.
func (s *Service) Several(ctx context.Context) (bool, error) {
	return s.store.several(ctx, s.db.Reader(ctx))
}

// Create makes a child of the root organization, with an administrator who is active at once
// through the key in the result and sets a password when they are invited.
func (s *Service) Create(ctx context.Context, who authz.Actor, d Draft) (Result, error) {
	if err := mayCreate(who); err != nil {
		return Result{}, err
	}
	var bad fault.Fields
	if d.check(&bad); !bad.Empty() {
		return Result{}, bad.Err()
	}
	var out Result
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		// One at a time, so that two of the same name do not take the same subdomain.
		_, err := s.store.lock(ctx, tx, who.OrgID)
		if err != nil {
			return err
		}
		out, err = s.found(ctx, tx, d, &who.OrgID, "")
		return underAdmin(err)
	})
	return out, err
}

// underAdmin says where in the request the fields of the first administrator are.
func underAdmin(err error) error {
	f, ok := fault.As(err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	moved := *f
	moved.Fields = slices.Clone(f.Fields)
	for i := range moved.Fields {
		moved.Fields[i].Pointer = "/admin" + moved.Fields[i].Pointer
	}
	return &moved
}

// found writes a new organization with everything it begins with.
func (s *Service) found(ctx context.Context, tx db.Tx, d Draft, parent *string, passwordHash string) (Result, error) {
	name := strings.TrimSpace(d.Name)
	o := Organization{
		ID: ids.New(), ParentID: parent, Status: Active, AuthMethod: Internal, CreatedAt: s.clock.Now().UnixMilli(), CreatedBy: ids.New(),
		Version: 1, Profile: Profile{Name: name, LegalName: &name},
	}
	if d.Auth != nil && d.Auth.Method != "" {
		o.AuthMethod = d.Auth.Method
	}
	for attempt := 0; ; attempt++ {
		o.Subdomain = subdomain(name, attempt)
		taken, err := s.store.taken(ctx, tx, o.Subdomain)
		if err != nil {
			return Result{}, err
		}
		if !taken {
			break
		}
	}
	if err := s.store.insert(ctx, tx, o); err != nil {
		return Result{}, err
	}
	administrators, members := ids.New(), ids.New()
	first := FirstPerson{
		ID: o.CreatedBy, Email: d.Admin.Email, FirstName: or(d.Admin.FirstName, "Administrator"), LastName: or(d.Admin.LastName, cut(name, maxLastName)),
		PasswordHash: passwordHash, Active: true, GroupIDs: []string{administrators, members},
	}
	if err := s.store.insertGroups(ctx, tx, o, administrators, members); err != nil {
		return Result{}, err
	}
	if err := s.people.CreateFirst(ctx, tx, o.ID, first); err != nil {
		return Result{}, err
	}
	secret, err := s.keys.Issue(ctx, tx, o.ID, first.ID)
	if err != nil {
		return Result{}, err
	}
	err = s.bus.Publish(ctx, tx, bus.Event{OrgID: o.ID, Name: "organization.created", Subject: o.ID})
	return Result{Organization: o, UserID: first.ID, Email: first.Email, AccessToken: secret}, err
}

// maxLastName is what a person's last name has room for.
const maxLastName = 100

// cut gives the first n characters of a text.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return strings.TrimSpace(string(r[:n]))
	}
	return s
}

func or(s, otherwise string) string {
	if strings.TrimSpace(s) == "" {
		return otherwise
	}
	return s
}

// Get gives an organization the actor may know of; "" is their own.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Organization, error) {
	if id == "" {
		id = who.OrgID
	}
	return s.visible(ctx, s.db.Reader(ctx), who, id)
}

// List gives a page of the actor's organization and its children.
func (s *Service) List(ctx context.Context, who authz.Actor, p api.Page) ([]Organization, api.Meta, error) {
	var after position
	if p.Cursor != "" {
		if err := p.DecodeCursor(&after); err != nil {
			return nil, api.Meta{}, err
		}
		p.CurPage = 1
	}
	list, total, err := s.store.list(ctx, s.db.Reader(ctx), who.OrgID, slice{after, p.Limit() + 1, p.Offset()})
	if err != nil {
		return nil, api.Meta{}, err
	}
	meta := p.Meta(total)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = ids.EncodeCursor(position{list[n-1].CreatedAt, list[n-1].ID})
	}
	return list, meta, nil
}

// Update changes the actor's organization or a child of it.
func (s *Service) Update(ctx context.Context, who authz.Actor, id string, c Change, ifMatch string) (Organization, error) {
	unusable, err := s.unusable(ctx, who, id, c)
	if err != nil {
		return Organization{}, err
	}
	var o Organization
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		var err error
		if o, err = s.visible(ctx, tx, who, id); err != nil {
			return err
		}
		if o, err = s.store.lock(ctx, tx, id); err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, o.Version); err != nil {
			return err
		}
		if err := maySuspend(who, o, c); err != nil {
			return err
		}
		if reflect.ValueOf(c).IsZero() {
			return nil
		}
		var bad fault.Fields
		c.apply(&o.Profile, &bad)
		illustrated := c.applyLogo(&o.Profile, unusable, &bad)
		if err := bad.Err(); err != nil {
			return err
		}
		if illustrated {
			if err := s.use(ctx, tx, who, o); err != nil {
				return err
			}
		}
		if c.Status.Set && !c.Status.Null {
			o.Status = c.Status.Value
		}
		now := s.clock.Now().UnixMilli()
		o.UpdatedAt = &now
		if err := s.store.update(ctx, tx, o); err != nil {
			return err
		}
		o.Version++
		return s.bus.Publish(ctx, tx, bus.Event{OrgID: id, Name: "organization.updated", Subject: id})
	})
	return o, err
}

// BySubdomain finds an organization for the command line; "" is the root organization.
func (s *Service) BySubdomain(ctx context.Context, subdomain string) (Organization, error) {
	return s.store.bySubdomain(ctx, s.db.Reader(ctx), subdomain)
}
