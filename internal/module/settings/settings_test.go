package settings_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/settings"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// stage is an organization with its settings behind a router.
type stage struct {
	*testing.T
	*cast.Org
	settings *settings.Service
	router   *api.Router
	db       *db.DB
	admin    authz.Actor
	events   []string
}

type keys map[string]authz.Actor

func (k keys) Authenticate(_ context.Context, key string) (authz.Actor, error) {
	who, ok := k[key]
	if !ok {
		return who, fault.New(fault.KindUnauthenticated, "key.wrong", "")
	}
	return who, nil
}

func each(t *testing.T, test func(s *stage)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now, log := clock.System{}, slog.New(slog.DiscardHandler)
		b := bus.New(d, now, log)
		s := &stage{T: t, Org: cast.NewOrg(t, d), settings: settings.New(d, b, now), db: d}
		s.admin = s.Administrator(t, "ada")
		limited := s.Person(t, "sam")
		limited.Capabilities = []authz.Capability{authz.SettingsManage}
		b.Subscribe(nil, func(e bus.Delivered) { s.events = append(s.events, e.Name+" "+e.Subject) })
		s.router = api.NewRouter(api.Options{DB: d, Clock: now, Log: log, Authenticator: keys{
			"admin": s.admin, "member": s.Person(t, "max"), "limited": limited, "outsider": cast.NewOrg(t, d).Administrator(t, "oscar"),
		}})
		s.settings.Register(s.router)
		test(s)
	})
}

// want calls an operation, checks the status and gives the body and the ETag.
func (s *stage) want(status int, key, line, body string, headers ...string) (string, string) {
	s.Helper()
	method, path, _ := strings.Cut(line, " ")
	req := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	req.Header.Set("X-API-KEY", key)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	s.router.ServeHTTP(rec, req)
	out, err := io.ReadAll(rec.Result().Body)
	if err != nil {
		s.Fatal(err)
	}
	if rec.Code != status {
		s.Fatalf("%s as %s: %d, want %d: %s", line, key, rec.Code, status, out)
	}
	return string(out), rec.Header().Get("ETag")
}

const (
	onboarding  = "/api/settings/onboarding"
	offboarding = "/api/settings/offboarding"
)

func TestEveryOperationIsDescribedInFull(t *testing.T) {
	each(t, func(s *stage) {
		if err := s.router.Verify(); err != nil {
			s.Error(err)
		}
	})
}

func TestSettingsAreForThoseWhoManageThem(t *testing.T) {
	each(t, func(s *stage) {
		for _, path := range []string{onboarding, offboarding} {
			for key, status := range map[string]int{"admin": 200, "limited": 200, "outsider": 200, "member": 403, "nobody": 401} {
				s.want(status, key, "GET "+path, "")
				s.want(status, key, "PUT "+path, `{}`)
			}
		}
	})
}

func TestASettingIsReadBackAsItWasWritten(t *testing.T) {
	each(t, func(s *stage) {
		department, berlin, group := s.Department(s.T, "Development"), s.Location(s.T, "Berlin"), s.Group(s.T, "Editors")
		for path, document := range map[string]string{
			onboarding: fmt.Sprintf(`{"organization":{"department":%q,"location":%q,"securityGroup":%q,"designation":"Colleague","defaultVisibility":"restricted","skill":["Tact"]},`+
				`"departments":{%q:{"reportsTo":%q,"addAdditionalTeams":[%q]}},"locations":{%q:{"addAdditionalLocations":[%q]}}}`,
				department, berlin, group, department, s.admin.UserID, s.admin.UserID, berlin, berlin),
			offboarding: fmt.Sprintf(`{"organization":{"assignee":%q},"departments":{%q:{"assignee":%q}},"locations":{%q:{}}}`,
				s.admin.UserID, department, s.admin.UserID, berlin),
		} {
			if body, tag := s.want(200, "admin", "GET "+path, ""); body != `{"organization":{},"departments":{},"locations":{}}`+"\n" || tag != `"0"` {
				s.Errorf("an unset setting reads %s with %s", body, tag)
			}
			put, _ := s.want(200, "admin", "PUT "+path, document)
			got, tag := s.want(200, "admin", "GET "+path, "")
			if !same(got, document) || !same(put, document) || tag != `"1"` {
				s.Errorf("wrote %s, read %s with %s", document, got, tag)
			}
			value, err := s.settings.Value(context.Background(), s.db.Reader(context.Background()), s.ID, path[strings.LastIndexByte(path, '/')+1:])
			if err != nil || !same(string(value), document) {
				s.Errorf("modules read %s: %v", value, err)
			}
			s.want(412, "admin", "PUT "+path, `{}`, "If-Match", `"0"`)
			if _, tag := s.want(200, "admin", "PUT "+path, `{}`, "If-Match", `"1"`); tag != `"2"` {
				s.Errorf("the second version is %s", tag)
			}
			if body, _ := s.want(200, "admin", "GET "+path, ""); body != `{"organization":{},"departments":{},"locations":{}}`+"\n" {
				s.Errorf("a setting emptied reads %s", body)
			}
			if body, _ := s.want(200, "outsider", "GET "+path, ""); body != `{"organization":{},"departments":{},"locations":{}}`+"\n" {
				s.Errorf("another organization reads %s", body)
			}
		}
		if n := len(slices.DeleteFunc(s.events, func(e string) bool { return e != "settings.updated onboarding" })); n != 2 {
			s.Errorf("%d events for two changes", n)
		}
	})
}

// same compares two JSON texts, leaving out empty lists.
func same(a, b string) bool {
	clean := func(text string) string {
		var v map[string]map[string]any
		if json.Unmarshal([]byte(text), &v) != nil {
			return text
		}
		out, err := json.Marshal(v)
		if err != nil {
			return text
		}
		return string(out)
	}
	return clean(a) == clean(b)
}

func TestEveryWrongReferenceIsNamed(t *testing.T) {
	each(t, func(s *stage) {
		stranger := cast.NewOrg(s.T, s.db)
		theirs, oslo := stranger.Person(s.T, "zoe").UserID, stranger.Location(s.T, "Oslo")
		gone := s.Person(s.T, "gone").UserID
		s.Exec(s.T, `UPDATE users SET status = 'ARCHIVE' WHERE org_id = ? AND id = ?`, s.ID, gone)
		department, berlin := s.Department(s.T, "Development"), s.Location(s.T, "Berlin")
		for path, c := range map[string]struct {
			document string
			pointers []string
		}{
			onboarding: {
				fmt.Sprintf(`{"organization": {"department": "x", "location": %q, "securityGroup": "x", "reportsTo": %q, "addAdditionalTeams": [%q], "addAdditionalLocations": ["x"], "designation": "a\u0007"},
					"departments": {"a/b": {}, %q: {"department": %q}}, "locations": {%q: {}, %q: {"location": %q, "skill": ["%s"]}}}`,
					oslo, theirs, gone, department, department, oslo, berlin, berlin, strings.Repeat("x", 101)),
				[]string{
					"/organization/department", "/organization/location", "/organization/securityGroup", "/organization/reportsTo",
					"/organization/addAdditionalTeams/0", "/organization/addAdditionalLocations/0", "/organization/designation",
					"/departments/a~1b", "/departments/" + department + "/department", "/locations/" + oslo,
					"/locations/" + berlin + "/location", "/locations/" + berlin + "/skill",
				},
			},
			offboarding: {
				fmt.Sprintf(`{"organization": {"assignee": %q}, "departments": {%q: {"assignee": %q}}, "locations": {"x": {"assignee": "x"}}}`, theirs, department, gone),
				[]string{"/organization/assignee", "/departments/" + department + "/assignee", "/locations/x", "/locations/x/assignee"},
			},
		} {
			body, _ := s.want(400, "admin", "PUT "+path, c.document)
			var p struct{ Errors []fault.Field }
			if err := json.Unmarshal([]byte(body), &p); err != nil {
				s.Fatal(err)
			}
			var got []string
			for _, f := range p.Errors {
				got = append(got, f.Pointer)
			}
			slices.Sort(got)
			slices.Sort(c.pointers)
			if !slices.Equal(got, c.pointers) {
				s.Errorf("named\n%v, want\n%v", got, c.pointers)
			}
			if _, tag := s.want(200, "admin", "GET "+path, ""); tag != `"0"` {
				s.Errorf("something was written: %s", tag)
			}
		}
	})
}

func TestNobodySetsADefaultGroupAboveThemselves(t *testing.T) {
	each(t, func(s *stage) {
		document := fmt.Sprintf(`{"organization": {"securityGroup": %q}}`, s.Administrators)
		body, _ := s.want(403, "limited", "PUT "+onboarding, document)
		if !strings.Contains(body, "/organization/securityGroup") || !strings.Contains(body, "hidden for administrators only") {
			s.Errorf("the refusal does not name the field: %s", body)
		}
		s.want(200, "admin", "PUT "+onboarding, document)
	})
}
