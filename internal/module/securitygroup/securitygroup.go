package securitygroup

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

const maxName = 200

// The built-in groups.
const (
	Administrators = "administrators"
	Everybody      = "members"
)

// Group is a security group as stored, with the number of its people.
type Group struct {
	ID           string
	Name         string
	Builtin      *string // nil for a group people made
	Capabilities []authz.Capability
	Version      int64
	MemberCount  int
}

// Roster is a group with (a page of) its people.
type Roster struct {
	Group
	Members []person.Card
}

// Draft is what a client sends to create a group.
type Draft struct {
	Name         string      `json:"name" required:"true" doc:"Name, at most 200 characters"`
	Capabilities api.Strings `json:"capabilities,omitempty" doc:"What the group allows its people; nothing unless given"`
}

// Change is what a client sends to change a group. Absent fields stay.
type Change struct {
	Name         api.Patch[string]      `json:"name,omitzero" doc:"New name, at most 200 characters"`
	Capabilities api.Patch[api.Strings] `json:"capabilities,omitzero" doc:"What the group allows its people from now on; null for nothing"`
}

func (g Group) is(builtin string) bool { return g.Builtin != nil && *g.Builtin == builtin }

// cleanName gives a name in the form it is stored in, or reports what is wrong with it.
func cleanName(bad *fault.Fields, text string) string {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		bad.Add("/name", "securityGroup.nameRequired", "A security group needs a name.")
	case utf8.RuneCountInString(text) > maxName:
		bad.Addf("/name", "securityGroup.nameTooLong", "A name has at most %d characters.", maxName)
	case strings.ContainsFunc(text, unicode.IsControl):
		bad.Add("/name", "securityGroup.nameInvalid", "Control characters are not allowed.")
	}
	return text
}

// capabilities gives the named capabilities in the order they are documented, or reports
// those there are not.
func capabilities(bad *fault.Fields, names []string) []authz.Capability {
	for i, name := range names {
		if !slices.Contains(authz.Capabilities, authz.Capability(name)) {
			bad.Add("/capabilities/"+strconv.Itoa(i), "securityGroup.capabilityUnknown", "There is no such capability.")
		}
	}
	list := []authz.Capability{}
	for _, c := range authz.Capabilities {
		if slices.Contains(names, string(c)) {
			list = append(list, c)
		}
	}
	return list
}
