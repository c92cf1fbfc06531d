package social

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Limits.
const (
	maxText     = 5000 // characters
	maxMentions = 50
)

// Comment is a comment as stored, with its author's card.
type Comment struct {
	ID        string
	Kind      string
	ItemID    string
	ParentID  *string
	Text      string
	Mentions  []string
	Version   int64
	CreatedAt int64
	UpdatedAt int64
	Author    person.Card
}

func (c Comment) position() position { return position{At: c.CreatedAt, ID: c.ID} }

// Draft is what a client sends to comment.
type Draft struct {
	Text     string      `json:"text" required:"true" minLength:"1" maxLength:"5000" doc:"The text"`
	ParentID *string     `json:"parentId,omitempty" nullable:"true" doc:"Id of the comment this answers, of the same item"`
	Mention  api.Strings `json:"mention,omitempty" maxItems:"50" doc:"Ids of the people mentioned"`
}

// Change is what a client sends to change a comment; absent fields are left alone.
type Change struct {
	Text    api.Patch[string]      `json:"text,omitzero" minLength:"1" maxLength:"5000" doc:"The text"`
	Mention api.Patch[api.Strings] `json:"mention,omitzero" doc:"Ids of the people mentioned"`
}

func checkText(text string, bad *fault.Fields) {
	if strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > maxText {
		bad.Addf("/text", "comment.text", "A comment has 1 to %d characters.", maxText)
	}
}

// checkMentions reports whether the ids are worth looking up.
func checkMentions(mentions []string, bad *fault.Fields) bool {
	if len(mentions) > maxMentions {
		bad.Addf("/mention", "field.tooMany", "At most %d people can be mentioned.", maxMentions)
		return false
	}
	for _, id := range mentions {
		if !ids.Valid(id) {
			bad.Add("/mention", "field.format", "Every entry must be the id of a person (a UUID).")
			return false
		}
	}
	return true
}

// once drops repetitions and keeps the order.
func once(list []string) []string {
	var out []string
	for _, id := range list { // at most maxMentions, or refused
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// position is where a listing goes on: behind the row it names.
type position struct {
	At       int64  `json:"t"`           // ms
	ID       string `json:"i"`           // of the comment, bookmark or person who reacted
	Reaction string `json:"r,omitempty"` // in a listing of reactions
}

// span is the part of a listing that a page shows.
type span struct {
	after         position
	limit, offset int
}

// spanOf reads a page; from is the position before the first row.
func spanOf(p api.Page, from position) (span, error) {
	if p.Cursor == "" {
		return span{from, p.Limit(), p.Offset()}, nil
	}
	var after position
	err := p.DecodeCursor(&after)
	return span{after, p.Limit(), 0}, err
}

// cut takes the row away that was read beyond the page and says where to go on, "" when
// there was none.
func cut[T any](list []T, limit int, at func(T) position) ([]T, string) {
	if len(list) <= limit {
		return list, ""
	}
	return list[:limit], ids.EncodeCursor(at(list[limit-1]))
}

// Bookmark is one person's mark on an item.
type Bookmark struct {
	ID        string
	Kind      string
	ItemID    string
	CreatedAt int64
}

func (b Bookmark) position() position { return position{At: b.CreatedAt, ID: b.ID} }

// Reaction is one person's reaction to an item.
type Reaction struct {
	Name string
	At   int64
	By   person.Card
}

func (r Reaction) position() position { return position{At: r.At, ID: r.By.ID, Reaction: r.Name} }
