package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
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
	// manyKeys is the size of an object from which a map finds its duplicate keys.
	manyKeys = 24
)

// decoder reads a JSON body in one pass, strictly, and notes the few places where it must be
// bent to a schema. Nothing is copied when there are none.
type decoder struct {
	registry huma.Registry
	aliases  map[string]string // other spellings of field names
	maxKeys  int

	scanner
	keys  int
	path  []byte   // JSON pointer of the value being read
	names [][]byte // keys of the objects being read, outermost first
	edits []edit   // by position
	bad   fault.Fields
}

// edit replaces a part of the body.
type edit struct {
	from, to int
	with     string
}

// decode gives the body as the schema's types want it, and what is wrong with single fields:
// the body has harmless values in their places then, so that the validator can report the
// rest. It fails on what is not JSON, or too much of it.
func (d *decoder) decode(body []byte, schema *huma.Schema) ([]byte, []fault.Field, error) {
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	if !utf8.Valid(body) {
		return nil, nil, invalidBody("body.encoding", "The body is not valid UTF-8.")
	}
	d.in = body
	if err := d.value(schema); err != nil {
		return nil, nil, err
	}
	if d.space(); d.at < len(d.in) {
		return nil, nil, invalidBody("body.malformed", "There is something after the end of the JSON value.")
	}
	return d.edited(), d.bad.List(), nil
}

func invalidBody(code, detail string) *fault.Error {
	return fault.Invalid(fault.Field{Code: code, Detail: detail})
}

func (d *decoder) edited() []byte {
	if len(d.edits) == 0 {
		return d.in
	}
	out, done := make([]byte, 0, len(d.in)+16*len(d.edits)), 0
	for _, e := range d.edits {
		out = append(append(out, d.in[done:e.from]...), e.with...)
		done = e.to
	}
	return append(out, d.in[done:]...)
}

func (d *decoder) replace(from, to int, with string) {
	d.edits = append(d.edits, edit{from, to, with})
}

// wrong notes a field that cannot be used and puts a harmless value in its place.
func (d *decoder) wrong(from int, code, detail, instead string) {
	d.bad.Add(string(d.path), code, detail)
	d.replace(from, d.at, instead)
}

func (d *decoder) resolve(schema *huma.Schema) *huma.Schema {
	for schema != nil && schema.Ref != "" {
		schema = d.registry.SchemaFromRef(schema.Ref)
	}
	return schema
}

// value reads one value. Nothing is known of it when the schema is nil.
func (d *decoder) value(schema *huma.Schema) error {
	c, err := d.peek()
	if err != nil {
		return err
	}
	schema = d.resolve(schema)
	single := schema != nil && schema.Type == huma.TypeArray && d.standsForList(c, schema)
	if single {
		d.replace(d.at, d.at, "[")
		schema = d.resolve(schema.Items)
	}
	from := d.at
	switch c {
	case '{':
		err = d.object(schema)
	case '[':
		err = d.array(schema)
	case '"':
		err = d.text(alternative(schema, huma.TypeString), single)
	case 't', 'f', 'n':
		err = d.literal()
	default:
		if err = d.number(); err == nil {
			d.bendNumber(d.in[from:d.at], from, alternative(schema, huma.TypeNumber))
		}
	}
	if single {
		d.replace(d.at, d.at, "]")
	}
	return err
}

// standsForList reports that one value, beginning with c, stands for a list of one.
func (d *decoder) standsForList(c byte, list *huma.Schema) bool {
	if c == '[' || c == 'n' {
		return false
	}
	items := d.resolve(list.Items)
	return items == nil || items.Type == "" || (c == '{') == (items.Type == huma.TypeObject)
}

// alternative finds the schema for a value of a type where a schema leaves the choice.
func alternative(schema *huma.Schema, kind string) *huma.Schema {
	if schema == nil || schema.Type != "" {
		return schema
	}
	for _, list := range [...][]*huma.Schema{schema.OneOf, schema.AnyOf} {
		for _, s := range list {
			if s.Type == kind || (s.Type == huma.TypeInteger && kind == huma.TypeNumber) {
				return s
			}
		}
	}
	return schema
}

func (d *decoder) enter() error {
	if d.depth++; d.depth > maxDepth {
		return invalidBody("body.depth", fmt.Sprintf("The body is nested more than %d levels deep.", maxDepth))
	}
	d.at++
	return nil
}

func (d *decoder) object(schema *huma.Schema) error {
	if err := d.enter(); err != nil {
		return err
	}
	level := members{schema: schema, first: len(d.names), path: len(d.path)}
	for first := true; ; first = false {
		more, err := d.more('}', first)
		if err != nil {
			return err
		}
		if !more {
			d.names, d.path = d.names[:level.first], d.path[:level.path]
			return nil
		}
		if err := d.member(&level); err != nil {
			return err
		}
	}
}

// members is what is known of an object while it is read.
type members struct {
	schema  *huma.Schema
	first   int                 // of its keys in decoder.names
	path    int                 // length of its pointer
	seen    map[string]struct{} // its keys, once there are many
	renamed []renamed           // fields that another spelling of them was taken for
}

// renamed is a field with the edit that gave another spelling its name.
type renamed struct {
	name string
	edit int
}

func (d *decoder) member(m *members) error {
	from := d.at
	key, err := d.key()
	if err != nil {
		return err
	}
	if d.keys++; d.keys > d.maxKeys {
		return invalidBody("body.tooManyKeys", fmt.Sprintf("The body has more than %d fields.", d.maxKeys))
	}
	d.path = appendToken(d.path[:m.path], key)
	end := d.at
	if d.isDuplicate(m, key) {
		d.bad.Add(string(d.path), "field.duplicate", "This field is given twice.")
	}
	field, name, known := d.field(m.schema, key)
	switch {
	case !known:
		d.replace(from, end, `""`) // matches no field, as the key that was sent should
	case name != "" && d.isTaken(m, name):
		d.replace(from, end, `""`)
	case name != "":
		m.renamed = append(m.renamed, renamed{name, len(d.edits)})
		d.replace(from, end, strconv.Quote(name))
	default:
		for _, other := range m.renamed {
			if other.name == string(key) { // the name itself goes before other spellings
				d.edits[other.edit].with = `""`
			}
		}
	}
	if err := d.colon(); err != nil {
		return err
	}
	return d.value(field)
}

// isDuplicate remembers a key and reports that it was there before.
func (d *decoder) isDuplicate(m *members, key []byte) bool {
	mine := d.names[m.first:]
	d.names = append(d.names, key)
	if len(mine) < manyKeys {
		for _, other := range mine {
			if bytes.Equal(other, key) {
				return true
			}
		}
		return false
	}
	if m.seen == nil {
		m.seen = make(map[string]struct{}, 2*manyKeys)
		for _, other := range mine {
			m.seen[string(other)] = struct{}{}
		}
	}
	before := len(m.seen)
	m.seen[string(key)] = struct{}{}
	return len(m.seen) == before
}

// isTaken reports that a field has come under its own name or another spelling already.
func (d *decoder) isTaken(m *members, name string) bool {
	for _, other := range m.renamed {
		if other.name == name {
			return true
		}
	}
	for _, other := range d.names[m.first:] {
		if string(other) == name {
			return true
		}
	}
	return false
}

// field finds the schema of a field by its exact name, or by another spelling of it, which
// gives its name. A key that differs from a field's only by case is not known: it must not
// take effect, though the decoder behind us would take it.
func (d *decoder) field(schema *huma.Schema, key []byte) (field *huma.Schema, name string, known bool) {
	if schema == nil {
		return nil, "", true
	}
	if field := d.property(schema, string(key)); field != nil {
		return field, "", true
	}
	if name, ok := d.aliases[string(key)]; ok {
		if field := d.property(schema, name); field != nil {
			return field, name, true
		}
	}
	if d.hasCaseVariant(schema, key) {
		return nil, "", false
	}
	rest, _ := schema.AdditionalProperties.(*huma.Schema)
	return rest, "", true
}

func (d *decoder) property(schema *huma.Schema, name string) *huma.Schema {
	if field := schema.Properties[name]; field != nil {
		return field
	}
	for _, list := range [...][]*huma.Schema{schema.OneOf, schema.AnyOf, schema.AllOf} {
		for _, s := range list {
			if field := d.property(d.resolve(s), name); field != nil {
				return field
			}
		}
	}
	return nil
}

func (d *decoder) hasCaseVariant(schema *huma.Schema, key []byte) bool {
	for known := range schema.Properties {
		if strings.EqualFold(known, string(key)) {
			return true
		}
	}
	for _, list := range [...][]*huma.Schema{schema.OneOf, schema.AnyOf, schema.AllOf} {
		for _, s := range list {
			if d.hasCaseVariant(d.resolve(s), key) {
				return true
			}
		}
	}
	return false
}

func (d *decoder) array(schema *huma.Schema) error {
	if err := d.enter(); err != nil {
		return err
	}
	var items *huma.Schema
	if schema != nil {
		items = schema.Items
	}
	path := len(d.path)
	for i := 0; ; i++ {
		more, err := d.more(']', i == 0)
		if err != nil {
			return err
		}
		if !more {
			d.path = d.path[:path]
			return nil
		}
		d.path = strconv.AppendInt(append(d.path[:path], '/'), int64(i), 10)
		if err := d.value(items); err != nil {
			return err
		}
	}
}

// text reads a string and bends it to a number or a boolean where one is meant. What cannot
// be bent stays as it is, for the validator to report.
func (d *decoder) text(schema *huma.Schema, single bool) error {
	from := d.at
	content, err := d.str()
	if err != nil {
		return err
	}
	switch {
	case d.unfit:
		d.wrong(from, "field.characters", "This text has characters that cannot be stored: NUL, or half of a surrogate pair.", `""`)
	case schema == nil:
	case single && len(content) == 0: // nothing is a list of nothing
		d.replace(from, d.at, "")
	case schema.Type == huma.TypeInteger || schema.Type == huma.TypeNumber:
		if isNumber(content) && !d.bendNumber(content, from, schema) {
			d.replace(from, d.at, string(content))
		}
	case schema.Type == huma.TypeBoolean:
		if t := string(content); t == "true" || t == "false" {
			d.replace(from, d.at, t)
		}
	case schema.Extensions[formatExtension] == formatTime:
		var t Time
		if err := t.UnmarshalText(content); err != nil {
			d.wrong(from, "field.format", capitalized(err.Error())+".", `"2000-01-01"`)
		}
	}
	return nil
}

// bendNumber reports numbers out of range and writes whole ones as integers. It tells whether
// it has put something in the number's place.
func (d *decoder) bendNumber(number []byte, from int, schema *huma.Schema) bool {
	exponent := bytes.ContainsAny(number, "eE")
	if (exponent || len(number) > 300) && !isFinite(number) {
		d.wrong(from, "field.range", "This number is out of range.", "0")
		return true
	}
	if schema == nil || schema.Type != huma.TypeInteger {
		return false
	}
	if !exponent && !bytes.Contains(number, []byte(".")) {
		if fitsInteger(number, schema.Format) {
			return false
		}
		d.wrong(from, "field.range", "This number is out of range.", "0")
		return true
	}
	const exact = 1 << 53
	if f, _ := strconv.ParseFloat(string(number), 64); f > -exact && f < exact && f == math.Trunc(f) {
		d.replace(from, d.at, strconv.FormatInt(int64(f), 10))
		return true
	}
	return false
}

func isFinite(number []byte) bool {
	_, err := strconv.ParseFloat(string(number), 64)
	return err == nil
}

// fitsInteger reports that whole digits fit the schema's format. -0 is no integer.
func fitsInteger(digits []byte, format string) bool {
	if string(digits) == "-0" {
		return false
	}
	if len(digits) < 10 {
		return true
	}
	bits := 64
	if format == "int32" {
		bits = 32
	}
	_, err := strconv.ParseInt(string(digits), 10, bits)
	return err == nil
}

// isNumber reports that text is a JSON number.
func isNumber(text []byte) bool {
	s := scanner{in: text}
	return len(text) > 0 && s.number() == nil && s.at == len(text)
}

// appendToken extends a JSON pointer (RFC 6901).
func appendToken(pointer, name []byte) []byte {
	pointer = append(pointer, '/')
	for _, c := range name {
		switch c {
		case '~':
			pointer = append(pointer, "~0"...)
		case '/':
			pointer = append(pointer, "~1"...)
		default:
			pointer = append(pointer, c)
		}
	}
	return pointer
}

// unquote reads a JSON string that has escapes.
func unquote(quoted []byte) []byte {
	var text string
	_ = json.Unmarshal(quoted, &text) // the scanner has found it valid
	return []byte(text)
}

// CheckJSON refuses text that is not JSON as this API reads it.
func CheckJSON(text []byte) error {
	d := decoder{maxKeys: maxKeysPerMiB}
	_, bad, err := d.decode(text, nil)
	if err == nil && len(bad) > 0 {
		err = fault.Invalid(bad...)
	}
	return err
}
