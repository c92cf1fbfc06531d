package securitygroup

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// View is a security group as clients read it.
type View struct {
	ID           string             `json:"id" doc:"Id of the group"`
	Name         string             `json:"name" doc:"Name"`
	MemberCount  int                `json:"memberCount" doc:"How many people are in it"`
	Capabilities []authz.Capability `json:"capabilities" nullable:"false" doc:"What it allows its people"`
	Builtin      *string            `json:"builtin" doc:"administrators or members for the built-in groups, else null"`
}

// RosterView is a group with its people.
type RosterView struct {
	View
	Members []person.Card `json:"members" nullable:"false" doc:"The people of this page, by name"`
}

type (
	listOutput struct {
		Body struct {
			Groups []View   `json:"groups" nullable:"false" doc:"The groups of this page, by name"`
			Meta   api.Meta `json:"meta" doc:"Where the page stands in the whole"`
		}
	}
	idInput struct {
		ID string `path:"groupId" doc:"Id of the group"`
	}
	rosterInput struct {
		ID      string `path:"groupId" doc:"Id of the group"`
		CurPage int    `query:"cur_page" minimum:"1" default:"1" doc:"Number of the page, from 1"`
		PerPage int    `query:"per_page" minimum:"1" default:"1000" doc:"People per page, at most 1000"`
	}
	createInput struct{ Body Draft }
	updateInput struct {
		api.IfMatch
		ID   string `path:"groupId" doc:"Id of the group"`
		Body Change
	}
	deleteInput struct {
		api.IfMatch
		ID string `path:"groupId" doc:"Id of the group"`
	}
	addInput struct {
		api.IfMatch
		ID   string `path:"groupId" doc:"Id of the group"`
		Body peopleBody
	}
	removeInput struct {
		api.IfMatch
		ID   string   `path:"groupId" doc:"Id of the group"`
		IDs  []string `query:"ids,explode" doc:"Ids of the people to remove, repeated or separated by commas, for clients that send no body with DELETE"`
		Body *peopleBody
	}
	peopleBody struct {
		IDs api.Strings `json:"ids,omitempty" doc:"Ids of people"`
	}
	createdOutput struct {
		Location string `header:"Location" doc:"Path of the group"`
		ETag     string `header:"ETag" doc:"Version of the group, for If-Match"`
		Body     View
	}
	output struct {
		ETag string `header:"ETag" doc:"Version of the group, for If-Match"`
		Body View
	}
	rosterOutput struct {
		ETag string `header:"ETag" doc:"Version of the group, for If-Match"`
		Body RosterView
	}
	empty struct{}
)

// named gives the people of a body, and those of the query behind them.
func named(body []string, query []string) []Named {
	var list []Named
	for i, id := range body {
		list = append(list, Named{id, "/ids/" + strconv.Itoa(i)})
	}
	for _, id := range strings.FieldsFunc(strings.Join(query, ","), func(r rune) bool { return r == ',' }) {
		list = append(list, Named{id, "?ids"})
	}
	return list
}

const (
	tag    = "Security Groups"
	path   = "/api/security_groups"
	fields = `"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","name":"Newsroom","memberCount":2,"capabilities":["content:moderate"],"builtin":null`
	sample = `{` + fields + `}`
)

// Register mounts the operations on security groups.
func (s *Service) Register(r *api.Router) {
	r.Gate("securityGroup", s.gate)
	s.registerReads(r)
	changed := []int{http.StatusConflict, http.StatusPreconditionFailed}
	one := api.Example{Response: sample}
	api.Register(r, api.Operation{
		ID: "createSecurityGroup", Method: http.MethodPost, Path: path, Tag: tag, Summary: "Create a security group",
		Description: "Nobody gives a group a capability they lack (403 securityGroup.escalation).",
		Status:      http.StatusCreated, Authz: manage, Statuses: []int{http.StatusConflict},
		Example: api.Example{Request: `{"name":"Newsroom","capabilities":["content:moderate"]}`, Response: sample},
	}, s.create)
	api.Register(r, api.Operation{
		ID: "updateSecurityGroup", Method: http.MethodPatch, Path: path + "/{groupId}", Tag: tag, Summary: "Rename a security group or change what it allows",
		Description: "Built-in groups stay as they are (409 securityGroup.builtin). Nobody gives a capability they lack (403 securityGroup.escalation) or takes one away (403 securityGroup.aboveCaller).",
		Authz:       on(manage), Statuses: changed, Example: api.Example{Request: `{"name":"Newsroom"}`, Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *updateInput) (*output, error) {
		return answer(s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "deleteSecurityGroup", Method: http.MethodDelete, Path: path + "/{groupId}", Tag: tag, Summary: "Delete a security group",
		Description: "Built-in groups cannot be deleted (409 securityGroup.builtin), nor those with a capability the caller lacks (403 securityGroup.aboveCaller).",
		Status:      http.StatusNoContent, Authz: on(manage), Statuses: changed,
	}, func(ctx context.Context, who authz.Actor, in *deleteInput) (*empty, error) {
		return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch)
	})
	api.Register(r, api.Operation{
		ID: "addSecurityGroupMembers", Method: http.MethodPost, Path: path + "/{groupId}/members", Tag: tag, Summary: "Add people to a security group",
		Description: "Nobody adds people to a group with a capability they lack themselves (403 securityGroup.escalation).",
		Authz:       members(manage), Statuses: changed, Example: one,
	}, func(ctx context.Context, who authz.Actor, in *addInput) (*output, error) {
		return answer(s.AddMembers(ctx, who, in.ID, in.IfMatch.IfMatch, named(in.Body.IDs, nil)))
	})
	api.Register(r, api.Operation{
		ID: "removeSecurityGroupMembers", Method: http.MethodDelete, Path: path + "/{groupId}/members", Tag: tag, Summary: "Remove people from a security group",
		Description: "The people are named in the body or by ids parameters; a request that names nobody is refused. Nobody removes people from a group with a capability they lack themselves (403 securityGroup.aboveCaller). The last active administrator stays (409 user.lastAdministrator).",
		Status:      http.StatusOK, Authz: members(manage), Statuses: changed, Example: one,
	}, func(ctx context.Context, who authz.Actor, in *removeInput) (*output, error) {
		var body []string
		if in.Body != nil {
			body = in.Body.IDs
		}
		return answer(s.RemoveMembers(ctx, who, in.ID, in.IfMatch.IfMatch, named(body, in.IDs)))
	})
}

func (s *Service) registerReads(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "listSecurityGroups", Method: http.MethodGet, Path: path, Tag: tag, Summary: "List security groups", Authz: read,
	}, s.list)
	api.Register(r, api.Operation{
		ID: "getSecurityGroup", Method: http.MethodGet, Path: path + "/{groupId}", Tag: tag, Summary: "Read a security group",
		Authz: on(read), Example: api.Example{Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*output, error) {
		return answer(s.Get(ctx, who, in.ID))
	})
	api.Register(r, api.Operation{
		ID: "listSecurityGroupMembers", Method: http.MethodGet, Path: path + "/{groupId}/members", Tag: tag, Summary: "List the people of a security group",
		Description: "Lists up to 1,000 people at once, or a page of them.",
		Authz:       on(read), Example: api.Example{Response: `{` + fields + `,"members":[]}`},
	}, s.roster)
}

func viewOf(g Group) View {
	return View{ID: g.ID, Name: g.Name, MemberCount: g.MemberCount, Capabilities: g.Capabilities, Builtin: g.Builtin}
}

func answer(g Group, err error) (*output, error) {
	if err != nil {
		return nil, err
	}
	return &output{api.ETag(g.Version), viewOf(g)}, nil
}

func (s *Service) roster(ctx context.Context, who authz.Actor, in *rosterInput) (*rosterOutput, error) {
	g, err := s.Roster(ctx, who, in.ID, api.Page{CurPage: in.CurPage, PerPage: in.PerPage})
	if err != nil {
		return nil, err
	}
	return &rosterOutput{api.ETag(g.Version), RosterView{viewOf(g.Group), g.Members}}, nil
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *struct{ api.Page }) (*listOutput, error) {
	list, meta, err := s.List(ctx, who, in.Page)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Groups, out.Body.Meta = make([]View, len(list)), meta
	for i, g := range list {
		out.Body.Groups[i] = viewOf(g)
	}
	return out, nil
}

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*createdOutput, error) {
	g, err := s.Create(ctx, who, in.Body)
	if err != nil {
		return nil, err
	}
	return &createdOutput{path + "/" + g.ID, api.ETag(g.Version), viewOf(g)}, nil
}
