// Command bench measures WorkDrive against bare floors, in one run on one machine.
//
// It builds the real program, seeds a database per engine and size, starts the program as a
// process of its own, and loads it over loopback with keep-alive connections. In the same run
// and on the same database a floor is loaded: a bare net/http handler that does one indexed
// join of ten rows and encodes the same JSON; for writes, one that inserts a row, with and
// without group commit. Floor and program take turns, and ratios are medians over the turns,
// so that a noisy machine disturbs both alike.
//
//	go run ./bench                     everything: both engines, 10 k, 100 k and 1 M posts
//	go run ./bench -quick              SQLite and PostgreSQL with 10 k posts, short turns
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

type settings struct {
	engines []string
	sizes   []int
	turn    time.Duration
	turns   int
	clients int
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "floor" {
		if err := serveFloor(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench floor:", err)
			os.Exit(1)
		}
		return
	}
	engines := flag.String("engines", "sqlite,postgres", "engines to measure")
	sizes := flag.String("sizes", "10000,100000,1000000", "numbers of posts")
	turn := flag.Duration("turn", 3*time.Second, "length of one turn of load")
	turns := flag.Int("turns", 5, "turns per scenario; the median is reported")
	clients := flag.Int("clients", 32, "concurrent clients")
	quick := flag.Bool("quick", false, "10 k posts, three turns of one second")
	flag.Parse()
	s := settings{engines: strings.Split(*engines, ","), turn: *turn, turns: *turns, clients: *clients}
	for _, n := range strings.Split(*sizes, ",") {
		size, err := strconv.Atoi(n)
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench: -sizes:", err)
			os.Exit(2)
		}
		s.sizes = append(s.sizes, size)
	}
	if *quick {
		s.sizes, s.turn, s.turns = []int{10_000}, time.Second, 3
	}
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	dir, err := os.MkdirTemp("", "workdrive-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program := filepath.Join(dir, "workdrive")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "./cmd/workdrive")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	report := newReport()
	for _, engine := range s.engines {
		var postgres string
		if engine == "postgres" {
			url, stop, err := dbtest.StartPostgres("shared_buffers=256MB", "max_connections=200", "max_wal_size=4GB")
			if err != nil {
				return err
			}
			defer stop()
			postgres = url
		}
		for _, size := range s.sizes {
			if err := measure(ctx, s, report, target{engine, postgres, size, dir, program}); err != nil {
				return fmt.Errorf("%s with %d posts: %w", engine, size, err)
			}
		}
	}
	return report.print(os.Stdout)
}

// target is one database to measure.
type target struct {
	engine, postgres string
	size             int
	dir, program     string
}

func measure(ctx context.Context, s settings, r *report, t target) error {
	fmt.Fprintf(os.Stderr, "%s, %d posts: seeding …\n", t.engine, t.size)
	place := filepath.Join(t.dir, fmt.Sprintf("%s-%d", t.engine, t.size))
	seeded, err := seed(ctx, t, place)
	if err != nil {
		return err
	}
	args := []string{"serve", "--data-dir", place, "--rate-limit", "0", "--log-level", "warn"}
	if t.engine == "postgres" {
		args = append(args, "--database-url", seeded.url)
	}
	server, err := start(ctx, t.program, args, "/readyz")
	if err != nil {
		return err
	}
	time.Sleep(2 * time.Second) // what it does at start is over
	r.idle(t, server)
	self, err := os.Executable()
	if err != nil {
		return errors.Join(err, server.stop())
	}
	floor, err := start(ctx, self, []string{"floor", "-engine", t.engine, "-url", seeded.url, "-org", seeded.org}, "/")
	if err != nil {
		return errors.Join(err, server.stop())
	}
	err = scenarios(ctx, s, r, t, pair{server, floor, seeded})
	return errors.Join(err, floor.stop(), server.stop())
}

// pair is the program and the floor on one database.
type pair struct {
	server, floor *process
	seeded        seeded
}

func scenarios(ctx context.Context, s settings, r *report, t target, p pair) error {
	feed := request{method: "GET", path: "/api/posts?per_page=10", keys: p.seeded.keys}
	floor := request{method: "GET", path: "/feed"}
	if err := r.compare(ctx, s, row{t, "feed page of 10"}, p.server.load(feed), p.floor.load(floor)); err != nil {
		return err
	}
	users := request{method: "GET", path: "/api/users?per_page=10", keys: p.seeded.keys}
	if err := r.compare(ctx, s, row{t, "people page of 10"}, p.server.load(users), p.floor.load(floor)); err != nil {
		return err
	}
	create := request{method: "POST", path: "/api/posts", keys: p.seeded.keys, body: `{"postText":"measured words","permissions":{"public":true}}`}
	insert := request{method: "POST", path: "/insert", body: `{"postText":"measured words"}`}
	if err := r.compare(ctx, s, row{t, "create post, floor: grouped insert"}, p.server.load(create), p.floor.load(insert)); err != nil {
		return err
	}
	if t.engine == "sqlite" && t.size == s.sizes[0] {
		alone := request{method: "POST", path: "/insert-alone", body: `{"postText":"measured words"}`}
		if err := r.compare(ctx, s, row{t, "create post, floor: one commit per insert"}, p.server.load(create), p.floor.load(alone)); err != nil {
			return err
		}
	}
	if t.size != s.sizes[0] {
		return nil
	}
	return r.bulk(ctx, t, p)
}
