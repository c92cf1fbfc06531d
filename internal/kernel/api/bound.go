package api

import (
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// maxText is the most characters of a text that an operation says nothing about. Everything
// in a request has a limit, and the description shows it.
const maxText = 5000

// bound gives every text of a request a limit. A limit on a choice of types holds for the
// texts among them, where huma looks for it.
func (r *Router) bound(schema *huma.Schema) {
	seen := map[*huma.Schema]bool{}
	var walk func(s *huma.Schema, limit *int)
	walk = func(s *huma.Schema, limit *int) {
		s = r.resolve(s)
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		if s.Type == huma.TypeString && s.MaxLength == nil && len(s.Enum) == 0 && s.Extensions[formatExtension] == nil {
			s.MaxLength = limit
			s.PrecomputeMessages()
		}
		for _, p := range s.Properties {
			walk(p, newLimit())
		}
		walk(s.Items, newLimit())
		rest, _ := s.AdditionalProperties.(*huma.Schema)
		walk(rest, newLimit())
		if s.MaxLength != nil {
			limit = s.MaxLength
		}
		for _, list := range [][]*huma.Schema{s.OneOf, s.AnyOf, s.AllOf} {
			for _, one := range list {
				walk(one, limit)
			}
		}
	}
	walk(schema, newLimit())
}

func newLimit() *int { n := maxText; return &n }

func (r *Router) resolve(schema *huma.Schema) *huma.Schema {
	for schema != nil && schema.Ref != "" {
		schema = r.api.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	return schema
}

// explained replaces huma's finding that a value matches none of several schemas by what is
// wrong with it as the one of its own JSON type, where there is one.
func (s *state) explained(d *huma.ErrorDetail) []error {
	if !strings.HasPrefix(d.Message, "expected value to match") || s.op == nil {
		return []error{d}
	}
	schema, one := s.router.schemaAt(s.op.schema, d.Location), (*huma.Schema)(nil)
	switch d.Value.(type) {
	case map[string]any:
		one = alternative(schema, huma.TypeObject)
	case string:
		one = alternative(schema, huma.TypeString)
	}
	if one == schema || one == nil {
		return []error{d}
	}
	found := &huma.ValidateResult{}
	path := huma.NewPathBuffer([]byte(d.Location), len(d.Location))
	huma.Validate(s.router.api.OpenAPI().Components.Schemas, one, path, huma.ModeWriteToServer, d.Value, found)
	if len(found.Errors) == 0 {
		return []error{d}
	}
	return found.Errors
}

// schemaAt finds the schema of a place such as body.members[0]; nil when there is none.
func (r *Router) schemaAt(schema *huma.Schema, location string) *huma.Schema {
	rest, inBody := strings.CutPrefix(location, "body")
	for _, name := range strings.FieldsFunc(rest, func(c rune) bool { return c == '.' || c == '[' || c == ']' }) {
		if schema = r.resolve(schema); schema == nil {
			return nil
		}
		_, notIndex := strconv.Atoi(name)
		switch rest, _ := schema.AdditionalProperties.(*huma.Schema); {
		case schema.Items != nil && notIndex == nil:
			schema = schema.Items
		case schema.Properties[name] != nil:
			schema = schema.Properties[name]
		default:
			schema = rest
		}
	}
	if !inBody {
		return nil
	}
	return r.resolve(schema)
}
