package acknowledgement

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// Service is what can be done with acknowledgements.
type Service struct {
	db      *db.DB
	bus     *bus.Bus
	clock   clock.Clock
	content *content.Content
	store   store
}

// New makes the service. The kinds of content must be registered before Register.
func New(d *db.DB, b *bus.Bus, c clock.Clock, k *content.Content) *Service {
	return &Service{db: d, bus: b, clock: c, content: k}
}

// eventData says what was acknowledged and by whom.
type eventData struct {
	Kind    string `json:"kind"`
	ActorID string `json:"actorId"`
	Edition int64  `json:"edition"`
}

// Acknowledge records that the actor has read an item as it is, and gives when they said so
// first.
func (s *Service) Acknowledge(ctx context.Context, who authz.Actor, kind, id string) (at, edition int64, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		// Locked, so that the item is not deleted or changed at this moment.
		item, err := s.content.Lock(ctx, tx, who, kind, id)
		if err != nil {
			return err
		}
		if item.Status != content.Published {
			return fault.Conflict("acknowledgement.notPublished", "What is not published yet cannot be acknowledged.")
		}
		var isNew bool
		edition = item.Edition
		if at, isNew, err = s.store.add(ctx, tx, who, item, s.clock.Now().UnixMilli()); err != nil || !isNew {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Event{
			OrgID: who.OrgID, Name: "acknowledgement.added", Subject: item.ID, Data: eventData{kind, who.UserID, edition},
		})
	})
	return at, edition, err
}

// page is a page of people.
type page struct {
	entries []entry
	total   int
	next    string // cursor of the next page, "" on the last
}

// List gives a page of those who have acknowledged an item, or of those who are missing.
func (s *Service) List(ctx context.Context, who authz.Actor, kind, id string, missing bool, p api.Page) (page, error) {
	q := s.db.Reader(ctx)
	item, err := s.content.Visible(ctx, q, who, kind, id)
	if err != nil {
		return page{}, err
	}
	if item.AuthorID != who.UserID && !item.IsOwner && !who.Can(authz.ContentModerate) {
		return page{}, fault.Forbidden("acknowledgement.notAuthor", "Only its author, its owners and moderators see who has acknowledged it.")
	}
	part := slice{limit: p.Limit(), offset: p.Offset()}
	if p.Cursor != "" {
		part.after, part.offset = &position{}, 0
		if err := p.DecodeCursor(part.after); err != nil {
			return page{}, err
		}
	}
	list := s.store.done
	if missing {
		list = s.store.missing
	}
	var got page
	if got.entries, got.total, err = list(ctx, q, who.OrgID, item, part); err != nil {
		return page{}, err
	}
	if len(got.entries) > part.limit {
		got.entries = got.entries[:part.limit]
		got.next = ids.EncodeCursor(got.entries[part.limit-1].position())
	}
	return got, nil
}
