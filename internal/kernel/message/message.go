package message

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/linkpreview"
)

// Limits, in characters or numbers of entries.
const (
	maxText    = 10_000
	maxTags    = 50
	maxTag     = 100
	maxPeople  = 100
	maxLinks   = 20
	maxFiles   = 20
	maxURL     = 2048
	maxAddress = 500
)

// Body is what an author wrote. Its JSON form, which is stored beside the text, leaves the text
// out.
type Body struct {
	Text     string    `json:"-"`
	Tags     []string  `json:"tags,omitempty"`
	Mentions []string  `json:"mentions,omitempty"` // ids of people
	Tagged   []string  `json:"tagged,omitempty"`   // ids of people
	Links    []string  `json:"links,omitempty"`
	Files    []string  `json:"files,omitempty"` // ids of media
	Gif      string    `json:"gif,omitempty"`
	Location *Location `json:"location,omitempty"`
}

// MainText implements content.Body.
func (b *Body) MainText() *string { return &b.Text }

// Refs implements content.Body.
func (b *Body) Refs() content.Refs { return b.RefsAs(postForm) }

// RefsAs is Refs for messages that call their fields otherwise.
func (b *Body) RefsAs(f Form) content.Refs {
	r := content.Refs{People: slices.Concat(b.Mentions, b.Tagged), Links: b.previewed()}
	for i, id := range b.Files {
		r.Files = append(r.Files, content.FileRef{ID: id, Pointer: fmt.Sprintf("%s/%d", f.Files, i)})
	}
	return r
}

// Words implements content.Body.
func (b *Body) Words() (title, text string) { return "", b.Text + "\n" + strings.Join(b.Tags, " ") }

// previewed gives the links of which a message shows cards: those it names, then those in its
// text.
func (b *Body) previewed() []string {
	links := slices.Concat(b.Links, linkpreview.FindLinks(b.Text))
	seen := map[string]bool{}
	links = slices.DeleteFunc(links, func(link string) bool {
		key := linkpreview.Key(link)
		again := key == "" || seen[key]
		seen[key] = true
		return again
	})
	return links[:min(len(links), linkpreview.MaxLinks)]
}

// Location is the place a message names.
type Location struct {
	TextAddress string       `json:"textAddress" maxLength:"500" doc:"The place in words"`
	Coordinates *Coordinates `json:"coordinates" doc:"The place on the map"`
}

// Coordinates are degrees in decimal notation, kept as text as the reference has them.
type Coordinates struct {
	Lat  api.Text `json:"lat" maxLength:"32" doc:"Latitude in degrees, text or number"`
	Long api.Text `json:"long" maxLength:"32" doc:"Longitude in degrees, text or number"`
}

// Draft is what a client sends of a message; absent fields are left alone.
type Draft struct {
	PostText      api.Patch[string]      `json:"postText,omitempty" maxLength:"10000" doc:"The text"`
	Tags          api.Patch[api.Strings] `json:"tags,omitempty" doc:"Tags; one string is split at blanks and commas"`
	Mention       api.Patch[api.Strings] `json:"mention,omitempty" doc:"Ids of the people mentioned"`
	TaggedUserIDs api.Patch[api.Strings] `json:"taggedUserIds,omitempty" doc:"Ids of the people tagged"`
	FileIDs       api.Patch[api.Strings] `json:"fileIds,omitempty" doc:"Ids of uploaded files of yours, at most 20; on a change they replace the old ones"`
	Links         api.Patch[api.Strings] `json:"links,omitempty" doc:"Addresses (http or https)"`
	Gif           api.Patch[string]      `json:"gif,omitempty" maxLength:"2048" doc:"Address of an animated picture"`
	Location      api.Patch[Location]    `json:"location,omitempty" doc:"A place"`
}

// Form is how messages of a kind call their fields, and how long their text may be.
type Form struct {
	Text    string // pointer of the text
	Files   string // pointer of the files
	MaxText int    // bytes; 0 = the limit of posts
}

var postForm = Form{Text: "/postText", Files: "/fileIds"}

// Apply changes a body as a draft says, reports every field that is wrong, and gives the lists
// of people that were sent.
func (d Draft) Apply(b *Body, bad *fault.Fields) (named []content.Named) {
	return d.ApplyAs(postForm, b, bad)
}

// ApplyAs is Apply for messages that call their fields otherwise.
func (d Draft) ApplyAs(f Form, b *Body, bad *fault.Fields) (named []content.Named) {
	Set(d.PostText, &b.Text)
	Set(d.Gif, &b.Gif)
	setList(d.Mention, &b.Mentions)
	setList(d.TaggedUserIDs, &b.Tagged)
	setList(d.Links, &b.Links)
	setList(d.FileIDs, &b.Files)
	if d.Tags.Set {
		b.Tags = SplitTags(d.Tags.Value)
	}
	if d.Location.Set {
		b.Location = nil
		if !d.Location.Null {
			b.Location = &d.Location.Value
		}
	}
	b.validate(f, bad)
	if d.Mention.Set {
		named = append(named, content.Named{Pointer: "/mention", IDs: b.Mentions})
	}
	if d.TaggedUserIDs.Set {
		named = append(named, content.Named{Pointer: "/taggedUserIds", IDs: b.Tagged})
	}
	return named
}

// Set changes a value that was sent; null is the zero value.
func Set[T any](p api.Patch[T], to *T) {
	if p.Set {
		*to = p.Value
	}
}

// Fixed sets a value that an item keeps once it has it, and reports another one.
func Fixed(pointer string, p api.Patch[string], to *string, bad *fault.Fields) {
	switch {
	case !p.Set || p.Value == *to:
	case *to != "":
		bad.Add(pointer, "field.fixed", "This cannot be changed. Make another one and delete this.")
	default:
		*to = p.Value
	}
}

func setList(p api.Patch[api.Strings], to *[]string) {
	if p.Set {
		*to = content.Unique(p.Value)
	}
}

// SplitTags reads tags as one string or many.
func SplitTags(sent []string) []string {
	var tags []string
	for _, s := range sent {
		tags = append(tags, strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })...)
	}
	return content.Unique(tags)
}

// Empty reports that nobody would see anything of the message.
func (b *Body) Empty() bool {
	return strings.TrimSpace(b.Text) == "" && b.Gif == "" && len(b.Links) == 0 && len(b.Files) == 0
}

func (b *Body) validate(f Form, bad *fault.Fields) {
	switch {
	case f.MaxText == 0:
		TooLong(f.Text, "text", b.Text, maxText, bad)
	case len(b.Text) > f.MaxText:
		bad.Addf(f.Text, "field.tooLong", "The text has more than %d bytes.", f.MaxText)
	}
	ValidateTags("/tags", b.Tags, bad)
	validatePeople("/mention", b.Mentions, bad)
	validatePeople("/taggedUserIds", b.Tagged, bad)
	if len(b.Links) > maxLinks {
		bad.Addf("/links", "field.tooMany", "At most %d links can be named.", maxLinks)
	}
	if len(b.Files) > maxFiles {
		bad.Addf(f.Files, "field.tooMany", "At most %d files can be named.", maxFiles)
	}
	for _, l := range b.Links {
		ValidateURL("/links", l, bad)
	}
	if b.Gif != "" {
		ValidateURL("/gif", b.Gif, bad)
	}
	if b.Location != nil {
		TooLong("/location/textAddress", "address", b.Location.TextAddress, maxAddress, bad)
	}
}

// TooLong reports a text of more than so many characters.
func TooLong(pointer, noun, text string, limit int, bad *fault.Fields) {
	if utf8.RuneCountInString(text) > limit {
		bad.Addf(pointer, "field.tooLong", "The %s has more than %d characters.", noun, limit)
	}
}

// ValidateTags reports too many tags and tags that are too long.
func ValidateTags(pointer string, tags []string, bad *fault.Fields) {
	if len(tags) > maxTags {
		bad.Addf(pointer, "field.tooMany", "There may be at most %d tags.", maxTags)
	}
	for _, t := range tags {
		if utf8.RuneCountInString(t) > maxTag {
			bad.Addf(pointer, "field.tooLong", "A tag has at most %d characters.", maxTag)
			return
		}
	}
}

func validatePeople(pointer string, people []string, bad *fault.Fields) {
	if len(people) > maxPeople {
		bad.Addf(pointer, "field.tooMany", "At most %d people can be named.", maxPeople)
	}
	for _, id := range people {
		if !ids.Valid(id) {
			bad.Add(pointer, "field.format", "Every entry must be the id of a person (a UUID).")
			return
		}
	}
}

// ValidateURL reports what is no absolute http(s) address.
func ValidateURL(pointer, s string, bad *fault.Fields) {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		bad.Addf(pointer, "field.format", "An address must begin with http:// or https:// and have at most %d characters.", maxURL)
	}
}
