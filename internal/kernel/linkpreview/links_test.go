package linkpreview_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workdrive/workdrive/internal/kernel/linkpreview"
)

func TestFindLinks(t *testing.T) {
	t.Parallel()
	many := make([]string, 20)
	for i := range many {
		many[i] = fmt.Sprintf("https://example.com/%d", i)
	}
	for text, want := range map[string][]string{
		"":                              nil,
		"no link: example.com, http:/x": nil,
		"see https://example.com.":      {"https://example.com"},
		"HTTP://Example.com/A?b=c#d, then https://b.example/!":                         {"HTTP://Example.com/A?b=c#d", "https://b.example/"},
		"(https://example.com/a_(b)) and [https://c.example]":                          {"https://example.com/a_(b)", "https://c.example"},
		"[text](https://example.com/a) <https://b.example/x>":                          {"https://example.com/a", "https://b.example/x"},
		`"https://example.com/a", 'https://b.example/'`:                                {"https://example.com/a", "https://b.example/"},
		"**https://example.com/a**…":                                                   {"https://example.com/a"},
		"https://youtu.example/abc_- https://example.com/~me/":                         {"https://youtu.example/abc_-", "https://example.com/~me/"},
		"https://bücher.example/straße und http://例え.テスト/パス":                           {"https://bücher.example/straße", "http://例え.テスト/パス"},
		"请看https://example.com/路径。谢谢（http://b.example/）":                               {"https://example.com/路径", "http://b.example/"},
		"“https://example.com/”\u200b":                                                 {"https://example.com/"},
		"line\nhttps://example.com/a\r\nhttps://b.example\tx":                          {"https://example.com/a", "https://b.example"},
		"end.https://example.com/":                                                     {"https://example.com/"},
		"xhttp://a.example git+https://b.example 1http://c.d":                          nil,
		"ftp://a.example javascript://a.example %0aalert(1)":                           nil,
		"https:// http://. http://… https://, http://?a":                               nil,
		"http://user@a.example/ https://a:b@c.example":                                 nil,
		"http://a..example/ http://exa$mple.com/ http://a:b/":                          nil,
		"http://[::1]/x http://127.0.0.1:8080/ http://wiki/":                           {"http://[::1]/x", "http://127.0.0.1:8080/", "http://wiki/"},
		"https://example.com/ https://EXAMPLE.com:443#x":                               {"https://example.com/"},
		"https://web.example/2020/https://b.example/":                                  {"https://web.example/2020/https://b.example/"},
		"http://example.com/\u202egnp.exe":                                             {"http://example.com/"},
		"http://a.example/" + strings.Repeat("x", 2048) + " http://b.example/":         {"http://b.example/"},
		strings.Join(many, " "):                                                        many[:linkpreview.MaxLinks],
		strings.Repeat("http://", 100_000) + " http://" + strings.Repeat(")", 100_000): nil,
	} {
		if diff := cmp.Diff(want, linkpreview.FindLinks(text)); diff != "" {
			t.Errorf("%.100q: %s", text, diff)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"HTTP://Example.COM":                    "http://example.com/",
		"https://example.com:443/a?b=C&a=1#d":   "https://example.com/a?b=C&a=1",
		"http://example.com:443/?":              "http://example.com:443/",
		"http://example.com.:80/A%20b":          "http://example.com/A%20b",
		"https://Bücher.example/ü":              "https://xn--bcher-kva.example/%C3%BC",
		"http://[2001:DB8::0:1]:80/":            "http://[2001:db8::1]/",
		"http://[::ffff:127.0.0.1]:8080":        "http://[::ffff:127.0.0.1]:8080/",
		"http://user@example.com/":              "",
		"ftp://example.com/":                    "",
		"http:///a":                             "",
		"example.com":                           "",
		"http://exa mple.com/":                  "",
		"https://" + strings.Repeat("a", 64):    "",
		"https://xn--bcher-kva.example/%c3%bc#": "https://xn--bcher-kva.example/%c3%bc",
	} {
		if got := linkpreview.Key(link); got != want {
			t.Errorf("Key(%q) = %q, want %q", link, got, want)
		}
	}
}

// FuzzFindLinks: what is found stands in the text, in order, and is a link that leads somewhere;
// its key is the key of the key.
func FuzzFindLinks(f *testing.F) {
	for _, text := range []string{"see https://example.com.", "(http://a.example/(b))", "https://bücher.example/ü", "HTTP://[::1]:80#x", "http://例え。テスト"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		links := linkpreview.FindLinks(text)
		if len(links) > linkpreview.MaxLinks {
			t.Errorf("%d links", len(links))
		}
		for _, link := range links {
			i := strings.Index(text, link)
			if i < 0 || len(link) > 2048 {
				t.Fatalf("%q is not in the rest of the text", link)
			}
			text = text[i+len(link):]
			key := linkpreview.Key(link)
			if key == "" || linkpreview.Key(key) != key {
				t.Errorf("Key(%q) = %q, and its key is %q", link, key, linkpreview.Key(key))
			}
		}
	})
}
