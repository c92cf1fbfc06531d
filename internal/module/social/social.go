package social

import (
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

func check(text string, mentions []string, bad *fault.Fields) {
	if strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > maxText {
		bad.Addf("/text", "comment.text", "A comment has 1 to %d characters.", maxText)
	}
	if len(mentions) > maxMentions {
		bad.Addf("/mention", "field.tooMany", "At most %d people can be mentioned.", maxMentions)
	}
	for _, id := range mentions {
		if !ids.Valid(id) {
			bad.Add("/mention", "field.format", "Every entry must be the id of a person (a UUID).")
			return
		}
	}
}

// Bookmark is one person's mark on an item.
type Bookmark struct {
	ID        string
	Kind      string
	ItemID    string
	CreatedAt int64
}

// Reaction is one person's reaction to an item.
type Reaction struct {
	Name string
	At   int64
	By   person.Card
}
