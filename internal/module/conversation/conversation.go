package conversation

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Limits.
const (
	maxTitle       = 200 // characters
	maxDescription = 5000
	maxDirect      = 50   // people in a direct conversation, its maker included
	maxShown       = 1000 // participants an answer lists
)

// moduleCode is the module of categories of group chats.
const moduleCode = 11

// The kinds of conversations.
const (
	ChatGroup = "CHAT_GROUP"
	Room      = "ROOM"
	Direct    = "DIRECT"
)

// Conversation is a conversation as a viewer sees it.
type Conversation struct {
	ID, Kind             string
	Title, Description   string
	Color                string
	IsPrivate, ByRequest bool
	CategoryID, Category *string // id and name
	ImageID              *string
	LastSeq, ActiveAt    int64
	Version              int64
	CreatedAt, UpdatedAt int64
	CreatedBy, UpdatedBy string
	MemberCount          int
	Requested            bool // the viewer has asked to join
	Mine                 *Membership
}

// Membership is what a conversation is to one of its members.
type Membership struct {
	IsAdmin      bool
	ReadSeq      int64
	Skipped      int64 // messages after ReadSeq that do not count as unread
	Muted        bool
	SnoozedUntil *int64 // ms
	JoinedAt     int64  // ms
}

// IsChannel reports that only admins write.
func (c Conversation) IsChannel() bool { return c.Kind == Room }

// Readable reports that the viewer reads its messages.
func (c Conversation) Readable() bool { return c.Mine != nil || !c.IsPrivate }

// Unread is the number of messages of others that the viewer has not read.
func (c Conversation) Unread() int64 {
	if c.Mine == nil {
		return 0
	}
	return c.LastSeq - c.Mine.ReadSeq - c.Mine.Skipped
}

func (c Conversation) isAdmin() bool { return c.Mine != nil && c.Mine.IsAdmin }

// Detail is a conversation with its people and meetings.
type Detail struct {
	Conversation
	Participants []person.Card
	Admins       []string  // ids
	Next, Last   *CallView // of the next or running meeting, and of the latest that is over
	Company      content.Company
}

// Row is a conversation in a listing.
type Row struct {
	Conversation
	Participants []person.Card
	Latest       *Latest // its newest message, where the listing has it
	Company      content.Company
}

// Latest is the newest message of a conversation.
type Latest struct {
	ID, SenderID, Text string
	CreatedAt          int64
	Deleted            bool
}

// Draft is what a client sends to make a group chat.
type Draft struct {
	GroupType   string            `json:"groupType,omitempty" enum:"CHAT_GROUP,ROOM" doc:"Kind of group; CHAT_GROUP when absent. In a ROOM only admins write"`
	Title       string            `json:"title,omitempty" doc:"Name, at most 200 characters"`
	Description string            `json:"description,omitempty" doc:"About the group, at most 5000 characters"`
	IsPrivate   bool              `json:"isPrivate,omitempty" doc:"Only members read it"`
	ByRequest   bool              `json:"byRequest,omitempty" doc:"Joining needs an admin's approval; without it a private group is known to members alone"`
	Members     []Member          `json:"members,omitempty" maxItems:"1000" doc:"First members; you are one and an admin anyway"`
	FileID      string            `json:"fileId,omitempty" doc:"Id of an uploaded picture of yours: the cover"`
	Category    api.Patch[string] `json:"category,omitzero" doc:"Name or id of a category of module 11"`
}

// Member is one of the first members of a group chat.
type Member struct {
	ID      string `json:"id" required:"true" doc:"Id of the person"`
	IsAdmin bool   `json:"isAdmin,omitempty" doc:"Whether they administer the group"`
}

// Change is what a client sends to change a group chat. Absent fields stay.
type Change struct {
	Title          api.Patch[string] `json:"title,omitzero" doc:"Name, at most 200 characters"`
	Description    api.Patch[string] `json:"description,omitzero" doc:"About the group, at most 5000 characters"`
	IsPrivate      api.Patch[bool]   `json:"isPrivate,omitzero" doc:"Only members read it"`
	ByRequest      api.Patch[bool]   `json:"byRequest,omitzero" doc:"Joining needs an admin's approval"`
	NewAdmins      api.Strings       `json:"newAdmins,omitempty" maxItems:"1000" doc:"Ids of people who become admins, and members"`
	RemovedAdmins  api.Strings       `json:"removedAdmins,omitempty" maxItems:"1000" doc:"Ids of people who stop being admins and stay members; done before adding"`
	NewMembers     api.Strings       `json:"newMembers,omitempty" maxItems:"1000" doc:"Ids of people who become members"`
	RemovedMembers api.Strings       `json:"removedMembers,omitempty" maxItems:"1000" doc:"Ids of people who are removed; done before adding"`
	FileID         api.Patch[string] `json:"fileId,omitzero" doc:"Id of an uploaded picture of yours: the cover; null takes it away"`
	Category       api.Patch[string] `json:"category,omitzero" doc:"Name or id of a category of module 11; null takes it away"`
}

// named is a list of people with the field that names them.
type named struct {
	pointer string
	ids     []string
}

// people gives the lists of people a change names: those it adds, then those it removes.
func (in Change) people() []named {
	return []named{
		{"/newAdmins", in.NewAdmins}, {"/newMembers", in.NewMembers},
		{"/removedAdmins", in.RemovedAdmins}, {"/removedMembers", in.RemovedMembers},
	}
}

// apply changes the fields of a group chat that were sent.
func (in Change) apply(c *Conversation, bad *fault.Fields) {
	if in.Title.Set {
		c.Title = in.Title.Value
	}
	if in.Description.Set {
		c.Description = in.Description.Value
	}
	if in.IsPrivate.Set {
		c.IsPrivate = in.IsPrivate.Value
	}
	if in.ByRequest.Set {
		c.ByRequest = in.ByRequest.Value
	}
	if in.FileID.Set {
		c.ImageID = optional(in.FileID.Value)
	}
	c.validate(bad)
}

func (c *Conversation) validate(bad *fault.Fields) {
	c.Title = strings.TrimSpace(c.Title)
	switch {
	case c.Title == "":
		bad.Add("/title", "conversation.titleRequired", "A group chat needs a title.")
	case utf8.RuneCountInString(c.Title) > maxTitle:
		bad.Addf("/title", "conversation.titleTooLong", "A title has at most %d characters.", maxTitle)
	case strings.ContainsFunc(c.Title, unicode.IsControl):
		bad.Add("/title", "conversation.titleInvalid", "Control characters are not allowed.")
	}
	if utf8.RuneCountInString(c.Description) > maxDescription {
		bad.Addf("/description", "conversation.descriptionTooLong", "A description has at most %d characters.", maxDescription)
	}
	if c.ImageID != nil && !ids.Valid(*c.ImageID) {
		bad.Add("/fileId", "media.unknown", "You have uploaded no file with this id.")
	}
}

// files gives the files a group chat has.
func (c *Conversation) files() []content.FileRef {
	if c.ImageID == nil {
		return nil
	}
	return []content.FileRef{{ID: *c.ImageID, Pointer: "/fileId", Must: "image"}}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// colors are the backgrounds of conversations without a picture.
var colors = []string{"#2F6F8F", "#8F5B2F", "#3F7F4F", "#7F3F6F", "#4F4FA0", "#A04F4F", "#5F6F2F", "#2F7F7F"}

// colorOf gives a conversation the color it keeps.
func colorOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return colors[int(sum[0])%len(colors)]
}

// peopleKey is the same for the same people in any order.
func peopleKey(people []string) string {
	sorted := slices.Clone(people)
	slices.Sort(sorted)
	sum := sha256.Sum256([]byte(strings.Join(sorted, " ")))
	return hex.EncodeToString(sum[:])
}

// nth is the pointer of an entry of a list.
func nth(pointer string, i int) string { return pointer + "/" + strconv.Itoa(i) }
