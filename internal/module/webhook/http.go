package webhook

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/changes"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	tag = "Webhooks"

	exampleFields = `"id":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f","ownerId":"019b7a2e-5c1f-7d30-9b51-000000000001","name":"Ticket system",` +
		`"url":"https://tickets.example/workdrive","types":["post.*","comment.created"],"active":true,"reason":null,"failingSince":null,` +
		`"createdAt":"2026-11-24T09:30:00.000Z","updatedAt":"2026-11-24T09:30:00.000Z"`
	example         = `{` + exampleFields + `}`
	exampleSecret   = `{` + exampleFields + `,"secret":"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}`
	exampleDelivery = `{"id":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e60","type":"post.created","state":"PENDING","attempts":1,"status":503,` +
		`"error":"The receiver answered 503 Service Unavailable.","body":"{\"type\":\"post.created\"}","createdAt":"2026-11-24T09:30:00.000Z",` +
		`"nextAt":"2026-11-24T09:30:05.000Z","finishedAt":null}`
	exampleHook = `"id":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e61","conversationId":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e62","name":"Build server",` +
		`"createdBy":"019b7a2e-5c1f-7d30-9b51-000000000001","createdAt":"2026-11-24T09:30:00.000Z","lastUsedAt":null`
)

var object = &authz.Object{Param: "id", Type: noun}

func manage(verb string, o *authz.Object) authz.Rule {
	return authz.Rule{Scope: "webhooks:" + verb, Capability: authz.WebhooksManage, Object: o}
}

// Register mounts the module's operations.
func (s *Service) Register(r *api.Router) {
	r.Gate(noun, s.gate)
	r.Gate(hookNoun, s.hookGate)
	api.Register(r, api.Operation{
		ID: "listWebhooks", Method: http.MethodGet, Path: "/api/webhooks", Tag: tag, Summary: "List webhooks",
		Authz: manage("read", nil), Example: api.Example{Response: `{"webhooks":[` + example + `]}`},
	}, s.list)
	api.Register(r, api.Operation{
		ID: "createWebhook", Method: http.MethodPost, Path: "/api/webhooks", Tag: tag, Summary: "Make a webhook; its secret is shown once",
		Description: "What you may see of what happens is sent to the address, signed after the Standard Webhooks specification, and again with growing pauses for three days until it is taken with a 2xx. " +
			"Deliveries have ids and never content. The same `webhook-id` may come twice.",
		Status: http.StatusCreated, Secret: true, Authz: manage("write", nil), Statuses: []int{http.StatusConflict},
		Example: api.Example{Request: `{"name":"Ticket system","url":"https://tickets.example/workdrive","types":["post.*","comment.created"]}`, Response: exampleSecret},
	}, s.create)
	api.Register(r, api.Operation{
		ID: "updateWebhook", Method: http.MethodPatch, Path: "/api/webhooks/{id}", Tag: tag, Summary: "Change a webhook of yours, stop it or switch it on",
		Authz: manage("write", object), Statuses: []int{http.StatusPreconditionFailed},
		Example: api.Example{Request: `{"active":true}`, Response: example},
	}, s.update)
	api.Register(r, api.Operation{
		ID: "rotateWebhookSecret", Method: http.MethodPost, Path: "/api/webhooks/{id}/secret", Tag: tag, Summary: "Replace the secret of a webhook of yours; it is shown once",
		Secret: true, Authz: manage("write", object), Example: api.Example{Response: exampleSecret},
	}, s.rotate)
	api.Register(r, api.Operation{
		ID: "deleteWebhook", Method: http.MethodDelete, Path: "/api/webhooks/{id}", Tag: tag, Summary: "Delete a webhook with its deliveries",
		Status: http.StatusNoContent, Authz: manage("write", object),
	}, s.delete)
	api.Register(r, api.Operation{
		ID: "listWebhookDeliveries", Method: http.MethodGet, Path: "/api/webhooks/{id}/deliveries", Tag: tag, Summary: "List the newest 100 deliveries of a webhook",
		Authz: manage("read", object), Example: api.Example{Response: `{"deliveries":[` + exampleDelivery + `]}`},
	}, s.deliveries)
	api.Register(r, api.Operation{
		ID: "redeliver", Method: http.MethodPost, Path: "/api/webhooks/{id}/redeliver", Tag: tag, Summary: "Send a delivery of a webhook of yours again",
		Status: http.StatusAccepted, Authz: manage("write", object), Statuses: []int{http.StatusConflict},
		Example: api.Example{Request: `{"deliveryId":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e60"}`, Response: exampleDelivery},
	}, s.redeliver)
	api.Register(r, api.Operation{
		ID: "listChanges", Method: http.MethodGet, Path: "/api/changes", Tag: tag, Summary: "Read what happened since you last asked",
		Description: "What you may see, in one order, each once: go on with `cursor` and you miss nothing. Without a cursor you get one to begin with. It is good for a day, then the answer is 410. " +
			"When `more` is true, ask again at once.",
		Authz: authz.Rule{Scope: "changes:read"}, Statuses: []int{http.StatusGone},
		Example: api.Example{Response: `{"changes":[{"type":"post.created","id":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e63","at":"2026-11-24T09:30:00.000Z",` +
			`"by":"019b7a2e-5c1f-7d30-9b51-000000000001","status":"PUBLISHED"}],"cursor":"kq0cG0cC6Yv9QyTq6hPz1A","more":false}`},
	}, s.listChanges)
	s.registerHooks(r)
}

func (s *Service) registerHooks(r *api.Router) {
	chat := &authz.Object{Param: "id", Type: "conversation"}
	api.Register(r, api.Operation{
		ID: "listHooks", Method: http.MethodGet, Path: "/api/group-chats/{id}/hooks", Tag: tag, Summary: "List the addresses at which programs write in a group chat",
		Authz: authz.Rule{Scope: "conversations:read", Object: chat}, Statuses: []int{http.StatusConflict}, Example: api.Example{Response: `{"hooks":[{` + exampleHook + `}]}`},
	}, s.listHooks)
	api.Register(r, api.Operation{
		ID: "createHook", Method: http.MethodPost, Path: "/api/group-chats/{id}/hooks", Tag: tag, Summary: "Make an address at which a program writes in a group chat; it is shown once",
		Description: "The program writes as you, under the name of the hook, for as long as you may write there.",
		Status:      http.StatusCreated, Secret: true, Authz: authz.Rule{Scope: "conversations:write", Object: chat}, Statuses: []int{http.StatusConflict},
		Example: api.Example{
			Request:  `{"name":"Build server"}`,
			Response: `{` + exampleHook + `,"url":"https://workdrive.example/api/hooks/019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e61?signature=mfrggzdfmztwq2lknnwg23tpobyxe43uov3ho6dzmfrggzdfmztw"}`,
		},
	}, s.createHook)
	api.Register(r, api.Operation{
		ID: "revokeHook", Method: http.MethodDelete, Path: "/api/hooks/{id}", Tag: tag, Summary: "Revoke an address at which a program writes",
		Status: http.StatusNoContent, Authz: authz.Rule{Scope: "conversations:write", Object: &authz.Object{Param: "id", Type: hookNoun}},
	}, s.revokeHook)
	api.Register(r, api.Operation{
		ID: "writeAtHook", Method: http.MethodPost, Path: "/api/hooks/{id}", Tag: tag, Summary: "Write a message as a program",
		Description: "The whole address, with its signature, is the right to write, and no key is needed; keep it like one. At most 60 messages a minute.",
		Status:      http.StatusCreated, Authz: authz.Rule{Signed: true, Scope: "conversations:write", Object: &authz.Object{Param: "id", Type: hookNoun}},
		Example: api.Example{Request: `{"text":"Build 4711 has failed"}`, Response: `{"id":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e64"}`},
	}, s.receive)
}

// View is a webhook as clients read it.
type View struct {
	ID           string    `json:"id" doc:"Id of the webhook"`
	OwnerID      string    `json:"ownerId" doc:"Whose it is: it is told what they may see"`
	Name         string    `json:"name" doc:"What it is for"`
	URL          string    `json:"url" doc:"Where it goes"`
	Types        []string  `json:"types" nullable:"false" doc:"Types it is told of; empty is all"`
	Active       bool      `json:"active" doc:"Whether it is told anything"`
	Reason       *string   `json:"reason" doc:"Why the server has stopped it, or null"`
	FailingSince *api.Time `json:"failingSince" doc:"Since when nothing has arrived, or null"`
	CreatedAt    api.Time  `json:"createdAt" doc:"When it was made"`
	UpdatedAt    api.Time  `json:"updatedAt" doc:"When it was last changed"`
}

func viewOf(w Webhook) View {
	return View{
		ID: w.ID, OwnerID: w.OwnerID, Name: w.Name, URL: w.URL, Types: append([]string{}, w.Types...), Active: w.Active, Reason: w.Reason,
		FailingSince: api.AtPtr(w.FailingSince), CreatedAt: api.At(w.CreatedAt), UpdatedAt: api.At(w.UpdatedAt),
	}
}

// SecretView is a webhook with its secret.
type SecretView struct {
	View
	Secret string `json:"secret" doc:"What deliveries are signed with; shown this once"`
}

// DeliveryView is a delivery as clients read it.
type DeliveryView struct {
	ID         string    `json:"id" doc:"Id of the delivery, which is sent as webhook-id"`
	Type       string    `json:"type" doc:"Type of the event"`
	State      string    `json:"state" enum:"PENDING,DELIVERED,FAILED" doc:"How it stands"`
	Attempts   int       `json:"attempts" doc:"How often it was sent"`
	Status     *int      `json:"status" doc:"Status of the last answer, or null"`
	Error      *string   `json:"error" doc:"What was wrong with the last attempt, or null"`
	Body       string    `json:"body" doc:"What is sent"`
	CreatedAt  api.Time  `json:"createdAt" doc:"When it was made"`
	NextAt     *api.Time `json:"nextAt" doc:"When it is sent next, or null"`
	FinishedAt *api.Time `json:"finishedAt" doc:"When it arrived or was given up, or null"`
}

func deliveryView(d Delivery) DeliveryView {
	return DeliveryView{d.ID, d.Type, d.State, d.Attempts, d.Status, d.Error, d.Body, api.At(d.CreatedAt), api.AtPtr(d.NextAt), api.AtPtr(d.FinishedAt)}
}

// HookView is an address of a group chat as clients read it.
type HookView struct {
	ID             string    `json:"id" doc:"Id, to revoke it by"`
	ConversationID string    `json:"conversationId" doc:"Group chat it writes in"`
	Name           string    `json:"name" doc:"Name under which the program writes"`
	CreatedBy      string    `json:"createdBy" doc:"As whom it writes"`
	CreatedAt      api.Time  `json:"createdAt" doc:"When it was made"`
	LastUsedAt     *api.Time `json:"lastUsedAt" doc:"When something was last written, or null"`
}

// AddressView is a new address with its secret.
type AddressView struct {
	HookView
	URL string `json:"url" doc:"Where the program writes; shown this once"`
}

func hookView(h Hook) HookView {
	return HookView{h.ID, h.ConversationID, h.Name, h.CreatedBy, api.At(h.CreatedAt), api.AtPtr(h.LastUsedAt)}
}

type (
	idInput struct {
		ID string `path:"id" doc:"Id of the webhook"`
	}
	chatInput struct {
		ID string `path:"id" doc:"Id of the group chat"`
	}
	listOutput struct {
		Body struct {
			Webhooks []View `json:"webhooks" nullable:"false" doc:"All webhooks, oldest first"`
		}
	}
	createInput struct{ Body Draft }
	oneOutput   struct {
		ETag string `header:"ETag" doc:"Version of the webhook"`
		Body View
	}
	secretOutput struct{ Body SecretView }
	updateInput  struct {
		ID string `path:"id" doc:"Id of the webhook"`
		api.IfMatch
		Body Change
	}
	deliveriesOutput struct {
		Body struct {
			Deliveries []DeliveryView `json:"deliveries" nullable:"false" doc:"Newest first"`
		}
	}
	redeliverInput struct {
		ID   string `path:"id" doc:"Id of the webhook"`
		Body struct {
			DeliveryID string `json:"deliveryId" required:"true" maxLength:"100" doc:"Id of the delivery"`
		}
	}
	deliveryOutput struct{ Body DeliveryView }
	changesInput   struct {
		Cursor string      `query:"cursor" maxLength:"100" doc:"Go on behind what an earlier answer gave: its cursor"`
		Types  api.Strings `query:"types" maxItems:"50" doc:"Only these types, such as post.* or message.sent; all unless given"`
		Limit  int         `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"At most so many changes"`
	}
	changesOutput struct {
		Body struct {
			Changes []changes.Change `json:"changes" nullable:"false" doc:"What happened, in its order"`
			Cursor  string           `json:"cursor" doc:"To go on with"`
			More    bool             `json:"more" doc:"Whether there is more already"`
		}
	}
	hooksOutput struct {
		Body struct {
			Hooks []HookView `json:"hooks" nullable:"false" doc:"All addresses, oldest first"`
		}
	}
	createHookInput struct {
		ID   string `path:"id" doc:"Id of the group chat"`
		Body struct {
			Name string `json:"name" required:"true" minLength:"1" maxLength:"100" doc:"Name under which the program writes"`
		}
	}
	createHookOutput struct{ Body AddressView }
	hookInput        struct {
		ID string `path:"id" doc:"Id of the address"`
	}
	receiveInput struct {
		ID        string `path:"id" doc:"Id of the address"`
		Signature string `query:"signature" maxLength:"100" doc:"The secret part of the address"`
		Body      struct {
			Text string `json:"text" required:"true" minLength:"1" maxLength:"65536" doc:"The message"`
		}
	}
	receiveOutput struct {
		Body struct {
			ID string `json:"id" doc:"Id of the message"`
		}
	}
)

func (s *Service) list(ctx context.Context, who authz.Actor, _ *struct{}) (*listOutput, error) {
	list, err := s.store.list(ctx, s.DB.Reader(ctx), who.OrgID)
	out := &listOutput{}
	out.Body.Webhooks = each(list, viewOf)
	return out, err
}

// each gives the views of a list.
func each[T, V any](list []T, view func(T) V) []V {
	views := make([]V, len(list))
	for i, x := range list {
		views[i] = view(x)
	}
	return views
}

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*secretOutput, error) {
	w, err := s.Create(ctx, who, in.Body)
	return &secretOutput{SecretView{viewOf(w), w.Secret}}, err
}

func (s *Service) update(ctx context.Context, who authz.Actor, in *updateInput) (*oneOutput, error) {
	w, err := s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body)
	return &oneOutput{api.ETag(w.Version), viewOf(w)}, err
}

func (s *Service) rotate(ctx context.Context, who authz.Actor, in *idInput) (*secretOutput, error) {
	w, err := s.Rotate(ctx, who, in.ID)
	return &secretOutput{SecretView{viewOf(w), w.Secret}}, err
}

func (s *Service) delete(ctx context.Context, who authz.Actor, in *idInput) (*struct{}, error) {
	return nil, s.Delete(ctx, who, in.ID)
}

func (s *Service) deliveries(ctx context.Context, who authz.Actor, in *idInput) (*deliveriesOutput, error) {
	q := s.DB.Reader(ctx)
	if _, err := s.store.byID(ctx, q, who.OrgID, in.ID, ""); err != nil {
		return nil, err
	}
	list, err := s.store.deliveries(ctx, q, who.OrgID, in.ID)
	out := &deliveriesOutput{}
	out.Body.Deliveries = each(list, deliveryView)
	return out, err
}

func (s *Service) redeliver(ctx context.Context, who authz.Actor, in *redeliverInput) (*deliveryOutput, error) {
	d, err := s.Redeliver(ctx, who, in.ID, in.Body.DeliveryID)
	return &deliveryOutput{deliveryView(d)}, err
}

func (s *Service) listChanges(ctx context.Context, who authz.Actor, in *changesInput) (*changesOutput, error) {
	var bad fault.Fields
	types := s.Changes.Types(in.Types, "?types", changes.Logged, &bad)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	h, err := s.Since(ctx, who, in.Cursor, types, in.Limit)
	out := &changesOutput{}
	out.Body.Changes, out.Body.Cursor, out.Body.More = h.List, h.Cursor, h.More
	return out, err
}

func (s *Service) listHooks(ctx context.Context, who authz.Actor, in *chatInput) (*hooksOutput, error) {
	list, err := s.Addresses(ctx, who, in.ID)
	out := &hooksOutput{}
	out.Body.Hooks = each(list, hookView)
	return out, err
}

func (s *Service) createHook(ctx context.Context, who authz.Actor, in *createHookInput) (*createHookOutput, error) {
	h, address, err := s.Address(ctx, who, in.ID, in.Body.Name)
	out := &createHookOutput{}
	out.Body.HookView, out.Body.URL = hookView(h), address
	return out, err
}

func (s *Service) revokeHook(ctx context.Context, who authz.Actor, in *hookInput) (*struct{}, error) {
	return nil, s.Revoke(ctx, who, in.ID)
}

func (s *Service) receive(ctx context.Context, who authz.Actor, in *receiveInput) (*receiveOutput, error) {
	if who.UserID != "" { // a key does not stand for the signature
		if err := s.hookGate(ctx, who, in.ID); err != nil {
			return nil, err
		}
		if in.Signature == "" {
			return nil, fault.Forbidden("hook.unsigned", "Write at the whole address, with its signature.")
		}
	}
	id, err := s.Receive(ctx, in.ID, in.Signature, in.Body.Text)
	out := &receiveOutput{}
	out.Body.ID = id
	return out, err
}
