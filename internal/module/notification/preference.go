package notification

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// Choice is by which channels somebody hears of a kind; nil is the default.
type Choice struct {
	InApp *bool `json:"inApp,omitempty" doc:"In the inbox"`
	Email *bool `json:"email,omitempty" doc:"By mail, each by itself"`
	SMS   *bool `json:"sms,omitempty" doc:"By short message"`
	Push  *bool `json:"push,omitempty" doc:"By push message to your browsers"`
}

// QuietHours are when mail, short messages and pushes wait: from one time of day to another, also
// over midnight, in the person's time zone.
type QuietHours struct {
	From string `json:"from" doc:"Begin, HH:MM"`
	To   string `json:"to" doc:"End, HH:MM"`
}

// Summary is the daily mail of what is unread.
type Summary struct {
	At string `json:"at" doc:"When it is sent, HH:MM in your time zone"`
}

// Preferences are how somebody wants to be told, as stored. The zero value is the defaults.
type Preferences struct {
	Kinds      map[string]Choice `json:"kinds,omitempty"`
	QuietHours *QuietHours       `json:"quietHours,omitempty"`
	Digest     *Summary          `json:"digest,omitempty"`
}

// Wishes are preferences as clients send them.
type Wishes struct {
	Kinds      map[string]Choice     `json:"kinds,omitempty" doc:"By kind of notification, what differs from the defaults"`
	QuietHours api.Patch[QuietHours] `json:"quietHours,omitzero" doc:"When mail, short messages and pushes wait; null for never"`
	Digest     api.Patch[Summary]    `json:"digest,omitzero" doc:"The daily mail of what is unread; null for none"`
}

func (w Wishes) preferences() Preferences {
	p := Preferences{Kinds: w.Kinds}
	if w.QuietHours.Set && !w.QuietHours.Null {
		p.QuietHours = &w.QuietHours.Value
	}
	if w.Digest.Set && !w.Digest.Null {
		p.Digest = &w.Digest.Value
	}
	return p
}

// loud are the kinds that ask somebody to do something: by default they come by mail, too.
var loud = []string{Announcement, Reminder, Acknowledgement, Task, Course, Event}

// wants reports whether a kind may come by a channel.
func (p Preferences) wants(kind string, c Channel) bool {
	if kind == digest {
		return p.Digest != nil
	}
	chosen := p.Kinds[kind]
	set, byDefault := chosen.InApp, true
	switch c {
	case Email:
		set, byDefault = chosen.Email, slices.Contains(loud, kind)
	case SMS: // costs money: only what was asked to be sent that way
		set, byDefault = chosen.SMS, kind == Announcement || kind == Reminder
	case Push:
		set = chosen.Push
	case InApp:
	}
	if set != nil {
		return *set
	}
	return byDefault
}

// refuses reports whether somebody said that a kind must not come by a channel.
func (p Preferences) refuses(kind string, c Channel) bool {
	return !p.wants(kind, c) && p.said(kind, c)
}

func (p Preferences) said(kind string, c Channel) bool {
	chosen := p.Kinds[kind]
	return map[Channel]*bool{Email: chosen.Email, SMS: chosen.SMS, Push: chosen.Push, InApp: chosen.InApp}[c] != nil
}

// channels are those by which a notification reaches somebody: of those that were asked for the
// ones they did not turn off, else the ones they want for its kind.
func (p Preferences) channels(n Notification) (list []Channel) {
	for _, c := range []Channel{InApp, Email, SMS, Push} {
		if n.asks(c) && !p.refuses(n.Kind, c) || len(n.Channels) == 0 && p.wants(n.Kind, c) {
			list = append(list, c)
		}
	}
	return list
}

// still reports whether a delivery that was queued is still wanted.
func (p Preferences) still(n Notification, c Channel) bool {
	return n.Kind == digest && p.Digest != nil || n.Kind != digest && slices.Contains(p.channels(n), c)
}

// validate reports everything that is wrong.
func (p Preferences) validate(bad *fault.Fields) {
	for _, kind := range slices.Sorted(maps.Keys(p.Kinds)) {
		if !slices.Contains(Kinds, kind) {
			bad.Addf("/kinds", "notification.kindUnknown", "%q is no kind. Allowed values: %s.", cut(kind, 40), strings.Join(Kinds, ", "))
		}
	}
	if q := p.QuietHours; q != nil {
		checkTime(bad, "/quietHours/from", q.From)
		checkTime(bad, "/quietHours/to", q.To)
		if bad.Empty() && q.From == q.To {
			bad.Add("/quietHours/to", "notification.quietAlways", "Quiet hours end at another time than they begin.")
		}
	}
	if p.Digest != nil {
		checkTime(bad, "/digest/at", p.Digest.At)
	}
}

func checkTime(bad *fault.Fields, pointer, text string) {
	if _, _, ok := clockTime(text); !ok {
		bad.Add(pointer, "notification.timeInvalid", "A time of day is written HH:MM, from 00:00 to 23:59.")
	}
}

// clockTime reads HH:MM.
func clockTime(text string) (hour, minute int, ok bool) {
	t, err := time.Parse("15:04", text)
	return t.Hour(), t.Minute(), err == nil && len(text) == len("15:04")
}

// next is the first moment after now at which the clock on the wall of a zone shows a time of day.
// A time that a change of the clock leaves out is the moment after it.
func next(now time.Time, zone *time.Location, text string) time.Time {
	hour, minute, _ := clockTime(text)
	here := now.In(zone)
	for day := 0; ; day++ {
		wall := recurrence.DateOf(here.Year(), here.Month(), here.Day()+day).At(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
		if at := wall.In(zone); at.After(now) {
			return at
		}
	}
}

// until gives when quiet hours that are now end; false when it is not quiet.
func (p Preferences) until(now time.Time, zone *time.Location) (time.Time, bool) {
	if p.QuietHours == nil {
		return time.Time{}, false
	}
	begin, end := next(now, zone, p.QuietHours.From), next(now, zone, p.QuietHours.To)
	return end, end.Before(begin)
}

// zoneOf reads the time zone of a person; one that is not known any more is UTC.
func zoneOf(name *string) *time.Location {
	if name == nil {
		return time.UTC
	}
	zone, err := recurrence.Zone(*name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// parsePreferences reads the stored form; nothing is the defaults.
func parsePreferences(stored *string) (p Preferences, err error) {
	if stored == nil {
		return p, nil
	}
	if err := json.Unmarshal([]byte(*stored), &p); err != nil {
		return p, fmt.Errorf("notification: stored preferences: %w", err)
	}
	return p, nil
}

// cut bounds a text that is quoted in an answer.
func cut(text string, runes int) string {
	if r := []rune(text); len(r) > runes {
		return string(r[:runes]) + "…"
	}
	return text
}
