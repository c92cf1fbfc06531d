package post

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// Register mounts the operations on posts.
func (s *Service) Register(r *api.Router) {
	o := Kind.Routes("Post", "Posts", "posts", map[string]string{"mention": "user", "taggedUserIds": "user", "fileIds": "media"})
	api.Register(r, o.List, s.list)
	content.Mount(r, o, s.Items, content.Form[message.Body, Draft, View]{Change: change, View: viewOf})
}

// View is a post as clients read it.
type View struct {
	content.View
	message.Parts
}

func viewOf(p *content.Shown[message.Body], with content.Company) View {
	return View{content.ViewOf(p, with), message.PartsOf(&p.Body, with)}
}

type listOutput struct {
	Body struct {
		Posts []View   `json:"posts" doc:"The posts of the page"`
		Meta  api.Meta `json:"meta" doc:"Where the page stands"`
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *content.ListInput) (*listOutput, error) {
	p, err := s.ListAs(ctx, who, *in, content.Filter{})
	out := &listOutput{}
	out.Body.Posts, out.Body.Meta = content.Views(p, viewOf), p.Meta(in.Page)
	return out, err
}
