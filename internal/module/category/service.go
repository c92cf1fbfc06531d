package category

import (
	"context"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// Service is what can be done with categories.
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

// List gives a page of the categories of a module by name.
func (s *Service) List(ctx context.Context, who authz.Actor, moduleCode int64, p api.Page) ([]Category, api.Meta, error) {
	var after position
	if p.Cursor != "" {
		if err := p.DecodeCursor(&after); err != nil {
			return nil, api.Meta{}, err
		}
		p.CurPage = 1
	}
	q := s.db.Reader(ctx)
	total, err := s.store.count(ctx, q, who.OrgID, moduleCode)
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, err := s.store.list(ctx, q, who.OrgID, moduleCode, slice{after, p.Limit() + 1, p.Offset()})
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

// Get gives one category.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Category, error) {
	return s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, id)
}

// Find implements content.Categories.
func (s *Service) Find(ctx context.Context, q db.Queryer, orgID string, moduleCode int, name string) (string, error) {
	return s.store.find(ctx, q, orgID, moduleCode, strings.TrimSpace(name))
}

// Resolve implements content.Categories. Whoever writes a document or an FAQ makes the category
// they name; everywhere else administrators do.
func (s *Service) Resolve(ctx context.Context, tx db.Tx, who authz.Actor, n content.CategoryName) (string, error) {
	id, err := s.Find(ctx, tx, who.OrgID, n.ModuleCode, n.Name)
	if err != nil || id != "" {
		return id, err
	}
	var bad fault.Fields
	if !n.Create || ids.Valid(n.Name) {
		bad.Add(n.Pointer, "category.unknown", "There is no category of this name or id in this module.")
		return "", bad.Err()
	}
	c := Category{ID: ids.New(), ModuleCode: int64(n.ModuleCode), Name: name(&bad, n.Name), Color: defaultColor, Version: 1}
	if !bad.Empty() {
		var below fault.Fields
		below.Under(strings.TrimSuffix(n.Pointer, "/category"), &bad)
		return "", below.Err()
	}
	if err := s.store.insert(ctx, tx, who.OrgID, c, s.stamp(who)); err != nil {
		return "", err
	}
	return c.ID, s.publish(ctx, tx, who, "category.created", c.ID)
}

// Create adds a category to a module.
func (s *Service) Create(ctx context.Context, who authz.Actor, d Draft) (Category, error) {
	c, err := d.check()
	if err != nil {
		return Category{}, err
	}
	c.ID = ids.New()
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.insert(ctx, tx, who.OrgID, c, s.stamp(who)); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "category.created", c.ID)
	})
	return c, err
}

// Update changes a category. ifMatch is the If-Match header, "" for none.
func (s *Service) Update(ctx context.Context, who authz.Actor, id, ifMatch string, in Change) (Category, error) {
	var c Category
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		var err error
		if c, err = s.store.lock(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, c.Version); err != nil {
			return err
		}
		before := c
		if err := in.apply(&c); err != nil || c == before {
			return err
		}
		c.Version++
		if err := s.store.update(ctx, tx, who.OrgID, c, s.stamp(who)); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "category.updated", id)
	})
	return c, err
}

// Delete removes a category.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, err := s.store.lock(ctx, tx, who.OrgID, id)
		if err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, c.Version); err != nil {
			return err
		}
		if err := s.store.remove(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "category.deleted", id)
	})
}
