package egress

import (
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// FuzzURL holds the guard against a second opinion: whatever is asked for, and whatever its
// name leads to, every address that a connection would be made to is public. No packet leaves:
// a connection that the guard lets pass is broken off before it is made.
func FuzzURL(f *testing.F) {
	answers := [][]byte{{127, 0, 0, 1}, {8, 8, 8, 8}, net.ParseIP("2606:4700::1111"), net.ParseIP("2002:7f00:1::"), net.ParseIP("::ffff:10.0.0.1"), nil}
	for _, urls := range refused {
		for i, url := range urls {
			f.Add(strings.ReplaceAll(url, "PORT", "80"), answers[i%len(answers)])
		}
	}
	for _, answer := range answers {
		f.Add("https://example.test/", answer)
	}
	var mu sync.Mutex
	var answer netip.Addr
	var passed []string
	c := New(Options{})
	stop := errors.New("far enough")
	inner := c.http.Transport.(*transport).next
	inner.DialContext = (&net.Dialer{
		Timeout: 5 * time.Second,
		Resolver: names(f, func(string) []netip.Addr {
			mu.Lock()
			defer mu.Unlock()
			return []netip.Addr{answer}
		}),
		Control: func(network, address string, conn syscall.RawConn) error {
			if err := c.control(network, address, conn); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			passed = append(passed, address)
			return stop
		},
	}).DialContext
	f.Fuzz(func(t *testing.T, raw string, ip []byte) {
		mu.Lock()
		answer, _ = netip.AddrFromSlice(ip)
		passed = nil
		mu.Unlock()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, raw, nil)
		if err != nil {
			return
		}
		got, err := c.Do(r)
		if err == nil {
			_ = got.Body.Close()
			t.Fatalf("%q was answered", raw)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(passed) > 0 && (c.Check(raw) != nil || r.URL.User != nil) {
			t.Errorf("%q reached %v against the check", raw, passed)
		}
		if len(passed) == 0 && errors.Is(err, stop) {
			t.Errorf("%q: %v", raw, err)
		}
		for _, address := range passed {
			to := netip.MustParseAddrPort(address)
			if !public(to.Addr()) || (to.Port() != 80 && to.Port() != 443) {
				t.Errorf("%q with the answer %v reached %s", raw, answer, address)
			}
		}
	})
}

// public is written without the guard's tables: by bits, from the registries of IANA.
func public(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Is4In6() || ip.Zone() != "" {
		return false
	}
	if ip.Is4() {
		b := ip.As4()
		n := binary.BigEndian.Uint32(b[:])
		return b[0] != 0 && b[0] < 224 && n>>22 != 0x6440>>6 && n>>17 != 0xc612>>1 && // CGNAT, benchmarks
			!slices.Contains([]uint32{0xc00000, 0xc00002, 0xc01fc4, 0xc034c1, 0xc05863, 0xc0af30, 0xc63364, 0xcb0071}, n>>8) &&
			n != 0xa83f8110
	}
	b := ip.As16()
	n := binary.BigEndian.Uint64(b[:8])
	return n>>61 == 1 && n>>41 != 0x20010000>>9 && n>>32 != 0x20010db8 && n>>48 != 0x2002 && n>>44 != 0x3fff0 && n>>16 != 0x2620004f8000
}

func TestTheSecondOpinionKnowsTheNetworks(t *testing.T) {
	t.Parallel()
	for _, ip := range []string{"0.0.0.1", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.1", "192.0.2.1",
		"192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "168.63.129.16", "::1", "::ffff:8.8.8.8",
		"64:ff9b::1", "64:ff9b:1::1", "2001::1", "2001:1ff::1", "2001:db8::1", "2002::1", "3fff::1", "3fff:fff::1", "fd00:ec2::254", "fe80::1", "ff02::1", "2620:4f:8000::1"} {
		if public(netip.MustParseAddr(ip)) {
			t.Errorf("%s is not public", ip)
		}
	}
	for _, ip := range []string{"1.1.1.1", "100.63.255.255", "100.128.0.0", "198.17.255.255", "198.20.0.0", "172.32.0.1", "223.255.255.255", "2001:200::", "2606:4700::1111", "3fff:1000::", "2a00::1"} {
		if !public(netip.MustParseAddr(ip)) || New(Options{}).checkAddress(netip.MustParseAddr(ip)) != nil {
			t.Errorf("%s is public", ip)
		}
	}
}
