package course

import (
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// FormView is the form of a course.
type FormView struct {
	ID        string   `json:"id" doc:"Id of the form"`
	CreatedAt api.Time `json:"createdAt" doc:"When it was made"`
	UpdatedAt api.Time `json:"updatedAt" doc:"When it was last changed"`
	Title     string   `json:"title" doc:"Title"`
	Accepting bool     `json:"accepting" doc:"It takes answers"`
	Type      *string  `json:"type" doc:"What the author calls its kind, or null"`
	Schema    Document `json:"schema" doc:"The document of the form builder: data.components are the fields"`
}

// View is a course as clients read it.
type View struct {
	ID               string       `json:"id" doc:"Id of the course"`
	CourseID         *string      `json:"courseId" doc:"Always null: a course is in no other list"`
	Title            string       `json:"title" doc:"Title"`
	Description      string       `json:"description" doc:"What it is about"`
	Categories       []string     `json:"categories" nullable:"false" doc:"Names of its categories"`
	Order            int          `json:"order" doc:"Always 0: courses have no order"`
	NumberOfTasks    int          `json:"numberOfTasks" doc:"How many published tasks it has"`
	UsersCount       int          `json:"usersCount" doc:"How many people take it"`
	TotalTime        int64        `json:"totalTime" doc:"Estimated effort of its tasks in minutes"`
	OrgID            string       `json:"orgId" doc:"Id of the organization"`
	Tasks            int          `json:"tasks" doc:"The same as numberOfTasks"`
	ParentTaskListID *string      `json:"parentTaskListId" doc:"Always null: lists are not nested"`
	Progress         int          `json:"progress" doc:"How much of it you have completed, in percent"`
	CreatedAt        api.Time     `json:"createdAt" doc:"When it was made"`
	UpdatedAt        api.Time     `json:"updatedAt" doc:"When it was last changed"`
	Status           string       `json:"status" enum:"draft,publish" doc:"Whether it is published"`
	Sequential       bool         `json:"sequential" doc:"Its tasks are done in their order"`
	File             *person.File `json:"file" doc:"Always null: courses have no file"`
	Form             *FormView    `json:"form" doc:"What those who take it fill in, or null"`
	DueDays          int64        `json:"dueDays" doc:"Days allowed from the assignment, 0 for no deadline"`
	DueDate          *api.Time    `json:"dueDate" doc:"Your deadline when you take it, otherwise that for everybody, or null"`
	Started          bool         `json:"started" doc:"You have started one of its tasks"`
	AssignedAt       *api.Time    `json:"assignedAt" doc:"When you got it, null when you do not take it"`
	CompletedAt      *api.Time    `json:"completedAt" doc:"When you had completed it, or null"`
	CreatedBy        string       `json:"createdBy" doc:"Id of the author"`
	TemplateID       *string      `json:"notificationTemplateId" doc:"Id of the enforcement template that drives reminders"`
}

func viewOf(orgID string, c Shown) View {
	v := View{
		ID: c.ID, Title: c.Title, Description: c.Description, Categories: c.Categories, NumberOfTasks: c.Totals.Tasks, Tasks: c.Totals.Tasks,
		TotalTime: c.Minutes, UsersCount: c.People, OrgID: orgID, Progress: c.Part.Percent(), CreatedAt: api.At(c.CreatedAt), UpdatedAt: api.At(c.UpdatedAt),
		Status: c.Status, Sequential: c.Sequential, DueDays: c.DueDays, DueDate: api.AtPtr(c.DueAt), Started: c.Part.Started > 0,
		CreatedBy: c.AuthorID, TemplateID: c.TemplateID,
	}
	if c.Mine != nil {
		v.AssignedAt, v.DueDate, v.CompletedAt = api.AtPtr(&c.Mine.AssignedAt), api.AtPtr(c.Mine.DueAt), api.AtPtr(c.Mine.CompletedAt)
	}
	if f := c.Form; f != nil {
		v.Form = &FormView{f.ID, api.At(f.CreatedAt), api.At(f.UpdatedAt), f.Title, f.Accepting, f.Type, f.Schema}
	}
	return v
}
