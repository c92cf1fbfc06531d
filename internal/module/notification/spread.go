package notification

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// target is whom a notification is to be spread to.
type target struct {
	people    []string
	addresses []string
	audience  int64  // its members behind after, instead of people
	after     string // id of a person
	key       string // see Notice
}

// reader is somebody who is told, with how they want to be.
type reader struct {
	id     string
	active bool
	Preferences
}

// spread tells at most a batch of people and addresses: it fills inboxes and queues deliveries. What
// was told already is left out, so that doing it again changes nothing.
func (s *Service) spread(ctx context.Context, tx db.Tx, n Notification, to target) error {
	people := to.people
	if n.ActorID != "" && n.SentBy == "" {
		people = slices.DeleteFunc(slices.Clone(people), func(id string) bool { return id == n.ActorID })
	}
	readers, err := s.store.readers(ctx, tx, n.OrgID, people)
	if err != nil {
		return err
	}
	if n.SentBy == "" { // who cannot sign in is told nothing, and nobody asks why
		readers = slices.DeleteFunc(readers, func(r reader) bool { return !r.active })
	}
	if to.key != "" {
		fresh, err := s.store.tell(ctx, tx, n, to.key, idsOf(readers))
		if err != nil {
			return err
		}
		readers = slices.DeleteFunc(readers, func(r reader) bool { return !fresh[r.id] })
	}
	quiet, err := s.fill(ctx, tx, n, readers)
	if err != nil {
		return err
	}
	rows, err := s.deliveries(ctx, tx, n, readers, quiet)
	if err != nil {
		return err
	}
	for _, address := range to.addresses {
		rows = append(rows, s.queued(n, Email, "", address, ""))
	}
	return s.store.addDeliveries(ctx, tx, rows)
}

func idsOf(list []reader) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.id
	}
	return out
}

// fill puts a notification into the inboxes of those who want it there, and gives who is not to
// be told by other channels: it was collapsed into an entry that they have not read, not long ago.
func (s *Service) fill(ctx context.Context, tx db.Tx, n Notification, readers []reader) (quiet map[string]bool, err error) {
	var inboxes []string
	for _, r := range readers {
		if r.active && slices.Contains(r.channels(n), InApp) {
			inboxes = append(inboxes, r.id)
		}
	}
	if len(inboxes) == 0 {
		return nil, nil
	}
	if quiet, err = s.store.fill(ctx, tx, n, inboxes); err != nil {
		return nil, err
	}
	return quiet, s.tell(ctx, tx, n.OrgID, "notification.created", n.ID, inboxes)
}

// told is the data of this module's events: whose inboxes have changed.
type told struct {
	UserIDs []string `json:"userIds"`
}

// tell publishes that inboxes have changed.
func (s *Service) tell(ctx context.Context, tx db.Tx, orgID, name, subject string, people []string) error {
	var events []bus.Event
	for part := range slices.Chunk(people, maxTold) {
		events = append(events, bus.Event{OrgID: orgID, Name: name, Subject: subject, Data: told{part}})
	}
	return s.Bus.PublishMany(ctx, tx, events)
}

// deliveries gives the messages that people get by channels. What was sent by the API has a row
// also for those who get nothing, so that whoever sent it finds out why.
func (s *Service) deliveries(ctx context.Context, tx db.Tx, n Notification, readers []reader, quiet map[string]bool) (rows []delivered, err error) {
	sent := n.SentBy != ""
	devices := map[string][]string{}
	if slices.ContainsFunc(readers, func(r reader) bool { return slices.Contains(r.channels(n), Push) }) {
		if devices, err = s.store.devicesOf(ctx, tx, n.OrgID, idsOf(readers)); err != nil {
			return nil, err
		}
	}
	for _, r := range readers {
		if !r.active {
			rows = append(rows, s.suppressed(n, n.Channels[0], r.id, notActive))
			continue
		}
		list := r.channels(n)
		for _, c := range n.Channels {
			if sent && !slices.Contains(list, c) {
				rows = append(rows, s.suppressed(n, c, r.id, notWanted))
			}
		}
		for _, c := range list {
			switch {
			case c == InApp && sent:
				row := s.queued(n, c, r.id, "", "")
				row.State, row.DueAt = Delivered, nil
				rows = append(rows, row)
			case c == InApp || quiet[r.id] || !s.on(c) && !sent:
			case c == Push && len(devices[r.id]) == 0:
				if sent {
					rows = append(rows, s.suppressed(n, c, r.id, noDevice))
				}
			case c == Push:
				for _, d := range devices[r.id] {
					rows = append(rows, s.queued(n, c, r.id, "", d))
				}
			default:
				rows = append(rows, s.queued(n, c, r.id, "", ""))
			}
		}
	}
	return rows, nil
}

// on reports whether this server sends by a channel.
func (s *Service) on(c Channel) bool {
	switch c {
	case Email:
		return s.Mail != nil
	case SMS:
		return s.SMS != nil
	case Push:
		return s.Push != nil
	case InApp:
	}
	return true
}

func (s *Service) queued(n Notification, c Channel, userID, address, deviceID string) delivered {
	now := s.now()
	return delivered{
		OrgID: n.OrgID, ID: ids.New(), NotificationID: n.ID, Channel: c, UserID: userID, Address: address, DeviceID: deviceID,
		State: Queued, DueAt: &now, CreatedAt: now, UpdatedAt: now,
	}
}

func (s *Service) suppressed(n Notification, c Channel, userID string, why reason) delivered {
	d := s.queued(n, c, userID, "", "")
	d.State, d.Code, d.Reason, d.DueAt = Suppressed, why.code, why.text, nil
	return d
}

// spreadNext spreads a batch that waits, and reports whether there was one.
func (s *Service) spreadNext(ctx context.Context) (did bool, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		did = false
		n, place, to, err := s.store.nextBatch(ctx, tx)
		if err != nil || n.ID == "" {
			return err
		}
		did = true
		tx.OnCommit(func() { s.wakeUp(string(Email), string(SMS), string(Push)) })
		if to.audience == 0 {
			if err := s.store.dropBatch(ctx, tx, n, place); err != nil {
				return err
			}
			return s.spread(ctx, tx, n, to)
		}
		if to.people, err = s.Audiences.Members(ctx, tx, n.OrgID, to.audience, to.after, batch); err != nil {
			return err
		}
		if len(to.people) < batch {
			err = s.store.dropBatch(ctx, tx, n, place)
		} else {
			err = s.store.moveBatch(ctx, tx, n, place, to.people[batch-1])
		}
		if err != nil {
			return err
		}
		return s.spread(ctx, tx, n, to)
	})
	return did, err
}
