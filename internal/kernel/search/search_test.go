package search

import (
	"slices"
	"strings"
	"testing"
)

func TestWordsAreNormalised(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Hello, World!":             "hello world",
		"Café CRÈME":                "cafe creme",
		"Ｆｕｌｌ width ﬁne":            "full width fine",
		"e-mail me@x.example":       "e mail me x example",
		"東京タワー tower":               "東京 京タ タワ ワー ー tower",
		"字":                         "字",
		"abc字":                      "abc 字",
		"İstanbul":                  "istanbul",
		"x' OR 1=1 --":              "x or 1 1",
		"bad\xffutf":                "bad utf",
		strings.Repeat("ab", 100):   strings.Repeat("ab", 32),
		"\u202eright to left\u200b": "right to left",
	} {
		if got := strings.Join(wordsOf(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := len(wordsOf(strings.Repeat("a ", 2*maxWords))); got != maxWords {
		t.Errorf("%d words are kept", got)
	}
}

func TestQueriesAreRead(t *testing.T) {
	t.Parallel()
	for q, want := range map[string]string{
		"":                "()",
		"  ":              "()",
		`"`:               "()",
		"a":               `({title text} : "a")`,
		"launch":          `({title text} : "launch" *)`,
		"launch ":         `({title text} : "launch")`,
		`"launch plan" x`: `({title text} : "launch plan" AND {title text} : "x")`,
		`"open quote`:     `({title text} : "open quote" *)`,
		"title:x OR NOT*": `({title text} : "title x" AND {title text} : "or" AND {title text} : "not")`,
		"東京タ":             `({title text} : "東京 京タ" *)`,
		"東":               `({title text} : "東" *)`,
		"NEAR(a b, 2)":    `({title text} : "near a" AND {title text} : "b" AND {title text} : "2")`,
		"' & ! | <-> :*":  "()",
	} {
		if got := Parse(q).fts5("title text"); got != want {
			t.Errorf("%s: %s, want %s", q, got, want)
		}
	}
	if got := Parse(`"a b" c'd e`).tsquery("A"); got != `(('a':A <-> 'b':A) & ('c':A <-> 'd':A) & ('e':A))` {
		t.Error(got)
	}
}

func TestMatchesAreMarked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ q, text, html string }{
		{"cafe", "Le Café <b>", "Le <mark>Café</mark> &lt;b&gt;"},
		{"lau", "Launch & relaunch", "<mark>Launch</mark> &amp; relaunch"},
		{"東京", "新東京駅", "新<mark>東</mark><mark>京</mark>駅"},
		{"京", "新東京駅", "新東<mark>京</mark>駅"},
		{"nothing", "text", "text"},
		{"", "text", "text"},
	} {
		if got := Parse(c.q).Mark(c.text); got.HTML != c.html || got.Text != c.text {
			t.Errorf("%q in %q: %+v, want %s", c.q, c.text, got, c.html)
		}
	}
	long := strings.Repeat("word ", 200) + "needle " + strings.Repeat("word ", 200)
	got := Parse("needle").Mark(long)
	if !strings.Contains(got.HTML, "<mark>needle</mark>") || len(got.Text) > snippetLength+10 || !strings.HasPrefix(got.Text, "…word") || !strings.HasSuffix(got.Text, "…") {
		t.Errorf("%q", got.Text)
	}
}

// FuzzQuery: whatever somebody types, both engines' forms hold nothing but quoted words.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{`a"b`, `'x'::A`, "\x00", "東\xff", `NOT (a) ^b -c "d`, "a\u0301", "ſſ", "{title}: x", "ΑΣ", strings.Repeat("𝔘", 200)} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		q = clip(q, 500) // longer ones are refused
		terms := Parse(q)
		for _, term := range terms {
			for _, w := range term.words {
				if w == "" || strings.ContainsAny(w, "'\"\\ \x00:&|!()*") || !slices.Equal(runsOf(w), []run{{w, runsOf(w)[0].unspaced}}) {
					t.Fatalf("%q makes the word %q", q, w)
				}
			}
		}
		terms.Mark(q)
	})
}
