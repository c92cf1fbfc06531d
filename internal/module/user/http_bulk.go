package user

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

type (
	bulkCreateInput struct {
		Partial bool `query:"partial" doc:"Create the good rows and report the others, instead of all or nothing"`
		DryRun  bool `query:"dryRun" doc:"Validate only"`
		Bulk    bool `query:"bulk" doc:"Fill what rows leave out from the on-boarding settings"`
		Body    bulkCreateBody
	}
	bulkCreateBody struct {
		Data rows `json:"data" required:"true" doc:"The people to create"`
	}
	bulkCreateOutput struct {
		Status int
		Body   bulkAnswer
	}
	bulkDeleteInput struct {
		IDs  []string `query:"ids,explode" doc:"Ids of the people to delete, repeated or separated by commas, for clients that send no body with DELETE"`
		Body *bulkDeleteBody
	}
	bulkDeleteBody struct {
		IDs api.Strings `json:"ids,omitempty" nullable:"true" doc:"Ids of the people to delete"`
		ID  api.Strings `json:"id,omitempty" nullable:"true" doc:"Another spelling of ids"`
	}
	bulkDeleteOutput struct{ Body Deleted }
	cardsOutput      struct{ Body Cards }
)

// Deleted says what became of the ids of a bulk delete.
type Deleted struct {
	Deleted  []string `json:"deleted" nullable:"false" doc:"Ids of the people who are former members now"`
	NotFound []string `json:"notFound" nullable:"false" doc:"Ids that are no people of the organization"`
}

// Cards is a page of people in their short form.
type Cards struct {
	Users []person.Card `json:"users" nullable:"false" doc:"The people of this page"`
	Meta  api.Meta      `json:"meta" doc:"Where the page stands in the whole"`
}

func cardsAnswer(cards []person.Card, meta api.Meta, err error) (*cardsOutput, error) {
	out := &cardsOutput{}
	out.Body.Users, out.Body.Meta = cards, meta
	return out, err
}

// rows are drafts whose schema asks only for the types of the fields: what else is
// wrong is found row by row, so that every bad row is reported at once and partial
// creation can leave it out.
type rows []Draft

// Schema is the schema of Draft without its constraints.
func (rows) Schema(r huma.Registry) *huma.Schema {
	strict := r.SchemaFromRef(r.Schema(reflect.TypeFor[Draft](), true, "Draft").Ref)
	row := *strict
	row.Required, row.Properties = nil, make(map[string]*huma.Schema, len(strict.Properties))
	for name, p := range strict.Properties {
		loose := *p
		loose.MinLength, loose.MaxLength, loose.MinItems, loose.MaxItems, loose.Enum = nil, nil, nil, nil, nil
		loose.PrecomputeMessages()
		row.Properties[name] = &loose
	}
	row.PrecomputeMessages()
	least, most := 1, MaxBulk
	s := &huma.Schema{Type: huma.TypeArray, Items: &row, MinItems: &least, MaxItems: &most}
	s.PrecomputeMessages()
	return s
}

// bulkAnswer is the bare array of the people created, or the results row by row.
type bulkAnswer struct{ BulkOutcome }

// MarshalJSON writes one of the two forms.
func (a bulkAnswer) MarshalJSON() ([]byte, error) {
	if a.Results != nil {
		return json.Marshal(map[string][]RowResult{"results": a.Results})
	}
	return json.Marshal(a.Users)
}

// Schema is one of the two forms.
func (bulkAnswer) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{
		{Type: huma.TypeArray, Items: r.Schema(reflect.TypeFor[User](), true, "User")},
		{Type: huma.TypeObject, Properties: map[string]*huma.Schema{
			"results": {Type: huma.TypeArray, Description: "What became of each row, in order", Items: r.Schema(reflect.TypeFor[RowResult](), true, "RowResult")},
		}, Required: []string{"results"}},
	}}
}

func (s *Service) registerBulk(r *api.Router) {
	create := manage
	create.BodyRefs = refs
	api.Register(r, api.Operation{
		ID: "bulkCreateUsers", Method: http.MethodPost, Path: "/api/users/bulk-create", Tag: "User", Summary: "Create many people",
		Description: "Creates up to 1,000 people, all or none: one bad row and nothing is created, every bad field of every row is listed (/data/3/email). " +
			"With partial=true the good rows are created and the answer is 207 with the result of every row; with dryRun=true nothing is created and the answer is 200. " +
			"A row may name its supervisor by reportsToEmail, who may be another row.",
		Status: http.StatusCreated, AlsoStatuses: []int{http.StatusOK, http.StatusMultiStatus}, Authz: create, MaxBody: bulkBody, Statuses: []int{http.StatusConflict},
	}, s.bulkCreate)
	api.Register(r, api.Operation{
		ID: "bulkDeleteUsers", Method: http.MethodDelete, Path: "/api/users/bulk-delete", Tag: "User", Summary: "Delete many people",
		Description: "Archives up to 1,000 people in one transaction. Ids that are no people of the organization are reported, not refused.",
		Status:      http.StatusOK, Authz: manage, Statuses: []int{http.StatusConflict}, Example: bulkDeleteExample,
	}, s.bulkDelete)
}

func (s *Service) bulkCreate(ctx context.Context, who authz.Actor, in *bulkCreateInput) (*bulkCreateOutput, error) {
	out, err := s.BulkCreate(ctx, who, in.Body.Data, BulkOptions{Partial: in.Partial, DryRun: in.DryRun, Defaults: in.Bulk})
	if err != nil {
		return nil, err
	}
	status := http.StatusCreated
	switch {
	case in.DryRun:
		status = http.StatusOK
	case in.Partial:
		status = http.StatusMultiStatus
	}
	return &bulkCreateOutput{Status: status, Body: bulkAnswer{out}}, nil
}

func (s *Service) bulkDelete(ctx context.Context, who authz.Actor, in *bulkDeleteInput) (*bulkDeleteOutput, error) {
	list := strings.FieldsFunc(strings.Join(in.IDs, ","), func(r rune) bool { return r == ',' })
	if in.Body != nil {
		list = slices.Concat(list, in.Body.IDs, in.Body.ID)
	}
	if err := checkBulkIDs(list); err != nil {
		return nil, err
	}
	out := &bulkDeleteOutput{}
	var err error
	out.Body.Deleted, out.Body.NotFound, err = s.BulkDelete(ctx, who, list)
	return out, err
}

func (s *Service) registerFollows(r *api.Router) {
	write := authz.Rule{Scope: "users:write", Object: oneID}
	list := authz.Rule{Scope: "users:read", Object: oneID}
	api.Register(r, api.Operation{
		ID: "followUser", Method: http.MethodPut, Path: "/api/users/{id}/follow", Tag: "User", Summary: "Follow a person",
		Description: "People who follow each other are friends, an audience of posts and other items.",
		Status:      http.StatusOK, Authz: write, Statuses: []int{http.StatusConflict}, Example: followExample,
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*followOutput, error) {
		f, err := s.Follow(ctx, who, in.ID)
		return &followOutput{Body: f}, err
	})
	api.Register(r, api.Operation{
		ID: "unfollowUser", Method: http.MethodDelete, Path: "/api/users/{id}/follow", Tag: "User", Summary: "Stop following a person",
		Status: http.StatusNoContent, Authz: write,
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*empty, error) {
		return nil, s.Unfollow(ctx, who, in.ID)
	})
	api.Register(r, api.Operation{
		ID: "listFollowers", Method: http.MethodGet, Path: "/api/users/{id}/followers", Tag: "User", Summary: "List who follows a person",
		Status: http.StatusOK, Authz: list, Example: cardsExample,
	}, func(ctx context.Context, who authz.Actor, in *idPageInput) (*cardsOutput, error) {
		return cardsAnswer(s.Followers(ctx, who, in.ID, in.Page))
	})
	api.Register(r, api.Operation{
		ID: "listFollowed", Method: http.MethodGet, Path: "/api/users/{id}/following", Tag: "User", Summary: "List whom a person follows",
		Status: http.StatusOK, Authz: list, Example: cardsExample,
	}, func(ctx context.Context, who authz.Actor, in *idPageInput) (*cardsOutput, error) {
		return cardsAnswer(s.Followed(ctx, who, in.ID, in.Page))
	})
}

type followOutput struct{ Body Following }
