package post

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/linkpreview"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

var object = &authz.Object{Param: "id", Type: Kind.Name}

// Register mounts the operations on posts.
func (s *Service) Register(r *api.Router) {
	r.Gate(Kind.Name, s.gate)
	refs := map[string]string{"mention": "user", "taggedUserIds": "user", "fileIds": "media"}
	api.Register(r, api.Operation{
		ID: "listPosts", Method: http.MethodGet, Path: "/api/posts", Tag: "Post", Summary: "List the posts you may see",
		Authz: authz.Rule{Scope: "posts:read"},
	}, s.list)
	api.Register(r, api.Operation{
		ID: "createPost", Method: http.MethodPost, Path: "/api/posts", Tag: "Post", Summary: "Publish a post",
		Status: http.StatusCreated, Authz: authz.Rule{Scope: "posts:write", BodyRefs: refs},
	}, s.create)
	api.Register(r, api.Operation{
		ID: "getPost", Method: http.MethodGet, Path: "/api/posts/{id}", Tag: "Post", Summary: "Read one post",
		Authz: authz.Rule{Scope: "posts:read", Object: object}, Example: api.ResponseOf("createPost"),
	}, s.get)
	api.Register(r, api.Operation{
		ID: "updatePost", Method: http.MethodPatch, Path: "/api/posts/{id}", Tag: "Post", Summary: "Change a post of yours",
		Authz:    authz.Rule{Scope: "posts:write", Object: object, BodyRefs: refs},
		Statuses: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, s.update)
	api.Register(r, api.Operation{
		ID: "deletePost", Method: http.MethodDelete, Path: "/api/posts/{id}", Tag: "Post", Summary: "Delete a post of yours, or as a moderator",
		Status: http.StatusNoContent, Authz: authz.Rule{Scope: "posts:write", Object: object},
		Statuses: []int{http.StatusPreconditionFailed},
	}, s.delete)
}

// View is a post as clients read it. The reference prints one file and one link preview
// under plural names; the fields with the suffix List hold all.
type View struct {
	ID              string                  `json:"id" doc:"Id of the post"`
	PostText        string                  `json:"postText" doc:"The text"`
	PostedAt        api.Time                `json:"postedAt" doc:"When it was published"`
	CommentsCount   int                     `json:"commentsCount" doc:"Number of comments"`
	User            person.Card             `json:"user" doc:"The author"`
	Files           *person.File            `json:"files" doc:"The first file, or null"`
	FileList        []person.File           `json:"fileList" doc:"All files"`
	LinkPreviews    *LinkPreview            `json:"linkPreviews" doc:"The first link preview, or null"`
	LinkPreviewList []LinkPreview           `json:"linkPreviewList" doc:"All link previews"`
	Tags            []string                `json:"tags" doc:"Tags as written"`
	Reactions       []content.ReactionCount `json:"reactions" doc:"Reactions by kind"`
	Mentions        []person.Card           `json:"mentions" doc:"People mentioned"`
	TaggedUsers     []person.Card           `json:"taggedUsers" doc:"People tagged"`
	Gif             *string                 `json:"gif" doc:"Address of an animated picture"`
	Links           []string                `json:"links" doc:"Addresses"`
	ReactionUsers   []person.Card           `json:"reactionUsers" doc:"The latest people who reacted, at most ten"`
	Location        *Location               `json:"location" doc:"A place"`
	Status          string                  `json:"status" enum:"PUBLISHED,DRAFT,SCHEDULED" doc:"State of the post"`
	PublishAt       *api.Time               `json:"publishAt" doc:"When a scheduled post is published"`
	Permissions     *audience.Permissions   `json:"permissions" doc:"Who may see the post; null for anybody but the author"`
	MyReactions     []string                `json:"myReactions" doc:"Your reactions"`
	BookmarkID      *string                 `json:"bookmarkId" doc:"Your bookmark, or null"`
	CreatedAt       api.Time                `json:"createdAt" doc:"When it was made"`
	UpdatedAt       api.Time                `json:"updatedAt" doc:"When it was last changed"`

	version int64
}

// LinkPreview is the card of a link.
type LinkPreview struct {
	Title       string  `json:"title" doc:"Title of the page"`
	Description string  `json:"description" doc:"Description of the page"`
	Image       *string `json:"image" doc:"Address of a picture"`
	Link        string  `json:"link" doc:"The link"`
}

func viewOf(r row, with company) View {
	v := View{
		ID: r.ID, PostText: r.Text, PostedAt: api.At(r.PostedAt), CommentsCount: r.commentsCount, User: r.author,
		FileList: make([]person.File, 0, len(r.Files)), LinkPreviewList: linkPreviews(r.previewed(), with.links),
		Tags: notNil(r.Tags), Links: notNil(r.Links), Location: r.Location, Reactions: r.reactions.List(),
		Mentions: person.Pick(with.people, r.Mentions), TaggedUsers: person.Pick(with.people, r.Tagged),
		ReactionUsers: person.Pick(with.people, r.reactions.Latest), Status: r.Status, PublishAt: api.AtPtr(r.PublishAt),
		MyReactions: r.MyReactions(), BookmarkID: r.BookmarkID,
		CreatedAt: api.At(r.CreatedAt), UpdatedAt: api.At(r.UpdatedAt), version: r.Version,
	}
	if len(v.LinkPreviewList) > 0 {
		v.LinkPreviews = &v.LinkPreviewList[0]
	}
	for _, id := range r.Files {
		if f, ok := with.files[id]; ok {
			v.FileList = append(v.FileList, f)
		}
	}
	if len(v.FileList) > 0 {
		v.Files = &v.FileList[0]
	}
	if r.Gif != "" {
		v.Gif = &r.Gif
	}
	if r.Permissions != nil {
		v.Permissions = new(audience.Permissions)
		if json.Unmarshal([]byte(*r.Permissions), v.Permissions) != nil {
			v.Permissions = nil
		}
	}
	return v
}

// linkPreviews gives the cards that are there, in the order of the links.
func linkPreviews(links []string, cards map[string]linkpreview.Preview) []LinkPreview {
	list := []LinkPreview{}
	for _, link := range links {
		card, ok := cards[link]
		if !ok {
			continue
		}
		p := LinkPreview{Title: card.Title, Description: card.Description, Link: card.Link}
		if card.Image != "" {
			p.Image = &card.Image
		}
		list = append(list, p)
	}
	return list
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

type listInput struct {
	api.Page
	Time    api.OptionalTime `query:"time" doc:"Only posts published until then; the current time unless given"`
	SortKey string           `query:"sort_key" enum:"a,b,c" default:"a" doc:"a recent, b most reacted, c most commented"`
	Status  string           `query:"status" enum:"PUBLISHED,DRAFT,SCHEDULED" default:"PUBLISHED" doc:"DRAFT or SCHEDULED lists your own unpublished posts"`
}

type listOutput struct {
	Body struct {
		Posts []View   `json:"posts" doc:"The posts of the page"`
		Meta  api.Meta `json:"meta" doc:"Where the page stands"`
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	query, err := content.PageQuery(Kind.Name, in.SortKey, in.Time.Ptr(), in.Page)
	if err != nil {
		return nil, err
	}
	var p Page
	if in.Status == content.Published {
		p, err = s.List(ctx, who, query)
	} else {
		p, err = s.ListOwn(ctx, who, in.Status, query)
	}
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Posts = make([]View, len(p.rows))
	for i, r := range p.rows {
		out.Body.Posts[i] = viewOf(r, p.company)
	}
	out.Body.Meta = in.Page.Meta(p.Total)
	// A page may be short when items went while it was read: what stands behind it is not lost.
	if n := len(p.rows); n > 0 && out.Body.Meta.GoesOn(in.Page) {
		last := p.rows[n-1]
		out.Body.Meta.NextCursor = ids.EncodeCursor(last.position())
	}
	return out, nil
}

type viewOutput struct {
	ETag string `header:"ETag" doc:"Version of the post, for If-Match"`
	Body View
}

func answer(v View, err error) (*viewOutput, error) {
	if err != nil {
		return nil, err
	}
	return &viewOutput{ETag: api.ETag(v.version), Body: v}, nil
}

type createInput struct {
	Body Draft
}

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*viewOutput, error) {
	return answer(s.Create(ctx, who, in.Body))
}

type idInput struct {
	ID string `path:"id" doc:"Id of the post"`
}

func (s *Service) get(ctx context.Context, who authz.Actor, in *idInput) (*viewOutput, error) {
	return answer(s.Get(ctx, who, in.ID))
}

type updateInput struct {
	ID string `path:"id" doc:"Id of the post"`
	api.IfMatch
	Body Draft
}

func (s *Service) update(ctx context.Context, who authz.Actor, in *updateInput) (*viewOutput, error) {
	return answer(s.Update(ctx, who, in.ID, in.Body, in.IfMatch.IfMatch))
}

type deleteInput struct {
	ID string `path:"id" doc:"Id of the post"`
	api.IfMatch
	Moderate bool `query:"moderate" doc:"Delete as a moderator a post you may not see"`
}

func (s *Service) delete(ctx context.Context, who authz.Actor, in *deleteInput) (*struct{}, error) {
	return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch, in.Moderate)
}
