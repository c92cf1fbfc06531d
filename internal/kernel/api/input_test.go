package api_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workdrive/workdrive/internal/kernel/api"
)

// TestBadBodies sends what no client should, and expects every wrong field to be named at
// once, with nothing done.
func TestBadBodies(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		name, body string
		fields     []string
	}{
		{"empty object", `{}`, []string{"/name field.required"}},
		{"null", `null`, []string{" field.type"}},
		{"list", `[]`, []string{" field.type"}},
		{"text", `"x"`, []string{" field.type"}},
		{"null for a required field", `{"name":null}`, []string{"/name field.type"}},
		{"wrong types", `{"name":1,"count":"x","price":{},"on":"yes","tags":{},"kind":3,"at":5,"parts":[1],"note":1}`, []string{
			"/at field.type", "/count field.type", "/kind field.type", "/name field.type", "/note field.type", "/on field.type",
			"/parts/0 field.type", "/price field.type", "/tags field.type",
		}},
		{"too long", `{"name":"` + strings.Repeat("é", 21) + `","note":"123456","tags":["a","b","c","d"],"extra":{"x":{"email":"` + strings.Repeat("a", 50) + `@x.org"}}}`, []string{
			"/extra/x/email field.tooLong", "/name field.tooLong", "/note field.tooLong", "/tags field.tooMany",
		}},
		{"too short", `{"name":""}`, []string{"/name field.tooShort"}},
		{"bounds", `{"name":"x","count":-1,"price":1000.5}`, []string{"/count field.tooSmall", "/price field.tooLarge"}},
		{"unknown enum value", `{"name":"x","kind":"huge"}`, []string{"/kind field.enum"}},
		{"enum in another case", `{"name":"x","kind":"BIG"}`, []string{"/kind field.enum"}},
		{"deep in a list", `{"name":"x","parts":[{"email":"a@b.org"},{"email":"nobody"},{}]}`, []string{"/parts/1/email field.format", "/parts/2/email field.required"}},
		{"times", `{"name":"x","at":"yesterday","until":"2026-13-01"}`, []string{"/at field.format", "/until field.format"}},
		{"times and more", `{"name":"","at":"yesterday"}`, []string{"/at field.format", "/name field.tooShort"}},
		{"overflowing float", `{"name":"x","price":1e400}`, []string{"/price field.range"}},
		{"overflowing float, unknown field", `{"name":"x","zzz":[1,-1E+999]}`, []string{"/zzz/1 field.range"}},
		{"overflowing integer", `{"name":"x","count":9223372036854775808}`, []string{"/count field.range"}},
		{"overflowing integer as text", `{"name":"x","count":"9223372036854775808"}`, []string{"/count field.range"}},
		{"overflowing 32 bits", `{"name":"x","parts":[{"email":"a@b.org","size":2147483648}]}`, []string{"/parts/0/size field.range"}},
		{"negative zero", `{"name":"x","count":-0}`, []string{"/count field.range"}},
		{"fraction for an integer", `{"name":"x","count":1.5}`, []string{"/count field.type"}},
		{"duplicate key", `{"name":"x","name":"y"}`, []string{"/name field.duplicate"}},
		{"duplicate key, escaped", `{"name":"x","n\u0061me":"y"}`, []string{"/name field.duplicate"}},
		{"duplicate key, unknown field", `{"name":"x","a/b~c":1,"a/b~c":1}`, []string{"/a~1b~0c field.duplicate"}},
		{"duplicate key, nested", `{"name":"x","parts":[{"email":"a@b.org","email":"a@b.org"}],"opaque":{"a":[{"b":1,"b":1}]}}`, []string{
			"/opaque/a/0/b field.duplicate", "/parts/0/email field.duplicate",
		}},
		{"duplicate key and more", `{"name":"","count":1,"count":2}`, []string{"/count field.duplicate", "/name field.tooShort"}},
		{"duplicate key among many", `{"name":"x",` + many(0, 40) + `,"k7":0}`, []string{"/k7 field.duplicate"}},
		{"look-alike of a required field", `{"NAME":"x"}`, []string{"/name field.required"}},
		{"NUL", `{"name":"a\u0000"}`, []string{"/name field.characters"}},
		{"NUL in an unknown field", `{"name":"a","x":{"y":"\u0000"}}`, []string{"/x/y field.characters"}},
		{"half a surrogate pair", `{"name":"\ud800"}`, []string{"/name field.characters"}},
		{"second half first", `{"name":"\udc00\ud800"}`, []string{"/name field.characters"}},
		{"NUL in a key", `{"name":"a","\u0000":1}`, []string{" body.malformed"}},
		{"invalid UTF-8", "{\"name\":\"\xff\"}", []string{" body.encoding"}},
		{"UTF-16", "\xff\xfe{\x00}\x00", []string{" body.encoding"}},
		{"broken off", `{"name":"x"`, []string{" body.malformed"}},
		{"broken off in a string", `{"name":"x`, []string{" body.malformed"}},
		{"something behind", `{"name":"x"} {}`, []string{" body.malformed"}},
		{"comma too many", `{"name":"x",}`, []string{" body.malformed"}},
		{"comma too many in a list", `{"name":"x","tags":["a",]}`, []string{" body.malformed"}},
		{"comment", `{"name":"x"/**/}`, []string{" body.malformed"}},
		{"single quotes", `{'name':'x'}`, []string{" body.malformed"}},
		{"NaN", `{"name":"x","price":NaN}`, []string{" body.malformed"}},
		{"plus", `{"name":"x","count":+1}`, []string{" body.malformed"}},
		{"leading zero", `{"name":"x","count":01}`, []string{" body.malformed"}},
		{"bare fraction", `{"name":"x","price":.5}`, []string{" body.malformed"}},
		{"hexadecimal", `{"name":"x","count":0x10}`, []string{" body.malformed"}},
		{"control character", "{\"name\":\"a\nb\"}", []string{" body.malformed"}},
		{"unknown escape", `{"name":"\x41"}`, []string{" body.malformed"}},
		{"form", `name=x`, []string{" body.malformed"}},
		{"too deep", `{"name":"x","opaque":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, []string{" body.depth"}},
		{"far too deep", strings.Repeat(`{"a":`, 200_000), []string{" body.depth"}},
		{"too many keys", `{"name":"x",` + many(0, 10_000) + `}`, []string{" body.tooManyKeys"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := r.do("POST", "/api/things", c.body).want(t, 400, "request.invalid")
			got := a.fields()
			slices.Sort(got)
			if diff := cmp.Diff(c.fields, got); diff != "" {
				t.Errorf("fields (-want +got)\n%s\n%s", diff, a.Body)
			}
			for _, f := range a.problem.Errors {
				if f.Detail == "" || strings.Contains(f.Detail, "Go ") || strings.Contains(f.Detail, "json:") {
					t.Errorf("detail of %s: %q", f.Pointer, f.Detail)
				}
			}
		})
	}
	if r.runs != 0 {
		t.Errorf("a handler ran %d times", r.runs)
	}
}

// many gives members k<from> to k<to-1>.
func many(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, `,"k%d":0`, i)
	}
	return b.String()[1:]
}

func TestAnEnumNamesWhatItAllows(t *testing.T) {
	r := newRig(t)
	for _, a := range []answer{r.do("POST", "/api/things", `{"name":"x","kind":"huge"}`), r.do("GET", "/api/things?kind=huge", "")} {
		a.want(t, 400, "request.invalid")
		if len(a.problem.Errors) != 1 || !strings.Contains(a.problem.Errors[0].Detail, "big, small") {
			t.Errorf("%s does not name the values", a.Body)
		}
	}
}

// TestTolerance sends what the reference's clients send.
func TestTolerance(t *testing.T) {
	r := newRig(t)
	at := func(text string) *api.Time {
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		out := api.Time(parsed)
		return &out
	}
	for _, c := range []struct {
		name, body string
		want       thing
	}{
		{"as it should be", `{"name":"x","count":1,"price":1.5,"on":true,"tags":["a"],"labels":["b"]}`,
			thing{Name: "x", Count: 1, Price: 1.5, On: true, Tags: []string{"a"}, Labels: api.Strings{"b"}}},
		{"a value for a list", `{"name":"x","tags":"a","labels":"b","parts":{"email":"a@b.org"}}`,
			thing{Name: "x", Tags: []string{"a"}, Labels: api.Strings{"b"}, Parts: []part{{Email: "a@b.org"}}}},
		{"nothing for a list", `{"name":"x","tags":"","labels":null}`, thing{Name: "x", Tags: []string{}}},
		{"text for numbers", `{"name":"x","count":"12","price":"-1.5e2","parts":{"email":"a@b.org","size":"3"}}`,
			thing{Name: "x", Count: 12, Price: -150, Parts: []part{{Email: "a@b.org", Size: 3}}}},
		{"whole numbers with a fraction", `{"name":"x","count":3.0,"parts":{"email":"a@b.org","size":1e3}}`,
			thing{Name: "x", Count: 3, Parts: []part{{Email: "a@b.org", Size: 1000}}}},
		{"text for a boolean", `{"name":"x","on":"true","isAdmin":"false"}`, thing{Name: "x", On: true}},
		{"unknown fields", `{"name":"x","id":7,"org_id":{"a":[]},"":null}`, thing{Name: "x"}},
		{"look-alikes do not take effect", `{"name":"x","Name":"y","ISADMIN":true,"iſAdmin":true,"isadmin":true,"COUNT":5}`, thing{Name: "x"}},
		{"another spelling", `{"nombre":"x"}`, thing{Name: "x"}},
		{"another spelling with a blank", `{"odd Name":"x"}`, thing{Name: "x"}},
		{"the name wins over another spelling", `{"nombre":"y","name":"x"}`, thing{Name: "x"}},
		{"the name wins, the other way round", `{"name":"x","nombre":"y"}`, thing{Name: "x"}},
		{"the first of two other spellings wins", `{"odd Name":"x","nombre":"y"}`, thing{Name: "x"}},
		{"escaped key", `{"n\u0061me":"x"}`, thing{Name: "x"}},
		{"byte order mark", "\uFEFF" + `{"name":"x"}`, thing{Name: "x"}},
		{"pair of surrogates", `{"name":"\ud83d\ude00"}`, thing{Name: "😀"}},
		{"as deep as allowed", `{"name":"x","zzz":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`, thing{Name: "x"}},
		{"as many keys as allowed", `{"name":"x",` + many(0, 9_999) + `}`, thing{Name: "x"}},
		{"null clears", `{"name":"x","note":null,"at":null}`, thing{Name: "x", Note: api.Patch[string]{Set: true, Null: true}}},
		{"a value is set", `{"name":"x","note":"n"}`, thing{Name: "x", Note: api.Patch[string]{Set: true, Value: "n"}}},
		{"a time without a zone", `{"name":"x","at":"2026-01-02T03:04:05"}`, thing{Name: "x", At: at("2026-01-02T03:04:05Z")}},
		{"a day", `{"name":"x","at":"2026-01-02"}`, thing{Name: "x", At: at("2026-01-02T00:00:00Z")}},
		{"a time in another zone", `{"name":"x","until":"2026-01-02T03:04:05+02:00"}`, thing{Name: "x", Until: api.Patch[api.Time]{Set: true, Value: *at("2026-01-02T01:04:05Z")}}},
		{"number or text", `{"name":"x","mixed":1.50}`, thing{Name: "x", Mixed: "1.50"}},
		{"text or number", `{"name":"x","mixed":"1.50"}`, thing{Name: "x", Mixed: "1.50"}},
		{"blanks", " \r\n\t{ \"name\" : \"x\" , \"tags\" : [ \"a\" , \"b\" ] } \n", thing{Name: "x", Tags: []string{"a", "b"}}},
		{"opaque", `{"name":"x","opaque":{"Name":"1","tags":"2"}}`, thing{Name: "x", Opaque: json.RawMessage(`{"Name":"1","tags":"2"}`)}},
		{"by name", `{"name":"x","extra":{"A":{"email":"a@b.org","size":"4"},"a":{"email":"b@b.org"}}}`,
			thing{Name: "x", Extra: map[string]part{"A": {Email: "a@b.org", Size: 4}, "a": {Email: "b@b.org"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.do("POST", "/api/things", c.body).want(t, 201, "")
			if got, _ := r.got.(thing); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestQueries(t *testing.T) {
	r := newRig(t)
	for target, want := range map[string]any{
		"/api/things":                                     listInput{Page: api.Page{CurPage: 1, PerPage: 10}},
		"/api/things?per_page=5000&cur_page=3":            listInput{Page: api.Page{CurPage: 3, PerPage: 5000}},
		"/api/things?cur_page=9223372036854775807":        listInput{Page: api.Page{CurPage: 9223372036854775807, PerPage: 10}},
		"/api/things?per_page=":                           listInput{Page: api.Page{CurPage: 1, PerPage: 10}},
		"/api/things?only=a,b&each=a&each=b":              listInput{Page: api.Page{CurPage: 1, PerPage: 10}, Only: []string{"a", "b"}, Each: []string{"a", "b"}},
		"/api/things?only=a&only=b&unknown&other=1":       listInput{Page: api.Page{CurPage: 1, PerPage: 10}, Only: []string{"a", "b"}},
		"/api/things?flag=true&kind=big&name=%C3%A9":      listInput{Page: api.Page{CurPage: 1, PerPage: 10}, Flag: true, Kind: "big", Name: "é"},
		"/api/things?per_page=0":                          []string{"?per_page field.tooSmall"},
		"/api/things?per_page=-1&cur_page=0":              []string{"?cur_page field.tooSmall", "?per_page field.tooSmall"},
		"/api/things?per_page=1e3&cur_page=x":             []string{"?cur_page field.type", "?per_page field.type"},
		"/api/things?per_page=99999999999999999999":       []string{"?per_page field.type"},
		"/api/things?since=never&kind=x&flag=maybe":       []string{"?flag field.type", "?kind field.enum", "?since field.format"},
		"/api/things?name=12345678901":                    []string{"?name field.tooLong"},
		"/api/things?name=%ff":                            []string{"?name field.characters"},
		"/api/things?name=%00":                            []string{"?name field.characters"},
		"/api/things?name=%zz&kind=%":                     []string{"?kind field.characters", "?name field.characters"},
		"/api/things?%ff=1":                               []string{"?%ff field.characters"},
		"/api/things?name=a;kind=x":                       []string{"?name field.characters"},
		"/api/things?name=a&name=b":                       []string{"?name field.duplicate"},
		"/api/things?cursor=" + strings.Repeat("x", 1025): []string{"?cursor field.tooLong"},
	} {
		a := r.do("GET", target, "")
		if wrong, ok := want.([]string); ok {
			a.want(t, 400, "request.invalid")
			got := a.fields()
			slices.Sort(got)
			if diff := cmp.Diff(wrong, got); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", target, diff)
			}
			continue
		}
		if a.want(t, 200, ""); !reflect.DeepEqual(r.got, want) {
			t.Errorf("%s: got %+v, want %+v", target, r.got, want)
		}
	}
	r.do("GET", "/api/things?"+strings.Repeat("a=1&", 1000), "").want(t, 400, "query.tooMany")
}

func TestHowLargeABodyMayBe(t *testing.T) {
	r := newRig(t)
	of := func(size int) string { return `{"name":"x","opaque":"` + strings.Repeat("a", size-24) + `"}` }
	r.do("POST", "/api/things", of(1<<20)).want(t, 201, "")
	r.do("POST", "/api/things", of(1<<20+1)).want(t, 413, "request.tooLarge")
	r.do("POST", "/api/things/bulk", of(2<<20)).want(t, 201, "")
	r.do("POST", "/api/things/bulk", of(2<<20+1)).want(t, 413, "request.tooLarge")
	r.do("POST", "/api/things/bulk", `{"name":"x",`+many(0, 15_000)+`}`).want(t, 201, "")
	r.do("PATCH", "/api/things/"+visible, of(1<<20+1)).want(t, 413, "request.tooLarge")
	r.do("PATCH", "/api/things/"+hidden, of(1<<20+1)).want(t, 404, "thing.notFound")
}

// endless is a body without an end, which counts what was read of it.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	e.read += len(b)
	return len(b), nil
}

func TestABodyThatIsTooLargeIsNotReadOn(t *testing.T) {
	r := newRig(t)
	body := &endless{}
	r.send(httptest.NewRequest("POST", "/api/things", body)).want(t, 413, "request.tooLarge")
	if body.read > 4<<20 {
		t.Errorf("%d bytes were read", body.read)
	}
	announced := &endless{}
	req := httptest.NewRequest("POST", "/api/things", announced)
	req.ContentLength = 51 << 20
	r.send(req).want(t, 413, "request.tooLarge")
	if announced.read != 0 {
		t.Errorf("%d bytes were read of a body that announced itself too large", announced.read)
	}
}

func TestMediaTypes(t *testing.T) {
	r := newRig(t)
	for contentType, status := range map[string]int{
		"": 201, "application/json": 201, "application/json; charset=UTF-8": 201, "Application/JSON": 201,
		"application/merge-patch+json": 201, "application/json; charset=latin1": 415, "text/plain": 415, "application/xml": 415,
		"application/x-www-form-urlencoded": 415, "multipart/form-data; boundary=x": 415, "nonsense;;": 415, "text/x+json": 415,
	} {
		code := ""
		if status == 415 {
			code = "request.mediaType"
		}
		r.do("POST", "/api/things", `{"name":"x"}`, "Content-Type: "+contentType).want(t, status, code)
	}
	r.do("POST", "/api/things", `{"name":"x"}`, "Content-Encoding: gzip").want(t, 415, "request.mediaType")
	r.do("POST", "/api/things", "").want(t, 400, "request.invalid")
	r.do("POST", "/api/things", "  ").want(t, 400, "request.invalid")
	a := r.do("GET", "/api/things", "", "Accept: text/html, json;q=0.1")
	if got := a.want(t, 200, "").Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("the answer is %s", got)
	}
}
