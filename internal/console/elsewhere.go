package console

import (
	"net/http"
	"net/url"
	"time"
)

// elsewhereCookie keeps what belongs to a sign-in that goes on at the provider.
const (
	elsewhereCookie = "workdrive-oidc"
	elsewhereFor    = 10 * time.Minute
)

// elsewherePath is where a sign-in at the provider begins.
func elsewherePath(next string) string {
	if local(next) == "/" {
		return "/login/oidc"
	}
	return "/login/oidc?next=" + url.QueryEscape(next)
}

// beginElsewhere sends the browser to the provider. It changes nothing but a cookie.
func (c *Console) beginElsewhere(v *visit) error {
	next := local(v.query("next"))
	to, secret, err := c.d.Provider.Begin(v.ctx(), next)
	if err != nil {
		return v.notElsewhere(next, err)
	}
	v.setCookie(elsewhereCookie, secret, elsewhereFor)
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(v.w, v.r, to, http.StatusSeeOther) //nolint:gosec,nolintlint // which is of two minds: the operator names the provider
	return nil
}

// finishElsewhere takes what the provider sends the browser back with.
func (c *Console) finishElsewhere(v *visit) error {
	secret := v.cookie(elsewhereCookie)
	v.setCookie(elsewhereCookie, "", 0)
	v.w.Header().Set("Referrer-Policy", "no-referrer") // the address has a code in it
	v.w.Header().Set("Cache-Control", "no-store")
	o, next, err := c.d.Provider.Finish(v.ctx(), v.r.URL.Query(), secret, v.client())
	if err != nil {
		return v.notElsewhere(next, err)
	}
	v.endEarlier()
	return c.enter(v, o, next)
}

// notElsewhere shows the sign-in page, where a password works whatever the provider does.
func (v *visit) notElsewhere(next string, err error) error {
	p := problemOf(v.retryAfter(err))
	if p.Status == http.StatusInternalServerError {
		return err
	}
	f, err := v.c.signing(v)
	if err != nil {
		return err
	}
	if f.next = local(next); f.next == "/" {
		f.next = ""
	}
	v.show(p.Status, loginPage(f, p))
	return nil
}
