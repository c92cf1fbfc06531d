package media

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/clock"
)

// The variants of a file: what was uploaded, a small picture made of it, and the parts that a
// film is played from, all of them with one signature.
const (
	original  = "original"
	thumbnail = "thumbnail"
	played    = "film"
)

// signer makes addresses of contents that are good for a while without a key.
type signer struct {
	url    string
	secret []byte
	clock  clock.Clock
}

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
	last := map[string]string{original: "content", thumbnail: "thumbnail", rendition: "film/" + rendition, playlist: "film/" + playlist}[variant]
	if variant == rendition || variant == playlist {
		variant = played
	}
	expires := s.clock.Now().Add(lifetime).Unix()
	a := signed{orgID, id, variant, expires, base64.RawURLEncoding.EncodeToString(s.mac(orgID, id, variant, expires))}
	return fmt.Sprintf("%s/api/media/%s/%s?%s", s.url, url.PathEscape(id), last, a.query())
}

// signed is what an address of a file says.
type signed struct {
	orgID, id, variant string
	expires            int64
	signature          string
}

// query is what the address has behind the path.
func (a signed) query() string {
	return fmt.Sprintf("org=%s&expires=%d&signature=%s", url.QueryEscape(a.orgID), a.expires, url.QueryEscape(a.signature))
}

// valid reports whether an address was made here and is still good.
func (s signer) valid(a signed) bool {
	sent, err := base64.RawURLEncoding.Strict().DecodeString(a.signature)
	return err == nil && hmac.Equal(sent, s.mac(a.orgID, a.id, a.variant, a.expires)) && s.clock.Now().Unix() < a.expires
}
