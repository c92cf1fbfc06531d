package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"
	"unicode"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Lifetimes and limits.
const (
	idleLifetime   = 7 * 24 * time.Hour  // of a session that nobody uses
	Lifetime       = 30 * 24 * time.Hour // of a session at most
	factorLifetime = 10 * time.Minute    // between the password and the code
	inviteLifetime = 7 * 24 * time.Hour
	resetLifetime  = time.Hour
	// BrowserLifetime is how long a browser is known after it was last signed in with.
	BrowserLifetime = 365 * 24 * time.Hour

	seenEvery       = 5 * time.Minute // how exactly it is known when a session was last used
	maxCodeAttempts = 5               // wrong codes until the password is asked for again
	maxSessions     = 50              // of one person; a new one ends the oldest
	maxBrowsers     = 20              // that are known of one person
	maxAgent        = 200
	maxInput        = 1024 // bytes of what is compared: longer is wrong without a look
)

// Session is a browser that is signed in.
type Session struct {
	ID        string
	Agent     string // what the browser calls itself
	Network   string // where it signed in from
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// Attempt is what somebody who signs in sends.
type Attempt struct {
	Organization string // subdomain; "" is the root organization
	Email        string
	Password     string
	Client       Client
}

// Client is the browser of a request.
type Client struct {
	Agent   string
	Address string // as net/http gives it, or of a proxy that is trusted
	Browser string // the cookie by which a browser is known, "" for none
}

// Opened is a new session with its secrets, for the cookies of the browser.
type Opened struct {
	Secret    string
	Browser   string // "" to leave the cookie alone
	NeedsCode bool   // the session opens nothing until Verify
	ExpiresAt time.Time
}

// newSecret gives 256 random bits as text.
func newSecret() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// hashOf is the stored form of a secret. It needs no salt: the secret is random.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// agentOf cuts what a browser calls itself to what is kept.
func agentOf(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > maxAgent {
		s = string(r[:maxAgent])
	}
	return s
}

// What is told to somebody who signs in.
var (
	errWrong = fault.New(fault.KindUnauthenticated, "signIn.wrong",
		"The e-mail address or the password is wrong.")
	errCode = fault.New(fault.KindUnauthenticated, "signIn.wrongCode",
		"The code is wrong or was used already. Take the newest one of your app.")
	errCodeOver = fault.New(fault.KindUnauthenticated, "signIn.again",
		"Sign in again: too many codes were wrong, or it took too long.")
	errBlocked   = fault.Forbidden("signIn.blocked", "Your account is blocked. Ask an administrator of your organization.")
	errSuspended = fault.Forbidden("org.suspended", "Your organization is suspended.")
	errNoSession = fault.New(fault.KindUnauthenticated, "session.ended", "You are signed out. Sign in again.")
	errLink      = fault.New(fault.KindNotFound, "link.invalid", "This link was used already, has expired or was replaced by a newer one. Ask for a new one.")
)
