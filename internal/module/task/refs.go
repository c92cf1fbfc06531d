package task

import (
	"context"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// names reports that a task names something else than before.
func (t Task) names(before Task) bool {
	return text(t.DocumentID) != text(before.DocumentID) || text(t.VideoID) != text(before.VideoID) || text(t.LinkedID) != text(before.LinkedID)
}

// text is what a reference names, "" for nothing.
func text(id *string) string {
	if id == nil {
		return ""
	}
	return *id
}

// join puts a new task at the end of a course of the actor's, or reports that it cannot.
func (s *Service) join(ctx context.Context, tx db.Tx, who authz.Actor, t *Task, courseID string, bad *fault.Fields) error {
	if courseID = strings.TrimSpace(courseID); courseID == "" {
		return nil
	}
	if err := s.courses.Lock(ctx, tx, who.OrgID, courseID); err != nil {
		return err
	}
	c, err := s.course(ctx, tx, who, courseID)
	if err != nil || c.ID == "" {
		if err == nil {
			bad.Add("/courseId", "course.unknown", "This is not the id of a course that you made or manage.")
		}
		return err
	}
	n, last, err := s.store.end(ctx, tx, who.OrgID, courseID)
	if n >= maxInCourse {
		bad.Addf("/courseId", "course.full", "A course has at most %d tasks.", maxInCourse)
	}
	t.CourseID, t.Place, t.AuthorID = &c.ID, last+1, c.AuthorID
	return err
}

// course gives a course the actor made or manages; none with another id.
func (s *Service) course(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Course, error) {
	list, err := s.courses.ByIDs(ctx, q, who.OrgID, []string{id})
	if c := list[id]; c.AuthorID == who.UserID || who.Can(manager) {
		return c, err
	}
	return Course{}, err
}

// refer checks what a task names anew, and makes a video of a film.
func (s *Service) refer(ctx context.Context, tx db.Tx, who authz.Actor, t *Task, before Task, bad *fault.Fields) error {
	if t.DocumentID != nil && text(t.DocumentID) != text(before.DocumentID) {
		if _, err := s.Content.Visible(ctx, tx, who, "document", *t.DocumentID); fault.Is(err, fault.KindNotFound) {
			bad.Add("/documentId", "document.unknown", "There is no document with this id that you can read.")
		} else if err != nil {
			return err
		}
	}
	if t.LinkedID != nil && (text(t.LinkedID) != text(before.LinkedID) || t.Status == published && before.Status == draft) {
		if err := s.link(ctx, tx, who, t, bad); err != nil {
			return err
		}
	}
	if t.VideoID == nil || text(t.VideoID) == text(before.VideoID) {
		return nil
	}
	_, err := s.Content.Visible(ctx, tx, who, "video", *t.VideoID)
	if !fault.Is(err, fault.KindNotFound) {
		return err
	}
	if !bad.Empty() { // a film is used up once it is a video
		return nil
	}
	id, err := s.Videos.FromFile(ctx, tx, who, *t.VideoID, t.Title)
	t.VideoID = &id
	return err
}

// link checks the course that a task leads to.
func (s *Service) link(ctx context.Context, tx db.Tx, who authz.Actor, t *Task, bad *fault.Fields) error {
	c, err := s.course(ctx, tx, who, *t.LinkedID)
	switch {
	case err != nil:
		return err
	case c.ID == "":
		bad.Add("/trainingCourseTaskListId", "course.unknown", "This is not the id of a course that you made or manage.")
		return nil
	case t.Status == published && !c.Published:
		return fault.Conflict("task.courseDraft", "The course "+quoted(c.Title)+" is a draft: publish it before a published task leads to it.")
	case t.CourseID == nil:
		return nil
	}
	// Two links that close a circle together must not be made at the same time.
	if err := s.store.lockLinks(ctx, tx, who.OrgID); err != nil {
		return err
	}
	circle, err := s.store.leadsTo(ctx, tx, who.OrgID, c.ID, *t.CourseID)
	if err == nil && circle {
		err = fault.Conflict("task.courseCycle", "The course "+quoted(c.Title)+" leads back to the course this task is in: a course cannot be part of itself.")
	}
	return err
}

func quoted(title string) string { return "\u201c" + title + "\u201d" }

// enforce reports a template that is not there.
func (s *Service) enforce(ctx context.Context, tx db.Tx, orgID string, sent api.Patch[string], bad *fault.Fields) error {
	if sent.Value == "" {
		return nil
	}
	there, err := false, error(nil)
	if s.Templates != nil {
		there, err = s.Templates.Has(ctx, tx, orgID, sent.Value)
	}
	if !there {
		bad.Add("/notificationTemplateId", "template.unknown", "There is no enforcement template with this id.")
	}
	return err
}
