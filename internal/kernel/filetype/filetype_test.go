package filetype

import (
	"archive/zip"
	"bytes"
	"errors"
	"strings"
	"testing"
)

const (
	pngHead  = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
	jpegHead = "\xff\xd8\xff\xe0\x00\x10JFIF\x00"
	gifHead  = "GIF89a\x01\x00\x01\x00"
	webpHead = "RIFF\x1a\x00\x00\x00WEBPVP8L"
	mp4Head  = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
	movHead  = "\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  "
	m4aHead  = "\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42"
	webmHead = "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"
	mp3Head  = "ID3\x03\x00\x00\x00\x00\x00\x0aTIT2\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x00"
	oggHead  = "OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x1e\x01vorbis"
	pdfHead  = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
	oleHead  = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
	page     = "<!DOCTYPE html><html><script>alert(1)</script></html>"
	drawing  = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
)

func archive(t testing.TB, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAFileIsWhatItsBytesSay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		head string
		want Type
	}{
		"png":                          {pngHead, Type{"image/png", Image, true}},
		"jpeg":                         {jpegHead, Type{"image/jpeg", Image, true}},
		"gif":                          {gifHead, Type{"image/gif", Image, true}},
		"gif that is also a script":    {"GIF89a=1;alert(1)//", Type{"image/gif", Image, true}},
		"webp":                         {webpHead, Type{"image/webp", Image, true}},
		"tiff is saved":                {"II*\x00\x08\x00\x00\x00", Type{"image/tiff", Image, false}},
		"photoshop is saved":           {"8BPS\x00\x01", Type{"image/vnd.adobe.photoshop", Image, false}},
		"mp4":                          {mp4Head, Type{"video/mp4", Video, true}},
		"quicktime is saved":           {movHead, Type{"video/quicktime", Video, false}},
		"webm":                         {webmHead, Type{"video/webm", Video, true}},
		"mp3":                          {mp3Head, Type{"audio/mpeg", Audio, true}},
		"sound in mp4":                 {m4aHead, Type{"audio/x-m4a", Audio, true}},
		"pdf is saved":                 {pdfHead, Type{"application/pdf", Document, false}},
		"docx":                         {archive(t, "[Content_Types].xml", "word/document.xml"), Type{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", Document, false}},
		"zip":                          {archive(t, "a.txt"), Type{"application/zip", Other, false}},
		"page":                         {page, Type{"text/html", Text, false}},
		"page after spaces":            {" \n\t" + page, Type{"text/html", Text, false}},
		"page after a byte order mark": {"\xef\xbb\xbf" + page, Type{"text/html", Text, false}},
		"drawing":                      {drawing, Type{"image/svg+xml", Text, false}},
		"playlist":                     {"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", Type{"application/vnd.apple.mpegurl", Other, false}},
		"text":                         {"Good morning.", Type{"text/plain", Text, false}},
		"program":                      {"\x7fELF\x02\x01\x01", Type{"application/x-elf", Other, false}},
		"bytes":                        {"\x00\x01\x02\x03", Type{"application/octet-stream", Other, false}},
		"nothing":                      {"", Type{"text/plain", Text, false}},
	} {
		if got := Sniff([]byte(c.head)); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestADeclaredTypeIsCheckedAgainstTheBytes(t *testing.T) {
	t.Parallel()
	const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	for name, c := range map[string]struct{ declared, head, want string }{ // want "" = mismatch
		"what it says":                         {"image/png", pngHead, "image/png"},
		"in capitals, with a parameter":        {"Image/PNG; q=1", pngHead, "image/png"},
		"nothing said":                         {"", pngHead, "image/png"},
		"nothing meant":                        {"application/octet-stream", page, "text/html"},
		"a page as a picture":                  {"image/png", page, ""},
		"a drawing as a picture":               {"image/png", drawing, ""},
		"one picture as another":               {"image/png", jpegHead, ""},
		"a script as a picture":                {"image/jpeg", "alert(1)", ""},
		"bytes as a picture":                   {"image/jpeg", "\x00\x01\x02", ""},
		"bytes as a film":                      {"video/mp4", "\x00\x01\x02", ""},
		"a playlist as a film":                 {"video/mp4", "#EXTM3U\nfile:///etc/passwd", ""},
		"a sound as a film":                    {"video/mp4", m4aHead, "audio/x-m4a"},
		"a film as its next of kin":            {"video/mp4", movHead, "video/quicktime"},
		"another film":                         {"video/mp4", webmHead, ""},
		"a document that begins as an archive": {docx, archive(t, "docProps/app.xml"), docx},
		"an archive that is a document":        {"application/zip", archive(t, "[Content_Types].xml", "word/document.xml"), docx},
		"a program as a document":              {docx, "\x7fELF\x02\x01\x01", ""},
		"an old document":                      {"application/msword", oleHead, "application/msword"},
		"a picture as a document":              {"application/pdf", pngHead, ""},
		"a table":                              {"text/csv", "a,b\n1,2\n", "text/csv"},
		"a table that reads as a text":         {"text/csv", "only one column", "text/csv"},
		"marked-up text":                       {"text/markdown", "# Heading", "text/markdown"},
		"a page as a text":                     {"text/plain", page, "text/html"},
		"a text as a page":                     {"text/html", "Good morning.", ""},
		"a text as a script":                   {"text/javascript", "Good morning.", ""},
		"a kind nobody knows":                  {"application/x-our-own", "\x00\x01\x02", "application/x-our-own"},
		"not a type":                           {"image/png\r\nX: y", page, "text/html"},
	} {
		got, err := Check(c.declared, []byte(c.head))
		var mismatch *MismatchError
		switch {
		case c.want == "" && !errors.As(err, &mismatch):
			t.Errorf("%s: %+v, %v, want a mismatch", name, got, err)
		case c.want != "" && (err != nil || got.MIME != c.want):
			t.Errorf("%s: %+v, %v, want %s", name, got, err, c.want)
		case got.MIME != "" && got.Inline != Sniff([]byte(c.head)).Inline:
			t.Errorf("%s: what was said decides whether it is shown", name)
		}
	}
	_, err := Check("image/png", []byte(page))
	if err == nil || !strings.Contains(err.Error(), "image/png") || !strings.Contains(err.Error(), "text/html") {
		t.Errorf("the reason does not name both types: %v", err)
	}
}
