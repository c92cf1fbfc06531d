// Package filetype says what a file is, from its first bytes rather than from what somebody
// calls it: its type, its kind, whether it is what it was announced as, and whether a browser
// may show it. It also makes file names harmless (name.go).
//
// Bytes are believed where they have a signature. A file without one (plain text, an archive
// that may be a document, bytes nobody knows) may be the special case it was announced as,
// but never one that a browser would run.
//
// It owns no tables, emits no events and decides nothing about who may read a file.
package filetype

import (
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// HeadBytes is how many of a file's first bytes are looked at; more do no harm.
const HeadBytes = 3 << 10

// Kind is what a file is to people.
type Kind string

// The kinds of files.
const (
	Image    Kind = "image"
	Video    Kind = "video"
	Audio    Kind = "audio"
	Document Kind = "document" // office documents and PDF
	Text     Kind = "text"     // whatever reads as text, markup and drawings in SVG among it
	Other    Kind = "other"
)

// Type is what a file is.
type Type struct {
	MIME   string // without parameters: "image/png"
	Kind   Kind
	Inline bool // whether a browser may show it: nothing in such a file runs
}

// MismatchError says that a file's bytes are not what it was announced as.
type MismatchError struct{ Declared, Found string }

// Error says both types, in a sentence for people.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("the file was announced as %s, but its content is %s", e.Declared, e.Found)
}

// Sniff says what a file with these first bytes is; "application/octet-stream" when nobody knows.
func Sniff(head []byte) Type { return typeOf(detect(head)) }

// Check says what a file is that was announced as a type. The answer is never vaguer than the
// bytes: it is the announced type only where that is a special case of what was found. An
// announced type that says nothing ("", "application/octet-stream") is no mismatch.
func Check(declared string, head []byte) (Type, error) {
	found := detect(head)
	announced := bare(declared)
	switch {
	case announced == octets || isA(found, announced) || sameContainer(found, announced):
		return typeOf(found), nil
	case specializes(announced, found):
		return Type{MIME: announced, Kind: kindOf(announced, found)}, nil
	}
	return Type{}, &MismatchError{Declared: announced, Found: bare(found.String())}
}

const octets = "application/octet-stream"

func detect(head []byte) *mimetype.MIME { return mimetype.Detect(head[:min(len(head), HeadBytes)]) }

func typeOf(found *mimetype.MIME) Type {
	name := bare(found.String())
	return Type{MIME: name, Kind: kindOf(name, found), Inline: slices.Contains(inline, name)}
}

// inline are the types a browser may show: pictures of pixels, films and sound. Everything
// else is saved, above all what can hold scripts: HTML, XML, SVG and PDF.
var inline = []string{
	"image/jpeg", "image/png", "image/apng", "image/gif", "image/webp", "image/avif", "image/bmp",
	"video/mp4", "video/webm",
	"audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/aac", "audio/ogg", "audio/wav", "audio/webm", "audio/flac",
}

// documents are the types of documents, by their beginnings.
var documents = []string{
	"application/pdf", "application/msword", "application/rtf", "text/rtf", "application/epub+zip",
	"application/vnd.ms-excel", "application/vnd.ms-powerpoint", "application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.",
}

func kindOf(name string, found *mimetype.MIME) Kind {
	startsLike := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
	switch {
	case slices.ContainsFunc(documents, startsLike):
		return Document
	case isA(found, "text/plain") || startsLike("text/"): // before pictures: SVG is text
		return Text
	case startsLike("image/"):
		return Image
	case startsLike("video/"):
		return Video
	case startsLike("audio/"), name == "application/ogg":
		return Audio
	}
	return Other
}

// isA reports whether what was found is of a type, by any of its names, or a special case of it.
func isA(found *mimetype.MIME, name string) bool {
	for m := found; m != nil; m = m.Parent() {
		if m.Is(name) {
			return true
		}
	}
	return false
}

// containers hold a film or a sound, and only reading all of it would tell which; MP4 and
// QuickTime are two generations of one.
var containers = [][]string{
	{"video/mp4", "audio/mp4", "audio/x-m4a", "video/x-m4v", "video/quicktime", "video/3gpp", "video/3gpp2", "audio/3gpp"},
	{"video/webm", "audio/webm", "video/matroska", "video/x-matroska", "audio/x-matroska"},
	{"application/ogg", "audio/ogg", "video/ogg"},
	{"image/heic", "image/heif"},
}

func sameContainer(found *mimetype.MIME, announced string) bool {
	return slices.ContainsFunc(containers, func(c []string) bool {
		return slices.Contains(c, announced) && slices.Contains(c, bare(found.String()))
	})
}

// specializes reports whether an announced type is one that its first bytes need not tell from
// what was found, and that can do no harm.
func specializes(announced string, found *mimetype.MIME) bool {
	starts := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(announced, p) })
	}
	switch bare(found.String()) {
	case "application/zip":
		return starts("application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.", "application/epub+zip")
	case "application/x-ole-storage":
		return starts("application/msword", "application/vnd.ms-")
	case "text/plain":
		return starts("text/", "application/json") && !runs(announced)
	case "text/csv", "text/tab-separated-values": // a guess of what is text with some commas
		return starts("text/plain", "text/csv", "text/markdown", "text/tab-separated-values")
	case octets:
		// Types that have a signature would have been found.
		return mimetype.Lookup(announced) == nil && !starts("image/", "video/", "audio/", "text/") && !runs(announced)
	}
	return false
}

// runs reports whether a browser runs what is in files of a type.
func runs(name string) bool {
	return strings.Contains(name, "html") || strings.Contains(name, "xml") || strings.Contains(name, "script") || strings.Contains(name, "svg")
}

// bare is a type in small letters, without parameters.
func bare(name string) string {
	if t, _, err := mime.ParseMediaType(name); err == nil {
		return t
	}
	return octets
}
