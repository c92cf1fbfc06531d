package extract

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

const (
	pdfType  = "application/pdf"
	docxType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	pptxType = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
)

const childArgument = "read-a-pdf"

// TestMain has the test program read PDFs for its own tests.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == childArgument {
		os.Exit(Child(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

func extractor(t testing.TB, limit time.Duration) *Extractor {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e := New(self, childArgument)
	e.time = limit
	return e
}

func read(t testing.TB, document, mime string) (string, error) {
	t.Helper()
	return extractor(t, defaultTime).Text(context.Background(), strings.NewReader(document), int64(len(document)), mime)
}

func mustRead(t testing.TB, document, mime string) string {
	t.Helper()
	text, err := read(t, document, mime)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// pdfOf makes a PDF of objects, numbered from 1, the first being the catalogue.
func pdfOf(objects ...string) string {
	var b strings.Builder
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.String()
}

func stream(content, more string) string {
	return fmt.Sprintf("<< /Length %d %s >>\nstream\n%s\nendstream", len(content), more, content)
}

// letter is a PDF of pages with a text each.
func letter(pages ...string) string {
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"}
	var kids strings.Builder
	for _, text := range pages {
		n := len(objects) + 1
		fmt.Fprintf(&kids, "%d 0 R ", n)
		objects = append(objects,
			fmt.Sprintf("<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", n+1),
			stream("BT /F1 24 Tf 72 700 Td ("+text+") Tj ET", ""))
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Kids [ %s] /Count %d >>", kids.String(), len(pages))
	return pdfOf(objects...)
}

// archive makes a ZIP file of names and contents.
func archive(t testing.TB, parts ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(parts[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	wordHead = `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`
	wordTail = `</w:body></w:document>`
	slide    = `<p:sld xmlns:p="p" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:p><a:r><a:t>%s</a:t></a:r></a:p></p:sld>`
)

func word(body string) string { return wordHead + body + wordTail }

func paragraph(text string) string { return "<w:p><w:r><w:t>" + text + "</w:t></w:r></w:p>" }

func TestTextIsTakenOut(t *testing.T) {
	t.Parallel()
	slides := []string{"[Content_Types].xml", "<Types/>"}
	for _, n := range []int{10, 2, 1} { // by number, not by name or place
		slides = append(slides, fmt.Sprintf("ppt/slides/slide%d.xml", n), fmt.Sprintf(slide, fmt.Sprintf("Slide %d", n)))
	}
	slides = append(slides, "ppt/notesSlides/notesSlide1.xml", fmt.Sprintf(slide, "Say hello"), "ppt/slideMasters/slideMaster1.xml", fmt.Sprintf(slide, "Click to edit"))
	for name, c := range map[string]struct{ document, mime, want string }{
		"pdf":               {letter("Annual report", "Second page"), pdfType, "Annual report\nSecond page"},
		"pdf, Western text": {letter("Caf\xe9"), pdfType, "Café"},
		"docx": {archive(t, "word/document.xml", word(paragraph("Hello")+`<w:p><w:r><w:t>One</w:t><w:tab/><w:t>t</w:t></w:r><w:r><w:t>wo</w:t></w:r></w:p>`+
			`<w:p><w:r><w:instrText>HYPERLINK</w:instrText><w:delText>gone</w:delText><w:t>caf&#233; &amp; co</w:t></w:r></w:p>`),
			"word/header1.xml", word(paragraph("Letterhead")), "word/media/a.xml", word(paragraph("no text"))), docxType, "Hello\nOne two\ncafé & co\nLetterhead"},
		"docx with a table": {archive(t, "word/document.xml", word(`<w:tbl><w:tr><w:tc>`+paragraph("a")+`</w:tc><w:tc>`+paragraph("b")+`</w:tc></w:tr></w:tbl>`)), docxType, "a\nb"},
		"pptx":              {archive(t, slides...), pptxType, "Slide 1\nSlide 2\nSlide 10\nSay hello"},
		"utf-8":             {"Grüße\r\n\r\n  zweite\tZeile\x00\x07 ", "text/plain", "Grüße\nzweite Zeile"},
		"utf-8 with a mark": {"\xef\xbb\xbfGrüße", "text/csv", "Grüße"},
		"utf-16, little":    {"\xff\xfeG\x00r\x00\xfc\x00", "text/plain", "Grü"},
		"utf-16, big":       {"\xfe\xff\x00G\x00r\x00\xfc\xd8\x3d\xde\x00", "text/plain", "Grü😀"},
		"latin-1":           {"Gr\xfc\xdfe", "text/markdown", "Grüße"},
		"nothing":           {"", "text/plain", ""},
	} {
		if got := mustRead(t, c.document, c.mime); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestTextIsCutAtItsLimit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é ", MaxText)
	pages := make([]string, 30)
	for i := range pages {
		pages[i] = strings.Repeat("words ", 10_000)
	}
	for name, c := range map[string]struct{ document, mime string }{
		"text": {long, "text/plain"},
		"docx": {archive(t, "word/document.xml", word(strings.Repeat(paragraph(long[:60_000]), 40))), docxType},
		"pdf":  {letter(pages...), pdfType},
	} {
		text := mustRead(t, c.document, c.mime)
		if len(text) > MaxText || len(text) < MaxText-8 || !utf8.ValidString(text) {
			t.Errorf("%s: %d bytes, valid %v", name, len(text), utf8.ValidString(text))
		}
	}
	cut := strings.Repeat("a", 2*MaxText+3) + "é" // the reading ends within the last letter
	if text := mustRead(t, cut, "text/plain"); strings.Trim(text, "a") != "" {
		t.Errorf("taken for another encoding: %q", strings.Trim(text, "a"))
	}
}

// deflate packs n times a text.
func deflate(text string, n int) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	for range n {
		if _, err := z.Write([]byte(text)); err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// page is a PDF of one page with the given dictionary entries, and objects from the fourth on.
func page(entries string, more ...string) string {
	return pdfOf(append([]string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>", "<< /Type /Page " + entries + " >>"}, more...)...)
}

// withinItself is a PDF whose only object is in a stream of objects that is in itself: finding
// it takes an endless recursion.
func withinItself() string {
	const start = "%PDF-1.5\n"
	entries := "\x00\x00\x00\xff" + "\x02\x00\x05\x00" + "\x00\x00\x00\xff" + "\x00\x00\x00\xff" + "\x01\x00\x09\x00" + "\x02\x00\x05\x00"
	return start + "4 0 obj\n" + stream(entries, "/Type /XRef /Size 6 /W [ 1 2 1 ] /Root 1 0 R") + "\nendobj\nstartxref\n9\n%%EOF\n"
}

func TestHostilePDFsEndTheirOwnProcessAlone(t *testing.T) {
	t.Parallel()
	bomb := func(text string, n int) string {
		return page("/Parent 2 0 R /Resources << >> /Contents 4 0 R", stream(deflate(text, n), "/Filter /FlateDecode"))
	}
	for name, c := range map[string]struct {
		document string
		limit    time.Duration
		want     error
	}{
		"a page that is its own parent": {page("/Parent 3 0 R /Contents 4 0 R", stream("BT ET", "")), time.Second, ErrTooLarge},
		"an endless recursion":          {withinItself(), defaultTime, ErrDamaged},
		"one word of 300 MiB":           {bomb("("+strings.Repeat("a", 1<<20-1), 300), defaultTime, ErrTooLarge},
		"four billion pages":            {pdfOf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [ ] /Count 4294967295 >>"), defaultTime, nil},
		"cut off":                       {letter("a")[:200], defaultTime, ErrDamaged},
		"no pdf":                        {"%PDF-1.4\nthis is none", defaultTime, ErrDamaged},
		"nothing":                       {"", defaultTime, ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := extractor(t, c.limit).Text(context.Background(), strings.NewReader(c.document), int64(len(c.document)), pdfType)
			if !errors.Is(err, c.want) || text != "" {
				t.Errorf("%d bytes, %v, want %v", len(text), err, c.want)
			}
		})
	}
}

func TestOnePageThatCannotBeReadLeavesTheOthers(t *testing.T) {
	t.Parallel()
	document := strings.Replace(letter("First", "Second"), "(First) Tj", "(First)) >>", 1)
	if got := mustRead(t, document, pdfType); !strings.Contains(got, "Second") {
		t.Errorf("%q", got)
	}
}

func TestTheProcessIsToldNothing(t *testing.T) {
	t.Parallel()
	e := New("/usr/bin/env")
	e.time = defaultTime
	if got, err := e.Text(context.Background(), strings.NewReader(""), 0, pdfType); err != nil || got != "" {
		t.Errorf("its environment is %q (%v)", got, err)
	}
	if _, err := New().Text(context.Background(), strings.NewReader(""), 0, pdfType); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrUnsupported) {
		t.Errorf("without a command: %v", err)
	}
}
