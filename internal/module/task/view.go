package task

import (
	"context"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// CourseRef is the course that a task leads to.
type CourseRef struct {
	ID     string `json:"id" doc:"Id of the course"`
	Title  string `json:"title" doc:"Title"`
	Status string `json:"status" enum:"draft,publish" doc:"Whether it is published"`
}

// Progress is how far somebody is with a task.
type Progress struct {
	State       string    `json:"state" enum:"ASSIGNED,STARTED,COMPLETED" doc:"How far they are"`
	AssignedAt  api.Time  `json:"assignedAt" doc:"When they got it"`
	DueDate     *api.Time `json:"dueDate" doc:"Until when it is to be done, or null"`
	StartedAt   *api.Time `json:"startedAt" doc:"When they began, or null"`
	CompletedAt *api.Time `json:"completedAt" doc:"When they were done, or null"`
}

// View is what all answers show of a task.
type View struct {
	ID             string     `json:"id" doc:"Id of the task"`
	Title          string     `json:"title" doc:"Title"`
	Description    *string    `json:"description" doc:"What it is about"`
	Status         string     `json:"status" enum:"draft,publish" doc:"Whether it is published"`
	TaskType       string     `json:"task_type" enum:"Article,Video,QuizLink,Document,TrainingCourse" doc:"Kind of task"`
	Content        *string    `json:"content" doc:"Text of an Article"`
	Time           int64      `json:"time" doc:"Estimated effort in minutes, 0 when it is not known"`
	VideoID        *string    `json:"videoId" doc:"Video to watch"`
	Link           *string    `json:"link" doc:"Address of a QuizLink"`
	QuizLink       *string    `json:"quizLink" doc:"The same with a callback for your own part, when it is assigned to you"`
	DocumentID     *string    `json:"documentId" doc:"Document to read"`
	DueDays        int64      `json:"dueDays" doc:"Days allowed from the assignment, 0 for no deadline"`
	DueDate        *api.Time  `json:"dueDate" doc:"Your deadline when it is assigned to you; otherwise that for everybody, or what dueDays after its creation would be"`
	TrainingCourse *CourseRef `json:"trainingCourse" doc:"The course to take, or null"`
	LinkedID       *string    `json:"trainingCourseTaskListId" doc:"Id of the course to take"`
	CourseID       *string    `json:"courseId" doc:"Id of the course it is in, null for an independent task"`
	Order          int64      `json:"order" doc:"Place in its course, from 0"`
	TemplateID     *string    `json:"notificationTemplateId" doc:"Id of the enforcement template that drives reminders"`
	AssignedCount  int        `json:"assignedCount" doc:"How many people have it"`
	Progress       *Progress  `json:"progress" doc:"How far you are, null when it is not assigned to you"`
	CreatedAt      api.Time   `json:"createdAt" doc:"When it was made"`
	UpdatedAt      api.Time   `json:"updatedAt" doc:"When it was last changed"`
}

// SingleView is a task by itself.
type SingleView struct {
	View
	CreatedBy string `json:"createdBy" doc:"Id of the author"`
}

// CreatedView is a task that was just made.
type CreatedView struct {
	View
	CreatedBy       string        `json:"createdBy" doc:"Id of the author"`
	AssignedUserIDs []string      `json:"assignedUserIds" nullable:"false" doc:"Ids of those who got it, at most 1000"`
	AssignedUsers   []person.Card `json:"assignedUsers" nullable:"false" doc:"Those who got it, by name, at most 1000"`
}

// AssignedView is a task whose assignees were changed.
type AssignedView struct {
	View
	CreatedBy       string        `json:"createdBy" doc:"Id of the author"`
	AssignedUserIDs []person.Card `json:"assignedUserIds" nullable:"false" doc:"Those who have it, by name, at most 1000; assignedCount says how many there are"`
	AssignedUsers   []person.Card `json:"assignedUsers" nullable:"false" doc:"The same"`
}

// ListView is a task in a list.
type ListView struct {
	View
	CreatedBy person.Card `json:"createdBy" doc:"The author"`
}

// AssigneeView is somebody who has a task.
type AssigneeView struct {
	User person.Card `json:"user" doc:"The person"`
	Progress
}

func progressOf(a Assignment) Progress {
	return Progress{a.State, api.At(a.AssignedAt), api.AtPtr(a.DueAt), api.AtPtr(a.StartedAt), api.AtPtr(a.CompletedAt)}
}

// viewOf shows a task; courses are those its page names.
func (s *Service) viewOf(who authz.Actor, t Seen, courses map[string]Course) View {
	v := View{
		ID: t.ID, Title: t.Title, Description: message.Optional(t.Description), Status: t.Status, TaskType: t.Kind, Content: message.Optional(t.Content),
		Time: t.Minutes, VideoID: t.VideoID, Link: message.Optional(t.Link), DocumentID: t.DocumentID, DueDays: t.DueDays,
		LinkedID: t.LinkedID, CourseID: t.CourseID, Order: t.Place, TemplateID: t.TemplateID, AssignedCount: t.Assignees,
		CreatedAt: api.At(t.CreatedAt), UpdatedAt: api.At(t.UpdatedAt),
	}
	if t.Mine != nil {
		p := progressOf(*t.Mine)
		v.Progress, v.DueDate = &p, p.DueDate
		v.QuizLink = s.quizLink(who, t.Task)
	} else {
		v.DueDate = api.AtPtr(t.deadline().For(t.CreatedAt, time.UTC))
	}
	if c, ok := courses[text(t.LinkedID)]; ok {
		v.TrainingCourse = &CourseRef{c.ID, c.Title, map[bool]string{true: published, false: draft}[c.Published]}
	}
	return v
}

// linked reads the courses that tasks lead to.
func (s *Service) linked(ctx context.Context, q db.Queryer, orgID string, list ...Seen) (map[string]Course, error) {
	var ids []string
	for _, t := range list {
		if t.LinkedID != nil {
			ids = append(ids, *t.LinkedID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.courses.ByIDs(ctx, q, orgID, ids)
}

// single shows one task.
func (s *Service) single(ctx context.Context, who authz.Actor, t Seen) (SingleView, error) {
	courses, err := s.linked(ctx, s.DB.Reader(ctx), who.OrgID, t)
	return SingleView{s.viewOf(who, t, courses), t.AuthorID}, err
}

// holders gives those who have a task, by name, as many as an answer lists.
func (s *Service) holders(ctx context.Context, who authz.Actor, t Seen) ([]person.Card, []string, error) {
	list, err := s.store.assignees(ctx, s.DB.Reader(ctx), who.OrgID, t.ID, slice{limit: maxShown})
	cards, ids := make([]person.Card, len(list)), make([]string, len(list))
	for i, a := range list {
		cards[i], ids[i] = a.Card, a.Card.ID
	}
	return cards, ids, err
}

// maxShown is how many people an answer about one task lists.
const maxShown = 1000
