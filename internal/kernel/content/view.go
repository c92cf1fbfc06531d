package content

import (
	"encoding/json"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// View is what answers show of an item of any kind.
type View struct {
	ID            string                `json:"id" doc:"Id of the item"`
	User          person.Card           `json:"user" doc:"The author"`
	CommentsCount int                   `json:"commentsCount" doc:"Number of comments"`
	Reactions     []ReactionCount       `json:"reactions" doc:"Reactions by kind"`
	ReactionUsers []person.Card         `json:"reactionUsers" doc:"The latest people who reacted, at most ten"`
	Status        string                `json:"status" enum:"PUBLISHED,DRAFT,SCHEDULED" doc:"State of the item"`
	PublishAt     *api.Time             `json:"publishAt" doc:"When a scheduled item is published"`
	Permissions   *audience.Permissions `json:"permissions" doc:"Who may see the item; null for anybody but the author and owners"`
	MyReactions   []string              `json:"myReactions" doc:"Your reactions"`
	BookmarkID    *string               `json:"bookmarkId" doc:"Your bookmark, or null"`
	PostedAt      api.Time              `json:"postedAt" doc:"When it was published, or made while it is not"`
	CreatedAt     api.Time              `json:"createdAt" doc:"When it was made"`
	UpdatedAt     api.Time              `json:"updatedAt" doc:"When it was last changed"`

	version int64
}

// ETag names the version of the item.
func (v View) ETag() string { return api.ETag(v.version) }

// ViewOf shows what items of all kinds show.
func ViewOf[B any](s *Shown[B], with Company) View {
	v := View{
		ID: s.ID, User: s.Author, CommentsCount: s.CommentsCount, Reactions: s.Reactions.List(),
		ReactionUsers: person.Pick(with.People, s.Reactions.Latest), Status: s.Status, PublishAt: api.AtPtr(s.PublishAt),
		MyReactions: s.MyReactions(), BookmarkID: s.BookmarkID,
		PostedAt: api.At(s.PostedAt), CreatedAt: api.At(s.CreatedAt), UpdatedAt: api.At(s.UpdatedAt), version: s.Version,
	}
	if s.Permissions != nil {
		v.Permissions = new(audience.Permissions)
		if json.Unmarshal([]byte(*s.Permissions), v.Permissions) != nil {
			v.Permissions = nil
		}
	}
	return v
}

// Views shows the items of a page.
func Views[B, V any](p Page[B], view func(*Shown[B], Company) V) []V {
	list := make([]V, len(p.Items))
	for i := range p.Items {
		list[i] = view(&p.Items[i], p.Company)
	}
	return list
}

// Meta describes the page a client has asked for. A page may be short when items went while it
// was read: what stands behind it is not lost.
func (p Page[B]) Meta(asked api.Page) api.Meta {
	m := asked.Meta(p.Total)
	if p.Next != nil && m.GoesOn(asked) {
		m.NextCursor = ids.EncodeCursor(*p.Next)
	}
	return m
}

// Acknowledgement is what answers show of an item that people can acknowledge.
type Acknowledgement struct {
	Required bool      `json:"acknowledgementRequired" doc:"Readers are to say that they have read it"`
	At       *api.Time `json:"acknowledgedAt" doc:"When you said that you have read it as it is now, or null"`
}

// Acknowledgement shows whether the viewer has acknowledged the item.
func (m *Mine) Acknowledgement(required bool) Acknowledgement {
	return Acknowledgement{Required: required, At: api.AtPtr(m.AcknowledgedAt)}
}
