package extract

import (
	"bytes"
	"context"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// plain reads a text file in whichever encoding it seems to be: what its byte order mark says,
// else UTF-8 if it is that, else Windows-1252, of which Latin-1 is a part and every byte
// something.
func plain(_ *Extractor, ctx context.Context, r io.ReaderAt, size int64, out *text) error {
	const most = 2*MaxText + 4 // UTF-16 has two bytes for a letter
	b := make([]byte, min(size, most))
	n, err := (&bounded{ctx, r, most}).ReadAt(b, 0)
	if n < len(b) {
		if err == io.EOF { //nolint:errorlint // ReaderAt gives it as it is
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	decoded, err := encodingOf(b, size > most).NewDecoder().Bytes(b)
	if err != nil {
		return err
	}
	return out.write(string(decoded))
}

func encodingOf(b []byte, cut bool) encoding.Encoding {
	starts := func(mark string) bool { return bytes.HasPrefix(b, []byte(mark)) }
	switch {
	case starts("\xff\xfe"), starts("\xfe\xff"):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case starts("\xef\xbb\xbf"):
		return unicode.UTF8BOM
	}
	for i := 0; cut && i < utf8.UTFMax-1 && len(b) > 0; i++ { // the last character may be cut
		if last, _ := utf8.DecodeLastRune(b); last != utf8.RuneError {
			break
		}
		b = b[:len(b)-1]
	}
	if utf8.Valid(b) {
		return unicode.UTF8
	}
	return charmap.Windows1252
}
