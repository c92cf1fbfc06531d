package console

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// place is a department, a location or a security group: a named set of people.
type place struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	MemberCount  int      `json:"memberCount"`
	Admins       []person `json:"admins"`
	Capabilities []string `json:"capabilities"`
	Builtin      string   `json:"builtin"`
	Members      []person `json:"members"`
	Heads        []string `json:"departmentHeads"`
}

// placeKind says how a kind of place is managed.
type placeKind struct {
	path, api  string // "departments", and how the API spells it
	field      string // of the list in the API's answer
	capability authz.Capability
}

var (
	departmentsKind = placeKind{"departments", "departments", "departments", authz.DepartmentsManage}
	locationsKind   = placeKind{"locations", "locations", "locations", authz.LocationsManage}
	groupsKind      = placeKind{"groups", "security_groups", "groups", authz.GroupsManage}
)

// placesList is a page of places.
type placesList struct {
	kind placeKind
	list []place
	meta meta
	name string // that was tried
}

func (v *visit) placesOf(k placeKind) (placesList, error) {
	var out struct {
		Departments []place `json:"departments"`
		Locations   []place `json:"locations"`
		Groups      []place `json:"groups"`
		Meta        meta    `json:"meta"`
	}
	err := v.get(at("api", k.api), url.Values{"per_page": {"50"}, "cur_page": {v.pageNumber()}}, &out)
	return placesList{kind: k, list: append(append(out.Departments, out.Locations...), out.Groups...), meta: out.Meta}, err
}

// needs refuses a page of Manage to whoever lacks its capability. What the page does the API
// decides again.
func (v *visit) needs(c authz.Capability) error {
	if v.can(c) {
		return nil
	}
	return &problem{Status: http.StatusForbidden, Detail: "The requested content is hidden for administrators only."}
}

func (c *Console) places(k placeKind) handler {
	return func(v *visit) error {
		if err := v.needs(k.capability); err != nil {
			return err
		}
		list, err := v.placesOf(k)
		if err != nil {
			return err
		}
		return v.page(placesPage(list, nil))
	}
}

func (c *Console) createPlace(k placeKind) handler {
	return func(v *visit) error {
		if err := v.read(); err != nil {
			return err
		}
		in := map[string]any{"name": v.text("name")}
		if k == departmentsKind {
			members := []any{}
			for i, id := range v.form["members"] {
				members = append(members, map[string]any{"id": id, "isAdmin": i == 0})
			}
			in["members"] = members
		}
		var made place
		err := v.call(http.MethodPost, at("api", k.api), in, &made)
		if err == nil {
			return v.to(at("manage", k.path, made.ID))
		}
		list, listErr := v.placesOf(k)
		if listErr != nil {
			return listErr
		}
		list.name = v.text("name")
		return v.formPage(err, func(p *problem) templ.Component { return placesPage(list, p) })
	}
}

func (v *visit) place(k placeKind, id string) (p place, err error) {
	var detail place
	if err := v.get(at("api", k.api, id), nil, &detail); err != nil {
		return p, err
	}
	err = v.get(at("api", k.api, id, "members"), nil, &p)
	p.Admins, p.Builtin, p.Capabilities = detail.Admins, detail.Builtin, detail.Capabilities
	return p, err
}

func (c *Console) placeForm(k placeKind) handler {
	return func(v *visit) error {
		if err := v.needs(k.capability); err != nil {
			return err
		}
		p, err := v.place(k, v.r.PathValue("id"))
		if err != nil {
			return err
		}
		return v.page(placePage(k, p, nil))
	}
}

func (c *Console) savePlace(k placeKind) handler {
	return func(v *visit) error {
		if err := v.read(); err != nil {
			return err
		}
		id := v.r.PathValue("id")
		in := map[string]any{"name": v.text("name")}
		if k == groupsKind {
			in["capabilities"] = append([]string{}, v.form["capabilities"]...)
		}
		err := v.call(http.MethodPatch, at("api", k.api, id), in, nil)
		if err == nil {
			return v.done(at("manage", k.path), "The changes are saved.")
		}
		p, placeErr := v.place(k, id)
		if placeErr != nil {
			return placeErr
		}
		return v.formPage(err, func(wrong *problem) templ.Component { return placePage(k, p, wrong) })
	}
}

func (c *Console) deletePlace(k placeKind) handler {
	return func(v *visit) error {
		if err := v.call(http.MethodDelete, at("api", k.api, v.r.PathValue("id")), nil, nil); err != nil {
			return err
		}
		return v.done(at("manage", k.path), "It is deleted.")
	}
}

// changeMembers adds people to a place or takes one away, or changes who leads it.
func (c *Console) changeMembers(k placeKind) handler {
	return func(v *visit) error {
		if err := v.read(); err != nil {
			return err
		}
		id := v.r.PathValue("id")
		method, path, in := memberChange(k, id, v.form)
		if err := v.call(method, path, in, nil); err != nil {
			p, placeErr := v.place(k, id)
			if placeErr != nil {
				return placeErr
			}
			return v.formPage(err, func(wrong *problem) templ.Component { return placePage(k, p, wrong) })
		}
		return v.done(at("manage", k.path, id), "The changes are saved.")
	}
}

func memberChange(k placeKind, id string, form url.Values) (method, path string, in any) {
	add, remove := append([]string{}, form["members"]...), append([]string{}, form["remove"]...)
	switch {
	case form.Get("lead") != "":
		return http.MethodPatch, at("api", k.api, id, "admin"), map[string]any{"add": []string{form.Get("lead")}}
	case form.Get("unlead") != "":
		return http.MethodPatch, at("api", k.api, id, "admin"), map[string]any{"remove": []string{form.Get("unlead")}}
	case k == groupsKind && len(remove) > 0:
		return http.MethodDelete, at("api", k.api, id, "members") + "?" + url.Values{"ids": remove}.Encode(), nil
	case k == groupsKind:
		return http.MethodPost, at("api", k.api, id, "members"), map[string]any{"ids": add}
	}
	return http.MethodPost, at("api", k.api, id, "members"), map[string]any{"addMembers": add, "removeMembers": remove}
}

// leads reports whether a person leads the place.
func (p place) leads(id string) bool {
	for _, a := range p.Admins {
		if a.ID == id {
			return true
		}
	}
	return has(p.Heads, id)
}
