package content

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// The states of an item. Only published items are listed, counted and visible to
// anybody but their author.
const (
	Published = "PUBLISHED"
	Draft     = "DRAFT"
	Scheduled = "SCHEDULED"
)

// Deleted is the state in which hooks and events name an item that is gone.
const Deleted = "DELETED"

// Kind describes one kind of content. Name and Table must be constants of the program: they are
// part of the SQL text.
type Kind struct {
	Name         string // "post": in event names, error codes and the kind columns
	Plural       string // "posts": the route segment
	Noun         string // "a post": in sentences
	Table        string
	ModuleCode   int
	Owned        bool   // items have owners, who see and change them like their author
	Categorized  bool   // items have a category
	Acknowledged bool   // people can say that they have read an item
	Alias        string // a statement that gives the id of an item for another id ?2 of organization ?1, "" for none
}

// Content is the registry of kinds and what works for all of them.
type Content struct {
	db        *db.DB
	audiences *audience.Audiences
	kinds     map[string]Kind
	timed     map[string]timed // what time does to items, by kind
	board     *board
	carriers  map[string]Carrier // what else has files
}

// Carrier says who may see something that has files and is no item: the condition that the row
// whose id is in a column of a statement is visible. ?1 is the organization, ?2 the viewer.
type Carrier func(id string) string

// Carry registers what has files under a name, which stands where the kind of an item does.
func (c *Content) Carry(name string, visible Carrier) { c.carriers[name] = visible }

// New makes a registry without kinds.
func New(d *db.DB, b *bus.Bus, a *audience.Audiences) *Content {
	kinds := map[string]Kind{}
	return &Content{db: d, audiences: a, kinds: kinds, timed: map[string]timed{}, board: newBoard(b, kinds), carriers: map[string]Carrier{}}
}

// Add registers a kind; each module of a kind does so once, before requests are served.
func (c *Content) Add(k Kind) { c.kinds[k.Name] = k }

// Kinds gives the registered kinds by name, sorted.
func (c *Content) Kinds() []Kind {
	list := make([]Kind, 0, len(c.kinds))
	for _, k := range c.kinds {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b Kind) int { return a.ModuleCode - b.ModuleCode })
	return list
}

func (c *Content) kind(name string) Kind {
	k, ok := c.kinds[name]
	if !ok {
		panic("content: kind " + name + " is not registered")
	}
	return k
}

// Item is what is common to items of all kinds.
type Item struct {
	Kind, ID, AuthorID string
	AudienceID         int64
	Status             string
	Version, Edition   int64
	IsOwner            bool // whoever it was read for is one of its owners
}

// Visible gives an item the viewer may see: published and in one of their audiences, or
// their own. Anything else is the same NotFound fault.
func (c *Content) Visible(ctx context.Context, q db.Queryer, who authz.Actor, kind, id string) (Item, error) {
	return c.admitted(ctx, q, who, kind, id, "")
}

// Outside gives those of some people, in their order, who may not see an item, whether they can
// sign in or not: for refusing to point them to it. An item that is not there nobody sees.
func (c *Content) Outside(ctx context.Context, q db.Queryer, orgID, kind, id string, people []string) ([]string, error) {
	item, err := c.find(ctx, q, authz.Actor{OrgID: orgID}, kind, id, "")
	switch {
	case fault.Is(err, fault.KindNotFound):
		return people, nil
	case err != nil:
		return nil, err
	case item.Status != Published:
		return slices.DeleteFunc(slices.Clone(people), func(id string) bool { return id == item.AuthorID }), nil
	}
	return c.audiences.Outside(ctx, q, orgID, item.AudienceID, people)
}

// Lock is Visible for a change of what hangs on an item: nobody else changes or deletes the
// item until the transaction ends. It comes before any row of comments, reactions or
// bookmarks is read or written, so that all who change them take turns in one order.
func (c *Content) Lock(ctx context.Context, tx db.Tx, who authz.Actor, kind, id string) (Item, error) {
	return c.admitted(ctx, tx, who, kind, id, " {forUpdate}")
}

func (c *Content) admitted(ctx context.Context, q db.Queryer, who authz.Actor, kind, id, suffix string) (Item, error) {
	item, err := c.find(ctx, q, who, kind, id, suffix)
	if err != nil {
		return Item{}, err
	}
	seen, err := c.MaySee(ctx, who, item)
	if err != nil {
		return Item{}, err
	}
	if !seen {
		return Item{}, fault.NotFound(kind)
	}
	return item, nil
}

// find gives an item by its id or another it goes by, whoever may see it.
func (c *Content) find(ctx context.Context, q db.Queryer, who authz.Actor, kind, id, suffix string) (Item, error) {
	item, err := c.item(ctx, q, who, kind, id, suffix)
	if alias := c.kind(kind).Alias; alias != "" && fault.Is(err, fault.KindNotFound) {
		err = q.QueryRow(ctx, alias, who.OrgID, id).Scan(&id)
		if errors.Is(err, db.ErrNoRows) {
			err = fault.NotFound(kind)
		}
		if err == nil {
			item, err = c.item(ctx, q, who, kind, id, suffix)
		}
	}
	return item, err
}

// MaySee reports whether the viewer, for whom the item was read, may see it.
func (c *Content) MaySee(ctx context.Context, who authz.Actor, item Item) (bool, error) {
	if item.AuthorID == who.UserID || item.IsOwner {
		return true, nil
	}
	if item.Status != Published {
		return false, nil
	}
	return c.audiences.MaySee(ctx, who, item.AudienceID, item.AuthorID)
}

func (c *Content) item(ctx context.Context, q db.Queryer, who authz.Actor, kind, id, suffix string) (Item, error) {
	item, k := Item{Kind: kind, ID: id}, c.kind(kind)
	err := q.QueryRow(ctx, `SELECT i.author_id, i.audience_id, i.status, i.version, i.edition, `+k.isOwner("i")+` FROM `+k.Table+
		` i WHERE i.org_id = ?1 AND i.id = ?3`+suffix, who.OrgID, who.UserID, id).
		Scan(&item.AuthorID, &item.AudienceID, &item.Status, &item.Version, &item.Edition, &item.IsOwner)
	if errors.Is(err, db.ErrNoRows) {
		return Item{}, fault.NotFound(kind)
	}
	return item, err
}

// countShards spreads the counter of one audience on PostgreSQL, where writers of one
// row would wait for each other's commit. SQLite has one writer and needs one shard.
const countShards = 16

// Count keeps the number of published items of an audience: delta is +1 when an item
// becomes visible to it and -1 when it no longer is.
func (c *Content) Count(ctx context.Context, tx db.Tx, orgID, kind string, audienceID int64, delta int) error {
	shard := 0
	if tx.Engine() == db.PostgreSQL {
		shard = rand.IntN(countShards) //nolint:gosec // spreads load, protects nothing
	}
	_, err := tx.Exec(ctx, `INSERT INTO content_counts (org_id, kind, audience_id, shard, n) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (org_id, kind, audience_id, shard) DO UPDATE SET n = content_counts.n + excluded.n`,
		orgID, kind, audienceID, shard, delta)
	tx.OnCommit(func() { c.board.drop(shelfKey{orgID, kind}, audienceID) })
	return err
}

// AddComments changes the number of comments an item shows, and locks the item for the rest of
// the transaction (a delta of 0 only locks).
func (c *Content) AddComments(ctx context.Context, tx db.Tx, orgID, kind, id string, delta int) error {
	n, err := tx.Exec(ctx, `UPDATE `+c.kind(kind).Table+` SET comments_count = comments_count + ? WHERE org_id = ? AND id = ?`, delta, orgID, id)
	if err == nil && n == 0 {
		return fault.NotFound(kind)
	}
	return err
}

// maxLatest is how many reactors an item shows.
const maxLatest = 10

// Reactions is the summary of an item's reactions, kept on the item itself so that lists
// need no statement for it.
type Reactions struct {
	Counts map[string]int `json:"counts,omitempty"` // by reaction
	Latest []string       `json:"latest,omitempty"` // ids of the latest reactors, newest first
}

// Parse reads the stored form.
func (r *Reactions) Parse(stored string) error {
	if stored == "" || stored == "{}" {
		return nil
	}
	return json.Unmarshal([]byte(stored), r)
}

// Total is the number of reactions.
func (r *Reactions) Total() int {
	n := 0
	for _, c := range r.Counts {
		n += c
	}
	return n
}

// React records that a person's reaction was added or removed and gives the new summary; the
// reactions table has changed already in the same transaction. The zero change changes
// nothing. The row is locked while the summary changes.
func (c *Content) React(ctx context.Context, tx db.Tx, orgID string, item Item, change ReactionChange) (Reactions, error) {
	table := c.kind(item.Kind).Table
	var stored string
	err := tx.QueryRow(ctx, `SELECT reactions FROM `+table+` WHERE org_id = ? AND id = ? {forUpdate}`, orgID, item.ID).Scan(&stored)
	if errors.Is(err, db.ErrNoRows) {
		return Reactions{}, fault.NotFound(item.Kind)
	}
	if err != nil {
		return Reactions{}, err
	}
	var r Reactions
	if err := r.Parse(stored); err != nil {
		return r, fmt.Errorf("content: reactions of %s %s: %w", item.Kind, item.ID, err)
	}
	if change == (ReactionChange{}) {
		return r, nil
	}
	if err := r.apply(ctx, tx, orgID, item, change); err != nil {
		return r, err
	}
	body, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	_, err = tx.Exec(ctx, `UPDATE `+table+` SET reactions = ?, reactions_count = ? WHERE org_id = ? AND id = ?`,
		string(body), r.Total(), orgID, item.ID)
	return r, err
}

// ReactionChange is one reaction that was added or removed.
type ReactionChange struct {
	UserID, Reaction string
	Added            bool
}

func (r *Reactions) apply(ctx context.Context, tx db.Tx, orgID string, item Item, change ReactionChange) error {
	if r.Counts == nil {
		r.Counts = map[string]int{}
	}
	if change.Added {
		r.Counts[change.Reaction]++
		r.Latest = slices.DeleteFunc(r.Latest, func(id string) bool { return id == change.UserID })
		r.Latest = append([]string{change.UserID}, r.Latest...)
		r.Latest = r.Latest[:min(len(r.Latest), maxLatest)]
		return nil
	}
	if r.Counts[change.Reaction]--; r.Counts[change.Reaction] <= 0 {
		delete(r.Counts, change.Reaction)
	}
	var err error
	r.Latest, err = latestReactors(ctx, tx, orgID, item)
	return err
}

// latestReactors reads who reacted last; a person may have several reactions.
func latestReactors(ctx context.Context, q db.Queryer, orgID string, item Item) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT user_id FROM reactions WHERE org_id = ? AND kind = ? AND item_id = ?
		GROUP BY user_id ORDER BY MAX(created_at) DESC, user_id LIMIT ?`, orgID, item.Kind, item.ID, maxLatest))
}

// Forget removes what hangs on an item that is being deleted: its comments, reactions,
// bookmarks, acknowledgements and people.
func (c *Content) Forget(ctx context.Context, tx db.Tx, orgID string, item Item) error {
	for _, statement := range []string{
		`DELETE FROM comments WHERE org_id = ? AND kind = ? AND item_id = ?`,
		`DELETE FROM reactions WHERE org_id = ? AND kind = ? AND item_id = ?`,
		`DELETE FROM bookmarks WHERE org_id = ? AND kind = ? AND item_id = ?`,
		`DELETE FROM acknowledgements WHERE org_id = ? AND kind = ? AND item_id = ?`,
		`DELETE FROM content_people WHERE org_id = ? AND kind = ? AND item_id = ?`,
	} {
		if _, err := tx.Exec(ctx, statement, orgID, item.Kind, item.ID); err != nil {
			return err
		}
	}
	return nil
}
