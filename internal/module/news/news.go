package news

import (
	"context"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Kind is what kernel/content needs to know of news.
var Kind = content.Kind{
	Name: "news", Plural: "news", Noun: "a news item", Table: "news", ModuleCode: 6, Categorized: true, Acknowledged: true,
}

const maxTitle = 300 // characters

// Body is what the author of news wrote.
type Body struct {
	message.Body
	Title       string `json:"title"`
	Cover       string `json:"cover,omitempty"` // id of media
	Acknowledge bool   `json:"acknowledge,omitempty"`
}

// Refs implements content.Body.
func (b *Body) Refs() content.Refs {
	r := b.Body.Refs()
	if b.Cover != "" {
		r.Files = append(r.Files, content.FileRef{ID: b.Cover, Pointer: "/coverImage", Must: "image"})
	}
	return r
}

// Words implements content.Body.
func (b *Body) Words() (title, text string) {
	_, text = b.Body.Words()
	return b.Title, text
}

// Draft is what a client sends to make or change news; absent fields are left alone.
type Draft struct {
	message.Draft
	content.Publication
	NewsTitle   api.Patch[string] `json:"newsTitle,omitempty" maxLength:"300" doc:"The title"`
	Category    api.Patch[string] `json:"category,omitempty" maxLength:"200" doc:"Name or id of a category of module 6"`
	CoverImage  api.Patch[string] `json:"coverImage,omitempty" doc:"Id of an uploaded picture of yours"`
	Acknowledge api.Patch[bool]   `json:"acknowledgementRequired,omitempty" doc:"Readers are to say that they have read it"`
}

// Change is what a draft does to an item.
func Change(_ authz.Actor, d Draft) content.Change[Body] {
	return content.Change[Body]{
		Publication: d.Publication, Category: d.Category,
		Apply: func(b *Body, bad *fault.Fields) []content.Named {
			message.Set(d.NewsTitle, &b.Title)
			message.Set(d.CoverImage, &b.Cover)
			message.Set(d.Acknowledge, &b.Acknowledge)
			b.Title = strings.TrimSpace(b.Title)
			if b.Title == "" {
				bad.Add("/newsTitle", "field.required", "News needs a title.")
			}
			message.TooLong("/newsTitle", "title", b.Title, maxTitle, bad)
			return d.Draft.Apply(&b.Body, bad)
		},
	}
}

// Service is what can be done with news.
type Service struct {
	*content.Items[Body, *Body]
}

// New makes the service and registers news as a kind of content.
func New(d content.Deps) *Service {
	return &Service{content.NewItems[Body](d, Kind, content.Hooks[Body]{})}
}

// Register mounts the operations on news.
func (s *Service) Register(r *api.Router) {
	o := Kind.Routes("News", "News", "news", map[string]string{"mention": "user", "taggedUserIds": "user", "fileIds": "media", "coverImage": "media"})
	api.Register(r, o.List, s.list)
	content.Mount(r, o, s.Items, content.Form[Body, Draft, View]{Change: Change, View: viewOf})
}

// View is news as clients read it.
type View struct {
	content.View
	message.Parts
	content.Acknowledgement
	NewsTitle  string       `json:"newsTitle" doc:"The title"`
	Category   *string      `json:"category" doc:"Name of the category"`
	CoverImage *person.File `json:"coverImage" doc:"The cover, or null"`
}

func viewOf(n *content.Shown[Body], with content.Company) View {
	return View{
		View: content.ViewOf(n, with), Parts: message.PartsOf(&n.Body.Body, with), Acknowledgement: n.Acknowledgement(n.Body.Acknowledge),
		NewsTitle: n.Body.Title, Category: n.Category, CoverImage: message.PickFile(with, n.Body.Cover),
	}
}

type listInput struct {
	content.ListInput
	Category string `query:"category" maxLength:"200" doc:"Only news of this category, by its name or id"`
	UserID   string `query:"userId" doc:"Only what this person wrote"`
}

type listOutput struct {
	Body struct {
		News []View   `json:"news" doc:"The news of the page"`
		Meta api.Meta `json:"meta" doc:"Where the page stands"`
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	narrow := content.Filter{AuthorID: in.UserID}
	if err := s.InCategory(ctx, who, in.Category, &narrow); err != nil {
		return nil, err
	}
	p, err := s.ListAs(ctx, who, in.ListInput, narrow)
	out := &listOutput{}
	out.Body.News, out.Body.Meta = content.Views(p, viewOf), p.Meta(in.Page)
	return out, err
}
