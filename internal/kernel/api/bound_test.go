package api_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// seat is a name, or an object with more.
type seat struct{ Name string }

func (s *seat) UnmarshalJSON(body []byte) error {
	if body[0] == '"' {
		return json.Unmarshal(body, &s.Name)
	}
	var in struct{ Name string }
	err := json.Unmarshal(body, &in)
	s.Name = in.Name
	return err
}

func (seat) Schema(huma.Registry) *huma.Schema {
	object := &huma.Schema{Type: huma.TypeObject, Required: []string{"name"}, AdditionalProperties: true, Properties: map[string]*huma.Schema{
		"name": {Type: huma.TypeString, Description: "Name"}, "front": {Type: huma.TypeBoolean, Description: "In front"},
	}}
	object.PrecomputeMessages()
	return &huma.Schema{AnyOf: []*huma.Schema{{Type: huma.TypeString}, object}, Properties: object.Properties}
}

type table struct {
	Seats []seat          `json:"seats" doc:"Seats"`
	Names map[string]seat `json:"names,omitempty" doc:"Seats by name"`
	Free  string          `json:"free" doc:"A text nothing is said about"`
	Short api.Text        `json:"short,omitempty" maxLength:"3" doc:"Text or number"`
	Owner *part           `json:"owner" doc:"Owner, or null"`
	Since *api.Time       `json:"since" doc:"When, or null"`
}

type tableBody struct{ Body table }

func tables(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	op := api.Operation{
		ID: "setTable", Method: "PUT", Path: "/api/table", Tag: "Thing", Summary: "Set", Authz: authz.Rule{Scope: "things:write"},
		Example: api.Example{Request: `{}`, Response: `{}`},
	}
	api.Register(r.router, op, func(ctx context.Context, who authz.Actor, in *tableBody) (*tableBody, error) {
		r.note(ctx, who, in.Body)
		return in, nil
	})
	return r
}

func TestEveryTextHasALimitAndEveryChoiceAReason(t *testing.T) {
	r := tables(t)
	long := strings.Repeat("x", 5001)
	for body, want := range map[string][]string{
		`{"free":"` + long + `"}`:                          {"/free field.tooLong"},
		`{"short":"abcd"}`:                                 {"/short field.tooLong"},
		`{"seats":["` + long + `"]}`:                       {"/seats/0 field.tooLong"},
		`{"seats":["a",{"name":7,"front":"so"}]}`:          {"/seats/1/front field.type", "/seats/1/name field.type"},
		`{"seats":[{"name":"` + long + `"}]}`:              {"/seats/0/name field.tooLong"},
		`{"seats":[{}]}`:                                   {"/seats/0/name field.required"},
		`{"seats":[[]]}`:                                   {"/seats/0 field.type"},
		`{"names":{"a":{"front":true}}}`:                   {"/names/a/name field.required"},
		`{"names":{"a":{"front":[],"name":"x"}},"free":1}`: {"/free field.type", "/names/a/front field.type"},
	} {
		a := r.do("PUT", "/api/table", body).want(t, 400, "request.invalid")
		got := a.fields()
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.60s: (-want +got)\n%s", body, diff)
		}
	}
	r.do("PUT", "/api/table", `{"free":"`+long[1:]+`","short":12,"seats":["a",{"name":"b","front":"true"}],"owner":null,"since":null}`).want(t, 200, "")
}

func TestWhatMayBeNullIsDescribedSo(t *testing.T) {
	r := tables(t)
	body, err := r.router.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	answer := doc.Paths.Find("/api/table").Put.Responses.Value("200").Value.Content["application/json"].Schema.Value
	for text, fits := range map[string]bool{
		`{"owner":null,"since":null}`:       true,
		`{"owner":{"email":"a@b.example"}}`: true,
		`{"owner":{}}`:                      false,
		`{"owner":7}`:                       false,
		`{"free":null}`:                     false,
		`{"since":7}`:                       false,
	} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if err := answer.VisitJSON(v, openapi3.EnableJSONSchema2020()); (err == nil) != fits {
			t.Errorf("%s: %v", text, err)
		}
	}
}
