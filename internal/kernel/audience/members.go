package audience

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// membersSQL finds the active people an audience admits: the clauses read the other way
// round. It must say the same as visibleSQL; the property test compares the two.
const membersSQL = `
SELECT u.id FROM users u WHERE u.org_id = ? AND u.status = 'ACTIVE' AND u.id > ? AND (
    EXISTS (SELECT 1 FROM audience_clauses c WHERE c.org_id = ? AND c.audience_id = ? AND c.kind = 'org')
 OR u.id IN (SELECT c.ref FROM audience_clauses c WHERE c.org_id = ? AND c.audience_id = ? AND c.kind = 'user')
 OR u.location_id IN (SELECT c.ref FROM audience_clauses c WHERE c.org_id = ? AND c.audience_id = ? AND c.kind = 'location')
 OR u.id IN (SELECT m.user_id FROM audience_clauses c
               JOIN security_group_members m ON m.org_id = c.org_id AND m.group_id = c.ref
              WHERE c.org_id = ? AND c.audience_id = ? AND c.kind = 'group')
 OR u.id IN (SELECT f.follower_id FROM audience_clauses c
               JOIN follows f ON f.org_id = c.org_id AND f.followed_id = c.ref
               JOIN follows b ON b.org_id = f.org_id AND b.follower_id = f.followed_id AND b.followed_id = f.follower_id
              WHERE c.org_id = ? AND c.audience_id = ? AND c.kind = 'friends')
 OR EXISTS (SELECT 1 FROM audience_clauses c JOIN users a ON a.org_id = c.org_id AND a.id = c.ref
             WHERE c.org_id = ? AND c.audience_id = ? AND c.kind = 'team' AND (
                   u.reports_to = a.id OR u.reports_to = a.reports_to OR u.id = a.reports_to
                OR EXISTS (SELECT 1 FROM user_teams t WHERE t.org_id = a.org_id AND t.user_id = a.id AND (
                       t.supervisor_id = u.id OR t.supervisor_id = u.reports_to
                    OR EXISTS (SELECT 1 FROM user_teams o WHERE o.org_id = t.org_id AND o.user_id = u.id
                                  AND o.supervisor_id = t.supervisor_id)))))
) ORDER BY u.id LIMIT ?`

// Members gives up to limit active people who may see items of the audience, in the
// order of their ids, after the id after ("" from the start). The author of an item is
// always among them.
func (a *Audiences) Members(ctx context.Context, q db.Queryer, orgID string, audienceID int64, after string, limit int) ([]string, error) {
	o, id := orgID, audienceID
	rows, err := q.Query(ctx, membersSQL, o, after, o, id, o, id, o, id, o, id, o, id, o, id, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var members []string
	for rows.Next() {
		var user string
		if err := rows.Scan(&user); err != nil {
			return nil, err
		}
		members = append(members, user)
	}
	return members, rows.Err()
}
