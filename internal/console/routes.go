package console

import (
	"errors"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// handler answers a request. What it returns becomes a page that says what went wrong.
type handler func(v *visit) error

func (c *Console) routes() {
	c.mux.Handle("GET /assets/", c.assets)
	c.open("GET /setup", c.setupForm)
	c.open("POST /setup", c.setup)
	c.open("GET /login", c.loginForm)
	c.open("POST /login", c.login)
	c.open("GET /login/code", c.codeForm)
	c.open("POST /login/code", c.code)
	c.open("POST /logout", c.logout)
	c.open("GET /forgot", c.forgotForm)
	c.open("POST /forgot", c.forgot)
	c.open("GET /link/{token}", c.linkForm)
	c.open("POST /link/{token}", c.link)
	c.open("POST /language", c.setLanguage)
	c.open("/", func(*visit) error { return errNoPage })

	c.member("GET /{$}", c.feed)
	c.member("POST /posts", c.createPost)

	c.member("GET /manage", c.manage)
	c.member("GET /manage/people", c.managePeople)
	c.member("GET /manage/people/{id}/access", c.accessPage)
	c.member("POST /manage/people/{id}/access", c.regenerate)
}

var errNoPage = &problem{Status: http.StatusNotFound, Detail: "There is no page at this address."}

// open mounts a page for everybody.
func (c *Console) open(pattern string, h handler) {
	c.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v := c.visit(w, r)
		v.finish(h(v))
	})
}

// member mounts a page for people who are signed in.
func (c *Console) member(pattern string, h handler) {
	c.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v := c.visit(w, r)
		err := v.signIn()
		if fault.Is(err, fault.KindUnauthenticated) {
			c.toLogin(v)
			return
		}
		if err == nil {
			err = h(v)
		}
		v.finish(err)
	})
}

// finish says what went wrong, if something did.
func (v *visit) finish(err error) {
	if err == nil {
		return
	}
	var p *problem
	if !errors.As(err, &p) {
		p = problemOf(err)
	}
	if p.Status == http.StatusUnauthorized && v.who.UserID != "" { // the session ended between two calls
		v.c.toLogin(v)
		return
	}
	if p.Status >= http.StatusInternalServerError {
		v.c.d.Log.ErrorContext(v.ctx(), "a page failed", "path", v.r.Pattern, "error", err)
	}
	v.show(p.Status, problemPage(p))
}
