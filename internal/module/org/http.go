package org

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Register mounts the operations on organizations.
func (s *Service) Register(r *api.Router) {
	r.Gate("organization", s.gate)
	object := &authz.Object{Param: "id", Type: "organization"}
	one := api.ResponseOf("updateOrganization")
	api.Register(r, api.Operation{
		ID: "createOrganization", Method: http.MethodPost, Path: "/api/organization", Tag: "Organization",
		Summary: "Create an organization below the root organization", Status: http.StatusCreated, Secret: true,
		Authz: authz.Rule{Capability: authz.OrganizationManage, Scope: "organizations:write"},
	}, s.create)
	api.Register(r, api.Operation{
		ID: "getOwnOrganization", Method: http.MethodGet, Path: "/api/organization", Tag: "Organization", Summary: "Read your organization",
		Authz: authz.Rule{Scope: "organizations:read"}, Example: one,
	}, s.own)
	api.Register(r, api.Operation{
		ID: "listOrganizations", Method: http.MethodGet, Path: "/api/organizations", Tag: "Organization",
		Summary: "List your organization and its children",
		Authz:   authz.Rule{Capability: authz.OrganizationManage, Scope: "organizations:read"},
		Example: api.Example{Response: `{"organizations":[],"meta":{"perPage":10,"totalPages":0,"totalResults":0,"curPage":1,"nextPage":0}}`},
	}, s.list)
	api.Register(r, api.Operation{
		ID: "getOrganization", Method: http.MethodGet, Path: "/api/organization/{id}", Tag: "Organization",
		Summary: "Read your organization or a child of it", Authz: authz.Rule{Scope: "organizations:read", Object: object}, Example: one,
	}, s.get)
	api.Register(r, api.Operation{
		ID: "updateOrganization", Method: http.MethodPatch, Path: "/api/organization/{id}", Tag: "Organization",
		Summary: "Change your organization or a child of it", Statuses: []int{http.StatusPreconditionFailed},
		Authz: authz.Rule{Capability: authz.OrganizationManage, Scope: "organizations:write", Object: object},
	}, s.update)
}

// View is an organization as clients read it.
type View struct {
	ID          string       `json:"id" doc:"Id of the organization"`
	CreatedAt   api.Time     `json:"createdAt" doc:"When it was created"`
	UpdatedAt   *api.Time    `json:"updatedAt" doc:"When it was last changed, null for never"`
	Status      string       `json:"status" enum:"ACTIVE,SUSPENDED" doc:"State"`
	Subdomain   string       `json:"subdomain" doc:"Short name, unique in the installation"`
	ParentOrgID *string      `json:"parentOrgId" doc:"The root organization, null for itself"`
	Name        string       `json:"name" doc:"Name"`
	LegalName   *string      `json:"legalName" doc:"Name in contracts"`
	Websites    []string     `json:"websites" nullable:"true" doc:"Host names or addresses; null when never set"`
	Address     *Address     `json:"address" doc:"Postal address"`
	File        *person.File `json:"file" doc:"Logo; null when there is none, and of a child"`
	Email       *string      `json:"email" doc:"E-mail address"`
	Phone       *string      `json:"phone" doc:"Phone number"`
	Description *string      `json:"description" doc:"What it does"`
	Industry    *string      `json:"industry" doc:"Line of business"`

	logoID *string
}

// FullView is an organization that exists: its ways to sign in are a list.
type FullView struct {
	View
	AuthMethod []string `json:"authMethod" doc:"How its people sign in: internal or ldap"`
}

// CreatedView is an organization just created, in the form the reference prints: one way to
// sign in, and the administrator's key.
type CreatedView struct {
	View
	AuthMethod  string `json:"authMethod" enum:"internal,ldap" doc:"How its people sign in"`
	CreatedBy   string `json:"createdBy" doc:"Id of its first administrator"`
	AccessToken string `json:"accessToken" doc:"The administrator's API key; shown this once"`
}

func viewOf(o Organization) View {
	return View{
		ID: o.ID, CreatedAt: api.At(o.CreatedAt), UpdatedAt: api.AtPtr(o.UpdatedAt), Status: o.Status, Subdomain: o.Subdomain,
		ParentOrgID: o.ParentID, Name: o.Name, LegalName: o.LegalName, Websites: o.Websites, Address: o.Address,
		Email: o.Email, Phone: o.Phone, Description: o.Description, Industry: o.Industry, logoID: o.LogoID,
	}
}

type createInput struct{ Body Draft }

type createOutput struct{ Body CreatedView }

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*createOutput, error) {
	r, err := s.Create(ctx, who, in.Body)
	if err != nil {
		return nil, err
	}
	o := r.Organization
	return &createOutput{CreatedView{viewOf(o), o.AuthMethod, o.CreatedBy, r.AccessToken}}, nil
}

type fullOutput struct {
	ETag string `header:"ETag" doc:"Version of the organization, for If-Match"`
	Body FullView
}

func answer(o Organization, err error) (*fullOutput, error) {
	if err != nil {
		return nil, err
	}
	return &fullOutput{api.ETag(o.Version), FullView{viewOf(o), []string{o.AuthMethod}}}, nil
}

func (s *Service) own(ctx context.Context, who authz.Actor, _ *struct{}) (*fullOutput, error) {
	return answer(s.Get(ctx, who, ""))
}

type idInput struct {
	ID string `path:"id" doc:"Id of the organization"`
}

func (s *Service) get(ctx context.Context, who authz.Actor, in *idInput) (*fullOutput, error) {
	return answer(s.Get(ctx, who, in.ID))
}

type updateInput struct {
	ID string `path:"id" doc:"Id of the organization"`
	api.IfMatch
	Body Change
}

func (s *Service) update(ctx context.Context, who authz.Actor, in *updateInput) (*fullOutput, error) {
	return answer(s.Update(ctx, who, in.ID, in.Body, in.IfMatch.IfMatch))
}

type listOutput struct {
	Body struct {
		Organizations []FullView `json:"organizations" doc:"The organizations of the page, oldest first"`
		Meta          api.Meta   `json:"meta" doc:"Where the page stands"`
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *struct{ api.Page }) (*listOutput, error) {
	list, meta, err := s.List(ctx, who, in.Page)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Organizations = make([]FullView, len(list))
	for i, o := range list {
		out.Body.Organizations[i] = FullView{viewOf(o), []string{o.AuthMethod}}
	}
	out.Body.Meta = meta
	return out, nil
}
