package document

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/knowledge"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Service is what can be done with documents.
type Service struct {
	*content.Items[Body, *Body]
}

// New makes the service and registers documents as a kind of content.
func New(d content.Deps) *Service {
	return &Service{content.NewItems[Body](d, Kind, content.Hooks[Body]{})}
}

// Register mounts the operations on documents.
func (s *Service) Register(r *api.Router) {
	o := Kind.Routes("Document", "Documents", "documents", map[string]string{
		"docId": "media", "ownerIds": "user", "newOwnerIds": "user",
	})
	o.Get.Authz.Restricted = true // tasks name documents
	api.Register(r, o.List, s.list)
	content.MountFixed(r, o, s.Items, viewOf)
	api.Register(r, o.Create, s.create)
	api.Register(r, o.Update, s.update)
	versions := o.Get
	versions.ID, versions.Path, versions.Summary = "listDocumentVersions", "/api/documents/{id}/versions", "List what a document was before"
	versions.Example = api.Example{Response: sampleVersions}
	api.Register(r, versions, s.versions)
}

const sampleVersions = `{"versions":[{"version":1,"docId":null,"docUrl":"https://handbook.example/2026","file":null,"createdAt":"2026-10-21T06:58:14.936Z","createdBy":null}]}`

// View is a document as clients read it.
type View struct {
	content.View
	knowledge.State
	content.Acknowledgement
	Name        *string               `json:"name" doc:"Name"`
	Metadata    *person.Details       `json:"metadata" doc:"What is known of the content of the file, or null"`
	File        *person.File          `json:"file" doc:"The file, or null"`
	DocID       *string               `json:"docId" doc:"Id of the file, or null"`
	DocURL      *string               `json:"docUrl" doc:"Address of the document, or null"`
	Link        *string               `json:"link" doc:"Address with more about it, or null"`
	Version     int64                 `json:"version" doc:"Number of the file or address it has now, from 1"`
	Tags        []string              `json:"tags" doc:"Tags"`
	Category    *string               `json:"category" doc:"Name of the category"`
	Owners      []person.Card         `json:"owners" doc:"The owners"`
	LinkPreview []message.LinkPreview `json:"linkPreview" doc:"Cards of its address and link"`
}

func viewOf(d *content.Shown[Body], with content.Company) View {
	b := &d.Body
	v := View{
		View: content.ViewOf(d, with), State: knowledge.StateOf(d), Acknowledgement: d.Acknowledgement(b.Acknowledge),
		Name: message.Optional(b.Name), File: message.PickFile(with, b.current().File),
		DocID: message.Optional(b.current().File), DocURL: message.Optional(b.current().URL), Link: message.Optional(b.Link),
		Version: b.Edition(), Tags: message.NotNil(b.Tags), Category: d.Category, Owners: person.Pick(with.People, d.Owners),
		LinkPreview: message.Cards(b.previewed(), with.Links),
	}
	if v.File != nil {
		v.Metadata = v.File.Metadata
	}
	return v
}

type listInput struct {
	content.ListInput
	Category string `query:"category" maxLength:"200" doc:"Only documents of this category, by its name or id"`
}

type listOutput struct {
	Body struct {
		Docs []View   `json:"docs" doc:"The documents of the page"`
		Meta api.Meta `json:"meta" doc:"Where the page stands"`
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	var narrow content.Filter
	if err := s.InCategory(ctx, who, in.Category, &narrow); err != nil {
		return nil, err
	}
	p, err := s.ListAs(ctx, who, in.ListInput, narrow)
	out := &listOutput{}
	out.Body.Docs, out.Body.Meta = content.Views(p, viewOf), p.Meta(in.Page)
	return out, err
}

type createInput struct {
	knowledge.PublishInput
	content.CreateInput[Draft]
}

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*content.Answer[View], error) {
	p, err := s.Create(ctx, who, s.Change(who, in.Body, in.Publish.Ptr(), true))
	return content.AnswerOf(p, err, viewOf)
}

type updateInput struct {
	knowledge.PublishInput
	content.UpdateInput[Draft]
}

func (s *Service) update(ctx context.Context, who authz.Actor, in *updateInput) (*content.Answer[View], error) {
	p, err := s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, s.Change(who, in.Body, in.Publish.Ptr(), false))
	return content.AnswerOf(p, err, viewOf)
}

// VersionView is a version as clients read it.
type VersionView struct {
	Version   int          `json:"version" doc:"Its number, from 1"`
	DocID     *string      `json:"docId" doc:"Id of the file, or null"`
	DocURL    *string      `json:"docUrl" doc:"Address, or null"`
	File      *person.File `json:"file" doc:"The file, or null"`
	CreatedAt api.Time     `json:"createdAt" doc:"When it came"`
	CreatedBy *person.Card `json:"createdBy" doc:"Who brought it"`
}

type versionsOutput struct {
	Body struct {
		Versions []VersionView `json:"versions" doc:"All versions, the newest first"`
	}
}

func (s *Service) versions(ctx context.Context, who authz.Actor, in *content.IDInput) (*versionsOutput, error) {
	p, err := s.Get(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	versions := p.Items[0].Body.Versions
	var people []string
	for _, v := range versions {
		people = append(people, v.By)
	}
	cards, err := person.ByIDs(ctx, s.DB.Reader(ctx), who.OrgID, content.Unique(people))
	if err != nil {
		return nil, err
	}
	out := &versionsOutput{}
	out.Body.Versions = make([]VersionView, 0, len(versions))
	for i := len(versions) - 1; i >= 0; i-- {
		v := versions[i]
		view := VersionView{
			Version: i + 1, DocID: message.Optional(v.File), DocURL: message.Optional(v.URL), File: message.PickFile(p.Company, v.File), CreatedAt: api.At(v.At),
		}
		if c, ok := cards[v.By]; ok {
			view.CreatedBy = &c
		}
		out.Body.Versions = append(out.Body.Versions, view)
	}
	return out, nil
}
