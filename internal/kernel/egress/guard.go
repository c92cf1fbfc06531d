package egress

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"code.dny.dev/ssrf"
	"golang.org/x/net/idna"
)

// metadata are services of clouds on addresses that look public. (The others are link-local,
// shared or unique local.)
var metadata = []netip.Prefix{
	netip.MustParsePrefix("168.63.129.16/32"), // Azure
}

// guard decides about URLs and about addresses.
type guard struct {
	addresses *ssrf.Guardian
	ports     []uint16
}

func newGuard(o Options) *guard {
	var v4, v6 []netip.Prefix
	for _, p := range o.Allow {
		if p = p.Masked(); p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	ports := append([]uint16{80, 443}, o.Ports...)
	return &guard{ports: ports, addresses: ssrf.New(
		ssrf.WithPorts(ports...),
		ssrf.WithAllowedV4Prefixes(v4...),
		ssrf.WithAllowedV6Prefixes(v6...),
		ssrf.WithDeniedV4Prefixes(metadata...),
	)}
}

// control is called with the address of every connection that is about to be made, after the
// name was looked up.
func (g *guard) control(network, address string, c syscall.RawConn) error {
	if err := g.addresses.Safe(network, address, c); err != nil {
		return g.refused(err)
	}
	return g.checkAddress(netip.MustParseAddrPort(address).Addr()) // Safe has parsed it
}

// checkAddress refuses what is not public and not allowed.
func (g *guard) checkAddress(ip netip.Addr) error {
	if err := g.addresses.SafeAddr(ip); err != nil {
		return g.refused(err)
	}
	// An operator behind NAT64 allows its prefix; that must not open what IPv4 would refuse.
	if ssrf.IPv6NAT64Prefix.Contains(ip) {
		b := ip.As16()
		return g.checkAddress(netip.AddrFrom4([4]byte(b[12:])))
	}
	return nil
}

func (g *guard) refused(err error) error {
	if errors.Is(err, ssrf.ErrProhibitedPort) {
		return g.refusedPort(err)
	}
	return refuse("url.addressNotPublic", "The host does not have a public address.", err)
}

func (g *guard) refusedPort(err error) error {
	return refuse("url.portNotAllowed", fmt.Sprintf("The port must be one of %s.", strings.Trim(fmt.Sprint(g.ports), "[]")), err)
}

// checkURL refuses what can be seen without looking a name up.
func (g *guard) checkURL(u *url.URL) error {
	if u == nil || (u.Scheme != "http" && u.Scheme != "https") {
		return refuse("url.schemeNotAllowed", "The URL must begin with http:// or https://.", nil)
	}
	if u.User != nil {
		return refuse("url.hasUserInfo", "The URL must not have a user name or password.", nil)
	}
	if err := g.checkHost(u.Hostname()); err != nil {
		return err
	}
	if u.Port() == "" {
		return nil // the scheme's
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || !slices.Contains(g.ports, uint16(port)) {
		return g.refusedPort(err)
	}
	return nil
}

func (g *guard) checkHost(name string) error {
	if ip, err := netip.ParseAddr(name); err == nil {
		return g.checkAddress(ip)
	}
	var err error
	if strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) {
		name, err = idna.Lookup.ToASCII(name) // as net/http does; digits of other scripts become ours
	}
	host := strings.TrimSuffix(strings.ToLower(name), ".")
	if err != nil || host == "" || strings.HasSuffix(host, ".") {
		return refuse("url.hostInvalid", "The URL has no valid host.", err)
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	switch {
	case last == "localhost": // RFC 6761: always loopback
		return g.checkAddress(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	case isNumber(last):
		// 127.1, 0x7f000001 and 2130706433 are names to us and 127.0.0.1 to browsers and C
		// libraries: only the plain form is taken.
		ip, err := netip.ParseAddr(host)
		if err != nil {
			return refuse("url.hostInvalid", "An IPv4 address is written as four decimal numbers.", err)
		}
		return g.checkAddress(ip)
	}
	return nil
}

// isNumber says whether a host whose last label this is, is an IPv4 address to browsers
// (WHATWG URL, "ends in a number").
func isNumber(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}
