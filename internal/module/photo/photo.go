package photo

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Kind is what kernel/content needs to know of photos.
var Kind = content.Kind{Name: "photo", Plural: "photos", Noun: "a photo", Table: "photos", ModuleCode: 8}

// Limits, in characters.
const (
	maxTitle       = 300
	maxDescription = 10_000
)

// Body is what the author of a photo wrote.
type Body struct {
	Title       string `json:"title"`
	Description string `json:"-"`
	File        string `json:"file"` // id of media
}

// MainText implements content.Body.
func (b *Body) MainText() *string { return &b.Description }

// Refs implements content.Body.
func (b *Body) Refs() content.Refs {
	if b.File == "" {
		return content.Refs{}
	}
	return content.Refs{Files: []content.FileRef{{ID: b.File, Pointer: "/fileId", Must: "image"}}}
}

// Words implements content.Body.
func (b *Body) Words() (title, text string) { return b.Title, b.Description }

// Draft is what a client sends to make or change a photo; absent fields are left alone.
type Draft struct {
	content.Publication
	Title       api.Patch[string] `json:"title,omitempty" maxLength:"300" doc:"Title"`
	Description api.Patch[string] `json:"description,omitempty" maxLength:"10000" doc:"Description"`
	FileID      api.Patch[string] `json:"fileId,omitempty" doc:"Id of an uploaded picture of yours; a photo keeps the one it was made with"`
}

// change is what a draft does to an item.
func change(who authz.Actor, d Draft) content.Change[Body] {
	in := content.Change[Body]{
		Publication: d.Publication,
		Apply: func(b *Body, bad *fault.Fields) []content.Named {
			message.Set(d.Title, &b.Title)
			message.Set(d.Description, &b.Description)
			message.Fixed("/fileId", d.FileID, &b.File, bad)
			if b.File == "" {
				bad.Add("/fileId", "field.required", "A photo needs a picture.")
			}
			message.TooLong("/title", "title", b.Title, maxTitle, bad)
			message.TooLong("/description", "description", b.Description, maxDescription, bad)
			return nil
		},
	}
	if d.Permissions.Set {
		in.Also = func(ctx context.Context, tx db.Tx, r content.Record[Body]) error {
			return content.SetPeople(ctx, tx, who.OrgID, r.Item, content.Tagged, content.Unique(d.Permissions.Value.TaggedUsers))
		}
	}
	return in
}

// Service is what can be done with photos.
type Service struct {
	*content.Items[Body, *Body]
}

// New makes the service and registers photos as a kind of content.
func New(d content.Deps) *Service {
	return &Service{content.NewItems[Body](d, Kind, content.Hooks[Body]{})}
}

// Register mounts the operations on photos.
func (s *Service) Register(r *api.Router) {
	o := Kind.Routes("Photo", "Photos", "photos", map[string]string{"fileId": "media"})
	api.Register(r, o.List, s.list)
	content.Mount(r, o, s.Items, content.Form[Body, Draft, View]{Change: change, View: viewOf})
}

// View is a photo as clients read it.
type View struct {
	content.View
	Title       string       `json:"title" doc:"Title"`
	Description string       `json:"description" doc:"Description"`
	Photo       *person.File `json:"photo" doc:"The picture"`
	CreatedBy   string       `json:"createdBy" doc:"Id of the author"`
	UpdatedBy   string       `json:"updatedBy" doc:"Id of who changed it last"`
}

func viewOf(p *content.Shown[Body], with content.Company) View {
	return View{
		View: content.ViewOf(p, with), Title: p.Body.Title, Description: p.Body.Description, Photo: message.PickFile(with, p.Body.File),
		CreatedBy: p.AuthorID, UpdatedBy: p.UpdatedBy,
	}
}

type listInput struct {
	content.ListInput
	Filter string `query:"filter" enum:"all_photos,friends_photos,only_me_photos,tagged_photos,team_photos" default:"all_photos" doc:"Which photos"`
	UserID string `query:"userId" doc:"Only photos of this person"`
}

type listOutput struct {
	Body struct {
		Photos []View   `json:"photos" doc:"The photos of the page"`
		Meta   api.Meta `json:"meta" doc:"Where the page stands"`
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	p, err := s.ListAs(ctx, who, in.ListInput, content.Filter{
		AuthorID: in.UserID, Friends: in.Filter == "friends_photos", Team: in.Filter == "team_photos",
		OnlyMine: in.Filter == "only_me_photos", Tagged: in.Filter == "tagged_photos",
	})
	out := &listOutput{}
	out.Body.Photos, out.Body.Meta = content.Views(p, viewOf), p.Meta(in.Page)
	return out, err
}
