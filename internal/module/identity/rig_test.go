package identity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/seal"
	"github.com/workdrive/workdrive/internal/module/identity"
	"github.com/workdrive/workdrive/internal/module/session"
	"github.com/workdrive/workdrive/internal/module/user"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// rig is signing in at a real OpenID Connect provider, on a database, with a member.
type rig struct {
	*testing.T
	*cast.Org
	db       *db.DB
	now      *clock.Manual
	idp      *mockoidc.MockOIDC
	forge    func(idToken string) string // what the provider answers instead of its ID token
	sessions *session.Service
	users    *user.Service
	service  *identity.Service
	settings identity.Settings
	max      authz.Actor
	mail     string // max's
	groups   []string
}

// Organization implements identity.Directory.
func (r *rig) Organization(context.Context, string) (string, error) { return r.ID, nil }

// Create implements identity.Directory.
func (r *rig) Create(ctx context.Context, orgID string, p identity.NewPerson) (string, error) {
	status := user.Active
	u, err := r.users.Create(ctx, authz.Actor{OrgID: orgID, UserID: r.max.UserID, Capabilities: authz.Capabilities},
		user.Draft{Email: p.Email, FirstName: p.FirstName, LastName: p.LastName, Status: &status}, false)
	return u.ID, err
}

// SetGroups implements identity.Directory.
func (r *rig) SetGroups(_ context.Context, _, _ string, in, out []string) error {
	r.groups = append(slices.Clone(in), "-")
	r.groups = append(r.groups, out...)
	return nil
}

// EndExternal implements identity.Sessions.
func (r *rig) EndExternal(ctx context.Context, tx db.Tx, p identity.Proven) error {
	return r.sessions.EndExternal(ctx, tx, p.OrgID, session.External{Issuer: p.Issuer, Subject: p.Subject, SID: p.SID})
}

// Admit implements identity.Sessions.
func (r *rig) Admit(address string) (func(), error) { return r.sessions.Admit(address) }

// each runs a test on a rig of each engine.
func each(t *testing.T, set func(s *identity.Settings), test func(r *rig)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := slog.New(slog.NewTextHandler(t.Output(), nil))
		r := &rig{T: t, db: d, Org: cast.NewOrg(t, d), now: clock.NewManual(time.Now())}
		r.start()
		r.fresh()
		jobs, err := job.New(d, log)
		if err != nil {
			t.Fatal(err)
		}
		r.users = user.New(d, bus.New(d, r.now, log), r.now, nil)
		r.sessions = session.New(session.Deps{DB: d, Jobs: jobs, Clock: r.now, Log: log, People: r.users, URL: "https://work.example"})
		r.settings = identity.Settings{
			Issuer: r.idp.Issuer(), ClientID: r.idp.ClientID, ClientSecret: r.idp.ClientSecret, Name: "Lumen ID", GroupsClaim: "groups",
		}
		if set != nil {
			set(&r.settings)
		}
		r.service = r.with(r.settings)
		test(r)
	}, user.Constraints...)
}

// fresh has somebody else be max, who has not been here before.
func (r *rig) fresh() {
	r.Helper()
	r.max = r.Person(r.T, "max")
	if err := r.db.Reader(r.Context()).QueryRow(r.Context(), `SELECT email FROM users WHERE org_id = ? AND id = ?`, r.ID, r.max.UserID).Scan(&r.mail); err != nil {
		r.Fatal(err)
	}
}

// start runs the provider. It answers a forged ID token when a test asks for that.
func (r *rig) start() {
	r.Helper()
	var err error
	if r.idp, err = mockoidc.NewServer(nil); err != nil {
		r.Fatal(err)
	}
	err = r.idp.AddMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if r.forge == nil || req.URL.Path != mockoidc.TokenEndpoint {
				next.ServeHTTP(w, req)
				return
			}
			kept := httptest.NewRecorder()
			next.ServeHTTP(kept, req)
			var body map[string]any
			_ = json.Unmarshal(kept.Body.Bytes(), &body)
			if text, ok := body["id_token"].(string); ok {
				body["id_token"] = r.forge(text)
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(kept.Code)
			_ = json.NewEncoder(w).Encode(body)
		})
	})
	if err != nil {
		r.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	if err := r.idp.Start(l, nil); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = r.idp.Shutdown() })
}

// with makes the service with settings.
func (r *rig) with(s identity.Settings) *identity.Service {
	r.Helper()
	u, err := url.Parse(s.Issuer)
	if err != nil {
		r.Fatal(err)
	}
	port, _ := strconv.ParseUint(u.Port(), 10, 16)
	return identity.New(identity.Deps{
		DB: r.db, Clock: r.now, Log: slog.New(slog.NewTextHandler(r.Output(), nil)), Keys: seal.New(), Directory: r, Sessions: r, Settings: s, URL: "https://work.example/",
		Client: egress.New(egress.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{uint16(port)}}),
	})
}

// somebody is an account at the provider, with the claims it gives.
type somebody map[string]any

// ID implements mockoidc.User.
func (s somebody) ID() string { sub, _ := s["sub"].(string); return sub }

// Userinfo implements mockoidc.User.
func (s somebody) Userinfo([]string) ([]byte, error) {
	if other, ok := s["userinfo"]; ok {
		return json.Marshal(other)
	}
	return json.Marshal(map[string]any{"sub": s["sub"]})
}

// Claims implements mockoidc.User. A claim that is nil is left out.
func (s somebody) Claims(_ []string, base *mockoidc.IDTokenClaims) (jwt.Claims, error) {
	all := jwt.MapClaims{
		"iss": base.Issuer, "sub": base.Subject, "aud": base.Audience[0], "exp": base.ExpiresAt.Unix(), "iat": base.IssuedAt.Unix(), "nonce": base.Nonce,
	}
	maps.Copy(all, jwt.MapClaims(s))
	delete(all, "userinfo")
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all, nil
}

// account is max's at the provider.
func (r *rig) account(claims ...any) somebody {
	s := somebody{"sub": "there-" + r.max.UserID, "email": r.mail, "email_verified": true}
	for i := 0; i+1 < len(claims); i += 2 {
		s[claims[i].(string)] = claims[i+1]
	}
	return s
}

// visit lets somebody sign in at the provider, and gives what their browser comes back with.
func (r *rig) visit(s somebody) identity.Return {
	r.Helper()
	to, secret, err := r.service.Begin(r.Context(), "/news")
	if err != nil {
		r.Fatal(err)
	}
	r.idp.QueueUser(s)
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Get(to)
	if err != nil {
		r.Fatal(err)
	}
	_ = res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || back.Host != "work.example" || back.Path != identity.CallbackPath {
		r.Fatalf("led back to %s, %v", back, err)
	}
	q := back.Query()
	return identity.Return{State: q.Get("state"), Code: q.Get("code"), Secret: secret}
}

// finish ends a sign-in.
func (r *rig) finish(back identity.Return) (session.Opened, error) {
	var o session.Opened
	_, err := r.service.Finish(r.Context(), back, func(ctx context.Context, p identity.Proven) (err error) {
		o, err = r.sessions.OpenExternal(ctx, p.OrgID, p.UserID, session.External{Issuer: p.Issuer, Subject: p.Subject, SID: p.SID}, session.Client{Address: "198.51.100.7:1"})
		return err
	})
	return o, err
}

// enters signs somebody in who may, and gives whom they are here.
func (r *rig) enters(s somebody) (string, session.Opened) {
	r.Helper()
	o, err := r.finish(r.visit(s))
	if err != nil {
		r.Fatal(err)
	}
	who, err := r.sessions.Authenticate(r.Context(), o.Secret)
	if err != nil {
		r.Fatal(err)
	}
	return who.UserID, o
}

// stays fails the test unless somebody is refused with a code, and nothing was written.
func (r *rig) stays(back identity.Return, code string) {
	r.Helper()
	before := r.rows()
	_, err := r.finish(back)
	if f, ok := fault.As(err); !ok || f.Code != code {
		r.Fatalf("refused with %v, want %s", err, code)
	}
	if after := r.rows(); after != before {
		r.Fatalf("people, links and sessions were %v and are %v", before, after)
	}
}

// rows counts people, links and sessions.
func (r *rig) rows() (n [3]int) {
	r.Helper()
	for i, table := range []string{"users", "identities", "sessions"} {
		if err := r.db.Reader(r.Context()).QueryRow(r.Context(), `SELECT COUNT(*) FROM `+table+` WHERE org_id = ?`, r.ID).Scan(&n[i]); err != nil {
			r.Fatal(err)
		}
	}
	return n
}

func (r *rig) signedOut(o session.Opened) bool {
	_, err := r.sessions.Authenticate(r.Context(), o.Secret)
	return fault.Is(err, fault.KindUnauthenticated)
}

// logout posts a logout token as the provider does.
func (r *rig) logout(token string) int {
	r.Helper()
	req := httptest.NewRequestWithContext(r.Context(), http.MethodPost, identity.LogoutPath, strings.NewReader(url.Values{"logout_token": {token}}.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	r.service.LogoutHandler().ServeHTTP(w, req)
	if w.Header().Get("Cache-Control") != "no-store" {
		r.Error("the answer may be kept")
	}
	if w.Code >= 400 && !bytes.Contains(w.Body.Bytes(), []byte(`"error"`)) {
		r.Errorf("an error without a reason: %s", w.Body)
	}
	return w.Code
}
