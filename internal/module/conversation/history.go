package conversation

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/search"
)

// Place is what part of a history is wanted: the newest messages, those at a cursor, or those
// around one.
type Place struct {
	PerPage int    `query:"per_page" minimum:"1" default:"50" doc:"Messages per page; more than 1000 is taken as 1000"`
	Cursor  string `query:"cursor" maxLength:"1024" doc:"Go on: meta.olderCursor or meta.newerCursor of an earlier page"`
	Around  string `query:"around" maxLength:"64" doc:"Id of a message: it stands in the middle of the page"`
}

func (p Place) limit() int { return api.Page{PerPage: p.PerPage}.Limit() }

// HistoryMeta says where a page of a history stands.
type HistoryMeta struct {
	PerPage      int     `json:"perPage" doc:"Messages per page"`
	TotalResults int64   `json:"totalResults" doc:"Number of messages of the conversation, deleted ones included"`
	OlderCursor  *string `json:"olderCursor" doc:"Pass it as cursor for what was sent before; null at the beginning"`
	NewerCursor  *string `json:"newerCursor" doc:"Pass it as cursor for what was sent after; it may lead to nothing yet"`
}

// spot is a cursor in a history.
type spot struct {
	Conversation string `json:"c"`
	Seq          int64  `json:"s"`
	Newer        bool   `json:"n,omitempty"`
}

func (s spot) encode() *string {
	c := ids.EncodeCursor(s)
	return &c
}

// History gives a page of the messages of a conversation, oldest first.
func (s *Service) History(ctx context.Context, who authz.Actor, id string, in Place) (out Messages, meta HistoryMeta, err error) {
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		c, err := s.toRead(ctx, q, who, id)
		if err != nil {
			return err
		}
		from, err := s.from(ctx, q, who, c, in)
		if err != nil {
			return err
		}
		n := in.limit()
		list, err := s.store.history(ctx, q, who, id, span{from.Seq, from.Newer, n})
		if err != nil {
			return err
		}
		if in.Around != "" {
			older := n / 2
			list = list[max(0, len(list)-older-1):]
			newer, err := s.store.history(ctx, q, who, id, span{from.Seq - 1, true, n - len(list)})
			if err != nil {
				return err
			}
			list = append(list, newer...)
		}
		meta = HistoryMeta{PerPage: n, TotalResults: c.LastSeq, NewerCursor: spot{id, c.LastSeq, true}.encode()}
		switch {
		case len(list) > 0:
			meta.NewerCursor = spot{id, list[len(list)-1].Seq, true}.encode()
			if first := list[0].Seq; first > 1 {
				meta.OlderCursor = spot{id, first, false}.encode()
			}
		case from.Newer && from.Seq > 0:
			meta.OlderCursor = spot{id, from.Seq + 1, false}.encode()
		}
		out, err = s.shown(ctx, q, who, list)
		return err
	})
	return out, meta, err
}

// from gives where a page begins: for one around a message, behind it.
func (s *Service) from(ctx context.Context, q db.Queryer, who authz.Actor, c Conversation, in Place) (spot, error) {
	at := spot{c.ID, c.LastSeq + 1, false}
	switch {
	case in.Cursor != "" && in.Around != "":
		return at, fault.Invalid(fault.Field{Pointer: "?around", Code: "field.exclusive", Detail: "Name either a cursor or a message."})
	case in.Cursor != "":
		bad := api.Page{Cursor: in.Cursor}.DecodeCursor(&at)
		if bad == nil && (at.Conversation != c.ID || at.Seq < 0) {
			bad = fault.Invalid(fault.Field{Pointer: "?cursor", Code: "cursor.invalid", Detail: "The cursor is of another conversation."})
		}
		return at, bad
	case in.Around != "":
		seq, err := s.store.seqOf(ctx, q, who.OrgID, c.ID, in.Around)
		at.Seq = seq + 1
		return at, elsewhere(err, "?around")
	}
	return at, nil
}

// Replies gives a page of the answers to a message, oldest first.
func (s *Service) Replies(ctx context.Context, who authz.Actor, id string, p api.Page) (Messages, api.Meta, error) {
	q := s.DB.Reader(ctx)
	m, err := s.store.messageByID(ctx, q, who, id)
	if err != nil {
		return Messages{}, api.Meta{}, err
	}
	var after spot
	if p.Cursor != "" {
		if err := p.DecodeCursor(&after); err != nil {
			return Messages{}, api.Meta{}, err
		}
		p.CurPage = 1
	}
	list, err := s.store.replies(ctx, q, who, id, after.Seq, p.Limit()+1, p.Offset())
	if err != nil {
		return Messages{}, api.Meta{}, err
	}
	meta := p.Meta(m.RepliesCount)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = *spot{m.ConversationID, list[n-1].Seq, true}.encode()
	}
	out, err := s.shown(ctx, q, who, list)
	return out, meta, err
}

// Pins gives a page of the pinned messages of a conversation, latest pinned first.
func (s *Service) Pins(ctx context.Context, who authz.Actor, id string, p api.Page) (Messages, api.Meta, error) {
	q := s.DB.Reader(ctx)
	if _, err := s.toRead(ctx, q, who, id); err != nil {
		return Messages{}, api.Meta{}, err
	}
	after := top
	if p.Cursor != "" {
		if err := p.DecodeCursor(&after); err != nil {
			return Messages{}, api.Meta{}, err
		}
		p.CurPage = 1
	}
	total, err := s.store.countPins(ctx, q, who.OrgID, id)
	if err != nil {
		return Messages{}, api.Meta{}, err
	}
	list, err := s.store.pins(ctx, q, who, id, after, p.Limit()+1, p.Offset())
	if err != nil {
		return Messages{}, api.Meta{}, err
	}
	meta := p.Meta(total)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = ids.EncodeCursor(position{*list[n-1].PinnedAt, list[n-1].ID})
	}
	out, err := s.shown(ctx, q, who, list)
	return out, meta, err
}

// Search is what words are looked for, and where.
type Search struct {
	api.Page
	Terms          search.Terms
	ConversationID string // "" for all conversations of the actor's

	after position
}

// Find gives a page of the messages that have all words, latest first.
func (s *Service) Find(ctx context.Context, who authz.Actor, in Search) (Messages, api.Meta, error) {
	q := s.DB.Reader(ctx)
	if in.after = top; in.Cursor != "" {
		if err := in.DecodeCursor(&in.after); err != nil {
			return Messages{}, api.Meta{}, err
		}
		in.CurPage = 1
	}
	if in.ConversationID != "" {
		if _, err := s.toRead(ctx, q, who, in.ConversationID); err != nil {
			return Messages{}, api.Meta{}, elsewhereConversation(err)
		}
	}
	if len(in.Terms) == 0 {
		return Messages{}, in.Meta(0), nil
	}
	list, total, err := s.store.find(ctx, q, who, in)
	if err != nil {
		return Messages{}, api.Meta{}, err
	}
	meta := in.Meta(total)
	if n := in.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = ids.EncodeCursor(position{list[n-1].CreatedAt, list[n-1].ID})
	}
	out, err := s.shown(ctx, q, who, list)
	return out, meta, err
}

// elsewhereConversation reports a conversation there is not at the parameter that names it.
func elsewhereConversation(err error) error {
	if fault.Is(err, fault.KindNotFound) {
		return fault.Invalid(fault.Field{Pointer: "?conversationId", Code: "conversation.unknown", Detail: "There is no such conversation."})
	}
	return err
}
