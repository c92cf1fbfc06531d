package session

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/mail"
)

// People keeps passwords and the states of accounts; module/user does.
type People interface {
	// CheckPassword compares a password with a stored hash. It takes the same work for a
	// person who has none (nil), and is false then.
	CheckPassword(ctx context.Context, hash *string, password string) (bool, error)
	// Hash checks a new password and gives what is stored of it.
	Hash(ctx context.Context, password string) (string, error)
	// SetPasswordHash gives a person a new password. Whoever was invited is ACTIVE then.
	SetPasswordHash(ctx context.Context, who authz.Actor, id, hash string) error
	// Invite makes a PRE_INVITED person INVITED.
	Invite(ctx context.Context, who authz.Actor, id string) error
	// Arrive makes an INVITED person ACTIVE, who has signed in.
	Arrive(ctx context.Context, who authz.Actor, id string) error
}

// Mailer sends mail; kernel/mail does.
type Mailer interface {
	Send(ctx context.Context, m mail.Message) error
}

// Directory checks the passwords of people who are kept elsewhere; module/directory does.
type Directory interface {
	// Check is asked with the person who has the address that was given, "" for nobody. decides is
	// false when their password is here; else id is whose login and password these are, "" for nobody's.
	Check(ctx context.Context, organization, userID, login, password string) (id string, decides bool, err error)
}

// Deps are what the service works with.
type Deps struct {
	DB     *db.DB
	Jobs   *job.Jobs
	Clock  clock.Clock
	Log    *slog.Logger
	People People
	Mailer Mailer // nil without mail

	Directory Directory // nil for none
	URL       string    // where people reach the console
}

// Service is signing in.
type Service struct {
	db        *db.DB
	jobs      *job.Jobs
	clock     clock.Clock
	log       *slog.Logger
	people    People
	mailer    Mailer
	elsewhere Directory
	url       string
	store     store
	throttle  *throttle
}

// New makes the service and adds its jobs.
func New(d Deps) *Service {
	s := &Service{
		db: d.DB, jobs: d.Jobs, clock: d.Clock, log: d.Log, people: d.People, mailer: d.Mailer, elsewhere: d.Directory, url: strings.TrimRight(d.URL, "/"),
		throttle: newThrottle(d.Clock),
	}
	s.mails()
	s.housekeeping()
	return s
}

// SignIn opens a session. It is an Unauthenticated fault, signIn.wrong, for whoever may not, and
// TooMany after too many failures.
func (s *Service) SignIn(ctx context.Context, in Attempt) (Opened, error) {
	if len(in.Password) > maxInput || len(in.Email) > maxInput {
		return Opened{}, errWrong
	}
	subdomain, email := fold(in.Organization), fold(in.Email)
	a, err := s.store.byEmail(ctx, s.db.Reader(ctx), subdomain, email)
	there := !errors.Is(err, db.ErrNoRows)
	if err != nil && there {
		return Opened{}, err
	}
	counted, err := s.counted(ctx, a, there, subdomain+" "+email, in.Client.Browser)
	if err != nil {
		return Opened{}, err
	}
	giveBack, err := s.throttle.take(counted, in.Client.Address)
	if err != nil {
		return Opened{}, err
	}
	a, ok, err := s.proven(ctx, a, in)
	if err != nil {
		giveBack() // nothing was found out
		return Opened{}, err
	}
	if !ok {
		return Opened{}, errWrong
	}
	giveBack()
	if err := a.mayEnter(); err != nil {
		return Opened{}, err
	}
	var o Opened
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		o, err = s.enter(ctx, tx, a, in.Client)
		return err
	})
	return o, err
}

// proven gives the account whose password was given, and whether it was: that of the address, or
// of the directory's login name. a is without an id when nobody has the address.
func (s *Service) proven(ctx context.Context, a account, in Attempt) (account, bool, error) {
	if s.elsewhere != nil {
		id, decides, err := s.elsewhere.Check(ctx, in.Organization, a.id, in.Email, in.Password)
		switch {
		case err != nil:
			return a, false, err
		case decides && id == "":
			return a, false, nil
		case decides && id != a.id:
			q := s.db.Reader(ctx)
			orgID, err := s.store.organization(ctx, q, fold(in.Organization))
			if err == nil {
				a, err = s.store.byID(ctx, q, orgID, id)
			}
			return a, err == nil, err
		case decides:
			return a, true, nil
		}
	}
	ok, err := s.people.CheckPassword(ctx, a.passwordHash, in.Password)
	return a, ok && a.id != "", err
}

// mayEnter refuses accounts that nobody signs in with.
func (a account) mayEnter() error {
	switch {
	case a.orgStatus != active:
		return errSuspended
	case a.status == blocked:
		return errBlocked
	case a.status != active && a.status != invited:
		return errWrong
	}
	return nil
}

// enter opens a session for somebody who has shown who they are. Whoever was invited has arrived.
func (s *Service) enter(ctx context.Context, tx db.Tx, a account, c Client) (Opened, error) {
	if a.status == invited && !a.hasFactor {
		if err := s.people.Arrive(ctx, a.actor(""), a.id); err != nil {
			return Opened{}, err
		}
	}
	return s.open(ctx, tx, a, c)
}

// counted is by what the failures of an attempt count: the account, or the browser when the
// person has signed in with it before.
func (s *Service) counted(ctx context.Context, a account, there bool, name, browser string) (string, error) {
	if browser == "" || len(browser) > maxInput {
		return name, nil
	}
	if !there {
		a = account{orgID: "-", id: "-"} // the same work
	}
	hash := hashOf(browser)
	known, err := s.store.known(ctx, s.db.Reader(ctx), a, hash, s.clock.Now().Add(-BrowserLifetime).UnixMilli())
	if known {
		name = "browser " + hash
	}
	return name, err
}

// open writes a session of an account. With a second factor it waits for the code.
func (s *Service) open(ctx context.Context, tx db.Tx, a account, c Client) (Opened, error) {
	now := s.clock.Now()
	o := Opened{Secret: newSecret(), NeedsCode: a.hasFactor, ExpiresAt: now.Add(Lifetime)}
	if o.NeedsCode {
		o.ExpiresAt = now.Add(factorLifetime)
	}
	err := s.store.insert(ctx, tx, a, hashOf(o.Secret), Session{
		ID: ids.New(), Agent: agentOf(c.Agent), Network: networkOf(c.Address), CreatedAt: now, SeenAt: now, ExpiresAt: o.ExpiresAt,
	}, !o.NeedsCode)
	if err != nil {
		return Opened{}, err
	}
	if err := s.store.keepNewest(ctx, tx, a, maxSessions); err != nil {
		return Opened{}, err
	}
	if !o.NeedsCode {
		o.Browser, err = s.know(ctx, tx, a, c.Browser)
	}
	return o, err
}

// know remembers a browser that has signed in, and gives its cookie.
func (s *Service) know(ctx context.Context, tx db.Tx, a account, browser string) (string, error) {
	if len(browser) != len(newSecret()) {
		browser = newSecret()
	}
	return browser, s.store.know(ctx, tx, a, hashOf(browser), s.clock.Now().UnixMilli())
}

// Authenticate gives the actor of a session: an Unauthenticated fault when there is none (any
// more), or when it waits for a code. It looks at the database each time, so that a session ends
// at once on every node.
func (s *Service) Authenticate(ctx context.Context, secret string) (authz.Actor, error) {
	r, a, err := s.living(ctx, secret)
	if err != nil {
		return authz.Actor{}, err
	}
	if r.verifiedAt == nil {
		return authz.Actor{}, errNoSession
	}
	if err := a.refusal(); err != nil {
		return authz.Actor{}, err
	}
	now := s.clock.Now()
	if now.Sub(time.UnixMilli(r.seenAt)) >= seenEvery {
		err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			return s.store.touch(ctx, tx, a.orgID, r.id, now.UnixMilli())
		})
	}
	who := a.actor(r.id)
	who.Restricted = a.restrictedFrom != nil && *a.restrictedFrom <= now.UnixMilli()
	return who, err
}

// living finds a session that has not ended.
func (s *Service) living(ctx context.Context, secret string) (row, account, error) {
	if secret == "" || len(secret) > maxInput {
		return row{}, account{}, errNoSession
	}
	r, a, err := s.store.byHash(ctx, s.db.Reader(ctx), hashOf(secret))
	if err != nil {
		return r, a, err
	}
	if now := s.clock.Now().UnixMilli(); r.expiresAt <= now || r.seenAt <= now-idleLifetime.Milliseconds() {
		return r, a, errNoSession
	}
	return r, a, nil
}

// Lapsed gives those of some sessions of an organization that Authenticate would refuse now, or whose
// person is restricted: what listens for them is told nothing any more.
func (s *Service) Lapsed(ctx context.Context, q db.Queryer, orgID string, ids []string) ([]string, error) {
	working, err := s.store.working(ctx, q, orgID, ids, s.clock.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(working, id) }), nil
}

// SignOut ends a session by its secret, also one that waits for a code. There need not be one.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	r, a, err := s.store.byHash(ctx, s.db.Reader(ctx), hashOf(secret))
	if errors.Is(err, errNoSession) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := s.store.end(ctx, tx, a.orgID, a.id, r.id)
		return err
	})
}

// List gives the actor's own sessions, newest first.
func (s *Service) List(ctx context.Context, who authz.Actor) ([]Session, error) {
	return s.store.list(ctx, s.db.Reader(ctx), who, s.clock.Now())
}

// Revoke ends a session of the actor's own. That of somebody else does not exist.
func (s *Service) Revoke(ctx context.Context, who authz.Actor, id string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		ok, err := s.store.end(ctx, tx, who.OrgID, who.UserID, id)
		if err == nil && !ok {
			err = errNoSuchSession
		}
		return err
	})
}

// RevokeOthers ends all sessions of the actor but the one they are using.
func (s *Service) RevokeOthers(ctx context.Context, who authz.Actor) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return s.store.endAll(ctx, tx, who.OrgID, []string{who.UserID}, who.SessionID)
	})
}

// PasswordChanged ends all sessions and links of people, in the transaction that gives them a
// new password. module/user tells it.
func (s *Service) PasswordChanged(ctx context.Context, tx db.Tx, orgID string, people []string) error {
	if err := s.store.dropLinks(ctx, tx, orgID, people); err != nil {
		return err
	}
	return s.store.endAll(ctx, tx, orgID, people, "")
}

// ChangePassword gives the actor a new password. All their sessions end; the browser goes on
// with the one it is given.
func (s *Service) ChangePassword(ctx context.Context, who authz.Actor, current, password string, c Client) (Opened, error) {
	a, err := s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, who.UserID)
	if err != nil {
		return Opened{}, err
	}
	if err := s.confirm(ctx, a, current, c); err != nil {
		return Opened{}, err
	}
	hash, err := s.people.Hash(ctx, password)
	if err != nil {
		return Opened{}, err
	}
	a.hasFactor = false // was given when the session began
	var o Opened
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.people.SetPasswordHash(ctx, who, who.UserID, hash); err != nil {
			return err
		}
		o, err = s.open(ctx, tx, a, c)
		return err
	})
	return o, err
}

// confirm checks the password of somebody who is signed in, before a change that a stranger at
// an open browser must not make.
func (s *Service) confirm(ctx context.Context, a account, password string, c Client) error {
	if len(password) > maxInput {
		return wrongCurrent()
	}
	giveBack, err := s.throttle.take("confirm "+a.id, c.Address)
	if err != nil {
		return err
	}
	ok, err := s.people.CheckPassword(ctx, a.passwordHash, password)
	if ok || err != nil {
		giveBack()
	}
	if err == nil && !ok {
		err = wrongCurrent()
	}
	return err
}

// fold makes addresses and names comparable, as module/user stores them.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
