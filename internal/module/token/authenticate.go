package token

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	maxCached  = 20_000
	flushEvery = 30 * time.Second
)

// maxAge is after which time a key is looked up again, whatever events say. On PostgreSQL the
// events of other nodes may be late, by a long transaction for one; what keeps the promise that
// a key dies within a second is this. A SQLite database has no other node: its changes are known
// before whoever made them has an answer.
var maxAge = map[db.Engine]time.Duration{db.SQLite: time.Minute, db.PostgreSQL: time.Second}

// cache is what is known of keys in use.
type cache struct {
	known *otter.Cache[string, verdict] // by hash
	// generation changes whenever something a verdict depends on may have changed. A verdict
	// of an earlier generation is not used: it may have been read before the change.
	generation atomic.Uint64

	mu   sync.Mutex
	used map[string]used // by token id
}

// verdict is what a key was found to be.
type verdict struct {
	generation uint64
	at         time.Time // monotonic: not affected by a change of the clock
	expiresAt  *int64
	// restrictedFrom is when an overdue obligation begins to limit the person (ms), nil for never.
	restrictedFrom *int64
	actor          authz.Actor
	err            error
}

func newCache(b *bus.Bus) *cache {
	c := &cache{
		known: otter.Must(&otter.Options[string, verdict]{MaximumSize: maxCached}),
		used:  map[string]used{},
	}
	b.Subscribe([]string{"token.*", "user.*", "securityGroup.*", "organization.*", "restriction.*", bus.Gap}, func(bus.Delivered) {
		c.generation.Add(1)
	})
	return c
}

// Authenticate implements api.Authenticator. A key that does not work is an Unauthenticated
// fault; one of a suspended organization a Forbidden one.
func (s *Service) Authenticate(ctx context.Context, key string) (authz.Actor, error) {
	if !wellFormed(key) {
		return authz.Actor{}, errWrong
	}
	hash := hashOf(key)
	v, ok := s.cache.known.GetIfPresent(hash)
	if !ok || v.generation != s.cache.generation.Load() || time.Since(v.at) > maxAge[s.db.Engine()] {
		var err error
		if v, err = s.lookUp(ctx, hash); err != nil {
			return authz.Actor{}, err
		}
	}
	now := s.clock.Now().UnixMilli()
	if v.expiresAt != nil && *v.expiresAt <= now {
		return authz.Actor{}, fault.New(fault.KindUnauthenticated, "key.expired", "Your API key has expired.")
	}
	if v.err == nil {
		s.cache.note(v.actor, now)
	}
	who := v.actor
	who.Restricted = v.restrictedFrom != nil && *v.restrictedFrom <= now
	return who, v.err
}

var errWrong = fault.New(fault.KindUnauthenticated, "key.wrong", "Your API key is wrong.")

func (s *Service) lookUp(ctx context.Context, hash string) (verdict, error) {
	v := verdict{generation: s.cache.generation.Load(), at: time.Now()} //nolint:forbidigo // an age, not a time
	h, err := s.store.byHash(ctx, s.db.Reader(ctx), hash)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return verdict{err: errWrong}, nil // not kept: guesses must not push out keys in use
	case err != nil:
		return verdict{}, err
	}
	v.expiresAt, v.restrictedFrom, v.err = h.expiresAt, h.restrictedFrom, h.refusal()
	v.actor = authz.Actor{OrgID: h.orgID, UserID: h.userID, TokenID: h.tokenID, Root: h.root, Scopes: h.scopes}
	for _, c := range h.capabilities {
		if !slices.Contains(v.actor.Capabilities, authz.Capability(c)) {
			v.actor.Capabilities = append(v.actor.Capabilities, authz.Capability(c))
		}
	}
	s.cache.known.Set(hash, v)
	return v, nil
}

func (h holder) refusal() error {
	switch {
	case h.revokedAt != nil:
		return fault.New(fault.KindUnauthenticated, "key.revoked", "Your API key has been revoked.")
	case h.userStatus != "ACTIVE":
		return fault.New(fault.KindUnauthenticated, "user.notActive", "The account of this API key is not active.")
	case h.orgStatus != "ACTIVE":
		return fault.Forbidden("org.suspended", "Your organization is suspended.")
	}
	return nil
}

func (c *cache) note(who authz.Actor, now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used[who.TokenID] = used{who.OrgID, who.TokenID, now}
}

// Run writes down when keys were last used, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.flush(context.WithoutCancel(ctx))
		case <-tick.C:
			if err := s.flush(ctx); err != nil {
				s.log.WarnContext(ctx, "when keys were last used could not be written", "error", err)
			}
		}
	}
}

func (s *Service) flush(ctx context.Context) error {
	s.cache.mu.Lock()
	list := make([]used, 0, len(s.cache.used))
	for _, u := range s.cache.used {
		list = append(list, u)
	}
	clear(s.cache.used)
	s.cache.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.touch(ctx, tx, list) })
}

// Lapsed gives those of some keys of an organization that Authenticate would refuse now, or whose
// owners are restricted.
func (s *Service) Lapsed(ctx context.Context, q db.Queryer, orgID string, tokenIDs []string) ([]string, error) {
	working, err := s.store.working(ctx, q, orgID, tokenIDs, s.clock.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	works := make(map[string]bool, len(working))
	for _, id := range working {
		works[id] = true
	}
	return slices.DeleteFunc(slices.Clone(tokenIDs), func(id string) bool { return works[id] }), nil
}
