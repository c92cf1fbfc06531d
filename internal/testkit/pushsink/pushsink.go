// Package pushsink is the other side of Web Push for tests: a push service in the test's process
// that keeps what it gets, and a browser that decrypts with nothing of what encrypted.
package pushsink

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/webpush"
)

// Trust has the whole process trust the certificate of Start's services, until forget is called:
// the guarded client takes no other list than the system's. It is for TestMain.
func Trust() (forget func(), err error) {
	dir, err := os.MkdirTemp("", "pushsink")
	if err != nil {
		return nil, err
	}
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	file := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		return nil, err
	}
	return func() { _ = os.RemoveAll(dir) }, os.Setenv("SSL_CERT_FILE", file)
}

// Browser is the other end of a push: it decrypts with nothing of what encrypted.
type Browser struct {
	Key  *ecdh.PrivateKey
	Auth []byte
}

// NewBrowser makes one.
func NewBrowser(t testing.TB) Browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := Browser{key, make([]byte, 16)}
	if _, err := rand.Read(b.Auth); err != nil {
		t.Fatal(err)
	}
	return b
}

// Subscription is what the browser gives a server, at an address of its push service.
func (b Browser) Subscription(endpoint string) webpush.Subscription {
	return webpush.Subscription{
		Endpoint: endpoint, P256dh: base64.RawURLEncoding.EncodeToString(b.Key.PublicKey().Bytes()), Auth: base64.RawURLEncoding.EncodeToString(b.Auth),
	}
}

// Decrypt reads the body of a push as RFC 8291 (3.4) and RFC 8188 (2) describe it.
func (b Browser) Decrypt(body []byte) ([]byte, error) {
	if len(body) < 86 || body[20] != 65 {
		return nil, fmt.Errorf("no header: %x", body)
	}
	salt, size, sender, record := body[:16], binary.BigEndian.Uint32(body[16:20]), body[21:86], body[86:]
	if size < 18 || uint32(len(record)) > size {
		return nil, fmt.Errorf("a record of %d bytes in %d", len(record), size)
	}
	public, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return nil, err
	}
	shared, err := b.Key.ECDH(public)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(b.Key.PublicKey().Bytes()) + string(sender)
	ikm, err := hkdf.Key(sha256.New, shared, b.Auth, info, 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	padded, err := gcm.Open(nil, nonce, record, nil)
	if err != nil {
		return nil, err
	}
	text := strings.TrimRight(string(padded), "\x00")
	if !strings.HasSuffix(text, "\x02") {
		return nil, errors.New("no last record")
	}
	return []byte(text[:len(text)-1]), nil
}

// Claims are what a server says about itself (RFC 8292, 2).
type Claims struct {
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	Subject  string `json:"sub"`
}

// Verify checks the signature of a request with the key that comes along, and gives both.
func Verify(authorization string) (Claims, string, error) {
	var c Claims
	token, public, ok := strings.Cut(strings.TrimPrefix(authorization, "vapid t="), ", k=")
	parts := strings.Split(token, ".")
	if !ok || len(parts) != 3 {
		return c, "", fmt.Errorf("no token: %q", authorization)
	}
	var raw [4][]byte
	for i, text := range append(parts, public) {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(text); err != nil {
			return c, "", err
		}
	}
	var header map[string]string
	if err := json.Unmarshal(raw[0], &header); err != nil || header["alg"] != "ES256" || header["typ"] != "JWT" {
		return c, "", fmt.Errorf("the header is %s", raw[0])
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw[3])
	if err != nil {
		return c, "", err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if len(raw[2]) != 64 || !ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(raw[2][:32]), new(big.Int).SetBytes(raw[2][32:])) {
		return c, "", errors.New("the signature is another's")
	}
	return c, public, json.Unmarshal(raw[1], &c)
}

// Pushed is a request that a push service got.
type Pushed struct {
	Path   string
	Header http.Header
	Body   []byte
}

// Service is a push service in the test's process.
type Service struct {
	*httptest.Server
	mu  sync.Mutex
	got []Pushed
}

// Start runs a service until the end of the test, which answers as it is told.
func Start(t testing.TB, answer http.HandlerFunc) *Service {
	t.Helper()
	s := &Service{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost {
			t.Errorf("%s: %v", r.Method, err)
		}
		s.mu.Lock()
		s.got = append(s.got, Pushed{r.URL.Path, r.Header, body})
		s.mu.Unlock()
		answer(w, r)
	}))
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// Pushes gives what it got, in order.
func (s *Service) Pushes() []Pushed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}
