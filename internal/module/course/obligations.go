package course

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Obligation is a course that somebody still has to complete by a time.
type Obligation struct {
	CourseID, UserID string
	Title            string
	TemplateID       *string // the enforcement template that drives reminders
	AssignedAt       int64   // ms
	DueAt            int64   // ms
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

// Obligations gives the open enrolments with a deadline, of people who are still there, by
// deadline, course and person: what a reminder is about. It asks for nobody's permission: the
// caller shows people only their own.
func (s *Service) Obligations(ctx context.Context, q db.Queryer, o ObligationQuery) ([]Obligation, error) {
	return s.store.obligations(ctx, q, o)
}

func (store) obligations(ctx context.Context, q db.Queryer, o ObligationQuery) ([]Obligation, error) {
	after := Obligation{DueAt: -1}
	if o.After != nil {
		after = *o.After
	}
	whose, args := ``, []any{o.OrgID, o.Until, after.DueAt, after.CourseID, after.UserID, o.Limit}
	if o.UserID != "" {
		whose, args = ` AND e.user_id = ?7`, append(args, o.UserID)
	}
	rows, err := q.Query(ctx, `SELECT e.course_id, e.user_id, c.title, c.template_id, e.assigned_at, e.due_at
FROM course_enrolments e JOIN courses c ON c.org_id = e.org_id AND c.id = e.course_id JOIN users u ON u.org_id = e.org_id AND u.id = e.user_id
WHERE e.org_id = ?1 AND e.completed_at IS NULL AND e.due_at IS NOT NULL AND e.due_at <= ?2 AND (e.due_at, e.course_id, e.user_id) > (?3, ?4, ?5)
  AND c.archived_at IS NULL AND u.status <> 'ARCHIVE'`+whose+` ORDER BY e.due_at, e.course_id, e.user_id LIMIT ?6`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Obligation
	for rows.Next() {
		var x Obligation
		if err := rows.Scan(&x.CourseID, &x.UserID, &x.Title, &x.TemplateID, &x.AssignedAt, &x.DueAt); err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, rows.Err()
}
