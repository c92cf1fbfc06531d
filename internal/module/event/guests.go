package event

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

func (s *Service) tellGuests(ctx context.Context, tx db.Tx, orgID string, before, after content.Record[Body]) error {
	return nil
}
func (s *Service) work() {}
