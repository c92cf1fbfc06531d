package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// connection is an answer that notes the deadlines of its connection.
type connection struct {
	*httptest.ResponseRecorder

	read, write []time.Time
}

// SetReadDeadline implements what http.ResponseController looks for.
func (c *connection) SetReadDeadline(at time.Time) error {
	c.read = append(c.read, at)
	return nil
}

// SetWriteDeadline implements what http.ResponseController looks for.
func (c *connection) SetWriteDeadline(at time.Time) error {
	c.write = append(c.write, at)
	return nil
}

// TestAnUploadMayTakeAsLongAsItGetsOn: every kibibyte that has arrived gives it a second more,
// and the answer has its time after that.
func TestAnUploadMayTakeAsLongAsItGetsOn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.router.Handle("upload", http.MethodPost, "/api/uploads/here", http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		n, err := io.Copy(io.Discard, struct{ io.Reader }{req.Body})
		if n != 8<<20 || err != nil {
			t.Errorf("read %d bytes, %v", n, err)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	c := &connection{ResponseRecorder: httptest.NewRecorder()}
	began := time.Now()
	r.handler.ServeHTTP(c, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/uploads/here", strings.NewReader(strings.Repeat("x", 8<<20))))
	if c.Code != http.StatusNoContent || len(c.read) < 2 || len(c.write) != len(c.read) {
		t.Fatalf("status %d, deadlines %v", c.Code, c.read)
	}
	about := func(what string, got time.Time, want time.Duration) {
		if d := got.Sub(began); d < want || d > want+30*time.Second {
			t.Errorf("%s is %v after the beginning, want %v", what, d, want)
		}
	}
	about("the first deadline", c.read[0], time.Minute)
	about("the last deadline", c.read[len(c.read)-1], time.Hour) // 8192 s more would be beyond the bound
	if first := c.read[0]; !c.write[0].After(first) {
		t.Errorf("no time for the answer: %v, %v", c.write[0], first)
	}
	if !strings.Contains(r.logged(), `"operation":"upload"`) {
		t.Error("an upload leaves no line in the log")
	}
}
