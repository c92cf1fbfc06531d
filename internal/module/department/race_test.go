package department_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/department"
)

// arriving puts a person into a department in a transaction that stays open while change runs,
// unless change waits for it: then it ends first. Creating a person is such a transaction; it
// does not take the directory lock.
func (r *rig) arriving(id, department string, change func() error) error {
	r.Helper()
	ctx := context.Background()
	arrived, changed := make(chan struct{}), make(chan error, 1)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		<-arrived
		changed <- change()
	})
	var result error
	waited := false
	tell := sync.OnceFunc(func() { close(arrived) })
	err := r.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE users SET department_id = ? WHERE org_id = ? AND id = ?`, department, r.ID, id)
		tell()
		if err != nil {
			return err
		}
		select {
		case result = <-changed:
		case <-time.After(500 * time.Millisecond): // it waits for us, as it should
			waited = true
		}
		return nil
	})
	if err != nil {
		r.Fatal(err)
	}
	if waited {
		result = <-changed
	}
	return result
}

func TestSomebodyArrivesWhileTheLastHeadLeaves(t *testing.T) {
	each(t, func(r *rig) {
		ctx := context.Background()
		ann, bob, cat, dan := r.person("ann"), r.person("bob"), r.person("cat"), r.person("dan")
		sales, support := r.create("Sales", ann), r.create("Support", cat)
		err := r.arriving(bob, sales, func() error {
			_, err := r.service.ChangeMembers(ctx, r.admin, sales, "", department.Members{Remove: []department.Member{{ID: ann}}})
			return err
		})
		if !fault.Is(err, fault.KindConflict) {
			r.Errorf("the last head was taken from somebody who had arrived: %v", err)
		}
		r.wantSeats(sales, ann+"*", bob)
		err = r.arriving(dan, support, func() error {
			_, err := r.service.ChangeMembers(ctx, r.admin, sales, "", department.Members{Add: []department.Member{{ID: cat}}})
			return err
		})
		if err != nil {
			r.Fatal(err)
		}
		r.wantSeats(sales, ann+"*", bob, cat)
		r.wantSeats(support, dan+"*")
	})
}

func TestSomebodyArrivesWhileTheDepartmentIsDeleted(t *testing.T) {
	each(t, func(r *rig) {
		id := r.create("Sales")
		err := r.arriving(r.person("ann"), id, func() error { return r.service.Delete(context.Background(), r.admin, id, "") })
		if err != nil {
			r.Fatal(fmt.Errorf("delete: %w", err))
		}
		if n := r.count(`SELECT COUNT(*) FROM users WHERE department_id IS NOT NULL`); n != 0 {
			r.Errorf("%d people are in a department that is gone", n)
		}
	})
}
