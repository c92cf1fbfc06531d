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

// The variants of a file: what was uploaded, and a small picture made of it.
const (
	original  = "original"
	thumbnail = "thumbnail"
)

// signer makes addresses of contents that are good for a while without a key.
type signer struct {
	url    string
	secret []byte
	clock  clock.Clock
}

func newSecret() string { return rand.Text() + rand.Text() } // 260 bits

// mac signs what an address is for. Each part is preceded by its length, so that no two lists
// of parts are the same bytes.
func (s signer) mac(orgID, id, variant string, expires int64) []byte {
	h := hmac.New(sha256.New, s.secret)
	for _, part := range []string{orgID, id, variant, strconv.FormatInt(expires, 10)} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// address gives an address of a variant of a file that is good for a while.
func (s signer) address(orgID, id, variant string, lifetime time.Duration) string {
	expires := s.clock.Now().Add(lifetime).Unix()
	last := map[string]string{original: "content", thumbnail: "thumbnail"}[variant]
	return fmt.Sprintf("%s/api/media/%s/%s?org=%s&expires=%d&signature=%s",
		s.url, url.PathEscape(id), last, url.QueryEscape(orgID), expires, base64.RawURLEncoding.EncodeToString(s.mac(orgID, id, variant, expires)))
}

// signed is what an address of a file says.
type signed struct {
	orgID, id, variant string
	expires            int64
	signature          string
}

// valid reports whether an address was made here and is still good.
func (s signer) valid(a signed) bool {
	sent, err := base64.RawURLEncoding.Strict().DecodeString(a.signature)
	return err == nil && hmac.Equal(sent, s.mac(a.orgID, a.id, a.variant, a.expires)) && s.clock.Now().Unix() < a.expires
}
