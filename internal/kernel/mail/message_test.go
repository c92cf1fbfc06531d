package mail_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/workdrive/workdrive/internal/kernel/delivery"
	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/testkit/smtpsink"
)

// leaf is a part of a mail that has no parts.
type leaf struct {
	Type   string // media type and parameters, in order
	File   string // name of an attachment
	Within string // the multiparts around it
	Body   string
}

// received is a mail as its recipient's program reads it.
type received struct {
	smtpsink.Message
	header netmail.Header
	leaves []leaf
}

// send has a server receive a message and reads it back.
func send(t testing.TB, m mail.Message) received {
	t.Helper()
	sink := smtpsink.Start(t, smtpsink.Options{SMTPUTF8: true})
	s, err := mail.New(settings(sink, mail.TLSNone))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return read(t, sink.Messages()[0])
}

func read(t testing.TB, m smtpsink.Message) received {
	t.Helper()
	for i, line := range strings.Split(string(m.Data), "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\r\n\x00") || strings.ContainsFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }) && !m.UTF8 {
			t.Fatalf("line %d is not one of SMTP: %q", i, line)
		}
	}
	parsed, err := netmail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	r := received{Message: m, header: parsed.Header}
	r.walk(t, parsed.Header.Get, parsed.Body, "")
	return r
}

func (r *received) walk(t testing.TB, header func(string) string, body io.Reader, within string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		t.Fatalf("%q: %v", header("Content-Type"), err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r.walk(t, p.Header.Get, p, strings.TrimSpace(within+" "+kind))
		}
	}
	switch header("Content-Transfer-Encoding") {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	default:
		t.Fatalf("encoding %q", header("Content-Transfer-Encoding"))
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	if disposition, d, err := mime.ParseMediaType(header("Content-Disposition")); err == nil && disposition == "attachment" {
		if name, err = new(mime.WordDecoder).DecodeHeader(d["filename"]); err != nil {
			t.Fatal(err)
		}
	}
	delete(params, "name")
	r.leaves = append(r.leaves, leaf{mime.FormatMediaType(kind, params), name, within, string(text)})
}

// subject is what a person reads.
func (r *received) subject(t testing.TB) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(r.header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const plainText = "text/plain; charset=UTF-8"

func full() mail.Message {
	m := hello()
	m.To.Name, m.Subject, m.Language = "Tövé, Brandt", "Größe – 日本語 "+strings.Repeat("lang ", 20), "de-DE"
	m.Heading, m.Paragraphs = "Ein <Beitrag>", []string{"Zeile 1\nZeile 2 & <b>mehr</b>", "  ", ". Ende\n.\nQUIT"}
	m.Action = &mail.Action{Label: "Ansehen", URL: "https://drive.example/posts/1?a=b&c=d"}
	m.Footer, m.Unsubscribe = "Sie bekommen das, weil …", "https://drive.example/u/abc"
	m.Attachments = []mail.Attachment{{"Plan \"ö\".pdf", "application/pdf", []byte("%PDF\r\n\x00\xff")}, {"b", "", nil}}
	m.Invitation = &mail.Invitation{Method: "REQUEST", Calendar: []byte("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:ü\r\nEND:VCALENDAR\r\n")}
	return m
}

func TestAWholeMessageIsReadBack(t *testing.T) {
	t.Parallel()
	r := send(t, full())
	to, err := r.header.AddressList("To")
	if err != nil || len(to) != 1 || *to[0] != (netmail.Address{Name: "Tövé, Brandt", Address: "tove@quarry.example"}) {
		t.Errorf("to %v, %v", to, err)
	}
	from, err := r.header.AddressList("From")
	if err != nil || len(from) != 1 || *from[0] != (netmail.Address{Name: "Quarry", Address: "drive@quarry.example"}) {
		t.Errorf("from %v, %v", from, err)
	}
	if got := r.subject(t); got != strings.TrimSpace(full().Subject) {
		t.Errorf("subject %q", got)
	}
	if at, err := r.header.Date(); err != nil || !at.Equal(written) {
		t.Errorf("date %v, %v", at, err)
	}
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "Content-Language": "de-DE", "Mime-Version": "1.0",
		"List-Unsubscribe": "<https://drive.example/u/abc>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	want := []leaf{
		{plainText, "", "multipart/mixed multipart/alternative", strings.Join([]string{
			"Ein <Beitrag>", "", "Zeile 1", "Zeile 2 & <b>mehr</b>", "", ". Ende", ".", "QUIT", "",
			"Ansehen:", "https://drive.example/posts/1?a=b&c=d", "", "--", "Sie bekommen das, weil …", "https://drive.example/u/abc", "",
		}, "\r\n")},
		{"text/html; charset=UTF-8", "", "multipart/mixed multipart/alternative", ""},
		{"text/calendar; charset=UTF-8; method=REQUEST", "", "multipart/mixed multipart/alternative", string(full().Invitation.Calendar)},
		{"application/pdf", "Plan _ö_.pdf", "multipart/mixed", "%PDF\r\n\x00\xff"},
		{"application/octet-stream", "b", "multipart/mixed", ""},
	}
	got := slices.Clone(r.leaves)
	got[1].Body = ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the parts differ:\n%s", diff)
	}
}

func TestTheHTMLPartSaysTheSameAndLoadsNothing(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{
		"": "ltr", "de": "ltr", "ar": "rtl", "he-IL": "rtl", "fa": "rtl", "ur-PK": "rtl", "yi": "rtl", "dv": "rtl", "az-Arab": "rtl",
		"ku": "ltr", "pa-PK": "rtl", "tr": "ltr", "not a language": "ltr", `"><script>`: "ltr",
	} {
		m := full()
		m.Language = language
		body := send(t, m).leaves[1].Body
		tree, err := html.Parse(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		var outline []string
		for n := range tree.Descendants() {
			for _, a := range n.Attr {
				if a.Key == "src" || a.Key == "background" || strings.Contains(a.Val, "url(") || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s loads or runs %s", n.Data, a.Val)
				}
				if n.Data == "html" && (a.Key == "dir" && a.Val != want) || a.Key == "href" && !strings.HasPrefix(a.Val, "https://drive.example/") {
					t.Errorf("%s: %s is %q", language, a.Key, a.Val)
				}
			}
			if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" {
				outline = append(outline, n.Parent.Data+": "+n.Data)
			}
			if slices.Contains([]string{"img", "link", "script", "style", "iframe", "b"}, n.Data) {
				t.Errorf("there is a %s", n.Data)
			}
		}
		if diff := cmp.Diff([]string{
			"title: " + strings.TrimSpace(m.Subject), "h1: Ein <Beitrag>", "p: Zeile 1\nZeile 2 & <b>mehr</b>", "p: . Ende\n.\nQUIT",
			"a: Ansehen", "p: Sie bekommen das, weil …", "a: https://drive.example/u/abc",
		}, outline); diff != "" {
			t.Errorf("%s:\n%s", language, diff)
		}
	}
}

func TestASmallMessageHasNothingElse(t *testing.T) {
	t.Parallel()
	r := send(t, hello())
	if len(r.leaves) != 2 || r.leaves[0].Within != "multipart/alternative" || r.leaves[0].Body != "A new post\r\n\r\nNadia wrote a post.\r\n" || strings.Contains(r.leaves[1].Body, "<hr") {
		t.Errorf("%+v", r.leaves)
	}
	m := hello()
	m.Unsubscribe = "http://intranet/u"
	if r := send(t, m); r.header.Get("List-Unsubscribe") != "<http://intranet/u>" || r.header["List-Unsubscribe-Post"] != nil {
		t.Errorf("one click needs https: %v", r.header)
	}
}

func TestASecondAttemptIsTheSameMail(t *testing.T) {
	t.Parallel()
	sink := smtpsink.Start(t, smtpsink.Options{})
	s := sender(t, settings(sink, mail.TLSNone))
	other := full()
	other.Key += "x"
	for _, m := range []mail.Message{full(), full(), other} {
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	var heads [3][]string
	var bodies [3][]leaf
	for i, m := range sink.Messages() {
		r := read(t, m)
		head := m.Header()
		heads[i] = head[:len(head)-1] // the last is Content-Type, whose boundary is drawn
		bodies[i] = r.leaves
	}
	if diff := cmp.Diff(heads[0], heads[1]) + cmp.Diff(bodies[0], bodies[1]); diff != "" {
		t.Errorf("the second attempt differs:\n%s", diff)
	}
	var names, differ []string
	for i, line := range heads[0] {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
		if heads[2][i] != line {
			differ = append(differ, name)
		}
	}
	if got := strings.Join(names, " "); got != "Auto-Submitted Content-Language Date List-Unsubscribe List-Unsubscribe-Post MIME-Version Message-ID Subject From To" {
		t.Errorf("the header section is %s", got)
	}
	if len(differ) != 1 || differ[0] != "Message-ID" {
		t.Errorf("another key changes %v", differ)
	}
}

// nasty are texts that would add something if they were not encoded.
var nasty = []string{
	"x\r\nBcc: victim@quarry.example", "x\nBcc: victim@quarry.example", "x\rBcc: victim@quarry.example", "\r\n\r\nbody", "x\r\n.\r\nMAIL FROM:<a@b>",
	"x\x00y", "x\u2028Bcc: a@b", "x\u0085Bcc: a@b", `"quoted" \ back`, "a, b@c.example", "<victim@quarry.example>", "=?utf-8?q?x=0D=0ABcc:_a@b?=", "=?utf-8?b?DQpCY2M6IGFAYg==?=",
	"\u202Eevil\u2066", "\xff\xfe", strings.Repeat("long ", 100), strings.Repeat("ü", 500), strings.Repeat("x", 5000), "{{.Subject}}", "%s%n", "\x1b[2J", "(comment)", "\ttab\t",
}

// checkNasty sends a text wherever one can be and looks for what it added.
func checkNasty(t testing.TB, text string) {
	m := full()
	m.Subject, m.To.Name, m.Heading, m.Footer, m.Paragraphs = "s "+text, text, text, text, []string{text}
	m.Action.Label, m.Attachments[0].Name, m.Language = text, text, text
	r := send(t, m)
	var names []string
	for _, line := range r.Header() {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	if got := strings.Join(names, " "); got != "Auto-Submitted Content-Language Date List-Unsubscribe List-Unsubscribe-Post MIME-Version Message-ID Subject From To Content-Type" {
		t.Errorf("%q made the header section %s", text, got)
	}
	to, err := r.header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != "tove@quarry.example" || len(r.To) != 1 || r.To[0] != "tove@quarry.example" {
		t.Errorf("%q made the recipients %v and %v, %v", text, to, r.To, err)
	}
	for what, shown := range map[string]string{"subject": r.subject(t), "name": to[0].Name} {
		if strings.ContainsAny(shown, "\r\n\x00\x1b\u202e\u2028\u0085") || !utf8.ValidString(shown) || utf8.RuneCountInString(shown) > mail.MaxSubject {
			t.Errorf("%q is shown as the %s %q", text, what, shown)
		}
	}
	if len(r.leaves) != 5 {
		t.Errorf("%q made %d parts", text, len(r.leaves))
	}
}

func TestNothingIsInjected(t *testing.T) {
	t.Parallel()
	for i, text := range nasty {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			checkNasty(t, text)
		})
	}
	m := hello()
	m.Subject = "Größe\r\n" + strings.Repeat("ü", 500)
	r := send(t, m)
	if got := r.subject(t); !strings.HasPrefix(got, "Größe üü") || !strings.HasSuffix(got, "ü…") || utf8.RuneCountInString(got) != mail.MaxSubject {
		t.Errorf("the subject is %q", got)
	}
}

func FuzzMailHeader(f *testing.F) {
	for _, text := range nasty {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkNasty(t, text) })
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"a@b.example": "a@b.example", "first.last+tag@sub.example": "first.last+tag@sub.example", "a@bücher.example": "a@xn--bcher-kva.example",
		"a@localhost": "a@localhost", "jörg@quarry.example": "jörg@quarry.example",
		strings.Repeat("x", 64) + "@b.example": strings.Repeat("x", 64) + "@b.example",

		"": "", "a": "", "@b": "", "a@": "", "a b@c": "", `"a b"@c`: "", "A <a@b>": "", "<a@b>": "", "a@b, c@d": "", "a@b\r\nBcc: c@d": "", "a@b\n": "", " a@b": "", "a@b ": "",
		"a\x00@b": "", "a@b\u0000": "", "a@b>\r\nRCPT TO:<c@d": "", "a(comment)@b": "", "a@[127.0.0.1]": "", "@r:a@b": "", "a@b@c": "", "a\u202e@b": "", "\xff@b": "", "a@-b-": "",
		strings.Repeat("x", 65) + "@b.example": "", "a@" + strings.Repeat("b.", 130) + "c": "",
	} {
		err := mail.Address{Email: address}.Check()
		if want == "" {
			wantError(t, err, "mail.addressInvalid", false)
			m := hello()
			m.To.Email = address
			s := sender(t, mail.Settings{Host: "127.0.0.1", Port: 1, TLS: mail.TLSNone, From: mail.Address{Email: "a@b"}})
			wantError(t, s.Send(t.Context(), m), "mail.addressInvalid", false) // and not unreachable
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", address, err)
			continue
		}
		m := hello()
		m.To.Email = address
		if r := send(t, m); len(r.To) != 1 || r.To[0] != want || r.UTF8 != strings.Contains(want, "ö") {
			t.Errorf("%q was sent to %v, UTF-8 %v", address, r.To, r.UTF8)
		}
	}
}

func TestWhatCannotBeSentIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s := sender(t, mail.Settings{Host: "127.0.0.1", Port: 1, TLS: mail.TLSNone, From: mail.Address{Email: "a@b"}})
	for name, c := range map[string]struct {
		change func(*mail.Message)
		code   string
	}{
		"no key":                  {func(m *mail.Message) { m.Key = "" }, "delivery.keyInvalid"},
		"a key of two lines":      {func(m *mail.Message) { m.Key = "a\r\nb" }, "delivery.keyInvalid"},
		"no date":                 {func(m *mail.Message) { m.At = time.Time{} }, "mail.incomplete"},
		"no subject":              {func(m *mail.Message) { m.Subject = " \r\n\u202e" }, "mail.incomplete"},
		"a script as the action":  {func(m *mail.Message) { m.Action = &mail.Action{Label: "x", URL: "javascript:alert(1)"} }, "mail.linkInvalid"},
		"a path as the action":    {func(m *mail.Message) { m.Action = &mail.Action{Label: "x", URL: "/posts/1"} }, "mail.linkInvalid"},
		"a header in a link":      {func(m *mail.Message) { m.Unsubscribe = "https://a/\r\nBcc: a@b" }, "mail.linkInvalid"},
		"two links to leave":      {func(m *mail.Message) { m.Unsubscribe = "https://a/>, <https://b/" }, "mail.linkInvalid"},
		"a long link":             {func(m *mail.Message) { m.Unsubscribe = "https://a/" + strings.Repeat("x", 1000) }, "mail.linkInvalid"},
		"a mail address to leave": {func(m *mail.Message) { m.Unsubscribe = "mailto:a@b" }, "mail.linkInvalid"},
		"a header in a method":    {func(m *mail.Message) { m.Invitation = &mail.Invitation{Method: "REQUEST\r\nX: y"} }, "mail.invitationInvalid"},
		"a header in a type":      {func(m *mail.Message) { m.Attachments = []mail.Attachment{{Type: "text/plain\r\nX: y"}} }, "mail.attachmentInvalid"},
		"large attachments": {func(m *mail.Message) {
			m.Attachments = []mail.Attachment{{Data: make([]byte, mail.MaxAttachments)}, {Data: []byte{1}}}
		}, "mail.tooLarge"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := hello()
			c.change(&m)
			wantError(t, s.Send(t.Context(), m), c.code, false)
		})
	}
	if _, again := delivery.Retry(s.Send(t.Context(), hello())); !again {
		t.Error("the message that is in order is not tried again")
	}
}
