package notification

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	// cursor is how far the outbox was read; migration 00010 makes it.
	cursor = "notifications"
	// taskFollow is the task that reads events, spreads notifications and makes digests.
	taskFollow = "follow"
	// maxReadings is how often an event is tried that cannot be read.
	maxReadings = 5
	// pollInterval is how often tasks look for what others left them, or what has become due.
	pollInterval = time.Second
)

// Tasks are what must run for notifications to arrive, by name, until their contexts end.
func (s *Service) Tasks() map[string]func(ctx context.Context) error {
	tasks := map[string]func(ctx context.Context) error{}
	for name := range s.wake {
		tasks[name] = func(ctx context.Context) error { return s.run(ctx, name) }
	}
	return tasks
}

// run works whenever there is something to do. A failure, like a database that is away, waits for
// the next look.
func (s *Service) run(ctx context.Context, name string) error {
	failing := false
	for {
		did, err := s.round(ctx, name)
		if err != nil && ctx.Err() == nil && !failing {
			s.Log.ErrorContext(ctx, "notifications wait", "task", name, "error", err)
		}
		if failing = err != nil; did && !failing && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake[name]:
		case <-time.After(pollInterval):
		}
	}
}

// round does some of what a task has to do, and reports whether there was anything.
func (s *Service) round(ctx context.Context, name string) (did bool, err error) {
	if name != taskFollow {
		return s.dispatch(ctx, Channel(name))
	}
	for _, step := range []func(context.Context) (bool, error){s.follow, s.spreadNext, s.summarize} {
		more, err := step(ctx)
		if did = did || more; err != nil {
			return did, err
		}
	}
	return did, nil
}

// Work does everything that is due now: for tests and commands, where no tasks run.
func (s *Service) Work(ctx context.Context) error {
	for again := true; again; {
		again = false
		for _, name := range sorted(s.wake) {
			did, err := s.round(ctx, name)
			if err != nil {
				return err
			}
			again = again || did
		}
	}
	return nil
}

// follow tells people of the next events of the platform, and reports whether there were any. The
// notices are written in the transaction that moves the cursor: each event tells once.
func (s *Service) follow(ctx context.Context) (bool, error) {
	n, err := s.Bus.Follow(ctx, cursor, func(ctx context.Context, events []bus.Delivered) (func(context.Context, db.Tx) error, error) {
		var list []Notice
		for _, e := range events {
			if s.Sources[e.Name] == nil {
				continue
			}
			notices, err := s.read(ctx, e)
			if err != nil {
				return nil, err
			}
			list = append(list, notices...)
		}
		return func(ctx context.Context, tx db.Tx) error {
			for _, n := range list {
				if err := s.Notify(ctx, tx, n); err != nil {
					return err
				}
			}
			return nil
		}, nil
	})
	return n > 0, err
}

// read asks what an event tells whom. One that cannot be read, whatever the database does, must
// not keep those behind it waiting: it is left out after a few attempts.
func (s *Service) read(ctx context.Context, e bus.Delivered) (list []Notice, err error) {
	list, err = s.ask(ctx, e)
	if err == nil || fault.Is(err, fault.KindNotFound) { // gone meanwhile
		delete(s.failed, e.Seq)
		return list, nil
	}
	if s.failed[e.Seq]++; ctx.Err() != nil || fault.Is(err, fault.KindUnavailable) || s.failed[e.Seq] < maxReadings {
		return nil, err
	}
	delete(s.failed, e.Seq)
	s.metrics.skipped.Inc()
	s.Log.ErrorContext(ctx, "an event notifies nobody: it cannot be read", "event", e.Name, "subject", e.Subject, "error", err)
	return nil, nil
}

// ask asks the source of an event, and leaves out whoever may not see what it is about.
func (s *Service) ask(ctx context.Context, e bus.Delivered) (list []Notice, err error) {
	defer func() {
		if v := recover(); v != nil {
			list, err = nil, fmt.Errorf("notification: %v\n%s", v, debug.Stack())
		}
	}()
	q := s.DB.Reader(ctx)
	if list, err = s.Sources[e.Name](ctx, q, e); err != nil {
		return nil, err
	}
	for i := range list {
		n := &list[i]
		if n.OrgID = e.OrgID; n.Subject.Kind == "" {
			continue
		}
		var seeing []string
		for _, id := range n.UserIDs {
			if id == n.ActorID {
				continue
			}
			sees, err := s.sees(ctx, q, n.OrgID, id, n.Subject)
			if err != nil {
				return nil, err
			}
			if sees {
				seeing = append(seeing, id)
			}
		}
		n.UserIDs = seeing
	}
	return list, nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
