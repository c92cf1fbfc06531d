package task

import (
	"context"
	"fmt"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/due"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// named is people as a request names them; pointer is "" when it does not.
type named struct {
	pointer string
	people  []string
}

// at is the pointer to one of them.
func (n named) at(i int) string {
	if n.pointer == "" {
		return ""
	}
	return fmt.Sprintf("%s/%d", n.pointer, i)
}

// Assign takes a task from people, then gives it to others. ifMatch is the If-Match header.
func (s *Service) Assign(ctx context.Context, who authz.Actor, id, ifMatch string, in People) (Seen, error) {
	var out Seen
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		t, err := s.toChange(ctx, tx, who, id, ifMatch)
		if err != nil {
			return err
		}
		if t.CourseID != nil {
			return fault.Conflict("task.inCourse", "Whoever takes the course has its tasks: assign the course instead.")
		}
		if err := s.take(ctx, tx, who, t.Task, in.RemoveIDs); err != nil {
			return err
		}
		if len(in.UserIDs) > 0 {
			if err := s.give(ctx, tx, who, t.Task, named{"/userIds", in.UserIDs}); err != nil {
				return err
			}
		}
		at := s.stamp(who)
		t.UpdatedAt, t.UpdatedBy = at.ms, at.by
		if err := s.store.touch(ctx, tx, who.OrgID, &t.Task); err != nil {
			return err
		}
		out, err = s.store.find(ctx, tx, who, id)
		return err
	})
	return out, err
}

// give assigns a task, which is locked or new, to people.
func (s *Service) give(ctx context.Context, tx db.Tx, who authz.Actor, t Task, to named) error {
	if t.Status != published {
		return fault.Conflict("task.draft", "A draft cannot be assigned: publish the task first.")
	}
	if err := s.known(ctx, tx, who, to); err != nil {
		return err
	}
	if err := s.readable(ctx, tx, who, t, to); err != nil {
		return err
	}
	at := s.stamp(who)
	batches, err := t.deadline().Batches(ctx, tx, s.Zones, who.OrgID, due.To(content.Unique(to.people), at.ms))
	if err != nil {
		return err
	}
	var added []string
	for _, b := range batches {
		some, err := s.store.assign(ctx, tx, who.OrgID, t.ID, at, b)
		if err != nil {
			return err
		}
		added = append(added, some...)
	}
	if len(added) == 0 {
		return nil
	}
	if t.LinkedID != nil {
		if err := s.courses.Enrol(ctx, tx, who, *t.LinkedID, added); err != nil {
			return err
		}
	}
	if err := s.owed(ctx, tx, who.OrgID, added, t); err != nil {
		return err
	}
	return s.tell(ctx, tx, who, "task.assigned", t, added)
}

// take unassigns people from a task; those who do not have it are left alone.
func (s *Service) take(ctx context.Context, tx db.Tx, who authz.Actor, t Task, people []string) error {
	if len(people) == 0 {
		return nil
	}
	gone, err := s.store.unassign(ctx, tx, who.OrgID, t.ID, people)
	if err != nil || len(gone) == 0 {
		return err
	}
	if err := s.owed(ctx, tx, who.OrgID, gone, t); err != nil {
		return err
	}
	return s.tell(ctx, tx, who, "task.unassigned", t, gone)
}

// known reports whoever is nobody of the organization. People that no request names, who take a
// course, may have left meanwhile.
func (s *Service) known(ctx context.Context, tx db.Tx, who authz.Actor, to named) error {
	if to.pointer == "" {
		return nil
	}
	missing, err := person.Missing(ctx, tx, who.OrgID, to.people)
	if err != nil {
		return err
	}
	var bad fault.Fields
	to.each(missing, func(pointer, _ string) { bad.Add(pointer, "user.unknown", "There is no member with this id.") })
	return bad.Err()
}

// each calls f for those of a list that are among some, with their pointers.
func (n named) each(some []string, f func(pointer, id string)) {
	among := make(map[string]bool, len(some))
	for _, id := range some {
		among[id] = true
	}
	for i, id := range n.people {
		if among[id] {
			f(n.at(i), id)
		}
	}
}

// maxListed is how many people a refusal names.
const maxListed = 100

// readable refuses to give people what they may not read.
func (s *Service) readable(ctx context.Context, tx db.Tx, who authz.Actor, t Task, to named) error {
	var bad fault.Fields
	for _, ref := range []struct {
		kind string
		id   *string
	}{{"document", t.DocumentID}, {"video", t.VideoID}} {
		if ref.id == nil {
			continue
		}
		outside, err := s.Content.Outside(ctx, tx, who.OrgID, ref.kind, *ref.id, to.people)
		if err != nil {
			return err
		}
		to.each(outside, func(pointer, id string) {
			if len(bad.List()) < maxListed {
				bad.Add(pointer, "task.unreadable", "The person "+id+" may not see the "+ref.kind+" of this task.")
			}
		})
	}
	if bad.Empty() {
		return nil
	}
	f := fault.Conflict("task.unreadable", "Somebody may not see what this task names: widen its audience, or leave them out.")
	f.Fields = bad.List()
	return f
}
