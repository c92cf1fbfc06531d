package config

import (
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/kernel/sms"
	"github.com/workdrive/workdrive/internal/kernel/webpush"
)

// Variables of the environment that may have secrets. Flags have none, which other users of the
// machine see; for each there is a flag that names a file instead.
const (
	smtpURL      = "WORKDRIVE_SMTP_URL"
	smtpPassword = "WORKDRIVE_SMTP_PASSWORD" //nolint:gosec // the name, not the password
	smsSecret    = "WORKDRIVE_SMS_SECRET"    //nolint:gosec // the name, not the secret
)

// SMTP says through which server mail is sent, and as whom.
type SMTP struct {
	URL          string `name:"smtp-url" env:"WORKDRIVE_SMTP_URL" placeholder:"smtp://USER@HOST:PORT" help:"Mail server to send through. smtp:// begins in the clear and requires STARTTLS, except on this machine or with ?tls=none; smtps:// is encrypted from the first byte. The password is in $WORKDRIVE_SMTP_PASSWORD, --smtp-password-file, or in this address if it comes from the environment. Without it, no mail is sent."`
	PasswordFile string `name:"smtp-password-file" env:"WORKDRIVE_SMTP_PASSWORD_FILE" placeholder:"FILE" help:"File that has the password of the mail server's user."`
	From         string `name:"mail-from" env:"WORKDRIVE_MAIL_FROM" placeholder:"NAME <ADDRESS>" help:"Whom mail comes from, such as \"Quarry <workdrive@quarry.example>\" or the address alone."`
}

// SMS says through which gateway short messages are sent.
type SMS struct {
	URL        string `name:"url" env:"WORKDRIVE_SMS_URL" placeholder:"https://…" help:"Gateway to send short messages through. Requests are signed with the secret in $WORKDRIVE_SMS_SECRET (whsec_…) or --sms-secret-file. Without it, none are sent."`
	Account    string `name:"account" env:"WORKDRIVE_SMS_ACCOUNT" placeholder:"SID" help:"Account of a gateway that is Twilio (https://api.twilio.com) or speaks like it; the secret is its auth token then."`
	SecretFile string `name:"secret-file" env:"WORKDRIVE_SMS_SECRET_FILE" placeholder:"FILE" help:"File that has the secret, instead of $WORKDRIVE_SMS_SECRET."`
	Sender     string `name:"sender" env:"WORKDRIVE_SMS_SENDER" placeholder:"NUMBER" help:"Number or name that phones show as the sender."`
	Region     string `name:"region" env:"WORKDRIVE_SMS_REGION" placeholder:"CC" help:"Country of phone numbers without a prefix, such as DE. Without it, only numbers with + are sent to."`
}

// Push says how notifications reach browsers.
type Push struct {
	Contact string `name:"contact" env:"WORKDRIVE_PUSH_CONTACT" placeholder:"ADDRESS" help:"Mail or https address where push services reach whoever runs this server. Without it, browsers get no push notifications."`
}

// On reports that mail is sent.
func (s SMTP) On() bool { return s.URL != "" }

// On reports that short messages are sent.
func (s SMS) On() bool { return s.URL != "" }

// On reports that push notifications are sent.
func (p Push) On() bool { return p.Contact != "" }

// Check reports the first setting that cannot be used.
func (s SMTP) Check() error {
	if !s.On() {
		if s.PasswordFile != "" || s.From != "" {
			return errors.New("--smtp-url is missing: the other settings of mail mean nothing without it")
		}
		return nil
	}
	settings, err := s.Settings()
	if err != nil {
		return err
	}
	switch {
	case settings.Username == "" && settings.Password != "":
		return fmt.Errorf("--smtp-url lacks the user (smtp://user@host): $%s or --smtp-password-file has a password", smtpPassword)
	case settings.Username != "" && settings.Password == "":
		return fmt.Errorf("--smtp-url has a user and needs a password, in $%s or --smtp-password-file", smtpPassword)
	case settings.Username != "" && settings.TLS == mail.TLSNone && !here(settings.Host):
		return errors.New("--smtp-url with tls=none would send the password readable: leave the user out, or encrypt")
	}
	_, err = mail.New(settings)
	return err
}

// Settings are those of mail. It reads the password.
func (s SMTP) Settings() (mail.Settings, error) {
	u, err := url.Parse(s.URL)
	if err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return mail.Settings{}, errors.New("--smtp-url must look like smtp://mail.company.example:587 or smtps://mail.company.example")
	}
	m := mail.Settings{Host: u.Hostname(), Username: u.User.Username(), TLS: mail.TLSStart}
	switch way := u.Query().Get("tls"); {
	case u.Scheme == "smtps" && way == "":
		m.TLS = mail.TLSFull
	case u.Scheme == "smtp" && (way == mail.TLSNone || way == "" && here(m.Host)):
		m.TLS = mail.TLSNone
	case u.Scheme == "smtp" && (way == "" || way == mail.TLSStart):
	default:
		return m, fmt.Errorf("--smtp-url: tls is %q; smtp:// takes tls=starttls or tls=none, smtps:// takes neither", way)
	}
	if port := u.Port(); port != "" {
		if m.Port, err = strconv.Atoi(port); err != nil || m.Port < 1 || m.Port > 65535 {
			return m, fmt.Errorf("--smtp-url: the port must be between 1 and 65535; it is %s", port)
		}
	}
	from, err := netmail.ParseAddress(s.From)
	if err != nil || (mail.Address{Email: from.Address}).Check() != nil {
		return m, fmt.Errorf("--mail-from must be a mail address, such as workdrive@company.example, or a name and <the address>; it is %q", s.From)
	}
	if m.From = (mail.Address{Name: from.Name, Email: from.Address}); m.From.Name == "" {
		m.From.Name = "WorkDrive"
	}
	if m.Password, err = secret(smtpPassword, "--smtp-password-file", s.PasswordFile); err != nil {
		return m, err
	}
	if password, ok := u.User.Password(); ok {
		switch {
		case os.Getenv(smtpURL) != s.URL:
			return m, fmt.Errorf("--smtp-url must not have the password, which other users of this machine could read: put it into $%s or --smtp-password-file", smtpPassword)
		case m.Password != "":
			return m, fmt.Errorf("$%s has a password, and so has $%s or --smtp-password-file", smtpURL, smtpPassword)
		}
		m.Password = password
	}
	return m, nil
}

// here says whether a host is this machine, to which nothing needs to be encrypted.
func here(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Check reports the first setting that cannot be used.
func (s SMS) Check() error {
	if !s.On() {
		if s.Account != "" || s.SecretFile != "" || s.Sender != "" {
			return errors.New("--sms-url is missing: the other settings of short messages mean nothing without it")
		}
		return nil
	}
	u, err := url.Parse(s.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return errors.New("--sms-url must look like https://host/path, without a user name and password")
	}
	if s.Region != "" && !sms.KnownRegion(s.Region) {
		return fmt.Errorf("--sms-region must be a country's two letters, such as DE; it is %q", s.Region)
	}
	settings, err := s.Settings()
	if err != nil {
		return err
	}
	if settings.Secret == "" {
		return fmt.Errorf("--sms-url needs a secret, in $%s or --sms-secret-file", smsSecret)
	}
	if s.Account != "" {
		if s.Sender == "" {
			return errors.New("--sms-account needs --sms-sender, a number of that account")
		}
	} else if _, err := sms.ParseSecret(settings.Secret); err != nil {
		return fmt.Errorf("$%s or --sms-secret-file: %w", smsSecret, err)
	}
	_, err = sms.New(settings, nil)
	return err
}

// Settings are those of short messages, but for the version. It reads the secret.
func (s SMS) Settings() (sms.Settings, error) {
	key, err := secret(smsSecret, "--sms-secret-file", s.SecretFile)
	return sms.Settings{URL: s.URL, Account: s.Account, Secret: key, Sender: s.Sender, Region: s.Region}, err
}

// Check reports a contact that push services would refuse.
func (p Push) Check() error {
	if !p.On() || webpush.CheckContact(p.Contact) == nil {
		return nil
	}
	return fmt.Errorf("--push-contact must be a mail address or begin with https://; it is %q", p.Contact)
}

// secret reads a secret from a variable of the environment or from a file, whichever is there.
func secret(variable, flag, file string) (string, error) {
	value := os.Getenv(variable)
	if file == "" {
		return value, nil
	}
	if value != "" {
		return "", fmt.Errorf("%s and $%s cannot both be set", flag, variable)
	}
	f, err := os.Open(file) //nolint:gosec // the operator names it
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	value = strings.TrimRight(string(text), "\r\n")
	if value == "" || len(value) > maxSecret || strings.ContainsAny(value, "\r\n\x00") {
		return "", fmt.Errorf("%s: %s must have one line of at most %d bytes", flag, file, maxSecret)
	}
	return value, nil
}

const maxSecret = 4096 // bytes
