package acknowledgement

import (
	"context"
	"math"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// store is the SQL of acknowledgements and nothing else.
type store struct{}

// entry is a person of a list.
type entry struct {
	person  person.Card
	at      *int64 // ms; nil while they are missing
	sortKey string
}

// position is where a list goes on.
type position struct {
	At  int64  `json:"t,omitempty"`
	Key string `json:"k,omitempty"`
	ID  string `json:"i"`
}

func (e entry) position() position {
	p := position{Key: e.sortKey, ID: e.person.ID}
	if e.at != nil {
		p = position{At: *e.at, ID: e.person.ID}
	}
	return p
}

// slice is the part of a list that is wanted, and one row more.
type slice struct {
	after         *position
	limit, offset int
}

// add records an acknowledgement and gives when it was made, and whether it is new.
func (store) add(ctx context.Context, tx db.Tx, who authz.Actor, item content.Item, at int64) (int64, bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO acknowledgements (org_id, kind, item_id, edition, user_id, at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (org_id, kind, item_id, edition, user_id) DO NOTHING`, who.OrgID, item.Kind, item.ID, item.Edition, who.UserID, at)
	if err != nil || n == 1 {
		return at, n == 1, err
	}
	err = tx.QueryRow(ctx, `SELECT at FROM acknowledgements WHERE org_id = ? AND kind = ? AND item_id = ? AND edition = ? AND user_id = ?`,
		who.OrgID, item.Kind, item.ID, item.Edition, who.UserID).Scan(&at)
	return at, false, err
}

// done lists who has acknowledged an item, latest first, and how many have.
func (store) done(ctx context.Context, q db.Queryer, orgID string, item content.Item, s slice) ([]entry, int, error) {
	const from = ` FROM acknowledgements k {thenJoin} users u ON u.org_id = k.org_id AND u.id = k.user_id` + person.Join +
		`WHERE k.org_id = ?1 AND k.kind = ?2 AND k.item_id = ?3 AND k.edition = ?4`
	var total int
	args := []any{orgID, item.Kind, item.ID, item.Edition}
	if err := q.QueryRow(ctx, `SELECT COUNT(*)`+from, args...).Scan(&total); err != nil {
		return nil, 0, err
	}
	after := position{At: math.MaxInt64}
	if s.after != nil {
		after = *s.after
	}
	list, err := entries(q.Query(ctx, `SELECT k.at, '', `+person.Columns+from+` AND (k.at, k.user_id) < (?5, ?6) ORDER BY k.at DESC, k.user_id DESC LIMIT ?7 OFFSET ?8`,
		append(args, after.At, after.ID, s.limit+1, s.offset)...))
	return list, total, err
}

// missing lists the active members of an item's audience who have not acknowledged it, by name,
// and how many they are.
func (store) missing(ctx context.Context, q db.Queryer, orgID string, item content.Item, s slice) ([]entry, int, error) {
	const from = ` FROM users u` + person.Join + `WHERE ` + audience.ActiveMember + ` AND u.id <> ?3 AND NOT EXISTS (SELECT 1 FROM acknowledgements k
		WHERE k.org_id = ?1 AND k.kind = ?4 AND k.item_id = ?5 AND k.edition = ?6 AND k.user_id = u.id)`
	var total int
	args := []any{orgID, item.AudienceID, item.AuthorID, item.Kind, item.ID, item.Edition}
	if err := q.QueryRow(ctx, audience.WithClauses+`SELECT COUNT(*)`+from, args...).Scan(&total); err != nil {
		return nil, 0, err
	}
	var after position
	if s.after != nil {
		after = *s.after
	}
	list, err := entries(q.Query(ctx, audience.WithClauses+`SELECT CAST(NULL AS BIGINT), u.sort_key, `+person.Columns+from+` AND (u.sort_key, u.id) > (?7, ?8)
		ORDER BY u.sort_key, u.id LIMIT ?9 OFFSET ?10`, append(args, after.Key, after.ID, s.limit+1, s.offset)...))
	return list, total, err
}

func entries(rows db.Rows, err error) ([]entry, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []entry
	for rows.Next() {
		var e entry
		if err := rows.Scan(append([]any{&e.at, &e.sortKey}, e.person.Targets()...)...); err != nil {
			return nil, err
		}
		e.person.Finish()
		list = append(list, e)
	}
	return list, rows.Err()
}
