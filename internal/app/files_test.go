package app

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// picture is the beginning of one.
const picture = "\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\x0dIDATx\xdacd\xf8\xcfP\x0f\x00\x03\x86\x01\x80Z4}k\x00\x00\x00\x00IEND\xaeB`\x82"

// upload uploads a file with somebody's key and gives its id.
func upload(t *testing.T, h http.Handler, key, mime, name, content string) string {
	t.Helper()
	query := url.Values{"mime": {mime}, "name": {name}, "moduleCode": {"1"}}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/media?"+query.Encode(), nil)
	req.Header.Set("X-API-KEY", key)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	var slot struct {
		FileID        string
		SignedRequest blob.SignedPost
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &slot); err != nil || rec.Code != http.StatusOK {
		t.Fatalf("asking for an upload is answered %d: %s", rec.Code, rec.Body)
	}
	if rec := postForm(t, h, slot.SignedRequest, content); rec.Code != http.StatusNoContent {
		t.Fatalf("posting a file is answered %d: %s", rec.Code, rec.Body)
	}
	return slot.FileID
}
