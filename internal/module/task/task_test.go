package task_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/due"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/task"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// somewhere says that people are in a time zone.
type somewhere map[string]*time.Location

// Of implements due.Zones.
func (s somewhere) Of(context.Context, db.Queryer, string, []string) (map[string]*time.Location, error) {
	return s, nil
}

// part is what the model knows of an assignment.
type part struct {
	state string
	given int64
	dueAt *int64
}

// model is a task as it should be.
type model struct {
	days  int64
	zones somewhere
	parts map[string]*part
}

func (m *model) zone(user string) *time.Location {
	if z := m.zones[user]; z != nil {
		return z
	}
	return time.UTC
}

func (m *model) due(user string, given int64) *int64 {
	return due.Deadline{Days: m.days}.For(given, m.zone(user))
}

// step is what becomes of a part, and the code of the refusal, "" for none.
func (m *model) step(user, verb string) (code string) {
	p := m.parts[user]
	switch {
	case p == nil:
		return "task.notFound"
	case verb == "start" && p.state == task.Completed:
		return "task.completed"
	case verb == "start":
		p.state = task.Started
	case verb == "complete":
		p.state = task.Completed
	case p.state == task.Completed:
		p.state = task.Started
	}
	return ""
}

// TestAssignmentsFollowTheirModel assigns, unassigns, progresses and reschedules at random, and
// compares what is stored with a model after every step.
func TestAssignmentsFollowTheirModel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		org, now := cast.NewOrg(t, d), clock.NewManual(time.UnixMilli(cast.At))
		tokyo, err := time.LoadLocation("Asia/Tokyo")
		if err != nil {
			t.Fatal(err)
		}
		author := org.Person(t, "author")
		people := []authz.Actor{org.Person(t, "ann"), org.Person(t, "bob"), org.Person(t, "cat")}
		zones := somewhere{people[1].UserID: tokyo}
		b := bus.New(d, now, slog.New(slog.DiscardHandler))
		s := task.New(task.Deps{DB: d, Bus: b, Clock: now, Content: content.New(d, b, audience.New(d, b)), Zones: zones})
		rapid.Check(t, func(r *rapid.T) {
			m := &model{days: 2, zones: zones, parts: map[string]*part{}}
			made, err := s.Create(t.Context(), author, task.NewTask{Draft: task.Draft{
				Title: api.Patch[string]{Set: true, Value: "x"}, Content: api.Patch[string]{Set: true, Value: "x"}, DueDays: api.Patch[int64]{Set: true, Value: m.days},
			}})
			if err != nil {
				r.Fatal(err)
			}
			for range rapid.IntRange(1, 12).Draw(r, "steps") {
				who := rapid.SampledFrom(people).Draw(r, "who")
				var err error
				want := ""
				switch verb := rapid.SampledFrom([]string{"assign", "unassign", "start", "complete", "reopen", "reschedule", "wait"}).Draw(r, "verb"); verb {
				case "assign":
					_, err = s.Assign(t.Context(), author, made.ID, "", task.People{UserIDs: api.Strings{who.UserID, who.UserID}})
					if at := now.Now().UnixMilli(); m.parts[who.UserID] == nil {
						m.parts[who.UserID] = &part{task.Assigned, at, m.due(who.UserID, at)}
					}
				case "unassign":
					_, err = s.Assign(t.Context(), author, made.ID, "", task.People{RemoveIDs: api.Strings{who.UserID}})
					delete(m.parts, who.UserID)
				case "reschedule":
					m.days = rapid.Int64Range(0, 5).Draw(r, "days")
					_, err = s.Update(t.Context(), author, made.ID, "", task.Draft{DueDays: api.Patch[int64]{Set: true, Value: m.days}})
					m.reschedule()
				case "wait":
					now.Advance(7 * time.Hour)
				default:
					take := map[string]func(context.Context, authz.Actor, string) (task.Seen, error){"start": s.Start, "complete": s.Complete, "reopen": s.Reopen}[verb]
					_, err = take(t.Context(), who, made.ID)
					want = m.step(who.UserID, verb)
				}
				if code := codeOf(err); code != want {
					r.Fatalf("refused with %q, want %q: %v", code, want, err)
				}
				m.compare(r, s, author, made.ID)
			}
		})
	})
}

// reschedule moves the deadlines of what is not completed, unless the days stay as they were.
func (m *model) reschedule() {
	for user, p := range m.parts {
		if p.state != task.Completed {
			p.dueAt = m.due(user, p.given)
		}
	}
}

func codeOf(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func (m *model) compare(r *rapid.T, s *task.Service, author authz.Actor, id string) {
	list, meta, err := s.Assignees(context.Background(), author, id, api.Page{})
	if err != nil || len(list) != len(m.parts) || meta.TotalResults != len(m.parts) {
		r.Fatalf("%d people have it, %d of them listed, want %d: %v", meta.TotalResults, len(list), len(m.parts), err)
	}
	for _, a := range list {
		p := m.parts[a.Card.ID]
		if p == nil || a.State != p.state || a.AssignedAt != p.given || !same(a.DueAt, p.dueAt) ||
			(a.StartedAt != nil) != (p.state != task.Assigned) || (a.CompletedAt != nil) != (p.state == task.Completed) {
			r.Fatalf("%+v, want %+v", a.Assignment, p)
		}
	}
}

func same(a, b *int64) bool { return a == b || a != nil && b != nil && *a == *b }
