// Package cast puts people on a test's stage: organizations and members written straight
// into the database, for tests of modules that need somebody to act without the modules
// that create people.
package cast

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// Org is an organization on the stage, with its built-in security groups.
type Org struct {
	ID             string
	Administrators string // id of the built-in group
	Members        string // id of the built-in group
	db             *db.DB
	people         int
}

// At is the time, in milliseconds, at which everything on the stage was created.
const At int64 = 1_790_000_000_000

// NewOrg creates an organization.
func NewOrg(tb testing.TB, d *db.DB) *Org {
	tb.Helper()
	o := &Org{ID: ids.New(), Administrators: ids.New(), Members: ids.New(), db: d}
	o.must(tb, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO organizations (id, name, subdomain, status, auth_method, created_at)
			VALUES (?, ?, ?, 'ACTIVE', 'internal', ?)`, o.ID, "Org "+o.ID, o.ID, At)
		if err != nil {
			return err
		}
		var all []string
		for _, c := range authz.Capabilities {
			all = append(all, `"`+string(c)+`"`)
		}
		groups := [][]any{
			{o.ID, o.Administrators, "Administrators", "administrators", "administrators", "[" + strings.Join(all, ",") + "]", At, At, o.ID, o.ID},
			{o.ID, o.Members, "Members", "members", "members", "[]", At, At, o.ID, o.ID},
		}
		return db.InsertMany(ctx, tx, `INSERT INTO security_groups
			(org_id, id, name, name_key, builtin, capabilities, created_at, updated_at, created_by, updated_by)`, groups, "")
	})
	return o
}

// Person adds an active member and gives them as an actor.
func (o *Org) Person(tb testing.TB, name string) authz.Actor {
	tb.Helper()
	o.people++
	id, first := ids.New(), strings.ToUpper(name[:1])+name[1:]
	email := fmt.Sprintf("%s%d@%s.example", name, o.people, o.ID[:8])
	o.must(tb, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO users (org_id, id, email, email_key, user_name, status, first_name, last_name, color,
			search_key, sort_key, created_at, updated_at, created_by, updated_by)
			VALUES (?, ?, ?, ?, ?, 'ACTIVE', ?, 'Example', '#336699', ?, ?, ?, ?, ?, ?)`,
			o.ID, id, email, email, email, first, name+" example "+email, "example "+name, At, At, id, id)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO security_group_members (org_id, group_id, user_id) VALUES (?, ?, ?)`, o.ID, o.Members, id)
		return err
	})
	return authz.Actor{OrgID: o.ID, UserID: id}
}

// Administrator adds an active member of the group Administrators.
func (o *Org) Administrator(tb testing.TB, name string) authz.Actor {
	tb.Helper()
	who := o.Person(tb, name)
	o.must(tb, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO security_group_members (org_id, group_id, user_id) VALUES (?, ?, ?)`,
			o.ID, o.Administrators, who.UserID)
		return err
	})
	who.Capabilities = authz.Capabilities
	return who
}

// Location adds a location and gives its id.
func (o *Org) Location(tb testing.TB, name string) string { return o.named(tb, "locations", name) }

// Department adds a department without members and gives its id.
func (o *Org) Department(tb testing.TB, name string) string { return o.named(tb, "departments", name) }

func (o *Org) named(tb testing.TB, table, name string) string {
	tb.Helper()
	id := ids.New()
	o.must(tb, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO `+table+` (org_id, id, name, name_key, created_at, updated_at, created_by, updated_by)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, o.ID, id, name, strings.ToLower(name), At, At, o.ID, o.ID)
		return err
	})
	return id
}

// Group adds a security group with capabilities as a JSON array and gives its id.
func (o *Org) Group(tb testing.TB, name string, capabilities ...authz.Capability) string {
	tb.Helper()
	id := ids.New()
	list := make([]string, len(capabilities))
	for i, c := range capabilities {
		list[i] = `"` + string(c) + `"`
	}
	o.must(tb, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO security_groups
			(org_id, id, name, name_key, capabilities, created_at, updated_at, created_by, updated_by)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			o.ID, id, name, strings.ToLower(name), "["+strings.Join(list, ",")+"]", At, At, o.ID, o.ID)
		return err
	})
	return id
}

// Exec runs one statement, for a test that sets a scene this package has no word for.
func (o *Org) Exec(tb testing.TB, query string, args ...any) {
	tb.Helper()
	o.must(tb, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}

func (o *Org) must(tb testing.TB, f func(ctx context.Context, tx db.Tx) error) {
	tb.Helper()
	if err := o.db.Write(context.Background(), f); err != nil {
		tb.Fatalf("cast: %v", err)
	}
}
