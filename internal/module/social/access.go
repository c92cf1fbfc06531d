package social

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// gate hides comments on items the actor may not see.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.visible(ctx, s.db.Reader(ctx), who, id)
	return err
}

// visible gives a comment on an item the actor may see.
func (s *Service) visible(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Comment, error) {
	c, err := s.store.comment(ctx, q, who.OrgID, id)
	if err != nil {
		return Comment{}, err
	}
	_, err = s.content.Visible(ctx, q, who, c.Kind, c.ItemID)
	return c, asComment(err)
}

// toChange gives a comment on an item the actor may see, with the item locked. Whoever
// writes comments holds their item, so that the comment stays as it is read after that: an
// If-Match that holds now holds until the commit.
func (s *Service) toChange(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Comment, content.Item, error) {
	c, err := s.store.comment(ctx, tx, who.OrgID, id) // tells which item to lock
	if err != nil {
		return Comment{}, content.Item{}, err
	}
	item, err := s.content.Lock(ctx, tx, who, c.Kind, c.ItemID)
	if err != nil {
		return Comment{}, content.Item{}, asComment(err)
	}
	c, err = s.store.comment(ctx, tx, who.OrgID, id)
	return c, item, err
}

// asComment says of a comment on a hidden item that the comment does not exist.
func asComment(err error) error {
	if fault.Is(err, fault.KindNotFound) {
		return fault.NotFound("comment")
	}
	return err
}

func mayEdit(who authz.Actor, c Comment) error {
	if c.Author.ID == who.UserID {
		return nil
	}
	return fault.Forbidden("comment.notAuthor", "Only its author can change a comment.")
}

func mayDelete(who authz.Actor, c Comment, item content.Item) error {
	if c.Author.ID == who.UserID || item.AuthorID == who.UserID || who.Can(authz.ContentModerate) {
		return nil
	}
	return fault.Forbidden("comment.notAuthor", "Only its author, the author of what it is on, or a moderator can delete a comment.")
}
