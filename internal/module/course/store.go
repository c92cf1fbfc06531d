package course

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/due"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// store is the SQL of courses and nothing else; that of forms is in store_form.go.
type store struct{}

// Seen is a course as one person sees it.
type Seen struct {
	Course
	People int        // how many take it
	Mine   *Enrolment // theirs, nil when they do not take it
	Form   *Form
}

const columns = `c.id, c.author_id, c.status, c.title, c.description, c.categories, c.sequential, c.due_days, c.due_at, c.template_id, c.version,
  c.created_at, c.updated_at, c.updated_by`

// seenColumns are of courses c of organization ?1, the enrolment e of the viewer ?2, and the form f.
const (
	seenColumns = columns + `, (SELECT COUNT(*) FROM course_enrolments n WHERE n.org_id = c.org_id AND n.course_id = c.id),
  e.assigned_at, e.due_at, e.completed_at, ` + formColumns
	joined = ` LEFT JOIN course_enrolments e ON e.org_id = c.org_id AND e.course_id = c.id AND e.user_id = ?2
  LEFT JOIN course_forms f ON f.org_id = c.org_id AND f.course_id = c.id `
)

func (c *Seen) scan(row db.Row) error {
	var categories string
	var at *int64
	var e Enrolment
	var f formRow
	to := []any{
		&c.ID, &c.AuthorID, &c.Status, &c.Title, &c.Description, &categories, &c.Sequential, &c.DueDays, &c.DueAt, &c.TemplateID, &c.Version,
		&c.CreatedAt, &c.UpdatedAt, &c.UpdatedBy, &c.People, &at, &e.DueAt, &e.CompletedAt,
	}
	if err := row.Scan(append(to, f.targets()...)...); err != nil {
		return err
	}
	if at != nil {
		e.AssignedAt = *at
		c.Mine = &e
	}
	var err error
	if c.Form, err = f.form(); err != nil {
		return err
	}
	return json.Unmarshal([]byte(categories), &c.Categories)
}

// find gives a course with the actor's part of it, whoever may see it.
func (store) find(ctx context.Context, q db.Queryer, who authz.Actor, id string) (c Seen, err error) {
	err = c.scan(q.QueryRow(ctx, `SELECT `+seenColumns+` FROM courses c`+joined+`WHERE c.org_id = ?1 AND c.id = ?3 AND c.archived_at IS NULL`,
		who.OrgID, who.UserID, id))
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return c, err
}

// lock keeps a course, who takes it and what is in it from being changed by others until the
// transaction ends.
func (store) lock(ctx context.Context, tx db.Tx, orgID, id string) error {
	var found string
	err := tx.QueryRow(ctx, `SELECT id FROM courses WHERE org_id = ? AND id = ? AND archived_at IS NULL {forUpdate}`, orgID, id).Scan(&found)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return err
}

func (store) insert(ctx context.Context, tx db.Tx, orgID string, c *Course) error {
	_, err := tx.Exec(ctx, `INSERT INTO courses (org_id, id, author_id, status, title, description, categories, sequential, due_days, due_at, template_id,
  created_at, updated_at, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, orgID, c.ID, c.AuthorID, c.Status, c.Title, c.Description,
		names(c.Categories), c.Sequential, c.DueDays, c.DueAt, c.TemplateID, c.CreatedAt, c.UpdatedAt, c.UpdatedBy)
	return err
}

func names(list []string) string {
	if list == nil {
		list = []string{}
	}
	text, _ := json.Marshal(list) // strings always have a JSON form
	return string(text)
}

func (store) update(ctx context.Context, tx db.Tx, orgID string, c *Course) error {
	return tx.QueryRow(ctx, `UPDATE courses SET status = ?, title = ?, description = ?, categories = ?, sequential = ?, due_days = ?, due_at = ?, template_id = ?,
  version = version + 1, updated_at = ?, updated_by = ? WHERE org_id = ? AND id = ? RETURNING version`, c.Status, c.Title, c.Description,
		names(c.Categories), c.Sequential, c.DueDays, c.DueAt, c.TemplateID, c.UpdatedAt, c.UpdatedBy, orgID, c.ID).Scan(&c.Version)
}

// archive takes a course out of sight; who has completed it stays.
func (store) archive(ctx context.Context, tx db.Tx, orgID, id string, at stamp) error {
	if _, err := tx.Exec(ctx, `DELETE FROM course_enrolments WHERE org_id = ? AND course_id = ? AND completed_at IS NULL`, orgID, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE courses SET archived_at = ?, version = version + 1, updated_at = ?, updated_by = ? WHERE org_id = ? AND id = ?`,
		at.ms, at.ms, at.by, orgID, id)
	return err
}

func (store) inherit(ctx context.Context, tx db.Tx, orgID, from, to string) error {
	_, err := tx.Exec(ctx, `UPDATE courses SET author_id = ?, version = version + 1 WHERE org_id = ? AND author_id = ?`, to, orgID, from)
	return err
}

// byIDs gives those of some courses that are there and not archived.
func (store) byIDs(ctx context.Context, q db.Queryer, orgID string, list []string) (map[string]Course, error) {
	rows, err := q.Query(ctx, `SELECT id, author_id, status, title, sequential FROM courses WHERE org_id = ? AND id {in} AND archived_at IS NULL`, orgID, db.List(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := map[string]Course{}
	for rows.Next() {
		var c Course
		if err := rows.Scan(&c.ID, &c.AuthorID, &c.Status, &c.Title, &c.Sequential); err != nil {
			return nil, err
		}
		by[c.ID] = c
	}
	return by, rows.Err()
}

// Filters of a listing.
const (
	allCourses  = "ALL_COURSES"
	myCourses   = "MY_COURSES"
	createdByMe = "CREATED_BY_ME"
)

// Query is a listing.
type Query struct {
	Filter string // ALL_COURSES, MY_COURSES, CREATED_BY_ME or ""
	Desc   bool   // by creation
}

// position is where a list goes on.
type position struct {
	At int64  `json:"t"`
	ID string `json:"i"`
}

// slice is the part of a list that is wanted.
type slice struct {
	after         *position
	limit, offset int
}

// where is the rest of the condition for courses c of organization ?1 that the viewer ?2 lists.
func (q Query) where(isManager bool) string {
	const own = `SELECT id FROM courses WHERE org_id = ?1 AND author_id = ?2`
	const taken = `SELECT course_id FROM course_enrolments WHERE org_id = ?1 AND user_id = ?2`
	where := ` AND c.archived_at IS NULL AND ?2 <> ''`
	switch {
	case q.Filter == createdByMe:
		return where + ` AND c.author_id = ?2`
	case q.Filter == myCourses:
		return where + ` AND c.id IN (` + taken + `)`
	case !isManager || q.Filter != allCourses:
		return where + ` AND c.id IN (` + own + ` UNION ` + taken + `)`
	}
	return where
}

func (store) count(ctx context.Context, r db.Queryer, who authz.Actor, q Query) (n int, err error) {
	err = r.QueryRow(ctx, `SELECT COUNT(*) FROM courses c WHERE c.org_id = ?1`+q.where(who.Can(manager)), who.OrgID, who.UserID).Scan(&n)
	return n, err
}

func (store) list(ctx context.Context, r db.Queryer, who authz.Actor, q Query, s slice) ([]Seen, error) {
	direction, than := "ASC", ">"
	if q.Desc {
		direction, than = "DESC", "<"
	}
	args := []any{who.OrgID, who.UserID}
	statement := `SELECT ` + seenColumns + ` FROM courses c` + joined + `WHERE c.org_id = ?1` + q.where(who.Can(manager))
	if s.after != nil {
		statement += ` AND (c.created_at, c.id) ` + than + ` (?3, ?4)`
		args = append(args, s.after.At, s.after.ID)
	}
	n := len(args)
	statement += ` ORDER BY c.created_at ` + direction + `, c.id ` + direction + ` LIMIT ?` + strconv.Itoa(n+1) + ` OFFSET ?` + strconv.Itoa(n+2)
	rows, err := r.Query(ctx, statement, append(args, s.limit, s.offset)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Seen
	for rows.Next() {
		var c Seen
		if err := c.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// enrol gives a course to people who do not take it yet, former members excepted, and gives who
// got it. It takes one statement, however many they are.
func (s store) enrol(ctx context.Context, tx db.Tx, orgID, id string, at stamp, b due.Batch) ([]string, error) {
	return db.Strings(tx.Query(ctx, `INSERT INTO course_enrolments (org_id, course_id, user_id, assigned_by, assigned_at, due_at)
SELECT u.org_id, ?2, u.id, ?3, CAST(?4 AS BIGINT), CAST(?5 AS BIGINT) FROM users u WHERE u.org_id = ?1 AND u.id {in ?6} AND u.status <> 'ARCHIVE'
ON CONFLICT (org_id, course_id, user_id) DO NOTHING RETURNING user_id`, orgID, id, at.by, at.ms, b.At, db.List(b.People)))
}

// leave takes a course from people and gives who took it.
func (s store) leave(ctx context.Context, tx db.Tx, orgID, id string, people []string) ([]string, error) {
	return db.Strings(tx.Query(ctx, `DELETE FROM course_enrolments WHERE org_id = ? AND course_id = ? AND user_id {in} RETURNING user_id`, orgID, id, db.List(people)))
}

// people gives who takes a course.
func (s store) people(ctx context.Context, q db.Queryer, orgID, id string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT user_id FROM course_enrolments WHERE org_id = ? AND course_id = ? ORDER BY user_id`, orgID, id))
}

// open gives who has not completed a course.
func (store) open(ctx context.Context, q db.Queryer, orgID, id string) ([]due.Given, error) {
	rows, err := q.Query(ctx, `SELECT user_id, assigned_at FROM course_enrolments WHERE org_id = ? AND course_id = ? AND completed_at IS NULL`, orgID, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []due.Given
	for rows.Next() {
		var g due.Given
		if err := rows.Scan(&g.UserID, &g.At); err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, rows.Err()
}

// setDue moves the deadlines of people, and gives how many moved.
func (store) setDue(ctx context.Context, tx db.Tx, orgID, id string, b due.Batch) (int64, error) {
	return tx.Exec(ctx, `UPDATE course_enrolments SET due_at = ? WHERE org_id = ? AND course_id = ? AND user_id {in}
  AND COALESCE(due_at, -1) <> COALESCE(CAST(? AS BIGINT), -1)`, b.At, orgID, id, db.List(b.People), b.At)
}

// setCompleted notes when somebody completed a course, nil for not, and reports whether that is new.
func (store) setCompleted(ctx context.Context, tx db.Tx, orgID, id, userID string, at *int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE course_enrolments SET completed_at = ? WHERE org_id = ? AND course_id = ? AND user_id = ?
  AND (completed_at IS NULL) <> (CAST(? AS BIGINT) IS NULL)`, at, orgID, id, userID, at)
	return n == 1, err
}

// taker is somebody who takes a course.
type taker struct {
	person.Card
	Enrolment
	sortKey string
}

// place is where a list of people goes on.
type place struct {
	Key string `json:"k"`
	ID  string `json:"i"`
}

// takers lists who takes a course, by name.
func (store) takers(ctx context.Context, q db.Queryer, orgID, id string, after place, s slice) ([]taker, error) {
	rows, err := q.Query(ctx, `SELECT e.assigned_at, e.due_at, e.completed_at, u.sort_key, `+person.Columns+`
FROM course_enrolments e {thenJoin} users u ON u.org_id = e.org_id AND u.id = e.user_id`+person.Join+`
WHERE e.org_id = ? AND e.course_id = ? AND (u.sort_key, u.id) > (?, ?) ORDER BY u.sort_key, u.id LIMIT ? OFFSET ?`,
		orgID, id, after.Key, after.ID, s.limit, s.offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []taker
	for rows.Next() {
		var t taker
		to := []any{&t.AssignedAt, &t.DueAt, &t.CompletedAt, &t.sortKey}
		if err := rows.Scan(append(to, t.Card.Targets()...)...); err != nil {
			return nil, err
		}
		t.Card.Finish()
		list = append(list, t)
	}
	return list, rows.Err()
}
