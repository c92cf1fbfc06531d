package db_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

func TestBothEnginesHaveTheSameTables(t *testing.T) {
	t.Parallel()
	var first []db.Table
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		tables, err := db.Tables(t.Context(), d.Reader(t.Context()))
		if err != nil || len(tables) < 40 {
			t.Fatalf("%d tables, %v", len(tables), err)
		}
		if have, newest, err := db.SchemaVersion(t.Context(), d.Reader(t.Context())); err != nil || have != newest || have < 8 {
			t.Errorf("schema %d of %d, %v", have, newest, err)
		}
		seen := map[string]bool{}
		for i, table := range tables {
			for _, above := range table.Above {
				if !seen[above] {
					t.Errorf("%s stands before %s, which it refers to", table.Name, above)
				}
			}
			seen[table.Name] = true
			tables[i].Columns = slices.DeleteFunc(table.Columns, func(c db.Column) bool { return c.Type == db.Derived })
		}
		for name, serial := range map[string]string{"users": "", "audiences": "id", "outbox": "seq"} {
			at := slices.IndexFunc(tables, func(table db.Table) bool { return table.Name == name })
			if tables[at].Serial != serial {
				t.Errorf("the serial of %s is %q", name, tables[at].Serial)
			}
			if name == "users" && !cmp.Equal(tables[at].Self, []string{"reports_to"}) {
				t.Errorf("users refer to users by %v", tables[at].Self)
			}
		}
		if first == nil {
			first = tables
		} else if diff := cmp.Diff(first, tables); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSerialsGoOnWhereTheyWere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		outbox := db.Table{Name: "outbox", Serial: "seq"}
		err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error { return db.SetLastSerial(ctx, tx, outbox, 41) })
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		err = d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			return tx.QueryRow(ctx, `INSERT INTO outbox (org_id, node, name, subject, data, created_at) VALUES ('o', 'n', 'x', 's', '{}', 1) RETURNING seq`).Scan(&n)
		})
		last, lastErr := db.LastSerial(ctx, d.Reader(ctx), outbox)
		if err != nil || lastErr != nil || n != 42 || last != 42 {
			t.Errorf("the next is %d, the last %d, %v, %v", n, last, err, lastErr)
		}
	})
}
