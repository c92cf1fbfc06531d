package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/module/token"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

const (
	headcount = 1000
	groups    = 30
	locations = 12
	authors   = 100 // of posts for narrower audiences: few people address few habits
)

// seeded is a database ready to be measured.
type seeded struct {
	url, org string
	keys     []string
}

// seed makes an organization of a thousand people and posts for mixed audiences: 60 % for
// everybody, 15 % for groups, 10 % for teams, 5 % each for friends and locations, 3 % for named
// people, 2 % for the author alone.
func seed(ctx context.Context, t target, place string) (seeded, error) {
	if err := os.MkdirAll(place, 0o700); err != nil {
		return seeded{}, err
	}
	s := seeded{url: "sqlite:" + filepath.Join(place, "workdrive.db")}
	if t.engine == "postgres" {
		var err error
		if s.url, err = dbtest.CreateDatabase(t.postgres, fmt.Sprintf("bench_%d", t.size)); err != nil {
			return seeded{}, err
		}
	}
	d, err := db.Open(ctx, db.Options{URL: s.url})
	if err != nil {
		return seeded{}, err
	}
	if err := d.Migrate(ctx); err != nil {
		return seeded{}, errors.Join(err, d.Close())
	}
	g := &seeder{db: d, random: rand.New(rand.NewPCG(1, 2))}
	err = g.fill(ctx, t.size)
	if err == nil && t.engine == "postgres" {
		err = d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Exec(ctx, `ANALYZE`)
			return err
		})
	}
	s.org, s.keys = g.org.ID, g.keys
	return s, errors.Join(err, d.Close())
}

type seeder struct {
	db     *db.DB
	random *rand.Rand
	org    *cast.Org
	people []authz.Actor
	keys   []string
}

// reporter stands in for a test where cast reports its failures.
type reporter struct{ testing.TB }

type seedFailure struct{ error }

// Helper implements testing.TB.
func (reporter) Helper() {}

// Fatalf implements testing.TB.
func (reporter) Fatalf(format string, args ...any) { panic(seedFailure{fmt.Errorf(format, args...)}) }

func (g *seeder) fill(ctx context.Context, posts int) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case seedFailure:
			err = v.error
		default:
			panic(v)
		}
	}()
	tb := reporter{}
	g.org = cast.NewOrg(tb, g.db)
	var groupIDs, locationIDs []string
	for i := range groups {
		groupIDs = append(groupIDs, g.org.Group(tb, fmt.Sprintf("group %d", i)))
	}
	for i := range locations {
		locationIDs = append(locationIDs, g.org.Location(tb, fmt.Sprintf("location %d", i)))
	}
	b := bus.New(g.db, clock.System{}, slog.New(slog.DiscardHandler))
	tokens := token.New(g.db, b, clock.System{}, slog.New(slog.DiscardHandler))
	for i := range headcount {
		who := g.org.Person(tb, fmt.Sprintf("person%d", i))
		if i < 5 {
			g.org.Exec(tb, `INSERT INTO security_group_members (org_id, group_id, user_id) VALUES (?, ?, ?)`, g.org.ID, g.org.Administrators, who.UserID)
		}
		g.people = append(g.people, who)
	}
	err = g.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		for i, who := range g.people {
			boss := &g.people[i/8].UserID
			if i == 0 {
				boss = nil
			}
			_, err := tx.Exec(ctx, `UPDATE users SET reports_to = ?, location_id = ? WHERE org_id = ? AND id = ?`,
				boss, locationIDs[i%locations], g.org.ID, who.UserID)
			if err != nil {
				return err
			}
			key, err := tokens.Issue(ctx, tx, g.org.ID, who.UserID)
			if err != nil {
				return err
			}
			g.keys = append(g.keys, key)
		}
		return g.relations(ctx, tx, groupIDs)
	})
	if err != nil {
		return err
	}
	if err := g.posts(ctx, b, posts, groupIDs, locationIDs); err != nil {
		return err
	}
	return g.contents(ctx)
}

func (g *seeder) relations(ctx context.Context, tx db.Tx, groupIDs []string) error {
	var members, follows [][]any
	for i, who := range g.people {
		for k := range 3 {
			members = append(members, []any{g.org.ID, groupIDs[(i*7+k*11)%groups], who.UserID})
		}
		for k := 1; k <= 5; k++ {
			other := g.people[(i+k*k)%headcount].UserID
			follows = append(follows, []any{g.org.ID, who.UserID, other, cast.At}, []any{g.org.ID, other, who.UserID, cast.At})
		}
	}
	err := db.InsertMany(ctx, tx, `INSERT INTO security_group_members (org_id, group_id, user_id)`, members, `ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	return db.InsertMany(ctx, tx, `INSERT INTO follows (org_id, follower_id, followed_id, created_at)`, follows, `ON CONFLICT DO NOTHING`)
}

const portion = 20_000 // posts per transaction

func (g *seeder) posts(ctx context.Context, b *bus.Bus, n int, groupIDs, locationIDs []string) error {
	a := audience.New(g.db, b)
	counts := map[int64]int{}
	first := time.Now().Add(-time.Duration(n) * time.Second).UnixMilli()
	for done := 0; done < n; done += portion {
		err := g.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			var rows [][]any
			for i := done; i < min(done+portion, n); i++ {
				author, permissions := g.draw(groupIDs, locationIDs)
				id, err := a.Intern(ctx, tx, g.org.ID, author, permissions)
				if err != nil {
					return err
				}
				counts[id]++
				at := first + int64(i)*1000
				rows = append(rows, []any{
					g.org.ID, ids.New(), author, id, "PUBLISHED", at, "A post of an ordinary length, such as people write at work, number " + fmt.Sprint(i),
					`{"tags":["#bench"]}`, at, at, author,
				})
			}
			return db.InsertMany(ctx, tx, `INSERT INTO posts (org_id, id, author_id, audience_id, status, posted_at, text, extra, created_at, updated_at, updated_by)`, rows, "")
		})
		if err != nil {
			return err
		}
	}
	return g.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		var rows [][]any
		for id, n := range counts {
			rows = append(rows, []any{g.org.ID, "post", id, 0, n})
		}
		return db.InsertMany(ctx, tx, `INSERT INTO content_counts (org_id, kind, audience_id, shard, n)`, rows, "")
	})
}

func (g *seeder) draw(groupIDs, locationIDs []string) (author string, p audience.Permissions) {
	who := func(n int) string { return g.people[g.random.IntN(n)].UserID }
	habit := who(authors)
	switch roll := g.random.IntN(100); {
	case roll < 60:
		return who(headcount), audience.Permissions{Public: true}
	case roll < 75:
		return habit, audience.Permissions{Groups: api.Strings{groupIDs[g.random.IntN(groups)]}}
	case roll < 85:
		return habit, audience.Permissions{Team: true}
	case roll < 90:
		return habit, audience.Permissions{Friends: true}
	case roll < 95:
		return habit, audience.Permissions{Locations: api.Strings{locationIDs[g.random.IntN(locations)]}}
	case roll < 98:
		return habit, audience.Permissions{Users: api.Strings{who(headcount)}}
	}
	return who(headcount), audience.Permissions{OnlyMe: true}
}
