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

const (
	maxName = 200
	// kind is what the reference calls the type of a department; it has one.
	kind = "department"
)

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
	Admins []person.Card
}

// Roster is a department with (a page of) its people and the ids of all its heads.
type Roster struct {
	Department
	Heads   []string
	Members []person.Card
}

// Draft is what a client sends to create a department.
type Draft struct {
	Name    string `json:"name" required:"true" doc:"Name, at most 200 characters"`
	Members []Ref  `json:"members" required:"true" maxItems:"1000" doc:"Its first people, at least one; the first becomes head when none is marked"`
}

// Change is what a client sends to change a department. Absent fields stay.
type Change struct {
	Name api.Patch[string] `json:"name,omitzero" doc:"New name"`
}

// Members is a change of who belongs to a department.
type Members struct {
	Add    []Ref `json:"addMembers,omitempty" maxItems:"1000" doc:"People to add; they leave the department they were in"`
	Remove []Ref `json:"removeMembers,omitempty" maxItems:"1000" doc:"People to remove; done before adding"`
}

// Heads is a change of who heads a department.
type Heads struct {
	Add    []Ref `json:"add,omitempty" maxItems:"1000" doc:"People to make heads, whatever isAdmin says; they join the department"`
	Remove []Ref `json:"remove,omitempty" maxItems:"1000" doc:"People who stop being heads and stay in the department; done before adding"`
}

// Ref names a person: it is read from an id, or from an object that also says whether the
// person becomes a head.
type Ref struct {
	ID   string
	Head bool // isAdmin, or isDepartmentHead when isAdmin is absent

	object bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *Ref) UnmarshalJSON(body []byte) error {
	*r = Ref{}
	if body = bytes.TrimSpace(body); len(body) > 0 && body[0] == '"' {
		return json.Unmarshal(body, &r.ID)
	}
	var in struct {
		ID               string `json:"id"`
		IsAdmin          *bool  `json:"isAdmin"`
		IsDepartmentHead *bool  `json:"isDepartmentHead"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	r.ID, r.object = in.ID, true
	if in.IsAdmin == nil {
		in.IsAdmin = in.IsDepartmentHead
	}
	r.Head = in.IsAdmin != nil && *in.IsAdmin
	return nil
}

// MarshalJSON implements json.Marshaler, so that a client in Go can send a Ref.
func (r Ref) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID      string `json:"id"`
		IsAdmin bool   `json:"isAdmin"`
	}{r.ID, r.Head})
}

// Schema implements huma.SchemaProvider. The properties stand beside the choice too: there
// the decoder finds the types to which it bends "true" and the like.
func (Ref) Schema(huma.Registry) *huma.Schema {
	object := &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true, Required: []string{"id"},
		Properties: map[string]*huma.Schema{
			"id":               {Type: huma.TypeString, Description: "Id of the person"},
			"isAdmin":          {Type: huma.TypeBoolean, Nullable: true, Description: "The person becomes a head of the department"},
			"isDepartmentHead": {Type: huma.TypeBoolean, Nullable: true, Description: "Counts when isAdmin is absent"},
			"existingDept":     {Type: huma.TypeString, Nullable: true, Description: "The department the person is believed to be in; not looked at"},
		},
	}
	text := &huma.Schema{Type: huma.TypeString, Description: "Id of a person"}
	s := &huma.Schema{AnyOf: []*huma.Schema{text, object}, Properties: object.Properties}
	for _, one := range []*huma.Schema{text, object, s} {
		one.PrecomputeMessages()
	}
	return s
}

// distinct gives the ids of refs, each once.
func distinct(lists ...[]Ref) []string {
	var list []string
	seen := map[string]bool{}
	for _, refs := range lists {
		for _, r := range refs {
			if !seen[r.ID] {
				seen[r.ID] = true
				list = append(list, r.ID)
			}
		}
	}
	return list
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
