package console

import (
	"context"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// tile is a quick link, or a way into another service.
type tile struct {
	ID               string `json:"id"`
	Kind             string `json:"type"`
	Name             string `json:"name"`
	Link             string `json:"link"`
	AuthorizationURI string `json:"authorizationURI"`
	TokenURI         string `json:"tokenURI"`
	RefreshURI       string `json:"refreshURI"`
	LoginURL         string `json:"loginURL"`
	ClientID         string `json:"clientId"`
	HasClientSecret  bool   `json:"hasClientSecret"`
	Scope            string `json:"scope"`
	DepartmentID     string `json:"departmentId"`
	LocationID       string `json:"locationId"`
	Picture          *file  `json:"file"`
	Connected        bool   `json:"connected"`
}

// tileForm is a tile that is being written.
type tileForm struct {
	tile
	departments, locations []ref
}

// apps are the tiles of the reader.
func (c *Console) apps(v *visit) error {
	var list []tile
	if err := v.get("/api/sso", nil, &list); err != nil {
		return err
	}
	return v.page(appsPage(list))
}

// launch opens a tile: the API says where it leads, and gives the browser a cookie to come back with.
func (c *Console) launch(v *visit) error {
	a, err := v.ask(http.MethodGet, at("api", "sso", v.r.PathValue("id"), "launch"), nil)
	if err != nil {
		return err
	}
	h := v.w.Header()
	for _, name := range []string{"Location", "Set-Cookie", "Referrer-Policy"} {
		for _, value := range a.header.Values(name) {
			if name == "Set-Cookie" {
				h.Add(name, value)
			} else {
				h.Set(name, value)
			}
		}
	}
	h.Set("Cache-Control", "no-store")
	v.w.WriteHeader(http.StatusFound)
	return nil
}

func (v *visit) managedTiles() (list []tile, err error) {
	err = v.get("/api/sso?manage=true", nil, &list)
	return list, err
}

func (c *Console) tiles(v *visit) error {
	if err := v.needs(authz.SSOManage); err != nil {
		return err
	}
	list, err := v.managedTiles()
	if err != nil {
		return err
	}
	return v.page(tilesPage(list))
}

func (c *Console) tileForm(v *visit) error {
	if err := v.needs(authz.SSOManage); err != nil {
		return err
	}
	f := tileForm{tile: tile{Kind: "QUICK_LINK"}}
	if id := v.r.PathValue("id"); id != "" {
		if err := v.get(at("api", "sso", id), nil, &f.tile); err != nil {
			return err
		}
	}
	if err := v.furnishTile(&f); err != nil {
		return err
	}
	return v.page(tilePage(f, nil))
}

func (v *visit) furnishTile(f *tileForm) (err error) {
	if f.departments, err = v.named("departments"); err != nil {
		return err
	}
	f.locations, err = v.named("locations")
	return err
}

// saveTile makes a tile for everybody or for a place, or changes one.
func (c *Console) saveTile(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	f := tileForm{tile: tile{
		ID: v.r.PathValue("id"), Kind: v.text("type"), Name: v.text("name"), Link: v.text("link"), AuthorizationURI: v.text("authorizationURI"), TokenURI: v.text("tokenURI"),
		RefreshURI: v.text("refreshURI"), LoginURL: v.text("loginURL"), ClientID: v.text("clientId"), Scope: v.text("scope"), DepartmentID: v.text("departmentId"),
		LocationID: v.text("locationId"),
	}}
	in := map[string]any{"name": f.Name, "type": f.Kind}
	for _, name := range []string{"link", "authorizationURI", "tokenURI", "refreshURI", "loginURL", "clientId", "scope"} {
		in[name] = v.optional(name)
	}
	if secret := v.form.Get("clientSecret"); secret != "" {
		in["clientSecret"] = secret
	}
	method, path := http.MethodPatch, at("api", "sso", f.ID)
	if f.ID == "" {
		method, path = http.MethodPost, "/api/sso?manage=true"
		in["departmentId"], in["locationId"] = v.optional("departmentId"), v.optional("locationId")
	}
	err := v.call(method, path, in, nil)
	if err == nil {
		return v.done("/manage/tiles", "The changes are saved.")
	}
	if furnishErr := v.furnishTile(&f); furnishErr != nil {
		return furnishErr
	}
	return v.formPage(err, func(p *problem) templ.Component { return tilePage(f, p) })
}

// moveTile puts a tile one place up or down.
func (c *Console) moveTile(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	list, err := v.managedTiles()
	if err != nil {
		return err
	}
	ids := make([]string, len(list))
	for i, one := range list {
		ids[i] = one.ID
	}
	i := slices.Index(ids, v.r.PathValue("id"))
	to := i + 1
	if v.text("up") != "" {
		to = i - 1
	}
	if i < 0 {
		return errNoPage
	}
	if to >= 0 && to < len(ids) {
		ids[i], ids[to] = ids[to], ids[i]
		if err := v.call(http.MethodPut, "/api/sso/order", map[string]any{"ids": ids}, nil); err != nil {
			return err
		}
	}
	return v.to("/manage/tiles")
}

func (c *Console) deleteTile(v *visit) error {
	if err := v.call(http.MethodDelete, at("api", "sso", v.r.PathValue("id")), nil, nil); err != nil {
		return err
	}
	return v.done("/manage/tiles", "It is deleted.")
}

func tileKinds(ctx context.Context) []option {
	return []option{{"QUICK_LINK", t(ctx, "Quick link")}, {"SSO", t(ctx, "Single sign-on")}}
}

func tileKind(ctx context.Context, kind string) string {
	for _, o := range tileKinds(ctx) {
		if o.value == kind {
			return o.text
		}
	}
	return kind
}

// target is where the form of a tile is sent.
func tileTarget(f tileForm) string {
	if f.ID == "" {
		return "/manage/tiles"
	}
	return at("manage", "tiles", f.ID)
}

// tileSecret says whether there is a secret, which nobody reads.
func tileSecret(ctx context.Context, f tileForm) string {
	if f.HasClientSecret {
		return t(ctx, "There is one. Leave this empty to keep it.")
	}
	return ""
}
