package search

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	snippetLength = 220 // characters
	snippetLead   = 60  // characters before the first match
)

// Marked is a text with what was found in it marked, once as it is and once as HTML in which
// everything is escaped and what was found stands in <mark>.
type Marked struct{ Text, HTML string }

// Mark marks the terms in a text, whatever case, width or accents it has. Of a long text it
// gives the part around the first of them.
func (q Terms) Mark(text string) Marked {
	runs, found := q.find(text)
	from, to := excerpt(text, runs, found)
	var out strings.Builder
	at := from
	for i, r := range runs {
		if !found[i] || r.start < from || r.end > to {
			continue
		}
		out.WriteString(html.EscapeString(text[at:r.start]) + "<mark>" + html.EscapeString(text[r.start:r.end]) + "</mark>")
		at = r.end
	}
	out.WriteString(html.EscapeString(text[at:to]))
	before, after := "", ""
	if from > 0 {
		before = "…"
	}
	if to < len(text) {
		after = "…"
	}
	return Marked{before + text[from:to] + after, before + out.String() + after}
}

// span is a word of a text.
type span struct {
	start, end int // bytes
	folded     string
}

// find gives the words of a text and which of them are words of a term. A match in the middle
// of an unspaced run marks the characters that match.
func (q Terms) find(text string) ([]span, []bool) {
	var spans []span
	start := -1
	end := func(i int) {
		if start >= 0 {
			spans = append(spans, split(text, start, i)...)
		}
		start = -1
	}
	for i, c := range text {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c) || unicode.IsNumber(c) {
			if start < 0 {
				start = i
			}
			continue
		}
		end(i)
	}
	end(len(text))
	found := make([]bool, len(spans))
	for i := range spans {
		found[i] = q.has(spans, i)
	}
	return spans, found
}

// split gives a stretch of letters as one word, or, where scripts are unspaced, as characters.
func split(text string, start, end int) []span {
	word := text[start:end]
	if !strings.ContainsFunc(word, isUnspaced) {
		return []span{{start, end, fold(word)}}
	}
	var list []span
	for i, c := range word {
		list = append(list, span{start + i, start + i + utf8.RuneLen(c), fold(string(c))})
	}
	return list
}

func (q Terms) has(spans []span, i int) bool {
	for _, t := range q {
		for n, w := range t.words {
			folded := spans[i].folded
			switch {
			case folded == w, t.prefix && n == len(t.words)-1 && strings.HasPrefix(folded, w):
				return true
			case utf8.RuneCountInString(w) == 2 && folded != "": // a pair of an unspaced run
				if i+1 < len(spans) && spans[i+1].start == spans[i].end && folded+spans[i+1].folded == w ||
					i > 0 && spans[i-1].end == spans[i].start && spans[i-1].folded+folded == w {
					return true
				}
			}
		}
	}
	return false
}

// excerpt gives the part of a text to show.
func excerpt(text string, spans []span, found []bool) (from, to int) {
	if utf8.RuneCountInString(text) <= snippetLength {
		return 0, len(text)
	}
	for i, s := range spans {
		if found[i] {
			from = s.start
			break
		}
	}
	for n := 0; from > 0 && n < snippetLead; n++ {
		_, size := utf8.DecodeLastRuneInString(text[:from])
		from -= size
	}
	if from > 0 { // begin with a word
		if i := strings.IndexByte(text[from:], ' '); i >= 0 && i < snippetLead {
			from += i + 1
		}
	}
	to = from
	for n := 0; to < len(text) && n < snippetLength; n++ {
		_, size := utf8.DecodeRuneInString(text[to:])
		to += size
	}
	return from, to
}
