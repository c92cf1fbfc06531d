package social

import (
	"context"
	"net/http"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Register mounts the operations for every kind of content that is registered by now.
func (s *Service) Register(r *api.Router) {
	r.Gate("comment", s.gate)
	for _, k := range s.content.Kinds() {
		kind{s, k}.register(r)
	}
	comment := &authz.Object{Param: "id", Type: "comment"}
	read, write := authz.Rule{Scope: "comments:read", Object: comment}, authz.Rule{Scope: "comments:write", Object: comment}
	api.Register(r, api.Operation{
		ID: "getComment", Method: http.MethodGet, Path: "/api/comments/{id}", Tag: "Comment", Summary: "Read one comment",
		Authz: read, Example: api.Example{Response: commentExample},
	}, s.get)
	api.Register(r, api.Operation{
		ID: "updateComment", Method: http.MethodPatch, Path: "/api/comments/{id}", Tag: "Comment", Summary: "Change a comment of yours",
		Authz: write, Statuses: []int{http.StatusPreconditionFailed}, Example: api.Example{Request: `{"text":"Well done, both of you."}`, Response: commentExample},
	}, s.update)
	api.Register(r, api.Operation{
		ID: "deleteComment", Method: http.MethodDelete, Path: "/api/comments/{id}", Tag: "Comment",
		Summary: "Delete a comment with its replies", Status: http.StatusNoContent, Authz: write, Statuses: []int{http.StatusPreconditionFailed},
	}, s.delete)
	api.Register(r, api.Operation{
		ID: "listBookmarks", Method: http.MethodGet, Path: "/api/bookmarks", Tag: "Bookmark", Summary: "List your bookmarks",
		Authz: authz.Rule{Scope: "bookmarks:read"}, Example: api.Example{Response: `{"bookmarks":[` + bookmarkExample + `],` + metaExample + `}`},
	}, s.listBookmarks)
}

const (
	personExample = `{"id":"019b7a2e-5c1f-7d30-9b51-000000000001","firstName":"Rosa","lastName":"Silva","picture":null,"cover":null,` +
		`"color":"#3366AA","online":false,"availability":1,"designation":"Cartographer","department":null,"departmentData":null,` +
		`"locationId":null,"availabilityStatusText":null,"phone":null,"email":"rosa@example.com","status":"ACTIVE","externalUserId":null}`
	commentExample = `{"id":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f","kind":"post","itemId":"019b7a2e-5c1f-7d30-9b51-0000000000aa",` +
		`"parentId":null,"text":"Well done.","user":` + personExample + `,"mentions":[],"createdAt":"2026-11-24T09:30:00.000Z",` +
		`"updatedAt":"2026-11-24T09:30:00.000Z"}`
	bookmarkExample = `{"id":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f","kind":"post","itemId":"019b7a2e-5c1f-7d30-9b51-0000000000aa",` +
		`"createdAt":"2026-11-24T09:30:00.000Z"}`
	metaExample    = `"meta":{"perPage":10,"totalPages":1,"totalResults":1,"curPage":1,"nextPage":0}`
	summaryExample = `{"reactions":[{"type":"like","count":3}],"total":3}`
)

// kind is the operations of one kind of content.
type kind struct {
	*Service
	content.Kind
}

func (k kind) register(r *api.Router) {
	base, noun := "/api/"+k.Plural+"/{id}", strings.ToUpper(k.Name[:1])+k.Name[1:]
	one := k.Noun
	object := &authz.Object{Param: "id", Type: k.Name}
	read, write := authz.Rule{Scope: k.Plural + ":read", Object: object}, authz.Rule{Scope: "comments:write", Object: object}
	api.Register(r, api.Operation{
		ID: "list" + noun + "Comments", Method: http.MethodGet, Path: base + "/comments", Tag: "Comment", Summary: "List the comments on " + one,
		Authz: read, Example: api.Example{Response: `{"comments":[` + commentExample + `],` + metaExample + `}`},
	}, k.listComments)
	api.Register(r, api.Operation{
		ID: "create" + noun + "Comment", Method: http.MethodPost, Path: base + "/comments", Tag: "Comment", Summary: "Comment on " + one,
		Status: http.StatusCreated, Authz: write, Example: api.Example{Request: `{"text":"Well done."}`, Response: commentExample},
	}, k.createComment)
	write.Scope = "reactions:write"
	api.Register(r, api.Operation{
		ID: "list" + noun + "Reactions", Method: http.MethodGet, Path: base + "/reactions", Tag: "Reaction", Summary: "List who reacted to " + one,
		Authz:   read,
		Example: api.Example{Response: `{"reactions":[{"type":"like","createdAt":"2026-11-24T09:30:00.000Z","user":` + personExample + `}],` + metaExample + `}`},
	}, k.listReactions)
	api.Register(r, api.Operation{
		ID: "reactTo" + noun, Method: http.MethodPut, Path: base + "/reactions/{reaction}", Tag: "Reaction", Summary: "React to " + one,
		Description: "A person may give several different reactions, each once: giving one again changes nothing. The answer counts everybody's.",
		Authz:       write, Example: api.Example{Response: summaryExample},
	}, k.react)
	api.Register(r, api.Operation{
		ID: "unreactTo" + noun, Method: http.MethodDelete, Path: base + "/reactions/{reaction}", Tag: "Reaction",
		Summary: "Take a reaction to " + one + " back", Status: http.StatusNoContent, Authz: write,
	}, k.unreact)
	write.Scope = "bookmarks:write"
	api.Register(r, api.Operation{
		ID: "bookmark" + noun, Method: http.MethodPut, Path: base + "/bookmark", Tag: "Bookmark", Summary: "Bookmark " + one,
		Description: "A bookmark is private. Bookmarking again gives the bookmark there is.",
		Authz:       write, Example: api.Example{Response: bookmarkExample},
	}, k.bookmark)
	api.Register(r, api.Operation{
		ID: "unbookmark" + noun, Method: http.MethodDelete, Path: base + "/bookmark", Tag: "Bookmark",
		Summary: "Take the bookmark off " + one, Status: http.StatusNoContent, Authz: write,
	}, k.unbookmark)
}

// CommentView is a comment as clients read it.
type CommentView struct {
	ID        string        `json:"id" doc:"Id of the comment"`
	Kind      string        `json:"kind" doc:"Kind of content it is on"`
	ItemID    string        `json:"itemId" doc:"Id of what it is on"`
	ParentID  *string       `json:"parentId" doc:"Id of the comment it answers"`
	Text      string        `json:"text" doc:"The text"`
	User      person.Card   `json:"user" doc:"The author"`
	Mentions  []person.Card `json:"mentions" doc:"People mentioned"`
	CreatedAt api.Time      `json:"createdAt" doc:"When it was made"`
	UpdatedAt api.Time      `json:"updatedAt" doc:"When it was last changed"`
}

func commentView(c Comment, cards map[string]person.Card) CommentView {
	return CommentView{
		ID: c.ID, Kind: c.Kind, ItemID: c.ItemID, ParentID: c.ParentID, Text: c.Text, User: c.Author,
		Mentions: person.Pick(cards, c.Mentions), CreatedAt: api.At(c.CreatedAt), UpdatedAt: api.At(c.UpdatedAt),
	}
}

type itemInput struct {
	ID string `path:"id" doc:"Id of the item"`
}

type listInput struct {
	ID string `path:"id" doc:"Id of the item"`
	api.Page
}

type commentsOutput struct {
	Body struct {
		Comments []CommentView `json:"comments" doc:"The comments of the page, oldest first"`
		Meta     api.Meta      `json:"meta" doc:"Where the page stands"`
	}
}

func (k kind) listComments(ctx context.Context, who authz.Actor, in *listInput) (*commentsOutput, error) {
	p, err := k.Comments(ctx, who, target{k.Name, in.ID}, in.Page)
	if err != nil {
		return nil, err
	}
	out := &commentsOutput{}
	out.Body.Comments = make([]CommentView, len(p.Comments))
	for i, c := range p.Comments {
		out.Body.Comments[i] = commentView(c, p.Cards)
	}
	out.Body.Meta = in.Meta(p.Total)
	out.Body.Meta.NextCursor = p.Next
	return out, nil
}

type commentOutput struct {
	ETag string `header:"ETag" doc:"Version of the comment, for If-Match"`
	Body CommentView
}

func answer(p Page, err error) (*commentOutput, error) {
	if err != nil {
		return nil, err
	}
	c := p.Comments[0]
	return &commentOutput{api.ETag(c.Version), commentView(c, p.Cards)}, nil
}

type createInput struct {
	ID   string `path:"id" doc:"Id of the item"`
	Body Draft
}

func (k kind) createComment(ctx context.Context, who authz.Actor, in *createInput) (*commentOutput, error) {
	return answer(k.Comment(ctx, who, target{k.Name, in.ID}, in.Body))
}

type idInput struct {
	ID string `path:"id" doc:"Id of the comment"`
}

func (s *Service) get(ctx context.Context, who authz.Actor, in *idInput) (*commentOutput, error) {
	return answer(s.Get(ctx, who, in.ID))
}

type updateInput struct {
	ID string `path:"id" doc:"Id of the comment"`
	api.IfMatch
	Body Change
}

func (s *Service) update(ctx context.Context, who authz.Actor, in *updateInput) (*commentOutput, error) {
	return answer(s.Update(ctx, who, in.ID, in.Body, in.IfMatch.IfMatch))
}

type deleteInput struct {
	ID string `path:"id" doc:"Id of the comment"`
	api.IfMatch
}

func (s *Service) delete(ctx context.Context, who authz.Actor, in *deleteInput) (*struct{}, error) {
	return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch)
}

type reactionInput struct {
	ID       string `path:"id" doc:"Id of the item"`
	Reaction string `path:"reaction" enum:"like,love,celebrate,support,insightful,funny" doc:"The reaction"`
}

type summaryOutput struct {
	Body struct {
		Reactions []content.ReactionCount `json:"reactions" doc:"Reactions by kind, most frequent first"`
		Total     int                     `json:"total" doc:"Number of reactions"`
	}
}

func (k kind) react(ctx context.Context, who authz.Actor, in *reactionInput) (*summaryOutput, error) {
	r, err := k.React(ctx, who, target{k.Name, in.ID}, in.Reaction, true)
	if err != nil {
		return nil, err
	}
	out := &summaryOutput{}
	out.Body.Reactions, out.Body.Total = r.List(), r.Total()
	return out, nil
}

func (k kind) unreact(ctx context.Context, who authz.Actor, in *reactionInput) (*struct{}, error) {
	_, err := k.React(ctx, who, target{k.Name, in.ID}, in.Reaction, false)
	return nil, err
}

type reactionsInput struct {
	ID string `path:"id" doc:"Id of the item"`
	api.Page
	Reaction string `query:"reaction" enum:"like,love,celebrate,support,insightful,funny" doc:"Only this reaction"`
}

type reactionsOutput struct {
	Body struct {
		Reactions []ReactionView `json:"reactions" doc:"The reactions of the page, latest first"`
		Meta      api.Meta       `json:"meta" doc:"Where the page stands"`
	}
}

// ReactionView is one person's reaction as clients read it.
type ReactionView struct {
	Type      string      `json:"type" doc:"The reaction"`
	CreatedAt api.Time    `json:"createdAt" doc:"When it was given"`
	User      person.Card `json:"user" doc:"Who gave it"`
}

func (k kind) listReactions(ctx context.Context, who authz.Actor, in *reactionsInput) (*reactionsOutput, error) {
	p, err := k.Reactions(ctx, who, target{k.Name, in.ID}, in.Reaction, in.Page)
	if err != nil {
		return nil, err
	}
	out := &reactionsOutput{}
	out.Body.Reactions = make([]ReactionView, len(p.List))
	for i, r := range p.List {
		out.Body.Reactions[i] = ReactionView{r.Name, api.At(r.At), r.By}
	}
	out.Body.Meta = in.Meta(p.Total)
	out.Body.Meta.NextCursor = p.Next
	return out, nil
}

// BookmarkView is a bookmark as clients read it.
type BookmarkView struct {
	ID        string   `json:"id" doc:"Id of the bookmark"`
	Kind      string   `json:"kind" doc:"Kind of content"`
	ItemID    string   `json:"itemId" doc:"Id of the item"`
	CreatedAt api.Time `json:"createdAt" doc:"When it was made"`
}

func bookmarkView(b Bookmark) BookmarkView {
	return BookmarkView{b.ID, b.Kind, b.ItemID, api.At(b.CreatedAt)}
}

type bookmarkOutput struct{ Body BookmarkView }

func (k kind) bookmark(ctx context.Context, who authz.Actor, in *itemInput) (*bookmarkOutput, error) {
	b, err := k.Bookmark(ctx, who, target{k.Name, in.ID})
	if err != nil {
		return nil, err
	}
	return &bookmarkOutput{bookmarkView(b)}, nil
}

func (k kind) unbookmark(ctx context.Context, who authz.Actor, in *itemInput) (*struct{}, error) {
	return nil, k.Unbookmark(ctx, who, target{k.Name, in.ID})
}

type bookmarksOutput struct {
	Body struct {
		Bookmarks []BookmarkView `json:"bookmarks" doc:"The bookmarks of the page, latest first"`
		Meta      api.Meta       `json:"meta" doc:"Where the page stands"`
	}
}

func (s *Service) listBookmarks(ctx context.Context, who authz.Actor, in *struct{ api.Page }) (*bookmarksOutput, error) {
	p, err := s.Bookmarks(ctx, who, in.Page)
	if err != nil {
		return nil, err
	}
	out := &bookmarksOutput{}
	out.Body.Bookmarks = make([]BookmarkView, len(p.List))
	for i, b := range p.List {
		out.Body.Bookmarks[i] = bookmarkView(b)
	}
	out.Body.Meta = in.Meta(p.Total)
	out.Body.Meta.NextCursor = p.Next
	return out, nil
}
