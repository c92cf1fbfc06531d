package conversation

import (
	"context"
	"net/http"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

type (
	listInput struct {
		api.Page
		GroupType           string           `query:"group_type" enum:"CHAT_GROUP,ROOM" doc:"Only this kind of group"`
		MyGroupChats        bool             `query:"my_group_chats" doc:"Only groups you are in"`
		IncludeParticipants bool             `query:"include_participants" doc:"With the people of each group you may read, at most 100"`
		Time                api.OptionalTime `query:"time" doc:"Only groups made up to this moment"`
	}
	listOutput struct {
		Body struct {
			Conversations []Summary `json:"conversations" nullable:"false" doc:"The conversations of this page"`
			Meta          api.Meta  `json:"meta" doc:"Where the page stands in the whole"`
		}
	}
	idInput struct {
		ID string `path:"id" doc:"Id of the conversation"`
	}
	createInput struct{ Body Draft }
	updateInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the group chat"`
		Body Change
	}
	deleteInput struct {
		ID []string `query:"id,explode" doc:"Ids of the group chats, repeated or separated by commas"`
		// The plural is another spelling of the same.
		IDs []string `query:"ids,explode" doc:"The same"`
	}
	createdOutput struct {
		Location string `header:"Location" doc:"Path of the conversation"`
		ETag     string `header:"ETag" doc:"Version of the conversation, for If-Match"`
		Body     View
	}
	output struct {
		ETag string `header:"ETag" doc:"Version of the conversation, for If-Match"`
		Body View
	}
	peopleInput struct {
		ID      string `path:"id" doc:"Id of the conversation"`
		CurPage int    `query:"cur_page" minimum:"1" default:"1" doc:"Number of the page, from 1"`
		PerPage int    `query:"per_page" minimum:"1" default:"100" doc:"People per page, at most 1000"`
	}
	membersOutput struct {
		Body struct {
			Members []MemberView `json:"members" nullable:"false" doc:"The people of this page"`
			Meta    api.Meta     `json:"meta" doc:"Where the page stands in the whole"`
		}
	}
	stateOutput struct {
		Body struct {
			State string `json:"state" enum:"MEMBER,REQUESTED" doc:"Whether you are in it, or have asked to be"`
		}
	}
	decisionInput struct {
		ID   string `path:"id" doc:"Id of the group chat"`
		Body Decision
	}
	directInput struct {
		Body struct {
			UserIDs api.Strings `json:"userIds" required:"true" maxItems:"50" doc:"Ids of the other people"`
		}
	}
	directOutput struct {
		Status   int
		Location string `header:"Location" doc:"Path of the conversation"`
		ETag     string `header:"ETag" doc:"Version of the conversation"`
		Body     View
	}
	settingsInput struct {
		ID   string `path:"id" doc:"Id of the conversation"`
		Body Settings
	}
	readInput struct {
		ID   string `path:"id" doc:"Id of the conversation"`
		Body *Reading
	}
	readOutput struct {
		Body struct {
			ReadSeq          int64 `json:"readSeq" doc:"Number of the last message read"`
			LastSeq          int64 `json:"lastSeq" doc:"Number of the newest message"`
			NewResponseCount int64 `json:"newResponseCount" doc:"How many messages of others you have not read"`
		}
	}
	empty struct{}
)

// MemberView is somebody in a conversation, or who has asked to be.
type MemberView struct {
	person.Card

	IsAdmin bool `json:"isAdmin" doc:"Whether they administer it"`
}

const (
	groupTag = "Group Chats"
	tag      = "Conversations"
	groups   = "/api/group-chats"
	path     = "/api/conversations"
)

var (
	one     = api.ResponseOf("createGroupChat")
	people  = api.Example{Response: `{"members":[],"meta":{"perPage":100,"totalPages":0,"totalResults":0,"curPage":1,"nextPage":0}}`}
	changed = []int{http.StatusConflict, http.StatusPreconditionFailed}
)

// Register mounts the operations on conversations, their messages and meetings.
func (s *Service) Register(r *api.Router) {
	r.Gate(noun, s.gate)
	r.Gate(messageNoun, s.messageGate)
	s.registerGroups(r)
	s.registerMembers(r)
	s.registerMine(r)
	s.registerMessages(r)
	s.registerHistory(r)
	s.registerMeetings(r)
}

func (s *Service) registerGroups(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "listGroupChats", Method: http.MethodGet, Path: groups, Tag: groupTag, Summary: "List group chats",
		Description: "The groups you are in and those you may know of, latest made first.", Authz: read,
	}, s.list)
	api.Register(r, api.Operation{
		ID: "createGroupChat", Method: http.MethodPost, Path: groups, Tag: groupTag, Summary: "Make a group chat",
		Description: "You become its admin. isPrivate and byRequest together say who sees it and how one joins: false and false is open; false and true is readable, joining by approval; " +
			"true and true is listed, joining by approval; true and false is known to members alone.",
		Status: http.StatusCreated, Authz: naming(write, "members"),
	}, s.create)
	api.Register(r, api.Operation{
		ID: "getGroupChat", Method: http.MethodGet, Path: groups + "/{id}", Tag: groupTag, Summary: "Read a group chat", Authz: on(read, oneID), Example: one,
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*output, error) {
		return s.answer(s.Get(ctx, who, in.ID))
	})
	api.Register(r, api.Operation{
		ID: "updateGroupChat", Method: http.MethodPatch, Path: groups + "/{id}", Tag: groupTag, Summary: "Change a group chat and who is in it",
		Description: "For its admins. Removals come before additions. The last admin stays (409 conversation.lastAdmin).",
		Authz:       on(write, oneID, "newAdmins", "removedAdmins", "newMembers", "removedMembers"), Statuses: changed,
	}, func(ctx context.Context, who authz.Actor, in *updateInput) (*output, error) {
		return s.answer(s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "deleteGroupChats", Method: http.MethodDelete, Path: groups, Tag: groupTag, Summary: "Delete group chats",
		Description: "For their admins and moderators: all of them or, when one cannot be deleted, none. Everything written there is deleted, too.",
		Status:      http.StatusNoContent, Authz: write, Statuses: []int{http.StatusNotFound, http.StatusConflict},
	}, s.delete)
}

func (s *Service) registerMembers(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "joinGroupChat", Method: http.MethodPut, Path: groups + "/{id}/membership", Tag: groupTag, Summary: "Join a group chat, or ask to",
		Authz: on(write, oneID), Example: api.Example{Response: `{"state":"MEMBER"}`},
	}, s.join)
	api.Register(r, api.Operation{
		ID: "leaveGroupChat", Method: http.MethodDelete, Path: groups + "/{id}/membership", Tag: groupTag, Summary: "Leave a group chat, or withdraw a request",
		Description: "The last admin cannot leave (409 conversation.lastAdmin).",
		Status:      http.StatusNoContent, Authz: on(write, oneID), Statuses: []int{http.StatusConflict},
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*empty, error) {
		return nil, s.Leave(ctx, who, in.ID)
	})
	api.Register(r, api.Operation{
		ID: "listGroupChatMembers", Method: http.MethodGet, Path: groups + "/{id}/members", Tag: groupTag, Summary: "List the people of a group chat by name",
		Authz: on(read, oneID), Example: people,
	}, func(ctx context.Context, who authz.Actor, in *peopleInput) (*membersOutput, error) {
		return peopleAnswer(s.members(ctx, who, in.ID, api.Page{CurPage: in.CurPage, PerPage: in.PerPage}))
	})
	api.Register(r, api.Operation{
		ID: "listJoinRequests", Method: http.MethodGet, Path: groups + "/{id}/requests", Tag: groupTag, Summary: "List who has asked to join a group chat",
		Description: "For its admins, longest ago first.", Authz: on(read, oneID), Example: people,
	}, func(ctx context.Context, who authz.Actor, in *peopleInput) (*membersOutput, error) {
		return peopleAnswer(s.requests(ctx, who, in.ID, api.Page{CurPage: in.CurPage, PerPage: in.PerPage}))
	})
	api.Register(r, api.Operation{
		ID: "decideJoinRequests", Method: http.MethodPost, Path: groups + "/{id}/requests", Tag: groupTag, Summary: "Approve or refuse requests to join",
		Authz: on(write, oneID, "approve", "refuse"), Statuses: []int{http.StatusConflict},
		Example: api.Example{Request: `{"approve":["6187fcb0-6151-11ec-9294-cfe91ad8177f"]}`, From: "createGroupChat"},
	}, func(ctx context.Context, who authz.Actor, in *decisionInput) (*output, error) {
		return s.answer(s.Decide(ctx, who, in.ID, in.Body))
	})
}

func (s *Service) registerMine(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "listConversations", Method: http.MethodGet, Path: path, Tag: tag, Summary: "List your conversations",
		Description: "Group chats, rooms and direct conversations you are in, the ones that were written in last first, with the number of messages you have not read.",
		Authz:       read, Example: api.ResponseOf("listGroupChats"),
	}, func(ctx context.Context, who authz.Actor, in *struct{ api.Page }) (*listOutput, error) {
		return s.listAnswer(s.Mine(ctx, who, in.Page))
	})
	api.Register(r, api.Operation{
		ID: "createConversation", Method: http.MethodPost, Path: path, Tag: tag, Summary: "Begin a direct conversation",
		Description: "The same people give the conversation there is (200).",
		Status:      http.StatusCreated, AlsoStatuses: []int{http.StatusOK}, Authz: naming(write, "userIds"),
		Example: api.Example{Request: `{"userIds":["6187fcb0-6151-11ec-9294-cfe91ad8177f"]}`, From: "createGroupChat"},
	}, s.createDirect)
	api.Register(r, api.Operation{
		ID: "getConversation", Method: http.MethodGet, Path: path + "/{id}", Tag: tag, Summary: "Read a conversation of any kind", Authz: on(read, oneID), Example: one,
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*output, error) {
		return s.answer(s.Get(ctx, who, in.ID))
	})
	api.Register(r, api.Operation{
		ID: "updateConversationSettings", Method: http.MethodPatch, Path: path + "/{id}/settings", Tag: tag, Summary: "Mute or snooze a conversation for yourself",
		Authz: on(write, oneID), Example: api.Example{Request: `{"muted":true,"snoozedUntil":"2031-10-23T20:33:00.826Z"}`, From: "createGroupChat"},
	}, func(ctx context.Context, who authz.Actor, in *settingsInput) (*output, error) {
		return s.answer(s.Settle(ctx, who, in.ID, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "markConversationRead", Method: http.MethodPut, Path: path + "/{id}/read", Tag: tag, Summary: "Say how far you have read",
		Description: "Up to a message, or to the newest one. Naming an earlier message makes what came after it unread again.",
		Authz:       on(write, oneID),
		Example:     api.Example{Request: `{"messageId":"9c5b9d42-e552-49c9-a245-491e70d28866"}`, Response: `{"readSeq":7,"lastSeq":9,"newResponseCount":1}`},
	}, s.markRead)
}

func (s *Service) answer(d Detail, err error) (*output, error) {
	if err != nil {
		return nil, err
	}
	return &output{api.ETag(d.Version), viewOf(d, s.now())}, nil
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	return s.listAnswer(s.List(ctx, who, Listing{in.Page, in.GroupType, in.MyGroupChats, in.IncludeParticipants, in.Time.Ptr()}))
}

func (s *Service) listAnswer(list []Row, meta api.Meta, err error) (*listOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Conversations, out.Body.Meta = make([]Summary, len(list)), meta
	for i, row := range list {
		out.Body.Conversations[i] = summaryOf(row, s.now())
	}
	return out, nil
}

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*createdOutput, error) {
	d, err := s.Create(ctx, who, in.Body)
	if err != nil {
		return nil, err
	}
	return &createdOutput{groups + "/" + d.ID, api.ETag(d.Version), viewOf(d, s.now())}, nil
}

func (s *Service) createDirect(ctx context.Context, who authz.Actor, in *directInput) (*directOutput, error) {
	d, made, err := s.CreateDirect(ctx, who, in.Body.UserIDs)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if made {
		status = http.StatusCreated
	}
	return &directOutput{status, path + "/" + d.ID, api.ETag(d.Version), viewOf(d, s.now())}, nil
}

func (s *Service) delete(ctx context.Context, who authz.Actor, in *deleteInput) (*empty, error) {
	list := strings.FieldsFunc(strings.Join(append(in.ID, in.IDs...), ","), func(r rune) bool { return r == ',' })
	switch {
	case len(list) == 0:
		return nil, fault.Invalid(fault.Field{Pointer: "?id", Code: "field.required", Detail: "Name the group chats to delete."})
	case len(list) > 100:
		return nil, fault.Invalid(fault.Field{Pointer: "?id", Code: "field.tooMany", Detail: "At most 100 group chats can be deleted at once."})
	}
	for _, id := range list {
		if !ids.Valid(id) {
			return nil, fault.NotFound(noun)
		}
	}
	return nil, s.Delete(ctx, who, list)
}

func (s *Service) join(ctx context.Context, who authz.Actor, in *idInput) (*stateOutput, error) {
	state, err := s.Join(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	out := &stateOutput{}
	out.Body.State = state
	return out, nil
}

func peopleAnswer(list []participant, meta api.Meta, err error) (*membersOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &membersOutput{}
	out.Body.Members, out.Body.Meta = make([]MemberView, len(list)), meta
	for i, p := range list {
		out.Body.Members[i] = MemberView{p.Card, p.isAdmin}
	}
	return out, nil
}

func (s *Service) markRead(ctx context.Context, who authz.Actor, in *readInput) (*readOutput, error) {
	var reading Reading
	if in.Body != nil {
		reading = *in.Body
	}
	c, err := s.MarkRead(ctx, who, in.ID, reading)
	if err != nil {
		return nil, err
	}
	out := &readOutput{}
	out.Body.ReadSeq, out.Body.LastSeq, out.Body.NewResponseCount = c.Mine.ReadSeq, c.LastSeq, c.Unread()
	return out, nil
}
