package console

import (
	"errors"
	"net/http"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/session"
)

// signing is the form that people sign in with.
type signing struct {
	email, organization, next string
	several, mails            bool
	elsewhere                 string // what the provider is called, "" for none
}

func (c *Console) loginForm(v *visit) error {
	if v.cookie(sessionCookie) != "" {
		if err := v.signIn(); err == nil {
			return v.to(local(v.query("next")))
		}
	}
	there, err := c.d.Installation.Exists(v.ctx())
	if err != nil {
		return err
	}
	if !there {
		return v.page(notSetUpPage())
	}
	f, err := c.signing(v)
	if err != nil {
		return err
	}
	f.organization, f.next = v.query("organization"), v.query("next")
	v.notice = v.takeNotice()
	return v.page(loginPage(f, nil))
}

func (c *Console) signing(v *visit) (f signing, err error) {
	f.several, err = c.d.Installation.Several(v.ctx())
	f.mails = c.d.Sessions.Mails()
	if c.d.Provider != nil {
		f.elsewhere = c.d.Provider.Name()
	}
	return f, err
}

func (c *Console) login(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	f, err := c.signing(v)
	if err != nil {
		return err
	}
	f.email, f.organization, f.next = v.text("email"), v.text("organization"), v.text("next")
	o, err := c.d.Sessions.SignIn(v.ctx(), session.Attempt{
		Organization: f.organization, Email: f.email, Password: v.form.Get("password"), Client: v.client(),
	})
	if err != nil {
		return v.formPage(v.retryAfter(err), func(p *problem) templ.Component { return loginPage(f, p) })
	}
	v.endEarlier()
	return c.enter(v, o, f.next)
}

// retryAfter tells the browser, too, how long to wait.
func (v *visit) retryAfter(err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.KindTooMany {
		v.w.Header().Set("Retry-After", itoa(int(f.RetryAfter.Seconds())))
	}
	return err
}

// endEarlier ends the session that the browser had before it signed in anew.
func (v *visit) endEarlier() {
	if earlier := v.cookie(sessionCookie); earlier != "" {
		if err := v.c.d.Sessions.SignOut(v.ctx(), earlier); err != nil {
			v.c.d.Log.WarnContext(v.ctx(), "an earlier session could not be ended", "error", err)
		}
	}
}

// enter goes on with a session that was opened.
func (c *Console) enter(v *visit, o session.Opened, next string) error {
	v.opened(o)
	if o.NeedsCode {
		v.setCookie(nextCookie, local(next), 0)
		return v.to("/login/code")
	}
	return v.to(local(next))
}

// nextCookie keeps where to go on while the code is asked for.
const nextCookie = "workdrive-next"

func (c *Console) codeForm(v *visit) error { return v.page(codePage(nil)) }

func (c *Console) code(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	o, err := c.d.Sessions.Verify(v.ctx(), v.cookie(sessionCookie), v.text("code"), v.client())
	if err != nil {
		return v.formPage(v.retryAfter(err), codePage)
	}
	next := v.cookie(nextCookie)
	v.setCookie(nextCookie, "", 0)
	return c.enter(v, o, next)
}

func (c *Console) logout(v *visit) error {
	if secret := v.cookie(sessionCookie); secret != "" {
		if err := c.d.Sessions.SignOut(v.ctx(), secret); err != nil {
			return err
		}
	}
	v.setCookie(sessionCookie, "", 0)
	return v.done("/login", "You are signed out.")
}

func (c *Console) forgotForm(v *visit) error {
	f, err := c.signing(v)
	if err != nil {
		return err
	}
	return v.page(forgotPage(f, nil))
}

func (c *Console) forgot(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	f, err := c.signing(v)
	if err != nil {
		return err
	}
	f.email, f.organization = v.text("email"), v.text("organization")
	if err := c.d.Sessions.RequestReset(v.ctx(), f.organization, f.email, v.client()); err != nil {
		return v.formPage(v.retryAfter(err), func(p *problem) templ.Component { return forgotPage(f, p) })
	}
	return v.done("/login", "If there is an account with this address, a mail with a link is on its way.")
}

// linkForm shows what a link is for. It changes nothing: mail programs look at links, too.
func (c *Console) linkForm(v *visit) error {
	who, err := c.d.Sessions.Look(v.ctx(), v.r.PathValue("token"))
	if err != nil {
		return err
	}
	return v.page(linkPage(who, nil))
}

func (c *Console) link(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	who, err := c.d.Sessions.Look(v.ctx(), v.r.PathValue("token"))
	if err != nil {
		return err
	}
	var o session.Opened
	err = sameTwice(v)
	if err == nil {
		o, err = c.d.Sessions.Redeem(v.ctx(), v.r.PathValue("token"), v.form.Get("password"), v.client())
	}
	if err != nil {
		return v.formPage(err, func(p *problem) templ.Component { return linkPage(who, p) })
	}
	return c.enter(v, o, "/")
}

// sameTwice checks that a new password was typed the same twice.
func sameTwice(v *visit) error {
	if v.form.Get("password") != v.form.Get("again") {
		return &problem{Status: http.StatusBadRequest, Errors: []fault.Field{{Pointer: "/again", Code: "password.differs", Detail: "The two passwords are not the same."}}}
	}
	return nil
}

func (c *Console) setupForm(v *visit) error {
	if err := c.beforeSetup(v, v.query("code")); err != nil {
		return err
	}
	return v.page(setupPage(Founding{}, v.query("code"), nil))
}

func (c *Console) beforeSetup(v *visit, code string) error {
	there, err := c.d.Installation.Exists(v.ctx())
	if err != nil {
		return err
	}
	if there || !c.maySetUp(code) {
		return errNoPage
	}
	return nil
}

func (c *Console) setup(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	if err := c.beforeSetup(v, v.text("code")); err != nil {
		return err
	}
	in := Founding{
		Organization: v.text("name"), Email: v.text("email"), FirstName: v.text("firstName"), LastName: v.text("lastName"), Password: v.form.Get("password"),
	}
	err := sameTwice(v)
	if err == nil {
		err = c.d.Installation.Found(v.ctx(), in)
	}
	if err != nil {
		return v.formPage(err, func(p *problem) templ.Component { return setupPage(in, v.text("code"), p) })
	}
	o, err := c.d.Sessions.SignIn(v.ctx(), session.Attempt{Email: in.Email, Password: in.Password, Client: v.client()})
	if err != nil {
		return err
	}
	return c.enter(v, o, "/")
}

func (c *Console) setLanguage(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	for _, l := range c.languages {
		if l.tag.String() != v.text("language") {
			continue
		}
		v.setCookie(languageCookie, l.tag.String(), session.BrowserLifetime)
		if v.cookie(sessionCookie) == "" || v.signIn() != nil {
			continue // nobody's choice but this browser's
		}
		if err := v.call(http.MethodPatch, at("api", "users", v.who.UserID), map[string]any{"language": l.tag.String()}, nil); err != nil {
			return err
		}
	}
	return v.to(local(v.text("next")))
}
