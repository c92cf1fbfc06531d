package main

import (
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

func TestMistakesOnTheCommandLineAreOneLineAndStatus2(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args, env []string
		why       string
	}{
		{nil, nil, `expected one of "serve"`},
		{[]string{"sevre"}, nil, "unexpected argument sevre"},
		{[]string{"serve", "--port", "80"}, nil, "unknown flag --port"},
		{[]string{"serve", "--listen", "8080"}, nil, "--listen must be HOST:PORT"},
		{[]string{"serve", "--metrics-listen", "9090"}, nil, "--metrics-listen must be HOST:PORT"},
		{[]string{"serve", "--public-url", "drive.example"}, nil, "--public-url must begin with http"},
		{[]string{"serve", "--max-in-flight", "0"}, nil, "--max-in-flight"},
		{[]string{"serve", "--quota-person", "plenty"}, nil, "500MB"},
		{[]string{"serve", "--clamd", "localhost"}, nil, "--clamd: a virus scanner is at host:port"},
		{[]string{"serve", "--log-level", "loud"}, nil, "--log-level must be one of"},
		{[]string{"serve", "--database-url", "mysql://db/x"}, nil, "--database-url must look like postgres://"},
		{[]string{"migrate", "--database-url", "postgres://:secret@"}, nil, "--database-url must look like postgres://"},
		{[]string{"serve"}, []string{"WORKDRIVE_RATE_LIMIT=many"}, "--rate-limit"},
		{[]string{"serve"}, []string{"WORKDRIVE_LISTEN=nowhere"}, "--listen must be HOST:PORT"},
		{[]string{"init", "--org", "A"}, nil, "missing flags: --email"},
		{[]string{"init", "--org", "A", "--email", "a@a.example", "--first-name", "A", "--last-name", "B", "--password-stdin"}, nil, "password"},
		{[]string{"user", "set-status", "a@a.example", "GONE"}, nil, "must be one of"},
		{[]string{"token", "revoke"}, nil, "expected"},
	} {
		t.Run(strings.Join(append(c.env, c.args...), " "), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := command(t.Context(), dir, c.args...)
			p.Env = append(p.Env, c.env...)
			r := finish(t, p, "short\n")
			r.wantOneLine(t, exitUsage, c.why)
			if strings.Contains(r.err, "secret") {
				t.Errorf("the message shows a password: %q", r.err)
			}
			if made, _ := os.ReadDir(dir); len(made) > 0 {
				t.Errorf("%s was made all the same", made[0].Name())
			}
		})
	}
}

func TestHelpNamesEverySettingAndItsVariable(t *testing.T) {
	t.Parallel()
	top := mustRun(t, t.TempDir(), "", "--help")
	for _, name := range []string{"serve", "init", "migrate", "demo", "backup", "restore", "export organization", "import organization", "move", "doctor", "user list", "user create", "user set-password", "user set-status", "token create", "token list", "token revoke", "version"} {
		if !strings.Contains(top, "\n  "+name+" ") {
			t.Errorf("--help does not list %s:\n%s", name, top)
		}
	}
	help := mustRun(t, t.TempDir(), "", "serve", "--help")
	for _, setting := range []string{"LISTEN", "DATA_DIR", "DATABASE_URL", "PUBLIC_URL", "LOG_LEVEL", "RATE_LIMIT", "MAX_IN_FLIGHT", "METRICS_LISTEN"} {
		flag := "--" + strings.ReplaceAll(strings.ToLower(setting), "_", "-")
		if !strings.Contains(help, flag) || !strings.Contains(help, "$WORKDRIVE_"+setting) {
			t.Errorf("serve --help lacks %s or $WORKDRIVE_%s", flag, setting)
		}
	}
	if out := mustRun(t, t.TempDir(), "", "version"); !regexp.MustCompile(`^workdrive \d+\.\d+\.\d+\S*\n$`).MatchString(out) {
		t.Errorf("version printed %q", out)
	}
}

func TestInitSetsUpOnceAndPrintsJSON(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := mustRun(t, dir, "correct horse battery\n", setUp()...)
	var made map[string]string
	if err := json.Unmarshal([]byte(out), &made); err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("not one line of JSON: %q", out)
	}
	keys := slices.Sorted(func(yield func(string) bool) {
		for k := range made {
			if !yield(k) {
				return
			}
		}
	})
	if got := strings.Join(keys, " "); got != "accessToken email organizationId userId" || made["email"] != "nadia@quarry.example" {
		t.Errorf("printed %s", out)
	}
	before := fingerprint(t, dir)
	start(t, dir, "another password\n", setUp()...).wantOneLine(t, exitFailure, "set up already")
	if after := fingerprint(t, dir); after != before {
		t.Errorf("the second init changed the data:\n%s\n%s", before, after)
	}
	if strings.Contains(mustRun(t, dir, "", "token", "list", "nadia@quarry.example"), made["accessToken"]) {
		t.Error("the key can be read again")
	}
	s := serve(t, dir)
	if status, body := s.ask("GET", "/api/users/me", made["accessToken"]); status != 200 || !strings.Contains(body, made["userId"]) {
		t.Errorf("the key answers %d %s", status, body)
	}
	if s.stop(); strings.Contains(s.log.String(), made["accessToken"]) {
		t.Error("the log has the key")
	}
}

// fingerprint tells whether anything in a directory changed.
func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		fmt.Fprintf(&all, "%s %v %x\n", path, info.Mode(), sha256.Sum256(content))
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestADataDirectoryBelongsToOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := initialize(t, dir)
	refused := func(args ...string) {
		t.Helper()
		start(t, dir, "correct horse battery\n", args...).wantOneLine(t, exitFailure, "already in use by another process")
	}
	s := serve(t, dir)
	refused("serve", "--listen", "127.0.0.1:0")
	if status, _ := s.ask("GET", "/api/users/me", key); status != 200 {
		t.Errorf("the first process answers %d", status)
	}
	if state := s.stop(); !state.Success() {
		t.Errorf("ended with %v", state)
	}

	// Held by a process that writes nothing by itself.
	unlock, err := db.LockDir(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	before := fingerprint(t, dir)
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"migrate"}, {"demo"}, setUp(), {"user", "list"}} {
		refused(args...)
	}
	if after := fingerprint(t, dir); after != before {
		t.Errorf("a process that was refused changed the data:\n%s\n%s", before, after)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "", "user", "list")
}

func TestANewerSchemaIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	initialize(t, dir)
	change(t, dir, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999999, 1)`)
	before := fingerprint(t, dir)
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"migrate"}, {"user", "list"}} {
		start(t, dir, "", args...).wantOneLine(t, exitFailure, "newer release")
	}
	if after := fingerprint(t, dir); after != before {
		t.Errorf("the data changed:\n%s\n%s", before, after)
	}
}

func change(t *testing.T, dir, statement string) {
	t.Helper()
	d, err := sql.Open("sqlite", filepath.Join(dir, "data", "workdrive.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestADirectoryThatCannotBeWrittenIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir, "", "serve", "--data-dir", "file/data").wantOneLine(t, exitFailure, "file/data cannot be created")
	start(t, dir, "", "serve", "--data-dir", "file").wantOneLine(t, exitFailure, "file cannot be")
	start(t, dir, "", "serve", "--data-dir", "/proc/workdrive").wantOneLine(t, exitFailure, "/proc/workdrive cannot be created")
	start(t, dir, "", "user", "list", "--data-dir", "elsewhere").wantOneLine(t, exitFailure, "no installation")
	if _, err := os.Stat(filepath.Join(dir, "elsewhere")); err == nil {
		t.Error("listing made a directory")
	}
}

func TestPeopleAndKeysAreManagedFromTheCommandLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	initialize(t, dir)
	id := strings.TrimSpace(mustRun(t, dir, "a long password\n", "user", "create", "--email", "Tove@quarry.example", "--first-name", "Tove", "--last-name", "Brandt", "--password-stdin"))
	start(t, dir, "", "user", "create", "--email", "tove@QUARRY.example", "--first-name", "T", "--last-name", "B").wantOneLine(t, exitFailure, "/email")
	list := mustRun(t, dir, "", "user", "list")
	if !strings.Contains(list, id) || !strings.Contains(list, "2 people") {
		t.Errorf("user list printed\n%s", list)
	}
	key := strings.TrimSpace(mustRun(t, dir, "", "token", "create", "tove@quarry.example", "--name", "reader", "--scope", "users:read"))
	mustRun(t, dir, "an even longer password\n", "user", "set-password", "tove@quarry.example")
	start(t, dir, "", "token", "create", "nobody@quarry.example").wantOneLine(t, exitFailure, "nobody@quarry.example")
	start(t, dir, "", "user", "set-status", "nadia@quarry.example", "ARCHIVE").wantOneLine(t, exitFailure, "administrator")

	answers := func(want int) {
		t.Helper()
		s := serve(t, dir)
		if status, body := s.ask("GET", "/api/users/me", key); status != want {
			t.Errorf("the key answers %d, want %d: %s", status, want, body)
		}
		s.stop()
	}
	answers(200)
	mustRun(t, dir, "", "user", "set-status", "tove@quarry.example", "BLOCKED")
	answers(401)
	mustRun(t, dir, "", "user", "set-status", "tove@quarry.example", "ACTIVE")
	answers(200)
	keys := mustRun(t, dir, "", "token", "list", "tove@quarry.example")
	listed := regexp.MustCompile(`(?m)^(\S+) .*reader`).FindStringSubmatch(keys)
	if listed == nil {
		t.Fatalf("token list printed\n%s", keys)
	}
	mustRun(t, dir, "", "token", "revoke", listed[1])
	answers(401)
}
