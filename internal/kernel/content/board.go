package content

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// maxCells bounds how many audiences are kept in memory; beyond it the board starts anew.
const maxCells = 200_000

// remembered is how many of an audience's newest items the board knows: a first page.
const remembered = 10

// board remembers of each audience how many published items it has and which are the newest:
// what is needed to count a viewer's items, and to know the first page of them without asking
// the database for it. A change drops the cell it concerns, on this node before the writer's
// call returns, so that a node reads its own writes; what other nodes write drops all cells of
// that kind and organization when their event arrives.
type board struct {
	mu      sync.RWMutex
	shelves map[shelfKey]shelf
	cells   int    // on all shelves
	gap     uint64 // counts how often everything was dropped
}

// shelf holds the cells of one kind of one organization, by audience.
type shelf map[int64]*cell

type shelfKey struct{ orgID, kind string }

// cell is what is known of one audience. generation changes with every change, so that what
// was read before one is not kept after it.
type cell struct {
	generation uint64
	known      bool
	head
}

func (c *cell) drop() {
	c.known = false
	c.generation++
}

func newBoard(b *bus.Bus, kinds map[string]Kind) *board {
	board := &board{shelves: map[shelfKey]shelf{}}
	b.Subscribe(nil, func(e bus.Delivered) {
		kind, _, _ := strings.Cut(e.Name, ".")
		_, isKind := kinds[kind]
		switch {
		case e.Name == bus.Gap:
			board.dropAll()
		case e.Seq > 0 && isKind: // of another node
			board.dropShelf(shelfKey{e.OrgID, kind})
		}
	})
	return board
}

// cell finds a cell, or makes one.
func (b *board) cell(k shelfKey, audienceID int64) *cell {
	s := b.shelves[k]
	if s == nil {
		s = shelf{}
		b.shelves[k] = s
	}
	c := s[audienceID]
	if c == nil {
		c = &cell{}
		s[audienceID] = c
		b.cells++
	}
	return c
}

// drop forgets what is known of audiences. One that nothing is known of gets a cell, too: it
// may be being read at this moment.
func (b *board) drop(k shelfKey, audienceIDs ...int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range audienceIDs {
		b.cell(k, id).drop()
	}
}

func (b *board) dropShelf(k shelfKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gap++
	for _, c := range b.shelves[k] {
		c.drop()
	}
}

func (b *board) dropAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gap++
	b.cells = 0
	clear(b.shelves)
}

// head is an audience that has items: how many, and the newest of them, newest first.
type head struct {
	audienceID int64
	n          int
	newest     []Position
}

// heads gives those audiences of a set that have items, in no order.
func (b *board) heads(ctx context.Context, q db.Queryer, k Kind, orgID string, set audience.Set) ([]head, error) {
	_, uncommitted := q.(db.Tx)
	if uncommitted { // what a transaction sees may be rolled back, and others see it otherwise
		read, err := readHeads(ctx, q, k, orgID, set)
		return slices.Collect(maps.Values(read)), err
	}
	on := shelfKey{orgID, k.Name}
	found, missing := b.find(on, set)
	if len(missing.ids) == 0 {
		return found, nil
	}
	read, err := readHeads(ctx, q, k, orgID, missing.ids)
	if err != nil {
		return nil, err
	}
	b.keep(on, missing, read)
	for _, h := range read {
		found = append(found, h)
	}
	return found, nil
}

// missing are audiences that are not known, with the state of the board they were not known in.
type missing struct {
	ids         []int64
	generations []uint64
	gap         uint64
}

func (b *board) find(on shelfKey, set audience.Set) (found []head, m missing) {
	found = make([]head, 0, len(set))
	b.mu.RLock()
	defer b.mu.RUnlock()
	m.gap = b.gap
	cells := b.shelves[on]
	for _, id := range set {
		c := cells[id]
		switch {
		case c == nil:
			m.ids, m.generations = append(m.ids, id), append(m.generations, 0)
		case !c.known:
			m.ids, m.generations = append(m.ids, id), append(m.generations, c.generation)
		case c.n > 0:
			found = append(found, c.head)
		}
	}
	return found, m
}

// keep stores what was read, unless it changed meanwhile.
func (b *board) keep(on shelfKey, m missing, read map[int64]head) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gap != m.gap {
		return
	}
	if b.cells > maxCells {
		b.gap++
		b.cells = 0
		clear(b.shelves)
	}
	for i, id := range m.ids {
		if c := b.cell(on, id); c.generation == m.generations[i] {
			c.known, c.head = true, read[id]
		}
	}
}

// readHeads reads those of some audiences that have items.
func readHeads(ctx context.Context, q db.Queryer, k Kind, orgID string, ids []int64) (map[int64]head, error) {
	rows, err := q.Query(ctx, `SELECT cc.audience_id, CAST(SUM(cc.n) AS BIGINT), COALESCE((SELECT string_agg(x.posted_at || ' ' || x.id, ' ') FROM (
			SELECT i.posted_at, i.id FROM `+k.Table+` i WHERE i.org_id = ?1 AND i.status = 'PUBLISHED' AND i.audience_id = cc.audience_id
			ORDER BY i.posted_at DESC, i.id DESC LIMIT `+strconv.Itoa(remembered)+`) x), '')
		FROM content_counts cc WHERE cc.org_id = ?1 AND cc.kind = ?2 AND cc.audience_id {inInts ?3} GROUP BY cc.audience_id`,
		orgID, k.Name, db.ListInts(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	read := make(map[int64]head, len(ids))
	for rows.Next() {
		var h head
		var newest string
		if err := rows.Scan(&h.audienceID, &h.n, &newest); err != nil {
			return nil, err
		}
		if h.n > 0 {
			h.newest = parsePositions(newest)
			read[h.audienceID] = h
		}
	}
	return read, rows.Err()
}

// parsePositions reads pairs of a time and an id.
func parsePositions(text string) []Position {
	words := strings.Fields(text)
	list := make([]Position, 0, len(words)/2)
	for i := 0; i+1 < len(words); i += 2 {
		at, _ := strconv.ParseInt(words[i], 10, 64) // the database wrote the number
		list = append(list, Position{PostedAt: at, ID: words[i+1]})
	}
	slices.SortFunc(list, newestFirst)
	return list
}

func newestFirst(a, b Position) int { return b.compare(a) }
