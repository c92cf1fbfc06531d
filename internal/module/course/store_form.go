package course

import "encoding/json"

// formColumns are of forms f, which may not be there.
const formColumns = `f.id, f.title, f.accepting, f.type, f.schema, f.created_at, f.updated_at`

// formRow is the form of a course, if it has one.
type formRow struct {
	id, title, kind, schema *string
	accepting               *bool
	created, updated        *int64
}

func (r *formRow) targets() []any {
	return []any{&r.id, &r.title, &r.accepting, &r.kind, &r.schema, &r.created, &r.updated}
}

func (r *formRow) form() (*Form, error) {
	if r.id == nil {
		return nil, nil
	}
	f := &Form{ID: *r.id, Title: *r.title, Accepting: *r.accepting, Type: r.kind, CreatedAt: *r.created, UpdatedAt: *r.updated}
	return f, json.Unmarshal([]byte(*r.schema), &f.Schema)
}
