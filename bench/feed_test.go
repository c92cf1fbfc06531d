package main

import (
	"context"
	"log/slog"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/module/post"
)

// BenchmarkFeed is one page of the feed without HTTP, for profiles: go test -bench Feed
// -cpuprofile cpu.out ./bench
func BenchmarkFeed(b *testing.B) {
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
	events := bus.New(d, clock.System{}, log)
	jobs, err := job.New(d, log)
	if err != nil {
		b.Fatal(err)
	}
	audiences := audience.New(d, events)
	posts := post.New(post.Deps{DB: d, Bus: events, Jobs: jobs, Clock: clock.System{}, Audiences: audiences, Content: content.New(d, events, audiences)})
	var viewers []authz.Actor
	rows, err := d.Reader(ctx).Query(ctx, `SELECT id FROM users WHERE org_id = ?`, s.org)
	if err != nil {
		b.Fatal(err)
	}
	for rows.Next() {
		who := authz.Actor{OrgID: s.org}
		if err := rows.Scan(&who.UserID); err != nil {
			b.Fatal(err)
		}
		viewers = append(viewers, who)
	}
	rows.Close()
	sizes := 0
	for _, who := range viewers {
		set, err := audiences.Visible(ctx, who)
		if err != nil {
			b.Fatal(err)
		}
		sizes += len(set)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := posts.List(ctx, viewers[i%len(viewers)], content.Query{Kind: post.Kind.Name, Limit: 10}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(sizes)/float64(len(viewers)), "audiences/viewer")
}
