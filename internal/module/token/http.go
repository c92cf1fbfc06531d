package token

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// Register mounts the operations on keys.
func (s *Service) Register(r *api.Router) {
	r.Gate("token", s.gate)
	s.nouns = func() []string { return nouns(r.Operations()) }
	api.Register(r, api.Operation{
		ID: "generateAccessToken", Method: http.MethodPost, Path: "/api/token/generate-access", Tag: "Access Token",
		Summary: "Make the key API Access of a person and revoke the earlier one", Status: http.StatusCreated, Secret: true,
		Authz: authz.Rule{Scope: "tokens:write", BodyRefs: map[string]string{"userId": "user"}},
	}, s.generate)
	api.Register(r, api.Operation{
		ID: "listTokens", Method: http.MethodGet, Path: "/api/tokens", Tag: "Access Token", Summary: "List keys",
		Authz: authz.Rule{Scope: "tokens:read"}, Example: api.Example{Response: `{"tokens":[` + example + `],` + exampleMeta + `}`},
	}, s.list)
	api.Register(r, api.Operation{
		ID: "createToken", Method: http.MethodPost, Path: "/api/tokens", Tag: "Access Token",
		Summary: "Make a key; its secret is shown once", Status: http.StatusCreated, Secret: true,
		Authz: authz.Rule{Scope: "tokens:write", BodyRefs: map[string]string{"userId": "user"}},
		Example: api.Example{
			Request:  `{"name":"HR sync","scopes":["users:*","departments:read"],"expiresAt":"2027-12-31T00:00:00.000Z"}`,
			Response: example[:len(example)-1] + `,"token":"wd_mfrggzdfmztwq2lknnwg23tpobyxe43uov3ho6dz"}`,
		},
	}, s.create)
	api.Register(r, api.Operation{
		ID: "revokeToken", Method: http.MethodDelete, Path: "/api/tokens/{id}", Tag: "Access Token", Summary: "Revoke a key",
		Status: http.StatusNoContent, Authz: authz.Rule{Scope: "tokens:write", Object: &authz.Object{Param: "id", Type: "token"}},
	}, s.revoke)
}

// nouns lists what the scopes of operations name.
func nouns(operations []api.Operation) []string {
	var list []string
	for _, op := range operations {
		if noun, _, ok := strings.Cut(op.Authz.Scope, ":"); ok {
			list = append(list, noun)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

const (
	example = `{"id":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f","userId":"019b7a2e-5c1f-7d30-9b51-000000000001","name":"HR sync",` +
		`"prefix":"wd_mfrgg","scopes":["users:*","departments:read"],"createdAt":"2026-11-24T09:30:00.000Z",` +
		`"createdBy":"019b7a2e-5c1f-7d30-9b51-000000000001","expiresAt":"2027-12-31T00:00:00.000Z","lastUsedAt":null}`
	exampleMeta = `"meta":{"perPage":10,"totalPages":1,"totalResults":1,"curPage":1,"nextPage":0}`
)

// View is a key as clients read it.
type View struct {
	ID         string    `json:"id" doc:"Id of the key"`
	UserID     string    `json:"userId" doc:"Whose key it is"`
	Name       string    `json:"name" doc:"What it is for"`
	Prefix     string    `json:"prefix" doc:"Its first characters, to recognise it by"`
	Scopes     []string  `json:"scopes" doc:"What it may do; empty is everything"`
	CreatedAt  api.Time  `json:"createdAt" doc:"When it was made"`
	CreatedBy  string    `json:"createdBy" doc:"Who made it"`
	ExpiresAt  *api.Time `json:"expiresAt" doc:"When it ends, null for never"`
	LastUsedAt *api.Time `json:"lastUsedAt" doc:"When it was last used, to the half minute; null for never"`
}

func viewOf(t Token) View {
	return View{
		ID: t.ID, UserID: t.UserID, Name: t.Name, Prefix: t.Prefix, Scopes: append([]string{}, t.Scopes...), CreatedBy: t.CreatedBy,
		CreatedAt: api.At(t.CreatedAt), ExpiresAt: api.AtPtr(t.ExpiresAt), LastUsedAt: api.AtPtr(t.LastUsedAt),
	}
}

type generateInput struct {
	Body struct {
		UserID string `json:"userId" required:"true" doc:"Whose key: your own id, or with tokens:manage anybody's"`
	}
}

type generateOutput struct {
	Body struct {
		UserID string `json:"userId" doc:"Whose key it is"`
		Token  string `json:"token" doc:"The key, for X-API-KEY; shown this once"`
	}
}

func (s *Service) generate(ctx context.Context, who authz.Actor, in *generateInput) (*generateOutput, error) {
	c, err := s.Regenerate(ctx, who, in.Body.UserID)
	if err != nil {
		return nil, err
	}
	out := &generateOutput{}
	out.Body.UserID, out.Body.Token = c.UserID, c.Secret
	return out, nil
}

type listInput struct {
	api.Page
	UserID string `query:"userId" doc:"Whose keys: yours unless given, and others' only with tokens:manage"`
}

type listOutput struct {
	Body struct {
		Tokens []View   `json:"tokens" doc:"The keys of the page, newest first"`
		Meta   api.Meta `json:"meta" doc:"Where the page stands"`
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	list, meta, err := s.List(ctx, who, in.UserID, in.Page)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Tokens = make([]View, len(list))
	for i, t := range list {
		out.Body.Tokens[i] = viewOf(t)
	}
	out.Body.Meta = meta
	return out, nil
}

type createInput struct{ Body Draft }

type createOutput struct{ Body CreatedView }

// CreatedView is a new key with its secret.
type CreatedView struct {
	View
	Secret string `json:"token" doc:"The key, for X-API-KEY; shown this once"`
}

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*createOutput, error) {
	c, err := s.Create(ctx, who, in.Body)
	if err != nil {
		return nil, err
	}
	return &createOutput{CreatedView{viewOf(c.Token), c.Secret}}, nil
}

type idInput struct {
	ID string `path:"id" doc:"Id of the key"`
}

func (s *Service) revoke(ctx context.Context, who authz.Actor, in *idInput) (*struct{}, error) {
	return nil, s.Revoke(ctx, who, in.ID)
}
