package event

import (
	"context"
	"strconv"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Query is a listing of occurrences. What is set must hold.
type Query struct {
	From, To *int64 // ms; what overlaps these, both inclusive
	Past     bool   // what is over
	Now      bool   // what is on: beside what From, To and Past find, or alone without them
	Meeting  bool   // meetings
	Going    bool   // to which the viewer comes
	External bool   // also what is in the calendars that the viewer subscribes to
	NoRsvps  bool   // without those who answered
	Type     int    // of this type
	Category string // in this one, by id or name
	Created  *int64 // ms; of events made until then
	Status   string // of the viewer's own events that are not published

	categoryIDs   []string
	now           int64
	after         *place
	limit, offset int
}

// place is where a list goes on.
type place struct {
	At int64  `json:"t"` // start
	ID string `json:"i"`
}

// key is an occurrence of a page.
type key struct {
	place
	external bool
}

// descends reports that the latest come first: where nothing says from when on.
func (query *Query) descends() bool {
	onlyNow := query.Now && query.To == nil && !query.Past
	return query.From == nil && !onlyNow
}

// lister writes one listing.
type lister struct {
	query *Query
	args  []any
}

// param adds an argument and gives its name in the text.
func (l *lister) param(value any) string {
	l.args = append(l.args, value)
	return "?" + strconv.Itoa(len(l.args))
}

// window gives the condition on start and end of t, and the least and the greatest start that can
// fulfil it for a length.
func (l *lister) window() (where string, lo, hi *int64) {
	query, now := l.query, l.query.now
	bounded := query.From != nil || query.To != nil || query.Past
	var main []string
	if query.From != nil {
		main, lo = append(main, `t.ends_at >= `+l.param(*query.From)), query.From
	}
	if query.To != nil {
		main, hi = append(main, `t.starts_at <= `+l.param(*query.To)), query.To
	}
	if query.Past {
		main = append(main, `t.ends_at < `+l.param(now))
		if hi == nil || *hi > now {
			hi = &now
		}
	}
	if !query.Now {
		return strings.Join(main, ` AND `), lo, hi
	}
	name := l.param(now)
	on := `(t.starts_at <= ` + name + ` AND t.ends_at >= ` + name + `)`
	if !bounded {
		return on, &now, &now
	}
	if lo != nil && *lo > now {
		lo = &now
	}
	if hi != nil && *hi < now {
		hi = &now
	}
	return `((` + strings.Join(main, ` AND `) + `) OR ` + on + `)`, lo, hi
}

// ranges writes a selection of keys from a table for every class of lengths: an index range each.
// Without a least start one range has them all.
func (l *lister) ranges(columns, from, where string) string {
	times, lo, hi := l.window()
	if times != "" {
		where += ` AND ` + times
	}
	if hi != nil {
		where += ` AND t.starts_at <= ` + l.param(*hi)
	}
	one := `SELECT ` + columns + ` FROM ` + from + ` WHERE ` + where
	if lo == nil {
		return one
	}
	var parts []string
	for span, most := range spans {
		parts = append(parts, one+` AND t.span = `+strconv.Itoa(span)+` AND t.starts_at >= `+l.param(*lo-most))
	}
	return strings.Join(parts, ` UNION ALL `)
}

// keys writes the selection of everything a listing has.
func (l *lister) keys() string {
	query := l.query
	from, where := `event_occurrences t`, `t.org_id = ?1 AND t.audience_id {inInts ?3}`
	if query.Status != content.Published {
		where = `t.org_id = ?1 AND NOT t.cancelled AND (t.audience_id {inInts ?3} OR TRUE) AND t.event_id IN (SELECT d.id FROM events d WHERE d.org_id = ?1 AND d.author_id = ?2 AND d.status = ` + l.param(query.Status) + `)`
	}
	if query.Meeting {
		where += ` AND t.is_meeting`
	}
	if query.Type != 0 {
		where += ` AND t.type = ` + l.param(query.Type)
	}
	if query.Category != "" {
		where += ` AND EXISTS (SELECT 1 FROM events c WHERE c.org_id = ?1 AND c.id = t.event_id AND c.category_id {in ` + l.param(db.List(query.categoryIDs)) + `})`
	}
	if query.Created != nil {
		where += ` AND EXISTS (SELECT 1 FROM events m WHERE m.org_id = ?1 AND m.id = t.event_id AND m.created_at <= ` + l.param(*query.Created) + `)`
	}
	if query.Going {
		where += ` AND COALESCE(
			(SELECT p.answer FROM event_people p WHERE p.org_id = ?1 AND p.event_id = t.event_id AND p.occurrence_id = t.id AND p.user_id = ?2),
			(SELECT p.answer FROM event_people p WHERE p.org_id = ?1 AND p.event_id = t.event_id AND p.occurrence_id = '' AND p.user_id = ?2)) = 'GOING'`
	}
	keys := l.ranges(`t.id, t.starts_at, FALSE AS external`, from, where)
	if !query.External || query.Meeting || query.Going || query.Category != "" || query.Status != content.Published || query.Type != 0 && query.Type != typeEvent {
		return keys
	}
	where = `t.org_id = ?1 AND t.user_id = ?2`
	if query.Created != nil {
		where += ` AND t.created_at <= ` + l.param(*query.Created)
	}
	return keys + ` UNION ALL ` + l.ranges(`t.id, t.starts_at, TRUE AS external`, `external_events t`, where)
}

// page reads the keys of a page with the exact number of all. viewer is the organization, the
// viewer and their audiences.
func (store) page(ctx context.Context, q db.Queryer, viewer []any, query Query) ([]key, int, error) {
	l := &lister{&query, append([]any{}, viewer...)}
	with := `WITH w AS (` + l.keys() + `) `
	total := with + `SELECT COUNT(*) FROM w WHERE ?2 <> ''`
	counted := l.args[:len(l.args):len(l.args)]
	order, than := `ASC`, `>`
	if query.descends() {
		order, than = `DESC`, `<`
	}
	text := with + `SELECT (SELECT COUNT(*) FROM w), w.id, w.starts_at, w.external FROM w WHERE ?2 <> ''`
	if query.after != nil {
		text += ` AND (w.starts_at, w.id) ` + than + ` (` + l.param(query.after.At) + `, ` + l.param(query.after.ID) + `)`
	}
	text += ` ORDER BY w.starts_at ` + order + `, w.id ` + order + ` LIMIT ` + strconv.Itoa(query.limit) + ` OFFSET ` + strconv.Itoa(query.offset)
	rows, err := q.Query(ctx, text, l.args...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var list []key
	var n int
	for rows.Next() {
		var k key
		if err := rows.Scan(&n, &k.ID, &k.At, &k.external); err != nil {
			return nil, 0, err
		}
		list = append(list, k)
	}
	if err := rows.Err(); err != nil || len(list) > 0 {
		return list, n, err
	}
	err = q.QueryRow(ctx, total, counted...).Scan(&n)
	return nil, n, err
}

// seen reads occurrences as the viewer sees them, without what their events say.
func (store) seen(ctx context.Context, q db.Queryer, who authz.Actor, list []string) ([]Seen, error) {
	rows, err := q.Query(ctx, `SELECT `+occurrenceColumns+`,
		CASE WHEN o.call_started_at IS NULL THEN 0 ELSE (SELECT COUNT(*) FROM event_people j
			WHERE j.org_id = ?1 AND j.event_id = o.event_id AND j.occurrence_id = o.id AND j.joined_at IS NOT NULL) END,
		COALESCE(m.answer, a.answer), m.checked_in_at
		FROM {each ?3} {thenJoin} event_occurrences o ON o.org_id = ?1 AND o.id = n.value AND NOT o.cancelled
		LEFT JOIN event_people m ON m.org_id = ?1 AND m.event_id = o.event_id AND m.occurrence_id = o.id AND m.user_id = ?2
		LEFT JOIN event_people a ON a.org_id = ?1 AND a.event_id = o.event_id AND a.occurrence_id = '' AND a.user_id = ?2`,
		who.OrgID, who.UserID, db.List(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []Seen
	for rows.Next() {
		var o Seen
		if err := o.scan(rows, &o.Joined, &o.MyRsvp, &o.MyCheckin); err != nil {
			return nil, err
		}
		found = append(found, o)
	}
	return found, rows.Err()
}
