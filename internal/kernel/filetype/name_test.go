package filetype

import (
	"mime"
	"path"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var hostileNames = []string{
	"", ".", "..", "/", `\`, "../../etc/passwd", `..\..\windows\win.ini`, "%2e%2e%2f", "/abs", "a\x00.png", "CON", "con.txt", "Nul .tar.gz", "COM1", "lpt¹.doc",
	"\u202egnp.exe", "report.pdf. . .", " leading", strings.Repeat("a", 4096), strings.Repeat("é", 2000) + ".docx", "a\r\nSet-Cookie: x=1", `a"; filename="b.exe`,
	"\xff\xfe", "e\u0301.txt", "\u2028", "日本語.pdf", "a;b=c'd%41.txt", "…" + strings.Repeat(".", 300), "a." + strings.Repeat("x", 300), ".gitignore", "\u0301",
	strings.Repeat("a", 254) + " .b", strings.Repeat("a", 239) + ".\u200d5678901234", "AUX\u200b.h", "a\ufeff.", "x\u00a0.", "\U000e0041",
}

func TestNamesAreMadeHarmless(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"../../etc/passwd":                  "passwd",
		`..\..\windows\win.ini`:             "win.ini",
		"a\x00.png":                         "a.png",
		"CON":                               "_CON",
		"con.txt":                           "_con.txt",
		"COM1.tar.gz":                       "_COM1.tar.gz",
		"command.txt":                       "command.txt",
		"\u202egnp.exe":                     "gnp.exe",
		"..":                                "file",
		"":                                  "file",
		"report.pdf. . .":                   "report.pdf",
		".gitignore":                        ".gitignore",
		"e\u0301.txt":                       "é.txt",
		"a: b?.txt":                         "a_ b_.txt",
		"Müller & Söhne (1).docx":           "Müller & Söhne (1).docx",
		strings.Repeat("a", 4096) + ".docx": strings.Repeat("a", 250) + ".docx",
	} {
		if got := CleanName(in); got != want {
			t.Errorf("CleanName(%.40q) = %.60q, want %.60q", in, got, want)
		}
	}
}

func TestHeadersNameTheFile(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"report.pdf":         `attachment; filename="report.pdf"`,
		"Zoë.pdf":            `attachment; filename="Zo_.pdf"; filename*=UTF-8''Zo%C3%AB.pdf`,
		`a"; x="b`:           `attachment; filename="a_; x=_b"`,
		"100%25.txt":         `attachment; filename="100_25.txt"; filename*=UTF-8''100%2525.txt`,
		"a\r\nSet-Cookie: b": `attachment; filename="aSet-Cookie_ b"`,
	} {
		if got := Disposition(false, in); got != want {
			t.Errorf("Disposition(%q) = %s, want %s", in, got, want)
		}
	}
	if got := Disposition(true, "a.png"); got != `inline; filename="a.png"` {
		t.Error(got)
	}
}

// FuzzFileName holds every name to what file systems and headers need.
func FuzzFileName(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, in string) {
		name := CleanName(in)
		if name == "" || name == "." || name == ".." || len(name) > MaxName || !utf8.ValidString(name) || path.Base(name) != name {
			t.Fatalf("CleanName(%q) = %q", in, name)
		}
		for _, c := range name {
			if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || strings.ContainsRune(`/\<>:"|?*`, c) {
				t.Fatalf("CleanName(%q) = %q keeps %U", in, name, c)
			}
		}
		if strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") || device(name) {
			t.Fatalf("CleanName(%q) = %q, which Windows takes for something else", in, name)
		}
		if again := CleanName(name); again != name {
			t.Fatalf("CleanName(%q) = %q, and of that %q", in, name, again)
		}
		header := Disposition(false, in)
		for _, c := range []byte(header) {
			if c < ' ' || c > '~' {
				t.Fatalf("Disposition(%q) = %q: not a header", in, header)
			}
		}
		// An independent reader of the header finds the clean name, and nothing else.
		how, params, err := mime.ParseMediaType(header)
		if err != nil || how != "attachment" || len(params) != 1 || params["filename"] != name {
			t.Fatalf("Disposition(%q) = %q is read as %q %q %v", in, header, how, params, err)
		}
	})
}
