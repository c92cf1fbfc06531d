package app

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/course"
	"github.com/workdrive/workdrive/internal/module/task"
	"github.com/workdrive/workdrive/internal/module/video"
)

// taskCourses lets tasks ask about courses.
type taskCourses struct{ *course.Service }

// ByIDs implements task.Courses.
func (c taskCourses) ByIDs(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]task.Course, error) {
	list, err := c.Service.ByIDs(ctx, q, orgID, ids)
	by := make(map[string]task.Course, len(list))
	for id, x := range list {
		by[id] = task.Course{ID: x.ID, AuthorID: x.AuthorID, Title: x.Title, Published: x.IsPublished(), Sequential: x.Sequential}
	}
	return by, err
}

// courseTasks lets courses ask about their tasks.
type courseTasks struct{ *task.Service }

// Totals implements course.Tasks.
func (t courseTasks) Totals(ctx context.Context, q db.Queryer, orgID string, courses []string) (map[string]course.Totals, error) {
	list, err := t.CourseTotals(ctx, q, orgID, courses)
	by := make(map[string]course.Totals, len(list))
	for id, x := range list {
		by[id] = course.Totals(x)
	}
	return by, err
}

// Parts implements course.Tasks.
func (t courseTasks) Parts(ctx context.Context, q db.Queryer, orgID string, courses, people []string) ([]course.Part, error) {
	list, err := t.CourseParts(ctx, q, orgID, courses, people)
	parts := make([]course.Part, len(list))
	for i, x := range list {
		parts[i] = course.Part(x)
	}
	return parts, err
}

// taskVideos lets tasks make videos of uploaded films.
type taskVideos struct{ videos *video.Service }

// FromFile implements task.Videos.
func (v taskVideos) FromFile(ctx context.Context, _ db.Tx, who authz.Actor, fileID, title string) (string, error) {
	const custom = 3 // source
	made, err := v.videos.Create(ctx, who, content.Change[video.Body]{
		Apply: func(b *video.Body, _ *fault.Fields) []content.Named {
			b.Title, b.File, b.Source = title, fileID, custom
			return nil
		},
	})
	if f, ok := fault.As(err); ok && f.Kind == fault.KindInvalid { // the field that named the film is another one here
		var bad fault.Fields
		for _, field := range f.Fields {
			bad.Add("/videoId", field.Code, field.Detail)
		}
		err = bad.Err()
	}
	if err != nil {
		return "", err
	}
	return made.Items[0].ID, nil
}
