package app

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/directory"
	"github.com/workdrive/workdrive/internal/module/org"
	"github.com/workdrive/workdrive/internal/module/securitygroup"
	"github.com/workdrive/workdrive/internal/module/session"
	"github.com/workdrive/workdrive/internal/module/user"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
	"github.com/workdrive/workdrive/internal/testkit/slapdtest"
)

// registry is the program with an organization whose people are in a real LDAP directory.
type registry struct {
	*testing.T
	*App
	ldap *slapdtest.Server
	who  authz.Actor
	key  string
}

const localPassword = "correct horse battery"

// eachRegistry runs a test on a registry of each engine.
func eachRegistry(t *testing.T, test func(r *registry)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := &registry{T: t, ldap: slapdtest.Start(t)}
		file := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(file, []byte(slapdtest.Password), 0o600); err != nil {
			t.Fatal(err)
		}
		var err error
		r.App, err = New(Options{Version: "test", DB: d, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Server: config.Server{MaxInFlight: 8, LDAP: config.LDAP{
			URL: r.ldap.URL, Base: slapdtest.People, BindDN: slapdtest.Reader, PasswordFile: file, MaxArchive: 20, Groups: []string{"Editors=cn=editors," + slapdtest.People},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		hash, err := user.HashPassword(localPassword)
		if err != nil {
			t.Fatal(err)
		}
		made, err := r.Orgs.Setup(t.Context(), org.Setup{Name: "Lumen", Email: "ada@lumen.example", FirstName: "Ada", LastName: "Lindqvist", PasswordHash: hash})
		if err == nil {
			r.key = made.AccessToken
			r.who, err = r.Operator(t.Context(), "")
		}
		if err != nil {
			t.Fatal(err)
		}
		test(r)
	}, constraints()...)
}

// sync synchronizes and wants a report of created, updated, unchanged, archived, refused and wrong ones.
func (r *registry) sync(o directory.Options, want [6]int) directory.Report {
	r.Helper()
	got, err := r.Directory.Sync(r.Context(), r.who, o)
	if err != nil {
		r.Fatal(err)
	}
	if n := [6]int{got.Created, got.Updated, got.Unchanged, got.Archived, got.ArchiveRefused, len(got.Errors)}; n != want || got.DryRun != o.DryRun {
		r.Fatalf("%v, want %v: %+v", n, want, got)
	}
	return got
}

// person gives somebody by their address, former members included.
func (r *registry) person(email string) user.User {
	r.Helper()
	id, err := r.PersonByEmail(r.Context(), r.who, email)
	if err != nil {
		r.Fatal(err)
	}
	u, err := r.Users.Get(r.Context(), r.who, id)
	if err != nil {
		r.Fatal(err)
	}
	return u
}

// signIn gives how somebody's attempt to sign in ends: their address, or the code of a fault.
func (r *registry) signIn(login, password string) string {
	r.Helper()
	o, err := r.Sessions.SignIn(r.Context(), session.Attempt{Email: login, Password: password, Client: session.Client{Address: "198.51.100.7:1"}})
	if f, ok := fault.As(err); ok {
		return f.Code
	}
	if err != nil {
		r.Fatal(err)
	}
	who, err := r.Sessions.Authenticate(r.Context(), o.Secret)
	if err != nil {
		r.Fatal(err)
	}
	u, err := r.Users.Get(r.Context(), r.who, who.UserID)
	if err != nil {
		r.Fatal(err)
	}
	return u.Email
}

func TestPeopleFollowTheDirectory(t *testing.T) {
	eachRegistry(t, func(r *registry) {
		ines, kim := r.ldap.Person("ines", "Inés", "Vega"), r.ldap.Person("kim", "Kim", "Lee")
		status := user.Active
		there, err := r.Users.Create(r.Context(), r.who, user.Draft{Email: "KIM@lumen.example", FirstName: "K", LastName: "L", Status: &status}, false)
		if err != nil {
			r.Fatal(err)
		}
		r.sync(directory.Options{DryRun: true}, [6]int{1, 1, 0, 0, 0, 0})
		if _, err := r.PersonByEmail(r.Context(), r.who, "ines@lumen.example"); err == nil {
			r.Fatal("a dry run has made somebody")
		}
		r.sync(directory.Options{}, [6]int{1, 1, 0, 0, 0, 0})
		if u := r.person("kim@lumen.example"); u.ID != there.ID || u.FirstName != "Kim" {
			r.Errorf("who was there is %+v", u)
		}
		made := r.person("ines@lumen.example")
		if made.Status != user.Active || made.LastName != "Vega" {
			r.Errorf("who was made is %+v", made)
		}
		// What is corrected here stays, until the entry changes; the entry is known by its id.
		if _, err := r.Users.Update(r.Context(), r.who, made.ID, "", user.Change{LastName: api.Patch[string]{Set: true, Value: "Vega Ruiz"}}); err != nil {
			r.Fatal(err)
		}
		r.sync(directory.Options{}, [6]int{0, 0, 2, 0, 0, 0})
		r.ldap.Move(ines, "ines2")
		r.ldap.Set("uid=ines2,"+slapdtest.People, "mail", "ines2@lumen.example")
		r.ldap.Set("uid=ines2,"+slapdtest.People, "title", "Chief")
		r.sync(directory.Options{}, [6]int{0, 1, 1, 0, 0, 0})
		if u := r.person("ines2@lumen.example"); u.ID != made.ID || u.Designation == nil || *u.Designation != "Chief" || u.LastName != "Vega" {
			r.Errorf("after a change of the entry: %+v", u)
		}
		// Somebody who disappears, and comes back under another id.
		r.ldap.Delete(kim)
		r.sync(directory.Options{DryRun: true}, [6]int{0, 0, 1, 1, 0, 0})
		r.sync(directory.Options{}, [6]int{0, 0, 1, 1, 0, 0})
		r.sync(directory.Options{}, [6]int{0, 0, 1, 0, 0, 0})
		if u := r.person("kim@lumen.example"); u.Status != user.Archive {
			r.Errorf("whose entry is gone is %s", u.Status)
		}
		r.ldap.Person("kim", "Kim", "Lee")
		r.sync(directory.Options{}, [6]int{0, 1, 1, 0, 0, 0})
		if u := r.person("kim@lumen.example"); u.ID != there.ID || u.Status != user.Active {
			r.Errorf("who is back is %+v", u)
		}
		// An entry that was deleted and made again between two runs is the same person.
		r.ldap.Delete(kim)
		r.ldap.Person("kim", "Kim", "Lee")
		r.sync(directory.Options{}, [6]int{0, 1, 1, 0, 0, 0})
		if u := r.person("kim@lumen.example"); u.ID != there.ID || u.Status != user.Active {
			r.Errorf("who was made again is %+v", u)
		}
		// Who was archived here stays so.
		if err := r.Users.Delete(r.Context(), r.who, there.ID, "", false); err != nil {
			r.Fatal(err)
		}
		r.ldap.Set(kim, "title", "Pilot")
		r.sync(directory.Options{}, [6]int{0, 0, 2, 0, 0, 0})
	})
}

func TestWhatIsWrongWithAnEntryKeepsBackNobodyElse(t *testing.T) {
	eachRegistry(t, func(r *registry) {
		r.ldap.Person("ines", "Inés", "Vega")
		twin := r.ldap.Person("twin", "Two", "Twice")
		r.ldap.Set(twin, "mail", "INES@lumen.example")
		odd := r.ldap.Person("odd", "Odd", "Address")
		r.ldap.Set(odd, "mail", "not an address")
		r.ldap.Person("kim", "Kim", "Lee")
		got := r.sync(directory.Options{}, [6]int{2, 0, 0, 0, 0, 2})
		for _, p := range got.Errors {
			if p.Entry == odd && !strings.Contains(p.Detail, "e-mail address") || p.Entry == "" {
				r.Errorf("%+v", p)
			}
		}
	})
}

func TestARunArchivesAFewAtMost(t *testing.T) {
	eachRegistry(t, func(r *registry) {
		var dns []string
		for _, login := range strings.Fields("a b c d e f g h i j") {
			dns = append(dns, r.ldap.Person(login, strings.ToUpper(login), "Person"))
		}
		r.sync(directory.Options{}, [6]int{10, 0, 0, 0, 0, 0})
		for _, dn := range dns[:3] {
			r.ldap.Delete(dn)
		}
		r.sync(directory.Options{}, [6]int{0, 0, 7, 0, 3, 0})
		if u := r.person("a@lumen.example"); u.Status != user.Active {
			r.Errorf("they are %s", u.Status)
		}
		r.ldap.Person("a", "A", "Person")
		r.sync(directory.Options{}, [6]int{0, 1, 7, 2, 0, 0}) // a fifth
		for _, dn := range dns[3:] {
			r.ldap.Delete(dn)
		}
		r.sync(directory.Options{Force: true, DryRun: true}, [6]int{0, 0, 1, 7, 0, 0})
		r.sync(directory.Options{Force: true}, [6]int{0, 0, 1, 7, 0, 0})
		r.ldap.Delete(dns[0])
		r.sync(directory.Options{}, [6]int{0, 0, 0, 1, 0, 0}) // one in any case
	})
}

func TestTheLastAdministratorStaysOne(t *testing.T) {
	eachRegistry(t, func(r *registry) {
		ada := r.ldap.Person("ada", "Ada", "Lindqvist")
		r.sync(directory.Options{}, [6]int{0, 1, 0, 0, 0, 0})
		r.ldap.Delete(ada)
		got := r.sync(directory.Options{Force: true}, [6]int{0, 0, 0, 0, 0, 1})
		if u := r.person("ada@lumen.example"); u.Status != user.Active || !strings.Contains(got.Errors[0].Detail, "last administrator") {
			r.Errorf("they are %s: %+v", u.Status, got.Errors)
		}
	})
}

func TestGroupsFollowTheDirectory(t *testing.T) {
	eachRegistry(t, func(r *registry) {
		ines := r.ldap.Person("ines", "Inés", "Vega")
		kim := r.ldap.Person("kim", "Kim", "Lee")
		group := "cn=editors," + slapdtest.People
		r.ldap.Add(group, "objectClass", "groupOfNames", "cn", "editors", "member", ines)
		g, err := r.Groups.Create(r.Context(), r.who, securitygroup.Draft{Name: "Editors"})
		if err != nil {
			r.Fatal(err)
		}
		inside := func() (names []string) {
			r.Helper()
			roster, err := r.Groups.Roster(r.Context(), r.who, g.ID, api.Page{})
			if err != nil {
				r.Fatal(err)
			}
			for _, m := range roster.Members {
				names = append(names, m.FirstName)
			}
			return names
		}
		r.sync(directory.Options{}, [6]int{2, 0, 0, 0, 0, 0})
		if got := strings.Join(inside(), " "); got != "Inés" {
			r.Errorf("in the group: %s", got)
		}
		r.ldap.Set(group, "member", kim)
		r.sync(directory.Options{}, [6]int{0, 2, 0, 0, 0, 0})
		if got := strings.Join(inside(), " "); got != "Kim" {
			r.Errorf("in the group: %s", got)
		}
	})
}

func TestPeopleSignInWithTheDirectorysPassword(t *testing.T) {
	eachRegistry(t, func(r *registry) {
		ines := r.ldap.Person("ines", "Inés", "Vega")
		r.ldap.Person("kim", "Kim", "Lee")
		if got := r.signIn("kim", "pass-kim"); got != "signIn.wrong" {
			r.Errorf("before they are here: %s", got)
		}
		r.sync(directory.Options{}, [6]int{2, 0, 0, 0, 0, 0})
		hash, err := user.HashPassword("local " + localPassword)
		if err == nil {
			err = r.Users.SetPasswordHash(r.Context(), r.who, r.person("ines@lumen.example").ID, hash)
		}
		if err != nil {
			r.Fatal(err)
		}
		for _, c := range []struct{ login, password, want string }{
			{"ines@lumen.example", "pass-ines", "ines@lumen.example"}, {"INES", "pass-ines", "ines@lumen.example"}, {"kim", "pass-kim", "kim@lumen.example"},
			{"ines@lumen.example", "local " + localPassword, "signIn.wrong"}, {"ines@lumen.example", "", "signIn.wrong"}, {"ines", "", "signIn.wrong"}, {"ines", "pass-kim", "signIn.wrong"},
			{"*", "pass-ines", "signIn.wrong"}, {"*)(uid=*", "pass-ines", "signIn.wrong"}, {`ines\00`, "pass-ines", "signIn.wrong"}, {ines, "pass-ines", "signIn.wrong"},
			{"ada@lumen.example", localPassword, "ada@lumen.example"}, {"ada@lumen.example", "pass-ines", "signIn.wrong"},
		} {
			if got := r.signIn(c.login, c.password); got != c.want {
				r.Errorf("%s with %q: %s, want %s", c.login, c.password, got, c.want)
			}
		}
		if _, err := r.Users.Update(r.Context(), r.who, r.person("kim@lumen.example").ID, "", user.Change{Status: api.Patch[string]{Set: true, Value: user.Blocked}}); err != nil {
			r.Fatal(err)
		}
		if got := r.signIn("kim", "pass-kim"); got != "signIn.blocked" {
			r.Errorf("who is blocked here: %s", got)
		}
		r.ldap.Delete(ines) // and no run since
		if got := r.signIn("ines@lumen.example", "pass-ines"); got != "signIn.wrong" {
			r.Errorf("who is gone there: %s", got)
		}
		r.ldap.Stop()
		if got := r.signIn("ines@lumen.example", "pass-ines"); got != "directory.unavailable" {
			r.Errorf("while the directory is away: %s", got)
		}
		if got := r.signIn("ada@lumen.example", localPassword); got != "ada@lumen.example" {
			r.Errorf("an administrator with a password of their own: %s", got)
		}
	})
}

func TestADirectoryThatIsAwayChangesNothing(t *testing.T) {
	eachRegistry(t, func(r *registry) {
		r.ldap.Person("ines", "Inés", "Vega")
		r.sync(directory.Options{}, [6]int{1, 0, 0, 0, 0, 0})
		r.ldap.Stop()
		for _, o := range []directory.Options{{}, {DryRun: true}, {Force: true}} {
			if _, err := r.Directory.Sync(r.Context(), r.who, o); !fault.Is(err, fault.KindUnavailable) {
				r.Errorf("%+v: %v", o, err)
			}
		}
		if u := r.person("ines@lumen.example"); u.Status != user.Active {
			r.Errorf("they are %s", u.Status)
		}
	})
}

func TestWhoMaySynchronize(t *testing.T) {
	eachRegistry(t, func(r *registry) {
		r.ldap.Person("ines", "Inés", "Vega")
		child, err := r.Orgs.Create(r.Context(), r.who, org.Draft{Name: "Child", Admin: org.Admin{FirstName: "Eve", LastName: "Other", Email: "eve@child.example"}})
		if err != nil {
			r.Fatal(err)
		}
		call := func(key, body string, want int) map[string]any {
			r.Helper()
			req := httptest.NewRequestWithContext(r.Context(), http.MethodPost, "/api/directory/sync", strings.NewReader(body))
			req.Header.Set("X-API-KEY", key)
			req.Header.Set("Content-Type", "application/json")
			rec := httptest.NewRecorder()
			r.Handler().ServeHTTP(rec, req)
			var out map[string]any
			if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || rec.Code != want {
				r.Fatalf("%d, %v: %s", rec.Code, err, rec.Body)
			}
			return out
		}
		if got := call(r.key, `{"dryRun":true}`, 200); got["created"] != 1.0 || got["dryRun"] != true {
			r.Errorf("%v", got)
		}
		if got := call(child.AccessToken, `{"dryRun":true}`, 409); got["code"] != "directory.notConfigured" {
			r.Errorf("another organization: %v", got)
		}
		call("wrong", `{}`, 401)
		if got := call(r.key, `{}`, 200); got["created"] != 1.0 {
			r.Errorf("%v", got)
		}
	})
}
