package extract

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Limits of what is read of an office document, an archive of XML files (ECMA-376).
const (
	maxDirectory = 4 << 20  // bytes of the archive's list of files
	maxUnpacked  = 32 << 20 // bytes of all parts read
	maxParts     = 2_000
	maxToken     = 1 << 20 // bytes of one tag or text
	maxDepth     = 500
)

// docx reads the text of a document, then its notes, headers and footers.
func docx(_ *Extractor, ctx context.Context, r io.ReaderAt, size int64, out *text) error {
	return office(ctx, r, size, out, "word/document.xml", "word/footnotes.xml", "word/endnotes.xml", "word/header*.xml", "word/footer*.xml")
}

// pptx reads the text of the slides by their numbers, then the notes on them.
func pptx(_ *Extractor, ctx context.Context, r io.ReaderAt, size int64, out *text) error {
	return office(ctx, r, size, out, "ppt/slides/slide*.xml", "ppt/notesSlides/notesSlide*.xml")
}

// office reads the parts of an office document that patterns name, of which the first must be there.
func office(ctx context.Context, r io.ReaderAt, size int64, out *text, patterns ...string) error {
	source := &bounded{ctx, r, maxDirectory}
	archive, err := zip.NewReader(source, size)
	if err != nil {
		return err
	}
	source.left = 2 * maxUnpacked // packed is no more than unpacked, but for a little
	unpacked := int64(maxUnpacked)
	for i, pattern := range patterns {
		parts := matching(archive, pattern)
		if i == 0 && len(parts) == 0 {
			return fmt.Errorf("it has no %s", pattern)
		}
		for _, part := range parts {
			if err := readPart(part, &unpacked, out); err != nil {
				return err
			}
			out.owe('\n')
		}
	}
	return nil
}

// matching gives the parts with a name like a pattern, by the number in it, each name once.
func matching(archive *zip.Reader, pattern string) []*zip.File {
	var parts []*zip.File
	for _, f := range archive.File {
		if ok, _ := path.Match(pattern, f.Name); ok {
			parts = append(parts, f)
		}
	}
	before, after, _ := strings.Cut(pattern, "*")
	number := func(f *zip.File) int {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(f.Name, before), after))
		if err != nil {
			return 0
		}
		return n
	}
	slices.SortStableFunc(parts, func(a, b *zip.File) int { return number(a) - number(b) })
	parts = slices.CompactFunc(parts, func(a, b *zip.File) bool { return a.Name == b.Name })
	return parts[:min(len(parts), maxParts)]
}

func readPart(part *zip.File, unpacked *int64, out *text) error {
	f, err := part.Open()
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it is read only
	return readXML(f, unpacked, out)
}

// readXML takes the text runs (t) of WordprocessingML and DrawingML, a line for each paragraph.
func readXML(r io.Reader, unpacked *int64, out *text) error {
	limited := &tokenReader{r: r, unpacked: unpacked}
	d := xml.NewDecoder(limited)
	depth, inText := 0, 0
	for {
		limited.token = maxToken
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch x := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return ErrTooLarge
			}
			switch x.Name.Local {
			case "t":
				inText++
			case "tab":
				out.owe(' ')
			case "br", "cr":
				out.owe('\n')
			}
		case xml.EndElement:
			depth--
			switch x.Name.Local {
			case "t":
				inText--
			case "p":
				out.owe('\n')
			case "tc":
				out.owe(' ')
			}
		case xml.CharData:
			if inText > 0 {
				if err := out.write(string(x)); err != nil {
					return err
				}
			}
		}
	}
}

// tokenReader unpacks within the limits of the document and of one token, which the decoder
// would keep in memory whatever its size.
type tokenReader struct {
	r        io.Reader
	unpacked *int64
	token    int64
}

func (t *tokenReader) Read(p []byte) (int, error) {
	if *t.unpacked <= 0 || t.token <= 0 {
		return 0, ErrTooLarge
	}
	n, err := t.r.Read(p[:min(int64(len(p)), *t.unpacked, t.token)])
	*t.unpacked -= int64(n)
	t.token -= int64(n)
	return n, err
}
