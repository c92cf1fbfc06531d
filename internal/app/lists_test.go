package app

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

const (
	many          = 12 // rows of every list
	maxStatements = 7  // of every list, fewer than its rows: none has one per row
)

// TestNoListHasAStatementPerRow counts the statements of every operation that has pages, for
// a page of one and for a page of many.
func TestNoListHasAStatementPerRow(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ids := h.fill(t)
		described := h.describedLists(t)
		for _, op := range h.Router().Operations() {
			if !described[op.ID] {
				continue
			}
			path := op.Path
			for name, id := range ids {
				path = strings.ReplaceAll(path, "{"+name+"}", id)
				path = strings.Replace(path, "/"+name+"/{id}", "/"+name+"/"+id, 1)
			}
			if strings.Contains(path, "{") {
				t.Errorf("%s: the test has no object for %s", op.ID, op.Path)
				continue
			}
			_, one := h.countList(t, path, 1)
			rows, all := h.countList(t, path, 100)
			if rows < many {
				t.Errorf("%s: %d rows, the test needs %d", op.ID, rows, many)
			}
			if all > maxStatements || all > one+1 { // a page may have nothing to look up
				t.Errorf("%s: %d statements for a page of one, %d for %d rows", op.ID, one, all, rows)
			}
		}
	})
}

// describedLists gives the operations that take per_page.
func (h *house) describedLists(t *testing.T) map[string]bool {
	t.Helper()
	body, err := h.Router().OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Paths map[string]map[string]struct {
			OperationID string
			Parameters  []struct{ Name string }
		}
	}
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatal(err)
	}
	lists := map[string]bool{}
	for _, methods := range d.Paths {
		for _, op := range methods {
			for _, p := range op.Parameters {
				lists[op.OperationID] = lists[op.OperationID] || p.Name == "per_page"
			}
		}
	}
	return lists
}

func (h *house) countList(t *testing.T, path string, perPage int) (rows, statements int) {
	t.Helper()
	ctx, n := db.CountQueries(t.Context())
	target := fmt.Sprintf("%s?per_page=%d", path, perPage)
	if path == "/api/group-chats" {
		target += "&include_participants=true"
	}
	if path == "/api/categories" {
		target += "&moduleCode=1"
	}
	if path == "/api/messages" {
		target += "&q=message"
	}
	if path == "/api/search" {
		target += "&q=person"
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	r.Header.Set("X-API-KEY", h.admin)
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s answers %d %s", target, w.Code, w.Body)
	}
	lists := []json.RawMessage{w.Body.Bytes()} // a few answers are the list itself
	var fields map[string]json.RawMessage
	if json.Unmarshal(w.Body.Bytes(), &fields) == nil {
		lists = slices.Collect(maps.Values(fields))
	}
	for _, l := range lists {
		var items []json.RawMessage
		if json.Unmarshal(l, &items) == nil {
			rows = max(rows, len(items))
		}
	}
	return rows, n.N()
}

// fill makes many of everything and gives the objects whose lists are long, by the parameter
// or the noun that names them.
func (h *house) fill(t *testing.T) map[string]string {
	t.Helper()
	made := func(target, body string) string {
		return text(h.call(t, h.admin, http.MethodPost, target, body, http.StatusCreated), "id")
	}
	ids := map[string]string{"users": h.root.UserID}
	var people, keys []string
	file := upload(t, h.Handler(), h.admin, "image/png", "picture.png", picture)
	for i := range many {
		id, key := h.person(t, fmt.Sprint("person", i))
		people, keys = append(people, id), append(keys, key)
		face := upload(t, h.Handler(), key, "image/png", "face.png", picture)
		h.call(t, key, http.MethodPatch, "/api/users/"+id, `{"fileId":"`+face+`"}`, http.StatusOK)
		made("/api/users/add", fmt.Sprintf(`{"email":"report%d@stilla.example","firstName":"Report","lastName":"%[1]d","reportsTo":%q}`, i, id))
		h.call(t, key, http.MethodPut, "/api/users/"+h.root.UserID+"/follow", "", http.StatusOK)
		h.call(t, h.admin, http.MethodPut, "/api/users/"+id+"/follow", "", http.StatusOK)
		made("/api/tokens", fmt.Sprintf(`{"name":"key %d"}`, i))
		made("/api/organization", fmt.Sprintf(`{"name":"Child %d","admin":{"email":"child%[1]d@stilla.example"}}`, i))
		made("/api/categories", fmt.Sprintf(`{"moduleCode":1,"category":"Category %d"}`, i))
		ids["posts"] = made("/api/posts", fmt.Sprintf(`{"postText":"post %d","mention":%q}`, i, id))
		h.call(t, h.admin, http.MethodPut, "/api/posts/"+ids["posts"]+"/bookmark", "", http.StatusOK)
		for _, k := range contents {
			if k.path != "/api/posts" {
				body := strings.NewReplacer("%N", fmt.Sprint("item ", i), "%P", file).Replace(k.body)
				ids[strings.TrimPrefix(k.path, "/api/")] = made(k.path+k.query, body)
			}
		}
	}
	all, err := json.Marshal(people)
	if err != nil {
		t.Fatal(err)
	}
	for i := range many {
		made("/api/departments", fmt.Sprintf(`{"name":"Department %d","members":[]}`, i))
		made("/api/locations", fmt.Sprintf(`{"name":"Location %d"}`, i))
		made("/api/enforcement-templates", fmt.Sprintf(`{"title":"Template %d","reminders":[{"reminderType":"push","reminderTimeUnit":"week","reminderTime":1}]}`, i))
		made("/api/security_groups", fmt.Sprintf(`{"name":"Group %d"}`, i))
		for _, k := range contents {
			item := k.path + "/" + ids[strings.TrimPrefix(k.path, "/api/")]
			h.call(t, keys[i], http.MethodPost, item+"/comments", `{"text":"comment"}`, http.StatusCreated)
			h.call(t, keys[i], http.MethodPut, item+"/reactions/like", "", http.StatusOK)
			if k.path == "/api/events" {
				h.call(t, keys[i], http.MethodPut, item+"/rsvp", `{"rsvp":"GOING"}`, http.StatusOK)
			}
			if k.path == "/api/news" || k.path == "/api/documents" {
				h.call(t, keys[i], http.MethodPut, item+"/acknowledgement", "", http.StatusOK)
			}
		}
	}
	for i := range many {
		id := made("/api/courses", fmt.Sprintf(`{"title":"Course %d","status":"publish"}`, i))
		h.call(t, h.admin, http.MethodPatch, "/api/courses/"+id+"/assign", `{"userIds":[`+strings.Trim(string(all), "[]")+`,"`+h.root.UserID+`"]}`, http.StatusOK)
		h.call(t, h.admin, http.MethodPut, "/api/courses/"+id+"/form", `{"title":"Form","schema":{"data":{"components":[]}}}`, http.StatusOK)
		inIt := made("/api/tasks", fmt.Sprintf(`{"title":"Task %d","content":"words","courseId":%q}`, i, id))
		h.call(t, h.admin, http.MethodPost, "/api/tasks/"+inIt+"/complete", "", http.StatusOK)
		ids["courses"], ids["tasks"] = id, made("/api/tasks", fmt.Sprintf(`{"title":"Take course %d","task_type":"Course","trainingCourseTaskListId":%q,"userIds":%s}`, i, id, all))
	}
	for _, key := range keys {
		h.call(t, key, http.MethodPost, "/api/courses/"+ids["courses"]+"/form/submissions", `{"answers":{}}`, http.StatusOK)
	}
	ids["conversations"] = made("/api/group-chats", `{"title":"Everybody","isPrivate":true,"byRequest":true}`)
	ids["group-chats"], ids["conversationId"] = ids["conversations"], ids["conversations"]
	ids["messages"] = made("/api/"+ids["conversations"]+"/messages", `{"message":"message"}`)
	for i, key := range keys {
		made("/api/group-chats", fmt.Sprintf(`{"title":"Group %d","fileId":%q,"members":[{"id":%q}]}`, i, file, people[i]))
		reply := made("/api/"+ids["conversations"]+"/messages", fmt.Sprintf(`{"message":"message %d","mention":%q,"fileId":%q,"replyOfMsgId":%q}`, i, people[i], file, ids["messages"]))
		h.call(t, h.admin, http.MethodPut, "/api/messages/"+reply+"/pin", "", http.StatusOK)
		h.call(t, key, http.MethodPut, "/api/group-chats/"+ids["conversations"]+"/membership", "", http.StatusOK)
		id, _ := h.person(t, fmt.Sprint("climber", i))
		h.call(t, h.admin, http.MethodPatch, "/api/group-chats/"+ids["conversations"], `{"newMembers":["`+id+`"]}`, http.StatusOK)
	}
	for i := range many {
		sent := h.call(t, h.admin, http.MethodPost, "/api/notifications/send", fmt.Sprintf(`{"title":"Announcement %d","medium":"INAPP","receiverUserIds":[%s,%q]}`,
			i, strings.Trim(string(all), "[]"), h.root.UserID), http.StatusAccepted)
		ids["notifications"] = text(sent, "id")
	}
	ids["departments"] = made("/api/departments", `{"name":"Everybody","members":[]}`)
	h.call(t, h.admin, http.MethodPost, "/api/departments/"+ids["departments"]+"/members", `{"addMembers":`+string(all)+`}`, http.StatusOK)
	ids["locations"] = made("/api/locations", `{"name":"Everywhere"}`)
	h.call(t, h.admin, http.MethodPost, "/api/locations/"+ids["locations"]+"/members", `{"addMembers":`+string(all)+`}`, http.StatusOK)
	ids["groupId"] = made("/api/security_groups", `{"name":"All of us"}`)
	h.call(t, h.admin, http.MethodPost, "/api/security_groups/"+ids["groupId"]+"/members", `{"ids":`+string(all)+`}`, http.StatusOK)
	return ids
}
