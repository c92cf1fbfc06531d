package egress

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// victim is a server that nobody should reach: it listens on every address of this machine,
// and counts who connects.
func victim(t *testing.T) (port uint16, hits *atomic.Int64) {
	t.Helper()
	return serve(t, ":0", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "secret") })
}

// serve starts a server on an address, and counts connections to it.
func serve(t *testing.T, address string, handler http.HandlerFunc) (port uint16, hits *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	hits = new(atomic.Int64)
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: handler, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			hits.Add(1)
		}
	}}}
	s.Start()
	t.Cleanup(s.Close)
	return netip.MustParseAddrPort(l.Addr().String()).Port(), hits
}

// ask sends a GET request and reads nothing.
func ask(t *testing.T, c *Client, url string) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return c.Check(url) // what cannot even be asked for
	}
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

func mustRefuse(t *testing.T, err error, code string) {
	t.Helper()
	f, ok := fault.As(err)
	if !errors.Is(err, ErrRefused) || !ok || f.Code != code || f.Kind != fault.KindInvalid || f.Detail == "" {
		t.Errorf("got %v, want it refused with %s", err, code)
	}
}

// PORT stands for the victim's, which is an allowed one.
var refused = map[string][]string{
	"url.addressNotPublic": {
		"http://127.0.0.1:PORT/", "http://127.0.0.1.:PORT/", "http://0.0.0.0:PORT/", "http://[::1]:PORT/", "http://[::]:PORT/", "http://[::ffff:127.0.0.1]:PORT/",
		"http://[::ffff:7f00:1]:PORT/", "http://[::ffff:8.8.8.8]:PORT/", "http://[::127.0.0.1]:PORT/", "http://[64:ff9b::7f00:1]:PORT/", "http://[64:ff9b:1::7f00:1]:PORT/",
		"http://[2002:7f00:1::]:PORT/", "http://[2001:0:7f00:1::80ff:fffe]:PORT/", "http://127.0.0.1:22/", "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://[fe80::1%25lo]:PORT/",
		"http://168.63.129.16/", "http://100.100.100.200/", "http://192.0.0.192/", "http://100.64.0.1/", "http://100.127.255.254/", "http://10.0.0.1/", "http://172.31.0.1/",
		"http://192.168.1.1/", "http://192.0.2.1/", "http://198.18.0.1/", "http://203.0.113.9/", "http://224.0.0.1/", "http://255.255.255.255/", "http://[ff02::1]/",
		"http://[2001:db8::1]/", "http://[3fff::1]/", "http://[fec0::1]/", "http://localhost:PORT/", "http://LOCALHOST.:PORT/", "http://a.localhost:PORT/",
		"http://１２７.０.０.１:PORT/", "http://127。0。0。1:PORT/", "https://127.0.0.1:PORT/",
		"http://loop.test:PORT/", "http://loop6.test:PORT/", "http://mapped.test:PORT/", "http://nat64.test:PORT/", "http://sixtofour.test:PORT/", "http://metadata.test/",
	},
	"url.hostInvalid": {
		"http://127.1:PORT/", "http://0:PORT/", "http://0x7f000001:PORT/", "http://0X7F.1:PORT/", "http://2130706433:PORT/", "http://0177.0.0.1:PORT/", "http://127.0.0.01:PORT/",
		"http://127.0.0.1..:PORT/", "http://:PORT/", "http:///x", "http:127.0.0.1:PORT",
	},
	"url.schemeNotAllowed": {
		"unix:///var/run/docker.sock", "unix:/run/x", "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "gopher://127.0.0.1:PORT/_x", "ftp://example.com/", "//127.0.0.1:PORT/",
		"javascript:alert(1)", "data:text/html,x", "", "127.0.0.1",
	},
	"url.portNotAllowed": {"http://example.com:22/", "http://example.com:6379/", "http://8.8.8.8:22/", "https://example.com:8443/", "http://example.com:65616/", "http://example.com:0/"},
	"url.hasUserInfo":    {"http://user@example.com/", "http://user:secret@127.0.0.1:PORT/", "http://example.com@127.0.0.1:PORT/", "http://@127.0.0.1:PORT/"},
	"url.invalid":        {"http://[::1", "http://127.0.0.1:PORT:80/", "http://127.0.0.1%2f:PORT/", "http://a b/", "http://\x00/"},
}

var zone = map[string]string{
	"loop.test.A": "127.0.0.1", "loop6.test.AAAA": "::1", "mapped.test.AAAA": "::ffff:127.0.0.1", "nat64.test.AAAA": "64:ff9b::7f00:1",
	"sixtofour.test.AAAA": "2002:7f00:1::", "metadata.test.A": "169.254.169.254",
}

func fromZone(name string) []netip.Addr {
	if ip, ok := zone[name]; ok {
		return []netip.Addr{netip.MustParseAddr(ip)}
	}
	if _, ok := zone[strings.TrimSuffix(name, "AAAA")+"A"]; ok {
		return []netip.Addr{{}} // the name exists, with an address of the other family
	}
	if _, ok := zone[name+"AAA"]; ok {
		return []netip.Addr{{}}
	}
	return nil
}

func TestWhatIsNotPublicIsNeverReached(t *testing.T) {
	t.Parallel()
	port, hits := victim(t)
	c := New(Options{Ports: []uint16{port}, Resolver: names(t, fromZone)})
	for code, urls := range refused {
		for _, url := range urls {
			url = strings.ReplaceAll(url, "PORT", fmt.Sprint(port))
			t.Run(url, func(t *testing.T) {
				mustRefuse(t, ask(t, c, url), code)
				if !strings.Contains(url, ".test") { // a name is looked up only when it is asked for
					mustRefuse(t, c.Check(url), code)
				} else if err := c.Check(url); err != nil {
					t.Errorf("Check looked a name up: %v", err)
				}
			})
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d connections reached the server", n)
	}
}

func TestWhatTheOperatorAllowsIsReached(t *testing.T) {
	t.Parallel()
	port, hits := victim(t)
	allow := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}
	c := New(Options{Allow: allow, Ports: []uint16{port}, Resolver: names(t, fromZone)})
	for i, host := range []string{"127.0.0.1", "loop.test", "mapped.test"} {
		if err := ask(t, c, fmt.Sprintf("http://%s:%d/", host, port)); err != nil {
			t.Errorf("%s: %v", host, err)
		}
		if n := hits.Load(); n != int64(i)+1 {
			t.Errorf("%s: %d connections, want one for each host", host, n)
		}
	}
	before := hits.Load()
	mustRefuse(t, ask(t, c, fmt.Sprintf("http://[::1]:%d/", port)), "url.addressNotPublic")
	mustRefuse(t, ask(t, c, "http://10.0.0.1/"), "url.addressNotPublic")
	mustRefuse(t, ask(t, New(Options{Allow: allow}), fmt.Sprintf("http://127.0.0.1:%d/", port)), "url.portNotAllowed")
	if hits.Load() != before {
		t.Error("an allowed network opened another one")
	}
}

// TestNAT64IsNoWayRound: behind NAT64 an operator allows its prefix, and every IPv4 address
// can be written in it.
func TestNAT64IsNoWayRound(t *testing.T) {
	t.Parallel()
	c := New(Options{Allow: []netip.Prefix{netip.MustParsePrefix("64:ff9b::/96")}})
	if err := c.Check("http://[64:ff9b::8.8.8.8]/"); err != nil {
		t.Error(err)
	}
	mustRefuse(t, c.Check("http://[64:ff9b::127.0.0.1]/"), "url.addressNotPublic")
	mustRefuse(t, c.Check("http://[64:ff9b::a9fe:a9fe]/"), "url.addressNotPublic")
}

func TestPublicURLsPassTheCheck(t *testing.T) {
	t.Parallel()
	c := New(Options{})
	for _, url := range []string{
		"http://example.com", "HTTPS://EXAMPLE.COM:443/a?b#c", "http://8.8.8.8:80/", "https://[2606:4700::1111]/", "https://bücher.example/", "http://1.example/",
		"http://0x7f.example/", "http://a_b.example./", "http://[2001:200::1]/",
	} {
		if err := c.Check(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestRebindingGainsNothing lets 127.0.0.2 stand for a public address: the name leads there
// once, and then to the victim.
func TestRebindingGainsNothing(t *testing.T) {
	t.Parallel()
	port, hits := serve(t, "127.0.0.1:0", func(http.ResponseWriter, *http.Request) {})
	_, public := serve(t, fmt.Sprintf("127.0.0.2:%d", port), func(http.ResponseWriter, *http.Request) {})
	var asked atomic.Int64
	resolver := names(t, func(name string) []netip.Addr {
		if name != "rebind.test.A" {
			return []netip.Addr{{}}
		}
		if asked.Add(1) == 1 {
			return []netip.Addr{netip.MustParseAddr("127.0.0.2")}
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	})
	c := New(Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}, Ports: []uint16{port}, Resolver: resolver})
	url := fmt.Sprintf("http://rebind.test:%d/", port)
	if err := ask(t, c, url); err != nil || public.Load() != 1 {
		t.Fatalf("the public address: %v, %d connections", err, public.Load())
	}
	mustRefuse(t, ask(t, c, url), "url.addressNotPublic")
	if asked.Load() != 2 || hits.Load() != 0 {
		t.Errorf("asked %d times, and %d connections reached the private address", asked.Load(), hits.Load())
	}
}

func TestRedirectsAreCheckedAndCounted(t *testing.T) {
	t.Parallel()
	port, hits := serve(t, "127.0.0.1:0", func(http.ResponseWriter, *http.Request) {})
	var served atomic.Int64
	redirector, _ := serve(t, "127.0.0.2:0", func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		var left int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &left); err == nil {
			if left > 0 {
				http.Redirect(w, r, fmt.Sprintf("/%d", left-1), http.StatusFound)
			}
			return
		}
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(http.StatusFound)
	})
	c := New(Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}, Ports: []uint16{port, redirector}})
	base := fmt.Sprintf("http://127.0.0.2:%d/", redirector)
	for to, code := range map[string]string{
		fmt.Sprintf("http://127.0.0.1:%d/", port): "url.addressNotPublic", fmt.Sprintf("//127.0.0.1:%d/", port): "url.addressNotPublic",
		"file:///etc/passwd": "url.schemeNotAllowed", "gopher://127.0.0.2/": "url.schemeNotAllowed", "http://127.0.0.2:6379/": "url.portNotAllowed", "http://a@127.0.0.2/": "url.hasUserInfo",
	} {
		mustRefuse(t, ask(t, c, base+"?to="+to), code)
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d connections reached the private address", n)
	}
	served.Store(0)
	if err := ask(t, c, base+"3"); err != nil || served.Load() != 4 {
		t.Errorf("three redirects: %v, %d requests", err, served.Load())
	}
	served.Store(0)
	mustRefuse(t, ask(t, c, base+"6"), "url.tooManyRedirects")
	if served.Load() != 4 {
		t.Errorf("%d requests for six redirects, want 4", served.Load())
	}
}
