package token

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// gate hides the keys of others from whoever does not manage keys.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.toRevoke(ctx, s.db.Reader(ctx), who, id)
	return err
}

// toRevoke gives a key the actor may revoke. Somebody else's key does not exist for members.
func (s *Service) toRevoke(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Token, error) {
	t, err := s.store.byID(ctx, q, who.OrgID, id)
	if err == nil && t.UserID != who.UserID && !who.Can(authz.TokensManage) {
		err = fault.NotFound("token")
	}
	return t, err
}

// hidden is the reference's sentence for what a caller's role does not allow.
const hidden = "The requested content is hidden for administrators only. "

// mayManage refuses whoever wants to see or make keys of somebody else without the right.
func mayManage(who authz.Actor, userID string) error {
	if userID == who.UserID || who.Can(authz.TokensManage) {
		return nil
	}
	return fault.Forbidden("role.missing", hidden+"It needs the capability tokens:manage.")
}

// mayGrant refuses a key that could do more, or work longer, than the one that makes it, and
// one of a person who can do more than its maker: managing keys is no way to become an
// administrator.
func (s *Service) mayGrant(ctx context.Context, who authz.Actor, d Draft) error {
	if !covers(who, d.Scopes) {
		return fault.Forbidden("token.escalation", "A key cannot make a key with wider scopes than its own.")
	}
	q := s.db.Reader(ctx)
	var own Token // of a browser session, which can do all that its person can: no limits
	if who.SessionID == "" {
		var err error
		if own, err = s.store.byID(ctx, q, who.OrgID, who.TokenID); err != nil {
			return err
		}
	}
	if own.ExpiresAt != nil && (d.ExpiresAt == nil || d.ExpiresAt.Millis() > *own.ExpiresAt) {
		return fault.Forbidden("token.escalation", "A key that expires cannot make a key that outlives it.")
	}
	if d.UserID == who.UserID {
		return nil
	}
	held, err := s.store.capabilities(ctx, q, who.OrgID, d.UserID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(held, func(c authz.Capability) bool { return !who.Can(c) }) {
		return fault.Forbidden("token.aboveCaller", hidden+"The person holds capabilities that you do not have.")
	}
	return nil
}
