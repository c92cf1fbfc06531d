package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// organization is the reader's own.
type organization struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	LegalName   string   `json:"legalName"`
	Subdomain   string   `json:"subdomain"`
	Websites    []string `json:"websites"`
	Email       string   `json:"email"`
	Phone       string   `json:"phone"`
	Description string   `json:"description"`
	Industry    string   `json:"industry"`
}

func (c *Console) organization(v *visit) error {
	if err := v.needs(authz.OrganizationManage); err != nil {
		return err
	}
	var o organization
	if err := v.get("/api/organization", nil, &o); err != nil {
		return err
	}
	return v.page(organizationPage(o, nil))
}

func (c *Console) saveOrganization(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	var o organization
	if err := v.get("/api/organization", nil, &o); err != nil {
		return err
	}
	o.Name, o.LegalName, o.Email, o.Phone = v.text("name"), v.text("legalName"), v.text("email"), v.text("phone")
	o.Description, o.Industry, o.Websites = v.text("description"), v.text("industry"), strings.Fields(v.text("websites"))
	in := map[string]any{
		"name": o.Name, "legalName": v.optional("legalName"), "email": v.optional("email"), "phone": v.optional("phone"),
		"description": v.optional("description"), "industry": v.optional("industry"), "websites": append([]string{}, o.Websites...),
	}
	err := v.call(http.MethodPatch, at("api", "organization", o.ID), in, nil)
	if err == nil {
		return v.done("/manage/organization", "The changes are saved.")
	}
	return v.formPage(err, func(p *problem) templ.Component { return organizationPage(o, p) })
}

// categories are those of a module.
type categories struct {
	list    []category
	modules []option
	module  string
	name    string // that was tried
}

// categorized are the modules whose items have categories, by code.
var categorized = []struct{ code, name string }{
	{"6", "News"}, {"9", "Documents"}, {"4", "Answers"}, {"5", "Courses"}, {"11", "Chats"}, {"7", "Videos"}, {"3", "Events"},
}

func (v *visit) categories(module string) (k categories, err error) {
	k.module = module
	for _, m := range categorized {
		k.modules = append(k.modules, option{m.code, v.lang.text(m.name)})
	}
	var out struct {
		Categories []category `json:"categories"`
	}
	err = v.get("/api/categories", url.Values{"moduleCode": {module}, "per_page": {"200"}}, &out)
	k.list = out.Categories
	return k, err
}

// moduleCode is the module that a page of categories is about.
func moduleCode(asked string) string {
	for _, m := range categorized {
		if m.code == asked {
			return asked
		}
	}
	return categorized[0].code
}

func (c *Console) categories(v *visit) error {
	if err := v.needs(authz.CategoriesManage); err != nil {
		return err
	}
	k, err := v.categories(moduleCode(v.query("module")))
	if err != nil {
		return err
	}
	return v.page(categoriesPage(k, nil))
}

func (c *Console) createCategory(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	module := moduleCode(v.text("moduleCode"))
	err := v.call(http.MethodPost, "/api/categories", map[string]any{"category": v.text("category"), "moduleCode": module}, nil)
	if err == nil {
		return v.done("/manage/categories?module="+module, "The changes are saved.")
	}
	k, listErr := v.categories(module)
	if listErr != nil {
		return listErr
	}
	k.name = v.text("category")
	return v.formPage(err, func(p *problem) templ.Component { return categoriesPage(k, p) })
}

func (c *Console) deleteCategory(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	if err := v.call(http.MethodDelete, at("api", "categories", v.r.PathValue("id")), nil, nil); err != nil {
		return err
	}
	return v.done("/manage/categories?module="+moduleCode(v.text("moduleCode")), "It is deleted.")
}
