package disk

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"regexp"
	"strings"
	"unicode"
)

// Limits of a form besides its file, as S3 has them.
const (
	maxFields     = 20 << 10 // bytes of names and values together
	maxHeader     = 4 << 10  // bytes of one header line of a part
	maxHeaders    = 16       // header lines of one part
	maxBoundary   = 70       // RFC 2046
	window        = 64 << 10 // what is read ahead
	fileField     = "file"
	fieldOverhead = 64 // counted for each field, so that many empty ones are too many as well
)

// errForm says that a body is not a form as S3 wants it: fields, then the file, then nothing.
var errForm = errors.New("the body is not multipart/form-data with the file as its last part")

// errFields says that the fields are too large together.
var errFields = errors.New("the form's fields are larger than 20 KiB")

// form reads multipart/form-data (RFC 7578) in a fixed amount of memory. mime/multipart is
// lenient where two readers of one form could disagree: it skips a preamble, accepts bare line
// feeds, and cannot tell what follows the last boundary.
type form struct {
	in        *bufio.Reader
	delimiter []byte // ends a part: CRLF, two dashes, boundary
	read      int64  // bytes taken from in
	begun     bool   // a byte of the current part was read
	ended     bool   // the current part's delimiter was read
}

func newForm(r io.Reader, boundary string) (*form, error) {
	if boundary == "" || len(boundary) > maxBoundary {
		return nil, errForm
	}
	return &form{in: bufio.NewReaderSize(r, window), delimiter: []byte("\r\n--" + boundary)}, nil
}

// fields reads the parts before the file, by lower-case name, and leaves the form at the
// file's first byte.
func (f *form) fields() (map[string]string, error) {
	line, err := f.line()
	if err != nil || line != string(f.delimiter[2:]) {
		return nil, errors.Join(errForm, err)
	}
	found := map[string]string{}
	size := 0
	for {
		name, err := f.header()
		if err != nil {
			return nil, err
		}
		if name == fileField {
			return found, nil
		}
		if _, twice := found[name]; twice {
			return nil, errForm
		}
		size += len(name) + fieldOverhead
		if size > maxFields {
			return nil, errFields
		}
		value, err := io.ReadAll(io.LimitReader(f.part(), int64(maxFields-size+1)))
		if err != nil {
			return nil, err
		}
		if size += len(value); size > maxFields {
			return nil, errFields
		}
		found[name] = string(value)
		if line, err := f.line(); err != nil || line != "" { // "--" would end a form without a file
			return nil, errors.Join(errForm, err)
		}
	}
}

var fieldName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// header reads a part's header and gives its name in lower case.
func (f *form) header() (name string, err error) {
	f.begun, f.ended = false, false
	named := false
	for range maxHeaders {
		line, err := f.line()
		if err != nil {
			return "", err
		}
		if line == "" {
			if name == "" {
				return "", errForm
			}
			return name, nil
		}
		key, value, isHeader := strings.Cut(line, ":")
		if !isHeader || !fieldName.MatchString(key) || strings.ContainsFunc(value, unicode.IsControl) {
			return "", errForm
		}
		if !strings.EqualFold(key, "Content-Disposition") {
			continue
		}
		kind, params, err := mime.ParseMediaType(strings.TrimSpace(value))
		if err != nil || kind != "form-data" || named {
			return "", errForm
		}
		named = true
		name = strings.ToLower(params["name"])
	}
	return "", errForm
}

// line reads a line that ends with CRLF, without it.
func (f *form) line() (string, error) {
	var line []byte
	for len(line) <= maxHeader {
		b, err := f.in.ReadByte()
		if err != nil {
			return "", unexpected(err)
		}
		f.read++
		line = append(line, b)
		if b == '\n' {
			text, isLine := bytes.CutSuffix(line, []byte("\r\n"))
			if !isLine || bytes.IndexByte(text, '\r') >= 0 {
				return "", errForm
			}
			return string(text), nil
		}
	}
	return "", errForm
}

// part reads the current part's bytes up to its delimiter, which it takes as well.
func (f *form) part() io.Reader { return readerFunc(f.readPart) }

type readerFunc func([]byte) (int, error)

func (r readerFunc) Read(p []byte) (int, error) { return r(p) }

func (f *form) readPart(p []byte) (int, error) {
	if f.ended {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	seen, err := f.in.Peek(max(f.in.Buffered(), len(f.delimiter)))
	at := bytes.Index(seen, f.delimiter)
	if at == 0 {
		f.take(len(f.delimiter))
		f.ended = true
		return 0, io.EOF
	}
	if at < 0 && err != nil {
		return 0, unexpected(err)
	}
	if !f.begun && bytes.HasPrefix(seen, f.delimiter[2:]) {
		return 0, errForm // some readers take the header's last line break for the delimiter's
	}
	f.begun = true
	safe := at
	if at < 0 { // a delimiter may have begun in what was seen
		safe = len(seen) - len(f.delimiter) + 1
	}
	n := copy(p, seen[:safe])
	f.take(n)
	return n, nil
}

func (f *form) take(n int) {
	f.read += int64(n)
	_, _ = f.in.Discard(n) // was peeked
}

// end checks that after the file comes the last boundary, and after that nothing.
func (f *form) end() error {
	rest, err := io.ReadAll(io.LimitReader(f.in, 5))
	if err != nil {
		return err
	}
	if s := string(rest); s != "--" && s != "--\r\n" {
		return errForm
	}
	return nil
}

// sizeIn gives the least and most bytes the file can have in a body of a length, when the form
// stands at the file's first byte.
func (f *form) sizeIn(body int64) (low, high int64) {
	high = body - f.read - int64(len(f.delimiter)) - int64(len("--"))
	return high - int64(len("\r\n")), high
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return errForm // the body ended too early, by its own account
	}
	return err
}
