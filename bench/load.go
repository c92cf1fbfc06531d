package main

import (
	"context"
	"errors"
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

// turn is the outcome of one turn of load.
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
		all := slices.Concat(latencies...)
		done, n := outcome(all, time.Since(began)), float64(len(all))
		done.cpu, done.allocs, done.rss = time.Duration(float64(p.cpu()-cpu)/n), (p.mallocs()-mallocs)/n, p.rss()
		return done, errors.Join(errs...)
	}
}

// pace makes the function that sends requests at a fixed rate, each at its time whatever became
// of the earlier ones. Latencies count from the time a request was due.
func (p *process) pace(r request) func(ctx context.Context, d time.Duration, perSecond float64) (turn, error) {
	return func(ctx context.Context, d time.Duration, perSecond float64) (turn, error) {
		transport := &http.Transport{MaxIdleConnsPerHost: maxConns, MaxConnsPerHost: maxConns, DisableCompression: true}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
		n := int(d.Seconds() * perSecond)
		latencies, errs := make([]time.Duration, n), make([]error, n)
		began := time.Now()
		var wg sync.WaitGroup
		for i := range n {
			due := began.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))
			time.Sleep(time.Until(due))
			wg.Go(func() {
				errs[i] = r.send(ctx, client, p.base)
				latencies[i] = time.Since(due)
			})
		}
		wg.Wait()
		return outcome(latencies, time.Since(began)), errors.Join(errs...)
	}
}

// maxConns is how many connections open-loop load may use.
const maxConns = 256

func outcome(latencies []time.Duration, took time.Duration) turn {
	slices.Sort(latencies)
	n := len(latencies)
	return turn{perSecond: float64(n) / took.Seconds(), p50: latencies[n/2], p99: latencies[n*99/100]}
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
