package app

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"testing"

	fixtures "github.com/workdrive/workdrive/api"
	"github.com/workdrive/workdrive/internal/compat"
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// mutant is one check that is missing: for every operation or, one at a time, for one. It
// shows that the matrix would notice.
type mutant struct {
	name string
	// on says which refused cells must change.
	on func(c cell) bool
	// err gives whom the broken server takes the caller for.
	err func(w *world, c cell) authz.Actor
}

func is(name string) func(c cell) bool { return func(c cell) bool { return c.actor.name == name } }

func enters(_ *world, c cell) authz.Actor { return c.actor.owner }

// mutants break one check each; the table is what the matrix vouches for.
var mutants = []mutant{
	{"an unknown key is somebody's", is("garbage"), enters},
	{"a revoked key works", is("revoked"), enters},
	{"an expired key works", is("expired"), enters},
	{"a blocked person's key works", is("blockedUser"), enters},
	{"a suspended organization's key works", is("suspendedOrg"), func(_ *world, c cell) authz.Actor { return c.actor.who }},
	{
		"the capability is not asked for",
		func(c cell) bool { return c.actor.name == "user" && c.op.Authz.Capability != "" },
		func(_ *world, c cell) authz.Actor {
			who := c.actor.who
			who.Capabilities = []authz.Capability{c.op.Authz.Capability}
			return who
		},
	},
	{
		"the scope is not asked for",
		func(c cell) bool { return !c.actor.who.Within(c.op.Authz.Scope) },
		func(_ *world, c cell) authz.Actor {
			who := c.actor.who
			who.Scopes = nil
			return who
		},
	},
	{
		"the organization is not looked at",
		// Subscriptions are a person's: who is taken for somebody else is the next mutant's business.
		func(c cell) bool {
			return c.actor.name == "otherOrg" && c.relation == foreign && c.kind() != "calendarSubscription"
		},
		func(w *world, c cell) authz.Actor {
			if c.kind() == "device" || c.kind() == "hook" { // which not even administrators see
				return w.tenants[0].keeper
			}
			return w.tenants[0].admin
		},
	},
	{
		"visibility is not looked at",
		func(c cell) bool { return c.actor.name == "user" && c.relation == hidden },
		func(w *world, _ cell) authz.Actor { return w.tenants[0].keeper },
	},
	{
		"it does not matter whose it is",
		func(c cell) bool { return c.actor.name == "user" && c.relation == visible && isOwnOnly(c.op.ID) },
		func(w *world, _ cell) authz.Actor { return w.tenants[0].keeper },
	},
	{
		"it does not matter who is late",
		func(c cell) bool {
			return c.actor.late != "" && !c.finishes() && c.actor.who.Can(c.op.Authz.Capability) && !c.op.Authz.Public
		},
		func(_ *world, c cell) authz.Actor { return c.actor.who },
	},
	{
		"every organization is the root organization",
		func(c cell) bool { return c.actor.name == "otherOrg" && c.op.ID == "createOrganization" },
		func(_ *world, c cell) authz.Actor {
			who := c.actor.who
			who.Root = true
			return who
		},
	},
	{
		"a key makes wider keys",
		func(c cell) bool {
			return c.actor.name == "writeOnlyScope" && slices.Contains([]string{"generateAccessToken", "createToken"}, c.op.ID)
		},
		func(_ *world, c cell) authz.Actor {
			who := c.actor.who
			who.Scopes = nil
			return who
		},
	},
}

// isOwnOnly reports an operation that members may use on what is theirs only.
func isOwnOnly(op string) bool {
	verb, noun := op[:min(6, len(op))], op[min(6, len(op)):]
	return (verb == "update" || verb == "delete") && slices.Contains([]string{"Post", "News", "Photo", "Video", "Document", "Faq", "Event", "Comment"}, noun) || op == "deleteMedia"
}

// broken is an Authenticator that errs as a mutant does on one operation with one key.
type broken struct {
	api.Authenticator
	op, key string
	err     authz.Actor
}

// Authenticate implements api.Authenticator.
func (b *broken) Authenticate(ctx context.Context, key string) (authz.Actor, error) {
	who, err := b.Authenticator.Authenticate(ctx, key)
	if op, _ := ctx.Value(opKey{}).(string); b.op == "" || op != b.op || key != b.key {
		return who, err
	}
	wrong := b.err
	wrong.TokenID = who.TokenID
	return wrong, nil
}

// wired is the same app behind another authenticator.
func (w *world) wired(auth api.Authenticator) (*api.Router, http.Handler) {
	r := api.NewRouter(api.Options{
		Version: Release, DB: w.app.o.DB, Clock: w.clock, Log: slog.New(slog.DiscardHandler), Authenticator: auth, Restrict: w.app.Enforcement.Restrict,
		Examples: fixtures.Fixtures, Aliases: compat.Fields, FailuresPerMinute: -1,
	})
	for _, m := range w.app.mounted() {
		m.Register(r)
	}
	return r, compat.Handler(r)
}

// reply sends the request of a cell on a fresh object and gives what the table would hold.
func (w *world) reply(h http.Handler, c cell) (int, string) {
	id := ""
	if c.kind() != "" {
		id = w.fresh(c.actor, c.kind(), c.relation)
	}
	status, text := w.do(h, w.request(c, id))
	return status, answer(status, text)
}

// TestIsolationMatrixNoticesMissingChecks takes away one check of one operation at a time. A
// cell of that operation must change every time.
func TestIsolationMatrixNoticesMissingChecks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t), constraints()...))
	w.contract = contract{} // actors that cannot be get answers that are not described
	cells, auth, total := w.cells(), &broken{Authenticator: w.app.Tokens}, 0
	_, h := w.wired(auth)
	for _, m := range mutants {
		caught := map[string]bool{} // by operation
		for _, c := range cells {
			if c.want() < 400 || !m.on(c) || caught[c.op.ID] || c.op.ID == "deleteUser" && c.relation == own { // the actor is needed still
				continue
			}
			auth.op = ""
			status, sound := w.reply(h, c)
			if status != c.want() {
				t.Fatalf("%s: %s without any mutant, want %d", c, sound, c.want())
			}
			auth.op, auth.key, auth.err = c.op.ID, c.actor.key, m.err(w, c)
			status, mutated := w.reply(h, c)
			caught[c.op.ID] = mutated != sound && status < 500
		}
		n := 0
		for op, yes := range caught {
			if n++; !yes {
				t.Errorf("%s: when %s, no cell changes", op, m.name)
			}
		}
		if n == 0 {
			t.Errorf("when %s: no operation is concerned", m.name)
		}
		t.Logf("%-45s caught on %d operations", m.name, n)
		total += n
	}
	t.Logf("%d mutants, all caught unless told above", total)
}

// badQueryOf are queries that cannot be used, of types of object whose operations read no body.
var badQueryOf = map[string]string{"getMediaContent": "?expires=soon", "listNotificationDeliveries": "?cur_page=soon"}

// TestIsolationMatrixNoticesOpenGates opens the gate of one type at a time: a body that cannot
// be used then tells that an object of another organization exists.
func TestIsolationMatrixNoticesOpenGates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t), constraints()...))
	noInput := map[string]string{"token": "no operation on a key reads a body or a query", "device": "the same is true of a browser"}
	kinds, open := map[string]bool{}, map[string]bool{}
	for _, c := range w.cells() {
		if c.kind() == "" || c.actor.name != "otherOrg" || c.relation != foreign {
			continue
		}
		kinds[c.kind()] = true
		if bodies[c.op.ID] == "" && badQueryOf[c.op.ID] == "" {
			continue
		}
		r, h := w.wired(w.app.Tokens)
		r.Gate(c.kind(), func(context.Context, authz.Actor, string) error { return nil })
		q := w.request(c, w.object(c.actor, c.kind(), foreign))
		if q.target += badQueryOf[c.op.ID]; bodies[c.op.ID] != "" {
			q.body = `{"`
		}
		if status, text := w.do(h, q); status == http.StatusNotFound {
			t.Errorf("%s: the gate of %s is not asked: %s", c, c.kind(), text)
		}
		open[c.kind()] = true
	}
	for kind := range kinds {
		if !open[kind] && noInput[kind] == "" {
			t.Errorf("the gate of %s was not tried", kind)
		}
	}
	t.Logf("%d of %d gates: %v", len(open), len(kinds), noInput)
}
