package demo

import (
	"context"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/module/conversation"
	"github.com/workdrive/workdrive/internal/module/enforcement"
	"github.com/workdrive/workdrive/internal/module/event"
	"github.com/workdrive/workdrive/internal/module/quicklink"
)

// calendar is what takes place: what repeats, what happens once, and a meeting of people that some
// have said they come to.
func (s *stage) calendar() []act {
	day := s.now.Truncate(24 * time.Hour)
	monday := day.AddDate(0, 0, -int(day.Weekday()+6)%7)
	at := func(t time.Time, hour int) api.Patch[api.Time] {
		return set(api.At(t.Add(time.Duration(hour) * time.Hour).UnixMilli()))
	}
	every := func(frequency string, until time.Time) api.Patch[event.Repeat] {
		return set(event.Repeat{Config: &event.RepeatRule{
			Type: "frequency", Frequency: api.Text(frequency), Ends: &event.RepeatEnds{Config: &event.RepeatEnd{Type: "on", Date: until.Format(time.DateOnly)}},
		}})
	}
	everybody := event.Draft{}
	everybody.Permissions = set(audience.Permissions{Public: true})
	events := []struct {
		by int
		d  event.Draft
	}{
		{leads - 1, with(everybody, event.Draft{
			Title: set("Lunch talk"), Description: set("Somebody shows what they have been working on. Bring your plate."), Location: set("Canteen"),
			StartDateTime: at(monday.AddDate(0, 0, -25), 12), Duration: set(int64(45)), TZID: set("Europe/Berlin"), Repeat: every("weekly", monday.AddDate(0, 0, 120)),
		})},
		{0, with(everybody, event.Draft{
			Title: set("Everybody's hour"), Description: set("Numbers, plans, and your questions."), Type: set(api.Text("LIVESTREAM")), IsVirtual: set(true),
			ConferenceLink: set("https://meet.example/everybody"), StartDateTime: at(monday.AddDate(0, 0, 8), 14), Duration: set(int64(60)),
			Repeat: every("monthly", monday.AddDate(0, 0, 200)),
		})},
		{1, with(everybody, event.Draft{
			Title: set("Autumn field day"), Description: set("Boots, a thermos, and one map that is wrong: find out where."), Location: set("Meet at the harbour"),
			StartDateTime: at(day.AddDate(0, 0, 12), 8), Duration: set(int64(8 * 60)), Tags: set(api.Strings{"outdoors"}),
		})},
	}
	var acts []act
	for i, e := range events {
		acts = append(acts, act{s.early(i), func(ctx context.Context) error {
			made, err := s.app.Events.Create(ctx, s.members[e.by].who, e.d)
			for n := 2; err == nil && n < len(s.members); n += 3 {
				answer := []string{event.Going, event.Maybe, event.NotGoing, event.Going}[n%4]
				_, err = s.app.Events.Respond(ctx, s.members[n].who, event.Version{ID: made.EventID, Repeat: "all"}, event.Answer{Rsvp: &answer})
			}
			return err
		}})
	}
	return append(acts, act{s.now.Add(-2 * time.Hour), func(ctx context.Context) error {
		crew := s.crew(1)
		_, err := s.app.Conversations.Meet(ctx, crew[0].who, "", conversation.MeetingDraft{
			Title: "Season plan", UserIDs: idsOf(crew[1:]), StartDateTime: at(day.AddDate(0, 0, 2), 9), Duration: 60,
		})
		return err
	}})
}

// with gives an event the permissions of another.
func with(permissions, d event.Draft) event.Draft {
	d.Permissions = permissions.Permissions
	return d
}

// desk is what administrators set up: links to where people work, and a template of reminders.
func (s *stage) desk(ctx context.Context) error {
	for i, l := range [][2]string{{"Tide tables", "https://tides.example"}, {"Expenses", "https://expenses.example"}, {"Canteen menu", "https://canteen.example/menu"}} {
		_, err := s.app.QuickLinks.Create(ctx, s.admin, true, quicklink.Draft{Kind: set("QUICK_LINK"), Name: set(l[0]), Link: set(l[1]), Order: set(int64(i))})
		if err != nil {
			return err
		}
	}
	_, err := s.app.Enforcement.Create(ctx, s.admin, enforcement.Draft{
		Title: set("Mandatory training"), Reminders: set([]enforcement.ReminderDraft{
			{Medium: enforcement.Email, Unit: "days", Amount: 3}, {Medium: enforcement.Push, Unit: "hours", Amount: 4}, {Medium: enforcement.Restrict, Unit: "week", Amount: 2},
		}),
	})
	return err
}
