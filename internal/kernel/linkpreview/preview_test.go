package linkpreview_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/linkpreview"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a server and a client that may reach it.
type site struct {
	url    string
	client *egress.Client
}

func newSite(t *testing.T, timeout time.Duration, handler http.HandlerFunc) site {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return site{s.URL, egress.New(egress.Options{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: timeout,
		Ports: []uint16{netip.MustParseAddrPort(s.Listener.Addr().String()).Port()},
	})}
}

// answers is a site that answers the same to everything.
func answers(t *testing.T, contentType string, body []byte) site {
	t.Helper()
	return newSite(t, 0, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		if contentType == "" {
			w.Header()["Content-Type"] = nil
		}
		_, _ = w.Write(body)
	})
}

func (s site) fetch(t *testing.T, path string) (linkpreview.Preview, error) {
	t.Helper()
	card, err := linkpreview.Fetch(t.Context(), s.client, s.url+path)
	for name, text := range map[string]string{"title": card.Title, "description": card.Description, "site": card.SiteName} {
		if limit := map[string]int{"title": 300, "description": 1000, "site": 300}[name]; utf8.RuneCountInString(text) > limit || !utf8.ValidString(text) {
			t.Errorf("the %s is not valid text of at most %d characters: %q", name, limit, text)
		}
	}
	return card, err
}

func TestWhatAPageSaysAboutItself(t *testing.T) {
	t.Parallel()
	type preview = linkpreview.Preview
	for name, c := range map[string]struct {
		html string
		want preview // SITE is the site's address; Link and SiteName have defaults
	}{
		"everything": {`<!doctype html><html><head><title>plain</title><meta name=description content="plain d"><meta property="og:title" content="Open &amp; Graph">
			<meta property="og:description" content="od"><meta property="og:image" content="/i.png"><meta property="og:site_name" content="Site"><meta name="twitter:title" content="tt">
			<link rel=canonical href="/the-page"></head>`, preview{Title: "Open & Graph", Description: "od", Image: "SITE/i.png", SiteName: "Site", Link: "SITE/the-page"}},
		"a Twitter card":          {`<title>plain</title><meta name="twitter:title" content="tt"><meta name=twitter:description content=td><meta name=twitter:image content=a/b.png>`, preview{Title: "tt", Description: "td", Image: "SITE/dir/a/b.png"}},
		"plain HTML":              {`<head><title> Caf&eacute; &lt;b&gt; </title><META NAME="Description" CONTENT="d"><link rel="alternate IMAGE_SRC" href="//127.0.0.1/x.png">`, preview{Title: "Café <b>", Description: "d", Image: "http://127.0.0.1/x.png"}},
		"attributes mixed up":     {`<meta name="og:title" content="t"><meta content="d" property="description">`, preview{Title: "t", Description: "d"}},
		"the first counts":        {`<title>1</title><title>2</title><meta property=og:description content=""><meta property=og:description content=3><meta property=og:description content=4>`, preview{Title: "1", Description: "3"}},
		"nothing":                 {`<p>hello</p>`, preview{Title: "127.0.0.1"}},
		"empty":                   {``, preview{Title: "127.0.0.1"}},
		"white space and control": {"<title>a\n\t b\x00\x07\u202e\u2066c\ufeff\u00a0d</title>", preview{Title: "a b\ufffdc d"}},
		"a base":                  {`<base href="/other/"><base href="/no/"><title>t</title><meta property=og:image content=i.png><link rel=canonical href=p>`, preview{Title: "t", Image: "SITE/other/i.png", Link: "SITE/other/p"}},
		"the body says nothing":   {`<head><title>t</title></head><body><meta property=og:title content=x><title>y</title>`, preview{Title: "t"}},
		"no end of the head":      {`<title>t</title><body><meta property=og:title content=x>`, preview{Title: "t"}},
		"scripts and comments":    {`<script>"<title>no</title>"</script><!-- <title>no</title> --><style><title>no</title></style><title>yes</title>`, preview{Title: "yes"}},
		"a title that never ends": {`<title>t<meta property=og:title content=x>`, preview{Title: "t<meta property=og:title content=x>"}},
		"another site's address":  {`<title>t</title><link rel=canonical href="https://bank.example/">`, preview{Title: "t"}},
		"addresses of no site":    {`<title>t</title><link rel=canonical href="javascript:alert(1)"><meta property=og:image content="data:image/png;base64,AAAA">`, preview{Title: "t"}},
		"a private image":         {`<title>t</title><meta property=og:image content="http://10.0.0.1/x.png"><meta name=twitter:image content="http://[fd00:ec2::254]/x.png">`, preview{Title: "t"}},
		"a disguised image":       {`<title>t</title><meta property=og:image content="http://2130706433/x.png"><meta name=twitter:image content="http://0x7f.1/x.png">`, preview{Title: "t"}},
		"a second, public image":  {`<title>t</title><meta property=og:image content="http://a:b@example.com/"><meta name=twitter:image content="https://example.com/a b.png">`, preview{Title: "t", Image: "https://example.com/a%20b.png"}},
		"a long image address":    {`<title>t</title><meta property=og:image content="https://example.com/` + strings.Repeat("x", 2100) + `">`, preview{Title: "t"}},
		"long text":               {`<title>` + strings.Repeat("ü ", 400) + `</title><meta name=description content="` + strings.Repeat("日", 1001) + `">`, preview{Title: strings.TrimSpace(strings.Repeat("ü ", 150)), Description: strings.Repeat("日", 1000)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := answers(t, "text/html; charset=utf-8", []byte(c.html))
			got, err := s.fetch(t, "/dir/page?a=b")
			want := c.want
			if want.Link == "" {
				want.Link = "SITE/dir/page?a=b"
			}
			if want.SiteName == "" {
				want.SiteName = "127.0.0.1"
			}
			want.Link, want.Image = strings.Replace(want.Link, "SITE", s.url, 1), strings.Replace(want.Image, "SITE", s.url, 1)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestCharsets(t *testing.T) {
	t.Parallel()
	page := func(title, meta string) string { return "<html><head>" + meta + "<title>" + title + "</title></head>" }
	encode := func(text []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	latin := encode(charmap.ISO8859_1.NewEncoder().Bytes([]byte(page("Grüße", ""))))
	for name, c := range map[string]struct {
		contentType string
		body        []byte
		want        string
	}{
		"declared in the header": {"text/html; charset=iso-8859-1", latin, "Grüße"},
		"declared in the page":   {"text/html", encode(japanese.ShiftJIS.NewEncoder().Bytes([]byte(page("日本語", `<meta charset="shift_jis">`)))), "日本語"},
		"told by the mark":       {"text/html", encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(page("日本", "")))), "日本"},
		"UTF-8 not declared":     {"text/html", []byte(page("日本 ü", "")), "日本 ü"},
		"an unknown one":         {"text/html; charset=klingon", []byte(page("abc", "")), "abc"},
		"not what it claims":     {"text/html; charset=utf-8", latin, "Gr\ufffd\ufffde"},
		"no type at all":         {"", []byte("<!doctype html>" + page("abc", "")), "abc"},
		"XHTML":                  {"application/xhtml+xml", []byte(`<?xml version="1.0"?>` + page("abc", "")), "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := answers(t, c.contentType, c.body).fetch(t, "/")
			if err != nil || got.Title != c.want {
				t.Errorf("%q, %v; want %q", got.Title, err, c.want)
			}
		})
	}
}

func TestFilesHaveACardWithTheirName(t *testing.T) {
	t.Parallel()
	png := []byte("\x89PNG\r\n\x1a\n")
	for name, c := range map[string]struct {
		path, contentType, disposition string
		body                           []byte
		title, image                   string
		err                            error
	}{
		"an image":            {"/a/Photo%20%C3%BC.png", "image/png", "", png, "Photo ü.png", "/a/Photo%20%C3%BC.png", nil},
		"an image by content": {"/x.png", "", "", png, "x.png", "/x.png", nil},
		"only said to be one": {"/x.png", "image/png", "", []byte("<html>"), "x.png", "", nil},
		"a drawing":           {"/x.svg", "image/svg+xml", "", []byte("<svg onload=alert(1)>"), "x.svg", "", nil},
		"PDF":                 {"/report.pdf", "application/pdf", "", []byte("%PDF-1.7"), "report.pdf", "", nil},
		"its own name":        {"/download", "application/pdf", `attachment; filename="../a\\b/Plan.pdf"`, []byte("%PDF-1.7"), "Plan.pdf", "", nil},
		"no name":             {"/", "video/mp4", "", []byte("x"), "127.0.0.1", "", nil},
		"a page that is none": {"/", "text/html", "", png, "", "", linkpreview.ErrNotHTML},
		"JSON":                {"/a.json", "application/json", "", []byte("{}"), "", "", linkpreview.ErrNotHTML},
		"text":                {"/a.txt", "text/plain", "", []byte("<html><title>x</title>"), "", "", linkpreview.ErrNotHTML},
		"anything":            {"/a.bin", "application/octet-stream", "", []byte("\x00\x01"), "", "", linkpreview.ErrNotHTML},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, 0, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = nil
				if c.contentType != "" {
					w.Header().Set("Content-Type", c.contentType)
				}
				if c.disposition != "" {
					w.Header().Set("Content-Disposition", c.disposition)
				}
				_, _ = w.Write(c.body)
			})
			got, err := s.fetch(t, c.path)
			image := ""
			if c.image != "" {
				image = s.url + c.image
			}
			if !errors.Is(err, c.err) || got.Title != c.title || got.Image != image || got.Description != "" {
				t.Errorf("%+v, %v; want %q, %q, %v", got, err, c.title, image, c.err)
			}
		})
	}
}

func TestRedirectsAreFollowed(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/short" {
			http.Redirect(w, r, "/long/page", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<title>t</title><meta property=og:image content=i.png>`)
	})
	got, err := s.fetch(t, "/short")
	if err != nil || got.Link != s.url+"/short" || got.Image != s.url+"/long/i.png" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhyThereIsNoCard(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		case "/inside":
			http.Redirect(w, r, "http://10.0.0.1/", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	})
	classes := []error{linkpreview.ErrNotFound, linkpreview.ErrNotHTML, linkpreview.ErrTooSlow, egress.ErrRefused}
	for link, want := range map[string]error{
		s.url + "/absent": linkpreview.ErrNotFound, s.url + "/gone": linkpreview.ErrNotFound, s.url + "/inside": egress.ErrRefused, s.url + "/broken": nil,
		"http://10.0.0.1/": egress.ErrRefused, "file:///etc/passwd": egress.ErrRefused, "http://a b/": egress.ErrRefused, "": egress.ErrRefused,
	} {
		card, err := linkpreview.Fetch(t.Context(), s.client, link)
		if err == nil || card != (linkpreview.Preview{}) {
			t.Errorf("%s: %+v, %v", link, card, err)
		}
		for _, class := range classes {
			if errors.Is(err, class) != (class == want) { //nolint:errorlint // compares sentinels, not chains
				t.Errorf("%s: %v, want %v", link, err, want)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := linkpreview.Fetch(ctx, s.client, s.url); !errors.Is(err, context.Canceled) || errors.Is(err, linkpreview.ErrTooSlow) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSlowPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sent, want string }{"nothing comes": {"", ""}, "no title yet": {"<html><head>", ""}, "the title is there": {"<html><head><title>t</title>", "t"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, time.Second, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, c.sent)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			})
			got, err := s.fetch(t, "/")
			if got.Title != c.want || (c.want == "") != errors.Is(err, linkpreview.ErrTooSlow) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestBombs(t *testing.T) {
	t.Parallel()
	const n = 10 << 20
	bombs := map[string]string{
		"deep":           strings.Repeat("<div>", n/5),
		"one attribute":  `<meta property=og:title content="` + strings.Repeat("x", n) + `">`,
		"attributes":     `<meta ` + strings.Repeat("a=1 ", n/4) + `>`,
		"meta tags":      strings.Repeat(`<meta name=description content=x>`, 1_000_000),
		"an endless tag": "<" + strings.Repeat("x", n),
		"entities":       "<title>" + strings.Repeat("&amp;", n/5),
		"a comment":      "<!--" + strings.Repeat("-", n),
		"zeros":          "<html>" + strings.Repeat("\x00", n),
	}
	for name, bomb := range bombs {
		for _, packed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, packed %v", name, packed), func(t *testing.T) {
				t.Parallel()
				s := newSite(t, time.Minute, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "text/html")
					if packed {
						w.Header().Set("Content-Encoding", "gzip")
						z := gzip.NewWriter(w)
						defer func() { _ = z.Close() }()
						_, _ = io.WriteString(z, bomb)
						return
					}
					_, _ = io.WriteString(w, bomb)
				})
				got, err := s.fetch(t, "/")
				if err != nil && !errors.Is(err, linkpreview.ErrNotHTML) {
					t.Errorf("%+v, %v", got, err)
				}
			})
		}
	}
}

func TestTheHeadIsEnough(t *testing.T) {
	t.Parallel()
	page := append([]byte("<title>t</title></head>"), bytes.Repeat([]byte("x"), 3<<20)...)
	if got, err := answers(t, "text/html", page).fetch(t, "/"); err != nil || got.Title != "t" {
		t.Errorf("%+v, %v", got, err)
	}
}
