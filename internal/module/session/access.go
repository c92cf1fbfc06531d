package session

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// hidden is the reference's sentence for what a caller's role does not allow.
const hidden = "The requested content is hidden for administrators only. "

// toInvite gives a person whom the actor may send a link, or be shown one for.
func (s *Service) toInvite(ctx context.Context, q db.Queryer, who authz.Actor, id string) (account, error) {
	if !who.Can(authz.UsersManage) {
		return account{}, fault.Forbidden("role.missing", hidden+"It needs the capability users:manage.")
	}
	a, err := s.store.byID(ctx, q, who.OrgID, id)
	if err != nil {
		return account{}, err
	}
	for _, c := range a.capabilities {
		if !who.Can(c) {
			return account{}, fault.Forbidden("user.aboveCaller", hidden+"The person holds capabilities that you do not have.")
		}
	}
	if !a.mayGetLink() {
		return account{}, fault.Conflict("user.notInvitable", "The account is blocked or archived. Restore it first.")
	}
	return a, nil
}

// mayGetLink reports whether the person may set a password by a link.
func (a account) mayGetLink() bool {
	return a.orgStatus == "ACTIVE" && (a.status == preInvited || a.status == invited || a.status == active)
}

// actor is the account as the caller of what its session does.
func (a account) actor(sessionID string) authz.Actor {
	return authz.Actor{OrgID: a.orgID, UserID: a.id, SessionID: sessionID, Root: a.root, Capabilities: a.capabilities}
}

// refusal says why the account may not use a session; nil when it may.
func (a account) refusal() error {
	switch {
	case a.orgStatus != "ACTIVE":
		return errSuspended
	case a.status != active:
		return errNoSession
	}
	return nil
}

// Of module/user.
const (
	preInvited = "PRE_INVITED"
	invited    = "INVITED"
	active     = "ACTIVE"
	blocked    = "BLOCKED"
)
