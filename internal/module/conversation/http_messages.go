package conversation

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/search"
)

type (
	messageIDInput struct {
		ID string `path:"id" doc:"Id of the message"`
	}
	sendInput struct {
		ID   string `path:"conversationId" doc:"Id of the conversation"`
		Body Note
	}
	editInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the message"`
		Body Revision
	}
	removeInput struct {
		api.IfMatch
		ID string `path:"id" doc:"Id of the message"`
	}
	messageCreatedOutput struct {
		Location string `header:"Location" doc:"Path of the message"`
		ETag     string `header:"ETag" doc:"Version of the message, for If-Match"`
		Body     MessageView
	}
	messageOutput struct {
		ETag string `header:"ETag" doc:"Version of the message, for If-Match"`
		Body MessageView
	}
	reactionInput struct {
		ID       string `path:"id" doc:"Id of the message"`
		Reaction string `path:"reaction" enum:"like,love,celebrate,support,insightful,funny" doc:"The reaction"`
	}
	reactionOutput struct {
		Body struct {
			Reactions []content.ReactionCount `json:"reactions" nullable:"false" doc:"Reactions by kind, most frequent first"`
			Total     int                     `json:"total" doc:"Number of reactions"`
		}
	}
	historyInput struct {
		ID string `path:"conversationId" doc:"Id of the conversation"`
		Place
	}
	historyOutput struct {
		Body struct {
			Messages []MessageView `json:"messages" nullable:"false" doc:"The messages of this page, oldest first"`
			Meta     HistoryMeta   `json:"meta" doc:"Where the page stands"`
		}
	}
	messagesInput struct {
		ID string `path:"id" doc:"Id of what the messages hang on"`
		api.Page
	}
	messagesOutput struct {
		Body struct {
			Messages []MessageView `json:"messages" nullable:"false" doc:"The messages of this page"`
			Meta     api.Meta      `json:"meta" doc:"Where the page stands in the whole"`
		}
	}
	searchInput struct {
		api.Page
		Q              string `query:"q" required:"true" maxLength:"500" doc:"Words, or \"words that stand together\""`
		ConversationID string `query:"conversationId" maxLength:"64" doc:"Only in this conversation, which may be one you read without being in it"`
	}
	textsOutput struct {
		Body struct {
			Edits []TextView `json:"edits" nullable:"false" doc:"What it said before, oldest first"`
		}
	}
	meetingInput struct {
		ID   string `path:"conversationId" doc:"Id of the conversation"`
		Body MeetingDraft
	}
	aloneInput    struct{ Body MeetingDraft }
	meetingOutput struct{ Body EventView }
)

// TextView is what a message said once.
type TextView struct {
	Message string   `json:"message" doc:"The text"`
	Until   api.Time `json:"until" doc:"When it was changed or deleted"`
	By      string   `json:"by" doc:"Id of who changed or deleted it"`
}

const (
	messageTag = "Messages"
	messages   = "/api/messages"
)

var (
	oneMessage   = api.ResponseOf("sendMessage")
	manyMessages = api.Example{Response: `{"messages":[],"meta":{"perPage":10,"totalPages":0,"totalResults":0,"curPage":1,"nextPage":0}}`}
)

func (s *Service) registerMessages(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "sendMessage", Method: http.MethodPost, Path: "/api/{conversationId}/messages", Tag: messageTag, Summary: "Send a message",
		Description: "For members; in a room for its admins. The reference prints a GET, which is taken with a JSON body.",
		Status:      http.StatusCreated, Authz: on(writeMessages, conversationID, "mention"),
	}, s.send)
	api.Register(r, api.Operation{
		ID: "getMessage", Method: http.MethodGet, Path: messages + "/{id}", Tag: messageTag, Summary: "Read a message", Authz: on(readMessages, messageID), Example: oneMessage,
	}, func(ctx context.Context, who authz.Actor, in *messageIDInput) (*messageOutput, error) {
		return messageAnswer(s.Message(ctx, who, in.ID))
	})
	api.Register(r, api.Operation{
		ID: "updateMessage", Method: http.MethodPatch, Path: messages + "/{id}", Tag: messageTag, Summary: "Change a message of yours",
		Description: "What it said before is kept for you and moderators.",
		Authz:       on(writeMessages, messageID, "mention"), Statuses: []int{http.StatusPreconditionFailed},
		Example: api.Example{Request: `{"message":"Hello, this is me"}`, From: "sendMessage"},
	}, func(ctx context.Context, who authz.Actor, in *editInput) (*messageOutput, error) {
		return messageAnswer(s.Edit(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "deleteMessage", Method: http.MethodDelete, Path: messages + "/{id}", Tag: messageTag, Summary: "Delete a message",
		Description: "For who sent it, admins of the group chat and moderators. Its place in the history stays, empty; its files are no longer readable there.",
		Status:      http.StatusNoContent, Authz: on(writeMessages, messageID), Statuses: []int{http.StatusPreconditionFailed},
	}, func(ctx context.Context, who authz.Actor, in *removeInput) (*empty, error) {
		return nil, s.Remove(ctx, who, in.ID, in.IfMatch.IfMatch)
	})
	api.Register(r, api.Operation{
		ID: "reactToMessage", Method: http.MethodPut, Path: messages + "/{id}/reactions/{reaction}", Tag: messageTag, Summary: "React to a message",
		Description: "A person may give several different reactions, each once: giving one again changes nothing.",
		Authz:       on(writeMessages, messageID), Example: api.Example{Response: `{"reactions":[{"type":"like","count":1}],"total":1}`},
	}, s.react)
	api.Register(r, api.Operation{
		ID: "unreactToMessage", Method: http.MethodDelete, Path: messages + "/{id}/reactions/{reaction}", Tag: messageTag, Summary: "Take a reaction to a message back",
		Status: http.StatusNoContent, Authz: on(writeMessages, messageID),
	}, func(ctx context.Context, who authz.Actor, in *reactionInput) (*empty, error) {
		_, err := s.Reaction(ctx, who, in.ID, in.Reaction, false)
		return nil, err
	})
	api.Register(r, api.Operation{
		ID: "pinMessage", Method: http.MethodPut, Path: messages + "/{id}/pin", Tag: messageTag, Summary: "Pin a message", Authz: on(writeMessages, messageID), Example: oneMessage,
	}, func(ctx context.Context, who authz.Actor, in *messageIDInput) (*messageOutput, error) {
		return messageAnswer(s.Pin(ctx, who, in.ID, true))
	})
	api.Register(r, api.Operation{
		ID: "unpinMessage", Method: http.MethodDelete, Path: messages + "/{id}/pin", Tag: messageTag, Summary: "Unpin a message",
		Status: http.StatusNoContent, Authz: on(writeMessages, messageID),
	}, func(ctx context.Context, who authz.Actor, in *messageIDInput) (*empty, error) {
		_, err := s.Pin(ctx, who, in.ID, false)
		return nil, err
	})
}

func (s *Service) registerHistory(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "listMessages", Method: http.MethodGet, Path: "/api/{conversationId}/messages", Tag: messageTag, Summary: "Read the messages of a conversation",
		Description: "The newest ones, those at a cursor, or those around one. Deleted messages stand in their places, empty.",
		Authz:       on(readMessages, conversationID),
		Example:     api.Example{Response: `{"messages":[],"meta":{"perPage":50,"totalResults":0,"olderCursor":null,"newerCursor":null}}`},
	}, s.history)
	api.Register(r, api.Operation{
		ID: "listReplies", Method: http.MethodGet, Path: messages + "/{id}/replies", Tag: messageTag, Summary: "List the answers to a message",
		Authz: on(readMessages, messageID), Example: manyMessages,
	}, func(ctx context.Context, who authz.Actor, in *messagesInput) (*messagesOutput, error) {
		return messagesAnswer(s.Replies(ctx, who, in.ID, in.Page))
	})
	api.Register(r, api.Operation{
		ID: "listPinnedMessages", Method: http.MethodGet, Path: path + "/{id}/pins", Tag: messageTag, Summary: "List the pinned messages of a conversation",
		Authz: on(readMessages, oneID), Example: manyMessages,
	}, func(ctx context.Context, who authz.Actor, in *messagesInput) (*messagesOutput, error) {
		return messagesAnswer(s.Pins(ctx, who, in.ID, in.Page))
	})
	api.Register(r, api.Operation{
		ID: "searchMessages", Method: http.MethodGet, Path: messages, Tag: messageTag, Summary: "Find messages by their words",
		Description: "In the conversations you are in, or in one you read. Latest first.", Authz: readMessages, Example: manyMessages,
	}, func(ctx context.Context, who authz.Actor, in *searchInput) (*messagesOutput, error) {
		return messagesAnswer(s.Find(ctx, who, Search{Page: in.Page, Terms: terms(in.Q), ConversationID: in.ConversationID}))
	})
	api.Register(r, api.Operation{
		ID: "listMessageEdits", Method: http.MethodGet, Path: messages + "/{id}/edits", Tag: messageTag, Summary: "Read what a message said before",
		Description: "For who sent it, and moderators who read the conversation.", Authz: on(readMessages, messageID),
		Example: api.Example{Response: `{"edits":[{"message":"Hello","until":"2022-10-24T05:31:17.783Z","by":"6187fcb0-6151-11ec-9294-cfe91ad8177f"}]}`},
	}, s.edits)
}

func (s *Service) registerMeetings(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "createMeeting", Method: http.MethodPost, Path: groups + "/{conversationId}/meetings", Tag: messageTag, Summary: "Make a meeting in a conversation",
		Description: "For those who may write there; a message announces it. It needs an end or a duration, in minutes. " +
			"It is an event: those invited and everybody in the conversation find it in their calendars. Without userIds everybody there is invited.",
		Status: http.StatusCreated, Authz: on(writeMessages, conversationID, "userIds"),
	}, func(ctx context.Context, who authz.Actor, in *meetingInput) (*meetingOutput, error) {
		return s.meet(ctx, who, in.ID, in.Body)
	})
	api.Register(r, api.Operation{
		ID: "createMeetingOfPeople", Method: http.MethodPost, Path: "/api/meetings", Tag: messageTag, Summary: "Make a meeting of people without a conversation",
		Status: http.StatusCreated, Authz: naming(writeMessages, "userIds"),
		Example: api.Example{Request: `{"title":"Planning","startDateTime":"2031-09-14T07:58:00.000Z","duration":60}`, From: "createMeeting"},
	}, func(ctx context.Context, who authz.Actor, in *aloneInput) (*meetingOutput, error) {
		return s.meet(ctx, who, "", in.Body)
	})
}

// terms are the words of a query, as many as there may be.
func terms(q string) search.Terms {
	t := search.Parse(q)
	return t[:min(len(t), search.MaxTerms)]
}

func (s *Service) send(ctx context.Context, who authz.Actor, in *sendInput) (*messageCreatedOutput, error) {
	all, err := s.Send(ctx, who, in.ID, in.Body)
	if err != nil {
		return nil, err
	}
	m := all.List[0]
	return &messageCreatedOutput{messages + "/" + m.ID, api.ETag(m.Version), messageView(m, all)}, nil
}

func messageAnswer(all Messages, err error) (*messageOutput, error) {
	if err != nil {
		return nil, err
	}
	return &messageOutput{api.ETag(all.List[0].Version), messageView(all.List[0], all)}, nil
}

func messagesAnswer(all Messages, meta api.Meta, err error) (*messagesOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &messagesOutput{}
	out.Body.Messages, out.Body.Meta = messageViews(all), meta
	return out, nil
}

func (s *Service) history(ctx context.Context, who authz.Actor, in *historyInput) (*historyOutput, error) {
	all, meta, err := s.History(ctx, who, in.ID, in.Place)
	if err != nil {
		return nil, err
	}
	out := &historyOutput{}
	out.Body.Messages, out.Body.Meta = messageViews(all), meta
	return out, nil
}

func (s *Service) react(ctx context.Context, who authz.Actor, in *reactionInput) (*reactionOutput, error) {
	counts, err := s.Reaction(ctx, who, in.ID, in.Reaction, true)
	if err != nil {
		return nil, err
	}
	out := &reactionOutput{}
	out.Body.Reactions, out.Body.Total = counts.List(), counts.Total()
	return out, nil
}

func (s *Service) edits(ctx context.Context, who authz.Actor, in *messageIDInput) (*textsOutput, error) {
	list, err := s.texts(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	out := &textsOutput{}
	out.Body.Edits = make([]TextView, len(list))
	for i, t := range list {
		out.Body.Edits[i] = TextView{t.Text, api.At(t.Until), t.ByID}
	}
	return out, nil
}

func (s *Service) meet(ctx context.Context, who authz.Actor, conversation string, in MeetingDraft) (*meetingOutput, error) {
	m, err := s.Meet(ctx, who, conversation, in)
	return &meetingOutput{m}, err
}
