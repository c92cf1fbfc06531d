package enforcement

import (
	"context"
	"slices"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/due"
)

// Item is something that people owe.
type Item struct{ OrgID, Kind, ID string }

// obligation is what one person owes on one item.
type obligation struct {
	Item
	UserID, TemplateID string
	DueAt              int64
	NextAt, RestrictAt *int64
	WaivedAt           *int64
}

// restricts reports whether the obligation restricts its person at a time (ms).
func (o obligation) restricts(at int64) bool {
	return o.RestrictAt != nil && *o.RestrictAt <= at && o.WaivedAt == nil
}

// plan gives when what was due at a time restricts, and what happens next after now; nil is never.
func plan(reminders []Reminder, dueAt, now int64) (restrictAt, nextAt *int64) {
	earliest := func(to **int64, at int64) {
		if *to == nil || at < **to {
			*to = &at
		}
	}
	for _, r := range reminders {
		at := dueAt + r.offset()
		if r.Medium == Restrict {
			earliest(&restrictAt, at)
		}
		if at > now {
			earliest(&nextAt, at)
		}
	}
	return restrictAt, nextAt
}

// missed gives the latest time at which something should have been sent before now about what is not
// due yet; nil for none.
func missed(reminders []Reminder, dueAt, now int64) (latest *int64) {
	for _, r := range reminders {
		if at := dueAt + r.offset(); r.Medium != Restrict && dueAt > now && at <= now && (latest == nil || at > *latest) {
			latest = &at
		}
	}
	return latest
}

// Follow looks again at what people owe on an item, because they got, finished or lost it, or its
// deadline or template changed; nil is everybody. The item is locked, or new.
func (s *Service) Follow(ctx context.Context, tx db.Tx, item Item, people []string) error {
	templateID, owed, err := s.sources[item.Kind].Owed(ctx, tx, item.OrgID, item.ID, people)
	if err != nil {
		return err
	}
	var reminders []Reminder
	if len(owed) > 0 {
		there := false
		if reminders, there, err = s.store.planOf(ctx, tx, item.OrgID, templateID); err != nil {
			return err
		}
		if !there {
			owed = nil
		}
	}
	before, err := s.store.of(ctx, tx, item, people)
	if err != nil {
		return err
	}
	return s.settle(ctx, tx, item, before, s.planned(item, templateID, reminders, owed))
}

// planned gives the obligations of those who owe something.
func (s *Service) planned(item Item, templateID string, reminders []Reminder, owed []due.Owed) map[string]obligation {
	now, list := s.now(), make(map[string]obligation, len(owed))
	for _, x := range owed {
		o := obligation{Item: item, UserID: x.UserID, TemplateID: templateID, DueAt: x.DueAt}
		o.RestrictAt, o.NextAt = plan(reminders, x.DueAt, now)
		if at := missed(reminders, x.DueAt, now); at != nil { // one reminder is late rather than none is sent
			o.NextAt = at
		}
		list[x.UserID] = o
	}
	return list
}

// settle makes the obligations on an item what they should be and tells what that changes.
func (s *Service) settle(ctx context.Context, tx db.Tx, item Item, before, after map[string]obligation) error {
	now := s.now()
	var gone []string
	var write, began, ended []obligation
	comes, late := false, false
	for id, was := range before {
		is, stays := after[id]
		if !stays {
			gone = append(gone, id)
		}
		if stays && is.DueAt == was.DueAt {
			is.WaivedAt = was.WaivedAt
			after[id] = is
		}
		if was.restricts(now) && (!stays || !is.restricts(now)) {
			ended = append(ended, was)
		}
	}
	for id, is := range after {
		was, there := before[id]
		if there && was.DueAt == is.DueAt && was.TemplateID == is.TemplateID {
			continue // what it has not been told of yet stays due
		}
		write = append(write, is)
		comes = comes || is.RestrictAt != nil
		late = late || is.NextAt != nil && *is.NextAt <= now
		if is.restricts(now) && (!there || !was.restricts(now)) {
			began = append(began, is)
		}
	}
	if err := s.store.remove(ctx, tx, item, gone); err != nil {
		return err
	}
	if err := s.store.write(ctx, tx, write); err != nil {
		return err
	}
	if late && s.Jobs != nil {
		if err := s.Jobs.Enqueue(ctx, tx, remind{}, time.Time{}); err != nil {
			return err
		}
	}
	if err := s.tell(ctx, tx, "restriction.ended", ended); err != nil {
		return err
	}
	if err := s.tell(ctx, tx, "restriction.began", began); err != nil || !comes {
		return err
	}
	return s.publish(ctx, tx, item.OrgID, "restriction.changed", item.ID, struct{}{})
}

// restrictionEvent is the data of the events that say that a restriction began or ended.
type restrictionEvent struct {
	Kind   string `json:"kind"`
	ItemID string `json:"itemId"`
	UserID string `json:"userId"`
}

// tell publishes an event for each of some obligations.
func (s *Service) tell(ctx context.Context, tx db.Tx, name string, list []obligation) error {
	slices.SortFunc(list, compare)
	events := make([]bus.Event, len(list))
	for i, o := range list {
		events[i] = bus.Event{OrgID: o.OrgID, Name: name, Subject: o.UserID, Data: restrictionEvent{o.Kind, o.ID, o.UserID}}
	}
	return s.Bus.PublishMany(ctx, tx, events)
}

// replan moves what is owed under a template, which is locked, to its new reminders.
func (s *Service) replan(ctx context.Context, tx db.Tx, orgID, templateID string) error {
	now := s.now()
	before, err := s.store.restricting(ctx, tx, orgID, templateID, now)
	if err != nil {
		return err
	}
	if err := s.store.replan(ctx, tx, orgID, templateID, now); err != nil {
		return err
	}
	after, err := s.store.restricting(ctx, tx, orgID, templateID, now)
	if err != nil {
		return err
	}
	if err := s.tell(ctx, tx, "restriction.ended", without(before, after)); err != nil {
		return err
	}
	if err := s.tell(ctx, tx, "restriction.began", without(after, before)); err != nil {
		return err
	}
	return s.publish(ctx, tx, orgID, "restriction.changed", templateID, struct{}{})
}

// without gives those obligations of a list that are not in another.
func without(list, other []obligation) []obligation {
	known := make(map[[3]string]bool, len(other))
	for _, o := range other {
		known[[3]string{o.Kind, o.ID, o.UserID}] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(o obligation) bool { return known[[3]string{o.Kind, o.ID, o.UserID}] })
}
