package notification_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/sms"
	"github.com/workdrive/workdrive/internal/module/notification"
)

// people makes members with ids, who have a phone.
func (r *rig) people(ids []string) {
	r.Helper()
	rows := make([][]any, len(ids))
	for i, id := range ids {
		mail := fmt.Sprintf("p%d@%s.example", i, r.ID[:8])
		rows[i] = []any{r.ID, id, mail, mail, mail, "ACTIVE", "P", fmt.Sprint(i), "+49151123456" + fmt.Sprintf("%02d", i%100), "#336699", mail, mail, 1, 1, id, id}
	}
	err := r.db.Write(r.Context(), func(ctx context.Context, tx db.Tx) error {
		return db.InsertMany(ctx, tx, `INSERT INTO users (org_id, id, email, email_key, user_name, status, first_name, last_name, phone, color, search_key, sort_key, created_at, updated_at, created_by, updated_by)`, rows, "")
	})
	if err != nil {
		r.Fatal(err)
	}
}

// crashing is a gateway's client whose worker dies after the gateway has taken a message, every few
// messages.
type crashing struct {
	notification.Texter
	of, sent atomic.Int64
}

// Send implements notification.Texter.
func (c *crashing) Send(ctx context.Context, m sms.Message) error {
	err := c.Texter.Send(ctx, m)
	if c.sent.Add(1)%c.of.Load() == 0 {
		panic("killed")
	}
	return err
}

// TestEverybodyGetsOneMessageHoweverOftenWorkersDie kills workers after the gateway has taken a
// message and before that is noted. The gateway counts by key.
func TestEverybodyGetsOneMessageHoweverOftenWorkersDie(t *testing.T) {
	each(t, func(r *rig) {
		const n = 100
		ids := make([]string, n)
		list := ""
		for i := range ids {
			ids[i] = fmt.Sprintf("019b7a2e-5c1f-7d30-9b52-%012d", i)
			list += fmt.Sprintf(",%q", ids[i])
		}
		r.people(ids)
		id := r.send(`{"title":"Once","medium":"SMS","receiverUserIds":[` + list[1:] + `]}`)
		kills := 0
		for round := range 12 {
			d := r.deps
			dying := &crashing{Texter: r.deps.SMS}
			dying.of.Store(int64(2 + round%4))
			d.SMS = dying
			r.start(d)
			for r.service.Work(r.Context()) != nil {
				kills++
			}
			r.clock.Advance(6 * time.Minute) // the leases of the dead end
		}
		r.start(r.deps)
		r.work()
		if sent := r.gateway.sent(); len(sent) != n || r.gateway.requests <= n || kills < 4 {
			r.Errorf("%d messages in %d requests, %d kills", len(sent), r.gateway.requests, kills)
		}
		states, _ := r.call(r.admin, "GET", "/api/notifications/"+id+"/deliveries?per_page=1", "").want(200).body["states"].(map[string]any)
		if states["delivered"] != float64(n) {
			r.Errorf("states %v", states)
		}
	})
}
