package media

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/clock"
)

// original is the variant of a file that was uploaded; there are no others yet.
const original = "original"

// signer makes addresses of contents that are good for a while without a key.
type signer struct {
	url    string
	secret []byte
	clock  clock.Clock
}

func newSecret() string { return rand.Text() + rand.Text() } // 260 bits

// mac signs what an address is for. Each part is preceded by its length, so that no two lists
// of parts are the same bytes.
func (s signer) mac(orgID, id string, expires int64) []byte {
	h := hmac.New(sha256.New, s.secret)
	for _, part := range []string{orgID, id, original, strconv.FormatInt(expires, 10)} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// address gives an address of the content of a file that is good for a while.
func (s signer) address(orgID, id string, lifetime time.Duration) string {
	expires := s.clock.Now().Add(lifetime).Unix()
	return fmt.Sprintf("%s/api/media/%s/content?org=%s&expires=%d&signature=%s",
		s.url, url.PathEscape(id), url.QueryEscape(orgID), expires, base64.RawURLEncoding.EncodeToString(s.mac(orgID, id, expires)))
}

// valid reports whether a signature was made for a file and is still good.
func (s signer) valid(orgID, id string, expires int64, signature string) bool {
	sent, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	return err == nil && hmac.Equal(sent, s.mac(orgID, id, expires)) && s.clock.Now().Unix() < expires
}
