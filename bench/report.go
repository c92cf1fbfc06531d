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
	paced          turn    // of the program, at half the rate of the closed loop
}

// beginning is how a program began: how long it took to be ready, and MiB held before any request.
type beginning struct {
	target
	ready time.Duration
	rss   float64
}

type report struct {
	lines  []line
	starts []beginning
	bulks  []string
}

func newReport() *report { return &report{} }

type (
	loader func(ctx context.Context, d time.Duration, clients int) (turn, error)
	pacer  func(ctx context.Context, d time.Duration, perSecond float64) (turn, error)
)

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
	r.lines = append(r.lines, line{row: where, program: median(ours), floor: median(bare), ratio: middle(ratios)})
	return nil
}

// pace adds to the last line what the program does at half its rate, in open loop.
func (r *report) pace(ctx context.Context, s settings, program pacer) error {
	last := &r.lines[len(r.lines)-1]
	var turns []turn
	for range s.turns {
		t, err := program(ctx, s.turn, last.program.perSecond/2)
		if err != nil {
			return err
		}
		turns = append(turns, t)
	}
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Compare(a.p99, b.p99) })
	last.paced = turns[len(turns)/2]
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

// idle notes how a program began.
func (r *report) idle(t target, p *process) {
	r.starts = append(r.starts, beginning{t, p.ready, p.rss()})
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
	b.WriteString("| engine | posts | scenario | req/s | p50 ms | p99 ms | CPU µs/req | allocs/req | RSS MiB | floor req/s | floor CPU µs/req | ratio | open loop req/s | p50 ms | p99 ms |\n" +
		"|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, l := range r.lines {
		paced := "| | |"
		if l.paced.perSecond > 0 {
			paced = fmt.Sprintf("%.0f | %.1f | %.1f", l.paced.perSecond, ms(l.paced.p50), ms(l.paced.p99))
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %.0f | %.1f | %.1f | %d | %.0f | %.0f | %.0f | %d | **%.2f** | %s |\n", l.engine, l.size, l.scenario, l.program.perSecond,
			ms(l.program.p50), ms(l.program.p99), l.program.cpu.Microseconds(), l.program.allocs, l.program.rss, l.floor.perSecond, l.floor.cpu.Microseconds(), l.ratio, paced)
	}
	b.WriteString("\n| engine | posts | ready after | idle RSS |\n|---|--:|--:|--:|\n")
	for _, st := range r.starts {
		fmt.Fprintf(&b, "| %s | %d | %d ms | %.0f MiB |\n", st.engine, st.size, st.ready.Milliseconds(), st.rss)
	}
	b.WriteString("\n| engine | 1,000 people in one call |\n|---|--:|\n" + strings.Join(r.bulks, "\n") + "\n")
	b.WriteString("\n| goal | wanted | measured | |\n|---|--:|--:|---|\n")
	for _, g := range r.goals() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", g.name, g.wanted, g.measured, map[bool]string{true: "reached", false: "**missed**"}[g.reached])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
