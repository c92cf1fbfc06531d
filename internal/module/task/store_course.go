package task

import (
	"context"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// end gives how many tasks a course has, and the place of the last, -1 in an empty one.
func (store) end(ctx context.Context, q db.Queryer, orgID, courseID string) (n int, last int64, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*), COALESCE(MAX(place), -1) FROM tasks WHERE org_id = ? AND course_id = ?`, orgID, courseID).Scan(&n, &last)
	return n, last, err
}

// lockLinks makes changes of which course leads to which follow one another. On SQLite writers
// follow one another anyway.
func (store) lockLinks(ctx context.Context, tx db.Tx, orgID string) error {
	_, err := tx.Exec(ctx, `UPDATE organizations SET version = version WHERE id = ?`, orgID)
	return err
}

// leadsTo reports whether one course is another, or leads to it however long the way.
func (store) leadsTo(ctx context.Context, q db.Queryer, orgID, from, to string) (found bool, err error) {
	err = q.QueryRow(ctx, `WITH RECURSIVE way (id) AS (
    SELECT id FROM courses WHERE org_id = ?1 AND id = ?2
    UNION SELECT t.linked_id FROM way w JOIN tasks t ON t.org_id = ?1 AND t.course_id = w.id WHERE t.linked_id IS NOT NULL AND t.archived_at IS NULL)
SELECT EXISTS (SELECT 1 FROM way WHERE id = ?3)`, orgID, from, to).Scan(&found)
	return found, err
}

// completed reports whether somebody has completed all tasks of a course, at least one.
func (store) completed(ctx context.Context, q db.Queryer, orgID, courseID, userID string) (yes bool, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) > 0 AND COUNT(*) = COUNT(a.completed_at) FROM tasks t
JOIN task_assignments a ON a.org_id = t.org_id AND a.task_id = t.id WHERE t.org_id = ? AND t.course_id = ? AND a.user_id = ?`,
		orgID, courseID, userID).Scan(&yes)
	return yes, err
}

// finished gives those of some people who have completed all tasks of a course, at least one.
func (s store) finished(ctx context.Context, q db.Queryer, orgID, courseID string, people []string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT a.user_id FROM tasks t JOIN task_assignments a ON a.org_id = t.org_id AND a.task_id = t.id
WHERE t.org_id = ? AND t.course_id = ? AND a.user_id {in} GROUP BY a.user_id HAVING COUNT(*) = COUNT(a.completed_at) ORDER BY a.user_id`,
		orgID, courseID, db.List(people)))
}

// before gives the title of the first task before one in its course that the actor has not
// completed, "" when there is none.
func (store) before(ctx context.Context, q db.Queryer, who authz.Actor, t Task) (title string, err error) {
	err = q.QueryRow(ctx, `SELECT t.title FROM tasks t JOIN task_assignments a ON a.org_id = t.org_id AND a.task_id = t.id
WHERE t.org_id = ? AND t.course_id = ? AND a.user_id = ? AND a.completed_at IS NULL AND (t.place, t.id) < (?, ?) ORDER BY t.place, t.id LIMIT 1`,
		who.OrgID, t.CourseID, who.UserID, t.Place, t.ID).Scan(&title)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return title, err
}

// leading gives the tasks that lead to a course and that the actor has not completed.
func (store) leading(ctx context.Context, q db.Queryer, who authz.Actor, courseID string) ([]Seen, error) {
	rows, err := q.Query(ctx, `SELECT `+seenColumns+` FROM tasks t`+mine+
		`WHERE t.org_id = ?1 AND t.linked_id = ?3 AND t.archived_at IS NULL AND a.state <> 'COMPLETED' ORDER BY t.id`, who.OrgID, who.UserID, courseID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Seen
	for rows.Next() {
		var t Seen
		if err := t.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// inCourse gives the tasks of a course in their order, locked.
func (store) inCourse(ctx context.Context, tx db.Tx, orgID, courseID string) ([]Task, error) {
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM tasks t WHERE t.org_id = ? AND t.course_id = ? ORDER BY t.place, t.id {forUpdate}`, orgID, courseID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Task
	for rows.Next() {
		var t Task
		if err := rows.Scan(t.targets()...); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

func (store) archive(ctx context.Context, tx db.Tx, orgID, courseID string, at stamp) error {
	_, err := tx.Exec(ctx, `UPDATE tasks SET archived_at = ?, version = version + 1, updated_at = ?, updated_by = ? WHERE org_id = ? AND course_id = ?`,
		at.ms, at.ms, at.by, orgID, courseID)
	return err
}

func (store) setPlace(ctx context.Context, tx db.Tx, orgID, id string, place int) error {
	_, err := tx.Exec(ctx, `UPDATE tasks SET place = ? WHERE org_id = ? AND id = ?`, place, orgID, id)
	return err
}

func (store) totals(ctx context.Context, q db.Queryer, orgID string, courses []string) (map[string]CourseTotals, error) {
	rows, err := q.Query(ctx, `SELECT course_id, COUNT(*), CAST(SUM(minutes) AS BIGINT) FROM tasks
WHERE org_id = ? AND course_id {in} AND status = 'publish' GROUP BY course_id`, orgID, db.List(courses))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := map[string]CourseTotals{}
	for rows.Next() {
		var id string
		var c CourseTotals
		if err := rows.Scan(&id, &c.Tasks, &c.Minutes); err != nil {
			return nil, err
		}
		by[id] = c
	}
	return by, rows.Err()
}

func (store) parts(ctx context.Context, q db.Queryer, orgID string, courses, people []string) ([]CoursePart, error) {
	rows, err := q.Query(ctx, `SELECT t.course_id, a.user_id, COUNT(*), COUNT(a.started_at), COUNT(a.completed_at) FROM tasks t
{thenJoin} task_assignments a ON a.org_id = t.org_id AND a.task_id = t.id AND a.user_id {in ?3}
WHERE t.org_id = ?1 AND t.course_id {in ?2} GROUP BY t.course_id, a.user_id`, orgID, db.List(courses), db.List(people))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []CoursePart
	for rows.Next() {
		var p CoursePart
		if err := rows.Scan(&p.CourseID, &p.UserID, &p.Tasks, &p.Started, &p.Completed); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}
