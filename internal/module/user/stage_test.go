package user_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/user"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// stage is an organization with an administrator, a member, and the service.
type stage struct {
	*testing.T
	*user.Service
	*cast.Org
	db            *db.DB
	bus           *bus.Bus
	settings      settings
	admin, member authz.Actor
	events        []string // name and subject of what was published
}

// settings stands for the settings module.
type settings map[string]string

func (s settings) Value(_ context.Context, _ db.Queryer, _, name string) ([]byte, error) {
	if v, ok := s[name]; ok {
		return []byte(v), nil
	}
	return nil, nil
}

// each runs a test on a stage of each engine.
func each(t *testing.T, test func(s *stage)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := clock.System{}
		s := &stage{T: t, db: d, bus: bus.New(d, now, slog.New(slog.DiscardHandler)), Org: cast.NewOrg(t, d), settings: settings{}}
		s.Service = user.New(d, s.bus, now, s.settings)
		s.admin, s.member = s.Administrator(t, "ada"), s.Person(t, "max")
		var mu sync.Mutex // transactions end at the same time in some tests
		s.bus.Subscribe(nil, func(e bus.Delivered) {
			mu.Lock()
			defer mu.Unlock()
			s.events = append(s.events, e.Name+" "+e.Subject)
		})
		test(s)
	}, user.Constraints...)
}

func ptr[T any](v T) *T { return &v }

// draft is a person that can be created.
func draft(name string) user.Draft {
	return user.Draft{Email: name + "@example.com", FirstName: name, LastName: "Tester"}
}

func (s *stage) mustCreate(d user.Draft) user.User {
	s.Helper()
	u, err := s.Create(context.Background(), s.admin, d, false)
	if err != nil {
		s.Fatalf("create %s: %v", d.Email, err)
	}
	return u
}

func (s *stage) mustUpdate(id string, in user.Change) user.User {
	s.Helper()
	u, err := s.Update(context.Background(), s.admin, id, "", in)
	if err != nil {
		s.Fatalf("update: %v", err)
	}
	return u
}

func (s *stage) mustGet(id string) user.User {
	s.Helper()
	u, err := s.Get(context.Background(), s.admin, id)
	if err != nil {
		s.Fatalf("get: %v", err)
	}
	return u
}

// wantFault checks kind, code and, when given, the pointers of the fields.
func (s *stage) wantFault(err error, kind fault.Kind, code string, pointers ...string) {
	s.Helper()
	f, ok := fault.As(err)
	if !ok || f.Kind != kind || f.Code != code {
		s.Fatalf("got %v, want kind %d code %s", err, kind, code)
	}
	for _, want := range pointers {
		found := false
		for _, field := range f.Fields {
			found = found || field.Pointer == want
		}
		if !found {
			s.Errorf("fault %v does not name %s", err, want)
		}
	}
}

func (s *stage) count(query string, args ...any) (n int) {
	s.Helper()
	if err := s.db.Reader(context.Background()).QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		s.Fatal(err)
	}
	return n
}
