package task

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/due"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// assign gives a task to people who do not have it yet, former members excepted, and gives who
// got it. It takes one statement, however many they are.
func (s store) assign(ctx context.Context, tx db.Tx, orgID, id string, at stamp, b due.Batch) ([]string, error) {
	return db.Strings(tx.Query(ctx, `INSERT INTO task_assignments (org_id, task_id, user_id, state, assigned_by, assigned_at, due_at)
SELECT u.org_id, ?2, u.id, 'ASSIGNED', ?3, CAST(?4 AS BIGINT), CAST(?5 AS BIGINT) FROM users u WHERE u.org_id = ?1 AND u.id {in ?6} AND u.status <> 'ARCHIVE'
ON CONFLICT (org_id, task_id, user_id) DO NOTHING RETURNING user_id`, orgID, id, at.by, at.ms, b.At, db.List(b.People)))
}

// unassign takes a task from people and gives who had it.
func (s store) unassign(ctx context.Context, tx db.Tx, orgID, id string, people []string) ([]string, error) {
	return db.Strings(tx.Query(ctx, `DELETE FROM task_assignments WHERE org_id = ? AND task_id = ? AND user_id {in} RETURNING user_id`, orgID, id, db.List(people)))
}

// unassignOpen takes a task from everybody who has not completed it.
func (s store) unassignOpen(ctx context.Context, tx db.Tx, orgID, id string) ([]string, error) {
	return db.Strings(tx.Query(ctx, `DELETE FROM task_assignments WHERE org_id = ? AND task_id = ? AND completed_at IS NULL RETURNING user_id`, orgID, id))
}

// open gives the assignments of a task that are not completed.
func (store) open(ctx context.Context, q db.Queryer, orgID, id string) ([]due.Given, error) {
	rows, err := q.Query(ctx, `SELECT user_id, assigned_at FROM task_assignments WHERE org_id = ? AND task_id = ? AND completed_at IS NULL ORDER BY user_id`, orgID, id)
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

// setDue moves the deadlines of people's parts of a task, and gives how many moved.
func (store) setDue(ctx context.Context, tx db.Tx, orgID, id string, b due.Batch) (int64, error) {
	return tx.Exec(ctx, `UPDATE task_assignments SET due_at = ? WHERE org_id = ? AND task_id = ? AND user_id {in}
  AND COALESCE(due_at, -1) <> COALESCE(CAST(? AS BIGINT), -1)`, b.At, orgID, id, db.List(b.People), b.At)
}

// setState writes how far somebody is.
func (store) setState(ctx context.Context, tx db.Tx, orgID, id, userID string, a Assignment) error {
	_, err := tx.Exec(ctx, `UPDATE task_assignments SET state = ?, started_at = ?, completed_at = ? WHERE org_id = ? AND task_id = ? AND user_id = ?`,
		a.State, a.StartedAt, a.CompletedAt, orgID, id, userID)
	return err
}

// assignee is somebody with their part of a task.
type assignee struct {
	person.Card
	Assignment
	sortKey string
}

// place is where a list of assignees goes on.
type place struct {
	Key string `json:"k"`
	ID  string `json:"i"`
}

// assignees lists who has a task, by name.
func (store) assignees(ctx context.Context, q db.Queryer, orgID, id string, s slice) ([]assignee, error) {
	var after place
	if s.behind != nil {
		after = *s.behind
	}
	rows, err := q.Query(ctx, `SELECT a.state, a.assigned_at, a.due_at, a.started_at, a.completed_at, u.sort_key, `+person.Columns+`
FROM task_assignments a {thenJoin} users u ON u.org_id = a.org_id AND u.id = a.user_id`+person.Join+`
WHERE a.org_id = ? AND a.task_id = ? AND (u.sort_key, u.id) > (?, ?) ORDER BY u.sort_key, u.id LIMIT ? OFFSET ?`,
		orgID, id, after.Key, after.ID, s.limit, s.offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []assignee
	for rows.Next() {
		var a assignee
		to := []any{&a.State, &a.AssignedAt, &a.DueAt, &a.StartedAt, &a.CompletedAt, &a.sortKey}
		if err := rows.Scan(append(to, a.Card.Targets()...)...); err != nil {
			return nil, err
		}
		a.Card.Finish()
		list = append(list, a)
	}
	return list, rows.Err()
}

// people gives who has a task.
func (s store) people(ctx context.Context, q db.Queryer, orgID, id string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT user_id FROM task_assignments WHERE org_id = ? AND task_id = ? ORDER BY user_id`, orgID, id))
}
