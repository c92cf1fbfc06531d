package config

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/kernel/sms"
	"github.com/workdrive/workdrive/internal/kernel/webpush"
)

// Variables of the environment that have secrets. They are no flags, which other users of the
// machine see; each has a flag that names a file instead.
const (
	smtpPassword = "WORKDRIVE_SMTP_PASSWORD" //nolint:gosec // where the password is
	smsSecret    = "WORKDRIVE_SMS_SECRET"    //nolint:gosec // where the secret is
)

// SMTP says through which server mail is sent, and as whom.
type SMTP struct {
	Host         string `name:"host" env:"WORKDRIVE_SMTP_HOST" placeholder:"HOST" help:"Mail server to send through. Without it, no mail is sent."`
	Port         int    `name:"port" env:"WORKDRIVE_SMTP_PORT" placeholder:"PORT" help:"Its port. Default: 587, with --smtp-tls=tls 465, with none 25."`
	TLS          string `name:"tls" env:"WORKDRIVE_SMTP_TLS" default:"starttls" enum:"starttls,tls,none" help:"How the connection is encrypted: starttls, tls (from the first byte) or none, which is for a relay on this machine."`
	User         string `name:"user" env:"WORKDRIVE_SMTP_USER" placeholder:"NAME" help:"User name at the mail server. Its password is in $WORKDRIVE_SMTP_PASSWORD or --smtp-password-file."`
	PasswordFile string `name:"password-file" env:"WORKDRIVE_SMTP_PASSWORD_FILE" placeholder:"FILE" help:"File that has the password, instead of $WORKDRIVE_SMTP_PASSWORD."`
	From         string `name:"from" env:"WORKDRIVE_SMTP_FROM" placeholder:"ADDRESS" help:"Address mail comes from."`
	FromName     string `name:"from-name" env:"WORKDRIVE_SMTP_FROM_NAME" default:"WorkDrive" help:"Name mail comes from."`
}

// SMS says through which gateway short messages are sent.
type SMS struct {
	Gateway    string `name:"gateway" env:"WORKDRIVE_SMS_GATEWAY" placeholder:"https://…" help:"Gateway to send short messages through. Requests are signed with the secret in $WORKDRIVE_SMS_SECRET (whsec_…) or --sms-secret-file. Without it, none are sent."`
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
func (s SMTP) On() bool { return s.Host != "" }

// On reports that short messages are sent.
func (s SMS) On() bool { return s.Gateway != "" }

// On reports that push notifications are sent.
func (p Push) On() bool { return p.Contact != "" }

// Check reports the first setting that cannot be used.
func (s SMTP) Check() error {
	if !s.On() {
		if s.Port != 0 || s.User != "" || s.PasswordFile != "" || s.From != "" {
			return errors.New("--smtp-host is missing: the other settings of mail mean nothing without it")
		}
		return nil
	}
	if strings.ContainsAny(s.Host, ":/ ") && !strings.Contains(s.Host, "::") {
		return fmt.Errorf("--smtp-host must be a name or an address without a port, which --smtp-port has; it is %q", s.Host)
	}
	if s.Port < 0 || s.Port > 65535 {
		return fmt.Errorf("--smtp-port must be between 1 and 65535; it is %d", s.Port)
	}
	if err := (mail.Address{Email: s.From}).Check(); err != nil {
		return fmt.Errorf("--smtp-from must be a mail address, such as workdrive@company.example; it is %q", s.From)
	}
	settings, err := s.Settings()
	if err != nil {
		return err
	}
	switch {
	case settings.Username == "" && settings.Password != "":
		return fmt.Errorf("--smtp-user is missing: $%s or --smtp-password-file has a password", smtpPassword)
	case settings.Username != "" && settings.Password == "":
		return fmt.Errorf("--smtp-user needs a password, in $%s or --smtp-password-file", smtpPassword)
	case settings.Username != "" && s.TLS == mail.TLSNone:
		return errors.New("--smtp-tls=none would send the password readable: leave --smtp-user and the password out, or encrypt")
	}
	_, err = mail.New(settings)
	return err
}

// Settings are those of mail. It reads the password.
func (s SMTP) Settings() (mail.Settings, error) {
	password, err := secret(smtpPassword, "--smtp-password-file", s.PasswordFile)
	return mail.Settings{
		Host: s.Host, Port: s.Port, TLS: s.TLS, Username: s.User, Password: password, From: mail.Address{Name: s.FromName, Email: s.From},
	}, err
}

// Check reports the first setting that cannot be used.
func (s SMS) Check() error {
	if !s.On() {
		if s.Account != "" || s.SecretFile != "" || s.Sender != "" {
			return errors.New("--sms-gateway is missing: the other settings of short messages mean nothing without it")
		}
		return nil
	}
	u, err := url.Parse(s.Gateway)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return errors.New("--sms-gateway must look like https://host/path, without a user name and password")
	}
	if s.Region != "" && !sms.KnownRegion(s.Region) {
		return fmt.Errorf("--sms-region must be a country's two letters, such as DE; it is %q", s.Region)
	}
	settings, err := s.Settings()
	if err != nil {
		return err
	}
	if settings.Secret == "" {
		return fmt.Errorf("--sms-gateway needs a secret, in $%s or --sms-secret-file", smsSecret)
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
	return sms.Settings{URL: s.Gateway, Account: s.Account, Secret: key, Sender: s.Sender, Region: s.Region}, err
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
