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
	Next     string // cursor of the next page, "" on the last
}

// Comments gives a page of an item's comments, oldest first.
func (s *Service) Comments(ctx context.Context, who authz.Actor, on target, p api.Page) (Page, error) {
	q := s.db.Reader(ctx)
	item, err := s.content.Visible(ctx, q, who, on.kind, on.id)
	if err != nil {
		return Page{}, err
	}
	part, err := spanOf(p, firstComment)
	if err != nil {
		return Page{}, err
	}
	total, err := s.store.countComments(ctx, q, who.OrgID, item)
	if err != nil {
		return Page{}, err
	}
	list, err := s.store.comments(ctx, q, who.OrgID, item, part)
	if err != nil {
		return Page{}, err
	}
	list, next := cut(list, part.limit, Comment.position)
	page, err := s.withCards(ctx, q, who.OrgID, list)
	page.Total, page.Next = total, next
	return page, err
}

func (s *Service) withCards(ctx context.Context, q db.Queryer, orgID string, list []Comment) (Page, error) {
	var people []string
	for _, c := range list {
		people = append(people, c.Mentions...)
	}
	cards, err := person.ByIDs(ctx, q, orgID, people)
	return Page{Comments: list, Cards: cards, Total: len(list)}, err
}

// Get gives one comment on an item the actor may see.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Page, error) {
	q := s.db.Reader(ctx)
	c, err := s.visible(ctx, q, who, id)
	if err != nil {
		return Page{}, err
	}
	return s.withCards(ctx, q, who.OrgID, []Comment{c})
}

// Comment adds a comment to an item.
func (s *Service) Comment(ctx context.Context, who authz.Actor, on target, d Draft) (Page, error) {
	c := Comment{Kind: on.kind, ItemID: on.id, ParentID: d.ParentID, Text: d.Text, Mentions: once(d.Mention)}
	var made Page
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		item, err := s.content.Lock(ctx, tx, who, on.kind, on.id)
		if err != nil {
			return err
		}
		c.ItemID = item.ID // an item may be named by the id of a part of it
		if err := s.checkNew(ctx, tx, who.OrgID, c); err != nil {
			return err
		}
		// With the item locked, later comments are later in the listing: no cursor misses one.
		c.ID, c.CreatedAt, c.Author.ID = ids.New(), s.clock.Now().UnixMilli(), who.UserID
		c.UpdatedAt = c.CreatedAt
		if err := s.store.insert(ctx, tx, who, c); err != nil {
			return err
		}
		if err := s.content.AddComments(ctx, tx, who.OrgID, on.kind, item.ID, +1); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, who, "comment.created", c); err != nil {
			return err
		}
		made, err = s.Get(ctx, who, c.ID) // in here: after the commit somebody may delete it
		return err
	})
	return made, err
}

// checkNew reports everything that is wrong with a new comment.
func (s *Service) checkNew(ctx context.Context, tx db.Tx, orgID string, c Comment) error {
	var bad fault.Fields
	checkText(c.Text, &bad)
	if err := s.checkParent(ctx, tx, orgID, c, &bad); err != nil {
		return err
	}
	if err := s.checkPeople(ctx, tx, orgID, c.Mentions, &bad); err != nil {
		return err
	}
	return bad.Err()
}

func (s *Service) checkParent(ctx context.Context, tx db.Tx, orgID string, c Comment, bad *fault.Fields) error {
	if c.ParentID == nil {
		return nil
	}
	parent, err := s.store.comment(ctx, tx, orgID, *c.ParentID)
	switch {
	case fault.Is(err, fault.KindNotFound), err == nil && (parent.Kind != c.Kind || parent.ItemID != c.ItemID):
		bad.Add("/parentId", "comment.unknown", "This is not the id of a comment on the same item.")
		return nil
	case err == nil && parent.ParentID != nil:
		bad.Add("/parentId", "comment.depth", "An answer cannot be answered: answer the comment above it.")
	}
	return err
}

func (s *Service) checkPeople(ctx context.Context, tx db.Tx, orgID string, mentions []string, bad *fault.Fields) error {
	if !checkMentions(mentions, bad) {
		return nil
	}
	missing, err := person.Missing(ctx, tx, orgID, mentions)
	for _, id := range missing {
		bad.Addf("/mention", "user.unknown", "%s is not the id of a person of this organization.", id)
	}
	return err
}

// eventData says what a comment or reaction is on and who did what, never what a comment
// says: events cross nodes.
type eventData struct {
	Kind     string `json:"kind"`
	ItemID   string `json:"itemId"`
	ActorID  string `json:"actorId"`
	AuthorID string `json:"authorId,omitempty"` // of the comment
	Reaction string `json:"reaction,omitempty"`
}

func (s *Service) publish(ctx context.Context, tx db.Tx, who authz.Actor, name string, c Comment) error {
	data := eventData{Kind: c.Kind, ItemID: c.ItemID, ActorID: who.UserID, AuthorID: c.Author.ID}
	return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: name, Subject: c.ID, Data: data})
}

// Update changes a comment of the actor's. ifMatch is the If-Match header.
func (s *Service) Update(ctx context.Context, who authz.Actor, id string, in Change, ifMatch string) (Page, error) {
	var changed Page
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, _, err := s.toChange(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := mayEdit(who, c); err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, c.Version); err != nil {
			return err
		}
		if err := s.apply(ctx, tx, who.OrgID, in, &c); err != nil {
			return err
		}
		c.UpdatedAt = s.clock.Now().UnixMilli()
		if err := s.store.update(ctx, tx, who.OrgID, c); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, who, "comment.updated", c); err != nil {
			return err
		}
		changed, err = s.Get(ctx, who, id)
		return err
	})
	return changed, err
}

// apply changes what was sent and checks only that: somebody mentioned earlier may have
// left since.
func (s *Service) apply(ctx context.Context, tx db.Tx, orgID string, in Change, c *Comment) error {
	var bad fault.Fields
	if in.Text.Set {
		c.Text = in.Text.Value
		checkText(c.Text, &bad)
	}
	if in.Mention.Set {
		c.Mentions = once(in.Mention.Value)
		if err := s.checkPeople(ctx, tx, orgID, c.Mentions, &bad); err != nil {
			return err
		}
	}
	return bad.Err()
}

// Delete removes a comment with its replies. ifMatch is the If-Match header.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, item, err := s.toChange(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := mayDelete(who, c, item); err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, c.Version); err != nil {
			return err
		}
		n, err := s.store.remove(ctx, tx, who.OrgID, c)
		if err != nil {
			return err
		}
		if err := s.content.AddComments(ctx, tx, who.OrgID, c.Kind, c.ItemID, -n); err != nil {
			return err
		}
		return s.publish(ctx, tx, who, "comment.deleted", c)
	})
}

// React adds or removes a reaction of the actor's and gives the item's summary; doing so
// again changes nothing.
func (s *Service) React(ctx context.Context, who authz.Actor, on target, reaction string, add bool) (content.Reactions, error) {
	var summary content.Reactions
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		item, err := s.content.Lock(ctx, tx, who, on.kind, on.id)
		if err != nil {
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
		var change content.ReactionChange // the zero change only reads the summary
		if changed {
			change = content.ReactionChange{UserID: who.UserID, Reaction: reaction, Added: add}
		}
		if summary, err = s.content.React(ctx, tx, who.OrgID, item, change); err != nil || !changed {
			return err
		}
		data := eventData{Kind: on.kind, ItemID: item.ID, ActorID: who.UserID, Reaction: reaction}
		return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: event, Subject: item.ID, Data: data})
	})
	return summary, err
}

// Reactions is a page of who reacted to an item.
type Reactions struct {
	List  []Reaction
	Total int
	Next  string // cursor of the next page, "" on the last
}

// Reactions gives a page of who reacted to an item, latest first; reaction "" is any.
func (s *Service) Reactions(ctx context.Context, who authz.Actor, on target, reaction string, p api.Page) (Reactions, error) {
	q := s.db.Reader(ctx)
	item, err := s.content.Visible(ctx, q, who, on.kind, on.id)
	if err != nil {
		return Reactions{}, err
	}
	part, err := spanOf(p, latest)
	if err != nil {
		return Reactions{}, err
	}
	total, err := s.store.countReactions(ctx, q, who.OrgID, item, reaction)
	if err != nil {
		return Reactions{}, err
	}
	list, err := s.store.reactions(ctx, q, who.OrgID, item, reaction, part)
	list, next := cut(list, part.limit, Reaction.position)
	return Reactions{list, total, next}, err
}

// Bookmark marks an item for the actor, or gives the mark it has.
func (s *Service) Bookmark(ctx context.Context, who authz.Actor, on target) (Bookmark, error) {
	b := Bookmark{ID: ids.New(), Kind: on.kind, ItemID: on.id, CreatedAt: s.clock.Now().UnixMilli()}
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		// Locked, so that an item that is being deleted leaves no mark behind.
		item, err := s.content.Lock(ctx, tx, who, on.kind, on.id)
		if err != nil {
			return err
		}
		b.ItemID = item.ID
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

// Bookmarks is a page of a person's bookmarks.
type Bookmarks struct {
	List  []Bookmark
	Total int
	Next  string // cursor of the next page, "" on the last
}

// Bookmarks gives a page of the actor's bookmarks on items they may still see, latest first.
func (s *Service) Bookmarks(ctx context.Context, who authz.Actor, p api.Page) (Bookmarks, error) {
	part, err := spanOf(p, latest)
	if err != nil {
		return Bookmarks{}, err
	}
	visible, err := s.content.VisibleTo(ctx, who)
	if err != nil {
		return Bookmarks{}, err
	}
	list, total, err := s.store.bookmarks(ctx, s.db.Reader(ctx), visible, part)
	list, next := cut(list, part.limit, Bookmark.position)
	return Bookmarks{list, total, next}, err
}
