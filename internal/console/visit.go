package console

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/module/session"
)

// visit is one request of a browser.
type visit struct {
	c      *Console
	w      http.ResponseWriter
	r      *http.Request
	lang   *language
	nonce  string
	notice string // what was done on the page before

	who  authz.Actor // nobody on pages for everybody
	me   person
	form url.Values
}

type visitKey struct{}

func (c *Console) visit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{c: c, w: w, nonce: rand.Text()}
	v.r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	v.lang = c.languageOf(r)
	return v
}

// visitOf is the visit that a component is rendered for.
func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// signIn finds out whose session it is. An Unauthenticated fault when it is nobody's.
func (v *visit) signIn() (err error) {
	if v.who, err = v.c.d.Sessions.Authenticate(v.ctx(), v.cookie(sessionCookie)); err != nil {
		return err
	}
	if err := v.get("/api/users/me", nil, &v.me); err != nil {
		return err
	}
	v.lang = v.c.languageFor(v.r, v.me.Language)
	v.notice = v.takeNotice()
	return nil
}

// Cookies. With https their names make browsers hold them to this host and to https.
const (
	sessionCookie  = "workdrive"
	browserCookie  = "workdrive-browser"
	noticeCookie   = "workdrive-notice"
	languageCookie = "workdrive-language"
)

func (c *Console) cookieName(name string) string {
	if c.secure {
		return "__Host-" + name
	}
	return name
}

func (v *visit) cookie(name string) string {
	found, err := v.r.Cookie(v.c.cookieName(name))
	if err != nil {
		return ""
	}
	return found.Value
}

// setCookie sets a cookie, for the browser's own session when lifetime is 0; "" deletes it.
func (v *visit) setCookie(name, value string, lifetime time.Duration) {
	cookie := &http.Cookie{ //nolint:gosec // Secure whenever people reach the server over https
		Name: v.c.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: v.c.secure, SameSite: http.SameSiteLaxMode,
		MaxAge: int(lifetime.Seconds()),
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(v.w, cookie)
}

// opened gives the browser the cookies of a new session.
func (v *visit) opened(o session.Opened) {
	v.setCookie(sessionCookie, o.Secret, o.ExpiresAt.Sub(v.c.d.Clock.Now()))
	if o.Browser != "" {
		v.setCookie(browserCookie, o.Browser, session.BrowserLifetime)
	}
}

func (v *visit) client() session.Client {
	return session.Client{Agent: v.r.UserAgent(), Address: v.r.RemoteAddr, Browser: v.cookie(browserCookie)}
}

// show answers with a page.
func (v *visit) show(status int, page templ.Component) {
	var body bytes.Buffer
	if err := page.Render(v.ctx(), &body); err != nil {
		v.c.d.Log.ErrorContext(v.ctx(), "a page could not be rendered", "path", v.r.Pattern, "error", err)
		http.Error(v.w, "We had a problem with our server. Try again later.", http.StatusInternalServerError)
		return
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", fmt.Sprintf(v.c.policy, v.nonce))
	h.Set("Vary", "Cookie, Accept-Language, HX-Request")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(body.Bytes()) // the browser may have gone
}

// page is show with 200, as handlers end.
func (v *visit) page(page templ.Component) error {
	v.show(http.StatusOK, page)
	return nil
}

// formPage shows a form again, with what was wrong. Other failures are not the form's.
func (v *visit) formPage(err error, page func(p *problem) templ.Component) error {
	p := problemOf(err)
	switch p.Status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusForbidden, http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusPreconditionFailed:
		v.show(p.Status, page(p))
		return nil
	}
	return err
}

// to sends the browser to a page of ours.
func (v *visit) to(path string) error {
	if v.isPart() {
		v.w.Header().Set("HX-Redirect", path)
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(v.w, v.r, path, http.StatusSeeOther) //nolint:gosec,nolintlint // which is of two minds: paths from outside have gone through local
	return nil
}

// done sends the browser to a page that says what was done; the words are the catalogue's.
func (v *visit) done(path, notice string) error {
	v.setCookie(noticeCookie, url.QueryEscape(notice), time.Minute)
	return v.to(path)
}

// takeNotice gives what was done on the page before, once. Words that are not ours are not shown.
func (v *visit) takeNotice() string {
	value := v.cookie(noticeCookie)
	if value == "" || v.isPart() {
		return ""
	}
	v.setCookie(noticeCookie, "", 0)
	notice, err := url.QueryUnescape(value)
	if err != nil || !v.c.knows(notice) {
		return ""
	}
	return notice
}

// isPart reports that script asks for a part of a page.
func (v *visit) isPart() bool { return v.r.Header.Get("HX-Request") == "true" }

var errForm = &problem{Status: http.StatusBadRequest, Detail: "The form could not be read. It may be too large."}

// read reads the form.
func (v *visit) read() error {
	if v.form != nil {
		return nil
	}
	err := v.r.ParseMultipartForm(maxForm) //nolint:gosec // ServeHTTP bounds the body
	if errors.Is(err, http.ErrNotMultipart) {
		err = v.r.ParseForm()
	}
	if err != nil {
		return errForm
	}
	v.form = v.r.PostForm //nolint:forbidigo // what came, not what is sent
	return nil
}

// text is a field of a form without blanks around it. Call read first.
func (v *visit) text(name string) string { return strings.TrimSpace(v.form.Get(name)) }

// optional is a field of a form, nil when it is empty, for the API.
func (v *visit) optional(name string) any {
	if s := v.text(name); s != "" {
		return s
	}
	return nil
}

// query is a parameter of the address.
func (v *visit) query(name string) string { return strings.TrimSpace(v.r.URL.Query().Get(name)) }

// can reports whether whoever is signed in holds a capability.
func (v *visit) can(c authz.Capability) bool { return v.who.Can(c) }

// toLogin asks whoever wanted a page to sign in, and then goes on to it.
func (c *Console) toLogin(v *visit) {
	v.setCookie(sessionCookie, "", 0)
	target := "/login"
	if v.r.Method == http.MethodGet && v.r.URL.Path != "/" && !v.isPart() {
		target += "?next=" + url.QueryEscape(v.r.URL.RequestURI())
	}
	_ = v.to(target)
}

// local is an address of ours to go on to, "/" for anything else.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}
