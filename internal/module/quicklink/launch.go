package quicklink

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/oauth2"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	launchFor = 10 * time.Minute // people may take to sign in
	spare     = 30 * time.Second // that a token must be good for
	maxToken  = 64 << 10         // characters
)

// Leap is where a launch leads.
type Leap struct {
	To string
	// Browser is the secret that the browser must bring back, "" when nothing has begun.
	Browser string
}

// Launch gives where a tile leads the actor: to the service, or to sign in there. browser is the
// secret of a sign-in that the same browser has begun before, "" for none.
func (s *Service) Launch(ctx context.Context, who authz.Actor, id, browser string) (Leap, error) {
	t, err := s.store.find(ctx, s.DB.Reader(ctx), who, id)
	if err != nil {
		return Leap{}, err
	}
	if t.Kind == QuickLink {
		to, err := s.leads(t.Tile, t.Link, nil)
		return Leap{To: to}, err
	}
	if t.AuthorizationURI == "" || t.TokenURI == "" || t.ClientID == "" {
		return Leap{}, fault.Conflict("sso.incomplete", "Nobody can sign in with this tile: it needs authorizationURI, tokenURI and clientId.")
	}
	token, err := s.token(ctx, who, t.Tile)
	if err != nil {
		return Leap{}, err
	}
	if token != "" {
		to, err := s.landing(t.Tile, token)
		return Leap{To: to}, err
	}
	return s.begin(ctx, who, t.Tile, browser)
}

// plain reports whether a host may be spoken to in the clear.
func (s *Service) plain(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, n := range s.Allow {
		if n.Contains(ip.Unmap()) {
			return true
		}
	}
	return false
}

// leads gives the address that a text of a tile means.
func (s *Service) leads(t Tile, text string, values map[string]string) (string, error) {
	u := t.filled(text, values, s.plain)
	if u == nil {
		return "", fault.Conflict("sso.addressRefused", "This tile leads to an address that is not redirected to: it must begin with https:// and a host, and its placeholders must stand behind that.")
	}
	return u.String(), nil
}

// landing gives where somebody with a token is sent.
func (s *Service) landing(t Tile, token string) (string, error) {
	switch {
	case t.LoginURL != "":
		return s.leads(t, t.LoginURL, map[string]string{accessToken: token, redirectURI: s.callback(t)})
	case t.Link != "":
		return s.leads(t, t.Link, nil)
	}
	return s.URL + "/", nil
}

// callback is where a service sends people back to: every tile has its own, so that one service
// cannot be given the code of another.
func (s *Service) callback(t Tile) string { return s.URL + "/api/sso/" + t.ID + "/callback" }

// begin has somebody sign in at the service of a tile.
func (s *Service) begin(ctx context.Context, who authz.Actor, t Tile, browser string) (Leap, error) {
	to := t.filled(t.AuthorizationURI, map[string]string{redirectURI: s.callback(t)}, s.plain)
	if to == nil {
		_, err := s.leads(t, "", nil)
		return Leap{}, err
	}
	if len(browser) != len(rand.Text()) {
		browser = rand.Text()
	}
	state, verifier := rand.Text()+rand.Text(), oauth2.GenerateVerifier()
	l := launch{
		state: hashed(state), orgID: who.OrgID, tileID: t.ID, userID: who.UserID, version: t.Version, browser: hashed(browser),
		verifier: s.Keys.Seal(verifier, "sso verifier "+hashed(state)), expiresAt: clock.Millis(s.Clock.Now().Add(launchFor)),
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.begin(ctx, tx, l) })
	if err != nil {
		return Leap{}, err
	}
	query := to.Query()
	for name, value := range map[string]string{
		"response_type": "code", "client_id": t.ClientID, "redirect_uri": s.callback(t), "state": state,
		"code_challenge": oauth2.S256ChallengeFromVerifier(verifier), "code_challenge_method": "S256",
	} {
		query.Set(name, value)
	}
	if t.Scope != "" {
		query.Set("scope", t.Scope)
	}
	to.RawQuery = query.Encode()
	return Leap{To: to.String(), Browser: browser}, nil
}

func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Return is what a service sends somebody back with.
type Return struct {
	TileID, State, Code, Error string
	Browser                    string // the secret of the browser's cookie
}

// errReturn is the one answer to what was not begun here, by this browser, or too long ago.
var errReturn = fault.Forbidden("sso.stateInvalid", "This sign-in was not begun in this browser, is over, or took too long: open the tile again.")

// Finish ends a sign-in and gives where it leads.
func (s *Service) Finish(ctx context.Context, r Return) (string, error) {
	var l launch
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		l, err = s.store.take(ctx, tx, hashed(r.State))
		return err
	})
	switch {
	case errors.Is(err, db.ErrNoRows):
		return "", errReturn
	case err != nil:
		return "", err
	case l.tileID != r.TileID, l.expiresAt <= s.now(), subtle.ConstantTimeCompare([]byte(l.browser), []byte(hashed(r.Browser))) != 1:
		return "", errReturn
	}
	who := authz.Actor{OrgID: l.orgID, UserID: l.userID}
	q := s.DB.Reader(ctx)
	active, err := s.store.isActive(ctx, q, who)
	if err != nil {
		return "", err
	}
	t, err := s.store.byID(ctx, q, l.orgID, l.tileID)
	if fault.Is(err, fault.KindNotFound) || err == nil && (!active || t.Version != l.version) {
		return "", errReturn
	}
	if err != nil {
		return "", err
	}
	if r.Error != "" || r.Code == "" {
		return "", fault.Forbidden("sso.denied", "The service did not let you in.")
	}
	verifier, _, err := s.Keys.Open(l.verifier, "sso verifier "+l.state)
	if err != nil {
		return "", errReturn
	}
	got, err := s.client(t, t.TokenURI).exchange(ctx, r.Code, verifier)
	if err != nil {
		return "", s.failed(ctx, t, err)
	}
	if err := s.keep(ctx, who, t, got); err != nil {
		return "", err
	}
	return s.landing(t, got.AccessToken)
}

// failed tells that a service gave no token. Its answer may have secrets in it and is not shown or
// logged; the error code of OAuth is.
func (s *Service) failed(ctx context.Context, t Tile, err error) error {
	code, status := "", 0
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		if code = refused.ErrorCode; refused.Response != nil {
			status = refused.Response.StatusCode
		}
	}
	reason := "unreachable, or not in the form of OAuth 2"
	if f, ok := fault.As(err); ok {
		reason = f.Code
	}
	s.Log.WarnContext(ctx, "a service gave no token", "tile", t.ID, "status", status, "code", clean(code), "reason", reason)
	return fault.New(fault.KindUnavailable, "sso.serviceFailed", "The service gave no token. Try again, or ask whoever made the tile whether its addresses and client are right.")
}

// clean cuts an error code down to what OAuth 2 allows for one.
func clean(code string) string {
	var out []byte
	for i := range min(len(code), 64) {
		if c := code[i]; c >= 'a' && c <= 'z' || c == '_' {
			out = append(out, c)
		}
	}
	return string(out)
}

// client speaks OAuth 2 with the service of a tile.
type client struct {
	config oauth2.Config
	out    *egress.Client
}

// client is the tile's client of a token endpoint. Without a secret it is a public one.
func (s *Service) client(t Tile, endpoint string) client {
	secret := ""
	if t.secret != "" {
		secret, _, _ = s.Keys.Open(t.secret, t.context()) // a lost one is none: the service refuses
	}
	c := oauth2.Config{
		ClientID: t.ClientID, ClientSecret: secret, RedirectURL: s.callback(t), Endpoint: oauth2.Endpoint{TokenURL: endpoint},
	}
	if secret == "" {
		c.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return client{c, s.Client.WithoutRedirects()}
}

func (c client) exchange(ctx context.Context, code, verifier string) (*oauth2.Token, error) {
	return c.config.Exchange(context.WithValue(ctx, oauth2.HTTPClient, c.out.HTTP()), code, oauth2.VerifierOption(verifier))
}

func (c client) refresh(ctx context.Context, token string) (*oauth2.Token, error) {
	return c.config.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, c.out.HTTP()), &oauth2.Token{RefreshToken: token}).Token()
}

// sealedFor is what the tokens of somebody for a tile are sealed for.
func sealedFor(kind, tileID, userID string) string {
	return "sso " + kind + " " + tileID + " " + userID
}

// keep stores what a service gave.
func (s *Service) keep(ctx context.Context, who authz.Actor, t Tile, got *oauth2.Token) error {
	if got.AccessToken == "" || len(got.AccessToken) > maxToken || len(got.RefreshToken) > maxToken {
		return s.failed(ctx, t, errors.New("no token of a usable length"))
	}
	k := kept{access: s.Keys.Seal(got.AccessToken, sealedFor("access", t.ID, who.UserID)), updatedAt: s.now()}
	if got.RefreshToken != "" {
		k.refresh = s.Keys.Seal(got.RefreshToken, sealedFor("refresh", t.ID, who.UserID))
	}
	if got.ExpiresIn > 0 {
		at := clock.Millis(s.Clock.Now().Add(time.Duration(min(got.ExpiresIn, 10*365*24*3600)) * time.Second))
		k.expiresAt = &at
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		// A tile that was changed or deleted meanwhile has no use for the token.
		there, err := s.store.isVersion(ctx, tx, who.OrgID, t)
		if err != nil {
			return err
		}
		if !there {
			return errReturn
		}
		if err := s.store.keep(ctx, tx, who, t.ID, k); err != nil {
			return err
		}
		return s.publish(ctx, tx, who.OrgID, "sso.connected", t.ID, event{UserID: who.UserID})
	})
}

// token gives a token of the actor's that is good for a while, refreshed when it must be; "" when
// they have to sign in.
func (s *Service) token(ctx context.Context, who authz.Actor, t Tile) (string, error) {
	k, err := s.store.kept(ctx, s.DB.Reader(ctx), who, t.ID)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	access, _, err := s.Keys.Open(k.access, sealedFor("access", t.ID, who.UserID))
	if err == nil && (k.expiresAt == nil || *k.expiresAt > s.now()+spare.Milliseconds()) {
		return access, nil
	}
	refresh := ""
	if k.refresh != "" {
		refresh, _, _ = s.Keys.Open(k.refresh, sealedFor("refresh", t.ID, who.UserID)) // a lost one is none
	}
	if refresh == "" {
		return "", nil
	}
	endpoint := t.TokenURI
	if t.RefreshURI != "" {
		endpoint = t.RefreshURI
	}
	got, err := s.client(t, endpoint).refresh(ctx, refresh)
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) { // revoked or used up: sign in again
		s.Log.InfoContext(ctx, "a service refreshes a token no more", "tile", t.ID, "code", clean(refused.ErrorCode))
		return "", nil
	}
	if err != nil {
		return "", s.failed(ctx, t, err)
	}
	return got.AccessToken, s.keep(ctx, who, t, got)
}

// Disconnect deletes what the actor got for signing in.
func (s *Service) Disconnect(ctx context.Context, who authz.Actor, id string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.find(ctx, tx, who, id); err != nil {
			return err
		}
		gone, err := s.store.forget(ctx, tx, who, id)
		if err != nil || !gone {
			return err
		}
		return s.publish(ctx, tx, who.OrgID, "sso.disconnected", id, event{UserID: who.UserID})
	})
}

func itoa(n int) string { return strconv.Itoa(n) }
