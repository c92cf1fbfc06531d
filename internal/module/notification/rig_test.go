package notification_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	fixtures "github.com/workdrive/workdrive/api"
	"github.com/workdrive/workdrive/internal/compat"
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/kernel/sms"
	"github.com/workdrive/workdrive/internal/kernel/webpush"
	"github.com/workdrive/workdrive/internal/module/notification"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
	"github.com/workdrive/workdrive/internal/testkit/pushsink"
	"github.com/workdrive/workdrive/internal/testkit/smtpsink"
)

func TestMain(m *testing.M) {
	forget, err := pushsink.Trust()
	if err != nil {
		panic(err)
	}
	code := m.Run()
	forget()
	os.Exit(code)
}

// rig is the module on a database, with a mail server, an SMS gateway and a push service that are
// real down to the wire.
type rig struct {
	*testing.T
	*cast.Org
	db      *db.DB
	bus     *bus.Bus
	clock   *clock.Manual
	deps    notification.Deps
	service *notification.Service
	handler http.Handler
	actors  actors
	admin   authz.Actor
	ann     authz.Actor
	bob     authz.Actor
	smtp    *smtpsink.Server
	gateway *gateway
	push    *pushsink.Service
	answers answers
}

// answers is what the outside world says next.
type answers struct {
	mu   sync.Mutex
	smtp error // to RCPT
	push int   // status
}

func (a *answers) set(smtp error, push int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.smtp, a.push = smtp, push
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

// gateway takes short messages: it checks signatures, and sends once for an id.
type gateway struct {
	*httptest.Server
	mu       sync.Mutex
	messages []map[string]string // that were sent to phones
	requests int
	known    map[string]bool
	status   int
}

const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{known: map[string]bool{}, status: http.StatusAccepted}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), body)
		if r.Header.Get("Webhook-Signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
			t.Errorf("the signature is wrong: %v", r.Header)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		g.requests++
		var m map[string]string
		if err := json.Unmarshal(body, &m); err != nil || m["id"] != r.Header.Get("Idempotency-Key") {
			t.Errorf("%s: %v", body, err)
		}
		if g.status < 300 && !g.known[m["id"]] {
			g.known[m["id"]] = true
			g.messages = append(g.messages, m)
		}
		w.WriteHeader(g.status)
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) sent() []map[string]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.messages
}

// each runs a test on a rig of each engine.
func each(t *testing.T, test func(r *rig)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(newRig(t, d)) })
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	r := &rig{T: t, db: d, Org: cast.NewOrg(t, d), actors: actors{}, clock: clock.NewManual(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))}
	r.answers.set(nil, http.StatusCreated)
	r.smtp = smtpsink.Start(t, smtpsink.Options{Refuse: func(step, _ string) error {
		r.answers.mu.Lock()
		defer r.answers.mu.Unlock()
		if step == "rcpt" {
			return r.answers.smtp
		}
		return nil
	}})
	r.gateway = newGateway(t)
	r.push = pushsink.Start(t, func(w http.ResponseWriter, _ *http.Request) {
		r.answers.mu.Lock()
		defer r.answers.mu.Unlock()
		w.WriteHeader(r.answers.push)
	})
	r.bus = bus.New(d, r.clock, slog.New(slog.DiscardHandler))
	r.deps = r.outside(t)
	r.start(r.deps)
	r.admin, r.ann, r.bob = r.as(r.Administrator(t, "ada")), r.person("ann"), r.person("bob")
	return r
}

// outside are the channels to the test's own servers.
func (r *rig) outside(t *testing.T) notification.Deps {
	t.Helper()
	mailer, err := mail.New(mail.Settings{Host: r.smtp.Host, Port: r.smtp.Port, TLS: mail.TLSNone, From: mail.Address{Name: "Quarry", Email: "workdrive@quarry.example"}})
	if err != nil {
		t.Fatal(err)
	}
	texter, err := sms.New(sms.Settings{URL: r.gateway.URL, Secret: secret, Region: "DE"}, r.clock)
	if err != nil {
		t.Fatal(err)
	}
	client := egress.New(egress.Options{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{netip.MustParseAddrPort(r.push.Listener.Addr().String()).Port()},
	})
	audiences := audience.New(r.db, r.bus)
	return notification.Deps{
		DB: r.db, Bus: r.bus, Clock: r.clock, Log: slog.New(slog.DiscardHandler), Audiences: audiences, Content: content.New(r.db, r.bus, audiences),
		Page: func(s notification.Subject) string { return "https://workdrive.quarry.example/" + s.Kind + "/" + s.ID }, URL: "https://workdrive.quarry.example",
		Sights: map[string]content.Carrier{"thing": func(id string) string { return id + ` <> 'hidden'` }},
		Mail:   mailer, SMS: texter, Egress: client,
		Push: func(keys webpush.Keys) (notification.Pusher, error) {
			return webpush.New(keys, "mailto:it@quarry.example", client, r.clock)
		},
	}
}

// start makes the service, as a new process does.
func (r *rig) start(d notification.Deps) {
	r.Helper()
	r.service = notification.New(d)
	router := api.NewRouter(api.Options{Version: "test", DB: r.db, Clock: r.clock, Log: d.Log, Authenticator: r.actors, Examples: fixtures.Fixtures, Aliases: compat.Fields})
	r.service.Register(router)
	if err := router.Verify(); err != nil {
		r.Fatal(err)
	}
	r.handler = compat.Handler(router)
}

// as makes a person reachable over HTTP.
func (r *rig) as(who authz.Actor) authz.Actor {
	r.actors[who.UserID] = who
	return who
}

func (r *rig) person(name string) authz.Actor { return r.as(r.Person(r.T, name)) }

// answer is an HTTP answer with its decoded body.
type answer struct {
	*testing.T
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// call sends a request as somebody; body is JSON text or empty.
func (r *rig) call(who authz.Actor, method, target, body string) answer {
	r.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.Header.Set("X-API-KEY", who.UserID)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	r.handler.ServeHTTP(rec, req)
	a := answer{T: r.T, status: rec.Code, header: rec.Header(), raw: rec.Body.String()}
	if raw := rec.Body.Bytes(); len(raw) > 0 && raw[0] == '{' {
		if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&a.body); err != nil {
			r.Fatalf("%s %s: answer is not JSON: %s", method, target, raw)
		}
	}
	return a
}

// want fails the test unless the status and the words of the answer are the expected ones.
func (a answer) want(status int, words ...string) answer {
	a.Helper()
	if a.status != status {
		a.Fatalf("status %d, want %d: %s", a.status, status, a.raw)
	}
	for _, c := range words {
		if !strings.Contains(a.raw, `"`+c+`"`) {
			a.Fatalf("answer lacks %s: %s", c, a.raw)
		}
	}
	return a
}

func (a answer) str(name string) string {
	s, _ := a.body[name].(string)
	return s
}

func (a answer) num(name string) int {
	n, _ := a.body[name].(float64)
	return int(n)
}

// objects are the entries of a list.
func (a answer) objects(name string) (list []answer) {
	l, _ := a.body[name].([]any)
	for _, o := range l {
		m, _ := o.(map[string]any)
		list = append(list, answer{T: a.T, body: m, raw: fmt.Sprint(o)})
	}
	return list
}

// send sends as the administrator and gives the notification's id.
func (r *rig) send(body string) string {
	r.Helper()
	return r.call(r.admin, "POST", "/api/notifications/send", body).want(202).str("id")
}

// work does everything that is due.
func (r *rig) work() {
	r.Helper()
	if err := r.service.Work(r.Context()); err != nil {
		r.Fatal(err)
	}
}

// notify tells something as another module does.
func (r *rig) notify(n notification.Notice) {
	r.Helper()
	n.OrgID = r.ID
	if err := r.db.Write(r.Context(), func(ctx context.Context, tx db.Tx) error { return r.service.Notify(ctx, tx, n) }); err != nil {
		r.Fatal(err)
	}
}

// states gives the deliveries of a notification as "MEDIUM state code attempts", in order.
func (r *rig) states(id string) (list []string) {
	r.Helper()
	for _, d := range r.call(r.admin, "GET", "/api/notifications/"+id+"/deliveries?per_page=1000", "").want(200).objects("deliveries") {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %s %d", d.str("medium"), d.str("state"), d.str("code"), d.num("attempts"))))
	}
	return list
}

// inbox gives the titles in somebody's inbox, newest first.
func (r *rig) inbox(who authz.Actor, query string) (titles []string) {
	r.Helper()
	for _, e := range r.call(who, "GET", "/api/notifications"+query, "").want(200).objects("notifications") {
		titles = append(titles, e.str("title"))
	}
	return titles
}

// count reads one number.
func (r *rig) count(query string, args ...any) (n int) {
	r.Helper()
	if err := r.db.Reader(context.Background()).QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		r.Fatal(err)
	}
	return n
}

// changed tells the service that somebody's profile has changed.
func (r *rig) changed(who authz.Actor) {
	r.Helper()
	err := r.db.Write(r.Context(), func(ctx context.Context, tx db.Tx) error {
		return r.service.PeopleChanged(ctx, tx, r.ID, []string{who.UserID})
	})
	if err != nil {
		r.Fatal(err)
	}
}
