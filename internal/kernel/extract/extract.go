// Package extract takes the plain text out of documents, for search: PDF, DOCX, PPTX and text
// files. It gives words in reading order, not their looks.
//
// Documents come from strangers. What is read, unpacked and given out is bounded, whatever the
// document says of its size; XML knows no entities but its own five; and a PDF is read in a
// process of its own, because the library that reads it can be made to panic, to recurse until
// the stack is full, which no Go program survives, or never to end. That process is this
// program, started with a command that calls Child: without environment, with the document as
// its input, limits of time, stack and memory, and killed when its time is up.
//
// It owns no tables and emits no events. The text is as secret as the document.
package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxText is how many bytes of text are given; what follows is left out, which is no error.
const MaxText = 1 << 20

var (
	// ErrUnsupported says that text is not taken out of files of the type.
	ErrUnsupported = errors.New("text is taken out of PDF, DOCX, PPTX and text files only")
	// ErrDamaged says that a document is damaged, encrypted, or not of its type.
	ErrDamaged = errors.New("the document cannot be read: it is damaged or encrypted")
	// ErrTooLarge says that reading a document would take too much memory or time.
	ErrTooLarge = errors.New("the document is too large or too complicated to be searched")
)

// Extractor takes text out of documents.
type Extractor struct {
	child []string
	time  time.Duration
}

// defaultTime is for the reading of one document.
const defaultTime = 30 * time.Second

// New makes an extractor. child is the command that runs Child: this program's path, and the
// argument that has it do so.
func New(child ...string) *Extractor { return &Extractor{child: child, time: defaultTime} }

// readers are the types text is taken out of.
var readers = map[string]func(*Extractor, context.Context, io.ReaderAt, int64, *text) error{
	"application/pdf": (*Extractor).pdf,
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   docx,
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": pptx,
	"text/plain":                plain,
	"text/markdown":             plain,
	"text/csv":                  plain,
	"text/tab-separated-values": plain,
}

// Supports reports whether text is taken out of files of a type, as kernel/filetype gives it.
func Supports(mime string) bool { return readers[mime] != nil }

// Text gives the text of a document: UTF-8, at most MaxText bytes, words separated by one space
// or line feed, without control characters.
func (e *Extractor) Text(ctx context.Context, r io.ReaderAt, size int64, mime string) (string, error) {
	read := readers[mime]
	if read == nil {
		return "", ErrUnsupported
	}
	within, cancel := context.WithTimeout(ctx, e.time)
	defer cancel()
	var out text
	err := read(e, within, r, size, &out)
	switch {
	case err == nil || errors.Is(err, errFull):
		return out.String(), nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case within.Err() != nil, errors.Is(err, ErrTooLarge):
		return "", ErrTooLarge
	}
	return "", fmt.Errorf("%w (%w)", ErrDamaged, err)
}

// errFull ends the reading of a document of which there is text enough.
var errFull = errors.New("there is enough text")

// text collects words. Spaces are written when a word follows, and so never at an end.
type text struct {
	strings.Builder
	space byte // what is owed: a space, a line feed or nothing
}

// write adds a part of a document, which may begin and end within a word.
func (t *text) write(s string) error {
	for _, c := range s {
		switch {
		case c == '\n' || c == '\r' || c == '\u2028' || c == '\u2029':
			t.owe('\n')
		case unicode.IsSpace(c):
			t.owe(' ')
		case unicode.IsControl(c) || c == utf8.RuneError:
		default:
			owed := min(int(t.space), 1)
			if t.Len()+owed+utf8.RuneLen(c) > MaxText {
				return errFull
			}
			if owed > 0 {
				t.WriteByte(t.space)
				t.space = 0
			}
			t.WriteRune(c)
		}
	}
	return nil
}

// owe notes a separation; a line feed outweighs a space.
func (t *text) owe(space byte) {
	if t.Len() > 0 && t.space != '\n' {
		t.space = space
	}
}

// bounded reads a file until the context ends, and no more than so many bytes.
type bounded struct {
	ctx  context.Context
	r    io.ReaderAt
	left int64
}

func (b *bounded) ReadAt(p []byte, at int64) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, ErrTooLarge
	}
	return b.r.ReadAt(p, at)
}
