package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/workdrive/workdrive/internal/kernel/delivery"
)

// The ways to use TLS.
const (
	TLSStart = "starttls" // begin in the clear, then require STARTTLS (RFC 3207); port 587
	TLSFull  = "tls"      // from the first byte (RFC 8314); port 465
	TLSNone  = "none"     // never: for a relay on this machine; port 25
)

// DefaultTimeout is for everything from the lookup of the server to its last answer.
const DefaultTimeout = 30 * time.Second

// Settings say which server to send through and as whom.
type Settings struct {
	Host     string
	Port     int    // 0 is what TLS usually has
	Username string // "" does not authenticate
	Password string
	TLS      string // TLSStart when empty
	From     Address
	Timeout  time.Duration  // 0 is DefaultTimeout
	Roots    *x509.CertPool // who may vouch for the server; nil is the system's list
}

// Sender sends messages. It may be used by many at once; each message has its own connection.
type Sender struct {
	settings Settings
	from     string
}

// New makes a sender. It does not connect.
func New(s Settings) (*Sender, error) {
	ports := map[string]int{TLSStart: 587, TLSFull: 465, TLSNone: 25}
	if s.TLS == "" {
		s.TLS = TLSStart
	}
	if s.Port == 0 {
		s.Port = ports[s.TLS]
	}
	if s.Timeout == 0 {
		s.Timeout = DefaultTimeout
	}
	switch {
	case ports[s.TLS] == 0:
		return nil, fmt.Errorf("mail: TLS must be %s, %s or %s; it is %q", TLSStart, TLSFull, TLSNone, s.TLS)
	case s.Host == "" || s.Port < 0 || s.Port > 65535:
		return nil, fmt.Errorf("mail: the server %q has no host or no valid port", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	case (s.Username == "") != (s.Password == ""):
		return nil, errors.New("mail: a user name needs a password, and a password a user name")
	}
	from, err := s.From.parse()
	if err != nil {
		return nil, fmt.Errorf("mail: the sender's address: %w", err)
	}
	return &Sender{settings: s, from: from.Address}, nil
}

// Send hands a message to the server. Its errors are of kernel/delivery. Sending with the same
// Key again sends the same mail again, which the recipient's server or program may drop.
func (s *Sender) Send(ctx context.Context, m Message) error {
	mail, err := m.compose(s.settings.From)
	if err != nil {
		return err
	}
	return s.during(ctx, needsUTF8(mail.GetTo()[0].Address) || needsUTF8(s.from), func(ctx context.Context, client *gomail.Client, session *smtp.Client) error {
		if err := client.SendWithSMTPClient(session, mail); err != nil && !mail.IsDelivered() {
			return s.failed(ctx, err)
		}
		return nil
	})
}

// Check connects to the server as Send does, and sends nothing.
func (s *Sender) Check(ctx context.Context) error {
	return s.during(ctx, false, func(context.Context, *gomail.Client, *smtp.Client) error { return nil })
}

// during runs f while there is a connection to the server.
func (s *Sender) during(ctx context.Context, utf8 bool, f func(ctx context.Context, client *gomail.Client, session *smtp.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
	defer cancel()
	conn, err := s.dial(ctx)
	if err != nil {
		return s.unreachable(ctx, err)
	}
	defer func() { _ = conn.Close() }()
	// go-mail does not look at the context once it is connected.
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()

	client, err := s.client(conn, utf8)
	if err != nil {
		return delivery.Never(err, "mail.settingsInvalid", "The settings of the mail server cannot be used.")
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return s.unreachable(ctx, err)
	}
	if err := f(ctx, client, session); err != nil {
		return err
	}
	_ = client.CloseWithSMTPClient(session) // the server has the message, however it parts
	return nil
}

// dial connects to the server.
func (s *Sender) dial(ctx context.Context) (net.Conn, error) {
	var dialer net.Dialer
	address := net.JoinHostPort(s.settings.Host, strconv.Itoa(s.settings.Port))
	if s.settings.TLS == TLSFull {
		return (&tls.Dialer{NetDialer: &dialer, Config: s.tls()}).DialContext(ctx, "tcp", address)
	}
	return dialer.DialContext(ctx, "tcp", address)
}

func (s *Sender) tls() *tls.Config {
	return &tls.Config{ServerName: s.settings.Host, RootCAs: s.settings.Roots, MinVersion: tls.VersionTLS12}
}

// client makes the client of one connection.
func (s *Sender) client(conn net.Conn, utf8 bool) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.settings.Port),
		gomail.WithTimeout(s.settings.Timeout + time.Minute), // the context ends it earlier
		gomail.WithTLSConfig(s.tls()),
		gomail.WithHELO(s.from[strings.LastIndexByte(s.from, '@')+1:]), // a container's host name is nobody's
		gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
	}
	if s.settings.TLS == TLSStart {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	} else { // encrypted already, or not at all
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.settings.Username != "" {
		// PLAIN and LOGIN refuse to be spoken in the clear.
		options = append(options, gomail.WithUsername(s.settings.Username), gomail.WithPassword(s.settings.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	if !utf8 {
		// A mail marked as UTF-8 bounces at the first relay that does not know it.
		options = append(options, gomail.WithoutSMTPUTF8())
	}
	return gomail.NewClient(s.settings.Host, options...)
}

// unreachable explains an error before the server was told of the message.
func (s *Sender) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	var answer *textproto.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return delivery.Later(err, "mail.certificateInvalid", fmt.Sprintf("The certificate of %s is not trusted: %v.", s.settings.Host, certificate.Err))
	case errors.As(err, &answer) && aboutLogin(answer.Code):
		return delivery.Later(err, "mail.loginRefused", fmt.Sprintf("%s does not accept the user name and password: %s", s.settings.Host, answer))
	case errors.As(err, &answer):
		return delivery.Later(err, "mail.serverRefused", fmt.Sprintf("%s refuses to talk: %s", s.settings.Host, answer))
	case errors.Is(err, context.DeadlineExceeded):
		return delivery.Later(err, "mail.timeout", fmt.Sprintf("%s did not answer in time.", s.settings.Host))
	case errors.Is(err, smtp.ErrUnencrypted):
		return delivery.Later(err, "mail.loginRefused", "The password is not sent over a connection without TLS.")
	}
	return delivery.Later(err, "mail.unreachable", fmt.Sprintf("%s cannot be used: %v", s.settings.Host, err))
}

// aboutLogin says whether an answer means the user name and password (RFC 4954, 6).
func aboutLogin(code int) bool { return code == 530 || code == 534 || code == 535 || code == 538 }

// failed explains an error after that.
func (s *Sender) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	var sent *gomail.SendError
	if !errors.As(err, &sent) || sent.ErrorCode() == 0 {
		if errors.Is(err, context.DeadlineExceeded) {
			return delivery.Later(err, "mail.timeout", fmt.Sprintf("%s did not answer in time.", s.settings.Host))
		}
		return delivery.Later(err, "mail.interrupted", fmt.Sprintf("The connection to %s broke.", s.settings.Host))
	}
	code, what := "mail.refused", "the message"
	switch sent.Reason {
	case gomail.ErrSMTPRcptTo:
		code, what = "mail.recipientRefused", "the recipient"
	case gomail.ErrSMTPMailFrom:
		code, what = "mail.senderRefused", "the sender"
	}
	reason := fmt.Sprintf("%s refused %s: %v", s.settings.Host, what, err)
	if aboutLogin(sent.ErrorCode()) {
		return delivery.Later(err, "mail.loginRefused", reason)
	}
	if sent.ErrorCode() >= 500 {
		return delivery.Never(err, code, reason)
	}
	return delivery.Later(err, code, reason)
}
