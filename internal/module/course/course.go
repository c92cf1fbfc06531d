package course

import (
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/due"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// The states of a course.
const (
	draft     = "draft"
	published = "publish"
)

// Limits, in characters, days and numbers of entries.
const (
	maxTitle       = 300
	maxDescription = 10_000
	maxDays        = 3650
	maxCategories  = 10
)

// ModuleCode is the number of the module, for its categories.
const ModuleCode = 5

// Course is a course as stored.
type Course struct {
	ID, AuthorID, Status string
	Title, Description   string
	Categories           []string
	Sequential           bool
	DueDays              int64
	DueAt                *int64 // ms; the same for everybody, beats DueDays
	TemplateID           *string
	Version              int64
	CreatedAt, UpdatedAt int64
	UpdatedBy            string
}

// Enrolment is what one person has to do with a course.
type Enrolment struct {
	AssignedAt         int64
	DueAt, CompletedAt *int64
}

// Draft is what a client sends to make or change a course; absent fields are left alone.
type Draft struct {
	Title       api.Patch[string]      `json:"title,omitempty" maxLength:"300" doc:"Title"`
	Description api.Patch[string]      `json:"description,omitempty" maxLength:"10000" doc:"What it is about"`
	Status      api.Patch[string]      `json:"status,omitempty" enum:"draft,publish,published" doc:"draft, which a new course is unless said otherwise, or publish (the same as published)"`
	Categories  api.Patch[api.Strings] `json:"categories,omitempty" maxItems:"10" doc:"Names of categories of module COURSE"`
	Sequential  api.Patch[bool]        `json:"sequential,omitempty" doc:"Its tasks are done in their order"`
	DueDays     api.Patch[int64]       `json:"dueDays,omitempty" minimum:"0" maximum:"3650" doc:"Days allowed from the assignment; 0 or null is no deadline"`
	DueDate     api.Patch[api.Time]    `json:"dueDate,omitempty" doc:"Deadline for everybody; beats dueDays"`
	TemplateID  api.Patch[string]      `json:"notificationTemplateId,omitempty" maxLength:"36" doc:"Id of the enforcement template that drives reminders"`
}

// People are whom a course is given to and taken from.
type People struct {
	UserIDs   api.Strings `json:"userIds,omitempty" maxItems:"10000" doc:"People to assign"`
	RemoveIDs api.Strings `json:"removeIds,omitempty" maxItems:"10000" doc:"People to unassign; done before assigning"`
}

// Order is the tasks of a course in the order they are to have.
type Order struct {
	TaskIDs api.Strings `json:"taskIds" required:"true" maxItems:"200" doc:"Ids of all its tasks"`
}

// apply changes a course as a draft says and reports what is wrong with it.
func (d Draft) apply(c *Course, bad *fault.Fields) {
	message.Set(d.Title, &c.Title)
	message.Set(d.Description, &c.Description)
	message.Set(d.Sequential, &c.Sequential)
	message.Set(d.DueDays, &c.DueDays)
	if d.Categories.Set {
		c.Categories = d.Categories.Value
	}
	if d.TemplateID.Set {
		c.TemplateID = message.Optional(d.TemplateID.Value)
	}
	if d.DueDate.Set {
		c.DueAt = nil
		if !d.DueDate.Null {
			ms := d.DueDate.Value.Millis()
			c.DueAt = &ms
		}
	}
	if d.Status.Value != "" {
		c.Status = published
		if d.Status.Value == draft {
			c.Status = draft
		}
	}
	if c.Title = strings.TrimSpace(c.Title); c.Title == "" {
		bad.Add("/title", "field.required", "A course needs a title.")
	}
	message.TooLong("/title", "title", c.Title, maxTitle, bad)
	message.TooLong("/description", "description", c.Description, maxDescription, bad)
	if c.DueDays < 0 || c.DueDays > maxDays {
		bad.Addf("/dueDays", "field.range", "From 0 to %d days.", maxDays)
	}
	if len(c.Categories) > maxCategories {
		bad.Addf("/categories", "field.tooMany", "A course has at most %d categories.", maxCategories)
	}
}

func (c *Course) deadline() due.Deadline { return due.Deadline{At: c.DueAt, Days: c.DueDays} }
