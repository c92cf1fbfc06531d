package category

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	maxName      = 200
	defaultColor = "#6B7280"
)

// Category is a category as stored.
type Category struct {
	ID         string
	ModuleCode int64
	Name       string
	Color      string
	Version    int64
}

// ModuleCode is the number of a module.
type ModuleCode struct {
	Name       string `json:"name" doc:"Name of the module"`
	ModuleCode int64  `json:"moduleCode" doc:"Its number"`
}

// ModuleCodes are all modules, by number. Numbers never change their meaning.
var ModuleCodes = []ModuleCode{
	{"POST", 1}, {"LIVESTREAM", 2}, {"EVENT", 3}, {"FAQ", 4}, {"COURSE", 5}, {"NEWS", 6}, {"VIDEO", 7}, {"PHOTO", 8},
	{"DOCUMENT", 9}, {"TASK", 10}, {"CHAT", 11}, {"USER", 12}, {"ORGANIZATION", 13}, {"SSO", 14},
}

// Draft is what a client sends to create a category.
type Draft struct {
	ModuleCode int64  `json:"moduleCode" required:"true" doc:"Number of the module it belongs to"`
	Category   string `json:"category" required:"true" doc:"Name, at most 200 characters"`
	Color      string `json:"color,omitempty" doc:"Color, #RRGGBB; grey unless given"`
}

// Change is what a client sends to change a category. Absent fields stay.
type Change struct {
	Category api.Patch[string] `json:"category,omitzero" doc:"New name, at most 200 characters"`
	Color    api.Patch[string] `json:"color,omitzero" doc:"New color, #RRGGBB; null for grey"`
}

// check gives the category that a draft describes, or everything that is wrong with it.
func (d Draft) check() (Category, error) {
	var bad fault.Fields
	if !slices.ContainsFunc(ModuleCodes, func(m ModuleCode) bool { return m.ModuleCode == d.ModuleCode }) {
		bad.Add("/moduleCode", "category.moduleUnknown", "No module has this number.")
	}
	c := Category{ModuleCode: d.ModuleCode, Name: name(&bad, d.Category), Color: color(&bad, d.Color), Version: 1}
	return c, bad.Err()
}

// apply changes a category, or gives everything that is wrong with the change.
func (in Change) apply(c *Category) error {
	var bad fault.Fields
	if in.Category.Set {
		c.Name = name(&bad, in.Category.Value)
	}
	if in.Color.Set {
		c.Color = color(&bad, in.Color.Value)
	}
	return bad.Err()
}

func name(bad *fault.Fields, text string) string {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		bad.Add("/category", "category.nameRequired", "A category needs a name.")
	case utf8.RuneCountInString(text) > maxName:
		bad.Addf("/category", "category.nameTooLong", "A name has at most %d characters.", maxName)
	case strings.ContainsFunc(text, unicode.IsControl):
		bad.Add("/category", "category.nameInvalid", "Control characters are not allowed.")
	}
	return text
}

var colorForm = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

func color(bad *fault.Fields, text string) string {
	text = strings.ToUpper(strings.TrimSpace(text))
	if text == "" {
		return defaultColor
	}
	if !colorForm.MatchString(text) {
		bad.Add("/color", "category.colorInvalid", "A color is written as #RRGGBB.")
	}
	return text
}
