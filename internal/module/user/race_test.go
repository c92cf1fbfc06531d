package user_test

import (
	"context"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// overlapping runs first in a transaction that stays open until second, which has begun
// meanwhile, has ended or waits for it. It gives what second gives.
func (s *stage) overlapping(first func(ctx context.Context) error, second func() error) error {
	s.Helper()
	begun, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		<-begun
		ended <- second()
	}()
	err := s.db.Write(context.Background(), func(ctx context.Context, _ db.Tx) error {
		err := first(ctx)
		close(begun)
		select {
		case early := <-ended:
			ended <- early
		case <-time.After(500 * time.Millisecond): // it waits for us
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return <-ended
}

func TestSomebodyArrivesWhileTheirSupervisorLeaves(t *testing.T) {
	each(t, func(s *stage) {
		top := s.active("top")
		boss, other := s.under("boss", top), s.under("other", top)
		arrive := func(ctx context.Context, name, supervisor string) error {
			d := draft(name)
			d.ReportsTo = &supervisor
			_, err := s.Create(ctx, s.admin, d, false)
			return err
		}
		err := s.overlapping(
			func(ctx context.Context) error { return arrive(ctx, "before", boss.ID) },
			func() error { return s.Delete(context.Background(), s.admin, boss.ID, "", false) })
		if err != nil {
			s.Fatal(err)
		}
		err = s.overlapping(
			func(ctx context.Context) error { return s.Delete(ctx, s.admin, other.ID, "", false) },
			func() error { return arrive(context.Background(), "after", other.ID) })
		if err != nil && !fault.Is(err, fault.KindInvalid) { // SQLite sees the departure first
			s.Fatal(err)
		}
		if n := s.count(`SELECT COUNT(*) FROM users WHERE org_id = ? AND reports_to IN (?, ?)`, s.ID, boss.ID, other.ID); n != 0 {
			s.Errorf("%d people report to a former member", n)
		}
		if n := s.count(`SELECT COUNT(*) FROM users WHERE org_id = ? AND reports_to = ? AND first_name = 'before'`, s.ID, top.ID); n != 1 {
			s.Error("the newcomer was not lifted")
		}
	})
}
