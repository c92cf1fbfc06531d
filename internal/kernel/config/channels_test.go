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
	s, err := parse(t, "--smtp-url=smtp://u@mail.example:2525", "--smtp-password-file", file, "--mail-from=Quarry <drive@quarry.example>",
		"--sms-url=https://sms.example/send", "--sms-secret-file", write(t, key+"\n"), "--sms-sender=Quarry", "--sms-region=DE", "--push-contact=mailto:it@quarry.example")
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
		"WORKDRIVE_SMTP_URL": "smtps://u%40quarry.example:p%2F@mail.example:465", "WORKDRIVE_SMTP_PASSWORD": "",
		"WORKDRIVE_MAIL_FROM": "drive@quarry.example", "WORKDRIVE_SMS_URL": "https://api.twilio.com", "WORKDRIVE_SMS_ACCOUNT": "AC1",
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
	if m, err := s.SMTP.Settings(); err != nil || m.Password != "p/" || m.Username != "u@quarry.example" || m.TLS != mail.TLSFull || m.Port != 465 || m.From.Name != "WorkDrive" {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err := s.SMS.Settings(); err != nil || m.Secret != "token" || m.Account != "AC1" {
		t.Errorf("%v", err)
	}
	if unknown := Unknown(append(environment, "WORKDRIVE_SMTP_PASWORD=x")); strings.Join(unknown, " ") != "WORKDRIVE_SMTP_PASWORD" {
		t.Errorf("unknown: %v", unknown)
	}
}

func TestMailGoesToThisMachineInTheClear(t *testing.T) {
	for _, c := range []struct{ url, tls string }{
		{"smtp://127.0.0.1:2525", mail.TLSNone},
		{"smtp://localhost", mail.TLSNone},
		{"smtp://[::1]:25?tls=starttls", mail.TLSStart},
		{"smtp://10.0.0.1", mail.TLSStart},
		{"smtp://10.0.0.1?tls=none", mail.TLSNone},
	} {
		s, err := parse(t, "--smtp-url="+c.url, "--mail-from=a@b.example")
		if err != nil {
			t.Errorf("%s: %v", c.url, err)
		} else if m, err := s.SMTP.Settings(); err != nil || m.TLS != c.tls {
			t.Errorf("%s: %q, %v", c.url, m.TLS, err)
		}
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
		smtp = "--smtp-url=smtp://mail.example --mail-from=a@b.example "
		user = "--smtp-url=smtp://u@mail.example --mail-from=a@b.example "
		sms  = "--sms-url=https://sms.example "
	)
	two := write(t, "one\ntwo\n")
	empty := write(t, "\n")
	for _, c := range []struct{ args, password, secret, why string }{
		{"--mail-from=a@b", "", "", "--smtp-url is missing"},
		{"--smtp-url=smtp://mail.example", "", "", "--mail-from must be a mail address"},
		{"--smtp-url=smtp://mail.example --mail-from=nobody", "", "", `it is "nobody"`},
		{"--smtp-url=mail.example:25 --mail-from=a@b", "", "", "--smtp-url must look like"},
		{"--smtp-url=http://mail.example --mail-from=a@b", "", "", "--smtp-url must look like"},
		{"--smtp-url=smtp://mail.example/path --mail-from=a@b", "", "", "--smtp-url must look like"},
		{"--smtp-url=smtp://mail.example:70000 --mail-from=a@b", "", "", "port must be between"},
		{"--smtp-url=smtp://mail.example?tls=ssl --mail-from=a@b", "", "", `tls is "ssl"`},
		{"--smtp-url=smtps://mail.example?tls=none --mail-from=a@b", "", "", "smtps:// takes neither"},
		{"--smtp-url=smtp://u:hunter2@mail.example --mail-from=a@b", "", "", "--smtp-url must not have the password"},
		{user, "", "", "needs a password, in $WORKDRIVE_SMTP_PASSWORD"},
		{smtp, "hunter2", "", "lacks the user"},
		{"--smtp-url=smtp://u@mail.example?tls=none --mail-from=a@b", "hunter2", "", "would send the password readable"},
		{user + "--smtp-password-file=/absent/file", "", "", "--smtp-password-file: open /absent/file"},
		{user + "--smtp-password-file=" + two, "", "", "must have one line"},
		{user + "--smtp-password-file=" + empty, "", "", "must have one line"},
		{user + "--smtp-password-file=" + two, "hunter2", "", "cannot both be set"},
		{"--sms-sender=x", "", "", "--sms-url is missing"},
		{"--sms-url=sms.example", "", "hunter2", "--sms-url must look like"},
		{"--sms-url=https://u:hunter2@sms.example", "", "hunter2", "--sms-url must look like"},
		{sms, "", "", "--sms-url needs a secret, in $WORKDRIVE_SMS_SECRET"},
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
