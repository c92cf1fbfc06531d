package course

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
)

var (
	oneID  = &authz.Object{Param: "id", Type: noun}
	read   = authz.Rule{Scope: "courses:read", Restricted: true}
	write  = authz.Rule{Scope: "courses:write"}
	one    = authz.Rule{Scope: "courses:read", Object: oneID, Restricted: true}
	manage = authz.Rule{Scope: "courses:write", Object: oneID}
	report = authz.Rule{Scope: "courses:read", Object: oneID}
	assign = authz.Rule{Scope: "courses:write", Object: oneID, BodyRefs: map[string]string{"userIds": "user", "removeIds": "user"}}
	order  = authz.Rule{Scope: "courses:write", Object: oneID, BodyRefs: map[string]string{"taskIds": "task"}}
)

type (
	listInput struct {
		api.Page
		Filter    string `query:"filter" enum:"ALL_COURSES,MY_COURSES,CREATED_BY_ME" doc:"Which courses; without it, those you made or take. ALL_COURSES adds, for holders of templates:manage, everybody's; MY_COURSES: those you take; CREATED_BY_ME: those you made"`
		Direction string `query:"sort_direction" enum:"ASC,DESC" default:"ASC" doc:"By creation"`
	}
	listOutput struct {
		Body struct {
			TaskLists []View   `json:"taskLists" nullable:"false" doc:"The courses of the page"`
			Meta      api.Meta `json:"meta" doc:"Where the page stands"`
		}
	}
	idInput struct {
		ID string `path:"id" doc:"Id of the course"`
	}
	createInput struct{ Body Draft }
	updateInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the course"`
		Body Draft
	}
	assignInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the course"`
		Body People
	}
	orderInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the course"`
		Body Order
	}
	deleteInput struct {
		api.IfMatch
		ID string `path:"id" doc:"Id of the course"`
	}
	createdOutput struct {
		Location string `header:"Location" doc:"Path of the course"`
		ETag     string `header:"ETag" doc:"Version of the course, for If-Match"`
		Body     View
	}
	output struct {
		ETag string `header:"ETag" doc:"Version of the course, for If-Match"`
		Body View
	}
	empty struct{}
)

const (
	tag    = "Courses"
	sample = `{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","courseId":null,"title":"First week","description":"","categories":[],"order":0,"numberOfTasks":1,` +
		`"usersCount":0,"totalTime":15,"orgId":"afdcc332-51a0-11eb-b540-537816f1bbe5","tasks":1,"parentTaskListId":null,"progress":0,` +
		`"createdAt":"2026-11-24T09:30:00.000Z","updatedAt":"2026-11-24T09:30:00.000Z","status":"publish","sequential":true,"file":null,"form":null,"dueDays":14,` +
		`"dueDate":null,"started":false,"assignedAt":null,"completedAt":null,"createdBy":"172fa58d-7933-45a6-a905-b06770f2224c","notificationTemplateId":null}`
)

// Register mounts the operations on courses.
func (s *Service) Register(r *api.Router) {
	r.Gate(noun, s.gate)
	changed := []int{http.StatusConflict, http.StatusPreconditionFailed}
	api.Register(r, api.Operation{
		ID: "listCourses", Method: http.MethodGet, Path: "/api/courses", Tag: tag, Summary: "List courses", Authz: read,
	}, s.list)
	api.Register(r, api.Operation{
		ID: "createCourse", Method: http.MethodPost, Path: "/api/courses", Tag: tag, Summary: "Create a course",
		Description: "It has no tasks: make them with its id in courseId.",
		Status:      http.StatusCreated, Authz: write, Example: api.Example{Request: `{"title":"First week","sequential":true,"dueDays":14}`, Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *createInput) (*createdOutput, error) {
		c, err := s.Create(ctx, who, in.Body)
		return &createdOutput{"/api/courses/" + c.ID, api.ETag(c.Version), viewOf(who.OrgID, c)}, err
	})
	api.Register(r, api.Operation{
		ID: "getCourse", Method: http.MethodGet, Path: "/api/courses/{id}", Tag: tag, Summary: "Read a course", Authz: one, Example: api.Example{Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*output, error) {
		return answer(who)(s.Get(ctx, who, in.ID))
	})
	api.Register(r, api.Operation{
		ID: "updateCourse", Method: http.MethodPatch, Path: "/api/courses/{id}", Tag: tag, Summary: "Change or publish a course", Authz: manage, Statuses: changed,
		Example: api.Example{Request: `{"status":"publish"}`, Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *updateInput) (*output, error) {
		return answer(who)(s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "assignCourse", Method: http.MethodPatch, Path: "/api/courses/{id}/assign", Tag: tag, Summary: "Assign a course to people, and take it from others",
		Description: "Removes, then adds. Whoever takes it already keeps their progress; whoever is removed loses it. A draft cannot be assigned (409).",
		Authz:       assign, Statuses: changed, Example: api.Example{Request: `{"userIds":["3fa85f64-5717-4562-b3fc-2c963f66afa6"]}`, Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *assignInput) (*output, error) {
		return answer(who)(s.Assign(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "orderCourse", Method: http.MethodPut, Path: "/api/courses/{id}/order", Tag: tag, Summary: "Put the tasks of a course in another order", Authz: order,
		Statuses: changed, Example: api.Example{Request: `{"taskIds":["3fa85f64-5717-4562-b3fc-2c963f66afa6"]}`, Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *orderInput) (*output, error) {
		return answer(who)(s.Arrange(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "deleteCourse", Method: http.MethodDelete, Path: "/api/courses/{id}", Tag: tag, Summary: "Archive a course",
		Description: "Nobody sees it any more, and what is open need not be done. Completions stay: see /api/courses/completions.",
		Status:      http.StatusNoContent, Authz: manage, Statuses: []int{http.StatusPreconditionFailed},
	}, func(ctx context.Context, who authz.Actor, in *deleteInput) (*empty, error) {
		return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch)
	})
	s.registerPeople(r)
}

func answer(who authz.Actor) func(Shown, error) (*output, error) {
	return func(c Shown, err error) (*output, error) {
		return &output{api.ETag(c.Version), viewOf(who.OrgID, c)}, err
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	list, meta, err := s.List(ctx, who, Query{in.Filter, in.Direction == "DESC"}, in.Page)
	out := &listOutput{}
	out.Body.TaskLists, out.Body.Meta = make([]View, len(list)), meta
	for i, c := range list {
		out.Body.TaskLists[i] = viewOf(who.OrgID, c)
	}
	return out, err
}
