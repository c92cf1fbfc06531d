package app

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/module/directory"
	"github.com/workdrive/workdrive/internal/module/session"
	"github.com/workdrive/workdrive/internal/module/user"
)

// wireSessions makes signing in, which hears of new passwords and asks the directory.
func (a *App) wireSessions(people *user.Service, elsewhere *directory.Service) *session.Service {
	d := session.Deps{
		DB: a.o.DB, Jobs: a.jobs, Clock: a.o.Clock, Log: a.o.Log, People: people, Directory: elsewhere, URL: a.o.Server.Address(a.o.Server.Listen),
	}
	d.Mailer = a.mail
	s := session.New(d)
	people.OnPassword(s.PasswordChanged)
	return s
}

// credentials are keys and the sessions of browsers, which open streams alike.
type credentials struct{ Modules }

// Lapsed implements stream.Keys: what neither lets somebody in any more.
func (c credentials) Lapsed(ctx context.Context, q db.Queryer, orgID string, ids []string) ([]string, error) {
	left, err := c.Tokens.Lapsed(ctx, q, orgID, ids)
	if err != nil || len(left) == 0 {
		return left, err
	}
	return c.Sessions.Lapsed(ctx, q, orgID, left)
}
