package linkpreview

import (
	"cmp"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/transform"

	"github.com/workdrive/workdrive/internal/kernel/egress"
)

// maxTokens are looked at for the end of the head; heads have hundreds.
const maxTokens = 20_000

// metas are the names of meta tags that a card is made of. Sites mix up the attributes
// "property" and "name", so both are read.
var metas = []string{
	"og:title", "twitter:title", "og:description", "twitter:description", "description",
	"og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src", "og:site_name", "application-name",
}

// page collects what a page says about itself. The first of several values counts.
type page struct {
	client    *egress.Client
	base      *url.URL
	hasBase   bool
	heading   string // of the title tag
	inTitle   bool
	meta      map[string]string
	canonical string
	imageSrc  string
}

// scan reads a page up to the end of its head. The answer is nil also when the page is longer
// than what is read of it.
func (p *page) scan(in io.Reader, head []byte, contentType string) error {
	p.meta = map[string]string{}
	encoding, _, _ := charset.DetermineEncoding(head, contentType)
	z := html.NewTokenizer(transform.NewReader(in, encoding.NewDecoder()))
	for range maxTokens {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			if err := z.Err(); !errors.Is(err, io.EOF) && !errors.Is(err, egress.ErrTooLarge) {
				return err
			}
			return nil
		case html.StartTagToken, html.SelfClosingTagToken:
			if p.start(z) == atom.Body {
				return nil
			}
		case html.EndTagToken:
			p.inTitle = false
			if name, _ := z.TagName(); atom.Lookup(name) == atom.Head {
				return nil
			}
		case html.TextToken:
			if p.inTitle && p.heading == "" {
				p.heading = clean(string(z.Text()), maxTitle)
			}
		}
	}
	return nil
}

// start takes a tag in, and says which it is.
func (p *page) start(z *html.Tokenizer) atom.Atom {
	name, more := z.TagName()
	tag := atom.Lookup(name)
	p.inTitle = tag == atom.Title
	if tag != atom.Meta && tag != atom.Link && tag != atom.Base {
		return tag
	}
	attributes := map[string]string{}
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch k := string(key); k {
		case "property", "name", "content", "rel", "href":
			if _, twice := attributes[k]; !twice {
				attributes[k] = string(value)
			}
		}
	}
	switch tag {
	case atom.Meta:
		p.takeMeta(attributes)
	case atom.Link:
		p.takeLink(attributes)
	case atom.Base:
		if to, err := p.base.Parse(attributes["href"]); err == nil && !p.hasBase && attributes["href"] != "" {
			p.base, p.hasBase = to, true
		}
	}
	return tag
}

func (p *page) takeMeta(attributes map[string]string) {
	for _, attribute := range []string{"property", "name"} {
		name := strings.ToLower(strings.TrimSpace(attributes[attribute]))
		if slices.Contains(metas, name) && p.meta[name] == "" {
			p.meta[name] = clean(attributes["content"], maxURL+1) // one more: a cut address must not look like a whole one
		}
	}
}

func (p *page) takeLink(attributes map[string]string) {
	for rel := range strings.FieldsSeq(strings.ToLower(attributes["rel"])) {
		switch href := clean(attributes["href"], maxURL+1); rel {
		case "canonical":
			p.canonical = cmp.Or(p.canonical, href)
		case "image_src":
			p.imageSrc = cmp.Or(p.imageSrc, href)
		}
	}
}

func (p *page) title() string { return cmp.Or(p.meta["og:title"], p.meta["twitter:title"], p.heading) }

// fill writes what was found into the card of the page at an address.
func (p *page) fill(card *Preview, at *url.URL) {
	card.Title = cut(p.title(), maxTitle)
	card.Description = cut(cmp.Or(p.meta["og:description"], p.meta["twitter:description"], p.meta["description"]), maxDescription)
	card.SiteName = cut(cmp.Or(p.meta["og:site_name"], p.meta["application-name"], card.SiteName), maxTitle)
	for _, image := range []string{
		p.meta["og:image:secure_url"], p.meta["og:image"], p.meta["og:image:url"], p.meta["twitter:image"], p.meta["twitter:image:src"], p.imageSrc,
	} {
		if to, err := p.base.Parse(image); err == nil && image != "" && card.Image == "" {
			card.Image = publicURL(p.client, to)
		}
	}
	// Elsewhere it would be another site's card: a page may only speak of its own.
	if to, err := p.base.Parse(p.canonical); err == nil && p.canonical != "" && strings.EqualFold(to.Host, at.Host) {
		card.Link = cmp.Or(publicURL(p.client, to), card.Link)
	}
}

// clean makes one line of text: white space is one blank, control characters and those that
// turn the direction of what follows are gone. It is at most so many characters long.
func clean(text string, limit int) string {
	var b strings.Builder
	length, blank := 0, false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			blank = length > 0
			continue
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\ufeff':
			continue
		}
		if blank {
			if length++; length < limit {
				b.WriteByte(' ')
			}
			blank = false
		}
		if length++; length > limit {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSuffix(b.String(), " ")
}

// cut shortens a clean text.
func cut(text string, limit int) string {
	for i := range text {
		if limit--; limit < 0 {
			return strings.TrimSuffix(text[:i], " ")
		}
	}
	return text
}
