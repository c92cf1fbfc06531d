package extract

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestHostileOfficeDocumentsAreRefused(t *testing.T) {
	t.Parallel()
	laughs := `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha">`
	for i := range 30 {
		laughs += fmt.Sprintf(`<!ENTITY a%d "&a%d;&a%d;">`, i+1, i, i)
	}
	laughs += `]><w:document xmlns:w="w"><w:p><w:t>&a30;</w:t></w:p></w:document>`
	outside := `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document xmlns:w="w"><w:p><w:t>&x;</w:t></w:p></w:document>`
	for name, c := range map[string]struct {
		document string
		want     error
	}{
		"entities of entities":       {archive(t, "word/document.xml", laughs), ErrDamaged},
		"an entity that is a file":   {archive(t, "word/document.xml", outside), ErrDamaged},
		"a deep one":                 {archive(t, "word/document.xml", word(strings.Repeat("<w:p>", 100_000))), ErrTooLarge},
		"one tag of many attributes": {archive(t, "word/document.xml", word("<w:p "+strings.Repeat(`a="" `, 1<<20)+"/>")), ErrTooLarge},
		"nothing but a bomb":         {archive(t, "word/document.xml", word(strings.Repeat("<w:p/>", 6<<20))), ErrTooLarge},
		"another archive":            {archive(t, "a.txt", "text"), ErrDamaged},
		"a path that leads out":      {archive(t, "../word/document.xml", word(paragraph("a"))), ErrDamaged},
		"no archive":                 {"PK\x03\x04", ErrDamaged},
		"not XML":                    {archive(t, "word/document.xml", "<w:t>unclosed"), ErrDamaged},
		"nothing":                    {"", ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if text, err := read(t, c.document, docxType); !errors.Is(err, c.want) {
				t.Errorf("%.100q, %v, want %v", text, err, c.want)
			}
		})
	}
}

// TestBombsNeedLittleMemory measures what the whole program allocates, so it runs alone.
func TestBombsNeedLittleMemory(t *testing.T) {
	const most = 64 << 20
	entry := "PK\x01\x02" + strings.Repeat("\x00", 42) // of a directory: a file without a name
	list := strings.Repeat(entry, 1<<20)
	directory := list + fmt.Sprintf("PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00%s\x00\x00\x00\x00\x00\x00", little(len(list)))
	for name, document := range map[string]string{
		"tags":            archive(t, "word/document.xml", word("<w:p "+strings.Repeat(`a="" `, 8<<20)+"/>")),
		"a million files": directory,
		"depth":           archive(t, "word/document.xml", word(strings.Repeat("<w:p>", 1<<20))),
		"one text":        archive(t, "word/document.xml", word(paragraph(strings.Repeat("a", 48<<20)))),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := read(t, document, docxType)
		runtime.ReadMemStats(&after)
		if name == "one text" && err == nil { // whose beginning is given
			err = ErrTooLarge
		}
		if !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > most {
			t.Errorf("%s: %d MiB allocated, more than %d", name, used>>20, most>>20)
		}
	}
}

func little(n int) string {
	return string([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)})
}

func TestOtherTypesAreNotRead(t *testing.T) {
	t.Parallel()
	for _, mime := range []string{"image/png", "text/html", "application/msword", "application/zip", ""} {
		if _, err := read(t, "a", mime); !errors.Is(err, ErrUnsupported) || Supports(mime) {
			t.Errorf("%q: %v", mime, err)
		}
	}
	if !Supports(pdfType) || !Supports(docxType) || !Supports(pptxType) || !Supports("text/plain") {
		t.Error("a type that is read is not said to be")
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for mime, document := range map[string]string{pdfType: letter("a"), docxType: archive(t, "word/document.xml", word("")), "text/plain": "a"} {
		if _, err := extractor(t, defaultTime).Text(cancelled, strings.NewReader(document), int64(len(document)), mime); !errors.Is(err, context.Canceled) {
			t.Errorf("%s after the end of the context: %v", mime, err)
		}
	}
}

// mustBeText holds any answer to what Text promises.
func mustBeText(t *testing.T, text string, err error) {
	t.Helper()
	if err != nil {
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTooLarge) {
			t.Fatal(err)
		}
		return
	}
	if len(text) > MaxText || !utf8.ValidString(text) || text != strings.TrimSpace(text) || strings.Contains(text, "  ") {
		t.Fatalf("%d bytes: %.200q", len(text), text)
	}
	for _, c := range text {
		if unicode.IsControl(c) && c != '\n' {
			t.Fatalf("holds %U", c)
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, seed := range []string{"", "a", "Gr\xfc\xdfe", "\xff\xfea\x00", "\xfe\xff\xd8", "\xef\xbb\xbf\xef\xbb\xbf", "a\u2028b", "\x00\x00", " a  b "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		text, err := read(t, document, "text/plain")
		mustBeText(t, text, err)
		if err != nil {
			t.Fatal("every byte is some text: ", err)
		}
	})
}

func FuzzOffice(f *testing.F) {
	f.Add(archive(f, "word/document.xml", word(paragraph("Hello")), "ppt/slides/slide1.xml", fmt.Sprintf(slide, "Hello")))
	f.Add(archive(f))
	f.Add("PK\x05\x06" + strings.Repeat("\x00", 18))
	f.Fuzz(func(t *testing.T, document string) {
		for _, mime := range []string{docxType, pptxType} {
			text, err := read(t, document, mime)
			mustBeText(t, text, err)
		}
	})
}

func FuzzPart(f *testing.F) {
	for _, seed := range []string{word(paragraph("Hello")), fmt.Sprintf(slide, "Hello"), "<t>a", "<t/>", "</t>", `<!DOCTYPE a [<!ENTITY b "c">]><t>&b;</t>`, `<?xml version="1.0" encoding="x"?>`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, part string) {
		var out text
		unpacked := int64(maxUnpacked)
		if err := readXML(strings.NewReader(part), &unpacked, &out); err == nil {
			mustBeText(t, out.String(), nil)
		}
	})
}

// FuzzPDF starts a process for each document, so it is slow.
func FuzzPDF(f *testing.F) {
	f.Add(letter("Hello"))
	f.Add(withinItself())
	f.Add(page("/Contents 4 0 R", stream(deflate("BT (a) Tj ET", 2), "/Filter /FlateDecode")))
	f.Add("%PDF-1.4\n")
	f.Fuzz(func(t *testing.T, document string) {
		text, err := read(t, document, pdfType)
		mustBeText(t, text, err)
	})
}
