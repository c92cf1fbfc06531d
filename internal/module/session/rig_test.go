package session_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/module/session"
	"github.com/workdrive/workdrive/internal/module/user"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

const password = "correct horse battery"

// accounts is module/user but for the hashing, which takes too long to guess a hundred times: a
// password is its own hash here. It counts how often passwords were compared.
type accounts struct {
	*user.Service
	compared atomic.Int64
}

// CheckPassword implements session.People.
func (a *accounts) CheckPassword(_ context.Context, hash *string, password string) (bool, error) {
	a.compared.Add(1)
	return hash != nil && *hash == password, nil
}

// Hash implements session.People.
func (a *accounts) Hash(_ context.Context, password string) (string, error) {
	if len(password) < 8 {
		return "", fault.Invalid(fault.Field{Pointer: "/password", Code: "user.passwordTooShort", Detail: "Too short."})
	}
	return password, nil
}

// mailbox keeps what is sent.
type mailbox chan mail.Message

// Send implements session.Mailer.
func (m mailbox) Send(_ context.Context, message mail.Message) error {
	m <- message
	return nil
}

// rig is signing in on a database, with an administrator and a member.
type rig struct {
	*testing.T
	*cast.Org
	db         *db.DB
	clock      *clock.Manual
	jobs       *job.Jobs
	people     *accounts
	mails      mailbox
	service    *session.Service
	ada, max   authz.Actor
	adas, maxs string // e-mail addresses
}

// each runs a test on a rig of each engine. With mail, jobs are done.
func each(t *testing.T, mails bool, test func(r *rig)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := slog.New(slog.DiscardHandler)
		r := &rig{T: t, db: d, Org: cast.NewOrg(t, d), clock: clock.NewManual(time.UnixMilli(cast.At + 1000)), mails: make(mailbox, 10)}
		var err error
		if r.jobs, err = job.New(d, log); err != nil {
			t.Fatal(err)
		}
		r.people = &accounts{Service: user.New(d, bus.New(d, r.clock, log), r.clock, nil)}
		deps := session.Deps{DB: d, Jobs: r.jobs, Clock: r.clock, Log: log, People: r.people, URL: "https://work.example/"}
		if mails {
			deps.Mailer = r.mails
		}
		r.service = session.New(deps)
		r.people.OnPassword(r.service.PasswordChanged)
		r.ada, r.max = r.Administrator(t, "ada"), r.Person(t, "max")
		r.adas, r.maxs = r.email(r.ada), r.email(r.max)
		r.Exec(t, `UPDATE users SET password_hash = ? WHERE org_id = ?`, password, r.ID)
		if mails {
			if err := r.jobs.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := r.jobs.Stop(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			})
		}
		test(r)
	}, user.Constraints...)
}

func (r *rig) email(who authz.Actor) string {
	return r.value(`SELECT email FROM users WHERE org_id = ? AND id = ?`, r.ID, who.UserID)
}

// value is the first column of the first row.
func (r *rig) value(query string, args ...any) (s string) {
	r.Helper()
	if err := r.db.Reader(r.Context()).QueryRow(r.Context(), query, args...).Scan(&s); err != nil {
		r.Fatalf("%s: %v", query, err)
	}
	return s
}

func (r *rig) status(who authz.Actor) string {
	return r.value(`SELECT status FROM users WHERE org_id = ? AND id = ?`, r.ID, who.UserID)
}

func (r *rig) setStatus(who authz.Actor, status string) {
	r.Exec(r.T, `UPDATE users SET status = ? WHERE org_id = ? AND id = ?`, status, r.ID, who.UserID)
}

// home is a browser at an address of its own.
var home = session.Client{Agent: "Mozilla/5.0", Address: "198.51.100.7:4711"}

func (r *rig) attempt(email, password string, c session.Client) (session.Opened, error) {
	r.Helper()
	return r.service.SignIn(r.Context(), session.Attempt{Email: email, Password: password, Client: c})
}

// signIn opens a session that has to open.
func (r *rig) signIn(email string) session.Opened {
	r.Helper()
	o, err := r.attempt(email, password, home)
	if err != nil {
		r.Fatal(err)
	}
	return o
}

// works fails the test unless a session is somebody's.
func (r *rig) works(o session.Opened, who authz.Actor) authz.Actor {
	r.Helper()
	got, err := r.service.Authenticate(r.Context(), o.Secret)
	if err != nil || got.UserID != who.UserID || got.OrgID != r.ID || got.SessionID == "" || got.TokenID != "" {
		r.Fatalf("the session is %+v, %v", got, err)
	}
	return got
}

// ended fails the test when a session opens anything.
func (r *rig) ended(o session.Opened) {
	r.Helper()
	if got, err := r.service.Authenticate(r.Context(), o.Secret); err == nil {
		r.Errorf("the session still is %+v", got)
	}
}

// refused fails the test unless an error is a fault with a code; "" is none.
func (r *rig) refused(err error, code string) {
	r.Helper()
	got := ""
	if f, ok := fault.As(err); ok {
		got = f.Code
		if len(f.Fields) > 0 {
			got = f.Fields[0].Code
		}
	} else if err != nil {
		got = err.Error()
	}
	if got != code {
		r.Fatalf("refused with %q, want %q", got, code)
	}
}

// code is what an app shows now.
func (r *rig) code(secret string) string {
	r.Helper()
	c, err := totp.GenerateCode(secret, r.clock.Now())
	if err != nil {
		r.Fatal(err)
	}
	return c
}
