package linkpreview

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// MaxLinks is how many links FindLinks gives.
const MaxLinks = 10

// FindLinks gives the links of http and https in a text, as they are written there and in
// that order: at most MaxLinks, each once, none longer than 2048 bytes. Punctuation behind a
// link belongs to the sentence, a bracket only if it was not opened in the link.
func FindLinks(text string) []string {
	var links []string
	seen := map[string]bool{}
	for len(links) < MaxLinks {
		start, rest := nextLink(text)
		if start < 0 {
			break
		}
		link := text[start:rest]
		text = text[rest:]
		if len(link) > maxURL {
			continue
		}
		link = trimPunctuation(link)
		if key := Key(link); key != "" && !seen[key] {
			seen[key] = true
			links = append(links, link)
		}
	}
	return links
}

// nextLink finds what looks like a link: from its scheme to the end of the word.
func nextLink(text string) (start, end int) {
	for from := 0; ; {
		i := strings.Index(text[from:], "://")
		if i < 0 {
			return -1, -1
		}
		i += from
		from = i + len("://")
		for _, scheme := range []string{"https", "http"} {
			start := i - len(scheme)
			if start < 0 || !strings.EqualFold(text[start:i], scheme) || inWord(text[:start]) {
				continue
			}
			if n := strings.IndexFunc(text[from:], endsLink); n >= 0 {
				return start, from + n
			}
			return start, len(text)
		}
	}
}

// inWord says whether what follows a text would only go on with its last word.
func inWord(before string) bool {
	r, _ := utf8.DecodeLastRuneInString(before)
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '+' || r == '-'
}

// endsLink says which characters are in no link. Writing without blanks between words sets its
// own punctuation behind a link.
func endsLink(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || strings.ContainsRune("<>\"`\\|^\u200b\ufeff“”„«»‹›，。、！？；：（）【】「」『』《》", r)
}

func trimPunctuation(link string) string {
	for link != "" {
		r, size := utf8.DecodeLastRuneInString(link)
		closes := strings.IndexRune(")]}", r)
		switch {
		case strings.ContainsRune(".,;:!?'*…’‘", r):
		case closes >= 0 && strings.Count(link, ")]}"[closes:closes+1]) > strings.Count(link, "([{"[closes:closes+1]):
		default:
			return link
		}
		link = link[:len(link)-size]
	}
	return ""
}

// Key is the same for all spellings of a link that lead to the same page: without fragment and
// default port, scheme and host in lower case and ASCII. It is empty for what is no link of
// http or https, or has a user name.
func Key(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	host := asciiHost(u.Hostname())
	if host == "" {
		return ""
	}
	if port := u.Port(); port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host += ":" + port
	}
	u.Host, u.Fragment, u.RawFragment, u.ForceQuery = host, "", "", false
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String()
}

// asciiHost is a host as it is looked up; empty when it cannot be one.
func asciiHost(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Is6() {
			return "[" + ip.String() + "]"
		}
		return host
	}
	if strings.ContainsFunc(host, func(r rune) bool { return r >= utf8.RuneSelf }) {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return ""
		}
		host = ascii
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return ""
		}
	}
	return host
}
