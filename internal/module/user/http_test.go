package user_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/user"
	"github.com/workdrive/workdrive/internal/testkit/cast"
)

// keys stands for the module that knows keys.
type keys map[string]authz.Actor

func (k keys) Authenticate(_ context.Context, key string) (authz.Actor, error) {
	who, ok := k[key]
	if !ok {
		return who, fault.New(fault.KindUnauthenticated, "key.wrong", "")
	}
	return who, nil
}

func (s *stage) router() *api.Router {
	s.Helper()
	outsider := cast.NewOrg(s.T, s.db).Administrator(s.T, "oscar")
	limited := s.admin
	limited.Scopes = []string{"users:read"}
	r := api.NewRouter(api.Options{
		DB: s.db, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Examples: os.DirFS("../../../api/fixtures"),
		Authenticator: keys{"admin": s.admin, "member": s.member, "outsider": outsider, "limited": limited},
	})
	s.Register(r)
	return r
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) into(tb testing.TB, v any) {
	tb.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		tb.Fatalf("%s: %v", a.body, err)
	}
}

type problem struct {
	Code, Detail string
	Errors       []fault.Field
}

func (s *stage) call(r http.Handler, key, line, body string, headers ...string) answer {
	s.Helper()
	method, path, _ := strings.Cut(line, " ")
	req := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	req.Header.Set("X-API-KEY", key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, req)
	out, err := io.ReadAll(rec.Result().Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer{rec.Code, rec.Result().Header, string(out)}
}

// want calls and checks the status.
func (s *stage) want(r http.Handler, status int, key, line, body string, headers ...string) answer {
	s.Helper()
	a := s.call(r, key, line, body, headers...)
	if a.status != status {
		s.Fatalf("%s as %s: %d, want %d: %s", line, key, a.status, status, a.body)
	}
	return a
}

func TestEveryOperationIsDescribedInFull(t *testing.T) {
	each(t, func(s *stage) {
		if err := s.router().Verify(); err != nil {
			s.Error(err)
		}
	})
}

func TestWhoMayCallWhat(t *testing.T) {
	each(t, func(s *stage) {
		r := s.router()
		id := s.mustCreate(draft("subject")).ID
		body := `{"email": "new%s@example.com", "firstName": "N", "lastName": "N"}`
		for i, c := range []struct {
			line, body       string
			admin, mem, away int // statuses for an administrator, a member, another organization's administrator
		}{
			{"GET /api/users", "", 200, 200, 200},
			{"GET /api/users/me", "", 200, 200, 200},
			{"GET /api/users/supervisors", "", 200, 200, 200},
			{"GET /api/users/supervisors?userId=" + id, "", 200, 200, 404},
			{"GET /api/users/" + id, "", 200, 200, 404},
			{"GET /api/users/nobody", "", 404, 404, 404},
			{"POST /api/users/add", body, 201, 403, 201},
			{"POST /api/users/bulk-create", `{"data": [` + strings.ReplaceAll(body, "new", "bulk") + `]}`, 201, 403, 201},
			{"PATCH /api/users/" + id, `{"bio": "x"}`, 200, 403, 404},
			{"PATCH /api/users/" + id, `{"bio": 5}`, 400, 400, 404},
			{"PUT /api/users/" + id + "/follow", "", 200, 200, 404},
			{"GET /api/users/" + id + "/followers", "", 200, 200, 404},
			{"GET /api/users/" + id + "/following", "", 200, 200, 404},
			{"DELETE /api/users/" + id + "/follow", "", 204, 204, 404},
			{"DELETE /api/users/bulk-delete", `{"ids": ["` + id + `"]}`, 200, 403, 200},
			{"DELETE /api/users/" + id, "", 204, 403, 404},
		} {
			for key, status := range map[string]int{"admin": c.admin, "member": c.mem, "outsider": c.away} {
				text := c.body
				if strings.Contains(text, "%s") {
					text = fmt.Sprintf(text, fmt.Sprint(key, i))
				}
				s.want(r, status, key, c.line, text)
			}
			s.want(r, 401, "nobody", c.line, c.body)
		}
		refused := s.want(r, 403, "limited", "POST /api/users/add", body)
		if !strings.Contains(refused.body, "users:write") {
			s.Errorf("the missing scope is not named: %s", refused.body)
		}
		refused = s.want(r, 403, "member", "PATCH /api/users/"+s.member.UserID, `{"status": "BLOCKED"}`)
		if !strings.Contains(refused.body, "hidden for administrators only") || !strings.Contains(refused.body, "/status") {
			s.Errorf("the refusal does not name the field: %s", refused.body)
		}
	})
}

func TestAPersonTravelsThroughTheAPI(t *testing.T) {
	each(t, func(s *stage) {
		r := s.router()
		made := s.want(r, 201, "admin", "POST /api/users/add", `{"email": "john@example.com", "firstName": "John", "lastName": "Smith", "isDepartmentHead": "false", "skill": "Go", "availability": 3}`)
		var u struct {
			ID                        string
			CreatedAt                 string
			Availability              any
			Picture, Location, Badges any
			Skill                     []string
		}
		made.into(s, &u)
		if made.header.Get("ETag") != `"1"` || len(u.CreatedAt) != len("2022-12-21T10:57:54.722Z") || u.Availability != 1.0 || u.Picture != nil || u.Badges == nil {
			s.Errorf("created as %s", made.body)
		}
		changed := s.want(r, 200, "admin", "PATCH /api/users/"+u.ID, `{"availability": "AWAY", "skill": ["Go", "SQL"], "bio": "x"}`, "If-Match", `"1"`)
		if changed.header.Get("ETag") != `"2"` || !strings.Contains(changed.body, `"availability":2`) {
			s.Errorf("changed to %s", changed.body)
		}
		s.want(r, 412, "admin", "PATCH /api/users/"+u.ID, `{"bio": "y"}`, "If-Match", `"1"`)
		s.want(r, 200, "admin", "PATCH /api/users/"+u.ID, `{"availability": "2"}`)
		s.want(r, 400, "admin", "PATCH /api/users/"+u.ID, `{"availability": "LOST"}`)
		s.want(r, 409, "admin", "POST /api/users/add", `{"email": "JOHN@example.com", "firstName": "J", "lastName": "S"}`)
		var bad problem
		s.want(r, 400, "admin", "POST /api/users/add", `{"firstName": 5, "lastName": "", "status": "LOST"}`).into(s, &bad)
		if len(bad.Errors) != 4 {
			s.Errorf("wrong fields: %+v", bad.Errors)
		}
		s.want(r, 204, "admin", "DELETE /api/users/"+u.ID+"?bulk=true", "")
		if gone := s.want(r, 200, "admin", "GET /api/users/"+u.ID, ""); !strings.Contains(gone.body, `"ARCHIVE"`) {
			s.Errorf("deleted: %s", gone.body)
		}
		s.want(r, 200, "admin", "PATCH /api/users/"+u.ID, `{"status": "ACTIVE"}`)
	})
}

func TestListsFilterAndPage(t *testing.T) {
	each(t, func(s *stage) {
		r := s.router()
		department, berlin, group := s.Department(s.T, "Development"), s.Location(s.T, "Berlin"), s.Group(s.T, "Editors")
		boss := s.active("boss")
		for i := range 5 {
			d := draft(fmt.Sprintf("list%d_%%", i))
			d.LastName, d.Department, d.Location, d.ReportsTo, d.SecurityGroup = fmt.Sprintf("Zz%d", 9-i), &department, &berlin, &boss.ID, &group
			d.ExternalUserID = ptr(fmt.Sprint("X", i))
			s.mustCreate(d)
		}
		gone := s.active("gone")
		if err := s.Delete(context.Background(), s.admin, gone.ID, "", false); err != nil {
			s.Fatal(err)
		}
		type page struct {
			Users []struct{ ID, LastName, Status string }
			Meta  api.Meta
		}
		list := func(query string) (p page) {
			s.Helper()
			s.want(r, 200, "member", "GET /api/users?"+query, "").into(s, &p)
			return p
		}
		for query, n := range map[string]int{
			"": 8, "location=" + berlin: 5, "department=" + department: 5, "department=development": 5, "department=x": 0,
			"location=" + department: 0, "status=ARCHIVE": 1, "status=PRE_INVITED": 5, "securityGroup=" + group: 5, "reportsTo=" + boss.ID: 5,
			"search=LIST3": 1, "search=list+zz": 5, "search=list+nobody": 0, "search=_%25": 5, "search=!": 0, "search=%25boss": 0,
			"email=BOSS@example.com": 1, "email=boss": 0, "externalUserId=X1": 1, "externalUserId=x1": 0,
			"location=" + berlin + "&search=list0&status=PRE_INVITED": 1,
		} {
			if got := list(query); got.Meta.TotalResults != n || len(got.Users) != n {
				s.Errorf("%q selects %d (%d on the page), want %d", query, got.Meta.TotalResults, len(got.Users), n)
			}
		}
		first := list("location=" + berlin + "&per_page=2")
		second := list("location=" + berlin + "&per_page=2&cur_page=2")
		cursor := list("location=" + berlin + "&per_page=2&cursor=" + first.Meta.NextCursor)
		last := list("location=" + berlin + "&per_page=3&cursor=" + first.Meta.NextCursor)
		if first.Users[0].LastName != "Zz5" || first.Meta.TotalPages != 3 || first.Meta.NextPage != 2 {
			s.Errorf("first page: %+v", first)
		}
		if !slices.Equal(second.Users, cursor.Users) || cursor.Meta.TotalResults != 5 {
			s.Errorf("page two is %+v, by cursor %+v", second, cursor)
		}
		if len(last.Users) != 3 || last.Users[2].LastName != "Zz9" || list("per_page=8").Meta.NextPage != 0 {
			s.Errorf("the last page: %+v", last)
		}
		for _, query := range []string{"cursor=x", "cur_page=0", "per_page=-1", "status=LOST", "location=berlin", "securityGroup=x", "reportsTo=x", "search=%00", "email=%00", "search=" + strings.Repeat("x", 201)} {
			s.want(r, 400, "member", "GET /api/users?"+query, "")
		}
	})
}

func TestListsTakeTheSameNumberOfStatementsWhateverTheirLength(t *testing.T) {
	each(t, func(s *stage) {
		var bosses []string
		for i := range 40 {
			d := draft(fmt.Sprint("many", i))
			d.ReportsTo, d.AddAdditionalTeams = &s.admin.UserID, []string{s.member.UserID}
			u := s.mustCreate(d)
			s.Exec(s.T, `INSERT INTO follows (org_id, follower_id, followed_id, created_at) VALUES (?1, ?2, ?3, 1), (?1, ?3, ?2, 1)`, s.ID, u.ID, s.admin.UserID)
			bosses = append(bosses, u.ID)
		}
		d := draft("worker")
		d.AddAdditionalTeams = bosses
		worker := s.mustCreate(d)
		statements := func(perPage int, list func(ctx context.Context, p api.Page) error) int {
			ctx, n := db.CountQueries(context.Background())
			if err := list(ctx, api.Page{PerPage: perPage}); err != nil {
				s.Fatal(err)
			}
			return n.N()
		}
		for name, list := range map[string]func(ctx context.Context, p api.Page) error{
			"listUsers": func(ctx context.Context, p api.Page) error {
				_, _, err := s.List(ctx, s.admin, user.Filter{ReportsTo: s.admin.UserID}, p) // on every page somebody has a supervisor
				return err
			},
			"listSupervisors": func(ctx context.Context, p api.Page) error {
				_, _, err := s.Supervisors(ctx, s.admin, "", p)
				return err
			},
			"listSupervisors of a person": func(ctx context.Context, p api.Page) error {
				_, _, err := s.Supervisors(ctx, s.admin, worker.ID, p)
				return err
			},
			"listFollowed": func(ctx context.Context, p api.Page) error {
				_, _, err := s.Followed(ctx, s.admin, s.admin.UserID, p)
				return err
			},
			"listFollowers": func(ctx context.Context, p api.Page) error {
				_, _, err := s.Followers(ctx, s.admin, s.admin.UserID, p)
				return err
			},
		} {
			one, all := statements(2, list), statements(100, list)
			if one != all || all > 4 {
				s.Errorf("%s: %d statements for a short page, %d for a long one", name, one, all)
			}
		}
	})
}

func TestSupervisorsOfAPersonAndOfEverybody(t *testing.T) {
	each(t, func(s *stage) {
		r := s.router()
		berlin := s.Location(s.T, "Berlin")
		boss, extra, local := s.active("boss"), s.active("extra"), s.active("local")
		s.Exec(s.T, `INSERT INTO location_admins (org_id, location_id, user_id) VALUES (?, ?, ?)`, s.ID, berlin, local.ID)
		d := draft("worker")
		d.ReportsTo, d.AddAdditionalTeams, d.AddAdditionalLocations = &boss.ID, []string{extra.ID}, []string{berlin}
		worker := s.mustCreate(d)
		names := func(query string) (list []string) {
			var p struct {
				Users []struct{ FirstName, Email string }
			}
			s.want(r, 200, "member", "GET /api/users/supervisors?"+query, "").into(s, &p)
			for _, u := range p.Users {
				list = append(list, u.FirstName)
			}
			return list
		}
		if got := names("userId=" + worker.ID); !slices.Equal(got, []string{"boss", "extra", "local"}) {
			s.Errorf("supervisors of the worker: %v", got)
		}
		if got := names(""); !slices.Equal(got, []string{"boss"}) {
			s.Errorf("everybody with a direct report: %v", got)
		}
		if got := names("userId=" + boss.ID); got != nil {
			s.Errorf("supervisors of the boss: %v", got)
		}
		s.want(r, 404, "member", "GET /api/users/supervisors?userId=x", "")
	})
}
