package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/demo"
	"github.com/workdrive/workdrive/internal/kernel/backup"
	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/blob/disk"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// site is an installation with files.
type site struct {
	*app.App

	db    *db.DB
	files blob.Store
}

func newSite(t *testing.T, d *db.DB) site {
	t.Helper()
	files, err := disk.Open(disk.Options{Dir: t.TempDir(), URL: "http://files.example"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	a, err := app.New(app.Options{Version: "1.2.3", Server: config.Server{MaxInFlight: 64}, DB: d, Files: files, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return site{a, d, files}
}

// save writes an archive and reads it back.
func (s site) save(t *testing.T, organization string) ([]byte, *backup.Archive) {
	t.Helper()
	var file bytes.Buffer
	if _, err := backup.Write(t.Context(), &file, s.Installation(), organization); err != nil {
		t.Fatal(err)
	}
	a, err := backup.Read(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), a
}

func (s site) get(t *testing.T, key, path string) map[string]any {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("X-API-KEY", key)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s answers %d %s", path, w.Code, w.Body)
	}
	return body
}

// fileKey is where the tests keep a file that no row names.
const fileKey = "org/01890000-0000-7000-8000-000000000001/01890000-0000-7000-8000-000000000002/original"

// everyPair runs a test from each engine to each.
func everyPair(t *testing.T, test func(t *testing.T, from, to *db.DB)) {
	engines := map[string]func(testing.TB) string{"SQLite": dbtest.SQLite, "PostgreSQL": dbtest.Postgres}
	for one, from := range engines {
		for other, to := range engines {
			t.Run(one+" to "+other, func(t *testing.T) {
				t.Parallel()
				test(t, dbtest.Open(t, from(t)), dbtest.Open(t, to(t)))
			})
		}
	}
}

var demoEnd = time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)

func TestABackupBringsEverythingBack(t *testing.T) {
	t.Parallel()
	everyPair(t, func(t *testing.T, from, to *db.DB) {
		old, restored := newSite(t, from), newSite(t, to)
		access, err := demo.Create(t.Context(), old.App, demoEnd)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := old.files.Put(t.Context(), fileKey, blob.Content{Reader: bytes.NewReader([]byte("chart")), Size: 5, Type: "text/plain"}); err != nil {
			t.Fatal(err)
		}
		_, archive := old.save(t, "")
		if archive.Files != 1 || archive.Jobs == 0 || archive.Release != "1.2.3" {
			t.Errorf("%d files, %d jobs, release %s", archive.Files, archive.Jobs, archive.Release)
		}
		if err := archive.Restore(t.Context(), restored.Installation()); err != nil {
			t.Fatal(err)
		}
		want, err := backup.Sums(t.Context(), old.db)
		got, gotErr := backup.Sums(t.Context(), restored.db)
		if err != nil || gotErr != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%v, %v\n%s", err, gotErr, cmp.Diff(want, got))
		}
		o, err := restored.files.Open(t.Context(), fileKey)
		if err != nil || o.Size != 5 {
			t.Errorf("the file: %v", err)
		} else if err := o.Close(); err != nil {
			t.Error(err)
		}
		for _, path := range []string{"/api/posts?per_page=200", "/api/users?per_page=100", "/api/group-chats", "/api/news", "/api/faqs", "/api/tasks?filter=ALL_TASKS"} {
			if diff := cmp.Diff(old.get(t, access.Key, path), restored.get(t, access.Key, path)); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
		}
		var ahead int
		if err := restored.db.Reader(t.Context()).QueryRow(t.Context(), `SELECT COUNT(*) FROM outbox_cursors WHERE txid > 0`).Scan(&ahead); err != nil || ahead > 0 {
			t.Errorf("%d cursors stand at transactions of the other database, %v", ahead, err)
		}
		if err := archive.Restore(t.Context(), restored.Installation()); !errors.Is(err, backup.ErrNotEmpty) {
			t.Errorf("a second time: %v", err)
		}
	})
}

func TestAnOrganizationIsTheSameBytesWhereverItIs(t *testing.T) {
	t.Parallel()
	everyPair(t, func(t *testing.T, from, to *db.DB) {
		old, other := newSite(t, from), newSite(t, to)
		access, err := demo.Create(t.Context(), old.App, demoEnd)
		if err != nil {
			t.Fatal(err)
		}
		there, err := demo.Create(t.Context(), other.App, demoEnd) // another organization, with the same numbers
		if err != nil {
			t.Fatal(err)
		}
		who, err := old.Operator(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		rename(t, old.db, "elsewhere")
		first, archive := old.save(t, who.OrgID)
		before := other.get(t, there.Key, "/api/posts?per_page=200")
		if err := archive.Import(t.Context(), other.Installation()); err != nil {
			t.Fatal(err)
		}
		if second, _ := other.save(t, who.OrgID); !bytes.Equal(first, second) {
			t.Error("the organization that came is not the one that went")
		}
		if diff := cmp.Diff(old.get(t, access.Key, "/api/posts?per_page=200"), other.get(t, access.Key, "/api/posts?per_page=200")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(before, other.get(t, there.Key, "/api/posts?per_page=200")); diff != "" {
			t.Errorf("the organization that was there has changed: %s", diff)
		}
		if err := archive.Import(t.Context(), other.Installation()); err == nil {
			t.Error("it came twice")
		}
		if err := archive.Restore(t.Context(), newSite(t, dbtest.Open(t, dbtest.SQLite(t))).Installation()); err == nil {
			t.Error("it was restored like a whole installation")
		}
	})
}

// rename gives the one organization of a database another address, since two of one cannot live
// in one installation.
func rename(t *testing.T, d *db.DB, subdomain string) {
	t.Helper()
	err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE organizations SET subdomain = ?`, subdomain)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
