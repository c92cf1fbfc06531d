package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// TestAFullDiskRefusesWritesAndRecovers bounds the size of the database, which SQLite reports
// as it does a disk without space.
func TestAFullDiskRefusesWritesAndRecovers(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, dbtest.SQLite(t))
	bound := func(to string) {
		writer, _ := d.SQLite()
		if _, err := writer.ExecContext(t.Context(), "PRAGMA max_page_count = "+to); err != nil {
			t.Fatal(err)
		}
	}
	write := func(id, name string) error {
		return d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
			if err := insert(ctx, tx, id); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE organizations SET description = ? WHERE id = ?`, name, id)
			return err
		})
	}
	if err := write("before", "small"); err != nil {
		t.Fatal(err)
	}
	bound("1") // as few as there are
	large := strings.Repeat("x", 1<<20)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := write(fmt.Sprint("large", i), large); !fault.Is(err, fault.KindStorageFull) {
				t.Errorf("without space: %v", err)
			}
		})
	}
	wg.Wait()
	if n := count(t, d.Reader(t.Context())); n != 1 {
		t.Errorf("%d rows after refused writes, want 1", n)
	}
	if err := d.Healthy(t.Context()); err != nil {
		t.Errorf("a full disk is not the end: %v", err)
	}
	bound("1000000")
	if err := write("after", large); err != nil {
		t.Errorf("with space again: %v", err)
	}
	if n := count(t, d.Reader(t.Context())); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestAServerThatDoesNotSyncIsRefused(t *testing.T) {
	t.Parallel()
	if os.Getenv("WORKDRIVE_TEST_POSTGRES") != "" {
		t.Log("beside the server that is named, this test starts one of its own")
	}
	url, stop, err := dbtest.StartPostgres("fsync=off")
	if errors.Is(err, dbtest.ErrNoPostgres) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	d, err := db.Open(t.Context(), db.Options{URL: url})
	if err == nil {
		t.Fatal("opened", d.Close())
	}
	if !strings.Contains(err.Error(), "fsync=on") {
		t.Errorf("%v does not say what to do", err)
	}
}
