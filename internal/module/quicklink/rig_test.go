package quicklink_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"

	fixtures "github.com/workdrive/workdrive/api"
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/kernel/seal"
	"github.com/workdrive/workdrive/internal/module/quicklink"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// rig is the module on a database, served over HTTP, with an OAuth 2 server beside it.
type rig struct {
	*testing.T
	*cast.Org
	db            *db.DB
	now           *clock.Manual
	idp           *mockoidc.MockOIDC
	service       *quicklink.Service
	url           string
	actors        actors
	admin, member authz.Actor

	mu      sync.Mutex
	written bytes.Buffer // every answer and log line
}

// Write implements io.Writer for the log.
func (r *rig) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.written.Write(p)
}

// actors authenticates whoever a test names: the key is the id of the person.
type actors map[string]authz.Actor

// Authenticate implements api.Authenticator.
func (a actors) Authenticate(_ context.Context, key string) (authz.Actor, error) {
	if who, ok := a[key]; ok {
		return who, nil
	}
	return authz.Actor{}, fault.New(fault.KindUnauthenticated, "key.unknown", "Your API key is wrong")
}

// noFiles are the files of tiles without pictures; package app tries real ones.
type noFiles struct{ content.Files }

func (noFiles) Use(context.Context, db.Tx, authz.Actor, content.Item, []content.FileRef) error {
	return nil
}

func (noFiles) ByIDs(context.Context, db.Queryer, string, []string) (map[string]person.File, error) {
	return nil, nil
}

func each(t *testing.T, test func(r *rig)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := &rig{T: t, Org: cast.NewOrg(t, d), db: d, now: clock.NewManual(time.UnixMilli(cast.At)), actors: actors{}}
		var err error
		if r.idp, err = mockoidc.Run(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.idp.Shutdown() })
		address, _ := url.Parse(r.idp.Addr())
		port, _ := strconv.ParseUint(address.Port(), 10, 16)
		here := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		log := slog.New(slog.NewJSONHandler(r, nil))
		b := bus.New(d, r.now, log)
		server := httptest.NewUnstartedServer(nil)
		r.url = "http://" + server.Listener.Addr().String()
		r.service = quicklink.New(quicklink.Deps{
			DB: d, Bus: b, Clock: r.now, Content: content.New(d, b, audience.New(d, b)), Files: noFiles{}, Keys: seal.New(), Log: log, URL: r.url, Allow: here,
			Client: egress.New(egress.Options{Allow: here, Ports: []uint16{uint16(port)}}),
		})
		router := api.NewRouter(api.Options{Version: "test", DB: d, Clock: r.now, Log: log, Authenticator: r.actors, Examples: fixtures.Fixtures})
		r.service.Register(router)
		if err := router.Verify(); err != nil {
			t.Fatal(err)
		}
		server.Config.Handler = router
		server.Start()
		t.Cleanup(server.Close)
		r.admin, r.member = r.as(r.Administrator(t, "ada")), r.as(r.Person(t, "max"))
		test(r)
	})
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
}

// jar is the cookies of one browser, by name.
type jar map[string]string

// send sends a request, with a key when who is somebody, and follows no redirect.
func (r *rig) send(who authz.Actor, method, target, body string, cookies jar, headers ...string) answer {
	r.Helper()
	if strings.HasPrefix(target, "/") {
		target = r.url + target
	}
	req, err := http.NewRequestWithContext(r.Context(), method, target, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	if who.UserID != "" {
		req.Header.Set("X-Api-Key", who.UserID)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	for name, value := range cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
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
	for _, c := range res.Cookies() {
		if cookies != nil {
			cookies[c.Name] = c.Value
		}
	}
	_, _ = r.Write(raw)
	return answer{r.T, res.StatusCode, res.Header, string(raw)}
}

func (r *rig) call(who authz.Actor, method, target, body string, headers ...string) answer {
	r.Helper()
	return r.send(who, method, target, body, nil, headers...)
}

// want fails the test unless the status and, for a problem, the words are the expected ones.
func (a answer) want(status int, words ...string) answer {
	a.Helper()
	if a.status != status {
		a.Fatalf("status %d, want %d: %s", a.status, status, a.raw)
	}
	for _, w := range words {
		if !strings.Contains(a.raw, w) {
			a.Fatalf("answer lacks %s: %s", w, a.raw)
		}
	}
	return a
}

func (a answer) field(name string) any {
	a.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(a.raw), &body); err != nil {
		a.Fatalf("%v: %s", err, a.raw)
	}
	return body[name]
}

func (a answer) id() string { return fmt.Sprint(a.field("id")) }

// names gives the names of a list of tiles.
func (a answer) names() []string {
	a.Helper()
	var list []map[string]any
	if err := json.Unmarshal([]byte(a.raw), &list); err != nil {
		a.Fatalf("%v: %s", err, a.raw)
	}
	names := []string{}
	for _, t := range list {
		names = append(names, fmt.Sprint(t["name"]))
	}
	return names
}

// tile makes an SSO tile at the OAuth server, for everybody.
func (r *rig) tile() string {
	r.Helper()
	c := r.idp.Config()
	return r.call(r.admin, "POST", "/api/sso?manage=true", fmt.Sprintf(
		`{"type":"SSO","name":"CRM","authorizationURI":"%s?redirect_uri={{redirect_uri}}&prompt=login","tokenURI":%q,"loginURL":"https://crm.example/login?token={{access_token}}",`+
			`"clientId":%q,"clientSecret":%q,"scope":"openid email"}`, r.idp.AuthorizationEndpoint(), r.idp.TokenEndpoint(), c.ClientID, c.ClientSecret)).want(201).id()
}

// location gives where an answer redirects to.
func (a answer) location() *url.URL {
	a.Helper()
	u, err := url.Parse(a.want(302).header.Get("Location"))
	if err != nil {
		a.Fatal(err)
	}
	return u
}
