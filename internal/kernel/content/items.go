package content

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/linkpreview"
	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/kernel/search"
)

// Deps are what the modules of all kinds work with.
type Deps struct {
	DB         *db.DB
	Bus        *bus.Bus
	Jobs       *job.Jobs
	Clock      clock.Clock
	Audiences  *audience.Audiences
	Content    *Content
	Index      *search.Index
	Previews   Previews
	Files      Files
	Categories Categories // nil for kinds without
}

// Previews are the cards of links.
type Previews interface {
	// Want has the cards of links fetched in the background.
	Want(ctx context.Context, tx db.Tx, orgID string, links []string) error
	// Cards gives the cards that are there, by link.
	Cards(ctx context.Context, q db.Queryer, orgID string, links []string) (map[string]linkpreview.Preview, error)
}

// Files are the uploaded files that items show.
type Files interface {
	// Arrive looks whether uploads of the actor's have arrived, before a transaction begins.
	Arrive(ctx context.Context, who authz.Actor, ids []string) error
	// Use makes files what an item uses; those that the actor may not use are invalid.
	Use(ctx context.Context, tx db.Tx, who authz.Actor, item Item, files []FileRef) error
	// Free makes items of a kind, or what else is registered with Carry, use no file any more.
	Free(ctx context.Context, tx db.Tx, orgID, kind string, ids []string) error
	// Texts gives the words that are known of files.
	Texts(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]string, error)
	// ByIDs reads files in one statement.
	ByIDs(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]person.File, error)
}

// Categories are what items are sorted into.
type Categories interface {
	// Resolve gives the id of a module's category for its id or name; one that is not there is
	// made when create says so, and otherwise an invalid field at pointer.
	Resolve(ctx context.Context, tx db.Tx, who authz.Actor, c CategoryName) (string, error)
	// Find gives the id of a module's category for its id or name, "" when it is not there.
	Find(ctx context.Context, q db.Queryer, orgID string, moduleCode int, name string) (string, error)
}

// CategoryName is a category as an item names it.
type CategoryName struct {
	ModuleCode int
	Name       string // or id
	Create     bool
	Pointer    string // of the field that names it
}

// Items is the life of one kind's items: their module says what is in them, this says how they
// are made, read, changed, published, expire, are deleted and pass to others, and who may.
//
// B is the body. A kind registers itself with NewItems, before requests are served.
type Items[B any, P Body[B]] struct {
	Deps
	kind  Kind
	hooks Hooks[B]
	table table[B, P]
}

// Hooks are what a kind keeps beside its items. They run in the transactions that change them.
type Hooks[B any] struct {
	// Remove removes what belongs to an item that is being deleted; nil for nothing.
	Remove func(ctx context.Context, tx db.Tx, orgID, id string) error
	// Words give by what an item is found beside the words of its body; nil for nothing.
	Words func(ctx context.Context, tx db.Tx, orgID, id string) (string, error)
	// Changed follows every change of an item, whoever or whatever time makes it: before is the
	// zero Record of a new one, and after has the status Deleted of one that is gone. nil for nothing.
	Changed func(ctx context.Context, tx db.Tx, orgID string, before, after Record[B]) error
}

// NewItems registers a kind of content.
func NewItems[B any, P Body[B]](d Deps, k Kind, h Hooks[B]) *Items[B, P] {
	s := &Items[B, P]{Deps: d, kind: k, hooks: h, table: newTable[B, P](k)}
	d.Content.add(k, s, d.Jobs)
	d.Index.Provide(k.Name, s.indexed)
	return s
}

// Company is what items show of other modules: people and files by id, cards of links by link.
type Company struct {
	People map[string]person.Card
	Links  map[string]linkpreview.Preview
	Files  map[string]person.File
}

// Page is a page of items with everybody and everything they show.
type Page[B any] struct {
	Company
	Items []Shown[B]
	Total int
	Next  *Position // behind the last item, when there was one
}

// IDs lists the ids of the items of the page, in order.
func (p Page[B]) IDs() []string {
	list := make([]string, len(p.Items))
	for i, s := range p.Items {
		list[i] = s.ID
	}
	return list
}

// List gives a page of the items the actor may see.
func (s *Items[B, P]) List(ctx context.Context, who authz.Actor, query Query) (Page[B], error) {
	q := s.DB.Reader(ctx)
	var list []Shown[B]
	var total int
	query.Kind = s.kind.Name
	err := s.Content.List(ctx, q, who, query, func(q db.Queryer, feed Feed) (found int, err error) {
		list, total, err = s.table.list(ctx, q, feed)
		return len(list), err
	})
	if err != nil {
		return Page[B]{}, err
	}
	return s.page(ctx, q, who.OrgID, list, total)
}

// ListOwn gives a page of the actor's own items of a status, with those they own.
func (s *Items[B, P]) ListOwn(ctx context.Context, who authz.Actor, status string, query Query) (Page[B], error) {
	q := s.DB.Reader(ctx)
	list, total, err := s.table.listOwn(ctx, q, who, status, query)
	if err != nil {
		return Page[B]{}, err
	}
	return s.page(ctx, q, who.OrgID, list, total)
}

// page reads what items show with one statement for each kind of thing there is any of.
func (s *Items[B, P]) page(ctx context.Context, q db.Queryer, orgID string, list []Shown[B], total int) (Page[B], error) {
	p := Page[B]{Items: list, Total: total}
	if n := len(list); n > 0 {
		at := list[n-1].position()
		p.Next = &at
	}
	if s.kind.Owned {
		owners, err := PeopleOf(ctx, q, orgID, s.kind, Owner, p.IDs())
		if err != nil {
			return p, err
		}
		for i := range list {
			list[i].Owners = owners[list[i].ID]
		}
	}
	var all Refs
	for i := range list {
		item := &list[i]
		refs := P(&item.Body).Refs()
		all.People = slices.Concat(all.People, refs.People, item.Owners, item.Reactions.Latest)
		if item.Author.ID == "" { // of a new item
			all.People = append(all.People, item.AuthorID)
		}
		all.Links, all.Files = append(all.Links, refs.Links...), append(all.Files, refs.Files...)
	}
	var err error
	p.Company, err = s.company(ctx, q, orgID, all)
	return p, err
}

func (s *Items[B, P]) company(ctx context.Context, q db.Queryer, orgID string, refs Refs) (with Company, err error) {
	if with.People, err = person.ByIDs(ctx, q, orgID, Unique(refs.People)); err != nil {
		return with, err
	}
	if with.Links, err = s.Previews.Cards(ctx, q, orgID, refs.Links); err != nil || len(refs.Files) == 0 {
		return with, err
	}
	with.Files, err = s.Files.ByIDs(ctx, q, orgID, Unique(fileIDs(refs.Files)))
	return with, err
}

func fileIDs(files []FileRef) []string {
	list := make([]string, len(files))
	for i, f := range files {
		list[i] = f.ID
	}
	return list
}

// Unique drops repetitions and keeps the order.
func Unique(list []string) []string {
	var out []string
	seen := make(map[string]bool, len(list))
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// Get gives one item the actor may see, as a page of one.
func (s *Items[B, P]) Get(ctx context.Context, who authz.Actor, id string) (Page[B], error) {
	q := s.DB.Reader(ctx)
	item, err := s.table.byID(ctx, q, who, id)
	if err != nil {
		return Page[B]{}, err
	}
	if err := s.seen(ctx, who, item.Item); err != nil {
		return Page[B]{}, err
	}
	return s.page(ctx, q, who.OrgID, []Shown[B]{item}, 1)
}

// Pick gives items by id as the actor reads them, those that are there in the order of the ids: for
// lists that find their items by themselves. Who may see them is the caller's question.
func (s *Items[B, P]) Pick(ctx context.Context, q db.Queryer, who authz.Actor, ids []string) (Page[B], error) {
	if len(ids) == 0 {
		return Page[B]{}, nil
	}
	list, err := s.table.byIDs(ctx, q, who, ids)
	if err != nil {
		return Page[B]{}, err
	}
	return s.page(ctx, q, who.OrgID, list, len(list))
}

// reread gives an item as its author reads it after a change.
func (s *Items[B, P]) reread(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Page[B], error) {
	item, err := s.table.byID(ctx, q, who, id)
	if err != nil {
		return Page[B]{}, err
	}
	return s.page(ctx, q, who.OrgID, []Shown[B]{item}, 1)
}

// Gate refuses, with the answer for an absent item, whoever may not see the item.
func (s *Items[B, P]) Gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.Content.Visible(ctx, s.DB.Reader(ctx), who, s.kind.Name, id)
	return err
}

func (s *Items[B, P]) seen(ctx context.Context, who authz.Actor, item Item) error {
	ok, err := s.Content.MaySee(ctx, who, item)
	if err == nil && !ok {
		err = fault.NotFound(s.kind.Name)
	}
	return err
}

// toEdit gives an item its author or an owner may change; others who see it are forbidden.
func (s *Items[B, P]) toEdit(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Record[B], error) {
	r, err := s.table.lock(ctx, tx, who, id)
	if err != nil || r.AuthorID == who.UserID || r.IsOwner {
		return r, err
	}
	if err := s.seen(ctx, who, r.Item); err != nil {
		return r, err
	}
	return r, s.forbidden("change")
}

// toDelete gives an item the actor may delete: their own, or as a moderator one they can
// see, or with moderate any of the organization. moderated says that it is another's.
func (s *Items[B, P]) toDelete(ctx context.Context, tx db.Tx, who authz.Actor, id string, moderate bool) (r Record[B], moderated bool, err error) {
	r, err = s.table.lock(ctx, tx, who, id)
	if err != nil || r.AuthorID == who.UserID || r.IsOwner {
		return r, false, err
	}
	moderator := who.Can(authz.ContentModerate)
	if moderator && moderate {
		return r, true, nil
	}
	if err := s.seen(ctx, who, r.Item); err != nil {
		return r, false, err
	}
	if !moderator {
		return r, false, s.forbidden("delete")
	}
	return r, true, nil
}

// forbidden is for somebody who sees an item and may not do something with it.
func (s *Items[B, P]) forbidden(verb string) error {
	sentence := "Only its author can " + verb + " " + s.kind.Noun + "."
	switch {
	case s.kind.Owned && verb == "delete":
		sentence = "Only its author, an owner or a moderator can delete " + s.kind.Noun + "."
	case s.kind.Owned:
		sentence = "Only its author or an owner can " + verb + " " + s.kind.Noun + "."
	case verb == "delete":
		sentence = "Only its author or a moderator can delete " + s.kind.Noun + "."
	}
	return fault.Forbidden(s.kind.Name+".notAuthor", sentence)
}
