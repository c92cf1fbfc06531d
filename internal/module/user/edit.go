package user

import (
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// edit is a change on its way into the row.
type edit struct {
	fault.Fields
	taken                        fault.Fields
	before, after                record
	group                        *string // to join
	addTeams, leaveTeams         []string
	addLocations, leaveLocations []string
}

// applyProfile takes over what people change of themselves.
func (e *edit) applyProfile(in Change) {
	r, f := &e.after, &e.Fields
	setRequired(f, "firstName", &r.firstName, in.FirstName, maxName)
	setRequired(f, "lastName", &r.lastName, in.LastName, maxName)
	setOptional(f, "phone", &r.phone, in.Phone, maxPhone)
	setOptional(f, "bio", &r.bio, in.Bio, maxBio)
	setOptional(f, "availabilityStatusText", &r.availabilityText, in.AvailabilityStatusText, maxStatusText)
	setOptional(f, "timeZone", &r.zone, in.TimeZone, maxZone)
	setOptional(f, "language", &r.language, in.Language, maxLanguage)
	checkPlace(f, patched(in.TimeZone), patched(in.Language))
	if in.Availability.Set {
		switch v := in.Availability.Value; {
		case in.Availability.Null:
			r.availability = int64(available)
		case v == available || v == away:
			r.availability = int64(v)
		default:
			f.Add("/availability", "user.availabilityUnknown", "Allowed values: ACTIVE, AWAY, 1, 2.")
		}
	}
	if in.Skill.Set || in.Skills.Set {
		r.skills = checkSkills(f, "skill", slices.Concat(in.Skill.Value, in.Skills.Value))
	}
	if v := in.DefaultVisibility; v.Set {
		r.visibility = Public
		if !v.Null {
			r.visibility = oneOf(f, "defaultVisibility", v.Value, []string{Public, Restricted})
		}
	}
	e.applyPictures(in)
}

// applyAccount takes over what administrators change.
func (e *edit) applyAccount(in Change) {
	r, f := &e.after, &e.Fields
	setOptional(f, "designation", &r.designation, in.Designation, maxDesignation)
	setOptional(f, "externalUserId", &r.externalID, in.ExternalUserID, maxExternalID)
	if in.Email.Set {
		c := candidate{}
		c.email = c.checkEmail(in.Email.Value)
		f.Under("", &c.Fields)
		if c.email != "" {
			r.email = c.email
		}
	}
	if in.IsExpert.Set {
		r.expert = in.IsExpert.Value
	}
	if in.Status.Set {
		if in.Status.Null {
			f.Add("/status", "user.statusRequired", "A person always has a status.")
		} else {
			r.status = oneOf(f, "status", in.Status.Value, statuses)
		}
	}
	if in.SecurityGroup.Set && optionalRef(&in.SecurityGroup.Value) == nil {
		f.Add("/securityGroup", "user.securityGroupRequired", "Name a group to join; leaving one is an operation of the group.")
	}
}

// references is a candidate that holds only what the change refers to.
func (e *edit) references(in Change) *candidate {
	c := &candidate{}
	if in.Email.Set {
		c.email = e.after.email
	}
	if in.ExternalUserID.Set {
		c.externalID = e.after.externalID
	}
	c.department = optional(&c.Fields, "department", patched(in.Department), 0)
	c.location = optional(&c.Fields, "location", patched(in.Location), 0)
	c.reportsTo = optional(&c.Fields, "reportsTo", patched(in.ReportsTo), 0)
	c.group = optional(&c.Fields, "securityGroup", patched(in.SecurityGroup), 0)
	c.teams = c.checkIDs("addAdditionalTeams", in.AddAdditionalTeams)
	c.locations = c.checkIDs("addAdditionalLocations", in.AddAdditionalLocations)
	return c
}

// place puts resolved references into the row.
func (e *edit) place(in Change, c *candidate) {
	r := &e.after
	if in.Department.Set {
		if deref(r.department) != deref(c.department) {
			r.head = false
		}
		r.department = c.department
	}
	if in.Location.Set {
		r.location = c.location
	}
	if in.ReportsTo.Set {
		r.reportsTo = c.reportsTo
	}
	if in.IsDepartmentHead.Set {
		r.head = in.IsDepartmentHead.Value
	}
	if r.head && r.department == nil && e.Empty() {
		if in.IsDepartmentHead.Value {
			e.Add("/isDepartmentHead", "user.headWithoutDepartment", "A head needs a department.")
		}
		r.head = false
	}
	e.group, e.addTeams, e.addLocations = c.group, c.teams, c.locations
	e.leaveTeams, e.leaveLocations = validIDs(in.RemoveAdditionalTeams), validIDs(in.RemoveAdditionalLocs)
	if i := slices.Index(e.addTeams, r.id); i >= 0 {
		e.Add("/addAdditionalTeams", "user.ownTeam", "A person does not join their own team.")
	}
}

func setRequired(f *fault.Fields, name string, field *string, v api.Patch[string], limit int) {
	if v.Set {
		*field = required(f, name, v.Value, limit)
	}
}

func setOptional(f *fault.Fields, name string, field **string, v api.Patch[string], limit int) {
	if v.Set {
		*field = optional(f, name, patched(v), limit)
	}
}

// patched is the value of a patch, nil when it is absent or null.
func patched(v api.Patch[string]) *string {
	if !v.Set || v.Null {
		return nil
	}
	return &v.Value
}
