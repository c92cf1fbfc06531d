package webpush

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	lib "github.com/SherClockHolmes/webpush-go"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/delivery"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Limits of a message.
const (
	// MaxPayload is the most bytes of a payload: 4096, which every service takes (RFC 8030, 7.2),
	// less what the encryption adds (RFC 8188, 2).
	MaxPayload = 4096 - 86 - 16 - 1
	// MaxTTL is the longest that a message may wait for its browser.
	MaxTTL = 28 * 24 * time.Hour
)

// ErrGone is in the chain of the error of a subscription that has ended. It never works again.
var ErrGone = errors.New("webpush: the subscription has ended")

// Urgency says which messages may wake a device that saves its battery (RFC 8030, 5.3).
type Urgency string

// The urgencies. The empty one is normal.
const (
	UrgencyVeryLow Urgency = "very-low"
	UrgencyLow     Urgency = "low"
	UrgencyNormal  Urgency = "normal"
	UrgencyHigh    Urgency = "high"
)

// Message is one notification to one browser.
type Message struct {
	// Key makes a second attempt the same message (delivery.CheckKey).
	Key string
	To  Subscription
	// Payload is what the service worker gets, at most MaxPayload bytes; this server sends JSON.
	Payload []byte
	// TTL is how long the service keeps the message for a browser that is away, in whole
	// seconds; 0 delivers now or never. At most MaxTTL.
	TTL     time.Duration
	Urgency Urgency
	// Topic names what a later message replaces while the browser is away; "" is the Key. Any
	// text: the service sees a hash of it.
	Topic string
}

// Sender sends messages. It may be used by many at once.
type Sender struct {
	keys    Keys
	contact string
	client  *egress.Client
	clock   clock.Clock
}

// New makes a sender. The contact is where push services complain, a mail address or an https
// address (RFC 8292, 2.1).
func New(keys Keys, contact string, client *egress.Client, c clock.Clock) (*Sender, error) {
	if keys.private == "" {
		return nil, errors.New("webpush: there are no keys")
	}
	if err := CheckContact(contact); err != nil {
		return nil, fmt.Errorf("webpush: %w", err)
	}
	return &Sender{keys: keys, contact: strings.TrimPrefix(contact, "mailto:"), client: client.WithoutRedirects(), clock: c}, nil
}

var mailAddress = regexp.MustCompile(`^(mailto:)?[^@\s<>"]+@[^@\s<>"]+$`)

// CheckContact says whether push services will take a contact.
func CheckContact(contact string) error {
	u, err := url.Parse(contact)
	if (err == nil && u.Scheme == "https" && u.Host != "") || mailAddress.MatchString(contact) {
		return nil
	}
	return fmt.Errorf("the contact for push services must be a mail address or begin with https://; it is %q", contact)
}

// Send hands a message to the push service of its subscription. Its errors are of
// kernel/delivery; ErrGone is in the chain of one that says to forget the subscription.
func (s *Sender) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	host := hostOf(m.To.Endpoint)
	to := lib.Subscription{Endpoint: m.To.Endpoint, Keys: lib.Keys{P256dh: strings.TrimRight(m.To.P256dh, "="), Auth: strings.TrimRight(m.To.Auth, "=")}}
	answer, err := lib.SendNotificationWithContext(ctx, m.Payload, &to, &lib.Options{
		HTTPClient: s.client, Subscriber: s.contact, VAPIDPublicKey: s.keys.public, VAPIDPrivateKey: s.keys.private,
		TTL: int(m.TTL / time.Second), Urgency: lib.Urgency(m.Urgency), Topic: m.topic(),
	})
	if err != nil {
		return unreachable(host, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10)) // only to be shown
	return s.judge(host, answer, string(body))
}

// check refuses what no service would take.
func (m Message) check() error {
	if err := delivery.CheckKey(m.Key); err != nil {
		return err
	}
	if err := m.To.Check(); err != nil {
		return delivery.Never(err, "push.subscriptionInvalid", "The subscription cannot be used: "+sentence(err))
	}
	switch {
	case len(m.Payload) > MaxPayload:
		return delivery.Never(nil, "push.tooLarge", fmt.Sprintf("The message has %d bytes, more than %d.", len(m.Payload), MaxPayload))
	case m.TTL < 0 || m.TTL > MaxTTL:
		return delivery.Never(nil, "push.ttlInvalid", fmt.Sprintf("A message waits between 0 and %s, not %s.", MaxTTL, m.TTL))
	}
	switch m.Urgency {
	case "", UrgencyVeryLow, UrgencyLow, UrgencyNormal, UrgencyHigh:
		return nil
	}
	return delivery.Never(nil, "push.urgencyInvalid", fmt.Sprintf("%q is no urgency.", m.Urgency))
}

// topic is 32 characters of base64url, all that a topic may have (RFC 8030, 5.4).
func (m Message) topic() string {
	name := m.Topic
	if name == "" {
		name = m.Key
	}
	sum := sha256.Sum256([]byte(name))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

func sentence(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Detail
	}
	return err.Error()
}

func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Host
}

func unreachable(host string, err error) error {
	err = delivery.Cause(err)
	var slow net.Error
	switch {
	case errors.Is(err, egress.ErrRefused):
		return delivery.Never(err, "push.endpointRefused", fmt.Sprintf("%s may not be asked: %s", host, sentence(err)))
	case errors.As(err, &slow) && slow.Timeout():
		return delivery.Later(err, "push.timeout", host+" did not answer in time.")
	}
	return delivery.Later(err, "push.unreachable", fmt.Sprintf("%s cannot be reached: %v", host, err))
}

// judge reads a push service's answer.
func (s *Sender) judge(host string, answer *http.Response, body string) error {
	status := answer.StatusCode
	said := fmt.Sprintf("%s answered %d. %s", host, status, delivery.Quote(body))
	switch {
	case status/100 == 2:
		return nil
	case status == http.StatusNotFound || status == http.StatusGone:
		return delivery.Never(ErrGone, "push.gone", "The browser has unsubscribed: "+said)
	case status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status/100 == 5:
		return delivery.Later(nil, "push.failed", said).After(delivery.RetryAfter(answer.Header, s.clock.Now()))
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return delivery.Never(nil, "push.keysRefused", "The subscription was made for other keys than this server's: "+said)
	case status == http.StatusRequestEntityTooLarge:
		return delivery.Never(nil, "push.tooLarge", "The message is too large: "+said)
	}
	return delivery.Never(nil, "push.refused", said)
}
