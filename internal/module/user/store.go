package user

import (
	"context"
	"errors"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Constraints tell which conflict a unique index stands for.
var Constraints = []db.Constraint{
	{
		Name: "users_email_key", Columns: "users.org_id, users.email_key",
		Code: "user.emailTaken", Pointer: "/email", Detail: emailTaken,
	},
	{
		Name: "users_external_key", Columns: "users.org_id, users.external_user_id",
		Code: "user.externalUserIdTaken", Pointer: "/externalUserId", Detail: externalTaken,
	},
	{
		Name: "users_user_name_key", Columns: "users.org_id, users.user_name",
		Code: "user.userNameTaken", Pointer: "/email", Detail: "Another person was given the same user name at this moment. Try again.",
	},
}

// store is every SQL statement of the module.
type store struct{}

// record is a row of users with the names it refers to.
type record struct {
	id, email, userName     string
	externalID              *string
	status                  string
	firstName, lastName     string
	bio, phone, designation *string
	department              *string
	head                    bool
	location, reportsTo     *string
	color                   string
	expert                  bool
	availability            int64
	availabilityText        *string
	visibility, skills      string
	zone, language          *string
	version                 int64
	createdAt, updatedAt    int64
	createdBy, updatedBy    string
	sortKey                 string
	departmentName          *string
	online                  bool
	locationName            *string
}

const recordColumns = `u.id, u.email, u.user_name, u.external_user_id, u.status, u.first_name, u.last_name, ` +
	`u.bio, u.phone, u.designation, u.department_id, u.is_department_head, u.location_id, u.reports_to, u.color, ` +
	`u.is_expert, u.availability, u.availability_text, u.default_visibility, u.skills, u.time_zone, u.language, u.version, ` +
	`u.created_at, u.updated_at, u.created_by, u.updated_by, u.sort_key, d.name, l.name, ` + person.Online

const recordFrom = ` FROM users u
LEFT JOIN departments d ON d.org_id = u.org_id AND d.id = u.department_id
LEFT JOIN locations l ON l.org_id = u.org_id AND l.id = u.location_id
WHERE u.org_id = ?`

func (r *record) targets() []any {
	return []any{
		&r.id, &r.email, &r.userName, &r.externalID, &r.status, &r.firstName, &r.lastName,
		&r.bio, &r.phone, &r.designation, &r.department, &r.head, &r.location, &r.reportsTo, &r.color,
		&r.expert, &r.availability, &r.availabilityText, &r.visibility, &r.skills, &r.zone, &r.language, &r.version,
		&r.createdAt, &r.updatedAt, &r.createdBy, &r.updatedBy, &r.sortKey,
		&r.departmentName, &r.locationName, &r.online,
	}
}

func (store) byID(ctx context.Context, q db.Queryer, orgID, id string) (record, error) {
	var r record
	err := q.QueryRow(ctx, `SELECT `+recordColumns+recordFrom+` AND u.id = ?`, orgID, id).Scan(r.targets()...)
	if errors.Is(err, db.ErrNoRows) {
		return r, fault.NotFound("user")
	}
	return r, err
}

func (store) byIDs(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]record, error) {
	rows, err := q.Query(ctx, `SELECT `+recordColumns+recordFrom+` AND u.id {in}`, orgID, db.List(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[string]record, len(ids))
	for rows.Next() {
		var r record
		if err := rows.Scan(r.targets()...); err != nil {
			return nil, err
		}
		found[r.id] = r
	}
	return found, rows.Err()
}

// position is where a cursor goes on: after this sort key and id.
type position struct {
	Key string `json:"k"`
	ID  string `json:"i"`
}

// where turns a filter into conditions on users u and their arguments. Every condition
// is one of the constants below.
func (f Filter) where(orgID string) (string, []any) {
	conditions, args := []string{}, []any{orgID}
	add := func(condition string, values ...any) {
		conditions, args = append(conditions, condition), append(args, values...)
	}
	if f.Status == "" {
		add(` AND u.status <> 'ARCHIVE'`)
	} else {
		add(` AND u.status = ?`, f.Status)
	}
	if f.Location != "" {
		add(` AND u.location_id = ?`, f.Location)
	}
	if f.Department != "" {
		add(` AND u.department_id IN (SELECT x.id FROM departments x WHERE x.org_id = ? AND (x.id = ? OR x.name_key = ?))`,
			orgID, f.Department, fold(f.Department))
	}
	if f.Email != "" {
		add(` AND u.email_key = ?`, fold(f.Email))
	}
	if f.ExternalUserID != "" {
		add(` AND u.external_user_id = ?`, f.ExternalUserID)
	}
	if f.ReportsTo != "" {
		add(` AND u.reports_to = ?`, f.ReportsTo)
	}
	if f.SecurityGroup != "" {
		add(` AND u.id IN (SELECT m.user_id FROM security_group_members m WHERE m.org_id = ? AND m.group_id = ?)`, orgID, f.SecurityGroup)
	}
	for _, word := range searchWords(f.Search) {
		add(` AND u.search_key LIKE ? ESCAPE '!'`, "%"+likeEscaper.Replace(word)+"%")
	}
	return strings.Join(conditions, ""), args
}

var likeEscaper = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

func (store) list(ctx context.Context, q db.Queryer, orgID string, f Filter, p slice) ([]record, error) {
	where, args := f.where(orgID)
	if p.after != nil {
		where, args = where+` AND (u.sort_key, u.id) > (?, ?)`, append(args, p.after.Key, p.after.ID)
	}
	rows, err := q.Query(ctx, `SELECT `+recordColumns+recordFrom+where+` ORDER BY u.sort_key, u.id LIMIT ? OFFSET ?`,
		append(args, p.limit, p.offset)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []record
	for rows.Next() {
		var r record
		if err := rows.Scan(r.targets()...); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

func (store) count(ctx context.Context, q db.Queryer, orgID string, f Filter) (n int, err error) {
	where, args := f.where(orgID)
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM users u WHERE u.org_id = ?`+where, args...).Scan(&n)
	return n, err
}

// slice is the part of a list that is wanted.
type slice struct {
	limit, offset int
	after         *position
}

func sliceOf(p api.Page) (slice, error) {
	if p.Cursor == "" {
		return slice{limit: p.Limit(), offset: p.Offset()}, nil
	}
	var after position
	if err := p.DecodeCursor(&after); err != nil {
		return slice{}, err
	}
	return slice{limit: p.Limit(), after: &after}, nil
}

// relation is one link of a person to something else, or all their direct reports.
type relation struct {
	kind    int
	owner   string
	ref     string // of direct reports: their ids, comma-separated
	name    string // of a security group
	builtin string // of a security group
}

const (
	relReports = iota + 1
	relTeam
	relLocation
	relGroup
	relFollowed
)

const relationsSQL = `
SELECT 1, u.id, COALESCE((SELECT string_agg(x.id, ',') FROM (SELECT r.id FROM users r
    WHERE r.org_id = u.org_id AND r.reports_to = u.id AND r.status <> 'ARCHIVE' ORDER BY r.id LIMIT ?) x), ''), '', ''
    FROM users u WHERE u.org_id = ? AND u.id {in}
UNION ALL SELECT 2, t.user_id, t.supervisor_id, '', '' FROM user_teams t WHERE t.org_id = ? AND t.user_id {in}
UNION ALL SELECT 3, p.user_id, p.location_id, '', '' FROM user_locations p WHERE p.org_id = ? AND p.user_id {in}
UNION ALL SELECT 4, m.user_id, g.id, g.name, COALESCE(g.builtin, '') FROM security_group_members m
    JOIN security_groups g ON g.org_id = m.org_id AND g.id = m.group_id WHERE m.org_id = ? AND m.user_id {in}
UNION ALL SELECT 5, f.followed_id, f.follower_id, '', '' FROM follows f
    WHERE f.org_id = ? AND f.follower_id = ? AND f.followed_id {in}`

// relations reads every link of a page of people in one statement.
func (store) relations(ctx context.Context, q db.Queryer, orgID, viewer string, ids []string) ([]relation, error) {
	in := db.List(ids)
	rows, err := q.Query(ctx, relationsSQL, TeamLimit, orgID, in, orgID, in, orgID, in, orgID, in, orgID, viewer, in)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []relation
	for rows.Next() {
		var r relation
		if err := rows.Scan(&r.kind, &r.owner, &r.ref, &r.name, &r.builtin); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// ofUserSQL is who supervises a person: reportsTo, the supervisors whose teams they
// joined, and the administrators of their additional locations.
const ofUserSQL = ` FROM users u` + person.Join + `WHERE u.org_id = ? AND u.status <> 'ARCHIVE' AND u.id <> ? AND u.id IN (
    SELECT x.reports_to FROM users x WHERE x.org_id = ? AND x.id = ? AND x.reports_to IS NOT NULL
    UNION SELECT t.supervisor_id FROM user_teams t WHERE t.org_id = ? AND t.user_id = ?
    UNION SELECT a.user_id FROM user_locations p JOIN location_admins a ON a.org_id = p.org_id AND a.location_id = p.location_id
           WHERE p.org_id = ? AND p.user_id = ?)`

// withReportsSQL is everybody who has a living direct report.
const withReportsSQL = ` FROM users u` + person.Join + `WHERE u.org_id = ? AND u.status <> 'ARCHIVE' AND EXISTS (
    SELECT 1 FROM users r WHERE r.org_id = u.org_id AND r.reports_to = u.id AND r.status <> 'ARCHIVE')`

const (
	followersSQL = ` FROM follows f JOIN users u ON u.org_id = f.org_id AND u.id = f.follower_id` + person.Join +
		`WHERE f.org_id = ? AND f.followed_id = ? AND u.status <> 'ARCHIVE'`
	followingSQL = ` FROM follows f JOIN users u ON u.org_id = f.org_id AND u.id = f.followed_id` + person.Join +
		`WHERE f.org_id = ? AND f.follower_id = ? AND u.status <> 'ARCHIVE'`
)

// cards reads one page of the people that from (one of the constants above) selects,
// and how many there are in all.
func (store) cards(ctx context.Context, q db.Queryer, from string, args []any, p slice) (cards []person.Card, last position, total int, err error) {
	if err := q.QueryRow(ctx, `SELECT COUNT(*)`+from, args...).Scan(&total); err != nil {
		return nil, last, 0, err
	}
	if p.after != nil {
		from, args = from+` AND (u.sort_key, u.id) > (?, ?)`, append(args, p.after.Key, p.after.ID)
	}
	rows, err := q.Query(ctx, `SELECT `+person.Columns+`, u.sort_key`+from+` ORDER BY u.sort_key, u.id LIMIT ? OFFSET ?`,
		append(args, p.limit, p.offset)...)
	if err != nil {
		return nil, last, 0, err
	}
	defer rows.Close()
	cards = []person.Card{}
	for rows.Next() {
		var c person.Card
		if err := rows.Scan(append(c.Targets(), &last.Key)...); err != nil {
			return nil, last, 0, err
		}
		c.Finish()
		last.ID = c.ID
		cards = append(cards, c)
	}
	return cards, last, total, rows.Err()
}
