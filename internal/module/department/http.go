package department

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// View is a department as clients read it.
type View struct {
	ID        string   `json:"id" doc:"Id of the department"`
	CreatedAt api.Time `json:"createdAt" doc:"When it was created"`
	UpdatedAt api.Time `json:"updatedAt" doc:"When it was last changed"`
	CreatedBy string   `json:"createdBy" doc:"Id of the person who created it"`
	UpdatedBy string   `json:"updatedBy" doc:"Id of the person who last changed it"`
	OrgID     string   `json:"orgId" doc:"Id of the organization"`
	Type      string   `json:"type" doc:"Always department"`
	Name      string   `json:"name" doc:"Name"`
}

// ListView is a department in a list.
type ListView struct {
	ID          string        `json:"id" doc:"Id of the department"`
	Name        string        `json:"name" doc:"Name"`
	MemberCount int           `json:"memberCount" doc:"How many people belong to it"`
	Admins      []person.Card `json:"admins" nullable:"false" doc:"Its heads, by name"`
}

// DetailView is a department with its heads.
type DetailView struct {
	View
	MemberCount int           `json:"memberCount" doc:"How many people belong to it"`
	Admins      []person.Card `json:"admins" nullable:"false" doc:"Its heads, by name"`
}

// RosterView is a department with its people.
type RosterView struct {
	View
	MemberCount     int           `json:"memberCount" doc:"How many people belong to it"`
	DepartmentHeads []string      `json:"departmentHeads" nullable:"false" doc:"Ids of its heads"`
	Members         []person.Card `json:"members" nullable:"false" doc:"The people of this page, by name"`
}

type (
	listOutput struct {
		Body struct {
			Departments []ListView `json:"departments" nullable:"false" doc:"The departments of this page, by name"`
			Meta        api.Meta   `json:"meta" doc:"Where the page stands in the whole"`
		}
	}
	idInput struct {
		ID string `path:"id" doc:"Id of the department"`
	}
	rosterInput struct {
		ID      string `path:"id" doc:"Id of the department"`
		CurPage int    `query:"cur_page" minimum:"1" default:"1" doc:"Number of the page, from 1"`
		PerPage int    `query:"per_page" minimum:"1" default:"1000" doc:"People per page, at most 1000"`
	}
	createInput struct{ Body Draft }
	updateInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the department"`
		Body Change
	}
	membersInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the department"`
		Body Members
	}
	headsInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the department"`
		Body Heads
	}
	deleteInput struct {
		api.IfMatch
		ID string `path:"id" doc:"Id of the department"`
	}
	createdOutput struct {
		Location string `header:"Location" doc:"Path of the department"`
		ETag     string `header:"ETag" doc:"Version of the department, for If-Match"`
		Body     View
	}
	viewOutput struct {
		ETag string `header:"ETag" doc:"Version of the department, for If-Match"`
		Body View
	}
	detailOutput struct {
		ETag string `header:"ETag" doc:"Version of the department, for If-Match"`
		Body DetailView
	}
	rosterOutput struct {
		ETag string `header:"ETag" doc:"Version of the department, for If-Match"`
		Body RosterView
	}
	empty struct{}
)

const sample = `{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","createdAt":"2022-11-28T05:52:23.167Z","updatedAt":"2022-11-28T05:52:23.167Z",` +
	`"createdBy":"172fa58d-7933-45a6-a905-b06770f2224c","updatedBy":"172fa58d-7933-45a6-a905-b06770f2224c",` +
	`"orgId":"afdcc332-51a0-11eb-b540-537816f1bbe5","type":"department","name":"Management","memberCount":0,"admins":[]}`

// Register mounts the operations on departments.
func (s *Service) Register(r *api.Router) {
	r.Gate("department", s.gate)
	s.registerReads(r)
	create := manage
	create.BodyRefs = map[string]string{"members": "user"}
	api.Register(r, api.Operation{
		ID: "createDepartment", Method: http.MethodPost, Path: "/api/departments", Tag: "Departments", Summary: "Create a department",
		Description: "Its first people leave the department they were in. The first of them becomes head when none is marked with isAdmin or isDepartmentHead.",
		Status:      http.StatusCreated, Authz: create, Statuses: []int{http.StatusConflict},
	}, s.create)
	changed := []int{http.StatusConflict, http.StatusPreconditionFailed}
	api.Register(r, api.Operation{
		ID: "updateDepartmentHeads", Method: http.MethodPatch, Path: "/api/departments/{id}/admin", Tag: "Departments", Summary: "Say who heads a department",
		Description: "Removes, then adds heads. Everybody in add becomes head and member, whatever isAdmin says; whoever is removed stays a member. " +
			"A department with people keeps at least one head (409 department.needsHead).",
		Authz: on(manage, "add", "remove"), Statuses: changed,
	}, func(ctx context.Context, who authz.Actor, in *headsInput) (*viewOutput, error) {
		return answer(who)(s.ChangeHeads(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "updateDepartmentMembers", Method: http.MethodPost, Path: "/api/departments/{id}/members", Tag: "Departments", Summary: "Say who belongs to a department",
		Description: "Removes, then adds people; those added leave the department they were in. isAdmin makes a head; where it is absent, isDepartmentHead does. " +
			"The answer lists up to 1,000 people.",
		Authz: on(manage, "addMembers", "removeMembers"), Statuses: changed,
	}, func(ctx context.Context, who authz.Actor, in *membersInput) (*rosterOutput, error) {
		return rosterAnswer(who)(s.ChangeMembers(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "updateDepartment", Method: http.MethodPatch, Path: "/api/departments/{id}", Tag: "Departments", Summary: "Rename a department",
		Authz: on(manage), Statuses: changed,
	}, func(ctx context.Context, who authz.Actor, in *updateInput) (*viewOutput, error) {
		return answer(who)(s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "deleteDepartment", Method: http.MethodDelete, Path: "/api/departments/{id}", Tag: "Departments", Summary: "Delete a department",
		Description: "Its people stay, without a department.",
		Status:      http.StatusNoContent, Authz: on(manage), Statuses: []int{http.StatusPreconditionFailed},
	}, func(ctx context.Context, who authz.Actor, in *deleteInput) (*empty, error) {
		return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch)
	})
}

func (s *Service) registerReads(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "listDepartments", Method: http.MethodGet, Path: "/api/departments", Tag: "Departments", Summary: "List departments", Authz: read,
	}, s.list)
	api.Register(r, api.Operation{
		ID: "getDepartment", Method: http.MethodGet, Path: "/api/departments/{id}", Tag: "Departments", Summary: "Read a department",
		Authz: on(read), Example: api.Example{Response: sample},
	}, s.get)
	api.Register(r, api.Operation{
		ID: "getDepartmentMembers", Method: http.MethodGet, Path: "/api/departments/{id}/members", Tag: "Departments", Summary: "List the people of a department",
		Description: "Lists up to 1,000 people at once, or a page of them.", Authz: on(read),
	}, func(ctx context.Context, who authz.Actor, in *rosterInput) (*rosterOutput, error) {
		return rosterAnswer(who)(s.Roster(ctx, who, in.ID, api.Page{CurPage: in.CurPage, PerPage: in.PerPage}))
	})
}

func viewOf(orgID string, d Department) View {
	return View{
		ID: d.ID, CreatedAt: api.At(d.CreatedAt), UpdatedAt: api.At(d.UpdatedAt), CreatedBy: d.CreatedBy, UpdatedBy: d.UpdatedBy,
		OrgID: orgID, Type: "department", Name: d.Name,
	}
}

func answer(who authz.Actor) func(Department, error) (*viewOutput, error) {
	return func(d Department, err error) (*viewOutput, error) {
		if err != nil {
			return nil, err
		}
		return &viewOutput{api.ETag(d.Version), viewOf(who.OrgID, d)}, nil
	}
}

func rosterAnswer(who authz.Actor) func(Roster, error) (*rosterOutput, error) {
	return func(r Roster, err error) (*rosterOutput, error) {
		if err != nil {
			return nil, err
		}
		return &rosterOutput{api.ETag(r.Version), RosterView{viewOf(who.OrgID, r.Department), r.MemberCount, r.Heads, r.Members}}, nil
	}
}

func (s *Service) get(ctx context.Context, who authz.Actor, in *idInput) (*detailOutput, error) {
	d, err := s.Get(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &detailOutput{api.ETag(d.Version), DetailView{viewOf(who.OrgID, d.Department), d.MemberCount, listed(d.Heads)}}, nil
}

// listed is a list that is never null.
func listed(cards []person.Card) []person.Card {
	if cards == nil {
		return []person.Card{}
	}
	return cards
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *struct{ api.Page }) (*listOutput, error) {
	list, meta, err := s.List(ctx, who, in.Page)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Departments, out.Body.Meta = make([]ListView, len(list)), meta
	for i, d := range list {
		out.Body.Departments[i] = ListView{d.ID, d.Name, d.MemberCount, listed(d.Heads)}
	}
	return out, nil
}

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*createdOutput, error) {
	d, err := s.Create(ctx, who, in.Body)
	if err != nil {
		return nil, err
	}
	return &createdOutput{"/api/departments/" + d.ID, api.ETag(d.Version), viewOf(who.OrgID, d)}, nil
}
