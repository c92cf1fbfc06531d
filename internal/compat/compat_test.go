package compat_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/compat"
)

const id = "0192f0c1-2d3e-7abc-8def-0123456789ab"

// seen is what reached the router.
type seen struct {
	request          string // "PATCH /api/posts/x?y=z"
	body             string
	contentType      string
	deprecated, link string
}

// send passes one request through the table. Target is what stands in the request line.
func send(t *testing.T, method, target, body string) seen {
	t.Helper()
	var got seen
	h := compat.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = seen{
			request: r.Method + " " + r.URL.RequestURI(), body: string(b), contentType: r.Header.Get("Content-Type"),
			deprecated: w.Header().Get("Deprecation"), link: w.Header().Get("Link"),
		}
	}))
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, target, reader)
	h.ServeHTTP(httptest.NewRecorder(), r)
	return got
}

// bodies make the discriminators of shared routes hold.
var bodies = map[string]string{
	"listCourses":      `{"filter":"ALL_COURSES"}`,
	"listCategories":   `{"moduleCode":1,"filter":"x"}`,
	"sendNotification": `{"title":"t"}`,
	"sendMessage":      `{"message":"hello"}`,
	"createMeeting":    `{"startDateTime":"2026-01-01T10:00:00Z","conversationId":"` + id + `"}`,
	"createGroupChat":  `{"groupType":"ROOM","startDateTime":"2026-01-01T10:00:00Z"}`,
	"createDepartment": `{"name":"Legal","members":[]}`,
	"createLocation":   `{"name":"Oslo"}`,
}

// TestEveryPrintedSpellingReachesItsOperation replays every method and path of the reference,
// and every alias promised for it.
func TestEveryPrintedSpellingReachesItsOperation(t *testing.T) {
	text, err := os.ReadFile("testdata/operations.json")
	if err != nil {
		t.Fatal(err)
	}
	var operations []struct {
		ID, Printed, Canonical string
		Aliases                []string
	}
	if err := json.Unmarshal(text, &operations); err != nil || len(operations) != 75 {
		t.Fatalf("%d operations: %v", len(operations), err)
	}
	for _, op := range operations {
		want := fill(op.Canonical)
		for _, spelling := range append(op.Aliases, op.Printed, op.Canonical) {
			t.Run(op.ID+"/"+spelling, func(t *testing.T) {
				method, path, _ := strings.Cut(fill(spelling), " ")
				isCanonical := strings.EqualFold(method+path, strings.Replace(want, " ", "", 1))
				if !isCanonical && strings.Contains(want, id) && !strings.Contains(path, id) {
					path += "?id=" + id
				}
				got := send(t, method, path, bodies[op.ID])
				if request, _, _ := strings.Cut(got.request, "?"); request != want {
					t.Fatalf("%s %s reached %s, want %s", method, path, got.request, want)
				}
				if (got.deprecated == "true") == isCanonical {
					t.Errorf("Deprecation is %q", got.deprecated)
				}
				_, canonical, _ := strings.Cut(want, " ")
				if !isCanonical && got.link != "<"+canonical+`>; rel="canonical"` {
					t.Errorf("Link is %s", got.link)
				}
			})
		}
	}
}

// fill puts an id in place of every parameter.
func fill(spelling string) string {
	for {
		before, rest, found := strings.Cut(spelling, "{")
		if !found {
			return before
		}
		_, after, _ := strings.Cut(rest, "}")
		spelling = before + id + after
	}
}

func TestDiscriminators(t *testing.T) {
	for _, c := range []struct{ name, method, target, body, want string }{
		{"module code wins", "GET", "/api/categories?moduleCode=1&filter=x", "", "GET /api/categories?moduleCode=1&filter=x"},
		{"filter alone means courses", "GET", "/api/categories?filter=ALL_COURSES", "", "GET /api/courses?filter=ALL_COURSES"},
		{"sort direction alone means courses", "GET", "/api/categories?sort_direction=ASC", "", "GET /api/courses?sort_direction=ASC"},
		{"neither stays categories", "GET", "/api/categories?cur_page=1", "", "GET /api/categories?cur_page=1"},
		{"HEAD follows GET", "HEAD", "/api/categories?filter=x", "", "HEAD /api/courses?filter=x"},
		{"a department has members", "POST", "/api/departments", `{"name":"A","members":[]}`, "POST /api/departments"},
		{"a location has none", "POST", "/api/departments", `{"name":"A"}`, "POST /api/locations"},
		{"a location behind a byte order mark", "POST", "/api/departments", "\uFEFF" + `{"name":"A"}`, "POST /api/locations"},
		{"nothing at all is a bad department", "POST", "/api/departments", `{}`, "POST /api/departments"},
		{"no JSON is a bad department", "POST", "/api/departments", `{"name":`, "POST /api/departments"},
		{"a list is a bad department", "POST", "/api/departments", `[]`, "POST /api/departments"},
		{"a meeting of a conversation by query", "POST", "/api/group-chats?conversationId=" + id, `{"endDateTime":"x"}`, "POST /api/group-chats/" + id + "/meetings"},
		{"a meeting without a conversation", "POST", "/api/group-chats", `{"endDateTime":"x"}`, "POST /api/meetings"},
		{"a group with dates", "POST", "/api/group-chats", `{"endDateTime":"x","members":[]}`, "POST /api/group-chats"},
		{"a GET without a message lists", "GET", "/api/" + id + "/messages", `{"cur_page":2}`, "GET /api/" + id + "/messages?cur_page=2"},
		{"a GET with a message sends", "GET", "/api/" + id + "/messages", `{"message":"x"}`, "POST /api/" + id + "/messages"},
		{"HEAD never sends", "HEAD", "/api/" + id + "/messages", `{"message":"x"}`, "HEAD /api/" + id + "/messages?message=x"},
		{"a module's name is no conversation", "GET", "/api/posts/messages", `{"message":"x"}`, "GET /api/posts/messages?message=x"},
		{"an empty GET notifies nobody and hears what is missing", "GET", "/api/notifications/send", "", "POST /api/notifications/send"},
		{"several chats", "DELETE", "/api/group-chats?id=a&id=b", "", "DELETE /api/group-chats?id=a&id=b"},
		{"bracketed ids", "DELETE", "/api/group-chats?id%5B%5D=a&id%5B%5D=b", "", "DELETE /api/group-chats?id=a&id=b"},
		{"one chat by path", "DELETE", "/api/group-chats/" + id, "", "DELETE /api/group-chats?id=" + id},
		{"id in the body", "PATCH", "/api/posts/id", `{"id":"` + id + `","postText":"x"}`, "PATCH /api/posts/" + id},
		{"id in the query wins", "PATCH", "/api/posts/id?id=" + id, `{"id":"other"}`, "PATCH /api/posts/" + id},
		{"a brace as it is", "POST", "/api/security_groups/" + id + "/members}", `{}`, "POST /api/security_groups/" + id + "/members"},
		{"a brace escaped", "POST", "/api/security_groups/" + id + "/members%7D", `{}`, "POST /api/security_groups/" + id + "/members"},
		{"a brace escaped in lower case", "DELETE", "/api/security-groups/" + id + "/members%7d", ``, "DELETE /api/security_groups/" + id + "/members"},
		{"below another first segment", "GET", "/api/security-groups/" + id + "/members", "", "GET /api/security_groups/" + id + "/members"},
		{"an escaped slash separates nothing", "PATCH", "/api/posts%2Fid?id=" + id, "", "PATCH /api/posts%2Fid?id=" + id},
		{"a longer path is no alias", "PATCH", "/api/posts/id/comments", "", "PATCH /api/posts/id/comments"},
		{"a trailing slash is no alias", "POST", "/api/users/", "", "POST /api/users/"},
		{"another prefix is no alias", "POST", "/x/users", "", "POST /x/users"},
		{"odd methods", "pAtCh", "/api/users/" + id, "{}", "PATCH /api/users/" + id},
		{"other spellings of paging", "GET", "/api/users?curPage=2&perPage=5", "", "GET /api/users?cur_page=2&per_page=5"},
		{"both spellings", "GET", "/api/users?curPage=2&cur_page=3", "", "GET /api/users?cur_page=3"},
		{"a query that cannot be read is left alone", "GET", "/api/users?curPage=%zz", "", "GET /api/users?curPage=%zz"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := send(t, c.method, c.target, c.body); got.request != c.want {
				t.Errorf("%s %s reached %s, want %s", c.method, c.target, got.request, c.want)
			}
		})
	}
}

func TestParametersOfAGETMayComeAsBody(t *testing.T) {
	for body, want := range map[string]string{
		`{"cur_page":2,"per_page":"5"}`:              "/api/posts?cur_page=2&per_page=5",
		`{"curPage":2}`:                              "/api/posts?cur_page=2",
		`{"cur_page":2,"curPage":3}`:                 "/api/posts?cur_page=2",
		`{"ids":["a","b"],"ok":true}`:                "/api/posts?ids=a&ids=b&ok=true",
		`{"nothing":null,"object":{},"list":[[],1]}`: "/api/posts?list=1",
		` {"a" : "x&y=z" } `:                         "/api/posts?a=x%26y%3Dz",
		`{}`:                                         "/api/posts",
	} {
		if got := send(t, "GET", "/api/posts", body); got.request != "GET "+want || got.body != "" {
			t.Errorf("%s became %s with body %q, want %s", body, got.request, got.body, want)
		}
	}
	if got := send(t, "GET", "/api/posts?cur_page=7", `{"cur_page":2,"per_page":5}`); got.request != "GET /api/posts?cur_page=7&per_page=5" {
		t.Errorf("the query does not win: %s", got.request)
	}
}

func TestTheBodyIsPassedOnWhole(t *testing.T) {
	long := `{"members":[],"name":"` + strings.Repeat("x", 3<<20) + `"}`
	for _, body := range []string{`{"name":"A","members":[1]}`, `{"name":"A"}`, `{broken`, "", long} {
		if got := send(t, "POST", "/api/departments", body); got.body != body {
			t.Errorf("%d bytes became %d", len(body), len(got.body))
		}
	}
	got := send(t, "GET", "/api/"+id+"/messages", `{"message":"x"}`)
	if got.body != `{"message":"x"}` || got.contentType != "application/json" {
		t.Errorf("a sending GET arrives as %q of type %q", got.body, got.contentType)
	}
}

// broken is a body whose connection fails.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestABodyThatBreaksOffStaysBroken(t *testing.T) {
	called := false
	h := compat.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called = true
		if _, err := io.ReadAll(r.Body); err == nil {
			t.Error("the router does not learn that the body is incomplete")
		}
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/api/departments", broken{}))
	if !called {
		t.Error("the request does not arrive")
	}
}
