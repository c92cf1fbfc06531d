package content

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Limits.
const (
	maxSchedule = 366 * 24 * time.Hour
	maxOwners   = 100
)

// check applies a change to an item and reports everything that is wrong with it at once.
func (s *Items[B, P]) check(ctx context.Context, who authz.Actor, in Change[B], r *Record[B], now time.Time) error {
	var bad fault.Fields
	named := in.Apply(&r.Body, &bad)
	if in.Permissions.Set {
		in.Permissions.Value.Validate(in.at("permissions"), &bad)
	}
	if in.Permissions.Null && r.Version > 0 { // the default audience may be wider than the one it has
		bad.Add(in.at("permissions"), "field.null", `Say who may see it, or leave permissions out to change nothing; {"onlyMe": true} is you alone.`)
	}
	if err := schedule(s.kind, in.Publication, r, now, &bad); err != nil {
		return err
	}
	if in.Expiry.Set {
		r.ExpiresAt = nil
		if !in.Expiry.Null {
			at := in.Expiry.Value.Millis()
			r.ExpiresAt = &at
		}
	}
	if !bad.Empty() {
		return bad.Err()
	}
	for _, l := range named {
		if err := s.known(ctx, s.DB.Reader(ctx), who.OrgID, l, &bad); err != nil {
			return err
		}
	}
	return bad.Err()
}

// known reports people who are not of the organization.
func (s *Items[B, P]) known(ctx context.Context, q db.Queryer, orgID string, l Named, bad *fault.Fields) error {
	missing, err := person.Missing(ctx, q, orgID, l.IDs)
	for _, id := range missing {
		bad.Addf(l.Pointer, "user.unknown", "%s is not the id of a person of this organization.", id)
	}
	return err
}

// schedule decides status and time of publication. now is the time of the request; r holds the
// state before it.
func schedule[B any](k Kind, in Publication, r *Record[B], now time.Time, bad *fault.Fields) error {
	was := r.Status
	if in.Status.Set && !in.Status.Null {
		r.Status = in.Status.Value
	}
	withdrawn := k.Owned && r.Status == Draft
	if was == Published && r.Status != Published && !withdrawn {
		return fault.Conflict(k.Name+".published", "What is published cannot become a draft again.")
	}
	if in.PublishAt.Set {
		r.PublishAt = nil
		if !in.PublishAt.Null {
			at := in.PublishAt.Value.Millis()
			r.PublishAt = &at
		}
	}
	switch r.Status {
	case Scheduled:
		switch {
		case r.PublishAt == nil:
			bad.Add("/publishAt", "field.required", "What is scheduled needs publishAt.")
		case *r.PublishAt <= now.UnixMilli() || *r.PublishAt > now.Add(maxSchedule).UnixMilli():
			bad.Add("/publishAt", k.Name+".publishAt", "publishAt must be in the future, at most a year away.")
		}
	default:
		r.PublishAt = nil
	}
	if r.Status == Published && was != Published {
		r.PostedAt = now.UnixMilli()
	}
	return nil
}

func (s *Items[B, P]) permissions(ctx context.Context, who authz.Actor, in Publication) (audience.Permissions, error) {
	if in.Permissions.Set && !in.Permissions.Null {
		return in.Permissions.Value, nil
	}
	var v string
	err := s.DB.Reader(ctx).QueryRow(ctx, `SELECT default_visibility FROM users WHERE org_id = ? AND id = ?`, who.OrgID, who.UserID).Scan(&v)
	return audience.Default(v), err
}

// newOwners applies the change of an item's owners and reports those who cannot be.
func (s *Items[B, P]) newOwners(ctx context.Context, q db.Queryer, orgID string, in Change[B], before []string) ([]string, error) {
	if !s.kind.Owned || in.Owners == nil {
		return before, nil
	}
	var bad fault.Fields
	sent := []Named{{in.at(newOwnerIDs), in.Owners.Add}}
	if in.Owners.Set != nil {
		sent = append(sent, Named{in.at(ownerIDs), *in.Owners.Set})
	}
	for _, l := range sent {
		if slices.ContainsFunc(l.IDs, func(id string) bool { return !ids.Valid(id) }) {
			bad.Add(l.Pointer, "field.format", "Every entry must be the id of a person (a UUID).")
			continue
		}
		// Somebody who owned it before may have left since.
		l.IDs = slices.DeleteFunc(slices.Clone(l.IDs), func(id string) bool { return slices.Contains(before, id) })
		if err := s.known(ctx, q, orgID, l, &bad); err != nil {
			return nil, err
		}
	}
	owners := in.Owners.of(before)
	if len(owners) > maxOwners {
		bad.Addf(in.at(ownerIDs), "field.tooMany", "At most %d people can own an item.", maxOwners)
	}
	return owners, bad.Err()
}

// categorize finds the category a change names.
func (s *Items[B, P]) categorize(ctx context.Context, tx db.Tx, who authz.Actor, in Change[B], r *Record[B]) error {
	if !s.kind.Categorized || !in.Category.Set {
		return nil
	}
	r.CategoryID = nil
	if in.Category.Value == "" {
		return nil
	}
	id, err := s.Categories.Resolve(ctx, tx, who, CategoryName{s.kind.ModuleCode, in.Category.Value, in.Create, in.at("category")})
	r.CategoryID = &id
	return err
}

// moved gives an error about fields the place they came from.
func moved(err error, from, to string) error {
	e, ok := fault.As(err)
	if !ok || from == to {
		return err
	}
	fields := slices.Clone(e.Fields)
	for i := range fields {
		if rest, below := strings.CutPrefix(fields[i].Pointer, from); below {
			fields[i].Pointer = to + rest
		}
	}
	if len(fields) == 0 {
		return err
	}
	return fault.Invalid(fields...)
}
