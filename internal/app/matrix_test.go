package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

var update = flag.Bool("update", false, "rewrite testdata/matrix.tsv")

const golden = "testdata/matrix.tsv"

// cell is one request of the isolation matrix.
type cell struct {
	op       api.Operation
	actor    actor
	relation string
}

func (c cell) String() string { return c.op.ID + "\t" + c.actor.name + "\t" + c.relation }

func (c cell) kind() string {
	if c.op.Authz.Object == nil {
		return ""
	}
	return c.op.Authz.Object.Type
}

// bodies are minimal valid bodies by operation. %P is a picture of the caller's, %N a name nobody has, %U somebody of the
// actor's organization, %S the actor.
var bodies = map[string]string{
	"createUser":                 `{"email":"%N@new.example","firstName":"New","lastName":"Person"}`,
	"updateUser":                 `{"bio":"%N"}`,
	"syncDirectory":              `{"dryRun":true}`,
	"bulkCreateUsers":            `{"data":[{"email":"%N@new.example","firstName":"New","lastName":"Person"}]}`,
	"bulkDeleteUsers":            `{"ids":["%U"]}`,
	"createOrganization":         `{"name":"%N","admin":{"email":"%N@new.example"}}`,
	"updateOrganization":         `{"phone":"%N"}`,
	"generateAccessToken":        `{"userId":"%S"}`,
	"createToken":                `{"name":"%N"}`,
	"setOnboarding":              `{"organization":{"designation":"%N"},"departments":{},"locations":{}}`,
	"setOffboarding":             `{"organization":{},"departments":{},"locations":{}}`,
	"createDepartment":           `{"name":"%N","members":[]}`,
	"updateDepartment":           `{"name":"%N"}`,
	"updateDepartmentHeads":      `{"add":["%U"]}`,
	"updateDepartmentMembers":    `{"addMembers":["%U"]}`,
	"createLocation":             `{"name":"%N"}`,
	"updateLocation":             `{"name":"%N"}`,
	"updateLocationMembers":      `{"addMembers":["%U"]}`,
	"updateLocationAdmins":       `{"add":["%U"]}`,
	"createSecurityGroup":        `{"name":"%N"}`,
	"updateSecurityGroup":        `{"name":"%N"}`,
	"addSecurityGroupMembers":    `{"ids":["%U"]}`,
	"removeSecurityGroupMembers": `{"ids":["%U"]}`,
	"createPost":                 `{"postText":"%N"}`,
	"updatePost":                 `{"postText":"%N"}`,
	"createNews":                 `{"newsTitle":"%N"}`,
	"updateNews":                 `{"newsTitle":"%N"}`,
	"createPhoto":                `{"title":"%N","fileId":"%P"}`,
	"updatePhoto":                `{"title":"%N"}`,
	"createVideo":                `{"title":"%N","meta":{"videoURL":"https://films.example/1"}}`,
	"updateVideo":                `{"title":"%N"}`,
	"createDocument":             `{"name":"%N","link":"https://handbook.example/1"}`,
	"updateDocument":             `{"name":"%N"}`,
	"createFaq":                  `{"qas":[{"question":"%N","answer":"%N"}]}`,
	"updateFaq":                  `{"kb":{"name":"%N"}}`,
	"createPostComment":          `{"text":"%N"}`,
	"createNewsComment":          `{"text":"%N"}`,
	"createPhotoComment":         `{"text":"%N"}`,
	"createVideoComment":         `{"text":"%N"}`,
	"createDocumentComment":      `{"text":"%N"}`,
	"createFaqComment":           `{"text":"%N"}`,
	"createEvent":                `{"title":"%N","startDateTime":"2031-01-01T10:00:00Z","duration":30,"userIds":["%U"]}`,
	"updateEvent":                `{"title":"%N"}`,
	"createEventComment":         `{"text":"%N"}`,
	"answerEvent":                `{"rsvp":"GOING"}`,
	"createCalendarSubscription": `{"url":"https://calendar.example/%N.ics"}`,
	"updateCalendarSubscription": `{"name":"%N"}`,
	"updateComment":              `{"text":"%N"}`,
	"createCategory":             `{"moduleCode":1,"category":"%N"}`,
	"updateCategory":             `{"category":"%N"}`,
	"createEnforcementTemplate":  `{"title":"%N"}`,
	"updateEnforcementTemplate":  `{"title":"%N"}`,
	"waiveRestriction":           `{"reason":"%N"}`,
	"createSso":                  `{"type":"QUICK_LINK","name":"%N","link":"https://salesforce.example/%N"}`,
	"updateSso":                  `{"name":"%N"}`,
	"orderSsos":                  `{"ids":[]}`,
	"createTask":                 `{"title":"%N","content":"%N","userIds":["%U"]}`,
	"updateTask":                 `{"title":"%N"}`,
	"assignTask":                 `{"userIds":["%U"]}`,
	"createCourse":               `{"title":"%N"}`,
	"updateCourse":               `{"title":"%N"}`,
	"assignCourse":               `{"userIds":["%U"]}`,
	"orderCourse":                `{"taskIds":[]}`,
	"setCourseForm":              `{"title":"%N","schema":{"data":{"components":[]}}}`,
	"submitCourseForm":           `{"answers":{}}`,
	"createGroupChat":            `{"title":"%N","members":[{"id":"%U"}]}`,
	"updateGroupChat":            `{"title":"%N"}`,
	"decideJoinRequests":         `{}`,
	"createConversation":         `{"userIds":["%U"]}`,
	"updateConversationSettings": `{"muted":true}`,
	"markConversationRead":       `{}`,
	"sendMessage":                `{"message":"%N","mention":["%U"]}`,
	"updateMessage":              `{"message":"%N"}`,
	"createMeeting":              `{"title":"%N","startDateTime":"2031-01-01T10:00:00Z","duration":30}`,
	"createMeetingOfPeople":      `{"title":"%N","userIds":["%U"],"startDateTime":"2031-01-01T10:00:00Z","duration":30}`,
	"sendNotification":           `{"title":"%N","medium":"INAPP","receiverUserIds":["%U"]}`,
	"markNotificationsRead":      `{"until":"2031-01-01T10:00:00Z"}`,
	"setNotificationPreferences": `{"digest":{"at":"08:00"}}`,
	"registerDevice":             subscription,
	"previewAudience":            `{"permissions":{"users":["%U"]}}`,
}

// queries are what operations cannot be called without.
// %I is a post of the actor's, %G a group chat of theirs.
var queries = map[string]string{
	"listCategories":     "?moduleCode=1",
	"requestMediaUpload": "?mime=image/png&name=a.png&moduleCode=1",
	"search":             "?q=canary",
	"searchMessages":     "?q=canary",
	"deleteGroupChats":   "?id=%G",
	"explainAudience":    "?kind=post&id=%I&userId=%S",
}

// wordParameters are parameters that name no object, with a value.
var wordParameters = map[string]string{"reaction": "like", "name": "film.mp4"}

// exceptions say what beyond the rules decides about an operation: 0 is nothing.
var exceptions = map[string]func(c cell) int{
	"generateAccessToken": func(c cell) int { return when(len(c.actor.who.Scopes) > 0, http.StatusForbidden) }, // no wider key
	"createToken":         func(c cell) int { return when(len(c.actor.who.Scopes) > 0, http.StatusForbidden) },
	"syncDirectory":       func(cell) int { return http.StatusConflict }, // there is no directory here; directory_test.go has one
	"createOrganization":  func(c cell) int { return when(!c.actor.who.Root, http.StatusForbidden) },
	"updateUser": func(c cell) int {
		return when(c.relation == visible && !c.actor.who.Can(authz.UsersManage), http.StatusForbidden)
	},
	"deleteUser":     func(c cell) int { return when(c.relation == own, http.StatusConflict) }, // the last administrator
	"getRestriction": managed, "updateSso": ledSso, "deleteSso": ledSso,
	"followUser": func(c cell) int { return when(c.relation == own, http.StatusConflict) },
	"updatePost": ownOnly, "updateNews": ownOnly, "updatePhoto": ownOnly, "updateVideo": ownOnly, "updateDocument": ownOnly, "updateFaq": ownOnly,
	"deletePost": ownOrModerated, "deleteNews": ownOrModerated, "deletePhoto": ownOrModerated, "deleteVideo": ownOrModerated,
	"deleteDocument": ownOrModerated, "deleteFaq": ownOrModerated,
	"listNewsAcknowledgements": ownOrModerated, "listDocumentAcknowledgements": ownOrModerated,
	"updateTask": managed, "assignTask": managed, "deleteTask": managed, "listTaskAssignees": managed,
	"startTask": assigned, "completeTask": assigned, "reopenTask": assigned,
	"reportQuiz":   func(cell) int { return http.StatusForbidden }, // nobody has signed anything
	"updateCourse": managed, "assignCourse": managed, "deleteCourse": managed, "orderCourse": managed, "setCourseForm": managed,
	"listCourseProgress": managed, "listCourseSubmissions": managed, "submitCourseForm": assigned,
	"getMediaThumbnail": nothingMade, "getMediaFilm": nothingMade,
	"updateEvent": ownOnly, "deleteEvent": ownOrModerated,
	"deleteMedia": ownOnly, "updateComment": ownOnly, "deleteComment": ownOrModerated,
	"updateGroupChat": ownOnly, "listJoinRequests": ownOnly, "decideJoinRequests": ownOnly, "leaveGroupChat": func(c cell) int {
		return when(c.relation == own, http.StatusConflict) // the last admin
	},
	"updateConversationSettings": ownOnly, "markConversationRead": ownOnly, "sendMessage": ownOnly, "createMeeting": ownOnly,
	"updateMessage": ownOnly, "deleteMessage": ownOrModerated, "reactToMessage": ownOnly, "unreactToMessage": ownOnly,
	"listMessageEdits": ownOrModerated, "pinMessage": ownOnly, "unpinMessage": ownOnly,
}

// managed is for what the author of a task or course may do, and whoever manages all of them.
func managed(c cell) int {
	return when(c.relation == visible && !c.actor.who.Can(authz.TemplatesManage), http.StatusForbidden)
}

// ledSso is for what is done with a tile for everybody by those who make them.
func ledSso(c cell) int {
	return when(c.relation == visible && !c.actor.who.Can(authz.SSOManage), http.StatusForbidden)
}

// assigned is for what is done by those who have it: what is visible to the actor and not theirs is.
func assigned(c cell) int { return when(c.relation == own, http.StatusConflict) }

// nothingMade is for what is made of pictures and films: the files of the matrix are texts.
func nothingMade(cell) int { return http.StatusConflict }

// ownOnly is for what only the one whose it is may do.
func ownOnly(c cell) int { return when(c.relation == visible, http.StatusForbidden) }

// ownOrModerated is for what a moderator may do, too.
func ownOrModerated(c cell) int {
	return when(c.relation == visible && !c.actor.who.Can(authz.ContentModerate), http.StatusForbidden)
}

func when(yes bool, status int) int {
	if yes {
		return status
	}
	return 0
}

// want is what the rules say; the first that fits counts.
func (c cell) want() int {
	rule, who := c.op.Authz, c.actor.who
	switch {
	case rule.Public:
		return c.op.Status
	case c.actor.barred != 0:
		return c.actor.barred
	case !who.Within(rule.Scope), !who.Can(rule.Capability), c.actor.late != "" && !c.finishes():
		return http.StatusForbidden
	case slices.Contains([]string{hidden, foreign, deleted, missing}, c.relation):
		return http.StatusNotFound
	}
	if decide := exceptions[c.op.ID]; decide != nil {
		if status := decide(c); status != 0 {
			return status
		}
	}
	return c.op.Status
}

func (w *world) cells() []cell {
	var list []cell
	for _, op := range w.app.router.Operations() {
		for _, a := range w.actors {
			for _, relation := range a.relations(cell{op: op}.kind()) {
				list = append(list, cell{op, a, relation})
			}
		}
	}
	return list
}

// request is what a cell sends on an object.
func (w *world) request(c cell, id string) request {
	w.n++
	path := parameter.ReplaceAllStringFunc(c.op.Path, func(p string) string {
		name := strings.Trim(p, "{}")
		if c.op.Authz.Object != nil && name == c.op.Authz.Object.Param {
			return id
		}
		return wordParameters[name]
	})
	somebody := ""
	if body := bodies[c.op.ID]; strings.Contains(body, "%U") {
		somebody = w.object(c.actor, "user", visible)
		if c.want() < 400 {
			somebody = w.fresh(c.actor, "user", visible)
		}
	}
	upload, item := "", ""
	if strings.Contains(bodies[c.op.ID], "%P") {
		upload = w.picture(c.actor.ownKey)
	}
	if strings.Contains(queries[c.op.ID], "%I") {
		item = w.object(c.actor, "post", own)
	}
	group := ""
	if strings.Contains(queries[c.op.ID], "%G") {
		group = w.object(c.actor, "conversation", own)
		if c.want() < 400 {
			group = w.fresh(c.actor, "conversation", own)
		}
	}
	names := strings.NewReplacer("%G", group, "%N", fmt.Sprintf("n%d", w.n), "%U", somebody, "%S", c.actor.owner.UserID, "%P", upload, "%I", item)
	return request{method: c.op.Method, target: path + names.Replace(queries[c.op.ID]), key: c.actor.key, body: names.Replace(bodies[c.op.ID]), op: c.op.ID}
}

// canaries finds what an actor may never read: anything of another organization, and in its
// own what is hidden from it. Whoever is barred reads nothing.
func canaries(a actor, text string) string {
	for _, found := range canary.FindAllStringSubmatch(text, -1) {
		letter, word := found[1], found[2]
		root := a.home == 0 && a.who.Can(authz.OrganizationManage) && word == "profile" // of a child
		if a.barred != 0 || word == hidden || letter != string("AB"[a.home]) && !root {
			return found[0]
		}
	}
	return ""
}

var canary = regexp.MustCompile(`canary-([A-Z])-(\w+)`)

// TestIsolationMatrix sends every operation as everybody on an object in every relation.
func TestIsolationMatrix(t *testing.T) {
	var mu sync.Mutex
	results := map[string]string{}
	t.Run("engine", func(t *testing.T) {
		t.Parallel()
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			w := newWorld(t, d)
			w.checkComplete()
			text := w.runMatrix()
			mu.Lock()
			defer mu.Unlock()
			results[map[bool]string{true: "sqlite", false: "postgres"}[w.sqlite()]] = text
		}, constraints()...)
	})
	t.Cleanup(func() {
		if text := results["sqlite"]; *update && text != "" {
			if err := os.WriteFile(golden, []byte(text), 0o600); err != nil {
				t.Error(err)
			}
		}
		for engine, text := range results {
			compareGolden(t, engine, text)
		}
	})
}

func compareGolden(t *testing.T, engine, text string) {
	t.Helper()
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(want, []byte(text)) {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(text, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Errorf("%s differs from %s in line %d: %q, want %q: run go test ./internal/app -run Matrix -update and review the difference",
				engine, golden, i+1, b[i], a[i])
			return
		}
	}
	t.Errorf("%s gives %d lines, %s has %d", engine, len(b), golden, len(a))
}

// runMatrix sends the requests that must be refused, which must change nothing, then the
// others, and gives the table.
func (w *world) runMatrix() string {
	answers := map[string]string{}
	cells := w.cells()
	for _, c := range cells {
		if c.kind() != "" {
			w.object(c.actor, c.kind(), c.relation)
		}
		w.request(c, "") // makes whom its body names
	}
	before := w.fingerprint()
	notFound := map[string]string{}
	for _, c := range cells {
		if want := c.want(); want >= 400 {
			id := w.shared[c.actor.name+" "+c.kind()+" "+c.relation]
			text := w.try(c, id)
			answers[c.String()] = answer(want, text)
			if want == http.StatusNotFound {
				w.checkNotFound(c, id, text, notFound)
			}
			w.checkInvalid(c, id)
		}
	}
	w.checkUnchanged(before)
	for _, c := range cells {
		if c.want() < 400 {
			id := ""
			if c.kind() != "" {
				id = w.fresh(c.actor, c.kind(), c.relation)
			}
			answers[c.String()] = answer(c.want(), w.try(c, id))
		}
	}
	w.checkCoverage(cells)
	w.checkCanaries()
	text := strings.Builder{}
	text.WriteString("operation\tactor\trelation\tstatus\tcode\n")
	for _, c := range cells {
		fmt.Fprintf(&text, "%s\t%s\n", c, answers[c.String()])
	}
	return text.String()
}

// answer is what the table holds of an answer: why somebody is refused matters too.
func answer(status int, text string) string {
	code := "-"
	if found := problemCode.FindStringSubmatch(text); found != nil && status >= 400 {
		code = found[1]
	}
	return fmt.Sprintf("%d\t%s", status, code)
}

var problemCode = regexp.MustCompile(`"code":"([\w.]+)"`)

// try sends the request of a cell, checks status and canaries, and gives the answer.
func (w *world) try(c cell, id string) string {
	w.t.Helper()
	status, text := w.do(w.front, w.request(c, id))
	if status != c.want() {
		w.t.Errorf("%s: %d, want %d: %s", c, status, c.want(), text)
	}
	if found := canaries(c.actor, text); found != "" {
		w.t.Errorf("%s: the answer tells %s: %s", c, found, text)
	}
	return text
}

// checkNotFound holds every 404 of an operation to the one for an id there never was.
func (w *world) checkNotFound(c cell, id, text string, known map[string]string) {
	at := c.op.ID + " " + c.actor.name
	text = strings.ReplaceAll(text, id, "ID")
	if known[at] == "" {
		known[at] = text
	}
	if known[at] != text {
		w.t.Errorf("%s: not the answer of the other relations that are not found:\n%s\n%s", c, text, known[at])
	}
}

// checkInvalid sends bodies that cannot be used, which must not tell more than good ones.
func (w *world) checkInvalid(c cell, id string) {
	if bodies[c.op.ID] == "" || c.want() == http.StatusConflict || c.want() == http.StatusForbidden && exceptions[c.op.ID] != nil {
		return
	}
	for _, body := range []string{`{"`, `[7]`} {
		q := w.request(c, id)
		q.body = body
		if status, text := w.do(w.front, q); status != c.want() || canaries(c.actor, text) != "" {
			w.t.Errorf("%s with the body %s: %d, want %d: %s", c, body, status, c.want(), text)
		}
	}
}

// checkCanaries makes sure that there is something to be found: who may read it does.
func (w *world) checkCanaries() {
	for _, home := range w.tenants {
		_, text := w.do(w.front, request{method: "GET", target: "/api/posts?per_page=1000", key: home.keeperKey})
		if home.letter == "A" && !strings.Contains(text, "canary-A-hidden") || !strings.Contains(text, "canary-"+home.letter+"-shown") {
			w.t.Errorf("the keeper of %s reads no canaries: %.300s", home.letter, text)
		}
	}
}

// checkCoverage asks for a success and a refusal of every operation.
func (w *world) checkCoverage(cells []cell) {
	good, refused := map[string]bool{}, map[string]bool{}
	for _, c := range cells {
		// Module task signs what quizzes report, TestProgramsWriteInGroupChats what programs write.
		good[c.op.ID] = good[c.op.ID] || (c.op.ID == "reportQuiz" || c.op.ID == "writeAtHook") && c.want() == http.StatusForbidden || c.op.ID == "redeliver" && c.want() == http.StatusBadRequest
		// Module media reads those that there are, directory_test.go has a directory.
		made := c.op.ID == "getMediaThumbnail" || c.op.ID == "getMediaFilm" || c.op.ID == "syncDirectory"
		good[c.op.ID] = good[c.op.ID] || c.want() < 400 || made && c.want() == http.StatusConflict
		refused[c.op.ID] = refused[c.op.ID] || c.want() >= 400
	}
	for _, op := range w.app.router.Operations() {
		if !good[op.ID] || !refused[op.ID] && !op.Authz.Public {
			w.t.Errorf("%s: succeeds for somebody: %t, is refused to somebody: %t", op.ID, good[op.ID], refused[op.ID])
		}
	}
}

// checkComplete fails when an operation was added without telling the matrix how to try it.
func (w *world) checkComplete() {
	var d struct {
		Paths map[string]map[string]struct {
			OperationID string
			RequestBody any
		}
	}
	body, err := w.app.router.OpenAPI()
	if err != nil || json.Unmarshal(body, &d) != nil {
		w.t.Fatal("the description cannot be read", err)
	}
	ops := map[string]bool{}
	for _, op := range w.app.router.Operations() {
		ops[op.ID] = true
		described := d.Paths[op.Path][strings.ToLower(op.Method)]
		if described.OperationID != op.ID {
			w.t.Errorf("%s is not described", op.ID)
		}
		if (described.RequestBody != nil) != (bodies[op.ID] != "") {
			w.t.Errorf("%s takes a body: %t; bodies has one: %t", op.ID, described.RequestBody != nil, bodies[op.ID] != "")
		}
		for _, p := range parameter.FindAllString(op.Path, -1) {
			name := strings.Trim(p, "{}")
			if wordParameters[name] == "" && (op.Authz.Object == nil || op.Authz.Object.Param != name) {
				w.t.Errorf("%s: %s is bound to no type of object", op.ID, p)
			}
		}
		if kind := (cell{op: op}).kind(); len(w.actors[0].relations(kind)) == 0 {
			w.t.Errorf("%s: actor.relations does not know %s", op.ID, kind)
		}
	}
	for _, methods := range d.Paths {
		for _, op := range methods {
			if !ops[op.OperationID] {
				w.t.Errorf("%s is described and not served", op.OperationID)
			}
		}
	}
	for id := range bodies {
		if !ops[id] {
			w.t.Errorf("bodies has %s, which there is not", id)
		}
	}
}

// fingerprint gives a hash of all rows of each table.
func (w *world) fingerprint() map[string]string {
	w.t.Helper()
	sum := map[string]string{}
	for _, table := range w.column(map[bool]string{
		true:  `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'`,
		false: `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
	}[w.sqlite()]) {
		row := "CAST(t AS text)"
		if w.sqlite() {
			row = `quote("` + strings.Join(w.column(`SELECT name FROM pragma_table_info('`+table+`')`), `") || ',' || quote("`) + `")`
		}
		rows := w.column(`SELECT ` + row + ` FROM "` + table + `" t ORDER BY 1`)
		if strings.HasPrefix(table, "audit_") { // where what is refused leaves its trace
			continue
		}
		sum[table] = fmt.Sprintf("%d rows, %x", len(rows), sha256.Sum256([]byte(strings.Join(rows, "\n"))))
	}
	if len(sum) < 20 {
		w.t.Fatalf("found only %d tables", len(sum))
	}
	return sum
}

func (w *world) sqlite() bool {
	_, yes := w.app.o.DB.SQLite()
	return yes
}

func (w *world) checkUnchanged(before map[string]string) {
	w.t.Helper()
	for table, now := range w.fingerprint() {
		if before[table] != now {
			w.t.Errorf("refused requests changed %s: %s, before %s", table, now, before[table])
		}
	}
}

func (w *world) column(query string) []string {
	w.t.Helper()
	rows, err := w.app.o.DB.Reader(w.t.Context()).Query(w.t.Context(), query)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			w.t.Fatal(err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return list
}
