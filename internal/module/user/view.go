package user

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// view is a record as it is answered, without what other tables hold.
func (r record) view(orgID string) User {
	u := User{
		ID: r.id, CreatedAt: api.At(r.createdAt), UpdatedAt: api.At(r.updatedAt), CreatedBy: r.createdBy, UpdatedBy: r.updatedBy,
		OrgID: orgID, UserName: r.userName, Email: r.email, Status: r.status, FirstName: r.firstName, LastName: r.lastName,
		Bio: r.bio, Phone: r.phone, ReportsTo: r.reportsTo, Designation: r.designation, Department: r.department,
		DepartmentData: named(r.department, r.departmentName), IsDepartmentHead: r.head, Online: r.online, Color: r.color, IsExpert: r.expert,
		Availability: r.availability, AvailabilityStatusText: r.availabilityText,
		Location: named(r.location, r.locationName), LocationID: r.location,
		TeamMembers: []string{}, Badges: []Badge{}, UserAdditionalTeams: []string{}, AddAdditionalLocations: []string{},
		SecurityGroups: []person.NamedRef{}, Skill: []string{}, DefaultVisibility: r.visibility, ExternalUserID: r.externalID, TimeZone: r.zone, Language: r.language,
		version: r.version,
	}
	if json.Unmarshal([]byte(r.skills), &u.Skill) != nil || u.Skill == nil {
		u.Skill = []string{}
	}
	return u
}

func named(id, name *string) *person.NamedRef {
	if id == nil || name == nil {
		return nil
	}
	return &person.NamedRef{ID: *id, Name: *name}
}

// attach adds relations to the people they belong to, in a stable order.
func attach(users map[string]*User, relations []relation) {
	slices.SortFunc(relations, func(a, b relation) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), strings.Compare(fold(a.name), fold(b.name)), strings.Compare(a.ref, b.ref))
	})
	for _, r := range relations {
		u := users[r.owner]
		switch r.kind {
		case relReports:
			if r.ref != "" {
				u.TeamMembers = strings.Split(r.ref, ",")
			}
		case relTeam:
			u.UserAdditionalTeams = append(u.UserAdditionalTeams, r.ref)
		case relLocation:
			u.AddAdditionalLocations = append(u.AddAdditionalLocations, r.ref)
		case relGroup:
			u.SecurityGroups = append(u.SecurityGroups, person.NamedRef{ID: r.ref, Name: r.name})
		case relFollowed:
			u.IsFollowing = true
		}
	}
	for _, u := range users {
		if len(u.SecurityGroups) > 0 {
			u.SecurityGroup = &u.SecurityGroups[0].ID
		}
	}
}

// rank puts Administrators before an organization's own groups and Members last.
func (r relation) rank() int {
	switch r.builtin {
	case "administrators":
		return 0
	case "members":
		return 2
	default:
		return 1
	}
}
