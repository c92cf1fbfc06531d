package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/module/course"
	"github.com/workdrive/workdrive/internal/module/task"
)

// problem sends a request that must be refused, and wants words in the answer.
func (h *house) problem(t *testing.T, key, method, target, body string, status int, words ...string) {
	t.Helper()
	answer, _ := json.Marshal(h.call(t, key, method, target, body, status))
	for _, w := range words {
		if !strings.Contains(string(answer), w) {
			t.Errorf("%s %s %s: the answer lacks %s: %s", method, target, body, w, answer)
		}
	}
}

// state gives how far somebody is with a task, as they read it.
func (h *house) state(t *testing.T, key, id string) string {
	t.Helper()
	p, _ := h.call(t, key, http.MethodGet, "/api/tasks/"+id, "", http.StatusOK)["progress"].(map[string]any)
	state, _ := p["state"].(string)
	return state
}

func body(format string, args ...any) string { return fmt.Sprintf(format, args...) }

func TestTasksAreSeenByThoseTheyConcern(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, author := h.person(t, "author")
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		id := h.create(t, author, "/api/tasks", body(`{"title":"Read","content":"words","dueDays":2,"userIds":[%q]}`, ann))
		for key, want := range map[string]int{author: 200, annKey: 200, h.admin: 200, bobKey: 404} {
			h.call(t, key, http.MethodGet, "/api/tasks/"+id, "", want)
		}
		for key, want := range map[string]int{annKey: 403, bobKey: 404} {
			h.call(t, key, http.MethodPatch, "/api/tasks/"+id, `{"title":"Mine"}`, want)
			h.call(t, key, http.MethodPatch, "/api/tasks/assign/"+id, body(`{"userIds":[%q]}`, bob), want)
			h.call(t, key, http.MethodDelete, "/api/tasks/"+id, "", want)
			h.call(t, key, http.MethodGet, "/api/tasks/"+id+"/assignees", "", want)
		}
		h.call(t, bobKey, http.MethodPost, "/api/tasks/"+id+"/start", "", 404)
		h.problem(t, author, http.MethodPost, "/api/tasks/"+id+"/start", "", 409, "task.notAssigned")

		list := func(key, query string, want int) {
			t.Helper()
			got := h.call(t, key, http.MethodGet, "/api/tasks"+query, "", 200)
			meta := got["meta"].(map[string]any)
			if len(got["tasks"].([]any)) != want || int(meta["totalResults"].(float64)) != want {
				t.Errorf("%s lists %v of %v, want %d", query, len(got["tasks"].([]any)), meta["totalResults"], want)
			}
		}
		draft := h.create(t, author, "/api/tasks", `{"title":"Later","status":"draft"}`)
		list(author, "", 2)
		list(author, "?filter=INDEPENDENT_TASKS_CREATED_BY_ME&published=true", 1)
		list(author, "?published=false", 1)
		list(author, "?filter=INDEPENDENT_TASKS_ASSIGNED_TO_ME", 0)
		list(annKey, "?filter=INDEPENDENT_TASKS_ASSIGNED_TO_ME", 1)
		list(annKey, "?filter=ALL_TASKS", 1)
		list(bobKey, "?filter=ALL_TASKS", 0)
		list(h.admin, "?filter=ALL_TASKS", 2)
		list(h.admin, "", 0)

		h.problem(t, author, http.MethodPatch, "/api/tasks/assign/"+draft, body(`{"userIds":[%q]}`, ann), 409, "task.draft")
		h.problem(t, author, http.MethodPost, "/api/tasks", body(`{"title":"x","status":"draft","userIds":[%q]}`, ann), 409, "task.draft")
		h.problem(t, author, http.MethodPatch, "/api/tasks/"+id, `{"status":"draft"}`, 409, "task.assigned")
		h.problem(t, author, http.MethodPatch, "/api/tasks/"+draft, `{"status":"published"}`, 400, "/content")
		h.problem(t, author, http.MethodPatch, "/api/tasks/assign/"+id, body(`{"userIds":[%q,%q]}`, bob, ids.New()), 400, "/userIds/1", "user.unknown")
		h.call(t, bobKey, http.MethodGet, "/api/tasks/"+id, "", 404)
		// Removals come first: whoever is in both lists starts anew.
		h.call(t, annKey, http.MethodPost, "/api/tasks/"+id+"/complete", "", 200)
		got := h.call(t, author, http.MethodPatch, "/api/tasks/assign/"+id, body(`{"userIds":[%q,%q],"removeIds":[%[1]q,%q]}`, ann, bob, ids.New()), 200)
		if n := len(got["assignedUserIds"].([]any)); n != 2 || h.state(t, annKey, id) != "ASSIGNED" {
			t.Errorf("%d have the task, ann's is %s", n, h.state(t, annKey, id))
		}
		h.call(t, author, http.MethodDelete, "/api/tasks/"+id, "", 204)
		h.call(t, annKey, http.MethodGet, "/api/tasks/"+id, "", 404)
	})
}

func TestTasksTellWhatIsWrongWithThem(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, key := h.person(t, "author")
		hidden := h.create(t, h.admin, "/api/documents?publish=true", `{"name":"x","link":"https://a.example","permissions":{"onlyMe":true}}`)
		course := h.create(t, h.admin, "/api/courses", `{"title":"x"}`)
		for sent, pointer := range map[string]string{
			`{}`:                                  "/title",
			`{"title":" "}`:                       "/title",
			`{"title":"x"}`:                       "/content",
			`{"title":"x","time":-1}`:             "/time",
			`{"title":"x","dueDays":-1}`:          "/dueDays",
			`{"title":"x","task_type":"Link"}`:    "/link",
			`{"title":"x","task_type":"Course"}`:  "/trainingCourseTaskListId",
			`{"title":"x","task_type":"Video"}`:   "/videoId",
			`{"title":"x","taskType":"Document"}`: "/documentId",
			`{"title":"x","task_type":"Essay"}`:   "/task_type",
			`{"title":"x","task_type":"QuizLink","link":"javascript:x"}`:                                  "/link",
			`{"title":"x","task_type":"Document","documentId":"` + hidden + `"}`:                          "/documentId",
			`{"title":"x","task_type":"Video","videoId":"` + hidden + `"}`:                                "/videoId",
			`{"title":"x","content":"x","courseId":"` + course + `"}`:                                     "/courseId",
			`{"title":"x","task_type":"TrainingCourse","trainingCourseTaskListId":"` + course + `"}`:      "/trainingCourseTaskListId",
			`{"title":"x","content":"x","notificationTemplateId":"3fa85f64-5717-4562-b3fc-2c963f66afa6"}`: "/notificationTemplateId",
		} {
			h.problem(t, key, http.MethodPost, "/api/tasks", sent, 400, `"`+pointer+`"`)
		}
	})
}

func TestNobodyIsAssignedWhatTheyMayNotRead(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, author := h.person(t, "author")
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		only := h.create(t, author, "/api/documents?publish=true", body(`{"name":"x","link":"https://a.example","permissions":{"users":[%q]}}`, ann))
		h.problem(t, author, http.MethodPost, "/api/tasks", body(`{"title":"x","task_type":"Document","documentId":%q,"userIds":[%q,%q]}`, only, ann, bob),
			409, "task.unreadable", "/userIds/1")
		h.problem(t, bobKey, http.MethodPost, "/api/tasks", body(`{"title":"x","task_type":"Document","documentId":%q}`, only), 400, "/documentId")
		id := h.create(t, author, "/api/tasks", body(`{"title":"x","task_type":"Document","documentId":%q,"userIds":[%q]}`, only, ann))
		if h.state(t, annKey, id) != "ASSIGNED" {
			t.Error("whoever may read it does not get it")
		}
		everybody := h.create(t, author, "/api/documents?publish=true", `{"name":"y","link":"https://a.example"}`)
		h.call(t, author, http.MethodPatch, "/api/tasks/"+id, body(`{"documentId":%q}`, everybody), 200)
		h.call(t, author, http.MethodPatch, "/api/tasks/assign/"+id, body(`{"userIds":[%q]}`, bob), 200)
		h.problem(t, author, http.MethodPatch, "/api/tasks/"+id, body(`{"documentId":%q}`, only), 409, "task.unreadable", bob)

		film := upload(t, h.Handler(), author, "video/mp4", "film.mp4", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom")
		made := h.call(t, author, http.MethodPost, "/api/tasks", body(`{"title":"Watch","task_type":"Video","videoId":%q,"userIds":[%q]}`, film, bob), 201)
		if v := text(made, "videoId"); v == film {
			t.Error("no video was made of the film")
		} else {
			h.call(t, bobKey, http.MethodGet, "/api/videos/"+v, "", 200)
		}
	})
}

func TestDeadlinesFollowTheAssignment(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, author := h.person(t, "author")
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		due := func(key, id string) any { return h.call(t, key, http.MethodGet, "/api/tasks/"+id, "", 200)["dueDate"] }
		want := func(key, id string, at any) {
			t.Helper()
			if got := due(key, id); got != at {
				t.Errorf("due %v, want %v", got, at)
			}
		}
		end := func(days int) string {
			return h.clock.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) + "T23:59:59.999Z"
		}
		id := h.create(t, author, "/api/tasks", body(`{"title":"x","content":"x","dueDays":3,"userIds":[%q]}`, ann))
		first := end(3)
		want(annKey, id, first)
		h.clock.Advance(48 * time.Hour)
		h.call(t, author, http.MethodPatch, "/api/tasks/assign/"+id, body(`{"userIds":[%q,%q]}`, ann, bob), 200)
		want(annKey, id, first)
		want(bobKey, id, end(3))
		h.call(t, bobKey, http.MethodPost, "/api/tasks/"+id+"/complete", "", 200)
		h.call(t, author, http.MethodPatch, "/api/tasks/"+id, `{"dueDays":10}`, 200)
		want(annKey, id, end(8))
		want(bobKey, id, end(3)) // is done
		h.call(t, author, http.MethodPatch, "/api/tasks/"+id, `{"dueDate":"2030-01-01T10:00:00Z"}`, 200)
		want(annKey, id, "2030-01-01T10:00:00.000Z")
		open, err := h.Tasks.Obligations(t.Context(), h.o.DB.Reader(t.Context()), task.ObligationQuery{OrgID: h.root.Organization.ID, Until: 1 << 60, Limit: 10})
		if err != nil || len(open) != 1 || open[0].UserID != ann || open[0].Title != "x" || open[0].TaskID != id {
			t.Errorf("open: %+v %v", open, err)
		}
		h.call(t, author, http.MethodPatch, "/api/tasks/"+id, `{"dueDate":null,"dueDays":null}`, 200)
		want(annKey, id, nil)
	})
}

func TestATaskIsGivenToThousandsWithFewStatements(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		const people = 2000
		var rows [][]any
		var list []string
		for i := range people {
			id := ids.New()
			list = append(list, id)
			email := fmt.Sprintf("p%d@stilla.example", i)
			rows = append(rows, []any{h.root.Organization.ID, id, email, email, email, "ACTIVE", "P", "Example", "#336699", email, email, 1, 1, id, id})
		}
		err := h.o.DB.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
			return db.InsertMany(ctx, tx, `INSERT INTO users (org_id, id, email, email_key, user_name, status, first_name, last_name, color, search_key, sort_key,
				created_at, updated_at, created_by, updated_by)`, rows, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		all, _ := json.Marshal(list)
		guide := h.create(t, h.admin, "/api/documents?publish=true", `{"name":"y","link":"https://a.example"}`)
		id := h.create(t, h.admin, "/api/tasks", body(`{"title":"x","task_type":"Document","documentId":%q,"dueDays":3}`, guide))
		ctx, n := db.CountQueries(t.Context())
		req := httptest.NewRequestWithContext(ctx, http.MethodPatch, "/api/tasks/assign/"+id, strings.NewReader(`{"userIds":`+string(all)+`}`))
		req.Header.Set("X-API-KEY", h.admin)
		req.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		h.Handler().ServeHTTP(rec, req)
		if rec.Code != 200 || n.N() > 25 {
			t.Errorf("%d with %d statements: %.300s", rec.Code, n.N(), rec.Body)
		}
		got := h.call(t, h.admin, http.MethodGet, "/api/tasks/"+id+"/assignees?per_page=1000&cur_page=2", "", 200)
		if meta := got["meta"].(map[string]any); len(got["assignees"].([]any)) != 1000 || meta["totalResults"] != float64(people) || meta["nextPage"] != float64(0) {
			t.Errorf("%d on page 2, meta %v", len(got["assignees"].([]any)), meta)
		}
	})
}

func TestAQuizReportsForItsAssigneeAlone(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		quiz := func() string {
			return h.create(t, h.admin, "/api/tasks", body(`{"title":"Quiz","task_type":"QuizLink","link":"https://quiz.example/1?a=b","userIds":[%q,%q]}`, ann, bob))
		}
		id, other := quiz(), quiz()
		callback := func(key, id string) *url.URL {
			link, err := url.Parse(text(h.call(t, key, http.MethodGet, "/api/tasks/"+id, "", 200), "quizLink"))
			if err != nil || link.Query().Get("a") != "b" {
				t.Fatalf("link %v %v", link, err)
			}
			back, err := url.Parse(link.Query().Get("workdrive_callback"))
			if err != nil || back.Path != "/api/tasks/"+id+"/quiz-callback" {
				t.Fatalf("callback %v %v", back, err)
			}
			return back
		}
		back := callback(annKey, id)
		changed := func(name, value string) string {
			q := back.Query()
			q.Set(name, value)
			return back.Path + "?" + q.Encode()
		}
		for _, forged := range []string{
			changed("user", bob), changed("expires", "99999999999"), changed("signature", "AAAA"), changed("org", ids.New()),
			strings.Replace(back.RequestURI(), id, other, 1), strings.Replace(back.RequestURI(), id, ids.New(), 1),
		} {
			h.problem(t, "", http.MethodPost, forged, "", 403, "task.callbackInvalid")
		}
		h.call(t, "", http.MethodPost, back.Path, "", 401)
		if h.state(t, annKey, id) != "ASSIGNED" {
			t.Fatal("a forged report counts")
		}
		for range 2 { // a replay changes nothing
			h.call(t, "", http.MethodPost, back.RequestURI(), "", 204)
		}
		if h.state(t, annKey, id) != "COMPLETED" || h.state(t, bobKey, id) != "ASSIGNED" || h.state(t, annKey, other) != "ASSIGNED" {
			t.Error("the report does not count for its assignee alone")
		}
		late := callback(bobKey, id)
		h.clock.Advance(31 * 24 * time.Hour)
		h.problem(t, "", http.MethodPost, late.RequestURI(), "", 403, "task.callbackInvalid")
		again := callback(bobKey, id)
		h.call(t, h.admin, http.MethodPatch, "/api/tasks/assign/"+id, body(`{"removeIds":[%q]}`, bob), 200)
		h.problem(t, "", http.MethodPost, again.RequestURI(), "", 403, "task.callbackInvalid")
	})
}

func TestACourseIsTakenInOrder(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, author := h.person(t, "author")
		ann, annKey := h.person(t, "ann")
		_, bobKey := h.person(t, "bob")
		id := h.create(t, author, "/api/courses", `{"title":"Week","sequential":true,"dueDays":5}`)
		one := h.create(t, author, "/api/tasks", body(`{"title":"One","content":"x","time":10,"courseId":%q}`, id))
		two := h.create(t, author, "/api/tasks", body(`{"title":"Two","content":"x","time":5,"courseId":%q}`, id))
		assign := body(`{"userIds":[%q]}`, ann)
		h.problem(t, author, http.MethodPatch, "/api/courses/"+id+"/assign", assign, 409, "course.draft")
		h.call(t, author, http.MethodPatch, "/api/courses/"+id, `{"status":"publish"}`, 200)
		h.call(t, annKey, http.MethodGet, "/api/courses/"+id, "", 404)
		h.call(t, author, http.MethodPatch, "/api/courses/"+id+"/assign", assign, 200)
		h.problem(t, author, http.MethodPatch, "/api/courses/"+id, `{"status":"draft"}`, 409, "course.assigned")
		h.problem(t, author, http.MethodPatch, "/api/tasks/assign/"+one, assign, 409, "task.inCourse")
		h.problem(t, annKey, http.MethodPatch, "/api/courses/"+id, `{"title":"x"}`, 403, "course.notAuthor")
		h.call(t, bobKey, http.MethodGet, "/api/courses/"+id, "", 404)

		h.problem(t, annKey, http.MethodPost, "/api/tasks/"+two+"/start", "", 409, "task.outOfOrder", "One")
		h.problem(t, annKey, http.MethodPost, "/api/tasks/"+two+"/complete", "", 409, "task.outOfOrder")
		h.call(t, annKey, http.MethodPost, "/api/tasks/"+one+"/complete", "", 200)
		progress := func(want int, completed bool) {
			t.Helper()
			c := h.call(t, annKey, http.MethodGet, "/api/courses/"+id, "", 200)
			if int(c["progress"].(float64)) != want || (c["completedAt"] != nil) != completed || c["started"] != true {
				t.Errorf("progress %v, completed %v, want %d %t", c["progress"], c["completedAt"], want, completed)
			}
		}
		progress(50, false)
		h.call(t, annKey, http.MethodPost, "/api/tasks/"+two+"/start", "", 200)
		h.call(t, annKey, http.MethodPost, "/api/tasks/"+two+"/complete", "", 200)
		progress(100, true)
		h.call(t, annKey, http.MethodPost, "/api/tasks/"+two+"/reopen", "", 200)
		progress(50, false)
		h.call(t, annKey, http.MethodPost, "/api/tasks/"+two+"/complete", "", 200)
		h.problem(t, author, http.MethodPut, "/api/courses/"+id+"/order", body(`{"taskIds":[%q]}`, two), 400, "/taskIds")
		h.call(t, author, http.MethodPut, "/api/courses/"+id+"/order", body(`{"taskIds":[%q,%q]}`, two, one), 200)
		list := h.call(t, annKey, http.MethodGet, "/api/tasks?courseId="+id, "", 200)["tasks"].([]any)
		if len(list) != 2 || text(list[0].(map[string]any), "id") != two {
			t.Errorf("tasks in order: %v", list)
		}
		three := h.create(t, author, "/api/tasks", body(`{"title":"Three","content":"x","courseId":%q}`, id))
		if h.state(t, annKey, three) != "ASSIGNED" {
			t.Error("whoever takes the course does not get its new task")
		}
		extra := h.create(t, h.admin, "/api/tasks", body(`{"title":"Four","content":"x","courseId":%q}`, id)) // becomes the author's
		h.call(t, author, http.MethodDelete, "/api/tasks/"+extra, "", 204)
		who := h.call(t, author, http.MethodGet, "/api/courses/"+id+"/progress", "", 200)["people"].([]any)
		if e := who[0].(map[string]any); len(who) != 1 || e["tasks"] != float64(3) || e["completed"] != float64(2) || e["progress"] != float64(66) {
			t.Errorf("report: %v", who)
		}
		h.call(t, annKey, http.MethodGet, "/api/courses/"+id+"/progress", "", 403)

		h.call(t, author, http.MethodDelete, "/api/courses/"+id, "", 204)
		for _, target := range []string{"/api/courses/" + id, "/api/tasks/" + one, "/api/tasks/" + three} {
			h.call(t, annKey, http.MethodGet, target, "", 404)
			h.call(t, author, http.MethodGet, target, "", 404)
		}
		done := h.call(t, annKey, http.MethodGet, "/api/courses/completions", "", 200)["completions"].([]any)
		if len(done) != 1 || done[0].(map[string]any)["archived"] != true {
			t.Errorf("completions: %v", done)
		}
	})
}

func TestACourseIsCompletedWhenItsLastOpenTaskIsDeleted(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		id := h.create(t, h.admin, "/api/courses", `{"title":"Week","status":"publish"}`)
		one := h.create(t, h.admin, "/api/tasks", body(`{"title":"One","content":"x","courseId":%q}`, id))
		two := h.create(t, h.admin, "/api/tasks", body(`{"title":"Two","content":"x","courseId":%q}`, id))
		h.call(t, h.admin, http.MethodPatch, "/api/courses/"+id+"/assign", body(`{"userIds":[%q]}`, ann), 200)
		h.call(t, annKey, http.MethodPost, "/api/tasks/"+one+"/complete", "", 200)
		h.call(t, h.admin, http.MethodDelete, "/api/tasks/"+two, "", 204)
		if c := h.call(t, annKey, http.MethodGet, "/api/courses/"+id, "", 200); c["completedAt"] == nil || c["progress"] != float64(100) {
			t.Errorf("not completed: %v", c)
		}
	})
}

func TestCoursesLeadToCourses(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		var courses, words []string
		for i := range 3 {
			c := h.create(t, h.admin, "/api/courses", body(`{"title":"Course %d","status":"publish"}`, i))
			courses = append(courses, c)
			words = append(words, h.create(t, h.admin, "/api/tasks", body(`{"title":"Words %d","content":"x","courseId":%q}`, i, c)))
		}
		link := func(from, to string) string {
			return body(`{"title":"Link","task_type":"Course","courseId":%q,"trainingCourseTaskListId":%q}`, from, to)
		}
		h.problem(t, h.admin, http.MethodPost, "/api/tasks", link(courses[0], courses[0]), 409, "task.courseCycle")
		inner := h.create(t, h.admin, "/api/tasks", link(courses[0], courses[1]))
		h.create(t, h.admin, "/api/tasks", link(courses[1], courses[2]))
		h.problem(t, h.admin, http.MethodPost, "/api/tasks", link(courses[2], courses[0]), 409, "task.courseCycle")
		outer := h.create(t, h.admin, "/api/tasks", body(`{"title":"Take it","task_type":"TrainingCourse","trainingCourseTaskListId":%q,"userIds":[%q]}`, courses[0], ann))

		h.problem(t, annKey, http.MethodPost, "/api/tasks/"+inner+"/complete", "", 409, "task.courseOpen")
		for _, id := range []string{words[0], words[1]} {
			h.call(t, annKey, http.MethodPost, "/api/tasks/"+id+"/complete", "", 200)
		}
		if h.state(t, annKey, outer) != "ASSIGNED" {
			t.Error("completed too early")
		}
		h.call(t, annKey, http.MethodPost, "/api/tasks/"+words[2]+"/complete", "", 200)
		if h.state(t, annKey, inner) != "COMPLETED" || h.state(t, annKey, outer) != "COMPLETED" {
			t.Errorf("inner %s, outer %s", h.state(t, annKey, inner), h.state(t, annKey, outer))
		}
		if n := len(h.call(t, annKey, http.MethodGet, "/api/courses/completions", "", 200)["completions"].([]any)); n != 3 {
			t.Errorf("%d courses completed", n)
		}
	})
}

func TestFormsHoldAnswersAgainstTheirFields(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		id := h.create(t, h.admin, "/api/courses", `{"title":"Week","status":"publish"}`)
		h.call(t, h.admin, http.MethodPatch, "/api/courses/"+id+"/assign", body(`{"userIds":[%q]}`, ann), 200)
		form, sent := "/api/courses/"+id+"/form", "/api/courses/"+id+"/form/submissions"
		h.problem(t, annKey, http.MethodPost, sent, `{"answers":{}}`, 409, "form.none")
		for bad, pointer := range map[string]string{
			`{"data":{"components":7}}`:                                                                                "/schema",
			`{"data":{"components":[{"type":"textfield"}]}}`:                                                           "/schema/data/components/0/key",
			`{"components":[{"key":"a","type":"number"},{"key":"a","type":"number"}]}`:                                 "/schema/components/1/key",
			`{"components":[{"key":"a","type":"textfield","validate":{"pattern":"("}}]}`:                               "/schema/components/0/validate/pattern",
			`{"components":[` + strings.Repeat(`{"type":"panel","components":[`, 10) + strings.Repeat(`]}`, 10) + `]}`: "/schema/components/0",
		} {
			h.problem(t, h.admin, http.MethodPut, form, `{"title":"Form","schema":`+bad+`}`, 400, pointer)
		}
		h.call(t, h.admin, http.MethodPut, form, `{"title":"Form","schema":{"data":{"components":[
			{"key":"name","type":"textfield","input":true,"validate":{"required":true,"maxLength":"5","minLength":""}},
			{"type":"panel","components":[{"key":"age","type":"number","validate":{"min":1,"max":"9"}}]},
			{"key":"size","type":"select","data":{"values":[{"value":"S"},{"value":"L"}]}},
			{"key":"days","type":"selectboxes","values":[{"value":"mon"},{"value":"tue"}]},
			{"key":"code","type":"textfield","validate":{"pattern":"[a-z]+"}},
			{"key":"mail","type":"email"},{"key":"ok","type":"checkbox","validate":{"required":true}},
			{"key":"submit","type":"button","input":true}]}}}`, 200)
		for bad, pointer := range map[string]string{
			`{"ok":true}`:                                 "/answers/name",
			`{"ok":true,"name":"abcdef"}`:                 "/answers/name",
			`{"ok":true,"name":7}`:                        "/answers/name",
			`{"ok":false,"name":"a"}`:                     "/answers/ok",
			`{"ok":true,"name":"a","age":10}`:             "/answers/age",
			`{"ok":true,"name":"a","age":"old"}`:          "/answers/age",
			`{"ok":true,"name":"a","size":"M"}`:           "/answers/size",
			`{"ok":true,"name":"a","days":{"wed":true}}`:  "/answers/days",
			`{"ok":true,"name":"a","code":"A1"}`:          "/answers/code",
			`{"ok":true,"name":"a","mail":"nobody"}`:      "/answers/mail",
			`{"ok":true,"name":"a","submit":"x"}`:         "/answers/submit",
			`{"ok":true,"name":"a","something/else":"x"}`: "/answers/something~1else",
		} {
			h.problem(t, annKey, http.MethodPost, sent, `{"answers":`+bad+`}`, 400, pointer)
		}
		for _, name := range []string{"a", "b"} {
			h.call(t, annKey, http.MethodPost, sent, body(`{"answers":{"ok":true,"name":%q,"age":3,"size":"S","days":{"mon":true},"code":"x","mail":"a@b.example"}}`, name), 200)
		}
		h.call(t, annKey, http.MethodGet, sent, "", 403)
		got := h.call(t, h.admin, http.MethodGet, sent, "", 200)["submissions"].([]any)
		if len(got) != 1 || got[0].(map[string]any)["answers"].(map[string]any)["name"] != "b" {
			t.Errorf("submissions: %v", got)
		}
		h.problem(t, h.admin, http.MethodPost, sent, `{"answers":{}}`, 409, "course.notAssigned")
		h.call(t, h.admin, http.MethodPut, form, `{"title":"Form","accepting":false,"schema":{}}`, 200)
		h.problem(t, annKey, http.MethodPost, sent, `{"answers":{}}`, 409, "form.closed")
	})
}

func TestWhatHappensToTasksIsTold(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		id := h.create(t, h.admin, "/api/courses", `{"title":"Week","status":"publish","dueDays":5}`)
		in := h.create(t, h.admin, "/api/tasks", body(`{"title":"One","content":"x","dueDays":5,"courseId":%q}`, id))
		h.call(t, h.admin, http.MethodPatch, "/api/courses/"+id+"/assign", body(`{"userIds":[%q]}`, ann), 200)
		open, err := h.Courses.Obligations(t.Context(), h.o.DB.Reader(t.Context()), course.ObligationQuery{OrgID: h.root.Organization.ID, UserID: ann, Until: 1 << 60, Limit: 10})
		if err != nil || len(open) != 1 || open[0].CourseID != id {
			t.Errorf("open: %+v %v", open, err)
		}
		for _, step := range []string{"start", "complete", "complete", "reopen", "complete"} {
			h.call(t, annKey, http.MethodPost, "/api/tasks/"+in+"/"+step, "", 200)
		}
		h.call(t, h.admin, http.MethodPatch, "/api/courses/"+id+"/assign", body(`{"removeIds":[%q]}`, ann), 200)
		var told []string
		rows, err := h.o.DB.Reader(t.Context()).Query(t.Context(), `SELECT name FROM outbox WHERE org_id = ? AND subject {in} ORDER BY seq`, h.root.Organization.ID, db.List([]string{id, in}))
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			told = append(told, name)
		}
		want := []string{
			"course.created", "task.created", "task.assigned", "course.assigned", "task.started", "task.completed", "course.completed",
			"task.reopened", "course.reopened", "task.completed", "course.completed", "task.unassigned", "course.unassigned",
		}
		if !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
	})
}
