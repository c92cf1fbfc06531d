package app

import (
	"github.com/workdrive/workdrive/internal/module/session"
	"github.com/workdrive/workdrive/internal/module/user"
)

// Mailer sends mail to people; kernel/mail does.
type Mailer = session.Mailer

// wireSessions makes signing in, which hears of new passwords.
func (a *App) wireSessions(people *user.Service) *session.Service {
	s := session.New(session.Deps{
		DB: a.o.DB, Jobs: a.jobs, Clock: a.o.Clock, Log: a.o.Log, People: people, Mailer: a.o.Mailer, URL: a.o.Server.Address(a.o.Server.Listen),
	})
	people.OnPassword(s.PasswordChanged)
	return s
}
