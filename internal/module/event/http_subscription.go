package event

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// SubscriptionView is a subscription as clients read it.
type SubscriptionView struct {
	ID        string    `json:"id" doc:"Id of the subscription"`
	URL       string    `json:"url" doc:"Address of the calendar"`
	Name      string    `json:"name" doc:"Name"`
	CreatedAt api.Time  `json:"createdAt" doc:"When you subscribed"`
	FetchedAt *api.Time `json:"fetchedAt" doc:"When it was last read or found unchanged, or null"`
	NextAt    api.Time  `json:"nextAt" doc:"When it is asked for next"`
	Problem   *string   `json:"problem" doc:"Why it could not be read the last time, or null"`
	Failures  int64     `json:"failures" doc:"How often that happened since it was last read"`
}

func (s Subscription) view() SubscriptionView {
	v := SubscriptionView{ID: s.ID, URL: s.URL, Name: s.Name, CreatedAt: api.At(s.CreatedAt), FetchedAt: api.AtPtr(s.FetchedAt), NextAt: api.At(s.DueAt), Failures: s.Failures}
	if s.Problem != "" {
		v.Problem = &s.Problem
	}
	return v
}

type (
	subscribeInput    struct{ Body SubscriptionDraft }
	subscriptionInput struct {
		ID string `path:"id" doc:"Id of the subscription"`
	}
	renameInput struct {
		ID   string `path:"id" doc:"Id of the subscription"`
		Body struct {
			Name string `json:"name" maxLength:"100" doc:"Name to show"`
		}
	}
	subscriptionOutput  struct{ Body SubscriptionView }
	subscriptionsOutput struct {
		Body struct {
			Subscriptions []SubscriptionView `json:"subscriptions" nullable:"false" doc:"The calendars you subscribe to, at most 50"`
		}
	}
)

const subscriptionExample = `{"id":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f","url":"https://calendar.example/holidays.ics","name":"Holidays","createdAt":"2026-11-24T09:30:00.000Z",` +
	`"fetchedAt":null,"nextAt":"2026-11-24T09:30:00.000Z","problem":null,"failures":0}`

func (s *Service) registerSubscriptions(r *api.Router) {
	r.Gate(subscriptionNoun, func(ctx context.Context, who authz.Actor, id string) error {
		_, err := s.store.subscription(ctx, s.DB.Reader(ctx), who, id)
		return err
	})
	one := &authz.Object{Param: "id", Type: subscriptionNoun}
	read, write := authz.Rule{Scope: "events:read"}, authz.Rule{Scope: "events:write"}
	example := api.Example{Response: subscriptionExample}
	answer := func(sub Subscription, err error) (*subscriptionOutput, error) {
		return &subscriptionOutput{sub.view()}, err
	}
	api.Register(r, api.Operation{
		ID: "listCalendarSubscriptions", Method: http.MethodGet, Path: "/api/calendar/subscriptions", Tag: feedTag, Summary: "List the calendars you subscribe to",
		Authz: read, Example: api.Example{Response: `{"subscriptions":[` + subscriptionExample + `]}`},
	}, func(ctx context.Context, who authz.Actor, _ *empty) (*subscriptionsOutput, error) {
		list, err := s.store.subscriptions(ctx, s.DB.Reader(ctx), who)
		out := &subscriptionsOutput{}
		out.Body.Subscriptions = make([]SubscriptionView, len(list))
		for i, sub := range list {
			out.Body.Subscriptions[i] = sub.view()
		}
		return out, err
	})
	api.Register(r, api.Operation{
		ID: "createCalendarSubscription", Method: http.MethodPost, Path: "/api/calendar/subscriptions", Tag: feedTag, Summary: "Subscribe to a calendar elsewhere",
		Description: "It is fetched in the background, every hour. You alone see it: listEvents shows it with externalEvents=true. Subscribing again gives the subscription there is.",
		Status:      http.StatusCreated, Authz: write, Statuses: []int{http.StatusConflict},
		Example: api.Example{Request: `{"url":"https://calendar.example/holidays.ics","name":"Holidays"}`, Response: subscriptionExample},
	}, func(ctx context.Context, who authz.Actor, in *subscribeInput) (*subscriptionOutput, error) {
		return answer(s.Subscribe(ctx, who, in.Body))
	})
	read.Object, write.Object = one, one
	api.Register(r, api.Operation{
		ID: "getCalendarSubscription", Method: http.MethodGet, Path: "/api/calendar/subscriptions/{id}", Tag: feedTag, Summary: "Read a subscription of yours",
		Authz: read, Example: example,
	}, func(ctx context.Context, who authz.Actor, in *subscriptionInput) (*subscriptionOutput, error) {
		return answer(s.store.subscription(ctx, s.DB.Reader(ctx), who, in.ID))
	})
	api.Register(r, api.Operation{
		ID: "updateCalendarSubscription", Method: http.MethodPatch, Path: "/api/calendar/subscriptions/{id}", Tag: feedTag, Summary: "Give a subscription of yours another name",
		Authz: write, Example: api.Example{Request: `{"name":"Days off"}`, Response: subscriptionExample},
	}, func(ctx context.Context, who authz.Actor, in *renameInput) (*subscriptionOutput, error) {
		return answer(s.Rename(ctx, who, in.ID, in.Body.Name))
	})
	api.Register(r, api.Operation{
		ID: "deleteCalendarSubscription", Method: http.MethodDelete, Path: "/api/calendar/subscriptions/{id}", Tag: feedTag, Summary: "End a subscription of yours",
		Description: "With everything that came of it.", Status: http.StatusNoContent, Authz: write,
	}, func(ctx context.Context, who authz.Actor, in *subscriptionInput) (*empty, error) {
		return nil, s.Unsubscribe(ctx, who, in.ID)
	})
}
