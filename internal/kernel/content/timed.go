package content

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/job"
)

// timed is what happens to the items of a kind without a request.
type timed interface {
	publishDue(ctx context.Context, due publish) error
	expireDue(ctx context.Context, due expire) error
	reindex(ctx context.Context, tx db.Tx, orgID, id string) error
}

// Kinded names an item of any kind in a job.
type Kinded struct {
	ItemKind string `json:"kind"`
	OrgID    string `json:"orgId"`
	ID       string `json:"id"`
}

// publish is the job that publishes a scheduled item.
type publish struct {
	Kinded
	At int64 `json:"at"` // the publishAt it was enqueued for
}

// Kind names the job.
func (publish) Kind() string { return "content.publish" }

// expire is the job that takes an item from its readers.
type expire struct {
	Kinded
	At int64 `json:"at"` // the expiry it was enqueued for
}

// Kind names the job.
func (expire) Kind() string { return "content.expire" }

// postPublish is how a scheduled post was enqueued before posts had company.
type postPublish struct {
	OrgID string `json:"orgId"`
	ID    string `json:"id"`
	At    int64  `json:"at"`
}

// Kind names the job.
func (postPublish) Kind() string { return "post.publish" }

// add registers a kind, and with the first one the jobs of all.
func (c *Content) add(k Kind, t timed, jobs *job.Jobs) {
	if len(c.timed) == 0 {
		job.Handle(jobs, func(ctx context.Context, due publish) error { return c.timed[due.ItemKind].publishDue(ctx, due) })
		job.Handle(jobs, func(ctx context.Context, due expire) error { return c.timed[due.ItemKind].expireDue(ctx, due) })
		job.Handle(jobs, func(ctx context.Context, due postPublish) error {
			return c.timed["post"].publishDue(ctx, publish{Kinded{"post", due.OrgID, due.ID}, due.At})
		})
	}
	c.kinds[k.Name], c.timed[k.Name] = k, t
}

// publishDue publishes a scheduled item, unless it was published, rescheduled or deleted
// since: then another job, or none, is responsible. Somebody who may not act any more does not
// publish either: what they wrote becomes a draft.
func (s *Items[B, P]) publishDue(ctx context.Context, due publish) error {
	return s.pass(ctx, due.Kinded, func(tx db.Tx, r *Record[B]) (event string, err error) {
		if r.Status != Scheduled || r.PublishAt == nil || *r.PublishAt != due.At {
			return "", nil
		}
		var active bool
		err = tx.QueryRow(ctx, `SELECT status = 'ACTIVE' FROM users WHERE org_id = ? AND id = ?`, due.OrgID, r.AuthorID).Scan(&active)
		if err != nil {
			return "", err
		}
		r.PublishAt = nil
		if !active {
			r.Status = Draft
			return ".updated", nil
		}
		r.Status, r.PostedAt = Published, due.At
		return ".published", nil
	})
}

// expireDue leaves an item whose time is over to its author and owners, unless its time was
// changed since.
func (s *Items[B, P]) expireDue(ctx context.Context, due expire) error {
	return s.pass(ctx, due.Kinded, func(tx db.Tx, r *Record[B]) (string, error) {
		if r.ExpiresAt == nil || *r.ExpiresAt != due.At || r.GrantedID != nil {
			return "", nil
		}
		p, err := s.Audiences.Permissions(ctx, tx, due.OrgID, r.AudienceID)
		if err != nil {
			return "", err
		}
		owners, err := PeopleOf(ctx, tx, due.OrgID, s.kind, Owner, []string{r.ID})
		if err != nil {
			return "", err
		}
		return ".expired", s.admit(ctx, tx, due.OrgID, r, p, owners[r.ID], clock.FromMillis(due.At)) // whatever this node's clock says
	})
}

// pass lets time change an item; an event of "" is for no change.
func (s *Items[B, P]) pass(ctx context.Context, of Kinded, change func(tx db.Tx, r *Record[B]) (event string, err error)) error {
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.table.lock(ctx, tx, authz.Actor{OrgID: of.OrgID}, of.ID)
		if err != nil {
			return err
		}
		after := before
		event, err := change(tx, &after)
		if err != nil || event == "" {
			return err
		}
		after.UpdatedAt = s.Clock.Now().UnixMilli()
		if err := s.table.update(ctx, tx, of.OrgID, after); err != nil {
			return err
		}
		return s.settle(ctx, tx, authz.Actor{OrgID: of.OrgID, UserID: before.AuthorID}, before, after, event)
	})
	if fault.Is(err, fault.KindNotFound) {
		return nil
	}
	return err
}

// Inherit gives a leaver's drafts and scheduled items, and what they own, to their heir.
// Published items keep their author, shown as a former member.
func (s *Items[B, P]) Inherit(ctx context.Context, tx db.Tx, orgID, from, to string) error {
	if s.kind.Owned {
		if err := s.passOwnership(ctx, tx, orgID, from, to); err != nil {
			return err
		}
	}
	drafts, err := s.audiencesOf(ctx, tx, `p.status <> 'PUBLISHED' AND p.author_id = ?2`, orgID, from)
	if err != nil {
		return err
	}
	for id, item := range drafts { // a handful: one per distinct audience, not per item
		heirs, err := s.sameFor(ctx, tx, orgID, id, item, to)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE `+s.kind.Table+` SET author_id = ?, audience_id = ?, granted_id = NULL, version = version + 1
			WHERE org_id = ? AND author_id = ? AND COALESCE(granted_id, audience_id) = ? AND status <> 'PUBLISHED'`, to, heirs, orgID, from, id)
		if err != nil {
			return err
		}
	}
	return nil
}

// PassOn makes somebody the author of a published item of another one, whatever its permissions, which
// are theirs from then on: what its author alone saw, they see alone. It says whether it did: an item
// that names a group its new author knows nothing of stays with the old one.
func (s *Items[B, P]) PassOn(ctx context.Context, orgID, id, to string) (passed bool, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.table.lock(ctx, tx, authz.Actor{OrgID: orgID}, id)
		if err != nil {
			return err
		}
		p, err := s.Audiences.Permissions(ctx, tx, orgID, before.granted())
		if err != nil {
			return err
		}
		after := before
		after.AuthorID, after.UpdatedAt, after.UpdatedBy = to, s.Clock.Now().UnixMilli(), to
		if err := s.admit(ctx, tx, orgID, &after, p, nil, s.Clock.Now()); err != nil {
			return err
		}
		if err := s.table.update(ctx, tx, orgID, after); err != nil {
			return err
		}
		return s.settle(ctx, tx, authz.Actor{OrgID: orgID, UserID: to}, before, after, ".updated")
	})
	if fault.Is(err, fault.KindInvalid) {
		return false, nil
	}
	return err == nil, err
}

// audiencesOf gives the audiences that the permissions of some items of a person ?2 mean, each
// with one of the items.
func (s *Items[B, P]) audiencesOf(ctx context.Context, q db.Queryer, where, orgID, userID string) (map[int64]string, error) {
	rows, err := q.Query(ctx, `SELECT COALESCE(p.granted_id, p.audience_id), MIN(p.id) FROM `+s.kind.Table+` p WHERE p.org_id = ?1 AND `+where+` GROUP BY 1`, orgID, userID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	audiences := map[int64]string{}
	for rows.Next() {
		var id int64
		var item string
		if err := rows.Scan(&id, &item); err != nil {
			return nil, err
		}
		audiences[id] = item
	}
	return audiences, rows.Err()
}

// sameFor gives the audience that the permissions of one mean for another author of an item.
func (s *Items[B, P]) sameFor(ctx context.Context, tx db.Tx, orgID string, audienceID int64, item, author string) (int64, error) {
	p, err := s.Audiences.Permissions(ctx, tx, orgID, audienceID)
	if err != nil {
		return 0, err
	}
	owners, err := PeopleOf(ctx, tx, orgID, s.kind, Owner, []string{item})
	if err != nil {
		return 0, err
	}
	return s.Audiences.Intern(ctx, tx, orgID, author, p, owners[item]...)
}

// passOwnership makes somebody the owner of what another one owns. Who sees an item follows
// from its owners, so that each is given its audience anew.
func (s *Items[B, P]) passOwnership(ctx context.Context, tx db.Tx, orgID, from, to string) error {
	rows, err := tx.Query(ctx, `SELECT item_id FROM content_people WHERE org_id = ? AND user_id = ? AND kind = ? AND role = 'owner'`, orgID, from, s.kind.Name)
	if err != nil {
		return err
	}
	owned, err := scanIDs(rows)
	if err != nil {
		return err
	}
	owners, err := PeopleOf(ctx, tx, orgID, s.kind, Owner, owned)
	if err != nil {
		return err
	}
	for _, id := range owned {
		before, err := s.table.lock(ctx, tx, authz.Actor{OrgID: orgID}, id)
		if err != nil {
			return err
		}
		heirs := make([]string, len(owners[id]))
		for i, owner := range owners[id] {
			heirs[i] = owner
			if owner == from {
				heirs[i] = to
			}
		}
		heirs = Unique(heirs)
		if err := SetPeople(ctx, tx, orgID, before.Item, Owner, heirs); err != nil {
			return err
		}
		after := before
		var p audience.Permissions
		if p, err = s.Audiences.Permissions(ctx, tx, orgID, before.granted()); err != nil {
			return err
		}
		if err := s.admit(ctx, tx, orgID, &after, p, heirs, s.Clock.Now()); err != nil {
			return err
		}
		if err := s.table.update(ctx, tx, orgID, after); err != nil {
			return err
		}
		if err := s.recount(ctx, tx, orgID, before, after); err != nil {
			return err
		}
		if err := s.index(ctx, tx, orgID, before, after); err != nil {
			return err
		}
	}
	return nil
}

func scanIDs(rows db.Rows) ([]string, error) {
	defer rows.Close()
	var list []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		list = append(list, id)
	}
	return list, rows.Err()
}
