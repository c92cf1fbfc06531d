package app

import (
	"context"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/ical"
	"github.com/workdrive/workdrive/internal/module/conversation"
	"github.com/workdrive/workdrive/internal/module/event"
	"github.com/workdrive/workdrive/internal/module/notification"
	"github.com/workdrive/workdrive/internal/module/user"
)

// events makes the calendar, which conversations hold their meetings in.
func (a *App) events(kinds content.Deps, conversations *conversation.Service) *event.Service {
	calls := a.o.Server.Calls
	d := event.Deps{
		Deps: kinds, Conversations: eventConversations{conversations}, Zones: user.Zones{}, Locales: user.Zones{}, Outside: a.calendars(),
		Calls: event.Calls{URL: calls.URL, Key: calls.Key, Secret: calls.Secret}, URL: a.o.Server.Address(a.o.Server.Listen),
	}
	d.Mailer = a.mail
	s := event.New(d)
	conversations.Meetings = meetings{s, a.o.Clock}
	return s
}

// calendars is how the server asks for the calendars that people subscribe to.
func (a *App) calendars() *egress.Client {
	return egress.New(egress.Options{Version: a.o.Version, Allow: a.o.Server.EgressAllow, Timeout: calendarTimeout, MaxBytes: ical.MaxBytes})
}

// calendarTimeout is longer than for pages: others make their calendars when they are asked for.
const calendarTimeout = 20 * time.Second

// eventNews tell people what becomes of events.
type eventNews struct{ notifications *notification.Service }

// Tell implements event.Notifier.
func (e eventNews) Tell(ctx context.Context, tx db.Tx, n event.Notice) error {
	in := notification.Notice{OrgID: n.OrgID, UserIDs: n.UserIDs, ActorID: n.ActorID, Kind: notification.Event, Title: n.Title, Text: n.Text}
	if n.EventID != "" {
		in.Subject = notification.Subject{Kind: "event", ID: n.EventID}
	}
	return e.notifications.Notify(ctx, tx, in)
}
