package conversation

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const noun, messageNoun = "conversation", "message"

var (
	read           = authz.Rule{Scope: "conversations:read"}
	write          = authz.Rule{Scope: "conversations:write"}
	readMessages   = authz.Rule{Scope: "messages:read"}
	writeMessages  = authz.Rule{Scope: "messages:write"}
	oneID          = &authz.Object{Param: "id", Type: noun}
	conversationID = &authz.Object{Param: "conversationId", Type: noun}
	messageID      = &authz.Object{Param: "id", Type: messageNoun}
)

// on is a rule for one object; refs are the body fields that name people.
func on(rule authz.Rule, object *authz.Object, refs ...string) authz.Rule {
	rule.Object = object
	return naming(rule, refs...)
}

func naming(rule authz.Rule, refs ...string) authz.Rule {
	for _, field := range refs {
		if rule.BodyRefs == nil {
			rule.BodyRefs = map[string]string{}
		}
		rule.BodyRefs[field] = "user"
	}
	return rule
}

// Conditions on a conversation c and the viewer's membership m in it, which is NULL without one.
const (
	known    = `(m.user_id IS NOT NULL OR NOT c.is_private OR c.by_request)`
	readable = `(m.user_id IS NOT NULL OR NOT c.is_private)`
)

// visible writes the condition that the viewer ?2 of organization ?1 finds a conversation for
// which one of the conditions above holds.
func visible(conversation, condition string) string {
	return `EXISTS (SELECT 1 FROM conversations c LEFT JOIN conversation_members m ON m.org_id = c.org_id AND m.conversation_id = c.id AND m.user_id = ?2
		WHERE c.org_id = ?1 AND c.id = ` + conversation + ` AND ` + condition + `)`
}

// Who may read the files of a message, the cover of a conversation and the poster of a meeting.
func ofMessage(id string) string {
	return `EXISTS (SELECT 1 FROM messages y WHERE y.org_id = ?1 AND y.id = ` + id + ` AND y.deleted_at IS NULL AND ` + visible("y.conversation_id", readable) + `)`
}

func ofConversation(id string) string { return visible(id, known) }

func ofMeeting(id string) string {
	return `EXISTS (SELECT 1 FROM meetings y WHERE y.org_id = ?1 AND y.id = ` + id + ` AND (y.created_by = ?2
		OR EXISTS (SELECT 1 FROM meeting_people p WHERE p.org_id = ?1 AND p.meeting_id = y.id AND p.user_id = ?2)
		OR ` + visible("y.conversation_id", readable) + `))`
}

// gate hides conversations of which the actor may not know.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.store.byID(ctx, s.DB.Reader(ctx), who, id)
	return err
}

// messageGate hides messages that the actor may not read.
func (s *Service) messageGate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.store.messageByID(ctx, s.DB.Reader(ctx), who, id)
	return err
}

// toRead gives a conversation whose messages the actor reads.
func (s *Service) toRead(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Conversation, error) {
	c, err := s.store.byID(ctx, q, who, id)
	if err == nil && !c.Readable() {
		err = fault.Forbidden("conversation.notMember", "Only members read this conversation. Ask to join it.")
	}
	return c, err
}

// locked gives a conversation the actor knows of and that nobody else changes, or writes in, until
// the transaction ends.
func (s *Service) locked(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Conversation, error) {
	if err := s.store.lock(ctx, tx, who.OrgID, id); err != nil {
		return Conversation{}, err
	}
	return s.store.byID(ctx, tx, who, id)
}

// asMember is locked for what members do.
func (s *Service) asMember(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Conversation, error) {
	c, err := s.locked(ctx, tx, who, id)
	if err == nil && c.Mine == nil {
		err = errNotMember
	}
	return c, err
}

// asAdmin is locked for what admins of a group chat do.
func (s *Service) asAdmin(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Conversation, error) {
	c, err := s.locked(ctx, tx, who, id)
	switch {
	case err != nil:
		return c, err
	case c.Kind == Direct:
		return c, errDirect
	case !c.isAdmin():
		return c, errNotAdmin
	}
	return c, nil
}

var errNotAdmin = fault.Forbidden("conversation.notAdmin", "Only admins of the group chat can do this.")

var errDirect = fault.Conflict("conversation.direct", "A direct conversation has the people it was begun with, and no title of its own.")

// toSend locks a conversation in which the actor may write.
func (s *Service) toSend(ctx context.Context, tx db.Tx, who authz.Actor, id string) error {
	c, err := s.locked(ctx, tx, who, id)
	if err == nil {
		err = mayWrite(c)
	}
	return err
}

var errNotMember = fault.Forbidden("conversation.notMember", "Only members can do this. Join the conversation first.")

func mayWrite(c Conversation) error {
	switch {
	case c.Mine == nil:
		return errNotMember
	case c.IsChannel() && !c.isAdmin():
		return fault.Forbidden("conversation.channel", "Only admins write in this room.")
	}
	return nil
}

// toChange gives a message the actor reads, with its conversation locked.
func (s *Service) toChange(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Message, Conversation, error) {
	m, err := s.store.messageByID(ctx, tx, who, id) // tells which conversation to lock
	if err != nil {
		return m, Conversation{}, err
	}
	c, err := s.locked(ctx, tx, who, m.ConversationID)
	if fault.Is(err, fault.KindNotFound) {
		err = fault.NotFound(messageNoun)
	}
	if err != nil {
		return m, c, err
	}
	m, err = s.store.messageByID(ctx, tx, who, id)
	return m, c, err
}

func mayEdit(who authz.Actor, m Message, c Conversation) error {
	switch {
	case m.SenderID != who.UserID:
		return fault.Forbidden("message.notSender", "Only who sent a message can change it.")
	case c.Mine == nil:
		return fault.Forbidden("conversation.notMember", "Only members can do this. Join the conversation first.")
	}
	return nil
}

func mayDelete(who authz.Actor, m Message, c Conversation) error {
	if m.SenderID == who.UserID || c.Kind != Direct && c.isAdmin() || who.Can(authz.ContentModerate) {
		return nil
	}
	return fault.Forbidden("message.notSender", "Only who sent a message, admins of the group chat and moderators can delete it.")
}

func mayPin(c Conversation) error {
	if c.isAdmin() || c.Kind == Direct && c.Mine != nil {
		return nil
	}
	return fault.Forbidden("conversation.notAdmin", "Only admins of the group chat can pin messages.")
}
