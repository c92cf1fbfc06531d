package webpush_test

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
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/webpush"
)

func unbase64(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return raw
}

// browser is the other end of a push: it decrypts with nothing of what encrypted.
type browser struct {
	key  *ecdh.PrivateKey
	auth []byte
}

func newBrowser(t testing.TB) browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := browser{key, make([]byte, 16)}
	if _, err := rand.Read(b.auth); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b browser) subscription(endpoint string) webpush.Subscription {
	return webpush.Subscription{
		Endpoint: endpoint, P256dh: base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes()), Auth: base64.RawURLEncoding.EncodeToString(b.auth),
	}
}

// decrypt reads the body of a push as RFC 8291 (3.4) and RFC 8188 (2) describe it.
func (b browser) decrypt(body []byte) ([]byte, error) {
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
	shared, err := b.key.ECDH(public)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(b.key.PublicKey().Bytes()) + string(sender)
	ikm, err := hkdf.Key(sha256.New, shared, b.auth, info, 32)
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

// TestTheBrowserReadsTheExampleOfTheStandard shows that the test's own browser is one (RFC 8291,
// 5 and appendix A).
func TestTheBrowserReadsTheExampleOfTheStandard(t *testing.T) {
	t.Parallel()
	key, err := ecdh.P256().NewPrivateKey(unbase64(t, "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
	if err != nil {
		t.Fatal(err)
	}
	b := browser{key, unbase64(t, "BTBZMqHH6r4Tts7J_aSIgg")}
	if got := b.subscription("").P256dh; got != "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4" {
		t.Errorf("the public key is %s", got)
	}
	text, err := b.decrypt(unbase64(t, "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"))
	if err != nil || string(text) != "When I grow up, I want to be a watermelon" {
		t.Errorf("%q, %v", text, err)
	}
}

// claims are what a server says about itself (RFC 8292, 2).
type claims struct {
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	Subject  string `json:"sub"`
}

// verify checks the signature of a request with the key that comes along, and gives both.
func verify(authorization string) (claims, string, error) {
	var c claims
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

// pushed is a request that a push service got.
type pushed struct {
	path   string
	header http.Header
	body   []byte
}

// service is a push service in the test's process.
type service struct {
	*httptest.Server
	mu  sync.Mutex
	got []pushed
}

func startService(t *testing.T, answer http.HandlerFunc) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost {
			t.Errorf("%s: %v", r.Method, err)
		}
		s.mu.Lock()
		s.got = append(s.got, pushed{r.URL.Path, r.Header, body})
		s.mu.Unlock()
		answer(w, r)
	}))
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *service) pushes() []pushed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}
