package scim

import (
	"strconv"
	"strings"

	"github.com/scim2/filter-parser/v2"
)

// condition is a part of a WHERE: constant text, and its arguments.
type condition struct {
	text string
	args []any
}

// compare turns "attribute eq value" into a condition. ok is false for an attribute that cannot be
// filtered by.
type compare func(orgID, attribute string, value any) (c condition, ok bool)

// where turns a filter into a condition; an empty one is true.
func where(orgID, text string, by compare) (condition, error) {
	if strings.TrimSpace(text) == "" {
		return condition{text: "1 = 1"}, nil
	}
	if len(text) > maxFilter || strings.Count(text, "(") > maxTerms {
		return condition{}, bad("invalidFilter", "The filter is too long.")
	}
	e, err := filter.ParseFilter([]byte(text))
	if err != nil {
		return condition{}, bad("invalidFilter", "The filter cannot be read.")
	}
	terms := 0
	return translate(orgID, e, by, &terms)
}

func translate(orgID string, e filter.Expression, by compare, terms *int) (condition, error) {
	switch x := e.(type) {
	case *filter.LogicalExpression:
		left, err := translate(orgID, x.Left, by, terms)
		if err != nil {
			return left, err
		}
		right, err := translate(orgID, x.Right, by, terms)
		joint := " AND "
		if x.Operator == filter.OR {
			joint = " OR "
		}
		return condition{"(" + left.text + joint + right.text + ")", append(left.args, right.args...)}, err
	case *filter.AttributeExpression:
		return equal(orgID, x.AttributePath, x, by, terms)
	case *filter.ValuePath: // emails[value eq "…" and type eq "work"]
		values := inner(x.ValueFilter)
		if len(values) != 1 {
			break
		}
		values[0].AttributePath.SubAttribute = nil
		return equal(orgID, x.AttributePath, values[0], by, terms)
	}
	return condition{}, unsupported("")
}

// inner gives the comparisons with value in the brackets of a filter, where the type of an address
// does not matter; none for anything else.
func inner(e filter.Expression) []*filter.AttributeExpression {
	switch x := e.(type) {
	case *filter.AttributeExpression:
		if name := strings.ToLower(x.AttributePath.AttributeName); name == "type" || name == "primary" {
			return nil
		}
		if strings.EqualFold(x.AttributePath.AttributeName, "value") {
			return []*filter.AttributeExpression{x}
		}
	case *filter.LogicalExpression:
		if x.Operator == filter.AND {
			return append(inner(x.Left), inner(x.Right)...)
		}
	}
	return nil
}

func equal(orgID string, path filter.AttributePath, e *filter.AttributeExpression, by compare, terms *int) (condition, error) {
	if *terms++; *terms > maxTerms {
		return condition{}, bad("invalidFilter", "The filter has more than "+strconv.Itoa(maxTerms)+" comparisons.")
	}
	name := strings.ToLower(path.AttributeName)
	if sub := path.SubAttributeName(); sub != "" {
		name += "." + strings.ToLower(sub)
	}
	if e.Operator != filter.EQ {
		return condition{}, unsupported(name)
	}
	c, ok := by(orgID, name, e.CompareValue)
	if !ok {
		return condition{}, unsupported(name)
	}
	return c, nil
}

func unsupported(name string) error {
	detail := "The filter is not supported: compare with eq, and join with and and or."
	if name != "" {
		detail = "Filtering by " + strconv.Quote(name) + " so is not supported."
	}
	return bad("invalidFilter", detail)
}

// compareUser is the condition of one comparison, on users u and scim_users x.
func compareUser(orgID, name string, value any) (condition, bool) {
	if name == "active" {
		b, ok := truth(value)
		if !ok {
			return condition{}, false
		}
		if b {
			return condition{text: "u.status <> 'BLOCKED'"}, true
		}
		return condition{text: "u.status = 'BLOCKED'"}, true
	}
	text, ok := value.(string)
	if !ok {
		return condition{}, false
	}
	switch name {
	case "id":
		return condition{"u.id = ?", []any{text}}, true
	case "externalid":
		return condition{"u.id IN (SELECT e.user_id FROM scim_users e WHERE e.org_id = ? AND e.external_id = ?)", []any{orgID, text}}, true
	case "username":
		return condition{`u.id IN (SELECT e.user_id FROM scim_users e WHERE e.org_id = ? AND e.user_name_key = ?
			UNION ALL SELECT y.id FROM users y WHERE y.org_id = ? AND y.email_key = ? AND NOT EXISTS (SELECT 1 FROM scim_users e WHERE e.org_id = y.org_id AND e.user_id = y.id))`,
			[]any{orgID, fold(text), orgID, fold(text)}}, true
	case "emails", "emails.value":
		return condition{"u.email_key = ?", []any{fold(text)}}, true
	}
	return condition{}, false
}

// compareGroup is the condition of one comparison, on security_groups g.
func compareGroup(orgID, name string, value any) (condition, bool) {
	text, ok := value.(string)
	if !ok {
		return condition{}, false
	}
	switch name {
	case "id":
		return condition{"g.id = ?", []any{text}}, true
	case "displayname":
		return condition{"g.name_key = ?", []any{fold(text)}}, true
	case "externalid":
		return condition{"g.id IN (SELECT e.group_id FROM scim_groups e WHERE e.org_id = ? AND e.external_id = ?)", []any{orgID, text}}, true
	case "members", "members.value":
		return condition{"g.id IN (SELECT m.group_id FROM security_group_members m WHERE m.org_id = ? AND m.user_id = ?)", []any{orgID, text}}, true
	}
	return condition{}, false
}
