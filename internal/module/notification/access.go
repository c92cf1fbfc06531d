package notification

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	noun       = "notification"
	deviceNoun = "device"
)

// gate refuses whoever asks for a notification that was not sent by the API: what the platform
// tells people is theirs alone. Who may send may know of all that were sent; the operations ask
// for that capability.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.store.sent(ctx, s.DB.Reader(ctx), who.OrgID, id)
	return err
}

// deviceGate hides the devices of others.
func (s *Service) deviceGate(ctx context.Context, who authz.Actor, id string) error {
	by, err := s.store.devices(ctx, s.DB.Reader(ctx), who.OrgID, []string{id})
	if err == nil && by[id].userID != who.UserID {
		err = fault.NotFound(deviceNoun)
	}
	return err
}
