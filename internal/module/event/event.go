package event

import (
	"net/mail"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

const noun = "event"

// Kind is what kernel/content needs to know of events. An occurrence goes by its own id, too.
var Kind = content.Kind{
	Name: noun, Plural: "events", Noun: "an event", Table: "events", ModuleCode: typeEvent, Categorized: true,
	Alias: `SELECT event_id FROM event_occurrences WHERE org_id = ?1 AND id = ?2 AND NOT cancelled`,
}

// The types of events that differ: their numbers are those of the modules.
const (
	typeLivestream = 2
	typeEvent      = 3
)

// types are the types of events by name.
var types = map[string]int{"POST": 1, "LIVESTREAM": typeLivestream, "EVENT": typeEvent, "FAQ": 4, "COURSE": 5}

// Limits, in characters and numbers.
const (
	maxTitle       = 300
	maxDescription = 10_000
	maxLocation    = 2_048
	maxLinks       = 20
	maxInvited     = 1_000
	maxGuests      = 200
	maxVideos      = 10
	maxMinutes     = 366 * 24 * 60
)

const minuteMS = 60_000

// Link is a link shown with an event.
type Link struct {
	Title string `json:"title" maxLength:"300" doc:"Caption"`
	URL   string `json:"url" maxLength:"2048" doc:"Address (http or https)"`
}

// Details are what single occurrences of a series may say otherwise. Nil in a change is "as the
// series says"; in a body nothing is nil.
type Details struct {
	Title          *string   `json:"title,omitempty"`
	Description    *string   `json:"description,omitempty"`
	Links          *[]Link   `json:"links,omitempty"`
	ConferenceLink *string   `json:"conferenceLink,omitempty"`
	Location       *string   `json:"location,omitempty"`
	Virtual        *bool     `json:"virtual,omitempty"`
	Tags           *[]string `json:"tags,omitempty"`
}

// Body is what the organizer of an event wrote: of a series, for all its occurrences.
type Body struct {
	Title          string   `json:"title"`
	Description    string   `json:"-"`
	Links          []Link   `json:"links,omitempty"`
	ConferenceLink string   `json:"conferenceLink,omitempty"`
	Location       string   `json:"location,omitempty"`
	Virtual        bool     `json:"virtual,omitempty"`
	Tags           []string `json:"tags,omitempty"`

	Type           int      `json:"type"`
	Meeting        bool     `json:"meeting,omitempty"`
	Poster         string   `json:"poster,omitempty"` // id of media
	Videos         []string `json:"videos,omitempty"` // ids of media
	ConversationID string   `json:"conversationId,omitempty"`
	CallID         string   `json:"callId"`
	Guests         []string `json:"guests,omitempty"` // mail addresses

	Start     int64                `json:"start"` // ms; of the first occurrence
	End       int64                `json:"end"`   // ms; of the first occurrence
	Zone      string               `json:"zone"`
	Frequency recurrence.Frequency `json:"frequency,omitempty"`
	Until     string               `json:"until,omitempty"`    // the last day, in Zone
	MonthDay  int                  `json:"monthDay,omitempty"` // see recurrence.Rule
	// Wall is the start and the end of the first occurrence of a series on the clock of Zone, where
	// that clock skips one of them: Start and End are past the gap then, and say less.
	Wall []recurrence.Wall `json:"wall,omitempty"`

	Sequence int    `json:"sequence"` // counts the changes that matter to guests
	Secret   string `json:"secret"`   // signs the links of guests

	was     *recurrence.Rule // of a new item: how its occurrences stood in the series they come from
	touched *Occurrence      // of a change that is about one occurrence: how that is now
}

// MainText implements content.Body.
func (b *Body) MainText() *string { return &b.Description }

// Refs implements content.Body.
func (b *Body) Refs() content.Refs {
	var r content.Refs
	if b.Poster != "" {
		r.Files = append(r.Files, content.FileRef{ID: b.Poster, Pointer: "/posterId", Must: "image"})
	}
	for _, id := range b.Videos {
		r.Files = append(r.Files, content.FileRef{ID: id, Pointer: "/videoPreviewIds", Must: "video"})
	}
	return r
}

// Words implements content.Body.
func (b *Body) Words() (title, text string) {
	return b.Title, strings.Join(append([]string{b.Description, b.Location}, b.Tags...), "\n")
}

// with gives a body as an occurrence with changes of its own says it.
func (b Body) with(d Details) Body {
	put(d.Title, &b.Title)
	put(d.Description, &b.Description)
	put(d.Links, &b.Links)
	put(d.ConferenceLink, &b.ConferenceLink)
	put(d.Location, &b.Location)
	put(d.Virtual, &b.Virtual)
	put(d.Tags, &b.Tags)
	return b
}

func put[T any](from, to *T) {
	if from != nil {
		*to = *from
	}
}

// differing gives what one body says otherwise than another, of what an occurrence may.
func differing(is, was Body) Details {
	var d Details
	pick := func(same bool, set func()) {
		if !same {
			set()
		}
	}
	pick(is.Title == was.Title, func() { d.Title = &is.Title })
	pick(is.Description == was.Description, func() { d.Description = &is.Description })
	pick(slices.Equal(is.Links, was.Links), func() { d.Links = &is.Links })
	pick(is.ConferenceLink == was.ConferenceLink, func() { d.ConferenceLink = &is.ConferenceLink })
	pick(is.Location == was.Location, func() { d.Location = &is.Location })
	pick(is.Virtual == was.Virtual, func() { d.Virtual = &is.Virtual })
	pick(slices.Equal(is.Tags, was.Tags), func() { d.Tags = &is.Tags })
	return d
}

// Draft is what a client sends to make or change an event; absent fields are left alone.
type Draft struct {
	content.Publication
	Title          api.Patch[string]      `json:"title,omitempty" maxLength:"300" doc:"Title"`
	Description    api.Patch[string]      `json:"description,omitempty" maxLength:"10000" doc:"What it is about"`
	ExternalLink   api.Patch[[]Link]      `json:"externalLink,omitempty" maxItems:"20" doc:"Links shown with the event"`
	UserIDs        api.Patch[api.Strings] `json:"userIds,omitempty" maxItems:"1000" doc:"Ids of the people invited; they alone, and the organizer, see a meeting"`
	IsVirtual      api.Patch[bool]        `json:"isVirtual,omitempty" doc:"People attend at a distance"`
	ConferenceLink api.Patch[string]      `json:"conferenceLink,omitempty" maxLength:"2048" doc:"Where people attend at a distance (http or https)"`
	Location       api.Patch[string]      `json:"location,omitempty" maxLength:"2048" doc:"Place, in words or as a link to a map"`
	Tags           api.Patch[api.Strings] `json:"tags,omitempty" doc:"Tags; one string is split at blanks and commas"`
	StartDateTime  api.Patch[api.Time]    `json:"startDateTime,omitempty" doc:"Start. With repeat=all or following, the new start of the occurrence that the path names: the others move as far"`
	EndDateTime    api.Patch[api.Time]    `json:"endDateTime,omitempty" doc:"End; beats duration"`
	Duration       api.Patch[int64]       `json:"duration,omitempty" minimum:"0" maximum:"527040" doc:"Length in minutes where there is no end; 0 is not said"`
	TZID           api.Patch[string]      `json:"tzid,omitempty" maxLength:"64" doc:"IANA name of the time zone on whose clock a series stays, such as Europe/Berlin; the organizer's unless said"`
	PosterID       api.Patch[string]      `json:"posterId,omitempty" maxLength:"36" doc:"Id of an uploaded picture of yours"`
	ConversationID api.Patch[string]      `json:"conversationId,omitempty" maxLength:"36" doc:"Conversation of yours that the meeting is held in"`
	Type           api.Patch[api.Text]    `json:"type,omitempty" maxLength:"16" doc:"POST, LIVESTREAM, EVENT, FAQ or COURSE, or the number of that module, 1 to 5; EVENT unless said"`
	GuestEmails    api.Patch[api.Strings] `json:"externalUserEmails,omitempty" maxItems:"200" doc:"Mail addresses of guests from outside, who get an invitation"`
	Category       api.Patch[string]      `json:"category,omitempty" maxLength:"200" doc:"Name or id of a category of livestreams or events"`
	IsMeeting      api.Patch[bool]        `json:"isMeeting,omitempty" doc:"A meeting, seen by its organizer and those invited whatever permissions say"`
	Repeat         api.Patch[Repeat]      `json:"repeat,omitempty" doc:"How it repeats; null for once"`
	VideoIDs       api.Patch[api.Strings] `json:"videoPreviewIds,omitempty" maxItems:"10" doc:"Ids of uploaded films of yours, shown with a livestream"`
}

// Repeat is how an event repeats, as the reference has it.
type Repeat struct {
	Config *RepeatRule `json:"config" doc:"The rule"`
}

// RepeatRule is a rule of repetition.
type RepeatRule struct {
	Type      string      `json:"type" enum:"frequency" doc:"frequency"`
	Frequency api.Text    `json:"frequency" doc:"86400 or daily, 604800 or weekly, 1209600 or biWeekly, monthly"`
	Ends      *RepeatEnds `json:"ends" doc:"When it stops; two years after its start unless said"`
}

// RepeatEnds is when a repetition stops.
type RepeatEnds struct {
	Config *RepeatEnd `json:"config" doc:"When it stops"`
}

// RepeatEnd is the day after which nothing is repeated.
type RepeatEnd struct {
	Type string `json:"type" enum:"on" doc:"on"`
	Date string `json:"date" maxLength:"40" doc:"The last day, inclusive, in the time zone of the series"`
}

// details applies what a draft says of single occurrences and of series alike.
func (d Draft) details(b *Body, bad *fault.Fields) {
	message.Set(d.Title, &b.Title)
	message.Set(d.Description, &b.Description)
	message.Set(d.ExternalLink, &b.Links)
	message.Set(d.IsVirtual, &b.Virtual)
	message.Set(d.ConferenceLink, &b.ConferenceLink)
	message.Set(d.Location, &b.Location)
	if d.Tags.Set {
		b.Tags = message.SplitTags(d.Tags.Value)
		message.ValidateTags("/tags", b.Tags, bad)
	}
	if b.Title = strings.TrimSpace(b.Title); b.Title == "" {
		bad.Add("/title", "field.required", "An event needs a title.")
	}
	message.TooLong("/title", "title", b.Title, maxTitle, bad)
	message.TooLong("/description", "description", b.Description, maxDescription, bad)
	message.TooLong("/location", "location", b.Location, maxLocation, bad)
	if b.ConferenceLink != "" {
		message.ValidateURL("/conferenceLink", b.ConferenceLink, bad)
	}
	if len(b.Links) > maxLinks {
		bad.Addf("/externalLink", "field.tooMany", "At most %d links can be shown with an event.", maxLinks)
	}
	for _, l := range b.Links {
		message.ValidateURL("/externalLink", l.URL, bad)
		message.TooLong("/externalLink", "caption", l.Title, maxTitle, bad)
	}
}

// whole applies what a draft says of whole events, apart from their times.
func (d Draft) whole(b *Body, bad *fault.Fields) []content.Named {
	message.Set(d.PosterID, &b.Poster)
	message.Set(d.ConversationID, &b.ConversationID)
	message.Set(d.IsMeeting, &b.Meeting)
	if d.Type.Set || b.Type == 0 {
		b.Type = d.typeNumber(bad)
	}
	if d.VideoIDs.Set {
		b.Videos = content.Unique(d.VideoIDs.Value)
		if len(b.Videos) > maxVideos {
			bad.Addf("/videoPreviewIds", "field.tooMany", "At most %d films can be shown with an event.", maxVideos)
		}
	}
	for pointer, id := range map[string]string{"/posterId": b.Poster, "/conversationId": b.ConversationID} {
		if id != "" && !ids.Valid(id) {
			bad.Add(pointer, "field.format", "This must be an id (a UUID).")
		}
	}
	if d.GuestEmails.Set {
		b.Guests = addresses(d.GuestEmails.Value, bad)
	}
	if !d.UserIDs.Set {
		return nil
	}
	if len(d.UserIDs.Value) > maxInvited {
		bad.Addf("/userIds", "field.tooMany", "At most %d people can be invited.", maxInvited)
		return nil
	}
	return []content.Named{{Pointer: "/userIds", IDs: d.UserIDs.Value}}
}

func (d Draft) typeNumber(bad *fault.Fields) int {
	said := strings.ToUpper(strings.TrimSpace(string(d.Type.Value)))
	if said == "" {
		return typeEvent
	}
	if n, ok := types[said]; ok {
		return n
	}
	if len(said) == 1 && said[0] >= '1' && said[0] <= '5' {
		return int(said[0] - '0')
	}
	bad.Add("/type", "field.enum", "A type is POST, LIVESTREAM, EVENT, FAQ or COURSE, or its number from 1 to 5.")
	return typeEvent
}

// addresses checks mail addresses; the same one in other letters is one guest.
func addresses(sent []string, bad *fault.Fields) []string {
	if len(sent) > maxGuests {
		bad.Addf("/externalUserEmails", "field.tooMany", "At most %d guests from outside can be invited.", maxGuests)
		return nil
	}
	var list []string
	for _, s := range sent {
		s = strings.TrimSpace(s)
		if a, err := mail.ParseAddress(s); err != nil || a.Name != "" || a.Address != s || len(s) > 254 {
			bad.Add("/externalUserEmails", "field.format", "Every entry must be a mail address, such as guest@example.com.")
			return nil
		}
		if !slices.ContainsFunc(list, func(known string) bool { return strings.EqualFold(known, s) }) {
			list = append(list, s)
		}
	}
	return list
}
