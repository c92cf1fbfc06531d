package filetype

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxName is how many bytes a file name has at most, as in most file systems.
const MaxName = 255

// nameless is the name of a file of whose name nothing is left.
const nameless = "file"

// CleanName gives a name that every file system and header takes, and that reads as what it
// is: the last part of a path, without characters that cannot be seen, that turn the reading
// direction or that Windows forbids, in Unicode's composed form (NFC), not a device of
// Windows, at most MaxName bytes with its extension kept. A clean name is left as it is.
func CleanName(name string) string {
	name = strings.TrimRight(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"), "/")
	name = norm.NFC.String(strings.Map(harmless, name[strings.LastIndexByte(name, '/')+1:]))
	stem, ext := split(trim(name))
	if device(stem) {
		stem = "_" + stem
	}
	return shorten(stem, ext)
}

// harmless maps a character to what may stand for it in a name; -1 drops it.
func harmless(c rune) rune {
	const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d' // Persian and emoji are spelt with them
	switch {
	case c == zeroWidthNonJoiner || c == zeroWidthJoiner:
		return c
	case unicode.In(c, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
		return -1
	case unicode.Is(unicode.Z, c):
		return ' '
	case strings.ContainsRune(`/\<>:"|?*`, c):
		return '_'
	}
	return c
}

// trim takes off what Windows drops or shells hide: spaces around, dots at the end.
func trim(name string) string {
	return strings.TrimLeft(strings.TrimRight(name, " ."), " ")
}

// split parts a name before its last dot, if what follows is short enough for an extension.
func split(name string) (stem, ext string) {
	const longest = 16
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= longest {
		return name[:i], name[i:]
	}
	return name, ""
}

// device reports whether Windows takes a name for a device, whatever follows its first dot.
func device(stem string) bool {
	base, _, _ := strings.Cut(stem, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	number, isPort := strings.CutPrefix(base, "COM")
	if !isPort {
		number, isPort = strings.CutPrefix(base, "LPT")
	}
	return isPort && utf8.RuneCountInString(number) == 1 && strings.Contains("0123456789¹²³", number)
}

// shorten joins a name again, cut at a character so that it fits.
func shorten(stem, ext string) string {
	if len(stem)+len(ext) > MaxName {
		cut := MaxName - len(ext)
		for !utf8.RuneStart(stem[cut]) {
			cut--
		}
		stem = stem[:cut]
		if ext == "" {
			stem = trim(stem)
		}
	}
	if stem+ext == "" {
		return nameless
	}
	return stem + ext
}

// Disposition is the value of a Content-Disposition header (RFC 6266) that has a browser show
// or save a file under a name, which is cleaned first. Old clients get the name in ASCII, all
// others as it is, encoded as RFC 8187 says.
func Disposition(inline bool, name string) string {
	how := "attachment"
	if inline {
		how = "inline"
	}
	name = CleanName(name)
	plain := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '%' { // some clients decode percents even here
			return '_'
		}
		return c
	}, name)
	header := fmt.Sprintf(`%s; filename="%s"`, how, plain)
	if plain != name {
		header += "; filename*=UTF-8''" + encode(name)
	}
	return header
}

// encode is a value as RFC 8187 has it: all but its attr-char as percents.
func encode(s string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~"
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
