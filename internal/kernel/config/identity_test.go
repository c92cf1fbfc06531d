package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The tests of this file set the environment, so none of them is parallel.

func TestAProviderIsSetByFlagsAndFiles(t *testing.T) {
	s, err := parse(t, "--oidc-issuer=https://id.lumen.example:8443/realms/a", "--oidc-client-id=workdrive", "--oidc-client-secret-file", write(t, "hush\n"),
		"--oidc-domains=lumen.example,lumen.org", "--oidc-groups=Editors=CN=wd,OU=x;Press = p", "--oidc-create")
	if err != nil || !s.OIDC.On() || !s.OIDC.Create || s.OIDC.Name != "Single sign-on" || s.OIDC.GroupsClaim != "groups" || s.OIDC.Port() != 8443 {
		t.Fatalf("%+v, %v", s.OIDC, err)
	}
	if secret, err := s.OIDC.Secret(); err != nil || secret != "hush" {
		t.Errorf("%q, %v", secret, err)
	}
	pairs, err := Pairs("--oidc-groups", s.OIDC.Groups)
	if diff := cmp.Diff([]Pair{{"Editors", "CN=wd,OU=x"}, {"Press", "p"}}, pairs); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	t.Setenv("WORKDRIVE_OIDC_GROUPS", "Editors=a;Press=b")
	t.Setenv("WORKDRIVE_OIDC_CLIENT_SECRET", "hush")
	if s, err = parse(t, "--oidc-issuer=https://id.lumen.example", "--oidc-client-id=w"); err != nil || len(s.OIDC.Groups) != 2 || s.OIDC.Port() != 0 {
		t.Errorf("%+v, %v", s.OIDC, err)
	}
	if unknown := Unknown([]string{"WORKDRIVE_OIDC_ISSUER=x", "WORKDRIVE_OIDC_CLIENT_SECRET=x", "WORKDRIVE_OIDC_ISUER=x"}); strings.Join(unknown, " ") != "WORKDRIVE_OIDC_ISUER" {
		t.Errorf("unknown: %v", unknown)
	}
}

func TestAProviderThatCannotWorkSaysWhy(t *testing.T) {
	const good = "--oidc-issuer=https://id.example --oidc-client-id=w "
	for _, c := range []struct{ args, why string }{
		{"--oidc-client-id=w", "--oidc-issuer is missing"},
		{"--oidc-issuer=https://id.example", "needs --oidc-client-id"},
		{"--oidc-issuer=http://id.example --oidc-client-id=w", "must begin with https://"},
		{"--oidc-issuer=id.example --oidc-client-id=w", "must begin with https://"},
		{"--oidc-issuer=https://a:b@id.example --oidc-client-id=w", "must begin with https://"},
		{"--oidc-issuer=https://id.example?x=1 --oidc-client-id=w", "must begin with https://"},
		{good + "--oidc-trust-email", "needs --oidc-domains"},
		{good + "--oidc-groups=Editors", "NAME=VALUE"},
		{good + "--oidc-groups==x", "NAME=VALUE"},
		{good + "--oidc-client-secret-file=/absent/file", "--oidc-client-secret-file: open /absent/file"},
		{good + "--oidc-client-secret=x", "unknown flag"},
	} {
		if _, err := parse(t, strings.Fields(c.args)...); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want %s", c.args, err, c.why)
		}
	}
}

func TestADirectoryIsSetByFlagsAndFiles(t *testing.T) {
	args := []string{
		"--ldap-url=ldaps://ldap.lumen.example", "--ldap-bind-dn=cn=wd,dc=lumen,dc=example", "--ldap-bind-password-file", write(t, "hush\n"), "--ldap-base=dc=lumen,dc=example",
		"--ldap-attributes=phone=mobile;id=badge", "--ldap-groups=Editors=cn=e,dc=lumen,dc=example;Press=cn=p,dc=lumen,dc=example",
	}
	s, err := parse(t, args...)
	if err != nil || !s.LDAP.On() || s.LDAP.MaxArchive != 20 || s.LDAP.Interval != time.Hour || len(s.LDAP.Groups) != 2 {
		t.Fatalf("%+v, %v", s.LDAP, err)
	}
	settings, err := s.LDAP.Settings()
	if err != nil || settings.BindPassword != "hush" || settings.Attributes["phone"] != "mobile" || settings.Attributes["id"] != "badge" {
		t.Errorf("%+v, %v", settings, err)
	}
	if unknown := Unknown([]string{"WORKDRIVE_LDAP_URL=x", "WORKDRIVE_LDAP_BIND_PASSWORD=x", "WORKDRIVE_LDAP_URI=x"}); strings.Join(unknown, " ") != "WORKDRIVE_LDAP_URI" {
		t.Errorf("unknown: %v", unknown)
	}
	const good = "--ldap-url=ldaps://d.example --ldap-base=dc=x "
	for _, c := range []struct{ args, why string }{
		{"--ldap-base=dc=x", "--ldap-url is missing"},
		{"--ldap-url=https://d.example --ldap-base=dc=x", "must look like ldaps://"},
		{"--ldap-url=ldaps://d.example", "base must be a DN"},
		{good + "--ldap-bind-dn=cn=a", "needs a password"},
		{good + "--ldap-filter=(x", "filter cannot be read"},
		{good + "--ldap-max-archive=101", "between 0 and 100"},
		{good + "--ldap-interval=1s", "at least a minute"},
		{good + "--ldap-groups=x", "NAME=VALUE"},
		{good + "--ldap-attributes=mial=x", `no attribute for "mial"`},
		{good + "--ldap-bind-password=x", "unknown flag"},
	} {
		if _, err := parse(t, strings.Fields(c.args)...); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want %s", c.args, err, c.why)
		}
	}
}
