package user

import (
	"context"

	"github.com/alexedwards/argon2id"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// hashParams is the second recommended option of RFC 9106, section 4: 64 MiB, three
// passes, four lanes.
var hashParams = &argon2id.Params{Memory: 64 * 1024, Iterations: 3, Parallelism: 4, SaltLength: 16, KeyLength: 32}

// maxHashing bounds the memory that hashing takes: 64 MiB each.
const maxHashing = 4

// HashPassword checks the length of a password (8 to 128 characters) and gives its
// argon2id hash. It takes tens of milliseconds: call it outside of transactions.
func HashPassword(password string) (string, error) {
	var f fault.Fields
	checkPassword(&f, password)
	if err := f.Err(); err != nil {
		return "", err
	}
	return argon2id.CreateHash(password, hashParams)
}

// hashOf hashes the password of a draft that is otherwise right; nil for none.
func (s *Service) hashOf(ctx context.Context, d Draft) (*string, error) {
	if d.Password == nil || !check(d).Empty() {
		return nil, nil
	}
	select {
	case s.hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.hashing }()
	hash, err := HashPassword(*d.Password)
	return &hash, err
}

// SetPasswordHash gives a person a new password, hashed by HashPassword. It makes those
// ACTIVE who were invited or about to be, and nobody else.
func (s *Service) SetPasswordHash(ctx context.Context, who authz.Actor, id, hash string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE users SET password_hash = ?, updated_at = ?, updated_by = ?, version = version + 1,
			status = CASE WHEN status IN ('PRE_INVITED', 'INVITED') THEN 'ACTIVE' ELSE status END WHERE org_id = ? AND id = ?`, hash, s.stamp(who).ms, who.UserID, who.OrgID, id)
		if err == nil && n == 0 {
			err = fault.NotFound("user")
		}
		if err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: "user.updated", Subject: id})
	})
}
