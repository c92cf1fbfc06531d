package app

import (
	"context"
	"slices"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/extract"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/search"
	"github.com/workdrive/workdrive/internal/module/acknowledgement"
	"github.com/workdrive/workdrive/internal/module/audit"
	"github.com/workdrive/workdrive/internal/module/category"
	"github.com/workdrive/workdrive/internal/module/conversation"
	"github.com/workdrive/workdrive/internal/module/course"
	"github.com/workdrive/workdrive/internal/module/department"
	"github.com/workdrive/workdrive/internal/module/directory"
	"github.com/workdrive/workdrive/internal/module/document"
	"github.com/workdrive/workdrive/internal/module/enforcement"
	"github.com/workdrive/workdrive/internal/module/event"
	"github.com/workdrive/workdrive/internal/module/faq"
	"github.com/workdrive/workdrive/internal/module/identity"
	"github.com/workdrive/workdrive/internal/module/location"
	"github.com/workdrive/workdrive/internal/module/media"
	"github.com/workdrive/workdrive/internal/module/news"
	"github.com/workdrive/workdrive/internal/module/notification"
	"github.com/workdrive/workdrive/internal/module/org"
	"github.com/workdrive/workdrive/internal/module/photo"
	"github.com/workdrive/workdrive/internal/module/post"
	"github.com/workdrive/workdrive/internal/module/preview"
	"github.com/workdrive/workdrive/internal/module/quicklink"
	"github.com/workdrive/workdrive/internal/module/scim"
	searching "github.com/workdrive/workdrive/internal/module/search"
	"github.com/workdrive/workdrive/internal/module/securitygroup"
	"github.com/workdrive/workdrive/internal/module/session"
	"github.com/workdrive/workdrive/internal/module/settings"
	"github.com/workdrive/workdrive/internal/module/social"
	"github.com/workdrive/workdrive/internal/module/stream"
	"github.com/workdrive/workdrive/internal/module/task"
	"github.com/workdrive/workdrive/internal/module/token"
	"github.com/workdrive/workdrive/internal/module/user"
	"github.com/workdrive/workdrive/internal/module/video"
	"github.com/workdrive/workdrive/internal/module/visibility"
	"github.com/workdrive/workdrive/internal/module/webhook"
)

// Modules are the services by noun, for the command line and the demo.
type Modules struct {
	Orgs     *org.Service
	Users    *user.Service
	Tokens   *token.Service
	Settings *settings.Service
	Sessions *session.Service

	Departments *department.Service
	Locations   *location.Service
	Groups      *securitygroup.Service

	Media      *media.Service
	Posts      *post.Service
	News       *news.Service
	Photos     *photo.Service
	Videos     *video.Service
	Documents  *document.Service
	Faqs       *faq.Service
	Social     *social.Service
	Categories *category.Service
	Visibility *visibility.Service
	Search     *searching.Service
	Tasks      *task.Service
	Courses    *course.Service

	Acknowledgements *acknowledgement.Service
	Conversations    *conversation.Service
	Notifications    *notification.Service
	Events           *event.Service
	Enforcement      *enforcement.Service
	QuickLinks       *quicklink.Service
	Identities       *identity.Service
	Provisioning     *scim.Service
	Directory        *directory.Service
	Streams          *stream.Service
	Webhooks         *webhook.Service
	Audits           *audit.Service
}

// constraints are the unique indexes of all modules.
func constraints() []db.Constraint {
	return slices.Concat(user.Constraints, department.Constraints, location.Constraints, securitygroup.Constraints, category.Constraints, scim.Constraints)
}

// wire makes the services. What one module needs of another is filled in here.
func (a *App) wire(ctx context.Context) (m Modules, err error) {
	d, b, c, log := a.o.DB, a.bus, a.o.Clock, a.o.Log
	if a.mail, err = a.mailer(); err != nil {
		return m, err
	}
	audiences := audience.New(d, b)
	contents := content.New(d, b, audiences)
	a.index = search.New(d, audiences, a.jobs, c)
	previews := preview.New(preview.Deps{DB: d, Jobs: a.jobs, Clock: c, Client: a.outside(), Log: log})
	m.Settings = settings.New(d, b, c)
	m.Users = user.New(d, b, c, m.Settings)
	m.Tokens = token.New(d, b, c, log)
	m.Orgs = org.New(d, b, c, firstPeople{m.Users}, m.Tokens)
	m.Groups = securitygroup.New(d, b, c)
	if m.Directory, err = a.directory(m); err != nil {
		return m, err
	}
	m.Sessions = a.wireSessions(m.Users, m.Directory)
	scanner, err := a.o.Server.Media.Scanner()
	if err != nil {
		return m, err
	}
	m.Media, err = media.New(ctx, media.Deps{
		DB: d, Jobs: a.jobs, Clock: c, Log: log, Content: contents, Extract: extract.New(a.o.ReadPDF...), Films: a.o.Films, Scratch: a.o.Scratch, Scanner: scanner,
		Quota: media.Quota{Person: int64(a.o.Server.Media.QuotaPerson), Organization: int64(a.o.Server.Media.QuotaOrganization)},
		Blobs: a.o.Files, Bucket: bucket(a.o.Server), URL: a.o.Server.Address(a.o.Server.Listen),
	})
	if err != nil {
		return m, err
	}
	m.Users.Illustrate(m.Media, contents)
	m.Orgs.Illustrate(m.Media, contents)
	m.Categories = category.New(d, b, c)
	kinds := content.Deps{
		DB: d, Bus: b, Jobs: a.jobs, Clock: c, Audiences: audiences, Content: contents, Index: a.index,
		Files: m.Media, Previews: previews, Categories: m.Categories,
	}
	m.Posts, m.News, m.Photos, m.Videos = post.New(kinds), news.New(kinds), photo.New(kinds), video.New(kinds)
	m.Documents, m.Faqs = document.New(kinds), faq.New(kinds)
	m.Social, m.Acknowledgements = social.New(d, b, c, contents), acknowledgement.New(d, b, c, contents)
	m.Enforcement = enforcement.New(enforcement.Deps{DB: d, Bus: b, Jobs: a.jobs, Clock: c, Locales: user.Zones{}, URL: a.o.Server.Address(a.o.Server.Listen)})
	m.Tasks = task.New(task.Deps{
		DB: d, Bus: b, Clock: c, Content: contents, Videos: taskVideos{m.Videos}, Zones: user.Zones{}, URL: a.o.Server.Address(a.o.Server.Listen),
		Templates: templates{m.Enforcement, enforcement.Task},
	})
	m.Courses = course.New(course.Deps{
		DB: d, Bus: b, Clock: c, Categories: m.Categories, Tasks: courseTasks{m.Tasks}, Zones: user.Zones{}, Templates: templates{m.Enforcement, enforcement.Course},
	})
	m.Tasks.Serve(taskCourses{m.Courses})
	enforce(m.Enforcement, m.Tasks, m.Courses, m.Media)
	m.Search = searching.New(d, audiences, a.index)
	m.Users.OnChange(m.Search.PeopleChanged)
	m.Conversations = conversation.New(conversation.Deps{
		DB: d, Bus: b, Clock: c, Content: contents, Index: a.index, Files: m.Media, Previews: previews, Categories: m.Categories,
	})
	m.Users.OnChange(m.Conversations.PeopleChanged)
	m.Events = a.events(kinds, m.Conversations)
	m.QuickLinks = a.quickLinks(contents, m.Media)
	if m.Streams, m.Webhooks, err = a.telling(ctx, m, tellings(contents, audiences, conversation.Seating{Service: m.Conversations})); err != nil {
		return m, err
	}
	m.Audits = audit.New(d, c)
	m.Visibility = visibility.New(d, b, audiences, contents)
	m.Departments = department.New(d, b, c)
	m.Locations = location.New(d, b, c)
	if m.Identities, err = a.identities(m); err != nil {
		return m, err
	}
	m.Provisioning = a.provisioning(m)
	if m.Notifications, err = a.notifications(m, audiences, contents); err != nil {
		return m, err
	}
	m.Users.OnChange(m.Notifications.PeopleChanged)
	m.Enforcement.Notifier, m.Events.Notifier = reminders{m.Notifications}, eventNews{m.Notifications}
	for _, inherit := range []user.Heir{
		m.Posts.Inherit, m.News.Inherit, m.Photos.Inherit, m.Videos.Inherit, m.Documents.Inherit, m.Faqs.Inherit,
		m.Courses.Inherit, m.Tasks.Inherit, m.Events.Inherit,
	} {
		m.Users.OnHandOver(inherit)
	}
	return m, nil
}

// outside is how the server asks for pages on behalf of people; nil when it must not.
func (a *App) outside() *egress.Client {
	if !a.o.Server.LinkPreviews {
		return nil
	}
	return egress.New(egress.Options{Version: a.o.Version, Allow: a.o.Server.EgressAllow})
}

// module is what every module offers: its operations.
type module interface{ Register(r *api.Router) }

// mounted lists the modules with operations, in the order the description shows them.
func (a *App) mounted() []module {
	return []module{
		a.Users, a.Orgs, a.Tokens, a.Settings,
		a.Departments, a.Locations, a.Groups,
		a.Media, a.Posts, a.News, a.Photos, a.Videos, a.Documents, a.Faqs, a.Social, a.Acknowledgements, a.Categories, a.Visibility, a.Search,
		a.Tasks, a.Courses, a.Enforcement,
		a.Conversations, a.Notifications, a.Events, a.QuickLinks, a.Directory,
		a.Streams, a.Webhooks, a.Audits,
	}
}

// firstPeople lets org create an administrator through user.
type firstPeople struct{ users *user.Service }

// CreateFirst implements org.People.
func (f firstPeople) CreateFirst(ctx context.Context, tx db.Tx, orgID string, p org.FirstPerson) error {
	status := user.PreInvited
	if p.Active {
		status = user.Active
	}
	_, err := f.users.Provision(ctx, tx, orgID, user.NewPerson{
		ID: p.ID, Email: p.Email, FirstName: p.FirstName, LastName: p.LastName, Status: status,
		PasswordHash: p.PasswordHash, GroupIDs: p.GroupIDs,
	})
	return err
}

// tidy is the periodic job that deletes what has served its time.
type tidy struct{}

// Kind names the job.
func (tidy) Kind() string { return "app.tidy" }

func (a *App) housekeeping() {
	job.Handle(a.jobs, func(ctx context.Context, _ tidy) error {
		if err := a.bus.Trim(ctx); err != nil {
			return err
		}
		if s, ok := a.o.Files.(interface {
			Sweep(ctx context.Context) error
		}); ok {
			if err := s.Sweep(ctx); err != nil {
				return err
			}
		}
		if err := a.Notifications.Tidy(ctx); err != nil {
			return err
		}
		return a.router.ForgetAnswers(ctx)
	})
	a.jobs.Every(time.Hour, tidy{})
}
