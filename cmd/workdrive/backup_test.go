package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// posts gives the number of posts that a server has.
func (s *server) posts(key string) int {
	s.t.Helper()
	var list struct {
		Meta struct{ TotalResults int }
	}
	status, body := s.ask("GET", "/api/posts?per_page=1", key)
	if err := decode(body, &list); err != nil || status != 200 {
		s.t.Fatalf("posts answer %d, %v", status, err)
	}
	return list.Meta.TotalResults
}

// dot is a picture.
func dot(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// file gives what a server says of a file, but for its addresses.
func (s *server) file(key, id string) map[string]any {
	s.t.Helper()
	status, body := s.ask("GET", "/api/media/"+id, key)
	var f map[string]any
	if err := decode(body, &f); err != nil || status != 200 {
		s.t.Fatalf("the file answers %d, %v", status, err)
	}
	for name := range f {
		if strings.Contains(strings.ToLower(name), "url") {
			delete(f, name)
		}
	}
	f["thumbnail"] = f["thumbnail"] != nil // an address, too
	return f
}

// processed waits until a file is.
func (s *server) processed(key, id string) map[string]any {
	s.t.Helper()
	for range 600 {
		if f := s.file(key, id); f["processing"] == nil {
			return f
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Fatal("the file is never processed")
	return nil
}

func TestABackupOfARunningServerIsRestored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := initialize(t, dir)
	running := serve(t, dir)
	picture := running.upload(key, "image/png", "dot.png", dot(t)).FileID
	before := running.processed(key, picture)
	w := &writer{acked: map[string]bool{}, unknown: map[string]bool{}, progress: make(chan struct{}, 1)}
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() { // somebody goes on writing
		for n := 0; ctx.Err() == nil; n++ {
			w.publish(ctx, running.url, key, fmt.Sprint("during the backup ", n))
		}
	})
	<-w.progress
	written := w.count()
	file := filepath.Join(dir, "saved.tar.gz")
	out := mustRun(t, dir, "", "backup", file)
	stop()
	writing.Wait()
	if !strings.Contains(out, "is whole") {
		t.Errorf("backup printed %q", out)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive: %v %v", info, err)
	}
	start(t, dir, "", "backup", file).wantOneLine(t, exitFailure, "is there already")

	elsewhere := t.TempDir()
	if out := mustRun(t, elsewhere, "", "restore", "--check", file); !strings.Contains(out, "is whole") {
		t.Errorf("restore --check printed %q", out)
	}
	if made, _ := os.ReadDir(elsewhere); len(made) > 0 {
		t.Errorf("restore --check made %s", made[0].Name())
	}
	mustRun(t, elsewhere, "", "restore", file)
	start(t, elsewhere, "", "restore", file).wantOneLine(t, exitFailure, "there is an organization here already")
	restored := serve(t, elsewhere)
	if status, body := restored.ask("GET", "/api/media/"+picture+"/content", key); status != 200 || body[1:4] != "PNG" {
		t.Errorf("the picture answers %d", status)
	}
	if diff := cmp.Diff(before, restored.file(key, picture)); diff != "" {
		t.Errorf("the picture is another one: %s", diff)
	}
	if n := restored.posts(key); n < written || n > running.posts(key) {
		t.Errorf("%d posts were restored; there were %d before the backup, and %d after it", n, written, running.posts(key))
	}
	if !w.publish(t.Context(), restored.url, key, "after it") {
		t.Error("what was restored cannot be written")
	}
	restored.stop()
	running.stop()
}

func TestADamagedArchiveIsRefusedAndNothingIsMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	initialize(t, dir)
	file := filepath.Join(dir, "saved.tar.gz")
	mustRun(t, dir, "", "backup", file)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	middle := bytes.Clone(whole)
	middle[len(middle)/2] ^= 0x40
	for name, bad := range map[string][]byte{"cut": whole[:len(whole)-40], "changed": middle, "empty": nil, "text": []byte("no archive")} {
		bent := filepath.Join(dir, name)
		if err := os.WriteFile(bent, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		elsewhere := t.TempDir()
		start(t, elsewhere, "", "restore", bent).wantOneLine(t, exitFailure, "Nothing was changed")
		if made, _ := os.ReadDir(elsewhere); len(made) > 0 {
			t.Errorf("%s: %s was made all the same", name, made[0].Name())
		}
	}
	start(t, t.TempDir(), "", "backup", "x.tar.gz").wantOneLine(t, exitFailure, "there is no installation")
}

func TestAnOrganizationGoesToAnotherInstallation(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	key := initialize(t, from)
	first, second := filepath.Join(from, "first.tar.gz"), filepath.Join(to, "second.tar.gz")
	mustRun(t, from, "", "export", "organization", first)
	start(t, from, "", "export", "organization", "--organization", "nobody", "x.tar.gz").wantOneLine(t, exitFailure, "no organization nobody")
	start(t, to, "", "restore", first).wantOneLine(t, exitFailure, "import organization")
	mustRun(t, to, "", "import", "organization", first)
	start(t, to, "", "import", "organization", first).wantOneLine(t, exitFailure, "is there already")
	mustRun(t, to, "", "export", "organization", second)
	one, err := os.ReadFile(first)
	two, err2 := os.ReadFile(second)
	if err != nil || err2 != nil || !bytes.Equal(one, two) {
		t.Errorf("the archives differ: %d and %d bytes, %v, %v", len(one), len(two), err, err2)
	}
	there := serve(t, to)
	if status, _ := there.ask("GET", "/api/users/me", key); status != 200 {
		t.Errorf("the key answers %d there", status)
	}
	there.stop()
}

func TestADatabaseMovesToPostgres(t *testing.T) {
	t.Parallel()
	dir, url := t.TempDir(), dbtest.EmptyPostgres(t)
	key := initialize(t, dir)
	before := serve(t, dir)
	start(t, dir, "", "move", "--to", url).wantOneLine(t, exitFailure, "already in use")
	w := &writer{acked: map[string]bool{}, unknown: map[string]bool{}}
	w.publish(t.Context(), before.url, key, "it moves")
	before.stop()
	if out := mustRun(t, dir, "", "move", "--to", url); !strings.Contains(out, "posts") || !strings.Contains(out, "Everything is there") {
		t.Errorf("move printed %q", out)
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "move.partial")); err == nil {
		t.Error("move left its archive")
	}
	if again := start(t, dir, "", "move", "--to", url); again.code != exitFailure || !strings.Contains(again.err, "there is an organization here already") {
		t.Errorf("a second move: %+v", again)
	}
	after := serve(t, dir, "--database-url", url)
	if n := after.posts(key); n != 1 {
		t.Errorf("%d posts after the move", n)
	}
	after.stop()
}

func TestTheDoctorFindsWhatIsBroken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := initialize(t, dir)
	running := serve(t, dir)
	file := running.upload(key, "image/png", "dot.png", dot(t))
	running.processed(key, file.FileID)
	out := mustRun(t, dir, "", "doctor") // while the server works
	for _, line := range []string{`ok +schema +\d+ on SQLite`, `ok +database file +whole`, `ok +files +1, all there`, `look +mail +no --smtp-url`, `look +public address`} {
		if !regexp.MustCompile(`(?m)^` + line).MatchString(out) {
			t.Errorf("doctor does not say %q:\n%s", line, out)
		}
	}
	running.stop()
	object := filepath.Join(dir, "data", "files", "objects", filepath.FromSlash(file.SignedRequest.Fields.Key))
	if err := os.Truncate(object, 10); err != nil {
		t.Fatal(err)
	}
	sick := start(t, dir, "", "doctor", "--smtp-url", "smtp://127.0.0.1:1", "--mail-from", "drive@quarry.example")
	if sick.code != exitFailure || !regexp.MustCompile(`(?m)^BROKEN +files +1 of 1 are not there`).MatchString(sick.out) || !regexp.MustCompile(`(?m)^BROKEN +mail`).MatchString(sick.out) {
		t.Errorf("status %d:\n%s%s", sick.code, sick.out, sick.err)
	}
	if sick := start(t, t.TempDir(), "", "doctor"); sick.code != exitFailure {
		t.Errorf("without an installation: %+v", sick)
	}
}
