package securitygroup_test

import (
	"context"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

func TestSomebodyArrivesWhileTheGroupIsDeleted(t *testing.T) {
	each(t, func(r *rig) {
		ctx := context.Background()
		id, ann := r.Group(r.T, "Editors"), r.person("ann")
		arrived, deleted := make(chan struct{}), make(chan error, 1)
		go func() {
			<-arrived
			deleted <- r.service.Delete(ctx, r.admin, id, "")
		}()
		// Creating a person is a transaction like this one: it does not take the directory lock.
		err := r.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO security_group_members (org_id, group_id, user_id) VALUES (?, ?, ?)`, r.ID, id, ann)
			close(arrived)
			select {
			case early := <-deleted:
				deleted <- early
			case <-time.After(500 * time.Millisecond): // it waits for us, as it should
			}
			return err
		})
		if err != nil {
			r.Fatal(err)
		}
		if err := <-deleted; err != nil {
			r.Errorf("delete: %v", err)
		}
		if n := r.count(`SELECT COUNT(*) FROM security_group_members WHERE group_id = ?`, id); n != 0 {
			r.Errorf("%d people refer to what is gone", n)
		}
	})
}
