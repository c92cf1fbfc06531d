package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/workdrive/workdrive/internal/kernel/changes"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/delivery"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/job"
)

const (
	stretch      = 500             // events handed out at once
	pollInterval = 2 * time.Second // between looks that nobody asked for
)

// deliver is the job of one attempt.
type deliver struct {
	OrgID   string `json:"orgId"`
	ID      string `json:"id"`
	Attempt int    `json:"attempt"` // how many were made before
}

// Kind names the job.
func (deliver) Kind() string { return "webhook.deliver" }

// tidy is the job that does what Tidy does.
type tidy struct{}

// Kind names the job.
func (tidy) Kind() string { return "webhook.tidy" }

func (s *Service) work() {
	job.Handle(s.Jobs, s.attempt)
	job.Handle(s.Jobs, func(ctx context.Context, _ tidy) error { return s.Tidy(ctx) })
	s.Jobs.Every(time.Hour, tidy{})
}

// Tidy deletes old deliveries, and seals again what older keys have sealed.
func (s *Service) Tidy(ctx context.Context) error {
	if s.Keys.Several() {
		if err := s.sealAgain(ctx); err != nil {
			return err
		}
	}
	before := s.Clock.Now().Add(-deliveriesKept).UnixMilli()
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.tidy(ctx, tx, before) })
}

// sealAgain seals with the first key what older ones have sealed. What cannot be opened is left.
func (s *Service) sealAgain(ctx context.Context) error {
	var last sealedSecret
	for more := true; more; {
		err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			list, err := s.store.older(ctx, tx, s.Keys.Prefix(), last, rotated)
			if err != nil {
				return err
			}
			for _, w := range list {
				secret, _, err := s.Keys.Open(w.sealed, sealedFor(w.id))
				if err != nil {
					continue
				}
				if err := s.store.reseal(ctx, tx, w, s.Keys.Seal(secret, sealedFor(w.id))); err != nil {
					return err
				}
			}
			if more = len(list) == rotated; more {
				last = list[rotated-1]
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rotated is how many secrets one transaction seals again.
const rotated = 200

// Run makes deliveries of what happens, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	failing := false
	for {
		more, err := s.handOut(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			s.Log.WarnContext(ctx, "webhooks are behind", "error", err)
		}
		if failing = err != nil; more {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-poll.C:
		}
	}
}

// handOut makes the deliveries of the next events, together with the place they go up to. Nodes
// take turns.
func (s *Service) handOut(ctx context.Context) (more bool, err error) {
	if active, err := s.store.anyActive(ctx, s.DB.Reader(ctx)); err != nil || !active {
		return false, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		at, found, err := s.store.place(ctx, tx)
		if err != nil {
			return err
		}
		if !found {
			if at, err = s.log.End(ctx, tx); err != nil {
				return err
			}
			return s.store.setPlace(ctx, tx, at)
		}
		page, err := s.log.After(ctx, tx, at, stretch)
		if err != nil || len(page.Events) == 0 {
			return err
		}
		if held, err := s.log.Holds(ctx, tx, at); err != nil {
			return err
		} else if !held {
			s.Log.WarnContext(ctx, "webhooks miss events: they were not handed out for a day, or a backup was restored")
		}
		by := map[string][]changes.Told{}
		for _, t := range s.Changes.Of(page.Events, changes.Logged) {
			by[t.OrgID] = append(by[t.OrgID], t)
		}
		for orgID, list := range by {
			if err := s.tell(ctx, tx, orgID, list); err != nil {
				return err
			}
		}
		more = page.Full
		return s.store.setPlace(ctx, tx, page.Events[len(page.Events)-1].Position)
	})
	return more && err == nil, err
}

// payload is what a receiver reads.
type payload struct {
	Type      string         `json:"type"`
	Timestamp any            `json:"timestamp"`
	Data      changes.Change `json:"data"`
}

// tell makes the deliveries of one organization's events.
func (s *Service) tell(ctx context.Context, tx db.Tx, orgID string, list []changes.Told) error {
	hooks, err := s.store.listening(ctx, tx, orgID)
	if err != nil || len(hooks) == 0 {
		return err
	}
	var owners []string
	for _, w := range hooks {
		owners = append(owners, w.OwnerID)
	}
	viewers, err := s.Changes.Viewers(ctx, tx, owners, list, &changes.Memory{})
	if err != nil {
		return err
	}
	now := s.now()
	var made []Delivery
	for i, t := range list {
		for _, w := range hooks {
			if !w.From.Before(t.Position) || !changes.Types(w.Types).Want(t.Type) || !t.Concerns(w.owner(orgID)) || !viewers[i].Has(w.OwnerID) {
				continue
			}
			body, err := json.Marshal(payload{t.Type, t.At, t.Change})
			if err != nil {
				return err
			}
			made = append(made, Delivery{ID: ids.New(), WebhookID: w.ID, Type: t.Type, Body: string(body), CreatedAt: now})
		}
	}
	if err := s.store.insertDeliveries(ctx, tx, orgID, made); err != nil {
		return err
	}
	for _, d := range made {
		if err := s.Jobs.Enqueue(ctx, tx, deliver{orgID, d.ID, 0}, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// attempt sends a delivery once and writes down how that went.
func (s *Service) attempt(ctx context.Context, args deliver) error {
	d, w, allowed, err := s.store.delivery(ctx, s.DB.Reader(ctx), args.OrgID, args.ID)
	switch {
	case fault.Is(err, fault.KindNotFound):
		return nil // the webhook was deleted
	case err != nil:
		return err
	case d.State != pending || d.Attempts != args.Attempt:
		return nil // this attempt was made
	}
	var out outcome
	switch {
	case !w.Active:
		out = outcome{reason: "The webhook was stopped.", final: true}
	case !allowed:
		out = outcome{reason: "The owner of the webhook cannot sign in.", final: true}
	default:
		out = s.send(ctx, w, d)
	}
	if ctx.Err() != nil {
		return ctx.Err() // the server stops: this says nothing about the receiver
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.settle(ctx, tx, args, out) })
}

// outcome is how an attempt went.
type outcome struct {
	ok     bool
	status int
	reason string
	final  bool // it is not tried again
	gone   bool // nor is anything else
	after  time.Duration
}

// send sends a delivery.
func (s *Service) send(ctx context.Context, w Webhook, d Delivery) outcome {
	secret, _, err := s.Keys.Open(w.sealed, sealedFor(w.ID))
	if err != nil {
		return outcome{reason: "The secret cannot be opened with the keys of this server. Replace it.", final: true}
	}
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return outcome{reason: "The secret cannot be used. Replace it.", final: true}
	}
	now := s.Clock.Now()
	signature, err := signer.Sign(d.ID, now, []byte(d.Body))
	if err != nil {
		return outcome{reason: "The delivery could not be signed.", final: true}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader([]byte(d.Body)))
	if err != nil {
		return outcome{reason: "The address cannot be used.", final: true}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(standardwebhooks.HeaderWebhookID, d.ID)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	answer, err := s.client.Do(r)
	if err != nil {
		if f, ok := fault.As(err); ok && errors.Is(err, egress.ErrRefused) {
			return outcome{reason: f.Code + ": " + f.Detail, final: true}
		}
		return outcome{reason: delivery.Quote("no answer: " + delivery.Cause(err).Error())}
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<10)) // what it says does not matter
	out := outcome{status: answer.StatusCode, ok: answer.StatusCode >= 200 && answer.StatusCode < 300, gone: answer.StatusCode == http.StatusGone}
	if !out.ok {
		out.reason = "The receiver answered " + answer.Status + "."
		out.reason = delivery.Quote(out.reason)
		out.after = delivery.RetryAfter(answer.Header, now)
	}
	return out
}

// settle writes how an attempt went and what follows from it.
func (s *Service) settle(ctx context.Context, tx db.Tx, args deliver, out outcome) error {
	w, err := s.locked(ctx, tx, args)
	if err != nil || w == nil {
		return err
	}
	now := s.now()
	d := Delivery{ID: args.ID, State: delivered, Attempts: args.Attempt + 1, FinishedAt: &now}
	if out.status > 0 {
		d.Status = &out.status
	}
	if out.reason != "" {
		d.Error = &out.reason
	}
	if !out.ok {
		d.State = failed
		wait, again := waitAfter(d.Attempts)
		if again && !out.final && !out.gone {
			at := s.Clock.Now().Add(max(wait, out.after))
			next := at.UnixMilli()
			d.State, d.NextAt, d.FinishedAt = pending, &next, nil
			if err := s.Jobs.Enqueue(ctx, tx, deliver{args.OrgID, args.ID, d.Attempts}, at); err != nil {
				return err
			}
		}
	}
	if first, err := s.store.settle(ctx, tx, args.OrgID, d, args.Attempt); err != nil || !first {
		return err
	}
	return s.judge(ctx, tx, args.OrgID, *w, out)
}

// locked gives the webhook of a delivery; nil when it was deleted.
func (s *Service) locked(ctx context.Context, tx db.Tx, args deliver) (*Webhook, error) {
	_, w, _, err := s.store.delivery(ctx, tx, args.OrgID, args.ID)
	if err == nil {
		w, err = s.store.byID(ctx, tx, args.OrgID, w.ID, " {forUpdate}")
	}
	if fault.Is(err, fault.KindNotFound) {
		return nil, nil //nolint:nilnil // as the comment says
	}
	return &w, err
}

// judge notes whether a webhook works, and stops one that has not for too long.
func (s *Service) judge(ctx context.Context, tx db.Tx, orgID string, w Webhook, out outcome) error {
	switch now := s.now(); {
	case !w.Active:
		return nil
	case out.ok && w.FailingSince != nil:
		return s.store.failing(ctx, tx, orgID, w.ID, nil)
	case out.ok:
		return nil
	case out.gone:
		return s.store.stop(ctx, tx, orgID, w.ID, "The receiver answered 410 Gone.")
	case w.FailingSince == nil:
		return s.store.failing(ctx, tx, orgID, w.ID, &now)
	case now-*w.FailingSince >= giveUpAfter.Milliseconds():
		return s.store.stop(ctx, tx, orgID, w.ID, delivery.Quote("Nothing has arrived for three days. "+out.reason))
	}
	return nil
}
