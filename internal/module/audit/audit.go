package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Entry is one call in the log.
type Entry struct {
	Seq                  int64
	At                   int64
	UserID, TokenID      string
	Operation            string
	ObjectType, ObjectID string
	Outcome, Code        string
	RequestID            string
	Hash                 string
}

// maxID bounds what a caller can write into the log: an id of a path may be anything.
const maxID = 100

// sealed gives the hash of an entry behind another one of an organization.
func (e Entry) sealed(orgID, before string) string {
	body, err := json.Marshal([]any{
		before, orgID, e.Seq, e.At, e.UserID, e.TokenID, e.Operation, e.ObjectType, e.ObjectID, e.Outcome, e.Code, e.RequestID,
	})
	if err != nil {
		panic("audit: an entry cannot be encoded: " + err.Error())
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// End is where a chain ends. The zero value is an empty chain's.
type End struct {
	Seq  int64
	Hash string
}

// Service is the audit log.
type Service struct {
	db    *db.DB
	clock clock.Clock
	store store
}

// New makes the service.
func New(d *db.DB, c clock.Clock) *Service { return &Service{db: d, clock: c} }

// Audit implements api.Auditor.
func (s *Service) Audit(ctx context.Context, tx db.Tx, c api.Audited) error {
	end, err := s.store.lock(ctx, tx, c.Who.OrgID)
	if err != nil {
		return err
	}
	e := Entry{
		Seq: end.Seq + 1, At: clock.Millis(s.clock.Now()), UserID: c.Who.UserID, TokenID: c.Who.TokenID, Operation: c.Operation,
		ObjectType: c.ObjectType, ObjectID: clean(c.ObjectID), Outcome: c.Outcome, Code: c.Code, RequestID: c.RequestID,
	}
	e.Hash = e.sealed(c.Who.OrgID, end.Hash)
	return s.store.add(ctx, tx, c.Who.OrgID, e)
}

// BrokenError says that a chain is not what was written.
type BrokenError struct{ Seq int64 }

// Error implements error.
func (e *BrokenError) Error() string {
	return fmt.Sprintf("the audit log is broken at entry %d: it, or one before it, was changed, removed or added afterwards", e.Seq)
}

// Verify checks the chain of an organization and gives its end, or a BrokenError.
func (s *Service) Verify(ctx context.Context, orgID string) (End, error) {
	var at, kept End
	err := s.db.Snapshot(ctx, func(ctx context.Context, q db.Queryer) (err error) {
		if kept, err = s.store.end(ctx, q, orgID); err != nil {
			return err
		}
		for {
			page, err := s.store.after(ctx, q, orgID, at.Seq)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, e := range page {
				if e.Seq != at.Seq+1 || e.Hash != e.sealed(orgID, at.Hash) {
					return &BrokenError{at.Seq + 1}
				}
				at = End{e.Seq, e.Hash}
			}
		}
	})
	if err == nil && at != kept {
		err = &BrokenError{at.Seq + 1}
	}
	return at, err
}

// clean makes text of a path fit to be stored.
func clean(id string) string {
	if len(id) > maxID {
		id = id[:maxID]
	}
	out := []rune{}
	for _, r := range id {
		if r >= ' ' && r != 0xFFFD {
			out = append(out, r)
		}
	}
	return string(out)
}
