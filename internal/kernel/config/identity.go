package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/ldap"
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

// LDAP says where people are kept.
type LDAP struct {
	URL          string        `name:"url" env:"WORKDRIVE_LDAP_URL" placeholder:"ldaps://…" help:"LDAP directory that the people of an organization come from and sign in with. ldap:// requires STARTTLS, except on this machine or with ?tls=none. The password to bind with is in $WORKDRIVE_LDAP_BIND_PASSWORD or --ldap-bind-password-file."`
	BindDN       string        `name:"bind-dn" env:"WORKDRIVE_LDAP_BIND_DN" placeholder:"DN" help:"Whom to read the directory as; for Active Directory also user@domain."`
	PasswordFile string        `name:"bind-password-file" env:"WORKDRIVE_LDAP_BIND_PASSWORD_FILE" placeholder:"FILE" help:"File that has the password of --ldap-bind-dn."`
	Base         string        `name:"base" env:"WORKDRIVE_LDAP_BASE" placeholder:"DN" help:"Where people are, such as ou=people,dc=company,dc=example."`
	Filter       string        `name:"filter" env:"WORKDRIVE_LDAP_FILTER" placeholder:"FILTER" help:"Which entries are people. Default: persons with an e-mail address."`
	Organization string        `name:"organization" env:"WORKDRIVE_LDAP_ORGANIZATION" placeholder:"SUBDOMAIN" help:"Organization whose people these are. Default: the root organization."`
	Attributes   []string      `name:"attributes" env:"WORKDRIVE_LDAP_ATTRIBUTES" sep:";" placeholder:"WHAT=NAME;…" help:"Other names of attributes, for id, email, login, firstName, lastName, name, phone, title, employeeNumber and groups. Default: those of OpenLDAP and Active Directory."`
	Groups       []string      `name:"groups" env:"WORKDRIVE_LDAP_GROUPS" sep:";" placeholder:"GROUP=DN;…" help:"Security groups that follow groups of the directory, such as Editors=cn=editors,ou=groups,dc=company,dc=example."`
	MaxArchive   int           `name:"max-archive" env:"WORKDRIVE_LDAP_MAX_ARCHIVE" default:"20" placeholder:"PERCENT" help:"How many percent of the directory's people one synchronization may archive unless forced."`
	Interval     time.Duration `name:"interval" env:"WORKDRIVE_LDAP_INTERVAL" default:"1h" placeholder:"TIME" help:"How often people are synchronized; 0 is only when asked."`
}

// On reports that there is a directory.
func (l LDAP) On() bool { return l.URL != "" }

// Check reports the first setting that cannot be used.
func (l LDAP) Check() error {
	if !l.On() {
		if l.BindDN != "" || l.PasswordFile != "" || l.Base != "" || l.Filter != "" || len(l.Attributes) > 0 || len(l.Groups) > 0 {
			return errors.New("--ldap-url is missing: the other settings of LDAP mean nothing without it")
		}
		return nil
	}
	if l.MaxArchive < 0 || l.MaxArchive > 100 {
		return fmt.Errorf("--ldap-max-archive must be between 0 and 100; it is %d", l.MaxArchive)
	}
	if l.Interval != 0 && l.Interval < time.Minute {
		return fmt.Errorf("--ldap-interval must be 0 or at least a minute; it is %s", l.Interval)
	}
	if _, err := Pairs("--ldap-groups", l.Groups); err != nil {
		return err
	}
	settings, err := l.Settings()
	if err != nil {
		return err
	}
	if _, err = ldap.New(settings); err != nil {
		err = fmt.Errorf("--ldap-url and what belongs to it: %w", err)
	}
	return err
}

// Settings are those of the directory's client. It reads the password.
func (l LDAP) Settings() (ldap.Settings, error) {
	password, err := secret(ldapPassword, "--ldap-bind-password-file", l.PasswordFile)
	if err != nil {
		return ldap.Settings{}, err
	}
	pairs, err := Pairs("--ldap-attributes", l.Attributes)
	s := ldap.Settings{URL: l.URL, BindDN: l.BindDN, BindPassword: password, Base: l.Base, Filter: l.Filter, Attributes: map[string]string{}}
	for _, p := range pairs {
		s.Attributes[p.Name] = p.Value
	}
	return s, err
}
