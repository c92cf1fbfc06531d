package stream

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/changes"
)

// tail is the one reader of the log on a node. It belongs to Run.
type tail struct {
	*Service

	at       bus.Position
	follows  bool // at is a place in the log; not while nobody listens
	memories map[string]*changes.Memory
	wait     time.Duration // until the next look, while something has no final place yet
	full     bool          // there is more to read
	failing  bool
}

// Run tells streams what happens, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	t := &tail{Service: s, memories: map[string]*changes.Memory{}}
	poll, beat, sweep := time.NewTicker(pollInterval), time.NewTicker(heartbeat), time.NewTicker(sweepEvery)
	defer poll.Stop()
	defer beat.Stop()
	defer sweep.Stop()
	stopping := s.Stopping
	for {
		var soon <-chan time.Time
		if t.full {
			soon = time.After(0)
		} else if t.wait > 0 {
			soon = time.After(t.wait)
		}
		select {
		case <-ctx.Done():
			s.endAll(endStopping)
			return nil
		case <-stopping:
			stopping = nil
		case e := <-s.whispers:
			t.whispered(ctx, e)
		case <-s.wake:
		case <-soon:
		case <-poll.C:
		case <-beat.C:
			t.beat(ctx)
		case <-sweep.C:
			t.attempt(ctx, func() error { return s.sweep(ctx) })
			t.attempt(ctx, func() error { return s.checkKeys(ctx, nil) })
		}
		t.attempt(ctx, func() error { return t.step(ctx) })
		if s.stopping() { // one may have come in the same moment
			s.endAll(endStopping)
		}
	}
}

// attempt does something that needs the database; the next step tries again. The first of a row
// of failures is logged.
func (t *tail) attempt(ctx context.Context, do func() error) {
	err := do()
	if err != nil && ctx.Err() == nil && !t.failing {
		t.Log.WarnContext(ctx, "streams are behind", "error", err)
	}
	t.failing = err != nil
}

// step admits who has come, reads a stretch of the log and tells it.
func (t *tail) step(ctx context.Context) error {
	if err := t.admit(ctx); err != nil || !t.follows {
		return err
	}
	s, err := t.log.After(ctx, t.DB.Reader(ctx), t.at, stretch)
	if err != nil {
		return err
	}
	for orgID, m := range t.memories {
		m.Heed(orgID, s)
	}
	// What a key may no more be told may be in this very stretch.
	if suspects := lapsing(s); len(suspects) > 0 {
		if err := t.checkKeys(ctx, suspects); err != nil {
			return err
		}
	}
	for orgID, list := range byOrganization(t.Changes.Of(s.Events, changes.Live)) {
		if err := t.tell(ctx, orgID, list); err != nil {
			// Some have been told already; they know by its place that they have.
			return err
		}
	}
	if n := len(s.Events); n > 0 {
		t.at = s.Events[n-1].Position
	}
	t.full = s.Full && len(s.Events) > 0
	switch {
	case len(s.Early) == 0:
		t.wait = 0
	case t.wait == 0 || len(s.Events) > 0:
		t.wait = soonest
	default:
		t.wait = min(2*t.wait, latest)
	}
	return nil
}

func byOrganization(list []changes.Told) map[string][]changes.Told {
	by := map[string][]changes.Told{}
	for _, t := range list {
		by[t.OrgID] = append(by[t.OrgID], t)
	}
	return by
}

// mayLapse reports that after an event keys may not work any more.
func mayLapse(name string) bool {
	noun, _, _ := strings.Cut(name, ".")
	return noun == "token" || noun == "user" || noun == "organization" || noun == "session"
}

// lapsing gives the organizations in which keys may not work any more after a stretch.
func lapsing(s bus.Stretch) map[string]bool {
	orgs := map[string]bool{}
	for _, list := range [][]bus.Logged{s.Events, s.Early} {
		for _, e := range list {
			if mayLapse(e.Name) {
				orgs[e.OrgID] = true
			}
		}
	}
	return orgs
}

// admit puts streams that have come among the listeners and tells them from where on they hear.
func (t *tail) admit(ctx context.Context) error {
	t.mu.Lock()
	some, listeners := t.joining, t.open
	t.joining = nil
	t.mu.Unlock()
	if listeners == 0 && len(some) == 0 {
		t.follows, t.wait, t.full = false, 0, false
		clear(t.memories)
		return nil
	}
	if len(some) == 0 {
		return nil
	}
	err := t.lapse(ctx, some)
	if err == nil && !t.follows {
		t.at, err = t.log.End(ctx, t.DB.Reader(ctx))
		t.follows = err == nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.joining = append(some, t.joining...)
		return err
	}
	for _, c := range some {
		if t.orgs[c.who.OrgID] == nil {
			t.orgs[c.who.OrgID] = map[string][]*stream{}
		}
		if t.memories[c.who.OrgID] == nil {
			t.memories[c.who.OrgID] = &changes.Memory{}
		}
		if !c.left {
			t.orgs[c.who.OrgID][c.who.UserID] = append(t.orgs[c.who.OrgID][c.who.UserID], c)
			c.joined <- t.at
		}
	}
	return nil
}

// tell hands changes of one organization to those who may be told.
func (t *tail) tell(ctx context.Context, orgID string, list []changes.Told) error {
	t.mu.Lock()
	people := slices.Collect(maps.Keys(t.orgs[orgID]))
	t.mu.Unlock()
	if len(people) == 0 {
		return nil
	}
	viewers, err := t.Changes.Viewers(ctx, t.DB.Reader(ctx), people, list, t.memories[orgID])
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	sent := 0
	for i, told := range list {
		var f *frame
		for _, p := range people {
			if !viewers[i].Has(p) {
				continue
			}
			for _, c := range t.orgs[orgID][p] {
				if !c.wants(told) {
					continue
				}
				if f == nil {
					f = changeFrame(t.cursors, told)
				}
				c.put(f)
				sent++
			}
		}
	}
	t.metrics.sent.Add(float64(sent))
	return nil
}

// beat tells every stream that it lives and how far it has come.
func (t *tail) beat(ctx context.Context) {
	t.attempt(ctx, func() error { return t.Service.touch(ctx) })
	if !t.follows {
		return
	}
	f := placeFrame(t.cursors, t.at)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, people := range t.orgs {
		for _, streams := range people {
			for _, c := range streams {
				c.put(f)
			}
		}
	}
}

// whispered tells the others in a conversation that somebody types.
func (t *tail) whispered(ctx context.Context, e bus.Delivered) {
	var by Typing
	if json.Unmarshal(e.Data, &by) != nil || by.UserID == "" {
		return
	}
	t.mu.Lock()
	listeners := len(t.orgs[e.OrgID])
	t.mu.Unlock()
	if listeners == 0 {
		return
	}
	var seats map[string][]string
	t.attempt(ctx, func() (err error) {
		seats, err = t.Conversations.Seats(ctx, t.DB.Reader(ctx), e.OrgID, []string{e.Subject})
		return err
	})
	f := typingFrame(e.Subject, by.UserID)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range seats[e.Subject] {
		for _, c := range t.orgs[e.OrgID][p] {
			if p != by.UserID && c.types.Want(typingStarted) && c.who.Within("messages:read") {
				c.put(f)
			}
		}
	}
}

// checkKeys ends the streams whose keys do not work any more, in some organizations; nil is all.
func (s *Service) checkKeys(ctx context.Context, orgs map[string]bool) error {
	s.mu.Lock()
	var list []*stream
	for orgID, people := range s.orgs {
		if orgs != nil && !orgs[orgID] {
			continue
		}
		for _, streams := range people {
			list = append(list, streams...)
		}
	}
	s.mu.Unlock()
	return s.lapse(ctx, list)
}

// lapse ends those of some streams whose keys do not work any more.
func (s *Service) lapse(ctx context.Context, list []*stream) error {
	by := map[string][]*stream{}
	for _, c := range list {
		by[c.who.OrgID] = append(by[c.who.OrgID], c)
	}
	for orgID, streams := range by {
		tokens := map[string]bool{}
		for _, c := range streams {
			tokens[c.who.TokenID] = true
		}
		lapsed, err := s.Keys.Lapsed(ctx, s.DB.Reader(ctx), orgID, slices.Collect(maps.Keys(tokens)))
		if err != nil {
			return err
		}
		if len(lapsed) == 0 {
			continue
		}
		s.mu.Lock()
		for _, c := range streams {
			if slices.Contains(lapsed, c.who.TokenID) {
				c.end(endKey)
			}
		}
		s.mu.Unlock()
	}
	return nil
}
