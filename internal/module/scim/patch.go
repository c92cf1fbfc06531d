package scim

import (
	"strconv"
	"strings"
)

// patched reads the body of a PATCH (RFC 7644, section 3.5.2).
func patched(body map[string]any) (*said, error) {
	list, ok := lookUp(body, "Operations").([]any)
	switch {
	case !ok || len(list) == 0:
		return nil, bad("invalidSyntax", "A PATCH has Operations.")
	case len(list) > maxOperations:
		return nil, bad("tooMany", "One PATCH has at most "+strconv.Itoa(maxOperations)+" operations.")
	}
	s := newSaid()
	for _, v := range list {
		operation, ok := v.(map[string]any)
		if !ok {
			return nil, bad("invalidSyntax", "An operation is an object.")
		}
		if err := s.operation(operation); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *said) operation(in map[string]any) error {
	op, _ := lookUp(in, "op").(string)
	op = strings.ToLower(op)
	if op != "add" && op != "replace" && op != "remove" {
		return bad("invalidSyntax", "An operation's op is add, replace or remove.")
	}
	value, path := lookUp(in, "value"), ""
	if p := lookUp(in, "path"); p != nil {
		text, ok := p.(string)
		if !ok {
			return bad("invalidPath", "A path is a text.")
		}
		path = strings.TrimSpace(text)
	}
	if path != "" {
		if withoutSchema(path) == "" {
			if object, ok := value.(map[string]any); ok {
				return s.each(object, op)
			}
			return nil
		}
		return s.named(path, value, op)
	}
	object, ok := value.(map[string]any)
	switch {
	case op == "remove":
		return bad("noTarget", "An operation that removes has a path.")
	case !ok:
		return bad("invalidValue", "An operation without a path has an object as its value.")
	}
	return s.each(object, op)
}

// each takes over the attributes of an operation without a path.
func (s *said) each(object map[string]any, op string) error {
	for name, v := range object {
		if withoutSchema(name) == "" {
			inner, ok := v.(map[string]any)
			if !ok {
				continue
			}
			if err := s.each(inner, op); err != nil {
				return err
			}
			continue
		}
		if err := s.named(name, v, op); err != nil {
			return err
		}
	}
	return nil
}
