package app

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// template makes an enforcement template of reminders such as "email 2 days".
func (h *house) template(t *testing.T, reminders ...string) string {
	t.Helper()
	list := make([]string, len(reminders))
	for i, r := range reminders {
		f := strings.Fields(r)
		list[i] = body(`{"reminderType":%q,"reminderTime":%s,"reminderTimeUnit":%q}`, f[0], f[1], f[2])
	}
	return h.create(t, h.admin, "/api/enforcement-templates", body(`{"title":"Plan","reminders":[%s]}`, strings.Join(list, ",")))
}

// outstanding wants a request to be refused with what has to be finished first.
func (h *house) outstanding(t *testing.T, key, method, target string, want ...string) {
	t.Helper()
	answer := h.call(t, key, method, target, "", http.StatusForbidden)
	if text(answer, "code") != "user.restricted" {
		t.Fatalf("%s %s: refused with %v", method, target, answer)
	}
	list, _ := answer["outstanding"].([]any)
	var got []string
	for _, x := range list {
		o := x.(map[string]any)
		got = append(got, text(o, "kind")+" "+text(o, "title")+" "+text(o, "dueAt"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s %s: outstanding %q, want %q", method, target, got, want)
	}
}

func stamped(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func TestWhoIsOverdueReachesOnlyWhatFinishesIt(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, author := h.person(t, "author")
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		plan := h.template(t, "restrict 1 hours")
		day := h.clock.Now().Add(24 * time.Hour)
		file := upload(t, h.Handler(), author, "text/plain", "guide.txt", "words")
		other := upload(t, h.Handler(), author, "text/plain", "other.txt", "words")
		guide := h.create(t, author, "/api/documents?publish=true", body(`{"name":"Guide","docId":%q}`, file))
		tale := h.create(t, author, "/api/documents?publish=true", body(`{"name":"Tale","docId":%q}`, other))
		post := h.create(t, author, "/api/posts", `{"postText":"words"}`)
		course := h.create(t, author, "/api/courses", `{"title":"Course","status":"publish","sequential":true}`)
		first := h.create(t, author, "/api/tasks", body(`{"title":"First","content":"x","courseId":%q}`, course))
		second := h.create(t, author, "/api/tasks", body(`{"title":"Second","task_type":"Document","documentId":%q,"courseId":%q,"dueDate":%q,"notificationTemplateId":%q}`,
			guide, course, stamped(day), plan))
		h.call(t, author, http.MethodPatch, "/api/courses/"+course+"/assign", body(`{"userIds":[%q]}`, ann), 200)
		elsewhere := h.create(t, author, "/api/tasks", body(`{"title":"Elsewhere","content":"x","userIds":[%q]}`, ann))

		everything := []string{"/api/posts", "/api/posts/" + post, "/api/documents/" + tale, "/api/documents/" + guide, "/api/media/" + other, "/api/media/" + file + "/content",
			"/api/tasks", "/api/tasks/" + elsewhere, "/api/tasks/" + first, "/api/courses/" + course, "/api/users/" + ann, "/api/users/me", "/api/users"}
		reach := func(key string, allowed ...string) {
			t.Helper()
			for _, target := range everything {
				switch status := h.status(key, http.MethodGet, target, ""); {
				case (allowed == nil || slices.Contains(allowed, target)) && status != 200:
					t.Errorf("GET %s: %d", target, status)
				case allowed != nil && !slices.Contains(allowed, target) && status != 403:
					t.Errorf("GET %s: %d, want a refusal", target, status)
				}
			}
		}
		reach(annKey)
		h.clock.Advance(25*time.Hour - time.Millisecond)
		reach(annKey) // to the millisecond
		h.clock.Advance(time.Millisecond)
		reach(annKey, "/api/documents/"+guide, "/api/media/"+file+"/content", "/api/tasks", "/api/tasks/"+first, "/api/courses/"+course, "/api/users/"+ann, "/api/users/me")
		for _, target := range []string{"/api/posts", "/api/documents/" + tale, "/api/users/" + ann} {
			h.call(t, bobKey, http.MethodGet, target, "", 200)
		}
		h.call(t, annKey, http.MethodPatch, "/api/users/"+ann, `{"bio":"busy"}`, 200)
		for method, targets := range map[string][]string{
			http.MethodPost: {"/api/posts", "/api/tasks", "/api/tasks/" + elsewhere + "/complete"}, http.MethodPatch: {"/api/users/" + bob, "/api/tasks/update/" + second},
			http.MethodDelete: {"/api/posts/" + post}, http.MethodGet: {"/api/posts/" + ids.New(), "/api/tasks/" + ids.New(), "/api/tasks/" + second + "/assignees"},
		} {
			for _, target := range targets {
				h.outstanding(t, annKey, method, target, "task Second "+stamped(day))
			}
		}
		h.call(t, annKey, http.MethodPost, "/api/tasks/"+first+"/complete", "", 200)
		h.outstanding(t, annKey, http.MethodGet, "/api/posts", "task Second "+stamped(day))
		h.call(t, annKey, http.MethodPost, "/api/tasks/"+second+"/complete", "", 200)
		reach(annKey) // at once
		h.call(t, annKey, http.MethodPost, "/api/tasks/"+second+"/reopen", "", 200)
		h.outstanding(t, annKey, http.MethodGet, "/api/posts", "task Second "+stamped(day)) // it is as late as before
		h.call(t, author, http.MethodPatch, "/api/tasks/"+second, body(`{"dueDate":%q}`, stamped(h.clock.Now())), 200)
		reach(annKey)
		h.clock.Advance(time.Hour)
		h.outstanding(t, annKey, http.MethodGet, "/api/posts", "task Second "+stamped(h.clock.Now().Add(-time.Hour)))
	})
}

func TestARestrictionEndsWithWhatItIsAbout(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, author := h.person(t, "author")
		ann, annKey := h.person(t, "ann")
		for name, end := range map[string]func(plan, course, task string){
			"the template becomes milder": func(plan, _, _ string) {
				h.call(t, h.admin, http.MethodPatch, "/api/enforcement-templates/"+plan, `{"reminders":[{"reminderType":"restrict","reminderTime":2,"reminderTimeUnit":"hours"}]}`, 200)
			},
			"the template restricts no more": func(plan, _, _ string) {
				h.call(t, h.admin, http.MethodPatch, "/api/enforcement-templates/"+plan, `{"reminders":[]}`, 200)
			},
			"the template goes": func(plan, course, task string) {
				h.call(t, h.admin, http.MethodDelete, "/api/enforcement-templates/"+plan, "", 204)
				if x := h.call(t, author, http.MethodGet, "/api/tasks/"+task, "", 200)["notificationTemplateId"]; x != nil {
					t.Errorf("the task names %v, which is gone", x)
				}
				if x := h.call(t, author, http.MethodGet, "/api/courses/"+course, "", 200)["notificationTemplateId"]; x != nil {
					t.Errorf("the course names %v, which is gone", x)
				}
			},
			"neither has a template": func(_, course, task string) {
				h.call(t, author, http.MethodPatch, "/api/tasks/"+task, `{"notificationTemplateId":null}`, 200)
				h.call(t, author, http.MethodPatch, "/api/courses/"+course, `{"notificationTemplateId":null}`, 200)
			},
			"neither has a deadline": func(_, course, task string) {
				h.call(t, author, http.MethodPatch, "/api/tasks/"+task, `{"dueDate":null}`, 200)
				h.call(t, author, http.MethodPatch, "/api/courses/"+course, `{"dueDate":null}`, 200)
			},
			"they are hers no more": func(_, course, task string) {
				h.call(t, author, http.MethodPatch, "/api/tasks/assign/"+task, body(`{"removeIds":[%q]}`, ann), 200)
				h.call(t, author, http.MethodPatch, "/api/courses/"+course+"/assign", body(`{"removeIds":[%q]}`, ann), 200)
			},
			"they are gone": func(_, course, task string) {
				h.call(t, author, http.MethodDelete, "/api/tasks/"+task, "", 204)
				h.call(t, author, http.MethodDelete, "/api/courses/"+course, "", 204)
			},
			"they are done": func(_, course, task string) {
				h.call(t, annKey, http.MethodPost, "/api/tasks/"+task+"/complete", "", 200)
				in := h.call(t, annKey, http.MethodGet, "/api/tasks?courseId="+course, "", 200)["tasks"].([]any)[0].(map[string]any)
				h.call(t, annKey, http.MethodPost, "/api/tasks/"+text(in, "id")+"/complete", "", 200)
			},
		} {
			plan := h.template(t, "restrict 1 hours")
			due := stamped(h.clock.Now())
			course := h.create(t, author, "/api/courses", body(`{"title":"Course","status":"publish","dueDate":%q,"notificationTemplateId":%q}`, due, plan))
			h.create(t, author, "/api/tasks", body(`{"title":"In it","content":"x","courseId":%q}`, course))
			h.call(t, author, http.MethodPatch, "/api/courses/"+course+"/assign", body(`{"userIds":[%q]}`, ann), 200)
			task := h.create(t, author, "/api/tasks", body(`{"title":"Task","content":"x","dueDate":%q,"notificationTemplateId":%q,"userIds":[%q]}`, due, plan, ann))
			h.call(t, annKey, http.MethodGet, "/api/posts", "", 200)
			h.clock.Advance(time.Hour)
			h.outstanding(t, annKey, http.MethodGet, "/api/posts", "course Course "+due, "task Task "+due)
			end(plan, course, task)
			if status := h.status(annKey, http.MethodGet, "/api/posts", ""); status != 200 {
				t.Errorf("%s: still %d", name, status)
			}
			h.status(h.admin, http.MethodDelete, "/api/enforcement-templates/"+plan, "") // may be gone
		}
	})
}

func TestAnAdministratorCanAlwaysAct(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, author := h.person(t, "author")
		plan := h.template(t, "restrict 0 days")
		administrators := ""
		for _, g := range h.call(t, h.admin, http.MethodGet, "/api/security_groups", "", 200)["groups"].([]any) {
			if g := g.(map[string]any); text(g, "builtin") == "administrators" {
				administrators = text(g, "id")
			}
		}
		owes := func(id string) {
			h.create(t, author, "/api/tasks", body(`{"title":"Task","content":"x","dueDate":%q,"notificationTemplateId":%q,"userIds":[%q]}`, stamped(h.clock.Now()), plan, id))
		}
		restriction := func(id string) map[string]any {
			return h.call(t, h.admin, http.MethodGet, "/api/users/"+id+"/restriction", "", 200)
		}
		owes(h.root.UserID)
		h.call(t, h.admin, http.MethodGet, "/api/posts", "", 200)
		if r := restriction(h.root.UserID); r["restricted"] != false || r["exempt"] != true || len(r["outstanding"].([]any)) != 1 || r["since"] != stamped(h.clock.Now()) {
			t.Errorf("the last administrator: %v", r)
		}
		second, secondKey := h.person(t, "second")
		h.call(t, h.admin, http.MethodPost, "/api/security_groups/"+administrators+"/members", body(`{"ids":[%q]}`, second), 200)
		h.outstanding(t, h.admin, http.MethodGet, "/api/posts", "task Task "+stamped(h.clock.Now()))
		h.call(t, secondKey, http.MethodGet, "/api/posts", "", 200)
		h.clock.Advance(time.Minute)
		owes(second) // as the second of two
		h.call(t, secondKey, http.MethodGet, "/api/posts", "", 200)
		h.outstanding(t, h.admin, http.MethodGet, "/api/posts", "task Task "+stamped(h.clock.Now().Add(-time.Minute)))
		h.call(t, secondKey, http.MethodDelete, "/api/users/"+second, "", 204)
		h.call(t, h.admin, http.MethodGet, "/api/posts", "", 200)
	})
}

func TestRestrictionsAreWaivedWithAReason(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, author := h.person(t, "author")
		ann, annKey := h.person(t, "ann")
		_, bobKey := h.person(t, "bob")
		var waived []string
		h.bus.Subscribe([]string{"restriction.*"}, func(e bus.Delivered) {
			if e.Name != "restriction.changed" {
				waived = append(waived, e.Name+" "+e.Subject+" "+string(e.Data))
			}
		})
		plan := h.template(t, "restrict 0 days")
		make := func(title string) string {
			return h.create(t, author, "/api/tasks", body(`{"title":%q,"content":"x","dueDate":%q,"notificationTemplateId":%q,"userIds":[%q]}`, title, stamped(h.clock.Now()), plan, ann))
		}
		one := make("One")
		at := "/api/users/" + ann + "/restriction"
		h.call(t, bobKey, http.MethodGet, at, "", 403)
		h.call(t, bobKey, http.MethodPost, at+"/waiver", `{"reason":"x"}`, 403)
		h.problem(t, annKey, http.MethodPost, at+"/waiver", `{"reason":"x"}`, 403, "role.missing")
		h.problem(t, h.admin, http.MethodPost, at+"/waiver", `{"reason":" "}`, 400, "/reason")
		h.call(t, h.admin, http.MethodPost, "/api/users/"+ids.New()+"/restriction/waiver", `{"reason":"x"}`, 404)
		h.call(t, h.admin, http.MethodGet, "/api/users/"+ids.New()+"/restriction", "", 404)
		if r := h.call(t, annKey, http.MethodGet, at, "", 200); r["restricted"] != true || r["exempt"] != false {
			t.Errorf("her own: %v", r)
		}
		r := h.call(t, h.admin, http.MethodPost, at+"/waiver", `{"reason":" was on leave "}`, 200)
		w, _ := r["waived"].([]any)
		if r["restricted"] != false || len(w) != 1 || text(w[0].(map[string]any), "reason") != "was on leave" || text(w[0].(map[string]any), "waivedBy") != h.root.UserID {
			t.Errorf("waived: %v", r)
		}
		h.call(t, annKey, http.MethodGet, "/api/posts", "", 200)
		h.call(t, h.admin, http.MethodPost, at+"/waiver", `{"reason":"again"}`, 200) // nothing to waive
		want := []string{
			body(`restriction.began %s {"kind":"task","itemId":%q,"userId":%[1]q}`, ann, one),
			body(`restriction.waived %s {"by":%q,"reason":"was on leave","items":[{"kind":"task","id":%q}]}`, ann, h.root.UserID, one),
		}
		if !slices.Equal(waived, want) {
			t.Errorf("told %q, want %q", waived, want)
		}
		h.call(t, h.admin, http.MethodPatch, "/api/enforcement-templates/"+plan, `{"reminders":[{"reminderType":"restrict","reminderTime":0,"reminderTimeUnit":"minute"}]}`, 200)
		h.call(t, annKey, http.MethodGet, "/api/posts", "", 200) // the same deadline
		make("Two")
		h.outstanding(t, annKey, http.MethodGet, "/api/posts", "task Two "+stamped(h.clock.Now()))
		h.call(t, h.admin, http.MethodPost, at+"/waiver", `{"reason":"that one, too"}`, 200)
		h.call(t, author, http.MethodPatch, "/api/tasks/"+one, body(`{"dueDate":%q}`, stamped(h.clock.Now().Add(time.Hour))), 200)
		h.call(t, annKey, http.MethodGet, "/api/posts", "", 200)
		h.clock.Advance(time.Hour)
		h.outstanding(t, annKey, http.MethodGet, "/api/posts", "task One "+stamped(h.clock.Now()))
	})
}

// TestWhoIsNotRestrictedPaysNothing counts the statements of a request with a key that is known.
func TestWhoIsNotRestrictedPaysNothing(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, author := h.person(t, "author")
		ann, annKey := h.person(t, "ann")
		count := func() int {
			h.call(t, annKey, http.MethodGet, "/api/module-codes", "", 200)
			ctx, n := db.CountQueries(t.Context())
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/module-codes", nil)
			r.Header.Set("X-API-KEY", annKey)
			w := httptest.NewRecorder()
			h.Handler().ServeHTTP(w, r)
			if w.Code != 200 {
				t.Errorf("status %d", w.Code)
			}
			return n.N()
		}
		if n := count(); n != 0 {
			t.Errorf("%d statements without anything to do", n)
		}
		h.create(t, author, "/api/tasks", body(`{"title":"Task","content":"x","dueDate":%q,"notificationTemplateId":%q,"userIds":[%q]}`,
			stamped(h.clock.Now().Add(time.Hour)), h.template(t, "email 1 minutes", "restrict 1 minutes"), ann))
		if n := count(); n != 0 {
			t.Errorf("%d statements before the deadline", n)
		}
	})
}

func TestARestrictionEndsOnEveryNode(t *testing.T) {
	t.Parallel()
	here, there := nodes(t)
	id, key := here.person(t, "bob")
	plan := here.template(t, "restrict 0 minutes")
	task := here.create(t, here.admin, "/api/tasks", body(`{"title":"Task","content":"x","dueDate":%q,"notificationTemplateId":%q,"userIds":[%q]}`, "2020-01-01T00:00:00Z", plan, id))
	for _, h := range []*house{here, there} {
		h.outstanding(t, key, http.MethodGet, "/api/posts", "task Task 2020-01-01T00:00:00.000Z")
	}
	here.call(t, key, http.MethodPost, "/api/tasks/"+task+"/complete", "", 200)
	for _, h := range []*house{there, here} { // at once, not soon
		h.call(t, key, http.MethodGet, "/api/posts", "", 200)
	}
	here.call(t, key, http.MethodPost, "/api/tasks/"+task+"/reopen", "", 200)
	soon(t, "what is open again restricts on the other node", func() bool { return there.status(key, http.MethodGet, "/api/posts", "") == http.StatusForbidden })
}

func TestRemindersReachTheInbox(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		plan := h.template(t, "email 2 days")
		due := h.clock.Now().Add(72 * time.Hour).UTC().Format(time.RFC3339)
		h.create(t, h.admin, "/api/tasks", body(`{"title":"Read","content":"x","dueDate":%q,"notificationTemplateId":%q,"userIds":[%q]}`, due, plan, ann))
		h.expect(t, "the assignment", annKey, "task task 1")
		h.clock.Advance(25 * time.Hour)
		if err := h.Enforcement.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.expect(t, "two days before", annKey, "reminder task 1", "task task 1")
		if err := h.Enforcement.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.expect(t, "once", annKey, "reminder task 1", "task task 1")
	})
}
