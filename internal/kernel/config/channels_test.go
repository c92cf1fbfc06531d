package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/workdrive/workdrive/internal/kernel/mail"
)

// write makes a file with a text.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// parse reads settings as the command line does.
func parse(t *testing.T, args ...string) (Server, error) {
	t.Helper()
	var s struct {
		Server `embed:""`
	}
	parser, err := kong.New(&s, kong.Exit(func(int) { t.Error("the parser ended the program") }))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		return s.Server, err
	}
	return s.Server, s.Check()
}

const key = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"

// The tests of this file set the environment, so none of them is parallel.

func TestChannelsAreOffUntilTheyAreSet(t *testing.T) {
	s, err := parse(t)
	if err != nil || s.SMTP.On() || s.SMS.On() || s.Push.On() {
		t.Errorf("%+v, %v", s, err)
	}
	t.Setenv("WORKDRIVE_SMTP_PASSWORD", "for another command")
	if err := (Server{Listen: "127.0.0.1:0", MaxInFlight: 1}).Check(); err != nil {
		t.Errorf("a command that sends nothing: %v", err)
	}
}

func TestChannelsAreSetByFlagsAndFiles(t *testing.T) {
	file := write(t, "pass word\r\n")
	s, err := parse(t, "--smtp-host", "mail.example", "--smtp-port=2525", "--smtp-user=u", "--smtp-password-file", file, "--smtp-from=drive@quarry.example", "--smtp-from-name=Quarry",
		"--sms-gateway=https://sms.example/send", "--sms-secret-file", write(t, key+"\n"), "--sms-sender=Quarry", "--sms-region=DE", "--push-contact=mailto:it@quarry.example")
	if err != nil || !s.SMTP.On() || !s.SMS.On() || !s.Push.On() {
		t.Fatalf("%+v, %v", s, err)
	}
	settings, err := s.SMTP.Settings()
	if diff := cmp.Diff(mail.Settings{
		Host: "mail.example", Port: 2525, TLS: mail.TLSStart, Username: "u", Password: "pass word", From: mail.Address{Name: "Quarry", Email: "drive@quarry.example"},
	}, settings); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if sms, err := s.SMS.Settings(); err != nil || sms.Secret != key || sms.Region != "DE" || sms.URL != "https://sms.example/send" {
		t.Errorf("%+v, %v", sms, err)
	}
}

func TestChannelsAreSetByTheEnvironment(t *testing.T) {
	set := map[string]string{
		"WORKDRIVE_SMTP_HOST": "mail.example", "WORKDRIVE_SMTP_PORT": "465", "WORKDRIVE_SMTP_TLS": "tls", "WORKDRIVE_SMTP_USER": "u", "WORKDRIVE_SMTP_PASSWORD": "p",
		"WORKDRIVE_SMTP_FROM": "drive@quarry.example", "WORKDRIVE_SMTP_FROM_NAME": "", "WORKDRIVE_SMS_GATEWAY": "https://api.twilio.com", "WORKDRIVE_SMS_ACCOUNT": "AC1",
		"WORKDRIVE_SMS_SECRET": "token", "WORKDRIVE_SMS_SENDER": "+12015550100", "WORKDRIVE_SMS_REGION": "US", "WORKDRIVE_PUSH_CONTACT": "https://quarry.example",
		"WORKDRIVE_SMTP_PASSWORD_FILE": "", "WORKDRIVE_SMS_SECRET_FILE": "",
	}
	var environment []string
	for name, value := range set {
		environment = append(environment, name+"="+value)
		if value != "" {
			t.Setenv(name, value)
		}
	}
	s, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := s.SMTP.Settings(); err != nil || m.Password != "p" || m.TLS != mail.TLSFull || m.Port != 465 {
		t.Errorf("%v", err)
	}
	if m, err := s.SMS.Settings(); err != nil || m.Secret != "token" || m.Account != "AC1" {
		t.Errorf("%v", err)
	}
	if unknown := Unknown(append(environment, "WORKDRIVE_SMTP_PASWORD=x")); strings.Join(unknown, " ") != "WORKDRIVE_SMTP_PASWORD" {
		t.Errorf("unknown: %v", unknown)
	}
}

func TestSecretsAreNoFlags(t *testing.T) {
	for _, flag := range []string{"--smtp-password=x", "--sms-secret=x"} {
		if _, err := parse(t, flag); err == nil || !strings.Contains(err.Error(), "unknown flag") {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

func TestChannelsThatCannotWorkSayWhy(t *testing.T) {
	const (
		smtp = "--smtp-host=mail.example --smtp-from=a@b.example "
		sms  = "--sms-gateway=https://sms.example "
	)
	two := write(t, "one\ntwo\n")
	empty := write(t, "\n")
	for _, c := range []struct{ args, password, secret, why string }{
		{"--smtp-from=a@b", "", "", "--smtp-host is missing"},
		{"--smtp-host=mail.example", "", "", "--smtp-from must be a mail address"},
		{"--smtp-host=mail.example --smtp-from=nobody", "", "", `it is "nobody"`},
		{"--smtp-host=mail.example:25 --smtp-from=a@b", "", "", "--smtp-host must be a name or an address without a port"},
		{"--smtp-host=smtp://mail.example --smtp-from=a@b", "", "", "--smtp-host must be"},
		{smtp + "--smtp-port=70000", "", "", "--smtp-port must be between"},
		{smtp + "--smtp-tls=ssl", "", "", "--smtp-tls must be one of"},
		{smtp + "--smtp-user=u", "", "", "--smtp-user needs a password, in $WORKDRIVE_SMTP_PASSWORD"},
		{smtp, "hunter2", "", "--smtp-user is missing"},
		{smtp + "--smtp-user=u --smtp-tls=none", "hunter2", "", "--smtp-tls=none would send the password readable"},
		{smtp + "--smtp-user=u --smtp-password-file=/absent/file", "", "", "--smtp-password-file: open /absent/file"},
		{smtp + "--smtp-user=u --smtp-password-file=" + two, "", "", "must have one line"},
		{smtp + "--smtp-user=u --smtp-password-file=" + empty, "", "", "must have one line"},
		{smtp + "--smtp-user=u --smtp-password-file=" + two, "hunter2", "", "cannot both be set"},
		{"--sms-sender=x", "", "", "--sms-gateway is missing"},
		{"--sms-gateway=sms.example", "", "hunter2", "--sms-gateway must look like"},
		{"--sms-gateway=https://u:hunter2@sms.example", "", "hunter2", "--sms-gateway must look like"},
		{sms, "", "", "--sms-gateway needs a secret, in $WORKDRIVE_SMS_SECRET"},
		{sms, "", "hunter2", "must be whsec_"},
		{sms + "--sms-account=AC1", "", "hunter2", "--sms-account needs --sms-sender"},
		{sms + "--sms-account=../x --sms-sender=x", "", "hunter2", "the account must be letters and digits"},
		{sms + "--sms-region=Germany", "", key, "--sms-region must be a country's two letters"},
		{"--push-contact=it", "", "", `--push-contact must be a mail address or begin with https://; it is "it"`},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Setenv(smtpPassword, c.password)
			t.Setenv(smsSecret, c.secret)
			_, err := parse(t, strings.Fields(c.args)...)
			if err == nil || !strings.Contains(err.Error(), c.why) {
				t.Fatalf("got %v, want %q", err, c.why)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), key) {
				t.Errorf("the message shows a secret: %v", err)
			}
		})
	}
}
