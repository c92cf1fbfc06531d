package app

import (
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
