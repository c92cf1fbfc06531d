package session_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/session"
	"github.com/workdrive/workdrive/internal/testkit/cast"
)

func TestWhoMaySignIn(t *testing.T) {
	each(t, false, func(r *rig) {
		r.Exec(r.T, `UPDATE organizations SET parent_org_id = NULL WHERE id = ?`, r.ID)
		r.works(r.signIn(r.maxs), r.max)
		r.works(r.signIn(" "+strings.ToUpper(r.maxs)+" "), r.max)
		admin := r.works(r.signIn(r.adas), r.ada)
		if !admin.Can(authz.UsersManage) || !admin.Root || len(admin.Scopes) != 0 {
			r.Errorf("the administrator's session is %+v", admin)
		}
		for status, code := range map[string]string{"BLOCKED": "signIn.blocked", "ARCHIVE": "signIn.wrong", "PRE_INVITED": "signIn.wrong"} {
			r.setStatus(r.max, status)
			_, err := r.attempt(r.maxs, password, home)
			r.refused(err, code)
			_, err = r.attempt(r.maxs, "wrong", home)
			r.refused(err, "signIn.wrong") // the state is nobody's business without the password
		}
		r.setStatus(r.max, "INVITED")
		r.works(r.signIn(r.maxs), r.max)
		if got := r.status(r.max); got != "ACTIVE" {
			r.Errorf("after a first sign-in the account is %s", got)
		}
		r.Exec(r.T, `UPDATE organizations SET status = 'SUSPENDED' WHERE id = ?`, r.ID)
		_, err := r.attempt(r.maxs, password, home)
		r.refused(err, "org.suspended")
	})
}

func TestWhoDoesNotExistLooksLikeAWrongPassword(t *testing.T) {
	each(t, false, func(r *rig) {
		r.Exec(r.T, `UPDATE users SET password_hash = NULL WHERE org_id = ? AND id = ?`, r.ID, r.ada.UserID)
		var answers []string
		for i, email := range []string{r.maxs, "nobody@nowhere.example", r.adas, ""} {
			_, err := r.attempt(email, "a wrong password", home)
			f, ok := fault.As(err)
			if !ok {
				r.Fatalf("%q: %v", email, err)
			}
			answers = append(answers, f.Code+f.Detail)
			if answers[i] != answers[0] || r.people.compared.Load() != int64(i+1) {
				r.Errorf("%q: %s after %d comparisons", email, answers[i], r.people.compared.Load())
			}
		}
		before := r.people.compared.Load()
		_, err := r.attempt(r.maxs, strings.Repeat("x", 1<<20), home)
		if r.refused(err, "signIn.wrong"); r.people.compared.Load() != before {
			r.Error("a password of a megabyte was hashed")
		}
	})
}

func TestOrganizationsAreApart(t *testing.T) {
	each(t, false, func(r *rig) {
		other := cast.NewOrg(r.T, r.db)
		sam := other.Person(r.T, "sam")
		other.Exec(r.T, `UPDATE users SET email = ?, email_key = ?, password_hash = 'another password' WHERE org_id = ? AND id = ?`, r.maxs, r.maxs, other.ID, sam.UserID)
		other.Exec(r.T, `UPDATE organizations SET parent_org_id = ?, subdomain = 'branch' WHERE id = ?`, r.ID, other.ID)
		in := func(organization, password string) (session.Opened, error) {
			return r.service.SignIn(r.Context(), session.Attempt{Organization: organization, Email: r.maxs, Password: password, Client: home})
		}
		o, err := in("Branch", "another password")
		if err != nil {
			r.Fatal(err)
		}
		if got, err := r.service.Authenticate(r.Context(), o.Secret); err != nil || got.OrgID != other.ID || got.UserID != sam.UserID || got.Root {
			r.Errorf("%+v %v", got, err)
		}
		for organization, wrong := range map[string]string{"": "another password", "branch": password, "none": password} {
			_, err := in(organization, wrong)
			r.refused(err, "signIn.wrong")
		}
		_, err = r.service.Invite(r.Context(), r.ada, sam.UserID)
		r.refused(err, "user.notFound")
	})
}

func TestGuessingIsSlowAndLocksNobodyOut(t *testing.T) {
	each(t, false, func(r *rig) {
		known := home
		known.Browser = r.signIn(r.maxs).Browser
		guesser := session.Client{Address: "[2001:db8:1:2::9]:1"}
		for range 10 {
			_, err := r.attempt(r.maxs, "a guess", guesser)
			r.refused(err, "signIn.wrong")
		}
		before := r.people.compared.Load()
		_, err := r.attempt(r.maxs, password, guesser) // even the right one: it would tell
		r.refused(err, "signIn.tooMany")
		if f, _ := fault.As(err); f.RetryAfter <= 0 || f.RetryAfter > time.Minute {
			r.Errorf("wait %v", f.RetryAfter)
		}
		if r.people.compared.Load() != before {
			r.Error("the password was looked at")
		}
		_, err = r.attempt(r.maxs, password, session.Client{Address: "203.0.113.1:1"}) // it is the account that counts
		r.refused(err, "signIn.tooMany")
		if _, err := r.attempt(r.maxs, password, known); err != nil { // a browser of theirs has a count of its own
			r.Errorf("the person's own browser: %v", err)
		}
		forged := home
		forged.Browser = strings.Repeat("A", 43)
		_, err = r.attempt(r.maxs, password, forged)
		r.refused(err, "signIn.tooMany")
		known2 := known // of somebody else it is none
		_, err = r.attempt(r.adas, "a guess", known2)
		r.refused(err, "signIn.wrong")
		r.works(r.signIn(r.adas), r.ada)
		r.clock.Advance(6 * time.Second)
		r.works(r.signIn(r.maxs), r.max)
		for range 50 { // who knows the password uses up nothing
			r.signIn(r.adas)
		}
	})
}

func TestOneAddressCannotTryEverybody(t *testing.T) {
	each(t, false, func(r *rig) {
		for i := range 100 {
			host := "[2001:db8:1:2::" + string(rune('a'+i%6)) + "]:1" // one /64
			_, err := r.attempt("nobody"+strings.Repeat("x", i)+"@nowhere.example", "a guess", session.Client{Address: host})
			r.refused(err, "signIn.wrong")
		}
		_, err := r.attempt(r.maxs, "a guess", session.Client{Address: "[2001:db8:1:2::77]:9"})
		r.refused(err, "signIn.tooMany")
		_, err = r.attempt(r.maxs, password, session.Client{Address: "[2001:db8:1:3::77]:9"})
		r.refused(err, "")
		r.clock.Advance(time.Minute)
		_, err = r.attempt(r.maxs, password, session.Client{Address: "[2001:db8:1:2::77]:9"})
		r.refused(err, "")
	})
}

func TestManyGuessesAtOnceAreNoWayAround(t *testing.T) {
	each(t, false, func(r *rig) {
		var wait sync.WaitGroup
		for range 60 {
			wait.Go(func() { _, _ = r.attempt(r.maxs, "a guess", home) })
		}
		wait.Wait()
		if n := r.people.compared.Load(); n > 10 {
			r.Errorf("%d passwords were looked at", n)
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	each(t, false, func(r *rig) {
		for name, end := range map[string]func(o session.Opened){
			"a week without use": func(session.Opened) { r.clock.Advance(7 * 24 * time.Hour) },
			"a month": func(o session.Opened) {
				for range 23 { // after the first six
					r.clock.Advance(24 * time.Hour)
					r.works(o, r.max) // used each day
				}
				r.clock.Advance(24 * time.Hour)
			},
			"blocked":    func(session.Opened) { r.setStatus(r.max, "BLOCKED") },
			"archived":   func(session.Opened) { r.setStatus(r.max, "ARCHIVE") },
			"signed out": func(o session.Opened) { r.refused(r.service.SignOut(r.Context(), o.Secret), "") },
			"a new password": func(session.Opened) {
				r.refused(r.people.SetPasswordHash(r.Context(), r.ada, r.max.UserID, password), "")
			},
		} {
			o := r.signIn(r.maxs)
			r.clock.Advance(6 * 24 * time.Hour)
			r.works(o, r.max)
			end(o)
			if _, err := r.service.Authenticate(r.Context(), o.Secret); err == nil {
				r.Errorf("%s: the session goes on", name)
			}
			r.setStatus(r.max, "ACTIVE")
		}
		o := r.signIn(r.maxs)
		for _, wrong := range []string{"", "x", o.Secret + "x", o.Secret[:42], strings.Repeat("x", 5000)} {
			if _, err := r.service.Authenticate(r.Context(), wrong); !fault.Is(err, fault.KindUnauthenticated) {
				r.Errorf("%.50q: %v", wrong, err)
			}
		}
		if n := r.value(`SELECT CAST(COUNT(*) AS TEXT) FROM sessions WHERE org_id = ? AND hash = ?`, r.ID, o.Secret); n != "0" {
			r.Error("the secret itself is stored")
		}
	})
}

func TestPeopleEndTheirOwnSessions(t *testing.T) {
	each(t, false, func(r *rig) {
		first, second, third, adas := r.signIn(r.maxs), r.signIn(r.maxs), r.signIn(r.maxs), r.signIn(r.adas)
		who := r.works(first, r.max)
		list, err := r.service.List(r.Context(), who)
		if err != nil || len(list) != 3 || list[0].Network != "198.51.100.7" || list[0].Agent != "Mozilla/5.0" {
			r.Fatalf("%+v %v", list, err)
		}
		ada := r.works(adas, r.ada)
		r.refused(r.service.Revoke(r.Context(), ada, who.SessionID), "session.notFound") // not even an administrator
		r.refused(r.service.Revoke(r.Context(), who, ada.SessionID), "session.notFound")
		r.refused(r.service.Revoke(r.Context(), who, r.works(second, r.max).SessionID), "")
		r.ended(second)
		r.works(third, r.max)
		r.refused(r.service.RevokeOthers(r.Context(), who), "")
		r.ended(third)
		r.works(first, r.max)
		r.works(adas, r.ada)
	})
}

func TestANewPasswordOfOnesOwn(t *testing.T) {
	each(t, false, func(r *rig) {
		mine, other := r.signIn(r.maxs), r.signIn(r.maxs)
		who := r.works(mine, r.max)
		_, err := r.service.ChangePassword(r.Context(), who, "not it", "another long one", home)
		r.refused(err, "password.wrong")
		_, err = r.service.ChangePassword(r.Context(), who, password, "short", home)
		r.refused(err, "user.passwordTooShort")
		r.works(other, r.max)
		o, err := r.service.ChangePassword(r.Context(), who, password, "another long one", home)
		r.refused(err, "")
		r.ended(mine)
		r.ended(other)
		r.works(o, r.max)
		_, err = r.attempt(r.maxs, password, home)
		r.refused(err, "signIn.wrong")
		for range 9 {
			_, _ = r.service.ChangePassword(r.Context(), who, "a guess", "another long one", home)
		}
		_, err = r.service.ChangePassword(r.Context(), who, "another long one", "the third long one", home)
		r.refused(err, "signIn.tooMany")
	})
}
