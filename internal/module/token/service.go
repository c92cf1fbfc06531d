package token

import (
	"context"
	"log/slog"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// Service is what can be done with keys.
type Service struct {
	db    *db.DB
	bus   *bus.Bus
	clock clock.Clock
	log   *slog.Logger
	store store
	cache *cache
	nouns func() []string // what scopes can name
}

// New makes the service.
func New(d *db.DB, b *bus.Bus, c clock.Clock, log *slog.Logger) *Service {
	return &Service{db: d, bus: b, clock: c, log: log, cache: newCache(b), nouns: func() []string { return nil }}
}

// Created is a new key with its secret, which is shown once.
type Created struct {
	Token
	Secret string
}

// Create makes a key for the actor, or as a manager for somebody else.
func (s *Service) Create(ctx context.Context, who authz.Actor, d Draft) (Created, error) {
	if d.UserID == "" {
		d.UserID = who.UserID
	}
	if err := mayManage(who, d.UserID); err != nil {
		return Created{}, err
	}
	var bad fault.Fields
	d.check(s.clock.Now(), s.nouns(), &bad)
	if err := s.checkHolder(ctx, who.OrgID, d.UserID, &bad); err != nil {
		return Created{}, err
	}
	if err := bad.Err(); err != nil {
		return Created{}, err
	}
	if err := s.mayGrant(ctx, who, d); err != nil {
		return Created{}, err
	}
	return s.insert(ctx, who.OrgID, who.UserID, d, false)
}

// CreateFor is Create for the command line, whose actor has no key of its own that a new one
// could exceed.
func (s *Service) CreateFor(ctx context.Context, who authz.Actor, d Draft) (Created, error) {
	var bad fault.Fields
	d.check(s.clock.Now(), s.nouns(), &bad)
	if err := bad.Err(); err != nil {
		return Created{}, err
	}
	return s.insert(ctx, who.OrgID, who.UserID, d, false)
}

func (s *Service) checkHolder(ctx context.Context, orgID, userID string, bad *fault.Fields) error {
	ok, err := s.store.canHoldKey(ctx, s.db.Reader(ctx), orgID, userID)
	if err == nil && !ok {
		bad.Add("/userId", "user.unknown", "This is not the id of a person of your organization.")
	}
	return err
}

// Regenerate makes a person's key "API Access" and revokes the earlier one.
func (s *Service) Regenerate(ctx context.Context, who authz.Actor, userID string) (Created, error) {
	if err := mayManage(who, userID); err != nil {
		return Created{}, err
	}
	var bad fault.Fields
	if err := s.checkHolder(ctx, who.OrgID, userID, &bad); err != nil {
		return Created{}, err
	}
	if err := bad.Err(); err != nil {
		return Created{}, err
	}
	d := Draft{Name: AccessName, UserID: userID}
	if err := s.mayGrant(ctx, who, d); err != nil {
		return Created{}, err
	}
	return s.insert(ctx, who.OrgID, who.UserID, d, true)
}

func (s *Service) insert(ctx context.Context, orgID, by string, d Draft, replace bool) (Created, error) {
	var c Created
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if replace {
			if err := s.revokeEarlier(ctx, tx, orgID, d.UserID); err != nil {
				return err
			}
		}
		var err error
		c, err = s.issue(ctx, tx, orgID, by, d)
		return err
	})
	return c, err
}

// revokeEarlier revokes a person's key "API Access". Others who do the same wait, so that one
// key of that name is left.
func (s *Service) revokeEarlier(ctx context.Context, tx db.Tx, orgID, userID string) error {
	if err := s.store.lockHolder(ctx, tx, orgID, userID); err != nil {
		return err
	}
	return s.store.revokeNamed(ctx, tx, orgID, userID, AccessName, s.clock.Now().UnixMilli())
}

// Issue makes a key in a transaction without asking who wants it: for the set-up of an
// organization and the command line.
func (s *Service) Issue(ctx context.Context, tx db.Tx, orgID, userID string) (secret string, err error) {
	if err := s.revokeEarlier(ctx, tx, orgID, userID); err != nil {
		return "", err
	}
	c, err := s.issue(ctx, tx, orgID, userID, Draft{Name: AccessName, UserID: userID})
	return c.Secret, err
}

func (s *Service) issue(ctx context.Context, tx db.Tx, orgID, by string, d Draft) (Created, error) {
	c := Created{Secret: newSecret()}
	c.Token = Token{
		ID: ids.New(), UserID: d.UserID, Name: d.Name, Prefix: c.Secret[:prefixLength], Scopes: d.Scopes,
		CreatedAt: s.clock.Now().UnixMilli(), CreatedBy: by,
	}
	if d.ExpiresAt != nil {
		at := d.ExpiresAt.Millis()
		c.ExpiresAt = &at
	}
	if err := s.store.insert(ctx, tx, orgID, hashOf(c.Secret), c.Token); err != nil {
		return Created{}, err
	}
	return c, s.bus.Publish(ctx, tx, bus.Event{OrgID: orgID, Name: "token.created", Subject: c.ID, Data: eventData{d.UserID, by}})
}

// eventData says whose key, and who made or revoked it.
type eventData struct {
	UserID  string `json:"userId"`
	ActorID string `json:"actorId"`
}

// List gives a page of a person's keys; "" is the actor.
func (s *Service) List(ctx context.Context, who authz.Actor, userID string, p api.Page) ([]Token, api.Meta, error) {
	if userID == "" {
		userID = who.UserID
	}
	if err := mayManage(who, userID); err != nil {
		return nil, api.Meta{}, err
	}
	after := newest
	if p.Cursor != "" {
		if err := p.DecodeCursor(&after); err != nil {
			return nil, api.Meta{}, err
		}
		p.CurPage = 1
	}
	list, total, err := s.store.list(ctx, s.db.Reader(ctx), who.OrgID, userID, slice{after, p.Limit() + 1, p.Offset()})
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

// Revoke ends a key. It stops working at once on this node, within a second on others.
func (s *Service) Revoke(ctx context.Context, who authz.Actor, id string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		t, err := s.toRevoke(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := s.store.revoke(ctx, tx, who.OrgID, id, s.clock.Now().UnixMilli()); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: "token.revoked", Subject: id, Data: eventData{t.UserID, who.UserID}})
	})
}
