package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// picker is what an audience is chosen of.
type picker struct {
	Scope             string
	Locations, Groups []option
	People            []person // chosen
	chosen            []string // of locations and groups
}

// has reports that a location or a group is chosen.
func (p picker) has(id string) bool { return slices.Contains(p.chosen, id) }

// pickAs chooses what an audience says that is kept already.
func (v *visit) pickAs(p *picker, was *audienceView) (err error) {
	switch {
	case was.OnlyMe:
		p.Scope = scopeMe
	case len(was.Users)+len(was.Groups)+len(was.Locations) > 0:
		p.Scope = scopeChosen
		p.chosen = slices.Concat(was.Locations, was.Groups)
		p.People, err = v.peopleOf(was.Users)
	case was.Friends:
		p.Scope = scopeFriends
	case was.Team:
		p.Scope = scopeTeam
	case was.Public:
		p.Scope = scopeEveryone
	default:
		p.Scope = scopeMe
	}
	return err
}

// maxNamed is how many people of a form are shown again.
const maxNamed = 200

// peopleOf reads people by their ids. Ids of nobody are left out.
func (v *visit) peopleOf(ids []string) ([]person, error) {
	var list []person
	for _, id := range ids[:min(len(ids), maxNamed)] {
		var p person
		err := v.get(at("api", "users", id), nil, &p)
		var refused *problem
		if errors.As(err, &refused) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
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
	var err error
	if p.People, err = v.peopleOf(v.form["users"]); err != nil {
		return p, err
	}
	p.chosen = slices.Concat(v.form["locations"], v.form["groups"])
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
