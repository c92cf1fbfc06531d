package api

import (
	"context"
	"math"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	maxLimited         = 50_000 // keys and addresses remembered at the same time
	defaultFailures    = 100    // wrong keys from one address in a minute
	defaultMaxInFlight = 256
)

// limiter bounds how often one key may call, and how often one address may guess keys.
type limiter struct {
	clock             clock.Clock
	perMinute         int
	failuresPerMinute int
	keys              *otter.Cache[string, *rate.Limiter]
	failures          *otter.Cache[netip.Prefix, *rate.Limiter]
}

func newLimiter(c clock.Clock, perMinute, failuresPerMinute int) *limiter {
	l := &limiter{clock: c, perMinute: perMinute, failuresPerMinute: failuresPerMinute}
	if failuresPerMinute == 0 {
		l.failuresPerMinute = defaultFailures
	}
	l.keys = otter.Must(&otter.Options[string, *rate.Limiter]{MaximumSize: maxLimited})
	l.failures = otter.Must(&otter.Options[netip.Prefix, *rate.Limiter]{MaximumSize: maxLimited})
	return l
}

func perMinute(n int) *rate.Limiter { return rate.NewLimiter(rate.Limit(float64(n)/60), n) }

// take counts a call with a key and says in the answer's headers what is left.
func (l *limiter) take(tokenID string, set func(name, value string)) error {
	if l.perMinute <= 0 {
		return nil
	}
	bucket, _ := l.keys.GetIfPresent(tokenID)
	if bucket == nil {
		bucket, _ = l.keys.SetIfAbsent(tokenID, perMinute(l.perMinute))
	}
	now := l.clock.Now()
	ok, left := bucket.AllowN(now, 1), bucket.TokensAt(now)
	set("RateLimit-Limit", strconv.Itoa(l.perMinute))
	set("RateLimit-Remaining", strconv.Itoa(int(math.Max(0, math.Floor(left)))))
	set("RateLimit-Reset", strconv.Itoa(int(math.Ceil((float64(l.perMinute)-left)/float64(bucket.Limit())))))
	if ok {
		return nil
	}
	wait := time.Duration(math.Ceil((1-left)/float64(bucket.Limit()))) * time.Second
	return &fault.Error{Kind: fault.KindTooMany, Code: "rate.limited", Detail: "This key has made too many requests. Wait a moment.", RetryAfter: wait}
}

// failed counts a wrong key of an address and gives the answer to it: err, or after too many a
// TooMany fault. Keys that work are not held up by others from the same address: behind a
// company's gateway, one program with an old key would lock everybody out.
func (l *limiter) failed(remote string, err error) error {
	if l.failuresPerMinute < 0 {
		return err
	}
	from := network(remote)
	bucket, _ := l.failures.GetIfPresent(from)
	if bucket == nil {
		bucket, _ = l.failures.SetIfAbsent(from, perMinute(l.failuresPerMinute))
	}
	if bucket.AllowN(l.clock.Now(), 1) {
		return err
	}
	return &fault.Error{
		Kind: fault.KindTooMany, Code: "key.guessing", Detail: "Too many wrong keys came from this address. Wait a minute.", RetryAfter: time.Minute,
	}
}

// network is what counts as one address: an IPv4 address, or an IPv6 /64.
func network(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap()
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.WithZone("").Prefix(bits)
	return p
}

// gateway bounds how many requests are worked on and how many wait. Refusing the rest at
// once keeps the others fast.
type gateway struct {
	working chan struct{}
	waiting chan struct{}
}

func newGateway(maxInFlight int) *gateway {
	if maxInFlight <= 0 {
		maxInFlight = defaultMaxInFlight
	}
	return &gateway{working: make(chan struct{}, maxInFlight), waiting: make(chan struct{}, maxInFlight)}
}

func (g *gateway) enter(ctx context.Context) (release func(), err error) {
	release = func() { <-g.working }
	select {
	case g.working <- struct{}{}:
		return release, nil
	default:
	}
	select {
	case g.waiting <- struct{}{}:
		defer func() { <-g.waiting }()
	default:
		return nil, errOverloaded
	}
	patience := time.NewTimer(time.Second)
	defer patience.Stop()
	select {
	case g.working <- struct{}{}:
		return release, nil
	case <-patience.C:
	case <-ctx.Done():
	}
	return nil, errOverloaded
}

var errOverloaded = &fault.Error{
	Kind: fault.KindUnavailable, Code: "server.overloaded", Detail: "The server is busy. Try again in a moment.", RetryAfter: time.Second,
}
