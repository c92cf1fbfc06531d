package conversation

import (
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Summary is a conversation in a listing.
type Summary struct {
	ID               string        `json:"id" doc:"Id of the conversation"`
	GroupID          string        `json:"groupId" doc:"The same id"`
	Title            string        `json:"title" doc:"Name; empty of direct conversations"`
	IsChannel        bool          `json:"isChannel" doc:"Whether only admins write"`
	IsPrivate        bool          `json:"isPrivate" doc:"Whether only members read it"`
	ByRequest        bool          `json:"byRequest" doc:"Whether joining needs approval"`
	Category         *string       `json:"category" doc:"Name of its category"`
	Image            *person.File  `json:"image" doc:"Cover"`
	Type             string        `json:"type" enum:"CHAT_GROUP,ROOM,DIRECT" doc:"Kind of conversation"`
	Color            string        `json:"color" doc:"Background where there is no cover, #RRGGBB"`
	CreatedAt        api.Time      `json:"createdAt" doc:"When it was made"`
	MemberCount      int           `json:"memberCount" doc:"How many people are in it"`
	Participants     []person.Card `json:"participants" doc:"Its people, at most 100; null where they were not asked for"`
	IsMember         bool          `json:"isMember" doc:"Whether you are in it"`
	IsAdmin          bool          `json:"isAdmin" doc:"Whether you administer it"`
	Requested        bool          `json:"requested" doc:"Whether you have asked to join"`
	NewResponseCount int64         `json:"newResponseCount" doc:"How many messages of others you have not read"`
	Muted            bool          `json:"muted" doc:"Whether you want to hear nothing of it"`
	SnoozedUntil     *api.Time     `json:"snoozedUntil" doc:"Until when you want to hear nothing of it"`
	ActiveAt         api.Time      `json:"activeAt" doc:"When the newest message was sent"`
	LastSeq          int64         `json:"lastSeq" doc:"Number of its newest message"`
	LastMessage      *LatestView   `json:"lastMessage" doc:"Its newest message, in listings of your conversations"`
}

// LatestView is the newest message of a conversation.
type LatestView struct {
	ID        string   `json:"id" doc:"Id of the message"`
	SenderID  string   `json:"senderId" doc:"Id of who sent it"`
	Message   string   `json:"message" doc:"The text"`
	CreatedAt api.Time `json:"createdAt" doc:"When it was sent"`
	IsDeleted bool     `json:"isDeleted" doc:"Whether it was deleted"`
}

// View is a conversation as clients read it.
type View struct {
	ID               string        `json:"id" doc:"Id of the conversation"`
	CreatedAt        api.Time      `json:"createdAt" doc:"When it was made"`
	UpdatedAt        api.Time      `json:"updatedAt" doc:"When it was last changed"`
	CreatedBy        string        `json:"createdBy" doc:"Id of who made it"`
	UpdatedBy        string        `json:"updatedBy" doc:"Id of who last changed it"`
	GroupID          string        `json:"groupId" doc:"The same id"`
	LastCall         *CallView     `json:"lastCall" doc:"Call of the latest meeting that is over"`
	ScheduledCall    *CallView     `json:"scheduledCall" doc:"Call of the next meeting, or the one whose time it is"`
	Title            string        `json:"title" doc:"Name; empty of direct conversations"`
	Description      string        `json:"description" doc:"About it"`
	Image            *person.File  `json:"image" doc:"Cover"`
	Color            string        `json:"color" doc:"Background where there is no cover, #RRGGBB"`
	IsChannel        bool          `json:"isChannel" doc:"Whether only admins write"`
	IsPrivate        bool          `json:"isPrivate" doc:"Whether only members read it"`
	ByRequest        bool          `json:"byRequest" doc:"Whether joining needs approval"`
	Type             string        `json:"type" enum:"CHAT_GROUP,ROOM,DIRECT" doc:"Kind of conversation"`
	Category         *string       `json:"category" doc:"Name of its category"`
	TicketID         *string       `json:"ticketId" doc:"Id of a ticket"`
	NewResponseCount int64         `json:"newResponseCount" doc:"How many messages of others you have not read"`
	InitialQuery     *string       `json:"initialQuery" doc:"The question it began with"`
	ActiveCallID     *string       `json:"activeCallId" doc:"Id of the call of the meeting whose time it is"`
	ExpertID         *string       `json:"expertId" doc:"Id of an expert asked"`
	LastQueryMsg     *Absent       `json:"lastQueryMsg" doc:"The last question asked"`
	VideoPreviews    *person.File  `json:"videoPreviews" doc:"A video"`
	Participants     []person.Card `json:"participants" nullable:"false" doc:"Its people, at most 1,000, longest there first; empty where you may not read it"`
	Admins           []string      `json:"admins" nullable:"false" doc:"Ids of the admins among the participants"`
	MemberCount      int           `json:"memberCount" doc:"How many people are in it"`
	Muted            bool          `json:"muted" doc:"Whether you want to hear nothing of it"`
	SnoozedUntil     *api.Time     `json:"snoozedUntil" doc:"Until when you want to hear nothing of it"`
	Meta             *Absent       `json:"meta" doc:"More about it"`
	Reactions        []string      `json:"reactions" nullable:"false" doc:"Reactions"`
	IsMember         bool          `json:"isMember" doc:"Whether you are in it"`
	IsAdmin          bool          `json:"isAdmin" doc:"Whether you administer it"`
	Requested        bool          `json:"requested" doc:"Whether you have asked to join"`
	LastSeq          int64         `json:"lastSeq" doc:"Number of its newest message"`
	ReadSeq          int64         `json:"readSeq" doc:"Number of the last message you have read"`
}

func viewOf(d Detail, now int64) View {
	c := d.Conversation
	v := View{
		ID: c.ID, CreatedAt: api.At(c.CreatedAt), UpdatedAt: api.At(c.UpdatedAt), CreatedBy: c.CreatedBy, UpdatedBy: c.UpdatedBy, GroupID: c.ID,
		LastCall: callView(d.Last, d.Company, now), ScheduledCall: callView(d.Next, d.Company, now),
		Title: c.Title, Description: c.Description, Image: image(c, d.Company), Color: c.Color, IsChannel: c.IsChannel(), IsPrivate: c.IsPrivate, ByRequest: c.ByRequest,
		Type: c.Kind, Category: c.Category, NewResponseCount: c.Unread(), Participants: d.Participants, Admins: d.Admins, MemberCount: c.MemberCount,
		Reactions: []string{}, IsMember: c.Mine != nil, IsAdmin: c.isAdmin(), Requested: c.Requested, LastSeq: c.LastSeq,
	}
	if c.Mine != nil {
		v.Muted, v.SnoozedUntil, v.ReadSeq = c.Mine.Muted, snoozed(c.Mine, now), c.Mine.ReadSeq
	}
	if v.ScheduledCall != nil && v.ScheduledCall.InProgress {
		v.ActiveCallID = &v.ScheduledCall.ID
	}
	return v
}

func summaryOf(r Row, now int64) Summary {
	c := r.Conversation
	v := Summary{
		ID: c.ID, GroupID: c.ID, Title: c.Title, IsChannel: c.IsChannel(), IsPrivate: c.IsPrivate, ByRequest: c.ByRequest, Category: c.Category,
		Image: image(c, r.Company), Type: c.Kind, Color: c.Color, CreatedAt: api.At(c.CreatedAt), MemberCount: c.MemberCount, Participants: r.Participants,
		IsMember: c.Mine != nil, IsAdmin: c.isAdmin(), Requested: c.Requested, NewResponseCount: c.Unread(), ActiveAt: api.At(c.ActiveAt), LastSeq: c.LastSeq,
	}
	if c.Mine != nil {
		v.Muted, v.SnoozedUntil = c.Mine.Muted, snoozed(c.Mine, now)
	}
	if l := r.Latest; l != nil {
		v.LastMessage = &LatestView{l.ID, l.SenderID, l.Text, api.At(l.CreatedAt), l.Deleted}
	}
	return v
}

// snoozed is until when somebody wants to hear nothing, nil once that is over.
func snoozed(m *Membership, now int64) *api.Time {
	if m.SnoozedUntil == nil || *m.SnoozedUntil <= now {
		return nil
	}
	return api.AtPtr(m.SnoozedUntil)
}

func image(c Conversation, with content.Company) *person.File {
	if c.ImageID == nil {
		return nil
	}
	return message.PickFile(with, *c.ImageID)
}

// MessageView is a message as clients read it.
type MessageView struct {
	ID              string                  `json:"id" doc:"Id of the message"`
	ConversationID  string                  `json:"conversationId" doc:"Conversation it is in"`
	Seq             int64                   `json:"seq" doc:"Number in its conversation, from 1 without gaps"`
	CreatedAt       api.Time                `json:"createdAt" doc:"When it was sent"`
	UpdatedAt       api.Time                `json:"updatedAt" doc:"When it was last changed"`
	CreatedBy       string                  `json:"createdBy" doc:"Id of who sent it"`
	UpdatedBy       string                  `json:"updatedBy" doc:"Id of who last changed it"`
	Message         string                  `json:"message" doc:"The text; empty once it is deleted"`
	IsEdited        bool                    `json:"isEdited" doc:"Whether it was changed"`
	IsDeleted       bool                    `json:"isDeleted" doc:"Whether it was deleted"`
	ReplyOfMsgID    *string                 `json:"replyOfMsgId" doc:"Id of the message it answers"`
	Sender          person.Card             `json:"sender" doc:"Who sent it"`
	Files           FilesView               `json:"files" doc:"Its files"`
	Mention         *person.Card            `json:"mention" doc:"The first person mentioned, or null"`
	Mentions        []person.Card           `json:"mentions" nullable:"false" doc:"People mentioned"`
	Reactions       []content.ReactionCount `json:"reactions" nullable:"false" doc:"Reactions by kind, most frequent first"`
	MyReactions     []string                `json:"myReactions" nullable:"false" doc:"Your reactions"`
	LinkPreviews    *message.LinkPreview    `json:"linkPreviews" doc:"The first link preview, or null"`
	LinkPreviewList []message.LinkPreview   `json:"linkPreviewList" nullable:"false" doc:"All link previews"`
	Hook            *string                 `json:"hook" doc:"Name of the program that wrote it at the sender's address, or null"`
	Type            int                     `json:"type" doc:"0 for a text, 1 for the announcement of a meeting"`
	RepliesCount    int                     `json:"repliesCount" doc:"Number of answers"`
	PinnedAt        *api.Time               `json:"pinnedAt" doc:"When it was pinned, or null"`
	Tags            []string                `json:"tags" nullable:"false" doc:"Tags as written"`
	Links           []string                `json:"links" nullable:"false" doc:"Addresses"`
	Gif             *string                 `json:"gif" doc:"Address of an animated picture"`
	KbExperts       *person.Card            `json:"kbExperts" doc:"An expert who may know"`
	KbDocs          *Absent                 `json:"kbDocs" doc:"A document that answers"`
	KbFaqs          *Absent                 `json:"kbFaqs" doc:"An FAQ that answers"`
	Video           *Absent                 `json:"video" doc:"A video"`
	Chat            *Absent                 `json:"chat" doc:"A conversation"`
	LastQueryMsg    *Absent                 `json:"lastQueryMsg" doc:"The question asked"`
	Call            *Absent                 `json:"call" doc:"A call"`
	Ticket          *Absent                 `json:"ticket" doc:"A ticket"`
	Event           *EventPart              `json:"event" doc:"The meeting it announces"`
}

// FilesView are the files of a message, in the form the reference prints.
type FilesView struct {
	Files []person.File `json:"files" nullable:"false" doc:"All files"`
}

// EventPart is what a message shows of a meeting.
type EventPart struct {
	ID            string       `json:"id" doc:"Id of the meeting"`
	CreatedAt     api.Time     `json:"createdAt" doc:"When it was made"`
	UpdatedAt     api.Time     `json:"updatedAt" doc:"When it was last changed"`
	CreatedBy     string       `json:"createdBy" doc:"Id of who made it"`
	UpdatedBy     string       `json:"updatedBy" doc:"Id of who last changed it"`
	Title         string       `json:"title" doc:"Title"`
	Location      *string      `json:"location" doc:"Place"`
	StartDateTime api.Time     `json:"startDateTime" doc:"Start"`
	EndDateTime   api.Time     `json:"endDateTime" doc:"End"`
	Poster        *person.File `json:"poster" doc:"Picture"`
	Type          *int         `json:"type" doc:"Number of the event's module"`
}

func messageView(m Message, all Messages) MessageView {
	parts := message.PartsOf(&m.Body.Body, all.Company)
	v := MessageView{
		ID: m.ID, ConversationID: m.ConversationID, Seq: m.Seq, CreatedAt: api.At(m.CreatedAt), UpdatedAt: api.At(m.UpdatedAt), CreatedBy: m.SenderID, UpdatedBy: m.UpdatedBy,
		Message: m.Body.Text, IsEdited: m.EditedAt != nil, IsDeleted: m.DeletedAt != nil, ReplyOfMsgID: m.ReplyOf, Sender: m.sender, Files: FilesView{parts.FileList},
		Mentions: parts.Mentions, Reactions: m.Reactions.List(), MyReactions: (&content.Mine{Reactions: m.MyReactions}).MyReactions(),
		LinkPreviews: parts.LinkPreviews, LinkPreviewList: parts.LinkPreviewList, Type: typeText, RepliesCount: m.RepliesCount, PinnedAt: api.AtPtr(m.PinnedAt),
		Tags: parts.Tags, Links: parts.Links, Gif: parts.Gif, Hook: optional(m.Body.Hook),
	}
	if len(v.Mentions) > 0 {
		v.Mention = &v.Mentions[0]
	}
	if e, ok := all.Events[m.Body.Meeting]; ok {
		core := eventOf(e, all.Company)
		v.Type = typeMeeting
		v.Event = &EventPart{core.ID, core.CreatedAt, core.UpdatedAt, core.CreatedBy, core.UpdatedBy, core.Title, core.Location, core.StartDateTime, core.EndDateTime, core.Poster, core.Type}
	}
	return v
}

func messageViews(all Messages) []MessageView {
	list := make([]MessageView, len(all.List))
	for i, m := range all.List {
		list[i] = messageView(m, all)
	}
	return list
}
