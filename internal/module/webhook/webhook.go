package webhook

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	mrand "math/rand/v2"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Limits.
const (
	maxWebhooks   = 200 // of an organization
	maxHooks      = 20  // of a group chat
	maxName       = 100 // characters
	maxURL        = 2048
	maxDeliveries = 100 // shown
	secretBytes   = 32
)

// Times.
const (
	giveUpAfter    = 3 * 24 * time.Hour
	deliveriesKept = 30 * 24 * time.Hour
)

// waits are the times between attempts.
var waits = [...]time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// waitAfter is how long to wait after so many attempts; false when that was the last.
func waitAfter(attempts int) (time.Duration, bool) {
	if attempts > len(waits) {
		return 0, false
	}
	w := waits[attempts-1]
	return w*4/5 + mrand.N(w*2/5), true //nolint:gosec // spreads load, protects nothing
}

// Webhook is where a program is told of what happens.
type Webhook struct {
	ID, OwnerID, Name, URL string
	Types, Scopes          []string
	Secret                 string // of a new one, and of one whose secret was replaced just now; "" otherwise
	sealed                 string
	Active                 bool
	Reason                 *string
	FailingSince           *int64
	From                   bus.Position
	Version                int64
	CreatedAt, UpdatedAt   int64
}

// owner is the webhook's owner as far as it is told what they see.
func (w Webhook) owner(orgID string) authz.Actor {
	return authz.Actor{OrgID: orgID, UserID: w.OwnerID, Scopes: w.Scopes}
}

// Draft is what a client sends to make a webhook.
type Draft struct {
	Name  string      `json:"name" required:"true" minLength:"1" maxLength:"100" doc:"What it is for"`
	URL   string      `json:"url" required:"true" minLength:"1" maxLength:"2048" doc:"Public address that takes the events, http or https"`
	Types api.Strings `json:"types,omitempty" maxItems:"50" doc:"Only these types, such as post.* or comment.created; all unless given"`
}

// Change is what a client sends to change a webhook. Absent fields stay.
type Change struct {
	Name   api.Patch[string]      `json:"name,omitzero" maxLength:"100" doc:"What it is for"`
	URL    api.Patch[string]      `json:"url,omitzero" maxLength:"2048" doc:"Public address that takes the events"`
	Types  api.Patch[api.Strings] `json:"types,omitzero" doc:"Only these types; null for all"`
	Active api.Patch[bool]        `json:"active,omitzero" doc:"Whether it is told anything; switching it on again begins with what happens then"`
}

// Delivery is one event on its way to a webhook.
type Delivery struct {
	ID, WebhookID, Type, Body, State string
	Attempts                         int
	Status                           *int
	Error                            *string
	CreatedAt                        int64
	NextAt, FinishedAt               *int64
}

// The states of a delivery.
const (
	pending   = "PENDING"
	delivered = "DELIVERED"
	failed    = "FAILED"
)

// Hook is an address at which a program writes in a group chat.
type Hook struct {
	ID, ConversationID, Name, CreatedBy string
	CreatedAt                           int64
	LastUsedAt                          *int64
}

// newSecret makes a secret as the specification wants it.
func newSecret() string {
	random := make([]byte, secretBytes)
	_, _ = rand.Read(random) // never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(random)
}

// sealedFor is the context that the secret of a webhook is sealed for.
func sealedFor(id string) string { return "webhook secret " + id }

// newHookSecret makes the secret of an address, 260 bits.
func newHookSecret() string { return strings.ToLower(rand.Text() + rand.Text()) }

// hashOf is the stored form of such a secret. It needs no salt: the secret is random.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func checkName(name string, bad *fault.Fields) {
	if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
		bad.Addf("/name", "webhook.name", "A name has 1 to %d characters, none of them a control character.", maxName)
	}
}
