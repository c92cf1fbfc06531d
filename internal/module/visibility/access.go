package visibility

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// mayAsk refuses whoever may not ask why others see an item: its author and owners may, and
// moderators of any item of the organization, for which moderated is true.
func (s *Service) mayAsk(ctx context.Context, q db.Queryer, who authz.Actor, kind, id string) (moderated bool, err error) {
	item, err := s.content.Visible(ctx, q, who, kind, id)
	hidden := fault.Is(err, fault.KindNotFound) // or absent, which is then found out
	switch {
	case err != nil && !hidden:
		return false, err
	case !hidden && (item.AuthorID == who.UserID || item.IsOwner):
		return false, nil
	case who.Can(authz.ContentModerate):
		return true, nil
	case hidden:
		return false, err
	}
	return false, fault.Forbidden("audience.notAuthor", "Only its author, an owner or a moderator can ask who sees this item.")
}
