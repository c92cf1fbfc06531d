package task

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
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
