package console

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"
)

// event is an occurrence of an event.
type event struct {
	ID              string        `json:"id"`
	Title           string        `json:"title"`
	Description     string        `json:"description"`
	StartDateTime   string        `json:"startDateTime"`
	EndDateTime     string        `json:"endDateTime"`
	Location        string        `json:"location"`
	ConferenceLink  string        `json:"conferenceLink"`
	IsVirtual       bool          `json:"isVirtual"`
	IsMeeting       bool          `json:"isMeeting"`
	IsExternalEvent bool          `json:"isExternalEvent"`
	EventSource     string        `json:"eventSource"`
	ExternalLink    []eventLink   `json:"externalLink"`
	Poster          *file         `json:"poster"`
	Videos          []file        `json:"videoPreviewList"`
	Tags            []string      `json:"tags"`
	Category        string        `json:"category"`
	Type            int           `json:"type"`
	Going           int           `json:"going"`
	MyRsvp          string        `json:"myRsvp"`
	MyCheckin       string        `json:"myCheckin"`
	Comments        int           `json:"comments"`
	ReactionCounts  []reaction    `json:"reactionCounts"`
	MyReactions     []string      `json:"myReactions"`
	BookmarkID      string        `json:"bookmarkId"`
	Creator         *person       `json:"creator"`
	Guests          []string      `json:"externalAttendees"`
	RepeatID        string        `json:"repeatId"`
	RepeatConfig    *repetition   `json:"repeatConfig"`
	TZID            string        `json:"tzid"`
	Status          string        `json:"status"`
	Permissions     *audienceView `json:"permissions"`
}

type eventLink struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// repetition is how an event repeats, as deep as the API has it.
type repetition struct {
	Config struct {
		Config struct {
			Frequency string `json:"frequency"`
			Ends      struct {
				Config struct {
					Date string `json:"date"`
				} `json:"config"`
			} `json:"ends"`
		} `json:"config"`
	} `json:"config"`
}

// audienceView is who may see an item, as its author reads it.
type audienceView struct {
	Public    bool     `json:"public"`
	Friends   bool     `json:"friends"`
	OnlyMe    bool     `json:"onlyMe"`
	Team      bool     `json:"team"`
	Users     []string `json:"users"`
	Groups    []string `json:"groups"`
	Locations []string `json:"locations"`
}

// The types of events that pages tell apart, by the API's numbers.
const typeLivestream = 2

// page is where an occurrence is shown.
func (e event) page() string { return at("events", e.ID) }

// isOwn reports that the reader organizes it.
func (e event) isOwn(v *visit) bool { return e.Creator != nil && e.Creator.ID == v.who.UserID }

// series reports that it is one of several.
func (e event) series() bool { return e.RepeatID != "" }

// times says from when to when, in a zone.
func (e event) times(ctx context.Context, zone *time.Location) string {
	return span(ctx, parsed(e.StartDateTime).In(zone), parsed(e.EndDateTime))
}

// elsewhere is the zone of a series when its clock shows another time than the reader's.
func (e event) elsewhere(v *visit) *time.Location {
	zone, starts := zoneNamed(e.TZID), parsed(e.StartDateTime)
	if !e.series() || starts.In(zone).Format(time.DateTime) == starts.In(v.zone()).Format(time.DateTime) {
		return nil
	}
	return zone
}

// repeats says how often, "" for once.
func (e event) repeats(ctx context.Context) string {
	if e.RepeatConfig == nil {
		return ""
	}
	rule := e.RepeatConfig.Config.Config
	if rule.Ends.Config.Date == "" {
		return frequencyText(ctx, frequencyName(rule.Frequency))
	}
	return tf(ctx, "%s until %s", frequencyText(ctx, frequencyName(rule.Frequency)), rule.Ends.Config.Date)
}

// frequencyName is a frequency of the API, which counts seconds, by its name.
func frequencyName(said string) string {
	if name, ok := map[string]string{"86400": "daily", "604800": "weekly", "1209600": "biWeekly"}[said]; ok {
		return name
	}
	return said
}

func frequencyText(ctx context.Context, name string) string {
	return t(ctx, map[string]string{"": "Once", "daily": "Every day", "weekly": "Every week", "biWeekly": "Every two weeks", "monthly": "Every month"}[name])
}

// joinable reports that its call can be joined now, as the API has it.
func (e event) joinable(now time.Time) bool {
	const around = 15 * time.Minute
	there := e.ConferenceLink != "" || e.IsMeeting || e.Type == typeLivestream
	return there && !now.Before(parsed(e.StartDateTime).Add(-around)) && !now.After(parsed(e.EndDateTime).Add(around))
}

// checksIn reports that people can say now that they are there.
func (e event) checksIn(now time.Time) bool {
	return e.MyCheckin == "" && !now.Before(parsed(e.StartDateTime).Add(-time.Hour)) && now.Before(parsed(e.EndDateTime))
}

// item is the event as pages show what people do with items.
func (e event) item() item {
	i := item{kind: "events", ID: e.ID, CommentsCount: e.Comments, Reactions: e.ReactionCounts, MyReactions: e.MyReactions, BookmarkID: e.BookmarkID}
	if e.Creator != nil {
		i.User = *e.Creator
	}
	return i
}

// attendee is somebody who was invited or answered.
type attendee struct {
	person
	Invited string `json:"invited"`
	Rsvp    string `json:"rsvp"`
	Checkin string `json:"checkin"`
}

// guest is somebody from outside who was invited.
type guest struct {
	Email string `json:"email"`
	Rsvp  string `json:"rsvp"`
	Mail  string `json:"mail"`
}

// eventPageData is an event with who comes and what is said about it.
type eventPageData struct {
	event
	now       time.Time
	attendees []attendee
	guests    []guest
	total     int
	talk      talk
	call      *entry // that was joined just now
}

// entry is how somebody joins a call.
type entry struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

func (v *visit) eventOf(id string) (e event, err error) {
	err = v.get(at("api", "events", id), nil, &e)
	return e, err
}

// maxAttendees is how many people the page of an event names.
const maxAttendees = 100

func (v *visit) eventPage(id string) (d eventPageData, err error) {
	if d.event, err = v.eventOf(id); err != nil {
		return d, err
	}
	d.now = v.c.d.Clock.Now()
	if d.IsExternalEvent {
		return d, nil
	}
	if d.attendees, d.guests, d.total, err = v.attendees(id, maxAttendees); err != nil {
		return d, err
	}
	list, m, err := v.comments("events", id)
	d.talk = talk{"events", id, list, m.TotalResults}
	return d, err
}

func (v *visit) attendees(id string, most int) ([]attendee, []guest, int, error) {
	var out struct {
		Attendees []attendee `json:"attendees"`
		Guests    []guest    `json:"guests"`
		Meta      meta       `json:"meta"`
	}
	err := v.get(at("api", "events", id, "attendees"), url.Values{"per_page": {itoa(most)}}, &out)
	return out.Attendees, out.Guests, out.Meta.TotalResults, err
}

func (c *Console) event(v *visit) error {
	d, err := v.eventPage(v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.page(eventPage(d, nil))
}

// rsvp says whether the reader comes, to one occurrence or to all.
func (c *Console) rsvp(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if err := v.call(http.MethodPut, at("api", "events", id, "rsvp")+repeatQuery(v.text("repeat")), map[string]any{"rsvp": v.optional("rsvp")}, nil); err != nil {
		return err
	}
	return v.done(at("events", id), "Your answer is kept.")
}

// repeatQuery names which occurrences a change is about, for the API.
func repeatQuery(which string) string {
	if which == "" {
		return ""
	}
	return "?repeat=" + url.QueryEscape(which)
}

// joinCall lets the reader into the call, by a link on the page: a form of ours leads nowhere else.
func (c *Console) joinCall(v *visit) error {
	id := v.r.PathValue("id")
	var in entry
	err := v.call(http.MethodPost, at("api", "events", id, "join"), nil, &in)
	d, pageErr := v.eventPage(id)
	if pageErr != nil {
		return pageErr
	}
	if err != nil {
		return v.formPage(err, func(p *problem) templ.Component { return eventPage(d, p) })
	}
	d.call = &in
	return v.page(eventPage(d, nil))
}

func (c *Console) checkIn(v *visit) error {
	id := v.r.PathValue("id")
	if err := v.call(http.MethodPost, at("api", "events", id, "checkin"), nil, nil); err != nil {
		return err
	}
	return v.done(at("events", id), "You have checked in.")
}

func (c *Console) deleteEvent(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	if err := v.call(http.MethodDelete, at("api", "events", v.r.PathValue("id"))+repeatQuery(v.text("repeat")), nil, nil); err != nil {
		return err
	}
	return v.done("/calendar", "The event is deleted.")
}

// eventFile gives the event as a calendar file.
func (c *Console) eventFile(v *visit) error {
	return v.file(at("api", "events", v.r.PathValue("id")) + ".ics")
}

func rsvpText(ctx context.Context, answer string) string {
	return t(ctx, map[string]string{"GOING": "Comes", "MAYBE": "Comes perhaps", "NOT_GOING": "Does not come", "": "Has not answered"}[answer])
}

func rsvpClass(answer string) string {
	return map[string]string{"GOING": "good", "MAYBE": "warn", "NOT_GOING": "bad"}[answer]
}
