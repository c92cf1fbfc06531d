package console

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// The times of a form are as <input type="datetime-local"> has them.
const inputTime = "2006-01-02T15:04"

// eventForm is an event that is being written.
type eventForm struct {
	id     string // "" for a new one
	repeat string // which occurrences: this, following, all, or "" for an event that happens once
	kind   string // event, meeting or livestream

	title, description, location, conference string
	start, end, zone                         string
	frequency, until                         string
	category, tags, guests                   string
	virtual                                  bool
	invited                                  []person
	picker                                   picker
	categories                               []option
}

// one reports that it is a single occurrence of a series that is changed.
func (f eventForm) one() bool { return f.repeat == "this" }

func (f eventForm) heading(ctx context.Context) string {
	if f.id == "" {
		return t(ctx, "New event")
	}
	return t(ctx, map[string]string{"this": "Change this one", "following": "Change this and the following", "all": "Change all", "": "Change the event"}[f.repeat])
}

// target is where the form is sent.
func (f eventForm) target() string {
	if f.id == "" {
		return "/events"
	}
	return at("events", f.id)
}

func frequencies(ctx context.Context) []option {
	var list []option
	for _, name := range []string{"", "daily", "weekly", "biWeekly", "monthly"} {
		list = append(list, option{name, frequencyText(ctx, name)})
	}
	return list
}

func eventKinds(ctx context.Context) []option {
	return []option{{"event", t(ctx, "Event")}, {"meeting", t(ctx, "Meeting: only those invited see it")}, {"livestream", t(ctx, "Livestream")}}
}

// newEvent is a form for the next full hour of a day.
func (c *Console) newEvent(v *visit) error {
	now := v.c.d.Clock.Now().In(v.zone())
	starts := now.Truncate(time.Hour).Add(time.Hour)
	if date, err := time.ParseInLocation(time.DateOnly, v.query("date"), v.zone()); err == nil && !date.Equal(v.today()) {
		starts = time.Date(date.Year(), date.Month(), date.Day(), 9, 0, 0, 0, v.zone())
	}
	f := eventForm{kind: "event", zone: v.zone().String(), start: starts.Format(inputTime), end: starts.Add(time.Hour).Format(inputTime)}
	if err := v.furnishEvent(&f, nil); err != nil {
		return err
	}
	return v.page(eventFormPage(f, nil))
}

// furnishEvent adds what a form offers to choose of.
func (v *visit) furnishEvent(f *eventForm, was *audienceView) (err error) {
	if f.categories, err = v.eventCategories(); err != nil {
		return err
	}
	f.categories[0].text = v.lang.text("No category")
	if f.picker, err = v.picker(); err != nil {
		return err
	}
	if was != nil && v.form == nil {
		return v.pickAs(&f.picker, was)
	}
	return nil
}

// which reads which occurrences of a series a form is about.
func which(said string, e event) string {
	switch {
	case !e.series():
		return ""
	case said == "following" || said == "all":
		return said
	}
	return "this"
}

// ownEvent is the event of the address, for its organizer: a form for others would be of no use.
func (v *visit) ownEvent() (event, error) {
	e, err := v.eventOf(v.r.PathValue("id"))
	if err == nil && !e.isOwn(v) {
		err = &problem{Status: http.StatusForbidden, Detail: "Only its organizer can change an event."}
	}
	return e, err
}

func (c *Console) editEvent(v *visit) error {
	e, err := v.ownEvent()
	if err != nil {
		return err
	}
	f := v.formOf(e, which(v.query("repeat"), e))
	if !f.one() {
		people, _, _, err := v.attendees(e.ID, maxListed)
		if err != nil {
			return err
		}
		for _, a := range people {
			if a.Invited != "" {
				f.invited = append(f.invited, a.person)
			}
		}
	}
	if err := v.furnishEvent(&f, e.Permissions); err != nil {
		return err
	}
	return v.page(eventFormPage(f, nil))
}

// formOf is an event as its form shows it. A series is on its own clock.
func (v *visit) formOf(e event, repeat string) eventForm {
	f := eventForm{
		id: e.ID, repeat: repeat, kind: "event", title: e.Title, description: e.Description, location: e.Location, conference: e.ConferenceLink,
		zone: e.TZID, category: e.Category, tags: strings.Join(e.Tags, ", "), guests: strings.Join(e.Guests, ", "), virtual: e.IsVirtual,
	}
	switch {
	case e.IsMeeting:
		f.kind = "meeting"
	case e.Type == typeLivestream:
		f.kind = "livestream"
	}
	zone := zoneNamed(f.zone)
	f.start, f.end = parsed(e.StartDateTime).In(zone).Format(inputTime), parsed(e.EndDateTime).In(zone).Format(inputTime)
	if e.RepeatConfig != nil {
		rule := e.RepeatConfig.Config.Config
		f.frequency, f.until = frequencyName(rule.Frequency), rule.Ends.Config.Date
	}
	return f
}

// readEvent reads the form.
func (v *visit) readEvent() eventForm {
	return eventForm{
		kind: v.text("kind"), title: v.text("title"), description: v.form.Get("description"), location: v.text("location"), conference: v.text("conferenceLink"),
		start: v.text("startDateTime"), end: v.text("endDateTime"), zone: v.text("tzid"), frequency: v.text("frequency"), until: v.text("until"),
		category: v.text("category"), tags: v.text("tags"), guests: v.text("externalUserEmails"), virtual: v.form.Get("isVirtual") != "",
	}
}

// draft is what the API is sent, or what is wrong with the times and the zone.
func (f eventForm) draft(v *visit) (map[string]any, error) {
	var bad fault.Fields
	zone, err := recurrence.Zone(f.zone)
	if err != nil {
		bad.Add("/tzid", "event.zone", "This is not the name of a time zone, such as Europe/Berlin or UTC.")
		zone = time.UTC
	}
	in := map[string]any{"title": f.title, "description": v.text("description"), "location": v.optional("location"), "conferenceLink": v.optional("conferenceLink"), "isVirtual": f.virtual}
	for name, value := range map[string]string{"startDateTime": f.start, "endDateTime": f.end} {
		at, err := time.ParseInLocation(inputTime, value, zone)
		if err != nil {
			bad.Add("/"+name, "event.time", "Give a day and a time.")
		}
		in[name] = stamp(at)
	}
	in["tags"] = commaSeparated(f.tags)
	if !f.one() {
		f.wholeDraft(v, in)
	}
	if !bad.Empty() {
		return nil, problemOf(bad.Err())
	}
	return in, nil
}

// wholeDraft adds what is the same for all occurrences.
func (f eventForm) wholeDraft(v *visit, in map[string]any) {
	in["tzid"], in["isMeeting"], in["category"] = f.zone, f.kind == "meeting", v.optional("category")
	in["userIds"], in["externalUserEmails"] = append([]string{}, v.form["invited"]...), commaSeparated(f.guests)
	in["permissions"], in["repeat"] = v.permissions(), nil
	if f.id == "" || v.form.Has("kind") {
		in["type"] = "EVENT"
		if f.kind == "livestream" {
			in["type"] = "LIVESTREAM"
		}
	}
	if f.frequency == "" {
		return
	}
	rule := map[string]any{"type": "frequency", "frequency": f.frequency}
	if f.until != "" {
		rule["ends"] = map[string]any{"config": map[string]any{"type": "on", "date": f.until}}
	}
	in["repeat"] = map[string]any{"config": rule}
}

// commaSeparated splits a field of several values.
func commaSeparated(text string) []string {
	list := []string{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func (c *Console) createEvent(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	f := v.readEvent()
	in, err := f.draft(v)
	var made event
	if err == nil {
		err = v.call(http.MethodPost, "/api/events/meeting", in, &made)
	}
	if err == nil {
		return v.done(made.page(), "The event is in the calendar.")
	}
	return v.eventAgain(err, f)
}

func (c *Console) saveEvent(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	e, err := v.ownEvent()
	if err != nil {
		return err
	}
	f := v.readEvent()
	f.id, f.repeat = e.ID, which(v.text("repeat"), e)
	in, err := f.draft(v)
	var saved event
	if err == nil {
		err = v.call(http.MethodPatch, at("api", "events", f.id)+repeatQuery(f.repeat), in, &saved)
	}
	if err == nil {
		return v.done(saved.page(), "The changes are saved.")
	}
	return v.eventAgain(err, f)
}

// eventAgain shows the form as it was sent.
func (v *visit) eventAgain(err error, f eventForm) error {
	if furnishErr := v.furnishEvent(&f, nil); furnishErr != nil {
		return furnishErr
	}
	var peopleErr error
	if f.invited, peopleErr = v.peopleOf(v.form["invited"]); peopleErr != nil {
		return peopleErr
	}
	return v.formPage(err, func(p *problem) templ.Component { return eventFormPage(f, p) })
}
