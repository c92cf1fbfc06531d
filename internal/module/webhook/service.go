package webhook

import (
	"context"
	"log/slog"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/changes"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/seal"
)

const noun, hookNoun = "webhook", "hook"

// Conversations are where programs write.
type Conversations interface {
	// MayAdminister gives an error unless the actor is an admin of a group chat.
	MayAdminister(ctx context.Context, q db.Queryer, who authz.Actor, id string) error
	// SendAs writes a text as a program that the actor has let in, and gives the message's id.
	SendAs(ctx context.Context, who authz.Actor, id, hook, text string) (string, error)
}

// Deps are what the service works with.
type Deps struct {
	DB            *db.DB
	Bus           *bus.Bus
	Jobs          *job.Jobs
	Clock         clock.Clock
	Log           *slog.Logger
	Changes       *changes.Changes
	Conversations Conversations
	Client        *egress.Client // that sends; Options.Timeout is its patience
	URL           string         // of this server
	Keys          seal.Keys
}

// Service is what can be done with webhooks.
type Service struct {
	Deps
	store   store
	log     *bus.Log
	cursors bus.Cursors
	client  *egress.Client
	wake    chan struct{}
	paces   *otter.Cache[string, *rate.Limiter] // of addresses that programs write to
}

// New makes the service and its jobs. Run hands events to webhooks.
func New(ctx context.Context, d Deps) (*Service, error) {
	s := &Service{
		Deps: d, log: d.Bus.Log(), client: d.Client.WithoutRedirects(), wake: make(chan struct{}, 1),
		paces: otter.Must(&otter.Options[string, *rate.Limiter]{MaximumSize: 10_000}),
	}
	var err error
	if s.cursors, err = s.log.Cursors(ctx); err != nil {
		return nil, err
	}
	d.Bus.Subscribe(nil, func(bus.Delivered) {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	})
	s.work()
	return s, nil
}

func (s *Service) now() int64 { return clock.Millis(s.Clock.Now()) }

// gate hides webhooks that there are not.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.store.byID(ctx, s.DB.Reader(ctx), who.OrgID, id, "")
	return err
}

// toChange gives a webhook of the actor's.
func (s *Service) toChange(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Webhook, error) {
	w, err := s.store.byID(ctx, tx, who.OrgID, id, " {forUpdate}")
	if err == nil && w.OwnerID != who.UserID {
		err = fault.Forbidden("webhook.notOwner", "Only its owner changes where a webhook goes: it is told what they may see. You can delete it.")
	}
	return w, err
}

func (s *Service) checkURL(url string, bad *fault.Fields) {
	if f, ok := fault.As(s.client.Check(url)); ok {
		bad.Add("/url", f.Code, f.Detail)
	} else if len(url) > maxURL || url == "" {
		bad.Add("/url", "url.invalid", "A webhook needs an address of at most 2048 characters.")
	}
}

// Create makes a webhook of the actor's.
func (s *Service) Create(ctx context.Context, who authz.Actor, in Draft) (Webhook, error) {
	now := s.now()
	w := Webhook{
		ID: ids.New(), OwnerID: who.UserID, Name: in.Name, URL: in.URL, Scopes: who.Scopes, Secret: newSecret(), Active: true, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	w.sealed = s.Keys.Seal(w.Secret, sealedFor(w.ID))
	var bad fault.Fields
	checkName(w.Name, &bad)
	s.checkURL(w.URL, &bad)
	w.Types = s.Changes.Types(in.Types, "/types", changes.Logged, &bad)
	if err := bad.Err(); err != nil {
		return w, err
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		all, err := s.store.list(ctx, tx, who.OrgID)
		if err == nil && len(all) >= maxWebhooks {
			err = fault.Conflict("webhook.tooMany", "An organization has at most 200 webhooks. Delete one first.")
		}
		if err != nil {
			return err
		}
		if w.From, err = s.begin(ctx, tx); err != nil {
			return err
		}
		return s.store.insert(ctx, tx, who.OrgID, w)
	})
	return w, err
}

// begin gives the place behind which a webhook is told what happens. The first webhook of all has
// the log handed out from there on.
func (s *Service) begin(ctx context.Context, tx db.Tx) (bus.Position, error) {
	end, err := s.log.End(ctx, tx)
	if err != nil {
		return end, err
	}
	if active, err := s.store.anyActive(ctx, tx); err != nil || active {
		return end, err
	}
	return end, s.store.setPlace(ctx, tx, end)
}

// Update changes a webhook of the actor's. ifMatch is the If-Match header, "" for none.
func (s *Service) Update(ctx context.Context, who authz.Actor, id, ifMatch string, in Change) (Webhook, error) {
	var w Webhook
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if w, err = s.toChange(ctx, tx, who, id); err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, w.Version); err != nil {
			return err
		}
		var bad fault.Fields
		if in.Name.Set {
			w.Name = in.Name.Value
			checkName(w.Name, &bad)
		}
		if in.URL.Set {
			w.URL = in.URL.Value
			s.checkURL(w.URL, &bad)
		}
		if in.Types.Set {
			w.Types = s.Changes.Types(in.Types.Value, "/types", changes.Logged, &bad)
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if in.Active.Set && in.Active.Value && !w.Active {
			if w.From, err = s.begin(ctx, tx); err != nil {
				return err
			}
			w.Reason, w.FailingSince = nil, nil
		}
		if in.Active.Set {
			w.Active = in.Active.Value
		}
		w.UpdatedAt = s.now()
		w.Version++
		return s.store.update(ctx, tx, who.OrgID, w)
	})
	return w, err
}

// Rotate gives a webhook of the actor's another secret, which holds at once.
func (s *Service) Rotate(ctx context.Context, who authz.Actor, id string) (Webhook, error) {
	var w Webhook
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if w, err = s.toChange(ctx, tx, who, id); err != nil {
			return err
		}
		w.Secret, w.UpdatedAt = newSecret(), s.now()
		w.sealed = s.Keys.Seal(w.Secret, sealedFor(w.ID))
		w.Version++
		return s.store.update(ctx, tx, who.OrgID, w)
	})
	return w, err
}

// Delete removes a webhook with its deliveries.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.byID(ctx, tx, who.OrgID, id, " {forUpdate}"); err != nil {
			return err
		}
		return s.store.remove(ctx, tx, who.OrgID, id)
	})
}

// Redeliver sends an event to a webhook of the actor's again, as another delivery of the same id.
func (s *Service) Redeliver(ctx context.Context, who authz.Actor, id, deliveryID string) (Delivery, error) {
	var d Delivery
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		w, err := s.toChange(ctx, tx, who, id)
		if err != nil {
			return err
		}
		var of Webhook
		d, of, _, err = s.store.delivery(ctx, tx, who.OrgID, deliveryID)
		if fault.Is(err, fault.KindNotFound) || err == nil && of.ID != id {
			return fault.Invalid(fault.Field{Pointer: "/deliveryId", Code: "webhook.deliveryUnknown", Detail: "This webhook has no such delivery, or it is not kept any more."})
		}
		switch {
		case err != nil:
			return err
		case !w.Active:
			return fault.Conflict("webhook.stopped", "The webhook is stopped. Switch it on first.")
		case d.State == pending:
			return nil
		}
		before, now := d.Attempts, s.now()
		d.State, d.Attempts, d.NextAt, d.FinishedAt = pending, d.Attempts+1, &now, nil
		if _, err := s.store.settle(ctx, tx, who.OrgID, d, before); err != nil {
			return err
		}
		return s.Jobs.Enqueue(ctx, tx, deliver{who.OrgID, d.ID, d.Attempts}, s.Clock.Now())
	})
	return d, err
}
