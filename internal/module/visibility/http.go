package visibility

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

const (
	examplePerson = `{"id":"019b7a2e-5c1f-7d30-9b51-000000000001","firstName":"Rosa","lastName":"Silva","picture":null,"cover":null,` +
		`"color":"#3366AA","online":false,"availability":1,"designation":"Cartographer","department":null,"departmentData":null,` +
		`"locationId":null,"availabilityStatusText":null,"phone":null,"email":"rosa@example.com","status":"ACTIVE","externalUserId":null}`
	exampleGroup = `"019b7a2e-5c1f-7d30-9b51-0000000000cc"`
)

// Register mounts the operations on audiences.
func (s *Service) Register(r *api.Router) {
	read := authz.Rule{Scope: "audience:read"}
	ask := read
	read.BodyRefs = map[string]string{"mention": "user", "taggedUserIds": "user", "ownerIds": "user"}
	api.Register(r, api.Operation{
		ID: "previewAudience", Method: http.MethodPost, Path: "/api/audience/preview", Tag: "Audience", Summary: "See who would see an item",
		Description: "Answers with permissions and people as they are sent to create an item, and changes nothing. The count is of active members, yourself among them.",
		Authz:       read,
		Example: api.Example{
			Request: `{"permissions":{"groups":[` + exampleGroup + `]},"mention":["019b7a2e-5c1f-7d30-9b51-000000000001"]}`,
			Response: `{"count":12,"people":[],"permissions":{"public":false,"friends":false,"onlyMe":false,"team":false,"users":[],"groups":[` + exampleGroup +
				`],"locations":[],"taggedUsers":[]},"rule":"2: those whom it names","warnings":[{"code":"audience.mentionOutside",` +
				`"detail":"1 mentioned person will not see this.","pointer":"/mention","people":[` + examplePerson + `]}]}`,
		},
	}, s.preview)
	api.Register(r, api.Operation{
		ID: "explainAudience", Method: http.MethodGet, Path: "/api/audience/explain", Tag: "Audience", Summary: "Learn why somebody sees an item or does not",
		Description: "For the author and owners of the item, and for moderators, whose asking is recorded.",
		Authz:       ask, Statuses: []int{http.StatusNotFound},
		Example: api.Example{Response: `{"kind":"post","id":"019b7a2e-5c1f-7d30-9b51-0000000000aa","status":"PUBLISHED","expired":false,"user":` + examplePerson +
			`,"visible":true,"detail":"Rosa Silva sees it.","rule":"2: those whom it names","reasons":[{"clause":"group","id":` + exampleGroup +
			`,"name":"Sales","detail":"Rosa Silva is a member of group Sales."}],"audience":[{"clause":"group","id":` + exampleGroup + `,"name":"Sales"}]}`},
	}, s.explain)
}

// WarningView is a warning as clients read it.
type WarningView struct {
	Code    string        `json:"code" doc:"Stable machine-readable reason, e.g. audience.mentionOutside"`
	Detail  string        `json:"detail" doc:"The warning, in a sentence"`
	Pointer string        `json:"pointer" doc:"JSON pointer of the field it is about, empty when it is about several"`
	People  []person.Card `json:"people" nullable:"false" doc:"The people it is about"`
}

type previewInput struct{ Body Intent }

type previewOutput struct {
	Body struct {
		Count       int                  `json:"count" doc:"How many active members would see the item, yourself among them"`
		People      []person.Card        `json:"people" nullable:"false" doc:"The first ten of them, by name"`
		Permissions audience.Permissions `json:"permissions" doc:"The permissions as they are meant"`
		Rule        string               `json:"rule" doc:"The rule by which they decide"`
		Warnings    []WarningView        `json:"warnings" nullable:"false" doc:"What you may not expect"`
	}
}

func (s *Service) preview(ctx context.Context, who authz.Actor, in *previewInput) (*previewOutput, error) {
	p, err := s.Preview(ctx, who, in.Body)
	if err != nil {
		return nil, err
	}
	out := &previewOutput{}
	out.Body.Count, out.Body.People = p.Count, person.Pick(p.Cards, p.First)
	out.Body.Permissions, out.Body.Rule = p.Permissions, rule(p.Permissions)
	out.Body.Warnings = make([]WarningView, len(p.Warnings))
	for i, w := range p.Warnings {
		out.Body.Warnings[i] = WarningView{w.Code, w.Detail, w.Pointer, person.Pick(p.Cards, w.People)}
	}
	return out, nil
}

// NamedView is something an audience names.
type NamedView struct {
	Clause string  `json:"clause" enum:"org,user,group,location,team,friends" doc:"What kind of thing it is"`
	ID     *string `json:"id" doc:"Id of the person (of a team or of friends: whose they are), group or location; null for the organization"`
	Name   string  `json:"name" doc:"Its name; empty for the organization, and for what is gone"`
}

// ReasonView is something that admits somebody.
type ReasonView struct {
	Clause string  `json:"clause" enum:"author,owner,org,user,group,location,team,friends" doc:"What kind of reason it is"`
	ID     *string `json:"id" doc:"Id of the person (of a team or of friends: whose they are), group or location; null for the organization"`
	Name   string  `json:"name" doc:"Its name; empty for the organization"`
	Detail string  `json:"detail" doc:"The reason, in a sentence"`
}

type explainInput struct {
	Kind   string `query:"kind" required:"true" doc:"Kind of content, e.g. post"`
	ID     string `query:"id" required:"true" doc:"Id of the item"`
	UserID string `query:"userId" required:"true" doc:"Id of the person"`
}

type explainOutput struct {
	Body struct {
		Kind     string       `json:"kind" doc:"Kind of content"`
		ID       string       `json:"id" doc:"Id of the item"`
		Status   string       `json:"status" enum:"PUBLISHED,DRAFT,SCHEDULED" doc:"State of the item; only its author and owners see what is not published"`
		Expired  bool         `json:"expired" doc:"Whether it has expired; only its author and owners see it then"`
		User     person.Card  `json:"user" doc:"The person"`
		Visible  bool         `json:"visible" doc:"Whether the person sees the item"`
		Detail   string       `json:"detail" doc:"The answer in a sentence"`
		Rule     string       `json:"rule" doc:"The rule by which the permissions of the item decide"`
		Reasons  []ReasonView `json:"reasons" nullable:"false" doc:"Everything that admits the person"`
		Audience []NamedView  `json:"audience" nullable:"false" doc:"Everything the permissions name"`
	}
}

func (s *Service) explain(ctx context.Context, who authz.Actor, in *explainInput) (*explainOutput, error) {
	e, err := s.Explain(ctx, who, in.Kind, in.ID, in.UserID)
	if err != nil {
		return nil, err
	}
	out := &explainOutput{}
	b := &out.Body
	b.Kind, b.ID, b.Status, b.Expired, b.User = e.Kind, e.ID, e.Status, e.Expired, e.Person
	b.Visible, b.Detail, b.Rule = e.visible(), e.detail(), rule(e.Permissions)
	b.Reasons, b.Audience = []ReasonView{}, []NamedView{}
	for _, r := range e.reasons() {
		b.Reasons = append(b.Reasons, ReasonView{r.clause, optional(r.id), r.name, r.detail})
	}
	for _, c := range e.named() {
		b.Audience = append(b.Audience, NamedView{c.Kind, optional(c.ID), c.Name})
	}
	return out, nil
}

func optional(id string) *string {
	if id == "" {
		return nil
	}
	return &id
}
