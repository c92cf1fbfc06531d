package user

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// onboarding is the setting of that name: partial drafts by level.
type onboarding struct {
	Organization Draft            `json:"organization"`
	Departments  map[string]Draft `json:"departments"`
	Locations    map[string]Draft `json:"locations"`
}

// fillDefaults fills the drafts from the on-boarding settings and says which fields it
// filled. Nothing here is an error of the caller: a default that names something gone
// in the meantime is dropped later.
func (s *Service) fillDefaults(ctx context.Context, q db.Queryer, orgID string, drafts []Draft) ([]set, error) {
	filled := make([]set, len(drafts))
	value, err := s.settings.Value(ctx, q, orgID, "onboarding")
	if err != nil || value == nil {
		return filled, err
	}
	var o onboarding
	if err := json.Unmarshal(value, &o); err != nil {
		return nil, fmt.Errorf("onboarding settings: %w", err)
	}
	var w wanted
	for _, d := range drafts {
		if v := optionalRef(d.Department); v != nil && !strings.ContainsFunc(*v, isControl) {
			w.departments.add(*v)
		}
	}
	k := known{departments: map[string]string{}}
	if err := s.store.lookDepartments(ctx, q, orgID, w, &k); err != nil {
		return nil, err
	}
	for i := range drafts {
		filled[i] = o.fill(&drafts[i], k)
	}
	return filled, nil
}

// fill completes one draft, the most specific level first: department, location,
// organization. A department or location that is itself filled in brings its defaults.
func (o onboarding) fill(d *Draft, k known) set {
	filled := set{}
	department, location := "", deref(d.Location)
	if v := optionalRef(d.Department); v != nil {
		department, _ = k.department(*v)
	} else {
		fillText(filled, "department", &d.Department, o.Locations[location].Department, o.Organization.Department)
		department = deref(d.Department)
	}
	fillText(filled, "location", &d.Location, o.Departments[department].Location, o.Organization.Location)
	for _, from := range []Draft{o.Departments[department], o.Locations[deref(d.Location)], o.Organization} {
		fillText(filled, "securityGroup", &d.SecurityGroup, from.SecurityGroup)
		if optionalRef(d.ReportsToEmail) == nil {
			fillText(filled, "reportsTo", &d.ReportsTo, from.ReportsTo)
		}
		fillText(filled, "designation", &d.Designation, from.Designation)
		fillText(filled, "defaultVisibility", &d.DefaultVisibility, from.DefaultVisibility)
		if len(d.Skill)+len(d.Skills) == 0 {
			d.Skill = from.Skill
		}
		fillList(filled, "addAdditionalTeams", &d.AddAdditionalTeams, from.AddAdditionalTeams)
		fillList(filled, "addAdditionalLocations", &d.AddAdditionalLocations, from.AddAdditionalLocations)
	}
	return filled
}

// fillText takes the first value there is, when the field has none.
func fillText(filled set, name string, field **string, values ...*string) {
	for _, v := range values {
		if optionalRef(*field) == nil && optionalRef(v) != nil {
			*field = v
			filled.add(name)
		}
	}
}

func fillList(filled set, name string, field *api.Strings, value api.Strings) {
	if len(*field) == 0 && len(value) > 0 {
		*field = value
		filled.add(name)
	}
}
