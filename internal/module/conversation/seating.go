package conversation

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Seating is what other modules ask of conversations: who is in them and may do what, and a way
// for programs to write there.
type Seating struct{ Service *Service }

// Seats gives who is in some conversations and can sign in, by conversation.
func (s Seating) Seats(ctx context.Context, q db.Queryer, orgID string, conversations []string) (map[string][]string, error) {
	return s.Service.store.seated(ctx, q, orgID, conversations, false)
}

// AdminsOf gives who of the people of Seats are admins.
func (s Seating) AdminsOf(ctx context.Context, q db.Queryer, orgID string, conversations []string) (map[string][]string, error) {
	return s.Service.store.seated(ctx, q, orgID, conversations, true)
}

// MayAdminister gives an error unless the actor is an admin of a group chat.
func (s Seating) MayAdminister(ctx context.Context, q db.Queryer, who authz.Actor, id string) error {
	c, err := s.Service.store.byID(ctx, q, who, id)
	switch {
	case err != nil:
		return err
	case c.Kind == Direct:
		return errDirect
	case !c.isAdmin():
		return errNotAdmin
	}
	return nil
}

// MayWrite gives an error unless the actor may write in a conversation.
func (s Seating) MayWrite(ctx context.Context, q db.Queryer, who authz.Actor, id string) error {
	c, err := s.Service.store.byID(ctx, q, who, id)
	if err != nil {
		return err
	}
	return mayWrite(c)
}

// SendAs writes a text in a conversation as a program that the actor has let in, and gives the
// message's id.
func (s Seating) SendAs(ctx context.Context, who authz.Actor, id, hook, text string) (string, error) {
	made, err := s.Service.compose(ctx, who, id, hook, Note{Message: api.Patch[string]{Set: true, Value: text}})
	if err != nil {
		return "", err
	}
	return made.List[0].ID, nil
}
