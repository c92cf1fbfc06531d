package main

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/blob"
)

// slot is what a client is told when it wants to upload.
type slot struct {
	FileID        string
	SignedRequest blob.SignedPost
	URL           string
}

// upload sends a file as a client of S3 does.
func (s *server) upload(key, mime, name string, file []byte) (up slot) {
	s.t.Helper()
	status, body := s.ask("GET", "/api/media?mime="+url.QueryEscape(mime)+"&name="+name+"&moduleCode=1", key)
	if err := json.Unmarshal([]byte(body), &up); err != nil || status != http.StatusOK {
		s.t.Fatalf("asking for an upload is answered %d: %s", status, body)
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, value := range up.SignedRequest.Fields.All() {
		_ = w.WriteField(name, value)
	}
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		s.t.Fatal(err)
	}
	_, _ = part.Write(file)
	_ = w.Close()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/api/uploads/workdrive", &form)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		s.t.Fatalf("the upload is answered %d", answer.StatusCode)
	}
	return up
}

// TestFilesOutliveTheServer uploads a file to the program as a client of S3 does, and reads it
// from another run.
func TestFilesOutliveTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := initialize(t, dir)
	s := serve(t, dir, "--public-url", "https://people.example/")
	slot := s.upload(key, "text/plain", "notes.txt", []byte("words that stay"))
	if slot.SignedRequest.URL != "https://people.example/api/uploads/workdrive" {
		t.Errorf("the form goes to %s", slot.SignedRequest.URL)
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "files", "objects", filepath.FromSlash(slot.SignedRequest.Fields.Key))); err != nil {
		t.Error(err)
	}
	s.signal(syscall.SIGKILL)
	s.end()

	again := serve(t, dir)
	if status, body := again.ask("GET", "/api/media/"+slot.FileID+"/content", key); status != http.StatusOK || body != "words that stay" {
		t.Errorf("after a restart: %d %s", status, body)
	}
	signed, err := url.Parse(slot.URL)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := again.ask("GET", signed.RequestURI(), ""); status != http.StatusOK || body != "words that stay" {
		t.Errorf("at the signed address after a restart: %d %s", status, body)
	}
	again.stop()
}

// TestSettingsOfS3AreChecked: what cannot be used is said at the start, in one line.
func TestSettingsOfS3AreChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		args []string
	}{
		{"--s3-endpoint is missing", []string{"--s3-bucket", "files"}},
		{"--s3-endpoint must look like", []string{"--s3-endpoint", "s3.example", "--s3-bucket", "files"}},
		{"--s3-endpoint needs", []string{"--s3-endpoint", "https://s3.example", "--s3-bucket", "files"}},
	} {
		start(t, t.TempDir(), "", append([]string{"serve"}, c.args...)...).wantOneLine(t, exitUsage, c.why)
	}
}
