package location

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// View is a location as clients read it.
type View struct {
	ID        string   `json:"id" doc:"Id of the location"`
	CreatedAt api.Time `json:"createdAt" doc:"When it was created"`
	UpdatedAt api.Time `json:"updatedAt" doc:"When it was last changed"`
	CreatedBy string   `json:"createdBy" doc:"Id of the person who created it"`
	UpdatedBy string   `json:"updatedBy" doc:"Id of the person who last changed it"`
	Name      string   `json:"name" doc:"Name"`
	OrgID     string   `json:"orgId" doc:"Id of the organization"`
}

// CreatedView is a location just created.
type CreatedView struct {
	View
	AddedBy string `json:"addedBy" doc:"Id of the person who created it"`
}

// CountedView is a location with the number of its people.
type CountedView struct {
	View
	MemberCount int `json:"memberCount" doc:"How many people work there"`
}

// DetailView is a location with its administrators.
type DetailView struct {
	CountedView
	Admins []person.Card `json:"admins" nullable:"false" doc:"Its administrators, by name"`
}

// RosterView is a location with its people.
type RosterView struct {
	CountedView
	Members []person.Card `json:"members" nullable:"false" doc:"The people of this page, by name"`
}

type (
	listOutput struct {
		Body struct {
			Locations []CountedView `json:"locations" nullable:"false" doc:"The locations of this page, by name"`
			Meta      api.Meta      `json:"meta" doc:"Where the page stands in the whole"`
		}
	}
	idInput struct {
		ID string `path:"id" doc:"Id of the location"`
	}
	rosterInput struct {
		ID      string `path:"id" doc:"Id of the location"`
		CurPage int    `query:"cur_page" minimum:"1" default:"1" doc:"Number of the page, from 1"`
		PerPage int    `query:"per_page" minimum:"1" default:"1000" doc:"People per page, at most 1000"`
	}
	createInput struct{ Body Draft }
	updateInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the location"`
		Body Change
	}
	membersInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the location"`
		Body Members
	}
	adminsInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the location"`
		Body Admins
	}
	deleteInput struct {
		api.IfMatch
		ID string `path:"id" doc:"Id of the location"`
	}
	createdOutput struct {
		Location string `header:"Location" doc:"Path of the location"`
		ETag     string `header:"ETag" doc:"Version of the location, for If-Match"`
		Body     CreatedView
	}
	viewOutput struct {
		ETag string `header:"ETag" doc:"Version of the location, for If-Match"`
		Body View
	}
	detailOutput struct {
		ETag string `header:"ETag" doc:"Version of the location, for If-Match"`
		Body DetailView
	}
	rosterOutput struct {
		ETag string `header:"ETag" doc:"Version of the location, for If-Match"`
		Body RosterView
	}
	empty struct{}
)

const sample = `{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","createdAt":"2022-11-25T12:41:08.001Z","updatedAt":"2022-11-25T12:41:08.001Z",` +
	`"createdBy":"172fa58d-7933-45a6-a905-b06770f2224c","updatedBy":"172fa58d-7933-45a6-a905-b06770f2224c","name":"Berlin",` +
	`"orgId":"afdcc332-51a0-11eb-b540-537816f1bbe5","memberCount":2,"admins":[]}`

// Register mounts the operations on locations.
func (s *Service) Register(r *api.Router) {
	r.Gate("location", s.gate)
	s.registerReads(r)
	api.Register(r, api.Operation{
		ID: "createLocation", Method: http.MethodPost, Path: "/api/locations", Tag: "Locations", Summary: "Create a location",
		Status: http.StatusCreated, Authz: manage, Statuses: []int{http.StatusConflict},
	}, s.create)
	changed := []int{http.StatusConflict, http.StatusPreconditionFailed}
	api.Register(r, api.Operation{
		ID: "updateLocation", Method: http.MethodPatch, Path: "/api/locations/{id}", Tag: "Locations", Summary: "Rename a location",
		Authz: on(manage), Statuses: changed,
	}, func(ctx context.Context, who authz.Actor, in *updateInput) (*viewOutput, error) {
		l, err := s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body)
		if err != nil {
			return nil, err
		}
		return &viewOutput{api.ETag(l.Version), viewOf(who.OrgID, l)}, nil
	})
	api.Register(r, api.Operation{
		ID: "updateLocationMembers", Method: http.MethodPost, Path: "/api/locations/{id}/members", Tag: "Locations", Summary: "Say who works at a location",
		Description: "Removes, then adds people; those added leave the location they were at. The answer lists up to 1,000 people.",
		Authz:       on(manage, "addMembers", "removeMembers"), Statuses: changed,
	}, func(ctx context.Context, who authz.Actor, in *membersInput) (*rosterOutput, error) {
		return rosterAnswer(who)(s.ChangeMembers(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "updateLocationAdmins", Method: http.MethodPatch, Path: "/api/locations/{id}/admin", Tag: "Locations", Summary: "Say who administers a location",
		Description: "Removes, then adds administrators. They supervise the people who chose the location as an additional one.",
		Authz:       on(manage, "add", "remove"), Statuses: changed,
		Example: api.Example{Request: `{"remove":[],"add":["3fa85f64-5717-4562-b3fc-2c963f66afa6"]}`, Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *adminsInput) (*detailOutput, error) {
		return detailAnswer(who)(s.ChangeAdmins(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "deleteLocation", Method: http.MethodDelete, Path: "/api/locations/{id}", Tag: "Locations", Summary: "Delete a location",
		Description: "Its people stay, without a location.",
		Status:      http.StatusNoContent, Authz: on(manage), Statuses: []int{http.StatusPreconditionFailed},
	}, func(ctx context.Context, who authz.Actor, in *deleteInput) (*empty, error) {
		return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch)
	})
}

func (s *Service) registerReads(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "listLocations", Method: http.MethodGet, Path: "/api/locations", Tag: "Locations", Summary: "List locations", Authz: read,
	}, s.list)
	api.Register(r, api.Operation{
		ID: "getLocation", Method: http.MethodGet, Path: "/api/locations/{id}", Tag: "Locations", Summary: "Read a location",
		Authz: on(read), Example: api.Example{Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*detailOutput, error) {
		return detailAnswer(who)(s.Get(ctx, who, in.ID))
	})
	api.Register(r, api.Operation{
		ID: "getLocationMembers", Method: http.MethodGet, Path: "/api/locations/{id}/members", Tag: "Locations", Summary: "List the people of a location",
		Description: "Lists up to 1,000 people at once, or a page of them.", Authz: on(read),
	}, func(ctx context.Context, who authz.Actor, in *rosterInput) (*rosterOutput, error) {
		return rosterAnswer(who)(s.Roster(ctx, who, in.ID, api.Page{CurPage: in.CurPage, PerPage: in.PerPage}))
	})
}

func viewOf(orgID string, l Location) View {
	return View{
		ID: l.ID, CreatedAt: api.At(l.CreatedAt), UpdatedAt: api.At(l.UpdatedAt), CreatedBy: l.CreatedBy, UpdatedBy: l.UpdatedBy,
		Name: l.Name, OrgID: orgID,
	}
}

func countedOf(orgID string, l Location) CountedView {
	return CountedView{viewOf(orgID, l), l.MemberCount}
}

func detailAnswer(who authz.Actor) func(Detail, error) (*detailOutput, error) {
	return func(d Detail, err error) (*detailOutput, error) {
		if err != nil {
			return nil, err
		}
		return &detailOutput{api.ETag(d.Version), DetailView{countedOf(who.OrgID, d.Location), d.Admins}}, nil
	}
}

func rosterAnswer(who authz.Actor) func(Roster, error) (*rosterOutput, error) {
	return func(r Roster, err error) (*rosterOutput, error) {
		if err != nil {
			return nil, err
		}
		return &rosterOutput{api.ETag(r.Version), RosterView{countedOf(who.OrgID, r.Location), r.Members}}, nil
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *struct{ api.Page }) (*listOutput, error) {
	list, meta, err := s.List(ctx, who, in.Page)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Locations, out.Body.Meta = make([]CountedView, len(list)), meta
	for i, l := range list {
		out.Body.Locations[i] = countedOf(who.OrgID, l)
	}
	return out, nil
}

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*createdOutput, error) {
	l, err := s.Create(ctx, who, in.Body)
	if err != nil {
		return nil, err
	}
	return &createdOutput{"/api/locations/" + l.ID, api.ETag(l.Version), CreatedView{viewOf(who.OrgID, l), l.CreatedBy}}, nil
}
