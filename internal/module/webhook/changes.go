package webhook

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/changes"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Bounds of one look at the changes.
const (
	maxStretches = 5 // of the log, in which there may be nothing for whoever asks
)

// Happened is what happened behind a cursor.
type Happened struct {
	List   []changes.Change
	Cursor string
	More   bool
}

// Since gives what the actor may see of what happened behind a cursor; "" begins with the present.
func (s *Service) Since(ctx context.Context, who authz.Actor, cursor string, types changes.Types, limit int) (Happened, error) {
	out := Happened{List: []changes.Change{}}
	if cursor == "" {
		end, err := s.log.End(ctx, s.DB.Reader(ctx))
		out.Cursor = s.cursors.Text(end)
		return out, err
	}
	at, err := s.cursors.Read(cursor)
	if err != nil {
		return out, fault.Invalid(fault.Field{Pointer: "?cursor", Code: "cursor.invalid", Detail: "The cursor is not one this server gave out."})
	}
	for range maxStretches {
		page, err := s.page(ctx, at)
		if err != nil {
			return out, err
		}
		mine, err := s.visible(ctx, who, page.Events, types)
		if err != nil {
			return out, err
		}
		for i, t := range mine {
			out.List, at = append(out.List, t.Change), t.Position
			if len(out.List) == limit {
				out.Cursor, out.More = s.cursors.Text(at), i+1 < len(mine) || page.Full
				return out, nil
			}
		}
		if n := len(page.Events); n > 0 {
			at = page.Events[n-1].Position
		}
		if out.More = page.Full && len(page.Events) > 0; !out.More {
			break
		}
	}
	out.Cursor = s.cursors.Text(at)
	return out, nil
}

// page reads the log behind a place that must be one from which nothing is missing.
func (s *Service) page(ctx context.Context, at bus.Position) (page bus.Stretch, err error) {
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		held, err := s.log.Holds(ctx, q, at)
		if err == nil && !held {
			err = fault.New(fault.KindGone, "cursor.tooOld", "What happened since is not kept any more. Read everything anew, and begin without a cursor.")
		}
		if err != nil {
			return err
		}
		page, err = s.log.After(ctx, q, at, stretch)
		return err
	})
	return page, err
}

// visible gives what the actor is told of some events.
func (s *Service) visible(ctx context.Context, who authz.Actor, events []bus.Logged, types changes.Types) ([]changes.Told, error) {
	var list []changes.Told
	for _, t := range s.Changes.Of(events, changes.Logged) {
		if t.Concerns(who) && types.Want(t.Type) {
			list = append(list, t)
		}
	}
	viewers, err := s.Changes.Viewers(ctx, s.DB.Reader(ctx), []string{who.UserID}, list, &changes.Memory{})
	if err != nil {
		return nil, err
	}
	mine := list[:0]
	for i, t := range list {
		if viewers[i].Has(who.UserID) {
			mine = append(mine, t)
		}
	}
	return mine, nil
}
