package console

import (
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// The settings are documents that are replaced whole. Pages change one level of one: what everybody
// gets, or a department's or location's, and send the rest back as it was.

// boardingLevel is what people of one level get and who takes over from them.
type boardingLevel struct {
	on, off map[string]any
}

// boarding is the page of one level.
type boarding struct {
	boardingLevel
	level                          string // "", departments or locations
	id                             string
	departments, locations, groups []ref
	supervisor, assignee           []person
}

// boardingDocument is a setting: organization, departments and locations.
type boardingDocument struct {
	Organization map[string]any            `json:"organization"`
	Departments  map[string]map[string]any `json:"departments"`
	Locations    map[string]map[string]any `json:"locations"`
}

// at gives a level of a setting.
func (d *boardingDocument) at(level, id string) map[string]any {
	switch level {
	case "departments":
		return d.Departments[id]
	case "locations":
		return d.Locations[id]
	}
	return d.Organization
}

// put replaces a level of a setting; a place without anything of its own is taken out.
func (d *boardingDocument) put(level, id string, value map[string]any) {
	places := map[string]*map[string]map[string]any{"departments": &d.Departments, "locations": &d.Locations}[level]
	if places == nil {
		d.Organization = value
		return
	}
	if *places == nil {
		*places = map[string]map[string]any{}
	}
	(*places)[id] = value
	if len(value) == 0 {
		delete(*places, id)
	}
}

func (v *visit) boardingDocuments() (on, off boardingDocument, err error) {
	if err = v.get("/api/settings/onboarding", nil, &on); err == nil {
		err = v.get("/api/settings/offboarding", nil, &off)
	}
	return on, off, err
}

// boarding reads the level that the address names.
func (v *visit) boarding() (b boarding, err error) {
	on, off, err := v.boardingDocuments()
	if err != nil {
		return b, err
	}
	b.level, b.id = v.r.URL.Query().Get("level"), v.query("id")
	if b.level != "departments" && b.level != "locations" || b.id == "" {
		b.level, b.id = "", ""
	}
	b.on, b.off = on.at(b.level, b.id), off.at(b.level, b.id)
	return b, v.furnishBoarding(&b)
}

func (v *visit) furnishBoarding(b *boarding) (err error) {
	if b.departments, err = v.named("departments"); err != nil {
		return err
	}
	if b.locations, err = v.named("locations"); err != nil {
		return err
	}
	if b.groups, err = v.named("security_groups"); err != nil {
		return err
	}
	if b.supervisor, err = v.peopleOf(stringsIn(b.on["reportsTo"])); err != nil {
		return err
	}
	b.assignee, err = v.peopleOf(stringsIn(b.off["assignee"]))
	return err
}

func stringsIn(value any) []string {
	if s, ok := value.(string); ok && s != "" {
		return []string{s}
	}
	return nil
}

// said is a text of the level, "" for none.
func (b boarding) said(name string) string {
	s, _ := b.on[name].(string)
	return s
}

// skills are those that new people get.
func (b boarding) skills() []string {
	list, _ := b.on["skill"].([]any)
	var out []string
	for _, one := range list {
		if s, ok := one.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func (c *Console) boardingPage(v *visit) error {
	if err := v.needs(authz.SettingsManage); err != nil {
		return err
	}
	b, err := v.boarding()
	if err != nil {
		return err
	}
	return v.page(boardingSettingsPage(b, nil))
}

// boardingFields are the fields of a level that the page has; others stay as they are.
var boardingFields = []string{"department", "location", "securityGroup", "designation", "defaultVisibility"}

func (c *Console) saveBoarding(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	b, err := v.boarding()
	if err != nil {
		return err
	}
	on, off, err := v.boardingDocuments()
	if err != nil {
		return err
	}
	next, last := map[string]any{}, map[string]any{}
	for name, value := range b.on {
		if name != "reportsTo" && name != "skill" && !slices.Contains(boardingFields, name) && value != nil {
			next[name] = value
		}
	}
	for _, name := range boardingFields {
		if value := v.text(name); value != "" {
			next[name] = value
		}
	}
	if skills := commaSeparated(v.text("skill")); len(skills) > 0 {
		next["skill"] = skills
	}
	if ids := v.form["reportsTo"]; len(ids) > 0 {
		next["reportsTo"] = ids[len(ids)-1]
	}
	if ids := v.form["assignee"]; len(ids) > 0 {
		last["assignee"] = ids[len(ids)-1]
	}
	on.put(b.level, b.id, next)
	off.put(b.level, b.id, last)
	if err = v.call(http.MethodPut, "/api/settings/onboarding", on, nil); err == nil {
		err = v.call(http.MethodPut, "/api/settings/offboarding", off, nil)
	}
	if err == nil {
		return v.done(v.r.URL.RequestURI(), "The changes are saved.")
	}
	b.on, b.off = next, last
	return v.formPage(err, func(p *problem) templ.Component { return boardingSettingsPage(b, p) })
}
