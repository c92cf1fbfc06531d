package notification

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/delivery"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/webpush"
)

// How deliveries are tried.
const (
	maxAttempts = 12 // with the waits below, over a day
	firstWait   = 30 * time.Second
	longestWait = 6 * time.Hour

	atOnce  = 8          // messages of one channel, on one node
	claimed = 4 * atOnce // deliveries that a worker takes at a time
	// lease is how long a worker may have them; more than all of them need when each takes as
	// long as a channel lets it.
	lease = 5 * time.Minute
	// grace is what a message that is being sent gets when the server stops.
	grace = 10 * time.Second
)

// reason is why somebody gets nothing.
type reason struct{ code, text string }

var (
	notActive   = reason{"receiver.notActive", "The account is not active."}
	notWanted   = reason{"receiver.notWanted", "The person does not want notifications of this kind by this channel."}
	notVisible  = reason{"receiver.notVisible", "The person may not see what this is about."}
	noPhone     = reason{"receiver.noPhone", "The person has no phone number."}
	noDevice    = reason{"receiver.noDevice", "The person has no browser that takes push messages."}
	alreadyRead = reason{"receiver.alreadyRead", "The person has read it in the inbox meanwhile."}
	nothingNew  = reason{"receiver.nothingUnread", "There was nothing unread to summarize."}
	channelOff  = reason{"channel.off", "This server does not send by this channel: it is not set up."}
	gaveUp      = reason{"delivery.gaveUp", "The last attempt was interrupted, too."}
)

// metrics count what becomes of deliveries.
type metrics struct {
	outcomes *prometheus.CounterVec
	dead     *prometheus.CounterVec
	skipped  prometheus.Counter
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "workdrive_notification_attempts_total", Help: "Attempts to deliver notifications, by channel and what became of them.",
		}, []string{"channel", "outcome"}),
		dead: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "workdrive_notification_dead_total", Help: "Notifications that were given up, by channel and reason.",
		}, []string{"channel", "code"}),
		skipped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "workdrive_notification_events_skipped_total", Help: "Events that notified nobody because they could not be read.",
		}),
	}
	if r != nil {
		r.MustRegister(m.outcomes, m.dead, m.skipped)
	}
	return m
}

// work is a delivery with everything that is needed to decide about it and send it.
type work struct {
	delivered
	notification Notification
	to           receiver // of somebody outside: the zero value
	device       device
}

// dispatch sends what is due by a channel, and reports whether there was anything. A delivery is
// claimed in one transaction and finished in another: who dies between them leaves it to be sent
// again after the lease with the same key, by which the other side knows the message.
func (s *Service) dispatch(ctx context.Context, c Channel) (did bool, err error) {
	var list []delivered
	err = s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		now := s.Clock.Now()
		list, err = s.store.claim(ctx, tx, c, ids.New(), clock.Millis(now), clock.Millis(now.Add(lease)), claimed)
		return err
	})
	if err != nil || len(list) == 0 {
		return false, err
	}
	jobs, err := s.load(ctx, list)
	if err != nil {
		return true, err
	}
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, stop) })()
	free := make(chan struct{}, atOnce)
	errs := make(chan error, len(jobs))
	var wait sync.WaitGroup
	for _, w := range jobs {
		free <- struct{}{}
		wait.Go(func() {
			defer func() { <-free }()
			errs <- s.attempt(sending, w, ctx.Err() != nil)
		})
	}
	wait.Wait()
	close(errs)
	for e := range errs {
		err = errors.Join(err, e)
	}
	return true, err
}

// attempt decides about a delivery, sends it if it is to be sent, and notes what became of it.
// stopping gives it back. One that panics is left to the lease, like one whose worker died.
func (s *Service) attempt(ctx context.Context, w work, stopping bool) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("notification: a delivery panicked: %v\n%s", v, debug.Stack())
		}
	}()
	out := w.delivered
	out.UpdatedAt = s.now()
	outcome := "returned"
	if stopping {
		out.State, out.DueAt, out.Attempts = Queued, &out.UpdatedAt, out.Attempts-1
	} else {
		outcome = s.settle(ctx, w, &out)
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		mine, err := s.store.finish(ctx, tx, out)
		if err != nil || !mine {
			return err
		}
		tx.OnCommit(func() {
			s.metrics.outcomes.WithLabelValues(string(out.Channel), outcome).Inc()
			if out.State == Failed {
				s.metrics.dead.WithLabelValues(string(out.Channel), out.Code).Inc()
				s.Log.WarnContext(ctx, "a notification was given up", "channel", string(out.Channel), "delivery", out.ID, "attempts", out.Attempts, "code", out.Code, "reason", out.Reason)
			}
		})
		if out.Code == goneCode {
			return s.store.dropDevice(ctx, tx, out.OrgID, out.UserID, out.DeviceID)
		}
		return nil
	})
}

// goneCode is the code of a subscription that has ended.
const goneCode = "push.gone"

// settle sends or does not, and writes into out what became of it; it gives the outcome in a word.
func (s *Service) settle(ctx context.Context, w work, out *delivered) string {
	no, later, err := s.decide(ctx, w)
	switch {
	case err != nil: // nobody was told: try again
		err = delivery.Later(err, "delivery.undecided", "Whether to deliver could not be decided.")
	case no.code != "":
		out.State, out.Code, out.Reason, out.DueAt = Suppressed, no.code, no.text, nil
		return Suppressed
	case !later.IsZero():
		at := clock.Millis(later)
		out.State, out.Code, out.Reason, out.DueAt, out.Attempts = Queued, "receiver.quietHours", "Waits for the end of the person's quiet hours.", &at, out.Attempts-1
		return "postponed"
	case w.Attempts > maxAttempts: // workers died of it
		out.State, out.Code, out.Reason, out.DueAt = Failed, gaveUp.code, gaveUp.text, nil
		return Failed
	default:
		err = s.send(ctx, w)
	}
	if errors.Is(err, errNothing) {
		out.State, out.Code, out.Reason, out.DueAt = Suppressed, nothingNew.code, nothingNew.text, nil
		return Suppressed
	}
	if err == nil {
		out.State, out.Code, out.Reason, out.DueAt = Delivered, "", "", nil
		return Delivered
	}
	var e *delivery.Error
	if out.Code, out.Reason = "delivery.failed", "The message could not be handed over."; errors.As(err, &e) {
		out.Code, out.Reason = e.Code, e.Reason
	}
	if errors.Is(err, webpush.ErrGone) {
		out.Code = goneCode
	}
	after, again := delivery.Retry(err)
	if !again || w.Attempts >= maxAttempts {
		out.State, out.DueAt = Failed, nil
		return Failed
	}
	at := clock.Millis(s.Clock.Now().Add(max(after, backOff(w.Attempts))))
	out.State, out.DueAt = Queued, &at
	return "retried"
}

// backOff doubles the wait with each attempt; a fifth more or less, so that what failed together
// does not come back together.
func backOff(attempts int64) time.Duration {
	wait := longestWait
	if attempts < 12 {
		wait = min(firstWait<<(attempts-1), longestWait)
	}
	return wait - wait/5 + rand.N(2*wait/5) //nolint:gosec // nothing is secret about when
}

// decide says why a delivery is not to be sent, or when; both zero is now.
func (s *Service) decide(ctx context.Context, w work) (no reason, later time.Time, err error) {
	if !s.on(w.Channel) {
		return channelOff, later, nil
	}
	if w.UserID == "" {
		return no, later, nil
	}
	n := w.notification
	switch {
	case !w.to.active:
		return notActive, later, nil
	case !w.to.still(n, w.Channel):
		return notWanted, later, nil
	case w.Channel == SMS && w.to.phone == nil:
		return noPhone, later, nil
	case w.Channel == Push && w.device.id == "":
		return noDevice, later, nil
	}
	if n.Subject.Kind != "" {
		sees, err := s.sees(ctx, s.DB.Reader(ctx), n.OrgID, w.UserID, n.Subject)
		if err != nil {
			return no, later, err
		}
		if !sees {
			return notVisible, later, nil
		}
	}
	if n.SentBy == "" {
		read, err := s.store.hasRead(ctx, s.DB.Reader(ctx), n, w.UserID)
		if err != nil {
			return no, later, err
		}
		if read {
			return alreadyRead, later, nil
		}
	}
	if end, quiet := w.to.until(s.Clock.Now(), zoneOf(w.to.zone)); quiet && !n.Urgent && n.Kind != digest {
		return no, end, nil
	}
	return no, later, nil
}

// sees reports whether somebody may see what a notification is about.
func (s *Service) sees(ctx context.Context, q db.Queryer, orgID, userID string, about Subject) (bool, error) {
	where, args, err := s.visible(ctx, authz.Actor{OrgID: orgID, UserID: userID})
	if err != nil {
		return false, err
	}
	return s.store.sees(ctx, q, where("x.kind", "x.id"), args, about)
}

// visible gives the condition that a subject, whose kind and id are in two columns, is none or is
// visible to somebody, for a statement whose first arguments are args.
func (s *Service) visible(ctx context.Context, who authz.Actor) (where func(kind, id string) string, args []any, err error) {
	v, err := s.Content.VisibleTo(ctx, who)
	return func(kind, id string) string {
		text := `(` + kind + ` = '' OR ` + v.Where(kind, id)
		for _, name := range sorted(s.Sights) {
			text += ` OR (` + kind + ` = '` + name + `' AND ` + s.Sights[name](id) + `)`
		}
		return text + `)`
	}, v.Args, err
}

// load reads what deliveries need, in a few statements for each organization.
func (s *Service) load(ctx context.Context, list []delivered) ([]work, error) {
	q := s.DB.Reader(ctx)
	byOrg := map[string][]delivered{}
	for _, d := range list {
		byOrg[d.OrgID] = append(byOrg[d.OrgID], d)
	}
	var jobs []work
	for _, orgID := range sorted(byOrg) {
		var notifications, people, devices []string
		for _, d := range byOrg[orgID] {
			notifications, people, devices = append(notifications, d.NotificationID), append(people, d.UserID), append(devices, d.DeviceID)
		}
		ns, err := s.store.byIDs(ctx, q, orgID, content.Unique(notifications))
		if err != nil {
			return nil, err
		}
		us, err := s.store.receivers(ctx, q, orgID, content.Unique(people))
		if err != nil {
			return nil, err
		}
		ds, err := s.store.devices(ctx, q, orgID, content.Unique(devices))
		if err != nil {
			return nil, err
		}
		for _, d := range byOrg[orgID] {
			w := work{delivered: d, notification: ns[d.NotificationID], to: us[d.UserID]}
			if found := ds[d.DeviceID]; found.userID == d.UserID {
				w.device = found
			}
			jobs = append(jobs, w)
		}
	}
	return jobs, nil
}
