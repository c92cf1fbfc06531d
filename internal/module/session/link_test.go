package session_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/module/session"
)

// token is what the link of an invitation ends with.
func token(url string) string {
	_, token, _ := strings.Cut(url, session.LinkPath)
	return token
}

func TestAnInvitationWorksOnce(t *testing.T) {
	each(t, false, func(r *rig) {
		r.setStatus(r.max, "PRE_INVITED")
		first, err := r.service.Invite(r.Context(), r.ada, r.max.UserID)
		r.refused(err, "")
		if r.status(r.max) != "INVITED" || !strings.HasPrefix(first.URL, "https://work.example/link/") {
			r.Errorf("%s, %+v", r.status(r.max), first)
		}
		made, err := r.service.Invite(r.Context(), r.ada, r.max.UserID)
		r.refused(err, "")
		_, err = r.service.Look(r.Context(), token(first.URL)) // a newer one replaces it
		r.refused(err, "link.invalid")
		for range 2 { // looking changes nothing
			who, err := r.service.Look(r.Context(), token(made.URL))
			if r.refused(err, ""); who.Email != r.maxs || !who.Invites {
				r.Errorf("%+v", who)
			}
		}
		_, err = r.service.Redeem(r.Context(), token(made.URL), "short", home)
		r.refused(err, "user.passwordTooShort") // and the link still works
		o, err := r.service.Redeem(r.Context(), token(made.URL), "my very own", home)
		r.refused(err, "")
		r.works(o, r.max)
		if r.status(r.max) != "ACTIVE" {
			r.Errorf("the account is %s", r.status(r.max))
		}
		_, err = r.service.Redeem(r.Context(), token(made.URL), "somebody else's", home)
		r.refused(err, "link.invalid")
		_, err = r.attempt(r.maxs, "my very own", home)
		r.refused(err, "")
	})
}

func TestOfTwoWhoUseALinkOneDoes(t *testing.T) {
	each(t, false, func(r *rig) {
		made, err := r.service.Invite(r.Context(), r.ada, r.max.UserID)
		r.refused(err, "")
		var worked atomic.Int64
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				if _, err := r.service.Redeem(r.Context(), token(made.URL), "my very own", home); err == nil {
					worked.Add(1)
				}
			})
		}
		wait.Wait()
		if worked.Load() != 1 {
			r.Errorf("it worked %d times", worked.Load())
		}
	})
}

func TestLinksEnd(t *testing.T) {
	each(t, false, func(r *rig) {
		for name, end := range map[string]func(){
			"a week":         func() { r.clock.Advance(7 * 24 * time.Hour) },
			"blocked":        func() { r.setStatus(r.max, "BLOCKED") },
			"archived":       func() { r.setStatus(r.max, "ARCHIVE") },
			"a new password": func() { r.refused(r.people.SetPasswordHash(r.Context(), r.ada, r.max.UserID, password), "") },
		} {
			made, err := r.service.Invite(r.Context(), r.ada, r.max.UserID)
			r.refused(err, "")
			end()
			if _, err = r.service.Redeem(r.Context(), token(made.URL), "my very own", home); err == nil {
				r.Errorf("%s: the link works", name)
			}
			r.setStatus(r.max, "ACTIVE")
		}
		r.setStatus(r.max, "BLOCKED")
		_, err := r.service.Invite(r.Context(), r.ada, r.max.UserID)
		r.refused(err, "user.notInvitable")
	})
}

func TestALinkIsNoWayUp(t *testing.T) {
	each(t, false, func(r *rig) {
		_, err := r.service.Invite(r.Context(), r.max, r.ada.UserID)
		r.refused(err, "role.missing")
		hr := r.Person(r.T, "hanae")
		hr.Capabilities = []authz.Capability{authz.UsersManage}
		_, err = r.service.Invite(r.Context(), hr, r.max.UserID)
		r.refused(err, "")
		_, err = r.service.Invite(r.Context(), hr, r.ada.UserID)
		r.refused(err, "user.aboveCaller")
		r.refused(r.service.ResetFactor(r.Context(), hr, r.ada.UserID), "user.aboveCaller")
	})
}

func TestMailsCarryTheOnlyCopyOfALink(t *testing.T) {
	each(t, true, func(r *rig) {
		r.setStatus(r.max, "PRE_INVITED")
		made, err := r.service.Invite(r.Context(), r.ada, r.max.UserID)
		if r.refused(err, ""); made.URL != "" {
			r.Errorf("the administrator sees %s", made.URL)
		}
		m := <-r.mails
		if m.To.Email != r.maxs || !strings.Contains(m.Subject, "invited") {
			r.Errorf("%+v", m)
		}
		who, err := r.service.Look(r.Context(), token(m.Action.URL))
		if r.refused(err, ""); who.Email != r.maxs {
			r.Errorf("%+v", who)
		}
		q := r.db.Reader(r.Context())
		args, err := db.Strings(q.Query(r.Context(), `SELECT CAST(args AS TEXT) FROM river_job`))
		if err != nil || len(args) == 0 {
			r.Fatalf("%v %v", args, err)
		}
		if slices.ContainsFunc(args, func(s string) bool { return strings.Contains(s, token(m.Action.URL)) }) {
			r.Error("the job holds the token")
		}
		if n := r.value(`SELECT CAST(COUNT(*) AS TEXT) FROM sign_in_links WHERE org_id = ? AND hash = ?`, r.ID, token(m.Action.URL)); n != "0" {
			r.Error("the table holds the token")
		}
	})
}

func TestAResetGoesToWhoeverHasAnAccount(t *testing.T) {
	each(t, true, func(r *rig) {
		r.setStatus(r.ada, "BLOCKED")
		for _, email := range []string{"nobody@nowhere.example", r.adas, r.maxs} { // the same answer to all
			r.refused(r.service.RequestReset(r.Context(), "", email, home), "")
		}
		m := <-r.mails // the only one: jobs are done in their order
		if m.To.Email != r.maxs {
			r.Errorf("%+v", m)
		}
		for range 5 {
			r.refused(r.service.RequestReset(r.Context(), "", r.maxs, home), "")
		}
		<-r.mails
		last := <-r.mails
		r.clock.Advance(time.Hour)
		_, err := r.service.Redeem(r.Context(), token(last.Action.URL), "my very own", home)
		r.refused(err, "link.invalid") // an hour
		r.refused(r.service.RequestReset(r.Context(), "", r.maxs, home), "")
		next := <-r.mails
		if len(r.mails) != 0 {
			r.Errorf("%d mails more than three an hour", len(r.mails))
		}
		o, err := r.service.Redeem(r.Context(), token(next.Action.URL), "my very own", home)
		r.refused(err, "")
		r.works(o, r.max)
	})
}
