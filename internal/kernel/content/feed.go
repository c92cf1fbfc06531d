package content

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Sort is the order of a listing; ties are broken by time, then id.
type Sort uint8

// The orders. The letters are the reference's sort_key.
const (
	Recent        Sort = iota // a
	MostReacted               // b
	MostCommented             // c
)

// score is the leading column of an order, "" for Recent.
func (s Sort) score() string {
	switch s {
	case MostReacted:
		return "reactions_count"
	case MostCommented:
		return "comments_count"
	}
	return ""
}

// Position is where a listing goes on: the sort values of the last item shown.
type Position struct {
	Score    int64  `json:"s,omitempty"`
	PostedAt int64  `json:"t"`
	ID       string `json:"i"`
}

// Query is a listing of one kind.
type Query struct {
	Kind   string
	Filter Filter
	Sort   Sort
	Until  *int64    // milliseconds; items posted later are left out. nil = no bound
	After  *Position // continue behind this item; nil = from the start
	Offset int
	Limit  int
}

// Feed is a listing ready to be joined with whatever its module shows of an item:
//
//	feed.With + "SELECT " + feed.Total + ", f.score, … FROM f {thenJoin} posts p ON p.org_id = ?1 AND p.{rowid} = f.item …"
//
// f has the columns item (the rowid), id, score and posted_at, at most Limit rows, in no order:
// ten rows are sorted faster by SortPage than by a database that copies all their columns
// to do it. Total is a scalar expression for the exact number of items the viewer may see. The
// parameters are numbered:
// ?1 is the organization, ?2 the viewer. Numbers are shared wherever a value is: binding a
// text again for every audience costs more than finding its rows.
type Feed struct {
	With  string
	Total string
	Args  []any

	chosen int // how many items read finds, if none has gone since they were chosen
}

// maxMerged is how many audiences one statement merges. A viewer with more gets their
// page in portions that are merged here.
const maxMerged = 128

// List prepares a listing for a viewer and lets read run it; read gives the number of items it
// found. When items went or came to be for others since the page was chosen, it is prepared and
// read again on one state of the database: a page is full unless it is the last.
func (c *Content) List(ctx context.Context, q db.Queryer, who authz.Actor, query Query, read func(q db.Queryer, f Feed) (found int, err error)) error {
	set, err := c.audiences.Visible(ctx, who)
	if err != nil {
		return err
	}
	k := c.kind(query.Kind)
	if query.Filter != (Filter{}) {
		b := newBuilder(q.Engine(), k, query, who.OrgID, who.UserID)
		_, err := read(q, b.filtered(set))
		return err
	}
	heads, err := c.board.heads(ctx, q, k, who.OrgID, set)
	if err != nil {
		return err
	}
	full, err := c.list(ctx, q, who, query, heads, read)
	if err != nil || full {
		return err
	}
	c.board.drop(shelfKey{who.OrgID, k.Name}, set...)
	return c.db.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		found, err := readHeads(ctx, q, k, who.OrgID, set)
		if err == nil {
			_, err = c.list(ctx, q, who, query, slices.Collect(maps.Values(found)), read)
		}
		return err
	})
}

// list reads a page of the audiences that have items, and reports whether it is as full as they
// say.
func (c *Content) list(ctx context.Context, q db.Queryer, who authz.Actor, query Query, heads []head, read func(q db.Queryer, f Feed) (int, error)) (full bool, err error) {
	feed, err := c.feed(ctx, q, who, query, heads)
	if err != nil {
		return false, err
	}
	found, err := read(q, feed)
	return found >= feed.chosen, err
}

// feed prepares a listing of audiences that have items. The first page of the newest items is
// chosen from what is known of each of them.
func (c *Content) feed(ctx context.Context, q db.Queryer, who authz.Actor, query Query, heads []head) (Feed, error) {
	b := newBuilder(q.Engine(), c.kind(query.Kind), query, who.OrgID, who.UserID)
	for _, h := range heads {
		b.total += h.n
	}
	chosen := 0
	if query.Sort == Recent && query.Until == nil && query.After == nil {
		chosen = min(query.Limit, b.total-query.Offset)
		if query.Offset+query.Limit <= remembered {
			ids, from := firstPage(heads, query)
			return b.chosen(ids, from, chosen), nil
		}
		heads = newestHeads(heads, query.Offset+query.Limit)
	}
	set := make(audience.Set, len(heads))
	for i, h := range heads {
		set[i] = h.audienceID
	}
	if len(set) > maxMerged {
		ids, err := b.mergePortions(ctx, q, set)
		if err != nil {
			return Feed{}, err
		}
		return b.chosen(ids, set, max(chosen, len(ids))), nil
	}
	f := b.feed(b.merge(set), set)
	f.chosen = chosen
	return f, nil
}

// firstPage chooses the newest items of all audiences, and says which audiences they are for.
func firstPage(heads []head, query Query) (ids []string, from audience.Set) {
	type item struct {
		Position
		audienceID int64
	}
	var page []item
	last := query.Offset + query.Limit
	for _, h := range heads {
		for _, p := range h.newest {
			if len(page) >= last && p.compare(page[last-1].Position) < 0 {
				break // so are the rest of this audience
			}
			at, again := slices.BinarySearchFunc(page, p, func(i item, p Position) int { return newestFirst(i.Position, p) })
			if again { // it went from one audience to another between the reading of both
				from = append(from, h.audienceID)
				continue
			}
			page = slices.Insert(page, at, item{p, h.audienceID})
		}
		page = page[:min(len(page), last)]
	}
	for _, i := range page[min(query.Offset, len(page)):] {
		ids, from = append(ids, i.ID), append(from, i.audienceID)
	}
	return ids, from
}

// newestHeads gives those audiences that can be on a page that ends with the nth newest item:
// the n with the newest items.
func newestHeads(heads []head, n int) []head {
	if len(heads) <= n {
		return heads
	}
	slices.SortFunc(heads, func(a, b head) int { return newestFirst(a.first(), b.first()) })
	return heads[:n]
}

func (h head) first() Position {
	if len(h.newest) == 0 {
		return Position{} // the counter is ahead of what was read
	}
	return h.newest[0]
}

// Count gives the number of items the viewer may see, for pages that have no row to
// carry it.
func (f Feed) Count(ctx context.Context, q db.Queryer) (int, error) {
	var n int
	err := q.QueryRow(ctx, f.With+`SELECT `+f.Total+` FROM (SELECT COUNT(*) FROM f) one`, f.Args...).Scan(&n)
	return n, err
}

// builder writes one listing. Its first two arguments are the organization and the viewer.
//
// LIMIT and OFFSET are written as numbers: with parameters PostgreSQL plans for a tenth of all
// rows and sorts them, and SQLite plans the statement anew for every page.
type builder struct {
	engine db.Engine
	kind   Kind
	query  Query
	args   []any
	total  int // of the viewer's items, without a bound of time
}

func newBuilder(e db.Engine, k Kind, q Query, viewer ...any) builder {
	return builder{engine: e, kind: k, query: q, args: viewer}
}

// param adds an argument and gives its name in the text.
func (b *builder) param(value any) string {
	b.args = append(b.args, value)
	return "?" + strconv.Itoa(len(b.args))
}

func (b *builder) score() string {
	if b.query.Sort == Recent {
		return "0"
	}
	return b.query.Sort.score()
}

// chosen is a page of items that are known already. What became of them since is for the
// database to say.
func (b *builder) chosen(ids []string, from audience.Set, n int) Feed {
	page := `SELECT i.{rowid} AS item, i.id, ` + b.score() + ` AS score, i.posted_at FROM {each ` + b.param(db.List(ids)) + `} {thenJoin} ` + b.kind.Table +
		` i ON i.org_id = ?1 AND i.id = n.value WHERE i.status = 'PUBLISHED' AND i.audience_id {inInts ` + b.param(db.ListInts(from)) + `}`
	f := b.feed(page, from)
	f.chosen = n
	return f
}

// feed puts the parts together. Of a listing bounded by time the total leaves out what was
// posted after the bound.
func (b *builder) feed(page string, set audience.Set) Feed {
	total := `CAST(` + b.param(b.total) + ` AS BIGINT)`
	if b.query.Until != nil {
		total += ` - (SELECT COUNT(*) FROM ` + b.kind.Table + ` late WHERE late.org_id = ?1 AND late.status = 'PUBLISHED'
			AND late.audience_id {inInts ` + b.param(db.ListInts(set)) + `} AND late.posted_at > ` + b.param(*b.query.Until) + `)`
	}
	return Feed{With: `WITH f AS (` + page + `) `, Total: total, Args: b.args}
}

// merge makes one ordered index range per audience and lets the engine merge them. SQLite runs
// the parts of an ordered UNION ALL as coroutines, so that only the rows of the page are read.
// PostgreSQL prefers to read and sort them all, unless each part is limited by itself. The number of parts is rounded up to a power
// of two (with an audience that does not exist) to keep the number of statement texts small.
func (b *builder) merge(set audience.Set) string {
	var names []string
	parts := 1
	for parts < len(set) {
		parts *= 2
	}
	for i := range parts {
		id := int64(-1)
		if i < len(set) {
			id = set[i]
		}
		names = append(names, b.param(id))
	}
	bounds := b.bounds()
	order := ` ORDER BY posted_at DESC, id DESC LIMIT `
	if b.query.Sort != Recent {
		order = ` ORDER BY score DESC, posted_at DESC, id DESC LIMIT `
	}
	var sql strings.Builder
	for i, name := range names {
		if i > 0 {
			sql.WriteString(` UNION ALL `)
		}
		part := `SELECT {rowid} AS item, id, ` + b.score() + ` AS score, posted_at FROM ` + b.kind.Table +
			` WHERE org_id = ?1 AND status = 'PUBLISHED' AND audience_id = ` + name + bounds
		if b.engine == db.PostgreSQL && parts > 1 {
			part = `(` + part + order + strconv.Itoa(b.query.Offset+b.query.Limit) + `)`
		}
		sql.WriteString(part)
	}
	sql.WriteString(order + strconv.Itoa(b.query.Limit) + ` OFFSET ` + strconv.Itoa(b.query.Offset))
	return sql.String()
}

// bounds gives the conditions that bound each index range.
func (b *builder) bounds() string {
	var where string
	if b.query.Until != nil {
		where = ` AND posted_at <= ` + b.param(*b.query.Until)
	}
	if a := b.query.After; a != nil && b.query.Sort == Recent {
		where += ` AND (posted_at, id) < (` + b.param(a.PostedAt) + `, ` + b.param(a.ID) + `)`
	} else if a != nil {
		where += ` AND (` + b.score() + `, posted_at, id) < (` + b.param(a.Score) + `, ` + b.param(a.PostedAt) + `, ` + b.param(a.ID) + `)`
	}
	return where
}

// mergePortions finds the ids of a page for a viewer with very many audiences: each
// portion gives its own best rows down to the end of the page, and the best of those are
// the page.
func (b *builder) mergePortions(ctx context.Context, q db.Queryer, set audience.Set) ([]string, error) {
	query := b.query
	query.Offset, query.Limit = 0, b.query.Offset+b.query.Limit
	var best []Position
	for chunk := range slices.Chunk(set, maxMerged) {
		portion := newBuilder(b.engine, b.kind, query, b.args[0], b.args[1])
		page := portion.merge(chunk)
		found, err := positions(ctx, q, page, portion.args)
		if err != nil {
			return nil, err
		}
		best = append(best, found...)
		slices.SortFunc(best, func(a, b Position) int { return b.compare(a) })
		best = slices.CompactFunc(best, func(a, b Position) bool { return a.ID == b.ID })
		best = best[:min(len(best), query.Limit)]
	}
	ids := []string{}
	for _, p := range best[min(b.query.Offset, len(best)):] {
		ids = append(ids, p.ID)
	}
	return ids, nil
}

// SortPage puts the rows of a feed in the feed's order.
func SortPage[T any](rows []T, at func(*T) Position) {
	slices.SortFunc(rows, func(a, b T) int { return at(&b).compare(at(&a)) })
}

func (p Position) compare(o Position) int {
	return cmp.Or(cmp.Compare(p.Score, o.Score), cmp.Compare(p.PostedAt, o.PostedAt), cmp.Compare(p.ID, o.ID))
}

func positions(ctx context.Context, q db.Queryer, sql string, args []any) ([]Position, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Position
	for rows.Next() {
		var p Position
		var item any
		if err := rows.Scan(&item, &p.ID, &p.Score, &p.PostedAt); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}
