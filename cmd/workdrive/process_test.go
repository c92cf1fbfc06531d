package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asProgram makes the test binary behave as the program: the tests run it as processes of
// their own, with the race detector when they have it, and without a second build.
const asProgram = "WORKDRIVE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// limit is how long anything may take that a test waits for.
const limit = 2 * time.Minute

// command is a run of the program with its own data directory as working directory.
func command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Dir = dir
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "WORKDRIVE_") {
			c.Env = append(c.Env, e)
		}
	}
	c.Env = append(c.Env, asProgram+"=1")
	return c
}

// result is how a run ended.
type result struct {
	code     int
	out, err string
}

// start runs the program to its end.
func start(t *testing.T, dir, stdin string, args ...string) result {
	t.Helper()
	return finish(t, command(t.Context(), dir, args...), stdin)
}

func finish(t *testing.T, c *exec.Cmd, stdin string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errOut
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return result{c.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// mustRun runs the program and wants it to succeed.
func mustRun(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	r := start(t, dir, stdin, args...)
	if r.code != 0 {
		t.Fatalf("workdrive %s: exit status %d\n%s", strings.Join(args, " "), r.code, r.err)
	}
	return r.out
}

// wantOneLine checks a refusal: a status, and one line that says why.
func (r result) wantOneLine(t *testing.T, code int, why string) {
	t.Helper()
	if r.code != code || !strings.HasPrefix(r.err, "workdrive: ") || strings.Count(r.err, "\n") != 1 || !strings.Contains(r.err, why) || r.out != "" {
		t.Errorf("exit status %d, stdout %q, stderr %q; want status %d and one line with %q", r.code, r.out, r.err, code, why)
	}
}

// server is a running `workdrive serve`.
type server struct {
	t       *testing.T
	process *exec.Cmd
	url     string
	out     *lines
	log     *lines
	exited  chan struct{}
	state   *os.ProcessState // after exited
}

var servesAt = regexp.MustCompile(`serves (http://\S+)`)

// serve starts a server on a free port and waits until it answers.
func serve(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	c := command(context.Background(), dir, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	s := &server{t: t, process: c, out: newLines(), log: newLines(), exited: make(chan struct{})}
	c.Stdout, c.Stderr = s.out, s.log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.Wait()
		s.state = c.ProcessState
		close(s.exited)
	}()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		<-s.exited
		if t.Failed() {
			t.Logf("log of the server:\n%s", s.log)
		}
	})
	line := s.await(s.out, servesAt)
	s.url = servesAt.FindStringSubmatch(line)[1]
	return s
}

// await waits for a line, or for the end of the process.
func (s *server) await(in *lines, what *regexp.Regexp) string {
	s.t.Helper()
	late := time.After(limit)
	for {
		text, changed := in.text()
		if found := what.FindString(text); found != "" {
			return found
		}
		select {
		case <-changed:
		case <-s.exited:
			s.t.Fatalf("the server ended with %v before it said %q:\n%s%s", s.state, what, s.out, s.log)
		case <-late:
			s.t.Fatalf("the server never said %q:\n%s%s", what, s.out, s.log)
		}
	}
}

// signal sends a signal.
func (s *server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// stop asks the server to stop and gives how it ended.
func (s *server) stop() *os.ProcessState {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	return s.end()
}

func (s *server) end() *os.ProcessState {
	s.t.Helper()
	select {
	case <-s.exited:
		return s.state
	case <-time.After(limit):
		s.t.Fatal("the server does not stop")
		return nil
	}
}

// ask does a request and gives status and body.
func (s *server) ask(method, path, key string) (int, string) {
	s.t.Helper()
	status, body, err := request(s.t.Context(), method, s.url+path, key)
	if err != nil {
		s.t.Fatal(err)
	}
	return status, body
}

func request(ctx context.Context, method, url, key string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("X-API-KEY", key)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: limit}
	answer, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}

// lines collects what a process writes and tells when there is more.
type lines struct {
	mu   sync.Mutex
	all  bytes.Buffer
	more chan struct{}
}

func newLines() *lines { return &lines{more: make(chan struct{})} }

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.more)
	l.more = make(chan struct{})
	return l.all.Write(p)
}

// text gives what was written, and a channel that is closed when there is more.
func (l *lines) text() (string, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String(), l.more
}

// String implements fmt.Stringer.
func (l *lines) String() string {
	text, _ := l.text()
	return text
}

// initialize sets an installation up and gives the administrator's key.
func initialize(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out := mustRun(t, dir, "correct horse battery\n", append(setUp(), args...)...)
	var made struct{ AccessToken string }
	if err := decode(out, &made); err != nil {
		t.Fatal(err)
	}
	return made.AccessToken
}

func setUp() []string {
	return []string{"init", "--org", "Quarry & Sons", "--email", "nadia@quarry.example", "--first-name", "Nadia", "--last-name", "Osei", "--password-stdin", "--json"}
}

func decode(text string, to any) error {
	if err := json.Unmarshal([]byte(text), to); err != nil {
		return fmt.Errorf("%w in %q", err, text)
	}
	return nil
}
