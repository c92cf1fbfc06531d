// Package smtpsink is a mail server for tests: a real one, in the test's process, that keeps
// what it receives and fails when it is told to.
package smtpsink

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Options say what a server offers and what it refuses. The zero value takes everything in the
// clear.
type Options struct {
	StartTLS bool // offer STARTTLS
	TLS      bool // speak TLS from the first byte
	// User and Password must be given by whoever sends; "" lets everybody.
	User, Password string
	// SMTPUTF8 offers RFC 6531.
	SMTPUTF8 bool
	// Refuse may fail a step of a message: "greet", "mail" with the sender's address, "rcpt"
	// with the recipient's, or "data" with "". An error of Answer is sent as it is. It is called
	// by many connections at once.
	Refuse func(step, address string) error
	// DropData breaks the first connections off in the middle of a message, this often.
	DropData int
	// Silent never answers the end of a message, until the client hangs up.
	Silent bool
}

// Answer is an answer of SMTP, such as 451, "4.7.1 come back later".
func Answer(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: text}
}

// Message is one that the server took.
type Message struct {
	From string
	To   []string
	User string // who was signed in
	TLS  bool
	UTF8 bool // marked as SMTPUTF8
	Data []byte
}

// Server is a running one.
type Server struct {
	Host  string // 127.0.0.1
	Port  int
	Roots *x509.CertPool // vouch for its certificate

	options Options
	mu      sync.Mutex
	taken   []Message
	drops   int
	asked   int
}

// Start runs a server until the end of the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	certificate, roots := selfSigned(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Roots: roots, options: o, drops: o.DropData}
	server := smtp.NewServer(smtp.BackendFunc(s.session))
	server.Domain = "sink.test"
	server.AllowInsecureAuth = !o.StartTLS
	server.EnableSMTPUTF8 = o.SMTPUTF8
	server.ErrorLog = log.New(io.Discard, "", 0)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if o.StartTLS {
		server.TLSConfig = config
	}
	if o.TLS {
		l = tls.NewListener(l, config)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return s
}

// Messages gives what the server took, in the order it did.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// Connections is how many clients said hello.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *Server) refuse(step, address string) error {
	if s.options.Refuse == nil {
		return nil
	}
	return s.options.Refuse(step, address)
}

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	s.asked++
	s.mu.Unlock()
	if err := s.refuse("greet", ""); err != nil {
		return nil, err
	}
	return &session{server: s, conn: c}, nil
}

// session is one connection.
type session struct {
	server *Server
	conn   *smtp.Conn
	signed string
	open   Message
}

// AuthMechanisms implements smtp.AuthSession.
func (x *session) AuthMechanisms() []string {
	if x.server.options.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements smtp.AuthSession.
func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != x.server.options.User || password != x.server.options.Password {
			return smtp.ErrAuthFailed
		}
		x.signed = user
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (x *session) Mail(from string, o *smtp.MailOptions) error {
	if x.server.options.User != "" && x.signed == "" {
		return Answer(530, "5.7.0 please authenticate first")
	}
	_, encrypted := x.conn.TLSConnectionState()
	x.open = Message{From: from, User: x.signed, TLS: encrypted, UTF8: o.UTF8}
	return x.server.refuse("mail", from)
}

// Rcpt implements smtp.Session.
func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := x.server.refuse("rcpt", to); err != nil {
		return err
	}
	x.open.To = append(x.open.To, to)
	return nil
}

// Data implements smtp.Session.
func (x *session) Data(r io.Reader) error {
	s := x.server
	s.mu.Lock()
	drop := s.drops > 0
	if drop {
		s.drops--
	}
	s.mu.Unlock()
	if drop {
		_, _ = io.CopyN(io.Discard, r, 100)
		return errors.Join(x.conn.Conn().Close(), errors.New("dropped"))
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.options.Silent {
		_, _ = x.conn.Conn().Read(make([]byte, 1)) // ends when the client does
		return errors.New("the client is gone")
	}
	if err := s.refuse("data", ""); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x.open.Data = data
	s.taken = append(s.taken, x.open)
	return nil
}

// Reset implements smtp.Session.
func (x *session) Reset() { x.open = Message{} }

// Logout implements smtp.Session.
func (x *session) Logout() error { return nil }

// selfSigned makes a certificate for 127.0.0.1 that only the test knows.
func selfSigned(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(made)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// Header gives the lines of a message's header section as they were sent, unfolded.
func (m Message) Header() []string {
	head, _, _ := strings.Cut(string(m.Data), "\r\n\r\n")
	return strings.Split(strings.ReplaceAll(head, "\r\n ", " "), "\r\n")
}
