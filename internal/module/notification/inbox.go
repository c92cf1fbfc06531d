package notification

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Entry is a notification in somebody's inbox.
type Entry struct {
	Notification

	EntryID  string
	Number   int64 // how many of the same it stands for
	At       int64 // of the latest
	ReadAt   *int64
	language *string // of whose inbox it is
	actor    person.Card
}

// position is where an inbox goes on.
type position struct {
	At int64  `json:"a"`
	ID string `json:"i"`
}

// reported is where a list of deliveries goes on.
type reported struct {
	ID string `json:"d"`
}

// slice is the part of a list that is wanted.
type slice struct {
	limit, offset int
	after         string    // of deliveries
	behind        *position // of an inbox
}

// totals are how much there is in an inbox.
type totals struct{ all, unread int }

// inbox gives a page of the actor's inbox, newest first.
func (s *Service) inbox(ctx context.Context, who authz.Actor, unread bool, p api.Page) ([]Entry, api.Meta, totals, error) {
	part := slice{limit: p.Limit(), offset: p.Offset()}
	if p.Cursor != "" {
		part.behind, part.offset, p.CurPage = &position{}, 0, 1
		if err := p.DecodeCursor(part.behind); err != nil {
			return nil, api.Meta{}, totals{}, err
		}
	}
	part.limit++
	list, sum, err := s.entries(ctx, who, unread, part)
	if err != nil {
		return nil, api.Meta{}, sum, err
	}
	total := sum.all
	if unread {
		total = sum.unread
	}
	meta := p.Meta(total)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = ids.EncodeCursor(position{list[n-1].At, list[n-1].EntryID})
	}
	return list, meta, sum, nil
}

// entries reads a part of an inbox with the people it shows. What its owner may not see any more
// is not there.
func (s *Service) entries(ctx context.Context, who authz.Actor, unread bool, p slice) (list []Entry, sum totals, err error) {
	where, args, err := s.visible(ctx, who)
	if err != nil {
		return nil, sum, err
	}
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		condition := where("n.subject_kind", "n.subject_id")
		if sum, err = s.store.totals(ctx, q, condition, args); err != nil {
			return err
		}
		if list, err = s.store.entries(ctx, q, condition, args, unread, p); err != nil {
			return err
		}
		var people []string
		for _, e := range list {
			if e.ActorID != "" {
				people = append(people, e.ActorID)
			}
		}
		cards, err := person.ByIDs(ctx, q, who.OrgID, people)
		for i := range list {
			list[i].actor = cards[list[i].ActorID]
		}
		return err
	})
	return list, sum, err
}

// unread counts what the actor has not read.
func (s *Service) unread(ctx context.Context, who authz.Actor) (int, error) {
	where, args, err := s.visible(ctx, who)
	if err != nil {
		return 0, err
	}
	sum, err := s.store.totals(ctx, s.DB.Reader(ctx), where("n.subject_kind", "n.subject_id"), args)
	return sum.unread, err
}

// Reading is what somebody has read: the entries with some ids, or everything up to a moment.
type Reading struct {
	IDs   api.Strings         `json:"ids,omitempty" maxItems:"1000" doc:"Ids of entries of your inbox"`
	Until api.Patch[api.Time] `json:"until,omitzero" doc:"Everything up to this moment"`
}

// MarkRead marks entries of the actor's inbox read, and gives how many are unread still.
func (s *Service) MarkRead(ctx context.Context, who authz.Actor, in Reading) (changed, unread int, err error) {
	var bad fault.Fields
	until := in.Until.Set && !in.Until.Null
	switch {
	case len(in.IDs) == 0 && !until:
		bad.Add("/ids", "notification.nothingRead", "Name ids, or a moment in until.")
	case len(in.IDs) > 0 && until:
		bad.Add("/until", "notification.readTwice", "Name either ids or a moment.")
	case len(in.IDs) > maxRead:
		bad.Addf("/ids", "field.tooMany", "At most %d ids are allowed.", maxRead)
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		known, err := s.store.known(ctx, tx, who, in.IDs)
		if err != nil {
			return err
		}
		for i, id := range in.IDs {
			if !slices.Contains(known, id) {
				report(&bad, "/ids", i, "notification.unknown", "There is no entry with this id in your inbox.")
			}
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if until {
			changed, err = s.store.readUntil(ctx, tx, who, in.Until.Value.Millis(), s.now())
		} else {
			changed, err = s.store.readIDs(ctx, tx, who, in.IDs, s.now())
		}
		if err != nil || changed == 0 {
			return err
		}
		return s.tell(ctx, tx, who.OrgID, "notification.read", who.UserID, []string{who.UserID})
	})
	if err != nil {
		return 0, 0, err
	}
	unread, err = s.unread(ctx, who)
	return changed, unread, err
}

// report gives a page of what became of a notification that was sent by the API, and how many
// deliveries there are by state.
func (s *Service) report(ctx context.Context, who authz.Actor, id string, p api.Page) (list []delivered, n Notification, states map[string]int, meta api.Meta, err error) {
	part := slice{limit: p.Limit() + 1, offset: p.Offset()}
	if p.Cursor != "" {
		var after reported
		if err := p.DecodeCursor(&after); err != nil {
			return nil, n, nil, meta, err
		}
		part.after, part.offset, p.CurPage = after.ID, 0, 1
	}
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		if n, err = s.store.sent(ctx, q, who.OrgID, id); err != nil {
			return err
		}
		if states, err = s.store.states(ctx, q, who.OrgID, id); err != nil {
			return err
		}
		list, err = s.store.page(ctx, q, who.OrgID, id, part)
		return err
	})
	if err != nil {
		return nil, n, nil, meta, err
	}
	total := 0
	for _, count := range states {
		total += count
	}
	meta = p.Meta(total)
	if limit := p.Limit(); len(list) > limit {
		list = list[:limit]
		meta.NextCursor = ids.EncodeCursor(reported{list[limit-1].ID})
	}
	return list, n, states, meta, nil
}
