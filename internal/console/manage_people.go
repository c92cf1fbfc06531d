package console

import (
	"net/http"
	"net/url"
	"slices"
)

// peopleFilter is what the list of people shows.
type peopleFilter struct {
	Search, Status, Department, Location string
}

// managedPeople is a page of the list of people.
type managedPeople struct {
	people
	filter                 peopleFilter
	departments, locations []ref
}

// named reads departments, locations or security groups by their names.
func (v *visit) named(noun string) ([]ref, error) {
	var named struct {
		Departments []ref `json:"departments"`
		Locations   []ref `json:"locations"`
		Groups      []ref `json:"groups"`
	}
	err := v.get(at("api", noun), url.Values{"per_page": {"1000"}}, &named)
	return slices.Concat(named.Departments, named.Locations, named.Groups), err
}

func (c *Console) managePeople(v *visit) error {
	f := peopleFilter{v.query("search"), v.query("status"), v.query("department"), v.query("location")}
	q := url.Values{"per_page": {"25"}, "cur_page": {v.pageNumber()}}
	for name, value := range map[string]string{"search": f.Search, "status": f.Status, "department": f.Department, "location": f.Location} {
		if value != "" {
			q.Set(name, value)
		}
	}
	m := managedPeople{filter: f}
	if err := v.get("/api/users", q, &m.people); err != nil {
		return err
	}
	var err error
	if m.departments, err = v.named("departments"); err != nil {
		return err
	}
	if m.locations, err = v.named("locations"); err != nil {
		return err
	}
	return v.page(managePeoplePage(m))
}

// access is somebody's keys.
type access struct {
	person person
	tokens []token
	secret string // of a key that was made just now
}

func (v *visit) access(id string) (a access, err error) {
	if err := v.get(at("api", "users", id), nil, &a.person); err != nil {
		return a, err
	}
	var out struct {
		Tokens []token `json:"tokens"`
	}
	err = v.get("/api/tokens", url.Values{"userId": {id}, "per_page": {"100"}}, &out)
	a.tokens = out.Tokens
	return a, err
}

func (c *Console) accessPage(v *visit) error {
	a, err := v.access(v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.page(manageAccessPage(a))
}

// regenerate makes the key "API Access" of somebody, instead of an earlier one, and shows it:
// this answer is the only place where it can be read.
func (c *Console) regenerate(v *visit) error {
	id := v.r.PathValue("id")
	var made struct {
		Token string `json:"token"`
	}
	if err := v.call(http.MethodPost, "/api/token/generate-access", map[string]any{"userId": id}, &made); err != nil {
		return err
	}
	a, err := v.access(id)
	if err != nil {
		return err
	}
	a.secret = made.Token
	return v.page(manageAccessPage(a))
}

// hasAccessKey reports whether regenerating ends a key.
func (a access) hasAccessKey() bool {
	return slices.ContainsFunc(a.tokens, func(t token) bool { return t.Name == "API Access" })
}
