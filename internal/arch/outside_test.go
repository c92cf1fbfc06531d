package arch

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Each of these lists has the files that may do what nobody else may, with the reason. They
// only shrink: an entry that is not needed any more is a failure too.

// asksTheSystem lists who reads the wall clock. Everybody else is given a clock.Clock.
var asksTheSystem = map[string]string{
	"internal/kernel/api/pace.go":           "deadlines of connections are of the wall clock",
	"internal/kernel/api/events.go":         "as above",
	"internal/kernel/clock/clock.go":        "the clock itself",
	"internal/app/serve.go":                 "how long stopping took, for the log",
	"internal/kernel/api/serve.go":          "how long a request took, for log and metrics",
	"internal/module/token/authenticate.go": "the age of a cached key, which must not follow a clock that is set",
}

// startsGoroutines lists who starts goroutines with a go statement. A server's tasks run
// through app's tasks, which survive a panic; short-lived work uses sync.WaitGroup.Go.
var startsGoroutines = map[string]string{
	"cmd/workdrive/main.go":        "waits for the first signal; ends with the process",
	"internal/kernel/db/sqlite.go": "the single writer; owned by the DB, ended by Close",
}

// reachesOut lists who opens connections: the one guarded client, which refuses private
// addresses, and what asks a server that the operator names. (The database's driver opens its
// own.)
var reachesOut = map[string]string{
	"internal/kernel/egress/egress.go": "the guarded client itself",
	"internal/kernel/clamd/clamd.go":   "the operator's virus scanner, mostly on this machine",
	"internal/kernel/bus/nats.go":      "the operator's NATS servers, which are neighbours",
	"internal/kernel/ldap/ldap.go":     "the operator's directory, which is no web server and mostly a neighbour",
	"internal/kernel/mail/mail.go":     "the operator's mail server, which is no web server and may be a neighbour",
}

// dials are the names with which a connection is opened or a name looked up, by package.
var dials = map[string][]string{
	"net/http": {"Get", "Post", "PostForm", "Head", "DefaultClient", "DefaultTransport", "Client", "Transport", "NewFileTransport", "ProxyFromEnvironment"},
	"net": {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer", "Resolver", "DefaultResolver", "LookupHost", "LookupIP", "LookupAddr",
		"LookupCNAME", "LookupMX", "LookupNS", "LookupSRV", "LookupTXT"},
	"crypto/tls":             {"Dial", "DialWithDialer", "Dialer"},
	"net/smtp":               {"Dial", "SendMail"},
	"net/rpc":                {"Dial", "DialHTTP", "DialHTTPPath"},
	"net/textproto":          {"Dial"},
	"net/http/httputil":      {"ReverseProxy", "NewSingleHostReverseProxy"},
	"syscall":                {"Socket", "Connect"},
	"golang.org/x/sys/unix":  {"Socket", "Connect"},
	"golang.org/x/net/http2": {"Transport"},

	"github.com/go-ldap/ldap/v3": {"Dial", "DialTLS", "DialURL", "NewConn"},

	"github.com/nats-io/nats.go": {"Connect"},
}

// notServed is code that is no part of the server: tools and test help.
func notServed(s source) bool {
	return s.test || strings.HasPrefix(s.path, "bench/") || strings.HasPrefix(s.path, "internal/testkit/")
}

// uses gives the files in which a package's names are used, by file.
func uses(list []source, pkg string, names ...string) map[string][]string {
	found := map[string][]string{}
	for _, s := range list {
		local := importedAs(s.file, pkg)
		if local == "" || notServed(s) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == local && slices.Contains(names, sel.Sel.Name) {
					found[s.path] = append(found[s.path], pkg+"."+sel.Sel.Name)
				}
			}
			return true
		})
	}
	return found
}

// importedAs gives the name that a file uses for a package, "" when it does not import it.
func importedAs(f *ast.File, pkg string) string {
	for _, i := range f.Imports {
		if path, _ := strconv.Unquote(i.Path.Value); path == pkg {
			if i.Name != nil {
				return i.Name.Name
			}
			return pkg[strings.LastIndexByte(pkg, '/')+1:]
		}
	}
	return ""
}

func checkAllowed(t *testing.T, found map[string][]string, allowed map[string]string, rule string) {
	t.Helper()
	for path, names := range found {
		if allowed[path] == "" {
			t.Errorf("%s uses %s: %s", path, strings.Join(names, ", "), rule)
		}
	}
	for path := range allowed {
		if found[path] == nil {
			t.Errorf("%s need not be in the list of exceptions any more", path)
		}
	}
}

func TestTimeComesFromTheClock(t *testing.T) {
	checkAllowed(t, uses(sources(t), "time", "Now"), asksTheSystem, "ask a clock.Clock, so that tests can set the time")
}

func TestNothingReachesOutUnguarded(t *testing.T) {
	list := sources(t)
	found := map[string][]string{}
	for pkg, names := range dials {
		for path, used := range uses(list, pkg, names...) {
			found[path] = append(found[path], used...)
		}
	}
	checkAllowed(t, found, reachesOut, "what reaches out goes through kernel/egress")
}

func TestGoroutinesHaveAnOwner(t *testing.T) {
	found := map[string][]string{}
	for _, s := range sources(t) {
		if notServed(s) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				found[s.path] = append(found[s.path], "a go statement")
			}
			return true
		})
	}
	checkAllowed(t, found, startsGoroutines, "who waits for it, and what if it panics? Use app's tasks or a sync.WaitGroup")
}
