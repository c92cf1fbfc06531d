package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// AccessName is the name of the key that generate-access makes and replaces.
const AccessName = "API Access"

// Limits.
const (
	maxName      = 100
	maxScopes    = 50
	maxLifetime  = 10 * 365 * 24 * time.Hour
	prefixLength = 8
)

// Token is a key as stored: everything but the secret.
type Token struct {
	ID         string
	UserID     string
	Name       string
	Prefix     string
	Scopes     []string
	CreatedAt  int64
	CreatedBy  string
	ExpiresAt  *int64
	LastUsedAt *int64
}

// Draft is what a client sends to make a key.
type Draft struct {
	Name      string      `json:"name" required:"true" minLength:"1" maxLength:"100" doc:"What the key is for"`
	UserID    string      `json:"userId,omitempty" doc:"Whose key; your own unless given, and others' only with tokens:manage"`
	Scopes    api.Strings `json:"scopes,omitempty" maxItems:"50" doc:"What it may do, such as posts:read, posts:* or *:read; everything unless given"`
	ExpiresAt *api.Time   `json:"expiresAt,omitempty" doc:"When it ends; never unless given"`
}

var alphabet = base32.StdEncoding.WithPadding(base32.NoPadding)

const (
	secretPrefix = "wd_"
	randomBytes  = 20 // 160 bits, 32 characters
	sumBytes     = 5  // 8 characters
)

// newSecret makes a key: prefix, 160 random bits, and a checksum of them.
func newSecret() string {
	random := make([]byte, randomBytes)
	_, _ = rand.Read(random) // never fails
	return secretPrefix + strings.ToLower(alphabet.EncodeToString(append(random, checksum(random)...)))
}

func checksum(random []byte) []byte {
	sum := sha256.Sum256(random)
	return sum[:sumBytes]
}

// wellFormed reports whether a key can have been made by newSecret.
func wellFormed(secret string) bool {
	text, ok := strings.CutPrefix(secret, secretPrefix)
	if !ok || len(text) != alphabet.EncodedLen(randomBytes+sumBytes) {
		return false
	}
	raw, err := alphabet.DecodeString(strings.ToUpper(text))
	return err == nil && string(raw[randomBytes:]) == string(checksum(raw[:randomBytes]))
}

// hashOf is the stored form of a key. It needs no salt: the key is random.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

var scopeForm = regexp.MustCompile(`^(\*|([a-z]+|\*):(read|write|\*))$`)

// check reports everything that is wrong with a draft at a time. nouns are what scopes can
// name.
func (d Draft) check(now time.Time, nouns []string, bad *fault.Fields) {
	if strings.TrimSpace(d.Name) == "" || utf8.RuneCountInString(d.Name) > maxName || strings.ContainsFunc(d.Name, unicode.IsControl) {
		bad.Addf("/name", "token.name", "A key needs a name of at most %d characters, none of them a control character.", maxName)
	}
	if len(d.Scopes) > maxScopes {
		bad.Addf("/scopes", "field.tooMany", "A key has at most %d scopes.", maxScopes)
	}
	for i, s := range d.Scopes {
		noun, _, _ := strings.Cut(s, ":")
		switch {
		case !scopeForm.MatchString(s):
			bad.Addf("/scopes/"+strconv.Itoa(i), "token.scope", "%q is not a scope: write noun:read, noun:write, noun:*, *:read or *.", s)
		case noun != "*" && !slices.Contains(nouns, noun):
			bad.Addf("/scopes/"+strconv.Itoa(i), "token.scope", "%q names nothing there is. Allowed nouns: %s.", s, strings.Join(nouns, ", "))
		}
	}
	if d.ExpiresAt != nil {
		if at := time.Time(*d.ExpiresAt); !at.After(now) || at.After(now.Add(maxLifetime)) {
			bad.Add("/expiresAt", "token.expiresAt", "expiresAt must be in the future, at most ten years away.")
		}
	}
}

// covers reports whether an actor's key covers every scope asked for; none asked for means
// everything.
func covers(who authz.Actor, scopes []string) bool {
	if len(scopes) == 0 {
		return who.Within("*")
	}
	return !slices.ContainsFunc(scopes, func(s string) bool { return !who.Within(s) })
}
