package preview

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/linkpreview"
)

// maxAge is how old a card may be when its link is published again.
const maxAge = 7 * 24 * time.Hour

// pauses are how long after each attempt that failed the next one is made.
var pauses = []time.Duration{time.Minute, 10 * time.Minute, time.Hour}

// Deps are what the service works with.
type Deps struct {
	DB     *db.DB
	Jobs   *job.Jobs
	Clock  clock.Clock
	Client *egress.Client // nil: nothing is fetched
	Log    *slog.Logger
}

// Service fetches the cards of links and gives what is there.
type Service struct {
	Deps
	store store
}

// New makes the service and registers its job.
func New(d Deps) *Service {
	s := &Service{Deps: d}
	job.Handle(d.Jobs, s.fetch)
	return s
}

// Want has the cards of links fetched once the transaction is committed, unless they were
// lately.
func (s *Service) Want(ctx context.Context, tx db.Tx, orgID string, links []string) error {
	byKey := keys(links)
	if len(byKey) == 0 || s.Client == nil {
		return nil
	}
	now := s.Clock.Now()
	fresh, err := s.store.fresh(ctx, tx, orgID, names(byKey), now.Add(-maxAge).UnixMilli())
	if err != nil {
		return err
	}
	for key := range fresh {
		delete(byKey, key)
	}
	if err := s.store.want(ctx, tx, orgID, names(byKey), now.UnixMilli()); err != nil {
		return err
	}
	for key, link := range byKey {
		if err := s.Jobs.Enqueue(ctx, tx, fetch{OrgID: orgID, Key: key, Link: link}, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// Cards gives the cards that are there, by their links as they are given.
func (s *Service) Cards(ctx context.Context, q db.Queryer, orgID string, links []string) (map[string]linkpreview.Preview, error) {
	byKey := keys(links)
	if len(byKey) == 0 {
		return nil, nil
	}
	found, err := s.store.cards(ctx, q, orgID, names(byKey))
	if err != nil {
		return nil, err
	}
	cards := make(map[string]linkpreview.Preview, len(links))
	for _, link := range links {
		if card, ok := found[linkpreview.Key(link)]; ok {
			cards[link] = card
		}
	}
	return cards, nil
}

// keys gives links by their keys; what is no link has none.
func keys(links []string) map[string]string {
	byKey := map[string]string{}
	for _, link := range links {
		if key := linkpreview.Key(link); key != "" {
			byKey[key] = link
		}
	}
	return byKey
}

func names(byKey map[string]string) []string {
	list := make([]string, 0, len(byKey))
	for key := range byKey {
		list = append(list, key)
	}
	return list
}

// fetch is the job that reads the card of a link.
type fetch struct {
	OrgID   string `json:"orgId"`
	Key     string `json:"key"`
	Link    string `json:"link"`
	Attempt int    `json:"attempt,omitempty"` // that failed before
}

// Kind names the job.
func (fetch) Kind() string { return "preview.fetch" }

func (s *Service) fetch(ctx context.Context, f fetch) error {
	if s.Client == nil {
		return nil
	}
	card, err := linkpreview.Fetch(ctx, s.Client, f.Link)
	switch {
	case err == nil:
		return s.keep(ctx, f, ready, card)
	case ctx.Err() != nil:
		return ctx.Err() // the server stops; the job is taken up again
	case errors.Is(err, linkpreview.ErrNotFound), errors.Is(err, linkpreview.ErrNotHTML), errors.Is(err, egress.ErrRefused), f.Attempt >= len(pauses):
		s.Log.DebugContext(ctx, "a link has no card", "org", f.OrgID, "error", err)
		return s.keep(ctx, f, none, linkpreview.Preview{})
	}
	at := s.Clock.Now().Add(pauses[f.Attempt])
	f.Attempt++
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.Jobs.Enqueue(ctx, tx, f, at) })
}

func (s *Service) keep(ctx context.Context, f fetch, state string, card linkpreview.Preview) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.keep(ctx, tx, f.OrgID, f.Key, state, card) })
}
