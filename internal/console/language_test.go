package console

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// said finds the texts that pages say: literal arguments of t and tf, notices, and what is told
// when something went wrong.
var said = []*regexp.Regexp{
	regexp.MustCompile(`\btf?\(ctx, "((?:[^"\\]|\\.)*)"`),
	regexp.MustCompile(`\.done\([^\n]*?, "([A-Z](?:[^"\\]|\\.)*)"\)`),
	regexp.MustCompile(`(?:Detail|http\.Status\w+): +"([A-Z](?:[^"\\]|\\.)*)"`),
	regexp.MustCompile(`\bbad\("([A-Z][^"]*)"\)`),
	regexp.MustCompile(`\bbad\.Add\([^\n]*, "([A-Z][^"]*)"\)`),
	regexp.MustCompile(`\blang\.text\("([A-Z][^"]*)"\)`),
}

var (
	counted  = regexp.MustCompile(`\btn\(ctx, "([^"]*)"`)
	named    = regexp.MustCompile(`(?s)map\[[\w.]+\]string\{(.*?)\}\[`)
	aName    = regexp.MustCompile(`: +"([A-Z][^"]*)"`)
	modules  = regexp.MustCompile(`\{"\d+", "(\w+)"\}`)
	sentence = regexp.MustCompile(`"([A-Z][^"]*\.)"`)
)

// texts gives what pages say, and what they say about numbers.
func texts(t *testing.T) (plain, numbers map[string]bool) {
	t.Helper()
	plain, numbers = map[string]bool{}, map[string]bool{}
	files, _ := filepath.Glob("*")
	signIn := []string{"session.go", "factor.go", "throttle.go", "access.go"}
	for _, name := range signIn {
		files = append(files, "../module/session/"+name)
	}
	files = append(files, "../module/identity/identity.go")
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") || (filepath.Ext(name) != ".go" && filepath.Ext(name) != ".templ") {
			continue
		}
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text := string(body)
		add := func(re *regexp.Regexp, in string, to map[string]bool) {
			for _, m := range re.FindAllStringSubmatch(in, -1) {
				to[m[1]] = true
			}
		}
		if strings.HasPrefix(name, "..") {
			for _, line := range strings.Split(text, "\n") {
				if !strings.Contains(line, "hidden") && !strings.Contains(line, "capabilities") { // whole sentences that people see
					add(sentence, line, plain)
				}
			}
			continue
		}
		for _, re := range said {
			add(re, text, plain)
		}
		add(counted, text, numbers)
		add(modules, text, plain)
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			add(aName, m[1], plain)
		}
	}
	if len(plain) < 300 || len(numbers) < 10 {
		t.Fatalf("found only %d and %d texts: the test does not see them", len(plain), len(numbers))
	}
	return plain, numbers
}

func TestEveryLanguageIsComplete(t *testing.T) {
	t.Parallel()
	list, err := loadLanguages()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 2 || list[0].Name != "English" {
		t.Fatalf("%d languages", len(list))
	}
	plain, numbers := texts(t)
	verbs := regexp.MustCompile(`%[sd%]`)
	for _, l := range list {
		for key := range numbers {
			if l.Counts[key]["other"] == "" {
				t.Errorf("%s: no forms of %q", l.Name, key)
			}
		}
		if l == list[0] {
			continue // the keys are English
		}
		for key := range plain {
			text := l.Texts[key]
			if text == "" {
				t.Errorf("%s: no text for %q", l.Name, key)
			} else if strings.Join(verbs.FindAllString(text, -1), "") != strings.Join(verbs.FindAllString(key, -1), "") {
				t.Errorf("%s: %q has other places for values than %q", l.Name, text, key)
			}
		}
		for key := range l.Texts {
			if !plain[key] {
				t.Errorf("%s: no page says %q any more", l.Name, key)
			}
		}
	}
}

func TestNumbersHaveTheirForms(t *testing.T) {
	t.Parallel()
	list, err := loadLanguages()
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{0: "0 people", 1: "1 person", 2: "2 people", 42: "42 people"} {
		if got := list[0].count("%d people", n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for n, want := range map[int]string{1: "شخص واحد", 2: "شخصان", 3: "3 أشخاص", 11: "11 شخصًا", 100: "100 شخص"} {
		if got := list[1].count("%d people", n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
