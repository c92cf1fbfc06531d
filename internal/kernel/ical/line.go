package ical

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine is the length of a line in octets, without its end (RFC 5545, section 3.1).
const maxLine = 75

// lines collects content lines.
type lines struct{ buf bytes.Buffer }

// raw adds a line as it is, folded. What it is given has no control characters.
func (l *lines) raw(line string) {
	room := maxLine
	for len(line) > room {
		cut := room
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		l.buf.WriteString(line[:cut] + "\r\n ")
		line, room = line[cut:], maxLine-1
	}
	l.buf.WriteString(line + "\r\n")
}

// text adds a property of type TEXT (RFC 5545, section 3.3.11), unless it is empty.
func (l *lines) text(name, value string) {
	if value = escape.Replace(clean(value, '\n')); value != "" {
		l.raw(name + ":" + value)
	}
}

var escape = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`)

// quoted gives a parameter's value (RFC 5545, section 3.2), in which there can be no quotation
// mark.
func quoted(value string) string {
	return `"` + strings.ReplaceAll(clean(value, ' '), `"`, "'") + `"`
}

// clean gives valid UTF-8 with every kind of line end replaced by one character, and without other
// control characters.
func clean(text string, lineEnd rune) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch r {
		case '\n', '\r', '\v', '\f', '\u0085', '\u2028', '\u2029':
			return lineEnd
		case '\t':
			return r
		}
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
}
