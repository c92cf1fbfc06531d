package conversation

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// maxTold is how many people one event names.
const maxTold = 100

// approved tells that requests to join were approved.
func (s *Service) approved(ctx context.Context, tx db.Tx, who authz.Actor, id string, people []string) error {
	var events []bus.Event
	for part := range slices.Chunk(people, maxTold) {
		events = append(events, bus.Event{OrgID: who.OrgID, Name: noun + ".approved", Subject: id, Data: event{id, who.UserID, part}})
	}
	return s.Bus.PublishMany(ctx, tx, events)
}

// Admins gives the admins of a group chat.
func Admins(ctx context.Context, q db.Queryer, orgID, id string) ([]string, error) {
	return store{}.admins(ctx, q, orgID, id)
}

// Hearing gives those of some people who want to hear of a conversation at a time (ms): who has
// muted or snoozed it does not.
func Hearing(ctx context.Context, q db.Queryer, orgID, id string, people []string, now int64) ([]string, error) {
	deaf, err := store{}.deaf(ctx, q, orgID, id, people, now)
	return slices.DeleteFunc(slices.Clone(people), func(p string) bool { return slices.Contains(deaf, p) }), err
}

func (store) admins(ctx context.Context, q db.Queryer, orgID, id string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT user_id FROM conversation_members WHERE org_id = ? AND conversation_id = ? AND is_admin ORDER BY user_id`, orgID, id))
}

func (store) deaf(ctx context.Context, q db.Queryer, orgID, id string, people []string, now int64) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT user_id FROM conversation_members WHERE org_id = ? AND conversation_id = ? AND user_id {in} AND (muted OR snoozed_until > ?)`,
		orgID, id, db.List(people), now))
}
