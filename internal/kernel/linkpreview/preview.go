package linkpreview

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/egress"
)

// Preview is the card of a link: plain text, to be escaped by whoever shows it as HTML.
type Preview struct {
	// Link is the address the page calls its own, when that is on the host that answered;
	// otherwise the one that was asked for.
	Link        string
	Title       string // at most 300 characters; the host's name when there is none
	Description string // at most 1000 characters, may be empty
	Image       string // an absolute public URL, or empty
	SiteName    string // at most 300 characters; the host's name when there is none
}

// The limits of a card, in characters, and of an address, in bytes.
const (
	maxTitle       = 300
	maxDescription = 1000
	maxURL         = 2048
)

// Why there is no card. The fourth reason is egress.ErrRefused; any other error is a failure
// that may be over the next time.
var (
	ErrNotFound = errors.New("linkpreview: there is no such page")
	ErrNotHTML  = errors.New("linkpreview: this is neither a page nor a file with a card")
	ErrTooSlow  = errors.New("linkpreview: the page did not come in time")
)

// sniffed is how much of an answer is looked at to tell its type and charset.
const sniffed = 1024

// Fetch asks for a page and reads its card. The error is in a class of ErrNotFound, ErrNotHTML,
// ErrTooSlow or egress.ErrRefused, or says what failed.
func Fetch(ctx context.Context, client *egress.Client, link string) (Preview, error) {
	if err := client.Check(link); err != nil {
		return Preview{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return Preview{}, fmt.Errorf("ask for a preview: %w", err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1")
	answer, err := client.Do(r)
	if err != nil {
		return Preview{}, classify(err)
	}
	defer func() { _ = answer.Body.Close() }()
	switch status := answer.StatusCode; {
	case status == http.StatusNotFound || status == http.StatusGone:
		return Preview{}, ErrNotFound
	case status != http.StatusOK:
		return Preview{}, fmt.Errorf("the page answered %d", status)
	}
	return read(client, link, answer)
}

// read makes the card of an answer. Its request's URL is the last of the redirects.
func read(client *egress.Client, link string, answer *http.Response) (Preview, error) {
	at := answer.Request.URL
	in := bufio.NewReaderSize(answer.Body, sniffed)
	head, err := in.Peek(sniffed)
	if len(head) == 0 && !errors.Is(err, io.EOF) {
		return Preview{}, classify(err)
	}
	sniff := http.DetectContentType(head)
	declared, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || declared == "" {
		declared, _, _ = mime.ParseMediaType(sniff)
	}
	card := Preview{Link: link, SiteName: clean(at.Hostname(), maxTitle)}
	switch {
	case declared == "text/html" || declared == "application/xhtml+xml":
		if !strings.HasPrefix(sniff, "text/") {
			return Preview{}, ErrNotHTML
		}
		p := page{client: client, base: at}
		err := p.scan(in, head, answer.Header.Get("Content-Type"))
		if err != nil && p.title() == "" {
			return Preview{}, classify(err)
		}
		p.fill(&card, at)
	case isFile(declared):
		card.Title = fileName(answer)
		if strings.HasPrefix(declared, "image/") && strings.HasPrefix(sniff, "image/") {
			card.Image = publicURL(client, at)
		}
	default:
		return Preview{}, ErrNotHTML
	}
	card.Title = cmp.Or(card.Title, card.SiteName)
	return card, nil
}

// isFile says which media types have a card with the file's name.
func isFile(mediaType string) bool {
	kind, _, _ := strings.Cut(mediaType, "/")
	return kind == "image" || kind == "video" || kind == "audio" || mediaType == "application/pdf"
}

// fileName is the name that a file was sent under; empty when it has none.
func fileName(answer *http.Response) string {
	name := answer.Request.URL.Path
	if _, params, err := mime.ParseMediaType(answer.Header.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		name = params["filename"]
	}
	if name = path.Base(strings.ReplaceAll(name, `\`, "/")); name == "." || name == "/" {
		return ""
	}
	return clean(name, maxTitle)
}

// publicURL is an address as a card may show it, or empty.
func publicURL(client *egress.Client, u *url.URL) string {
	text := u.String()
	if len(text) > maxURL || client.Check(text) != nil {
		return ""
	}
	return text
}

func classify(err error) error {
	var network net.Error
	var name *net.DNSError
	switch {
	case errors.Is(err, egress.ErrRefused):
		return err
	case errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &network) && network.Timeout()):
		return fmt.Errorf("%w: %w", ErrTooSlow, err)
	case errors.As(err, &name) && name.IsNotFound:
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return fmt.Errorf("ask for a preview: %w", err)
}
