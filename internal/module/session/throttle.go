package session

import (
	"net"
	"net/netip"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	failuresPerAccount = 10  // a minute, and of a known browser
	failuresPerAddress = 100 // a minute
	resetsPerAccount   = 3   // mails an hour
	codesPerAccount    = 20  // wrong ones an hour, by whoever has the password
	maxRemembered      = 50_000
)

// throttle counts what went wrong. What it counts is taken before an attempt and given back when
// it succeeds, so that many attempts at the same time are no way around it.
type throttle struct {
	clock     clock.Clock
	accounts  *otter.Cache[string, *rate.Limiter]
	addresses *otter.Cache[string, *rate.Limiter]
	resets    *otter.Cache[string, *rate.Limiter]
	codes     *otter.Cache[string, *rate.Limiter]
}

func newThrottle(c clock.Clock) *throttle {
	cache := func() *otter.Cache[string, *rate.Limiter] {
		return otter.Must(&otter.Options[string, *rate.Limiter]{MaximumSize: maxRemembered})
	}
	return &throttle{clock: c, accounts: cache(), addresses: cache(), resets: cache(), codes: cache()}
}

// take counts an attempt on an account (or of a known browser) from an address. giveBack is
// for one that succeeds.
func (t *throttle) take(account, address string) (giveBack func(), err error) {
	now := t.clock.Now()
	byAddress, err := reserve(t.addresses, networkOf(address), failuresPerAddress, time.Minute, now)
	if err != nil {
		return nil, err
	}
	byAccount, err := reserve(t.accounts, account, failuresPerAccount, time.Minute, now)
	if err != nil {
		return nil, err // the address stays counted: this was one more guess
	}
	return func() { byAddress.CancelAt(now); byAccount.CancelAt(now) }, nil
}

// takeFrom counts an attempt from an address.
func (t *throttle) takeFrom(address string) (giveBack func(), err error) {
	now := t.clock.Now()
	r, err := reserve(t.addresses, networkOf(address), failuresPerAddress, time.Minute, now)
	if err != nil {
		return nil, err
	}
	return func() { r.CancelAt(now) }, nil
}

// mayMail counts a mail that somebody asks for, and reports whether it may go out.
func (t *throttle) mayMail(account, address string) (bool, error) {
	now := t.clock.Now()
	if _, err := reserve(t.addresses, networkOf(address), failuresPerAddress, time.Minute, now); err != nil {
		return false, err
	}
	_, err := reserve(t.resets, account, resetsPerAccount, time.Hour, now)
	return err == nil, nil
}

// takeCode counts a code that somebody gives who knows the password.
func (t *throttle) takeCode(account string) (giveBack func(), err error) {
	now := t.clock.Now()
	r, err := reserve(t.codes, account, codesPerAccount, time.Hour, now)
	if err != nil {
		return nil, err
	}
	return func() { r.CancelAt(now) }, nil
}

// reserve takes one of n that a key has in a time.
func reserve(in *otter.Cache[string, *rate.Limiter], key string, n int, per time.Duration, now time.Time) (*rate.Reservation, error) {
	bucket, _ := in.GetIfPresent(key)
	if bucket == nil {
		bucket, _ = in.SetIfAbsent(key, rate.NewLimiter(rate.Every(per/time.Duration(n)), n))
	}
	r := bucket.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return r, nil
	}
	r.CancelAt(now)
	return nil, &fault.Error{
		Kind: fault.KindTooMany, Code: "signIn.tooMany", RetryAfter: wait.Truncate(time.Second) + time.Second,
		Detail: "There were too many attempts. Wait a minute, or set a new password by mail.",
	}
}

// networkOf is what counts as one address: an IPv4 address, or an IPv6 /64.
func networkOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	p, _ := addr.Prefix(64)
	return p.String()
}
