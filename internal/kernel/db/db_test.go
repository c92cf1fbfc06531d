package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

func TestWriteIsSeenByReader(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		setting := func(ctx context.Context, tx db.Tx, id string) error {
			_, err := tx.Exec(ctx, `INSERT INTO organizations (id, name, subdomain, status, auth_method, created_at) VALUES (?, ?, ?, 'ACTIVE', 'internal', 1)`, id, id, id)
			return err
		}
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
					if err := setting(ctx, tx, fmt.Sprint("o", i)); err != nil {
						return err
					}
					if i%2 == 1 {
						return errors.New("no")
					}
					return nil
				})
				if (err != nil) != (i%2 == 1) {
					t.Errorf("%d: %v", i, err)
				}
			}()
		}
		wg.Wait()
		var n int
		if err := d.Reader(t.Context()).QueryRow(t.Context(), `SELECT COUNT(*) FROM organizations WHERE id {in}`, db.List([]string{"o0", "o1", "o2"})).Scan(&n); err != nil || n != 2 {
			t.Fatal(n, err)
		}
	})
}
