package social

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Service is comments, reactions and bookmarks.
type Service struct {
	db      *db.DB
	bus     *bus.Bus
	clock   clock.Clock
	content *content.Content
	store   store
}

// New makes the service. The kinds of content must be registered before Register.
func New(d *db.DB, b *bus.Bus, c clock.Clock, k *content.Content) *Service {
	return &Service{db: d, bus: b, clock: c, content: k}
}

// target names an item: what is commented, reacted to, bookmarked.
type target struct{ kind, id string }

// Page is a page of comments with the cards of the people they mention.
type Page struct {
	Comments []Comment
	Cards    map[string]person.Card
	Total    int
}

// Comments gives a page of an item's comments, oldest first.
func (s *Service) Comments(ctx context.Context, who authz.Actor, on target, p api.Page) (Page, error) {
	q := s.db.Reader(ctx)
	item, err := s.content.Visible(ctx, q, who, on.kind, on.id)
	if err != nil {
		return Page{}, err
	}
	from, offset := after{At: -1}, p.Offset()
	if p.Cursor != "" {
		offset = 0
		if err := p.DecodeCursor(&from); err != nil {
			return Page{}, err
		}
	}
	total, err := s.store.countComments(ctx, q, who.OrgID, item)
	if err != nil {
		return Page{}, err
	}
	list, err := s.store.comments(ctx, q, who.OrgID, item, from, p.Limit(), offset)
	if err != nil {
		return Page{}, err
	}
	return s.withCards(ctx, q, who.OrgID, list, total)
}

func (s *Service) withCards(ctx context.Context, q db.Queryer, orgID string, list []Comment, total int) (Page, error) {
	var people []string
	for _, c := range list {
		people = append(people, c.Mentions...)
	}
	cards, err := person.ByIDs(ctx, q, orgID, people)
	return Page{list, cards, total}, err
}

// Get gives one comment on an item the actor may see.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Page, error) {
	q := s.db.Reader(ctx)
	c, _, err := s.visible(ctx, q, who, id)
	if err != nil {
		return Page{}, err
	}
	return s.withCards(ctx, q, who.OrgID, []Comment{c}, 1)
}

// Comment adds a comment to an item.
func (s *Service) Comment(ctx context.Context, who authz.Actor, on target, d Draft) (Page, error) {
	now := s.clock.Now().UnixMilli()
	c := Comment{ID: ids.New(), Kind: on.kind, ItemID: on.id, ParentID: d.ParentID, Text: d.Text, Mentions: d.Mention, CreatedAt: now, UpdatedAt: now}
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.content.Visible(ctx, tx, who, on.kind, on.id); err != nil {
			return err
		}
		if err := s.checkComment(ctx, tx, who.OrgID, c); err != nil {
			return err
		}
		// The item first: whoever changes it and its comments takes the rows in one order.
		if err := s.content.AddComments(ctx, tx, who.OrgID, on.kind, on.id, +1); err != nil {
			return err
		}
		if err := s.store.insert(ctx, tx, who, c); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "comment.created", c)
	})
	if err != nil {
		return Page{}, err
	}
	return s.Get(ctx, who, c.ID)
}

func (s *Service) checkComment(ctx context.Context, q db.Queryer, orgID string, c Comment) error {
	var bad fault.Fields
	check(c.Text, c.Mentions, &bad)
	if c.ParentID != nil {
		parent, err := s.store.comment(ctx, q, orgID, *c.ParentID)
		switch {
		case fault.Is(err, fault.KindNotFound), err == nil && (parent.Kind != c.Kind || parent.ItemID != c.ItemID):
			bad.Add("/parentId", "comment.unknown", "This is not the id of a comment on the same item.")
		case err != nil:
			return err
		case parent.ParentID != nil:
			bad.Add("/parentId", "comment.depth", "An answer cannot be answered: answer the comment above it.")
		}
	}
	if bad.Empty() {
		missing, err := person.Missing(ctx, q, orgID, c.Mentions)
		if err != nil {
			return err
		}
		for _, id := range missing {
			bad.Addf("/mention", "user.unknown", "%s is not the id of a person of this organization.", id)
		}
	}
	return bad.Err()
}

// eventData says what a comment is on and who acted, never what it says.
type eventData struct {
	Kind    string `json:"kind"`
	ItemID  string `json:"itemId"`
	ActorID string `json:"actorId"`
}

func (s *Service) publish(ctx context.Context, tx db.Tx, who authz.Actor, name string, c Comment) error {
	return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: name, Subject: c.ID, Data: eventData{c.Kind, c.ItemID, who.UserID}})
}

// Update changes a comment of the actor's.
func (s *Service) Update(ctx context.Context, who authz.Actor, id string, in Change, ifMatch string) (Page, error) {
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, _, err := s.visible(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := mayEdit(who, c); err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, c.Version); err != nil {
			return err
		}
		if in.Text.Set {
			c.Text = in.Text.Value
		}
		if in.Mention.Set {
			c.Mentions = in.Mention.Value
		}
		c.ParentID = nil // it was right when the comment was made
		if err := s.checkComment(ctx, tx, who.OrgID, c); err != nil {
			return err
		}
		c.UpdatedAt = s.clock.Now().UnixMilli()
		if err := s.store.update(ctx, tx, who.OrgID, c); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "comment.updated", c)
	})
	if err != nil {
		return Page{}, err
	}
	return s.Get(ctx, who, id)
}

// Delete removes a comment with its replies.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, item, err := s.visible(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := mayDelete(who, c, item); err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, c.Version); err != nil {
			return err
		}
		if err := s.content.AddComments(ctx, tx, who.OrgID, c.Kind, c.ItemID, 0); err != nil { // locks the item
			return err
		}
		n, err := s.store.remove(ctx, tx, who.OrgID, c)
		if err != nil || n == 0 {
			return err
		}
		if err := s.content.AddComments(ctx, tx, who.OrgID, c.Kind, c.ItemID, -n); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "comment.deleted", c)
	})
}

// React adds or removes a reaction of the actor's; doing so again changes nothing.
func (s *Service) React(ctx context.Context, who authz.Actor, on target, reaction string, add bool) (content.Reactions, error) {
	var summary content.Reactions
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		item, err := s.content.Visible(ctx, tx, who, on.kind, on.id)
		if err != nil {
			return err
		}
		if err := s.content.AddComments(ctx, tx, who.OrgID, on.kind, on.id, 0); err != nil { // locks the item
			return err
		}
		event, changed := "reaction.added", false
		if add {
			changed, err = s.store.addReaction(ctx, tx, who, item, reaction, s.clock.Now().UnixMilli())
		} else {
			event = "reaction.removed"
			changed, err = s.store.removeReaction(ctx, tx, who, item, reaction)
		}
		if err != nil {
			return err
		}
		change := content.ReactionChange{UserID: who.UserID, Reaction: reaction, Added: add}
		if !changed {
			change = content.ReactionChange{}
		}
		if summary, err = s.content.React(ctx, tx, who.OrgID, item, change); err != nil || !changed {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: event, Subject: on.id, Data: eventData{on.kind, on.id, who.UserID}})
	})
	return summary, err
}

// Reactions gives a page of who reacted to an item.
func (s *Service) Reactions(ctx context.Context, who authz.Actor, on target, reaction string, p api.Page) ([]Reaction, int, error) {
	q := s.db.Reader(ctx)
	item, err := s.content.Visible(ctx, q, who, on.kind, on.id)
	if err != nil {
		return nil, 0, err
	}
	total, err := s.store.countReactions(ctx, q, who.OrgID, item, reaction)
	if err != nil {
		return nil, 0, err
	}
	list, err := s.store.reactions(ctx, q, who.OrgID, item, reaction, p.Limit(), p.Offset())
	return list, total, err
}

// Bookmark marks an item for the actor, or gives the mark it has.
func (s *Service) Bookmark(ctx context.Context, who authz.Actor, on target) (Bookmark, error) {
	b := Bookmark{ID: ids.New(), Kind: on.kind, ItemID: on.id, CreatedAt: s.clock.Now().UnixMilli()}
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := s.content.Visible(ctx, tx, who, on.kind, on.id)
		if err != nil {
			return err
		}
		b, err = s.store.addBookmark(ctx, tx, who, b)
		return err
	})
	return b, err
}

// Unbookmark takes the actor's mark away.
func (s *Service) Unbookmark(ctx context.Context, who authz.Actor, on target) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		item, err := s.content.Visible(ctx, tx, who, on.kind, on.id)
		if err != nil {
			return err
		}
		return s.store.removeBookmark(ctx, tx, who, item)
	})
}

// Bookmarks gives a page of the actor's bookmarks on items they may still see.
func (s *Service) Bookmarks(ctx context.Context, who authz.Actor, p api.Page) ([]Bookmark, int, error) {
	visible, err := s.content.VisibleTo(ctx, who)
	if err != nil {
		return nil, 0, err
	}
	return s.store.bookmarks(ctx, s.db.Reader(ctx), visible, p.Limit(), p.Offset())
}
