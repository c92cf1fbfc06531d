package search_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/search"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// BenchmarkFind searches SEARCH_ENTRIES posts (10,000 unless said otherwise) of about 20 words
// each, whose frequencies are those of a language: a word in ten posts, one in a thousandth of
// all, one in a tenth of all, a beginning, two words. It reports the 99th percentile, too.
func BenchmarkFind(b *testing.B) {
	for _, engine := range []struct {
		name string
		open func(testing.TB) string
	}{{"SQLite", dbtest.SQLite}, {"PostgreSQL", dbtest.Postgres}} {
		b.Run(engine.name, func(b *testing.B) { benchmarkFind(b, dbtest.Open(b, engine.open(b))) })
	}
}

func benchmarkFind(b *testing.B, d *db.DB) {
	n := 10_000
	if sent, err := strconv.Atoi(os.Getenv("SEARCH_ENTRIES")); err == nil {
		n = sent
	}
	log, c := slog.New(slog.DiscardHandler), clock.System{}
	jobs, err := job.New(d, log)
	if err != nil {
		b.Fatal(err)
	}
	audiences := audience.New(d, bus.New(d, c, log))
	x := search.New(d, audiences, jobs, c)
	org := cast.NewOrg(b, d)
	who := org.Person(b, "reader")
	fill(b, d, x, audiences, org.ID, n)
	for name, q := range map[string]string{
		"rare": "rare7 ", "ordinary": "ordinary7 ", "frequent": "frequent ", "beginning": "ordinary1", "two": "frequent ordinary7 ", "none": "nowhere ",
	} {
		b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
			query := search.Query{Terms: search.Parse(q), Limit: 10}
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if _, err := x.Find(b.Context(), d.Reader(b.Context()), who, query); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

func fill(b *testing.B, d *db.DB, x *search.Index, audiences *audience.Audiences, orgID string, n int) {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for done := 0; done < n; done += 2000 {
		err := d.Write(b.Context(), func(ctx context.Context, tx db.Tx) error {
			everybody, err := audiences.Intern(ctx, tx, orgID, "", audience.Permissions{Public: true})
			if err != nil {
				return err
			}
			entries := make([]search.Entry, min(2000, n-done))
			for i := range entries {
				words := make([]string, 0, 24)
				for range 20 {
					words = append(words, fmt.Sprintf("word%d", int(20_000*random.Float64()*random.Float64())))
				}
				words = append(words, fmt.Sprintf("ordinary%d", random.IntN(1000)), fmt.Sprintf("rare%d", random.IntN(max(n/10, 1))))
				if random.IntN(10) == 0 {
					words = append(words, "frequent")
				}
				entries[i] = search.Entry{Kind: "post", ID: ids.New(), AudienceID: everybody, At: int64(done + i), Text: strings.Join(words, " ")}
			}
			return x.Put(ctx, tx, orgID, entries...)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
