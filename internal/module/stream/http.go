package stream

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/changes"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const tag = "Stream"

// described is what a client has to know of the answer, which has no schema.
const described = `Server-sent events, as they happen, of everything you may see: messages, reactions, comments, content, notifications, who is online and who is typing.

Each event has as data one JSON object on one line, with ` + "`type`, `id`, `at`, `by`" + ` and the ids of what it belongs to (as in ` + "`GET /api/changes`" + `). It never has content: read what it names.

- ` + "`id`" + ` of an event is its place. Send the last one as ` + "`Last-Event-ID`" + ` to go on without missing anything, for a day. An ` + "`id`" + ` without data, every 20 seconds, only tells how far you are.
- ` + "`event: ready`" + ` comes once everything before was told.
- ` + "`event: reset`" + ` says that something may be missing, since the id was too old: read everything anew and keep listening.
- ` + "`event: typing.started`" + ` has no id and ` + "`{type, conversationId, userId}`" + ` as data.
- ` + "`retry`" + ` says how many milliseconds to wait when the server stops.

The stream ends when the key does, when you may not sign in any more, and when you do not take what is sent. A person has at most 20 streams.`

// Input is what a stream is opened with.
type Input struct {
	LastEventID string      `header:"Last-Event-ID" maxLength:"100" doc:"Go on behind the event with this id"`
	Types       api.Strings `query:"types" maxItems:"50" doc:"Only these types, such as message.sent or post.*; all unless given"`
	Once        bool        `query:"once" doc:"End after what has happened up to now, instead of waiting for more"`
}

// TypingInput names a conversation.
type TypingInput struct {
	ID string `path:"id" doc:"Id of the group chat or direct conversation"`
}

// Register mounts the module's operations.
func (s *Service) Register(r *api.Router) {
	api.RegisterEvents(r, api.Operation{
		ID: "openStream", Method: http.MethodGet, Path: "/api/stream", Tag: tag, Summary: "Listen to what happens", Description: described,
		Authz: authz.Rule{Scope: "stream:read"},
	}, s.begin)
	api.Register(r, api.Operation{
		ID: "startTyping", Method: http.MethodPost, Path: "/api/group-chats/{id}/typing", Tag: tag, Summary: "Say that you are typing",
		Description: "The others in the conversation who listen are told. Repeat it every few seconds while you write; more often changes nothing.",
		Status:      http.StatusNoContent, Authz: authz.Rule{Scope: "messages:write", Object: &authz.Object{Param: "id", Type: "conversation"}},
	}, func(ctx context.Context, who authz.Actor, in *TypingInput) (*struct{}, error) {
		return nil, s.Type(ctx, who, in.ID)
	})
}

func (s *Service) begin(ctx context.Context, who authz.Actor, in *Input) (api.Events, error) {
	var bad fault.Fields
	types := s.Changes.Types(in.Types, "?types", changes.Live, &bad)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return s.Listen(ctx, who, in.LastEventID, types, in.Once)
}
