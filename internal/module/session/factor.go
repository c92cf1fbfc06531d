package session

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	step          = 30 * time.Second // RFC 6238
	steps         = 1                // early or late
	recoveryCodes = 10
)

var errNoSuchSession = fault.NotFound("session")

func wrongCurrent() error {
	return fault.Invalid(fault.Field{Pointer: "/current", Code: "password.wrong", Detail: "This is not your password."})
}

// Factor says how it stands with a person's second factor.
type Factor struct {
	On    bool
	Codes int // recovery codes that are left
}

// Enrolment is a secret for an app that makes codes.
type Enrolment struct {
	Secret string // to type
	URL    string // otpauth://, to show as a picture
}

// Factor tells about the actor's own second factor.
func (s *Service) Factor(ctx context.Context, who authz.Actor) (Factor, error) {
	q := s.db.Reader(ctx)
	f, err := s.store.factor(ctx, q, who.OrgID, who.UserID)
	if errors.Is(err, db.ErrNoRows) || (err == nil && f.turnedOn == nil) {
		return Factor{}, nil
	}
	if err != nil {
		return Factor{}, err
	}
	n, err := s.store.countCodes(ctx, q, who.OrgID, who.UserID)
	return Factor{On: true, Codes: n}, err
}

// Enrol begins to turn on the actor's second factor: TurnOn ends it.
func (s *Service) Enrol(ctx context.Context, who authz.Actor, password string, c Client) (Enrolment, error) {
	a, err := s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, who.UserID)
	if err != nil {
		return Enrolment{}, err
	}
	if err := s.confirm(ctx, a, password, c); err != nil {
		return Enrolment{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: a.orgName, AccountName: a.email})
	if err != nil {
		return Enrolment{}, err
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		ok, err := s.store.startFactor(ctx, tx, who.OrgID, who.UserID, key.Secret(), s.clock.Now().UnixMilli())
		if err == nil && !ok {
			err = fault.Conflict("factor.on", "A second factor is on already. Turn it off first.")
		}
		return err
	})
	return Enrolment{Secret: key.Secret(), URL: key.URL()}, err
}

// TurnOn asks for a code from now on, once the actor has shown that they can make one. It gives
// their recovery codes, which are shown once.
func (s *Service) TurnOn(ctx context.Context, who authz.Actor, code string) (codes []string, err error) {
	giveBack, err := s.throttle.takeCode(who.UserID)
	if err != nil {
		return nil, err
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		f, err := s.store.factor(ctx, tx, who.OrgID, who.UserID)
		switch {
		case errors.Is(err, db.ErrNoRows), err == nil && f.turnedOn != nil:
			return fault.Conflict("factor.notStarted", "Begin again: there is no second factor to turn on.")
		case err != nil:
			return err
		}
		at, ok := s.matching(f.secret, code)
		if ok {
			ok, err = s.store.takeStep(ctx, tx, who.OrgID, who.UserID, at)
		}
		if err != nil {
			return err
		}
		if !ok {
			return fault.Invalid(fault.Field{Pointer: "/code", Code: errCode.Code, Detail: errCode.Detail})
		}
		if err := s.store.turnOn(ctx, tx, who.OrgID, who.UserID, s.clock.Now().UnixMilli()); err != nil {
			return err
		}
		codes = newRecoveryCodes()
		hashes := make([]string, len(codes))
		for i, c := range codes {
			hashes[i] = hashOf(plain(c))
		}
		if err := s.store.putCodes(ctx, tx, who.OrgID, who.UserID, hashes); err != nil {
			return err
		}
		return s.store.endAll(ctx, tx, who.OrgID, []string{who.UserID}, who.SessionID) // began without a code
	})
	if err != nil {
		return nil, err
	}
	giveBack()
	return codes, nil
}

// TurnOff asks for the password alone again.
func (s *Service) TurnOff(ctx context.Context, who authz.Actor, password string, c Client) error {
	a, err := s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, who.UserID)
	if err != nil {
		return err
	}
	if err := s.confirm(ctx, a, password, c); err != nil {
		return err
	}
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.dropFactor(ctx, tx, who.OrgID, who.UserID) })
}

// ResetFactor turns off the second factor of a person who has lost it and their recovery codes.
// It needs what an invitation needs.
func (s *Service) ResetFactor(ctx context.Context, who authz.Actor, userID string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		a, err := s.toInvite(ctx, tx, who, userID)
		if err != nil {
			return err
		}
		return s.store.dropFactor(ctx, tx, a.orgID, a.id)
	})
}

// Verify takes the code that a session waits for: one of the app, or a recovery code. After five
// wrong ones the session ends. The cookie changes.
func (s *Service) Verify(ctx context.Context, secret, code string, c Client) (Opened, error) {
	r, a, err := s.living(ctx, secret)
	if err != nil || r.verifiedAt != nil || a.orgStatus != active || (a.status != active && a.status != invited) {
		return Opened{}, either(err, errNoSession)
	}
	giveBack, err := s.throttle.takeCode(a.id)
	if err != nil {
		return Opened{}, err
	}
	var left bool
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		left, err = s.store.countAttempt(ctx, tx, a.orgID, r.id) // stays, whatever comes of it
		return err
	})
	if err != nil || !left {
		return Opened{}, either(err, errCodeOver)
	}
	now := s.clock.Now()
	o := Opened{Secret: newSecret(), ExpiresAt: now.Add(Lifetime)}
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.useCode(ctx, tx, a, code); err != nil {
			return err
		}
		if a.status == invited {
			if err := s.people.Arrive(ctx, a.actor(""), a.id); err != nil {
				return err
			}
		}
		if o.Browser, err = s.know(ctx, tx, a, c.Browser); err != nil {
			return err
		}
		return s.store.verify(ctx, tx, a.orgID, r.id, hashOf(o.Secret), now.UnixMilli(), o.ExpiresAt.UnixMilli())
	})
	if err != nil {
		return Opened{}, err
	}
	giveBack()
	return o, nil
}

// useCode takes a code of the app, or a recovery code.
func (s *Service) useCode(ctx context.Context, tx db.Tx, a account, code string) error {
	f, err := s.store.factor(ctx, tx, a.orgID, a.id)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return err
	}
	var ok bool
	if at, matches := s.matching(f.secret, code); matches {
		ok, err = s.store.takeStep(ctx, tx, a.orgID, a.id, at)
	} else {
		ok, err = s.store.useCode(ctx, tx, a.orgID, a.id, hashOf(plain(code)))
	}
	if err == nil && !ok {
		err = errCode
	}
	return err
}

// matching gives the step whose code this is, of now and the steps next to it.
func (s *Service) matching(secret, code string) (int64, bool) {
	code = plain(code)
	if secret == "" || len(code) != otp.DigitsSix.Length() {
		return 0, false
	}
	now := s.clock.Now()
	for d := -steps; d <= steps; d++ {
		at := now.Add(time.Duration(d) * step)
		ok, err := totp.ValidateCustom(code, secret, at, totp.ValidateOpts{Period: uint(step.Seconds()), Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && ok {
			return at.Unix() / int64(step.Seconds()), true
		}
	}
	return 0, false
}

// newRecoveryCodes makes codes of 80 random bits, in groups that are easy to copy.
func newRecoveryCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		var random [10]byte
		_, _ = rand.Read(random[:]) // never fails
		c := strings.ToLower(base32.StdEncoding.EncodeToString(random[:]))
		codes[i] = c[:4] + "-" + c[4:8] + "-" + c[8:12] + "-" + c[12:]
	}
	return codes
}

// plain is a code without what people put between its parts.
func plain(code string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "\t", "").Replace(code))
}

func either(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// Picture is the address of an enrolment as a PNG that apps scan.
func Picture(address string) ([]byte, error) {
	key, err := otp.NewKeyFromURL(address)
	if err != nil || key.Type() != "totp" {
		return nil, either(err, errors.New("not the address of a second factor"))
	}
	image, err := key.Image(220, 220)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = png.Encode(&out, image)
	return out.Bytes(), err
}
