package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/mail"
)

// LinkPath is where in the console a link leads; the token follows.
const LinkPath = "/link/"

// Invitation is a link for a person, or the word that it is on its way by mail.
type Invitation struct {
	Email     string
	URL       string // shown once; "" when it was mailed
	ExpiresAt time.Time
}

// mailArgs asks for a link by mail. The link is made when the job runs.
type mailArgs struct {
	ID      string `json:"id"` // of the mail
	OrgID   string `json:"orgId"`
	UserID  string `json:"userId"`
	ByID    string `json:"byId"` // who invites; "" for a reset
	AskedAt int64  `json:"askedAt"`
}

// Kind names the job.
func (mailArgs) Kind() string { return "session.mail" }

func (s *Service) mails() { job.Handle(s.jobs, s.mail) }

// Mails reports whether links go out by mail.
func (s *Service) Mails() bool { return s.mailer != nil }

// Invite sends a person a link to set a password with, and makes them INVITED if they were
// PRE_INVITED. It needs users:manage. Without mail the link is in the answer.
func (s *Service) Invite(ctx context.Context, who authz.Actor, userID string) (Invitation, error) {
	if s.mailer == nil {
		return s.InviteByHand(ctx, who, userID)
	}
	var out Invitation
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		a, err := s.invite(ctx, tx, who, userID)
		if err != nil {
			return err
		}
		out.Email = a.email
		now := s.clock.Now()
		return s.jobs.Enqueue(ctx, tx, mailArgs{ids.New(), a.orgID, a.id, who.UserID, now.UnixMilli()}, time.Time{})
	})
	return out, err
}

// InviteByHand is Invite for whoever hands the link over themselves.
func (s *Service) InviteByHand(ctx context.Context, who authz.Actor, userID string) (Invitation, error) {
	var out Invitation
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		a, err := s.invite(ctx, tx, who, userID)
		if err != nil {
			return err
		}
		out, err = s.link(ctx, tx, a, who.UserID)
		return err
	})
	return out, err
}

func (s *Service) invite(ctx context.Context, tx db.Tx, who authz.Actor, userID string) (account, error) {
	a, err := s.toInvite(ctx, tx, who, userID)
	if err == nil && a.status == preInvited {
		a.status = invited
		err = s.people.Invite(ctx, who, userID)
	}
	return a, err
}

// link makes the link of a person, instead of an earlier one.
func (s *Service) link(ctx context.Context, tx db.Tx, a account, by string) (Invitation, error) {
	now, token, invites := s.clock.Now(), newSecret(), a.status != active
	lifetime := resetLifetime
	if by != "" { // somebody sends it, who cannot know when it is opened
		lifetime = inviteLifetime
	}
	out := Invitation{Email: a.email, URL: s.url + LinkPath + token, ExpiresAt: now.Add(lifetime)}
	return out, s.store.putLink(ctx, tx, hashOf(token), link{
		orgID: a.orgID, userID: a.id, invites: invites, createdAt: now.UnixMilli(), expiresAt: out.ExpiresAt.UnixMilli(), createdBy: by,
	})
}

// RequestReset sends whoever has an account a link to set a new password with. The answer is the
// same for everybody. Three mails an hour go to one account.
func (s *Service) RequestReset(ctx context.Context, organization, email string, c Client) error {
	if len(email) > maxInput || s.mailer == nil {
		return nil
	}
	organization, email = fold(organization), fold(email)
	ok, err := s.throttle.mayMail(organization+" "+email, c.Address)
	if err != nil || !ok {
		return err
	}
	a, err := s.store.byEmail(ctx, s.db.Reader(ctx), organization, email)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil || !a.mayGetLink() {
		return err
	}
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return s.jobs.Enqueue(ctx, tx, mailArgs{ID: ids.New(), OrgID: a.orgID, UserID: a.id, AskedAt: s.clock.Now().UnixMilli()}, time.Time{})
	})
}

// mail makes a link and sends it. A second attempt makes another link, and the first one, if it
// arrived, says that there is a newer one.
func (s *Service) mail(ctx context.Context, args mailArgs) error {
	if s.mailer == nil {
		return nil // it was turned off meanwhile
	}
	a, err := s.store.byID(ctx, s.db.Reader(ctx), args.OrgID, args.UserID)
	if err != nil || !a.mayGetLink() {
		if fault.Is(err, fault.KindNotFound) {
			err = nil
		}
		return err
	}
	var made Invitation
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		made, err = s.link(ctx, tx, a, args.ByID)
		return err
	})
	if err != nil {
		return err
	}
	return s.mailer.Send(ctx, message(args, a, made))
}

func message(args mailArgs, a account, made Invitation) mail.Message {
	m := mail.Message{
		Key: "link-" + args.ID, At: time.UnixMilli(args.AskedAt).UTC(), To: mail.Address{Name: a.name, Email: a.email},
		Subject:    "Set a new password for " + a.orgName,
		Paragraphs: []string{"Somebody, you most likely, asked for a new password for your account. If it was not you, do nothing: your password stays as it is."},
		Action:     &mail.Action{Label: "Set a new password", URL: made.URL},
		Footer:     fmt.Sprintf("The link works once, until %s.", made.ExpiresAt.UTC().Format("2 January 2006, 15:04 UTC")),
	}
	if args.ByID != "" && a.status != active {
		m.Subject = "You are invited to " + a.orgName
		m.Paragraphs = []string{"An account is ready for you. Choose a password to begin; you sign in with this e-mail address."}
		m.Action.Label = "Choose a password"
	}
	return m
}

// Linked is whom a link is for.
type Linked struct {
	Email        string
	Name         string
	Organization string
	Invites      bool // else it resets
}

// Look says whom a link is for. A NotFound fault when it does not work (any more).
func (s *Service) Look(ctx context.Context, token string) (Linked, error) {
	_, a, err := s.linked(ctx, token)
	return Linked{a.email, a.name, a.orgName, a.status != active}, err
}

func (s *Service) linked(ctx context.Context, token string) (link, account, error) {
	if len(token) > maxInput {
		return link{}, account{}, errLink
	}
	q := s.db.Reader(ctx)
	l, err := s.store.linkByHash(ctx, q, hashOf(token))
	if err != nil {
		return l, account{}, err
	}
	a, err := s.store.byID(ctx, q, l.orgID, l.userID)
	if err == nil && (!a.mayGetLink() || l.expiresAt <= s.clock.Now().UnixMilli()) {
		err = errLink
	}
	if err != nil {
		return l, account{}, err
	}
	return l, a, nil
}

// Redeem sets the password of the person a link is for, and signs them in. The link is used up,
// and all their sessions end. A second factor still wants its code.
func (s *Service) Redeem(ctx context.Context, token, password string, c Client) (Opened, error) {
	l, a, err := s.linked(ctx, token)
	if err != nil {
		return Opened{}, err
	}
	hash, err := s.people.Hash(ctx, password)
	if err != nil {
		return Opened{}, err
	}
	var o Opened
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		ok, err := s.store.useLink(ctx, tx, l.orgID, hashOf(token))
		if err != nil {
			return err
		}
		if !ok {
			return errLink
		}
		if err := s.people.SetPasswordHash(ctx, a.actor(""), a.id, hash); err != nil {
			return err
		}
		o, err = s.open(ctx, tx, a, c)
		return err
	})
	return o, err
}
