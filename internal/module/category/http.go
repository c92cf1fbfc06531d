package category

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// View is a category as clients read it.
type View struct {
	ID         string `json:"id" doc:"Id of the category"`
	ModuleCode int64  `json:"moduleCode" doc:"Number of the module it belongs to"`
	Category   string `json:"category" doc:"Name"`
	Color      string `json:"color" doc:"Color, #RRGGBB"`
	OrgID      string `json:"orgId" doc:"Id of the organization"`
}

type (
	listInput struct {
		api.Page
		ModuleCode int64 `query:"moduleCode" required:"true" doc:"Number of the module whose categories are wanted"`
	}
	listOutput struct {
		Body struct {
			Categories []View   `json:"categories" nullable:"false" doc:"The categories of this page, by name"`
			Meta       api.Meta `json:"meta" doc:"Where the page stands in the whole"`
		}
	}
	idInput struct {
		ID string `path:"id" doc:"Id of the category"`
	}
	createInput struct{ Body Draft }
	updateInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the category"`
		Body Change
	}
	deleteInput struct {
		api.IfMatch
		ID string `path:"id" doc:"Id of the category"`
	}
	output struct {
		ETag string `header:"ETag" doc:"Version of the category, for If-Match"`
		Body View
	}
	createdOutput struct {
		Location string `header:"Location" doc:"Path of the category"`
		ETag     string `header:"ETag" doc:"Version of the category, for If-Match"`
		Body     View
	}
	codesOutput struct {
		Body []ModuleCode `nullable:"false"`
	}
	empty struct{}
)

const sample = `{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","moduleCode":1,"category":"Announcements","color":"#336699",` +
	`"orgId":"172fa58d-7933-45a6-a905-b06770f2224c"}`

// Register mounts the operations on categories and module codes.
func (s *Service) Register(r *api.Router) {
	r.Gate("category", s.gate)
	one := api.Example{Response: sample}
	api.Register(r, api.Operation{
		ID: "listCategories", Method: http.MethodGet, Path: "/api/categories", Tag: "Category", Summary: "List the categories of a module", Authz: read,
	}, s.list)
	api.Register(r, api.Operation{
		ID: "createCategory", Method: http.MethodPost, Path: "/api/categories", Tag: "Category", Summary: "Create a category",
		Status: http.StatusCreated, Authz: manage, Statuses: []int{http.StatusConflict},
		Example: api.Example{Request: `{"moduleCode":1,"category":"Announcements","color":"#336699"}`, Response: sample},
	}, s.create)
	api.Register(r, api.Operation{
		ID: "getCategory", Method: http.MethodGet, Path: "/api/categories/{id}", Tag: "Category", Summary: "Read a category",
		Authz: on(read), Example: one,
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*output, error) {
		c, err := s.Get(ctx, who, in.ID)
		return answer(who, c, err)
	})
	api.Register(r, api.Operation{
		ID: "updateCategory", Method: http.MethodPatch, Path: "/api/categories/{id}", Tag: "Category", Summary: "Rename or recolor a category",
		Authz: on(manage), Statuses: []int{http.StatusConflict, http.StatusPreconditionFailed},
		Example: api.Example{Request: `{"category":"Announcements"}`, Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *updateInput) (*output, error) {
		c, err := s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body)
		return answer(who, c, err)
	})
	api.Register(r, api.Operation{
		ID: "deleteCategory", Method: http.MethodDelete, Path: "/api/categories/{id}", Tag: "Category", Summary: "Delete a category",
		Status: http.StatusNoContent, Authz: on(manage), Statuses: []int{http.StatusPreconditionFailed},
	}, func(ctx context.Context, who authz.Actor, in *deleteInput) (*empty, error) {
		return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch)
	})
	api.Register(r, api.Operation{
		ID: "listModuleCodes", Method: http.MethodGet, Path: "/api/module-codes", Tag: "Module Codes", Summary: "List the numbers of the modules", Authz: read,
	}, func(context.Context, authz.Actor, *empty) (*codesOutput, error) {
		return &codesOutput{ModuleCodes}, nil
	})
}

func viewOf(orgID string, c Category) View {
	return View{ID: c.ID, ModuleCode: c.ModuleCode, Category: c.Name, Color: c.Color, OrgID: orgID}
}

func answer(who authz.Actor, c Category, err error) (*output, error) {
	if err != nil {
		return nil, err
	}
	return &output{api.ETag(c.Version), viewOf(who.OrgID, c)}, nil
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	list, meta, err := s.List(ctx, who, in.ModuleCode, in.Page)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Categories, out.Body.Meta = make([]View, len(list)), meta
	for i, c := range list {
		out.Body.Categories[i] = viewOf(who.OrgID, c)
	}
	return out, nil
}

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*createdOutput, error) {
	c, err := s.Create(ctx, who, in.Body)
	if err != nil {
		return nil, err
	}
	return &createdOutput{"/api/categories/" + c.ID, api.ETag(c.Version), viewOf(who.OrgID, c)}, nil
}
