package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Limits of what is kept of an entry.
const (
	maxWords    = 20_000 // of a text
	maxWord     = 64     // characters; the rest of a word is left out
	maxTitle    = 500    // bytes
	maxText     = 64 << 10
	maxPosition = 16_383 // PostgreSQL's
)

// unspaced are scripts that are written without blanks between words.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

func isUnspaced(c rune) bool {
	return c >= 0x0E00 && (c == 'ー' || unicode.In(c, unspaced...)) // the long vowel belongs to no one script
}

// fold makes texts equal that differ in case, width or accents only.
func fold(text string) string {
	if isPlain(text) {
		return strings.ToLower(text)
	}
	t := transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFKC, cases.Fold())
	folded, _, err := transform.String(t, strings.ToValidUTF8(text, " "))
	if err != nil { // it cannot fail on valid text
		return strings.ToLower(text)
	}
	return folded
}

func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// run is a stretch of letters and digits, spaced or not.
type run struct {
	text     string
	unspaced bool
}

// runsOf cuts folded text at everything that is neither letter, mark nor digit, and where
// unspaced scripts begin and end.
func runsOf(folded string) []run {
	var list []run
	start, was := -1, false
	end := func(i int) {
		if start >= 0 {
			list = append(list, run{folded[start:i], was})
		}
		start = -1
	}
	for i, c := range folded {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) && !unicode.IsNumber(c) {
			end(i)
			continue
		}
		is := isUnspaced(c)
		if start >= 0 && is != was {
			end(i)
		}
		if start < 0 {
			start, was = i, is
		}
	}
	end(len(folded))
	return list
}

// wordsOf gives the words of a text that go into the index: of an unspaced run every pair of
// neighbours, and its last character.
func wordsOf(text string) []string {
	var words []string
	for _, r := range runsOf(fold(text)) {
		if len(words) >= maxWords {
			break
		}
		if !r.unspaced {
			words = append(words, cut(r.text))
			continue
		}
		pairs := pairsOf(r.text)
		last, _ := utf8.DecodeLastRuneInString(r.text)
		words = append(words, pairs...)
		words = append(words, string(last))
	}
	return words[:min(len(words), maxWords)]
}

// pairsOf gives every pair of neighbouring characters.
func pairsOf(text string) []string {
	var pairs []string
	before := rune(-1)
	for _, c := range text {
		if before >= 0 {
			pairs = append(pairs, string(before)+string(c))
		}
		before = c
	}
	return pairs
}

// cut keeps the beginning of a very long word.
func cut(word string) string {
	if len(word) <= maxWord {
		return word
	}
	n := 0
	for i := range word {
		if n == maxWord {
			return word[:i]
		}
		n++
	}
	return word
}

// clip keeps the beginning of a text, at a character's end.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
