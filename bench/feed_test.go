package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// BenchmarkAPI is what the program does for a request, without the network, for profiles:
// go test -bench API/feed -cpuprofile cpu.out ./bench
func BenchmarkAPI(b *testing.B) {
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	s, err := seed(ctx, target{engine: "sqlite", size: 10_000}, b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	d, err := db.Open(ctx, db.Options{URL: s.url})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	a, err := app.New(app.Options{Version: "bench", Server: config.Server{MaxInFlight: 256}, DB: d, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		request
	}{{"feed", feed(s)}, {"people", people(s)}, {"create", create(s)}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpuTime()
			for i := 0; b.Loop(); i++ {
				var body io.Reader
				if c.body != "" {
					body = strings.NewReader(c.body)
				}
				r := httptest.NewRequest(c.method, c.path, body)
				r.Header.Set("X-API-KEY", c.keys[i%len(c.keys)])
				w := httptest.NewRecorder()
				if a.Handler().ServeHTTP(w, r); w.Code >= http.StatusMultipleChoices {
					b.Fatal(w.Code, w.Body)
				}
			}
			b.ReportMetric(float64((cpuTime()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime is the processor time of this process: on a shared machine it says more than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
