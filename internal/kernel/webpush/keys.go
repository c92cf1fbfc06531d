package webpush

import (
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	lib "github.com/SherClockHolmes/webpush-go"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Keys are this server's own: browsers subscribe to the public one, and only who has the private
// one can push to them. They must be kept: with new ones every subscription is lost.
type Keys struct{ private, public string }

// NewKeys makes keys.
func NewKeys() (Keys, error) {
	private, public, err := lib.GenerateVAPIDKeys()
	return Keys{private, public}, err
}

// ParseKeys reads keys as Private wrote them.
func ParseKeys(private string) (Keys, error) {
	raw, err := base64.RawURLEncoding.DecodeString(private)
	if err != nil {
		return Keys{}, errors.New("webpush: the private key is not base64url")
	}
	key, err := ecdh.P256().NewPrivateKey(raw)
	if err != nil {
		return Keys{}, errors.New("webpush: the private key is none of P-256")
	}
	return Keys{private, base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())}, nil
}

// Public is what browsers are given as applicationServerKey: the point, uncompressed, in
// base64url.
func (k Keys) Public() string { return k.public }

// Private is what to keep: 32 bytes in base64url. It is a secret.
func (k Keys) Private() string { return k.private }

// String shows the public key only.
func (k Keys) String() string { return k.public }

// GoString shows the public key only.
func (k Keys) GoString() string { return k.public }

// LogValue shows the public key only.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.public) }

// MaxEndpoint is the most bytes of a push service's address.
const MaxEndpoint = 2000

// Subscription is what a browser's PushSubscription.toJSON gives, its keys taken out of "keys".
type Subscription struct {
	Endpoint string // https address at the push service; a secret
	P256dh   string // the browser's public key, base64url
	Auth     string // 16 bytes that both sides know, base64url; a secret
}

// Check finds everything that is wrong with a subscription, with JSON pointers into the form
// that browsers give. Whether the address may be reached, egress.Client.Check says.
func (s Subscription) Check() error {
	var fields fault.Fields
	u, err := url.Parse(s.Endpoint)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "":
		fields.Add("/endpoint", "subscription.endpointInvalid", "The endpoint must be an https:// address of a push service.")
	case len(s.Endpoint) > MaxEndpoint:
		fields.Add("/endpoint", "subscription.endpointTooLong", fmt.Sprintf("The endpoint must have at most %d bytes.", MaxEndpoint))
	}
	if key, err := decode(s.P256dh); err != nil || !onCurve(key) {
		fields.Add("/keys/p256dh", "subscription.keyInvalid", "The key p256dh must be an uncompressed point of P-256, 65 bytes in base64url.")
	}
	if auth, err := decode(s.Auth); err != nil || len(auth) != 16 {
		fields.Add("/keys/auth", "subscription.authInvalid", "The key auth must be 16 bytes in base64url.")
	}
	return fields.Err()
}

// onCurve takes the uncompressed form alone: the only one that NewPublicKey does.
func onCurve(key []byte) bool {
	_, err := ecdh.P256().NewPublicKey(key)
	return err == nil
}

// decode reads base64url; some clients pad it, although browsers do not.
func decode(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}
