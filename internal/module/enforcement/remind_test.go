package enforcement_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/locale"
	"github.com/workdrive/workdrive/internal/module/enforcement"
	"github.com/workdrive/workdrive/internal/module/task"
)

// everywhere are time zones whose offsets are hours, halves and quarters, one with a change of
// the clocks within the test.
var everywhere = []string{
	"UTC", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
	"Pacific/Auckland", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns",
}

// TestEverybodyIsRemindedWhereTheyAre has 200 people in many time zones do something by the end
// of the third day, and looks a millisecond before and at every time at which something is due.
func TestEverybodyIsRemindedWhereTheyAre(t *testing.T) {
	each(t, func(r *rig) {
		r.now.Advance(time.Date(2026, 9, 24, 10, 0, 0, 0, time.UTC).Sub(r.now.Now())) // Lord Howe and Auckland change their clocks soon
		start := r.now.Now()
		var people []string
		reminded := map[int64][]string{}   // who is reminded through what, by time
		restricted := map[int64][]string{} // who is restricted from a time on
		for i := range 200 {
			id := r.Person(r.T, "person").UserID
			zone, err := time.LoadLocation(everywhere[i%len(everywhere)])
			if err != nil {
				r.Fatal(err)
			}
			people, r.zones[id] = append(people, id), zone
			here := start.In(zone)
			due := time.Date(here.Year(), here.Month(), here.Day()+3, 23, 59, 59, 999_000_000, zone)
			for before, channels := range map[time.Duration]string{48 * time.Hour: "EMAIL", 12 * time.Hour: "PUSH", 30 * time.Minute: "SMS EMAIL"} {
				at := due.Add(-before).UnixMilli()
				reminded[at] = append(reminded[at], id+" INAPP "+channels)
			}
			at := due.Add(90 * time.Minute).UnixMilli()
			restricted[at] = append(restricted[at], id)
		}
		plan := r.plan(step("email", 2, "days"), step("push", 12, "hour"), step("text", 30, "minutes"), step("email", 30, "minutes"), step("restrict", 90, "minutes"))
		_, err := r.tasks.Create(r.Context(), r.author, task.NewTask{UserIDs: people, Draft: task.Draft{
			Title: set("Fire safety"), Content: set("x"), DueDays: set[int64](3), TemplateID: set(plan),
		}})
		if err != nil {
			r.Fatal(err)
		}
		times := slices.Compact(slices.Sorted(maps.Keys(reminded)))
		times = append(times, slices.Sorted(maps.Keys(restricted))...)
		slices.Sort(times)
		isRestricted := map[string]bool{}
		for _, at := range slices.Compact(times) {
			r.now.Advance(time.UnixMilli(at - 1).Sub(r.now.Now()))
			r.run()
			if early := r.told.take(); len(early) > 0 {
				r.Fatalf("%d are reminded early, %v", len(early), early[0])
			}
			r.now.Advance(time.Millisecond)
			r.run()
			got := []string{}
			for _, n := range r.told.take() {
				if got = append(got, n.UserID+" "+strings.Join(n.Channels, " ")); n.At != at {
					r.Errorf("at %d, which was due at %d", at, n.At)
				}
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(reminded[at]))
			if !slices.Equal(got, want) && len(got)+len(want) > 0 {
				r.Fatalf("at %s: %d are reminded, want %d: %q, want %q", time.UnixMilli(at).UTC(), len(got), len(want), got, want)
			}
			for _, id := range restricted[at] {
				isRestricted[id] = true
			}
			if len(restricted[at]) > 0 {
				r.checkRestricted(people, isRestricted)
			}
		}
		if len(isRestricted) != 200 {
			r.Errorf("%d are restricted", len(isRestricted))
		}
	})
}

func (r *rig) checkRestricted(people []string, want map[string]bool) {
	r.Helper()
	for _, id := range people {
		st, err := r.plans.StatusOf(r.Context(), r.author, id)
		if err != nil || st.Restricted != want[id] {
			r.Fatalf("restricted: %t, want %t: %v", st.Restricted, want[id], err)
		}
	}
}

func TestARemindersWords(t *testing.T) {
	each(t, func(r *rig) {
		ann := r.Person(r.T, "ann")
		due := time.Date(2026, 12, 3, 22, 59, 59, 0, time.UTC)
		made, err := r.tasks.Create(r.Context(), r.author, task.NewTask{UserIDs: []string{ann.UserID}, Draft: task.Draft{
			Title: set("Fire safety"), Content: set("x"), DueDate: set(apiTime(due)), TemplateID: set(r.plan(step("text", 1, "day"), step("email", 0, "minutes"))),
		}})
		if err != nil {
			r.Fatal(err)
		}
		for _, want := range []enforcement.Notice{
			{Text: "“Fire safety” is due in 1 day: by 3 December 2026, 22:59 (UTC).", Channels: []string{"INAPP", "SMS"}, At: due.Add(-24 * time.Hour).UnixMilli()},
			{Text: "“Fire safety” is due now: by 3 December 2026, 22:59 (UTC).", Channels: []string{"INAPP", "EMAIL"}, At: due.UnixMilli()},
		} {
			r.now.Advance(time.UnixMilli(want.At).Sub(r.now.Now()))
			r.run()
			want.OrgID, want.UserID, want.Kind, want.ItemID, want.ItemTitle, want.DueAt = r.ID, ann.UserID, "task", made.ID, "Fire safety", due.UnixMilli()
			want.Subject, want.Link = "Reminder: Fire safety", "https://workdrive.example/api/tasks/"+made.ID
			want.Key = fmt.Sprintf("enforcement:task:%s:%s:%d:%d", made.ID, ann.UserID, due.UnixMilli(), want.At)
			got := r.told.take()
			if len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(want) {
				r.Errorf("told %+v, want %+v", got, want)
			}
		}
	})
}

// TestRemindersAreReadWhereTheyArrive has people of three languages be reminded of one deadline.
func TestRemindersAreReadWhereTheyArrive(t *testing.T) {
	each(t, func(r *rig) {
		people := r.crowd(4)
		r.reads[people[1]], r.reads[people[2]], r.reads[people[3]] = locale.Of("de-AT", "Europe/Vienna"), locale.Of("ar", "Asia/Dubai"), locale.Of("fr", "America/New_York")
		due := time.Date(2026, 12, 3, 22, 59, 59, 0, time.UTC)
		_, err := r.tasks.Create(r.Context(), r.author, task.NewTask{UserIDs: people, Draft: task.Draft{
			Title: set("Fire safety"), Content: set("x"), DueDate: set(apiTime(due)), TemplateID: set(r.plan(step("email", 2, "weeks"), step("text", 3, "hours"), step("push", 0, "minutes"))),
		}})
		if err != nil {
			r.Fatal(err)
		}
		for _, at := range []struct {
			before time.Duration
			want   []string
		}{
			{14 * 24 * time.Hour, []string{
				"Reminder: Fire safety\n“Fire safety” is due in 2 weeks: by 3 December 2026, 22:59 (UTC).",
				"Erinnerung: Fire safety\n„Fire safety“ ist in 2 Wochen fällig: bis 3. Dezember 2026, 23:59 Uhr (Europe/Vienna).",
				"تذكير: Fire safety\n«Fire safety» مستحق خلال أسبوعين: في موعد أقصاه 4 ديسمبر 2026، 02:59 (Asia/Dubai).",
				"Reminder: Fire safety\n“Fire safety” is due in 2 weeks: by 3 December 2026, 17:59 (America/New_York).",
			}},
			{3 * time.Hour, []string{
				"Reminder: Fire safety\n“Fire safety” is due in 3 hours: by 3 December 2026, 22:59 (UTC).",
				"Erinnerung: Fire safety\n„Fire safety“ ist in 3 Stunden fällig: bis 3. Dezember 2026, 23:59 Uhr (Europe/Vienna).",
				"تذكير: Fire safety\n«Fire safety» مستحق خلال 3 ساعات: في موعد أقصاه 4 ديسمبر 2026، 02:59 (Asia/Dubai).",
				"Reminder: Fire safety\n“Fire safety” is due in 3 hours: by 3 December 2026, 17:59 (America/New_York).",
			}},
			{-10 * time.Minute, []string{ // the server was down
				"Reminder: Fire safety\n“Fire safety” is due by 3 December 2026, 22:59 (UTC).",
				"Erinnerung: Fire safety\n„Fire safety“ ist fällig bis 3. Dezember 2026, 23:59 Uhr (Europe/Vienna).",
				"تذكير: Fire safety\n«Fire safety» مستحق في موعد أقصاه 4 ديسمبر 2026، 02:59 (Asia/Dubai).",
				"Reminder: Fire safety\n“Fire safety” is due by 3 December 2026, 17:59 (America/New_York).",
			}},
		} {
			r.now.Advance(due.Add(-at.before).Sub(r.now.Now()))
			r.run()
			told := map[string]string{}
			for _, n := range r.told.take() {
				told[n.UserID] = n.Subject + "\n" + n.Text
			}
			for i, id := range people {
				if told[id] != at.want[i] {
					r.Errorf("told %q, want %q", told[id], at.want[i])
				}
			}
		}
	})
}

// TestWhoIsAssignedLateIsRemindedAtOnce assigns people a millisecond before, at and behind the times
// of reminders, and behind the deadline.
func TestWhoIsAssignedLateIsRemindedAtOnce(t *testing.T) {
	each(t, func(r *rig) {
		due := r.now.Now().Add(100 * time.Hour)
		plan := r.plan(step("email", 72, "hours"), step("push", 48, "hours"), step("text", 48, "hours"), step("email", 1, "hour"), step("restrict", 2, "hours"))
		made, err := r.tasks.Create(r.Context(), r.author, task.NewTask{Draft: task.Draft{
			Title: set("x"), Content: set("x"), DueDate: set(apiTime(due)), TemplateID: set(plan),
		}})
		if err != nil {
			r.Fatal(err)
		}
		assign := func(before time.Duration, want string) {
			r.Helper()
			r.now.Advance(due.Add(-before).Sub(r.now.Now()))
			id := r.crowd(1)[0]
			r.run()
			r.told.take() // those before
			if _, err := r.tasks.Assign(r.Context(), r.author, made.ID, "", task.People{UserIDs: api.Strings{id}}); err != nil {
				r.Fatal(err)
			}
			r.run()
			r.run()
			got := ""
			for _, n := range r.told.take() {
				if got += strings.Join(n.Channels[1:], " ") + " " + due.Sub(time.UnixMilli(n.At)).String(); n.UserID != id || strings.Contains(n.Text, " in ") != (before == due.Sub(time.UnixMilli(n.At))) {
					r.Errorf("told %+v", n)
				}
			}
			if got != want {
				r.Errorf("assigned %s before the deadline: told %q, want %q", before, got, want)
			}
		}
		assign(72*time.Hour+time.Millisecond, "")
		assign(72*time.Hour, "EMAIL 72h0m0s")
		assign(50*time.Hour, "EMAIL 72h0m0s")
		assign(24*time.Hour, "PUSH SMS 48h0m0s") // one of the two that were missed
		assign(30*time.Minute, "EMAIL 1h0m0s")
		assign(0, "")
		assign(-time.Hour, "")
	})
}

// given makes a task for people, due in a day, with a mail an hour before.
func (r *rig) given(people ...string) {
	r.Helper()
	_, err := r.tasks.Create(r.Context(), r.author, task.NewTask{UserIDs: people, Draft: task.Draft{
		Title: set("x"), Content: set("x"), DueDate: set(apiTime(r.now.Now().Add(24 * time.Hour))), TemplateID: set(r.plan(step("email", 1, "hour"))),
	}})
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) crowd(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = r.Person(r.T, "person").UserID
	}
	return list
}

// TestReminderAreSentOnceWhateverFails has several nodes send the same reminders at once, and
// sending fail in the middle.
func TestRemindersAreSentOnceWhateverFails(t *testing.T) {
	each(t, func(r *rig) {
		const people = 450 // more than two batches
		r.given(r.crowd(people)...)
		r.now.Advance(23 * time.Hour)
		r.told.fails = 300
		if err := r.plans.Run(r.Context()); !errors.Is(err, errBroken) {
			r.Fatalf("the run that fails gives %v", err)
		}
		var nodes sync.WaitGroup
		for range 4 {
			nodes.Go(func() {
				if err := r.plans.Run(context.WithoutCancel(r.Context())); err != nil {
					r.Error(err)
				}
			})
		}
		nodes.Wait()
		r.run()
		keys := map[string]int{}
		for _, n := range r.told.take() {
			keys[n.Key]++
		}
		for key, n := range keys {
			if n != 1 {
				r.Errorf("%s was sent %d times", key, n)
			}
		}
		if len(keys) != people {
			r.Errorf("%d were reminded, want %d", len(keys), people)
		}
	})
}

// TestWhatIsNotDueCostsNothing counts statements: what is not due must not make a run dearer.
func TestWhatIsNotDueCostsNothing(t *testing.T) {
	each(t, func(r *rig) {
		count := func() int {
			ctx, n := db.CountQueries(r.Context())
			if err := r.plans.Run(ctx); err != nil {
				r.Fatal(err)
			}
			return n.N()
		}
		none := count()
		r.given(r.crowd(300)...)
		if n := count(); n != none {
			r.Errorf("%d statements with 300 obligations, %d with none", n, none)
		}
		if r.plan(); r.db.Engine() == db.SQLite {
			var text string
			for _, line := range r.explain(`EXPLAIN QUERY PLAN SELECT user_id FROM enforcement_obligations o WHERE o.next_at <= 5 ORDER BY o.next_at, o.org_id, o.kind, o.item_id, o.user_id LIMIT 2`) {
				text += line
			}
			if !strings.Contains(text, "enforcement_obligations_next") || strings.Contains(text, "TEMP B-TREE") {
				r.Errorf("what is due is found by: %s", text)
			}
		}
		r.now.Advance(23 * time.Hour)
		if n := count(); n > 12 {
			r.Errorf("%d statements to remind 300 people", n)
		}
		if n := len(r.told.take()); n != 300 {
			r.Errorf("%d were reminded", n)
		}
	})
}

func (r *rig) explain(query string) []string {
	rows, err := r.db.Reader(r.Context()).Query(r.Context(), query)
	if err != nil {
		r.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			r.Fatal(err)
		}
		list = append(list, detail)
	}
	return list
}
