package event

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// How many of those who were invited or answered an event shows.
const (
	shownInLists = 10
	shownAlone   = 1_000
)

// Seen is an occurrence as one person sees it: of an event of the organization, or of a calendar
// that they subscribe to.
type Seen struct {
	Occurrence
	Joined    int // how many people have joined its call
	MyRsvp    *string
	MyCheckin *int64
	Item      *content.Shown[Body]
	With      content.Company
	People    []Attendee // who was invited or answered, the latest first

	External *External // nil for events of the organization
}

// Get gives an occurrence that the actor may see: of a series as a whole the one that is on or
// next, or else its last one.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Seen, error) {
	q := s.DB.Reader(ctx)
	t, err := s.locate(ctx, q, who.OrgID, id)
	if err != nil {
		return Seen{}, err
	}
	_, err = s.Content.Visible(ctx, q, who, noun, t.event)
	if fault.Is(err, fault.KindNotFound) {
		x, err := s.store.external(ctx, q, who, id)
		return Seen{External: &x}, err
	}
	if err == nil && t.gone {
		err = fault.NotFound(noun)
	}
	if err != nil {
		return Seen{}, err
	}
	if t.occurrence == nil {
		o, err := s.store.next(ctx, q, who.OrgID, t.event, clock.Millis(s.Clock.Now()))
		if err != nil {
			return Seen{}, err
		}
		t.occurrence = &o
	}
	list, err := s.store.seen(ctx, q, who, []string{t.occurrence.ID})
	if err == nil && len(list) == 0 {
		err = fault.NotFound(noun)
	}
	if err != nil {
		return Seen{}, err
	}
	return list[0], s.fill(ctx, q, who, list[:1], shownAlone)
}

// gate refuses, with the answer for an absent event, whoever may not see it.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	q := s.DB.Reader(ctx)
	_, err := s.Content.Visible(ctx, q, who, noun, id)
	if fault.Is(err, fault.KindNotFound) {
		_, err = s.store.external(ctx, q, who, id)
	}
	return err
}

// notExternal refuses to change what is in a calendar of somebody else, that the actor subscribes
// to.
func (s *Service) notExternal(ctx context.Context, q db.Queryer, who authz.Actor, id string) error {
	_, err := s.store.external(ctx, q, who, id)
	switch {
	case fault.Is(err, fault.KindNotFound):
		return nil
	case err != nil:
		return err
	}
	return fault.Forbidden("event.external", "This event is in a calendar that you subscribe to: it can only be changed there.")
}

// List gives a page of the occurrences the actor may see.
func (s *Service) List(ctx context.Context, who authz.Actor, query Query, p api.Page) ([]Seen, api.Meta, error) {
	q := s.DB.Reader(ctx)
	query.now, query.limit, query.offset = clock.Millis(s.Clock.Now()), p.Limit()+1, p.Offset()
	if p.Cursor != "" {
		query.after, query.offset, p.CurPage = &place{}, 0, 1
		if err := p.DecodeCursor(query.after); err != nil {
			return nil, api.Meta{}, err
		}
	}
	visible, err := s.Content.VisibleTo(ctx, who)
	if err != nil {
		return nil, api.Meta{}, err
	}
	if query.Category != "" {
		if err := s.narrow(ctx, q, who.OrgID, &query); err != nil {
			return nil, api.Meta{}, err
		}
	}
	keys, total, err := s.store.page(ctx, q, visible.Args, query)
	if err != nil {
		return nil, api.Meta{}, err
	}
	meta := p.Meta(total)
	if n := p.Limit(); len(keys) > n {
		keys = keys[:n]
		meta.NextCursor = ids.EncodeCursor(keys[n-1].place)
	}
	list, err := s.pick(ctx, q, who, keys)
	if err != nil {
		return nil, meta, err
	}
	each := shownInLists
	if query.NoRsvps {
		each = 0
	}
	return list, meta, s.fill(ctx, q, who, list, each)
}

// narrow finds the categories that a query names: of livestreams and of events.
func (s *Service) narrow(ctx context.Context, q db.Queryer, orgID string, query *Query) error {
	inner := s.Categories.(categories).Categories //nolint:forcetypeassert // New has put it there
	for _, code := range []int{typeLivestream, typeEvent} {
		id, err := inner.Find(ctx, q, orgID, code, query.Category)
		if err != nil {
			return err
		}
		if id != "" {
			query.categoryIDs = append(query.categoryIDs, id)
		}
	}
	return nil
}

// pick reads the occurrences of a page, in its order. Some may have gone since it was chosen.
func (s *Service) pick(ctx context.Context, q db.Queryer, who authz.Actor, keys []key) ([]Seen, error) {
	var ours, theirs []string
	for _, k := range keys {
		if k.external {
			theirs = append(theirs, k.ID)
		} else {
			ours = append(ours, k.ID)
		}
	}
	found := map[string]Seen{}
	if len(ours) > 0 {
		list, err := s.store.seen(ctx, q, who, ours)
		if err != nil {
			return nil, err
		}
		for _, o := range list {
			found[o.ID] = o
		}
	}
	if len(theirs) > 0 {
		list, err := s.store.externals(ctx, q, who, theirs)
		if err != nil {
			return nil, err
		}
		for i := range list {
			found[list[i].ID] = Seen{External: &list[i]}
		}
	}
	var list []Seen
	for _, k := range keys {
		if o, ok := found[k.ID]; ok {
			list = append(list, o)
		}
	}
	return list, nil
}

// fill reads what occurrences show: their events, and the people who were invited or answered.
func (s *Service) fill(ctx context.Context, q db.Queryer, who authz.Actor, list []Seen, each int) error {
	var events, occurrences []string
	for _, o := range list {
		if o.External == nil {
			events, occurrences = append(events, o.EventID), append(occurrences, o.ID)
		}
	}
	p, err := s.items.Pick(ctx, q, who, content.Unique(events))
	if err != nil {
		return err
	}
	people, err := s.store.rsvps(ctx, q, who.OrgID, occurrences, each)
	if err != nil {
		return err
	}
	byID := make(map[string]*content.Shown[Body], len(p.Items))
	for i := range p.Items {
		byID[p.Items[i].ID] = &p.Items[i]
	}
	for i := range list {
		o := &list[i]
		if o.External != nil {
			continue
		}
		if o.Item = byID[o.EventID]; o.Item == nil {
			return fault.NotFound(noun) // deleted while the page was read
		}
		o.With, o.People = p.Company, people[o.ID][:min(each, len(people[o.ID]))]
	}
	return nil
}
