package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// template says when people are reminded and restricted.
type template struct {
	ID        string     `json:"id"`
	Title     string     `json:"title"`
	Reminders []reminder `json:"reminders"`
}

type reminder struct {
	Medium string `json:"reminderType"`
	Unit   string `json:"reminderTimeUnit"`
	Amount int    `json:"reminderTime"`
}

// spareReminders are the empty rows that a form offers beside those that there are.
const spareReminders = 3

// rows are the reminders of a form, with empty ones to fill in.
func (k template) rows() []reminder {
	rows := append([]reminder{}, k.Reminders...)
	for range spareReminders {
		rows = append(rows, reminder{Unit: "days"})
	}
	return rows
}

func (c *Console) templates(v *visit) error {
	if err := v.needs(authz.TemplatesManage); err != nil {
		return err
	}
	var out struct {
		Templates []template `json:"notificationTemplates"`
		Meta      meta       `json:"meta"`
	}
	if err := v.get("/api/enforcement-templates", url.Values{"per_page": {"50"}, "cur_page": {v.pageNumber()}}, &out); err != nil {
		return err
	}
	return v.page(templatesPage(out.Templates, out.Meta))
}

func (c *Console) templateForm(v *visit) error {
	if err := v.needs(authz.TemplatesManage); err != nil {
		return err
	}
	var k template
	if id := v.r.PathValue("id"); id != "" {
		if err := v.get(at("api", "enforcement-templates", id), nil, &k); err != nil {
			return err
		}
	}
	return v.page(templatePage(k, nil))
}

// saveTemplate makes a template, or changes one.
func (c *Console) saveTemplate(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	k := template{ID: v.r.PathValue("id"), Title: v.text("title"), Reminders: []reminder{}}
	media, units, amounts := v.form["medium"], v.form["unit"], v.form["amount"]
	for i := range min(len(media), len(units), len(amounts)) {
		if media[i] == "" {
			continue
		}
		n, err := strconv.Atoi(amounts[i])
		if err != nil {
			n = -1 // which the API refuses, where it stands
		}
		k.Reminders = append(k.Reminders, reminder{media[i], units[i], n})
	}
	method, path := http.MethodPost, "/api/enforcement-templates"
	if k.ID != "" {
		method, path = http.MethodPatch, at("api", "enforcement-templates", k.ID)
	}
	err := v.call(method, path, map[string]any{"title": k.Title, "reminders": k.Reminders}, nil)
	if err == nil {
		return v.done("/manage/templates", "The changes are saved.")
	}
	return v.formPage(err, func(p *problem) templ.Component { return templatePage(k, p) })
}

func (c *Console) deleteTemplate(v *visit) error {
	if err := v.call(http.MethodDelete, at("api", "enforcement-templates", v.r.PathValue("id")), nil, nil); err != nil {
		return err
	}
	return v.done("/manage/templates", "It is deleted.")
}

func media(ctx context.Context) []option {
	return []option{
		{"", t(ctx, "Nothing")}, {"email", t(ctx, "Remind by e-mail")}, {"push", t(ctx, "Remind by push")}, {"text", t(ctx, "Remind by SMS")},
		{"restrict", t(ctx, "Restrict")},
	}
}

func units(ctx context.Context) []option {
	return []option{{"minutes", t(ctx, "Minutes")}, {"hours", t(ctx, "Hours")}, {"days", t(ctx, "Days")}, {"week", t(ctx, "Weeks")}}
}

// sentence says what a reminder does.
func (r reminder) sentence(ctx context.Context) string {
	medium, unit := "", ""
	for _, o := range media(ctx) {
		if o.value == r.Medium {
			medium = o.text
		}
	}
	for _, o := range units(ctx) {
		if o.value == r.Unit {
			unit = o.text
		}
	}
	if r.Medium == "restrict" {
		return tf(ctx, "%s, %d %s after the deadline", medium, r.Amount, unit)
	}
	return tf(ctx, "%s, %d %s before the deadline", medium, r.Amount, unit)
}
