package task

import (
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/due"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// The types of tasks.
const (
	Article        = "Article"
	Video          = "Video"
	QuizLink       = "QuizLink"
	Document       = "Document"
	TrainingCourse = "TrainingCourse"
)

// canonical gives the type that another name of it means.
var canonical = map[string]string{"Link": QuizLink, "Course": TrainingCourse}

// The states of a task.
const (
	draft     = "draft"
	published = "publish"
)

// The states of an assignment.
const (
	Assigned  = "ASSIGNED"
	Started   = "STARTED"
	Completed = "COMPLETED"
)

// Limits, in characters, minutes, days and people.
const (
	maxTitle       = 300
	maxDescription = 10_000
	maxContent     = 100_000
	maxMinutes     = 100_000
	maxDays        = 3650
	maxInCourse    = 200
)

// Task is a task as stored.
type Task struct {
	ID, AuthorID string
	CourseID     *string // it is in
	Place        int64   // in the course
	Kind, Status string
	Title        string
	Description  string
	Content      string
	Minutes      int64
	Link         string
	DueDays      int64
	DueAt        *int64 // ms; the same for everybody, beats DueDays
	DocumentID   *string
	VideoID      *string
	LinkedID     *string // the course to take
	TemplateID   *string
	QuizKey      string
	Version      int64
	CreatedAt    int64
	UpdatedAt    int64
	UpdatedBy    string
}

// Assignment is what one person has to do with a task.
type Assignment struct {
	State                         string
	AssignedAt                    int64
	DueAt, StartedAt, CompletedAt *int64
}

// Draft is what a client sends to make or change a task; absent fields are left alone.
type Draft struct {
	Title       api.Patch[string]   `json:"title,omitempty" maxLength:"300" doc:"Title"`
	Description api.Patch[string]   `json:"description,omitempty" maxLength:"10000" doc:"What it is about"`
	Status      api.Patch[string]   `json:"status,omitempty" enum:"draft,publish,published" doc:"draft, or publish (the same as published), which a new task is unless said otherwise"`
	TemplateID  api.Patch[string]   `json:"notificationTemplateId,omitempty" maxLength:"36" doc:"Id of the enforcement template that drives reminders"`
	Kind        api.Patch[string]   `json:"task_type,omitempty" enum:"Article,Video,QuizLink,Document,TrainingCourse,Link,Course" doc:"Kind of task, Article unless said otherwise; Link means QuizLink, Course means TrainingCourse"`
	Content     api.Patch[string]   `json:"content,omitempty" maxLength:"100000" doc:"Text of an Article"`
	Time        api.Patch[int64]    `json:"time,omitempty" minimum:"0" maximum:"100000" doc:"Estimated effort in minutes"`
	Link        api.Patch[string]   `json:"link,omitempty" maxLength:"2048" doc:"Address of a QuizLink"`
	DueDays     api.Patch[int64]    `json:"dueDays,omitempty" minimum:"0" maximum:"3650" doc:"Days allowed from the assignment; 0 or null is no deadline"`
	DueDate     api.Patch[api.Time] `json:"dueDate,omitempty" doc:"Deadline for everybody; beats dueDays"`
	DocumentID  api.Patch[string]   `json:"documentId,omitempty" maxLength:"36" doc:"Document to read"`
	LinkedID    api.Patch[string]   `json:"trainingCourseTaskListId,omitempty" maxLength:"36" doc:"Course to take"`
	VideoID     api.Patch[string]   `json:"videoId,omitempty" maxLength:"36" doc:"Video to watch: the id of a video, or of an uploaded film of yours, of which a video is made"`
}

// NewTask is what a client sends to make a task.
type NewTask struct {
	Draft
	CourseID string      `json:"courseId,omitempty" maxLength:"36" doc:"Course to put the task at the end of"`
	UserIDs  api.Strings `json:"userIds,omitempty" maxItems:"10000" doc:"People who get the task"`
}

// People are whom a task or course is given to and taken from.
type People struct {
	UserIDs   api.Strings `json:"userIds,omitempty" maxItems:"10000" doc:"People to assign"`
	RemoveIDs api.Strings `json:"removeIds,omitempty" maxItems:"10000" doc:"People to unassign; done before assigning"`
}

// apply changes a task as a draft says and reports what is wrong with it.
func (d Draft) apply(t *Task, bad *fault.Fields) {
	message.Set(d.Title, &t.Title)
	message.Set(d.Description, &t.Description)
	message.Set(d.Content, &t.Content)
	message.Set(d.Time, &t.Minutes)
	message.Set(d.Link, &t.Link)
	message.Set(d.DueDays, &t.DueDays)
	setID(d.TemplateID, &t.TemplateID)
	setID(d.DocumentID, &t.DocumentID)
	setID(d.VideoID, &t.VideoID)
	setID(d.LinkedID, &t.LinkedID)
	if d.DueDate.Set {
		t.DueAt = nil
		if !d.DueDate.Null {
			ms := d.DueDate.Value.Millis()
			t.DueAt = &ms
		}
	}
	if d.Kind.Value != "" {
		t.Kind = d.Kind.Value
		if name := canonical[t.Kind]; name != "" {
			t.Kind = name
		}
	}
	if d.Status.Value != "" {
		t.Status = published
		if d.Status.Value == draft {
			t.Status = draft
		}
	}
	t.validate(bad)
}

// setID changes a reference that was sent; null and "" are none.
func setID(p api.Patch[string], to **string) {
	if p.Set {
		*to = message.Optional(strings.TrimSpace(p.Value))
	}
}

func (t *Task) validate(bad *fault.Fields) {
	if t.Title = strings.TrimSpace(t.Title); t.Title == "" {
		bad.Add("/title", "field.required", "A task needs a title.")
	}
	message.TooLong("/title", "title", t.Title, maxTitle, bad)
	message.TooLong("/description", "description", t.Description, maxDescription, bad)
	message.TooLong("/content", "content", t.Content, maxContent, bad)
	within("/time", t.Minutes, maxMinutes, "minutes", bad)
	within("/dueDays", t.DueDays, maxDays, "days", bad)
	if t.Link != "" {
		message.ValidateURL("/link", t.Link, bad)
	}
	if t.Status != published {
		return
	}
	needs := map[string]struct {
		pointer, what string
		missing       bool
	}{
		Article:        {"/content", "A published Article needs its text in content.", strings.TrimSpace(t.Content) == ""},
		Video:          {"/videoId", "A published Video task needs the video in videoId.", t.VideoID == nil},
		QuizLink:       {"/link", "A published QuizLink needs the address of the quiz in link.", t.Link == ""},
		Document:       {"/documentId", "A published Document task needs the document in documentId.", t.DocumentID == nil},
		TrainingCourse: {"/trainingCourseTaskListId", "A published TrainingCourse task needs the course in trainingCourseTaskListId.", t.LinkedID == nil},
	}[t.Kind]
	if needs.missing {
		bad.Add(needs.pointer, "field.required", needs.what)
	}
}

func within(pointer string, n, limit int64, unit string, bad *fault.Fields) {
	if n < 0 || n > limit {
		bad.Addf(pointer, "field.range", "From 0 to %d %s.", limit, unit)
	}
}

func (t *Task) deadline() due.Deadline { return due.Deadline{At: t.DueAt, Days: t.DueDays} }
