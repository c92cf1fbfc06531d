package stream

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/changes"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Keys says which keys have stopped to work.
type Keys interface {
	// Lapsed gives those of some keys of an organization that would not be let in now.
	Lapsed(ctx context.Context, q db.Queryer, orgID string, tokenIDs []string) ([]string, error)
}

// Conversations are where people type.
type Conversations interface {
	// MayWrite gives an error unless the actor may write in a conversation.
	MayWrite(ctx context.Context, q db.Queryer, who authz.Actor, id string) error
	// Seats gives who is in some conversations, by conversation.
	Seats(ctx context.Context, q db.Queryer, orgID string, conversations []string) (map[string][]string, error)
}

// Deps are what the service works with.
type Deps struct {
	DB            *db.DB
	Bus           *bus.Bus
	Clock         clock.Clock
	Log           *slog.Logger
	Changes       *changes.Changes
	Keys          Keys
	Conversations Conversations
	Stopping      <-chan struct{}       // is closed when the server begins to stop; nil for never
	Metrics       prometheus.Registerer // nil for none
	Patience      time.Duration         // with clients that do not take what they are sent; 0 is api.Patience
}

// Service is the streams of a node.
type Service struct {
	Deps
	store   store
	log     *bus.Log
	cursors bus.Cursors
	metrics metrics
	typed   *otter.Cache[typist, time.Time]

	wake     chan struct{}
	whispers chan bus.Delivered

	mu      sync.Mutex
	orgs    map[string]map[string][]*stream // listening, by organization and person
	joining []*stream
	people  map[person]int // how many streams a person has, those that join included
	open    int
}

type person struct{ orgID, userID string }

type typist struct{ userID, conversationID string }

// New makes the service. Run serves its streams.
func New(ctx context.Context, d Deps) (*Service, error) {
	s := &Service{
		Deps: d, log: d.Bus.Log(), metrics: newMetrics(d.Metrics),
		typed: otter.Must(&otter.Options[typist, time.Time]{MaximumSize: 50_000}),
		wake:  make(chan struct{}, 1), whispers: make(chan bus.Delivered, maxWhispers),
		orgs: map[string]map[string][]*stream{}, people: map[person]int{},
	}
	var err error
	if s.cursors, err = s.log.Cursors(ctx); err != nil {
		return nil, err
	}
	d.Bus.Subscribe(nil, func(e bus.Delivered) {
		if e.Name != typingStarted {
			signal(s.wake)
			return
		}
		select {
		case s.whispers <- e:
		default: // nobody misses that somebody types
		}
	})
	return s, nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// metrics are what Prometheus reads of the streams.
type metrics struct {
	open  prometheus.Gauge
	sent  prometheus.Counter
	ended *prometheus.CounterVec
}

func newMetrics(to prometheus.Registerer) metrics {
	m := metrics{
		open:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "workdrive_streams_open", Help: "Streams of events that are open."}),
		sent:  prometheus.NewCounter(prometheus.CounterOpts{Name: "workdrive_stream_events_total", Help: "Events handed to streams."}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "workdrive_streams_ended_total", Help: "Streams that the server ended, by reason."}, []string{"reason"}),
	}
	if to != nil {
		to.MustRegister(m.open, m.sent, m.ended)
	}
	return m
}

// Type tells the others in a conversation that the actor writes. Saying so again at once changes
// nothing.
func (s *Service) Type(ctx context.Context, who authz.Actor, conversationID string) error {
	if err := s.Conversations.MayWrite(ctx, s.DB.Reader(ctx), who, conversationID); err != nil {
		return err
	}
	now, at := s.Clock.Now(), typist{who.UserID, conversationID}
	if last, ok := s.typed.GetIfPresent(at); ok && now.Sub(last) < typingEvery {
		return nil
	}
	s.typed.Set(at, now)
	return s.Bus.Whisper(ctx, bus.Event{OrgID: who.OrgID, Name: typingStarted, Subject: conversationID, Data: Typing{UserID: who.UserID}})
}
