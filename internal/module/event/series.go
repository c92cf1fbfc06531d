package event

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// Which occurrences of a series a change is about.
const (
	this      = "this"
	following = "following"
	all       = "all"
)

// target is what an id in a path names: an occurrence with its event, or a series as a whole.
type target struct {
	event      string
	occurrence *Occurrence // nil for a series
	gone       bool        // the id was that of an occurrence, which was taken out of its series
}

// locate finds what an id names. Whether there is such an event is for kernel/content to say.
func (s *Service) locate(ctx context.Context, q db.Queryer, orgID, id string) (target, error) {
	o, err := s.store.occurrence(ctx, q, orgID, id)
	switch {
	case fault.Is(err, fault.KindNotFound):
		return target{event: id}, nil
	case err != nil:
		return target{}, err
	case o.Cancelled:
		return target{event: id, gone: true}, nil
	}
	return target{event: o.EventID, occurrence: &o}, nil
}

// scope says which occurrences are meant by the parameter repeat, for an event.
func (t target) scope(said string, b *Body) (string, error) {
	switch {
	case t.gone:
		return "", fault.NotFound(noun)
	case !b.repeats():
		return all, nil
	case said == all || said == "true":
		return all, nil
	case t.occurrence == nil && said == "":
		return all, nil
	case t.occurrence == nil:
		return "", fault.Invalid(fault.Field{Pointer: "?repeat", Code: "event.noOccurrence", Detail: "The path names a whole series: send repeat=all, or the id of one of its occurrences."})
	case said == following:
		return following, nil
	}
	return this, nil
}

// at is the occurrence whose times a change of a whole series is about.
func (t target) at(b *Body) anchor {
	if t.occurrence == nil || !b.repeats() {
		return b.anchored(b.rule().Start)
	}
	return b.anchored(t.occurrence.Original)
}

// samePattern reports that two rules put their occurrences at the same times, wherever they end.
func samePattern(a, b recurrence.Rule) bool {
	return a.Frequency == b.Frequency && a.Start == b.Start && a.End == b.End && a.Zone.String() == b.Zone.String() && a.DayOfMonth() == b.DayOfMonth()
}

// changed keeps the occurrences of an event as the event is, and tells its guests.
func (s *Service) changed(ctx context.Context, tx db.Tx, orgID string, before, after content.Record[Body]) error {
	if after.Status == content.Deleted {
		return s.tellGuests(ctx, tx, orgID, before, after)
	}
	was := after.Body.was
	if before.ID != "" {
		r := before.Body.rule()
		was = &r
	}
	is := after.Body.rule()
	var err error
	if was == nil || before.ID == "" || !samePattern(*was, is) || was.Until != is.Until {
		err = s.rebuild(ctx, tx, orgID, was, after)
	} else {
		err = s.store.setFacts(ctx, tx, orgID, after)
	}
	if err == nil {
		err = s.published(ctx, tx, orgID, before, after)
	}
	if err == nil {
		err = s.tellGuests(ctx, tx, orgID, before, after)
	}
	return err
}

// rebuild makes the occurrences that an event has now. The nth occurrence stays the nth: it keeps
// its id, what people said of it, and what it says for itself; as long as the event repeats as
// often as before, it stays out of the series if it was taken out. Times of its own it keeps as
// long as those of the series are the same.
func (s *Service) rebuild(ctx context.Context, tx db.Tx, orgID string, was *recurrence.Rule, r content.Record[Body]) error {
	rows, err := s.store.occurrences(ctx, tx, orgID, r.ID)
	if err != nil {
		return err
	}
	rule := r.Body.rule()
	steady := was != nil && samePattern(*was, rule)
	going, err := s.store.goingToAll(ctx, tx, orgID, r.ID)
	if err != nil {
		return err
	}
	var list []Occurrence
	live := 0
	for o := range rule.All() {
		n := Occurrence{ID: ids.New(), Going: going}
		switch {
		case len(list) < len(rows):
			n = rows[len(list)]
		case len(list) == 0 && !r.Body.repeats():
			n.ID = r.ID
		}
		if !steady || !n.Moved {
			n.Starts, n.Ends, n.Moved = o.Start.UnixMilli(), o.End.UnixMilli(), false
		}
		if was == nil || was.Frequency != rule.Frequency {
			n.Cancelled = false
		}
		if n.Original = o.ID; !n.Cancelled {
			live++
		}
		list = append(list, n)
	}
	if live == 0 {
		return fault.Invalid(fault.Field{
			Pointer: "/repeat/config/ends/config/date", Code: "event.empty", Detail: "Everything until then was taken out of the series: nothing would be left of it. Delete it instead.",
		})
	}
	var gone []string
	for _, o := range rows[min(len(list), len(rows)):] {
		gone = append(gone, o.ID)
	}
	if err := s.store.forgetOccurrences(ctx, tx, orgID, r.ID, gone); err != nil {
		return err
	}
	return s.store.replace(ctx, tx, orgID, r, list)
}
