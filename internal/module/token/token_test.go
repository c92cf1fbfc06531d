package token_test

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	fixtures "github.com/workdrive/workdrive/api"
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/module/token"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// rig is the module on a database, which authenticates its own requests.
type rig struct {
	*testing.T
	*cast.Org
	db      *db.DB
	clock   *clock.Manual
	service *token.Service
	handler http.Handler
}

// each runs a test on a rig of each engine.
func each(t *testing.T, test func(r *rig)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log, now := slog.New(slog.DiscardHandler), clock.NewManual(time.UnixMilli(cast.At))
		r := &rig{T: t, db: d, Org: cast.NewOrg(t, d), clock: now}
		r.service = token.New(d, bus.New(d, now, log), now, log)
		router := api.NewRouter(api.Options{Version: "test", DB: d, Clock: now, Log: log, Authenticator: r.service, Examples: fixtures.Fixtures})
		r.service.Register(router)
		if err := router.Verify(); err != nil {
			t.Fatal(err)
		}
		r.handler = router
		test(r)
	})
}

// key issues a key without asking who wants it.
func (r *rig) key(who authz.Actor) (secret string) {
	r.Helper()
	err := r.db.Write(r.Context(), func(ctx context.Context, tx db.Tx) (err error) {
		secret, err = r.service.Issue(ctx, tx, who.OrgID, who.UserID)
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return secret
}

// holder adds a person of a group with capabilities and gives their id and key.
func (r *rig) holder(name string, capabilities ...authz.Capability) (id, key string) {
	r.Helper()
	who, group := r.Person(r.T, name), r.Group(r.T, name, capabilities...)
	r.Exec(r.T, `INSERT INTO security_group_members (org_id, group_id, user_id) VALUES (?, ?, ?)`, r.ID, group, who.UserID)
	return who.UserID, r.key(who)
}

type answer struct {
	Token, ID, Code, Name, Prefix string
	LastUsedAt                    *string
	Tokens                        []answer
	Errors                        []struct{ Pointer string }
	Meta                          struct{ TotalResults, TotalPages, NextPage int }
}

func (r *rig) call(ctx context.Context, key, method, target, body string) (int, answer) {
	r.Helper()
	req := httptest.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	req.Header.Set("X-API-KEY", key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	r.handler.ServeHTTP(rec, req)
	var a answer
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
			r.Fatalf("%s %s: %s", method, target, rec.Body)
		}
	}
	return rec.Code, a
}

// want calls and fails unless status and code are the expected ones; "" is any code.
func (r *rig) want(status int, code, key, line, body string) answer {
	r.Helper()
	method, target, _ := strings.Cut(line, " ")
	got, a := r.call(r.Context(), key, method, target, body)
	if got != status || (code != "" && a.Code != code) {
		r.Fatalf("%s %s: %d %s, want %d %s (%v)", line, body, got, a.Code, status, code, a.Errors)
	}
	return a
}

const (
	generate = "POST /api/token/generate-access"
	create   = "POST /api/tokens"
)

func of(id string) string { return `{"name":"key","userId":"` + id + `"}` }

func TestManagingKeysIsNoWayToBecomeAnAdministrator(t *testing.T) {
	each(t, func(r *rig) {
		admin, bob := r.Administrator(r.T, "ada"), r.Person(r.T, "bob")
		adminKey := r.key(admin)
		_, manager := r.holder("mia", authz.TokensManage)
		peer, _ := r.holder("pia", authz.TokensManage)
		above, _ := r.holder("max", authz.TokensManage, authz.ContentModerate)
		for _, line := range []string{generate, create} {
			r.want(201, "", manager, line, of(bob.UserID))
			r.want(201, "", manager, line, of(peer))
			r.want(403, "token.aboveCaller", manager, line, of(admin.UserID))
			r.want(403, "token.aboveCaller", manager, line, of(above))
			r.want(201, "", adminKey, line, of(above))
		}
		list := r.want(200, "", adminKey, "GET /api/tokens", "") // the refused calls revoked nothing
		if len(list.Tokens) != 1 {
			r.Fatalf("%d keys of the administrator", len(list.Tokens))
		}
		r.want(204, "", manager, "DELETE /api/tokens/"+list.Tokens[0].ID, "") // a leaked key can be stopped
		r.want(401, "key.revoked", adminKey, "GET /api/tokens", "")
	})
}

func TestRegeneratingAtOnceLeavesOneKey(t *testing.T) {
	each(t, func(r *rig) {
		admin, bob := r.key(r.Administrator(r.T, "ada")), r.Person(r.T, "bob")
		begun, second := make(chan struct{}), make(chan string, 1)
		go func() {
			<-begun
			_, a := r.call(context.Background(), admin, "POST", "/api/token/generate-access", of(bob.UserID))
			second <- a.Token
		}()
		var first string
		err := r.db.Write(r.Context(), func(ctx context.Context, tx db.Tx) (err error) {
			first, err = r.service.Issue(ctx, tx, r.ID, bob.UserID)
			close(begun)
			select {
			case early := <-second:
				second <- early
			case <-time.After(500 * time.Millisecond): // it waits for us, as it should
			}
			return err
		})
		if err != nil {
			r.Fatal(err)
		}
		r.want(200, "", <-second, "GET /api/tokens", "")
		r.want(401, "key.revoked", first, "GET /api/tokens", "")
	})
}

func TestAKeyIsRandomAndOnlyItsHashIsStored(t *testing.T) {
	each(t, func(r *rig) {
		key := r.key(r.Person(r.T, "ann"))
		made := r.want(201, "", key, create, `{"name":"sync"}`)
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.TrimPrefix(made.Token, "wd_")))
		if err != nil || len(raw) != 25 || !strings.HasPrefix(made.Token, made.Prefix) || len(made.Prefix) != 8 {
			r.Errorf("%q, prefix %q: %d bytes, %v", made.Token, made.Prefix, len(raw), err)
		}
		sum := sha256.Sum256([]byte(made.Token))
		var hash string
		err = r.db.Reader(r.Context()).QueryRow(r.Context(), `SELECT hash FROM tokens WHERE org_id = ? AND id = ?`, r.ID, made.ID).Scan(&hash)
		if err != nil || hash != hex.EncodeToString(sum[:]) {
			r.Errorf("stored %q, %v", hash, err)
		}
		for _, wrong := range []string{made.Token + "a", made.Token[:42] + "7", strings.ToUpper(made.Token), made.Prefix, ""} {
			if status, _ := r.call(r.Context(), wrong, "GET", "/api/tokens", ""); status != http.StatusUnauthorized {
				r.Errorf("%q: %d", wrong, status)
			}
		}
	})
}

func TestBadKeysAreRefusedFieldByField(t *testing.T) {
	each(t, func(r *rig) {
		key := r.key(r.Administrator(r.T, "ada"))
		stranger := cast.NewOrg(r.T, r.db).Person(r.T, "sam")
		leaver := r.Person(r.T, "lea")
		r.Exec(r.T, `UPDATE users SET status = 'ARCHIVE' WHERE org_id = ? AND id = ?`, r.ID, leaver.UserID)
		for body, pointers := range map[string]string{
			`{"name":" ","scopes":["tokens:write","token:read","tokens","tokens:delete"]}`: "/name /scopes/1 /scopes/2 /scopes/3",
			`{"name":"` + strings.Repeat("é", 101) + `"}`:                                  "/name",
			`{"name":"a\u0007"}`:                              "/name",
			`{"name":"x","expiresAt":"2001-01-01"}`:           "/expiresAt",
			`{"name":"x","expiresAt":"2101-01-01"}`:           "/expiresAt",
			`{"name":"x","userId":"nobody"}`:                  "/userId",
			`{"name":"x","userId":"` + stranger.UserID + `"}`: "/userId",
			`{"name":"x","userId":"` + leaver.UserID + `"}`:   "/userId",
		} {
			a := r.want(400, "", key, create, body)
			var got []string
			for _, f := range a.Errors {
				got = append(got, f.Pointer)
			}
			if strings.Join(got, " ") != pointers {
				r.Errorf("%s: named %v, want %s", body, got, pointers)
			}
		}
		r.want(400, "", key, generate, of(stranger.UserID))
		r.want(201, "", key, create, `{"name":"`+strings.Repeat("é", 100)+`"}`)
	})
}

func TestEverySpellingOfAScopeGrantsWhatItSays(t *testing.T) {
	each(t, func(r *rig) {
		key := r.key(r.Person(r.T, "ann"))
		for scope, may := range map[string]struct{ read, write, wide bool }{
			"*": {true, true, true}, "*:*": {true, true, true}, "*:read": {true, false, false}, "*:write": {false, true, false},
			"tokens:*": {true, true, false}, "tokens:read": {true, false, false}, "tokens:write": {false, true, false},
		} {
			own := r.want(201, "", key, create, `{"name":"x","scopes":"`+scope+`"}`).Token
			for line, can := range map[string]bool{
				"GET /api/tokens ": may.read, create + ` {"name":"same","scopes":"` + scope + `"}`: may.write, create + ` {"name":"all"}`: may.wide,
			} {
				parts := strings.SplitN(line, " ", 3)
				status, _ := r.call(r.Context(), own, parts[0], parts[1], parts[2])
				if (status < 300) != can || (status >= 300 && status != http.StatusForbidden) {
					r.Errorf("a key for %s: %s answers %d", scope, line, status)
				}
			}
		}
	})
}

func TestTheLastUseIsWrittenDown(t *testing.T) {
	each(t, func(r *rig) {
		key := r.key(r.Person(r.T, "ann"))
		r.clock.Advance(time.Hour)
		if list := r.want(200, "", key, "GET /api/tokens", ""); list.Tokens[0].LastUsedAt != nil {
			r.Errorf("a key never used before: %v", *list.Tokens[0].LastUsedAt)
		}
		ctx, stop := context.WithCancel(r.Context())
		stop()
		if err := r.service.Run(ctx); err != nil { // a node that stops writes down what it knows
			r.Fatal(err)
		}
		want := time.UnixMilli(cast.At).Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
		if list := r.want(200, "", key, "GET /api/tokens", ""); list.Tokens[0].LastUsedAt == nil || *list.Tokens[0].LastUsedAt != want {
			r.Errorf("last used %v, want %s", list.Tokens[0].LastUsedAt, want)
		}
	})
}

func TestListOfKeys(t *testing.T) {
	each(t, func(r *rig) {
		ann := r.Person(r.T, "ann")
		key, admin := r.key(ann), r.key(r.Administrator(r.T, "ada"))
		for i := range 20 {
			r.clock.Advance(time.Second)
			r.want(201, "", key, create, fmt.Sprintf(`{"name":"k%d"}`, i))
		}
		list := func(key, query string) (answer, int) {
			ctx, n := db.CountQueries(r.Context())
			_, a := r.call(ctx, key, "GET", "/api/tokens?"+query, "")
			return a, n.N()
		}
		list(key, "") // the key itself is known from now on
		short, few := list(key, "per_page=2&cur_page=2")
		long, many := list(key, "per_page=100")
		if few != many || many != 2 {
			r.Errorf("%d statements for 2 keys, %d for all", few, many)
		}
		if len(long.Tokens) != 21 || long.Meta.TotalResults != 21 || short.Tokens[0].Name != "k17" || short.Meta.TotalPages != 11 || short.Meta.NextPage != 3 {
			r.Errorf("%d keys, %+v, second page %+v", len(long.Tokens), long.Meta, short)
		}
		if of, _ := list(admin, "userId="+ann.UserID); of.Meta.TotalResults != 21 {
			r.Errorf("an administrator sees %d", of.Meta.TotalResults)
		}
		stranger := cast.NewOrg(r.T, r.db).Administrator(r.T, "sam")
		other := r.key(stranger)
		if of, _ := list(other, "userId="+ann.UserID); of.Meta.TotalResults != 0 {
			r.Errorf("another organization sees %d", of.Meta.TotalResults)
		}
		r.want(404, "token.notFound", other, "DELETE /api/tokens/"+long.Tokens[0].ID, "")
		r.want(404, "token.notFound", other, "DELETE /api/tokens/none", "")
	})
}
