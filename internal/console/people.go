package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
)

// directory is a page of the people of the organization.
type directory struct {
	people
	search string
}

func (c *Console) people(v *visit) error {
	d := directory{search: v.query("search")}
	q := url.Values{"per_page": {"24"}, "cur_page": {v.pageNumber()}, "status": {"ACTIVE"}}
	if d.search != "" {
		q.Set("search", d.search)
	}
	if err := v.get("/api/users", q, &d.people); err != nil {
		return err
	}
	return v.page(peoplePage(d))
}

func (c *Console) person(v *visit) error {
	var p person
	if err := v.get(at("api", "users", v.r.PathValue("id")), nil, &p); err != nil {
		return err
	}
	var reports people
	if len(p.TeamMembers) > 0 {
		if err := v.get("/api/users", url.Values{"reportsTo": {p.ID}, "per_page": {"100"}}, &reports); err != nil {
			return err
		}
	}
	return v.page(personPage(p, reports.Users))
}

func (c *Console) follow(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if err := v.call(v.putOrDelete(), at("api", "users", id, "follow"), nil, nil); err != nil {
		return err
	}
	return v.to(at("people", id))
}

func (c *Console) profile(v *visit) error { return v.page(profilePage(v.me, nil)) }

func (c *Console) saveProfile(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	skills := []string{}
	for s := range strings.SplitSeq(v.text("skill"), ",") {
		if s = strings.TrimSpace(s); s != "" {
			skills = append(skills, s)
		}
	}
	in := map[string]any{
		"firstName": v.text("firstName"), "lastName": v.text("lastName"), "phone": v.optional("phone"), "bio": v.optional("bio"),
		"availability": v.text("availability"), "availabilityStatusText": v.optional("availabilityStatusText"), "skill": skills,
		"defaultVisibility": v.text("defaultVisibility"),
	}
	err := v.call(http.MethodPatch, at("api", "users", v.who.UserID), in, nil)
	if err == nil {
		return v.done("/profile", "Your profile is saved.")
	}
	me := v.me
	me.FirstName, me.LastName, me.Phone, me.Bio = v.text("firstName"), v.text("lastName"), v.text("phone"), v.form.Get("bio")
	me.AvailabilityStatusText, me.Skill = v.text("availabilityStatusText"), skills
	return v.formPage(err, func(p *problem) templ.Component { return profilePage(me, p) })
}
