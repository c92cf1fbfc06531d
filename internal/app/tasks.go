package app

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// restartAfter is the pause before a task that panicked runs again.
const restartAfter = time.Second

// tasks owns the goroutines of a running server. One that panics is logged, counted and run
// again; one that gives an error stops the server.
type tasks struct {
	ctx    context.Context // the tasks' life: no restart after its end
	log    *slog.Logger
	panics *prometheus.CounterVec
	wait   sync.WaitGroup
	failed chan error
}

func newTasks(ctx context.Context, log *slog.Logger, metrics prometheus.Registerer) *tasks {
	t := &tasks{ctx: ctx, log: log, failed: make(chan error, 1), panics: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "workdrive_task_panics_total", Help: "Background tasks that panicked and were run again.",
	}, []string{"task"})}
	metrics.MustRegister(t.panics)
	return t
}

// run does f in a goroutine. name is the owner that logs and metrics show.
func (t *tasks) run(name string, f func() error) {
	t.wait.Go(func() {
		for {
			panicked, err := t.attempt(name, f)
			if !panicked {
				t.report(err)
				return
			}
			select {
			case <-t.ctx.Done():
				return
			case <-time.After(restartAfter):
			}
		}
	})
}

func (t *tasks) attempt(name string, f func() error) (panicked bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			t.panics.WithLabelValues(name).Inc()
			t.log.Error("a background task panicked", "task", name, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			panicked = true
		}
	}()
	return false, f()
}

// report tells the first failure; the server stops for one.
func (t *tasks) report(err error) {
	if err == nil {
		return
	}
	select {
	case t.failed <- err:
	default:
	}
}
