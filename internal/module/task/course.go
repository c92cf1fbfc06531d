package task

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// GiveCourse assigns the published tasks of a course, which is locked, to people. pointer is the
// field of a request that names them, "" for none.
func (s *Service) GiveCourse(ctx context.Context, tx db.Tx, who authz.Actor, courseID string, people []string, pointer string) error {
	list, err := s.store.inCourse(ctx, tx, who.OrgID, courseID)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.Status != published {
			continue
		}
		if err := s.give(ctx, tx, who, t, named{pointer, people}); err != nil {
			return err
		}
	}
	return nil
}

// TakeCourse unassigns the tasks of a course, which is locked, from people.
func (s *Service) TakeCourse(ctx context.Context, tx db.Tx, who authz.Actor, courseID string, people []string) error {
	list, err := s.store.inCourse(ctx, tx, who.OrgID, courseID)
	if err != nil {
		return err
	}
	for _, t := range list {
		if err := s.take(ctx, tx, who, t, people); err != nil {
			return err
		}
	}
	return nil
}

// ArchiveCourse takes the tasks of a course out of sight: what is completed stays, the rest need
// not be done any more.
func (s *Service) ArchiveCourse(ctx context.Context, tx db.Tx, who authz.Actor, courseID string) error {
	list, err := s.store.inCourse(ctx, tx, who.OrgID, courseID)
	if err != nil {
		return err
	}
	for _, t := range list {
		gone, err := s.store.unassignOpen(ctx, tx, who.OrgID, t.ID)
		if err == nil && len(gone) > 0 {
			err = s.tell(ctx, tx, who, "task.unassigned", t, gone)
		}
		if err == nil {
			err = s.owed(ctx, tx, who.OrgID, gone, t)
		}
		if err != nil {
			return err
		}
	}
	return s.store.archive(ctx, tx, who.OrgID, courseID, s.stamp(who))
}

// ArrangeCourse puts the tasks of a course, which is locked, in another order: it must name all.
func (s *Service) ArrangeCourse(ctx context.Context, tx db.Tx, who authz.Actor, courseID string, order []string) error {
	list, err := s.store.inCourse(ctx, tx, who.OrgID, courseID)
	if err != nil {
		return err
	}
	place := make(map[string]int, len(order))
	for i, id := range order {
		place[id] = i
	}
	if len(order) != len(list) || len(place) != len(list) {
		return errOrder
	}
	for _, t := range list {
		i, there := place[t.ID]
		if !there {
			return errOrder
		}
		if err := s.store.setPlace(ctx, tx, who.OrgID, t.ID, i); err != nil {
			return err
		}
	}
	return nil
}

var errOrder = fault.Invalid(fault.Field{Pointer: "/taskIds", Code: "course.orderIncomplete", Detail: "Name every task of the course exactly once."})

// CourseTotals are what there is to do in a course.
type CourseTotals struct {
	Tasks   int // published ones
	Minutes int64
}

// CourseTotals gives what there is to do in courses, by their ids.
func (s *Service) CourseTotals(ctx context.Context, q db.Queryer, orgID string, courses []string) (map[string]CourseTotals, error) {
	return s.store.totals(ctx, q, orgID, courses)
}

// CoursePart is what one person has done of one course.
type CoursePart struct {
	CourseID, UserID          string
	Tasks, Started, Completed int
}

// CourseParts gives what people have done of courses.
func (s *Service) CourseParts(ctx context.Context, q db.Queryer, orgID string, courses, people []string) ([]CoursePart, error) {
	return s.store.parts(ctx, q, orgID, courses, people)
}
