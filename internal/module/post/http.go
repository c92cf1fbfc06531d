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
	r.Gate(Kind.Name, s.Gate)
	o := Kind.Routes("Post", "Posts", "posts", map[string]string{"mention": "user", "taggedUserIds": "user", "fileIds": "media"})
	api.Register(r, o.List, s.list)
	api.Register(r, o.Create, s.create)
	api.Register(r, o.Get, s.get)
	api.Register(r, o.Update, s.update)
	api.Register(r, o.Delete, s.HandleDelete)
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

type createInput struct {
	Body Draft
}

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*content.Answer[View], error) {
	p, err := s.Items.Create(ctx, who, in.Body.change())
	return content.AnswerOf(p, err, viewOf)
}

func (s *Service) get(ctx context.Context, who authz.Actor, in *content.IDInput) (*content.Answer[View], error) {
	p, err := s.Get(ctx, who, in.ID)
	return content.AnswerOf(p, err, viewOf)
}

type updateInput struct {
	ID string `path:"id" doc:"Id of the post"`
	api.IfMatch
	Body Draft
}

func (s *Service) update(ctx context.Context, who authz.Actor, in *updateInput) (*content.Answer[View], error) {
	p, err := s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body.change())
	return content.AnswerOf(p, err, viewOf)
}
