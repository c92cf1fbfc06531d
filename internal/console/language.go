package console

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
	xlanguage "golang.org/x/text/language"
)

//go:embed locales
var localeFiles embed.FS

// language is a catalogue of texts. The key of a text is its English form.
type language struct {
	tag  xlanguage.Tag
	Name string `json:"name"` // what its readers call it
	Dir  string `json:"dir"`  // ltr or rtl
	// FirstDay is the day that weeks begin with; 0 is Sunday.
	FirstDay int               `json:"firstDay"`
	Texts    map[string]string `json:"texts"`
	// Counts are texts that depend on a number (%d), by plural form: zero, one, two, few, many
	// or other (Unicode CLDR).
	Counts map[string]map[string]string `json:"counts"`
}

// loadLanguages reads the catalogues, English first.
func loadLanguages() ([]*language, error) {
	entries, err := localeFiles.ReadDir("locales")
	if err != nil {
		return nil, err
	}
	var list []*language
	for _, e := range entries {
		body, err := localeFiles.ReadFile(path.Join("locales", e.Name()))
		if err != nil {
			return nil, err
		}
		l := &language{}
		if err := json.Unmarshal(body, l); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		if l.tag, err = xlanguage.Parse(strings.TrimSuffix(e.Name(), ".json")); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		list = append(list, l)
	}
	slices.SortStableFunc(list, func(a, b *language) int {
		if a.tag == xlanguage.English {
			return -1
		}
		return 0
	})
	return list, nil
}

// languageOf is the language that somebody chose, else the one their browser likes best.
func (c *Console) languageOf(r *http.Request) *language { return c.languageFor(r, "") }

// languageFor is languageOf for somebody whose profile names a language, which a browser that has
// chosen none follows.
func (c *Console) languageFor(r *http.Request, own string) *language {
	tags := make([]xlanguage.Tag, len(c.languages))
	for i, l := range c.languages {
		tags[i] = l.tag
	}
	chosen := ""
	if cookie, err := r.Cookie(c.cookieName(languageCookie)); err == nil {
		chosen = cookie.Value
	}
	_, i := xlanguage.MatchStrings(xlanguage.NewMatcher(tags), chosen, own, r.Header.Get("Accept-Language"))
	return c.languages[i]
}

// knows reports whether a text is one of ours.
func (c *Console) knows(text string) bool {
	for _, l := range c.languages {
		if _, ok := l.Texts[text]; ok {
			return true
		}
	}
	return false
}

func (l *language) text(key string) string {
	if s := l.Texts[key]; s != "" {
		return s
	}
	return key
}

func (l *language) count(key string, n int) string {
	forms := l.Counts[key]
	form := plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0)
	name := map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many"}[form]
	text, ok := forms[name]
	if !ok {
		if text, ok = forms["other"]; !ok {
			text = key
		}
	}
	if !strings.Contains(text, "%d") {
		return text
	}
	return fmt.Sprintf(text, n)
}

// t is a text in the reader's language.
func t(ctx context.Context, key string) string { return visitOf(ctx).lang.text(key) }

// tf is a text with values in it.
func tf(ctx context.Context, key string, values ...any) string {
	return fmt.Sprintf(visitOf(ctx).lang.text(key), values...)
}

// tn is a text about a number of things; "%d" stands for the number.
func tn(ctx context.Context, key string, n int) string { return visitOf(ctx).lang.count(key, n) }
