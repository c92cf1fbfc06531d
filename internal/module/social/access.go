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
	_, _, err := s.visible(ctx, s.db.Reader(ctx), who, id)
	return err
}

// visible gives a comment and its item when the actor may see the item.
func (s *Service) visible(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Comment, content.Item, error) {
	c, err := s.store.comment(ctx, q, who.OrgID, id)
	if err != nil {
		return Comment{}, content.Item{}, err
	}
	item, err := s.content.Visible(ctx, q, who, c.Kind, c.ItemID)
	if fault.Is(err, fault.KindNotFound) {
		err = fault.NotFound("comment")
	}
	return c, item, err
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
