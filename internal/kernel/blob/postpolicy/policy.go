// Package postpolicy issues and verifies the policies of signed POST uploads to S3
// (docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html): JSON
// documents that say what a form may contain and until when, signed with Signature Version 4.
//
// Both stores issue with it; the disk store, which plays the S3 server, verifies with it.
// It verifies more strictly than the S3 servers that were at hand: a form field must be known
// to be honoured here, not only be named by the policy.
package postpolicy

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Policy is what a form must fulfil.
type Policy struct {
	Expiration time.Time
	Conditions []Condition
}

// Condition is one requirement on a form.
type Condition struct {
	Op       Op
	Field    string // lower case, without the dollar sign; "" for LengthRange
	Value    string // for Equal and StartsWith
	Min, Max int64  // for LengthRange, inclusive
}

// Op is a condition's operator.
type Op string

// The operators.
const (
	Equal       Op = "eq"
	StartsWith  Op = "starts-with"
	LengthRange Op = "content-length-range"
)

// Refusal is an answer of S3 to a form it does not accept.
type Refusal struct {
	Status  int
	Code    string // of S3, such as "AccessDenied"
	Message string
}

// Error implements error.
func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

const timestamp = "2006-01-02T15:04:05.000Z"

// Encode gives the policy as the form carries it: base64 of its JSON.
func (p Policy) Encode() string {
	conditions := make([]any, len(p.Conditions))
	for i, c := range p.Conditions {
		if c.Op == LengthRange {
			conditions[i] = []any{c.Op, c.Min, c.Max}
		} else {
			conditions[i] = []any{c.Op, "$" + c.Field, c.Value}
		}
	}
	document, err := json.Marshal(map[string]any{"expiration": p.Expiration.UTC().Format(timestamp), "conditions": conditions})
	if err != nil {
		panic("postpolicy: strings and numbers always encode: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(document)
}

// Parse reads a policy as the form carries it. Errors are refusals.
func Parse(encoded string) (Policy, error) {
	document, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return Policy{}, invalid("the policy is not base64")
	}
	members, err := members(document)
	if err != nil {
		return Policy{}, invalid("the policy is not a JSON object, or names something twice")
	}
	var p Policy
	var expiration string
	var conditions []json.RawMessage
	for name, value := range members {
		switch name { // exactly, where encoding/json would ignore case
		case "expiration":
			err = json.Unmarshal(value, &expiration)
		case "conditions":
			err = json.Unmarshal(value, &conditions)
		default:
			return Policy{}, invalid(fmt.Sprintf("the policy has a member %q", name))
		}
		if err != nil {
			return Policy{}, invalid(fmt.Sprintf("the policy's %s has the wrong type", name))
		}
	}
	if p.Expiration, err = time.Parse(time.RFC3339Nano, expiration); err != nil {
		return Policy{}, invalid("the policy has no expiration of the form 2006-01-02T15:04:05Z")
	}
	if len(conditions) == 0 {
		return Policy{}, invalid("the policy has no conditions")
	}
	for _, raw := range conditions {
		c, err := parseCondition(raw)
		if err != nil {
			return Policy{}, err
		}
		p.Conditions = append(p.Conditions, c)
	}
	return p, nil
}

// parseCondition reads {"field": "value"} or ["operator", …].
func parseCondition(raw json.RawMessage) (Condition, error) {
	wrong := invalid(fmt.Sprintf("the policy has a condition that cannot be read: %.100s", raw))
	if object, err := members(raw); err == nil {
		for field, value := range object {
			var text *string
			if len(object) != 1 || json.Unmarshal(value, &text) != nil || text == nil || field == "" {
				return Condition{}, wrong
			}
			return Condition{Op: Equal, Field: strings.ToLower(field), Value: *text}, nil
		}
		return Condition{}, wrong
	}
	var list []any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&list) != nil || len(list) != 3 {
		return Condition{}, wrong
	}
	name, _ := list[0].(string)
	c := Condition{Op: Op(strings.ToLower(name))}
	switch c.Op {
	case Equal, StartsWith:
		field, isField := list[1].(string)
		value, isText := list[2].(string)
		field, isDollar := strings.CutPrefix(field, "$")
		if !isField || !isText || !isDollar || field == "" {
			return Condition{}, wrong
		}
		c.Field, c.Value = strings.ToLower(field), value
	case LengthRange:
		low, isLow := list[1].(json.Number)
		high, isHigh := list[2].(json.Number)
		if !isLow || !isHigh {
			return Condition{}, wrong
		}
		var errLow, errHigh error
		c.Min, errLow = low.Int64()
		c.Max, errHigh = high.Int64()
		if errLow != nil || errHigh != nil || c.Min < 0 || c.Max < c.Min {
			return Condition{}, wrong
		}
	default:
		return Condition{}, wrong
	}
	return c, nil
}

// members gives the members of a JSON object, and refuses names that occur twice.
func members(document []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("not an object")
	}
	found := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if _, twice := found[name]; twice {
			return nil, fmt.Errorf("%q occurs twice", name)
		}
		found[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one value")
	}
	return found, nil
}

func invalid(why string) *Refusal {
	return &Refusal{http.StatusBadRequest, "InvalidPolicyDocument", "Invalid Policy: " + why + "."}
}
