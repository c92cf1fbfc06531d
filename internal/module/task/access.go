package task

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// manager is the capability of those who see and change the tasks of everybody: who decides how
// tasks are enforced answers for all of them.
const manager = authz.TemplatesManage

const noun = "task"

// gate refuses, with the answer for an absent task, whoever may not see the task.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.visible(ctx, s.DB.Reader(ctx), who, id)
	return err
}

// Sight is the condition that the task whose id is in a column is there for whoever made it or has
// it (content.Carrier): ?1 is the organization, ?2 the viewer. Managers see more.
func Sight(id string) string {
	return `EXISTS (SELECT 1 FROM tasks y WHERE y.org_id = ?1 AND y.id = ` + id + ` AND y.archived_at IS NULL AND (y.author_id = ?2
		OR EXISTS (SELECT 1 FROM task_assignments a WHERE a.org_id = ?1 AND a.task_id = y.id AND a.user_id = ?2)))`
}

// visible gives a task that the actor made, is assigned or manages, with their part of it.
func (s *Service) visible(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Seen, error) {
	t, err := s.store.find(ctx, q, who, id)
	if err != nil {
		return Seen{}, err
	}
	if t.AuthorID != who.UserID && t.Mine == nil && !who.Can(manager) {
		return Seen{}, fault.NotFound(noun)
	}
	return t, nil
}

// toManage gives a task, locked, that the actor made or manages.
func (s *Service) toManage(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Seen, error) {
	if err := s.store.lock(ctx, tx, who.OrgID, id); err != nil {
		return Seen{}, err
	}
	t, err := s.visible(ctx, tx, who, id)
	if err == nil {
		err = mayManage(who, t)
	}
	return t, err
}

// mayManage refuses whoever only has to do a task.
func mayManage(who authz.Actor, t Seen) error {
	if t.AuthorID != who.UserID && !who.Can(manager) {
		return fault.Forbidden("task.notAuthor", "Only its author, and those who hold templates:manage, can do this with a task.")
	}
	return nil
}

// toProgress gives a task, locked, that somebody has to do: the actor, or whom they manage.
func (s *Service) toProgress(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Seen, error) {
	if err := s.store.lock(ctx, tx, who.OrgID, id); err != nil {
		return Seen{}, err
	}
	t, err := s.visible(ctx, tx, who, id)
	if err == nil && t.Mine == nil {
		err = fault.Conflict("task.notAssigned", "This task is not assigned to you: ask its author to assign it.")
	}
	return t, err
}
