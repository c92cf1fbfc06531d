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
		b["fileId"], b["coverFileId"] = nil, nil
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
	{"updateOrganization", "Patch", "/api/organization/{organization}", "", 200, func(_ printed, b map[string]any) { b["fileId"] = nil }},
	{"generateAccessToken", "POST", "/api/token/generate-access", "", 201, func(w printed, b map[string]any) { b["userId"] = w["user"] }},
	{"createPost", "POST", "/api/posts", "", 201, words},
	{"listPosts", "GET", "/api/posts", "", 200, func(_ printed, b map[string]any) { b["time"] = "2031-10-17T09:21:41.247Z" }},
	{"updatePost", "PATCH", "/api/posts/id?id={post}", "/api/posts/{post}", 200, words},
	{"deletePost", "Delete", "/api/posts/id?id={post}", "/api/posts/{post}", 204, nil},
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
	{"listCategories", "GET", "/api/categories", "", 200, nil},
	{"requestMediaUpload", "GET", "/api/media", "", 200, nil},
	{"listModuleCodes", "GET", "/api/module-codes", "", 200, nil},
}

func person(email string) func(printed, map[string]any) {
	return func(w printed, b map[string]any) {
		b["email"], b["department"], b["location"], b["securityGroup"], b["reportsTo"] = email, w["department"], w["location"], w["group"], w["boss"]
		b["defaultVisibility"], b["addAdditionalTeams"] = "public", []any{w["boss"]}
	}
}

func words(w printed, b map[string]any) {
	p := b["permissions"].(map[string]any)
	p["users"], p["groups"], p["locations"] = []any{w["user"]}, []any{w["group"]}, []any{w["location"]}
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

func people(w printed, b map[string]any) { b["ids"] = []any{w["user"], w["boss"]} }

func TestPrintedExamplesWorkToTheLetter(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		w, described, seen := h.stage(t), contractOf(t, h.App), map[string]int{}
		for _, r := range replays {
			t.Run(r.operation, func(t *testing.T) {
				answer, body := h.replay(t, r, w)
				if err := described.allows(r.operation, answer.Code, answer.Header().Get("Content-Type"), answer.Body.Bytes()); err != nil {
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
	create("group", "/api/security_groups", `{"name":"Editors"}`)
	create("post", "/api/posts", `{"postText":"words","mention":"`+w["user"]+`"}`)
	w["file"] = upload(t, h.Handler(), h.admin, "image/png", "team.png", picture)
	create("category", "/api/categories", `{"moduleCode":1,"category":"Projects"}`)
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
	if len(objects) == 0 && !strings.Contains(place, ".") && shape != "UserSummary" && !noneYet[shape] {
		t.Errorf("nothing at %s to compare with shape %s", place, shape)
	}
	for _, o := range objects {
		conforms(t, shape, o)
	}
	return len(objects)
}

// noneYet are shapes of what comes from fetched pages and awards, and of files, which only posts have.
var noneYet = map[string]bool{"File": true, "LinkPreview": true, "Badge": true}

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
var nullWithout = map[string]bool{"Post.files": true, "Post.linkPreviews": true}

// only are fields that the reference prints in some of a shape's places.
var only = map[string]bool{
	"Department.members": true, "Department.departmentHeads": true,
	"Location.members": true, "Location.memberCount": true, "Location.addedBy": true,
	"Organization.createdBy": true, "Organization.accessToken": true,
}

// varies are fields that the reference prints with different types.
var varies = map[string]bool{"Organization.authMethod": true}

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
