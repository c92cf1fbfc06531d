package console_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/oauth2-proxy/mockoidc"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/config"
)

// withProvider runs the program beside a real OpenID Connect provider.
func withProvider(t *testing.T, settings ...setting) (*rig, *mockoidc.MockOIDC) {
	t.Helper()
	idp, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = idp.Shutdown() })
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(idp.ClientSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, false, append(settings, func(o *app.Options) {
		o.Server.OIDC = config.OIDC{Issuer: idp.Issuer(), ClientID: idp.ClientID, SecretFile: file, Name: "Lumen ID", GroupsClaim: "groups"}
		o.Server.EgressAllow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})...)
	r.clock.Advance(time.Since(r.clock.Now())) // the provider's tokens are of now
	return r, idp
}

func TestSomebodySignsInAtTheProvider(t *testing.T) {
	t.Parallel()
	r, idp := withProvider(t)
	r.person("Max", "Example")
	b := r.browser()
	b.get("/login?next=%2Fnews").want(200, "Sign in with Lumen ID")
	idp.QueueUser(&mockoidc.MockUser{Subject: "max", Email: "max@lumen.example", EmailVerified: true})
	b.get("/login/oidc?next=%2Fnews").want(200).at("/news") // to the provider and back
	b.post("/logout").want(200).at("/login")

	idp.QueueUser(&mockoidc.MockUser{Subject: "eve", Email: "max@lumen.example", EmailVerified: true})
	b.get("/login/oidc").want(403, "Another account there is linked", "Sign in with Lumen ID")
	b.get("/news").at("/login?next=%2Fnews")
	idp.QueueUser(&mockoidc.MockUser{Subject: "zoe", Email: "zoe@lumen.example", EmailVerified: true})
	b.get("/login/oidc?next=%2F%2Fevil.example").want(403, "no account for you", "!evil.example")
	b.get("/login/oidc/callback?state=guessed&code=stolen").want(403, "not begun in this browser")

	if err := idp.Shutdown(); err != nil {
		t.Fatal(err)
	}
	b.signIn("max@lumen.example") // by password, whatever the provider does
}

func TestTheProvidersPageOfAnotherSiteIsNotLedTo(t *testing.T) {
	t.Parallel()
	r, idp := withProvider(t)
	r.person("Max", "Example")
	for _, next := range []string{"//evil.example", `/\evil.example`, "https://evil.example/", "javascript:alert(1)"} {
		idp.QueueUser(&mockoidc.MockUser{Subject: "max", Email: "max@lumen.example", EmailVerified: true})
		r.browser().get("/login/oidc?next=" + url.QueryEscape(next)).want(200).at("/")
	}
}

func TestTheProviderPostsLogoutsToTheServer(t *testing.T) {
	t.Parallel()
	r, _ := withProvider(t)
	res, err := http.PostForm(r.url+"/oidc/backchannel-logout", url.Values{"logout_token": {"x.y.z"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusBadRequest || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		t.Errorf("a token that is none: %d, %v", res.StatusCode, res.Header)
	}
	bare := newRig(t, false)
	bare.browser().get("/login").want(200, "!Sign in with")
	bare.browser().get("/login/oidc").want(404)
	if res, err = http.PostForm(bare.url+"/oidc/backchannel-logout", nil); err != nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("without a provider: %v, %v", res, err)
	}
	_ = res.Body.Close()
}

// TestTheWalkToTheProviderInABrowser sees that the pages' policy lets a browser go there and back.
func TestTheWalkToTheProviderInABrowser(t *testing.T) {
	t.Parallel()
	r, idp := withProvider(t)
	r.person("Max", "Example")
	idp.QueueUser(&mockoidc.MockUser{Subject: "max", Email: "max@lumen.example", EmailVerified: true})
	w := r.screen(1200, 900)
	w.open("/login?next=%2Fnews")
	w.shot("sign-in-elsewhere")
	w.press("Sign in with Lumen ID", "There is no news yet.")
	if at := run(w, chromedp.Location()); at != r.url+"/news" {
		t.Errorf("the browser is at %s", at)
	}
	w.shot("signed-in-elsewhere")
}
