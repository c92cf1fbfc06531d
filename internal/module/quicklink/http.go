package quicklink

import (
	"context"
	"net/http"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// View is a tile as clients read it.
type View struct {
	ID               string       `json:"id" doc:"Id of the tile"`
	CreatedAt        api.Time     `json:"createdAt" doc:"When it was made"`
	UpdatedAt        api.Time     `json:"updatedAt" doc:"When it was last changed"`
	CreatedBy        string       `json:"createdBy" doc:"Id of whoever made it"`
	UpdatedBy        string       `json:"updatedBy" doc:"Id of whoever last changed it"`
	Kind             string       `json:"type" enum:"QUICK_LINK,SSO" doc:"QUICK_LINK is a bookmark, SSO signs in to another service"`
	Name             string       `json:"name" doc:"Name"`
	AuthorizationURI *string      `json:"authorizationURI" doc:"Where people sign in, or null"`
	TokenURI         *string      `json:"tokenURI" doc:"Where a code is exchanged for a token, or null"`
	RefreshURI       *string      `json:"refreshURI" doc:"Where a token is refreshed, or null"`
	LoginURL         *string      `json:"loginURL" doc:"Where people are sent once they have signed in, or null"`
	OrgID            string       `json:"orgId" doc:"Id of the organization"`
	LocationID       *string      `json:"locationId" doc:"Location whose people see it, or null"`
	DepartmentID     *string      `json:"departmentId" doc:"Department whose people see it, or null"`
	Order            int64        `json:"order" doc:"Position in lists"`
	File             *person.File `json:"file" doc:"Its picture, or null"`
	User             person.Card  `json:"user" doc:"Whoever made it"`
	Link             *string      `json:"link" doc:"Where a QUICK_LINK leads, or null"`
	Managed          bool         `json:"manage" doc:"It was made at the level of administrators"`
	ClientID         *string      `json:"clientId" doc:"How the service knows this server, or null"`
	HasClientSecret  bool         `json:"hasClientSecret" doc:"The client has a secret, which is never answered"`
	Scope            *string      `json:"scope" doc:"What is asked for at the service, or null"`
	Connected        bool         `json:"connected" doc:"You have signed in to the service"`
	Mine             bool         `json:"editable" doc:"You may change it"`
}

func viewOf(who authz.Actor, t Seen) View {
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	return View{
		ID: t.ID, CreatedAt: api.At(t.CreatedAt), UpdatedAt: api.At(t.UpdatedAt), CreatedBy: t.UserID, UpdatedBy: t.UpdatedBy, Kind: t.Kind, Name: t.Name,
		AuthorizationURI: text(t.AuthorizationURI), TokenURI: text(t.TokenURI), RefreshURI: text(t.RefreshURI), LoginURL: text(t.LoginURL), OrgID: who.OrgID,
		LocationID: t.LocationID, DepartmentID: t.DepartmentID, Order: t.Place, File: t.File, User: t.User, Link: text(t.Link), Managed: t.Managed,
		ClientID: text(t.ClientID), HasClientSecret: t.secret != "", Scope: text(t.Scope), Connected: t.Connected, Mine: t.Mine,
	}
}

type (
	listInput struct {
		Managed    bool   `query:"manage" doc:"List the tiles made at the level of administrators, for holders of sso:manage"`
		Location   string `query:"location" maxLength:"36" doc:"Only tiles of this location"`
		Department string `query:"department" maxLength:"36" doc:"Only tiles of this department"`
	}
	listOutput struct {
		Body []View `nullable:"false"`
	}
	idInput struct {
		ID string `path:"id" doc:"Id of the tile"`
	}
	createInput struct {
		Managed bool `query:"manage" doc:"Make it at the level of administrators, for holders of sso:manage"`
		Body    Draft
	}
	updateInput struct {
		api.IfMatch
		ID   string `path:"id" doc:"Id of the tile"`
		Body Draft
	}
	deleteInput struct {
		api.IfMatch
		ID string `path:"id" doc:"Id of the tile"`
	}
	orderInput struct{ Body Order }
	output     struct {
		ETag string `header:"ETag" doc:"Version of the tile, for If-Match"`
		Body View
	}
	createdOutput struct {
		Location string `header:"Location" doc:"Path of the tile"`
		ETag     string `header:"ETag" doc:"Version of the tile, for If-Match"`
		Body     View
	}
	launchInput struct {
		ID      string `path:"id" doc:"Id of the tile"`
		Browser string `cookie:"workdrive_sso" doc:"Set by an earlier launch"`
	}
	launchOutput struct {
		Location  string `header:"Location" doc:"Where the tile leads you, or where you sign in first"`
		SetCookie string `header:"Set-Cookie" doc:"What your browser must bring back from there"`
		Referrer  string `header:"Referrer-Policy" doc:"no-referrer: the address may have a token in it"`
	}
	empty struct{}
)

const (
	tag    = "SSO"
	sample = `{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","createdAt":"2026-12-08T11:54:51.367Z","updatedAt":"2026-12-08T11:54:51.367Z",` +
		`"createdBy":"172fa58d-7933-45a6-a905-b06770f2224c","updatedBy":"172fa58d-7933-45a6-a905-b06770f2224c","type":"QUICK_LINK","name":"Salesforce",` +
		`"authorizationURI":null,"tokenURI":null,"refreshURI":null,"loginURL":null,"orgId":"afdcc332-51a0-11eb-b540-537816f1bbe5","locationId":null,"departmentId":null,"order":1,` +
		`"file":null,"user":{},"link":"https://api.example.io","manage":false,"clientId":null,"hasClientSecret":false,"scope":null,"connected":false,"editable":true}`
)

// Register mounts the operations on tiles.
func (s *Service) Register(r *api.Router) {
	r.Gate(noun, s.gate)
	conflict := []int{http.StatusConflict}
	api.Register(r, api.Operation{ID: "listSsos", Method: http.MethodGet, Path: "/api/sso", Tag: tag, Summary: "List quick links and single sign-on tiles", Authz: read},
		func(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
			list, err := s.List(ctx, who, Query{in.Managed, in.Department, in.Location})
			out := &listOutput{make([]View, len(list))}
			for i, t := range list {
				out.Body[i] = viewOf(who, t)
			}
			return out, err
		})
	api.Register(r, api.Operation{
		ID: "createSso", Method: http.MethodPost, Path: "/api/sso", Tag: tag, Summary: "Make a quick link or single sign-on tile",
		Description: "With manage for everybody, with a department or location for the people there, otherwise your own.", Status: http.StatusCreated, Authz: create, Statuses: conflict,
	}, func(ctx context.Context, who authz.Actor, in *createInput) (*createdOutput, error) {
		t, err := s.Create(ctx, who, in.Managed, in.Body)
		return &createdOutput{"/api/sso/" + t.ID, api.ETag(t.Version), viewOf(who, t)}, err
	})
	api.Register(r, api.Operation{
		ID: "orderSsos", Method: http.MethodPut, Path: "/api/sso/order", Tag: tag, Summary: "Put tiles in an order", Description: "Tiles that you may change; the first gets order 0.",
		Status: http.StatusNoContent, Authz: order, Example: api.Example{Request: `{"ids":["3fa85f64-5717-4562-b3fc-2c963f66afa6"]}`},
	}, func(ctx context.Context, who authz.Actor, in *orderInput) (*empty, error) {
		return nil, s.Arrange(ctx, who, in.Body)
	})
	api.Register(r, api.Operation{
		ID: "getSso", Method: http.MethodGet, Path: "/api/sso/{id}", Tag: tag, Summary: "Read a tile", Authz: one, Example: api.Example{Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*output, error) {
		t, err := s.Get(ctx, who, in.ID)
		return &output{api.ETag(t.Version), viewOf(who, t)}, err
	})
	api.Register(r, api.Operation{
		ID: "updateSso", Method: http.MethodPatch, Path: "/api/sso/{id}", Tag: tag, Summary: "Change a tile",
		Description: "A tile stays on its level. Other addresses, another client or scope end everybody's sign-in; another tokenURI or refreshURI needs the clientSecret again.",
		Authz:       change, Statuses: []int{http.StatusConflict, http.StatusPreconditionFailed}, Example: api.Example{Request: `{"name":"Salesforce"}`, Response: sample},
	}, func(ctx context.Context, who authz.Actor, in *updateInput) (*output, error) {
		t, err := s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body)
		return &output{api.ETag(t.Version), viewOf(who, t)}, err
	})
	api.Register(r, api.Operation{
		ID: "deleteSso", Method: http.MethodDelete, Path: "/api/sso/{id}", Tag: tag, Summary: "Delete a tile",
		Status: http.StatusNoContent, Authz: remove, Statuses: []int{http.StatusPreconditionFailed},
	}, func(ctx context.Context, who authz.Actor, in *deleteInput) (*empty, error) {
		return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch)
	})
	api.Register(r, api.Operation{
		ID: "launchSso", Method: http.MethodGet, Path: "/api/sso/{id}/launch", Tag: tag, Summary: "Open a tile",
		Description: "Redirects to the link, or to the service with your token; without one, to the service's sign-in, which sends your browser back here. For the browser that follows: it gets a cookie.",
		Status:      http.StatusFound, Authz: one, Statuses: conflict,
	}, s.launch)
	api.Register(r, api.Operation{
		ID: "disconnectSso", Method: http.MethodDelete, Path: "/api/sso/{id}/connection", Tag: tag, Summary: "Forget that you have signed in with a tile",
		Status: http.StatusNoContent, Authz: remove,
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*empty, error) {
		return nil, s.Disconnect(ctx, who, in.ID)
	})
	r.Handle("finishSso", http.MethodGet, "/api/sso/{id}/callback", http.HandlerFunc(s.returned))
}

// cookie is the name of the cookie by which a browser is known again.
const cookie = "workdrive_sso"

func (s *Service) launch(ctx context.Context, who authz.Actor, in *launchInput) (*launchOutput, error) {
	leap, err := s.Launch(ctx, who, in.ID, in.Browser)
	if err != nil {
		return nil, err
	}
	out := &launchOutput{Location: leap.To, Referrer: noReferrer}
	if leap.Browser != "" {
		c := http.Cookie{ //nolint:gosec // Secure where the server is
			Name: cookie, Value: leap.Browser, Path: "/api/sso/", MaxAge: int(launchFor.Seconds()), HttpOnly: true,
			SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.URL, "https://"),
		}
		out.SetCookie = c.String()
	}
	return out, nil
}

const noReferrer = "no-referrer"

// returned takes people who come back from a service.
func (s *Service) returned(w http.ResponseWriter, r *http.Request) {
	_, rest, _ := strings.Cut(r.URL.Path, "/api/sso/")
	id, _, _ := strings.Cut(rest, "/")
	q := r.URL.Query()
	in := Return{TileID: id, State: q.Get("state"), Code: q.Get("code"), Error: q.Get("error")}
	if c, err := r.Cookie(cookie); err == nil {
		in.Browser = c.Value
	}
	w.Header().Set("Referrer-Policy", noReferrer)
	w.Header().Set("Cache-Control", "no-store")
	to, err := s.Finish(r.Context(), in)
	if err != nil {
		if _, known := fault.As(err); !known {
			s.Log.ErrorContext(r.Context(), "a sign-in could not be finished", "tile", id, "error", err)
		}
		api.WriteProblem(w, err)
		return
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
}
