package post

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// gate refuses, with the answer for an absent post, whoever may not see the post.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.content.Visible(ctx, s.db.Reader(ctx), who, Kind.Name, id)
	return err
}

// toEdit gives a post its author may change; others who see it are forbidden.
func (s *Service) toEdit(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Post, error) {
	p, err := s.store.lock(ctx, tx, who.OrgID, id)
	if err != nil {
		return Post{}, err
	}
	if p.AuthorID == who.UserID {
		return p, nil
	}
	if err := s.seen(ctx, who, p.Item); err != nil {
		return Post{}, err
	}
	return Post{}, fault.Forbidden("post.notAuthor", "Only its author can change a post.")
}

// toDelete gives a post the actor may delete: their own, or as a moderator one they can
// see, or with moderate any of the organization. moderated says that it is another's.
func (s *Service) toDelete(ctx context.Context, tx db.Tx, who authz.Actor, id string, moderate bool) (p Post, moderated bool, err error) {
	p, err = s.store.lock(ctx, tx, who.OrgID, id)
	if err != nil || p.AuthorID == who.UserID {
		return p, false, err
	}
	moderator := who.Can(authz.ContentModerate)
	if moderator && moderate {
		return p, true, nil
	}
	if err := s.seen(ctx, who, p.Item); err != nil {
		return Post{}, false, err
	}
	if !moderator {
		return Post{}, false, fault.Forbidden("post.notAuthor", "Only its author or a moderator can delete a post.")
	}
	return p, true, nil
}

func (s *Service) seen(ctx context.Context, who authz.Actor, item content.Item) error {
	ok, err := s.content.MaySee(ctx, who, item)
	if err == nil && !ok {
		err = fault.NotFound(Kind.Name)
	}
	return err
}
