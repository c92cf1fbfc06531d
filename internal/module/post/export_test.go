package post

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// Texts lists the texts of the posts of a page, in order.
func Texts(p content.Page[message.Body]) []string {
	list := make([]string, len(p.Items))
	for i, item := range p.Items {
		list[i] = item.Body.Text
	}
	return list
}

// Readdress gives a post other permissions.
func (s *Service) Readdress(ctx context.Context, who authz.Actor, id string, p audience.Permissions) error {
	d := Draft{Publication: content.Publication{Permissions: api.Patch[audience.Permissions]{Set: true, Value: p}}}
	_, err := s.Update(ctx, who, id, "", change(who, d))
	return err
}
