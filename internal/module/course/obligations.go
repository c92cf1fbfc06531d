package course

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/due"
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

// owed has what people owe on a course looked at again; nil is everybody. versions are what the
// course is and, after a change, what it was: without a template there is nothing to look at.
func (s *Service) owed(ctx context.Context, tx db.Tx, orgID string, people []string, versions ...Course) error {
	if s.Templates == nil {
		return nil
	}
	for _, c := range versions {
		if c.TemplateID != nil {
			return s.Templates.Follow(ctx, tx, orgID, c.ID, people)
		}
	}
	return nil
}

// Owed gives the template of a course, "" for none, and who of some people has not completed it
// and by when; nil is everybody. Those without a deadline are left
// out; nobody finishes meanwhile.
func (s *Service) Owed(ctx context.Context, tx db.Tx, orgID, id string, people []string) (templateID string, list []due.Owed, err error) {
	return s.store.owed(ctx, tx, orgID, id, people)
}

func (store) owed(ctx context.Context, tx db.Tx, orgID, id string, people []string) (templateID string, list []due.Owed, err error) {
	who, args := ``, []any{orgID, id}
	if people != nil {
		who, args = ` AND e.user_id {in ?3}`, append(args, db.List(people))
	}
	rows, err := tx.Query(ctx, `SELECT (SELECT c.template_id FROM courses c WHERE c.org_id = ?1 AND c.id = ?2), e.user_id, e.due_at FROM course_enrolments e
WHERE e.org_id = ?1 AND e.course_id = ?2 AND e.completed_at IS NULL AND e.due_at IS NOT NULL AND EXISTS (SELECT 1 FROM courses c
  WHERE c.org_id = ?1 AND c.id = ?2 AND c.archived_at IS NULL AND c.template_id IS NOT NULL)`+who+` {forUpdate}`, args...)
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

// Titles gives the titles of courses by their ids.
func (s *Service) Titles(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]string, error) {
	list, err := s.store.byIDs(ctx, q, orgID, ids)
	by := make(map[string]string, len(list))
	for id, c := range list {
		by[id] = c.Title
	}
	return by, err
}

// ForgetTemplate lets go of a template that is deleted.
func (s *Service) ForgetTemplate(ctx context.Context, tx db.Tx, orgID, templateID string) error {
	_, err := tx.Exec(ctx, `UPDATE courses SET template_id = NULL, version = version + 1 WHERE org_id = ? AND template_id = ?`, orgID, templateID)
	return err
}
