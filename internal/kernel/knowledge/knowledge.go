// Package knowledge is what documents and FAQs have in common: a name, owners, a time until
// which they are valid, tags, a category and a link, as the reference's object kb has them.
//
// The reference prints these fields flat in one place and below kb in another. Both are taken
// everywhere; where both are sent, the flat field counts. Somebody who names no owners owns
// what they make. An unknown category is made. Knowledge is a draft unless publish, a query
// parameter, or isPublished says otherwise, and can become one again.
package knowledge

import (
	"cmp"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

const maxName = 300 // characters

// Fields are what a client sends; absent ones are left alone.
type Fields struct {
	Name           api.Patch[string]      `json:"name,omitempty" maxLength:"300" doc:"Name"`
	OwnerIDs       api.Patch[api.Strings] `json:"ownerIds,omitempty" doc:"Ids of the owners, who see and change it whatever its permissions say; you unless given"`
	NewOwnerIDs    api.Patch[api.Strings] `json:"newOwnerIds,omitempty" doc:"Ids of further owners"`
	RemoveOwnerIDs api.Patch[api.Strings] `json:"removeOwnerIds,omitempty" doc:"Ids of owners who no longer are"`
	Expiry         api.Patch[api.Time]    `json:"expiry,omitempty" doc:"Valid until then; afterwards only its owners see it"`
	Tags           api.Patch[api.Strings] `json:"tags,omitempty" doc:"Tags"`
	Category       api.Patch[string]      `json:"category,omitempty" maxLength:"200" doc:"Name or id of a category; a new name makes one"`
	Link           api.Patch[string]      `json:"link,omitempty" maxLength:"2048" doc:"Address with more about it"`
	IsPublished    api.Patch[bool]        `json:"isPublished,omitempty" doc:"Whether others see it; the parameter publish wins"`
}

// KB is what a client sends below kb.
type KB struct {
	Fields
	Permissions api.Patch[audience.Permissions] `json:"permissions,omitempty" doc:"Who may see it, unless permissions beside kb say so"`
}

// Draft is what a client sends of knowledge.
type Draft struct {
	Fields
	content.Publication
	KB api.Patch[KB] `json:"kb,omitempty" doc:"The same fields as beside it, which win"`
}

// Body is what is stored of the fields that have no column.
type Body struct {
	Name string   `json:"-"`
	Tags []string `json:"tags,omitempty"`
	Link string   `json:"link,omitempty"`
}

// MainText implements content.Body.
func (b *Body) MainText() *string { return &b.Name }

// Words implements content.Body.
func (b *Body) Words() (title, text string) { return b.Name, strings.Join(b.Tags, " ") }

// merge puts the two forms together, and says which fields came from kb.
func (d Draft) merge() (f Fields, p content.Publication, pointers map[string]string) {
	f, p, pointers = d.Fields, d.Publication, map[string]string{}
	kb := d.KB.Value
	prefer(pointers, "name", &f.Name, kb.Name)
	prefer(pointers, "ownerIds", &f.OwnerIDs, kb.OwnerIDs)
	prefer(pointers, "newOwnerIds", &f.NewOwnerIDs, kb.NewOwnerIDs)
	prefer(pointers, "removeOwnerIds", &f.RemoveOwnerIDs, kb.RemoveOwnerIDs)
	prefer(pointers, "expiry", &f.Expiry, kb.Expiry)
	prefer(pointers, "tags", &f.Tags, kb.Tags)
	prefer(pointers, "category", &f.Category, kb.Category)
	prefer(pointers, "link", &f.Link, kb.Link)
	prefer(pointers, "isPublished", &f.IsPublished, kb.IsPublished)
	prefer(pointers, "permissions", &p.Permissions, kb.Permissions)
	return f, p, pointers
}

func prefer[T any](pointers map[string]string, name string, top *api.Patch[T], below api.Patch[T]) {
	if !top.Set && below.Set {
		*top, pointers[name] = below, "/kb/"+name
	}
}

// Change begins the change of an item: everything but its body. publish is the query parameter;
// isNew says that the item is being made.
func Change[B any](who authz.Actor, d Draft, publish *bool, isNew bool) (content.Change[B], Fields) {
	f, publication, pointers := d.merge()
	if publish == nil && f.IsPublished.Set && !f.IsPublished.Null {
		publish = &f.IsPublished.Value
	}
	switch {
	case publish != nil && *publish:
		publication.Status = status(content.Published)
	case publish != nil && publication.Status.Value != content.Scheduled, isNew && !publication.Status.Set:
		publication.Status = status(content.Draft)
	}
	in := content.Change[B]{Publication: publication, Expiry: f.Expiry, Category: f.Category, Create: true, Pointers: pointers}
	if isNew || f.OwnerIDs.Set || f.NewOwnerIDs.Set || f.RemoveOwnerIDs.Set {
		in.Owners = f.owners(who, isNew)
	}
	return in, f
}

func status(s string) api.Patch[string] { return api.Patch[string]{Set: true, Value: s} }

func (f Fields) owners(who authz.Actor, isNew bool) *content.Owners {
	o := &content.Owners{Add: f.NewOwnerIDs.Value, Remove: f.RemoveOwnerIDs.Value}
	if f.OwnerIDs.Set {
		o.Set = (*[]string)(&f.OwnerIDs.Value)
	}
	if isNew {
		o.Remove = nil // the reference prints it where there is nobody yet
		if len(f.OwnerIDs.Value)+len(o.Add) == 0 {
			o.Set = &[]string{who.UserID}
		}
	}
	return o
}

// Apply changes the body and reports what is wrong with it, where it came from.
func (f Fields) Apply(b *Body, pointers map[string]string, bad *fault.Fields) {
	at := func(name string) string { return cmp.Or(pointers[name], "/"+name) }
	message.Set(f.Name, &b.Name)
	message.Set(f.Link, &b.Link)
	if f.Tags.Set {
		b.Tags = content.Unique(f.Tags.Value)
	}
	message.TooLong(at("name"), "name", b.Name, maxName, bad)
	message.ValidateTags(at("tags"), b.Tags, bad)
	if b.Link != "" {
		message.ValidateURL(at("link"), b.Link, bad)
	}
}

// PublishInput is the query parameter that publishes.
type PublishInput struct {
	Publish api.OptionalBool `query:"publish" doc:"true: others see it at once; otherwise it is a draft, or stays what it is"`
}

// State is what answers show of the life of knowledge.
type State struct {
	IsPublished bool      `json:"isPublished" doc:"Others may see it"`
	Expiry      *api.Time `json:"expiry" doc:"Valid until then"`
	IsExpired   bool      `json:"isExpired" doc:"That time is over: only owners see it"`
	OwnerIDs    []string  `json:"ownerIds" doc:"Ids of the owners"`
}

// StateOf shows the life of an item.
func StateOf[B any](s *content.Shown[B]) State {
	return State{
		IsPublished: s.Status == content.Published, Expiry: api.AtPtr(s.ExpiresAt), IsExpired: s.GrantedID != nil,
		OwnerIDs: message.NotNil(s.Owners),
	}
}
