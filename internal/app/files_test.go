package app

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/blob/disk"
	"github.com/workdrive/workdrive/internal/kernel/clock"
)

// filesIn opens a file store for a test.
func filesIn(t *testing.T, dir string, c clock.Clock) *disk.Store {
	t.Helper()
	s, err := disk.Open(disk.Options{Dir: dir, URL: "http://workdrive.test" + uploads, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// postForm sends a file as a client of S3 does: the signed fields, then the file.
func postForm(t *testing.T, h http.Handler, signed blob.SignedPost, content string) *httptest.ResponseRecorder {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, value := range signed.Fields.All() {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", "file")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(signed.URL)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, at.Path, &form)
	req.Header.Set("Content-Type", w.FormDataContentType())
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

// upload uploads a file as somebody and gives its id.
func (w *world) upload(key, mime, name, content string) string {
	w.t.Helper()
	query := url.Values{"mime": {mime}, "name": {name}, "moduleCode": {"1"}}
	status, text := w.do(w.front, request{method: http.MethodGet, target: "/api/media?" + query.Encode(), key: key})
	if status != http.StatusOK {
		w.t.Fatalf("an upload is answered %d: %s", status, text)
	}
	_, body, _ := strings.Cut(text, "\n")
	var slot struct {
		FileID        string
		SignedRequest blob.SignedPost
	}
	if err := json.Unmarshal([]byte(body), &slot); err != nil {
		w.t.Fatal(err)
	}
	if rec := postForm(w.t, w.front, slot.SignedRequest, content); rec.Code != http.StatusNoContent {
		w.t.Fatalf("posting a file is answered %d: %s", rec.Code, rec.Body)
	}
	return slot.FileID
}
