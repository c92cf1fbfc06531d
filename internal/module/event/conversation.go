package event

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// Held is a conversation in which somebody may hold meetings.
type Held struct {
	// Group says that its members change, and that an audience can name them by its id.
	Group bool
	// People are, of a group, those among the people asked for who are members; otherwise everybody
	// in the conversation.
	People []string
}

// Conversations are what meetings are held in.
type Conversations interface {
	// Held gives a conversation in which the actor may hold meetings; there are no others. among are
	// people asked for.
	Held(ctx context.Context, q db.Queryer, who authz.Actor, id string, among []string) (Held, bool, error)
}

// heldIn reports a conversation in which the actor cannot hold a meeting, unless it is held there
// already.
func (s *Service) heldIn(ctx context.Context, q db.Queryer, who authz.Actor, id, before string) error {
	if id == "" || id == before {
		return nil
	}
	_, holds, err := s.conversation(ctx, q, who, id, nil)
	if err == nil && !holds {
		err = fault.Invalid(fault.Field{Pointer: "/conversationId", Code: "conversation.unknown", Detail: "You are in no conversation with this id."})
	}
	return err
}

func (s *Service) conversation(ctx context.Context, q db.Queryer, who authz.Actor, id string, among []string) (Held, bool, error) {
	if s.Conversations == nil || !ids.Valid(id) {
		return Held{}, false, nil
	}
	return s.Conversations.Held(ctx, q, who, id, among)
}

// attending is what decides who sees a meeting.
type attending struct {
	meeting        bool
	invited        []string
	conversationID string
}

// audience is who sees an event: of a meeting those invited and those in the conversation that it is
// held in, whatever permissions say. Members of a group chat see it as such, so that who leaves it
// sees it no more.
func (s *Service) audience(ctx context.Context, who authz.Actor, said api.Patch[audience.Permissions], a attending) (api.Patch[audience.Permissions], error) {
	if !a.meeting {
		return said, nil
	}
	p := audience.Permissions{Users: content.Unique(a.invited)}
	held, holds, err := s.conversation(ctx, s.DB.Reader(ctx), who, a.conversationID, a.invited)
	if err != nil {
		return said, err
	}
	switch {
	case holds && held.Group:
		p.Groups = api.Strings{a.conversationID}
		p.Users = slices.DeleteFunc(p.Users, func(id string) bool { return slices.Contains(held.People, id) })
	case holds:
		p.Users = content.Unique(append(slices.Clone(a.invited), held.People...))
	}
	p.OnlyMe = len(p.Users)+len(p.Groups) == 0
	return api.Patch[audience.Permissions]{Set: true, Value: p}, nil
}

// Meetings gives those of some occurrences of meetings that the actor may see.
func (s *Service) Meetings(ctx context.Context, who authz.Actor, list []string) ([]Seen, error) {
	if len(list) == 0 {
		return nil, nil
	}
	visible, err := s.Content.VisibleTo(ctx, who)
	if err != nil {
		return nil, err
	}
	q := s.DB.Reader(ctx)
	found, err := db.Strings(q.Query(ctx, `SELECT t.id FROM event_occurrences t WHERE t.org_id = ?1 AND ?2 <> '' AND t.audience_id {inInts ?3} AND t.id {in ?4}`,
		append(append([]any{}, visible.Args...), db.List(list))...))
	if err != nil {
		return nil, err
	}
	return s.filled(ctx, q, who, found)
}

// HeldIn gives the next meeting of a conversation, which may have begun, and the latest that is over,
// of those that the actor may see.
func (s *Service) HeldIn(ctx context.Context, who authz.Actor, conversationID string) (next, last *Seen, err error) {
	visible, err := s.Content.VisibleTo(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	q, now := s.DB.Reader(ctx), clock.Millis(s.Clock.Now())
	const of = `SELECT t.id FROM event_occurrences t WHERE t.org_id = ?1 AND ?2 <> '' AND t.audience_id {inInts ?3} AND t.conversation_id = ?4 AND t.is_meeting AND `
	found, err := db.Strings(q.Query(ctx, `SELECT n.id FROM (`+of+`t.ends_at > ?5 AND t.starts_at > ?6 ORDER BY t.starts_at, t.id LIMIT 1) n
		UNION ALL SELECT l.id FROM (`+of+`t.ends_at <= ?5 ORDER BY t.starts_at DESC, t.id DESC LIMIT 1) l`,
		append(append([]any{}, visible.Args...), conversationID, now, now-spans[len(spans)-1])...))
	if err != nil {
		return nil, nil, err
	}
	list, err := s.filled(ctx, q, who, found)
	for i := range list {
		if list[i].Ends > now {
			next = &list[i]
		} else {
			last = &list[i]
		}
	}
	return next, last, err
}

// filled reads occurrences with everything they show.
func (s *Service) filled(ctx context.Context, q db.Queryer, who authz.Actor, found []string) ([]Seen, error) {
	if len(found) == 0 {
		return nil, nil
	}
	list, err := s.store.seen(ctx, q, who, found)
	if err != nil {
		return nil, err
	}
	return list, s.fill(ctx, q, who, list, shownAlone)
}

// Left takes those who are in a conversation no more out of its meetings that are not over: they are
// not invited any more, and neither do they come.
func (s *Service) Left(ctx context.Context, tx db.Tx, orgID, conversationID string, people []string) error {
	if len(people) == 0 {
		return nil
	}
	meetings, err := s.store.heldIn(ctx, tx, orgID, conversationID, clock.Millis(s.Clock.Now()))
	if err != nil {
		return err
	}
	for _, m := range meetings {
		if err := s.without(ctx, tx, orgID, m, people); err != nil {
			return err
		}
	}
	return nil
}

// without takes people out of a meeting.
func (s *Service) without(ctx context.Context, tx db.Tx, orgID string, m meeting, people []string) error {
	gone := slices.DeleteFunc(slices.Clone(people), func(id string) bool { return id == m.author })
	p, err := s.Audiences.Permissions(ctx, tx, orgID, m.audience)
	if err != nil {
		return err
	}
	stay := slices.DeleteFunc(slices.Clone(p.Users), func(id string) bool { return slices.Contains(gone, id) })
	if len(stay) < len(p.Users) { // they were invited for themselves
		author := authz.Actor{OrgID: orgID, UserID: m.author}
		_, holds, err := s.conversation(ctx, tx, author, m.conversation, nil)
		if err != nil {
			return err
		}
		if p.Users = stay; !holds { // what they are not in they cannot name
			p.Groups = nil
		}
		p.OnlyMe = len(p.Users)+len(p.Groups) == 0
		change := content.Change[Body]{Apply: func(*Body, *fault.Fields) []content.Named { return nil }}
		change.Permissions = api.Patch[audience.Permissions]{Set: true, Value: p}
		if _, err := s.items.Update(ctx, author, m.id, "", change); err != nil {
			return err
		}
	}
	return s.store.uninvite(ctx, tx, orgID, m.id, gone)
}

// Closed lets the meetings of a conversation that is deleted go on without it.
func (s *Service) Closed(ctx context.Context, tx db.Tx, orgID, conversationID string) error {
	meetings, err := s.store.heldIn(ctx, tx, orgID, conversationID, 0)
	if err != nil {
		return err
	}
	for _, m := range meetings {
		change := content.Change[Body]{Apply: func(b *Body, _ *fault.Fields) []content.Named {
			b.ConversationID = ""
			return nil
		}}
		if _, err := s.items.Update(ctx, authz.Actor{OrgID: orgID, UserID: m.author}, m.id, "", change); err != nil {
			return err
		}
	}
	return nil
}

// meeting is an event that is held in a conversation.
type meeting struct {
	id, author, conversation string
	audience                 int64
}

// heldIn gives the events that are held in a conversation and are not over by a time (ms).
func (store) heldIn(ctx context.Context, q db.Queryer, orgID, conversationID string, since int64) ([]meeting, error) {
	rows, err := q.Query(ctx, `SELECT e.id, e.author_id, e.audience_id FROM events e WHERE e.org_id = ?1 AND e.id IN (
		SELECT o.event_id FROM event_occurrences o WHERE o.org_id = ?1 AND o.conversation_id = ?2 AND o.ends_at >= ?3) ORDER BY e.id`, orgID, conversationID, since)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []meeting
	for rows.Next() {
		m := meeting{conversation: conversationID}
		if err := rows.Scan(&m.id, &m.author, &m.audience); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, rows.Err()
}
