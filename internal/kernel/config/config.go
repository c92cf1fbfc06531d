// Package config is WorkDrive's settings: one table from which flags, WORKDRIVE_* environment
// variables and the help are made. Secrets of channels are in the environment or in files, never
// in flags. cmd and app use it, nobody else.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/workdrive/workdrive/internal/kernel/clamd"
)

// Store says where the data is; every command that opens it takes these.
type Store struct {
	DataDir     string `name:"data-dir" env:"WORKDRIVE_DATA_DIR" default:"./data" type:"path" help:"Directory for everything WorkDrive keeps. Created when missing."`
	DatabaseURL string `name:"database-url" env:"WORKDRIVE_DATABASE_URL" placeholder:"postgres://…" help:"PostgreSQL database to use instead of the SQLite file in the data directory."`
	LogLevel    string `name:"log-level" env:"WORKDRIVE_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least level of log lines: debug, info, warn or error."`
}

// Server says how requests are served.
type Server struct {
	Listen        string         `env:"WORKDRIVE_LISTEN" default:"127.0.0.1:8080" help:"Address to serve on."`
	MetricsListen string         `name:"metrics-listen" env:"WORKDRIVE_METRICS_LISTEN" placeholder:"HOST:PORT" help:"Address to serve /metrics and /debug/pprof on, never a public one. Without it, /metrics answers requests from this machine on --listen."`
	PublicURL     string         `name:"public-url" env:"WORKDRIVE_PUBLIC_URL" placeholder:"https://…" help:"Address people reach the server under, for links it sends. Default: http://LISTEN."`
	RateLimit     int            `name:"rate-limit" env:"WORKDRIVE_RATE_LIMIT" default:"6000" help:"Requests one API key may make in a minute; 0 is no limit."`
	LinkPreviews  bool           `name:"link-previews" env:"WORKDRIVE_LINK_PREVIEWS" default:"true" negatable:"" help:"Fetch title and picture of the links in posts, from public addresses only."`
	EgressAllow   []netip.Prefix `name:"egress-allow" env:"WORKDRIVE_EGRESS_ALLOW" placeholder:"NETWORK,…" help:"Private networks that the server may fetch pages from, such as 10.1.0.0/16."`
	SecretKeyFile string         `name:"secret-key-file" env:"WORKDRIVE_SECRET_KEY_FILE" placeholder:"FILE" help:"File with the keys that secrets, such as tokens of other services, are encrypted with: 32 bytes in base64 a line, the first for new ones. Default: secret.key in the data directory, made when missing. Several nodes need the same."`
	EgressPorts   []uint16       `name:"egress-ports" env:"WORKDRIVE_EGRESS_PORTS" placeholder:"PORT,…" help:"Ports besides 80 and 443 that webhooks may be sent to."`
	NATSURL       string         `name:"nats-url" env:"WORKDRIVE_NATS_URL" placeholder:"nats://…" help:"NATS servers by which several nodes wake each other, comma-separated. Without one they look four times a second, and typing stays on its node."`
	MaxInFlight   int            `name:"max-in-flight" env:"WORKDRIVE_MAX_IN_FLIGHT" default:"256" help:"Requests worked on at the same time; as many more wait, the rest gets 503."`

	S3    S3    `embed:"" prefix:"s3-"`
	Media Media `embed:""`
	SMTP  SMTP  `embed:""`
	SMS   SMS   `embed:"" prefix:"sms-"`
	Push  Push  `embed:"" prefix:"push-"`
	Calls Calls `embed:"" prefix:"calls-"`
	OIDC  OIDC  `embed:"" prefix:"oidc-"`
	LDAP  LDAP  `embed:"" prefix:"ldap-"`
}

// Calls says where meetings and livestreams are held.
type Calls struct {
	URL    string `name:"url" env:"WORKDRIVE_CALLS_URL" placeholder:"wss://…" help:"LiveKit server, as people's browsers reach it, for meetings and livestreams. Default: people meet at the link that the organizer gives."`
	Key    string `name:"key" env:"WORKDRIVE_CALLS_KEY" placeholder:"KEY" help:"API key of the LiveKit server."`
	Secret string `name:"secret" env:"WORKDRIVE_CALLS_SECRET" placeholder:"SECRET" help:"Its API secret, at least 32 characters. Better in the environment: other users of this machine see flags."`
}

// minCallsSecret is what HS256 needs (RFC 7518, section 3.2).
const minCallsSecret = 32

// Check reports the first setting that cannot be used.
func (c Calls) Check() error {
	if c.URL == "" {
		if c.Key != "" || c.Secret != "" {
			return fmt.Errorf("--calls-url is missing: the other settings of calls mean nothing without it")
		}
		return nil
	}
	u, err := url.Parse(c.URL)
	if err != nil || !slices.Contains([]string{"ws", "wss", "http", "https"}, u.Scheme) || u.Host == "" {
		return fmt.Errorf("--calls-url must look like wss://host or ws://host:port; it is %q", c.URL)
	}
	if c.Key == "" || len(c.Secret) < minCallsSecret {
		return fmt.Errorf("--calls-url needs --calls-key, and --calls-secret of at least %d characters", minCallsSecret)
	}
	return nil
}

// Media says which uploaded files are kept.
type Media struct {
	QuotaPerson       Bytes  `name:"quota-person" env:"WORKDRIVE_QUOTA_PERSON" default:"0" placeholder:"SIZE" help:"How much one person's files may have together, such as 20GB; 0 is no limit."`
	QuotaOrganization Bytes  `name:"quota-organization" env:"WORKDRIVE_QUOTA_ORGANIZATION" default:"0" placeholder:"SIZE" help:"How much all files of an organization may have together, such as 2TB; 0 is no limit."`
	Clamd             string `name:"clamd" env:"WORKDRIVE_CLAMD" placeholder:"HOST:PORT" help:"ClamAV daemon that looks at every uploaded file, also unix:/path. No file is taken while it does not answer."`
}

// Check reports the first setting that cannot be used.
func (m Media) Check() error {
	_, err := m.Scanner()
	return err
}

// Scanner is the virus scanner, zero without one.
func (m Media) Scanner() (s clamd.Scanner, err error) {
	if m.Clamd == "" {
		return s, nil
	}
	if s, err = clamd.At(m.Clamd); err != nil {
		err = fmt.Errorf("--clamd: %w", err)
	}
	return s, err
}

// Bytes is a size, written like 500MB or 2GiB.
type Bytes int64

// UnmarshalText reads a size.
func (b *Bytes) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > math.MaxInt64 {
		return fmt.Errorf("a size is a number with a unit, such as 500MB or 2GiB; it is %q", text)
	}
	*b = Bytes(n)
	return nil
}

// S3 says where uploaded files are kept, unless in the data directory.
type S3 struct {
	Endpoint  string `name:"endpoint" env:"WORKDRIVE_S3_ENDPOINT" placeholder:"https://…" help:"S3 server to keep uploaded files on; people's browsers must reach it, too. Default: the directory files in the data directory. Several nodes on one PostgreSQL database need S3: it is what shares files."`
	Region    string `name:"region" env:"WORKDRIVE_S3_REGION" default:"us-east-1" help:"Region of the S3 server."`
	Bucket    string `name:"bucket" env:"WORKDRIVE_S3_BUCKET" placeholder:"NAME" help:"Bucket for the files. It must exist, let the public address POST to it (CORS), and nobody read it."`
	AccessKey string `name:"access-key" env:"WORKDRIVE_S3_ACCESS_KEY" placeholder:"KEY" help:"Access key of the S3 server."`
	SecretKey string `name:"secret-key" env:"WORKDRIVE_S3_SECRET_KEY" placeholder:"SECRET" help:"Its secret key. Better in the environment: other users of this machine see flags."`
	PathStyle bool   `name:"path-style" env:"WORKDRIVE_S3_PATH_STYLE" help:"Put the bucket into the path of addresses instead of the host name; most servers but Amazon's want it."`
}

// Check reports the first setting that cannot be used.
func (s S3) Check() error {
	if s.Endpoint == "" {
		if s.Bucket != "" || s.AccessKey != "" || s.SecretKey != "" {
			return fmt.Errorf("--s3-endpoint is missing: the other settings of S3 mean nothing without it")
		}
		return nil
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || (u.Path != "" && u.Path != "/") {
		return fmt.Errorf("--s3-endpoint must look like https://host or http://host:port; it is %q", s.Endpoint)
	}
	if s.Region == "" || s.Bucket == "" || s.AccessKey == "" || s.SecretKey == "" {
		return fmt.Errorf("--s3-endpoint needs --s3-region, --s3-bucket, --s3-access-key and --s3-secret-key")
	}
	return nil
}

// Check reports the first setting that cannot be used.
func (s Store) Check() error {
	if s.DatabaseURL == "" {
		return nil
	}
	u, err := url.Parse(s.DatabaseURL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Host == "" {
		return fmt.Errorf("--database-url must look like postgres://user:password@host:5432/name")
	}
	return nil
}

// Check reports the first setting that cannot be used.
func (s Server) Check() error {
	for name, address := range map[string]string{"--listen": s.Listen, "--metrics-listen": s.MetricsListen} {
		if _, _, err := net.SplitHostPort(address); err != nil && (address != "" || name == "--listen") {
			return fmt.Errorf("%s must be HOST:PORT, such as 127.0.0.1:8080; it is %q", name, address)
		}
	}
	if s.PublicURL != "" {
		u, err := url.Parse(s.PublicURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return fmt.Errorf("--public-url must begin with http:// or https://; it is %q", s.PublicURL)
		}
	}
	if s.RateLimit < 0 || s.MaxInFlight < 1 {
		return fmt.Errorf("--rate-limit must be 0 or more and --max-in-flight at least 1")
	}
	return errors.Join(s.S3.Check(), s.Media.Check(), s.SMTP.Check(), s.SMS.Check(), s.Push.Check(), s.Calls.Check(), s.OIDC.Check(), s.LDAP.Check())
}

// Embedded reports that the data is a SQLite file in the data directory.
func (s Store) Embedded() bool { return s.DatabaseURL == "" }

// Empty reports that nothing was ever kept here. A PostgreSQL database is taken as it is.
func (s Store) Empty() bool {
	if !s.Embedded() {
		return false
	}
	_, err := os.Stat(filepath.Join(s.DataDir, file))
	return errors.Is(err, fs.ErrNotExist)
}

// file is the name of the SQLite database in the data directory.
const file = "workdrive.db"

// URL is the database to open.
func (s Store) URL() string {
	if s.Embedded() {
		return "sqlite:" + filepath.Join(s.DataDir, file)
	}
	return s.DatabaseURL
}

// Level is the least level of log lines.
func (s Store) Level() slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(s.LogLevel)) // the flag's enum allows only names it knows
	return l
}

// Address is where people reach a server that listens on an address: the public URL, else
// the address itself, on this machine when it listens on all.
func (s Server) Address(listening string) string {
	if s.PublicURL != "" {
		return strings.TrimRight(s.PublicURL, "/")
	}
	host, port, err := net.SplitHostPort(listening)
	if ip := net.ParseIP(host); err == nil && (host == "" || (ip != nil && ip.IsUnspecified())) {
		return "http://" + net.JoinHostPort("127.0.0.1", port)
	}
	return "http://" + listening
}

// Unknown gives the names of WORKDRIVE_* variables in an environment ("NAME=value") that are
// no settings: misspelt, or of another version. Those of the tests do not count.
func Unknown(environment []string) []string {
	known := map[string]bool{smtpPassword: true, smsSecret: true, oidcSecret: true, ldapPassword: true}
	for _, t := range []reflect.Type{reflect.TypeFor[Store](), reflect.TypeFor[Server](), reflect.TypeFor[S3](), reflect.TypeFor[Media](), reflect.TypeFor[SMTP](), reflect.TypeFor[SMS](), reflect.TypeFor[Push](), reflect.TypeFor[Calls](), reflect.TypeFor[OIDC](), reflect.TypeFor[LDAP]()} {
		for i := range t.NumField() {
			known[t.Field(i).Tag.Get("env")] = true
		}
	}
	var unknown []string
	for _, e := range environment {
		name, _, _ := strings.Cut(e, "=")
		if strings.HasPrefix(name, "WORKDRIVE_") && !strings.HasPrefix(name, "WORKDRIVE_TEST_") && !known[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}
