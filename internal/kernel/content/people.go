package content

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// The roles in which an item names people.
const (
	Owner  = "owner"
	Tagged = "tagged"
)

// isOwner gives the SELECT expression of whether the viewer ?2 owns the item of the table under
// an alias.
func (k Kind) isOwner(alias string) string {
	if !k.Owned {
		return `FALSE`
	}
	return `EXISTS (SELECT 1 FROM content_people o WHERE o.org_id = ` + alias + `.org_id AND o.user_id = ?2 AND o.kind = '` + k.Name +
		`' AND o.role = 'owner' AND o.item_id = ` + alias + `.id)`
}

// SetPeople makes people those an item names in a role, in their order.
func SetPeople(ctx context.Context, tx db.Tx, orgID string, item Item, role string, people []string) error {
	_, err := tx.Exec(ctx, `DELETE FROM content_people WHERE org_id = ? AND kind = ? AND item_id = ? AND role = ?`, orgID, item.Kind, item.ID, role)
	if err != nil || len(people) == 0 {
		return err
	}
	rows := make([][]any, len(people))
	for i, id := range people {
		rows[i] = []any{orgID, item.Kind, item.ID, role, id, i}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO content_people (org_id, kind, item_id, role, user_id, place)`, rows, ``)
}

// PeopleOf reads whom items name in a role, by item, in their order.
func PeopleOf(ctx context.Context, q db.Queryer, orgID string, kind Kind, role string, items []string) (map[string][]string, error) {
	people := map[string][]string{}
	if len(items) == 0 {
		return people, nil
	}
	rows, err := q.Query(ctx, `SELECT item_id, user_id FROM content_people WHERE org_id = ? AND kind = ? AND role = ? AND item_id {in} ORDER BY item_id, place`,
		orgID, kind.Name, role, db.List(items))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var item, person string
		if err := rows.Scan(&item, &person); err != nil {
			return nil, err
		}
		people[item] = append(people[item], person)
	}
	return people, rows.Err()
}
