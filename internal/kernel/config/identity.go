package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Variables of the environment that may have secrets.
const (
	oidcSecret   = "WORKDRIVE_OIDC_CLIENT_SECRET" //nolint:gosec // the name, not the secret
	ldapPassword = "WORKDRIVE_LDAP_BIND_PASSWORD" //nolint:gosec // the name, not the password
)

// OIDC says where people sign in besides here.
type OIDC struct {
	Issuer       string   `name:"issuer" env:"WORKDRIVE_OIDC_ISSUER" placeholder:"https://…" help:"OpenID Connect provider where people can sign in, as its discovery document names it. The address to register there is PUBLIC-URL/login/oidc/callback. The client's secret is in $WORKDRIVE_OIDC_CLIENT_SECRET or --oidc-client-secret-file."`
	ClientID     string   `name:"client-id" env:"WORKDRIVE_OIDC_CLIENT_ID" placeholder:"ID" help:"Id of this server at the provider."`
	SecretFile   string   `name:"client-secret-file" env:"WORKDRIVE_OIDC_CLIENT_SECRET_FILE" placeholder:"FILE" help:"File that has the client's secret, instead of $WORKDRIVE_OIDC_CLIENT_SECRET. A public client has none."`
	Name         string   `name:"name" env:"WORKDRIVE_OIDC_NAME" default:"Single sign-on" placeholder:"NAME" help:"What the button on the sign-in page calls the provider."`
	Organization string   `name:"organization" env:"WORKDRIVE_OIDC_ORGANIZATION" placeholder:"SUBDOMAIN" help:"Organization whose people sign in there. Default: the root organization."`
	Domains      []string `name:"domains" env:"WORKDRIVE_OIDC_DOMAINS" placeholder:"DOMAIN,…" help:"Domains of e-mail addresses that may sign in for the first time. Default: any."`
	TrustEmail   bool     `name:"trust-email" env:"WORKDRIVE_OIDC_TRUST_EMAIL" help:"Take e-mail addresses for verified of which the provider does not say whether they are, as Microsoft Entra does not. Needs --oidc-domains."`
	Create       bool     `name:"create" env:"WORKDRIVE_OIDC_CREATE" help:"Create whoever signs in for the first time and is not there yet."`
	Scopes       []string `name:"scopes" env:"WORKDRIVE_OIDC_SCOPES" placeholder:"SCOPE,…" help:"Scopes to ask for besides openid, email and profile, such as groups."`
	GroupsClaim  string   `name:"groups-claim" env:"WORKDRIVE_OIDC_GROUPS_CLAIM" default:"groups" placeholder:"CLAIM" help:"Claim that lists somebody's groups at the provider."`
	Groups       []string `name:"groups" env:"WORKDRIVE_OIDC_GROUPS" sep:";" placeholder:"GROUP=THERE;…" help:"Security groups that follow groups at the provider, such as Editors=workdrive-editors. Set at each sign-in."`
}

// On reports that people can sign in at a provider.
func (o OIDC) On() bool { return o.Issuer != "" }

// Check reports the first setting that cannot be used.
func (o OIDC) Check() error {
	if !o.On() {
		if o.ClientID != "" || o.SecretFile != "" || o.Create || len(o.Groups) > 0 || len(o.Domains) > 0 {
			return errors.New("--oidc-issuer is missing: the other settings of OpenID Connect mean nothing without it")
		}
		return nil
	}
	u, err := url.Parse(o.Issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && (u.Scheme != "http" || !literal(u.Hostname()))) {
		return fmt.Errorf("--oidc-issuer must begin with https:// and be exactly what the provider calls itself; it is %q", o.Issuer)
	}
	if o.ClientID == "" {
		return errors.New("--oidc-issuer needs --oidc-client-id")
	}
	if o.TrustEmail && len(o.Domains) == 0 {
		return errors.New("--oidc-trust-email needs --oidc-domains: otherwise whoever controls the provider's addresses could be anybody")
	}
	if _, err := Pairs("--oidc-groups", o.Groups); err != nil {
		return err
	}
	_, err = o.Secret()
	return err
}

// Secret reads the client's secret, "" for none.
func (o OIDC) Secret() (string, error) {
	return secret(oidcSecret, "--oidc-client-secret-file", o.SecretFile)
}

// Port is the provider's, 0 for that of its scheme.
func (o OIDC) Port() uint16 {
	u, err := url.Parse(o.Issuer)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseUint(u.Port(), 10, 16)
	return uint16(n)
}

// literal says whether a host is an address, or this machine: those are spoken to in the clear.
func literal(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || host == "localhost"
}

// Pair is a name here and what it stands for elsewhere.
type Pair struct{ Name, Value string }

// Pairs reads NAME=VALUE; the value may have more equals signs.
func Pairs(flag string, list []string) ([]Pair, error) {
	var pairs []Pair
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		p := Pair{strings.TrimSpace(name), strings.TrimSpace(value)}
		if !ok || p.Name == "" || p.Value == "" {
			return nil, fmt.Errorf("%s must be written NAME=VALUE, with semicolons between several; it has %q", flag, text)
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}
