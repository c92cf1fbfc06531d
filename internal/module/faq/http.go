package faq

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/knowledge"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// Register mounts the operations on FAQs.
func (s *Service) Register(r *api.Router) {
	r.Gate(Kind.Name, s.Gate)
	o := Kind.Routes("Faq", "Faqs", "questions", map[string]string{"ownerIds": "user", "newOwnerIds": "user"})
	api.Register(r, o.List, s.list)
	api.Register(r, o.Create, s.create)
	api.Register(r, o.Get, s.get)
	api.Register(r, o.Update, s.update)
	api.Register(r, o.Delete, s.delete)
}

// View is an FAQ as clients read it.
type View struct {
	content.View
	KBID string   `json:"kbId" doc:"Id of the FAQ, once more"`
	KB   Info     `json:"kb" doc:"What the FAQ is"`
	QAs  []QAView `json:"qas" doc:"Its questions"`
}

// Info is what an FAQ is.
type Info struct {
	knowledge.State
	Name     *string  `json:"name" doc:"Name"`
	Tags     []string `json:"tags" doc:"Tags"`
	Category *string  `json:"category" doc:"Name of the category"`
	Link     *string  `json:"link" doc:"Address with more about it"`
}

// QAView is a question as clients read it.
type QAView struct {
	ID          string `json:"id" doc:"Id of the question"`
	Question    string `json:"question" doc:"The question"`
	Answer      string `json:"answer" doc:"The answer"`
	Description string `json:"description" doc:"More detail"`
}

func viewOf(set Set) View {
	item := &set.Items[0]
	v := View{
		View: content.ViewOf(item, set.Company), KBID: item.ID, QAs: make([]QAView, len(set.Questions)),
		KB: Info{
			State: knowledge.StateOf(item), Name: message.Optional(item.Body.Name), Tags: message.NotNil(item.Body.Tags),
			Category: item.Category, Link: message.Optional(item.Body.Link),
		},
	}
	for i, q := range set.Questions {
		v.QAs[i] = QAView{q.ID, q.Question, q.Answer, q.Description}
	}
	return v
}

func answer(set Set, err error) (*content.Answer[View], error) {
	if err != nil {
		return nil, err
	}
	v := viewOf(set)
	return &content.Answer[View]{ETag: v.ETag(), Body: v}, nil
}

// Row is a question of the list.
type Row struct {
	QAView
	KBID       string   `json:"kbId" doc:"Id of the FAQ it is of"`
	Category   *string  `json:"category" doc:"Name of the category"`
	Tags       string   `json:"tags" doc:"Tags, separated by commas"`
	TagList    []string `json:"tagList" doc:"Tags"`
	Owners     []string `json:"owners" doc:"Ids of the owners"`
	BookmarkID *string  `json:"bookmarkId" doc:"Your bookmark of the FAQ, or null"`
}

type listInput struct {
	api.Page
	Category string `query:"category" maxLength:"200" doc:"Only questions of this category, by its name or id"`
	Status   string `query:"status" enum:"PUBLISHED,DRAFT,SCHEDULED" default:"PUBLISHED" doc:"DRAFT or SCHEDULED lists what you have not published"`
}

type listOutput struct {
	Body struct {
		Data []Row    `json:"data" doc:"The questions of the page"`
		Meta api.Meta `json:"meta" doc:"Where the page stands"`
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	var narrow content.Filter
	if err := s.InCategory(ctx, who, in.Category, &narrow); err != nil {
		return nil, err
	}
	visible, err := s.Content.VisibleTo(ctx, who)
	if err != nil {
		return nil, err
	}
	q := s.DB.Reader(ctx)
	rows, total, err := s.store.list(ctx, q, listing{visible, in.Status, narrow.CategoryID, narrow.None, in.Page})
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Meta = in.Page.Meta(total)
	if n := in.Page.Limit(); len(rows) > n {
		rows = rows[:n]
		out.Body.Meta.NextCursor = ids.EncodeCursor(rows[n-1].position())
	}
	out.Body.Data = make([]Row, len(rows))
	sets := make([]string, len(rows))
	for i, r := range rows {
		sets[i] = r.FaqID
	}
	owners, err := content.PeopleOf(ctx, q, who.OrgID, Kind, content.Owner, content.Unique(sets))
	if err != nil {
		return nil, err
	}
	for i, r := range rows {
		var b Body
		if err := json.Unmarshal([]byte(r.extra), &b); err != nil {
			return nil, err
		}
		out.Body.Data[i] = Row{
			QAView: QAView{r.ID, r.Question.Question, r.Answer, r.Description}, KBID: r.FaqID, Category: r.category,
			Tags: strings.Join(b.Tags, ", "), TagList: message.NotNil(b.Tags), Owners: message.NotNil(owners[r.FaqID]), BookmarkID: r.bookmarkID,
		}
	}
	return out, nil
}

// param is the name of the nth parameter of a statement.
func param(n int) string { return "?" + strconv.Itoa(n) }

type createInput struct {
	knowledge.PublishInput
	content.CreateInput[Draft]
}

func (s *Service) create(ctx context.Context, who authz.Actor, in *createInput) (*content.Answer[View], error) {
	return answer(s.Create(ctx, who, in.Body, in.Publish.Ptr()))
}

func (s *Service) get(ctx context.Context, who authz.Actor, in *content.IDInput) (*content.Answer[View], error) {
	return answer(s.Get(ctx, who, in.ID))
}

type updateInput struct {
	knowledge.PublishInput
	content.UpdateInput[Draft]
}

func (s *Service) update(ctx context.Context, who authz.Actor, in *updateInput) (*content.Answer[View], error) {
	return answer(s.Update(ctx, who, in.ID, in.IfMatch.IfMatch, in.Body, in.Publish.Ptr()))
}

func (s *Service) delete(ctx context.Context, who authz.Actor, in *content.DeleteInput) (*struct{}, error) {
	return nil, s.Delete(ctx, who, in.ID, in.IfMatch.IfMatch, in.Moderate)
}
