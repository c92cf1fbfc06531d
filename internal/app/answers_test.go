package app

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// contract is the description of the API, for holding answers against it. The zero contract
// allows everything.
type contract struct {
	doc        *openapi3.T
	operations map[string]*openapi3.Operation
}

func contractOf(t *testing.T, a *App) contract {
	t.Helper()
	body, err := a.router.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	c := contract{operations: map[string]*openapi3.Operation{}}
	if c.doc, err = openapi3.NewLoader().LoadFromData(body); err != nil {
		t.Fatal(err)
	}
	for _, item := range c.doc.Paths.Map() {
		for _, op := range item.Operations() {
			c.operations[op.OperationID] = op
		}
	}
	return c
}

// allows reports how an answer differs from what its operation is described to answer.
func (c contract) allows(operation string, status int, contentType string, body []byte) error {
	if c.doc == nil {
		return nil
	}
	op := c.operations[operation]
	if op == nil {
		return fmt.Errorf("%s is not described", operation)
	}
	answer := op.Responses.Value(strconv.Itoa(status))
	if answer == nil {
		return fmt.Errorf("%s is not described to answer %d", operation, status)
	}
	if len(answer.Value.Content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("%s answers %d with a body that is not described", operation, status)
		}
		return nil
	}
	if answer.Value.Content["*/*"] != nil { // a file
		return nil
	}
	media := answer.Value.Content[contentType]
	if media == nil {
		return fmt.Errorf("%s is not described to answer %d as %q", operation, status, contentType)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("%s answers %d with no JSON: %w", operation, status, err)
	}
	if err := c.doc.ValidateSchemaJSON(media.Schema.Value, v, openapi3.VisitAsResponse(), openapi3.EnableJSONSchema2020()); err != nil {
		what, _, _ := strings.Cut(err.Error(), "\n") // the schema follows
		return fmt.Errorf("%s: the answer with %d is not as described: %s", operation, status, what)
	}
	return nil
}

func TestAnswersAreHeldAgainstTheDescription(t *testing.T) {
	t.Parallel()
	c := contractOf(t, newApp(t))
	for name, wrong := range map[string]error{
		"another status":   c.allows("getMe", 418, "application/json", []byte(`{}`)),
		"another type":     c.allows("getMe", 200, "text/plain", []byte(`{}`)),
		"no JSON":          c.allows("getMe", 200, "application/json", []byte(`{`)),
		"a wrong field":    c.allows("getMe", 200, "application/json", []byte(`{"email":7}`)),
		"a body for none":  c.allows("deleteUser", 204, "", []byte(`{}`)),
		"a bare problem":   c.allows("getMe", 404, "application/problem+json", []byte(`{}`)),
		"nothing at all":   c.allows("nothing", 200, "application/json", []byte(`{}`)),
		"a misspelt error": c.allows("getMe", 401, "application/problem+json", []byte(`{"status":"401"}`)),
	} {
		if wrong == nil {
			t.Errorf("%s is not noticed", name)
		}
	}
}
