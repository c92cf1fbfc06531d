package notification

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/kernel/sms"
	"github.com/workdrive/workdrive/internal/kernel/webpush"
)

// Mailer sends mail.
type Mailer interface {
	Send(ctx context.Context, m mail.Message) error
}

// Texter sends short messages.
type Texter interface {
	Send(ctx context.Context, m sms.Message) error
}

// Pusher sends push messages.
type Pusher interface {
	Send(ctx context.Context, m webpush.Message) error
}

// Source says whom an event of the platform tells what. Somebody who is named by several notices
// with one key is told by the first. An item that is gone tells nobody.
type Source func(ctx context.Context, q db.Queryer, e bus.Delivered) ([]Notice, error)

// Deps are what notifications work with.
type Deps struct {
	DB        *db.DB
	Bus       *bus.Bus
	Clock     clock.Clock
	Log       *slog.Logger
	Metrics   prometheus.Registerer // nil for none
	Audiences *audience.Audiences
	Content   *content.Content
	// Sights say who sees what is no content, by kind of subject.
	Sights map[string]content.Carrier
	// Sources are by name of event.
	Sources map[string]Source
	// Page gives the address of what a notification is about, absolute.
	Page func(s Subject) string
	URL  string // of this server, for links that it answers itself
	Mail Mailer // nil: no mail is sent
	SMS  Texter // nil: no short messages are sent
	// Push makes what sends with this server's keys; nil: no push messages are sent.
	Push func(keys webpush.Keys) (Pusher, error)
	// Egress says to which addresses push messages may go.
	Egress *egress.Client
}

// Service is what can be done with notifications.
type Service struct {
	Deps

	store   store
	metrics metrics
	wake    map[string]chan struct{} // by task
	failed  map[int64]int            // attempts to read an event, by its number; of the follower alone

	mu     sync.Mutex // guards what is made when it is first needed
	pusher Pusher
	keys   *webpush.Keys
	links  []byte
}

// New makes the service. Its Tasks must run for notifications to arrive.
func New(d Deps) *Service {
	s := &Service{Deps: d, metrics: newMetrics(d.Metrics), wake: map[string]chan struct{}{}, failed: map[int64]int{}}
	for _, name := range []string{taskFollow, string(Email), string(SMS), string(Push)} {
		s.wake[name] = make(chan struct{}, 1)
	}
	d.Bus.Subscribe(nil, func(e bus.Delivered) {
		if d.Sources[e.Name] != nil {
			s.wakeUp(taskFollow)
		}
	})
	return s
}

func (s *Service) now() int64 { return clock.Millis(s.Clock.Now()) }

// wakeUp lets a task look for work now.
func (s *Service) wakeUp(names ...string) {
	for _, name := range names {
		select {
		case s.wake[name] <- struct{}{}:
		default: // it will look anyway
		}
	}
}

// Send sends a notification of the actor's. What is for many is spread in the background.
func (s *Service) Send(ctx context.Context, who authz.Actor, in Draft) (Notification, error) {
	var bad fault.Fields
	people, addresses := in.clean(&bad)
	n := Notification{
		OrgID: who.OrgID, ID: ids.New(), Kind: Announcement, Title: in.Title, Text: in.Description, Link: in.Link, ActorID: who.UserID,
		Channels: []Channel{in.Medium}, Urgent: in.Urgent, SentBy: who.UserID, CreatedAt: s.now(),
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		known, err := s.store.members(ctx, tx, who.OrgID, people)
		if err != nil {
			return err
		}
		for i, id := range in.ReceiverUserIDs {
			if id = strings.ToLower(strings.TrimSpace(id)); ids.Valid(id) && known[id] == "" {
				report(&bad, "/receiverUserIds", i, "user.unknown", "There is no member with this id.")
			}
		}
		if err := bad.Err(); err != nil {
			return err
		}
		addresses = others(addresses, known, in.Medium)
		n.Accepted = len(people) + len(addresses)
		if err := s.store.insert(ctx, tx, n); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, n, target{people: people, addresses: addresses})
	})
	return n, err
}

// others are the addresses that are not those of people who get the mail anyway.
func others(addresses []string, known map[string]string, medium Channel) []string {
	if medium != Email {
		return nil
	}
	theirs := make(map[string]bool, len(known))
	for _, address := range known {
		theirs[address] = true
	}
	return slices.DeleteFunc(addresses, func(a string) bool { return theirs[a] })
}

// Notify tells people something, in the transaction of what is told.
func (s *Service) Notify(ctx context.Context, tx db.Tx, in Notice) error {
	if !slices.Contains(Kinds, in.Kind) || len(in.Key) > maxKey {
		return fmt.Errorf("notification: the kind %q or the key %q cannot be told", in.Kind, in.Key)
	}
	if len(in.UserIDs) == 0 && in.Audience == 0 {
		return nil
	}
	n := Notification{
		OrgID: in.OrgID, ID: ids.New(), Kind: in.Kind, Title: in.Title, Text: in.Text, Link: in.Link, ActorID: in.ActorID,
		Subject: in.Subject, Channels: in.Channels, Urgent: in.Urgent, Accepted: len(in.UserIDs), CreatedAt: s.now(),
	}
	if err := s.store.insert(ctx, tx, n); err != nil {
		return err
	}
	return s.enqueue(ctx, tx, n, target{people: content.Unique(in.UserIDs), audience: in.Audience, key: in.Key})
}

// enqueue spreads a notification to its receivers: in this transaction when they are few.
func (s *Service) enqueue(ctx context.Context, tx db.Tx, n Notification, to target) error {
	tx.OnCommit(func() { s.wakeUp(taskFollow, string(Email), string(SMS), string(Push)) })
	if to.audience == 0 && len(to.people)+len(to.addresses) <= batch {
		return s.spread(ctx, tx, n, to)
	}
	if to.audience != 0 {
		return s.store.addBatches(ctx, tx, n, []target{to})
	}
	var parts []target
	for part := range slices.Chunk(to.people, batch) {
		parts = append(parts, target{people: part, key: to.key})
	}
	for part := range slices.Chunk(to.addresses, batch) {
		parts = append(parts, target{addresses: part, key: to.key})
	}
	return s.store.addBatches(ctx, tx, n, parts)
}

func nth(list string, i int) string { return fmt.Sprintf("%s/%d", list, i) }
