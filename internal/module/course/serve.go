package course

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// ByIDs gives those of some courses that are there and not archived: id, author, state, title and
// whether their tasks are done in order.
func (s *Service) ByIDs(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]Course, error) {
	return s.store.byIDs(ctx, q, orgID, ids)
}

// IsPublished reports whether the course can be taken.
func (c Course) IsPublished() bool { return c.Status == published }

// Lock keeps others from changing a course, who takes it and what is in it, until the transaction
// ends. One that is not there locks nothing.
func (s *Service) Lock(ctx context.Context, tx db.Tx, orgID, id string) error {
	if err := s.store.lock(ctx, tx, orgID, id); !fault.Is(err, fault.KindNotFound) {
		return err
	}
	return nil
}

// People gives who takes a course.
func (s *Service) People(ctx context.Context, q db.Queryer, orgID, id string) ([]string, error) {
	return s.store.people(ctx, q, orgID, id)
}

// Enrol gives a course to people who do not take it yet.
func (s *Service) Enrol(ctx context.Context, tx db.Tx, who authz.Actor, id string, people []string) error {
	if err := s.store.lock(ctx, tx, who.OrgID, id); err != nil {
		return s.gone(err)
	}
	c, err := s.store.find(ctx, tx, who, id)
	if err != nil {
		return s.gone(err)
	}
	return s.give(ctx, tx, who, c.Course, people, "")
}

// gone tells of a course that was archived while a task still leads to it.
func (*Service) gone(err error) error {
	if fault.Is(err, fault.KindNotFound) {
		return fault.Conflict("course.archived", "The course that this task leads to has been deleted: let the task lead to another one.")
	}
	return err
}

// Progressed notes whether the actor has completed all tasks of a course.
func (s *Service) Progressed(ctx context.Context, tx db.Tx, who authz.Actor, id string, completed bool) error {
	var at *int64
	name := "course.reopened"
	if completed {
		now := s.stamp(who).ms
		at, name = &now, "course.completed"
	}
	isNew, err := s.store.setCompleted(ctx, tx, who.OrgID, id, who.UserID, at)
	if err != nil || !isNew {
		return err
	}
	if s.Templates != nil {
		if err := s.Templates.Follow(ctx, tx, who.OrgID, id, []string{who.UserID}); err != nil {
			return err
		}
	}
	return s.publish(ctx, tx, who.OrgID, name, id, event{By: who.UserID, UserID: who.UserID})
}
