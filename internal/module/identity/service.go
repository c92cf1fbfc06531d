package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/seal"
)

// Directory knows organizations and people; app fills it with module/org, module/user and
// module/securitygroup. What it writes joins the transaction of the context.
type Directory interface {
	// Organization gives the id of an organization, "" for one that is not there (yet).
	Organization(ctx context.Context, subdomain string) (string, error)
	// Create makes an ACTIVE person and gives their id.
	Create(ctx context.Context, orgID string, p NewPerson) (string, error)
	// SetGroups puts a person into security groups, by name, and takes them out of others.
	SetGroups(ctx context.Context, orgID, userID string, in, out []string) error
}

// Sessions are what people are signed in with; module/session does.
type Sessions interface {
	// EndExternal ends the sessions of a provider's session, or of its subject.
	EndExternal(ctx context.Context, tx db.Tx, p Proven) error
	// Admit counts an attempt of an address; giveBack is for one that was right.
	Admit(address string) (giveBack func(), err error)
}

// Deps are what the service works with.
type Deps struct {
	DB        *db.DB
	Jobs      *job.Jobs
	Clock     clock.Clock
	Log       *slog.Logger
	Keys      seal.Keys
	Client    *egress.Client
	Directory Directory
	Sessions  Sessions
	Settings  Settings
	URL       string // where people reach the console
}

// Service is signing in with an account elsewhere.
type Service struct {
	Deps
	provider *provider
	store    store
}

// New makes the service and adds its jobs.
func New(d Deps) *Service {
	d.URL = strings.TrimRight(d.URL, "/")
	s := &Service{Deps: d, provider: &provider{settings: d.Settings, callback: d.URL + CallbackPath, clock: d.Clock, out: d.Client}}
	s.housekeeping()
	return s
}

// Name is what the provider is called on the button.
func (s *Service) Name() string { return s.Settings.Name }

// sealedFor binds what the cookie keeps to its use.
const sealedFor = "oidc sign-in"

// Begin gives where a browser signs in, and the secret for its cookie. next is where to go on to
// afterwards. An Unavailable fault when the provider does not answer.
func (s *Service) Begin(ctx context.Context, next string) (to, secret string, err error) {
	if len(next) > maxInput/2 {
		next = ""
	}
	a := attempt{
		State: rand.Text() + rand.Text(), Nonce: rand.Text() + rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next,
		Expires: clock.Millis(s.Clock.Now().Add(AttemptFor)),
	}
	if to, err = s.provider.leads(ctx, a); err != nil {
		s.Log.WarnContext(ctx, "the OpenID Connect provider does not answer", "error", err)
		return "", "", err
	}
	text, err := json.Marshal(a)
	return to, s.Keys.Seal(string(text), sealedFor), err
}

// Finish takes what a browser comes back with. open is called for somebody who may sign in, in the
// transaction that links them. It gives where to go on to.
func (s *Service) Finish(ctx context.Context, r Return, open func(ctx context.Context, p Proven) error) (next string, err error) {
	a, err := s.begun(r)
	if err != nil {
		return "", err
	}
	switch {
	case r.Issuer != "" && r.Issuer != s.Settings.Issuer: // RFC 9207: the answer of another provider
		return a.Next, errToken
	case r.Error != "" || r.Code == "":
		return a.Next, errDenied
	case len(r.Code) > maxInput:
		return a.Next, errToken
	}
	who, err := s.provider.redeem(ctx, a, r.Code)
	if err != nil {
		return a.Next, s.refused(ctx, "a sign-in at the OpenID Connect provider was refused", err)
	}
	orgID, err := s.Directory.Organization(ctx, s.Settings.Organization)
	if err == nil && orgID == "" {
		err = errNobody
	}
	if err != nil {
		return a.Next, err
	}
	p := Proven{OrgID: orgID, Issuer: s.Settings.Issuer, Subject: who.subject, SID: who.claims.SID}
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if p.UserID, err = s.person(ctx, tx, p, who.claims); err != nil {
			return err
		}
		return open(ctx, p)
	})
	if err == nil {
		s.follow(ctx, p, who.claims)
	}
	return a.Next, err
}

// begun opens the cookie of an attempt and checks that the answer is to it.
func (s *Service) begun(r Return) (a attempt, err error) {
	if len(r.Secret) > maxInput || len(r.State) > maxInput {
		return a, errAttempt
	}
	text, _, err := s.Keys.Open(r.Secret, sealedFor)
	if err != nil || json.Unmarshal([]byte(text), &a) != nil {
		return attempt{}, errAttempt
	}
	if a.Expires <= clock.Millis(s.Clock.Now()) || subtle.ConstantTimeCompare([]byte(a.State), []byte(r.State)) != 1 {
		return attempt{}, errAttempt
	}
	return a, nil
}

// refused logs why a token or code was not taken, which is told to nobody.
func (s *Service) refused(ctx context.Context, what string, err error) error {
	var r refusal
	if errors.As(err, &r) {
		err = errToken
		s.Log.WarnContext(ctx, what, "reason", clean(r.Error()))
	} else if fault.Is(err, fault.KindUnavailable) {
		s.Log.WarnContext(ctx, "the OpenID Connect provider does not answer", "error", clean(err.Error()))
	}
	return err
}

// clean bounds what a provider may write into the log.
func clean(text string) string { return strings.ToValidUTF8(text[:min(len(text), 300)], "") }

// person gives the id of the person an account is linked to, and links it the first time.
func (s *Service) person(ctx context.Context, tx db.Tx, p Proven, c claims) (string, error) {
	id, err := s.store.linked(ctx, tx, p)
	if !errors.Is(err, db.ErrNoRows) {
		return id, err
	}
	if err := s.Settings.admits(c); err != nil {
		return "", err
	}
	found, err := s.store.byEmail(ctx, tx, p.OrgID, fold(c.Email))
	switch {
	case errors.Is(err, db.ErrNoRows) && s.Settings.Create:
		if found.id, err = s.Directory.Create(ctx, p.OrgID, c.person()); err != nil {
			return "", err
		}
	case errors.Is(err, db.ErrNoRows):
		return "", errNobody
	case err != nil:
		return "", err
	case found.status != "ACTIVE" && found.status != "INVITED":
		return "", errNobody
	}
	p.UserID = found.id
	ok, err := s.store.link(ctx, tx, p, clock.Millis(s.Clock.Now()))
	if err == nil && !ok {
		err = errLinked
	}
	return found.id, err
}

// follow sets the security groups that the provider decides about. Somebody who is in is in,
// whatever comes of it.
func (s *Service) follow(ctx context.Context, p Proven, c claims) {
	in, out, known := s.Settings.groups(c)
	if !known {
		return
	}
	if err := s.Directory.SetGroups(ctx, p.OrgID, p.UserID, in, out); err != nil {
		s.Log.WarnContext(ctx, "the groups of somebody who signed in could not be set", "user", p.UserID, "error", err)
	}
}

// Logout ends the sessions that a logout token of the provider names. An Invalid fault for one that
// is not taken, Unavailable when it cannot be verified now, TooMany after too many wrong ones.
func (s *Service) Logout(ctx context.Context, raw, address string) error {
	giveBack, err := s.Sessions.Admit(address)
	if err != nil {
		return err
	}
	if raw == "" || len(raw) > maxLogoutToken {
		return errLogout
	}
	t, err := s.provider.logout(ctx, raw)
	if err != nil {
		if err = s.refused(ctx, "a logout token was refused", err); errors.Is(err, errToken) {
			err = errLogout
		}
		return err
	}
	orgID, err := s.Directory.Organization(ctx, s.Settings.Organization)
	if err != nil || orgID == "" {
		return err
	}
	keep := t.Expiry
	if least := s.Clock.Now().Add(logoutKept); keep.Before(least) {
		keep = least
	}
	p := Proven{OrgID: orgID, Issuer: s.Settings.Issuer, Subject: t.Subject, SID: t.SessionID}
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		ok, err := s.store.takeLogout(ctx, tx, p, t.TokenID, clock.Millis(keep))
		if err != nil {
			return err
		}
		if !ok {
			return errLogout
		}
		return s.Sessions.EndExternal(ctx, tx, p)
	})
	if err == nil {
		giveBack()
	}
	return err
}

var errLogout = fault.New(fault.KindInvalid, "oidc.logoutTokenInvalid", "The logout token is not one of the provider's for this server, or was used already.")

// tidy is the periodic job that forgets logout tokens which have expired.
type tidy struct{}

// Kind names the job.
func (tidy) Kind() string { return "identity.tidy" }

func (s *Service) housekeeping() {
	if s.Jobs == nil {
		return
	}
	job.Handle(s.Jobs, func(ctx context.Context, _ tidy) error {
		return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.tidy(ctx, tx, clock.Millis(s.Clock.Now())) })
	})
	s.Jobs.Every(time.Hour, tidy{})
}
