package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

// slogTo logs to the test.
func slogTo(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// TestServeLeavesNothingRunning is not parallel: it looks at all goroutines of the process.
func TestServeLeavesNothingRunning(t *testing.T) {
	before := goleak.IgnoreCurrent()
	a := newApp(t)
	a.o.Server.Listen, a.o.Server.MetricsListen = "127.0.0.1:0", "127.0.0.1:0"
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	err := a.Serve(ctx, func(address string) {
		answer, err := http.Get("http://" + address + "/readyz")
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("/readyz answers %v %v", answer, err)
		}
		if err == nil {
			answer.Body.Close()
		}
		http.DefaultClient.CloseIdleConnections()
		stop()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.o.DB.Close(); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before, goleak.IgnoreTopFunction(
		"github.com/maypok86/otter/v2.periodicCleanUp[...]")) // ends when its cache is collected
}

func TestServeSaysThatAnAddressIsTaken(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	var l net.ListenConfig
	taken, err := l.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	a.o.Server.Listen, a.o.Server.MetricsListen = "127.0.0.1:0", taken.Addr().String()
	err = a.Serve(t.Context(), func(string) { t.Error("it serves") })
	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("Serve gave %v", err)
	}
}

func TestReadinessFollowsTheDatabase(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	ask := func(path string) int {
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		return w.Code
	}
	if got := ask("/readyz"); got != http.StatusOK {
		t.Errorf("/readyz answers %d", got)
	}
	if err := a.o.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ask("/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d without a database", got)
	}
	if got := ask("/healthz"); got != http.StatusOK {
		t.Errorf("/healthz answers %d without a database", got)
	}
}

func TestATaskThatPanicsRunsAgainAndOneThatFailsTells(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		metrics := prometheus.NewRegistry()
		tasks := newTasks(ctx, slogTo(t), metrics)
		runs := 0
		tasks.run("clumsy", func() error {
			if runs++; runs <= 3 {
				panic("stumbled")
			}
			return errors.New("gave up")
		})
		began := time.Now()
		if err := <-tasks.failed; err == nil || err.Error() != "gave up" || runs != 4 {
			t.Errorf("%v after %d runs", err, runs)
		}
		if took := time.Since(began); took != 3*restartAfter {
			t.Errorf("ran again after %v", took)
		}
		if counted, err := metrics.Gather(); err != nil || counted[0].GetMetric()[0].GetCounter().GetValue() != 3 {
			t.Errorf("counted %v (%v), want 3 panics", counted, err)
		}
		tasks.run("hopeless", func() error { panic("always") })
		stop()
		tasks.wait.Wait()
	})
}

func TestMetricsAreOpenToThisMachineOnly(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for _, c := range []struct {
		peer, header, separate string
		want                   int
	}{
		{"127.0.0.1:5", "", "", 200}, {"[::1]:5", "", "", 200}, {"192.0.2.1:5", "", "", 404}, {"", "", "", 404},
		{"127.0.0.1:5", "X-Forwarded-For", "", 404}, {"127.0.0.1:5", "Forwarded", "", 404}, {"127.0.0.1:5", "Via", "", 404},
		{"127.0.0.1:5", "", "127.0.0.1:9090", 404},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil)
		r.RemoteAddr = c.peer
		if c.header != "" {
			r.Header.Set(c.header, "for=192.0.2.1")
		}
		a.o.Server.MetricsListen = c.separate
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		if w.Code != c.want || (c.want == 200) != strings.Contains(w.Body.String(), "go_goroutines") || (c.want == 200) != strings.Contains(w.Body.String(), "workdrive_jobs_waiting ") {
			t.Errorf("%+v answers %d", c, w.Code)
		}
	}
}
