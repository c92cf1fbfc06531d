package enforcement_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/module/enforcement"
	"github.com/workdrive/workdrive/internal/module/task"
)

func apiTime(t time.Time) api.Time { return api.Time(t) }

// part is what the model knows of somebody who has the task.
type part struct {
	due          int64
	done, waived bool
}

// model is a task under a template, as it should be.
type model struct {
	now    int64
	due    int64
	named  bool // the task names the template
	steps  []enforcement.ReminderDraft
	parts  map[string]*part
	absent map[string]bool // former members
	told   []string        // since it was last compared
}

const hour = int64(time.Hour / time.Millisecond)

// offset is when a step is due, from the deadline; all are in hours here.
func offset(s enforcement.ReminderDraft) int64 {
	if s.Medium == "restrict" {
		return s.Amount * hour
	}
	return -s.Amount * hour
}

// pass lets time pass: whoever owes something is told what is due meanwhile, once for a time.
func (m *model) pass(hours int64) {
	from := m.now
	m.now += hours * hour
	for id, p := range m.parts {
		if p.done || !m.named || m.absent[id] {
			continue
		}
		times := map[int64]bool{}
		for _, s := range m.steps {
			if at := p.due + offset(s); s.Medium != "restrict" && at > from && at <= m.now && !times[at] {
				times[at] = true
				m.told = append(m.told, fmt.Sprintf("%s %d", id, at))
			}
		}
	}
}

// missed tells somebody who owes something from now on what they are too late for: the latest of it,
// unless the deadline is past, too.
func (m *model) missed(id string) {
	p := m.parts[id]
	if p == nil || p.done || !m.named || m.absent[id] || p.due <= m.now {
		return
	}
	latest := int64(-1)
	for _, s := range m.steps {
		if at := p.due + offset(s); s.Medium != "restrict" && at <= m.now {
			latest = max(latest, at)
		}
	}
	if latest >= 0 {
		m.told = append(m.told, fmt.Sprintf("%s %d", id, latest))
	}
}

// late reports whether somebody's part is past the time at which it restricts.
func (m *model) late(id string) bool {
	p := m.parts[id]
	if p == nil || p.done || !m.named {
		return false
	}
	return slices.ContainsFunc(m.steps, func(s enforcement.ReminderDraft) bool { return s.Medium == "restrict" && p.due+offset(s) <= m.now })
}

func (m *model) waive(id string) {
	if m.late(id) {
		m.parts[id].waived = true
	}
}

// move moves the deadline of what is not completed; a waiver is for one deadline.
func (m *model) move(due int64) {
	m.due = due
	for id, p := range m.parts {
		if !p.done && p.due != due {
			p.due, p.waived = due, false
			m.missed(id)
		}
	}
}

// name puts the task under the template or takes it away, and waivers with it.
func (m *model) name(named bool) {
	fresh := named && !m.named
	m.named = named
	for id, p := range m.parts {
		if p.waived = p.waived && named; fresh {
			m.missed(id)
		}
	}
}

// TestObligationsFollowTheirModel assigns, completes, reopens, moves, waives, archives, changes the
// template and lets time pass at random, and compares who is told what and who is restricted.
func TestObligationsFollowTheirModel(t *testing.T) {
	each(t, func(r *rig) {
		people := []authz.Actor{r.Person(r.T, "ann"), r.Person(r.T, "bob"), r.Person(r.T, "cat")}
		rapid.Check(r.T, func(rt *rapid.T) {
			for _, who := range people {
				r.archive(who.UserID, false)
			}
			r.told.take()
			m := &model{now: r.now.Now().UnixMilli(), named: true, parts: map[string]*part{}, absent: map[string]bool{}, steps: steps(rt)}
			m.due = m.now + 10*hour
			plan := r.plan(m.steps...)
			made, err := r.tasks.Create(r.Context(), r.author, task.NewTask{Draft: task.Draft{
				Title: set("x"), Content: set("x"), DueDate: set(api.At(m.due)), TemplateID: set(plan),
			}})
			if err != nil {
				rt.Fatal(err)
			}
			x := &play{r, rt, m, made.ID, plan}
			for range rapid.IntRange(1, 25).Draw(rt, "steps") {
				x.step(rapid.SampledFrom(people).Draw(rt, "who"))
				x.compare(people)
			}
			if err := r.tasks.Delete(r.Context(), r.author, made.ID, ""); err != nil {
				rt.Fatal(err)
			}
			m.parts = nil
			x.compare(people)
		})
	})
}

func steps(rt *rapid.T) []enforcement.ReminderDraft {
	var list []enforcement.ReminderDraft
	for range rapid.IntRange(0, 4).Draw(rt, "reminders") {
		list = append(list, step(rapid.SampledFrom([]string{"email", "push", "text", "restrict"}).Draw(rt, "medium"), rapid.Int64Range(0, 12).Draw(rt, "hours"), "hours"))
	}
	return list
}

// play is one history of a task.
type play struct {
	*rig

	rt       *rapid.T
	m        *model
	id, plan string
}

func (x *play) step(who authz.Actor) {
	ctx, m, id := x.Context(), x.m, who.UserID
	var err error
	switch verb := rapid.SampledFrom([]string{
		"assign", "assign", "unassign", "complete", "reopen", "move", "replan", "rename", "unname", "name", "waive", "archive", "wait", "wait", "wait",
	}).Draw(x.rt, "verb"); verb {
	case "assign":
		_, err = x.tasks.Assign(ctx, x.author, x.id, "", task.People{UserIDs: api.Strings{id}})
		if m.parts[id] == nil && !m.absent[id] {
			m.parts[id] = &part{due: m.due}
			m.missed(id)
		}
		if m.absent[id] { // nobody is to be assigned who has left
			err = nil
		}
	case "unassign":
		_, err = x.tasks.Assign(ctx, x.author, x.id, "", task.People{RemoveIDs: api.Strings{id}})
		delete(m.parts, id)
	case "complete", "reopen":
		if p := m.parts[id]; p != nil {
			take := map[string]func(context.Context, authz.Actor, string) (task.Seen, error){"complete": x.tasks.Complete, "reopen": x.tasks.Reopen}[verb]
			_, err = take(ctx, who, x.id)
			again := p.done && verb == "reopen"
			p.waived = p.waived && verb == "reopen"
			if p.done = verb == "complete"; again {
				m.missed(id)
			}
		}
	case "move":
		due := m.now + rapid.Int64Range(-15, 15).Draw(x.rt, "in")*hour
		_, err = x.tasks.Update(ctx, x.author, x.id, "", task.Draft{DueDate: set(api.At(due))})
		m.move(due)
	case "replan":
		m.steps = steps(x.rt)
		_, err = x.plans.Update(ctx, x.author, x.plan, "", enforcement.Draft{Reminders: set(m.steps)})
	case "rename":
		_, err = x.plans.Update(ctx, x.author, x.plan, "", enforcement.Draft{Title: set("y")})
	case "unname":
		_, err = x.tasks.Update(ctx, x.author, x.id, "", task.Draft{TemplateID: api.Patch[string]{Set: true, Null: true}})
		m.name(false)
	case "name":
		_, err = x.tasks.Update(ctx, x.author, x.id, "", task.Draft{TemplateID: set(x.plan)})
		m.name(true)
	case "waive":
		_, err = x.plans.Waive(ctx, x.author, id, enforcement.WaiverDraft{Reason: "x"})
		m.waive(id)
	case "archive":
		m.absent[id] = !m.absent[id]
		x.archive(id, m.absent[id])
	default:
		hours := rapid.Int64Range(1, 9).Draw(x.rt, "hours")
		x.now.Advance(time.Duration(hours) * time.Hour)
		m.pass(hours)
		x.run()
		x.run() // again changes nothing
	}
	if err != nil {
		x.rt.Fatal(err)
	}
}

func (r *rig) archive(id string, gone bool) {
	r.Exec(r.T, `UPDATE users SET status = ? WHERE org_id = ? AND id = ?`, map[bool]string{true: "ARCHIVE", false: "ACTIVE"}[gone], r.ID, id)
}

func (x *play) compare(people []authz.Actor) {
	x.run()
	got := []string{}
	for _, n := range x.told.take() {
		if got = append(got, fmt.Sprintf("%s %d", n.UserID, n.At)); n.Channels[0] != enforcement.InApp {
			x.rt.Fatalf("not in the inbox: %v", n.Channels)
		}
	}
	slices.Sort(got)
	slices.Sort(x.m.told)
	if !slices.Equal(got, x.m.told) {
		x.rt.Fatalf("told %q, want %q", got, x.m.told)
	}
	x.m.told = []string{}
	for _, who := range people {
		st, err := x.plans.StatusOf(x.Context(), x.author, who.UserID)
		late := x.m.late(who.UserID)
		waived := late && x.m.parts[who.UserID].waived
		if err != nil || st.Restricted != (late && !waived) || late && (len(st.Waived) == 1) != waived {
			x.rt.Fatalf("%s is restricted: %t (%d waived), want late %t, waived %t: %v", who.UserID, st.Restricted, len(st.Waived), late, waived, err)
		}
	}
}
