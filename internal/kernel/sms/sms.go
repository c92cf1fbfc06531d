package sms

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/delivery"
	"github.com/workdrive/workdrive/internal/kernel/egress"
)

// DefaultTimeout is for everything from the lookup of the gateway to its answer.
const DefaultTimeout = 15 * time.Second

const maxAnswer = 64 << 10 // bytes

// Settings say which gateway to send through and how.
type Settings struct {
	// URL is the gateway's; for Twilio that of the API, to which the path is added.
	URL string
	// Account is Twilio's account SID. "" is WorkDrive's own form.
	Account string
	// Secret is Twilio's auth token, else what requests are signed with: "whsec_" and base64.
	Secret string
	// Sender is the number or name that phones show; "" is the gateway's. Twilio needs one.
	Sender string
	// Region is where numbers without a country's prefix are, such as DE; "" is nowhere.
	Region  string
	Timeout time.Duration // 0 is DefaultTimeout
	Version string        // named to the gateway, as WorkDrive/Version
}

// Message is one text to one phone.
type Message struct {
	// Key makes a second attempt the same message (delivery.CheckKey).
	Key  string
	To   string // a phone number, see E164
	Text string // cut to MaxSegments
}

// Sender sends messages. It may be used by many at once.
type Sender struct {
	settings Settings
	form     form
	client   *egress.Client
	clock    clock.Clock
}

// form makes the request of a message whose number and text are in order.
type form interface {
	request(ctx context.Context, m Message, now time.Time) (*http.Request, error)
}

// New makes a sender. It does not connect.
func New(s Settings, c clock.Clock) (*Sender, error) {
	u, err := url.Parse(s.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return nil, errors.New("sms: the gateway must look like https://host/path, without a user name and password")
	}
	if s.Region != "" && !KnownRegion(s.Region) {
		return nil, fmt.Errorf("sms: %q is no region: it must be a country's two letters, such as DE", s.Region)
	}
	var f form
	if s.Account != "" {
		f, err = newTwilio(s)
	} else {
		f, err = newGateway(s)
	}
	if err != nil {
		return nil, err
	}
	return &Sender{settings: s, form: f, client: client(s, u), clock: c}, nil
}

// client reaches the gateway wherever it is, and follows it nowhere.
func client(s Settings, u *url.URL) *egress.Client {
	o := egress.Options{
		Allow:   []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")},
		Timeout: cmp.Or(s.Timeout, DefaultTimeout), MaxBytes: maxAnswer, Version: s.Version,
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		o.Ports = []uint16{uint16(port)}
	}
	return egress.New(o).WithoutRedirects()
}

// Send hands a message to the gateway. Its errors are of kernel/delivery. Sending with the same
// Key again is, for a gateway of WorkDrive's own form, no second message.
func (s *Sender) Send(ctx context.Context, m Message) error {
	if err := delivery.CheckKey(m.Key); err != nil {
		return err
	}
	to, err := E164(m.To, s.settings.Region)
	if err != nil {
		return err
	}
	m.To, m.Text = to, Fit(m.Text, MaxSegments)
	if m.Text == "" {
		return delivery.Never(nil, "sms.empty", "The message has no text.")
	}
	r, err := s.form.request(ctx, m, s.clock.Now())
	if err != nil {
		return delivery.Never(err, "sms.requestInvalid", "No request can be made of the message.")
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return unreachable(r.URL.Host, err)
	}
	defer func() { _ = answer.Body.Close() }()
	// A gateway that has said 2xx has the message, whatever becomes of the rest.
	body, _ := io.ReadAll(answer.Body)
	return s.judge(r.URL.Host, answer, body)
}

func unreachable(host string, err error) error {
	err = delivery.Cause(err)
	var slow net.Error
	if errors.As(err, &slow) && slow.Timeout() {
		return delivery.Later(err, "sms.timeout", host+" did not answer in time.")
	}
	return delivery.Later(err, "sms.unreachable", fmt.Sprintf("%s cannot be reached: %v", host, err))
}

// judge reads a gateway's answer.
func (s *Sender) judge(host string, answer *http.Response, body []byte) error {
	said := fmt.Sprintf("%s answered %d%s.", host, answer.StatusCode, says(body))
	switch status := answer.StatusCode; status {
	case http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return delivery.Never(nil, "sms.refused", said)
	case http.StatusUnauthorized, http.StatusForbidden:
		return delivery.Later(nil, "sms.loginRefused", "The account or its secret is refused: "+said)
	default:
		if status/100 == 2 {
			return nil
		}
		return delivery.Later(nil, "sms.failed", said).After(delivery.RetryAfter(answer.Header, s.clock.Now()))
	}
}

// says gives what an answer says about itself: Twilio's code and message, or a problem's detail
// (RFC 9457).
func says(body []byte) string {
	var said struct {
		Code    json.RawMessage `json:"code"` // a number or a word
		Message string          `json:"message"`
		Detail  string          `json:"detail"`
	}
	_ = json.Unmarshal(body, &said) // an answer need not say anything
	var parts []string
	for _, part := range []string{strings.Trim(string(said.Code), `"`), cmp.Or(said.Message, said.Detail)} {
		if part != "" {
			parts = append(parts, strings.TrimSuffix(part, "."))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, " ")
}

// ParseSecret reads a secret of Standard Webhooks: "whsec_" and the base64 of 24 to 64 bytes.
func ParseSecret(secret string) ([]byte, error) {
	text, marked := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !marked || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("the secret must be whsec_ and the base64 of 24 to 64 random bytes")
	}
	return key, nil
}
