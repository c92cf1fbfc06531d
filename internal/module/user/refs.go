package user

import (
	"strconv"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// addIDs adds those that can be ids at all; others need no look-up to be unknown.
func (s *set) addIDs(list ...string) {
	for _, v := range list {
		if ids.Valid(v) {
			s.add(v)
		}
	}
}

func (s *set) addPtr(v *string) {
	if v != nil {
		s.add(*v)
	}
}

func (s *set) addIDPtr(v *string) {
	if v != nil {
		s.addIDs(*v)
	}
}

// want collects what the candidate refers to and what it wants to be unique in.
func (c *candidate) want(w *wanted) {
	w.departments.addPtr(c.department)
	w.locations.addIDPtr(c.location)
	w.locations.addIDs(c.locations...)
	w.groups.addIDPtr(c.group)
	w.people.addIDPtr(c.reportsTo)
	w.people.addIDs(c.teams...)
	w.externalIDs.addPtr(c.externalID)
	if c.supervisorEmail != "" {
		w.supervisorEmails.add(c.supervisorEmail)
	}
	if c.email != "" {
		w.emails.add(fold(c.email))
		w.userNames.add(localPart(c.email), fold(c.email))
	}
}

// resolve replaces names by ids and records every reference to something that is not
// there. file holds the other rows by e-mail.
func (c *candidate) resolve(k known, file map[string]*candidate) {
	c.department = c.resolveOne("department", "department", c.department, func(v string) (string, bool) {
		id, ok := k.department(v)
		return id, ok
	})
	c.location = c.resolveOne("location", "location", c.location, k.locations.has)
	c.group = c.resolveOne("securityGroup", "securityGroup", c.group, func(v string) (string, bool) {
		_, ok := k.groups[v]
		return v, ok
	})
	c.reportsTo = c.resolveOne("reportsTo", "user", c.reportsTo, k.people.has)
	c.resolveSupervisorEmail(k, file)
	c.teams = c.resolveAll("addAdditionalTeams", "user", c.teams, k.people)
	c.locations = c.resolveAll("addAdditionalLocations", "location", c.locations, k.locations)
	if c.head && c.department == nil && c.filled["department"] {
		c.head = false
	}
}

func (c *candidate) resolveOne(field, noun string, v *string, find func(string) (string, bool)) *string {
	if v == nil {
		return nil
	}
	if id, ok := find(*v); ok {
		return &id
	}
	if !c.filled[field] {
		unknown(&c.Fields, "/"+field, noun)
	}
	return nil
}

func (c *candidate) resolveAll(field, noun string, list []string, there set) []string {
	var found []string
	for i, id := range list {
		switch {
		case there[id]:
			found = append(found, id)
		case !c.filled[field]:
			unknown(&c.Fields, "/"+field+"/"+strconv.Itoa(i), noun)
		}
	}
	return found
}

func (c *candidate) resolveSupervisorEmail(k known, file map[string]*candidate) {
	if c.supervisorEmail == "" {
		return
	}
	if row := file[c.supervisorEmail]; row != nil {
		c.supervisor, c.reportsTo = row, &row.id
		return
	}
	if id, ok := k.peopleByEmail[c.supervisorEmail]; ok {
		c.reportsTo = &id
		return
	}
	unknown(&c.Fields, "/reportsToEmail", "user")
}

// name gives the candidate a user name nobody has: the local part of the e-mail, else
// the whole address, else (when somebody's old address is in the way) one with a part
// of the id.
func (c *candidate) name(taken set) {
	for _, name := range []string{localPart(c.email), fold(c.email), localPart(c.email) + "." + c.id[len(c.id)-12:]} {
		if c.userName = name; !taken[name] {
			break
		}
	}
	taken.add(c.userName)
}

func (s set) has(v string) (string, bool) { return v, s[v] }

func (k known) department(v string) (string, bool) {
	if id, ok := k.departments[v]; ok {
		return id, true
	}
	id, ok := k.departments[fold(v)]
	return id, ok
}

func unknown(f *fault.Fields, pointer, noun string) {
	f.Add(pointer, noun+".unknown", "There is no such "+nounText[noun]+".")
}

var nounText = map[string]string{
	"user": "person", "department": "department", "location": "location", "securityGroup": "security group",
}

func localPart(email string) string {
	local, _, _ := strings.Cut(fold(email), "@")
	return local
}

// mayJoin refuses to put people into groups that hold more than the caller does.
func mayJoin(who authz.Actor, k known, pointer string, groupID *string) error {
	if groupID == nil {
		return nil
	}
	for _, c := range k.groups[*groupID].capabilities {
		if !who.Can(c) {
			e := fault.Forbidden("user.groupAboveCaller", hidden+"The group holds capabilities that you do not have.")
			e.Fields = []fault.Field{{Pointer: pointer, Code: "user.groupAboveCaller", Detail: "The group holds " + string(c) + "."}}
			return e
		}
	}
	return nil
}

// validIDs is those of a list that can be ids at all.
func validIDs(list []string) []string {
	var s set
	s.addIDs(list...)
	return s.list()
}

// optionalRef is a reference, nil when it is empty.
func optionalRef(v *string) *string {
	if v == nil || strings.TrimSpace(*v) == "" {
		return nil
	}
	return v
}

func deref(v *string) string {
	if v == nil {
		return ""
	}
	return *v
}
