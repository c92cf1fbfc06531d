package media

import (
	"mime"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// family is a kind of file: what may be announced as it, how large it may be, and what its
// bytes must be.
type family struct {
	name     string
	declared []string
	limit    int64
	holds    func(found *mimetype.MIME) bool
}

// Sizes in bytes.
const (
	kib = 1 << 10
	mib = kib << 10
	gib = mib << 10
)

// families are the files that can be uploaded. A film and a sound are often the same kind of
// file with and without a picture, so either may be what the other was announced as.
var families = []family{
	{"image", []string{
		"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/heic", "image/heif", "image/bmp", "image/tiff",
	}, 32 * mib, is("image/")},
	{"video", []string{"video/mp4", "video/webm", "video/quicktime", "video/x-matroska", "video/x-msvideo", "video/mpeg"}, 4 * gib, is("video/", "audio/")},
	{"audio", []string{
		"audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg", "audio/wav", "audio/webm", "audio/flac", "audio/x-m4a",
	}, 256 * mib, is("audio/", "video/", "application/ogg")},
	{"text", []string{"text/plain", "text/csv", "text/markdown", "application/rtf"}, 16 * mib, is("text/")},
	{"pdf", []string{"application/pdf"}, 128 * mib, is("application/pdf")},
	{"document", []string{
		"application/msword", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.ms-powerpoint", "application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"application/vnd.ms-excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.presentation", "application/vnd.oasis.opendocument.spreadsheet",
	}, 128 * mib, is("application/zip", "application/x-ole-storage")},
	{"archive", []string{"application/zip"}, 512 * mib, is("application/zip")},
}

// is holds for bytes of a type, or of one that is a special case of it: "image/" for all
// whose name begins so. Drawings made of text, such as SVG, are text.
func is(types ...string) func(found *mimetype.MIME) bool {
	return func(found *mimetype.MIME) bool {
		text := isText(found)
		for m := found; m != nil; m = m.Parent() {
			if slices.ContainsFunc(types, func(t string) bool {
				return bare(m.String()) == t || strings.HasSuffix(t, "/") && strings.HasPrefix(m.String(), t) && text == (t == "text/")
			}) {
				return true
			}
		}
		return false
	}
}

func isText(found *mimetype.MIME) bool {
	for m := found; m != nil; m = m.Parent() {
		if strings.HasPrefix(m.String(), "text/") {
			return true
		}
	}
	return false
}

func bare(mediaType string) string {
	t, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return mediaType
	}
	return t
}

// familyOf finds the family that files announced as a type are of.
func familyOf(declared string) (family, bool) {
	for _, f := range families {
		if slices.Contains(f.declared, declared) {
			return f, true
		}
	}
	return family{}, false
}

// allowed lists the types that can be announced.
func allowed() string {
	var list []string
	for _, f := range families {
		list = append(list, f.declared...)
	}
	return strings.Join(list, ", ")
}

// shown are the types a browser may show rather than save: nothing in such a file runs.
var shown = []string{
	"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp",
	"video/mp4", "video/webm",
	"audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/aac", "audio/ogg", "audio/wav", "audio/webm", "audio/flac",
	"text/plain",
}

// containers are what the beginning of many a document shows: the type it was announced as
// says more.
var containers = []string{"application/zip", "application/x-ole-storage", "text/plain"}

// sniffed is how many of a file's first bytes are looked at.
const sniffed = 3 * kib
