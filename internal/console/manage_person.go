package console

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/session"
)

// editing is a person that is being added or changed.
type editing struct {
	person                         person
	departments, locations, groups []ref
	supervisor, group              string
}

// personFields are the fields of the form, by the API's names.
var personFields = []string{
	"firstName", "lastName", "email", "phone", "designation", "department", "location", "reportsTo", "securityGroup", "externalUserId", "isDepartmentHead",
}

func (v *visit) editing(p person) (e editing, err error) {
	e.person = p
	if p.ReportsToObj != nil {
		e.supervisor = p.ReportsToObj.Email
	}
	if e.departments, err = v.named("departments"); err != nil {
		return e, err
	}
	if e.locations, err = v.named("locations"); err != nil {
		return e, err
	}
	if v.can("groups:manage") {
		e.groups, err = v.named("security_groups")
	}
	return e, err
}

func (c *Console) newPerson(v *visit) error {
	e, err := v.editing(person{})
	if err != nil {
		return err
	}
	return v.page(editPersonPage(e, nil))
}

func (c *Console) editPerson(v *visit) error {
	var p person
	if err := v.get(at("api", "users", v.r.PathValue("id")), nil, &p); err != nil {
		return err
	}
	e, err := v.editing(p)
	if err != nil {
		return err
	}
	return v.page(editPersonPage(e, nil))
}

// savePerson creates a person, or changes the one of the path.
func (c *Console) savePerson(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	in := map[string]any{"firstName": v.text("firstName"), "lastName": v.text("lastName"), "email": v.text("email")}
	for _, name := range []string{"phone", "designation", "department", "location", "externalUserId"} {
		in[name] = v.optional(name)
	}
	in["isDepartmentHead"] = v.form.Get("isDepartmentHead") != ""
	if g := v.text("securityGroup"); g != "" {
		in["securityGroup"] = g
	}
	supervisor, err := v.byEmail(v.text("supervisor"))
	if err == nil {
		in["reportsTo"] = supervisor
		if id == "" {
			var made person
			if err = v.call(http.MethodPost, "/api/users/add", in, &made); err == nil {
				return v.done(at("manage", "people", made.ID, "invite"), "The person is added. Invite them now, or later.")
			}
		} else if err = v.call(http.MethodPatch, at("api", "users", id), in, nil); err == nil {
			return v.done("/manage/people", "The changes are saved.")
		}
	}
	e, editErr := v.editing(person{
		ID: id, FirstName: v.text("firstName"), LastName: v.text("lastName"), Email: v.text("email"), Phone: v.text("phone"), Designation: v.text("designation"),
		Department: v.text("department"), LocationID: v.text("location"), ExternalUserID: v.text("externalUserId"), IsDepartmentHead: v.form.Get("isDepartmentHead") != "",
	})
	if editErr != nil {
		return editErr
	}
	e.supervisor, e.group = v.text("supervisor"), v.text("securityGroup")
	return v.formPage(err, func(p *problem) templ.Component { return editPersonPage(e, p) })
}

// byEmail gives the id of a person, nil for "".
func (v *visit) byEmail(email string) (any, error) {
	if email == "" {
		return nil, nil //nolint:nilnil // nobody is what was asked for
	}
	var found people
	if err := v.get("/api/users", url.Values{"email": {email}}, &found); err != nil {
		return nil, err
	}
	if len(found.Users) != 1 {
		return nil, fault.Invalid(fault.Field{Pointer: "/reportsTo", Code: "user.unknown", Detail: "Nobody here has this e-mail address."})
	}
	return found.Users[0].ID, nil
}

func (c *Console) setStatus(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	status := v.text("status")
	if err := v.call(http.MethodPatch, at("api", "users", v.r.PathValue("id")), map[string]any{"status": status}, nil); err != nil {
		return err
	}
	if status == "BLOCKED" {
		return v.done("/manage/people", "The account is blocked.")
	}
	return v.done("/manage/people", "The account is active.")
}

// inviting is a person who is about to get a link, or has got one.
type inviting struct {
	person person
	mails  bool
	made   *session.Invitation
}

func (c *Console) inviteForm(v *visit) error {
	i := inviting{mails: c.d.Sessions.Mails()}
	if err := v.get(at("api", "users", v.r.PathValue("id")), nil, &i.person); err != nil {
		return err
	}
	return v.page(invitePage(i))
}

func (c *Console) invite(v *visit) error {
	made, err := c.d.Sessions.Invite(v.ctx(), v.who, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if made.URL == "" {
		return v.done("/manage/people", "The mail is on its way.")
	}
	i := inviting{made: &made}
	if err := v.get(at("api", "users", v.r.PathValue("id")), nil, &i.person); err != nil {
		return err
	}
	return v.page(invitePage(i))
}

func (c *Console) resetFactor(v *visit) error {
	if err := c.d.Sessions.ResetFactor(v.ctx(), v.who, v.r.PathValue("id")); err != nil {
		return err
	}
	return v.done("/manage/people", "The second step is off.")
}

// leaving is a person who is about to be archived, with what would be handed over.
type leaving struct {
	person  person
	reports int
	heir    string // who is likely to take over, "" when the settings decide
}

func (c *Console) archiveForm(v *visit) error {
	var l leaving
	if err := v.get(at("api", "users", v.r.PathValue("id")), nil, &l.person); err != nil {
		return err
	}
	l.reports = len(l.person.TeamMembers)
	heir, err := v.heirOf(l.person)
	if err != nil {
		return err
	}
	l.heir = heir
	return v.page(archivePage(l, nil))
}

// heirOf names who takes over, as the off-boarding settings say: of the department, the location
// or the organization, else the supervisor. Whoever may not read the settings is not told.
func (v *visit) heirOf(p person) (string, error) {
	type assignee struct {
		Assignee string `json:"assignee"`
	}
	var s struct {
		Organization assignee            `json:"organization"`
		Departments  map[string]assignee `json:"departments"`
		Locations    map[string]assignee `json:"locations"`
	}
	if err := v.get("/api/settings/offboarding", nil, &s); err != nil {
		if problemOf(err).Status == http.StatusForbidden {
			return "", nil
		}
		return "", err
	}
	for _, id := range []string{s.Departments[p.Department].Assignee, s.Locations[p.LocationID].Assignee, s.Organization.Assignee} {
		if id != "" && id != p.ID {
			var heir person
			err := v.get(at("api", "users", id), nil, &heir)
			return heir.name(), err
		}
	}
	if p.ReportsToObj != nil {
		return p.ReportsToObj.name(), nil
	}
	return "", nil
}

func (c *Console) archive(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	path := at("api", "users", v.r.PathValue("id"))
	if v.form.Get("handOver") != "" {
		path += "?bulk=true"
	}
	if err := v.call(http.MethodDelete, path, nil, nil); err != nil {
		return err
	}
	return v.done("/manage/people", "The person is archived. They can be restored.")
}

// importing is a list of people on its way in.
type importing struct {
	text  string
	rows  int
	bad   []badRow
	valid bool
}

// badRow is what is wrong with a row, which is counted as a spreadsheet does: the head is 1.
type badRow struct {
	Row    int
	Detail string
}

func (c *Console) importForm(v *visit) error { return v.page(importPage(importing{}, nil)) }

// importPeople checks a list of people, or creates them: all or none.
func (c *Console) importPeople(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	i := importing{text: v.form.Get("csv")}
	if file, _, err := v.r.FormFile("file"); err == nil {
		body, err := io.ReadAll(io.LimitReader(file, maxForm))
		if err != nil {
			return errForm
		}
		i.text = string(body)
	}
	rows, err := rowsOf(i.text)
	if err != nil {
		return v.formPage(err, func(p *problem) templ.Component { return importPage(i, p) })
	}
	i.rows = len(rows)
	path := "/api/users/bulk-create?bulk=true&dryRun=true"
	if v.form.Get("do") == "create" {
		path = "/api/users/bulk-create?bulk=true"
	}
	err = v.call(http.MethodPost, path, map[string]any{"data": rows}, nil)
	if err == nil && v.form.Get("do") == "create" {
		return v.done("/manage/people", "The people are added. They are not invited yet.")
	}
	if err == nil {
		i.valid = true
		return v.page(importPage(i, nil))
	}
	p := problemOf(err)
	i.bad = badRows(p)
	return v.formPage(err, func(p *problem) templ.Component { return importPage(i, p) })
}

// columns are the names of columns of a list of people: those of the API.
var columns = []string{
	"firstName", "lastName", "email", "phone", "designation", "department", "location", "reportsToEmail", "externalUserId", "securityGroup",
}

// rowsOf reads a list of people with a head. Empty cells are left out.
func rowsOf(text string) ([]map[string]any, error) {
	bad := func(detail string) error {
		return &problem{Status: http.StatusBadRequest, Detail: detail, Code: "import.form"}
	}
	first, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	r.TrimLeadingSpace = true
	if strings.Count(first, ";") > strings.Count(first, ",") {
		r.Comma = ';' // as spreadsheets write it where the comma is a decimal sign
	}
	head, err := r.Read()
	if err != nil {
		return nil, bad("The list is empty or no CSV.")
	}
	known := map[string]string{}
	for _, name := range columns {
		known[strings.ToLower(name)] = name
	}
	for i, name := range head {
		if head[i] = known[strings.ToLower(strings.TrimSpace(name))]; head[i] == "" {
			return nil, bad(fmt.Sprintf("There is no column %q. Columns: %s.", name, strings.Join(columns, ", ")))
		}
	}
	var rows []map[string]any
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, bad(fmt.Sprintf("The list cannot be read: %v.", err))
		}
		row := map[string]any{}
		for i, cell := range record {
			if cell = strings.TrimSpace(cell); cell != "" {
				row[head[i]] = cell
			}
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, bad("The list is empty or no CSV.")
	}
	return rows, nil
}

// badRows sorts what is wrong by rows.
func badRows(p *problem) []badRow {
	var list []badRow
	for _, f := range p.Errors {
		rest, ok := strings.CutPrefix(f.Pointer, "/data/")
		index, field, _ := strings.Cut(rest, "/")
		n, err := strconv.Atoi(index)
		if !ok || err != nil {
			list = append(list, badRow{Detail: f.Detail})
			continue
		}
		text := f.Detail
		if field != "" {
			text = field + ": " + text
		}
		list = append(list, badRow{n + 2, text})
	}
	return list
}

func (e editing) title(ctx context.Context) string {
	if e.person.ID == "" {
		return t(ctx, "Add a person")
	}
	return t(ctx, "Edit a person")
}

func (e editing) action() string {
	if e.person.ID == "" {
		return "/manage/people/new"
	}
	return at("manage", "people", e.person.ID)
}

func (i inviting) title(ctx context.Context) string {
	if i.person.Status == "ACTIVE" {
		return tf(ctx, "A new password for %s", i.person.name())
	}
	return tf(ctx, "Invite %s", i.person.name())
}
