package app

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

func newApp(t *testing.T) *App {
	t.Helper()
	a, err := New(Options{
		Version: Release, Server: config.Server{MaxInFlight: 64}, DB: dbtest.Open(t, dbtest.SQLite(t), constraints()...),
		Clock: clock.System{}, Log: slogTo(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestOpenAPIIsCurrent(t *testing.T) {
	t.Parallel()
	want, err := Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../api/openapi.json")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("api/openapi.json is not what the operations say (%v): run make generate and review the difference", err)
	}
}

// description is what the tests read of the OpenAPI description.
type description struct {
	Paths map[string]map[string]struct{ OperationID string }
}

func describe(t *testing.T, a *App) description {
	t.Helper()
	body, err := a.router.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var d description
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

var parameter = regexp.MustCompile(`\{\w+\}`)

// TestEveryRouteIsDescribedAndEveryDescribedRouteIsServed holds the router and the
// description together, both ways.
func TestEveryRouteIsDescribedAndEveryDescribedRouteIsServed(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	described := describe(t, a).Paths
	for _, op := range a.router.Operations() {
		if got := described[op.Path][strings.ToLower(op.Method)].OperationID; got != op.ID {
			t.Errorf("%s %s is served as %s and described as %q", op.Method, op.Path, op.ID, got)
		}
	}
	served := 0
	for path, methods := range described {
		for method, op := range methods {
			served++
			r := httptest.NewRequestWithContext(t.Context(), strings.ToUpper(method), parameter.ReplaceAllString(path, "x"), nil)
			w := httptest.NewRecorder()
			a.Handler().ServeHTTP(w, r)
			if w.Code != http.StatusUnauthorized {
				t.Errorf("%s (%s %s) answers %d to somebody without a key, want 401: %s", op.OperationID, method, path, w.Code, w.Body)
			}
		}
	}
	if n := len(a.router.Operations()); served != n || n == 0 {
		t.Errorf("%d operations are described, %d are served", served, n)
	}
}

func TestUnknownAddressesAreProblems(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for _, path := range []string{"//", "/api", "/api/", "/api/nothing", "/api//users", "//api/users", "/api/users/", "/calendar/nothing", "/metrics/", "/healthz/x"} {
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		if w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s answers %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
	}
	for _, path := range []string{"/debug/pprof/", "/swagger", "/manage/nothing"} { // the console's, which tells strangers nothing
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/healthz", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("POST /healthz answers %d", w.Code)
	}
}
