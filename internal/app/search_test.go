package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// finds searches and gives types and titles or texts of what is found, in order, with the total.
func (h *house) finds(t *testing.T, key, q, more string) (hits []string, total int, next string) {
	t.Helper()
	answer := h.call(t, key, http.MethodGet, "/api/search?q="+url.QueryEscape(q)+more, "", http.StatusOK)
	for _, r := range answer["results"].([]any) {
		hit := r.(map[string]any)
		words := text(hit, "title")
		if words == "" {
			words = text(hit, "snippet")
		}
		hits = append(hits, text(hit, "type")+" "+words)
	}
	meta := answer["meta"].(map[string]any)
	return hits, int(meta["totalResults"].(float64)), text(meta, "nextCursor")
}

func (h *house) found(t *testing.T, key, q, more string, want ...string) {
	t.Helper()
	if got, total, _ := h.finds(t, key, q, more); !slices.Equal(got, want) || total != len(want) {
		t.Errorf("%q%s finds %q of %d, want %q", q, more, got, total, want)
	}
}

func TestSearchFindsWhatOneMaySee(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "Ánna")
		bob, bobKey := h.person(t, "bob")
		tick := func() { h.clock.Advance(time.Second) }
		post := h.create(t, annKey, "/api/posts", `{"postText":"The zephyr map is ready <b>"}`)
		tick()
		h.create(t, annKey, "/api/news", `{"newsTitle":"Zephyr opens","postText":"at nine"}`)
		tick()
		h.create(t, annKey, "/api/posts", `{"postText":"secret zephyr","permissions":{"onlyMe":true}}`)
		h.create(t, annKey, "/api/posts", `{"postText":"zephyr later","status":"DRAFT"}`)
		h.create(t, annKey, "/api/videos", `{"title":"Zephyr tour","meta":{"videoURL":"https://films.example/1"}}`)
		doc := h.create(t, annKey, "/api/documents?publish=true", `{"name":"Handbook","link":"https://a.example","tags":["zephyr"]}`)
		faq := h.call(t, annKey, http.MethodPost, "/api/faqs?publish=true", `{"qas":[{"question":"Where is the Zephyr?","answer":"東京タワーの隣"}]}`, http.StatusCreated)

		h.found(t, bobKey, "zephyr", "", "video Zephyr tour", "news Zephyr opens", "faq Where is the Zephyr?\n東京タワーの隣", "document Handbook", "post The zephyr map is ready <b>")
		if got, _, _ := h.finds(t, annKey, "zephyr", ""); !slices.Contains(got, "post secret zephyr") || len(got) != 6 {
			t.Errorf("the author finds %q", got)
		}
		h.found(t, bobKey, "zephyr", "&types=video,news", "video Zephyr tour", "news Zephyr opens")
		h.found(t, bobKey, "zephyr", "&types=video&types=news&per_page=2", "video Zephyr tour", "news Zephyr opens")
		h.found(t, bobKey, "ZÉPHYR map", "", "post The zephyr map is ready <b>")
		h.found(t, bobKey, `"map zephyr"`, "")
		h.found(t, bobKey, `"zephyr map"`, "", "post The zephyr map is ready <b>")
		h.found(t, bobKey, "zeph", "&types=post", "post The zephyr map is ready <b>")
		h.found(t, bobKey, "zeph ", "")
		h.found(t, bobKey, "京タ", "", "faq Where is the Zephyr?\n東京タワーの隣")
		h.found(t, bobKey, "隣", "", "faq Where is the Zephyr?\n東京タワーの隣")
		h.found(t, bobKey, "?!-", "")

		// People are found by the beginnings of their names, without accents.
		h.found(t, bobKey, "ann exa", "", "user Ánna Example")
		h.found(t, bobKey, "bob", "&types=user", "user bob Example")
		hit := h.call(t, annKey, http.MethodGet, "/api/search?q=bob", "", http.StatusOK)["results"].([]any)[0].(map[string]any)
		if hit["titleHtml"] != "<mark>bob</mark> Example" || hit["user"].(map[string]any)["id"] != bob {
			t.Errorf("hit %v", hit)
		}
		html := h.call(t, bobKey, http.MethodGet, "/api/search?q=zephyr+map", "", http.StatusOK)["results"].([]any)[0].(map[string]any)["snippetHtml"]
		if html != "The <mark>zephyr</mark> <mark>map</mark> is ready &lt;b&gt;" {
			t.Errorf("marked %v", html)
		}

		// What changes, changes what is found at once.
		h.call(t, annKey, http.MethodPatch, "/api/posts/"+post, `{"postText":"Nothing here"}`, http.StatusOK)
		h.found(t, bobKey, "zephyr map", "")
		h.call(t, annKey, http.MethodPatch, "/api/posts/"+post, `{"postText":"zephyr map","permissions":{"onlyMe":true}}`, http.StatusOK)
		h.found(t, bobKey, "zephyr map", "")
		h.found(t, annKey, "zephyr map", "", "post zephyr map")
		h.call(t, annKey, http.MethodDelete, "/api/posts/"+post, "", http.StatusNoContent)
		h.found(t, annKey, "zephyr map", "")
		h.call(t, annKey, http.MethodPatch, "/api/documents/"+doc+"?publish=false", `{}`, http.StatusOK)
		h.found(t, annKey, "handbook", "")
		h.call(t, annKey, http.MethodPatch, "/api/faqs/"+text(faq, "id"), `{"newQas":[{"question":"Why?","answer":"quintessence"}]}`, http.StatusOK)
		if got, _, _ := h.finds(t, bobKey, "quintessence", ""); len(got) != 1 {
			t.Errorf("a new question is found as %q", got)
		}
		h.call(t, h.admin, http.MethodPatch, "/api/users/"+bob, `{"firstName":"Robert"}`, http.StatusOK)
		h.found(t, annKey, "bob example", "&types=user", "user Robert Example") // by the address
		h.found(t, annKey, "robe", "", "user Robert Example")
		h.call(t, h.admin, http.MethodDelete, "/api/users/"+bob, "", http.StatusNoContent)
		h.found(t, annKey, "robe", "")

		for _, q := range []string{"", "?q=", "?q=" + strings.Repeat("x", 501), "?q=" + strings.Repeat("x+", 33), "?q=x&types=nothing", "?q=x&cursor=x"} {
			h.call(t, annKey, http.MethodGet, "/api/search"+q, "", http.StatusBadRequest)
		}
	})
}

func TestNothingTypedMakesSearchFail(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		random := rand.New(rand.NewPCG(1, 2))
		alphabet := []string{`"`, `'`, `*`, `:`, `(`, `)`, `^`, `-`, `+`, `NEAR`, `AND`, `OR `, `NOT `, `{title}`, `<->`, `&`, `|`, `!`, `\`, "\x00", `%`, "東", "é", "\u0301", "a", "b ", "1e5", " ", "\u202e", "𝔘", "﷽"}
		for range 500 {
			var q strings.Builder
			for range 1 + random.IntN(12) {
				q.WriteString(alphabet[random.IntN(len(alphabet))])
			}
			if status := h.status(h.admin, http.MethodGet, "/api/search?q="+url.QueryEscape(q.String()), ""); status != http.StatusOK && status != http.StatusBadRequest {
				t.Errorf("%q answers %d", q.String(), status)
			}
		}
	})
}

// TestPagesOfASearchMeet publishes to random audiences and holds every page of every viewer to
// what the lists show them.
func TestPagesOfASearchMeet(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		random := rand.New(rand.NewPCG(3, 4))
		var ids, keys []string
		for i := range 4 {
			id, key := h.person(t, fmt.Sprintf("p%d", i))
			ids, keys = append(ids, id), append(keys, key)
		}
		for i := range 60 {
			h.clock.Advance(time.Second)
			audience := []string{`{"public":true}`, `{"onlyMe":true}`, `{"users":["` + ids[random.IntN(4)] + `"]}`}[random.IntN(3)]
			title := []string{"Needle", "Other"}[random.IntN(2)]
			h.create(t, keys[random.IntN(4)], "/api/news", fmt.Sprintf(`{"newsTitle":"%s %d","postText":"needle","permissions":%s}`, title, i, audience))
		}
		for _, key := range keys {
			all := valuesOf(h.call(t, key, http.MethodGet, "/api/news?per_page=100", "", http.StatusOK), "news", "newsTitle")
			var want []string
			for _, first := range []bool{true, false} {
				for _, title := range all {
					if strings.HasPrefix(title, "Needle") == first {
						want = append(want, "news "+title)
					}
				}
			}
			for _, size := range []int{1, 7, 100} {
				var pages, cursors []string
				for cursor, more := "", true; more; more = cursor != "" {
					some, total, next := h.finds(t, key, "needle", fmt.Sprintf("&per_page=%d&cursor=%s", size, cursor))
					if total != len(want) || next != "" && len(some) != size {
						t.Fatalf("a page of %d has %d of %d, want %d", size, len(some), total, len(want))
					}
					cursors, cursor = append(cursors, some...), next
				}
				for n := 1; len(pages) < len(want); n++ {
					some, _, _ := h.finds(t, key, "needle", fmt.Sprintf("&per_page=%d&cur_page=%d", size, n))
					if pages = append(pages, some...); len(some) == 0 {
						break
					}
				}
				if !slices.Equal(cursors, want) || !slices.Equal(pages, want) {
					t.Fatalf("pages of %d: by cursor %q, by number %q, want %q", size, cursors, pages, want)
				}
			}
		}
	})
}

// TestWhatWasThereBeforeTheIndexIsIndexed empties the index, as a database has it that an
// earlier release filled.
func TestWhatWasThereBeforeTheIndexIsIndexed(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		for i := range 3 {
			h.create(t, h.admin, "/api/posts", fmt.Sprintf(`{"postText":"needle %d"}`, i))
		}
		h.create(t, h.admin, "/api/posts", `{"postText":"needle draft","status":"DRAFT"}`)
		err := h.o.DB.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
			if tx.Engine() == db.SQLite {
				if _, err := tx.Exec(ctx, `DELETE FROM search_words WHERE rowid IN (SELECT id FROM search_entries)`); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, `DELETE FROM search_entries`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		h.found(t, h.admin, "needle", "")
		if err := h.index.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := h.jobs.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = h.jobs.Stop(context.WithoutCancel(t.Context())) }()
		for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			posts, _, _ := h.finds(t, h.admin, "needle", "")
			people, _, _ := h.finds(t, h.admin, "root admin", "")
			if len(posts) == 3 && len(people) == 1 {
				break
			}
			if time.Since(began) > 30*time.Second {
				t.Fatalf("found %q and %q", posts, people)
			}
		}
	})
}

// TestDocumentsAreFoundByTheWordsOfTheirFiles uploads a file and publishes it before its words
// are known.
func TestDocumentsAreFoundByTheWordsOfTheirFiles(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, annKey := h.person(t, "ann")
		bob, bobKey := h.person(t, "bob")
		_, camKey := h.person(t, "cam")
		file := upload(t, h.Handler(), annKey, "text/plain", "notes.txt", "the quintessence of travel")
		h.create(t, annKey, "/api/documents?publish=true", `{"name":"Notes","docId":"`+file+`","permissions":{"users":["`+bob+`"]}}`)
		h.found(t, bobKey, "quintessence", "")
		if err := h.jobs.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = h.jobs.Stop(context.WithoutCancel(t.Context())) }()
		for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			if found, _, _ := h.finds(t, bobKey, "quintessence", ""); len(found) == 1 {
				break
			}
			if time.Since(began) > 30*time.Second {
				t.Fatal("the words of the file are not found")
			}
		}
		h.found(t, camKey, "quintessence", "")
	})
}
