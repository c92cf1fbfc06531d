// Package seal keeps secrets of others, such as the tokens of an identity provider, so that the
// database or a backup of it alone does not give them away: AES-256-GCM, with keys that are in a
// file beside the data (docs/adr/0017).
//
// What is sealed is bound to a context, such as the row it belongs to: moved elsewhere it cannot
// be opened. The first key seals; all keys open. To change the key, put a new line first and keep
// the old ones until what they sealed has been sealed again: Open and Prefix say what that is due for.
package seal

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// KeySize is the number of bytes of a key.
const KeySize = 32

const (
	format = 1 // the first byte of what is sealed
	idSize = 8 // of a key's name behind it
)

// ErrUnreadable says that something was sealed with a key that is not there, for another context,
// or was changed.
var ErrUnreadable = errors.New("seal: cannot be opened with these keys")

// Keys seal and open. The zero value does neither.
type Keys struct{ list []key }

type key struct {
	id   [idSize]byte
	aead cipher.AEAD
}

// New makes a key that nobody else has.
func New() Keys {
	raw := make([]byte, KeySize)
	_, _ = rand.Read(raw) // does not fail
	k, err := Parse(raw)
	if err != nil {
		panic(err) // the length is right
	}
	return k
}

// Parse makes keys of raw ones, the one to seal with first.
func Parse(raw ...[]byte) (Keys, error) {
	var k Keys
	for _, r := range raw {
		if len(r) != KeySize {
			return Keys{}, fmt.Errorf("a key has %d bytes; one has %d", KeySize, len(r))
		}
		block, err := aes.NewCipher(r)
		if err != nil {
			return Keys{}, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return Keys{}, err
		}
		name := sha256.Sum256(append([]byte("workdrive key "), r...))
		k.list = append(k.list, key{[idSize]byte(name[:]), aead})
	}
	return k, nil
}

// Load reads the keys of a file: one a line, in base64; empty lines and those that begin with #
// do not count. A file that is not there is made with a new key when create says so.
func Load(path string, create bool) (Keys, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if errors.Is(err, fs.ErrNotExist) && create {
		if text, err = newFile(path); err != nil {
			return Keys{}, err
		}
	}
	if err != nil {
		return Keys{}, err
	}
	var raw [][]byte
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(r) != KeySize {
			return Keys{}, fmt.Errorf("%s, line %d: a key is %d bytes in base64, such as head -c %[3]d /dev/urandom | base64 gives", path, n, KeySize)
		}
		raw = append(raw, r)
	}
	if len(raw) == 0 {
		return Keys{}, fmt.Errorf("%s has no key: put in what head -c %d /dev/urandom | base64 gives", path, KeySize)
	}
	return Parse(raw...)
}

// newFile makes a file with a new key, for its owner alone, and gives its text. Of several that do
// so at once one makes it, and the others read that.
func newFile(path string) ([]byte, error) {
	raw := make([]byte, KeySize)
	_, _ = rand.Read(raw) // does not fail
	text := []byte("# The key of WorkDrive's secrets. Without it they must be entered again; keep a copy apart from backups of the data.\n" +
		base64.StdEncoding.EncodeToString(raw) + "\n")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // the file has its own name by then
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path) //nolint:gosec // as above
}

// IsZero reports that there are no keys.
func (k Keys) IsZero() bool { return len(k.list) == 0 }

// Prefix is how everything begins that the first key has sealed, and nothing that another has.
func (k Keys) Prefix() string {
	return base64.RawStdEncoding.EncodeToString(append([]byte{format}, k.list[0].id[:]...)) // whole groups of three bytes
}

// Several reports that there are older keys, too.
func (k Keys) Several() bool { return len(k.list) > 1 }

// String shows nothing.
func (Keys) String() string { return "keys" }

// GoString shows nothing.
func (Keys) GoString() string { return "keys" }

// LogValue shows nothing.
func (Keys) LogValue() slog.Value { return slog.StringValue("keys") }

// Seal gives a secret as text to keep, bound to a context.
func (k Keys) Seal(secret, context string) string {
	first := k.list[0]
	out := append([]byte{format}, first.id[:]...)
	out = first.aead.Seal(out, nil, []byte(secret), bound(out, context)) //nolint:gosec // the nonce is random, and not ours to give
	return base64.RawStdEncoding.EncodeToString(out)
}

// Open gives back what was sealed for a context. stale says that it was sealed with an older key:
// seal it again. Whatever cannot be opened is ErrUnreadable.
func (k Keys) Open(sealed, context string) (secret string, stale bool, err error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < 1+idSize || raw[0] != format {
		return "", false, ErrUnreadable
	}
	head := raw[:1+idSize]
	for i, key := range k.list {
		if [idSize]byte(head[1:]) != key.id {
			continue
		}
		plain, err := key.aead.Open(nil, nil, raw[1+idSize:], bound(head, context))
		if err != nil {
			return "", false, ErrUnreadable
		}
		return string(plain), i > 0, nil
	}
	return "", false, ErrUnreadable
}

// bound is what is authenticated beside the secret.
func bound(head []byte, context string) []byte { return append(append([]byte{}, head...), context...) }
