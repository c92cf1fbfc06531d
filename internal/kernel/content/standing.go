package content

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Standing is who may see an item at this moment: some people always, and an audience when it is
// published.
type Standing struct {
	People     []string // its author, first, and its owners
	AudienceID int64    // 0 when nobody else sees it
}

// Standings gives the standing of items of a kind, by id. What is not there is absent.
func (c *Content) Standings(ctx context.Context, q db.Queryer, orgID, kind string, ids []string) (map[string]Standing, error) {
	k := c.kind(kind)
	rows, err := q.Query(ctx, `SELECT i.id, i.author_id, i.audience_id, i.status FROM `+k.Table+` i WHERE i.org_id = ? AND i.id {in}`, orgID, db.List(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := map[string]Standing{}
	for rows.Next() {
		var s Standing
		var id, author, status string
		if err := rows.Scan(&id, &author, &s.AudienceID, &status); err != nil {
			return nil, err
		}
		s.People = []string{author}
		if status != Published {
			s.AudienceID = 0
		}
		list[id] = s
	}
	if err := rows.Err(); err != nil || !k.Owned {
		return list, err
	}
	owners, err := PeopleOf(ctx, q, orgID, k, Owner, ids)
	for id, people := range owners {
		if s, ok := list[id]; ok {
			s.People = append(s.People, people...)
			list[id] = s
		}
	}
	return list, err
}
