package video

import (
	"context"
	"net/url"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Kind is what kernel/content needs to know of videos.
var Kind = content.Kind{Name: "video", Plural: "videos", Noun: "a video", Table: "videos", ModuleCode: 7}

// Limits, in characters.
const (
	maxTitle       = 300
	maxDescription = 10_000
)

// Where a film is from.
const (
	youTube = 1
	vimeo   = 2
	custom  = 3
)

// Body is what the author of a video wrote.
type Body struct {
	Title       string `json:"title"`
	Description string `json:"-"`
	File        string `json:"file,omitempty"`      // id of media
	Thumbnail   string `json:"thumbnail,omitempty"` // id of media
	URL         string `json:"url,omitempty"`
	Source      int    `json:"source"`
}

// MainText implements content.Body.
func (b *Body) MainText() *string { return &b.Description }

// Refs implements content.Body.
func (b *Body) Refs() content.Refs {
	var r content.Refs
	if b.File != "" {
		r.Files = append(r.Files, content.FileRef{ID: b.File, Pointer: "/videoFileId", Must: "video"})
	}
	if b.Thumbnail != "" {
		r.Files = append(r.Files, content.FileRef{ID: b.Thumbnail, Pointer: "/thumbnailFileId", Must: "image"})
	}
	return r
}

// Words implements content.Body.
func (b *Body) Words() (title, text string) { return b.Title, b.Description }

// Elsewhere is a film at another site.
type Elsewhere struct {
	VideoURL string `json:"videoURL,omitempty" maxLength:"2048" doc:"Address of the film at another site"`
}

// Draft is what a client sends to make or change a video; absent fields are left alone.
type Draft struct {
	content.Publication
	Title           api.Patch[string]    `json:"title,omitempty" maxLength:"300" doc:"Title"`
	Description     api.Patch[string]    `json:"description,omitempty" maxLength:"10000" doc:"Description"`
	VideoFileID     api.Patch[string]    `json:"videoFileId,omitempty" doc:"Id of an uploaded film of yours; a video keeps the one it was made with"`
	ThumbnailFileID api.Patch[string]    `json:"thumbnailFileId,omitempty" doc:"Id of an uploaded picture of yours"`
	Meta            api.Patch[Elsewhere] `json:"meta,omitempty" doc:"A film at another site"`
	Source          api.Patch[int]       `json:"source,omitempty" enum:"1,2,3,4" doc:"1 YOUTUBE, 2 VIMEO, 3 CUSTOM, 4 RECORDING"`
}

// change is what a draft does to an item.
func change(_ authz.Actor, d Draft) content.Change[Body] {
	return content.Change[Body]{
		Publication: d.Publication,
		Apply: func(b *Body, bad *fault.Fields) []content.Named {
			isNew := b.File == "" && b.URL == ""
			message.Set(d.Title, &b.Title)
			message.Set(d.Description, &b.Description)
			message.Set(d.ThumbnailFileID, &b.Thumbnail)
			if b.URL == "" || d.VideoFileID.Value == "" {
				message.Fixed("/videoFileId", d.VideoFileID, &b.File, bad)
			} else {
				bad.Add("/videoFileId", "field.fixed", "This video is at another site and stays there. Make another one and delete this.")
			}
			if d.Meta.Value.VideoURL != "" {
				b.URL = d.Meta.Value.VideoURL
			}
			if isNew || d.Source.Set {
				b.Source = d.source(b)
			}
			b.validate(bad)
			return nil
		},
	}
}

func (b *Body) validate(bad *fault.Fields) {
	if b.File == "" && b.URL == "" {
		bad.Add("/videoFileId", "field.required", "A video needs an uploaded film, or an address in meta.videoURL.")
	}
	if b.URL != "" {
		message.ValidateURL("/meta/videoURL", b.URL, bad)
	}
	message.TooLong("/title", "title", b.Title, maxTitle, bad)
	message.TooLong("/description", "description", b.Description, maxDescription, bad)
}

// source is where the film is from: what the client said, or what its address says.
func (d Draft) source(b *Body) int {
	if d.Source.Value != 0 {
		return d.Source.Value
	}
	u, err := url.Parse(b.URL)
	if b.File != "" || err != nil {
		return custom
	}
	host := "." + strings.ToLower(u.Hostname())
	switch {
	case strings.HasSuffix(host, ".youtube.com"), strings.HasSuffix(host, ".youtu.be"), strings.HasSuffix(host, ".youtube-nocookie.com"):
		return youTube
	case strings.HasSuffix(host, ".vimeo.com"):
		return vimeo
	}
	return custom
}

// Service is what can be done with videos.
type Service struct {
	*content.Items[Body, *Body]
}

// New makes the service and registers videos as a kind of content.
func New(d content.Deps) *Service {
	return &Service{content.NewItems[Body](d, Kind, content.Hooks[Body]{})}
}

// Register mounts the operations on videos.
func (s *Service) Register(r *api.Router) {
	o := Kind.Routes("Video", "Videos", "videos", map[string]string{"videoFileId": "media", "thumbnailFileId": "media"})
	o.Get.Authz.Restricted = true // tasks name videos
	api.Register(r, o.List, s.list)
	content.Mount(r, o, s.Items, content.Form[Body, Draft, View]{Change: change, View: viewOf})
}

// View is a video as clients read it.
type View struct {
	content.View
	Title           string       `json:"title" doc:"Title"`
	Description     string       `json:"description" doc:"Description"`
	Source          int          `json:"source" enum:"1,2,3,4" doc:"1 YOUTUBE, 2 VIMEO, 3 CUSTOM, 4 RECORDING"`
	VideoFileID     *string      `json:"videoFileId" doc:"Id of the uploaded film, or null"`
	VideoFile       *person.File `json:"videoFile" doc:"The uploaded film, or null"`
	ThumbnailFileID *string      `json:"thumbnailFileId" doc:"Id of the thumbnail, or null"`
	ThumbnailFile   *person.File `json:"thumbnailFile" doc:"The thumbnail, or null"`
	Meta            *Elsewhere   `json:"meta" doc:"The film at another site, or null"`
	CreatedBy       string       `json:"createdBy" doc:"Id of the author"`
	UpdatedBy       string       `json:"updatedBy" doc:"Id of who changed it last"`
}

func viewOf(s *content.Shown[Body], with content.Company) View {
	b := &s.Body
	v := View{
		View: content.ViewOf(s, with), Title: b.Title, Description: b.Description, Source: b.Source,
		VideoFileID: message.Optional(b.File), VideoFile: message.PickFile(with, b.File),
		ThumbnailFileID: message.Optional(b.Thumbnail), ThumbnailFile: message.PickFile(with, b.Thumbnail),
		CreatedBy: s.AuthorID, UpdatedBy: s.UpdatedBy,
	}
	if b.URL != "" {
		v.Meta = &Elsewhere{b.URL}
	}
	return v
}

type listInput struct {
	content.ListInput
	IsFollowing bool   `query:"isFollowing" doc:"Only videos of people you follow"`
	UserID      string `query:"userId" doc:"Only videos of this person"`
}

type listOutput struct {
	Body struct {
		Videos []View   `json:"videos" doc:"The videos of the page"`
		Meta   api.Meta `json:"meta" doc:"Where the page stands"`
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	p, err := s.ListAs(ctx, who, in.ListInput, content.Filter{AuthorID: in.UserID, Following: in.IsFollowing})
	out := &listOutput{}
	out.Body.Videos, out.Body.Meta = content.Views(p, viewOf), p.Meta(in.Page)
	return out, err
}
