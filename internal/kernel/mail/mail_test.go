package mail_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/workdrive/workdrive/internal/kernel/delivery"
	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/testkit/smtpsink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var written = time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)

// hello is a message that is in order.
func hello() mail.Message {
	return mail.Message{
		Key: "notification-1:user-2", At: written, To: mail.Address{Name: "Tove Brandt", Email: "tove@quarry.example"},
		Subject: "A new post", Paragraphs: []string{"Nadia wrote a post."},
	}
}

// settings reach a sink.
func settings(s *smtpsink.Server, tls string) mail.Settings {
	return mail.Settings{Host: s.Host, Port: s.Port, TLS: tls, From: mail.Address{Name: "Quarry", Email: "drive@quarry.example"}, Roots: s.Roots}
}

func sender(t *testing.T, s mail.Settings) *mail.Sender {
	t.Helper()
	made, err := mail.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// wantError checks code and kind of an error.
func wantError(t *testing.T, err error, code string, again bool) *delivery.Error {
	t.Helper()
	var e *delivery.Error
	if !errors.As(err, &e) || e.Code != code || e.Temporary != again || e.Reason == "" {
		t.Fatalf("got %v, want %s, temporary %v", err, code, again)
	}
	return e
}

func TestEveryWayToConnect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server         smtpsink.Options
		mode           string
		user, password string
		encrypted      bool
	}{
		"STARTTLS is the default":     {smtpsink.Options{StartTLS: true}, "", "", "", true},
		"STARTTLS with a password":    {smtpsink.Options{StartTLS: true, User: "u", Password: "secret"}, mail.TLSStart, "u", "secret", true},
		"TLS":                         {smtpsink.Options{TLS: true}, mail.TLSFull, "", "", true},
		"TLS with a password":         {smtpsink.Options{TLS: true, User: "u", Password: "secret"}, mail.TLSFull, "u", "secret", true},
		"a relay on this machine":     {smtpsink.Options{}, mail.TLSNone, "", "", false},
		"no TLS, though it is there":  {smtpsink.Options{StartTLS: true}, mail.TLSNone, "", "", false},
		"a server that knows UTF-8":   {smtpsink.Options{StartTLS: true, SMTPUTF8: true}, "", "", "", true},
		"a password nobody asked for": {smtpsink.Options{StartTLS: true, User: "u", Password: "p\x00q"}, "", "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := smtpsink.Start(t, c.server)
			s := settings(sink, c.mode)
			s.Username, s.Password = c.user, c.password
			err := sender(t, s).Send(t.Context(), hello())
			if c.server.User != c.user {
				wantError(t, err, "mail.loginRefused", true)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := sink.Messages()
			if len(got) != 1 || got[0].TLS != c.encrypted || got[0].User != c.user || got[0].From != "drive@quarry.example" || strings.Join(got[0].To, " ") != "tove@quarry.example" || got[0].UTF8 {
				t.Errorf("the server took %+v", got)
			}
		})
	}
}

func TestNoWayAroundTLS(t *testing.T) {
	t.Parallel()
	plain := smtpsink.Start(t, smtpsink.Options{User: "u", Password: "secret"})
	s := settings(plain, mail.TLSStart)
	s.Username, s.Password = "u", "secret"
	wantError(t, sender(t, s).Send(t.Context(), hello()), "mail.unreachable", true)

	s = settings(smtpsink.Start(t, smtpsink.Options{StartTLS: true}), mail.TLSStart)
	s.Roots = nil
	e := wantError(t, sender(t, s).Send(t.Context(), hello()), "mail.certificateInvalid", true)
	if !strings.Contains(e.Reason, "127.0.0.1") {
		t.Errorf("the reason does not name the server: %s", e.Reason)
	}
	s = settings(smtpsink.Start(t, smtpsink.Options{TLS: true}), mail.TLSFull)
	s.Roots = nil
	wantError(t, sender(t, s).Send(t.Context(), hello()), "mail.certificateInvalid", true)
}

func TestAWrongPasswordIsTheOperatorsToMend(t *testing.T) {
	t.Parallel()
	sink := smtpsink.Start(t, smtpsink.Options{StartTLS: true, User: "u", Password: "secret"})
	s := settings(sink, "")
	s.Username, s.Password = "u", "a guess"
	e := wantError(t, sender(t, s).Send(t.Context(), hello()), "mail.loginRefused", true)
	if strings.Contains(e.Error(), "guess") {
		t.Errorf("the reason has the password: %s", e.Reason)
	}
	s.Password = "secret"
	if err := sender(t, s).Send(t.Context(), hello()); err != nil || len(sink.Messages()) != 1 {
		t.Errorf("%v, %d messages", err, len(sink.Messages()))
	}
}

func TestAnswersDecideWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step  string
		code  int
		want  string
		again bool
	}{
		"no such mailbox":        {"rcpt", 550, "mail.recipientRefused", false},
		"a full mailbox":         {"rcpt", 552, "mail.recipientRefused", false},
		"greylisted":             {"rcpt", 451, "mail.recipientRefused", true},
		"a sender not allowed":   {"mail", 553, "mail.senderRefused", false},
		"a sender who hurries":   {"mail", 450, "mail.senderRefused", true},
		"spam":                   {"data", 554, "mail.refused", false},
		"out of space":           {"data", 452, "mail.refused", true},
		"shutting down":          {"data", 421, "mail.refused", true},
		"a server that is busy":  {"greet", 421, "mail.serverRefused", true},
		"a server that is ill":   {"greet", 554, "mail.serverRefused", true},
		"a login for every mail": {"mail", 530, "mail.loginRefused", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := smtpsink.Start(t, smtpsink.Options{StartTLS: true, Refuse: func(step, _ string) error {
				if step == c.step {
					return smtpsink.Answer(c.code, "because I say so")
				}
				return nil
			}})
			e := wantError(t, sender(t, settings(sink, "")).Send(t.Context(), hello()), c.want, c.again)
			if !strings.Contains(e.Reason, "because I say so") || !strings.Contains(e.Reason, sink.Host) {
				t.Errorf("the reason does not say who and why: %s", e.Reason)
			}
			if len(sink.Messages()) != 0 {
				t.Error("the message was taken all the same")
			}
		})
	}
}

func TestGreylistedMailArrivesTheSecondTime(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	sink := smtpsink.Start(t, smtpsink.Options{StartTLS: true, Refuse: func(step, _ string) error {
		if step == "rcpt" && tries.Add(1) == 1 {
			return smtpsink.Answer(451, "4.7.1 come back later")
		}
		return nil
	}})
	s := sender(t, settings(sink, ""))
	wantError(t, s.Send(t.Context(), hello()), "mail.recipientRefused", true)
	if err := s.Send(t.Context(), hello()); err != nil || len(sink.Messages()) != 1 {
		t.Errorf("%v, %d messages", err, len(sink.Messages()))
	}
}

func TestABrokenConnectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	sink := smtpsink.Start(t, smtpsink.Options{StartTLS: true, DropData: 1})
	s := sender(t, settings(sink, ""))
	m := hello()
	m.Attachments = []mail.Attachment{{Name: "large.bin", Data: make([]byte, 4<<20)}}
	wantError(t, s.Send(t.Context(), m), "mail.interrupted", true)
	if err := s.Send(t.Context(), m); err != nil || len(sink.Messages()) != 1 {
		t.Errorf("%v, %d messages", err, len(sink.Messages()))
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := settings(sink, "")
	away.Port = closed.Addr().(*net.TCPAddr).Port
	_ = closed.Close()
	wantError(t, sender(t, away).Send(t.Context(), hello()), "mail.unreachable", true)
}

func TestASlowServerIsLeft(t *testing.T) {
	t.Parallel()
	mute, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never greets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mute.Close() })
	silent := smtpsink.Start(t, smtpsink.Options{Silent: true})
	for name, port := range map[string]int{"before the greeting": mute.Addr().(*net.TCPAddr).Port, "after the message": silent.Port} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(silent, mail.TLSNone)
			s.Port = port
			s.Timeout = 100 * time.Millisecond
			wantError(t, sender(t, s).Send(t.Context(), hello()), "mail.timeout", true)

			s.Timeout = time.Hour
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			if err := sender(t, s).Send(ctx, hello()); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the end of the context", err)
			} else if _, again := delivery.Retry(err); !again {
				t.Error("a message that was interrupted is given up")
			}
		})
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for why, change := range map[string]func(*mail.Settings){
		"TLS must be":        func(s *mail.Settings) { s.TLS = "ssl" },
		"no host":            func(s *mail.Settings) { s.Host = "" },
		"no valid port":      func(s *mail.Settings) { s.Port = 70000 },
		"needs a password":   func(s *mail.Settings) { s.Username = "u" },
		"a user name":        func(s *mail.Settings) { s.Password = "p" },
		"sender's address":   func(s *mail.Settings) { s.From.Email = "nobody" },
		"is not a mail addr": func(s *mail.Settings) { s.From.Email = "a@b\r\nBcc: c@d" },
	} {
		s := mail.Settings{Host: "mail.example", From: mail.Address{Email: "drive@quarry.example"}}
		if _, err := mail.New(s); err != nil {
			t.Fatal(err)
		}
		change(&s)
		if _, err := mail.New(s); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("got %v, want %q", err, why)
		}
	}
}
