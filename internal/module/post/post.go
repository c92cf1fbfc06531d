package post

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/linkpreview"
)

// Kind is what kernel/content needs to know of posts.
var Kind = content.Kind{Name: "post", Plural: "posts", Table: "posts", ModuleCode: 1}

// Limits, in characters or numbers of entries.
const (
	maxText     = 10_000
	maxTags     = 50
	maxTag      = 100
	maxPeople   = 100
	maxLinks    = 20
	maxFiles    = 20
	maxURL      = 2048
	maxAddress  = 500
	maxSchedule = 366 * 24 * time.Hour
)

// Post is one post as stored.
type Post struct {
	content.Item
	Body

	PostedAt  int64 // ms; when it was published, or made while it is not
	PublishAt *int64
	CreatedAt int64
	UpdatedAt int64
}

// Body is what the author wrote.
type Body struct {
	Text string
	Extra
}

// Extra is the part of a post's body that is stored as one JSON value.
type Extra struct {
	Tags     []string  `json:"tags,omitempty"`
	Mentions []string  `json:"mentions,omitempty"` // ids of people
	Tagged   []string  `json:"tagged,omitempty"`   // ids of people
	Links    []string  `json:"links,omitempty"`
	Files    []string  `json:"files,omitempty"` // ids of media
	Gif      string    `json:"gif,omitempty"`
	Location *Location `json:"location,omitempty"`
}

// previewed gives the links of which a post shows cards: those it names, then those in its text.
func (b Body) previewed() []string {
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

// Location is the place a post names.
type Location struct {
	TextAddress string       `json:"textAddress" maxLength:"500" doc:"The place in words"`
	Coordinates *Coordinates `json:"coordinates" doc:"The place on the map"`
}

// Coordinates are degrees in decimal notation, kept as text as the reference has them.
type Coordinates struct {
	Lat  api.Text `json:"lat" maxLength:"32" doc:"Latitude in degrees, text or number"`
	Long api.Text `json:"long" maxLength:"32" doc:"Longitude in degrees, text or number"`
}

// Draft is what a client sends to make or change a post; absent fields are left alone.
type Draft struct {
	PostText      api.Patch[string]               `json:"postText,omitempty" maxLength:"10000" doc:"The text; may be empty when there is a gif or a link"`
	Status        api.Patch[string]               `json:"status,omitempty" enum:"PUBLISHED,DRAFT,SCHEDULED" doc:"PUBLISHED unless said otherwise"`
	PublishAt     api.Patch[api.Time]             `json:"publishAt,omitempty" doc:"When a SCHEDULED post is published"`
	Permissions   api.Patch[audience.Permissions] `json:"permissions,omitempty" doc:"Who may see the post; on a change it replaces the old audience whole"`
	Tags          api.Patch[api.Strings]          `json:"tags,omitempty" doc:"Tags; one string is split at blanks and commas"`
	Mention       api.Patch[api.Strings]          `json:"mention,omitempty" doc:"Ids of the people mentioned"`
	TaggedUserIDs api.Patch[api.Strings]          `json:"taggedUserIds,omitempty" doc:"Ids of the people tagged"`
	FileIDs       api.Patch[api.Strings]          `json:"fileIds,omitempty" doc:"Ids of uploaded files of yours, at most 20; on a change they replace the old ones"`
	Links         api.Patch[api.Strings]          `json:"links,omitempty" doc:"Addresses (http or https)"`
	Gif           api.Patch[string]               `json:"gif,omitempty" maxLength:"2048" doc:"Address of an animated picture"`
	Location      api.Patch[Location]             `json:"location,omitempty" doc:"A place"`
}

// apply changes a body as a draft says and reports every field that is wrong.
func (d Draft) apply(b *Body, bad *fault.Fields) {
	patch(d.PostText, &b.Text)
	patch(d.Gif, &b.Gif)
	patchList(d.Mention, &b.Mentions)
	patchList(d.TaggedUserIDs, &b.Tagged)
	patchList(d.Links, &b.Links)
	patchList(d.FileIDs, &b.Files)
	if d.Tags.Set {
		b.Tags = splitTags(d.Tags.Value)
	}
	if d.Location.Set {
		b.Location = nil
		if !d.Location.Null {
			b.Location = &d.Location.Value
		}
	}
	b.validate(bad)
}

func patch[T any](p api.Patch[T], to *T) {
	if p.Set {
		*to = p.Value // the zero value for null
	}
}

func patchList(p api.Patch[api.Strings], to *[]string) {
	if p.Set {
		*to = unique(p.Value)
	}
}

func unique(list []string) []string {
	var out []string
	seen := make(map[string]bool, len(list))
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// splitTags reads tags as one string or many.
func splitTags(sent []string) []string {
	var tags []string
	for _, s := range sent {
		tags = append(tags, strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })...)
	}
	return unique(tags)
}

func (b *Body) validate(bad *fault.Fields) {
	if utf8.RuneCountInString(b.Text) > maxText {
		bad.Addf("/postText", "field.tooLong", "The text has more than %d characters.", maxText)
	}
	if strings.TrimSpace(b.Text) == "" && b.Gif == "" && len(b.Links) == 0 && len(b.Files) == 0 {
		bad.Add("/postText", "post.empty", "A post needs a text, a gif, a link or a file.")
	}
	validateTags(b.Tags, bad)
	validatePeople("/mention", b.Mentions, bad)
	validatePeople("/taggedUserIds", b.Tagged, bad)
	if len(b.Links) > maxLinks {
		bad.Addf("/links", "field.tooMany", "A post has at most %d links.", maxLinks)
	}
	if len(b.Files) > maxFiles {
		bad.Addf("/fileIds", "field.tooMany", "A post has at most %d files.", maxFiles)
	}
	for _, l := range b.Links {
		validateURL("/links", l, bad)
	}
	if b.Gif != "" {
		validateURL("/gif", b.Gif, bad)
	}
	if b.Location != nil && utf8.RuneCountInString(b.Location.TextAddress) > maxAddress {
		bad.Addf("/location/textAddress", "field.tooLong", "The address has more than %d characters.", maxAddress)
	}
}

func validateTags(tags []string, bad *fault.Fields) {
	if len(tags) > maxTags {
		bad.Addf("/tags", "field.tooMany", "A post has at most %d tags.", maxTags)
	}
	for _, t := range tags {
		if utf8.RuneCountInString(t) > maxTag {
			bad.Addf("/tags", "field.tooLong", "A tag has at most %d characters.", maxTag)
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

func validateURL(pointer, s string, bad *fault.Fields) {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		bad.Addf(pointer, "field.format", "An address must begin with http:// or https:// and have at most %d characters.", maxURL)
	}
}

// schedule decides status and time of publication from a draft. now is the time of the
// request; p holds the state before it.
func (d Draft) schedule(p *Post, now time.Time, bad *fault.Fields) error {
	was := p.Status
	if d.Status.Set && !d.Status.Null {
		p.Status = d.Status.Value
	}
	if was == content.Published && p.Status != content.Published {
		return fault.Conflict("post.published", "A published post cannot become a draft again.")
	}
	if d.PublishAt.Set {
		p.PublishAt = nil
		if !d.PublishAt.Null {
			at := d.PublishAt.Value.Millis()
			p.PublishAt = &at
		}
	}
	switch p.Status {
	case content.Scheduled:
		switch {
		case p.PublishAt == nil:
			bad.Add("/publishAt", "field.required", "A scheduled post needs publishAt.")
		case *p.PublishAt <= now.UnixMilli() || *p.PublishAt > now.Add(maxSchedule).UnixMilli():
			bad.Add("/publishAt", "post.publishAt", "publishAt must be in the future, at most a year away.")
		}
	default:
		p.PublishAt = nil
	}
	if p.Status == content.Published && was != content.Published {
		p.PostedAt = now.UnixMilli()
	}
	return nil
}
