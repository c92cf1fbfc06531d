package enforcement

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/locale"
)

// Channels of a notice, by the names that notifications have.
const (
	InApp        = "INAPP"
	channelEmail = "EMAIL"
	channelPush  = "PUSH"
	channelSMS   = "SMS"
)

var channels = map[string]string{Email: channelEmail, Push: channelPush, Text: channelSMS}

// Notice is what a Notifier tells somebody.
type Notice struct {
	// Key is the same for the same reminder, whatever happens.
	Key           string
	OrgID, UserID string
	Channels      []string // INAPP first, then those of EMAIL, PUSH and SMS that the template names
	Subject, Text string
	Link          string // address of the item
	Kind, ItemID  string // task or course, and its id
	ItemTitle     string
	DueAt         int64 // ms
	At            int64 // ms, when the reminder was due
}

// batch is how many obligations one transaction looks at.
const batch = 200

// Run sends what is due by now. Its cost grows with that, not with what there is.
func (s *Service) Run(ctx context.Context) error {
	for {
		var n int
		err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			var err error
			n, err = s.send(ctx, tx, "", "")
			return err
		})
		if err != nil || n < batch {
			return err
		}
	}
}

// drain sends what is due under a template.
func (s *Service) drain(ctx context.Context, tx db.Tx, orgID, templateID string) error {
	for {
		if n, err := s.send(ctx, tx, orgID, templateID); err != nil || n < batch {
			return err
		}
	}
}

// send sends what is due, under a template when one is named, and gives how many obligations that
// were; there may be more when they fill a batch.
func (s *Service) send(ctx context.Context, tx db.Tx, orgID, templateID string) (int, error) {
	now := s.now()
	list, err := s.store.dueBy(ctx, tx, orgID, templateID, now)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	var began []obligation
	known := memory{service: s, reminders: map[string][]Reminder{}, titles: map[Item]string{}, reads: map[[2]string]locale.Locale{}}
	if err := known.read(ctx, tx, list); err != nil {
		return 0, err
	}
	for i := range list {
		o := &list[i]
		reminders := known.reminders[o.TemplateID]
		due := o.pending(reminders, now)
		_, o.NextAt = plan(reminders, o.DueAt, now)
		if !o.here {
			continue
		}
		if o.RestrictAt != nil && slices.Contains(due, *o.RestrictAt) && o.restricts(now) {
			began = append(began, o.obligation)
		}
		for _, at := range due {
			if err := s.notify(ctx, tx, *o, known, sameTime(reminders, o.DueAt, at)); err != nil {
				return 0, err
			}
		}
	}
	if err := s.store.advance(ctx, tx, list); err != nil {
		return 0, err
	}
	return len(list), s.tell(ctx, tx, "restriction.began", began)
}

// pending is an obligation about which something is due.
type pending struct {
	obligation
	here bool // its person is no former member and not blocked
}

// pending gives the times, in order, at which something was due and has not happened yet.
func (o pending) pending(reminders []Reminder, now int64) []int64 {
	var times []int64
	for _, r := range reminders {
		if at := o.DueAt + r.offset(); o.NextAt != nil && at >= *o.NextAt && at <= now {
			times = append(times, at)
		}
	}
	slices.Sort(times)
	return slices.Compact(times)
}

// sameTime gives the reminders of a time that send something.
func sameTime(reminders []Reminder, dueAt, at int64) []Reminder {
	return slices.DeleteFunc(slices.Clone(reminders), func(r Reminder) bool { return r.Medium == Restrict || dueAt+r.offset() != at })
}

// notify tells somebody once what the reminders of one time say.
func (s *Service) notify(ctx context.Context, tx db.Tx, o pending, known memory, reminders []Reminder) error {
	if len(reminders) == 0 || s.Notifier == nil {
		return nil
	}
	at := o.DueAt + reminders[0].offset()
	n := Notice{
		Key:   fmt.Sprintf("enforcement:%s:%s:%s:%d:%d", o.Kind, o.ID, o.UserID, o.DueAt, at),
		OrgID: o.OrgID, UserID: o.UserID, Channels: []string{InApp}, Kind: o.Kind, ItemID: o.ID, ItemTitle: known.titles[o.Item], DueAt: o.DueAt, At: at,
		Link: s.URL + "/api/" + o.Kind + "s/" + o.ID,
	}
	n.Subject, n.Text = reminders[0].words(known.reads[[2]string{o.OrgID, o.UserID}], o.obligation, known.titles[o.Item], s.now())
	for _, r := range reminders {
		if c := channels[r.Medium]; !slices.Contains(n.Channels, c) {
			n.Channels = append(n.Channels, c)
		}
	}
	return s.Notifier.Remind(ctx, tx, n)
}

// memory is what a batch needs to know, by few statements.
type memory struct {
	service   *Service
	reminders map[string][]Reminder // by template
	titles    map[Item]string
	reads     map[[2]string]locale.Locale // how people read, by organization and id
}

// read reads the reminders and titles of a batch, with three or four statements an organization.
func (m memory) read(ctx context.Context, tx db.Tx, list []pending) error {
	for _, some := range byOrganization(list) {
		orgID := some[0].OrgID
		var templates, people []string
		items := map[string][]string{}
		for _, o := range some {
			templates, people = append(templates, o.TemplateID), append(people, o.UserID)
			items[o.Kind] = append(items[o.Kind], o.ID)
		}
		if err := m.service.store.remindersOf(ctx, tx, orgID, unique(templates), m.reminders); err != nil {
			return err
		}
		if l := m.service.Locales; l != nil {
			reads, err := l.Locale(ctx, tx, orgID, unique(people))
			if err != nil {
				return err
			}
			for id, how := range reads {
				m.reads[[2]string{orgID, id}] = how
			}
		}
		for kind, ids := range items {
			titles, err := m.service.sources[kind].Titles(ctx, tx, orgID, unique(ids))
			if err != nil {
				return err
			}
			for id, title := range titles {
				m.titles[Item{orgID, kind, id}] = title
			}
		}
	}
	return nil
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func byOrganization(list []pending) map[string][]pending {
	by := map[string][]pending{}
	for _, o := range list {
		by[o.OrgID] = append(by[o.OrgID], o)
	}
	return by
}

func compare(a, b obligation) int {
	return cmp.Or(cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}
