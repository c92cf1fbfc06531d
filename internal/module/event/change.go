package event

import (
	"context"
	"crypto/rand"
	"reflect"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// updateAll changes a whole event.
func (s *Service) updateAll(ctx context.Context, who authz.Actor, c change, in Draft) error {
	invited, err := s.invitedAfter(ctx, who.OrgID, c.item.ID, in)
	if err != nil {
		return err
	}
	change, err := s.change(ctx, who.OrgID, in, c.item.Body.Type)
	if err != nil {
		return err
	}
	a := in.attending(&c.item.Body, invited)
	if change.Permissions, err = s.audience(ctx, who, in.Permissions, a); err != nil {
		return err
	}
	if a.meeting && !in.UserIDs.Set && !in.IsMeeting.Set && a.conversationID == c.item.Body.ConversationID {
		change.Permissions = api.Patch[audience.Permissions]{}
	}
	change.Apply = func(b *Body, bad *fault.Fields) []content.Named {
		was := *b
		in.details(b, bad)
		named := in.whole(b, bad)
		if b.Start == 0 { // the kernel asks what a change says of nothing, too
			return named
		}
		if in.times(b, c.at(b), bad); matters(&was, b) {
			b.Sequence++
		}
		return named
	}
	change.Also = func(ctx context.Context, tx db.Tx, r content.Record[Body]) error {
		if err := s.heldIn(ctx, tx, who, r.Body.ConversationID, c.item.Body.ConversationID); err != nil {
			return err
		}
		var added []string
		if in.UserIDs.Set {
			var err error
			if added, err = s.inviting(ctx, tx, who.OrgID, c, r, invited); err != nil {
				return err
			}
		}
		if c.item.Status != content.Published {
			return nil
		}
		return s.hearOfChange(ctx, tx, who, &c.item.Body, r, added)
	}
	_, err = s.items.Update(ctx, who, c.item.ID, c.IfMatch, change)
	return err
}

// attending gives what decides who sees an event after a change.
func (d Draft) attending(b *Body, invited []string) attending {
	a := attending{b.Meeting, invited, b.ConversationID}
	message.Set(d.IsMeeting, &a.meeting)
	message.Set(d.ConversationID, &a.conversationID)
	return a
}

// invitedAfter gives whom an event invites after a change.
func (s *Service) invitedAfter(ctx context.Context, orgID, id string, in Draft) ([]string, error) {
	if in.UserIDs.Set {
		return content.Unique(in.UserIDs.Value), nil
	}
	return s.store.invited(ctx, s.DB.Reader(ctx), orgID, id)
}

// updateOne changes one occurrence of a series, which says for itself then what it says otherwise.
func (s *Service) updateOne(ctx context.Context, tx db.Tx, who authz.Actor, c change, in Draft) error {
	was := c.item.Body.with(c.occurrence.Changes)
	is, o := was, *c.occurrence
	foreign, err := s.ofWhole(ctx, tx, who.OrgID, c, in)
	if err != nil {
		return err
	}
	update := content.Change[Body]{Apply: func(b *Body, bad *fault.Fields) []content.Named {
		if b.Start == 0 {
			return nil
		}
		for _, pointer := range foreign {
			bad.Add(pointer, "event.ofSeries", "This is the same for all occurrences of the series: send repeat=all or repeat=following.")
		}
		in.details(&is, bad)
		if in.moves() {
			o.Starts, o.Ends = in.moved(anchor{o.Original, o.Starts, o.Ends}, bad)
		}
		b.touched = &o
		b.Sequence++
		return nil
	}}
	update.Also = func(ctx context.Context, tx db.Tx, r content.Record[Body]) error {
		o.Changes = differing(is, r.Body)
		place := r.Body.anchored(o.Original)
		o.Moved = o.Starts != place.start || o.Ends != place.end
		if err := s.store.set(ctx, tx, who.OrgID, r, o); err != nil {
			return err
		}
		return s.hearOfOne(ctx, tx, who, c, r, is, o)
	}
	_, err = s.items.Update(ctx, who, c.item.ID, c.IfMatch, update)
	return err
}

// updateFollowing makes two series of one, and changes the second.
func (s *Service) updateFollowing(ctx context.Context, tx db.Tx, who authz.Actor, c change, in Draft) error {
	head, tail, ok := c.item.Body.rule().Split(c.occurrence.Original)
	left, err := s.store.liveBefore(ctx, tx, who.OrgID, c.item.ID, c.occurrence.Original)
	if err != nil {
		return err
	}
	if !ok || left == 0 { // there is nothing before it
		return s.updateAll(ctx, who, c, in)
	}
	before, err := s.toSplit(ctx, tx, who, c)
	if err != nil {
		return err
	}
	invited, err := s.invitedAfter(ctx, who.OrgID, c.item.ID, in)
	if err != nil {
		return err
	}
	second, err := s.change(ctx, who.OrgID, in, c.item.Body.Type)
	if err != nil {
		return err
	}
	second.ID = ids.New()
	if !in.Status.Set {
		second.Status = api.Patch[string]{Set: true, Value: c.item.Status}
		second.PublishAt = publishAt(c.item)
	}
	if !in.Category.Set && c.item.CategoryID != nil {
		second.Category = api.Patch[string]{Set: true, Value: *c.item.CategoryID}
	}
	second.Permissions, err = s.audience(ctx, who, in.Permissions, in.attending(&c.item.Body, invited))
	if err != nil {
		return err
	}
	if !second.Permissions.Set {
		second.Permissions = api.Patch[audience.Permissions]{Set: true, Value: before}
	}
	second.Apply = func(b *Body, bad *fault.Fields) []content.Named {
		*b = c.item.Body
		b.follow(tail)
		was := b.rule()
		b.was, b.Secret, b.CallID, b.Sequence = &was, rand.Text(), ids.New(), 0
		in.details(b, bad)
		named := in.whole(b, bad)
		in.times(b, b.anchored(tail.Start), bad)
		return named
	}
	second.Also = func(ctx context.Context, tx db.Tx, r content.Record[Body]) error {
		if err := s.heldIn(ctx, tx, who, r.Body.ConversationID, c.item.Body.ConversationID); err != nil {
			return err
		}
		if err := s.store.handOver(ctx, tx, who.OrgID, c.item.ID, r.ID, c.occurrence.Original); err != nil {
			return err
		}
		added, err := s.inviting(ctx, tx, who.OrgID, c, r, invited)
		if err != nil || c.item.Status != content.Published {
			return err
		}
		was := c.item.Body
		was.follow(tail)
		return s.hearOfChange(ctx, tx, who, &was, r, added)
	}
	if _, err := s.items.Create(ctx, who, second); err != nil {
		return err
	}
	return s.shorten(ctx, who, c, head)
}

// publishAt is when an item that is scheduled is published.
func publishAt(item *content.Shown[Body]) api.Patch[api.Time] {
	if item.PublishAt == nil {
		return api.Patch[api.Time]{}
	}
	return api.Patch[api.Time]{Set: true, Value: api.At(*item.PublishAt)}
}

// toSplit checks that the actor may cut a series, and gives its permissions.
func (s *Service) toSplit(ctx context.Context, tx db.Tx, who authz.Actor, c change) (audience.Permissions, error) {
	if c.item.AuthorID != who.UserID {
		return audience.Permissions{}, fault.Forbidden("event.notAuthor", "Only its author can change an event.")
	}
	if err := api.CheckMatch(c.IfMatch, c.item.Version); err != nil {
		return audience.Permissions{}, err
	}
	return s.Audiences.Permissions(ctx, tx, who.OrgID, c.item.AudienceID)
}

// shorten ends a series at the head of its rule.
func (s *Service) shorten(ctx context.Context, who authz.Actor, c change, head recurrence.Rule) error {
	_, err := s.items.Update(ctx, who, c.item.ID, c.IfMatch, content.Change[Body]{Apply: func(b *Body, _ *fault.Fields) []content.Named {
		if b.Start != 0 {
			b.follow(head)
			b.Sequence++
		}
		return nil
	}})
	return err
}

// Delete removes an event, or takes an occurrence out of its series, or it and those after it.
func (s *Service) Delete(ctx context.Context, who authz.Actor, at Version, moderate bool) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if moderate && who.Can(authz.ContentModerate) { // what they may not see they cannot lock either
			t, err := s.locate(ctx, tx, who.OrgID, at.ID)
			if err != nil {
				return err
			}
			return s.remove(ctx, tx, who, Version{t.event, all, at.IfMatch}, true)
		}
		t, item, scope, err := s.toChange(ctx, tx, who, at)
		if err != nil {
			return err
		}
		c := change{at, t, item}
		if scope == all {
			return s.remove(ctx, tx, who, Version{item.ID, all, at.IfMatch}, false)
		}
		return s.takeOut(ctx, tx, who, c, scope)
	})
}

// takeOut takes an occurrence out of its series, or ends the series before it. A series of which
// nothing is left is deleted.
func (s *Service) takeOut(ctx context.Context, tx db.Tx, who authz.Actor, c change, scope string) error {
	before, err := s.store.liveBefore(ctx, tx, who.OrgID, c.item.ID, c.occurrence.Original)
	if err != nil {
		return err
	}
	after, err := s.store.liveAfter(ctx, tx, who.OrgID, c.item.ID, c.occurrence.Original)
	if err != nil {
		return err
	}
	switch {
	case before == 0 && (scope == following || after == 0):
		return s.remove(ctx, tx, who, Version{c.item.ID, all, c.IfMatch}, false)
	case scope == following:
		if head, _, ok := c.item.Body.rule().Split(c.occurrence.Original); ok {
			if err := s.hearOfEnd(ctx, tx, who, c, scope); err != nil {
				return err
			}
			return s.shorten(ctx, who, c, head)
		}
	}
	o := *c.occurrence
	o.Cancelled = true
	_, err = s.items.Update(ctx, who, c.item.ID, c.IfMatch, content.Change[Body]{
		Apply: func(b *Body, _ *fault.Fields) []content.Named {
			b.touched = &o
			b.Sequence++
			return nil
		},
		Also: func(ctx context.Context, tx db.Tx, r content.Record[Body]) error {
			if err := s.hearOfEnd(ctx, tx, who, c, this); err != nil {
				return err
			}
			if err := s.store.forgetOccurrences(ctx, tx, who.OrgID, r.ID, []string{o.ID}); err != nil {
				return err
			}
			return s.store.set(ctx, tx, who.OrgID, r, o)
		},
	})
	return err
}

// ofWhole gives the fields of a draft for one occurrence that say of its series something else
// than is. Clients send back what they have read.
func (s *Service) ofWhole(ctx context.Context, tx db.Tx, orgID string, c change, in Draft) ([]string, error) {
	b := c.item.Body
	var bad fault.Fields
	in.whole(&b, &bad)
	if in.Repeat.Set {
		in.Repeat.Value.apply(&b, &bad)
	}
	invited, err := s.store.invited(ctx, tx, orgID, c.item.ID)
	if err != nil {
		return nil, err
	}
	permissions, err := s.Audiences.Permissions(ctx, tx, orgID, c.item.AudienceID)
	if err != nil {
		return nil, err
	}
	was, category := c.item.Body, []string{"", ""}
	if c.item.CategoryID != nil && c.item.Category != nil {
		category = []string{*c.item.CategoryID, *c.item.Category}
	}
	var list []string
	for _, f := range []struct {
		pointer string
		other   bool
	}{
		{"/permissions", in.Permissions.Set && !was.Meeting && (in.Permissions.Null || !reflect.DeepEqual(in.Permissions.Value.Normalize(), permissions))},
		{"/userIds", in.UserIDs.Set && !slices.Equal(content.Unique(in.UserIDs.Value), invited)},
		{"/externalUserEmails", !slices.Equal(b.Guests, was.Guests)},
		{"/posterId", b.Poster != was.Poster},
		{"/videoPreviewIds", !slices.Equal(b.Videos, was.Videos)},
		{"/conversationId", b.ConversationID != was.ConversationID},
		{"/type", b.Type != was.Type},
		{"/category", in.Category.Set && !slices.ContainsFunc(category, func(known string) bool { return strings.EqualFold(known, strings.TrimSpace(in.Category.Value)) })},
		{"/isMeeting", b.Meeting != was.Meeting},
		{"/tzid", in.TZID.Value != "" && in.TZID.Value != was.Zone},
		{"/repeat", b.Frequency != was.Frequency || b.Until != was.Until},
		{"/status", in.Status.Value != "" && in.Status.Value != c.item.Status},
		{"/publishAt", in.PublishAt.Set && !in.PublishAt.Null && (c.item.PublishAt == nil || in.PublishAt.Value.Millis() != *c.item.PublishAt)},
	} {
		if f.other {
			list = append(list, f.pointer)
		}
	}
	for _, f := range bad.List() {
		list = append(list, f.Pointer)
	}
	return list, nil
}
