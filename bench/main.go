// Command bench measures WorkDrive against bare floors, in one run on one machine.
//
// It builds the real program, seeds a database per engine and size, starts the program as a
// process of its own, and loads it over loopback with keep-alive connections. In the same run
// and on the same database a floor is loaded: a bare net/http handler that does one indexed
// join of ten rows and encodes the same JSON; for writes, one that inserts a row. What group
// commit brings is measured against the program itself without it. Both sides take turns, and
// ratios are medians over the turns, so that a noisy machine disturbs both alike.
//
// Closed loop: a number of clients, each sending its next request when it has the answer to
// the last, finds how much can be done. Open loop: requests sent at fixed times whatever
// became of the earlier ones, at half of that, with latencies counted from the time a request
// was due, tells what people wait.
//
//	go run ./bench                     everything: both engines, 10 k, 100 k and 1 M posts
//	go run ./bench notices             100,000 notifications, see measureNotices
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

// servers are what bench starts as processes of their own beside the real program, and what is
// measured by itself.
var servers = map[string]func(args []string) error{"floor": serveFloor, "ungrouped": serveUngrouped, "notices": measureNotices}

type settings struct {
	engines []string
	sizes   []int
	turn    time.Duration
	turns   int
	clients int
}

func main() {
	if len(os.Args) > 1 {
		if serve := servers[os.Args[1]]; serve != nil {
			if err := serve(os.Args[2:]); err != nil {
				fmt.Fprintf(os.Stderr, "bench %s: %v\n", os.Args[1], err)
				os.Exit(1)
			}
			return
		}
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
		if err := measureEngine(ctx, s, report, target{engine: engine, postgres: postgres, dir: dir, program: program}); err != nil {
			return err
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

// measureEngine measures every size, and the largest beside the smallest.
func measureEngine(ctx context.Context, s settings, r *report, t target) (err error) {
	var smallest pair
	defer func() { err = errors.Join(err, smallest.server.stop()) }()
	for i, size := range s.sizes {
		t.size = size
		p, err := open(ctx, r, t)
		if err == nil {
			err = scenarios(ctx, s, r, t, p)
		}
		switch {
		case err != nil:
		case i == 0:
			smallest = p
			if t.engine == "sqlite" {
				err = ungrouped(ctx, s, r, t, p)
			}
		case i == len(s.sizes)-1:
			err = r.compare(ctx, s, row{t, sizes}, p.server.load(feed(p.seeded)), smallest.server.load(feed(smallest.seeded)))
		}
		if err = errors.Join(err, p.floor.stop()); i > 0 || err != nil {
			err = errors.Join(err, p.server.stop())
		}
		if err != nil {
			return fmt.Errorf("%s with %d posts: %w", t.engine, size, err)
		}
	}
	return nil
}

// open seeds a database and starts the program and the floor on it.
func open(ctx context.Context, r *report, t target) (pair, error) {
	fmt.Fprintf(os.Stderr, "%s, %d posts: seeding …\n", t.engine, t.size)
	place := filepath.Join(t.dir, fmt.Sprintf("%s-%d", t.engine, t.size))
	seeded, err := seed(ctx, t, place)
	if err != nil {
		return pair{}, err
	}
	args := []string{"serve", "--data-dir", place, "--rate-limit", "0", "--log-level", "warn", "--no-link-previews"}
	if t.engine == "postgres" {
		args = append(args, "--database-url", seeded.url)
	}
	p := pair{seeded: seeded}
	if p.server, err = start(ctx, t.program, args, "/readyz"); err != nil {
		return p, err
	}
	time.Sleep(2 * time.Second) // what it does at start is over
	r.idle(t, p.server)
	self, err := os.Executable()
	if err != nil {
		return p, err
	}
	p.floor, err = start(ctx, self, []string{"floor", "-engine", t.engine, "-url", seeded.url, "-org", seeded.org}, "/")
	return p, err
}

// ungrouped compares durable creates with and without group commit, each on a database of its own.
func ungrouped(ctx context.Context, s settings, r *report, t target, p pair) error {
	place := filepath.Join(t.dir, "ungrouped")
	seeded, err := seed(ctx, t, place)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	alone, err := start(ctx, self, []string{"ungrouped", "--data-dir", place}, "/readyz")
	if err != nil {
		return err
	}
	err = r.compare(ctx, s, row{t, ungroupedCreate}, p.server.load(create(p.seeded)), alone.load(create(seeded)))
	return errors.Join(err, alone.stop())
}

// pair is the program and the floor on one database.
type pair struct {
	server, floor *process
	seeded        seeded
}

// The scenarios by their names in the report.
const (
	feedPage        = "feed page of 10"
	peoplePage      = "people page of 10"
	createPost      = "create post"
	ungroupedCreate = "create post; floor: the program without group commit"
	sizes           = "feed page of 10; floor: the program with the fewest posts"
)

func feed(s seeded) request {
	return request{method: "GET", path: "/api/posts?per_page=10", keys: s.keys}
}

func people(s seeded) request {
	return request{method: "GET", path: "/api/users?per_page=10", keys: s.keys}
}

func create(s seeded) request {
	return request{method: "POST", path: "/api/posts", keys: s.keys, body: words}
}

// words is the post that is created.
const words = `{"postText":"measured words","permissions":{"public":true}}`

func scenarios(ctx context.Context, s settings, r *report, t target, p pair) error {
	join := request{method: "GET", path: "/feed"}
	insert := request{method: "POST", path: "/insert", body: words}
	for _, c := range []struct {
		scenario      string
		program, bare request
	}{{feedPage, feed(p.seeded), join}, {peoplePage, people(p.seeded), join}, {createPost, create(p.seeded), insert}} {
		err := r.compare(ctx, s, row{t, c.scenario}, p.server.load(c.program), p.floor.load(c.bare))
		if err == nil {
			err = r.pace(ctx, s, p.server.pace(c.program))
		}
		if err != nil {
			return err
		}
	}
	if t.size != s.sizes[0] {
		return nil
	}
	if err := contentScenarios(ctx, s, r, t, p); err != nil {
		return err
	}
	return r.bulk(ctx, t, p)
}
