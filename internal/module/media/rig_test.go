package media_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	fixtures "github.com/workdrive/workdrive/api"
	"github.com/workdrive/workdrive/internal/compat"
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/blob/disk"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/search"
	"github.com/workdrive/workdrive/internal/kernel/video"
	"github.com/workdrive/workdrive/internal/module/media"
	"github.com/workdrive/workdrive/internal/module/post"
	"github.com/workdrive/workdrive/internal/module/preview"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// scene is files and posts over HTTP on a database and a directory, with people.
type scene struct {
	*testing.T

	db      *db.DB
	clock   *clock.Manual
	dir     string
	blobs   *disk.Store
	media   *media.Service
	handler http.Handler
	actors  actors
	stage   *cast.Org

	owner, colleague, stranger authz.Actor // the stranger is of another organization
}

// actors authenticates whoever a test names: the key is the id of the person.
type actors map[string]authz.Actor

// Authenticate implements api.Authenticator.
func (a actors) Authenticate(_ context.Context, key string) (authz.Actor, error) {
	if who, ok := a[key]; ok {
		return who, nil
	}
	return authz.Actor{}, fault.New(fault.KindUnauthenticated, "key.unknown", "Your API key is wrong")
}

const site = "http://workdrive.test"

func each(t *testing.T, test func(s *scene)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(newScene(t, d)) })
}

func newScene(t *testing.T, d *db.DB) *scene {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	s := &scene{T: t, db: d, clock: clock.NewManual(time.Now()), dir: t.TempDir(), actors: actors{}, stage: cast.NewOrg(t, d)}
	events := bus.New(d, s.clock, log)
	jobs, err := job.New(d, log)
	if err != nil {
		t.Fatal(err)
	}
	if s.blobs, err = disk.Open(disk.Options{Dir: s.dir, URL: site + "/api/uploads", Clock: s.clock, Logger: log}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	audiences := audience.New(d, events)
	contents := content.New(d, events, audiences)
	s.media, err = media.New(t.Context(), media.Deps{DB: d, Jobs: jobs, Clock: s.clock, Log: log, Content: contents, Blobs: s.blobs, Bucket: "workdrive", URL: site, Films: video.Find("", video.Limits{}), Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	posts := post.New(content.Deps{DB: d, Bus: events, Jobs: jobs, Clock: s.clock, Audiences: audiences, Content: contents, Files: s.media, Index: search.New(d, audiences, jobs, s.clock), Previews: preview.New(preview.Deps{DB: d, Jobs: jobs, Clock: s.clock, Log: log})})
	router := api.NewRouter(api.Options{Version: "test", DB: d, Clock: s.clock, Log: log, Authenticator: s.actors, Examples: fixtures.Fixtures})
	s.media.Register(router)
	posts.Register(router)
	router.Handle("uploadFile", http.MethodPost, "/api/uploads/workdrive", s.blobs)
	if err := router.Verify(); err != nil {
		t.Fatal(err)
	}
	s.handler = compat.Handler(router)
	s.owner, s.colleague = s.as(s.stage.Person(t, "owner")), s.as(s.stage.Person(t, "colleague"))
	s.stranger = s.as(cast.NewOrg(t, d).Person(t, "stranger"))
	return s
}

func (s *scene) as(who authz.Actor) authz.Actor {
	s.actors[who.UserID] = who
	return who
}

var nobody authz.Actor

// call sends a request as somebody and fails unless the answer has the status.
func (s *scene) call(who authz.Actor, method, target, body string, want int, headers ...string) *httptest.ResponseRecorder {
	s.Helper()
	req := httptest.NewRequestWithContext(s.Context(), method, target, strings.NewReader(body))
	if who.UserID != "" {
		req.Header.Set("X-API-KEY", who.UserID)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, req)
	if rec.Code != want {
		s.Fatalf("%s %s: status %d, want %d: %.500s", method, target, rec.Code, want, rec.Body)
	}
	return rec
}

// read decodes a JSON answer.
func read[T any](s *scene, rec *httptest.ResponseRecorder) (v T) {
	s.Helper()
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		s.Fatalf("%v: %s", err, rec.Body)
	}
	return v
}

// ask announces a file.
func (s *scene) ask(who authz.Actor, mime, name string) media.Slot {
	s.Helper()
	query := url.Values{"mime": {mime}, "name": {name}, "moduleCode": {"1"}}
	return read[media.Slot](s, s.call(who, http.MethodGet, "/api/media?"+query.Encode(), "", http.StatusOK))
}

// send posts a file as a client of S3 does.
func (s *scene) send(signed blob.SignedPost, bytesOf []byte, want int) {
	s.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, value := range signed.Fields.All() {
		_ = w.WriteField(name, value)
	}
	part, err := w.CreateFormFile("file", "some name.bin")
	if err != nil {
		s.Fatal(err)
	}
	_, _ = part.Write(bytesOf)
	_ = w.Close()
	req := httptest.NewRequestWithContext(s.Context(), http.MethodPost, strings.TrimPrefix(signed.URL, site), &form)
	req.Header.Set("Content-Type", w.FormDataContentType())
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, req)
	if rec.Code != want {
		s.Fatalf("an upload is answered %d, want %d: %s", rec.Code, want, rec.Body)
	}
}

// upload announces a file and sends it.
func (s *scene) upload(who authz.Actor, mime, name, bytesOf string) (id string) {
	s.Helper()
	slot := s.ask(who, mime, name)
	s.send(slot.SignedRequest, []byte(bytesOf), http.StatusNoContent)
	return slot.FileID
}

// publish makes a post with files and gives its id.
func (s *scene) publish(who authz.Actor, permissions string, ids ...string) string {
	s.Helper()
	list, _ := json.Marshal(ids)
	rec := s.call(who, http.MethodPost, "/api/posts", `{"postText":"see","fileIds":`+string(list)+`,"permissions":`+permissions+`}`, http.StatusCreated)
	return read[post.View](s, rec).ID
}

const png = "\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\x0dIDATx\xdacd\xf8\xcfP\x0f\x00\x03\x86\x01\x80Z4}k\x00\x00\x00\x00IEND\xaeB`\x82"

// counted sends a request as somebody and gives how many statements it took.
func (s *scene) counted(req *http.Request, who authz.Actor, n *db.Counter) int {
	s.Helper()
	req.Header.Set("X-API-KEY", who.UserID)
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, req)
	if rec.Code != http.StatusOK {
		s.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	return n.N()
}

// put writes an object without a file.
func (s *scene) put(key, text string) {
	s.Helper()
	if _, err := s.blobs.Put(s.Context(), key, blob.Content{Reader: strings.NewReader(text), Size: int64(len(text))}); err != nil {
		s.Fatal(err)
	}
}
