package media

import (
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/filetype"
)

// noun is the type of object in rules and error codes.
const noun = "media"

// The states of a file.
const (
	pending = "PENDING" // its bytes are still to come
	ready   = "READY"
	refused = "REFUSED" // its bytes are not what they were announced as
)

// Limits.
const (
	uploadTime = blob.MaxExpires
	addressFor = 5 * time.Minute
	playedFor  = 6 * time.Hour // players come back for every part
	keepUnused = 24 * time.Hour
)

// Media is one file as stored.
type Media struct {
	ID         string
	OwnerID    string
	ModuleCode int
	Name       string
	Declared   string
	State      string
	Reason     string
	Mime       string
	Size       int64
	ETag       string
	Width      int // of a picture or film, as shown; 0 is not known
	Height     int
	Duration   int64  // of a film, ms; 0 is not known
	Thumbnail  string // its media type; "" while there is none
	Played     string // of a film, what browsers play: original or rendition; "" while there is none
	Stream     string // the playlist of a film's stream; "" while there is none
	Processing string // processing, skipped or failed; "" when all is done
	CreatedAt  int64  // ms
}

// key is where the bytes of a file are.
func key(orgID, id string) string { return blob.Key(orgID, id, original) }

// Draft announces a file.
type Draft struct {
	Mime       string
	Name       string
	ModuleCode int
}

// check makes the name harmless and reports what cannot be used.
func (d *Draft) check() (family, error) {
	var bad fault.Fields
	d.Mime = strings.ToLower(strings.TrimSpace(d.Mime))
	f, ok := familyOf(d.Mime)
	if !ok {
		bad.Add("?mime", "media.mimeUnknown", "Files of this type cannot be uploaded. Allowed: "+allowed()+".")
	}
	if strings.TrimSpace(d.Name) == "" {
		bad.Add("?name", "field.required", "The file needs a name.")
	}
	d.Name = filetype.CleanName(d.Name)
	return f, bad.Err()
}

// shownAs is the type that answers tell: of what the bytes are, or, where that says little, of
// what they were announced as.
func (m Media) shownAs() string {
	if m.Mime == "" || slices.Contains(containers, m.Mime) {
		return m.Declared
	}
	return m.Mime
}
