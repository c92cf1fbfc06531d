// Package ids makes and reads the identifiers WorkDrive shows to the world:
// UUIDv7 (RFC 9562) for objects and opaque cursors for paging.
package ids

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/google/uuid"
)

// New makes a UUIDv7 in its lower-case text form. Ids made by one process sort by
// the time they were made.
func New() string { return uuid.Must(uuid.NewV7()).String() }

// Valid reports whether s is a UUID of any version in its 36-character text form.
func Valid(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// ErrCursor says that a cursor was not made by this program, or was changed.
var ErrCursor = errors.New("the cursor is not one this server gave out")

const cursorSumLen = 6

// EncodeCursor makes an opaque paging cursor of a JSON-encodable position. A cursor
// says where to go on, never what may be seen: every query it continues applies the
// caller's visibility again.
func EncodeCursor(position any) string {
	body, err := json.Marshal(position)
	if err != nil {
		panic("ids: cursor position cannot be encoded: " + err.Error())
	}
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(append(sum[:cursorSumLen:cursorSumLen], body...))
}

// DecodeCursor reads a cursor into position, or gives ErrCursor.
func DecodeCursor(cursor string, position any) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) <= cursorSumLen {
		return ErrCursor
	}
	body := raw[cursorSumLen:]
	sum := sha256.Sum256(body)
	if string(sum[:cursorSumLen]) != string(raw[:cursorSumLen]) || hasNUL(body) || json.Unmarshal(body, position) != nil {
		return ErrCursor
	}
	return nil
}

// hasNUL reports that a JSON text holds a NUL, which no position has and PostgreSQL refuses.
// The sum finds accidents only: anybody may compute it.
func hasNUL(body []byte) bool {
	return bytes.Contains(bytes.ReplaceAll(body, []byte(`\\`), nil), []byte(`\u0000`))
}
