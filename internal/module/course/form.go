package course

import (
	"encoding/json"
	"fmt"
	"math"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// Limits of forms, in fields, levels, choices, characters and bytes.
const (
	maxFields  = 200
	maxLevels  = 8
	maxAnswer  = 10_000
	maxPattern = 500
	maxStored  = 256 << 10
)

// Form is what those who take a course fill in.
type Form struct {
	ID, Title            string
	Accepting            bool
	Type                 *string
	Schema               Document // of a form builder
	CreatedAt, UpdatedAt int64
}

// Document is a JSON object that is kept as it is.
type Document map[string]any

// Schema implements huma.SchemaProvider: anything may be in it.
func (Document) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// FormDraft is what a client sends to give a course a form.
type FormDraft struct {
	Title     string            `json:"title" required:"true" maxLength:"300" doc:"Title"`
	Accepting api.Patch[bool]   `json:"accepting,omitempty" doc:"It takes answers; true unless said otherwise"`
	Type      api.Patch[string] `json:"type,omitempty" maxLength:"100" doc:"What you call its kind"`
	Schema    Document          `json:"schema" required:"true" doc:"The document of a form builder: data.components are the fields"`
}

// Answers are what somebody filled in.
type Answers struct {
	Answers Document `json:"answers" required:"true" doc:"Values by the keys of the fields"`
}

// component is a field of a form, as form builders write it. Numbers may be texts, "" for none.
type component struct {
	Key, Type  string
	Label      string
	Input      *bool
	Multiple   bool
	Components []component
	Columns    []component
	Values     []choice
	Data       struct{ Values []choice }
	Validate   struct {
		Required             bool
		MinLength, MaxLength any
		Min, Max             any
		Pattern              string
	}
}

// choice is one of the values a field offers.
type choice struct{ Value any }

// field is a field that is filled in.
type field struct {
	component

	choices []string
	pattern *regexp.Regexp
}

// layout are the types that hold fields and are none.
var layout = []string{"button", "content", "htmlelement", "panel", "columns", "fieldset", "well", "table", "tabs"}

// fields gives the fields of a form builder's document, or reports what is wrong with it.
func fields(schema map[string]any, bad *fault.Fields) []field {
	text, err := json.Marshal(schema)
	if err != nil || len(text) > maxStored {
		bad.Addf("/schema", "form.tooLarge", "A form has at most %d bytes.", maxStored)
		return nil
	}
	var doc struct {
		Components []component
		Data       struct{ Components []component }
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		bad.Add("/schema", "form.invalid", "This is no document of a form builder: data.components must be a list of fields.")
		return nil
	}
	at, components := "/schema/data/components", doc.Data.Components
	if components == nil {
		at, components = "/schema/components", doc.Components
	}
	var r reader
	r.read(at, components, 0, bad)
	if len(r.list) > maxFields {
		bad.Addf(at, "form.tooMany", "A form has at most %d fields.", maxFields)
	}
	return r.list
}

// reader collects the fields of a form.
type reader struct {
	list []field
	keys []string
}

func (r *reader) read(at string, components []component, level int, bad *fault.Fields) {
	if level > maxLevels || len(r.list) > maxFields {
		bad.Addf(at, "form.tooDeep", "Fields are nested at most %d levels deep.", maxLevels)
		return
	}
	for i, c := range components {
		here := fmt.Sprintf("%s/%d", at, i)
		r.read(here+"/components", c.Components, level+1, bad)
		r.read(here+"/columns", c.Columns, level+1, bad)
		if slices.Contains(layout, c.Type) || c.Input != nil && !*c.Input || len(c.Components)+len(c.Columns) > 0 {
			continue
		}
		f := field{component: c}
		switch {
		case c.Key == "":
			if level > 0 && c.Type == "" { // a column
				continue
			}
			bad.Add(here+"/key", "field.required", "A field needs a key.")
		case slices.Contains(r.keys, c.Key):
			bad.Add(here+"/key", "form.keyTaken", "Another field has this key.")
		}
		r.keys = append(r.keys, c.Key)
		for _, v := range slices.Concat(c.Values, c.Data.Values) {
			f.choices = append(f.choices, fmt.Sprint(v.Value))
		}
		if p := c.Validate.Pattern; p != "" {
			var err error
			if f.pattern, err = regexp.Compile(`^(?:` + p + `)$`); err != nil || len(p) > maxPattern {
				bad.Add(here+"/validate/pattern", "form.pattern", "This is no regular expression that this server understands (RE2, at most 500 characters).")
			}
		}
		r.list = append(r.list, f)
	}
}

// check reports what is wrong with the answers to a form.
func check(list []field, answers map[string]any, bad *fault.Fields) {
	if text, err := json.Marshal(answers); err != nil || len(text) > maxStored {
		bad.Addf("/answers", "form.tooLarge", "Answers have at most %d bytes.", maxStored)
		return
	}
	known := map[string]bool{}
	for _, f := range list {
		known[f.Key] = true
		f.check(pointer(f.Key), answers[f.Key], bad)
	}
	for key := range answers {
		if !known[key] {
			bad.Add(pointer(key), "form.unknown", "The form has no field with this key.")
		}
	}
}

// pointer is the JSON pointer of an answer.
func pointer(key string) string {
	return "/answers/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

func (f field) check(at string, v any, bad *fault.Fields) {
	if blank(v) || f.Type == "checkbox" && v == false {
		if f.Validate.Required {
			bad.Add(at, "field.required", "This field must be filled in.")
		}
		return
	}
	switch list, isList := v.([]any); {
	case f.Type == "selectboxes":
		f.checkBoxes(at, v, bad)
	case f.Multiple && isList:
		for i, one := range list {
			f.checkOne(at+"/"+strconv.Itoa(i), one, bad)
		}
	default:
		f.checkOne(at, v, bad)
	}
}

// blank reports an answer that says nothing.
func blank(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(x) == ""
	case []any:
		return len(x) == 0
	case map[string]any:
		return len(x) == 0
	}
	return false
}

// checkBoxes is for a field that has a box for each choice.
func (f field) checkBoxes(at string, v any, bad *fault.Fields) {
	boxes, ok := v.(map[string]any)
	if !ok {
		bad.Add(at, "field.type", "Send an object with true or false for each choice.")
		return
	}
	ticked := 0
	for name, on := range boxes {
		yes, isBool := on.(bool)
		if !isBool || !slices.Contains(f.choices, name) {
			bad.Add(at, "form.choice", "Choose among: "+strings.Join(f.choices, ", ")+".")
			return
		}
		if yes {
			ticked++
		}
	}
	if ticked == 0 && f.Validate.Required {
		bad.Add(at, "field.required", "Choose at least one.")
	}
}

// checkOne holds one value against the field.
func (f field) checkOne(at string, v any, bad *fault.Fields) {
	switch f.Type {
	case "number", "currency":
		f.checkNumber(at, v, bad)
		return
	case "checkbox":
		if _, ok := v.(bool); !ok {
			bad.Add(at, "field.type", "Send true or false.")
		}
		return
	}
	text, ok := v.(string)
	if !ok {
		if len(f.choices) == 0 { // choices may be numbers
			bad.Add(at, "field.type", "Send a text.")
			return
		}
		text = fmt.Sprint(v)
	}
	if len(f.choices) > 0 {
		if !slices.Contains(f.choices, text) {
			bad.Add(at, "form.choice", "Choose among: "+strings.Join(f.choices, ", ")+".")
		}
		return
	}
	f.checkText(at, text, bad)
}

func (f field) checkNumber(at string, v any, bad *fault.Fields) {
	n, ok := number(v)
	if !ok {
		bad.Add(at, "field.type", "Send a number.")
		return
	}
	if least, ok := number(f.Validate.Min); ok && n < least {
		bad.Addf(at, "field.range", "At least %v.", least)
	}
	if most, ok := number(f.Validate.Max); ok && n > most {
		bad.Addf(at, "field.range", "At most %v.", most)
	}
}

func (f field) checkText(at, text string, bad *fault.Fields) {
	length, most := utf8.RuneCountInString(text), float64(maxAnswer)
	if n, ok := number(f.Validate.MaxLength); ok {
		most = min(most, n)
	}
	if float64(length) > most {
		bad.Addf(at, "field.tooLong", "At most %v characters.", most)
	}
	if least, ok := number(f.Validate.MinLength); ok && float64(length) < least {
		bad.Addf(at, "field.tooShort", "At least %v characters.", least)
	}
	if f.pattern != nil && !f.pattern.MatchString(text) {
		bad.Add(at, "form.pattern", "This does not have the form that is asked for: "+f.Validate.Pattern)
	}
	switch f.Type {
	case "email":
		if a, err := mail.ParseAddress(text); err != nil || a.Address != text {
			bad.Add(at, "field.email", "This is no e-mail address.")
		}
	case "url":
		message.ValidateURL(at, text, bad)
	case "day", "datetime":
		var when api.Time
		if when.UnmarshalText([]byte(text)) != nil {
			bad.Add(at, "field.time", "Send a time such as "+time.DateOnly+".")
		}
	}
}

// number reads a number that may be written as a text; "" and null are none.
func number(v any) (float64, bool) {
	switch x := v.(type) {
	case float64:
		return x, true
	case string:
		n, err := strconv.ParseFloat(strings.TrimSpace(x), 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	return 0, false
}
