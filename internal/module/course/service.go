package course

import (
	"context"
	"fmt"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/due"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Totals are what there is to do in a course.
type Totals struct {
	Tasks   int
	Minutes int64
}

// Part is what one person has done of one course.
type Part struct {
	CourseID, UserID          string
	Tasks, Started, Completed int
}

// Percent is how much of their tasks they have completed.
func (p Part) Percent() int {
	if p.Tasks == 0 {
		return 0
	}
	return 100 * p.Completed / p.Tasks
}

// Tasks are what courses are made of.
type Tasks interface {
	// GiveCourse assigns the published tasks of a course to people; pointer is the field of a
	// request that names them, "" for none.
	GiveCourse(ctx context.Context, tx db.Tx, who authz.Actor, courseID string, people []string, pointer string) error
	// TakeCourse unassigns its tasks from people.
	TakeCourse(ctx context.Context, tx db.Tx, who authz.Actor, courseID string, people []string) error
	// ArchiveCourse takes its tasks out of sight; completions stay.
	ArchiveCourse(ctx context.Context, tx db.Tx, who authz.Actor, courseID string) error
	// ArrangeCourse puts its tasks, which must all be named, in another order.
	ArrangeCourse(ctx context.Context, tx db.Tx, who authz.Actor, courseID string, order []string) error
	// Totals gives what there is to do in courses, by their ids.
	Totals(ctx context.Context, q db.Queryer, orgID string, courses []string) (map[string]Totals, error)
	// Parts gives what people have done of courses.
	Parts(ctx context.Context, q db.Queryer, orgID string, courses, people []string) ([]Part, error)
}

// Templates are the enforcement templates that drive reminders.
type Templates interface {
	// Has reports whether the organization has a template.
	Has(ctx context.Context, q db.Queryer, orgID, id string) (bool, error)
	// Follow looks again at what people owe on a course, because they got, finished or lost it, or
	// its deadline or template changed; nil is everybody.
	Follow(ctx context.Context, tx db.Tx, orgID, id string, people []string) error
}

// Deps are what courses work with.
type Deps struct {
	DB         *db.DB
	Bus        *bus.Bus
	Clock      clock.Clock
	Categories content.Categories
	Tasks      Tasks
	Templates  Templates // nil: there are none
	Zones      due.Zones // nil: everybody is in UTC
}

// Service is what can be done with courses.
type Service struct {
	Deps

	store store
}

// New makes the service.
func New(d Deps) *Service { return &Service{Deps: d} }

// stamp is who writes and when.
type stamp struct {
	by string
	ms int64
}

func (s *Service) stamp(who authz.Actor) stamp {
	return stamp{by: who.UserID, ms: clock.Millis(s.Clock.Now())}
}

// event is the data of the events of this module.
type event struct {
	By     string   `json:"by"`
	UserID string   `json:"userId,omitempty"` // whose part changed
	People []string `json:"people,omitempty"` // who was assigned or unassigned
}

// maxTold is how many people one event names.
const maxTold = 100

func (s *Service) publish(ctx context.Context, tx db.Tx, orgID, name, id string, e event) error {
	return s.Bus.Publish(ctx, tx, bus.Event{OrgID: orgID, Name: name, Subject: id, Data: e})
}

// tell publishes what happened to many people.
func (s *Service) tell(ctx context.Context, tx db.Tx, who authz.Actor, name, id string, people []string) error {
	var events []bus.Event
	for part := range slices.Chunk(people, maxTold) {
		events = append(events, bus.Event{OrgID: who.OrgID, Name: name, Subject: id, Data: event{By: who.UserID, People: part}})
	}
	return s.Bus.PublishMany(ctx, tx, events)
}

// Shown is a course with what there is to do in it, and what its reader has done.
type Shown struct {
	Seen
	Totals
	Part Part
}

// show adds to courses what their tasks say, with two statements.
func (s *Service) show(ctx context.Context, q db.Queryer, who authz.Actor, list []Seen) ([]Shown, error) {
	courses := make([]string, len(list))
	for i, c := range list {
		courses[i] = c.ID
	}
	totals, err := s.Tasks.Totals(ctx, q, who.OrgID, courses)
	if err != nil {
		return nil, err
	}
	parts, err := s.Tasks.Parts(ctx, q, who.OrgID, courses, []string{who.UserID})
	if err != nil {
		return nil, err
	}
	by := map[string]Part{}
	for _, p := range parts {
		by[p.CourseID] = p
	}
	shown := make([]Shown, len(list))
	for i, c := range list {
		shown[i] = Shown{c, totals[c.ID], by[c.ID]}
	}
	return shown, nil
}

// showOne is show for the answer of an operation on one course.
func (s *Service) showOne(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Shown, error) {
	c, err := s.store.find(ctx, q, who, id)
	if err != nil {
		return Shown{}, err
	}
	list, err := s.show(ctx, q, who, []Seen{c})
	if err != nil {
		return Shown{}, err
	}
	return list[0], nil
}

// Get gives a course the actor may see.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Shown, error) {
	if err := s.gate(ctx, who, id); err != nil {
		return Shown{}, err
	}
	return s.showOne(ctx, s.DB.Reader(ctx), who, id)
}

// List gives a page of the courses the actor may see, in the order they were made.
func (s *Service) List(ctx context.Context, who authz.Actor, q Query, p api.Page) ([]Shown, api.Meta, error) {
	part := slice{limit: p.Limit() + 1, offset: p.Offset()}
	if p.Cursor != "" {
		part.after, part.offset, p.CurPage = &position{}, 0, 1
		if err := p.DecodeCursor(part.after); err != nil {
			return nil, api.Meta{}, err
		}
	}
	r := s.DB.Reader(ctx)
	total, err := s.store.count(ctx, r, who, q)
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, err := s.store.list(ctx, r, who, q, part)
	if err != nil {
		return nil, api.Meta{}, err
	}
	meta := p.Meta(total)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = ids.EncodeCursor(position{list[n-1].CreatedAt, list[n-1].ID})
	}
	shown, err := s.show(ctx, r, who, list)
	return shown, meta, err
}

// Create makes a course without tasks.
func (s *Service) Create(ctx context.Context, who authz.Actor, in Draft) (Shown, error) {
	at := s.stamp(who)
	c := Course{ID: ids.New(), AuthorID: who.UserID, Status: draft, Version: 1, CreatedAt: at.ms, UpdatedAt: at.ms, UpdatedBy: at.by}
	var out Shown
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		var bad fault.Fields
		in.apply(&c, &bad)
		if err := s.enforce(ctx, tx, who.OrgID, in.TemplateID, &bad); err != nil {
			return err
		}
		if err := s.categorize(ctx, tx, who, in, &bad); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.store.insert(ctx, tx, who.OrgID, &c); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, who.OrgID, "course.created", c.ID, event{By: who.UserID}); err != nil {
			return err
		}
		var err error
		out, err = s.showOne(ctx, tx, who, c.ID)
		return err
	})
	return out, err
}

// categorize reports the categories of a draft that are not there.
func (s *Service) categorize(ctx context.Context, tx db.Tx, who authz.Actor, in Draft, bad *fault.Fields) error {
	if len(in.Categories.Value) > maxCategories {
		return nil
	}
	for i, name := range in.Categories.Value {
		id, err := s.Categories.Find(ctx, tx, who.OrgID, ModuleCode, name)
		if err != nil {
			return err
		}
		if id == "" {
			bad.Add(fmt.Sprintf("/categories/%d", i), "category.unknown", "There is no category of this name for courses: make it first.")
		}
	}
	return nil
}

// Update changes a course. ifMatch is the If-Match header, "" for none.
func (s *Service) Update(ctx context.Context, who authz.Actor, id, ifMatch string, in Draft) (Shown, error) {
	return s.managed(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, before Seen) error {
		c, at := before.Course, s.stamp(who)
		c.UpdatedAt, c.UpdatedBy = at.ms, at.by
		var bad fault.Fields
		in.apply(&c, &bad)
		if err := s.enforce(ctx, tx, who.OrgID, in.TemplateID, &bad); err != nil {
			return err
		}
		if err := s.categorize(ctx, tx, who, in, &bad); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if c.Status == draft && before.People > 0 {
			return fault.Conflict("course.assigned", "Somebody takes this course: unassign everybody before it becomes a draft again.")
		}
		if err := s.store.update(ctx, tx, who.OrgID, &c); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, who.OrgID, "course.updated", id, event{By: who.UserID}); err != nil {
			return err
		}
		moved := c.DueDays != before.DueDays || !same(c.DueAt, before.DueAt)
		if moved && before.People > 0 {
			if err := s.reschedule(ctx, tx, who, c); err != nil {
				return err
			}
		}
		if !moved && same(c.TemplateID, before.TemplateID) {
			return nil
		}
		return s.owed(ctx, tx, who.OrgID, nil, c, before.Course)
	})
}

func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

// managed runs f on a course that the actor may manage and nobody else changes meanwhile, and
// gives the course as it is then.
func (s *Service) managed(ctx context.Context, who authz.Actor, id, ifMatch string, f func(ctx context.Context, tx db.Tx, c Seen) error) (Shown, error) {
	var out Shown
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, err := s.toManage(ctx, tx, who, id, ifMatch)
		if err != nil {
			return err
		}
		if err := f(ctx, tx, c); err != nil {
			return err
		}
		out, err = s.showOne(ctx, tx, who, id)
		return err
	})
	return out, err
}

// reschedule moves the deadlines of those who have not completed a course.
func (s *Service) reschedule(ctx context.Context, tx db.Tx, who authz.Actor, c Course) error {
	open, err := s.store.open(ctx, tx, who.OrgID, c.ID)
	if err != nil {
		return err
	}
	batches, err := c.deadline().Batches(ctx, tx, s.Zones, who.OrgID, open)
	if err != nil {
		return err
	}
	var moved int64
	for _, b := range batches {
		n, err := s.store.setDue(ctx, tx, who.OrgID, c.ID, b)
		if err != nil {
			return err
		}
		moved += n
	}
	if moved == 0 {
		return nil
	}
	return s.publish(ctx, tx, who.OrgID, "course.dueChanged", c.ID, event{By: who.UserID})
}

// Arrange puts the tasks of a course in another order.
func (s *Service) Arrange(ctx context.Context, who authz.Actor, id, ifMatch string, in Order) (Shown, error) {
	return s.managed(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, c Seen) error {
		if err := s.Tasks.ArrangeCourse(ctx, tx, who, id, in.TaskIDs); err != nil {
			return err
		}
		return s.changed(ctx, tx, who, c)
	})
}

// changed counts the version of a course up and tells of it.
func (s *Service) changed(ctx context.Context, tx db.Tx, who authz.Actor, c Seen) error {
	at := s.stamp(who)
	c.UpdatedAt, c.UpdatedBy = at.ms, at.by
	if err := s.store.update(ctx, tx, who.OrgID, &c.Course); err != nil {
		return err
	}
	return s.publish(ctx, tx, who.OrgID, "course.updated", c.ID, event{By: who.UserID})
}

// Assign takes a course from people, then gives it to others. ifMatch is the If-Match header.
func (s *Service) Assign(ctx context.Context, who authz.Actor, id, ifMatch string, in People) (Shown, error) {
	return s.managed(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, c Seen) error {
		if len(in.RemoveIDs) > 0 {
			if err := s.take(ctx, tx, who, c.Course, in.RemoveIDs); err != nil {
				return err
			}
		}
		if len(in.UserIDs) == 0 {
			return nil
		}
		missing, err := person.Missing(ctx, tx, who.OrgID, in.UserIDs)
		if err != nil {
			return err
		}
		var bad fault.Fields
		for i, user := range in.UserIDs {
			if slices.Contains(missing, user) {
				bad.Add(fmt.Sprintf("/userIds/%d", i), "user.unknown", "There is no member with this id.")
			}
		}
		if err := bad.Err(); err != nil {
			return err
		}
		return s.give(ctx, tx, who, c.Course, in.UserIDs, "/userIds")
	})
}

// give enrols people in a course, which is locked, and assigns its tasks to them.
func (s *Service) give(ctx context.Context, tx db.Tx, who authz.Actor, c Course, people []string, pointer string) error {
	if c.Status != published {
		return fault.Conflict("course.draft", "A draft cannot be assigned: publish the course first.")
	}
	at := s.stamp(who)
	batches, err := c.deadline().Batches(ctx, tx, s.Zones, who.OrgID, due.To(content.Unique(people), at.ms))
	if err != nil {
		return err
	}
	var added []string
	for _, b := range batches {
		some, err := s.store.enrol(ctx, tx, who.OrgID, c.ID, at, b)
		if err != nil {
			return err
		}
		added = append(added, some...)
	}
	if len(added) == 0 {
		return nil
	}
	if err := s.owed(ctx, tx, who.OrgID, added, c); err != nil {
		return err
	}
	// Everybody named, so that pointers fit; those who have a task keep it.
	if err := s.Tasks.GiveCourse(ctx, tx, who, c.ID, people, pointer); err != nil {
		return err
	}
	return s.tell(ctx, tx, who, "course.assigned", c.ID, added)
}

func (s *Service) take(ctx context.Context, tx db.Tx, who authz.Actor, c Course, people []string) error {
	gone, err := s.store.leave(ctx, tx, who.OrgID, c.ID, people)
	if err != nil || len(gone) == 0 {
		return err
	}
	if err := s.Tasks.TakeCourse(ctx, tx, who, c.ID, gone); err != nil {
		return err
	}
	if err := s.owed(ctx, tx, who.OrgID, gone, c); err != nil {
		return err
	}
	return s.tell(ctx, tx, who, "course.unassigned", c.ID, gone)
}

// Delete archives a course: nobody sees it any more, and completions stay.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, err := s.toManage(ctx, tx, who, id, ifMatch)
		if err != nil {
			return err
		}
		if err := s.Tasks.ArchiveCourse(ctx, tx, who, id); err != nil {
			return err
		}
		if err := s.store.archive(ctx, tx, who.OrgID, id, s.stamp(who)); err != nil {
			return err
		}
		if err := s.owed(ctx, tx, who.OrgID, nil, c.Course); err != nil {
			return err
		}
		return s.publish(ctx, tx, who.OrgID, "course.archived", id, event{By: who.UserID})
	})
}

// Inherit gives a leaver's courses to their heir.
func (s *Service) Inherit(ctx context.Context, tx db.Tx, orgID, from, to string) error {
	return s.store.inherit(ctx, tx, orgID, from, to)
}

// enforce reports a template that is not there.
func (s *Service) enforce(ctx context.Context, tx db.Tx, orgID string, sent api.Patch[string], bad *fault.Fields) error {
	if sent.Value == "" {
		return nil
	}
	there, err := false, error(nil)
	if s.Templates != nil {
		there, err = s.Templates.Has(ctx, tx, orgID, sent.Value)
	}
	if !there {
		bad.Add("/notificationTemplateId", "template.unknown", "There is no enforcement template with this id.")
	}
	return err
}
