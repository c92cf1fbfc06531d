package user

import (
	"context"
	"crypto/rand"
	"sync"

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
	hash, err := s.Hash(ctx, *d.Password)
	return &hash, err
}

// Hash is HashPassword for requests, of which only a few hash at the same time.
func (s *Service) Hash(ctx context.Context, password string) (string, error) {
	var hash string
	err := s.whileHashing(ctx, func() (err error) {
		hash, err = HashPassword(password)
		return err
	})
	return hash, err
}

// nobody is the hash of a password that nobody has, by hashParams.
var nobody = sync.OnceValue(func() string {
	hash, err := argon2id.CreateHash(rand.Text(), hashParams)
	if err != nil {
		panic(err) // the parameters are ours
	}
	return hash
})

// CheckPassword reports whether a password is the one a hash was made of. It does the same work
// for a person who has none (nil) and is false then.
func (s *Service) CheckPassword(ctx context.Context, hash *string, password string) (ok bool, err error) {
	with := nobody()
	if hash != nil {
		with = *hash
	}
	err = s.whileHashing(ctx, func() (err error) {
		ok, err = argon2id.ComparePasswordAndHash(password, with)
		return err
	})
	return ok && hash != nil, err
}

// whileHashing does something that takes as much memory as hashing does.
func (s *Service) whileHashing(ctx context.Context, do func() error) error {
	select {
	case s.hashing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.hashing }()
	return do()
}

// Invite makes a PRE_INVITED person INVITED, and nobody else.
func (s *Service) Invite(ctx context.Context, who authz.Actor, id string) error {
	return s.move(ctx, who, id, PreInvited, Invited)
}

// Arrive makes an INVITED person ACTIVE, and nobody else.
func (s *Service) Arrive(ctx context.Context, who authz.Actor, id string) error {
	return s.move(ctx, who, id, Invited, Active)
}

// move takes an account from one state to the next, if it is there.
func (s *Service) move(ctx context.Context, who authz.Actor, id, from, to string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE users SET status = ?, updated_at = ?, updated_by = ?, version = version + 1 WHERE org_id = ? AND id = ? AND status = ?`,
			to, s.stamp(who).ms, who.UserID, who.OrgID, id, from)
		if err != nil || n == 0 {
			return err
		}
		if err := s.changed(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: "user.updated", Subject: id})
	})
}

// SetPasswordHash gives a person a new password, hashed by HashPassword. It makes those
// ACTIVE who were invited or about to be, and nobody else; what OnPassword registered hears of it.
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
		if err := s.changed(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		for _, w := range s.passwords {
			if err := w(ctx, tx, who.OrgID, []string{id}); err != nil {
				return err
			}
		}
		return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: "user.updated", Subject: id})
	})
}
