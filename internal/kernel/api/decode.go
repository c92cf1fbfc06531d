package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	maxDepth = 64
	// maxKeysPerMiB bounds the number of object members by the size an operation accepts.
	maxKeysPerMiB = 10_000
)

// decoder reads a JSON body strictly and bends it to a schema. It gives back the bytes it
// was given when there was nothing to bend.
type decoder struct {
	registry huma.Registry
	aliases  map[string]string // other spellings of field names
	maxKeys  int

	tokens  *json.Decoder
	keys    int
	changed bool
	bad     fault.Fields
}

// decode checks a body and returns it as the schema's types want it. body is not empty.
func (d *decoder) decode(body []byte, schema *huma.Schema) ([]byte, error) {
	if !utf8.Valid(body) {
		return nil, invalidBody("body.encoding", "The body is not valid UTF-8.")
	}
	d.tokens = json.NewDecoder(bytes.NewReader(body))
	d.tokens.UseNumber()
	tree, err := d.value(schema, "", 0)
	if err == nil {
		if _, more := d.tokens.Token(); !errors.Is(more, io.EOF) {
			err = invalidBody("body.malformed", "There is something after the end of the JSON value.")
		}
	}
	if err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			return nil, f
		}
		return nil, invalidBody("body.malformed", fmt.Sprintf("The body is not valid JSON, near byte %d.", d.tokens.InputOffset()))
	}
	if err := d.bad.Err(); err != nil {
		return nil, err
	}
	if !d.changed {
		return body, nil
	}
	return json.Marshal(tree)
}

func invalidBody(code, detail string) *fault.Error {
	return fault.Invalid(fault.Field{Code: code, Detail: detail})
}

// value reads one value whose schema may be nil: nothing is known of it then.
func (d *decoder) value(schema *huma.Schema, pointer string, depth int) (any, error) {
	token, err := d.tokens.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, invalidBody("body.depth", fmt.Sprintf("The body is nested more than %d levels deep.", maxDepth))
	}
	schema = d.resolve(schema)
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return d.object(schema, pointer, depth)
		}
		return d.array(schema, pointer, depth)
	default:
		return d.bend(token, schema), nil
	}
}

func (d *decoder) resolve(schema *huma.Schema) *huma.Schema {
	for schema != nil && schema.Ref != "" {
		schema = d.registry.SchemaFromRef(schema.Ref)
	}
	return schema
}

func (d *decoder) object(schema *huma.Schema, pointer string, depth int) (any, error) {
	object := map[string]any{}
	seen := map[string]bool{}
	for d.tokens.More() {
		token, err := d.tokens.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string)
		at := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		if d.keys++; d.keys > d.maxKeys {
			return nil, invalidBody("body.tooManyKeys", fmt.Sprintf("The body has more than %d fields.", d.maxKeys))
		}
		if seen[key] {
			d.bad.Add(at, "field.duplicate", "This field is given twice.")
		}
		seen[key] = true
		name, field, takes := d.member(schema, key)
		v, err := d.value(field, at, depth+1)
		if err != nil {
			return nil, err
		}
		if _, taken := object[name]; !takes || (name != key && taken) {
			d.changed = true
			continue
		}
		object[name] = v
	}
	_, err := d.tokens.Token() // the closing brace
	if schema != nil && schema.Type == huma.TypeArray && isFlat(schema, d) {
		d.changed = true
		return []any{object}, err
	}
	return object, err
}

// isFlat reports that a list takes objects, so that one object may stand for a list of one.
func isFlat(schema *huma.Schema, d *decoder) bool {
	items := d.resolve(schema.Items)
	return items != nil && items.Type == huma.TypeObject
}

// member finds the schema of a field by its exact name or another spelling of it. Names that
// differ from a known one only by case are dropped: the decoder behind us would take them.
func (d *decoder) member(schema *huma.Schema, key string) (name string, field *huma.Schema, takes bool) {
	if schema == nil || schema.Properties == nil {
		return key, nil, true
	}
	if field, ok := schema.Properties[key]; ok {
		return key, field, true
	}
	if other, ok := d.aliases[key]; ok {
		if field, ok := schema.Properties[other]; ok {
			d.changed = true
			return other, field, true
		}
	}
	for known := range schema.Properties {
		if strings.EqualFold(known, key) {
			return key, nil, false
		}
	}
	return key, nil, true
}

func (d *decoder) array(schema *huma.Schema, pointer string, depth int) (any, error) {
	var items *huma.Schema
	if schema != nil {
		items = schema.Items
	}
	list := []any{}
	for d.tokens.More() {
		v, err := d.value(items, pointer+"/"+strconv.Itoa(len(list)), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.tokens.Token() // the closing bracket
	return list, err
}

// bend turns a scalar into what the schema wants where the meaning is plain. What it cannot
// turn stays as it is, for the validator to report.
func (d *decoder) bend(v any, schema *huma.Schema) any {
	if schema == nil {
		return v
	}
	text, isText := v.(string)
	switch schema.Type {
	case huma.TypeArray:
		if v != nil {
			d.changed = true
			return []any{d.bend(v, d.resolve(schema.Items))}
		}
	case huma.TypeInteger, huma.TypeNumber:
		if isText {
			if n, ok := number(text); ok {
				d.changed = true
				return n
			}
		}
	case huma.TypeBoolean:
		if isText && (text == "true" || text == "false") {
			d.changed = true
			return text == "true"
		}
	}
	return v
}

// number reads a JSON number written as a string.
func number(text string) (json.Number, bool) {
	var n json.Number
	if text == "" || text[0] == '"' || json.Unmarshal([]byte(text), &n) != nil {
		return "", false
	}
	return n, true
}
