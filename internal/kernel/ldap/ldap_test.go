package ldap

import (
	"errors"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/workdrive/workdrive/internal/testkit/slapdtest"
)

func client(t *testing.T, s Settings) *Client {
	t.Helper()
	c, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func reader(server *slapdtest.Server) Settings {
	return Settings{URL: server.URL, Base: slapdtest.Base, BindDN: slapdtest.Reader, BindPassword: slapdtest.Password}
}

func TestEverybodyIsReadPageByPage(t *testing.T) {
	t.Parallel()
	server := slapdtest.Start(t)
	server.Crowd(slapdtest.Limit + 120) // more than one answer may have
	server.Person("ines", "Inés", "Vega")
	server.Set("uid=ines,"+slapdtest.People, "title", "Cartographer")
	list, err := client(t, reader(server)).All(t.Context())
	if err != nil || len(list) != slapdtest.Limit+121 {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	ids := map[string]bool{}
	for _, e := range list {
		ids[e.ID] = true
		if e.Email == "ines@lumen.example" && (e.FirstName != "Inés" || e.LastName != "Vega" || e.Title != "Cartographer" || e.DN != "uid=ines,"+slapdtest.People || e.Disabled) {
			t.Errorf("%+v", e)
		}
	}
	if len(ids) != len(list) || ids[""] {
		t.Errorf("%d ids for %d entries", len(ids), len(list))
	}
}

// TestLoginsAreNoFilters has logins that would mean something in a filter or a DN.
func TestLoginsAreNoFilters(t *testing.T) {
	t.Parallel()
	server := slapdtest.Start(t)
	server.Person("ines", "Inés", "Vega")
	const odd = `o'dd, "a"+b=(c)*\#;<>`
	server.Person(odd, "Odd", "Name")
	c := client(t, reader(server))
	for _, login := range []string{"ines", "INES", " ines ", "ines@lumen.example"} {
		if e, err := c.Check(t.Context(), login, "pass-ines"); err != nil || e.Email != "ines@lumen.example" {
			t.Errorf("%q: %+v, %v", login, e, err)
		}
	}
	if e, err := c.Check(t.Context(), odd, "pass-"+odd); err != nil || e.FirstName != "Odd" {
		t.Errorf("an odd name: %+v, %v", e, err)
	}
	for _, x := range []struct{ login, password string }{
		{"ines", ""}, {"ines", "wrong"}, {"", "pass-ines"}, {"*", "pass-ines"}, {"i*", "pass-ines"}, {"*)(uid=*", "pass-ines"}, {"ines)(|(uid=*", "pass-ines"}, {`ines\00`, "pass-ines"}, {"ines\x00", "pass-ines"},
		{`\69nes`, "pass-ines"}, {"uid=ines," + slapdtest.People, "pass-ines"}, {"ines,ou=people", "pass-ines"}, {"ines+cn=x", "pass-ines"}, {"nobody", "pass-ines"}, {"\xff\xfe", "pass-ines"},
		{strings.Repeat("a", 1000), "pass-ines"}, {slapdtest.Reader, slapdtest.Password}, {"reader", slapdtest.Password}, {"", ""},
	} {
		if e, err := c.Check(t.Context(), x.login, x.password); !errors.Is(err, ErrWrong) {
			t.Errorf("%q with %q: %+v, %v", x.login, x.password, e, err)
		}
	}
}

func TestTwoWithOneLoginAreNobody(t *testing.T) {
	t.Parallel()
	server := slapdtest.Start(t)
	server.Person("ines", "Inés", "Vega")
	second := server.Person("kim", "Kim", "Lee")
	c := client(t, reader(server))
	if _, err := c.Check(t.Context(), "kim", "pass-kim"); err != nil {
		t.Fatal(err)
	}
	server.Set(second, "mail", "ines")
	if _, err := c.Check(t.Context(), "ines", "pass-ines"); !errors.Is(err, ErrWrong) {
		t.Errorf("a login that two have: %v", err)
	}
}

func TestAServerThatCannotBeUsedIsNotAWrongPassword(t *testing.T) {
	t.Parallel()
	server := slapdtest.Start(t)
	server.Person("ines", "Inés", "Vega")
	wrong, encrypted := reader(server), reader(server)
	wrong.BindPassword = "wrong"
	encrypted.URL += "?tls=starttls" // which this server does not offer
	for name, s := range map[string]Settings{"another password of the reader": wrong, "no encryption where it must be": encrypted} {
		if _, err := client(t, s).Check(t.Context(), "ines", "pass-ines"); err == nil || errors.Is(err, ErrWrong) {
			t.Errorf("%s: %v", name, err)
		}
		if list, err := client(t, s).All(t.Context()); err == nil {
			t.Errorf("%s: %d entries", name, len(list))
		}
	}
	good := client(t, reader(server))
	server.Stop()
	if _, err := good.Check(t.Context(), "ines", "pass-ines"); err == nil || errors.Is(err, ErrWrong) {
		t.Errorf("a server that is away: %v", err)
	}
}

func TestSettingsThatCannotWorkSayWhy(t *testing.T) {
	t.Parallel()
	good := Settings{URL: "ldaps://d.example", Base: "dc=lumen,dc=example"}
	for why, change := range map[string]func(s *Settings){
		"address must look": func(s *Settings) { s.URL = "https://d.example" }, "tls is": func(s *Settings) { s.URL += "?tls=none" }, "filter cannot be read": func(s *Settings) { s.Filter = "(uid=*" },
		"base must be": func(s *Settings) { s.Base = "lumen" }, "needs a password": func(s *Settings) { s.BindDN = "cn=x" }, "no attribute for": func(s *Settings) { s.Attributes = map[string]string{"mial": "x"} },
	} {
		s := good
		change(&s)
		if _, err := New(s); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
	for url, startTLS := range map[string]bool{"ldap://d.example": true, "ldap://127.0.0.1": false, "ldap://d.example?tls=none": false, "ldaps://d.example:1636": false} {
		s := good
		s.URL = url
		if c := client(t, s); c.startTLS != startTLS {
			t.Errorf("%s: STARTTLS %v", url, c.startTLS)
		}
	}
}

func TestActiveDirectorysEntriesAreRead(t *testing.T) {
	t.Parallel()
	c := client(t, Settings{URL: "ldaps://d.example", Base: "dc=lumen,dc=example", Attributes: map[string]string{"phone": "mobile"}})
	e := c.entry(goldap.NewEntry("CN=Inés,DC=lumen,DC=example", map[string][]string{
		"objectGUID": {"\x01\x02\xff\x00"}, "mail": {"ines@lumen.example"}, "sAMAccountName": {"ines"}, "telephoneNumber": {"1"}, "mobile": {"2"}, "userAccountControl": {"514"},
		"memberOf": {"CN=Editors,DC=lumen,DC=example"}, "employeeID": {"7"},
	}))
	if e.ID != "0102ff00" || e.Phone != "2" || !e.Disabled || e.EmployeeNumber != "7" || len(e.Groups) != 1 || !SameDN(e.Groups[0], "cn=editors, dc=LUMEN,dc=example") {
		t.Errorf("%+v", e)
	}
}

// FuzzLoginFilter finds no login that is more than one value to compare with.
func FuzzLoginFilter(f *testing.F) {
	for _, s := range []string{"ines", "*)(uid=*", `\00`, "a\x00b", "(", ")", `\`, "é", "\xff", " x ", "&(|(!"} {
		f.Add(s)
	}
	c, err := New(Settings{URL: "ldaps://d.example", Base: "dc=lumen,dc=example", Filter: "(objectClass=person)"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, login string) {
		text, ok := c.loginFilter(login)
		if !ok {
			return
		}
		packet, err := goldap.CompileFilter(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		either := packet.Children[1]
		if len(packet.Children) != 2 || len(either.Children) != 4 {
			t.Fatalf("%q has another form", text)
		}
		for _, term := range either.Children {
			if term.Tag != goldap.FilterEqualityMatch || term.Children[1].Data.String() != strings.TrimSpace(login) {
				t.Fatalf("%q does not compare with %q", text, login)
			}
		}
	})
}
