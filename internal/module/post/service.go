package post

import (
	"context"
	"encoding/json"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/linkpreview"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Deps are what the service works with.
type Deps struct {
	DB        *db.DB
	Bus       *bus.Bus
	Jobs      *job.Jobs
	Clock     clock.Clock
	Audiences *audience.Audiences
	Content   *content.Content
	Previews  Previews
	Files     Files
}

// Previews are the cards of links.
type Previews interface {
	// Want has the cards of links fetched in the background.
	Want(ctx context.Context, tx db.Tx, orgID string, links []string) error
	// Cards gives the cards that are there, by link.
	Cards(ctx context.Context, q db.Queryer, orgID string, links []string) (map[string]linkpreview.Preview, error)
}

// Files are the uploaded files that posts show.
type Files interface {
	// Arrive looks whether uploads of the actor's have arrived, before a transaction begins.
	Arrive(ctx context.Context, who authz.Actor, ids []string) error
	// Use makes files what an item uses; ids that the actor may not use are invalid entries of
	// the list at pointer.
	Use(ctx context.Context, tx db.Tx, who authz.Actor, item content.Item, pointer string, ids []string) error
	// ByIDs reads files in one statement.
	ByIDs(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]person.File, error)
}

// Service is what can be done with posts.
type Service struct {
	db        *db.DB
	bus       *bus.Bus
	jobs      *job.Jobs
	clock     clock.Clock
	audiences *audience.Audiences
	content   *content.Content
	previews  Previews
	files     Files
	store     store
}

// New makes the service, registers posts as a kind of content and its job.
func New(d Deps) *Service {
	s := &Service{db: d.DB, bus: d.Bus, jobs: d.Jobs, clock: d.Clock, audiences: d.Audiences, content: d.Content, previews: d.Previews, files: d.Files}
	d.Content.Add(Kind)
	job.Handle(d.Jobs, s.publishDue)
	return s
}

// List gives a page of the posts the actor may see.
func (s *Service) List(ctx context.Context, who authz.Actor, query content.Query) (Page, error) {
	q := s.db.Reader(ctx)
	var rows []row
	var total int
	err := s.content.List(ctx, q, who, query, func(feed content.Feed) (found int, err error) {
		rows, total, err = s.store.list(ctx, q, feed)
		return len(rows), err
	})
	if err != nil {
		return Page{}, err
	}
	return s.page(ctx, q, who.OrgID, rows, total)
}

// ListOwn gives a page of the actor's own posts of a status.
func (s *Service) ListOwn(ctx context.Context, who authz.Actor, status string, query content.Query) (Page, error) {
	q := s.db.Reader(ctx)
	rows, total, err := s.store.listOwn(ctx, q, who, status, query)
	if err != nil {
		return Page{}, err
	}
	return s.page(ctx, q, who.OrgID, rows, total)
}

// Page is a page of posts with everybody and everything they show.
type Page struct {
	company

	rows  []row
	Total int
}

// company is what posts show of other modules: people and files by id, cards of links by link.
type company struct {
	people map[string]person.Card
	links  map[string]linkpreview.Preview
	files  map[string]person.File
}

// company reads what posts show with one statement for each kind there is any of.
func (s *Service) company(ctx context.Context, q db.Queryer, orgID string, posts ...*row) (with company, err error) {
	var people, links, files []string
	for _, r := range posts {
		people = append(append(append(people, r.Mentions...), r.Tagged...), r.reactions.Latest...)
		if r.author.ID == "" { // of a new post
			people = append(people, r.AuthorID)
		}
		links, files = append(links, r.previewed()...), append(files, r.Files...)
	}
	if with.people, err = person.ByIDs(ctx, q, orgID, unique(people)); err != nil {
		return with, err
	}
	if with.links, err = s.previews.Cards(ctx, q, orgID, links); err != nil || len(files) == 0 {
		return with, err
	}
	with.files, err = s.files.ByIDs(ctx, q, orgID, unique(files))
	return with, err
}

func (s *Service) page(ctx context.Context, q db.Queryer, orgID string, rows []row, total int) (Page, error) {
	posts := make([]*row, len(rows))
	for i := range rows {
		posts[i] = &rows[i]
	}
	with, err := s.company(ctx, q, orgID, posts...)
	return Page{with, rows, total}, err
}

// Get gives one post the actor may see.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (View, error) {
	q := s.db.Reader(ctx)
	r, err := s.store.byID(ctx, q, who, id)
	if err != nil {
		return View{}, err
	}
	if err := s.seen(ctx, who, r.Item); err != nil {
		return View{}, err
	}
	return s.view(ctx, q, who.OrgID, r)
}

func (s *Service) view(ctx context.Context, q db.Queryer, orgID string, r row) (View, error) {
	p, err := s.page(ctx, q, orgID, []row{r}, 1)
	if err != nil {
		return View{}, err
	}
	return viewOf(r, p.company), nil
}

// Create publishes, keeps or schedules a post of the actor's.
func (s *Service) Create(ctx context.Context, who authz.Actor, in Draft) (View, error) {
	now := s.clock.Now()
	p := Post{CreatedAt: now.UnixMilli(), UpdatedAt: now.UnixMilli(), PostedAt: now.UnixMilli()}
	p.ID, p.AuthorID, p.Kind = ids.New(), who.UserID, Kind.Name
	if !in.Status.Set || in.Status.Null {
		in.Status = api.Patch[string]{Set: true, Value: content.Published}
	}
	if err := s.check(ctx, who, in, &p, now); err != nil {
		return View{}, err
	}
	permissions, err := s.permissions(ctx, who, in)
	if err != nil {
		return View{}, err
	}
	if err := s.arrive(ctx, who, in); err != nil {
		return View{}, err
	}
	var v View
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if p.AudienceID, err = s.audiences.Intern(ctx, tx, who.OrgID, p.AuthorID, permissions); err != nil {
			return err
		}
		if err := s.store.insert(ctx, tx, who.OrgID, p); err != nil {
			return err
		}
		if err := s.use(ctx, tx, who, p, in); err != nil {
			return err
		}
		if err := s.settle(ctx, tx, who, Post{}, p, "post.created"); err != nil {
			return err
		}
		v, err = s.fresh(ctx, tx, who, p, permissions)
		return err
	})
	if err != nil {
		return View{}, err
	}
	return v, nil
}

// fresh gives a new post as its author reads it. Everything but the people is known: reading
// the post again was a quarter of the work of creating it. They are read in the transaction,
// whose connection has its pages in memory; SQLite's readers lose theirs with every commit.
func (s *Service) fresh(ctx context.Context, tx db.Tx, who authz.Actor, p Post, permissions audience.Permissions) (View, error) {
	stored, err := json.Marshal(permissions.Normalize())
	if err != nil {
		return View{}, err
	}
	p.Version = 1
	body := string(stored)
	r := row{Post: p, Mine: content.Mine{Permissions: &body}}
	with, err := s.company(ctx, tx, who.OrgID, &r)
	if err != nil {
		return View{}, err
	}
	r.author = with.people[p.AuthorID]
	return viewOf(r, with), nil
}

// arrive looks for the files a draft names, as long as they are not too many.
func (s *Service) arrive(ctx context.Context, who authz.Actor, in Draft) error {
	if n := len(in.FileIDs.Value); n == 0 || n > maxFiles {
		return nil
	}
	return s.files.Arrive(ctx, who, in.FileIDs.Value)
}

// use tells that a post shows the files a draft names.
func (s *Service) use(ctx context.Context, tx db.Tx, who authz.Actor, p Post, in Draft) error {
	if !in.FileIDs.Set || p.Version == 0 && len(p.Files) == 0 { // a new post without any
		return nil
	}
	return s.files.Use(ctx, tx, who, p.Item, "/fileIds", p.Files)
}

// check applies a draft to a post and reports everything that is wrong with it at once.
func (s *Service) check(ctx context.Context, who authz.Actor, in Draft, p *Post, now time.Time) error {
	var bad fault.Fields
	in.apply(&p.Body, &bad)
	if in.Permissions.Set {
		in.Permissions.Value.Validate("/permissions", &bad)
	}
	if err := in.schedule(p, now, &bad); err != nil {
		return err
	}
	if !bad.Empty() {
		return bad.Err()
	}
	for _, l := range []struct {
		pointer string
		people  []string
		sent    bool
	}{{"/mention", p.Mentions, in.Mention.Set}, {"/taggedUserIds", p.Tagged, in.TaggedUserIDs.Set}} {
		if !l.sent {
			continue
		}
		missing, err := person.Missing(ctx, s.db.Reader(ctx), who.OrgID, l.people)
		if err != nil {
			return err
		}
		for _, id := range missing {
			bad.Addf(l.pointer, "user.unknown", "%s is not the id of a person of this organization.", id)
		}
	}
	return bad.Err()
}

func (s *Service) permissions(ctx context.Context, who authz.Actor, in Draft) (audience.Permissions, error) {
	if in.Permissions.Set && !in.Permissions.Null {
		return in.Permissions.Value, nil
	}
	v, err := s.store.defaultVisibility(ctx, s.db.Reader(ctx), who.OrgID, who.UserID)
	return audience.Default(v), err
}

// settle does what follows from a change of a post in the same transaction: its counters,
// its job, its event. before is the zero Post for a new one.
func (s *Service) settle(ctx context.Context, tx db.Tx, who authz.Actor, before, after Post, event string) error {
	if err := s.recount(ctx, tx, who.OrgID, before, after); err != nil {
		return err
	}
	if after.Status == content.Scheduled {
		due := publish{OrgID: who.OrgID, ID: after.ID, At: *after.PublishAt}
		if err := s.jobs.Enqueue(ctx, tx, due, clock.FromMillis(due.At)); err != nil {
			return err
		}
	}
	if after.Status == content.Published {
		if err := s.previews.Want(ctx, tx, who.OrgID, after.previewed()); err != nil {
			return err
		}
	}
	return s.bus.Publish(ctx, tx, bus.Event{
		OrgID: who.OrgID, Name: event, Subject: after.ID, Data: eventData{AuthorID: after.AuthorID, ActorID: who.UserID, Status: after.Status},
	})
}

// eventData says who and what state, never what a post says: events cross nodes.
type eventData struct {
	AuthorID string `json:"authorId"`
	ActorID  string `json:"actorId"`
	Status   string `json:"status"`
}

func (s *Service) recount(ctx context.Context, tx db.Tx, orgID string, before, after Post) error {
	was, is := before.Status == content.Published, after.Status == content.Published
	if was == is && before.AudienceID == after.AudienceID {
		return nil
	}
	if was {
		if err := s.content.Count(ctx, tx, orgID, Kind.Name, before.AudienceID, -1); err != nil {
			return err
		}
	}
	if is {
		return s.content.Count(ctx, tx, orgID, Kind.Name, after.AudienceID, +1)
	}
	return nil
}

// reread gives the post as its author reads it after a change.
func (s *Service) reread(ctx context.Context, who authz.Actor, id string) (View, error) {
	q := s.db.Reader(ctx)
	r, err := s.store.byID(ctx, q, who, id)
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, q, who.OrgID, r)
}

// Update changes a post of the actor's as the draft says. ifMatch is the If-Match header.
func (s *Service) Update(ctx context.Context, who authz.Actor, id string, in Draft, ifMatch string) (View, error) {
	if err := s.arrive(ctx, who, in); err != nil {
		return View{}, err
	}
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.toEdit(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, before.Version); err != nil {
			return err
		}
		after, now := before, s.clock.Now()
		if err := s.check(ctx, who, in, &after, now); err != nil {
			return err
		}
		if in.Permissions.Set {
			p, err := s.permissions(ctx, who, in)
			if err != nil {
				return err
			}
			if after.AudienceID, err = s.audiences.Intern(ctx, tx, who.OrgID, after.AuthorID, p); err != nil {
				return err
			}
		}
		if err := s.use(ctx, tx, who, after, in); err != nil {
			return err
		}
		after.UpdatedAt = now.UnixMilli()
		if err := s.store.update(ctx, tx, who.OrgID, who.UserID, after); err != nil {
			return err
		}
		event := "post.updated"
		if before.Status != content.Published && after.Status == content.Published {
			event = "post.published"
		}
		return s.settle(ctx, tx, who, before, after, event)
	})
	if err != nil {
		return View{}, err
	}
	return s.reread(ctx, who, id)
}

// Delete removes a post with its comments, reactions and bookmarks.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string, moderate bool) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		p, moderated, err := s.toDelete(ctx, tx, who, id, moderate)
		if err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, p.Version); err != nil {
			return err
		}
		if err := s.content.Forget(ctx, tx, who.OrgID, p.Item); err != nil {
			return err
		}
		if len(p.Files) > 0 {
			if err := s.files.Use(ctx, tx, who, p.Item, "", nil); err != nil {
				return err
			}
		}
		if err := s.store.remove(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		event, gone := "post.deleted", p
		if moderated {
			event = "post.moderated"
		}
		gone.Status = "DELETED"
		return s.settle(ctx, tx, who, p, gone, event)
	})
}

// publish is the job that publishes a scheduled post.
type publish struct {
	OrgID string `json:"orgId"`
	ID    string `json:"id"`
	At    int64  `json:"at"` // the publishAt it was enqueued for
}

// Kind names the job.
func (publish) Kind() string { return "post.publish" }

// publishDue publishes a scheduled post, unless it was published, rescheduled or deleted
// since: then another job, or none, is responsible. Somebody who may not act any more does not
// publish either: their post becomes a draft.
func (s *Service) publishDue(ctx context.Context, due publish) error {
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.store.lock(ctx, tx, due.OrgID, due.ID)
		if err != nil {
			return err
		}
		if before.Status != content.Scheduled || before.PublishAt == nil || *before.PublishAt != due.At {
			return nil
		}
		active, err := s.store.isActive(ctx, tx, due.OrgID, before.AuthorID)
		if err != nil {
			return err
		}
		after, event := before, "post.published"
		after.Status, after.PostedAt, after.PublishAt = content.Published, due.At, nil
		if !active {
			after.Status, after.PostedAt, event = content.Draft, before.PostedAt, "post.updated"
		}
		after.UpdatedAt = s.clock.Now().UnixMilli()
		if err := s.store.update(ctx, tx, due.OrgID, before.AuthorID, after); err != nil {
			return err
		}
		author := authz.Actor{OrgID: due.OrgID, UserID: before.AuthorID}
		return s.settle(ctx, tx, author, before, after, event)
	})
	if fault.Is(err, fault.KindNotFound) {
		return nil
	}
	return err
}

// Inherit gives a leaver's drafts and scheduled posts to their heir. Published posts keep
// their author, shown as a former member.
func (s *Service) Inherit(ctx context.Context, tx db.Tx, orgID, from, to string) error {
	old, err := s.store.unpublishedAudiences(ctx, tx, orgID, from)
	if err != nil {
		return err
	}
	for _, id := range old { // a handful: one per distinct audience, not per post
		p, err := s.audiences.Permissions(ctx, tx, orgID, id)
		if err != nil {
			return err
		}
		heirs, err := s.audiences.Intern(ctx, tx, orgID, to, p)
		if err != nil {
			return err
		}
		if err := s.store.bequeath(ctx, tx, orgID, from, to, [2]int64{id, heirs}); err != nil {
			return err
		}
	}
	return nil
}

// IDs lists the ids of the posts of the page, in order.
func (p Page) IDs() []string {
	list := make([]string, len(p.rows))
	for i, r := range p.rows {
		list[i] = r.ID
	}
	return list
}
