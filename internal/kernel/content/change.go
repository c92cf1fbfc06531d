package content

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// Publication is when and to whom an item is shown, as clients send it with items of all kinds.
type Publication struct {
	Status      api.Patch[string]               `json:"status,omitempty" enum:"PUBLISHED,DRAFT,SCHEDULED" doc:"PUBLISHED unless said otherwise"`
	PublishAt   api.Patch[api.Time]             `json:"publishAt,omitempty" doc:"When a SCHEDULED item is published"`
	Permissions api.Patch[audience.Permissions] `json:"permissions,omitempty" doc:"Who may see the item; on a change it replaces the old audience whole"`
}

// Change is what a module makes of what a client sent, to create or change an item.
type Change[B any] struct {
	Publication
	ID string // of a new item; "" makes one
	// Apply changes the body, reports every field that is wrong with it, and gives those of its
	// lists of people that were sent.
	Apply func(body *B, bad *fault.Fields) []Named
	// Expiry, Category and Owners are for kinds that have them.
	Expiry   api.Patch[api.Time]
	Category api.Patch[string]
	Create   bool    // the category when there is none of this name
	Owners   *Owners // nil leaves them alone
	// Pointers are where fields came from, for errors; others came from the top of the body.
	Pointers map[string]string
	// Also stores what belongs to the item, after the item itself; nil for nothing.
	Also func(ctx context.Context, tx db.Tx, r Record[B]) error
}

// Owners change who owns an item.
type Owners struct {
	Set         *[]string // those before; nil for the same
	Add, Remove []string
}

// The fields that change owners.
const (
	ownerIDs    = "ownerIds"
	newOwnerIDs = "newOwnerIds"
)

// of gives the owners after the change.
func (o *Owners) of(before []string) []string {
	owners := slices.Clone(before)
	if o.Set != nil {
		owners = slices.Clone(*o.Set)
	}
	owners = append(owners, o.Add...)
	return Unique(slices.DeleteFunc(owners, func(id string) bool { return slices.Contains(o.Remove, id) }))
}

// at is where a field came from.
func (in Change[B]) at(field string) string {
	if p, ok := in.Pointers[field]; ok {
		return p
	}
	return "/" + field
}

// Named is a list of people an item names.
type Named struct {
	Pointer string
	IDs     []string
}

// Create publishes, keeps or schedules an item of the actor's.
func (s *Items[B, P]) Create(ctx context.Context, who authz.Actor, in Change[B]) (Page[B], error) {
	now := s.Clock.Now()
	r := Record[B]{CreatedAt: now.UnixMilli(), UpdatedAt: now.UnixMilli(), PostedAt: now.UnixMilli(), UpdatedBy: who.UserID}
	r.ID, r.AuthorID, r.Kind = cmp.Or(in.ID, ids.New()), who.UserID, s.kind.Name
	if !in.Status.Set || in.Status.Null {
		in.Status = api.Patch[string]{Set: true, Value: Published}
	}
	if err := s.check(ctx, who, in, &r, now); err != nil {
		return Page[B]{}, err
	}
	permissions, err := s.permissions(ctx, who, in.Publication)
	if err != nil {
		return Page[B]{}, err
	}
	files := P(&r.Body).Refs().Files
	if err := s.arrive(ctx, who, files); err != nil {
		return Page[B]{}, err
	}
	made := r
	var page Page[B]
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		r := made
		owners, err := s.newOwners(ctx, tx, who.OrgID, in, nil)
		if err != nil {
			return err
		}
		if err := s.categorize(ctx, tx, who, in, &r); err != nil {
			return err
		}
		if err := s.admit(ctx, tx, who.OrgID, &r, permissions, owners, now); err != nil {
			return moved(err, "/permissions", in.at("permissions"))
		}
		if err := s.table.insert(ctx, tx, who.OrgID, r); err != nil {
			return err
		}
		if in.Also != nil {
			if err := in.Also(ctx, tx, r); err != nil {
				return err
			}
		}
		if s.kind.Owned {
			if err := SetPeople(ctx, tx, who.OrgID, r.Item, Owner, owners); err != nil {
				return err
			}
		}
		if len(files) > 0 {
			if err := s.Files.Use(ctx, tx, who, r.Item, files); err != nil {
				return err
			}
		}
		if err := s.settle(ctx, tx, who, Record[B]{}, r, ".created"); err != nil {
			return err
		}
		page, err = s.fresh(ctx, tx, who, r, permissions)
		return err
	})
	return page, err
}

// fresh gives a new item as its author reads it. Of most kinds everything but the people is
// known: reading a post again was a quarter of the work of creating it. They are read in the
// transaction, whose connection has its pages in memory; SQLite's readers lose theirs with
// every commit.
func (s *Items[B, P]) fresh(ctx context.Context, tx db.Tx, who authz.Actor, r Record[B], permissions audience.Permissions) (Page[B], error) {
	if s.kind.Owned || s.kind.Categorized {
		return s.reread(ctx, tx, who, r.ID)
	}
	stored, err := json.Marshal(permissions.Normalize())
	if err != nil {
		return Page[B]{}, err
	}
	r.Version = 1
	body := string(stored)
	page, err := s.page(ctx, tx, who.OrgID, []Shown[B]{{Record: r, Mine: Mine{Permissions: &body}}}, 1)
	if err == nil {
		page.Items[0].Author = page.People[r.AuthorID]
	}
	return page, err
}

// arrive looks for the files an item is to use, and whether they are what it needs.
func (s *Items[B, P]) arrive(ctx context.Context, who authz.Actor, files []FileRef) error {
	if len(files) == 0 {
		return nil
	}
	if err := s.Files.Arrive(ctx, who, fileIDs(files)); err != nil {
		return err
	}
	known, err := s.Files.ByIDs(ctx, s.DB.Reader(ctx), who.OrgID, fileIDs(files))
	if err != nil {
		return err
	}
	var bad fault.Fields
	for _, f := range files {
		k, there := known[f.ID]
		fits := map[string]bool{"": true, "image": k.IsImage, "video": k.IsVideo, "document": k.IsDoc}
		// One that is not there, or not theirs, is for Use to report.
		if there && k.Owner != nil && k.Owner.ID == who.UserID && !fits[f.Must] {
			bad.Addf(f.Pointer, "media.kind", "This file is %s, not of the kind %s.", k.Mime, f.Must)
		}
	}
	return bad.Err()
}

// admit gives an item the audience that its permissions and owners mean, or, once it has
// expired, its author and owners alone.
func (s *Items[B, P]) admit(ctx context.Context, tx db.Tx, orgID string, r *Record[B], p audience.Permissions, owners []string, now time.Time) error {
	granted, err := s.Audiences.Intern(ctx, tx, orgID, r.AuthorID, p, owners...)
	if err != nil {
		return err
	}
	r.AudienceID, r.GrantedID = granted, nil
	if r.ExpiresAt == nil || *r.ExpiresAt > now.UnixMilli() {
		return nil
	}
	r.GrantedID = &granted
	r.AudienceID, err = s.Audiences.Intern(ctx, tx, orgID, r.AuthorID, audience.Permissions{OnlyMe: true}, owners...)
	return err
}

// Update changes an item as in says. ifMatch is the If-Match header.
func (s *Items[B, P]) Update(ctx context.Context, who authz.Actor, id, ifMatch string, in Change[B]) (Page[B], error) {
	if err := s.arriveChanged(ctx, who, id, in); err != nil {
		return Page[B]{}, err
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.toEdit(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, before.Version); err != nil {
			return err
		}
		after, now := before, s.Clock.Now()
		if err := s.check(ctx, who, in, &after, now); err != nil {
			return err
		}
		if err := s.categorize(ctx, tx, who, in, &after); err != nil {
			return err
		}
		if err := s.readmit(ctx, tx, who, in, &after, now); err != nil {
			return err
		}
		if err := s.reuse(ctx, tx, who, before, after); err != nil {
			return err
		}
		after.UpdatedAt, after.UpdatedBy = now.UnixMilli(), who.UserID
		if err := s.table.update(ctx, tx, who.OrgID, after); err != nil {
			return err
		}
		if in.Also != nil {
			if err := in.Also(ctx, tx, after); err != nil {
				return err
			}
		}
		event := ".updated"
		if before.Status != Published && after.Status == Published {
			event = ".published"
		}
		return s.settle(ctx, tx, who, before, after, event)
	})
	if err != nil {
		return Page[B]{}, err
	}
	return s.reread(ctx, s.DB.Reader(ctx), who, id)
}

// arriveChanged looks for the files that a change names, before its transaction. What is wrong
// with the change is for the transaction to report.
func (s *Items[B, P]) arriveChanged(ctx context.Context, who authz.Actor, id string, in Change[B]) error {
	var named B
	in.Apply(&named, new(fault.Fields))
	if len(P(&named).Refs().Files) == 0 {
		return nil
	}
	if err := s.Gate(ctx, who, id); err != nil {
		return err
	}
	return s.arrive(ctx, who, P(&named).Refs().Files)
}

// reuse tells that an item shows other files than before.
func (s *Items[B, P]) reuse(ctx context.Context, tx db.Tx, who authz.Actor, before, after Record[B]) error {
	was, is := P(&before.Body).Refs().Files, P(&after.Body).Refs().Files
	same := len(was) == len(is)
	for i := range min(len(was), len(is)) {
		same = same && was[i].ID == is[i].ID
	}
	if same {
		return nil
	}
	return s.Files.Use(ctx, tx, who, after.Item, is)
}

// readmit gives a changed item its audience anew when what decides about it may have changed.
func (s *Items[B, P]) readmit(ctx context.Context, tx db.Tx, who authz.Actor, in Change[B], r *Record[B], now time.Time) error {
	if !in.Permissions.Set && !in.Expiry.Set && in.Owners == nil && r.ExpiresAt == nil {
		return nil
	}
	author := authz.Actor{OrgID: who.OrgID, UserID: r.AuthorID}
	p, err := s.permissions(ctx, author, in.Publication)
	if !in.Permissions.Set {
		p, err = s.Audiences.Permissions(ctx, tx, who.OrgID, r.granted())
	}
	if err != nil {
		return err
	}
	var owners []string
	if s.kind.Owned {
		before, err := PeopleOf(ctx, tx, who.OrgID, s.kind, Owner, []string{r.ID})
		if err != nil {
			return err
		}
		if owners, err = s.newOwners(ctx, tx, who.OrgID, in, before[r.ID]); err != nil {
			return err
		}
		if in.Owners != nil {
			if err := SetPeople(ctx, tx, who.OrgID, r.Item, Owner, owners); err != nil {
				return err
			}
		}
	}
	return moved(s.admit(ctx, tx, who.OrgID, r, p, owners, now), "/permissions", in.at("permissions"))
}

// Delete removes an item with its comments, reactions and bookmarks.
func (s *Items[B, P]) Delete(ctx context.Context, who authz.Actor, id, ifMatch string, moderate bool) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		r, moderated, err := s.toDelete(ctx, tx, who, id, moderate)
		if err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, r.Version); err != nil {
			return err
		}
		if err := s.Content.Forget(ctx, tx, who.OrgID, r.Item); err != nil {
			return err
		}
		if len(P(&r.Body).Refs().Files) > 0 {
			if err := s.Files.Use(ctx, tx, who, r.Item, nil); err != nil {
				return err
			}
		}
		if s.hooks.Remove != nil {
			if err := s.hooks.Remove(ctx, tx, who.OrgID, id); err != nil {
				return err
			}
		}
		if err := s.table.remove(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		event, after := ".deleted", r
		if moderated {
			event = ".moderated"
		}
		after.Status = Deleted
		return s.settle(ctx, tx, who, r, after, event)
	})
}

// settle does what follows from a change of an item in the same transaction: its counters,
// its jobs, its event. before is the zero Record for a new one.
func (s *Items[B, P]) settle(ctx context.Context, tx db.Tx, who authz.Actor, before, after Record[B], event string) error {
	if err := s.recount(ctx, tx, who.OrgID, before, after); err != nil {
		return err
	}
	if err := s.index(ctx, tx, who.OrgID, before, after); err != nil {
		return err
	}
	if s.hooks.Changed != nil {
		if err := s.hooks.Changed(ctx, tx, who.OrgID, before, after); err != nil {
			return err
		}
	}
	if after.Status == Scheduled {
		due := publish{Kinded{s.kind.Name, who.OrgID, after.ID}, *after.PublishAt}
		if err := s.Jobs.Enqueue(ctx, tx, due, clock.FromMillis(due.At)); err != nil {
			return err
		}
	}
	if at := after.ExpiresAt; at != nil && after.GrantedID == nil && after.Status != Deleted && (before.ExpiresAt == nil || *before.ExpiresAt != *at) {
		if err := s.Jobs.Enqueue(ctx, tx, expire{Kinded{s.kind.Name, who.OrgID, after.ID}, *at}, clock.FromMillis(*at)); err != nil {
			return err
		}
	}
	if after.Status == Published {
		if err := s.Previews.Want(ctx, tx, who.OrgID, P(&after.Body).Refs().Links); err != nil {
			return err
		}
	}
	data := Told{AuthorID: after.AuthorID, ActorID: who.UserID, Status: after.Status}
	if after.Status == Deleted && before.Status == Published {
		data.AudienceID = before.AudienceID
	}
	return s.Bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: s.kind.Name + event, Subject: after.ID, Data: data})
}

// Told is the data of an item's events: who and what state, never what an item says.
type Told struct {
	AuthorID string `json:"authorId"`
	ActorID  string `json:"actorId"`
	Status   string `json:"status"`
	// AudienceID is whoever saw an item that is gone, 0 when only its author did.
	AudienceID int64 `json:"audienceId,omitempty"`
}

func (s *Items[B, P]) recount(ctx context.Context, tx db.Tx, orgID string, before, after Record[B]) error {
	was, is := before.Status == Published, after.Status == Published
	if was == is && before.AudienceID == after.AudienceID {
		return nil
	}
	if was {
		if err := s.Content.Count(ctx, tx, orgID, s.kind.Name, before.AudienceID, -1); err != nil {
			return err
		}
	}
	if is {
		return s.Content.Count(ctx, tx, orgID, s.kind.Name, after.AudienceID, +1)
	}
	return nil
}
