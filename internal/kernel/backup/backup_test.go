package backup_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/backup"
	"github.com/workdrive/workdrive/internal/kernel/blob/disk"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

const organization = "01890000-0000-7000-8000-000000000001"

// saved is the archive of a small installation.
func saved(t *testing.T) []byte {
	t.Helper()
	d := dbtest.Open(t, dbtest.SQLite(t))
	err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO organizations (id, name, subdomain, status, auth_method, created_at) VALUES (?, 'Quarry & <Sons>', 'quarry', 'ACTIVE', 'internal', 1)`, organization)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := backup.Write(t.Context(), &file, backup.Installation{DB: d, Release: "1.2.3", Now: time.Unix(1, 0)}, ""); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestDamagedArchivesAreRefused(t *testing.T) {
	t.Parallel()
	whole := saved(t)
	if _, err := backup.Read(bytes.NewReader(whole)); err != nil {
		t.Fatalf("the whole archive: %v", err)
	}
	rapid.Check(t, func(t *rapid.T) {
		bad := bytes.Clone(whole)
		at := rapid.IntRange(0, len(whole)-1).Draw(t, "at")
		if rapid.Bool().Draw(t, "cut") {
			bad = bad[:at]
		} else {
			bad[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
			if at >= 4 && at < 10 || at == 3 { // time, level and system of gzip's header, and its flags: no content
				t.Skip()
			}
		}
		_, err := backup.Read(bytes.NewReader(bad))
		if d := new(backup.DamagedError); !errors.As(err, &d) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestSchemasThatDifferAreRefused(t *testing.T) {
	t.Parallel()
	whole, err := backup.Read(bytes.NewReader(saved(t)))
	if err != nil {
		t.Fatal(err)
	}
	d := dbtest.Open(t, dbtest.SQLite(t))
	whole.Schema++
	if err := whole.Restore(t.Context(), backup.Installation{DB: d}); err == nil {
		t.Error("an archive of a later schema was restored")
	}
	if err := d.Write(t.Context(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM goose_db_version WHERE version_id > 5`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Write(t.Context(), new(bytes.Buffer), backup.Installation{DB: d}, ""); err == nil {
		t.Error("a database of an earlier schema was saved")
	}
}

func TestNothingIsLeftOfARestoreThatFails(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		whole, err := backup.Read(bytes.NewReader(saved(t)))
		if err != nil {
			t.Fatal(err)
		}
		files, err := disk.Open(disk.Options{Dir: t.TempDir(), URL: "http://files.example"})
		if err != nil {
			t.Fatal(err)
		}
		defer files.Close()
		whole.Tables[0].Rows++
		if err := whole.Restore(t.Context(), backup.Installation{DB: d, Files: files}); err == nil {
			t.Fatal("it was restored")
		}
		var n int
		if err := d.Reader(t.Context()).QueryRow(t.Context(), `SELECT COUNT(*) FROM organizations`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d organizations, %v", n, err)
		}
	})
}
