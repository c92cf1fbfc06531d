package quicklink_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/seal"
	"github.com/workdrive/workdrive/internal/module/quicklink"
)

// begin launches a tile and gives where the service's sign-in is.
func (r *rig) begin(who authz.Actor, id string, browser jar) *url.URL {
	r.Helper()
	return r.send(who, "GET", "/api/sso/"+id+"/launch", "", browser).location()
}

// signIn signs in at the service and gives where that sends the browser back to.
func (r *rig) signIn(at *url.URL) string {
	r.Helper()
	return r.call(authz.Actor{}, "GET", at.String(), "").location().String()
}

// enter goes the whole way and gives the token.
func (r *rig) enter(who authz.Actor, id string) string {
	r.Helper()
	browser := jar{}
	back := r.signIn(r.begin(who, id, browser))
	return r.landed(r.send(authz.Actor{}, "GET", back, "", browser))
}

func (r *rig) landed(a answer) string {
	r.Helper()
	to := a.location()
	if to.Host != "crm.example" || to.Path != "/login" || to.Scheme != "https" {
		r.Fatalf("landed at %s", to)
	}
	return to.Query().Get("token")
}

func TestPeopleSignInOnceAtAnOAuthServer(t *testing.T) {
	each(t, func(r *rig) {
		r.idp.AccessTTL = 600 // which it writes as a number of seconds
		id, browser := r.tile(), jar{}
		first := r.begin(r.member, id, browser)
		q := first.Query()
		if first.Host != strings.TrimPrefix(r.idp.Addr(), "http://") || q.Get("response_type") != "code" || q.Get("prompt") != "login" || q.Get("scope") != "openid email" ||
			q.Get("redirect_uri") != r.url+"/api/sso/"+id+"/callback" || q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || len(q.Get("state")) < 43 ||
			len(q["redirect_uri"]) != 1 {
			r.Fatalf("asked to sign in at %s", first)
		}
		if again := r.begin(r.member, id, browser).Query(); again.Get("state") == q.Get("state") || again.Get("code_challenge") == q.Get("code_challenge") {
			r.Error("two sign-ins have the same state or challenge")
		}
		token := r.landed(r.send(authz.Actor{}, "GET", r.signIn(first), "", browser)) // the first of two that have begun
		if token == "" {
			r.Fatal("no token")
		}
		launch := func() answer { return r.call(r.member, "GET", "/api/sso/"+id+"/launch", "") }
		if got := r.landed(launch()); got != token {
			r.Error("the token is not used again")
		}
		if a := r.call(r.member, "GET", "/api/sso/"+id, "").want(200); a.field("connected") != true || a.field("hasClientSecret") != true {
			r.Error(a.raw)
		}
		if a := r.call(r.admin, "GET", "/api/sso/"+id, "").want(200); a.field("connected") != false {
			r.Error("somebody else is connected, too")
		}
		r.now.Advance(10*time.Minute - 31*time.Second)
		if r.landed(launch()) != token {
			r.Error("the token was refreshed too early")
		}
		r.now.Advance(2 * time.Second)
		r.idp.FastForward(time.Second)
		refreshed := r.landed(launch())
		if refreshed == token || refreshed == "" {
			r.Error("the token was not refreshed")
		}
		r.call(r.member, "DELETE", "/api/sso/"+id+"/connection", "").want(204)
		r.call(r.member, "DELETE", "/api/sso/"+id+"/connection", "").want(204)
		if r.begin(r.member, id, jar{}).Path != first.Path {
			r.Error("who has disconnected is not asked to sign in")
		}
		r.enter(r.member, id)
		r.now.Advance(time.Hour)
		r.idp.QueueError(&mockoidc.ServerError{Code: http.StatusBadRequest, Error: mockoidc.InvalidGrant, Description: "revoked"})
		r.idp.QueueError(&mockoidc.ServerError{Code: http.StatusBadRequest, Error: mockoidc.InvalidGrant, Description: "revoked"}) // its client is told in another way then
		if at := launch().location(); at.Path != first.Path {
			r.Errorf("with a refresh token that is revoked: %s", at)
		}
	})
}

func TestASignInComesBackOnceToWhereItBegan(t *testing.T) {
	each(t, func(r *rig) {
		id, other := r.tile(), r.tile()
		refused := func(a answer) { r.Helper(); a.want(403, "sso.stateInvalid") }
		begun := func() (browser jar, back string) {
			browser = jar{}
			r.call(r.member, "DELETE", "/api/sso/"+id+"/connection", "").want(204)
			return browser, r.signIn(r.begin(r.member, id, browser))
		}
		nobody := authz.Actor{}

		browser, back := begun()
		refused(r.send(nobody, "GET", back, "", jar{}))   // another browser: somebody was sent a link
		refused(r.send(nobody, "GET", back, "", browser)) // and it is used up

		browser, back = begun()
		r.landed(r.send(nobody, "GET", back, "", browser))
		refused(r.send(nobody, "GET", back, "", browser)) // once

		browser, back = begun()
		refused(r.send(nobody, "GET", strings.Replace(back, id, other, 1), "", browser)) // at another service's address

		browser, back = begun()
		r.now.Advance(10 * time.Minute)
		refused(r.send(nobody, "GET", back, "", browser))

		browser, back = begun()
		r.call(r.admin, "PATCH", "/api/sso/"+id, `{"loginURL":"https://crm.example/login?token={{access_token}}&v=2"}`).want(200)
		refused(r.send(nobody, "GET", back, "", browser)) // to a tile that was changed

		browser, back = begun()
		r.Exec(r.T, `UPDATE users SET status = 'BLOCKED' WHERE org_id = ? AND id = ?`, r.ID, r.member.UserID)
		refused(r.send(nobody, "GET", back, "", browser))
		r.Exec(r.T, `UPDATE users SET status = 'ACTIVE' WHERE org_id = ? AND id = ?`, r.ID, r.member.UserID)

		for _, query := range []string{"", "?code=x", "?state=", "?state=guess&code=x", "?state=" + strings.Repeat("x", 5000)} {
			refused(r.send(nobody, "GET", "/api/sso/"+id+"/callback"+query, "", browser))
		}
		browser, _ = begun()
		at := r.begin(r.member, id, browser)
		state := url.QueryEscape(at.Query().Get("state"))
		r.send(nobody, "GET", "/api/sso/"+id+"/callback?error=access_denied&state="+state, "", browser).want(403, "sso.denied")
		refused(r.send(nobody, "GET", "/api/sso/"+id+"/callback?code=x&state="+state, "", browser))
		at = r.begin(r.member, id, browser)
		r.send(nobody, "GET", "/api/sso/"+id+"/callback?code=guess&state="+url.QueryEscape(at.Query().Get("state")), "", browser).want(503, "sso.serviceFailed")
		// Without the verifier, which never leaves, a code that was seen is worth nothing.
		_, back = begun()
		code, _ := url.Parse(back)
		form := url.Values{"grant_type": {"authorization_code"}, "code": {code.Query().Get("code")}, "client_id": {r.idp.Config().ClientID}, "client_secret": {r.idp.Config().ClientSecret}}
		r.call(nobody, "POST", r.idp.TokenEndpoint(), form.Encode(), "Content-Type", "application/x-www-form-urlencoded").want(401, "verifier")
		if n := r.count("sso_launches"); n == 0 {
			r.Error("the test leaves no sign-in that did not come back")
		}
		r.now.Advance(time.Hour)
		if err := r.service.Tidy(r.Context()); err != nil || r.count("sso_launches") != 0 {
			r.Errorf("%d sign-ins are left: %v", r.count("sso_launches"), err)
		}
	})
}

func (r *rig) count(table string) (n int) {
	r.Helper()
	if err := r.db.Reader(r.Context()).QueryRow(r.Context(), `SELECT COUNT(*) FROM `+table+` WHERE org_id = ?`, r.ID).Scan(&n); err != nil {
		r.Fatal(err)
	}
	return n
}

// TestSecretsAreNowhereToBeRead looks for the client's secret and people's tokens in all answers, in
// the log and in every row of the module's tables.
func TestSecretsAreNowhereToBeRead(t *testing.T) {
	each(t, func(r *rig) {
		id := r.tile()
		token := r.enter(r.member, id)
		r.call(r.admin, "GET", "/api/sso", "").want(200)
		r.call(r.admin, "PATCH", "/api/sso/"+id, `{"name":"Sales"}`).want(200)
		r.call(r.member, "GET", "/api/sso/"+id, "").want(200)
		r.idp.QueueError(&mockoidc.ServerError{Code: http.StatusInternalServerError, Error: "server_error", Description: token})
		r.idp.QueueError(&mockoidc.ServerError{Code: http.StatusInternalServerError, Error: "server_error", Description: token})
		browser := jar{}
		at := r.begin(r.admin, id, browser)
		_ = r.send(authz.Actor{}, "GET", "/api/sso/"+id+"/callback?code=guess&state="+url.QueryEscape(at.Query().Get("state")), "", browser).want(503)
		rows := ""
		for _, column := range []string{
			"client_secret FROM sso_tiles", "access_token FROM sso_tokens", "refresh_token FROM sso_tokens", "verifier FROM sso_launches", "state FROM sso_launches", "browser FROM sso_launches",
		} {
			list, err := r.db.Reader(r.Context()).Query(r.Context(), "SELECT "+column)
			if err != nil {
				r.Fatal(err)
			}
			for list.Next() {
				var text string
				if err := list.Scan(&text); err != nil {
					r.Fatal(err)
				}
				rows += text + "\n"
			}
			list.Close()
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for name, secret := range map[string]string{"the client's secret": r.idp.Config().ClientSecret, "the token": token, "the browser's secret": browser["workdrive_sso"]} {
			if secret == "" || strings.Contains(r.written.String(), secret) || strings.Contains(rows, secret) {
				r.Errorf("%s (%d characters) can be read", name, len(secret))
			}
		}
		if !strings.Contains(r.written.String(), "a service gave no token") || len(rows) < 200 {
			r.Error("the test looks in the wrong place")
		}
	})
}

func TestWhatIsSealedWithALostKeyIsAsGoodAsNone(t *testing.T) {
	each(t, func(r *rig) {
		id := r.tile()
		r.enter(r.member, id)
		old := r.service.Keys
		r.service.Keys = seal.New()
		if r.begin(r.member, id, jar{}).Host == "crm.example" {
			r.Error("a token of a lost key is used")
		}
		browser := jar{}
		back := r.signIn(r.begin(r.member, id, browser))
		r.send(authz.Actor{}, "GET", back, "", browser).want(503, "sso.serviceFailed") // the client's secret is lost, too
		r.call(r.admin, "PATCH", "/api/sso/"+id, fmt.Sprintf(`{"clientSecret":%q}`, r.idp.Config().ClientSecret)).want(200)
		r.enter(r.member, id)
		r.service.Keys = old
	})
}

func TestTheSecretDoesNotFollowATileToAnotherServer(t *testing.T) {
	each(t, func(r *rig) {
		id := r.tile()
		r.enter(r.member, id)
		keeps := func(body string, secret, connected bool) {
			r.Helper()
			r.call(r.admin, "PATCH", "/api/sso/"+id, body).want(200)
			if a := r.call(r.member, "GET", "/api/sso/"+id, "").want(200); a.field("hasClientSecret") != secret || a.field("connected") != connected {
				r.Errorf("%s: secret %v, connected %v", body, a.field("hasClientSecret"), a.field("connected"))
			}
		}
		keeps(`{"name":"Sales","order":3}`, true, true)
		keeps(`{"scope":"openid"}`, true, false)
		r.enter(r.member, id)
		keeps(`{"refreshURI":"https://elsewhere.example/token"}`, false, false)
		keeps(`{"clientSecret":"s3cret"}`, true, false)
		keeps(`{"tokenURI":"https://elsewhere.example/token"}`, false, false)
		keeps(`{"tokenURI":"https://other.example/token","clientSecret":"s3cret"}`, true, false)
		keeps(`{"clientSecret":null}`, false, false)
	})
}

func TestLaunchesLeadNowhereElse(t *testing.T) {
	t.Parallel()
	tile := quicklink.Tile{
		AuthorizationURI: "https://idp.example/authorize?redirect_uri={{redirect_uri}}", TokenURI: "https://idp.example/token", LoginURL: "https://crm.example/login?token={{access_token}}",
		Link: "http://10.0.0.1/start",
	}
	values := map[string]string{"{{redirect_uri}}": "https://here.example/api/sso/1/callback", "{{access_token}}": "a b&c=d/../#"}
	for text, want := range map[string]string{
		tile.AuthorizationURI: "https://idp.example/authorize?redirect_uri=https%3A%2F%2Fhere.example%2Fapi%2Fsso%2F1%2Fcallback",
		tile.LoginURL:         "https://crm.example/login?token=a+b%26c%3Dd%2F..%2F%23",
		tile.Link:             "http://10.0.0.1/start",
		"":                    "",
		"http://crm.example/": "", "https://evil.example/": "", "//idp.example/x": "", "/\\idp.example": "", "https:idp.example": "", "javascript:alert(1)": "", "\t//evil.example": "",
		"https://idp.example@evil.example/": "", "https://user:pass@idp.example/": "", "https://idp.example.evil.example/": "", "https://idp.example\\@evil.example/": "",
		"https://{{access_token}}/": "", "https://idp.example{{access_token}}/": "", "{{redirect_uri}}/?code=<authorization_token": "", "https://idp.example/{{unknown}}": "",
		"ftp://idp.example/": "", "https://idp.example:444/": "", "https://idp.example/\r\nX: y": "", "data:text/html,x": "",
	} {
		if got := quicklink.Filled(tile, text, values); got != want {
			t.Errorf("%q leads to %q, want %q", text, got, want)
		}
	}
	// A tile does not vouch for hosts that its placeholders make up.
	sly := quicklink.Tile{LoginURL: "https://crm.example{{access_token}}", Link: "{{access_token}}"}
	for _, text := range []string{sly.LoginURL, sly.Link} {
		if got := quicklink.Filled(sly, text, map[string]string{"{{access_token}}": ".evil.example"}); got != "" {
			t.Errorf("%q leads to %q", text, got)
		}
	}
}

func TestTilesThatCannotBeLaunchedSayWhy(t *testing.T) {
	each(t, func(r *rig) {
		for body, want := range map[string]string{
			`{"type":"SSO","name":"x"}`: "sso.incomplete",
			`{"type":"SSO","name":"x","authorizationURI":"{{redirect_uri}}/?code=<authorization_token","tokenURI":"https://api.example.io/t","clientId":"c"}`: "sso.addressRefused",
			`{"type":"SSO","name":"x","authorizationURI":"http://api.example.io/a","tokenURI":"https://api.example.io/t","clientId":"c"}`:                     "sso.addressRefused",
			`{"type":"QUICK_LINK","name":"x","link":"http://intranet.example/"}`:                                                                              "sso.addressRefused",
		} {
			id := r.call(r.member, "POST", "/api/sso", body).want(201).id()
			r.call(r.member, "GET", "/api/sso/"+id+"/launch", "").want(409, want)
		}
		id := r.call(r.member, "POST", "/api/sso", `{"type":"QUICK_LINK","name":"x","link":"https://wiki.example/start?a=b"}`).want(201).id()
		if to := r.call(r.member, "GET", "/api/sso/"+id+"/launch", "").location().String(); to != "https://wiki.example/start?a=b" {
			r.Errorf("led to %s", to)
		}
	})
}

// TestANewKeyReplacesTheOldOne puts a new key first, lets the job run, and takes the old one away.
func TestANewKeyReplacesTheOldOne(t *testing.T) {
	each(t, func(r *rig) {
		parse := func(raw ...byte) seal.Keys {
			var list [][]byte
			for _, b := range raw {
				list = append(list, bytes.Repeat([]byte{b}, seal.KeySize))
			}
			k, err := seal.Parse(list...)
			if err != nil {
				r.Fatal(err)
			}
			return k
		}
		r.service.Keys = parse(1)
		id := r.tile()
		token := r.enter(r.member, id)
		r.Exec(r.T, `INSERT INTO sso_tokens (org_id, tile_id, user_id, access_token, refresh_token, updated_at) VALUES (?, ?, ?, 'cannot be opened', '', 0)`, r.ID, id, r.admin.UserID)
		for _, keys := range []seal.Keys{parse(1), parse(2, 1), parse(2, 1), parse(2)} {
			r.service.Keys = keys
			if err := r.service.Tidy(r.Context()); err != nil {
				r.Fatal(err)
			}
			if got := r.landed(r.call(r.member, "GET", "/api/sso/"+id+"/launch", "")); got != token {
				r.Error("the token is lost")
			}
		}
		r.now.Advance(20 * 365 * 24 * time.Hour) // the token is refreshed, for which it takes the client's secret and the refresh token
		if to := r.call(r.member, "GET", "/api/sso/"+id+"/launch", "").location(); to.Host != "crm.example" {
			r.Errorf("led to %s", to)
		}
		r.Exec(r.T, `UPDATE users SET status = 'ARCHIVE' WHERE org_id = ? AND id = ?`, r.ID, r.member.UserID)
		if err := r.service.Tidy(r.Context()); err != nil || r.count("sso_tokens") != 1 {
			r.Errorf("%d tokens are left: %v", r.count("sso_tokens"), err)
		}
	})
}
