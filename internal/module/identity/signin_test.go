package identity_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/identity"
)

func TestAnAccountIsLinkedOnceAndStaysLinked(t *testing.T) {
	each(t, nil, func(r *rig) {
		if id, _ := r.enters(r.account()); id != r.max.UserID {
			r.Fatalf("signed in as %s", id)
		}
		// From now on the address means nothing: neither another one nor an unverified one.
		if id, _ := r.enters(r.account("email", "somebody@else.example", "email_verified", false)); id != r.max.UserID {
			r.Fatalf("signed in as %s the second time", id)
		}
		if rows := r.rows(); rows != [3]int{1, 1, 2} {
			r.Errorf("people, links, sessions: %v", rows)
		}
	})
}

func TestABrowserGoesOnToWhereItWanted(t *testing.T) {
	each(t, nil, func(r *rig) {
		to, _, err := r.service.Begin(r.Context(), "/news")
		if err != nil {
			r.Fatal(err)
		}
		q := mustParse(r.T, to).Query()
		if q.Get("code_challenge_method") != "S256" || len(q.Get("nonce")) < 40 || len(q.Get("state")) < 40 || q.Get("redirect_uri") != "https://work.example/login/oidc/callback" ||
			q.Get("response_type") != "code" || !strings.Contains(q.Get("scope"), "openid") {
			r.Errorf("asks the provider with %v", q)
		}
	})
}

func TestAnInvitedPersonArrives(t *testing.T) {
	each(t, nil, func(r *rig) {
		r.Exec(r.T, `UPDATE users SET status = 'INVITED' WHERE org_id = ? AND id = ?`, r.ID, r.max.UserID)
		if id, _ := r.enters(r.account()); id != r.max.UserID {
			r.Errorf("signed in as %s", id)
		}
	})
}

func TestASecondFactorIsAskedForHereToo(t *testing.T) {
	each(t, nil, func(r *rig) {
		r.Exec(r.T, `INSERT INTO second_factors (org_id, user_id, secret, created_at, turned_on) VALUES (?, ?, 'JBSWY3DPEHPK3PXP', 1, 1)`, r.ID, r.max.UserID)
		o, err := r.finish(r.visit(r.account()))
		if err != nil || !o.NeedsCode || !r.signedOut(o) {
			r.Errorf("%+v, %v", o, err)
		}
	})
}

// TestWhoMayNotComeInByAnAccount has each of the ways in which a provider's word is not enough.
func TestWhoMayNotComeInByAnAccount(t *testing.T) {
	cases := map[string]struct {
		set    func(s *identity.Settings)
		scene  func(r *rig)
		claims []any
		code   string
	}{
		"the address is not verified":    {claims: []any{"email_verified", false}, code: "oidc.emailUnverified"},
		"verified is not said":           {claims: []any{"email_verified", nil}, code: "oidc.emailUnverified"},
		"unverified, and said as text":   {claims: []any{"email_verified", "false"}, code: "oidc.emailUnverified"},
		"trusted, but called unverified": {set: trusting, claims: []any{"email_verified", false}, code: "oidc.emailUnverified"},
		"trusted, of another domain":     {set: trusting, claims: []any{"email_verified", nil, "email", "max@evil.example"}, code: "oidc.domain"},
		"no address":                     {claims: []any{"email", nil}, code: "oidc.noEmail"},
		"an address of nobody":           {claims: []any{"email", "nobody@lumen.example"}, code: "oidc.unknown"},
		"a domain that is not allowed":   {set: func(s *identity.Settings) { s.Domains = []string{"lumen.example"} }, code: "oidc.domain"},
		"a domain that ends alike": {
			set:    func(s *identity.Settings) { s.Domains, s.Create = []string{"lumen.example"}, true },
			claims: []any{"email", "max@notlumen.example"}, code: "oidc.domain",
		},
		"blocked":         {scene: status("BLOCKED"), code: "oidc.unknown"},
		"a former member": {scene: status("ARCHIVE"), code: "oidc.unknown"},
		"not invited yet": {scene: status("PRE_INVITED"), code: "oidc.unknown"},
		"suspended as a whole": {scene: func(r *rig) {
			r.Exec(r.T, `UPDATE organizations SET status = 'SUSPENDED' WHERE id = ?`, r.ID)
		}, code: "org.suspended"},
		"a former member, where people are made": {
			set: func(s *identity.Settings) { s.Create = true }, scene: status("ARCHIVE"), code: "oidc.unknown",
		},
		"another account with the same address": {
			scene: func(r *rig) { r.enters(r.account()) }, claims: []any{"sub", "an-impostor"}, code: "oidc.otherAccount",
		},
		"an address that cannot be one": {
			set: func(s *identity.Settings) { s.Create = true }, claims: []any{"email", "a(b)@x.example"}, code: "request.invalid",
		},
	}
	each(t, nil, func(r *rig) {
		for name, c := range cases {
			r.Log(name)
			r.fresh()
			s := r.settings
			if c.set != nil {
				c.set(&s)
			}
			r.service = r.with(s)
			if c.scene != nil {
				c.scene(r)
			}
			r.stays(r.visit(r.account(c.claims...)), c.code)
			r.Exec(r.T, `UPDATE organizations SET status = 'ACTIVE' WHERE id = ?`, r.ID)
		}
	})
}

func trusting(s *identity.Settings) { s.TrustEmail, s.Domains = true, []string{"lumen.example"} }

func status(to string) func(r *rig) {
	return func(r *rig) {
		r.Exec(r.T, `UPDATE users SET status = ? WHERE org_id = ? AND id = ?`, to, r.ID, r.max.UserID)
	}
}

func TestALinkedPersonWhoIsBlockedStaysOut(t *testing.T) {
	each(t, nil, func(r *rig) {
		_, o := r.enters(r.account())
		status("BLOCKED")(r)
		if !r.signedOut(o) {
			r.Error("the session goes on")
		}
		r.stays(r.visit(r.account()), "signIn.blocked")
	})
}

// TestTokensThatAreRefused has ID tokens that are not the provider's for this sign-in.
func TestTokensThatAreRefused(t *testing.T) {
	cases := map[string][]any{
		"for another client":              {"aud", "somebody-else"},
		"for two, authorized for neither": {"aud", twoAudiences},
		"authorized for another client":   {"azp", "another"},
		"by another issuer":               {"iss", "https://id.evil.example"},
		"with another nonce":              {"nonce", "of-another-sign-in"},
		"without a nonce":                 {"nonce", nil},
		"expired a minute ago":            {"exp", time.Now().Add(-61 * time.Second).Unix()},
		"without an end":                  {"exp", nil},
		"not valid yet":                   {"nbf", time.Now().Add(10 * time.Minute).Unix()},
		"of nobody":                       {"sub", ""},
		"of an endless subject":           {"sub", strings.Repeat("x", 256)},
	}
	each(t, nil, func(r *rig) {
		for name, claims := range cases {
			s := r.account(claims...)
			if s["aud"] == twoAudiences {
				s["aud"] = []string{r.idp.ClientID, "another"}
			}
			r.Log(name)
			r.stays(r.visit(s), "oidc.tokenInvalid")
		}
		r.enters(r.account("aud", []string{r.idp.ClientID, "another"}, "azp", r.idp.ClientID))
	})
}

const twoAudiences = "this client and another"

// TestForgedTokensAreRefused has ID tokens that say the right things and are not signed by the
// provider.
func TestForgedTokensAreRefused(t *testing.T) {
	part := func(v any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	resigned := func(r *rig, method jwt.SigningMethod, key any) func(string) string {
		return func(token string) string {
			claims := jwt.MapClaims{}
			if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
				r.Error(err)
			}
			forged := jwt.NewWithClaims(method, claims)
			forged.Header["kid"], _ = r.idp.Keypair.KeyID()
			text, err := forged.SignedString(key)
			if err != nil {
				r.Error(err)
			}
			return text
		}
	}
	public := func(r *rig) []byte {
		der, err := x509.MarshalPKIXPublicKey(r.idp.Keypair.PublicKey)
		if err != nil {
			r.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	}
	cases := map[string]func(r *rig) func(string) string{
		"not signed": func(*rig) func(string) string {
			return func(token string) string {
				return part(map[string]string{"alg": "none", "typ": "JWT"}) + "." + strings.Split(token, ".")[1] + "."
			}
		},
		"signed with the public key as a secret": func(r *rig) func(string) string { return resigned(r, jwt.SigningMethodHS256, public(r)) },
		"signed with the client's secret": func(r *rig) func(string) string {
			return resigned(r, jwt.SigningMethodHS256, []byte(r.idp.ClientSecret))
		},
		"signed by a stranger": func(r *rig) func(string) string { return resigned(r, jwt.SigningMethodRS256, stranger) },
		"changed": func(*rig) func(string) string {
			return func(token string) string {
				p := strings.Split(token, ".")
				claims := map[string]any{}
				text, _ := base64.RawURLEncoding.DecodeString(p[1])
				_ = json.Unmarshal(text, &claims)
				claims["sub"] = "somebody-else"
				return p[0] + "." + part(claims) + "." + p[2]
			}
		},
		"missing":  func(*rig) func(string) string { return func(string) string { return "" } },
		"no token": func(*rig) func(string) string { return func(string) string { return "x.y.z" } },
	}
	each(t, nil, func(r *rig) {
		r.enters(r.account()) // the same token is good as it was
		for name, forge := range cases {
			r.Log(name)
			r.forge = forge(r)
			r.stays(r.visit(r.account()), "oidc.tokenInvalid")
		}
	})
}

func TestAnswersThatAreNotToThisBrowsersQuestion(t *testing.T) {
	each(t, nil, func(r *rig) {
		good, other := r.visit(r.account()), r.visit(r.account())
		for name, c := range map[string]struct {
			back identity.Return
			code string
		}{
			"no state":                       {identity.Return{Code: good.Code, Secret: good.Secret}, "oidc.stateInvalid"},
			"a state of another sign-in":     {identity.Return{State: other.State, Code: good.Code, Secret: good.Secret}, "oidc.stateInvalid"},
			"no cookie":                      {identity.Return{State: good.State, Code: good.Code}, "oidc.stateInvalid"},
			"a cookie of another browser":    {identity.Return{State: good.State, Code: good.Code, Secret: other.Secret}, "oidc.stateInvalid"},
			"a cookie that was changed":      {identity.Return{State: good.State, Code: good.Code, Secret: good.Secret[:len(good.Secret)-4] + "AAAA"}, "oidc.stateInvalid"},
			"the code of another sign-in":    {identity.Return{State: good.State, Code: other.Code, Secret: good.Secret}, "oidc.tokenInvalid"},
			"a code that was never given":    {identity.Return{State: good.State, Code: "guessed", Secret: good.Secret}, "oidc.tokenInvalid"},
			"the answer of another provider": {identity.Return{State: good.State, Code: good.Code, Secret: good.Secret, Issuer: "https://evil.example"}, "oidc.tokenInvalid"},
			"a refusal":                      {identity.Return{State: good.State, Error: "access_denied", Secret: good.Secret}, "oidc.denied"},
			"nothing":                        {identity.Return{}, "oidc.stateInvalid"},
		} {
			r.Log(name)
			r.stays(c.back, c.code)
		}
		third := r.visit(r.account())
		if _, err := r.finish(third); err != nil {
			r.Fatal(err)
		}
		r.Log("a code that was used")
		r.stays(third, "oidc.tokenInvalid")
		late := r.visit(r.account())
		r.now.Advance(identity.AttemptFor)
		r.Log("an answer after too long")
		r.stays(late, "oidc.stateInvalid")
	})
}

func TestPeopleAreMadeWhereThatIsWanted(t *testing.T) {
	each(t, func(s *identity.Settings) { s.Create, s.Domains = true, []string{"lumen.example"} }, func(r *rig) {
		id, _ := r.enters(r.account("sub", "new", "email", "Ines.Vega@Lumen.example", "given_name", "Inés", "family_name", "Vega"))
		u, err := r.users.Get(r.Context(), r.max, id)
		if err != nil || u.FirstName != "Inés" || u.LastName != "Vega" || u.Email != "Ines.Vega@Lumen.example" || u.Status != "ACTIVE" {
			r.Errorf("%+v, %v", u, err)
		}
		for i, c := range []struct {
			claims      []any
			first, last string
		}{
			{[]any{"name", "Jo van Dyk"}, "Jo", "van Dyk"}, {[]any{"name", "Plato"}, "Plato", "u1"}, {nil, "u2", "u2"}, {[]any{"email", "kim.lee@lumen.example"}, "kim", "lee"},
		} {
			sub := "u" + string(rune('0'+i))
			id, _ := r.enters(r.account(append([]any{"sub", sub, "email", sub + "@lumen.example"}, c.claims...)...))
			if u, err := r.users.Get(r.Context(), r.max, id); err != nil || u.FirstName != c.first || u.LastName != c.last {
				r.Errorf("%v: %s %s, %v", c.claims, u.FirstName, u.LastName, err)
			}
		}
	})
}

func TestWhatTheTokenDoesNotSayIsAskedFor(t *testing.T) {
	each(t, nil, func(r *rig) {
		r.Log("about somebody else")
		r.stays(r.visit(r.account("email", nil, "email_verified", nil, "userinfo", map[string]any{"sub": "another", "email": r.mail, "email_verified": true})), "oidc.tokenInvalid")
		id, _ := r.enters(r.account("email", nil, "email_verified", nil, "userinfo", map[string]any{"sub": r.account().ID(), "email": r.mail, "email_verified": "true"}))
		if id != r.max.UserID {
			r.Errorf("signed in as %s", id)
		}
	})
}

func TestGroupsFollowTheClaim(t *testing.T) {
	each(t, func(s *identity.Settings) {
		s.Groups = []identity.Mapping{{Group: "Editors", Remote: "wd-editors"}, {Group: "Press", Remote: "wd-press"}, {Group: "Editors", Remote: "chiefs"}}
	}, func(r *rig) {
		for _, c := range []struct {
			claim any
			want  string
		}{
			{[]string{"chiefs", "others"}, "Editors - Press"}, {"wd-press", "Press - Editors"}, {[]string{}, "- Editors Press"}, {nil, ""}, {7, "- Editors Press"},
		} {
			r.groups = nil
			r.enters(r.account("groups", c.claim))
			if got := strings.Join(r.groups, " "); got != c.want {
				r.Errorf("%v: %q, want %q", c.claim, got, c.want)
			}
		}
	})
}

func TestAProviderThatIsAwaySaysSo(t *testing.T) {
	each(t, nil, func(r *rig) {
		back := r.visit(r.account())
		if err := r.idp.Shutdown(); err != nil {
			r.Fatal(err)
		}
		if _, err := r.finish(back); !fault.Is(err, fault.KindUnavailable) {
			r.Errorf("the end of a sign-in: %v", err)
		}
		r.service = r.with(r.settings) // a server that starts now
		if _, _, err := r.service.Begin(r.Context(), "/"); !fault.Is(err, fault.KindUnavailable) {
			r.Errorf("the beginning: %v", err)
		}
		r.start() // another one is there, under another address
		r.settings.Issuer, r.settings.ClientID, r.settings.ClientSecret = r.idp.Issuer(), r.idp.ClientID, r.idp.ClientSecret
		r.service = r.with(r.settings)
		r.enters(r.account())
	})
}

// TestAProviderThatLeadsElsewhereIsNotUsed has a discovery document that names somebody else.
func TestAProviderThatLeadsElsewhereIsNotUsed(t *testing.T) {
	each(t, nil, func(r *rig) {
		mux := http.NewServeMux()
		var issuer, endpoint string
		mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(map[string]any{
				"issuer": issuer, "authorization_endpoint": endpoint, "token_endpoint": r.idp.TokenEndpoint(), "jwks_uri": r.idp.JWKSEndpoint(),
			})
		})
		server := serve(r.T, mux)
		for _, c := range []struct{ issuer, endpoint string }{
			{"https://another.example", r.idp.AuthorizationEndpoint()}, {server, "javascript:alert(1)"}, {server, "ftp://x.example/"}, {server, "//x.example/"}, {server, "https://a:b@x.example/"},
		} {
			issuer, endpoint = c.issuer, c.endpoint
			s := r.settings
			s.Issuer = server
			if to, _, err := r.with(s).Begin(r.Context(), "/"); !fault.Is(err, fault.KindUnavailable) {
				r.Errorf("%+v: led to %s, %v", c, to, err)
			}
		}
	})
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
