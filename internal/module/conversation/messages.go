package conversation

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/search"
)

// messageEvent is the data of events about messages.
type messageEvent struct {
	ID             string `json:"id"`
	ConversationID string `json:"conversationId"`
	Seq            int64  `json:"seq"`
	By             string `json:"by"`
}

func (s *Service) tell(ctx context.Context, tx db.Tx, who authz.Actor, name string, m Message) error {
	return s.Bus.Publish(ctx, tx, bus.Event{
		OrgID: who.OrgID, Name: messageNoun + "." + name, Subject: m.ID, Data: messageEvent{m.ID, m.ConversationID, m.Seq, who.UserID},
	})
}

// Messages are messages with what they show of other modules.
type Messages struct {
	List    []Message
	Company content.Company
	Events  map[string]Meeting // that messages announce, by id
}

// shown reads what messages show of other modules.
func (s *Service) shown(ctx context.Context, q db.Queryer, orgID string, list []Message) (Messages, error) {
	out := Messages{List: list}
	var refs content.Refs
	var files, meetings []string
	for i := range list {
		r := list[i].refs()
		refs.People, refs.Links = append(refs.People, r.People...), append(refs.Links, r.Links...)
		files = append(files, list[i].Body.Files...)
		if id := list[i].Body.Meeting; id != "" {
			meetings = append(meetings, id)
		}
	}
	var err error
	if out.Events, err = s.store.meetings(ctx, q, orgID, meetings); err != nil {
		return out, err
	}
	for _, m := range out.Events {
		files = append(files, m.files()...)
	}
	out.Company, err = s.company(ctx, q, orgID, refs, files)
	return out, err
}

func (s *Service) one(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Messages, error) {
	m, err := s.store.messageByID(ctx, q, who, id)
	if err != nil {
		return Messages{}, err
	}
	return s.shown(ctx, q, who.OrgID, []Message{m})
}

// Message gives a message the actor reads.
func (s *Service) Message(ctx context.Context, who authz.Actor, id string) (Messages, error) {
	return s.one(ctx, s.DB.Reader(ctx), who, id)
}

// Send writes a message in a conversation.
func (s *Service) Send(ctx context.Context, who authz.Actor, id string, in Note) (Messages, error) {
	return s.compose(ctx, who, id, "", in)
}

// compose writes a message, of a program when hook is its name.
func (s *Service) compose(ctx context.Context, who authz.Actor, id, hook string, in Note) (Messages, error) {
	m := Message{ID: ids.New(), ConversationID: id, SenderID: who.UserID, UpdatedBy: who.UserID, ReplyOf: optional(in.ReplyOfMsgID)}
	m.Body.Hook = hook
	var bad fault.Fields
	change := Revision{in.Message, in.Mention, in.FileID, in.Tags, in.Links, in.Gif}
	people := change.apply(&m.Body.Body, &bad)
	if bad.Empty() {
		if err := s.Files.Arrive(ctx, who, m.Body.Files); err != nil {
			return Messages{}, err
		}
	}
	var out Messages
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		bad := bad
		if err := s.toSend(ctx, tx, who, id); err != nil {
			return err
		}
		if bad.Empty() {
			if err := s.knownPeople(ctx, tx, who.OrgID, people, &bad); err != nil {
				return err
			}
		}
		if m.ReplyOf != nil {
			if found, err := s.store.messageByID(ctx, tx, who, *m.ReplyOf); err != nil && !fault.Is(err, fault.KindNotFound) {
				return err
			} else if err != nil || found.ConversationID != id {
				bad.Add("/replyOfMsgId", "message.elsewhere", "There is no such message in this conversation.")
			}
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.post(ctx, tx, who, &m); err != nil {
			return err
		}
		var err error
		out, err = s.one(ctx, tx, who, m.ID)
		return err
	})
	return out, err
}

// post writes a message that was checked in a locked conversation.
func (s *Service) post(ctx context.Context, tx db.Tx, who authz.Actor, m *Message) (err error) {
	m.CreatedAt = s.now()
	m.UpdatedAt = m.CreatedAt
	if m.Seq, err = s.store.next(ctx, tx, who.OrgID, m.ConversationID, m.CreatedAt); err != nil {
		return err
	}
	if err := s.store.insertMessage(ctx, tx, who.OrgID, *m); err != nil {
		return err
	}
	if err := s.store.answered(ctx, tx, who.OrgID, m.ReplyOf, 1); err != nil {
		return err
	}
	if len(m.Body.Files) > 0 {
		if err := s.Files.Use(ctx, tx, who, content.Item{Kind: messageNoun, ID: m.ID}, m.refs().Files); err != nil {
			return err
		}
	}
	if err := s.index(ctx, tx, who.OrgID, *m); err != nil {
		return err
	}
	return s.tell(ctx, tx, who, "sent", *m)
}

// index lets a message be found and has the cards of its links fetched.
func (s *Service) index(ctx context.Context, tx db.Tx, orgID string, m Message) error {
	if links := m.refs().Links; len(links) > 0 {
		if err := s.Previews.Want(ctx, tx, orgID, links); err != nil {
			return err
		}
	}
	return s.Index.Put(ctx, tx, orgID, search.Entry{Kind: messageNoun, ID: m.ID, At: m.CreatedAt, Text: m.words()})
}

// Edit changes a message of the actor's. ifMatch is the If-Match header, "" for none.
func (s *Service) Edit(ctx context.Context, who authz.Actor, id, ifMatch string, in Revision) (Messages, error) {
	if in.FileID.Set {
		if err := s.Files.Arrive(ctx, who, in.FileID.Value); err != nil {
			return Messages{}, err
		}
	}
	var out Messages
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		m, c, err := s.toChange(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := mayEdit(who, m, c); err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, m.Version); err != nil {
			return err
		}
		now, was := s.now(), m
		var bad fault.Fields
		people := in.apply(&m.Body.Body, &bad)
		if bad.Empty() {
			if err := s.knownPeople(ctx, tx, who.OrgID, people, &bad); err != nil {
				return err
			}
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.store.keepText(ctx, tx, who, was, now); err != nil {
			return err
		}
		m.EditedAt, m.UpdatedAt, m.UpdatedBy = &now, now, who.UserID
		if err := s.store.updateMessage(ctx, tx, who.OrgID, m); err != nil {
			return err
		}
		if err := s.Files.Use(ctx, tx, who, content.Item{Kind: messageNoun, ID: id}, m.refs().Files); err != nil {
			return err
		}
		if err := s.index(ctx, tx, who.OrgID, m); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, who, "edited", m); err != nil {
			return err
		}
		out, err = s.one(ctx, tx, who, id)
		return err
	})
	return out, err
}

// Remove deletes a message: its place stays. ifMatch is the If-Match header, "" for none.
func (s *Service) Remove(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		m, c, err := s.toChange(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := mayDelete(who, m, c); err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, m.Version); err != nil {
			return err
		}
		now := s.now()
		if err := s.store.keepText(ctx, tx, who, m, now); err != nil {
			return err
		}
		if err := s.store.bury(ctx, tx, who, m, now); err != nil {
			return err
		}
		if err := s.store.answered(ctx, tx, who.OrgID, m.ReplyOf, -1); err != nil {
			return err
		}
		if err := s.Files.Use(ctx, tx, who, content.Item{Kind: messageNoun, ID: id}, nil); err != nil {
			return err
		}
		if err := s.Index.Remove(ctx, tx, who.OrgID, messageNoun, id); err != nil {
			return err
		}
		return s.tell(ctx, tx, who, "deleted", m)
	})
}

// Reaction adds or takes back a reaction of the actor's; doing so again changes nothing.
func (s *Service) Reaction(ctx context.Context, who authz.Actor, id, reaction string, add bool) (content.Reactions, error) {
	var counts content.Reactions
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		m, c, err := s.toChange(ctx, tx, who, id)
		if err == nil && c.Mine == nil {
			err = fault.Forbidden("conversation.notMember", "Only members can do this. Join the conversation first.")
		}
		if err != nil {
			return err
		}
		changed, now, err := s.store.react(ctx, tx, who, m, reaction, add, s.now())
		if counts = now; err != nil || !changed {
			return err
		}
		return s.tell(ctx, tx, who, "reacted", m)
	})
	return counts, err
}

// Pin puts a message among the pinned ones of its conversation, or takes it off.
func (s *Service) Pin(ctx context.Context, who authz.Actor, id string, pinned bool) (Messages, error) {
	var out Messages
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		m, c, err := s.toChange(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := mayPin(c); err != nil {
			return err
		}
		if pinned != (m.PinnedAt != nil) {
			var at *int64
			name := "unpinned"
			if now := s.now(); pinned {
				at, name = &now, "pinned"
			}
			if err := s.store.pin(ctx, tx, who.OrgID, id, at); err != nil {
				return err
			}
			if err := s.tell(ctx, tx, who, name, m); err != nil {
				return err
			}
		}
		out, err = s.one(ctx, tx, who, id)
		return err
	})
	return out, err
}

// texts gives what a message said before, for who sent it and moderators.
func (s *Service) texts(ctx context.Context, who authz.Actor, id string) ([]Text, error) {
	q := s.DB.Reader(ctx)
	m, err := s.store.messageByID(ctx, q, who, id)
	if err == nil && m.SenderID != who.UserID && !who.Can(authz.ContentModerate) {
		err = fault.Forbidden("message.notSender", "Only who sent a message and moderators read what it said before.")
	}
	if err != nil {
		return nil, err
	}
	return s.store.texts(ctx, q, who.OrgID, id)
}
