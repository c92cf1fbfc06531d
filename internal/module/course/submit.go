package course

import (
	"context"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// SetForm gives a course a form, or changes the one it has; what people sent stays.
func (s *Service) SetForm(ctx context.Context, who authz.Actor, id, ifMatch string, in FormDraft) (Shown, error) {
	return s.managed(ctx, who, id, ifMatch, func(ctx context.Context, tx db.Tx, c Seen) error {
		now := s.stamp(who).ms
		f := Form{ID: ids.New(), CreatedAt: now}
		if c.Form != nil {
			f = *c.Form
		}
		f.Title, f.Schema, f.UpdatedAt, f.Accepting = strings.TrimSpace(in.Title), in.Schema, now, !in.Accepting.Set || in.Accepting.Value
		f.Type = message.Optional(in.Type.Value)
		var bad fault.Fields
		if f.Title == "" {
			bad.Add("/title", "field.required", "A form needs a title.")
		}
		message.TooLong("/title", "title", f.Title, maxTitle, &bad)
		fields(f.Schema, &bad)
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.store.setForm(ctx, tx, who.OrgID, id, f); err != nil {
			return err
		}
		return s.changed(ctx, tx, who, c)
	})
}

// Submit keeps what the actor, who takes a course, filled in in its form, in place of what they
// sent before, and gives when (ms).
func (s *Service) Submit(ctx context.Context, who authz.Actor, id string, in Answers) (int64, error) {
	at := s.stamp(who).ms
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.lock(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		c, err := s.visible(ctx, tx, who, id)
		switch {
		case err != nil:
			return err
		case c.Mine == nil:
			return fault.Conflict("course.notAssigned", "You do not take this course: ask its author to assign it.")
		case c.Form == nil:
			return fault.Conflict("form.none", "This course has no form.")
		case !c.Form.Accepting:
			return fault.Conflict("form.closed", "This form takes no answers any more.")
		}
		var broken, bad fault.Fields
		check(fields(c.Form.Schema, &broken), in.Answers, &bad)
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.store.submit(ctx, tx, who, id, in.Answers, at); err != nil {
			return err
		}
		return s.publish(ctx, tx, who.OrgID, "course.submitted", id, event{By: who.UserID, UserID: who.UserID})
	})
	return at, err
}

// named is the page of a list of people by name.
func named(p *api.Page) (place, slice, error) {
	var after place
	part := slice{limit: p.Limit() + 1, offset: p.Offset()}
	if p.Cursor == "" {
		return after, part, nil
	}
	part.offset, p.CurPage = 0, 1
	return after, part, p.DecodeCursor(&after)
}

// Submissions gives a page of what people filled in, by their names.
func (s *Service) Submissions(ctx context.Context, who authz.Actor, id string, p api.Page) ([]submission, api.Meta, error) {
	q := s.DB.Reader(ctx)
	if _, err := s.toRead(ctx, q, who, id); err != nil {
		return nil, api.Meta{}, err
	}
	after, part, err := named(&p)
	if err != nil {
		return nil, api.Meta{}, err
	}
	total, err := s.store.countSubmissions(ctx, q, who.OrgID, id)
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, err := s.store.submissions(ctx, q, who.OrgID, id, after, part)
	meta := p.Meta(total)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = ids.EncodeCursor(place{list[n-1].sortKey, list[n-1].Card.ID})
	}
	return list, meta, err
}

// Entry is somebody who takes a course, with how far they are.
type Entry struct {
	taker
	Part Part
}

// Report gives a page of those who take a course, by name, with how far they are.
func (s *Service) Report(ctx context.Context, who authz.Actor, id string, p api.Page) ([]Entry, api.Meta, error) {
	q := s.DB.Reader(ctx)
	c, err := s.toRead(ctx, q, who, id)
	if err != nil {
		return nil, api.Meta{}, err
	}
	after, part, err := named(&p)
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, err := s.store.takers(ctx, q, who.OrgID, id, after, part)
	if err != nil {
		return nil, api.Meta{}, err
	}
	meta := p.Meta(c.People)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = ids.EncodeCursor(place{list[n-1].sortKey, list[n-1].Card.ID})
	}
	people := make([]string, len(list))
	for i, t := range list {
		people[i] = t.Card.ID
	}
	parts, err := s.Tasks.Parts(ctx, q, who.OrgID, []string{id}, people)
	by := map[string]Part{}
	for _, p := range parts {
		by[p.UserID] = p
	}
	entries := make([]Entry, len(list))
	for i, t := range list {
		entries[i] = Entry{t, by[t.Card.ID]}
	}
	return entries, meta, err
}

// Completions gives a page of the courses that the actor has completed, archived ones included,
// the latest first.
func (s *Service) Completions(ctx context.Context, who authz.Actor, p api.Page) ([]Completion, api.Meta, error) {
	part := slice{limit: p.Limit() + 1, offset: p.Offset()}
	if p.Cursor != "" {
		part.after, part.offset, p.CurPage = &position{}, 0, 1
		if err := p.DecodeCursor(part.after); err != nil {
			return nil, api.Meta{}, err
		}
	}
	q := s.DB.Reader(ctx)
	total, err := s.store.countCompletions(ctx, q, who)
	if err != nil {
		return nil, api.Meta{}, err
	}
	list, err := s.store.completions(ctx, q, who, part)
	meta := p.Meta(total)
	if n := p.Limit(); len(list) > n {
		list = list[:n]
		meta.NextCursor = ids.EncodeCursor(position{list[n-1].CompletedAt, list[n-1].CourseID})
	}
	return list, meta, err
}
