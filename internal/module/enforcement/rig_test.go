package enforcement_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/locale"
	"github.com/workdrive/workdrive/internal/module/enforcement"
	"github.com/workdrive/workdrive/internal/module/task"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// rig is the module on a database, with tasks to enforce.
type rig struct {
	*testing.T
	*cast.Org
	db     *db.DB
	now    *clock.Manual
	told   *told
	zones  zones
	reads  reads
	plans  *enforcement.Service
	tasks  *task.Service
	author authz.Actor // an author of tasks who makes templates, and is no administrator
}

// told keeps what people are told. It fails as often as it is to.
type told struct {
	mu    sync.Mutex
	list  []enforcement.Notice
	fails int // the call that fails, counted down; 0 is none
}

var errBroken = errors.New("broken")

// Remind implements enforcement.Notifier.
func (n *told) Remind(_ context.Context, tx db.Tx, x enforcement.Notice) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fails > 0 {
		if n.fails--; n.fails == 0 {
			return errBroken
		}
	}
	tx.OnCommit(func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.list = append(n.list, x)
	})
	return nil
}

// take gives what was told since it was last asked.
func (n *told) take() []enforcement.Notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := n.list
	n.list = nil
	return list
}

// zones say where people are.
type zones map[string]*time.Location

// Of implements due.Zones.
func (z zones) Of(context.Context, db.Queryer, string, []string) (map[string]*time.Location, error) {
	return z, nil
}

// reads say how people read.
type reads map[string]locale.Locale

// Locale implements locale.Locales.
func (r reads) Locale(context.Context, db.Queryer, string, []string) (map[string]locale.Locale, error) {
	return r, nil
}

// enforced lets tasks know of templates.
type enforced struct{ *enforcement.Service }

// Follow implements task.Templates.
func (e enforced) Follow(ctx context.Context, tx db.Tx, orgID, id string, people []string) error {
	return e.Service.Follow(ctx, tx, enforcement.Item{OrgID: orgID, Kind: enforcement.Task, ID: id}, people)
}

func each(t *testing.T, test func(r *rig)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := &rig{T: t, Org: cast.NewOrg(t, d), db: d, now: clock.NewManual(time.UnixMilli(cast.At)), told: &told{}, zones: zones{}, reads: reads{}}
		b := bus.New(d, r.now, slog.New(slog.DiscardHandler))
		r.plans = enforcement.New(enforcement.Deps{DB: d, Bus: b, Clock: r.now, Notifier: r.told, Locales: r.reads, URL: "https://workdrive.example"})
		r.tasks = task.New(task.Deps{DB: d, Bus: b, Clock: r.now, Content: content.New(d, b, audience.New(d, b)), Zones: r.zones, Templates: enforced{r.plans}})
		r.plans.Serve(map[string]enforcement.Source{enforcement.Task: r.tasks}, nil)
		r.author = r.Person(t, "author")
		r.author.Capabilities = []authz.Capability{authz.TemplatesManage}
		test(r)
	})
}

func set[T any](v T) api.Patch[T] { return api.Patch[T]{Set: true, Value: v} }

// plan makes a template.
func (r *rig) plan(reminders ...enforcement.ReminderDraft) string {
	r.Helper()
	t, err := r.plans.Create(r.Context(), r.author, enforcement.Draft{Title: set("Plan"), Reminders: set(reminders)})
	if err != nil {
		r.Fatal(err)
	}
	return t.ID
}

func step(medium string, amount int64, unit string) enforcement.ReminderDraft {
	return enforcement.ReminderDraft{Medium: medium, Amount: amount, Unit: unit}
}

// run sends what is due.
func (r *rig) run() {
	r.Helper()
	if err := r.plans.Run(r.Context()); err != nil {
		r.Fatal(err)
	}
}
