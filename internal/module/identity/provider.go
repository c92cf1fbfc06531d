package identity

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/egress"
)

const (
	discoveredFor = time.Hour
	awayFor       = 5 * time.Second // that a provider which did not answer is not asked again
)

// provider is the OpenID Connect provider, found out about when it is needed: a server starts
// without it.
type provider struct {
	settings Settings
	callback string
	clock    clock.Clock
	out      *egress.Client

	mu      sync.Mutex
	found   *oidc.Provider
	checks  *oidc.IDTokenVerifier
	foundAt time.Time
	failed  error
	failAt  time.Time
}

// client puts the guarded client into a context, for the libraries. What they send has a secret
// in it: it follows no redirect.
func (p *provider) client(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.out.WithoutRedirects().HTTP())
}

// get gives the provider's endpoints and keys. They are asked for again every hour; those of
// before do when that fails.
func (p *provider) get(ctx context.Context) (*oidc.Provider, *oidc.IDTokenVerifier, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if p.found != nil && now.Sub(p.foundAt) < discoveredFor {
		return p.found, p.checks, nil
	}
	if p.failed != nil && now.Sub(p.failAt) < awayFor {
		return p.found, p.checks, p.failure()
	}
	// The keys are fetched with this context later, when the request is over.
	found, err := oidc.NewProvider(p.client(context.WithoutCancel(ctx)), p.settings.Issuer)
	if err == nil {
		err = p.usable(found)
	}
	if err != nil {
		p.failed, p.failAt = err, now
		return p.found, p.checks, p.failure()
	}
	p.found, p.foundAt, p.failed = found, now, nil
	p.checks = found.Verifier(&oidc.Config{ClientID: p.settings.ClientID, SupportedSigningAlgs: algorithms, Now: p.clock.Now})
	return p.found, p.checks, nil
}

func (p *provider) failure() error {
	if p.found != nil {
		return nil
	}
	return errAway(p.failed)
}

// usable refuses endpoints that would send secrets or people into the clear.
func (p *provider) usable(found *oidc.Provider) error {
	var more struct {
		Keys string `json:"jwks_uri"`
	}
	if err := found.Claims(&more); err != nil {
		return err
	}
	e := found.Endpoint()
	for _, address := range []string{e.AuthURL, e.TokenURL, more.Keys} {
		if !sameScheme(p.settings.Issuer, address) {
			return fmt.Errorf("the provider names an endpoint that is not used: %q", address)
		}
	}
	return nil
}

func (p *provider) config(found *oidc.Provider) oauth2.Config {
	return oauth2.Config{
		ClientID: p.settings.ClientID, ClientSecret: p.settings.ClientSecret, RedirectURL: p.callback, Endpoint: found.Endpoint(),
		Scopes: append([]string{oidc.ScopeOpenID, "email", "profile"}, p.settings.Scopes...),
	}
}

// leads gives where a browser is sent to sign in.
func (p *provider) leads(ctx context.Context, a attempt) (string, error) {
	found, _, err := p.get(ctx)
	if err != nil {
		return "", err
	}
	c := p.config(found)
	return c.AuthCodeURL(a.State, oauth2.S256ChallengeOption(a.Verifier), oidc.Nonce(a.Nonce)), nil
}

// account is what a verified ID token says.
type account struct {
	subject string
	claims  claims
}

// redeem gives the account that a code stands for. A Forbidden fault when the provider refuses the
// code or its token is not one for this attempt.
func (p *provider) redeem(ctx context.Context, a attempt, code string) (account, error) {
	found, checks, err := p.get(ctx)
	if err != nil {
		return account{}, err
	}
	ctx = p.client(ctx)
	c := p.config(found)
	token, err := c.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return account{}, exchangeFailed(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return account{}, refusal{errors.New("no ID token")}
	}
	id, err := checks.Verify(ctx, raw)
	if err != nil {
		return account{}, refusal{err}
	}
	who, err := p.accept(id, a)
	if err != nil {
		return account{}, refusal{err}
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return account{}, refusal{err}
		}
	}
	if who.claims.Email == "" && found.UserInfoEndpoint() != "" && sameScheme(p.settings.Issuer, found.UserInfoEndpoint()) {
		err = p.ask(ctx, found, token, &who)
	}
	return who, err
}

// accept checks what the library leaves to its user, and reads the claims.
func (p *provider) accept(id *oidc.IDToken, a attempt) (account, error) {
	who := account{subject: id.Subject}
	if err := errors.Join(id.Claims(&who.claims), id.Claims(&who.claims.all)); err != nil {
		return who, err
	}
	azp := who.claims.AZP
	switch n := utf8.RuneCountInString(id.Subject); {
	case n == 0 || n > maxSubject || !utf8.ValidString(id.Subject):
		return who, errors.New("the subject is missing or too long")
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1:
		return who, errors.New("the nonce is another one")
	case (len(id.Audience) > 1 || azp != "") && azp != p.settings.ClientID:
		return who, errors.New("the token is authorized for another client")
	}
	return who, nil
}

// ask takes what the ID token does not say from the answer about the user, which must be the same.
func (p *provider) ask(ctx context.Context, found *oidc.Provider, token *oauth2.Token, who *account) error {
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return errAway(err)
	}
	if info.Subject != who.subject {
		return refusal{errors.New("the answer about the user is about another one")}
	}
	sid, known := who.claims.SID, who.claims.all
	var all map[string]json.RawMessage
	if err := errors.Join(info.Claims(&who.claims), info.Claims(&all)); err != nil {
		return refusal{err}
	}
	who.claims.SID, who.claims.all = sid, all
	for name, value := range known { // what is signed counts
		who.claims.all[name] = value
	}
	return nil
}

// refusal is a token or code that is not taken. Its cause is for the log.
type refusal struct{ cause error }

// Error implements error.
func (r refusal) Error() string { return r.cause.Error() }

// Unwrap gives the cause.
func (r refusal) Unwrap() error { return r.cause }

// exchangeFailed tells a code that the provider refuses from a provider that does not answer.
func exchangeFailed(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < 500 {
		return refusal{fmt.Errorf("the provider refused the code: status %d, %q", refused.Response.StatusCode, refused.ErrorCode)}
	}
	return errAway(err)
}

// logout verifies a logout token.
func (p *provider) logout(ctx context.Context, raw string) (*oidc.LogoutToken, error) {
	_, checks, err := p.get(ctx)
	if err != nil {
		return nil, err
	}
	t, err := checks.VerifyLogout(p.client(ctx), raw)
	if err != nil {
		return nil, refusal{err}
	}
	var more struct {
		Events map[string]map[string]json.RawMessage `json:"events"` // an event is an object
	}
	now := p.clock.Now()
	switch err := t.Claims(&more); {
	case err != nil:
		return nil, refusal{err}
	case t.IssuedAt.IsZero() || t.IssuedAt.After(now.Add(logoutSkew)):
		return nil, refusal{errors.New("the token was made at no time or later than now")}
	case len(t.TokenID) > maxInput || len(t.Subject) > maxInput || len(t.SessionID) > maxInput:
		return nil, refusal{errors.New("the token has too long a value")}
	}
	return t, nil
}
