package app

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/conversation"
	"github.com/workdrive/workdrive/internal/module/event"
)

// events makes the calendar.
func (a *App) events(kinds content.Deps, conversations *conversation.Service) *event.Service {
	return event.New(event.Deps{
		Deps: kinds, Conversations: eventConversations{conversations}, Outside: a.outside(), URL: a.o.Server.Address(a.o.Server.Listen),
	})
}

// eventConversations are what meetings are held in.
type eventConversations struct{ conversations *conversation.Service }

// Holds implements event.Conversations.
func (c eventConversations) Holds(ctx context.Context, _ db.Queryer, who authz.Actor, id string) (bool, error) {
	d, err := c.conversations.Get(ctx, who, id)
	if fault.Is(err, fault.KindNotFound) {
		return false, nil
	}
	return err == nil && d.Mine != nil, err
}
