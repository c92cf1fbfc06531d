package search

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Person is the kind of people, all of whose words may be beginnings.
const Person = "user"

// Query is a page of what is found.
type Query struct {
	Terms  Terms
	Kinds  []string // none for all
	After  *Position
	Offset int
	Limit  int
}

// Position is a hit, for going on behind it.
type Position struct {
	InText bool  `json:"t,omitempty"` // among those that come after the ones found by title
	Entry  int64 `json:"e"`
}

// Hit is something found.
type Hit struct {
	Entry
	position Position
}

// Result is a page of hits.
type Result struct {
	Hits  []Hit
	Total int
	Next  *Position // to go on behind the page, nil at the end
}

// Find gives a page of what the viewer may see of what is found.
func (x *Index) Find(ctx context.Context, q db.Queryer, who authz.Actor, query Query) (Result, error) {
	var r Result
	set, err := x.audiences.Visible(ctx, who)
	if err != nil || len(query.Terms) == 0 || len(set) == 0 {
		return r, err
	}
	m := matcher{engine: q.Engine(), orgID: who.OrgID, set: set, query: query}
	inTitle, all, err := m.count(ctx, q)
	if err != nil {
		return r, err
	}
	r.Total = all
	if r.Hits, err = m.page(ctx, q, inTitle, all); err != nil {
		return r, err
	}
	if len(r.Hits) > query.Limit {
		r.Hits = r.Hits[:query.Limit]
		r.Next = &r.Hits[query.Limit-1].position
	}
	return r, nil
}

// Matching gives a condition on the column that holds the id of an item of a kind, and the
// value of the parameter in it: the item has all terms. Without terms it has not. Visibility is
// the caller's question; parameter 1 is the organization.
func Matching(engine db.Engine, kind, column, param string, t Terms) (condition string, arg any) {
	if len(t) == 0 {
		return `CAST(` + param + ` AS TEXT) <> ''`, ""
	}
	if engine == db.PostgreSQL {
		return column + ` IN (SELECT e.item_id FROM search_entries e WHERE e.org_id = ?1 AND e.kind = '` + kind + `' AND e.words @@ CAST(` + param + ` AS tsquery))`, t.tsquery("")
	}
	return column + ` IN (SELECT e.item_id FROM search_words w CROSS JOIN search_entries e ON e.id = w.rowid AND e.org_id = ?1 AND e.kind = '` + kind +
		`' WHERE search_words MATCH ` + param + `)`, t.fts5("title text") + ` AND scope : ` + ofKind(kind)
}

// matcher writes the statements of one search. Its conditions are on entries e and, on SQLite,
// their words w.
type matcher struct {
	engine db.Engine
	orgID  string
	set    audience.Set
	query  Query
}

// where gives the condition of a part of the hits. To PostgreSQL the organization is written so
// that no index on it is of use: until it has statistics it would rather read all entries of the
// organization than look the words up.
func (m matcher) where(p part) (from string, args []any) {
	if m.engine == db.SQLite {
		return ` FROM search_words w {thenJoin} search_entries e ON e.id = w.rowid AND e.org_id = ?1 WHERE search_words MATCH ?2`, []any{m.orgID, m.fts5(p)}
	}
	args = []any{m.orgID, db.ListInts(m.set)}
	match := func(weight string) string {
		args = append(args, m.query.Terms.tsquery(weight), m.query.Terms.beginnings().tsquery(weight))
		return `(e.words @@ CAST(` + param(len(args)-1) + ` AS tsquery) OR (e.kind = '` + Person + `' AND e.words @@ CAST(` + param(len(args)) + ` AS tsquery)))`
	}
	from = ` FROM search_entries e WHERE e.org_id || '' = ?1 AND e.audience_id {inInts ?2} AND `
	switch p {
	case byTitle:
		from += match("A")
	case byText:
		from += match("") + ` AND NOT ` + match("A")
	default:
		from += match("")
	}
	if len(m.query.Kinds) > 0 {
		args = append(args, db.List(m.query.Kinds))
		from += ` AND e.kind {in ` + param(len(args)) + `}`
	}
	return from, args
}

func param(n int) string { return "?" + strconv.Itoa(n) }

// part is a part of the hits.
type part int

const (
	everything part = iota
	byTitle
	byText // the rest
)

func (m matcher) fts5(p part) string {
	match := func(columns string) string {
		return `(` + m.query.Terms.fts5(columns) + ` OR (scope : ` + ofKind(Person) + ` AND ` + m.query.Terms.beginnings().fts5(columns) + `))`
	}
	var scope []string
	for _, id := range m.set {
		scope = append(scope, inAudience(id))
	}
	within := ` AND scope : (` + strings.Join(scope, " OR ") + `)`
	if kinds := m.query.Kinds; len(kinds) > 0 {
		within += ` AND scope : (k` + strings.Join(kinds, " OR k") + `)`
	}
	switch p {
	case byTitle:
		return match("title") + within
	case byText:
		return `(` + match("title text") + within + `) NOT ` + match("title")
	}
	return match("title text") + within
}

func (m matcher) count(ctx context.Context, q db.Queryer) (inTitle, all int, err error) {
	for p, n := range map[part]*int{byTitle: &inTitle, everything: &all} {
		from, args := m.where(p)
		if m.engine == db.SQLite { // audiences belong to one organization: the words alone are enough
			from, args = ` FROM search_words WHERE search_words MATCH ?1`, args[1:]
		}
		if err := q.QueryRow(ctx, `SELECT COUNT(*)`+from, args...).Scan(n); err != nil {
			return 0, 0, err
		}
	}
	return inTitle, all, nil
}

// page reads the page and one hit more, of the parts that have any.
func (m matcher) page(ctx context.Context, q db.Queryer, inTitle, all int) ([]Hit, error) {
	var hits []Hit
	offset, want := m.query.Offset, m.query.Limit+1
	for _, p := range []part{byTitle, byText} {
		after := int64(1<<63 - 1)
		switch a := m.query.After; {
		case a != nil && a.InText && p == byTitle:
			continue
		case a != nil && a.InText == (p == byText):
			after, offset = a.Entry, 0
		}
		if n := map[part]int{byTitle: inTitle, byText: all - inTitle}[p]; n > 0 && len(hits) < want {
			some, err := m.some(ctx, q, p, after, want-len(hits), offset)
			if err != nil {
				return nil, err
			}
			hits = append(hits, some...)
		}
		offset = max(0, offset-inTitle)
	}
	return hits, nil
}

func (m matcher) some(ctx context.Context, q db.Queryer, p part, after int64, limit, offset int) ([]Hit, error) {
	from, args := m.where(p)
	entry := "w.rowid" // of which the index is in order
	if m.engine == db.PostgreSQL {
		entry = "e.id + 0" // not to be tempted to read all entries in order until some match
	}
	n := len(args)
	params := []string{param(n + 1), param(n + 2), param(n + 3)}
	rows, err := q.Query(ctx, `SELECT e.id, e.kind, e.item_id, e.audience_id, e.at, e.title, e.text`+from+` AND `+entry+` < `+params[0]+
		` ORDER BY `+entry+` DESC LIMIT `+params[1]+` OFFSET `+params[2], append(args, after, limit, offset)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var hits []Hit
	for rows.Next() {
		h := Hit{position: Position{InText: p == byText}}
		if err := rows.Scan(&h.position.Entry, &h.Kind, &h.ID, &h.AudienceID, &h.At, &h.Title, &h.Text); err != nil {
			return nil, err
		}
		hits = append(hits, h)
	}
	return hits, rows.Err()
}

// Kinds lists the kinds that are in the index.
func (x *Index) Kinds() []string { return slices.Sorted(maps.Keys(x.sources)) }
