package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract is the description of the API, for holding answers against it. The zero contract
// allows everything.
type contract struct {
	doc        *openapi3.T
	operations map[string]*openapi3.Operation
	places     map[string]string // of the operations, as JSON pointers
	schemas    *schemas
}

// schemas are those of a document, compiled when they are first asked for.
type schemas struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

const described = "https://workdrive.test/openapi.json"

func schemasOf(t *testing.T, body []byte) *schemas {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	s := &schemas{compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	s.compiler.AssertFormat()
	if err := s.compiler.AddResource(described, doc); err != nil {
		t.Fatal(err)
	}
	return s
}

// at gives the schema that a JSON pointer leads to.
func (s *schemas) at(pointer string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.compiled[pointer]; known != nil {
		return known, nil
	}
	compiled, err := s.compiler.Compile(described + "#" + pointer)
	s.compiled[pointer] = compiled
	return compiled, err
}

// pointer makes a JSON pointer of its parts (RFC 6901), as the fragment of an address.
func pointer(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(p)))
	}
	return b.String()
}

// shared is the description, which is the same for every app.
var (
	shared contract
	once   sync.Once
)

func contractOf(t *testing.T, a *App) contract {
	t.Helper()
	once.Do(func() { shared = readContract(t, a) })
	return shared
}

func readContract(t *testing.T, a *App) contract {
	t.Helper()
	body, err := a.router.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	c := contract{operations: map[string]*openapi3.Operation{}, places: map[string]string{}, schemas: schemasOf(t, body)}
	if c.doc, err = openapi3.NewLoader().LoadFromData(body); err != nil {
		t.Fatal(err)
	}
	for path, item := range c.doc.Paths.Map() {
		for method, op := range item.Operations() {
			c.operations[op.OperationID] = op
			c.places[op.OperationID] = pointer("paths", path, strings.ToLower(method))
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
	if contentType == "text/event-stream" {
		return nil // stream_test.go reads it
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("%s answers %d with no JSON: %w", operation, status, err)
	}
	schema, err := c.schemas.at(c.places[operation] + pointer("responses", strconv.Itoa(status), "content", contentType, "schema"))
	if err != nil {
		return err
	}
	if err := schema.Validate(v); err != nil {
		return fmt.Errorf("%s: the answer with %d is not as described: %w", operation, status, err)
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
