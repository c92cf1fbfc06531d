package console

import (
	"net/http"
	"net/url"
)

// picker is what an audience is chosen of.
type picker struct {
	Scope             string
	Locations, Groups []option
	People            []person // chosen
}

// Scopes of an audience. chosen names places, groups and people.
const (
	scopeEveryone = "everyone"
	scopeTeam     = "team"
	scopeFriends  = "friends"
	scopeChosen   = "chosen"
	scopeMe       = "me"
)

// picker reads what there is to choose of, at most 100 of each.
func (v *visit) picker() (picker, error) {
	p := picker{Scope: scopeEveryone}
	if v.me.DefaultVisibility == "restricted" {
		p.Scope = scopeTeam
	}
	if scope := v.form.Get("scope"); scope != "" {
		p.Scope = scope
	}
	var places struct {
		Locations []ref `json:"locations"`
	}
	if err := v.get("/api/locations", url.Values{"per_page": {"100"}}, &places); err != nil {
		return p, err
	}
	for _, l := range places.Locations {
		p.Locations = append(p.Locations, option{l.ID, l.Name})
	}
	var chats struct {
		Conversations []chat `json:"conversations"`
	}
	if err := v.get("/api/conversations", url.Values{"per_page": {"100"}}, &chats); err != nil {
		return p, err
	}
	for _, g := range chats.Conversations {
		if g.Type != "DIRECT" {
			p.Groups = append(p.Groups, option{g.ID, g.Title})
		}
	}
	return p, nil
}

// permissions is the audience of a form, as the API takes it.
func (v *visit) permissions() map[string]any {
	switch v.form.Get("scope") {
	case scopeEveryone:
		return map[string]any{"public": true}
	case scopeTeam:
		return map[string]any{"team": true}
	case scopeFriends:
		return map[string]any{"friends": true}
	case scopeChosen:
		return map[string]any{"locations": v.form["locations"], "groups": v.form["groups"], "users": v.form["users"]}
	}
	return map[string]any{"onlyMe": true}
}

// previewAudience says who would see what is being written.
func (c *Console) previewAudience(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	var out struct {
		Count  int      `json:"count"`
		People []person `json:"people"`
	}
	err := v.call(http.MethodPost, "/api/audience/preview", map[string]any{"permissions": v.permissions()}, &out)
	if err != nil {
		return err
	}
	return v.page(audiencePreview(out.Count, out.People))
}

// findPeople gives people to choose, for the pickers of forms.
func (c *Console) findPeople(v *visit) error {
	var found people
	q := v.query("find")
	if q != "" {
		if err := v.get("/api/users", url.Values{"search": {q}, "status": {"ACTIVE"}, "per_page": {"8"}}, &found); err != nil {
			return err
		}
	}
	return v.page(foundPeople(found.Users, v.query("as"), q))
}
