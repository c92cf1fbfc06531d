package event

import (
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// View is an occurrence of an event as clients read it.
type View struct {
	ID                string                  `json:"id" doc:"Id of the occurrence; of what happens once, of the event"`
	CreatedAt         api.Time                `json:"createdAt" doc:"When the event was made"`
	UpdatedAt         api.Time                `json:"updatedAt" doc:"When it was last changed"`
	CreatedBy         string                  `json:"createdBy" doc:"Id of the organizer"`
	UpdatedBy         string                  `json:"updatedBy" doc:"Id of who changed it last"`
	Title             string                  `json:"title" doc:"Title"`
	Description       string                  `json:"description" doc:"What it is about"`
	ExternalLink      []Link                  `json:"externalLink" nullable:"false" doc:"Links shown with it"`
	IsExternalEvent   bool                    `json:"isExternalEvent" doc:"It is in a calendar that you subscribe to"`
	ConferenceLink    *string                 `json:"conferenceLink" doc:"Where people attend at a distance"`
	Location          *string                 `json:"location" doc:"Place, in words or as a link to a map"`
	StartDateTime     api.Time                `json:"startDateTime" doc:"Start"`
	EndDateTime       api.Time                `json:"endDateTime" doc:"End"`
	IsVirtual         bool                    `json:"isVirtual" doc:"People attend at a distance"`
	EventSource       string                  `json:"eventSource" doc:"Name of the calendar it is in; empty for this server"`
	Poster            *person.File            `json:"poster" doc:"Picture, or null"`
	Going             int                     `json:"going" doc:"How many people come"`
	MyRsvp            *string                 `json:"myRsvp" doc:"Whether you come: GOING, NOT_GOING, MAYBE or null"`
	MyCheckin         *api.Time               `json:"myCheckin" doc:"When you checked in, or null"`
	Comments          int                     `json:"comments" doc:"Number of comments"`
	Tags              []string                `json:"tags" nullable:"false" doc:"Tags"`
	Reactions         []string                `json:"reactions" nullable:"false" doc:"Which reactions it got, the most frequent first"`
	Type              *int                    `json:"type" doc:"Number of its type: 1 POST, 2 LIVESTREAM, 3 EVENT, 4 FAQ, 5 COURSE"`
	Category          *string                 `json:"category" doc:"Name of its category, or null"`
	Livestream        *Call                   `json:"livestream" doc:"The call of a livestream or meeting, or null"`
	RsvpUsers         []RsvpUser              `json:"rsvpUsers" nullable:"false" doc:"Who was invited or answered, the latest first: in lists at most ten"`
	Creator           *person.Card            `json:"creator" doc:"The organizer; null in calendars that you subscribe to"`
	ExternalAttendees []string                `json:"externalAttendees" nullable:"false" doc:"Mail addresses of guests from outside, for the organizer and, of meetings, those invited"`
	RepeatConfig      *RepeatConfig           `json:"repeatConfig" doc:"How it repeats, or null"`
	RepeatID          *string                 `json:"repeatId" doc:"Id of the series, or null"`
	RecurrenceID      *string                 `json:"recurrenceId" doc:"Where its series has it, on the clock of the series, or null"`
	TZID              string                  `json:"tzid" doc:"Time zone on whose clock a series stays"`
	IsMeeting         bool                    `json:"isMeeting" doc:"It is a meeting"`
	Duration          int64                   `json:"duration" doc:"Length in minutes"`
	ConversationID    *string                 `json:"conversationId" doc:"Conversation it is held in, or null"`
	VideoPreviewIDs   []string                `json:"videoPreviewIds" nullable:"false" doc:"Ids of films shown with it"`
	VideoPreviews     []person.File           `json:"videoPreviewList" nullable:"false" doc:"Films shown with it"`
	ReactionCounts    []content.ReactionCount `json:"reactionCounts" nullable:"false" doc:"Reactions by kind"`
	MyReactions       []string                `json:"myReactions" nullable:"false" doc:"Your reactions"`
	BookmarkID        *string                 `json:"bookmarkId" doc:"Your bookmark, or null"`
	Status            string                  `json:"status" enum:"PUBLISHED,DRAFT,SCHEDULED" doc:"State of the event"`
	PublishAt         *api.Time               `json:"publishAt" doc:"When a scheduled event is published"`
	PostedAt          api.Time                `json:"postedAt" doc:"When the event was published, or made while it is not"`
	Permissions       *audience.Permissions   `json:"permissions" doc:"Who may see it; null for anybody but the organizer"`
}

// RsvpUser is somebody who was invited or answered.
type RsvpUser struct {
	person.Card

	Invited *api.Time `json:"invited" doc:"When they were invited, or null"`
	Rsvp    *string   `json:"rsvp" doc:"Whether they come: GOING, NOT_GOING, MAYBE or null"`
	Checkin *api.Time `json:"checkin" doc:"When they checked in, or null"`
}

// GuestView is a guest from outside.
type GuestView struct {
	Email      string    `json:"email" doc:"Mail address"`
	Rsvp       *string   `json:"rsvp" doc:"Whether they come: GOING, NOT_GOING, MAYBE or null"`
	AnsweredAt *api.Time `json:"answeredAt" doc:"When they said so, or null"`
	Mail       string    `json:"mail" enum:"NONE,WAITING,SENT,FAILED" doc:"What became of the latest mail to them; NONE on a server that sends none"`
}

// RepeatConfig is a repetition as the reference prints it.
type RepeatConfig struct {
	Config RepeatShown `json:"config" doc:"The repetition"`
}

// RepeatShown is the rule of a repetition.
type RepeatShown struct {
	Extras struct{}    `json:"extras" doc:"Nothing"`
	Config *RepeatRule `json:"config" doc:"The rule"`
}

// Call is the call of a livestream or meeting. Who is in it at this moment its provider knows.
type Call struct {
	ID                       string        `json:"id" doc:"Id of the call"`
	MessageID                *string       `json:"messageId" doc:"Message that announces it"`
	Duration                 int64         `json:"duration" doc:"Length in minutes"`
	StartedAt                *api.Time     `json:"startedAt" doc:"When somebody first joined, or null"`
	EndedAt                  *api.Time     `json:"endedAt" doc:"When its time was over, or null"`
	Type                     string        `json:"type" enum:"LIVESTREAM,MEETING" doc:"What it is the call of"`
	Status                   string        `json:"status" enum:"SCHEDULED,DUE,OVER" doc:"Where its time stands"`
	InProgress               bool          `json:"inProgress" doc:"It is its time"`
	IsGroup                  bool          `json:"isGroup" doc:"More than two people are expected"`
	Token                    *string       `json:"token" doc:"Null: joining gives one"`
	ConversationID           *string       `json:"conversationId" doc:"Conversation it is held in"`
	NoOfParticipants         int           `json:"noOfParticipants" doc:"How many have joined"`
	TotalParticipants        int           `json:"totalParticipants" doc:"How many have joined"`
	Participants             []Participant `json:"participants" nullable:"false" doc:"Who has joined, of those shown in rsvpUsers"`
	LivestreamConversationID *string       `json:"livestreamConversationId" doc:"Conversation beside a livestream"`
	Title                    *string       `json:"title" doc:"Title"`
	EventForInvitesID        *string       `json:"eventForInvitesId" doc:"Id of the occurrence"`
	File                     *person.File  `json:"file" doc:"The first film shown with it, or null"`
	UserID                   string        `json:"userId" doc:"Id of the organizer"`
	User                     person.Card   `json:"user" doc:"The organizer"`
	ScheduledFor             *api.Time     `json:"scheduledFor" doc:"When it is to begin"`
	Record                   bool          `json:"record" doc:"It is recorded"`
	Event                    string        `json:"event" doc:"Id of the occurrence"`
	PublicToken              *string       `json:"publicToken" doc:"Null: livestreams are not public"`
}

// Participant is somebody who has joined a call.
type Participant struct {
	ID       string      `json:"id" doc:"Id of the person"`
	UserID   string      `json:"userId" doc:"Id of the person"`
	CallID   string      `json:"callId" doc:"Id of the call"`
	AgoraID  int64       `json:"agoraId" doc:"0: providers are told the id of the person"`
	User     person.Card `json:"user" doc:"The person"`
	JoinedAt api.Time    `json:"joinedAt" doc:"When they first joined"`
	Host     bool        `json:"host" doc:"They are the organizer"`
	LeftAt   *api.Time   `json:"leftAt" doc:"Null: its provider knows"`
}

// ViewOf shows an occurrence to somebody at a time.
func ViewOf(who authz.Actor, s *Seen, now int64) View {
	if s.External != nil {
		return s.External.view()
	}
	b := s.Item.Body.with(s.Changes)
	shared := content.ViewOf(s.Item, s.With)
	v := View{
		ID: s.ID, CreatedAt: shared.CreatedAt, UpdatedAt: shared.UpdatedAt, CreatedBy: s.Item.AuthorID, UpdatedBy: s.Item.UpdatedBy,
		Title: b.Title, Description: b.Description, ExternalLink: orEmpty(b.Links), ConferenceLink: message.Optional(b.ConferenceLink),
		Location: message.Optional(b.Location), StartDateTime: api.At(s.Starts), EndDateTime: api.At(s.Ends), IsVirtual: b.Virtual,
		Poster: message.PickFile(s.With, b.Poster), Going: s.Going, MyRsvp: s.MyRsvp, MyCheckin: api.AtPtr(s.MyCheckin),
		Comments: shared.CommentsCount, Tags: orEmpty(b.Tags), Reactions: []string{}, Type: &b.Type, Category: s.Item.Category,
		RsvpUsers: []RsvpUser{}, Creator: &s.Item.Author, ExternalAttendees: []string{}, TZID: b.Zone, IsMeeting: b.Meeting,
		Duration: (s.Ends - s.Starts) / minuteMS, ConversationID: message.Optional(b.ConversationID), VideoPreviewIDs: orEmpty(b.Videos),
		VideoPreviews: orEmpty(message.PickFiles(s.With, b.Videos...)), ReactionCounts: shared.Reactions, MyReactions: shared.MyReactions,
		BookmarkID: shared.BookmarkID, Status: shared.Status, PublishAt: shared.PublishAt, PostedAt: shared.PostedAt, Permissions: shared.Permissions,
	}
	for _, r := range shared.Reactions {
		v.Reactions = append(v.Reactions, r.Type)
	}
	if b.Meeting || who.UserID == s.Item.AuthorID {
		v.ExternalAttendees = orEmpty(b.Guests)
	}
	for _, a := range s.People {
		v.RsvpUsers = append(v.RsvpUsers, rsvpOf(a))
	}
	if b.repeats() {
		original := s.Original.String()
		v.RepeatConfig, v.RepeatID, v.RecurrenceID = &RepeatConfig{RepeatShown{Config: b.shown()}}, &s.EventID, &original
	}
	if b.Type == typeLivestream || b.Meeting {
		v.Livestream = callOf(&b, s, now)
	}
	return v
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func rsvpOf(a Attendee) RsvpUser {
	return RsvpUser{a.Card, api.AtPtr(a.Invited), a.Rsvp, api.AtPtr(a.CheckedIn)}
}

func callOf(b *Body, s *Seen, now int64) *Call {
	c := &Call{
		ID: b.CallID, Duration: (s.Ends - s.Starts) / minuteMS, StartedAt: api.AtPtr(s.CallStartedAt), Type: "LIVESTREAM", Status: "SCHEDULED",
		IsGroup: true, ConversationID: message.Optional(b.ConversationID), NoOfParticipants: s.Joined, TotalParticipants: s.Joined,
		Participants: []Participant{}, Title: &b.Title, EventForInvitesID: &s.ID, UserID: s.Item.AuthorID, User: s.Item.Author,
		ScheduledFor: api.AtPtr(&s.Starts), Event: s.ID,
	}
	if b.Meeting {
		c.Type, c.IsGroup = "MEETING", len(s.People)+len(b.Guests) > 1
	}
	switch {
	case now >= s.Ends:
		c.Status, c.EndedAt = "OVER", api.AtPtr(&s.Ends)
	case now >= s.Starts:
		c.Status, c.InProgress = "DUE", true
	}
	if len(b.Videos) > 0 {
		c.File = message.PickFile(s.With, b.Videos[0])
	}
	for _, a := range s.People {
		if a.Joined != nil {
			c.Participants = append(c.Participants, Participant{a.Card.ID, a.Card.ID, b.CallID, 0, a.Card, api.At(*a.Joined), a.Card.ID == s.Item.AuthorID, nil})
		}
	}
	slices.SortFunc(c.Participants, func(a, b Participant) int { return int(a.JoinedAt.Millis() - b.JoinedAt.Millis()) })
	return c
}
