package conversation

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

const (
	maxMinutes = 7 * 24 * 60 // of a meeting
	minuteMS   = 60_000
)

// NewMeeting is a meeting to hold: in a conversation, or with ConversationID "" of its people alone.
type NewMeeting struct {
	ConversationID, Title, PosterID string
	StartsAt, EndsAt                int64    // ms
	People                          []string // ids of those invited
}

// Meetings are the events that conversations hold. They are seen by those invited and by whoever is
// in the conversation.
type Meetings interface {
	// Hold makes a meeting of the actor's, in the transaction of the context.
	Hold(ctx context.Context, who authz.Actor, m NewMeeting) (EventView, error)
	// ByIDs gives those of some meetings that the actor may see, by id.
	ByIDs(ctx context.Context, who authz.Actor, ids []string) (map[string]EventView, error)
	// Of gives the next meeting of a conversation, which may have begun, and the latest that is over,
	// of those that the actor may see; nil for none.
	Of(ctx context.Context, who authz.Actor, id string) (next, last *EventView, err error)
	// Left takes those who are in a conversation no more out of its meetings that are not over.
	Left(ctx context.Context, tx db.Tx, orgID, id string, people []string) error
	// Closed lets the meetings of a conversation that is deleted go on without it.
	Closed(ctx context.Context, tx db.Tx, orgID, id string) error
}

// MeetingDraft is what a client sends to make a meeting.
type MeetingDraft struct {
	Title         string              `json:"title,omitempty" doc:"Title, at most 200 characters"`
	UserIDs       api.Strings         `json:"userIds,omitempty" maxItems:"1000" doc:"Ids of the people invited"`
	StartDateTime api.Patch[api.Time] `json:"startDateTime,omitzero" doc:"Start"`
	EndDateTime   api.Patch[api.Time] `json:"endDateTime,omitzero" doc:"End; without it, duration says"`
	PosterID      string              `json:"posterId,omitempty" doc:"Id of an uploaded picture of yours"`
	Duration      int64               `json:"duration,omitempty" minimum:"0" doc:"Length in minutes, where there is no end; 0 is not said"`
}

// check gives the meeting a draft means.
func (in MeetingDraft) check(bad *fault.Fields) NewMeeting {
	m := NewMeeting{Title: strings.TrimSpace(in.Title), PosterID: in.PosterID, People: content.Unique(in.UserIDs)}
	switch {
	case m.Title == "":
		bad.Add("/title", "meeting.titleRequired", "A meeting needs a title.")
	case utf8.RuneCountInString(m.Title) > maxTitle:
		bad.Addf("/title", "meeting.titleTooLong", "A title has at most %d characters.", maxTitle)
	case strings.ContainsFunc(m.Title, unicode.IsControl):
		bad.Add("/title", "meeting.titleInvalid", "Control characters are not allowed.")
	}
	if m.PosterID != "" && !ids.Valid(m.PosterID) {
		bad.Add("/posterId", "media.unknown", "You have uploaded no file with this id.")
	}
	if in.Duration < 0 || in.Duration > maxMinutes {
		bad.Addf("/duration", "meeting.tooLong", "A meeting has at most %d minutes.", maxMinutes)
		return m
	}
	if !in.StartDateTime.Set || in.StartDateTime.Null {
		bad.Add("/startDateTime", "field.required", "A meeting needs a start.")
		return m
	}
	m.StartsAt = in.StartDateTime.Value.Millis()
	switch {
	case in.EndDateTime.Set && !in.EndDateTime.Null:
		m.EndsAt = in.EndDateTime.Value.Millis()
	case in.Duration > 0:
		m.EndsAt = m.StartsAt + in.Duration*minuteMS
	default:
		bad.Add("/endDateTime", "field.required", "A meeting needs an end or a duration.")
		return m
	}
	switch {
	case m.EndsAt <= m.StartsAt:
		bad.Add("/endDateTime", "meeting.endsBeforeStart", "The end must be after the start.")
	case m.EndsAt-m.StartsAt > maxMinutes*minuteMS:
		bad.Addf("/endDateTime", "meeting.tooLong", "A meeting has at most %d minutes.", maxMinutes)
	}
	return m
}

// Meet makes a meeting in a conversation, which a message announces, or with conversation "" one
// of its people alone. In a conversation everybody there is invited unless people are named.
func (s *Service) Meet(ctx context.Context, who authz.Actor, conversation string, in MeetingDraft) (EventView, error) {
	var bad fault.Fields
	m := in.check(&bad)
	m.ConversationID = conversation
	if bad.Empty() {
		if err := s.arrive(ctx, who, optional(m.PosterID)); err != nil {
			return EventView{}, err
		}
	}
	var out EventView
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		bad, m := bad, m
		if conversation != "" {
			if err := s.toSend(ctx, tx, who, conversation); err != nil {
				return err
			}
		}
		if err := s.knownPeople(ctx, tx, who.OrgID, []named{{"/userIds", in.UserIDs}}, &bad); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		var err error
		if conversation != "" && len(m.People) == 0 {
			if m.People, err = s.others(ctx, tx, who, conversation); err != nil {
				return err
			}
		}
		if out, err = s.Meetings.Hold(ctx, who, m); err != nil || conversation == "" {
			return err
		}
		announced := Message{ID: ids.New(), ConversationID: conversation, SenderID: who.UserID, UpdatedBy: who.UserID}
		announced.Body.Text, announced.Body.Meeting = m.Title, out.ID
		return s.post(ctx, tx, who, &announced)
	})
	return out, err
}

// others gives who is in a conversation beside the actor, as many as are shown.
func (s *Service) others(ctx context.Context, q db.Queryer, who authz.Actor, id string) ([]string, error) {
	people, err := s.store.participants(ctx, q, who.OrgID, []string{id}, maxShown)
	list := make([]string, 0, len(people))
	for _, p := range people {
		if p.ID != who.UserID {
			list = append(list, p.ID)
		}
	}
	return list, err
}

// among gives who of some people is in a conversation.
func (store) among(ctx context.Context, q db.Queryer, orgID, id string, people []string) ([]string, error) {
	if len(people) == 0 {
		return nil, nil
	}
	return db.Strings(q.Query(ctx, `SELECT user_id FROM conversation_members WHERE org_id = ? AND conversation_id = ? AND user_id {in}`, orgID, id, db.List(people)))
}

// meetingsOf gives the next meeting of a conversation and its latest, as the actor sees them.
func (s *Service) meetingsOf(ctx context.Context, who authz.Actor, id string) (next, last *CallView, err error) {
	if s.Meetings == nil {
		return nil, nil, nil
	}
	coming, over, err := s.Meetings.Of(ctx, who, id)
	return coming.call(), over.call(), err
}

// announced gives the meetings that messages announce, as the actor sees them, by id.
func (s *Service) announced(ctx context.Context, who authz.Actor, list []Message) (map[string]EventView, error) {
	var meetings []string
	for _, m := range list {
		if id := m.Body.Meeting; id != "" && !slices.Contains(meetings, id) {
			meetings = append(meetings, id)
		}
	}
	if len(meetings) == 0 || s.Meetings == nil {
		return nil, nil
	}
	return s.Meetings.ByIDs(ctx, who, meetings)
}
