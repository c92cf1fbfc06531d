package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/module/session"
)

// Installation sets up the first organization; app fills it with module/org and module/user.
type Installation interface {
	// Exists reports whether there is an organization.
	Exists(ctx context.Context) (bool, error)
	// Several reports whether there are more than one, so that people say which they mean.
	Several(ctx context.Context) (bool, error)
	// Found makes the first organization with its administrator.
	Found(ctx context.Context, in Founding) error
}

// Founding is what the set-up page asks for.
type Founding struct {
	Organization, Email, FirstName, LastName, Password string
}

// Provider signs people in elsewhere; app fills it with module/identity.
type Provider interface {
	// Name is what the button says.
	Name() string
	// Begin gives where the browser goes to sign in, and a secret for its cookie.
	Begin(ctx context.Context, next string) (to, secret string, err error)
	// Finish takes what the browser comes back with, opens a session and gives where to go on to.
	Finish(ctx context.Context, back url.Values, secret string, c session.Client) (o session.Opened, next string, err error)
}

// Deps are what the console works with.
type Deps struct {
	API          http.Handler // the operations, called in process
	Sessions     *session.Service
	Installation Installation
	Provider     Provider // nil for none
	Clock        clock.Clock
	Log          *slog.Logger
	URL          string   // where people reach it
	Files        []string // other origins that files are uploaded to and shown from
}

// Console serves the pages.
type Console struct {
	d         Deps
	mux       *http.ServeMux
	origin    *http.CrossOriginProtection
	secure    bool // people reach it over https
	policy    string
	assets    *assets
	languages []*language
	setupCode string
}

// New makes the console.
func New(d Deps) (*Console, error) {
	c := &Console{d: d, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection(), setupCode: rand.Text()}
	public, err := url.Parse(d.URL)
	if err != nil {
		return nil, err
	}
	c.secure = public.Scheme == "https"
	if public.Host != "" { // a proxy may ask under another name than people do
		if err := c.origin.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
			return nil, err
		}
	}
	c.origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.refuse(w, r, http.StatusForbidden) }))
	from := strings.Join(append([]string{"'self'"}, d.Files...), " ")
	c.policy = "default-src 'none'; script-src 'nonce-%s'; style-src 'self'; img-src data: " + from + "; media-src " + from + "; connect-src " + from +
		"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'"
	if c.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if c.languages, err = loadLanguages(); err != nil {
		return nil, err
	}
	c.routes()
	return c, nil
}

// SetupPath is where the first organization is made. Whoever has the address may: it is for the
// one who has started the server.
func (c *Console) SetupPath() string { return "/setup?code=" + c.setupCode }

func (c *Console) maySetUp(code string) bool {
	return subtle.ConstantTimeCompare([]byte(code), []byte(c.setupCode)) == 1
}

// others are the first segments of what is not the console's: the API, what calendar programs and
// guests are given, what identity providers and provisioning clients call, and what watches over the process.
var others = []string{"api", "calendar", "oidc", "scim", "healthz", "readyz", "metrics"}

// Handles reports whether a path is the console's. Untidy ones are nobody's. The page of the calendar
// is ours, what is below its address is given to programs and guests.
func (c *Console) Handles(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return path == "/calendar" || !slices.Contains(others, first) && !strings.Contains(path, "//")
}

const maxForm = 1 << 20 // bytes; a list of a thousand people to import fits

// ServeHTTP implements http.Handler.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer c.recovered(w, r)
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if c.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		// Every browser says where a POST comes from; what does not is none.
		site := r.Header.Get("Sec-Fetch-Site")
		if (site == "" && r.Header.Get("Origin") == "") || site == "cross-site" || site == "same-site" {
			c.refuse(w, r, http.StatusForbidden)
			return
		}
		if t := r.Header.Get("Content-Type"); !strings.HasPrefix(t, "application/x-www-form-urlencoded") && !strings.HasPrefix(t, "multipart/form-data") {
			c.refuse(w, r, http.StatusUnsupportedMediaType)
			return
		}
		limit := int64(maxForm)
		if r.URL.Path == picturePath {
			limit = maxPicture
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	default:
		h.Set("Allow", "GET, HEAD, POST")
		c.refuse(w, r, http.StatusMethodNotAllowed)
		return
	}
	c.origin.Handler(c.mux).ServeHTTP(w, r)
}

// recovered answers for a handler that panicked. Pages are written whole, so nothing was yet.
func (c *Console) recovered(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	c.d.Log.ErrorContext(r.Context(), "a page panicked", "path", r.Pattern, "panic", v, "stack", string(debug.Stack()))
	http.Error(w, "We had a problem with our server. Try again later.", http.StatusInternalServerError)
}

// refuse answers what no page of ours sends.
func (c *Console) refuse(w http.ResponseWriter, r *http.Request, status int) {
	v := c.visit(w, r)
	v.show(status, problemPage(&problem{Status: status, Detail: refusals[status]}))
}

var refusals = map[int]string{
	http.StatusForbidden:            "This request came from another site, so it was not done. Open the page here and try again.",
	http.StatusUnsupportedMediaType: "This is not how a form is sent.",
	http.StatusMethodNotAllowed:     "This page cannot do that.",
}
