package audience

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	maxCachedSets  = 20_000
	maxCachedRows  = 50_000
	maxSetLifetime = 30 * time.Second
)

// Audiences answers questions of visibility. It is safe for concurrent use.
type Audiences struct {
	db   *db.DB
	bus  *bus.Bus
	sets *otter.Cache[viewer, cachedSet]   // a viewer's audiences, while the generation lasts
	rows *otter.Cache[internKey, internID] // interned audiences never change

	mu          sync.RWMutex
	generations map[string]*atomic.Uint64 // by organization; a membership change starts a new one
}

type (
	viewer    struct{ orgID, userID string }
	internKey struct{ orgID, hash string }
	internID  int64
	cachedSet struct {
		generation uint64
		set        Set
	}
)

// New makes the service and subscribes it to membership events.
func New(d *db.DB, b *bus.Bus) *Audiences {
	a := &Audiences{
		db:  d,
		bus: b,
		sets: otter.Must(&otter.Options[viewer, cachedSet]{
			MaximumSize:      maxCachedSets,
			ExpiryCalculator: otter.ExpiryWriting[viewer, cachedSet](maxSetLifetime),
		}),
		rows:        otter.Must(&otter.Options[internKey, internID]{MaximumSize: maxCachedRows}),
		generations: map[string]*atomic.Uint64{},
	}
	b.Subscribe([]string{"user.*", "securityGroup.*", "location.*", "audience.*", "conversation.membersChanged", "conversation.deleted"}, func(e bus.Delivered) {
		a.generation(e.OrgID).Add(1)
	})
	b.Subscribe([]string{bus.Gap}, func(bus.Delivered) { a.forgetAll() })
	return a
}

// forgetAll starts a new generation everywhere: dropping the sets would not reach those that are
// being read at this moment.
func (a *Audiences) forgetAll() {
	a.mu.RLock()
	defer a.mu.RUnlock()
	for _, g := range a.generations {
		g.Add(1)
	}
}

func (a *Audiences) generation(orgID string) *atomic.Uint64 {
	a.mu.RLock()
	g := a.generations[orgID]
	a.mu.RUnlock()
	if g != nil {
		return g
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.generations[orgID] == nil {
		a.generations[orgID] = new(atomic.Uint64)
	}
	return a.generations[orgID]
}

// Set is the audiences a viewer may list, as ascending numbers.
type Set []int64

// Has reports whether the audience is in the set.
func (s Set) Has(id int64) bool {
	_, ok := slices.BinarySearch(s, id)
	return ok
}

// Visible gives the audiences whose items the viewer may list.
func (a *Audiences) Visible(ctx context.Context, who authz.Actor) (Set, error) {
	key := viewer{who.OrgID, who.UserID}
	generation := a.generation(who.OrgID).Load()
	if c, ok := a.sets.GetIfPresent(key); ok && c.generation == generation {
		return c.set, nil
	}
	q := a.db.Reader(ctx)
	set, err := readVisible(ctx, q, who)
	if err != nil {
		return nil, err
	}
	if _, uncommitted := q.(db.Tx); uncommitted {
		return set, nil // what it saw may be rolled back
	}
	// A membership that changed while we read has started a new generation already, so
	// what we keep here is not used again.
	a.sets.Set(key, cachedSet{generation, set})
	return set, nil
}

// MaySee reports whether the viewer may see an item of the audience by the author.
func (a *Audiences) MaySee(ctx context.Context, who authz.Actor, audienceID int64, authorID string) (bool, error) {
	if authorID == who.UserID {
		return true, nil
	}
	set, err := a.Visible(ctx, who)
	return set.Has(audienceID), err
}

// Friends and Team select the ids of people, for a statement in which ?1 is the organization and
// ?2 the viewer: those who are friends with the viewer, and those in whose team the viewer is.
const (
	Friends = `
    SELECT f.followed_id FROM follows f WHERE f.org_id = ?1 AND f.follower_id = ?2 AND EXISTS (
        SELECT 1 FROM follows b WHERE b.org_id = ?1 AND b.follower_id = f.followed_id AND b.followed_id = ?2)`
	Team = `
    SELECT id FROM users WHERE org_id = ?1 AND reports_to = ?2
    UNION ALL SELECT reports_to FROM users WHERE org_id = ?1 AND id = ?2
    UNION ALL SELECT id FROM users WHERE org_id = ?1 AND reports_to IN (SELECT reports_to FROM users WHERE org_id = ?1 AND id = ?2)
    UNION ALL SELECT user_id FROM user_teams WHERE org_id = ?1 AND supervisor_id = ?2
    UNION ALL SELECT user_id FROM user_teams WHERE org_id = ?1 AND supervisor_id IN (SELECT reports_to FROM users WHERE org_id = ?1 AND id = ?2)
    UNION ALL SELECT user_id FROM user_teams WHERE org_id = ?1 AND supervisor_id IN (
        SELECT supervisor_id FROM user_teams WHERE org_id = ?1 AND user_id = ?2)`
)

// visibleSQL has ?1 the organization, ?2 the viewer.
var visibleSQL = admitting(`audience_id`, ``)

// admitting selects columns of the clauses that admit the viewer ?2 of the organization ?1, among
// those for which a further condition holds. It says IN rather than JOIN, and UNION ALL rather
// than UNION: SQLite otherwise reads all clauses of the organization, to have them in the order
// it removes repetitions by.
func admitting(columns, among string) string {
	from := `SELECT ` + columns + ` FROM audience_clauses WHERE org_id = ?1` + among + ` AND kind = `
	return from + `'org' AND ref = ''
UNION ALL
` + from + `'user' AND ref = ?2
UNION ALL
` + from + `'group' AND ref IN (
    SELECT group_id FROM security_group_members WHERE org_id = ?1 AND user_id = ?2
    UNION ALL SELECT conversation_id FROM conversation_members WHERE org_id = ?1 AND user_id = ?2)
UNION ALL
` + from + `'location' AND ref IN (
    SELECT location_id FROM users WHERE org_id = ?1 AND id = ?2)
UNION ALL
` + from + `'friends' AND ref IN (` + Friends + `)
UNION ALL
` + from + `'team' AND ref IN (` + Team + `)`
}

func readVisible(ctx context.Context, q db.Queryer, who authz.Actor) (Set, error) {
	rows, err := q.Query(ctx, visibleSQL, who.OrgID, who.UserID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	set := Set{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		set = append(set, id)
	}
	slices.Sort(set)
	return slices.Compact(set), rows.Err()
}

// Intern gives the number of the audience that permissions mean for an author, making
// it when it is new. Owners see the item whatever the permissions say. Ids in it that are not
// the organization's are an Invalid fault with pointers below "/permissions".
func (a *Audiences) Intern(ctx context.Context, tx db.Tx, orgID, authorID string, p Permissions, owners ...string) (int64, error) {
	p = p.Normalize()
	always := p.always(authorID, owners)
	hash, body := p.key(always)
	key := internKey{orgID, hash}
	if id, ok := a.rows.GetIfPresent(key); ok {
		return int64(id), nil
	}
	id, err := a.insert(ctx, tx, key, body, p, always)
	if err != nil {
		return 0, err
	}
	tx.OnCommit(func() { a.rows.Set(key, internID(id)) })
	return id, nil
}

func (a *Audiences) insert(ctx context.Context, tx db.Tx, key internKey, body []byte, p Permissions, always []string) (int64, error) {
	var id int64
	err := tx.QueryRow(ctx, `SELECT id FROM audiences WHERE org_id = ? AND hash = ?`, key.orgID, key.hash).Scan(&id)
	if !errors.Is(err, db.ErrNoRows) {
		return id, err
	}
	if err := checkReferences(ctx, tx, authz.Actor{OrgID: key.orgID, UserID: always[0]}, p); err != nil {
		return 0, err
	}
	// Another node may intern the same audience at this moment; the no-op update makes
	// RETURNING answer with its row then.
	err = tx.QueryRow(ctx, `INSERT INTO audiences (org_id, hash, permissions) VALUES (?, ?, ?)
		ON CONFLICT (org_id, hash) DO UPDATE SET permissions = excluded.permissions RETURNING id`,
		key.orgID, key.hash, string(body)).Scan(&id)
	if err != nil {
		return 0, err
	}
	set := p.clauses(always)
	rows := make([][]any, len(set))
	for i, c := range set {
		rows[i] = []any{key.orgID, c.kind, c.ref, id}
	}
	err = db.InsertMany(ctx, tx, `INSERT INTO audience_clauses (org_id, kind, ref, audience_id)`, rows, `ON CONFLICT DO NOTHING`)
	if err != nil {
		return 0, err
	}
	return id, a.bus.Publish(ctx, tx, bus.Event{OrgID: key.orgID, Name: "audience.interned", Subject: authorlessSubject})
}

// authorlessSubject: the event says only that the organization's audiences changed.
const authorlessSubject = ""

// checkReferences reports what the author of an item cannot name.
func checkReferences(ctx context.Context, q db.Queryer, author authz.Actor, p Permissions) error {
	var bad fault.Fields
	for _, l := range p.lists() {
		if len(l.ids) == 0 {
			continue
		}
		known, err := existing(ctx, q, author, l)
		if err != nil {
			return err
		}
		for _, id := range l.ids {
			if !known[id] {
				bad.Addf("/permissions/"+l.name, "permissions."+l.kind+"Unknown", "%s is not the id of a %s of this organization.", id, nouns[l.kind])
			}
		}
	}
	return bad.Err()
}

var nouns = map[string]string{kindUser: "person", kindGroup: "group", kindLocation: "location"}

// existingSQL finds which ids ?3 exist in the organization ?1 for the author ?2, who cannot name
// a group chat that only its members know of. Former members stay nameable, so that an item that
// names one can still be edited.
var existingSQL = map[string]string{
	kindUser: `SELECT id FROM users WHERE org_id = ?1 AND id {in ?3}`,
	kindGroup: `SELECT id FROM security_groups WHERE org_id = ?1 AND id {in ?3}
		UNION ALL SELECT c.id FROM conversations c WHERE c.org_id = ?1 AND c.id {in ?3} AND c.kind <> 'DIRECT' AND (NOT c.is_private OR c.by_request
			OR EXISTS (SELECT 1 FROM conversation_members m WHERE m.org_id = ?1 AND m.conversation_id = c.id AND m.user_id = ?2))`,
	kindLocation: `SELECT id FROM locations WHERE org_id = ?1 AND id {in ?3}`,
}

func existing(ctx context.Context, q db.Queryer, author authz.Actor, l namedList) (map[string]bool, error) {
	rows, err := q.Query(ctx, existingSQL[l.kind], author.OrgID, author.UserID, db.List(l.ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := make(map[string]bool, len(l.ids))
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		known[id] = true
	}
	return known, rows.Err()
}

// Permissions reads the permissions of an audience back, normalised.
func (a *Audiences) Permissions(ctx context.Context, q db.Queryer, orgID string, audienceID int64) (Permissions, error) {
	var body string
	var p Permissions
	err := q.QueryRow(ctx, `SELECT permissions FROM audiences WHERE org_id = ? AND id = ?`, orgID, audienceID).Scan(&body)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal([]byte(body), &p)
}
