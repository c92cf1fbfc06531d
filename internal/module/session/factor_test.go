package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/module/session"
)

// turnedOn gives somebody a second factor: its secret and recovery codes.
func (r *rig) turnedOn(email string) (secret string, codes []string) {
	r.Helper()
	who := r.works(r.signIn(email), r.max)
	e, err := r.service.Enrol(r.Context(), who, password, home)
	r.refused(err, "")
	codes, err = r.service.TurnOn(r.Context(), who, r.code(e.Secret))
	r.refused(err, "")
	r.clock.Advance(time.Minute) // the code is used
	return e.Secret, codes
}

func TestASecondFactorIsAskedFor(t *testing.T) {
	each(t, false, func(r *rig) {
		earlier := r.signIn(r.maxs)
		who := r.works(r.signIn(r.maxs), r.max)
		_, err := r.service.Enrol(r.Context(), who, "not it", home)
		r.refused(err, "password.wrong")
		e, err := r.service.Enrol(r.Context(), who, password, home)
		r.refused(err, "")
		if o := r.signIn(r.maxs); o.NeedsCode { // not on until a code was given
			r.Error("a code is asked for too early")
		}
		_, err = r.service.TurnOn(r.Context(), who, "000000")
		r.refused(err, "signIn.wrongCode")
		codes, err := r.service.TurnOn(r.Context(), who, r.code(e.Secret))
		if r.refused(err, ""); len(codes) != 10 {
			r.Errorf("%v", codes)
		}
		r.ended(earlier) // it began with the password alone
		r.clock.Advance(time.Minute)
		o := r.signIn(r.maxs)
		if !o.NeedsCode || o.Browser != "" {
			r.Errorf("%+v", o)
		}
		r.ended(o) // nothing is open yet
		_, err = r.service.Verify(r.Context(), o.Secret, "000000", home)
		r.refused(err, "signIn.wrongCode")
		code := r.code(e.Secret)
		full, err := r.service.Verify(r.Context(), o.Secret, code[:3]+" "+code[3:], home)
		r.refused(err, "")
		r.works(full, r.max)
		r.ended(o) // the secret changed
		again := r.signIn(r.maxs)
		_, err = r.service.Verify(r.Context(), again.Secret, code, home)
		r.refused(err, "signIn.wrongCode") // no code twice
		_, err = r.service.Enrol(r.Context(), r.works(full, r.max), password, home)
		r.refused(err, "factor.on")
	})
}

func TestRecoveryCodesWorkOnce(t *testing.T) {
	each(t, false, func(r *rig) {
		_, codes := r.turnedOn(r.maxs)
		for i := range 2 {
			o := r.signIn(r.maxs)
			_, err := r.service.Verify(r.Context(), o.Secret, strings.ToUpper(codes[0]), home)
			r.refused(err, []string{"", "signIn.wrongCode"}[i])
		}
		o := r.signIn(r.maxs)
		full, err := r.service.Verify(r.Context(), o.Secret, codes[1], home)
		r.refused(err, "")
		who := r.works(full, r.max)
		f, err := r.service.Factor(r.Context(), who)
		if r.refused(err, ""); f != (session.Factor{On: true, Codes: 8}) {
			r.Errorf("%+v", f)
		}
		r.refused(r.service.TurnOff(r.Context(), who, "not it", home), "password.wrong")
		r.refused(r.service.TurnOff(r.Context(), who, password, home), "")
		if o := r.signIn(r.maxs); o.NeedsCode {
			r.Error("it is still asked for")
		}
	})
}

func TestCodesCannotBeGuessed(t *testing.T) {
	each(t, false, func(r *rig) {
		secret, _ := r.turnedOn(r.maxs)
		o := r.signIn(r.maxs)
		for range 5 {
			_, err := r.service.Verify(r.Context(), o.Secret, "000000", home)
			r.refused(err, "signIn.wrongCode")
		}
		_, err := r.service.Verify(r.Context(), o.Secret, r.code(secret), home)
		r.refused(err, "signIn.again")
		for range 3 { // signing in anew does not begin anew
			o = r.signIn(r.maxs)
			for range 5 {
				_, _ = r.service.Verify(r.Context(), o.Secret, "000000", home)
			}
		}
		_, err = r.service.Verify(r.Context(), r.signIn(r.maxs).Secret, r.code(secret), home)
		r.refused(err, "signIn.tooMany")
		r.clock.Advance(time.Hour)
		o = r.signIn(r.maxs)
		r.clock.Advance(10 * time.Minute)
		_, err = r.service.Verify(r.Context(), o.Secret, r.code(secret), home)
		r.refused(err, "session.ended") // it took too long
		_, err = r.service.Verify(r.Context(), r.signIn(r.maxs).Secret, r.code(secret), home)
		r.refused(err, "")
	})
}

func TestALinkDoesNotReplaceTheSecondFactor(t *testing.T) {
	each(t, false, func(r *rig) {
		secret, _ := r.turnedOn(r.maxs)
		made, err := r.service.Invite(r.Context(), r.ada, r.max.UserID)
		r.refused(err, "")
		o, err := r.service.Redeem(r.Context(), token(made.URL), "my very own", home)
		if r.refused(err, ""); !o.NeedsCode {
			r.Error("the link alone opens the account")
		}
		r.ended(o)
		full, err := r.service.Verify(r.Context(), o.Secret, r.code(secret), home)
		r.refused(err, "")
		r.works(full, r.max)
		r.refused(r.service.ResetFactor(r.Context(), r.max, r.max.UserID), "role.missing")
		r.refused(r.service.ResetFactor(r.Context(), r.ada, r.max.UserID), "")
		o, err = r.attempt(r.maxs, "my very own", home)
		if r.refused(err, ""); o.NeedsCode {
			r.Error("it is still asked for")
		}
	})
}
