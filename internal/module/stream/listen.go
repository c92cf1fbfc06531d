package stream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/changes"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Why the server ends a stream.
const (
	endSlow     = "slow"
	endKey      = "key"
	endStopping = "stopping"
)

// stream is one open answer.
type stream struct {
	service *Service
	who     authz.Actor
	types   changes.Types
	queue   chan *frame
	joined  chan bus.Position // once: the tail tells what is behind this place
	over    chan struct{}     // is closed when the server ends it
	ending  sync.Once
	reason  string // set before over is closed
	left    bool   // of the Service's mu, as the next
	behind  bool   // the queue was full: what came then is missing in it
}

// wants reports whether the stream's key and types let it be told.
func (c *stream) wants(t changes.Told) bool { return c.types.Want(t.Type) && c.who.Within(t.Scope) }

// put hands a frame over. A stream that does not keep up is told nothing until it has read the log
// by itself.
func (c *stream) put(f *frame) {
	if c.behind {
		return
	}
	select {
	case c.queue <- f:
	default:
		c.behind = true
	}
}

func (c *stream) end(reason string) {
	c.ending.Do(func() {
		c.reason = reason
		c.service.metrics.ended.WithLabelValues(reason).Inc()
		close(c.over)
	})
}

func (c *stream) ended() bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

func (s *Service) endAll(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.joining {
		c.end(reason)
	}
	for _, people := range s.orgs {
		for _, streams := range people {
			for _, c := range streams {
				c.end(reason)
			}
		}
	}
}

func (s *Service) stopping() bool {
	select {
	case <-s.Stopping:
		return true
	default:
		return false
	}
}

// enter counts a new stream, or refuses it.
func (s *Service) enter(who authz.Actor, types changes.Types) (*stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := person{who.OrgID, who.UserID}
	switch {
	case s.stopping() || s.open >= MaxPerNode:
		return nil, &fault.Error{Kind: fault.KindUnavailable, Code: "stream.full", Detail: "This server takes no more streams. Try again in a moment.", RetryAfter: 5 * time.Second}
	case s.people[p] >= MaxPerPerson:
		return nil, &fault.Error{
			Kind: fault.KindTooMany, Code: "stream.tooMany", RetryAfter: 10 * time.Second,
			Detail: fmt.Sprintf("You have %d streams open, which is all one person can have. Close one first.", MaxPerPerson),
		}
	}
	s.people[p]++
	s.open++
	s.metrics.open.Inc()
	return &stream{service: s, who: who, types: types, queue: make(chan *frame, queueLength), joined: make(chan bus.Position, 1), over: make(chan struct{})}, nil
}

// leave forgets a stream.
func (s *Service) leave(c *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.left = true
	s.open--
	s.metrics.open.Dec()
	p := person{c.who.OrgID, c.who.UserID}
	if s.people[p]--; s.people[p] == 0 {
		delete(s.people, p)
	}
	s.joining = slices.DeleteFunc(s.joining, func(o *stream) bool { return o == c })
	s.unlist(c)
}

// unlist takes a stream off the listeners.
func (s *Service) unlist(c *stream) {
	p := person{c.who.OrgID, c.who.UserID}
	people := s.orgs[p.orgID]
	if people == nil {
		return
	}
	if people[p.userID] = slices.DeleteFunc(people[p.userID], func(o *stream) bool { return o == c }); len(people[p.userID]) == 0 {
		delete(people, p.userID)
	}
	if len(people) == 0 {
		delete(s.orgs, p.orgID)
	}
}

// Listen opens a stream of what the actor may see, behind the event with an id, "" for what
// happens from now on. One that ends at once tells only what has happened up to now.
func (s *Service) Listen(ctx context.Context, who authz.Actor, lastID string, types changes.Types, once bool) (api.Events, error) {
	c, err := s.enter(who, types)
	if err != nil {
		return nil, err
	}
	if !once {
		if err := s.arrive(ctx, who); err != nil {
			s.leave(c)
			return nil, err
		}
	}
	return func(ctx context.Context, w *api.EventWriter) {
		defer s.leave(c)
		if s.Patience > 0 {
			w.Patience = s.Patience
		}
		l := listener{stream: c, w: w}
		if lastID != "" {
			p, err := s.cursors.Read(lastID)
			l.at, l.from, l.lost = p, err == nil, err != nil
		}
		if once {
			l.once(ctx)
			return
		}
		l.run(ctx)
	}, nil
}

// listener writes a stream.
type listener struct {
	*stream
	w    *api.EventWriter
	at   bus.Position // what is before it was told
	from bool         // at is a place; otherwise the stream begins with the present
	lost bool         // something before is missing
}

// once tells what has happened up to now.
func (l *listener) once(ctx context.Context) {
	if l.prepare(ctx) == nil {
		_ = l.greet() // the client may have gone
	}
}

// prepare tells what lies in the log already, before anything has to wait in the queue.
func (l *listener) prepare(ctx context.Context) error {
	s := l.service
	q := s.DB.Reader(ctx)
	end, err := s.log.End(ctx, q)
	if err != nil {
		return err
	}
	if l.from { // where it stops need not be before the end: another node may have been ahead
		held, err := s.log.Holds(ctx, q, l.at)
		if err != nil {
			return err
		}
		l.lost = !held
	}
	return l.catchUp(ctx, end)
}

// run tells what has happened and what happens, again from the log whenever the stream has fallen
// behind.
func (l *listener) run(ctx context.Context) {
	for greeted := false; l.prepare(ctx) == nil && l.join(ctx, &greeted) && l.forward(ctx); {
	}
	if l.ended() {
		l.farewell()
	}
}

// join puts the stream among the listeners and tells what is left up to there.
func (l *listener) join(ctx context.Context, greeted *bool) bool {
	s := l.service
	s.mu.Lock()
	s.joining = append(s.joining, l.stream)
	s.mu.Unlock()
	signal(s.wake)
	select {
	case <-ctx.Done():
		return false
	case <-l.over:
		return false
	case place := <-l.joined:
		if l.catchUp(ctx, place) != nil {
			return false
		}
		if *greeted && !l.lost {
			return true
		}
		*greeted = true
		return l.greet() == nil
	}
}

// forward writes what the tail brings. It gives true when the stream has fallen behind.
func (l *listener) forward(ctx context.Context) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-l.over:
			return false
		case f := <-l.queue:
			if l.ended() { // nothing that has become forbidden is written any more
				return false
			}
			if err := l.w.Write(l.gather(f)...); err != nil {
				if errors.Is(err, os.ErrDeadlineExceeded) {
					l.end(endSlow)
				}
				return false
			}
			if l.fellBehind() {
				return true
			}
		}
	}
}

// fellBehind reports that what came after what was written is not in the queue, and then takes the
// stream off the listeners.
func (l *listener) fellBehind() bool {
	s := l.service
	s.mu.Lock()
	defer s.mu.Unlock()
	if !l.behind || len(l.queue) > 0 {
		return false
	}
	s.unlist(l.stream)
	l.behind = false
	return true
}

// gather takes what waits in the queue, without what the stream was told before.
func (l *listener) gather(f *frame) [][]byte {
	var parts [][]byte
	for {
		switch {
		case f.Position == (bus.Position{}), f.beat && !f.Position.Before(l.at):
			parts = append(parts, f.text)
		case l.at.Before(f.Position):
			parts, l.at = append(parts, f.text), f.Position
		}
		select {
		case f = <-l.queue:
		default:
			return parts
		}
	}
}

// farewell tells a client when to come back.
func (l *listener) farewell() {
	if l.reason == endStopping {
		wait := retryAtLeast + rand.N(retrySpread) //nolint:gosec // spreads load, protects nothing
		_ = l.w.Write(fmt.Appendf(nil, "retry: %d\n\n", wait.Milliseconds()))
	}
}

// greet says that everything before was told, or that something is missing.
func (l *listener) greet() error {
	name := ready
	if l.lost {
		name = reset
	}
	l.lost = false
	return l.w.Write(eventFrame(l.at, l.service.cursors.Text(l.at), name, []byte(`{"type":"`+name+`"}`)).text)
}

// catchUp tells what lies in the log up to a place.
func (l *listener) catchUp(ctx context.Context, to bus.Position) error {
	if l.lost || !l.from {
		l.at, l.from = to, true
		return nil
	}
	s := l.service
	for l.at.Before(to) && !l.ended() {
		page, held, err := s.page(ctx, l.at)
		if err != nil {
			return err
		}
		if !held {
			l.at, l.lost = to, true
			return nil
		}
		var mine []changes.Told
		for _, t := range s.Changes.Of(page.Events, changes.Live) {
			if t.OrgID == l.who.OrgID && !to.Before(t.Position) && l.wants(t) {
				mine = append(mine, t)
			}
		}
		viewers, err := s.Changes.Viewers(ctx, s.DB.Reader(ctx), []string{l.who.UserID}, mine, &changes.Memory{})
		if err != nil {
			return err
		}
		var parts [][]byte
		for i, t := range mine {
			if viewers[i].Has(l.who.UserID) {
				parts = append(parts, changeFrame(s.cursors, t).text)
			}
		}
		if len(parts) > 0 {
			if err := l.w.Write(parts...); err != nil {
				return err
			}
		}
		if len(page.Events) == 0 {
			break
		}
		if l.at = page.Events[len(page.Events)-1].Position; to.Before(l.at) { // the page went further than was told
			l.at = to
		}
	}
	return nil
}

// page reads the log behind a place, and whether the place is one from which nothing is missing.
func (s *Service) page(ctx context.Context, at bus.Position) (page bus.Stretch, held bool, err error) {
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		if held, err = s.log.Holds(ctx, q, at); err != nil || !held {
			return err
		}
		page, err = s.log.After(ctx, q, at, stretch)
		return err
	})
	return page, held, err
}
