package conversation

import (
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Absent is what the reference prints and nothing fills in: always null.
type Absent struct{}

// ExternalLink is a link of an event.
type ExternalLink struct {
	Title string `json:"title" doc:"Title"`
	URL   string `json:"url" doc:"Address"`
}

// EventCore is a meeting as clients read it, apart from its call.
type EventCore struct {
	ID                string         `json:"id" doc:"Id of the meeting, which is an event"`
	CreatedAt         api.Time       `json:"createdAt" doc:"When it was made"`
	UpdatedAt         api.Time       `json:"updatedAt" doc:"When it was last changed"`
	CreatedBy         string         `json:"createdBy" doc:"Id of who made it"`
	UpdatedBy         string         `json:"updatedBy" doc:"Id of who last changed it"`
	Title             string         `json:"title" doc:"Title"`
	Description       string         `json:"description" doc:"Description"`
	ExternalLink      []ExternalLink `json:"externalLink" nullable:"false" doc:"Links"`
	IsExternalEvent   bool           `json:"isExternalEvent" doc:"Whether it comes from another calendar"`
	ConferenceLink    *string        `json:"conferenceLink" doc:"Address of a video conference"`
	Location          *string        `json:"location" doc:"Place"`
	StartDateTime     api.Time       `json:"startDateTime" doc:"Start"`
	EndDateTime       api.Time       `json:"endDateTime" doc:"End"`
	IsVirtual         bool           `json:"isVirtual" doc:"Whether people meet at a distance"`
	EventSource       string         `json:"eventSource" doc:"Calendar it comes from; empty for this server"`
	Poster            *person.File   `json:"poster" doc:"Picture"`
	Going             int            `json:"going" doc:"How many have said that they come"`
	MyRsvp            *string        `json:"myRsvp" doc:"Your answer"`
	MyCheckin         *api.Time      `json:"myCheckin" doc:"When you checked in"`
	Comments          int            `json:"comments" doc:"Number of comments"`
	Tags              []string       `json:"tags" nullable:"false" doc:"Tags"`
	Reactions         []string       `json:"reactions" nullable:"false" doc:"Reactions"`
	Type              *int           `json:"type" doc:"Number of the event's module"`
	Category          *string        `json:"category" doc:"Category"`
	RsvpUsers         []RsvpUser     `json:"rsvpUsers" nullable:"false" doc:"The people invited"`
	Creator           person.Card    `json:"creator" doc:"Who made it"`
	ExternalAttendees []string       `json:"externalAttendees" nullable:"false" doc:"Guests from outside"`
	RepeatConfig      *Absent        `json:"repeatConfig" doc:"How it repeats; the event says"`
	RepeatID          *string        `json:"repeatId" doc:"Id of the series"`
	ConversationID    *string        `json:"conversationId" doc:"Conversation it is held in"`
	Duration          int64          `json:"duration" doc:"Length in minutes"`
	IsMeeting         bool           `json:"isMeeting" doc:"Whether it is a meeting"`
}

// RsvpUser is somebody invited.
type RsvpUser struct {
	person.Card

	Invited *api.Time `json:"invited" doc:"When they were invited"`
	Rsvp    *string   `json:"rsvp" doc:"Their answer"`
}

// CallCore is the call of a meeting, apart from the meeting.
type CallCore struct {
	ID                       string        `json:"id" doc:"Id of the call"`
	MessageID                *string       `json:"messageId" doc:"Message that announces it"`
	Duration                 int64         `json:"duration" doc:"Length in minutes"`
	StartedAt                *api.Time     `json:"startedAt" doc:"When it began; null as long as nobody has joined"`
	EndedAt                  *api.Time     `json:"endedAt" doc:"When it ended"`
	Type                     string        `json:"type" doc:"MEETING"`
	Status                   string        `json:"status" enum:"SCHEDULED,DUE,OVER" doc:"Where the meeting's time stands"`
	InProgress               bool          `json:"inProgress" doc:"Whether it is the meeting's time"`
	IsGroup                  bool          `json:"isGroup" doc:"Whether more than two people are invited"`
	Token                    *string       `json:"token" doc:"For the media service"`
	ConversationID           *string       `json:"conversationId" doc:"Conversation it is held in"`
	NoOfParticipants         int           `json:"noOfParticipants" doc:"How many are in it"`
	TotalParticipants        int           `json:"totalParticipants" doc:"How many have been in it"`
	Participants             []Participant `json:"participants" nullable:"false" doc:"Who is or was in it"`
	LivestreamConversationID *string       `json:"livestreamConversationId" doc:"Conversation beside a livestream"`
	Title                    *string       `json:"title" doc:"Title"`
	EventForInvitesID        *string       `json:"eventForInvitesId" doc:"Event of the invitations"`
	File                     *person.File  `json:"file" doc:"Recording"`
	UserID                   string        `json:"userId" doc:"Id of who made it"`
	User                     person.Card   `json:"user" doc:"Who made it"`
	ScheduledFor             *api.Time     `json:"scheduledFor" doc:"When it is to begin"`
	Record                   bool          `json:"record" doc:"Whether it is recorded"`
	PublicToken              *string       `json:"publicToken" doc:"For guests"`
}

// Participant is somebody in a call.
type Participant struct {
	ID       string      `json:"id" doc:"Id of the participation"`
	UserID   string      `json:"userId" doc:"Id of the person"`
	CallID   string      `json:"callId" doc:"Id of the call"`
	AgoraID  int64       `json:"agoraId" doc:"Number at the media service"`
	User     person.Card `json:"user" doc:"The person"`
	JoinedAt api.Time    `json:"joinedAt" doc:"When they came"`
	Host     bool        `json:"host" doc:"Whether they lead it"`
	LeftAt   *api.Time   `json:"leftAt" doc:"When they left"`
}

// EventView is a meeting with its call.
type EventView struct {
	EventCore

	Livestream *EventCall `json:"livestream" doc:"The call"`
}

// EventCall is the call of a meeting, which it names.
type EventCall struct {
	CallCore

	Event string `json:"event" doc:"Id of the meeting"`
}

// CallView is a call with its meeting.
type CallView struct {
	CallCore

	Event CallEvent `json:"event" doc:"The meeting"`
}

// CallEvent is the meeting of a call, which it names.
type CallEvent struct {
	EventCore

	Livestream string `json:"livestream" doc:"Id of the call"`
}

// call turns a meeting with its call into the call with its meeting.
func (v *EventView) call() *CallView {
	if v == nil || v.Livestream == nil {
		return nil
	}
	return &CallView{v.Livestream.CallCore, CallEvent{v.EventCore, v.Livestream.ID}}
}
