package document

import (
	"fmt"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/knowledge"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// Kind is what kernel/content needs to know of documents.
var Kind = content.Kind{
	Name: "document", Plural: "documents", Noun: "a document", Table: "documents", ModuleCode: 9, Owned: true, Categorized: true, Acknowledged: true,
}

const maxVersions = 200

// Body is what is stored of a document beside its columns.
type Body struct {
	knowledge.Body
	Versions    []Version `json:"versions,omitempty"` // oldest first
	Acknowledge bool      `json:"acknowledge,omitempty"`
}

// Version is what a document has been: a file, or an address, or a file that is at an address,
// too.
type Version struct {
	File string `json:"file,omitempty"` // id of media
	URL  string `json:"url,omitempty"`
	At   int64  `json:"at"` // ms
	By   string `json:"by"` // id of a person
}

// Edition implements content.Edited.
func (b *Body) Edition() int64 { return max(int64(len(b.Versions)), 1) }

// current is the version readers get; the zero Version when there is only a link.
func (b *Body) current() Version {
	if len(b.Versions) == 0 {
		return Version{}
	}
	return b.Versions[len(b.Versions)-1]
}

// previewed gives the addresses that have cards.
func (b *Body) previewed() []string {
	var links []string
	for _, l := range []string{b.current().URL, b.Link} {
		if l != "" {
			links = append(links, l)
		}
	}
	return content.Unique(links)
}

// Refs implements content.Body. Earlier versions keep their files.
func (b *Body) Refs() content.Refs {
	r := content.Refs{Links: b.previewed()}
	for _, v := range b.Versions {
		if v.File != "" {
			r.Files = append(r.Files, content.FileRef{ID: v.File, Pointer: "/docId"})
		}
	}
	return r
}

// Draft is what a client sends to make or change a document; absent fields are left alone.
type Draft struct {
	knowledge.Draft
	DocID       api.Patch[string] `json:"docId,omitempty" doc:"Id of an uploaded file of yours; another one is another version"`
	DocURL      api.Patch[string] `json:"docUrl,omitempty" maxLength:"2048" doc:"Address of the document, when it is not a file; another one is another version"`
	Acknowledge api.Patch[bool]   `json:"acknowledgementRequired,omitempty" doc:"Readers are to say that they have read it"`
}

// Change is what a draft does to a document. publish is whether others see it, nil for what the
// draft says.
func (s *Service) Change(who authz.Actor, d Draft, publish *bool, isNew bool) content.Change[Body] {
	in, fields := knowledge.Change[Body](who, d.Draft, publish, isNew)
	now := s.Clock.Now().UnixMilli()
	in.Apply = func(b *Body, bad *fault.Fields) []content.Named {
		fields.Apply(&b.Body, in.Pointers, bad)
		message.Set(d.Acknowledge, &b.Acknowledge)
		d.version(b, Version{At: now, By: who.UserID}, bad)
		if len(b.Versions) == 0 && b.Link == "" {
			bad.Add("/docId", "document.empty", "A document needs a file (docId), an address (docUrl) or a link.")
		}
		return nil
	}
	return in
}

// version adds the version that a draft brings, if it is another one.
func (d Draft) version(b *Body, next Version, bad *fault.Fields) {
	next.File, next.URL = d.DocID.Value, d.DocURL.Value
	if next.File == "" && next.URL == "" {
		return
	}
	if next.URL != "" {
		message.ValidateURL("/docUrl", next.URL, bad)
	}
	last := b.current()
	if next.File == last.File && next.URL == last.URL {
		return
	}
	if len(b.Versions) >= maxVersions {
		bad.Add("/docId", "document.versions", fmt.Sprintf("A document has at most %d versions; begin another document.", maxVersions))
		return
	}
	b.Versions = append(b.Versions[:len(b.Versions):len(b.Versions)], next)
}
