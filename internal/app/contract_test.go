package app

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	fixtures "github.com/workdrive/workdrive/api"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// replay is one printed example of the reference, sent as it is printed: method, path and body
// to the letter, with ids and other placeholders replaced by real ones.
type replay struct {
	operation    string
	method, path string // as printed; {name} is replaced
	canonical    string // the path the answer's Link names, "" when the printed one is canonical
	status       int
	edit         func(w printed, body map[string]any)
}

// printed holds the real values that replace placeholders, by name.
type printed map[string]string

var replays = []replay{
	{"listUsers", "GET", "/api/users", "", 200, func(w printed, b map[string]any) {
		b["department"], b["location"] = w["department"], w["location"]
	}},
	{"listSupervisors", "GET", "/api/users/supervisors", "", 200, func(w printed, b map[string]any) { b["userId"] = w["user"] }},
	{"createUser", "POST", "/api/users/add", "", 201, person("created@stilla.example")},
	{"updateUser", "PATCH", "/api/users/{user}", "", 200, func(w printed, b map[string]any) {
		b["status"], b["reportsTo"], b["location"], b["department"] = "ACTIVE", w["boss"], w["location"], "Management"
		b["fileId"], b["coverFileId"] = nil, w["file"]
		b["addAdditionalTeams"], b["removeAdditionalTeams"] = []any{w["boss"]}, []any{w["boss"]}
	}},
	{"bulkCreateUsers", "POST", "/api/users/bulk-create", "", 201, func(w printed, b map[string]any) {
		row := b["data"].([]any)[0].(map[string]any)
		person("bulk@stilla.example")(w, row)
		row["externalUserId"], row["addAdditionalLocations"] = "HR-1", []any{w["location"]}
	}},
	{"bulkDeleteUsers", "Delete", "/api/users/bulk-delete", "", 200, func(w printed, b map[string]any) { b["ids"] = []any{w["leaver"]} }},
	{"deleteUser", "Delete", "/api/users/{leaver2}", "", 204, nil},
	{"createOrganization", "POST", "/api/organization", "", 201, nil},
	{"updateOrganization", "Patch", "/api/organization/{organization}", "", 200, func(w printed, b map[string]any) { b["fileId"] = w["file"] }},
	{"generateAccessToken", "POST", "/api/token/generate-access", "", 201, func(w printed, b map[string]any) { b["userId"] = w["user"] }},
	{"createPost", "POST", "/api/posts", "", 201, words},
	{"listPosts", "GET", "/api/posts", "", 200, func(_ printed, b map[string]any) { b["time"] = "2031-10-17T09:21:41.247Z" }},
	{"updatePost", "PATCH", "/api/posts/id?id={post}", "/api/posts/{post}", 200, words},
	{"deletePost", "Delete", "/api/posts/id?id={post}", "/api/posts/{post}", 204, nil},
	{"createNews", "POST", "/api/news", "", 201, printedNews},
	{"listNews", "GET", "/api/news", "", 200, func(_ printed, b map[string]any) { b["time"] = "2031-10-17T09:21:41.247Z" }},
	{"updateNews", "PATCH", "/api/news/id?id={news}", "/api/news/{news}", 200, printedNews},
	{"deleteNews", "Delete", "/api/news/id?id={news}", "/api/news/{news}", 204, nil},
	{"createVideo", "POST", "/api/videos", "", 201, func(w printed, b map[string]any) {
		b["permissions"] = permissionsFor(w)
		b["videoFileId"], b["thumbnailFileId"] = nil, w["file"]
		b["meta"] = map[string]any{"videoURL": "https://www.youtube.com/watch?v=1"}
	}},
	{"listVideos", "GET", "/api/videos", "", 200, nil},
	{"updateVideo", "PATCH", "/api/videos/{video}", "", 200, func(w printed, b map[string]any) {
		b["permissions"], b["thumbnailFileId"] = permissionsFor(w), w["file"]
	}},
	{"deleteVideo", "Delete", "/api/videos/{video}", "", 204, nil},
	{"createPhoto", "POST", "/api/photos", "", 201, func(w printed, b map[string]any) { b["permissions"], b["fileId"] = permissionsFor(w), w["file"] }},
	{"listPhotos", "GET", "/api/photos", "", 200, nil},
	{"updatePhoto", "PATCH", "/api/photos/{photo}", "", 200, nil},
	{"deletePhoto", "Delete", "/api/photos/{photo}", "", 204, nil},
	{"createDocument", "POST", "/api/documents?publish=true", "", 201, func(w printed, b map[string]any) {
		b["permissions"], b["ownerIds"], b["docId"] = permissionsFor(w), []any{w["user"]}, w["file"]
		b["docUrl"], b["link"], b["category"] = "https://handbook.example/2", "https://handbook.example", "Human resource"
	}},
	{"listDocuments", "GET", "/api/documents", "", 200, nil},
	{"updateDocument", "PATCH", "/api/documnents?publish=true&id={document}", "/api/documents/{document}", 200, func(w printed, b map[string]any) {
		kb := b["kb"].(map[string]any)
		b["permissions"], kb["permissions"] = permissionsFor(w), permissionsFor(w)
		b["docId"], b["docUrl"], kb["link"] = w["file"], "https://handbook.example/3", "https://handbook.example"
		kb["newOwnerIds"], kb["removeOwnerIds"] = []any{w["boss"]}, []any{w["user"]}
	}},
	{"deleteDocument", "Delete", "/api/documents?id={document}", "/api/documents/{document}", 204, nil},
	{"createFaq", "POST", "/api/faqs?publish=true", "", 201, func(w printed, b map[string]any) {
		kb := b["kb"].(map[string]any)
		b["permissions"], kb["ownerIds"], kb["name"], kb["category"] = permissionsFor(w), []any{w["user"]}, "Questions", "Human resource"
	}},
	{"listFaqs", "GET", "/api/faqs", "", 200, nil},
	{"updateFaq", "PATCH", "/api/faqs/{faq}?publish=true", "", 200, func(w printed, b map[string]any) {
		kb := b["kb"].(map[string]any)
		b["permissions"], kb["newOwnerIds"], kb["removeOwnerIds"], kb["link"] = permissionsFor(w), []any{w["boss"]}, []any{w["user"]}, "https://handbook.example"
		b["updatedQAs"].([]any)[0].(map[string]any)["id"], b["removeQuestionIds"] = w["question"], []any{w["question2"]}
	}},
	{"deleteFaq", "Delete", "/api/faqs/{faq}", "", 204, nil},
	{"sendNotification", "GET", "/api/notifications/send", "/api/notifications/send", 202, func(w printed, b map[string]any) { b["receiverUserIds"] = []any{w["user"]} }},
	{"createDepartment", "POST", "/api/departments", "", 201, members("members")},
	{"listDepartments", "GET", "/api/departments", "", 200, nil},
	{"updateDepartmentHeads", "PATCH", "/api/departments/{department}/admin", "", 200, func(w printed, b map[string]any) {
		b["remove"] = w["boss"]
		member(w, b["add"].([]any)[0])
	}},
	{"updateDepartmentMembers", "POST", "/api/departments/{department}/members", "", 200, func(w printed, b map[string]any) {
		member(w, b["addMembers"].([]any)[0])
		b["removeMembers"] = []any{}
	}},
	{"getDepartmentMembers", "GET", "/api/departments/{department}/members", "", 200, nil},
	{"updateDepartment", "PATCH", "/api/departments/{department}", "", 200, func(_ printed, b map[string]any) { b["name"] = "Managers" }},
	{"deleteDepartment", "Delete", "/api/departments/{department}", "", 204, nil},
	{"createLocation", "POST", "/api/departments", "/api/locations", 201, nil},
	{"listLocations", "GET", "/api/locations", "", 200, nil},
	{"updateLocationMembers", "POST", "/api/locations/{location}/members", "", 200, func(w printed, b map[string]any) {
		b["addMembers"], b["removeMembers"] = []any{w["user"]}, []any{w["boss"]}
	}},
	{"getLocationMembers", "GET", "/api/locations/{location}/members", "", 200, nil},
	{"updateLocation", "PATCH", "/api/locations/{location}", "", 200, nil},
	{"deleteLocation", "Delete", "/api/locations/{location}", "", 204, nil},
	{"listSecurityGroups", "GET", "/api/security_groups", "", 200, nil},
	{"addSecurityGroupMembers", "POST", "/api/security_groups/{group}/members}", "/api/security_groups/{group}/members", 200, people},
	{"removeSecurityGroupMembers", "DELETE", "/api/security_groups/{group}/members}", "/api/security_groups/{group}/members", 200, people},
	{"createGroupChat", "POST", "/api/group-chats", "", 201, func(w printed, b map[string]any) {
		for i, name := range []string{"user", "boss"} {
			b["members"].([]any)[i].(map[string]any)["id"] = w[name]
		}
		b["fileId"] = w["file"]
	}},
	{"listGroupChats", "GET", "/api/group-chats", "", 200, func(_ printed, b map[string]any) { b["time"] = "2031-10-23T20:32:28.637Z" }},
	{"sendMessage", "GET", "/api/{conversation}/messages", "/api/{conversation}/messages", 201, func(w printed, b map[string]any) {
		b["mention"], b["replyOfMsgId"], b["fileId"] = []any{w["user"]}, w["message"], []any{w["file"]}
	}},
	{"createMeeting", "POST", "/api/group-chats?conversationId={conversation}", "/api/group-chats/{conversation}/meetings", 201, func(w printed, b map[string]any) {
		b["userIds"], b["posterId"] = []any{w["user"]}, w["file"]
		b["startDateTime"], b["endDateTime"] = "2031-09-14T07:58:00.000Z", "2031-09-14T08:58:00.000Z"
	}},
	{"updateGroupChat", "PATCH", "/api/group-chats/{conversation}", "", 200, func(w printed, b map[string]any) {
		b["newAdmins"], b["removedAdmins"], b["fileId"] = []any{w["user"]}, []any{w["user"]}, w["file"]
	}},
	{"deleteGroupChats", "Delete", "/api/group-chats?id={conversation}", "", 204, nil},
	{"listCategories", "GET", "/api/categories", "", 200, nil},
	{"createTask", "POST", "/api/tasks", "", 201, func(w printed, b map[string]any) {
		printedTask(w, b)
		b["status"] = "publish"
	}},
	{"createAndAssignTask", "POST", "/api/tasks", "", 201, func(w printed, b map[string]any) {
		printedTask(w, b)
		b["userIds"] = []any{w["user"]}
	}},
	{"listTasks", "GET", "/api/tasks", "", 200, func(_ printed, b map[string]any) { delete(b, "published") }},
	{"updateTask", "PATCH", "/api/tasks/update/id?id={task}", "/api/tasks/update/{task}", 200, printedTask},
	{"assignTask", "PATCH", "/api/tasks/assign/id?id={task}", "/api/tasks/assign/{task}", 200, func(w printed, b map[string]any) {
		b["userIds"], b["removeIds"] = []any{w["user"]}, []any{w["user"]}
	}},
	{"deleteTask", "Delete", "/api/tasks/{task}", "", 204, nil},
	{"listCourses", "GET", "/api/categories", "/api/courses", 200, nil},
	{"deleteCourse", "Delete", "/api/courses/{course}", "", 204, nil},
	{"createEvent", "POST", "/api/events/meeting", "", 201, printedEvent},
	{"listEvents", "GET", "/api/events", "", 200, nil},
	{"updateEvent", "PATCH", "/api/events/{once}", "", 200, printedEvent},
	{"deleteEvent", "Delete", "/api/events/{event}", "", 204, nil},
	{"listEnforcementTemplates", "GET", "/api/enforcement-templates", "", 200, nil},
	{"createSso", "POST", "/api/sso", "", 201, func(w printed, b map[string]any) {
		b["fileId"], b["departmentId"], b["locationId"] = w["file"], w["department2"], w["location2"]
	}},
	{"listSsos", "GET", "/api/sso", "", 200, func(w printed, b map[string]any) { b["location"], b["department"] = w["location2"], w["department2"] }},
	{"requestMediaUpload", "GET", "/api/media", "", 200, nil},
	{"listModuleCodes", "GET", "/api/module-codes", "", 200, nil},
}

// served is the operation that answers a printed one.
func served(operation string) string {
	if operation == "createAndAssignTask" { // the same method and path: people make the difference
		return "createTask"
	}
	return operation
}

func person(email string) func(printed, map[string]any) {
	return func(w printed, b map[string]any) {
		b["email"], b["department"], b["location"], b["securityGroup"], b["reportsTo"] = email, w["department"], w["location"], w["group"], w["boss"]
		b["defaultVisibility"], b["addAdditionalTeams"] = "public", []any{w["boss"]}
	}
}

// permissionsFor is the printed permissions object, which grants everything at once, for real ids.
func permissionsFor(w printed) map[string]any {
	return map[string]any{
		"users": []any{w["user"]}, "groups": []any{w["group"]}, "locations": []any{w["location"]}, "taggedUsers": []any{w["user"]},
		"public": true, "friends": true, "onlyMe": true, "team": true,
	}
}

func printedNews(w printed, b map[string]any) {
	words(w, b)
	b["coverImage"] = w["file"]
}

func words(w printed, b map[string]any) {
	b["permissions"] = permissionsFor(w)
	b["mention"], b["taggedUserIds"], b["fileIds"], b["links"] = w["user"], []any{w["user"]}, []any{w["file"]}, []any{"https://maps.example/1"}
}

func member(w printed, m any) {
	m.(map[string]any)["id"], m.(map[string]any)["existingDept"] = w["user"], w["department"]
}

func members(name string) func(printed, map[string]any) {
	return func(w printed, b map[string]any) {
		b["name"] = "Board"
		m := b[name].([]any)[0].(map[string]any)
		m["id"], m["existingDept"] = w["boss"], w["department"]
	}
}

// printedTask puts real ids where the reference has sentences. It is for a while, so that there is a deadline.
func printedTask(w printed, b map[string]any) {
	b["notificationTemplateId"], b["videoId"], b["documentId"], b["dueDays"] = nil, w["film"], w["guide"], 3
	delete(b, "trainingCourseTaskListId")
}

// printedEvent puts real ids and addresses where the reference has words.
func printedEvent(w printed, b map[string]any) {
	b["userIds"], b["posterId"], b["conversationId"], b["videoPreviewIds"] = []any{w["user"]}, w["file"], w["room"], []any{}
	b["conferenceLink"], b["externalUserEmails"] = "https://meet.example/1", []any{"guest@elsewhere.example"}
}

func people(w printed, b map[string]any) { b["ids"] = []any{w["user"], w["boss"]} }

func TestPrintedExamplesWorkToTheLetter(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		w, described, seen := h.stage(t), contractOf(t, h.App), map[string]int{}
		for _, r := range replays {
			t.Run(r.operation, func(t *testing.T) {
				answer, body := h.replay(t, r, w)
				if err := described.allows(served(r.operation), answer.Code, answer.Header().Get("Content-Type"), answer.Body.Bytes()); err != nil {
					t.Error(err)
				}
				for name, s := range shapes(t) {
					for _, at := range s.places(r.operation) {
						seen[name] += inShape(t, name, at, body)
					}
				}
			})
		}
		if seen["File"] < 2 { // of the posts made and changed
			t.Errorf("only %d answers have a File", seen["File"])
		}
		for name, s := range shapes(t) {
			for _, r := range replays {
				if len(s.places(r.operation)) > 0 && seen[name] == 0 && !noneYet[name] {
					t.Errorf("no answer has a %s", name)
					break
				}
			}
		}
	})
}

// TestEveryExampleIsReplayed: an example that nothing replays promises nothing.
func TestEveryExampleIsReplayed(t *testing.T) {
	t.Parallel()
	replayed := map[string]bool{}
	for _, r := range replays {
		replayed[r.operation] = true
	}
	files, err := fs.Glob(fixtures.Fixtures, "*.json")
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		if operation, _, _ := strings.Cut(file, "."); !replayed[operation] {
			t.Errorf("%s is not replayed", file)
		}
	}
	for name, s := range shapes(t) {
		for _, u := range s.UsedIn {
			if _, err := fs.Stat(fixtures.Fixtures, u.Operation+".response.json"); replayed[u.Operation] && err != nil {
				t.Errorf("%s is printed at %s, which has no example", name, u.Operation)
			}
		}
	}
}

// stage makes what the examples refer to.
func (h *house) stage(t *testing.T) printed {
	t.Helper()
	w := printed{"organization": h.root.Organization.ID}
	for _, name := range []string{"user", "boss", "leaver", "leaver2"} {
		w[name], _ = h.person(t, name)
	}
	create := func(name, path, body string) {
		w[name] = text(h.call(t, h.admin, http.MethodPost, path, body, http.StatusCreated), "id")
	}
	create("department", "/api/departments", `{"name":"Management","members":[{"id":"`+w["user"]+`","isAdmin":true},{"id":"`+w["boss"]+`"}]}`)
	create("location", "/api/locations", `{"name":"Anaheim"}`)
	create("department2", "/api/departments", `{"name":"Sales","members":[]}`) // the others are deleted
	create("location2", "/api/locations", `{"name":"Lyon"}`)
	create("group", "/api/security_groups", `{"name":"Editors"}`)
	create("post", "/api/posts", `{"postText":"words","mention":"`+w["user"]+`"}`)
	w["file"] = upload(t, h.Handler(), h.admin, "image/png", "team.png", picture)
	create("category", "/api/categories", `{"moduleCode":1,"category":"Projects"}`)
	create("featured", "/api/categories", `{"moduleCode":6,"category":"Featured"}`)
	create("testing", "/api/categories", `{"moduleCode":11,"category":"Testing"}`)
	create("conversation", "/api/group-chats", `{"title":"words","groupType":"ROOM","members":[{"id":"`+w["user"]+`"}]}`)
	create("message", "/api/"+w["conversation"]+"/messages", `{"message":"words"}`)
	create("news", "/api/news", `{"newsTitle":"words"}`)
	create("video", "/api/videos", `{"meta":{"videoURL":"https://films.example/1"}}`)
	create("photo", "/api/photos", `{"fileId":"`+w["file"]+`"}`)
	create("document", "/api/documents", `{"link":"https://handbook.example/1"}`)
	create("film", "/api/videos", `{"meta":{"videoURL":"https://films.example/2"}}`)
	create("guide", "/api/documents?publish=true", `{"link":"https://handbook.example/2"}`)
	create("template", "/api/enforcement-templates", `{"title":"words","reminders":[{"reminderType":"email","reminderTimeUnit":"days","reminderTime":2,"refId":"1"}]}`)
	create("task", "/api/tasks", `{"title":"words","content":"words","description":"words","link":"https://handbook.example","dueDays":3}`)
	create("course", "/api/courses", `{"title":"words","status":"publish"}`)
	h.call(t, h.admin, http.MethodPut, "/api/courses/"+w["course"]+"/form", `{"title":"Questions","schema":{"data":{"components":[],"display":"form"}}}`, http.StatusOK)
	create("corporate", "/api/categories", `{"moduleCode":3,"category":"Corporate Events"}`)
	create("room", "/api/group-chats", `{"title":"words"}`)
	create("once", "/api/events", `{"title":"words","startDateTime":"2022-12-20T10:00:00Z","duration":60}`)
	create("event", "/api/events", `{"title":"words","startDateTime":"2022-12-20T10:00:00Z","duration":60,"type":"LIVESTREAM","userIds":["`+w["user"]+`"],"externalLink":[{"title":"","url":"https://handbook.example"}],
		"repeat":{"config":{"type":"frequency","frequency":86400,"ends":{"config":{"type":"on","date":"2022-12-21"}}}}}`)
	create("task2", "/api/tasks", `{"title":"words","content":"words","courseId":"`+w["course"]+`"}`)
	faq := h.call(t, h.admin, http.MethodPost, "/api/faqs", `{"qas":[{"question":"a","answer":"b"},{"question":"c","answer":"d"}]}`, http.StatusCreated)
	w["faq"] = text(faq, "id")
	for i, name := range []string{"question", "question2"} {
		w[name] = faq["qas"].([]any)[i].(map[string]any)["id"].(string)
	}
	h.call(t, h.admin, http.MethodPatch, "/api/users/"+w["user"], `{"location":"`+w["location"]+`","reportsTo":"`+w["boss"]+`"}`, http.StatusOK)
	h.call(t, h.admin, http.MethodPut, "/api/posts/"+w["post"]+"/reactions/like", "", http.StatusOK)
	return w
}

func (w printed) fill(path string) string {
	for name, value := range w {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return path
}

// replay sends one example and compares the answer with the printed one.
func (h *house) replay(t *testing.T, r replay, w printed) (rec *httptest.ResponseRecorder, got any) {
	t.Helper()
	body := ""
	if raw, err := fs.ReadFile(fixtures.Fixtures, r.operation+".request.json"); err == nil {
		var b map[string]any
		if err := json.Unmarshal(raw, &b); err != nil {
			t.Fatal(err)
		}
		if r.edit != nil {
			r.edit(w, b)
		}
		sent, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		body = string(sent)
	}
	req := httptest.NewRequest(http.MethodPost, w.fill(r.path), strings.NewReader(body))
	req.Method = r.method // as printed, whatever its case
	req.Header.Set("X-API-KEY", h.admin)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	rec = httptest.NewRecorder()
	h.Handler().ServeHTTP(rec, req)
	if rec.Code != r.status {
		t.Fatalf("%s %s %s: status %d, want %d: %s", r.method, r.path, body, rec.Code, r.status, rec.Body)
	}
	if link := rec.Header().Get("Link"); r.canonical != "" && (rec.Header().Get("Deprecation") != "true" || link != "<"+w.fill(r.canonical)+`>; rel="canonical"`) {
		t.Errorf("Deprecation %q, Link %q", rec.Header().Get("Deprecation"), link)
	}
	want, err := fs.ReadFile(fixtures.Fixtures, r.operation+".response.json")
	if err != nil {
		return rec, nil // the reference prints no answer
	}
	var shown any
	if err := json.Unmarshal(want, &shown); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	alike(t, "$", shown, got)
	return rec, got
}

// inShape compares what is at a place of an answer, such as "users[].reportsToObj", with a
// shape, and gives how many there are.
func inShape(t *testing.T, shape, place string, answer any) int {
	t.Helper()
	objects := at(answer, strings.TrimPrefix(place, "$"))
	if len(objects) == 0 && !strings.Contains(place, ".") && shape != "UserSummary" && !noneYet[shape] && !noneAt[place] {
		t.Errorf("nothing at %s to compare with shape %s", place, shape)
	}
	for _, o := range objects {
		conforms(t, shape, o)
	}
	return len(objects)
}

// noneYet are shapes of what comes from fetched pages and awards, and of files, which only posts have.
var noneYet = map[string]bool{
	"File": true, "LinkPreview": true, "Badge": true,
	// of calls that people are in, other calendars, tickets and answers of the knowledge base
	"Participant": true, "ExternalLink": true, "RepeatConfig": true, "Ticket": true, "TicketCategory": true, "KbAnswer": true,
	"MessageEvent": true, // of the messages that announce meetings, which no example sends
}

// noneAt are places that are null in the examples: a new group chat has had no calls, one whose
// meeting is to come no last one, and a text is no video.
var noneAt = map[string]bool{"lastCall": true, "scheduledCall": true, "video": true}

// saidInWords are numbers for which the reference prints what they mean.
var saidInWords = map[string]bool{"order": true, "numberOfTasks": true, "usersCount": true, "totalTime": true}

var (
	printedTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	anyID       = ids.Valid
)

// alike checks that everything the reference prints is there, with the same kind of value. {}
// is a nullable value of a type not stated; null may stand for anything that is not given.
func alike(t *testing.T, where string, shown, got any) {
	t.Helper()
	if got == nil || shown == nil {
		return
	}
	switch s := shown.(type) {
	case map[string]any:
		if len(s) == 0 {
			return
		}
		g, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s: printed as an object, is %T", where, got)
			return
		}
		for name, v := range s {
			if _, there := g[name]; !there {
				t.Errorf("%s.%s is printed and missing", where, name)
				continue
			}
			alike(t, where+"."+name, v, g[name])
		}
	case []any:
		g, ok := got.([]any)
		if !ok {
			t.Errorf("%s: printed as a list, is %T", where, got)
			return
		}
		if len(s) > 0 {
			for i, v := range g {
				alike(t, fmt.Sprintf("%s[%d]", where, i), s[0], v)
			}
		}
	case string:
		g, ok := got.(string)
		if _, isNumber := got.(float64); isNumber && saidInWords[where[strings.LastIndex(where, ".")+1:]] {
			return
		}
		if !ok {
			t.Errorf("%s: printed as a string, is %T", where, got)
		} else if printedTime.MatchString(s) && !printedTime.MatchString(g) {
			t.Errorf("%s: %q is no time with milliseconds in UTC", where, g)
		}
	default:
		if fmt.Sprintf("%T", shown) != fmt.Sprintf("%T", got) {
			t.Errorf("%s: printed as %T, is %T", where, shown, got)
		}
	}
}

// at gives the objects at a place such as "users[]" that are not null.
func at(v any, place string) []any {
	first, rest, _ := strings.Cut(place, ".")
	name, isList := strings.CutSuffix(first, "[]")
	if object, ok := v.(map[string]any); ok && name != "" {
		v = object[name]
	}
	list := []any{v}
	if isList {
		list, _ = v.([]any)
	}
	var found []any
	for _, item := range list {
		switch {
		case item == nil:
		case rest == "":
			found = append(found, item)
		default:
			found = append(found, at(item, rest)...)
		}
	}
	return found
}

// shape is one of shapes.json, with the places it is printed at.
type shape struct {
	Fields map[string]field
	UsedIn []struct {
		Operation string
		At        []string
	}
}

func (s shape) places(operation string) []string {
	for _, u := range s.UsedIn {
		if u.Operation == operation {
			return u.At
		}
	}
	return nil
}

type field struct {
	Type     string
	Nullable bool
}

// conforms checks an object against a shape of shapes.json, nested shapes included.
func conforms(t *testing.T, shape string, v any) {
	t.Helper()
	object, ok := v.(map[string]any)
	if !ok {
		t.Errorf("%s: is %T, not an object", shape, v)
		return
	}
	for name, f := range shapes(t)[shape].Fields {
		got, there := object[name]
		switch {
		case !there && only[shape+"."+name]:
		case !there:
			t.Errorf("%s.%s is missing", shape, name)
		case got == nil && !f.Nullable && !nullWithout[shape+"."+name]:
			t.Errorf("%s.%s is null", shape, name)
		case got != nil && !varies[shape+"."+name]:
			typed(t, shape+"."+name, f.Type, got)
		}
	}
}

// nullWithout are fields of posts that are null when there is no file or no preview.
var nullWithout = map[string]bool{"Post.files": true, "Post.linkPreviews": true, "News.files": true, "News.linkPreviews": true}

// only are fields that the reference prints in some of a shape's places.
var only = map[string]bool{
	"Department.members": true, "Department.departmentHeads": true,
	"Location.members": true, "Location.memberCount": true, "Location.addedBy": true,
	"Organization.createdBy": true, "Organization.accessToken": true,
}

// varies are fields that the reference prints with different types, or otherwise than it says.
var varies = map[string]bool{"Organization.authMethod": true, "Faq.tags": true, "Task.createdBy": true, "AssignedTask.assignedUserIds": true, "Call.event": true, "Event.livestream": true}

func typed(t *testing.T, where, kind string, v any) {
	t.Helper()
	if item, isList := strings.CutPrefix(kind, "array<"); isList {
		list, ok := v.([]any)
		if !ok {
			t.Errorf("%s: %T is no list", where, v)
		}
		for _, x := range list {
			typed(t, where+"[]", strings.TrimSuffix(item, ">"), x)
		}
		return
	}
	text, isText := v.(string)
	ok := true
	switch kind {
	case "uuid":
		ok = isText && anyID(text)
	case "datetime":
		ok = isText && printedTime.MatchString(text)
	case "string", "email", "url":
		ok = isText
	case "integer":
		n, isNumber := v.(float64)
		ok = isNumber && n == float64(int64(n))
	case "boolean":
		_, ok = v.(bool)
	case "object":
		_, ok = v.(map[string]any)
	default:
		if _, known := shapes(t)[kind]; known {
			conforms(t, kind, v)
		}
	}
	if !ok {
		t.Errorf("%s: %v is no %s", where, v, kind)
	}
}

// shapes reads shapes.json, once.
var shapes = func() func(t *testing.T) map[string]shape {
	read := sync.OnceValues(func() (map[string]shape, error) {
		raw, err := os.ReadFile("../../api/shapes.json")
		if err != nil {
			return nil, err
		}
		var all struct{ Shapes map[string]shape }
		err = json.Unmarshal(raw, &all)
		return all.Shapes, err
	})
	return func(t *testing.T) map[string]shape {
		t.Helper()
		all, err := read()
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
}()
