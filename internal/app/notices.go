package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/kernel/sms"
	"github.com/workdrive/workdrive/internal/kernel/webpush"
	"github.com/workdrive/workdrive/internal/module/conversation"
	"github.com/workdrive/workdrive/internal/module/course"
	"github.com/workdrive/workdrive/internal/module/notification"
	"github.com/workdrive/workdrive/internal/module/task"
)

// notifications makes the service that tells people things, with the channels that are set up.
func (a *App) notifications(m Modules, audiences *audience.Audiences, contents *content.Content) (*notification.Service, error) {
	o, c := a.o.Server, a.o.Clock
	d := notification.Deps{
		DB: a.o.DB, Bus: a.bus, Clock: c, Log: a.o.Log, Metrics: a.metrics, Audiences: audiences, Content: contents,
		Sights:  map[string]content.Carrier{"task": task.Sight, "course": course.Sight},
		Sources: newSources(m, contents, c), URL: o.Address(o.Listen), Egress: a.pushClient(),
	}
	d.Page = func(s notification.Subject) string { return page(d.URL, s) }
	d.Mail = a.mail
	if o.SMS.On() {
		settings, err := o.SMS.Settings()
		if err != nil {
			return nil, err
		}
		settings.Version = a.o.Version
		sender, err := sms.New(settings, c)
		if err != nil {
			return nil, err
		}
		d.SMS = sender
	}
	if o.Push.On() {
		d.Push = func(keys webpush.Keys) (notification.Pusher, error) {
			return webpush.New(keys, o.Push.Contact, d.Egress, c)
		}
	}
	return notification.New(d), nil
}

// mailer is what mail is sent with, or nil.
func (a *App) mailer() (Mailer, error) {
	if !a.o.Server.SMTP.On() {
		return nil, nil
	}
	settings, err := a.o.Server.SMTP.Settings()
	if err != nil {
		return nil, err
	}
	return mail.New(settings)
}

// pushClient is how browsers' push services are reached.
func (a *App) pushClient() *egress.Client {
	return egress.New(egress.Options{Version: a.o.Version, Allow: a.o.Server.EgressAllow})
}

// pages are the console's, of the kinds of things that have one each.
var pages = map[string]string{
	"post": "posts", "news": "news", "document": "documents", "faq": "faqs", "task": "tasks", "course": "courses", "conversation": "chats",
	"event": "events",
}

// page is the address of what a notification is about: its own, or the nearest there is.
func page(url string, s notification.Subject) string {
	switch segment := pages[s.Kind]; {
	case segment != "":
		return url + "/" + segment + "/" + s.ID
	case s.Kind == "message":
		return url + "/chats"
	}
	return url
}

// sources say what events of the platform tell whom.
type sources struct {
	Modules
	content *content.Content
	clock   clock.Clock
}

// happened is what the data of events says, as far as sources ask. Modules call whose act it was
// by, actorId or authorId.
type happened struct {
	AuthorID string   `json:"authorId"`
	ActorID  string   `json:"actorId"`
	Status   string   `json:"status"`
	Kind     string   `json:"kind"`
	ItemID   string   `json:"itemId"`
	By       string   `json:"by"`
	CourseID string   `json:"courseId"`
	People   []string `json:"people"`
}

func newSources(m Modules, contents *content.Content, c clock.Clock) map[string]notification.Source {
	s := sources{m, contents, c}
	by := map[string]notification.Source{}
	on := func(ask func(ctx context.Context, q db.Queryer, e bus.Delivered, h happened) ([]notification.Notice, error), names ...string) {
		for _, name := range names {
			by[name] = func(ctx context.Context, q db.Queryer, e bus.Delivered) ([]notification.Notice, error) {
				var h happened
				if err := json.Unmarshal(e.Data, &h); err != nil {
					return nil, err
				}
				return ask(ctx, q, e, h)
			}
		}
	}
	on(s.post, "post.created", "post.published", "post.updated")
	on(s.news, "news.created", "news.published", "news.updated")
	on(s.document, "document.created", "document.published", "document.updated")
	on(s.comment, "comment.created", "comment.updated")
	on(s.message, "message.sent", "message.edited")
	on(s.assigned(notification.Task, "task"), "task.assigned")
	on(s.assigned(notification.Course, "course"), "course.assigned")
	on(s.assigned(notification.Event, "event"), "event.invited")
	on(s.requested, "conversation.requested")
	on(s.assigned(notification.JoinApproved, "conversation"), "conversation.approved")
	return by
}

// mentioned tells whom an item mentions: each once, also when the item is changed.
func mentioned(kind string, e bus.Delivered, h happened, people []string) []notification.Notice {
	return []notification.Notice{{
		Kind: notification.Mention, UserIDs: people, ActorID: h.AuthorID, Subject: notification.Subject{Kind: kind, ID: e.Subject}, Key: "mention:" + kind + ":" + e.Subject,
	}}
}

// acknowledge asks whoever sees an item to say that they have read it, once for each edition.
func acknowledge(item content.Item) notification.Notice {
	return notification.Notice{
		Kind: notification.Acknowledgement, Audience: item.AudienceID, ActorID: item.AuthorID, Subject: notification.Subject{Kind: item.Kind, ID: item.ID},
		Key: fmt.Sprintf("acknowledgement:%s:%s:%d", item.Kind, item.ID, item.Edition),
	}
}

func (s sources) post(ctx context.Context, _ db.Queryer, e bus.Delivered, h happened) ([]notification.Notice, error) {
	if h.Status != content.Published {
		return nil, nil
	}
	page, err := s.Posts.Get(ctx, authz.Actor{OrgID: e.OrgID, UserID: h.AuthorID}, e.Subject)
	if err != nil {
		return nil, err
	}
	return mentioned("post", e, h, page.Items[0].Body.Mentions), nil
}

func (s sources) news(ctx context.Context, _ db.Queryer, e bus.Delivered, h happened) ([]notification.Notice, error) {
	if h.Status != content.Published {
		return nil, nil
	}
	page, err := s.News.Get(ctx, authz.Actor{OrgID: e.OrgID, UserID: h.AuthorID}, e.Subject)
	if err != nil {
		return nil, err
	}
	item := page.Items[0]
	list := mentioned("news", e, h, item.Body.Mentions)
	if item.Body.Acknowledge {
		list = append(list, acknowledge(item.Item))
	}
	return list, nil
}

func (s sources) document(ctx context.Context, _ db.Queryer, e bus.Delivered, h happened) ([]notification.Notice, error) {
	if h.Status != content.Published {
		return nil, nil
	}
	page, err := s.Documents.Get(ctx, authz.Actor{OrgID: e.OrgID, UserID: h.AuthorID}, e.Subject)
	if err != nil || !page.Items[0].Body.Acknowledge {
		return nil, err
	}
	return []notification.Notice{acknowledge(page.Items[0].Item)}, nil
}

// comment tells whom a comment mentions, else whom it answers, else on whose item it is.
func (s sources) comment(ctx context.Context, q db.Queryer, e bus.Delivered, h happened) ([]notification.Notice, error) {
	who := authz.Actor{OrgID: e.OrgID, UserID: h.AuthorID}
	page, err := s.Social.Get(ctx, who, e.Subject)
	if err != nil {
		return nil, err
	}
	c := page.Comments[0]
	notice := notification.Notice{ActorID: h.AuthorID, Subject: notification.Subject{Kind: c.Kind, ID: c.ItemID}, Key: "comment:" + c.ID}
	list := []notification.Notice{to(notice, notification.Mention, c.Mentions...)}
	if e.Name == "comment.updated" { // who it answers, and whose item it is on, has heard of it
		return list, nil
	}
	if c.ParentID != nil {
		parent, err := s.Social.Get(ctx, who, *c.ParentID)
		if err != nil {
			return nil, err
		}
		list = append(list, to(notice, notification.Reply, parent.Comments[0].Author.ID))
	}
	item, err := s.content.Visible(ctx, q, who, c.Kind, c.ItemID)
	if err != nil {
		return nil, err
	}
	return append(list, to(notice, notification.Comment, item.AuthorID)), nil
}

// to is a notice of a kind to some people.
func to(n notification.Notice, kind string, people ...string) notification.Notice {
	n.Kind, n.UserIDs = kind, slices.Clone(people)
	return n
}

// message tells whom a message mentions, else whom it answers, unless they want to hear nothing of
// the conversation.
func (s sources) message(ctx context.Context, q db.Queryer, e bus.Delivered, h happened) ([]notification.Notice, error) {
	who := authz.Actor{OrgID: e.OrgID, UserID: h.By}
	found, err := s.Conversations.Message(ctx, who, e.Subject)
	if err != nil {
		return nil, err
	}
	m := found.List[0]
	notice := notification.Notice{ActorID: m.SenderID, Subject: notification.Subject{Kind: "message", ID: m.ID}, Key: "message:" + m.ID}
	list := []notification.Notice{to(notice, notification.Mention, m.Body.Mentions...)}
	if m.ReplyOf != nil && e.Name == "message.sent" {
		parent, err := s.Conversations.Message(ctx, who, *m.ReplyOf)
		if err != nil {
			return nil, err
		}
		list = append(list, to(notice, notification.Reply, parent.List[0].SenderID))
	}
	for i := range list {
		if len(list[i].UserIDs) == 0 {
			continue
		}
		if list[i].UserIDs, err = conversation.Hearing(ctx, q, e.OrgID, m.ConversationID, list[i].UserIDs, s.clock.Now().UnixMilli()); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// assigned tells people whom an event names that they were given something. What is given again
// after it was taken away tells again. The tasks of a course come with the course.
func (s sources) assigned(kind, subject string) func(context.Context, db.Queryer, bus.Delivered, happened) ([]notification.Notice, error) {
	return func(_ context.Context, _ db.Queryer, e bus.Delivered, h happened) ([]notification.Notice, error) {
		if h.CourseID != "" {
			return nil, nil
		}
		return []notification.Notice{{Kind: kind, UserIDs: h.People, ActorID: h.By, Subject: notification.Subject{Kind: subject, ID: e.Subject}}}, nil
	}
}

// requested tells the admins of a group chat that somebody asks to join.
func (s sources) requested(ctx context.Context, q db.Queryer, e bus.Delivered, h happened) ([]notification.Notice, error) {
	admins, err := conversation.Admins(ctx, q, e.OrgID, e.Subject)
	return []notification.Notice{{Kind: notification.JoinRequest, UserIDs: admins, ActorID: h.By, Subject: notification.Subject{Kind: "conversation", ID: e.Subject}}}, err
}
