package egress

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// What holds unless Options say otherwise.
const (
	DefaultTimeout  = 5 * time.Second // for everything from the lookup to the last byte
	DefaultMaxBytes = 1 << 20         // of an answer's body
	MaxRedirects    = 3
	maxHeaderBytes  = 64 << 10
)

// ErrRefused is in the chain of every error that says "not allowed" rather than "did not work".
// Beside it is a fault (fault.As) whose code and sentence may be shown to whoever chose the
// URL; they never say what a name led to.
var ErrRefused = errors.New("egress: refused")

// ErrTooLarge is what reading a body gives once Options.MaxBytes were read and there is more.
// Who is content with the beginning takes it for the end: the bytes before it were delivered.
var ErrTooLarge = errors.New("egress: the answer is too large")

// Options say what a Client may do. The zero value is the strictest.
type Options struct {
	// Allow are networks that are reached although they are not public; the operator's own,
	// for an installation that must link to neighbours. IPv4 is written as IPv4.
	Allow []netip.Prefix
	// Ports are reached besides 80 and 443.
	Ports []uint16
	// Timeout is for a whole exchange; 0 is DefaultTimeout.
	Timeout time.Duration
	// MaxBytes of a body, after decompression; 0 is DefaultMaxBytes.
	MaxBytes int64
	// Version is named to the other side, as WorkDrive/Version.
	Version string
	// Resolver looks names up; nil is the system's.
	Resolver *net.Resolver
}

// Client sends requests to addresses that others choose. It may be used by many at once.
type Client struct {
	*guard
	http *http.Client
}

// New makes a client.
func New(o Options) *Client {
	g := newGuard(o)
	timeout := cmp.Or(o.Timeout, DefaultTimeout)
	dialer := &net.Dialer{Timeout: timeout, KeepAlive: -1, Resolver: o.Resolver, Control: g.control}
	return &Client{guard: g, http: &http.Client{
		Timeout:       timeout,
		CheckRedirect: checkRedirect,
		Transport: &transport{
			guard:    g,
			agent:    "WorkDrive/" + cmp.Or(o.Version, "dev"),
			maxBytes: cmp.Or(o.MaxBytes, DefaultMaxBytes),
			next: &http.Transport{
				DialContext:            dialer.DialContext,
				TLSHandshakeTimeout:    timeout,
				MaxResponseHeaderBytes: maxHeaderBytes,
				// A connection is checked when it is made; none lives on to be used unchecked.
				DisableKeepAlives: true,
			},
		},
	}}
}

// Do sends a request. Its errors are ErrRefused, or those of net/http when it did not work.
// The caller closes the answer's body.
func (c *Client) Do(r *http.Request) (*http.Response, error) { return c.http.Do(r) }

// HTTP gives the client to a library that wants net/http's. It refuses the same.
func (c *Client) HTTP() *http.Client { return c.http }

// WithoutRedirects is the client for requests that carry a signature or a secret: an answer that
// leads elsewhere is given as it is, and not followed.
func (c *Client) WithoutRedirects() *Client {
	stays := *c.http
	stays.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{guard: c.guard, http: &stays}
}

func checkRedirect(_ *http.Request, via []*http.Request) error {
	if len(via) > MaxRedirects {
		return refuse("url.tooManyRedirects", fmt.Sprintf("The address leads on more than %d times.", MaxRedirects), nil)
	}
	return nil
}

// transport checks every request, redirected ones included, and bounds every answer.
type transport struct {
	guard    *guard
	agent    string
	maxBytes int64
	next     *http.Transport
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.guard.checkURL(r.URL); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", t.agent)
	r.Header.Del("Referer")
	r.Header.Del("Cookie")
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &body{ReadCloser: answer.Body, left: t.maxBytes, over: r.Context().Err}
	return answer, nil
}

// refuse makes the error that has both ErrRefused, with what the log should know, and the
// fault that people see.
func refuse(code, detail string, cause error) error {
	why := ErrRefused
	if cause != nil {
		why = fmt.Errorf("%w: %w", ErrRefused, cause)
	}
	return fault.Wrap(why, fault.KindInvalid, code, detail)
}

// Check says whether a URL could be asked for, without looking its name up: for a URL that is
// kept for later or only shown. The answer is nil or ErrRefused with a fault.
func (c *Client) Check(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return refuse("url.invalid", "This is not a URL.", err)
	}
	return c.checkURL(u)
}
