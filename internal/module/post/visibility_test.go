package post_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/post"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// TestVisibilityAgreesWithOracle plays random histories of an organization (people move
// between supervisors, locations, groups and teams, follow each other, publish, change and
// delete posts) against the rules written down a second time, in memory. After every step
// the list, the exact count, read-one and the members of an audience agree with the oracle
// for every viewer, right after the change.
func TestVisibilityAgreesWithOracle(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		rig := newRig(t, d)
		foreign := newWorld(t, rig, 2)
		foreign.publish(t, 0, audience.Permissions{Public: true})
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(t, rig, 6)
			rt.Repeat(map[string]func(*rapid.T){
				"publish":    func(rt *rapid.T) { w.publish(t, w.anybody(rt, "author"), w.permissions(rt)) },
				"readdress":  func(rt *rapid.T) { w.readdress(rt, t) },
				"delete":     func(rt *rapid.T) { w.delete(rt, t) },
				"supervisor": func(rt *rapid.T) { w.supervise(rt, t) },
				"move":       func(rt *rapid.T) { w.move(rt, t) },
				"joinGroup":  func(rt *rapid.T) { w.toggle(rt, t, groupMembership) },
				"joinTeam":   func(rt *rapid.T) { w.toggle(rt, t, teamMembership) },
				"follow":     func(rt *rapid.T) { w.toggle(rt, t, following) },
				"":           func(*rapid.T) { w.check(t) },
			})
		})
	})
}

// world is the oracle: who is related to whom, and what was published for whom.
type world struct {
	rig       *rig
	org       *cast.Org
	people    []authz.Actor
	groups    []string
	locations []string

	supervisor []int // index of the supervisor, -1 for none
	location   []int // index of the location, -1 for none
	inGroup    map[pair]bool
	inTeam     map[pair]bool // person, supervisor
	follows    map[pair]bool
	posts      []published
}

type pair struct{ a, b int }

type published struct {
	id     string
	author int
	perms  audience.Permissions
}

func newWorld(t *testing.T, r *rig, people int) *world {
	w := &world{
		rig: r, org: cast.NewOrg(t, r.db),
		inGroup: map[pair]bool{}, inTeam: map[pair]bool{}, follows: map[pair]bool{},
	}
	for i := range people {
		w.people = append(w.people, w.org.Person(t, fmt.Sprintf("p%d", i)))
		w.supervisor = append(w.supervisor, -1)
		w.location = append(w.location, -1)
	}
	for i := range 2 {
		w.groups = append(w.groups, w.org.Group(t, fmt.Sprintf("g%d", i)))
		w.locations = append(w.locations, w.org.Location(t, fmt.Sprintf("l%d", i)))
	}
	return w
}

func (w *world) anybody(rt *rapid.T, label string) int {
	return rapid.IntRange(0, len(w.people)-1).Draw(rt, label)
}

func (w *world) permissions(rt *rapid.T) audience.Permissions {
	flag := func(name string) bool { return rapid.IntRange(0, 3).Draw(rt, name) == 0 }
	some := func(name string, ids []string) api.Strings {
		if !flag(name) {
			return nil
		}
		return api.Strings{rapid.SampledFrom(ids).Draw(rt, name)}
	}
	var users []string
	for _, p := range w.people {
		users = append(users, p.UserID)
	}
	return audience.Permissions{
		Public: rapid.Bool().Draw(rt, "public"), Friends: flag("friends"), Team: flag("team"), OnlyMe: rapid.IntRange(0, 9).Draw(rt, "onlyMe") == 0,
		Users: some("users", users), Groups: some("groups", w.groups), Locations: some("locations", w.locations), TaggedUsers: some("tagged", users),
	}
}

func (w *world) publish(t *testing.T, author int, p audience.Permissions) {
	t.Helper()
	v, err := w.rig.posts.Create(t.Context(), w.people[author], draft("words", p))
	if err != nil {
		t.Fatalf("publish %+v: %v", p, err)
	}
	w.posts = append(w.posts, published{v.ID, author, p})
}

func (w *world) readdress(rt *rapid.T, t *testing.T) {
	if len(w.posts) == 0 {
		return
	}
	p := &w.posts[rapid.IntRange(0, len(w.posts)-1).Draw(rt, "post")]
	p.perms = w.permissions(rt)
	if err := w.rig.posts.Readdress(t.Context(), w.people[p.author], p.id, p.perms); err != nil {
		t.Fatalf("readdress %+v: %v", p.perms, err)
	}
}

func (w *world) delete(rt *rapid.T, t *testing.T) {
	if len(w.posts) == 0 {
		return
	}
	i := rapid.IntRange(0, len(w.posts)-1).Draw(rt, "post")
	if err := w.rig.posts.Delete(t.Context(), w.people[w.posts[i].author], w.posts[i].id, "", false); err != nil {
		t.Fatal(err)
	}
	w.posts = slices.Delete(w.posts, i, i+1)
}

// change writes a membership and tells it, as the directory's modules do.
func (w *world) change(t *testing.T, event, query string, args ...any) {
	t.Helper()
	err := w.rig.db.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
		if _, err := tx.Exec(ctx, query, args...); err != nil {
			return err
		}
		return w.rig.bus.Publish(ctx, tx, bus.Event{OrgID: w.org.ID, Name: event})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) supervise(rt *rapid.T, t *testing.T) {
	i, s := w.anybody(rt, "person"), rapid.IntRange(-1, len(w.people)-1).Draw(rt, "supervisor")
	if i == s {
		s = -1
	}
	w.supervisor[i] = s
	w.change(t, "user.updated", `UPDATE users SET reports_to = ? WHERE org_id = ? AND id = ?`, w.idOf(s), w.org.ID, w.people[i].UserID)
}

func (w *world) idOf(i int) *string {
	if i < 0 {
		return nil
	}
	return &w.people[i].UserID
}

func (w *world) move(rt *rapid.T, t *testing.T) {
	i, l := w.anybody(rt, "person"), rapid.IntRange(-1, len(w.locations)-1).Draw(rt, "location")
	w.location[i] = l
	var id *string
	if l >= 0 {
		id = &w.locations[l]
	}
	w.change(t, "user.updated", `UPDATE users SET location_id = ? WHERE org_id = ? AND id = ?`, id, w.org.ID, w.people[i].UserID)
}

// membership is a relation of a person to somebody or something that is there or not.
type membership struct {
	event, insert, remove string
	of                    func(w *world) (relation map[pair]bool, others []string)
}

var (
	groupMembership = membership{
		"securityGroup.membersChanged",
		`INSERT INTO security_group_members (org_id, user_id, group_id) VALUES (?, ?, ?)`,
		`DELETE FROM security_group_members WHERE org_id = ? AND user_id = ? AND group_id = ?`,
		func(w *world) (map[pair]bool, []string) { return w.inGroup, w.groups },
	}
	teamMembership = membership{
		"user.updated",
		`INSERT INTO user_teams (org_id, user_id, supervisor_id) VALUES (?, ?, ?)`,
		`DELETE FROM user_teams WHERE org_id = ? AND user_id = ? AND supervisor_id = ?`,
		func(w *world) (map[pair]bool, []string) { return w.inTeam, w.userIDs() },
	}
	following = membership{
		"user.followed",
		`INSERT INTO follows (org_id, follower_id, followed_id, created_at) VALUES (?, ?, ?, 0)`,
		`DELETE FROM follows WHERE org_id = ? AND follower_id = ? AND followed_id = ?`,
		func(w *world) (map[pair]bool, []string) { return w.follows, w.userIDs() },
	}
)

func (w *world) userIDs() []string {
	var list []string
	for _, p := range w.people {
		list = append(list, p.UserID)
	}
	return list
}

func (w *world) toggle(rt *rapid.T, t *testing.T, m membership) {
	relation, others := m.of(w)
	key := pair{w.anybody(rt, "person"), rapid.IntRange(0, len(others)-1).Draw(rt, "other")}
	if others[key.b] == w.people[key.a].UserID {
		return
	}
	query := m.insert
	if relation[key] {
		query = m.remove
	}
	relation[key] = !relation[key]
	w.change(t, m.event, query, w.org.ID, w.people[key.a].UserID, others[key.b])
}

// sees is DOMAIN's rule: may viewer v see the post?
func (w *world) sees(v int, p published) bool {
	a, x := p.author, p.perms
	if v == a {
		return true
	}
	if x.OnlyMe {
		return false
	}
	named := len(x.Users)+len(x.Groups)+len(x.Locations)+len(x.TaggedUsers) > 0
	if !named && !x.Friends && !x.Team {
		return x.Public
	}
	me := w.people[v].UserID
	if slices.Contains(x.Users, me) || slices.Contains(x.TaggedUsers, me) {
		return true
	}
	for g, id := range w.groups {
		if slices.Contains(x.Groups, id) && w.inGroup[pair{v, g}] {
			return true
		}
	}
	if l := w.location[v]; l >= 0 && slices.Contains(x.Locations, w.locations[l]) {
		return true
	}
	return (x.Friends && w.follows[pair{v, a}] && w.follows[pair{a, v}]) || (x.Team && w.onTeam(v, a))
}

func (w *world) onTeam(v, a int) bool {
	boss := w.supervisor[a]
	if w.supervisor[v] == a || (boss >= 0 && (boss == v || w.supervisor[v] == boss)) {
		return true
	}
	for s := range w.people {
		if w.inTeam[pair{a, s}] && (s == v || w.supervisor[v] == s || w.inTeam[pair{v, s}]) {
			return true
		}
	}
	return false
}

func (w *world) check(t *testing.T) {
	t.Helper()
	for v, who := range w.people {
		var want []string
		for _, p := range w.posts {
			sees := w.sees(v, p)
			if sees {
				want = append(want, p.id)
			}
			_, err := w.rig.posts.Get(t.Context(), who, p.id)
			if sees != (err == nil) || (!sees && !fault.Is(err, fault.KindNotFound)) {
				t.Fatalf("viewer %d reads post of %d for %+v: sees %v, got %v", v, p.author, p.perms, sees, err)
			}
		}
		w.checkList(t, v, want)
	}
	w.checkMembers(t)
}

func (w *world) checkList(t *testing.T, v int, want []string) {
	t.Helper()
	page, err := w.rig.posts.List(t.Context(), w.people[v], content.Query{Kind: post.Kind.Name, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	first, err := w.rig.posts.List(t.Context(), w.people[v], content.Query{Kind: post.Kind.Name, Limit: 4, Offset: 1})
	if err != nil {
		t.Fatal(err)
	}
	got := page.IDs()
	if beginning := got[min(1, len(got)):min(5, len(got))]; !slices.Equal(first.IDs(), beginning) || (len(beginning) > 0 && first.Total != page.Total) {
		t.Fatalf("viewer %d: a short page has %v of %d, a long one begins with %v of %d", v, first.IDs(), first.Total, beginning, page.Total)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("viewer %d lists %v, want %v", v, got, want)
	}
	if page.Total != len(want) {
		t.Fatalf("viewer %d: total %d, want %d", v, page.Total, len(want))
	}
}

// checkMembers compares the third question, who is in an audience, with the first two.
func (w *world) checkMembers(t *testing.T) {
	t.Helper()
	if len(w.posts) == 0 {
		return
	}
	p := w.posts[len(w.posts)-1]
	q := w.rig.db.Reader(t.Context())
	item, err := w.rig.content.Visible(t.Context(), q, w.people[p.author], post.Kind.Name, p.id)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.rig.audiences.Members(t.Context(), q, w.org.ID, item.AudienceID, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for v, who := range w.people {
		if w.sees(v, p) {
			want = append(want, who.UserID)
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("members of %+v by %d: %v, want %v", p.perms, p.author, got, want)
	}
}
