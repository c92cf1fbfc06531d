package event

import (
	"context"
	"net/http"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

const tag = "Event"

var (
	oneID = &authz.Object{Param: "id", Type: noun}
	refs  = map[string]string{"posterId": "media", "videoPreviewIds": "media", "userIds": "user", "conversationId": "conversation"}

	read    = authz.Rule{Scope: "events:read"}
	readOne = authz.Rule{Scope: "events:read", Object: oneID}
	make_   = authz.Rule{Scope: "events:write", BodyRefs: refs}
	edit    = authz.Rule{Scope: "events:write", Object: oneID, BodyRefs: refs}
	use     = authz.Rule{Scope: "events:write", Object: oneID}
)

type (
	listInput struct {
		api.Page
		Time     api.OptionalTime `query:"time" doc:"Only events made until then; ignored with fromDate or toDate"`
		From     api.OptionalTime `query:"fromDate" doc:"Only what is not over by then: with toDate, what overlaps the time between, both ends included"`
		To       api.OptionalTime `query:"toDate" doc:"Only what has begun by then"`
		External bool             `query:"externalEvents" doc:"Also what is in the calendars that you subscribe to"`
		Filter   string           `query:"filter" enum:"POST,LIVESTREAM,EVENT,FAQ,COURSE" doc:"Only events of this type"`
		Category string           `query:"category" maxLength:"200" doc:"Only events of this category, by name or id"`
		Past     bool             `query:"onlyPast" doc:"Only what is over"`
		Now      bool             `query:"include_happening_now" doc:"What is on, beside what fromDate, toDate and onlyPast find; without them only that"`
		Meeting  bool             `query:"onlyMeeting" doc:"Only meetings"`
		Going    bool             `query:"onlyGoing" doc:"Only what you have said that you come to"`
		Rsvps    api.OptionalBool `query:"include_recent_rsvps" doc:"false: without rsvpUsers; otherwise the latest ten of each"`
		Status   string           `query:"status" enum:"PUBLISHED,DRAFT,SCHEDULED" default:"PUBLISHED" doc:"DRAFT or SCHEDULED lists what you have not published"`
	}
	listOutput struct {
		Body struct {
			Events []View   `json:"events" nullable:"false" doc:"The occurrences of the page: from fromDate on by their starts, otherwise the latest first"`
			Meta   api.Meta `json:"meta" doc:"Where the page stands"`
		}
	}
	idInput struct {
		ID string `path:"id" doc:"Id of an occurrence, or of a series"`
	}
	// Which names occurrences of a series.
	Which struct {
		ID     string `path:"id" doc:"Id of an occurrence, or of a series"`
		Repeat string `query:"repeat" enum:"this,following,all,true" doc:"Of a series: this occurrence (unless said otherwise), it and the following ones, or all; true means all"`
		api.IfMatch
	}
	createInput struct{ Body Draft }
	updateInput struct {
		Which
		Body Draft
	}
	deleteInput struct {
		Which
		Moderate bool `query:"moderate" doc:"Delete as a moderator, with its whole series, what you may not see"`
	}
	rsvpInput struct {
		ID     string `path:"id" doc:"Id of an occurrence, or of a series"`
		Repeat string `query:"repeat" enum:"this,all,true" doc:"Of a series: this occurrence (unless said otherwise) or all; true means all"`
		Body   Answer
	}
	attendeesInput struct {
		ID string `path:"id" doc:"Id of an occurrence, or of a series"`
		api.Page
	}
	attendeesOutput struct {
		Body struct {
			Attendees []RsvpUser  `json:"attendees" nullable:"false" doc:"Who was invited, answered or came; who did something last first"`
			Guests    []GuestView `json:"guests" nullable:"false" doc:"All guests from outside, for the organizer; empty for others"`
			Meta      api.Meta    `json:"meta" doc:"Where the page stands"`
		}
	}
	output struct {
		ETag string `header:"ETag" doc:"Version of the event, for If-Match"`
		Body View
	}
	empty struct{}
)

func (w Which) version() Version { return Version{w.ID, w.Repeat, w.IfMatch.IfMatch} }

// Register mounts the operations on events.
func (s *Service) Register(r *api.Router) {
	r.Gate(noun, s.gate)
	changed := []int{http.StatusConflict, http.StatusPreconditionFailed}
	api.Register(r, api.Operation{
		ID: "listEvents", Method: http.MethodGet, Path: "/api/events", Tag: tag, Summary: "List the events you may see",
		Description: "Series are listed by their occurrences.", Authz: read,
	}, s.list)
	api.Register(r, api.Operation{
		ID: "createEvent", Method: http.MethodPost, Path: "/api/events/meeting", Tag: tag, Summary: "Make an event, a meeting or a livestream",
		Description: "It stays on the clock of tzid in summer and winter. It has at most 1000 occurrences; a series without an end goes on for two years. " +
			"Monthly on the 31st is the last day of shorter months. The answer shows the next occurrence.",
		Status: http.StatusCreated, Authz: make_,
	}, func(ctx context.Context, who authz.Actor, in *createInput) (*output, error) {
		return s.answer(who)(s.Create(ctx, who, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "getEvent", Method: http.MethodGet, Path: "/api/events/{id}", Tag: tag, Summary: "Read an event",
		Description: "The id of a series gives its occurrence that is on or next, or else its last one.", Authz: readOne, Example: api.ResponseOf("createEvent"),
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*output, error) {
		return s.answer(who)(s.Get(ctx, who, in.ID))
	})
	api.RegisterFile(r, api.Operation{
		ID: "exportEvent", Method: http.MethodGet, Path: "/api/events/{id}.ics", Tag: tag, Summary: "Get an event as a calendar file",
		Description: "iCalendar (RFC 5545); a series with all its occurrences.", Authz: readOne,
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*api.File, error) {
		return s.Export(ctx, who, in.ID)
	})
	api.Register(r, api.Operation{
		ID: "updateEvent", Method: http.MethodPatch, Path: "/api/events/{id}", Tag: tag, Summary: "Change an event of yours",
		Description: "Of one occurrence of a series everything can be changed that is not the same for all: title, description, times, place, links and tags. " +
			"Such changes stay when the series changes, but for times that it gives itself anew.",
		Authz: edit, Statuses: changed,
	}, func(ctx context.Context, who authz.Actor, in *updateInput) (*output, error) {
		return s.answer(who)(s.Update(ctx, who, in.version(), in.Body))
	})
	api.Register(r, api.Operation{
		ID: "deleteEvent", Method: http.MethodDelete, Path: "/api/events/{id}", Tag: tag, Summary: "Delete an event of yours, or as a moderator",
		Description: "Or take occurrences out of a series.", Status: http.StatusNoContent, Authz: use, Statuses: changed,
	}, func(ctx context.Context, who authz.Actor, in *deleteInput) (*empty, error) {
		return nil, s.Delete(ctx, who, in.version(), in.Moderate)
	})
	s.registerPeople(r)
	s.registerFeed(r)
	s.registerPage(r)
	s.registerSubscriptions(r)
	s.registerCalls(r)
}

func (s *Service) registerPeople(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "answerEvent", Method: http.MethodPut, Path: "/api/events/{id}/rsvp", Tag: tag, Summary: "Say whether you come",
		Description: "An answer to all occurrences replaces those to single ones.", Authz: use, Statuses: []int{http.StatusConflict},
		Example: api.Example{Request: `{"rsvp":"GOING"}`, From: "createEvent"},
	}, func(ctx context.Context, who authz.Actor, in *rsvpInput) (*output, error) {
		return s.answer(who)(s.Respond(ctx, who, Version{in.ID, in.Repeat, ""}, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "checkInToEvent", Method: http.MethodPost, Path: "/api/events/{id}/checkin", Tag: tag, Summary: "Check in to an event",
		Description: "From an hour before it begins until it ends (otherwise 409). Doing so again changes nothing.", Authz: use,
		Statuses: []int{http.StatusConflict}, Example: api.ResponseOf("createEvent"),
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*output, error) {
		return s.answer(who)(s.CheckIn(ctx, who, in.ID))
	})
	api.Register(r, api.Operation{
		ID: "listEventAttendees", Method: http.MethodGet, Path: "/api/events/{id}/attendees", Tag: tag, Summary: "List who was invited to an event, answered or came",
		Authz: readOne, Example: api.Example{Response: `{"attendees":[],"guests":[],"meta":{"perPage":10,"totalPages":0,"totalResults":0,"curPage":1,"nextPage":0}}`},
	}, s.attendees)
}

// answer shows one occurrence.
func (s *Service) answer(who authz.Actor) func(Seen, error) (*output, error) {
	return func(seen Seen, err error) (*output, error) {
		if err != nil {
			return nil, err
		}
		version := int64(1)
		if seen.Item != nil {
			version = seen.Item.Version
		}
		return &output{api.ETag(version), ViewOf(who, &seen, clock.Millis(s.Clock.Now()))}, nil
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	query := Query{
		From: millis(in.From), To: millis(in.To), Created: millis(in.Time), Past: in.Past, Now: in.Now, Meeting: in.Meeting, Going: in.Going, External: in.External,
		Type: types[in.Filter], Category: strings.TrimSpace(in.Category), Status: in.Status,
	}
	if shown := in.Rsvps.Ptr(); shown != nil {
		query.NoRsvps = !*shown
	}
	if query.From != nil || query.To != nil {
		query.Created = nil
	}
	list, meta, err := s.List(ctx, who, query, in.Page)
	if err != nil {
		return nil, err
	}
	out, now := &listOutput{}, clock.Millis(s.Clock.Now())
	out.Body.Events, out.Body.Meta = make([]View, len(list)), meta
	for i := range list {
		out.Body.Events[i] = ViewOf(who, &list[i], now)
	}
	return out, nil
}

func millis(t api.OptionalTime) *int64 {
	if t.Ptr() == nil {
		return nil
	}
	ms := t.Ptr().Millis()
	return &ms
}

func (s *Service) attendees(ctx context.Context, who authz.Actor, in *attendeesInput) (*attendeesOutput, error) {
	a, err := s.Attendees(ctx, who, in.ID, in.Page)
	if err != nil {
		return nil, err
	}
	if in.Cursor != "" {
		in.CurPage = 1
	}
	out := &attendeesOutput{}
	out.Body.Attendees, out.Body.Guests, out.Body.Meta = make([]RsvpUser, len(a.List)), make([]GuestView, len(a.Guests)), in.Meta(a.Total)
	for i, one := range a.List {
		out.Body.Attendees[i] = rsvpOf(one)
	}
	for i, g := range a.Guests {
		out.Body.Guests[i] = GuestView{g.Email, g.Answer, api.AtPtr(g.AnsweredAt), g.Mail}
	}
	if a.next != nil {
		out.Body.Meta.NextCursor = ids.EncodeCursor(*a.next)
	}
	return out, nil
}
