// Package clock tells the time, so that tests can set it.
//
// Times inside WorkDrive are UTC with millisecond resolution; the database holds
// them as BIGINT milliseconds since the Unix epoch.
package clock

import (
	"sync"
	"time"
)

// Clock tells the current time in UTC, cut to milliseconds.
type Clock interface{ Now() time.Time }

// System is the wall clock.
type System struct{}

// Now is the wall-clock time in UTC, cut to milliseconds.
func (System) Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Manual is a clock that stands still until it is set; for tests.
type Manual struct {
	mu  sync.Mutex
	now time.Time
}

// NewManual starts a manual clock at a time.
func NewManual(at time.Time) *Manual {
	return &Manual{now: at.UTC().Truncate(time.Millisecond)}
}

// Now is the time it was last set or advanced to.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Advance moves the clock forward by d.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d).Truncate(time.Millisecond)
}

// Millis is the stored form of a time.
func Millis(t time.Time) int64 { return t.UnixMilli() }

// FromMillis reads the stored form.
func FromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
