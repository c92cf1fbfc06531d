package identity_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/workdrive/workdrive/internal/module/identity"
	"github.com/workdrive/workdrive/internal/module/session"
)

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// logoutToken is a token the provider makes, with changes; a claim that is nil is left out.
func (r *rig) logoutToken(changes ...any) string {
	r.Helper()
	claims := jwt.MapClaims{
		"iss": r.idp.Issuer(), "aud": r.idp.ClientID, "iat": r.now.Now().Unix(), "exp": r.now.Now().Add(2 * time.Minute).Unix(), "jti": r.Name(), "sub": r.account().ID(),
		"events": map[string]any{logoutEvent: map[string]any{}},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		claims[changes[i].(string)] = changes[i+1]
	}
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	text, err := r.idp.Keypair.SignJWT(claims)
	if err != nil {
		r.Fatal(err)
	}
	return text
}

func TestTheProviderEndsSessions(t *testing.T) {
	each(t, nil, func(r *rig) {
		_, first := r.enters(r.account("sid", "s1"))
		_, second := r.enters(r.account("sid", "s2"))
		_, third := r.enters(r.account())
		byPassword, err := r.sessions.OpenExternal(r.Context(), r.ID, r.max.UserID, session.External{}, session.Client{})
		if err != nil {
			r.Fatal(err)
		}
		if status := r.logout(r.logoutToken("jti", "1", "sid", "s1")); status != http.StatusOK || !r.signedOut(first) || r.signedOut(second) || r.signedOut(third) {
			r.Fatalf("one session: %d", status)
		}
		if status := r.logout(r.logoutToken("jti", "2", "sub", nil, "sid", "s2")); status != http.StatusOK || !r.signedOut(second) || r.signedOut(third) {
			r.Fatalf("one session without its subject: %d", status)
		}
		if status := r.logout(r.logoutToken("jti", "3", "sub", "somebody-else")); status != http.StatusOK || r.signedOut(third) {
			r.Fatalf("those of somebody else: %d", status)
		}
		if status := r.logout(r.logoutToken("jti", "4")); status != http.StatusOK || !r.signedOut(third) {
			r.Fatalf("all sessions: %d", status)
		}
		if r.signedOut(byPassword) {
			r.Error("a session that the provider did not vouch for has ended")
		}
	})
}

func TestALogoutTokenIsTakenOnce(t *testing.T) {
	each(t, nil, func(r *rig) {
		token := r.logoutToken()
		if status := r.logout(token); status != http.StatusOK {
			r.Fatalf("the first time: %d", status)
		}
		_, o := r.enters(r.account())
		if status := r.logout(token); status != http.StatusBadRequest || r.signedOut(o) {
			r.Errorf("the second time: %d", status)
		}
	})
}

func TestLogoutTokensThatAreRefused(t *testing.T) {
	each(t, nil, func(r *rig) {
		_, o := r.enters(r.account("sid", "s1"))
		idToken := ""
		r.forge = func(token string) string { idToken = token; return token }
		r.enters(r.account("sid", "s2"))
		unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"iss": r.idp.Issuer()}).SignedString(jwt.UnsafeAllowNoneSignatureType)
		if err != nil {
			r.Fatal(err)
		}
		for name, token := range map[string]string{
			"for another client":     r.logoutToken("aud", "somebody-else"),
			"by another issuer":      r.logoutToken("iss", "https://evil.example"),
			"expired":                r.logoutToken("exp", r.now.Now().Add(-time.Second).Unix()),
			"without an end":         r.logoutToken("exp", nil),
			"of the future":          r.logoutToken("iat", r.now.Now().Add(time.Hour).Unix()),
			"of no time":             r.logoutToken("iat", nil),
			"without an id":          r.logoutToken("jti", nil),
			"of nobody":              r.logoutToken("sub", nil),
			"with a nonce":           r.logoutToken("nonce", "n"),
			"without the event":      r.logoutToken("events", nil),
			"of another event":       r.logoutToken("events", map[string]any{"urn:other": map[string]any{}}),
			"an event of wrong form": r.logoutToken("events", map[string]any{logoutEvent: "yes"}),
			"an ID token":            idToken,
			"not signed":             unsigned,
			"no token":               "x",
			"nothing":                "",
		} {
			if status := r.logout(token); status != http.StatusBadRequest || r.signedOut(o) {
				r.Errorf("%s: %d", name, status)
			}
		}
		if status := r.logout(r.logoutToken()); status != http.StatusOK || !r.signedOut(o) {
			r.Errorf("the right one, after them: %d", status)
		}
	})
}

func TestGuessingAtLogoutTokensEnds(t *testing.T) {
	each(t, nil, func(r *rig) {
		last := 0
		for range 101 {
			last = r.logout("x.y.z")
		}
		if last != http.StatusTooManyRequests {
			r.Errorf("after many wrong tokens: %d", last)
		}
		w := httptest.NewRecorder()
		r.service.LogoutHandler().ServeHTTP(w, httptest.NewRequestWithContext(r.Context(), http.MethodGet, identity.LogoutPath, nil))
		if w.Code != http.StatusMethodNotAllowed {
			r.Errorf("GET: %d", w.Code)
		}
	})
}

// serve runs a handler on this machine and gives its address.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
