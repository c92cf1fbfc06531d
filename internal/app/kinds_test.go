package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// valuesOf gives a field of every entry of a list of an answer.
func valuesOf(answer map[string]any, list, field string) []string {
	found := []string{}
	entries, _ := answer[list].([]any)
	for _, e := range entries {
		s, _ := e.(map[string]any)[field].(string)
		found = append(found, s)
	}
	return found
}

// lists fails unless a list has just these values of a field, and counts them.
func (h *house) lists(t *testing.T, key, target, list, field string, want ...string) {
	t.Helper()
	answer := h.call(t, key, http.MethodGet, target, "", http.StatusOK)
	got := valuesOf(answer, list, field)
	if total := answer["meta"].(map[string]any)["totalResults"].(float64); !slices.Equal(got, append([]string{}, want...)) || int(total) != len(want) {
		t.Errorf("%s lists %q of %v, want %q", target, got, total, want)
	}
}

// refused fails unless a request is a 400 that names a field.
func (h *house) refused(t *testing.T, key, method, target, body, pointer string) {
	t.Helper()
	got := h.call(t, key, method, target, body, http.StatusBadRequest)
	if !strings.Contains(fmt.Sprint(got["errors"]), "pointer:"+pointer) {
		t.Errorf("%s %s %s: no error points at %q: %v", method, target, body, pointer, got)
	}
}

func (h *house) create(t *testing.T, key, target, body string) string {
	t.Helper()
	return text(h.call(t, key, http.MethodPost, target, body, http.StatusCreated), "id")
}

func TestNews(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		_, bobKey := h.person(t, "bob")
		h.create(t, h.admin, "/api/categories", `{"moduleCode":6,"category":"Featured"}`)
		cover := upload(t, h.Handler(), annKey, "image/png", "cover.png", picture)
		notes := upload(t, h.Handler(), annKey, "text/plain", "notes.txt", "words")

		made := h.call(t, annKey, http.MethodPost, "/api/news", `{"newsTitle":" Opening ","postText":"Doors at nine","category":"featured","coverImage":"`+cover+`"}`, http.StatusCreated)
		if text(made, "newsTitle") != "Opening" || text(made, "category") != "Featured" || made["coverImage"].(map[string]any)["isImage"] != true {
			t.Errorf("made %v", made)
		}
		h.clock.Advance(time.Second)
		h.create(t, bobKey, "/api/news", `{"newsTitle":"Other"}`)
		h.clock.Advance(time.Second)
		hidden := h.create(t, bobKey, "/api/news", `{"newsTitle":"Mine","permissions":{"onlyMe":true}}`)

		h.lists(t, annKey, "/api/news", "news", "newsTitle", "Other", "Opening")
		h.lists(t, bobKey, "/api/news", "news", "newsTitle", "Mine", "Other", "Opening")
		h.lists(t, bobKey, "/api/news?category=Featured", "news", "newsTitle", "Opening")
		h.lists(t, bobKey, "/api/news?category=Nothing", "news", "newsTitle")
		h.lists(t, bobKey, "/api/news?userId="+ann, "news", "newsTitle", "Opening")
		h.lists(t, annKey, "/api/news?sort_key=b&userId="+ann, "news", "newsTitle", "Opening")
		h.call(t, annKey, http.MethodGet, "/api/news/"+hidden, "", http.StatusNotFound)

		for body, pointer := range map[string]string{
			`{"postText":"no title"}`:                           "/newsTitle",
			`{"newsTitle":"  "}`:                                "/newsTitle",
			`{"newsTitle":"x","category":"Unknown"}`:            "/category",
			`{"newsTitle":"x","coverImage":"` + notes + `"}`:    "/coverImage",
			`{"newsTitle":"x","fileIds":["` + hidden + `"]}`:    "/fileIds/0",
			`{"newsTitle":"` + strings.Repeat("x", 301) + `"}`:  "/newsTitle",
			`{"newsTitle":"x","permissions":{"users":["bob"]}}`: "/permissions/users",
		} {
			h.refused(t, annKey, http.MethodPost, "/api/news", body, pointer)
		}
		one := "/api/news/" + text(made, "id")
		h.call(t, bobKey, http.MethodPatch, one, `{"newsTitle":"x"}`, http.StatusForbidden)
		h.refused(t, annKey, http.MethodPatch, one, `{"permissions":null}`, "/permissions")
		h.call(t, annKey, http.MethodPatch, one, `{"category":null,"coverImage":null}`, http.StatusOK)
		h.lists(t, bobKey, "/api/news?category=Featured", "news", "newsTitle")
		h.call(t, annKey, http.MethodDelete, one, "", http.StatusNoContent)
	})
}

func TestPhotos(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		boss, bossKey := h.person(t, "boss")
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		h.call(t, h.admin, http.MethodPatch, "/api/users/"+ann, `{"reportsTo":"`+boss+`"}`, http.StatusOK)
		h.call(t, annKey, http.MethodPut, "/api/users/"+bob+"/follow", "", http.StatusOK)
		h.call(t, bobKey, http.MethodPut, "/api/users/"+ann+"/follow", "", http.StatusOK)

		show := func(key, title, permissions string) string {
			h.clock.Advance(time.Second)
			file := upload(t, h.Handler(), key, "image/png", "photo.png", picture)
			return h.create(t, key, "/api/photos", `{"title":"`+title+`","fileId":"`+file+`","permissions":`+permissions+`}`)
		}
		mine := show(annKey, "secret", `{"onlyMe":true}`)
		open := show(annKey, "open", `{"public":true}`)
		show(bobKey, "tags", `{"taggedUsers":["`+ann+`"]}`)
		show(bossKey, "boss", `{"public":true}`)

		h.lists(t, annKey, "/api/photos", "photos", "title", "boss", "tags", "open", "secret")
		h.lists(t, annKey, "/api/photos?filter=only_me_photos", "photos", "title", "secret")
		h.lists(t, annKey, "/api/photos?filter=friends_photos", "photos", "title", "tags")
		h.lists(t, annKey, "/api/photos?filter=team_photos", "photos", "title", "boss")
		h.lists(t, annKey, "/api/photos?filter=tagged_photos", "photos", "title", "tags")
		h.lists(t, bobKey, "/api/photos?filter=friends_photos", "photos", "title", "open")
		h.lists(t, bobKey, "/api/photos?filter=only_me_photos", "photos", "title")
		h.lists(t, bobKey, "/api/photos?userId="+ann, "photos", "title", "open")
		h.call(t, bobKey, http.MethodGet, "/api/photos/"+mine, "", http.StatusNotFound)
		h.call(t, bobKey, http.MethodGet, "/api/photos?filter=nothing", "", http.StatusBadRequest)

		// Pages of a filtered list meet without a gap.
		first := h.call(t, annKey, http.MethodGet, "/api/photos?userId="+ann+"&per_page=1", "", http.StatusOK)
		next := first["meta"].(map[string]any)["nextCursor"].(string)
		second := h.call(t, annKey, http.MethodGet, "/api/photos?userId="+ann+"&per_page=1&cursor="+next, "", http.StatusOK)
		if got := append(valuesOf(first, "photos", "title"), valuesOf(second, "photos", "title")...); !slices.Equal(got, []string{"open", "secret"}) {
			t.Errorf("pages have %q", got)
		}

		// The bytes follow the photo.
		photo := h.call(t, annKey, http.MethodGet, "/api/photos/"+open, "", http.StatusOK)["photo"].(map[string]any)
		h.call(t, bobKey, http.MethodGet, "/api/media/"+text(photo, "id"), "", http.StatusOK)
		h.call(t, annKey, http.MethodPatch, "/api/photos/"+open, `{"permissions":{"onlyMe":true}}`, http.StatusOK)
		h.call(t, bobKey, http.MethodGet, "/api/media/"+text(photo, "id"), "", http.StatusNotFound)
		h.lists(t, bobKey, "/api/photos?filter=friends_photos", "photos", "title")

		notes := upload(t, h.Handler(), annKey, "text/plain", "notes.txt", "words")
		h.refused(t, annKey, http.MethodPost, "/api/photos", `{"title":"none"}`, "/fileId")
		h.refused(t, annKey, http.MethodPost, "/api/photos", `{"fileId":"`+notes+`"}`, "/fileId")
		h.refused(t, bobKey, http.MethodPost, "/api/photos", `{"fileId":"`+text(photo, "id")+`"}`, "/fileId")
		h.refused(t, annKey, http.MethodPatch, "/api/photos/"+open, `{"fileId":"`+notes+`"}`, "/fileId")
	})
}

func TestVideos(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		h.call(t, bobKey, http.MethodPut, "/api/users/"+ann+"/follow", "", http.StatusOK)
		for url, source := range map[string]float64{
			"https://www.youtube.com/watch?v=1": 1, "https://youtu.be/1": 1, "https://player.vimeo.com/1": 2, "https://notyoutube.com/1": 3,
		} {
			made := h.call(t, annKey, http.MethodPost, "/api/videos", `{"title":"Tour","meta":{"videoURL":"`+url+`"}}`, http.StatusCreated)
			if made["source"] != source || made["videoFileId"] != nil || made["meta"].(map[string]any)["videoURL"] != url {
				t.Errorf("%s: %v", url, made)
			}
		}
		h.lists(t, bobKey, "/api/videos?isFollowing=true&userId="+ann, "videos", "title", "Tour", "Tour", "Tour", "Tour")
		h.lists(t, annKey, "/api/videos?isFollowing=true", "videos", "title")

		h.create(t, annKey, "/api/videos", `{"title":"Fire drill","description":"Where to go","meta":{"videoURL":"https://films.example/2"}}`)
		h.create(t, annKey, "/api/videos", `{"title":"Fire, in private","meta":{"videoURL":"https://films.example/3"},"permissions":{"onlyMe":true}}`)
		h.create(t, annKey, "/api/news", `{"newsTitle":"Fire drill tomorrow"}`)
		for words, found := range map[string][]string{
			"go+drill": {"Fire drill"}, "fir": {"Fire drill"}, "%22drill+fire%22": nil, "flood": nil, "%22%27*": nil, "fire&userId=" + bob: nil,
		} {
			h.lists(t, bobKey, "/api/videos?search="+words, "videos", "title", found...)
		}
		h.lists(t, annKey, "/api/videos?search=fire", "videos", "title", "Fire, in private", "Fire drill")

		picture := upload(t, h.Handler(), annKey, "image/png", "still.png", picture)
		for body, pointer := range map[string]string{
			`{"title":"nothing"}`:                  "/videoFileId",
			`{"videoFileId":"` + picture + `"}`:    "/videoFileId",
			`{"meta":{"videoURL":"ftp://a/b"}}`:    "/meta/videoURL",
			`{"meta":{"videoURL":"x"},"source":9}`: "/source",
		} {
			h.refused(t, annKey, http.MethodPost, "/api/videos", body, pointer)
		}
		one := "/api/videos/" + h.create(t, annKey, "/api/videos", `{"meta":{"videoURL":"https://films.example/1"},"thumbnailFileId":"`+picture+`"}`)
		h.refused(t, annKey, http.MethodPatch, one, `{"videoFileId":"`+picture+`"}`, "/videoFileId")
		changed := h.call(t, annKey, http.MethodPatch, one, `{"title":"New","meta":{"videoURL":"https://films.example/2"}}`, http.StatusOK)
		if changed["thumbnailFile"].(map[string]any)["id"] != picture || changed["meta"].(map[string]any)["videoURL"] != "https://films.example/2" {
			t.Errorf("changed %v", changed)
		}
		h.call(t, bobKey, http.MethodPatch, one, `{"title":"Mine"}`, http.StatusForbidden)
	})
}

func TestDocumentsHaveOwnersAndExpire(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		_, camKey := h.person(t, "cam")

		// A draft is its author's and its owners'.
		draft := "/api/documents/" + h.create(t, annKey, "/api/documents", `{"name":"Plan","link":"https://handbook.example","ownerIds":["`+bob+`"]}`)
		h.lists(t, bobKey, "/api/documents", "docs", "name")
		h.lists(t, bobKey, "/api/documents?status=DRAFT", "docs", "name", "Plan")
		h.call(t, bobKey, http.MethodGet, draft, "", http.StatusOK)
		h.call(t, camKey, http.MethodGet, draft, "", http.StatusNotFound)
		h.call(t, camKey, http.MethodPatch, draft, `{"name":"Mine"}`, http.StatusNotFound)

		// An owner publishes it, and sees it although its permissions admit the author alone.
		h.call(t, bobKey, http.MethodPatch, draft+"?publish=true", `{"kb":{"category":"Handbook","permissions":{"onlyMe":true}}}`, http.StatusOK)
		h.lists(t, bobKey, "/api/documents?category=Handbook", "docs", "name", "Plan")
		h.lists(t, annKey, "/api/documents", "docs", "name", "Plan")
		h.lists(t, camKey, "/api/documents", "docs", "name")
		h.call(t, camKey, http.MethodGet, draft, "", http.StatusNotFound)
		h.call(t, bobKey, http.MethodPut, draft+"/reactions/like", "", http.StatusOK)

		// Everybody sees it until its time is over; afterwards its owners, flagged.
		h.call(t, bobKey, http.MethodPatch, draft, `{"permissions":{"public":true},"expiry":"`+h.clock.Now().Add(time.Hour).Format(time.RFC3339)+`"}`, http.StatusOK)
		h.lists(t, camKey, "/api/documents", "docs", "name", "Plan")
		h.call(t, camKey, http.MethodPatch, draft, `{"name":"Mine"}`, http.StatusForbidden)
		if err := h.jobs.Start(t.Context()); err != nil { // the clock of the queue is far ahead of the test's
			t.Fatal(err)
		}
		defer func() { _ = h.jobs.Stop(context.WithoutCancel(t.Context())) }()
		for began := time.Now(); h.status(camKey, http.MethodGet, draft, "") != http.StatusNotFound; time.Sleep(20 * time.Millisecond) {
			if time.Since(began) > 30*time.Second {
				t.Fatal("the document does not expire")
			}
		}
		h.lists(t, camKey, "/api/documents", "docs", "name")
		h.lists(t, bobKey, "/api/documents", "docs", "name", "Plan")
		got := h.call(t, bobKey, http.MethodGet, draft, "", http.StatusOK)
		if got["isExpired"] != true || got["permissions"].(map[string]any)["public"] != true {
			t.Errorf("expired: %v", got)
		}
		// With its time extended it is back.
		h.call(t, bobKey, http.MethodPatch, draft, `{"expiry":null}`, http.StatusOK)
		h.lists(t, camKey, "/api/documents", "docs", "name", "Plan")

		// Withdrawn it is a draft again. Who no longer owns it does not see it.
		h.call(t, bobKey, http.MethodPatch, draft+"?publish=false", `{}`, http.StatusOK)
		h.lists(t, camKey, "/api/documents", "docs", "name")
		h.call(t, annKey, http.MethodPatch, draft, `{"kb":{"removeOwnerIds":["`+bob+`"]}}`, http.StatusOK)
		h.call(t, bobKey, http.MethodGet, draft, "", http.StatusNotFound)
		h.lists(t, bobKey, "/api/documents?status=DRAFT", "docs", "name")
	})
}

func TestDocumentsComeInVersions(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "ann")
		_, bobKey := h.person(t, "bob")
		var files []string
		for i := range 2 {
			files = append(files, upload(t, h.Handler(), annKey, "text/plain", fmt.Sprintf("v%d.txt", i), "words"))
		}
		one := "/api/documents/" + h.create(t, annKey, "/api/documents?publish=true", `{"name":"Handbook","docId":"`+files[0]+`"}`)
		h.call(t, annKey, http.MethodPatch, one, `{"docId":"`+files[0]+`"}`, http.StatusOK) // the same is no new version
		h.call(t, annKey, http.MethodPatch, one, `{"docURL":"https://handbook.example"}`, http.StatusOK)
		got := h.call(t, annKey, http.MethodPatch, one, `{"docId":"`+files[1]+`"}`, http.StatusOK)
		if got["version"] != 3.0 || got["docId"] != files[1] || got["docUrl"] != nil {
			t.Errorf("after three versions: %v", got)
		}
		versions := h.call(t, bobKey, http.MethodGet, one+"/versions", "", http.StatusOK)
		if got := valuesOf(versions, "versions", "docId"); !slices.Equal(got, []string{files[1], "", files[0]}) {
			t.Errorf("versions %q", got)
		}
		h.call(t, bobKey, http.MethodGet, "/api/media/"+files[0], "", http.StatusOK) // earlier versions stay readable
		h.refused(t, annKey, http.MethodPost, "/api/documents", `{"name":"nothing"}`, "/docId")
		h.refused(t, annKey, http.MethodPost, "/api/documents", `{"kb":{"link":"ftp://x"}}`, "/kb/link")
		h.refused(t, annKey, http.MethodPost, "/api/documents?publish=perhaps", `{"link":"https://x.example"}`, "?publish")
		h.refused(t, bobKey, http.MethodPost, "/api/documents", `{"docId":"`+files[0]+`"}`, "/docId")
		h.call(t, bobKey, http.MethodDelete, one, "", http.StatusForbidden)
		h.call(t, annKey, http.MethodDelete, one, "", http.StatusNoContent)
		h.call(t, bobKey, http.MethodGet, "/api/media/"+files[0], "", http.StatusNotFound)
	})
}

func TestFaqs(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		made := h.call(t, annKey, http.MethodPost, "/api/faqs?publish=true",
			`{"kb":{"name":"Travel","category":"Money","tags":["a","b"]},"qas":[{"question":"Q1","answer":"A1"},{"question":"Q2","answer":"A2"}]}`, http.StatusCreated)
		set := "/api/faqs/" + text(made, "kbId")
		questions := valuesOf(made, "qas", "id")
		h.clock.Advance(time.Second)
		h.create(t, bobKey, "/api/faqs?publish=true", `{"qas":[{"question":"Q3","answer":"A3"}],"permissions":{"onlyMe":true}}`)
		h.create(t, bobKey, "/api/faqs", `{"qas":[{"question":"Q4","answer":"A4"}]}`)

		h.lists(t, annKey, "/api/faqs", "data", "question", "Q1", "Q2")
		h.lists(t, bobKey, "/api/faqs", "data", "question", "Q3", "Q1", "Q2")
		h.lists(t, bobKey, "/api/faqs?status=DRAFT", "data", "question", "Q4")
		h.lists(t, annKey, "/api/faqs?status=DRAFT", "data", "question")
		h.lists(t, bobKey, "/api/faqs?category=money", "data", "question", "Q1", "Q2")
		h.lists(t, bobKey, "/api/faqs?category=nothing", "data", "question")
		row := h.call(t, annKey, http.MethodGet, "/api/faqs", "", http.StatusOK)["data"].([]any)[0].(map[string]any)
		if row["tags"] != "a, b" || row["kbId"] != made["id"] || row["category"] != "Money" || len(row["owners"].([]any)) != 1 {
			t.Errorf("row %v", row)
		}
		var paged []string
		for cursor, more := "", true; more; {
			page := h.call(t, bobKey, http.MethodGet, "/api/faqs?per_page=1&cursor="+cursor, "", http.StatusOK)
			paged = append(paged, valuesOf(page, "data", "question")...)
			cursor, more = page["meta"].(map[string]any)["nextCursor"].(string)
		}
		if !slices.Equal(paged, []string{"Q3", "Q1", "Q2"}) {
			t.Errorf("pages have %q", paged)
		}

		// The id of a question names its set.
		one := "/api/faqs/" + questions[1]
		if got := h.call(t, bobKey, http.MethodGet, one, "", http.StatusOK); got["id"] != made["id"] || len(got["qas"].([]any)) != 2 {
			t.Errorf("read by a question: %v", got)
		}
		h.call(t, bobKey, http.MethodPost, one+"/comments", `{"text":"thanks"}`, http.StatusCreated)
		h.call(t, bobKey, http.MethodPut, one+"/bookmark", "", http.StatusOK)
		if got := h.call(t, bobKey, http.MethodGet, set, "", http.StatusOK); got["commentsCount"] != 1.0 || got["bookmarkId"] == nil {
			t.Errorf("comment and bookmark are not on the set: %v", got)
		}
		h.call(t, bobKey, http.MethodPatch, one, `{"kb":{"name":"Mine"}}`, http.StatusForbidden)
		h.call(t, bobKey, http.MethodDelete, one, "", http.StatusForbidden)

		changed := h.call(t, annKey, http.MethodPatch, set, `{"updatedQAs":[{"id":"`+questions[0]+`","answer":"new"},{"id":"`+questions[0]+`","question":"Q1!"}],
			"newQas":[{"question":"Q5","answer":"A5"}],"kb":{"newOwnerIds":["`+bob+`"]}}`, http.StatusOK)
		if got := valuesOf(changed, "qas", "question"); !slices.Equal(got, []string{"Q1!", "Q2", "Q5"}) || valuesOf(changed, "qas", "answer")[0] != "new" {
			t.Errorf("changed to %v", changed["qas"])
		}
		h.call(t, bobKey, http.MethodDelete, one, "", http.StatusNoContent) // an owner now
		h.lists(t, annKey, "/api/faqs", "data", "question", "Q1!", "Q5")
		for body, pointer := range map[string]string{
			`{"removeQuestionIds":["` + questions[0] + `","` + valuesOf(changed, "qas", "id")[2] + `"]}`: "/qas",
			`{"updatedQAs":[{"id":"` + questions[1] + `","answer":"x"}]}`:                                "/updatedQAs/0/id",
			`{"newQas":[{"question":"no answer"}]}`:                                                      "/newQas/0/answer",
			`{"kb":{"ownerIds":["bob"]}}`:                                                                "/kb/ownerIds",
		} {
			h.refused(t, annKey, http.MethodPatch, set, body, pointer)
		}
		h.refused(t, annKey, http.MethodPost, "/api/faqs", `{"kb":{"name":"empty"}}`, "/qas")
		h.call(t, annKey, http.MethodDelete, "/api/faqs/"+questions[0], "", http.StatusNoContent)
		h.call(t, annKey, http.MethodDelete, "/api/faqs/"+valuesOf(changed, "qas", "id")[2], "", http.StatusNoContent) // the last one
		h.call(t, annKey, http.MethodGet, set, "", http.StatusNotFound)
	})
}

// TestWhatLeaversOwnPasses archives somebody with an heir.
func TestWhatLeaversOwnPasses(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ann, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		_, camKey := h.person(t, "cam")
		h.create(t, annKey, "/api/documents?publish=true", `{"name":"Secret","link":"https://a.example","permissions":{"onlyMe":true}}`)
		h.create(t, annKey, "/api/documents", `{"name":"Draft","link":"https://a.example"}`)
		h.create(t, annKey, "/api/news", `{"newsTitle":"Draft","status":"DRAFT"}`)
		h.lists(t, bobKey, "/api/documents", "docs", "name")
		h.call(t, h.admin, http.MethodPut, "/api/settings/offboarding", `{"organization":{"assignee":"`+bob+`"},"departments":{},"locations":{}}`, http.StatusOK)
		h.call(t, h.admin, http.MethodDelete, "/api/users/"+ann+"?bulk=true", "", http.StatusNoContent)
		h.lists(t, bobKey, "/api/documents", "docs", "name", "Secret")
		h.lists(t, bobKey, "/api/documents?status=DRAFT", "docs", "name", "Draft")
		h.lists(t, bobKey, "/api/news?status=DRAFT", "news", "newsTitle", "Draft")
		h.lists(t, camKey, "/api/documents", "docs", "name")
	})
}
