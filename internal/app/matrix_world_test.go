package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/module/org"
	"github.com/workdrive/workdrive/internal/module/token"
)

// world is what the isolation matrix is tried on: the whole app with two organizations that
// must not know of each other, a suspended one, and everybody who may knock.
type world struct {
	t         *testing.T
	app       *App
	clock     *clock.Manual
	tenants   [2]tenant // the root organization and a child of it
	front     http.Handler
	actors    []actor
	shared    map[string]string // objects that requests are refused on, by actor, kind and relation
	n         int
	inTimeNow bool // whoever is restricted is not, see inTime
	// contract is what every answer of an operation is held against.
	contract contract
}

// tenant is an organization with an administrator, and with a member who owns what is tried:
// nobody who sends requests in the matrix is the keeper.
type tenant struct {
	letter, id          string
	admin, keeper       authz.Actor
	adminKey, keeperKey string
}

// actor is somebody who sends requests.
type actor struct {
	name string
	key  string
	home int // the tenant whose objects are its own
	who  authz.Actor
	// owner owns what is the actor's own, and makes it with ownKey: who and key may be unable to.
	owner  authz.Actor
	ownKey string
	barred int    // the answer to everything, 0 for somebody who may come in
	late   string // the task they have not done in time, "" for nobody who is restricted
}

// Relations of an object to an actor.
const (
	none    = "-"       // the operation is on no object
	own     = "own"     // the actor's
	visible = "visible" // somebody else's, and the actor may know of it
	hidden  = "hidden"  // of the same organization, but the actor may not know of it
	foreign = "foreign" // of the other organization
	deleted = "deleted" // there was one
	missing = "missing" // there never was
)

// relations says which relations an object of a type can have.
func (a actor) relations(kind string) []string {
	switch kind {
	case "":
		return []string{none}
	case "post", "news", "photo", "video", "document", "faq", "event", "comment", "media", "conversation", "message", "sso":
		return []string{own, visible, hidden, foreign, deleted, missing}
	case "task", "course":
		if a.who.Can(authz.TemplatesManage) { // sees all of them
			return []string{own, visible, foreign, deleted, missing}
		}
		return []string{own, visible, hidden, foreign, deleted, missing}
	case "calendarSubscription": // is nobody else's business
		return []string{own, hidden, foreign, deleted, missing}
	case "department", "location", "securityGroup", "category", "template":
		return []string{visible, foreign, deleted, missing}
	case "user": // people are archived, never deleted
		return []string{own, visible, foreign, missing}
	case "hook":
		return []string{own, hidden, foreign, deleted, missing}
	case "webhook":
		if a.who.Can(authz.WebhooksManage) {
			return []string{own, visible, foreign, deleted, missing}
		}
		return []string{visible, foreign, deleted, missing}
	case "organization": // the root's administrators know of its children, who know of nobody
		if a.home == 0 && a.who.Can(authz.OrganizationManage) {
			return []string{own, visible, missing}
		}
		return []string{own, foreign, missing}
	case "notification": // sent by the API; who may send knows of all of them
		return []string{visible, foreign, missing}
	case "device": // nobody knows of those of others
		return []string{own, hidden, foreign, deleted, missing}
	case "token":
		if a.who.Can(authz.TokensManage) {
			return []string{own, visible, foreign, deleted, missing}
		}
		return []string{own, hidden, foreign, deleted, missing}
	}
	return nil
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, clock: clock.NewManual(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)), shared: map[string]string{}}
	var err error
	w.app, err = New(Options{Version: Release, Server: config.Server{MaxInFlight: 64}, DB: d, Files: filesIn(t, t.TempDir(), w.clock), Clock: w.clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	w.front, w.contract = w.app.Handler(), contractOf(t, w.app)
	root, err := w.app.Orgs.Setup(t.Context(), org.Setup{Name: "Alpha", Email: "admin@a.example", FirstName: "Ada", LastName: "Alpha"})
	if err != nil {
		t.Fatal(err)
	}
	w.tenants[0] = w.tenant("A", root.Organization.ID, root.UserID, true)
	w.tenants[1] = w.child("B")
	w.cast()
	return w
}

func (w *world) child(letter string) tenant {
	made := w.made(w.tenants[0].adminKey, "POST", "/api/organization", `{"name":"Child %s","admin":{"email":"admin@%s.example"}}`, letter, strings.ToLower(letter))
	return w.tenant(letter, made["id"].(string), made["createdBy"].(string), false)
}

func (w *world) tenant(letter, id, admin string, root bool) tenant {
	t := tenant{letter: letter, id: id, admin: authz.Actor{OrgID: id, UserID: admin, Root: root, Capabilities: authz.Capabilities}}
	t.adminKey, _ = w.keyOf(t.admin, admin, nil, 0)
	t.keeper = w.person(t, "keeper", "ACTIVE", "")
	t.keeperKey, _ = w.keyOf(t.admin, t.keeper.UserID, nil, 0)
	w.made(t.adminKey, "PATCH", "/api/organization/"+id, `{"description":"canary-%s-profile"}`, letter)
	return t
}

// person makes a member of an organization.
func (w *world) person(t tenant, name, status, supervisor string) authz.Actor {
	w.n++
	reports := ""
	if supervisor != "" {
		reports = fmt.Sprintf(`,"reportsTo":%q`, supervisor)
	}
	u := w.made(t.adminKey, "POST", "/api/users/add", `{"email":"%s%d@%s.example","firstName":"%s","lastName":"canary-%s-person","status":"%s"%s}`,
		name, w.n, strings.ToLower(t.letter), name, t.letter, status, reports)
	return authz.Actor{OrgID: t.id, UserID: u["id"].(string), Root: t.admin.Root}
}

// keyOf makes a key of a person and gives its secret and its id.
func (w *world) keyOf(by authz.Actor, userID string, scopes []string, life time.Duration) (secret, id string) {
	d := token.Draft{Name: "canary-key", UserID: userID, Scopes: scopes}
	if life > 0 {
		end := api.At(w.clock.Now().Add(life).UnixMilli())
		d.ExpiresAt = &end
	}
	k, err := w.app.Tokens.CreateFor(w.t.Context(), by, d)
	if err != nil {
		w.t.Fatal(err)
	}
	return k.Secret, k.ID
}

// unknownKey has the form and the checksum of a key, and is none.
const unknownKey = "wd_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa3zd4tmt6"

// cast makes everybody who sends requests.
func (w *world) cast() {
	a, b := w.tenants[0], w.tenants[1]
	boss := w.person(a, "boss", "ACTIVE", "")
	member := w.person(a, "member", "ACTIVE", "")
	author := w.person(a, "author", "ACTIVE", boss.UserID)
	blocked := w.person(a, "blocked", "ACTIVE", "")
	with := func(name string, who authz.Actor, home int, scopes ...string) actor {
		by := w.tenants[home].admin
		full, _ := w.keyOf(by, who.UserID, nil, 0)
		key := full
		if who.Scopes = scopes; len(scopes) > 0 {
			key, _ = w.keyOf(by, who.UserID, scopes, 0)
		}
		return actor{name: name, key: key, home: home, who: who, owner: who, ownKey: full}
	}
	barred := func(name, key string, who authz.Actor, status int) actor {
		x := with(name, member, 0)
		x.key, x.who, x.barred = key, who, status
		return x
	}
	revoked, revokedID := w.keyOf(a.admin, member.UserID, nil, 0)
	w.made(a.adminKey, "DELETE", "/api/tokens/"+revokedID, "")
	expired, _ := w.keyOf(a.admin, member.UserID, nil, time.Hour)
	w.clock.Advance(2 * time.Hour)
	blockedKey, _ := w.keyOf(a.admin, blocked.UserID, nil, 0)
	w.made(a.adminKey, "PATCH", "/api/users/"+blocked.UserID, `{"status":"BLOCKED"}`)
	c := w.child("C")
	w.made(a.adminKey, "PATCH", "/api/organization/"+c.id, `{"status":"SUSPENDED"}`)
	w.actors = []actor{
		barred("none", "", authz.Actor{}, http.StatusUnauthorized),
		barred("garbage", unknownKey, authz.Actor{}, http.StatusUnauthorized),
		barred("revoked", revoked, member, http.StatusUnauthorized),
		barred("expired", expired, member, http.StatusUnauthorized),
		barred("blockedUser", blockedKey, blocked, http.StatusUnauthorized),
		barred("suspendedOrg", c.adminKey, c.admin, http.StatusForbidden),
		with("otherOrg", b.admin, 1),
		with("user", member, 0),
		with("supervisor", boss, 0),
		with("admin", a.admin, 0),
		with("author", author, 0),
		with("readOnlyScope", author, 0, "*:read"),
		with("readOnlyAdmin", a.admin, 0, "*:read"),
		with("writeOnlyScope", a.admin, 0, "*:write"),
		w.late(with("restricted", w.person(a, "late", "ACTIVE", ""), 0)),
	}
}

// opKey is where a request carries its operation, for authenticators that err on one only.
type opKey struct{}

// request is one request as it is sent.
type request struct {
	method, target, key, body, op string

	header map[string]string
}

// do sends a request and gives the status and every byte of the answer.
func (w *world) do(h http.Handler, q request) (int, string) {
	w.n++
	ctx := context.WithValue(w.t.Context(), opKey{}, q.op)
	r := httptest.NewRequestWithContext(ctx, q.method, q.target, strings.NewReader(q.body))
	r.RemoteAddr = fmt.Sprintf("10.%d.%d.1:1000", w.n>>8&255, w.n&255) // wrong keys are counted by address
	r.Header.Set("X-Request-Id", "matrix-0000")
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.key != "" {
		r.Header.Set("X-Api-Key", q.key)
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if q.op != "" {
		if err := w.contract.allows(q.op, rec.Code, rec.Header().Get("Content-Type"), rec.Body.Bytes()); err != nil {
			w.t.Errorf("%s %s: %v: %.500s", q.method, q.target, err, rec.Body)
		}
	}
	return rec.Code, fmt.Sprint(rec.Header()) + "\n" + rec.Body.String()
}

// made sends a request that must succeed and gives the answer.
func (w *world) made(key, method, target, body string, args ...any) map[string]any {
	w.t.Helper()
	if len(args) > 0 {
		body = fmt.Sprintf(body, args...)
	}
	status, text := w.do(w.front, request{method: method, target: target, key: key, body: body})
	if status >= 300 {
		w.t.Fatalf("%s %s: %d %s", method, target, status, text)
	}
	_, text, _ = strings.Cut(text, "\n")
	var out map[string]any
	if text != "" {
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			w.t.Fatalf("%s %s: %v: %s", method, target, err, text)
		}
	}
	return out
}

// object gives an object of a kind in a relation to an actor, which others may share.
func (w *world) object(a actor, kind, relation string) string {
	at := a.name + " " + kind + " " + relation
	if w.shared[at] == "" {
		w.shared[at] = w.fresh(a, kind, relation)
	}
	return w.shared[at]
}

// fresh makes an object of a kind in a relation to an actor.
func (w *world) fresh(a actor, kind, relation string) string {
	w.t.Helper()
	if relation == missing {
		return ids.New()
	}
	home := w.tenants[a.home]
	if relation == foreign {
		home = w.tenants[1-a.home]
	}
	if kind == "organization" && relation == visible {
		home = w.tenants[1]
	}
	owner, ownerKey := home.keeper, home.keeperKey
	if relation == own {
		owner, ownerKey = a.owner, a.ownKey
	}
	canary := "canary-" + home.letter + "-" + map[bool]string{true: hidden, false: "shown"}[relation == hidden]
	defer w.inTime(a)()
	id, path := w.make(kind, home, owner, ownerKey, canary)
	if kind == "media" && relation != own && relation != deleted { // who may see the post may read it
		w.made(ownerKey, "POST", "/api/posts", `{"postText":"%s","fileIds":"%s","permissions":{"%s":true}}`, canary, id, audienceOf(canary))
	}
	if relation == visible && (kind == "task" || kind == "course") {
		w.give(kind, id, ownerKey, a.owner.UserID)
	}
	if relation == deleted && slices.Contains([]string{"media", "device", "calendarSubscription", "hook"}, kind) {
		w.made(ownerKey, "DELETE", path+id, "")
	} else if relation == deleted {
		w.made(home.adminKey, "DELETE", path+id, "")
	}
	return id
}

// give assigns a task, which they have completed then, or a course to somebody.
func (w *world) give(kind, id, ownerKey, userID string) {
	body := `{"userIds":["` + userID + `"]}`
	if kind == "course" {
		w.made(ownerKey, "PATCH", "/api/courses/"+id+"/assign", body)
		return
	}
	w.made(ownerKey, "PATCH", "/api/tasks/assign/"+id, body)
}

// contents is how an item of each kind is made: %N is a text, %P a picture of its author's.
var contents = map[string]struct{ path, query, body string }{
	"post":     {"/api/posts", "", `{"postText":"%N"}`},
	"news":     {"/api/news", "", `{"newsTitle":"%N","postText":"%N"}`},
	"photo":    {"/api/photos", "", `{"title":"%N","fileId":"%P"}`},
	"video":    {"/api/videos", "", `{"title":"%N","meta":{"videoURL":"https://films.example/1"}}`},
	"document": {"/api/documents", "?publish=true", `{"name":"%N","link":"https://handbook.example/1"}`},
	// It is on, so that people can check in and join.
	"event": {"/api/events", "", `{"title":"%N","startDateTime":"2026-11-24T09:00:00Z","duration":10000,"conferenceLink":"https://meet.example/1"}`},
	"faq":   {"/api/faqs", "?publish=true", `{"kb":{"name":"%N"},"qas":[{"question":"%N","answer":"%N"}]}`},
}

// picture is an uploaded picture of whoever has a key.
func (w *world) picture(key string) string {
	at := "picture " + key
	if w.shared[at] == "" {
		for _, a := range w.actors {
			if a.ownKey == key {
				defer w.inTime(a)()
			}
		}
		w.shared[at] = upload(w.t, w.front, key, "image/png", "picture.png", picture)
	}
	return w.shared[at]
}

func audienceOf(canary string) string {
	return map[bool]string{true: "onlyMe", false: "public"}[strings.HasSuffix(canary, hidden)]
}

// make makes an object and gives its id and its collection's path. What has a text says the
// canary; a canary that says hidden hides it.
func (w *world) make(kind string, home tenant, owner authz.Actor, ownerKey, canary string) (id, path string) {
	w.n++
	publish := func(kind, key string) string {
		k := contents[kind]
		body := strings.NewReplacer("%N", fmt.Sprintf("%s %d", canary, w.n), "%P", w.picture(key), "%A", audienceOf(canary)).Replace(k.body)
		return w.made(key, "POST", k.path+k.query, strings.TrimSuffix(body, "}")+`,"permissions":{"`+audienceOf(canary)+`":true}}`)["id"].(string)
	}
	add := func(path, body string) (string, string) {
		return w.made(home.adminKey, "POST", path, body, fmt.Sprintf("%s %d", canary, w.n))["id"].(string), path + "/"
	}
	switch kind {
	case "post", "news", "photo", "video", "document", "faq", "event":
		return publish(kind, ownerKey), contents[kind].path + "/"
	case "media":
		return upload(w.t, w.front, ownerKey, "text/plain", canary+".txt", canary), "/api/media/"
	case "comment":
		on := publish("post", home.keeperKey)
		return w.made(ownerKey, "POST", "/api/posts/"+on+"/comments", `{"text":"%s"}`, canary)["id"].(string), "/api/comments/"
	case "task":
		return w.made(ownerKey, "POST", "/api/tasks", `{"title":"%s","content":"%[1]s"}`, canary)["id"].(string), "/api/tasks/"
	case "course":
		id := w.made(ownerKey, "POST", "/api/courses", `{"title":"%s","status":"publish"}`, canary)["id"].(string)
		w.made(ownerKey, "PUT", "/api/courses/"+id+"/form", `{"title":"%s","schema":{"data":{"components":[]}}}`, canary)
		return id, "/api/courses/"
	case "conversation":
		return w.made(ownerKey, "POST", "/api/group-chats", `{"title":"%s","isPrivate":%t}`, canary, audienceOf(canary) == "onlyMe")["id"].(string), "/api/group-chats/"
	case "calendarSubscription":
		return w.made(ownerKey, "POST", "/api/calendar/subscriptions", `{"url":"https://calendar.example/%d.ics","name":"%s"}`, w.n, canary)["id"].(string), "/api/calendar/subscriptions/"
	case "message":
		in, _ := w.make("conversation", home, owner, ownerKey, canary)
		return w.made(ownerKey, "POST", "/api/"+in+"/messages", `{"message":"%s"}`, canary)["id"].(string), "/api/messages/"
	case "notification":
		body := fmt.Sprintf(`{"title":"%s","medium":"INAPP","receiverUserIds":[%q]}`, canary, home.keeper.UserID)
		return w.made(home.adminKey, "POST", "/api/notifications/send", body)["id"].(string), ""
	case "device":
		return w.made(ownerKey, "POST", "/api/notifications/devices", strings.ReplaceAll(subscription, "%N", fmt.Sprint("d", w.n)))["id"].(string), "/api/notifications/devices/"
	case "department":
		return add("/api/departments", `{"name":"%s","members":[]}`)
	case "location":
		return add("/api/locations", `{"name":"%s"}`)
	case "securityGroup":
		return add("/api/security_groups", `{"name":"%s"}`)
	case "category":
		return add("/api/categories", `{"moduleCode":1,"category":"%s"}`)
	case "sso": // for everybody, or the keeper's own
		target, key := "/api/sso", ownerKey
		if owner.UserID == home.keeper.UserID && audienceOf(canary) != "onlyMe" {
			target, key = "/api/sso?manage=true", home.adminKey
		}
		return w.made(key, "POST", target, `{"type":"QUICK_LINK","name":"%s","link":"https://salesforce.example"}`, canary)["id"].(string), "/api/sso/"
	case "template":
		return add("/api/enforcement-templates", `{"title":"%s","reminders":[{"reminderType":"text","reminderTimeUnit":"hours","reminderTime":1}]}`)
	case "user":
		if owner.UserID != home.keeper.UserID {
			return owner.UserID, ""
		}
		return w.person(home, "someone", "ACTIVE", "").UserID, ""
	case "webhook":
		return w.webhook(owner, canary), "/api/webhooks/"
	case "hook":
		in, _ := w.make("conversation", home, owner, ownerKey, canary)
		return w.made(ownerKey, "POST", "/api/group-chats/"+in+"/hooks", `{"name":"%s"}`, canary)["id"].(string), "/api/hooks/"
	case "organization":
		return home.id, ""
	case "token":
		_, id := w.keyOf(home.admin, owner.UserID, nil, 0)
		return id, "/api/tokens/"
	}
	w.t.Fatalf("nobody knows how to make a %s: add it to world.make and actor.relations", kind)
	return "", ""
}
