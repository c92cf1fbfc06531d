package bus

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Abandoned is how long events are kept that a cursor has not read.
const Abandoned = 7 * 24 * time.Hour

// maxFollowed bounds how many events one Follow reads.
const maxFollowed = 500

// ErrNoCursor says that nobody of this name follows the outbox: a migration adds the row.
var ErrNoCursor = errors.New("bus: no such cursor")

// errTaken says that another node has read the same events meanwhile.
var errTaken = errors.New("bus: the cursor has moved")

// Follow hands the next events behind the cursor of a name to prepare, and moves the cursor in
// the transaction in which the work that prepare gives is done: for each event the work is done
// once, whatever crashes, and events wait while nobody follows. Events come in the order of their
// transactions; one whose transaction was overtaken by an older one that is still open waits for
// it. Several nodes may follow with one name; who comes second does nothing. It gives the number
// of events that were read, 0 at the end.
func (b *Bus) Follow(ctx context.Context, name string, prepare func(ctx context.Context, events []Delivered) (func(ctx context.Context, tx db.Tx) error, error)) (int, error) {
	from, to, events, err := b.ahead(ctx, name)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	work, err := prepare(ctx, events)
	if err != nil {
		return 0, err
	}
	err = b.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE outbox_cursors SET txid = ?, seq = ? WHERE name = ? AND txid = ? AND seq = ?`,
			to.txid, to.seq, name, from.txid, from.seq)
		if err == nil && n == 0 {
			err = errTaken
		}
		if err != nil {
			return err
		}
		return work(ctx, tx)
	})
	if errors.Is(err, errTaken) {
		return len(events), nil // there may be more
	}
	return len(events), err
}

// ahead reads the events behind a cursor, and where the last of them stands.
func (b *Bus) ahead(ctx context.Context, name string) (from, to position, events []Delivered, err error) {
	if from, err = b.cursor(ctx, name); err != nil {
		return from, to, nil, err
	}
	q := b.db.Reader(ctx)
	statement := `SELECT 0, seq, org_id, name, subject, data, created_at FROM outbox WHERE seq > ?2 ORDER BY seq LIMIT ?3`
	if b.db.Engine() == db.PostgreSQL {
		statement = `SELECT txid, seq, org_id, name, subject, data, created_at FROM outbox WHERE txid > 0 AND (txid, seq) > (?1, ?2)
			AND txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY txid, seq LIMIT ?3`
	}
	rows, err := q.Query(ctx, statement, from.txid, from.seq, maxFollowed)
	if err != nil {
		return from, to, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e Delivered
		var data string
		var created int64
		if err := rows.Scan(&to.txid, &e.Seq, &e.OrgID, &e.Name, &e.Subject, &data, &created); err != nil {
			return from, to, nil, err
		}
		e.Data, e.At, to.seq = json.RawMessage(data), clock.FromMillis(created), e.Seq
		events = append(events, e)
	}
	return from, to, events, rows.Err()
}

// cursor gives where a cursor stands. A database that was restored into another PostgreSQL server
// counts its transactions anew: a cursor that is ahead of them begins again with those to come.
func (b *Bus) cursor(ctx context.Context, name string) (at position, err error) {
	q := b.db.Reader(ctx)
	err = q.QueryRow(ctx, `SELECT txid, seq FROM outbox_cursors WHERE name = ?`, name).Scan(&at.txid, &at.seq)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrNoCursor
	}
	if err != nil || b.db.Engine() == db.SQLite {
		return at, err
	}
	var oldest, next int64
	err = q.QueryRow(ctx, `SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() s`).Scan(&oldest, &next)
	if err != nil || at.txid < next {
		return at, err
	}
	b.log.WarnContext(ctx, "the database was restored from another server: events before this moment are not followed", "cursor", name)
	err = b.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE outbox_cursors SET txid = ?, seq = 0 WHERE name = ? AND txid = ? AND seq = ?`, oldest-1, name, at.txid, at.seq)
		return err
	})
	return position{txid: oldest - 1}, err
}
