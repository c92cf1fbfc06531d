package stream

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Online is the data of presence.changed.
type Online struct {
	Online bool `json:"online"`
}

// presenceChanged is told when somebody comes online, and when they have been away for a minute.
const presenceChanged = "presence.changed"

// arrive notes that somebody is online. Whoever comes back within a minute was never away, so
// that clients that come back all at once write nothing.
func (s *Service) arrive(ctx context.Context, who authz.Actor) error {
	online, err := s.store.isOnline(ctx, s.DB.Reader(ctx), who)
	if err != nil || online {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		came, err := s.store.arrive(ctx, tx, who, s.Clock.Now().UnixMilli())
		if err != nil || !came {
			return err
		}
		return s.Bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: presenceChanged, Subject: who.UserID, Data: Online{true}})
	})
}

// touch renews the presence of everybody who has a stream on this node.
func (s *Service) touch(ctx context.Context) error {
	s.mu.Lock()
	here := make([]person, 0, len(s.people))
	for orgID, people := range s.orgs {
		for userID := range people {
			here = append(here, person{orgID, userID})
		}
	}
	s.mu.Unlock()
	if len(here) == 0 {
		return nil
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return s.store.touch(ctx, tx, here, s.Clock.Now().UnixMilli())
	})
}

// sweep forgets who has had no connection for a minute, on whichever node that was, and tells.
func (s *Service) sweep(ctx context.Context) error {
	before := s.Clock.Now().Add(-onlineFor).UnixMilli()
	any, err := s.store.anyAway(ctx, s.DB.Reader(ctx), before)
	if err != nil || !any {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		away, err := s.store.sweep(ctx, tx, before)
		if err != nil {
			return err
		}
		events := make([]bus.Event, len(away))
		for i, p := range away {
			events[i] = bus.Event{OrgID: p.orgID, Name: presenceChanged, Subject: p.userID, Data: Online{}}
		}
		return s.Bus.PublishMany(ctx, tx, events)
	})
}
