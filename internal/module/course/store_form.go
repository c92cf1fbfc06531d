package course

import (
	"context"
	"encoding/json"
	"math"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

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

func (store) setForm(ctx context.Context, tx db.Tx, orgID, courseID string, f Form) error {
	schema, err := json.Marshal(f.Schema)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO course_forms (org_id, id, course_id, title, accepting, type, schema, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (org_id, course_id) DO UPDATE SET title = excluded.title, accepting = excluded.accepting, type = excluded.type, schema = excluded.schema,
  updated_at = excluded.updated_at`, orgID, f.ID, courseID, f.Title, f.Accepting, f.Type, string(schema), f.CreatedAt, f.UpdatedAt)
	return err
}

// submit keeps somebody's answers in place of earlier ones.
func (store) submit(ctx context.Context, tx db.Tx, who authz.Actor, courseID string, answers map[string]any, at int64) error {
	text, err := json.Marshal(answers)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO course_submissions (org_id, course_id, user_id, answers, submitted_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (org_id, course_id, user_id) DO UPDATE SET answers = excluded.answers, submitted_at = excluded.submitted_at`,
		who.OrgID, courseID, who.UserID, string(text), at)
	return err
}

// submission is what somebody filled in.
type submission struct {
	person.Card
	sortKey string
	answers map[string]any
	at      int64
}

func (store) countSubmissions(ctx context.Context, q db.Queryer, orgID, courseID string) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM course_submissions WHERE org_id = ? AND course_id = ?`, orgID, courseID).Scan(&n)
	return n, err
}

// submissions lists what people filled in, by their names.
func (store) submissions(ctx context.Context, q db.Queryer, orgID, courseID string, after place, s slice) ([]submission, error) {
	rows, err := q.Query(ctx, `SELECT s.answers, s.submitted_at, u.sort_key, `+person.Columns+`
FROM course_submissions s {thenJoin} users u ON u.org_id = s.org_id AND u.id = s.user_id`+person.Join+`
WHERE s.org_id = ? AND s.course_id = ? AND (u.sort_key, u.id) > (?, ?) ORDER BY u.sort_key, u.id LIMIT ? OFFSET ?`,
		orgID, courseID, after.Key, after.ID, s.limit, s.offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []submission
	for rows.Next() {
		var x submission
		var text string
		if err := rows.Scan(append([]any{&text, &x.at, &x.sortKey}, x.Card.Targets()...)...); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(text), &x.answers); err != nil {
			return nil, err
		}
		x.Card.Finish()
		list = append(list, x)
	}
	return list, rows.Err()
}

// Completion is a course that somebody has completed.
type Completion struct {
	CourseID, Title string
	AssignedAt      int64
	CompletedAt     int64
	Archived        bool
}

func (store) countCompletions(ctx context.Context, q db.Queryer, who authz.Actor) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM course_enrolments WHERE org_id = ? AND user_id = ? AND completed_at IS NOT NULL`, who.OrgID, who.UserID).Scan(&n)
	return n, err
}

// completions lists the courses that somebody has completed, the latest first.
func (store) completions(ctx context.Context, q db.Queryer, who authz.Actor, s slice) ([]Completion, error) {
	after := position{At: math.MaxInt64}
	if s.after != nil {
		after = *s.after
	}
	rows, err := q.Query(ctx, `SELECT c.id, c.title, e.assigned_at, e.completed_at, c.archived_at IS NOT NULL
FROM course_enrolments e JOIN courses c ON c.org_id = e.org_id AND c.id = e.course_id
WHERE e.org_id = ? AND e.user_id = ? AND e.completed_at IS NOT NULL AND (e.completed_at, e.course_id) < (?, ?)
ORDER BY e.completed_at DESC, e.course_id DESC LIMIT ? OFFSET ?`, who.OrgID, who.UserID, after.At, after.ID, s.limit, s.offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Completion
	for rows.Next() {
		var c Completion
		if err := rows.Scan(&c.CourseID, &c.Title, &c.AssignedAt, &c.CompletedAt, &c.Archived); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}
