package settings

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// The names of the settings.
const (
	onboardingName  = "onboarding"
	offboardingName = "offboarding"
)

const (
	maxLevels      = 1000 // departments or locations with their own values
	maxDesignation = 200
	maxSkills      = 100
	maxSkill       = 100
	maxRelations   = 100
)

// Onboarding is what new people get.
type Onboarding struct {
	Organization Defaults            `json:"organization" doc:"For everybody"`
	Departments  map[string]Defaults `json:"departments" nullable:"true" doc:"By department id: goes before the location's and the organization's"`
	Locations    map[string]Defaults `json:"locations" nullable:"true" doc:"By location id: goes before the organization's"`
}

// Defaults are fields of createUser. Absent or null means no default.
type Defaults struct {
	Department             *string     `json:"department,omitempty" nullable:"true" maxLength:"64" doc:"Id of the department; not for a department's own defaults"`
	Location               *string     `json:"location,omitempty" nullable:"true" maxLength:"64" doc:"Id of the location; not for a location's own defaults"`
	SecurityGroup          *string     `json:"securityGroup,omitempty" nullable:"true" maxLength:"64" doc:"Id of a security group to join"`
	ReportsTo              *string     `json:"reportsTo,omitempty" nullable:"true" maxLength:"64" doc:"Id of the supervisor"`
	Designation            *string     `json:"designation,omitempty" nullable:"true" maxLength:"200" doc:"Job title"`
	DefaultVisibility      *string     `json:"defaultVisibility,omitempty" nullable:"true" enum:"public,restricted" doc:"Audience of the person's items when they name none"`
	Skill                  api.Strings `json:"skill,omitempty" nullable:"true" maxItems:"100" doc:"Skills, each at most 100 characters"`
	AddAdditionalTeams     api.Strings `json:"addAdditionalTeams,omitempty" nullable:"true" maxItems:"100" doc:"Ids of supervisors whose teams the person also joins"`
	AddAdditionalLocations api.Strings `json:"addAdditionalLocations,omitempty" nullable:"true" maxItems:"100" doc:"Ids of locations whose administrators become further supervisors"`
}

// Offboarding is who takes over from people who leave.
type Offboarding struct {
	Organization Assignee            `json:"organization" doc:"For everybody"`
	Departments  map[string]Assignee `json:"departments" nullable:"true" doc:"By department id: goes before the location's and the organization's"`
	Locations    map[string]Assignee `json:"locations" nullable:"true" doc:"By location id: goes before the organization's"`
}

// Assignee is a person who takes over.
type Assignee struct {
	Assignee *string `json:"assignee,omitempty" nullable:"true" maxLength:"64" doc:"Id of the person; absent or null for nobody"`
}

// use is one mention of an id, with where it stands.
type use struct{ pointer, noun, id string }

// uses lists the ids an on-boarding setting refers to.
func (o Onboarding) uses() []use {
	list := levels(o.Departments, o.Locations)
	list = append(list, o.Organization.uses("/organization")...)
	for id, d := range o.Departments {
		list = append(list, d.uses("/departments/"+escape(id))...)
	}
	for id, d := range o.Locations {
		list = append(list, d.uses("/locations/"+escape(id))...)
	}
	return list
}

func (d Defaults) uses(at string) []use {
	var list []use
	one := func(field, noun string, v *string) {
		if v != nil {
			list = append(list, use{at + "/" + field, noun, *v})
		}
	}
	one("department", "department", d.Department)
	one("location", "location", d.Location)
	one("securityGroup", "securityGroup", d.SecurityGroup)
	one("reportsTo", "user", d.ReportsTo)
	for i, id := range d.AddAdditionalTeams {
		list = append(list, use{at + "/addAdditionalTeams/" + strconv.Itoa(i), "user", id})
	}
	for i, id := range d.AddAdditionalLocations {
		list = append(list, use{at + "/addAdditionalLocations/" + strconv.Itoa(i), "location", id})
	}
	return list
}

// uses lists the ids an off-boarding setting refers to.
func (o Offboarding) uses() []use {
	list := levels(o.Departments, o.Locations)
	one := func(at string, a Assignee) {
		if a.Assignee != nil {
			list = append(list, use{at + "/assignee", "user", *a.Assignee})
		}
	}
	one("/organization", o.Organization)
	for id, a := range o.Departments {
		one("/departments/"+escape(id), a)
	}
	for id, a := range o.Locations {
		one("/locations/"+escape(id), a)
	}
	return list
}

// levels lists the departments and locations that have values of their own.
func levels[T any](departments, locations map[string]T) []use {
	var list []use
	for id := range departments {
		list = append(list, use{"/departments/" + escape(id), "department", id})
	}
	for id := range locations {
		list = append(list, use{"/locations/" + escape(id), "location", id})
	}
	return list
}

// check finds what is wrong without looking anything up.
func (o Onboarding) check() *fault.Fields {
	var f fault.Fields
	checkSize(&f, len(o.Departments), len(o.Locations))
	o.Organization.check(&f, "/organization")
	for id, d := range o.Departments {
		at := "/departments/" + escape(id)
		if d.Department != nil {
			f.Add(at+"/department", "settings.ownLevel", "A department's defaults do not choose a department.")
		}
		d.check(&f, at)
	}
	for id, d := range o.Locations {
		at := "/locations/" + escape(id)
		if d.Location != nil {
			f.Add(at+"/location", "settings.ownLevel", "A location's defaults do not choose a location.")
		}
		d.check(&f, at)
	}
	return &f
}

func (d Defaults) check(f *fault.Fields, at string) {
	if d.Designation != nil && (utf8.RuneCountInString(*d.Designation) > maxDesignation || strings.ContainsFunc(*d.Designation, unicode.IsControl)) {
		f.Addf(at+"/designation", "settings.designationInvalid", "At most %d characters, none of them a control character.", maxDesignation)
	}
	if v := d.DefaultVisibility; v != nil && !slices.Contains([]string{"public", "restricted"}, *v) {
		f.Add(at+"/defaultVisibility", "settings.defaultVisibilityUnknown", "Allowed values: public, restricted.")
	}
	badSkill := func(s string) bool {
		return utf8.RuneCountInString(s) > maxSkill || strings.ContainsFunc(s, unicode.IsControl)
	}
	if len(d.Skill) > maxSkills || slices.ContainsFunc(d.Skill, badSkill) {
		f.Addf(at+"/skill", "settings.skillInvalid", "At most %d skills of at most %d characters, none of them a control character.", maxSkills, maxSkill)
	}
	if len(d.AddAdditionalTeams) > maxRelations || len(d.AddAdditionalLocations) > maxRelations {
		f.Addf(at, "settings.tooMany", "At most %d additional teams or locations.", maxRelations)
	}
}

func (o Offboarding) check() *fault.Fields {
	var f fault.Fields
	checkSize(&f, len(o.Departments), len(o.Locations))
	return &f
}

func checkSize(f *fault.Fields, departments, locations int) {
	for name, n := range map[string]int{"departments": departments, "locations": locations} {
		if n > maxLevels {
			f.Addf("/"+name, "settings.tooMany", "At most %d are allowed.", maxLevels)
		}
	}
}

// escape makes a key a part of a JSON pointer (RFC 6901, section 3).
func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }
