package bus

import (
	"context"
	"crypto/aes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Position is a place in the log of events: behind the event with this number. Its zero value is
// the beginning.
type Position struct {
	txid int64 // of the transaction that wrote it; 0 on SQLite, which has one writer
	seq  int64
}

// Before reports whether a place is before another.
func (p Position) Before(o Position) bool {
	return p.txid < o.txid || p.txid == o.txid && p.seq < o.seq
}

// PositionAt makes a position of the numbers that Numbers gave.
func PositionAt(txid, seq int64) Position { return Position{txid, seq} }

// Numbers are what a position is stored as.
func (p Position) Numbers() (txid, seq int64) { return p.txid, p.seq }

// Logged is an event of the log with its place.
type Logged struct {
	Position

	OrgID, Name, Subject string
	Data                 json.RawMessage
	At                   time.Time
}

// Stretch is what one look at the log found.
type Stretch struct {
	// Events follow the position in the order of the log. None will ever appear between them.
	Events []Logged
	// Early are events behind those that can be seen already, while a transaction that began
	// before theirs is open: what it writes will stand before them.
	Early []Logged
	// Full says that the look ended at its limit: there may be more.
	Full bool
}

// Log reads the outbox in an order that is the same for everybody and in which nothing appears
// later: what is given out as a place to go on from must stay one.
//
// On SQLite that is the order of the numbers: one writer gives them, and commits in their order.
// On PostgreSQL a number is given when a row is written and seen when its transaction commits,
// so that a smaller number may appear behind a larger one. The order there is by transaction, and
// within one by number; and only events of transactions are given that began before every one
// that is still open (the xmin of the reader's snapshot). No transaction that could write before
// them is left. An event so waits for the transactions that began before its own and are open:
// milliseconds, and at most as long as the server lets a transaction live (kernel/db).
type Log struct{ db *db.DB }

// Log gives the log of a bus.
func (b *Bus) Log() *Log { return &Log{b.db} }

const loggedColumns = `txid, seq, org_id, name, subject, data, created_at`

// after is the statement of After by engine: ?1 and ?2 the position, ?3 the limit.
var after = map[db.Engine]string{
	db.SQLite: `SELECT TRUE, ` + loggedColumns + ` FROM outbox WHERE ?1 = 0 AND seq > ?2 ORDER BY seq LIMIT ?3`,
	db.PostgreSQL: `SELECT txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint, ` + loggedColumns + ` FROM outbox
		WHERE txid > 0 AND (txid, seq) > (?1, ?2) ORDER BY txid, seq LIMIT ?3`,
}

// After looks at up to limit events behind a position, of all organizations.
func (l *Log) After(ctx context.Context, q db.Queryer, p Position, limit int) (s Stretch, err error) {
	rows, err := q.Query(ctx, after[q.Engine()], p.txid, p.seq, limit)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	settled := true
	for rows.Next() {
		var e Logged
		var final bool
		var data string
		var at int64
		if err := rows.Scan(&final, &e.txid, &e.seq, &e.OrgID, &e.Name, &e.Subject, &data, &at); err != nil {
			return s, err
		}
		e.Data, e.At = json.RawMessage(data), clock.FromMillis(at)
		if settled = settled && final; settled {
			s.Events = append(s.Events, e)
		} else {
			s.Early = append(s.Early, e)
		}
	}
	s.Full = len(s.Events)+len(s.Early) == limit
	return s, rows.Err()
}

// newest is the statement of End by engine.
var newest = map[db.Engine]string{
	db.SQLite: `SELECT txid, seq FROM outbox ORDER BY seq DESC LIMIT 1`,
	db.PostgreSQL: `SELECT txid, seq FROM outbox WHERE txid > 0 AND txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
		ORDER BY txid DESC, seq DESC LIMIT 1`,
}

// End gives the position behind the last event whose place is final.
func (l *Log) End(ctx context.Context, q db.Queryer) (p Position, err error) {
	err = q.QueryRow(ctx, newest[q.Engine()]).Scan(&p.txid, &p.seq)
	if errors.Is(err, db.ErrNoRows) {
		err = nil // nothing has ever happened
	}
	return p, err
}

// Holds reports whether a position is one from which nothing is missing: its event is still kept.
// One that is too old is not, nor one of a log that a backup has replaced.
func (l *Log) Holds(ctx context.Context, q db.Queryer, p Position) (held bool, err error) {
	if p == (Position{}) {
		err = q.QueryRow(ctx, `SELECT COALESCE(MIN(seq), 1) = 1 FROM outbox`).Scan(&held)
		return held, err
	}
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM outbox WHERE seq = ? AND txid = ?)`, p.seq, p.txid).Scan(&held)
	return held, err
}

// Cursors write positions as text for clients. The text is one block of a cipher: numbers that
// everybody could read would tell each organization how busy the others are.
type Cursors struct {
	block interface {
		Encrypt(dst, src []byte)
		Decrypt(dst, src []byte)
	}
}

// Cursors gives what writes positions for clients. All nodes write them alike.
func (l *Log) Cursors(ctx context.Context) (Cursors, error) {
	secret, err := l.db.Secret(ctx, "events.cursor")
	if err != nil {
		return Cursors{}, err
	}
	key := sha256.Sum256([]byte(secret))
	block, err := aes.NewCipher(key[:])
	return Cursors{block}, err
}

// A cursor is 7 bytes of each number, and zeros by which one that was made up is known.
const numberBytes = 7

// Text writes a position.
func (c Cursors) Text(p Position) string {
	var plain, sealed [aes.BlockSize]byte
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], uint64(p.txid))
	copy(plain[:], number[1:])
	binary.BigEndian.PutUint64(number[:], uint64(p.seq))
	copy(plain[numberBytes:], number[1:])
	c.block.Encrypt(sealed[:], plain[:])
	return base64.RawURLEncoding.EncodeToString(sealed[:])
}

// ErrCursor says that a text is no cursor of this installation.
var ErrCursor = errors.New("bus: not a cursor of this installation")

// Read reads a position.
func (c Cursors) Read(text string) (Position, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(sealed) != aes.BlockSize {
		return Position{}, ErrCursor
	}
	var plain [aes.BlockSize]byte
	c.block.Decrypt(plain[:], sealed)
	if plain[2*numberBytes] != 0 || plain[2*numberBytes+1] != 0 {
		return Position{}, ErrCursor
	}
	number := func(b []byte) int64 { return int64(binary.BigEndian.Uint64(append([]byte{0}, b...))) }
	return Position{number(plain[:numberBytes]), number(plain[numberBytes : 2*numberBytes])}, nil
}
