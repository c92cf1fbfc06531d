// Package bus carries events: facts that a transaction wrote to the outbox together with
// the change they tell of.
//
// Subscribers keep memory right: they drop cached keys and memberships, wake streams. The
// node that wrote an event calls its subscribers right after the commit and before Write
// returns, so that it always reads its own writes. Other nodes find the event by tailing
// the outbox, within PollInterval, or at once when NATS wakes them (Connect). An event may be delivered twice and, after a node was
// cut off, as one "bus.gap" instead: subscribers are idempotent, fast, and treat a gap as
// "anything may have changed". Effects that must happen exactly once are no subscriptions: they
// are jobs, or work done by Follow, which reads the outbox with a cursor that moves in the
// transaction of the work.
//
// Tables: outbox, outbox_cursors. Rows are kept for a day, and longer for a cursor that has not
// read them (Trim).
package bus

import (
	"context"
	"encoding/json"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	nats "github.com/nats-io/nats.go"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// Gap is the name of the event that says that others may have been missed.
const Gap = "bus.gap"

// PollInterval is how often a node looks for the events of others.
const PollInterval = 250 * time.Millisecond

// Kept is how long events stay in the outbox.
const Kept = 24 * time.Hour

// maxTail bounds how many events one look at the outbox reads.
const maxTail = 1000

// Event is a fact to publish. Name is "noun.pastverb", Subject the id of the object; Data
// is small, JSON-encodable and holds ids, never content.
type Event struct {
	OrgID, Name, Subject string
	Data                 any
}

// Delivered is an event as a subscriber gets it. Seq is 0 on the node that wrote it.
type Delivered struct {
	Seq                  int64
	OrgID, Name, Subject string
	Data                 json.RawMessage
	At                   time.Time
}

// Bus publishes and delivers events.
type Bus struct {
	db    *db.DB
	clock clock.Clock
	log   *slog.Logger
	node  string // tells our own rows in the outbox from those of other nodes

	wire atomic.Pointer[nats.Conn] // to other nodes; nil without NATS
	wake chan struct{}

	mu   sync.RWMutex
	subs []subscription
}

type subscription struct {
	names []string
	f     func(Delivered)
}

// New makes a bus for one node.
func New(d *db.DB, c clock.Clock, log *slog.Logger) *Bus {
	return &Bus{db: d, clock: c, log: log, node: ids.New(), wake: make(chan struct{}, 1)}
}

// Subscribe calls f for every event whose name is in names: exactly, or as "noun.*". nil is
// every event. It must be called before events flow.
func (b *Bus) Subscribe(names []string, f func(Delivered)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs = append(b.subs, subscription{names, f})
}

func (s subscription) wants(name string) bool {
	return s.names == nil || slices.ContainsFunc(s.names, func(want string) bool {
		noun, all := strings.CutSuffix(want, "*")
		return want == name || (all && strings.HasPrefix(name, noun))
	})
}

// Publish writes an event in a transaction and delivers it on this node once that has been
// committed.
func (b *Bus) Publish(ctx context.Context, tx db.Tx, e Event) error {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return err
	}
	now := b.clock.Now()
	_, err = tx.Exec(ctx, `INSERT INTO outbox (org_id, node, name, subject, data, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
		e.OrgID, b.node, e.Name, e.Subject, string(data), now.UnixMilli())
	if err != nil {
		return err
	}
	tx.OnCommit(func() {
		b.say(wakeSubject, nil)
		b.deliver(Delivered{OrgID: e.OrgID, Name: e.Name, Subject: e.Subject, Data: data, At: now})
	})
	return nil
}

func (b *Bus) deliver(e Delivered) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, s := range b.subs {
		if s.wants(e.Name) {
			b.call(s, e)
		}
	}
}

// call isolates subscribers from each other's panics.
func (b *Bus) call(s subscription, e Delivered) {
	defer func() {
		if v := recover(); v != nil {
			b.log.Error("a subscriber panicked", "event", e.Name, "panic", v, "stack", string(debug.Stack()))
		}
	}()
	s.f(e)
}

// Run delivers the events of other nodes until ctx ends. Only PostgreSQL has other nodes.
func (b *Bus) Run(ctx context.Context) error {
	if b.db.Engine() == db.SQLite {
		<-ctx.Done()
		return nil
	}
	at, failing := b.start(ctx)
	tick := time.NewTicker(PollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-b.wake:
		}
		next, err := b.tail(ctx, at)
		if err != nil {
			if !failing {
				b.log.WarnContext(ctx, "events of other nodes cannot be read; caches are dropped until they can", "error", err)
			}
			failing = true
			b.deliver(Delivered{Name: Gap, At: b.clock.Now()})
			continue
		}
		at, failing = next, false
	}
}

// position is how far a node has read. Sequence numbers are handed out before their
// transactions commit, so that behind an event another may appear as long as an older
// transaction is open. A node goes on from the oldest of those, in the order of transactions;
// what it delivered beyond is early.
type position struct {
	txid, seq int64
	early     map[int64]bool // by seq
}

func (b *Bus) start(ctx context.Context) (at position, failing bool) {
	at.early = map[int64]bool{}
	err := b.db.Reader(ctx).QueryRow(ctx, `SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint`).Scan(&at.txid)
	return at, err != nil
}

func (b *Bus) tail(ctx context.Context, at position) (position, error) {
	if at.txid == 0 {
		next, failing := b.start(ctx)
		if failing {
			return at, context.DeadlineExceeded
		}
		return next, nil
	}
	page := &tailing{from: at, settled: true}
	for {
		n, err := b.read(ctx, &at, page)
		if err != nil || n < maxTail {
			return at, err
		}
	}
}

// tailing is one look at the outbox, page by page.
type tailing struct {
	from    position // where the next page begins
	settled bool     // no event so far was early
}

// read delivers a page of events, moves the position behind those before the first early one,
// and gives the number of events.
func (b *Bus) read(ctx context.Context, at *position, page *tailing) (n int, err error) {
	rows, err := b.db.Reader(ctx).Query(ctx, `SELECT txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
			txid, seq, org_id, node, name, subject, data, created_at
		FROM outbox WHERE txid > 0 AND (txid, seq) > (?, ?) ORDER BY txid, seq LIMIT ?`, page.from.txid, page.from.seq, maxTail)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for ; rows.Next(); n++ {
		var e Delivered
		var final bool
		var node, data string
		var created int64
		if err := rows.Scan(&final, &page.from.txid, &e.Seq, &e.OrgID, &node, &e.Name, &e.Subject, &data, &created); err != nil {
			return n, err
		}
		page.from.seq = e.Seq
		page.settled = page.settled && final // what comes behind an early event may not be all there
		known := at.early[e.Seq]
		if page.settled {
			at.txid, at.seq = page.from.txid, e.Seq
			delete(at.early, e.Seq)
		} else {
			at.early[e.Seq] = true
		}
		if node != b.node && !known {
			e.Data, e.At = json.RawMessage(data), clock.FromMillis(created)
			b.deliver(e)
		}
	}
	return n, rows.Err()
}

// Trim deletes events that are older than Kept: from the oldest up to the first that is not, so
// that no index by time has to be kept for it. What somebody who follows has not read is left until
// it is Abandoned. The newest stays whatever its age: it is the place from which everybody goes on
// who has seen everything.
func (b *Bus) Trim(ctx context.Context) error {
	now := b.clock.Now()
	return b.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM outbox WHERE seq < COALESCE(
			(SELECT seq FROM outbox WHERE created_at >= ? ORDER BY seq LIMIT 1), (SELECT MAX(seq) FROM outbox))
			AND (created_at < ? OR NOT EXISTS (SELECT 1 FROM outbox_cursors c WHERE (outbox.txid, outbox.seq) > (c.txid, c.seq)))`,
			now.Add(-Kept).UnixMilli(), now.Add(-Abandoned).UnixMilli())
		return err
	})
}
