package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxTerms is how many words and phrases a query may have.
const MaxTerms = 32

// term is a word, or words that stand together. The last of them may be a beginning only.
type term struct {
	words  []string
	prefix bool
}

// Terms are what a query looks for; all of them must be found.
type Terms []term

// Parse reads what somebody typed. It takes everything.
func Parse(q string) Terms {
	var list Terms
	for i, part := range strings.Split(q, `"`) {
		if i%2 == 1 {
			if t := phrase(part); len(t.words) > 0 {
				list = append(list, t)
			}
			continue
		}
		for _, w := range strings.Fields(part) {
			list = append(list, termsOf(w)...)
		}
	}
	last, _ := utf8.DecodeLastRuneInString(q)
	if n := len(list); n > 0 && (unicode.IsLetter(last) || unicode.IsDigit(last) || unicode.IsMark(last)) {
		if w := list[n-1].words; utf8.RuneCountInString(w[len(w)-1]) > 1 {
			list[n-1].prefix = true
		}
	}
	return list
}

// termsOf gives the terms of something typed without a blank, such as e-mail: its parts stand
// together.
func termsOf(text string) Terms {
	if t := phrase(text); len(t.words) > 0 {
		return Terms{t}
	}
	return nil
}

func phrase(text string) term {
	var t term
	runs := runsOf(fold(text))
	for i, r := range runs {
		switch {
		case !r.unspaced:
			t.words = append(t.words, cut(r.text))
		case utf8.RuneCountInString(r.text) == 1:
			t.words = append(t.words, r.text)
			t.prefix = i == len(runs)-1 // it may begin a pair
		default:
			t.words = append(t.words, pairsOf(r.text)...)
		}
	}
	return t
}

// beginnings makes a beginning of every term, as people are found.
func (q Terms) beginnings() Terms {
	list := make(Terms, len(q))
	for i, t := range q {
		list[i] = term{t.words, true}
	}
	return list
}

// fts5 writes the terms for SQLite, in some columns. Words hold nothing but letters, marks and
// digits, and are quoted.
func (q Terms) fts5(columns string) string {
	var parts []string
	for _, t := range q {
		part := `"` + strings.Join(t.words, " ") + `"`
		if t.prefix {
			part += " *"
		}
		parts = append(parts, "{"+columns+"} : "+part)
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

// tsquery writes the terms for PostgreSQL; weight is "A" for those in a title, "" for any.
func (q Terms) tsquery(weight string) string {
	var parts []string
	for _, t := range q {
		var words []string
		for i, w := range t.words {
			mark := weight
			if t.prefix && i == len(t.words)-1 {
				mark += "*"
			}
			if mark != "" {
				mark = ":" + mark
			}
			words = append(words, "'"+w+"'"+mark)
		}
		parts = append(parts, "("+strings.Join(words, " <-> ")+")")
	}
	return "(" + strings.Join(parts, " & ") + ")"
}
