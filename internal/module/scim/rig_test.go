package scim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/scim"
	"github.com/workdrive/workdrive/internal/module/securitygroup"
	"github.com/workdrive/workdrive/internal/module/settings"
	"github.com/workdrive/workdrive/internal/module/user"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// rig is provisioning on a database, served over HTTP, with an administrator and a member.
type rig struct {
	*testing.T
	*cast.Org
	db       *db.DB
	url      string
	actors   actors
	ada, max authz.Actor
	kept     audit
}

// audit keeps what the audit log is told.
type audit struct {
	mu   sync.Mutex
	list []string
}

// Audit implements api.Auditor.
func (a *audit) Audit(_ context.Context, _ db.Tx, c api.Audited) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, strings.Join([]string{c.Operation, c.ObjectType, c.ObjectID, c.Outcome, c.Code}, " "))
	return nil
}

// last is the newest entry of the audit log.
func (a *audit) last() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.list) == 0 {
		return ""
	}
	return a.list[len(a.list)-1]
}

// actors authenticates whoever a test names: the key is the id of the person.
type actors map[string]authz.Actor

// Authenticate implements api.Authenticator.
func (a actors) Authenticate(_ context.Context, key string) (authz.Actor, error) {
	if who, ok := a[key]; ok {
		return who, nil
	}
	return authz.Actor{}, fault.New(fault.KindUnauthenticated, "key.wrong", "Your API key is wrong.")
}

// people and groups are module/user and module/securitygroup as package app makes them known.
type people struct{ *user.Service }

func value(p api.Patch[string]) *string {
	if !p.Set || p.Null {
		return nil
	}
	return &p.Value
}

// Create implements scim.People.
func (p people) Create(ctx context.Context, who authz.Actor, c scim.Change) (string, error) {
	u, err := p.Service.Create(ctx, who, user.Draft{
		Email: c.Email.Value, FirstName: c.FirstName.Value, LastName: c.LastName.Value, Phone: value(c.Phone), Designation: value(c.Title),
		Language: value(c.Language), TimeZone: value(c.TimeZone), ExternalUserID: value(c.EmployeeNumber), Department: value(c.DepartmentID),
		ReportsTo: value(c.Manager), Status: value(c.Status),
	}, true)
	return u.ID, err
}

// Update implements scim.People.
func (p people) Update(ctx context.Context, who authz.Actor, id, ifMatch string, c scim.Change) error {
	_, err := p.Service.Update(ctx, who, id, ifMatch, user.Change{
		Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, Phone: c.Phone, Designation: c.Title, Language: c.Language, TimeZone: c.TimeZone,
		ExternalUserID: c.EmployeeNumber, Department: c.DepartmentID, ReportsTo: c.Manager, Status: c.Status,
	})
	return err
}

// Archive implements scim.People.
func (p people) Archive(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return p.Delete(ctx, who, id, ifMatch, false)
}

type groups struct{ s *securitygroup.Service }

// Create implements scim.Groups.
func (g groups) Create(ctx context.Context, who authz.Actor, name string) (string, error) {
	made, err := g.s.Create(ctx, who, securitygroup.Draft{Name: name})
	return made.ID, err
}

// Rename implements scim.Groups.
func (g groups) Rename(ctx context.Context, who authz.Actor, id, ifMatch, name string) error {
	_, err := g.s.Update(ctx, who, id, ifMatch, securitygroup.Change{Name: api.Patch[string]{Set: true, Value: name}})
	return err
}

// Delete implements scim.Groups.
func (g groups) Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return g.s.Delete(ctx, who, id, ifMatch)
}

func named(list []string) []securitygroup.Named {
	var out []securitygroup.Named
	for i, id := range list {
		out = append(out, securitygroup.Named{ID: id, Pointer: fmt.Sprintf("/members/%d", i)})
	}
	return out
}

// Add implements scim.Groups.
func (g groups) Add(ctx context.Context, who authz.Actor, id string, list []string) error {
	_, err := g.s.AddMembers(ctx, who, id, "", named(list))
	return err
}

// Remove implements scim.Groups.
func (g groups) Remove(ctx context.Context, who authz.Actor, id string, list []string) error {
	_, err := g.s.RemoveMembers(ctx, who, id, "", named(list))
	return err
}

// each runs a test on a rig of each engine.
func each(t *testing.T, test func(r *rig)) {
	t.Helper()
	t.Parallel()
	constraints := append(append([]db.Constraint{}, user.Constraints...), append(securitygroup.Constraints, scim.Constraints...)...)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := slog.New(slog.NewTextHandler(t.Output(), nil))
		now := clock.NewManual(time.UnixMilli(cast.At + 1000))
		r := &rig{T: t, db: d, Org: cast.NewOrg(t, d), actors: actors{}}
		b := bus.New(d, now, log)
		service := scim.New(scim.Deps{
			DB: d, Clock: now, Log: log, People: people{user.New(d, b, now, settings.New(d, b, now))}, Groups: groups{securitygroup.New(d, b, now)}, URL: "https://work.example/",
		})
		router := api.NewRouter(api.Options{Version: "test", DB: d, Clock: now, Log: log, Authenticator: r.actors, Auditor: &r.kept, RatePerMinute: 10_000})
		server := httptest.NewServer(service.Handler(router))
		t.Cleanup(server.Close)
		r.url = server.URL
		r.ada, r.max = r.as(r.Administrator(t, "ada")), r.as(r.Person(t, "max"))
		test(r)
	}, constraints...)
}

// as makes a person reachable over HTTP.
func (r *rig) as(who authz.Actor) authz.Actor {
	r.actors[who.UserID] = who
	return who
}

// answer is an HTTP answer.
type answer struct {
	*testing.T
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// send sends a request with somebody's key; nobody's with the zero actor.
func (r *rig) send(who authz.Actor, method, path, body string, headers ...string) answer {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.url+"/scim/v2"+path, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	if who.UserID != "" {
		req.Header.Set("Authorization", "Bearer "+who.UserID)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	a := answer{T: r.T, status: res.StatusCode, header: res.Header, raw: string(raw)}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &a.body); err != nil || res.Header.Get("Content-Type") != "application/scim+json" {
			r.Fatalf("%v, %s: %s", err, res.Header.Get("Content-Type"), raw)
		}
	}
	if res.StatusCode >= 400 {
		if a.text("status") != fmt.Sprint(res.StatusCode) || a.text("schemas", 0) != "urn:ietf:params:scim:api:messages:2.0:Error" || a.text("detail") == "" {
			r.Errorf("an error in another form: %d %s", res.StatusCode, raw)
		}
	}
	return a
}

// call is send as the administrator.
func (r *rig) call(method, path, body string, headers ...string) answer {
	r.Helper()
	return r.send(r.ada, method, path, body, headers...)
}

// want fails the test unless the status and, where given, the scimType are the expected ones.
func (a answer) want(status int, scimType ...string) answer {
	a.Helper()
	if a.status != status || (len(scimType) > 0 && a.text("scimType") != scimType[0]) {
		a.Fatalf("status %d, want %d %v: %s", a.status, status, scimType, a.raw)
	}
	return a
}

// at gives a value of the answer, nil for none; names of members and numbers of elements in turn.
func (a answer) at(path ...any) any {
	var v any = a.body
	for _, p := range path {
		switch x := v.(type) {
		case map[string]any:
			name, _ := p.(string)
			v = x[name]
		case []any:
			i, _ := p.(int)
			if i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (a answer) text(path ...any) string {
	if v := a.at(path...); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// has fails the test unless values are as expected; paths have dots, "" is absent.
func (a answer) has(want map[string]string) answer {
	a.Helper()
	for path, value := range want {
		var parts []any
		for _, p := range strings.Split(path, "/") {
			if p >= "0" && p <= "9" {
				parts = append(parts, int(p[0]-'0'))
			} else {
				parts = append(parts, p)
			}
		}
		if got := a.text(parts...); got != value {
			a.Errorf("%s is %q, want %q: %s", path, got, value, a.raw)
		}
	}
	return a
}

func (a answer) id() string { return a.text("id") }

// create makes somebody by their userName and gives their id.
func (r *rig) create(userName string) string {
	r.Helper()
	return r.call("POST", "/Users", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q,"externalId":"ext-%s"}`, userName, userName)).want(201).id()
}

// status is the state of somebody's account.
func (r *rig) status(id string) (s string) {
	r.Helper()
	if err := r.db.Reader(r.Context()).QueryRow(r.Context(), `SELECT status FROM users WHERE org_id = ? AND id = ?`, r.ID, id).Scan(&s); err != nil {
		r.Fatal(err)
	}
	return s
}

// inside gives the ids of who is in a group.
func (r *rig) inside(group string) string {
	r.Helper()
	var ids []string
	list, _ := r.call("GET", "/Groups/"+group, "").want(200).at("members").([]any)
	for _, m := range list {
		ids = append(ids, fmt.Sprint(m.(map[string]any)["value"]))
	}
	return strings.Join(ids, " ")
}
