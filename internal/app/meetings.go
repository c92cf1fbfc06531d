package app

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/module/conversation"
	"github.com/workdrive/workdrive/internal/module/event"
)

// eventConversations are what meetings are held in.
type eventConversations struct{ conversations *conversation.Service }

// Held implements event.Conversations.
func (c eventConversations) Held(ctx context.Context, q db.Queryer, who authz.Actor, id string, among []string) (event.Held, bool, error) {
	group, people, holds, err := conversation.Seating{Service: c.conversations}.Holding(ctx, q, who, id, among)
	return event.Held{Group: group, People: people}, holds, err
}

// meetings are what conversations hold.
type meetings struct {
	events *event.Service
	clock  clock.Clock
}

func set[T any](v T) api.Patch[T] { return api.Patch[T]{Set: true, Value: v} }

// Hold implements conversation.Meetings.
func (m meetings) Hold(ctx context.Context, who authz.Actor, n conversation.NewMeeting) (conversation.EventView, error) {
	d := event.Draft{
		Title: set(n.Title), UserIDs: set(api.Strings(n.People)), IsMeeting: set(true), IsVirtual: set(true),
		StartDateTime: set(api.At(n.StartsAt)), EndDateTime: set(api.At(n.EndsAt)),
	}
	if n.ConversationID != "" {
		d.ConversationID = set(n.ConversationID)
	}
	if n.PosterID != "" {
		d.PosterID = set(n.PosterID)
	}
	seen, err := m.events.Create(ctx, who, d)
	if err != nil {
		return conversation.EventView{}, err
	}
	return *m.view(who, &seen), nil
}

// ByIDs implements conversation.Meetings.
func (m meetings) ByIDs(ctx context.Context, who authz.Actor, ids []string) (map[string]conversation.EventView, error) {
	list, err := m.events.Meetings(ctx, who, ids)
	by := make(map[string]conversation.EventView, len(list))
	for i := range list {
		by[list[i].ID] = *m.view(who, &list[i])
	}
	return by, err
}

// Of implements conversation.Meetings.
func (m meetings) Of(ctx context.Context, who authz.Actor, id string) (next, last *conversation.EventView, err error) {
	coming, over, err := m.events.HeldIn(ctx, who, id)
	return m.view(who, coming), m.view(who, over), err
}

// Left implements conversation.Meetings.
func (m meetings) Left(ctx context.Context, tx db.Tx, orgID, id string, people []string) error {
	return m.events.Left(ctx, tx, orgID, id, people)
}

// Closed implements conversation.Meetings.
func (m meetings) Closed(ctx context.Context, tx db.Tx, orgID, id string) error {
	return m.events.Closed(ctx, tx, orgID, id)
}

// view shows a meeting as conversations do.
func (m meetings) view(who authz.Actor, seen *event.Seen) *conversation.EventView {
	if seen == nil {
		return nil
	}
	v := event.ViewOf(who, seen, clock.Millis(m.clock.Now()))
	out := &conversation.EventView{EventCore: conversation.EventCore{
		ID: v.ID, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt, CreatedBy: v.CreatedBy, UpdatedBy: v.UpdatedBy, Title: v.Title, Description: v.Description,
		ExternalLink: []conversation.ExternalLink{}, ConferenceLink: v.ConferenceLink, Location: v.Location, StartDateTime: v.StartDateTime, EndDateTime: v.EndDateTime,
		IsVirtual: v.IsVirtual, EventSource: v.EventSource, Poster: v.Poster, Going: v.Going, MyRsvp: v.MyRsvp, MyCheckin: v.MyCheckin, Comments: v.Comments,
		Tags: v.Tags, Reactions: v.Reactions, Type: v.Type, Category: v.Category, RsvpUsers: make([]conversation.RsvpUser, len(v.RsvpUsers)),
		ExternalAttendees: v.ExternalAttendees, RepeatID: v.RepeatID, ConversationID: v.ConversationID, Duration: v.Duration, IsMeeting: v.IsMeeting,
	}}
	for _, l := range v.ExternalLink {
		out.ExternalLink = append(out.ExternalLink, conversation.ExternalLink{Title: l.Title, URL: l.URL})
	}
	for i, u := range v.RsvpUsers {
		out.RsvpUsers[i] = conversation.RsvpUser{Card: u.Card, Invited: u.Invited, Rsvp: u.Rsvp}
	}
	if v.Creator != nil {
		out.Creator = *v.Creator
	}
	if v.Livestream != nil {
		out.Livestream = call(v.Livestream)
	}
	return out
}

func call(c *event.Call) *conversation.EventCall {
	out := &conversation.EventCall{Event: c.Event, CallCore: conversation.CallCore{
		ID: c.ID, MessageID: c.MessageID, Duration: c.Duration, StartedAt: c.StartedAt, EndedAt: c.EndedAt, Type: c.Type, Status: c.Status, InProgress: c.InProgress,
		IsGroup: c.IsGroup, Token: c.Token, ConversationID: c.ConversationID, NoOfParticipants: c.NoOfParticipants, TotalParticipants: c.TotalParticipants,
		Participants: make([]conversation.Participant, len(c.Participants)), LivestreamConversationID: c.LivestreamConversationID, Title: c.Title,
		EventForInvitesID: c.EventForInvitesID, File: c.File, UserID: c.UserID, User: c.User, ScheduledFor: c.ScheduledFor, Record: c.Record, PublicToken: c.PublicToken,
	}}
	for i, p := range c.Participants {
		out.Participants[i] = conversation.Participant(p)
	}
	return out
}
