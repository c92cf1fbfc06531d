package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// request is what a scenario sends, each time as somebody else.
type request struct {
	method, path, body string
	keys               []string
}

// turn is the outcome of one turn of closed-loop load.
type turn struct {
	perSecond float64
	p50, p99  time.Duration
	cpu       time.Duration // of the server, per request
	allocs    float64       // of the server, per request
	rss       float64       // MiB at the end
}

// load makes the function that loads a process for a while with a number of clients, each
// sending its next request when it has the answer to the last.
func (p *process) load(r request) func(ctx context.Context, d time.Duration, clients int) (turn, error) {
	return func(ctx context.Context, d time.Duration, clients int) (turn, error) {
		transport := &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients, DisableCompression: true}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
		latencies := make([][]time.Duration, clients)
		errs := make([]error, clients)
		cpu, mallocs, began := p.cpu(), p.mallocs(), time.Now()
		var wg sync.WaitGroup
		for c := range clients {
			wg.Go(func() {
				for time.Since(began) < d && errs[c] == nil {
					sent := time.Now()
					errs[c] = r.send(ctx, client, p.base)
					latencies[c] = append(latencies[c], time.Since(sent))
				}
			})
		}
		wg.Wait()
		took := time.Since(began)
		for _, err := range errs {
			if err != nil {
				return turn{}, err
			}
		}
		all := slices.Concat(latencies...)
		slices.Sort(all)
		n := float64(len(all))
		return turn{
			perSecond: n / took.Seconds(), p50: all[len(all)/2], p99: all[len(all)*99/100],
			cpu: time.Duration(float64(p.cpu()-cpu) / n), allocs: (p.mallocs() - mallocs) / n, rss: p.rss(),
		}, nil
	}
}

func (r request) send(ctx context.Context, client *http.Client, base string) error {
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, base+r.path, body)
	if err != nil {
		return err
	}
	if len(r.keys) > 0 {
		req.Header["X-Api-Key"] = []string{r.keys[rand.IntN(len(r.keys))]}
	}
	if r.body != "" {
		req.Header["Content-Type"] = []string{"application/json"}
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: status %d", r.method, r.path, res.StatusCode)
	}
	return nil
}
