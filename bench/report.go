package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// row names one line of the report.
type row struct {
	target
	scenario string
}

// line is what was measured of one scenario.
type line struct {
	row
	program, floor turn
	ratio          float64 // median over the turns of program / floor
}

type report struct {
	lines  []line
	starts []string
	bulks  []string
}

func newReport() *report { return &report{} }

type loader func(ctx context.Context, d time.Duration, clients int) (turn, error)

// compare lets program and floor take turns.
func (r *report) compare(ctx context.Context, s settings, where row, program, floor loader) error {
	fmt.Fprintf(os.Stderr, "%s, %d posts: %s …\n", where.engine, where.size, where.scenario)
	for _, warm := range []loader{program, floor} {
		if _, err := warm(ctx, s.turn/2, s.clients); err != nil {
			return err
		}
	}
	var ours, bare []turn
	var ratios []float64
	for range s.turns {
		b, err := floor(ctx, s.turn, s.clients)
		if err != nil {
			return err
		}
		o, err := program(ctx, s.turn, s.clients)
		if err != nil {
			return err
		}
		ours, bare, ratios = append(ours, o), append(bare, b), append(ratios, o.perSecond/b.perSecond)
	}
	r.lines = append(r.lines, line{where, median(ours), median(bare), middle(ratios)})
	return nil
}

// median is the turn with the median rate.
func median(turns []turn) turn {
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Compare(a.perSecond, b.perSecond) })
	return turns[len(turns)/2]
}

func middle(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// idle notes how long the program took to be ready and what it holds before any request.
func (r *report) idle(t target, p *process) {
	r.starts = append(r.starts, fmt.Sprintf("| %s | %d | %d ms | %.0f MiB |", t.engine, t.size, p.ready.Milliseconds(), p.rss()))
}

// bulk creates a thousand people in one call, a few times.
func (r *report) bulk(ctx context.Context, t target, p pair) error {
	var times []float64
	for n := range 3 {
		var rows []string
		for i := range 1000 {
			rows = append(rows, fmt.Sprintf(`{"email":"bulk%d.%d@bench.example","firstName":"Bulk","lastName":"Person %d"}`, n, i, i))
		}
		req := request{method: http.MethodPost, path: "/api/users/bulk-create", keys: p.seeded.keys[:5], body: `{"data":[` + strings.Join(rows, ",") + `]}`}
		began := time.Now()
		if err := req.send(ctx, http.DefaultClient, p.server.base); err != nil {
			return err
		}
		times = append(times, float64(time.Since(began).Milliseconds()))
	}
	r.bulks = append(r.bulks, fmt.Sprintf("| %s | %.0f ms |", t.engine, middle(times)))
	return nil
}

func (r *report) print(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| engine | posts | scenario | req/s | p50 ms | p99 ms | CPU µs/req | allocs/req | RSS MiB | floor req/s | ratio |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, l := range r.lines {
		fmt.Fprintf(&b, "| %s | %d | %s | %.0f | %.1f | %.1f | %d | %.0f | %.0f | %.0f | **%.2f** |\n", l.engine, l.size, l.scenario, l.program.perSecond,
			ms(l.program.p50), ms(l.program.p99), l.program.cpu.Microseconds(), l.program.allocs, l.program.rss, l.floor.perSecond, l.ratio)
	}
	b.WriteString("\n| engine | posts | ready after | idle RSS |\n|---|---|---|---|\n" + strings.Join(r.starts, "\n") + "\n")
	b.WriteString("\n| engine | 1,000 people in one call |\n|---|---|\n" + strings.Join(r.bulks, "\n") + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
