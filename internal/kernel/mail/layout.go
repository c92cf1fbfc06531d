package mail

import (
	"embed"
	html "html/template"
	"strings"
	text "text/template"

	"golang.org/x/text/language"
)

//go:embed layout/message.html layout/message.txt
var files embed.FS

var (
	htmlLayout = html.Must(html.ParseFS(files, "layout/message.html"))
	textLayout = text.Must(text.ParseFS(files, "layout/message.txt"))
)

// page is what the layouts show.
type page struct {
	Language, Direction      string
	Subject, Heading, Footer string
	Paragraphs               []string
	Action                   *Action
	Unsubscribe              string
}

// render gives the text and the HTML part.
func (m Message) render() (plain, rich string, err error) {
	tag := m.language()
	p := page{
		Language: tag.String(), Direction: direction(tag), Subject: oneLine(m.Subject, MaxSubject), Heading: oneLine(m.Heading, MaxSubject),
		Footer: printable(m.Footer), Action: m.Action, Unsubscribe: m.Unsubscribe,
	}
	if p.Heading == "" {
		p.Heading = p.Subject
	}
	if m.Action != nil {
		p.Action = &Action{Label: oneLine(m.Action.Label, MaxSubject), URL: m.Action.URL}
		if p.Action.Label == "" {
			p.Action.Label = m.Action.URL
		}
	}
	for _, paragraph := range m.Paragraphs {
		if paragraph = printable(paragraph); paragraph != "" {
			p.Paragraphs = append(p.Paragraphs, paragraph)
		}
	}
	var t, h strings.Builder
	if err := textLayout.Execute(&t, p); err != nil {
		return "", "", err
	}
	if err := htmlLayout.Execute(&h, p); err != nil {
		return "", "", err
	}
	return t.String(), h.String(), nil
}

// printable keeps the lines of a text and drops its control characters.
func printable(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// language is the message's, English when it says none or one that is none.
func (m Message) language() language.Tag {
	tag, err := language.Parse(m.Language)
	if err != nil || tag == language.Und {
		return language.English
	}
	return tag
}

// direction is the way a language is written, by its script.
func direction(tag language.Tag) string {
	script, _ := tag.Script()
	switch script.String() {
	case "Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa":
		return "rtl"
	}
	return "ltr"
}
