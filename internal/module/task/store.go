package task

import (
	"context"
	"errors"
	"strconv"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// store is the SQL of tasks and nothing else; that of assignments is in store_assign.go.
type store struct{}

// Seen is a task as one person sees it.
type Seen struct {
	Task
	Assignees int         // how many people have it
	Mine      *Assignment // theirs, nil when it is not assigned to them
	Author    person.Card // in lists
}

const columns = `t.id, t.author_id, t.course_id, t.place, t.kind, t.status, t.title, t.description, t.content, t.minutes, t.link, t.due_days, t.due_at,
  t.document_id, t.video_id, t.linked_id, t.template_id, t.quiz_key, t.version, t.created_at, t.updated_at, t.updated_by`

func (t *Task) targets() []any {
	return []any{
		&t.ID, &t.AuthorID, &t.CourseID, &t.Place, &t.Kind, &t.Status, &t.Title, &t.Description, &t.Content, &t.Minutes, &t.Link, &t.DueDays, &t.DueAt,
		&t.DocumentID, &t.VideoID, &t.LinkedID, &t.TemplateID, &t.QuizKey, &t.Version, &t.CreatedAt, &t.UpdatedAt, &t.UpdatedBy,
	}
}

// seenColumns are of tasks t of organization ?1 and the assignment a of the viewer ?2.
const (
	seenColumns = columns + `, (SELECT COUNT(*) FROM task_assignments n WHERE n.org_id = t.org_id AND n.task_id = t.id),
  a.state, a.assigned_at, a.due_at, a.started_at, a.completed_at`
	mine = ` LEFT JOIN task_assignments a ON a.org_id = t.org_id AND a.task_id = t.id AND a.user_id = ?2 `
)

// scan reads seenColumns and whatever follows them.
func (t *Seen) scan(row db.Row, more ...any) error {
	var state *string
	var at *int64
	var a Assignment
	to := append(t.targets(), &t.Assignees, &state, &at, &a.DueAt, &a.StartedAt, &a.CompletedAt)
	if err := row.Scan(append(to, more...)...); err != nil {
		return err
	}
	if state != nil && at != nil {
		a.State, a.AssignedAt = *state, *at
		t.Mine = &a
	}
	return nil
}

// find gives a task with the actor's part of it, whoever may see it.
func (store) find(ctx context.Context, q db.Queryer, who authz.Actor, id string) (t Seen, err error) {
	err = t.scan(q.QueryRow(ctx, `SELECT `+seenColumns+` FROM tasks t`+mine+`WHERE t.org_id = ?1 AND t.id = ?3 AND t.archived_at IS NULL`,
		who.OrgID, who.UserID, id))
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return t, err
}

// lock keeps a task from being changed, assigned or progressed by others until the transaction
// ends.
func (store) lock(ctx context.Context, tx db.Tx, orgID, id string) error {
	var found string
	err := tx.QueryRow(ctx, `SELECT id FROM tasks WHERE org_id = ? AND id = ? AND archived_at IS NULL {forUpdate}`, orgID, id).Scan(&found)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return err
}

func (store) insert(ctx context.Context, tx db.Tx, orgID string, t *Task) error {
	_, err := tx.Exec(ctx, `INSERT INTO tasks (org_id, id, author_id, course_id, place, kind, status, title, description, content, minutes, link, due_days, due_at,
  document_id, video_id, linked_id, template_id, quiz_key, created_at, updated_at, updated_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, orgID, t.ID, t.AuthorID, t.CourseID, t.Place, t.Kind, t.Status, t.Title,
		t.Description, t.Content, t.Minutes, t.Link, t.DueDays, t.DueAt, t.DocumentID, t.VideoID, t.LinkedID, t.TemplateID, t.QuizKey,
		t.CreatedAt, t.UpdatedAt, t.UpdatedBy)
	return err
}

func (store) update(ctx context.Context, tx db.Tx, orgID string, t *Task) error {
	return tx.QueryRow(ctx, `UPDATE tasks SET kind = ?, status = ?, title = ?, description = ?, content = ?, minutes = ?, link = ?, due_days = ?, due_at = ?,
  document_id = ?, video_id = ?, linked_id = ?, template_id = ?, version = version + 1, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id = ? RETURNING version`, t.Kind, t.Status, t.Title, t.Description, t.Content, t.Minutes, t.Link, t.DueDays, t.DueAt,
		t.DocumentID, t.VideoID, t.LinkedID, t.TemplateID, t.UpdatedAt, t.UpdatedBy, orgID, t.ID).Scan(&t.Version)
}

// touch counts the version of a task up.
func (store) touch(ctx context.Context, tx db.Tx, orgID string, t *Task) error {
	return tx.QueryRow(ctx, `UPDATE tasks SET version = version + 1, updated_at = ?, updated_by = ? WHERE org_id = ? AND id = ? RETURNING version`,
		t.UpdatedAt, t.UpdatedBy, orgID, t.ID).Scan(&t.Version)
}

// remove deletes a task with its assignments.
func (store) remove(ctx context.Context, tx db.Tx, orgID, id string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM task_assignments WHERE org_id = ? AND task_id = ?`, orgID, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM tasks WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}

// inherit makes the tasks of one person those of another.
func (store) inherit(ctx context.Context, tx db.Tx, orgID, from, to string) error {
	_, err := tx.Exec(ctx, `UPDATE tasks SET author_id = ?, version = version + 1 WHERE org_id = ? AND author_id = ?`, to, orgID, from)
	return err
}

// Filters of a listing.
const (
	byMe     = "INDEPENDENT_TASKS_CREATED_BY_ME"
	toMe     = "INDEPENDENT_TASKS_ASSIGNED_TO_ME"
	allTasks = "ALL_TASKS"
)

// Query is a listing.
type Query struct {
	Filter    string
	CourseID  string
	Published *bool
	Desc      bool
}

// position is where a list goes on.
type position struct {
	At int64  `json:"t"` // created, or the place in the course
	ID string `json:"i"`
}

func (q Query) position(t Task) position {
	if q.CourseID != "" {
		return position{t.Place, t.ID}
	}
	return position{t.CreatedAt, t.ID}
}

// where is the rest of the condition for tasks t of organization ?1 that the viewer ?2 lists; ?3
// is the course and ?4 the status.
func (q Query) where(isManager bool) string {
	const own = `SELECT id FROM tasks WHERE org_id = ?1 AND author_id = ?2`
	const given = `SELECT task_id FROM task_assignments WHERE org_id = ?1 AND user_id = ?2`
	where := ` AND t.archived_at IS NULL`
	switch {
	case q.Filter == byMe:
		where += ` AND t.author_id = ?2 AND t.course_id IS NULL`
	case q.Filter == toMe:
		where += ` AND t.id IN (` + given + `) AND t.course_id IS NULL`
	case !isManager || q.Filter == "" && q.CourseID == "":
		where += ` AND t.id IN (` + own + ` UNION ` + given + `)`
	}
	if q.CourseID != "" {
		where += ` AND t.course_id = ?3`
	}
	if q.Published != nil {
		where += ` AND t.status = ?4`
	}
	return where
}

func (q Query) args(who authz.Actor) []any {
	status := draft
	if q.Published != nil && *q.Published {
		status = published
	}
	return []any{who.OrgID, who.UserID, q.CourseID, status}
}

func (store) count(ctx context.Context, r db.Queryer, who authz.Actor, q Query) (n int, err error) {
	err = r.QueryRow(ctx, numbered(`SELECT COUNT(*) FROM tasks t WHERE t.org_id = ?1`+q.where(who.Can(manager))), q.args(who)...).Scan(&n)
	return n, err
}

// numbered makes a statement that has no arguments behind them take all four of a Query.
func numbered(statement string) string {
	return statement + ` AND (?2 <> '' OR ?3 <> '' OR ?4 <> '')`
}

// slice is the part of a list that is wanted.
type slice struct {
	after         *position // of tasks
	behind        *place    // of assignees
	limit, offset int
}

func (store) list(ctx context.Context, r db.Queryer, who authz.Actor, q Query, s slice) ([]Seen, error) {
	by, direction, than := "t.created_at", "ASC", ">"
	if q.CourseID != "" {
		by = "t.place"
	}
	if q.Desc {
		direction, than = "DESC", "<"
	}
	args := q.args(who)
	statement := `SELECT ` + seenColumns + `, ` + person.Columns + ` FROM tasks t` + mine +
		`JOIN users u ON u.org_id = t.org_id AND u.id = t.author_id` + person.Join + `WHERE t.org_id = ?1` + q.where(who.Can(manager))
	if s.after != nil {
		statement += ` AND (` + by + `, t.id) ` + than + ` (?5, ?6)`
		args = append(args, s.after.At, s.after.ID)
	}
	n := len(args)
	statement += ` ORDER BY ` + by + ` ` + direction + `, t.id ` + direction + ` LIMIT ?` + strconv.Itoa(n+1) + ` OFFSET ?` + strconv.Itoa(n+2)
	rows, err := r.Query(ctx, statement, append(args, s.limit, s.offset)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Seen
	for rows.Next() {
		var t Seen
		if err := t.scan(rows, t.Author.Targets()...); err != nil {
			return nil, err
		}
		t.Author.Finish()
		list = append(list, t)
	}
	return list, rows.Err()
}
