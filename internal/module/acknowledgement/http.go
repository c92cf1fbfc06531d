package acknowledgement

import (
	"context"
	"net/http"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Register mounts the operations for every kind that can be acknowledged and is registered by
// now.
func (s *Service) Register(r *api.Router) {
	for _, k := range s.content.Kinds() {
		if k.Acknowledged {
			kind{s, k}.register(r)
		}
	}
}

// kind is the operations of one kind of content.
type kind struct {
	*Service
	content.Kind
}

const (
	doneExample = `{"acknowledgedAt":"2026-11-24T09:30:00.000Z","edition":1}`
	listExample = `{"people":[],"meta":{"perPage":10,"totalPages":0,"totalResults":0,"curPage":1,"nextPage":0}}`
)

func (k kind) register(r *api.Router) {
	base, noun := "/api/"+k.Plural+"/{id}", strings.ToUpper(k.Name[:1])+k.Name[1:]
	object := &authz.Object{Param: "id", Type: k.Name}
	api.Register(r, api.Operation{
		ID: "acknowledge" + noun, Method: http.MethodPut, Path: base + "/acknowledgement", Tag: "Acknowledgement", Summary: "Say that you have read " + k.Noun,
		Description: "As it is now: a new version of a document is to be acknowledged anew. Doing so again changes nothing.",
		Authz:       authz.Rule{Scope: "acknowledgements:write", Object: object}, Statuses: []int{http.StatusConflict}, Example: api.Example{Response: doneExample},
	}, k.acknowledge)
	api.Register(r, api.Operation{
		ID: "list" + noun + "Acknowledgements", Method: http.MethodGet, Path: base + "/acknowledgements", Tag: "Acknowledgement",
		Summary:     "List who has read " + k.Noun + ", or who has not",
		Description: "For its author, its owners, and moderators who see it.",
		Authz:       authz.Rule{Scope: "acknowledgements:read", Object: object}, Example: api.Example{Response: listExample},
	}, k.list)
}

type itemInput struct {
	ID string `path:"id" doc:"Id of the item"`
}

type doneOutput struct {
	Body struct {
		AcknowledgedAt api.Time `json:"acknowledgedAt" doc:"When you said so first"`
		Edition        int64    `json:"edition" doc:"Version of the item that you have read, from 1"`
	}
}

func (k kind) acknowledge(ctx context.Context, who authz.Actor, in *itemInput) (*doneOutput, error) {
	at, edition, err := k.Acknowledge(ctx, who, k.Name, in.ID)
	out := &doneOutput{}
	out.Body.AcknowledgedAt, out.Body.Edition = api.At(at), edition
	return out, err
}

type listInput struct {
	ID string `path:"id" doc:"Id of the item"`
	api.Page
	State string `query:"state" enum:"done,missing" default:"done" doc:"done: who has read it, latest first; missing: who may see it and has not, by name"`
}

// PersonView is a person of the list.
type PersonView struct {
	User           person.Card `json:"user" doc:"The person"`
	AcknowledgedAt *api.Time   `json:"acknowledgedAt" doc:"When they said so first, null for those who have not"`
}

type listOutput struct {
	Body struct {
		People []PersonView `json:"people" doc:"The people of the page"`
		Meta   api.Meta     `json:"meta" doc:"Where the page stands"`
	}
}

func (k kind) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	p, err := k.List(ctx, who, k.Name, in.ID, in.State == "missing", in.Page)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.People = make([]PersonView, len(p.entries))
	for i, e := range p.entries {
		out.Body.People[i] = PersonView{e.person, api.AtPtr(e.at)}
	}
	out.Body.Meta = in.Page.Meta(p.total)
	out.Body.Meta.NextCursor = p.next
	return out, nil
}
