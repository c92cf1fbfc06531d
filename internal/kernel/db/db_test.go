package db_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

var taken = db.Constraint{
	Name: "organizations_subdomain_key", Columns: "organizations.subdomain", Code: "organization.subdomainTaken", Pointer: "/subdomain", Detail: "Taken.",
}

func insert(ctx context.Context, tx db.Tx, id string) error {
	_, err := tx.Exec(ctx, `INSERT INTO organizations (id, name, subdomain, status, auth_method, created_at)
		VALUES (?, ?, ?, 'ACTIVE', 'internal', 1)`, id, id, id)
	return err
}

func count(t *testing.T, q db.Queryer) int {
	t.Helper()
	var n int
	if err := q.QueryRow(t.Context(), `SELECT COUNT(*) FROM organizations`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

var errNo = errors.New("no")

func TestConcurrentWritesFailAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var wg sync.WaitGroup
		for i := range 90 {
			wg.Go(func() {
				err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
					if err := insert(ctx, tx, fmt.Sprint("o", i)); err != nil {
						return err
					}
					if i%3 == 0 {
						return errNo
					}
					return nil
				})
				if (i%3 == 0) != errors.Is(err, errNo) || (i%3 != 0 && err != nil) {
					t.Errorf("%d: %v", i, err)
				}
				// What was answered is there, what was refused is not, for whoever reads now.
				var n int
				if err := d.Reader(t.Context()).QueryRow(t.Context(), `SELECT COUNT(*) FROM organizations WHERE id = ?`, fmt.Sprint("o", i)).Scan(&n); err != nil || (n == 1) != (i%3 != 0) {
					t.Errorf("%d: %d rows, %v", i, n, err)
				}
			})
		}
		wg.Wait()
		if n := count(t, d.Reader(t.Context())); n != 60 {
			t.Errorf("%d rows, want 60", n)
		}
	})
}

func TestPanicRollsBackAndReachesTheCaller(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		func() {
			defer func() {
				if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "boom") {
					t.Errorf("recovered %v", v)
				}
			}()
			_ = d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
				if err := insert(ctx, tx, "a"); err != nil {
					t.Error(err)
				}
				panic("boom")
			})
		}()
		if err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error { return insert(ctx, tx, "b") }); err != nil {
			t.Fatal(err)
		}
		if n := count(t, d.Reader(t.Context())); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestNestedWriteJoinsAsSavepoint(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var ran []string
		err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
			if err := insert(ctx, tx, "outer"); err != nil {
				return err
			}
			tx.OnCommit(func() { ran = append(ran, "outer") })
			err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
				tx.OnCommit(func() { ran = append(ran, "lost") })
				return errors.Join(insert(ctx, tx, "lost"), errNo)
			})
			if !errors.Is(err, errNo) {
				t.Errorf("inner: %v", err)
			}
			err = d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
				tx.OnCommit(func() { ran = append(ran, "inner") })
				return insert(ctx, tx, "inner")
			})
			if n := count(t, d.Reader(ctx)); n != 2 {
				t.Errorf("the transaction sees %d of its rows", n)
			}
			if n := count(t, d.Reader(t.Context())); n != 0 {
				t.Errorf("others see %d rows before the commit", n)
			}
			if len(ran) != 0 {
				t.Errorf("ran before the commit: %v", ran)
			}
			return err
		})
		if err != nil || fmt.Sprint(ran) != "[outer inner]" {
			t.Errorf("%v, after the commit ran %v", err, ran)
		}
	})
}

func TestEndedContextWritesNothingAndHarmsNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.Write(ended, func(ctx context.Context, tx db.Tx) error { return insert(ctx, tx, "a") }); err == nil {
			t.Error("a write whose context had ended was accepted")
		}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
					if i%2 == 0 {
						cancel() // the client leaves in the middle
					}
					return insert(ctx, tx, fmt.Sprint("o", i))
				})
				cancel()
				if i%2 == 1 && err != nil {
					t.Errorf("a neighbour failed: %v", err)
				}
			})
		}
		wg.Wait()
		if n := count(t, d.Reader(t.Context())); n < 10 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestConstraintsBecomeFaults(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		write := func(f func(ctx context.Context, tx db.Tx) error) error { return d.Write(t.Context(), f) }
		if err := write(func(ctx context.Context, tx db.Tx) error { return insert(ctx, tx, "a") }); err != nil {
			t.Fatal(err)
		}
		err := write(func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO organizations (id, name, subdomain, status, auth_method, created_at) VALUES ('b', 'b', 'a', 'ACTIVE', 'internal', 1)`)
			return err
		})
		f, ok := fault.As(err)
		if !ok || f.Kind != fault.KindConflict || f.Code != taken.Code || len(f.Fields) != 1 || f.Fields[0].Pointer != "/subdomain" {
			t.Errorf("duplicate: %#v", err)
		}
		err = write(func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO settings (org_id, name, value, updated_at, updated_by) VALUES ('nobody', 'x', '{}', 1, 'x')`)
			return err
		})
		if !fault.Is(err, fault.KindConflict) {
			t.Errorf("reference: %v", err)
		}
		var x string
		if err := d.Reader(t.Context()).QueryRow(t.Context(), `SELECT name FROM organizations WHERE id = ?`, "none").Scan(&x); !errors.Is(err, db.ErrNoRows) {
			t.Errorf("no rows: %v", err)
		}
	}, taken)
}

func TestListsParametersAndManyRows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var rows [][]any
		for i := range 1500 {
			id := fmt.Sprint("o", i)
			rows = append(rows, []any{id, id, id, "ACTIVE", "internal", i})
		}
		ctx, statements := db.CountQueries(t.Context())
		err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			return db.InsertMany(ctx, tx, `INSERT INTO organizations (id, name, subdomain, status, auth_method, created_at)`, rows, "")
		})
		if err != nil || statements.N() != 3 {
			t.Fatalf("%d statements, %v", statements.N(), err)
		}
		for _, c := range []struct {
			query string
			args  []any
			want  int
		}{
			{`SELECT COUNT(*) FROM organizations WHERE id {in}`, []any{db.List([]string{"o1", "o2", "none"})}, 2},
			{`SELECT COUNT(*) FROM organizations WHERE id {in}`, []any{db.List(nil)}, 0},
			{`SELECT COUNT(*) FROM organizations WHERE created_at {inInts}`, []any{db.ListInts([]int64{1, 2, 3})}, 3},
			{`SELECT COUNT(*) FROM organizations WHERE id = ?2 OR name = ?1 OR name = ?2`, []any{"o5", "o6"}, 2},
			{`SELECT COUNT(*) FROM organizations WHERE created_at < ?3 AND id {in ?2}`, []any{"unused", db.List([]string{"o1", "o900"}), 100}, 1},
			{`SELECT COUNT(*) FROM organizations WHERE id = ? AND '{"a":"?"}' <> ''`, []any{"o1"}, 1},
		} {
			var n int
			if err := d.Reader(t.Context()).QueryRow(t.Context(), c.query, c.args...).Scan(&n); err != nil || n != c.want {
				t.Errorf("%s: %d, want %d, %v", c.query, n, c.want, err)
			}
		}
	})
}

func TestSnapshotReadsOneState(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Snapshot(t.Context(), func(ctx context.Context, q db.Queryer) error {
			before := count(t, q)
			if err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error { return insert(ctx, tx, "later") }); err != nil {
				return err
			}
			if after := count(t, q); after != before {
				t.Errorf("the snapshot changed from %d to %d rows", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, d.Reader(t.Context())); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestSeveralMigrateAtOnce(t *testing.T) {
	t.Parallel()
	address := dbtest.EmptyPostgres(t)
	for range 2 { // on an empty database, then on one that is current
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				d, err := db.Open(t.Context(), db.Options{URL: address, MaxConns: 4})
				if err != nil {
					t.Error(err)
					return
				}
				if err := errors.Join(d.Migrate(t.Context()), d.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, ?)`, 99999, true)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Migrate(t.Context()); !errors.Is(err, db.ErrNewerSchema) {
			t.Errorf("migrate: %v", err)
		}
	})
}

func TestADirectoryBelongsToOneProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	unlock, err := db.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.LockDir(dir); err == nil || !strings.Contains(err.Error(), "already in use") {
		t.Errorf("second lock: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := db.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = again()
}

func TestClosedDatabaseRefusesWrites(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), db.Options{URL: dbtest.SQLite(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error { return nil }); !fault.Is(err, fault.KindUnavailable) {
		t.Errorf("write: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}
