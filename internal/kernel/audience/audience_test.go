package audience_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// newAudiences gives the audiences of a database and what tells them of memberships.
func newAudiences(d *db.DB) (*audience.Audiences, *bus.Bus) {
	b := bus.New(d, clock.NewManual(time.UnixMilli(cast.At)), slog.New(slog.DiscardHandler))
	return audience.New(d, b), b
}

// company is an organization whose people stand to each other at random.
type company struct {
	*cast.Org
	people            []authz.Actor
	groups, locations []string
}

// someOf draws some of a list.
func someOf(rt *rapid.T, what string, list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(string) bool { return rapid.IntRange(0, 2).Draw(rt, what) > 0 })
}

func newCompany(t *testing.T, d *db.DB, rt *rapid.T) company {
	c := company{Org: cast.NewOrg(t, d)}
	for i := range 7 {
		c.people = append(c.people, c.Person(t, fmt.Sprintf("p%d", i)))
	}
	for i := range 2 {
		c.groups, c.locations = append(c.groups, c.Group(t, fmt.Sprint("g", i))), append(c.locations, c.Location(t, fmt.Sprint("l", i)))
	}
	for i, p := range c.people {
		if boss := rapid.IntRange(-3, i-1).Draw(rt, "boss"); boss >= 0 {
			c.Exec(t, `UPDATE users SET reports_to = ? WHERE org_id = ? AND id = ?`, c.people[boss].UserID, c.ID, p.UserID)
		}
		if rapid.IntRange(0, 5).Draw(rt, "leaves") == 0 {
			c.Exec(t, `UPDATE users SET status = 'ARCHIVE' WHERE org_id = ? AND id = ?`, c.ID, p.UserID)
		}
		for _, l := range someOf(rt, "location", c.locations) {
			c.Exec(t, `UPDATE users SET location_id = ? WHERE org_id = ? AND id = ?`, l, c.ID, p.UserID)
		}
		for _, g := range someOf(rt, "group", c.groups) {
			c.Exec(t, `INSERT INTO security_group_members (org_id, group_id, user_id) VALUES (?, ?, ?)`, c.ID, g, p.UserID)
		}
		for _, o := range someOf(rt, "team", c.ids()) {
			c.Exec(t, `INSERT INTO user_teams (org_id, user_id, supervisor_id) VALUES (?, ?, ?)`, c.ID, p.UserID, o)
		}
		for _, o := range someOf(rt, "follows", append(c.ids(), c.ids()...)) {
			c.Exec(t, `INSERT INTO follows (org_id, follower_id, followed_id, created_at) VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING`, c.ID, p.UserID, o)
		}
	}
	return c
}

func (c company) ids() []string {
	var list []string
	for _, p := range c.people {
		list = append(list, p.UserID)
	}
	return list
}

// TestEveryQuestionHasTheSameAnswer asks of random permissions in random organizations who may
// list the audience, who is in it, who would be in it, who would be outside, and why: five
// questions about one set. What the set should be is the oracle's matter (internal/app).
func TestEveryQuestionHasTheSameAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, _ := newAudiences(d)
		sizes := map[int]int{}
		rapid.Check(t, func(rt *rapid.T) {
			c := newCompany(t, d, rt)
			for range 5 {
				flag := func(name string, of int) bool { return rapid.IntRange(1, of).Draw(rt, name) == 1 }
				one := func(name string, list []string) []string {
					if !flag(name, 3) {
						return nil
					}
					return []string{rapid.SampledFrom(list).Draw(rt, name)}
				}
				p := audience.Permissions{
					Public: flag("public", 3), Friends: flag("friends", 3), Team: flag("team", 3), OnlyMe: flag("onlyMe", 9),
					Users: one("users", c.ids()), Groups: one("groups", c.groups), Locations: one("locations", c.locations), TaggedUsers: one("tagged", c.ids()),
				}
				n := c.compare(t, a, d, p, rapid.SampledFrom(c.ids()).Draw(rt, "author"), one("owner", c.ids()))
				sizes[n]++
			}
		})
		if len(sizes) < 5 {
			t.Errorf("audiences have these sizes only: %v", sizes)
		}
	})
}

// compare fails unless every question gives the same people, and gives how many they are.
func (c company) compare(t *testing.T, a *audience.Audiences, d *db.DB, p audience.Permissions, author string, owners []string) int {
	t.Helper()
	ctx, q := t.Context(), d.Reader(t.Context())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	prospect, err := a.Prospect(ctx, q, c.ID, author, p, owners...) // before there is such an audience
	must(err)
	first, total, err := prospect.Members(ctx, q, 100)
	must(err)
	outside, err := prospect.Outside(ctx, q, c.ids())
	must(err)
	var id int64
	must(d.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		id, err = a.Intern(ctx, tx, c.ID, author, p, owners...)
		return err
	}))
	members, err := a.Members(ctx, q, c.ID, id, "", 100)
	must(err)
	if sorted := slices.Sorted(slices.Values(first)); !slices.Equal(sorted, members) || total != len(members) {
		t.Fatalf("%+v of %s for %v: would be seen by %v (%d), is by %v", p, author, owners, sorted, total, members)
	}
	fresh, _ := newAudiences(d) // that remembers nothing
	for _, who := range c.people {
		set, err := fresh.Visible(ctx, who)
		must(err)
		why, err := a.Explain(ctx, q, c.ID, who.UserID, id)
		must(err)
		admits := slices.ContainsFunc(why, func(c audience.Clause) bool { return c.Admits })
		if lists := set.Has(id); lists != admits || lists == slices.Contains(outside, who.UserID) {
			t.Fatalf("%+v of %s: %s lists it: %t, is outside: %v, why: %+v", p, author, who.UserID, lists, outside, why)
		}
		active := 0
		must(q.QueryRow(ctx, `SELECT COUNT(*) FROM users WHERE org_id = ? AND id = ? AND status = 'ACTIVE'`, c.ID, who.UserID).Scan(&active))
		if is := slices.Contains(members, who.UserID); is != (admits && active == 1) {
			t.Fatalf("%+v of %s: %s is a member: %t, active: %d, why: %+v", p, author, who.UserID, is, active, why)
		}
	}
	return total
}

func TestAProspectIsNotStoredAndNamesNobodyElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, _ := newAudiences(d)
		o, foreign := cast.NewOrg(t, d), cast.NewOrg(t, d)
		author, other := o.Person(t, "ann"), foreign.Person(t, "eve")
		rows := func() (n int) {
			err := d.Reader(t.Context()).QueryRow(t.Context(), `SELECT (SELECT COUNT(*) FROM audiences WHERE org_id = ?1) + (SELECT COUNT(*) FROM audience_clauses WHERE org_id = ?1) +
				(SELECT COUNT(*) FROM outbox WHERE org_id = ?1)`, o.ID).Scan(&n)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		before, q := rows(), d.Reader(t.Context())
		own, err := a.Prospect(t.Context(), q, o.ID, author.UserID, audience.Permissions{Groups: []string{o.Members}})
		if err != nil {
			t.Fatal(err)
		}
		if _, n, err := own.Members(t.Context(), q, 1); n != 1 || err != nil {
			t.Errorf("%d members: %v", n, err)
		}
		_, err = a.Prospect(t.Context(), q, o.ID, author.UserID, audience.Permissions{
			Users: []string{other.UserID}, Groups: []string{foreign.Members}, Locations: []string{foreign.Location(t, "there")},
		})
		if f, ok := fault.As(err); !ok || f.Kind != fault.KindInvalid || len(f.Fields) != 3 || !strings.HasPrefix(f.Fields[0].Pointer, "/permissions/users") {
			t.Errorf("of another organization: %v", err)
		}
		if after := rows(); after != before {
			t.Errorf("%d rows, %d before", after, before)
		}
	})
}

// An audience that is there may name what is gone since: its items can be edited still, and so
// it can be previewed.
func TestAProspectMayNameWhatIsGoneWhereInternDoes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, _ := newAudiences(d)
		o := cast.NewOrg(t, d)
		author, q := o.Person(t, "ann"), d.Reader(t.Context())
		used, unused := audience.Permissions{Groups: []string{o.Group(t, "used")}}, audience.Permissions{Groups: []string{o.Group(t, "unused")}}
		intern := func(p audience.Permissions) error {
			return d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
				_, err := a.Intern(ctx, tx, o.ID, author.UserID, p)
				return err
			})
		}
		if err := intern(used); err != nil {
			t.Fatal(err)
		}
		o.Exec(t, `DELETE FROM security_groups WHERE org_id = ? AND builtin IS NULL`, o.ID)
		for name, c := range map[string]struct {
			permissions audience.Permissions
			fine        bool
		}{"used": {used, true}, "unused": {unused, false}} {
			_, previewed := a.Prospect(t.Context(), q, o.ID, author.UserID, c.permissions)
			if interned := intern(c.permissions); (interned == nil) != c.fine || fmt.Sprint(previewed) != fmt.Sprint(interned) {
				t.Errorf("%s: interned: %v, previewed: %v", name, interned, previewed)
			}
		}
	})
}
