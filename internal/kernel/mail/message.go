package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/workdrive/workdrive/internal/kernel/delivery"
)

// Limits of a message.
const (
	MaxSubject     = 200      // characters; longer ones end in an ellipsis
	MaxName        = 100      // characters of a name; longer ones end in an ellipsis
	MaxAddress     = 254      // bytes of an address (RFC 5321, 4.5.3.1.3, without the brackets)
	MaxLink        = 900      // bytes of a link, so that a header's line holds it (RFC 5322, 2.1.1)
	MaxAttachments = 15 << 20 // bytes of all attachments together; encoded they are a third more
)

// Address is somebody's name, which may be empty, and mail address.
type Address struct {
	Name  string
	Email string
}

// Action is the one button of a message.
type Action struct {
	Label string
	URL   string // http or https
}

// Attachment is a file that goes with a message.
type Attachment struct {
	Name string
	Type string // media type; "" is application/octet-stream
	Data []byte
}

// Invitation is a calendar object that mail programs offer to accept (iTIP over mail, RFC 6047).
type Invitation struct {
	Method   string // REQUEST, CANCEL, …: the same as in the calendar object
	Calendar []byte // text/calendar, UTF-8
}

// Message is one mail to one person.
type Message struct {
	// Key makes a second attempt the same message (delivery.CheckKey).
	Key string
	// At is when the message came to be, which does not change between attempts.
	At time.Time
	To Address

	Subject    string
	Language   string   // BCP 47; "" is English
	Heading    string   // "" is the subject
	Paragraphs []string // plain text
	Action     *Action
	Footer     string // plain text: why the recipient gets this

	// Unsubscribe is a link that ends such messages; by POST (RFC 8058) if it is https.
	Unsubscribe string
	Attachments []Attachment
	Invitation  *Invitation
}

// compose makes the mail of a message.
func (m Message) compose(from Address) (*gomail.Msg, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	sender, err := from.parse()
	if err != nil {
		return nil, err
	}
	to, err := m.To.parse()
	if err != nil {
		return nil, err
	}
	text, html, err := m.render()
	if err != nil {
		return nil, delivery.Never(err, "mail.layoutFailed", "The message could not be laid out.")
	}
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	out.FromMailAddress(sender)
	out.ToMailAddress(to)
	out.Subject(oneLine(m.Subject, MaxSubject))
	out.SetDateWithValue(m.At.UTC())
	out.SetMessageIDWithValue(m.id(sender.Address))
	out.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	out.SetGenHeader("Content-Language", m.language().String())
	if m.Unsubscribe != "" {
		out.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+m.Unsubscribe+">")
		if strings.HasPrefix(m.Unsubscribe, "https:") {
			out.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
		}
	}
	out.SetBodyString(gomail.TypeTextPlain, text)
	out.AddAlternativeString(gomail.TypeTextHTML, html)
	if i := m.Invitation; i != nil {
		// base64, because the line breaks of a calendar are part of it.
		out.AddAlternativeString(gomail.ContentType("text/calendar; method="+i.Method), string(i.Calendar), gomail.WithPartEncoding(gomail.EncodingB64))
	}
	return out, m.attach(out)
}

func (m Message) attach(out *gomail.Msg) error {
	for _, a := range m.Attachments {
		kind := a.Type
		if kind == "" {
			kind = "application/octet-stream"
		}
		if err := out.AttachReader(oneLine(a.Name, MaxName), bytes.NewReader(a.Data), gomail.WithFileContentType(gomail.ContentType(kind))); err != nil {
			return delivery.Never(err, "mail.attachmentInvalid", "An attachment could not be read.")
		}
	}
	return nil
}

// id is the Message-ID of every attempt, without the brackets.
func (m Message) id(sender string) string {
	sum := sha256.Sum256([]byte(m.Key))
	return hex.EncodeToString(sum[:16]) + "@" + sender[strings.LastIndexByte(sender, '@')+1:]
}

var (
	method    = regexp.MustCompile(`^[A-Z]{1,20}$`)
	mediaType = regexp.MustCompile(`^[A-Za-z0-9!#$&^_.+-]{1,63}/[A-Za-z0-9!#$&^_.+-]{1,63}$`)
)

// check refuses what no mail can be made of.
func (m Message) check() error {
	if err := delivery.CheckKey(m.Key); err != nil {
		return err
	}
	if m.At.IsZero() || oneLine(m.Subject, MaxSubject) == "" {
		return delivery.Never(nil, "mail.incomplete", "The message has no date or no subject.")
	}
	if m.Action != nil {
		if err := checkLink(m.Action.URL); err != nil {
			return err
		}
	}
	if m.Unsubscribe != "" {
		if err := checkLink(m.Unsubscribe); err != nil {
			return err
		}
	}
	if m.Invitation != nil && !method.MatchString(m.Invitation.Method) {
		return delivery.Never(nil, "mail.invitationInvalid", fmt.Sprintf("%q is no method of a calendar object.", m.Invitation.Method))
	}
	size := 0
	for _, a := range m.Attachments {
		if a.Type != "" && !mediaType.MatchString(a.Type) {
			return delivery.Never(nil, "mail.attachmentInvalid", fmt.Sprintf("%q is no media type.", a.Type))
		}
		size += len(a.Data)
	}
	if size > MaxAttachments {
		return delivery.Never(nil, "mail.tooLarge", fmt.Sprintf("The attachments are %d bytes, more than %d.", size, MaxAttachments))
	}
	return nil
}

// checkLink takes links that need no encoding in a header.
func checkLink(link string) error {
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || len(link) > MaxLink ||
		strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>"`, r) }) {
		return delivery.Never(nil, "mail.linkInvalid", fmt.Sprintf("A link must begin with http:// or https:// and have at most %d ASCII characters without blanks.", MaxLink))
	}
	return nil
}

// Check says whether mail can be sent to an address, as far as its form goes.
func (a Address) Check() error {
	_, err := a.parse()
	return err
}

// parse takes addresses that mean the same to every program: no comments, no quoted names, no
// routes, no control characters. A host of other scripts is turned into its ASCII form.
func (a Address) parse() (*mail.Address, error) {
	bad := func(cause error) error {
		return delivery.Never(cause, "mail.addressInvalid", fmt.Sprintf("%q is not a mail address.", a.Email))
	}
	parsed, err := mail.ParseAddress(a.Email)
	if err != nil {
		return nil, bad(err)
	}
	if parsed.Name != "" || parsed.Address != a.Email || parsed.String() != "<"+a.Email+">" || strings.ContainsFunc(a.Email, unprintable) {
		return nil, bad(errors.New("not in its plain form"))
	}
	at := strings.LastIndexByte(a.Email, '@')
	host, err := idna.Lookup.ToASCII(a.Email[at+1:])
	if err != nil || host == "" {
		return nil, bad(err)
	}
	plain := a.Email[:at+1] + host
	if len(plain) > MaxAddress || at > 64 { // RFC 5321, 4.5.3.1.1
		return nil, bad(errors.New("too long"))
	}
	return &mail.Address{Name: oneLine(a.Name, MaxName), Address: plain}, nil
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// oneLine makes a text fit for a header: one line without control characters and invisible
// marks, bounded, and without the beginning of an encoded word, which would be decoded into
// something that was never checked.
func oneLine(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\uFEFF'
	}), " ")
	text = strings.ReplaceAll(text, "=?", "= ?")
	if runes := []rune(text); len(runes) > limit {
		text = strings.TrimSpace(string(runes[:limit-1])) + "…"
	}
	return text
}

// needsUTF8 says whether an address needs a server that takes UTF-8 (RFC 6531).
func needsUTF8(address string) bool {
	return strings.ContainsFunc(address, func(r rune) bool { return r >= utf8.RuneSelf })
}
