package course

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// EntryView is somebody who takes a course.
type EntryView struct {
	User        person.Card `json:"user" doc:"The person"`
	AssignedAt  api.Time    `json:"assignedAt" doc:"When they got it"`
	DueDate     *api.Time   `json:"dueDate" doc:"Until when it is to be done, or null"`
	CompletedAt *api.Time   `json:"completedAt" doc:"When they had completed it, or null"`
	Tasks       int         `json:"tasks" doc:"How many tasks they have"`
	Started     int         `json:"started" doc:"How many of them they have started"`
	Completed   int         `json:"completed" doc:"How many of them they have completed"`
	Progress    int         `json:"progress" doc:"The same in percent"`
}

// SubmissionView is what somebody filled in.
type SubmissionView struct {
	User        person.Card `json:"user" doc:"The person"`
	Answers     Document    `json:"answers" doc:"Values by the keys of the fields"`
	SubmittedAt api.Time    `json:"submittedAt" doc:"When they sent it last"`
}

// CompletionView is a course that the caller has completed.
type CompletionView struct {
	CourseID    string   `json:"courseId" doc:"Id of the course"`
	Title       string   `json:"title" doc:"Its title"`
	AssignedAt  api.Time `json:"assignedAt" doc:"When you got it"`
	CompletedAt api.Time `json:"completedAt" doc:"When you had completed it"`
	Archived    bool     `json:"archived" doc:"The course has been deleted since"`
}

type (
	pageInput struct {
		ID string `path:"id" doc:"Id of the course"`
		api.Page
	}
	reportOutput struct {
		Body struct {
			People []EntryView `json:"people" nullable:"false" doc:"Who takes it, by name"`
			Meta   api.Meta    `json:"meta" doc:"Where the page stands"`
		}
	}
	submissionsOutput struct {
		Body struct {
			Submissions []SubmissionView `json:"submissions" nullable:"false" doc:"What people filled in, by their names"`
			Meta        api.Meta         `json:"meta" doc:"Where the page stands"`
		}
	}
	completionsOutput struct {
		Body struct {
			Completions []CompletionView `json:"completions" nullable:"false" doc:"The courses, latest first"`
			Meta        api.Meta         `json:"meta" doc:"Where the page stands"`
		}
	}
	formInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the course"`
		Body FormDraft
	}
	submitInput struct {
		ID   string `path:"id" doc:"Id of the course"`
		Body Answers
	}
	submittedOutput struct {
		Body struct {
			SubmittedAt api.Time `json:"submittedAt" doc:"When you sent it"`
		}
	}
)

const noPage = `"meta":{"perPage":10,"totalPages":0,"totalResults":0,"curPage":1,"nextPage":0}}`

// registerPeople mounts what is about those who take a course.
func (s *Service) registerPeople(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "listCourseProgress", Method: http.MethodGet, Path: "/api/courses/{id}/progress", Tag: tag, Summary: "List who takes a course, and how far they are",
		Description: "For its author and holders of templates:manage.", Authz: report, Example: api.Example{Response: `{"people":[],` + noPage},
	}, s.report)
	api.Register(r, api.Operation{
		ID: "listCourseCompletions", Method: http.MethodGet, Path: "/api/courses/completions", Tag: tag, Summary: "List the courses you have completed",
		Description: "With those that were deleted since.", Authz: read, Example: api.Example{Response: `{"completions":[],` + noPage},
	}, s.completions)
	api.Register(r, api.Operation{
		ID: "setCourseForm", Method: http.MethodPut, Path: "/api/courses/{id}/form", Tag: tag, Summary: "Give a course a form",
		Description: "Those who take the course fill it in. In place of the form it has, if any; what people sent stays.",
		Authz:       manage, Statuses: []int{http.StatusPreconditionFailed},
		Example: api.Example{Request: `{"title":"First week","schema":{"data":{"components":[{"key":"name","type":"textfield","input":true}]}}}`, Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *formInput) (*output, error) {
		return answer(who)(s.SetForm(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "submitCourseForm", Method: http.MethodPost, Path: "/api/courses/{id}/form/submissions", Tag: tag, Summary: "Fill in the form of a course you take",
		Description: "In place of what you sent before. Every answer that does not fit its field is refused.",
		Authz:       authz.Rule{Scope: "courses:write", Object: oneID, Restricted: true}, Statuses: []int{http.StatusConflict},
		Example: api.Example{Request: `{"answers":{"name":"Ada"}}`, Response: `{"submittedAt":"2026-11-24T09:30:00.000Z"}`},
	}, func(ctx context.Context, who authz.Actor, in *submitInput) (*submittedOutput, error) {
		at, err := s.Submit(ctx, who, in.ID, in.Body)
		out := &submittedOutput{}
		out.Body.SubmittedAt = api.At(at)
		return out, err
	})
	api.Register(r, api.Operation{
		ID: "listCourseSubmissions", Method: http.MethodGet, Path: "/api/courses/{id}/form/submissions", Tag: tag, Summary: "List what people filled in",
		Description: "For the author of the course and holders of templates:manage.", Authz: report, Example: api.Example{Response: `{"submissions":[],` + noPage},
	}, s.submissions)
}

func (s *Service) report(ctx context.Context, who authz.Actor, in *pageInput) (*reportOutput, error) {
	list, meta, err := s.Report(ctx, who, in.ID, in.Page)
	out := &reportOutput{}
	out.Body.People, out.Body.Meta = make([]EntryView, len(list)), meta
	for i, e := range list {
		out.Body.People[i] = EntryView{
			e.Card, api.At(e.AssignedAt), api.AtPtr(e.DueAt), api.AtPtr(e.CompletedAt), e.Part.Tasks, e.Part.Started, e.Part.Completed, e.Part.Percent(),
		}
	}
	return out, err
}

func (s *Service) submissions(ctx context.Context, who authz.Actor, in *pageInput) (*submissionsOutput, error) {
	list, meta, err := s.Submissions(ctx, who, in.ID, in.Page)
	out := &submissionsOutput{}
	out.Body.Submissions, out.Body.Meta = make([]SubmissionView, len(list)), meta
	for i, x := range list {
		out.Body.Submissions[i] = SubmissionView{x.Card, x.answers, api.At(x.at)}
	}
	return out, err
}

func (s *Service) completions(ctx context.Context, who authz.Actor, in *struct{ api.Page }) (*completionsOutput, error) {
	list, meta, err := s.Completions(ctx, who, in.Page)
	out := &completionsOutput{}
	out.Body.Completions, out.Body.Meta = make([]CompletionView, len(list)), meta
	for i, c := range list {
		out.Body.Completions[i] = CompletionView{c.CourseID, c.Title, api.At(c.AssignedAt), api.At(c.CompletedAt), c.Archived}
	}
	return out, err
}
