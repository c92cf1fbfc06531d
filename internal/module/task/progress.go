package task

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// The steps of an assignment.
const (
	start    = "start"
	complete = "complete"
	reopen   = "reopen"
)

// step takes an assignment further at a time (ms) and gives the event that tells of it, "" when
// nothing changes.
func (a *Assignment) step(verb string, at int64) (told string, err error) {
	switch {
	case verb == start && a.State == Completed:
		return "", fault.Conflict("task.completed", "You have completed this task: reopen it to start again.")
	case verb == start && a.State == Assigned:
		a.State, a.StartedAt = Started, &at
		return "task.started", nil
	case verb == complete && a.State != Completed:
		a.State, a.CompletedAt = Completed, &at
		if a.StartedAt == nil {
			a.StartedAt = &at
		}
		return "task.completed", nil
	case verb == reopen && a.State == Completed:
		a.State, a.CompletedAt = Started, nil
		return "task.reopened", nil
	}
	return "", nil
}

// Start notes that the actor has begun a task that they have to do.
func (s *Service) Start(ctx context.Context, who authz.Actor, id string) (Seen, error) {
	return s.progress(ctx, who, id, start)
}

// Complete notes that the actor has done a task.
func (s *Service) Complete(ctx context.Context, who authz.Actor, id string) (Seen, error) {
	return s.progress(ctx, who, id, complete)
}

// Reopen takes back that the actor has done a task.
func (s *Service) Reopen(ctx context.Context, who authz.Actor, id string) (Seen, error) {
	return s.progress(ctx, who, id, reopen)
}

func (s *Service) progress(ctx context.Context, who authz.Actor, id, verb string) (Seen, error) {
	var t Seen
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if t, err = s.toProgress(ctx, tx, who, id); err == nil {
			err = s.further(ctx, tx, who, t, verb)
		}
		return err
	})
	return t, err
}

// further takes the actor's part of a task a step further.
func (s *Service) further(ctx context.Context, tx db.Tx, who authz.Actor, t Seen, verb string) error {
	if verb == complete && t.LinkedID != nil && t.Mine.State != Completed {
		done, err := s.store.completed(ctx, tx, who.OrgID, *t.LinkedID, who.UserID)
		if err == nil && !done {
			err = fault.Conflict("task.courseOpen", "Complete all tasks of the course: this task is completed by that.")
		}
		if err != nil {
			return err
		}
	}
	if verb != reopen && t.CourseID != nil && t.Mine.State != Completed {
		if err := s.inOrder(ctx, tx, who, t.Task); err != nil {
			return err
		}
	}
	return s.advance(ctx, tx, who, t.Task, t.Mine, verb)
}

// advance takes the actor's part of a task a step further and does what follows.
func (s *Service) advance(ctx context.Context, tx db.Tx, who authz.Actor, t Task, mine *Assignment, verb string) error {
	told, err := mine.step(verb, s.stamp(who).ms)
	if err != nil || told == "" {
		return err
	}
	if err := s.store.setState(ctx, tx, who.OrgID, t.ID, who.UserID, *mine); err != nil {
		return err
	}
	if err := s.publish(ctx, tx, who.OrgID, told, t, event{By: who.UserID, UserID: who.UserID}); err != nil || verb == start {
		return err
	}
	if err := s.owed(ctx, tx, who.OrgID, []string{who.UserID}, t); err != nil || t.CourseID == nil {
		return err
	}
	return s.finish(ctx, tx, who, *t.CourseID)
}

// inOrder refuses a task of a course with an order while one before it is not completed.
func (s *Service) inOrder(ctx context.Context, tx db.Tx, who authz.Actor, t Task) error {
	list, err := s.courses.ByIDs(ctx, tx, who.OrgID, []string{*t.CourseID})
	if err != nil || !list[*t.CourseID].Sequential {
		return err
	}
	missing, err := s.store.before(ctx, tx, who, t)
	if err != nil || missing == "" {
		return err
	}
	return fault.Conflict("task.outOfOrder", "The tasks of this course are done in order: complete "+quoted(missing)+" first.")
}

// finish notes whether the actor has completed a course, and completes the tasks that lead to it.
func (s *Service) finish(ctx context.Context, tx db.Tx, who authz.Actor, courseID string) error {
	done, err := s.store.completed(ctx, tx, who.OrgID, courseID, who.UserID)
	if err != nil {
		return err
	}
	if err := s.courses.Progressed(ctx, tx, who, courseID, done); err != nil || !done {
		return err
	}
	waiting, err := s.store.leading(ctx, tx, who, courseID)
	if err != nil {
		return err
	}
	for i := range waiting {
		if err := s.advance(ctx, tx, who, waiting[i].Task, waiting[i].Mine, complete); err != nil {
			return err
		}
	}
	return nil
}
