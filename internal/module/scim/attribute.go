package scim

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/scim2/filter-parser/v2"

	"github.com/workdrive/workdrive/internal/kernel/api"
)

// said is what a request says of a resource, before it is compared with what is there.
type said struct {
	texts  map[string]api.Patch[string] // by attribute, of those that are kept
	active api.Patch[bool]
	// members of a group, in the order of the request.
	members []memberChange
}

// memberChange adds people to a group or takes them away; replace does so with all others.
type memberChange struct {
	add, remove []string
	replace     bool
}

// kept are the attributes of a person or group that are text. Those of more parts, such as emails,
// have a name of their own here.
var kept = map[string]bool{
	"username": true, "externalid": true, "displayname": true, "name.givenname": true, "name.familyname": true, "name.formatted": true,
	"title": true, "preferredlanguage": true, "timezone": true, "employeenumber": true, "department": true, "manager": true, "email": true, "phone": true,
}

func newSaid() *said { return &said{texts: map[string]api.Patch[string]{}} }

// get is a text that is set and not empty.
func (s *said) get(name string) string { return s.texts[name].Value }

// has reports that a text is set and not cleared.
func (s *said) has(name string) bool { return s.texts[name].Set && !s.texts[name].Null }

// object takes over a JSON object: a whole resource, or the value of an operation without a path.
func (s *said) object(in map[string]any) error {
	for name, value := range in {
		if err := s.named(name, value, "replace"); err != nil {
			return err
		}
	}
	return nil
}

// named takes over the value of an attribute that is named in full, as in an object without a path:
// title, name.givenName, emails[type eq "work"].value, urn:…:User:department.
func (s *said) named(name string, value any, op string) error {
	plain := withoutSchema(name)
	if plain == "" { // an extension by its schema
		if in, ok := value.(map[string]any); ok {
			return s.object(in)
		}
		return nil
	}
	if !strings.ContainsAny(plain, ".[") {
		return s.attribute(strings.ToLower(plain), value, op)
	}
	path, err := parsePath(plain)
	if err != nil {
		return err
	}
	return s.at(path, value, op)
}

// withoutSchema is an attribute's name without the schema before it, "" for a schema alone.
func withoutSchema(name string) string {
	for _, schema := range []string{userSchema, groupSchema, enterpriseSchema} {
		if len(name) >= len(schema) && strings.EqualFold(name[:len(schema)], schema) {
			return strings.TrimPrefix(name[len(schema):], ":")
		}
	}
	if strings.HasPrefix(strings.ToLower(name), "urn:") {
		return "" // of somebody else
	}
	return name
}

func parsePath(text string) (filter.Path, error) {
	if len(text) > maxFilter {
		return filter.Path{}, bad("invalidPath", "The path is too long.")
	}
	path, err := filter.ParsePath([]byte(text))
	if err != nil {
		return filter.Path{}, bad("invalidPath", "The path cannot be read: "+strconv.Quote(text)+".")
	}
	return path, nil
}

// at takes over the value at a path.
func (s *said) at(path filter.Path, value any, op string) error {
	name, sub := strings.ToLower(path.AttributePath.AttributeName), strings.ToLower(path.AttributePath.SubAttributeName())
	if sub == "" {
		sub = strings.ToLower(path.SubAttributeName())
	}
	switch name {
	case "members":
		if path.ValueExpression == nil {
			return s.attribute(name, value, op)
		}
		list := equals(path.ValueExpression, "value")
		if op != "remove" || len(list) == 0 {
			return bad("noTarget", "Members are taken away by members[value eq \"id\"].")
		}
		s.members = append(s.members, memberChange{remove: list})
		return nil
	case "emails", "phonenumbers":
		if path.ValueExpression != nil && !selects(path.ValueExpression) {
			return nil // another address than the one that is kept
		}
		if sub != "" && sub != "value" {
			return nil
		}
		s.text(map[string]string{"emails": "email", "phonenumbers": "phone"}[name], value, op)
		return nil
	case "name":
		if sub == "" {
			return s.attribute(name, value, op)
		}
		s.text("name."+sub, value, op)
		return nil
	case "manager":
		if sub == "" || sub == "value" {
			s.text(name, value, op)
		}
		return nil
	}
	if sub != "" || path.ValueExpression != nil {
		return nil // nothing that is kept
	}
	return s.attribute(name, value, op)
}

// attribute takes over the value of a whole attribute; name is in lower case.
func (s *said) attribute(name string, value any, op string) error {
	switch name {
	case "active":
		b, ok := truth(value)
		if !ok && op != "remove" {
			return bad("invalidValue", "active is true or false.")
		}
		if ok {
			s.active = api.Patch[bool]{Set: true, Value: b}
		}
	case "name":
		if in, ok := value.(map[string]any); ok {
			for sub, v := range in {
				s.text("name."+strings.ToLower(sub), v, op)
			}
		}
	case "emails":
		s.text("email", choose(value), op)
	case "phonenumbers":
		s.text("phone", choose(value), op)
	case "members":
		return s.memberList(value, op)
	default:
		s.text(name, value, op)
	}
	return nil
}

// text keeps a text, or that it is cleared.
func (s *said) text(name string, value any, op string) {
	if !kept[name] {
		return
	}
	text, ok := plainText(value)
	if op == "remove" || !ok || strings.TrimSpace(text) == "" {
		s.texts[name] = api.Patch[string]{Set: true, Null: true}
		return
	}
	s.texts[name] = api.Patch[string]{Set: true, Value: strings.TrimSpace(text)}
}

// memberList takes over who is in a group.
func (s *said) memberList(value any, op string) error {
	list, err := memberIDs(value)
	switch {
	case err != nil:
		return err
	case op == "remove" && value != nil:
		s.members = append(s.members, memberChange{remove: list})
	case op == "add":
		s.members = append(s.members, memberChange{add: list})
	default:
		s.members = append(s.members, memberChange{add: list, replace: true})
	}
	return nil
}

func memberIDs(value any) ([]string, error) {
	var list []any
	switch v := value.(type) {
	case nil:
	case []any:
		list = v
	default:
		list = []any{v}
	}
	if len(list) > maxMembers {
		return nil, bad("tooMany", "One request names at most "+strconv.Itoa(maxMembers)+" members.")
	}
	ids := make([]string, 0, len(list))
	for _, v := range list {
		if in, ok := v.(map[string]any); ok {
			if kind, _ := lookUp(in, "type").(string); kind != "" && !strings.EqualFold(kind, "User") {
				return nil, bad("invalidValue", "Members are people; a group in a group is not supported.")
			}
		}
		id, ok := plainText(v)
		if !ok || id == "" {
			return nil, bad("invalidValue", "Each member has a value, the id of a person.")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// plainText is a value as text, whatever it is wrapped in.
func plainText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case []any:
		if len(v) == 1 {
			return plainText(v[0])
		}
	case map[string]any:
		inner := lookUp(v, "value")
		if _, nested := inner.(map[string]any); !nested {
			return plainText(inner)
		}
	}
	return "", false
}

// truth reads a truth value, also one written as text.
func truth(value any) (b, ok bool) {
	if b, ok = value.(bool); ok {
		return b, true
	}
	text, ok := plainText(value)
	switch {
	case ok && strings.EqualFold(text, "true"):
		return true, true
	case ok && strings.EqualFold(text, "false"):
		return false, true
	}
	if list, ok := value.([]any); ok && len(list) == 1 {
		return truth(list[0])
	}
	if in, ok := value.(map[string]any); ok {
		if inner, ok := lookUp(in, "value").(bool); ok {
			return inner, true
		}
	}
	return false, false
}

// choose gives of several addresses the primary one, else that of work, else the first.
func choose(value any) any {
	list, ok := value.([]any)
	if !ok {
		return value
	}
	var work any
	for _, v := range list {
		in, _ := v.(map[string]any)
		if primary, _ := truth(lookUp(in, "primary")); primary {
			return v
		}
		if kind, _ := lookUp(in, "type").(string); work == nil && strings.EqualFold(kind, "work") {
			work = v
		}
	}
	if work != nil {
		return work
	}
	if len(list) > 0 {
		return list[0]
	}
	return nil
}

// lookUp finds a member of an object whatever its case.
func lookUp(in map[string]any, name string) any {
	if v, ok := in[name]; ok {
		return v
	}
	for n, v := range in {
		if strings.EqualFold(n, name) {
			return v
		}
	}
	return nil
}

// selects reports whether a filter in a path means the address that is kept: the primary one, or
// that of work.
func selects(e filter.Expression) bool {
	switch x := e.(type) {
	case *filter.AttributeExpression:
		if x.Operator != filter.EQ {
			return false
		}
		switch strings.ToLower(x.AttributePath.AttributeName) {
		case "type":
			kind, _ := x.CompareValue.(string)
			return strings.EqualFold(kind, "work")
		case "primary":
			b, _ := truth(x.CompareValue)
			return b
		}
		return false
	case *filter.LogicalExpression:
		if x.Operator == filter.AND {
			return selects(x.Left) && selects(x.Right)
		}
		return selects(x.Left) || selects(x.Right)
	}
	return false
}

// equals gives the values that an attribute is compared with in a filter of eq and or; nil for any
// other filter.
func equals(e filter.Expression, name string) []string {
	switch x := e.(type) {
	case *filter.AttributeExpression:
		value, ok := x.CompareValue.(string)
		if ok && x.Operator == filter.EQ && strings.EqualFold(x.AttributePath.AttributeName, name) {
			return []string{value}
		}
	case *filter.LogicalExpression:
		left, right := equals(x.Left, name), equals(x.Right, name)
		if x.Operator == filter.OR && left != nil && right != nil {
			return append(left, right...)
		}
	}
	return nil
}
