package department

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

const maxName = 200

// Department is a department as stored, with the number of its people.
type Department struct {
	ID                   string
	Name                 string
	Version              int64
	CreatedAt, UpdatedAt int64
	CreatedBy, UpdatedBy string
	MemberCount          int
}

// Detail is a department with its heads.
type Detail struct {
	Department
	Heads []person.Card
}

// Roster is a department with (a page of) its people and the ids of all its heads.
type Roster struct {
	Department
	Heads   []string
	Members []person.Card
}

// Draft is what a client sends to create a department.
type Draft struct {
	Name    string   `json:"name" required:"true" doc:"Name, at most 200 characters"`
	Members []Member `json:"members" required:"true" maxItems:"1000" doc:"Its first people; they leave the department they were in"`
}

// Change is what a client sends to change a department. Absent fields stay.
type Change struct {
	Name api.Patch[string] `json:"name,omitzero" doc:"New name, at most 200 characters"`
}

// Members is a change of who belongs to a department.
type Members struct {
	Add    []Member `json:"addMembers,omitempty" maxItems:"1000" doc:"People to add; they leave the department they were in"`
	Remove []Member `json:"removeMembers,omitempty" maxItems:"1000" doc:"People to remove; done before adding"`
}

// Heads is a change of who heads a department.
type Heads struct {
	Add    []Member `json:"add,omitempty" maxItems:"1000" doc:"People to make heads; they join the department"`
	Remove []Member `json:"remove,omitempty" maxItems:"1000" doc:"People who stop being heads and stay members; done before adding"`
}

// Member names a person: it is read from an id, or from an object that also says whether the
// person becomes a head.
type Member struct {
	ID   string
	Head bool // isAdmin, or isDepartmentHead where isAdmin is absent

	object bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Member) UnmarshalJSON(body []byte) error {
	*m = Member{}
	if body = bytes.TrimSpace(body); len(body) > 0 && body[0] == '"' {
		return json.Unmarshal(body, &m.ID)
	}
	var in struct {
		ID               string `json:"id"`
		IsAdmin          *bool  `json:"isAdmin"`
		IsDepartmentHead *bool  `json:"isDepartmentHead"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	if in.IsAdmin == nil {
		in.IsAdmin = in.IsDepartmentHead
	}
	m.ID, m.Head, m.object = in.ID, in.IsAdmin != nil && *in.IsAdmin, true
	return nil
}

// MarshalJSON implements json.Marshaler.
func (m Member) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"id": m.ID, "isAdmin": m.Head})
}

// Schema implements huma.SchemaProvider. The properties stand beside the choice too: there
// the decoder finds the types it bends "true" and the like to.
func (Member) Schema(huma.Registry) *huma.Schema {
	text := &huma.Schema{Type: huma.TypeString, Description: "Id of a person"}
	object := &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true, Required: []string{"id"},
		Properties: map[string]*huma.Schema{
			"id":               {Type: huma.TypeString, Description: "Id of the person"},
			"isAdmin":          {Type: huma.TypeBoolean, Nullable: true, Description: "The person becomes a head"},
			"isDepartmentHead": {Type: huma.TypeBoolean, Nullable: true, Description: "The same, where isAdmin is absent"},
			"existingDept":     {Type: huma.TypeString, Nullable: true, Description: "The department the person is believed to be in; not used"},
		},
	}
	s := &huma.Schema{AnyOf: []*huma.Schema{text, object}, Properties: object.Properties}
	for _, one := range []*huma.Schema{text, object, s} {
		one.PrecomputeMessages()
	}
	return s
}

// people gives the distinct ids of members.
func people(members []Member) []string {
	list, seen := make([]string, 0, len(members)), make(map[string]bool, len(members))
	for _, m := range members {
		if !seen[m.ID] {
			seen[m.ID] = true
			list = append(list, m.ID)
		}
	}
	return list
}

// heads gives the distinct ids of the members who become heads.
func heads(members []Member) []string {
	var marked []Member
	for _, m := range members {
		if m.Head {
			marked = append(marked, m)
		}
	}
	return people(marked)
}

// cleanName gives a name in the form it is stored in, or reports what is wrong with it.
func cleanName(bad *fault.Fields, text string) string {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		bad.Add("/name", "department.nameRequired", "A department needs a name.")
	case utf8.RuneCountInString(text) > maxName:
		bad.Addf("/name", "department.nameTooLong", "A name has at most %d characters.", maxName)
	case strings.ContainsFunc(text, unicode.IsControl):
		bad.Add("/name", "department.nameInvalid", "Control characters are not allowed.")
	}
	return text
}
