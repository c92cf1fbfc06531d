package audience

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Clause is one reason to be in an audience, and whether it admits somebody.
type Clause struct {
	Kind   string // "org", "user", "group", "location", "team" or "friends"
	ID     string // of the person (of a team or of friends: whose they are), security group or group chat, or location; "" of "org"
	Name   string // of whoever or whatever ID is, "" when it is gone
	Admits bool
}

// explainSQL has ?1 the organization, ?2 the person, ?3 the audience.
var explainSQL = `SELECT c.kind, c.ref, COALESCE(u.first_name || ' ' || u.last_name, g.name, v.title, l.name, ''),
	(c.kind, c.ref) IN (` + admitting(`kind, ref`, ` AND audience_id = ?3`) + `)
FROM audience_clauses c
LEFT JOIN users u ON u.org_id = c.org_id AND u.id = c.ref AND c.kind IN ('user', 'team', 'friends')
LEFT JOIN security_groups g ON g.org_id = c.org_id AND g.id = c.ref AND c.kind = 'group'
LEFT JOIN conversations v ON v.org_id = c.org_id AND v.id = c.ref AND c.kind = 'group'
LEFT JOIN locations l ON l.org_id = c.org_id AND l.id = c.ref AND c.kind = 'location'
WHERE c.org_id = ?1 AND c.audience_id = ?3 ORDER BY c.kind, 3, c.ref`

// Explain gives the clauses of an audience, with those that admit a person: the person may list
// the audience when there are any.
func (a *Audiences) Explain(ctx context.Context, q db.Queryer, orgID, userID string, audienceID int64) ([]Clause, error) {
	rows, err := q.Query(ctx, explainSQL, orgID, userID, audienceID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Clause
	for rows.Next() {
		var c Clause
		if err := rows.Scan(&c.Kind, &c.ID, &c.Name, &c.Admits); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}
