package conversation

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/kernel/search"
)

// Deps are what the service works with.
type Deps struct {
	DB         *db.DB
	Bus        *bus.Bus
	Clock      clock.Clock
	Content    *content.Content
	Index      *search.Index
	Files      content.Files
	Previews   content.Previews
	Categories content.Categories
}

// Service is what can be done with conversations.
type Service struct {
	Deps
	store store
}

// New makes the service and says who may read its files.
func New(d Deps) *Service {
	d.Content.Carry(messageNoun, ofMessage)
	d.Content.Carry(noun, ofConversation)
	d.Content.Carry(meetingNoun, ofMeeting)
	return &Service{Deps: d}
}

func (s *Service) now() int64 { return clock.Millis(s.Clock.Now()) }

// event is the data of events about conversations.
type event struct {
	ID string `json:"id"`
	By string `json:"by"`
	// People are who was in it until now, of .left and .deleted; and who was let in, of .approved.
	People []string `json:"people,omitempty"`
}

func (s *Service) publish(ctx context.Context, tx db.Tx, who authz.Actor, id string, names ...string) error {
	for _, name := range names {
		if err := s.Bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: noun + "." + name, Subject: id, Data: event{ID: id, By: who.UserID}}); err != nil {
			return err
		}
	}
	return nil
}

// parted tells that people are in a conversation no more, which nobody would find out afterwards.
func (s *Service) parted(ctx context.Context, tx db.Tx, who authz.Actor, id, name string, people []string) error {
	var events []bus.Event
	for part := range slices.Chunk(people, mostListed) {
		events = append(events, bus.Event{OrgID: who.OrgID, Name: noun + "." + name, Subject: id, Data: event{id, who.UserID, part}})
	}
	return s.Bus.PublishMany(ctx, tx, events)
}

// Create makes a group chat of the actor's.
func (s *Service) Create(ctx context.Context, who authz.Actor, in Draft) (Detail, error) {
	now := s.now()
	c := Conversation{
		ID: ids.New(), Kind: in.GroupType, Title: in.Title, Description: in.Description, IsPrivate: in.IsPrivate, ByRequest: in.ByRequest,
		ImageID: optional(in.FileID), ActiveAt: now, CreatedAt: now, UpdatedAt: now, CreatedBy: who.UserID, UpdatedBy: who.UserID,
	}
	if c.Color = colorOf(c.ID); c.Kind == "" {
		c.Kind = ChatGroup
	}
	var bad fault.Fields
	c.validate(&bad)
	people, admins := []string{who.UserID}, map[string]bool{who.UserID: true}
	for _, m := range in.Members {
		people = append(people, m.ID)
		admins[m.ID] = admins[m.ID] || m.IsAdmin
	}
	if err := s.arrive(ctx, who, c.ImageID); err != nil {
		return Detail{}, err
	}
	var out Detail
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		bad := bad
		unknown, err := person.Missing(ctx, tx, who.OrgID, people)
		if err != nil {
			return err
		}
		for i, m := range in.Members {
			if slices.Contains(unknown, m.ID) {
				bad.Add(nth("/members", i)+"/id", "user.unknown", "This is not the id of a person of this organization.")
			}
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.categorize(ctx, tx, who, in.Category, &c); err != nil {
			return err
		}
		if _, err := s.store.insert(ctx, tx, who.OrgID, c, nil); err != nil {
			return err
		}
		if err := s.Files.Use(ctx, tx, who, content.Item{Kind: noun, ID: c.ID}, c.files()); err != nil {
			return err
		}
		if err := s.store.join(ctx, tx, who.OrgID, c, content.Unique(people), admins, now); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, who, c.ID, "created", "membersChanged"); err != nil {
			return err
		}
		out, err = s.detail(ctx, tx, who, c.ID)
		return err
	})
	return out, err
}

// arrive looks for an upload before the transaction that uses it.
func (s *Service) arrive(ctx context.Context, who authz.Actor, file *string) error {
	if file == nil {
		return nil
	}
	return s.Files.Arrive(ctx, who, []string{*file})
}

func (s *Service) categorize(ctx context.Context, tx db.Tx, who authz.Actor, name api.Patch[string], c *Conversation) error {
	if !name.Set {
		return nil
	}
	if c.CategoryID = nil; name.Value == "" {
		return nil
	}
	id, err := s.Categories.Resolve(ctx, tx, who, content.CategoryName{ModuleCode: moduleCode, Name: name.Value, Pointer: "/category"})
	c.CategoryID = &id
	return err
}

// CreateDirect gives the direct conversation of the actor with people, and whether it is new.
func (s *Service) CreateDirect(ctx context.Context, who authz.Actor, people []string) (out Detail, made bool, err error) {
	all := content.Unique(append([]string{who.UserID}, people...))
	var bad fault.Fields
	switch {
	case len(all) < 2:
		bad.Add("/userIds", "conversation.peopleRequired", "Name at least one other person.")
	case len(all) > maxDirect:
		bad.Addf("/userIds", "conversation.tooManyPeople", "A direct conversation has at most %d people. Make a group chat.", maxDirect)
	}
	if err := bad.Err(); err != nil {
		return out, false, err
	}
	now, key := s.now(), peopleKey(all)
	c := Conversation{
		ID: ids.New(), Kind: Direct, IsPrivate: true, ActiveAt: now, CreatedAt: now, UpdatedAt: now, CreatedBy: who.UserID, UpdatedBy: who.UserID,
	}
	c.Color = colorOf(c.ID)
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		unknown, err := person.Missing(ctx, tx, who.OrgID, people)
		if err != nil {
			return err
		}
		var bad fault.Fields
		for i, id := range people {
			if slices.Contains(unknown, id) {
				bad.Add(nth("/userIds", i), "user.unknown", "This is not the id of a person of this organization.")
			}
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if made, err = s.store.insert(ctx, tx, who.OrgID, c, &key); err != nil {
			return err
		}
		id := c.ID
		if made {
			err = s.store.join(ctx, tx, who.OrgID, c, all, nil, now)
		} else {
			id, err = s.store.direct(ctx, tx, who.OrgID, key)
		}
		if err == nil && made {
			err = s.publish(ctx, tx, who, id, "created", "membersChanged")
		}
		if err == nil {
			out, err = s.detail(ctx, tx, who, id)
		}
		return err
	})
	return out, made, err
}

// Get gives a conversation with its people and meetings.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Detail, error) {
	return s.detail(ctx, s.DB.Reader(ctx), who, id)
}

func (s *Service) detail(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Detail, error) {
	c, err := s.store.byID(ctx, q, who, id)
	d := Detail{Conversation: c, Participants: []person.Card{}, Admins: []string{}}
	if err != nil {
		return d, err
	}
	var files []string
	if c.ImageID != nil {
		files = append(files, *c.ImageID)
	}
	if c.Readable() {
		people, err := s.store.participants(ctx, q, who.OrgID, []string{id}, maxShown)
		if err != nil {
			return d, err
		}
		for _, p := range people {
			if d.Participants = append(d.Participants, p.Card); p.isAdmin {
				d.Admins = append(d.Admins, p.ID)
			}
		}
		if d.Next, d.Last, err = s.store.meetingsOf(ctx, q, who.OrgID, id, s.now()); err != nil {
			return d, err
		}
	}
	var others []string
	for _, m := range []*Meeting{d.Next, d.Last} {
		if m != nil {
			others, files = append(others, m.everybody()...), append(files, m.files()...)
		}
	}
	d.Company, err = s.company(ctx, q, who.OrgID, content.Refs{People: others}, files)
	return d, err
}

// company reads what answers show of other modules.
func (s *Service) company(ctx context.Context, q db.Queryer, orgID string, refs content.Refs, files []string) (with content.Company, err error) {
	if with.People, err = person.ByIDs(ctx, q, orgID, content.Unique(refs.People)); err != nil {
		return with, err
	}
	if with.Files, err = s.Files.ByIDs(ctx, q, orgID, content.Unique(files)); err != nil {
		return with, err
	}
	with.Links, err = s.Previews.Cards(ctx, q, orgID, refs.Links)
	return with, err
}

// Listing is which group chats are wanted.
type Listing struct {
	api.Page
	Kind         string // "" for all
	Mine         bool
	Participants bool
	Until        *api.Time
}

// List gives a page of the group chats the actor may know of, latest made first.
func (s *Service) List(ctx context.Context, who authz.Actor, in Listing) ([]Row, api.Meta, error) {
	f := filter{kind: in.Kind, mine: in.Mine, until: top.At, after: top}
	if in.Until != nil {
		f.until = in.Until.Millis()
	}
	if in.Cursor != "" {
		if err := in.DecodeCursor(&f.after); err != nil {
			return nil, api.Meta{}, err
		}
		in.CurPage = 1
	}
	q := s.DB.Reader(ctx)
	total, err := s.store.countGroups(ctx, q, who, f)
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, err := s.store.groups(ctx, q, who, f, in.Limit()+1, in.Offset())
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, meta := paged(list, in.Page, total, func(c Conversation) int64 { return c.CreatedAt })
	of := func(Conversation) bool { return false }
	if in.Participants {
		of = Conversation.Readable
	}
	return list, meta, s.complete(ctx, q, who.OrgID, list, of)
}

// Mine gives a page of the actor's conversations, the ones that were written in last first.
func (s *Service) Mine(ctx context.Context, who authz.Actor, p api.Page) ([]Row, api.Meta, error) {
	after := top
	if p.Cursor != "" {
		if err := p.DecodeCursor(&after); err != nil {
			return nil, api.Meta{}, err
		}
		p.CurPage = 1
	}
	q := s.DB.Reader(ctx)
	total, err := s.store.countMine(ctx, q, who)
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, err := s.store.mine(ctx, q, who, after, p.Limit()+1, p.Offset())
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, meta := paged(list, p, total, func(c Conversation) int64 { return c.ActiveAt })
	return list, meta, s.complete(ctx, q, who.OrgID, list, func(c Conversation) bool { return c.Kind == Direct })
}

// paged cuts the row behind a page off, and tells where to go on.
func paged(list []Row, p api.Page, total int, at func(Conversation) int64) ([]Row, api.Meta) {
	meta := p.Meta(total)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		last := list[n-1].Conversation
		meta.NextCursor = ids.EncodeCursor(position{at(last), last.ID})
	}
	return list, meta
}

// mostListed is how many people a listing shows of one conversation.
const mostListed = 100

// complete reads the pictures of listed conversations, and the people of some.
func (s *Service) complete(ctx context.Context, q db.Queryer, orgID string, list []Row, peopled func(Conversation) bool) error {
	var files, of []string
	for _, row := range list {
		if row.ImageID != nil {
			files = append(files, *row.ImageID)
		}
		if peopled(row.Conversation) {
			of = append(of, row.ID)
		}
	}
	people, err := s.store.participants(ctx, q, orgID, of, mostListed)
	if err != nil {
		return err
	}
	by := map[string][]person.Card{}
	for _, p := range people {
		by[p.conversation] = append(by[p.conversation], p.Card)
	}
	pictures, err := s.Files.ByIDs(ctx, q, orgID, content.Unique(files))
	for i := range list {
		list[i].Company.Files, list[i].Participants = pictures, by[list[i].ID]
	}
	return err
}

// Update changes a group chat and who is in it. ifMatch is the If-Match header, "" for none.
func (s *Service) Update(ctx context.Context, who authz.Actor, id, ifMatch string, in Change) (Detail, error) {
	if in.FileID.Set {
		if err := s.arrive(ctx, who, optional(in.FileID.Value)); err != nil {
			return Detail{}, err
		}
	}
	var out Detail
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		c, err := s.asAdmin(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, c.Version); err != nil {
			return err
		}
		var bad fault.Fields
		in.apply(&c, &bad)
		if err := s.knownPeople(ctx, tx, who.OrgID, in.people()[:2], &bad); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.categorize(ctx, tx, who, in.Category, &c); err != nil {
			return err
		}
		if in.FileID.Set {
			if err := s.Files.Use(ctx, tx, who, content.Item{Kind: noun, ID: id}, c.files()); err != nil {
				return err
			}
		}
		c.UpdatedAt, c.UpdatedBy = s.now(), who.UserID
		if err := s.store.update(ctx, tx, who.OrgID, c); err != nil {
			return err
		}
		if err := s.seat(ctx, tx, who, c, in); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, who, id, "updated"); err != nil {
			return err
		}
		out, err = s.afterChange(ctx, tx, who, c)
		return err
	})
	return out, err
}

// afterChange gives a group chat the actor has changed: perhaps so that they know of it no more.
func (s *Service) afterChange(ctx context.Context, tx db.Tx, who authz.Actor, c Conversation) (Detail, error) {
	out, err := s.detail(ctx, tx, who, c.ID)
	if fault.Is(err, fault.KindNotFound) {
		c.Mine, c.MemberCount = nil, max(0, c.MemberCount-1)
		return Detail{Conversation: c, Participants: []person.Card{}, Admins: []string{}}, nil
	}
	return out, err
}

// knownPeople reports those who are not people of the organization at the fields that name them.
func (s *Service) knownPeople(ctx context.Context, q db.Queryer, orgID string, lists []named, bad *fault.Fields) error {
	for _, l := range lists {
		unknown, err := person.Missing(ctx, q, orgID, l.ids)
		if err != nil {
			return err
		}
		for i, id := range l.ids {
			if slices.Contains(unknown, id) {
				bad.Add(nth(l.pointer, i), "user.unknown", "This is not the id of a person of this organization.")
			}
		}
	}
	return nil
}

// Delete removes group chats with everything in them, all or none.
func (s *Service) Delete(ctx context.Context, who authz.Actor, list []string) error {
	list = content.Unique(list)
	slices.Sort(list) // locked in one order
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		for _, id := range list {
			c, err := s.locked(ctx, tx, who, id)
			switch {
			case err != nil:
				return err
			case c.Kind == Direct:
				return errDirect
			case !c.isAdmin() && (!who.Can(authz.ContentModerate) || !c.Readable()):
				return fault.Forbidden("conversation.notAdmin", "Only admins of the group chat and moderators can delete it.")
			}
			people, err := s.store.seated(ctx, tx, who.OrgID, []string{id}, false)
			if err != nil {
				return err
			}
			if err := s.clear(ctx, tx, who, id); err != nil {
				return err
			}
			if len(people[id]) == 0 { // nobody is left to be told, but caches are
				people[id] = []string{who.UserID}
			}
			if err := s.parted(ctx, tx, who, id, "deleted", people[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

// clear deletes a conversation and takes what was in it out of the index and off its files.
func (s *Service) clear(ctx context.Context, tx db.Tx, who authz.Actor, id string) error {
	messages, err := s.store.messageIDs(ctx, tx, who.OrgID, id)
	if err != nil {
		return err
	}
	if err := s.Index.Remove(ctx, tx, who.OrgID, messageNoun, messages...); err != nil {
		return err
	}
	meetings, err := s.store.meetingIDs(ctx, tx, who.OrgID, id)
	if err != nil {
		return err
	}
	for _, x := range []struct {
		kind string
		ids  []string
	}{{noun, []string{id}}, {messageNoun, messages}, {meetingNoun, meetings}} {
		if err := s.Files.Free(ctx, tx, who.OrgID, x.kind, x.ids); err != nil {
			return err
		}
	}
	return s.store.remove(ctx, tx, who.OrgID, id)
}
