package media

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Quota is how many bytes may be kept; 0 is no limit. What counts is what people uploaded, not
// what is made of it.
type Quota struct {
	Person       int64
	Organization int64
}

// room gives how many more bytes a person may upload, at most a limit; none left is an error.
func (s *Service) room(ctx context.Context, who authz.Actor, limit int64) (int64, error) {
	if s.quota == (Quota{}) {
		return limit, nil
	}
	u, err := s.store.usage(ctx, s.db.Reader(ctx), who.OrgID, who.UserID)
	if err != nil {
		return 0, err
	}
	if why := s.quota.exceeded(u, 1); why != "" {
		return 0, fault.New(fault.KindStorageFull, "media.quota", why)
	}
	return s.quota.left(u, limit), nil
}

// usage is how many bytes are kept.
type usage struct{ person, organization int64 }

// left is how much of a limit the quotas leave.
func (q Quota) left(u usage, limit int64) int64 {
	if q.Person > 0 {
		limit = min(limit, q.Person-u.person)
	}
	if q.Organization > 0 {
		limit = min(limit, q.Organization-u.organization)
	}
	return limit
}

// exceeded says why some more bytes cannot be kept, "" when they can.
func (q Quota) exceeded(u usage, more int64) string {
	size := func(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }
	switch {
	case q.Person > 0 && u.person+more > q.Person:
		return fmt.Sprintf("Your files have %s and may have %s together. Delete some that you do not need, or ask an administrator for more.", size(u.person), size(q.Person))
	case q.Organization > 0 && u.organization+more > q.Organization:
		return fmt.Sprintf("The organization's files have %s and may have %s together. Ask an administrator for more.", size(u.organization), size(q.Organization))
	}
	return ""
}

// kept is how many bytes of a file count.
func (m Media) kept() int64 {
	if m.State != ready {
		return 0
	}
	return m.Size
}

// account counts the bytes of a file that have come or gone, and says why they are too many,
// "" when they are not. The row of the person is locked until the transaction ends, so that
// uploads of one person are counted one after the other.
func (s *Service) account(ctx context.Context, tx db.Tx, orgID string, m Media, more int64) (why string, err error) {
	if more == 0 {
		return "", nil
	}
	if err := s.store.addUsage(ctx, tx, orgID, m.OwnerID, more); err != nil || more < 0 || s.quota == (Quota{}) {
		return "", err
	}
	u, err := s.store.usage(ctx, tx, orgID, m.OwnerID)
	return s.quota.exceeded(u, 0), err
}

// usage reads how much a person and their organization keep.
func (store) usage(ctx context.Context, q db.Queryer, orgID, userID string) (u usage, err error) {
	err = q.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN user_id = ?2 THEN bytes END), 0), COALESCE(SUM(bytes), 0) FROM media_usage WHERE org_id = ?1`, orgID, userID).
		Scan(&u.person, &u.organization)
	return u, err
}

func (store) addUsage(ctx context.Context, tx db.Tx, orgID, userID string, more int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO media_usage (org_id, user_id, bytes) VALUES (?, ?, ?)
		ON CONFLICT (org_id, user_id) DO UPDATE SET bytes = media_usage.bytes + excluded.bytes`, orgID, userID, more)
	return err
}
