package identity

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

func (store) tidy(ctx context.Context, tx db.Tx, before int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM logout_tokens WHERE expires_at < ?`, before)
	return err
}
