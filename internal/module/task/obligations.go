package task

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/due"
)

// Obligation is something that somebody still has to do by a time.
type Obligation struct {
	TaskID, UserID string
	Title          string
	State          string  // ASSIGNED or STARTED
	CourseID       *string // the task is in
	TemplateID     *string // the enforcement template that drives reminders
	AssignedAt     int64   // ms
	DueAt          int64   // ms
}

// ObligationQuery says which obligations are wanted.
type ObligationQuery struct {
	OrgID  string
	UserID string // only of this person; "" for everybody
	// Until leaves out what is due later (ms).
	Until int64
	// After continues behind an obligation; nil begins with the one that is due first.
	After *Obligation
	Limit int
}

// Obligations gives the open assignments with a deadline, of people who are still there, by
// deadline, task and person: what a reminder is about. It asks for nobody's permission: the
// caller shows people only their own.
func (s *Service) Obligations(ctx context.Context, q db.Queryer, o ObligationQuery) ([]Obligation, error) {
	return s.store.obligations(ctx, q, o)
}

func (store) obligations(ctx context.Context, q db.Queryer, o ObligationQuery) ([]Obligation, error) {
	after := Obligation{DueAt: -1}
	if o.After != nil {
		after = *o.After
	}
	whose, args := ``, []any{o.OrgID, o.Until, after.DueAt, after.TaskID, after.UserID, o.Limit}
	if o.UserID != "" {
		whose, args = ` AND a.user_id = ?7`, append(args, o.UserID)
	}
	rows, err := q.Query(ctx, `SELECT a.task_id, a.user_id, t.title, a.state, t.course_id, t.template_id, a.assigned_at, a.due_at
FROM task_assignments a JOIN tasks t ON t.org_id = a.org_id AND t.id = a.task_id JOIN users u ON u.org_id = a.org_id AND u.id = a.user_id
WHERE a.org_id = ?1 AND a.completed_at IS NULL AND a.due_at IS NOT NULL AND a.due_at <= ?2 AND (a.due_at, a.task_id, a.user_id) > (?3, ?4, ?5)
  AND t.archived_at IS NULL AND u.status <> 'ARCHIVE'`+whose+` ORDER BY a.due_at, a.task_id, a.user_id LIMIT ?6`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Obligation
	for rows.Next() {
		var x Obligation
		if err := rows.Scan(&x.TaskID, &x.UserID, &x.Title, &x.State, &x.CourseID, &x.TemplateID, &x.AssignedAt, &x.DueAt); err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, rows.Err()
}

// owed has what people owe on a task looked at again; nil is everybody. versions are what the
// task is and, after a change, what it was: without a template there is nothing to look at.
func (s *Service) owed(ctx context.Context, tx db.Tx, orgID string, people []string, versions ...Task) error {
	if s.Templates == nil || people != nil && len(people) == 0 {
		return nil
	}
	for _, t := range versions {
		if t.TemplateID != nil {
			return s.Templates.Follow(ctx, tx, orgID, t.ID, people)
		}
	}
	return nil
}

// Owed gives the template of a task, "" for none, and who of some people has not completed it and
// by when; nil is everybody. Those without a deadline are left
// out; nobody finishes meanwhile.
func (s *Service) Owed(ctx context.Context, tx db.Tx, orgID, id string, people []string) (templateID string, list []due.Owed, err error) {
	return s.store.owed(ctx, tx, orgID, id, people)
}

func (store) owed(ctx context.Context, tx db.Tx, orgID, id string, people []string) (templateID string, list []due.Owed, err error) {
	who, args := ``, []any{orgID, id}
	if people != nil {
		who, args = ` AND a.user_id {in ?3}`, append(args, db.List(people))
	}
	rows, err := tx.Query(ctx, `SELECT (SELECT t.template_id FROM tasks t WHERE t.org_id = ?1 AND t.id = ?2), a.user_id, a.due_at FROM task_assignments a
WHERE a.org_id = ?1 AND a.task_id = ?2 AND a.completed_at IS NULL AND a.due_at IS NOT NULL AND EXISTS (SELECT 1 FROM tasks t
  WHERE t.org_id = ?1 AND t.id = ?2 AND t.archived_at IS NULL AND t.template_id IS NOT NULL)`+who+` {forUpdate}`, args...)
	if err != nil {
		return "", nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var o due.Owed
		if err := rows.Scan(&templateID, &o.UserID, &o.DueAt); err != nil {
			return "", nil, err
		}
		list = append(list, o)
	}
	return templateID, list, rows.Err()
}

// Titles gives the titles of tasks by their ids.
func (s *Service) Titles(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]string, error) {
	rows, err := q.Query(ctx, `SELECT id, title FROM tasks WHERE org_id = ? AND id {in}`, orgID, db.List(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := make(map[string]string, len(ids))
	for rows.Next() {
		var id, title string
		if err := rows.Scan(&id, &title); err != nil {
			return nil, err
		}
		by[id] = title
	}
	return by, rows.Err()
}

// ForgetTemplate lets go of a template that is deleted.
func (s *Service) ForgetTemplate(ctx context.Context, tx db.Tx, orgID, templateID string) error {
	_, err := tx.Exec(ctx, `UPDATE tasks SET template_id = NULL, version = version + 1 WHERE org_id = ? AND template_id = ?`, orgID, templateID)
	return err
}

// Way is what somebody may have to open to finish tasks and courses.
type Way struct{ Tasks, Courses, Documents, Videos []string }

// Finishing gives what it takes to finish tasks and courses: the courses that the tasks are in or
// lead to, however long the way, with all that is in them, and what their tasks name.
func (s *Service) Finishing(ctx context.Context, q db.Queryer, orgID string, tasks, courses []string) (Way, error) {
	way := Way{Tasks: tasks, Courses: courses}
	for {
		found, err := s.store.onTheWay(ctx, q, orgID, way)
		if err != nil || len(found.Courses) == len(way.Courses) {
			return found, err
		}
		way = found
	}
}

// onTheWay adds to tasks and courses what they are one step from.
func (store) onTheWay(ctx context.Context, q db.Queryer, orgID string, from Way) (Way, error) {
	rows, err := q.Query(ctx, `SELECT id, course_id, linked_id, document_id, video_id FROM tasks WHERE org_id = ?1 AND archived_at IS NULL AND id {in ?2}
UNION SELECT id, course_id, linked_id, document_id, video_id FROM tasks WHERE org_id = ?1 AND archived_at IS NULL AND course_id {in ?3}`,
		orgID, db.List(from.Tasks), db.List(from.Courses))
	if err != nil {
		return Way{}, err
	}
	defer rows.Close()
	to := Way{Courses: slices.Clone(from.Courses)}
	add := func(list *[]string, id *string) {
		if id != nil && !slices.Contains(*list, *id) {
			*list = append(*list, *id)
		}
	}
	for rows.Next() {
		var id string
		var in, linked, document, video *string
		if err := rows.Scan(&id, &in, &linked, &document, &video); err != nil {
			return Way{}, err
		}
		to.Tasks = append(to.Tasks, id)
		add(&to.Courses, in)
		add(&to.Courses, linked)
		add(&to.Documents, document)
		add(&to.Videos, video)
	}
	return to, rows.Err()
}
