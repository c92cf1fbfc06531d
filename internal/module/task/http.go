package task

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

var (
	oneID = &authz.Object{Param: "id", Type: noun}
	refs  = map[string]string{"documentId": "document", "trainingCourseTaskListId": "course", "videoId": "video"}
	newOf = map[string]string{"documentId": "document", "trainingCourseTaskListId": "course", "videoId": "video", "courseId": "course", "userIds": "user"}

	read   = authz.Rule{Scope: "tasks:read", Restricted: true}
	write  = authz.Rule{Scope: "tasks:write", BodyRefs: newOf}
	one    = authz.Rule{Scope: "tasks:read", Object: oneID, Restricted: true}
	change = authz.Rule{Scope: "tasks:write", Object: oneID, BodyRefs: refs}
	assign = authz.Rule{Scope: "tasks:write", Object: oneID, BodyRefs: map[string]string{"userIds": "user", "removeIds": "user"}}
	manage = authz.Rule{Scope: "tasks:write", Object: oneID}
	report = authz.Rule{Scope: "tasks:read", Object: oneID}
	do     = authz.Rule{Scope: "tasks:write", Object: oneID, Restricted: true}
)

type (
	listInput struct {
		api.Page
		Filter    string           `query:"filter" enum:"INDEPENDENT_TASKS_CREATED_BY_ME,INDEPENDENT_TASKS_ASSIGNED_TO_ME,ALL_TASKS" doc:"Which tasks; without it, those you made or were assigned. ALL_TASKS adds, for holders of templates:manage, everybody's"`
		CourseID  string           `query:"courseId" maxLength:"36" doc:"Only the tasks of this course, in its order"`
		Published api.OptionalBool `query:"published" doc:"true: without drafts; false: only drafts"`
		Direction string           `query:"sort_direction" enum:"ASC,DESC" default:"ASC" doc:"By creation"`
	}
	listOutput struct {
		Body struct {
			Tasks []ListView `json:"tasks" nullable:"false" doc:"The tasks of the page"`
			Meta  api.Meta   `json:"meta" doc:"Where the page stands"`
		}
	}
	idInput struct {
		ID string `path:"id" doc:"Id of the task"`
	}
	createInput struct{ Body NewTask }
	updateInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the task"`
		Body Draft
	}
	assignInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the task"`
		Body People
	}
	deleteInput struct {
		api.IfMatch
		ID string `path:"id" doc:"Id of the task"`
	}
	assigneesInput struct {
		ID string `path:"id" doc:"Id of the task"`
		api.Page
	}
	assigneesOutput struct {
		Body struct {
			Assignees []AssigneeView `json:"assignees" nullable:"false" doc:"Who has the task, by name"`
			Meta      api.Meta       `json:"meta" doc:"Where the page stands"`
		}
	}
	quizInput struct {
		ID        string `path:"id" doc:"Id of the task"`
		Org       string `query:"org" doc:"The organization"`
		User      string `query:"user" doc:"Who has finished"`
		Expires   int64  `query:"expires" doc:"Until when the address is good, in seconds since 1970"`
		Signature string `query:"signature" doc:"The signature"`
	}
	createdOutput struct {
		Location string `header:"Location" doc:"Path of the task"`
		ETag     string `header:"ETag" doc:"Version of the task, for If-Match"`
		Body     CreatedView
	}
	output[V any] struct {
		ETag string `header:"ETag" doc:"Version of the task, for If-Match"`
		Body V
	}
	empty struct{}
)

const tag = "Tasks"

// Register mounts the operations on tasks.
func (s *Service) Register(r *api.Router) {
	r.Gate(noun, s.gate)
	conflict, changed := []int{http.StatusConflict}, []int{http.StatusConflict, http.StatusPreconditionFailed}
	api.Register(r, api.Operation{
		ID: "listTasks", Method: http.MethodGet, Path: "/api/tasks", Tag: tag, Summary: "List tasks", Authz: read,
	}, s.list)
	api.Register(r, api.Operation{
		ID: "createTask", Method: http.MethodPost, Path: "/api/tasks", Tag: tag, Summary: "Create a task, and assign it",
		Description: "With userIds the task is published and assigned at once. Nobody gets a document or video they may not read (409).",
		Status:      http.StatusCreated, Authz: write, Statuses: conflict,
	}, s.create)
	api.Register(r, api.Operation{
		ID: "getTask", Method: http.MethodGet, Path: "/api/tasks/{id}", Tag: tag, Summary: "Read a task", Authz: one, Example: api.ResponseOf("updateTask"),
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*output[SingleView], error) {
		return s.answer(ctx, who)(s.Get(ctx, who, in.ID))
	})
	api.Register(r, api.Operation{
		ID: "updateTask", Method: http.MethodPatch, Path: "/api/tasks/update/{id}", Tag: tag, Summary: "Change a task", Authz: change, Statuses: changed,
	}, func(ctx context.Context, who authz.Actor, in *updateInput) (*output[SingleView], error) {
		return s.answer(ctx, who)(s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "assignTask", Method: http.MethodPatch, Path: "/api/tasks/assign/{id}", Tag: tag, Summary: "Assign a task to people, and take it from others",
		Description: "Removes, then adds. Whoever has it already keeps their progress; whoever is removed loses it. A draft cannot be assigned (409).",
		Authz:       assign, Statuses: changed,
	}, s.assign)
	api.Register(r, api.Operation{
		ID: "deleteTask", Method: http.MethodDelete, Path: "/api/tasks/{id}", Tag: tag, Summary: "Delete a task", Description: "With everybody's progress.",
		Status: http.StatusNoContent, Authz: manage, Statuses: []int{http.StatusPreconditionFailed},
	}, func(ctx context.Context, who authz.Actor, in *deleteInput) (*empty, error) {
		return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch)
	})
	s.registerProgress(r)
}

func (s *Service) registerProgress(r *api.Router) {
	for _, step := range []struct {
		verb, summary, description string
		take                       func(ctx context.Context, who authz.Actor, id string) (Seen, error)
	}{
		{start, "Start a task of yours", "Starting again changes nothing; what is completed must be reopened. In a course with an order, the tasks before it come first (409).", s.Start},
		{complete, "Complete a task of yours", "Completing again changes nothing. A task that leads to a course is completed by completing that.", s.Complete},
		{reopen, "Reopen a task you have completed", "Reopening what is not completed changes nothing.", s.Reopen},
	} {
		api.Register(r, api.Operation{
			ID: step.verb + "Task", Method: http.MethodPost, Path: "/api/tasks/{id}/" + step.verb, Tag: tag, Summary: step.summary, Description: step.description,
			Authz: do, Statuses: []int{http.StatusConflict}, Example: api.ResponseOf("updateTask"),
		}, func(ctx context.Context, who authz.Actor, in *idInput) (*output[SingleView], error) {
			return s.answer(ctx, who)(step.take(ctx, who, in.ID))
		})
	}
	api.Register(r, api.Operation{
		ID: "listTaskAssignees", Method: http.MethodGet, Path: "/api/tasks/{id}/assignees", Tag: tag, Summary: "List who has a task, and how far they are",
		Description: "For its author and holders of templates:manage.", Authz: report,
		Example: api.Example{Response: `{"assignees":[],"meta":{"perPage":10,"totalPages":0,"totalResults":0,"curPage":1,"nextPage":0}}`},
	}, s.assignees)
	api.Register(r, api.Operation{
		ID: "reportQuiz", Method: http.MethodPost, Path: "/api/tasks/{id}/quiz-callback", Tag: tag, Summary: "Report that somebody has finished a quiz",
		Description: "For the site of the quiz, at the signed address that the link of each assignee carries in workdrive_callback: it needs no key. Doing so again changes nothing.",
		Status:      http.StatusNoContent, Authz: authz.Rule{Scope: "tasks:write", Signed: true, Object: oneID, Restricted: true}, Statuses: []int{http.StatusConflict},
	}, func(ctx context.Context, who authz.Actor, in *quizInput) (*empty, error) {
		if who.UserID != "" { // with a key: the signature is asked for all the same
			if err := s.gate(ctx, who, in.ID); err != nil {
				return nil, err
			}
		}
		return nil, s.Report(ctx, callback{in.Org, in.ID, in.User, in.Expires, in.Signature})
	})
}

// answer shows one task.
func (s *Service) answer(ctx context.Context, who authz.Actor) func(Seen, error) (*output[SingleView], error) {
	return func(t Seen, err error) (*output[SingleView], error) {
		if err != nil {
			return nil, err
		}
		v, err := s.single(ctx, who, t)
		return &output[SingleView]{api.ETag(t.Version), v}, err
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	list, meta, err := s.List(ctx, who, Query{in.Filter, in.CourseID, in.Published.Ptr(), in.Direction == "DESC"}, in.Page)
	if err != nil {
		return nil, err
	}
	courses, err := s.linked(ctx, s.DB.Reader(ctx), who.OrgID, list...)
	out := &listOutput{}
	out.Body.Tasks, out.Body.Meta = make([]ListView, len(list)), meta
	for i, t := range list {
		out.Body.Tasks[i] = ListView{s.viewOf(who, t, courses), t.Author}
	}
	return out, err
}

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*createdOutput, error) {
	t, err := s.Create(ctx, who, in.Body)
	if err != nil {
		return nil, err
	}
	v, err := s.single(ctx, who, t)
	if err != nil {
		return nil, err
	}
	cards, people, err := s.holders(ctx, who, t)
	return &createdOutput{"/api/tasks/" + t.ID, api.ETag(t.Version), CreatedView{v.View, v.CreatedBy, people, cards}}, err
}

func (s *Service) assign(ctx context.Context, who authz.Actor, in *assignInput) (*output[AssignedView], error) {
	t, err := s.Assign(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body)
	if err != nil {
		return nil, err
	}
	v, err := s.single(ctx, who, t)
	if err != nil {
		return nil, err
	}
	cards, _, err := s.holders(ctx, who, t)
	return &output[AssignedView]{api.ETag(t.Version), AssignedView{v.View, v.CreatedBy, cards, cards}}, err
}

func (s *Service) assignees(ctx context.Context, who authz.Actor, in *assigneesInput) (*assigneesOutput, error) {
	list, meta, err := s.Assignees(ctx, who, in.ID, in.Page)
	if err != nil {
		return nil, err
	}
	out := &assigneesOutput{}
	out.Body.Assignees, out.Body.Meta = make([]AssigneeView, len(list)), meta
	for i, a := range list {
		out.Body.Assignees[i] = AssigneeView{a.Card, progressOf(a.Assignment)}
	}
	return out, nil
}

// Assignees gives a page of those who have a task, by name.
func (s *Service) Assignees(ctx context.Context, who authz.Actor, id string, p api.Page) ([]assignee, api.Meta, error) {
	q := s.DB.Reader(ctx)
	t, err := s.visible(ctx, q, who, id)
	if err == nil {
		err = mayManage(who, t)
	}
	if err != nil {
		return nil, api.Meta{}, err
	}
	part := slice{limit: p.Limit() + 1, offset: p.Offset()}
	if p.Cursor != "" {
		part.behind, part.offset, p.CurPage = &place{}, 0, 1
		if err := p.DecodeCursor(part.behind); err != nil {
			return nil, api.Meta{}, err
		}
	}
	list, err := s.store.assignees(ctx, q, who.OrgID, id, part)
	meta := p.Meta(t.Assignees)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = ids.EncodeCursor(place{list[n-1].sortKey, list[n-1].Card.ID})
	}
	return list, meta, err
}
