package audience

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// whose are the people to whose teams the clauses c admit. By themselves they are few: asked for
// every person of the organization, PostgreSQL would look through all clauses for them.
const whose = `, whose AS MATERIALIZED (
    SELECT a.org_id, a.id, a.reports_to FROM c {thenJoin} users a ON a.org_id = ?1 AND a.id = c.ref WHERE c.kind = 'team') `

// admitted is the condition that the person u of organization ?1 is admitted by the clauses c:
// visibleSQL read the other way round. It must say the same; the property test compares the two.
const admitted = `(
    EXISTS (SELECT 1 FROM c WHERE c.kind = 'org')
 OR u.id IN (SELECT c.ref FROM c WHERE c.kind = 'user')
 OR u.location_id IN (SELECT c.ref FROM c WHERE c.kind = 'location')
 OR u.id IN (SELECT m.user_id FROM c
        {thenJoin} security_group_members m ON m.org_id = ?1 AND m.group_id = c.ref
             WHERE c.kind = 'group')
 OR u.id IN (SELECT m.user_id FROM c
        {thenJoin} conversation_members m ON m.org_id = ?1 AND m.conversation_id = c.ref
             WHERE c.kind = 'group')
 OR u.id IN (SELECT f.follower_id FROM c
        {thenJoin} follows f ON f.org_id = ?1 AND f.followed_id = c.ref
              JOIN follows b ON b.org_id = f.org_id AND b.follower_id = f.followed_id AND b.followed_id = f.follower_id
             WHERE c.kind = 'friends')
 OR EXISTS (SELECT 1 FROM whose a WHERE
        u.reports_to = a.id OR u.reports_to = a.reports_to OR u.id = a.reports_to
     OR EXISTS (SELECT 1 FROM user_teams t WHERE t.org_id = a.org_id AND t.user_id = a.id AND (
            t.supervisor_id = u.id OR t.supervisor_id = u.reports_to
         OR EXISTS (SELECT 1 FROM user_teams o WHERE o.org_id = t.org_id AND o.user_id = u.id AND o.supervisor_id = t.supervisor_id))))
)`

// WithClauses begins a statement about the members of audience ?2 of organization ?1: those of
// the people u of whom ActiveMember is true. Nobody else reads anything.
const (
	WithClauses  = `WITH c AS (SELECT kind, ref FROM audience_clauses WHERE org_id = ?1 AND audience_id = ?2)` + whose
	ActiveMember = `u.org_id = ?1 AND u.status = 'ACTIVE' AND ` + admitted
)

const membersSQL = WithClauses + `SELECT u.id FROM users u WHERE u.id > ?3 AND ` + ActiveMember + ` ORDER BY u.id LIMIT ?4`

// Members gives up to limit active people who may see items of the audience, in the
// order of their ids, after the id after ("" from the start). The author of an item is
// always among them.
func (a *Audiences) Members(ctx context.Context, q db.Queryer, orgID string, audienceID int64, after string, limit int) ([]string, error) {
	return db.Strings(q.Query(ctx, membersSQL, orgID, audienceID, after, limit))
}

// Prospect is the audience that permissions would mean. It is not stored, and asking it writes
// nothing.
type Prospect struct {
	orgID   string
	clauses []clause
}

// Prospect gives the audience that Intern would give for the same permissions, author and
// owners, with the same faults for ids that are not the organization's.
func (a *Audiences) Prospect(ctx context.Context, q db.Queryer, orgID, authorID string, p Permissions, owners ...string) (Prospect, error) {
	p = p.Normalize()
	always := p.always(authorID, owners)
	hash, _ := p.key(always)
	var id int64
	err := q.QueryRow(ctx, `SELECT id FROM audiences WHERE org_id = ? AND hash = ?`, orgID, hash).Scan(&id)
	if errors.Is(err, db.ErrNoRows) { // one that is there may name what is gone since
		err = checkReferences(ctx, q, authz.Actor{OrgID: orgID, UserID: authorID}, p)
	}
	return Prospect{orgID, p.clauses(always)}, err
}

var kinds = []string{kindOrg, kindUser, kindGroup, kindLocation, kindTeam, kindFriends}

// prospectWith takes the clauses c from ?2 to ?7: for each kind a list of what it refers to.
var prospectWith = func() string {
	parts := make([]string, len(kinds))
	for i, kind := range kinds {
		parts[i] = `SELECT '` + kind + `' AS kind, n.value AS ref FROM {each ?` + strconv.Itoa(i+2) + `}`
	}
	return `WITH c AS (` + strings.Join(parts, ` UNION ALL `) + `)` + whose
}()

// args are the arguments of a statement that begins with prospectWith.
func (p Prospect) args(more ...any) []any {
	args := []any{p.orgID}
	for _, kind := range kinds {
		var refs []string
		for _, c := range p.clauses {
			if c.kind == kind {
				refs = append(refs, c.ref)
			}
		}
		args = append(args, db.List(refs))
	}
	return append(args, more...)
}

// Members gives the number of active people who would see an item, and the first of them by
// name, up to limit.
func (p Prospect) Members(ctx context.Context, q db.Queryer, limit int) (first []string, total int, err error) {
	rows, err := q.Query(ctx, prospectWith+`SELECT u.id, COUNT(*) OVER () FROM users u WHERE `+ActiveMember+` ORDER BY u.sort_key, u.id LIMIT ?8`, p.args(limit)...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id, &total); err != nil {
			return nil, 0, err
		}
		first = append(first, id)
	}
	return first, total, rows.Err()
}

// Outside gives those of some people, in their order, whom nothing in the permissions admits,
// whether they can sign in or not.
func (p Prospect) Outside(ctx context.Context, q db.Queryer, people []string) ([]string, error) {
	if len(people) == 0 {
		return nil, nil
	}
	return outside(people)(q.Query(ctx, prospectWith+`SELECT u.id FROM users u WHERE u.org_id = ?1 AND u.id {in ?8} AND `+admitted, p.args(db.List(people))...))
}

const insideSQL = WithClauses + `SELECT u.id FROM users u WHERE u.org_id = ?1 AND u.id {in ?3} AND ` + admitted

// Outside gives those of some people, in their order, whom nothing in an audience admits,
// whether they can sign in or not.
func (a *Audiences) Outside(ctx context.Context, q db.Queryer, orgID string, audienceID int64, people []string) ([]string, error) {
	return outside(people)(q.Query(ctx, insideSQL, orgID, audienceID, db.List(people)))
}

// outside takes the people off a list whose ids a statement gives.
func outside(people []string) func(db.Rows, error) ([]string, error) {
	return func(rows db.Rows, err error) ([]string, error) {
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		inside := map[string]bool{}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return nil, err
			}
			inside[id] = true
		}
		return slices.DeleteFunc(slices.Clone(people), func(id string) bool { return inside[id] }), rows.Err()
	}
}

// ID writes the number of an audience as text.
func ID(number int64) string { return strconv.FormatInt(number, 10) }

// Admitted gives those of some people whom audiences admit, by the text of the audience's number,
// whether they can sign in or not.
func (a *Audiences) Admitted(ctx context.Context, q db.Queryer, orgID string, audiences, people []string) (map[string][]string, error) {
	in := make(map[string][]string, len(audiences))
	for _, id := range audiences {
		number, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return nil, err
		}
		if in[id], err = db.Strings(q.Query(ctx, insideSQL, orgID, number, db.List(people))); err != nil {
			return nil, err
		}
	}
	return in, nil
}
