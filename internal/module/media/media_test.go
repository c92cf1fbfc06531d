package media_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/module/media"
	"github.com/workdrive/workdrive/internal/module/post"
)

func TestAFileGoesFromItsOwnerToWhoeverSeesThePost(t *testing.T) {
	each(t, func(s *scene) {
		slot := s.ask(s.owner, "image/png", "Bär & Co.png")
		at := "/api/media/" + slot.FileID
		if f := read[person.File](s, s.call(s.owner, http.MethodGet, at, "", http.StatusOK)); f.Processing == nil || *f.Processing != "PENDING" {
			t.Errorf("before the upload: %+v", f)
		}
		s.call(s.owner, http.MethodGet, at+"/content", "", http.StatusConflict)
		s.send(slot.SignedRequest, []byte(png), http.StatusNoContent)
		s.send(slot.SignedRequest, []byte(png), http.StatusConflict) // one post, one file
		f := read[person.File](s, s.call(s.owner, http.MethodGet, at, "", http.StatusOK))
		if f.Processing == nil || *f.Processing != "PROCESSING" || *f.Metadata.Width != 1 || f.Mime != "image/png" || f.Size != int64(len(png)) || !f.IsImage || f.IsDoc || f.Owner.ID != s.owner.UserID {
			t.Errorf("after the upload: %+v", f)
		}
		s.call(s.colleague, http.MethodGet, at, "", http.StatusNotFound)
		s.call(s.colleague, http.MethodGet, at+"/content", "", http.StatusNotFound)

		made := read[post.View](s, s.call(s.owner, http.MethodPost, "/api/posts", `{"fileIds":"`+slot.FileID+`","permissions":{"public":true}}`, http.StatusCreated))
		list := read[struct{ Posts []post.View }](s, s.call(s.colleague, http.MethodGet, "/api/posts", "", http.StatusOK))
		for _, v := range []post.View{made, list.Posts[0]} {
			if v.Files == nil || v.Files.ID != slot.FileID || len(v.FileList) != 1 || v.FileList[0].Name != "Bär & Co.png" {
				t.Fatalf("the post shows %+v %+v", v.Files, v.FileList)
			}
		}
		rec := s.call(s.colleague, http.MethodGet, at+"/content", "", http.StatusOK)
		for name, want := range map[string]string{
			"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'",
			"Content-Disposition": `inline; filename="B_r & Co.png"; filename*=UTF-8''B%C3%A4r%20%26%20Co.png`, "Accept-Ranges": "bytes",
		} {
			if got := rec.Header().Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if rec.Body.String() != png {
			t.Errorf("got %q", rec.Body)
		}
		signed := strings.TrimPrefix(list.Posts[0].Files.URL, site)
		if rec := s.call(nobody, http.MethodGet, signed, "", http.StatusOK); rec.Body.String() != png {
			t.Errorf("at the signed address: %q", rec.Body)
		}
		part := s.call(nobody, http.MethodGet, signed, "", http.StatusPartialContent, "Range", "bytes=1-3")
		if part.Body.String() != "PNG" || part.Header().Get("Content-Range") != fmt.Sprintf("bytes 1-3/%d", len(png)) {
			t.Errorf("a range: %q %v", part.Body, part.Header())
		}
		s.call(nobody, http.MethodGet, signed, "", http.StatusRequestedRangeNotSatisfiable, "Range", "bytes=9999-")
		s.call(s.colleague, http.MethodGet, at+"/content", "", http.StatusNotModified, "If-None-Match", rec.Header().Get("ETag"))
		if head := s.call(s.colleague, http.MethodHead, at+"/content", "", http.StatusOK); head.Body.Len() > 0 || head.Header().Get("Content-Length") != fmt.Sprint(len(png)) {
			t.Errorf("HEAD: %v %q", head.Header(), head.Body)
		}
	})
}

func TestOnlyWhoSeesAnItemReadsItsFiles(t *testing.T) {
	each(t, func(s *scene) {
		id := s.upload(s.owner, "text/plain", "notes.txt", "words")
		content := "/api/media/" + id + "/content"
		mine := s.publish(s.owner, `{"onlyMe":true}`, id)
		s.call(s.owner, http.MethodGet, content, "", http.StatusOK)
		s.call(s.colleague, http.MethodGet, content, "", http.StatusNotFound)
		shared := s.publish(s.owner, `{"users":["`+s.colleague.UserID+`"]}`, id)
		third := s.as(s.stage.Person(t, "third"))
		s.call(s.colleague, http.MethodGet, content, "", http.StatusOK)
		s.call(third, http.MethodGet, content, "", http.StatusNotFound)
		s.call(s.stranger, http.MethodGet, content, "", http.StatusNotFound)
		s.call(nobody, http.MethodGet, content, "", http.StatusUnauthorized)

		s.call(s.owner, http.MethodDelete, "/api/media/"+id, "", http.StatusConflict)
		s.call(s.colleague, http.MethodDelete, "/api/media/"+id, "", http.StatusForbidden)
		s.call(s.owner, http.MethodDelete, "/api/posts/"+shared, "", http.StatusNoContent)
		s.call(s.colleague, http.MethodGet, content, "", http.StatusNotFound)
		s.call(s.owner, http.MethodPatch, "/api/posts/"+mine, `{"fileIds":[]}`, http.StatusOK)
		s.call(s.colleague, http.MethodDelete, "/api/media/"+id, "", http.StatusNotFound)
		s.call(s.owner, http.MethodDelete, "/api/media/"+id, "", http.StatusNoContent)
		s.call(s.owner, http.MethodGet, content, "", http.StatusNotFound)
		if info, err := s.blobs.Stat(t.Context(), "org/"+s.owner.OrgID+"/"+id+"/original"); err == nil {
			t.Errorf("the bytes of a deleted file are still there: %+v", info)
		}
	})
}

func TestASignedAddressIsForOneFileAndAShortTime(t *testing.T) {
	each(t, func(s *scene) {
		id, other := s.upload(s.owner, "text/plain", "a.txt", "one"), s.upload(s.owner, "text/plain", "b.txt", "two")
		f := read[person.File](s, s.call(s.owner, http.MethodGet, "/api/media/"+id, "", http.StatusOK))
		at, err := url.Parse(strings.TrimPrefix(f.URL, site))
		if err != nil {
			t.Fatal(err)
		}
		s.call(nobody, http.MethodGet, at.String(), "", http.StatusOK)
		changed := func(path string, names ...string) string {
			q := at.Query()
			for i := 0; i < len(names); i += 2 {
				q.Set(names[i], names[i+1])
			}
			return path + "?" + q.Encode()
		}
		signature := at.Query().Get("signature")
		for what, target := range map[string]string{
			"another file":         changed("/api/media/" + other + "/content"),
			"another organization": changed(at.Path, "org", s.stranger.OrgID),
			"a later end":          changed(at.Path, "expires", "99999999999"),
			"another signature":    changed(at.Path, "signature", "A"+signature[1:]+"A"),
			"half a signature":     changed(at.Path, "signature", signature[:20]),
			"no signature":         changed(at.Path, "signature", ""),
			"a missing file":       changed("/api/media/" + ids.New() + "/content"),
		} {
			t.Log(what)
			s.call(nobody, http.MethodGet, target, "", http.StatusForbidden)
		}
		// A key decides by itself, and a signature is no key elsewhere.
		s.call(s.stranger, http.MethodGet, at.String(), "", http.StatusNotFound)
		s.call(nobody, http.MethodGet, "/api/media/"+id+"?"+at.RawQuery, "", http.StatusUnauthorized)
		s.clock.Advance(5 * 60 * 1e9)
		s.call(nobody, http.MethodGet, at.String(), "", http.StatusForbidden)
	})
}

// TestNothingActiveIsServedAsItself uploads what browsers would run.
func TestNothingActiveIsServedAsItself(t *testing.T) {
	each(t, func(s *scene) {
		const page = "<!DOCTYPE html><html><script>alert(1)</script></html>"
		for _, c := range []struct{ name, declared, bytes, state, served string }{
			{"x.svg", "text/plain", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "", "application/octet-stream"},
			{"x.html", "text/plain", page, "", "application/octet-stream"},
			{"x.xhtml", "text/plain", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>`, "", "application/octet-stream"},
			{"x.pdf", "application/pdf", "%PDF-1.7\n1 0 obj<</OpenAction 2 0 R>>", "PROCESSING", "application/octet-stream"},
			{"x.gif", "image/gif", "GIF89a/*\x01\x00\x00*/=1;alert(1)//", "REFUSED", ""},
			{"y.gif", "image/gif", "GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;", "PROCESSING", "image/gif"},
			{"x.txt", "text/plain", "plain words", "PROCESSING", "text/plain; charset=utf-8"},
			{"x.png", "image/png", page, "REFUSED", ""},
			{"y.png", "image/png", `<svg xmlns="http://www.w3.org/2000/svg"/>`, "REFUSED", ""},
			{"z.png", "image/png", "%PDF-1.7\n", "REFUSED", ""},
			{"x.mp4", "video/mp4", png, "REFUSED", ""},
			{"x.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", page, "REFUSED", ""},
		} {
			id := s.upload(s.owner, c.declared, c.name, c.bytes)
			f := read[person.File](s, s.call(s.owner, http.MethodGet, "/api/media/"+id, "", http.StatusOK))
			state := ""
			if f.Processing != nil {
				state = *f.Processing
			}
			if state != c.state || (state == "REFUSED") != (f.Metadata != nil && f.Metadata.Reason != nil) {
				t.Errorf("%s as %s is %q, want %q: %+v", c.name, c.declared, state, c.state, f)
				continue
			}
			if state == "REFUSED" {
				s.call(s.owner, http.MethodGet, "/api/media/"+id+"/content", "", http.StatusConflict)
				if _, err := s.blobs.Stat(t.Context(), f.Path); err == nil {
					t.Errorf("%s: the bytes of a refused file are still there", c.name)
				}
				continue
			}
			h := s.call(nobody, http.MethodGet, strings.TrimPrefix(f.URL, site), "", http.StatusOK).Header()
			attached := strings.HasPrefix(h.Get("Content-Disposition"), "attachment; ")
			if h.Get("Content-Type") != c.served || attached != (c.served == "application/octet-stream") ||
				h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "sandbox; default-src 'none'" {
				t.Errorf("%s is served with %v", c.name, h)
			}
		}
	})
}

// TestReplacedBytesAreLookedAtAgain: S3 lets the holder of a signed post replace what they
// uploaded for as long as the post is good.
func TestReplacedBytesAreLookedAtAgain(t *testing.T) {
	each(t, func(s *scene) {
		id := s.upload(s.owner, "text/plain", "a.txt", "words")
		f := read[person.File](s, s.call(s.owner, http.MethodGet, "/api/media/"+id, "", http.StatusOK))
		s.put(f.Path, "words and more")
		if rec := s.call(s.owner, http.MethodGet, "/api/media/"+id+"/content", "", http.StatusOK); rec.Body.String() != "words and more" {
			t.Errorf("got %q", rec.Body)
		}
		if f = read[person.File](s, s.call(s.owner, http.MethodGet, "/api/media/"+id, "", http.StatusOK)); f.Size != int64(len("words and more")) {
			t.Errorf("the size is still %d", f.Size)
		}
		s.put(f.Path, png)
		s.call(s.owner, http.MethodGet, "/api/media/"+id+"/content", "", http.StatusConflict)
		s.call(nobody, http.MethodGet, "/api/media/"+id+"/content?signature=x&expires=soon", "", http.StatusNotFound)
	})
}

func TestNamesAreMadeHarmless(t *testing.T) {
	each(t, func(s *scene) {
		for sent, want := range map[string]string{
			"../../etc/passwd": "passwd", `..\..\x`: "x", "%2e%2e%2f": "%2e%2e%2f", "/abs": "abs", "\u202egnp.exe": "gnp.exe", "a\u200b.png": "a.png",
			"dot.": "dot", "CON": "_CON", "../": "file", strings.Repeat("x", 300) + ".png": strings.Repeat("x", 251) + ".png", "two  blanks.mp4": "two  blanks.mp4", strings.Repeat("é", 127): strings.Repeat("é", 127), "a\nb\r.txt": "ab.txt",
		} {
			slot := s.ask(s.owner, "image/png", sent)
			if f := read[person.File](s, s.call(s.owner, http.MethodGet, "/api/media/"+slot.FileID, "", http.StatusOK)); f.Name != want {
				t.Errorf("%q becomes %q, want %q", sent, f.Name, want)
			}
			if want := "org/" + s.owner.OrgID + "/" + slot.FileID + "/original"; slot.SignedRequest.Fields.Key != want {
				t.Errorf("%q is kept at %q", sent, slot.SignedRequest.Fields.Key)
			}
		}
		for name, query := range map[string]string{
			"?name":       "mime=image/png&moduleCode=1&name=%20",
			"?name ":      "mime=image/png&moduleCode=1&name=" + strings.Repeat("x", 5000),
			"?mime":       "mime=image/svg%2Bxml&moduleCode=1&name=x.svg",
			"?mime ":      "mime=text/html&moduleCode=1&name=x.html",
			"?moduleCode": "mime=image/png&moduleCode=99&name=x",
		} {
			rec := s.call(s.owner, http.MethodGet, "/api/media?"+query, "", http.StatusBadRequest)
			if !strings.Contains(rec.Body.String(), `"pointer":"`+strings.TrimSpace(name)+`"`) {
				t.Errorf("%.80s: %s", query, rec.Body)
			}
		}
		s.call(s.owner, http.MethodGet, "/api/media/..%2f..%2fetc%2fpasswd", "", http.StatusNotFound)
		posted := s.call(s.owner, http.MethodPost, "/api/media", `{"mime":"image/png","name":"a.png","moduleCode":1}`, http.StatusOK)
		if slot := read[media.Slot](s, posted); !ids.Valid(slot.FileID) || posted.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("POST: %v %s", posted.Header(), posted.Body)
		}
		s.call(s.owner, http.MethodPost, "/api/media?mime=image/png&name=a.png&moduleCode=1", "", http.StatusOK)
	})
}

func TestAnUploadHasItsBounds(t *testing.T) {
	each(t, func(s *scene) {
		s.send(s.ask(s.owner, "text/plain", "big.txt").SignedRequest, make([]byte, 16<<20+1), http.StatusBadRequest)
		s.send(s.ask(s.owner, "text/plain", "empty.txt").SignedRequest, nil, http.StatusBadRequest)
		late := s.ask(s.owner, "text/plain", "late.txt")
		s.clock.Advance(2 * 60 * 60 * 1e9)
		s.send(late.SignedRequest, []byte("late"), http.StatusForbidden)
		s.call(s.owner, http.MethodGet, "/api/uploads/workdrive", "", http.StatusMethodNotAllowed)
	})
}

func TestPostsTakeTheirAuthorsReadyFilesOnly(t *testing.T) {
	each(t, func(s *scene) {
		good := s.upload(s.owner, "image/png", "a.png", png)
		waiting := s.ask(s.owner, "image/png", "b.png").FileID
		refused := s.upload(s.owner, "image/png", "c.png", "no picture")
		theirs := s.upload(s.colleague, "image/png", "d.png", png)
		foreign := s.upload(s.stranger, "image/png", "e.png", png)
		mine := s.publish(s.owner, `{"public":true}`, good)
		for what, id := range map[string]string{
			"pending": waiting, "refused": refused, "of a colleague": theirs, "foreign": foreign, "unknown": ids.New(), "no id": "x",
		} {
			body := `{"postText":"x","fileIds":["` + good + `","` + id + `"]}`
			for method, target := range map[string]string{http.MethodPost: "/api/posts", http.MethodPatch: "/api/posts/" + mine} {
				if rec := s.call(s.owner, method, target, body, http.StatusBadRequest); !strings.Contains(rec.Body.String(), `"pointer":"/fileIds/1"`) {
					t.Errorf("%s, %s: %s", what, method, rec.Body)
				}
			}
		}
		many := make([]string, 21)
		for i := range many {
			many[i] = `"` + ids.New() + `"`
		}
		s.call(s.owner, http.MethodPost, "/api/posts", `{"postText":"x","fileIds":[`+strings.Join(many, ",")+`]}`, http.StatusBadRequest)
		if got := read[post.View](s, s.call(s.owner, http.MethodGet, "/api/posts/"+mine, "", http.StatusOK)); len(got.FileList) != 1 {
			t.Errorf("a refused change has changed the files: %+v", got.FileList)
		}
		list := read[struct{ Posts []post.View }](s, s.call(s.owner, http.MethodGet, "/api/posts", "", http.StatusOK))
		if len(list.Posts) != 1 {
			t.Errorf("%d posts, want 1", len(list.Posts))
		}
	})
}

func TestListsReadTheFilesOfAPageAtOnce(t *testing.T) {
	each(t, func(s *scene) {
		count := func(page int) int {
			ctx, n := db.CountQueries(t.Context())
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("/api/posts?per_page=%d", page), nil)
			if err != nil {
				t.Fatal(err)
			}
			return s.counted(req, s.colleague, n)
		}
		for i := range 12 {
			a, b := s.upload(s.owner, "image/png", fmt.Sprint(i), png), s.upload(s.owner, "image/png", fmt.Sprint(i), png)
			s.publish(s.owner, `{"public":true}`, b, a)
		}
		count(12) // warms what is remembered
		if one, many := count(1), count(12); one != many || one == 0 {
			t.Errorf("a page of one post takes %d statements, one of twelve %d", one, many)
		}
	})
}

func TestNobodyWaitsForUploadsThatNeverCome(t *testing.T) {
	each(t, func(s *scene) {
		never, used := s.ask(s.owner, "image/png", "never.png").FileID, s.upload(s.owner, "image/png", "used.png", png)
		unnoticed, freed := s.upload(s.owner, "image/png", "unnoticed.png", png), s.upload(s.owner, "image/png", "freed.png", png)
		s.publish(s.owner, `{"public":true}`, used)
		gone := s.publish(s.owner, `{"public":true}`, freed)
		there := func(who authz.Actor, id string, want int) {
			s.Helper()
			s.call(who, http.MethodGet, "/api/media/"+id, "", want)
		}
		collect := func() {
			s.Helper()
			if err := s.media.Collect(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		s.clock.Advance(59 * 60 * 1e9)
		collect()
		there(s.owner, never, http.StatusOK)
		s.clock.Advance(2 * 60 * 1e9)
		collect()
		there(s.owner, never, http.StatusNotFound)
		there(s.owner, unnoticed, http.StatusOK)
		s.clock.Advance(22 * 60 * 60 * 1e9)
		s.call(s.owner, http.MethodDelete, "/api/posts/"+gone, "", http.StatusNoContent)
		s.clock.Advance(2 * 60 * 60 * 1e9)
		collect()
		there(s.owner, unnoticed, http.StatusNotFound)
		there(s.owner, freed, http.StatusOK) // for a day from when it was freed
		s.clock.Advance(24 * 60 * 60 * 1e9)
		collect()
		there(s.owner, freed, http.StatusNotFound)
		there(s.colleague, used, http.StatusOK)

		stray := "org/" + s.owner.OrgID + "/" + ids.New() + "/original"
		s.put(stray, "bytes of nobody")
		if err := s.media.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.blobs.Stat(t.Context(), stray); err == nil {
			t.Error("bytes without a file are still there")
		}
		s.call(s.colleague, http.MethodGet, "/api/media/"+used+"/content", "", http.StatusOK)
	})
}
