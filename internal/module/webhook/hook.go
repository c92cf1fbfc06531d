package webhook

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// hookPerMinute is how many messages a program may write at one address.
const hookPerMinute = 60

// hookGate hides addresses of group chats that the actor does not administer.
func (s *Service) hookGate(ctx context.Context, who authz.Actor, id string) error {
	return s.toRevoke(ctx, s.DB.Reader(ctx), who, id)
}

// toRevoke gives an error unless the actor administers the group chat of an address.
func (s *Service) toRevoke(ctx context.Context, q db.Queryer, who authz.Actor, id string) error {
	h, err := s.store.hook(ctx, q, who.OrgID, id)
	if err == nil && s.Conversations.MayAdminister(ctx, q, who, h.ConversationID) != nil {
		err = fault.NotFound(hookNoun)
	}
	return err
}

// Address makes an address at which a program writes in a group chat as the actor, and gives it.
func (s *Service) Address(ctx context.Context, who authz.Actor, conversationID, name string) (h Hook, address string, err error) {
	var bad fault.Fields
	checkName(name, &bad)
	h = Hook{ID: ids.New(), ConversationID: conversationID, Name: name, CreatedBy: who.UserID, CreatedAt: s.now()}
	secret := newHookSecret()
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.Conversations.MayAdminister(ctx, tx, who, conversationID); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		all, err := s.store.hooks(ctx, tx, who.OrgID, conversationID)
		if err == nil && len(all) >= maxHooks {
			err = fault.Conflict("hook.tooMany", "A group chat has at most 20 addresses. Revoke one first.")
		}
		if err != nil {
			return err
		}
		return s.store.insertHook(ctx, tx, who.OrgID, hashOf(secret), h)
	})
	return h, s.URL + "/api/hooks/" + h.ID + "?signature=" + secret, err
}

// Addresses lists those of a group chat.
func (s *Service) Addresses(ctx context.Context, who authz.Actor, conversationID string) ([]Hook, error) {
	q := s.DB.Reader(ctx)
	if err := s.Conversations.MayAdminister(ctx, q, who, conversationID); err != nil {
		return nil, err
	}
	return s.store.hooks(ctx, q, who.OrgID, conversationID)
}

// Revoke ends an address.
func (s *Service) Revoke(ctx context.Context, who authz.Actor, id string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.toRevoke(ctx, tx, who, id); err != nil {
			return err
		}
		return s.store.removeHook(ctx, tx, who.OrgID, id)
	})
}

// Receive writes what a program says at an address. One that is revoked, or whose maker may not
// write there any more, is the same NotFound fault as one that never was.
func (s *Service) Receive(ctx context.Context, id, secret, text string) (messageID string, err error) {
	orgID, h, err := s.store.hookByHash(ctx, s.DB.Reader(ctx), hashOf(secret))
	if err == nil && h.ID != id {
		err = fault.NotFound(hookNoun)
	}
	if err != nil {
		return "", err
	}
	pace, _ := s.paces.GetIfPresent(h.ID)
	if pace == nil {
		pace, _ = s.paces.SetIfAbsent(h.ID, rate.NewLimiter(rate.Limit(hookPerMinute)/60, hookPerMinute))
	}
	if !pace.AllowN(s.Clock.Now(), 1) {
		return "", &fault.Error{Kind: fault.KindTooMany, Code: "rate.limited", Detail: "This address takes 60 messages a minute.", RetryAfter: time.Second}
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		messageID, err = s.Conversations.SendAs(ctx, authz.Actor{OrgID: orgID, UserID: h.CreatedBy}, h.ConversationID, h.Name, text)
		if err != nil {
			return err
		}
		return s.store.usedHook(ctx, tx, orgID, h.ID, s.now())
	})
	if fault.Is(err, fault.KindForbidden) || fault.Is(err, fault.KindNotFound) {
		err = fault.NotFound(hookNoun)
	}
	return messageID, err
}
