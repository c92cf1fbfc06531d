package task

import (
	"context"
	"crypto/rand"
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
)

// Videos make videos of films.
type Videos interface {
	// FromFile makes a video of an uploaded film of the actor's, visible to the organization, and
	// gives its id; a file that cannot be one is an Invalid fault at /videoId.
	FromFile(ctx context.Context, tx db.Tx, who authz.Actor, fileID, title string) (string, error)
}

// Course is what tasks need to know of a course.
type Course struct {
	ID, AuthorID, Title   string
	Published, Sequential bool
}

// Courses are what tasks can be in, and lead to.
type Courses interface {
	// ByIDs gives those of some courses that are there and not archived.
	ByIDs(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]Course, error)
	// Lock keeps others from changing who takes a course, and what is in it, until the
	// transaction ends.
	Lock(ctx context.Context, tx db.Tx, orgID, id string) error
	// People gives who takes a course.
	People(ctx context.Context, q db.Queryer, orgID, id string) ([]string, error)
	// Enrol gives a course to people who do not take it yet.
	Enrol(ctx context.Context, tx db.Tx, who authz.Actor, id string, people []string) error
	// Progressed notes whether the actor has completed all tasks of a course.
	Progressed(ctx context.Context, tx db.Tx, who authz.Actor, id string, completed bool) error
}

// Templates are the enforcement templates that drive reminders.
type Templates interface {
	// Has reports whether the organization has a template.
	Has(ctx context.Context, q db.Queryer, orgID, id string) (bool, error)
	// Follow looks again at what people owe on a task, because they got, finished or lost it, or
	// its deadline or template changed; nil is everybody.
	Follow(ctx context.Context, tx db.Tx, orgID, id string, people []string) error
}

// Deps are what tasks work with.
type Deps struct {
	DB        *db.DB
	Bus       *bus.Bus
	Clock     clock.Clock
	Content   *content.Content
	Videos    Videos
	Templates Templates // nil: there are none
	Zones     due.Zones // nil: everybody is in UTC
	URL       string    // of this server, for callbacks
}

// Service is what can be done with tasks.
type Service struct {
	Deps

	courses Courses
	store   store
}

// New makes the service. Serve must follow before it is used.
func New(d Deps) *Service { return &Service{Deps: d} }

// Serve says which courses the tasks are in.
func (s *Service) Serve(c Courses) { s.courses = c }

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
	By       string   `json:"by"`
	CourseID string   `json:"courseId,omitempty"` // the task is in
	UserID   string   `json:"userId,omitempty"`   // whose part changed
	People   []string `json:"people,omitempty"`   // who was assigned or unassigned
}

// maxTold is how many people one event names.
const maxTold = 100

func (s *Service) publish(ctx context.Context, tx db.Tx, orgID, name string, t Task, e event) error {
	if t.CourseID != nil {
		e.CourseID = *t.CourseID
	}
	return s.Bus.Publish(ctx, tx, bus.Event{OrgID: orgID, Name: name, Subject: t.ID, Data: e})
}

// tell publishes what happened to many people.
func (s *Service) tell(ctx context.Context, tx db.Tx, who authz.Actor, name string, t Task, people []string) error {
	e := event{By: who.UserID}
	if t.CourseID != nil {
		e.CourseID = *t.CourseID
	}
	var events []bus.Event
	for part := range slices.Chunk(people, maxTold) {
		e.People = part
		events = append(events, bus.Event{OrgID: who.OrgID, Name: name, Subject: t.ID, Data: e})
	}
	return s.Bus.PublishMany(ctx, tx, events)
}

// Get gives a task the actor may see.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Seen, error) {
	return s.visible(ctx, s.DB.Reader(ctx), who, id)
}

// List gives a page of the tasks the actor may see.
func (s *Service) List(ctx context.Context, who authz.Actor, q Query, p api.Page) ([]Seen, api.Meta, error) {
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
	meta := p.Meta(total)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = ids.EncodeCursor(q.position(list[n-1].Task))
	}
	return list, meta, err
}

// Create makes a task and assigns it to people, if any are named.
func (s *Service) Create(ctx context.Context, who authz.Actor, in NewTask) (Seen, error) {
	var made Seen
	at := s.stamp(who)
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		t := Task{
			ID: ids.New(), AuthorID: who.UserID, Kind: Article, Status: published, QuizKey: rand.Text(), Version: 1,
			CreatedAt: at.ms, UpdatedAt: at.ms, UpdatedBy: at.by,
		}
		var bad fault.Fields
		in.apply(&t, &bad)
		if err := s.enforce(ctx, tx, who.OrgID, in.TemplateID, &bad); err != nil {
			return err
		}
		if err := s.join(ctx, tx, who, &t, in.CourseID, &bad); err != nil {
			return err
		}
		if err := s.refer(ctx, tx, who, &t, Task{}, &bad); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.store.insert(ctx, tx, who.OrgID, &t); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, who.OrgID, "task.created", t, event{By: who.UserID}); err != nil {
			return err
		}
		people, pointer, err := s.recipients(ctx, tx, who, t, in.UserIDs)
		if err == nil && len(people) > 0 {
			err = s.give(ctx, tx, who, t, named{pointer, people})
		}
		if err != nil {
			return err
		}
		made, err = s.store.find(ctx, tx, who, t.ID)
		return err
	})
	return made, err
}

// recipients are whom a new task is for: those named, or whoever takes its course.
func (s *Service) recipients(ctx context.Context, tx db.Tx, who authz.Actor, t Task, sent []string) ([]string, string, error) {
	if t.CourseID == nil {
		return sent, "/userIds", nil
	}
	if len(sent) > 0 {
		return nil, "", fault.Invalid(fault.Field{
			Pointer: "/userIds", Code: "task.inCourse", Detail: "Whoever takes the course gets its tasks: assign the course instead.",
		})
	}
	if t.Status != published {
		return nil, "", nil
	}
	people, err := s.courses.People(ctx, tx, who.OrgID, *t.CourseID)
	return people, "", err
}

// Update changes a task. ifMatch is the If-Match header, "" for none.
func (s *Service) Update(ctx context.Context, who authz.Actor, id, ifMatch string, in Draft) (Seen, error) {
	var out Seen
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.toChange(ctx, tx, who, id, ifMatch)
		if err != nil {
			return err
		}
		t := before.Task
		at := s.stamp(who)
		t.UpdatedAt, t.UpdatedBy = at.ms, at.by
		var bad fault.Fields
		in.apply(&t, &bad)
		if err := s.enforce(ctx, tx, who.OrgID, in.TemplateID, &bad); err != nil {
			return err
		}
		if err := s.refer(ctx, tx, who, &t, before.Task, &bad); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if t.Status == draft && before.Assignees > 0 {
			return fault.Conflict("task.assigned", "Somebody has this task: unassign everybody before it becomes a draft again.")
		}
		if err := s.store.update(ctx, tx, who.OrgID, &t); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, who.OrgID, "task.updated", t, event{By: who.UserID}); err != nil {
			return err
		}
		if err := s.follow(ctx, tx, who, t, before); err != nil {
			return err
		}
		if text(t.TemplateID) != text(before.TemplateID) || t.DueDays != before.DueDays || !same(t.DueAt, before.DueAt) {
			if err := s.owed(ctx, tx, who.OrgID, nil, t, before.Task); err != nil {
				return err
			}
		}
		out, err = s.store.find(ctx, tx, who, id)
		return err
	})
	return out, err
}

// follow does for those who have a task what its change means to them.
func (s *Service) follow(ctx context.Context, tx db.Tx, who authz.Actor, t Task, before Seen) error {
	if t.CourseID != nil && t.Status == published && before.Status == draft {
		people, err := s.courses.People(ctx, tx, who.OrgID, *t.CourseID)
		if err != nil || len(people) == 0 {
			return err
		}
		return s.give(ctx, tx, who, t, named{"", people})
	}
	if before.Assignees == 0 {
		return nil
	}
	if t.names(before.Task) {
		people, err := s.store.people(ctx, tx, who.OrgID, t.ID)
		if err == nil {
			err = s.readable(ctx, tx, who, t, named{"", people})
		}
		if err == nil && t.LinkedID != nil {
			err = s.courses.Enrol(ctx, tx, who, *t.LinkedID, people)
		}
		if err != nil {
			return err
		}
	}
	if same(t.DueAt, before.DueAt) && t.DueDays == before.DueDays {
		return nil
	}
	return s.reschedule(ctx, tx, who, t)
}

// reschedule moves the deadlines of those who have not completed a task.
func (s *Service) reschedule(ctx context.Context, tx db.Tx, who authz.Actor, t Task) error {
	open, err := s.store.open(ctx, tx, who.OrgID, t.ID)
	if err != nil {
		return err
	}
	batches, err := t.deadline().Batches(ctx, tx, s.Zones, who.OrgID, open)
	if err != nil {
		return err
	}
	var moved int64
	for _, b := range batches {
		n, err := s.store.setDue(ctx, tx, who.OrgID, t.ID, b)
		if err != nil {
			return err
		}
		moved += n
	}
	if moved == 0 {
		return nil
	}
	return s.publish(ctx, tx, who.OrgID, "task.dueChanged", t, event{By: who.UserID})
}

// toChange is toManage for one version.
func (s *Service) toChange(ctx context.Context, tx db.Tx, who authz.Actor, id, ifMatch string) (Seen, error) {
	t, err := s.toManage(ctx, tx, who, id)
	if err == nil {
		err = api.CheckMatch(ifMatch, t.Version)
	}
	return t, err
}

// Delete removes a task with everybody's progress.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		t, err := s.toChange(ctx, tx, who, id, ifMatch)
		if err != nil {
			return err
		}
		open, err := s.store.open(ctx, tx, who.OrgID, id)
		if err != nil {
			return err
		}
		if err := s.store.remove(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		if err := s.owed(ctx, tx, who.OrgID, nil, t.Task); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, who.OrgID, "task.deleted", t.Task, event{By: who.UserID}); err != nil || t.CourseID == nil {
			return err
		}
		return s.finishOthers(ctx, tx, who.OrgID, *t.CourseID, open)
	})
}

// finishOthers notes who has completed a course because what they had not done was taken out.
func (s *Service) finishOthers(ctx context.Context, tx db.Tx, orgID, courseID string, open []due.Given) error {
	people := make([]string, len(open))
	for i, g := range open {
		people[i] = g.UserID
	}
	finished, err := s.store.finished(ctx, tx, orgID, courseID, people)
	for _, id := range finished {
		if err == nil {
			err = s.finish(ctx, tx, authz.Actor{OrgID: orgID, UserID: id}, courseID)
		}
	}
	return err
}

// Inherit gives a leaver's tasks to their heir.
func (s *Service) Inherit(ctx context.Context, tx db.Tx, orgID, from, to string) error {
	return s.store.inherit(ctx, tx, orgID, from, to)
}

func same(a, b *int64) bool { return a == b || a != nil && b != nil && *a == *b }
