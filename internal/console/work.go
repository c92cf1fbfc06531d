package console

import (
	"context"
	"net/http"
	"net/url"
)

// tasks is a page of a list of tasks.
type tasks struct {
	Tasks []task `json:"tasks"`
	Meta  meta   `json:"meta"`
}

func (c *Console) tasks(v *visit) error {
	var list tasks
	q := url.Values{"filter": {"INDEPENDENT_TASKS_ASSIGNED_TO_ME"}, "per_page": {"25"}, "cur_page": {v.pageNumber()}, "sort_direction": {"DESC"}}
	if err := v.get("/api/tasks", q, &list); err != nil {
		return err
	}
	return v.page(tasksPage(list))
}

func (c *Console) task(v *visit) error {
	var one task
	if err := v.get(at("api", "tasks", v.r.PathValue("id")), nil, &one); err != nil {
		return err
	}
	return v.page(taskPage(one, nil))
}

// moveTask starts a task, completes it or opens it again.
func (c *Console) moveTask(v *visit) error {
	id, step := v.r.PathValue("id"), v.r.PathValue("step")
	notice := map[string]string{"start": "You have begun.", "complete": "Well done: the task is complete.", "reopen": "The task is open again."}[step]
	if notice == "" {
		return errNoPage
	}
	if err := v.call(http.MethodPost, at("api", "tasks", id, step), nil, nil); err != nil {
		return err
	}
	return v.done(at("tasks", id), notice)
}

// courses is a page of the courses that somebody takes.
type courses struct {
	Courses []course `json:"taskLists"`
	Meta    meta     `json:"meta"`
}

func (c *Console) courses(v *visit) error {
	var list courses
	if err := v.get("/api/courses", url.Values{"filter": {"MY_COURSES"}, "per_page": {"25"}, "cur_page": {v.pageNumber()}}, &list); err != nil {
		return err
	}
	return v.page(coursesPage(list))
}

func (c *Console) course(v *visit) error {
	id := v.r.PathValue("id")
	var one course
	if err := v.get(at("api", "courses", id), nil, &one); err != nil {
		return err
	}
	var list tasks
	if err := v.get("/api/tasks", url.Values{"courseId": {id}, "per_page": {"200"}}, &list); err != nil {
		return err
	}
	return v.page(coursePage(one, list.Tasks))
}

// state is how far the reader is with a task: "", or one of the API's.
func (t task) state() string {
	switch {
	case t.Progress == nil:
		return ""
	case t.Progress.CompletedAt != "":
		return "done"
	case t.Progress.StartedAt != "":
		return "started"
	}
	return "open"
}

func stateText(ctx context.Context, state string) string {
	return t(ctx, map[string]string{"done": "Done", "started": "Begun", "open": "To do", "": "Not yours"}[state])
}

// stateClass is the colour of a state.
func stateClass(state string) string {
	return map[string]string{"done": "good", "started": "", "open": "warn"}[state]
}
