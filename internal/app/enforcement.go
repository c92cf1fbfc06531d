package app

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/module/course"
	"github.com/workdrive/workdrive/internal/module/enforcement"
	"github.com/workdrive/workdrive/internal/module/media"
	"github.com/workdrive/workdrive/internal/module/notification"
	"github.com/workdrive/workdrive/internal/module/task"
)

// templates lets a module whose items people owe, of one kind, know of enforcement templates.
type templates struct {
	*enforcement.Service

	kind string
}

// Follow implements task.Templates and course.Templates.
func (t templates) Follow(ctx context.Context, tx db.Tx, orgID, id string, people []string) error {
	return t.Service.Follow(ctx, tx, enforcement.Item{OrgID: orgID, Kind: t.kind, ID: id}, people)
}

// ways tell enforcement what it takes to finish something.
type ways struct {
	tasks *task.Service
	files *media.Service
}

// Finishing implements enforcement.Ways.
func (w ways) Finishing(ctx context.Context, q db.Queryer, orgID string, tasks, courses []string) (enforcement.Way, error) {
	way, err := w.tasks.Finishing(ctx, q, orgID, tasks, courses)
	return enforcement.Way(way), err
}

// Shows implements enforcement.Ways.
func (w ways) Shows(ctx context.Context, q db.Queryer, orgID, fileID string, way enforcement.Way) (bool, error) {
	shown, err := w.files.UsedBy(ctx, q, orgID, fileID, "document", way.Documents)
	if err == nil && !shown {
		shown, err = w.files.UsedBy(ctx, q, orgID, fileID, "video", way.Videos)
	}
	return shown, err
}

// enforce fills what enforcement needs of the modules that people owe something to.
func enforce(s *enforcement.Service, tasks *task.Service, courses *course.Service, files *media.Service) {
	s.Serve(map[string]enforcement.Source{enforcement.Task: tasks, enforcement.Course: courses}, ways{tasks, files})
}

// reminders tell people what they owe.
type reminders struct{ notifications *notification.Service }

// Remind implements enforcement.Notifier. The link is the page of what is owed.
func (r reminders) Remind(ctx context.Context, tx db.Tx, n enforcement.Notice) error {
	in := notification.Notice{
		OrgID: n.OrgID, UserIDs: []string{n.UserID}, Kind: notification.Reminder, Title: n.Subject, Text: n.Text,
		Subject: notification.Subject{Kind: n.Kind, ID: n.ItemID}, Key: n.Key,
	}
	for _, c := range n.Channels {
		in.Channels = append(in.Channels, notification.Channel(c))
	}
	return r.notifications.Notify(ctx, tx, in)
}
