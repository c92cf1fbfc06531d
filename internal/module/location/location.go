package location

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

const maxName = 200

// Location is a location as stored, with the number of its people.
type Location struct {
	ID                   string
	Name                 string
	Version              int64
	CreatedAt, UpdatedAt int64
	CreatedBy, UpdatedBy string
	MemberCount          int
}

// Roster is a location with (a page of) its people.
type Roster struct {
	Location
	Members []person.Card
}

// Detail is a location with its administrators.
type Detail struct {
	Location
	Admins []person.Card
}

// Draft is what a client sends to create a location.
type Draft struct {
	Name string `json:"name" required:"true" doc:"Name, at most 200 characters"`
}

// Change is what a client sends to change a location. Absent fields stay.
type Change struct {
	Name api.Patch[string] `json:"name,omitzero" doc:"New name, at most 200 characters"`
}

// Members is a change of who works at a location.
type Members struct {
	Add    []Ref `json:"addMembers,omitempty" doc:"People to add; they leave the location they were at"`
	Remove []Ref `json:"removeMembers,omitempty" doc:"People to remove; done before adding"`
}

// Admins is a change of who administers a location.
type Admins struct {
	Add    []Ref `json:"add,omitempty" doc:"People to make administrators of the location"`
	Remove []Ref `json:"remove,omitempty" doc:"People to remove; done before adding"`
}

// Ref names a person: it is read from an id or from an object with an id.
type Ref struct {
	ID     string
	object bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *Ref) UnmarshalJSON(body []byte) error {
	*r = Ref{}
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '"' {
		return json.Unmarshal(body, &r.ID)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return err
	}
	r.object = true
	if id, ok := fields["id"]; ok {
		return json.Unmarshal(id, &r.ID)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (r Ref) MarshalJSON() ([]byte, error) { return json.Marshal(r.ID) }

// Schema implements huma.SchemaProvider.
func (Ref) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{AnyOf: []*huma.Schema{
		{Type: huma.TypeString, Description: "Id of a person"},
		{Type: huma.TypeObject, AdditionalProperties: true, Required: []string{"id"}, Properties: map[string]*huma.Schema{
			"id": {Type: huma.TypeString, Description: "Id of the person"},
		}},
	}}
	for _, one := range s.AnyOf {
		one.PrecomputeMessages()
	}
	s.PrecomputeMessages()
	return s
}

// people gives the distinct ids of refs.
func people(refs []Ref) []string {
	list, seen := make([]string, 0, len(refs)), make(map[string]bool, len(refs))
	for _, r := range refs {
		if !seen[r.ID] {
			seen[r.ID] = true
			list = append(list, r.ID)
		}
	}
	return list
}

// report names every ref that is in missing.
func report(bad *fault.Fields, pointer string, refs []Ref, missing map[string]bool) {
	for i, r := range refs {
		if missing[r.ID] {
			at := pointer + "/" + strconv.Itoa(i)
			if r.object {
				at += "/id"
			}
			bad.Add(at, "user.unknown", "There is no such person.")
		}
	}
}

// cleanName gives a name in the form it is stored in, or reports what is wrong with it.
func cleanName(bad *fault.Fields, text string) string {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		bad.Add("/name", "location.nameRequired", "A location needs a name.")
	case utf8.RuneCountInString(text) > maxName:
		bad.Addf("/name", "location.nameTooLong", "A name has at most %d characters.", maxName)
	case strings.ContainsFunc(text, unicode.IsControl):
		bad.Add("/name", "location.nameInvalid", "Control characters are not allowed.")
	}
	return text
}
