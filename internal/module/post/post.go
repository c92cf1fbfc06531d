package post

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// Kind is what kernel/content needs to know of posts.
var Kind = content.Kind{Name: "post", Plural: "posts", Noun: "a post", Table: "posts", ModuleCode: 1}

// Draft is what a client sends to make or change a post; absent fields are left alone.
type Draft struct {
	message.Draft
	content.Publication
}

// change is what a draft does to a post.
func change(_ authz.Actor, d Draft) content.Change[message.Body] {
	return content.Change[message.Body]{
		Publication: d.Publication,
		Apply: func(b *message.Body, bad *fault.Fields) []content.Named {
			named := d.Draft.Apply(b, bad)
			if b.Empty() {
				bad.Add("/postText", "post.empty", "A post needs a text, a gif, a link or a file.")
			}
			return named
		},
	}
}

// Service is what can be done with posts.
type Service struct {
	*content.Items[message.Body, *message.Body]
}

// New makes the service and registers posts as a kind of content.
func New(d content.Deps) *Service {
	return &Service{content.NewItems[message.Body](d, Kind, content.Hooks[message.Body]{})}
}

// Create publishes, keeps or schedules a post of the actor's.
func (s *Service) Create(ctx context.Context, who authz.Actor, in Draft) (View, error) {
	p, err := s.Items.Create(ctx, who, change(who, in))
	if err != nil {
		return View{}, err
	}
	return viewOf(&p.Items[0], p.Company), nil
}
