package session

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// External is who vouched for a person in place of their password: an account at an OpenID
// Connect provider.
type External struct {
	Issuer, Subject string
	SID             string // the provider's own session, "" when it told none
}

// OpenExternal opens a session for somebody whom a provider vouches for. The state of the account
// and the second factor count as they do with a password. It joins the caller's transaction.
func (s *Service) OpenExternal(ctx context.Context, orgID, userID string, by External, c Client) (Opened, error) {
	var o Opened
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		a, err := s.store.byID(ctx, tx, orgID, userID)
		if err != nil {
			return err
		}
		if err := a.mayEnter(); err != nil {
			return err
		}
		a.by = by
		o, err = s.enter(ctx, tx, a, c)
		return err
	})
	return o, err
}

// EndExternal ends the sessions that a provider vouched for: with SID that one of the provider's
// sessions, else all of the subject. It joins the caller's transaction.
func (s *Service) EndExternal(ctx context.Context, tx db.Tx, orgID string, by External) error {
	return s.store.endExternal(ctx, tx, orgID, by)
}

// Admit counts an attempt from an address that is about no account, such as a token that nobody
// has looked at yet. giveBack is for one that was right.
func (s *Service) Admit(address string) (giveBack func(), err error) {
	return s.throttle.takeFrom(address)
}

func (store) endExternal(ctx context.Context, tx db.Tx, orgID string, by External) error {
	_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE org_id = ? AND issuer = ? AND (subject = ? OR ? = '') AND (provider_session = ? OR ? = '')`,
		orgID, by.Issuer, by.Subject, by.Subject, by.SID, by.SID)
	return err
}
