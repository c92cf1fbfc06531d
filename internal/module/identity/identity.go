package identity

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Where the provider sends browsers back to and posts logout tokens; both are registered there.
const (
	CallbackPath = "/login/oidc/callback"
	LogoutPath   = "/oidc/backchannel-logout"
)

// Limits.
const (
	AttemptFor     = 10 * time.Minute // people may take to sign in at the provider
	maxInput       = 4096             // bytes of state, code and cookie
	maxLogoutToken = 16 << 10
	logoutSkew     = 2 * time.Minute // that a provider's clock may be ahead
	logoutKept     = 24 * time.Hour  // at least, after a token was taken
	maxSubject     = 255             // characters (OpenID Connect Core 1.0, section 2)
	maxGroups      = 1000
)

// algorithms are those that a token may be signed with, whatever the provider says it supports:
// with a shared secret or none, anybody could make one who has the public key.
var algorithms = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"}

// Settings are the provider and what it is trusted with.
type Settings struct {
	Issuer, ClientID, ClientSecret string
	Name                           string // on the button
	Organization                   string // subdomain; "" is the root organization
	Domains                        []string
	TrustEmail                     bool // an address counts as verified unless the provider denies it
	Create                         bool
	GroupsClaim                    string
	Groups                         []Mapping
	Scopes                         []string // beside openid, email and profile
}

// Mapping says which group at the provider makes somebody a member of a security group.
type Mapping struct {
	Group  string // name of the security group
	Remote string
}

// Return is what a browser comes back with.
type Return struct {
	State, Code, Error, Issuer string
	Secret                     string // of the browser's cookie
}

// Proven is somebody the provider vouches for.
type Proven struct {
	OrgID, UserID        string
	Issuer, Subject, SID string
}

// NewPerson is somebody to be made at their first sign-in.
type NewPerson struct{ Email, FirstName, LastName string }

// attempt is a sign-in on its way, as the cookie keeps it.
type attempt struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Next     string `json:"x"`
	Expires  int64  `json:"e"`
}

// flag reads true and "true": some providers write truth values as text.
type flag struct{ set, value bool }

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(data []byte) error {
	f.set, f.value = string(data) != "null", string(data) == "true" || string(data) == `"true"`
	return nil
}

// claims are what an ID token, or the answer about a user, says of somebody.
type claims struct {
	Email         string `json:"email"`
	EmailVerified flag   `json:"email_verified"`
	Name          string `json:"name"`
	GivenName     string `json:"given_name"`
	FamilyName    string `json:"family_name"`
	SID           string `json:"sid"`
	AZP           string `json:"azp"`

	all map[string]json.RawMessage
}

// verified reports whether the address may be taken for the person's own.
func (s Settings) verified(c claims) bool {
	return c.EmailVerified.value || (s.TrustEmail && !c.EmailVerified.set)
}

// allowed reports whether an address is of a domain that may sign in.
func (s Settings) allowed(email string) bool {
	_, domain, ok := strings.Cut(fold(email), "@")
	return ok && !strings.Contains(domain, "@") && (len(s.Domains) == 0 || slices.ContainsFunc(s.Domains, func(d string) bool { return fold(d) == domain }))
}

// admits gives why somebody who has not been here before may not be taken for the person with
// their address; nil when they may.
func (s Settings) admits(c claims) error {
	switch {
	case c.Email == "":
		return fault.Forbidden("oidc.noEmail", "Your account there has no e-mail address, by which we would know you.")
	case !s.verified(c):
		return fault.Forbidden("oidc.emailUnverified", "Your account there has an e-mail address that was not verified. Verify it there, then sign in again.")
	case !s.allowed(c.Email):
		return fault.Forbidden("oidc.domain", "Addresses of this domain do not sign in here.")
	}
	return nil
}

// remoteGroups are the groups at the provider that a claim names.
func (c claims) remoteGroups(claim string) []string {
	var list []string
	if json.Unmarshal(c.all[claim], &list) == nil {
		return list[:min(len(list), maxGroups)]
	}
	var one string
	if json.Unmarshal(c.all[claim], &one) == nil && one != "" {
		return []string{one}
	}
	return nil
}

// groups gives the names of the security groups that somebody belongs to, and those they do not.
// known is false when the claim is missing, which says nothing.
func (s Settings) groups(c claims) (in, out []string, known bool) {
	if _, known = c.all[s.GroupsClaim]; !known || len(s.Groups) == 0 {
		return nil, nil, false
	}
	remote := c.remoteGroups(s.GroupsClaim)
	for _, m := range s.Groups {
		if slices.Contains(remote, m.Remote) {
			in = append(in, m.Group)
		}
	}
	for _, m := range s.Groups {
		if !slices.Contains(in, m.Group) && !slices.Contains(out, m.Group) {
			out = append(out, m.Group)
		}
	}
	return in, out, true
}

// person is somebody to be made of what the provider says.
func (c claims) person() NewPerson {
	first, last := person.Name(c.GivenName, c.FamilyName, c.Name, c.Email)
	return NewPerson{Email: c.Email, FirstName: first, LastName: last}
}

// sameScheme reports whether an address of the provider is as protected as its issuer.
func sameScheme(issuer, address string) bool {
	i, err := url.Parse(issuer)
	if err != nil {
		return false
	}
	a, err := url.Parse(address)
	return err == nil && a.Host != "" && a.User == nil && (a.Scheme == "https" || (a.Scheme == "http" && i.Scheme == "http"))
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// What is told to somebody who signs in.
var (
	errAttempt = fault.Forbidden("oidc.stateInvalid", "This sign-in was not begun in this browser, or took too long. Begin again.")
	errDenied  = fault.Forbidden("oidc.denied", "You were not let in there.")
	errToken   = fault.Forbidden("oidc.tokenInvalid", "The answer from there could not be verified. Begin again.")
	errNobody  = fault.Forbidden("oidc.unknown", "There is no account for you here. Ask an administrator of your organization.")
	errLinked  = fault.Forbidden("oidc.otherAccount", "Another account there is linked to this person. Ask an administrator of your organization.")
)

// errAway says that the provider does not answer as it should.
func errAway(cause error) error {
	return fault.Wrap(cause, fault.KindUnavailable, "oidc.unavailable", "The service that signs you in does not answer. Try again in a minute, or use a password.")
}
