package enforcement

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
)

type (
	listInput struct {
		api.Page
		Direction string `query:"sort_direction" enum:"ASC,DESC" default:"DESC" doc:"By creation"`
	}
	listOutput struct {
		Body struct {
			Templates []View   `json:"notificationTemplates" nullable:"false" doc:"The templates of the page"`
			Meta      api.Meta `json:"meta" doc:"Where the page stands"`
		}
	}
	idInput struct {
		ID string `path:"id" doc:"Id of the template"`
	}
	createInput struct{ Body Draft }
	updateInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the template"`
		Body Draft
	}
	deleteInput struct {
		api.IfMatch
		ID string `path:"id" doc:"Id of the template"`
	}
	output struct {
		ETag string `header:"ETag" doc:"Version of the template, for If-Match"`
		Body View
	}
	createdOutput struct {
		Location string `header:"Location" doc:"Path of the template"`
		ETag     string `header:"ETag" doc:"Version of the template, for If-Match"`
		Body     View
	}
	personInput struct {
		ID string `path:"id" doc:"Id of the person"`
	}
	waiveInput struct {
		ID   string `path:"id" doc:"Id of the person"`
		Body WaiverDraft
	}
	restrictionOutput struct{ Body RestrictionView }
	empty             struct{}
)

const (
	tag    = "Enforcement Template"
	draft  = `{"title":"Mandatory training","reminders":[{"reminderType":"email","reminderTimeUnit":"days","reminderTime":2},{"reminderType":"restrict","reminderTimeUnit":"week","reminderTime":1}]}`
	sample = `{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","title":"Mandatory training","systemEvent":"","type":"","subType":"","reminders":[` +
		`{"reminderType":"email","reminderTimeUnit":"days","reminderTime":2,"refId":null,"orgContentTemplateId":null},` +
		`{"reminderType":"restrict","reminderTimeUnit":"week","reminderTime":1,"refId":null,"orgContentTemplateId":null}]}`
	item       = `"kind":"task","id":"fdca3aa5-363c-4400-b158-bd59aa168f19","title":"Fire safety","dueAt":"2026-11-20T22:59:59.999Z"`
	restricted = `{"userId":"172fa58d-7933-45a6-a905-b06770f2224c","restricted":true,"since":"2026-11-27T22:59:59.999Z","exempt":false,"outstanding":[{` + item + `}],"waived":[]}`
	waived     = `{"userId":"172fa58d-7933-45a6-a905-b06770f2224c","restricted":false,"since":null,"exempt":false,"outstanding":[],"waived":[{` + item +
		`,"waivedAt":"2026-11-28T08:00:00.000Z","waivedBy":"afdcc332-51a0-11eb-b540-537816f1bbe5","reason":"Was on leave"}]}`
)

// Register mounts the operations on templates and restrictions.
func (s *Service) Register(r *api.Router) {
	r.Gate(noun, s.gate)
	api.Register(r, api.Operation{
		ID: "listEnforcementTemplates", Method: http.MethodGet, Path: "/api/enforcement-templates", Tag: tag, Summary: "List enforcement templates", Authz: read,
	}, s.list)
	api.Register(r, api.Operation{
		ID: "createEnforcementTemplate", Method: http.MethodPost, Path: "/api/enforcement-templates", Tag: tag, Summary: "Create an enforcement template",
		Description: "Tasks and courses name it in notificationTemplateId.", Status: http.StatusCreated, Authz: create, Example: api.Example{Request: draft, Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *createInput) (*createdOutput, error) {
		t, err := s.Create(ctx, who, in.Body)
		return &createdOutput{"/api/enforcement-templates/" + t.ID, api.ETag(t.Version), viewOf(t)}, err
	})
	api.Register(r, api.Operation{
		ID: "getEnforcementTemplate", Method: http.MethodGet, Path: "/api/enforcement-templates/{id}", Tag: tag, Summary: "Read an enforcement template",
		Authz: one, Example: api.Example{Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*output, error) {
		return answer(s.Get(ctx, who, in.ID))
	})
	api.Register(r, api.Operation{
		ID: "updateEnforcementTemplate", Method: http.MethodPatch, Path: "/api/enforcement-templates/{id}", Tag: tag, Summary: "Change an enforcement template",
		Description: "What is owed under it is reminded and restricted as it says from now on.",
		Authz:       change, Statuses: []int{http.StatusPreconditionFailed}, Example: api.Example{Request: draft, Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *updateInput) (*output, error) {
		return answer(s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "deleteEnforcementTemplate", Method: http.MethodDelete, Path: "/api/enforcement-templates/{id}", Tag: tag, Summary: "Delete an enforcement template",
		Description: "Takes it off the tasks and courses that name it, and ends its reminders and restrictions.",
		Status:      http.StatusNoContent, Authz: change, Statuses: []int{http.StatusPreconditionFailed},
	}, func(ctx context.Context, who authz.Actor, in *deleteInput) (*empty, error) {
		return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch)
	})
	api.Register(r, api.Operation{
		ID: "getRestriction", Method: http.MethodGet, Path: "/api/users/{id}/restriction", Tag: tag, Summary: "Read whether a person is restricted, and by what",
		Description: "Your own, or as a holder of templates:manage that of anybody.", Authz: look, Example: api.Example{Response: restricted},
	}, func(ctx context.Context, who authz.Actor, in *personInput) (*restrictionOutput, error) {
		st, err := s.StatusOf(ctx, who, in.ID)
		return &restrictionOutput{restrictionOf(st)}, err
	})
	api.Register(r, api.Operation{
		ID: "waiveRestriction", Method: http.MethodPost, Path: "/api/users/{id}/restriction/waiver", Tag: tag, Summary: "Lift the restrictions a person is under",
		Description: "What is outstanding stays to be done, and restricts them again only when its deadline moves. Without a restriction nothing changes.",
		Authz:       waive, Example: api.Example{Request: `{"reason":"Was on leave"}`, Response: waived},
	}, func(ctx context.Context, who authz.Actor, in *waiveInput) (*restrictionOutput, error) {
		st, err := s.Waive(ctx, who, in.ID, in.Body)
		return &restrictionOutput{restrictionOf(st)}, err
	})
}

func answer(t Template, err error) (*output, error) {
	return &output{api.ETag(t.Version), viewOf(t)}, err
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	list, meta, err := s.List(ctx, who, in.Direction == "ASC", in.Page)
	out := &listOutput{}
	out.Body.Templates, out.Body.Meta = make([]View, len(list)), meta
	for i, t := range list {
		out.Body.Templates[i] = viewOf(t)
	}
	return out, err
}
