package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/module/org"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

var calendarSize = flag.Int("events", 10_000, "events of the calendar that is measured")

// BenchmarkCalendar is a month's page of a calendar on both engines. One event in a hundred of
// those at any time is for everybody; the rest is for others than who looks:
// go test -run '^$' -bench Calendar ./bench -events 1000000
func BenchmarkCalendar(b *testing.B) {
	for name, fresh := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			d := dbtest.Open(b, fresh(b))
			a, err := app.New(app.Options{Version: "bench", Server: config.Server{MaxInFlight: 256}, DB: d, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			root, err := a.Orgs.Setup(b.Context(), org.Setup{Name: "Bench", Email: "admin@bench.example", FirstName: "Ada", LastName: "Bench"})
			if err != nil {
				b.Fatal(err)
			}
			fillCalendar(b, d, a, root)
			look := func(tb testing.TB) {
				r := httptest.NewRequest(http.MethodGet, "/api/events?fromDate=2027-03-01&toDate=2027-04-01&per_page=100", nil)
				r.Header.Set("X-API-KEY", root.AccessToken)
				w := httptest.NewRecorder()
				if a.Handler().ServeHTTP(w, r); w.Code != http.StatusOK {
					tb.Fatal(w.Code, w.Body)
				}
			}
			look(b)
			b.ReportAllocs()
			for b.Loop() {
				look(b)
			}
		})
	}
}

// fillCalendar puts events into the database, an hour each, over ten years.
func fillCalendar(b *testing.B, d *db.DB, a *app.App, root org.Result) {
	b.Helper()
	orgID, author := root.Organization.ID, root.UserID
	// The first one is made as clients make it: for everybody, so that there is an audience.
	r := httptest.NewRequest(http.MethodPost, "/api/events", strings.NewReader(`{"title":"first","startDateTime":"2027-03-01T10:00:00Z","duration":60}`))
	r.Header.Set("X-API-KEY", root.AccessToken)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	if a.Handler().ServeHTTP(w, r); w.Code != http.StatusCreated {
		b.Fatal(w.Code, w.Body)
	}
	var everybody int64
	if err := d.Reader(b.Context()).QueryRow(b.Context(), `SELECT audience_id FROM events WHERE org_id = ?`, orgID).Scan(&everybody); err != nil {
		b.Fatal(err)
	}
	begin := time.Date(2022, 1, 1, 8, 0, 0, 0, time.UTC).UnixMilli()
	step := (10 * 365 * 24 * time.Hour).Milliseconds() / int64(*calendarSize)
	const batch = 2_000
	for from := 0; from < *calendarSize; from += batch {
		err := d.Write(b.Context(), func(ctx context.Context, tx db.Tx) error {
			var events, occurrences [][]any
			for i := from; i < min(from+batch, *calendarSize); i++ {
				id, at, audience := ids.New(), begin+int64(i)*step, everybody
				if i%max(1, *calendarSize/10_000) != 0 {
					audience = 1_000_000 + int64(i%500)
				}
				extra := fmt.Sprintf(`{"title":"event %d","type":3,"callId":"","start":%d,"end":%d,"zone":"UTC","sequence":0,"secret":"x"}`, i, at, at+3_600_000)
				events = append(events, []any{orgID, id, author, audience, "PUBLISHED", at, "", extra, at, at, author})
				occurrences = append(occurrences, []any{orgID, id, id, audience, 0, at, at + 3_600_000, at, false, false, "", 3, false})
			}
			err := db.InsertMany(ctx, tx, `INSERT INTO events (org_id, id, author_id, audience_id, status, posted_at, text, extra, created_at, updated_at, updated_by)`, events, ``)
			if err != nil {
				return err
			}
			return db.InsertMany(ctx, tx, `INSERT INTO event_occurrences (org_id, id, event_id, audience_id, span, starts_at, ends_at, original, moved, cancelled, changes, type, is_meeting)`,
				occurrences, ``)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if pool, ok := d.Postgres(); ok {
		if _, err := pool.Exec(b.Context(), `ANALYZE`); err != nil {
			b.Fatal(err)
		}
	}
}
