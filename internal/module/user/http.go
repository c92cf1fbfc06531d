package user

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

const bulkBody = 8 << 20 // a thousand rows with room to spare

var (
	read   = authz.Rule{Scope: "users:read"}
	manage = authz.Rule{Capability: authz.UsersManage, Scope: "users:write"}
	oneID  = &authz.Object{Param: "id", Type: "user"}
	refs   = map[string]string{
		"department": "department", "location": "location", "securityGroup": "securityGroup", "reportsTo": "user",
		"addAdditionalTeams": "user", "addAdditionalLocations": "location",
	}
	changeRefs = map[string]string{
		"department": "department", "location": "location", "securityGroup": "securityGroup", "reportsTo": "user",
		"addAdditionalTeams": "user", "addAdditionalLocations": "location", "fileId": "media", "coverFileId": "media",
	}
)

// Register adds the people operations to the router.
func (s *Service) Register(r *api.Router) {
	r.Gate("user", func(ctx context.Context, who authz.Actor, id string) error {
		_, err := s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, id)
		return err
	})
	s.registerReads(r)
	s.registerWrites(r)
	s.registerBulk(r)
	s.registerFollows(r)
}

type (
	listInput struct {
		api.Page
		Location       string `query:"location" maxLength:"64" doc:"Id of a location: only its people"`
		Department     string `query:"department" maxLength:"200" doc:"Id or name of a department: only its people"`
		Search         string `query:"search" maxLength:"200" doc:"Words that names, e-mail or user name contain; every word must match, the first eight count"`
		Email          string `query:"email" maxLength:"254" doc:"Exactly this e-mail address, whatever its case"`
		ExternalUserID string `query:"externalUserId" maxLength:"200" doc:"Exactly this external id"`
		Status         string `query:"status" enum:"ACTIVE,ARCHIVE,PRE_INVITED,INVITED,BLOCKED" doc:"Only people of this status; without it everybody but former members"`
		SecurityGroup  string `query:"securityGroup" maxLength:"64" doc:"Id of a security group: only its members"`
		ReportsTo      string `query:"reportsTo" maxLength:"64" doc:"Id of a supervisor: only direct reports"`
	}
	supervisorsInput struct {
		api.Page
		UserID string `query:"userId" maxLength:"64" doc:"Only the supervisors of this person"`
	}
	idInput struct {
		ID string `path:"id" doc:"Id of the person"`
	}
	idPageInput struct {
		api.Page
		ID string `path:"id" doc:"Id of the person"`
	}
	createInput struct {
		Bulk bool `query:"bulk" doc:"Fill what the body leaves out from the on-boarding settings"`
		Body Draft
	}
	updateInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the person"`
		Body Change
	}
	deleteInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the person"`
		Bulk bool   `query:"bulk" doc:"Hand over what the person leaves behind, by the off-boarding settings"`
	}
	userOutput struct {
		ETag string `header:"ETag" doc:"Version of the person, for If-Match"`
		Body User
	}
	listOutput struct{ Body List }
	empty      struct{}
)

// List is a page of people.
type List struct {
	Users []User   `json:"users" nullable:"false" doc:"The people of this page"`
	Meta  api.Meta `json:"meta" doc:"Where the page stands in the whole"`
}

func answer(u User, err error) (*userOutput, error) {
	if err != nil {
		return nil, err
	}
	return &userOutput{ETag: api.ETag(u.version), Body: u}, nil
}

func (s *Service) registerReads(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "listUsers", Method: http.MethodGet, Path: "/api/users", Tag: "User", Summary: "List people",
		Description: "Lists the people of the organization by last and first name. Former members are listed with status=ARCHIVE only.",
		Status:      http.StatusOK, Authz: read,
	}, s.list)
	api.Register(r, api.Operation{
		ID: "listSupervisors", Method: http.MethodGet, Path: "/api/users/supervisors", Tag: "User", Summary: "List supervisors",
		Description: "With userId the supervisors of that person: whom they report to, whose teams they joined, and the administrators of their additional locations. Without it, everybody who has a direct report.",
		Status:      http.StatusOK, Authz: read,
	}, s.supervisors)
	api.Register(r, api.Operation{
		ID: "getMe", Method: http.MethodGet, Path: "/api/users/me", Tag: "User", Summary: "Read the caller's own profile",
		Status: http.StatusOK, Authz: authz.Rule{Scope: "users:read", Restricted: true}, Example: userExample,
	}, func(ctx context.Context, who authz.Actor, _ *empty) (*userOutput, error) {
		return answer(s.Get(ctx, who, who.UserID))
	})
	api.Register(r, api.Operation{
		ID: "getUser", Method: http.MethodGet, Path: "/api/users/{id}", Tag: "User", Summary: "Read a person",
		Status: http.StatusOK, Authz: authz.Rule{Scope: "users:read", Object: oneID, Restricted: true}, Example: userExample,
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*userOutput, error) {
		return answer(s.Get(ctx, who, in.ID))
	})
}

func (s *Service) registerWrites(r *api.Router) {
	create := manage
	create.BodyRefs = refs
	api.Register(r, api.Operation{
		ID: "createUser", Method: http.MethodPost, Path: "/api/users/add", Tag: "User", Summary: "Create a person",
		Description: "A person starts PRE_INVITED, or ACTIVE when a password is given. With bulk=true the on-boarding settings fill what is left out: those of the department, then the location, then the organization.",
		Status:      http.StatusCreated, Authz: create, Statuses: []int{http.StatusConflict},
	}, func(ctx context.Context, who authz.Actor, in *createInput) (*userOutput, error) {
		return answer(s.Create(ctx, who, in.Body, in.Bulk))
	})
	api.Register(r, api.Operation{
		ID: "updateUser", Method: http.MethodPatch, Path: "/api/users/{id}", Tag: "User", Summary: "Change a person",
		Description: "Members change their own names, phone, bio, pictures, availability, skills and default visibility; everything else and everybody else takes users:manage. Absent fields stay, null clears.",
		Status:      http.StatusOK, Authz: authz.Rule{Scope: "users:write", Object: oneID, BodyRefs: changeRefs, Restricted: true},
		Statuses: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, func(ctx context.Context, who authz.Actor, in *updateInput) (*userOutput, error) {
		return answer(s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	remove := manage
	remove.Object = oneID
	api.Register(r, api.Operation{
		ID: "deleteUser", Method: http.MethodDelete, Path: "/api/users/{id}", Tag: "User", Summary: "Delete a person",
		Description: "Archives the person: their keys stop working, their content stays with them as author, status ACTIVE restores them. With bulk=true the assignee of the off-boarding settings takes over direct reports, headship and administration of locations.",
		Status:      http.StatusNoContent, Authz: remove, Statuses: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, func(ctx context.Context, who authz.Actor, in *deleteInput) (*empty, error) {
		return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch, in.Bulk)
	})
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	f := Filter{
		Location: in.Location, Department: in.Department, Search: in.Search, Email: in.Email, ExternalUserID: in.ExternalUserID,
		Status: in.Status, SecurityGroup: in.SecurityGroup, ReportsTo: in.ReportsTo,
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	users, meta, err := s.List(ctx, who, f, in.Page)
	out := &listOutput{}
	out.Body.Users, out.Body.Meta = users, meta
	return out, err
}

func (s *Service) supervisors(ctx context.Context, who authz.Actor, in *supervisorsInput) (*cardsOutput, error) {
	if in.UserID != "" && !ids.Valid(in.UserID) {
		return nil, fault.NotFound("user")
	}
	cards, meta, err := s.Supervisors(ctx, who, in.UserID, in.Page)
	return cardsAnswer(cards, meta, err)
}

// check refuses filters that can never select anything because they are not what they
// should be. An id of something unknown selects nobody.
func (f Filter) check() error {
	var bad fault.Fields
	for _, x := range []struct{ name, value string }{{"location", f.Location}, {"securityGroup", f.SecurityGroup}, {"reportsTo", f.ReportsTo}} {
		if x.value != "" && !ids.Valid(x.value) {
			bad.Add("?"+x.name, "user.filterInvalid", "This is not an id.")
		}
	}
	for _, x := range []struct{ name, value string }{{"department", f.Department}, {"search", f.Search}, {"email", f.Email}, {"externalUserId", f.ExternalUserID}} {
		if strings.ContainsFunc(x.value, isControl) {
			bad.Add("?"+x.name, "user.filterInvalid", "Control characters are not allowed.")
		}
	}
	if f.Status != "" && !slices.Contains(statuses, f.Status) {
		bad.Addf("?status", "user.statusUnknown", "Allowed values: %s.", strings.Join(statuses, ", "))
	}
	return bad.Err()
}
