package event_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
)

// calendar is the server of somebody else's calendar.
type calendar struct {
	*httptest.Server

	mu     sync.Mutex
	text   string
	etag   string
	status int
	asked  int
	hits   int // answered with 304
}

func newCalendar(t *testing.T) *calendar {
	t.Helper()
	c := &calendar{status: http.StatusOK}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked++
		if c.etag != "" && r.Header.Get("If-None-Match") == c.etag {
			c.hits++
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", c.etag)
		w.WriteHeader(c.status)
		_, _ = w.Write([]byte(c.text))
	}))
	t.Cleanup(c.Close)
	return c
}

// ports are those the calendar is at.
func (r *rig) ports() []uint16 {
	u, err := url.Parse(r.calendar.URL)
	if err != nil {
		r.Fatal(err)
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		r.Fatal(err)
	}
	return []uint16{uint16(n)}
}

// now sets what the calendar answers.
func (c *calendar) now(status int, etag, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status, c.etag, c.text = status, etag, text
}
