package console

import (
	"encoding/base64"
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/module/session"
)

// settings is what people change about how they sign in.
type settings struct {
	sessions []session.Session
	factor   session.Factor
	tokens   []token
	secret   string // of a key that was made just now
	zone     string // that was tried
}

// zoneTried is the zone that a form shows: what was tried, else what is kept.
func (s settings) zoneTried(kept string) string {
	if s.zone != "" {
		return s.zone
	}
	return kept
}

func (v *visit) settings() (s settings, err error) {
	if s.sessions, err = v.c.d.Sessions.List(v.ctx(), v.who); err != nil {
		return s, err
	}
	if s.factor, err = v.c.d.Sessions.Factor(v.ctx(), v.who); err != nil {
		return s, err
	}
	var out struct {
		Tokens []token `json:"tokens"`
	}
	err = v.get("/api/tokens", url.Values{"per_page": {"100"}}, &out)
	s.tokens = out.Tokens
	return s, err
}

func (c *Console) settings(v *visit) error {
	s, err := v.settings()
	if err != nil {
		return err
	}
	return v.page(settingsPage(s, nil))
}

// setZone says on whose clock the reader sees times.
func (c *Console) setZone(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	err := v.call(http.MethodPatch, at("api", "users", v.who.UserID), map[string]any{"timeZone": v.optional("timeZone")}, nil)
	if err == nil {
		return v.done("/settings", "The changes are saved.")
	}
	s, listErr := v.settings()
	if listErr != nil {
		return listErr
	}
	s.zone = v.text("timeZone")
	return v.formPage(err, func(p *problem) templ.Component { return settingsPage(s, p) })
}

func (c *Console) changePassword(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	var o session.Opened
	err := sameTwice(v)
	if err == nil {
		o, err = c.d.Sessions.ChangePassword(v.ctx(), v.who, v.form.Get("current"), v.form.Get("password"), v.client())
	}
	if err != nil {
		return v.formPage(v.retryAfter(err), passwordPage)
	}
	v.opened(o)
	return v.done("/settings", "Your password is changed. Your other sessions have ended.")
}

func (c *Console) passwordForm(v *visit) error { return v.page(passwordPage(nil)) }

func (c *Console) endSession(v *visit) error {
	if err := c.d.Sessions.Revoke(v.ctx(), v.who, v.r.PathValue("id")); err != nil {
		return err
	}
	return v.done("/settings", "The session has ended.")
}

func (c *Console) endOtherSessions(v *visit) error {
	if err := c.d.Sessions.RevokeOthers(v.ctx(), v.who); err != nil {
		return err
	}
	return v.done("/settings", "Your other sessions have ended.")
}

// makeToken makes a key of one's own and shows it, this once.
func (c *Console) makeToken(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	var made struct {
		Token string `json:"token"`
	}
	if err := v.call(http.MethodPost, "/api/tokens", map[string]any{"name": v.text("name")}, &made); err != nil {
		return err
	}
	s, err := v.settings()
	if err != nil {
		return err
	}
	s.secret = made.Token
	return v.page(settingsPage(s, nil))
}

func (c *Console) revokeToken(back func(v *visit) string) handler {
	return func(v *visit) error {
		if err := v.call(http.MethodDelete, at("api", "tokens", v.r.PathValue("token")), nil, nil); err != nil {
			return err
		}
		return v.done(back(v), "The key is revoked.")
	}
}

func (c *Console) factorForm(v *visit) error {
	f, err := c.d.Sessions.Factor(v.ctx(), v.who)
	if err != nil {
		return err
	}
	return v.page(factorPage(f, nil))
}

// enrol begins to turn on the second factor, or turns it off: both want the password.
func (c *Console) enrol(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	f, err := c.d.Sessions.Factor(v.ctx(), v.who)
	if err != nil {
		return err
	}
	if f.On {
		if err := c.d.Sessions.TurnOff(v.ctx(), v.who, v.form.Get("current"), v.client()); err != nil {
			return v.formPage(v.retryAfter(err), func(p *problem) templ.Component { return factorPage(f, p) })
		}
		return v.done("/settings", "The second step is off.")
	}
	e, err := c.d.Sessions.Enrol(v.ctx(), v.who, v.form.Get("current"), v.client())
	if err != nil {
		return v.formPage(v.retryAfter(err), func(p *problem) templ.Component { return factorPage(f, p) })
	}
	return v.page(enrolPage(e, nil))
}

func (c *Console) turnOn(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	codes, err := c.d.Sessions.TurnOn(v.ctx(), v.who, v.text("code"))
	if err != nil {
		e := session.Enrolment{Secret: v.text("secret"), URL: v.text("url")} // as it was shown: only to be shown again
		return v.formPage(v.retryAfter(err), func(p *problem) templ.Component { return enrolPage(e, p) })
	}
	return v.page(codesPage(codes))
}

// picture is the address of a second factor as a picture to scan.
func picture(address string) string {
	png, err := session.Picture(address)
	if err != nil {
		return ""
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png)
}
