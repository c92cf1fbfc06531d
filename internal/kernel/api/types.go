package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// Time is an instant. It is written as RFC 3339 in UTC with milliseconds; it is read with or
// without a zone (UTC then), fraction or time of day.
type Time time.Time

// Times carry their format in an extension: huma would check the format and refuse what we
// take. OpenAPI shows it as format.
const (
	formatExtension = "x-format"
	formatTime      = "date-time"
)

const timeLayout = "2006-01-02T15:04:05.000Z"

var inputLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04:05", time.DateOnly}

// At is the time of stored milliseconds.
func At(ms int64) Time { return Time(time.UnixMilli(ms).UTC()) }

// AtPtr is At for a column that may be NULL.
func AtPtr(ms *int64) *Time {
	if ms == nil {
		return nil
	}
	t := At(*ms)
	return &t
}

// Millis is the stored form.
func (t Time) Millis() int64 { return time.Time(t).UnixMilli() }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(make([]byte, 0, 2*len(timeLayout)), `"`+timeLayout+`"`), nil
}

// UnmarshalText implements encoding.TextUnmarshaler, for JSON and query parameters.
func (t *Time) UnmarshalText(text []byte) error {
	for _, layout := range inputLayouts {
		if parsed, err := time.Parse(layout, string(text)); err == nil {
			parsed = parsed.UTC() // which may be in another year
			if y := parsed.Year(); y < 1 || y > 9999 {
				break
			}
			*t = Time(parsed.Truncate(time.Millisecond))
			return nil
		}
	}
	return fmt.Errorf("expected a time such as 2026-01-31T09:30:00.000Z")
}

// Schema implements huma.SchemaProvider.
func (Time) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Examples: []any{"2026-01-31T09:30:00.000Z"}, Extensions: map[string]any{formatExtension: formatTime}}
}

// OptionalTime is a query parameter that is a time or absent.
type OptionalTime struct{ at *Time }

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *OptionalTime) UnmarshalText(text []byte) error {
	var t Time
	if err := t.UnmarshalText(text); err != nil {
		return err
	}
	o.at = &t
	return nil
}

// Schema implements huma.SchemaProvider.
func (OptionalTime) Schema(r huma.Registry) *huma.Schema { return Time{}.Schema(r) }

// Ptr gives the time, nil when it is absent.
func (o OptionalTime) Ptr() *Time { return o.at }

// OptionalBool is a query parameter that is true, false or absent.
type OptionalBool struct {
	Value bool
	isSet bool
}

// Schema implements huma.SchemaProvider.
func (OptionalBool) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeBoolean} }

// Receiver implements huma.ParamWrapper.
func (o *OptionalBool) Receiver() reflect.Value { return reflect.ValueOf(o).Elem().Field(0) }

// OnParamSet implements huma.ParamReactor.
func (o *OptionalBool) OnParamSet(isSet bool, _ any) { o.isSet = isSet }

// Ptr gives the value, nil when it is absent.
func (o OptionalBool) Ptr() *bool {
	if !o.isSet {
		return nil
	}
	return &o.Value
}

// Strings is a list of strings. It reads one string as a list of one, and null as an empty
// list, since the reference prints both.
type Strings []string

// UnmarshalJSON implements json.Unmarshaler.
func (s *Strings) UnmarshalJSON(body []byte) error {
	body = bytes.TrimSpace(body)
	*s = nil
	if len(body) > 0 && body[0] == '"' {
		var one string
		if err := json.Unmarshal(body, &one); err != nil {
			return err
		}
		*s = Strings{one}
		return nil
	}
	return json.Unmarshal(body, (*[]string)(s))
}

// MarshalJSON implements json.Marshaler: never null.
func (s Strings) MarshalJSON() ([]byte, error) {
	if s == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]string(s))
}

// Schema implements huma.SchemaProvider.
func (Strings) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}, Nullable: true}
}

// Text is a string that is also read from a JSON number.
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(body []byte) error {
	var n json.Number
	if json.Unmarshal(body, &n) == nil && len(body) > 0 && body[0] != '"' {
		*t = Text(n)
		return nil
	}
	return json.Unmarshal(body, (*string)(t))
}

// Schema implements huma.SchemaProvider.
func (Text) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeNumber}}}
}

// Patch is a field of a change: absent (leave alone), null (clear) or a value. Its zero value
// is absent.
type Patch[T any] struct {
	Set   bool // the field was sent
	Null  bool // as null; Value is T's zero value then
	Value T
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Patch[T]) UnmarshalJSON(body []byte) error {
	*p = Patch[T]{Set: true}
	if bytes.Equal(bytes.TrimSpace(body), []byte("null")) {
		p.Null = true
		return nil
	}
	return json.Unmarshal(body, &p.Value)
}

// MarshalJSON implements json.Marshaler, so that a change can be sent by a client in Go.
func (p Patch[T]) MarshalJSON() ([]byte, error) {
	if !p.Set || p.Null {
		return []byte("null"), nil
	}
	return json.Marshal(p.Value)
}

// IsZero makes the JSON option omitzero leave out absent fields.
func (p Patch[T]) IsZero() bool { return !p.Set }

// Schema implements huma.SchemaProvider: T's schema, or null.
func (Patch[T]) Schema(r huma.Registry) *huma.Schema {
	s := *r.Schema(reflect.TypeFor[T](), false, "")
	for _, choice := range []*[]*huma.Schema{&s.AnyOf, &s.OneOf} {
		if len(*choice) > 0 { // a choice has no type of its own that null could be added to
			first := *(*choice)[0]
			first.Nullable = true
			*choice = append([]*huma.Schema{&first}, (*choice)[1:]...)
			return &s
		}
	}
	s.Nullable = true
	return &s
}

// Paging limits.
const (
	defaultPerPage = 10
	maxPerPage     = 1000
	maxOffset      = 1 << 40
)

// Page is which page of a listing is wanted; embed it in a listing's input.
type Page struct {
	CurPage int    `query:"cur_page" minimum:"1" default:"1" doc:"Number of the page, from 1"`
	PerPage int    `query:"per_page" minimum:"1" default:"10" doc:"Items per page; more than 1000 is taken as 1000"`
	Cursor  string `query:"cursor" maxLength:"1024" doc:"Go on behind the last item of an earlier page: its meta.nextCursor. cur_page is ignored then"`
}

// Limit is the number of items of a page.
func (p Page) Limit() int {
	if p.PerPage < 1 {
		return defaultPerPage
	}
	return min(p.PerPage, maxPerPage)
}

// Offset is the number of items before the page.
func (p Page) Offset() int {
	if p.CurPage <= 1 {
		return 0
	}
	return min(min(p.CurPage-1, maxOffset)*p.Limit(), maxOffset)
}

// DecodeCursor reads the cursor into a position, or reports it as a wrong parameter.
func (p Page) DecodeCursor(position any) error {
	if ids.DecodeCursor(p.Cursor, position) != nil {
		return fault.Invalid(fault.Field{Pointer: "?cursor", Code: "cursor.invalid", Detail: "The cursor is not one this server gave out."})
	}
	return nil
}

// Meta says where a page stands. All numbers are exact.
type Meta struct {
	PerPage      int    `json:"perPage" doc:"Items per page"`
	TotalPages   int    `json:"totalPages" doc:"Number of pages"`
	TotalResults int    `json:"totalResults" doc:"Number of items the caller may see"`
	CurPage      int    `json:"curPage" doc:"Number of this page"`
	NextPage     int    `json:"nextPage" doc:"Number of the next page, 0 on the last"`
	NextCursor   string `json:"nextCursor,omitempty" doc:"Pass it as cursor to go on; absent at the end. After a cursor the end may also be an empty page"`
}

// Meta describes the page of a listing with total items.
func (p Page) Meta(total int) Meta {
	m := Meta{PerPage: p.Limit(), TotalResults: total, CurPage: max(p.CurPage, 1)}
	m.TotalPages = (total + m.PerPage - 1) / m.PerPage
	if m.CurPage < m.TotalPages {
		m.NextPage = m.CurPage + 1
	}
	return m
}

// GoesOn reports that something may stand behind a full page. After a cursor that is not known.
func (m Meta) GoesOn(p Page) bool { return p.Cursor != "" || m.NextPage > 0 }

// IfMatch is the precondition of a change; embed it in the input of one.
type IfMatch struct {
	IfMatch string `header:"If-Match" maxLength:"200" doc:"Change only this version: the ETag of an earlier answer"`
}

// ETag names a version of an object.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// CheckMatch gives a PreconditionFailed fault when If-Match names other versions only.
func CheckMatch(ifMatch string, version int64) error {
	if ifMatch == "" || ifMatch == "*" {
		return nil
	}
	for tag := range strings.SplitSeq(ifMatch, ",") {
		if strings.TrimSpace(tag) == ETag(version) {
			return nil
		}
	}
	return fault.New(fault.KindPreconditionFailed, "version.changed", "Somebody has changed this since you read it. Read it again.")
}
