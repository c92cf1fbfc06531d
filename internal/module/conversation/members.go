package conversation

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// States of somebody towards a group chat.
const (
	IsMember  = "MEMBER"
	Requested = "REQUESTED"
)

var errLastAdmin = fault.Conflict("conversation.lastAdmin", "A group chat needs an admin. Make somebody else admin first, or delete the group chat.")

// seat changes who is in a locked group chat: removals, then additions.
func (s *Service) seat(ctx context.Context, tx db.Tx, who authz.Actor, c Conversation, in Change) error {
	if !slices.ContainsFunc(in.people(), func(l named) bool { return len(l.ids) > 0 }) {
		return nil
	}
	if err := s.remove(ctx, tx, who, c.ID, in.RemovedMembers); err != nil {
		return err
	}
	if err := s.store.setAdmins(ctx, tx, who.OrgID, c.ID, in.RemovedAdmins, false); err != nil {
		return err
	}
	if err := s.store.join(ctx, tx, who.OrgID, c, content.Unique(slices.Concat(in.NewAdmins, in.NewMembers)), nil, s.now()); err != nil {
		return err
	}
	if err := s.store.setAdmins(ctx, tx, who.OrgID, c.ID, in.NewAdmins, true); err != nil {
		return err
	}
	return s.seated(ctx, tx, who, c.ID)
}

// remove takes people out of a locked group chat and tells them.
func (s *Service) remove(ctx context.Context, tx db.Tx, who authz.Actor, id string, people []string) error {
	left, err := s.store.part(ctx, tx, who.OrgID, id, people)
	if err != nil {
		return err
	}
	return s.parted(ctx, tx, who, id, "left", left)
}

// seated checks that a group chat has an admin still, and tells of its change.
func (s *Service) seated(ctx context.Context, tx db.Tx, who authz.Actor, id string) error {
	headless, err := s.store.headless(ctx, tx, who.OrgID, id)
	if err == nil && headless {
		err = errLastAdmin
	}
	if err != nil {
		return err
	}
	return s.publish(ctx, tx, who, id, "membersChanged")
}

// Join makes the actor a member of a group chat, or asks its admins to. Doing so again changes
// nothing.
func (s *Service) Join(ctx context.Context, who authz.Actor, id string) (state string, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, err := s.locked(ctx, tx, who, id)
		switch {
		case err != nil:
			return err
		case c.Mine != nil:
			state = IsMember
			return nil
		case c.ByRequest:
			state = Requested
			made, err := s.store.request(ctx, tx, who, id, s.now())
			if err != nil || !made {
				return err
			}
			return s.publish(ctx, tx, who, id, "requested")
		}
		state = IsMember
		if err := s.store.join(ctx, tx, who.OrgID, c, []string{who.UserID}, nil, s.now()); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, id, "membersChanged")
	})
	return state, err
}

// Leave takes the actor out of a group chat, or their request back.
func (s *Service) Leave(ctx context.Context, who authz.Actor, id string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, err := s.locked(ctx, tx, who, id)
		switch {
		case err != nil:
			return err
		case c.Kind == Direct:
			return errDirect
		case c.Mine == nil:
			return s.store.forgetRequests(ctx, tx, who.OrgID, id, []string{who.UserID})
		}
		if err := s.remove(ctx, tx, who, id, []string{who.UserID}); err != nil {
			return err
		}
		return s.seated(ctx, tx, who, id)
	})
}

// members gives a page of the people in a conversation by name, with whether they are admins.
func (s *Service) members(ctx context.Context, who authz.Actor, id string, p api.Page) ([]participant, api.Meta, error) {
	q := s.DB.Reader(ctx)
	c, err := s.toRead(ctx, q, who, id)
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, err := s.store.members(ctx, q, who.OrgID, id, p.Limit(), p.Offset())
	return list, p.Meta(c.MemberCount), err
}

// requests gives a page of who has asked to join, for admins.
func (s *Service) requests(ctx context.Context, who authz.Actor, id string, p api.Page) ([]participant, api.Meta, error) {
	q := s.DB.Reader(ctx)
	c, err := s.store.byID(ctx, q, who, id)
	if err == nil && !c.isAdmin() {
		err = fault.Forbidden("conversation.notAdmin", "Only admins of the group chat see who has asked to join.")
	}
	if err != nil {
		return nil, api.Meta{}, err
	}
	total, err := s.store.countRequests(ctx, q, who.OrgID, id)
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, err := s.store.requests(ctx, q, who.OrgID, id, p.Limit(), p.Offset())
	return list, p.Meta(total), err
}

// Decision is what an admin says to requests.
type Decision struct {
	Approve api.Strings `json:"approve,omitempty" maxItems:"1000" doc:"Ids of people who become members"`
	Refuse  api.Strings `json:"refuse,omitempty" maxItems:"1000" doc:"Ids of people whose requests are refused"`
}

// Decide approves and refuses requests. Somebody who has not asked is reported.
func (s *Service) Decide(ctx context.Context, who authz.Actor, id string, in Decision) (Detail, error) {
	var out Detail
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, err := s.asAdmin(ctx, tx, who, id)
		if err != nil {
			return err
		}
		var bad fault.Fields
		asked, err := s.store.requested(ctx, tx, who.OrgID, id, slices.Concat(in.Approve, in.Refuse))
		if err != nil {
			return err
		}
		for _, l := range []named{{"/approve", in.Approve}, {"/refuse", in.Refuse}} {
			for i, user := range l.ids {
				if !slices.Contains(asked, user) {
					bad.Add(nth(l.pointer, i), "conversation.notRequested", "This person has not asked to join.")
				}
			}
		}
		for i, user := range in.Refuse {
			if slices.Contains(in.Approve, user) {
				bad.Add(nth("/refuse", i), "field.duplicate", "A request is either approved or refused.")
			}
		}
		if err := s.knownPeople(ctx, tx, who.OrgID, []named{{"/approve", in.Approve}}, &bad); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.store.forgetRequests(ctx, tx, who.OrgID, id, in.Refuse); err != nil {
			return err
		}
		if err := s.store.join(ctx, tx, who.OrgID, c, content.Unique(in.Approve), nil, s.now()); err != nil {
			return err
		}
		if len(in.Approve) > 0 {
			if err := s.publish(ctx, tx, who, id, "membersChanged"); err != nil {
				return err
			}
			if err := s.approved(ctx, tx, who, id, content.Unique(in.Approve)); err != nil {
				return err
			}
		}
		out, err = s.detail(ctx, tx, who, id)
		return err
	})
	return out, err
}

// Settings are what a member sets for themselves.
type Settings struct {
	Muted        api.Patch[bool]     `json:"muted,omitzero" doc:"Whether you want to hear nothing of it"`
	SnoozedUntil api.Patch[api.Time] `json:"snoozedUntil,omitzero" doc:"Until when you want to hear nothing of it; null ends it"`
}

// Settle mutes or snoozes a conversation for the actor.
func (s *Service) Settle(ctx context.Context, who authz.Actor, id string, in Settings) (Detail, error) {
	var out Detail
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, err := s.asMember(ctx, tx, who, id)
		if err != nil {
			return err
		}
		mine := *c.Mine
		if in.Muted.Set {
			mine.Muted = in.Muted.Value
		}
		if in.SnoozedUntil.Set {
			mine.SnoozedUntil = nil
			if !in.SnoozedUntil.Null {
				at := in.SnoozedUntil.Value.Millis()
				mine.SnoozedUntil = &at
			}
		}
		if in.SnoozedUntil.Set && mine.SnoozedUntil != nil && *mine.SnoozedUntil <= s.now() {
			return fault.Invalid(fault.Field{Pointer: "/snoozedUntil", Code: "conversation.snoozePast", Detail: "This time is over. Name one in the future, or null."})
		}
		if err := s.store.settle(ctx, tx, who, id, mine); err != nil {
			return err
		}
		out, err = s.detail(ctx, tx, who, id)
		return err
	})
	return out, err
}

// Reading is how far a member has read.
type Reading struct {
	MessageID string `json:"messageId,omitempty" doc:"Id of the last message read; the newest one when absent"`
}

// readEvent is the data of conversation.read.
type readEvent struct {
	event
	Seq int64 `json:"seq"`
}

// MarkRead notes how far the actor has read, further or less far than before.
func (s *Service) MarkRead(ctx context.Context, who authz.Actor, id string, in Reading) (Conversation, error) {
	var out Conversation
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, err := s.asMember(ctx, tx, who, id)
		if err != nil {
			return err
		}
		seq := c.LastSeq
		if in.MessageID != "" {
			if seq, err = s.store.seqOf(ctx, tx, who.OrgID, id, in.MessageID); err != nil {
				return elsewhere(err, "/messageId")
			}
		}
		if err := s.store.markRead(ctx, tx, who, id, seq); err != nil {
			return err
		}
		err = s.Bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: "conversation.read", Subject: id, Data: readEvent{event{ID: id, By: who.UserID}, seq}})
		if err == nil {
			out, err = s.store.byID(ctx, tx, who, id)
		}
		return err
	})
	return out, err
}

// PeopleChanged gives group chats whose admins have all been archived another one.
func (s *Service) PeopleChanged(ctx context.Context, tx db.Tx, orgID string, people []string) error {
	list, err := s.store.orphaned(ctx, tx, orgID, people)
	if err != nil {
		return err
	}
	for _, id := range list {
		if err := s.store.lock(ctx, tx, orgID, id); err != nil {
			return err
		}
		if err := s.store.eldest(ctx, tx, orgID, id); err != nil {
			return err
		}
	}
	return nil
}
