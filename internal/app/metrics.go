package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/job"
)

// queueMetrics tells how the job queue does, which is asked for when somebody looks.
type queueMetrics struct {
	jobs  *job.Jobs
	db    *db.DB
	clock clock.Clock
}

var (
	jobsWaiting = prometheus.NewDesc("workdrive_jobs_waiting", "Jobs that are to be done, by all nodes together.", nil, nil)
	jobsGivenUp = prometheus.NewDesc("workdrive_jobs_given_up", "Jobs of the last days that failed at every attempt.", nil, nil)
	jobsLate    = prometheus.NewDesc("workdrive_jobs_late_seconds", "For how long the longest waiting job could have been done.", nil, nil)
)

// Describe implements prometheus.Collector.
func (queueMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- jobsWaiting
	to <- jobsGivenUp
	to <- jobsLate
}

// Collect implements prometheus.Collector. Without the database there are no figures, and the
// others are still told.
func (m queueMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), healthTimeout)
	defer cancel()
	s, err := m.jobs.State(ctx, m.db.Reader(ctx))
	if err != nil {
		return
	}
	late := 0.0
	if !s.Due.IsZero() {
		late = max(0, m.clock.Now().Sub(s.Due).Seconds())
	}
	to <- prometheus.MustNewConstMetric(jobsWaiting, prometheus.GaugeValue, float64(s.Waiting))
	to <- prometheus.MustNewConstMetric(jobsGivenUp, prometheus.GaugeValue, float64(s.GivenUp))
	to <- prometheus.MustNewConstMetric(jobsLate, prometheus.GaugeValue, late)
}
