package faq

import (
	"context"
	"errors"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/knowledge"
)

// Service is what can be done with FAQs.
type Service struct {
	*content.Items[Body, *Body]
	store store
}

// New makes the service and registers FAQs as a kind of content.
func New(d content.Deps) *Service {
	s := &Service{}
	s.Items = content.NewItems[Body](d, Kind, content.Hooks[Body]{Remove: s.store.removeAll, Words: s.words})
	return s
}

// words are those of an FAQ's questions.
func (s *Service) words(ctx context.Context, tx db.Tx, orgID, id string) (string, error) {
	questions, err := s.store.questions(ctx, tx, orgID, id)
	var text strings.Builder
	for _, q := range questions {
		text.WriteString(q.Question + "\n" + q.Answer + "\n" + q.Description + "\n")
	}
	return text.String(), err
}

// Set is an FAQ with its questions.
type Set struct {
	content.Page[Body]
	Questions []Question
}

func (s *Service) set(ctx context.Context, q db.Queryer, who authz.Actor, p content.Page[Body], err error) (Set, error) {
	if err != nil {
		return Set{}, err
	}
	questions, err := s.store.questions(ctx, q, who.OrgID, p.Items[0].ID)
	return Set{p, questions}, err
}

// resolve gives the id of the FAQ that has an id or the question of that id.
func (s *Service) resolve(ctx context.Context, who authz.Actor, id string) (string, error) {
	item, err := s.Content.Visible(ctx, s.DB.Reader(ctx), who, Kind.Name, id)
	return item.ID, err
}

// Get gives an FAQ the actor may see, for its id or that of a question.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Set, error) {
	id, err := s.resolve(ctx, who, id)
	if err != nil {
		return Set{}, err
	}
	p, err := s.Items.Get(ctx, who, id)
	return s.set(ctx, s.DB.Reader(ctx), who, p, err)
}

// Create makes an FAQ of the actor's with its questions.
func (s *Service) Create(ctx context.Context, who authz.Actor, d Draft, publish *bool) (Set, error) {
	in, fields := knowledge.Change[Body](who, d.Draft, publish, true)
	var p plan
	in.Apply = func(b *Body, bad *fault.Fields) []content.Named {
		fields.Apply(&b.Body, in.Pointers, bad)
		p = d.plan(nil, bad)
		return nil
	}
	in.Also = func(ctx context.Context, tx db.Tx, r content.Record[Body]) error {
		return s.store.carryOut(ctx, tx, who.OrgID, r.ID, p)
	}
	page, err := s.Items.Create(ctx, who, in)
	return s.set(ctx, s.DB.Reader(ctx), who, page, err)
}

// Update changes an FAQ and its questions. ifMatch is the If-Match header.
func (s *Service) Update(ctx context.Context, who authz.Actor, id, ifMatch string, d Draft, publish *bool) (Set, error) {
	id, err := s.resolve(ctx, who, id)
	if err != nil {
		return Set{}, err
	}
	in, fields := knowledge.Change[Body](who, d.Draft, publish, false)
	in.Apply = func(b *Body, bad *fault.Fields) []content.Named {
		fields.Apply(&b.Body, in.Pointers, bad)
		return nil
	}
	if d.questions() {
		in.Also = func(ctx context.Context, tx db.Tx, r content.Record[Body]) error {
			before, err := s.store.questions(ctx, tx, who.OrgID, r.ID)
			if err != nil {
				return err
			}
			var bad fault.Fields
			p := d.plan(before, &bad)
			if !bad.Empty() {
				return bad.Err()
			}
			return s.store.carryOut(ctx, tx, who.OrgID, r.ID, p)
		}
	}
	page, err := s.Items.Update(ctx, who, id, ifMatch, in)
	return s.set(ctx, s.DB.Reader(ctx), who, page, err)
}

var errLast = errors.New("faq: that was the last question")

// Delete removes an FAQ, or one question of it, and with the last question the FAQ.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string, moderate bool) error {
	faqID, err := s.resolve(ctx, who, id)
	if err != nil || faqID == id { // a moderator may delete what they cannot see
		return s.Items.Delete(ctx, who, id, ifMatch, moderate)
	}
	_, err = s.Items.Update(ctx, who, faqID, ifMatch, content.Change[Body]{
		Apply: func(*Body, *fault.Fields) []content.Named { return nil },
		Also: func(ctx context.Context, tx db.Tx, r content.Record[Body]) error {
			left, err := s.store.deleteQuestion(ctx, tx, who, r.ID, id)
			if err == nil && left == 0 {
				err = errLast
			}
			return err
		},
	})
	if errors.Is(err, errLast) {
		return s.Items.Delete(ctx, who, faqID, ifMatch, moderate)
	}
	return err
}
