package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// slowPost begins to create a post and gives a function that sends the rest and returns the
// answer.
func slowPost(t *testing.T, s *server, key string) (rest func() (*http.Response, error)) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	body := `{"postText":"written while the server stopped"}`
	fmt.Fprintf(conn, "POST /api/posts HTTP/1.1\r\nHost: x\r\nX-API-KEY: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", key, len(body))
	in := bufio.NewReader(conn)
	line, err := in.ReadString('\n') // the handler reads: the request is in flight
	if err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q %v", line, err)
	}
	_, _ = in.ReadString('\n')
	_, _ = io.WriteString(conn, body[:10])
	return func() (*http.Response, error) {
		if _, err := io.WriteString(conn, body[10:]); err != nil {
			return nil, err
		}
		return http.ReadResponse(in, nil)
	}
}

func TestStoppingAnswersRequestsInFlight(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := initialize(t, dir)
	s := serve(t, dir)
	if status, body := s.ask("GET", "/readyz", ""); status != 200 {
		t.Fatalf("/readyz answers %d %s", status, body)
	}
	rest := slowPost(t, s, key)
	s.signal(syscall.SIGTERM)
	for { // until the server has heard it; it still takes requests for half a second
		status, body, err := request(t.Context(), "GET", s.url+"/readyz", "")
		if err != nil {
			t.Fatalf("the server stopped listening before it said that it is not ready: %v", err)
		}
		if status == http.StatusServiceUnavailable {
			break
		} else if status != 200 {
			t.Fatalf("/readyz answers %d %s", status, body)
		}
	}
	if status, _, err := request(t.Context(), "GET", s.url+"/healthz", ""); err != nil || status != 200 {
		t.Errorf("/healthz answers %d %v", status, err)
	}
	for _, _, err := request(t.Context(), "GET", s.url+"/healthz", ""); err == nil; _, _, err = request(t.Context(), "GET", s.url+"/healthz", "") {
		time.Sleep(20 * time.Millisecond) // until it listens no more
	}
	answer, err := rest()
	if err != nil {
		t.Fatalf("the request in flight was dropped: %v", err)
	}
	if answer.StatusCode != 201 || !answer.Close {
		t.Errorf("the request in flight answers %d, Connection: close %t", answer.StatusCode, answer.Close)
	}
	if state := s.end(); !state.Success() {
		t.Errorf("ended with %v", state)
	}
	again := serve(t, dir)
	if _, body := again.ask("GET", "/api/posts", key); !strings.Contains(body, "written while the server stopped") {
		t.Errorf("the post is lost: %s", body)
	}
}

func TestASecondSignalStopsAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := initialize(t, dir)
	s := serve(t, dir)
	slowPost(t, s, key) // never finished
	s.signal(os.Interrupt)
	for status := 0; status != http.StatusServiceUnavailable; {
		status, _ = s.ask("GET", "/readyz", "")
	}
	began := time.Now()
	s.signal(os.Interrupt)
	if state := s.end(); state.Success() || time.Since(began) > 5*time.Second {
		t.Errorf("ended with %v after %v", state, time.Since(began))
	}
	if next := serve(t, dir); next.stop() == nil {
		t.Error("does not start again")
	}
}

func TestNoRequestFailsWhileTheServerStops(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := initialize(t, dir)
	s := serve(t, dir, "--rate-limit", "0")
	var clients sync.WaitGroup
	began := make(chan struct{}, 8)
	for range cap(began) {
		clients.Go(func() {
			client := http.Client{Transport: &http.Transport{}, Timeout: limit}
			for n := 0; ; n++ {
				r, _ := http.NewRequestWithContext(t.Context(), "GET", s.url+"/api/users/me", nil)
				r.Header.Set("X-API-KEY", key)
				answer, err := client.Do(r)
				if err != nil {
					t.Errorf("request %d was dropped: %v", n, err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if answer.StatusCode != 200 {
					t.Errorf("request %d answers %d", n, answer.StatusCode)
				}
				if n == 20 {
					began <- struct{}{}
				}
				if answer.Close { // as a load balancer does, go elsewhere
					return
				}
			}
		})
	}
	for range cap(began) {
		<-began
	}
	if state := s.stop(); !state.Success() {
		t.Errorf("ended with %v", state)
	}
	clients.Wait()
}

func TestMetricsAreNotForStrangers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	initialize(t, dir)
	s := serve(t, dir)
	if status, body := s.ask("GET", "/metrics", ""); status != 200 || !strings.Contains(body, "workdrive_http_in_flight") {
		t.Errorf("/metrics answers this machine %d", status)
	}
	r, _ := http.NewRequestWithContext(t.Context(), "GET", s.url+"/metrics", nil)
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 404 || answer.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("/metrics answers a proxy's client %d", answer.StatusCode)
	}
	for _, path := range []string{"/debug/pprof/", "/debug/vars"} {
		if status, _ := s.ask("GET", path, ""); status != 404 {
			t.Errorf("%s answers %d", path, status)
		}
	}
	s.stop()
	separate := serve(t, dir, "--metrics-listen", "127.0.0.1:0")
	if status, _ := separate.ask("GET", "/metrics", ""); status != 404 {
		t.Errorf("with --metrics-listen the public address answers %d", status)
	}
	at := separate.await(separate.log, regexp.MustCompile(`"operations":"[^"]+"`))
	operations := "http://" + strings.Trim(strings.TrimPrefix(at, `"operations":`), `"`)
	for path, want := range map[string]int{"/metrics": 200, "/debug/pprof/": 200, "/api/users/me": 404} {
		if status, _, err := request(t.Context(), "GET", operations+path, ""); err != nil || status != want {
			t.Errorf("%s on the address for metrics answers %d %v, want %d", path, status, err, want)
		}
	}
}

func TestUnknownVariablesAreNotIgnoredSilently(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := command(t.Context(), dir, "migrate")
	c.Env = append(c.Env, "WORKDRIVE_LISTN=0.0.0.0:80")
	if r := finish(t, c, ""); r.code != 0 || !strings.Contains(r.err, "WORKDRIVE_LISTN") || strings.Contains(r.err, "0.0.0.0:80") {
		t.Errorf("status %d, log %s", r.code, r.err)
	}
}

var pasteable = regexp.MustCompile(`curl -H 'X-API-KEY: (\S+)' '(\S+?)(/api/\S+)'`)

func TestTheDemoIsMadeOnceAndItsRequestWorks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := serve(t, dir, "--demo")
	made := pasteable.FindStringSubmatch(first.await(first.out, pasteable))
	if made[2] != first.url {
		t.Errorf("the request goes to %s, the server is at %s", made[2], first.url)
	}
	var posts, users struct{ Meta struct{ TotalResults int } }
	_, body := first.ask("GET", made[3], made[1])
	if err := decode(body, &posts); err != nil || posts.Meta.TotalResults < 100 {
		t.Errorf("the feed has %d posts (%v)", posts.Meta.TotalResults, err)
	}
	_, body = first.ask("GET", "/api/users", made[1])
	if err := decode(body, &users); err != nil || users.Meta.TotalResults < 55 {
		t.Errorf("there are %d people (%v)", users.Meta.TotalResults, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "data", demoFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the key: %v %v", info, err)
	}
	first.stop()
	second := serve(t, dir, "--demo")
	if again := pasteable.FindStringSubmatch(second.await(second.out, pasteable)); again[1] != made[1] {
		t.Error("the second start prints another key")
	}
	if status, _ := second.ask("GET", "/api/users/me", made[1]); status != 200 {
		t.Errorf("the key answers %d after a restart", status)
	}
	second.stop()
	start(t, dir, "", "demo").wantOneLine(t, exitFailure, "set up already")
}

func TestTwoNodesServeOnePostgres(t *testing.T) {
	t.Parallel()
	url := dbtest.EmptyPostgres(t)
	dir := t.TempDir()
	first := serve(t, dir, "--database-url", url)
	key := initialize(t, dir, "--database-url", url)
	start(t, dir, "", "serve", "--listen", "127.0.0.1:0", "--log-level", "error", "--database-url", url).wantOneLine(t, exitFailure, "--s3-endpoint")
	second := serve(t, dir, "--database-url", url, "--data-dir", "elsewhere") // the files of one process
	for _, s := range []*server{first, second} {
		if status, body := s.ask("GET", "/api/users/me", key); status != 200 {
			t.Errorf("%s answers %d %s", s.url, status, body)
		}
	}
	start(t, dir, "correct horse battery\n", append(setUp(), "--database-url", url, "--log-level", "error")...).wantOneLine(t, exitFailure, "set up already")
	for _, s := range []*server{first, second} {
		if state := s.stop(); !state.Success() {
			t.Errorf("ended with %v", state)
		}
	}
	if strings.Contains(first.log.String(), url) {
		t.Error("the log has the address of the database")
	}
	start(t, dir, "", "migrate", "--database-url", "postgres://nobody:hush@127.0.0.1:1/none").wantOneLine(t, exitFailure, "")
}
