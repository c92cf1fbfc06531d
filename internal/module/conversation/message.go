package conversation

import (
	"encoding/json"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// maxText is the length of a message's text in bytes.
const maxText = 64 << 10

// form is how messages call the fields they share with posts.
var form = message.Form{Text: "/message", Files: "/fileId", MaxText: maxText}

// The types of messages.
const (
	typeText    = 0
	typeMeeting = 1
)

// body is what a message says beside its text.
type body struct {
	message.Body

	Meeting string `json:"meeting,omitempty"` // id of the meeting it announces
	Hook    string `json:"hook,omitempty"`    // name of the program that wrote it as its sender
}

// Message is a message as a viewer sees it.
type Message struct {
	ID, ConversationID   string
	Seq                  int64
	SenderID             string
	Body                 body
	ReplyOf              *string
	RepliesCount         int
	Reactions            content.Reactions
	MyReactions          *string // comma-separated
	EditedAt, DeletedAt  *int64
	PinnedAt             *int64
	Version              int64
	CreatedAt, UpdatedAt int64
	UpdatedBy            string

	sender person.Card
}

// extra is the stored form of the body, apart from the text.
func (m *Message) extra() string {
	raw, err := json.Marshal(m.Body)
	if err != nil {
		panic("conversation: a message's body cannot be encoded: " + err.Error())
	}
	return string(raw)
}

// Note is what a client sends of a message.
type Note struct {
	Message      api.Patch[string]      `json:"message,omitzero" maxLength:"65536" doc:"The text, at most 64 KiB"`
	Mention      api.Patch[api.Strings] `json:"mention,omitzero" doc:"Ids of the people mentioned"`
	ReplyOfMsgID string                 `json:"replyOfMsgId,omitempty" doc:"Id of the message answered, of the same conversation"`
	FileID       api.Patch[api.Strings] `json:"fileId,omitzero" doc:"Ids of uploaded files of yours, at most 20"`
	Tags         api.Patch[api.Strings] `json:"tags,omitzero" doc:"Tags; one string is split at blanks and commas"`
	Links        api.Patch[api.Strings] `json:"links,omitzero" doc:"Addresses (http or https)"`
	Gif          api.Patch[string]      `json:"gif,omitzero" maxLength:"2048" doc:"Address of an animated picture"`
}

// Revision is what a client sends to change a message. Absent fields stay.
type Revision struct {
	Message api.Patch[string]      `json:"message,omitzero" maxLength:"65536" doc:"The text, at most 64 KiB"`
	Mention api.Patch[api.Strings] `json:"mention,omitzero" doc:"Ids of the people mentioned"`
	FileID  api.Patch[api.Strings] `json:"fileId,omitzero" doc:"Ids of files of the message and of uploads of yours; they replace the old ones"`
	Tags    api.Patch[api.Strings] `json:"tags,omitzero" doc:"Tags; one string is split at blanks and commas"`
	Links   api.Patch[api.Strings] `json:"links,omitzero" doc:"Addresses (http or https)"`
	Gif     api.Patch[string]      `json:"gif,omitzero" maxLength:"2048" doc:"Address of an animated picture"`
}

// apply changes a body and gives the people it was sent.
func (in Revision) apply(b *message.Body, bad *fault.Fields) []named {
	d := message.Draft{PostText: in.Message, Mention: in.Mention, FileIDs: in.FileID, Tags: in.Tags, Links: in.Links, Gif: in.Gif}
	var lists []named
	for _, l := range d.ApplyAs(form, b, bad) {
		lists = append(lists, named{l.Pointer, l.IDs})
	}
	for i, id := range b.Files {
		if !ids.Valid(id) {
			bad.Add(nth(form.Files, i), "media.unknown", "You have uploaded no file with this id.")
		}
	}
	if b.Empty() {
		bad.Add(form.Text, "message.empty", "A message needs a text, a file, a link or a gif.")
	}
	return lists
}

// refs are what a message shows of other modules.
func (m *Message) refs() content.Refs { return m.Body.RefsAs(form) }

// words are what a message is found by.
func (m *Message) words() string {
	_, text := m.Body.Words()
	return strings.TrimSpace(text)
}

// elsewhere reports a message that is not in the conversation at the field that names it.
func elsewhere(err error, pointer string) error {
	if fault.Is(err, fault.KindNotFound) {
		return fault.Invalid(fault.Field{Pointer: pointer, Code: "message.elsewhere", Detail: "There is no such message in this conversation."})
	}
	return err
}
