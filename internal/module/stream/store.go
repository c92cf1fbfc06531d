package stream

import (
	"cmp"
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

type store struct{}

func (store) isOnline(ctx context.Context, q db.Queryer, who authz.Actor) (online bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM presence WHERE org_id = ? AND user_id = ?)`, who.OrgID, who.UserID).Scan(&online)
	return online, err
}

func (store) arrive(ctx context.Context, tx db.Tx, who authz.Actor, now int64) (came bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO presence (org_id, user_id, seen_at) VALUES (?, ?, ?) ON CONFLICT (org_id, user_id) DO NOTHING`, who.OrgID, who.UserID, now)
	return n > 0, err
}

// touch renews rows in one order, in which nodes do not wait for each other in a circle.
func (store) touch(ctx context.Context, tx db.Tx, people []person, now int64) error {
	slices.SortFunc(people, func(a, b person) int { return cmp.Or(cmp.Compare(a.orgID, b.orgID), cmp.Compare(a.userID, b.userID)) })
	rows := make([][]any, len(people))
	for i, p := range people {
		rows[i] = []any{p.orgID, p.userID, now}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO presence (org_id, user_id, seen_at)`, rows, `ON CONFLICT (org_id, user_id) DO UPDATE SET seen_at = excluded.seen_at`)
}

// anyAway and sweep are about every organization: org_id is among what they give.
func (store) anyAway(ctx context.Context, q db.Queryer, before int64) (found bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT org_id FROM presence WHERE seen_at < ?)`, before).Scan(&found)
	return found, err
}

func (store) sweep(ctx context.Context, tx db.Tx, before int64) ([]person, error) {
	rows, err := tx.Query(ctx, `DELETE FROM presence WHERE seen_at < ? RETURNING org_id, user_id`, before)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []person
	for rows.Next() {
		var p person
		if err := rows.Scan(&p.orgID, &p.userID); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}
