package content

import (
	"context"
	"strings"
	"sync"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// maxCells bounds how many audiences are kept in memory; beyond it the board starts anew.
const maxCells = 200_000

// board remembers of each audience how many published items it has and when the newest was
// posted: what is needed to count a viewer's items, and to know that the ten newest items a
// viewer may see are in the ten audiences with the newest items. A change drops the cell it
// concerns, on this node before the writer's call returns, so that a node reads its own writes;
// what other nodes write drops all cells of that kind and organization when their event arrives.
type board struct {
	mu    sync.Mutex
	cells map[cellKey]*cell
	gap   uint64 // counts how often everything was dropped
}

type cellKey struct {
	orgID, kind string
	audienceID  int64
}

// cell is what is known of one audience. generation changes with every change, so that what
// was read before one is not kept after it.
type cell struct {
	generation uint64
	known      bool
	n          int
	newest     int64
}

func newBoard(b *bus.Bus, kinds map[string]Kind) *board {
	board := &board{cells: map[cellKey]*cell{}}
	b.Subscribe(nil, func(e bus.Delivered) {
		kind, _, _ := strings.Cut(e.Name, ".")
		_, isKind := kinds[kind]
		switch {
		case e.Name == bus.Gap:
			board.dropAll(func(cellKey) bool { return true })
		case e.Seq > 0 && isKind: // of another node
			board.dropAll(func(k cellKey) bool { return k.orgID == e.OrgID && k.kind == kind })
		}
	})
	return board
}

func (b *board) drop(k cellKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.cells[k]; c != nil {
		c.known = false
		c.generation++
	}
}

func (b *board) dropAll(which func(cellKey) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gap++
	for k, c := range b.cells {
		if which(k) {
			c.known = false
			c.generation++
		}
	}
}

// head is an audience that has items.
type head struct {
	audienceID int64
	n          int
	newest     int64
}

// heads gives those audiences of a set that have items, in the order of their numbers.
func (b *board) heads(ctx context.Context, q db.Queryer, k Kind, orgID string, set audience.Set) ([]head, error) {
	found := make([]head, 0, len(set))
	var unknown []int64
	_, uncommitted := q.(db.Tx)
	b.mu.Lock()
	gap := b.gap
	generations := map[int64]uint64{}
	for _, id := range set {
		c := b.cells[cellKey{orgID, k.Name, id}]
		if c != nil && c.known && !uncommitted {
			if c.n > 0 {
				found = append(found, head{id, c.n, c.newest})
			}
			continue
		}
		unknown = append(unknown, id)
		if c != nil {
			generations[id] = c.generation
		}
	}
	b.mu.Unlock()
	if len(unknown) == 0 {
		return found, nil
	}
	read, err := readHeads(ctx, q, k, orgID, unknown)
	if err != nil {
		return nil, err
	}
	if !uncommitted { // what a transaction sees may be rolled back
		b.keep(k, orgID, unknown, read, generations, gap)
	}
	for _, h := range read {
		if h.n > 0 {
			found = append(found, h)
		}
	}
	return found, nil
}

// keep stores what was read, unless it changed meanwhile.
func (b *board) keep(k Kind, orgID string, asked []int64, read map[int64]head, generations map[int64]uint64, gap uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gap != gap {
		return
	}
	if len(b.cells) > maxCells {
		clear(b.cells)
		b.gap++
	}
	for _, id := range asked {
		key := cellKey{orgID, k.Name, id}
		c := b.cells[key]
		if c == nil {
			c = &cell{}
			b.cells[key] = c
		}
		if c.generation == generations[id] {
			c.known, c.n, c.newest = true, read[id].n, read[id].newest
		}
	}
}

func readHeads(ctx context.Context, q db.Queryer, k Kind, orgID string, ids []int64) (map[int64]head, error) {
	rows, err := q.Query(ctx, `SELECT cc.audience_id, CAST(SUM(cc.n) AS BIGINT), COALESCE((SELECT i.posted_at FROM `+k.Table+` i
			WHERE i.org_id = ?1 AND i.status = 'PUBLISHED' AND i.audience_id = cc.audience_id ORDER BY i.posted_at DESC, i.id DESC LIMIT 1), 0)
		FROM content_counts cc WHERE cc.org_id = ?1 AND cc.kind = ?2 AND cc.audience_id {inInts ?3} GROUP BY cc.audience_id`,
		orgID, k.Name, db.ListInts(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	read := make(map[int64]head, len(ids))
	for rows.Next() {
		var h head
		if err := rows.Scan(&h.audienceID, &h.n, &h.newest); err != nil {
			return nil, err
		}
		read[h.audienceID] = h
	}
	return read, rows.Err()
}
