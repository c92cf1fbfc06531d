package content

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// Routes are the operations every kind has.
type Routes struct {
	List, Create, Get, Update, Delete api.Operation
}

// Routes describes the operations of a kind. one and many are the words in their ids ("Post",
// "Posts"), noun and nouns those in their summaries; refs are the fields of bodies that name
// objects.
func (k Kind) Routes(one, many, nouns string, refs map[string]string) Routes {
	object := &authz.Object{Param: "id", Type: k.Name}
	read, write := k.Plural+":read", k.Plural+":write"
	all, each := "/api/"+k.Plural, "/api/"+k.Plural+"/{id}"
	tag := one
	whose := " of yours"
	if k.Owned {
		whose = " you wrote or own"
	}
	return Routes{
		List: api.Operation{
			ID: "list" + many, Method: http.MethodGet, Path: all, Tag: tag, Summary: "List the " + nouns + " you may see", Authz: authz.Rule{Scope: read},
		},
		Create: api.Operation{
			ID: "create" + one, Method: http.MethodPost, Path: all, Tag: tag, Summary: "Publish " + k.Noun, Status: http.StatusCreated,
			Authz: authz.Rule{Scope: write, BodyRefs: refs},
		},
		Get: api.Operation{
			ID: "get" + one, Method: http.MethodGet, Path: each, Tag: tag, Summary: "Read " + k.Noun,
			Authz: authz.Rule{Scope: read, Object: object}, Example: api.ResponseOf("create" + one),
		},
		Update: api.Operation{
			ID: "update" + one, Method: http.MethodPatch, Path: each, Tag: tag, Summary: "Change " + k.Noun + whose,
			Authz:    authz.Rule{Scope: write, Object: object, BodyRefs: refs},
			Statuses: []int{http.StatusConflict, http.StatusPreconditionFailed},
		},
		Delete: api.Operation{
			ID: "delete" + one, Method: http.MethodDelete, Path: each, Tag: tag, Summary: "Delete " + k.Noun + whose + ", or as a moderator",
			Status: http.StatusNoContent, Authz: authz.Rule{Scope: write, Object: object}, Statuses: []int{http.StatusPreconditionFailed},
		},
	}
}

// ListInput is what listings of all kinds take.
type ListInput struct {
	api.Page
	Time    api.OptionalTime `query:"time" doc:"Only what was published until then; the current time unless given"`
	SortKey string           `query:"sort_key" enum:"a,b,c" default:"a" doc:"a recent, b most reacted, c most commented"`
	Search  string           `query:"search" maxLength:"500" doc:"Only what has all of these words; of what is published"`
	Status  string           `query:"status" enum:"PUBLISHED,DRAFT,SCHEDULED" default:"PUBLISHED" doc:"DRAFT or SCHEDULED lists what you have not published"`
}

// InCategory narrows a listing to a category, by its id or name; "" narrows nothing.
func (s *Items[B, P]) InCategory(ctx context.Context, who authz.Actor, name string, f *Filter) error {
	if name == "" {
		return nil
	}
	id, err := s.Categories.Find(ctx, s.DB.Reader(ctx), who.OrgID, s.kind.ModuleCode, name)
	f.CategoryID, f.None = id, id == ""
	return err
}

// ListAs gives the page a client has asked for.
func (s *Items[B, P]) ListAs(ctx context.Context, who authz.Actor, in ListInput, narrow Filter) (Page[B], error) {
	query, err := PageQuery(s.kind.Name, in.SortKey, in.Time.Ptr(), in.Page)
	if err != nil {
		return Page[B]{}, err
	}
	if in.Status != Published {
		return s.ListOwn(ctx, who, in.Status, query)
	}
	narrow.Words = in.Search
	query.Filter = narrow
	return s.List(ctx, who, query)
}

// IDInput names an item.
type IDInput struct {
	ID string `path:"id" doc:"Id of the item"`
}

// DeleteInput names an item to delete.
type DeleteInput struct {
	ID string `path:"id" doc:"Id of the item"`
	api.IfMatch
	Moderate bool `query:"moderate" doc:"Delete as a moderator what you may not see"`
}

// CreateInput is a draft of an item.
type CreateInput[D any] struct {
	Body D
}

// UpdateInput is a change of an item.
type UpdateInput[D any] struct {
	ID string `path:"id" doc:"Id of the item"`
	api.IfMatch
	Body D
}

// Answer is one item with its version.
type Answer[V any] struct {
	ETag string `header:"ETag" doc:"Version of the item, for If-Match"`
	Body V
}

// AnswerOf answers a page of one item.
func AnswerOf[B any, V interface{ ETag() string }](p Page[B], err error, view func(*Shown[B], Company) V) (*Answer[V], error) {
	if err != nil {
		return nil, err
	}
	v := view(&p.Items[0], p.Company)
	return &Answer[V]{ETag: v.ETag(), Body: v}, nil
}

// Form is how a module reads drafts D of its items and shows them as V.
type Form[B, D any, V interface{ ETag() string }] struct {
	Change func(who authz.Actor, draft D) Change[B]
	View   func(*Shown[B], Company) V
}

// Mount mounts the operations on single items; the list, whose answer is named after what it
// lists, is the module's.
func Mount[B any, P Body[B], D any, V interface{ ETag() string }](r *api.Router, o Routes, s *Items[B, P], f Form[B, D, V]) {
	MountFixed(r, o, s, f.View)
	api.Register(r, o.Create, func(ctx context.Context, who authz.Actor, in *CreateInput[D]) (*Answer[V], error) {
		p, err := s.Create(ctx, who, f.Change(who, in.Body))
		return AnswerOf(p, err, f.View)
	})
	api.Register(r, o.Update, func(ctx context.Context, who authz.Actor, in *UpdateInput[D]) (*Answer[V], error) {
		p, err := s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, f.Change(who, in.Body))
		return AnswerOf(p, err, f.View)
	})
}

// MountFixed mounts what needs no draft: the gate, and the operations that read and delete one
// item.
func MountFixed[B any, P Body[B], V interface{ ETag() string }](r *api.Router, o Routes, s *Items[B, P], view func(*Shown[B], Company) V) {
	r.Gate(s.kind.Name, s.Gate)
	api.Register(r, o.Get, func(ctx context.Context, who authz.Actor, in *IDInput) (*Answer[V], error) {
		p, err := s.Get(ctx, who, in.ID)
		return AnswerOf(p, err, view)
	})
	api.Register(r, o.Delete, func(ctx context.Context, who authz.Actor, in *DeleteInput) (*struct{}, error) {
		return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch, in.Moderate)
	})
}
