package enforcement

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// The media of reminders; restrict sends nothing.
const (
	Email    = "email"
	Push     = "push"
	Text     = "text"
	Restrict = "restrict"
)

// Limits.
const (
	maxTitle     = 200
	maxWord      = 200
	maxReminders = 20
	maxAway      = 5 * 365 * 24 * time.Hour // of a reminder from the deadline
	maxReason    = 1000
)

// units are how long the units of a reminder are, by their printed names.
var units = map[string]time.Duration{"week": 7 * 24 * time.Hour, "days": 24 * time.Hour, "hours": time.Hour, "minutes": time.Minute}

// printed gives the printed name of a unit, which is singular for weeks alone.
func printed(unit string) string {
	if unit = strings.TrimSuffix(unit, "s"); unit == "week" {
		return unit
	}
	return unit + "s"
}

// Template is a plan of reminders as stored.
type Template struct {
	ID, Title, SystemEvent, Kind, SubKind string
	Reminders                             []Reminder
	Version                               int64
	CreatedAt                             int64
}

// Reminder is one step of a template.
type Reminder struct {
	Medium            string
	Unit              string
	Amount            int64
	RefID             *string
	ContentTemplateID *string
}

// offset is when the reminder is due, from the deadline (ms): before it when negative.
func (r Reminder) offset() int64 {
	away := r.Amount * units[r.Unit].Milliseconds()
	if r.Medium != Restrict {
		return -away
	}
	return away
}

// Draft is what a client sends to make or change a template; absent fields are left alone.
type Draft struct {
	Title       api.Patch[string]          `json:"title,omitempty" maxLength:"200" doc:"Title"`
	SystemEvent api.Patch[string]          `json:"systemEvent,omitempty" maxLength:"200" doc:"Kept for you"`
	Kind        api.Patch[string]          `json:"type,omitempty" maxLength:"200" doc:"Kept for you"`
	SubKind     api.Patch[string]          `json:"subType,omitempty" maxLength:"200" doc:"Kept for you"`
	Reminders   api.Patch[[]ReminderDraft] `json:"reminders,omitempty" doc:"When people are reminded and restricted, at most 20; they replace the ones there are"`
}

// ReminderDraft is one step of a template as sent.
type ReminderDraft struct {
	Medium            string  `json:"reminderType" required:"true" enum:"email,push,text,restrict" doc:"email, push and text remind before the deadline; restrict keeps people from everything else from after it"`
	Unit              string  `json:"reminderTimeUnit" required:"true" enum:"week,weeks,day,days,hour,hours,minute,minutes" doc:"Unit of reminderTime; a week is 7 days, a day 24 hours"`
	Amount            int64   `json:"reminderTime" required:"true" minimum:"0" maximum:"2628000" doc:"How long before the deadline, or after it for restrict: at most five years"`
	RefID             *string `json:"refId,omitempty" nullable:"true" maxLength:"200" doc:"Kept for you"`
	ContentTemplateID *string `json:"orgContentTemplateId,omitempty" nullable:"true" maxLength:"200" doc:"Kept for you"`
}

// apply changes a template as a draft says and reports what is wrong with it.
func (d Draft) apply(t *Template) error {
	var bad fault.Fields
	message.Set(d.Title, &t.Title)
	message.Set(d.SystemEvent, &t.SystemEvent)
	message.Set(d.Kind, &t.Kind)
	message.Set(d.SubKind, &t.SubKind)
	if t.Title = strings.TrimSpace(t.Title); t.Title == "" {
		bad.Add("/title", "field.required", "A template needs a title.")
	}
	message.TooLong("/title", "title", t.Title, maxTitle, &bad)
	for pointer, word := range map[string]string{"/systemEvent": t.SystemEvent, "/type": t.Kind, "/subType": t.SubKind} {
		message.TooLong(pointer, pointer[1:], word, maxWord, &bad)
	}
	if d.Reminders.Set {
		if len(d.Reminders.Value) > maxReminders {
			bad.Addf("/reminders", "field.tooMany", "A template has at most %d reminders.", maxReminders)
		} else {
			t.Reminders = nil
			for i, r := range d.Reminders.Value {
				t.Reminders = append(t.Reminders, r.reminder(fmt.Sprintf("/reminders/%d", i), &bad))
			}
		}
	}
	return bad.Err()
}

func (d ReminderDraft) reminder(at string, bad *fault.Fields) Reminder {
	r := Reminder{Medium: d.Medium, Unit: printed(d.Unit), Amount: d.Amount, RefID: d.RefID, ContentTemplateID: d.ContentTemplateID}
	if !slices.Contains([]string{Email, Push, Text, Restrict}, r.Medium) {
		bad.Add(at+"/reminderType", "field.enum", "Allowed values: email, push, text, restrict.")
	}
	unit, known := units[r.Unit]
	switch {
	case !known:
		bad.Add(at+"/reminderTimeUnit", "field.enum", "Allowed values: week, days, hours, minutes.")
	case d.Amount < 0 || d.Amount > int64(maxAway/unit):
		bad.Addf(at+"/reminderTime", "field.range", "From 0 to %d %s.", int64(maxAway/unit), r.Unit)
	}
	for name, word := range map[string]*string{"/refId": d.RefID, "/orgContentTemplateId": d.ContentTemplateID} {
		if word != nil && utf8.RuneCountInString(*word) > maxWord {
			bad.Addf(at+name, "field.tooLong", "At most %d characters.", maxWord)
		}
	}
	return r
}
